"""Sign-in at an identity provider by OpenID Connect: code flow with PKCE, through Authlib. No Flask, no database.

What the provider says is believed only when its signature, made with one of three algorithms, opens with a key of its own
published set, and the essential claims are there and are for us (OpenID Connect Core 1.0, 3.1.3.7; RFC 9700). A token for
another client, which names us as `azp` only, is refused: `aud` must be us and nobody else.

No text of the provider goes into an exception: it may hold a name. Only codes do.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode, urlsplit

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

# Authlib and what calls are loaded where somebody signs in: the courier, which only names the faults, never does.
if TYPE_CHECKING:
    from authlib.integrations.requests_client import OAuth2Session

ALGORITHMS = ["RS256", "PS256", "ES256"]
DISCOVERY = "/.well-known/openid-configuration"
# Seconds to connect, and to answer: somebody waits.
TIMEOUT = (3.05, 6.0)
# Clocks differ a little (seconds).
LEEWAY = 30
KNOWN_FOR_SECONDS = 3600.0
LONGEST_SUBJECT = 255
LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


class ProviderDown(Exception):
    """The provider does not answer, or not as it should; the text is a code. Trying again later may help."""


class NotBelieved(Exception):
    """What came is no proof: forged, for somebody else, too old, or given back once already; the text is a code."""


@dataclass(frozen=True)
class Attempt:
    """One try to sign in, kept in the browser while it is at the provider."""

    state: str
    nonce: str
    verifier: str


@dataclass(frozen=True)
class Tokens:
    """What the provider gave to ask it again with. Never printed."""

    access: str = field(default="", repr=False)
    refresh: str = field(default="", repr=False)


@dataclass(frozen=True)
class Proof:
    """Claims that are believed, and what to ask again with."""

    claims: Mapping[str, Any] = field(repr=False)
    tokens: Tokens = field(repr=False)


@dataclass
class _Known:
    """What the provider publishes about itself, and its keys; each with the moment it was fetched."""

    about: Mapping[str, Any] = field(default_factory=dict)
    about_at: float = -KNOWN_FOR_SECONDS
    keys: KeySet | None = None
    keys_at: float = -KNOWN_FOR_SECONDS


class Provider:
    """One identity provider and our client there. Threads may share it."""

    def __init__(
        self, issuer: str, *, client_id: str, client_secret: str, scopes: tuple[str, ...], level: str = ""
    ) -> None:
        """`level` is the `acr` that is asked for; empty for none."""
        self.issuer, self.client_id = issuer, client_id
        self._secret, self._scopes, self._level = client_secret, scopes, level
        self._known, self._lock = _Known(), threading.Lock()

    def about(self) -> Mapping[str, Any]:
        """What its discovery document says (OpenID Connect Discovery 1.0, 4). Raises ProviderDown."""
        with self._lock:
            if time.monotonic() - self._known.about_at < KNOWN_FOR_SECONDS:
                return self._known.about
        found = self._get(self.issuer.rstrip("/") + DISCOVERY)
        if found.get("issuer") != self.issuer:
            raise ProviderDown("discovery-issuer")
        for name in ("authorization_endpoint", "token_endpoint", "jwks_uri"):
            if not _is_safe(found.get(name)):
                raise ProviderDown(f"discovery-{name}")
        methods = found.get("code_challenge_methods_supported")
        if isinstance(methods, list) and "S256" not in methods:
            raise ProviderDown("discovery-no-pkce")
        offered = found.get("id_token_signing_alg_values_supported")
        if isinstance(offered, list) and not any(each in ALGORITHMS for each in offered):
            raise ProviderDown("discovery-algorithms")
        with self._lock:
            self._known.about, self._known.about_at = found, time.monotonic()
        return found

    def address(self, attempt: Attempt, *, back: str) -> str:
        """Where the browser goes to sign in; the provider sends it on to `back`. Raises ProviderDown."""
        extra = {"acr_values": self._level} if self._level else {}
        with self._client(back) as client:
            made, _ = client.create_authorization_url(
                str(self.about()["authorization_endpoint"]),
                state=attempt.state,
                code_verifier=attempt.verifier,
                nonce=attempt.nonce,
                **extra,
            )
        return str(made)

    def exchange(self, code: str, attempt: Attempt, *, back: str, now: datetime) -> Proof:
        """What a code proves. A code is good once. Raises NotBelieved and ProviderDown."""
        answer = self._tokens(
            back, grant_type="authorization_code", code=code, code_verifier=attempt.verifier, redirect_uri=back
        )
        token = answer.get("id_token")
        if not isinstance(token, str):
            raise NotBelieved("no-id-token")
        tokens = _tokens_of(answer)
        return Proof(self._claims(token, nonce=attempt.nonce, access=tokens.access, now=now), tokens)

    def ask_again(self, tokens: Tokens, *, subject: str, now: datetime) -> Proof:
        """What it says of the same person now, by the refresh token or else the access token.

        The claims are those of a new id token, or of its page about the user. Raises NotBelieved when the account or the grant
        is gone or when it speaks of somebody else, and ProviderDown.
        """
        claims: Mapping[str, Any] | None = None
        if tokens.refresh:
            answer = self._tokens("", grant_type="refresh_token", refresh_token=tokens.refresh)
            fresh = _tokens_of(answer)
            # A provider that does not rotate says nothing of the refresh token.
            tokens = Tokens(access=fresh.access, refresh=fresh.refresh or tokens.refresh)
            token = answer.get("id_token")
            if isinstance(token, str):
                claims = self._claims(token, nonce="", access=tokens.access, now=now)
        if claims is None:
            claims = self._user(tokens)
        if claims.get("sub") != subject:
            raise NotBelieved("other-subject")
        return Proof(claims, tokens)

    def end_address(self, *, back: str) -> str:
        """Where a browser ends its session at the provider (RP-Initiated Logout 1.0); empty where there is no such place.

        Without a hint of who it is: an address is kept and logged along the way.
        """
        try:
            found = self.about().get("end_session_endpoint")
        except ProviderDown:
            return ""
        if not _is_safe(found):
            return ""
        joint = "&" if "?" in str(found) else "?"
        return f"{found}{joint}{urlencode({'client_id': self.client_id, 'post_logout_redirect_uri': back})}"

    def _claims(self, token: str, *, nonce: str, access: str, now: datetime) -> dict[str, Any]:
        """The claims of an id token that is signed by the provider and meant for us."""
        from authlib.oidc.core import CodeIDToken

        try:
            decoded = self._decoded(token)
            options: dict[str, Any] = {
                "iss": {"essential": True, "value": self.issuer},
                "aud": {"essential": True, "value": self.client_id},
                "exp": {"essential": True},
                "iat": {"essential": True},
                "sub": {"essential": True},
            }
            if nonce:
                options["nonce"] = {"essential": True, "value": nonce}
            claims = CodeIDToken(
                decoded.claims,
                decoded.header,
                options=options,
                params={"client_id": self.client_id, "nonce": nonce, "access_token": access},
            )
            claims.validate(now=int(now.timestamp()), leeway=LEEWAY)
        except (JoseError, ValueError, TypeError, KeyError) as error:
            raise NotBelieved(type(error).__name__) from None
        audience = decoded.claims["aud"]
        if audience not in (self.client_id, [self.client_id]):
            raise NotBelieved("audience")  # for somebody else as well: they could use it against us
        subject = decoded.claims["sub"]
        if not isinstance(subject, str) or not 0 < len(subject) <= LONGEST_SUBJECT:
            raise NotBelieved("subject")
        return dict(decoded.claims)

    def _decoded(self, token: str) -> jwt.Token:
        """A token whose signature is the provider's. A key that we do not know yet is looked for once (key rotation)."""
        keys, is_fresh = self._keys(anew=False)
        try:
            return jwt.decode(token, keys, algorithms=ALGORITHMS)
        except (JoseError, ValueError):
            if is_fresh:
                raise
        return jwt.decode(token, self._keys(anew=True)[0], algorithms=ALGORITHMS)

    def _keys(self, *, anew: bool) -> tuple[KeySet, bool]:
        """Its keys, and whether they were fetched just now. Raises ProviderDown."""
        with self._lock:
            keys = self._known.keys
            is_old = time.monotonic() - self._known.keys_at >= KNOWN_FOR_SECONDS
        if keys is not None and not anew and not is_old:
            return keys, False
        found = self._get(str(self.about()["jwks_uri"]))
        try:
            # Keys to encrypt with, and secrets that both would share, are no keys to believe a signature by.
            usable = [
                each for each in found["keys"] if each.get("kty") in ("RSA", "EC") and each.get("use", "sig") == "sig"
            ]
            keys = KeySet.import_key_set({"keys": usable})
        except (JoseError, KeyError, TypeError, ValueError, AttributeError):
            raise ProviderDown("keys") from None
        with self._lock:
            self._known.keys, self._known.keys_at = keys, time.monotonic()
        return keys, True

    def _user(self, tokens: Tokens) -> Mapping[str, Any]:
        """Its page about the user. Raises NotBelieved when it does not let us in any more."""
        address = self.about().get("userinfo_endpoint")
        if not tokens.access or not _is_safe(address):
            raise NotBelieved("nothing-to-ask-with")
        return self._get(str(address), bearer=tokens.access)

    def _tokens(self, back: str, **what: str) -> Mapping[str, Any]:
        """An answer of the token endpoint. An error that it names is final; anything else is for later."""
        import requests
        from authlib.integrations.base_client import OAuthError

        address = str(self.about()["token_endpoint"])
        offered = self.about().get("token_endpoint_auth_methods_supported")
        method = "client_secret_basic"
        if isinstance(offered, list) and method not in offered and "client_secret_post" in offered:
            method = "client_secret_post"
        try:
            with self._client(back, method=method) as client:
                return dict(client.fetch_token(address, allow_redirects=False, **what))
        except OAuthError as error:
            if error.error in ("invalid_grant", "access_denied", "interaction_required", "login_required"):
                raise NotBelieved(error.error) from None
            raise ProviderDown("token-endpoint") from None
        except requests.RequestException as error:
            raise ProviderDown(type(error).__name__) from None
        except (ValueError, TypeError):
            raise ProviderDown("token-endpoint") from None

    def _client(self, back: str, *, method: str = "client_secret_basic") -> OAuth2Session:
        from authlib.integrations.requests_client import OAuth2Session

        client = OAuth2Session(
            self.client_id,
            self._secret,
            scope=" ".join(self._scopes),
            redirect_uri=back or None,
            code_challenge_method="S256",
            token_endpoint_auth_method=method,
            default_timeout=TIMEOUT,
        )
        client.trust_env = False
        client.verify = os.environ.get("REQUESTS_CA_BUNDLE") or True
        return client

    def _get(self, address: str, *, bearer: str = "") -> Mapping[str, Any]:
        import requests

        headers = {"Accept": "application/json", **({"Authorization": f"Bearer {bearer}"} if bearer else {})}
        try:
            with requests.Session() as session:
                session.trust_env = False
                session.verify = os.environ.get("REQUESTS_CA_BUNDLE") or True
                answer = session.get(address, headers=headers, timeout=TIMEOUT, allow_redirects=False)
                if bearer and answer.status_code in (401, 403):
                    raise NotBelieved("not-let-in")
                read = answer.json() if answer.status_code == requests.codes.ok else None
        except requests.RequestException as error:
            raise ProviderDown(type(error).__name__) from None
        except ValueError:
            raise ProviderDown("not-json") from None
        if not isinstance(read, dict):
            raise ProviderDown(f"status-{answer.status_code}")
        return read


def _tokens_of(answer: Mapping[str, Any]) -> Tokens:
    access, refresh = answer.get("access_token"), answer.get("refresh_token")
    return Tokens(access=access if isinstance(access, str) else "", refresh=refresh if isinstance(refresh, str) else "")


def _is_safe(address: object) -> bool:
    """An address with TLS; without only on this machine."""
    if not isinstance(address, str):
        return False
    try:
        parts = urlsplit(address)
    except ValueError:
        return False
    return bool(parts.hostname) and (parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in LOOPBACK))
