"""How notices leave: GOV.UK Notify, SMTP, and files for development. No address and no words in any log or exception.

A reference names each notice. GOV.UK Notify keeps it but does not refuse a second one with the same: so `find` says whether
it has one already, and whoever sends asks that first whenever a try may have gone through.
"""

from __future__ import annotations

import os
import smtplib
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from email.message import EmailMessage
from email.utils import format_datetime, parseaddr
from pathlib import Path
from typing import Any, Protocol

import requests
from joserfc import jwt
from joserfc.jwk import OctKey

from app.domain.contact import Way

# Seconds to connect, and to answer: a provider that hangs must not hold up the post for long.
TIMEOUT = (3.05, 8.0)
NOTIFY_URL = "https://api.notifications.service.gov.uk"
# The one placeholder that each template at the provider holds, and nothing else.
PLACEHOLDER = "words"
SECRET_LENGTH = 36  # a key of GOV.UK Notify ends in two UUIDs: the service's, and the secret
MOST_ADDRESS_LINES = 7
UNNAMED = "The Resident"


class NotSent(Exception):
    """It has not left; the text is a code. Trying again later may help."""


class Refused(NotSent):
    """It has not left, and never will as it is; the text is a code."""


class Unsure(Exception):
    """It may have left or not; the text is a code. Look for it before another try."""


class CannotTell(Exception):
    """This provider cannot say whether it took a notice."""


@dataclass(frozen=True)
class Leaving:
    """One notice on its way out. `name` is for an envelope. Neither is ever shown by a log that prints this."""

    reference: str
    way: Way
    address: str = field(repr=False)
    words: str = field(repr=False)
    name: str = field(default="", repr=False)


class Notifier(Protocol):
    """What can carry notices, by which ways."""

    @property
    def ways(self) -> frozenset[Way]:
        """The ways that are set up."""

    def send(self, leaving: Leaving, *, now: datetime) -> str:
        """Hand one over; returns the provider's own name for it. Raises NotSent, Refused and Unsure."""

    def find(self, way: Way, reference: str, *, now: datetime) -> str | None:
        """The provider's name for what it took under this reference, or None. Raises Unsure and CannotTell."""


@dataclass(frozen=True)
class Notify:
    """GOV.UK Notify, by its public documentation: a token signed with the key, and one POST.

    `templates` are the ids by way. `sender_id` and `reply_to_id` name the provider's own settings, empty for its default.
    """

    key: str = field(repr=False)
    templates: Mapping[Way, str]
    url: str = NOTIFY_URL
    sender_id: str = ""
    reply_to_id: str = ""

    @property
    def ways(self) -> frozenset[Way]:
        """Those with a template."""
        return frozenset(self.templates)

    def send(self, leaving: Leaving, *, now: datetime) -> str:
        """One POST. 400 is for ever, 403 and 429 are for later; after anything else it may have been taken."""
        kind, to = _to(leaving)
        personal = {PLACEHOLDER: leaving.words, **(to if leaving.way is Way.LETTER else {})}
        body: dict[str, Any] = {
            **(to if leaving.way is not Way.LETTER else {}),
            "template_id": self.templates[leaving.way],
            "personalisation": personal,
            "reference": leaving.reference,
        }
        if leaving.way is Way.TEXT and self.sender_id:
            body["sms_sender_id"] = self.sender_id
        if leaving.way is Way.EMAIL and self.reply_to_id:
            body["email_reply_to_id"] = self.reply_to_id
        status, answer = self._call("POST", f"/v2/notifications/{kind}", now=now, json=body)
        if status == requests.codes.created and isinstance(answer.get("id"), str):
            return str(answer["id"])
        if status in {requests.codes.bad_request, requests.codes.request_entity_too_large}:
            raise Refused(f"provider-{status}")
        if 400 <= status < 500:
            raise NotSent(f"provider-{status}")
        raise Unsure(f"provider-{status}")

    def find(self, way: Way, reference: str, *, now: datetime) -> str | None:
        """Ask for what was sent under this reference in the last seven days."""
        status, answer = self._call("GET", "/v2/notifications", now=now, params={"reference": reference})
        if status == requests.codes.not_found:
            return None
        if status != requests.codes.ok or not isinstance(answer.get("notifications"), list):
            raise Unsure(f"provider-{status}")
        for each in answer["notifications"]:
            if isinstance(each, dict) and each.get("reference") == reference and isinstance(each.get("id"), str):
                return str(each["id"])
        return None

    def _call(self, method: str, path: str, *, now: datetime, **what: Any) -> tuple[int, Mapping[str, Any]]:
        service, secret = self.key[-2 * SECRET_LENGTH - 1 : -SECRET_LENGTH - 1], self.key[-SECRET_LENGTH:]
        claims = {"iss": service, "iat": int(now.timestamp())}
        token = jwt.encode({"typ": "JWT", "alg": "HS256"}, claims, OctKey.import_key(secret), algorithms=["HS256"])
        try:
            with requests.Session() as session:
                session.trust_env = False
                session.verify = os.environ.get("REQUESTS_CA_BUNDLE") or True
                answer = session.request(
                    method,
                    self.url + path,
                    headers={"Authorization": f"Bearer {token}"},
                    timeout=TIMEOUT,
                    allow_redirects=False,
                    **what,
                )
                read = answer.json() if answer.content else {}
        except requests.RequestException as error:
            # Its text may hold the address; only its kind goes on.
            raise Unsure(type(error).__name__) from None
        except ValueError:
            raise Unsure("not-json") from None
        return answer.status_code, read if isinstance(read, dict) else {}


@dataclass(frozen=True)
class Smtp:
    """E-mail by a mail server: TLS from the start on port 465, STARTTLS on others, neither only on this machine itself."""

    host: str
    port: int
    sender: str
    subject: str
    user: str = ""
    password: str = field(default="", repr=False)
    is_local: bool = False

    @property
    def ways(self) -> frozenset[Way]:
        """E-mail only."""
        return frozenset({Way.EMAIL})

    def send(self, leaving: Leaving, *, now: datetime) -> str:
        """One message, whose id is made of the reference: a mailbox that gets it twice can tell."""
        message = EmailMessage()
        domain = parseaddr(self.sender)[1].rpartition("@")[2]
        message["From"], message["Subject"] = self.sender, self.subject
        message["Date"], message["Message-ID"] = format_datetime(now), f"<{leaving.reference}@{domain}>"
        message["Auto-Submitted"] = "auto-generated"
        try:
            message["To"] = leaving.address
            message.set_content(leaving.words + "\n")
        except ValueError:
            raise Refused("address") from None
        try:
            server = self._connected()
        except (OSError, smtplib.SMTPException) as error:
            raise NotSent(type(error).__name__) from None
        try:
            server.send_message(message)
        except smtplib.SMTPRecipientsRefused as error:
            codes = [code for code, _ in error.recipients.values()]
            raise (Refused if min(codes) >= 500 else NotSent)("recipient") from None
        except smtplib.SMTPServerDisconnected:
            raise Unsure("SMTPServerDisconnected") from None
        except smtplib.SMTPResponseException as error:
            raise (Refused if error.smtp_code >= 500 else NotSent)(f"provider-{error.smtp_code}") from None
        except (smtplib.SMTPException, UnicodeError):
            raise Refused("message") from None
        except OSError as error:
            raise Unsure(type(error).__name__) from None
        finally:
            server.close()
        return str(message["Message-ID"])

    def find(self, way: Way, reference: str, *, now: datetime) -> str | None:
        """A mail server does not tell."""
        raise CannotTell

    def _connected(self) -> smtplib.SMTP:
        context = ssl.create_default_context(cafile=os.environ.get("REQUESTS_CA_BUNDLE") or None)
        seconds = sum(TIMEOUT)
        server: smtplib.SMTP
        if self.port == smtplib.SMTP_SSL_PORT:
            server = smtplib.SMTP_SSL(self.host, self.port, timeout=seconds, context=context)
        else:
            server = smtplib.SMTP(self.host, self.port, timeout=seconds)
            if not self.is_local:
                server.starttls(context=context)
        if self.user:
            server.login(self.user, self.password)
        return server


@dataclass(frozen=True)
class Files:
    """For development: each notice becomes a file that only this user can read, once."""

    folder: Path

    @property
    def ways(self) -> frozenset[Way]:
        """All that notices know."""
        return frozenset({Way.TEXT, Way.EMAIL, Way.LETTER})

    def send(self, leaving: Leaving, *, now: datetime) -> str:
        """Write the file; one that is there already stays as it is."""
        path = self._path(leaving.reference)
        lines = [f"At: {now.isoformat(timespec='seconds')}", f"Way: {leaving.way.value}", f"To: {leaving.address}"]
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            return path.name
        except OSError as error:
            raise NotSent(type(error).__name__) from None
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write("\n".join([*lines, "", leaving.words, ""]))
        return path.name

    def find(self, way: Way, reference: str, *, now: datetime) -> str | None:
        """Whether the file is there."""
        path = self._path(reference)
        return path.name if path.exists() else None

    def _path(self, reference: str) -> Path:
        return self.folder / f"{reference}.txt"


@dataclass(frozen=True)
class ByWay:
    """Several of them, each for its own ways; the first that knows a way has it."""

    notifiers: tuple[Notifier, ...]

    @property
    def ways(self) -> frozenset[Way]:
        """Those of all."""
        return frozenset().union(*(each.ways for each in self.notifiers))

    def send(self, leaving: Leaving, *, now: datetime) -> str:
        """By the one that has this way."""
        return self._of(leaving.way).send(leaving, now=now)

    def find(self, way: Way, reference: str, *, now: datetime) -> str | None:
        """At the one that has this way."""
        return self._of(way).find(way, reference, now=now)

    def _of(self, way: Way) -> Notifier:
        for each in self.notifiers:
            if way in each.ways:
                return each
        raise Refused("no-such-way")


def _to(leaving: Leaving) -> tuple[str, dict[str, str]]:
    """The provider's word for a way, and to whom in its own fields."""
    if leaving.way is Way.TEXT:
        return "sms", {"phone_number": leaving.address}
    if leaving.way is Way.EMAIL:
        return "email", {"email_address": leaving.address}
    lines = [part.strip() for line in leaving.address.splitlines() for part in line.split(",") if part.strip()]
    lines = [leaving.name or UNNAMED, *lines]
    if len(lines) > MOST_ADDRESS_LINES:
        # The last line has to be the postcode: what is too much goes together into the one before.
        kept = MOST_ADDRESS_LINES - 2
        lines = [*lines[:kept], ", ".join(lines[kept:-1]), lines[-1]]
    return "letter", {f"address_line_{number}": line for number, line in enumerate(lines, 1)}
