"""Somebody inside their space, with their case in hand on both sides: for tests of what the pages call."""

from __future__ import annotations

from typing import Any

from app.adapters import sealing
from app.data import hub as hub_rows
from app.domain.change import Change
from app.services.hub import plans, records
from app.services.portal import changes, space
from app.services.portal.space import OpenVisit
from app.web import clock
from tests.harness.people import Person
from tests.harness.sides import Sides


class Inside:
    """Somebody who has asked, with their case in hand on both sides."""

    def __init__(self, sides: Sides, person: Person) -> None:
        """Let the person ask, and the post carry it."""
        self.sides, self.person = sides, person
        self.person.ask()
        sides.deliver()
        self.opened = self.come_in()

    @property
    def case_id(self) -> bytes:
        """The case on both sides."""
        return self.opened.case_id

    def come_in(self) -> OpenVisit:
        """Open a visit with the number, as the page does."""
        own = self.sides.portal_side
        token = space.open_visit(own.database, own.office, digits=self.person.number, now=clock.now())
        with own.database.reading() as session:
            opened = space.visit(session, token, now=clock.now())
        assert opened is not None
        return opened

    def ask(self, change: Change, *, code_word: str = "", **content: Any) -> None:
        """Ask for a change."""
        own = self.sides.portal_side
        changes.ask(
            own.database,
            own.office,
            self.opened,
            change=change,
            content=content,
            code_word=code_word,
            change_id=sealing.new_id(),
            now=clock.now(),
        )

    def record(self) -> plans.Record:
        """What the Hub holds of the referral lane, opened."""
        own = self.sides.hub_side
        with own.database.reading() as session:
            key = records.case_key(session, self.case_id, opener=own.opener)
            return plans.read(session, self.case_id, key=key, hours=own.area.hub_hours)

    def standings(self) -> list[tuple[str, str]]:
        """(kind, standing) of everything that was asked for, in order."""
        with self.sides.hub_side.database.reading() as session:
            return [(row.kind, row.standing) for row in hub_rows.changes(session, self.case_id)]

    def told(self) -> list[dict[str, Any]]:
        """What the Hub told the person about their changes, as their space shows it."""
        with self.sides.portal_side.database.reading() as session:
            found = space.read_space(session, self.opened)
        return [dict(each.news.data) for each in found.conversation if each.news.kind == "change"]
