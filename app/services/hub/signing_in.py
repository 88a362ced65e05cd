"""Signing in by what an identity provider says: who it is, with which roles, and whether that still holds a while later."""

from __future__ import annotations

import json
import logging
import secrets
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol

from app.adapters import sealing
from app.adapters.oidc import Attempt, NotBelieved, Proof, ProviderDown, Tokens
from app.data.database import Database
from app.services import post
from app.services.hub import staff
from app.services.hub.staff import Identity, SignedIn
from app.settings import OidcSettings

log = logging.getLogger(__name__)

LONGEST_NAME = 100
# RFC 8176: more than one factor.
SEVERAL_FACTORS = "mfa"


class NotLetIn(Exception):
    """The provider proved who it is, and that is not enough for this desk."""


class NoRole(NotLetIn):
    """None of this desk's roles."""


class NoName(NotLetIn):
    """No name for colleagues, or no first name for the people whom the Hub supports."""


class OneFactorOnly(NotLetIn):
    """Signed in with less than this desk asks for."""


class AsksProvider(Protocol):
    """What can say later whether somebody still may."""

    def ask_again(self, tokens: Tokens, *, subject: str, now: datetime) -> Proof:
        """Raises NotBelieved and ProviderDown."""


def new_attempt() -> Attempt:
    """Three random texts; the verifier is as long as RFC 7636 (4.1) advises."""
    return Attempt(state=secrets.token_urlsafe(24), nonce=secrets.token_urlsafe(24), verifier=secrets.token_urlsafe(48))


def identity_of(claims: Mapping[str, Any], oidc: OidcSettings) -> Identity:
    """Who these claims are, with our own names of their roles. Raises NoRole and NoName."""
    said = _claim(claims, oidc.roles_claim)
    names = said if isinstance(said, list) else said.split() if isinstance(said, str) else []
    found = tuple(own for theirs, own in oidc.roles.items() if theirs in names or said == theirs)
    if not found:
        raise NoRole
    name, shown_name = _name(claims, oidc.name_claim), _name(claims, oidc.shown_name_claim)
    if not name or not shown_name:
        raise NoName
    return Identity(str(claims["sub"]), name, shown_name, found)


def refuse_one_factor(claims: Mapping[str, Any], oidc: OidcSettings) -> None:
    """Raises OneFactorOnly when the sign-in was less than what is asked for; only an id token of a sign-in says."""
    if oidc.mfa == "amr":
        methods = claims.get("amr")
        if not isinstance(methods, list) or SEVERAL_FACTORS not in methods:
            raise OneFactorOnly
    elif oidc.mfa != "no" and claims.get("acr") != oidc.mfa.removeprefix("acr="):
        raise OneFactorOnly


def packed(tokens: Tokens) -> bytes:
    """As they are kept, sealed, with the session."""
    return json.dumps([tokens.access, tokens.refresh]).encode("ascii")


def check(
    database: Database,
    token: str,
    signed: SignedIn,
    *,
    provider: AsksProvider | None,
    oidc: OidcSettings | None,
    now: datetime,
) -> SignedIn | None:
    """Make sure again that somebody may be here, when it is due; None when they may not any more.

    The roles are those that the provider says now. Without an answer the session goes on for a while (staff.LONGEST_UNCHECKED).
    In development nobody can be asked: that the session was not ended is all.
    """
    if signed.check_due_at > now:
        return signed
    with database.writing() as session:
        if not staff.take_check(session, signed, now=now):
            return signed
        if provider is None or oidc is None:
            staff.checked(session, token, signed, signed.identity, now=now)
            return signed
    try:
        with database.reading() as session:
            access, refresh = json.loads(staff.tokens_of(session, token) or b'["", ""]')
        proof = provider.ask_again(Tokens(access, refresh), subject=signed.identity.id, now=now)
        identity = identity_of({**_names(signed, oidc), **proof.claims}, oidc)
    except ProviderDown as error:
        post.alarm("the identity provider does not answer", why=str(error))
        return signed
    except (NotBelieved, NotLetIn, sealing.CannotOpen) as error:
        why = str(error) or type(error).__name__
        log.info("a session was ended by the identity provider, why=%s", why)
        with database.writing() as session:
            if isinstance(error, NotLetIn):
                staff.end_all(session, signed.identity.id, by=staff.OPERATOR, why=why, now=now)
            else:
                staff.end_one(session, signed.session_id, by=staff.OPERATOR, now=now)
        return None
    with database.writing() as session:
        staff.checked(session, token, signed, identity, now=now, tokens=packed(proof.tokens))
        return staff.signed_in(session, token, now=now)


def _names(signed: SignedIn, oidc: OidcSettings) -> dict[str, str]:
    """The names that we know: what is asked again need not repeat them."""
    return {oidc.name_claim: signed.identity.name, oidc.shown_name_claim: signed.identity.shown_name}


def _claim(claims: Mapping[str, Any], name: str) -> Any:
    """A claim by its name; where there is none of that name, by a path with dots, as in `realm_access.roles`."""
    if name in claims:
        return claims[name]
    found: Any = claims
    for part in name.split("."):
        found = found.get(part) if isinstance(found, Mapping) else None
    return found if isinstance(found, (str, Sequence)) else None


def _name(claims: Mapping[str, Any], name: str) -> str:
    said = _claim(claims, name)
    if not isinstance(said, str) or not said.isprintable():
        return ""
    return " ".join(said.split())[:LONGEST_NAME]
