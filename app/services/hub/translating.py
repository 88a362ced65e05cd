"""The translation desk: a text goes out without anything that says who somebody is, and comes back beside the original.

Nothing is sent to a translator from here. A colleague looks at what is taken out, mends it, confirms, takes the text as a file
by the Hub's own agreed way, and types in what came back. Both texts are kept, sealed with the case.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from nacl.signing import SigningKey
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.adapters import sealing
from app.data import hub as rows
from app.data.database import Database
from app.domain import translating as rules
from app.domain.area import Area
from app.domain.redaction import Redacted, put_back, redact, still_in
from app.domain.translating import By, State
from app.services.hub import desk, guard, records
from app.services.hub.desk import OpenCase, need_open
from app.services.hub.records import Opener
from app.services.hub.speaking import ReceiptOnly, gets_receipt_only
from app.services.hub.staff import Identity, SignedIn

ASKED, EXPORTED, CAME_BACK, READ = (
    "asked-translation",
    "took-text-out",
    "translation-back",
    "read-translation",
)
# Words of our own, for the person; everything else is theirs, for us.
NEW = "new"
ITEM, REQUEST, ADDED = "item:", "request", "added:"
WORDS = "translation"
# Answers that hold somebody's name, in a request and in what was added to it.
NAME_FIELDS = frozenset(
    {
        "name",
        "ask_for",
        "say",
        "person",
        "conflict_who",
        "their_name",
        "helper",
        "organisation",
        "code_word",
        "word",
        "sign",
    }
)


class NoSuchText(Exception):
    """The case has no such text, or none at the translation desk."""


class StillThere(Exception):
    """The text may still say who somebody is or where; `found` is what, for the colleague to take out or to let stand."""

    def __init__(self, found: Sequence[str]) -> None:
        super().__init__("still says who or where")
        self.found = tuple(found)


class NotNow(Exception):
    """It stands otherwise by now."""


@dataclass(frozen=True)
class Source:
    """A text of a case that can be translated. `text` is as it was written; `language` the slug of what it is likely in."""

    code: str
    text: str
    language: str
    at: datetime | None


@dataclass(frozen=True)
class Text:
    """A text at the translation desk, opened. `by_name` is who translated or which machine: for the desk alone."""

    id: bytes
    source: str
    language_from: str
    language_to: str
    state: State
    asked_by: str
    asked_at: datetime
    due_on: date | None
    done_by: By | None
    done_on: date | None
    returned_by: str
    original: str
    sent_out: str
    taken: Mapping[str, str]
    translated: str
    by_name: str

    @property
    def is_ours(self) -> bool:
        """Whether it is for the person: written here."""
        return self.source == NEW

    @property
    def whole(self) -> str:
        """The translation with what was taken out put in again."""
        return put_back(self.translated, self.taken)


@dataclass(frozen=True)
class Waiting:
    """A line of the list of all that is at the translation desk. No words."""

    id: bytes
    case_id: bytes
    reference: str
    language_from: str
    language_to: str
    state: State
    is_ours: bool
    asked_by: str
    asked_at: datetime
    due_on: date | None


def sources(case: OpenCase, written: Callable[[OpenCase], Sequence[Source]]) -> list[Source]:
    """Every text of theirs in a case: what they wrote in the conversation, and what `written` finds in what they answered."""
    messages = [
        Source(f"{ITEM}{line.envelope_id.hex()}", line.news.text, line.news.language, line.at)
        for line in case.conversation
        if line.from_person and line.news.kind == "message" and line.news.text
    ]
    return [*reversed(messages), *written(case)]


def names_in(case: OpenCase) -> tuple[str, ...]:
    """Every name that is known of a case: of its person, of those whom they named, and of colleagues who wrote to them."""
    found: list[str] = []
    contents: list[Mapping[str, Any]] = [*case.referral.answers.values()]
    for _, addition in case.additions:
        answers = addition.content.get("answers")
        contents += [addition.content, answers if isinstance(answers, dict) else {}]
    for each in case.changes:
        answers = each.content.get("answers")
        contents += (
            [part for part in (answers or {}).values() if isinstance(part, dict)] if isinstance(answers, dict) else []
        )
    for content in contents:
        found += [value for key, value in content.items() if key in NAME_FIELDS and isinstance(value, str)]
    for way in case.plan.ways:
        found += [way.ask_for, way.say, way.person]
    found += [line.news.author for line in case.conversation if not line.from_person]
    found += [case.plan.sign, case.code_word or ""]
    return tuple(dict.fromkeys(each for each in found if each))


def places_of(area: Area) -> tuple[str, ...]:
    """The names of the area and its districts, which say where somebody is."""
    words = [area.area_name, *(each.name for each in area.districts)]
    # a name of two places says both.
    return tuple(dict.fromkeys([*words, *(part for each in words for part in each.split(" and "))]))


def proposal(text: str, case: OpenCase, *, area: Area) -> Redacted:
    """A text as it could go out: what says who or where is taken out as far as it is known."""
    return redact(text, names=names_in(case), places=places_of(area))


def ask(
    database: Database,
    *,
    case: OpenCase,
    text_id: bytes,
    source: str,
    original: str,
    sent_out: str,
    language_from: str,
    language_to: str,
    is_sure: bool,
    send_now: bool,
    area: Area,
    signed: SignedIn,
    opener: Opener,
    voice: SigningKey,
    now: datetime,
) -> None:
    """A colleague has looked at the text and confirms it: it waits at the translation desk from here on.

    `is_sure`: they have been shown what it still says and let it stand. `send_now`: words of our own go to the person at once,
    as they are, and say that the translation follows. The same `text_id` again changes nothing.
    Raises guard.NoSuchCase, desk.NotOpened, StillThere, speaking.ReceiptOnly and sealing.TooLarge.
    """
    case_id = case.row.case_id
    facts = need_open(database, case_id, signed, now=now)
    if source == NEW and gets_receipt_only(facts):
        raise ReceiptOnly
    found = still_in(sent_out, names=names_in(case), places=places_of(area))
    if found and not is_sure:
        raise StillThere(found)
    with database.reading() as session:
        if session.get(rows.Translation, text_id) is not None:
            return
    due = rules.due_on(now, days=area.translation_days, hours=area.hub_hours)
    taken = proposal(original, case, area=area).taken
    content = {"original": original, "sent_out": sent_out, "taken": dict(taken)}
    row = rows.Translation(
        id=text_id,
        case_id=case_id,
        source=source,
        language_from=language_from,
        language_to=language_to,
        state=State.ASKED.value,
        asked_by=signed.identity.id,
        asked_at=now,
        due_on=due,
        sealed=_seal(content, text_id, case.record_secret),
    )

    def write(session: Session) -> None:
        if session.get(rows.Translation, text_id) is not None:
            return
        session.add(row)
        session.flush()
        _say_where_it_stands(session, case_id)
        detail = f"{language_from} > {language_to}"
        rows.log(session, at=now, staff_id=signed.identity.id, action=ASKED, case_id=case_id, detail=detail)

    if source == NEW and send_now:
        data = {rules.KEY: text_id.hex(), **({rules.UNTIL: due.isoformat()} if due else {})}
        desk.send_message(
            database,
            case_id=case_id,
            text=original,
            language=language_from,
            signed=signed,
            opener=opener,
            voice=voice,
            envelope_id=_item_id(text_id, b"now"),
            now=now,
            data=data,
            also=write,
        )
        return
    with database.writing() as session:
        guard.case_for(session, case_id, signed.identity)
        write(session)


def take_out(database: Database, *, case: OpenCase, text_id: bytes, signed: SignedIn, now: datetime) -> Text:
    """The text as it goes to a translator, for a file; logged. Raises guard.NoSuchCase, desk.NotOpened and NoSuchText."""
    need_open(database, case.row.case_id, signed, now=now)
    with database.writing() as session:
        row = _row(session, case.row.case_id, text_id)
        found = _open(row, case.record_secret)
        detail = f"{row.language_from} > {row.language_to}"
        rows.log(session, at=now, staff_id=signed.identity.id, action=EXPORTED, case_id=case.row.case_id, detail=detail)
    return found


def bring_back(
    database: Database,
    *,
    case: OpenCase,
    text_id: bytes,
    translated: str,
    by: By,
    by_name: str,
    done_on: date,
    signed: SignedIn,
    now: datetime,
) -> None:
    """What the translator gave back, kept beside the original; until it was sent or read it can be put right.

    Raises guard.NoSuchCase, desk.NotOpened, NoSuchText and NotNow.
    """
    case_id = case.row.case_id
    need_open(database, case_id, signed, now=now)
    with database.writing() as session:
        guard.case_for(session, case_id, signed.identity)
        row = _row(session, case_id, text_id)
        if row.state == State.DONE.value:
            raise NotNow
        content = {**_content(row, case.record_secret), "translated": translated, "by_name": by_name}
        row.sealed = _seal(content, text_id, case.record_secret)
        row.state, row.done_by, row.done_on = State.BACK.value, by.value, done_on
        row.returned_by, row.returned_at = signed.identity.id, now
        session.flush()
        _say_where_it_stands(session, case_id)
        rows.log(session, at=now, staff_id=signed.identity.id, action=CAME_BACK, case_id=case_id, detail=by.value)


def send(
    database: Database,
    *,
    case: OpenCase,
    text_id: bytes,
    text: str,
    signed: SignedIn,
    opener: Opener,
    voice: SigningKey,
    now: datetime,
) -> None:
    """Send words of our own with their translation; the person reads both, and who translated: a person or a machine, and when.

    `text` is the translation as the colleague looked it through last. A second press sends nothing.
    Raises guard.NoSuchCase, desk.NotOpened, NoSuchText, NotNow, speaking.ReceiptOnly and sealing.TooLarge.
    """
    case_id = case.row.case_id
    with database.reading() as session:
        guard.case_for(session, case_id, signed.identity)
        row = _row(session, case_id, text_id)
        found = _open(row, case.record_secret)
        content = _content(row, case.record_secret)
    if not found.is_ours or found.state is State.ASKED or found.done_by is None or found.done_on is None:
        raise NotNow

    def write(session: Session) -> None:
        own = _row(session, case_id, text_id)
        own.state = State.DONE.value
        own.sealed = _seal({**content, "sent": text}, text_id, case.record_secret)
        session.flush()
        _say_where_it_stands(session, case_id)

    desk.send_message(
        database,
        case_id=case_id,
        text=text,
        language=found.language_to,
        signed=signed,
        opener=opener,
        voice=voice,
        envelope_id=_item_id(text_id, b"translated"),
        now=now,
        data={
            rules.KEY: text_id.hex(),
            rules.BY: found.done_by.value,
            rules.ON: found.done_on.isoformat(),
            rules.ORIGINAL: found.original,
            rules.ORIGINAL_LANGUAGE: found.language_from,
        },
        also=write,
    )


def settle(database: Database, *, case: OpenCase, text_id: bytes, signed: SignedIn, now: datetime) -> None:
    """A colleague has read the translation of what the person wrote: nothing waits any more. Logged.

    Raises guard.NoSuchCase, desk.NotOpened, NoSuchText and NotNow.
    """
    case_id = case.row.case_id
    need_open(database, case_id, signed, now=now)
    with database.writing() as session:
        guard.case_for(session, case_id, signed.identity)
        row = _row(session, case_id, text_id)
        if row.state == State.DONE.value:
            return
        if row.source == NEW or row.state != State.BACK.value:
            raise NotNow
        row.state = State.DONE.value
        session.flush()
        _say_where_it_stands(session, case_id)
        rows.log(session, at=now, staff_id=signed.identity.id, action=READ, case_id=case_id)


def of_case(session: Session, case: OpenCase) -> list[Text]:
    """Every text of an opened case that was at the translation desk, newest first; no query where there never was one."""
    if rules.FACT not in case.row.facts:
        return []
    found = session.scalars(
        select(rows.Translation)
        .where(rows.Translation.case_id == case.row.case_id)
        .order_by(rows.Translation.asked_at.desc(), rows.Translation.id)
    )
    return [_open(row, case.record_secret) for row in found]


def waiting(session: Session, who: Identity) -> list[Waiting]:
    """All that is at the translation desk of the cases that `who` may see, what is back first, then the longest asked for."""
    query = (
        select(rows.Translation, rows.Case)
        .join(rows.Case, rows.Case.id == rows.Translation.case_id)
        .where(rows.Translation.state.in_((State.ASKED.value, State.BACK.value)))
        .order_by(rows.Translation.asked_at)
    )
    found = [
        Waiting(
            id=row.id,
            case_id=row.case_id,
            reference=case.reference,
            language_from=row.language_from,
            language_to=row.language_to,
            state=State(row.state),
            is_ours=row.source == NEW,
            asked_by=row.asker.name if row.asker else row.asked_by,
            asked_at=row.asked_at,
            due_on=row.due_on,
        )
        for row, case in session.execute(query)
        if guard.may_see(case, who)
    ]
    return sorted(found, key=lambda each: (each.state is not State.BACK, each.asked_at))


def as_file(text: Text, *, names: Mapping[str, str]) -> str:
    """What the translator gets: from which language into which, and the text. Nothing that leads to the case.

    `names` are the English names of languages by slug.
    """
    return (
        f"From {names.get(text.language_from, text.language_from)} into {names.get(text.language_to, text.language_to)}.\n"
        "Words in square brackets, such as [1], stand for something that was taken out. Please keep them as they are.\n"
        f"\n{text.sent_out}\n"
    )


def _say_where_it_stands(session: Session, case_id: bytes) -> None:
    """The coded fact that the queue counts: asked, back, or the empty word once there is nothing to wait for."""
    case = session.get_one(rows.Case, case_id)
    states = session.scalars(select(rows.Translation.state).where(rows.Translation.case_id == case_id))
    case.facts = {**case.facts, rules.FACT: rules.standing(states) or ""}


def _row(session: Session, case_id: bytes, text_id: bytes) -> rows.Translation:
    row = session.get(rows.Translation, text_id)
    if row is None or row.case_id != case_id:
        raise NoSuchText
    return row


def _open(row: rows.Translation, record_secret: bytes) -> Text:
    content = _content(row, record_secret)
    return Text(
        id=row.id,
        source=row.source,
        language_from=row.language_from,
        language_to=row.language_to,
        state=State(row.state),
        asked_by=row.asker.name if row.asker else row.asked_by,
        asked_at=row.asked_at,
        due_on=row.due_on,
        done_by=By(row.done_by) if row.done_by else None,
        done_on=row.done_on,
        returned_by=row.returner.name if row.returner else row.returned_by or "",
        original=content["original"],
        sent_out=content["sent_out"],
        taken=content["taken"],
        translated=content.get("sent") or content.get("translated") or "",
        by_name=content.get("by_name") or "",
    )


def _seal(content: Mapping[str, Any], text_id: bytes, record_secret: bytes) -> bytes:
    text = json.dumps(content, ensure_ascii=False, separators=(",", ":"))
    return records.seal_words(text, what=WORDS, row_id=text_id, record_secret=record_secret)


def _content(row: rows.Translation, record_secret: bytes) -> dict[str, Any]:
    """Raises sealing.CannotOpen."""
    try:
        found = json.loads(records.open_words(row.sealed, what=WORDS, row_id=row.id, record_secret=record_secret))
    except ValueError:
        raise sealing.CannotOpen from None
    if not isinstance(found, dict):
        raise sealing.CannotOpen
    return found


def _item_id(text_id: bytes, what: bytes) -> bytes:
    """The same text sent again is the same piece of the conversation."""
    return sealing.derive(text_id, "translation/" + what.decode("ascii"), sealing.ID_LENGTH)
