"""Some of the cases that `make chaos` tries by the million: no parser is surprised, and the search finds one that is."""

import json
import time

import pytest

from tests.harness import fuzzing
from tests.harness.foreign import TARGETS
from tests.harness.fuzzing import Target, case, run
from tools import fuzz

# Of each parser; of one that is slow, fewer.
CASES = 200


@pytest.mark.parametrize("target", TARGETS, ids=lambda target: target.name)
def test_no_parser_is_surprised(target):
    found = run(target, range(max(20, CASES * target.share // 1000)))

    assert found.failures == {}
    assert found.taken, "good examples must be taken, or the rest says nothing"
    assert found.refused


def fragile(raw: bytes) -> bool:
    """A parser that forgets that a number may be something else, that letters may be broken, and where it ends."""
    try:
        read = json.loads(raw)
    except ValueError:
        return False
    return bool(read["count"] + 1) if isinstance(read, dict) else False


def test_a_parser_that_is_surprised_is_found_and_the_case_comes_again():
    target = Target("fragile", seeds=lambda: [b'{"count": 3}'], check=fragile)
    found = run(target, range(400))

    assert found.failures
    number, said = next(iter(found.failures.items()))
    assert said.partition(" at ")[0] in {"KeyError", "TypeError", "RecursionError"}
    assert case(target, number) == case(target, number)
    with pytest.raises((KeyError, TypeError, RecursionError)):
        fragile(case(target, number))


def test_a_parser_that_runs_away_is_stopped(monkeypatch):
    def runs_away(_raw: bytes) -> bool:
        until = time.process_time() + 30
        while time.process_time() < until:
            pass
        return True

    monkeypatch.setattr(fuzzing, "MOST_SECONDS", 0.05)
    found = run(Target("runs-away", seeds=lambda: [b"x"], check=runs_away), range(1))

    assert [said.partition(" at ")[0] for said in found.failures.values()] == ["TookTooLong"]


def test_cases_differ_and_are_bounded():
    target = Target("any", seeds=lambda: [b'{"a": [1, "x"]}', b"text"], check=lambda _raw: True)
    made = [case(target, number) for number in range(300)]

    assert len(set(made)) > 200
    assert max(map(len, made)) <= fuzzing.LONGEST


def test_the_command_says_how_to_see_a_failure_again_and_ends_with_one(monkeypatch, capsys):
    target = Target("fragile", seeds=lambda: [b'{"count": 3}', b"x"], check=fragile)
    monkeypatch.setattr(fuzz, "TARGETS", [target])
    monkeypatch.setattr(fuzz, "BY_NAME", {"fragile": target})
    monkeypatch.setattr(fuzz, "search", lambda targets, cases, **_: {"fragile": run(targets[0], range(cases))})
    monkeypatch.setattr("sys.argv", ["fuzz", "--cases", "400"])

    assert fuzz.main() == 1
    assert "--only fragile --case" in capsys.readouterr().out
