"""The guards that every answer carries, in a real browser: they hold, and they hold nothing back that the pages need."""

from __future__ import annotations

import pytest
from playwright.sync_api import ConsoleMessage, Page, Request, Route, expect

from tests.browser.conftest import Browse
from tests.harness.browser import Guard
from tests.harness.supervisor import Supervisor


def complaints(page: Page) -> list[str]:
    """What the browser says of the page from now on: whatever a policy blocks, and any header that it does not know."""
    said: list[str] = []

    def note(message: ConsoleMessage) -> None:
        said.append(f"{page.url}: {message.text}")

    page.on("console", note)
    return said


def test_no_page_asks_for_what_its_policy_forbids(browse: Browse) -> None:
    page = browse()
    said = complaints(page)
    for path in ("", "refer/start", "return", "support?a=3", "help-now", "pledge"):
        for language in ("en", "ar-XB"):
            page.goto(f"/{language}/{path}")
    desk = browse("hub")
    said_at_the_desk = complaints(desk)
    desk.goto("/sign-in")
    assert said + said_at_the_desk == []
    # The one script within the page has run, and so has the file.
    expect(page.locator("body")).to_have_class("govuk-template__body js-enabled govuk-frontend-supported")
    expect(page.locator(".govuk-exit-this-page__indicator")).to_have_count(1)


@pytest.mark.parametrize(
    "planted",
    [
        "<script>document.title = 'taken'</script>",
        "<img src='/nothing' onerror=\"document.title = 'taken'\">",
        "<script src='https://elsewhere.example/script.js'></script>",
        "<script src='data:text/javascript,document.title=1'></script>",
        "<base href='https://elsewhere.example/'>",
        "<object data='/static/nothing'></object>",
    ],
)
def test_what_somebody_managed_to_plant_does_nothing(browse: Browse, guards: list[Guard], planted: str) -> None:
    """As if it had got through every other guard, and stood in the page that the server sent."""
    page = browse()
    said = complaints(page)

    def serve(route: Route) -> None:
        response = route.fetch()
        body = response.text().replace("<main", f"{planted}<main", 1)
        assert planted in body
        route.fulfill(response=response, body=body)

    page.route("**/en/return", serve)
    blocked: list[Request] = []

    def note(request: Request) -> None:
        blocked.append(request)

    page.on("requestfailed", note)
    page.goto("/en/return")
    # What the policy blocks is told here, but never left the browser.
    assert guards[0].elsewhere == [each.url for each in blocked if each.failure == "csp"]
    guards[0].elsewhere.clear()
    assert any("Content Security Policy" in each for each in said), said
    assert page.title() not in {"taken", "1"}
    assert page.evaluate("document.baseURI") == page.url


def test_no_other_site_may_frame_a_page(browse: Browse, site: Supervisor) -> None:
    page = browse()
    said = complaints(page)
    page.set_content(f'<iframe src="{site.portal_url}/en/"></iframe>')
    page.wait_for_load_state()
    frame = page.frames[-1]
    assert frame != page.main_frame
    assert frame.url.startswith("chrome-error:")
    assert any("frame" in each.lower() for each in said), said


def test_no_page_may_look_through_the_camera_or_find_the_place(browse: Browse) -> None:
    page = browse(permissions=["geolocation"], geolocation={"latitude": 52.2, "longitude": 0.1})
    page.goto("/en/")
    found = page.evaluate(
        """() => new Promise((done) => navigator.geolocation.getCurrentPosition(
            () => done("found"), (error) => done(error.code)))"""
    )
    assert found == 1  # PERMISSION_DENIED
    # And so it is for everything that has no device or no permission here.
    allowed = set(page.evaluate("document.featurePolicy.allowedFeatures()"))
    assert not allowed & {"camera", "microphone", "geolocation", "payment", "usb", "display-capture"}
