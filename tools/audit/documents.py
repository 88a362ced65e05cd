"""Every page of the portal in every state, as its HTML comes: what anybody can open, the whole request, a space with much in it.

Fetched as a browser without scripts would, from the portal's own map, forms and links: what is new is met without being named.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from urllib.parse import urlsplit

from app.domain.handover import Kind as Passed
from app.domain.handover import Why
from app.domain.status import Milestone, Status
from tests.harness.clients import Visitor
from tests.harness.day import DAY
from tests.harness.every_step import NO_CHOICE, Kind, every_state, own_errors, step_form
from tests.harness.pages import Form, NotOffered, Page
from tests.harness.people import Colleague, Person
from tests.harness.public_pages import reading_pages, written_pages
from tests.harness.supervisor import Supervisor
from tests.stories import PARENT
from tools.audit.found import Document, Group, State

STATES = {Kind.EMPTY: State.EMPTY, Kind.FILLED: State.FILLED, Kind.IN_ERROR: State.ERROR, Kind.LATE: State.RESUMED}
ANSWER = "I am Amira. I have read what you wrote. Shall I ring on Thursday morning?"
# Sending these, whatever stands in them, changes the space for whoever looks at it next.
NOT_SENT = ("case/end/", "case/contact/start", "case/clear", "case/how/clear", "case/notices")
TOO_LONG = "m" * 20_001
WRONG_NUMBER = "100001 " * 4
WITHIN_SECONDS = 60.0
Wanted = Callable[[str], bool]


class Spaces:
    """Two spaces, made once and read in every language: one in which much has happened, and one whose owner is leaving."""

    def __init__(self, site: Supervisor) -> None:
        """Let it happen. Raises NotOffered when a page does not offer what it should."""
        self.busy, self.leaving = (Person(site.visitor(), PARENT) for _ in range(2))
        for person in (self.busy, self.leaving):
            person.ask()
        self._answer(Colleague(site.visitor("hub")))
        self.leaving.come_back()
        page = self.leaving.client.visit(f"{self.leaving.home}case/end/delete")
        self.leaving.client.submit(page, page.form("code_word"), {"code_word": PARENT.code_word})
        self._wait_for_the_answer()

    def _answer(self, colleague: Colleague) -> None:
        colleague.sign_in()
        case = _when_there(lambda: colleague.case(self.busy.reference))
        colleague.open(colleague.claim(case))
        days = {"on": (DAY + timedelta(days=9)).date().isoformat(), "by": (DAY + timedelta(days=20)).date().isoformat()}
        for status in (Status.WORKING, Status.HOW_ARE_YOU):
            colleague.send_status(colleague.case(self.busy.reference), status.value)
        page = colleague.case(self.busy.reference)
        colleague.client.submit(
            page, page.form("milestone", to="/milestone"), {"milestone": next(iter(Milestone)).value, "by": days["by"]}
        )
        colleague.write(colleague.case(self.busy.reference), ANSWER)
        page = colleague.client.visit(f"{case.path}/handover")
        form = page.form("service", "kinds")
        service = next(each.value for each in form.controls if each.name == "service" and each.value)
        answers = {"service": service, "why": Why.KNOWS_MORE.value, "kinds": tuple(each.value for each in Passed)}
        colleague.client.submit(page, form, answers)

    def _wait_for_the_answer(self) -> None:
        def look() -> Page:
            page = self.busy.come_back()
            if ANSWER not in page.text or not any("/case/approve/" in address for address, _ in page.links):
                raise NotOffered("the answer from the desk has not come")
            return page

        _when_there(look)
        self.busy.write(PARENT.message)


def documents(site: Supervisor, spaces: Spaces | None, slug: str, wanted: Wanted) -> Iterator[Document]:
    """Every page below this language whose address below it is `wanted`. Without `spaces`, none of a space."""
    for document in _all(site, spaces, slug, wanted):
        if wanted(document.below):
            yield document


def needs_spaces(wanted: Wanted) -> bool:
    """Whether any page of a space is wanted."""
    return wanted("case") or wanted("case/contact") or wanted("case/approve") or wanted("case/ask")


def _all(site: Supervisor, spaces: Spaces | None, slug: str, wanted: Wanted) -> Iterator[Document]:
    home, visitor = f"/{slug}/", site.visitor()
    for below in dict.fromkeys((*reading_pages(), *written_pages(slug))):
        page = visitor.visit(home + below)
        group = _group_of(urlsplit(page.path).path.removeprefix(home))
        yield Document(group, State.EMPTY, page.url, page.html, live=True)
        form = step_form(page)
        if form is not None and not below.startswith(("refer/", "return")):
            yield from _in_error(visitor, page, form, group)
    if wanted("return"):
        yield from _number(visitor, home)
    if any(wanted(each) for each in ("refer/who", "refer/check", "refer/sent", "case/more", "case/more/1")):
        for state in every_state(site.visitor, language=slug):
            group, kind = _group_of(state.page.path.removeprefix(home)), STATES[state.kind]
            if state.step.startswith("section"):  # it is filled when it was sent after the visit, and came back
                group, kind = Group.MORE, State.RESUMED if kind is State.FILLED else kind
            yield Document(group, kind, state.page.path, state.page.html, state.step)
    if spaces is not None:
        for person in (spaces.busy, spaces.leaving):
            yield from _space(site.visitor(), person.number, home)


def _number(visitor: Visitor, home: str) -> Iterator[Document]:
    page = visitor.visit(f"{home}return")
    wrong = visitor.submit(page, page.form("number"), {"number": WRONG_NUMBER})
    yield Document(Group.NUMBER, State.ERROR, wrong.path, wrong.html)
    page = visitor.visit(f"{home}return/collect")
    form = step_form(page)
    if form is not None:
        yield from _in_error(visitor, page, form, Group.NUMBER)


def _space(visitor: Visitor, number: str, home: str) -> Iterator[Document]:
    """Everything that links lead to from a space, and each form sent with what nobody could keep."""
    asked = visitor.visit(f"{home}return")
    first = visitor.submit(asked, asked.form("number"), {"number": number})
    waiting, seen = [first.path], set()
    while waiting:
        path = waiting.pop(0)
        if path in seen:
            continue
        page = first if path == first.path else visitor.visit(path)
        seen |= {path, page.path}
        if not page.path.startswith(f"{home}case"):
            continue
        yield Document(Group.SPACE, State.EMPTY, page.path, page.html)
        addresses = (urlsplit(address).path for address, _ in page.links)
        waiting += [each for each in addresses if each.startswith(f"{home}case") and "/more/" not in each]
        form = step_form(page)
        if form is not None and not page.path.removeprefix(home).startswith(NOT_SENT):
            yield from _in_error(visitor, page, form, Group.SPACE)


def _in_error(visitor: Visitor, page: Page, form: Form, group: Group) -> Iterator[Document]:
    """The page as it comes back when everything in its form is wrong. Nothing where it has nothing to fill in."""
    sent, pressed = [], False
    for control in form.controls:
        if control.kind == "hidden":
            sent.append((control.name, control.value))
        elif control.kind == "button":
            if control.name and not pressed:
                sent.append((control.name, control.value))
            pressed = True
        elif control.kind in {"checkbox", "radio", "option"}:
            sent.append((control.name, NO_CHOICE))
        else:
            sent.append((control.name, TOO_LONG))
    if not any(control.kind not in {"hidden", "button"} for control in form.controls):
        return
    answer = visitor.post_form(page.path, list(dict(sent).items()))
    if answer.path == page.path and own_errors(answer):
        yield Document(group, State.ERROR, answer.path, answer.html)


def _group_of(below: str) -> Group:
    if below.startswith(("refer/sent", "refer/done", "return")):
        return Group.NUMBER
    if below.startswith("refer"):
        return Group.REQUEST
    if below.startswith("case/more"):
        return Group.MORE
    if below == "case" or below.startswith("case/"):
        return Group.SPACE
    return Group.SURVEY if below.startswith("survey") else Group.READING


def _when_there(look: Callable[[], Page]) -> Page:
    deadline = time.monotonic() + WITHIN_SECONDS
    while True:
        try:
            return look()
        except NotOffered:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.5)
