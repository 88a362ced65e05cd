"""Whom the words of a conflict name: forgiving about how a name is written, and never wider than whole names."""

import pytest

from app.data import hub as rows
from app.services.hub.guard import may_see, names_match
from app.services.hub.staff import Identity

KEEPER = Identity("dilys", "Dilys Farrow", "Dilys", ("gatekeeper",))
OTHER = Identity("carys", "Carys Whitfield", "Carys", ("co-ordinator", "supervisor"))


@pytest.mark.parametrize(
    ("words", "name"),
    [
        ("Ben Okafor", "Ben Okafor"),
        ("his brother BEN, at the council", "Ben Okafor"),
        ("mr okafor", "Ben Okafor"),
        ("Lukasz", "Łukasz Nowak"),
        ("Jose Alvarez", "José Álvarez"),
        ("O’Brien", "Niamh O'Brien"),
        ("smith", "Jo Taylor-Smith"),
        ("ｂｅｎ", "Ben Okafor"),
    ],
)
def test_a_name_is_recognised_however_it_is_written(words, name):
    assert names_match(words, name)


@pytest.mark.parametrize(
    ("words", "name"),
    [("", "Ben Okafor"), ("a benefit officer", "Ben Okafor"), ("J", "J Taylor"), ("Amira", "Ben Okafor"), ("—", "Ben")],
)
def test_nobody_else_is_taken_for_them(words, name):
    assert not names_match(words, name)


@pytest.mark.parametrize(
    ("facts", "keeper", "other"),
    [
        ({}, True, True),
        ({"restricted": False}, True, True),
        ({"restricted": True}, True, False),
        ({"restricted": True, "hidden_from": ["dilys"]}, False, False),
        ({"restricted": True, "hidden_from": ["somebody"]}, True, False),
    ],
)
def test_only_gatekeepers_who_are_not_named_may_see_it(facts, keeper, other):
    case = rows.Case(facts=facts)

    assert (may_see(case, KEEPER), may_see(case, OTHER)) == (keeper, other)
