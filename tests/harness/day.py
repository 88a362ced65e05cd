"""The day on which every test takes place, for this process and for the servers that it starts.

Nothing may depend on today's date. Processes of one site share one clock: it is told to them as the fixed moment, and the
real moment at which it began to run, so that a process that is started again has not gone back in time.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from time import time
from zoneinfo import ZoneInfo

import time_machine

LONDON = ZoneInfo("Europe/London")
# A Tuesday morning on which the Hub is open; winter time, so that UTC and UK time are alike.
DAY = datetime(2026, 3, 10, 10, 0, tzinfo=LONDON)
VARIABLE = "TEST_CLOCK"


def travel() -> time_machine.travel:
    """Go to the fixed day; the clock ticks from there. The traveller that it gives can `shift` and `move_to`."""
    return time_machine.travel(DAY.astimezone(UTC), tick=True)


def clock_from_now() -> str:
    """The value of TEST_CLOCK for a site that starts now: the fixed day begins at this real moment."""
    return f"{DAY.timestamp():.3f} {_real_time():.3f}"


def start_clock(environ: Mapping[str, str]) -> None:
    """For a process of its own: if TEST_CLOCK is set, live on the fixed day from here on. The clock ticks and never ends."""
    told = environ.get(VARIABLE)
    if told:
        fixed, began = (float(part) for part in told.split())
        elapsed = _real_time() - began
        time_machine.travel(datetime.fromtimestamp(fixed + elapsed, UTC), tick=True).start()
        time()  # the clock begins to tick when it is first looked at: a process that starts slowly must not lag behind


def _real_time() -> float:
    hatch = time_machine.escape_hatch
    return hatch.time.time() if hatch.is_travelling() else time()
