"""The accessibility statement: in its model form, dated from the last full audit, and no more than what was shown.

Source: the Public Sector Bodies (Websites and Mobile Applications) (No. 2) Accessibility Regulations 2018, regulation 8.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from app.domain.accessibility import AccessibilityFacts, Audit
from tests.harness.pages import Page
from tests.harness.sides import Sides

pytestmark = pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)
PREPARED = date(2026, 1, 5)
AUDITED = Audit(audited_on=date(2026, 2, 3), pages=118, languages=16, findings=4)


def statement(sides: Sides, facts: AccessibilityFacts) -> Page:
    """The page as it stands with these facts."""
    sides.portal.extensions["side"] = replace(sides.portal_side, accessibility=facts)
    return sides.portal_client().visit("/en/accessibility")


@pytest.mark.requirement("B11")
def test_it_has_the_parts_that_the_law_asks_for(sides: Sides) -> None:
    page = statement(sides, AccessibilityFacts(prepared_on=PREPARED))
    headings = [each.text for each in page.main.all("h2")]
    assert headings == [
        "How accessible it is",
        "What is not as good as it should be",
        "If you cannot use something here",
        "If you are not happy with our answer",
        "How we test",
    ]
    assert "in part" in page.text  # the status that it claims: partly, because of what is listed
    assert len(page.main.all("li")) >= 8
    links = [address for address, _ in page.links]
    assert "/en/feedback" in links
    assert "https://www.equalityadvisoryservice.com" in links
    for said in ("Equality and Human Rights Commission", "(No. 2) Accessibility Regulations 2018", "5 January 2026"):
        assert said in page.text, said


def test_it_tells_the_day_and_the_outcome_of_the_last_audit(sides: Sides) -> None:
    page = statement(sides, AccessibilityFacts(prepared_on=PREPARED, audit=AUDITED))
    assert "3 February 2026" in page.text
    for counted in ("118", "16", "4"):
        assert counted in page.text, counted


def test_it_claims_nothing_that_was_not_done(sides: Sides) -> None:
    page = statement(sides, AccessibilityFacts(prepared_on=PREPARED))
    assert "Machines last looked" not in page.text
    assert "have not tested it yet" in page.text


def test_it_tells_when_people_tested_it_and_who_they_were(sides: Sides) -> None:
    tested = AccessibilityFacts(prepared_on=PREPARED, tested_on=date(2026, 2, 20), tested_by="Readers of Huntingdon")
    page = statement(sides, tested)
    assert "20 February 2026. Readers of Huntingdon" in page.text
    assert "have not tested it yet" not in page.text


def test_whoever_cannot_use_something_reaches_a_person_without_signing_in(sides: Sides) -> None:
    page = sides.portal_client().visit("/en/feedback")
    assert page.status == 200
    assert [address for address, _ in page.links if address.startswith("tel:")]
    assert "18001" in page.text
