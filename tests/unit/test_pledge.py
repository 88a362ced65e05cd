"""The pledge: eleven promises with ids that never change, proposed until somebody has agreed."""

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from app.adapters.content import ContentError, keepers_hash, load_pledge, load_pledge_versions, pledge_hash
from app.domain.pledge import PROMISE_IDS, Pledge, PledgeError

ROOT = Path(__file__).parents[2]
SHIPPED = ROOT / "content"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "pledge.md").write_text((SHIPPED / "pledge.md").read_text("utf-8"), "utf-8")
    return tmp_path


@pytest.fixture(scope="module")
def pledge() -> Pledge:
    return load_pledge(SHIPPED, "en")


def change(folder: Path, old: str, new: str) -> None:
    path = folder / "pledge.md"
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), "utf-8")


@pytest.mark.requirement("G1")
def test_the_pledge_is_eleven_short_promises(pledge):
    assert tuple(promise.id for promise in pledge.promises) == PROMISE_IDS
    words = " ".join([pledge.introduction, *(promise.text for promise in pledge.promises), pledge.exception]).split()
    assert len(words) <= 300  # one sheet of A4, in longer languages too
    assert all(promise.text.count(".") == 1 for promise in pledge.promises)  # one sentence each
    assert not any("{" in promise.text or "\n" in promise.text for promise in pledge.promises)


@pytest.mark.requirement("G2")
def test_it_is_a_proposal_until_somebody_has_signed(pledge):
    assert not pledge.is_agreed
    assert pledge.signatories == ()
    assert pledge.agreed_on is None


def test_it_never_promises_without_saying_the_exception(pledge):
    assert "in danger" in pledge.exception


@pytest.mark.requirement("G3")
def test_every_promise_says_who_keeps_it_and_how_that_shows(pledge):
    for promise in pledge.promises:
        assert promise.kept_by
        assert promise.measures
        assert promise.measured
        assert promise.since is None  # nothing is counted yet, and no target is made up
        assert promise.target == ""


def test_an_agreed_pledge_names_the_day_and_the_signatories():
    agreed = load_pledge(ROOT / "tests" / "area", "en")

    assert agreed.is_agreed
    assert agreed.agreed_on == date(2026, 10, 1)
    assert [one.name for one in agreed.signatories] == ["Lantern House", "Calderwick Council"]
    assert agreed.history[0].version == "0.9"


def test_a_pledge_cannot_be_half_agreed(pledge):
    with pytest.raises(PledgeError, match="signator"):
        replace(pledge, status="agreed", agreed_on=date(2026, 12, 1))
    with pytest.raises(PledgeError, match="draft"):
        replace(pledge, agreed_on=date(2026, 12, 1))


def test_a_language_without_a_translation_gets_english_and_is_told(folder):
    assert load_pledge(folder, "pl").language == "en"


def translation(folder: Path, version: str, *, of: str = "") -> None:
    of = of or pledge_hash(load_pledge(folder, "en"))
    body = (folder / "pledge.md").read_text("utf-8").split("\n---\n", 1)[1].replace("# Our pledge", "# Nasze obietnice")
    (folder / "pl").mkdir()
    (folder / "pl" / "pledge.md").write_text(f'---\nversion: "{version}"\nof: "{of}"\n---\n{body}', "utf-8")


def test_a_translation_of_this_version_is_shown_with_the_same_keepers(folder, pledge):
    translation(folder, pledge.version)

    polish = load_pledge(folder, "pl")

    assert polish.language == "pl"
    assert polish.title == "Nasze obietnice"
    assert [one.kept_by for one in polish.promises] == [one.kept_by for one in pledge.promises]


def test_a_translation_of_an_older_version_is_not_shown(folder):
    translation(folder, "0.0")

    assert load_pledge(folder, "pl").language == "en"


def test_a_translation_of_other_words_is_not_shown(folder, pledge):
    translation(folder, pledge.version, of="0" * 16)

    assert load_pledge(folder, "pl").language == "en"


def keepers(folder: Path, *, of: str = "") -> None:
    english = load_pledge(folder, "en")
    lines = "".join(f'  {one.id}: {{kept_by: "PL {one.kept_by}", measured: "PL"}}\n' for one in english.promises)
    (folder / "pl").mkdir(exist_ok=True)
    (folder / "pl" / "promises.yaml").write_text(f'of: "{of or keepers_hash(english)}"\npromises:\n{lines}', "utf-8")


@pytest.mark.requirement("G3")
def test_who_keeps_each_promise_is_said_in_other_languages_too(folder, pledge):
    translation(folder, pledge.version)
    keepers(folder)

    polish = load_pledge(folder, "pl")

    assert polish.title == "Nasze obietnice"
    assert [one.kept_by for one in polish.promises] == [f"PL {one.kept_by}" for one in pledge.promises]
    assert {one.language for one in polish.promises} == {"pl"}


def test_keepers_in_other_words_than_these_stay_in_english(folder, pledge):
    keepers(folder, of="0" * 16)

    assert load_pledge(folder, "pl").promises == pledge.promises


@pytest.mark.requirement("G1")
def test_each_earlier_version_is_kept_as_it_was():
    agreed = load_pledge(ROOT / "tests" / "area", "en")
    earlier = load_pledge_versions(ROOT / "tests" / "area", agreed)

    assert set(earlier) == {"0.9"}
    assert not earlier["0.9"].is_agreed
    assert earlier["0.9"].exception != agreed.exception


def test_a_version_that_was_not_kept_or_is_another_is_named(tmp_path):
    agreed = load_pledge(ROOT / "tests" / "area", "en")
    with pytest.raises(ContentError, match=r"0\.9\.md"):
        load_pledge_versions(tmp_path, agreed)

    (tmp_path / "pledge").mkdir()
    (tmp_path / "pledge" / "0.9.md").write_text((SHIPPED / "pledge.md").read_text("utf-8"), "utf-8")
    with pytest.raises(ContentError, match="is not what the history says"):
        load_pledge_versions(tmp_path, agreed)


def test_mark_up_is_kept_safe_and_raw_html_stays_text(folder):
    change(folder, "You decide whether", "You *decide* <script>whether")

    promise = load_pledge(folder, "en").promises[2]

    assert "<em>decide</em>" in promise.html
    assert "&lt;script&gt;" in promise.html
    assert promise.text.startswith("You decide <script>whether")  # plain text, to be escaped where it is shown
    assert hasattr(promise.html, "__html__")
    assert not hasattr(promise.text, "__html__")


@pytest.mark.parametrize(
    ("old", "new", "key"),
    [
        ("{#everyone}", "", ""),
        ("{#everyone}", "{#nobody}", "nobody"),
        ("{#everyone}", "{#you-decide}", "you-decide"),
        ("{#exception}", "", "exception"),
        ("{#exception}", "{#exclusion}", "exception"),
        ("# Our pledge", "", ""),
        ("status: draft", "status: agreed", "status"),
        ("status: draft", "status: final", "status"),
        ("  everyone:\n", "  anyone:\n", "promises.anyone"),
        ("kept_by: Hub lead", "keeper: Hub lead", "promises.police-or-not.kept_by"),
        ("measured_by: [counted]", "measured_by: [guessed]", "promises.police-or-not.measured_by"),
        ("measured_by: [counted]", "measured_by: []", "promises.police-or-not.measured_by"),
        ('version: "0.1"', "version: 0.1", "version"),
        ("date: 2026-11-22", "date: soon", "date"),
    ],
)
def test_a_slip_in_the_file_is_named_in_one_line(folder, old, new, key):
    change(folder, old, new)

    with pytest.raises(ContentError) as refused:
        load_pledge(folder, "en")

    assert refused.value.key == key
    assert str(refused.value).startswith("pledge.md")
    assert "\n" not in str(refused.value)


def test_a_missing_promise_is_named(folder):
    text = (folder / "pledge.md").read_text("utf-8")
    lines = [line for line in text.splitlines(keepends=True) if "{#need-first}" not in line]
    (folder / "pledge.md").write_text("".join(lines), "utf-8")

    with pytest.raises(ContentError, match="need-first: the promise is missing"):
        load_pledge(folder, "en")


def test_promises_out_of_order_are_refused(folder):
    change(folder, "{#ask-again}", "{#swapped}")
    change(folder, "{#need-first}", "{#ask-again}")
    change(folder, "{#swapped}", "{#need-first}")

    with pytest.raises(ContentError, match="order"):
        load_pledge(folder, "en")
