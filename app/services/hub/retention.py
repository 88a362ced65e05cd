"""How long the Hub keeps things: what goes by itself, what is warned of first, and what a person has to decide.

A closed case goes after its time, and its space says so before. A case that is only silent never goes by itself: it is listed,
and a colleague decides to keep it, or to let it go on a day that the space then shows.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from nacl.signing import SigningKey
from sqlalchemy import ScalarSelect, delete, func, select
from sqlalchemy.orm import Session

from app.adapters import sealing
from app.data import hub as rows
from app.data import post as post_rows
from app.data.database import Database
from app.domain.referral import News
from app.domain.retention import Periods
from app.domain.status import CaseState, Status
from app.services import post
from app.services.hub import api, erasing, feedback, guard, leaving, speaking
from app.services.hub.records import Opener
from app.services.hub.staff import LONGEST_UNCHECKED, Identity

# What the audit calls the decision to keep a silent case: the silence counts from then.
KEPT_ON, LET_GO = "kept-on", "let-go"
KEEP_LEAVE = timedelta(days=365)
# Only with a pass this fresh is it sure that no word of theirs waits at the portal.
SURE_FOR = timedelta(minutes=10)
# Tables with secrets: small, so that what was deleted is soon overwritten (PostgreSQL).
NARROW = (
    "record_secret", "sealed_document", "item", "outgoing", "feedback", "taken_draft", "attempt", "translation", "packet",
)  # fmt: skip


class Why(StrEnum):
    """Why a case is listed."""

    SILENT = "silent"
    UNREAD = "unread"


class NotListed(Exception):
    """The case is not silent, so there is nothing to decide."""


@dataclass(frozen=True)
class Listed:
    """A case about which a person has to decide. `since` is the last word either way, or when it came."""

    case_id: bytes
    reference: str
    why: Why
    since: datetime


@dataclass(frozen=True)
class Going:
    """A case whose day is set."""

    case_id: bytes
    reference: str
    at: datetime
    is_closed: bool


@dataclass(frozen=True)
class Done:
    """What one run did."""

    warned: int = 0
    erased: int = 0
    tidied: int = 0


def run(
    database: Database,
    *,
    periods: Periods,
    opener: Opener,
    voice: SigningKey,
    portal_key: bytes,
    now: datetime,
) -> Done:
    """Delete what is over, warn of what soon will be, and leave nothing of it in the files. Done twice is done."""
    with database.writing() as session:
        tidied = _tidy(session, periods=periods, now=now)
        _set_days(session, periods=periods, now=now)
    warned = _warn(database, opener=opener, voice=voice, now=now)
    erased = _erase_due(database, portal_key=portal_key, voice=voice, now=now)
    if tidied or erased:
        database.forget_deleted(*NARROW)
    return Done(warned=warned, erased=erased, tidied=tidied)


def to_decide(session: Session, who: Identity | None, *, periods: Periods, now: datetime) -> list[Listed]:
    """The cases that only a person may decide about, longest first; those that `who` may see (None: the system itself)."""
    unread_since, silent_since = now - timedelta(days=periods.unread), now - timedelta(days=periods.silent)
    query = select(rows.Case, *_last_words(), _was_opened()).where(
        rows.IS_OPEN, rows.Case.received_at <= max(unread_since, silent_since)
    )
    if who is not None:
        query = query.where(guard.visible_to(who))
    found = []
    for case, *words, opened in session.execute(query):
        if leaving.GOES_AT in case.facts:
            continue
        since = max([case.received_at, *(each for each in words if each is not None)])
        if since <= silent_since:
            found.append(Listed(case.id, case.reference, Why.SILENT, since))
        elif case.received_at <= unread_since and case.read_at is None and opened is None:
            found.append(Listed(case.id, case.reference, Why.UNREAD, case.received_at))
    return sorted(found, key=lambda each: each.since)


def going(session: Session, who: Identity | None) -> list[Going]:
    """The cases whose day is set, the nearest first."""
    found = []
    for case in _with_a_day(session):
        at = leaving.moment(case, leaving.GOES_AT)
        if at is not None and (who is None or guard.may_see(case, who)):
            found.append(Going(case.id, case.reference, at, case.state == CaseState.CLOSED.value))
    return sorted(found, key=lambda each: each.at)


def keep(
    database: Database, case_id: bytes, who: Identity, *, opener: Opener, voice: SigningKey, now: datetime
) -> None:
    """A colleague decides that a case is kept, listed as silent or about to go. Logged; a space that was warned is told.

    Raises guard.NoSuchCase.
    """
    with database.writing() as session:
        case = guard.case_for(session, case_id, who)
        was_set = leaving.GOES_AT in case.facts
        if case.state == CaseState.CLOSED.value:
            leaving.set_closed(case, now=now)  # its time begins anew
        else:
            leaving.stay(case)
        rows.log(session, at=now, staff_id=who.id, action=KEPT_ON, case_id=case_id)
    if was_set:
        news = News(kind="status", at=now.isoformat(timespec="seconds"), status=Status.KEPT_ON.value)
        speaking.send(database, case_id=case_id, news=news, opener=opener, voice=voice, now=now)


def let_go(session: Session, case_id: bytes, who: Identity, *, periods: Periods, now: datetime) -> None:
    """A colleague decides that a silent case goes, after its space has said so for as long as is promised. Logged.

    Whatever comes before that day takes it back. Raises guard.NoSuchCase and NotListed.
    """
    need_listed(session, case_id, who, periods=periods, now=now)
    case = guard.case_for(session, case_id, who)
    at = now + timedelta(days=periods.warn)
    case.facts = {**case.facts, leaving.GOES_AT: at.isoformat(timespec="seconds")}
    rows.log(session, at=now, staff_id=who.id, action=LET_GO, case_id=case_id)


def need_listed(session: Session, case_id: bytes, who: Identity, *, periods: Periods, now: datetime) -> None:
    """Raises guard.NoSuchCase, and NotListed unless the case is silent."""
    guard.case_for(session, case_id, who)
    listed = {each.case_id for each in to_decide(session, who, periods=periods, now=now) if each.why is Why.SILENT}
    if case_id not in listed:
        raise NotListed


def _last_words() -> list[ScalarSelect[Any]]:
    """When the last word of a case came or went, and when somebody last decided to keep it: three columns beside it."""
    item, document, audit = rows.Item, rows.SealedDocument, rows.Audit
    return [
        select(func.max(item.added_at)).where(item.case_id == rows.Case.id).scalar_subquery(),
        select(func.max(document.added_at))
        .where(document.case_id == rows.Case.id, document.kind == rows.ADDITION)
        .scalar_subquery(),
        select(func.max(audit.at)).where(audit.case_id == rows.Case.id, audit.action == KEPT_ON).scalar_subquery(),
    ]


def _was_opened() -> ScalarSelect[Any]:
    """Something when the audit knows that somebody opened the request (see `rows.was_opened`)."""
    audit = rows.Audit
    return (
        select(func.max(audit.id)).where(audit.case_id == rows.Case.id, audit.action == rows.OPENED).scalar_subquery()
    )


def _tidy(session: Session, *, periods: Periods, now: datetime) -> int:
    """What has ended or was told long ago: sessions, tokens, leave to read, drafts, feeds, days away, envelopes, what was kept
    aside, and feedback."""
    over = [
        delete(rows.Opening).where(rows.Opening.expires_at <= now),
        delete(rows.StaffSession).where(
            (rows.StaffSession.expires_at <= now) | (rows.StaffSession.checked_at <= now - LONGEST_UNCHECKED)
        ),
        delete(rows.TakenDraft).where(rows.TakenDraft.expires_at <= now),
        delete(rows.StaffLeave).where(rows.StaffLeave.until_on < now.date() - KEEP_LEAVE),
    ]
    count = sum(session.execute(each).rowcount for each in over)  # type: ignore[attr-defined]
    count += api.tidy(session, now=now)
    count += feedback.tidy(session, days=periods.feedback, now=now)
    return count + post_rows.tidy(session, rows.POST, settled=periods.settled, aside=periods.aside, today=now.date())


def _set_days(session: Session, *, periods: Periods, now: datetime) -> None:
    for case in session.scalars(select(rows.Case).where(rows.Case.state == CaseState.CLOSED.value)):
        closed_at = leaving.moment(case, leaving.CLOSED_AT)
        if closed_at is None or leaving.GOES_AT in case.facts or periods.warns_at(closed_at) > now:
            continue
        at = periods.goes_at(closed_at, now=now)
        case.facts = {**case.facts, leaving.GOES_AT: at.isoformat(timespec="seconds")}


def _warn(database: Database, *, opener: Opener, voice: SigningKey, now: datetime) -> int:
    """Say in each space whose day is set until when it is kept; the same day is said once."""
    with database.reading() as session:
        untold = []
        for case in _with_a_day(session):
            at = leaving.moment(case, leaving.GOES_AT)
            if at is not None and session.get(rows.Item, _warning_id(case.id, at)) is None:
                untold.append((case.id, at, rows.last_number_in(session, case.id)))
    warned = 0
    for case_id, at, after in untold:
        data = {"until": at.isoformat(timespec="seconds"), "after": after}
        news = News(kind="status", at=now.isoformat(timespec="seconds"), status=Status.KEPT_UNTIL.value, data=data)
        try:
            speaking.send(
                database,
                case_id=case_id,
                news=news,
                opener=opener,
                voice=voice,
                now=now,
                envelope_id=_warning_id(case_id, at),
            )
        except (guard.NoSuchCase, sealing.CannotOpen) as error:
            post.alarm("a person could not be told until when their space is kept", kind=type(error).__name__)
            continue
        warned += 1
    return warned


def _erase_due(database: Database, *, portal_key: bytes, voice: SigningKey, now: datetime) -> int:
    """Erase what was warned of and is over. Not while the portal may hold something that would take it back."""
    with database.reading() as session:
        state = post_rows.post_state(session, rows.POST)
        if state.stopped is not None or state.last_pass_at is None or now - state.last_pass_at > SURE_FOR:
            return 0
        due = []
        for case in _with_a_day(session):
            at = leaving.moment(case, leaving.GOES_AT)
            if at is not None and at <= now and session.get(rows.Item, _warning_id(case.id, at)) is not None:
                due.append(case.id)
    for case_id in due:
        erasing.erase(database, case_id, portal_key=portal_key, voice=voice, now=now)
    return len(due)


def _with_a_day(session: Session) -> list[rows.Case]:
    return list(session.scalars(select(rows.Case).where(rows.Case.facts[leaving.GOES_AT].as_string().is_not(None))))


def _warning_id(case_id: bytes, at: datetime) -> bytes:
    return hashlib.sha256(b"kept-until" + case_id + at.isoformat().encode()).digest()[: sealing.ID_LENGTH]
