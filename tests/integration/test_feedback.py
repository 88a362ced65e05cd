"""Feedback from the page to a supervisor: without a number, sealed, at once, once, and tied to nobody."""

from __future__ import annotations

import logging
from datetime import date, timedelta
from typing import Any

import pytest
import time_machine
from sqlalchemy import select
from sqlalchemy.exc import OperationalError

from app.adapters import sealing
from app.adapters.keys import HubPublicKeys, NoSealingKey
from app.data import hub as hub_rows
from app.data import portal as portal_rows
from app.data import post as post_rows
from app.domain.retention import Periods
from app.domain.survey import Survey
from app.services.hub import retention
from app.web import clock
from tests.harness.clients import BrowsingClient
from tests.harness.pages import Filled, Page
from tests.harness.people import CO_ORDINATOR, GATEKEEPER, Colleague
from tests.harness.sides import Sides

sqlite_only = pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)
FEEDBACK, SENT = "/en/feedback", "/en/feedback/sent"
WORDS, REACH = "Przycisk Кенар nie działa.\nДва разу.", "kenar7731@example.org"
SAID: dict[str, Filled] = {"about": "broken", "words": WORDS, "reach": REACH}


def write(client: BrowsingClient, *, language: str = "en", **said: Filled) -> Page:
    """Open the page, write, and send."""
    page = client.visit(f"/{language}/feedback")
    return client.submit(page, page.form("feedback_id"), said or SAID)


def waiting(sides: Sides) -> list[portal_rows.Feedback]:
    with sides.portal_side.database.reading() as session:
        return list(session.scalars(select(portal_rows.Feedback)))


def arrived(sides: Sides) -> list[hub_rows.Feedback]:
    with sides.hub_side.database.reading() as session:
        return list(session.scalars(select(hub_rows.Feedback)))


def audited(sides: Sides, *actions: str) -> list[tuple[str, str, str]]:
    with sides.hub_side.database.reading() as session:
        lines = session.scalars(select(hub_rows.Audit).where(hub_rows.Audit.action.in_(actions)))
        return [(line.action, line.staff_id, line.detail) for line in lines]


def supervisor(sides: Sides) -> Colleague:
    colleague = Colleague(sides.hub_client())
    colleague.sign_in("dev-carys")
    return colleague


@pytest.mark.requirement("F13")
def test_it_goes_alone_with_the_next_pass_and_a_supervisor_reads_it(
    sides: Sides, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        thanks = write(client := sides.portal_client(), language="pl")
        (row,) = waiting(sides)
        assert thanks.path == "/pl/feedback/sent"
        assert not [name for name in ("portal-d", "portal-v", "session") if client.get_cookie(name)]
        for stored in (row.id, row.body):
            assert b"Przycisk" not in stored
            assert b"kenar7731" not in stored
        header = sealing.parse(row.body).header
        assert (header.case_id, header.number) == (sealing.NO_CASE, sealing.NO_NUMBER)
        sides.deliver()
    assert not waiting(sides), "what is answered is deleted"
    (found,) = arrived(sides)
    assert (found.about, found.language, found.came_on) == ("broken", "pl", date(2026, 3, 10))
    assert found.id != row.id
    assert b"Przycisk" not in found.sealed + found.wrapped
    for word in ("Przycisk", "kenar7731", row.id.hex()):
        assert word not in caplog.text

    colleague = supervisor(sides)
    assert "Feedback not done yet" in colleague.first().part("feedback")
    listed = colleague.client.visit("/feedback")
    assert "Przycisk" not in listed.text
    assert not audited(sides, "read-feedback"), "looking at the list opens nothing"
    for _ in range(2):
        opened = colleague.client.submit(listed, listed.form(to=f"/feedback/{found.id.hex()}"))
    assert opened.root.find("words").text.split() == WORDS.split()  # type: ignore[union-attr]
    assert opened.part("reach") == REACH
    assert audited(sides, "read-feedback") == [("read-feedback", "dev-carys", found.id.hex())] * 2

    listed = colleague.client.submit(opened, opened.form(to="/done"))
    assert "Done by Carys Whitfield" in listed.text
    assert 'id="feedback"' not in colleague.first().html
    colleague.client.submit(opened, opened.form(to="/done"))
    assert len(audited(sides, "feedback-done")) == 1


def test_pressing_twice_sends_one_before_and_after_it_was_collected(sides: Sides) -> None:
    client = sides.portal_client()
    page = client.visit(FEEDBACK)
    form = page.form("feedback_id")
    for _ in range(2):
        assert client.submit(page, form, SAID).path == SENT
    assert len(waiting(sides)) == 1
    sides.deliver()
    client.submit(page, form, SAID)
    for _ in range(2):
        sides.deliver()
    assert not waiting(sides)
    assert len(arrived(sides)) == 1
    # Back, other words, and sent: these are not lost.
    client.submit(page, form, {**SAID, "words": "And one thing more."})
    sides.deliver()
    assert len(arrived(sides)) == 2


@sqlite_only
def test_everything_but_the_words_may_be_left_and_nothing_is_preselected(sides: Sides) -> None:
    client = sides.portal_client()
    page = client.visit(FEEDBACK)
    assert [name for name, value in page.form("feedback_id").filled() if value] == ["feedback_id", "made"]
    assert client.submit(page, page.form("feedback_id"), {"words": "x"}).path == SENT
    sides.deliver()
    (found,) = arrived(sides)
    assert found.about is None
    colleague = supervisor(sides)
    listed = colleague.client.visit("/feedback")
    assert "no way to be reached" in colleague.client.submit(listed, listed.form(to=found.id.hex())).text


@sqlite_only
@pytest.mark.parametrize(
    ("said", "at"),
    [
        ({**SAID, "words": " \n"}, "words"),
        ({**SAID, "words": "я" * 2001}, "words"),
        ({**SAID, "reach": "r" * 201}, "reach"),
        ({**SAID, "words": "a\x07b"}, "words"),
    ],
)
def test_what_is_refused_stays_on_the_page_with_the_reason_at_its_field(
    sides: Sides, said: dict[str, Filled], at: str
) -> None:
    back = write(sides.portal_client(), **said)
    assert back.status == 422
    assert back.title.startswith("Error:")
    assert back.part(f"{at}-error")
    assert f"#{at}" in [address for address, _ in back.links]
    kept = dict(back.form("feedback_id").filled())
    shown = said | ({"words": "a b"} if "\x07" in str(said["words"]) else {})
    assert {name: kept[name].replace("\r\n", "\n").strip() for name in shown} == {
        name: str(value).strip() for name, value in shown.items()
    }
    assert not waiting(sides)


@sqlite_only
def test_a_code_that_is_not_on_the_list_is_refused_and_a_mangled_id_costs_nothing(sides: Sides) -> None:
    client = sides.portal_client()
    assert client.post_form(FEEDBACK, {"words": "x", "about": "praise"}).status == 422
    for mangled in ("", "zz", "00", "00" * 40):
        assert client.post_form(FEEDBACK, {"words": "x", "feedback_id": mangled}).path == SENT
    assert len(waiting(sides)) == 4


@sqlite_only
@pytest.mark.rule("rule 6")
@pytest.mark.parametrize("failure", ["database", "key"])
def test_what_could_not_be_kept_is_said_and_stays_on_the_page(
    sides: Sides, monkeypatch: pytest.MonkeyPatch, failure: str
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise OperationalError("INSERT", {}, Exception("full")) if failure == "database" else NoSealingKey("revoked")

    client = sides.portal_client()
    owner, name = (portal_rows, "put_in_pool") if failure == "database" else (HubPublicKeys, "sealing_key_for")
    with monkeypatch.context() as broken:
        broken.setattr(owner, name, fail)
        back = write(client)
    assert back.status == 503
    assert "Nothing was sent" in back.text
    assert not waiting(sides)
    assert client.submit(back, back.form("feedback_id")).path == SENT
    assert len(waiting(sides)) == 1


@sqlite_only
def test_only_supervisors_see_that_there_is_any(sides: Sides) -> None:
    client = sides.portal_client()
    pages = []
    for said in (None, SAID):
        if said:
            write(client, **said)
            sides.deliver()
        for who in (CO_ORDINATOR, GATEKEEPER):
            colleague = Colleague(sides.hub_client())
            colleague.sign_in(who)
            assert 'id="feedback"' not in colleague.first().html
            page = colleague.client.visit("/feedback")
            pages.append(page.main.text)
            if said:
                (found,) = arrived(sides)
                for address in (f"/feedback/{found.id.hex()}", f"/feedback/{found.id.hex()}/done"):
                    token = page.html.partition('name="csrf_token"')[2].partition('value="')[2].partition('"')[0]
                    assert colleague.client.post_form(address, {"csrf_token": token}).status == 404
    assert len(set(pages)) == 1
    assert not audited(sides, "read-feedback", "feedback-done")


@sqlite_only
def test_complaints_come_first_then_the_newest_and_last_what_is_done(sides: Sides, day: time_machine.Traveller) -> None:
    client = sides.portal_client()
    for about in ("complaint", "other", "words"):
        write(client, about=about, words=about)
        sides.deliver()
        day.shift(timedelta(days=1))
    colleague = supervisor(sides)
    page = colleague.client.visit("/feedback")
    assert [each.text.split()[0] for each in page.main.all("h2")] == ["A", "Words", "Something"]
    first = next(row for row in arrived(sides) if row.about == "complaint")
    opened = colleague.client.submit(page, page.form(to=first.id.hex()))
    page = colleague.client.submit(opened, opened.form(to="/done"))
    assert [each.text.split()[0] for each in page.main.all("h2")] == ["Words", "Something", "A"]


@sqlite_only
def test_what_is_done_goes_after_its_time_and_what_nobody_did_never(sides: Sides, day: time_machine.Traveller) -> None:
    client = sides.portal_client()
    for about in ("complaint", "other"):
        write(client, about=about, words=about)
    sides.deliver()
    colleague = supervisor(sides)
    page = colleague.client.visit("/feedback")
    opened = colleague.client.submit(page, page.form(to=next(r.id.hex() for r in arrived(sides) if r.about == "other")))
    colleague.client.submit(opened, opened.form(to="/done"))

    def after(days: int) -> list[str | None]:
        day.shift(timedelta(days=days))
        own = sides.hub_side
        keys: dict[str, Any] = {"opener": own.opener, "voice": own.voice, "portal_key": own.trust.sealing}
        retention.run(own.database, periods=Periods(), **keys, now=clock.now())
        return sorted(str(row.about) for row in arrived(sides))

    assert after(364) == ["complaint", "other"]
    assert after(2) == ["complaint"]
    assert after(4000) == ["complaint"]


@sqlite_only
def test_it_does_not_let_answers_to_the_questionnaire_go_before_there_are_ten(sides: Sides) -> None:
    client = sides.portal_client()
    page = client.visit("/en/survey")
    client.submit(page, page.form("answer_id"), {"sex": "female"})
    write(client)
    sides.deliver()
    assert len(arrived(sides)) == 1
    with sides.portal_side.database.reading() as session:
        assert len(session.scalars(select(portal_rows.Pooled)).all()) == 1


@sqlite_only
def test_what_no_form_made_is_refused_kept_aside_and_not_sent_again(
    sides: Sides, caplog: pytest.LogCaptureFixture
) -> None:
    own = sides.portal_side
    with own.database.reading() as session:
        database_id = post_rows.post_state(session, portal_rows.POST).database_id
    for plain in (b'{"kind":"feedback"}', Survey(month="2031-01", district=4).to_bytes()):
        header = sealing.Header(
            database_id=database_id, case_id=sealing.NO_CASE, envelope_id=sealing.new_id(), number=sealing.NO_NUMBER
        )
        body = sealing.seal_to_hub(
            plain,
            kind=sealing.Kind.POOLED,
            header=header,
            hub_key=own.office.hub_key(clock.now()),
            signer=own.office.signer,
        )
        with own.database.writing() as session:
            portal_rows.put_in_pool(session, header.envelope_id, body, table=portal_rows.Feedback)
    with caplog.at_level(logging.ERROR):
        sides.deliver()
    assert not waiting(sides)
    assert not arrived(sides)
    with sides.hub_side.database.reading() as session:
        assert session.scalars(select(hub_rows.Aside.reason)).all() == ["cannot-read"] * 2
    assert caplog.text.count("the Hub refused an envelope") == 2
