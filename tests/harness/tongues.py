"""The languages that pages are tested in: every one that people may choose, and the two that are made up."""

from __future__ import annotations

from collections.abc import Collection

import pytest

from app.adapters.content import load_languages
from app.domain.languages import Language
from tests.harness.supervisor import ROOT

ENGLISH, ACCENTED, MIRRORED = "en", "en-XA", "ar-XB"
SHOWN: tuple[Language, ...] = load_languages(ROOT / "content").shown(pseudo=False)
ALL: tuple[Language, ...] = load_languages(ROOT / "content").shown(pseudo=True)


def each_language(*, always: Collection[str] = (MIRRORED,)) -> list[object]:
    """The slugs for `parametrize`: those of `always` in every run of the tests, all others in the audit."""
    return [
        pytest.param(each.slug, id=each.slug, marks=() if each.slug in always else (pytest.mark.audit,)) for each in ALL
    ]
