"""What only a robot fills in, and how soon it does. Neither ever costs somebody what they wrote.

A form has one line more, which nobody sees, hears or reaches by keyboard, and may say when it was made. When the line comes
filled, or the form sooner than anybody could fill it in, the same page asks once more, with everything on it. Whoever presses
again is believed.
"""

from __future__ import annotations

from flask import g, request

from app.web.clock import now
from app.web.portal import portal

LINE, MADE, LOOKED = "subject", "made", "looked"


def is_sprung() -> bool:
    """Whether this form looks like a robot's, and nobody has looked at it again."""
    if LOOKED in request.form or not (request.form.get(LINE) or _is_too_soon()):
        return False
    g.looks_like_a_robot = True
    return True


def made_at() -> int:
    """The moment that a form says it was made at, in seconds."""
    return int(now().timestamp())


def _is_too_soon() -> bool:
    """One that does not say when it was made is not judged by it, nor is one from a clock that was put back."""
    said = request.form.get(MADE, "")
    if not (said.isascii() and said.isdigit() and len(said) < 12):
        return False
    return 0 <= made_at() - int(said) < portal().fewest_seconds
