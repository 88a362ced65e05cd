"""Taking a request at the desk: a sealed draft of a colleague's own, and one transaction that makes the case of it.

The case is made by the code that takes in what comes from the site (records.py), so one queue holds all. The draft outlives
the session of whoever types it and nobody else opens it; it goes when it is sent, or a day after it was last kept.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from nacl.signing import SigningKey
from sqlalchemy import delete, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.adapters import numbers as made_numbers
from app.adapters import sealing
from app.data import hub as rows
from app.data import post as post_rows
from app.data.database import Database
from app.domain import taken
from app.domain.order import Collect, Order, Told
from app.domain.referral import Addition, Referral
from app.domain.taken import Source
from app.services.hub import guard, orders, records
from app.services.hub.desk import OPEN_FOR
from app.services.hub.numbers import CODE_LASTS, GAVE_CODE, new_code
from app.services.hub.records import Opener
from app.services.hub.staff import Identity, SignedIn

PURPOSE = "taken draft"
DRAFT_LASTS = timedelta(hours=24)
# How long what has to be read out, the reference and the code, can be seen again.
READ_OUT_FOR = timedelta(minutes=60)
# What the audit calls these acts.
TOOK, ON_THE_CALL = "took-request", "on-the-call"
MOST_DRAWN = 200
ATTEMPTS = 5


class NoSuchDraft(Exception):
    """There is no such draft of this colleague, or it has gone."""


class DraftChanged(Exception):
    """The draft was changed in another window after this page was made."""


class AlreadySent(Exception):
    """The draft was sent before: what is to be read out is there."""


class NoReferenceLeft(Exception):
    """Every reference that the desk may use is in use."""


@dataclass(frozen=True)
class Begun:
    """One draft in a colleague's list: nothing of what was typed."""

    id: bytes
    begun_at: datetime
    expires_at: datetime
    is_sent: bool


@dataclass(frozen=True)
class Draft:
    """A draft, opened in memory for one page. `content` holds the answers by step key."""

    id: bytes
    revision: int
    content: Mapping[str, Mapping[str, Any]]
    begun_at: datetime
    expires_at: datetime


@dataclass(frozen=True)
class ReadOut:
    """What is to be read out after the sending. `code` is empty for no number; `nobody_reads`: everybody is kept out by name."""

    reference: str
    case_id: bytes
    code: str
    code_until: datetime | None
    expires_at: datetime
    nobody_reads: bool = False


@dataclass(frozen=True, kw_only=True)
class Request:
    """A whole request, ready to be sent. `answers` by step key as from the site; `own_words` and `code_word` may be empty."""

    answers: Mapping[str, Mapping[str, Any]]
    source: Source
    own_words: str = ""
    code_word: str = ""
    earlier: str = ""
    wants_code: bool = False


@dataclass(frozen=True)
class _Prepared:
    """Everything of a request that is sealed before the transaction."""

    case_id: bytes
    referral: Referral
    made: tuple[object, ...]
    told: rows.Item | None
    code: str
    read_out: bytes


def begin(database: Database, signed: SignedIn, *, source: Source | None, opener: Opener, now: datetime) -> bytes:
    """Begin a draft; returns its random id."""
    draft_id, secret = sealing.new_id(), secrets.token_bytes(sealing.SECRET_LENGTH)
    content = {taken.STEP: {taken.SOURCE: source.value}} if source else {}
    row = rows.TakenDraft(
        id=draft_id,
        staff_id=signed.identity.id,
        begun_at=now,
        expires_at=now + DRAFT_LASTS,
        revision=1,
        is_sent=False,
        wrapped=opener.wrap_record(secret, case_id=draft_id),
        sealed=_seal(content, secret, draft_id, signed.identity),
    )
    with database.writing() as session:
        session.add(row)
    return draft_id


def listed(session: Session, who: Identity, *, now: datetime) -> list[Begun]:
    """A colleague's own drafts, the one begun last first."""
    return [
        Begun(each.id, each.begun_at, each.expires_at, each.is_sent)
        for each in rows.drafts_of(session, who.id, now=now)
    ]


def read(session: Session, draft_id: bytes, who: Identity, *, opener: Opener, now: datetime) -> Draft:
    """Open a draft of one's own. Raises NoSuchDraft, AlreadySent and sealing.CannotOpen."""
    row = _own(session, draft_id, who, now=now)
    if row.is_sent:
        raise AlreadySent
    content = json.loads(_open(row, who, opener=opener))
    return Draft(row.id, row.revision, content, row.begun_at, row.expires_at)


def keep(
    database: Database,
    draft_id: bytes,
    content: Mapping[str, Mapping[str, Any]],
    *,
    revision: int,
    signed: SignedIn,
    opener: Opener,
    now: datetime,
) -> int:
    """Keep what was typed; returns the draft's new revision. Raises NoSuchDraft, AlreadySent and DraftChanged."""
    with database.reading() as session:
        row = _own(session, draft_id, signed.identity, now=now)
        secret = opener.unwrap_record(row.wrapped, case_id=row.id)
    sealed = _seal(content, secret, draft_id, signed.identity)
    with database.writing() as session:
        row = _own_now(session, draft_id, signed.identity, revision=revision, now=now)
        row.sealed, row.revision, row.expires_at = sealed, revision + 1, now + DRAFT_LASTS
    return revision + 1


def drop(database: Database, draft_id: bytes, who: Identity) -> None:
    """Delete a draft, sent or not. Done twice is done."""
    with database.writing() as session:
        session.execute(
            delete(rows.TakenDraft).where(rows.TakenDraft.id == draft_id, rows.TakenDraft.staff_id == who.id)
        )
    database.forget_deleted("taken_draft")


def send(
    database: Database,
    draft_id: bytes,
    request: Request,
    *,
    revision: int,
    signed: SignedIn,
    opener: Opener,
    voice: SigningKey,
    portal_key: bytes,
    reference_length: int,
    now: datetime,
) -> None:
    """Make the case, and with it the order for a code if one is wanted; in the same transaction the draft's answers go.

    Its reference has `reference_length` digits. What is to be read out stands in their place (`read_out`). Logged. A repeat
    raises AlreadySent and changes nothing. Raises NoSuchDraft, DraftChanged, NoReferenceLeft and sealing.TooLarge too; then
    nothing was made and the draft is as it was.
    """
    for _ in range(ATTEMPTS):
        with database.reading() as session:
            row = _unsent(_own(session, draft_id, signed.identity, now=now), revision=revision)
            secret = opener.unwrap_record(row.wrapped, case_id=row.id)
            prepared = _prepare(
                session,
                draft_id,
                request,
                reference=_free_reference(session, length=reference_length),
                secret=secret,
                signed=signed,
                opener=opener,
                voice=voice,
                now=now,
            )
        try:
            with database.writing() as session:
                row = _own_now(session, draft_id, signed.identity, revision=revision, now=now)
                _commit(session, row, prepared, request, signed=signed, voice=voice, portal_key=portal_key, now=now)
        except IntegrityError:
            continue  # somebody took this reference in between
        database.forget_deleted("taken_draft")
        return
    raise DraftChanged


def read_out(session: Session, draft_id: bytes, who: Identity, *, opener: Opener, now: datetime) -> ReadOut:
    """What is to be read out, for an hour after the sending. Raises NoSuchDraft, also for a draft that was not sent."""
    row = _own(session, draft_id, who, now=now)
    if not row.is_sent:
        raise NoSuchDraft
    content = json.loads(_open(row, who, opener=opener))
    until = content["code_until"]
    return ReadOut(
        reference=content["reference"],
        case_id=bytes.fromhex(content["case_id"]),
        code=content["code"],
        code_until=datetime.fromisoformat(until) if until else None,
        expires_at=row.expires_at,
        nobody_reads=content["nobody_reads"],
    )


def _prepare(
    session: Session,
    draft_id: bytes,
    request: Request,
    *,
    reference: str,
    secret: bytes,
    signed: SignedIn,
    opener: Opener,
    voice: SigningKey,
    now: datetime,
) -> _Prepared:
    case_id, case_secret = sealing.new_id(), secrets.token_bytes(sealing.SECRET_LENGTH)
    own = {taken.SOURCE: request.source.value, taken.TAKEN_BY: signed.identity.id}
    own |= {name: text for name, text in (("code_word", request.code_word), ("earlier", request.earlier)) if text}
    wanted = request.answers.get("reply", {}).get("language")
    referral = Referral(
        reference=reference,
        case_secret=case_secret,
        number_wrap=b"",
        language=wanted if isinstance(wanted, str) and wanted else "en",
        answers={**request.answers, taken.STEP: own},
        consent=f"{taken.CONSENT_WORDING}/en",
        sent_at=now.isoformat(timespec="seconds"),
    )
    hidden = guard.hidden_from(session, referral)
    nobody_reads = guard.keeps_out_all(session, hidden)
    made = records.rows_of_first(
        referral,
        case_id,
        opener=opener,
        hidden_from=hidden,
        now=now,
        also=taken.facts_of(request.source, by=signed.identity.id, wants_code=request.wants_code),
        additions=_own_words(request, now=now),
    )
    code = new_code() if request.wants_code else ""
    content = {
        "reference": referral.reference,
        "case_id": case_id.hex(),
        "code": code,
        "code_until": (now + CODE_LASTS).isoformat() if code else "",
        "nobody_reads": nobody_reads,
    }
    return _Prepared(
        case_id=case_id,
        referral=referral,
        made=made,
        told=_no_reader(session, referral, case_id, voice=voice, now=now) if nobody_reads else None,
        code=code,
        read_out=_seal(content, secret, draft_id, signed.identity),
    )


def _commit(
    session: Session,
    draft: rows.TakenDraft,
    prepared: _Prepared,
    request: Request,
    *,
    signed: SignedIn,
    voice: SigningKey,
    portal_key: bytes,
    now: datetime,
) -> None:
    """One transaction: the answers go out of the draft; the case, the order and what is to be read out come."""
    case_id, who = prepared.case_id, signed.identity
    for row in prepared.made:
        session.add(row)
        session.flush()
    case = session.get_one(rows.Case, case_id)
    if prepared.told is not None:
        case.number_out = prepared.told.number
        records.put_item(session, prepared.told, now=now)
    rows.log(session, at=now, staff_id=who.id, action=TOOK, case_id=case_id, detail=request.source.value)
    # Whoever typed it has read it; for whom it is hidden it is gone from here on.
    if guard.may_see(case, who):
        rows.log(session, at=now, staff_id=who.id, action=rows.OPENED, case_id=case_id)
        session.add(rows.Opening(session_id=signed.session_id, case_id=case_id, expires_at=now + OPEN_FOR))
    if prepared.code:
        collect = Collect(
            code=prepared.code,
            secret=prepared.referral.case_secret,
            reference=prepared.referral.reference,
            until=now + CODE_LASTS,
        )
        orders.give(
            session, case_id, Told(order=Order.COLLECT, collect=collect), portal_key=portal_key, voice=voice, now=now
        )
        rows.log(session, at=now, staff_id=who.id, action=GAVE_CODE, case_id=case_id, detail=ON_THE_CALL)
    draft.sealed, draft.is_sent = prepared.read_out, True
    draft.revision, draft.expires_at = draft.revision + 1, now + READ_OUT_FOR


def _own_words(request: Request, *, now: datetime) -> Sequence[Addition]:
    """What they said in their own words, in the shape in which it comes from a space."""
    if not request.own_words:
        return ()
    content = {
        "sent_at": now.isoformat(timespec="seconds"),
        "language": "en",
        "answers": {"text": request.own_words},
    }
    return (Addition(kind="words", content=content),)


def _no_reader(session: Session, referral: Referral, case_id: bytes, *, voice: SigningKey, now: datetime) -> rows.Item:
    header = sealing.Header(
        database_id=post_rows.post_state(session, rows.POST).database_id,
        case_id=case_id,
        envelope_id=records.no_reader_id(referral.case_secret),
        number=1,
    )
    return records.item_of_news(records.no_reader(now), header, case_secret=referral.case_secret, voice=voice, now=now)


def _free_reference(session: Session, *, length: int) -> str:
    for _ in range(MOST_DRAWN):
        reference = made_numbers.make_reference(length)
        if session.scalar(select(rows.Case.id).where(rows.Case.reference == reference)) is None:
            return reference
    raise NoReferenceLeft


def _own(session: Session, draft_id: bytes, who: Identity, *, now: datetime) -> rows.TakenDraft:
    row = session.get(rows.TakenDraft, draft_id)
    if row is None or row.staff_id != who.id or row.expires_at <= now:
        raise NoSuchDraft
    return row


def _own_now(session: Session, draft_id: bytes, who: Identity, *, revision: int, now: datetime) -> rows.TakenDraft:
    """The draft as this page knew it, in a writing unit of work: nobody changes it before its end."""
    locked = select(rows.TakenDraft).where(rows.TakenDraft.id == draft_id).with_for_update()
    row = session.scalar(locked)
    if row is None or row.staff_id != who.id or row.expires_at <= now:
        raise NoSuchDraft
    return _unsent(row, revision=revision)


def _unsent(row: rows.TakenDraft, *, revision: int) -> rows.TakenDraft:
    if row.is_sent:
        raise AlreadySent
    if row.revision != revision:
        raise DraftChanged
    return row


def _seal(content: Mapping[str, Any], secret: bytes, draft_id: bytes, who: Identity) -> bytes:
    raw = json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode("utf-8")
    return sealing.seal_box(secret, raw, purpose=PURPOSE, bound=draft_id + who.id.encode("utf-8"))


def _open(row: rows.TakenDraft, who: Identity, *, opener: Opener) -> bytes:
    secret = opener.unwrap_record(row.wrapped, case_id=row.id)
    return sealing.open_box(secret, row.sealed, purpose=PURPOSE, bound=row.id + who.id.encode("utf-8"))
