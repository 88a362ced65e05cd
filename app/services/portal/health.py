"""Whether asking for support works just now, in a form that people can be told."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from app.data import portal as rows
from app.data import post as post_rows
from app.data.database import Database
from app.domain.hours import OpeningHours

LATE_AFTER = timedelta(hours=2)


@dataclass(frozen=True)
class SiteStatus:
    """`last_collected_at` is when the Hub last made a pass; `is_late` when that is over two working hours ago."""

    last_collected_at: datetime | None
    is_late: bool
    is_stopped: bool


def status(database: Database, *, hours: OpeningHours, now: datetime) -> SiteStatus:
    """Read the state of the post. Raises the database's own errors."""
    with database.reading() as session:
        state = post_rows.post_state(session, rows.POST)
        last, stopped = state.last_pass_at, state.stopped is not None
    late = (
        last is None
        or last - now > LATE_AFTER
        or (now - last > LATE_AFTER and hours.working_time_between(last, now) > LATE_AFTER)
    )
    return SiteStatus(last_collected_at=last, is_late=late, is_stopped=stopped)
