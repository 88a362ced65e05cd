"""Search: what to read, by anybody's own words. The question comes in the body of a POST, and is gone when it is answered."""

from __future__ import annotations

from collections.abc import Iterator
from threading import Lock

from flask import make_response, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from app.domain.directory import Option, Service, first_sentence
from app.domain.guide import Guide
from app.domain.limits import Kind
from app.domain.rights import ENHANCED as ENHANCED_RIGHTS
from app.domain.rights import PATHS, TOPICS
from app.domain.search import MOST_FOUND, SITE_PAGES, Entry, Index
from app.forms.search import search_form
from app.pages.portal import pages
from app.pages.portal.carry import UNPROCESSABLE
from app.pages.portal.rights import PATH_WORDS
from app.web import language, limits
from app.web.portal import portal

ENGLISH = "en"
# Whom to turn to now: as many of each kind of danger, and in all.
MOST_OF_A_KIND, MOST_IN_DANGER = 3, 5

# Of several who look for something at once just after a start, one makes the index and the others wait for it.
_making = Lock()


@pages.route("/search", methods=["GET", "POST"])
def search() -> ResponseReturnValue:
    """The form, or what was found: whom to turn to now first, where the words call for it."""
    form = search_form()
    if request.method == "GET":
        return make_response(render_template("portal/search.html", form=form, answers=None, danger=(), personal=True))
    if not form.validate():
        page = render_template("portal/search.html", form=form, answers=None, danger=(), has_errors=True, personal=True)
        return page, UNPROCESSABLE
    question = form.words.data or ""
    now = in_danger(question)
    if limits.must_wait(Kind.SEARCH):
        # Whom to turn to now is said all the same.
        return make_response(render_template("portal/search.html", form=form, answers=None, danger=now, personal=True))
    limits.took(Kind.SEARCH)
    named = {f"support/{service.id}" for service in now}
    found = [entry for entry in answers(question) if entry.path not in named]
    return make_response(render_template("portal/search.html", form=form, answers=found, danger=now, personal=True))


def answers(question: str) -> tuple[Entry, ...]:
    """What answers a question: first by the words of the page's language, then by English ones. A page that has words in the
    page's language is shown with them."""
    own = _index(language.language().slug)
    found = list(own.find(question))
    if language.language().slug != ENGLISH:
        paths = {entry.path for entry in found}
        english = (entry for entry in _index(ENGLISH).find(question) if entry.path not in paths)
        found += [own.get(entry.path) or entry for entry in english]
    return tuple(found[:MOST_FOUND])


def in_danger(question: str) -> tuple[Service, ...]:
    """Whom to turn to now, by the words of danger in a question."""
    help_now = portal().help_now
    groups = {group.id: group for group in (help_now.danger, help_now.cope, *help_now.kinds)}
    services = (
        service
        for kind in portal().danger_words.kinds(question)
        for service in (*groups[kind].checked, *groups[kind].unchecked)[:MOST_OF_A_KIND]
    )
    return tuple(dict.fromkeys(services))[:MOST_IN_DANGER]


def _index(slug: str) -> Index:
    """What can be found in a language, made when it is first asked for."""
    made = portal().indexes
    if slug not in made:
        with _making:
            if slug not in made:
                made[slug] = _made(slug)
    return made[slug]


def _made(slug: str) -> Index:
    own = portal().languages.get(slug)
    if own is None:
        raise KeyError(slug)
    with language.speaking(own):
        return Index(list(_entries(slug)))


def _entries(slug: str) -> Iterator[Entry]:
    """Everything that can be found in a language, in the order of the index."""
    own, asked = portal(), portal().asked.get(slug, {})
    reading = own.rights_to_read
    for guide in own.guides[slug].all:
        if guide.language == slug:
            yield _of_guide(guide, f"guides/{guide.slug}")
    for path in PATHS:
        yield _of_path(path, slug)
    for topic in (*TOPICS, ENHANCED_RIGHTS):
        found = reading.pages[slug].get(topic)
        if found is not None and found.language == slug:
            yield _of_guide(found, f"rights/{topic}")
    for path, page in SITE_PAGES.items():
        texts: tuple[str, ...] = ()
        if path == "rights/code" and slug == ENGLISH:
            texts = tuple(" ".join((right.title, *right.text)) for right in reading.code.rights)
        yield Entry(
            path=path,
            language=slug,
            title=gettext(page.title),
            teaser=gettext(page.teaser) if page.teaser else "",
            asked=asked.get(path, ()),
            texts=texts,
        )
    for leaflet in own.easy_read[slug].values():
        title = f"{gettext(leaflet.title)} - {gettext('Easy Read')}"
        yield Entry(path=f"easy-read/{leaflet.id}", language=slug, title=title)
    for service in own.directory.all:
        if service.is_reachable:
            yield _of_service(service, slug)


def _of_guide(guide: Guide, path: str) -> Entry:
    return Entry(
        path=path,
        language=guide.language,
        title=guide.title,
        teaser=guide.teaser,
        asked=guide.asked,
        headings=tuple(section.title for section in guide.sections),
        texts=tuple(section.text for section in guide.sections),
    )


def _of_path(path: str, slug: str) -> Entry:
    """One answer to "Where do I stand?": its name and a few words are in every language, the page itself in English."""
    rights, page = portal().rights[slug], portal().rights_to_read.paths[slug].get(path)
    text = rights.stages[PATHS[path].stage].text if rights.language == slug else ""
    has_page = page is not None and page.language == slug
    return Entry(
        path=f"rights/{path}",
        language=slug,
        title=str(PATH_WORDS[path]),
        teaser=page.teaser if page is not None and has_page else first_sentence(text) if text else "",
        asked=page.asked if page is not None and has_page else (),
        texts=tuple(section.text for section in page.sections) if page is not None and has_page else (text,),
    )


def _of_service(service: Service, slug: str) -> Entry:
    words, directory = service.words_in(slug), portal().directory
    about = _labels(directory.about, service.about) | _labels(directory.need, service.needs)
    return Entry(
        path=f"support/{service.id}",
        language=words.language,
        title=service.name,
        teaser=words.first_sentence,
        is_named_in_english=True,
        texts=(f"{service.name} {words.summary}", " ".join(about)) if words.language == slug else (" ".join(about),),
    )


def _labels(options: tuple[Option, ...], values: frozenset[str]) -> dict[str, None]:
    """The words, each once, of the choices that a service answers to."""
    return dict.fromkeys(gettext(option.label) for option in options if option.values & values)
