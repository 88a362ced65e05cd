"""Consents: which case another agency's system may fetch, for what, and until when. And what of them counts right now.

A colleague records one after the person has agreed in their space to be passed on to that service. It gives nothing that the
person did not agree to there, kind by kind, and it ends by itself: on its day, with the agreement that it stands on, when the
case is closed, or when a colleague ends it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.data import hub as rows
from app.data.database import Database
from app.domain.handover import State
from app.domain.hours import OpeningHours
from app.domain.sharing import AGREED, Purpose, last_day, may_be_shared
from app.services.hub import clients, guard
from app.services.hub.clients import Client
from app.services.hub.desk import need_open
from app.services.hub.staff import SignedIn


class NotAgreed(Exception):
    """The person has not agreed to be passed on to that service, or has taken it back."""


class NoClient(Exception):
    """That service has no case system here that may do this."""


class NotThisDay(Exception):
    """Not a day from tomorrow until a year from now."""


class NotShareable(Exception):
    """A case like this is given to no other system."""


@dataclass(frozen=True)
class Shared:
    """A case as one client may have it now: the kinds that were agreed, and each purpose with when it ends."""

    case: rows.Case
    kinds: frozenset[str]
    purposes: dict[str, datetime]
    handovers: tuple[bytes, ...]

    @property
    def ends_at(self) -> datetime:
        """When the last consent ends."""
        return max(self.purposes.values())


@dataclass(frozen=True)
class View:
    """A consent for the desk. `counts`: it gives something now."""

    id: bytes
    service: str
    purpose: str
    expires_at: datetime
    recorded_by: str
    recorded_at: datetime
    ended_at: datetime | None
    counts: bool


@dataclass(frozen=True)
class Offer:
    """An agreement of the person's on which a consent may be recorded, with the kinds that they agreed to."""

    handover_id: bytes
    service: str
    kinds: tuple[str, ...]
    purposes: tuple[str, ...]


def shared_with(session: Session, client: Client, *, now: datetime, only: bytes | None = None) -> dict[bytes, Shared]:
    """The cases that this client may have now, by id; with `only`, that one if it is among them. All else is not there."""
    query = (
        select(rows.ApiConsent, rows.Handover, rows.Case)
        .join(rows.Handover, rows.Handover.id == rows.ApiConsent.handover_id)
        .join(rows.Case, rows.Case.id == rows.ApiConsent.case_id)
        .where(
            rows.Handover.service == client.agency,
            rows.Handover.state.in_([each.value for each in AGREED]),
            rows.ApiConsent.purpose.in_(client.purposes),
            rows.ApiConsent.ended_at.is_(None),
            rows.ApiConsent.expires_at > now,
        )
        .order_by(rows.ApiConsent.case_id, rows.ApiConsent.id)
    )
    if only is not None:
        query = query.where(rows.ApiConsent.case_id == only)
    found: dict[bytes, Shared] = {}
    for consent, handover, case in session.execute(query):
        if not guard.may_see(case, client.identity) or not may_be_shared(case.facts, case.state):
            continue
        before = found.get(case.id) or Shared(case, frozenset(), {}, ())
        ends = before.purposes.get(consent.purpose, consent.expires_at)
        found[case.id] = Shared(
            case,
            before.kinds | frozenset(handover.kinds),
            {**before.purposes, consent.purpose: max(ends, consent.expires_at)},
            tuple(dict.fromkeys((*before.handovers, handover.id))),
        )
    return found


def record(
    database: Database,
    *,
    consent_id: bytes,
    case_id: bytes,
    handover_id: bytes,
    purpose: Purpose,
    until: date,
    signed: SignedIn,
    hours: OpeningHours,
    now: datetime,
) -> None:
    """Write a consent down, in place of one for the same thing; `until` is its last day. Logged. The same id again does nothing.

    Raises guard.NoSuchCase, desk.NotOpened, NotAgreed, NoClient, NotThisDay and NotShareable.
    """
    need_open(database, case_id, signed, now=now)
    today = now.astimezone(hours.zone).date()
    if not today < until <= last_day(today):
        raise NotThisDay
    ends_at = datetime.combine(until + timedelta(days=1), time(0), hours.zone)
    with database.writing() as session:
        case = guard.case_for(session, case_id, signed.identity)
        if session.get(rows.ApiConsent, consent_id) is not None:
            return
        if not may_be_shared(case.facts, case.state):
            raise NotShareable
        handover = session.get(rows.Handover, handover_id)
        if handover is None or handover.case_id != case_id or State(handover.state) not in AGREED:
            raise NotAgreed
        if purpose.value not in clients.purposes(session).get(handover.service, ()):
            raise NoClient
        for earlier in _open_of(session, case_id):
            if earlier.handover_id == handover_id and earlier.purpose == purpose.value:
                earlier.ended_at, earlier.ended_by = now, signed.identity.id
        session.add(
            rows.ApiConsent(
                id=consent_id,
                case_id=case_id,
                handover_id=handover_id,
                purpose=purpose.value,
                expires_at=ends_at,
                recorded_by=signed.identity.id,
                recorded_at=now,
            )
        )
        _log(session, "api-consent", case_id, handover.service, purpose.value, signed=signed, now=now)


def end(database: Database, *, case_id: bytes, consent_id: bytes, signed: SignedIn, now: datetime) -> None:
    """A colleague ends a consent. Logged. One that has ended stays as it is. Raises guard.NoSuchCase and desk.NotOpened."""
    need_open(database, case_id, signed, now=now)
    with database.writing() as session:
        guard.case_for(session, case_id, signed.identity)
        row = session.get(rows.ApiConsent, consent_id)
        if row is None or row.case_id != case_id:
            raise guard.NoSuchCase
        if row.ended_at is not None:
            return
        row.ended_at, row.ended_by = now, signed.identity.id
        service = session.get_one(rows.Handover, row.handover_id).service
        _log(session, "api-consent-ended", case_id, service, row.purpose, signed=signed, now=now)


def of_case(session: Session, case_id: bytes, signed: SignedIn, *, now: datetime) -> list[View]:
    """The consents of a case, newest first. Raises guard.NoSuchCase."""
    case = guard.case_for(session, case_id, signed.identity)
    found = session.execute(
        select(rows.ApiConsent, rows.Handover, rows.Staff.name)
        .join(rows.Handover, rows.Handover.id == rows.ApiConsent.handover_id)
        .join(rows.Staff, rows.Staff.id == rows.ApiConsent.recorded_by)
        .where(rows.ApiConsent.case_id == case_id)
        .order_by(rows.ApiConsent.recorded_at.desc(), rows.ApiConsent.id)
    )
    return [
        View(
            id=consent.id,
            service=handover.service,
            purpose=consent.purpose,
            expires_at=consent.expires_at,
            recorded_by=name,
            recorded_at=consent.recorded_at,
            ended_at=consent.ended_at,
            counts=consent.ended_at is None
            and consent.expires_at > now
            and State(handover.state) in AGREED
            and may_be_shared(case.facts, case.state),
        )
        for consent, handover, name in found
    ]


def offers(session: Session, case_id: bytes, signed: SignedIn) -> list[Offer]:
    """The agreements on which a consent may be recorded, newest first; none for a case that is given to no other system.

    Raises guard.NoSuchCase.
    """
    case = guard.case_for(session, case_id, signed.identity)
    if not may_be_shared(case.facts, case.state):
        return []
    found = session.scalars(
        select(rows.Handover)
        .where(rows.Handover.case_id == case_id, rows.Handover.state.in_([each.value for each in AGREED]))
        .order_by(rows.Handover.asked_at.desc(), rows.Handover.id)
    )
    there = clients.purposes(session)
    return [Offer(row.id, row.service, tuple(row.kinds), there[row.service]) for row in found if there.get(row.service)]


def _open_of(session: Session, case_id: bytes) -> Sequence[rows.ApiConsent]:
    query = select(rows.ApiConsent).where(rows.ApiConsent.case_id == case_id, rows.ApiConsent.ended_at.is_(None))
    return session.scalars(query).all()


def _log(
    session: Session, action: str, case_id: bytes, service: str, purpose: str, *, signed: SignedIn, now: datetime
) -> None:
    rows.log(
        session, at=now, staff_id=signed.identity.id, action=action, case_id=case_id, detail=f"{service} {purpose}"
    )
