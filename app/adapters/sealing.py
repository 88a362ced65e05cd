"""Sealing: the envelopes that travel between the two sides, and boxes that stay where they are.

Libraries do the cryptography; this is composition only. The referral lane is HPKE in base mode (RFC 9180: X25519,
HKDF-SHA256, ChaCha20-Poly1305) to the Hub's sealing key. The conversation lane is XChaCha20-Poly1305 under keys that
HKDF-SHA256 (RFC 5869) makes of the case secret. Every envelope is signed with Ed25519 (RFC 8032). Nothing here can
open the referral lane: that is app/adapters/opening.py, which the portal cannot import. What `open_order` opens is sealed to
the portal itself.

An envelope is:

    magic 4 | version u8 | kind u8 | key id 8 | header length u16, header | ciphertext length u32, ciphertext |
    signature 64

with every number big-endian. The header says only random ids and a counter; the ciphertext has one of four sizes.
"""

from __future__ import annotations

import hashlib
import re
import secrets
import struct
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from functools import lru_cache
from typing import Final, Literal

import nacl.exceptions
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from nacl.secret import Aead
from nacl.signing import SigningKey, VerifyKey

VERSION: Final = 1
MAGIC: Final = b"\x8bENV"

ID_LENGTH: Final = 16
KEY_ID_LENGTH: Final = 8
PUBLIC_KEY_LENGTH: Final = 32
SECRET_LENGTH: Final = 32
SIGNATURE_LENGTH: Final = 64

#: The sizes, in bytes, that a ciphertext can have.
BUCKETS: Final = (1024, 4096, 16384, 65536)

SUITE: Final = Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.CHACHA20_POLY1305)

_PADDING_PREFIX: Final = struct.Struct(">I")
_HPKE_OVERHEAD: Final = KEM.X25519.enc_length() + 16
_XCHACHA_OVERHEAD: Final = Aead.NONCE_SIZE + Aead.MACBYTES

#: The one size, in bytes, of the ciphertext of pooled answers: a short set of answers looks like a full one.
POOLED_SIZE: Final = BUCKETS[1]

#: The longest text, in bytes, that fits an envelope of either lane.
MAX_PLAINTEXT: Final = BUCKETS[-1] - max(_HPKE_OVERHEAD, _XCHACHA_OVERHEAD) - _PADDING_PREFIX.size

_START: Final = struct.Struct(f">{len(MAGIC)}sBB{KEY_ID_LENGTH}sH")
_HEADER: Final = struct.Struct(f">{ID_LENGTH}s{ID_LENGTH}s{ID_LENGTH}sQ")
_LENGTH: Final = struct.Struct(">I")
_LARGEST_NUMBER: Final = 2**64 - 1

_SIGNED_AS: Final = b"envelope signature/v1\x00"
_SEALED_AS: Final = b"envelope seal/v1\x00"

_NO_KEY: Final = bytes(KEY_ID_LENGTH)

_BOX_VERSION: Final = 1
_BOX_STEP: Final = 256
_BOXED_AS: Final = b"box/v1\x00"
_SHORTEST_BOX_SECRET: Final = 16

_REASON: Final = re.compile(r"[a-z][a-z0-9_-]{0,63}", re.ASCII)


class Kind(IntEnum):
    """What an envelope says in clear about itself, and nothing more."""

    FIRST = 1
    ITEM = 2
    ANSWER = 3
    POOLED = 4
    ORDER = 5


class Lane(IntEnum):
    """Who may read what. Bound into the seal, never written in clear; POST is what answers travel in."""

    REFERRAL = 1
    TO_HUB = 2
    TO_PERSON = 3
    POST = 4
    ORDER = 5


#: What can be sealed to the Hub's key.
SEALED_TO_HUB: Final = frozenset({Kind.FIRST, Kind.ITEM, Kind.POOLED})
#: Stand where a case's id and an envelope's number would: what is pooled belongs to no case and comes in no order.
NO_CASE: Final = bytes(ID_LENGTH)
NO_NUMBER: Final = 0

_CONVERSATION: Final = {Lane.TO_HUB: "to-hub/v1", Lane.TO_PERSON: "to-person/v1"}


class MalformedEnvelope(ValueError):
    """The bytes are not an envelope."""


class UnknownVersion(MalformedEnvelope):
    """The bytes are an envelope of a version that this release does not know."""


class TooLarge(ValueError):
    """The text does not fit the largest envelope."""


class CannotOpen(Exception):
    """The seal does not open: a wrong key, another context, or changed bytes. Which one is not said."""


class UnknownKey(CannotOpen):
    """The key that this was sealed to is not among those at hand."""


class BadSignature(Exception):
    """None of the keys offered signed this envelope."""


@dataclass(frozen=True)
class Header:
    """The ids of an envelope: random bytes of 16 each, and its number in its case and direction (unsigned 64 bits).

    Raises ValueError when a field does not fit.
    """

    database_id: bytes
    case_id: bytes
    envelope_id: bytes
    number: int

    def __post_init__(self) -> None:
        """Refuse ids and numbers that would not fit their place."""
        if any(len(each) != ID_LENGTH for each in (self.database_id, self.case_id, self.envelope_id)):
            raise ValueError(f"each id of a header has {ID_LENGTH} bytes")
        if not 0 <= self.number <= _LARGEST_NUMBER:
            raise ValueError("the number of a header is an unsigned 64-bit number")

    def to_bytes(self) -> bytes:
        """Return the header as it travels."""
        return _HEADER.pack(self.database_id, self.case_id, self.envelope_id, self.number)


@dataclass(frozen=True)
class Envelope:
    """One envelope, as `parse` read it. Neither its signature nor its seal has been looked at."""

    version: int
    kind: Kind
    key_id: bytes
    header: Header
    ciphertext: bytes = field(repr=False)
    signature: bytes = field(repr=False)
    raw: bytes = field(repr=False)


Outcome = Literal["received", "refused", "kept"]

_OUTCOME_CODES: Final[dict[Outcome, int]] = {"received": 1, "refused": 2, "kept": 3}
_OUTCOMES: Final[dict[int, Outcome]] = {code: outcome for outcome, code in _OUTCOME_CODES.items()}


@dataclass(frozen=True)
class Answer:
    """What became of an envelope: `received`, without a reason, or `refused` with a code such as "bad-signature".

    `kept` is what `received` becomes when a backup holds what came of it.
    """

    outcome: Outcome
    reason: str


def new_id() -> bytes:
    """Return 16 random bytes: the id of a database, a case or an envelope."""
    return secrets.token_bytes(ID_LENGTH)


def public_key_id(public: bytes) -> bytes:
    """Return the 8 bytes by which a raw public key is named: the start of its SHA-256."""
    return hashlib.sha256(public).digest()[:KEY_ID_LENGTH]


@lru_cache(maxsize=8)
def _public_key(raw: bytes) -> X25519PublicKey:
    """A key of the other side as the library takes it: there are very few, and reading one takes longer than finding it."""
    return X25519PublicKey.from_public_bytes(raw)


def derive(secret: bytes, purpose: str, length: int = 32) -> bytes:
    """Return `length` bytes made of a secret for one purpose, with HKDF-SHA256 (RFC 5869)."""
    return HKDF(algorithm=hashes.SHA256(), length=length, salt=None, info=purpose.encode()).derive(secret)


# Envelopes


def seal_to_hub(plaintext: bytes, *, kind: Kind, header: Header, hub_key: bytes, signer: SigningKey) -> bytes:
    """Return a signed envelope of the referral lane, which only the Hub opens.

    `hub_key` is the raw X25519 public key that the Hub's bundle gives. `kind` is FIRST, ITEM or POOLED; a pooled one
    belongs to no case. Raises TooLarge, and ValueError for another kind or a key that is not one.
    """
    if kind not in SEALED_TO_HUB:
        raise ValueError("the referral lane carries first envelopes and items, and pooled answers")
    key_id = public_key_id(hub_key)
    bound = associated_data(kind=kind, lane=Lane.REFERRAL, key_id=key_id, header=header)
    if kind is Kind.POOLED:
        if (header.case_id, header.number) != (NO_CASE, NO_NUMBER):
            raise ValueError("pooled answers belong to no case and have no number")
        padded = pad(plaintext, POOLED_SIZE - _HPKE_OVERHEAD)
    else:
        padded = _pad_to_bucket(plaintext, overhead=_HPKE_OVERHEAD)
    ciphertext = SUITE.encrypt(padded, _public_key(hub_key), info=bound)
    return _sign(kind=kind, key_id=key_id, header=header, ciphertext=ciphertext, signer=signer)


def seal_in_conversation(
    plaintext: bytes, *, lane: Lane, header: Header, key_id: bytes, secret: bytes, signer: SigningKey
) -> bytes:
    """Return a signed item of the conversation lane, under the case secret of 32 bytes.

    `lane` is TO_HUB or TO_PERSON. `key_id`, 8 bytes, is bound and not used to open. Raises TooLarge, and ValueError
    for another lane or for a secret or key id of the wrong length.
    """
    if len(key_id) != KEY_ID_LENGTH:
        raise ValueError(f"a key id has {KEY_ID_LENGTH} bytes")
    bound = associated_data(kind=Kind.ITEM, lane=lane, key_id=key_id, header=header)
    padded = _pad_to_bucket(plaintext, overhead=_XCHACHA_OVERHEAD)
    ciphertext = bytes(_conversation(secret, lane).encrypt(padded, aad=bound))
    return _sign(kind=Kind.ITEM, key_id=key_id, header=header, ciphertext=ciphertext, signer=signer)


def open_in_conversation(envelope: Envelope, *, lane: Lane, secret: bytes) -> bytes:
    """Return the text of a conversation item, under the case secret of 32 bytes.

    The signature is not looked at: call `verify` first. Raises CannotOpen, and ValueError for a lane that is not of
    the conversation or for a secret of the wrong length.
    """
    box = _conversation(secret, lane)
    if envelope.kind is not Kind.ITEM:
        raise CannotOpen
    bound = associated_data_of(envelope, lane=lane)
    try:
        return unpad(box.decrypt(envelope.ciphertext, aad=bound))
    except (nacl.exceptions.CryptoError, ValueError):
        raise CannotOpen from None


def seal_order(plaintext: bytes, *, header: Header, portal_key: bytes, signer: SigningKey) -> bytes:
    """Return a signed envelope in which the Hub tells the portal what to do with a case; only the portal opens it.

    `portal_key` is the raw X25519 public key of the portal's bundle, `signer` the Hub's voice. Raises TooLarge.
    """
    key_id = public_key_id(portal_key)
    bound = associated_data(kind=Kind.ORDER, lane=Lane.ORDER, key_id=key_id, header=header)
    padded = _pad_to_bucket(plaintext, overhead=_HPKE_OVERHEAD)
    ciphertext = SUITE.encrypt(padded, _public_key(portal_key), info=bound)
    return _sign(kind=Kind.ORDER, key_id=key_id, header=header, ciphertext=ciphertext, signer=signer)


def open_order(envelope: Envelope, keys: Mapping[bytes, X25519PrivateKey]) -> bytes:
    """Return the text of an order, opened with the portal's own sealing keys by key id.

    The signature is not looked at: call `verify` first. Raises UnknownKey, and CannotOpen for any other kind.
    """
    if envelope.kind is not Kind.ORDER:
        raise CannotOpen
    private = keys.get(envelope.key_id)
    if private is None:
        raise UnknownKey
    try:
        return unpad(SUITE.decrypt(envelope.ciphertext, private, info=associated_data_of(envelope, lane=Lane.ORDER)))
    except InvalidTag:
        raise CannotOpen from None


def make_answer(*, header: Header, outcome: Outcome, reason: str, signer: SigningKey) -> bytes:
    """Return the signed answer to the envelope that `header` names.

    It is not encrypted: it says what the delivery state says in clear. So a reason is a short code in lower case
    letters, digits, hyphens and underscores, never text; `received` and `kept` have none. Raises ValueError otherwise.
    """
    if not _is_answer(outcome, reason):
        raise ValueError("an answer is `received` or `kept` without a reason or `refused` with a short code")
    body = bytes([_OUTCOME_CODES[outcome]]) + reason.encode("ascii")
    padded = pad(body, BUCKETS[0])
    return _sign(kind=Kind.ANSWER, key_id=_NO_KEY, header=header, ciphertext=padded, signer=signer)


def read_answer(envelope: Envelope) -> Answer:
    """Return what an answer says. The signature is not looked at: call `verify` first. Raises MalformedEnvelope."""
    if envelope.kind is not Kind.ANSWER:
        raise MalformedEnvelope("this envelope is not an answer")
    try:
        body = unpad(envelope.ciphertext)
        outcome, reason = _OUTCOMES[body[0]], body[1:].decode("ascii")
    except (CannotOpen, LookupError, UnicodeDecodeError):
        raise MalformedEnvelope("the answer cannot be read") from None
    if not _is_answer(outcome, reason):
        raise MalformedEnvelope("the answer cannot be read")
    return Answer(outcome=outcome, reason=reason)


def parse(raw: bytes) -> Envelope:
    """Read the bytes of one envelope, to the last byte. Raises MalformedEnvelope or its subclass UnknownVersion.

    An unknown version is recognised before anything that another version may lay out differently.
    """
    if not raw.startswith(MAGIC) or len(raw) == len(MAGIC):
        raise MalformedEnvelope("these bytes are not an envelope")
    if raw[len(MAGIC)] != VERSION:
        raise UnknownVersion("this envelope has another version")
    try:
        return _parse_known(raw)
    except struct.error:
        raise MalformedEnvelope("the envelope ends too early") from None


def _parse_known(raw: bytes) -> Envelope:
    _, version, kind_code, key_id, header_length = _START.unpack_from(raw, 0)
    at = _START.size
    if header_length != _HEADER.size:
        raise MalformedEnvelope("the header has another length")
    database_id, case_id, envelope_id, number = _HEADER.unpack_from(raw, at)
    at += _HEADER.size
    (ciphertext_length,) = _LENGTH.unpack_from(raw, at)
    at += _LENGTH.size
    if ciphertext_length not in BUCKETS:
        raise MalformedEnvelope("the ciphertext has another size")
    if len(raw) != at + ciphertext_length + SIGNATURE_LENGTH:
        raise MalformedEnvelope("the envelope has another length")
    try:
        kind = Kind(kind_code)
    except ValueError:
        raise MalformedEnvelope("the envelope is of no known kind") from None
    if kind is Kind.ANSWER and (key_id != _NO_KEY or ciphertext_length != BUCKETS[0]):
        raise MalformedEnvelope("an answer names no key and has the smallest size")
    if kind is Kind.POOLED and not (case_id == NO_CASE and number == NO_NUMBER and ciphertext_length == POOLED_SIZE):
        raise MalformedEnvelope("pooled answers belong to no case, have no number, and all have one size")
    return Envelope(
        version=version,
        kind=kind,
        key_id=key_id,
        header=Header(database_id=database_id, case_id=case_id, envelope_id=envelope_id, number=number),
        ciphertext=raw[at : at + ciphertext_length],
        signature=raw[at + ciphertext_length :],
        raw=raw,
    )


def verify(envelope: Envelope, keys: Iterable[VerifyKey]) -> None:
    """Return when one of the keys signed this envelope. Raises BadSignature otherwise, also when there are no keys.

    What is checked is built from the envelope's fields, so that what was verified is what will be opened.
    """
    signed = _SIGNED_AS + _unsigned(
        version=envelope.version,
        kind=envelope.kind,
        key_id=envelope.key_id,
        header=envelope.header,
        ciphertext=envelope.ciphertext,
    )
    for key in keys:
        try:
            key.verify(signed, envelope.signature)
        except (nacl.exceptions.BadSignatureError, nacl.exceptions.ValueError):
            continue
        return
    raise BadSignature("no trusted key signed this envelope")


def associated_data(*, kind: Kind, lane: Lane, key_id: bytes, header: Header, version: int = VERSION) -> bytes:
    """Return what a seal is bound to: version, kind, lane, key id and every id and number of the header."""
    return _SEALED_AS + bytes([version, kind, lane]) + key_id + header.to_bytes()


def associated_data_of(envelope: Envelope, *, lane: Lane) -> bytes:
    """Return what the seal of a parsed envelope must be bound to, if it is of this lane."""
    return associated_data(
        kind=envelope.kind, lane=lane, key_id=envelope.key_id, header=envelope.header, version=envelope.version
    )


def _conversation(secret: bytes, lane: Lane) -> Aead:
    if lane not in _CONVERSATION:
        raise ValueError("this lane is not of the conversation")
    if len(secret) != SECRET_LENGTH:
        raise ValueError(f"a case secret has {SECRET_LENGTH} bytes")
    return Aead(derive(secret, _CONVERSATION[lane]))


def _is_answer(outcome: str, reason: str) -> bool:
    if outcome in ("received", "kept"):
        return reason == ""
    return outcome == "refused" and _REASON.fullmatch(reason) is not None


def _sign(*, kind: Kind, key_id: bytes, header: Header, ciphertext: bytes, signer: SigningKey) -> bytes:
    unsigned = _unsigned(version=VERSION, kind=kind, key_id=key_id, header=header, ciphertext=ciphertext)
    return unsigned + signer.sign(_SIGNED_AS + unsigned).signature


def _unsigned(*, version: int, kind: Kind, key_id: bytes, header: Header, ciphertext: bytes) -> bytes:
    head = header.to_bytes()
    start = _START.pack(MAGIC, version, kind, key_id, len(head))
    return start + head + _LENGTH.pack(len(ciphertext)) + ciphertext


# Padding


def pad(plaintext: bytes, size: int) -> bytes:
    """Return the text with its length before it and zeros after it, `size` bytes in all. Raises TooLarge."""
    if len(plaintext) > size - _PADDING_PREFIX.size:
        raise TooLarge("the text does not fit")
    return (_PADDING_PREFIX.pack(len(plaintext)) + plaintext).ljust(size, b"\x00")


def unpad(padded: bytes) -> bytes:
    """Return the text that `pad` was given. Raises CannotOpen when the padding is not as `pad` makes it."""
    if len(padded) < _PADDING_PREFIX.size:
        raise CannotOpen
    (length,) = _PADDING_PREFIX.unpack_from(padded)
    end = _PADDING_PREFIX.size + length
    if end > len(padded) or padded.count(0, end) != len(padded) - end:
        raise CannotOpen
    return padded[_PADDING_PREFIX.size : end]


def _pad_to_bucket(plaintext: bytes, *, overhead: int) -> bytes:
    if len(plaintext) > MAX_PLAINTEXT:
        raise TooLarge(f"an envelope holds {MAX_PLAINTEXT} bytes of text at most")
    needed = len(plaintext) + _PADDING_PREFIX.size + overhead
    return pad(plaintext, next(bucket for bucket in BUCKETS if bucket >= needed) - overhead)


# Boxes


def seal_box(secret: bytes, plaintext: bytes, *, purpose: str, bound: bytes) -> bytes:
    """Return the text sealed for one purpose, for a row that stays where it is: a draft, a visit, a record.

    `secret` has 16 bytes or more and is not a password: nothing here is slow. `bound` is what the box belongs to, such
    as the row's id: it must be given again to open. The size tells the text's length only to the next 256 bytes.
    Raises ValueError for a secret that is too short.
    """
    if len(secret) < _SHORTEST_BOX_SECRET:
        raise ValueError(f"the secret of a box has at least {_SHORTEST_BOX_SECRET} bytes")
    steps = -(-(_PADDING_PREFIX.size + len(plaintext)) // _BOX_STEP)
    sealed = _box(secret, purpose).encrypt(pad(plaintext, steps * _BOX_STEP), aad=_BOXED_AS + bound)
    return bytes([_BOX_VERSION]) + bytes(sealed)


def open_box(secret: bytes, box: bytes, *, purpose: str, bound: bytes) -> bytes:
    """Return the text of a box that `seal_box` made with the same secret, purpose and `bound`. Raises CannotOpen."""
    if len(secret) < _SHORTEST_BOX_SECRET or box[:1] != bytes([_BOX_VERSION]):
        raise CannotOpen
    try:
        return unpad(_box(secret, purpose).decrypt(box[1:], aad=_BOXED_AS + bound))
    except (nacl.exceptions.CryptoError, ValueError):
        raise CannotOpen from None


def _box(secret: bytes, purpose: str) -> Aead:
    # The prefix keeps a box's key apart from the conversation's, whatever purpose a caller invents.
    return Aead(derive(secret, "box/" + purpose))
