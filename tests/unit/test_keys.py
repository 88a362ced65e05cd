"""Key files are made once, read by their owner only, and each side knows the other by what it pinned."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from app.adapters.keys import (
    SEALING_KEY_LIFE,
    HubPublicKeys,
    HubSigningKeys,
    KeyFileError,
    NoSealingKey,
    PortalPrivateKeys,
    PortalPublicKeys,
    bundle,
    fingerprint_of,
    make_hub_keys,
    make_peppers,
    make_portal_keys,
    save_bundle,
)
from app.adapters.opening import OpeningKeys, open_sealed
from app.adapters.sealing import Header, Kind, parse, public_key_id, seal_to_hub, verify

NOW = datetime(2026, 3, 3, 9, 0, tzinfo=UTC)
DAY = timedelta(days=1)
DATABASE = b"d" * 16
HEADER = Header(database_id=DATABASE, case_id=b"c" * 16, envelope_id=b"e" * 16, number=1)


def make_hub(path: Path) -> None:
    make_hub_keys(path, now=NOW)


MAKERS: dict[str, Callable[[Path], None]] = {"hub": make_hub, "portal": make_portal_keys, "peppers": make_peppers}
LOADERS: dict[str, Callable[[Path], object]] = {"hub": HubSigningKeys.load, "portal": PortalPrivateKeys.load}
PUBLIC: dict[str, Callable[[Path], HubPublicKeys | PortalPublicKeys]] = {
    "hub": HubPublicKeys.load,
    "portal": PortalPublicKeys.load,
}


@pytest.fixture
def hub_file(tmp_path: Path) -> Path:
    path = tmp_path / "hub-private.json"
    make_hub(path)
    return path


@pytest.fixture
def portal_file(tmp_path: Path) -> Path:
    path = tmp_path / "portal-private.json"
    make_portal_keys(path)
    return path


def edit(path: Path, change: Callable[[dict[str, Any]], object]) -> None:
    content = json.loads(path.read_text())
    change(content)
    path.write_text(json.dumps(content))


def pinned_hub(*sealing: dict[str, Any], tmp_path: Path) -> HubPublicKeys:
    """The Hub's public keys with just these sealing keys."""
    path = tmp_path / "made-for-pinning.json"
    make_hub(path)
    content = bundle(path, database_id=DATABASE)
    content["keys"]["sealing"] = list(sealing)
    return HubPublicKeys.of(content, path=path)


def sealing_entry(seed: int, *, start: datetime, days: int = 365, **more: Any) -> dict[str, Any]:
    public = bytes([seed]) * 32
    return {
        "id": public_key_id(public).hex(),
        "public": public.hex(),
        "not_before": start.isoformat(),
        "not_after": (start + days * DAY).isoformat(),
        **more,
    }


# Making


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o277])
@pytest.mark.parametrize("what", MAKERS)
def test_a_new_file_is_its_owners_alone_whatever_the_umask(tmp_path: Path, what: str, umask: int) -> None:
    before = os.umask(umask)
    try:
        MAKERS[what](tmp_path / "made")
    finally:
        os.umask(before)

    assert (tmp_path / "made").stat().st_mode & 0o7777 == 0o600


@pytest.mark.parametrize("what", MAKERS)
def test_a_file_that_exists_is_never_overwritten(tmp_path: Path, what: str) -> None:
    path = tmp_path / "made"
    path.write_text("the only copy")

    with pytest.raises(KeyFileError, match="never overwritten"):
        MAKERS[what](path)
    assert path.read_text() == "the only copy"
    assert list(tmp_path.iterdir()) == [path]


def test_a_link_that_leads_nowhere_is_not_written_through(tmp_path: Path) -> None:
    path = tmp_path / "made"
    path.symlink_to(tmp_path / "elsewhere")

    with pytest.raises(KeyFileError, match="never overwritten"):
        make_peppers(path)
    assert not (tmp_path / "elsewhere").exists()


@pytest.mark.parametrize("step", ["os.fsync", "os.link"])
def test_a_write_that_fails_leaves_nothing_behind(tmp_path: Path, step: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_room(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(f"app.adapters.keys.{step}", no_room)
    with pytest.raises(KeyFileError, match="No space left"):
        make_hub(tmp_path / "made")
    assert list(tmp_path.iterdir()) == []


def test_a_missing_folder_is_told(tmp_path: Path) -> None:
    with pytest.raises(KeyFileError, match="check the folder"):
        make_peppers(tmp_path / "nowhere" / "peppers")


def test_two_files_never_hold_the_same_key(tmp_path: Path) -> None:
    keys = set()
    for name in ("one", "two"):
        make_hub(tmp_path / name)
        for entries in json.loads((tmp_path / name).read_text())["keys"].values():
            keys |= {entry["private"] for entry in entries}
    assert len(keys) == 8


def test_a_time_without_its_zone_is_refused(tmp_path: Path, hub_file: Path) -> None:
    with pytest.raises(ValueError, match="zone"):
        make_hub_keys(tmp_path / "made", now=NOW.replace(tzinfo=None))
    with pytest.raises(ValueError, match="zone"):
        HubPublicKeys.of(bundle(hub_file, database_id=DATABASE), path=hub_file).sealing_key_for(
            NOW.replace(tzinfo=None)
        )


# The two sides know each other


def test_what_each_side_makes_works_with_what_the_other_pins(tmp_path: Path, hub_file: Path, portal_file: Path) -> None:
    save_bundle(tmp_path / "hub.json", bundle(hub_file, database_id=DATABASE))
    save_bundle(tmp_path / "portal.json", bundle(portal_file, database_id=b"p" * 16))
    hub, portal = HubPublicKeys.load(tmp_path / "hub.json"), PortalPublicKeys.load(tmp_path / "portal.json")
    private = PortalPrivateKeys.load(portal_file)

    raw = seal_to_hub(
        b"hello", kind=Kind.FIRST, header=HEADER, hub_key=hub.sealing_key_for(NOW).public, signer=private.signing
    )

    verify(parse(raw), portal.signing)
    assert open_sealed(parse(raw), OpeningKeys.load(hub_file)) == b"hello"
    assert (hub.database_id, portal.database_id) == (DATABASE, b"p" * 16)


def test_each_signing_key_of_the_hub_has_its_own_purpose(hub_file: Path) -> None:
    private = HubSigningKeys.load(hub_file)
    public = HubPublicKeys.of(bundle(hub_file, database_id=DATABASE), path=hub_file)

    assert public.voice == (private.voice.verify_key,)
    assert public.post == (private.post.verify_key,)
    assert public.courier == (private.courier.verify_key,)
    assert len({bytes(key) for key in (private.voice, private.post, private.courier)}) == 3


def test_the_portals_sealing_key_is_the_one_its_bundle_names(portal_file: Path) -> None:
    private = PortalPrivateKeys.load(portal_file)
    public = PortalPublicKeys.of(bundle(portal_file, database_id=DATABASE), path=portal_file)

    assert [entry.key_id for entry in public.sealing] == [private.sealing_key_id] == list(private.sealing)
    private_key = private.sealing[private.sealing_key_id]
    assert private_key.public_key().public_bytes_raw() == public.sealing[0].public


@pytest.mark.parametrize("side", LOADERS)
def test_a_bundle_holds_no_private_half(tmp_path: Path, side: str) -> None:
    MAKERS[side](tmp_path / "made")
    private = [
        entry["private"]
        for entries in json.loads((tmp_path / "made").read_text())["keys"].values()
        for entry in entries
    ]
    printed = json.dumps(bundle(tmp_path / "made", database_id=DATABASE))

    assert len(private) == {"hub": 4, "portal": 2}[side]
    assert not any(half in printed for half in private)


def test_keys_never_show_themselves(hub_file: Path, portal_file: Path) -> None:
    shown = repr(HubSigningKeys.load(hub_file)) + repr(PortalPrivateKeys.load(portal_file))

    assert "object at" not in shown
    assert "private" not in shown.replace("PortalPrivateKeys", "")


# Fingerprints


def test_a_fingerprint_is_thirty_digits_in_six_groups(hub_file: Path) -> None:
    public = HubPublicKeys.of(bundle(hub_file, database_id=DATABASE), path=hub_file)

    groups = public.fingerprint().split(" ")
    assert [len(group) for group in groups] == [5] * 6
    assert all(group.isascii() and group.isdigit() for group in groups)


@pytest.mark.parametrize("side", LOADERS)
def test_both_ends_read_out_the_same_fingerprint(tmp_path: Path, side: str) -> None:
    MAKERS[side](tmp_path / "made")
    printed = bundle(tmp_path / "made", database_id=DATABASE)
    save_bundle(tmp_path / "pinned.json", printed)

    assert PUBLIC[side](tmp_path / "pinned.json").fingerprint() == fingerprint_of(printed)


def test_any_change_of_a_bundle_changes_its_fingerprint(tmp_path: Path, hub_file: Path) -> None:
    make_hub(tmp_path / "other")
    genuine = bundle(hub_file, database_id=DATABASE)
    swapped = json.loads(json.dumps(genuine))
    swapped["keys"]["courier"] = bundle(tmp_path / "other", database_id=DATABASE)["keys"]["courier"]
    revoked = json.loads(json.dumps(genuine))
    revoked["keys"]["voice"][0]["revoked"] = True
    versions = [genuine, swapped, revoked, bundle(hub_file, database_id=b"x" * 16)]

    assert len({fingerprint_of(each) for each in versions}) == 4


# Which key to seal to


def test_the_newest_key_that_has_started_is_sealed_to(tmp_path: Path) -> None:
    keys = pinned_hub(
        sealing_entry(1, start=NOW - 300 * DAY),
        sealing_entry(2, start=NOW - 10 * DAY),
        sealing_entry(3, start=NOW + 10 * DAY),
        tmp_path=tmp_path,
    )

    assert keys.sealing_key_for(NOW).public == b"\x02" * 32
    assert keys.sealing_key_for(NOW - 20 * DAY).public == b"\x01" * 32
    assert keys.sealing_key_for(NOW + 10 * DAY).public == b"\x03" * 32


def test_past_its_end_the_newest_key_is_still_sealed_to_and_said_to_be_overdue(tmp_path: Path, hub_file: Path) -> None:
    keys = HubPublicKeys.of(bundle(hub_file, database_id=DATABASE), path=hub_file)
    key_id, public, is_overdue = keys.sealing_key_for(NOW + SEALING_KEY_LIFE)

    assert key_id == public_key_id(public)
    assert not is_overdue
    late = keys.sealing_key_for(NOW + SEALING_KEY_LIFE + DAY)
    assert (late.public, late.is_overdue) == (public, True)


def test_an_older_key_is_not_used_past_a_newer_one_that_ended_too(tmp_path: Path) -> None:
    keys = pinned_hub(
        sealing_entry(1, start=NOW - 300 * DAY, days=400),
        sealing_entry(2, start=NOW - 200 * DAY, days=100),
        tmp_path=tmp_path,
    )

    assert keys.sealing_key_for(NOW) == (public_key_id(b"\x02" * 32), b"\x02" * 32, True)


def test_a_clock_that_runs_behind_turns_nobody_away(tmp_path: Path) -> None:
    keys = pinned_hub(sealing_entry(2, start=NOW + 10 * DAY), sealing_entry(1, start=NOW + 5 * DAY), tmp_path=tmp_path)

    assert keys.sealing_key_for(NOW).public == b"\x01" * 32


def test_a_revoked_key_is_never_sealed_to(tmp_path: Path) -> None:
    keys = pinned_hub(
        sealing_entry(2, start=NOW - DAY, revoked=True), sealing_entry(1, start=NOW - 400 * DAY), tmp_path=tmp_path
    )

    assert keys.sealing_key_for(NOW) == (public_key_id(b"\x01" * 32), b"\x01" * 32, True)


def test_when_every_key_is_revoked_nothing_is_sealed(tmp_path: Path) -> None:
    keys = pinned_hub(sealing_entry(1, start=NOW, revoked=True), tmp_path=tmp_path)

    with pytest.raises(NoSealingKey, match="flask keys trust"):
        keys.sealing_key_for(NOW)


def test_a_revoked_signing_key_is_neither_trusted_nor_used(tmp_path: Path, hub_file: Path) -> None:
    make_hub(tmp_path / "newer")
    newer = json.loads((tmp_path / "newer").read_text())["keys"]["voice"][0]
    before = HubSigningKeys.load(hub_file)

    def rotate(content: dict[str, Any]) -> None:
        content["keys"]["voice"][0]["revoked"] = True
        content["keys"]["voice"].append(newer)

    edit(hub_file, rotate)
    after = HubSigningKeys.load(hub_file)
    public = HubPublicKeys.of(bundle(hub_file, database_id=DATABASE), path=hub_file)

    assert after.voice.verify_key != before.voice.verify_key
    assert public.voice == (after.voice.verify_key,)


def test_while_signing_keys_change_both_are_trusted_and_the_first_signs(tmp_path: Path, portal_file: Path) -> None:
    make_portal_keys(tmp_path / "newer")
    newer = json.loads((tmp_path / "newer").read_text())["keys"]["signing"][0]
    before = PortalPrivateKeys.load(portal_file).signing.verify_key
    edit(portal_file, lambda content: content["keys"]["signing"].insert(0, newer))
    after = PortalPrivateKeys.load(portal_file).signing.verify_key

    public = PortalPublicKeys.of(bundle(portal_file, database_id=DATABASE), path=portal_file)

    assert bytes(after).hex() == newer["public"]
    assert public.signing == (after, before)


# Files that cannot be used


@pytest.mark.parametrize("side", LOADERS)
@pytest.mark.parametrize("mode", [0o640, 0o604, 0o644, 0o660, 0o620, 0o601])
def test_private_keys_that_others_can_get_at_are_refused(tmp_path: Path, side: str, mode: int) -> None:
    MAKERS[side](tmp_path / "made")
    (tmp_path / "made").chmod(mode)

    for load in (LOADERS[side], lambda path: bundle(path, database_id=DATABASE)):
        with pytest.raises(KeyFileError, match="chmod 600"):
            load(tmp_path / "made")


@pytest.mark.parametrize("side", LOADERS)
def test_private_keys_that_their_owner_may_only_read_are_fine(tmp_path: Path, side: str) -> None:
    MAKERS[side](tmp_path / "made")
    (tmp_path / "made").chmod(0o400)

    assert LOADERS[side](tmp_path / "made") is not None


def test_the_hubs_private_keys_are_no_use_to_the_portal_nor_the_other_way_round(
    hub_file: Path, portal_file: Path
) -> None:
    with pytest.raises(KeyFileError, match="keys of the Hub, not of the portal"):
        PortalPrivateKeys.load(hub_file)
    with pytest.raises(KeyFileError, match="keys of the portal, not of the Hub"):
        HubSigningKeys.load(portal_file)


@pytest.mark.parametrize("side", LOADERS)
def test_private_keys_are_not_pinned_by_mistake(tmp_path: Path, side: str) -> None:
    MAKERS[side](tmp_path / "made")
    edit(tmp_path / "made", lambda content: content.update(database_id=DATABASE.hex()))

    with pytest.raises(KeyFileError, match="holds private keys"):
        PUBLIC[side](tmp_path / "made")
    with pytest.raises(KeyFileError, match="holds private keys"):
        save_bundle(tmp_path / "pinned.json", json.loads((tmp_path / "made").read_text()))
    assert not (tmp_path / "pinned.json").exists()


def first(content: dict[str, Any], name: str = "voice") -> dict[str, Any]:
    entry: dict[str, Any] = content["keys"][name][0]
    return entry


BROKEN: dict[str, Callable[[dict[str, Any]], object]] = {
    "no side": lambda content: content.pop("side"),
    "another side": lambda content: content.update(side="somebody"),
    "a side that is no word": lambda content: content.update(side=["hub"]),
    "another format": lambda content: content.update(format=2),
    "no keys": lambda content: content.pop("keys"),
    "a list left out": lambda content: content["keys"].pop("courier"),
    "an empty list": lambda content: content["keys"].update(voice=[]),
    "a list that is none": lambda content: content["keys"].update(voice="abc"),
    "an entry that is none": lambda content: content["keys"].update(voice=[7]),
    "an entry twice": lambda content: content["keys"]["voice"].append(first(content)),
    "no public half": lambda content: first(content).pop("public"),
    "a short public half": lambda content: first(content).update(public="ab" * 31),
    "a public half that is no hex": lambda content: first(content).update(public="zz" * 32),
    "a public half in capitals": lambda content: first(content).update(public=first(content)["public"].upper()),
    "a public half with spaces": lambda content: first(content).update(public="ab " * 21 + " "),
    "a public half that is no text": lambda content: first(content).update(public=7),
    "another id": lambda content: first(content).update(id="00" * 8),
    "revoked that is no answer": lambda content: first(content).update(revoked="yes"),
    "one time of two": lambda content: first(content, "sealing").pop("not_after"),
    "a time without zone": lambda content: first(content, "sealing").update(not_before="2026-03-03T09:00:00"),
    "a time that is none": lambda content: first(content, "sealing").update(not_before="soon"),
    "a time that is a number": lambda content: first(content, "sealing").update(not_before=1772528400),
}


@pytest.mark.parametrize("how", BROKEN)
def test_a_bundle_that_is_not_whole_is_refused_in_one_line(tmp_path: Path, hub_file: Path, how: str) -> None:
    content = bundle(hub_file, database_id=DATABASE)
    BROKEN[how](content)
    path = tmp_path / "pinned.json"
    path.write_text(json.dumps(content))

    with pytest.raises(KeyFileError) as caught:
        HubPublicKeys.load(path)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("how", BROKEN)
def test_a_private_file_that_is_not_whole_is_refused_without_showing_a_key(hub_file: Path, how: str) -> None:
    halves = [entries[0]["private"] for entries in json.loads(hub_file.read_text())["keys"].values()]
    edit(hub_file, BROKEN[how])

    with pytest.raises(KeyFileError) as caught:
        HubSigningKeys.load(hub_file)
    assert "\n" not in str(caught.value)
    assert not any(half in str(caught.value) for half in halves)
    assert caught.value.__suppress_context__ or caught.value.__context__ is None


@pytest.mark.parametrize("name", ["voice", "post", "courier"])
def test_private_halves_must_be_there_and_belong_to_the_public_ones(hub_file: Path, name: str) -> None:
    edit(hub_file, lambda content: first(content, name).update(private="11" * 32))
    with pytest.raises(KeyFileError, match="do not belong together"):
        HubSigningKeys.load(hub_file)

    edit(hub_file, lambda content: first(content, name).pop("private"))
    with pytest.raises(KeyFileError, match="32 bytes in hexadecimal"):
        HubSigningKeys.load(hub_file)


def test_the_portals_private_halves_must_belong_to_the_public_ones(portal_file: Path) -> None:
    edit(portal_file, lambda content: first(content, "sealing").update(private="11" * 32))

    with pytest.raises(KeyFileError, match="do not belong together"):
        PortalPrivateKeys.load(portal_file)


@pytest.mark.parametrize("name", ["voice", "post", "courier"])
def test_a_file_with_nothing_left_to_sign_with_is_refused(hub_file: Path, name: str) -> None:
    edit(hub_file, lambda content: first(content, name).update(revoked=True))

    with pytest.raises(KeyFileError, match=f"every {name} key in it is revoked"):
        HubSigningKeys.load(hub_file)


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"[]", b"null", b"\xff\xfe\x00", b"[" * 100_000, b" " * (1024 * 1024 + 1)],
    ids=["empty", "cut", "a list", "nothing", "not text", "too deep", "too large"],
)
def test_what_is_no_key_file_is_refused_by_name(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "made"
    path.touch(mode=0o600)
    path.write_bytes(content)

    for load in (HubSigningKeys.load, PortalPrivateKeys.load, HubPublicKeys.load, PortalPublicKeys.load):
        with pytest.raises(KeyFileError):
            load(path)


def test_what_is_no_file_at_all_is_refused_and_never_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe", 0o600)
    for path in (tmp_path, tmp_path / "pipe", tmp_path / "missing"):
        for load in (HubSigningKeys.load, HubPublicKeys.load):
            with pytest.raises(KeyFileError) as caught:
                load(path)
            assert str(path) in str(caught.value)


@pytest.mark.parametrize("found", [None, "", "dd" * 15, "zz" * 16, 7])
def test_a_bundle_needs_the_id_of_its_database(hub_file: Path, found: object) -> None:
    content = bundle(hub_file, database_id=DATABASE) | {"database_id": found}

    with pytest.raises(KeyFileError, match="database id"):
        HubPublicKeys.of(content, path=hub_file)


def test_a_database_id_of_the_wrong_length_is_not_put_in_a_bundle(hub_file: Path) -> None:
    with pytest.raises(ValueError, match="16 bytes"):
        bundle(hub_file, database_id=b"short")


# Pinning


def test_a_new_bundle_takes_the_place_of_the_old_one(tmp_path: Path, hub_file: Path) -> None:
    pinned = tmp_path / "pinned.json"
    save_bundle(pinned, bundle(hub_file, database_id=DATABASE))
    save_bundle(pinned, bundle(hub_file, database_id=b"x" * 16))

    assert HubPublicKeys.load(pinned).database_id == b"x" * 16
    assert sorted(tmp_path.iterdir()) == sorted([hub_file, pinned])


@pytest.mark.parametrize("how", BROKEN)
def test_a_bundle_that_is_not_whole_never_takes_the_place_of_one_that_is(
    tmp_path: Path, hub_file: Path, how: str
) -> None:
    pinned = tmp_path / "pinned.json"
    save_bundle(pinned, bundle(hub_file, database_id=DATABASE))
    before = pinned.read_bytes()
    broken = bundle(hub_file, database_id=DATABASE)
    BROKEN[how](broken)

    with pytest.raises(KeyFileError):
        save_bundle(pinned, broken)
    assert pinned.read_bytes() == before
