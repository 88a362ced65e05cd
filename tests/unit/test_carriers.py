"""The post on its way: parcels survive packing, and a token vouches for one parcel, to one receiver, for less than a minute."""

import base64
import hashlib
import json
import secrets
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
import requests
from hypothesis import given
from hypothesis import strategies as st
from joserfc import jwt
from joserfc.jwk import OctKey
from nacl.signing import SigningKey

from app.adapters.carriers import (
    CLOCK_SLACK,
    LONGEST_LIFE,
    MOST_PARCEL_BYTES,
    TOKEN_LIFE,
    BadToken,
    CarrierDown,
    Claims,
    GivenBack,
    HttpCarrier,
    MalformedParcel,
    Parcel,
    WrongDatabase,
    make_token,
    new_nonce,
    pack,
    read_token,
    unpack,
)

NOW = datetime(2026, 6, 3, 10, tzinfo=UTC)
SECOND = timedelta(seconds=1)
PORTAL, HUB, ANOTHER = bytes([1] * 16), bytes([2] * 16), bytes([3] * 16)
COURIER, STRANGER = SigningKey(bytes([7] * 32)), SigningKey(bytes([8] * 32))
BODY = b'{"envelopes":[],"answers":[]}'
CLAIMS = Claims(issuer=HUB, audience=PORTAL, sent=12, seen=9, stopped=False, nonce="abc", said_at=1)


def b64url(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode("ascii")


def token(*, claims: Claims = CLAIMS, body: bytes = BODY, signer: SigningKey = COURIER, now: datetime = NOW) -> str:
    return make_token(claims, body=body, signer=signer, now=now)


def read(text: str, *, body: bytes = BODY, now: datetime = NOW, nonce: str | None = None, keys=None, **ids) -> Claims:
    return read_token(
        text,
        body=body,
        keys=[COURIER.verify_key] if keys is None else keys,
        issuer=ids.get("issuer", HUB),
        audience=ids.get("audience", PORTAL),
        now=now,
        nonce=nonce,
    )


def signed(*, drop: str = "", algorithm: str = "Ed25519", **changes) -> str:
    """A token made by somebody who holds the right key, with any claims they like."""
    content = {
        "iss": HUB.hex(), "aud": PORTAL.hex(), "iat": int(NOW.timestamp()), "exp": int((NOW + TOKEN_LIFE).timestamp()),
        "jti": "abc", "body": hashlib.sha256(BODY).hexdigest(), "sent": 12, "seen": 9, "stopped": False,
        "said_at": CLAIMS.said_at,
    } | changes  # fmt: skip
    content.pop(drop, None)
    head = b64url(json.dumps({"alg": algorithm, "typ": "JWT"}).encode()) + "." + b64url(json.dumps(content).encode())
    return f"{head}.{b64url(COURIER.sign(head.encode()).signature)}"


# The token


def test_a_good_token_says_what_it_was_made_to_say():
    assert read(token()) == CLAIMS
    assert read(signed()) == CLAIMS  # so that the tests below change one thing at a time


@pytest.mark.parametrize("age", [timedelta(0), TOKEN_LIFE, TOKEN_LIFE + CLOCK_SLACK - SECOND, -CLOCK_SLACK], ids=str)
def test_a_token_is_good_for_less_than_a_minute_give_or_take_the_clocks(age):
    assert read(token(), now=NOW + age) == CLAIMS


@pytest.mark.parametrize(
    "age",
    [TOKEN_LIFE + CLOCK_SLACK, TOKEN_LIFE + timedelta(hours=1), -CLOCK_SLACK - SECOND, -timedelta(days=1)],
    ids=str,
)
def test_an_expired_token_and_one_from_the_future_are_refused(age):
    with pytest.raises(BadToken):
        read(token(), now=NOW + age)


def test_a_token_that_wants_to_live_too_long_is_refused():
    exp = NOW + LONGEST_LIFE + SECOND

    with pytest.raises(BadToken, match="too long"):
        read(signed(exp=int(exp.timestamp())))


def test_a_token_for_another_parcel_is_refused():
    with pytest.raises(BadToken, match="parcel"):
        read(token(), body=BODY + b" ")


def test_a_token_of_another_key_is_refused():
    with pytest.raises(BadToken, match="trusted"):
        read(token(signer=STRANGER))


def test_while_a_key_changes_both_are_trusted():
    both = [STRANGER.verify_key, COURIER.verify_key]

    assert read(token(), keys=both) == CLAIMS
    assert read(token(signer=STRANGER), keys=both) == CLAIMS


def test_without_a_trusted_key_nothing_is_believed():
    with pytest.raises(BadToken):
        read(token(), keys=[])


def test_an_answer_belongs_to_one_question():
    assert read(token(), nonce="abc") == CLAIMS
    with pytest.raises(BadToken, match="question"):
        read(token(), nonce="abd")


@pytest.mark.parametrize("claim", ["iss", "aud", "iat", "exp", "jti", "body", "sent", "seen", "stopped", "said_at"])
def test_every_claim_is_needed(claim):
    with pytest.raises(BadToken, match="missing"):
        read(signed(drop=claim))


@pytest.mark.parametrize(
    "changes",
    [{"iss": "no hex"}, {"aud": "00"}, {"iat": "soon"}, {"exp": None}, {"sent": []}, {"iat": float("inf")}],
    ids=str,
)
def test_a_claim_that_makes_no_sense_is_refused(changes):
    with pytest.raises(BadToken):
        read(signed(**changes))


def unsigned(header: dict) -> str:
    payload = token().split(".")[1]
    return f"{b64url(json.dumps(header).encode())}.{payload}."


@pytest.mark.parametrize("name", ["none", "None", "NONE", ""])
def test_a_token_that_says_it_needs_no_signature_is_refused(name):
    with pytest.raises(BadToken):
        read(unsigned({"alg": name}))
    with pytest.raises(BadToken):
        read(unsigned({"alg": name}) + token().split(".")[2])


def test_the_public_key_is_no_shared_secret():
    """The classic confusion: HMAC under the public key, which everybody may know."""
    key = OctKey.import_key(bytes(COURIER.verify_key))
    content = json.loads(base64.urlsafe_b64decode(token().split(".")[1] + "=="))
    forged = jwt.encode({"alg": "HS256"}, content, key, algorithms=["HS256"])

    with pytest.raises(BadToken):
        read(forged)


@pytest.mark.parametrize("name", ["EdDSA", "ed25519", "HS256", "ES256"])
def test_a_good_signature_under_another_name_is_refused(name):
    with pytest.raises(BadToken):
        read(signed(algorithm=name))


def test_a_changed_token_is_refused_wherever_it_was_changed():
    good = token()
    for place in range(0, len(good), 7):
        if good[place] == ".":
            continue
        other = "A" if good[place] != "A" else "B"
        with pytest.raises(BadToken):
            read(good[:place] + other + good[place + 1 :])


@given(
    st.text()
    | st.binary().map(lambda raw: raw.decode("latin-1"))
    | st.lists(st.text(), min_size=3, max_size=3).map(".".join)
)
def test_any_text_at_all_is_a_bad_token_and_nothing_worse(text):
    with pytest.raises(BadToken):
        read(text)


# Another database than the one we know: only then, and only when everything else is right


@pytest.mark.parametrize(
    "claims", [replace(CLAIMS, issuer=ANOTHER), replace(CLAIMS, audience=ANOTHER)], ids=["from another", "to another"]
)
def test_another_database_is_told_apart_from_a_forgery(claims):
    with pytest.raises(WrongDatabase) as error:
        read(token(claims=claims))

    assert error.value.claims == claims


@pytest.mark.parametrize(
    ("making", "reading"),
    [
        ({"signer": STRANGER}, {}),
        ({"now": NOW - timedelta(hours=1)}, {}),
        ({"now": NOW + timedelta(hours=1)}, {}),
        ({"body": b"another parcel"}, {}),
        ({}, {"nonce": "another question"}),
    ],
    ids=["other key", "old", "from the future", "other parcel", "other question"],
)
def test_another_database_is_never_believed_on_anything_less_than_a_good_token(making, reading):
    with pytest.raises(BadToken) as error:
        read(token(claims=replace(CLAIMS, audience=ANOTHER), **making), **reading)

    assert not isinstance(error.value, WrongDatabase)


@given(st.sampled_from([HUB, PORTAL, ANOTHER]), st.sampled_from([HUB, PORTAL, ANOTHER]))
def test_only_the_right_pair_of_databases_is_believed(issuer, audience):
    text = token(claims=replace(CLAIMS, issuer=issuer, audience=audience))

    if (issuer, audience) == (HUB, PORTAL):
        assert read(text).audience == PORTAL
    else:
        with pytest.raises(WrongDatabase):
            read(text)


def test_questions_do_not_repeat():
    assert len({new_nonce() for _ in range(100)}) == 100


# The parcel

ID = st.binary(min_size=16, max_size=16)
PARCELS = st.builds(
    Parcel,
    envelopes=st.lists(st.tuples(ID, st.binary())),
    answers=st.lists(st.binary()),
    give_back_after=st.none() | st.just(b"") | ID,
    given_back=st.lists(st.builds(GivenBack, ID, ID, st.integers(min_value=0), st.binary())).map(tuple),
)


@given(PARCELS)
def test_a_parcel_comes_out_as_it_went_in(parcel):
    assert unpack(pack(parcel)) == parcel


@given(st.binary())
def test_random_bytes_are_no_parcel_and_nothing_worse(raw):
    with pytest.raises(MalformedParcel):
        unpack(raw)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.just("AAAA") | st.just("00" * 16),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=12,
)


@given(st.fixed_dictionaries({}, optional={"envelopes": JSON, "answers": JSON}) | JSON)
def test_any_json_is_a_parcel_or_malformed(content):
    try:
        parcel = unpack(json.dumps(content).encode())
    except MalformedParcel:
        return
    assert all(len(envelope_id) == 16 for envelope_id, _ in parcel.envelopes)
    assert unpack(pack(parcel)) == parcel


@pytest.mark.parametrize(
    "raw",
    [
        b"[" * 100_000,
        b'{"envelopes":[["00",""]],"answers":[]}',
        b'{"envelopes":[["00000000000000000000000000000000","%%"]],"answers":[]}',
        b'{"envelopes":[["00000000000000000000000000000000"]],"answers":[]}',
        b'{"envelopes":{},"answers":[]}',
        b'{"envelopes":[],"answers":[7]}',
        b'{"envelopes":[]}',
    ],
    ids=["brackets without end", "short id", "no base64", "no body", "no list", "a number", "no answers"],
)
def test_what_packing_would_not_make_is_refused(raw):
    with pytest.raises(MalformedParcel):
        unpack(raw)


def test_a_parcel_that_is_too_large_is_not_even_read():
    with pytest.raises(MalformedParcel, match="large"):
        unpack(b" " * (MOST_PARCEL_BYTES + 1))


# The HTTP carrier


class Line:
    """A line to the portal that answers as it is told."""

    def __init__(self, *, status: int = 200, content: bytes = b"", fails: Exception | None = None) -> None:
        self.status, self.content, self.fails = status, content, fails
        self.asked: dict = {}

    def __call__(self, url, **options):
        self.asked = {"url": url, **options}
        if self.fails:
            raise self.fails
        answer = requests.Response()
        answer.status_code = self.status
        answer.headers["Post-Token"] = "their token"
        answer.iter_content = lambda size: iter(
            [self.content[at : at + size] for at in range(0, len(self.content), size)]
        )
        answer.raw = type("Raw", (), {"close": lambda self: None, "release_conn": lambda self: None})()
        return answer


def carrier(line: Line) -> HttpCarrier:
    made = HttpCarrier("https://portal.example.org/")
    made._session.post = line
    return made


def test_the_carrier_hands_over_and_brings_back():
    line = Line(content=b"their parcel")

    assert carrier(line).exchange(b"our parcel", "our token") == (b"their parcel", "their token")
    assert line.asked["url"] == "https://portal.example.org/post/pass"
    assert line.asked["data"] == b"our parcel"
    assert line.asked["headers"]["Post-Token"] == "our token"
    assert line.asked["allow_redirects"] is False


@pytest.mark.parametrize("status", [204, 301, 404, 500, 503])
def test_any_other_answer_is_an_outage_not_a_receipt(status):
    with pytest.raises(CarrierDown, match=str(status)):
        carrier(Line(status=status)).exchange(b"", "")


@pytest.mark.parametrize("fault", [requests.ConnectionError("to 10.0.0.1"), requests.Timeout("slow")])
def test_a_line_that_is_down_is_told_without_addresses(fault):
    with pytest.raises(CarrierDown) as error:
        carrier(Line(fails=fault)).exchange(b"", "")

    assert str(error.value) == type(fault).__name__


def test_a_portal_that_never_stops_talking_is_hung_up_on():
    flood = Line(content=secrets.token_bytes(1024) * (MOST_PARCEL_BYTES // 1024 + 1))

    with pytest.raises(CarrierDown, match="large"):
        carrier(flood).exchange(b"", "")


def test_proxies_of_the_machine_are_not_asked():
    assert HttpCarrier("https://portal.example.org")._session.trust_env is False
