"""The Hub's half of a pass: open the connection, take in what the portal hands over, settle its answers.

This is what the courier process does every two seconds.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final, Protocol

from nacl.signing import SigningKey, VerifyKey
from sqlalchemy import delete
from sqlalchemy.orm import Session

from app.adapters import carriers, sealing
from app.adapters.audit_heads import HeadsFile
from app.data import hub as rows
from app.data import post as post_rows
from app.data.database import Database
from app.data.hub import Item
from app.domain.change import Delays
from app.domain.feedback import Feedback, MalformedFeedback, is_feedback
from app.domain.hours import OpeningHours
from app.domain.packet import MalformedPacket, PacketAnswer, is_packet_answer
from app.domain.referral import Addition, MalformedReferral, News, Referral
from app.domain.status import SEEN, UNSPOKEN
from app.domain.survey import MalformedSurvey, Survey
from app.services import post
from app.services.hub import (
    asked,
    auditing,
    changes,
    danger,
    feedback,
    guard,
    handovers,
    needs,
    on_call,
    packets,
    promises,
    records,
    seen,
    spaces,
)
from app.services.hub.records import Opener
from app.services.post import Verdict

log = logging.getLogger("post")

WITHOUT_SETTINGS = Delays()
# One pass at a time: two at once would take in the same envelope twice over, and alarm about each.
PASS: Final = "pass"  # no password  # noqa: S105  # nosec B105
PATIENCE_SECONDS = 20.0
# New requests that are committed together: few, so that a desk that saves something meanwhile hardly waits.
MOST_TOGETHER = 20


@dataclass(frozen=True)
class PortalTrust:
    """The portal's public halves that the Hub has pinned; `sealing` is the raw key to seal orders to."""

    database_id: bytes
    signing: tuple[VerifyKey, ...]
    sealing: bytes


@dataclass(frozen=True)
class PostKeys:
    """The Hub's own signing keys that a pass needs: `post` for answers, `courier` for tokens, `voice` for what people read."""

    voice: SigningKey
    post: SigningKey
    courier: SigningKey


class Carrier(Protocol):
    """Anything that can take a packed parcel with its token to the portal and bring the portal's back."""

    def exchange(self, body: bytes, token: str) -> tuple[bytes, str]:
        """Raises carriers.CarrierDown."""


@dataclass(frozen=True)
class PassMade:
    """What one pass did, for the log and for the courier's pace."""

    taken_in: int
    refused: int
    handed_over: int
    stopped: bool
    has_all: bool = True
    given_back: tuple[carriers.GivenBack, ...] = ()
    heads: tuple[carriers.Head, ...] = ()


@dataclass(frozen=True)
class _Opened:
    """An envelope opened before the transaction, with the rows it becomes."""

    envelope: sealing.Envelope
    rows: tuple[object, ...]
    at_risk: bool = False
    persistence: tuple[str, ...] = ()
    addition: Addition | None = None
    told: Item | None = None  # what the Hub's software tells the person with it
    change: changes.Arrival | None = None
    handover: handovers.Arrival | None = None
    answered: handovers.Answered | None = None  # what a service said of a packet
    complaint: Mapping[str, Any] | None = None
    is_erased: bool = False
    asks_nothing: bool = False
    replaces: tuple[bytes, ...] = ()

    @property
    def place(self) -> bytes:
        """By what its number counts: its case, or for what belongs to none a place of its own."""
        header = self.envelope.header
        return header.envelope_id if self.envelope.kind is sealing.Kind.POOLED else header.case_id


def make_pass(
    database: Database,
    carrier: Carrier,
    *,
    trust: PortalTrust,
    keys: PostKeys,
    opener: Opener,
    now: datetime,
    delays: Delays = WITHOUT_SETTINGS,
    hours: OpeningHours | None = None,
    recovering: bool = False,
    give_back_after: bytes | None = None,
    wait_seconds: float = PATIENCE_SECONDS,
    audit: HeadsFile | None = None,
    heads_after: str | None = None,
) -> PassMade:
    """Make one pass, and after it what has become due. `hours` are the Hub's own (see `plans.Record`).

    The courier makes them, and the desk before it shows how to reach somebody: never two at once. A pass for `recovering`
    (app/services/hub/recovering.py) goes on although this database was restored, says nothing to anybody, and may ask the
    portal for what the Hub once sent. With `audit` the portal is told what the audit has grown by, and what it acknowledges
    is added there; `heads_after` asks for all that it has seen of it (app/services/hub/auditing.py).

    Raises carriers.CarrierDown when the portal cannot be reached, carriers.BadToken when its answer cannot be believed, and
    database.Busy when another pass has not ended after `wait_seconds`; nothing is lost then, the next pass does it again.
    """
    with database.alone(PASS, wait_seconds=wait_seconds):
        return _make_pass(
            database,
            carrier,
            trust=trust,
            keys=keys,
            opener=opener,
            now=now,
            delays=delays,
            hours=hours,
            recovering=recovering,
            give_back_after=give_back_after,
            audit=audit,
            heads_after=heads_after,
        )


def _make_pass(
    database: Database,
    carrier: Carrier,
    *,
    trust: PortalTrust,
    keys: PostKeys,
    opener: Opener,
    now: datetime,
    delays: Delays,
    hours: OpeningHours | None,
    recovering: bool,
    give_back_after: bytes | None,
    audit: HeadsFile | None,
    heads_after: str | None,
) -> PassMade:
    nonce = carriers.new_nonce()
    with database.writing() as session:
        state = post_rows.post_state(session, rows.POST)
        was_stopped = state.stopped is not None and not (recovering and state.stopped == post.RESTORED)
        outgoing = carriers.Parcel() if was_stopped else post.gather(session, rows.POST, now=now)
        carried = [] if was_stopped else [envelope_id for envelope_id, _ in post_rows.answers_due(session, rows.POST)]
        post_rows.mark_tried(session, rows.POST, [envelope_id for envelope_id, _ in outgoing.envelopes], now=now)
        claims = post.counters(session, rows.POST, to=trust.database_id, nonce=nonce)
        claims = replace(claims, stopped=was_stopped)
        grown = auditing.due(session) if audit is not None and not was_stopped else []
    body = carriers.pack(
        replace(outgoing, give_back_after=give_back_after, chains=tuple(grown), heads_after=heads_after)
    )
    raw, token = carrier.exchange(body, carriers.make_token(claims, body=body, signer=keys.courier, now=now))
    try:
        theirs = carriers.read_token(
            token,
            body=raw,
            keys=trust.signing,
            issuer=trust.database_id,
            audience=claims.issuer,
            now=now,
            nonce=nonce,
        )
    except carriers.WrongDatabase:
        _stop(database, post.CHANGED_PEER)
        return PassMade(taken_in=0, refused=0, handed_over=0, stopped=True)
    with database.reading() as session:
        state = post_rows.post_state(session, rows.POST)
        reason_to_stop = post.reason_to_stop(state, theirs)
    if reason_to_stop or was_stopped:
        if reason_to_stop and not was_stopped:
            _stop(database, reason_to_stop)
        known = tuple(carriers.unpack(raw).heads) if heads_after is not None else ()
        return PassMade(taken_in=0, refused=0, handed_over=0, stopped=True, heads=known)

    parcel = carriers.unpack(raw)
    taken, refused, failed = take_in(
        database, parcel, trust=trust, keys=keys, opener=opener, now=now, delays=delays, hours=hours
    )
    answers, bad_answers = post.read_answers(parcel.answers, keys=trust.signing, own_database=claims.issuer)
    with database.writing() as session:
        refusals = post.settle_all(session, rows.POST, answers)
        spaces.opened(session, [each.envelope_id for each in answers if each.received], now=now)
        for bad in bad_answers:
            post.keep_aside(session, rows.POST, reason="bad-answer", body=bad, now=now)
        post_rows.answers_carried(session, rows.POST, carried)
        post_rows.pass_made(
            session,
            rows.POST,
            peer_database_id=theirs.issuer,
            peer_sent=theirs.sent,
            peer_said_at=theirs.said_at,
            now=now,
            has_all=not failed and not recovering,
        )
    if not recovering:  # before the Hub has its own items again it does not know which numbers they have
        changes.run_due(database, opener=opener, voice=keys.voice, portal_key=trust.sealing, now=now, hours=hours)
        changes.tell(database, opener=opener, voice=keys.voice, now=now)
        packets.hold_frozen(database, portal_key=trust.sealing, voice=keys.voice, now=now)
        packets.forget_over(database, now=now)
        handovers.tell(database, opener=opener, voice=keys.voice, now=now, hours=hours)
        promises.tell(database, opener=opener, voice=keys.voice, now=now, hours=hours)
        danger.tell(database, opener=opener, voice=keys.voice, now=now)
    if audit is not None:
        asked_about = {each.chain for each in grown}
        auditing.acknowledged(
            database, [each for each in parcel.heads if each.chain in asked_about], kept=audit, now=now
        )
    for refusal in refusals:
        post.alarm("the portal refused an envelope", reason=refusal.reason)
    for bad in bad_answers:
        post.alarm("an answer that cannot be believed", bytes=len(bad))
    return PassMade(
        taken_in=taken,
        refused=refused,
        handed_over=len(outgoing.envelopes),
        stopped=False,
        has_all=not failed,
        given_back=tuple(parcel.given_back),
        heads=tuple(parcel.heads),
    )


def take_in(
    database: Database,
    parcel: carriers.Parcel,
    *,
    trust: PortalTrust,
    keys: PostKeys,
    opener: Opener,
    now: datetime,
    delays: Delays = WITHOUT_SETTINGS,
    hours: OpeningHours | None = None,
) -> tuple[int, int, int]:
    """Open and commit each envelope with its answer; returns how many were received, refused, and left for another pass.

    New requests with which all is plain are committed a few at a time. All others are a transaction each, and so is each of
    those few when theirs fails, so that one bad envelope holds up nothing. Opening happens outside of it. What is urgent comes
    first, but not before the request that it is about: a request that is taken back must not lie open until the next pass.
    """
    taken = refused = failed = 0
    for some in _by_turns(parcel.envelopes):
        together = _take_in_together(database, some, trust=trust, keys=keys, opener=opener, now=now, hours=hours)
        taken += len(together)
        for place, (envelope_id, raw) in enumerate(some):
            if place in together:
                continue
            try:
                verdict = _take_in_one(
                    database,
                    envelope_id,
                    raw,
                    trust=trust,
                    keys=keys,
                    opener=opener,
                    now=now,
                    delays=delays,
                    hours=hours,
                )
            except Exception as error:
                post.alarm("an envelope could not be taken in just now", kind=type(error).__name__)
                failed += 1
                continue
            if verdict is None:
                continue
            if verdict.aside_reason:
                refused += 1
                post.alarm("an envelope from the portal was refused", reason=verdict.aside_reason)
            else:
                taken += 1
    return taken, refused, failed


def _by_turns(envelopes: Sequence[tuple[bytes, bytes]]) -> Iterator[list[tuple[bytes, bytes]]]:
    """The first envelopes of cases, a few at a time, and then all others, each by itself."""
    first = [each for each in envelopes if not _comes_later(each)]
    for start in range(0, len(first), MOST_TOGETHER):
        yield first[start : start + MOST_TOGETHER]
    for each in envelopes:
        if _comes_later(each):
            yield [each]


def _comes_later(envelope: tuple[bytes, bytes]) -> bool:
    """False for the first envelope of a case."""
    try:
        return sealing.parse(envelope[1]).kind is not sealing.Kind.FIRST
    except sealing.MalformedEnvelope:
        return True


def _take_in_together(
    database: Database,
    some: Sequence[tuple[bytes, bytes]],
    *,
    trust: PortalTrust,
    keys: PostKeys,
    opener: Opener,
    now: datetime,
    hours: OpeningHours | None,
) -> frozenset[int]:
    """Commit the plain new requests among these in one transaction; returns their places.

    What else there is to be done with an envelope is `_take_in_one`'s: whatever is not plain is left to it, untouched, and
    when the transaction fails, all are. Then it finds out which of them it was.
    """
    if len(some) == 1:
        return frozenset()
    try:
        plain = _open_plain(database, some, trust=trust, opener=opener, now=now)
        answers = {
            place: post.answer_to(opened.envelope.header, "received", "", signer=keys.post)
            for place, opened in plain.items()
        }
        with database.writing() as session:
            # A case before what hangs on it. Of each kind all at once: row by row costs more than all else here.
            session.add_all(opened.rows[0] for opened in plain.values())
            session.flush()
            for place, opened in plain.items():
                header = opened.envelope.header
                session.add_all(opened.rows[1:])
                post_rows.remember(
                    session,
                    rows.POST,
                    envelope_id=header.envelope_id,
                    database_id=header.database_id,
                    case_id=opened.place,
                    number=header.number,
                    answer=answers[place],
                )
            session.flush()
            for opened in plain.values():
                on_call.came(session, opened.envelope.header.case_id, now=now, hours=hours)
    except Exception as error:
        log.warning("requests could not be taken in together: %s; each by itself", type(error).__name__)
        return frozenset()
    return frozenset(plain)


def _open_plain(
    database: Database,
    some: Sequence[tuple[bytes, bytes]],
    *,
    trust: PortalTrust,
    opener: Opener,
    now: datetime,
) -> dict[int, _Opened]:
    """The new requests among these against which nothing speaks, with their rows, by place.

    Left out are those that were here before, that will be refused, that hide from somebody, or that share their id, case or
    reference with one before them here.
    """
    found: dict[int, tuple[sealing.Envelope, Referral]] = {}
    met: set[object] = set()
    for place, (envelope_id, raw) in enumerate(some):
        try:
            envelope = sealing.parse(raw)
            header = envelope.header
            is_new = met.isdisjoint((envelope_id, header.envelope_id, header.case_id))
            met |= {envelope_id, header.envelope_id, header.case_id}
            sealing.verify(envelope, trust.signing)
            referral = Referral.from_bytes(opener.open(envelope))
        except (sealing.MalformedEnvelope, sealing.BadSignature, sealing.CannotOpen, MalformedReferral):
            continue
        is_new = is_new and referral.reference not in met
        met.add(referral.reference)
        if (
            is_new
            and not referral.is_restricted
            and (header.envelope_id, header.database_id, header.number) == (envelope_id, trust.database_id, 0)
        ):
            found[place] = envelope, referral
    with database.reading() as session:
        here = rows.already_here(
            session,
            database_id=trust.database_id,
            envelope_ids=[envelope.header.envelope_id for envelope, _ in found.values()],
            case_ids=[envelope.header.case_id for envelope, _ in found.values()],
            references=[referral.reference for _, referral in found.values()],
        )
    return {
        place: _Opened(envelope, records.rows_of_first(referral, envelope.header.case_id, opener=opener, now=now))
        for place, (envelope, referral) in found.items()
        if here.isdisjoint((envelope.header.envelope_id, envelope.header.case_id, referral.reference))
    }


def _take_in_one(
    database: Database,
    envelope_id: bytes,
    raw: bytes,
    *,
    trust: PortalTrust,
    keys: PostKeys,
    opener: Opener,
    now: datetime,
    delays: Delays,
    hours: OpeningHours | None,
) -> Verdict | None:
    """One envelope; None when it is a repeat, or must wait for the first of its case."""
    with database.reading() as session:
        if post_rows.known_answer(session, rows.POST, envelope_id) is not None:
            known = True
        else:
            known = False
            opened = _open(
                session,
                envelope_id,
                raw,
                trust=trust,
                voice=keys.voice,
                opener=opener,
                now=now,
                delays=delays,
                hours=hours,
            )
    if known:
        with database.writing() as session:
            post_rows.answer_again(session, rows.POST, envelope_id)
        return None
    if opened is None:
        return None
    if isinstance(opened, _Opened):
        header = opened.envelope.header
        verdict = Verdict(post.answer_to(header, "received", "", signer=keys.post))
    else:
        header = post.header_of_unreadable(envelope_id, sender=trust.database_id)
        verdict = Verdict(post.answer_to(header, "refused", opened, signer=keys.post), opened)
    assert verdict.answer is not None
    with database.writing() as session:
        if isinstance(opened, _Opened):
            if opened.replaces:
                session.execute(delete(Item).where(Item.envelope_id.in_(opened.replaces)))
            for row in opened.rows:
                session.add(row)
                session.flush()
            if opened.envelope.kind is sealing.Kind.ITEM:
                spaces.is_there(session, header.case_id, now=now)
            # That a complaint came is told by nothing about the case: not even that it is ours to do again.
            if not opened.is_erased and not opened.asks_nothing and opened.complaint is None:
                records.after_arrival(
                    session, opened.envelope, at_risk=opened.at_risk, persistence=opened.persistence, now=now
                )
                if opened.change is None:
                    on_call.came(session, header.case_id, now=now, hours=hours)
            if opened.told is not None:
                rows.claim_number(session, header.case_id, expected=opened.told.number - 1)
                records.put_item(session, opened.told, now=now)
            if opened.addition is not None:
                needs.take_in(session, header.case_id, opened.addition, now=now)
            if opened.change is not None:
                changes.write_down(session, header, opened.change, now=now)
            if opened.handover is not None:
                handovers.write_down(session, opened.handover, portal_key=trust.sealing, voice=keys.voice, now=now)
            if opened.answered is not None:
                handovers.write_answer_down(session, opened.answered, now=now)
            if opened.complaint is not None:
                asked.write_down(session, header.case_id, opened.complaint, now=now)
            post_rows.remember(
                session,
                rows.POST,
                envelope_id=envelope_id,
                database_id=header.database_id,
                case_id=opened.place,
                number=header.number,
                answer=verdict.answer,
            )
        else:
            post.keep_aside(session, rows.POST, reason=opened, body=raw, now=now)
            # Remembered under the envelope's own id, with an id for its place that can meet no real one.
            post_rows.remember(
                session,
                rows.POST,
                envelope_id=envelope_id,
                database_id=bytes(16),
                case_id=envelope_id,
                number=0,
                answer=verdict.answer,
            )
    return verdict


def _open(
    session: Session,
    envelope_id: bytes,
    raw: bytes,
    *,
    trust: PortalTrust,
    voice: SigningKey,
    opener: Opener,
    now: datetime,
    delays: Delays,
    hours: OpeningHours | None,
) -> _Opened | str | None:
    """Verify and open one envelope: the rows it becomes, the reason to refuse it, or None when it has to wait."""
    try:
        envelope = sealing.parse(raw)
        if envelope.header.envelope_id != envelope_id:
            return "malformed"
        sealing.verify(envelope, trust.signing)
    except sealing.UnknownVersion:
        return "unknown-version"
    except sealing.MalformedEnvelope:
        return "malformed"
    except sealing.BadSignature:
        return "bad-signature"
    header = envelope.header
    if header.database_id != trust.database_id:
        return "foreign-database"
    if envelope.kind is sealing.Kind.POOLED:
        return _open_pooled(session, envelope, opener=opener, now=now)
    if post_rows.number_taken(
        session, rows.POST, database_id=header.database_id, case_id=header.case_id, number=header.number
    ):
        return "replayed"
    if session.get(rows.Tombstone, header.case_id) is not None:
        return _Opened(envelope, (), is_erased=True)  # received, and nothing of it is kept
    try:
        if envelope.kind is sealing.Kind.FIRST:
            if header.number != 0 or session.get(rows.Case, header.case_id) is not None:
                return "replayed"
            referral = Referral.from_bytes(opener.open(envelope))
            if rows.case_by_reference(session, referral.reference) is not None:
                return "reference-taken"
            hidden = guard.hidden_from(session, referral)
            return _Opened(
                envelope,
                records.rows_of_first(referral, header.case_id, opener=opener, hidden_from=hidden, now=now),
                told=_no_reader(session, referral, header.case_id, voice=voice, now=now)
                if guard.keeps_out_all(session, hidden)
                else None,
            )
        if envelope.kind is not sealing.Kind.ITEM:
            return "unexpected-kind"
        if session.get(rows.Case, header.case_id) is None:
            return None  # only a case's first envelope must come first; this one is sent again
        return _open_item(session, envelope, opener=opener, now=now, delays=delays, hours=hours)
    except sealing.CannotOpen:
        return "cannot-open"
    except MalformedReferral:
        return "cannot-read"


def _open_pooled(session: Session, envelope: sealing.Envelope, *, opener: Opener, now: datetime) -> _Opened | str:
    """What belongs to no case becomes a row under a new id: the envelope's own leads no further than the inbox.

    Answers to the questionnaire, feedback, or what a service says of a packet; what it is stands inside the seal.
    """
    try:
        raw = opener.open(envelope)
        if is_feedback(raw):
            said = Feedback.from_bytes(raw, today=now.date())
            return _Opened(envelope, (feedback.row_of(said, opener=opener),))
        if is_packet_answer(raw):
            answer = PacketAnswer.from_bytes(raw)
            return _Opened(envelope, (), answered=handovers.answer_of(session, answer, opener=opener))
        survey = Survey.from_bytes(raw, today=now.date())
    except sealing.CannotOpen:
        return "cannot-open"
    except (MalformedSurvey, MalformedFeedback, MalformedPacket):
        return "cannot-read"
    row = rows.Survey(id=sealing.new_id(), month=survey.month, district=survey.district, answers=dict(survey.answers))
    return _Opened(envelope, (row,))


def _open_item(
    session: Session,
    envelope: sealing.Envelope,
    *,
    opener: Opener,
    now: datetime,
    delays: Delays,
    hours: OpeningHours | None,
) -> _Opened:
    """The lane is not said in clear: it is the one whose key opens."""
    header = envelope.header
    case_key = records.case_key(session, header.case_id, opener=opener)
    try:
        message = sealing.open_in_conversation(envelope, lane=sealing.Lane.TO_HUB, secret=case_key.case_secret)
    except sealing.CannotOpen:
        addition = Addition.from_bytes(opener.open(envelope))
        row = records.row_of_addition(addition, header, case_key=case_key, now=now)
        change = changes.arrival_of(session, header, addition, key=case_key, delays=delays, now=now, hours=hours)
        return _Opened(
            envelope,
            (row,),
            addition=addition,
            at_risk=addition.tells_of_risk(),
            persistence=addition.tells_of_persistence(),
            change=change,
            handover=handovers.arrival_of(session, header, addition),
            complaint=asked.fact_of(session, header, addition),
        )
    news = News.from_bytes(message)
    return _Opened(
        envelope,
        (
            rows.Item(
                envelope_id=header.envelope_id,
                case_id=header.case_id,
                direction=rows.TO_HUB,
                number=header.number,
                body=envelope.raw,
                added_at=now if news.kind not in UNSPOKEN else now.replace(hour=0, minute=0, second=0, microsecond=0),
            ),
        ),
        asks_nothing=news.kind in UNSPOKEN,
        replaces=seen.earlier(session, header.case_id, case_key) if news.kind == SEEN else (),
    )


def _no_reader(session: Session, referral: Referral, case_id: bytes, *, voice: SigningKey, now: datetime) -> Item:
    """The first item of a conversation: nobody may read the request. It commits with the case, so it is never left out."""
    header = sealing.Header(
        database_id=post_rows.post_state(session, rows.POST).database_id,
        case_id=case_id,
        envelope_id=records.no_reader_id(referral.case_secret),
        number=1,
    )
    return records.item_of_news(records.no_reader(now), header, case_secret=referral.case_secret, voice=voice, now=now)


def _stop(database: Database, reason: str) -> None:
    with database.writing() as session:
        post_rows.stop_post(session, rows.POST, reason)
    post.alarm("the post has stopped", reason=reason.replace(" ", "-"))
