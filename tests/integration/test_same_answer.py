"""A number that opens nothing gets one answer in one time, whatever the reason: nothing tells that somebody has a case.

The reasons are a wrong number for a known reference, a reference that never was, a number that was replaced, one that the Hub
stopped, and one of a case that is deleted. The same for codes.
"""

from __future__ import annotations

import re
import time
from dataclasses import replace
from datetime import timedelta

import pytest
from nacl.pwhash import argon2id
from sqlalchemy import update

from app.adapters import numbers, sealing
from app.data import portal as rows
from app.domain.reference import reference_of
from app.domain.reference import rows as rows_of
from app.services.portal import orders
from app.web import clock
from tests.harness.clients import BrowsingClient
from tests.harness.sides import Sides
from tests.harness.timing import told_apart

pytestmark = [pytest.mark.rule("rule 13"), pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)]

ROUNDS = 24
# For the clock: enough that leaving the slow step out would show, and no more, so that other differences show beside it.
LIGHT = numbers.KdfCost(opslimit=1, memlimit=8 * 1024 * 1024)
PLANTED_SECONDS = 0.005
WRONG_CODE = "0000000000"
NUMBERS = ("wrong", "unknown", "replaced", "stopped", "deleted")
CODES = ("wrong", "unknown", "expired", "used up", "never given", "deleted")
Answer = tuple[int, list[tuple[str, str]], str]


class Asked:
    """Somebody who tries numbers and codes."""

    def __init__(self, sides: Sides, *, cost: numbers.KdfCost) -> None:
        """Fill the portal with cases, of which each is wrong in its own way. `cost` is that of the slow step."""
        own = sides.portal_side
        self.office = replace(own.office, cost=cost)
        sides.portal.extensions["side"] = replace(own, office=self.office)
        self.database = own.database
        self.client = BrowsingClient(
            sides.portal, sides.portal.response_class
        )  # unaudited: that would take most of the time
        self.live, replaced, stopped, deleted = (self._case() for _ in range(4))
        self.numbers = {
            "wrong": numbers.make_number(self.office.peppers, reference=reference_of(self.live[1])),
            "unknown": numbers.make_number(self.office.peppers),
            "replaced": replaced[1],
            "stopped": stopped[1],
            "deleted": deleted[1],
        }
        another = numbers.make_number(self.office.peppers, reference=reference_of(replaced[1]))
        with self.database.writing() as session:
            rows.kill_number(session, replaced[0])
            session.add(self._wrap(replaced[0], another))
            rows.kill_number(session, stopped[0])
            rows.erase_case(session, deleted[0])
        self.references = {reason: reference_of(digits) for reason, digits in self.numbers.items()} | {
            "expired": reference_of(self._case(code_for=-timedelta(minutes=1))[1]),
            "used up": reference_of(self._case(code_for=timedelta(hours=48), tries_left=0)[1]),
            "never given": reference_of(replaced[1]),
        }
        self._give_code(self.live[0], lasts=timedelta(hours=48), tries_left=orders.TRIES)

    def type_number(self, digits: str) -> Answer:
        """All that somebody who tries a number gets, but for the digits that they typed themselves."""
        response = self.client.post("/en/return", data={"number": digits})
        text = response.get_data(as_text=True).replace(digits, "N")
        for row in rows_of(digits):
            text = re.sub(rf"{row[:3]}(\s|<[^>]*>)*{row[3:]}", "R", text)
        return response.status_code, sorted(response.headers), text

    def type_code(self, reference: str) -> Answer:
        """All that somebody who tries a code gets, but for the reference that they typed themselves."""
        response = self.client.post("/en/return/collect", data={"reference": reference, "code": WRONG_CODE})
        return response.status_code, sorted(response.headers), response.get_data(as_text=True).replace(reference, "R")

    def refill_tries(self) -> None:
        """The live case's code has all its tries again."""
        with self.database.writing() as session:
            session.execute(
                update(rows.Collection).where(rows.Collection.case_id == self.live[0]).values(tries_left=orders.TRIES)
            )

    def _case(self, *, code_for: timedelta | None = None, tries_left: int = 1) -> tuple[bytes, str]:
        """A case with its number, and perhaps a code."""
        case_id, digits = sealing.new_id(), numbers.make_number(self.office.peppers)
        tag = numbers.reference_tag(reference_of(digits), self.office.peppers.newest)
        with self.database.writing() as session:
            session.add(rows.Case(id=case_id, reference_tag=tag, opened_on=clock.now().date()))
            session.flush()
            session.add(self._wrap(case_id, digits))
        if code_for is not None:
            self._give_code(case_id, lasts=code_for, tries_left=tries_left)
        return case_id, digits

    def _give_code(self, case_id: bytes, *, lasts: timedelta, tries_left: int) -> None:
        wrap = self._wrap(case_id, "3141592653").wrap
        with self.database.writing() as session:
            session.add(
                rows.Collection(case_id=case_id, wrap=wrap, tries_left=tries_left, expires_at=clock.now() + lasts)
            )

    def _wrap(self, case_id: bytes, digits: str) -> rows.NumberWrap:
        pepper, cost = self.office.peppers.newest, self.office.cost
        wrap = numbers.wrap_secret(bytes(32), digits, case_id=case_id, pepper=pepper, cost=cost)
        return rows.NumberWrap(case_id=case_id, wrap=wrap.to_bytes())


@pytest.fixture
def asked(sides: Sides) -> Asked:
    """A portal with a case for each reason."""
    return Asked(sides, cost=LIGHT)


@pytest.fixture
def runs(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, int]]:
    """The cost of every slow step that is taken from now on."""
    seen: list[tuple[int, int]] = []
    real = argon2id.kdf

    def kdf(size: int, password: bytes, salt: bytes, *, opslimit: int, memlimit: int) -> bytes:
        seen.append((opslimit, memlimit))
        return bytes(real(size, password, salt, opslimit=opslimit, memlimit=memlimit))

    monkeypatch.setattr(argon2id, "kdf", kdf)
    return seen


def test_every_number_that_opens_nothing_gets_the_same_bytes_and_headers(
    asked: Asked, runs: list[tuple[int, int]]
) -> None:
    assert tuple(asked.numbers) == NUMBERS
    answers = {reason: asked.type_number(digits) for reason, digits in asked.numbers.items()}
    assert [reason for reason, answer in answers.items() if answer != answers["unknown"]] == []
    assert answers["unknown"][0] == 422
    assert runs == [(LIGHT.opslimit, LIGHT.memlimit)] * len(NUMBERS), "and costs the same"
    assert asked.type_number(asked.live[1])[0] == 303, "one that opens does"


def test_every_code_that_opens_nothing_gets_the_same_bytes_and_headers(
    asked: Asked, runs: list[tuple[int, int]]
) -> None:
    answers = {reason: asked.type_code(asked.references[reason]) for reason in CODES}
    assert [reason for reason, answer in answers.items() if answer != answers["unknown"]] == []
    assert answers["unknown"][0] == 422
    assert runs == [(LIGHT.opslimit, LIGHT.memlimit)] * len(CODES), "and costs the same"


@pytest.mark.alone
@pytest.mark.parametrize("reason", ["wrong", "deleted"])
def test_how_long_a_number_takes_does_not_tell_whether_it_is_known(asked: Asked, reason: str) -> None:
    telling = told_apart(
        lambda: asked.type_number(asked.numbers["unknown"]),
        lambda: asked.type_number(asked.numbers[reason]),
        rounds=ROUNDS,
    )
    assert not telling, [str(each) for each in telling]


@pytest.mark.alone
def test_how_long_a_code_takes_does_not_tell_whether_there_is_one(asked: Asked) -> None:
    def unknown() -> None:
        asked.type_code(asked.references["unknown"])
        asked.refill_tries()

    def wrong() -> None:
        asked.type_code(asked.references["wrong"])
        asked.refill_tries()

    telling = told_apart(unknown, wrong, rounds=ROUNDS)
    assert not telling, [str(each) for each in telling]


@pytest.mark.alone
def test_a_path_that_takes_five_milliseconds_longer_is_noticed(asked: Asked) -> None:
    def planted() -> None:
        asked.type_number(asked.numbers["unknown"])
        time.sleep(PLANTED_SECONDS)

    assert told_apart(lambda: asked.type_number(asked.numbers["unknown"]), planted, rounds=ROUNDS)
