"""How far a translation is, and words on their way to a translator and back."""

from __future__ import annotations

import io
from datetime import date
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po

from app.adapters.translations import load_progress
from app.domain.translation import Count, Group, Progress, Standing, group_of, group_of_page, is_public
from tools import catalogues, translators

EXIT = "Pressing 55 does not show where you are."
START = "Before you start, %(name)s"
WORKING_DAYS = ("%(num)s day", "%(num)s days")


@pytest.fixture
def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of translations of its own, with a small Polish catalogue in which every word is a draft."""
    monkeypatch.setattr(catalogues, "TRANSLATIONS", tmp_path)
    monkeypatch.setattr(catalogues, "CHECKED", tmp_path / "checked")
    template = Catalog(charset="utf-8", fuzzy=False)
    template.add("Hello", locations=[("app/templates/portal/home.html", None)])
    monkeypatch.setattr(catalogues, "TEMPLATE", tmp_path / "messages.pot")
    (tmp_path / "messages.pot").write_bytes(catalogues.as_po(template))
    polish = Catalog(locale="pl", charset="utf-8", fuzzy=False)
    polish.add(
        EXIT,
        "Naciśnięcie 55 nie pokazuje, gdzie jesteś.",
        locations=[("app/templates/portal/help_now.html", None)],
        auto_comments=[catalogues.VITAL_NOTE],
    )
    polish.add(START, "%(name)s, zanim zaczniesz", locations=[("app/templates/portal/refer/start.html", None)])
    polish.add(
        WORKING_DAYS,
        ("%(num)s dzień", "%(num)s dni", "%(num)s dnia"),
        locations=[("app/templates/components/news.html", None)],
    )
    folder = tmp_path / "pl" / "LC_MESSAGES"
    folder.mkdir(parents=True)
    (folder / "messages.po").write_bytes(catalogues.as_po(polish))
    catalogues.build()
    return tmp_path


def taken_away(folder: Path) -> Path:
    file = folder / "away.po"
    file.write_bytes(translators.as_bytes(translators.taken_away("pl")))
    return file


def catalogue(folder: Path) -> Catalog:
    return read_po(io.BytesIO((folder / "pl" / "LC_MESSAGES" / "messages.po").read_bytes()))


def mark_as_checked(file: Path, message: object) -> None:
    """As a translator does: the words are right, so they are no longer marked fuzzy."""
    made = read_po(io.BytesIO(file.read_bytes()))
    made.get(message).flags.discard("fuzzy")  # type: ignore[arg-type, union-attr]
    file.write_bytes(translators.as_bytes(made))


def test_what_safety_hangs_on_comes_first_and_everything_is_a_draft(house: Path) -> None:
    made = [message for message in translators.taken_away("pl") if message.id]
    assert made[0].id == EXIT
    assert all(message.fuzzy for message in made)
    assert any("help" in comment for comment in made[0].auto_comments)


def test_checked_words_count_until_they_change(house: Path) -> None:
    file = taken_away(house)
    mark_as_checked(file, EXIT)
    assert translators.take_in("pl", file, by="Anna, interpreter", on=date(2026, 12, 1)) == (0, 1)
    polish = load_progress(house)["pl"]
    assert polish.of(Group.SAFETY) is Standing.CHECKED
    assert polish.of(Group.REQUEST) is Standing.DRAFTED
    assert len(polish.checked_safety) == 1
    # The same file again changes nothing, and the check stays with who made it.
    assert translators.take_in("pl", taken_away(house), by="Somebody else", on=date(2027, 1, 1)) == (0, 0)
    assert [each["by"] for each in catalogues.checks_of("pl").values()] == ["Anna, interpreter"]

    words = catalogue(house)
    words.get(EXIT).string = "Inne słowa."  # type: ignore[union-attr]
    (house / "pl" / "LC_MESSAGES" / "messages.po").write_bytes(catalogues.as_po(words))
    catalogues.build()
    assert load_progress(house)["pl"].of(Group.SAFETY) is Standing.DRAFTED


@pytest.mark.parametrize(
    ("message", "words", "problem"),
    [
        (START, "Zanim zaczniesz", "%(name)s"),
        (START, "%(name)s, <b>zanim</b> zaczniesz", "<b>"),
        (START, "", "empty"),
        (EXIT, "Zadzwoń: %(number)s", "%(number)s"),
        (WORKING_DAYS, ("dzień", "%(num)s dni", "dnia"), "%(num)s"),
    ],
)
def test_words_that_lost_something_are_refused_and_nothing_changes(
    house: Path, message: str | tuple[str, str], words: str | tuple[str, ...], problem: str
) -> None:
    before = catalogues.as_po(catalogue(house))
    file = taken_away(house)
    made = read_po(io.BytesIO(file.read_bytes()))
    made.get(message).string = words  # type: ignore[arg-type, union-attr]
    made.get(EXIT).flags.discard("fuzzy")  # type: ignore[union-attr]
    file.write_bytes(translators.as_bytes(made))
    with pytest.raises(translators.Refused, match=problem.replace("(", r"\(").replace(")", r"\)")):
        translators.take_in("pl", file, by="Anna", on=date(2026, 12, 1))
    assert catalogues.as_po(catalogue(house)) == before
    assert catalogues.checks_of("pl") == {}


def test_one_day_may_be_said_without_a_number(house: Path) -> None:
    file = taken_away(house)
    made = read_po(io.BytesIO(file.read_bytes()))
    made.get(WORKING_DAYS).string = ("jeden dzień", "%(num)s dni", "%(num)s dnia")  # type: ignore[arg-type, union-attr]
    file.write_bytes(translators.as_bytes(made))
    assert translators.take_in("pl", file, by="Anna", on=date(2026, 12, 1)) == (1, 0)


def test_a_message_that_is_gone_is_refused(house: Path) -> None:
    file = taken_away(house)
    words = catalogue(house)
    words.delete(START)
    (house / "pl" / "LC_MESSAGES" / "messages.po").write_bytes(catalogues.as_po(words))
    with pytest.raises(translators.Refused, match="take the file away anew"):
        translators.take_in("pl", file, by="Anna", on=date(2026, 12, 1))


def test_a_language_that_is_not_there_is_refused(house: Path) -> None:
    with pytest.raises(translators.Refused, match="translations/xx"):
        translators.taken_away("xx")


def test_without_a_count_everything_is_a_draft(tmp_path: Path) -> None:
    assert load_progress(tmp_path) == {}
    (tmp_path / "progress.json").write_text("half of it", encoding="utf-8")
    assert load_progress(tmp_path) == {}
    assert not Progress().is_checked
    assert Progress().of(Group.SAFETY) is Standing.DRAFTED
    assert Count(messages=0, checked=0).standing is Standing.DRAFTED


def test_what_only_staff_read_is_not_translated() -> None:
    assert not is_public(("templates/hub/case.html", "pages/hub/words.py"))
    assert is_public(("templates/hub/case.html", "forms/news.py"))


def test_each_place_and_page_belongs_to_a_part() -> None:
    assert group_of(("templates/portal/home.html",), is_vital=True) is Group.SAFETY
    assert group_of(("templates/portal/refer/who.html",), is_vital=False) is Group.REQUEST
    assert group_of(("forms/news.py",), is_vital=False) is Group.NEWS
    assert group_of(("forms/leaving.py",), is_vital=False) is Group.SPACE
    assert group_of(("templates/portal/home.html",), is_vital=False) is Group.AROUND
    assert group_of_page("portal.refer_step") is Group.REQUEST
    assert group_of_page("portal.case_contact") is Group.SPACE
    assert group_of_page("") is Group.AROUND
