"""Catalogues of translations: extract, build, check; and the two pseudo-languages.

build    compile every catalogue, making the pseudo-languages from messages.pot; count what people have checked
extract  read the marked strings into messages.pot and bring every language's catalogue up to date
check    fail when messages.pot is not what the sources say, or a shown language is not complete
"""

from __future__ import annotations

import hashlib
import io
import json
import re
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import yaml
from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

from app.adapters import content, easy_read, rights
from app.adapters.guides import load_guides
from app.adapters.translations import PROGRESS
from app.domain.area import SAID_IN_LANGUAGES
from app.domain.translation import Group, group_of, is_public, message_key

ROOT = Path(__file__).resolve().parents[1]
TRANSLATIONS = ROOT / "translations"
TEMPLATE = TRANSLATIONS / "messages.pot"
CHECKED = TRANSLATIONS / "checked"
CONTENT = ROOT / "content"
KEYWORDS = {
    "_": None,
    "_l": None,
    "N_": None,
    "gettext": None,
    "lazy_gettext": None,
    "ngettext": (1, 2),
    "pgettext": ((1, "c"), 2),
    "lazy_pgettext": ((1, "c"), 2),
    "NP_": ((1, "c"), 2),
    "vital": None,
}
# Somebody's safety may hang on what templates say with this function.
VITAL = {"vital": None}
VITAL_NOTE = "Somebody's safety may hang on this."
METHODS = [("**.py", "python"), ("**.html", "jinja2")]
OPTIONS = {"**.html": {"trimmed": "true", "silent": "false"}}
# What must come through a translation untouched: placeholders and mark-up.
KEPT = re.compile(r"(%\([a-z_]+\)[sd]|%%|<[^>]*>|&[a-z]+;)")
ACCENTS = str.maketrans(
    "AaBbCcDdEeFfGgHhIiJjKkLlMmNnOoPpQqRrSsTtUuVvWwXxYyZz",
    "ÅåƁƀÇçÐðÉéƑƒĜĝĤĥÎîĴĵĶķĻļṀɱÑñÖöÞþǪǫŔŕŠšŢţÛûṼṽŴŵẊẋÝýŽž",
)
# Whole words of Arabic script of about the right length: no sense, but shapes and direction are real.
ARABIC_WORDS = ("نص", "كلمة", "تجربة", "قراءة", "هنا", "الصفحة", "مثال", "واضح", "جملة", "اختبار")
DATE_PATTERN = "EEEE d MMMM"


def main() -> None:
    commands = {"build": build, "extract": extract, "check": check}
    if len(sys.argv) != 2 or sys.argv[1] not in commands:
        raise SystemExit(__doc__)
    commands[sys.argv[1]]()


def build() -> None:
    """Compile what is newer than its compiled form."""
    if not TEMPLATE.exists():
        raise SystemExit("translations/messages.pot is missing: run `make i18n`.")
    template = _read(TEMPLATE)
    for name, turn in (("en_XA", accented), ("ar_XB", mirrored)):
        folder = TRANSLATIONS / name / "LC_MESSAGES"
        source = Path(__file__)
        compiled = folder / "messages.mo"
        if compiled.exists() and compiled.stat().st_mtime > max(TEMPLATE.stat().st_mtime, source.stat().st_mtime):
            continue
        folder.mkdir(parents=True, exist_ok=True)
        _write_mo(compiled, pseudo(template, turn))
    counted = {}
    for po in catalogues():
        mo = po.with_suffix(".mo")
        catalogue = _read(po)
        counted[po.parts[-3]] = progress(po.parts[-3], catalogue)
        if not mo.exists() or mo.stat().st_mtime < po.stat().st_mtime:
            _write_mo(mo, catalogue)
    (TRANSLATIONS / PROGRESS).write_text(json.dumps(counted, indent=1, sort_keys=True) + "\n", encoding="utf-8")


def extract() -> None:
    """Write messages.pot, and merge what the public reads of it into each catalogue."""
    TRANSLATIONS.mkdir(exist_ok=True)
    fresh = extracted()
    TEMPLATE.write_bytes(as_po(fresh))
    for_public = public(fresh)
    for po in catalogues():
        catalogue = _read(po)
        catalogue.update(for_public, no_fuzzy_matching=True)
        catalogue.obsolete.clear()
        po.write_bytes(as_po(catalogue))
    build()


def catalogues() -> list[Path]:
    """The catalogues that people write."""
    return sorted(TRANSLATIONS.glob("*/LC_MESSAGES/messages.po"))


def public(catalogue: Catalog) -> Catalog:
    """The messages that the public reads. The desk is in English."""
    chosen = Catalog(project=catalogue.project, charset="utf-8", fuzzy=False)
    for message in catalogue:
        if message.id and is_public(places_of(message)):
            chosen[message.id] = message
    return chosen


def places_of(message: Message) -> tuple[str, ...]:
    """Where a message stands, below app/."""
    return tuple(path.removeprefix("app/") for path, _line in message.locations)


def is_vital(message: Message) -> bool:
    """Whether somebody's safety may hang on it."""
    return VITAL_NOTE in message.auto_comments


def english_of(message: Message) -> str:
    """The English of a message, the plural after the singular."""
    return message.id if isinstance(message.id, str) else "\0".join(message.id)


def key_of(message: Message) -> str:
    """What stands for a message wherever its translation is spoken of."""
    return message_key(english_of(message), message.context or "")


def words_key(message: Message) -> str:
    """What stands for the words of a translation: a check of them ends with them."""
    words = message.string if isinstance(message.string, str) else "\0".join(message.string)
    return hashlib.sha256(words.encode("utf-8")).hexdigest()[:16]


def checks_of(catalogue: str) -> dict[str, dict[str, str]]:
    """Who has checked which words of a language, and when, by the key of the message."""
    path = CHECKED / f"{catalogue}.yaml"
    if not path.exists():
        return {}
    found: dict[str, dict[str, str]] = yaml.safe_load(path.read_text(encoding="utf-8")) or {}
    return found


def is_checked(message: Message, checks: dict[str, dict[str, str]]) -> bool:
    """Whether a person has checked these very words."""
    check = checks.get(key_of(message))
    return check is not None and check["words"] == words_key(message)


def progress(name: str, catalogue: Catalog) -> dict[str, Any]:
    """How many messages each part of the site has, and how many of them a person has checked."""
    checks = checks_of(name)
    of_all: Counter[Group] = Counter()
    of_checked: Counter[Group] = Counter()
    safe = []
    for message in catalogue:
        if not message.id:
            continue
        group = group_of(places_of(message), is_vital=is_vital(message))
        of_all[group] += 1
        if is_checked(message, checks):
            of_checked[group] += 1
            if group is Group.SAFETY:
                safe.append(key_of(message))
    return {
        "groups": {each.value: {"messages": of_all[each], "checked": of_checked[each]} for each in Group},
        "checked_safety": sorted(safe),
    }


def check() -> None:
    """Say what drifted; exit 1 then."""
    problems = []
    sources = extracted()
    if not TEMPLATE.exists() or TEMPLATE.read_bytes() != as_po(sources):
        problems.append("translations/messages.pot is not what the sources say: run `make i18n`.")
    for language in yaml.safe_load((CONTENT / "languages.yaml").read_text(encoding="utf-8"))["languages"]:
        if language.get("shown") and not language["slug"].startswith("en"):
            problems += incomplete(language, sources)
    for problem in problems:
        print(problem)
    if problems:
        raise SystemExit(1)


def incomplete(language: dict[str, Any], sources: Catalog) -> list[str]:
    """What a shown language misses of what `sources` mark (`extracted`): words, content, or the same placeholders, mark-up and
    links as the English."""
    name, slug = language["catalogue"], language["slug"]
    path = TRANSLATIONS / name / "LC_MESSAGES" / "messages.po"
    if not path.exists():
        return [f"translations/{name} is missing."]
    problems = []
    there = _read(path)
    for message in public(sources):
        if not message.id:
            continue
        found = there.get(message.id, message.context)
        if found is None or not found.string or found.fuzzy or not all(_forms(found)):
            problems.append(f"translations/{name}: {message.id!r} is not translated.")
        elif wrong := differences(message.id, found.string):
            problems.append(f"translations/{name}: {message.id!r} {wrong}.")
    if content.load_pledge(CONTENT, slug).language != slug:
        problems.append(f"content/{slug}/pledge.md is missing, or was made from other English.")
    if content.load_pledge(CONTENT, slug).promises[0].language != slug:
        made_from = content.keepers_hash(content.load_pledge(CONTENT, "en"))
        problems.append(f"content/{slug}/promises.yaml is missing, or was made from other English (now {made_from}).")
    if rights.load_rights(CONTENT, slug).language != slug:
        problems.append(f"content/{slug}/rights/stages.yaml is missing, or was made from other English.")
    directory = content.load_directory(CONTENT)
    help_now = content.load_help_now(CONTENT, directory)
    for group in (help_now.danger, help_now.cope, *help_now.kinds):
        for service in group.services:
            if service.words_in(slug).language != slug:
                problems.append(
                    f"content/{slug}/services.yaml: '{service.id}' is missing, or was made from other English."
                )
    area = content.load_area(CONTENT)
    guides = load_guides(CONTENT, [slug], area=area, directory=directory)
    for guide in guides[slug].all:
        if guide.in_every_language and guide.language != slug:
            problems.append(f"content/{slug}/guides/{guide.slug}.md is missing, or was made from other English.")
    leaflets = easy_read.load_easy_read(
        CONTENT, ("en", slug), area=area, directory=directory, pledge=content.load_pledge(CONTENT, "en")
    )
    for leaflet_id, english in leaflets["en"].items():
        if leaflets[slug][leaflet_id].language != slug:
            made_from = easy_read.leaflet_hash(english)
            problems.append(
                f"content/{slug}/easy-read/{leaflet_id}.yaml is missing, or was made from other English (now {made_from})."
            )
    for key in SAID_IN_LANGUAGES:
        if getattr(area, key).strip() and area.words_in(key, slug).language != slug:
            problems.append(f"content/{slug}/area.yaml: '{key}' is missing, or was made from other English.")
    return sorted(set(problems))


def differences(english: object, translated: object) -> str:
    """What a translation has that its English has not, or the other way round; empty when nothing."""
    parts = english if isinstance(english, (list, tuple)) else [english]
    forms = translated if isinstance(translated, (list, tuple)) else [translated]
    wanted = kept(parts[-1])
    for number, form in enumerate(forms):
        different = wanted ^ kept(form)
        # The first of several plural forms may leave the number out: "one working day".
        if different and not (len(forms) > 1 and number == 0 and kept(form) < wanted):
            return f"has other placeholders, mark-up or links: {' '.join(sorted(different))}"
    return ""


def kept(text: object) -> set[str]:
    """The placeholders and the mark-up of a message."""
    return set(KEPT.findall(str(text)))


def placeholders(text: object) -> set[str]:
    """The placeholders of a message, or of any of its plural forms."""
    parts = text if isinstance(text, (list, tuple)) else [text]
    return {found for part in parts for found in re.findall(r"%\([a-z_]+\)[sd]", str(part))}


def _forms(message: Message) -> tuple[str, ...]:
    return (message.string,) if isinstance(message.string, str) else tuple(message.string)


def extracted() -> Catalog:
    """The marked strings of the sources, sorted, without line numbers: they would change with every edit."""
    catalogue = Catalog(project="ask-for-support", charset="utf-8", fuzzy=False)
    for filename, message, comments, context in _found_by(KEYWORDS):
        catalogue.add(message, None, [(f"app/{filename}", None)], auto_comments=comments, context=context)
    for filename, message, _comments, context in _found_by(VITAL):
        catalogue.add(message, None, [(f"app/{filename}", None)], auto_comments=[VITAL_NOTE], context=context)
    return catalogue


def _found_by(keywords: dict[str, Any]) -> list[tuple[str, Any, list[str], str | None]]:
    found = extract_from_dir(
        str(ROOT / "app"), method_map=METHODS, options_map=OPTIONS, keywords=keywords, comment_tags=("L10n:",)
    )
    return [(filename, message, comments, context) for filename, _line, message, comments, context in found]


def pseudo(template: Catalog, turn: object) -> Catalog:
    """A catalogue in which every message is turned into something that shows whether it was marked."""
    made = Catalog(locale="ar" if turn is mirrored else "en", charset="utf-8", fuzzy=False)
    for message in template:
        if not message.id:
            continue
        if isinstance(message.id, (list, tuple)):
            forms = [turn(message.id[0])] + [turn(message.id[1])] * (made.num_plurals - 1)  # type: ignore[operator]
            made.add(message.id, tuple(forms), context=message.context)
        elif message.id == DATE_PATTERN:
            made.add(message.id, message.id, context=message.context)
        else:
            made.add(message.id, turn(message.id), context=message.context)  # type: ignore[operator]
    return made


def accented(text: str) -> str:
    """English with accents, about 40 % longer, in brackets that show where it was cut."""
    turned = "".join(part if KEPT.fullmatch(part) else part.translate(ACCENTS) for part in KEPT.split(text))
    extra = "~" * max(1, int(len(KEPT.sub("", text)) * 0.4))
    # In steps, so that the extra length can wrap as words do.
    steps = " ".join(extra[start : start + 8] for start in range(0, len(extra), 8))
    return f"[{turned} {steps}]"


def mirrored(text: str) -> str:
    """Words of Arabic script, as many as the English has; placeholders kept."""
    turned = []
    for part in KEPT.split(text):
        if KEPT.fullmatch(part):
            turned.append(part)
        else:
            turned.append(re.sub(r"[\w'’]+", lambda word: ARABIC_WORDS[len(word[0]) % len(ARABIC_WORDS)], part))
    return "".join(turned)


def _read(path: Path) -> Catalog:
    with path.open("rb") as file:
        return read_po(file)


def _write_mo(path: Path, catalogue: Catalog) -> None:
    buffer = io.BytesIO()
    write_mo(buffer, catalogue)
    path.write_bytes(buffer.getvalue())


def as_po(catalogue: Catalog) -> bytes:
    buffer = io.BytesIO()
    write_po(buffer, catalogue, width=110, sort_output=True, omit_header=False, include_lineno=False)
    # The header's dates would make every run differ.
    return re.sub(rb'"(POT-Creation-Date|PO-Revision-Date|Generated-By)[^\n]*\n', b"", buffer.getvalue())


if __name__ == "__main__":
    main()
