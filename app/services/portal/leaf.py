"""The leaf: what a space remembers for its person, sealed under the case secret, so that only their number opens it.

It never leaves the portal. What is not in it was never said: a lost leaf makes the space more careful, not less.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date
from typing import Any

from sqlalchemy.orm import Session

from app.adapters import sealing
from app.data import portal as rows
from app.domain.contact import plan_of
from app.domain.outline import outline_of

PURPOSE = "leaf"
# Names in it: whether an outline of the contact plan is kept, the outlines themselves, and until when contact is paused.
KEEPS_OUTLINE, OUTLINE, OUTLINE_ASKED = "keeps_outline", "outline", "outline_asked"
PAUSED_UNTIL = "paused_until"
OWN_DEVICE = "own"


def of_request(answers: Mapping[str, Mapping[str, Any]], *, today: date) -> dict[str, Any]:
    """What a new space remembers of the request: an outline of the plan, only if nobody else might look at the device.

    `today` is the local day.
    """
    if answers.get("start", {}).get("device") != OWN_DEVICE:
        return {}
    return {KEEPS_OUTLINE: True, OUTLINE: outline_of(plan_of(answers), today=today).to_codes()}


def read(session: Session, case_id: bytes, *, secret: bytes) -> dict[str, Any]:
    """What the space remembers, by name; nothing when there is no leaf or it does not open."""
    sealed = session.get_one(rows.Case, case_id).leaf
    if sealed is None:
        return {}
    try:
        found = json.loads(sealing.open_box(secret, sealed, purpose=PURPOSE, bound=case_id))
    except (sealing.CannotOpen, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def seal(content: Mapping[str, Any], case_id: bytes, *, secret: bytes) -> bytes:
    """The leaf as it is kept."""
    raw = json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode("utf-8")
    return sealing.seal_box(secret, raw, purpose=PURPOSE, bound=case_id)


def remember(session: Session, case_id: bytes, *, secret: bytes, **values: Any) -> None:
    """Change some of what the space remembers; None takes a name away. Runs in a writing unit of work."""
    content = read(session, case_id, secret=secret) | values
    kept = {name: value for name, value in content.items() if value is not None}
    session.get_one(rows.Case, case_id).leaf = seal(kept, case_id, secret=secret)
