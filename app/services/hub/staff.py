"""Who is signed in at the desk. However somebody proved who they are, what follows is the same."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from app.adapters import sealing
from app.data import hub as rows

SESSION_LASTS = timedelta(hours=10)
# How long nothing may be asked of the desk before it is signed out, by the cookie's own age.
IDLE = timedelta(minutes=30)
# How often it is made sure that a colleague may still be here, and with which role.
CHECK_EVERY = timedelta(minutes=15)
# While that cannot be found out, such as when the identity provider is away, it is tried again this soon ...
CHECK_AGAIN = timedelta(minutes=1)
# ... and a session ends that was not sure for so long: as long as an idle one can have been unlooked at.
LONGEST_UNCHECKED = IDLE + CHECK_EVERY
OPERATOR = "operator"
PURPOSE = "staff session"


@dataclass(frozen=True)
class Identity:
    """What a sign-in proved: a stable id, the name at the desk, the first name that people see, and roles."""

    id: str
    name: str
    shown_name: str
    roles: tuple[str, ...]


@dataclass(frozen=True)
class SignedIn:
    """A signed-in member of staff, with the id of the session's row."""

    identity: Identity
    session_id: bytes
    check_due_at: datetime


@dataclass(frozen=True)
class SessionLine:
    """A session that is open, for whoever may end it. `sure_at`: when it was last made sure that they may be here."""

    session_id: bytes
    staff_id: str
    name: str
    begun_at: datetime
    sure_at: datetime
    ends_at: datetime


class UnknownIdentity(Exception):
    """The sign-in proved nothing that this desk accepts."""


class IdentitySource(Protocol):
    """A way to prove who one is: development sign-in now, an identity provider in service."""

    def offered(self) -> tuple[Identity, ...]:
        """Identities to choose from on the sign-in page; empty when the proof is made elsewhere."""

    def prove(self, claim: str) -> Identity:
        """The identity that a claim proves. Raises UnknownIdentity."""


class NoIdentities:
    """Nobody to choose from: whoever signs in proves it elsewhere."""

    def offered(self) -> tuple[Identity, ...]:
        """Nobody."""
        return ()

    def prove(self, claim: str) -> Identity:
        """Nothing. Raises UnknownIdentity."""
        raise UnknownIdentity


class DevelopmentIdentities:
    """Made-up colleagues to choose from, without a password. Offered on loopback only, and only when it is asked for."""

    _people = (
        Identity("dev-amira", "Amira Novak", "Amira", ("co-ordinator",)),
        Identity("dev-ben", "Ben Okafor", "Ben", ("co-ordinator",)),
        Identity("dev-carys", "Carys Whitfield", "Carys", ("co-ordinator", "supervisor")),
        Identity("dev-dilys", "Dilys Farrow", "Dilys", ("co-ordinator", "gatekeeper")),
        Identity("dev-edwin", "Edwin Marsh", "Edwin", ("auditor",)),
    )

    def offered(self) -> tuple[Identity, ...]:
        """Everybody."""
        return self._people

    def prove(self, claim: str) -> Identity:
        """The one with this id. Raises UnknownIdentity."""
        for person in self._people:
            if person.id == claim:
                return person
        raise UnknownIdentity


def sign_in(session: Session, identity: Identity, *, now: datetime, tokens: bytes = b"") -> str:
    """Open a session; returns its token for the cookie. Every sign-in has a new one.

    `tokens` is what to ask the identity provider with later; it is kept sealed under the session's token.
    """
    _write_down(session, identity)
    person = session.get_one(rows.Staff, identity.id)
    person.here_before, person.here_since = person.here_since, now
    token = secrets.token_urlsafe(32)
    forget_ended(session, now=now)
    session.add(
        rows.StaffSession(
            id=_row_id(token),
            staff_id=identity.id,
            begun_at=now,
            expires_at=now + SESSION_LASTS,
            checked_at=now,
            check_due_at=now + CHECK_EVERY,
            sealed=_seal(token, tokens) if tokens else None,
        )
    )
    rows.log(session, at=now, staff_id=identity.id, action="signed-in", detail=" ".join(identity.roles))
    return token


def signed_in(session: Session, token: str, *, now: datetime) -> SignedIn | None:
    """Who this token belongs to, or None when the session has ended or was revoked."""
    found = session.execute(
        select(rows.StaffSession, rows.Staff)
        .join(rows.Staff, rows.Staff.id == rows.StaffSession.staff_id)
        .where(rows.StaffSession.id == _row_id(token))
    ).first()
    if found is None or found[0].expires_at <= now or found[0].checked_at <= now - LONGEST_UNCHECKED:
        return None
    row, person = found
    identity = Identity(person.id, person.name, person.shown_name, tuple(person.roles))
    return SignedIn(identity, row.id, row.check_due_at)


def tokens_of(session: Session, token: str) -> bytes:
    """What a session holds to ask the identity provider with; empty without any. Raises sealing.CannotOpen."""
    row = session.get(rows.StaffSession, _row_id(token))
    if row is None or row.sealed is None:
        return b""
    return sealing.open_box(token.encode("ascii"), row.sealed, purpose=PURPOSE, bound=row.id)


def take_check(session: Session, signed: SignedIn, *, now: datetime) -> bool:
    """Take on to look whether this session is still right; False when another request does just now.

    A refresh token is good once: two requests that used the same one would end the session.
    """
    took = session.execute(
        update(rows.StaffSession)
        .where(rows.StaffSession.id == signed.session_id, rows.StaffSession.check_due_at == signed.check_due_at)
        .values(check_due_at=now + CHECK_AGAIN)
    )
    return bool(took.rowcount)  # type: ignore[attr-defined]


def checked(
    session: Session, token: str, signed: SignedIn, identity: Identity, *, now: datetime, tokens: bytes = b""
) -> None:
    """It is right, with these roles and names from now on."""
    row = session.get(rows.StaffSession, signed.session_id)
    if row is None:  # ended meanwhile
        return
    row.checked_at, row.check_due_at = now, now + CHECK_EVERY
    if tokens:
        row.sealed = _seal(token, tokens)
    if identity != signed.identity:
        _write_down(session, identity)
        if identity.roles != signed.identity.roles:
            rows.log(session, at=now, staff_id=identity.id, action="roles-changed", detail=" ".join(identity.roles))


def signed_in_now(session: Session, *, now: datetime) -> list[rows.Staff]:
    """Who has a session that has not ended, by name; each colleague once, in however many browsers they are."""
    open_now = select(rows.StaffSession.staff_id).where(
        rows.StaffSession.expires_at > now, rows.StaffSession.checked_at > now - LONGEST_UNCHECKED
    )
    return list(session.scalars(select(rows.Staff).where(rows.Staff.id.in_(open_now)).order_by(rows.Staff.name)))


def sign_out(session: Session, signed: SignedIn, *, now: datetime) -> None:
    """End the session, and with it every opening that it held."""
    _end(session, [signed.session_id])
    session.get_one(rows.Staff, signed.identity.id).here_since = now
    rows.log(session, at=now, staff_id=signed.identity.id, action="signed-out")


def end_all(session: Session, staff_id: str, *, by: str, why: str, now: datetime) -> int:
    """End every session of a colleague; returns how many there were."""
    found = list(session.scalars(select(rows.StaffSession.id).where(rows.StaffSession.staff_id == staff_id)))
    if found:
        _end(session, found)
        rows.log(session, at=now, staff_id=by, action="ended-sessions", detail=f"{staff_id}: {why}")
    return len(found)


def end_others(session: Session, signed: SignedIn, *, now: datetime) -> int:
    """End every session of a colleague but the one that they press in; returns how many there were."""
    own = rows.StaffSession.staff_id == signed.identity.id
    others = rows.StaffSession.id != signed.session_id
    found = list(session.scalars(select(rows.StaffSession.id).where(own, others)))
    if found:
        _end(session, found)
        identity = signed.identity.id
        rows.log(session, at=now, staff_id=identity, action="ended-sessions", detail=f"{identity}: own, all others")
    return len(found)


def end_one(session: Session, session_id: bytes, *, by: str, now: datetime) -> None:
    """End one session of whomever. One that is over already stays so."""
    row = session.get(rows.StaffSession, session_id)
    if row is not None:
        staff_id = row.staff_id
        _end(session, [session_id])
        rows.log(session, at=now, staff_id=by, action="ended-sessions", detail=f"{staff_id}: one")


def sessions(session: Session, *, now: datetime) -> list[SessionLine]:
    """The sessions that are open, by name, the newest first."""
    found = session.execute(
        select(rows.StaffSession, rows.Staff)
        .join(rows.Staff, rows.Staff.id == rows.StaffSession.staff_id)
        .where(rows.StaffSession.expires_at > now, rows.StaffSession.checked_at > now - LONGEST_UNCHECKED)
        .order_by(rows.Staff.name, rows.StaffSession.begun_at.desc())
    )
    return [
        SessionLine(row.id, person.id, person.name, row.begun_at, row.checked_at, row.expires_at)
        for row, person in found
    ]


def forget_ended(session: Session, *, now: datetime) -> None:
    """Delete the sessions that are over."""
    over = (rows.StaffSession.expires_at <= now) | (rows.StaffSession.checked_at <= now - LONGEST_UNCHECKED)
    session.execute(delete(rows.StaffSession).where(over))


def _end(session: Session, session_ids: Collection[bytes]) -> None:
    session.execute(delete(rows.Opening).where(rows.Opening.session_id.in_(session_ids)))
    session.execute(delete(rows.StaffSession).where(rows.StaffSession.id.in_(session_ids)))


def _write_down(session: Session, identity: Identity) -> None:
    person = session.get(rows.Staff, identity.id) or rows.Staff(id=identity.id)
    person.name, person.shown_name, person.roles = identity.name, identity.shown_name, list(identity.roles)
    session.add(person)
    session.flush()


def _seal(token: str, tokens: bytes) -> bytes:
    return sealing.seal_box(token.encode("ascii"), tokens, purpose=PURPOSE, bound=_row_id(token))


def _row_id(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8")).digest()
