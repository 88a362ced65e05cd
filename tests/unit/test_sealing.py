"""What is sealed opens only where, and as what, it was sealed; anything changed on the way is refused by name."""

from __future__ import annotations

import dataclasses
import hmac
import struct
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from hypothesis import given
from hypothesis import strategies as st
from nacl import bindings
from nacl.signing import SigningKey

from app.adapters.sealing import (
    BUCKETS,
    MAGIC,
    MAX_PLAINTEXT,
    NO_CASE,
    NO_NUMBER,
    POOLED_SIZE,
    VERSION,
    Answer,
    BadSignature,
    CannotOpen,
    Envelope,
    Header,
    Kind,
    Lane,
    MalformedEnvelope,
    TooLarge,
    UnknownVersion,
    associated_data,
    derive,
    make_answer,
    new_id,
    open_box,
    open_in_conversation,
    pad,
    parse,
    public_key_id,
    read_answer,
    seal_box,
    seal_in_conversation,
    seal_to_hub,
    unpad,
    verify,
)

ROOT = Path(__file__).parents[2]

PORTAL = SigningKey(bytes(range(32)))
STRANGER = SigningKey(bytes(32))
HUB = X25519PrivateKey.from_private_bytes(bytes(range(1, 33)))
HUB_KEY = HUB.public_key().public_bytes_raw()
SECRET = bytes(range(2, 34))
KEY_ID = b"hubkey01"
HEADER = Header(database_id=b"d" * 16, case_id=b"c" * 16, envelope_id=b"e" * 16, number=7)
TEXT = "Please ring me after nine. Слава".encode()

# Where each field stands in an envelope, as the module's docstring lays it out.
FIELDS = {
    "magic": slice(0, 4),
    "version": slice(4, 5),
    "kind": slice(5, 6),
    "key id": slice(6, 14),
    "header length": slice(14, 16),
    "database id": slice(16, 32),
    "case id": slice(32, 48),
    "envelope id": slice(48, 64),
    "number": slice(64, 72),
    "ciphertext length": slice(72, 76),
    "ciphertext": slice(76, -64),
    "signature": slice(-64, None),
}


def conversation_item(
    plaintext: bytes = TEXT, *, lane: Lane = Lane.TO_HUB, header: Header = HEADER, signer: SigningKey = PORTAL
) -> bytes:
    return seal_in_conversation(plaintext, lane=lane, header=header, key_id=KEY_ID, secret=SECRET, signer=signer)


def referral(plaintext: bytes = TEXT, *, kind: Kind = Kind.FIRST) -> bytes:
    return seal_to_hub(plaintext, kind=kind, header=HEADER, hub_key=HUB_KEY, signer=PORTAL)


def answer() -> bytes:
    return make_answer(header=HEADER, outcome="refused", reason="bad-signature", signer=PORTAL)


def signed_again(envelope: Envelope, signer: SigningKey = PORTAL, **changes: Any) -> Envelope:
    """The same envelope with some fields changed by somebody who holds the signing key."""
    changed = dataclasses.replace(envelope, **changes)
    unsigned = struct.pack(">4sBB8sH", MAGIC, changed.version, changed.kind, changed.key_id, 56)
    unsigned += changed.header.to_bytes() + struct.pack(">I", len(changed.ciphertext)) + changed.ciphertext
    return parse(unsigned + signer.sign(b"envelope signature/v1\x00" + unsigned).signature)


def receive(raw: bytes) -> bytes:
    """What a receiver of a conversation item does, in its order."""
    envelope = parse(raw)
    verify(envelope, [PORTAL.verify_key])
    return open_in_conversation(envelope, lane=Lane.TO_HUB, secret=SECRET)


# There and back


@given(st.binary(max_size=5000), st.sampled_from([Lane.TO_HUB, Lane.TO_PERSON]))
def test_an_item_of_the_conversation_comes_back_as_it_was(plaintext: bytes, lane: Lane) -> None:
    envelope = parse(conversation_item(plaintext, lane=lane))

    verify(envelope, [PORTAL.verify_key])
    assert open_in_conversation(envelope, lane=lane, secret=SECRET) == plaintext


@pytest.mark.parametrize("raw", [conversation_item(), referral(), answer()], ids=["item", "referral", "answer"])
def test_an_envelope_says_in_clear_only_its_kind_and_ids(raw: bytes) -> None:
    envelope = parse(raw)

    assert (envelope.version, envelope.header, envelope.raw) == (VERSION, HEADER, raw)
    assert TEXT not in raw


def test_the_same_text_is_never_sealed_the_same_way_twice() -> None:
    assert conversation_item() != conversation_item()
    assert referral() != referral()


def test_a_referral_names_the_key_it_was_sealed_to() -> None:
    assert parse(referral()).key_id == public_key_id(HUB_KEY)
    assert parse(conversation_item()).key_id == KEY_ID


def test_the_seal_of_the_conversation_is_what_the_documentation_says() -> None:
    # Opened with the libraries alone: a change of layout, key or bound data would strand everything in transit.
    raw = conversation_item(b"hello", lane=Lane.TO_PERSON)
    key = HKDF(algorithm=hashes.SHA256(), length=32, salt=None, info=b"to-person/v1").derive(SECRET)
    bound = b"envelope seal/v1\x00" + b"\x01\x02\x03" + KEY_ID + b"d" * 16 + b"c" * 16 + b"e" * 16 + bytes(7) + b"\x07"
    sealed = raw[FIELDS["ciphertext"]]

    padded = bindings.crypto_aead_xchacha20poly1305_ietf_decrypt(sealed[24:], bound, sealed[:24], key)

    assert padded == b"\x00\x00\x00\x05hello" + bytes(1024 - 24 - 16 - 4 - 5)
    PORTAL.verify_key.verify(b"envelope signature/v1\x00" + raw[:-64], raw[-64:])


# Changed on the way


@pytest.mark.parametrize("name", FIELDS)
@pytest.mark.parametrize("make", [conversation_item, referral, answer])
def test_every_changed_byte_of_every_field_is_refused_by_name(name: str, make: Callable[[], bytes]) -> None:
    raw = make()
    expected = {
        "magic": MalformedEnvelope,
        "version": UnknownVersion,
        "header length": MalformedEnvelope,
        "ciphertext length": MalformedEnvelope,
    }.get(name, BadSignature)
    places = range(len(raw))[FIELDS[name]]
    for place in places if len(places) <= 64 else (places[0], places[len(places) // 2], places[-1]):
        for bit in range(8):
            changed = bytearray(raw)
            changed[place] ^= 1 << bit
            with pytest.raises((MalformedEnvelope, BadSignature)) as caught:
                verify(parse(bytes(changed)), [PORTAL.verify_key])
            # A changed kind may be no kind at all, and a changed answer no answer.
            if name not in {"kind", "key id"}:
                assert caught.type is expected


@pytest.mark.parametrize(
    "changes",
    [
        {"kind": Kind.FIRST},
        {"key_id": b"hubkey02"},
        {"header": dataclasses.replace(HEADER, database_id=b"x" * 16)},
        {"header": dataclasses.replace(HEADER, case_id=b"x" * 16)},
        {"header": dataclasses.replace(HEADER, envelope_id=b"x" * 16)},
        {"header": dataclasses.replace(HEADER, number=8)},
    ],
    ids=["kind", "key id", "database id", "case id", "envelope id", "number"],
)
def test_signing_again_does_not_move_an_item_to_another_place(changes: dict[str, Any]) -> None:
    moved = signed_again(parse(conversation_item()), **changes)

    verify(moved, [PORTAL.verify_key])
    with pytest.raises(CannotOpen):
        open_in_conversation(moved, lane=Lane.TO_HUB, secret=SECRET)


def test_signing_again_without_a_change_opens_so_that_the_test_above_means_something() -> None:
    same = signed_again(parse(conversation_item()))

    verify(same, [PORTAL.verify_key])
    assert open_in_conversation(same, lane=Lane.TO_HUB, secret=SECRET) == TEXT


def test_two_cases_cannot_swap_their_texts() -> None:
    ours = parse(conversation_item(b"ours"))
    theirs = parse(conversation_item(b"theirs", header=dataclasses.replace(HEADER, case_id=b"x" * 16)))

    with pytest.raises(CannotOpen):
        open_in_conversation(signed_again(ours, ciphertext=theirs.ciphertext), lane=Lane.TO_HUB, secret=SECRET)


@pytest.mark.parametrize(("sealed", "opened"), [(Lane.TO_HUB, Lane.TO_PERSON), (Lane.TO_PERSON, Lane.TO_HUB)])
def test_what_goes_one_way_is_not_taken_for_what_goes_the_other(sealed: Lane, opened: Lane) -> None:
    with pytest.raises(CannotOpen):
        open_in_conversation(parse(conversation_item(lane=sealed)), lane=opened, secret=SECRET)


@pytest.mark.parametrize("lane", [Lane.REFERRAL, Lane.POST])
def test_only_the_two_lanes_of_the_conversation_use_the_case_secret(lane: Lane) -> None:
    with pytest.raises(ValueError, match="lane"):
        conversation_item(lane=lane)
    with pytest.raises(ValueError, match="lane"):
        open_in_conversation(parse(conversation_item()), lane=lane, secret=SECRET)


@pytest.mark.parametrize("raw", [referral(kind=Kind.ITEM), referral(), answer()], ids=["item", "first", "answer"])
@pytest.mark.parametrize("lane", [Lane.TO_HUB, Lane.TO_PERSON])
def test_the_case_secret_opens_nothing_but_the_conversation(raw: bytes, lane: Lane) -> None:
    with pytest.raises(CannotOpen):
        open_in_conversation(parse(raw), lane=lane, secret=SECRET)


def test_a_first_envelope_is_never_of_the_conversation_even_if_somebody_seals_it_so() -> None:
    bound = associated_data(kind=Kind.FIRST, lane=Lane.TO_HUB, key_id=KEY_ID, header=HEADER)
    nonce, key = bytes(24), derive(SECRET, "to-hub/v1")
    sealed = bindings.crypto_aead_xchacha20poly1305_ietf_encrypt(pad(TEXT, 1024 - 40), bound, nonce, key)

    forged = signed_again(parse(conversation_item()), kind=Kind.FIRST, ciphertext=nonce + sealed)
    with pytest.raises(CannotOpen):
        open_in_conversation(forged, lane=Lane.TO_HUB, secret=SECRET)


def test_another_case_secret_opens_nothing() -> None:
    with pytest.raises(CannotOpen):
        open_in_conversation(parse(conversation_item()), lane=Lane.TO_HUB, secret=bytes(32))


def test_the_error_of_a_failed_opening_says_nothing_about_why() -> None:
    with pytest.raises(CannotOpen) as caught:
        open_in_conversation(parse(conversation_item()), lane=Lane.TO_HUB, secret=bytes(32))

    assert caught.value.args == ()
    assert caught.value.__suppress_context__


# Signatures


def test_a_stranger_cannot_sign() -> None:
    with pytest.raises(BadSignature):
        verify(parse(conversation_item(signer=STRANGER)), [PORTAL.verify_key])


def test_any_one_of_the_trusted_keys_is_enough() -> None:
    verify(parse(conversation_item()), [STRANGER.verify_key, PORTAL.verify_key])


def test_without_a_trusted_key_nothing_is_trusted() -> None:
    with pytest.raises(BadSignature):
        verify(parse(conversation_item()), [])


def test_a_signature_made_for_something_else_does_not_sign_an_envelope() -> None:
    unsigned = conversation_item()[:-64]

    with pytest.raises(BadSignature):
        verify(parse(unsigned + PORTAL.sign(unsigned).signature), [PORTAL.verify_key])


def test_what_is_verified_is_what_will_be_opened_and_not_the_bytes_it_came_from() -> None:
    genuine = parse(conversation_item())

    with pytest.raises(BadSignature):
        verify(dataclasses.replace(genuine, ciphertext=bytes(1024)), [PORTAL.verify_key])


# The parser


@given(st.binary(max_size=200))
def test_random_bytes_are_never_an_envelope_and_never_a_surprise(raw: bytes) -> None:
    with pytest.raises(MalformedEnvelope):
        parse(raw)


@given(st.binary(max_size=200))
def test_random_bytes_behind_a_right_beginning_are_refused_too(rest: bytes) -> None:
    with pytest.raises(MalformedEnvelope):
        parse(MAGIC + bytes([VERSION]) + rest)


@pytest.mark.parametrize("size", [0, 1, 1023, 1025, 2048, 65537])
def test_a_ciphertext_of_a_size_that_we_never_make_is_refused(size: int) -> None:
    with pytest.raises(MalformedEnvelope):
        signed_again(parse(conversation_item()), ciphertext=bytes(size))


@given(st.binary(min_size=8, max_size=8), st.integers(0, 255), st.integers(0, 2**16 - 1), st.integers(0, 2**32 - 1))
def test_lengths_that_lie_are_refused(key_id: bytes, kind: int, header_length: int, ciphertext_length: int) -> None:
    start = MAGIC + struct.pack(">BB8sH", VERSION, kind, key_id, header_length)
    with pytest.raises(MalformedEnvelope):
        parse(start + bytes(56) + struct.pack(">I", ciphertext_length) + bytes(200))


WHOLE = {"item": conversation_item(), "referral": referral(), "answer": answer()}


@given(
    st.sampled_from(sorted(WHOLE)),
    st.lists(st.tuples(st.integers(0, 1163), st.integers(0, 255)), max_size=4),
    st.integers(0, 1164),
    st.binary(max_size=3),
    st.booleans(),
)
def test_a_valid_envelope_mangled_in_any_way_fails_by_name_or_is_whole(
    which: str, changes: list[tuple[int, int]], cut: int, added: bytes, keeps_its_length: bool
) -> None:
    mangled = bytearray(WHOLE[which])
    for place, value in changes:
        mangled[place] = value
    raw = bytes(mangled) if keeps_its_length else bytes(mangled[:cut]) + added
    try:
        envelope = parse(raw)
        verify(envelope, [PORTAL.verify_key])
    except (MalformedEnvelope, BadSignature):
        assert raw != WHOLE[which]
    else:
        assert raw == WHOLE[which]


@given(st.lists(st.tuples(st.integers(0, 1099), st.integers(0, 255)), max_size=4))
def test_opening_what_a_trusted_but_broken_sender_signed_never_surprises(changes: list[tuple[int, int]]) -> None:
    mangled = bytearray(conversation_item(b"whole")[:-64])
    for place, value in changes:
        mangled[place] = value
    unsigned = bytes(mangled)
    raw = unsigned + PORTAL.sign(b"envelope signature/v1\x00" + unsigned).signature
    try:
        opened = receive(raw)
    except (MalformedEnvelope, CannotOpen):
        return
    assert opened == b"whole"


@pytest.mark.parametrize("raw", WHOLE.values(), ids=WHOLE.keys())
def test_an_envelope_cut_short_or_made_longer_is_refused(raw: bytes) -> None:
    for length in range(len(raw)):
        with pytest.raises(MalformedEnvelope):
            parse(raw[:length])
    with pytest.raises(MalformedEnvelope):
        parse(raw + b"\x00")


def test_another_version_is_told_apart_from_rubbish_whatever_follows() -> None:
    for version in set(range(256)) - {VERSION}:
        with pytest.raises(UnknownVersion):
            parse(MAGIC + bytes([version]) + b"laid out in some other way")


# Sizes


@pytest.mark.parametrize("make", [conversation_item, referral])
def test_padding_hides_how_much_was_written(make: Callable[[bytes], bytes]) -> None:
    assert len({len(make(b"x" * length)) for length in (0, 1, 10, 500, 970)}) == 1
    assert len({len(make(b"x" * length)) for length in (1024, 2000, 4000)}) == 1


@pytest.mark.parametrize("make", [conversation_item, referral])
def test_a_ciphertext_has_one_of_four_sizes(make: Callable[[bytes], bytes]) -> None:
    seen = set()
    for size in BUCKETS:
        for length in {max(0, size - 200), size - 60, size - 52, size - 51, size - 44, size - 43, size}:
            if length <= MAX_PLAINTEXT:
                seen.add(len(parse(make(b"x" * length)).ciphertext))
    assert seen == set(BUCKETS)


@pytest.mark.parametrize("make", [conversation_item, referral])
def test_the_longest_text_fits_and_one_byte_more_is_refused(make: Callable[[bytes], bytes]) -> None:
    assert len(parse(make(b"x" * MAX_PLAINTEXT)).ciphertext) == BUCKETS[-1]
    with pytest.raises(TooLarge):
        make(b"x" * (MAX_PLAINTEXT + 1))


@given(st.binary(max_size=300))
def test_padding_comes_off_as_it_went_on(plaintext: bytes) -> None:
    assert unpad(pad(plaintext, 304)) == plaintext


@pytest.mark.parametrize(
    "padded",
    [
        b"",
        b"\x00\x00\x00",
        b"\x00\x00\x00\x05abcd",
        b"\xff\xff\xff\xffabcd",
        b"\x00\x00\x00\x01ab",
        b"\x00\x00\x00\x00\x01",
    ],
    ids=["empty", "no length", "too long", "much too long", "not zeros", "not zeros after nothing"],
)
def test_padding_that_we_did_not_make_is_refused(padded: bytes) -> None:
    with pytest.raises(CannotOpen):
        unpad(padded)


def test_text_that_does_not_fit_is_never_cut() -> None:
    with pytest.raises(TooLarge):
        pad(b"12345", 8)


# What a caller gets wrong


def test_ids_and_numbers_must_fit_their_place() -> None:
    too_long_or_short: list[dict[str, Any]] = [
        {"database_id": b""},
        {"case_id": b"x" * 15},
        {"envelope_id": b"x" * 17},
    ]
    for changes in too_long_or_short:
        with pytest.raises(ValueError, match="16 bytes"):
            dataclasses.replace(HEADER, **changes)
    for number in (-1, 2**64):
        with pytest.raises(ValueError, match="64-bit"):
            dataclasses.replace(HEADER, number=number)
    assert parse(conversation_item(header=dataclasses.replace(HEADER, number=2**64 - 1))).header.number == 2**64 - 1


def test_a_secret_or_key_id_of_the_wrong_length_is_refused_before_sealing() -> None:
    for key_id, secret in ((KEY_ID, SECRET[:31]), (KEY_ID, SECRET + b"x"), (KEY_ID[:7], SECRET)):
        with pytest.raises(ValueError, match="bytes"):
            seal_in_conversation(TEXT, lane=Lane.TO_HUB, header=HEADER, key_id=key_id, secret=secret, signer=PORTAL)


POOLED_HEADER = dataclasses.replace(HEADER, case_id=NO_CASE, number=NO_NUMBER)


def pooled(plaintext: bytes = b"{}", *, header: Header = POOLED_HEADER) -> bytes:
    return seal_to_hub(plaintext, kind=Kind.POOLED, header=header, hub_key=HUB_KEY, signer=PORTAL)


def test_pooled_answers_all_have_one_size_and_say_nothing_but_a_random_id() -> None:
    short, long = parse(pooled(b"")), parse(pooled(bytes(POOLED_SIZE - 100)))
    assert len(short.raw) == len(long.raw)
    assert short.header.to_bytes() == HEADER.database_id + NO_CASE + HEADER.envelope_id + bytes(8)
    with pytest.raises(TooLarge):
        pooled(bytes(POOLED_SIZE))


@pytest.mark.parametrize("telling", [{"case_id": b"c" * 16}, {"number": 7}], ids=str)
def test_pooled_answers_with_a_case_or_a_number_are_neither_made_nor_read(telling: dict[str, Any]) -> None:
    header = dataclasses.replace(POOLED_HEADER, **telling)
    with pytest.raises(ValueError, match="no case"):
        pooled(header=header)
    with pytest.raises(MalformedEnvelope):
        signed_again(parse(pooled()), header=header)
    with pytest.raises(MalformedEnvelope):
        signed_again(parse(pooled()), ciphertext=bytes(BUCKETS[0]))


def test_an_answer_is_not_sealed_to_the_hub() -> None:
    with pytest.raises(ValueError, match="first envelopes and items"):
        referral(kind=Kind.ANSWER)


@pytest.mark.parametrize("hub_key", [b"", bytes(31), bytes(32)], ids=["empty", "short", "of low order"])
def test_what_is_no_key_is_not_sealed_to(hub_key: bytes) -> None:
    with pytest.raises(ValueError, match=r".+"):
        seal_to_hub(TEXT, kind=Kind.FIRST, header=HEADER, hub_key=hub_key, signer=PORTAL)


def test_ids_are_random() -> None:
    assert len({new_id() for _ in range(100)}) == 100
    assert len(new_id()) == 16


# Answers


@pytest.mark.parametrize("given_answer", [Answer("received", ""), Answer("refused", "bad-signature")])
def test_an_answer_names_the_envelope_and_says_what_became_of_it(given_answer: Answer) -> None:
    raw = make_answer(header=HEADER, outcome=given_answer.outcome, reason=given_answer.reason, signer=PORTAL)
    envelope = parse(raw)

    verify(envelope, [PORTAL.verify_key])
    assert (envelope.kind, envelope.header) == (Kind.ANSWER, HEADER)
    assert read_answer(envelope) == given_answer


def test_all_answers_have_the_size_of_the_smallest_item() -> None:
    received = make_answer(header=HEADER, outcome="received", reason="", signer=PORTAL)

    assert len(received) == len(answer()) == len(conversation_item(b""))


@pytest.mark.parametrize(
    ("outcome", "reason"),
    [
        ("received", "gladly"),
        ("refused", ""),
        ("refused", "She lives at 4 Mill Road"),
        ("refused", "a" * 65),
        ("lost", "x"),
    ],
)
def test_an_answer_holds_no_free_text(outcome: Any, reason: str) -> None:
    with pytest.raises(ValueError, match="short code"):
        make_answer(header=HEADER, outcome=outcome, reason=reason, signer=PORTAL)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\x00",
        b"\x04",
        b"\x01gladly",
        b"\x03gladly",
        b"\x02",
        b"\x02Free text",
        b"\x02\xff",
        b"\x02bad-signature\n",
    ],
)
def test_a_signed_answer_that_makes_no_sense_is_malformed(body: bytes) -> None:
    with pytest.raises(MalformedEnvelope):
        read_answer(signed_again(parse(answer()), ciphertext=pad(body, 1024)))


def test_a_signed_answer_with_broken_padding_is_malformed() -> None:
    with pytest.raises(MalformedEnvelope):
        read_answer(signed_again(parse(answer()), ciphertext=b"\xff" * 1024))


def test_an_answer_that_names_a_key_or_is_large_is_malformed() -> None:
    with pytest.raises(MalformedEnvelope):
        signed_again(parse(answer()), key_id=KEY_ID)
    with pytest.raises(MalformedEnvelope):
        signed_again(parse(answer()), ciphertext=pad(b"\x01", 4096))


@pytest.mark.parametrize("raw", [conversation_item(), referral()], ids=["item", "referral"])
def test_only_answers_are_read_as_answers(raw: bytes) -> None:
    with pytest.raises(MalformedEnvelope):
        read_answer(parse(raw))


# Boxes


@given(st.binary(max_size=2000), st.binary(max_size=40), st.text(max_size=20))
def test_a_box_gives_back_what_was_put_in(plaintext: bytes, bound: bytes, purpose: str) -> None:
    assert (
        open_box(SECRET, seal_box(SECRET, plaintext, purpose=purpose, bound=bound), purpose=purpose, bound=bound)
        == plaintext
    )


def test_a_box_opens_only_with_its_own_secret_purpose_and_place() -> None:
    box = seal_box(SECRET, TEXT, purpose="draft/v1", bound=b"row 1")

    assert open_box(SECRET, box, purpose="draft/v1", bound=b"row 1") == TEXT
    for secret, purpose, bound in (
        (bytes(32), "draft/v1", b"row 1"),
        (SECRET, "visit/v1", b"row 1"),
        (SECRET, "draft/v1", b"row 2"),
        (SECRET, "draft/v1", b""),
        (b"", "draft/v1", b"row 1"),
        (SECRET[:31], "draft/v1", b"row 1"),
    ):
        with pytest.raises(CannotOpen):
            open_box(secret, box, purpose=purpose, bound=bound)


def test_a_box_changed_anywhere_or_cut_does_not_open() -> None:
    box = seal_box(SECRET, TEXT, purpose="draft/v1", bound=b"row 1")
    for place in range(len(box)):
        changed = bytearray(box)
        changed[place] ^= 1
        with pytest.raises(CannotOpen):
            open_box(SECRET, bytes(changed), purpose="draft/v1", bound=b"row 1")
        with pytest.raises(CannotOpen):
            open_box(SECRET, box[:place], purpose="draft/v1", bound=b"row 1")


@given(st.binary(max_size=400))
def test_random_bytes_are_never_a_box_and_never_a_surprise(box: bytes) -> None:
    for raw in (box, b"\x01" + box):
        with pytest.raises(CannotOpen):
            open_box(SECRET, raw, purpose="draft/v1", bound=b"")


def test_a_box_tells_a_length_only_to_the_next_256_bytes() -> None:
    sizes = [
        len(seal_box(SECRET, b"x" * length, purpose="draft/v1", bound=b"")) for length in (0, 1, 252, 253, 508, 509)
    ]

    assert sizes == [sizes[0]] * 3 + [sizes[0] + 256] * 2 + [sizes[0] + 512]


def test_a_box_is_not_made_with_a_secret_that_could_be_tried_out() -> None:
    with pytest.raises(ValueError, match="at least"):
        seal_box(b"short", TEXT, purpose="draft/v1", bound=b"")


def test_a_box_of_the_conversations_name_does_not_share_its_key() -> None:
    box = seal_box(SECRET, TEXT, purpose="to-hub/v1", bound=b"")
    key = derive(SECRET, "to-hub/v1")

    with pytest.raises(Exception, match="Decryption failed"):
        bindings.crypto_aead_xchacha20poly1305_ietf_decrypt(box[25:], b"box/v1\x00", box[1:25], key)


def test_deriving_is_hkdf_as_published() -> None:
    # RFC 5869: extract with a salt of zeros, then one step of expand.
    extracted = hmac.digest(bytes(32), SECRET, "sha256")

    assert derive(SECRET, "visit/v1") == hmac.digest(extracted, b"visit/v1\x01", "sha256")


def test_each_purpose_has_its_own_key() -> None:
    assert derive(SECRET, "visit/v1") != derive(SECRET, "draft/v1") != derive(bytes(32), "draft/v1")
    assert derive(SECRET, "visit/v1", 64)[:32] == derive(SECRET, "visit/v1")
    assert len(derive(SECRET, "visit/v1", 16)) == 16


# Two sides


def test_nothing_that_both_sides_use_brings_in_the_opening_key() -> None:
    script = (
        "import sys, app.adapters.sealing, app.adapters.numbers, app.adapters.keys;"
        "sys.exit('app.adapters.opening' in sys.modules)"
    )

    assert subprocess.run([sys.executable, "-c", script], cwd=ROOT, check=False, timeout=60).returncode == 0
