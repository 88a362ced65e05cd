"""Staff sign in through an identity provider: a real one, in a process of its own."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
import time_machine

from app import cli
from app.data import hub as rows
from app.services.hub import staff
from app.web.clock import now
from tests.harness.clients import BrowsingClient
from tests.harness.pages import Page
from tests.harness.provider import Provider
from tests.harness.sides import Sides

WHO = "s-417"
A_WHILE = staff.CHECK_EVERY + timedelta(minutes=1)


@pytest.fixture(scope="module")
def provider() -> Iterator[Provider]:
    """The provider; as usual until a test says otherwise."""
    made = Provider()
    yield made
    made.close()


@pytest.fixture(scope="module")
def one_site(provider: Provider, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sides]:
    """Both sides, whose staff sign in there."""
    sides = Sides(tmp_path_factory.mktemp("oidc"), environ=provider.environ)
    yield sides
    sides.close()


@pytest.fixture
def site(one_site: Sides, provider: Provider, day: time_machine.Traveller) -> Sides:
    """The same again, with nobody signed in and everything as usual."""
    provider.be()
    with one_site.hub_side.database.writing() as session:
        staff.end_all(session, WHO, by="test", why="", now=now())
    return one_site


def go(client: BrowsingClient) -> str:
    """Press "Sign in" at the desk; returns where the browser is sent."""
    page = client.visit("/sign-in")
    assert "/sign-in/go" in page.main.all("a")[0].attributes["href"]
    return client.open("/sign-in/go").headers["Location"]


def come_back(client: BrowsingClient, address: str) -> Page:
    """Follow the provider's redirect back to the desk."""
    parts = urlsplit(address)
    return client.visit(f"{parts.path}?{parts.query}")


def sign_in(client: BrowsingClient, provider: Provider) -> Page:
    """The whole way."""
    return come_back(client, provider.sign_in(go(client)))


def is_in(client: BrowsingClient) -> bool:
    return client.open("/queue").status_code == 200


def open_sessions(site: Sides) -> list[staff.SessionLine]:
    with site.hub_side.database.reading() as session:
        return staff.sessions(session, now=now())


def test_the_whole_way_in(site: Sides, provider: Provider) -> None:
    client = site.hub_client()
    address = go(client)

    asked = parse_qs(urlsplit(address).query)
    assert asked["response_type"] == ["code"]
    assert asked["code_challenge_method"] == ["S256"]
    assert {"state", "nonce"} <= asked.keys()
    assert asked["scope"] == ["openid profile"]
    back = come_back(client, provider.sign_in(address))
    assert back.status == 200
    assert back.headers["Refresh"] == "0; url=/"
    assert "Farah Lindqvist" in client.visit("/").html
    with site.hub_side.database.reading() as session:
        person = session.get_one(rows.Staff, WHO)
        assert (person.shown_name, person.roles) == ("Farah", ["co-ordinator"])


def test_only_the_cookie_of_the_attempt_comes_along_from_another_site(site: Sides, provider: Provider) -> None:
    client = site.hub_client()
    given = client.open("/sign-in/go").headers.getlist("Set-Cookie")
    assert [each for each in given if "SameSite=Lax" in each and "HttpOnly" in each and "hub-o=" in each] == given

    response = client.open(urlsplit(provider.sign_in(go(client)))._replace(scheme="", netloc="").geturl())
    cookies = {each.partition("=")[0]: each for each in response.headers.getlist("Set-Cookie")}
    assert "SameSite=Strict" in cookies["hub-s"]
    assert "hub-o=;" in cookies["hub-o"]


@pytest.mark.parametrize(
    "wrong",
    [
        "nonce", "no-nonce", "issuer", "audience", "azp", "audiences", "expired", "no-exp", "no-sub", "signature", "none",
        "hmac",
    ],
)  # fmt: skip
def test_a_token_that_is_not_for_us_lets_nobody_in(site: Sides, provider: Provider, wrong: str) -> None:
    provider.be(wrong=wrong)
    client = site.hub_client()

    page = sign_in(client, provider)

    assert page.status == 403
    assert "cannot be believed" in page.text
    assert not is_in(client)
    assert open_sessions(site) == []


def test_a_code_is_good_once(site: Sides, provider: Provider) -> None:
    client = site.hub_client()
    go_to = go(client)
    kept = client.get_cookie("hub-o", domain="127.0.0.1")
    assert kept is not None
    back = provider.sign_in(go_to)
    assert come_back(client, back).status == 200

    again = site.hub_client()
    again.set_cookie("hub-o", kept.value, domain="127.0.0.1")

    assert come_back(again, back).status == 403
    assert not is_in(again)


def test_an_answer_that_this_browser_did_not_ask_for_is_refused(site: Sides, provider: Provider) -> None:
    somebody_else = provider.sign_in(go(site.hub_client()))
    client = site.hub_client()
    assert "did not begin in this browser" in come_back(client, somebody_else).text
    go(client)
    assert come_back(client, somebody_else).status == 403
    assert not is_in(client)


def test_an_attempt_that_took_too_long_is_refused(site: Sides, provider: Provider, day: time_machine.Traveller) -> None:
    client = site.hub_client()
    kept = go(client), client.get_cookie("hub-o", domain="127.0.0.1")
    day.shift(timedelta(minutes=16))
    assert kept[1] is not None
    client.set_cookie("hub-o", kept[1].value, domain="127.0.0.1")  # a browser that forgets nothing

    assert "took too long" in come_back(client, provider.sign_in(kept[0])).text


@pytest.mark.parametrize(
    ("otherwise", "words"),
    [
        ({"roles": ["something-else"]}, "no role at this desk"),
        ({"roles": []}, "no role at this desk"),
        ({"given_name": ""}, "no name and first name"),
        ({"amr": ["pwd"]}, "second factor"),
        ({"is_gone": True}, "cannot be believed"),
    ],
)
def test_who_may_not_come_in_is_told_why_in_one_line(
    site: Sides, provider: Provider, otherwise: dict[str, object], words: str
) -> None:
    provider.be(**otherwise)
    client = site.hub_client()

    page = sign_in(client, provider)

    assert page.status == 403
    assert words in page.text
    assert not is_in(client)


def test_a_key_that_was_changed_is_fetched_anew(site: Sides, provider: Provider) -> None:
    assert sign_in(site.hub_client(), provider).status == 200
    provider.be(new_key=True)
    assert sign_in(site.hub_client(), provider).status == 200


def test_a_provider_that_is_away_is_said_to_be(site: Sides, provider: Provider) -> None:
    client = site.hub_client()
    back = provider.sign_in(go(client))
    provider.be(is_down=True)
    page = come_back(client, back)
    assert page.status == 503
    assert "does not answer" in page.text


@pytest.mark.parametrize("refreshes", [True, False], ids=["refresh-token", "userinfo"])
def test_roles_are_looked_at_again_after_a_while(
    site: Sides, provider: Provider, day: time_machine.Traveller, refreshes: bool
) -> None:
    provider.be(refreshes=refreshes)
    client = site.hub_client()
    sign_in(client, provider)
    provider.be(refreshes=refreshes, roles=["hub-lead"])
    assert client.open("/people").status_code == 403  # not yet

    day.shift(A_WHILE)

    assert client.open("/people").status_code == 200
    day.shift(A_WHILE)
    provider.be(refreshes=refreshes, roles=[])
    assert not is_in(client)
    assert open_sessions(site) == []


def test_an_account_that_is_gone_is_out_after_a_while(
    site: Sides, provider: Provider, day: time_machine.Traveller
) -> None:
    client = site.hub_client()
    sign_in(client, provider)
    provider.be(is_gone=True)
    day.shift(A_WHILE)
    assert not is_in(client)


def test_somebody_else_under_the_same_session_is_refused(
    site: Sides, provider: Provider, day: time_machine.Traveller
) -> None:
    client = site.hub_client()
    sign_in(client, provider)
    provider.be(sub="another")
    day.shift(A_WHILE)
    assert not is_in(client)


def test_work_goes_on_for_a_while_without_the_provider_and_not_for_long(
    site: Sides, provider: Provider, day: time_machine.Traveller
) -> None:
    client = site.hub_client()
    sign_in(client, provider)
    provider.be(is_down=True)
    day.shift(A_WHILE)
    assert is_in(client)
    day.shift(timedelta(minutes=15))
    assert is_in(client)
    day.shift(timedelta(minutes=15))
    assert not is_in(client)


def test_a_session_ends_after_half_an_hour_of_nothing_and_after_ten_hours(
    site: Sides, provider: Provider, day: time_machine.Traveller
) -> None:
    idle, busy = site.hub_client(), site.hub_client()
    sign_in(idle, provider)
    sign_in(busy, provider)
    for _ in range(2):
        day.shift(timedelta(minutes=16))
        assert is_in(busy)
    assert not is_in(idle)
    for _ in range(24):
        day.shift(timedelta(minutes=25))
        provider.be()
        is_in(busy)
    assert not is_in(busy)


def test_a_session_that_was_ended_opens_nothing(site: Sides, provider: Provider) -> None:
    client = site.hub_client()
    sign_in(client, provider)
    assert is_in(client)
    said = site.run("staff_group", "sign-out", WHO, side="hub")
    assert "1" in said
    assert not is_in(client)


def test_signing_out_here_leads_to_signing_out_there(site: Sides, provider: Provider) -> None:
    client = site.hub_client()
    sign_in(client, provider)
    queue = client.visit("/queue")
    token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', queue.html)
    assert token is not None
    page = client.post_form("/sign-out", {"csrf_token": token[1]})

    assert page.path == "/signed-out"
    onward = page.headers["Refresh"].removeprefix("0; url=")
    assert onward.startswith(f"{provider.issuer}/end?")
    assert parse_qs(urlsplit(onward).query)["client_id"] == ["the-desk"]
    assert not is_in(client)


def test_what_the_provider_gave_is_kept_sealed(site: Sides, provider: Provider) -> None:
    client = site.hub_client()
    sign_in(client, provider)
    with site.hub_side.database.reading() as session:
        row = session.query(rows.StaffSession).one()
        assert row.sealed is not None
        assert b"[" not in row.sealed[:1]
        assert len(row.sealed) > 60


def test_the_doctor_looks_at_the_provider(site: Sides, provider: Provider) -> None:
    assert cli.seen_of_provider(site.hub_side.settings) == []
    provider.be(is_down=True)
    assert "identity provider" in cli.seen_of_provider(site.hub_side.settings)[0]
