"""The translation desk: out without who and where, back beside the original, and the person reads how it was translated."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from sqlalchemy import select

from app.data import hub as rows
from app.services.hub import translating
from tests.harness.pages import Page
from tests.harness.people import GATEKEEPER, Colleague, Person
from tests.harness.sides import Sides
from tests.integration.test_conflict import case_id
from tests.stories import TARGETED

AskedBy = Callable[..., Person]
WROTE = "Mieszkam w Peterborough. Telefon 07700 900777. Boję się."
SECRETS = ("Peterborough", "900777", "900 777")


@pytest.fixture
def asking(sides: Sides, person: AskedBy) -> Person:
    """A man who reads and writes Polish, and has written."""
    sides.hub.extensions["side"] = replace(sides.hub_side, area=replace(sides.hub_side.area, translation_days=3))
    sides.hub.jinja_env.globals["area"] = sides.hub_side.area
    found = person(TARGETED, language="pl")
    found.ask()
    found.come_back()
    found.write(WROTE)
    sides.deliver()
    return found


def standing(sides: Sides, reference: str) -> str | None:
    with sides.hub_side.database.reading() as session:
        found = rows.case_by_reference(session, reference)
        assert found is not None
        return found.facts.get("translation")


def brought_back(colleague: Colleague, text: Page, translated: str, by: str) -> Page:
    said = {"translated": translated, "by": by, "by_name": "Ewa, Example Interpreters"}
    return colleague.client.submit(text, text.form("translated", to="/back"), said)


@pytest.mark.requirement("A15")
def test_what_they_wrote_goes_out_without_who_and_where_and_comes_back_beside_it(
    sides: Sides, asking: Person, colleague: Colleague
) -> None:
    case = colleague.open(colleague.case(asking.reference))
    assert "Written in Polish." in case.text
    link = next(href for href, words in case.links if words == "Have this translated")
    out = colleague.client.visit(link)
    assert out.part("original") == WROTE
    proposed = dict(out.form("sent_out").filled())["sent_out"]
    assert proposed == "Mieszkam w [1]. Telefon [2]. Boję się."

    # Nobody confirmed; and what a colleague put back in is shown to them once more.
    assert colleague.client.submit(out, out.form("sent_out")).status == 422
    careless = colleague.client.submit(out, out.form("sent_out"), {"sent_out": WROTE, "checked": True})
    assert careless.status == 422
    assert "Peterborough" in careless.part("still-there")
    assert standing(sides, asking.reference) is None

    text = colleague.client.submit(out, out.form("sent_out"), {"checked": True})
    assert standing(sides, asking.reference) == "asked"
    taken = colleague.client.submit(text, text.form(to="/file"))
    assert taken.headers["Content-Type"].startswith("text/plain")
    assert "From Polish into English." in taken.html
    assert "Mieszkam w [1]" in taken.html
    whole = taken.html + taken.headers["Content-Disposition"]
    for secret in (
        *SECRETS,
        asking.reference,
        case_id(sides, asking.reference),
        "Polska",
        asking.story.name or "Peterborough",
    ):
        assert secret not in whole
    listed = colleague.client.visit("/translations")
    assert "With a translator" in listed.text

    refused = colleague.client.submit(text, text.form("translated", to="/back"), {"translated": "I live in [1]."})
    assert refused.status == 422
    assert dict(refused.form("translated", to="/back").filled())["translated"] == "I live in [1]."
    back = brought_back(colleague, text, "I live in [1]. Phone [2]. I am afraid.", "person")
    assert back.part("as-translated") == "I live in Peterborough. Phone 07700 900777. I am afraid."
    assert standing(sides, asking.reference) == "back"
    case = colleague.client.submit(back, back.form(to="/read"))
    assert standing(sides, asking.reference) == ""
    assert "I live in Peterborough." in case.text
    assert "Translated by a person, Ewa, Example Interpreters" in case.text
    assert WROTE in case.text
    with sides.hub_side.database.reading() as session:
        (row,) = session.scalars(select(rows.Translation))
        assert all(secret.encode() not in row.sealed for secret in SECRETS)
        actions = set(session.scalars(select(rows.Audit.action)))
    assert {translating.ASKED, translating.EXPORTED, translating.CAME_BACK, translating.READ} <= actions


@pytest.mark.requirement("A15")
@pytest.mark.rule("rule 9")
@pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    ("by", "said"), [("person", "Translated by a person on"), ("machine", "No person has checked it.")]
)
def test_they_read_our_words_at_once_and_both_texts_when_the_translation_is_there(
    sides: Sides, asking: Person, colleague: Colleague, by: str, said: str
) -> None:
    asking.home = "/en/"
    case = colleague.open(colleague.case(asking.reference))
    new = colleague.client.visit(f"{case.path}/translation?source=new")
    assert colleague.client.submit(new, new.form("text")).status == 422
    out = colleague.client.submit(new, new.form("text"), {"text": "We meet in Cambridge.", "language_to": "pl"})
    text = colleague.client.submit(out, out.form("sent_out"), {"checked": True})
    sides.deliver()
    waiting = asking.space()
    assert "We meet in Cambridge." in waiting.text
    assert "Not yet translated. This may take until" in waiting.text

    back = brought_back(colleague, text, "Spotkamy się w [1].", by)
    sent = back.form("final", to="/send")
    marked = colleague.client.submit(back, sent, {"final": "Spotkamy się w [7]."})
    assert marked.status == 422
    for _ in range(2):  # a press that comes twice sends once
        colleague.client.submit(back, sent)
    assert standing(sides, asking.reference) == ""
    sides.deliver()
    space = asking.space()
    assert space.main.text.count("Spotkamy się w Cambridge.") == 1
    assert said in space.text
    assert "Not yet translated" not in space.text
    assert "Ewa" not in space.text
    langs = {each.attributes.get("lang") for each in space.main.all("p") if "Spotkamy" in each.text}
    assert langs == {"pl"}
    assert space.main.text.count("We meet in Cambridge.") == 2, "as it came first, and beside its translation"


@pytest.mark.rule("rule 13")
@pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)
def test_the_list_names_no_case_to_whom_it_is_hidden_from(sides: Sides, asking: Person, colleague: Colleague) -> None:
    case = colleague.open(colleague.case(asking.reference))
    out = colleague.client.visit(next(href for href, words in case.links if words == "Have this translated"))
    colleague.client.submit(out, out.form("sent_out"), {"checked": True})
    with sides.hub_side.database.writing() as session:
        found = rows.case_by_reference(session, asking.reference)
        assert found is not None
        found.facts = {**found.facts, "restricted": True}
    assert "Nothing waits." in colleague.client.visit("/translations").text
    dilys = Colleague(sides.hub_client())
    dilys.sign_in(GATEKEEPER)
    assert "With a translator" in dilys.client.visit("/translations").text
