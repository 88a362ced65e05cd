"""What somebody of 15 meets on an old phone without scripts, in the long language and the one from right to left."""

from __future__ import annotations

import pytest

from tests.browser.conftest import Browse
from tests.browser.test_pages import ACCENTED, MIRRORED, Inspector
from tests.harness.browser import PHONE
from tests.harness.walker import Walker
from tests.stories import FIFTEEN


@pytest.mark.requirement("A8")
@pytest.mark.rule("rule 5")
@pytest.mark.parametrize("language", [ACCENTED, pytest.param(MIRRORED, marks=pytest.mark.audit)])
def test_the_young_wording_is_sound_without_scripts(browse: Browse, language: str) -> None:
    inspect = Inspector(language)
    asking = Walker(browse(javascript=False, size=PHONE), FIFTEEN, language=language)
    asking.fill_in(stop=lambda _place: inspect(asking.page))
    inspect(asking.page)
    for step in ("start", "who"):  # once more, in the words for her
        inspect.seen.discard(f"refer/{step}")
        asking.go(f"refer/{step}")
        inspect(asking.page)
    asking.go("refer/check")
    asking.send()
    inspect(asking.page)
    inspect.assert_well()
    assert len(inspect.seen) == len(asking.path()) + 1
