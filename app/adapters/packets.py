"""Packets under a code: the Hub makes both, the portal keeps the one and never has the other.

A packet is sealed under a random key, and that key under Argon2id (RFC 9106) of the code. The portal puts a pepper of its own
around the locked key, so that whoever has only its database cannot try codes at all. Codes and references carry a Damm digit:
what was mistyped is noticed before anything slow.
"""

from __future__ import annotations

import secrets
import struct
from typing import Final

import nacl.exceptions
from nacl.pwhash import argon2id
from nacl.secret import Aead
from stdnum import damm

from app.adapters import sealing
from app.adapters.numbers import DEFAULT, KdfCost, Peppers, pepper_id, reference_tag, reference_tags
from app.adapters.sealing import CannotOpen, TooLarge
from app.domain.packet import CODE_LENGTH, REFERENCE_LENGTH, size_for

_LOCKED_AS: Final = b"packet lock/v1\x00"
_BOX: Final = "packet"
_AROUND: Final = "packet lock"
_TAGGED_AS: Final = "packet/"
_SEALED_LENGTH: Final = Aead.NONCE_SIZE + sealing.SECRET_LENGTH + Aead.MACBYTES
_LOCK: Final = struct.Struct(f">B{argon2id.SALTBYTES}sII{_SEALED_LENGTH}s")
_LOCK_VERSION: Final = 1
_PEPPER_ID_LENGTH: Final = 8

#: How many bytes a lock has; without pepper.
LOCK_LENGTH: Final = _LOCK.size


class WrongCode(Exception):
    """The code does not open this. Nothing is said about why."""


def make_code() -> str:
    """Return a new hand-over code: 15 random digits (about 50 bits) and a check digit."""
    return _with_check_digit(CODE_LENGTH)


def make_reference() -> str:
    """Return the eight digits by which a packet is named; whether another has them is for the caller to see."""
    return _with_check_digit(REFERENCE_LENGTH)


def looks_right(digits: str, *, length: int) -> bool:
    """True when so many digits could be a code or a reference that was made here."""
    return len(digits) == length and digits.isascii() and digits.isdigit() and bool(damm.is_valid(digits))


def wrap(packet: bytes, code: str, *, packet_id: bytes, cost: KdfCost = DEFAULT) -> tuple[bytes, bytes]:
    """Return the packet sealed, filled up to one of a few sizes, and its key locked under the code.

    Takes as long as `cost` says. Raises sealing.TooLarge.
    """
    size = size_for(len(packet))
    if size is None:
        raise TooLarge("the packet does not fit")
    key = secrets.token_bytes(sealing.SECRET_LENGTH)
    body = sealing.seal_box(key, sealing.pad(packet, size), purpose=_BOX, bound=packet_id)
    salt = secrets.token_bytes(argon2id.SALTBYTES)
    bound = _bound(packet_id, salt=salt, cost=cost)
    sealed = bytes(_slow_box(code, salt=salt, cost=cost).encrypt(key, aad=bound))
    return body, _LOCK.pack(_LOCK_VERSION, salt, cost.opslimit, cost.memlimit, sealed)


def unwrap(body: bytes, lock: bytes, code: str, *, packet_id: bytes) -> bytes:
    """Return the packet that this code opens. The slow part runs exactly once. Raises WrongCode."""
    try:
        version, salt, opslimit, memlimit, sealed = _LOCK.unpack(lock)
        cost = KdfCost(opslimit=opslimit, memlimit=memlimit)
    except (struct.error, ValueError):
        raise WrongCode from None
    box = _slow_box(code, salt=salt, cost=cost)
    try:
        if version != _LOCK_VERSION:
            raise WrongCode
        key = box.decrypt(sealed, aad=_bound(packet_id, salt=salt, cost=cost))
        return sealing.unpad(sealing.open_box(key, body, purpose=_BOX, bound=packet_id))
    except (nacl.exceptions.CryptoError, CannotOpen):
        raise WrongCode from None


def stand_in_lock(cost: KdfCost = DEFAULT) -> bytes:
    """Return a random lock that nothing opens, for a packet that is not there: trying it takes as long."""
    salt, sealed = secrets.token_bytes(argon2id.SALTBYTES), secrets.token_bytes(_SEALED_LENGTH)
    return _LOCK.pack(_LOCK_VERSION, salt, cost.opslimit, cost.memlimit, sealed)


def put_pepper_around(lock: bytes, *, packet_id: bytes, pepper: bytes) -> bytes:
    """Return the lock as the portal keeps it: the database alone does not even let codes be tried."""
    return pepper_id(pepper) + sealing.seal_box(pepper, lock, purpose=_AROUND, bound=packet_id)


def take_pepper_off(kept: bytes, *, packet_id: bytes, peppers: Peppers) -> bytes:
    """Return the lock again; a stand-in when the pepper is no longer kept, so that the time says nothing."""
    pepper = peppers.named(kept[:_PEPPER_ID_LENGTH])
    try:
        if pepper is None:
            raise CannotOpen
        return sealing.open_box(pepper, kept[_PEPPER_ID_LENGTH:], purpose=_AROUND, bound=packet_id)
    except CannotOpen:
        return stand_in_lock()


def packet_tag(reference: str, pepper: bytes) -> bytes:
    """Return the 32 bytes under which a packet is kept in place of its reference."""
    return reference_tag(_TAGGED_AS + reference, pepper)


def packet_tags(reference: str, peppers: Peppers) -> list[bytes]:
    """Return every tag that a packet of this reference may be kept under, newest pepper first."""
    return reference_tags(_TAGGED_AS + reference, peppers)


def _with_check_digit(length: int) -> str:
    free = str(secrets.randbelow(10 ** (length - 1))).zfill(length - 1)
    return free + str(damm.calc_check_digit(free))


def _slow_box(code: str, *, salt: bytes, cost: KdfCost) -> Aead:
    typed = code.encode("utf-8", "surrogatepass")
    return Aead(argon2id.kdf(Aead.KEY_SIZE, typed, salt, opslimit=cost.opslimit, memlimit=cost.memlimit))


def _bound(packet_id: bytes, *, salt: bytes, cost: KdfCost) -> bytes:
    return _LOCKED_AS + struct.pack(">BII", _LOCK_VERSION, cost.opslimit, cost.memlimit) + salt + packet_id
