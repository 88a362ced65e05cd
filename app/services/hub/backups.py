"""Backups of the Hub: made while it runs, sealed to a key that is never there, and filled in again without what was erased.

A backup holds the rows as they are, so what is sealed in them stays sealed under the Hub's own keys, which are kept apart.
Beside the backups stands the list of the cases that were erased, so that an older backup does not bring one back.
"""

from __future__ import annotations

import os
import re
import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from nacl.signing import SigningKey
from sqlalchemy import func, select, update

from app.adapters import backups, sealing
from app.data import hub as rows
from app.data import post as post_rows
from app.data import whole
from app.data.database import Database
from app.domain import notice
from app.domain.audit import Act
from app.domain.referral import MalformedReferral, Referral
from app.services import post
from app.services.hub import auditing, erasing, records
from app.services.hub.records import Opener

LIST_OF_ERASED = "erased-cases"
# Staff and machines sign in anew: a session and what it may read do not outlive the database that gave them.
LEFT_OUT = ("staff_session", "opening", "taken_draft", "api_token")
# Orders that were given since the backup have used these many numbers of a case at most.
ORDERS_SKIPPED = 1000
MARKED_AT_ONCE = 500
VERSION = 1
LINE = re.compile(r"([0-9a-f]{32}) (\d{4}-\d\d-\d\d)")


class NoListOfErased(Exception):
    """The list of erased cases is not there, without which a backup could bring one back."""


class NotABackup(Exception):
    """The file opens, and does not hold what a backup of the Hub holds."""


@dataclass(frozen=True)
class Made:
    """A new backup: where, how large in bytes, how many cases it holds, and how many envelopes are now known to be in one."""

    path: Path
    size: int
    cases: int
    marked: int


@dataclass(frozen=True)
class Looked:
    """What is in a backup: when it was made, its cases, and how many of them open with the Hub's keys."""

    made_at: datetime
    cases: int
    opened: int


@dataclass(frozen=True)
class Restored:
    """What was filled in, and how many of its cases had been erased since and are gone again."""

    made_at: datetime
    cases: int
    erased: int


def make(database: Database, folder: Path, *, public: bytes, post_key: SigningKey, now: datetime) -> Made:
    """Back the Hub up into a new file, and tell the portal what it need not keep any more.

    `public` is the raw public half of the offline key, `post_key` signs the marks. The file holds the database as it was at
    one moment; it is read back from the disk before it counts. Raises backups.BackupNotWritten and OSError.
    """
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    backups.clear_unfinished(folder)
    list_erased(database, folder)
    counted: dict[str, int] = {}
    fresh: list[bytes] = []
    path = folder / f"hub-{now:%Y%m%dT%H%M%SZ}-{secrets.token_hex(4)}{backups.ENDING}"
    with database.snapshot() as connection:
        records_of_all = _records(
            whole.rows_of(connection, without=LEFT_OUT),
            revision=whole.revision_of(connection),
            counted=counted,
            fresh=fresh,
            now=now,
        )
        size = backups.write(path, whole.pieces_of(records_of_all), public=public)
    marked = _mark_kept(database, fresh, post_key=post_key)
    return Made(path=path, size=size, cases=counted.get("case", 0), marked=marked)


def drop_old(folder: Path, *, days: int, now: datetime) -> int:
    """Delete the backups that were made more than `days` days ago, but never the newest; returns how many."""
    oldest = now - timedelta(days=days)
    gone = [path for path in all_in(folder)[:-1] if made_at(path) < oldest]
    for path in gone:
        path.unlink(missing_ok=True)
    return len(gone)


def all_in(folder: Path) -> list[Path]:
    """The finished backups of a folder, oldest first."""
    return sorted(folder.glob(f"hub-*{backups.ENDING}"))


def made_at(path: Path) -> datetime:
    """When a backup was made, as its name says."""
    return datetime.strptime(path.name.split("-")[1] + "+0000", "%Y%m%dT%H%M%SZ%z")


def list_erased(database: Database, folder: Path) -> int:
    """Add to the list beside the backups every case that was erased and is not in it yet; returns how many.

    The list only grows. Raises OSError.
    """
    path = folder / LIST_OF_ERASED
    known = read_list(path) if path.exists() else {}
    with database.reading() as session:
        new = [
            (row.case_id, row.erased_on)
            for row in session.execute(select(rows.Tombstone.case_id, rows.Tombstone.erased_on))
            if row.case_id not in known
        ]
    if new or not path.exists():
        with path.open("a+b") as file:
            os.fchmod(file.fileno(), 0o600)
            file.seek(max(0, file.seek(0, os.SEEK_END) - 1))
            broken = file.read(1) not in (b"", b"\n")  # a line that was cut off is written anew, after its end
            lines = "".join(f"{case_id.hex()} {day.isoformat()}\n" for case_id, day in new)
            file.write(("\n" * broken + lines).encode("ascii"))
            file.flush()
            os.fsync(file.fileno())
    return len(new)


def erased_count(database: Database) -> int:
    """How many cases were ever erased here, as far as the database knows."""
    with database.reading() as session:
        return session.scalar(select(func.count()).select_from(rows.Tombstone)) or 0


def read_list(path: Path) -> dict[bytes, date]:
    """The erased cases of a list, each with its day. Raises NoListOfErased."""
    try:
        lines = path.read_text(encoding="ascii", errors="replace").splitlines()
    except OSError:
        raise NoListOfErased(
            f"{path}: the list of erased cases is not there; without it a backup could bring one back. Copy the newest list"
        ) from None
    found = [LINE.fullmatch(line) for line in lines]
    return {bytes.fromhex(match[1]): date.fromisoformat(match[2]) for match in found if match}


def look(path: Path, *, private: X25519PrivateKey, opener: Opener | None) -> Looked:
    """Read a backup to its end and open every case in it, as after a loss; nothing is written anywhere.

    Without an `opener` (the Hub's own keys) no case is opened. Raises backups.BackupUnreadable and NotABackup.
    """
    head, parts = _opened(path, private=private)
    secrets_of: dict[bytes, bytes] = {}
    cases = 0
    readable: dict[bytes, set[str]] = {}
    for table, part in parts:
        if table == "case":
            cases += len(part)
        elif table == "record_secret" and opener is not None:
            secrets_of |= _record_secrets(part, opener)
        elif table == "sealed_document":
            for row in part:
                if row["case_id"] in secrets_of and _reads(row, secrets_of[row["case_id"]]):
                    readable.setdefault(row["case_id"], set()).add(row["kind"])
    opened = sum({rows.REFERRAL, rows.CASE_SECRET} <= kinds for kinds in readable.values())
    return Looked(made_at=datetime.fromisoformat(head["made_at"]), cases=cases, opened=opened)


def restore(
    database: Database,
    path: Path,
    *,
    private: X25519PrivateKey,
    erased: Path,
    migrate: Callable[[str], None],
    portal_key: bytes,
    voice: SigningKey,
    now: datetime,
) -> Restored:
    """Fill an empty database from a backup, and erase again what the list `erased` says. Nothing may run meanwhile.

    `migrate` brings this database to a version by its name.

    From then on the Hub does nothing until `recovering.recover` has brought back what came since. The portal is ordered to
    erase too: the first order may have been lost with the Hub. Raises whole.NotEmpty, NoListOfErased,
    backups.BackupUnreadable and NotABackup; then nothing was filled in.
    """
    gone = read_list(erased)
    head, parts = _opened(path, private=private)
    whole.fill(database, migrate=migrate, revision=head["revision"], rows=_held_back(parts))
    migrate("head")
    with database.writing() as session:
        cases = session.scalar(select(func.count()).select_from(rows.Case)) or 0
        session.execute(update(rows.Case).values(orders_out=rows.Case.orders_out + ORDERS_SKIPPED))
        # Some have gone since: a notice that is lost does less harm than one that comes twice.
        session.execute(
            update(rows.Notice)
            .where(rows.Notice.state.in_([notice.State.DUE.value, notice.State.SENDING.value]))
            .values(state=notice.State.STOPPED.value)
        )
        known = set(session.scalars(select(rows.Tombstone.case_id)))
    count = 0
    for case_id, day in gone.items():
        if case_id not in known:
            count += erasing.erase_again(database, case_id, day=day, portal_key=portal_key, voice=voice, now=now)
    with database.writing() as session:
        session.execute(
            update(rows.PostState).values(restored_id=sealing.new_id(), last_pass_at=None, stopped=post.RESTORED)
        )
        rows.log(session, at=now, staff_id=auditing.SYSTEM, action=Act.RESTORED, detail=head["made_at"])
    return Restored(made_at=datetime.fromisoformat(head["made_at"]), cases=cases - count, erased=count)


def _records(
    parts: Iterator[tuple[str, list[whole.Row]]],
    *,
    revision: str,
    counted: dict[str, int],
    fresh: list[bytes],
    now: datetime,
) -> Iterator[dict[str, Any]]:
    """What a backup says, in order; `counted` and `fresh` (envelopes that no backup held yet) fill on the way."""
    yield {"backup": VERSION, "side": "hub", "made_at": now.isoformat(timespec="seconds"), "revision": revision}
    for table, part in parts:
        counted[table] = counted.get(table, 0) + len(part)
        if table == "incoming":
            fresh += [row["envelope_id"] for row in part if not row["kept"]]
        yield whole.to_record(table, part)
    yield {"end": True, "rows": counted}


def _opened(path: Path, *, private: X25519PrivateKey) -> tuple[dict[str, Any], Iterator[tuple[str, list[whole.Row]]]]:
    """The head of a backup and its rows; these raise in place of their end when they are not all there."""
    found = whole.records_of(backups.read(path, private=private))
    try:
        head = next(found, {})
    except whole.NotWhole as error:
        raise NotABackup(f"{path}: {error}") from None
    if head.get("backup") != VERSION or head.get("side") != "hub":
        raise NotABackup(f"{path}: does not say that it is a backup of the Hub")
    return head, _rows_to_the_end(found, path=path)


def _rows_to_the_end(found: Iterator[dict[str, Any]], *, path: Path) -> Iterator[tuple[str, list[whole.Row]]]:
    counted: dict[str, int] = {}
    try:
        for record in found:
            if "end" in record:
                if record.get("rows") != counted or next(found, None) is not None:
                    break
                return
            table, part = whole.from_record(record)
            counted[table] = counted.get(table, 0) + len(part)
            yield table, part
    except whole.NotWhole as error:
        raise NotABackup(f"{path}: {error}") from None
    raise NotABackup(f"{path}: does not hold as many rows as it says")


def _held_back(parts: Iterator[tuple[str, list[whole.Row]]]) -> Iterator[tuple[str, list[whole.Row]]]:
    """The rows, but for the one that says whether the Hub may work: from its first moment on it may not."""
    for table, part in parts:
        yield table, [row | {"stopped": post.BEING_RESTORED} for row in part] if table == "post_state" else part


def _mark_kept(database: Database, envelope_ids: list[bytes], *, post_key: SigningKey) -> int:
    """Make the answer to each of these say that a backup holds what came of it, and let it be given again."""
    marked = 0
    for start in range(0, len(envelope_ids), MARKED_AT_ONCE):
        part = envelope_ids[start : start + MARKED_AT_ONCE]
        with database.reading() as session:
            found = list(session.scalars(select(rows.Incoming).where(rows.Incoming.envelope_id.in_(part))))
        answers = {row.envelope_id: _kept_answer(row, post_key) for row in found}
        with database.writing() as session:
            for envelope_id, answer in answers.items():
                values: dict[str, Any] = {"kept": True}
                if answer is not None:
                    values |= {"answer": answer, "answer_due": True}
                    marked += 1
                session.execute(update(rows.Incoming).where(rows.Incoming.envelope_id == envelope_id).values(**values))
    return marked


def _kept_answer(row: rows.Incoming, post_key: SigningKey) -> bytes | None:
    """None for what was refused, which stays with its sender, and for pooled answers, which are gone there already."""
    envelope = sealing.parse(row.answer)
    if sealing.read_answer(envelope).outcome != "received" or envelope.header.case_id == sealing.NO_CASE:
        return None
    return post.answer_to(envelope.header, "kept", "", signer=post_key)


def _record_secrets(part: list[whole.Row], opener: Opener) -> dict[bytes, bytes]:
    found = {}
    for row in part:
        try:
            found[row["case_id"]] = opener.unwrap_record(row["wrapped"], case_id=row["case_id"])
        except sealing.CannotOpen:
            continue
    return found


def _reads(row: whole.Row, record_secret: bytes) -> bool:
    """True when a sealed document opens, and a request can be read."""
    names = ("id", "case_id", "kind", "number", "sealed")
    document = rows.SealedDocument(**{name: row[name] for name in names})
    try:
        text = records.open_document(document, record_secret=record_secret)
        if row["kind"] == rows.REFERRAL:
            Referral.from_bytes(text)
    except (sealing.CannotOpen, MalformedReferral):
        return False
    return True


def newest(folder: Path) -> datetime | None:
    """When the newest finished backup of a folder was made, or None."""
    found = all_in(folder)
    return made_at(found[-1]) if found else None


def needs_recovery(database: Database) -> bool:
    """True when this database was restored and what came since the backup is not there again yet."""
    with database.reading() as session:
        return post_rows.post_state(session, rows.POST).stopped in (post.RESTORED, post.BEING_RESTORED)
