"""OAuth 2.0 client credentials (RFC 6749, 4.4) and bearer tokens (RFC 6750) through Authlib: who proves to be whom.

Authlib decides about grants, client authentication and scopes; ours are the clients, the tokens, and the refusals, which are
problem details that hold the standard's own `error` as well.
"""

from __future__ import annotations

import base64
import binascii
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from authlib.oauth2 import OAuth2Error
from authlib.oauth2.rfc6749 import AuthorizationServer, ClientMixin, OAuth2Payload, OAuth2Request, ResourceProtector
from authlib.oauth2.rfc6749.grants import ClientCredentialsGrant
from authlib.oauth2.rfc6749.util import scope_to_list
from authlib.oauth2.rfc6750 import BearerTokenGenerator, BearerTokenValidator
from flask import Request

from app.data.database import Database
from app.domain.sharing import TOKEN_LASTS, Scope
from app.services.hub import clients
from app.services.hub.clients import Caller, Client, UnknownClient
from app.web.clock import now
from app.web.problems import Problem

# TLS is the proxy's, and settings refuse to serve without it; Authlib would look at the address that the proxy passed on.
OVER_TLS = "https://api.invalid/"
CLIENT_CREDENTIALS = "client_credentials"
BY_SECRET = ("client_secret_basic", "client_secret_post")
# What is said to whoever did not prove who they are (RFC 6750, 3; RFC 7617).
ASKS_BEARER = 'Bearer realm="api"'
ASKS_BASIC = 'Basic realm="api"'


class Payload(OAuth2Payload):
    """The fields of the form; what stands in an address is never looked at, since addresses are written into logs."""

    def __init__(self, fields: Mapping[str, str]) -> None:
        self._fields = fields

    @property
    def data(self) -> Mapping[str, str]:
        """The fields by name."""
        return self._fields


class TokenRequest(OAuth2Request):
    """A request as Authlib wants it."""

    def __init__(self, request: Request) -> None:
        super().__init__(method=request.method, uri=OVER_TLS, headers=request.headers)
        self._fields = request.form
        self.payload = Payload(request.form)

    @property
    def form(self) -> Mapping[str, str]:
        """The fields of the form."""
        return self._fields


class Applicant(ClientMixin):
    """Somebody with the id of a client, who has yet to prove it. An id of nobody takes as long to refuse."""

    def __init__(self, database: Database, client_id: str) -> None:
        self._database, self._id = database, client_id
        self.client: Client | None = None

    def check_client_secret(self, client_secret: str) -> bool:
        """Whether it is theirs."""
        self.client = clients.prove(self._database, self._id, client_secret)
        return self.client is not None

    def check_endpoint_auth_method(self, method: str, endpoint: str) -> bool:
        """By a secret, in the header or in the form."""
        return endpoint == "token" and method in BY_SECRET

    def check_grant_type(self, grant_type: str) -> bool:
        """Client credentials and nothing else."""
        return grant_type == CLIENT_CREDENTIALS

    def get_allowed_scope(self, scope: str | None) -> str | None:
        """What they asked for if all of it is theirs; all that is theirs when they asked for nothing; else None."""
        allowed = self.client.scopes if self.client else ()
        wanted = scope_to_list(scope) or list(allowed)
        return " ".join(dict.fromkeys(wanted)) if set(wanted) <= set(allowed) else None


class Grant(ClientCredentialsGrant):
    """A token for whoever proves to be a client."""

    TOKEN_ENDPOINT_AUTH_METHODS = list(BY_SECRET)  # noqa: RUF012 - Authlib's own convention


@dataclass(frozen=True)
class Given:
    """What Authlib answers, before it is a response."""

    status: int
    body: Any


class TokenServer(AuthorizationServer):
    """The token endpoint."""

    def __init__(self, database: Database) -> None:
        super().__init__(scopes_supported=[each.value for each in Scope])
        self._database = database
        self.register_grant(Grant)
        self.register_token_generator(
            "default",
            BearerTokenGenerator(
                lambda **_values: secrets.token_urlsafe(32), expires_generator=int(TOKEN_LASTS.total_seconds())
            ),
        )

    def query_client(self, client_id: str) -> Applicant:
        """Whoever says to be this client."""
        return Applicant(self._database, client_id)

    def save_token(self, token: Mapping[str, Any], request: OAuth2Request) -> None:
        """Keep a token that is about to be given. Raises TooMany and UnknownClient."""
        applicant: Applicant = request.client
        if applicant.client is None:
            raise UnknownClient
        moment = now()
        clients.take_one(self._database, applicant.client.id, now=moment)
        clients.keep_token(
            self._database,
            token["access_token"],
            client_id=applicant.client.id,
            scopes=scope_to_list(token.get("scope", "")),
            now=moment,
        )

    def create_oauth2_request(self, request: Request) -> TokenRequest:
        """The request in Authlib's terms."""
        return TokenRequest(request)

    def handle_response(self, status: int, body: Any, headers: Any) -> Given:
        """What was decided."""
        return Given(status, body)

    def send_signal(self, name: str, *args: Any, **kwargs: Any) -> None:
        """Nobody listens."""


class Bearer(BearerTokenValidator):
    """Tokens of ours."""

    def __init__(self, database: Database) -> None:
        super().__init__(realm="api")
        self._database = database

    def authenticate_token(self, token_string: str) -> Leave | None:
        """The token with this text, if it is good."""
        moment = now()
        with self._database.reading() as session:
            caller = clients.caller_of(session, token_string, now=moment)
        return None if caller is None else Leave(caller, moment)


@dataclass(frozen=True)
class Leave:
    """A token as Authlib wants it."""

    caller: Caller
    moment: datetime

    def is_expired(self) -> bool:
        """Whether its time is over."""
        return self.caller.expires_at <= self.moment

    def is_revoked(self) -> bool:
        """Those of revoked clients are not found."""
        return False

    def get_scope(self) -> str:
        """What it allows."""
        return " ".join(self.caller.scopes)


def give(database: Database, request: Request) -> dict[str, Any]:
    """The token response for a request that proves a client. Raises Problem, clients.TooMany and clients.UnknownClient."""
    if any(len(values) > 1 for values in request.form.to_dict(flat=False).values()):
        raise _refused("invalid_request")  # RFC 6749, 3.2: nothing comes twice
    _refuse_unreadable(request)
    given: Given = TokenServer(database).create_token_response(request)
    if given.status == 200:
        return dict(given.body)
    error = str(dict(given.body).get("error", "invalid_request"))
    if given.status == 401:
        raise Problem("client-refused", headers={"WWW-Authenticate": ASKS_BASIC}, error="invalid_client")
    raise _refused(error)


def caller_of(database: Database, request: Request, *, scope: str) -> Caller:
    """Who asks, by the token that they send. Raises Problem."""
    if not request.headers.get("Authorization", "").isascii():
        raise Problem("unauthorized", headers={"WWW-Authenticate": ASKS_BEARER})
    protector = ResourceProtector()
    protector.register_token_validator(Bearer(database))
    try:
        leave: Leave = protector.validate_request([scope], request)
    except OAuth2Error as error:
        if error.error == "insufficient_scope":
            header = f'{ASKS_BEARER}, error="insufficient_scope", scope="{scope}"'
            raise Problem("scope", headers={"WWW-Authenticate": header}) from None
        header = f'{ASKS_BEARER}, error="invalid_token"' if error.error == "invalid_token" else ASKS_BEARER
        raise Problem("unauthorized", headers={"WWW-Authenticate": header}) from None
    return leave.caller


def _refused(error: str) -> Problem:
    return Problem("token-refused", error=error)


def _refuse_unreadable(request: Request) -> None:
    """Authlib reads what is Basic without asking whether it can be read. Raises Problem."""
    said = request.headers.get("Authorization", "")
    try:
        said.encode("ascii")
        kind, _, rest = said.partition(" ")
        if kind.lower() == "basic":
            base64.b64decode(rest.strip()).decode("utf-8")
    except (UnicodeError, binascii.Error):
        raise Problem("client-refused", headers={"WWW-Authenticate": ASKS_BASIC}, error="invalid_client") from None
