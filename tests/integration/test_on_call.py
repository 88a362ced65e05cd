"""Out of hours: whoever is on call is told to look at the desk, once, and of nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
import time_machine

from app.adapters.notify import CannotTell, Files, Leaving, NotSent, Refused, Unsure
from app.data import hub as rows
from app.domain.contact import Way
from app.domain.notice import telling
from app.domain.referral import RISKS
from app.services.hub import on_call
from app.services.hub.notices import LOOK_AFTER, Mode
from app.services.hub.on_call import GAP, Office, State
from app.web.clock import now
from tests.harness.day import DAY
from tests.harness.people import Colleague, Person
from tests.harness.sides import Sides
from tests.stories import PARENT, STORIES, Story

pytestmark = pytest.mark.requirement("C13")
on_sqlite = pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)
NIGHT = DAY.replace(hour=23, minute=0)


def is_for_gatekeepers(story: Story) -> bool:
    return story.answers.get("reply", {}).get("conflict") in ("yes", "not-sure")


def with_risk(story: Story) -> bool:
    return bool(RISKS & set(story.answers.get("help", {}).get("help", ())))


AT_RISK = next(each for each in STORIES if with_risk(each) and not is_for_gatekeepers(each))
NOT_AT_RISK = next(each for each in STORIES if not with_risk(each))


class Telephone:
    """Whoever is on call: keeps what came, or fails as it is told."""

    ways = frozenset({Way.EMAIL})

    def __init__(self) -> None:
        self.came: list[Leaving] = []
        self.fails: Exception | None = None
        self.tells: bool | None = True

    def send(self, leaving: Leaving, *, now: datetime) -> str:
        if self.fails is not None and not isinstance(self.fails, Unsure):
            raise self.fails
        self.came.append(leaving)
        if self.fails is not None:
            raise self.fails
        return "one"

    def find(self, way: Way, reference: str, *, now: datetime) -> str | None:
        if self.tells is None:
            raise CannotTell
        return next((each.reference for each in self.came if each.reference == reference), None)


@pytest.fixture
def telephone() -> Telephone:
    return Telephone()


@pytest.fixture
def office(sides: Sides, telephone: Telephone) -> Office:
    hub = sides.hub_side
    return Office(
        database=hub.database,
        hours=hub.area.hub_hours,
        notifier=telephone,
        mode=Mode.ON,
        way=Way.EMAIL,
        address="on-call@example.org",
    )


@pytest.fixture
def asks(sides: Sides, person: Callable[..., Person]) -> Callable[[Story], Person]:
    """Somebody asks, and it is carried to the Hub."""

    def ask(story: Story) -> Person:
        asking = person(story)
        asking.ask()
        sides.deliver()
        return asking

    return ask


def states(sides: Sides) -> list[str]:
    with sides.hub_side.database.reading() as session:
        return [row.state for row in session.query(rows.OnCall)]


def round_(office: Office) -> None:
    on_call.send_due(office, clock=now)


def test_a_request_at_risk_at_night_tells_whoever_is_on_call_once_and_nothing(
    sides: Sides, asks: Callable[[Story], Person], office: Office, telephone: Telephone, day: time_machine.Traveller
) -> None:
    day.move_to(NIGHT)
    asking = asks(AT_RISK)
    round_(office)
    round_(office)

    (leaving,) = telephone.came
    assert leaving.words == "Please look at the desk."
    assert not telling(leaving.words, also=(sides.hub_side.area.hub_name,))
    assert asking.reference not in leaving.words + leaving.reference
    assert "on-call@example.org" not in repr(leaving) + repr(office)
    assert states(sides) == [State.SENT.value]
    day.shift(timedelta(hours=1))
    round_(office)
    assert len(telephone.came) == 1, "once, until somebody has opened it"
    with sides.hub_side.database.reading() as session:
        (line,) = session.query(rows.Audit).filter_by(action=on_call.TOLD).all()
        assert (line.detail, line.case_id) == ("1", None)


@on_sqlite
def test_after_it_was_opened_the_next_counts_again(
    sides: Sides,
    asks: Callable[[Story], Person],
    office: Office,
    telephone: Telephone,
    day: time_machine.Traveller,
    colleague: Colleague,
) -> None:
    day.move_to(NIGHT)
    asking = asks(AT_RISK)
    round_(office)
    colleague.sign_in()
    colleague.open(colleague.case(asking.reference))
    assert states(sides) == [State.OPENED.value]
    with sides.hub_side.database.writing() as session:
        case_id = session.query(rows.Case.id).scalar()
        on_call.came(session, case_id, now=now(), hours=office.hours)
    round_(office)
    assert len(telephone.came) == 1, "not so soon"
    day.shift(GAP)
    round_(office)
    assert len(telephone.came) == 2


def test_several_within_a_while_are_one_notice(
    sides: Sides, asks: Callable[[Story], Person], office: Office, telephone: Telephone, day: time_machine.Traveller
) -> None:
    day.move_to(NIGHT)
    asks(AT_RISK)
    round_(office)
    asks(AT_RISK)
    asks(AT_RISK)
    round_(office)
    assert len(telephone.came) == 1
    day.shift(GAP)
    round_(office)
    assert len(telephone.came) == 2
    assert states(sides) == [State.SENT.value] * 3


@on_sqlite
def test_nobody_is_woken_by_day_or_by_who_is_not_at_risk(
    sides: Sides, asks: Callable[[Story], Person], office: Office, telephone: Telephone, day: time_machine.Traveller
) -> None:
    asks(AT_RISK)
    day.move_to(NIGHT)
    asks(NOT_AT_RISK)
    round_(office)
    assert telephone.came == []
    assert states(sides) == []


@on_sqlite
def test_what_has_not_gone_when_the_hub_opens_is_over(
    sides: Sides, asks: Callable[[Story], Person], office: Office, telephone: Telephone, day: time_machine.Traveller
) -> None:
    day.move_to(NIGHT)
    asks(AT_RISK)
    day.move_to(DAY + timedelta(days=1))
    round_(office)
    assert telephone.came == []
    assert states(sides) == [State.OVER.value]


@on_sqlite
@pytest.mark.parametrize(("tells", "times"), [(True, 1), (None, 2)], ids=["it can tell", "it cannot tell"])
def test_a_kill_between_sending_and_marking_neither_loses_nor_doubles_it(
    sides: Sides,
    asks: Callable[[Story], Person],
    office: Office,
    telephone: Telephone,
    day: time_machine.Traveller,
    tells: bool | None,
    times: int,
) -> None:
    day.move_to(NIGHT)
    asks(AT_RISK)
    telephone.fails, telephone.tells = Unsure("killed"), tells
    round_(office)
    assert states(sides) == [State.SENDING.value]
    telephone.fails = None
    day.shift(LOOK_AFTER + timedelta(seconds=1))
    round_(replace(office, memory=on_call.Memory()))  # another process
    assert states(sides) == [State.SENT.value]
    assert len(telephone.came) == times
    assert len({each.reference for each in telephone.came}) == 1, "a mailbox can tell that it is the same"


@on_sqlite
def test_a_kill_between_claiming_and_sending_sends_it_later(
    sides: Sides, asks: Callable[[Story], Person], office: Office, telephone: Telephone, day: time_machine.Traveller
) -> None:
    day.move_to(NIGHT)
    asks(AT_RISK)
    assert on_call._claim(office.database, now=now()) is not None
    day.shift(LOOK_AFTER + timedelta(seconds=1))
    for _ in range(2):
        round_(office)
        day.shift(timedelta(minutes=20))
    assert len(telephone.came) == 1
    assert states(sides) == [State.SENT.value]


@on_sqlite
@pytest.mark.parametrize("failure", [Refused("provider-400"), NotSent("provider-429")])
def test_the_alarm_rings_when_it_cannot_be_sent(
    sides: Sides,
    asks: Callable[[Story], Person],
    office: Office,
    telephone: Telephone,
    day: time_machine.Traveller,
    failure: Exception,
    caplog: pytest.LogCaptureFixture,
) -> None:
    day.move_to(NIGHT)
    asks(AT_RISK)
    telephone.fails = failure
    round_(office)
    assert "alarm" in caplog.text
    assert "on call" in caplog.text
    assert "on-call@example.org" not in caplog.text


@on_sqlite
@pytest.mark.parametrize("mode", [Mode.OFF, Mode.DRY_RUN])
def test_off_and_dry_run_tell_nobody(
    sides: Sides,
    asks: Callable[[Story], Person],
    office: Office,
    telephone: Telephone,
    day: time_machine.Traveller,
    mode: Mode,
) -> None:
    day.move_to(NIGHT)
    asks(AT_RISK)
    round_(replace(office, mode=mode))
    assert telephone.came == []
    assert states(sides) == [State.DUE.value]


@on_sqlite
def test_in_development_it_becomes_a_file(
    sides: Sides, asks: Callable[[Story], Person], office: Office, tmp_path: Path, day: time_machine.Traveller
) -> None:
    day.move_to(NIGHT)
    asks(AT_RISK)
    round_(replace(office, notifier=Files(tmp_path)))
    (file,) = tmp_path.glob("*.txt")
    assert file.read_text("utf-8").endswith("Please look at the desk.\n")


@on_sqlite
def test_the_public_is_promised_nobody_at_night(
    sides: Sides, person: Callable[..., Person], day: time_machine.Traveller
) -> None:
    day.move_to(NIGHT)
    asking = person(PARENT)
    asking.ask()
    sides.deliver()
    assert "Nobody is reading" in asking.come_back().text
