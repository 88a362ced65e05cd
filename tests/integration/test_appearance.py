"""How pages look for one person: kept by their browser alone, on every page, and never on anybody else's."""

from __future__ import annotations

import gzip
import re
from collections.abc import Iterator

import pytest

from app.domain.appearance import Appearance
from tests.harness.clients import BrowsingClient
from tests.harness.day import travel
from tests.harness.sides import Sides

PAGE = "/en/appearance"
COOKIE = "portal-a"
DARK = Appearance(colours="dark", size="large")
# From memory, changing by the minute, a question, somebody's own, and what is not there.
PLACES = ("/en/", "/en/help-now", "/en/support?a=3", "/en/status", "/en/refer/start", "/en/return", PAGE, "/en/nowhere")


@pytest.fixture(scope="module")
def sides(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sides]:
    """One site for all of these people, each in a browser of their own."""
    with travel():
        made = Sides(tmp_path_factory.mktemp("data"), client_class=BrowsingClient)
    yield made
    made.close()


@pytest.fixture
def client(sides: Sides) -> BrowsingClient:
    """A browser in which nothing was chosen."""
    return sides.portal_client()


@pytest.fixture
def dressed(sides: Sides) -> BrowsingClient:
    """A browser that asks for dark pages with large letters."""
    made = sides.portal_client()
    made.set_cookie(COOKIE, DARK.text, domain="127.0.0.1")
    return made


def classes(html: str) -> list[str]:
    """The class names of the document."""
    found = re.search(r'<html[^>]* class="([^"]*)"', html)
    assert found is not None
    return found[1].split()


def kept(client: BrowsingClient, **answers: object) -> str:
    """The cookie's line after these choices were sent."""
    response = client.post(PAGE, data=answers)
    assert response.status_code == 303
    assert response.headers["Location"].startswith(PAGE)
    [line] = [each for each in response.headers.getlist("Set-Cookie") if each.startswith(f"{COOKIE}=")]
    return line


# What is kept, and for how long


def test_a_choice_is_seen_on_every_page_and_can_be_put_back(client: BrowsingClient) -> None:
    kept(client, size="large", colours="dark", also=["links", "page"], lines="usual")
    for place in PLACES:
        assert {"text-large", "theme-dark", "links-underlined", "plain"} <= set(classes(client.get(place).text)), place
    page = client.visit(PAGE)
    on = {(each.name, each.value) for form in page.forms for each in form.controls if each.is_on}
    assert {("size", "large"), ("colours", "dark"), ("also", "links"), ("also", "page"), ("space", "usual")} <= on
    assert "Max-Age=0" in kept(client, back="1", size="large")
    assert classes(client.get("/en/").text) == ["govuk-template"]


def test_who_said_nothing_about_the_device_is_remembered_until_the_browser_is_closed(client: BrowsingClient) -> None:
    line = kept(client, size="large")
    assert "Max-Age" not in line
    assert "Expires" not in line
    assert {"HttpOnly", "SameSite=Strict", "Path=/"} <= set(line.split("; "))


def test_who_asks_to_be_remembered_is_remembered_for_months(client: BrowsingClient) -> None:
    assert f"Max-Age={180 * 24 * 60 * 60}" in kept(client, size="large", lasting="y")


@pytest.mark.requirement("B12")
def test_where_others_may_look_nothing_stays_whatever_is_sent(client: BrowsingClient) -> None:
    client.post("/en/refer/start", data={"device": "shared"})
    assert "lasting" not in client.get(PAGE).text
    assert "Max-Age" not in kept(client, size="large", lasting="y")


@pytest.mark.requirement("B12")
def test_what_was_kept_for_months_becomes_short_when_somebody_says_that_others_may_look(client: BrowsingClient) -> None:
    kept(client, size="large", lasting="y")
    for device, is_short in (("own", False), ("shared", True)):
        answer = client.post("/en/refer/start", data={"device": device})
        lines = [each for each in answer.headers.getlist("Set-Cookie") if each.startswith(f"{COOKIE}=")]
        assert [("Max-Age" in each, each.split(";")[0]) for each in lines] == (
            [(False, f"{COOKIE}=100000000")] if is_short else []
        )


def test_the_way_out_takes_it_along(client: BrowsingClient) -> None:
    kept(client, size="large", lasting="y")
    client.get("/exit")
    assert classes(client.get("/en/").text) == ["govuk-template"]


@pytest.mark.parametrize("text", ["", "x", "9" * 9, "000000000", "1" * 400, '"><script>', "1000000000"])
def test_a_cookie_that_is_not_ours_changes_nothing(client: BrowsingClient, text: str) -> None:
    usual = client.get("/en/pledge").data
    response = client.get("/en/pledge", headers={"Cookie": f"{COOKIE}={text}"})
    assert response.status_code == 200
    assert response.data == usual


# Nobody's looks on anybody else's page


@pytest.mark.rule("rule 4")
def test_no_looks_leak_through_the_memory_of_pages(
    sides: Sides, client: BrowsingClient, dressed: BrowsingClient
) -> None:
    other = sides.portal_client()
    other.set_cookie(COOKIE, Appearance(colours="cream").text, domain="127.0.0.1")
    for place in ("/en/how-it-works", "/en/privacy"):
        # The first to ask is somebody who has chosen: what is kept of it must be the page of nobody.
        first, plain, again = dressed.get(place), client.get(place), dressed.get(place)
        assert classes(first.text) == classes(again.text) == ["govuk-template", "text-large", "theme-dark"]
        assert classes(plain.text) == ["govuk-template"]
        assert classes(other.get(place).text) == ["govuk-template", "theme-cream"]
        assert plain.text == first.text.replace(" text-large theme-dark", "", 1)
        assert client.get(place).data == plain.data


def test_browsers_keep_a_page_for_its_looks_only(client: BrowsingClient, dressed: BrowsingClient) -> None:
    place = "/en/safety"
    for _ in range(2):
        usual, own = client.get(place), dressed.get(place)
        assert "public" in usual.headers["Cache-Control"]
        assert "Cookie" in usual.headers["Vary"]
        assert "Cookie" in own.headers["Vary"]
        assert "public" not in own.headers["Cache-Control"]
        assert "private" in own.headers["Cache-Control"]
    assert usual.headers["ETag"] != own.headers["ETag"]
    assert dressed.get(place, headers={"If-None-Match": own.headers["ETag"]}).status_code == 304
    assert dressed.get(place, headers={"If-None-Match": usual.headers["ETag"]}).status_code == 200
    assert client.get(place, headers={"If-None-Match": own.headers["ETag"]}).status_code == 200
    packed = dressed.get(place, headers={"Accept-Encoding": "gzip"})
    assert gzip.decompress(packed.data) == own.data
    assert int(packed.headers["Content-Length"]) == len(packed.data)
    head = dressed.head(place)
    assert head.data == b""
    assert head.headers["Content-Length"] == own.headers["Content-Length"]


def test_what_is_personal_stays_so_and_other_files_are_left_alone(
    client: BrowsingClient, dressed: BrowsingClient
) -> None:
    assert dressed.get("/en/refer/start").headers["Cache-Control"] == "no-store"
    sheet = re.search(r'/static/site-[^"]+\.css', client.get("/en/").text)
    assert sheet is not None
    assert dressed.get(sheet[0]).data == client.get(sheet[0]).data
    assert dressed.get("/healthz").data == client.get("/healthz").data


def test_the_style_of_letters_is_offered_where_there_are_two(client: BrowsingClient) -> None:
    assert 'name="letters"' not in client.get(PAGE).text
    assert 'name="letters"' in client.get("/ar-XB/appearance").text
    line = client.post("/ar-XB/appearance", data={"letters": "naskh"}).headers["Set-Cookie"]
    assert "Max-Age=0" in line  # what the language has by itself needs no cookie
    client.post("/ar-XB/appearance", data={"letters": "nastaliq"})
    assert "nastaliq" in classes(client.get("/ar-XB/").text)
