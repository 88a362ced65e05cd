"""Key files: making them, reading them, and the public bundles by which each side knows the other.

A private file is JSON, readable by its owner only, made once and never overwritten. The private halves of the Hub's
sealing keys are read by app/adapters/opening.py alone; here they are written once and otherwise passed over.

Within a list of keys the newest comes first. An entry marked `revoked` is never used to seal, sign or verify.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import secrets
import stat
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final, NamedTuple

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from nacl.signing import SigningKey, VerifyKey

from app.adapters.sealing import ID_LENGTH, PUBLIC_KEY_LENGTH, public_key_id

#: How long the Hub seals with one key before both sides say that a new one is due.
SEALING_KEY_LIFE: Final = timedelta(days=365)

PEPPER_LENGTH: Final = 32

_FORMAT: Final = 1
_LARGEST_FILE: Final = 1024 * 1024
_OWNER_ONLY: Final = 0o600
_OTHERS: Final = 0o077
_PRIVATE_LENGTH: Final = 32

_FINGERPRINT_GROUPS: Final = 6
_FINGERPRINT_GROUP: Final = 5

_SEALING: Final = "sealing"
_LISTS: Final[Mapping[str, tuple[str, ...]]] = {
    "hub": (_SEALING, "voice", "post", "courier"),
    "portal": (_SEALING, "signing"),
    "backup": (_SEALING,),
}
_OWNERS: Final = {"hub": "the Hub", "portal": "the portal", "backup": "the backups"}


class KeyFileError(Exception):
    """A key file cannot be used. The message is one line: which file, and what to do. It never holds a key."""


class NoSealingKey(Exception):
    """Every sealing key that the Hub published is revoked, so nothing can be sealed to it."""


class SealingKey(NamedTuple):
    """A key to seal to: its id (8 bytes), the raw public key (32 bytes), and whether it should have been replaced."""

    key_id: bytes
    public: bytes
    is_overdue: bool


@dataclass(frozen=True)
class KeyEntry:
    """One key of a file, read but not yet used. Times are aware and in UTC; only the Hub's sealing keys have them."""

    key_id: bytes
    public: bytes
    not_before: datetime | None
    not_after: datetime | None
    revoked: bool
    private: bytes | None = field(default=None, repr=False)

    def to_public(self) -> dict[str, Any]:
        """Return the entry as a bundle holds it, without its private half."""
        entry: dict[str, Any] = {"id": self.key_id.hex(), "public": self.public.hex()}
        if self.not_before is not None and self.not_after is not None:
            entry |= {"not_before": self.not_before.isoformat(), "not_after": self.not_after.isoformat()}
        if self.revoked:
            entry["revoked"] = True
        return entry


# Making


def make_hub_keys(path: Path, *, now: datetime) -> None:
    """Write the Hub's private keys to a new file: one sealing key that starts now, and its three signing keys.

    `now` is aware. Raises KeyFileError when the file exists or cannot be written.
    """
    _need_zone(now)
    start = now.astimezone(UTC).replace(microsecond=0)
    sealing = new_sealing_entry() | {
        "not_before": start.isoformat(),
        "not_after": (start + SEALING_KEY_LIFE).isoformat(),
    }
    signing = {name: [new_signing_entry()] for name in ("voice", "post", "courier")}
    _write_keys(path, side="hub", lists={_SEALING: [sealing], **signing})


def make_portal_keys(path: Path) -> None:
    """Write the portal's private keys, for signing and sealing, to a new file.

    Raises KeyFileError when the file exists or cannot be written.
    """
    _write_keys(path, side="portal", lists={_SEALING: [new_sealing_entry()], "signing": [new_signing_entry()]})


def make_peppers(path: Path) -> None:
    """Write one pepper to a new file. Raises KeyFileError when the file exists or cannot be written."""
    write_private(path, secrets.token_hex(PEPPER_LENGTH).encode() + b"\n")


def make_backup_keys(private: Path, public: Path) -> str:
    """Write the offline key pair of the backups to two new files; returns the fingerprint of the public half.

    Raises KeyFileError when either exists or cannot be written.
    """
    if public.exists():
        raise KeyFileError(f"{public}: exists and is never overwritten; move it away first if it is not needed")
    entry = new_sealing_entry()
    _write_keys(private, side="backup", lists={_SEALING: [entry]})
    halves = {name: value for name, value in entry.items() if name != "private"}
    content = {"format": _FORMAT, "side": "backup", "keys": {_SEALING: [halves]}}
    _write(public, json.dumps(content, indent=2, sort_keys=True).encode() + b"\n", mode=0o644, replace=False)
    return fingerprint_of(content)


def backup_public_key(path: Path) -> tuple[bytes, str]:
    """The raw public half of the offline key and its fingerprint. Raises KeyFileError, also for a file with a private half."""
    content = _read_json(path, _read(path))
    lists = _read_lists(content, side="backup", path=path, is_private=False)
    return _first_in_use(lists[_SEALING], name=_SEALING, path=path).public, fingerprint_of(content)


def backup_private_keys(path: Path) -> Mapping[bytes, X25519PrivateKey]:
    """The private halves of the offline key by key id, newest first. Raises KeyFileError, also when others can get at it."""
    return {
        entry.key_id: sealing_private(entry, path=path) for entry in read_private_keys(path, side="backup")[_SEALING]
    }


def new_sealing_entry() -> dict[str, Any]:
    """A new key to seal to (X25519), as a private file holds it."""
    private = X25519PrivateKey.generate()
    return _new_entry(private=private.private_bytes_raw(), public=private.public_key().public_bytes_raw())


def new_signing_entry() -> dict[str, Any]:
    """A new key to sign with (Ed25519), as a private file holds it."""
    private = SigningKey.generate()
    return _new_entry(private=bytes(private), public=bytes(private.verify_key))


def _new_entry(*, private: bytes, public: bytes) -> dict[str, Any]:
    return {"id": public_key_id(public).hex(), "private": private.hex(), "public": public.hex()}


def _write_keys(path: Path, *, side: str, lists: Mapping[str, list[dict[str, Any]]]) -> None:
    content = {"format": _FORMAT, "side": side, "keys": dict(lists)}
    write_private(path, json.dumps(content, indent=2).encode() + b"\n")


# Private keys for signing


@dataclass(frozen=True)
class HubSigningKeys:
    """The Hub's signing keys: `voice` for what a person reads, `post` for answers, `courier` for tokens."""

    voice: SigningKey = field(repr=False)
    post: SigningKey = field(repr=False)
    courier: SigningKey = field(repr=False)

    @classmethod
    def load(cls, path: Path) -> HubSigningKeys:
        """Read the newest signing keys from the Hub's private key file. Raises KeyFileError."""
        lists = read_private_keys(path, side="hub")
        return cls(
            voice=_signing_key(lists, name="voice", path=path),
            post=_signing_key(lists, name="post", path=path),
            courier=_signing_key(lists, name="courier", path=path),
        )


@dataclass(frozen=True)
class PortalPrivateKeys:
    """The portal's own keys: `signing` for its envelopes and answers, `sealing` by key id for what is sealed to it.

    `sealing_key_id` (8 bytes) names the sealing key that the Hub should use.
    """

    signing: SigningKey = field(repr=False)
    sealing: Mapping[bytes, X25519PrivateKey] = field(repr=False)
    sealing_key_id: bytes

    @classmethod
    def load(cls, path: Path) -> PortalPrivateKeys:
        """Read the portal's private key file. Raises KeyFileError, also when it is given the Hub's file."""
        lists = read_private_keys(path, side="portal")
        entries = lists[_SEALING]
        return cls(
            signing=_signing_key(lists, name="signing", path=path),
            sealing={entry.key_id: sealing_private(entry, path=path) for entry in entries},
            sealing_key_id=_first_in_use(entries, name=_SEALING, path=path).key_id,
        )


def _signing_key(lists: Mapping[str, tuple[KeyEntry, ...]], *, name: str, path: Path) -> SigningKey:
    entry = _first_in_use(lists[name], name=name, path=path)
    key = SigningKey(_private_of(entry, path=path))
    if bytes(key.verify_key) != entry.public:
        raise _unusable(path, f"the two halves of its {name} key do not belong together")
    return key


def sealing_private(entry: KeyEntry, *, path: Path) -> X25519PrivateKey:
    """Return the X25519 private key of an entry. `path` is for the error. Raises KeyFileError if the halves differ."""
    key = X25519PrivateKey.from_private_bytes(_private_of(entry, path=path))
    if key.public_key().public_bytes_raw() != entry.public:
        raise _unusable(path, "the two halves of its sealing key do not belong together")
    return key


def _private_of(entry: KeyEntry, *, path: Path) -> bytes:
    if entry.private is None:
        raise _unusable(path, "the private half of a key is missing")
    return entry.private


def _first_in_use(entries: tuple[KeyEntry, ...], *, name: str, path: Path) -> KeyEntry:
    for entry in entries:
        if not entry.revoked:
            return entry
    raise _unusable(path, f"every {name} key in it is revoked")


# Public bundles


@dataclass(frozen=True)
class HubPublicKeys:
    """The Hub's public keys as the portal pins them. Keys to verify with leave out what is revoked."""

    database_id: bytes
    sealing: tuple[KeyEntry, ...]
    voice: tuple[VerifyKey, ...]
    post: tuple[VerifyKey, ...]
    courier: tuple[VerifyKey, ...]
    _fingerprint: str = field(repr=False)

    @classmethod
    def load(cls, path: Path) -> HubPublicKeys:
        """Read the Hub's bundle from a file. Raises KeyFileError."""
        return cls.of(_read_json(path, _read(path)), path=path)

    @classmethod
    def of(cls, bundle: Mapping[str, Any], *, path: Path) -> HubPublicKeys:
        """Read the Hub's bundle. `path` says where it came from, for the error. Raises KeyFileError."""
        lists = _read_lists(bundle, side="hub", path=path, is_private=False)
        return cls(
            database_id=_database_id(bundle, path=path),
            sealing=lists[_SEALING],
            voice=_verify_keys(lists["voice"]),
            post=_verify_keys(lists["post"]),
            courier=_verify_keys(lists["courier"]),
            _fingerprint=fingerprint_of(bundle),
        )

    def sealing_key_for(self, now: datetime) -> SealingKey:
        """Return the key to seal to at `now` (aware): the newest that has started, even past its end.

        Nobody's request is turned away because a key is overdue: `is_overdue` is for the alarm. When none has started,
        which is a wrong clock, the one that starts first is given. Raises NoSealingKey when all are revoked.
        """
        _need_zone(now)
        usable = [entry for entry in self.sealing if not entry.revoked]
        if not usable:
            raise NoSealingKey("every sealing key of the Hub is revoked: pin a new bundle with `flask keys trust`")
        started = [entry for entry in usable if _starts(entry) <= now]
        chosen = max(started, key=_starts) if started else min(usable, key=_starts)
        is_overdue = chosen.not_after is not None and now > chosen.not_after
        return SealingKey(key_id=chosen.key_id, public=chosen.public, is_overdue=is_overdue)

    def fingerprint(self) -> str:
        """Return thirty digits in groups of five, to compare by voice: the same for the same bundle."""
        return self._fingerprint


@dataclass(frozen=True)
class PortalPublicKeys:
    """The portal's public keys as the Hub pins them. Keys to verify with leave out what is revoked."""

    database_id: bytes
    signing: tuple[VerifyKey, ...]
    sealing: tuple[KeyEntry, ...]
    _fingerprint: str = field(repr=False)

    @property
    def sealing_key(self) -> bytes:
        """The raw public key that orders are sealed to: the newest that is not revoked, or none of use, empty."""
        return next((entry.public for entry in self.sealing if not entry.revoked), b"")

    @classmethod
    def load(cls, path: Path) -> PortalPublicKeys:
        """Read the portal's bundle from a file. Raises KeyFileError."""
        return cls.of(_read_json(path, _read(path)), path=path)

    @classmethod
    def of(cls, bundle: Mapping[str, Any], *, path: Path) -> PortalPublicKeys:
        """Read the portal's bundle. `path` says where it came from, for the error. Raises KeyFileError."""
        lists = _read_lists(bundle, side="portal", path=path, is_private=False)
        return cls(
            database_id=_database_id(bundle, path=path),
            signing=_verify_keys(lists["signing"]),
            sealing=lists[_SEALING],
            _fingerprint=fingerprint_of(bundle),
        )

    def fingerprint(self) -> str:
        """Return thirty digits in groups of five, to compare by voice: the same for the same bundle."""
        return self._fingerprint


def bundle(path: Path, *, database_id: bytes) -> dict[str, Any]:
    """Return the public half of a private key file of either side, with the id of that side's database (16 bytes).

    It goes to the other side as JSON: `save_bundle` writes it, `HubPublicKeys` and `PortalPublicKeys` read it.
    Raises KeyFileError, and ValueError for an id of the wrong length.
    """
    if len(database_id) != ID_LENGTH:
        raise ValueError(f"a database id has {ID_LENGTH} bytes")
    content = _read_json(path, read_private(path))
    side = _side(content, path=path)
    lists = _read_lists(content, side=side, path=path, is_private=True)
    return {
        "format": _FORMAT,
        "side": side,
        "database_id": database_id.hex(),
        "keys": {name: [entry.to_public() for entry in entries] for name, entries in lists.items()},
    }


def save_bundle(path: Path, content: Mapping[str, Any]) -> None:
    """Write a bundle to a file, in place of what was there, at once or not at all. Raises KeyFileError.

    The bundle is read first, so that a file which cannot be used never replaces one that can.
    """
    reader = HubPublicKeys if _side(content, path=path) == "hub" else PortalPublicKeys
    reader.of(content, path=path)
    _write(path, json.dumps(content, indent=2, sort_keys=True).encode() + b"\n", mode=0o644, replace=True)


def fingerprint_of(content: Mapping[str, Any]) -> str:
    """Return the fingerprint of a bundle, over all that it says: thirty digits in six groups (about 99 bits)."""
    canonical = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    length = _FINGERPRINT_GROUPS * _FINGERPRINT_GROUP
    digits = str(int.from_bytes(hashlib.sha256(canonical.encode()).digest()) % 10**length).zfill(length)
    return " ".join(digits[start : start + _FINGERPRINT_GROUP] for start in range(0, length, _FINGERPRINT_GROUP))


def _verify_keys(entries: tuple[KeyEntry, ...]) -> tuple[VerifyKey, ...]:
    return tuple(VerifyKey(entry.public) for entry in entries if not entry.revoked)


def _starts(entry: KeyEntry) -> datetime:
    return entry.not_before if entry.not_before is not None else datetime.min.replace(tzinfo=UTC)


# Reading


def read_private_keys(path: Path, *, side: str) -> Mapping[str, tuple[KeyEntry, ...]]:
    """Return the key lists of a side's private file ("hub" or "portal") by name, newest first. Raises KeyFileError."""
    content = _read_json(path, read_private(path))
    return _read_lists(content, side=side, path=path, is_private=True)


def read_private(path: Path) -> bytes:
    """Return the bytes of a file that only its owner may touch. Raises KeyFileError."""
    return _read(path, is_private=True)


def _read(path: Path, *, is_private: bool = False) -> bytes:
    try:
        # Without O_NONBLOCK a named pipe in the file's place would hang the start.
        handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
        try:
            # Asked of the open file and not of its name, so that nobody swaps one for another in between.
            mode = os.fstat(handle).st_mode
            if not stat.S_ISREG(mode):
                raise KeyFileError(f"{path}: is not a file; correct the setting")
            if is_private and mode & _OTHERS:
                raise KeyFileError(f"{path}: others can get at this private file; run `chmod 600 {path}`")
            with os.fdopen(handle, "rb", closefd=False) as file:
                content = file.read(_LARGEST_FILE + 1)
        finally:
            os.close(handle)
    except FileNotFoundError:
        raise KeyFileError(f"{path}: no such file; make it with `flask keys`, or correct the setting") from None
    except OSError as error:
        raise KeyFileError(f"{path}: cannot be read ({error.strerror}); let this process's user own it") from None
    if len(content) > _LARGEST_FILE:
        raise KeyFileError(f"{path}: is too large for a key file; correct the setting")
    return content


def _read_json(path: Path, content: bytes) -> dict[str, Any]:
    try:
        read = json.loads(content)
    except (ValueError, RecursionError):
        raise _unusable(path, "it is not JSON") from None
    if not isinstance(read, dict):
        raise _unusable(path, "it is not a JSON object")
    return read


def _side(content: Mapping[str, Any], *, path: Path) -> str:
    side = content.get("side")
    if not isinstance(side, str) or side not in _LISTS:
        raise _unusable(path, "it does not say whose keys it holds")
    return side


def _database_id(content: Mapping[str, Any], *, path: Path) -> bytes:
    return _hex(content.get("database_id"), length=ID_LENGTH, path=path, what="database id")


def _read_lists(
    content: Mapping[str, Any], *, side: str, path: Path, is_private: bool
) -> dict[str, tuple[KeyEntry, ...]]:
    found = _side(content, path=path)
    if found != side:
        raise KeyFileError(f"{path}: holds keys of {_OWNERS[found]}, not of {_OWNERS[side]}; correct the setting")
    if content.get("format") != _FORMAT:
        raise _unusable(path, f"it is not of format {_FORMAT}")
    lists = content.get("keys")
    if not isinstance(lists, dict):
        raise _unusable(path, "it holds no keys")
    return {name: _read_entries(lists.get(name), name=name, path=path, is_private=is_private) for name in _LISTS[side]}


def _read_entries(found: object, *, name: str, path: Path, is_private: bool) -> tuple[KeyEntry, ...]:
    if not isinstance(found, list) or not found:
        raise _unusable(path, f"it has no list of {name} keys")
    entries = tuple(_read_entry(each, name=name, path=path, is_private=is_private) for each in found)
    if len({entry.key_id for entry in entries}) < len(entries):
        raise _unusable(path, f"a {name} key stands in it twice")
    return entries


def _read_entry(found: object, *, name: str, path: Path, is_private: bool) -> KeyEntry:
    if not isinstance(found, dict):
        raise _unusable(path, f"a {name} key in it is not an object")
    if not is_private and "private" in found:
        raise KeyFileError(f"{path}: holds private keys; use what `flask keys bundle` prints instead")
    what = f"{name} key"
    public = _hex(found.get("public"), length=PUBLIC_KEY_LENGTH, path=path, what=what)
    key_id = public_key_id(public)
    if found.get("id") != key_id.hex():
        raise _unusable(path, f"the id of a {what} is not that of its public half")
    revoked = found.get("revoked", False)
    if not isinstance(revoked, bool):
        raise _unusable(path, f"`revoked` of a {what} is neither true nor false")
    private = _hex(found.get("private"), length=_PRIVATE_LENGTH, path=path, what=what) if is_private else None
    not_before, not_after = _time(found, "not_before", path=path), _time(found, "not_after", path=path)
    if (not_before is None) != (not_after is None):
        raise _unusable(path, f"a {what} has one of `not_before` and `not_after` without the other")
    return KeyEntry(
        key_id=key_id,
        public=public,
        not_before=not_before,
        not_after=not_after,
        revoked=revoked,
        private=private,
    )


def _hex(found: object, *, length: int, path: Path, what: str) -> bytes:
    # Stricter than bytes.fromhex, which takes spaces: one key has one spelling, and so one fingerprint.
    if isinstance(found, str) and len(found) == 2 * length:
        with contextlib.suppress(ValueError):
            value = bytes.fromhex(found)
            if value.hex() == found:
                return value
    raise _unusable(path, f"its {what} is not {length} bytes in hexadecimal")


def _time(found: Mapping[str, Any], name: str, *, path: Path) -> datetime | None:
    if name not in found:
        return None
    with contextlib.suppress(TypeError, ValueError, OverflowError):
        value = datetime.fromisoformat(found[name])
        if value.tzinfo is not None:
            return value.astimezone(UTC)
    raise _unusable(path, f"`{name}` of a key is not a time with its zone")


def _need_zone(now: datetime) -> None:
    if now.tzinfo is None:
        raise ValueError("the time needs its zone")


def _unusable(path: Path, why: str) -> KeyFileError:
    return KeyFileError(f"{path}: {why}; put back the right file, from the offline copy if need be")


# Writing


def write_private(path: Path, content: bytes) -> None:
    """Write a new file that only its owner may touch, at once or not at all. Raises KeyFileError if it exists."""
    _write(path, content, mode=_OWNER_ONLY, replace=False)


def replace_private(path: Path, content: bytes) -> None:
    """Write a file that only its owner may touch in place of what was there, at once or not at all. Raises KeyFileError."""
    _write(path, content, mode=_OWNER_ONLY, replace=True)


def _write(path: Path, content: bytes, *, mode: int, replace: bool) -> None:
    # Written beside its place, flushed, then named: whoever finds the name finds the whole content.
    beside = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    try:
        handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, _OWNER_ONLY)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(content)
                file.flush()
                os.fchmod(handle, mode)
                os.fsync(handle)
            if replace:
                os.replace(beside, path)
            else:
                # A hard link fails when the name is taken, where a rename would overwrite it.
                os.link(beside, path)
        finally:
            beside.unlink(missing_ok=True)
        _flush_folder(path.parent)
    except FileExistsError:
        raise KeyFileError(f"{path}: exists and is never overwritten; move it away first if it is not needed") from None
    except OSError as error:
        raise KeyFileError(f"{path}: cannot be written ({error.strerror}); check the folder and its owner") from None


def _flush_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
