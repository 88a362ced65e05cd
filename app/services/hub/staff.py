"""Who is signed in at the desk. However somebody proved who they are, what follows is the same."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from app.data import hub as rows

SESSION_LASTS = timedelta(hours=10)


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


class UnknownIdentity(Exception):
    """The sign-in proved nothing that this desk accepts."""


class IdentitySource(Protocol):
    """A way to prove who one is: development sign-in now, an identity provider in service."""

    def offered(self) -> tuple[Identity, ...]:
        """Identities to choose from on the sign-in page; empty when the proof is made elsewhere."""

    def prove(self, claim: str) -> Identity:
        """The identity that a claim proves. Raises UnknownIdentity."""


class DevelopmentIdentities:
    """Made-up colleagues to choose from, without a password. The factory offers it on loopback in development only."""

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


def sign_in(session: Session, identity: Identity, *, now: datetime) -> str:
    """Open a session; returns its token for the cookie. Every sign-in has a new one."""
    person = session.get(rows.Staff, identity.id) or rows.Staff(id=identity.id)
    person.name, person.shown_name, person.roles = identity.name, identity.shown_name, list(identity.roles)
    session.add(person)
    session.flush()
    token = secrets.token_urlsafe(32)
    session.execute(delete(rows.StaffSession).where(rows.StaffSession.expires_at <= now))
    session.add(rows.StaffSession(id=_row_id(token), staff_id=identity.id, expires_at=now + SESSION_LASTS))
    rows.log(session, at=now, staff_id=identity.id, action="signed-in")
    return token


def signed_in(session: Session, token: str, *, now: datetime) -> SignedIn | None:
    """Who this token belongs to, or None when the session has ended or was revoked."""
    row = session.get(rows.StaffSession, _row_id(token))
    if row is None or row.expires_at <= now:
        return None
    person = session.get_one(rows.Staff, row.staff_id)
    return SignedIn(Identity(person.id, person.name, person.shown_name, tuple(person.roles)), row.id)


def signed_in_now(session: Session, *, now: datetime) -> list[rows.Staff]:
    """Who has a session that has not ended, by name; each colleague once, in however many browsers they are."""
    open_now = select(rows.StaffSession.staff_id).where(rows.StaffSession.expires_at > now)
    return list(session.scalars(select(rows.Staff).where(rows.Staff.id.in_(open_now)).order_by(rows.Staff.name)))


def sign_out(session: Session, signed: SignedIn, *, now: datetime) -> None:
    """End the session, and with it every opening that it held."""
    session.execute(delete(rows.Opening).where(rows.Opening.session_id == signed.session_id))
    session.execute(delete(rows.StaffSession).where(rows.StaffSession.id == signed.session_id))
    rows.log(session, at=now, staff_id=signed.identity.id, action="signed-out")


def _row_id(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8")).digest()
