"""The people everyone tests with: tests, `make seed`, pictures and demonstrations all meet the same dozen.

All of them are made up. Phone numbers come from the ranges that Ofcom keeps free for drama, e-mail addresses from
example.org (RFC 2606). The answers are those of the short request, by the step keys and field names of app/forms/refer.py
and the ids of app/domain/referral.py; what is left out was left by the person.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from app.domain.contact import Box

Answer = Mapping[str, str | bool | tuple[str, ...]]

WEEKDAYS = (Box.WEEKDAY_MORNING.value, Box.WEEKDAY_AFTERNOON.value)
EVENINGS = (Box.WEEKDAY_EVENING.value, Box.WEEKEND_EVENING.value)
WEEKENDS = (Box.WEEKEND_MORNING.value, Box.WEEKEND_AFTERNOON.value)
# Fields of the request that take a person's own words.
TYPED = (
    "address", "name", "sign", "person", "ask_for", "say", "own_times", "conflict_who", "their_name", "organisation",
    "switchboard", "consent_when",
)  # fmt: skip
OWN_DEVICE, SHARED_DEVICE = {"device": "own"}, {"device": "shared"}


@dataclass(frozen=True, kw_only=True)
class Story:
    """One person and what they do here.

    `language` is the one in which they want their answer. `message` is what they write first when they come back, in
    their own words, and `safety` says what must not go wrong for them.
    """

    key: str
    title: str
    language: str
    answers: Mapping[str, Answer]
    message: str
    code_word: str
    safety: str

    @property
    def wants_contact(self) -> bool:
        """True when somebody may contact this person at all."""
        return self.answers["reply"].get("contact") == "yes"

    @property
    def ways(self) -> tuple[str, ...]:
        """The ways in which they may be contacted."""
        chosen = self.answers["reply"].get("ways", ())
        assert isinstance(chosen, tuple)
        return chosen if self.wants_contact else ()

    @property
    def name(self) -> str:
        """What they want to be called; empty when they did not say."""
        return str(self.answers["reply"].get("name", ""))

    @property
    def is_for_few(self) -> bool:
        """True when somebody who could read it may be the one they are afraid of."""
        return self.answers["reply"].get("conflict") in ("yes", "not-sure")

    def open_to_all(self) -> Story:
        """The same person without the conflict line: any colleague may see the request."""
        reply = {name: value for name, value in self.answers["reply"].items() if not name.startswith("conflict")}
        return replace(self, answers={**self.answers, "reply": reply})

    @property
    def typed(self) -> tuple[str, ...]:
        """Everything that they typed themselves: none of it may be found where it does not belong."""
        words = [str(answer[name]) for answer in self.answers.values() for name in TYPED if name in answer]
        return (*words, self.message, self.code_word)


PARENT = Story(
    key="parent",
    title="A mother whose son was attacked on his way home",
    language="en",
    answers={
        "start": OWN_DEVICE,
        "who": {"who": "me"},
        "help": {"help": ("talk", "health", "family", "rights")},
        "about": {"to_whom": "child", "happened": ("hurt",), "ongoing": "no"},
        "police": {"police": "yes", "district": "huntingdonshire"},
        "reply": {"name": "Marie", "language": "en", "contact": "yes", "ways": ("call", "email")},
        "reply-call": {"address": "07700 900111", "times": WEEKDAYS, "shared": "only-me", "message": "no"},
        "reply-email": {
            "address": "marie@example.org",
            "times": (Box.ANY.value,),
            "shared": "only-me",
            "message": "yes",
        },
    },
    message="He will not leave his room. Is there somebody who can talk to me first, and to him when he is ready?",
    code_word="quince",
    safety="Her son does not know that she asked: never a message on the house phone.",
)
BROTHER = Story(
    key="brother",
    title="A brother, three days after a death on the road",
    language="en",
    answers={
        "start": OWN_DEVICE,
        "who": {"who": "me"},
        "help": {"help": ("talk", "not-sure", "rights")},
        "about": {"to_whom": "died", "happened": ("collision",)},
        "loss": {"how": "road", "their_name": "Danny Marsh"},
        "police": {"police": "yes", "district": "fenland"},
        "reply": {"name": "Tom", "language": "en", "contact": "yes", "ways": ("text",)},
        "reply-text": {"address": "07700 900222", "times": EVENINGS, "shared": "only-me", "message": "yes"},
    },
    message="Mum cannot speak to anyone. What do we have to do this week, and what can wait?",
    code_word="lapwing",
    safety="Three days after: nobody rings, nothing asks how he is doing, and no word of the case comes by text.",
)
NEIGHBOUR = Story(
    key="neighbour",
    title="A man two years into trouble that keeps coming back nearby",
    language="en",
    answers={
        "start": OWN_DEVICE,
        "who": {"who": "me"},
        "help": {"help": ("getting-worse", "home-secure", "housing", "health", "advocate")},
        "about": {"to_whom": "me", "happened": ("antisocial", "followed"), "ongoing": "yes"},
        "police": {"police": "yes", "district": "peterborough"},
        "reply": {"name": "Mr Ahmed", "language": "en", "contact": "yes", "ways": ("call",)},
        "reply-call": {
            "address": "01632 960123",
            "times": EVENINGS,
            "shared": "others",
            "message": "no",
            "ask_for": "Mr Ahmed",
            "if_answered": "ask",
            "number": "show",
        },
    },
    message="I have told four offices the same story. I want one name to ring.",
    code_word="bramble",
    safety="They watch his door: no visit without asking, and no letter.",
)
WATCHED = Story(
    key="watched",
    title="A woman whose partner reads her phone",
    language="en",
    answers={
        "start": SHARED_DEVICE,
        "who": {"who": "me"},
        "help": {"help": ("safer", "dependant", "housing")},
        "about": {"to_whom": "me", "happened": ("controlled", "hurt"), "ongoing": "yes"},
        "police": {"police": "no"},
        "reply": {
            "contact": "yes",
            "ways": ("trusted",),
            "sign": "the blue curtains",
            "conflict": "yes",
            "conflict_who": "Gareth Pell, at the council",
        },
        "reply-trusted": {
            "person": "Ruth",
            "address": "07700 900888",
            "told": "knows",
            "shared": "not-sure",
            "message": "no",
            "times": (Box.WEEKDAY_AFTERNOON.value,),
            "own_times": "only on Thursdays, when he is at work",
            "ask_for": "Ruth",
            "say": "Anna from the choir",
            "number": "withhold",
            "if_answered": "wrong-number",
        },
    },
    message="Please never ring or text me. Ring my sister. I can look here on Thursdays when I am at work.",
    code_word="thimble",
    safety="He reads her phone: nothing goes to it, ever; her sister may be rung, and nobody else learns why.",
)
FIFTEEN = Story(
    key="fifteen",
    title="A girl of 15 who cannot tell her parents",
    language="en",
    answers={
        "start": SHARED_DEVICE,
        "who": {"who": "me", "under_18": True},
        "young": {"age_band": "13-15"},
        "help": {"help": ("talk", "afraid-of-myself", "work-school")},
        "about": {"to_whom": "me", "happened": ("sexual", "followed", "not-sure"), "ongoing": "might"},
        "police": {"police": "rather-not", "district": "cambridge"},
        "reply": {"name": "J", "language": "en", "contact": "yes", "ways": ("text",)},
        "reply-text": {
            "address": "07700 900333",
            "times": (Box.WEEKEND_MORNING.value, Box.WEEKDAY_AFTERNOON.value),
            "shared": "not-sure",
            "message": "no",
        },
    },
    message="do you have to tell my mum",
    code_word="comet",
    safety="Not in school hours, nothing on the lock screen, and told what must be passed on before she tells more.",
)
WORKER = Story(
    key="worker",
    title="A packhouse worker whose housing belongs to his boss",
    language="lt",
    answers={
        "start": SHARED_DEVICE,
        "who": {"who": "me"},
        "help": {"help": ("phone-in-language", "housing", "money", "safer")},
        "about": {"to_whom": "me", "happened": ("exploited", "hurt"), "ongoing": "yes"},
        "police": {"police": "no", "district": "fenland"},
        "reply": {"name": "Jonas", "language": "lt", "contact": "yes", "ways": ("call",)},
        "reply-call": {
            "address": "+44 7700 900444",
            "times": (Box.WEEKEND_AFTERNOON.value,),
            "shared": "others",
            "message": "no",
        },
        "interpreter": {"interpreter": "man", "not_my_community": True},
    },
    message="Darbdavys laiko mano pasą. Jei paskambinsite į namus, neteksime lovos. Skambinkite tik sekmadienį.",
    code_word="gintaras",
    safety="Six men share the house and the phone is heard: only on Sunday, only in Lithuanian, and not by a neighbour.",
)
DAUGHTER_HELPS = Story(
    key="deaf",
    title="A Deaf woman of 82, burgled, whose daughter helps with the form",
    language="bsl",
    answers={
        "start": OWN_DEVICE,
        "who": {"who": "me-helped"},
        "help": {"help": ("home-secure", "going-out", "less-alone")},
        "about": {"to_whom": "me", "happened": ("burgled",), "ongoing": "no"},
        "police": {"police": "yes", "district": "east-cambridgeshire"},
        "reply": {
            "name": "Mrs Field",
            "language": "bsl",
            "contact": "yes",
            "ways": ("text", "letter", "relay", "bsl"),
        },
        "reply-text": {"address": "07700 900555", "times": WEEKDAYS, "shared": "only-me", "message": "yes"},
        "reply-letter": {
            "address": "Mrs E. Field\n1 Example Row\nCalderwick",
            "shared": "only-me",
            "message": "yes",
            "ask_for": "Mrs E. Field",
        },
        "reply-relay": {
            "address": "01632 960555",
            "times": WEEKDAYS,
            "shared": "others",
            "message": "yes",
            "if_answered": "ask",
            "ask_for": "Mrs Field",
            "number": "show",
        },
        "reply-bsl": {
            "how": "video",
            "address": "e.field@example.org",
            "avoid": ("known", "relative"),
            "woman_or_man": "woman",
            "shared": "others",
            "message": "yes",
            "times": WEEKDAYS,
        },
    },
    message="My daughter typed this for me. I do not hear a door bell. Please text before anyone comes.",
    code_word="marigold",
    safety="Never by voice call, and nobody at the door without a text before.",
)
STUDENT = Story(
    key="student",
    title="A student, assaulted on Saturday",
    language="en",
    answers={
        "start": OWN_DEVICE,
        "who": {"who": "me"},
        "help": {"help": ("talk", "health", "rights", "work-school")},
        "about": {"to_whom": "me", "happened": ("sexual",), "ongoing": "no"},
        "police": {"police": "might", "district": "cambridge"},
        "reply": {"name": "Sam", "language": "en", "contact": "no"},
    },
    message="I do not know yet whether I want to tell anyone else. How long do I have to decide?",
    code_word="harbour",
    safety="Some choices last only days: told so at once, without being pushed, and nothing on a screen others see.",
)
TARGETED = Story(
    key="targeted",
    title="A man who is targeted for who he is",
    language="pl",
    answers={
        "start": OWN_DEVICE,
        "who": {"who": "me"},
        "help": {"help": ("safer", "talk", "going-out", "advocate")},
        "about": {"to_whom": "me", "happened": ("hate", "antisocial"), "ongoing": "yes"},
        "police": {"police": "not-sure", "district": "peterborough"},
        "reply": {"name": "Łukasz", "language": "pl", "contact": "yes", "ways": ("call", "text")},
        "reply-call": {"address": "07700 900666", "times": EVENINGS, "shared": "only-me", "message": "yes"},
        "reply-text": {"address": "07700 900666", "times": WEEKENDS, "shared": "only-me", "message": "no"},
    },
    message="Za każdym razem piszą na drzwiach. Boję się o męża. Czy ktoś może z nami porozmawiać po polsku?",
    code_word="żuraw",
    safety="Not everyone knows about his marriage: no interpreter from his own community.",
)
PROFESSIONAL = Story(
    key="professional",
    title="A support worker who asks for somebody she works with",
    language="en",
    answers={
        "start": OWN_DEVICE,
        "who": {"who": "professional"},
        "work": {
            "name": "Priya Lall",
            "organisation": "Riverside Outreach",
            "switchboard": "01632 960400",
            "consent": "yes",
            "consent_when": "9 March, at the drop-in",
            "consent_how": "in-person",
        },
        "help": {"help": ("advocate", "housing", "drink-drugs", "dependant")},
        "about": {"to_whom": "other", "happened": ("controlled", "cheated"), "ongoing": "might"},
        "police": {"police": "no", "district": "south-cambridgeshire"},
        "reply": {"name": "Priya, outreach team", "language": "en", "contact": "yes", "ways": ("email", "call")},
        "reply-call": {"address": "01632 960456", "times": WEEKDAYS, "shared": "others", "message": "yes"},
        "reply-email": {
            "address": "outreach@example.org",
            "times": (Box.ANY.value,),
            "shared": "others",
            "message": "yes",
        },
    },
    message="She has agreed that I ask. Please answer to me; she does not have a safe phone at present.",
    code_word="lantern",
    safety="Only the worker is answered here: never news about the other person, never a call to her.",
)
WITNESS = Story(
    key="witness",
    title="A man who saw it happen and has to go to court",
    language="en",
    answers={
        "start": OWN_DEVICE,
        "who": {"who": "me"},
        "help": {"help": ("case-news", "rights", "health")},
        "about": {"to_whom": "saw", "happened": ("hurt", "something-else"), "ongoing": "no"},
        "police": {"police": "yes", "district": "outside"},
        "reply": {"name": "Kwame", "language": "en", "contact": "yes", "ways": ("text",)},
        "reply-text": {"address": "(07700) 900-777", "times": (Box.ANY.value,), "shared": "only-me", "message": "yes"},
    },
    message="Do I have to stand in the same room as them? I have not slept since the letter came.",
    code_word="sextant",
    safety="He lives outside the area and they know his street: nothing that places him.",
)
READER = Story(
    key="reader",
    title="Somebody who only wants something to read",
    language="en",
    answers={
        "start": SHARED_DEVICE,
        "who": {},
        "help": {"help": ("reading",)},
        "about": {"happened": ("rather-not",)},
        "police": {},
        "reply": {},
    },
    message="Thank you. That was enough for now.",
    code_word="",
    safety="No contact was chosen, so there is none; almost everything was left, and that is fine.",
)

STORIES: tuple[Story, ...] = (
    PARENT,
    BROTHER,
    NEIGHBOUR,
    WATCHED,
    FIFTEEN,
    WORKER,
    DAUGHTER_HELPS,
    STUDENT,
    TARGETED,
    PROFESSIONAL,
    WITNESS,
    READER,
)
