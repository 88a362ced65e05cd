"""The words of the phrase book, as the person reads them, in each language. What needs a day has it beside the words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask_babel import lazy_gettext as _l

from app.domain.phrases import Phrase, phrase_of

PHRASE_WORDS: Mapping[Phrase, Any] = {
    Phrase.THANKS: _l("Thank you for writing to us. A person has read what you sent."),
    Phrase.READ_BY: _l("We have read what you sent. We write to you here again. The day is named below."),
    Phrase.WHAT_FIRST: _l("What would help you most just now? Write as much or as little as you like."),
    Phrase.LANGUAGE: _l("You can write to us in your own language. It may take us longer to answer."),
    Phrase.DANGER: _l("If you or somebody else is in danger now, phone 999. Please do not wait for us."),
    Phrase.WHEN_CALL: _l("When is it safe for us to phone you? Please write here which days and times are good."),
    Phrase.WILL_CALL: _l(
        "We phone you at the time named here. If it does not suit you, write to us. Then we change it."
    ),
    Phrase.MOVED: _l("We have to move the time we agreed, and we are sorry. Is the time named here good for you?"),
    Phrase.NOT_REACHED: _l("We tried to reach you, and could not. Is there a better way or a better time?"),
    Phrase.STILL_SAFE: _l("Is the way we contact you still safe? You can change it or stop it here at any time."),
    Phrase.INTERPRETER_SOUGHT: _l("We are looking for an interpreter. We write to you here when we have one."),
    Phrase.INTERPRETER: _l("An interpreter is booked for the time named here."),
    Phrase.PASSING_ON: _l(
        "Another service may be able to help with this. May we ask them? We tell them nothing before you say yes."
    ),
    Phrase.LATE: _l("We are sorry that we are late. You are not forgotten. The day by which we write is named below."),
    Phrase.MISTAKE: _l("We made a mistake, and we are sorry. If you want to complain, we tell you how."),
    Phrase.AWAY: _l("The person who looks after your support is away. A colleague reads what you write."),
    Phrase.STILL_HERE: _l(
        "We are still here if you want us. There is no hurry, and we close nothing because you are quiet."
    ),
    Phrase.ANYTHING_ELSE: _l("Is there anything else that we can do for you? You decide when this ends."),
    Phrase.NEVER_CONFIRMED: _l("We never say whether we know somebody. That is the same for everyone who asks."),
    Phrase.OWN_WORRY: _l("You can tell us what worries you. We can say what help there is, for you and for others."),
    Phrase.BSL_READ: _l("Your message: we have it. We have read it. Thank you."),
    Phrase.BSL_BY: _l("We will write to you again. The day is below."),
    Phrase.BSL_HELP: _l("Help: what do you want? Tell us."),
    Phrase.BSL_WHEN: _l("To meet: which day is good for you? What time?"),
    Phrase.BSL_HOW: _l("BSL interpreter: video call, or face to face? Which do you want?"),
    Phrase.BSL_SOUGHT: _l("BSL interpreter: we are looking. We will write to you."),
    Phrase.BSL_BOOKED: _l("BSL interpreter: booked. The day and time are here."),
    Phrase.BSL_UNCLEAR: _l("Not clear? Tell us. We will write it again."),
}


def phrase_words(code: str) -> str:
    """A phrase in the language of the page; empty for an id that this release does not know, and for what is no phrase."""
    found = phrase_of(code)
    return "" if found is None else str(PHRASE_WORDS[found])
