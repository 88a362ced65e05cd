"""Easy Read: one idea a line, short sentences, a picture beside each; and translations that are never shown stale."""

import shutil
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from app.adapters.content import ContentError, load_area, load_directory, load_pledge
from app.adapters.easy_read import leaflet_hash, load_easy_read
from app.adapters.pictures import HAND, PICTURES, PictureError, pictures
from app.domain.easy_read import LEAFLETS, LONGEST_SENTENCE, PLEDGE, Checked, Leaflet, sentences
from app.domain.pledge import PROMISE_IDS

ROOT = Path(__file__).parents[2]
SHIPPED, CALDERWICK = ROOT / "content", ROOT / "tests" / "area"


def load(
    folder: Path, *, other: Path = CALDERWICK, slugs: tuple[str, ...] = ("en", "pl")
) -> dict[str, dict[str, Leaflet]]:
    """The leaflets of a folder, with the area, services and pledge of another."""
    return load_easy_read(
        folder, slugs, area=load_area(other), directory=load_directory(other), pledge=load_pledge(other, "en")
    )


@pytest.fixture(scope="module")
def shipped() -> dict[str, Leaflet]:
    return load(SHIPPED, other=SHIPPED)["en"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The made-up area's leaflets, to be spoilt."""
    shutil.copytree(CALDERWICK / "easy-read", tmp_path / "easy-read")
    return tmp_path


def spoil(folder: Path, file: str, old: str, new: str) -> None:
    path = folder / "easy-read" / file
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), "utf-8")


def translate(folder: Path, english: Leaflet, *, of: str = "", more: str = "") -> None:
    """A Polish translation of a leaflet, as a translator would write it."""
    path = folder / "pl" / "easy-read" / f"{english.id}.yaml"
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = "".join(f'  {line.id}: "PL {line.text}"\n' for line in english.lines)
    path.write_text(f'of: "{of or leaflet_hash(english)}"\n{more}lines:\n{lines}', "utf-8")


# What is shipped


@pytest.mark.requirement("G1")
def test_the_pledge_and_five_leaflets_are_there(shipped):
    assert tuple(shipped) == (PLEDGE, *LEAFLETS)


@pytest.mark.requirement("G1")
def test_sentences_are_short_and_most_are_very_short(shipped):
    for leaflet in shipped.values():
        lengths = [words for line in leaflet.lines for words in sentences(line.text)]
        assert max(lengths) <= LONGEST_SENTENCE, leaflet.id
        assert sum(lengths) / len(lengths) <= 8, leaflet.id
        assert all(len(sentences(line.text)) <= 3 for line in leaflet.lines), leaflet.id


def test_no_number_is_typed_into_the_words_but_those_that_are_no_phone_numbers(shipped):
    """Phones come from the list of services, with what is known of them."""
    digits = {
        word.strip(".,?")
        for leaflet in shipped.values()
        for line in leaflet.lines
        for word in line.text.split()
        if any(letter.isdigit() for letter in word)
    }

    assert digits == {"5", "18", "24", "55"}  # questions, years, digits of the return number, the key to press
    assert all(line.phone.may_show for leaflet in shipped.values() for line in leaflet.lines if line.phone)


@pytest.mark.requirement("G3")
def test_the_easy_pledge_tells_all_eleven_promises_the_exception_and_whom_to_tell(shipped):
    lines = shipped[PLEDGE].lines

    assert tuple(dict.fromkeys(line.promise for line in lines if line.promise)) == PROMISE_IDS
    assert any("danger" in line.text and not line.promise for line in lines)
    assert lines[-1].phone == load_area(SHIPPED).hub_phone


def test_nobody_is_said_to_have_checked_it_before_they_have(shipped):
    assert {leaflet.checked for leaflet in shipped.values()} == {None}


def test_what_the_law_says_has_a_source(shipped):
    facts = [line for line in shipped["rights"].lines if not line.phone]
    without = {line.id for line in facts if not line.sources}

    assert without == {"right", "explain-interpreter"}  # what words mean


# Pictures


def test_every_picture_is_drawn_in_the_same_hand():
    assert len(pictures()) >= 40
    assert all('aria-hidden="true"' in each and "#" not in each for each in pictures().values())


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('stroke-width="4"', 'stroke-width="3"', "not drawn like the others"),
        ('stroke="currentColor"', 'stroke="#c00"', "not drawn like the others"),
        ("<rect ", '<rect fill="red" ', "has something that the others have not"),
        ("<rect ", '<rect onload="alert(1)" ', "has something that the others have not"),
        ("<path d=", "<script/><path d=", "<script>"),
        ("</svg>", "", "cannot be read"),
    ],
)
def test_a_picture_of_another_hand_is_refused(tmp_path, old, new, said):
    drawn = (PICTURES / "letter.svg").read_text("utf-8")
    assert old in drawn
    (tmp_path / "letter.svg").write_text(drawn.replace(old, new, 1), "utf-8")

    with pytest.raises(PictureError, match=said):
        pictures(tmp_path)


def test_the_hand_is_one_width_with_round_ends_in_the_colour_of_the_words():
    assert (HAND["stroke"], HAND["stroke-width"], HAND["stroke-linecap"]) == ("currentColor", "4", "round")


# Translations


def test_a_translation_of_these_words_is_shown_with_the_same_pictures_and_numbers(folder):
    english = load(folder)["en"]["ask"]
    translate(folder, english)

    polish = load(folder)["pl"]["ask"]

    assert polish.language == "pl"
    assert all(line.text.startswith("PL ") for line in polish.lines)
    assert [replace(line, text=line.english) for line in polish.lines] == list(english.lines)


def test_a_translation_of_other_words_is_not_shown(folder):
    translate(folder, load(folder)["en"]["ask"])
    spoil(folder, "ask.yaml", "Support is free.", "Our support is free.")

    assert load(folder)["pl"]["ask"].language == "en"


def test_a_translation_that_loses_a_name_is_refused(folder):
    english = load(folder)["en"]["ask"]
    hub = next(line for line in english.lines if "{hub}" in line.text)
    lost = replace(hub, text=hub.text.replace("{hub}", "Hub"))
    less = replace(english, lines=tuple(lost if line == hub else line for line in english.lines))
    translate(folder, less, of=leaflet_hash(english))

    with pytest.raises(ContentError, match=r"\{hub\} in braces"):
        load(folder)


@pytest.mark.rule("rule 9")
def test_where_safety_hangs_on_it_the_english_stands_beside_an_unchecked_translation(folder):
    spoil(folder, "ask.yaml", "checked: null", "vital: true\nchecked: null")
    english = load(folder)["en"]["ask"]
    assert not english.has_english_beside

    translate(folder, english)
    assert load(folder)["pl"]["ask"].has_english_beside

    translate(folder, english, more="checked: {by: Inclusion group, day: 2027-01-31}\n")
    checked = load(folder)["pl"]["ask"]
    assert checked.checked == Checked("Inclusion group", date(2027, 1, 31))
    assert not checked.has_english_beside


# Slips


@pytest.mark.parametrize(
    ("file", "old", "new", "said"),
    [
        ("ask.yaml", "Support is free.", f"Support is {'very ' * 14}free.", "longer than 15"),
        ("ask.yaml", "Support is free.", "Support is free in {county}.", "can be put in"),
        ("ask.yaml", "picture: tick", "picture: ticks", "picture: must be one of"),
        ("ask.yaml", "phone: hub", "phone: nobody", "no number of 'nobody'"),
        ("ask.yaml", "id: free", "id: police", "there twice"),
        (
            "ask.yaml",
            'text: "Support is free."',
            'text: "Support is free.", sources: [S9]',
            "not in the list of sources",
        ),
        ("ask.yaml", "checked: null", "checked: null\nsources: {S9: example.org}", "nothing rests on S9"),
        ("pledge.yaml", 'of: "', 'of: "0', "the pledge has changed"),
        ("pledge.yaml", "promise: need-first, ", "", "must tell every promise"),
        ("pledge.yaml", "checked: null", "checked: {by: Somebody}", "day: is missing"),
    ],
)
def test_a_slip_is_named_in_one_line(folder, file, old, new, said):
    spoil(folder, file, old, new)

    with pytest.raises(ContentError) as refused:
        load(folder)

    assert str(refused.value).startswith(f"{file}: ")
    assert said in str(refused.value)
    assert "\n" not in str(refused.value)


def test_too_many_lines_are_no_leaflet(folder):
    path = folder / "easy-read" / "ask.yaml"
    more = "".join(f'  - {{id: more-{number}, picture: tick, text: "More."}}\n' for number in range(9))
    path.write_text(path.read_text("utf-8") + more, "utf-8")

    with pytest.raises(ContentError, match="12 to 20 lines"):
        load(folder)


def test_a_leaflet_without_a_title_is_refused(folder):
    shutil.copy(folder / "easy-read" / "ask.yaml", folder / "easy-read" / "news.yaml")

    with pytest.raises(ContentError, match="there is no title"):
        load(folder)
