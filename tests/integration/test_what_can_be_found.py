"""What the sources ask to be there for people is there: from home, in two clicks, with somebody to turn to beside it."""

from __future__ import annotations

from urllib.parse import urljoin, urlsplit

import pytest

from tests.harness.clients import BrowsingClient
from tests.harness.pages import Page
from tests.harness.sides import Sides

pytestmark = pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)

# For each requirement: a page, a section of it, and the services that it must lead to.
FOUND = [
    pytest.param(
        "guides/alcohol-and-drugs", "guide-help", {"cgl-cambridgeshire", "cgl-aspire-peterborough"},
        marks=pytest.mark.requirement("E5"), id="drink-and-drugs",
    ),
    pytest.param(
        "guides/housing", "guide-help", {"shelter", "housing-cambridge-city", "housing-peterborough"},
        marks=pytest.mark.requirement("E5"), id="housing",
    ),
    pytest.param(
        "guides/mind", "guide-help", {"first-response-service", "samaritans"},
        marks=pytest.mark.requirement("E5", "F6"), id="the-mind",
    ),
    pytest.param(
        "guides/sexual-violence", "adviser", {"caprcp-isva", "cambridge-rape-crisis"},
        marks=pytest.mark.requirement("E6", "A17"), id="an-adviser-at-your-side",
    ),
    pytest.param(
        "guides/sexual-violence", "long-ago", {"choices-counselling"},
        marks=pytest.mark.requirement("F10"), id="counselling",
    ),
    pytest.param(
        "guides/abuse-at-home", "now", {"national-domestic-abuse-helpline"},
        marks=pytest.mark.requirement("F9", "A17"), id="a-safe-place-to-stay",
    ),
    pytest.param(
        "guides/exploitation", "now", {"modern-slavery-helpline", "hub-migrant-victims"},
        marks=pytest.mark.requirement("A17"), id="made-to-work",
    ),
    pytest.param(
        "guides/across-the-border", "guide-help", {"victim-support", "national-domestic-abuse-helpline"},
        marks=pytest.mark.requirement("E7"), id="over-the-border",
    ),
    pytest.param(
        "guides/young", "guide-help", {"childline", "caprcp-isva", "centre-33"},
        marks=pytest.mark.requirement("E10"), id="young",
    ),
    pytest.param(
        "guides/burglary", "guide-help", {"bobby-scheme"}, marks=pytest.mark.requirement("E11"), id="a-safe-home",
    ),
    pytest.param(
        "guides/worried", "child", {"childrens-social-care-cambridgeshire", "nspcc"},
        marks=pytest.mark.requirement("E15"), id="who-keeps-children-safe",
    ),
    pytest.param(
        "guides/road-death", "guide-help", {"road-victims-trust", "brake", "roadpeace"},
        marks=pytest.mark.requirement("E16"), id="on-the-road",
    ),
    pytest.param(
        "guides/again", "guide-help", {"neighbourhood-watch", "bobby-scheme"},
        marks=pytest.mark.requirement("F7", "F12"), id="not-again",
    ),
]  # fmt: skip


@pytest.fixture
def client(sides: Sides) -> BrowsingClient:
    return sides.portal_client()


@pytest.mark.parametrize(("path", "section", "services"), FOUND)
def test_it_is_there_and_two_clicks_from_home(
    client: BrowsingClient, path: str, section: str, services: set[str]
) -> None:
    address = f"/en/{path}"
    home = client.visit("/en/")
    near = {target(home, each) for each, _words in home.links}
    near |= {target(page, each) for page in [client.visit("/en/guides")] for each, _words in page.links}
    page = client.visit(address)

    assert address in near
    assert services <= led_to_from(page, section)
    assert any(each.startswith("/en/refer/start") for each, _words in page.links)


@pytest.mark.requirement("F11", "A21", "A5", "A7")
@pytest.mark.parametrize("path", ["guides/road-death", "guides/abuse-at-home", "guides/sexual-violence"])
def test_no_help_that_a_guide_names_hangs_on_a_report(client: BrowsingClient, sides: Sides, path: str) -> None:
    directory = sides.portal_side.directory
    page = client.visit(f"/en/{path}")
    named = [directory.get(service) for service in led_to_from(page, "guide-help")]

    assert named
    assert not [service.id for service in named if service is None or service.needs_police_report]


@pytest.mark.requirement("F4", "E19")
@pytest.mark.parametrize("path", ["told", "not-told", "nearby", "road", "loss", "hearing", "ended"])
def test_at_every_stage_there_is_somebody_to_ask(client: BrowsingClient, path: str) -> None:
    page = client.visit(f"/en/rights/{path}")

    assert page.part("ask")
    assert any("/support/" in each or each.endswith("/refer/start") for each, _words in page.links)


def target(page: Page, address: str) -> str:
    """Where a link leads, without what stands behind the path."""
    return urlsplit(urljoin(page.path, address)).path


def led_to_from(page: Page, section: str) -> set[str]:
    """The ids of the services that are linked between this heading and the next."""
    found: set[str] = set()
    is_here = False
    for each in page.main.walk():
        if each.name == "h2":
            is_here = each.attributes.get("id") == section
        if is_here and each.name == "a" and "/support/" in each.attributes.get("href", ""):
            found.add(each.attributes["href"].rsplit("/", 1)[1])
    return found
