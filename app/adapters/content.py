"""The content folder as typed values: area, services, help now, pledge, languages.

Every loader raises ContentError, one line with the file, the key and what is wrong.
"""

import hashlib
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import date, time
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from markupsafe import Markup

from app.adapters.yaml_reader import ContentError, Section, parse_yaml, read_file, read_yaml
from app.domain.accessibility import AccessibilityFacts, Audit
from app.domain.area import (
    SAID_IN_LANGUAGES,
    Agency,
    Area,
    AreaError,
    District,
    Holiday,
    OutsideContact,
    Population,
    SignLanguage,
)
from app.domain.directory import (
    ABOUT,
    HELP_NOW,
    LANGUAGE_NAMES,
    NEED,
    PHONE_NOTES,
    RUN_BY,
    WHO,
    Directory,
    DirectoryError,
    HelpGroup,
    HelpNow,
    Option,
    Service,
    ServiceWords,
    WeeklyHours,
)
from app.domain.hours import HoursError, OpeningHours, Span
from app.domain.languages import Direction, Language, LanguageError, Languages
from app.domain.phone import CONFIDENCES, Phone
from app.domain.pledge import MEASURES, PROMISE_IDS, Pledge, PledgeError, Promise, Signatory, Status, Version
from app.domain.reference import ROW_LENGTH

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.token import Token

__all__ = [
    "ContentError",
    "load_accessibility",
    "load_area",
    "load_directory",
    "load_help_now",
    "load_languages",
    "load_pledge",
    "load_pledge_versions",
    "words_hash",
]

ZONE = ZoneInfo("Europe/London")
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
DIRECTIONS: tuple[Direction, ...] = ("ltr", "rtl")
STATUSES: tuple[Status, ...] = ("draft", "agreed")
_SPAN = re.compile(r"([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-3]):([0-5]\d)")
_ID = re.compile(r"\s*\{#([a-z0-9-]+)\}\s*$")
_EXCEPTION = "exception"
_PARAGRAPHS = "there must be one introduction and one exception marked {#exception}"


def words_hash(*words: str) -> str:
    """Stands for the English that a translation was made from: 16 hexadecimal digits, however the lines were broken.

    A translation names it as `of`. When the English changes it fits no longer, and the English is shown until somebody
    has translated it anew.
    """
    return hashlib.sha256("\0".join(" ".join(each.split()) for each in words).encode("utf-8")).hexdigest()[:16]


def load_area(folder: Path) -> Area:
    """The area of `folder`/area.yaml. Its seven statements may be empty; see `Area.missing_statements`.

    What it is called and what the Hub says of itself comes in further languages out of `folder`/<language>/area.yaml.
    """
    top = read_yaml(folder / "area.yaml")
    holidays = top.each("holidays", lambda entry: Holiday(entry.day("day"), entry.text("name")))
    phone = top.section("hub_phone")
    sign_language, outside = top.section("sign_language"), top.section("outside_contact")
    targets = top.section("targets")
    notices = top.section("urgent_notice")
    with_hours = _hours(top.section("hub_hours"), frozenset(holiday.day for holiday in holidays))
    try:
        area = Area(
            service_name=top.text("service_name"),
            site_host=top.text("site_host", empty=True),
            area_name=top.text("area_name"),
            hub_name=top.text("hub_name"),
            hub_run_by=top.text("hub_run_by", empty=True),
            statement_recording=top.text("statement_recording", empty=True),
            statement_immigration=top.text("statement_immigration", empty=True),
            statement_override=top.text("statement_override", empty=True),
            statement_records=top.text("statement_records", empty=True),
            controller=top.text("controller", empty=True),
            complaints_to=top.text("complaints_to", empty=True),
            hub_hours=with_hours,
            hub_hours_checked_on=top.optional_day("hub_hours_checked_on"),
            holidays=holidays,
            hub_phone=_phone(
                phone,
                seen=phone.text("seen"),
                checked_on=phone.optional_day("checked_on"),
                checked_by=phone.optional_text("checked_by"),
                site=_web(phone, "site"),
            ),
            closed_says=top.text("closed_says", empty=True),
            districts=top.each("districts", _district),
            outside_code=top.whole("outside_code"),
            agencies=top.each("agencies", lambda entry: Agency(id=entry.text("id"), name=entry.text("name"))),
            freepost=top.text("freepost", empty=True),
            sign_language=SignLanguage(
                provider=sign_language.text("provider", empty=True),
                link=_web(sign_language, "link") or "",
                hours=sign_language.text("hours", empty=True),
            ),
            outside_contact=_outside_contact(outside),
            staff_languages=top.texts("staff_languages"),
            interpreter_provider=top.text("interpreter_provider", empty=True),
            translation_days=top.optional_whole("translation_days"),
            ask_again_weeks=top.optional_whole("ask_again_weeks") or 6,
            reference_digits=ROW_LENGTH if (digits := top.optional_whole("reference_digits")) is None else digits,
            targets={key: targets.whole(key) for key in targets.keys()},  # noqa: SIM118 - not a dictionary
            population=_population(top.section("population")) if top.has("population") else None,
            urgent_notice={key: notices.text(key) for key in notices.keys()},  # noqa: SIM118
            commissioner_office=top.text("commissioner_office", empty=True),
            commissioner_name=top.text("commissioner_name", empty=True),
        )
    except AreaError as error:
        raise ContentError(top.file, "", str(error)) from None
    if not area.hub_phone.may_show:
        raise phone.error("site", "an unchecked number needs its owner's site beside it")
    for section in (sign_language, outside, top):
        section.done()
    return replace(area, translations=_area_translations(area, folder))


def load_directory(folder: Path) -> Directory:
    """The services of `folder`/services.yaml with their filters, and the districts of `folder`/area.yaml.

    What a service does and when it answers comes in further languages out of `folder`/<language>/services.yaml.
    """
    area = load_area(folder)
    top = read_yaml(folder / "services.yaml")
    seen = top.text("seen")
    _refuse_dead_numbers(folder / "services.yaml", top.texts("never_publish"))
    facets = top.section("facets")
    bank_holidays = frozenset(holiday.day for holiday in area.holidays)
    try:
        directory = Directory(
            about=facets.each("about", _option(ABOUT)),
            who=facets.each("who", _option(WHO)),
            need=facets.each("need", _option(NEED)),
            all=_with_translations(top.each("services", lambda entry: _service(entry, seen, bank_holidays)), folder),
            districts=area.districts,
            outside_code=area.outside_code,
        )
    except DirectoryError as error:
        raise ContentError(top.file, "services", str(error)) from None
    facets.done()
    top.done()
    return directory


def load_help_now(folder: Path, directory: Directory) -> HelpNow:
    """The groups of `folder`/help-now.yaml with their services; services that cannot be reached are left out."""
    top = read_yaml(folder / "help-now.yaml")
    known = {service.id for service in directory.all}

    def group(group_id: str, section: Section, key: str) -> HelpGroup:
        if group_id not in HELP_NOW:
            raise section.error("id", f"there are no words for '{group_id}' in app/domain/directory.py")
        ids = section.texts(key)
        for service_id in ids:
            if service_id not in known:
                raise section.error(key, f"there is no service '{service_id}'")
        services = tuple(service for service in map(directory.get, ids) if service is not None)
        if not services:
            raise section.error(key, "none of these services can be reached")
        return HelpGroup(id=group_id, label=HELP_NOW[group_id], services=services)

    help_now = HelpNow(
        danger=group("danger", top, "danger"),
        cope=group("cope", top, "cope"),
        kinds=top.each("kinds", lambda entry: group(entry.text("id"), entry, "services")),
    )
    top.done()
    return help_now


def load_pledges(folder: Path, languages: Iterable[str]) -> dict[str, Pledge]:
    """The pledge in each of these languages, by slug; see `load_pledge`."""
    english = _read_pledge(folder / "pledge.md")
    return {language: _in_language(folder, english, language) for language in languages}


def load_pledge(folder: Path, language: str) -> Pledge:
    """The pledge in the language with this slug.

    Falls back to English when there is no translation, or when it is of another version; `Pledge.language` says which
    language came out. Who keeps a promise and how it is measured comes in further languages out of `folder`/<language>/
    promises.yaml, made from these words; who has signed always comes from the English file.
    """
    return _in_language(folder, _read_pledge(folder / "pledge.md"), language)


def _in_language(folder: Path, english: Pledge, language: str) -> Pledge:
    if language == "en":
        return english
    like = _with_keepers(folder / language / "promises.yaml", english, language=language)
    path = folder / language / "pledge.md"
    if not path.is_file():
        return like
    front, body = front_matter(path)
    version, made_from = front.text("version"), front.text("of")
    front.done()
    if version != english.version or made_from != pledge_hash(english):
        return like
    return _pledge(path.name, body, language=language, like=like)


def load_pledge_versions(folder: Path, pledge: Pledge) -> dict[str, Pledge]:
    """The earlier versions of a pledge by their names, in English: `folder`/pledge/<version>.md for each in its history."""
    found = {}
    for each in pledge.history:
        path = folder / "pledge" / f"{each.version}.md"
        found[each.version] = _read_pledge(path)
        if (found[each.version].version, found[each.version].dated) != (each.version, each.dated):
            raise ContentError(path.name, "version", f"is not what the history says: {each.version}, {each.dated}")
    return found


def pledge_hash(english: Pledge) -> str:
    """What a translation of this pledge names as `of`."""
    return words_hash(english.title, english.introduction, *(each.text for each in english.promises), english.exception)


def keepers_hash(english: Pledge) -> str:
    """What a translation of who keeps each promise, and how it is measured, names as `of`."""
    return words_hash(*(words for each in english.promises for words in (each.id, each.kept_by, each.measured)))


def service_hash(service: Service) -> str:
    """What a translation of this service's words names as `of`."""
    return words_hash(service.summary, service.hours or "")


def load_accessibility(folder: Path) -> AccessibilityFacts:
    """The dates of the accessibility statement, from `folder`/accessibility.yaml, and what the last full audit found, from
    `folder`/accessibility-audit.yaml, which `make audit` writes and which may not be there yet."""
    top = read_yaml(folder / "accessibility.yaml")
    facts = AccessibilityFacts(
        prepared_on=top.day("prepared_on"),
        reviewed_on=top.optional_day("reviewed_on"),
        tested_on=top.optional_day("tested_on"),
        tested_by=top.text("tested_by", empty=True),
        audit=_audit(folder / "accessibility-audit.yaml"),
    )
    top.done()
    if (facts.tested_on is None) != (not facts.tested_by):
        raise top.error("tested_by", "a test needs both its day and who did it")
    return facts


def _audit(path: Path) -> Audit | None:
    if not path.is_file():
        return None
    top = read_yaml(path)
    found = Audit(
        audited_on=top.day("audited_on"),
        pages=top.whole("pages"),
        languages=top.whole("languages"),
        findings=top.whole("findings"),
    )
    top.done()
    return found


def load_languages(folder: Path) -> Languages:
    """The languages of `folder`/languages.yaml in the order of the switcher."""
    top = read_yaml(folder / "languages.yaml")
    try:
        languages = Languages(top.each("languages", _language))
    except LanguageError as error:
        raise ContentError(top.file, "languages", str(error)) from None
    top.done()
    return languages


# Area


def _area_translations(area: Area, folder: Path) -> dict[str, dict[str, str]]:
    """What `folder`/<language>/area.yaml says of this area, as far as it was made from these words."""
    found: dict[str, dict[str, str]] = {}
    for path in sorted(folder.glob("*/area.yaml")):
        top = read_yaml(path)
        words = found.setdefault(path.parent.name, {})
        for key in top.keys():  # noqa: SIM118 - not a dictionary
            if key not in SAID_IN_LANGUAGES:
                raise top.error(key, f"must be one of {', '.join(SAID_IN_LANGUAGES)}")
            entry = top.section(key)
            made_from, text = entry.text("of"), entry.text("text")
            entry.done()
            if made_from == words_hash(getattr(area, key)):
                words[key] = text
        top.done()
    return found


def _population(section: Section) -> Population:
    source, shares = section.text("source"), section.section("in_1000")
    found = {}
    for name in shares.keys():  # noqa: SIM118 - not a dictionary
        answers = shares.section(name)
        found[name] = {answer: answers.whole(answer) for answer in answers.keys()}  # noqa: SIM118
    section.done()
    return Population(source=source, in_1000=found)


def _hours(section: Section, holidays: frozenset[date]) -> OpeningHours:
    weekly: dict[int, tuple[Span, ...]] = {}
    for number, weekday in enumerate(WEEKDAYS):
        spans = []
        for text in section.texts(weekday):
            match = _SPAN.fullmatch(text)
            if not match:
                raise section.error(weekday, f"must be a span such as 08:00-19:00, not '{text}'")
            opens_hour, opens_minute, closes_hour, closes_minute = map(int, match.groups())
            try:
                spans.append(Span(time(opens_hour, opens_minute), time(closes_hour, closes_minute)))
            except HoursError as error:
                raise section.error(weekday, str(error)) from None
        weekly[number] = tuple(spans)
    section.done()
    try:
        return OpeningHours(weekly, holidays, ZONE)
    except HoursError as error:
        raise ContentError(section.file, section.path, str(error)) from None


def _district(entry: Section) -> District:
    return District(
        id=entry.text("id"), name=entry.text("name"), code=entry.whole("code"), within=entry.texts("within")
    )


def _outside_contact(section: Section) -> OutsideContact:
    number, checked_on = section.text("phone", empty=True), section.optional_day("checked_on")
    phone = Phone(number=number, confidence="medium", seen=str(checked_on or ""), checked_on=checked_on)
    if number and not phone.dial:
        raise section.error("phone", "must contain digits")
    return OutsideContact(
        name=section.text("name", empty=True), phone=phone if number else None, site=_web(section, "site") or ""
    )


def _phone(
    section: Section, *, seen: str, checked_on: date | None, site: str | None, checked_by: str | None = None
) -> Phone:
    note = section.optional_text("note")
    if note is not None and note not in PHONE_NOTES:
        raise section.error("note", f"there are no words for '{note}' in app/domain/directory.py")
    phone = Phone(
        number=section.text("number"),
        confidence=section.choice("confidence", CONFIDENCES),
        seen=seen,
        checked_on=checked_on,
        checked_by=checked_by,
        site=site,
        note=None if note is None else PHONE_NOTES[note],
    )
    if not phone.dial:
        raise section.error("number", "must contain digits")
    section.done()
    return phone


def _web(section: Section, key: str) -> str | None:
    address = section.optional_text(key)
    if address and not re.fullmatch(r"https?://[^\s/]+\.[^\s]+", address):
        raise section.error(key, "must be a web address that starts with https:// or http://")
    return address


# Services


def _option(words: Mapping[str, str]) -> Callable[[Section], Option]:
    def read(entry: Section) -> Option:
        option_id = entry.text("id")
        if option_id not in words:
            raise entry.error("id", f"there are no words for '{option_id}' in app/domain/directory.py")
        values = frozenset(entry.texts("values"))
        return Option(code=entry.whole("code"), id=option_id, label=words[option_id], values=values)

    return read


def _weekly(entry: Section, bank_holidays: frozenset[date]) -> WeeklyHours | None:
    """Hours to reckon with. Whether a service keeps them on a bank holiday is known only where it says so."""
    section, on_holidays = entry.optional_section("weekly"), entry.optional_text("bank_holidays")
    if on_holidays not in (None, "closed"):
        raise entry.error("bank_holidays", "must be closed, or left out")
    if section is None:
        return None
    is_closed = on_holidays == "closed"
    return WeeklyHours(
        _hours(section, bank_holidays if is_closed else frozenset()), frozenset() if is_closed else bank_holidays
    )


def _service(entry: Section, seen: str, bank_holidays: frozenset[date]) -> Service:
    web, checked_on = _web(entry, "web"), entry.optional_day("checked_on")
    checked_by = entry.optional_text("checked_by")
    web_is_own = entry.truth("web_is_own", default=True)

    def phone(key: str) -> Phone | None:
        section = entry.optional_section(key)
        if section is None:
            return None
        site = web if web_is_own else None
        return _phone(section, seen=seen, checked_on=checked_on, site=site, checked_by=checked_by)

    entry.optional_text("caution")
    entry.texts("sources")
    languages = entry.texts("languages")
    for tag in languages:
        if tag not in LANGUAGE_NAMES:
            raise entry.error("languages", f"there are no words for '{tag}' in app/domain/directory.py")
    return Service(
        id=entry.text("id"),
        name=entry.text("name"),
        summary=entry.text("summary"),
        run_by=entry.choice("run_by", tuple(RUN_BY)),
        area=entry.text("area"),
        for_whom=frozenset(entry.texts("for")),
        about=frozenset(entry.texts("about")),
        needs=frozenset(entry.texts("needs")),
        self_refer=entry.truth("self_refer"),
        needs_police_report=entry.truth("needs_police_report"),
        seen=seen,
        phone=phone("phone"),
        hours=entry.optional_text("hours"),
        all_hours=entry.truth("all_hours", default=False),
        weekly=_weekly(entry, bank_holidays),
        second_phone=phone("second_phone"),
        sms=phone("sms"),
        textphone=phone("textphone"),
        email=entry.optional_text("email"),
        web=web,
        web_is_own=web_is_own,
        webchat=entry.truth("webchat", default=False),
        address=entry.optional_text("address"),
        free_to_call=entry.optional_truth("free_to_call"),
        languages=languages,
        bsl=entry.truth("bsl", default=False),
        accessibility=entry.texts("accessibility"),
        close_to_police=entry.truth("close_to_police", default=False),
        handover_email=entry.optional_text("handover_email"),
    )


def _with_translations(services: tuple[Service, ...], folder: Path) -> tuple[Service, ...]:
    """The services, each with its words in the languages that have a services.yaml of their own and were made from these."""
    known = {service.id: service for service in services}
    words: dict[str, dict[str, ServiceWords]] = {service_id: {} for service_id in known}
    for path in sorted(folder.glob("*/services.yaml")):
        top = read_yaml(path)
        for service_id in top.keys():  # noqa: SIM118 - not a dictionary
            service, entry = known.get(service_id), top.section(service_id)
            if service is None:
                raise top.error(service_id, "there is no such service")
            made_from, summary, hours = entry.text("of"), entry.text("summary"), entry.optional_text("hours")
            entry.done()
            if made_from == service_hash(service) and (hours is None) == (service.hours is None):
                slug = path.parent.name
                words[service_id][slug] = ServiceWords(language=slug, summary=summary, hours=hours)
        top.done()
    return tuple(replace(service, translations=words[service.id]) for service in services)


def _refuse_dead_numbers(path: Path, dead: tuple[str, ...]) -> None:
    """Refuse a file that says anything dead outside its own list of what is dead."""
    _, _, entries = read_file(path).partition("\nservices:")
    only_digits = re.sub(r"[^\d\n]+", "", entries)
    for one in dead:
        digits = re.sub(r"\D", "", one)
        if (digits in only_digits) if digits else (one in entries):
            raise ContentError(path.name, "services", f"'{one}' must never be published")


# Pledge


def _read_pledge(path: Path) -> Pledge:
    front, body = front_matter(path)
    promises = front.section("promises")
    for key in promises.keys():  # noqa: SIM118 - not a dictionary
        if key not in PROMISE_IDS:
            raise promises.error(key, "is not a known promise")
    details = tuple(_details(promise_id, promises.section(promise_id)) for promise_id in PROMISE_IDS)
    try:
        outline = Pledge(
            language="en",
            title="",
            introduction="",
            promises=details,
            exception="",
            version=front.text("version"),
            dated=front.day("date"),
            status=front.choice("status", STATUSES),
            agreed_on=front.optional_day("agreed_on"),
            signatories=front.each("signatories", lambda one: Signatory(one.text("name"), one.day("signed_on"))),
            history=front.each(
                "history", lambda one: Version(one.text("version"), one.day("date"), one.text("changed"))
            ),
        )
    except PledgeError as error:
        raise ContentError(path.name, "status", str(error)) from None
    front.done()
    return _pledge(path.name, body, language="en", like=outline)


def _details(promise_id: str, section: Section) -> Promise:
    measures = section.texts("measured_by")
    known = tuple(one for one in MEASURES if one in measures)
    if not measures or len(known) != len(measures):
        raise section.error("measured_by", f"must name one or more of {', '.join(MEASURES)}")
    promise = Promise(
        id=promise_id,
        text="",
        html="",
        kept_by=section.text("kept_by"),
        measures=known,
        measured=section.text("measured"),
        since=section.optional_day("since"),
        target=section.optional_text("target") or "",
    )
    section.done()
    return promise


def _with_keepers(path: Path, english: Pledge, *, language: str) -> Pledge:
    """The same pledge with its keepers and measures in a language, where there is a translation of these words."""
    if not path.is_file():
        return english
    top = read_yaml(path)
    if top.text("of") != keepers_hash(english):
        return english
    texts, promises = top.section("promises"), []
    for promise in english.promises:
        said = texts.section(promise.id)
        kept_by, measured = said.text("kept_by"), said.text("measured")
        promises.append(replace(promise, kept_by=kept_by, measured=measured, language=language))
        said.done()
    texts.done()
    top.done()
    return replace(english, promises=tuple(promises))


def _pledge(file: str, body: str, *, language: str, like: Pledge) -> Pledge:
    """The sentences of a Markdown body joined with the details of `like`."""
    title, paragraphs, sentences = _sentences(file, body)
    for promise_id in PROMISE_IDS:
        if promise_id not in sentences:
            raise ContentError(file, promise_id, "the promise is missing")
    if tuple(sentences) != PROMISE_IDS:
        raise ContentError(file, "", "the promises are out of order")
    if set(paragraphs) != {"", _EXCEPTION}:
        raise ContentError(file, _EXCEPTION, _PARAGRAPHS)
    promises = tuple(
        replace(promise, text=sentences[promise.id].striptags(), html=sentences[promise.id])
        for promise in like.promises
    )
    return replace(
        like,
        language=language,
        title=title,
        introduction=paragraphs[""],
        promises=promises,
        exception=paragraphs[_EXCEPTION],
    )


def front_matter(path: Path, *, file: str = "") -> tuple[Section, str]:
    """The keys between the two lines of --- at the top of a Markdown file, and what stands after them.

    `file` names it in complaints; its own name when empty.
    """
    file = file or path.name
    text = read_file(path).replace("\r\n", "\n")
    parts = re.split(r"^---\n", text, maxsplit=2, flags=re.MULTILINE)
    if len(parts) != 3 or parts[0].strip():
        raise ContentError(file, "", "must begin with front matter between two lines of ---")
    return parse_yaml(parts[1], file=file), parts[2]


# Every side that starts in one process reads the same; what comes out is only read.
@lru_cache(maxsize=64)
def _sentences(file: str, body: str) -> tuple[str, dict[str, str], dict[str, Markup]]:
    """Title, paragraphs by id ("" for the one without) and promises by id of a Markdown body. Raw HTML stays text."""
    from markdown_it import MarkdownIt

    markdown = MarkdownIt("commonmark", {"html": False, "breaks": False})
    title, paragraphs, promises = "", {}, {}
    in_list, opening = False, ""
    for token in markdown.parse(body):
        if token.type in ("ordered_list_open", "ordered_list_close"):
            in_list = token.type == "ordered_list_open"
        elif token.type == "inline":
            promise_id, html = _render(markdown, token)
            if opening == "heading_open":
                title = html.striptags()
            elif not in_list:
                if promise_id in paragraphs:
                    raise ContentError(file, _EXCEPTION, _PARAGRAPHS)
                paragraphs[promise_id] = html.striptags()
            elif promise_id in promises:
                raise ContentError(file, promise_id, "the promise is there twice")
            elif promise_id not in PROMISE_IDS:
                problem = "is not a known promise" if promise_id else f"a promise has no id: {html.striptags()[:40]}"
                raise ContentError(file, promise_id, problem)
            else:
                promises[promise_id] = html
        opening = token.type
    if not title:
        raise ContentError(file, "", "has no title")
    return title, paragraphs, promises


def _render(markdown: "MarkdownIt", token: "Token") -> tuple[str, Markup]:
    """The id at the end of an inline token, and the rest as safe mark-up on one line."""
    match = _ID.search(token.content)
    source = token.content[: match.start()] if match else token.content
    html = markdown.renderInline(" ".join(source.split())).strip()
    return (match.group(1) if match else ""), Markup(html)  # rendered with raw HTML off  # noqa: S704  # nosec B704


# Languages


def _language(entry: Section) -> Language:
    slug = entry.text("slug")
    if not re.fullmatch(r"[a-z]{2,3}(-[A-Z]{2})?", slug):
        raise entry.error("slug", "must be a short language tag such as pl")
    return Language(
        slug=slug,
        tag=entry.text("tag"),
        name=entry.text("name"),
        endonym=entry.text("endonym"),
        dir=entry.choice("dir", DIRECTIONS),
        format_locale=entry.text("format_locale"),
        catalogue=entry.text("catalogue"),
        shown=entry.truth("shown"),
        pseudo=entry.truth("pseudo", default=False),
        also=entry.texts("also"),
        read_for=_read_for(entry),
    )


def _read_for(entry: Section) -> tuple[tuple[str, str], ...]:
    others = entry.optional_section("read_for")
    if others is None:
        return ()
    found = tuple((tag, others.text(tag)) for tag in others.keys())  # noqa: SIM118 - not a dictionary
    others.done()
    return found
