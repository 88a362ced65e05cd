"""Coming back: the return number opens a visit, and the visit opens the conversation and nothing else."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from app.adapters import numbers, sealing
from app.data import portal as rows
from app.data import post as post_rows
from app.data.database import Database
from app.domain.reference import reference_of
from app.domain.referral import MalformedReferral, News
from app.domain.status import Delivery
from app.services import post
from app.services.portal.office import Office, new_token, row_id

VISIT_LASTS = timedelta(hours=12)
VISIT_PURPOSE = "visit"
SECRET_LENGTH = 32
NO_CASE = bytes(16)


class Stopped(Exception):
    """A roll-back was noticed: spaces stay shut until a person has looked; the page asks to ring."""


@dataclass(frozen=True)
class OpenVisit:
    """A visit in use: the case, and its secret in memory for this request.

    `to_read` names a page that comes next, until it was read; it is sealed in the visit and ends with it.
    """

    visit_id: bytes
    case_id: bytes
    case_secret: bytes
    expires_at: datetime
    to_read: str = ""


@dataclass(frozen=True)
class Shown:
    """One piece of the conversation as it is shown. `delivery` only for what the person wrote."""

    news: News
    at: datetime
    mine: bool
    number: int
    delivery: Delivery | None = None


@dataclass(frozen=True)
class Space:
    """What a person finds. `delivery` is where their request is; `read` when a person at the Hub has opened it."""

    conversation: tuple[Shown, ...]
    delivery: Delivery
    waiting_since: datetime | None
    read: bool
    more_on_its_way: bool


def open_visit(database: Database, office: Office, *, digits: str, now: datetime) -> bytes:
    """Check a return number of 24 digits and open a visit; returns the cookie's token.

    Wrong and unknown numbers take the same path and the same time: one key derivation each. Raises numbers.WrongNumber,
    office.Busy and Stopped.
    """
    with database.reading() as session:
        if post_rows.post_state(session, rows.POST).stopped is not None:
            raise Stopped
        found = rows.case_by_tags(session, numbers.reference_tags(reference_of(digits), office.peppers))
    if found is None:
        case_id, wrap = NO_CASE, numbers.stand_in_wrap(office.peppers, office.cost)
    else:
        case_id, wrap = found[0].id, numbers.Wrap.from_bytes(found[1].wrap)
    with office.returning.taken():
        secret = numbers.unwrap_secret(wrap, digits, case_id=case_id, peppers=office.peppers)
    token = new_token()
    sealed = sealing.seal_box(token, secret, purpose=VISIT_PURPOSE, bound=case_id)
    with database.writing() as session:
        session.add(rows.Visit(id=row_id(token), case_id=case_id, sealed=sealed, expires_at=now + VISIT_LASTS))
    return token


def visit(session: Session, token: bytes, *, now: datetime) -> OpenVisit | None:
    """The visit that this cookie opens, or None when it has ended."""
    row = rows.visit(session, row_id(token), now=now)
    if row is None or post_rows.post_state(session, rows.POST).stopped is not None:
        return None
    try:
        opened = sealing.open_box(token, row.sealed, purpose=VISIT_PURPOSE, bound=row.case_id)
    except sealing.CannotOpen:
        return None
    return OpenVisit(
        visit_id=row.id,
        case_id=row.case_id,
        case_secret=opened[:SECRET_LENGTH],
        expires_at=row.expires_at,
        to_read=opened[SECRET_LENGTH:].decode("ascii"),
    )


def set_to_read(database: Database, opened: OpenVisit, token: bytes, *, page: str) -> None:
    """Keep which page comes next, or "" once it was read. It stands in no address, so that no history tells of it.

    `page` is ASCII, and short: the box is as long as before.
    """
    sealed = sealing.seal_box(
        token, opened.case_secret + page.encode("ascii"), purpose=VISIT_PURPOSE, bound=opened.case_id
    )
    with database.writing() as session:
        row = session.get(rows.Visit, opened.visit_id)
        if row is not None:
            row.sealed = sealed


def end_visit(session: Session, token: bytes) -> None:
    """Sign out."""
    rows.end_visit(session, row_id(token))


def read_space(session: Session, opened: OpenVisit) -> Space:
    """Open everything of the conversation that can be opened; what cannot is alarmed and shown as on its way."""
    delivery = rows.delivery(session, opened.case_id)
    shown: list[Shown] = []
    broken = False
    for item in rows.items(session, opened.case_id):
        mine = item.direction == rows.TO_HUB
        lane = sealing.Lane.TO_HUB if mine else sealing.Lane.TO_PERSON
        try:
            envelope = sealing.parse(item.body)
            header = envelope.header
            if (header.case_id, header.number, header.envelope_id) != (item.case_id, item.number, item.envelope_id):
                raise sealing.CannotOpen
            news = News.from_bytes(sealing.open_in_conversation(envelope, lane=lane, secret=opened.case_secret))
            at = datetime.fromisoformat(news.at)
        except (sealing.CannotOpen, sealing.MalformedEnvelope, MalformedReferral, ValueError):
            broken = True
            post.alarm("an item of a conversation does not open")
            continue
        state = Delivery(delivery.get(item.number, Delivery.RECEIVED.value)) if mine else None
        shown.append(Shown(news=news, at=at, mine=mine, number=item.number, delivery=state))
    theirs = [each.number for each in shown if not each.mine]
    gap = len(theirs) < max(theirs, default=0)
    shown.sort(key=lambda each: (each.at, each.mine, each.number))
    return Space(
        conversation=tuple(shown),
        delivery=Delivery(delivery.get(0, Delivery.RECEIVED.value)),
        waiting_since=rows.waiting_since(session, opened.case_id),
        read=any(each.news.status == "read" for each in shown),
        more_on_its_way=gap or broken,
    )


def write_message(
    database: Database,
    office: Office,
    opened: OpenVisit,
    *,
    text: str,
    language: str,
    message_id: bytes,
    now: datetime,
) -> None:
    """Seal a message to the Hub and commit it with its envelope.

    `message_id` (16 random bytes made with the form) makes a repeat harmless. Raises sealing.TooLarge.
    """
    news = News(kind="message", at=now.isoformat(timespec="seconds"), text=text, language=language)
    while True:
        with database.reading() as session:
            if session.get(rows.Item, message_id) is not None:
                return
            number = session.get_one(rows.Case, opened.case_id).number_out
            database_id = post_rows.post_state(session, rows.POST).database_id
        header = sealing.Header(
            database_id=database_id, case_id=opened.case_id, envelope_id=message_id, number=number + 1
        )
        body = sealing.seal_in_conversation(
            news.to_bytes(),
            lane=sealing.Lane.TO_HUB,
            header=header,
            # The Hub's own key id, as in the other lane: an onlooker cannot tell a message from an addition.
            key_id=sealing.public_key_id(office.hub_key(now)),
            secret=opened.case_secret,
            signer=office.signer,
        )
        with database.writing() as session:
            if not rows.claim_number(session, opened.case_id, expected=number):
                continue
            session.add(
                rows.Item(
                    envelope_id=message_id,
                    case_id=opened.case_id,
                    direction=rows.TO_HUB,
                    number=header.number,
                    body=body,
                )
            )
            post_rows.put(
                session,
                rows.POST,
                envelope_id=message_id,
                case_id=opened.case_id,
                number=header.number,
                body=body,
                now=now,
            )
        return
