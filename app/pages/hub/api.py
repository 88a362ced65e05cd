"""The case system API: each operation checks what came, asks one use case, and checks what goes, by its own declaration."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, time
from typing import Any

from flask import Response, abort, render_template, request
from flask.typing import ResponseReturnValue

from app.domain.shape import Text, Whole, Wrong, wrongs
from app.domain.status import Milestone, Status
from app.forms.api import FORM, JSON, OPERATIONS, UNDER, USUAL_AT_ONCE, Operation, document
from app.pages.hub import machines
from app.services import post
from app.services.hub import api, clients
from app.services.hub.api import CursorGone, KeyReused, Stale
from app.services.hub.clients import Client, TooMany, UnknownClient
from app.services.hub.guard import NoSuchCase
from app.services.hub.news import NeedsADay
from app.web import tokens
from app.web.clock import now
from app.web.hub import hub
from app.web.problems import KINDS, Problem, answer

MOST_BYTES = 16 * 1024
# A pass of the post is made every two seconds: after this there may be a newer one.
AGAIN_AFTER_SECONDS = 5
LONGEST_VALUE = 500


@dataclass(frozen=True)
class Asked:
    """A request that is as its operation declares."""

    client: Client
    parameters: Mapping[str, Any]
    body: Mapping[str, Any]

    @property
    def case_id(self) -> bytes:
        """The case that it is about."""
        return bytes.fromhex(self.parameters["id"])

    @property
    def limit(self) -> int:
        """How many at most."""
        return int(self.parameters.get("limit", USUAL_AT_ONCE))


Answering = Callable[[Asked], dict[str, Any]]


def operation(name: str) -> Callable[[Answering], Answering]:
    """Serve an operation: prove, count, check, ask, check. Whatever is refused is a problem, whatever fails too."""
    own = OPERATIONS[name]

    def serving(view: Answering) -> Answering:
        def serve(**in_path: str) -> ResponseReturnValue:
            try:
                if (request.content_length or 0) > MOST_BYTES:  # the door has read it, so there is a length
                    raise Problem("too-large")
                caller = tokens.caller_of(hub().database, request, scope=own.scope.value if own.scope else "")
                clients.take_one(hub().database, caller.client.id, now=now())
                asked = Asked(caller.client, _parameters(own, in_path), _body(own))
                return _checked(own, view(asked))
            except (Problem, *REFUSALS) as refusal:
                return answer(_problem(refusal))

        rule = own.path.replace("{id}", "<id>")
        machines.add_url_rule(
            rule, endpoint=name, view_func=serve, methods=[own.method], provide_automatic_options=False
        )
        return view

    return serving


REFUSALS = (NoSuchCase, Stale, CursorGone, KeyReused, NeedsADay, TooMany, UnknownClient)


def _problem(refusal: Exception) -> Problem:
    match refusal:
        case Problem():
            return refusal
        case NoSuchCase():
            return Problem("not-found")
        case Stale():
            return Problem("stale", headers={"Retry-After": str(AGAIN_AFTER_SECONDS)})
        case CursorGone():
            return Problem("cursor-gone")
        case KeyReused():
            return Problem("key-reused")
        case NeedsADay():
            return Problem("invalid", errors=[{"pointer": "#/on", "detail": "this news needs its day"}])
        case TooMany():
            return Problem("too-many", headers={"Retry-After": str(refusal.seconds)})
    # Revoked between the proof and the work.
    return Problem("unauthorized", headers={"WWW-Authenticate": tokens.ASKS_BEARER})


@operation("cases")
def cases(asked: Asked) -> dict[str, Any]:
    """The cases that may be fetched."""
    after = asked.parameters.get("after")
    page = api.list_cases(
        hub().database, asked.client, after=bytes.fromhex(after) if after else None, limit=asked.limit, now=now()
    )
    return {"cases": list(page.cases), "next": page.next.hex() if page.next else None, "feed": page.feed}


@operation("case")
def case(asked: Asked) -> dict[str, Any]:
    """One of them."""
    return api.read_case(
        hub().database,
        asked.client,
        asked.case_id,
        opener=hub().opener,
        voice=hub().voice,
        hours=hub().area.hub_hours,
        now=now(),
    )


@operation("changes")
def changes(asked: Asked) -> dict[str, Any]:
    """What is new, changed or withdrawn."""
    feed = api.changes(hub().database, asked.client, after=asked.parameters.get("after"), limit=asked.limit, now=now())
    return {"events": list(feed.events), "cursor": feed.cursor, "more": feed.more}


@operation("milestone")
def milestone(asked: Asked) -> dict[str, Any]:
    """A step of a police or court case."""
    return _push(asked, Milestone(asked.body["milestone"]))


@operation("status")
def status(asked: Asked) -> dict[str, Any]:
    """How things stand."""
    return _push(asked, Status(asked.body["status"]))


@machines.post("/token", provide_automatic_options=False)
def token() -> ResponseReturnValue:
    """A token for whoever proves to be a client."""
    try:
        if (request.content_length or 0) > MOST_BYTES:
            raise Problem("too-large")
        if request.mimetype != FORM:
            raise Problem("media-type")
        return _checked(OPERATIONS["token"], tokens.give(hub().database, request))
    except (Problem, TooMany) as refusal:
        return answer(_problem(refusal))
    except UnknownClient:
        header = {"WWW-Authenticate": tokens.ASKS_BASIC}
        return answer(Problem("client-refused", headers=header, error="invalid_client"))


@machines.get("/openapi.json", provide_automatic_options=False)
def openapi() -> ResponseReturnValue:
    """The document, once there is somebody to read it."""
    _need_a_client()
    return Response(json.dumps(described(), indent=1), content_type=JSON)


@machines.get("/docs", provide_automatic_options=False)
def docs() -> ResponseReturnValue:
    """The same for people."""
    _need_a_client()
    return render_template(
        "hub/api.html", operations=OPERATIONS.values(), document=described(), kinds=KINDS.values(), under=UNDER
    )


def described() -> dict[str, Any]:
    """The OpenAPI document of this Hub."""
    by_status: dict[int, list[str]] = {}
    for kind in KINDS.values():
        by_status.setdefault(kind.status, []).append(kind.code)
    return document(
        title=f"{hub().area.hub_name}: case system API",
        about="Cases of people who agreed to it, for the agency and the purpose that they agreed to. docs/api.md tells of the "
        "duties that come with it.",
        problems=by_status,
    )


@machines.after_request
def for_nobody_else(response: Response) -> Response:
    """Nobody keeps an answer."""
    response.headers["Cache-Control"] = "no-store"
    return response


def _push(asked: Asked, coded: Milestone | Status) -> dict[str, Any]:
    on, at = asked.body.get("on"), asked.body.get("time")
    return api.push(
        hub().database,
        asked.client,
        asked.case_id,
        coded=coded,
        on=date.fromisoformat(on) if on else None,
        at=time.fromisoformat(at) if at else None,
        key=asked.parameters["Idempotency-Key"],
        opener=hub().opener,
        voice=hub().voice,
        now=now(),
    )


def _parameters(own: Operation, in_path: Mapping[str, str]) -> dict[str, Any]:
    """What stands in the address and the headers, as declared. Raises Problem: an id that is none is not found."""
    found: dict[str, Any] = {}
    errors = []
    declared = {each.name for each in own.parameters if each.where == "query"}
    if not request.args.keys() <= declared:
        errors.append({"parameter": "", "detail": f"there are: {', '.join(sorted(declared)) or 'none'}"})
    for each in own.parameters:
        if each.where == "path":
            if wrongs(each.shape, in_path[each.name]):
                raise Problem("not-found")
            found[each.name] = in_path[each.name]
            continue
        given = request.args.getlist(each.name) if each.where == "query" else request.headers.getlist(each.name)
        name = "parameter" if each.where == "query" else "header"
        if len(given) > 1:
            errors.append({name: each.name, "detail": "is there more than once"})
        elif given:
            value = _read(each.shape, given[0])
            found[each.name] = value
            errors += [{name: each.name, "detail": wrong.detail} for wrong in wrongs(each.shape, value)]
        elif each.needed:
            errors.append({name: each.name, "detail": "is missing"})
    if errors:
        raise Problem("bad-request", errors=errors)
    return found


def _read(shape: Text | Whole, given: str) -> str | int:
    if isinstance(shape, Whole) and given.isascii() and given.isdigit() and len(given) < 10:
        return int(given)
    return given[:LONGEST_VALUE]


def _body(own: Operation) -> dict[str, Any]:
    """The body as declared; nothing where none is asked for. Raises Problem, and what Flask raises for too much."""
    if own.body is None:
        return {}
    if request.mimetype != own.body_type:
        raise Problem("media-type")
    try:
        read = json.loads(request.get_data(), parse_constant=_no_number)
    except (ValueError, RecursionError):
        raise Problem("bad-request", errors=[{"pointer": "#", "detail": "is not JSON"}]) from None
    if found := wrongs(own.body, read):
        raise Problem("invalid", errors=[_place(each) for each in found])
    return dict(read)


def _no_number(_name: str) -> float:
    raise ValueError("JSON has no such number")


def _place(wrong: Wrong) -> dict[str, str]:
    return {"pointer": wrong.pointer, "detail": wrong.detail}


def _checked(own: Operation, made: Mapping[str, Any]) -> Response:
    """An answer, unless it is not what the document says: then it is a fault of ours, and nothing of it leaves."""
    if found := wrongs(own.answer, dict(made)):
        post.alarm("an answer of the case system API is not as documented", operation=own.id, at=found[0].pointer)
        raise Problem("failed")
    return Response(json.dumps(made), status=own.status, content_type=JSON)


def _need_a_client() -> None:
    with hub().database.reading() as session:
        if not clients.is_any(session):
            abort(404)
