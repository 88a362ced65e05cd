"""Saying something to a person: an item sealed under the case secret, signed with the Hub's voice, carried by the post."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from nacl.signing import SigningKey
from sqlalchemy.orm import Session

from app.adapters import sealing
from app.data import hub as rows
from app.data import needs as need_rows
from app.data import post as post_rows
from app.data import reports as report_rows
from app.data.database import Database
from app.domain import notice
from app.domain.referral import News
from app.domain.status import (
    PROMISED,
    RECEIPTS,
    SENT_BY_ITSELF,
    UNSPOKEN,
    CaseState,
    Status,
    Told,
    day_in,
    promise_after,
)
from app.services.hub import leaving, records
from app.services.hub.guard import NoSuchCase
from app.services.hub.records import Opener
from app.services.hub.staff import Identity

# A mark in the coded facts: they said "This was not me", and nobody has written to them since.
NOT_ME = "not_me"


class ReceiptOnly(Exception):
    """Whoever asked did so in their work: they get a receipt, and nothing about the person (requirement E14)."""


def send(
    database: Database,
    *,
    case_id: bytes,
    news: News,
    opener: Opener,
    voice: SigningKey,
    now: datetime,
    envelope_id: bytes | None = None,
    by: Identity | None = None,
    state: CaseState | None = None,
    only_if_unread: bool = False,
    also: Callable[[Session], None] | None = None,
) -> None:
    """Seal an item to the person under the case's next number and commit it with its envelope.

    The same `envelope_id` again changes nothing. `also` is called in the transaction that commits. `only_if_unread` makes it
    the one item of the first opening. Every item goes through here, so it is here that nothing but a receipt leaves for
    somebody who asked in their work: raises ReceiptOnly.
    """
    envelope_id = envelope_id or sealing.new_id()
    while True:
        with database.reading() as session:
            case = _case(session, case_id)
            if gets_receipt_only(case.facts) and not _is_receipt(news):
                raise ReceiptOnly
            if session.get(rows.Item, envelope_id) is not None:
                return
            number = case.number_out
            database_id = post_rows.post_state(session, rows.POST).database_id
            key = records.case_key(session, case_id, opener=opener)
        header = sealing.Header(database_id=database_id, case_id=case_id, envelope_id=envelope_id, number=number + 1)
        item = records.item_of_news(news, header, case_secret=key.case_secret, voice=voice, now=now)
        with database.writing() as session:
            case = _case(session, case_id)
            if only_if_unread and case.read_at is not None:
                return
            if not rows.claim_number(session, case_id, expected=number):
                continue
            if only_if_unread:
                case.read_at = now
            records.put_item(session, item, now=now)
            _keep_promise(session, case, news, now=now)
            if news.status == Status.HOW_ARE_YOU.value:
                need_rows.asking_kept(session, case_id, done_as=need_rows.ASKED_IN_SPACE, on=now.date())
            if also is not None:
                also(session)
            if state is CaseState.CLOSED:
                leaving.set_closed(case, now=now)
            elif state is not None:
                case.state = state.value
                leaving.stay(case)
            if by is not None:
                _has_answered(case, now=now)
                rows.log(
                    session, at=now, staff_id=by.id, action=f"sent-{news.kind}", case_id=case_id, detail=news.status
                )
        return


def _keep_promise(session: Session, case: rows.Case, news: News, *, now: datetime) -> None:
    """The day by which we said that we would write, for the queue, which opens nothing (promises.py); and every such day, for
    the figures."""
    before, told = case.facts.get(PROMISED), Told(news.kind, news.status, news.author, news.data)
    after = promise_after(before, told)
    if after != before:
        case.facts = {**case.facts, PROMISED: after}
    if told.kind not in UNSPOKEN:
        by = day_in(told.data, "by")
        if told.is_written or by is not None:
            report_rows.told_news(session, case.id, is_written=told.is_written, by=by, now=now)


def talked(case: rows.Case, *, now: datetime) -> None:
    """A colleague and the person were in touch: nobody waits for us any more."""
    case.answered_at = case.answered_at or now
    case.waiting_since = None


def _has_answered(case: rows.Case, *, now: datetime) -> None:
    """A colleague wrote or chose it: it answers them, and who said "This was not me" was heard."""
    talked(case, now=now)
    if NOT_ME in case.facts:
        case.facts = {name: value for name, value in case.facts.items() if name != NOT_ME}


def gets_receipt_only(facts: Mapping[str, Any]) -> bool:
    """True when whoever asked did so in their work: the thread is theirs and may say nothing about the person."""
    return bool(facts.get("who") == "professional")


def _is_receipt(news: News) -> bool:
    """Coded, and about the thread itself; how their own contact plan and what they asked for stand is theirs to know too."""
    is_plain = news.kind == "status" and news.status in RECEIPTS + SENT_BY_ITSELF
    return not news.text and (is_plain or news.kind in {"change", "asked", notice.TOLD})


def _case(session: Session, case_id: bytes) -> rows.Case:
    """The case for the system itself; what a person asks for goes through app/services/hub/guard.py."""
    case = session.get(rows.Case, case_id)
    if case is None:
        raise NoSuchCase
    return case
