"""The audit's own rules: every act has words, and lines hang together."""

from __future__ import annotations

import ast
import importlib
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.adapters import carriers
from app.adapters.audit_heads import HeadsFile
from app.adapters.carriers import Grown, Head, MalformedParcel, Parcel
from app.domain import audit
from app.domain.audit import Act, Text, act_of
from tests.harness.day import DAY

APP = Path(__file__).parents[2] / "app"
CASE = b"c" * 16


class Unclear(Exception):
    """Nobody can say which act this is without running it."""


def actions_in(path: Path) -> Iterator[re.Pattern[str]]:
    """What each `action=` of a call in a file can be, as a pattern."""
    module = importlib.import_module(".".join(path.relative_to(APP.parent).with_suffix("").parts))
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "log":
            for keyword in node.keywords:
                if keyword.arg == "action":
                    for each in branches(keyword.value):
                        yield pattern_of(each, vars(module))


def branches(value: ast.expr) -> list[ast.expr]:
    return [*branches(value.body), *branches(value.orelse)] if isinstance(value, ast.IfExp) else [value]


def pattern_of(value: ast.expr, names: dict[str, object]) -> re.Pattern[str]:
    if isinstance(value, ast.JoinedStr):
        parts = [re.escape(str(part.value)) if isinstance(part, ast.Constant) else "[a-z-]+" for part in value.values]
        return re.compile("".join(parts))
    if isinstance(value, ast.Constant):
        return re.compile(re.escape(str(value.value)))
    if isinstance(value, ast.Name) and value.id in {"act", "action"}:
        return re.compile("[a-z-]+")  # handed on; said where it is made
    if isinstance(value, ast.Name | ast.Attribute):
        return re.compile(re.escape(str(eval(ast.unparse(value), dict(names)))))
    raise Unclear(ast.unparse(value))


@pytest.mark.parametrize("path", sorted(APP.rglob("*.py")), ids=lambda path: path.stem)
def test_every_act_that_is_written_down_is_in_the_register(path: Path) -> None:
    if ".log(" not in path.read_text("utf-8"):
        return
    for pattern in actions_in(path):
        assert any(pattern.fullmatch(each.value) for each in Act), f"{path.name}: {pattern.pattern} is no Act"


def test_the_check_finds_an_act_without_words() -> None:
    unknown = pattern_of(ast.parse("'danced'", mode="eval").body, {})
    assert not any(unknown.fullmatch(each.value) for each in Act)
    assert pattern_of(ast.parse("f'sent-{kind}'", mode="eval").body, {}).fullmatch("sent-message")


def test_every_act_says_what_it_is() -> None:
    assert all(each.words and each.words[0].islower() for each in Act)
    assert act_of("claimed") is Act.CLAIMED
    assert act_of("danced") is None


texts = st.builds(
    Text,
    chain=st.text(max_size=8),
    sequence=st.integers(1, 9),
    at=st.integers(0, 2**33),
    staff_id=st.text(max_size=8),
    action=st.text(max_size=8),
    case_id=st.none() | st.binary(min_size=1, max_size=4),
    detail=st.text(max_size=8),
)


@given(texts, texts)
def test_two_lines_are_alike_only_when_they_say_the_same(one: Text, other: Text) -> None:
    assert (one == other) == (audit.digest_of(one, salt=b"s") == audit.digest_of(other, salt=b"s"))


def test_a_digest_tells_nothing_to_those_who_guess() -> None:
    """The portal has digests and knows ids of cases: without the salt it could try who opened which, and when."""
    line = Text("2026-03-10-aa", 1, 1, "amira", Act.OPENED, CASE, "")
    assert audit.digest_of(line, salt=b"1" * 16) != audit.digest_of(line, salt=b"2" * 16)


def test_a_parcel_carries_what_the_audit_has_grown_by_and_how_far_it_was_seen() -> None:
    parcel = Parcel(
        chains=(Grown("2026-03-10-aa", 3, (b"d" * 32, b"e" * 32)),),
        heads=(Head("2026-03-10-aa", 5, b"h" * 32, b"r" * 16), Head("2026-03-10-bb", 0, b"h" * 32)),
        heads_after="",
    )
    assert carriers.unpack(carriers.pack(parcel)) == Parcel(
        envelopes=[], answers=[], chains=parcel.chains, heads=parcel.heads, heads_after=""
    )


@pytest.mark.parametrize(
    "wrong",
    [
        b'{"envelopes":[],"answers":[],"chains":[["x",-1,[]]]}',
        b'{"envelopes":[],"answers":[],"chains":[["x",0,["AAAA"]]]}',
        b'{"envelopes":[],"answers":[],"chains":[[7,0,[]]]}',
        b'{"envelopes":[],"answers":[],"heads":[["x",1,"00",""]]}',
        b'{"envelopes":[],"answers":[],"heads_after":9}',
    ],
)
def test_anything_else_is_no_parcel(wrong: bytes) -> None:
    with pytest.raises(MalformedParcel):
        carriers.unpack(wrong)


def test_what_was_acknowledged_is_kept_and_a_line_that_was_cut_off_harms_no_other(tmp_path: Path) -> None:
    kept = HeadsFile(tmp_path)
    assert kept.read() == []
    first, second = Head("2026-03-10-aa", 1, b"1" * 32), Head("2026-03-10-aa", 2, b"2" * 32, b"r" * 16)
    kept.add([first], now=DAY)
    with kept.path.open("ab") as file:
        file.write(b"2026-03-10-aa 2 0123")
    kept.add([second], now=DAY)
    assert kept.read() == [first, second]
    assert kept.path.stat().st_mode & 0o777 == 0o600
