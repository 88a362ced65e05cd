"""A desk with hundreds of cases: made straight in the Hub's database, really sealed, so that every one of them opens.

The stories' people, many times over: other days, languages, districts, times, states and colleagues. The same cases each time
for the same day and `seed`. The portal knows nothing of them: what the desk sends them is refused there, and waits for nobody.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from typing import Any

from app import factory
from app import settings as settings_module
from app.adapters import sealing
from app.data import hub as rows
from app.data.database import Database
from app.data.migrating import database_id
from app.domain.area import Area
from app.domain.contact import Box
from app.domain.referral import News, Referral
from app.domain.status import CaseState, Status
from app.services.hub import placing, records
from app.services.hub.staff import DevelopmentIdentities
from app.settings import HubSettings, SettingsError
from app.web.assets import Assets
from app.web.hub import Hub
from tests.stories import STORIES, Story

A_DESK = 400
AT_ONCE = 500
LANGUAGES = ("en", "en", "en", "en", "pl", "lt", "ro", "ur", "pt", "uk")
# How often each state comes, out of ten.
STATES = (
    CaseState.NEW, CaseState.NEW, CaseState.OURS, CaseState.OURS, CaseState.OURS, CaseState.THEIRS, CaseState.THEIRS,
    CaseState.WAITING, CaseState.QUIET, CaseState.CLOSED,
)  # fmt: skip
TIMES = (
    (Box.WEEKDAY_MORNING,), (Box.WEEKDAY_MORNING, Box.WEEKDAY_AFTERNOON), (Box.WEEKDAY_EVENING,), (Box.ANY,),
    (Box.WEEKEND_MORNING, Box.WEEKEND_AFTERNOON), (Box.WEEKDAY_AFTERNOON,),
)  # fmt: skip
CALLS = {"shared": "only-me", "message": "yes", "ask_for": "Sam", "say": "a friend"}


@dataclass(frozen=True)
class Made:
    """One case as it was made."""

    case_id: bytes
    reference: str
    state: CaseState
    owner_id: str | None
    is_restricted: bool


def fill(hub: Hub, *, now: datetime, count: int = A_DESK, seed: int = 7, only_open: bool = False) -> list[Made]:
    """Make so many cases, put them in order, and say which. `only_open` leaves out closed ones."""
    draw, made = Random(seed), []
    sender = database_id(hub.database, "hub")
    for start in range(0, count, AT_ONCE):
        found = [
            _case(draw, start + place, hub=hub, sender=sender, now=now, only_open=only_open)
            for place in range(min(AT_ONCE, count - start))
        ]
        with hub.database.writing() as session:
            if start == 0:
                for each in DevelopmentIdentities().offered():
                    session.merge(
                        rows.Staff(id=each.id, name=each.name, shown_name=each.shown_name, roles=list(each.roles))
                    )
                session.flush()
            for case, _ in found:
                session.add(case)
            session.flush()
            for _, others in found:
                session.add_all(others)
        made += [
            Made(case.id, case.reference, CaseState(case.state), case.owner_id, bool(case.facts.get("restricted")))
            for case, _ in found
        ]
    refresh(hub.database, hub.area, hub=hub, now=now)
    return made


def hub_of(environ: Mapping[str, str]) -> Hub:
    """The Hub of a site by the environment of its processes. Its database must be closed."""
    settings = settings_module.load(environ)
    if not isinstance(settings, HubSettings):
        raise SettingsError("many: set SIDE=hub.")
    return factory.hub_of(settings, database=Database(settings.database_url), assets=Assets())


def refresh(database: Database, area: Area, *, hub: Hub, now: datetime) -> None:
    """Put every open case in order."""
    placing.place_all(database, rules=placing.Rules(area.hub_hours, area.targets), opener=hub.opener, now=now)


def said_just_now(database: Database, *, now: datetime) -> None:
    """As if the courier had just collected, so that plans are fresh."""
    with database.writing() as session:
        state = session.get_one(rows.PostState, 1)
        state.last_pass_at = now


def _case(
    draw: Random, place: int, *, hub: Hub, sender: bytes, now: datetime, only_open: bool
) -> tuple[rows.Case, list[object]]:
    story = STORIES[place % len(STORIES)]
    state = draw.choice(STATES[:-1] if only_open else STATES)
    received_at = now - timedelta(minutes=draw.randrange(20, 60 * 24 * (3 if state is CaseState.NEW else 60)))
    language = draw.choice(LANGUAGES)
    answers = _answers(story, draw, language=language, districts=[each.id for each in hub.area.districts], place=place)
    referral = Referral(
        reference=f"{100_000 + place:06d}",
        case_secret=secrets.token_bytes(sealing.SECRET_LENGTH),
        number_wrap=secrets.token_bytes(64),
        language=language,
        answers=answers,
        consent="1",
        sent_at=received_at.isoformat(timespec="seconds"),
    )
    case_id = sealing.new_id()
    case, *others = records.rows_of_first(referral, case_id, opener=hub.opener, now=received_at)
    assert isinstance(case, rows.Case)
    case.state = state.value
    if state is not CaseState.NEW:
        case.read_at = received_at + timedelta(minutes=30)
        case.owner_id = draw.choice(_owners(hub, restricted=bool(case.facts.get("restricted"))))
    later = received_at + (now - received_at) * draw.uniform(0.3, 0.9)
    if state in {CaseState.THEIRS, CaseState.WAITING, CaseState.QUIET, CaseState.CLOSED} or (
        state is CaseState.OURS and draw.random() < 0.5
    ):
        case.answered_at, case.waiting_since, case.number_out = later, None, 1
        status = News(
            kind="status",
            at=later.isoformat(timespec="seconds"),
            status=Status.WORKING.value,
            author="Amira",
            data={"by": later.date().isoformat()} if draw.random() < 0.1 else {},
        )
        others.append(_told(status, referral, case_id, sender=sender, hub=hub, now=later))
        if state is CaseState.OURS:  # they wrote again
            case.waiting_since = later + (now - later) / 2
            message = News(
                kind="message",
                at=case.waiting_since.isoformat(timespec="seconds"),
                text=story.message,
                language=language,
            )
            others.append(_wrote(message, referral, case_id, sender=sender, hub=hub, now=case.waiting_since))
    _mark(case, draw, now=now)
    return case, others


def _mark(case: rows.Case, draw: Random, *, now: datetime) -> None:
    """What happens to few: a freeze, a promise, a translation, a review date that has come."""
    facts: dict[str, Any] = dict(case.facts)
    lot = draw.randrange(40)
    if lot == 0:
        facts["frozen"] = True
    elif lot == 1:
        facts["not_me"] = True
    elif lot == 2:
        facts["translation"] = draw.choice(("asked", "back"))
    elif lot in {3, 4} and case.answered_at is not None:
        facts["promised"] = {"by": (now.date() + timedelta(days=draw.randrange(-1, 3))).isoformat()}
    case.facts = facts
    if case.state == CaseState.QUIET.value:
        case.quiet_until = now + timedelta(days=draw.randrange(-2, 20), hours=-3)


def _owners(hub: Hub, *, restricted: bool) -> list[str | None]:
    people = [each for each in DevelopmentIdentities().offered() if "co-ordinator" in each.roles]
    return [None, *(each.id for each in people if not restricted or "gatekeeper" in each.roles)]


def _answers(
    story: Story, draw: Random, *, language: str, districts: list[str], place: int
) -> dict[str, Mapping[str, Any]]:
    """The story's answers as they travel, with the times and places of somebody else."""
    answers: dict[str, dict[str, Any]] = {
        step: {name: list(value) if isinstance(value, tuple) else value for name, value in answer.items()}
        for step, answer in story.answers.items()
    }
    answers.setdefault("police", {})["district"] = draw.choice(districts)
    reply = answers.setdefault("reply", {})
    reply["language"] = language
    if reply.get("conflict") and draw.random() < 0.6:
        for name in ("conflict", "conflict_who"):
            reply.pop(name, None)
    for way in reply.get("ways") or ():
        own = answers.setdefault(f"reply-{way}", {})
        if "times" in own:
            own["times"] = [each.value for each in draw.choice(TIMES)]
            if way == "call":
                own.update({**CALLS, "address": f"07700 900{place % 1000:03d}"})
    return dict(answers)


def _told(news: News, referral: Referral, case_id: bytes, *, sender: bytes, hub: Hub, now: datetime) -> rows.Item:
    header = sealing.Header(database_id=sender, case_id=case_id, envelope_id=sealing.new_id(), number=1)
    return records.item_of_news(news, header, case_secret=referral.case_secret, voice=hub.voice, now=now)


def _wrote(news: News, referral: Referral, case_id: bytes, *, sender: bytes, hub: Hub, now: datetime) -> rows.Item:
    header = sealing.Header(database_id=sender, case_id=case_id, envelope_id=sealing.new_id(), number=1)
    body = sealing.seal_in_conversation(
        news.to_bytes(),
        lane=sealing.Lane.TO_HUB,
        header=header,
        key_id=bytes(sealing.KEY_ID_LENGTH),
        secret=referral.case_secret,
        signer=hub.voice,  # whose it is was checked when it came in
    )
    return rows.Item(
        envelope_id=header.envelope_id, case_id=case_id, direction=rows.TO_HUB, number=1, body=body, added_at=now
    )
