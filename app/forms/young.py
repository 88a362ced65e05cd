"""The young wording: some forty texts said more simply to somebody under 18 who asks for themselves (requirement A8).

Not a second site: the same pages, questions, headings, titles and addresses. Each text here stands in for the usual one while
the person has said "Under 18", in their own language and through the same catalogues, under the context "young". A language
that has no young words for a text says the usual ones.

A text is known by its id and not by its words. In a form that is step.field, step.field.hint or step.field.choice, and
nothing more is to be done; a template says {{ said("check.once", _("The usual words.")) }}.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from babel.support import Translations
from flask_babel import get_domain
from wtforms import Field, Form, SelectMultipleField
from wtforms.fields import SelectField

CONTEXT = "young"


def NP_(_context: str, message: str) -> str:  # noqa: N802 - the name that message extraction looks for
    """Mark a message with its context for translation where it is only listed."""
    return message


# Plain, warm and short, for a reader of eight or nine; never childish, and never less than the usual words say.
WORDS: Mapping[str, str] = {
    # Before you start
    "start.time": NP_("young", "There are 5 questions. They take 5 to 10 minutes. You can leave out any of them."),
    "start.name": NP_("young", "You do not have to tell us your name. You do not have to tell the police."),
    "start.exit": NP_(
        "young",
        "Press “Exit this page” to get out fast. It shows a weather site, and what you typed here is gone. "
        "This site still shows in the list of pages you have opened.",
    ),
    "start.device": NP_(
        "young",
        "If someone else might look at it, we keep less on it, and not for long. Your answers show again only on the last page.",
    ),
    # 1 Who needs support?
    "who.who.me-helped": NP_("young", "I do, and someone is helping me fill this in"),
    "who.under_18.hint": NP_("young", "Tick this if you are not 18 yet."),
    # 2 What would help you now?
    "help.help.hint": NP_("young", "Tick all that you want. You can change your mind later."),
    "help.help.safer": NP_("young", "To be safer from someone who hurts me or scares me"),
    "help.help.afraid-of-myself": NP_("young", "I am scared that I might hurt myself"),
    "help.help.dependant": NP_("young", "To keep someone safe who needs me, like a brother or sister"),
    "help.help.health": NP_("young", "How I feel, how I sleep, or my health"),
    "help.help.money": NP_("young", "Money, or being paid back for what happened"),
    "help.help.work-school": NP_("young", "School, college or work"),
    "help.help.getting-worse": NP_("young", "It is getting worse and I need it to stop"),
    "help.help.rights": NP_("young", "What my rights are, and what could happen next"),
    "help.help.case-news": NP_("young", "To find out what the police or a court are doing"),
    "help.help.advocate": NP_("young", "Someone to speak up for me, or to come with me"),
    "help.help.reading": NP_("young", "I just want something to read"),
    "help.why": NP_(
        "young", "We ask so that the right person answers you. We will not think badly of you for what you tick."
    ),
    # 3 What happened?
    "about.story": NP_(
        "young",
        "You are not to blame for what someone did to you. You do not have to tell us the whole story. "
        "You get the same help whatever you tick. It helps us not to ask the wrong things.",
    ),
    "about.happened.hint": NP_("young", "Tick all that fit. It is fine if it was a long time ago."),
    "about.happened.controlled": NP_(
        "young", "Someone in my family, or a boyfriend or girlfriend, scares me or controls me"
    ),
    "about.happened.sexual": NP_("young", "Something sexual that did not feel right, like touching, pictures or messages"),
    "about.happened.followed": NP_("young", "Someone follows me or sends me messages, again and again"),
    "about.happened.hate": NP_("young", "Picked on because of who I am"),
    "about.happened.collision": NP_("young", "A crash on the road"),
    "about.happened.burgled": NP_("young", "Someone took my things, broke them, or broke into my home"),
    "about.happened.cheated": NP_("young", "Tricked out of money, or something bad online"),
    "about.happened.exploited": NP_("young", "Made to work or do things for someone, or they keep my pay or papers"),
    "about.happened.not-sure": NP_("young", "I am not sure if it counts"),
    # 4 Do the police know?
    "police.police.hint": NP_("young", "You get the same help, whatever you say here."),
    "police.district.hint": NP_("young", "This helps us find help near you. The help is just as good everywhere."),
    # 5 How should we reply?
    "reply.contact.hint": NP_(
        "young",
        "You decide. If you choose nothing, we will not call you or write to you. You can come back here and read our answer.",
    ),
    "reply.ways.hint": NP_(
        "young",
        "Choose only what is safe for you. Think about who else sees your phone or your post. We ask about each one next.",
    ),
    "reply.sign": NP_("young", "Is there a word or sign to use if someone is listening?"),
    "reply.sign.hint": NP_("young", "If you use it, we stop or talk about something else. You can leave this."),
    "reply.name.hint": NP_("young", "Any name you like. It does not have to be your real name."),
    "reply.conflict": NP_(
        "young", "Are you afraid of someone who works for the police, the council or the Hub?"
    ),
    "reply.conflict_who": NP_("young", "Who is it? Then we can hide this from them."),
    # Check and send
    "check.once": NP_(
        "young", "When you have sent it, nobody can read it here any more, not even you. Only the Hub can."
    ),
    "check.no-contact": NP_(
        "young", "We will not call you or write to you. To see our answer, you need to come back with your number."
    ),
    "check.readers": NP_(
        "young",
        "If you press the button, people who work at the %(hub)s can read what you wrote. "
        "They use it to help you, in the ways you chose.",
    ),
    "check.exception": NP_(
        "young",
        "They ask you before they tell anyone else. There is one exception. If you or another child is in danger, "
        "or someone could die, they may act without asking.",
    ),
    # Your return number
    "sent.number": NP_(
        "young",
        "These 24 digits are your way back in. With them you can read our answer and write to us. "
        "Nobody else has them, and we cannot look them up for you.",
    ),
    "sent.longer-number": NP_(
        "young",
        "These digits are your way back in. With them you can read our answer and write to us. "
        "Nobody else has them, and we cannot look them up for you.",
    ),
    "sent.write": NP_("young", "Write it down, but do not write what it is for."),
    "sent.photos": NP_(
        "young", "If you take a photo of it, the photo may show up on other phones. Some phones also keep what you copy."
    ),
    "sent.code_word.hint": NP_(
        "young", "If you lose the number, this word can help you get back in. Pick one that nobody would guess. "
        "You can leave this."
    ),
}  # fmt: skip
# What somebody agrees to by sending: said to the young in these words where all of them are there.
CONSENT = ("check.readers", "check.exception")


class Said:
    """Says a text as the person is spoken to: `Said(young=...)` is what templates know as `said`."""

    def __init__(self, *, young: bool) -> None:
        self.young = young

    def __call__(self, text_id: str, usual: str, **values: Any) -> str:
        """The young words of this id with `values` filled in; the usual words, as they are, for everybody else.

        Raises KeyError for an id that is not among WORDS, whoever is spoken to.
        """
        words = WORDS[text_id]
        found = in_this_language(words) if self.young else None
        if found is None:
            return usual
        said = found % values if values else found
        # Words on which somebody's safety may hang stand beside their English (web/page.py), in young words too.
        beside = getattr(usual, "in_other_words", None)
        return said if beside is None else beside(said, words % values if values else words)

    def of_form(self, text_id: str, usual: str) -> str:
        """The same for a text of a form, where an id without young words is no mistake."""
        return self(text_id, usual) if text_id in WORDS else usual

    def reword(self, form: Form, step: str) -> None:
        """Say the labels, hints and choices of a step's form in young words, where there are any."""
        if self.young:
            for field in form:
                self._reword(field, f"{step}.{field.name}")

    def _reword(self, field: Field, text_id: str) -> None:
        field.label.text = self.of_form(text_id, field.label.text)
        if field.description:
            field.description = self.of_form(f"{text_id}.hint", field.description)
        if isinstance(field, SelectField | SelectMultipleField):
            field.choices = [
                replace(choice, label=self.of_form(f"{text_id}.{choice.value}", choice.label))
                for choice in field.choices or []
            ]


# To everybody, and to staff, who read answers in the usual words.
TO_ALL = Said(young=False)


def are_there(*text_ids: str) -> bool:
    """True when this page's language has its own young words for every one of these texts."""
    return all(in_this_language(WORDS[text_id]) is not None for text_id in text_ids)


def in_this_language(words: str) -> str | None:
    """Young words in the language of the page; None where its catalogue has none. Without a catalogue it is English."""
    catalogue = get_domain().get_translations()
    found: str = catalogue.upgettext(CONTEXT, words)
    return None if found == words and isinstance(catalogue, Translations) else found
