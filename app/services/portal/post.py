"""The portal's half of a pass: check the Hub's token, take in what it brings, follow its orders, hand over what waits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from nacl.signing import SigningKey, VerifyKey
from sqlalchemy.orm import Session

from app.adapters import carriers, sealing
from app.data import portal as rows
from app.data import post as post_rows
from app.data.database import Database
from app.domain.order import MalformedOrder, Order
from app.domain.retention import Periods
from app.services import post
from app.services.portal import auditing, feedback, orders, packets, retention, survey
from app.services.portal.office import Busy, Office
from app.services.post import Verdict

WITHOUT_SETTINGS = Periods()
MOST_GIVEN_BACK = 500
# After these something must not be left in the files.
ERASES = frozenset({Order.ERASE, Order.NO_PACKET, Order.PACKET})


@dataclass(frozen=True)
class HubTrust:
    """The Hub's public halves that the portal has pinned."""

    database_id: bytes
    courier: tuple[VerifyKey, ...]
    voice: tuple[VerifyKey, ...]
    post: tuple[VerifyKey, ...]


@dataclass(frozen=True)
class Reply:
    """What goes back to the courier."""

    body: bytes
    token: str


def take_pass(
    database: Database,
    *,
    body: bytes,
    token: str,
    trust: HubTrust,
    office: Office,
    keys: Mapping[bytes, X25519PrivateKey],
    now: datetime,
    keep: Periods = WITHOUT_SETTINGS,
) -> Reply:
    """Serve one pass. `keys` are the portal's own sealing keys by key id, for the Hub's orders; `keep` says how long what has
    arrived stays here.

    Raises carriers.BadToken or carriers.MalformedParcel: the caller answers with the site's own "not found".
    """
    signer = office.signer
    with database.reading() as session:
        own_id = post_rows.post_state(session, rows.POST).database_id
    try:
        claims = carriers.read_token(
            token, body=body, keys=trust.courier, issuer=trust.database_id, audience=own_id, now=now
        )
    except carriers.WrongDatabase as error:
        # The right key, but another database on one of the two sides: say so, signed, and touch nothing else.
        reason = post.CHANGED_PEER if error.claims.audience == own_id else post.CHANGED_SELF
        _stop(database, reason)
        return _reply(database, carriers.Parcel(), trust=trust, signer=signer, nonce=error.claims.nonce, now=now)

    with database.reading() as session:
        state = post_rows.post_state(session, rows.POST)
        reason_to_stop, was_stopped = post.reason_to_stop(state, claims), state.stopped
    if reason_to_stop or was_stopped:
        if post.is_restored_anew(state, claims):
            with database.writing() as session:  # it goes when somebody has looked and the post goes on
                post_rows.send_again(session, rows.POST, restored_id=claims.restored, now=now)
        if reason_to_stop and not was_stopped:
            _stop(database, reason_to_stop)
        # Nothing moves, but what is known of the audit may be asked for: the more so when something is wrong.
        with database.reading() as session:
            known = auditing.heads(session, carriers.unpack(body).heads_after)
        return _reply(database, carriers.Parcel(heads=known), trust=trust, signer=signer, nonce=claims.nonce, now=now)

    parcel = carriers.unpack(body)
    answers, bad_answers = post.read_answers(parcel.answers, keys=trust.post, own_database=own_id)
    verdicts = [
        (envelope_id, raw, _verify(raw, envelope_id=envelope_id, own_id=own_id, trust=trust, office=office, keys=keys))
        for envelope_id, raw in parcel.envelopes
    ]
    with database.writing() as session:
        refusals = post.settle_all(session, rows.POST, answers)
        rows.refuse_what_follows(session)
        kept = post_rows.let_go_of(session, rows.POST, [answer.envelope_id for answer in answers if answer.kept])
        answered = [answer.envelope_id for answer in answers]
        pooled = survey.let_go(session, answered) | feedback.let_go(session, answered)
        pooled |= packets.let_go(session, answered)
        refusals += [answer for answer in answers if answer.envelope_id in pooled and not answer.received]
        for raw in bad_answers:
            post.keep_aside(session, rows.POST, reason="bad-answer", body=raw, now=now)
        given = [
            _take_in(session, envelope_id, raw, checked, signer=signer, now=now)
            for envelope_id, raw, checked in verdicts
            if not checked.is_later
        ]
        has_erased = any(checked.order is not None and checked.order.order in ERASES for *_, checked in verdicts)
        outgoing = post.gather(session, rows.POST, now=now)
        post_rows.mark_tried(session, rows.POST, [envelope_id for envelope_id, _ in outgoing.envelopes], now=now)
        of_no_case = [
            *packets.take_along(session, now=now),
            *feedback.take_along(session, now=now),
            *survey.take_along(session, now=now),
        ]
        post_rows.pass_made(
            session,
            rows.POST,
            peer_database_id=claims.issuer,
            peer_sent=claims.sent,
            peer_said_at=claims.said_at,
            now=now,
            peer_restored_id=claims.restored,
        )
        given_back = _give_back(session, parcel.give_back_after)
        seen = auditing.grow(session, parcel.chains, restored=claims.restored)
        seen += auditing.heads(session, parcel.heads_after)
        swept = retention.sweep(session, keep=keep, last=state.last_pass_at, now=now)
    if has_erased or swept or kept:
        database.forget_deleted()
    for refusal in refusals:
        post.alarm("the Hub refused an envelope", reason=refusal.reason)
    for raw in bad_answers:
        post.alarm("an answer that cannot be believed", bytes=len(raw))
    for verdict in given:
        if verdict.aside_reason:
            post.alarm("an envelope from the Hub was refused", reason=verdict.aside_reason)
    # The answers to this very parcel go back at once; an answer that is lost is asked for again by the next repeat.
    parcel_back = carriers.Parcel(
        envelopes=[*outgoing.envelopes, *of_no_case],
        answers=[verdict.answer for verdict in given if verdict.answer is not None],
        given_back=given_back,
        heads=seen,
    )
    return _reply(database, parcel_back, trust=trust, signer=signer, nonce=claims.nonce, now=now)


def _give_back(session: Session, after: bytes | None) -> list[carriers.GivenBack]:
    """Some of what the Hub once sent to people, when it asks because it lost them; it can verify its own signature on each."""
    if after is None:
        return []
    given: list[carriers.GivenBack] = []
    size = 0
    for item in rows.sent_by_the_hub(session, after=after, most=MOST_GIVEN_BACK):
        size += len(item.body)
        if given and size > carriers.MOST_BYTES // 2:  # an ordinary parcel may come with it
            break
        given.append(carriers.GivenBack(item.envelope_id, item.case_id, item.number, item.body))
    return given


@dataclass(frozen=True)
class _Checked:
    """What can be said of an envelope without the database: sound, an order ready to follow, refused, or for a later pass.

    `comes_home`: an earlier portal of ours sent it for somebody, and the Hub gives it back to this one.
    """

    envelope: sealing.Envelope | None = None
    order: orders.Prepared | None = None
    refused: Verdict | None = None
    is_later: bool = False
    comes_home: bool = False


def _verify(
    raw: bytes,
    *,
    envelope_id: bytes,
    own_id: bytes,
    trust: HubTrust,
    office: Office,
    keys: Mapping[bytes, X25519PrivateKey],
) -> _Checked:
    try:
        envelope = sealing.parse(raw)
        header = envelope.header
        if header.envelope_id != envelope_id:
            raise sealing.MalformedEnvelope("under another id")
        if header.database_id not in (trust.database_id, own_id) and _is_ours(envelope, office):
            return _Checked(envelope, comes_home=True)
        sealing.verify(envelope, trust.voice)
    except sealing.UnknownVersion:
        reason = "unknown-version"
    except sealing.MalformedEnvelope:
        reason = "malformed"
    except sealing.BadSignature:
        reason = "bad-signature"
    else:
        if header.database_id != trust.database_id:
            reason = "foreign-database"
        elif envelope.kind is sealing.Kind.ITEM:
            return _Checked(envelope)
        elif envelope.kind is sealing.Kind.ORDER:
            try:
                with office.sending.taken():
                    prepared = orders.prepare(envelope, keys=keys, peppers=office.peppers, cost=office.cost)
                return _Checked(envelope, prepared)
            except Busy:
                return _Checked(is_later=True)
            except (sealing.CannotOpen, MalformedOrder):
                reason = "cannot-open"
        else:
            reason = "unexpected-kind"
    unreadable = post.header_of_unreadable(envelope_id, sender=trust.database_id)
    return _Checked(refused=Verdict(post.answer_to(unreadable, "refused", reason, signer=office.signer), reason))


def _is_ours(envelope: sealing.Envelope, office: Office) -> bool:
    """True for a piece of a conversation that a portal with these keys signed."""
    try:
        sealing.verify(envelope, [office.signer.verify_key])
    except sealing.BadSignature:
        return False
    return envelope.kind is sealing.Kind.ITEM


def _take_in(
    session: Session,
    envelope_id: bytes,
    raw: bytes,
    checked: _Checked,
    *,
    signer: SigningKey,
    now: datetime,
) -> Verdict:
    known = post_rows.known_answer(session, rows.POST, envelope_id)
    if known is not None:
        return Verdict(known)
    envelope, verdict = checked.envelope, checked.refused
    if envelope is not None:
        verdict = _verdict(session, envelope, order=checked.order, signer=signer, now=now)
    if verdict is None or verdict.answer is None:
        raise AssertionError("every envelope gets an answer here")
    if verdict.aside_reason:
        post.keep_aside(session, rows.POST, reason=verdict.aside_reason, body=raw, now=now)
        if envelope is None or verdict.aside_reason == "replayed":
            return verdict
    assert envelope is not None
    header = envelope.header
    is_here = checked.comes_home and rows.has_own_item(
        session, header.case_id, envelope_id=envelope_id, number=header.number
    )
    if not verdict.aside_reason and checked.order is None and not is_here:
        session.add(
            rows.Item(
                envelope_id=envelope_id,
                case_id=header.case_id,
                direction=rows.TO_HUB if checked.comes_home else rows.TO_PERSON,
                number=header.number,
                body=raw,
            )
        )
    post_rows.remember(
        session,
        rows.POST,
        envelope_id=envelope_id,
        database_id=header.database_id,
        case_id=header.case_id,
        number=header.number,
        answer=verdict.answer,
    )
    return verdict


def _verdict(
    session: Session,
    envelope: sealing.Envelope,
    *,
    order: orders.Prepared | None,
    signer: SigningKey,
    now: datetime,
) -> Verdict:
    header = envelope.header
    if post_rows.number_taken(
        session, rows.POST, database_id=header.database_id, case_id=header.case_id, number=header.number
    ):
        return Verdict(post.answer_to(header, "refused", "replayed", signer=signer), "replayed")
    if order is not None:
        try:
            orders.follow(session, order, now=now)
        except orders.UnknownCase:
            return Verdict(post.answer_to(header, "refused", "unknown-case", signer=signer), "unknown-case")
        except orders.ReferenceTaken:
            return Verdict(post.answer_to(header, "refused", "reference-taken", signer=signer), "reference-taken")
    elif session.get(rows.Case, header.case_id) is None:
        return Verdict(post.answer_to(header, "refused", "unknown-case", signer=signer), "unknown-case")
    return Verdict(post.answer_to(header, "received", "", signer=signer))


def _stop(database: Database, reason: str) -> None:
    with database.writing() as session:
        post_rows.stop_post(session, rows.POST, reason)
    post.alarm("the post has stopped", reason=reason.replace(" ", "-"))


def _reply(
    database: Database, parcel: carriers.Parcel, *, trust: HubTrust, signer: SigningKey, nonce: str, now: datetime
) -> Reply:
    body = carriers.pack(parcel)
    with database.reading() as session:
        claims = post.counters(session, rows.POST, to=trust.database_id, nonce=nonce)
    return Reply(body=body, token=carriers.make_token(claims, body=body, signer=signer, now=now))
