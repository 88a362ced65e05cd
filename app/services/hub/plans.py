"""The contact plan as it counts now: what the request said, with every change that came since, in the order of asking.

Whatever sends, shows an address or rings reads the plan here and asks `app.domain.contact.decide`; there is no other way.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.adapters import sealing
from app.data import hub as rows
from app.domain import taken
from app.domain.asker import is_young
from app.domain.attempts import held_ways
from app.domain.change import ERASES, Change, Standing
from app.domain.contact import ContactPlan, Way, keeping, meet, plan_from_answers, plan_of
from app.domain.hours import OpeningHours
from app.domain.referral import Addition, MalformedReferral, Referral
from app.services import post
from app.services.hub import records
from app.services.hub.records import CaseKey, Opener

CODE_WORD = "code-word"
# A change that stands so makes tighter what it makes tighter, and nothing looser.
TIGHTENS_ONLY = frozenset({Standing.WAITING, Standing.DISOWNED, Standing.REPLACED})


@dataclass(frozen=True)
class Asked:
    """One change with what exactly was asked for."""

    envelope_id: bytes
    number: int
    kind: Change
    standing: Standing
    proven: bool
    arrived_at: datetime
    due_at: datetime | None
    content: Mapping[str, Any]


@dataclass(frozen=True)
class Record:
    """A case's referral lane, opened in memory for one use. Additions with when they came, in order.

    `hours` are the Hub's own: a change from "any time the Hub is open" to a part of it is a tightening only by them.
    `attempts` are those to reach the person, newest first: after some of them a way is held.
    """

    referral: Referral
    additions: tuple[tuple[datetime, Addition], ...]
    changes: tuple[Asked, ...]
    hours: OpeningHours | None = None
    attempts: tuple[rows.Attempt, ...] = ()

    @property
    def code_word(self) -> str | None:
        """The code word that the person chose, as they were asked or with their number, the last of them; None for none."""
        first = self.referral.answers.get(taken.STEP, {}).get("code_word")
        words = [first] if first else []
        words += [each.content.get("word") for _, each in self.additions if each.kind == CODE_WORD]
        return str(words[-1]) if words else None

    @property
    def plan(self) -> ContactPlan:
        """The contact plan as it counts now."""
        return plan_now(self.referral, self.changes, hours=self.hours, held=held_ways(self.attempts))

    @property
    def stopped_by(self) -> Mapping[Change, Standing]:
        """What stops all contact now, and how it stands: "not safe now", a deletion asked for, the end of support, or nothing."""
        return stopped_by(self.changes)

    @property
    def notices(self) -> Mapping[str, Any]:
        """How the person wants to be told that something new is there; empty for not at all (see `notices_now`)."""
        found = notices_now(self.changes)
        return found.content if found else {}


def notices_now(changes: Sequence[Asked]) -> Asked | None:
    """The newest answer in force to how the person wants to be told that something new is there; None for not at all.

    One that waits for a check is not used yet, and what it would replace is not used any more either way round: only
    when both agree on the way is anything sent.
    """
    in_force: Asked | None = None
    for each in changes:
        if each.kind is not Change.NOTICES:
            continue
        if each.standing is Standing.IN_FORCE:
            in_force = each
        elif (
            each.standing is Standing.WAITING
            and in_force is not None
            and each.content.get("way") != in_force.content.get("way")
        ):
            in_force = None
    return in_force


def read(
    session: Session,
    case_id: bytes,
    *,
    key: CaseKey,
    hours: OpeningHours | None = None,
    documents: Sequence[rows.SealedDocument] | None = None,
) -> Record:
    """Open a case's referral lane. Raises sealing.CannotOpen and referral.MalformedReferral.

    `hours` are the Hub's own; without them the plan is never looser, only sometimes tighter, while a change waits.
    `documents` are those of the case where they were read already.
    """
    return _record(
        rows.documents(session, case_id) if documents is None else documents,
        rows.changes(session, case_id),
        rows.attempts(session, case_id),
        record_secret=key.record_secret,
        hours=hours,
    )


def read_many(
    session: Session, case_ids: Sequence[bytes], *, opener: Opener, hours: OpeningHours
) -> dict[bytes, ContactPlan]:
    """The contact plans of some cases, opened in memory with four queries. One that does not open is left out, with an alarm."""
    documents: dict[bytes, list[rows.SealedDocument]] = {each: [] for each in case_ids}
    changes: dict[bytes, list[rows.Change]] = {each: [] for each in case_ids}
    for document in session.scalars(
        select(rows.SealedDocument)
        .where(rows.SealedDocument.case_id.in_(case_ids), rows.SealedDocument.kind.in_((rows.REFERRAL, rows.ADDITION)))
        .order_by(rows.SealedDocument.number)
    ):
        documents[document.case_id].append(document)
    for change in session.scalars(
        select(rows.Change).where(rows.Change.case_id.in_(case_ids)).order_by(rows.Change.number)
    ):
        changes[change.case_id].append(change)
    attempts = rows.attempts_of(session, case_ids)
    found = {}
    for secret in session.scalars(select(rows.RecordSecret).where(rows.RecordSecret.case_id.in_(case_ids))):
        case_id = secret.case_id
        try:
            record_secret = opener.unwrap_record(secret.wrapped, case_id=case_id)
            record = _record(
                documents[case_id], changes[case_id], attempts[case_id], record_secret=record_secret, hours=hours
            )
        except (sealing.CannotOpen, MalformedReferral) as error:
            post.alarm("a contact plan does not open", kind=type(error).__name__)
            continue
        found[case_id] = record.plan
    return found


def _record(
    documents: Sequence[rows.SealedDocument],
    asked: Sequence[rows.Change],
    attempts: Sequence[rows.Attempt],
    *,
    record_secret: bytes,
    hours: OpeningHours | None,
) -> Record:
    referral: Referral | None = None
    additions: list[tuple[datetime, Addition]] = []
    contents: dict[int, Mapping[str, Any]] = {}
    for document in documents:
        if document.kind == rows.REFERRAL:
            referral = Referral.from_bytes(records.open_document(document, record_secret=record_secret))
        elif document.kind == rows.ADDITION:
            addition = Addition.from_bytes(records.open_document(document, record_secret=record_secret))
            additions.append((document.added_at, addition))
            contents[document.number] = addition.content
    if referral is None:
        raise sealing.CannotOpen
    changes = tuple(
        Asked(
            envelope_id=row.envelope_id,
            number=row.number,
            kind=Change(row.kind),
            standing=Standing(row.standing),
            proven=row.proven,
            arrived_at=row.arrived_at,
            due_at=row.due_at,
            content=contents.get(row.number, {}),
        )
        for row in asked
    )
    return Record(
        referral=referral,
        additions=tuple(additions),
        changes=changes,
        hours=hours,
        attempts=tuple(attempts),
    )


def plan_now(
    referral: Referral,
    changes: Sequence[Asked],
    *,
    hours: OpeningHours | None = None,
    held: frozenset[Way] = frozenset(),
) -> ContactPlan:
    """The plan that a request and the changes since then make, in the order of their numbers.

    `held` are the ways of which a colleague has to decide first (app/domain/attempts.py); whoever asks `decide` must give them.

    A plan that waits for a check counts as far as it is tighter and no further, also after somebody said that it was not
    them: what was tightened stays tight until the Hub has checked. A freeze stands until it is taken back, and a deletion that
    was asked for stops everything too.
    """
    plan = plan_of(referral.answers)
    under_18 = is_young(referral.answers)
    paused_until: datetime | None = None
    for each in sorted(changes, key=lambda one: one.number):
        counts = each.standing is Standing.IN_FORCE
        tightens_only = each.standing in TIGHTENS_ONLY
        if each.kind is Change.PLAN and (counts or tightens_only):
            asked = keeping(plan_asked(each.content, under_18=under_18), plan)
            plan = asked if counts else meet(asked, plan, hours=hours)
        elif each.kind is Change.UNFREEZE and counts:
            paused_until = None
        elif each.kind is Change.PAUSE and counts:
            paused_until = _later(paused_until, _moment(each.content.get("until")))
    return replace(plan, frozen=bool(stopped_by(changes)), paused_until=paused_until, held=held)


def stopped_by(changes: Sequence[Asked]) -> dict[Change, Standing]:
    """The kinds of change that stop all contact, in the order of asking, each as the newest of it stands. Empty: none does."""
    found: dict[Change, Standing] = {}
    for each in sorted(changes, key=lambda one: one.number):
        counts = each.standing is Standing.IN_FORCE
        if _stops_everything(each.kind, tightens_only=each.standing in TIGHTENS_ONLY, counts=counts):
            found[each.kind] = each.standing
        elif each.kind is Change.UNFREEZE and counts:
            found.clear()
    return found


def plan_asked(content: Mapping[str, Any], *, under_18: bool) -> ContactPlan:
    """The plan that a change holds: the answers of "How should we reply?" and of each way, by step key."""
    answers = content.get("answers")
    given = answers if isinstance(answers, dict) else {}
    ways = {way.value: given.get(f"reply-{way.value}") for way in Way}
    reply = given.get("reply")
    return plan_from_answers(
        reply if isinstance(reply, dict) else {},
        {way: answer for way, answer in ways.items() if isinstance(answer, dict)},
        under_18=under_18,
    )


def has_route(referral: Referral, changes: Sequence[Asked]) -> bool:
    """True when some way was ever given that could be used: then the Hub checks by it, and nothing happens by itself."""
    plans = [plan_of(referral.answers)] + [
        plan_asked(each.content, under_18=False)
        for each in changes
        if each.kind is Change.PLAN and each.standing is Standing.IN_FORCE
    ]
    return any(plan.wanted and any(way.missing is None for way in plan.ways) for plan in plans)


def _stops_everything(kind: Change, *, tightens_only: bool, counts: bool) -> bool:
    return kind is Change.FREEZE or (kind in ERASES and tightens_only) or (kind is Change.CLOSE and counts)


def _moment(value: Any) -> datetime | None:
    try:
        found = datetime.fromisoformat(value)
    except (TypeError, ValueError):
        return None
    return found if found.utcoffset() is not None else None


def _later(one: datetime | None, other: datetime | None) -> datetime | None:
    return max((each for each in (one, other) if each is not None), default=None)
