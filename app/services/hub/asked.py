"""What a person asked for from their space, at the Hub: what waits, and what became of it.

A complaint is for supervisors alone, and never for whoever it is about (app/services/hub/guard.py): no addition, no line of
the conversation, no mark, no trace. What is written to the person about it goes with its answer, not as a message.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from nacl.signing import SigningKey
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.adapters import sealing
from app.data import hub as rows
from app.data.database import Database
from app.domain.asking import ADDITION, COMPLAINTS, NEWS, SUPERVISOR, Answer, Asked, is_about_owner
from app.domain.referral import Addition, News
from app.services import post
from app.services.hub import guard, plans, records, speaking
from app.services.hub.desk import ABOUT_A_COMPLAINT, Line, OpenCase, need_open
from app.services.hub.records import CaseKey, Opener
from app.services.hub.staff import Identity, SignedIn


@dataclass(frozen=True)
class Answered:
    """One answer that the person was given. `text` may be empty."""

    answer: Answer
    at: datetime
    author: str
    text: str


@dataclass(frozen=True)
class View:
    """One thing that somebody asked for. `content` is what they wrote with it, by name; `answers` oldest first."""

    id: str
    what: Asked
    at: datetime
    content: Mapping[str, str]
    answers: tuple[Answered, ...]

    @property
    def is_settled(self) -> bool:
        """Whether nothing is left to do."""
        return bool(self.answers) and self.answers[-1].answer is not Answer.WORKING


@dataclass(frozen=True)
class Complaint:
    """A complaint in the supervisors' list: whose, since when, and how it stands, with the day of that."""

    case_id: bytes
    reference: str
    on: datetime
    answer: Answer | None
    answered_on: datetime | None

    @property
    def is_open(self) -> bool:
        """Whether somebody still waits for an answer."""
        return self.answer in {None, Answer.WORKING}


def fact_of(session: Session, header: sealing.Header, addition: Addition) -> dict[str, Any] | None:
    """What the Hub may keep in clear of a complaint that has just come; None for everything else.

    Alarms when no supervisor is left who may read it, since then nobody at the desk would see that it came.
    """
    if addition.kind != ADDITION or addition.content.get("what") != Asked.COMPLAINT.value:
        return None
    content = addition.content
    words = guard.words_about(content)
    staff = list(session.scalars(select(rows.Staff).order_by(rows.Staff.id)))
    hidden = [each.id for each in staff if guard.names_match(words, each.name, each.shown_name)]
    owner = session.get_one(rows.Case, header.case_id).owner_id
    about = content.get("about")
    if owner is not None and owner not in hidden and is_about_owner(about if isinstance(about, str) else None):
        hidden.append(owner)
    if not any(SUPERVISOR in each.roles and each.id not in hidden for each in staff):
        post.alarm("a complaint came that no supervisor who has signed in so far may see")
    return {"id": str(content.get("id", "")), "hidden_from": hidden}


def write_down(session: Session, case_id: bytes, fact: Mapping[str, Any], *, now: datetime) -> None:
    """Keep it in the transaction that receives the complaint."""
    case = session.get_one(rows.Case, case_id)
    known = case.facts.get(COMPLAINTS) or []
    case.facts = {**case.facts, COMPLAINTS: [*known, {**fact, "on": now.isoformat(timespec="seconds")}]}


def of_case(case: OpenCase) -> list[View]:
    """What was asked for in an opened case and may be seen there by whoever opened it, newest first."""
    answers = _answers(case.conversation)
    found = []
    for at, addition in reversed(case.passing):
        view = _view(at, addition, answers)
        if view is not None:
            found.append(view)
    return found


def answer(
    database: Database,
    *,
    case_id: bytes,
    asked_id: str,
    state: Answer,
    text: str,
    envelope_id: bytes,
    signed: SignedIn,
    opener: Opener,
    voice: SigningKey,
    now: datetime,
) -> None:
    """Tell the person what became of it. The same `envelope_id` again changes nothing. Logged.

    Raises guard.NoSuchCase, also for a complaint that this colleague may not know of, desk.NotOpened, speaking.ReceiptOnly
    and sealing.TooLarge.
    """
    need_open(database, case_id, signed, now=now)
    with database.reading() as session:
        case = guard.case_for(session, case_id, signed.identity)
        key = records.case_key(session, case_id, opener=opener)
        what = _what(session, case, signed.identity, asked_id, key=key)
    is_complaint = what is Asked.COMPLAINT

    def write(session: Session) -> None:
        found = guard.case_for(session, case_id, signed.identity)
        if is_complaint:
            found.facts = {**found.facts, COMPLAINTS: _answered(found, asked_id, state, now=now)}
        rows.log(
            session,
            at=now,
            staff_id=signed.identity.id,
            action=ABOUT_A_COMPLAINT if is_complaint else "answered-asked",
            case_id=case_id,
            detail=what.value,
        )

    speaking.send(
        database,
        case_id=case_id,
        news=News(
            kind=NEWS,
            at=now.isoformat(timespec="seconds"),
            text=text,
            language="en" if text else "",
            author=signed.identity.shown_name,
            data={"id": asked_id, "what": what.value, "state": state.value},
        ),
        opener=opener,
        voice=voice,
        now=now,
        envelope_id=envelope_id,
        also=write,
    )


def complaints(session: Session, who: Identity, *, opener: Opener) -> list[Complaint]:
    """Every complaint that this colleague may know of, those that wait longest first; for others than supervisors none.

    Sealed words are compared with their name here, and nothing of them is shown.
    """
    if SUPERVISOR not in who.roles:
        return []
    found = []
    for case in session.scalars(select(rows.Case).where(rows.Case.facts[COMPLAINTS].as_string().is_not(None))):
        if not guard.may_see(case, who):
            continue
        key = records.case_key(session, case.id, opener=opener)
        contents = _complaints_of(session, case.id, key=key)
        for fact in case.facts.get(COMPLAINTS) or []:
            if guard.may_see_complaint(case, who, contents.get(fact["id"], {}), complaint_id=fact["id"]):
                found.append(_complaint(case, fact))
    found.sort(key=lambda each: (not each.is_open, each.on))
    return found


def _complaint(case: rows.Case, fact: Mapping[str, Any]) -> Complaint:
    answered_on = fact.get("answered_on")
    return Complaint(
        case_id=case.id,
        reference=case.reference,
        on=datetime.fromisoformat(fact["on"]),
        answer=Answer(fact["state"]) if "state" in fact else None,
        answered_on=datetime.fromisoformat(answered_on) if answered_on else None,
    )


def _answered(case: rows.Case, asked_id: str, state: Answer, *, now: datetime) -> list[dict[str, Any]]:
    known = case.facts.get(COMPLAINTS) or []
    said = {"state": state.value, "answered_on": now.isoformat(timespec="seconds")}
    return [{**each, **said} if each["id"] == asked_id else each for each in known]


def _complaints_of(session: Session, case_id: bytes, *, key: CaseKey) -> dict[str, Mapping[str, Any]]:
    record = plans.read(session, case_id, key=key)
    return {
        str(each.content.get("id", "")): each.content
        for _, each in record.additions
        if each.kind == ADDITION and each.content.get("what") == Asked.COMPLAINT.value
    }


def _what(session: Session, case: rows.Case, who: Identity, asked_id: str, *, key: CaseKey) -> Asked:
    for _, each in plans.read(session, case.id, key=key).additions:
        if each.kind == ADDITION and each.content.get("id") == asked_id and _known(each) is not None:
            if not guard.may_see_addition(case, who, each):
                break
            return Asked(each.content["what"])
    raise guard.NoSuchCase


def _known(addition: Addition) -> Asked | None:
    try:
        return Asked(addition.content["what"])
    except (KeyError, ValueError):
        return None


def _view(at: datetime, addition: Addition, answers: Mapping[str, Sequence[Answered]]) -> View | None:
    what = _known(addition) if addition.kind == ADDITION else None
    if what is None:
        return None
    asked_id = str(addition.content.get("id", ""))
    content = {name: value for name, value in addition.content.items() if isinstance(value, str)}
    return View(asked_id, what, at, content, tuple(answers.get(asked_id, ())))


def _answers(conversation: Sequence[Line]) -> dict[str, list[Answered]]:
    found: dict[str, list[Answered]] = {}
    for line in conversation:
        if line.from_person or line.news.kind != NEWS:
            continue
        try:
            answer_given = Answer(line.news.data["state"])
        except (KeyError, ValueError):
            continue
        asked_id = str(line.news.data.get("id", ""))
        found.setdefault(asked_id, []).append(Answered(answer_given, line.at, line.news.author, line.news.text))
    return found
