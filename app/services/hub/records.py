"""Records of a case at the Hub: sealed anew under a record secret at intake, opened by a logged act."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from nacl.signing import SigningKey
from sqlalchemy.orm import Session

from app.adapters import sealing
from app.data import hub as rows
from app.data import post as post_rows
from app.domain.referral import Addition, News, Referral
from app.domain.status import CaseState, Status
from app.domain.taken import has_space
from app.services.hub import leaving

LONGEST_LANGUAGE = 20


class Opener(Protocol):
    """What can open the referral lane. Only the factory and the command line can make one."""

    def open(self, envelope: sealing.Envelope) -> bytes:
        """The text of an envelope sealed to the Hub. Raises sealing.CannotOpen."""

    def wrap_record(self, secret: bytes, *, case_id: bytes) -> bytes:
        """A record secret wrapped to the Hub's newest sealing key."""

    def unwrap_record(self, wrapped: bytes, *, case_id: bytes) -> bytes:
        """The record secret again. Raises sealing.CannotOpen."""

    def key_of(self, wrapped: bytes) -> bytes:
        """The id of the key that a record secret is wrapped to. Raises sealing.CannotOpen."""

    @property
    def newest_key(self) -> bytes:
        """The id of the key that `wrap_record` wraps to."""


@dataclass(frozen=True)
class CaseKey:
    """A case's record secret and its conversation's secret, in memory for one use."""

    record_secret: bytes
    case_secret: bytes


def rows_of_first(
    referral: Referral,
    case_id: bytes,
    *,
    opener: Opener,
    hidden_from: Sequence[str] = (),
    now: datetime,
    also: Mapping[str, str] | None = None,
    additions: Sequence[Addition] = (),
) -> tuple[object, ...]:
    """The rows that a first envelope becomes: coded facts in clear, all else sealed under a new record secret.

    `hidden_from` are the ids of staff for whom the case is never there (app/services/hub/guard.py). A request that was taken
    at the desk has facts of its own, `also`, and at most one addition, of number 0: the person's own begin with 1.
    """
    record_secret = secrets.token_bytes(32)
    return (
        rows.Case(
            id=case_id,
            reference=referral.reference,
            received_at=now,
            waiting_since=now,
            state=CaseState.NEW.value,
            language=_language_wanted(referral),
            facts={
                **referral.facts(),
                **(also or {}),
                **({"hidden_from": list(hidden_from)} if hidden_from else {}),
            },
        ),
        rows.RecordSecret(case_id=case_id, wrapped=opener.wrap_record(record_secret, case_id=case_id)),
        document(case_id, rows.REFERRAL, 0, referral.to_bytes(), record_secret=record_secret, now=now),
        document(case_id, rows.CASE_SECRET, 0, referral.case_secret, record_secret=record_secret, now=now),
        *(
            document(case_id, rows.ADDITION, number, each.to_bytes(), record_secret=record_secret, now=now)
            for number, each in enumerate(additions)
        ),
    )


def row_of_addition(
    addition: Addition, header: sealing.Header, *, case_key: CaseKey, now: datetime
) -> rows.SealedDocument:
    """The row that an addition becomes."""
    return document(
        header.case_id,
        rows.ADDITION,
        header.number,
        addition.to_bytes(),
        record_secret=case_key.record_secret,
        now=now,
    )


def item_of_news(
    news: News, header: sealing.Header, *, case_secret: bytes, voice: SigningKey, now: datetime
) -> rows.Item:
    """The item that a piece of news to the person becomes: sealed under the case's secret, signed by the Hub's voice."""
    body = sealing.seal_in_conversation(
        news.to_bytes(),
        lane=sealing.Lane.TO_PERSON,
        header=header,
        key_id=bytes(sealing.KEY_ID_LENGTH),
        secret=case_secret,
        signer=voice,
    )
    return rows.Item(
        envelope_id=header.envelope_id,
        case_id=header.case_id,
        direction=rows.TO_PERSON,
        number=header.number,
        body=body,
        added_at=now,
    )


def put_item(session: Session, item: rows.Item, *, now: datetime) -> None:
    """Keep an item together with the envelope that carries it; without one while no space is there (spaces.py)."""
    session.add(item)
    if not has_space(session.get_one(rows.Case, item.case_id).facts):
        return
    post_rows.put(
        session,
        rows.POST,
        envelope_id=item.envelope_id,
        case_id=item.case_id,
        number=item.number,
        body=item.body,
        now=now,
    )


def no_reader_id(case_secret: bytes) -> bytes:
    """The id of the one item that says that nobody may read a request, so that it is sent once; others cannot know it."""
    return hashlib.blake2b(b"no-reader", digest_size=sealing.ID_LENGTH, key=case_secret).digest()


def no_reader(now: datetime) -> News:
    """The news that nobody at the Hub may read a request. Coded: it repeats nothing that the person wrote."""
    return News(kind="status", at=now.isoformat(timespec="seconds"), status=Status.NO_READER.value)


def after_arrival(
    session: Session,
    envelope: sealing.Envelope,
    *,
    at_risk: bool = False,
    persistence: Sequence[str] = (),
    now: datetime,
) -> None:
    """Something came for a case that is already open at the desk: it is ours to do again.

    `at_risk` marks the case as one that may be at risk (requirement C4), `persistence` says what an addition told of trouble
    that keeps coming back (requirement D1). Nothing that comes later takes either away, or touches any other fact.
    """
    if envelope.kind is sealing.Kind.ITEM:
        case = session.get_one(rows.Case, envelope.header.case_id)
        if case.state != CaseState.NEW.value:
            case.state = CaseState.OURS.value
        case.waiting_since = case.waiting_since or now
        leaving.stay(case, came=True)
        if at_risk:
            case.facts = {**case.facts, "risk": True}
        if persistence:
            known = {*persistence, *(case.facts.get("persistence") or ())}
            case.facts = {**case.facts, "persistence": sorted(known)}


def case_key(
    session: Session, case_id: bytes, *, opener: Opener, documents: Sequence[rows.SealedDocument] | None = None
) -> CaseKey:
    """The two secrets of a case; `documents` are its own where they were read already. Raises sealing.CannotOpen."""
    record = session.get_one(rows.RecordSecret, case_id)
    record_secret = opener.unwrap_record(record.wrapped, case_id=case_id)
    for document in rows.documents(session, case_id) if documents is None else documents:
        if document.kind == rows.CASE_SECRET:
            return CaseKey(record_secret, open_document(document, record_secret=record_secret))
    raise sealing.CannotOpen


def open_document(document: rows.SealedDocument, *, record_secret: bytes) -> bytes:
    """What a sealed document holds. Raises sealing.CannotOpen."""
    return sealing.open_box(
        record_secret,
        document.sealed,
        purpose=f"record/{document.kind}",
        bound=_bound(document.case_id, document.kind, document.number),
    )


def seal_words(text: str, *, what: str, row_id: bytes, record_secret: bytes) -> bytes:
    """Words that a colleague typed about somebody, for a row of their own. `what` and `row_id` bind them to their column."""
    return sealing.seal_box(record_secret, text.encode("utf-8"), purpose=f"record/{what}", bound=row_id)


def open_words(sealed: bytes | None, *, what: str, row_id: bytes, record_secret: bytes) -> str:
    """The words again; empty where there are none. Raises sealing.CannotOpen."""
    if sealed is None:
        return ""
    return sealing.open_box(record_secret, sealed, purpose=f"record/{what}", bound=row_id).decode("utf-8")


def _language_wanted(referral: Referral) -> str:
    """The language in which the person wants the answer; where they left that, the one in which they read the site."""
    wanted = referral.answers.get("reply", {}).get("language")
    return wanted if isinstance(wanted, str) and 0 < len(wanted) <= LONGEST_LANGUAGE else referral.language


def document(
    case_id: bytes, kind: str, number: int, content: bytes, *, record_secret: bytes, now: datetime
) -> rows.SealedDocument:
    """The row of a text that is sealed with its case."""
    return rows.SealedDocument(
        id=sealing.new_id(),
        case_id=case_id,
        kind=kind,
        number=number,
        sealed=sealing.seal_box(record_secret, content, purpose=f"record/{kind}", bound=_bound(case_id, kind, number)),
        added_at=now,
    )


def _bound(case_id: bytes, kind: str, number: int) -> bytes:
    return case_id + kind.encode("ascii") + number.to_bytes(8, "big")
