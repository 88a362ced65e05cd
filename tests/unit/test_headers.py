"""Who is let in: requests to our own hosts, and posts from our own pages."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.web.headers import FEATURES, POLICY, SECURITY_HEADERS, is_from_here, is_own_host

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
