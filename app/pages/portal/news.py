"""What the space says: news and messages newest first, a police or court case apart, and taking things out of one's view."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, timedelta

from flask import abort, make_response, render_template, request, url_for
from flask.typing import ResponseReturnValue

from app.domain import translating
from app.domain.directory import Service
from app.domain.guide import Guide
from app.domain.languages import Language
from app.domain.phrases import phrase_of
from app.domain.rights import Right, Rights
from app.domain.status import MESSAGE, MILESTONE, WHO_LOOKS_AFTER, Delivery, Promise, Status, Told, day_in, promise_now
from app.pages.portal import pages
from app.services.portal import space
from app.services.portal.space import Shown, Space
from app.web import language, visits
from app.web.answers import redirect
from app.web.clock import now
from app.web.errors import NOT_KEPT
from app.web.portal import portal

UNAVAILABLE = 503
# How many stand open; what came before is folded away under "Earlier".
SHOWN_FIRST = 5
# After this much of the Hub's working time, whoever waits is told to phone.
PHONE_AFTER = timedelta(hours=2)


@dataclass(frozen=True)
class Entry:
    """One piece of news with what belongs to it: its days, the rights that apply, something to read, how it was translated.

    `spoken` is the language of the Hub's own words where it is another than the page's; `original` what was translated, with
    its language. `awaits_translation`: it was sent as it is, and the translation has not come yet.
    """

    shown: Shown
    on: date | None
    time: str
    by: date | None
    right: Right | None
    service: Service | None
    is_slow: bool
    guides: tuple[Guide, ...] = ()
    spoken: Language | None = None
    translated_by: str = ""
    translated_on: date | None = None
    original: str = ""
    original_language: Language | None = None
    awaits_translation: bool = False
    translated_until: date | None = None


@dataclass(frozen=True)
class News:
    """The space in order, newest first. `worker` is a first name, or ""; `promise` the one that stands now, and `told_on` the
    day on which a supervisor was told that it is late."""

    support: tuple[Entry, ...]
    earlier: tuple[Entry, ...]
    police: tuple[Entry, ...]
    worker: str
    promise: Promise | None
    told_on: date | None
    how_many_new: int
    request_is_slow: bool
    rights: Rights


def sorted_out(found: Space) -> News:
    """Put the conversation in the order in which a tired reader wants it."""
    rights = portal().rights[language.language().slug]
    there = {each.news.data.get(translating.KEY) for each in found.conversation if translating.BY in each.news.data}
    entries = [_entry(each, rights, translations=there) for each in reversed(found.conversation)]
    support = [each for each in entries if each.shown.news.kind != MILESTONE]
    hub_said = [each for each in found.conversation if not each.mine]
    told = [Told(each.news.kind, each.news.status, each.news.author, each.news.data) for each in hub_said]
    promise = promise_now(told, today=now().astimezone(portal().area.hub_hours.zone).date())
    late = {"on": found.late_told.get(promise.by.isoformat())} if promise is not None and promise.is_late else {}
    return News(
        support=tuple(support[:SHOWN_FIRST]),
        earlier=tuple(support[SHOWN_FIRST:]),
        police=tuple(each for each in entries if each.shown.news.kind == MILESTONE),
        worker=worker_of(hub_said),
        promise=promise,
        told_on=day_in(late, "on"),
        how_many_new=sum(each.is_new for each in hub_said),
        request_is_slow=found.delivery is Delivery.WAITING
        and found.waiting_since is not None
        and portal().area.hub_hours.working_time_between(found.waiting_since, now()) > PHONE_AFTER,
        rights=rights,
    )


def worker_of(hub_said: list[Shown]) -> str:
    """The first name of who looks after the support: who took it on, or else who wrote last."""
    for each in reversed(hub_said):
        if each.news.status in WHO_LOOKS_AFTER:
            return each.news.author if each.news.status == Status.WORKER else ""
    # An answer to what was asked for may come from a supervisor, who does not look after the support.
    wrote = [each.news.author for each in reversed(hub_said) if each.news.author and each.news.kind != "asked"]
    return next(iter(wrote), "")


def _entry(each: Shown, rights: Rights, *, translations: Collection[object]) -> Entry:
    data = each.news.data
    spoken = portal().languages.of(each.news.language) if each.news.kind == MESSAGE and not each.mine else None
    has_words = spoken is not None and phrase_of(each.news.status) is None
    stage, service, time = (str(data.get(name) or "") for name in ("stage", "service", "time"))
    right = rights.stages.get(stage)
    if each.news.kind == MILESTONE:
        right = rights.milestones.get(each.news.status) or right
    return Entry(
        shown=each,
        on=day_in(data, "on"),
        time=time,
        by=day_in(data, "by"),
        right=right,
        service=portal().directory.get(service) if service else None,
        is_slow=each.delivery is Delivery.WAITING
        and portal().area.hub_hours.working_time_between(each.at, now()) > PHONE_AFTER,
        guides=tuple(
            guide
            for slug in _texts(data.get("guides"))
            if (guide := portal().guides[language.language().slug].get(slug)) is not None
        ),
        spoken=spoken if has_words and spoken != language.language() else None,
        translated_by=str(data.get(translating.BY) or "") if has_words else "",
        translated_on=day_in(data, translating.ON),
        original=str(data.get(translating.ORIGINAL) or ""),
        original_language=portal().languages.of(str(data.get(translating.ORIGINAL_LANGUAGE) or "")),
        awaits_translation=has_words
        and translating.KEY in data
        and translating.BY not in data
        and data[translating.KEY] not in translations,
        translated_until=day_in(data, translating.UNTIL),
    )


def _texts(values: object) -> list[str]:
    return [each for each in values if isinstance(each, str)] if isinstance(values, list) else []


@pages.route("/case/clear", methods=["GET", "POST"], defaults={"which": ""})
@pages.route("/case/clear/<which>", methods=["GET", "POST"])
def case_clear(which: str) -> ResponseReturnValue:
    """Take one piece of news ("n" and its number), one's own message ("m"), or everything out of one's view: asks once."""
    opened, own = visits.current(), visits.token()
    if opened is None or own is None:
        return redirect(url_for("portal.home"))
    chosen = re.fullmatch(r"([nm])([1-9][0-9]{0,8})", which, re.ASCII)
    if which and chosen is None:
        abort(404)
    one = None if chosen is None else (chosen[1] == "m", int(chosen[2]))
    with portal().database.reading() as session:
        found = space.read_space(session, opened)
    entry = next((each for each in found.conversation if (each.mine, each.number) == one), None)
    if one is not None and (entry is None or not entry.can_be_cleared):
        # Cleared already, perhaps by a second press, or nothing that is cleared: there is nothing to do.
        return visits.remember(redirect(url_for("portal.case"), code=303), own)
    if request.method == "GET":
        return visits.remember(make_response(_clear_page(opened, entry)), own)
    try:
        space.clear(portal().database, opened, which=None if one is None else [one])
    except NOT_KEPT:
        return visits.remember(make_response(_clear_page(opened, entry, failed=True), UNAVAILABLE), own)
    return visits.remember(redirect(url_for("portal.case"), code=303), own)


def _clear_page(opened: space.OpenVisit, entry: Shown | None, *, failed: bool = False) -> str:
    return render_template(
        "portal/case/news_clear.html",
        entry=entry,
        failed=failed,
        has_errors=failed,
        ends_at=visits.ends_at(opened),
        personal=True,
    )
