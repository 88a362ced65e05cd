"""Problem details for machines (RFC 9457): every refusal and every fault of the case system API, and nothing personal in any.

A problem never repeats what came: neither a body nor a header nor an address.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from flask import Response
from werkzeug.exceptions import HTTPException

UNDER = "/api"
DOCS = "/api/v1/docs"
MEDIA_TYPE = "application/problem+json"


@dataclass(frozen=True)
class Kind:
    """A kind of problem: its code, its status, its title, and what to do about it."""

    code: str
    status: int
    title: str
    advice: str


KINDS: Mapping[str, Kind] = {
    kind.code: kind
    for kind in (
        Kind(
            "bad-request",
            400,
            "The request is not as documented",
            "Look at `errors` and at the operation's parameters.",
        ),
        Kind(
            "unauthorized", 401, "No valid access token", "Ask for a token at `/api/v1/token` and send it as `Bearer`."
        ),
        Kind("token-refused", 400, "No token is given for this", "Look at `error` (RFC 6749, 5.2)."),
        Kind(
            "client-refused", 401, "The client could not be proved", "Check the client's id and secret. Was it revoked?"
        ),
        Kind("scope", 403, "The token does not allow this", "Ask for a token with the scope of the operation."),
        Kind(
            "not-found", 404, "There is nothing here for you", "Delete what you hold of this case, and read `changes`."
        ),
        Kind("method", 405, "Not this method", "Look at `Allow`."),
        Kind(
            "cursor-gone",
            410,
            "The feed does not know this place",
            "Begin anew: list the cases, delete what is not there.",
        ),
        Kind("too-large", 413, "Too much at once", "A body has 16 KB at most."),
        Kind("media-type", 415, "Not this media type", "Send the media type that the operation names."),
        Kind("invalid", 422, "The body is not as documented", "Each of `errors` points at what is wrong and says why."),
        Kind("key-reused", 422, "This key came with something else", "A key is for one piece of news. Take a new one."),
        Kind("too-many", 429, "Too many requests", "Wait for `Retry-After` seconds."),
        Kind("failed", 500, "A fault of ours", "Try again later. A push with the same key is safe to repeat."),
        Kind(
            "stale",
            503,
            "The Hub has not collected just now",
            "Contact nobody. Wait for `Retry-After` seconds, ask again.",
        ),
    )
}
OF_STATUS = {400: "bad-request", 404: "not-found", 405: "method", 413: "too-large", 415: "media-type", 503: "stale"}


class Problem(Exception):
    """An operation ends in a problem. `errors` say where, `more` are further members, `headers` go with it."""

    def __init__(
        self,
        code: str,
        *,
        errors: Sequence[Mapping[str, str]] = (),
        headers: Mapping[str, str] | None = None,
        **more: Any,
    ) -> None:
        super().__init__(code)
        self.kind = KINDS[code]
        self.errors, self.headers, self.more = list(errors), dict(headers or {}), more


@dataclass(frozen=True)
class Body:
    """What every problem holds."""

    kind: Kind
    errors: Sequence[Mapping[str, str]] = ()
    more: Mapping[str, Any] = field(default_factory=dict)

    def members(self) -> dict[str, Any]:
        """As it is sent."""
        made: dict[str, Any] = {
            "type": f"{DOCS}#problem-{self.kind.code}",
            "title": self.kind.title,
            "status": self.kind.status,
            "code": self.kind.code,
            "detail": self.kind.advice,
            **self.more,
        }
        if self.errors:
            made["errors"] = [dict(each) for each in self.errors]
        return made


def is_under(path: str) -> bool:
    """Whether an address is one of the API's, so that whoever asks is a machine."""
    return path == UNDER or path.startswith(f"{UNDER}/")


def answer(problem: Problem) -> Response:
    """A problem as a response."""
    body = Body(problem.kind, problem.errors, problem.more).members()
    made = Response(json.dumps(body), status=problem.kind.status, content_type=MEDIA_TYPE)
    made.headers.update(problem.headers)
    return made


def answer_to(error: HTTPException) -> Response:
    """What the framework refuses, as a problem: an unknown address, another method, too much at once."""
    status = error.code or 500
    code = OF_STATUS.get(status, "bad-request" if 400 <= status < 500 else "failed")
    allowed = ", ".join(sorted(getattr(error, "valid_methods", None) or ()))
    return answer(Problem(code, headers={"Allow": allowed} if status == 405 and allowed else None))
