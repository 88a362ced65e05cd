"""Under a flood of wrong numbers or codes, whoever has the right one still gets in, and nobody is locked out afterwards.

The flood is as fast as this machine gives; how fast that was is printed.
"""

from __future__ import annotations

import random
import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from time import monotonic, sleep

import pytest
from stdnum import damm

from app.adapters import numbers
from tests.harness.flood import Flood
from tests.harness.people import Person
from tests.harness.supervisor import Supervisor
from tests.stories import READER

pytestmark = [pytest.mark.rule("rule 13"), pytest.mark.audit]

WITHIN_SECONDS = 10.0
BEFORE_SECONDS = 1.0
MADE_BEFORE = 2000
OPENS_NOTHING = 422


@dataclass(frozen=True)
class Site:
    """A portal in a process of its own, as in service, and somebody who has a space there."""

    supervisor: Supervisor
    owner: Person
    peppers: numbers.Peppers

    def come_in(self) -> tuple[float, int]:
        """Come back as a person does, in a new browser; busy, press again. Returns the seconds it took, and how often."""
        started, presses = monotonic(), 1
        owner = Person(self.supervisor.visitor(), READER)
        page = owner.come_back(self.owner.number)
        while page.path != "/en/case" and monotonic() - started < WITHIN_SECONDS:
            assert page.status == 503, page.text[:400]
            typed = str(dict(page.form("number").filled())["number"])
            assert "".join(typed.split()) == self.owner.number, "what was typed is kept"
            sleep(0.2)
            page = owner.client.submit(page, page.form("number"))
            presses += 1
        assert page.path == "/en/case", "no way in"
        return monotonic() - started, presses


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """One portal for all floods; the Hub is not needed."""
    supervisor = Supervisor(tmp_path_factory.mktemp("site"))
    try:
        supervisor.start("portal")
        owner = Person(supervisor.visitor(), READER)
        owner.ask()
        yield Site(supervisor, owner, numbers.Peppers.load(supervisor.data_dir / "portal" / "peppers"))
    finally:
        supervisor.close()


def well_formed() -> str:
    """24 digits with a right reference: one in a thousand passes the check of its rows."""
    free = f"{secrets.randbelow(10**5):05d}"
    return f"{free}{damm.calc_check_digit(free)}{secrets.randbelow(10**18):018d}"


def of_the_owner(site: Site) -> str:
    """The owner's own reference, which somebody overheard, with secret rows that all look right."""
    return numbers.make_number(site.peppers, reference=site.owner.reference)


def that_pass(site: Site) -> str:
    """Numbers whose check digits are all right, as somebody could find by trying row by row: the worst case."""
    return numbers.make_number(site.peppers)


FLOODS: dict[str, Callable[[Site], str]] = {
    "well-formed": lambda _site: well_formed(),
    "that-pass": that_pass,
    "of-the-owner": of_the_owner,
}


@pytest.mark.parametrize("kind", FLOODS)
def test_the_owner_gets_in_within_ten_seconds_under_a_flood_of_wrong_numbers(site: Site, kind: str) -> None:
    made = [FLOODS[kind](site) for _ in range(MADE_BEFORE)]
    typed = partial(random.choice, [{"number": digits} for digits in made])
    with Flood(site.supervisor.portal_url, "/en/return", typed) as flood:
        sleep(BEFORE_SECONDS)
        took, presses = site.come_in()
    say(kind, flood, took=took, presses=presses)
    assert took < WITHIN_SECONDS
    assert flood.answers[OPENS_NOTHING] > 0
    assert site.come_in()[1] == 1, "afterwards nobody is locked out"


def test_a_flood_of_codes_keeps_nobody_out_who_has_a_number(site: Site) -> None:
    def typed() -> dict[str, str]:
        return {"reference": site.owner.reference, "code": f"{secrets.randbelow(10**10):010d}"}

    with Flood(site.supervisor.portal_url, "/en/return/collect", typed) as flood:
        sleep(BEFORE_SECONDS)
        took, presses = site.come_in()
    say("codes", flood, took=took, presses=presses)
    assert took < WITHIN_SECONDS
    assert flood.answers[OPENS_NOTHING] > 0
    assert site.come_in()[1] == 1


def say(kind: str, flood: Flood, *, took: float, presses: int) -> None:
    """Print what was reached (seen with `pytest -rP`)."""
    answers = ", ".join(f"{count} x {status}" for status, count in sorted(flood.answers.items()))
    print(f"{kind}: {flood.rate:.0f} a second ({answers}); in after {took:.1f} s and {presses} presses")
