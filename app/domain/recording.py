"""Whether something that staff learned was recorded as a crime: a person decides, by the Hub's own policy."""

from __future__ import annotations

from enum import StrEnum


class Decision(StrEnum):
    """What was decided. Kept for ever: add, never rename."""

    RECORDED = "recorded"
    NOT_RECORDED = "not-recorded"
    ASK = "ask-supervisor"


# A fact of the case: the newest decision and whether the person was told. Absent: nobody has decided.
FACT = "recording"
