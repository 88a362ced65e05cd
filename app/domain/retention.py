"""How long things are kept (UK GDPR, Article 5(1)(e)). Silence closes no case: about what is only silent a person decides."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(frozen=True, kw_only=True)
class Periods:
    """The Hub's own periods, in days; docs/operations.md has the variable of each.

    `closed`: from closing to deleting. `silent`: without a word either way, until the desk is asked to decide. `unread`: a
    request that nobody has opened, until the desk is asked. `warn`: how long before a deletion the space says so. `settled`:
    envelopes that have arrived, longer than any backup is kept. `aside`: what could not be accepted.
    `feedback`: from marking it as done to deleting.
    """

    closed: int = 365
    silent: int = 730
    unread: int = 14
    warn: int = 30
    settled: int = 60
    aside: int = 90
    feedback: int = 365

    def warns_at(self, closed_at: datetime) -> datetime:
        """When the space of a case that was closed then begins to say until when it is kept."""
        return closed_at + timedelta(days=self.closed - self.warn)

    def goes_at(self, closed_at: datetime, *, now: datetime) -> datetime:
        """When nothing of a case that was closed then will be left: never sooner after the warning (now) than promised."""
        return max(closed_at + timedelta(days=self.closed), now + timedelta(days=self.warn))
