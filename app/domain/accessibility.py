"""What the accessibility statement says of itself: when it was written, and when people last tested the site."""

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, kw_only=True)
class AccessibilityFacts:
    """`tested_on` and `tested_by` are about tests with people and their own aids; None and empty when there were none.

    What machines check is checked at every change and needs no date.
    """

    prepared_on: date
    reviewed_on: date | None = None
    tested_on: date | None = None
    tested_by: str = ""
