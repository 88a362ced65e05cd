"""Renewing keys: a new one beside the old, taken into use, revoked, and in the end destroyed. One key file at a time.

A key to seal to is used by others as soon as they have pinned it, and opens from the moment it is in the file. A key to sign
with must be pinned by the other side first: so it is added behind the one in use, and `use` puts it in front.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from app.adapters.keys import (
    PEPPER_LENGTH,
    SEALING_KEY_LIFE,
    KeyFileError,
    new_sealing_entry,
    new_signing_entry,
    read_private,
    read_private_keys,
    replace_private,
)
from app.adapters.numbers import Peppers

SEALING: Final = "sealing"
Entries = list[dict[str, Any]]


class NotRenewed(Exception):
    """The keys stay as they are; the text is one line that says why."""


def add(path: Path, *, side: str, name: str, now: datetime) -> str:
    """Add a new key to the list `name` of a side's private file; returns its id (16 hexadecimal digits).

    A sealing key is the newest at once; a signing key waits for `use`. `now` is aware. Raises NotRenewed for a list that the
    side does not have, and KeyFileError.
    """
    entry = new_sealing_entry() if name == SEALING else new_signing_entry()
    if name == SEALING and side == "hub":
        start = now.replace(microsecond=0)
        entry |= {"not_before": start.isoformat(), "not_after": (start + SEALING_KEY_LIFE).isoformat()}

    def put(entries: Entries) -> Entries:
        return [entry, *entries] if name == SEALING else [*entries, entry]

    _change(path, side=side, name=name, how=put)
    return str(entry["id"])


def use(path: Path, *, side: str, key_id: str) -> None:
    """Sign with this key from now on: the other side must have pinned it. Raises NotRenewed and KeyFileError."""
    name = _list_of(path, side=side, key_id=key_id)
    if name == SEALING:
        raise NotRenewed("a sealing key is used as soon as the other side has pinned it: there is nothing to do")

    def put(entries: Entries) -> Entries:
        chosen = _the(entries, key_id)
        if chosen.get("revoked"):
            raise NotRenewed("this key is revoked")
        return [chosen, *(each for each in entries if each is not chosen)]

    _change(path, side=side, name=name, how=put)


def revoke(path: Path, *, side: str, key_id: str) -> None:
    """Use a key no more, neither to seal nor to sign nor to trust. What was sealed to it still opens.

    Raises NotRenewed when no other of its kind is in use, and KeyFileError.
    """

    def put(entries: Entries) -> Entries:
        chosen = _the(entries, key_id)
        if not [each for each in entries if each is not chosen and not each.get("revoked")]:
            raise NotRenewed("it is the only one in use: add a new one first, with `flask keys new`")
        return [each | {"revoked": True} if each is chosen else each for each in entries]

    _change(path, side=side, name=_list_of(path, side=side, key_id=key_id), how=put)


def destroy(path: Path, *, side: str, key_id: str) -> None:
    """Take a revoked key out of the file: what was sealed to it alone can never be opened again.

    Whether anything is left that needs it is for the caller to know. Raises NotRenewed and KeyFileError.
    """

    def put(entries: Entries) -> Entries:
        chosen = _the(entries, key_id)
        if not chosen.get("revoked"):
            raise NotRenewed(
                "it is still in use: revoke it first, with `flask keys revoke`, and let the other side pin that"
            )
        return [each for each in entries if each is not chosen]

    _change(path, side=side, name=_list_of(path, side=side, key_id=key_id), how=put)


def add_pepper(path: Path) -> int:
    """Put a new pepper before the others; returns how many there are. Older numbers go on with theirs. Raises KeyFileError."""
    known = [pepper.hex() for pepper in Peppers.load(path)]
    lines = [secrets.token_hex(PEPPER_LENGTH), *known]
    replace_private(path, "".join(f"{line}\n" for line in lines).encode("ascii"))
    return len(lines)


def _list_of(path: Path, *, side: str, key_id: str) -> str:
    for name, entries in read_private_keys(path, side=side).items():
        if any(entry.key_id.hex() == key_id for entry in entries):
            return name
    raise NotRenewed(f"there is no key {key_id} in {path}")


def _the(entries: Entries, key_id: str) -> dict[str, Any]:
    return next(each for each in entries if each["id"] == key_id)


def _change(path: Path, *, side: str, name: str, how: Callable[[Entries], Entries]) -> None:
    """Write the file anew, at once or not at all, and only when what comes of it can be read."""
    if name not in read_private_keys(path, side=side):
        raise NotRenewed(f"there are no {name} keys on this side")
    content = json.loads(read_private(path))
    content["keys"][name] = how(content["keys"][name])
    if not content["keys"][name]:
        raise NotRenewed("it is the only one of its kind")
    replace_private(path, json.dumps(content, indent=2).encode() + b"\n")


__all__ = ["KeyFileError", "NotRenewed", "add", "add_pepper", "destroy", "revoke", "use"]
