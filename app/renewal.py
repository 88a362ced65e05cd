"""Commands by which keys are renewed: `flask keys new`, `use`, `revoke`, `destroy`, `rewrap`, `check`.

Processes read keys when they start: after each of these, start this side anew. docs/operations.md has the order of a rotation.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path

from app import wiring
from app.adapters import renewing
from app.adapters.keys import KeyEntry, read_private_keys
from app.adapters.renewing import NotRenewed
from app.data.database import Database
from app.services.hub import rewrapping
from app.settings import LONGEST_BACKUP_DAYS, HubSettings, PortalSettings, SettingsError
from app.web.clock import now

PEPPER = "pepper"
# Both sides say that a key must be replaced before it is over, while there is time to do it in peace.
WARN_BEFORE = timedelta(days=30)
# An envelope may come again from the portal, and a backup be restored, for so long after the last was sealed to a key.
NEEDED_AFTER = timedelta(days=LONGEST_BACKUP_DAYS)

Sides = PortalSettings | HubSettings


def new(settings: Sides, name: str) -> str:
    """Add a key of this name, or a pepper; returns what to say. Raises SettingsError and KeyFileError."""
    with _refusals():
        if name == PEPPER:
            if not isinstance(settings, PortalSettings):
                raise SettingsError("Peppers are the portal's: run it with SIDE=portal.")
            count = renewing.add_pepper(settings.peppers_file)
            return f"{count} peppers now; new numbers use the newest. Copy the file to where its offline copy is kept."
        key_id = renewing.add(private_file(settings), side=settings.side, name=name, now=now())
    if name == renewing.SEALING:
        return f"Added {key_id}. Copy the file offline, then `flask keys bundle`, and let the other side trust it."
    return f"Added {key_id}. `flask keys bundle`, let the other side trust it, then `flask keys use {key_id}`."


def use(settings: Sides, key_id: str) -> str:
    """Sign with this key from now on; returns what to say. Raises SettingsError and KeyFileError."""
    with _refusals():
        renewing.use(private_file(settings), side=settings.side, key_id=key_id)
    return f"{key_id} signs from the next start on. When all is quiet, revoke the older one."


def revoke(settings: Sides, key_id: str) -> str:
    """Use a key no more; returns what to say. Raises SettingsError and KeyFileError."""
    with _refusals():
        renewing.revoke(private_file(settings), side=settings.side, key_id=key_id)
    return f"{key_id} is revoked. `flask keys bundle`, and let the other side trust that at once."


def destroy(settings: Sides, key_id: str) -> str:
    """Take a revoked key out of its file, when nothing needs it; returns what to say. Raises SettingsError and KeyFileError."""
    path = private_file(settings)
    with _refusals():
        if isinstance(settings, HubSettings):
            _refuse_while_needed(settings, key_id, read_private_keys(path, side="hub")[renewing.SEALING])
        renewing.destroy(path, side=settings.side, key_id=key_id)
    return f"{key_id} is gone from {path}. Destroy it in the offline copy too."


def rewrap(settings: HubSettings) -> str:
    """Wrap every secret of the Hub to its newest key; returns what to say. Raises SettingsError when one did not open."""
    with _database(settings) as database:
        result = rewrapping.rewrap(database, opener=wiring.opener_of(settings))
    if result.unreadable:
        raise SettingsError(f"{result.unreadable} secrets do not open with any key in {settings.private_keys_file}.")
    return f"{result.done} secrets are wrapped to the newest key now."


def check(settings: HubSettings, copy: Path) -> str:
    """Try a copy of the Hub's keys on everything that is kept; returns what to say. Raises SettingsError and KeyFileError."""
    with _database(settings) as database:
        result = rewrapping.tried(database, opener=wiring.opener_from(copy))
    if result.unreadable:
        raise SettingsError(
            f"{copy}: {result.unreadable} of {result.done + result.unreadable} secrets do not open with it."
        )
    return f"{copy}: opens all {result.done} secrets."


def due(settings: Sides) -> list[str]:
    """What `flask doctor` says about keys that end soon, or have ended."""
    if not isinstance(settings, HubSettings):
        return []
    found = [
        each for each in read_private_keys(settings.private_keys_file, side="hub")[renewing.SEALING] if not each.revoked
    ]
    ends = max((each.not_after for each in found if each.not_after is not None), default=None)
    if ends is None or ends - now() > WARN_BEFORE:
        return []
    return [f"the newest sealing key ends on {ends:%Y-%m-%d}: make a new one (docs/operations.md, Keys)"]


def private_file(settings: Sides) -> Path:
    """The file of this side's private keys."""
    return settings.private_key_file if isinstance(settings, PortalSettings) else settings.private_keys_file


def _refuse_while_needed(settings: HubSettings, key_id: str, keys: tuple[KeyEntry, ...]) -> None:
    chosen = next((each for each in keys if each.key_id.hex() == key_id), None)
    if chosen is None:
        return  # a key to sign with: nothing is sealed to it
    with _database(settings) as database:
        wrapped = rewrapping.needed(database, opener=wiring.opener_of(settings))[chosen.key_id]
    if wrapped:
        raise NotRenewed(f"{wrapped} secrets are wrapped to it: run `flask keys rewrap` first")
    replaced = _replaced_at(chosen, keys)
    if replaced is None or now() < replaced + NEEDED_AFTER:
        when = "" if replaced is None else f" until {replaced + NEEDED_AFTER:%Y-%m-%d}"
        raise NotRenewed(f"what was sealed to it may still come again{when}")


def _replaced_at(chosen: KeyEntry, keys: tuple[KeyEntry, ...]) -> datetime | None:
    starts = [each.not_before for each in keys if each.not_before is not None and not each.revoked]
    later = [start for start in starts if chosen.not_before is None or start > chosen.not_before]
    return min(later, default=None)


@contextmanager
def _database(settings: Sides) -> Iterator[Database]:
    database = Database(settings.database_url)
    try:
        yield database
    finally:
        database.close()


@contextmanager
def _refusals() -> Iterator[None]:
    try:
        yield
    except NotRenewed as refusal:
        raise SettingsError(f"Nothing was changed: {refusal}.") from None
