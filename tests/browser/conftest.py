"""A real Chromium on real processes: the portal, the desk and the courier between them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Protocol

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from app.settings import Side
from tests.harness.browser import DESKTOP, Guard, launch, new_context
from tests.harness.supervisor import Supervisor


class Browse(Protocol):
    """Opens a browser of its own on one side."""

    def __call__(
        self,
        side: Side = "portal",
        *,
        javascript: bool = True,
        size: tuple[int, int] = DESKTOP,
        site: Supervisor | None = None,
        **options: Any,
    ) -> Page:
        """A blank page whose addresses start at that side; `site` is another than the shared one."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Everything here drives a browser, and says so."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.browser)


@pytest.fixture(autouse=True)
def day() -> None:
    """The servers live on the fixed day; this process stays in real time, with the browser."""


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """One Chromium for each worker of the run."""
    with sync_playwright() as playwright:
        browser = launch(playwright)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Supervisor]:
    """The whole site, running: for tests that leave it running."""
    made = Supervisor(tmp_path_factory.mktemp("site"))
    try:
        made.start()
        yield made
    finally:
        made.close()


@pytest.fixture
def guards() -> Iterator[list[Guard]]:
    """The guards of the browsers that `browse` opened, in order; at the end each must have seen nothing amiss."""
    watching: list[Guard] = []
    yield watching
    for guard in watching:
        guard.assert_clean()


@pytest.fixture
def browse(chromium: Browser, request: pytest.FixtureRequest, guards: list[Guard]) -> Iterator[Browse]:
    """Opens browsers, each with its own cookies: never both sides in one, for cookies know no ports."""
    opened = []

    def open_page(
        side: Side = "portal",
        *,
        javascript: bool = True,
        size: tuple[int, int] = DESKTOP,
        site: Supervisor | None = None,
        **options: Any,
    ) -> Page:
        served: Supervisor = site or request.getfixturevalue("site")
        base_url = served.portal_url if side == "portal" else served.hub_url
        context = new_context(chromium, base_url=base_url, javascript=javascript, size=size, **options)
        opened.append(context)
        guards.append(Guard(context))
        return context.new_page()

    yield open_page
    for context in opened:
        context.close()
