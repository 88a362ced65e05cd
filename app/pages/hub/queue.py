"""The first screen and the queue."""

from __future__ import annotations

from dataclasses import dataclass

from flask import request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from app.domain.status import CaseState
from app.pages.hub import pages, words
from app.pages.hub.desk import desk_page
from app.services.hub import desk, feedback, promises
from app.services.hub import queue as waiting
from app.web import staff
from app.web.answers import redirect
from app.web.clock import now
from app.web.hub import hub

MOST_HELP_SHOWN = 4


@dataclass(frozen=True)
class Filter:
    """One link above the queue."""

    words: str
    count: int
    href: str
    is_current: bool


@pages.get("/")
def front() -> ResponseReturnValue:
    """To the queue, by way of the sign-in page when needed."""
    return redirect(url_for("hub.queue"))


@pages.get("/queue")
@staff.signed_in_only
def queue() -> ResponseReturnValue:
    """Who waits, longest first, those at risk before all."""
    chosen = request.args.get("state", "")
    state = CaseState(chosen) if chosen in {each.value for each in CaseState} else None
    mine = state is None and "mine" in request.args
    me = staff.me().identity
    with hub().database.reading() as session:
        filters = _filters(waiting.counts(session, me), state=state, mine=mine)
        fitting = sum(each.count for each in filters if each.is_current)
        last = max(1, -(-fitting // waiting.PAGE_LENGTH))
        page = min(max(1, request.args.get("page", 1, type=int)), last)
        rows = waiting.queue(
            session,
            me,
            hours=hub().area.hub_hours,
            targets=hub().area.targets,
            now=now(),
            state=state,
            owner_id=me.id if mine else None,
            page=page,
        )
        health = desk.post_health(session, now=now())
        feedback_waiting = feedback.waiting(session, me)
        due_news = promises.due(session, me, today=now().astimezone(hub().area.hub_hours.zone).date())
    return desk_page(
        "hub/queue.html",
        due_news=due_news,
        feedback_waiting=feedback_waiting,
        rows=rows,
        filters=filters,
        health=health,
        page=page,
        last_page=last,
        page_links={
            number: url_for("hub.queue", page=number, state=state.value if state else None, mine="" if mine else None)
            for number in (page - 1, page + 1)
            if 1 <= number <= last
        },
        most_help_shown=MOST_HELP_SHOWN,
    )


def _filters(counts: waiting.Counts, *, state: CaseState | None, mine: bool) -> list[Filter]:
    everything = Filter(gettext("All"), counts.total, url_for("hub.queue"), state is None and not mine)
    own = Filter(gettext("Mine"), counts.mine, url_for("hub.queue", mine=""), mine)
    return [
        everything,
        own,
        *(
            Filter(
                words.state(each),
                counts.by_state[each],
                url_for("hub.queue", state=each.value),
                each is state,
            )
            for each in CaseState
        ),
    ]
