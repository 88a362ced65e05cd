"""One guard for every door: a request that names somebody at the Hub is for gatekeepers only, and never for whoever is named.

Somebody who says that a person they are afraid of works for the police, the council or the Hub must not be read by that
person. Such a case is seen by the role "gatekeeper" alone. For everybody else it is not there: no row, no count, and its
address answers as an unknown one does.

The words about who it is are sealed like everything that was typed. They are compared with the names of staff at intake,
where the Hub opens the request, and once more with the name of a gatekeeper who wants to open it, before anything is shown.
What stays in clear is whom the case is hidden from: ids of staff, never the words.

A complaint is guarded within its case: it is there for supervisors only, and never for whoever it is about.

Where the words name every gatekeeper nobody is left to read it: the person is told at once in their own space, by the
software alone (app/services/hub/post.py), and given somebody outside.

The limits, plainly: a nickname, a married name, a misspelt name or a name in another script is not recognised; a colleague
who signs in for the first time later is compared only when they open the case; a namesake is kept out without need. And the
system hides the case, but it cannot stop people talking.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from sqlalchemy import ColumnElement, not_, or_, select
from sqlalchemy.orm import Session

from app.data import hub as rows
from app.domain import asking, queue, roles
from app.domain.asking import Asked
from app.domain.finding import folded
from app.domain.referral import Addition, News, Referral
from app.services import post
from app.services.hub import records
from app.services.hub.records import Opener
from app.services.hub.staff import Identity

GATEKEEPER = roles.GATEKEEPER
# Single letters are initials: everybody shares them.
SHORTEST_NAME = 2


class NoSuchCase(Exception):
    """There is no case with this id, or none that this person may know of."""


def may_see(case: rows.Case, who: Identity) -> bool:
    """Whether this person may know that the case exists."""
    if not case.facts.get("restricted"):
        return True
    return GATEKEEPER in who.roles and who.id not in (case.facts.get("hidden_from") or ())


def case_for(session: Session, case_id: bytes, who: Identity) -> rows.Case:
    """The case, for somebody who may see it; an auditor opens none.

    Raises NoSuchCase, for an unknown id and for a hidden case alike.
    """
    case = session.get(rows.Case, case_id)
    if case is None or roles.AUDITOR in who.roles or not may_see(case, who):
        raise NoSuchCase
    return case


def visible_to(who: Identity) -> ColumnElement[bool]:
    """`may_see` said to the database: the condition of every list and every count."""
    if GATEKEEPER not in who.roles:
        return rows.Case.restricted.is_(False)
    return or_(
        rows.Case.restricted.is_(False), not_(rows.Case.hidden_from.contains(queue.marked(who.id), autoescape=True))
    )


def hidden_cases(session: Session, who: Identity) -> list[rows.Case]:
    """The cases that this person may not know of."""
    return list(session.scalars(select(rows.Case).where(not_(visible_to(who)))))


def names_match(words: str, *names: str) -> bool:
    """Whether any part of a name is a word of what was written; case, accents, hyphens and apostrophes do not matter."""
    parts = {part for name in names for part in folded(name) if len(part) >= SHORTEST_NAME}
    return bool(parts & set(folded(words)))


def hidden_from(session: Session, referral: Referral) -> list[str]:
    """The ids of the staff known so far whom the person's words name; empty for a request that is open to all.

    Alarms when no gatekeeper is left who could read it, since then nobody at the desk would ever see that it came.
    """
    if not referral.is_restricted:
        return []
    staff = list(session.scalars(select(rows.Staff).order_by(rows.Staff.id)))
    hidden = [each.id for each in staff if names_match(referral.conflict_words, each.name, each.shown_name)]
    if not any(GATEKEEPER in each.roles and each.id not in hidden for each in staff):
        post.alarm("a request came that no gatekeeper who has signed in so far may see")
    return hidden


def keeps_out_all(session: Session, hidden: Collection[str]) -> bool:
    """Whether these ids are those of every gatekeeper known so far, so that the person must be told at once.

    False while no gatekeeper has ever signed in: then one who is not meant may still come.
    """
    keepers = [each.id for each in session.scalars(select(rows.Staff)) if GATEKEEPER in each.roles]
    return bool(keepers) and set(keepers) <= set(hidden)


def is_named(session: Session, case: rows.Case, who: Identity, *, opener: Opener) -> bool:
    """Whether the sealed words of a restricted case name this very person. Raises sealing.CannotOpen."""
    if not case.facts.get("restricted"):
        return False
    key = records.case_key(session, case.id, opener=opener)
    for document in rows.documents(session, case.id):
        if document.kind == rows.REFERRAL:
            referral = Referral.from_bytes(records.open_document(document, record_secret=key.record_secret))
            return names_match(referral.conflict_words, who.name, who.shown_name)
    return False


def hide_from(case: rows.Case, who: Identity) -> None:
    """From now on the case is not there for this person."""
    hidden = list(case.facts.get("hidden_from") or ())
    if who.id not in hidden:
        case.facts = {**case.facts, "hidden_from": [*hidden, who.id]}


def may_see_complaint(case: rows.Case, who: Identity, content: Mapping[str, Any], *, complaint_id: str) -> bool:
    """Whether this person may know of a complaint in a case that they may see. `content` is what it says, opened."""
    facts = [each for each in case.facts.get(asking.COMPLAINTS) or () if each.get("id") == complaint_id]
    return asking.may_know_of_complaint(
        staff_id=who.id,
        roles=who.roles,
        hidden_from=[staff_id for each in facts for staff_id in each.get("hidden_from") or ()],
        is_named=names_match(words_about(content), who.name, who.shown_name),
    )


def words_about(content: Mapping[str, Any]) -> str:
    """The words of a complaint that say whom it is about: the name that was given, else everything that was written."""
    named, words = content.get("who"), content.get("words")
    return (named if isinstance(named, str) and named.strip() else words if isinstance(words, str) else "") or ""


def may_see_addition(case: rows.Case, who: Identity, addition: Addition) -> bool:
    """Whether this person may know that something was sent later: everything but a complaint that is not for them."""
    content = addition.content
    if addition.kind != asking.ADDITION or content.get("what") != Asked.COMPLAINT.value:
        return True
    return may_see_complaint(case, who, content, complaint_id=str(content.get("id", "")))


def may_see_news(news: News, *, complaints: Collection[str]) -> bool:
    """The same for a piece of the conversation. `complaints` are the ids of those that this person may know of."""
    is_complaint = news.kind == asking.NEWS and news.data.get("what") == Asked.COMPLAINT.value
    return not is_complaint or str(news.data.get("id", "")) in complaints
