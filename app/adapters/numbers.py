"""Return numbers: making them, telling which row is wrong, and keeping a secret that only the number opens.

Row 1 carries a Damm digit, so that any single wrong digit and any swap of neighbours in it is noticed. Rows 2 to 4
carry a digit keyed with a pepper, so that a number not made by us is refused before the database and the slow part.
The slow part is Argon2id (RFC 9106) over HMAC(pepper, digits); opening the wrapped secret is the only verifier.

Peppers are never in the database: someone who has only that cannot try numbers at all.
"""

from __future__ import annotations

import hmac
import secrets
import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import nacl.exceptions
from nacl.pwhash import argon2id
from nacl.secret import Aead
from stdnum import damm

from app.adapters.keys import PEPPER_LENGTH, KeyFileError, read_private
from app.adapters.sealing import ID_LENGTH, SECRET_LENGTH
from app.domain.reference import ALL_NUMBER_LENGTHS, REFERENCE_LENGTHS, ROW_LENGTH, ROWS, read_number, rows

_FREE_DIGITS: Final = ROW_LENGTH - 1
# References that begin with 7, 8 or 9 are the desk's own: the two sides draw apart and never meet (docs/adr/0020).
_FIRST_OF_DESK: Final = "7"

# Every use of a pepper has its own name in front, so that no value of one use can stand in for another.
_AS_PEPPER_ID: Final = b"id/v1\x00"
_AS_REFERENCE: Final = b"ref/v1\x00"
_AS_ROW: Final = b"row/v1\x00"
_AS_NUMBER: Final = b"number/v1\x00"
_WRAPPED_AS: Final = b"number wrap/v1\x00"

_PEPPER_ID_LENGTH: Final = 8
_KEY_LENGTH: Final = Aead.KEY_SIZE
_SALT_LENGTH: Final = argon2id.SALTBYTES
_SEALED_LENGTH: Final = Aead.NONCE_SIZE + SECRET_LENGTH + Aead.MACBYTES

#: The version of a wrap. It stands for `normalise` version 1 too: another spelling of the digits needs another wrap.
WRAP_VERSION: Final = 1
_WRAP: Final = struct.Struct(f">B{_PEPPER_ID_LENGTH}s{_SALT_LENGTH}sII{_SEALED_LENGTH}s")

_SHORTEST_CODE: Final = 10

#: What a wrap may ask of this machine: a wrap comes back from outside, and must not be able to ask for more.
MOST_PASSES: Final = 16
MOST_MEMORY: Final = 256 * 1024 * 1024


class PeppersError(KeyFileError):
    """The file of peppers cannot be used. The message is one line: which file, and what to do."""


class MalformedWrap(ValueError):
    """The bytes are not a wrap of this version, or they ask for more work than is allowed."""


class WrongNumber(Exception):
    """The digits do not open this wrap. Nothing is said about why."""


class Peppers:
    """The portal's peppers, newest first: secrets of 32 bytes that are never in the database."""

    def __init__(self, peppers: Iterable[bytes]) -> None:
        """Take the peppers, newest first. Raises ValueError when there are none, or one is not 32 bytes, or twice."""
        self._peppers = tuple(peppers)
        if not self._peppers:
            raise ValueError("there are no peppers")
        if any(len(pepper) != PEPPER_LENGTH for pepper in self._peppers):
            raise ValueError(f"a pepper has {PEPPER_LENGTH} bytes")
        if len(set(self._peppers)) < len(self._peppers):
            raise ValueError("a pepper stands there twice")
        self._by_id = {pepper_id(pepper): pepper for pepper in self._peppers}

    @classmethod
    def load(cls, path: Path) -> Peppers:
        """Read peppers from a file that only its owner may touch, one a line in hexadecimal, newest first.

        Raises PeppersError.
        """
        try:
            lines = read_private(path).split()
        except KeyFileError as error:
            raise PeppersError(str(error)) from None
        try:
            return cls(bytes.fromhex(line.decode("ascii")) for line in lines)
        except ValueError:
            raise PeppersError(
                f"{path}: needs one pepper a line, each {2 * PEPPER_LENGTH} hexadecimal digits and none twice; "
                "put back the right file, from the offline copy if need be"
            ) from None

    @property
    def newest(self) -> bytes:
        """The pepper that new numbers are made with."""
        return self._peppers[0]

    def named(self, short_id: bytes) -> bytes | None:
        """Return the pepper with this `pepper_id`, or nothing when it is no longer kept."""
        return self._by_id.get(short_id)

    def __iter__(self) -> Iterator[bytes]:
        """Go through the peppers, newest first."""
        return iter(self._peppers)

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self._peppers)

    def __repr__(self) -> str:
        """Return how many there are, never the peppers."""
        return f"Peppers({len(self)})"


def pepper_id(pepper: bytes) -> bytes:
    """Return the 8 bytes that name a pepper beside what was made with it. They tell nothing about it."""
    return _mac(pepper, _AS_PEPPER_ID)[:_PEPPER_ID_LENGTH]


# Rows


def make_number(peppers: Peppers, *, reference: str = "") -> str:
    """Return a new number, 24 digits when its reference is usual: about 65 random bits, of which the three secret rows hold 50.

    With a `reference` only the secret rows are new. Whether a new reference was used before is for the caller to
    see, by `reference_tags`.
    """
    if not reference:
        reference = draw_reference()
    secret_rows = []
    for index in range(2, ROWS + 1):
        free = _random_digits()
        secret_rows.append(free + _keyed_digit(peppers.newest, index=index, reference=reference, digits=free))
    return "".join((reference, *secret_rows))


def draw_reference(length: int = ROW_LENGTH) -> str:
    """Return a reference of `length` digits (one of REFERENCE_LENGTHS) for a request that is sent on the site.

    Whether it was used before is for the caller to see, by `reference_tags`.
    """
    return _reference(secrets.randbelow(_first_of_desk(length)), length=length)


def make_reference(length: int = ROW_LENGTH) -> str:
    """Return a reference of `length` digits for a request that a colleague takes: one that no number made above begins with.

    Whether the desk has used it before is for the caller to see.
    """
    first = _first_of_desk(length)
    return _reference(first + secrets.randbelow(10 ** (length - 1) - first), length=length)


def is_desks_own(reference: str) -> bool:
    """True for a reference of the kind that `make_reference` gives."""
    return is_reference(reference) and reference >= _FIRST_OF_DESK


def is_reference(digits: str) -> bool:
    """True when these digits could be a reference that was made here, of whatever length."""
    return len(digits) in REFERENCE_LENGTHS and digits.isascii() and bool(damm.is_valid(digits))


def check_rows(digits: str, peppers: Peppers) -> tuple[int, ...]:
    """Return which rows of a number, counted from 1, do not look right; nothing when it may be one of ours.

    When row 1 is wrong only that is reported, for the others depend on it. Rows 2 to 4 are held to one pepper: the one
    that fits most of them, the newest among equals. Raises NotANumber when it has not as many digits as a number.
    """
    reference, *secret_rows = rows(read_number(digits, lengths=ALL_NUMBER_LENGTHS))
    if not damm.is_valid(reference):
        return (1,)
    return min((_wrong_rows(reference, secret_rows, pepper=pepper) for pepper in peppers), key=len)


def first_row_length(digits: str, *, usual: int) -> int:
    """Return how long row 1 of what was typed seems to be: the first length, from `usual` down, whose check digit is right.

    For laying out what is not whole, or not right. `usual` when none is.
    """
    lengths = sorted((each for each in REFERENCE_LENGTHS if each <= usual), reverse=True)
    return next((each for each in lengths if is_reference(digits[:each])), usual)


def _wrong_rows(reference: str, secret_rows: list[str], *, pepper: bytes) -> tuple[int, ...]:
    return tuple(
        index
        for index, row in enumerate(secret_rows, start=2)
        if not hmac.compare_digest(
            row[_FREE_DIGITS:], _keyed_digit(pepper, index=index, reference=reference, digits=row[:_FREE_DIGITS])
        )
    )


def _first_of_desk(length: int) -> int:
    return int(_FIRST_OF_DESK.ljust(length - 1, "0"))


def _reference(free: int, *, length: int) -> str:
    digits = str(free).zfill(length - 1)
    return digits + damm.calc_check_digit(digits)


def _random_digits() -> str:
    return str(secrets.randbelow(10**_FREE_DIGITS)).zfill(_FREE_DIGITS)


def _keyed_digit(pepper: bytes, *, index: int, reference: str, digits: str) -> str:
    mac = _mac(pepper, _AS_ROW + bytes([index]) + reference.encode() + digits.encode())
    return str(int.from_bytes(mac) % 10)


def reference_tag(reference: str, pepper: bytes) -> bytes:
    """Return the 32 bytes under which a case is kept in place of its reference."""
    return _mac(pepper, _AS_REFERENCE + _bytes_of(reference))


def reference_tags(reference: str, peppers: Peppers) -> list[bytes]:
    """Return every tag that a case of this reference may be kept under, newest pepper first."""
    return [reference_tag(reference, pepper) for pepper in peppers]


# Wraps


@dataclass(frozen=True)
class KdfCost:
    """What one opening costs: Argon2id passes, and memory in bytes, with one lane. Raises ValueError out of bounds."""

    opslimit: int = 2
    memlimit: int = 19 * 1024 * 1024

    def __post_init__(self) -> None:
        """Refuse what Argon2id cannot do and what this machine should not."""
        if not argon2id.OPSLIMIT_MIN <= self.opslimit <= MOST_PASSES:
            raise ValueError(f"Argon2id takes {argon2id.OPSLIMIT_MIN} to {MOST_PASSES} passes here")
        if not argon2id.MEMLIMIT_MIN <= self.memlimit <= MOST_MEMORY:
            raise ValueError(f"Argon2id takes {argon2id.MEMLIMIT_MIN} to {MOST_MEMORY} bytes here")


DEFAULT: Final = KdfCost()


@dataclass(frozen=True)
class Wrap:
    """A secret wrapped under a number. `salt` has 16 bytes, `sealed` 72, `pepper_id` 8. Raises ValueError otherwise."""

    version: int
    salt: bytes
    cost: KdfCost
    sealed: bytes
    pepper_id: bytes

    def __post_init__(self) -> None:
        """Refuse parts that would not fit their place."""
        if (len(self.salt), len(self.sealed), len(self.pepper_id)) != (_SALT_LENGTH, _SEALED_LENGTH, _PEPPER_ID_LENGTH):
            raise ValueError("a part of the wrap has the wrong length")
        if self.version != WRAP_VERSION:
            raise ValueError("the wrap has another version")

    def to_bytes(self) -> bytes:
        """Return the wrap as it is kept and as it travels: always the same number of bytes."""
        return _WRAP.pack(self.version, self.pepper_id, self.salt, self.cost.opslimit, self.cost.memlimit, self.sealed)

    @classmethod
    def from_bytes(cls, raw: bytes) -> Wrap:
        """Read what `to_bytes` gave. Raises MalformedWrap, also when the wrap asks for more work than is allowed."""
        try:
            version, short_id, salt, opslimit, memlimit, sealed = _WRAP.unpack(raw)
            cost = KdfCost(opslimit=opslimit, memlimit=memlimit)
            return cls(version=version, salt=salt, cost=cost, sealed=sealed, pepper_id=short_id)
        except (struct.error, ValueError):
            raise MalformedWrap("these bytes are not a wrap") from None


def wrap_secret(secret: bytes, digits: str, *, case_id: bytes, pepper: bytes, cost: KdfCost = DEFAULT) -> Wrap:
    """Return a secret of 32 bytes wrapped under a number, or under a code of ten digits or more, for one case.

    Takes as long as `cost` says. Raises ValueError for a secret or case id of the wrong length, or for what is not all
    digits; the message never repeats them.
    """
    if len(secret) != SECRET_LENGTH or len(case_id) != ID_LENGTH:
        raise ValueError(f"a wrapped secret has {SECRET_LENGTH} bytes and a case id {ID_LENGTH}")
    if len(digits) < _SHORTEST_CODE or not (digits.isascii() and digits.isdigit()):
        raise ValueError(f"a secret is wrapped under {_SHORTEST_CODE} digits or more, and nothing but digits")
    salt = secrets.token_bytes(_SALT_LENGTH)
    short_id = pepper_id(pepper)
    bound = _bound(case_id=case_id, pepper_id=short_id, salt=salt, cost=cost)
    sealed = bytes(_slow_box(digits, pepper=pepper, salt=salt, cost=cost).encrypt(secret, aad=bound))
    return Wrap(version=WRAP_VERSION, salt=salt, cost=cost, sealed=sealed, pepper_id=short_id)


def unwrap_secret(wrap: Wrap, digits: str, *, case_id: bytes, peppers: Peppers) -> bytes:
    """Return the secret that these digits open for this case. Raises WrongNumber.

    The slow part runs exactly once, whatever the digits and however many peppers there are: also when the pepper that
    the wrap names is no longer kept, so that the time says nothing.
    """
    pepper = peppers.named(wrap.pepper_id) or peppers.newest
    box = _slow_box(digits, pepper=pepper, salt=wrap.salt, cost=wrap.cost)
    bound = _bound(case_id=case_id, pepper_id=wrap.pepper_id, salt=wrap.salt, cost=wrap.cost)
    try:
        return box.decrypt(wrap.sealed, aad=bound)
    except nacl.exceptions.CryptoError:
        raise WrongNumber from None


def stand_in_wrap(peppers: Peppers, cost: KdfCost) -> Wrap:
    """Return a random wrap that nothing opens, for a number that is not known.

    Opening it takes as long as opening a real one of this cost; give the costliest that is in use.
    """
    return Wrap(
        version=WRAP_VERSION,
        salt=secrets.token_bytes(_SALT_LENGTH),
        cost=cost,
        sealed=secrets.token_bytes(_SEALED_LENGTH),
        pepper_id=pepper_id(peppers.newest),
    )


def _slow_box(digits: str, *, pepper: bytes, salt: bytes, cost: KdfCost) -> Aead:
    peppered = _mac(pepper, _AS_NUMBER + _bytes_of(digits))
    return Aead(argon2id.kdf(_KEY_LENGTH, peppered, salt, opslimit=cost.opslimit, memlimit=cost.memlimit))


def _bound(*, case_id: bytes, pepper_id: bytes, salt: bytes, cost: KdfCost) -> bytes:
    parameters = struct.pack(">BII", WRAP_VERSION, cost.opslimit, cost.memlimit)
    return _WRAPPED_AS + parameters + pepper_id + salt + case_id


def _bytes_of(typed: str) -> bytes:
    # What was typed may hold anything at all, lone surrogates included: it must be a wrong number, not an error.
    return typed.encode("utf-8", "surrogatepass")


def _mac(key: bytes, message: bytes) -> bytes:
    return hmac.digest(key, message, "sha256")  # in one go, which takes a third of the time
