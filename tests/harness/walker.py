"""Somebody from the stories in a real browser: they ask, come back and write by what they see and can press."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from urllib.parse import urlsplit

from playwright.sync_api import Locator, Page, Request

from app.domain.journey import Place
from app.domain.reference import REFERENCE_LENGTHS, reference_of, rows
from app.forms.refer import JOURNEY
from tests.harness.hands import Hands, Pointer
from tests.harness.pages import Filled
from tests.harness.people import spoken
from tests.stories import Story

Look = Callable[[Page], None]
CONTINUE = "form button:not([name])"
EXIT = ".govuk-exit-this-page a[href='/exit']"


def just_walk_on(_page: Page) -> None:
    """Look at nothing."""


class Walker:
    """One person at one browser page. `look` is called on every page that they come to."""

    def __init__(
        self,
        page: Page,
        story: Story,
        *,
        language: str = "en",
        look: Look = just_walk_on,
        hands: Hands | None = None,
    ) -> None:
        """`language` is the slug under which the portal is read; without `hands` they use a pointer."""
        self.page, self.story = page, story
        self.home = f"/{language}/"
        self.look = look
        self.hands: Hands = hands or Pointer()
        self.number = ""
        self.opened: list[str] = []
        page.on("request", self._note)

    @property
    def reference(self) -> str:
        """The first row of the number, which may be said to staff."""
        return reference_of(self.number)

    @property
    def main(self) -> Locator:
        """The main part of the page."""
        return self.page.locator("main")

    def path(self) -> list[Place]:
        """The pages that this story leads through, by the journey's own rules."""
        return JOURNEY.path(self.story.answers)

    def go(self, path: str) -> None:
        """Open an address below the language, such as "return"."""
        self.page.goto(self.home + path)
        self.look(self.page)

    def use(self, target: Locator) -> None:
        """Press a link or a button."""
        self.hands.press(target)

    def begin(self) -> None:
        """From the home page to the first page of the request."""
        self.go("")
        self.use(self.main.locator(f"a[href='{self.home}refer/start']").first)
        self.at("refer/start")

    def at(self, path: str) -> None:
        """Wait until the browser is at this address below the language, then look. Raises TimeoutError of Playwright."""
        self.page.wait_for_url(lambda url: urlsplit(url).path == self.home + path)
        self.look(self.page)

    def fill(self, answer: Mapping[str, Filled]) -> None:
        """Fill in controls of the page by their names, as they stand there."""
        for name, value in answer.items():
            controls = self.main.locator(f"[name='{name}']")
            kind = controls.first.evaluate(
                "(each) => each.tagName === 'INPUT' ? each.type : each.tagName.toLowerCase()"
            )
            if kind in {"radio", "checkbox"}:
                if isinstance(value, bool):
                    controls.set_checked(value)
                    continue
                for each in (value,) if isinstance(value, str) else value:
                    self.main.locator(f"[name='{name}'][value='{each}']").check()
            elif kind == "select":
                controls.select_option(str(value))
            elif kind == "button":
                self.use(self.main.locator(f"button[name='{name}'][value='{value}']"))
            else:
                controls.fill(str(value))

    def answer(self, place: Place) -> None:
        """Answer the step that the page shows as the story says, or leave it."""
        answer = self.story.answers.get(place.step.key, {})
        if place.step.asks and not answer:
            self.press("leave")
            return
        self.fill(answer)
        if "device" not in answer:  # its buttons send the page themselves
            self.carry_on()

    def carry_on(self) -> None:
        """Press the one button that goes on."""
        self.use(self.main.locator(CONTINUE).first)

    def press(self, name: str) -> None:
        """Press a named button."""
        self.use(self.main.locator(f"button[name='{name}']"))

    def fill_in(self, *, until: str = "check", stop: Callable[[Place], None] | None = None) -> None:
        """Answer everything from the first page to the step `until`; `stop` may do something at each page before."""
        self.begin()
        for place, following in zip(self.path(), self.path()[1:], strict=False):
            if place.step.key == until:
                break
            if stop is not None:
                stop(place)
            self.answer(place)
            self.at(f"refer/{following.slug}")

    def send(self) -> None:
        """Press "send" on the page to check, and read the number."""
        self.use(self.page.locator("#send"))
        self.at("refer/sent")
        digits = ["".join(text.split()) for text in self.main.locator("bdi").all_inner_texts()]
        self.number = "".join(row for row in digits if len(row) in REFERENCE_LENGTHS and row.isdigit())
        assert len(rows(self.number)) == 4, f"no return number: {digits}"

    def keep_number(self) -> None:
        """Type the last row, choose the story's code word, and say "I have it"."""
        self.fill({"last_row": rows(self.number)[-1], "code_word": self.story.code_word})
        self.carry_on()
        self.at("refer/done")

    def ask(self) -> str:
        """The whole request, from the start to the number; returns its 24 digits."""
        self.fill_in()
        self.send()
        self.keep_number()
        return self.number

    def come_back(self, number: str = "") -> None:
        """Give the return number. The page that it leads to is looked at when it is the space."""
        self.go("return")
        self.fill({"number": spoken(number or self.number)})
        self.carry_on()
        if not number:
            self.at("case")

    def write(self, text: str) -> None:
        """Write a message from the space."""
        self.use(self.main.locator(f"a[href='{self.home}case/messages']"))
        self.at("case/messages")
        self.fill({"text": text})
        self.carry_on()
        self.at("case")

    def sign_out(self) -> None:
        """End the visit."""
        self.use(self.main.locator(f"form[action='{self.home}case/sign-out'] button"))
        self.at("")

    def _note(self, request: Request) -> None:
        if request.is_navigation_request():
            self.opened.append(request.url)
