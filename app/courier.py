"""The courier: carries the post between the Hub and the portal, and does what must be done after it. Runs on the Hub's side.

`flask courier` becomes `python -m app.courier`: a process that makes no page loads nothing that does (docs/adr/0032).
"""

from __future__ import annotations

import os
import sys
import time
from contextlib import suppress
from dataclasses import dataclass, field

from nacl.exceptions import CryptoError

from app import counts, starting, wiring
from app import settings as settings_module
from app.adapters import carriers
from app.data.database import Busy, Database
from app.domain.retention import Periods
from app.processes import end_with_parent, give_way
from app.services import post as post_service
from app.services.hub import backups, notices, on_call, placing, reports, retention, second_looks
from app.services.hub import post as hub_post
from app.services.hub.report_figures import Rules
from app.services.hub.side import HubSide
from app.settings import HubSettings, Settings, SettingsError
from app.staying import (
    DATABASE_FAILS,
    LONGEST_PAUSE_SECONDS,
    MISSES_BEFORE_ALARM,
    PASS_EVERY_SECONDS,
    Stop,
    database_failed,
    plainly,
)
from app.web.clock import now

KEEP_EVERY_SECONDS = 3600.0
# What follows a pass, by one courier at a time: two would tell the same people twice.
ROUND = "round"
ROUND_WAIT_SECONDS = 0.1
ONCE = "--once"


def carry(*, once: bool = False) -> None:
    """A pass every two seconds, or one. Bad configuration ends the process with one line."""
    wiring.set_up_logging()
    with plainly():
        settings = settings_module.load(os.environ)
        if not isinstance(settings, HubSettings):
            raise SettingsError("The courier runs on the Hub's side: set SIDE=hub.")
        starting.refuse(settings, now=now())
        end_with_parent()
        stop = Stop()
        database = Database(settings.database_url)
        held = _courier_of(settings, database)
        if not once:
            _settle_in(held)
        rounds = Rounds(held, wiring.notices_of(settings, held), wiring.on_call_of(settings, held))
        carrier = wiring.carrier_of(settings)
        _say_what_is_wrong_with_the_queue(settings)
        pause, misses = PASS_EVERY_SECONDS, 0
        while True:
            started = time.monotonic()
            made: hub_post.PassMade | None
            try:
                made = held.make_pass(carrier, now=now())
                pause, misses = PASS_EVERY_SECONDS, 0
                counts.add("passes", "stopped" if made.stopped else "made")
            except Busy:
                made = None  # the desk makes one just now, or another courier
                counts.add("passes", "busy")
            except (carriers.CarrierDown, carriers.StaleToken) as error:  # slow, or the clocks of the two sides differ
                made = None
                counts.add("passes", "failed")
                misses += 1
                if misses == MISSES_BEFORE_ALARM:  # one missed pass is a restart, several are an outage
                    post_service.alarm("the portal cannot be reached", why=str(error).replace(" ", "-"))
                pause = min(LONGEST_PAUSE_SECONDS, pause * 1.5)
            except (carriers.BadToken, carriers.MalformedParcel, CryptoError) as error:
                made = None
                counts.add("passes", "not-believed")
                post_service.alarm("the portal's answer cannot be believed", kind=type(error).__name__)
                pause = min(LONGEST_PAUSE_SECONDS, pause * 1.5)
            except DATABASE_FAILS as error:
                made = None
                counts.add("passes", "failed")
                pause = database_failed(error, pause)
            try:
                with suppress(Busy), database.alone(ROUND, wait_seconds=ROUND_WAIT_SECONDS):  # another courier is at it
                    rounds.go(made, started=started)
            except DATABASE_FAILS as error:
                pause = database_failed(error, pause)
            if once or stop.comes_within(max(0.0, pause - (time.monotonic() - started))):
                return


@dataclass
class Rounds:
    """What a courier does besides the post: notices, periods, quarters, the list of what was erased, places in the queue."""

    held: HubSide
    notices: notices.Office
    on_call: on_call.Office | None
    keeps_at: float = field(default_factory=time.monotonic)
    listed: int = -1

    def go(self, made: hub_post.PassMade | None, *, started: float) -> None:
        """Once after each pass that began at `started`, by the monotonic clock; `made` is None when it came to nothing."""
        if made is not None:
            if not made.stopped and made.has_all:  # without all of it, a plan may have changed
                notices.after_pass(self.notices, clock=now)
            if started >= self.keeps_at:
                close_quarters(self.held)  # before anything is erased that counts in them
                keep_to_periods(self.held)
                self.keeps_at = started + KEEP_EVERY_SECONDS
            self.listed = list_erased(self.held, self.listed)
        if self.on_call is not None:  # also while the portal is away
            on_call.send_due(self.on_call, clock=now)
        # Windows open and close also while the portal cannot be reached.
        placing.place(self.held.database, rules=rules(self.held), opener=self.held.opener, now=now())


def _courier_of(settings: HubSettings, database: Database) -> HubSide:
    """What the courier holds, without what was only needed to read it."""
    held = wiring.hub_side(settings, database)
    wiring.settle()
    return held


def _settle_in(held: HubSide) -> None:
    """For a courier that stays: it tells what it counts, and lets those go first who are waited for."""
    wiring.tell_counts(held.settings, held.database)
    give_way()


def _say_what_is_wrong_with_the_queue(settings: Settings) -> None:
    """One line at the start, for whoever just changed something; it is tried again and again all the same."""
    looked = wiring.queue_of(settings)
    fault = looked() if looked is not None else None
    if fault is not None:
        post_service.alarm("the queue cannot be used", why=fault.replace(" ", "-"))


def list_erased(held: HubSide, listed: int) -> int:
    """Keep the list beside the backups up to date; returns how many cases were erased so far. Cheap when there is no news."""
    folder = held.settings.backup_dir
    count = backups.erased_count(held.database)
    if count == listed or not folder.is_dir():
        return listed
    try:
        backups.list_erased(held.database, folder)
    except OSError as error:
        if listed != -count - 2:  # once, not every two seconds
            post_service.alarm("the list of erased cases could not be written", kind=type(error).__name__)
        return -count - 2
    return count


def rules(held: HubSide) -> placing.Rules:
    """What the queue's order goes by."""
    return placing.Rules(held.area.hub_hours, held.area.targets, held.settings.review_quiet_days)


def report_rules(held: HubSide) -> Rules:
    """What reports count by."""
    return Rules(hours=held.area.hub_hours, targets=held.area.targets)


def close_quarters(held: HubSide) -> None:
    """Count the quarters that are over, and tell the portal how the promises were kept in them."""
    reports.close_due(held.database, rules=report_rules(held), now=now())
    reports.send(held.database, portal_key=held.trust.sealing, voice=held.voice, now=now())


def keep_to_periods(held: HubSide) -> retention.Done:
    """Delete what is over, and warn of what soon will be; returns what was done."""
    second_looks.finish(held.database, portal_key=held.trust.sealing, voice=held.voice, now=now())
    return retention.run(
        held.database,
        periods=Periods(**held.settings.keep),
        opener=held.opener,
        voice=held.voice,
        portal_key=held.trust.sealing,
        now=now(),
    )


if __name__ == "__main__":
    carry(once=ONCE in sys.argv[1:])
