"""Sealed copies of a database in files: the public half of an offline key writes them, only the private half reads them.

A file key of its own is sealed to the offline key (HPKE, RFC 9180); under it runs libsodium's secretstream
(XChaCha20-Poly1305), which notices changed, swapped, missing and added pieces, and an end that is not the end. A file is:

    magic 4 | version u8 | key id 8 | sealed file key 80 | secretstream header 24 | (length u32, piece) ... until the final piece

with every number big-endian. What the pieces say is for the caller.
"""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import os
import secrets
import struct
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, BinaryIO, Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.hpke import KEM
from nacl import bindings
from nacl.exceptions import CryptoError

from app.adapters.sealing import KEY_ID_LENGTH, SUITE, public_key_id

MAGIC: Final = b"\x8bBAK"
VERSION: Final = 1
#: A file without this ending is not finished.
ENDING: Final = ".backup"
UNFINISHED: Final = ".unfinished"

_KEY_LENGTH: Final = bindings.crypto_secretstream_xchacha20poly1305_KEYBYTES
_HEADER_LENGTH: Final = bindings.crypto_secretstream_xchacha20poly1305_HEADERBYTES
_MESSAGE: Final = bindings.crypto_secretstream_xchacha20poly1305_TAG_MESSAGE
_FINAL: Final = bindings.crypto_secretstream_xchacha20poly1305_TAG_FINAL
_SEALED_KEY_LENGTH: Final = KEM.X25519.enc_length() + _KEY_LENGTH + 16
_LENGTH: Final = struct.Struct(">I")
_LONGEST_PIECE: Final = 64 * 1024 * 1024
_SEALED_AS: Final = b"backup file key/v1\x00"
_OWNER_ONLY: Final = 0o600


class BackupUnreadable(Exception):
    """The file is not a whole backup for this key. The message is one line that says which file and why."""


class BackupNotWritten(Exception):
    """The file could not be written, or does not read back as it was written. The message is one line."""


def write(path: Path, pieces: Iterator[bytes], *, public: bytes) -> int:
    """Seal the pieces to a raw public key in a new file, and read all of it back from there; returns its size in bytes.

    It gets its name only when it is whole, on the disk, and the same when read back; before, and if anything fails, there is
    no file of this name. Raises BackupNotWritten, and what `pieces` raises.
    """
    beside = path.with_name(f".{path.name}.{secrets.token_hex(4)}{UNFINISHED}")
    file_key, digest = secrets.token_bytes(_KEY_LENGTH), hashlib.sha256()
    try:
        try:
            with os.fdopen(
                os.open(beside, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, _OWNER_ONLY), "w+b"
            ) as file:
                _write_pieces(file, pieces, public=public, file_key=file_key, heard=digest.update)
                file.flush()
                os.fsync(file.fileno())
                size = file.tell()
            _read_back(beside, file_key=file_key, expected=digest.digest())
            os.link(beside, path)  # unlike a rename, it never takes the place of another
            _flush_folder(path.parent)
        finally:
            beside.unlink(missing_ok=True)
    except FileExistsError:
        raise BackupNotWritten(f"{path}: exists and is never overwritten") from None
    except OSError as error:
        raise BackupNotWritten(f"{path}: cannot be written ({error.strerror})") from None
    return size


def read(path: Path, *, private: X25519PrivateKey) -> Iterator[bytes]:
    """The pieces of a file, one after the other. Raises BackupUnreadable, at the latest in place of the end: what came before
    a missing end must not be used."""
    try:
        with path.open("rb") as file:
            head, sealed = _read_head(file, path=path)
            try:
                file_key = SUITE.decrypt(sealed, private, info=_SEALED_AS + head)
            except InvalidTag:
                raise BackupUnreadable(f"{path}: does not open with this key") from None
            yield from _read_pieces(file, file_key=file_key, path=path)
    except OSError as error:
        raise BackupUnreadable(f"{path}: cannot be read ({error.strerror})") from None


def key_id_of(path: Path) -> bytes:
    """The id (8 bytes) of the offline key that a file is sealed to. Raises BackupUnreadable."""
    try:
        with path.open("rb") as file:
            return _read_head(file, path=path)[0][-KEY_ID_LENGTH:]
    except OSError as error:
        raise BackupUnreadable(f"{path}: cannot be read ({error.strerror})") from None


def clear_unfinished(folder: Path) -> int:
    """Delete what earlier runs left that were cut off; returns how many files."""
    left = list(folder.glob(f".*{UNFINISHED}"))
    for path in left:
        path.unlink(missing_ok=True)
    return len(left)


def _write_pieces(
    file: BinaryIO, pieces: Iterator[bytes], *, public: bytes, file_key: bytes, heard: Callable[[bytes], None]
) -> None:
    head = MAGIC + bytes([VERSION]) + public_key_id(public)
    file.write(head)
    file.write(SUITE.encrypt(file_key, X25519PublicKey.from_public_bytes(public), info=_SEALED_AS + head))
    state = bindings.crypto_secretstream_xchacha20poly1305_state()
    file.write(bindings.crypto_secretstream_xchacha20poly1305_init_push(state, file_key))
    for piece in pieces:
        heard(_LENGTH.pack(len(piece)) + piece)
        _push(file, state, piece, _MESSAGE)
    _push(file, state, b"", _FINAL)


def _push(file: BinaryIO, state: Any, piece: bytes, tag: int) -> None:
    sealed = bindings.crypto_secretstream_xchacha20poly1305_push(state, piece, tag=tag)
    file.write(_LENGTH.pack(len(sealed)))
    file.write(sealed)


def _read_back(path: Path, *, file_key: bytes, expected: bytes) -> None:
    """What stands on the disk now, opened, must be what was given."""
    found = hashlib.sha256()
    with path.open("rb") as file:
        with contextlib.suppress(OSError, AttributeError):  # from the disk and not from memory, where the system can
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
        try:
            _read_head(file, path=path)
            for piece in _read_pieces(file, file_key=file_key, path=path):
                found.update(_LENGTH.pack(len(piece)) + piece)
        except BackupUnreadable as error:
            raise BackupNotWritten(str(error)) from None
    if not hmac.compare_digest(found.digest(), expected):
        raise BackupNotWritten(f"{path}: does not read back as it was written")


def _read_head(file: BinaryIO, *, path: Path) -> tuple[bytes, bytes]:
    head = _exactly(file, len(MAGIC) + 1 + KEY_ID_LENGTH, path=path)
    if not head.startswith(MAGIC):
        raise BackupUnreadable(f"{path}: is not a backup")
    if head[len(MAGIC)] != VERSION:
        raise BackupUnreadable(f"{path}: was made by another release")
    return head, _exactly(file, _SEALED_KEY_LENGTH, path=path)


def _read_pieces(file: BinaryIO, *, file_key: bytes, path: Path) -> Iterator[bytes]:
    state = bindings.crypto_secretstream_xchacha20poly1305_state()
    header = _exactly(file, _HEADER_LENGTH, path=path)
    bindings.crypto_secretstream_xchacha20poly1305_init_pull(state, header, file_key)
    while True:
        (length,) = _LENGTH.unpack(_exactly(file, _LENGTH.size, path=path))
        if length > _LONGEST_PIECE:
            raise BackupUnreadable(f"{path}: was changed")
        try:
            piece, tag = bindings.crypto_secretstream_xchacha20poly1305_pull(state, _exactly(file, length, path=path))
        except (CryptoError, ValueError, RuntimeError):
            raise BackupUnreadable(f"{path}: was changed") from None
        if tag == _FINAL:
            if file.read(1):
                raise BackupUnreadable(f"{path}: goes on after its end")
            return
        yield piece


def _exactly(file: BinaryIO, length: int, *, path: Path) -> bytes:
    found = file.read(length)
    if len(found) != length:
        raise BackupUnreadable(f"{path}: ends too early")
    return found


def _flush_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
