"""The hatch: serves the courier's passes where they come through a queue (QUEUE_URL). Runs on the portal's side, beside the site.

`flask hatch` becomes `python -m app.hatch`: a process that makes no page loads nothing that does (docs/adr/0032).
"""

from __future__ import annotations

import os

from app import settings as settings_module
from app import starting, wiring
from app.adapters import carriers
from app.data.database import Database
from app.processes import end_with_parent
from app.services import post as post_service
from app.settings import PortalSettings, SettingsError
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


def serve() -> None:
    """Until told to stop. Bad configuration ends the process with one line."""
    wiring.set_up_logging()
    with plainly():
        settings = settings_module.load(os.environ)
        if not isinstance(settings, PortalSettings):
            raise SettingsError("The hatch is on the portal's side: set SIDE=portal.")
        starting.refuse(settings, now=now())
        end_with_parent()
        stop = Stop()
        database = Database(settings.database_url)
        opened = wiring.hatch_of(settings, wiring.counter_of(settings, database=database))
        pause, is_open, was_open, misses = PASS_EVERY_SECONDS, False, False, 0
        while not stop.comes_within(0):
            try:
                if not is_open:
                    opened.open()
                    is_open = was_open = True
                if opened.turn():  # to connect is not enough: the right to answer may be missing
                    pause, misses = PASS_EVERY_SECONDS, 0
            except carriers.CarrierDown as fault:
                opened.close()
                misses += 1
                if not was_open or misses == MISSES_BEFORE_ALARM:  # cut off for a moment is a restart of the broker
                    was_open = True  # said once
                    post_service.alarm("the queue cannot be used", why=str(fault).replace(" ", "-"))
                is_open = False
                stop.comes_within(pause)
                pause = min(LONGEST_PAUSE_SECONDS, pause * 1.5)
            except DATABASE_FAILS as error:  # what it was at comes again: nothing was answered
                opened.close()
                is_open, pause = False, database_failed(error, pause)
                stop.comes_within(pause)
        opened.close()
        database.close()


if __name__ == "__main__":
    serve()
