"""A referral: what a person sends. The ids here are the vocabulary that travels and is kept; labels are in app/forms.

Ids are never renamed. An id that this release does not know is dropped when a referral is read, not refused: the two sides
may be updated at different times.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from app.domain.asker import is_young
from app.domain.contact import codes_of, plan_of, ways_chosen

VERSION = 1

WHO = ("me", "me-helped", "other", "professional")
HELP_SAFE = ("safer", "afraid-of-myself", "dependant", "home-secure")
HELP_COPING = ("talk", "health", "family", "less-alone", "going-out", "drink-drugs")
HELP_SORTING = ("housing", "money", "work-school", "getting-worse")
HELP_KNOWING = ("rights", "case-news", "advocate", "reading")
HELP_ALSO = ("phone-in-language", "not-sure")
HELP = HELP_SAFE + HELP_COPING + HELP_SORTING + HELP_KNOWING + HELP_ALSO
# Ticking one of these means: somebody may be at risk now, so the next page offers somebody to talk to (requirements C5, C6, D9).
RISKS = frozenset({"safer", "afraid-of-myself", "dependant"})
TO_WHOM = ("me", "child", "partner", "parent", "sibling", "friend", "other", "died", "saw")
HAPPENED = (
    "hurt", "controlled", "sexual", "followed", "hate", "antisocial", "collision", "burgled", "cheated", "exploited",
    "something-else", "not-sure", "rather-not",
)  # fmt: skip
ONGOING = ("yes", "no", "might")
POLICE = ("yes", "no", "not-sure", "might", "rather-not")
OUTSIDE_AREA = "outside"
YES_NO_UNSURE = ("yes", "no", "not-sure")
HOW_DIED = ("road", "killed", "another", "not-known")
# Of a young person who asks for themselves ("age_band"), and of a child whose parent asks ("child_age").
AGE_BANDS = ("under-13", "13-15", "16-17")
INTERPRETERS = ("woman", "man", "either")
WAYS = ("call", "text", "email", "letter", "relay", "bsl", "trusted")  # those of app/domain/contact.py


# The same risks as "My safety" asks for them, by the kind and the field names of that addition; "not sure" counts.
SAFETY = "safety"
SAFETY_RISKS = ("safer", "afraid_of_myself", "dependant")
# The same questions, asked of oneself at any time, and sent only by a press of its own.
HOW_YOU_ARE = "how-you-are"
# "More about what happened", and what its branch about trouble nearby may say of how often and how long (requirement D1).
HAPPENED_MORE, NEARBY, DIED = "happened", "nearby", "died"
TO_READ = {DIED: "loss", "sexual": "sexual", "exploited": "exploited"}
REPORTED_OFTEN, GOES_ON_LONG = "reported-often", "goes-on-long"
PERSISTENCE = (REPORTED_OFTEN, GOES_ON_LONG)
LONG = ("6-months-or-more", "years")
WHY_NOT_TOLD = (
    "not-important", "afraid", "not-believed", "no-use", "no-trust", "protect", "status", "language", "told-others", "not-wanted",
    "other",
)  # fmt: skip


class MalformedReferral(Exception):
    """The opened bytes are not a referral or addition that this release can read."""


@dataclass(frozen=True, kw_only=True)
class Referral:
    """What travels in the first envelope.

    `answers` holds the answers by step key. `case_secret` (32 bytes) and `number_wrap` let the Hub answer, and rebuild the
    portal. `consent` says which wording the person agreed to (requirement B13).
    """

    reference: str
    case_secret: bytes
    number_wrap: bytes
    language: str
    answers: Mapping[str, Mapping[str, Any]]
    consent: str
    sent_at: str

    def to_bytes(self) -> bytes:
        """The referral as it is sealed."""
        return _dump(
            {
                "version": VERSION,
                "reference": self.reference,
                "case_secret": _b64(self.case_secret),
                "number_wrap": _b64(self.number_wrap),
                "language": self.language,
                "answers": self.answers,
                "consent": self.consent,
                "sent_at": self.sent_at,
            }
        )

    @classmethod
    def from_bytes(cls, raw: bytes) -> Referral:
        """Read an opened referral. Raises MalformedReferral."""
        read = _load(raw)
        try:
            answers = read["answers"]
            if not isinstance(answers, dict) or not all(isinstance(answer, dict) for answer in answers.values()):
                raise TypeError("answers")
            referral = cls(
                reference=_text(read["reference"]),
                case_secret=_unb64(read["case_secret"]),
                number_wrap=_unb64(read["number_wrap"]),
                language=_text(read["language"]),
                answers=answers,
                consent=_text(read["consent"]),
                sent_at=_text(read["sent_at"]),
            )
        except (KeyError, TypeError, ValueError) as error:
            raise MalformedReferral(type(error).__name__) from None
        if len(referral.case_secret) != 32 or not (referral.reference.isascii() and referral.reference.isdigit()):
            raise MalformedReferral("fields")
        return referral

    @property
    def conflict_words(self) -> str:
        """Who it is that must not read this, in the person's own words; empty when they left that."""
        words = self.answers.get("reply", {}).get("conflict_who")
        return words if isinstance(words, str) else ""

    @property
    def is_restricted(self) -> bool:
        """True when only gatekeepers may know of the request."""
        return is_restricted(self.answers)

    def facts(self) -> dict[str, Any]:
        """The coded facts that the queue and the statistics may hold in clear; nothing that was typed."""
        step = self.answers.get
        who, help_, about = self.answers.get("who", {}), self.answers.get("help", {}), self.answers.get("about", {})
        police, reply = self.answers.get("police", {}), self.answers.get("reply", {})
        district = police.get("district")
        wanted = _one(reply.get("contact"), ("yes", "no"))
        return {
            "who": _one(who.get("who"), WHO),
            "under_18": who.get("under_18") is True,
            "age_band": _one(step("young", {}).get("age_band"), AGE_BANDS) if is_young(self.answers) else None,
            "help": _known(help_.get("help"), HELP),
            "to_whom": _one(about.get("to_whom"), TO_WHOM),
            "happened": _known(about.get("happened"), HAPPENED),
            "ongoing": _one(about.get("ongoing"), ONGOING),
            "police": _one(police.get("police"), POLICE),
            "district": district if isinstance(district, str) and len(district) <= 40 else None,
            "contact": wanted,
            "ways": _known(ways_chosen(reply, step("reply-bsl", {})), WAYS) if wanted == "yes" else [],
            "windows": codes_of(plan_of(self.answers)),
            "risk": bool(RISKS & set(_known(help_.get("help"), HELP))),
            "restricted": self.is_restricted,
            "they_know": _one(step("knows", {}).get("they_know"), YES_NO_UNSURE),
            "consent": _one(step("work", {}).get("consent"), ("yes", "no")),
            "how_died": _one(step("loss", {}).get("how"), HOW_DIED),
            "child_age": _one(step("child-age", {}).get("child_age"), AGE_BANDS),
            "child_knows": _one(step("child-knows", {}).get("child_knows"), YES_NO_UNSURE),
        }


@dataclass(frozen=True, kw_only=True)
class Addition:
    """Something sent after the request, in the referral lane: it adds and never overwrites. `kind` is e.g. "code-word"."""

    kind: str
    content: Mapping[str, Any] = field(default_factory=dict)

    def tells_of_risk(self) -> bool:
        """Somebody may be at risk now: said in "My safety", with certainty or not (requirements C4, C5, C6)."""
        answers = self.content.get("answers")
        if self.kind not in {SAFETY, HOW_YOU_ARE} or not isinstance(answers, dict):
            return False
        return any(answers.get(name) in ("yes", "not-sure") for name in SAFETY_RISKS)

    def page_to_read(self) -> tuple[str, str] | None:
        """The page that comes next when a harm is told later for which the request has one too: its name, and how somebody
        died or "" (requirements A6, A16, A20). Whether the request told the same is not known here, so it comes each time."""
        answers, about = self.content.get("answers"), self.content.get("about")
        if (
            self.kind != HAPPENED_MORE
            or not isinstance(about, str)
            or about not in TO_READ
            or not isinstance(answers, dict)
        ):
            return None
        return TO_READ[about], (_one(answers.get("how"), HOW_DIED) or "") if about == DIED else ""

    def tells_of_persistence(self) -> tuple[str, ...]:
        """What it says of trouble nearby that keeps coming back: told to others three times or more, six months or more."""
        answers = self.content.get("answers")
        if self.kind != HAPPENED_MORE or self.content.get("about") != NEARBY or not isinstance(answers, dict):
            return ()
        told = {REPORTED_OFTEN: answers.get("reports") == "3-or-more", GOES_ON_LONG: answers.get("how_long") in LONG}
        return tuple(each for each in PERSISTENCE if told[each])

    def reasons_not_to_report(self) -> tuple[str, ...]:
        """Why the police were not told, as far as it was ticked (requirement H2)."""
        answers = self.content.get("answers")
        if self.kind != HAPPENED_MORE or not isinstance(answers, dict):
            return ()
        return tuple(_known(answers.get("why_not_told"), WHY_NOT_TOLD))

    def to_bytes(self) -> bytes:
        """The addition as it is sealed."""
        return _dump({"version": VERSION, "kind": self.kind, "content": self.content})

    @classmethod
    def from_bytes(cls, raw: bytes) -> Addition:
        """Read an opened addition. Raises MalformedReferral."""
        read = _load(raw)
        try:
            content = read["content"]
            if not isinstance(content, dict):
                raise TypeError("content")
            return cls(kind=_text(read["kind"]), content=content)
        except (KeyError, TypeError, ValueError) as error:
            raise MalformedReferral(type(error).__name__) from None


@dataclass(frozen=True, kw_only=True)
class News:
    """One piece of the conversation: a message (free text with its language), a coded status, or something to decide on.

    Travels sealed. `author` is a first name shown to the person, or "" when the person wrote it. `at` is ISO 8601 in UTC.
    `data` holds what belongs to a status in codes: dates, ids, kinds. Never a value out of the referral lane.
    """

    kind: str
    at: str
    text: str = ""
    language: str = ""
    status: str = ""
    author: str = ""
    data: Mapping[str, Any] = field(default_factory=dict)

    @property
    def until(self) -> datetime | None:
        """The aware moment that the news speaks of; None when it speaks of none."""
        try:
            found = datetime.fromisoformat(self.data["until"])
        except (KeyError, TypeError, ValueError):
            return None
        return found if found.utcoffset() is not None else None

    def to_bytes(self) -> bytes:
        """The item as it is sealed."""
        return _dump(
            {
                "version": VERSION,
                "kind": self.kind,
                "at": self.at,
                "text": self.text,
                "language": self.language,
                "status": self.status,
                "author": self.author,
                "data": self.data,
            }
        )

    @classmethod
    def from_bytes(cls, raw: bytes) -> News:
        """Read an opened item. Raises MalformedReferral."""
        read = _load(raw)
        try:
            data = read.get("data", {})
            if not isinstance(data, dict):
                raise TypeError("data")
            said = {name: _text(read[name]) for name in ("kind", "at", "text", "language", "status", "author")}
            return cls(**said, data=data)
        except (KeyError, TypeError) as error:
            raise MalformedReferral(type(error).__name__) from None


def is_restricted(answers: Mapping[str, Mapping[str, Any]]) -> bool:
    """True when somebody at the police, the council or the Hub may be the one whom the person is afraid of."""
    reply = answers.get("reply", {})
    words = reply.get("conflict_who")
    return reply.get("conflict") in ("yes", "not-sure") or (isinstance(words, str) and bool(words.strip()))


def _dump(content: Mapping[str, Any]) -> bytes:
    return json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode("utf-8")


def _load(raw: bytes) -> dict[str, Any]:
    try:
        read = json.loads(raw)
        _dump({"read": read})  # half a letter ("\ud800") is read without complaint but could never be kept
    except (ValueError, RecursionError):
        raise MalformedReferral("not JSON") from None
    if not isinstance(read, dict) or read.get("version") != VERSION:
        raise MalformedReferral("unknown version")
    return read


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError("text expected")
    return value


def _one(value: Any, known: tuple[str, ...]) -> str | None:
    return value if isinstance(value, str) and value in known else None


def _known(values: Any, known: tuple[str, ...]) -> list[str]:
    return [value for value in values if value in known] if isinstance(values, list) else []


def _b64(raw: bytes) -> str:
    return base64.b64encode(raw).decode("ascii")


def _unb64(text: Any) -> bytes:
    try:
        return base64.b64decode(_text(text), validate=True)
    except binascii.Error:
        raise ValueError("base64 expected") from None
