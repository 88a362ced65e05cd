"""Somebody is told that there is something new: in their words, by their way, in its window, and once, on both engines."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import time_machine
from sqlalchemy import select
from werkzeug.wrappers import Response

from app import wiring
from app.adapters import sealing
from app.adapters.notify import ByWay, Notify
from app.data import hub as hub_rows
from app.data import portal as portal_rows
from app.data import post as post_rows
from app.domain.change import Change
from app.domain.contact import Way
from app.domain.referral import News
from app.services.hub import notices as hub_notices
from app.services.hub import speaking
from app.services.hub.notices import Counts, Mode, Office
from app.services.portal import notices as portal_notices
from app.services.portal import space
from app.web import clock
from tests.harness.inside import Inside
from tests.harness.notify import KEY, TEMPLATES, NotifyStandIn
from tests.harness.people import Colleague, Person
from tests.harness.sides import Sides
from tests.stories import PARENT

AskedBy = Callable[..., Person]
WORDS = "Choir has moved to Tuesday"
LONDON = ZoneInfo("Europe/London")


class Killed(BaseException):
    """The process ended here."""


class Told(Inside):
    """Somebody who wants to be told by e-mail, and the Hub's courier."""

    def __init__(self, sides: Sides, person: Person, provider: NotifyStandIn) -> None:
        super().__init__(sides, person)
        self.provider = provider
        own = sides.hub_side
        self.office: Office = replace(
            wiring.notices_of(own.settings, own),
            notifier=ByWay(
                (Notify(key=KEY, templates={Way(way): each for way, each in TEMPLATES.items()}, url=provider.url),)
            ),
            mode=Mode.ON,
        )

    def restarted(self) -> None:
        """A new courier remembers nothing."""
        self.office = replace(self.office, memory=hub_notices.Memory())

    def go_round(self) -> Counts:
        """One pass, and what follows it."""
        self.sides.make_pass()
        return hub_notices.after_pass(self.office, clock=clock.now)

    def choose(self, *, way: Way | None = Way.EMAIL, code_word: str = PARENT.code_word) -> None:
        """Choose from the space."""
        own = self.sides.portal_side
        portal_notices.choose(
            own.database,
            own.office,
            self.opened,
            way=way,
            words=WORDS,
            code_word=code_word,
            change_id=sealing.new_id(),
            now=clock.now(),
        )

    def say(self, only_me: str) -> None:
        """Say whether only they saw the test."""
        own = self.sides.portal_side
        portal_notices.answer(
            own.database, own.office, self.opened, only_me=only_me, change_id=sealing.new_id(), now=clock.now()
        )

    def confirm(self) -> None:
        """Choose, get the test, and say that only they saw it."""
        self.choose()
        self.go_round()
        self.say("yes")
        self.go_round()
        self.provider.taken.clear()

    def hear(self, **what: Any) -> None:
        """The Hub says something in the space."""
        own = self.sides.hub_side
        news = News(kind="status", at=clock.now().isoformat(timespec="seconds"), status="working")
        speaking.send(
            own.database,
            case_id=self.case_id,
            news=replace(news, **what),
            opener=own.opener,
            voice=own.voice,
            now=clock.now(),
        )

    def sign_in(self) -> None:
        """Be in the space, and so have seen all that is there: as the space tells it to the Hub."""
        own = self.sides.portal_side
        with own.database.reading() as session:
            numbers = [each.number for each in space.read_space(session, self.opened).conversation if not each.mine]
        seen = News(kind="seen", at=clock.now().isoformat(timespec="seconds"), data={"up_to": max(numbers)})
        with own.database.writing() as session:
            case = session.get_one(portal_rows.Case, self.case_id)
            case.number_out += 1
            header = sealing.Header(
                database_id=post_rows.post_state(session, portal_rows.POST).database_id,
                case_id=self.case_id,
                envelope_id=sealing.new_id(),
                number=case.number_out,
            )
            body = sealing.seal_in_conversation(
                seen.to_bytes(),
                lane=sealing.Lane.TO_HUB,
                header=header,
                key_id=sealing.public_key_id(own.office.hub_key(clock.now())),
                secret=self.opened.case_secret,
                signer=own.office.signer,
            )
            post_rows.put(
                session,
                portal_rows.POST,
                envelope_id=header.envelope_id,
                case_id=self.case_id,
                number=header.number,
                body=body,
                now=clock.now(),
            )

    def states(self) -> list[tuple[str, str]]:
        """(kind, state) of the Hub's rows."""
        with self.sides.hub_side.database.reading() as session:
            found = session.scalars(
                select(hub_rows.Notice).order_by(hub_rows.Notice.kind.desc(), hub_rows.Notice.up_to)
            )
            return [(each.kind, each.state) for each in found]

    def told_codes(self) -> list[str]:
        """What the Hub said of notices in the space."""
        with self.sides.portal_side.database.reading() as session:
            shown = space.read_space(session, self.opened).conversation
        return [each.news.status for each in shown if each.news.kind == "notice"]


@pytest.fixture
def provider() -> Iterator[NotifyStandIn]:
    """The stand-in for GOV.UK Notify."""
    made = NotifyStandIn()
    yield made
    made.close()


@pytest.fixture
def told(sides: Sides, person: AskedBy, provider: NotifyStandIn, day: time_machine.Traveller) -> Told:
    """A mother who may be written to by e-mail at any time that the Hub is open, on a weekday at noon."""
    found = Told(sides, person(PARENT), provider)
    at_noon(day)
    return found


def at_noon(day: time_machine.Traveller, *, hour: int = 12) -> None:
    """Move to this hour, local time, of the next Tuesday."""
    local = clock.now().astimezone(LONDON)
    days = (1 - local.weekday()) % 7 or 7
    day.move_to(datetime(local.year, local.month, local.day, hour, tzinfo=LONDON) + timedelta(days=days), tick=False)


@pytest.mark.requirement("B1")
@pytest.mark.rule("rule 2")
@pytest.mark.rule("rule 3")
def test_a_way_carries_one_test_until_only_they_saw_it_and_then_one_notice_until_it_is_read(told: Told) -> None:
    told.choose()
    told.hear()
    for _ in range(3):
        told.go_round()
    assert told.states() == [("test", "sent")]
    assert told.told_codes() == ["notice-test-sent"]
    (test,) = told.provider.taken
    assert test["body"]["email_address"] == PARENT.answers["reply-email"]["address"]
    assert test["body"]["personalisation"] == {"words": WORDS}
    told.say("yes")
    told.go_round()
    told.hear()
    told.hear()
    for _ in range(3):
        told.go_round()
    assert told.states() == [("test", "sent"), ("notice", "sent")], "one until it is read"
    told.sign_in()
    told.go_round()
    told.hear(status="worker", author="Amira")
    told.go_round()
    assert told.states() == [("test", "sent"), ("notice", "sent")], "a colleague took the case: nobody wrote anything"
    told.hear()
    told.go_round()
    assert told.states() == [("test", "sent"), ("notice", "sent"), ("notice", "sent")]
    assert len(set(told.provider.references)) == len(told.provider.references) == 3


@pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)
def test_somebody_else_saw_the_test_so_nothing_more_goes(told: Told) -> None:
    told.choose()
    told.go_round()
    told.say("no")
    told.hear()
    told.go_round()
    assert len(told.provider.taken) == 1
    assert told.states() == [("test", "sent")]


@pytest.mark.requirement("B1")
@pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)
def test_at_three_in_the_morning_it_waits_for_the_window(told: Told, day: time_machine.Traveller) -> None:
    told.confirm()
    at_noon(day, hour=3)
    told.hear()
    assert told.go_round() == Counts(waiting=1)
    assert told.provider.taken == []
    at_noon(day, hour=12)
    told.go_round()
    assert len(told.provider.taken) == 1


@pytest.mark.requirement("B5")
@pytest.mark.rule("rule 2")
def test_under_a_freeze_it_never_leaves(told: Told, day: time_machine.Traveller) -> None:
    told.confirm()
    at_noon(day, hour=3)
    told.hear()
    told.go_round()
    assert told.states()[-1] == ("notice", "due")
    told.ask(Change.FREEZE)
    told.go_round()
    assert told.states()[-1] == ("notice", "stopped")
    at_noon(day)
    told.hear()
    told.go_round()
    assert told.provider.taken == []
    told.ask(Change.UNFREEZE, code_word=PARENT.code_word)
    told.go_round()
    assert len(told.provider.taken) == 1, "of what came since; what was stopped is not made up for"


@pytest.mark.rule("rule 2")
@pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)
def test_on_a_plan_that_may_be_stale_nothing_leaves(told: Told, day: time_machine.Traveller) -> None:
    told.confirm()
    told.hear()
    told.sides.make_pass()
    day.shift(timedelta(seconds=11))
    hub_notices.after_pass(told.office, clock=clock.now)
    assert told.states()[-1] == ("notice", "due")
    assert told.provider.taken == []
    told.go_round()
    assert told.states()[-1] == ("notice", "sent")


@pytest.mark.rule("rule 10")
@pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)
def test_turning_it_on_waits_without_the_code_word_and_turning_it_off_counts_at_once(told: Told) -> None:
    told.choose(code_word="")
    told.go_round()
    assert told.standings() == [("notices", "waiting")]
    assert told.states() == []
    told.confirm()
    told.hear()
    told.choose(way=None)
    told.go_round()
    assert told.standings()[-1] == ("notices", "in-force")
    assert told.provider.taken == []
    assert ("notice", "due") not in told.states()


@pytest.mark.rule("rule 2")
@pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)
def test_a_way_that_the_plan_does_not_have_carries_nothing_and_the_space_says_so(told: Told) -> None:
    told.choose(way=Way.TEXT)
    told.go_round()
    told.go_round()
    assert told.states() == []
    assert told.told_codes() == ["notice-not-in-plan"]


def kill() -> None:
    """End the process here."""
    raise Killed


def test_killed_between_the_claim_and_the_provider_it_goes_once(
    told: Told, day: time_machine.Traveller, monkeypatch: pytest.MonkeyPatch
) -> None:
    told.confirm()
    told.hear()
    with monkeypatch.context() as patched:
        patched.setattr(Notify, "send", lambda *_, **__: kill())
        with pytest.raises(Killed):
            told.go_round()
    assert told.states()[-1] == ("notice", "sending")
    told.restarted()
    told.go_round()
    assert told.provider.taken == [], "it may still be on its way"
    for _ in range(2):  # looked for and not found; sent after a pause
        day.shift(timedelta(minutes=3))
        told.go_round()
    assert len(told.provider.taken) == 1
    assert len(told.provider.asked) == 1
    assert told.states()[-1] == ("notice", "sent")


def test_killed_between_the_provider_and_the_mark_it_is_not_sent_again(
    told: Told, day: time_machine.Traveller, monkeypatch: pytest.MonkeyPatch
) -> None:
    told.confirm()
    told.hear()
    with monkeypatch.context() as patched:
        patched.setattr(hub_notices, "_mark", lambda *_, **__: kill())
        with pytest.raises(Killed):
            told.go_round()
    assert len(told.provider.taken) == 1
    told.restarted()
    day.shift(timedelta(minutes=3))
    told.go_round()
    assert told.states()[-1] == ("notice", "sent")
    assert len(told.provider.taken) == 1, "the provider does not refuse a reference twice: it was asked first"


@pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)
def test_an_answer_that_never_comes_is_looked_for_too(told: Told, day: time_machine.Traveller) -> None:
    told.confirm()
    told.hear()
    told.provider.after = lambda: Response("gone", 502)
    told.go_round()
    assert told.states()[-1] == ("notice", "sending")
    told.provider.after = lambda: None
    day.shift(timedelta(minutes=3))
    told.go_round()
    assert told.states()[-1] == ("notice", "sent")
    assert len(told.provider.taken) == 1


@pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)
def test_what_is_refused_or_tried_too_often_is_told_in_the_space_and_rings(
    told: Told, day: time_machine.Traveller, caplog: pytest.LogCaptureFixture
) -> None:
    told.confirm()
    told.hear()
    told.provider.before = lambda: Response("{}", 429)
    for _ in range(30):
        told.go_round()
        if told.states()[-1] == ("notice", "failed"):
            break
        at_noon(day)
    told.go_round()
    told.sides.deliver()
    assert told.told_codes() == ["notice-test-sent", "notice-failed"]
    alarms = [each.getMessage() for each in caplog.records if "a notice could not be sent" in each.getMessage()]
    assert alarms == ["alarm: a notice could not be sent why=provider-429"]
    assert PARENT.answers["reply-email"]["address"] not in caplog.text
    assert WORDS not in caplog.text


@pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)
def test_off_and_dry_run_send_nothing(told: Told) -> None:
    told.confirm()
    told.hear()
    told.office = replace(told.office, mode=Mode.DRY_RUN)
    assert told.go_round() == Counts(sent=1)
    told.office = replace(told.office, mode=Mode.OFF)
    told.go_round()
    assert told.provider.taken == []
    assert told.states()[-1] == ("notice", "due")
    told.sides.deliver()
    assert told.told_codes() == ["notice-test-sent", "notice-not-offered"]
    told.office = replace(told.office, mode=Mode.ON)
    told.go_round()
    assert len(told.provider.taken) == 1


@pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)
def test_in_development_each_is_a_file_of_its_own_and_the_command_only_counts(told: Told) -> None:
    own = told.sides.hub_side
    told.office = replace(wiring.notices_of(own.settings, own), mode=Mode.ON)
    told.confirm()
    told.hear()
    printed = told.sides.run("notices", "--dry-run", side="hub")
    assert printed == ("NOTICES is off.\ntest sent: 1\nOf those due, 0 would go now, 0 wait, 0 would be stopped.\n")
    told.go_round()
    folder: Path = own.settings.side_dir / "notices"
    files = sorted(folder.iterdir())
    assert len(files) == 2
    assert {oct(each.stat().st_mode & 0o777) for each in files} == {"0o600"}
    assert WORDS in files[0].read_text("utf-8")


@pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)
def test_the_pages_warn_once_show_it_as_it_will_be_and_the_desk_says_it_in_one_line(
    told: Told, colleague: Colleague
) -> None:
    person = told.person
    person.come_back()
    page = person.client.visit("/en/case/notices")
    looked = person.client.submit(page, page.form("way"), {"way": "email", "words": "own", "own": "The police rang"})
    assert "These words may tell others something" in looked.text
    assert "The police rang" in looked.text
    assert told.standings() == []
    back = person.client.submit(looked, looked.form("code_word"), press="back")
    looked = person.client.submit(back, back.form("way"), {"way": "email", "words": "check"})
    assert "These words may tell" not in looked.text
    done = person.client.submit(looked, looked.form("code_word"), {"code_word": PARENT.code_word}, press="send")
    assert done.path == "/en/case/notices"
    assert "Did only you see it?" not in done.text
    told.go_round()
    told.go_round()
    told.sides.deliver()
    page = person.client.visit("/en/case/notices")
    page = person.client.submit(page, page.form("only_me"), {"only_me": "yes"})
    assert "Notices can go this way now" in page.text
    told.sides.deliver()
    case = colleague.open(colleague.case(person.reference))
    assert "by email. The test was sent." in case.text
    assert "They said that only they saw the test of a notice." in case.text
    off = person.client.submit(page, page.form("way"), {"way": "none"})
    assert "What you asked for" not in off.text
    assert told.record().notices["way"] == "email"
    told.sides.deliver()
    assert not told.record().notices["way"]


@pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)
def test_what_was_typed_is_kept_through_the_number_page(told: Told, day: time_machine.Traveller) -> None:
    person = told.person
    person.come_back()
    page = person.client.visit("/en/case/notices")
    day.shift(timedelta(minutes=30))
    number = person.client.submit(page, page.form("way"), {"way": "email", "words": "own", "own": WORDS})
    back = person.client.submit(number, number.form("number"), {"number": person.number})
    assert ("own", WORDS) in back.form("own").filled()
    assert told.standings() == []
