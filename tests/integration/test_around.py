"""What is there to print and to ask about, beside the site: posters, the questions on paper, the diary, the case review."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import time_machine

from app.adapters import qr
from app.domain.case_review import InTime, Reports
from app.forms.paper import WAYS
from app.forms.refer import AboutForm, HelpForm, PoliceForm, WhoForm
from app.pages.portal.posters import SHEETS, short_address
from tests.harness.clients import BrowsingClient
from tests.harness.pages import Page
from tests.harness.sides import Sides
from tests.harness.tongues import SHOWN

ELSEWHERE = Path(__file__).parents[1] / "area"
# Words that would tell whoever finds a strip, a card or a diary what it is about.
TELLING = re.compile(r"crime|police|victim|abuse|assault|violence|hurt|safe\b|collision|\bhub\b", re.IGNORECASE)


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sides]:
    """One site for all that only reads."""
    sides = Sides(tmp_path_factory.mktemp("around"))
    yield sides
    sides.close()


@pytest.fixture(scope="module")
def there(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sides]:
    """The made-up area, where everything is filled in."""
    sides = Sides(tmp_path_factory.mktemp("there"), environ={"CONTENT_DIR": str(ELSEWHERE)})
    yield sides
    sides.close()


@pytest.fixture
def visitor(here: Sides, day: time_machine.Traveller) -> BrowsingClient:
    return here.portal_client()


@pytest.fixture
def outsider(there: Sides, day: time_machine.Traveller) -> BrowsingClient:
    return there.portal_client()


def on_paper(page: Page) -> str:
    """What the sheets of a page say."""
    return " ".join(each.text for each in page.main.all("div") if "paper" in each.attributes.get("class", "").split())


def codes(sides: Sides) -> dict[str, int]:
    return {district.id: district.code for district in sides.portal_side.area.districts}


# Case review


@pytest.mark.requirement("A4")
@pytest.mark.requirement("D8")
def test_every_way_through_the_case_review_ends_in_an_answer_and_never_in_a_no(here, visitor):
    area = here.portal_side.area
    for code in codes(here).values():
        page = visitor.visit(f"/en/case-review?d={code}&n={Reports.ONE.value}&t={InTime.ALL.value}")
        assert page.part("answer").startswith(("You may be able to", "We do not have their rule"))
        page = visitor.visit(f"/en/case-review?d={code}&n={Reports.THREE_OR_MORE.value}&t={InTime.ALL.value}")
        assert page.part("answer").startswith("You can ask for a review")
    assert page.part("answer-heading") == "You can ask for a review"
    assert "council" in visitor.visit(f"/en/case-review?d={area.outside_code}").part("answer")


@pytest.mark.requirement("A4")
def test_the_case_review_asks_by_plain_links_and_a_form_that_sends_nothing(here, visitor):
    page = visitor.visit("/en/case-review")
    (way,) = [address for address, words in page.links if words == "Fenland"]
    page = visitor.visit(way.partition("#")[0])
    form = page.form("n", "t")
    assert form.method == "get"
    page = visitor.submit(page, form, {"n": "4", "t": "1"})

    assert "asks for 3 reports in six months" in page.part("answer")
    assert "We read the rule on" in page.text
    assert "fenland" not in page.url.lower()
    # Its limits stand before what it says.
    assert page.text.index("What this page cannot do") < page.text.index("You can ask for a review")


def test_where_nobody_has_read_the_rule_the_law_is_said(here, visitor):
    page = visitor.visit(f"/en/case-review?d={codes(here)['huntingdonshire']}&n=2&t=1")
    assert "never more than three" in page.part("answer")
    assert "huntingdonshire.gov.uk" in page.main.text


@pytest.mark.parametrize("query", ["d=99&n=77&t=-1", "d=x&n=&t=%F0%9F%98%80", "n=4", "d=6&n=999999999999"])
def test_any_codes_at_all_show_a_page(visitor, query):
    assert visitor.visit(f"/en/case-review?{query}").status == 200


@pytest.mark.requirement("E20")
def test_another_area_has_its_own_rule(there, outsider):
    page = outsider.visit(f"/en/case-review?d={codes(there)['calderwick-town']}&n={Reports.TWO.value}&t=1")
    assert page.part("answer").startswith("You can ask for a review")
    assert "We checked it on" in page.main.text


@pytest.mark.requirement("D8")
def test_the_letter_says_what_the_law_asks_for_and_is_in_english_for_the_office(here, visitor):
    page = visitor.visit(f"/pl/case-review/letter?d={codes(here)['fenland']}")
    assert "section 104" in on_paper(page)
    assert "the council for Fenland" in on_paper(page)


@pytest.mark.requirement("A4")
def test_the_diary_says_nothing_of_what_it_is_for(visitor):
    page = visitor.visit("/en/diary")
    assert not TELLING.search(on_paper(page))
    assert not re.search("crime", page.main.text, re.IGNORECASE)
    assert "Ask for Support" not in on_paper(page)


# Posters


@pytest.mark.requirement("E13")
@pytest.mark.requirement("A15")
def test_there_are_posters_in_every_language_each_with_its_own_code(here, visitor):
    drawn = set()
    for language in SHOWN:
        for sheet in SHEETS:
            page = visitor.visit(f"/{language.slug}/posters/{sheet}")
            assert page.main.all("svg"), sheet
        expected = qr.drawing(f"http://127.0.0.1/{language.slug}/")
        drawn.add(expected)
        assert expected.partition("<path")[2][:400] in visitor.fetch("GET", f"/{language.slug}/posters/poster").html
    assert len(drawn) == len(SHOWN)


@pytest.mark.requirement("E13")
@pytest.mark.parametrize("sheet", ["strips", "card"])
def test_what_goes_into_a_pocket_does_not_tell_on_anybody(visitor, outsider, sheet):
    for client in (visitor, outsider):
        assert not TELLING.search(on_paper(client.visit(f"/en/posters/{sheet}")))


def test_no_number_that_nobody_checked_is_printed_on_a_poster(here, there, visitor, outsider):
    assert here.portal_side.area.hub_phone.number not in on_paper(visitor.visit("/en/posters/poster"))
    assert "no phone number" in visitor.visit("/en/posters").main.text
    for sheet in SHEETS:
        assert there.portal_side.area.hub_phone.number in on_paper(outsider.visit(f"/en/posters/{sheet}"))


@pytest.mark.requirement("E20")
def test_a_poster_is_for_one_district_or_for_the_whole_area_and_leads_to_the_areas_own_site(there, outsider):
    page = outsider.visit(f"/en/posters/poster?d={codes(there)['saltmere']}")
    assert "Saltmere" in on_paper(page)
    assert "talk.example.org" in on_paper(page)
    assert (
        qr.drawing("https://talk.example.org/en/").partition("<path")[2][:400]
        in outsider.fetch("GET", "/en/posters/poster").html
    )


def test_the_address_to_type_is_as_short_as_it_can_be():
    assert short_address("https://talk.example.org", "en") == "talk.example.org"
    assert short_address("https://talk.example.org", "ur") == "talk.example.org/ur"


def test_the_code_has_the_quiet_edge_that_cameras_need():
    side = int(re.search(r'viewBox="0 0 (\d+) ', qr.drawing("https://talk.example.org/en/")).group(1))
    # A code has 17 modules and four more for each version, and four white ones at each edge.
    assert (side - 2 * qr.QUIET_ZONE - 17) % 4 == 0


# On paper


@pytest.mark.requirement("A15")
@pytest.mark.parametrize("kind", ["", "/large", "/easy"])
def test_the_paper_asks_what_the_screen_asks_in_its_words(here, visitor, kind):
    told = on_paper(visitor.visit(f"/en/refer/paper{kind}"))
    with here.portal.test_request_context("/en/"):
        for form in (WhoForm, HelpForm, AboutForm, PoliceForm):
            for field in form(formdata=None):
                if field.short_name in {"csrf_token", "district"}:
                    continue
                for choice in getattr(field, "choices", None) or ():
                    assert str(choice.label) in told, (kind, choice.label)
    for said in ("Do not post this", "can read it", "if someone’s life, or a child, is in danger", "paper-1/en"):
        assert said in told, said


def test_the_paper_follows_when_a_question_changes(here, visitor, monkeypatch):
    monkeypatch.setattr(WhoForm.who, "args", ("Who is it for?",))
    monkeypatch.setattr(WhoForm, "_unbound_fields", None)
    with here.portal.test_request_context("/en/"):
        from app.forms.paper import paper

        assert str(paper(districts=["Fenland"], outside="Outside")["who"].words) == "Who is it for?"


def test_every_way_of_contact_is_on_the_paper(here):
    with here.portal.test_request_context("/en/"):
        from app.forms.paper import paper

        asked = paper(districts=[], outside="Outside")
    assert [way.id for way in asked.ways] == [way.value for way in WAYS]
    assert len(asked.ways) == len(asked["ways"].options)


@pytest.mark.requirement("E20")
def test_where_to_send_it_is_said_and_where_there_is_no_address_that_is_said(visitor, outsider):
    assert "no address to post it to" in on_paper(visitor.visit("/en/refer/paper"))
    assert "Freepost LANTERN HOUSE" in on_paper(outsider.visit("/en/refer/paper"))


# How it works


def test_how_it_works_says_how_long_each_step_takes_and_nothing_that_the_hub_has_not_set(visitor, outsider):
    assert "has not said yet how long that takes" in visitor.visit("/en/how-it-works").main.text
    assert "within 16 hours of its opening time" in outsider.visit("/en/how-it-works").main.text
    steps = visitor.visit("/en/how-it-works").main.all("ol")[0]
    assert len(steps.all("li")) == 5


@pytest.mark.requirement("E13")
def test_the_table_of_areas_names_each_with_what_it_asks_for(here, there):
    for sides, known in ((here, "asb-review-fenland"), (there, "harbour")):
        with sides.portal.test_request_context("/en/"):
            table = sides.portal.jinja_env.get_template("components/areas.html").module.areas()
        for district in sides.portal_side.area.districts:
            assert district.name in table
        assert f"/en/support/{known}" in table
        assert "It is never more than three." in table
