"""A colleague signs in at another site and comes back, in a real Chromium: the cookies cross over as they should."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect
from werkzeug.serving import make_server

from tests.harness.browser import PHONE, assert_no_sideways_scroll, axe
from tests.harness.provider import Provider
from tests.harness.sides import Quiet, Sides


@pytest.fixture(scope="module")
def provider() -> Iterator[Provider]:
    """An identity provider: called localhost, so another site than the desk."""
    made = Provider()
    yield made
    made.close()


@pytest.fixture(scope="module")
def desk_url(provider: Provider, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A desk whose staff sign in there."""
    sides = Sides(tmp_path_factory.mktemp("desk"), environ=provider.environ)
    server = make_server("127.0.0.1", 0, sides.hub, threaded=True, request_handler=Quiet)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()
    sides.close()


def sign_in(page: Page, provider: Provider) -> None:
    page.get_by_role("button", name="Sign in with your work account").click()
    page.wait_for_url(f"{provider.issuer}/authorize**")
    page.get_by_role("button", name="It is me").click()


@pytest.mark.parametrize("javascript", [True, False], ids=["scripts", "no-scripts"])
def test_there_and_back_and_out(chromium: Browser, provider: Provider, desk_url: str, javascript: bool) -> None:
    provider.be(roles=["hub-staff", "hub-lead"])
    width, height = PHONE
    context = chromium.new_context(
        base_url=desk_url, java_script_enabled=javascript, viewport={"width": width, "height": height}
    )
    page = context.new_page()
    page.goto("/queue")
    assert page.url.endswith("/sign-in")
    assert_no_sideways_scroll(page)
    sign_in(page, provider)
    page.wait_for_url(f"{desk_url}/")
    expect(page.locator(".masthead__person bdi")).to_have_text("Farah Lindqvist")
    assert {each["name"] for each in context.cookies()} >= {"hub-s"}
    assert "hub-o" not in {each["name"] for each in context.cookies()}
    if javascript:
        for path in ("/people", "/people/sessions", "/sessions", "/second"):
            page.goto(path)
            assert_no_sideways_scroll(page)
            axe(page)
        page.goto("/people")
        page.get_by_role("link", name="Farah Lindqvist", exact=True).click()
        expect(page.locator("h1")).to_have_text("Farah Lindqvist")
        axe(page)
        assert_no_sideways_scroll(page)
    page.get_by_role("button", name="Sign out").first.click()
    page.wait_for_url("**/sign-in")
    page.goto("/queue")
    assert page.url.endswith("/sign-in")
    context.close()


def test_who_has_no_role_stays_outside_and_reads_why(chromium: Browser, provider: Provider, desk_url: str) -> None:
    provider.be(roles=[])
    context = chromium.new_context(base_url=desk_url)
    page = context.new_page()
    page.goto("/sign-in")
    sign_in(page, provider)
    expect(page.locator(".govuk-error-summary")).to_contain_text("no role at this desk")
    axe(page)
    context.close()
