"""Another agency's case system: it gets a token and asks, as a program would, without cookies and without an origin."""

from __future__ import annotations

import json
import re
from base64 import b64encode
from typing import Any

from werkzeug.test import TestResponse

from app.domain.handover import Kind
from app.domain.sharing import Purpose
from tests.harness.audit import header_problems
from tests.harness.clients import BrowsingClient
from tests.harness.inside import Inside
from tests.harness.pages import Page
from tests.harness.people import Colleague, Person
from tests.harness.sides import Sides

UNDER = "/api/v1"
EVERYTHING = tuple(each.value for each in Kind)


class Machine:
    """One client of the API. `token` is asked for when it is first needed."""

    def __init__(self, sides: Sides, client_id: str, secret: str) -> None:
        self.id, self.secret, self.token = client_id, secret, ""
        # Not the auditing client: what comes back is no page.
        self._client = BrowsingClient(sides.hub, sides.hub.response_class, use_cookies=False)

    def sign_in(self, **fields: str) -> TestResponse:
        """Ask for a token by Basic authentication."""
        proof = b64encode(f"{self.id}:{self.secret}".encode()).decode("ascii")
        response = self.open(
            "POST",
            "/token",
            data={"grant_type": "client_credentials", **fields},
            headers={"Authorization": f"Basic {proof}"},
        )
        if response.status_code == 200:
            self.token = read(response)["access_token"]
        return response

    def get(self, path: str, **query: Any) -> TestResponse:
        """Ask for something with the token."""
        return self.open("GET", path, query_string=query, headers=self._proof())

    def post(self, path: str, body: Any, *, key: str = "", **headers: str) -> TestResponse:
        """Send something with the token."""
        own = {**self._proof(), **({"Idempotency-Key": key} if key else {}), **headers}
        return self.open("POST", path, data=json.dumps(body), headers={"Content-Type": "application/json", **own})

    def open(self, method: str, path: str, **options: Any) -> TestResponse:
        """Any request. What comes back is never kept, has its headers, and sets no cookie."""
        response = self._client.open(UNDER + path, method=method, origin=None, **options)
        assert header_problems(response.headers) == []
        assert response.headers["Cache-Control"] == "no-store"
        assert "Set-Cookie" not in response.headers
        assert not [name for name, _ in response.headers if name.startswith("Access-Control")]
        return response

    def _proof(self) -> dict[str, str]:
        if not self.token:
            assert self.sign_in().status_code == 200
        return {"Authorization": f"Bearer {self.token}"}


def read(response: TestResponse) -> dict[str, Any]:
    """What an answer or a problem says."""
    kind = "application/json" if response.status_code < 400 else "application/problem+json"
    assert response.content_type == kind, response.get_data(as_text=True)[:300]
    found: dict[str, Any] = json.loads(response.get_data())
    return found


def new_machine(sides: Sides, agency: str, *purposes: Purpose) -> Machine:
    """A client made by the command."""
    options = [part for each in purposes or (Purpose.SUPPORT,) for part in ("--purpose", each.value)]
    told = sides.run("api_group", "client", "add", agency, "--name", "A case system", *options, side="hub")
    found = dict(re.findall(r"^(client_id|client_secret): (\S+)$", told, re.MULTILINE))
    return Machine(sides, found["client_id"], found["client_secret"])


def agree(
    inside: Inside, colleague: Colleague, agency: str, *, kinds: tuple[str, ...] = EVERYTHING, note: str = ""
) -> Page:
    """A colleague asks, and the person says yes to these kinds; returns the case at the desk."""
    case = opened(colleague, inside.person)
    page = colleague.client.visit(f"{case.path}/handover")
    answers = {"service": agency, "why": "knows-more", "kinds": kinds}
    colleague.client.submit(page, page.form("service", "kinds"), answers)
    inside.sides.deliver()
    client = inside.person.client
    inside.person.come_back()
    waiting = re.findall(r"/en/case/approve/([0-9a-f]{32})", client.visit("/en/case").html)
    page = client.visit(f"/en/case/approve/{waiting[0]}")
    given = {**{f"kind_{each}": "pass" for each in kinds}, "decision": "approve", "note": note}
    client.submit(page, page.form("note", *(f"kind_{each}" for each in kinds)), given)
    inside.sides.deliver()
    return case


def opened(colleague: Colleague, person: Person) -> Page:
    """The case of somebody, open at the desk."""
    case = colleague.case(person.reference)
    is_closed = any(form.action.endswith("/open") for form in case.forms)
    return colleague.open(case) if is_closed else case


def record(colleague: Colleague, case: Page, *, purpose: Purpose = Purpose.SUPPORT, until: str = "2026-06-01") -> Page:
    """Record a consent on the newest agreement, at the desk."""
    page = colleague.client.visit(f"{case.path}/sharing")
    form = page.form("handover", "purpose")
    handover = next(each for each in form.controls if each.name == "handover")
    return colleague.client.submit(page, form, {"handover": handover.value, "purpose": purpose.value, "until": until})
