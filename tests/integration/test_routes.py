"""A walk along both sides' maps: whoever asks for whatever, every answer carries its guards, and no GET writes."""

from __future__ import annotations

import base64
import hashlib
import logging
from collections.abc import Callable
from typing import Any, Literal, NoReturn

import pytest
from flask import Flask
from werkzeug.datastructures import Headers
from werkzeug.test import TestResponse

from app.data.database import Database
from app.forms.refer import JOURNEY
from app.settings import Side
from tests.harness.audit import header_problems
from tests.harness.clients import BrowsingClient
from tests.harness.people import Colleague, Person
from tests.harness.sides import Sides
from tests.stories import PARENT

pytestmark = pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)

AskedBy = Callable[..., Person]
# Who may read what is at each address of the map. A new page is not there until somebody has said which it is:
#   public     the same for everybody: browsers and the site itself may keep it
#   personal   somebody's own, or changing by the minute: nobody may keep it
#   staff      only for those who are signed in at the desk
#   supervisor only for supervisors who are signed in there
#   machine    for the courier or a watchdog
Audience = Literal["public", "personal", "staff", "supervisor", "machine"]
LEDGER: dict[Side, dict[str, Audience]] = {
    "portal": {
        "doors.front": "personal",
        "doors.leave": "personal",
        "doors.post_pass": "machine",
        "doors.recording": "public",
        "portal.accessibility": "public",
        "portal.appearance": "personal",
        "portal.case": "personal",
        "portal.case_approve": "personal",
        "portal.case_approve_one": "personal",
        "portal.case_ask": "personal",
        "portal.case_ask_all": "personal",
        "portal.case_ask_one": "personal",
        "portal.case_ask_sent": "personal",
        "portal.case_contact": "personal",
        "portal.case_contact_ask": "personal",
        "portal.case_contact_change": "personal",
        "portal.case_contact_not_me": "personal",
        "portal.case_contact_outline": "personal",
        "portal.case_contact_pause": "personal",
        "portal.case_contact_sent": "personal",
        "portal.case_contact_start": "personal",
        "portal.case_contact_stop": "personal",
        "portal.case_copy": "personal",
        "portal.case_copy_clear": "personal",
        "portal.case_clear": "personal",
        "portal.case_how": "personal",
        "portal.case_how_clear": "personal",
        "portal.case_how_now": "personal",
        "portal.case_how_send": "personal",
        "portal.case_how_talk": "personal",
        "portal.case_leave": "personal",
        "portal.case_leave_asked": "personal",
        "portal.case_leave_back": "personal",
        "portal.case_leave_close": "personal",
        "portal.case_leave_delete": "personal",
        "portal.case_leave_kept": "personal",
        "portal.case_leave_not_me": "personal",
        "portal.case_messages": "personal",
        "portal.case_more": "personal",
        "portal.case_more_next": "personal",
        "portal.case_more_section": "personal",
        "portal.case_more_sent": "personal",
        "portal.case_more_talk": "personal",
        "portal.case_notices": "personal",
        "portal.case_notices_seen": "personal",
        "portal.review": "public",
        "portal.review_letter": "public",
        "portal.complaints": "public",
        "portal.cookies": "public",
        "portal.diary": "public",
        "portal.easy_read": "public",
        "portal.easy_read_leaflet": "public",
        "portal.feedback": "personal",
        "portal.feedback_sent": "personal",
        "portal.funding": "public",
        "portal.guide": "public",
        "portal.guides": "public",
        "portal.help_now": "public",
        "portal.home": "public",
        "portal.how_it_works": "public",
        "portal.languages": "public",
        "portal.leaflet": "personal",
        "portal.pledge": "public",
        "portal.police_case": "public",
        "portal.packet": "personal",
        "portal.packet_answer": "personal",
        "portal.packet_answered": "personal",
        "portal.paper": "public",
        "portal.paper_easy": "public",
        "portal.paper_large": "public",
        "portal.posters": "public",
        "portal.posters_card": "public",
        "portal.posters_poster": "public",
        "portal.posters_strips": "public",
        "portal.pledge_easy_read": "public",
        "portal.pledge_large_print": "public",
        "portal.pledge_results": "public",
        "portal.pledge_version": "public",
        "portal.privacy": "public",
        "portal.refer": "personal",
        "portal.refer_step": "personal",
        "portal.return_": "personal",
        "portal.return_collect": "personal",
        "portal.return_lost": "public",
        "portal.return_new": "personal",
        "portal.rights": "public",
        "portal.rights_code": "public",
        "portal.rights_page": "public",
        "portal.safety": "public",
        "portal.search": "personal",
        "portal.send_nothing": "personal",
        "portal.sent": "personal",
        "portal.service": "public",
        "portal.sign_out": "personal",
        "portal.status": "personal",
        "portal.stay": "personal",
        "portal.support": "public",
        "portal.survey": "personal",
        "portal.survey_sent": "personal",
        "shared.healthz": "machine",
        "shared.readyz": "machine",
        "shared.robots": "public",
        "shared.security": "public",
        "shared.static": "public",
    },
    "hub": {
        "hub.act_on_worse": "staff",
        "hub.all_reports": "staff",
        "hub.report": "staff",
        "hub.report_csv": "staff",
        "hub.report_words": "staff",
        "api.case": "machine",
        "api.cases": "machine",
        "api.changes": "machine",
        "api.docs": "machine",
        "api.milestone": "machine",
        "api.openapi": "machine",
        "api.status": "machine",
        "api.token": "machine",
        "hub.ask_handover": "staff",
        "hub.asked_for": "staff",
        "hub.call": "staff",
        "hub.call_done": "staff",
        "hub.audit": "staff",
        "hub.audit_day": "staff",
        "hub.case": "staff",
        "hub.case_recording": "staff",
        "hub.case_reply": "staff",
        "hub.case_trail": "staff",
        "hub.case_translation": "staff",
        "hub.decide_on_way": "staff",
        "hub.mark_distressing": "staff",
        "hub.openings": "supervisor",
        "hub.own_sessions": "staff",
        "hub.record_attempt": "staff",
        "hub.story": "staff",
        "hub.translation_back": "staff",
        "hub.translation_file": "staff",
        "hub.translation_read": "staff",
        "hub.translation_send": "staff",
        "hub.translation_text": "staff",
        "hub.translations": "staff",
        "hub.case_needs": "staff",
        "hub.case_sharing": "staff",
        "hub.claim": "staff",
        "hub.close": "staff",
        "hub.code": "staff",
        "hub.danger": "staff",
        "hub.danger_agree": "staff",
        "hub.danger_alone": "staff",
        "hub.danger_telling": "staff",
        "hub.dangers": "staff",
        "hub.decide_kept": "staff",
        "hub.complaints": "staff",
        "hub.end_need": "staff",
        "hub.end_sharing": "staff",
        "hub.feedback": "staff",
        "hub.find": "staff",
        "hub.join": "staff",
        "hub.part": "staff",
        "hub.same": "staff",
        "hub.take_call": "staff",
        "hub.feedback_done": "staff",
        "hub.read_feedback": "staff",
        "hub.assign": "staff",
        "hub.contact_now": "staff",
        "hub.front": "staff",
        "hub.keys": "staff",
        "hub.quiet": "staff",
        "hub.decide_second": "staff",
        "hub.delete_case": "staff",
        "hub.end_leave": "supervisor",
        "hub.end_own_sessions": "staff",
        "hub.end_session": "supervisor",
        "hub.end_sessions_of": "supervisor",
        "hub.give_all": "supervisor",
        "hub.people_": "supervisor",
        "hub.person": "supervisor",
        "hub.second": "staff",
        "hub.sessions": "supervisor",
        "hub.set_leave": "supervisor",
        "hub.sign_in_back": "personal",
        "hub.sign_in_go": "personal",
        "hub.signed_out": "personal",
        "hub.turn_keys": "staff",
        "hub.hand_back": "staff",
        "hub.kept": "staff",
        "hub.open_case": "staff",
        "hub.packet": "staff",
        "hub.packet_code": "staff",
        "hub.packet_mail": "staff",
        "hub.passing": "staff",
        "hub.queue": "staff",
        "hub.signpost": "staff",
        "hub.record_handover": "staff",
        "hub.send_message": "staff",
        "hub.send_milestone": "staff",
        "hub.send_phrase": "staff",
        "hub.send_reading": "staff",
        "hub.send_status": "staff",
        "hub.settle_change": "staff",
        "hub.show_way": "staff",
        "hub.sign_in": "personal",
        "hub.sign_out": "staff",
        "hub.to_ask": "staff",
        "shared.healthz": "machine",
        "shared.readyz": "machine",
        "shared.robots": "public",
        "shared.security": "public",
        "shared.static": "public",
    },
}
SIDES: tuple[Side, ...] = ("portal", "hub")
# Pages whose opening is written into the audit before they show what they show, and nothing else is written there.
NOTES = frozenset(
    {
        "hub.case",
        "hub.case_translation",
        "hub.translation_text",
        "hub.asked_for",
        "hub.audit",
        "hub.audit_day",
        "hub.complaints",
        "hub.danger",
    }
)
POST_PASS = "/post/pass"
# The one GET that writes, and the only one that touches cookies of a stranger: it takes them away.
EXIT = "/exit"


class Failed(Exception):
    """What a view raises here; its words must go nowhere."""


def app_of(sides: Sides, side: Side) -> Flask:
    return sides.portal if side == "portal" else sides.hub


def client_of(sides: Sides, side: Side) -> BrowsingClient:
    """A stranger at one side, whose every page is audited."""
    return sides.portal_client() if side == "portal" else sides.hub_client()


def plain_client(sides: Sides, side: Side) -> BrowsingClient:
    """A stranger who gets what is no page to look at: the methods of an address, compressed bytes."""
    app = app_of(sides, side)
    return BrowsingClient(app, app.response_class, use_cookies=True)


def addresses(
    sides: Sides, side: Side, method: str, *, case_id: str = "00" * 16, draft_id: str = "00" * 16
) -> list[tuple[str, str]]:
    """(endpoint, address) of every rule that knows this method, with values that lead somewhere."""
    app = app_of(sides, side)
    values: dict[str, Any] = {
        "lang": "en",
        "guide_slug": next((guide.slug for guide in sides.portal_side.guides["en"].all), "none"),
        "right_slug": "told",
        "service_id": sides.portal_side.directory.all[0].id,
        "case_id": case_id,
        "draft_id": draft_id,
        "change_id": "00" * 16,
        "consent_id": "00" * 16,
        "id": "00" * 16,
        "handover_id": "00" * 16,
        "attempt_id": "00" * 16,
        "text_id": "00" * 16,
        "need_id": "00" * 16,
        "period": "2020",
        "worsening_id": "00" * 16,
        "feedback_id": "00" * 16,
        "danger_id": "00" * 16,
        "person_key": "00" * 8,
        "leave_id": "00" * 16,
        "look_id": "00" * 16,
        "session_id": "00" * 32,
        "number": "1",
        "section": "1",
        "which": "n1",
        "place": 1,
        "leaflet": "ask",
        "version": "0.1",
        "name": sides.portal_side.assets.url("site.css").rpartition("/")[2],
    }
    slugs = [*(place.slug for place in JOURNEY.path(PARENT.answers)), "who-1", "help-1", "reply-9", "done"]
    found = []
    with app.test_request_context("/"):
        adapter = app.url_map.bind("127.0.0.1")
        for rule in app.url_map.iter_rules():
            if method in (rule.methods or ()):
                for slug in slugs if "slug" in rule.arguments else ("",):
                    wanted = {name: values.get(name, slug) for name in rule.arguments} | dict(rule.defaults or {})
                    found.append((rule.endpoint, adapter.build(rule.endpoint, wanted, method)))
    return found


def assert_guarded(response: TestResponse, audience: Audience) -> None:
    """Every security header, and nobody keeps what is somebody's own."""
    where = f"{response.request.method} {response.request.path} -> {response.status_code}"
    assert header_problems(response.headers) == [], where
    assert "Strict-Transport-Security" not in response.headers, where  # loopback has no TLS
    cached = response.headers["Cache-Control"]
    if audience == "public" and response.status_code in {200, 304}:
        assert cached.startswith("public, max-age="), where
        assert "Set-Cookie" not in response.headers, where
    else:
        assert cached == "no-store", where


def names_of_cookies(headers: Headers) -> set[str]:
    return {value.partition("=")[0] for value in headers.getlist("Set-Cookie")}


@pytest.fixture
def in_the_middle(person: AskedBy) -> Person:
    """Somebody with a draft who is at the page to check it."""
    asking = person(PARENT)
    asking.fill_in()
    return asking


@pytest.fixture
def with_a_number(person: AskedBy) -> Person:
    """Somebody whose number is still shown."""
    asking = person(PARENT)
    asking.ask(keep=False)
    return asking


@pytest.fixture
def in_their_space(person: AskedBy) -> Person:
    """Somebody who came back."""
    asking = person(PARENT)
    asking.ask()
    asking.come_back()
    return asking


@pytest.fixture
def own_case(sides: Sides, in_their_space: Person, colleague: Colleague) -> str:
    """The id of a case that a colleague has opened."""
    sides.deliver()
    case = colleague.open(colleague.case(in_their_space.reference))
    return case.path.rpartition("/")[2]


@pytest.mark.parametrize("side", SIDES)
def test_every_address_says_for_whom_it_is(sides: Sides, side: Side) -> None:
    there = {rule.endpoint for rule in app_of(sides, side).url_map.iter_rules()}
    assert there == set(LEDGER[side])


@pytest.mark.rule("rule 4")
@pytest.mark.parametrize("side", SIDES)
def test_every_answer_to_a_stranger_is_guarded(sides: Sides, side: Side) -> None:
    for method in ("GET", "HEAD", "OPTIONS"):
        client = plain_client(sides, side) if method == "OPTIONS" else client_of(sides, side)
        for endpoint, path in addresses(sides, side, method):
            response = client.open(path, method=method)
            assert_guarded(response, "personal" if method == "OPTIONS" else LEDGER[side][endpoint])
            assert response.status_code < 500
            if side == "portal" and path != EXIT:
                assert "Set-Cookie" not in response.headers, path
            if LEDGER[side][endpoint] == "staff" and method == "GET":
                assert response.headers["Location"] == "/sign-in"


def test_a_page_from_memory_is_guarded_like_a_new_one(sides: Sides) -> None:
    client = plain_client(sides, "portal")
    for endpoint, path in addresses(sides, "portal", "GET"):
        if LEDGER["portal"][endpoint] != "public":
            continue
        first, again = client.get(path), client.get(path)
        assert_guarded(again, "public")
        assert again.data == first.data
        compressed = client.get(path, headers={"Accept-Encoding": "gzip"})
        assert_guarded(compressed, "public")
        if tag := again.headers.get("ETag"):
            known = client.get(path, headers={"If-None-Match": tag})
            assert known.status_code == 304
            assert_guarded(known, "public")


@pytest.mark.rule("rule 7")
def test_every_answer_to_somebody_in_the_middle_is_guarded(
    sides: Sides, in_the_middle: Person, with_a_number: Person, in_their_space: Person
) -> None:
    """Nothing personal is kept by any browser; only opening one's own space renews a cookie."""
    for somebody, own in ((in_the_middle, set()), (with_a_number, set()), (in_their_space, {"portal-v"})):
        for endpoint, path in addresses(sides, "portal", "GET"):
            if path == EXIT:
                continue
            response = somebody.client.get(path)  # type: ignore[attr-defined]
            assert_guarded(response, LEDGER["portal"][endpoint])
            assert names_of_cookies(response.headers) <= (own if endpoint.startswith("portal.case") else set()), path
            if LEDGER["portal"][endpoint] == "public":
                assert somebody.story.code_word not in response.text
                assert "Marie" not in response.text


def test_every_answer_to_staff_is_guarded(sides: Sides, colleague: Colleague, own_case: str) -> None:
    begun = colleague.client.visit("/call")
    begun = colleague.client.submit(begun, begun.form("source"), {"source": "phone"})
    own_draft = begun.path.rpartition("/")[2]
    for endpoint, path in addresses(sides, "hub", "GET", case_id=own_case, draft_id=own_draft):
        response = colleague.client.get(path)  # type: ignore[attr-defined]
        assert_guarded(response, LEDGER["hub"][endpoint])
        if LEDGER["hub"][endpoint] == "staff":
            missing = ("hub.audit_day", "hub.translation_text")  # for auditors; and the case has no such text
            assert response.status_code == (404 if endpoint in missing else 200)


@pytest.mark.parametrize("side", SIDES)
def test_no_post_is_taken_from_elsewhere(sides: Sides, side: Side) -> None:
    client = client_of(sides, side)
    posts = addresses(sides, side, "POST")
    assert len(posts) > 5
    for _, path in posts:
        for origin in (None, "null", "https://elsewhere.example"):
            response = client.post(path, data={"device": "own", "who": "dev-amira"}, origin=origin)
            assert_guarded(response, "personal")
            # The courier is no browser: without its token it meets the page for what is not there. Nor are case systems.
            is_for_machines = path.startswith("/api/")
            assert response.status_code in ({400, 401, 415} if is_for_machines else {404 if path == POST_PASS else 403})
            assert "Set-Cookie" not in response.headers


def test_nobody_posts_to_the_desk_without_signing_in(sides: Sides) -> None:
    client = sides.hub_client()
    for endpoint, path in addresses(sides, "hub", "POST"):
        if LEDGER["hub"][endpoint] == "staff":
            response = client.post(path)
            assert_guarded(response, "staff")
            assert response.status_code in {302, 303, 403}
            assert response.headers.get("Location", "/sign-in") == "/sign-in"


@pytest.mark.parametrize("side", SIDES)
def test_every_error_is_guarded(
    sides: Sides, side: Side, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """What is not there, is not allowed, is too much, or is our own fault."""
    client, app = client_of(sides, side), app_of(sides, side)
    form = "/en/refer/start" if side == "portal" else "/sign-in"
    for expected, response in (
        (404, client.get("/nowhere/at/all")),
        (404, client.get("/xx/return")),
        (404, client.get("/static/nothing.css")),
        (404, client.get("/static/../wsgi.py")),
        (404, client.post("/healthz")),
        (404, client.open(form, method="DELETE")),
        (403, client.open(form, method="DELETE", origin="https://elsewhere.example")),
        (404, client.get("/", base_url="http://elsewhere.example")),
        (413, client.post(form, data={"device": "x" * 300_000, "who": "x"})),
        (413, client.post(form, data={"device": "x" * 300_000}, content_type="multipart/form-data")),
    ):
        assert response.status_code == expected, response.request.path
        assert_guarded(response, "personal")
        assert "Set-Cookie" not in response.headers

    if side == "portal":  # what the courier brings may be large, but not without end
        assert client.post(POST_PASS, data=b"x" * 1_000_000).status_code == 404
        assert_guarded(too_large := client.post(POST_PASS, data=b"x" * 17_000_000), "machine")
        assert too_large.status_code == 413

    def fail(**_values: object) -> None:
        raise Failed("words that somebody typed")

    endpoint, path = ("portal.return_", "/en/return") if side == "portal" else ("hub.sign_in", "/sign-in")
    monkeypatch.setitem(app.view_functions, endpoint, fail)
    with caplog.at_level(logging.INFO):
        failed = client.get(path)
    assert failed.status_code == 500
    assert_guarded(failed, "personal")
    assert "Failed" in caplog.text  # which kind of fault, and nothing of what it said
    assert "words that somebody typed" not in caplog.text + failed.text


@pytest.mark.parametrize("side", SIDES)
def test_the_policy_allows_the_one_script_that_pages_carry(sides: Sides, side: Side) -> None:
    """Its hash is that of the very script, and no page carries another."""
    client = client_of(sides, side)
    for path in ("/en/", "/en/return", "/en/nowhere") if side == "portal" else ("/sign-in", "/nowhere"):
        page = client.visit(path)
        scripts = [each for each in page.root.all("script") if "src" not in each.attributes]
        assert len(scripts) == 1
        inline = "".join(str(child) for child in scripts[0].children)
        digest = base64.b64encode(hashlib.sha256(inline.encode("utf-8")).digest()).decode("ascii")
        (allowed,) = [
            part.split()[1:]
            for part in page.headers["Content-Security-Policy"].split("; ")
            if part.startswith("script-src ")
        ]
        assert sorted(allowed) == sorted(["'self'", f"'sha256-{digest}'"])
        for each in page.root.all("script", "link"):
            address = each.attributes.get("src") or each.attributes.get("href") or "/"
            assert address.startswith("/")


def test_no_get_writes_at_the_portal(
    sides: Sides,
    in_the_middle: Person,
    with_a_number: Person,
    in_their_space: Person,
    person: AskedBy,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """But for the exit, which must. A link, a preview or a browser that fetches ahead changes nothing."""
    monkeypatch.setattr(Database, "writing", refused)
    monkeypatch.setattr(Database, "writing_by_hand", refused)
    for somebody in (person(), in_the_middle, with_a_number, in_their_space):
        for _, path in addresses(sides, "portal", "GET"):
            if path != EXIT:
                assert somebody.client.visit(path).status < 500, path
    # Those who check this would notice: answering does write.
    page = in_the_middle.client.visit("/en/refer/who")
    assert in_the_middle.client.submit(page, page.form("who"), {"who": "me"}).status >= 500


def test_no_get_writes_at_the_desk(
    sides: Sides, colleague: Colleague, own_case: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """But for a line in the audit, where somebody reads what is a person's (and looks at the audit): that is another unit of
    work, which can write nothing else."""
    monkeypatch.setattr(Database, "writing", refused)
    monkeypatch.setattr(Database, "writing_by_hand", refused)
    noting = monkeypatch.context
    for endpoint, path in addresses(sides, "hub", "GET", case_id=own_case):
        with noting() as patch:
            if endpoint not in NOTES:
                patch.setattr(Database, "noting", refused)
            assert colleague.client.visit(path).status < 500, path
    case = colleague.client.visit(f"/cases/{own_case}")
    assert colleague.claim(case).status >= 500


def refused(_database: Database, *_tables: object) -> NoReturn:
    """In place of the unit of work that writes."""
    raise Failed("a GET writes")
