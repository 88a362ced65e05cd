"""What the case system API asks and answers: every operation, declared once.

The same declarations check each request, check each answer before it leaves, and make the OpenAPI 3.1 document, so that the
document cannot say anything else than what happens (tests/integration/test_api.py sends what it describes, and what not).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from app.domain.contact import Box, IfAnswered, Reason, Way
from app.domain.handover import Kind
from app.domain.referral import HAPPENED, HELP, ONGOING, TO_WHOM
from app.domain.shape import DAY, Fields, Flag, Many, Maybe, Shape, Text, Whole, schema_of
from app.domain.sharing import MILESTONES, NEWS_OF_OTHERS, Contact, Purpose, Scope, What, Why

UNDER = "/api/v1"
VERSION = "1.0.0"
MOST_AT_ONCE, USUAL_AT_ONCE = 100, 50
PROBLEM, JSON, FORM = "application/problem+json", "application/json", "application/x-www-form-urlencoded"
EVERYWHERE = (401, 429, 500)


@dataclass(frozen=True, kw_only=True)
class Parameter:
    """Something in the address or in a header."""

    name: str
    where: Literal["path", "query", "header"]
    shape: Text | Whole
    needed: bool = False


@dataclass(frozen=True, kw_only=True)
class Operation:
    """One thing to ask: how, with what, and every answer that there may be. `scope` is None where no token is asked for."""

    id: str
    method: Literal["GET", "POST"]
    path: str
    summary: str
    about: str
    scope: Scope | None
    parameters: tuple[Parameter, ...] = ()
    body: Fields | None = None
    body_type: str = JSON
    status: int = 200
    answer: Fields
    problems: tuple[int, ...] = ()

    @property
    def refusals(self) -> tuple[int, ...]:
        """Every status of a problem that it may end in."""
        own = {*EVERYWHERE, *self.problems}
        own |= {400} if self.parameters or self.body else set()
        own |= {403} if self.scope else set()
        own |= {413, 415} if self.body else set()
        return tuple(sorted(own))


def _choices(values: Sequence[Any]) -> tuple[str, ...]:
    return tuple(getattr(each, "value", each) for each in values)


ID = Text(pattern="^[0-9a-f]{32}$", example="5f0c9b1e2a7d4c3388e1d2b4a6f70912", about="The random id of a case.")
MOMENT = Text(kind="date-time", example="2026-03-10T10:00:00+00:00")
CURSOR = Text(
    pattern="^[0-9a-f]{8}-[0-9]{1,9}$", example="3fa94c10-42", about="A place in the feed. Take it as it came."
)

PURPOSE = Fields(
    name="Consent",
    about="For what this case may be fetched, and when that ends if nobody renews it.",
    fields={"purpose": Text(choices=_choices(list(Purpose))), "ends_at": MOMENT},
)
HEAD: Mapping[str, Shape] = {
    "id": ID,
    "reference": Text(pattern="^[0-9]{4,12}$", example="412907", about="What may be said to the Hub on the phone."),
    "kinds": Many(of=Text(choices=_choices(list(Kind))), about="What the person agreed to, and nothing else is given."),
    "purposes": Many(of=PURPOSE),
    "frozen": Flag(about="The person said that it is not safe. Contact nobody, delete every address."),
}
SUMMARY = Fields(name="CaseSummary", fields=HEAD)
RULING = Fields(
    name="Ruling",
    about="Whether this way may be used at this moment, by the person's own plan. Only `allowed` means yes.",
    fields={
        "state": Text(choices=("allowed", "wait", "refused")),
        "until": Maybe(of=MOMENT, about="When the window closes (allowed) or the next one opens (wait)."),
        "reason": Maybe(of=Text(choices=_choices(list(Reason))), about="`stale`: ask again, then use it at once."),
    },
)
WAY = Fields(
    name="Way",
    about="One way to reach the person, as they want it used. What is empty was left by them: take it the most careful way.",
    fields={
        "way": Text(choices=_choices(list(Way))),
        "now": RULING,
        "address": Maybe(of=Text(), about="Null unless `reach` and `plan` were agreed, and contact is by plan."),
        "times": Many(of=Text(choices=_choices(list(Box))), about="Bank holidays count as weekend."),
        "not_in_school_hours": Flag(),
        "own_times": Text(about="Their own words about times. They never widen anything."),
        "message_allowed": Flag(about="A voice message, words on a screen, or a letter."),
        "shared": Maybe(of=Text(choices=("only-me", "others", "not-sure")), about="Who else may see or hear."),
        "ask_for": Text(about="The name to ask for."),
        "say": Text(about="Who to say that you are."),
        "show_number": Flag(),
        "if_answered": Text(choices=_choices(list(IfAnswered)), about="What to do when somebody else answers."),
        "person": Text(about="Whom they trust to be in between."),
        "may_be_told": Flag(),
    },
)
PLAN = Fields(
    name="ContactPlan",
    fields={
        "wanted": Maybe(of=Flag(), about="Null means no."),
        "paused_until": Maybe(of=MOMENT),
        "sign": Text(about="A word or sign that means: I cannot talk freely. Stop, ask nothing."),
        "ways": Many(of=WAY, about="Empty while contact is stopped or not wanted."),
    },
)
NEED = Fields(
    name="Need",
    fields={
        "what": Text(choices=("access", "worker", "faith", "interpreter", "interpreter-is", "please-do-not")),
        "said": Many(of=Text()),
    },
)
CASE = Fields(
    name="Case",
    about="A case as far as was agreed. Forget it at `expires_at` and ask again before you use anything of it.",
    fields={
        **HEAD,
        "contact": Text(
            choices=_choices(list(Contact)), about="Only `by-plan` allows contact. `ask-the-hub`: ring the Hub before."
        ),
        "as_of": MOMENT,
        "expires_at": Text(kind="date-time", about="Until then the plan may be trusted: a minute at most."),
        "notes": Many(of=Text(), about="What they wrote to you when they agreed."),
        "name": Text(about="What to call them; may be empty."),
        "access": Fields(name="Access", fields={"language": Text(example="pl"), "needs": Many(of=NEED)}),
        "help": Many(of=Text(choices=HELP), about="What would help them."),
        "happened": Fields(
            name="Happened",
            fields={
                "kinds": Many(of=Text(choices=HAPPENED)),
                "to_whom": Maybe(of=Text(choices=TO_WHOM)),
                "ongoing": Maybe(of=Text(choices=ONGOING)),
            },
        ),
        "plan": PLAN,
        "wrote": Many(
            of=Fields(name="Words", fields={"at": MOMENT, "text": Text()}), about="Their own words, in any language."
        ),
    },
    may_miss=frozenset({"name", "access", "help", "happened", "plan", "wrote"}),
)
EVENT = Fields(
    name="Event",
    fields={
        "id": Text(
            pattern=CURSOR.pattern, example=CURSOR.example, about="Never changes: the same id is the same event."
        ),
        "what": Text(choices=_choices(list(What)), about="Take `changed` of a case that you do not know as `new`."),
        "case": ID,
        "why": Maybe(of=Text(choices=_choices(list(Why)))),
        "delete": Text(
            choices=("nothing", "addresses", "everything"), about="What you must delete at once, copies included."
        ),
        "at": MOMENT,
        "repeated": Flag(about="An earlier pull has been given this event already."),
    },
)
RECEIPT = Fields(name="Receipt", fields={"id": ID, "case": ID, "received_at": MOMENT})
DAY_OF = Text(kind="date", pattern=DAY, example="2026-03-17", about="The day of what it is about.")
CLOCK = Text(pattern="^([01][0-9]|2[0-3]):[0-5][0-9]$", example="10:30", about="UK time.")
CASE_ID = Parameter(name="id", where="path", shape=ID, needed=True)
LIMIT = Parameter(name="limit", where="query", shape=Whole(least=1, most=MOST_AT_ONCE, about="How many at most."))
KEY = Parameter(
    name="Idempotency-Key",
    where="header",
    needed=True,
    shape=Text(
        least=8,
        most=100,
        pattern="^[A-Za-z0-9._~-]{8,100}$",
        example="8e03978e-40d5-43dd-bc93-6894a57f9324",
        about="Yours, another for each piece of news. The same again with the same body is one piece of news.",
    ),
)
REPLAY = "A repeat of the same key and body gets the same answer, and changes nothing."

OPERATIONS: Mapping[str, Operation] = {
    each.id: each
    for each in (
        Operation(
            id="token",
            method="POST",
            path="/token",
            summary="Get an access token",
            about="Client credentials (RFC 6749, 4.4). The id and the secret go into Basic authentication, or into the form. "
            "A token lasts ten minutes.",
            scope=None,
            body=Fields(
                name="TokenRequest",
                fields={
                    "grant_type": Text(choices=("client_credentials",)),
                    "scope": Text(
                        about="Separated by spaces; all of the client's own when left.", example="cases:read"
                    ),
                    "client_id": Text(),
                    "client_secret": Text(),
                },
                may_miss=frozenset({"scope", "client_id", "client_secret"}),
            ),
            body_type=FORM,
            answer=Fields(
                name="Token",
                fields={
                    "access_token": Text(),
                    "token_type": Text(choices=("Bearer",)),
                    "expires_in": Whole(most=3600, about="Seconds."),
                    "scope": Text(),
                },
            ),
        ),
        Operation(
            id="cases",
            method="GET",
            path="/cases",
            summary="List the cases that you may fetch",
            about="In an order that stays. Begin with this, then follow `changes` from `feed`.",
            scope=Scope.READ,
            parameters=(
                Parameter(
                    name="after", where="query", shape=Text(pattern=ID.pattern, about="`next` of the page before.")
                ),
                LIMIT,
            ),
            answer=Fields(
                name="CasePage",
                fields={
                    "cases": Many(of=SUMMARY, most=MOST_AT_ONCE),
                    "next": Maybe(of=ID, about="Null on the last page."),
                    "feed": Text(pattern=CURSOR.pattern, about="From where to follow `changes`, as of the first page."),
                },
            ),
            problems=(503,),
        ),
        Operation(
            id="case",
            method="GET",
            path="/cases/{id}",
            summary="Fetch a case, with the contact plan as it counts now",
            about="Each reading is written down, and the person can ask who read. The first one tells them that they were "
            "passed on. While the person has stopped contact there is no address in it.",
            scope=Scope.READ,
            parameters=(CASE_ID,),
            answer=CASE,
            problems=(404, 503),
        ),
        Operation(
            id="changes",
            method="GET",
            path="/changes",
            summary="What is new, changed or withdrawn",
            about="Oldest first, at least once, each with an id that never changes. Ask at least every minute while you hold "
            "anything, and delete what `delete` says at once.",
            scope=Scope.READ,
            parameters=(Parameter(name="after", where="query", shape=CURSOR), LIMIT),
            answer=Fields(
                name="Feed",
                fields={
                    "events": Many(of=EVENT, most=MOST_AT_ONCE),
                    "cursor": Text(pattern=CURSOR.pattern, about="For `after` of the next request."),
                    "more": Flag(about="There are more already."),
                },
            ),
            problems=(410, 503),
        ),
        Operation(
            id="milestone",
            method="POST",
            path="/cases/{id}/milestones",
            summary="Tell of a step of a police or court case",
            about="It appears in the person's own space under “Police or court case”, in their language, in fixed words, with "
            f"your agency's name. {REPLAY}",
            scope=Scope.NEWS,
            parameters=(CASE_ID, KEY),
            body=Fields(
                name="MilestoneNews",
                fields={"milestone": Text(choices=_choices(MILESTONES)), "on": DAY_OF, "time": CLOCK},
                may_miss=frozenset({"time"}),
            ),
            status=201,
            answer=RECEIPT,
            problems=(404, 422),
        ),
        Operation(
            id="status",
            method="POST",
            path="/cases/{id}/statuses",
            summary="Tell how things stand",
            about=f"As with a milestone. `asb-check` needs its day. {REPLAY}",
            scope=Scope.NEWS,
            parameters=(CASE_ID, KEY),
            body=Fields(
                name="StatusNews",
                fields={"status": Text(choices=_choices(NEWS_OF_OTHERS)), "on": DAY_OF, "time": CLOCK},
                may_miss=frozenset({"on", "time"}),
            ),
            status=201,
            answer=RECEIPT,
            problems=(404, 422),
        ),
    )
}
PROBLEM_SHAPE = Fields(
    name="Problem",
    about="RFC 9457. It repeats nothing of what came.",
    fields={
        "type": Text(),
        "title": Text(),
        "status": Whole(least=400, most=599),
        "code": Text(),
        "detail": Text(),
        "error": Text(about="At the token endpoint: the code of RFC 6749, 5.2."),
        "errors": Many(
            of=Fields(
                name="Place",
                fields={"pointer": Text(), "parameter": Text(), "header": Text(), "detail": Text()},
                may_miss=frozenset({"pointer", "parameter", "header"}),
            )
        ),
    },
    may_miss=frozenset({"error", "errors"}),
)


@dataclass
class _Made:
    schemas: dict[str, Any] = field(default_factory=dict)

    def of(self, shape: Shape) -> dict[str, Any]:
        return schema_of(shape, self.schemas)


def document(*, title: str, about: str, problems: Mapping[int, Sequence[str]]) -> dict[str, Any]:
    """The OpenAPI 3.1 document. `problems` are the codes of each status, with which a refusal is described."""
    made = _Made()
    paths: dict[str, Any] = {}
    for each in OPERATIONS.values():
        paths.setdefault(each.path, {})[each.method.lower()] = _operation(each, made, problems)
    return {
        "openapi": "3.1.0",
        "info": {"title": title, "version": VERSION, "description": about},
        "servers": [{"url": UNDER}],
        "paths": paths,
        "components": {
            "schemas": made.schemas,
            "securitySchemes": {
                "client": {
                    "type": "oauth2",
                    "flows": {
                        "clientCredentials": {
                            "tokenUrl": f"{UNDER}/token",
                            "scopes": {
                                Scope.READ.value: "Fetch cases that you have consent for",
                                Scope.NEWS.value: "Send news of a police or court case",
                            },
                        }
                    },
                }
            },
        },
    }


def _operation(each: Operation, made: _Made, problems: Mapping[int, Sequence[str]]) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "operationId": each.id,
        "summary": each.summary,
        "description": each.about,
        "security": [{"client": [each.scope.value]}] if each.scope else [],
    }
    if each.parameters:
        operation["parameters"] = [
            {"name": one.name, "in": one.where, "required": one.needed, "schema": made.of(one.shape)}
            for one in each.parameters
        ]
    if each.body:
        operation["requestBody"] = {"required": True, "content": {each.body_type: {"schema": made.of(each.body)}}}
    operation["responses"] = {
        str(each.status): {
            "description": "As asked.",
            "headers": {"Cache-Control": {"schema": {"type": "string", "enum": ["no-store"]}}},
            "content": {JSON: {"schema": made.of(each.answer)}},
        },
        **{str(status): _refusal(status, _codes(each, problems.get(status, ())), made) for status in each.refusals},
    }
    return operation


def _codes(each: Operation, codes: Sequence[str]) -> list[str]:
    """Those of the codes of a status that this operation can end in."""
    others = {"bad-request", "unauthorized"} if each.scope is None else {"token-refused", "client-refused"}
    others |= {"invalid", "key-reused"} if each.scope is not Scope.NEWS else set()
    return [code for code in codes if code not in others]


def _refusal(status: int, codes: Sequence[str], made: _Made) -> dict[str, Any]:
    headers = {
        401: {"WWW-Authenticate": {"required": True, "schema": {"type": "string"}}},
        429: {"Retry-After": {"required": True, "schema": {"type": "integer"}}},
        503: {"Retry-After": {"required": True, "schema": {"type": "integer"}}},
    }.get(status, {})
    described: dict[str, Any] = {
        "description": f"Problem: {', '.join(codes)}.",
        "content": {PROBLEM: {"schema": made.of(PROBLEM_SHAPE)}},
    }
    return {**described, "headers": headers} if headers else described
