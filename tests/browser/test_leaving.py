"""The pages about leaving, on a small phone and without scripts: sound, in their own language, for any hands."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import select

from app.data import portal as rows
from app.data.database import Database
from app.data.post import REFUSED
from tests.browser.conftest import Browse
from tests.browser.test_contact import look_again
from tests.browser.test_pages import ACCENTED, MIRRORED, Inspector
from tests.harness.browser import PHONE
from tests.harness.people import Person
from tests.harness.supervisor import Supervisor
from tests.harness.walker import CONTINUE, Walker
from tests.stories import PARENT


@pytest.mark.requirement("B5")
@pytest.mark.rule("rule 5")
@pytest.mark.parametrize("language", [ACCENTED, pytest.param(MIRRORED, marks=pytest.mark.audit)])
def test_every_page_about_leaving_is_sound_without_scripts(browse: Browse, site: Supervisor, language: str) -> None:
    inspect, walking = _in_their_space(browse, site, language)
    for path in ("end", "end/back", "end/close", "end/asked", "end/delete"):
        walking.go(f"case/{path}")
    walking.main.locator(CONTINUE).first.click()
    walking.page.locator("#deleting-on").wait_for()
    look_again(inspect, walking.page)
    walking.page.locator("#not-me").click()
    walking.at("case/end/kept")
    look_again(inspect, walking.page)
    inspect.assert_well()


@pytest.mark.requirement("B5")
@pytest.mark.rule("rule 5")
@pytest.mark.parametrize("language", [ACCENTED, pytest.param(MIRRORED, marks=pytest.mark.audit)])
def test_what_the_hub_could_not_open_is_taken_back_on_sound_pages(
    browse: Browse, site: Supervisor, language: str
) -> None:
    with _requests(site) as sent:
        before = {each.envelope_id for each in sent}
    inspect, walking = _in_their_space(browse, site, language)
    walking.go("case/end/delete")
    walking.main.locator(CONTINUE).first.click()
    walking.page.locator("#deleting-on").wait_for()
    # As if the Hub had answered that it could not open it.
    with _requests(site) as sent:
        (own,) = [each for each in sent if each.envelope_id not in before]
        own.state = REFUSED
    walking.page.reload()
    walking.page.locator("#not-opened").wait_for()
    look_again(inspect, walking.page)
    walking.page.locator("#not-me").click()
    walking.at("case/end/kept")
    look_again(inspect, walking.page)
    walking.go("case/end")
    look_again(inspect, walking.page)
    walking.go("case/end/back")
    walking.page.locator("#not-opened").wait_for()
    look_again(inspect, walking.page)
    walking.main.locator(CONTINUE).first.click()
    walking.page.locator("#gone").wait_for()
    look_again(inspect, walking.page)
    inspect.assert_well()
    walking.go("case")
    walking.at("")


def _in_their_space(browse: Browse, site: Supervisor, language: str) -> tuple[Inspector, Walker]:
    """Somebody who has asked and come back, and who looks at each page that they come to."""
    asking = Person(site.visitor(), PARENT)
    asking.ask()
    inspect = Inspector(language)
    walking = Walker(browse(javascript=False, size=PHONE), PARENT, language=language, look=inspect)
    walking.number = asking.number
    walking.come_back()
    return inspect, walking


@contextmanager
def _requests(site: Supervisor) -> Iterator[list[rows.Outgoing]]:
    """Every request that the portal has sent or has still to send; what is done to them is kept."""
    database = Database(f"sqlite:///{site.data_dir / 'portal' / 'portal.sqlite3'}")
    try:
        with database.writing() as session:
            yield list(session.scalars(select(rows.Outgoing).where(rows.Outgoing.number == 0)))
    finally:
        database.close()
