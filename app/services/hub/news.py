"""Coded news from the desk: a status with its day, a step of a police or court case, and who looks after somebody.

What is sent is what a colleague chose. Nothing that the person told is put into it by itself (requirement F1): whoever holds
their number would read it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any

from nacl.signing import SigningKey
from sqlalchemy.orm import Session

from app.adapters import sealing
from app.data import hub as rows
from app.data.database import Database
from app.domain.asker import ASKED_BY_ANOTHER
from app.domain.priority import QUIET_AFTER_DEATH
from app.domain.referral import MalformedReferral, News
from app.domain.rights import STAGES
from app.domain.status import (
    ABOUT_TROUBLE,
    MESSAGE,
    MILESTONE,
    NEEDS_A_DAY,
    READ_UP_TO,
    RECEIPTS,
    SENT_BY_STAFF,
    STATE_AFTER,
    STATUS,
    CaseState,
    Milestone,
    Status,
)
from app.services.hub import desk, guard, records
from app.services.hub.desk import UnknownStatus, need_open
from app.services.hub.records import Opener
from app.services.hub.speaking import ReceiptOnly, gets_receipt_only, send
from app.services.hub.staff import Identity, SignedIn


class NeedsADay(Exception):
    """This news is about a day, and says nothing without it."""


class NeedsAService(Exception):
    """Something to read is sent, but not which."""


class QuietNow(Exception):
    """Somebody has died, and the question how the person is doing can wait. `until` is the day on which it may be asked."""

    def __init__(self, until: datetime) -> None:
        super().__init__("quiet after a death")
        self.until = until


class AboutAnother(Exception):
    """They asked for somebody else: news about that person never goes into the asker's own space (requirement A9)."""


@dataclass(frozen=True, kw_only=True)
class Chosen:
    """What a colleague chose beside the status itself; each may be left.

    `on`: the day of what it is about, with `at` its clock time (UK). `by`: the day by which we write again. `stage`: the rights
    to show (app/domain/rights.py). `service`: the id of a local service to read about.
    """

    on: date | None = None
    at: time | None = None
    by: date | None = None
    stage: str = ""
    service: str = ""

    def data(self) -> dict[str, Any]:
        """As it travels."""
        said = {
            "on": self.on and self.on.isoformat(),
            "time": self.at and self.at.strftime("%H:%M"),
            "by": self.by and self.by.isoformat(),
            "stage": self.stage if self.stage in STAGES else "",
            "service": self.service,
        }
        return {name: value for name, value in said.items() if value}


def send_status(
    database: Database,
    *,
    case_id: bytes,
    status: str,
    chosen: Chosen,
    signed: SignedIn,
    opener: Opener,
    voice: SigningKey,
    envelope_id: bytes,
    now: datetime,
) -> None:
    """Send a status.

    Raises UnknownStatus, NeedsADay, NeedsAService, QuietNow, AboutAnother, NoSuchCase, NotOpened and ReceiptOnly.
    """
    coded = next((each for each in SENT_BY_STAFF + RECEIPTS if each.value == status), None)
    if coded is None:
        raise UnknownStatus
    facts = need_open(database, case_id, signed, now=now)
    if coded in RECEIPTS and not gets_receipt_only(facts):
        raise UnknownStatus
    if coded in ABOUT_TROUBLE and facts.get("who") in ASKED_BY_ANOTHER:
        raise AboutAnother
    if coded in NEEDS_A_DAY and chosen.on is None:
        raise NeedsADay
    if coded is Status.READING_SENT and not chosen.service:
        raise NeedsAService
    if coded is Status.HOW_ARE_YOU and facts.get("to_whom") == "died":
        with database.reading() as session:
            received_at = guard.case_for(session, case_id, signed.identity).received_at
        if now < received_at + QUIET_AFTER_DEATH:
            raise QuietNow(received_at + QUIET_AFTER_DEATH)
    send(
        database,
        case_id=case_id,
        news=News(
            kind=STATUS,
            at=now.isoformat(timespec="seconds"),
            status=coded.value,
            author=signed.identity.shown_name,
            data={} if coded in RECEIPTS else chosen.data(),
        ),
        opener=opener,
        voice=voice,
        now=now,
        envelope_id=envelope_id,
        by=signed.identity,
        state=STATE_AFTER[coded],
    )


def send_milestone(
    database: Database,
    *,
    case_id: bytes,
    milestone: str,
    chosen: Chosen,
    signed: SignedIn,
    opener: Opener,
    voice: SigningKey,
    envelope_id: bytes,
    now: datetime,
) -> None:
    """Pass on a step of a police or court case with its day.

    Raises UnknownStatus, NeedsADay, AboutAnother, NoSuchCase, NotOpened and ReceiptOnly.
    """
    coded = next((each for each in Milestone if each.value == milestone), None)
    if coded is None:
        raise UnknownStatus
    facts = need_open(database, case_id, signed, now=now)
    if gets_receipt_only(facts):
        raise ReceiptOnly
    if facts.get("who") in ASKED_BY_ANOTHER:
        raise AboutAnother
    if chosen.on is None:
        raise NeedsADay
    send(
        database,
        case_id=case_id,
        news=News(
            kind=MILESTONE,
            at=now.isoformat(timespec="seconds"),
            status=coded.value,
            author=signed.identity.shown_name,
            data=chosen.data(),
        ),
        opener=opener,
        voice=voice,
        now=now,
        envelope_id=envelope_id,
        by=signed.identity,
        state=CaseState.WAITING,
    )


def claim(
    database: Database, *, case_id: bytes, who: Identity, opener: Opener, voice: SigningKey, now: datetime
) -> None:
    """Become the owner, and tell the person who looks after them now. Raises NoSuchCase and AlreadyClaimed."""
    with database.writing() as session:
        is_new = guard.case_for(session, case_id, who).owner_id != who.id
        desk.claim(session, case_id, who, now=now)
    if is_new:
        tell_worker(database, case_id, who, opener=opener, voice=voice, now=now)


def tell_worker(
    database: Database, case_id: bytes, who: Identity, *, opener: Opener, voice: SigningKey, now: datetime
) -> None:
    """Tell the person that this colleague looks after them now. Raises NoSuchCase."""
    tell_who(database, case_id, Status.WORKER, who, opener=opener, voice=voice, now=now)


def hand_back(
    database: Database, *, case_id: bytes, who: Identity, opener: Opener, voice: SigningKey, now: datetime
) -> None:
    """Stop being the owner, and tell the person. Raises NoSuchCase."""
    with database.writing() as session:
        was_mine = guard.case_for(session, case_id, who).owner_id == who.id
        desk.hand_back(session, case_id, who, now=now)
    if was_mine:
        tell_who(database, case_id, Status.NO_WORKER, who, opener=opener, voice=voice, now=now)


def tell_read(
    database: Database, *, case_id: bytes, who: Identity, opener: Opener, voice: SigningKey, now: datetime
) -> None:
    """A colleague has opened the case: tell the person up to which of their messages it was read. Once for each message."""
    with database.reading() as session:
        case = guard.case_for(session, case_id, who)
        if gets_receipt_only(case.facts):
            return
        newest = _newest_message(session, case_id, opener=opener)
    if newest is None:
        return
    send(
        database,
        case_id=case_id,
        news=News(kind=READ_UP_TO, at=now.isoformat(timespec="seconds"), data={"up_to": newest.number}),
        opener=opener,
        voice=voice,
        now=now,
        # The same message read again is the same piece of news.
        envelope_id=hashlib.sha256(newest.envelope_id + READ_UP_TO.encode()).digest()[: sealing.ID_LENGTH],
    )


def _newest_message(session: Session, case_id: bytes, *, opener: Opener) -> rows.Item | None:
    key = records.case_key(session, case_id, opener=opener)
    theirs = [item for item in rows.items(session, case_id) if item.direction == rows.TO_HUB]
    for item in sorted(theirs, key=lambda each: each.number, reverse=True):
        try:
            envelope = sealing.parse(item.body)
            news = News.from_bytes(
                sealing.open_in_conversation(envelope, lane=sealing.Lane.TO_HUB, secret=key.case_secret)
            )
        except (sealing.CannotOpen, sealing.MalformedEnvelope, MalformedReferral):
            continue
        if news.kind == MESSAGE:
            return item
    return None


def tell_who(
    database: Database,
    case_id: bytes,
    status: Status,
    who: Identity,
    *,
    opener: Opener,
    voice: SigningKey,
    now: datetime,
) -> None:
    """Tell the person of a case who looks after them now, or that nobody does. Raises NoSuchCase."""
    with database.reading() as session:
        facts = guard.case_for(session, case_id, who).facts
    if gets_receipt_only(facts):
        return
    send(
        database,
        case_id=case_id,
        news=News(kind=STATUS, at=now.isoformat(timespec="seconds"), status=status.value, author=who.shown_name),
        opener=opener,
        voice=voice,
        now=now,
    )


def receive(
    database: Database,
    *,
    case_id: bytes,
    coded: Milestone | Status,
    chosen: Chosen,
    by: Identity,
    also: Callable[[Session], None],
    opener: Opener,
    voice: SigningKey,
    envelope_id: bytes,
    now: datetime,
) -> None:
    """Pass on what another agency's case system says of a police or court case: a code and its day, with the agency's name.

    It stands under "Police or court case" with no colleague's name, so it keeps no promise of ours to write. It is ours to do
    again, since a colleague should see it, unless it only says that there is no news. Whether the agency may is for
    `also` to say, which is called in the transaction that commits. The same `envelope_id` again changes nothing.
    Raises NeedsADay, guard.NoSuchCase, and what `also` raises.
    """
    if chosen.on is None and (isinstance(coded, Milestone) or coded in NEEDS_A_DAY):
        raise NeedsADay
    send(
        database,
        case_id=case_id,
        news=News(kind=MILESTONE, at=now.isoformat(timespec="seconds"), status=coded.value, data=chosen.data()),
        opener=opener,
        voice=voice,
        now=now,
        envelope_id=envelope_id,
        by=by,
        state=None if coded is Status.NO_NEWS else CaseState.OURS,
        also=also,
    )
