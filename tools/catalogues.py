"""Catalogues of translations: extract, build, check; and the two pseudo-languages.

build    compile every catalogue, making the pseudo-languages from messages.pot
extract  read the marked strings into messages.pot and bring every language's catalogue up to date
check    fail when messages.pot is not what the sources say, or a shown language is not complete
"""

from __future__ import annotations

import io
import re
import sys
from pathlib import Path

import yaml
from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).resolve().parents[1]
TRANSLATIONS = ROOT / "translations"
TEMPLATE = TRANSLATIONS / "messages.pot"
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
}
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
    for po in sorted(TRANSLATIONS.glob("*/LC_MESSAGES/messages.po")):
        mo = po.with_suffix(".mo")
        if not mo.exists() or mo.stat().st_mtime < po.stat().st_mtime:
            _write_mo(mo, _read(po))


def extract() -> None:
    """Write messages.pot, and merge it into each catalogue."""
    TRANSLATIONS.mkdir(exist_ok=True)
    fresh = extracted()
    TEMPLATE.write_bytes(_as_po(fresh))
    for po in sorted(TRANSLATIONS.glob("*/LC_MESSAGES/messages.po")):
        catalogue = _read(po)
        catalogue.update(fresh, no_fuzzy_matching=True)
        po.write_bytes(_as_po(catalogue))
    build()


def check() -> None:
    """Say what drifted; exit 1 then."""
    problems = []
    if not TEMPLATE.exists() or TEMPLATE.read_bytes() != _as_po(extracted()):
        problems.append("translations/messages.pot is not what the sources say: run `make i18n`.")
    shown = yaml.safe_load((ROOT / "content/languages.yaml").read_text(encoding="utf-8"))["languages"]
    for language in shown:
        if language.get("shown") and not language["slug"].startswith("en"):
            problems += incomplete(language["catalogue"])
    for problem in problems:
        print(problem)
    if problems:
        raise SystemExit(1)


def incomplete(catalogue: str) -> list[str]:
    """What a shown language misses."""
    path = TRANSLATIONS / catalogue / "LC_MESSAGES" / "messages.po"
    if not path.exists():
        return [f"translations/{catalogue} is missing."]
    problems = []
    for message in _read(path):
        if message.id and (not message.string or message.fuzzy):
            problems.append(f"translations/{catalogue}: {message.id!r} is not translated.")
        elif message.id and placeholders(message.id) != placeholders(message.string):
            problems.append(f"translations/{catalogue}: {message.id!r} has other placeholders.")
    return problems


def placeholders(text: object) -> set[str]:
    """The placeholders of a message, or of any of its plural forms."""
    parts = text if isinstance(text, (list, tuple)) else [text]
    return {found for part in parts for found in re.findall(r"%\([a-z_]+\)[sd]", str(part))}


def extracted() -> Catalog:
    """The marked strings of the sources, sorted, without line numbers: they would change with every edit."""
    catalogue = Catalog(project="ask-for-support", charset="utf-8", fuzzy=False)
    found = extract_from_dir(
        str(ROOT / "app"), method_map=METHODS, options_map=OPTIONS, keywords=KEYWORDS, comment_tags=("L10n:",)
    )
    for filename, _line, message, comments, context in found:
        catalogue.add(message, None, [(f"app/{filename}", None)], auto_comments=comments, context=context)
    return catalogue


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


def _as_po(catalogue: Catalog) -> bytes:
    buffer = io.BytesIO()
    write_po(buffer, catalogue, width=110, sort_output=True, omit_header=False, include_lineno=False)
    # The header's dates would make every run differ.
    return re.sub(rb'"(POT-Creation-Date|PO-Revision-Date|Generated-By)[^\n]*\n', b"", buffer.getvalue())


if __name__ == "__main__":
    main()
