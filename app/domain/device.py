"""Whose device it is: the answer on which hang how long a draft lives, what browsers may fill in, and what is shown again.

Whoever leaves the question is treated as somebody whose device others may see (NNEDV Safety Net: the safer default).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

OWN, SHARED = "own", "shared"


def is_own(answers: Mapping[str, Mapping[str, Any]]) -> bool:
    """True when the person said that only they use this device; nothing said is not a yes."""
    return answers.get("start", {}).get("device") == OWN
