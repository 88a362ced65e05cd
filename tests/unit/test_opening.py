"""Only the Hub opens the referral lane, only where it belongs; and a change of keys strands nothing."""

from __future__ import annotations

import dataclasses
import json
import struct
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st
from nacl.signing import SigningKey

from app.adapters.keys import KeyFileError, make_hub_keys, make_portal_keys
from app.adapters.opening import (
    OpeningKey,
    OpeningKeys,
    UnknownKey,
    open_sealed,
    unwrap_record_secret,
    wrap_record_secret,
)
from app.adapters.sealing import (
    MAGIC,
    SUITE,
    CannotOpen,
    Envelope,
    Header,
    Kind,
    Lane,
    associated_data,
    make_answer,
    pad,
    parse,
    public_key_id,
    seal_in_conversation,
    seal_to_hub,
    verify,
)

NOW = datetime(2026, 3, 3, 9, 0, tzinfo=UTC)
PORTAL = SigningKey(bytes(range(32)))
HEADER = Header(database_id=b"d" * 16, case_id=b"c" * 16, envelope_id=b"e" * 16, number=1)
TEXT = "Nachbar, seit März".encode()
RECORD_SECRET = bytes(range(3, 35))
CASE = b"c" * 16


def opening_key(seed: int, *, started: datetime = NOW, revoked: bool = False) -> OpeningKey:
    private = X25519PrivateKey.from_private_bytes(bytes([seed]) * 32)
    public = private.public_key().public_bytes_raw()
    return OpeningKey(key_id=public_key_id(public), public=public, private=private, not_before=started, revoked=revoked)


OLD = opening_key(1, started=NOW - timedelta(days=365))
NEW = opening_key(2)
KEYS = OpeningKeys([NEW, OLD])


def referral(*, kind: Kind = Kind.FIRST, key: OpeningKey = NEW, header: Header = HEADER) -> Envelope:
    return parse(seal_to_hub(TEXT, kind=kind, header=header, hub_key=key.public, signer=PORTAL))


def signed_again(envelope: Envelope, **changes: Any) -> Envelope:
    changed = dataclasses.replace(envelope, **changes)
    unsigned = struct.pack(">4sBB8sH", MAGIC, changed.version, changed.kind, changed.key_id, 56)
    unsigned += changed.header.to_bytes() + struct.pack(">I", len(changed.ciphertext)) + changed.ciphertext
    return parse(unsigned + PORTAL.sign(b"envelope signature/v1\x00" + unsigned).signature)


@pytest.mark.parametrize("kind", [Kind.FIRST, Kind.ITEM])
def test_the_hub_opens_what_was_sealed_to_it(kind: Kind) -> None:
    assert open_sealed(referral(kind=kind), KEYS) == TEXT


def test_what_was_sealed_to_an_older_key_still_opens() -> None:
    assert open_sealed(referral(key=OLD), KEYS) == TEXT


def test_a_revoked_key_is_not_offered_but_opens_what_was_on_its_way() -> None:
    revoked = opening_key(3, started=NOW + timedelta(days=1), revoked=True)
    keys = OpeningKeys([revoked, NEW, OLD])

    assert keys.newest == NEW
    assert open_sealed(referral(key=revoked), keys) == TEXT


def test_the_newest_key_is_the_one_that_started_last_wherever_it_stands() -> None:
    assert OpeningKeys([OLD, NEW]).newest == OpeningKeys([NEW, OLD]).newest == NEW


def test_without_a_key_in_use_there_are_no_opening_keys() -> None:
    with pytest.raises(ValueError, match="in use"):
        OpeningKeys([])
    with pytest.raises(ValueError, match="in use"):
        OpeningKeys([opening_key(3, revoked=True)])


def test_a_destroyed_key_is_told_apart_from_a_broken_seal() -> None:
    with pytest.raises(UnknownKey):
        open_sealed(referral(key=OLD), OpeningKeys([NEW]))


@pytest.mark.parametrize(
    "changes",
    [
        {"kind": Kind.ITEM},
        {"key_id": OLD.key_id},
        {"header": dataclasses.replace(HEADER, database_id=b"x" * 16)},
        {"header": dataclasses.replace(HEADER, case_id=b"x" * 16)},
        {"header": dataclasses.replace(HEADER, envelope_id=b"x" * 16)},
        {"header": dataclasses.replace(HEADER, number=2)},
    ],
    ids=["kind", "key id", "database id", "case id", "envelope id", "number"],
)
def test_signing_again_does_not_move_a_referral_to_another_place(changes: dict[str, Any]) -> None:
    moved = signed_again(referral(), **changes)

    verify(moved, [PORTAL.verify_key])
    with pytest.raises(CannotOpen):
        open_sealed(moved, KEYS)


def test_signing_again_without_a_change_opens_so_that_the_test_above_means_something() -> None:
    assert open_sealed(signed_again(referral()), KEYS) == TEXT


def test_every_changed_part_of_the_seal_stays_shut() -> None:
    envelope = referral()
    for place in (0, 31, 32, 500, 1007, 1008, 1023):
        changed = bytearray(envelope.ciphertext)
        changed[place] ^= 1
        with pytest.raises(CannotOpen):
            open_sealed(dataclasses.replace(envelope, ciphertext=bytes(changed)), KEYS)


def test_a_sender_whose_half_of_the_exchange_is_worthless_is_refused_by_name() -> None:
    with pytest.raises(CannotOpen):
        open_sealed(dataclasses.replace(referral(), ciphertext=bytes(1024)), KEYS)


def test_conversation_and_answers_do_not_open_as_referrals() -> None:
    item = seal_in_conversation(
        TEXT, lane=Lane.TO_HUB, header=HEADER, key_id=NEW.key_id, secret=bytes(32), signer=PORTAL
    )
    answer = make_answer(header=HEADER, outcome="received", reason="", signer=PORTAL)
    for raw in (item, answer):
        with pytest.raises(CannotOpen):
            open_sealed(parse(raw), KEYS)


def test_a_seal_of_any_other_lane_does_not_open_as_a_referral() -> None:
    envelope = referral()
    bounds = {lane: associated_data(kind=Kind.FIRST, lane=lane, key_id=envelope.key_id, header=HEADER) for lane in Lane}

    assert len(set(bounds.values())) == len(Lane)
    for lane in set(Lane) - {Lane.REFERRAL}:
        sealed = SUITE.encrypt(pad(TEXT, 1024 - 48), NEW.private.public_key(), info=bounds[lane])
        with pytest.raises(CannotOpen):
            open_sealed(dataclasses.replace(envelope, ciphertext=sealed), KEYS)


def test_the_private_half_is_never_in_a_representation() -> None:
    assert "X25519PrivateKey" not in repr(NEW)
    assert "private" not in repr(NEW)


# Record secrets


def test_a_record_secret_comes_back_for_its_case() -> None:
    blob = wrap_record_secret(RECORD_SECRET, case_id=CASE, public_key=KEYS.newest.public)

    assert RECORD_SECRET not in blob
    assert unwrap_record_secret(blob, case_id=CASE, keys=KEYS) == RECORD_SECRET


def test_a_wrapped_record_secret_and_a_referral_are_sealed_as_the_documentation_says() -> None:
    # Opened with the library alone: a change here would strand every record and everything in transit.
    blob = wrap_record_secret(RECORD_SECRET, case_id=CASE, public_key=NEW.public)
    envelope = referral()
    bound = b"envelope seal/v1\x00\x01\x01\x01" + NEW.key_id + b"d" * 16 + b"c" * 16 + b"e" * 16 + bytes(7) + b"\x01"

    assert blob[:9] == b"\x01" + NEW.key_id
    opened = SUITE.decrypt(blob[9:], NEW.private, info=b"record secret/v1\x00\x01" + NEW.key_id + CASE)
    assert opened == RECORD_SECRET
    assert SUITE.decrypt(envelope.ciphertext, NEW.private, info=bound) == pad(TEXT, 1024 - 48)


def test_a_record_secret_does_not_open_for_another_case() -> None:
    blob = wrap_record_secret(RECORD_SECRET, case_id=CASE, public_key=NEW.public)

    with pytest.raises(CannotOpen):
        unwrap_record_secret(blob, case_id=b"x" * 16, keys=KEYS)


def test_after_a_rotation_a_record_secret_is_wrapped_again_and_the_old_key_can_go() -> None:
    before = wrap_record_secret(RECORD_SECRET, case_id=CASE, public_key=OLD.public)
    after = wrap_record_secret(
        unwrap_record_secret(before, case_id=CASE, keys=KEYS), case_id=CASE, public_key=KEYS.newest.public
    )

    only_new = OpeningKeys([NEW])
    assert unwrap_record_secret(after, case_id=CASE, keys=only_new) == RECORD_SECRET
    with pytest.raises(UnknownKey):
        unwrap_record_secret(before, case_id=CASE, keys=only_new)


def test_a_wrapped_record_secret_changed_anywhere_or_cut_does_not_open() -> None:
    blob = wrap_record_secret(RECORD_SECRET, case_id=CASE, public_key=NEW.public)
    for place in range(len(blob)):
        changed = bytearray(blob)
        changed[place] ^= 1
        for broken in (bytes(changed), blob[:place]):
            with pytest.raises(CannotOpen):
                unwrap_record_secret(broken, case_id=CASE, keys=KEYS)


def test_a_wrapped_record_secret_does_not_open_under_the_name_of_another_key() -> None:
    blob = wrap_record_secret(RECORD_SECRET, case_id=CASE, public_key=NEW.public)

    with pytest.raises(CannotOpen):
        unwrap_record_secret(blob[:1] + OLD.key_id + blob[9:], case_id=CASE, keys=KEYS)


@given(st.binary(max_size=120))
def test_random_bytes_are_never_a_record_secret_and_never_a_surprise(blob: bytes) -> None:
    for raw in (blob, b"\x01" + NEW.key_id + blob):
        with pytest.raises(CannotOpen):
            unwrap_record_secret(raw, case_id=CASE, keys=KEYS)


@pytest.mark.parametrize(("secret", "case"), [(b"short", CASE), (RECORD_SECRET, b"short")])
def test_a_record_secret_or_case_id_of_the_wrong_length_is_refused(secret: bytes, case: bytes) -> None:
    with pytest.raises(ValueError, match="bytes"):
        wrap_record_secret(secret, case_id=case, public_key=NEW.public)


# The file


def test_the_opening_keys_come_from_the_hubs_private_file(tmp_path: Path) -> None:
    path = tmp_path / "hub.json"
    make_hub_keys(path, now=NOW)

    keys = OpeningKeys.load(path)

    assert keys.newest.not_before == NOW
    assert open_sealed(referral(key=keys.newest), keys) == TEXT


def test_a_file_that_others_can_read_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "hub.json"
    make_hub_keys(path, now=NOW)
    path.chmod(0o640)

    with pytest.raises(KeyFileError, match="chmod 600"):
        OpeningKeys.load(path)


def test_the_portals_file_opens_nothing(tmp_path: Path) -> None:
    path = tmp_path / "portal.json"
    make_portal_keys(path)

    with pytest.raises(KeyFileError, match="holds keys of the portal, not of the Hub"):
        OpeningKeys.load(path)


def test_a_file_whose_only_sealing_key_is_revoked_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "hub.json"
    make_hub_keys(path, now=NOW)
    content = json.loads(path.read_text())
    content["keys"]["sealing"][0]["revoked"] = True
    path.write_text(json.dumps(content))

    with pytest.raises(KeyFileError, match="revoked"):
        OpeningKeys.load(path)


def test_halves_that_do_not_belong_together_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "hub.json"
    make_hub_keys(path, now=NOW)
    content = json.loads(path.read_text())
    content["keys"]["sealing"][0]["private"] = "11" * 32
    path.write_text(json.dumps(content))

    with pytest.raises(KeyFileError, match="do not belong together") as caught:
        OpeningKeys.load(path)
    assert "11" * 32 not in str(caught.value)
