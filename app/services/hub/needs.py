"""The needs assessment at the desk: one common tool, first and at set intervals (requirements C2, C3).

What a person sends of how they are is a look of its own, taken in with the post and compared with what was known: what is worse,
or a risk that is new, is flagged until a colleague says what was done (requirement C4). A talk adds a look, the needs that it
found, what was decided, and when they want to be asked again. Nothing here depends on the police (requirement C12), and
nothing changes what is offered to anybody.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.adapters import sealing
from app.adapters.content import ZONE
from app.data import hub as rows
from app.data import needs as need_rows
from app.data.database import Database
from app.domain import needs, outcomes
from app.domain.hours import OpeningHours
from app.domain.needs import Acted, Ended, Level, Look, Wish
from app.domain.outcomes import Outcome
from app.domain.priority import GROUP_DECIDED, Group, Suggestion, suggest
from app.domain.referral import Addition
from app.services.hub import guard
from app.services.hub.auditing import SYSTEM
from app.services.hub.desk import NotOpened
from app.services.hub.records import Opener
from app.services.hub.staff import Identity, SignedIn

LEVEL_KIND, GROUP_KIND = "level", "group"
# How a look came that no colleague took down; and how an asking was kept.
SENT = "sent"
# The key of area.targets: in how many working hours somebody acts on what got worse.
TARGET_ACTED = "worse"
# The coded fact of why the police were not told.
WHY_NOT_TOLD = "why_not_told"
ASSESSED, ENDED, DECIDED_LEVEL, DECIDED_GROUP, ACTED_ON, AGREED_TO_ASK = (
    "assessed", "ended-need", "decided-level", "decided-group", "acted-on-worse", "agreed-to-ask",
)  # fmt: skip


class How(StrEnum):
    """In which way somebody was asked."""

    PHONE = "phone"
    IN_PERSON = "in-person"
    VIDEO = "video"
    IN_SPACE = "in-space"
    FROM_THEIRS = "from-theirs"  # out of what they sent, without a talk


class AskedDone(StrEnum):
    """How an asking that was agreed was kept."""

    TALK = "talk"
    IN_SPACE = need_rows.ASKED_IN_SPACE
    THEY_BEGAN = "they-began"  # they said how they are before anybody asked


class Quiet(Exception):
    """Somebody has died: nobody is asked before this day, unless they begin."""

    def __init__(self, until: date) -> None:
        super().__init__("quiet")
        self.until = until


class NeedsAReason(Exception):
    """A group other than the one that was suggested or decided before needs a reason."""


class NeedsAService(Exception):
    """A need that was referred or signposted names the service."""


class NothingTold(Exception):
    """There is nothing to keep: no answer at all."""


class NoSuchNeed(Exception):
    """The case has no open need with this id."""


@dataclass(frozen=True)
class Noted:
    """One look as the page shows it. `who`: the colleague's name, None for what the person sent."""

    look: Look
    how: str
    who: str | None
    note: str


@dataclass(frozen=True)
class Told:
    """One answer with its day, and whether the person said it."""

    answer: str
    on: date
    own: bool


@dataclass(frozen=True)
class NeedView:
    """A need as the page shows it."""

    id: str
    category: str
    opened_on: date
    level: str | None
    wish: Wish | None
    ended_as: Ended | None
    ended_on: date | None
    service: str | None


@dataclass(frozen=True)
class Decided:
    """What was decided, by whom, when and why. `suggested`: what the facts suggested then."""

    value: str
    suggested: str
    at: datetime
    who: str
    reason: str


@dataclass(frozen=True)
class WorseView:
    """Something that got worse, and what was done about it; `acted_as` None while nobody has acted."""

    id: str
    names: tuple[str, ...]
    at: datetime
    own: bool
    due: datetime | None
    acted_as: Acted | None
    acted_at: datetime | None
    who: str | None
    note: str


@dataclass(frozen=True, kw_only=True)
class View:
    """All that the page of a case's needs shows, to somebody for whom the case is open."""

    case_id: bytes
    reference: str
    facts: Mapping[str, Any]
    suggestion: Suggestion
    suggested_level: Level
    quiet_until: date | None
    noted: tuple[Noted, ...]
    history: Mapping[str, tuple[Told, ...]]
    prefilled: Mapping[str, str]
    asked_for: frozenset[str]
    outcomes: Mapping[str, Outcome]
    needs: tuple[NeedView, ...]
    levels: tuple[Decided, ...]
    groups: tuple[Decided, ...]
    asking: date | None
    worse: tuple[WorseView, ...]

    @property
    def open_needs(self) -> tuple[NeedView, ...]:
        """Those that have not ended."""
        return tuple(each for each in self.needs if each.ended_as is None)

    @property
    def level(self) -> Level | None:
        """The level of support that was decided last."""
        return Level(int(self.levels[0].value)) if self.levels else None

    @property
    def group(self) -> Group | None:
        """The group that was decided last; it wins over the suggestion."""
        return Group(self.groups[0].value) if self.groups else None

    @property
    def is_first(self) -> bool:
        """Whether no colleague has ever asked."""
        return not any(each.look.talked for each in self.noted)


@dataclass(frozen=True, kw_only=True)
class Assessed:
    """What a colleague took down. `wishes` by category; `group` and `level` None where nothing is decided now; `ask_on` None:
    they do not want to be asked again, or it stays as it is where `keep_asking`."""

    answers: Mapping[str, str]
    wishes: Mapping[str, Wish] = field(default_factory=dict)
    own: bool = True
    how: How = How.PHONE
    they_began: bool = False
    note: str = ""
    level: Level | None = None
    group: Group | None = None
    reason: str = ""
    ask_on: date | None = None
    keep_asking: bool = False


@dataclass(frozen=True)
class Waiting:
    """A case in one of the two lists. `day`: when they are asked again, or when it got worse."""

    case_id: bytes
    reference: str
    day: date
    is_late: bool
    owner: str | None
    owner_id: str | None


def read(
    session: Session,
    *,
    case_id: bytes,
    signed: SignedIn,
    opener: Opener,
    hours: OpeningHours,
    targets: Mapping[str, int],
    now: datetime,
) -> View:
    """A case's needs. Raises guard.NoSuchCase and desk.NotOpened, and sealing.CannotOpen when a note does not open."""
    case, secret = _opened(session, case_id, signed, opener=opener, now=now)
    names = {person.id: person.name for person in session.scalars(select(rows.Staff))}
    kept = need_rows.assessments(session, case_id)
    looks = [_look(each) for each in kept]
    suggestion = suggest(case.facts, hours, case.received_at)
    decisions = need_rows.decisions(session, case_id)
    asking = need_rows.open_asking(session, case_id)
    zone = hours.zone

    def words(sealed: bytes | None, row_id: bytes) -> str:
        return _unseal(sealed, secret=secret, case_id=case_id, row_id=row_id)

    def decided(kind: str) -> tuple[Decided, ...]:
        return tuple(
            Decided(
                each.value, each.suggested, each.decided_at, names.get(each.decided_by, ""), words(each.sealed, each.id)
            )
            for each in decisions
            if each.kind == kind
        )

    return View(
        case_id=case_id,
        reference=case.reference,
        facts=case.facts,
        suggestion=suggestion,
        suggested_level=needs.suggested_level(case.facts, suggestion.group),
        quiet_until=quiet_until(case, hours=hours),
        noted=tuple(
            Noted(look, row.how, names.get(row.done_by or ""), words(row.sealed, row.id))
            for look, row in reversed(list(zip(looks, kept, strict=True)))
        ),
        history={
            name: tuple(
                Told(look.answers[name], look.at.astimezone(zone).date(), look.own)
                for look in looks
                if name in look.answers
            )
            for name in needs.SCALES
        },
        prefilled=_known_so_far(case, looks),
        asked_for=needs.asked_in_request(case.facts.get("help")),
        outcomes=outcomes.outcomes(looks),
        needs=tuple(_need_view(each) for each in need_rows.needs(session, case_id)),
        levels=decided(LEVEL_KIND),
        groups=decided(GROUP_KIND),
        asking=asking.due_on if asking else None,
        worse=tuple(
            WorseView(
                id=each.id.hex(),
                names=tuple(each.names),
                at=each.noticed_at,
                own=each.own,
                due=act_by(each.noticed_at, hours=hours, targets=targets),
                acted_as=Acted(each.acted_as) if each.acted_as else None,
                acted_at=each.acted_at,
                who=names.get(each.acted_by or ""),
                note=words(each.sealed, each.id),
            )
            for each in need_rows.worsenings(session, case_id)
        ),
    )


def assess(
    database: Database,
    *,
    case_id: bytes,
    taken: Assessed,
    assessment_id: bytes,
    signed: SignedIn,
    opener: Opener,
    hours: OpeningHours,
    now: datetime,
) -> None:
    """Keep an assessment with all that follows from it, in one transaction. The same `assessment_id` again changes nothing.

    Raises guard.NoSuchCase, desk.NotOpened, NothingTold, NeedsAReason, and Quiet in the time after a death, when they did not
    begin, or were to be asked again in it.
    """
    answers = needs.known(taken.answers)
    today = now.astimezone(hours.zone).date()
    with database.reading() as session:
        case, secret = _opened(session, case_id, signed, opener=opener, now=now)
        suggestion = suggest(case.facts, hours, case.received_at)
        quiet = quiet_until(case, hours=hours)
        before = _known_so_far(case, [_look(each) for each in need_rows.assessments(session, case_id)])
        decided = case.facts.get(GROUP_DECIDED) or suggestion.group.value
    if not answers and not taken.wishes:
        raise NothingTold
    if quiet is not None and needs.is_quiet(today, quiet) and not taken.they_began:
        raise Quiet(quiet)
    if quiet is not None and taken.ask_on is not None and needs.is_quiet(taken.ask_on, quiet):
        raise Quiet(quiet)
    if taken.group is not None and taken.group.value != decided and not taken.reason.strip():
        raise NeedsAReason
    note = _seal(taken.note, secret=secret, case_id=case_id, row_id=assessment_id)
    reason_id, level_id = sealing.new_id(), sealing.new_id()
    reason = _seal(taken.reason, secret=secret, case_id=case_id, row_id=reason_id)
    who = signed.identity.id
    with database.writing() as session:
        case = guard.case_for(session, case_id, signed.identity)
        if session.get(need_rows.Assessment, assessment_id) is not None:
            return
        session.add(
            need_rows.Assessment(
                id=assessment_id,
                case_id=case_id,
                done_at=now,
                done_by=who,
                own=taken.own,
                how=taken.how.value,
                answers=answers,
                sealed=note,
            )
        )
        _open_needs(session, case_id, answers, taken.wishes, today=today, who=who)
        _flag(session, case, needs.worse(before, answers), own=taken.own, now=now)
        if needs.is_at_risk(answers):
            case.facts = {**case.facts, "risk": True}
        rows.log(session, at=now, staff_id=who, action=ASSESSED, case_id=case_id, detail=taken.how.value)
        if taken.level is not None and case.facts.get(needs.LEVEL) != taken.level.value:
            _decide(
                session,
                case_id,
                kind=LEVEL_KIND,
                value=str(taken.level.value),
                suggested=str(needs.suggested_level(case.facts, suggestion.group).value),
                sealed=None,
                row_id=level_id,
                who=who,
                now=now,
            )
            case.facts = {**case.facts, needs.LEVEL: taken.level.value}
        if taken.group is not None and case.facts.get(GROUP_DECIDED) != taken.group.value:
            _decide(
                session,
                case_id,
                kind=GROUP_KIND,
                value=taken.group.value,
                suggested=suggestion.group.value,
                sealed=reason,
                row_id=reason_id,
                who=who,
                now=now,
            )
            case.facts = {**case.facts, GROUP_DECIDED: taken.group.value}
        asked_as = AskedDone.THEY_BEGAN if taken.they_began else AskedDone.TALK
        _agree_to_ask(session, case_id, taken, asked_as=asked_as, today=today, who=who, now=now)


def end_need(
    session: Session,
    *,
    case_id: bytes,
    need_id: bytes,
    ended: Ended,
    service: str | None,
    who: Identity,
    today: date,
    now: datetime,
) -> None:
    """A need ends. Raises guard.NoSuchCase, NoSuchNeed and NeedsAService; one that has ended stays as it is."""
    guard.case_for(session, case_id, who)
    need = session.get(need_rows.Need, need_id)
    if need is None or need.case_id != case_id:
        raise NoSuchNeed
    if ended in needs.NEEDS_A_SERVICE and not service:
        raise NeedsAService
    if need.ended_as is not None:
        return
    need.ended_as, need.ended_on, need.ended_by = ended.value, today, who.id
    need.service = service if ended in needs.NEEDS_A_SERVICE else None
    rows.log(session, at=now, staff_id=who.id, action=ENDED, case_id=case_id, detail=ended.value)


def taken_over(session: Session, case_id: bytes, service: str, named: Sequence[str], now: datetime) -> None:
    """A service has taken somebody over: the open needs that the handover named end as referred, in the caller's transaction.
    Where it named none, none ends by itself: a colleague says so need by need."""
    for need in need_rows.needs(session, case_id):
        if need.ended_as is None and need.category in named:
            need.ended_as, need.ended_on, need.service = Ended.REFERRED.value, now.astimezone(ZONE).date(), service
            rows.log(session, at=now, staff_id=SYSTEM, action=ENDED, case_id=case_id, detail=Ended.REFERRED.value)
    session.flush()


def open_needs(session: Session, case_id: bytes, who: Identity) -> list[NeedView]:
    """The needs that have not ended, for whoever closes the case. Raises guard.NoSuchCase."""
    guard.case_for(session, case_id, who)
    return [_need_view(each) for each in need_rows.needs(session, case_id) if each.ended_as is None]


def act(
    database: Database,
    *,
    case_id: bytes,
    worsening_id: bytes,
    acted: Acted,
    note: str,
    signed: SignedIn,
    opener: Opener,
    now: datetime,
) -> None:
    """Say what was done about something that got worse; the flag goes with the last of them. Done twice is done.

    Raises guard.NoSuchCase, also when the case has no such thing, and desk.NotOpened.
    """
    with database.reading() as session:
        _case, secret = _opened(session, case_id, signed, opener=opener, now=now)
    sealed = _seal(note, secret=secret, case_id=case_id, row_id=worsening_id)
    with database.writing() as session:
        case = guard.case_for(session, case_id, signed.identity)
        found = session.get(need_rows.Worsening, worsening_id)
        if found is None or found.case_id != case_id:
            raise guard.NoSuchCase
        if found.acted_at is not None:
            return
        found.acted_at, found.acted_by, found.acted_as = now, signed.identity.id, acted.value
        found.sealed = sealed
        session.flush()
        if all(each.acted_at is not None for each in need_rows.worsenings(session, case_id)):
            case.facts = {name: value for name, value in case.facts.items() if name != needs.WORSE}
        rows.log(session, at=now, staff_id=signed.identity.id, action=ACTED_ON, case_id=case_id, detail=acted.value)


def take_in(session: Session, case_id: bytes, addition: Addition, *, now: datetime) -> None:
    """What a person sent of how they are becomes a look, in the transaction that receives it; what is worse is flagged. Why they
    did not report, if they ticked that, is kept as codes for the sums (requirement H2)."""
    answers, why = needs.told_in(addition), addition.reasons_not_to_report()
    if not answers and not why:
        return
    case = session.get_one(rows.Case, case_id)
    if why:
        case.facts = {**case.facts, WHY_NOT_TOLD: sorted({*why, *(case.facts.get(WHY_NOT_TOLD) or ())})}
    if not answers:
        return
    before = _known_so_far(case, [_look(each) for each in need_rows.assessments(session, case_id)])
    session.add(
        need_rows.Assessment(
            id=sealing.new_id(), case_id=case_id, done_at=now, own=True, how=SENT, answers=answers, done_by=None
        )
    )
    _flag(session, case, needs.worse(before, answers), own=True, now=now)
    need_rows.asking_kept(session, case_id, done_as=AskedDone.THEY_BEGAN.value, on=now.date())


def act_by(noticed_at: datetime, *, hours: OpeningHours, targets: Mapping[str, int]) -> datetime | None:
    """By when somebody acts on what got worse, by the Hub's own target in working hours; None while it has set none."""
    return (
        hours.add_working_time(noticed_at, timedelta(hours=targets[TARGET_ACTED])) if TARGET_ACTED in targets else None
    )


def quiet_until(case: rows.Case, *, hours: OpeningHours) -> date | None:
    """The last day on which nobody is asked how they are, after a death; None where nobody died."""
    until = suggest(case.facts, hours, case.received_at).quiet_until
    return until.astimezone(hours.zone).date() if until else None


def worse(session: Session, who: Identity, *, hours: OpeningHours) -> list[Waiting]:
    """The cases in which something got worse and nobody has acted, that this colleague may know of: the oldest first."""
    found = session.execute(
        select(rows.Case, need_rows.Worsening.noticed_at, rows.Staff.name)
        .join(need_rows.Worsening, need_rows.Worsening.case_id == rows.Case.id)
        .outerjoin(rows.Staff, rows.Staff.id == rows.Case.owner_id)
        .where(need_rows.Worsening.acted_at.is_(None))
        .order_by(need_rows.Worsening.noticed_at)
    ).all()
    return [
        Waiting(case.id, case.reference, at.astimezone(hours.zone).date(), True, owner, case.owner_id)
        for case, at, owner in found
        if guard.may_see(case, who)
    ]


def to_ask(session: Session, who: Identity, *, hours: OpeningHours, today: date) -> list[Waiting]:
    """Who is to be asked again, of the cases that this colleague may know of, by their day; nobody in the quiet time after a
    death, and nobody who has stopped all contact or asked for everything to be deleted."""
    found = session.execute(
        select(rows.Case, need_rows.ReAsking.due_on, rows.Staff.name)
        .join(need_rows.ReAsking, need_rows.ReAsking.case_id == rows.Case.id)
        .outerjoin(rows.Staff, rows.Staff.id == rows.Case.owner_id)
        .where(
            need_rows.ReAsking.done_on.is_(None),
            need_rows.ReAsking.ended_on.is_(None),
            rows.Case.state != rows.CLOSED,
        )
        .order_by(need_rows.ReAsking.due_on, rows.Case.reference)
    ).all()
    listed = []
    for case, due_on, owner in found:
        if not guard.may_see(case, who) or case.facts.get("frozen"):
            continue
        day = needs.first_day_to_ask(due_on, quiet_until(case, hours=hours))
        listed.append(Waiting(case.id, case.reference, day, day < today, owner, case.owner_id))
    return sorted(listed, key=lambda each: (each.day, each.reference))


def _opened(
    session: Session, case_id: bytes, signed: SignedIn, *, opener: Opener, now: datetime
) -> tuple[rows.Case, bytes]:
    """The case and its record secret, for a session that has opened it: one query for all three."""
    found = session.execute(
        select(rows.Case, rows.RecordSecret.wrapped, rows.Opening.expires_at)
        .outerjoin(rows.RecordSecret, rows.RecordSecret.case_id == rows.Case.id)
        .outerjoin(
            rows.Opening, (rows.Opening.case_id == rows.Case.id) & (rows.Opening.session_id == signed.session_id)
        )
        .where(rows.Case.id == case_id)
    ).first()
    if found is None or not guard.may_see(found[0], signed.identity):
        raise guard.NoSuchCase
    if found[2] is None or found[2] <= now:
        raise NotOpened
    return found[0], opener.unwrap_record(found[1], case_id=case_id)


def _known_so_far(case: rows.Case, looks: Sequence[Look]) -> dict[str, str]:
    """The newest answer to each, what the request said of risks included."""
    return {**needs.told_in_request(case.facts.get("help")), **needs.latest(looks)}


def _look(row: need_rows.Assessment) -> Look:
    return Look(at=row.done_at, answers=needs.known(row.answers), own=row.own, talked=row.done_by is not None)


def _need_view(row: need_rows.Need) -> NeedView:
    return NeedView(
        id=row.id.hex(),
        category=row.category,
        opened_on=row.opened_on,
        level=row.level,
        wish=Wish(row.wish) if row.wish else None,
        ended_as=Ended(row.ended_as) if row.ended_as else None,
        ended_on=row.ended_on,
        service=row.service,
    )


def _open_needs(
    session: Session, case_id: bytes, answers: Mapping[str, str], wishes: Mapping[str, Wish], *, today: date, who: str
) -> None:
    """A row for each need that is found. One that is open already is brought up to date; one they do not want help with ends."""
    is_open = {each.category: each for each in need_rows.needs(session, case_id) if each.ended_as is None}
    for category in needs.CATEGORIES:
        level, wish = answers.get(category), wishes.get(category)
        need = is_open.get(category)
        if need is None:
            if not needs.is_need(level, wish):
                continue
            need = need_rows.Need(
                id=sealing.new_id(), case_id=case_id, category=category, opened_on=today, opened_by=who
            )
            session.add(need)
        need.level, need.wish = level or need.level, wish.value if wish else need.wish
        if wish is Wish.NO:
            need.ended_as, need.ended_on, need.ended_by = Ended.DECLINED.value, today, who


def _flag(session: Session, case: rows.Case, names: Sequence[str], *, own: bool, now: datetime) -> None:
    """Flag what got worse until somebody acts: added to what waits already, which keeps the moment of its first notice."""
    if not names:
        return
    waiting = [each for each in need_rows.worsenings(session, case.id) if each.acted_at is None]
    if waiting:
        waiting[0].names = [*waiting[0].names, *(each for each in names if each not in waiting[0].names)]
    else:
        session.add(
            need_rows.Worsening(id=sealing.new_id(), case_id=case.id, noticed_at=now, names=list(names), own=own)
        )
    case.facts = {**case.facts, needs.WORSE: True}


def _decide(
    session: Session,
    case_id: bytes,
    *,
    kind: str,
    value: str,
    suggested: str,
    sealed: bytes | None,
    row_id: bytes,
    who: str,
    now: datetime,
) -> None:
    session.add(
        need_rows.Decision(
            id=row_id,
            case_id=case_id,
            kind=kind,
            value=value,
            suggested=suggested,
            decided_at=now,
            decided_by=who,
            sealed=sealed,
        )
    )
    action = DECIDED_LEVEL if kind == LEVEL_KIND else DECIDED_GROUP
    rows.log(session, at=now, staff_id=who, action=action, case_id=case_id, detail=value)


def _agree_to_ask(
    session: Session,
    case_id: bytes,
    taken: Assessed,
    *,
    asked_as: AskedDone,
    today: date,
    who: str,
    now: datetime,
) -> None:
    """A talk keeps the asking that was agreed. A new day, or none, then takes its place; where nothing was said of it, a day
    that is still to come stays."""
    waiting = need_rows.open_asking(session, case_id)
    if waiting is not None and taken.keep_asking and waiting.due_on > today:
        return
    if waiting is not None:
        need_rows.asking_kept(session, case_id, done_as=asked_as.value, on=today)
    if taken.ask_on is not None:
        session.add(
            need_rows.ReAsking(
                id=sealing.new_id(), case_id=case_id, agreed_on=today, agreed_with=who, due_on=taken.ask_on
            )
        )
        rows.log(session, at=now, staff_id=who, action=AGREED_TO_ASK, case_id=case_id)


def _seal(text: str, *, secret: bytes, case_id: bytes, row_id: bytes) -> bytes | None:
    """Words under the record secret, bound to their row; None for none."""
    if not text.strip():
        return None
    return sealing.seal_box(secret, text.strip().encode("utf-8"), purpose="record/needs", bound=case_id + row_id)


def _unseal(sealed: bytes | None, *, secret: bytes, case_id: bytes, row_id: bytes) -> str:
    if sealed is None:
        return ""
    return sealing.open_box(secret, sealed, purpose="record/needs", bound=case_id + row_id).decode("utf-8")
