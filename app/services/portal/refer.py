"""Sending a request once: sealed to the Hub, with a return number that only the person will hold."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.adapters import numbers, sealing
from app.data import portal as rows
from app.data import post as post_rows
from app.data.database import Database, Hand
from app.domain.asker import is_young
from app.domain.referral import Addition, Referral
from app.domain.status import Delivery
from app.domain.survey import NEVER, Offer, offer_after
from app.services import post
from app.services.portal import copies, leaf, survey
from app.services.portal.drafts import OpenDraft
from app.services.portal.office import Busy, Office, row_id

NUMBER_SHOWN_FOR = timedelta(minutes=60)
SENT_PURPOSE = "sent"
# Sealed before the digits, always one letter: whether the page that shows them speaks to somebody under 18.
YOUNG, USUAL = "y", "u"
ATTEMPTS = 5
# So many references drawn in vain, and few are left: of three in four that are taken it happens to one request in a hundred.
FEW_ARE_LEFT, NONE_IS_LEFT = 16, 1000


class NothingToSend(Exception):
    """There is no draft under this cookie (any more)."""


class DraftChanged(Exception):
    """The draft was changed after the page that the person agreed to was made."""


@dataclass(frozen=True)
class Prepared:
    """Everything of a request that takes time, done before the transaction."""

    case_id: bytes
    envelope_id: bytes
    envelope: bytes
    reference_tag: bytes
    wrap: bytes
    sealed_number: bytes
    sealed_offer: bytes
    leaf: bytes
    copy: rows.Own | None


@dataclass(frozen=True)
class ShownNumber:
    """The number still to be shown, with the case it opens.

    `young`: somebody under 18 asked for themselves; `offer`: whether the questionnaire is offered with it.
    """

    digits: str
    case_id: bytes
    young: bool = False
    offer: Offer = NEVER


def send(
    database: Database,
    office: Office,
    *,
    token: bytes,
    revision: int,
    answers: Mapping[str, Mapping[str, Any]],
    language: str,
    consent: str,
    now: datetime,
    today: date | None = None,
    keep_copy: bool = False,
    draft: OpenDraft | None = None,
    also: Callable[[Hand], None] | None = None,
) -> None:
    """Seal and commit the request of this cookie's draft, once: a repeat finds the first one and changes nothing.

    `revision` is that of the draft whose answers are sent, `today` the local day (without it, the day in UTC). `keep_copy`
    keeps the answers here, to be read with the number. `draft` is the draft as it was read just now; whether it is still so
    is seen when it is committed. `also` is called in the transaction that commits. Raises NothingToSend, DraftChanged, and
    office.Busy; then nothing was sent and the draft is as it was.
    """
    for attempt in range(ATTEMPTS):
        if draft is not None and draft.database_id and not attempt:
            found = rows.BeforeSending(draft.database_id, draft.revision)
        else:
            found = rows.before_sending(database, row_id(token), now=now)
        if found.was_sent:
            return
        if found.revision is None:
            raise NothingToSend
        if found.revision != revision:
            raise DraftChanged
        prepared = _prepare(
            office,
            reference=_free_reference(database, office),
            token=token,
            database_id=found.database_id,
            answers=answers,
            language=language,
            consent=consent,
            now=now,
            today=today or now.date(),
            keep_copy=keep_copy,
        )
        try:
            with database.writing_by_hand() as hand:
                _commit(hand, prepared, token=token, revision=revision, now=now)
                if also is not None:
                    also(hand)
        except IntegrityError:
            continue  # the reference is taken, or this draft has just been sent: look again
        return
    raise DraftChanged


def shown_number(session: Session, token: bytes, *, now: datetime) -> ShownNumber | None:
    """The number that this cookie may still see, until the person says that they have it or an hour has passed."""
    row = rows.sent(session, row_id(token), now=now)
    if row is None:
        return None
    try:
        plain = sealing.open_box(token, row.sealed, purpose=SENT_PURPOSE, bound=row.case_id).decode("ascii")
    except sealing.CannotOpen:
        return None
    digits, young, offer = plain.split(" ", 2)
    return ShownNumber(digits=digits, case_id=row.case_id, young=young == YOUNG, offer=Offer.from_text(offer))


def seal_number(token: bytes, digits: str, *, case_id: bytes, young: bool = False, offer: Offer = NEVER) -> bytes:
    """The number as a `sent` row keeps it for the cookie with this token."""
    plain = f"{digits} {YOUNG if young else USUAL} {offer.to_text()}"
    return sealing.seal_box(token, plain.encode("ascii"), purpose=SENT_PURPOSE, bound=case_id)


def keep_number(database: Database, office: Office, *, token: bytes, case_id: bytes, word: str, now: datetime) -> None:
    """The person has the number: nothing of it stays here. With a code word, that goes to the Hub in the same transaction.

    It travels in the referral lane: the portal cannot read it back. Raises what `send_addition` raises.
    """
    if not word:
        with database.writing() as session:
            acknowledge(session, token)
        return
    send_addition(
        database,
        office,
        case_id=case_id,
        addition=Addition(kind="code-word", content={"word": word}),
        addition_id=_code_word_id(token),
        now=now,
        also=lambda session, _number: acknowledge(session, token),
    )


def has_code_word(session: Session, token: bytes) -> bool:
    """True when the number of this cookie's request was kept with a code word: a repeat of that press has nothing left to do."""
    return session.get(rows.Outgoing, _code_word_id(token)) is not None


def _code_word_id(token: bytes) -> bytes:
    """The id of the one envelope that a code word travels in: whoever presses again after the answer was lost sends no second."""
    return hashlib.blake2b(b"code-word", digest_size=sealing.ID_LENGTH, key=token).digest()


def send_addition(
    database: Database,
    office: Office,
    *,
    case_id: bytes,
    addition: Addition,
    now: datetime,
    addition_id: bytes | None = None,
    urgent: bool = False,
    also: Callable[[Session, int], None] | None = None,
) -> None:
    """Seal an addition to the Hub under the case's next number and commit it.

    `addition_id` (16 random bytes made with the form) makes a repeat harmless. `urgent` ones are carried before all others.
    `also` is called with the number in the transaction that commits. Raises sealing.TooLarge.
    """
    envelope_id = addition_id or sealing.new_id()
    while True:
        with database.reading() as session:
            known = session.get(rows.Outgoing, envelope_id)
            if known is not None:
                if known.case_id == case_id:
                    return
                envelope_id = sealing.new_id()  # made for another space, in this same browser
            number = session.get_one(rows.Case, case_id).number_out
            database_id = post_rows.post_state(session, rows.POST).database_id
        header = sealing.Header(database_id=database_id, case_id=case_id, envelope_id=envelope_id, number=number + 1)
        body = sealing.seal_to_hub(
            addition.to_bytes(),
            kind=sealing.Kind.ITEM,
            header=header,
            hub_key=office.hub_key(now),
            signer=office.signer,
        )
        with database.writing() as session:
            if not rows.claim_number(session, case_id, expected=number):
                continue
            post_rows.put(
                session,
                rows.POST,
                envelope_id=header.envelope_id,
                case_id=case_id,
                number=header.number,
                body=body,
                now=now,
                urgent=urgent,
            )
            if also is not None:
                also(session, header.number)
        return


def delivery_of_request(session: Session, case_id: bytes) -> Delivery:
    """Where the request is: waiting, received, or refused by the Hub."""
    return Delivery(rows.delivery(session, case_id).get(0, Delivery.RECEIVED.value))


def acknowledge(session: Session, token: bytes) -> None:
    """The person has the number: nothing of it stays here."""
    rows.erase_draft(session, row_id(token))


def _free_reference(database: Database, office: Office) -> str:
    """A reference that no case here has, under whichever pepper it is kept: none is used twice (docs/adr/0009).

    It is looked for before the slow step, which is too dear to be done in vain. Raises office.Busy when there is none.
    """
    for drawn in range(NONE_IS_LEFT):
        reference = numbers.draw_reference(office.reference_length)
        if not rows.has_reference(database, numbers.reference_tags(reference, office.peppers)):
            if drawn >= FEW_ARE_LEFT:
                post.alarm("few references are left")
            return reference
    post.alarm("no reference is left")
    raise Busy


def _prepare(
    office: Office,
    *,
    reference: str,
    token: bytes,
    database_id: bytes,
    answers: Mapping[str, Mapping[str, Any]],
    language: str,
    consent: str,
    now: datetime,
    today: date,
    keep_copy: bool,
) -> Prepared:
    case_id, case_secret = sealing.new_id(), secrets.token_bytes(32)
    digits = numbers.make_number(office.peppers, reference=reference)
    with office.sending.taken():
        wrap = numbers.wrap_secret(
            case_secret, digits, case_id=case_id, pepper=office.peppers.newest, cost=office.cost
        ).to_bytes()
    referral = Referral(
        reference=reference,
        case_secret=case_secret,
        number_wrap=wrap,
        language=language,
        answers=answers,
        consent=consent,
        sent_at=now.isoformat(timespec="seconds"),
    )
    header = sealing.Header(database_id=database_id, case_id=case_id, envelope_id=sealing.new_id(), number=0)
    envelope = sealing.seal_to_hub(
        referral.to_bytes(),
        kind=sealing.Kind.FIRST,
        header=header,
        hub_key=office.hub_key(now),
        signer=office.signer,
    )
    offer = offer_after(answers, now=now)
    remembered = leaf.of_request(answers, today=today)
    return Prepared(
        case_id=case_id,
        envelope_id=header.envelope_id,
        envelope=envelope,
        reference_tag=numbers.reference_tag(reference, office.peppers.newest),
        wrap=wrap,
        sealed_number=seal_number(token, digits, case_id=case_id, young=is_young(answers), offer=offer),
        sealed_offer=survey.sealed_offer(offer, case_secret=case_secret, case_id=case_id),
        leaf=leaf.seal(remembered, case_id, secret=case_secret),
        copy=copies.row_of(answers, case_id, secret=case_secret) if keep_copy else None,
    )


def _commit(hand: Hand, prepared: Prepared, *, token: bytes, revision: int, now: datetime) -> None:
    """One transaction: the draft's answers go; the case, its wrap, the envelope and the number to show come."""
    was_there = rows.keep_request(
        hand,
        draft_id=row_id(token),
        revision=revision,
        case_id=prepared.case_id,
        reference_tag=prepared.reference_tag,
        wrap=prepared.wrap,
        leaf=prepared.leaf,
        offer=prepared.sealed_offer,
        number=prepared.sealed_number,
        number_until=now + NUMBER_SHOWN_FOR,
        copy=prepared.copy,
        envelope_id=prepared.envelope_id,
        envelope=prepared.envelope,
        now=now,
    )
    if not was_there:
        raise DraftChanged
