"""What the accessibility statement says of itself: when it was written, and when machines and people last tested the site."""

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, kw_only=True)
class Audit:
    """The last time that machines looked at everything: how many pages, in how many languages, and how many faults they found."""

    audited_on: date
    pages: int
    languages: int
    findings: int


@dataclass(frozen=True, kw_only=True)
class AccessibilityFacts:
    """`tested_on` and `tested_by` are about tests with people and their own aids; None and empty when there were none.

    `audit` is None until the full audit was run. What machines check at every change needs no date.
    """

    prepared_on: date
    reviewed_on: date | None = None
    tested_on: date | None = None
    tested_by: str = ""
    audit: Audit | None = None
