"""People at work: somebody from the stories at the portal, and a co-ordinator at the desk, both through the pages alone."""

from __future__ import annotations

from app.domain.journey import Place
from app.domain.reference import REFERENCE_LENGTHS, ROW_LENGTH, ROWS, reference_of, rows
from app.forms.refer import JOURNEY
from tests.harness.clients import Visitor
from tests.harness.pages import Form, NotOffered, Page
from tests.stories import Story

CO_ORDINATOR, SECOND, SUPERVISOR, GATEKEEPER = "dev-amira", "dev-ben", "dev-carys", "dev-dilys"


class Person:
    """Somebody who asks for support and comes back, by what the pages offer and nothing else."""

    def __init__(self, client: Visitor, story: Story, *, language: str = "en") -> None:
        """`language` is the slug under which the portal is read."""
        self.client, self.story = client, story
        self.home = f"/{language}/"
        self.number = ""

    @property
    def reference(self) -> str:
        """The first row of the number, which may be said to staff."""
        return reference_of(self.number)

    def path(self) -> list[Place]:
        """The pages that this story leads through, by the journey's own rules."""
        return JOURNEY.path(self.story.answers)

    def begin(self) -> Page:
        """Open the request at its first page."""
        return self.client.visit(f"{self.home}refer/")

    def answer(self, page: Page, place: Place) -> Page:
        """Answer the step that this page shows as the story says, or leave it, and go where that leads."""
        answer = self.story.answers.get(place.step.key, {})
        if not place.step.asks or answer:
            return self.client.submit(page, self._own_form(page, *answer), answer)
        return self.client.submit(page, self._own_form(page, "leave"), press="leave")

    def fill_in(self) -> Page:
        """Answer everything; returns the page to check it on. Raises NotOffered when the path is another."""
        page = self.begin()
        for place in self.path():
            self._expect(page, f"{self.home}refer/{place.slug}")
            if place.step.key == "check":
                break
            page = self.answer(page, place)
        return page

    def send(self, checked: Page) -> Page:
        """Press "send" on the page to check, and read the number."""
        page = self.client.submit(checked, checked.form("revision"))
        self._expect(page, f"{self.home}refer/sent")
        self.number = shown_number(page)
        return page

    def ask(self, *, keep: bool = True) -> str:
        """The whole request, from the start to the number; returns its 24 digits. `keep` presses "I have it"."""
        sent = self.send(self.fill_in())
        if keep:
            self.keep_number(sent)
        return self.number

    def keep_number(self, sent: Page) -> Page:
        """Type the last row, choose the story's code word, and say "I have it"."""
        answers = {"last_row": rows(self.number)[-1], "code_word": self.story.code_word}
        page = self.client.submit(sent, sent.form("last_row", "code_word"), answers)
        self._expect(page, f"{self.home}refer/done")
        return page

    def come_back(self, number: str = "") -> Page:
        """Give the return number; returns the page that it leads to."""
        page = self.client.visit(f"{self.home}return")
        return self.client.submit(page, page.form("number"), {"number": spoken(number or self.number)})

    def space(self) -> Page:
        """The person's own space, during a visit."""
        return self.client.visit(f"{self.home}case")

    def write(self, text: str) -> Page:
        """Write a message from the space."""
        page = self.client.visit(f"{self.home}case/messages")
        self._expect(page, f"{self.home}case/messages")
        return self.client.submit(page, page.form("text"), {"text": text})

    def sign_out(self) -> Page:
        """End the visit."""
        page = self.space()
        return self.client.submit(page, page.form(to="/case/sign-out"))

    @staticmethod
    def _own_form(page: Page, *names: str) -> Form:
        """The form of the step itself, which posts to its own address. Raises NotOffered."""
        for form in page.forms:
            if form.method == "post" and form.action == page.path and set(names) <= form.names:
                return form
        raise NotOffered(f"no form with {sorted(names)} for its own step on {page!r}")

    @staticmethod
    def _expect(page: Page, path: str) -> None:
        if page.path != path:
            raise NotOffered(f"{path} was to come, but {page!r} came: {page.text[:400]}")


class Colleague:
    """Somebody at the desk."""

    def __init__(self, client: Visitor) -> None:
        self.client = client

    def sign_in(self, who: str = CO_ORDINATOR) -> Page:
        """Sign in for development; returns the queue."""
        return sign_in(self.client, who)

    def queue(self) -> Page:
        """Who waits."""
        return self.client.visit("/queue")

    def first(self) -> Page:
        """What there is to do."""
        return self.client.visit("/")

    def case(self, reference: str) -> Page:
        """The case with this reference, by its link in the queue. Raises NotOffered when the queue has none."""
        queue = self.queue()
        for row in queue.main.all("tr", "li"):
            links = [each.attributes.get("href", "") for each in row.all("a")]
            cases = [href for href in links if href.startswith("/cases/")]
            if cases and reference in "".join(row.text.split()):
                return self.client.visit(cases[0])
        raise NotOffered(f"no case {reference} in the queue: {queue.text[:400]}")

    def claim(self, case: Page) -> Page:
        """Take the case."""
        return self.client.submit(case, case.form(to="/claim"))

    def open(self, case: Page) -> Page:
        """Open what was sealed."""
        return self.client.submit(case, case.form(to="/open"))

    def show(self, case: Page, way: str = "call") -> Page:
        """Have the number or the address of one way shown."""
        return self.client.submit(case, case.form(to=f"/show#way-{way}"), {"way": way})

    def new_number(self, case: Page, second: Visitor, *, by: str = SECOND, **answers: object) -> str:
        """Ask for a code for a new number, have `by` agree to it at the browser `second`, and make it; returns its digits."""
        page = self.client.visit(f"{case.path}/code")
        self.client.submit(page, page.form("check"), {"check": "code-word", **answers})
        agree(second, by)
        page = self.client.visit(f"{case.path}/code")
        made = self.client.submit(page, page.form("make"))
        return "".join(character for character in made.part("made") if character.isdigit())

    def send_status(self, case: Page, status: str) -> Page:
        """Send coded news."""
        return self.client.submit(case, case.form("status", to="/status"), {"status": status})

    def write(self, case: Page, text: str) -> Page:
        """Send a message."""
        return self.client.submit(case, case.form("text", to="/message"), {"text": text})


def agree(client: Visitor, who: str = SECOND) -> Page:
    """A second colleague signs in and agrees to what waits for one; returns the page of what still does."""
    sign_in(client, who)
    return decide_second(client, client.visit("/second"), "agree")


def decide_second(client: Visitor, page: Page, decision: str) -> Page:
    """Press "I agree" ("agree") or "No" ("no") at the first that waits for a second colleague. Raises NotOffered."""
    for form in page.forms:
        if any(each.name == "decision" and each.value == decision for each in form.controls):
            decided = client.submit(page, form)
            assert decided.status == 200, decided.text
            return decided
    raise NotOffered(f"nothing to say {decision!r} to on {page!r}")


def sign_in(client: Visitor, who: str = CO_ORDINATOR) -> Page:
    """Sign in at the desk for development; returns the queue, or the audit for an auditor."""
    page = client.visit("/sign-in")
    first = client.submit(page, page.form("who"), {"who": who})
    if first.path == "/audit" and first.status == 200:
        return first
    if first.path != "/":
        raise NotOffered(f"the first screen was to come, but {first!r} came")
    return client.visit("/queue")


def shown_number(page: Page) -> str:
    """The digits that a page shows in four rows, the first of which may be longer. Raises NotOffered."""
    first = next((place for place, digits in enumerate(page.digits) if len(digits) in REFERENCE_LENGTHS), 0)
    found = page.digits[first : first + ROWS]
    number = "".join(found)
    if [len(row) for row in found[1:]] != [ROW_LENGTH] * (ROWS - 1):
        raise NotOffered(f"no return number on {page!r}, only {page.digits}")
    return number


def spoken(number: str) -> str:
    """A return number as somebody types it from their paper: in threes."""
    return " ".join(number[start : start + 3] for start in range(0, len(number), 3))
