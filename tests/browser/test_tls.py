"""The whole path as in earnest: over TLS, at its public address, for an area whose Hub has said everything it must."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page, Response, expect

from app.pages.portal.doors import NEUTRAL_SITE
from tests.browser.conftest import Browse
from tests.harness.browser import NEUTRAL_HOST, PHONE, Guard
from tests.harness.clients import HttpVisitor
from tests.harness.people import Colleague, Person
from tests.harness.supervisor import Supervisor
from tests.harness.walker import EXIT, Walker
from tests.stories import WITNESS

DRAFT, VISIT = "__Host-portal-d", "__Host-portal-v"
ANSWER = "We have read what you wrote."


@pytest.fixture(scope="module")
def in_earnest(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Supervisor]:
    """The site with its portal over TLS, outside development."""
    made = Supervisor(tmp_path_factory.mktemp("site"), over_tls=True)
    try:
        made.start()
        yield made
    finally:
        made.close()


@pytest.fixture
def visitor(in_earnest: Supervisor) -> HttpVisitor:
    """A visitor of the portal who trusts its certificate."""
    return in_earnest.visitor()


def assert_host_cookie(page: Page, name: str) -> None:
    """The one cookie there is: for this very host, over TLS only, out of reach of scripts and of other sites."""
    (cookie,) = page.context.cookies()
    assert (cookie["name"], cookie["domain"], cookie["path"]) == (name, "localhost", "/")
    assert (cookie["secure"], cookie["httpOnly"], cookie["sameSite"]) == (True, True, "Strict")


@pytest.mark.rule("rule 4")
@pytest.mark.parametrize(
    "javascript", [True, pytest.param(False, marks=pytest.mark.audit)], ids=["scripts", "no-scripts"]
)
def test_the_whole_path_over_tls(browse: Browse, guards: list[Guard], in_earnest: Supervisor, javascript: bool) -> None:
    page = browse(site=in_earnest, javascript=javascript, size=PHONE)
    answers: list[Response] = []

    def note(answer: Response) -> None:
        answers.append(answer)

    page.on("response", note)
    assert in_earnest.portal_url.startswith("https://")

    walker = Walker(page, WITNESS)
    walker.begin()
    # Nothing says that this is a trial, and the Hub's own words stand before the first question.
    expect(page.locator(".notice--tested")).to_have_count(0)
    expect(walker.main).to_contain_text("Lantern House")
    expect(walker.main).to_contain_text("We do not record crimes")
    assert page.context.cookies() == []
    walker.fill_in()
    assert_host_cookie(page, DRAFT)
    walker.send()
    walker.keep_number()
    assert page.context.cookies() == []

    # The courier trusts the certificate too: the request arrives, and the answer comes back.
    colleague = Colleague(in_earnest.visitor("hub"))
    colleague.sign_in()
    for _ in range(60):
        if walker.reference in "".join(colleague.queue().text.split()):
            break
        page.wait_for_timeout(500)
    case = colleague.open(colleague.claim(colleague.case(walker.reference)))
    colleague.write(case, ANSWER)
    walker.come_back()
    assert_host_cookie(page, VISIT)
    for _ in range(60):
        if ANSWER in walker.main.inner_text():
            break
        page.wait_for_timeout(500)
        page.reload()
    expect(walker.main).to_contain_text(ANSWER)
    walker.write(WITNESS.message)

    # Each form was accepted; a browser says of each where it comes from.
    posts = [answer for answer in answers if answer.request.method == "POST"]
    assert len(posts) == len(walker.path()) + 3  # with the number kept, given, and a message
    # A script that asks where to go next is told so; to everybody else the answer is to go there.
    told = {answer.status for answer in posts if answer.headers.get("content-type", "").startswith("text/uri-list")}
    assert told <= {200}
    assert {answer.status for answer in posts} <= {302, 303} | told
    own = [answer for answer in answers if answer.url.startswith(in_earnest.portal_url)]
    assert {answer.headers.get("strict-transport-security") for answer in own} == {
        "max-age=63072000; includeSubDomains"
    }

    # The way out clears what a browser lets us clear.
    with page.expect_event("requestfailed", lambda request: urlsplit(request.url).hostname == NEUTRAL_HOST):
        page.locator(EXIT).click(no_wait_after=True)
    assert guards[0].left == [NEUTRAL_SITE]
    (left,) = [answer for answer in answers if urlsplit(answer.url).path == "/exit"]
    assert left.all_headers()["clear-site-data"] == '"cache", "cookies", "storage"'
    assert page.context.cookies() == []


def test_signing_out_clears_the_browser(browse: Browse, in_earnest: Supervisor) -> None:
    asked = Person(in_earnest.visitor(), WITNESS)
    asked.ask()
    walker = Walker(browse(site=in_earnest, size=PHONE), WITNESS)
    walker.number = asked.number
    walker.come_back()
    with walker.page.expect_response("**/case/sign-out") as answered:
        walker.sign_out()
    assert answered.value.all_headers()["clear-site-data"] == '"cache", "cookies", "storage"'
    assert walker.page.context.cookies() == []


def test_a_form_of_another_site_is_refused(browse: Browse, guards: list[Guard], in_earnest: Supervisor) -> None:
    """In a real browser, which says by itself where a form comes from."""
    page = browse(site=in_earnest)
    address = f"{in_earnest.portal_url}/en/refer/start"
    page.set_content(f'<form method="post" action="{address}"><button name="device" value="own">Go</button></form>')
    with page.expect_response(address) as answered:
        page.get_by_role("button").click()
    assert answered.value.request.method == "POST"
    assert answered.value.status == 403
    assert page.context.cookies() == []
    expect(page.locator("h1")).to_be_visible()


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://elsewhere.example"},
        {"Origin": "null"},
        {"Origin": "https://localhost"},
        {"Origin": "https://localhost.elsewhere.example"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {},
    ],
    ids=str,
)
def test_a_post_that_does_not_come_from_here_is_refused(visitor: HttpVisitor, headers: dict[str, str]) -> None:
    answer = visitor.session.post(
        f"{visitor.base_url}/en/refer/start", data={"device": "own"}, headers=headers, allow_redirects=False, timeout=20
    )
    assert answer.status_code == 403
    assert "Set-Cookie" not in answer.headers


def test_a_post_from_here_is_taken_from_old_browsers_too(visitor: HttpVisitor) -> None:
    """They say nothing but where a form comes from."""
    answer = visitor.session.post(
        f"{visitor.base_url}/en/refer/start",
        data={"device": "own"},
        headers={"Origin": visitor.base_url},
        allow_redirects=False,
        timeout=20,
    )
    assert answer.status_code == 303
    pair, *attributes = [part.strip() for part in answer.headers["Set-Cookie"].split(";")]
    assert pair.startswith(f"{DRAFT}=")
    assert {"Secure", "HttpOnly", "Path=/", "SameSite=Strict"} <= set(attributes)
    assert not [part for part in attributes if part.lower().startswith("domain")]


@pytest.mark.parametrize("host", ["elsewhere.example", "127.0.0.1", "localhost"])
def test_another_host_is_not_served(visitor: HttpVisitor, host: str) -> None:
    """Only the public address, port and all: nothing answers to a name that somebody made up."""
    answer = visitor.session.get(f"{visitor.base_url}/en/", headers={"Host": host}, timeout=20)
    assert answer.status_code == 404
    assert host not in answer.text


def test_languages_made_up_for_tests_are_not_there(visitor: HttpVisitor) -> None:
    assert visitor.visit("/en/").status == 200
    for language in ("en-XA", "ar-XB"):
        assert visitor.visit(f"/{language}/").status == 404
