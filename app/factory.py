"""The only place where objects are wired: settings in, one side's application out.

What belongs to one side is imported where that side is made, so that a portal process never even loads what opens.
"""

from __future__ import annotations

import gc
import importlib
import os
import pkgutil
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from flask import Flask

from app import log_lines, starting
from app import settings as settings_module
from app.adapters import content, easy_read, promise_results, rights, yaml_reader
from app.adapters.carriers import HttpCarrier
from app.adapters.content import ContentError
from app.adapters.funding import load_funding
from app.adapters.guides import load_guides
from app.adapters.keys import (
    HubPublicKeys,
    HubSigningKeys,
    KeyFileError,
    PortalPrivateKeys,
    PortalPublicKeys,
    read_private_keys,
)
from app.adapters.sources import load_sources
from app.data.database import Database
from app.domain.area import Area
from app.forms import news, phrases
from app.forms.question import for_pages
from app.pages import shared
from app.settings import HubSettings, OidcSettings, PortalSettings, QueueAddress, Settings, SettingsError
from app.web import appearance, counted, errors, headers, kept, language, page, sizes
from app.web.assets import Assets, AssetsNotBuilt
from app.web.bodies import FormRequest
from app.web.clock import now
from app.web.compiled import Compiled
from app.web.cookies import STAFF, CookieJar, NoSession
from app.web.door import Door

if TYPE_CHECKING:
    from app.adapters.notify import Notifier
    from app.adapters.oidc import Provider
    from app.adapters.queues import AmqpCarrier, Hatch
    from app.adapters.salts import Salts
    from app.services.hub.notices import Office as NoticesOffice
    from app.services.hub.on_call import Office as OnCallOffice
    from app.services.hub.post import PortalTrust, PostKeys
    from app.services.hub.records import Opener
    from app.services.portal.hatch import Counter
    from app.services.portal.office import Office
    from app.services.portal.post import HubTrust
    from app.web.hub import Hub
    from app.web.portal import Portal

# The largest form: a message of 5,000 letters of four bytes each, percent-encoded, and room to spare.
MOST_FORM_BYTES = 256 * 1024
MOST_FORM_FIELDS = 200
COURIER_WAITS_SECONDS = 15.0
QUEUE_ANSWERS_WITHIN_SECONDS = 2.0
# Longer than anything waits for a lock (data/database.py): what takes longer still hangs.
DATABASE_ANSWERS_WITHIN_SECONDS = 20.0

SECURITY_CONTACT = "Contact: mailto:security@{host}\nExpires: {expires:%Y-%m-%dT%H:%M:%SZ}\nPreferred-Languages: en\n"
# RFC 9116, 2.5.5: less than a year ahead. A server is started anew more often than this.
SECURITY_CONTACT_LASTS = timedelta(days=180)

NOBODY_COULD_SIGN_IN = (
    "Nobody could sign in at the desk: set OIDC_ISSUER (docs/operations.md), or DEV_SIGN_IN=1 for made-up colleagues."
)
REFUSALS = (SettingsError, ContentError, KeyFileError, AssetsNotBuilt)


def create_app() -> Flask:
    """The side that SIDE names, from the environment. Bad configuration ends the process with one line that says what to set."""
    set_up_logging()
    try:
        app = create(settings_module.load(os.environ))
        settle()
        tell_counts(app.extensions["side"])
        if app.extensions["side"].settings.metrics_port is not None:
            counted.install(app)
        return app
    except REFUSALS as refusal:
        sys.stderr.write(f"{refusal}\n")
        raise SystemExit(1) from None


def settle() -> None:
    """Give back what was only needed to read the content: for a process that has read everything."""
    yaml_reader.forget()
    gc.collect()  # trees that were parsed hold themselves


def tell_counts(side: Portal | Hub) -> None:
    """Tell what this process and the others of its side count, where a port is set for it. Raises KeyFileError."""
    settings = side.settings
    if settings.metrics_port is None:
        return
    from app import metrics

    if isinstance(settings, HubSettings):
        keys = read_private_keys(settings.private_keys_file, side="hub")["sealing"]
    else:
        keys = HubPublicKeys.load(settings.hub_public_keys_file).sealing
    ends = metrics.last_end(keys)
    metrics.start(settings, metrics.readings_of(settings, side.database, key_ends=ends), now=now)


def create(settings: PortalSettings | HubSettings) -> Flask:
    """One side's application. Raises SettingsError, ContentError, KeyFileError or AssetsNotBuilt."""
    return create_portal(settings) if isinstance(settings, PortalSettings) else create_hub(settings)


def create_portal(settings: PortalSettings) -> Flask:
    """The portal: seals, and cannot open what was sent."""
    from app.adapters.case_reviews import load_case_reviews, load_who_does_what
    from app.adapters.recordings import load_recordings
    from app.adapters.search_words import load_asked, load_danger
    from app.pages.portal import outer, pages, recordings
    from app.web import limits, traps
    from app.web.portal import Portal

    import_screens("portal")
    area = content.load_area(settings.content_dir)
    refuse_without_statements(settings, area)
    languages = content.load_languages(settings.content_dir)
    directory = content.load_directory(settings.content_dir)
    slugs = [each.slug for each in languages.all]
    pledges = content.load_pledges(settings.content_dir, slugs)
    portal_recordings = load_recordings(settings.content_dir, slugs)
    keys = portal_keys(settings)
    database = Database(settings.database_url, answers_within_seconds=DATABASE_ANSWERS_WITHIN_SECONDS)
    assets = Assets()
    app = _new_app(settings)
    app.session_interface = NoSession()
    app.config["WTF_CSRF_ENABLED"] = False  # no session: every POST is checked for where it comes from (web/headers.py)
    case_reviews = load_case_reviews(settings.content_dir, area, directory)
    help_now = content.load_help_now(settings.content_dir, directory)
    salts = salts_of(settings, database)
    app.extensions["side"] = Portal(
        settings=settings,
        database=database,
        office=keys.office,
        trust=keys.trust,
        order_keys=keys.order_keys,
        assets=assets,
        area=area,
        languages=languages,
        directory=directory,
        help_now=help_now,
        funding=load_funding(settings.content_dir, directory),
        guides=load_guides(settings.content_dir, slugs, area=area, directory=directory),
        rights=rights.load_all_rights(settings.content_dir, slugs),
        rights_to_read=rights.load_to_read(settings.content_dir, slugs, area=area, directory=directory),
        sources=load_sources(settings.content_dir),
        pledges=pledges,
        earlier_pledges=content.load_pledge_versions(settings.content_dir, pledges["en"]),
        results=promise_results.load_results(settings.content_dir),
        easy_read=easy_read.load_easy_read(
            settings.content_dir, slugs, area=area, directory=directory, pledge=pledges["en"]
        ),
        accessibility=content.load_accessibility(settings.content_dir),
        case_reviews=case_reviews,
        asked=load_asked(settings.content_dir, slugs),
        danger_words=load_danger(settings.content_dir, slugs, help_now),
        site_address=site_address(settings, area),
        recordings=portal_recordings,
        salts=salts,
    )
    # For the table in components/areas.html, which stands in guides too.
    who_does_what = load_who_does_what(settings.content_dir, area, directory)
    app.jinja_env.globals.update(case_reviews=case_reviews, who_does_what=who_does_what, service_of=directory.get)
    app.jinja_env.globals.update(help_now=help_now, trap_made_at=traps.made_at)
    sizes.guard(app)
    headers.guard(app, settings, plays=bool(portal_recordings.by_name))
    recordings.install(app)
    language.install(app, languages)
    app.register_blueprint(pages)
    app.register_blueprint(outer)
    app.register_blueprint(
        shared.blueprint(
            is_ready=lambda: _is_ready(app),
            assets=assets,
            security_contact=_contact(area, settings),
            queue=queue_of(settings),
        )
    )
    page.install(app, settings=settings, area=area, languages=languages, assets=assets)
    page.install_staff_text(app, directory)
    errors.install(app, settings, for_pages=for_pages)
    limits.install(app)
    kept.install(app, area.hub_hours)
    appearance.install(app, CookieJar("portal", secure=settings.is_https))
    app.wsgi_app = Door(  # type: ignore[method-assign]
        app.wsgi_app,
        most_bytes=MOST_FORM_BYTES,
        header=settings.client_header,
        proxies=settings.client_proxies,
        salts=salts,
    )
    return app


def salts_of(settings: PortalSettings, database: Database) -> Salts:
    """The salt of each day, with whose end everything goes that was counted under it."""
    from app.adapters.salts import Salts
    from app.services.portal import limits as taken

    return Salts(settings.salt_file, on_new=lambda: taken.forget(database))


@dataclass(frozen=True)
class PortalKeys:
    """What a portal holds of keys: to seal and to make numbers, to know the Hub by, to open its orders."""

    office: Office
    trust: HubTrust
    order_keys: Mapping[bytes, X25519PrivateKey] = field(repr=False)


def portal_keys(settings: PortalSettings) -> PortalKeys:
    """The portal's keys, from their files. Raises KeyFileError."""
    from app.adapters.numbers import Peppers
    from app.services.portal.office import Office
    from app.services.portal.post import HubTrust

    private, hub = PortalPrivateKeys.load(settings.private_key_file), HubPublicKeys.load(settings.hub_public_keys_file)
    return PortalKeys(
        office=Office(signer=private.signing, hub=hub, peppers=Peppers.load(settings.peppers_file)),
        trust=HubTrust(database_id=hub.database_id, courier=hub.courier, voice=hub.voice, post=hub.post),
        order_keys=private.sealing,
    )


def create_hub(settings: HubSettings) -> Flask:
    """The Hub's desk: opens, and signs what goes back."""
    from app.pages.hub import machines, pages
    from app.web import staff

    if not settings.dev_sign_in and settings.oidc is None:
        raise SettingsError(NOBODY_COULD_SIGN_IN)
    import_screens("hub")
    area = content.load_area(settings.content_dir)
    refuse_without_statements(settings, area)
    languages = content.load_languages(settings.content_dir)
    database = Database(settings.database_url, answers_within_seconds=DATABASE_ANSWERS_WITHIN_SECONDS)
    assets = Assets()
    app = _new_app(settings)
    hub = hub_of(settings, database=database, assets=assets)
    # Only the desk offers them to read: the courier and the commands do without.
    guides = load_guides(
        settings.content_dir, [each.slug for each in languages.all], area=area, directory=hub.directory
    )
    app.extensions["side"] = replace(hub, guides=guides)
    jar = CookieJar("hub", secure=settings.is_https)
    app.config.update(
        SESSION_COOKIE_NAME=jar.name(STAFF),
        SESSION_COOKIE_SECURE=settings.is_https,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Strict",
        SESSION_COOKIE_PATH="/",
        WTF_CSRF_TIME_LIMIT=None,  # the session's own limit counts
        WTF_I18N_ENABLED=False,
    )
    sizes.guard(app)
    headers.guard(app, settings)
    language.install(app, languages)
    staff.install(app)
    app.register_blueprint(pages)
    app.register_blueprint(machines)
    app.register_blueprint(
        shared.blueprint(
            is_ready=lambda: _is_ready(app),
            assets=assets,
            security_contact=_contact(area, settings),
            queue=queue_of(settings),
        )
    )
    page.install(app, settings=settings, area=area, languages=languages, assets=assets)
    errors.install(app, settings, for_pages=for_pages, without_database=staff.nobody)
    app.wsgi_app = Door(app.wsgi_app, most_bytes=MOST_FORM_BYTES)  # type: ignore[method-assign]
    return app


def hub_of(settings: HubSettings, *, database: Database, assets: Assets) -> Hub:
    """What a Hub process holds, but for the guides, which only the desk needs."""
    from app.services.hub.showing import WAIT_SECONDS
    from app.services.hub.staff import DevelopmentIdentities, NoIdentities
    from app.web.hub import Hub

    keys = hub_keys(settings)
    area, directory = content.load_area(settings.content_dir), content.load_directory(settings.content_dir)
    return Hub(
        settings=settings,
        database=database,
        opener=keys.opener,
        voice=keys.post.voice,
        post_keys=keys.post,
        trust=keys.trust,
        carrier=carrier_of(settings, longest_seconds=WAIT_SECONDS),
        identities=DevelopmentIdentities() if settings.dev_sign_in else NoIdentities(),
        provider=provider_of(settings.oidc) if settings.oidc else None,
        assets=assets,
        area=area,
        languages=content.load_languages(settings.content_dir),
        directory=directory,
        guides={},
        funding=load_funding(settings.content_dir, directory),
        notifier=notifier_of(settings, area) if settings.notices == "on" else None,
    )


@dataclass(frozen=True)
class HubKeys:
    """What a Hub holds of keys: to open, to sign, and to know the portal by."""

    opener: Opener
    post: PostKeys
    trust: PortalTrust


def hub_keys(settings: HubSettings) -> HubKeys:
    """The Hub's keys, from their files. Raises KeyFileError."""
    from app.services.hub.post import PostKeys

    signing = HubSigningKeys.load(settings.private_keys_file)
    return HubKeys(
        opener=opener_of(settings),
        post=PostKeys(voice=signing.voice, post=signing.post, courier=signing.courier),
        trust=portal_trust(settings),
    )


def provider_of(oidc: OidcSettings) -> Provider:
    """The identity provider that staff sign in through."""
    from app.adapters.oidc import Provider

    return Provider(
        oidc.issuer,
        client_id=oidc.client_id,
        client_secret=oidc.client_secret,
        scopes=oidc.scopes,
        level=oidc.mfa.removeprefix("acr=") if oidc.mfa.startswith("acr=") else "",
    )


def opener_of(settings: HubSettings) -> Opener:
    """What opens with the Hub's own keys alone."""
    return opener_from(settings.private_keys_file)


def opener_from(path: Path) -> Opener:
    """What opens with the Hub's keys in this file. Raises KeyFileError."""
    from app.adapters.opening import HubOpener, OpeningKeys

    return HubOpener(OpeningKeys.load(path))


def carrier_of(settings: HubSettings, *, longest_seconds: float | None = None) -> HttpCarrier | AmqpCarrier:
    """What carries the post to the portal: patient for the courier; `longest_seconds` in all where a colleague waits.

    Raises SettingsError when QUEUE_URL is set and what it takes is not installed.
    """
    if settings.queue is not None:
        refuse_without_queues()
        from app.adapters.queues import AmqpCarrier

        return AmqpCarrier(
            settings.queue, longest_seconds=longest_seconds or COURIER_WAITS_SECONDS, keeps=longest_seconds is None
        )
    return HttpCarrier(
        settings.portal_url,
        timeout_seconds=longest_seconds or COURIER_WAITS_SECONDS,
        longest_seconds=longest_seconds,
        verify=settings_module.certificates(os.environ),
    )


def refuse_without_queues() -> None:
    """Raises SettingsError when the library that talks to RabbitMQ is not installed."""
    try:
        importlib.import_module("kombu")
    except ImportError:
        raise SettingsError(
            "QUEUE_URL is set, but kombu is not installed: install the extra `scale`, or unset QUEUE_URL."
        ) from None


def declare_queues(address: QueueAddress) -> list[str]:
    """Declare what the post needs at the broker; returns the names of the queues. Raises carriers.CarrierDown."""
    from app.adapters import queues

    return queues.declare(address)


def seen_of_queue(settings: Settings) -> list[str]:
    """What is wrong with the broker and its queues, one line each; empty when all is well, and where there is no queue."""
    if settings.queue is None:
        return []
    refuse_without_queues()
    from app.adapters import queues

    try:
        found = queues.look(settings.queue)
    except queues.QueueFault as fault:
        return [str(fault)]
    aside = found[queues.DEAD_LETTERS]
    return [f"{aside} parcels lie in the queue {queues.DEAD_LETTERS} (docs/operations.md, RabbitMQ)"] if aside else []


def queue_of(settings: Settings) -> Callable[[], str | None] | None:
    """What says in one line what is wrong with the queue, or None when all is well; None itself where there is no queue."""
    address = settings.queue
    if address is None:
        return None
    refuse_without_queues()
    from app.adapters.queues import QueueFault, look

    def looked() -> str | None:
        try:
            look(address, seconds=QUEUE_ANSWERS_WITHIN_SECONDS)
        except QueueFault as fault:
            return str(fault)
        return None

    return looked


def hatch_of(settings: PortalSettings, counter: Counter) -> Hatch:
    """What takes the courier's parcels out of the queue. Raises SettingsError where there is none."""
    if settings.queue is None:
        raise SettingsError("The hatch is for a queue: set QUEUE_URL, or let the courier come over HTTP without it.")
    refuse_without_queues()
    from app.adapters.queues import Hatch
    from app.services.portal import hatch

    return Hatch(settings.queue, lambda body, token: hatch.serve(counter, body, token, clock=now), tell=hatch.set_aside)


def counter_of(settings: PortalSettings, *, database: Database) -> Counter:
    """What the hatch serves passes with. Raises KeyFileError."""
    from app.domain.retention import Periods
    from app.services.portal.hatch import Counter

    keys = portal_keys(settings)
    return Counter(
        database=database,
        trust=keys.trust,
        office=keys.office,
        keys=keys.order_keys,
        keep=Periods(**settings.keep),
    )


def portal_trust(settings: HubSettings) -> PortalTrust:
    """The portal's pinned keys."""
    from app.services.hub.post import PortalTrust

    keys = PortalPublicKeys.load(settings.portal_public_keys_file)
    return PortalTrust(database_id=keys.database_id, signing=keys.signing, sealing=keys.sealing_key)


def notices_of(settings: HubSettings, held: Hub) -> NoticesOffice:
    """What carries notices. Raises SettingsError when what everybody would see of one is not neutral."""
    from app.services.hub.notices import Mode, Office

    return Office(
        database=held.database,
        opener=held.opener,
        voice=held.voice,
        hours=held.area.hub_hours,
        notifier=notifier_of(settings, held.area),
        mode=Mode(settings.notices),
    )


def notifier_of(settings: HubSettings, area: Area) -> Notifier:
    """What can carry words out, by the ways that are set up. Raises SettingsError as `notices_of` does."""
    from app.adapters.notify import ByWay, Files, Notify, Smtp
    from app.domain.contact import Way

    found: list[Notifier] = []
    notify, smtp = settings.notify, settings.smtp
    if notify is not None:
        found.append(
            Notify(
                key=notify.key,
                templates={Way(way): template for way, template in notify.templates.items()},
                url=notify.url,
                sender_id=notify.sender_id,
                reply_to_id=notify.reply_to_id,
            )
        )
    if smtp is not None:
        refuse_telling(settings, area)
        found.append(
            Smtp(
                host=smtp.host,
                port=smtp.port,
                sender=smtp.sender,
                subject=smtp.subject,
                user=smtp.user,
                password=smtp.password,
                is_local=smtp.is_local,
            )
        )
    if not found and settings.in_development:
        found.append(Files(settings.side_dir / "notices"))
    return ByWay(tuple(found))


def on_call_of(settings: HubSettings, held: Hub) -> OnCallOffice | None:
    """What tells whoever is on call; None while nobody is."""
    from app.domain.contact import Way
    from app.services.hub.notices import Mode
    from app.services.hub.on_call import Office

    if settings.on_call is None:
        return None
    return Office(
        database=held.database,
        hours=held.area.hub_hours,
        notifier=notifier_of(settings, held.area),
        mode=Mode(settings.on_call.mode),
        way=Way(settings.on_call.way),
        address=settings.on_call.address,
    )


def refuse_telling(settings: HubSettings, area: Area) -> None:
    """Sender and subject of an e-mail stand on locked screens: they must not say what this is about."""
    from app.domain.notice import telling

    seen = {"SMTP_FROM": settings.smtp.sender, "SMTP_SUBJECT": settings.smtp.subject} if settings.smtp else {}
    for name, text in seen.items():
        # A domain is no link here, but its words count.
        found = telling(text.replace(".", " "), also=(area.hub_name,))
        if found:
            raise SettingsError(f"{name} is seen on locked screens, so it must not contain '{found[0]}'.")


def refuse_without_statements(settings: Settings, area: Area) -> None:
    """Outside development, nobody is asked anything before the Hub has said in its own words what it must do."""
    missing = area.missing_statements()
    if missing and not settings.in_development:
        raise SettingsError(
            f"content/area.yaml: write {', '.join(missing)} in the Hub's own words (docs/before-launch.md explains each)."
        )


def set_up_logging() -> None:
    """Events to standard error, one line each. A format that is none ends the process with one line."""
    try:
        log_lines.set_up(os.environ.get("LOG_FORMAT", ""))
    except log_lines.UnknownFormat as refusal:
        sys.stderr.write(f"{refusal}\n")
        raise SystemExit(1) from None


def import_screens(side: str) -> None:
    """Load a side's view modules, which register themselves on its blueprints."""
    package = importlib.import_module(f"app.pages.{side}")
    for module in pkgutil.iter_modules(package.__path__):
        importlib.import_module(f"app.pages.{side}.{module.name}")


def _new_app(settings: Settings) -> Flask:
    app = Flask("app", static_folder=None, template_folder="templates")
    app.request_class = FormRequest
    app.config.update(
        SECRET_KEY=settings.secret_key,
        MAX_CONTENT_LENGTH=MOST_FORM_BYTES,  # the post's parcels are larger: its own view says so
        MAX_FORM_MEMORY_SIZE=MOST_FORM_BYTES,
        MAX_FORM_PARTS=MOST_FORM_FIELDS,
        PROPAGATE_EXCEPTIONS=False,
        TRAP_HTTP_EXCEPTIONS=False,
        PREFERRED_URL_SCHEME="https" if settings.is_https else "http",
        WTF_I18N_ENABLED=False,
    )
    app.jinja_env.bytecode_cache = Compiled()
    app.jinja_env.globals["news_words"] = news.words_of
    app.jinja_env.globals["phrase_words"] = phrases.phrase_words
    return app


def _is_ready(app: Flask) -> bool:
    """Whether the side that this application serves can serve."""
    side = app.extensions["side"]
    return starting.is_ready(side.settings, side.database)


def site_address(settings: Settings, area: Area) -> str:
    """Where people find the site, without a slash at the end; empty in development while `site_host` is.

    It is printed, and read by others: so it is never an onion address while there is a plain one.
    """
    if settings.is_onion and area.site_host:
        return f"https://{area.site_host}"
    return settings.origins[0] if settings.origins else f"https://{area.site_host}" if area.site_host else ""


def _contact(area: Area, settings: Settings) -> str:
    """The text of security.txt (RFC 9116)."""
    own_host = urlsplit(settings.origins[0]).hostname if settings.origins else "localhost"
    return SECURITY_CONTACT.format(host=area.site_host or own_host, expires=now() + SECURITY_CONTACT_LASTS)
