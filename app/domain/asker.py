"""Who asks: for themselves or for another, under 18 or not. What the answers say of it, for every rule that turns on it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

# Asked for by somebody else, who gets a thread of their own and never news about the other person (requirement A9).
ASKED_BY_ANOTHER = frozenset({"other", "professional"})


def is_young(answers: Mapping[str, Mapping[str, Any]]) -> bool:
    """True when somebody under 18 asks for themselves: their words, their letters and their school hours (requirement A8).

    Who asks for another may tick "Under 18" about them; that changes nothing in how the one who asks is reached.
    """
    who = answers.get("who", {})
    return who.get("under_18") is True and who.get("who") not in ASKED_BY_ANOTHER
