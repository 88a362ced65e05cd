"""Where a fact comes from: what content/sources.yaml holds."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, kw_only=True)
class Source:
    """A source. `what` says who says it, `where` the address, `dated` what it says of its own age ("" when nothing), all in
    English; `read_on` is the day on which one of us last read it."""

    id: str
    what: str
    where: str
    dated: str
    read_on: date
