"""Following the Hub's orders: a code for a new number, a number that must open nothing any more, a packet, a case to erase.

An order is opened, and what it needs of the slow key derivation is done, before the transaction that follows it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from sqlalchemy.orm import Session

from app.adapters import numbers, packets, sealing
from app.data import portal as rows
from app.domain.order import Keep, MalformedOrder, Order, Told
from app.domain.packet import READS
from app.domain.packet import TRIES as PACKET_TRIES
from app.domain.promise_results import QuarterFigures
from app.services.portal import results

TRIES = 10


class ReferenceTaken(Exception):
    """Another space has the reference of the one that was to be opened. The two sides draw apart, so it should never be."""


class UnknownCase(Exception):
    """The order is about a case that is not here."""


@dataclass(frozen=True)
class Prepared:
    """An order ready to be followed. `wrap` holds the case secret under the code; the code itself is forgotten. For a packet it
    holds the lock with a pepper around it, and `packet_id` says which is meant."""

    order: Order
    case_id: bytes
    wrap: bytes = b""
    reference_tag: bytes = b""
    all_tags: tuple[bytes, ...] = ()
    until: datetime | None = None
    number_out: int = 0
    opened_on: date | None = None
    results: QuarterFigures | None = None
    keep: Keep | None = None
    packet_id: bytes = b""


def prepare(
    envelope: sealing.Envelope,
    *,
    keys: Mapping[bytes, X25519PrivateKey],
    peppers: numbers.Peppers,
    cost: numbers.KdfCost,
) -> Prepared:
    """Open an order whose signature was checked. Raises sealing.CannotOpen and MalformedOrder."""
    told = Told.from_bytes(sealing.open_order(envelope, keys))
    case_id = envelope.header.case_id
    if told.again is not None:
        return Prepared(
            order=told.order,
            case_id=case_id,
            wrap=told.again.wrap,
            reference_tag=numbers.reference_tag(told.again.reference, peppers.newest),
            all_tags=tuple(numbers.reference_tags(told.again.reference, peppers)),
            number_out=told.again.number_out,
            opened_on=told.again.opened_on,
        )
    if told.results is not None:
        return Prepared(order=told.order, case_id=case_id, results=told.results)
    if told.keep is not None:
        keep = told.keep
        return Prepared(
            order=told.order,
            case_id=case_id,
            wrap=packets.put_pepper_around(keep.lock, packet_id=keep.packet_id, pepper=peppers.newest),
            reference_tag=packets.packet_tag(keep.reference, peppers.newest),
            until=keep.until,
            keep=keep,
            packet_id=keep.packet_id,
        )
    if told.collect is None:
        if told.order in (Order.COLLECT, Order.AGAIN, Order.RESULTS):
            raise MalformedOrder("nothing comes with it")
        return Prepared(order=told.order, case_id=case_id, packet_id=told.packet_id or b"")
    wrap = numbers.wrap_secret(
        told.collect.secret, told.collect.code, case_id=case_id, pepper=peppers.newest, cost=cost
    )
    return Prepared(
        order=told.order,
        case_id=case_id,
        wrap=wrap.to_bytes(),
        reference_tag=numbers.reference_tag(told.collect.reference, peppers.newest),
        all_tags=tuple(numbers.reference_tags(told.collect.reference, peppers)),
        until=told.collect.until,
    )


def follow(session: Session, prepared: Prepared, *, now: datetime) -> None:
    """Do it, in the transaction that also remembers that it was done. Raises UnknownCase and ReferenceTaken.

    Erasing what is gone already is done. A code for a case that is not here opens it: that is how somebody who asked on the
    phone, or on paper, gets a first number.
    """
    case = session.get(rows.Case, prepared.case_id)
    if prepared.results is not None:
        results.keep(session, prepared.results)
    elif prepared.order is Order.ERASE:
        rows.erase_case(session, prepared.case_id)
    elif prepared.order is Order.COLLECT:
        if case is None and rows.was_here(session, prepared.case_id):
            raise UnknownCase  # it was erased: an order that was overtaken on the way must not bring it back
        if case is None:
            if rows.has_reference(session, prepared.all_tags):
                raise ReferenceTaken
            session.add(rows.Case(id=prepared.case_id, reference_tag=prepared.reference_tag, opened_on=now.date()))
            session.flush()
        assert prepared.until is not None
        session.merge(
            rows.Collection(case_id=prepared.case_id, wrap=prepared.wrap, tries_left=TRIES, expires_at=prepared.until)
        )
    elif prepared.order is Order.PACKET:
        _keep_packet(session, prepared)
    elif prepared.order is Order.NO_PACKET:
        rows.drop_packet(session, prepared.packet_id)
    elif prepared.order is Order.AGAIN:
        _open_again(session, case, prepared)
    elif case is None:
        raise UnknownCase
    else:
        rows.kill_number(session, prepared.case_id)


def _keep_packet(session: Session, prepared: Prepared) -> None:
    """Keep a packet; an earlier one of the same handover goes. Its case need not have a space here: some asked on the phone."""
    keep = prepared.keep
    assert keep is not None
    rows.drop_packet(session, keep.packet_id, reference_tag=prepared.reference_tag)
    session.add(
        rows.Packet(
            id=keep.packet_id,
            case_id=prepared.case_id,
            reference_tag=prepared.reference_tag,
            body=keep.body,
            lock=prepared.wrap,
            answer_tag=keep.answer_tag,
            tries_left=PACKET_TRIES,
            reads_left=READS,
            was_read=keep.was_read,
            answered=False,
            expires_at=keep.until,
        )
    )


def _open_again(session: Session, case: rows.Case | None, prepared: Prepared) -> None:
    """Open a space that a lost portal had; one that is here stays as it is. Raises UnknownCase and ReferenceTaken.

    In a new portal nothing was taken in for the case before; where something was, it may have been erased since. Whoever asked
    before all spaces were here again may have been given the reference of one of them.
    """
    if case is not None:
        return
    if rows.was_here(session, prepared.case_id):
        raise UnknownCase
    if rows.has_reference(session, prepared.all_tags):
        raise ReferenceTaken
    assert prepared.opened_on is not None
    session.add(
        rows.Case(
            id=prepared.case_id,
            reference_tag=prepared.reference_tag,
            opened_on=prepared.opened_on,
            number_out=prepared.number_out,
        )
    )
    session.flush()
    if prepared.wrap:
        session.add(rows.NumberWrap(case_id=prepared.case_id, wrap=prepared.wrap))
