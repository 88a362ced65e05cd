"""Settings of one process: frozen, typed, read from the environment once, refused when unsafe.

A process serves one side. Every refusal is a single line that says what to set (docs/operations.md lists all variables).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Literal
from urllib.parse import SplitResult, parse_qs, unquote, urlsplit

Side = Literal["portal", "hub"]
Network = IPv4Network | IPv6Network

LOOPBACK_HOSTS = frozenset({"127.0.0.1", "localhost", "::1"})
# By these PostgreSQL's own library would go elsewhere than an address without a host says.
LIBPQ_HOSTS = frozenset({"PGHOST", "PGHOSTADDR", "PGSERVICE", "PGSERVICEFILE"})
LOOPBACK_NETWORKS = "127.0.0.0/8 ::1/128"
SHORTEST_SECRET = 32
MOST_DAYS = 36_500
POSTGRESQL = "postgresql+psycopg://"
NOTIFY_URL = "https://api.notifications.service.gov.uk"
SMTP_PORT = 465
# The ports of AMQP and of AMQP over TLS.
QUEUE_PORTS: Mapping[str, int] = {"amqp": 5672, "amqps": 5671}
# The name of an onion service, version 3: it is its public key. Nothing else is as good as https without it.
ONION = r"[a-z2-7]{55}d\.onion"
UUID = r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"

# Which variables each side may see. `tools/side.py` and `flask serve` pass on nothing else, so that a portal process never
# holds what belongs to the Hub. Variables not named here are the machine's own (PATH, HOME, ...).
SHARED_VARIABLES = frozenset(
    {
        "SIDE",
        "PUBLIC_URL",
        "SECRET_KEY",
        "QUEUE_URL",
        "QUEUE_CERTIFICATES",
        "DATA_DIR",
        "CONTENT_DIR",
        "LOG_FORMAT",
        "KEEP_SETTLED_DAYS",
        "KEEP_ASIDE_DAYS",
    }
)
PORTAL_VARIABLES = frozenset(
    {
        "PORTAL_PORT",
        "PORTAL_METRICS_PORT",
        "PORTAL_DATABASE_URL",
        "PEPPERS_FILE",
        "PORTAL_PRIVATE_KEY",
        "HUB_PUBLIC_KEYS",
        "CLIENT_HEADER",
        "CLIENT_PROXIES",
        "SALT_FILE",
    }
)
HUB_VARIABLES = frozenset(
    {
        "HUB_PORT",
        "HUB_METRICS_PORT",
        "HUB_DATABASE_URL",
        "HUB_PRIVATE_KEYS",
        "PORTAL_PUBLIC_KEYS",
        "PORTAL_URL",
        "BACKUP_PUBLIC_KEY",
        "BACKUP_DIR",
        "NOTICES",
        "DEV_SIGN_IN",
        "ON_CALL_EMAIL",
        "ON_CALL_NOTICES",
        "ON_CALL_PHONE",
        "KEEP_CLOSED_DAYS",
        "KEEP_FEEDBACK_DAYS",
        "ASK_ABOUT_SILENT_DAYS",
        "ASK_ABOUT_UNREAD_DAYS",
        "WARN_DAYS",
        "REVIEW_QUIET_DAYS",
        "HANDOVER_CODE_DAYS",
        "HANDOVER_ANSWER_DAYS",
    }
)
# How long a service can read what was handed over to it, in days, and in how many working days it should have said yes or no.
HANDOVER_CODE_DAYS, HANDOVER_ANSWER_DAYS = 7, 3
MOST_HANDOVER_DAYS = 28
# How long things are kept, in days: by the names of app/domain/retention.py, each with its variable and what is usual.
PERIODS: Mapping[str, tuple[str, int]] = {
    "closed": ("KEEP_CLOSED_DAYS", 365),
    "silent": ("ASK_ABOUT_SILENT_DAYS", 730),
    "unread": ("ASK_ABOUT_UNREAD_DAYS", 14),
    "warn": ("WARN_DAYS", 30),
    "settled": ("KEEP_SETTLED_DAYS", 60),
    "aside": ("KEEP_ASIDE_DAYS", 90),
    "feedback": ("KEEP_FEEDBACK_DAYS", 365),
}
# After how many days a quiet case is looked at again, unless a colleague chooses another day.
REVIEW_QUIET_DAYS = 28
# The longest that a backup of the Hub is kept: what has arrived must be there for it to be sent again.
LONGEST_BACKUP_DAYS = 35
HUB_PREFIXES = ("OIDC_", "NOTIFY_", "SMTP_", "BACKUP_", "ON_CALL_")
# What must be said about the identity provider in service; the others have a default.
OIDC_NEEDED = ("OIDC_ISSUER", "OIDC_CLIENT_ID", "OIDC_CLIENT_SECRET")
# By our own name of each role (app/domain/roles.py).
ROLE_VARIABLES: Mapping[str, str] = {
    "co-ordinator": "OIDC_ROLE_CO_ORDINATOR",
    "supervisor": "OIDC_ROLE_SUPERVISOR",
    "gatekeeper": "OIDC_ROLE_GATEKEEPER",
    "auditor": "OIDC_ROLE_AUDITOR",
}


class SettingsError(Exception):
    """The environment asks for something that is unsafe or incomplete; the text is one line that says what to set."""


@dataclass(frozen=True, kw_only=True)
class QueueAddress:
    """QUEUE_URL in its parts. `certificates` is the file that the broker's is checked against; empty for the usual ones."""

    host: str
    port: int
    user: str
    password: str = field(repr=False)
    vhost: str
    tls: bool = False
    certificates: str = ""


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What both sides have in common.

    `origins` is empty in development: then only loopback is served. `secret_key` signs the short-lived cookies of this side.
    `keep` is how long things are kept, in days, by the names in `PERIODS`. `queue` is None while the post goes over HTTP.
    `metrics_port` is the port of the loopback on which this side tells its counts; None: nowhere.
    """

    side: Side
    origins: tuple[str, ...]
    secret_key: str
    database_url: str
    data_dir: Path
    content_dir: Path
    keep: Mapping[str, int] = field(default_factory=lambda: {name: usual for name, (_, usual) in PERIODS.items()})
    queue: QueueAddress | None = None
    metrics_port: int | None = None

    @property
    def in_development(self) -> bool:
        """True when PUBLIC_URL is unset: loopback only, keys made on the spot, a "being tested" banner."""
        return not self.origins

    @property
    def is_https(self) -> bool:
        """True when people reach this side over TLS, which is always so outside development but for an onion service."""
        return bool(self.origins) and not self.is_onion

    @property
    def is_onion(self) -> bool:
        """True when people reach this side through Tor alone, which encrypts all the way and vouches for the name itself."""
        return bool(self.origins) and all(each.startswith("http://") for each in self.origins)

    @property
    def side_dir(self) -> Path:
        """The folder of this side alone (mode 700)."""
        return self.data_dir / self.side


@dataclass(frozen=True, kw_only=True)
class PortalSettings(Settings):
    """Settings of a portal process. There is no field for any private key of the Hub, on purpose."""

    peppers_file: Path
    private_key_file: Path
    hub_public_keys_file: Path
    # The header in which the proxy says a visitor's address, "" for none, and from which machines it is believed.
    client_header: str = ""
    client_proxies: tuple[Network, ...] = ()
    salt_file: Path


@dataclass(frozen=True, kw_only=True)
class NotifySettings:
    """GOV.UK Notify: the key, its templates by way ("text", "email", "letter"), and the ids of sender and reply-to."""

    key: str = field(repr=False)
    url: str
    templates: Mapping[str, str]
    sender_id: str
    reply_to_id: str


@dataclass(frozen=True, kw_only=True)
class SmtpSettings:
    """A mail server, and what everybody may see of an e-mail on a locked screen."""

    host: str
    port: int
    user: str
    password: str = field(repr=False)
    sender: str
    subject: str

    @property
    def is_local(self) -> bool:
        """True when it runs on this machine."""
        return self.host in LOOPBACK_HOSTS


@dataclass(frozen=True, kw_only=True)
class OidcSettings:
    """The identity provider, by OpenID Connect.

    `roles` maps what the claim `roles_claim` may hold to our own names of roles. `mfa`: "amr" wants `mfa` among the methods of
    the sign-in (RFC 8176), "acr=..." that very level, "no" neither.
    """

    issuer: str
    client_id: str
    client_secret: str = field(repr=False)
    scopes: tuple[str, ...]
    roles_claim: str
    roles: Mapping[str, str]
    name_claim: str
    shown_name_claim: str
    mfa: str


@dataclass(frozen=True, kw_only=True)
class OnCallSettings:
    """Who is told out of hours that somebody should look at the desk."""

    way: Literal["email", "text"]
    address: str = field(repr=False)
    mode: Literal["off", "dry-run", "on"]


@dataclass(frozen=True, kw_only=True)
class HubSettings(Settings):
    """Settings of a Hub process (desk or courier)."""

    portal_url: str
    private_keys_file: Path
    portal_public_keys_file: Path
    backup_public_key_file: Path
    backup_dir: Path
    oidc: OidcSettings | None = None
    dev_sign_in: bool = False
    on_call: OnCallSettings | None = None
    review_quiet_days: int = REVIEW_QUIET_DAYS
    notices: Literal["off", "dry-run", "on"] = "off"
    notify: NotifySettings | None = None
    smtp: SmtpSettings | None = None
    handover_code_days: int = HANDOVER_CODE_DAYS
    handover_answer_days: int = HANDOVER_ANSWER_DAYS


def load(environ: Mapping[str, str]) -> PortalSettings | HubSettings:
    """Read the settings of the side that `SIDE` names.

    Raises SettingsError when anything is missing or unsafe.
    """
    side = environ.get("SIDE", "")
    if side == "portal":
        return load_portal(environ)
    if side == "hub":
        return load_hub(environ)
    raise SettingsError("SIDE must be 'portal' or 'hub'.")


def load_portal(environ: Mapping[str, str]) -> PortalSettings:
    """Settings of the portal; refuses to see anything that belongs to the Hub."""
    for name in sorted(environ):
        if name in HUB_VARIABLES - {"HUB_PORT", "PORTAL_URL"} or name.startswith(HUB_PREFIXES):
            raise SettingsError(
                f"{name} belongs to the Hub: unset it for the portal, which must never hold the Hub's keys or data."
            )
    origins, secret_key, data_dir, content_dir = _common(environ)
    own = data_dir / "portal"
    _refuse_hub_keys_within(own)
    return PortalSettings(
        side="portal",
        origins=origins,
        secret_key=secret_key,
        database_url=_database_url(environ, "PORTAL_DATABASE_URL", own / "portal.sqlite3"),
        data_dir=data_dir,
        content_dir=content_dir,
        keep=_periods(environ),
        queue=queue_address(environ),
        metrics_port=_metrics_port(environ, "PORTAL_METRICS_PORT", apart_from="PORTAL_PORT"),
        peppers_file=_key_file(environ, "PEPPERS_FILE", own / "peppers", origins=origins),
        private_key_file=_key_file(environ, "PORTAL_PRIVATE_KEY", own / "private-key.json", origins=origins),
        hub_public_keys_file=_key_file(environ, "HUB_PUBLIC_KEYS", own / "hub-public-keys.json", origins=origins),
        client_header=_client_header(environ),
        client_proxies=_client_proxies(environ),
        salt_file=Path(environ.get("SALT_FILE", "") or own / "salt-of-the-day").absolute(),
    )


def load_hub(environ: Mapping[str, str]) -> HubSettings:
    """Settings of the Hub (desk and courier)."""
    for name in ("PORTAL_PRIVATE_KEY", "PEPPERS_FILE", "PORTAL_DATABASE_URL"):
        if name in environ:
            raise SettingsError(f"{name} belongs to the portal: unset it for the Hub.")
    origins, secret_key, data_dir, content_dir = _common(environ)
    if any(each.startswith("http://") for each in origins):
        raise SettingsError("PUBLIC_URL must be https for the Hub: an onion address is for the portal.")
    own = data_dir / "hub"
    portal_url = environ.get("PORTAL_URL", "") or (
        "" if origins else "http://127.0.0.1:" + environ.get("PORTAL_PORT", "8000")
    )
    address = _address(portal_url)
    if address is None:
        raise SettingsError(
            "PORTAL_URL must be the portal's own address, such as https://portal.example.org, without a path."
        )
    if address.scheme == "http" and address.hostname not in LOOPBACK_HOSTS:
        raise SettingsError("PORTAL_URL must start with https:// unless the portal runs on this machine.")
    oidc, dev_sign_in = _oidc(environ, origins=origins), environ.get("DEV_SIGN_IN", "")
    if dev_sign_in not in ("", "0", "1"):
        raise SettingsError("DEV_SIGN_IN must be 1, or be unset.")
    if dev_sign_in == "1" and origins:
        raise SettingsError("DEV_SIGN_IN asks nobody for a password: unset it where PUBLIC_URL is set.")
    if dev_sign_in == "1" and oidc is not None:
        raise SettingsError("DEV_SIGN_IN and OIDC_ISSUER are two ways to sign in: unset one of them.")
    notify, smtp = _notify(environ, origins=origins), _smtp(environ, origins=origins)
    code_days = _days(environ, "HANDOVER_CODE_DAYS", HANDOVER_CODE_DAYS)
    answer_days = _days(environ, "HANDOVER_ANSWER_DAYS", HANDOVER_ANSWER_DAYS)
    if max(code_days, answer_days) > MOST_HANDOVER_DAYS:
        raise SettingsError(
            f"HANDOVER_CODE_DAYS and HANDOVER_ANSWER_DAYS must not be more than {MOST_HANDOVER_DAYS}: a code is for some days."
        )
    return HubSettings(
        side="hub",
        origins=origins,
        secret_key=secret_key,
        database_url=_database_url(environ, "HUB_DATABASE_URL", own / "hub.sqlite3"),
        data_dir=data_dir,
        content_dir=content_dir,
        keep=_periods(environ),
        queue=queue_address(environ),
        metrics_port=_metrics_port(environ, "HUB_METRICS_PORT", apart_from="HUB_PORT"),
        portal_url=portal_url.rstrip("/"),
        private_keys_file=_key_file(environ, "HUB_PRIVATE_KEYS", own / "private-keys.json", origins=origins),
        portal_public_keys_file=_key_file(
            environ, "PORTAL_PUBLIC_KEYS", own / "portal-public-keys.json", origins=origins
        ),
        backup_public_key_file=_key_file(environ, "BACKUP_PUBLIC_KEY", own / "backup-public-key.json", origins=origins),
        backup_dir=Path(environ.get("BACKUP_DIR", "") or own / "backups").absolute(),
        oidc=oidc,
        dev_sign_in=dev_sign_in == "1",
        on_call=_on_call(environ, notify=notify, smtp=smtp, origins=origins),
        review_quiet_days=_days(environ, "REVIEW_QUIET_DAYS", REVIEW_QUIET_DAYS),
        notices=_notices(environ, origins=origins, notify=notify, smtp=smtp),
        notify=notify,
        smtp=smtp,
        handover_code_days=code_days,
        handover_answer_days=answer_days,
    )


def queue_address(environ: Mapping[str, str]) -> QueueAddress | None:
    """Where the post goes through RabbitMQ; None while it goes over HTTP. A refusal never repeats it."""
    url, certificates = environ.get("QUEUE_URL", ""), environ.get("QUEUE_CERTIFICATES", "")
    if not url:
        if certificates:
            raise SettingsError("QUEUE_CERTIFICATES is set, but QUEUE_URL is not: set both, or unset it.")
        return None
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port or QUEUE_PORTS.get(parts.scheme, 0)
    except ValueError:
        host, port = "", 0
    vhost = unquote(parts.path.removeprefix("/")) if host else ""
    if not host or not port or "/" in parts.path[1:] or parts.query or parts.fragment:
        raise SettingsError(
            "QUEUE_URL must be written as amqps://user:password@host/virtual-host, with nothing after it."
        )
    if not parts.username or not parts.password:
        raise SettingsError("QUEUE_URL must name a user and a password of this side's own (docs/operations.md).")
    is_here = host in LOOPBACK_HOSTS
    if parts.scheme == "amqp" and not is_here:
        raise SettingsError("QUEUE_URL must start with amqps:// unless the broker runs on this machine.")
    if parts.username == "guest" and not is_here:
        raise SettingsError("QUEUE_URL must not name guest, whom every broker knows: each side has a user of its own.")
    if certificates and parts.scheme != "amqps":
        raise SettingsError("QUEUE_CERTIFICATES is for amqps:// only: unset it.")
    if certificates and not Path(certificates).is_file():
        raise SettingsError("QUEUE_CERTIFICATES names a file that does not exist.")
    return QueueAddress(
        host=host,
        port=port,
        user=unquote(parts.username),
        password=unquote(parts.password),
        vhost=vhost or "/",
        tls=parts.scheme == "amqps",
        certificates=certificates,
    )


def _client_header(environ: Mapping[str, str]) -> str:
    """The name of the header, or "" for none."""
    name = environ.get("CLIENT_HEADER", "")
    if name and not re.fullmatch(r"[A-Za-z][A-Za-z0-9-]{1,62}", name):
        raise SettingsError(
            "CLIENT_HEADER must be the name of a header of letters, digits and hyphens, such as X-Real-IP."
        )
    return name


def _client_proxies(environ: Mapping[str, str]) -> tuple[Network, ...]:
    """The machines from which the header is believed; without any, this machine alone."""
    try:
        return tuple(ip_network(each) for each in (environ.get("CLIENT_PROXIES", "") or LOOPBACK_NETWORKS).split())
    except ValueError:
        raise SettingsError(
            "CLIENT_PROXIES must be addresses or networks of your proxies, with spaces, such as 10.0.0.5 10.0.1.0/28."
        ) from None


def certificates(environ: Mapping[str, str]) -> str | bool:
    """The file of certificates that the portal's is checked against; True for the usual ones."""
    return environ.get("REQUESTS_CA_BUNDLE", "") or True


def environment_of(side: Side, environ: Mapping[str, str]) -> dict[str, str]:
    """The environment a process of `side` may see: the machine's own variables and this side's, nothing of the other side."""
    foreign = (HUB_VARIABLES - {"HUB_PORT"}) if side == "portal" else (PORTAL_VARIABLES - {"PORTAL_PORT"})
    kept = {name: value for name, value in environ.items() if name not in foreign}
    if side == "portal":
        kept = {name: value for name, value in kept.items() if not name.startswith(HUB_PREFIXES)}
    kept["SIDE"] = side
    return kept


def _notices(
    environ: Mapping[str, str], *, origins: tuple[str, ...], notify: NotifySettings | None, smtp: SmtpSettings | None
) -> Literal["off", "dry-run", "on"]:
    """Whether notices leave; nothing does unless it is said."""
    mode = environ.get("NOTICES", "") or "off"
    if mode not in ("off", "dry-run", "on"):
        raise SettingsError("NOTICES must be off, dry-run or on.")
    if mode == "on" and origins and notify is None and smtp is None:
        raise SettingsError(
            "NOTICES is on, but nothing can carry them: set NOTIFY_API_KEY or SMTP_HOST, or NOTICES=off."
        )
    if notify is not None and smtp is not None and "email" in notify.templates:
        raise SettingsError("NOTIFY_EMAIL_TEMPLATE and SMTP_HOST both carry e-mail: unset one of them.")
    return "on" if mode == "on" else "dry-run" if mode == "dry-run" else "off"


def _oidc(environ: Mapping[str, str], *, origins: tuple[str, ...]) -> OidcSettings | None:
    """The identity provider; None while none is named, which is only for development."""
    missing = [name for name in OIDC_NEEDED if not environ.get(name)]
    if missing and (origins or len(missing) < len(OIDC_NEEDED)):
        why = "staff sign in through an identity provider where PUBLIC_URL is set" if origins else "the others are set"
        raise SettingsError(f"{', '.join(missing)}: not set, but {why} (docs/operations.md).")
    if missing:
        return None
    issuer = environ["OIDC_ISSUER"]
    try:
        parts = urlsplit(issuer)
        is_sound = bool(parts.hostname) and not (parts.query or parts.fragment or "@" in parts.netloc)
    except ValueError:
        is_sound = False
    if not is_sound or not (parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in LOOPBACK_HOSTS)):
        raise SettingsError("OIDC_ISSUER must be the provider's own address with https, as its discovery page says it.")
    scopes = tuple((environ.get("OIDC_SCOPES", "") or "openid profile").split())
    if "openid" not in scopes:
        raise SettingsError("OIDC_SCOPES must hold openid, with spaces between them.")
    mfa = environ.get("OIDC_REQUIRE_MFA", "") or "amr"
    if mfa not in ("amr", "no") and not re.fullmatch(r"acr=\S+", mfa):
        raise SettingsError("OIDC_REQUIRE_MFA must be amr, acr= with the level that is wanted, or no.")
    roles: dict[str, str] = {}
    for role, variable in ROLE_VARIABLES.items():
        theirs = environ.get(variable, "") or role
        if theirs in roles:
            raise SettingsError(f"{variable} names the same as another role does: each needs its own.")
        roles[theirs] = role
    return OidcSettings(
        issuer=issuer,
        client_id=environ["OIDC_CLIENT_ID"],
        client_secret=environ["OIDC_CLIENT_SECRET"],
        scopes=scopes,
        roles_claim=environ.get("OIDC_ROLES_CLAIM", "") or "roles",
        roles=roles,
        name_claim=environ.get("OIDC_NAME_CLAIM", "") or "name",
        shown_name_claim=environ.get("OIDC_FIRST_NAME_CLAIM", "") or "given_name",
        mfa=mfa,
    )


def _on_call(
    environ: Mapping[str, str], *, notify: NotifySettings | None, smtp: SmtpSettings | None, origins: tuple[str, ...]
) -> OnCallSettings | None:
    """Who is on call; None while nobody is named."""
    email, phone = environ.get("ON_CALL_EMAIL", ""), environ.get("ON_CALL_PHONE", "")
    if email and phone:
        raise SettingsError("ON_CALL_EMAIL and ON_CALL_PHONE are both set: set the one that wakes somebody.")
    if email and not re.fullmatch(r"[^<>@\s,]+@[^<>@\s,]+", email):
        raise SettingsError("ON_CALL_EMAIL must be one address, such as on-call@example.org.")
    if phone and not re.fullmatch(r"\+?[0-9 ]{7,20}", phone):
        raise SettingsError("ON_CALL_PHONE must be one number of a mobile phone.")
    mode = environ.get("ON_CALL_NOTICES", "") or "on"
    if mode not in ("off", "dry-run", "on"):
        raise SettingsError("ON_CALL_NOTICES must be off, dry-run or on.")
    if not email and not phone:
        return None
    way: Literal["email", "text"] = "email" if email else "text"
    carried = (smtp is not None and way == "email") or (notify is not None and way in notify.templates)
    if origins and not carried:
        raise SettingsError(
            f"{'ON_CALL_EMAIL' if email else 'ON_CALL_PHONE'} is set, but nothing can carry it: "
            f"set {'SMTP_HOST or NOTIFY_EMAIL_TEMPLATE' if email else 'NOTIFY_TEXT_TEMPLATE'} too."
        )
    return OnCallSettings(
        way=way,
        address=email or phone,
        mode="on" if mode == "on" else "dry-run" if mode == "dry-run" else "off",
    )


def _notify(environ: Mapping[str, str], *, origins: tuple[str, ...]) -> NotifySettings | None:
    """GOV.UK Notify; None while no key is set."""
    names = {"text": "NOTIFY_TEXT_TEMPLATE", "email": "NOTIFY_EMAIL_TEMPLATE", "letter": "NOTIFY_LETTER_TEMPLATE"}
    others = {"sender_id": "NOTIFY_TEXT_SENDER", "reply_to_id": "NOTIFY_REPLY_TO"}
    ids = {what: environ.get(name, "") for what, name in {**names, **others}.items()}
    for what, name in {**names, **others}.items():
        if ids[what] and not re.fullmatch(UUID, ids[what]):
            raise SettingsError(f"{name} must be an id, written as GOV.UK Notify shows it.")
    key = environ.get("NOTIFY_API_KEY", "")
    if not key:
        if any(ids.values()):
            raise SettingsError(
                "NOTIFY_API_KEY is not set, but a template or a sender of GOV.UK Notify is: set both or none."
            )
        return None
    if not re.fullmatch(rf".+-{UUID}-{UUID}", key):
        raise SettingsError("NOTIFY_API_KEY must be the whole key, as GOV.UK Notify showed it once.")
    templates = {way: ids[way] for way in names if ids[way]}
    if not templates:
        raise SettingsError(
            f"NOTIFY_API_KEY is set, but no template is: set {', '.join(names.values())}, as many as you use."
        )
    address = _address(environ.get("NOTIFY_URL", "") or NOTIFY_URL)
    if address is None or (address.scheme == "http" and address.hostname not in LOOPBACK_HOSTS):
        raise SettingsError(
            "NOTIFY_URL must be an address such as https://api.example.org, with https and without a path."
        )
    if not origins and address.hostname not in LOOPBACK_HOSTS:
        raise SettingsError(
            "NOTIFY_URL must be on this machine while PUBLIC_URL is unset: development tells nobody anything."
        )
    url = f"{address.scheme}://{address.netloc}"
    return NotifySettings(
        key=key, url=url, templates=templates, sender_id=ids["sender_id"], reply_to_id=ids["reply_to_id"]
    )


def _smtp(environ: Mapping[str, str], *, origins: tuple[str, ...]) -> SmtpSettings | None:
    """A mail server; None while no host is set."""
    host, port = environ.get("SMTP_HOST", ""), environ.get("SMTP_PORT", "") or str(SMTP_PORT)
    user, password = environ.get("SMTP_USER", ""), environ.get("SMTP_PASSWORD", "")
    sender, subject = environ.get("SMTP_FROM", ""), environ.get("SMTP_SUBJECT", "")
    if not host:
        if user or password or sender or subject:
            raise SettingsError("SMTP_HOST is not set, but other SMTP variables are: set it, or unset them.")
        return None
    if not sender or not subject:
        raise SettingsError("SMTP_HOST needs SMTP_FROM and SMTP_SUBJECT too: plain words that everybody may see.")
    if not f"{sender}{subject}".isprintable() or not re.fullmatch(
        r"[^<>@]*<[^<>@\s]+@[^<>@\s]+>|[^<>@\s]+@[^<>@\s]+", sender
    ):
        raise SettingsError(
            "SMTP_FROM must be one address, such as Post <post@example.org>, and SMTP_SUBJECT one line."
        )
    if bool(user) != bool(password):
        raise SettingsError("SMTP_USER and SMTP_PASSWORD belong together: set both or none.")
    if not (port.isascii() and port.isdigit() and 0 < int(port) < 65536):
        raise SettingsError("SMTP_PORT must be the number of a port.")
    if not origins and host not in LOOPBACK_HOSTS:
        raise SettingsError(
            "SMTP_HOST must be on this machine while PUBLIC_URL is unset: development tells nobody anything."
        )
    return SmtpSettings(host=host, port=int(port), user=user, password=password, sender=sender, subject=subject)


def _common(environ: Mapping[str, str]) -> tuple[tuple[str, ...], str, Path, Path]:
    origins = tuple(_origin(part) for part in environ.get("PUBLIC_URL", "").split())
    if len({each.partition(":")[0] for each in origins}) > 1:
        raise SettingsError(
            "PUBLIC_URL names an onion address with http beside one with https: cookies would differ, so give the onion "
            "address a portal process of its own (docs/operations/onion.md)."
        )
    secret_key = environ.get("SECRET_KEY", "")
    if not origins:
        # Development: loopback only. The key is random per installation (made by `flask setup`), or given.
        secret_key = secret_key or _development_secret(environ)
    if len(secret_key) < SHORTEST_SECRET or re.fullmatch(r"(.)\1*", secret_key) or "change" in secret_key.lower():
        raise SettingsError(f"SECRET_KEY must be a random text of at least {SHORTEST_SECRET} characters.")
    data_dir = Path(environ.get("DATA_DIR", "var")).absolute()
    content_dir = Path(environ.get("CONTENT_DIR", "") or Path(__file__).parent.parent / "content").absolute()
    if not content_dir.is_dir():
        raise SettingsError("CONTENT_DIR names a folder that does not exist.")
    return origins, secret_key, data_dir, content_dir


def _periods(environ: Mapping[str, str]) -> dict[str, int]:
    """How long things are kept. A warning comes before anything goes, and a copy outlives every backup that might need it."""
    found = {name: _days(environ, variable, usual) for name, (variable, usual) in PERIODS.items()}
    if found["closed"] < found["warn"]:
        raise SettingsError("KEEP_CLOSED_DAYS must not be less than WARN_DAYS: a space is warned before it goes.")
    if found["settled"] <= LONGEST_BACKUP_DAYS:
        raise SettingsError(f"KEEP_SETTLED_DAYS must be more than {LONGEST_BACKUP_DAYS}, for which backups are kept.")
    return found


def _days(environ: Mapping[str, str], name: str, usual: int) -> int:
    given = environ.get(name, "")
    if not given:
        return usual
    if not (given.isascii() and given.isdigit() and 0 < int(given) <= MOST_DAYS):
        raise SettingsError(f"{name} must be a number of days from 1 to {MOST_DAYS}.")
    return int(given)


def _metrics_port(environ: Mapping[str, str], name: str, *, apart_from: str) -> int | None:
    """The port for counts. It is a port and no address: they are told to this machine alone."""
    given = environ.get(name, "")
    if not given:
        return None
    if not (given.isascii() and given.isdigit() and 0 < int(given) < 65536):
        raise SettingsError(f"{name} must be the number of a port: counts are told on 127.0.0.1 and nowhere else.")
    if given == environ.get(apart_from, ""):
        raise SettingsError(f"{name} must be another port than {apart_from}: counts are never told in public.")
    return int(given)


def _development_secret(environ: Mapping[str, str]) -> str:
    """The random secret that `flask setup` made for this side; empty when there is none yet."""
    path = Path(environ.get("DATA_DIR", "var")).absolute() / environ.get("SIDE", "") / "secret-key"
    return path.read_text(encoding="ascii").strip() if path.is_file() else ""


def _origin(text: str) -> str:
    """An origin as browsers send it: in lower case, without the port that https has anyway."""
    address = _address(text)
    if address is not None and re.fullmatch(ONION, address.netloc.lower()) and address.scheme == "http":
        return f"http://{address.netloc.lower()}"
    if address is None or address.scheme != "https":
        raise SettingsError(
            "PUBLIC_URL must be one or more origins such as https://example.org, with https and without a path."
        )
    return f"https://{address.netloc.lower().removesuffix(':443')}"


def _address(text: str) -> SplitResult | None:
    """A web address with a host and nothing after it; None for anything else."""
    try:
        parts = urlsplit(text)
        port_is_sound = parts.port is None or parts.port > 0
    except ValueError:
        return None
    extra = parts.path.strip("/") or parts.query or parts.fragment or "@" in parts.netloc
    is_web = parts.scheme in {"http", "https"} and bool(parts.hostname)
    return parts if is_web and port_is_sound and not extra else None


def _database_url(environ: Mapping[str, str], name: str, default: Path) -> str:
    url = environ.get(name, "")
    if url.startswith("postgresql") and (elsewhere := LIBPQ_HOSTS & {each for each, value in environ.items() if value}):
        raise SettingsError(f"{sorted(elsewhere)[0]} must not be set: {name} itself says where the database is.")
    return database_address(url, name) if url else f"sqlite:///{default}"


def database_address(url: str, name: str) -> str:
    """The address of a database as SQLAlchemy wants it. `name` says in a refusal what was wrong, and never repeats it.

    A server on another machine must prove that it is the one that is meant (libpq, sslmode=verify-full). Raises SettingsError.
    """
    if url.startswith("sqlite:///"):
        return url
    if not url.startswith(("postgresql://", POSTGRESQL)):
        raise SettingsError(f"{name} must start with sqlite:/// or postgresql://.")
    rest = url.partition("://")[2]
    if not _is_on_this_machine(rest) and set(_query_of(rest).get("sslmode", ())) != {"verify-full"}:
        raise SettingsError(
            f"{name} must end with ?sslmode=verify-full&sslrootcert=... unless the database runs on this machine."
        )
    return POSTGRESQL + rest


def _is_on_this_machine(rest: str) -> bool:
    """True when every host in what follows `postgresql://` is this machine: a socket, or a name or address of the loopback."""
    query = _query_of(rest)
    if {"service", "servicefile"} & query.keys():
        return False  # the host is in a file
    user, _, place = rest.partition("?")[0].rpartition("@")
    if "/" in user:
        return False  # not written as it must be: where the host stands depends on who reads it
    authority = place.partition("/")[0]
    each_named = (unquote(each) for each in authority.split(","))
    named = [each.rpartition("]")[0].lstrip("[") or each.partition(":")[0] for each in each_named]
    # libpq takes what the query says instead, and the address instead of the name; several may stand behind one another.
    named += [each for key in ("host", "hostaddr") for one in query.get(key, ()) for each in one.split(",")]
    return all(not each or each.startswith("/") or each.lower() in LOOPBACK_HOSTS for each in named)


def _query_of(rest: str) -> dict[str, list[str]]:
    return parse_qs(rest.partition("?")[2])


def _key_file(environ: Mapping[str, str], name: str, default: Path, *, origins: tuple[str, ...]) -> Path:
    given = environ.get(name, "")
    if not given and origins:
        raise SettingsError(f"{name} must name a file when PUBLIC_URL is set.")
    return Path(given).absolute() if given else default


def _refuse_hub_keys_within(folder: Path) -> None:
    """The portal's own folder must not hold the Hub's private keys, however they got there."""
    if (folder / "private-keys.json").exists():
        raise SettingsError(
            f"{folder / 'private-keys.json'} holds the Hub's private keys: move it out of the portal's reach."
        )
