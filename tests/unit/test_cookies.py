"""The cookies: random, out of reach of scripts and of other sites, and silent about when they stop to work."""

from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask, Response, session
from hypothesis import given
from hypothesis import strategies as st

from app.web.cookies import CookieJar, NoSession, stamped, token_of, token_text, unstamped

NOW = datetime(2026, 6, 3, 10, tzinfo=UTC)
IDLE = timedelta(minutes=20)
SECOND = timedelta(seconds=1)
TOKEN, OTHER = bytes(range(32)), bytes(range(1, 33))
KEY, OTHER_KEY = "a server's own secret", "another server's secret"
TOKENS = st.binary(min_size=32, max_size=32)


# Tokens


@given(TOKENS)
def test_a_token_survives_the_cookie(token):
    text = token_text(token)

    assert token_of(text) == token
    assert text.isascii()
    assert not set(text) & set('"\\;,= ')  # nothing that a cookie would have to quote


@given(st.none() | st.text() | st.binary(max_size=40).map(token_text))
def test_anything_else_is_no_token_and_nothing_worse(text):
    found = token_of(text)

    assert found is None or len(found) == 32


# Stamps: how long a visit has been idle


@given(TOKENS, st.integers(0, int(IDLE.total_seconds())))
def test_a_visit_in_use_stays_open(token, idle_seconds):
    cookie = stamped(token, secret=KEY, now=NOW)

    assert unstamped(cookie, secret=KEY, now=NOW + timedelta(seconds=idle_seconds), idle=IDLE) == (token, NOW)


def test_a_visit_that_was_idle_for_too_long_is_over():
    cookie = stamped(TOKEN, secret=KEY, now=NOW)

    assert unstamped(cookie, secret=KEY, now=NOW + IDLE + SECOND, idle=IDLE) is None


def test_a_stamp_from_the_future_is_not_believed():
    """The server's clocks may differ a little; a day is forged."""
    cookie = stamped(TOKEN, secret=KEY, now=NOW)

    assert unstamped(cookie, secret=KEY, now=NOW - timedelta(minutes=1), idle=IDLE) is not None
    assert unstamped(cookie, secret=KEY, now=NOW - timedelta(days=1), idle=IDLE) is None


def test_a_later_stamp_cannot_be_put_on_an_old_cookie():
    """Somebody who finds the cookie on a device must not be able to make it young again."""
    token, _, stamp = stamped(TOKEN, secret=KEY, now=NOW).split(".")
    later = NOW + timedelta(hours=3)
    seconds = str(int(later.timestamp()))

    assert unstamped(f"{token}.{seconds}.{stamp}", secret=KEY, now=later, idle=IDLE) is None
    assert unstamped(stamped(TOKEN, secret=OTHER_KEY, now=later), secret=KEY, now=later, idle=IDLE) is None


def test_a_stamp_belongs_to_one_token():
    _, seconds, stamp = stamped(TOKEN, secret=KEY, now=NOW).split(".")

    assert unstamped(f"{token_text(OTHER)}.{seconds}.{stamp}", secret=KEY, now=NOW, idle=IDLE) is None


@pytest.mark.parametrize("seconds", ["", "-1", "1.5", "٣", "1e9", " 1", "9" * 13])
def test_a_time_that_is_no_time_is_refused(seconds):
    token, _, stamp = stamped(TOKEN, secret=KEY, now=NOW).split(".")

    assert unstamped(f"{token}.{seconds}.{stamp}", secret=KEY, now=NOW, idle=IDLE) is None


def test_a_time_beyond_the_calendar_is_refused_even_when_it_is_stamped():
    far = stamped(TOKEN, secret=KEY, now=NOW).split(".")[0]

    class FarOff(datetime):
        def timestamp(self) -> float:
            return 999_999_999_999.0

    cookie = stamped(TOKEN, secret=KEY, now=FarOff(2026, 6, 3, tzinfo=UTC))

    assert cookie.startswith(far)
    assert unstamped(cookie, secret=KEY, now=NOW, idle=IDLE) is None


@given(st.none() | st.text() | st.lists(st.text(), min_size=3, max_size=3).map(".".join))
def test_any_text_in_the_cookie_is_just_not_ours(text):
    assert unstamped(text, secret=KEY, now=NOW, idle=IDLE) is None


@given(st.integers(0, 120), st.characters(categories=["L", "N", "P"]))
def test_a_cookie_that_was_changed_anywhere_is_not_ours(place, character):
    cookie = stamped(TOKEN, secret=KEY, now=NOW)
    place %= len(cookie)
    changed = cookie[:place] + character + cookie[place + 1 :]

    found = unstamped(changed, secret=KEY, now=NOW, idle=IDLE)
    assert found is None or found == (TOKEN, NOW)  # base64 has a spare bit or two at its end


# The jar


@pytest.fixture
def site():
    with Flask(__name__).test_request_context("/", headers={"Cookie": "portal-d=abc; __Host-portal-d=def"}):
        yield


def test_over_tls_the_name_binds_the_cookie_to_this_host():
    assert CookieJar("portal", secure=True).name("d") == "__Host-portal-d"
    assert CookieJar("portal", secure=False).name("d") == "portal-d"


def test_the_sides_never_share_a_cookie():
    assert CookieJar("portal", secure=True).name("d") != CookieJar("hub", secure=True).name("d")


def test_each_kind_of_site_reads_its_own_cookie(site):
    assert CookieJar("portal", secure=True).read("d") == "def"
    assert CookieJar("portal", secure=False).read("d") == "abc"
    assert CookieJar("hub", secure=True).read("d") is None


def test_a_cookie_is_for_this_host_alone_and_out_of_reach(site):
    response = Response()
    CookieJar("portal", secure=True).write(response, "d", "value", lasts=IDLE)

    parts = set(response.headers["Set-Cookie"].split("; "))
    assert {"__Host-portal-d=value", "Secure", "HttpOnly", "SameSite=Strict", "Path=/", "Max-Age=1200"} <= parts
    assert not any(part.startswith("Domain") for part in parts)


def test_a_forgotten_cookie_is_taken_back_under_the_same_terms(site):
    response = Response()
    CookieJar("portal", secure=True).forget(response, "d")

    parts = response.headers["Set-Cookie"].split("; ")
    assert {"__Host-portal-d=", "Secure", "HttpOnly", "SameSite=Strict", "Path=/", "Max-Age=0"} <= set(parts)


def test_where_no_session_is_kept_none_can_be_begun_by_mistake():
    app = Flask(__name__)
    app.secret_key = KEY
    app.session_interface = NoSession()

    with app.test_request_context("/", headers={"Cookie": "session=forged"}):
        assert not session
        with pytest.raises(RuntimeError):
            session["seen"] = True
