"""The content folder: what is shipped is whole and safe to publish, and every slip of an editor is named in one line."""

import re
import shutil
from pathlib import Path

import pytest
import yaml

from app.adapters.content import (
    ContentError,
    load_accessibility,
    load_area,
    load_directory,
    load_help_now,
    load_languages,
    load_pledge,
)
from app.adapters.yaml_reader import parse_yaml

ROOT = Path(__file__).parents[2]
SHIPPED = ROOT / "content"
CALDERWICK = ROOT / "tests" / "area"
DEAD = ("08450896262", "08005002222", "08456038572", "08454500355")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the made-up area, to be spoilt."""
    return shutil.copytree(CALDERWICK, tmp_path / "content")


def spoil(folder: Path, file: str, old: str, new: str) -> None:
    path = folder / file
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), "utf-8")


def read_everything(folder: Path) -> None:
    load_area(folder)
    load_help_now(folder, load_directory(folder))
    load_pledge(folder, "en")
    load_languages(folder)
    load_accessibility(folder)


@pytest.mark.parametrize("folder", [SHIPPED, CALDERWICK], ids=["shipped", "another county"])
@pytest.mark.requirement("E20")
def test_the_folder_is_whole(folder):
    read_everything(folder)


def test_no_dead_number_is_anywhere_in_what_is_published():
    for service in load_directory(SHIPPED).all:
        published = " ".join(str(value) for value in vars(service).values())
        digits = re.sub(r"\D", "", published.replace("-", "x"))
        assert not [dead for dead in DEAD if dead in digits], service.id
        assert ".pnn.police.uk" not in published


def test_the_list_of_dead_numbers_is_kept():
    listed = yaml.safe_load((SHIPPED / "services.yaml").read_text("utf-8"))["never_publish"]

    assert set(DEAD) <= {re.sub(r"\D", "", one) for one in listed}


@pytest.mark.parametrize("dead", ["01632 960 999", "01632960999", "(01632) 960-999"])
def test_a_dead_number_is_refused_however_it_is_written(folder, dead):
    spoil(folder, "services.yaml", "A safe place to stay in Saltmere.", f"A safe place to stay. Ring {dead}.")

    with pytest.raises(ContentError, match="never be published"):
        load_directory(folder)


def test_editors_notes_and_sources_are_not_part_of_what_is_published():
    raw = yaml.safe_load((SHIPPED / "services.yaml").read_text("utf-8"))["services"]
    cautions = {entry["id"]: entry["caution"] for entry in raw if "caution" in entry}

    assert cautions
    for service in load_directory(SHIPPED).all:
        assert cautions.get(service.id, "?") not in str(service)


def test_the_hubs_number_is_the_same_in_both_files():
    hub = load_directory(SHIPPED).get("victim-witness-hub")

    assert hub is not None
    assert hub.phone == load_area(SHIPPED).hub_phone


@pytest.mark.parametrize("service", load_directory(SHIPPED).all, ids=lambda one: one.id)
def test_summaries_are_in_short_sentences(service):
    for sentence in re.split(r"(?<=[.!?])\s", service.summary):
        assert len(sentence.split()) <= 20, sentence


@pytest.mark.parametrize(
    ("file", "old", "new", "said"),
    [
        ("area.yaml", "service_name: Talk to Someone", "service_name: Crime help", "service_name"),
        ("area.yaml", "service_name: Talk to Someone", "servce_name: Talk", "service_name: is missing"),
        ("area.yaml", "controller: Lantern", "controler: Lantern", "controller: is missing"),
        ("area.yaml", "closed_says:", "extra: 1\nclosed_says:", "extra: is not a key"),
        ("area.yaml", '["10:00-13:00", "14:00-18:00"]', '["10-13"]', "hub_hours.monday"),
        ("area.yaml", '["10:00-13:00", "14:00-18:00"]', '["13:00-10:00"]', "hub_hours.monday"),
        ("area.yaml", '["10:00-13:00", "14:00-18:00"]', '["10:00-13:00", "12:00-18:00"]', "hub_hours: spans"),
        ("area.yaml", "sunday: []", "sonday: []", "hub_hours.sonday"),
        ("area.yaml", "day: 2026-12-25", "day: Christmas", "holidays[1].day"),
        ("area.yaml", "day: 2026-12-28", "day: 2026-12-25", "holidays: '2026-12-25' is there twice"),
        ("area.yaml", "confidence: medium", "confidence: certain", "hub_phone.confidence"),
        ("area.yaml", "number: 01632 960 001", "number: 123", "hub_phone.number: must be text; put it in quotes"),
        ("area.yaml", "number: 01632 960 001", "number: none yet", "hub_phone.number: must contain digits"),
        ("area.yaml", "site: https://lantern.example.org", "site: lantern", "hub_phone.site"),
        ("area.yaml", "  phone: 01632 960 044", "  phone: ask us", "outside_contact.phone: must contain digits"),
        ("area.yaml", "  site: https://open-door", "  site: open-door", "outside_contact.site"),
        ("area.yaml", "name: Saltmere Open Door", 'name: ""', "outside_contact: give a name"),
        ("area.yaml", "checked_on: 2026-11-01", "checked_on: null", "outside_contact: ring the number"),
        (
            "area.yaml",
            "link: https://relay.example.org/lantern",
            'link: ""',
            "sign_language: give provider, link and hours",
        ),
        ("area.yaml", "translation_days: 3", "translation_days: 0", "translation_days"),
        ("area.yaml", "female: 508", "women: 508", "population: 'women' is no answer to 'sex'"),
        ("area.yaml", "in_1000: {sex:", "in_1000: {hair:", "population: 'hair' is no question"),
        ("area.yaml", "male: 492", "male: 600", "population: sex is more than 1000 together"),
        ("area.yaml", "saltmere: 300", "atlantis: 300", "population: it names a district"),
        ("area.yaml", "saltmere: 300", "saltmere: -1", "population: district saltmere must be from 0 to 1000"),
        ("area.yaml", "source: Made up, 2026", 'source: ""', "population.source: must not be empty"),
        ("area.yaml", "code: 12", "code: 20", "districts"),
        ("area.yaml", "code: 12", "code: twelve", "districts[calderwick-town].code"),
        ("area.yaml", "hub_name: Lantern", "hub_name: Other\nhub_name: Lantern", "twice"),
        ("area.yaml", "hub_name: Lantern House Team", "hub_name: [", "line"),
        ("services.yaml", "run_by: police", "run_by: army", "services[emergency].run_by"),
        ("services.yaml", "area: saltmere", "area: saltmare", "unknown area 'saltmare'"),
        ("services.yaml", "self_refer: true", "self_refer: yes please", "services[emergency].self_refer"),
        ("services.yaml", "languages: [en, pl]", "languages: [en, xx]", "no words for 'xx'"),
        ("services.yaml", "web: https://harbour", "web: harbour", "services[harbour].web"),
        ("services.yaml", "{id: home, code: 21", "{id: hearth, code: 21", "no words for 'hearth'"),
        ("services.yaml", "code: 22", "code: 21", "code 21"),
        ("services.yaml", "- id: harbour", "- id: night-line", "'night-line' is there twice"),
        ("services.yaml", "for: [direct-victim, bereaved]", "for: me", "services[emergency].for: must be a list"),
        ("services.yaml", "\nservices:", "\nservices:\n  - just text\n", "services[1]"),
        ("help-now.yaml", "danger: [emergency]", "danger: [emergencies]", "there is no service 'emergencies'"),
        ("help-now.yaml", "danger: [emergency]", "danger: [unreachable]", "none of these services can be reached"),
        ("help-now.yaml", "{id: home,", "{id: hearth,", "no words for 'hearth'"),
        ("help-now.yaml", "cope:", "danger2: []\ncope:", "danger2"),
        ("pledge.md", "---\n", "", "front matter"),
        ("languages.yaml", "slug: pl", "slug: Polish", "languages[2].slug"),
        ("languages.yaml", "slug: pl", "slug: en", "'en'"),
        ("languages.yaml", "dir: ltr", "dir: left", "languages[1].dir"),
        ("accessibility.yaml", "tested_by: Example Testers", 'tested_by: ""', "tested_by: a test needs both"),
        ("accessibility.yaml", "tested_on: 2026-10-20", "tested_on: autumn", "tested_on"),
    ],
)
def test_a_slip_is_named_in_one_line(folder, file, old, new, said):
    spoil(folder, file, old, new)

    with pytest.raises(ContentError) as refused:
        read_everything(folder)

    complaint = str(refused.value)
    assert complaint.startswith(f"{file}: ")
    assert said in complaint
    assert "\n" not in complaint


FILES = ["area.yaml", "services.yaml", "help-now.yaml", "pledge.md", "languages.yaml", "accessibility.yaml"]


@pytest.mark.parametrize("file", FILES)
def test_a_file_that_is_missing_or_garbled_is_named(folder, file):
    (folder / file).write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ContentError, match=f"^{file}: "):
        read_everything(folder)

    (folder / file).unlink()
    with pytest.raises(ContentError, match=f"^{file}: "):
        read_everything(folder)


def test_an_unchecked_number_of_the_hub_without_a_site_is_refused(folder):
    spoil(folder, "area.yaml", "  checked_on: 2026-11-02", "  checked_on: null")
    spoil(folder, "area.yaml", "  site: https://lantern.example.org", "  site: null")

    with pytest.raises(ContentError, match="owner's site"):
        load_area(folder)


@pytest.mark.parametrize("text", ["a: !!python/name:os.system", "? [a]\n: b", "- a", "", "a: b: c", "\t"])
def test_only_plain_keys_and_values_are_read(text):
    with pytest.raises(ContentError):
        parse_yaml(text, file="x.yaml")
