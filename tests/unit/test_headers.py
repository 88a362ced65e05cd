"""Who is let in: requests to our own hosts, and posts from our own pages."""

from pathlib import Path

import pytest
from flask import Flask, Response
from hypothesis import given
from hypothesis import strategies as st

from app.settings import PortalSettings
from app.web.headers import FEATURES, POLICY, SECURITY_HEADERS, guard, is_from_here, is_own_host

OWN = ("https://ask.example.org", "https://www.ask.example.org")
HOSTS = {"ask.example.org", "www.ask.example.org"}

# Posts


def test_our_own_page_may_post():
    assert is_from_here("same-origin", OWN[0], own=OWN)
    assert is_from_here("same-origin", None, own=OWN)


@pytest.mark.parametrize("site", ["cross-site", "same-site", "none", "", "SAME-ORIGIN", "same-origin, same-origin"])
def test_a_browser_that_says_anything_else_is_believed_whatever_the_origin(site):
    assert not is_from_here(site, OWN[0], own=OWN)


def test_an_old_browser_is_known_by_its_origin():
    assert is_from_here(None, OWN[0], own=OWN)
    assert is_from_here(None, OWN[1], own=OWN)


@pytest.mark.parametrize(
    "origin",
    [
        None,
        "",
        "null",
        "http://ask.example.org",
        "https://ask.example.org:444",
        "https://ask.example.org.evil.example",
        "https://evil.example/https://ask.example.org",
        "https://ask.example.org/",
    ],
)
def test_any_other_origin_and_none_are_refused(origin):
    assert not is_from_here(None, origin, own=OWN)


@given(st.none() | st.text(), st.none() | st.text())
def test_nobody_gets_in_by_luck(fetch_site, origin):
    allowed = is_from_here(fetch_site, origin, own=OWN)

    assert allowed == (fetch_site == "same-origin" or (fetch_site is None and origin in OWN))


# Hosts


def test_in_service_only_the_named_hosts_are_ours():
    assert is_own_host("ask.example.org", hosts=HOSTS, in_development=False)
    assert not is_own_host("127.0.0.1:8000", hosts=HOSTS, in_development=False)
    assert not is_own_host("ask.example.org.evil.example", hosts=HOSTS, in_development=False)
    assert not is_own_host("", hosts=HOSTS, in_development=False)


@pytest.mark.parametrize("host", ["127.0.0.1:8000", "localhost", "localhost:1", "[::1]:8001", "LOCALHOST:8000"])
def test_in_development_loopback_is_ours_on_any_port(host):
    assert is_own_host(host, hosts=set(), in_development=True)


@pytest.mark.parametrize(
    "host",
    [
        "192.168.0.7:8000",
        "0.0.0.0",
        "localhost.evil.example",
        "127.0.0.1.evil.example",
        "evil.example:127",
        "",
        "[",
        "[::1",
        "localhost@evil.example",
    ],
)
def test_in_development_nothing_else_is(host):
    """A page elsewhere that points its own name at this machine (DNS rebinding) still sends its own name."""
    assert not is_own_host(host, hosts=set(), in_development=True)


@given(st.text(), st.booleans())
def test_any_host_at_all_gets_an_answer(host, in_development):
    assert isinstance(is_own_host(host, hosts=HOSTS, in_development=in_development), bool)


# What every answer carries


@pytest.mark.rule("rule 4")
def test_the_policy_lets_nothing_in_from_elsewhere():
    directives = dict(part.split(" ", 1) for part in POLICY.split("; "))

    assert directives["default-src"] == "'none'"
    assert directives["frame-ancestors"] == directives["base-uri"] == "'none'"
    assert directives["form-action"] == "'self'"
    sources = {source for value in directives.values() for source in value.split()}
    assert {source for source in sources if not source.startswith("'sha256-")} == {"'none'", "'self'"}
    assert len([source for source in sources if source.startswith("'sha256-")]) == 1


def test_the_referrer_stays_here_but_posts_can_still_be_told_from_forged_ones():
    assert SECURITY_HEADERS["Referrer-Policy"] == "same-origin"


def test_no_feature_of_the_browser_is_open():
    assert all(part.endswith("=()") for part in SECURITY_HEADERS["Permissions-Policy"].split(", "))
    assert {"camera", "microphone", "geolocation"} <= set(FEATURES)


# A guarded site


def site(*origins: str) -> Flask:
    settings = PortalSettings(
        side="portal", origins=origins, secret_key="x", database_url="", data_dir=Path(), content_dir=Path(),
        peppers_file=Path(), private_key_file=Path(), hub_public_keys_file=Path(), salt_file=Path(),
    )  # fmt: skip
    app = Flask(__name__)
    guard(app, settings)
    app.add_url_rule("/", view_func=lambda: "here", endpoint="here", methods=["GET", "POST"])
    app.add_url_rule("/post/pass", view_func=lambda: "passed", endpoint="passed", methods=["POST"])

    @app.get("/public")
    def public() -> Response:
        return Response("for all", headers={"Cache-Control": "public, max-age=60"})

    return app


@pytest.mark.parametrize(("method", "path", "code"), [("GET", "/", 200), ("GET", "/nowhere", 404), ("POST", "/", 403)])
def test_every_answer_carries_the_headers_errors_too(method, path, code):
    answer = site(OWN[0]).test_client().open(path, method=method, base_url=OWN[0])

    assert answer.status_code == code
    assert {name: answer.headers[name] for name in SECURITY_HEADERS} == SECURITY_HEADERS
    assert answer.headers["Strict-Transport-Security"].startswith("max-age=")


def test_what_is_not_said_to_be_public_is_not_kept():
    visitor = site(OWN[0]).test_client()

    assert visitor.get("/", base_url=OWN[0]).headers["Cache-Control"] == "no-store"
    assert visitor.get("/nowhere", base_url=OWN[0]).headers["Cache-Control"] == "no-store"
    assert visitor.get("/public", base_url=OWN[0]).headers["Cache-Control"] == "public, max-age=60"


def test_what_a_page_says_itself_is_said_once_however_it_is_spelt():
    app = site(OWN[0])
    app.add_url_rule("/own", view_func=lambda: ("own", {"content-security-policy": "default-src 'self'"}))
    answer = app.test_client().get("/own", base_url=OWN[0])

    assert answer.headers.getlist("Content-Security-Policy") == ["default-src 'self'"]
    assert all(len(answer.headers.getlist(name)) == 1 for name in SECURITY_HEADERS)


def test_a_strange_host_meets_nothing_here():
    assert site(OWN[0]).test_client().get("/", base_url="https://evil.example").status_code == 404


def test_on_loopback_there_is_no_promise_of_tls():
    answer = site().test_client().get("/", base_url="http://127.0.0.1:8000")

    assert answer.status_code == 200
    assert "Strict-Transport-Security" not in answer.headers


def test_a_post_needs_our_own_page_but_the_courier_needs_only_its_token():
    visitor = site(OWN[0]).test_client()

    assert visitor.post("/", base_url=OWN[0], headers={"Sec-Fetch-Site": "same-origin"}).status_code == 200
    assert visitor.post("/", base_url=OWN[0], headers={"Origin": OWN[0]}).status_code == 200
    assert visitor.post("/", base_url=OWN[0], headers={"Origin": "null"}).status_code == 403
    assert visitor.post("/", base_url=OWN[0]).status_code == 403
    assert visitor.post("/post/pass", base_url=OWN[0]).status_code == 200
