"""What one side tells Prometheus, on a port of the loopback and nowhere else: counts, and figures read at that moment.

It leaves the machine, perhaps the Hub's walls, and is kept for long by others. So figures of what people do are shown in steps of
five, ages of what waits only from five minutes on and in few steps, and nothing has a name, a path, a language or a case in it.
"""

from __future__ import annotations

import logging
import shutil
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from socketserver import TCPServer

from sqlalchemy import func, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from app import counts
from app.adapters.keys import KeyEntry
from app.data import post as post_rows
from app.data import versions
from app.data.database import Database
from app.data.post import PostTables
from app.settings import LOOPBACK_HOSTS, HubSettings, PortalSettings, Settings
from app.starting import post_tables

log = logging.getLogger("metrics")

HOST = "127.0.0.1"
PREFIX = "ask"
STEP = counts.STEP
MIB = 1024 * 1024
# The ages that are told, in seconds: an exact one would tell when somebody wrote.
AGES = (300, 900, 3_600, 7_200, 14_400, 28_800, 86_400, 172_800, 345_600, 604_800, 1_209_600, 2_592_000)
# Looks again whether the port is free, since another process of the same side may have had it and be gone.
TRIES_EVERY_SECONDS = 2.0
WAITS_SECONDS = 5.0


@dataclass(frozen=True)
class Gauge:
    """A figure of this moment: `values` by label and value, or by nothing."""

    name: str
    told: str
    values: Mapping[tuple[str, str] | None, float] = field(default_factory=dict)


def single(name: str, told: str, value: float) -> Gauge:
    """A figure without a label."""
    return Gauge(name, told, {None: value})


Readings = Callable[[datetime], Iterable[Gauge]]


def in_steps(number: float, step: int = STEP) -> int:
    """A number, downwards to a whole step."""
    return int(number // step) * step


def coarse_age(since: datetime | None, *, now: datetime) -> int:
    """How old something is, in seconds, downwards to one of AGES; 0 below the first, or when there is nothing."""
    age = 0.0 if since is None else (now - since).total_seconds()
    return max((each for each in AGES if each <= age), default=0)


def of_post(session: Session, tables: PostTables, *, now: datetime) -> Iterator[Gauge]:
    """How the post stands, alike on both sides."""
    state = post_rows.post_state(session, tables)
    waiting = post_rows.waiting_count(session, tables)
    oldest = post_rows.oldest_waiting(session, tables)
    yield single("post_waiting", "Envelopes that wait for an answer, in fives.", in_steps(waiting))
    age = coarse_age(oldest, now=now)
    yield single("post_oldest_waiting_seconds", "How long the oldest envelope waits, in coarse steps.", age)
    yield single("post_refused", "Envelopes refused and kept aside, ever.", state.aside_count)
    yield single("post_stopped", "1 when a roll-back was noticed and nothing is carried.", state.stopped is not None)
    if state.last_pass_at is not None:
        since = max(0.0, (now - state.last_pass_at).total_seconds())
        yield single("post_last_pass_seconds", "Since when nothing was carried.", round(since))


def of_hub(session: Session, *, now: datetime) -> Iterator[Gauge]:
    """What waits at the desk, and the notices."""
    from app.data import hub as rows

    case = rows.Case
    new = select(func.count(), func.min(case.received_at)).where(case.state == "new")
    unread, oldest = session.execute(new).one()
    late = session.scalar(select(func.count()).where(rows.IS_OPEN, case.due_at < now)) or 0
    yield single("queue_unread", "Requests that nobody has opened, in fives.", in_steps(unread))
    age = coarse_age(oldest, now=now)
    yield single("queue_oldest_unread_seconds", "How long the oldest of them waits, in coarse steps.", age)
    yield single("queue_late", "Open cases whose answer is past its target, in fives.", in_steps(late))
    found = select(rows.Notice.state, func.count()).group_by(rows.Notice.state)
    states: dict[str, int] = {row[0]: row[1] for row in session.execute(found)}
    due = sum(states.get(state, 0) for state in ("due", "sending"))
    totals = {"due": due, **{state: states.get(state, 0) for state in ("sent", "failed", "stopped")}}
    values: dict[tuple[str, str] | None, float] = {
        ("state", state): in_steps(number) for state, number in totals.items()
    }
    yield Gauge("notices", "Notices that are kept, by how they stand, in fives.", values)


def of_machine(settings: Settings, folders: Mapping[str, Path]) -> Iterator[Gauge]:
    """Room on the disks."""
    free: dict[tuple[str, str] | None, float] = {}
    share: dict[tuple[str, str] | None, float] = {}
    for name, folder in folders.items():
        try:
            usage = shutil.disk_usage(folder)
        except OSError:
            continue
        free[("place", name)] = in_steps(usage.free, MIB)
        share[("place", name)] = round(usage.free / usage.total, 3)
    yield Gauge("disk_free_bytes", "Room on the disk, in whole MiB.", free)
    yield Gauge("disk_free_ratio", "Room on the disk, as a share of it.", share)
    version = int(versions.newest(settings.side))
    yield single("schema_wanted", "The version of the database that this release is made for.", version)


def of_backups(folder: Path, *, now: datetime) -> Iterator[Gauge]:
    """How old the newest backup is."""
    from app.services.hub import backups

    last = backups.newest(folder)
    yield single("backup_made", "1 when there is a backup.", last is not None)
    if last is not None:
        yield single("backup_age_seconds", "How old the newest backup is.", round((now - last).total_seconds()))


def last_end(keys: Iterable[KeyEntry]) -> datetime | None:
    """When the last of these keys that is in use ends."""
    return max((each.not_after for each in keys if each.not_after is not None and not each.revoked), default=None)


def readings_of(settings: PortalSettings | HubSettings, database: Database, *, key_ends: datetime | None) -> Readings:
    """What is read each time that somebody asks: one look into the database, and one at the machine."""

    def read(now: datetime) -> Iterator[Gauge]:
        def look(session: Session) -> Iterator[Gauge]:
            yield from of_post(session, post_tables(settings), now=now)
            if isinstance(settings, HubSettings):
                yield from of_hub(session, now=now)

        folders = {"data": settings.side_dir}
        yield from of_database(database, look)
        if isinstance(settings, HubSettings):
            folders["backups"] = settings.backup_dir
            yield from of_backups(settings.backup_dir, now=now)
        yield from of_machine(settings, folders)
        if key_ends is not None:
            yield single("key_days", "Days until the newest sealing key of the Hub ends.", (key_ends - now).days)

    return read


def of_database(database: Database, read: Callable[[Session], Iterable[Gauge]]) -> Iterator[Gauge]:
    """What one look into the database finds; without the database only that it is away."""
    try:
        version = versions.found_in(database)
        with database.reading() as session:
            found = list(read(session))
    except (SQLAlchemyError, OSError, post_rows.PostNotSetUp):
        yield single("database_up", "1 when the database answers.", 0)
        return
    yield single("database_up", "1 when the database answers.", 1)
    yield single("schema", "The version of the database.", int(version or 0))
    yield from found


def text_of(gauges: Iterable[Gauge]) -> str:
    """Everything in Prometheus' text format, version 0.0.4."""
    lines: list[str] = []
    for gauge in gauges:
        _head(lines, gauge.name, gauge.told, "gauge")
        for label, value in gauge.values.items():
            lines.append(f"{PREFIX}_{gauge.name}{_labels([label] if label else [])} {_number(value)}")
    current = counts.current()
    for series in counts.SERIES:
        name = series.name if series.bounds or series.is_level else f"{series.name}_total"
        _head(lines, name, series.told, "histogram" if series.bounds else "gauge" if series.is_level else "counter")
        for values in series.combinations():
            labels = list(zip(series.labels, values, strict=True))
            found = current.totals(series.name, *values)
            if not series.bounds:
                lines.append(f"{PREFIX}_{name}{_labels(labels)} {in_steps(found[0], series.step)}")
                continue
            *buckets, total = found
            reached = 0.0
            for bound, number in zip([*map(_number, series.bounds), "+Inf"], buckets, strict=True):
                reached += number
                within = in_steps(reached, series.step)
                lines.append(f"{PREFIX}_{name}_bucket{_labels([*labels, ('le', bound)])} {within}")
            lines.append(f"{PREFIX}_{name}_sum{_labels(labels)} {in_steps(total, series.step)}")
            lines.append(f"{PREFIX}_{name}_count{_labels(labels)} {in_steps(reached, series.step)}")
    return "\n".join(lines) + "\n"


def start(settings: Settings, readings: Readings, *, now: Callable[[], datetime]) -> None:
    """Share the counts with the other processes of this side, and answer on the loopback while this process has the port.

    One process of a side has it; when that one ends, another takes it over. Does nothing while no port is set.
    """
    if settings.metrics_port is None:
        return
    try:
        counts.keep(counts.Counts.shared(settings.side_dir))
    except OSError as error:
        log.warning("counts are of this process alone kind=%s", type(error).__name__)
    counts.add("starts")
    port = settings.metrics_port
    threading.Thread(target=_serve, args=(port, readings, now), name="metrics", daemon=True).start()


def server(port: int, readings: Readings, *, now: Callable[[], datetime]) -> Server:
    """A server on the loopback that answers one question. Raises OSError when the port is taken."""

    class Answers(BaseHTTPRequestHandler):
        timeout = WAITS_SECONDS
        server_version, sys_version = "metrics", ""

        def do_GET(self) -> None:
            # A page of another site that a browser on this machine looks at must not read it by a name of its own.
            asked = self.headers.get("Host", "").rpartition(":")[0] or self.headers.get("Host", "")
            if self.path != "/metrics" or asked.strip("[]") not in LOOPBACK_HOSTS:
                self.send_error(404)
                return
            body = text_of(readings(now())).encode("utf-8")
            self.send_response(200)
            self.send_header("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
            self.send_header("Content-Length", str(len(body)))
            self.send_header("Cache-Control", "no-store")
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002 - the library's own name
            """Nothing is said of who asked."""

    return Server((HOST, port), Answers)


class Server(TCPServer):
    """Asks no name server for its own name, as the library's HTTPServer does, and says nothing of those who hang up."""

    allow_reuse_address = True

    def handle_error(self, request: object, client_address: object) -> None:
        """One line without an address."""
        log.warning("somebody who read the counts was not answered")


def _serve(port: int, readings: Readings, now: Callable[[], datetime]) -> None:
    again, said = threading.Event(), False
    while True:
        try:
            made = server(port, readings, now=now)
        except OSError:
            if not said:
                log.info("another process tells the counts on port %d; this one takes over when it ends", port)
                said = True
            again.wait(TRIES_EVERY_SECONDS)
            continue
        made.serve_forever(poll_interval=WAITS_SECONDS)


def _head(lines: list[str], name: str, told: str, kind: str) -> None:
    lines.append(f"# HELP {PREFIX}_{name} {told}")
    lines.append(f"# TYPE {PREFIX}_{name} {kind}")


def _labels(labels: Iterable[tuple[str, str]]) -> str:
    told = ",".join(f'{name}="{value}"' for name, value in labels)
    return f"{{{told}}}" if told else ""


def _number(value: float) -> str:
    return str(int(value)) if float(value).is_integer() else repr(float(value))
