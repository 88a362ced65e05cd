"""Requests made out of the OpenAPI document, right and spoilt: no fault of ours, and no answer that it does not tell."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select, update

from app.data import hub as rows
from app.domain.sharing import Limit, Purpose
from app.services.hub import clients
from app.web import clock
from tests.harness.databases import SIDES, Copies
from tests.harness.day import travel
from tests.harness.generating import STRANGE, fits, mutated, values
from tests.harness.inside import Inside
from tests.harness.machines import UNDER, agree, new_machine, read, record
from tests.harness.people import Colleague, Person
from tests.harness.sides import Sides
from tests.stories import PARENT

AGENCY = "victim-support"
ORDINARY, MANY = 300, 4000
SEEN: Counter[tuple[str, int]] = Counter()


class Api:
    """The API with one case in it, and what its document says."""

    def __init__(self, sides: Sides) -> None:
        self.sides = sides
        inside = Inside(sides, Person(sides.portal_client(), PARENT))
        at_desk = Colleague(sides.hub_client())
        at_desk.sign_in()
        self.machine = new_machine(sides, AGENCY, Purpose.SUPPORT, Purpose.CASE_NEWS)
        case = agree(inside, at_desk, AGENCY)
        for purpose in Purpose:
            record(at_desk, case, purpose=purpose)
        self.case_id = case.path.rpartition("/")[2]
        self.document = read(self.machine.open("GET", "/openapi.json"))
        self.schemas = self.document["components"]["schemas"]
        self.cursor = read(self.machine.get("/changes"))["cursor"]

    @property
    def operations(self) -> list[tuple[str, str, dict[str, Any]]]:
        """(method, path, what the document says) of each."""
        return [
            (method.upper(), path, described)
            for path, item in self.document["paths"].items()
            for method, described in item.items()
        ]

    def keep_fresh(self) -> None:
        """As though the courier had just made a pass, and the token were new."""
        with self.sides.hub_side.database.writing() as session:
            session.execute(update(rows.PostState).values(last_pass_at=clock.now()))
            ends = clock.now() + timedelta(minutes=9)
            session.execute(update(rows.ApiToken).values(expires_at=ends))

    def check(self, described: dict[str, Any], response: Any) -> int:
        """Nothing but what the document tells: status, headers, media type and body."""
        status = int(response.status_code)
        assert status < 500, response.get_data(as_text=True)
        assert str(status) in described["responses"], (described["operationId"], status)
        told = described["responses"][str(status)]
        assert set(told.get("headers", {})) <= set(response.headers.keys())
        (kind,) = told["content"]
        assert response.content_type == kind
        assert fits(json.loads(response.get_data()), told["content"][kind]["schema"], self.schemas)
        SEEN[described["operationId"], status] += 1
        return status


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    folder: Path = tmp_path_factory.mktemp("api") / "data"
    with travel(), pytest.MonkeyPatch.context() as patch:
        patch.setattr(clients, "LIMIT", Limit(burst=1_000_000, per_second=1_000_000))  # its own test is elsewhere
        copies = Copies("sqlite", folder)
        sides = Sides(folder, database_urls={side: copies.make(side) for side in SIDES})
        yield Api(sides)
        sides.close()


@st.composite
def requests(draw: st.DrawFn, api: Api) -> tuple[dict[str, Any], str, str, dict[str, Any], bool]:
    """(what the document says, method, path, options of the request, whether all of it is as documented)."""
    method, path, described = draw(st.sampled_from(api.operations))
    is_right = True
    query: dict[str, str] = {}
    headers: dict[str, str] = {}
    for each in described.get("parameters", ()):
        name, schema = each["name"], each["schema"]
        if each["in"] == "path":
            value = api.case_id if draw(st.integers(0, 3)) else draw(values(schema, api.schemas))
        elif name == "after" and draw(st.booleans()):
            value = api.cursor if path == "/changes" else api.case_id
        elif not each["required"] and draw(st.booleans()):
            continue
        else:
            value = draw(values(schema, api.schemas))
        if not draw(st.integers(0, 7)):
            value = draw(mutated(value))
            is_right = is_right and each["in"] != "path" and _as_sent(value, schema, api)
        text = value if isinstance(value, str) else json.dumps(value)
        match each["in"]:
            case "path":
                path = path.replace("{" + name + "}", quote(text, safe="") or "-")
            case "query":
                query[name] = text
            case "header":
                headers[name] = re.sub(r"[^\x20-\x7e]", "?", text)
                is_right = is_right and headers[name] == text
    options: dict[str, Any] = {"query_string": query, "headers": headers}
    proof = draw(st.sampled_from(("good", "good", "good", "good", "good", "bad", "none", "strange")))
    if described["security"] and proof != "none":
        headers["Authorization"] = {
            "good": f"Bearer {api.machine.token}",
            "bad": "Bearer " + "x" * 43,
        }.get(proof, draw(st.sampled_from(("Bearer", "Bearer ", "bearer x y", "Basic Og==", "x", ", ,"))))
    is_right = is_right and (proof == "good" or not described["security"])
    if "requestBody" in described:
        ((kind, content),) = described["requestBody"]["content"].items()
        body = draw(values(content["schema"], api.schemas))
        if kind.endswith("json"):
            if draw(st.booleans()):
                body = draw(mutated(body))
            is_right = is_right and fits(body, content["schema"], api.schemas)
            options["data"] = draw(st.sampled_from((json.dumps(body),) * 9 + ("{", "")))
            is_right = is_right and options["data"] == json.dumps(body)
        else:
            if draw(st.booleans()):
                body |= {"client_id": api.machine.id, "client_secret": "wrong" if draw(st.booleans()) else "x"}
            options["data"] = {name: value for name, value in body.items() if draw(st.integers(0, 5))}
            is_right = False
        headers["Content-Type"] = draw(st.sampled_from((kind,) * 9 + ("text/plain", "")))
        is_right = is_right and headers["Content-Type"] == kind
    return described, method, path, options, is_right


def _as_sent(value: Any, schema: dict[str, Any], api: Api) -> bool:
    """Whether what stands in an address is read as something that the schema allows: a number as its digits."""
    if schema["type"] == "integer" and isinstance(value, str):
        return False
    return fits(value, schema, api.schemas)


def run(api: Api, examples: int) -> Counter[tuple[str, int]]:
    SEEN.clear()

    @settings(max_examples=examples, suppress_health_check=list(HealthCheck), deadline=None, database=None)
    @given(asked=requests(api))
    def ask(asked: tuple[dict[str, Any], str, str, dict[str, Any], bool]) -> None:
        described, method, path, options, is_right = asked
        if not SEEN.total() % 20:
            api.keep_fresh()
        status = api.check(described, api.machine.open(method, path, **options))
        if is_right:  # an id of nothing, a place of no feed, a key that was used, a status that needs its day
            assert status < 300 or status in {404, 410, 422}, (described["operationId"], status)

    ask()
    return Counter(SEEN)


@pytest.mark.requirement("E18")
def test_no_request_finds_a_fault_or_an_answer_that_is_not_documented(api: Api) -> None:
    seen = run(api, ORDINARY)
    reached = {operation for operation, _ in seen}
    assert reached == {described["operationId"] for _, _, described in api.operations}
    assert {status for _, status in seen} >= {200, 201, 400, 401, 404, 415, 422}, seen
    with api.sides.hub_side.database.reading() as session:
        assert session.scalar(select(func.count()).select_from(rows.ApiPush)) == sum(
            1 for _ in session.scalars(select(rows.Audit.id).where(rows.Audit.action == "sent-milestone"))
        )


@pytest.mark.audit
def test_no_request_of_thousands_finds_one(api: Api) -> None:
    seen = run(api, MANY)
    assert sum(seen.values()) >= MANY


@pytest.mark.parametrize("strange", STRANGE, ids=repr)
def test_no_strange_body_finds_a_fault(api: Api, strange: Any) -> None:
    api.keep_fresh()
    path, described = "/cases/{id}/milestones", api.document["paths"]["/cases/{id}/milestones"]["post"]
    for body in (strange, {"milestone": strange, "on": "2026-03-17"}, {"milestone": "trial", "on": strange}):
        response = api.machine.post(path.replace("{id}", api.case_id), body, key="8e03978e-strange")
        assert api.check(described, response) == 422


def test_the_check_finds_what_is_not_documented(api: Api) -> None:
    """The check of the check."""
    api.keep_fresh()
    described = api.document["paths"]["/cases"]["get"]
    response = api.machine.get("/changes")
    with pytest.raises(AssertionError):
        api.check(described, response)
    with pytest.raises(AssertionError):
        api.check({**described, "responses": {}}, api.machine.get("/cases"))


def test_people_can_read_the_same_as_programs(api: Api) -> None:
    page = Colleague(api.sides.hub_client()).client.visit(f"{UNDER}/docs")
    assert page.status == 200
    for _, path, described in api.operations:
        assert f"{UNDER}{path}" in page.text
        assert described["summary"] in page.text
    for name in api.schemas:
        assert page.main.find(f"schema-{name}") is not None
    for code in re.findall(r'"code": "([a-z-]+)"', json.dumps(api.document)):
        assert page.main.find(f"problem-{code}") is not None
    assert "https://" not in page.html.replace("https://www.w3.org", ""), "nothing from elsewhere"
