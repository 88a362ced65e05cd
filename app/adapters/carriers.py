"""How the post travels: the parcel of one pass, the signed token that vouches for it, and the HTTP carrier.

No carrier is trusted to keep anything: an envelope waits at its sender until a signed answer comes. The token is an
Ed25519 JWT (RFC 7519, RFC 8037) that lives for less than a minute and binds the parcel's bytes.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import secrets
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import OKPKey
from nacl.signing import SigningKey, VerifyKey

ALGORITHM = "Ed25519"
TOKEN_LIFE = timedelta(seconds=45)
LONGEST_LIFE = timedelta(seconds=60)
CLOCK_SLACK = timedelta(seconds=10)
MOST_BYTES = 8 * 1024 * 1024
# Base64 makes a third more, and there is the frame around it.
MOST_PARCEL_BYTES = MOST_BYTES * 2
LONGEST_NAME = 64
TOKEN_HEADER = "Post-Token"  # the header's name, no secret  # noqa: S105  # nosec B105
PASS_PATH = "/post/pass"  # a path, no secret  # noqa: S105  # nosec B105


class BadToken(Exception):
    """The token is missing, forged, stale, for somebody else or for another parcel."""


class StaleToken(BadToken):
    """Signed by the right key, but for another time: a parcel that lay about somewhere."""


class WrongDatabase(BadToken):
    """Signed by the right key, but meant for another database: one side was exchanged or rolled back."""

    def __init__(self, claims: Claims) -> None:
        super().__init__("meant for another database")
        self.claims = claims


class MalformedParcel(Exception):
    """The bytes are not a parcel."""


class CarrierDown(Exception):
    """The other side could not be reached, or did not answer as it should."""


@dataclass(frozen=True)
class Parcel:
    """What one side hands over in a pass: envelopes with the ids they wait under, and answers to what it was given.

    A Hub that was restored asks for its own items to people with `give_back_after`: those whose ids come after this one (empty:
    from the first). The portal gives some of them back, by id, or none when there are no more.

    `chains` are what the Hub's audit has grown by, and the portal's `heads` how far it has seen those chains since. With
    `heads_after` the Hub asks for all heads whose chain comes after this name (empty: from the first).
    """

    envelopes: Sequence[tuple[bytes, bytes]] = field(default_factory=tuple)
    answers: Sequence[bytes] = field(default_factory=tuple)
    give_back_after: bytes | None = None
    given_back: Sequence[GivenBack] = field(default_factory=tuple)
    chains: Sequence[Grown] = field(default_factory=tuple)
    heads: Sequence[Head] = field(default_factory=tuple)
    heads_after: str | None = None


@dataclass(frozen=True)
class Grown:
    """What a chain of the audit has grown by: the salted digests of its lines after the first `after` ones."""

    chain: str
    after: int
    digests: Sequence[bytes]


@dataclass(frozen=True)
class Head:
    """How far the portal has seen a chain: its first `count` lines end in `hash`. `restored` as in Claims, when it was seen."""

    chain: str
    count: int
    hash: bytes
    restored: bytes = b""


@dataclass(frozen=True)
class GivenBack:
    """What the portal still has of an item that the Hub once sent; `body` is empty when its person cleared it."""

    envelope_id: bytes
    case_id: bytes
    number: int
    body: bytes = field(repr=False)


@dataclass(frozen=True)
class Claims:
    """What a token says: who to whom, what it counted as sent, the highest count it saw of the other, and if it stopped.

    `said_at` is when it was said, in milliseconds since 1970: passes may overtake each other. `restored` is a random id that a
    database is given each time when it was filled from a backup; empty while it never was.
    """

    issuer: bytes
    audience: bytes
    sent: int
    seen: int
    stopped: bool
    nonce: str
    said_at: int
    restored: bytes = b""


def pack(parcel: Parcel) -> bytes:
    """A parcel as bytes."""
    content: dict[str, Any] = {
        "envelopes": [[envelope_id.hex(), _b64(body)] for envelope_id, body in parcel.envelopes],
        "answers": [_b64(answer) for answer in parcel.answers],
    }
    if parcel.give_back_after is not None:
        content["give_back_after"] = parcel.give_back_after.hex()
    if parcel.given_back:
        content["given_back"] = [
            [each.envelope_id.hex(), each.case_id.hex(), each.number, _b64(each.body)] for each in parcel.given_back
        ]
    if parcel.chains:
        content["chains"] = [[each.chain, each.after, [_b64(one) for one in each.digests]] for each in parcel.chains]
    if parcel.heads:
        content["heads"] = [[each.chain, each.count, each.hash.hex(), each.restored.hex()] for each in parcel.heads]
    if parcel.heads_after is not None:
        content["heads_after"] = parcel.heads_after
    return json.dumps(content, separators=(",", ":")).encode("ascii")


def unpack(raw: bytes) -> Parcel:
    """Bytes as a parcel. Raises MalformedParcel on anything that `pack` would not make."""
    if len(raw) > MOST_PARCEL_BYTES:
        raise MalformedParcel("too large")
    try:
        read = json.loads(raw)
        envelopes = [(_id(pair[0]), _unb64(pair[1])) for pair in _list(read, "envelopes")]
        answers = [_unb64(answer) for answer in _list(read, "answers")]
        given_back = tuple(
            GivenBack(_id(each[0]), _id(each[1]), _count(each[2]), _unb64(each[3]))
            for each in (_list(read, "given_back") if "given_back" in read else ())
        )
        after = _id_or_none(read["give_back_after"]) if "give_back_after" in read else None
        chains = tuple(
            Grown(_name(each[0]), _count(each[1]), tuple(_hash(_unb64(one)) for one in each[2]))
            for each in (_list(read, "chains") if "chains" in read else ())
        )
        heads = tuple(
            Head(_name(each[0]), _count(each[1]), _hash(bytes.fromhex(each[2])), _id_or_none(each[3]))
            for each in (_list(read, "heads") if "heads" in read else ())
        )
        heads_after = _name(read["heads_after"]) if "heads_after" in read else None
    except (ValueError, TypeError, KeyError, IndexError, RecursionError) as error:
        raise MalformedParcel(type(error).__name__) from None
    return Parcel(
        envelopes=envelopes,
        answers=answers,
        give_back_after=after,
        given_back=given_back,
        chains=chains,
        heads=heads,
        heads_after=heads_after,
    )


def make_token(claims: Claims, *, body: bytes, signer: SigningKey, now: datetime) -> str:
    """A token for these bytes, good for 45 seconds from `now`."""
    key = OKPKey.import_key(
        {"kty": "OKP", "crv": "Ed25519", "x": _b64url(bytes(signer.verify_key)), "d": _b64url(bytes(signer))}
    )
    content: dict[str, Any] = {
        "iss": claims.issuer.hex(),
        "aud": claims.audience.hex(),
        "iat": int(now.timestamp()),
        "exp": int((now + TOKEN_LIFE).timestamp()),
        "jti": claims.nonce,
        "body": hashlib.sha256(body).hexdigest(),
        "sent": claims.sent,
        "seen": claims.seen,
        "stopped": claims.stopped,
        "said_at": claims.said_at,
    }
    if claims.restored:
        content["restored"] = claims.restored.hex()
    return jwt.encode({"alg": ALGORITHM}, content, key, algorithms=[ALGORITHM])


def read_token(
    token: str,
    *,
    body: bytes,
    keys: Iterable[VerifyKey],
    issuer: bytes,
    audience: bytes,
    now: datetime,
    nonce: str | None = None,
) -> Claims:
    """Check a token in full and return what it says.

    Raises BadToken for anything wrong, WrongDatabase when only the database ids differ. `nonce`, when given, must be the
    token's own: an answer belongs to one question.
    """
    content = _verified(token, keys)
    try:
        issued, expires = int(content["iat"]), int(content["exp"])
        claims = Claims(
            issuer=_id(content["iss"]),
            audience=_id(content["aud"]),
            sent=int(content["sent"]),
            seen=int(content["seen"]),
            stopped=content["stopped"] is True,
            nonce=str(content["jti"]),
            said_at=int(content["said_at"]),
            restored=_id_or_none(content.get("restored", "")),
        )
        digest = str(content["body"]).encode("utf-8", "replace")
    except (KeyError, ValueError, TypeError, OverflowError):
        raise BadToken("claims are missing") from None
    moment = now.timestamp()
    if not moment - CLOCK_SLACK.total_seconds() < expires or issued > moment + CLOCK_SLACK.total_seconds():
        raise StaleToken("not valid now")
    if expires - issued > LONGEST_LIFE.total_seconds():
        raise BadToken("lives too long")
    if not hmac.compare_digest(digest, hashlib.sha256(body).hexdigest().encode("ascii")):
        raise BadToken("not for this parcel")
    if nonce is not None and not hmac.compare_digest(claims.nonce.encode("utf-8", "replace"), nonce.encode("ascii")):
        raise BadToken("not the answer to this question")
    if claims.audience != audience or claims.issuer != issuer:
        raise WrongDatabase(claims)
    return claims


def new_nonce() -> str:
    """A random text that ties an answer to its question."""
    return secrets.token_hex(16)


class HttpCarrier:
    """One idempotent call both ways; the Hub opens the connection."""

    def __init__(
        self,
        portal_url: str,
        *,
        timeout_seconds: float = 15.0,
        longest_seconds: float | None = None,
        verify: str | bool = True,
    ) -> None:
        """`timeout_seconds` without a byte, or `longest_seconds` in all where somebody waits for it, is no answer."""
        import requests  # the portal only answers: it never loads what calls

        self._url = portal_url.rstrip("/") + PASS_PATH
        self._timeout = timeout_seconds
        self._longest = longest_seconds
        self._session = requests.Session()
        self._session.trust_env = False
        self._session.verify = verify

    def exchange(self, body: bytes, token: str) -> tuple[bytes, str]:
        """Hand over a packed parcel with its token; returns the other side's. Raises CarrierDown."""
        import requests

        headers = {"Content-Type": "application/octet-stream", TOKEN_HEADER: token}
        began = time.monotonic()
        try:
            with self._session.post(
                self._url, data=body, headers=headers, timeout=self._timeout, allow_redirects=False, stream=True
            ) as response:
                if response.status_code != requests.codes.ok:
                    raise CarrierDown(f"the portal answered {response.status_code}")
                content = bytearray()
                for chunk in response.iter_content(65536):
                    content += chunk
                    if len(content) > MOST_PARCEL_BYTES:
                        raise CarrierDown("the portal's parcel is too large")
                    if self._longest is not None and time.monotonic() - began > self._longest:
                        raise CarrierDown("the portal's answer takes too long")
                return bytes(content), response.headers.get(TOKEN_HEADER, "")
        except requests.RequestException as error:
            raise CarrierDown(type(error).__name__) from None

    def close(self) -> None:
        """Let go of the connection."""
        self._session.close()


def _verified(token: str, keys: Iterable[VerifyKey]) -> dict[str, Any]:
    for verify_key in keys:
        key = OKPKey.import_key({"kty": "OKP", "crv": "Ed25519", "x": _b64url(bytes(verify_key))})
        try:
            decoded = jwt.decode(token, key, algorithms=[ALGORITHM])
        except (JoseError, ValueError, TypeError):
            continue
        if isinstance(decoded.claims, dict):
            return decoded.claims
    raise BadToken("not signed by a key that is trusted")


def _list(read: Any, name: str) -> list[Any]:
    value = read[name]
    if not isinstance(value, list):
        raise TypeError(name)
    return value


def _id(text: Any) -> bytes:
    value = bytes.fromhex(text)
    if len(value) != 16:
        raise ValueError("an id has 16 bytes")
    return value


def _id_or_none(text: Any) -> bytes:
    """An id, or nothing for an empty text."""
    return b"" if text == "" else _id(text)


def _count(value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise ValueError("a count is a whole number")
    return value


def _name(value: Any) -> str:
    """The name of a chain."""
    if not isinstance(value, str) or len(value) > LONGEST_NAME or not value.isascii():
        raise ValueError("no name of a chain")
    return value


def _hash(value: bytes) -> bytes:
    if len(value) != hashlib.sha256().digest_size:
        raise ValueError("a hash has 32 bytes")
    return value


def _b64(raw: bytes) -> str:
    return base64.b64encode(raw).decode("ascii")


def _unb64(text: Any) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error as error:
        raise ValueError(str(error)) from None


def _b64url(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode("ascii")
