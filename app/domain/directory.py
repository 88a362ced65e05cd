"""The directory of services: what each does and for whom, finding those that fit, and whom to turn to now.

A filter travels in a URL as a short number that says nothing (`?a=3&w=2&n=5&d=2`; `r=1` asks for what has nothing to do
with the police). The numbers are declared beside the services and never change their meaning; the words that people read
for them are here, marked for translation.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from functools import cached_property
from typing import Literal

from app.domain.area import District
from app.domain.hours import OpeningHours
from app.domain.phone import Phone, site_name

RunBy = Literal["police", "council", "nhs", "independent", "government"]
NATIONAL = "national"
ANYTHING = "any"
# A sentence ends at a stop before a space; Chinese writes none, Punjabi and Urdu have stops of their own.
_SENTENCE_END = re.compile(r"(?<=[.!?।۔])\s|(?<=。)")
_STOPS = re.compile(r"[.!?।۔。]$")


def N_(message: str) -> str:  # noqa: N802 - the name that message extraction looks for
    """Mark `message` for translation where it stands; it is looked up when it is shown."""
    return message


RUN_BY: Mapping[RunBy, str] = {
    "police": N_("Run by the police"),
    "council": N_("Run by a council"),
    "nhs": N_("Run by the NHS"),
    "independent": N_("Run by a charity or another independent group"),
    "government": N_("Run by the government"),
}

ABOUT: Mapping[str, str] = {
    "hurt": N_("Hurt or threatened"),
    "home": N_("Frightened or controlled by a partner or family"),
    "sexual": N_("Something sexual that I did not want"),
    "followed": N_("Followed or contacted again and again"),
    "targeted": N_("Targeted for who I am"),
    "nearby": N_("Trouble that keeps coming back nearby"),
    "road": N_("A collision on the road"),
    "property": N_("Broken into, robbed or damaged"),
    "cheated": N_("Cheated out of money"),
    "online": N_("Something that happened online"),
    "work": N_("Made to work, or my pay or papers kept"),
    "marriage": N_("Made to marry, or harmed for family honour"),
    "child": N_("A child was harmed"),
    "older": N_("An older person was harmed"),
    "death": N_("Someone close to me has died"),
    "attack": N_("An attack on many people"),
}
WHO: Mapping[str, str] = {
    "me": N_("Me"),
    "close": N_("Someone close to me"),
    "bereaved": N_("Me, after a death"),
    "witness": N_("Me, because I saw or heard it"),
    "young": N_("I am under 18"),
    "parent": N_("My child and me"),
}
NEED: Mapping[str, str] = {
    "health": N_("My health, sleep or mood"),
    "shelter": N_("Somewhere safe to live"),
    "family": N_("My family, children or friends"),
    "work": N_("Work, school or college"),
    "substances": N_("Drink or drugs"),
    "money": N_("Money, benefits or compensation"),
    "outlook": N_("Knowing what to do, and feeling able to"),
    "social": N_("Feeling less alone"),
}
HELP_NOW: Mapping[str, str] = {
    "danger": N_("Someone is in danger now"),
    "cope": N_("I cannot cope right now"),
    "home": N_("Afraid of a partner or family"),
    "sexual": N_("Raped or sexually assaulted, now or long ago"),
    "young": N_("I am under 18, or worried about a child"),
    "followed": N_("Followed or contacted again and again"),
    "marriage": N_("Made to marry, or harmed for family honour"),
    "work": N_("Made to work, or my pay or papers kept"),
    "road": N_("A collision on the road"),
    "death": N_("Someone close to me has died"),
    "targeted": N_("Targeted for who I am"),
    "older": N_("An older person is being harmed"),
    "anything": N_("Anything else, at any hour"),
}
PHONE_NOTES: Mapping[str, str] = {
    "registered": N_("You must register first: text the word register to 999"),
    "option-2": N_("Then choose option 2"),
    "word-shout": N_("Text the word SHOUT"),
    "out-of-hours": N_("Evenings, weekends and bank holidays"),
    "danger": N_("At other times, if someone is in danger"),
    "emergency": N_("Evenings and weekends, in an emergency"),
    "option-8": N_("Option 8 for help with an application"),
}
LANGUAGE_NAMES: Mapping[str, str] = {
    "bfi": N_("British Sign Language"),
    "bg": N_("Bulgarian"),
    "en": N_("English"),
    "fr": N_("French"),
    "ln": N_("Lingala"),
    "lt": N_("Lithuanian"),
    "lv": N_("Latvian"),
    "mul": N_("Many languages, with an interpreter"),
    "pa": N_("Punjabi"),
    "pl": N_("Polish"),
    "ro": N_("Romanian"),
    "ru": N_("Russian"),
    "sw": N_("Swahili"),
    "ur": N_("Urdu"),
}


class DirectoryError(ValueError):
    """The directory contradicts itself, or was asked by a name that it does not have; the text is one line."""


@dataclass(frozen=True, kw_only=True)
class ServiceWords:
    """What a service does and when it answers, in one language (a slug)."""

    language: str
    summary: str
    hours: str | None = None

    @property
    def first_sentence(self) -> str:
        """What it does in short, with the stop at its end."""
        return first_sentence(self.summary)


@dataclass(frozen=True)
class OpenNow:
    """Whether a service answers at a moment, by the hours that we know: until when, or from when; local times."""

    is_open: bool
    closes: datetime | None = None
    opens: datetime | None = None


@dataclass(frozen=True)
class WeeklyHours:
    """The hours of a service, and the days on which nobody told us whether it keeps them: bank holidays, mostly."""

    hours: OpeningHours
    unknown_on: frozenset[date] = frozenset()

    def at(self, moment: datetime) -> OpenNow | None:
        """The answer at a moment; None on a day of which we do not know."""
        today = moment.astimezone(self.hours.zone).date()
        if today in self.unknown_on:
            return None
        if self.hours.open_at(moment):
            return OpenNow(is_open=True, closes=self.hours.closes_at(moment))
        opens = self.hours.next_opening(moment)
        return OpenNow(is_open=False, opens=None if opens is None or opens.date() in self.unknown_on else opens)


@dataclass(frozen=True, kw_only=True)
class Service:
    """One service. `summary` and `hours` are plain English; `translations` has them by slug, where there are any.

    `area` is "national" or names a district or a wider area. `for_whom`, `about` and `needs` hold the values that
    filters match; "any" in `about` fits every kind of harm. `all_hours` is said only of lines that answer day and night
    for certain; `weekly` says the same as `hours`, where it can be reckoned with. `close_to_police` marks services outside
    the police that work with them so closely that somebody who fears the police should know. `free_to_call`, `bsl` and the
    like are None or False unless a source says otherwise. `web_is_own` is False when `web` belongs to somebody else who
    tells how to reach the service. `handover_email` is where the service wants to hear that something was handed over
    to it; it is for the desk alone and shown to nobody else.
    """

    id: str
    name: str
    summary: str
    run_by: RunBy
    area: str
    for_whom: frozenset[str]
    about: frozenset[str]
    needs: frozenset[str]
    self_refer: bool
    needs_police_report: bool
    seen: str
    phone: Phone | None = None
    hours: str | None = None
    all_hours: bool = False
    weekly: WeeklyHours | None = None
    second_phone: Phone | None = None
    sms: Phone | None = None
    textphone: Phone | None = None
    email: str | None = None
    web: str | None = None
    web_is_own: bool = True
    webchat: bool = False
    address: str | None = None
    free_to_call: bool | None = None
    languages: tuple[str, ...] = ("en",)
    bsl: bool = False
    accessibility: tuple[str, ...] = ()
    close_to_police: bool = False
    handover_email: str | None = None
    translations: Mapping[str, ServiceWords] = field(default_factory=dict, compare=False)

    def words_in(self, slug: str) -> ServiceWords:
        """Its words in the language with this slug; the English ones, which say so, where nobody has translated them."""
        return self.translations.get(slug) or ServiceWords(language="en", summary=self.summary, hours=self.hours)

    @property
    def numbers(self) -> tuple[Phone, ...]:
        """The numbers to call or to text that may be shown, the main one first."""
        known = (self.phone, self.second_phone, self.sms, self.textphone)
        return tuple(number for number in known if number is not None and number.may_show)

    @property
    def is_checked(self) -> bool:
        """Whether no number of it needs the mark "not checked by us yet"."""
        return all(number.is_checked for number in self.numbers)

    @property
    def is_reachable(self) -> bool:
        """Whether anything that may be shown lets people reach it. What is not reachable is not listed."""
        return bool(self.numbers or self.email or self.web or self.address)

    @property
    def is_national(self) -> bool:
        """Whether it serves the whole country."""
        return self.area == NATIONAL

    @property
    def web_name(self) -> str:
        """Its web address as people say it; empty when there is none."""
        return site_name(self.web) if self.web else ""

    @property
    def run_by_words(self) -> str:
        """Who runs it, as a message to translate."""
        return RUN_BY[self.run_by]

    @property
    def language_words(self) -> tuple[str, ...]:
        """Its languages, as messages to translate."""
        return tuple(LANGUAGE_NAMES[tag] for tag in self.languages)

    @property
    def is_independent(self) -> bool:
        """Whether anybody may turn to it themselves without any dealing with the police."""
        return (
            self.run_by == "independent"
            and self.self_refer
            and not self.needs_police_report
            and not self.close_to_police
        )


@dataclass(frozen=True, kw_only=True)
class Option:
    """One choice of a filter: its number in URLs, its id, its words (a message to translate), what it matches."""

    code: int
    id: str
    label: str
    values: frozenset[str]


@dataclass(frozen=True, kw_only=True)
class Filters:
    """What somebody is looking for; None where they left it open.

    `outside` means that they live outside the area, `independent` that it must have nothing to do with the police.
    """

    about: Option | None = None
    who: Option | None = None
    need: Option | None = None
    district: District | None = None
    outside: bool = False
    independent: bool = False

    @property
    def are_open(self) -> bool:
        """Whether nothing was chosen at all."""
        return self == Filters()


@dataclass(frozen=True)
class Results:
    """Services, best first; `nothing_fits` when none met every filter and these are the nearest national ones.

    `naming` counts the first ones, those that name what was asked for; the others help with anything.
    """

    services: tuple[Service, ...]
    nothing_fits: bool
    naming: int = 0

    @property
    def for_this(self) -> tuple[Service, ...]:
        """Those that name what was asked for; none when nothing in particular was."""
        return self.services[: self.naming]

    @property
    def for_anything(self) -> tuple[Service, ...]:
        """The others."""
        return self.services[self.naming :]


@dataclass(frozen=True, kw_only=True)
class Directory:
    """All services and the filters to find them by. `districts` and `outside_code` are the area's own."""

    all: tuple[Service, ...]
    about: tuple[Option, ...]
    who: tuple[Option, ...]
    need: tuple[Option, ...]
    districts: tuple[District, ...]
    outside_code: int

    def __post_init__(self) -> None:
        ids = [service.id for service in self.all]
        for service_id in ids:
            if ids.count(service_id) > 1:
                raise DirectoryError(f"the service '{service_id}' is there twice")
        for options in (self.about, self.who, self.need):
            codes = [option.code for option in options]
            for option in options:
                if codes.count(option.code) > 1:
                    raise DirectoryError(f"the code {option.code} of '{option.id}' is there twice")
        for service in self.all:
            if not service.is_national and not self._districts_of(service.area):
                raise DirectoryError(f"the service '{service.id}' has an unknown area '{service.area}'")
        if not any(one.is_national and ANYTHING in one.about and one.is_independent for one in self._listed):
            raise DirectoryError("one national independent service must be for anything, so that nobody finds nothing")

    def get(self, service_id: str) -> Service | None:
        """The service with this id, if it is listed; one that cannot be reached is not."""
        return self._by_id.get(service_id)

    def filters(self, query: Mapping[str, str]) -> Filters:
        """The filters that a query string names by number; unknown numbers and anything else are ignored."""
        district = _number(query.get("d"))
        return Filters(
            about=_option(self.about, _number(query.get("a"))),
            who=_option(self.who, _number(query.get("w"))),
            need=_option(self.need, _number(query.get("n"))),
            district=next((one for one in self.districts if one.code == district), None),
            outside=district == self.outside_code,
            independent=query.get("r") == "1",
        )

    def query(self, filters: Filters) -> dict[str, int]:
        """The query parameters that stand for these filters; what was left open is left out."""
        parameters: dict[str, int] = {}
        for key, option in (("a", filters.about), ("w", filters.who), ("n", filters.need)):
            if option:
                parameters[key] = option.code
        if filters.district:
            parameters["d"] = filters.district.code
        elif filters.outside:
            parameters["d"] = self.outside_code
        if filters.independent:
            parameters["r"] = 1
        return parameters

    def search(self, filters: Filters) -> Results:
        """The services that meet every filter; when none does, the nearest national ones, so never nothing.

        Those for what was asked alone come first, then those that name it among anything, then those for anything; among
        equals the nearer before the wider, lines open day and night before others, then by name.
        """
        found = self._meeting(self._listed, filters)
        if found:
            return Results(found, nothing_fits=False, naming=sum(_names(service, filters) for service in found))
        national = [service for service in self._listed if service.is_national]
        anything = Filters(independent=filters.independent)
        for relaxed in (replace(filters, need=None), replace(anything, about=filters.about), anything):
            found = self._meeting(national, relaxed)
            if found:
                break
        return Results(found, nothing_fits=True)

    def find(
        self,
        *,
        about: str | None = None,
        who: str | None = None,
        need: str | None = None,
        district: str | None = None,
    ) -> list[Service]:
        """The services for these option ids (not codes), best first, as `search` finds them.

        Raises DirectoryError for an id that does not exist: ids are written by us, not by visitors.
        """
        chosen = next((one for one in self.districts if one.id == district), None)
        if district is not None and chosen is None:
            raise DirectoryError(f"there is no district '{district}'")
        filters = Filters(
            about=_named(self.about, about), who=_named(self.who, who), need=_named(self.need, need), district=chosen
        )
        return list(self.search(filters).services)

    def independent(self, district: District | None = None) -> list[Service]:
        """The services that have nothing to do with the police, and that anybody may turn to themselves."""
        return list(self.search(Filters(district=district, independent=True)).services)

    @cached_property
    def _listed(self) -> tuple[Service, ...]:
        return tuple(service for service in self.all if service.is_reachable)

    @cached_property
    def _by_id(self) -> dict[str, Service]:
        return {service.id: service for service in self._listed}

    def _districts_of(self, area: str) -> int:
        """How many districts an area covers."""
        return sum(area == district.id or area in district.within for district in self.districts)

    def _meeting(self, services: Iterable[Service], filters: Filters) -> tuple[Service, ...]:
        found = [service for service in services if self._meets(service, filters)]
        return tuple(sorted(found, key=lambda service: self._rank(service, filters)))

    def _meets(self, service: Service, filters: Filters) -> bool:
        if filters.independent and not service.is_independent:
            return False
        if filters.about and not service.about & (filters.about.values | {ANYTHING}):
            return False
        if filters.who and not service.for_whom & filters.who.values:
            return False
        if filters.need and not service.needs & filters.need.values:
            return False
        if service.is_national:
            return True
        if filters.outside:
            return False
        return filters.district is None or service.area in (filters.district.id, *filters.district.within)

    def _rank(self, service: Service, filters: Filters) -> tuple[int, int, int, str, str]:
        loosely = 2 if not _names(service, filters) else int(ANYTHING in service.about)
        width = self._width(service, filters)
        return (loosely, width, not service.all_hours, service.name.casefold(), service.id)

    def _width(self, service: Service, filters: Filters) -> int:
        """How far from home a service is: by the districts it covers once one was chosen, else only local or national."""
        if service.is_national:
            return len(self.districts) + 1
        return self._districts_of(service.area) if filters.district else 0


@dataclass(frozen=True, kw_only=True)
class HelpGroup:
    """Whom to turn to now for one kind of trouble; `label` is a message to translate."""

    id: str
    label: str
    services: tuple[Service, ...]

    @property
    def checked(self) -> tuple[Service, ...]:
        """Those whose numbers need no mark; they come first."""
        return tuple(service for service in self.services if service.is_checked)

    @property
    def unchecked(self) -> tuple[Service, ...]:
        """Those with a number "not checked by us yet", shown after the others in the same size."""
        return tuple(service for service in self.services if not service.is_checked)


@dataclass(frozen=True, kw_only=True)
class HelpNow:
    """Help now, in the order of urgency: a life in danger, cannot cope, then by kind of trouble."""

    danger: HelpGroup
    cope: HelpGroup
    kinds: tuple[HelpGroup, ...]


def first_sentence(text: str) -> str:
    """The first sentence of a text in any of our languages, with the stop at its end."""
    first = _SENTENCE_END.split(text, maxsplit=1)[0]
    return first if _STOPS.search(first) else first + "."


def _names(service: Service, filters: Filters) -> bool:
    """Whether a service names the kind of harm that was asked for."""
    return filters.about is not None and bool(service.about & filters.about.values)


def _number(text: str | None) -> int | None:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) <= 3 else None


def _option(options: tuple[Option, ...], code: int | None) -> Option | None:
    return next((option for option in options if option.code == code), None)


def _named(options: tuple[Option, ...], option_id: str | None) -> Option | None:
    if option_id is None:
        return None
    for option in options:
        if option.id == option_id:
            return option
    raise DirectoryError(f"there is no choice '{option_id}'")
