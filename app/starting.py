"""What must be so before a side serves: each thing that is not is one line that says what to do.

`flask serve` and `flask courier` refuse to start on the first of them, `flask doctor` lists all, and /readyz asks the few that
may change while a process runs.
"""

from __future__ import annotations

import os
import shutil
import socket
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy.engine import make_url
from sqlalchemy.exc import SQLAlchemyError

from app.adapters.keys import (
    HubPublicKeys,
    HubSigningKeys,
    KeyFileError,
    PortalPrivateKeys,
    PortalPublicKeys,
)
from app.data import post as post_rows
from app.data import versions
from app.data.database import Database
from app.data.post import PostTables
from app.data.versions import Standing
from app.settings import HubSettings, PortalSettings, Settings, SettingsError

Sides = PortalSettings | HubSettings

#: Below this much room nothing can be relied on: a request that was taken in must be kept.
LEAST_ROOM = 32 * 1024 * 1024
#: A clock before the first release, or long after any, is not set: limits, keys and plans would all be wrong by it.
EARLIEST, LATEST = datetime(2026, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)
#: The last pass lies in the future only if a clock was set back, here or then.
SET_BACK = timedelta(hours=1)
MIB = 1024 * 1024


def refuse(settings: Sides, *, now: datetime, newer_schema: bool = False) -> None:
    """Refuse to start on the first thing that is not as it must be. Raises SettingsError, one line."""
    for fault in faults(settings, now=now, newer_schema=newer_schema):
        raise SettingsError(fault)


def faults(settings: Sides, *, now: datetime, newer_schema: bool = False) -> Iterator[str]:
    """What is not as it must be, one line each: what later ones rest on comes first.

    `newer_schema`: a database of a newer release is taken as it is, for a roll-back (docs/operations/releases.md).
    """
    if not EARLIEST <= now <= LATEST:
        yield f"The clock says {now:%Y-%m-%d}: set it (timedatectl), then start again."
        return
    yield from _of_folder(settings.side_dir)
    yield from _of_keys(settings)
    yield from _of_database(settings, now=now, newer_schema=newer_schema)


def refuse_taken_port(host: str, port: int, name: str) -> None:
    """Refuse a port that somebody listens on, or that may not be had. Raises SettingsError."""
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        with socket.socket(family) as tried:
            tried.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            tried.bind((host, port))
    except OSError as error:
        why = os.strerror(error.errno) if isinstance(error.errno, int) and error.errno > 0 else "no such address"
        raise SettingsError(
            f"{name}: port {port} of {host} cannot be had ({why}): is this side running already? Else set another port."
        ) from None


def is_ready(settings: Sides, database: Database) -> bool:
    """True while this side can serve: its keys are there, and its database answers and is not older than this release.

    A newer one is none of its business: while a release is rolled out, the old one serves on it (docs/operations/releases.md).
    """
    try:
        if not all(os.access(path, os.R_OK) for path in key_files(settings)):
            return False
        return versions.standing(database, settings.side) in (Standing.SAME, Standing.NEWER)
    except (SQLAlchemyError, OSError):
        return False


def key_files(settings: Sides) -> tuple[Path, ...]:
    """The files without which this side can do nothing."""
    if isinstance(settings, PortalSettings):
        return settings.private_key_file, settings.peppers_file, settings.hub_public_keys_file
    return settings.private_keys_file, settings.portal_public_keys_file


def post_tables(settings: Settings) -> PostTables:
    """The post's tables of this side; the other's are not even loaded."""
    if isinstance(settings, HubSettings):
        from app.data import hub

        return hub.POST
    from app.data import portal

    return portal.POST


def _of_folder(folder: Path) -> Iterator[str]:
    """Counts, locks and SQLite's files are kept there."""
    if not folder.is_dir():
        yield f"{folder} is not there: make it (mode 700, for this user alone), or correct DATA_DIR."
        return
    if not os.access(folder, os.R_OK | os.W_OK | os.X_OK):
        yield f"{folder} cannot be written to by this user: let this user own it."
        return
    if folder.stat().st_mode & 0o077:
        yield f"{folder} is open to others: run `chmod 700 {folder}`."
    free = shutil.disk_usage(folder).free
    if free < LEAST_ROOM:
        yield f"The disk of {folder} is full ({free // MIB} MiB are left): make room, {LEAST_ROOM // MIB} MiB at least."


def _of_keys(settings: Sides) -> Iterator[str]:
    loads: list[Callable[[], object]]
    if isinstance(settings, PortalSettings):
        from app.adapters.numbers import Peppers

        private, peppers, pinned = key_files(settings)
        loads = [
            lambda: PortalPrivateKeys.load(private),
            lambda: Peppers.load(peppers),
            lambda: HubPublicKeys.load(pinned),
        ]
    else:
        private, pinned = key_files(settings)
        loads = [lambda: HubSigningKeys.load(private), lambda: PortalPublicKeys.load(pinned)]
    for load in loads:
        try:
            load()
        except KeyFileError as error:
            yield str(error)


def _of_database(settings: Sides, *, now: datetime, newer_schema: bool) -> Iterator[str]:
    name = f"{settings.side.upper()}_DATABASE_URL"
    address = make_url(settings.database_url)
    if address.get_backend_name() == "sqlite":
        path = Path(address.database or "")
        if not path.exists():  # asked before anything opens it, which would make it
            yield f"There is no database at {path}: run `flask database migrate`, or correct {name}."
            return
        if not os.access(path, os.R_OK | os.W_OK):
            yield f"{path} cannot be written to by this user: let this user own it and what lies beside it."
            return
    database = Database(settings.database_url)
    try:
        found, wanted = versions.found_in(database), versions.newest(settings.side)
        if found is None:
            yield f"The database has no tables yet: run `SIDE={settings.side} flask database migrate`."
        elif found < wanted:
            yield (
                f"The database is at version {found}, this release needs {wanted}: "
                f"run `SIDE={settings.side} flask database migrate`."
            )
        elif found > wanted and not newer_schema:
            yield (
                f"The database is at version {found}, this release knows only {wanted}: start the newer release, "
                "or see docs/operations/releases.md about going back (--newer-schema)."
            )
        else:
            yield from _of_state(settings, database, now=now)
    except post_rows.PostNotSetUp:
        yield f"The database has no id yet: run `SIDE={settings.side} flask database migrate`."
    except (SQLAlchemyError, OSError) as error:
        yield (
            f"The database does not answer ({type(error).__name__}): is it running, and are address, user and password "
            f"in {name} right?"
        )
    finally:
        database.close()


def _of_state(settings: Sides, database: Database, *, now: datetime) -> Iterator[str]:
    with database.reading() as session:
        last = post_rows.post_state(session, post_tables(settings)).last_pass_at
    if last is not None and last - now > SET_BACK:
        yield f"The clock says {now:%Y-%m-%d %H:%M} UTC, but the last pass was at {last:%Y-%m-%d %H:%M}: set the clock."
