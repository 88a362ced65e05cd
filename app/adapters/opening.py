"""Opening: the Hub's private sealing keys, and what only they can read. The portal must never import this module.

The referral lane is opened here (HPKE base mode, RFC 9180), and so are the record secrets: one a case, under which the
Hub keeps what it was sent, so that changing a sealing key means wrapping one small row a case again.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey

from app.adapters.keys import KeyFileError, read_private_keys, sealing_private
from app.adapters.sealing import (
    ID_LENGTH,
    KEY_ID_LENGTH,
    SEALED_TO_HUB,
    SECRET_LENGTH,
    SUITE,
    CannotOpen,
    Envelope,
    Lane,
    UnknownKey,
    associated_data_of,
    public_key_id,
    unpad,
)

__all__ = [
    "CannotOpen",
    "HubOpener",
    "OpeningKey",
    "OpeningKeys",
    "UnknownKey",
    "key_of_record",
    "open_sealed",
    "unwrap_record_secret",
    "wrap_record_secret",
]

_RECORD_VERSION: Final = 1
_RECORD_AS: Final = b"record secret/v1\x00"
_RECORD_PREFIX: Final = 1 + KEY_ID_LENGTH


@dataclass(frozen=True)
class OpeningKey:
    """One sealing key of the Hub with its private half: 8 bytes of id, 32 of raw public key, aware time of start."""

    key_id: bytes
    public: bytes
    private: X25519PrivateKey = field(repr=False)
    not_before: datetime
    revoked: bool


class OpeningKeys:
    """The Hub's sealing keys with their private halves, by key id.

    A revoked key still opens what was sealed to it before the portal knew: it is only never offered to seal with.
    """

    def __init__(self, keys: Iterable[OpeningKey]) -> None:
        """Take the keys. Raises ValueError when none of them is in use."""
        self._keys = {key.key_id: key for key in keys}
        in_use = [key for key in self._keys.values() if not key.revoked]
        if not in_use:
            raise ValueError("none of the sealing keys is in use")
        self._newest = max(in_use, key=lambda key: key.not_before)

    @classmethod
    def load(cls, path: Path) -> OpeningKeys:
        """Read the sealing keys from the Hub's private key file. Raises KeyFileError."""
        entries = read_private_keys(path, side="hub")["sealing"]
        keys = [
            OpeningKey(
                key_id=entry.key_id,
                public=entry.public,
                private=sealing_private(entry, path=path),
                not_before=entry.not_before or datetime.min.replace(tzinfo=UTC),
                revoked=entry.revoked,
            )
            for entry in entries
        ]
        try:
            return cls(keys)
        except ValueError:
            raise KeyFileError(f"{path}: every sealing key in it is revoked; add a new one") from None

    @property
    def newest(self) -> OpeningKey:
        """The key that started last and is not revoked."""
        return self._newest

    def private_of(self, key_id: bytes) -> X25519PrivateKey:
        """Return the private half of the key with this id. Raises UnknownKey."""
        try:
            return self._keys[key_id].private
        except KeyError:
            raise UnknownKey from None


def open_sealed(envelope: Envelope, keys: OpeningKeys) -> bytes:
    """Return the text of an envelope of the referral lane.

    The signature is not looked at: call `sealing.verify` first. Raises UnknownKey, and CannotOpen for an answer, for
    another lane, or for anything that was changed.
    """
    if envelope.kind not in SEALED_TO_HUB:
        raise CannotOpen
    private = keys.private_of(envelope.key_id)
    return unpad(_decrypt(envelope.ciphertext, private=private, bound=associated_data_of(envelope, lane=Lane.REFERRAL)))


def wrap_record_secret(record_secret: bytes, *, case_id: bytes, public_key: bytes) -> bytes:
    """Return a case's record secret (32 bytes) sealed to one of the Hub's own keys, bound to the case's id (16 bytes).

    `public_key` is the raw public half of `OpeningKeys.newest`. Raises ValueError for a wrong length.
    """
    if len(record_secret) != SECRET_LENGTH or len(case_id) != ID_LENGTH:
        raise ValueError(f"a record secret has {SECRET_LENGTH} bytes and a case id {ID_LENGTH}")
    key_id = public_key_id(public_key)
    bound = _bound_record(case_id=case_id, key_id=key_id)
    sealed = SUITE.encrypt(record_secret, X25519PublicKey.from_public_bytes(public_key), info=bound)
    return bytes([_RECORD_VERSION]) + key_id + sealed


def unwrap_record_secret(blob: bytes, *, case_id: bytes, keys: OpeningKeys) -> bytes:
    """Return the record secret that `wrap_record_secret` sealed for this case. Raises UnknownKey or CannotOpen."""
    key_id, sealed = key_of_record(blob), blob[_RECORD_PREFIX:]
    bound = _bound_record(case_id=case_id, key_id=key_id)
    return _decrypt(sealed, private=keys.private_of(key_id), bound=bound)


def key_of_record(blob: bytes) -> bytes:
    """Return the id of the key (8 bytes) that a record secret is wrapped to. Raises CannotOpen."""
    if len(blob) <= _RECORD_PREFIX or blob[0] != _RECORD_VERSION:
        raise CannotOpen
    return blob[1:_RECORD_PREFIX]


def _bound_record(*, case_id: bytes, key_id: bytes) -> bytes:
    return _RECORD_AS + bytes([_RECORD_VERSION]) + key_id + case_id


def _decrypt(ciphertext: bytes, *, private: X25519PrivateKey, bound: bytes) -> bytes:
    try:
        return SUITE.decrypt(ciphertext, private, info=bound)
    except InvalidTag:
        raise CannotOpen from None


class HubOpener:
    """Opens and wraps with one set of keys: what the Hub's use cases are given, instead of the keys themselves."""

    def __init__(self, keys: OpeningKeys) -> None:
        self._keys = keys

    def open(self, envelope: Envelope) -> bytes:
        """Return the text of an envelope sealed to the Hub. Raises CannotOpen."""
        return open_sealed(envelope, self._keys)

    def wrap_record(self, secret: bytes, *, case_id: bytes) -> bytes:
        """Return a record secret wrapped to the newest sealing key."""
        return wrap_record_secret(secret, case_id=case_id, public_key=self._keys.newest.public)

    def unwrap_record(self, wrapped: bytes, *, case_id: bytes) -> bytes:
        """Return the record secret again. Raises CannotOpen."""
        return unwrap_record_secret(wrapped, case_id=case_id, keys=self._keys)

    def key_of(self, wrapped: bytes) -> bytes:
        """Return the id of the key that a record secret is wrapped to. Raises CannotOpen."""
        return key_of_record(wrapped)

    @property
    def newest_key(self) -> bytes:
        """The id of the key that `wrap_record` wraps to."""
        return self._keys.newest.key_id
