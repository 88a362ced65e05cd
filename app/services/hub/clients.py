"""Case systems of other agencies that may speak to the Hub: made and revoked by hand, proved by a secret, limited in number.

There is no client unless somebody makes one. Its secret is shown once and kept as an Argon2id hash; its tokens are random,
kept as a hash, and good for ten minutes.
"""

from __future__ import annotations

import hashlib
import secrets
import threading
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache

from nacl.exceptions import CryptoError
from nacl.pwhash import argon2id
from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from app.data import hub as rows
from app.data.database import Database
from app.domain.sharing import MILLI, TOKEN_LASTS, Bucket, Limit, Purpose, Wait, scopes_of, take
from app.services.hub.staff import Identity

LIMIT = Limit(burst=120, per_second=2)
# 19 MiB, two passes (OWASP Password Storage): enough for a secret of 256 random bits, and slow enough to be let in one by one.
OPERATIONS, MEMORY = 2, 19 * 1024 * 1024
LONGEST_SECRET = 200
WAIT_SECONDS = 5.0
_ONE_AT_A_TIME = threading.BoundedSemaphore(1)


class UnknownClient(Exception):
    """There is no client with this id, or it was revoked."""


class TooMany(Exception):
    """The client has asked too often. `seconds` until it may ask again."""

    def __init__(self, seconds: int) -> None:
        super().__init__("too many requests")
        self.seconds = seconds


@dataclass(frozen=True)
class Client:
    """A client that may be let in. `agency` is the id of a service in the directory."""

    id: str
    agency: str
    name: str
    purposes: tuple[str, ...]

    @property
    def scopes(self) -> tuple[str, ...]:
        """What it may be given leave for."""
        return scopes_of(self.purposes)

    @property
    def identity(self) -> Identity:
        """As whom the guard and the audit know it: a machine without any role."""
        return Identity(id=f"client:{self.id}", name=self.name, shown_name="", roles=())


@dataclass(frozen=True)
class Listed:
    """A client for the list."""

    client: Client
    made_at: datetime
    revoked_at: datetime | None


@dataclass(frozen=True)
class Caller:
    """Whose token it is, what it allows, and until when."""

    client: Client
    scopes: tuple[str, ...]
    expires_at: datetime


def add(
    database: Database, *, agency: str, name: str, purposes: Sequence[Purpose], by: str, now: datetime
) -> tuple[Client, str]:
    """Make a client; returns it with its secret, which is nowhere afterwards. `by` says who, for the audit."""
    client = Client(
        id=secrets.token_hex(8),
        agency=agency,
        name=name,
        purposes=tuple(each.value for each in Purpose if each in purposes),
    )
    secret = secrets.token_urlsafe(32)
    secret_hash = _hash(secret)
    with database.writing() as session:
        session.add(
            rows.ApiClient(
                id=client.id,
                agency=agency,
                name=name,
                purposes=list(client.purposes),
                secret_hash=secret_hash,
                made_at=now,
                level=LIMIT.burst * MILLI,
                filled_ms=_milliseconds(now),
            )
        )
        rows.log(session, at=now, staff_id=by, action="api-client-made", detail=f"{client.id} {agency}")
    return client, secret


def listed(session: Session) -> list[Listed]:
    """Every client that was ever made, oldest first."""
    found = session.scalars(select(rows.ApiClient).order_by(rows.ApiClient.made_at, rows.ApiClient.id))
    return [Listed(_client(row), row.made_at, row.revoked_at) for row in found]


def revoke(database: Database, client_id: str, *, by: str, now: datetime) -> None:
    """From now on it gets nothing: its tokens end, its feed is forgotten. Raises UnknownClient."""
    with database.writing() as session:
        row = session.get(rows.ApiClient, client_id)
        if row is None or row.revoked_at is not None:
            raise UnknownClient
        row.revoked_at = now
        for table in (rows.ApiToken, rows.ApiShared, rows.ApiEvent):
            session.execute(delete(table).where(table.client_id == client_id))
        rows.log(session, at=now, staff_id=by, action="api-client-revoked", detail=f"{client_id} {row.agency}")


def is_any(session: Session) -> bool:
    """Whether there is any client that may be let in."""
    count = select(func.count()).select_from(rows.ApiClient).where(rows.ApiClient.revoked_at.is_(None))
    return bool(session.scalar(count))


def purposes(session: Session) -> dict[str, tuple[str, ...]]:
    """For what the clients of each agency may be used, all of an agency's together; an agency without any is not there."""
    there: dict[str, set[str]] = {}
    for row in session.scalars(select(rows.ApiClient).where(rows.ApiClient.revoked_at.is_(None))):
        there.setdefault(row.agency, set()).update(row.purposes)
    return {agency: tuple(each.value for each in Purpose if each in found) for agency, found in there.items()}


def prove(database: Database, client_id: str, secret: str) -> Client | None:
    """The client, when the secret is its own; None for a wrong secret, an unknown and a revoked client, after the same work.

    One at a time in each process, since the work is dear. Raises TooMany after waiting for long.
    """
    with database.reading() as session:
        row = session.get(rows.ApiClient, client_id)
        known = row if row is not None and row.revoked_at is None else None
    if not _ONE_AT_A_TIME.acquire(timeout=WAIT_SECONDS):
        raise TooMany(1)
    try:
        is_right = _fits(known.secret_hash if known is not None else _of_nobody(), secret)
    finally:
        _ONE_AT_A_TIME.release()
    return _client(known) if known is not None and is_right else None


def keep_token(database: Database, token: str, *, client_id: str, scopes: Collection[str], now: datetime) -> None:
    """Remember a new token by its hash, and forget the client's that have ended. Raises UnknownClient."""
    with database.writing() as session:
        row = session.get(rows.ApiClient, client_id)
        if row is None or row.revoked_at is not None:
            raise UnknownClient
        session.execute(
            delete(rows.ApiToken).where(rows.ApiToken.client_id == client_id, rows.ApiToken.expires_at <= now)
        )
        session.add(
            rows.ApiToken(id=_row_id(token), client_id=client_id, scopes=sorted(scopes), expires_at=now + TOKEN_LASTS)
        )
        rows.log(session, at=now, staff_id=f"client:{client_id}", action="api-token")


def caller_of(session: Session, token: str, *, now: datetime) -> Caller | None:
    """Whose token this is; None when it is nobody's, has ended, or its client was revoked."""
    row = session.get(rows.ApiToken, _row_id(token))
    if row is None or row.expires_at <= now:
        return None
    client = session.get_one(rows.ApiClient, row.client_id)
    if client.revoked_at is not None:
        return None
    return Caller(_client(client), tuple(row.scopes), row.expires_at)


def take_one(database: Database, client_id: str, *, now: datetime) -> None:
    """Count one request of a client, in whichever process it came. Raises TooMany, and UnknownClient."""
    with database.writing() as session:
        row = locked(session, client_id)
        after = take(LIMIT, Bucket(row.level, row.filled_ms), now_ms=_milliseconds(now))
        if isinstance(after, Wait):
            raise TooMany(after.seconds)
        row.level, row.filled_ms = after.level, after.at_ms


def locked(session: Session, client_id: str) -> rows.ApiClient:
    """The client's row, for this unit of work alone until it ends. Raises UnknownClient."""
    row = session.get(rows.ApiClient, client_id, with_for_update=True)
    if row is None or row.revoked_at is not None:
        raise UnknownClient
    return row


def _client(row: rows.ApiClient) -> Client:
    return Client(id=row.id, agency=row.agency, name=row.name, purposes=tuple(row.purposes))


def _hash(secret: str) -> str:
    return argon2id.str(secret.encode("utf-8"), opslimit=OPERATIONS, memlimit=MEMORY).decode("ascii")


@cache
def _of_nobody() -> str:
    """What a secret of nobody is compared with, so that it takes as long."""
    return _hash(secrets.token_urlsafe(32))


def _fits(kept: str, secret: str) -> bool:
    try:
        return bool(argon2id.verify(kept.encode("ascii"), secret[:LONGEST_SECRET].encode("utf-8", "replace")))
    except CryptoError:
        return False


def _row_id(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "replace")).digest()


def _milliseconds(moment: datetime) -> int:
    return round(moment.timestamp() * 1000)
