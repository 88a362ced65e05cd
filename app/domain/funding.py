"""Which services public money pays for, as far as somebody has told us, with the date of each list (E12, H9)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, kw_only=True)
class FundedWork:
    """One kind of help that was paid for. `service_id` names it in the directory, if it is there."""

    what: str
    by: str = ""
    service_id: str = ""


@dataclass(frozen=True, kw_only=True)
class FundingList:
    """What was paid for at a time. `dated` is the day of the paper that says so; `source` names the paper and its owner.

    `outcomes` is where the figures of what it did are published (an address), empty while we know of none.
    """

    dated: date
    period: str
    source: str
    works: tuple[FundedWork, ...]
    outcomes: str = ""


@dataclass(frozen=True, kw_only=True)
class Funding:
    """The lists, newest first. `current_until` is the day after which the newest is too old to be called today's."""

    lists: tuple[FundingList, ...]
    current_until: date | None

    def is_current(self, today: date) -> bool:
        """Whether the newest list may be called today's."""
        return bool(self.lists) and self.current_until is not None and today <= self.current_until
