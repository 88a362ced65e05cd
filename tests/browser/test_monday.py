"""A Monday at a desk of four hundred cases, by the keyboard alone: a co-ordinator's, and a supervisor's."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Browse
from tests.harness import many
from tests.harness.browser import PHONE, assert_no_sideways_scroll, axe
from tests.harness.day import DAY
from tests.harness.hands import Keys
from tests.harness.people import CO_ORDINATOR
from tests.harness.supervisor import Supervisor


@pytest.fixture(scope="module")
def desk_of_many(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Supervisor]:
    """A site of its own: its desk has four hundred cases."""
    made = Supervisor(tmp_path_factory.mktemp("monday"))
    try:
        hub = many.hub_of(made.environment("hub"))
        many.fill(hub, now=DAY - timedelta(minutes=5))
        hub.database.close()
        made.start()
        yield made
    finally:
        made.close()


def sign_in(page: Page, who: str) -> None:
    """By Tab, arrows and Enter."""
    hands = Keys()
    page.goto("/sign-in")
    hands.tick(page.locator(f"input[value={who}]"))
    hands.press(page.locator("main button"))
    expect(page.locator("h1")).to_have_text("Since you were last here")


def press(page: Page, key: str, heading: str) -> None:
    """Press one key, and be on the page with this heading."""
    page.keyboard.press(key)
    expect(page.locator("h1")).to_have_text(heading)


def figure(page: Page, key: str) -> int:
    """The figure of the first screen that this key leads to."""
    return int(page.locator(f".first [data-key='{key}'] .first__count").inner_text())


@pytest.mark.requirement("D7")
@pytest.mark.requirement("E1")
@pytest.mark.rule("rule 5")
def test_a_co_ordinators_monday(browse: Browse, desk_of_many: Supervisor) -> None:
    page = browse("hub", site=desk_of_many)
    sign_in(page, CO_ORDINATOR)
    axe(page)
    new = figure(page, "1")
    assert new > 20

    # One key to those who are new, two to the first of them, one more to claim it.
    press(page, "1", "Queue")
    axe(page)
    expect(page.locator("[aria-current=true]")).to_contain_text(str(new))
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("k")
    reference = page.locator("[data-row] a:focus").inner_text()
    assert reference == page.locator("[data-row] a").first.inner_text()
    page.keyboard.press("c")
    expect(page.locator("h1")).to_contain_text(reference)
    expect(page.locator(".desk-head__owner")).to_contain_text("You have it")
    axe(page)

    # Opened, and answered in three presses, in whichever language they asked.
    Keys().press(page.locator("form[action$='/open'] button"))
    expect(page.locator("form[action$='/message']")).to_be_visible()
    axe(page)
    press(page, "r", "Reply with a sentence")
    page.keyboard.press("1")
    expect(page.locator("#chosen")).to_be_visible()
    sentence = page.locator("#chosen").inner_text()
    axe(page)
    page.keyboard.press("s")
    expect(page.locator("h1")).to_contain_text(reference)
    expect(page.locator("main")).to_contain_text(sentence)

    # Who may be contacted now leads to a case, and no number stands there.
    press(page, "n", "Contact now")
    axe(page)
    assert "07700" not in page.content()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_contain_text("Case")

    # Narrowed by keys alone; the page says so.
    press(page, "q", "Queue")
    page.keyboard.press("/")
    expect(page.locator("#narrow-group")).to_be_focused()
    page.keyboard.press("c")  # typing into a list claims nothing
    Keys().tick(page.locator("input[name=now]"))
    Keys().press(page.locator("#narrow button"))
    page.wait_for_url("**now=1**")
    axe(page)
    assert all("now, until" in each for each in page.locator(".queue__reach--first").all_inner_texts())

    # One of mine that nobody answers rests until a day.
    press(page, "h", "Since you were last here")
    press(page, "m", "Queue")
    ours = page.locator("[data-row]").filter(has=page.locator(".case-state--theirs")).first.locator("a").first
    Keys().press(ours)
    expect(page.locator("h1")).to_contain_text("Case")
    press(page, "z", "Let the case rest")
    axe(page)
    Keys().press(page.locator("main form button"))
    expect(page.locator("h1")).to_have_text("Queue")

    # What each key does; and none of them must be.
    page.keyboard.press("?")
    expect(page.locator("dialog")).to_be_visible()
    axe(page)
    Keys().press(page.locator("dialog .keys__switch button"))
    expect(page.locator("h1")).to_have_text("Keys")
    page.keyboard.press("h")
    expect(page.locator("h1")).to_have_text("Keys")
    Keys().press(page.locator("main .keys__switch button"))
    expect(page.locator("main .keys__switch button")).to_contain_text("off")
    press(page, "h", "Since you were last here")


@pytest.mark.requirement("D7")
@pytest.mark.rule("rule 5")
def test_a_supervisors_monday(browse: Browse, desk_of_many: Supervisor) -> None:
    page = browse("hub", site=desk_of_many)
    sign_in(page, "dev-carys")
    for key in ("6", "9"):
        assert figure(page, key) > 0
        press(page, key, "Queue")
        axe(page)
        press(page, "h", "Since you were last here")

    # Somebody at risk whom nobody has is given to a colleague.
    press(page, "2", "Queue")
    page.keyboard.press("/")
    expect(page.locator("#narrow-group")).to_be_focused()
    Keys().pick(page.locator("#narrow-owner"), "Nobody")
    Keys().press(page.locator("#narrow button"))
    page.wait_for_url("**owner=none**")
    page.keyboard.press("j")
    reference = page.locator("[data-row] a:focus").inner_text()
    press(page, "a", "Give the case to a colleague")
    axe(page)
    Keys().pick(page.locator("#to"), "Ben Okafor")
    Keys().press(page.locator("main form button"))
    expect(page.locator("h1")).to_have_text("Queue")
    page.goto("/queue?risk=1&owner=none")
    expect(page.locator("main")).not_to_contain_text(reference)


@pytest.mark.rule("rule 5")
def test_without_scripts_and_on_a_phone_everything_is_a_link(browse: Browse, desk_of_many: Supervisor) -> None:
    page = browse("hub", site=desk_of_many, javascript=False, size=PHONE)
    sign_in(page, CO_ORDINATOR)
    for path in ("/", "/queue", "/queue?now=1", "/contact-now", "/keys"):
        page.goto(path)
        assert_no_sideways_scroll(page)
        axe(page)
    expect(page.locator("main kbd").first).to_be_visible()
    expect(page.locator("dialog")).to_be_hidden()
