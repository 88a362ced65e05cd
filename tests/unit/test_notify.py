"""What carries notices: GOV.UK Notify as its documentation says, a mail server, and settings that refuse what is unsafe."""

from __future__ import annotations

import smtplib
from collections.abc import Iterator
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest

from app import wiring
from app.adapters.content import load_area
from app.adapters.notify import CannotTell, Leaving, Notify, NotSent, Refused, Smtp, Unsure
from app.domain.contact import Way
from app.settings import HubSettings, SettingsError, load
from app.web import clock
from tests.harness.notify import KEY, SECRET, TEMPLATES, NotifyStandIn

ROOT = Path(__file__).parents[2]
REFERENCE = "00" * 16
WORDS = "Choir has moved"
ADDRESSES = {Way.TEXT: "07700 900111", Way.EMAIL: "marie@example.org", Way.LETTER: "4 Mill Lane\nWisbech\nPE13 1AA"}


def leaving(way: Way, address: str | None = None) -> Leaving:
    return Leaving(REFERENCE, way, ADDRESSES[way] if address is None else address, WORDS, "Marie")


@pytest.fixture
def provider() -> Iterator[NotifyStandIn]:
    made = NotifyStandIn()
    yield made
    made.close()


def notify(provider: NotifyStandIn, key: str = KEY) -> Notify:
    return Notify(key=key, templates={Way(way): each for way, each in TEMPLATES.items()}, url=provider.url)


# GOV.UK Notify


@pytest.mark.parametrize("way", list(ADDRESSES))
def test_each_way_is_one_post_that_can_be_found_by_its_reference(provider: NotifyStandIn, way: Way) -> None:
    carrier = notify(provider)
    assert carrier.find(way, REFERENCE, now=clock.now()) is None
    taken = carrier.send(leaving(way), now=clock.now())
    assert carrier.find(way, REFERENCE, now=clock.now()) == taken
    personal = provider.taken[0]["body"]["personalisation"]
    assert personal.pop("words") == WORDS
    if way is Way.LETTER:
        assert list(personal.values()) == ["Marie", "4 Mill Lane", "Wisbech", "PE13 1AA"]
    else:
        assert personal == {}


def test_a_long_address_keeps_its_postcode_last(provider: NotifyStandIn) -> None:
    address = "Flat 2, Mill House, 4 Mill Lane, Old Town, Wisbech, Cambridgeshire, England, PE13 1AA"
    notify(provider).send(leaving(Way.LETTER, address), now=clock.now())
    lines = provider.taken[0]["body"]["personalisation"]
    assert lines["address_line_6"] == "Wisbech, Cambridgeshire, England"
    assert lines["address_line_7"] == "PE13 1AA"
    assert "address_line_8" not in lines


@pytest.mark.rule("rule 4")
def test_what_goes_wrong_is_told_by_its_kind_and_without_any_address(provider: NotifyStandIn) -> None:
    carrier = notify(provider)
    with pytest.raises(Refused) as refused:
        carrier.send(leaving(Way.LETTER, "nowhere"), now=clock.now())
    wrong_key = KEY.removesuffix(SECRET) + "11111111-1111-1111-1111-111111111111"
    with pytest.raises(NotSent) as later:
        notify(provider, wrong_key).send(leaving(Way.TEXT), now=clock.now())
    provider.close()
    with pytest.raises(Unsure) as unsure:
        carrier.send(leaving(Way.TEXT), now=clock.now())
    assert not isinstance(later.value, Refused)
    said = [str(each.value) for each in (refused, later, unsure)] + [repr(leaving(way)) for way in ADDRESSES]
    assert said[:2] == ["provider-400", "provider-403"]
    assert not any(
        address in text or WORDS in text or SECRET in text for address in ADDRESSES.values() for text in said
    )
    assert SECRET not in repr(carrier)


# A mail server


class Server:
    """Stands in for the connection to a mail server."""

    def __init__(self, fault: Exception | None = None) -> None:
        self.got: list[EmailMessage] = []
        self.fault = fault

    def send_message(self, message: EmailMessage) -> None:
        if self.fault:
            raise self.fault
        self.got.append(message)

    def close(self) -> None:
        """Nothing."""


def smtp(monkeypatch: pytest.MonkeyPatch, server: Server) -> Smtp:
    monkeypatch.setattr(Smtp, "_connected", lambda _: server)
    return Smtp(host="127.0.0.1", port=25, sender="Post <post@example.org>", subject="Reminder", is_local=True)


@pytest.mark.rule("rule 3")
def test_an_email_holds_the_words_and_neutral_headers_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    server = Server()
    carrier = smtp(monkeypatch, server)
    name = carrier.send(leaving(Way.EMAIL), now=clock.now())
    (message,) = server.got
    assert name == f"<{REFERENCE}@example.org>"
    assert message.get_content().strip() == WORDS
    assert (message["From"], message["Subject"], message["To"]) == (
        "Post <post@example.org>",
        "Reminder",
        "marie@example.org",
    )
    with pytest.raises(CannotTell):
        carrier.find(Way.EMAIL, REFERENCE, now=clock.now())


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        (smtplib.SMTPRecipientsRefused({"x": (550, b"no")}), Refused),
        (smtplib.SMTPRecipientsRefused({"x": (450, b"later")}), NotSent),
        (smtplib.SMTPDataError(554, b"no"), Refused),
        (smtplib.SMTPDataError(451, b"later"), NotSent),
        (smtplib.SMTPServerDisconnected("gone"), Unsure),
        (TimeoutError("gone"), Unsure),
    ],
)
def test_a_mail_servers_faults_are_told_apart(
    monkeypatch: pytest.MonkeyPatch, fault: Exception, kind: type[Exception]
) -> None:
    with pytest.raises(kind) as told:
        smtp(monkeypatch, Server(fault)).send(leaving(Way.EMAIL), now=clock.now())
    assert type(told.value) is kind


def test_an_address_that_would_add_a_header_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(Refused):
        smtp(monkeypatch, Server()).send(leaving(Way.EMAIL, "a@example.org\nBcc: b@example.org"), now=clock.now())


# Settings

ID = TEMPLATES["text"]
NOTIFY = {"NOTIFY_API_KEY": KEY, "NOTIFY_TEXT_TEMPLATE": ID, "NOTIFY_URL": "http://127.0.0.1:9"}
SMTP = {"SMTP_HOST": "127.0.0.1", "SMTP_FROM": "Post <post@example.org>", "SMTP_SUBJECT": "Reminder"}


def settings(tmp_path: Path, **more: str) -> HubSettings:
    own = {"SIDE": "hub", "SECRET_KEY": "q8Jx-".join("abcdefghij"), "DATA_DIR": str(tmp_path)}
    found = load(own | more)
    assert isinstance(found, HubSettings)
    return found


def test_nothing_leaves_unless_it_is_said(tmp_path: Path) -> None:
    assert settings(tmp_path).notices == "off"
    found = settings(tmp_path, NOTICES="on", **NOTIFY, **SMTP)
    assert found.notices == "on"
    assert found.notify is not None
    assert found.notify.templates == {"text": ID}
    assert SECRET not in repr(found)


@pytest.mark.parametrize(
    ("environ", "name"),
    [
        ({"NOTICES": "yes"}, "NOTICES"),
        (NOTIFY | {"NOTIFY_API_KEY": "short"}, "NOTIFY_API_KEY"),
        (NOTIFY | {"NOTIFY_API_KEY": ""}, "NOTIFY_API_KEY"),
        (NOTIFY | {"NOTIFY_TEXT_TEMPLATE": ""}, "NOTIFY_TEXT_TEMPLATE"),
        (NOTIFY | {"NOTIFY_LETTER_TEMPLATE": "my letter"}, "NOTIFY_LETTER_TEMPLATE"),
        (NOTIFY | {"NOTIFY_URL": ""}, "NOTIFY_URL"),
        (NOTIFY | {"NOTIFY_URL": "http://api.example.org"}, "NOTIFY_URL"),
        (NOTIFY | {"NOTIFY_EMAIL_TEMPLATE": ID} | SMTP, "NOTIFY_EMAIL_TEMPLATE"),
        (SMTP | {"SMTP_HOST": ""}, "SMTP_HOST"),
        (SMTP | {"SMTP_HOST": "mail.example.org"}, "SMTP_HOST"),
        (SMTP | {"SMTP_SUBJECT": ""}, "SMTP_SUBJECT"),
        (SMTP | {"SMTP_FROM": "a@example.org\nBcc: b@example.org"}, "SMTP_FROM"),
        (SMTP | {"SMTP_USER": "post"}, "SMTP_PASSWORD"),
        (SMTP | {"SMTP_PORT": "mail"}, "SMTP_PORT"),
    ],
)
def test_unsafe_settings_are_refused_in_one_line(tmp_path: Path, environ: dict[str, str], name: str) -> None:
    with pytest.raises(SettingsError) as refused:
        settings(tmp_path, **environ)
    assert name in str(refused.value)
    assert "\n" not in str(refused.value)


@pytest.mark.rule("rule 3")
@pytest.mark.parametrize(
    ("telling", "name"),
    [
        ({"SMTP_FROM": "Victim care <post@example.org>"}, "SMTP_FROM"),
        ({"SMTP_FROM": "Post <post@example.police.uk>"}, "SMTP_FROM"),
        ({"SMTP_SUBJECT": "From the Hub"}, "SMTP_SUBJECT"),
        ({"SMTP_SUBJECT": "Your crime report"}, "SMTP_SUBJECT"),
    ],
)
def test_a_sender_or_subject_that_tells_is_refused(tmp_path: Path, telling: dict[str, Any], name: str) -> None:
    area = load_area(ROOT / "tests" / "area")
    wiring.refuse_telling(settings(tmp_path, **SMTP), area)
    with pytest.raises(SettingsError, match=name):
        wiring.refuse_telling(settings(tmp_path, **(SMTP | telling)), area)
