"""One area and its Hub: who runs it, when it is open, how to reach it, which districts it serves.

Everything that another county would have to change is here and comes from one file. Seven statements may be written by
the Hub alone; they have no default, and outside development the site does not start while one of them is empty.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from app.domain.hours import OpeningHours
from app.domain.phone import Phone, site_name
from app.domain.reference import REFERENCE_LENGTHS, ROW_LENGTH
from app.domain.survey import EQUALITY

STATEMENTS = (
    "hub_run_by",
    "statement_recording",
    "statement_immigration",
    "statement_override",
    "statement_records",
    "controller",
    "complaints_to",
)
# What may be said in other languages too.
SAID_IN_LANGUAGES = ("area_name", "closed_says", *STATEMENTS)
DISTRICT = "district"
NOT_NEUTRAL = ("victim", "crime", "police", "hub", "abuse")


@dataclass(frozen=True)
class AreaWords:
    """Words of the area in one language (a slug)."""

    language: str
    text: str


class AreaError(ValueError):
    """The area contradicts itself or gives people away; the text is one line that starts with the key."""


@dataclass(frozen=True)
class Holiday:
    """A date on which the Hub stays closed, and what the day is called."""

    day: date
    name: str


@dataclass(frozen=True, kw_only=True)
class District:
    """A part of the area. `code` stands for it in URLs and says nothing; `within` names the wider areas it lies in."""

    id: str
    name: str
    code: int
    within: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Agency:
    """An organisation that works with the Hub and is asked to agree the pledge."""

    id: str
    name: str


@dataclass(frozen=True, kw_only=True)
class SignLanguage:
    """How to reach the Hub in British Sign Language. Empty text: not arranged yet, and the site says so."""

    provider: str = ""
    link: str = ""
    hours: str = ""

    def __post_init__(self) -> None:
        if len({bool(text.strip()) for text in (self.provider, self.link, self.hours)}) > 1:
            raise AreaError("sign_language: give provider, link and hours, or leave all three empty")


@dataclass(frozen=True, kw_only=True)
class OutsideContact:
    """Whom somebody can turn to when nobody at the Hub may read their request; not of the Hub. Empty name: nobody is named.

    `site` is empty when there is none, `phone` None. A number is here only after somebody rang it.
    """

    name: str = ""
    phone: Phone | None = None
    site: str = ""

    def __post_init__(self) -> None:
        if bool(self.name.strip()) != bool(self.phone or self.site):
            raise AreaError("outside_contact: give a name with a phone number or a site, or leave all of it empty")
        if self.phone and not self.phone.checked_on:
            raise AreaError("outside_contact: ring the number first, then set checked_on to the date")

    @property
    def site_name(self) -> str:
        """The site as people say it; empty when there is none."""
        return site_name(self.site) if self.site else ""


@dataclass(frozen=True, kw_only=True)
class Population:
    """Who lives in the area, by a census: of each 1,000 people, how many give each answer to a question of ours, and,
    under "district", how many live in each. What is not there is not known. `source` says which census, and of which year.
    """

    source: str
    in_1000: Mapping[str, Mapping[str, int]] = field(hash=False)

    def __post_init__(self) -> None:
        if not self.source.strip():
            raise AreaError("population: say which census it is from")
        for name, shares in self.in_1000.items():
            known = EQUALITY.get(name)
            if name != DISTRICT and known is None:
                raise AreaError(f"population: '{name}' is no question of the questionnaire")
            for answer, share in shares.items():
                if known is not None and answer not in known:
                    raise AreaError(f"population: '{answer}' is no answer to '{name}'")
                if not 0 <= share <= 1000:
                    raise AreaError(f"population: {name} {answer} must be from 0 to 1000")
            if sum(shares.values()) > 1010:  # each is rounded
                raise AreaError(f"population: {name} is more than 1000 together")


@dataclass(frozen=True, kw_only=True)
class Area:
    """What the site knows of its area. Empty text means that nobody has decided or told us yet; it is never made up.

    `service_name` and `site_host` leave the site (titles, bookmarks, notices) and must be neutral; `hub_name` is for text.
    `urgent_notice` is one line per language slug. `translation_days` counts working days, `ask_again_weeks` the weeks until the
    desk proposes to ask somebody again how they are, `reference_digits` the digits of a new reference (docs/adr/0033). `targets`
    holds what the Hub promises, in working hours, and stays empty until it promises anything. `population` stands beside the
    reports' table of equity. `translations` holds, by slug and key, what is said in other languages.
    """

    service_name: str
    site_host: str
    area_name: str
    hub_name: str
    hub_run_by: str
    statement_recording: str
    statement_immigration: str
    statement_override: str
    statement_records: str
    controller: str
    complaints_to: str
    hub_hours: OpeningHours
    hub_hours_checked_on: date | None
    holidays: tuple[Holiday, ...]
    hub_phone: Phone
    closed_says: str
    districts: tuple[District, ...]
    outside_code: int
    agencies: tuple[Agency, ...]
    freepost: str = ""
    sign_language: SignLanguage = field(default_factory=SignLanguage)
    outside_contact: OutsideContact = field(default_factory=OutsideContact)
    staff_languages: tuple[str, ...] = ()
    interpreter_provider: str = ""
    translation_days: int | None = None
    ask_again_weeks: int = 6
    reference_digits: int = ROW_LENGTH
    targets: Mapping[str, int] = field(default_factory=dict, hash=False)
    population: Population | None = None
    urgent_notice: Mapping[str, str] = field(default_factory=dict, hash=False)
    commissioner_office: str = ""
    commissioner_name: str = ""
    translations: Mapping[str, Mapping[str, str]] = field(default_factory=dict, hash=False)

    def __post_init__(self) -> None:
        for key in ("service_name", "area_name", "hub_name"):
            if not getattr(self, key).strip():
                raise AreaError(f"{key}: must not be empty")
        for key in ("service_name", "site_host"):
            for word in NOT_NEUTRAL:
                if word in getattr(self, key).casefold():
                    raise AreaError(f"{key}: must be neutral, so it must not contain '{word}'")
        if not self.districts:
            raise AreaError("districts: there must be at least one")
        _refuse_duplicates("districts", [district.id for district in self.districts])
        _refuse_duplicates("districts", [district.code for district in self.districts] + [self.outside_code])
        unknown = set(self.population.in_1000.get(DISTRICT, ())) if self.population else set()
        if unknown - {district.id for district in self.districts}:
            raise AreaError("population: it names a district that is not there")
        _refuse_duplicates("agencies", [agency.id for agency in self.agencies])
        _refuse_duplicates("holidays", [holiday.day for holiday in self.holidays])
        if self.hub_hours.holidays != {holiday.day for holiday in self.holidays}:
            raise AreaError("holidays: the opening hours must keep the same holidays")
        if self.translation_days is not None and self.translation_days < 1:
            raise AreaError("translation_days: must be at least 1")
        if not 1 <= self.ask_again_weeks <= 52:
            raise AreaError("ask_again_weeks: must be from 1 to 52")
        if self.reference_digits not in REFERENCE_LENGTHS:
            raise AreaError(f"reference_digits: must be one of {', '.join(map(str, REFERENCE_LENGTHS))}")

    def words_in(self, key: str, slug: str) -> AreaWords:
        """The words of `key`, one of SAID_IN_LANGUAGES, in the language with this slug; in English where nobody has
        translated them, and then they say so.
        """
        translated = self.translations.get(slug, {}).get(key)
        return AreaWords(language=slug, text=translated) if translated else AreaWords("en", getattr(self, key))

    def missing_statements(self) -> tuple[str, ...]:
        """The keys of the statements that the Hub has not written yet."""
        return tuple(key for key in STATEMENTS if not getattr(self, key).strip())

    @property
    def hub_phone_checked_on(self) -> date | None:
        """The day on which one of us checked the Hub's number; None when nobody has."""
        return self.hub_phone.checked_on

    @property
    def holidays_known_until(self) -> date | None:
        """The last day of the last year whose holidays are listed; opening times after it may be wrong."""
        return date(max(holiday.day.year for holiday in self.holidays), 12, 31) if self.holidays else None

    def district(self, district_id: str) -> District | None:
        """The district with this id, if there is one."""
        return next((district for district in self.districts if district.id == district_id), None)


def _refuse_duplicates(key: str, values: list[str] | list[int] | list[date]) -> None:
    for value in values:
        if values.count(value) > 1:  # type: ignore[arg-type]
            raise AreaError(f"{key}: '{value}' is there twice")
