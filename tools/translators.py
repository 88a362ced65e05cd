"""Words on their way to a translator and back.

export LANGUAGE FILE
    One PO file to take away: what somebody's safety hangs on first, then part by part, each message with what it is, where it
    is seen and its picture. What nobody has checked yet is marked fuzzy.
import LANGUAGE FILE --by WHO --on DAY
    Take the words in. Whatever is no longer marked fuzzy counts as checked by WHO (a name or a role) on DAY (2026-12-01).
    Words that lost a placeholder, mark-up or a link are refused.
state
    How far each language is.

LANGUAGE is a catalogue: a folder of translations/, such as pl.
"""

from __future__ import annotations

import argparse
import io
import sys
from datetime import date
from pathlib import Path

import yaml
from babel import Locale
from babel.messages.catalog import Catalog, Message
from babel.messages.pofile import PoFileError, read_po, write_po

from app.domain.translation import Group, group_of
from tools import catalogues

ORDER = tuple(Group)
# Where a template is seen by somebody who looks for it, below /<language>/.
SEEN_AT = (
    ("app/templates/portal/safety", "safety"),
    ("app/templates/portal/help_now", "help"),
    ("app/templates/portal/home", ""),
    ("app/templates/portal/refer/", "refer/start"),
    ("app/templates/portal/case/", "case"),
    ("app/templates/portal/number/", "return/lost"),
    ("app/templates/portal/return", "return"),
    ("app/templates/portal/how_it_works", "how-it-works"),
    ("app/templates/portal/privacy", "privacy"),
    ("app/templates/portal/complaints", "complaints"),
    ("app/forms/refer", "refer/start"),
)


class Refused(Exception):
    """A file that cannot be taken in; the text says why, line by line."""


def main() -> int:
    """Run one of the commands; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    for name in ("export", "import"):
        command = commands.add_parser(name)
        command.add_argument("language")
        command.add_argument("file", type=Path)
        if name == "import":
            command.add_argument("--by", required=True)
            command.add_argument("--on", required=True, type=date.fromisoformat)
    commands.add_parser("state")
    asked = parser.parse_args()
    try:
        if asked.command == "export":
            asked.file.write_bytes(as_bytes(taken_away(asked.language)))
        elif asked.command == "import":
            taken, checked = take_in(asked.language, asked.file, by=asked.by, on=asked.on)
            print(f"{taken} changed, {checked} checked.")
        else:
            print(state())
    except Refused as refused:
        print(refused, file=sys.stderr)
        return 1
    return 0


def path_of(language: str) -> Path:
    """The catalogue of a language. Raises Refused when there is none."""
    path = catalogues.TRANSLATIONS / language / "LC_MESSAGES" / "messages.po"
    if not path.is_file():
        raise Refused(f"There is no catalogue translations/{language}.")
    return path


def taken_away(language: str) -> Catalog:
    """The messages of a language in the order in which they should be checked, those that nobody has checked marked fuzzy."""
    with path_of(language).open("rb") as file:
        ours = read_po(file)
    checks = catalogues.checks_of(language)
    made = Catalog(locale=ours.locale, project=ours.project, charset="utf-8", fuzzy=False)
    messages = [message for message in ours if message.id]
    for message in sorted(messages, key=_turn):
        group = group_of(catalogues.places_of(message), is_vital=catalogues.is_vital(message))
        flags = set() if catalogues.is_checked(message, checks) else {"fuzzy"}
        comments = [*message.auto_comments, f"Part: {group.value}.", *_seen(message)]
        made.add(
            message.id,
            message.string,
            context=message.context,
            locations=message.locations,
            flags=flags,
            auto_comments=comments,
        )
    return made


def read_theirs(file: Path, *, locale: Locale | None) -> Catalog:
    """What a translator sent back. Raises Refused when it is not a catalogue."""
    try:
        with file.open("rb") as theirs_file:
            return read_po(theirs_file, locale=locale, abort_invalid=True)
    except (OSError, PoFileError, ValueError, LookupError) as error:  # LookupError: letters in a code that nobody knows
        raise Refused(f"{file.name}: {error}") from None


def take_in(language: str, file: Path, *, by: str, on: date) -> tuple[int, int]:
    """Take a translator's words into the catalogue; returns how many changed and how many now count as checked.

    Raises Refused, and changes nothing, when a message is unknown, empty, or lost a placeholder, mark-up or a link.
    """
    path = path_of(language)
    with path.open("rb") as ours_file:
        ours = read_po(ours_file)
    theirs = read_theirs(file, locale=ours.locale)
    problems, changed, checks = [], 0, dict(catalogues.checks_of(language))
    checked = 0
    for message in theirs:
        if not message.id:
            continue
        mine = ours.get(message.id, message.context)
        if mine is None:
            problems.append(f"{message.id!r} is not on the site any more: take the file away anew.")
            continue
        words = (message.string,) if isinstance(message.string, str) else message.string
        if not all(words):
            problems.append(f"{message.id!r} is empty.")
            continue
        if wrong := catalogues.differences(message.id, message.string):
            problems.append(f"{message.id!r} {wrong}.")
            continue
        changed += mine.string != message.string
        mine.string = message.string
        if not message.fuzzy:
            mark = {"words": catalogues.words_key(mine), "by": by, "on": on.isoformat()}
            before = checks.get(catalogues.key_of(mine))
            if before is None or before["words"] != mark["words"]:
                checks[catalogues.key_of(mine)] = mark
                checked += 1
    if problems:
        raise Refused("\n".join(problems))
    path.write_bytes(catalogues.as_po(ours))
    catalogues.CHECKED.mkdir(exist_ok=True)
    (catalogues.CHECKED / f"{language}.yaml").write_text(
        "# Who has checked which words: by the key of the message. A check ends when the words or their English change.\n"
        + yaml.safe_dump(checks, allow_unicode=True, sort_keys=True),
        encoding="utf-8",
    )
    catalogues.build()
    return changed, checked


def state() -> str:
    """How far each language is, one line each."""
    lines = []
    for path in catalogues.catalogues():
        with path.open("rb") as file:
            groups = catalogues.progress(path.parts[-3], read_po(file))["groups"]
        parts = (f"{name} {count['checked']}/{count['messages']}" for name, count in groups.items())
        lines.append(f"{path.parts[-3]:8} {', '.join(parts)}")
    return "\n".join(lines)


def as_bytes(catalogue: Catalog) -> bytes:
    """A catalogue as the text of a PO file, in its own order."""
    buffer = io.BytesIO()
    write_po(buffer, catalogue, width=110, omit_header=False, include_lineno=False)
    return buffer.getvalue()


def _turn(message: Message) -> tuple[int, str, str]:
    places = catalogues.places_of(message)
    group = group_of(places, is_vital=catalogues.is_vital(message))
    return ORDER.index(group), min(places), catalogues.english_of(message)


def _seen(message: Message) -> list[str]:
    for path, _line in message.locations:
        for start, page in SEEN_AT:
            if path.startswith(start):
                return [f"Seen at /<language>/{page}, in the pictures of `make screenshots`: {page or 'home'}."]
    return []


if __name__ == "__main__":
    sys.exit(main())
