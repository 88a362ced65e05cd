"""The words of coded news: what each status and each step of a case means, and what happens next. For the space and the desk."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flask_babel import gettext
from flask_babel import lazy_gettext as _l

from app.domain.notice import Told
from app.domain.status import Milestone, Status


@dataclass(frozen=True)
class Words:
    """What it is called in a list (for the desk too), what it means, and what happens next."""

    name: Any
    means: Any
    next: Any


_OPENED = _l("We opened your contact details")
_ASK_ABOUT_OPENING = _l("You can ask us about it here, or complain about it.")
STATUS_WORDS: Mapping[Status, Words] = {
    Status.READ: Words(
        _l("Read by a person"),
        _l("Read by a person. Someone at the Hub has opened your request."),
        _l("We answer here, or in the way that you chose."),
    ),
    Status.WORKING: Words(
        _l("We are working on it"),
        _l("We are working on it. You need do nothing now."),
        _l("We write here when there is something to tell."),
    ),
    Status.FINDING_OUT: Words(
        _l("We are finding something out for you"),
        _l("We are finding something out for you. We will write here when we know."),
        _l("You can write to us in the meantime."),
    ),
    Status.WAITING_FOR_YOU: Words(
        _l("We need to hear from you"),
        _l("We need to hear from you. Please write to us here when you can."),
        _l("There is no hurry. We close nothing because you are quiet."),
    ),
    Status.NO_NEWS: Words(
        _l("No news, and we have not forgotten you"),
        _l("There is no news yet. We have not forgotten you."),
        _l("We write when there is news, and also when there is still none."),
    ),
    Status.TAKEN_ON: Words(
        _l("Receipt: we could take this on"),
        _l("The Hub could take this on. We cannot tell you more here."),
        _l("You need do nothing more."),
    ),
    Status.NOT_TAKEN_ON: Words(
        _l("Receipt: we could not take this on"),
        _l("The Hub could not take this on. We cannot tell you more here."),
        _l("The person can ask us themselves, or find other help on this site."),
    ),
    Status.NO_READER: Words(
        _l("Nobody can read it now"),
        _l("Nobody at the Hub can read your request now, and nobody has read it. You did nothing wrong."),
        _l("There is help apart from the Hub. It stands at the top of your space."),
    ),
    Status.WORKER: Words(
        _l("Who looks after your support"),
        _l("Someone looks after your support now: the person who is named here."),
        _l("You can write to them here, or phone and ask for them."),
    ),
    Status.NO_WORKER: Words(
        _l("Handed back to the team"),
        _l("The person named here has handed your support back to the team."),
        _l("The team looks after it until someone takes it on. You can write here as before."),
    ),
    Status.CLOSED: Words(
        _l("Closed"),
        _l("The Hub has closed this, as you said."),
        _l("You can open it again: write to us here."),
    ),
    Status.KEPT_UNTIL: Words(
        _l("How long this is kept"),
        _l("This space is kept for some time only."),
        _l("At the top of it you see until when, and how to keep it."),
    ),
    Status.KEPT_ON: Words(
        _l("This space is kept"),
        _l("This space is kept. It is not deleted on the day that was named before."),
        _l("You need do nothing."),
    ),
    Status.OPENED_LIFE: Words(
        _OPENED,
        _l("We opened your contact details without asking you, because we believed that a life was in danger."),
        _ASK_ABOUT_OPENING,
    ),
    Status.OPENED_CHILD: Words(
        _OPENED,
        _l("We opened your contact details without asking you, because we believed that a child was in danger."),
        _ASK_ABOUT_OPENING,
    ),
    Status.OPENED_COURT: Words(
        _OPENED,
        _l("We opened your contact details without asking you, because a court had ordered it."),
        _ASK_ABOUT_OPENING,
    ),
    Status.APPOINTMENT: Words(
        _l("A time to talk"),
        _l("You have a time to talk with us."),
        _l("If it does not suit you, write to us here. Then we change it."),
    ),
    Status.READING_SENT: Words(
        _l("Something to read"),
        _l("Here is something that you may want to read."),
        _l("Read it when you like, or leave it. You can ask us about it here."),
    ),
    Status.HOW_ARE_YOU: Words(
        _l("How are you doing?"),
        _l("If you like, you can look at how you are doing."),
        _l("It is for you. We see it only if you send it to us."),
    ),
    Status.ASB_ASKED: Words(
        _l("The council was asked to act"),
        _l("We have asked the council to act on the trouble."),
        _l("The council looks into it. If it happens again, report it, and note the day and time."),
    ),
    Status.ASB_REVIEW_ASKED: Words(
        _l("A review was asked for"),
        _l("A review of the trouble has been asked for."),
        _l("The council says whether there is one. It may ask you what happened, and when."),
    ),
    Status.ASB_REVIEW_HELD: Words(
        _l("The review was held"),
        _l("The review has been held. Those who can do something have talked about it."),
        _l("You are told what they plan to do."),
    ),
    Status.ASB_PLAN: Words(
        _l("There is a plan"),
        _l("There is a plan: who does what, and by when."),
        _l("If somebody does not do their part, tell us here."),
    ),
    Status.ASB_CHECK: Words(
        _l("The next check"),
        _l("We look again at how things are on the day named here."),
        _l("If it gets worse before then, tell us. You need not wait."),
    ),
}

# How what tells them of news is doing; the page of notices says what can be done about it.
_ABOUT_NOTICES = _l("You can change this on the page about notices in your space.")
NOTICE_WORDS: Mapping[Told, Words] = {
    Told.TEST_SENT: Words(
        _l("A test was sent"),
        _l("We have sent one test of how we tell you that there is something new. Did only you see it?"),
        _ABOUT_NOTICES,
    ),
    Told.FAILED: Words(
        _l("A notice could not be sent"),
        _l("We could not send you a notice. Please look here from time to time."),
        _ABOUT_NOTICES,
    ),
    Told.NOT_IN_PLAN: Words(
        _l("No notice was sent"),
        _l("We sent you no notice: what you told us about contact does not allow this way."),
        _ABOUT_NOTICES,
    ),
    Told.NOT_OFFERED: Words(
        _l("No notice can be sent this way"),
        _l("We cannot send notices this way at the moment. Please look here from time to time."),
        _ABOUT_NOTICES,
    ),
}

MILESTONE_WORDS: Mapping[Milestone, Words] = {
    Milestone.RECORDED: Words(
        _l("Recorded"),
        _l("The police have written down what happened as a crime."),
        _l("They decide how they look into it."),
    ),
    Milestone.INVESTIGATION: Words(
        _l("Investigation"),
        _l("The police are looking into it."),
        _l("It may take long, with quiet times. You can ask the officer for news at any time."),
    ),
    Milestone.ARREST: Words(
        _l("Arrest"),
        _l("The police have arrested someone."),
        _l("They ask questions. Then they charge the person, or let them go while they look further."),
    ),
    Milestone.BAIL: Words(
        _l("Bail"),
        _l("Someone was let go, and must come back. That is called bail. It may have rules."),
        _l("If they break a rule, phone the police on 101. If you are in danger, phone 999."),
    ),
    Milestone.CHARGE: Words(
        _l("Charge"),
        _l("Someone has been charged. That means that a court will deal with it."),
        _l("There is a first hearing, most often soon."),
    ),
    Milestone.NO_FURTHER_ACTION: Words(
        _l("Not taken further"),
        _l("The police or the prosecutors do not take it further. It does not mean that you were not believed."),
        _l("Your support goes on, just the same. You may be able to ask for a review."),
    ),
    Milestone.HEARING: Words(
        _l("Hearing"),
        _l("There is a day in court."),
        _l("Days in court often move. Ask us or the Witness Care Unit if you are not sure."),
    ),
    Milestone.TRIAL: Words(
        _l("Trial"),
        _l("There is a trial. The court hears what happened."),
        _l("You may be asked to come. People from the Witness Service can show you the court before."),
    ),
    Milestone.VERDICT: Words(
        _l("Verdict"),
        _l("The court has decided."),
        _l("If it said guilty, a sentence comes next. Whatever it said, your support goes on."),
    ),
    Milestone.SENTENCE: Words(
        _l("Sentence"),
        _l("The court has said what the sentence is."),
        _l("Somebody tells you what it means, and you can ask."),
    ),
    Milestone.APPEAL: Words(
        _l("Appeal"),
        _l("A higher court is asked to look at it again."),
        _l("You are told how that ends."),
    ),
    Milestone.RELEASE: Words(
        _l("Release"),
        _l("Someone leaves prison, or has left it."),
        _l("If you are worried, tell us, so that we can plan with you. If you are in danger, phone 999."),
    ),
    Milestone.INQUEST: Words(
        _l("Inquest"),
        _l("A coroner finds out how someone died. That is called an inquest."),
        _l("The coroner’s officer tells you the days. You may bring someone with you."),
    ),
}


def words_of(code: str, *, name: str = "") -> Words | None:
    """The words of a status or a step, by the code that travelled; None for one that this release does not know.

    `name`: the first name of who sent it, for news that is about them.
    """
    for known in (STATUS_WORDS, MILESTONE_WORDS, NOTICE_WORDS):
        found = next((words for each, words in known.items() if each == code), None)
        if found is None:
            continue
        if name and code == Status.WORKER:
            return Words(found.name, gettext("%(name)s looks after your support now.", name=name), found.next)
        if name and code == Status.NO_WORKER:
            return Words(
                found.name, gettext("%(name)s has handed your support back to the team.", name=name), found.next
            )
        return found
    return None
