"""No link of a page that anybody can open leads nowhere, and none to a place on a page that is not there."""

from __future__ import annotations

from urllib.parse import urljoin, urlsplit

import pytest

from app.domain.search import SITE_PAGES
from tests.harness.clients import BrowsingClient
from tests.harness.pages import Page
from tests.harness.public_pages import reading_pages, written_pages
from tests.harness.sides import Sides

pytestmark = pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)
HOME = "/en/"
# What leads elsewhere without a visit, and a page that is meant not to be there.
NOT_FOLLOWED = ("/exit", "/en/nowhere")


def nowhere(client: BrowsingClient, pages: list[Page]) -> list[str]:
    """The links of these pages, in their own language, that lead nowhere: "from -> to"."""
    wrong, ids = [], {page.path: {each.attributes.get("id") for each in page.root.walk()} for page in pages}
    for page in pages:
        for address in dict.fromkeys(urljoin(page.path, each) for each, _words in page.links):
            parts = urlsplit(address)
            if parts.netloc or parts.scheme or not parts.path.startswith(HOME) or parts.path in NOT_FOLLOWED:
                continue
            asked = address.partition("#")[0]
            if asked not in ids:
                found = client.visit(asked)
                ids[asked] = {each.attributes.get("id") for each in found.root.walk()} if found.status == 200 else set()
            if not ids[asked] or (parts.fragment and parts.fragment not in ids[asked]):
                wrong.append(f"{page.path} -> {address}")
    return wrong


def test_every_link_leads_to_a_page_and_to_a_place_that_are_there(sides: Sides) -> None:
    client = sides.portal_client()
    below = dict.fromkeys((*reading_pages(), *written_pages("en"), *SITE_PAGES))
    pages = [client.visit(HOME + each) for each in below if each not in {"nowhere", "return/new"}]

    assert [page.path for page in pages if page.status != 200] == []
    assert nowhere(client, pages) == []


def test_a_link_to_nothing_is_found(sides: Sides) -> None:
    client = sides.portal_client()
    good = client.visit("/en/pledge")
    bad = Page(
        url="/en/made-up", status=200, headers={}, html='<a href="/en/not-there">x</a><a href="/en/pledge#no">y</a>'
    )

    assert nowhere(client, [good, bad]) == ["/en/made-up -> /en/not-there", "/en/made-up -> /en/pledge#no"]
