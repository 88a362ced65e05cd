"""Where do I stand? What applies on each path, the twelve rights and their times, and news of a police or court case."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from flask import abort, make_response, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import lazy_gettext as _l

from app.domain.rights import CODE_STAGES, ENHANCED, PATHS, TOPICS, Right, Rights, Time, Within, stage_of
from app.domain.status import Milestone
from app.pages.portal import pages
from app.web import kept, language
from app.web.language import own_digits
from app.web.portal import portal

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
    guides, own = portal().guides[_slug()], portal().rights_pages[_slug()]
    page = render_template(
        "portal/rights/index.html",
        rights=_rights(),
        code=portal().code,
        paths=tuple(PATH_WORDS.items()),
        topics=[found for topic in TOPICS if (found := own.get(topic))],
        short=guides.get("rights-in-short"),
    )
    return kept.public(make_response(page))


@pages.get("/rights/<slug>")
def rights_page(slug: str) -> ResponseReturnValue:
    """What applies on one path, or a page about one right."""
    path = PATHS.get(slug)
    found = portal().rights_paths[_slug()].get(slug) if path else portal().rights_pages[_slug()].get(slug)
    if found is None or slug == ENHANCED:
        abort(404)
    page = render_template(
        "portal/rights/page.html",
        rights=_rights(),
        guide=found,
        title=PATH_WORDS.get(slug),
        headings=SECTION_WORDS if path else {},
        short=_in_short(path.stage) if path else None,
        times=_shown(portal().code.times_at(path.times)) if path else (),
    )
    return kept.public(make_response(page))


@pages.get("/rights/enhanced")
def rights_enhanced() -> ResponseReturnValue:
    """Who has enhanced rights: three groups to read, and no question (Victims' Code; requirement D10)."""
    found = portal().rights_pages[_slug()].get(ENHANCED)
    if found is None:
        abort(404)
    page = render_template("portal/rights/enhanced.html", rights=_rights(), guide=found)
    return kept.public(make_response(page))


@pages.get("/rights/code")
def rights_code() -> ResponseReturnValue:
    """The twelve rights, all or those of a stage, which travels as a number that says nothing."""
    stage = stage_of(request.args.get("s", ""))
    code = portal().code
    page = render_template(
        "portal/rights/code.html",
        rights=_rights(),
        code=code,
        stage=stage,
        stages=((None, None, _l("All of them")), *((id_, CODE_STAGES[id_], words) for id_, words in STAGE_WORDS.items())),
        without_report=WITHOUT_REPORT_WORDS,
        times=_shown(code.times if stage is None else code.times_at((stage,))),
    )
    is_plain = stage is not None and request.query_string == f"s={CODE_STAGES[stage]}".encode()
    return kept.public(make_response(page), query_is_plain=is_plain)


@pages.get("/police-case")
def police_case() -> ResponseReturnValue:
    """Whom to ask for news of a police or court case, for what and by when, and what this site cannot show."""
    known = _rights()
    steps = [(words, [(step, known.milestones[step.value]) for step in group]) for words, group in STEPS]
    return kept.public(make_response(render_template("portal/police_case.html", rights=known, steps=steps)))


def _rights() -> Rights:
    return portal().rights[_slug()]


def _slug() -> str:
    return language.language().slug


def _in_short(stage: str) -> Right | None:
    """What applies at a stage in a few words of this page's language: for whoever cannot read the page below them."""
    known = _rights()
    return known.stages[stage] if known.language == _slug() != "en" else None


def _shown(times: Iterable[Time]) -> list[tuple[Time, str, str]]:
    """Each time with its days as this page's language writes them."""
    return [(time, *_days(time.within)) for time in times]


def _days(within: Within) -> tuple[str, str]:
    return own_digits(str(within.normal)), own_digits(str(within.enhanced))
