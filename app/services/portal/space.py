"""Coming back: the return number opens a visit, and the visit opens the conversation and nothing else."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from app.adapters import numbers, sealing
from app.adapters.keys import NoSealingKey
from app.data import portal as rows
from app.data import post as post_rows
from app.data.database import Database
from app.domain.reference import reference_of
from app.domain.referral import MalformedReferral, News
from app.domain.status import CLEARABLE, LATE_TOLD, READ_UP_TO, SEEN, UNSPOKEN, Delivery, Status
from app.services import post
from app.services.portal import leaf
from app.services.portal.office import Office, new_token, row_id

VISIT_LASTS = timedelta(hours=12)
VISIT_PURPOSE = "visit"
SECRET_LENGTH = 32
NO_CASE = bytes(16)
# Names in the leaf. Numbers are those of items to the person: the highest at the sign-in before this one, and at this one.
SEEN_BEFORE, SEEN_NOW = "seen_before", "seen"
# The newest items to the Hub that tell only how far somebody has seen, as the first and the last number of an unbroken run.
UNSAID = "unsaid"
# Items that the person took out of their view, by direction; and that their request was read, when that was among them.
CLEARED, WAS_READ = "cleared", "was_read"


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
    """One piece of the conversation as it is shown.

    `delivery` and `read` (by a person at the Hub) are for what the person wrote, `is_new` (since they were last here) for what
    the Hub did.
    """

    news: News
    at: datetime
    mine: bool
    number: int
    delivery: Delivery | None = None
    read: bool = False
    is_new: bool = False

    @property
    def can_be_cleared(self) -> bool:
        """The person may take it out of their view."""
        return self.news.kind in CLEARABLE


@dataclass(frozen=True)
class Space:
    """What a person finds. `delivery` is where their request is; `read` when a person at the Hub has opened it.

    `late_told`: for a promise that was late, by its day, the day on which a supervisor was told.
    """

    conversation: tuple[Shown, ...]
    delivery: Delivery
    waiting_since: datetime | None
    read: bool
    more_on_its_way: bool
    late_told: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_refused(self) -> bool:
        """The Hub could not open the request, and nobody has read it: then it can be taken back here, at once."""
        return self.delivery is Delivery.REFUSED and not self.read


def open_visit(database: Database, office: Office, *, digits: str, now: datetime, is_over: bool = False) -> bytes:
    """Check a return number and open a visit; returns the cookie's token.

    Wrong and unknown numbers take the same path and the same time: one key derivation each. `is_over`: whoever asks has typed
    very many wrong ones, and goes through the narrow way. Raises numbers.WrongNumber,
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
    with office.tried(office.returning, is_over=is_over):
        secret = numbers.unwrap_secret(wrap, digits, case_id=case_id, peppers=office.peppers)
    token = new_token()
    sealed = sealing.seal_box(token, secret, purpose=VISIT_PURPOSE, bound=case_id)
    with database.writing() as session:
        session.add(rows.Visit(id=row_id(token), case_id=case_id, sealed=sealed, expires_at=now + VISIT_LASTS))
    note_arrival(database, office, case_id=case_id, secret=secret, now=now)
    return token


def note_arrival(database: Database, office: Office, *, case_id: bytes, secret: bytes, now: datetime) -> None:
    """Somebody came in: remember how much was there, so that the next visit marks what is new. Reading a page marks nothing.

    When something was there that was not there at the last sign-in, the Hub's software is told up to where, sealed, so that
    it sends no more notices about it.
    """
    with database.reading() as session:
        found = _open_items(session, case_id, secret=secret)
        before = _seen(leaf.read(session, case_id, secret=secret), SEEN_NOW)
    highest = max(found.numbers, default=0)

    def note(session: Session, **also: Any) -> None:
        leaf.remember(session, case_id, secret=secret, **{SEEN_BEFORE: before, SEEN_NOW: max(highest, before), **also})

    def note_sent(session: Session) -> None:
        number = session.get_one(rows.Case, case_id).number_out
        run = unsaid(leaf.read(session, case_id, secret=secret))
        note(session, **{UNSAID: [run.start if number == run.stop else number, number]})

    if highest > before:
        try:
            send_item(
                database,
                office,
                case_id=case_id,
                secret=secret,
                # The day and no time: it is no record of a visit.
                news=News(kind=SEEN, at=f"{now:%Y-%m-%d}T00:00:00+00:00", data={"up_to": highest}),
                item_id=sealing.new_id(),
                now=now,
                is_kept=False,
                also=note_sent,
            )
        except NoSealingKey:
            post.alarm("there is no key of the Hub to seal to")  # a reason to look, none to keep somebody out
        else:
            return
    with database.writing() as session:
        note(session)


def unsaid(remembered: Mapping[str, Any]) -> range:
    """The numbers of the newest items to the Hub that say nothing: whatever else was sent is older, or came since."""
    kept = remembered.get(UNSAID)
    if isinstance(kept, list) and len(kept) == 2 and all(isinstance(each, int) for each in kept):
        return range(kept[0], kept[1] + 1)
    return range(0)


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
    remembered = leaf.read(session, opened.case_id, secret=opened.case_secret)
    seen_before = _seen(remembered, SEEN_BEFORE)
    found = _open_items(session, opened.case_id, secret=opened.case_secret)
    read_up_to = max(
        (_seen(each.news.data, "up_to") for each in found.theirs if each.news.kind == READ_UP_TO), default=0
    )
    shown = [
        Shown(
            news=each.news,
            at=each.at,
            mine=each.mine,
            number=each.number,
            delivery=Delivery(delivery.get(each.number, Delivery.RECEIVED.value)) if each.mine else None,
            read=each.mine and each.number <= read_up_to,
            is_new=not each.mine and each.number > seen_before,
        )
        for each in found.opened
        if each.news.kind not in UNSPOKEN
    ]
    shown.sort(key=lambda each: (each.at, each.mine, each.number))
    return Space(
        conversation=tuple(shown),
        delivery=Delivery(delivery.get(0, Delivery.RECEIVED.value)),
        waiting_since=rows.waiting_since(session, opened.case_id),
        read=remembered.get(WAS_READ) is True or any(each.news.status == Status.READ for each in shown),
        late_told={
            str(each.news.data.get("promised", "")): str(each.news.data.get("on", ""))
            for each in found.theirs
            if each.news.kind == LATE_TOLD
        },
        more_on_its_way=found.is_broken or len(found.numbers) < max(found.numbers, default=0),
    )


def clear(database: Database, opened: OpenVisit, *, which: Iterable[tuple[bool, int]] | None) -> None:
    """Take items out of the person's own view for good: (mine, number) of each, or all for None. The Hub keeps its own.

    Nothing of them stays in the conversation here. What the person wrote and the Hub has not collected yet still goes to it.
    What may not be cleared (see CLEARABLE), or does not open, stays as it is.
    """
    with database.reading() as session:
        before = read_space(session, opened)
        found = _open_items(session, opened.case_id, secret=opened.case_secret)
    wanted = {(each.mine, each.number) for each in found.opened if each.news.kind in CLEARABLE}
    if which is not None:
        wanted &= set(which)
    with database.writing() as session:
        remembered = leaf.read(session, opened.case_id, secret=opened.case_secret)
        cleared = _cleared(remembered)
        for item in rows.items(session, opened.case_id):
            if (item.direction == rows.TO_HUB, item.number) in wanted:
                item.body = b""
                cleared[item.direction].add(item.number)
        leaf.remember(
            session,
            opened.case_id,
            secret=opened.case_secret,
            **{
                CLEARED: {direction: sorted(numbers_) for direction, numbers_ in cleared.items()},
                WAS_READ: before.read or None,
            },
        )
    database.forget_deleted()


@dataclass(frozen=True)
class _Opened:
    news: News
    at: datetime
    mine: bool
    number: int


@dataclass(frozen=True)
class _Items:
    """What opens of a conversation. `numbers` are those to the person that are accounted for: opened, or cleared by them."""

    opened: tuple[_Opened, ...]
    numbers: frozenset[int]
    is_broken: bool

    @property
    def theirs(self) -> tuple[_Opened, ...]:
        """What the Hub said."""
        return tuple(each for each in self.opened if not each.mine)


def _open_items(session: Session, case_id: bytes, *, secret: bytes) -> _Items:
    """Open everything that opens. Whoever can write to the database can neither add nor change, nor empty or bring back, an
    item without this alarm: only what the sealed leaf says was cleared may be empty, and it must be."""
    remembered = leaf.read(session, case_id, secret=secret)
    cleared = _cleared(remembered)
    opened: list[_Opened] = []
    accounted: set[int] = set()
    broken = False
    for item in rows.items(session, case_id):
        mine = item.direction == rows.TO_HUB
        lane = sealing.Lane.TO_HUB if mine else sealing.Lane.TO_PERSON
        if item.number in cleared[item.direction]:
            if not mine:
                accounted.add(item.number)
            if item.body:
                post.alarm("an item that was cleared is there again")
            continue
        try:
            envelope = sealing.parse(item.body)
            header = envelope.header
            if (header.case_id, header.number, header.envelope_id) != (item.case_id, item.number, item.envelope_id):
                raise sealing.CannotOpen
            news = News.from_bytes(sealing.open_in_conversation(envelope, lane=lane, secret=secret))
            at = datetime.fromisoformat(news.at)
        except (sealing.CannotOpen, sealing.MalformedEnvelope, MalformedReferral, ValueError):
            broken = True
            post.alarm("an item of a conversation does not open")
            continue
        opened.append(_Opened(news=news, at=at, mine=mine, number=item.number))
        if not mine:
            accounted.add(item.number)
    if max(accounted, default=0) < _seen(remembered, SEEN_NOW):
        broken = True
        post.alarm("items that were seen are gone")
    return _Items(opened=tuple(opened), numbers=frozenset(accounted), is_broken=broken)


def _seen(data: Mapping[str, Any], name: str) -> int:
    """A number of an item; 0 when there is none."""
    number = data.get(name)
    return number if isinstance(number, int) and not isinstance(number, bool) and number > 0 else 0


def _cleared(remembered: Mapping[str, Any]) -> dict[str, set[int]]:
    kept = remembered.get(CLEARED)
    by_direction = kept if isinstance(kept, dict) else {}
    return {direction: set(by_direction.get(direction, ())) for direction in (rows.TO_HUB, rows.TO_PERSON)}


def write_message(
    database: Database,
    office: Office,
    opened: OpenVisit,
    *,
    text: str,
    language: str,
    message_id: bytes,
    now: datetime,
    kind: str = "message",
    status: str = "",
) -> None:
    """Seal a message to the Hub and commit it with its envelope.

    `kind` and `status` make it a coded one, without text. `message_id` (16 random bytes made with the form) makes a repeat
    harmless. Raises sealing.TooLarge.
    """
    news = News(kind=kind, at=now.isoformat(timespec="seconds"), text=text, language=language, status=status)
    send_item(
        database,
        office,
        case_id=opened.case_id,
        secret=opened.case_secret,
        news=news,
        item_id=message_id,
        now=now,
    )


def send_item(
    database: Database,
    office: Office,
    *,
    case_id: bytes,
    secret: bytes,
    news: News,
    item_id: bytes,
    now: datetime,
    is_kept: bool = True,
    also: Callable[[Session], None] | None = None,
) -> None:
    """Seal an item of the conversation to the Hub under the case's next number and commit it with its envelope.

    `is_kept` False leaves it out of the conversation here. `also` is called in the transaction that commits. The same
    `item_id` again changes nothing. Raises sealing.TooLarge.
    """
    while True:
        with database.reading() as session:
            known = session.get(rows.Item, item_id)
            if known is not None:
                if known.case_id == case_id:
                    return
                item_id = sealing.new_id()  # made for another space, in this same browser
            number = session.get_one(rows.Case, case_id).number_out
            database_id = post_rows.post_state(session, rows.POST).database_id
        header = sealing.Header(database_id=database_id, case_id=case_id, envelope_id=item_id, number=number + 1)
        body = sealing.seal_in_conversation(
            news.to_bytes(),
            lane=sealing.Lane.TO_HUB,
            header=header,
            # The Hub's own key id, as in the other lane: an onlooker cannot tell a message from an addition.
            key_id=sealing.public_key_id(office.hub_key(now)),
            secret=secret,
            signer=office.signer,
        )
        with database.writing() as session:
            if not rows.claim_number(session, case_id, expected=number):
                continue
            if is_kept:
                session.add(
                    rows.Item(
                        envelope_id=item_id,
                        case_id=case_id,
                        direction=rows.TO_HUB,
                        number=header.number,
                        body=body,
                    )
                )
            post_rows.put(
                session, rows.POST, envelope_id=item_id, case_id=case_id, number=header.number, body=body, now=now
            )
            if also is not None:
                also(session)
        return
