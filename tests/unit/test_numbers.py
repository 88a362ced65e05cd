"""A person comes back with the digits they wrote down; a slip names its row, and a guess costs and tells nothing."""

from __future__ import annotations

import dataclasses
import hashlib
import hmac
import random
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from nacl import bindings
from nacl.pwhash import argon2id

from app.adapters.keys import make_peppers
from app.adapters.numbers import (
    DEFAULT,
    MOST_MEMORY,
    MOST_PASSES,
    KdfCost,
    MalformedWrap,
    Peppers,
    PeppersError,
    Wrap,
    WrongNumber,
    check_rows,
    draw_reference,
    is_desks_own,
    is_reference,
    make_number,
    make_reference,
    pepper_id,
    reference_tag,
    reference_tags,
    stand_in_wrap,
    unwrap_secret,
    wrap_secret,
)
from app.domain.reference import REFERENCE_LENGTHS, NotANumber, reference_of, rows

OLD = b"o" * 32
NEW = b"n" * 32
OLD_ONLY = Peppers([OLD])
NEW_ONLY = Peppers([NEW])
BOTH = Peppers([NEW, OLD])
SECRET = bytes(range(32))
CASE = b"c" * 16
CHEAP = KdfCost(opslimit=1, memlimit=8192)


@pytest.fixture
def seeded(monkeypatch: pytest.MonkeyPatch) -> random.Random:
    """Numbers that are the same in every run, where a test counts how often something happens."""
    chance = random.Random(20260303)
    monkeypatch.setattr("app.adapters.numbers.secrets.randbelow", chance.randrange)
    return chance


@pytest.fixture
def slow_runs(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, int]]:
    """The cost of every run of the slow part, in order."""
    runs: list[tuple[int, int]] = []
    real = argon2id.kdf

    def counted(size: int, password: bytes, salt: bytes, *, opslimit: int, memlimit: int) -> bytes:
        runs.append((opslimit, memlimit))
        return real(size, password, salt, opslimit=opslimit, memlimit=memlimit)

    monkeypatch.setattr("app.adapters.numbers.argon2id.kdf", counted)
    return runs


def wrapped(number: str, *, pepper: bytes = NEW, cost: KdfCost = CHEAP) -> Wrap:
    return wrap_secret(SECRET, number, case_id=CASE, pepper=pepper, cost=cost)


def with_digit(number: str, place: int, digit: str) -> str:
    return number[:place] + digit + number[place + 1 :]


# Making


@pytest.mark.parametrize("length", REFERENCE_LENGTHS)
def test_a_reference_of_each_length_is_noticed_when_one_digit_is_wrong_and_the_two_sides_draw_apart(
    length: int,
) -> None:
    sites, desks = draw_reference(length), make_reference(length)
    number = make_number(BOTH, reference=sites)
    assert check_rows(number, BOTH) == ()
    assert (len(sites), len(desks), len(number)) == (length, length, 18 + length)
    assert (is_desks_own(sites), is_desks_own(desks)) == (False, True)
    for place in range(length):
        for digit in "0123456789":
            if digit != number[place]:
                assert check_rows(with_digit(number, place, digit), BOTH) == (1,)
    assert not is_reference(sites + "0")


@pytest.mark.parametrize("length", REFERENCE_LENGTHS)
def test_references_of_both_sides_reach_to_their_ends(length: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.adapters.numbers.secrets.randbelow", lambda _below: 0)
    assert [draw_reference(length)[:-1], make_reference(length)[:-1]] == [
        "0" * (length - 1),
        "7".ljust(length - 1, "0"),
    ]
    monkeypatch.setattr("app.adapters.numbers.secrets.randbelow", lambda below: below - 1)
    assert [draw_reference(length)[:-1], make_reference(length)[:-1]] == [
        "6".ljust(length - 1, "9"),
        "9" * (length - 1),
    ]


def test_a_new_number_looks_right() -> None:
    for _ in range(200):
        number = make_number(BOTH)
        assert len(number) == 24
        assert check_rows(number, BOTH) == ()
        assert check_rows(number, NEW_ONLY) == ()


def test_numbers_do_not_repeat() -> None:
    assert len({make_number(NEW_ONLY) for _ in range(500)}) == 500


def test_every_digit_is_as_likely_as_any_other_in_every_place(seeded: random.Random) -> None:
    numbers = [make_number(NEW_ONLY) for _ in range(3000)]
    for place in range(24):
        counted = Counter(number[place] for number in numbers)
        # References that begin with 7, 8 or 9 are the desk's own (docs/adr/0020).
        digits = "0123456" if place == 0 else "0123456789"
        expected = 3000 / len(digits)
        # Of ten, 300 each are expected; 16.4 is one standard deviation, so this allows five.
        assert set(counted) == set(digits)
        assert max(abs(count - expected) for count in counted.values()) < 5 * (expected * (1 - 1 / len(digits))) ** 0.5


def test_rows_that_begin_with_zeros_keep_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.adapters.numbers.secrets.randbelow", lambda _: 7)

    assert [row[:5] for row in rows(make_number(NEW_ONLY))] == ["00007"] * 4


def test_keyed_digits_are_what_the_documentation_says() -> None:
    # Worked out with the standard library alone: a change here would lock out everybody who holds a number.
    number = make_number(NEW_ONLY)
    reference, *secret_rows = rows(number)
    for index, row in enumerate(secret_rows, start=2):
        mac = hmac.digest(NEW, b"row/v1\x00" + bytes([index]) + reference.encode() + row[:5].encode(), "sha256")
        assert row[5] == str(int(mac.hex(), 16) % 10)


# Slips


def test_any_one_wrong_digit_in_the_first_row_is_always_noticed(seeded: random.Random) -> None:
    for _ in range(50):
        number = make_number(NEW_ONLY)
        for place in range(6):
            for digit in set("0123456789") - {number[place]}:
                assert check_rows(with_digit(number, place, digit), NEW_ONLY) == (1,)


def test_any_two_swapped_neighbours_in_the_first_row_are_always_noticed(seeded: random.Random) -> None:
    for _ in range(200):
        number = make_number(NEW_ONLY)
        for place in range(5):
            if number[place] != number[place + 1]:
                swapped = number[:place] + number[place + 1] + number[place] + number[place + 2 :]
                assert check_rows(swapped, NEW_ONLY) == (1,)


@pytest.mark.parametrize("index", [2, 3, 4])
def test_a_slip_in_a_secret_row_names_that_row_nine_times_in_ten(index: int, seeded: random.Random) -> None:
    found = Counter[tuple[int, ...]]()
    for _ in range(1000):
        number = make_number(NEW_ONLY)
        place = 6 * (index - 1) + seeded.randrange(5)
        slip = with_digit(number, place, str((int(number[place]) + seeded.randrange(1, 10)) % 10))
        found[check_rows(slip, NEW_ONLY)] += 1

    assert set(found) == {(index,), ()}
    assert 870 < found[(index,)] < 930


@pytest.mark.parametrize("index", [2, 3, 4])
def test_a_slip_in_a_rows_last_digit_is_always_noticed(index: int, seeded: random.Random) -> None:
    number = make_number(NEW_ONLY)
    place = 6 * index - 1
    for digit in set("0123456789") - {number[place]}:
        assert check_rows(with_digit(number, place, digit), NEW_ONLY) == (index,)


def test_several_wrong_rows_are_all_named(seeded: random.Random) -> None:
    number = make_number(NEW_ONLY)
    for place in (11, 23):
        number = with_digit(number, place, str((int(number[place]) + 1) % 10))

    assert check_rows(number, NEW_ONLY) == (2, 4)


def test_when_the_first_row_is_wrong_nothing_is_said_about_the_others(seeded: random.Random) -> None:
    number = make_number(NEW_ONLY)
    for place in (0, 11, 23):
        number = with_digit(number, place, str((int(number[place]) + 1) % 10))

    assert check_rows(number, NEW_ONLY) == (1,)


def test_the_rows_of_one_number_do_not_fit_another(seeded: random.Random) -> None:
    passed = 0
    for _ in range(1000):
        ours, theirs = make_number(NEW_ONLY), make_number(NEW_ONLY)
        passed += check_rows(ours[:6] + theirs[6:], NEW_ONLY) == ()

    assert passed < 10, "one in a thousand passes by chance"


def test_rows_written_down_in_another_order_are_noticed(seeded: random.Random) -> None:
    first, second, third, fourth = rows(make_number(NEW_ONLY))

    assert check_rows(first + third + fourth + second, NEW_ONLY) != ()


def test_numbers_made_by_somebody_else_pass_once_in_a_thousand(seeded: random.Random) -> None:
    passed = sum(check_rows(make_number(OLD_ONLY), NEW_ONLY) == () for _ in range(2000))

    assert passed < 12


@pytest.mark.parametrize("typed", ["", "123", "x" * 24, "1" * 25])
def test_what_has_not_the_shape_of_a_number_is_told_so(typed: str) -> None:
    with pytest.raises(NotANumber):
        check_rows(typed, NEW_ONLY)


# Peppers come and go


def test_a_number_made_before_a_rotation_still_looks_right_and_opens() -> None:
    number = make_number(OLD_ONLY)
    wrap = wrapped(number, pepper=OLD)

    assert check_rows(number, BOTH) == ()
    assert reference_tag(reference_of(number), OLD) in reference_tags(reference_of(number), BOTH)
    assert unwrap_secret(wrap, number, case_id=CASE, peppers=BOTH) == SECRET


def test_a_slip_in_an_old_number_still_names_its_row(seeded: random.Random) -> None:
    named = 0
    for _ in range(200):
        number = make_number(OLD_ONLY)
        slip = with_digit(number, 17, str((int(number[17]) + 1) % 10))
        named += check_rows(slip, BOTH) == (3,)

    assert named > 190


def test_rows_that_fit_different_peppers_do_not_make_a_number(seeded: random.Random) -> None:
    passed = 0
    for _ in range(500):
        older = make_number(OLD_ONLY)
        reference = older[:6]
        free = "12345"
        mac = hmac.digest(NEW, b"row/v1\x00\x04" + reference.encode() + free.encode(), "sha256")
        passed += check_rows(older[:18] + free + str(int(mac.hex(), 16) % 10), BOTH) == ()

    assert 20 < passed < 80, "one in ten fits by chance, as any slip does"


def test_new_numbers_are_made_with_the_newest_pepper() -> None:
    assert BOTH.newest == NEW
    assert list(BOTH) == [NEW, OLD]
    assert len(BOTH) == 2


def test_the_tags_of_a_reference_come_newest_first_and_say_nothing_of_it() -> None:
    tags = reference_tags("412907", BOTH)

    assert tags == [hmac.digest(pepper, b"ref/v1\x00412907", "sha256") for pepper in (NEW, OLD)]
    assert len({len(tag) for tag in tags} | {32}) == 1
    assert reference_tag("412907", NEW) != reference_tag("412908", NEW)


# Opening


@pytest.mark.parametrize("peppers", [NEW_ONLY, BOTH], ids=["one pepper", "two peppers"])
def test_the_number_opens_the_secret_with_one_slow_run(peppers: Peppers, slow_runs: list[tuple[int, int]]) -> None:
    number = make_number(peppers)
    wrap = wrapped(number)
    slow_runs.clear()

    assert unwrap_secret(wrap, number, case_id=CASE, peppers=peppers) == SECRET
    assert slow_runs == [(1, 8192)]


@pytest.mark.rule("rule 13")
@pytest.mark.parametrize("peppers", [NEW_ONLY, BOTH], ids=["one pepper", "two peppers"])
def test_wrong_unknown_and_retired_all_cost_one_slow_run_and_say_the_same(
    peppers: Peppers, slow_runs: list[tuple[int, int]]
) -> None:
    number, another = make_number(NEW_ONLY), make_number(NEW_ONLY)
    wraps = {
        "a wrong number": wrapped(number),
        "an unknown number": stand_in_wrap(peppers, CHEAP),
        "a number whose pepper is gone": wrapped(another, pepper=b"g" * 32),
    }
    slow_runs.clear()
    said = []
    for wrap in wraps.values():
        with pytest.raises(WrongNumber) as caught:
            unwrap_secret(wrap, another, case_id=CASE, peppers=peppers)
        said.append(caught.value.args)

    assert slow_runs == [(1, 8192)] * 3
    assert said == [()] * 3


def test_a_stand_in_costs_what_it_is_told_to_cost(slow_runs: list[tuple[int, int]]) -> None:
    costly = KdfCost(opslimit=3, memlimit=16384)
    with pytest.raises(WrongNumber):
        unwrap_secret(stand_in_wrap(BOTH, costly), make_number(BOTH), case_id=CASE, peppers=BOTH)

    assert slow_runs == [(3, 16384)]


def test_a_stand_in_cannot_be_told_from_a_wrap_by_its_shape() -> None:
    real, stand_in = wrapped(make_number(BOTH)), stand_in_wrap(BOTH, CHEAP)

    assert len(real.to_bytes()) == len(stand_in.to_bytes())
    assert real.to_bytes()[:9] == stand_in.to_bytes()[:9]
    assert Wrap.from_bytes(stand_in.to_bytes()) == stand_in
    assert stand_in != stand_in_wrap(BOTH, CHEAP)


def test_the_usual_cost_is_nineteen_mebibytes_and_two_passes(slow_runs: list[tuple[int, int]]) -> None:
    number = make_number(NEW_ONLY)
    wrap = wrap_secret(SECRET, number, case_id=CASE, pepper=NEW)

    assert unwrap_secret(wrap, number, case_id=CASE, peppers=NEW_ONLY) == SECRET
    assert DEFAULT == KdfCost() == wrap.cost
    assert slow_runs == [(2, 19 * 1024 * 1024)] * 2


def test_one_persons_number_does_not_open_another_persons_case() -> None:
    number = make_number(NEW_ONLY)

    with pytest.raises(WrongNumber):
        unwrap_secret(wrapped(number), number, case_id=b"x" * 16, peppers=NEW_ONLY)


def test_the_database_alone_does_not_open_with_the_number() -> None:
    number = make_number(NEW_ONLY)

    with pytest.raises(WrongNumber):
        unwrap_secret(wrapped(number), number, case_id=CASE, peppers=OLD_ONLY)


def test_a_wrap_is_never_the_same_twice_and_never_holds_the_secret() -> None:
    number = make_number(NEW_ONLY)

    assert wrapped(number) != wrapped(number)
    assert SECRET not in wrapped(number).to_bytes()
    assert NEW not in wrapped(number).to_bytes()


def test_a_collection_code_of_ten_digits_wraps_a_secret_too() -> None:
    assert unwrap_secret(wrapped("0123456789"), "0123456789", case_id=CASE, peppers=NEW_ONLY) == SECRET


@pytest.mark.parametrize("typed", ["", "12345", "٤١٢٩٠٧٥٥٣١", "412907553160 00842197735", "\ud800" * 24])
def test_a_secret_is_wrapped_only_under_enough_plain_digits(typed: str) -> None:
    with pytest.raises(ValueError, match="digits") as caught:
        wrapped(typed)
    assert not typed or typed not in str(caught.value)


@pytest.mark.parametrize("typed", ["", "hello", "٤١٢٩٠٧", "\ud800", "1" * 5000])
def test_anything_at_all_may_be_tried_and_is_just_wrong(typed: str, slow_runs: list[tuple[int, int]]) -> None:
    with pytest.raises(WrongNumber):
        unwrap_secret(stand_in_wrap(NEW_ONLY, CHEAP), typed, case_id=CASE, peppers=NEW_ONLY)
    assert len(slow_runs) == 1


@pytest.mark.parametrize(("secret", "case"), [(b"short", CASE), (SECRET, b"short")])
def test_a_secret_or_case_id_of_the_wrong_length_is_refused(secret: bytes, case: bytes) -> None:
    with pytest.raises(ValueError, match="bytes"):
        wrap_secret(secret, make_number(NEW_ONLY), case_id=case, pepper=NEW, cost=CHEAP)


def test_the_wrap_is_what_the_documentation_says() -> None:
    # Opened with the libraries alone: a change here would lock out everybody who holds a number.
    number = make_number(NEW_ONLY)
    raw = wrapped(number).to_bytes()
    short_id, salt, sealed = raw[1:9], raw[9:25], raw[33:]
    peppered = hmac.digest(NEW, b"number/v1\x00" + number.encode(), "sha256")
    key = argon2id.kdf(32, peppered, salt, opslimit=1, memlimit=8192)
    bound = b"number wrap/v1\x00" + b"\x01" + bytes(3) + b"\x01" + b"\x00\x00\x20\x00" + short_id + salt + CASE

    opened = bindings.crypto_aead_xchacha20poly1305_ietf_decrypt(sealed[24:], bound, sealed[:24], key)

    assert opened == SECRET
    assert raw[25:33] == b"\x00\x00\x00\x01\x00\x00\x20\x00"
    assert short_id == pepper_id(NEW) == hmac.digest(NEW, b"id/v1\x00", hashlib.sha256)[:8]


# Wraps as bytes


def test_a_wrap_survives_being_kept() -> None:
    wrap = wrapped(make_number(NEW_ONLY))

    assert Wrap.from_bytes(wrap.to_bytes()) == wrap


def test_a_wrap_changed_anywhere_is_malformed_or_does_not_open() -> None:
    number = make_number(NEW_ONLY)
    raw = wrapped(number).to_bytes()
    for place in range(len(raw)):
        changed = bytearray(raw)
        changed[place] ^= 1
        with pytest.raises((MalformedWrap, WrongNumber)):
            unwrap_secret(Wrap.from_bytes(bytes(changed)), number, case_id=CASE, peppers=NEW_ONLY)


def test_a_wrap_of_another_version_or_length_is_malformed() -> None:
    raw = wrapped(make_number(NEW_ONLY)).to_bytes()
    for broken in (b"", raw[:-1], raw + b"\x00", b"\x00" + raw[1:], b"\x02" + raw[1:]):
        with pytest.raises(MalformedWrap):
            Wrap.from_bytes(broken)


@given(st.binary(max_size=120) | st.binary(min_size=105, max_size=105).map(lambda raw: b"\x01" + raw[1:]))
def test_random_bytes_are_a_wrap_within_bounds_or_malformed(raw: bytes) -> None:
    try:
        wrap = Wrap.from_bytes(raw)
    except MalformedWrap:
        return
    assert wrap.to_bytes() == raw
    assert wrap.cost.memlimit <= MOST_MEMORY
    assert wrap.cost.opslimit <= MOST_PASSES


@pytest.mark.parametrize(
    "cost", [(0, 8192), (MOST_PASSES + 1, 8192), (1, 8191), (1, MOST_MEMORY + 1), (2**32 - 1, 8192)]
)
def test_a_wrap_cannot_ask_for_more_work_than_is_allowed(cost: tuple[int, int]) -> None:
    raw = wrapped(make_number(NEW_ONLY)).to_bytes()
    greedy = raw[:25] + cost[0].to_bytes(4) + cost[1].to_bytes(4) + raw[33:]

    with pytest.raises(MalformedWrap):
        Wrap.from_bytes(greedy)
    with pytest.raises(ValueError, match="Argon2id"):
        KdfCost(opslimit=cost[0], memlimit=cost[1])


def test_the_parts_of_a_wrap_must_fit_their_place() -> None:
    wrap = wrapped(make_number(NEW_ONLY))
    for changes in ({"salt": b""}, {"sealed": b""}, {"pepper_id": b""}, {"version": 2}):
        with pytest.raises(ValueError, match="wrap"):
            dataclasses.replace(wrap, **changes)


# The file of peppers


def test_peppers_are_read_newest_first(tmp_path: Path) -> None:
    path = tmp_path / "peppers"
    path.touch(mode=0o600)
    path.write_text(f"{NEW.hex()}\n{OLD.hex()}\n")

    assert list(Peppers.load(path)) == [NEW, OLD]


def test_a_new_file_of_peppers_holds_one_and_is_the_owners_alone(tmp_path: Path) -> None:
    path = tmp_path / "peppers"
    make_peppers(path)

    assert len(Peppers.load(path)) == 1
    assert path.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o644, 0o660, 0o610])
def test_peppers_that_others_can_get_at_are_refused(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "peppers"
    make_peppers(path)
    path.chmod(mode)

    with pytest.raises(PeppersError, match="chmod 600"):
        Peppers.load(path)


@pytest.mark.parametrize(
    "content",
    [b"", b"\n", b"zz" * 32, b"ab" * 31, b"ab" * 33, (NEW.hex() + "\n" + NEW.hex()).encode(), b"\xff\xfe", NEW],
    ids=["empty", "blank", "not hex", "short", "long", "twice", "not text", "raw"],
)
def test_a_file_that_holds_no_peppers_is_refused_in_one_line(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "peppers"
    path.touch(mode=0o600)
    path.write_bytes(content)

    with pytest.raises(PeppersError) as caught:
        Peppers.load(path)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)
    assert NEW.hex() not in str(caught.value)


def test_a_missing_file_of_peppers_says_which_file_is_missing(tmp_path: Path) -> None:
    with pytest.raises(PeppersError, match="no such file"):
        Peppers.load(tmp_path / "peppers")


def test_peppers_never_show_themselves() -> None:
    assert repr(BOTH) == "Peppers(2)"
    assert NEW.hex() not in f"{BOTH!r} {BOTH!s} {BOTH}"
