"""Where do I stand? What applies on each path, the twelve rights and their times, and news of a police or court case."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from flask import abort, make_response, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_babel import lazy_gettext as _l

from app.domain.rights import CODE_STAGES, ENHANCED, PATHS, READ, TOPICS, Rights, Time, Within, stage_of
from app.domain.status import Milestone
from app.pages.portal import pages
from app.web import kept, language
from app.web import page as page_words
from app.web.language import own_digits
from app.web.portal import portal

# The guide that says it all on one page, in every language.
IN_SHORT = "rights-in-short"
# What each path is called, in the first person: somebody chooses it. The same words stand over its page.
PATH_WORDS: Mapping[str, Any] = {
    "told": _l("The police know"),
    "not-told": _l("The police do not know"),
    "nearby": _l("Trouble that keeps coming back"),
    "road": _l("A collision on the road"),
    "loss": _l("Someone close to me has died"),
    "hearing": _l("I am in court, or going to court"),
    "ended": _l("The police or court case has ended"),
}
SECTION_WORDS: Mapping[str, Any] = {
    "now": _l("What applies now"),
    "reporting": _l("What a report to the police changes"),
    "choose": _l("What you can choose"),
    "when": _l("By when"),
    "ask": _l("Whom to ask"),
}
STAGE_WORDS: Mapping[str, Any] = {
    "reporting": _l("Telling the police"),
    "investigation": _l("While they look into it"),
    "court": _l("Court"),
    "after": _l("After court"),
}
WITHOUT_REPORT_WORDS: Mapping[str | None, Any] = {
    "yes": _l("Yes, you have it."),
    "no": _l("No. It begins when the police know."),
    "partly": _l("In part."),
    None: _l("Ask. What we have read does not say."),
}
STEPS = (
    (_l("Police"), tuple(Milestone)[:6]),
    (_l("Court and after"), tuple(Milestone)[6:12]),
    (_l("After a death"), (Milestone.INQUEST,)),
)


@pages.get("/rights")
def rights() -> ResponseReturnValue:
    """Where do I stand? A choice of plain links: nothing is asked, and nothing kept."""
    reading, guides = portal().rights_to_read, portal().guides[_slug()]
    page = render_template(
        "portal/rights/index.html",
        rights=_rights(),
        code=reading.code,
        paths=tuple(PATH_WORDS.items()),
        topics=[found for topic in TOPICS if (found := reading.pages[_slug()].get(topic))],
        short=guides.get(IN_SHORT),
    )
    return kept.public(make_response(page))


@pages.get("/rights/<right_slug>")
def rights_page(right_slug: str) -> ResponseReturnValue:
    """What applies on one path, a page about one right, or who has enhanced rights. Nothing is asked (requirement D10)."""
    reading, path = portal().rights_to_read, PATHS.get(right_slug)
    found = (reading.paths if path else reading.pages)[_slug()].get(right_slug)
    if found is None:
        abort(404)
    short = _in_short(right_slug)
    if found.language != _slug() and not path and not short:
        # All its words are English; the others have headings, or a few words, in this language.
        page_words.say_drafted(False)
    sources = {one: portal().sources[one] for block in found.blocks for one in block.sources}
    days = {source.read_on for source in sources.values()}
    page = render_template(
        "portal/rights/page.html",
        rights=_rights(),
        guide=found,
        title=PATH_WORDS.get(right_slug),
        tab=_tab(right_slug) or found.title,
        headings=SECTION_WORDS if path else {},
        short=short,
        times=_shown(reading.code.times_at(path.times)) if path else (),
        more=[guide for slug in found.more.get(READ, "").split(", ") if (guide := portal().guides[_slug()].get(slug))],
        sources=sources,
        read_on=days.pop() if len(days) == 1 else None,
        directory=portal().directory,
    )
    return kept.public(make_response(page))


@pages.get("/rights/code")
def rights_code() -> ResponseReturnValue:
    """The twelve rights, all or those of a stage, which travels as a number that says nothing."""
    stage = stage_of(request.args.get("s", ""))
    code = portal().rights_to_read.code
    times = code.times if stage is None else code.times_at((stage,))
    notes = [note for note in (code.times_note, code.coming) if note]
    named = [
        *(one for right in code.at(stage) for one in right.sources),
        *(one for time in times for one in time.sources),
        *(one for note in notes for one in note.sources),
    ]
    page = render_template(
        "portal/rights/code.html",
        rights=_rights(),
        code=code,
        stage=stage,
        stages=(
            (None, None, _l("All of them")),
            *((id_, CODE_STAGES[id_], words) for id_, words in STAGE_WORDS.items()),
        ),
        without_report=WITHOUT_REPORT_WORDS,
        times=_shown(times),
        sources=[portal().sources[one] for one in dict.fromkeys(named)],
    )
    is_plain = stage is not None and request.query_string == f"s={CODE_STAGES[stage]}".encode()
    return kept.public(make_response(page), query_is_plain=is_plain)


@pages.get("/police-case")
def police_case() -> ResponseReturnValue:
    """Whom to ask for news of a police or court case, for what and by when, and what this site cannot show."""
    known = _rights()
    steps = [(words, [(step, known.milestones[step.value]) for step in group]) for words, group in STEPS]
    return kept.public(make_response(render_template("portal/police_case.html", rights=known, steps=steps)))


@pages.get("/complaints")
def complaints() -> ResponseReturnValue:
    """Whom to tell about what, by which way, by when (Victims' Code, right 12; requirement F13)."""
    return kept.public(make_response(render_template("portal/complaints.html", rights=_rights())))


def _rights() -> Rights:
    return portal().rights[_slug()]


def _slug() -> str:
    return language.language().slug


def _tab(path: str) -> str | None:
    """What the tab and the history say of a path: which of them it is, and nothing of what it is about."""
    if path not in PATHS:
        return None
    return f"{gettext('Where do I stand?')} {own_digits(str(list(PATHS).index(path) + 1))}"


def _in_short(slug: str) -> str | None:
    """What a page says in a few words of this page's language: for whoever cannot read the English below them."""
    known = _rights()
    if _slug() == "en" or known.language != _slug():
        return None
    if slug == ENHANCED:
        return known.enhanced
    return known.stages[PATHS[slug].stage].text if slug in PATHS else None


def _shown(times: Iterable[Time]) -> list[tuple[Time, str, str]]:
    """Each time with its days as this page's language writes them."""
    return [(time, *_days(time.within)) for time in times]


def _days(within: Within) -> tuple[str, str]:
    return own_digits(str(within.normal)), own_digits(str(within.enhanced))
