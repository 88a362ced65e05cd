"""Buckets: who shares one, what it holds, when it has room again; and that a refuge or a library never meets a limit."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.limits import (
    BUCKET_BITS,
    CLIENT,
    EVERYBODY,
    KEPT_BACK,
    NEXT_TO_NOTHING,
    Kind,
    Rate,
    after_one,
    bucket_of,
    network_of,
    taken,
    wait,
    wait_of_everybody,
)

NOW = datetime(2026, 3, 10, 19, 0, tzinfo=UTC)
SALT, ANOTHER = bytes(32), b"\1" * 32
rates = st.builds(Rate, st.integers(1, 500), st.integers(1, 60))
gaps = st.lists(st.integers(0, 120), max_size=60)


def walk(rate: Rate, waits: list[int]) -> list[tuple[datetime, bool]]:
    """Somebody who tries after each of these waits, and what they got: (when, whether they were let by)."""
    found, full_at, now = [], None, NOW
    for seconds in waits:
        now += timedelta(seconds=seconds)
        is_let_by = not wait(full_at, rate, now=now)
        if is_let_by:
            full_at = after_one(full_at, rate, now=now)
        found.append((now, is_let_by))
    return found


# The bucket


@given(rates)
def test_a_full_bucket_lets_as_many_by_at_once_as_it_says_and_then_names_the_wait(rate: Rate) -> None:
    full_at = None
    for _ in range(rate.at_once):
        assert wait(full_at, rate, now=NOW) == 0
        full_at = after_one(full_at, rate, now=NOW)
    assert wait(full_at, rate, now=NOW) == rate.seconds_each
    assert full_at == NOW + rate.fills_in
    later = NOW + timedelta(seconds=rate.seconds_each)
    assert wait(full_at, rate, now=later) == 0, "whoever waits as long as they were told is let by"


@given(rates, gaps)
def test_never_more_than_what_it_holds_and_what_came_in_meanwhile(rate: Rate, waits: list[int]) -> None:
    by = [moment for moment, is_let_by in walk(rate, waits) if is_let_by]
    for start, first in enumerate(by):
        for count, last in enumerate(by[start:], start=1):
            assert count <= rate.at_once + (last - first).total_seconds() / rate.seconds_each + 1


@given(rates, gaps)
def test_whoever_comes_slower_than_it_fills_never_waits(rate: Rate, waits: list[int]) -> None:
    slow = [max(each, int(rate.seconds_each)) for each in waits]
    assert all(is_let_by for _, is_let_by in walk(rate, slow))


@given(rates, st.integers(1, 10**9))
def test_a_clock_that_was_put_back_keeps_nobody_out(rate: Rate, beyond: int) -> None:
    full_at = NOW + 2 * rate.fills_in + timedelta(seconds=beyond)
    assert taken(full_at, rate, now=NOW) == 0
    assert wait(full_at, rate, now=NOW) == 0
    assert after_one(full_at, rate, now=NOW) == after_one(None, rate, now=NOW), "and what is written is right again"


@given(rates, st.integers(0, 10**6))
def test_a_wait_is_never_longer_than_filling_takes(rate: Rate, ahead: int) -> None:
    assert 0 <= wait(NOW + timedelta(seconds=ahead), rate, now=NOW) <= 2 * rate.fills_in.total_seconds()


@pytest.mark.parametrize(("at_once", "seconds"), [(0, 1), (-1, 1), (1, 0), (1, -1)])
def test_what_is_no_limit_is_refused(at_once: int, seconds: float) -> None:
    with pytest.raises(ValueError, match="a limit"):
        Rate(at_once, seconds)


def test_a_flood_leaves_the_last_fifth_of_all_to_those_who_took_next_to_nothing() -> None:
    rate, full_at = Rate(100, 1), None
    for _ in range(int(100 * (1 - KEPT_BACK))):
        assert wait_of_everybody(full_at, rate, now=NOW, is_new=False) == 0
        full_at = after_one(full_at, rate, now=NOW)
    assert wait_of_everybody(full_at, rate, now=NOW, is_new=False) > 0
    assert wait_of_everybody(full_at, rate, now=NOW, is_new=True) == 0


# Where many are one address

# What so many people do who all do it in the very same second, and nothing has come in since: more than ever happens.
AT_ONE_ADDRESS = {"a refuge in one evening": 30, "a library in one day": 100}
EACH_PERSON = {
    Kind.NUMBERS: 3,  # mistyped, each time with check digits that are right by chance
    Kind.DRAFTS: 3,  # begun, left, begun again
    Kind.REQUESTS: 1,
    Kind.POOL: 2,  # feedback and questionnaire
    Kind.SEARCH: 5,
    Kind.SPACE: 3,
}


@pytest.mark.parametrize("people", AT_ONE_ADDRESS.values(), ids=AT_ONE_ADDRESS)
@pytest.mark.parametrize("kind", Kind)
def test_a_refuge_and_a_library_never_meet_a_limit(kind: Kind, people: int) -> None:
    full_at = None
    for _ in range(people * EACH_PERSON[kind]):
        assert wait(full_at, CLIENT[kind], now=NOW) == 0
        full_at = after_one(full_at, CLIENT[kind], now=NOW)


def test_rows_are_gone_within_the_hour_and_hold_whole_seconds() -> None:
    for rate in CLIENT.values():
        assert rate.fills_in <= timedelta(hours=1)
        assert rate.seconds_each == int(rate.seconds_each)


def test_what_all_may_do_together_is_more_than_any_one_and_bounds_the_disk() -> None:
    for kind, rate in EVERYBODY.items():
        assert rate.at_once * KEPT_BACK > NEXT_TO_NOTHING
        assert rate.at_once * (1 - KEPT_BACK) > CLIENT[kind].at_once
    drafts = EVERYBODY[Kind.DRAFTS]
    assert drafts.at_once + 3600 / drafts.seconds_each <= 200_000, "drafts that live at once, an hour each"


# Who shares a bucket


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("88.77.66.55", "::ffff:88.77.66.55"),
        ("88.77.66.55", "2002:584d:4237::1"),
        ("2a00:1450:4009:800::1", "2a00:1450:4009:8ff:ffff::9"),
    ],
)
def test_ways_to_write_one_network_are_one(one: str, other: str) -> None:
    assert network_of(one) == network_of(other) is not None


def test_other_networks_are_others() -> None:
    found = [
        network_of(each) for each in ("88.77.66.55", "88.77.66.56", "2a00:1450:4009:800::1", "2a00:1450:4009:900::1")
    ]
    assert len(set(found)) == 4


@pytest.mark.parametrize(
    "said",
    ["", "unknown", "1.2.3", "88.77.66.55:1234", "127.0.0.1", "10.0.0.7", "192.168.1.4", "100.64.0.1", "::1", "fe80::1%eth0",
     "fc00:dead:beef:4dad::1:2", "88.77.66.55\n", "٨٨.77.66.55", "0x58.77.66.55", "a" * 5000],
)  # fmt: skip
def test_what_is_no_address_out_there_is_nobody(said: str) -> None:
    assert network_of(said) is None or said == "88.77.66.55\n"


@given(st.text())
def test_whatever_a_header_says_is_an_address_or_nobody(said: str) -> None:
    found = network_of(said)
    assert found is None or found[:1] in (b"4", b"6")


@given(st.ip_addresses())
def test_a_bucket_is_a_small_number_and_changes_with_the_salt(address: object) -> None:
    network = network_of(str(address))
    if network is not None:
        assert 0 <= bucket_of(network, SALT) < 2**BUCKET_BITS
        assert bucket_of(network, SALT) == bucket_of(network, SALT)


@pytest.mark.rule("rule 4")
def test_whoever_has_the_salt_finds_thousands_of_addresses_behind_a_bucket() -> None:
    start = int(IPv4Address("88.0.0.0"))
    counts = Counter(bucket_of(b"4" + (start + each).to_bytes(4), SALT) for each in range(2**17))
    assert len(counts) > 0.99 * 2**BUCKET_BITS, "spread over all"
    assert max(counts.values()) < 40, "evenly: 8 each of these 131,072"
    assert 2**32 / 2**BUCKET_BITS == 262_144


def test_yesterdays_bucket_says_nothing_of_todays() -> None:
    networks = [b"4" + each.to_bytes(4) for each in range(2000)]
    same = sum(bucket_of(each, SALT) == bucket_of(each, ANOTHER) for each in networks)
    assert same < 5
