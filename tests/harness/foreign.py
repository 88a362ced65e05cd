"""Everything here that parses what came from elsewhere, each as a `fuzzing.Target`: what it may raise, and what must hold of
what it takes.

What was taken must be the same when it is written and read again, for it will be: in an envelope, a row or a file.
"""

from __future__ import annotations

import atexit
import base64
import hashlib
import json
import shutil
import tempfile
import zlib
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from flask import Flask, request
from flask_babel import Babel
from joserfc import jwt
from joserfc.jwk import ECKey
from markupsafe import Markup
from nacl.signing import SigningKey
from werkzeug.exceptions import HTTPException
from wtforms import SelectChoice, SelectField

from app.adapters import backups, carriers, content, keys, markup, numbers, oidc, opening, sealing, yaml_reader
from app.adapters.audit_heads import FILE, HeadsFile
from app.data import whole
from app.domain import appearance, digits, feedback, order, packet, reference, referral, search, survey
from app.domain.figures import Period
from app.domain.outline import from_codes
from app.domain.promise_results import Quarter, ResultsError
from app.domain.shape import wrongs
from app.domain.survey import Offer
from app.forms import api as api_forms
from app.forms.refer import FORMS
from app.services.hub.finding import Mark
from app.web import cookies
from tests.harness.fuzzing import Target
from tests.stories import STORIES

NOW = datetime(2026, 3, 17, 10, tzinfo=UTC)
TODAY = NOW.date()
AREA = Path(__file__).parents[1] / "area"
PORTAL, COURIER, STRANGER = (SigningKey(bytes([number]) * 32) for number in (3, 7, 8))
HUB = X25519PrivateKey.from_private_bytes(bytes(range(1, 33)))
HUB_KEY = HUB.public_key().public_bytes_raw()
SECRET = bytes(range(2, 34))
HERE, THERE = bytes([1]) * 16, bytes([2]) * 16
HEADER = sealing.Header(database_id=HERE, case_id=b"c" * 16, envelope_id=b"e" * 16, number=7)
POOLED = sealing.Header(database_id=HERE, case_id=sealing.NO_CASE, envelope_id=b"p" * 16, number=sealing.NO_NUMBER)
TARGETS: list[Target] = []
Check = Callable[[bytes], bool]


def target(
    name: str, *, seeds: Callable[[], Sequence[bytes]] | Sequence[bytes], share: int = 1000
) -> Callable[[Check], Check]:
    """Put a check on the list."""

    def put(check: Check) -> Check:
        made = seeds if callable(seeds) else lambda: seeds
        TARGETS.append(Target(name=name, seeds=made, check=check, share=share))
        return check

    return put


def sure(holds: bool) -> None:
    """What must hold of a refusal."""
    if not holds:
        raise AssertionError("a refusal that is not as it should be")


def text_of(raw: bytes) -> str:
    """Bytes as a form or an address brings them."""
    return raw.decode("utf-8", "replace")


# Envelopes


@cache
def envelopes() -> tuple[bytes, ...]:
    """One of each kind, as they are made here."""
    return (
        sealing.seal_to_hub(b"words", kind=sealing.Kind.FIRST, header=HEADER, hub_key=HUB_KEY, signer=PORTAL),
        sealing.seal_to_hub(b"codes", kind=sealing.Kind.POOLED, header=POOLED, hub_key=HUB_KEY, signer=PORTAL),
        sealing.make_answer(header=HEADER, outcome="refused", reason="bad-signature", signer=PORTAL),
        sealing.seal_order(b"an order", header=HEADER, portal_key=HUB_KEY, signer=PORTAL),
        *(
            sealing.seal_in_conversation(
                b"words", lane=lane, header=HEADER, key_id=bytes(8), secret=SECRET, signer=PORTAL
            )
            for lane in (sealing.Lane.TO_HUB, sealing.Lane.TO_PERSON)
        ),
    )


@cache
def opening_keys() -> opening.OpeningKeys:
    """The Hub's one key."""
    key_id = sealing.public_key_id(HUB_KEY)
    return opening.OpeningKeys(
        [opening.OpeningKey(key_id=key_id, public=HUB_KEY, private=HUB, not_before=NOW, revoked=False)]
    )


@target("envelope", seeds=envelopes)
def envelope(raw: bytes) -> bool:
    """Read as any receiver does. What a signature opens is one of ours to the last byte."""
    try:
        read = sealing.parse(raw)
    except sealing.MalformedEnvelope:
        return False
    assert read.raw == raw
    try:
        sealing.verify(read, [PORTAL.verify_key])
    except sealing.BadSignature:
        return False
    assert raw in envelopes(), "forged"
    return True


@target("opened-envelope", seeds=envelopes, share=300)
def opened_envelope(raw: bytes) -> bool:
    """Whoever has the signing key, but is broken or hostile, signs anything: opening says no by its own names."""
    try:
        read = sealing.parse(raw)
    except sealing.MalformedEnvelope:
        return False
    opened = 0
    for way in (
        lambda: opening.open_sealed(read, opening_keys()),
        lambda: sealing.open_order(read, {sealing.public_key_id(HUB_KEY): HUB}),
        lambda: sealing.open_in_conversation(read, lane=sealing.Lane.TO_HUB, secret=SECRET),
        lambda: sealing.read_answer(read),
    ):
        try:
            way()
            opened += 1
        except (sealing.CannotOpen, sealing.MalformedEnvelope):
            continue
    return opened > 0


@target("box", seeds=lambda: [sealing.seal_box(SECRET, b"kept", purpose="draft", bound=b"id")])
def box(raw: bytes) -> bool:
    """A sealed row, or a cookie that is one."""
    try:
        assert sealing.open_box(SECRET, raw, purpose="draft", bound=b"id") == b"kept"
    except sealing.CannotOpen:
        return False
    return True


def wraps() -> list[bytes]:
    """A secret under a number."""
    cost = numbers.KdfCost(opslimit=1, memlimit=8 * 1024)
    return [numbers.wrap_secret(SECRET, "0" * 24, case_id=HERE, pepper=bytes(32), cost=cost).to_bytes()]


@target("wrap", seeds=wraps)
def wrap(raw: bytes) -> bool:
    """It comes back with what the Hub kept, and never asks for more work than is allowed."""
    try:
        read = numbers.Wrap.from_bytes(raw)
    except numbers.MalformedWrap:
        return False
    assert read.to_bytes() == raw
    return True


# The post


def parcels() -> list[bytes]:
    """Full and empty ones."""
    full = carriers.Parcel(
        envelopes=[(HERE, b"envelope")],
        answers=[b"answer"],
        give_back_after=b"",
        given_back=(carriers.GivenBack(HERE, THERE, 3, b"body"),),
        chains=(carriers.Grown("access", 2, (bytes(32),)),),
        heads=(carriers.Head("access", 2, bytes(32), THERE),),
        heads_after="",
    )
    return [carriers.pack(full), carriers.pack(carriers.Parcel())]


@target("parcel", seeds=parcels)
def parcel(raw: bytes) -> bool:
    """One pass, as the other side says it."""
    try:
        read = carriers.unpack(raw)
    except carriers.MalformedParcel:
        return False
    again = carriers.unpack(carriers.pack(read))
    assert (list(again.envelopes), list(again.answers)) == (list(read.envelopes), list(read.answers))
    assert (again.given_back, again.heads, again.give_back_after) == (read.given_back, read.heads, read.give_back_after)
    return True


BODY = b'{"envelopes":[],"answers":[]}'
CLAIMS = carriers.Claims(issuer=THERE, audience=HERE, sent=12, seen=9, stopped=False, nonce="abc", said_at=1)


def _read_token(token: str, nonce: str | None = None) -> bool:
    try:
        read = carriers.read_token(
            token, body=BODY, keys=[COURIER.verify_key], issuer=THERE, audience=HERE, now=NOW, nonce=nonce
        )
    except carriers.BadToken:
        return False
    assert (read.issuer, read.audience) == (THERE, HERE)
    return True


@cache
def courier_token() -> bytes:
    """A good one."""
    return carriers.make_token(CLAIMS, body=BODY, signer=COURIER, now=NOW).encode()


@target(
    "courier-token",
    seeds=lambda: [
        courier_token(),
        carriers.make_token(CLAIMS, body=BODY, signer=STRANGER, now=NOW).encode(),
        b"eyJhbGciOiJub25lIn0.e30.",
    ],
    share=300,
)
def token(raw: bytes) -> bool:
    """The header of a pass, as the server reads it. No other text than ours is believed."""
    said = raw.decode("latin-1")
    if not _read_token(said):
        return False
    assert _same_token(said), "forged"
    return True


def _same_token(said: str) -> bool:
    """The same three parts; the last sign of each may carry bits that stand for nothing."""
    ours = courier_token().decode().split(".")
    return [each.rstrip("=")[:-1] for each in said.split(".")] == [each[:-1] for each in ours]


@target(
    "courier-claims",
    seeds=lambda: [
        json.dumps(
            {
                "iss": THERE.hex(),
                "aud": HERE.hex(),
                "iat": int(NOW.timestamp()),
                "exp": int(NOW.timestamp()) + 45,
                "jti": "abc",
                "body": hashlib.sha256(BODY).hexdigest(),
                "sent": 1,
                "seen": 2,
                "stopped": False,
                "said_at": 3,
                "restored": "",
            }
        ).encode()
    ],
    share=300,
)
def courier_claims(raw: bytes) -> bool:
    """Anything at all, signed with a courier's key that was stolen."""
    head = b".".join(_b64url(each) for each in (b'{"alg":"Ed25519","typ":"JWT"}', raw))
    return _read_token((head + b"." + _b64url(COURIER.sign(head).signature)).decode(), nonce="abc")


def _b64url(raw: bytes) -> bytes:
    return base64.urlsafe_b64encode(raw).rstrip(b"=")


# What is sealed in them


def documents() -> list[bytes]:
    """The requests of the stories, something added to one, and news."""
    made = [
        referral.Referral(
            reference="412907",
            case_secret=SECRET,
            number_wrap=b"wrap",
            language="en",
            answers=dict(story.answers),
            consent="consent/v1",
            sent_at=NOW.isoformat(),
        ).to_bytes()
        for story in STORIES[:4]
    ]
    added = referral.Addition(kind="message", content={"text": "words", "until": NOW.isoformat()})
    news = referral.News(kind="status", at=NOW.isoformat(), status="assigned", data={"until": NOW.isoformat()})
    return [*made, added.to_bytes(), news.to_bytes()]


@target("referral", seeds=documents)
def documents_read(raw: bytes) -> bool:
    """All three ways of reading, and the facts that the queue makes of it."""
    taken = False
    for kind in (referral.Referral, referral.Addition, referral.News):
        try:
            read = kind.from_bytes(raw)
        except referral.MalformedReferral:
            continue
        taken = True
        assert kind.from_bytes(read.to_bytes()).to_bytes() == read.to_bytes()
        if isinstance(read, referral.Referral):
            json.dumps(read.facts())
            assert isinstance(read.is_restricted, bool)
            read.conflict_words.encode()
        elif isinstance(read, referral.News):
            assert read.until is None or read.until.utcoffset() is not None
        else:
            read.reasons_not_to_report()
    return taken


def orders() -> list[bytes]:
    """One of each kind."""
    until, b64 = NOW.isoformat(), base64.b64encode(SECRET).decode()
    more: dict[str, dict[str, Any]] = {
        "collect": {"code": "0" * 10, "secret": b64, "reference": "412907", "until": until},
        "again": {"reference": "412907", "wrap": b64, "number_out": 3, "opened_on": "2026-03-17"},
        "results": {"quarter": "2027-Q1", "tallies": []},
        "packet": {
            "packet": HERE.hex(),
            "reference": "0" * 8,
            "body": b64,
            "lock": b64,
            "answer_tag": b64,
            "was_read": False,
            "until": until,
        },
        "no-packet": {"packet": HERE.hex()},
    }
    return [
        json.dumps({"version": order.VERSION, "order": each.value, **more.get(each.value, {})}).encode()
        for each in order.Order
    ]


@target("order", seeds=orders)
def order_read(raw: bytes) -> bool:
    """What the Hub tells the portal to do."""
    try:
        read = order.Told.from_bytes(raw)
    except order.MalformedOrder:
        return False
    assert order.Told.from_bytes(read.to_bytes()) == read
    return True


def surveys() -> list[bytes]:
    """Answers of several shapes."""
    some = {name: codes[0] for name, codes in survey.ONE_OF.items()}
    return [
        survey.Survey(month="2026-03", district=3, answers={**some, "got_better": ["health"]}).to_bytes(),
        survey.Survey(month="2026-02", district=None, answers={"still_hard": ["health", "money"]}).to_bytes(),
    ]


@target("survey", seeds=surveys)
def survey_read(raw: bytes) -> bool:
    """Codes and nothing else."""
    try:
        read = survey.Survey.from_bytes(raw, today=TODAY)
    except survey.MalformedSurvey:
        return False
    assert survey.Survey.from_bytes(read.to_bytes(), today=TODAY) == read
    return True


@target(
    "feedback",
    seeds=lambda: [
        feedback.Feedback(on=TODAY, language="en", about=about, words="words", reach="").to_bytes()
        for about in (None, next(iter(feedback.About)))
    ],
)
def feedback_read(raw: bytes) -> bool:
    """What anybody may say of the service."""
    if not feedback.is_feedback(raw):
        return False
    try:
        read = feedback.Feedback.from_bytes(raw, today=TODAY)
    except feedback.MalformedFeedback:
        return False
    assert feedback.Feedback.from_bytes(read.to_bytes(), today=TODAY) == read
    return True


@target(
    "packet",
    seeds=lambda: [
        packet.Packet(
            sender="Hub",
            receiver="Refuge",
            on=TODAY,
            token=bytes(16),
            sections=(packet.Section("Who", (packet.Line("Name", "Ada"), packet.Line("Age", "40"))),),
        ).to_bytes()
    ],
)
def packet_read(raw: bytes) -> bool:
    """What a service is handed."""
    try:
        read = packet.Packet.from_bytes(raw)
    except packet.MalformedPacket:
        return False
    assert packet.Packet.from_bytes(read.to_bytes()) == read
    return True


@target(
    "packet-answer",
    seeds=lambda: [
        packet.PacketAnswer(
            packet_id=HERE, token=bytes(16), said=packet.Said.ACCEPTED, worker="Sam", on=TODAY
        ).to_bytes(),
        packet.PacketAnswer(
            packet_id=HERE, token=bytes(16), said=packet.Said.BOUNCED, reason=packet.Reason.NO_ROOM, words="No."
        ).to_bytes(),
    ],
)
def packet_answer(raw: bytes) -> bool:
    """What the service says of it."""
    if not packet.is_packet_answer(raw):
        return False
    try:
        read = packet.PacketAnswer.from_bytes(raw)
    except packet.MalformedPacket:
        return False
    assert packet.PacketAnswer.from_bytes(read.to_bytes()) == read
    return True


# What a browser sends


@target(
    "return-number",
    seeds=[
        b"412 907 555 123 000 111 222 333",
        "٤١٢٩٠٧-۵۵۵۱۲۳".encode(),
        "\u200f４１２９０７\u200f".encode(),
        b"",
        b"x" * 30,
    ],
)
def return_number(raw: bytes) -> bool:
    """Whatever was typed where a number, a reference or a code goes."""
    typed = text_of(raw)
    plain = reference.normalise(typed)
    assert reference.problems(plain) == reference.problems(typed), "understood in another way when it is shown again"
    assert not plain.isascii() or digits.western(plain) == plain
    reference.rows(plain)
    try:
        found = reference.read_number(typed)
    except reference.NotANumber as error:
        sure(typed == "" or typed not in str(error) or len(typed) < 20)
        return False
    assert len(found) == reference.NUMBER_LENGTH
    assert found.isascii()
    assert found.isdigit()
    return True


@cache
def languages() -> Any:
    """Those of a made-up county."""
    return content.load_languages(AREA)


@target(
    "accept-language",
    seeds=[b"pl,en-GB;q=0.8,en;q=0.5", b"*;q=0.1, uk-UA, ar;q=0", b"zh-Hant-TW;q=1.000", b"en-GB-oxendict;q=0.9", b""],
)
def accept_language(raw: bytes) -> bool:
    """The header, as the server reads it."""
    for pseudo in (False, True):
        found = languages().negotiate(raw.decode("latin-1"), pseudo=pseudo)
        assert found in languages().shown(pseudo=pseudo)
    return found is not languages().default


TOKEN = bytes(range(32))


@target(
    "cookie",
    seeds=lambda: [
        cookies.token_text(TOKEN).encode(),
        cookies.stamped(TOKEN, secret="s" * 32, now=NOW).encode(),
        b"0" * len(appearance.CHOICES),
    ],
)
def cookie(raw: bytes) -> bool:
    """Each of the few cookies. No stamp but ours is believed."""
    text = raw.decode("latin-1")
    token_found = cookies.token_of(text)
    assert token_found is None or len(token_found) == cookies.TOKEN_LENGTH
    looks = appearance.read(text)
    assert isinstance(looks, appearance.Appearance)
    found = cookies.unstamped(text, secret="s" * 32, now=NOW, idle=timedelta(minutes=20))
    assert found is None or found == (TOKEN, NOW)
    return token_found is not None or found is not None or looks != appearance.USUAL


@cache
def form_app() -> Flask:
    """Forms read the request and the language of the page."""
    app = Flask("fuzzing")
    app.config.update(WTF_CSRF_ENABLED=False, SECRET_KEY="k", WTF_I18N_ENABLED=False, MAX_FORM_PARTS=1000)
    Babel(app)
    return app


BOUNDARY = "boundary"


def bodies() -> list[bytes]:
    """A byte that says how the rest is written, and the form as browsers send it."""
    made = []
    for each in (
        b"name=Ada&contact=yes&ways=call&ways=email&conflict=no&address=07700+900111&times=any&text=%D0%B0",
        b"leave=1",
        b"",
    ):
        made += [b"u" + each]
    part = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="address"\r\n\r\n07700 900111\r\n--{BOUNDARY}--\r\n'
    return [*made, b"m" + part.encode(), b"m" + part.replace('"address"', '"ways"; filename="a"').encode()]


@target("form", seeds=bodies, share=60)
def form(raw: bytes) -> bool:
    """A body, through Werkzeug and every question of the request in turn. What is kept of it travels as it is."""
    kind = "application/x-www-form-urlencoded" if raw[:1] == b"u" else f"multipart/form-data; boundary={BOUNDARY}"
    with form_app().test_request_context(
        "/", method="POST", input_stream=BytesIO(raw[1:]), content_length=len(raw) - 1, content_type=kind
    ):
        try:
            sent = request.form
        except HTTPException as error:
            sure(error.code is not None)
            sure(error.code < 500)
            return False
        form_class = list(FORMS.values())[zlib.crc32(raw) % len(FORMS)]
        made = form_class(formdata=sent)
        for each in made:
            if isinstance(each, SelectField) and each.choices is None:
                each.choices = [SelectChoice("one", "One")]
        if not made.validate():
            return False
        kept = made.answer()
        assert set(kept) <= {each.name for each in made}
        json.dumps(kept, ensure_ascii=False).encode("utf-8")
    return True


@target(
    "case-system-body",
    seeds=[
        b'{"milestone": "trial", "on": "2026-03-17", "time": "10:00"}',
        b'{"status": "asb-check", "on": "2026-03-17"}',
        b'{"grant_type": "client_credentials"}',
    ],
)
def case_system_body(raw: bytes) -> bool:
    """A body of another agency's system, against every shape of the document."""
    try:
        read = json.loads(raw, parse_constant=lambda _name: 1 / 0)
    except (ValueError, RecursionError, ZeroDivisionError):
        return False
    shapes = [each.body for each in api_forms.OPERATIONS.values() if each.body is not None]
    assert shapes
    results = [wrongs(shape, read) for shape in shapes]
    for found in results:
        json.dumps([[each.pointer, each.detail] for each in found]).encode()
    return any(not found for found in results)


@target("search", seeds=[b"what happens in court", "суд".encode(), b"he'll kill me", b"a-b_c"])
def searched(raw: bytes) -> bool:
    """Words that somebody looks for."""
    found = search.words(text_of(raw)[:2000])
    assert all(found)
    return bool(found)


@target(
    "staff-message",
    seeds=[
        b"Ring 01223 496000 or see https://example.org/a?b=c.\n\nSam",
        b"<script>alert(1)</script> www.example.org",
        b"a@b.example",
    ],
    share=200,
)
def staff_message(raw: bytes) -> bool:
    """What a colleague wrote, through the one boundary of HTML: links and line breaks come out, and nothing else."""
    made = str(markup.staff_text(text_of(raw)[:4000], hosts=("example.org",)))
    lowered = made.lower()
    assert "<script" not in lowered
    assert "javascript:" not in "".join(part.split('"')[0] for part in lowered.split('href="')[1:])
    assert Markup(made).striptags() is not None
    for tag in lowered.split("<")[1:]:
        assert tag.startswith(("a href=", "/a>", "br>", "br />")), tag[:20]
    return "<" in made


@target(
    "small-codes",
    seeds=[
        b"2027-Q1",
        b"2027",
        b"never",
        b"2026-03-17",
        b"69b7d2e0-" + b"00" * 16,
        b'{"wanted": true, "ways": [], "on": "2026-03-17"}',
    ],
)
def small_codes(raw: bytes) -> bool:
    """Short texts in addresses, hidden fields and rows."""
    text, taken = text_of(raw), False
    for read in (Quarter.read, Period.read):
        try:
            found = read(text)
        except (ResultsError, ValueError):
            continue
        taken = True
        assert read(str(found)) == found
    offer = Offer.from_text(text)
    assert Offer.from_text(offer.to_text()) == offer
    mark = Mark.from_text(text)
    if mark is not None:
        taken = True
        assert Mark.from_text(mark.to_text()) == mark
    try:
        read_codes = json.loads(raw)
    except (ValueError, RecursionError):
        return taken
    return from_codes(read_codes) is not None or taken


# What the identity provider says

ISSUER, CLIENT = "https://sign-in.example", "desk"
PROVIDER_KEY = ECKey.import_key(
    {
        "kty": "EC",
        "crv": "P-256",
        "kid": "one",
        "d": "870MB6gfuTJ4HtUnUvYMyJpr5eUZNP4Bk43bVdj3eAE",
        "x": "MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4",
        "y": "4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM",
    }
)


class Said(oidc.Provider):
    """A provider whose answers are given here; nothing is fetched."""

    def __init__(self, said: Any = None) -> None:
        super().__init__(ISSUER, client_id=CLIENT, client_secret="s", scopes=("openid",))
        self.said = said

    def _get(self, address: str, *, bearer: str = "") -> Any:
        if address.endswith("/keys") and self.said is None:
            return {"keys": [PROVIDER_KEY.as_dict(private=False)]}
        return self.said if self.said is not None else ABOUT


ABOUT = {
    "issuer": ISSUER,
    "authorization_endpoint": f"{ISSUER}/go",
    "token_endpoint": f"{ISSUER}/token",
    "jwks_uri": f"{ISSUER}/keys",
    "code_challenge_methods_supported": ["S256"],
    "id_token_signing_alg_values_supported": ["ES256"],
    "end_session_endpoint": f"{ISSUER}/end",
}
ID_CLAIMS = {
    "iss": ISSUER,
    "aud": CLIENT,
    "sub": "amira",
    "nonce": "n",
    "iat": int(NOW.timestamp()),
    "exp": int(NOW.timestamp()) + 300,
    "name": "Amira",
    "groups": ["hub"],
    "acr": "2",
}


@cache
def provider() -> Said:
    """One that is as it should be."""
    return Said()


def _is_proof(token_text: str) -> bool:
    try:
        claims = provider()._claims(token_text, nonce="n", access="", now=NOW)
    except (oidc.NotBelieved, oidc.ProviderDown):
        return False
    assert (claims["iss"], claims["nonce"]) == (ISSUER, "n")
    assert claims["aud"] in (CLIENT, [CLIENT])
    assert claims["exp"] > NOW.timestamp() - oidc.LEEWAY - 1
    assert isinstance(claims["sub"], str)
    return True


@target(
    "id-token-claims",
    seeds=[json.dumps(ID_CLAIMS).encode(), json.dumps({**ID_CLAIMS, "aud": [CLIENT], "azp": CLIENT}).encode()],
    share=100,
)
def id_token_claims(raw: bytes) -> bool:
    """Anything at all, signed by the provider."""
    signer = SIGNER()
    head = b".".join(_b64url(each) for each in (b'{"alg":"ES256","kid":"one"}', raw))
    return _is_proof((head + b"." + _b64url(signer(head))).decode("ascii"))


@cache
def SIGNER() -> Callable[[bytes], bytes]:  # noqa: N802
    """Signs as the provider does."""
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric.ec import ECDSA
    from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

    private = PROVIDER_KEY.private_key
    assert private is not None

    def sign(head: bytes) -> bytes:
        r, s = decode_dss_signature(private.sign(head, ECDSA(hashes.SHA256())))
        return r.to_bytes(32) + s.to_bytes(32)

    return sign


@cache
def id_token() -> bytes:
    """A good one."""
    return jwt.encode({"alg": "ES256", "kid": "one"}, ID_CLAIMS, PROVIDER_KEY, algorithms=["ES256"]).encode()


@target("id-token", seeds=lambda: [id_token(), b"eyJhbGciOiJub25lIn0.e30.", b"a.b.c"], share=100)
def id_token_read(raw: bytes) -> bool:
    """The token itself, spoilt: none but ours is believed."""
    if not _is_proof(raw.decode("latin-1")):
        return False
    ours, said = id_token().split(b"."), raw.split(b".")
    assert [each.rstrip(b"=")[:-1] for each in said] == [each[:-1] for each in ours], "forged"
    return True


@target(
    "provider-says",
    seeds=lambda: [
        json.dumps(ABOUT).encode(),
        json.dumps({**ABOUT, "keys": [PROVIDER_KEY.as_dict(private=False)]}).encode(),
    ],
    share=100,
)
def provider_says(raw: bytes) -> bool:
    """What a provider publishes about itself, and its keys."""
    try:
        read = json.loads(raw)
    except (ValueError, RecursionError):
        return False
    if not isinstance(read, dict):
        return False  # what fetches it refuses this
    said = Said(read)
    try:
        said.about()
        said.end_address(back="https://desk.example/")
        said._keys(anew=True)
    except (oidc.ProviderDown, oidc.NotBelieved):
        return False
    return True


# Files


@cache
def folder() -> Path:
    """A place for files."""
    made = Path(tempfile.mkdtemp(prefix="fuzzing-"))
    atexit.register(shutil.rmtree, made, ignore_errors=True)
    return made


def _file(name: str, raw: bytes) -> Path:
    path = folder() / name
    if not path.exists():
        path.touch(mode=0o600)
    path.write_bytes(raw)
    return path


def _entry(public: bytes, **more: Any) -> dict[str, Any]:
    return {"id": sealing.public_key_id(public).hex(), "public": public.hex(), **more}


def bundles() -> list[bytes]:
    """What the sides give each other to pin."""
    verify = bytes(PORTAL.verify_key)
    times = {"not_before": "2026-01-01T00:00:00+00:00", "not_after": "2027-01-01T00:00:00+00:00"}
    hub = {"sealing": [_entry(HUB_KEY, **times)], **{each: [_entry(verify)] for each in ("voice", "post", "courier")}}
    portal = {"signing": [_entry(verify, revoked=False)], "sealing": [_entry(HUB_KEY)]}
    return [
        json.dumps({"format": 1, "side": side, "database_id": HERE.hex(), "keys": lists}).encode()
        for side, lists in (("hub", hub), ("portal", portal))
    ]


@target("key-bundle", seeds=bundles)
def key_bundle(raw: bytes) -> bool:
    """A file to pin."""
    path, taken = _file("bundle.json", raw), 0
    for reader in (keys.HubPublicKeys, keys.PortalPublicKeys):
        try:
            found = reader.load(path)
        except keys.KeyFileError as error:
            sure("\n" not in str(error))
            continue
        assert reader.load(path).fingerprint() == found.fingerprint()
        taken += 1
    return taken == 1


@target("peppers", seeds=[b"\n".join(bytes([each] * 32).hex().encode() for each in (1, 2))])
def peppers(raw: bytes) -> bool:
    """The portal's own file."""
    try:
        numbers.Peppers.load(_file("peppers", raw))
    except numbers.PeppersError as error:
        sure(bytes([1] * 32).hex() not in str(error))
        return False
    return True


@cache
def backup_file() -> bytes:
    """A small one."""
    path = folder() / "made.backup"
    path.unlink(missing_ok=True)
    record = whole.to_record("case", [{"id": b"id", "on": TODAY, "facts": {"a": 1}, "count": 3}])
    backups.write(path, whole.pieces_of(iter([{"head": 1}, record])), public=HUB_KEY)
    return path.read_bytes()


@target("backup", seeds=lambda: [backup_file()], share=300)
def backup(raw: bytes) -> bool:
    """A sealed copy: whole, or not read."""
    try:
        list(backups.read(_file("a.backup", raw), private=HUB))
    except backups.BackupUnreadable:
        return False
    assert raw == backup_file(), "another file was read as whole"
    return True


@target(
    "backup-record",
    seeds=lambda: [
        json.dumps(
            whole.to_record("case", [{"id": b"id", "on": TODAY, "facts": {"a": 1}, "count": 3}]), default=whole.packed
        ).encode()
    ],
)
def backup_record(raw: bytes) -> bool:
    """The lines in it, from whoever has the offline public key."""
    try:
        for record in whole.records_of(iter([raw])):
            whole.from_record(record)
    except whole.NotWhole:
        return False
    return True


@target("audit-heads", seeds=[b"access 12 " + b"ab" * 32 + b" - 2026-03-17T10:00:00+00:00\n"])
def audit_heads(raw: bytes) -> bool:
    """The file beside the database, of which a line may be cut off."""
    _file(FILE, raw)
    return bool(HeadsFile(folder()).read())


@cache
def area_yaml() -> bytes:
    """Of a made-up county."""
    return (AREA / "area.yaml").read_bytes()


@target(
    "yaml",
    seeds=[b'a: 1\nb: [x, "y"]\nc:\n  - id: one\n    on: 2026-03-17\n', b"a: &x {b: 1}\nc: *x\n", b"? k\n: v\n"],
    share=200,
)
def yaml(raw: bytes) -> bool:
    """A text that somebody wrote by hand."""
    try:
        top = yaml_reader.parse_yaml(raw.decode("utf-8", "replace"), file="a.yaml")
    except yaml_reader.ContentError as error:
        sure("\n" not in str(error))
        return False
    finally:
        yaml_reader.forget()
    assert isinstance(top.keys(), tuple)
    return True


@cache
def area_folder() -> Path:
    """A copy whose one file changes."""
    place = folder() / "area"
    shutil.copytree(AREA, place, dirs_exist_ok=True)
    return place


@target("area", seeds=lambda: [area_yaml()], share=2)
def area(raw: bytes) -> bool:
    """The whole file of an area: in order, or refused in one line."""
    (area_folder() / "area.yaml").write_bytes(raw)
    try:
        content.load_area(area_folder())
    except yaml_reader.ContentError as error:
        sure("\n" not in str(error))
        return False
    finally:
        yaml_reader.forget()
    return True


@target("pledge", seeds=lambda: [(AREA / "pledge.md").read_bytes()], share=2)
def pledge(raw: bytes) -> bool:
    """Long text with front matter."""
    (area_folder() / "pledge.md").write_bytes(raw)
    try:
        content.load_pledge(area_folder(), "en")
    except yaml_reader.ContentError:
        return False
    finally:
        yaml_reader.forget()
    return True


@target(
    "catalogue",
    seeds=[
        b'msgid ""\nmsgstr "Content-Type: text/plain; charset=UTF-8\\n"\n\n#, fuzzy\nmsgid "Name"\nmsgstr "Imi"\n\n'
        b'msgid "%(n)s day"\nmsgid_plural "%(n)s days"\nmsgstr[0] "a"\nmsgstr[1] "b"\n'
    ],
    share=100,
)
def catalogue(raw: bytes) -> bool:
    """What a translator sends back."""
    from tools.translators import Refused, read_theirs

    path = _file("theirs.po", raw)
    try:
        read_theirs(path, locale=None)
    except Refused:
        return False
    return True
