"""Foreign bytes for everything that parses them: good examples, spoilt in ways that have broken parsers before.

A case is made of the name of a parser and a number, so that what was found once is found again. Nothing is learnt from how the
code runs. What makes a case is cheap, since a million of them are made in a night.
"""

from __future__ import annotations

import json
import random
import signal
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from types import FrameType
from typing import Any

from tests.harness.generating import STRANGE

LONGEST = 96 * 1024
# Seconds of the processor's time for one case: none comes near, and a regular expression that runs away goes beyond.
MOST_SECONDS = 10.0
TOKENS: tuple[bytes, ...] = (
    b"",
    b"\x00",
    b"\xff",
    b"\x7f",
    b"\x80",
    b"\xff\xff\xff\xff",
    b"\x00\x00\x00\x00",
    b"\x7f\xff\xff\xff",
    b"\r\n",
    b"\n",
    b" ",
    b"\t",
    b"-1",
    b"0",
    b"9" * 20,
    b"1e999",
    b"NaN",
    b"Infinity",
    b"null",
    b"true",
    b"{}",
    b"[]",
    b'""',
    b"[" * 400,
    b"{" * 400,
    b"(" * 400,
    b"\\ud800",
    b"\\u0000",
    b"\xed\xa0\x80",
    b"\xc0\xaf",
    b"\xef\xbb\xbf",
    b"\xe2\x80\xae",
    "٣".encode(),
    "é".encode(),
    "\U0001f600".encode(),
    b"%",
    b"%00",
    b"%ff",
    b"%u0041",
    b"&",
    b"=",
    b";",
    b"..",
    b"/",
    b"../",
    b"'",
    b'"',
    b"<",
    b"`",
    b"$",
    b"#",
    b"!!python/object/apply:os.system",
    b"&a",
    b"*a",
    b"? ",
    b"- ",
    b": ",
    b"---\n",
    b"0000-00-00",
    b"9999-12-31",
    b"2026-02-30",
    b"24:00",
    b"+00:00",
    b"T",
    b"Z",
    b"*",
    b";q=",
    b";q=1;q=0",
    b",",
    b"q=nan",
    b"none",
    b"__proto__",
    b"a" * 300,
    b"1" * 5000,
    b"0x10",
    b"1_000",
    b"\x1b[2J",
)


@dataclass(frozen=True)
class Target:
    """Something that parses what came from elsewhere.

    `seeds` are good examples, or nearly so. `check` parses one case: True when it was taken, False when it was refused by a name
    that is meant for it; whatever else it raises is found. `share` is how many cases it gets where others get a thousand: what is
    slow gets fewer.
    """

    name: str
    seeds: Callable[[], Sequence[bytes]]
    check: Callable[[bytes], bool]
    share: int = 1000


@dataclass
class Found:
    """What a run saw of one target."""

    taken: int = 0
    refused: int = 0
    failures: dict[int, str] = field(default_factory=dict)


class TookTooLong(Exception):
    """A case used more of the processor's time than any should."""


def case(target: Target, number: int) -> bytes:
    """The case with this number; number 0 and those that follow it are the good examples themselves."""
    seeds = _seeds(target)
    if number < len(seeds):
        return seeds[number]
    chance = random.Random(f"{target.name}/{number}")
    if chance.random() < 0.02:
        return chance.randbytes(chance.choice((0, 1, 7, 64, 1000)))
    raw = chance.choice(seeds)
    if raw[:1] in (b"{", b"[") and chance.random() < 0.6:
        raw = _spoilt_json(raw, chance)
        if chance.random() < 0.7:
            return raw[:LONGEST]
    for _ in range(chance.choice((1, 1, 1, 2, 3, 8))):
        raw = _spoilt(raw, seeds, chance)
    return raw[:LONGEST]


def run(target: Target, numbers: Iterable[int]) -> Found:
    """Try the cases with these numbers. A failure is kept by its number, with the kind of error and its line."""
    found = Found()
    kinds: Counter[str] = Counter()
    for number in numbers:
        raw = case(target, number)
        try:
            with _bounded():
                is_taken = target.check(raw)
        except Exception as error:  # whatever it is: that is what is looked for
            said = _told(error)
            kinds[said] += 1
            if kinds[said] <= 3:
                found.failures[number] = said
            continue
        if is_taken:
            found.taken += 1
        else:
            found.refused += 1
    return found


@cache
def _seeds(target: Target) -> Sequence[bytes]:
    return tuple(target.seeds())


def _told(error: BaseException) -> str:
    last = error.__traceback__
    while last is not None and last.tb_next is not None:
        last = last.tb_next
    where = f"{last.tb_frame.f_code.co_filename.rpartition('/')[2]}:{last.tb_lineno}" if last else ""
    return f"{type(error).__name__} at {where}"


@contextmanager
def _bounded() -> Iterator[None]:
    def stop(_signal: int, _frame: FrameType | None) -> None:
        raise TookTooLong

    before = signal.signal(signal.SIGVTALRM, stop)
    signal.setitimer(signal.ITIMER_VIRTUAL, MOST_SECONDS)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)


def _spoilt(raw: bytes, seeds: Sequence[bytes], chance: random.Random) -> bytes:
    at = chance.randrange(len(raw) + 1)
    end = min(len(raw), at + chance.choice((1, 1, 2, 4, 8, 16, 64, 256)))
    match chance.randrange(9):
        case 0 if at < len(raw):
            return raw[:at] + bytes([raw[at] ^ (1 << chance.randrange(8))]) + raw[at + 1 :]
        case 1:
            return raw[:at] + chance.choice(TOKENS) + raw[at:]
        case 2:
            return raw[:at] + chance.choice(TOKENS) + raw[end:]
        case 3:
            return raw[:at] + raw[end:]
        case 4:
            return raw[:at]
        case 5:
            return raw[:end] + raw[at:end] * chance.choice((1, 2, 50)) + raw[end:]
        case 6:
            other = chance.choice(seeds)
            return raw[:at] + other[chance.randrange(len(other) + 1) :]
        case 7:
            return raw[:at] + chance.randbytes(end - at) + raw[end:]
    return raw + chance.choice(TOKENS)


def _spoilt_json(raw: bytes, chance: random.Random) -> bytes:
    try:
        read = json.loads(raw)
    except ValueError:
        return raw
    for _ in range(chance.choice((1, 1, 2))):
        read = _changed(read, chance)
    return json.dumps(read, ensure_ascii=chance.random() < 0.5).encode("utf-8", "surrogatepass")


def _strange(chance: random.Random) -> Any:
    if chance.random() < 0.15:
        return chance.choice(
            ("\ud800", "é\udfff", float("nan"), float("inf"), 2**64, -(10**400), "0" * 5000, {"a": [{}]})
        )
    return chance.choice(STRANGE)


def _changed(value: Any, chance: random.Random) -> Any:
    """The value with one thing in it changed, left out, doubled or put in."""
    deeper = chance.random() < 0.8
    if isinstance(value, dict) and value and deeper:
        name = chance.choice(list(value))
        act = chance.randrange(8)
        if act == 0:
            return {each: own for each, own in value.items() if each != name}
        if act == 1:
            return {**value, chance.choice(("", "__proto__", "é", "version", "private")): _strange(chance)}
        return {**value, name: _changed(value[name], chance)}
    if isinstance(value, list) and value and deeper:
        at = chance.randrange(len(value))
        act = chance.randrange(6)
        if act == 0:
            return [*value[:at], *value[at + 1 :]]
        if act == 1:
            return value * 3
        return [*value[:at], _changed(value[at], chance), *value[at + 1 :]]
    if isinstance(value, str) and value and chance.random() < 0.4:
        at = chance.randrange(len(value))
        return chance.choice(
            (value[:at], value + "\n", value.upper(), value[:at] + "é" + value[at:], " " + value, value * 2)
        )
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) < 2**64 and chance.random() < 0.5:
        return chance.choice((-value, value + 1, value * 10**30, float(value), str(value), not value))
    return _strange(chance)
