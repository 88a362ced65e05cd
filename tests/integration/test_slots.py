"""Question pages from moulds: letter for letter what rendering would give, each visitor's own, and nobody's left behind."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from itertools import cycle, zip_longest
from typing import Any, cast

import pytest
from jinja2 import UndefinedError
from markupsafe import escape

from app.forms.question import QuestionForm
from app.forms.refer import FORMS, JOURNEY, AboutForm
from app.forms.slots import OpenForm
from app.pages.portal import refer
from app.services.portal import drafts
from app.services.portal.office import new_token
from app.web import clock
from app.web.cookies import DRAFT, token_text
from app.web.kept import Moulds
from tests.harness.clients import BrowsingClient
from tests.harness.sides import Sides
from tests.stories import BROTHER, PARENT, STORIES, STUDENT

pytestmark = pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)

Answers = Mapping[str, Mapping[str, Any]]
# What would break out of a page, or look like a slot of a mould, if it were not put in its place with care.
NASTY = (
    '"><script>alert(1)</script>',
    "' onfocus='x' {{ 7 * 7 }} {% raw %}",
    "</textarea></title><!-- &amp; &lt;",
    "@0@ @0123456789abcdef@1@ \\1 \\g<0> %s {name}",
    "\u202eright to left\u2066 \U0001f600 بھائی",
)


def visitor(sides: Sides, answers: Answers) -> BrowsingClient:
    """Somebody with these answers in a draft of their own, and every other page left."""
    own, token = sides.portal_side, new_token()
    for place in JOURNEY.path(answers):
        answer = answers.get(place.step.key, {})
        drafts.save_answer(own.database, token, key=place.step.key, answer=answer, now=clock.now())
    client = sides.portal_client()
    client.set_cookie(f"portal-{DRAFT}", token_text(token), domain="127.0.0.1")
    return client


def questions(answers: Answers, language: str) -> list[str]:
    """The addresses of every question that these answers lead to, each answered or not."""
    return [f"/{language}/refer/{place.slug}" for place in JOURNEY.path(answers) if place.step.asks]


def pages_of(client: BrowsingClient, paths: list[str]) -> dict[str, str]:
    """Each page, which must be there itself and not lead elsewhere."""
    found = {}
    for path in paths:
        response = client.get(path)
        assert response.status_code == 200, path
        # The seconds that are left run on between two visits; nothing else may differ.
        found[path] = re.sub(r'data-seconds="\d+"', "", response.text)
    return found


class Unkept(Moulds):
    """Renders every page anew, with the words themselves where others get stand-ins."""

    def fill(self, key: Any, word: Callable[[Any], str], render: Callable[[Callable[[Any], str]], str]) -> str:
        """The page as it is without a mould."""
        return render(word)


def rendered(sides: Sides, client: BrowsingClient, answers: Answers, paths: list[str]) -> dict[str, str]:
    """The pages as they are rendered with a form that holds the visitor's own answers, no mould between."""
    own, keys = sides.portal_side, {form: key for key, form in FORMS.items()}

    def own_form(empty: QuestionForm, _stand_in: object, _left_out: object) -> QuestionForm:
        key = keys[type(empty)]
        return refer._form(key, data=refer._earlier(key, answers))

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(refer, "OpenForm", own_form)
        patched.setitem(sides.portal.extensions, "side", replace(own, moulds=Unkept()))
        return pages_of(client, paths)


def parts_kept(sides: Sides) -> str:
    """Everything that moulds hold in memory."""
    kept = sides.portal_side.moulds._parts
    assert kept
    return "".join(part for parts in kept.values() for part in parts[0::2])


@pytest.mark.rule("rule 13")
def test_two_visitors_at_once_in_other_languages_each_see_their_own_answers(sides: Sides) -> None:
    people = [(PARENT, "en"), (STUDENT, "ar-XB"), (BROTHER, "en"), (PARENT, "en-XA")]
    visits = [(visitor(sides, story.answers), questions(story.answers, language)) for story, language in people]
    alone = [
        rendered(sides, client, story.answers, paths)
        for (client, paths), (story, _) in zip(visits, people, strict=True)
    ]
    for _ in range(2):  # first each makes some of the moulds, then all are made by somebody else
        met: list[dict[str, str]] = [{} for _ in visits]
        for row in zip_longest(*(paths for _, paths in visits)):
            for (client, _), path, pages in zip(visits, row, met, strict=True):
                if path is not None:
                    pages.update(pages_of(client, [path]))
        assert met == alone


@pytest.mark.rule("rule 13")
def test_every_answer_of_every_story_comes_back_as_rendering_would_show_it_and_none_stays(sides: Sides) -> None:
    for story, language in zip(STORIES, cycle(("en", "ar-XB"))):
        client, paths = visitor(sides, story.answers), questions(story.answers, language)
        assert pages_of(client, paths) == rendered(sides, client, story.answers, paths), story.key
    kept = parts_kept(sides)
    assert not re.search(r"<(input|option)[^>]* (checked|selected)", kept)
    assert not [words for story in STORIES for words in story.typed if len(words) > 3 and str(escape(words)) in kept]


@pytest.mark.rule("rule 13")
def test_text_that_looks_like_a_page_or_a_slot_stays_text(sides: Sides) -> None:
    paths = ["/en/refer/reply", "/en/refer/reply-1"]
    for nasty in NASTY:
        reply = {"name": nasty, "sign": nasty, "contact": "yes", "ways": ["letter"], "conflict_who": nasty}
        letter = {"address": f"\n{nasty}\n{nasty}", "ask_for": nasty}
        answers = {**PARENT.answers, "reply": reply, "reply-letter": letter}
        client = visitor(sides, answers)
        first = pages_of(client, paths)
        assert first == rendered(sides, client, answers, paths)
        assert pages_of(client, paths) == first
        assert first["/en/refer/reply"].count(str(escape(nasty))) == 3
        assert nasty not in parts_kept(sides)


def test_what_an_answer_leaves_out_is_left_out_for_whoever_gave_it_alone(sides: Sides) -> None:
    died = {**PARENT.answers, "about": {"to_whom": "died"}}
    shown = [visitor(sides, answers).get("/en/refer/about").text for answers in (PARENT.answers, died, PARENT.answers)]
    assert ['name="ongoing"' in page for page in shown] == [True, False, True]


def test_a_template_that_looks_at_an_answer_cannot_become_a_mould(sides: Sides) -> None:
    """The page would then be kept as one person's answer made it."""
    with sides.portal.test_request_context("/en/refer/about"):
        form = cast(Any, OpenForm(AboutForm(data={"to_whom": "died"}), lambda slot: f"<{slot.field}>", frozenset()))
        template = sides.portal.jinja_env.from_string('{% if form.to_whom.data == "died" %}x{% endif %}')
        with pytest.raises(UndefinedError):
            template.render(form=form)
        assert {choice.selected for choice in form.to_whom.iter_choices()} == {"<to_whom>"}
