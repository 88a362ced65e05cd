"""Words for what the desk shows as codes: times, waiting, reasons, acts. In the language of the page."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from flask_babel import format_date, gettext

from app.domain.asker import ASKED_BY_ANOTHER
from app.domain.attempts import Outcome
from app.domain.audit import act_of
from app.domain.change import Change, Standing
from app.domain.contact import SCREEN_WAYS, VOICE_WAYS, Allowed, Decision, IfAnswered, Reason, Wait, Way
from app.domain.danger import Reason as Danger
from app.domain.finding import Where
from app.domain.handover import CAME_BACK
from app.domain.joined import Likeness, Tie
from app.domain.priority import Group
from app.domain.priority import Reason as Why
from app.domain.recording import Decision as Recorded
from app.domain.reference import halves
from app.domain.roles import AUDITOR, CO_ORDINATOR, GATEKEEPER, SUPERVISOR
from app.domain.status import CaseState
from app.domain.taken import Source
from app.services.hub.contact import Address
from app.web.page import clock_time, day_name

# From here on minutes say nothing more.
HOURS_ARE_ENOUGH = timedelta(hours=48)
NO_BREAK_SPACE = "\u00a0"


def reference(digits: str) -> str:
    """A reference as it is said and printed: in two halves, three and three as a rule, never broken over a line."""
    return NO_BREAK_SPACE.join(halves(digits))


def waiting(working_time: timedelta) -> str:
    """Working time that has passed, such as "3 h 20 min"."""
    minutes = max(0, int(working_time.total_seconds())) // 60
    hours, rest = divmod(minutes, 60)
    if minutes == 0:
        words = gettext("0 min")
    elif hours == 0:
        words = gettext("%(minutes)s min", minutes=minutes)
    elif rest == 0 or working_time >= HOURS_ARE_ENOUGH:
        words = gettext("%(hours)s h", hours=hours)
    else:
        words = gettext("%(hours)s h %(minutes)s min", hours=hours, minutes=rest)
    return str(words).replace(" ", NO_BREAK_SPACE)


def day(moment: datetime, *, now: datetime, zone: ZoneInfo) -> str:
    """The day of a moment as people say it from `now`; with its year when that is another one. Both are aware."""
    local, today = moment.astimezone(zone).date(), now.astimezone(zone).date()
    near = {-1: gettext("yesterday"), 0: gettext("today"), 1: gettext("tomorrow")}.get((local - today).days)
    if near is not None:
        return str(near)
    if local.year != today.year:
        return str(format_date(moment, gettext("EEEE d MMMM y")))
    return day_name(moment)


def day_and_clock(moment: datetime, *, now: datetime, zone: ZoneInfo) -> str:
    """A day and a clock time, such as "tomorrow 09:00"."""
    return str(gettext("%(day)s %(time)s", day=day(moment, now=now, zone=zone), time=clock_time(moment)))


def until(moment: datetime, *, now: datetime, zone: ZoneInfo) -> str:
    """The end of something that goes on now: the clock time alone when it is today."""
    if moment.astimezone(zone).date() == now.astimezone(zone).date():
        return clock_time(moment)
    return day_and_clock(moment, now=now, zone=zone)


def state(code: CaseState) -> str:
    """Where a case stands."""
    return str(
        {
            CaseState.NEW: gettext("New"),
            CaseState.OURS: gettext("Ours to do"),
            CaseState.THEIRS: gettext("Theirs to do"),
            CaseState.WAITING: gettext("Waiting for others"),
            CaseState.QUIET: gettext("Quiet"),
            CaseState.CLOSED: gettext("Closed"),
        }[code]
    )


def who(code: str | None) -> str:
    """Who typed the request."""
    return str(
        {
            "me": gettext("For themselves"),
            "me-helped": gettext("For themselves, with help"),
            "other": gettext("Asked by someone else"),
            "professional": gettext("Asked by a professional"),
        }.get(code or "", gettext("Not said"))
    )


def relation(facts: Mapping[str, Any]) -> str:
    """Whom it is about, seen from whoever asked (requirement A2): themselves, somebody close, a death, something they saw."""
    if facts.get("who") in ASKED_BY_ANOTHER:
        return who(facts.get("who"))
    return str(
        {
            None: who(facts.get("who")),
            "me": who(facts.get("who")),
            "died": gettext("Someone close has died"),
            "saw": gettext("Saw or heard it"),
        }.get(facts.get("to_whom"), gettext("Close to whom it happened"))
    )


def access(facts: Mapping[str, Any], language: str, *, staff_languages: Collection[str]) -> tuple[str, ...]:
    """What to arrange before talking, as far as codes tell: sign language, text relay, an interpreter."""
    ways = facts.get("ways") or ()
    needs = []
    if language == "bsl" or Way.BSL.value in ways:
        needs.append(gettext("BSL interpreter: book first"))
    if Way.RELAY.value in ways:
        needs.append(gettext("Text relay"))
    if language not in ("en", "bsl"):
        spoken = language in staff_languages
        needs.append(gettext("A colleague speaks it") if spoken else gettext("Interpreter: book first"))
    return tuple(str(each) for each in needs)


def reach(way_label: str, decision: Decision, *, now: datetime, zone: ZoneInfo) -> str:
    """Whether somebody may be reached by this way now, in a few words."""
    if isinstance(decision, Allowed):
        return str(
            gettext("%(way)s now, until %(time)s", way=way_label, time=until(decision.until, now=now, zone=zone))
        )
    if isinstance(decision, Wait):
        again = day_and_clock(decision.until, now=now, zone=zone)
        return str(gettext("%(way)s: next %(time)s", way=way_label, time=again))
    return str(gettext("%(way)s: not now", way=way_label))


def group(code: Group) -> str:
    """The priority group that is suggested."""
    return str(
        {
            Group.SERIOUS_CRIME: gettext("Serious crime"),
            Group.VULNERABLE: gettext("Vulnerable or intimidated"),
            Group.PERSISTENT: gettext("Targeted again and again"),
            Group.NONE: gettext("No priority group"),
        }[code]
    )


def why(reason: Why) -> str:
    """Why a group is suggested."""
    return str(
        {
            Why.BEREAVED_ROAD: gettext("someone close died on the road"),
            Why.BEREAVED_KILLED: gettext("someone close was killed, or it looks like it"),
            Why.CONTROLLED: gettext("frightened or controlled by a partner or family"),
            Why.SEXUAL: gettext("something sexual that they did not want"),
            Why.HATE: gettext("targeted for who they are"),
            Why.EXPLOITED: gettext("made to work, or pay or papers kept"),
            Why.AFRAID_OF_SOMEONE: gettext("wants to be safer from someone"),
            Why.AFRAID_OF_THEMSELVES: gettext("afraid of what they might do to themselves"),
            Why.DEPENDANT_AT_RISK: gettext("wants to keep safe someone who depends on them"),
            Why.UNDER_18: gettext("under 18"),
            Why.INTIMIDATED: gettext("afraid of someone who may work where this is read"),
            Why.FOLLOWED: gettext("followed or contacted again and again"),
            Why.ANTISOCIAL_GOES_ON: gettext("trouble nearby that is still going on"),
            Why.REPORTED_OFTEN: gettext("trouble nearby, told to others three times or more"),
            Why.GOES_ON_LONG: gettext("trouble nearby for six months or more"),
        }[reason]
    )


def under_18(facts: Mapping[str, Any]) -> str:
    """That the young person who asks, or the child who is asked for, is under 18, with the age band if that was said; or ""."""
    band = facts.get("age_band") or facts.get("child_age")
    if band is None and not facts.get("under_18"):
        return ""
    said = {
        "under-13": gettext("Under 18: under 13"),
        "13-15": gettext("Under 18: 13 to 15"),
        "16-17": gettext("Under 18: 16 or 17"),
    }
    return str(said.get(str(band)) or gettext("Under 18"))


def confirmed(facts: Mapping[str, Any]) -> tuple[str, ...]:
    """What to mind when somebody asks for another person, one line each; empty for those who ask for themselves."""
    who_asked = facts.get("who")
    if who_asked not in ASKED_BY_ANOTHER:
        return ()
    lines = [str(gettext("Given by another person, not confirmed."))]
    if who_asked == "professional":
        lines.append(str(gettext("Verify by ringing the organisation’s public number, not one given here.")))
        lines.append(str(gettext("Send a receipt only: whether we could take this on, or not.")))
        if facts.get("consent") != "yes":
            lines.append(str(gettext("The person has not said yes. Take no details of theirs.")))
    else:
        lines.append(
            str(gettext("First contact goes to the one who asked. Never to the other person before their own yes."))
        )
        if facts.get("they_know") != "yes":
            lines.append(str(gettext("The other person may not know of this. Take no details of theirs.")))
    if facts.get("child_knows") in ("no", "not-sure"):
        lines.append(str(gettext("The child is 13 or older and may not know.")))
    return tuple(lines)


def about_another() -> str:
    """Why news about a person does not go to whoever asked for them."""
    return str(gettext("They asked for somebody else. News about that person must not go into this space."))


def receipt_only() -> str:
    """Why nothing may be written to somebody who asks in their work, in one line."""
    return str(gettext("Asked by a professional: a receipt only, nothing about the person."))


def refusal(reason: Reason) -> str:
    """Why somebody may not be contacted this way, in one line."""
    return str(
        {
            Reason.NO_CONTACT: gettext("They did not ask to be contacted."),
            Reason.NOT_CHOSEN: gettext("They did not choose this way."),
            Reason.NO_ADDRESS: gettext("They gave no number or address for this way."),
            Reason.NO_TIMES: gettext("They chose no times for this way."),
            Reason.NO_MESSAGE: gettext("They did not say that it may show on their screen."),
            Reason.ONLY_SCHOOL: gettext("Every time they chose lies in school hours, which are out."),
            Reason.NO_LETTER: gettext("They did not say yes to a letter."),
            Reason.MIGHT_BE_OPENED: gettext("Someone else might open their post."),
            Reason.NOT_TWICE: gettext("They are under 18 and did not choose letters twice."),
            Reason.NOT_TOLD: gettext("The person they trust does not know, and may not hear it from us."),
            Reason.STALE: gettext("Their plan may have changed. We must collect from the site first."),
            Reason.FROZEN: gettext("They have stopped all contact."),
            Reason.DIFFERENT: gettext("They asked to change this. Check first that it was them."),
            Reason.HELD: gettext("Somebody else answered, or it was wrong. A colleague decides first."),
        }[reason]
    )


def stopped_by(changes: Mapping[Change, Standing]) -> tuple[str, ...]:
    """Why all contact is stopped and what that means, in one line for each reason."""
    taken_back = gettext("They said no to deleting everything. Contact stays stopped until they start it again.")
    lines = {
        Change.FREEZE: gettext(
            "They said that it is not safe. Do not ring, write or visit. Answer only in their space."
        ),
        Change.DELETE: gettext(
            "They asked to delete everything. Do not contact them. Their space is hidden, for them too."
        ),
        Change.TAKE_BACK: gettext(
            "They took their request back. Do not contact them. Their space is hidden, for them too."
        ),
        Change.CLOSE: gettext(
            "They asked to end their support. Do not ring, write or visit. Answer only in their space."
        ),
    }
    return tuple(
        dict.fromkeys(
            str(taken_back if standing is Standing.DISOWNED else lines[kind]) for kind, standing in changes.items()
        )
    )


def not_collected() -> str:
    """Why nothing is shown when the site could not be asked."""
    return str(gettext("We could not collect from the site just now, so nothing is shown. Please try again."))


def change(kind: Change) -> str:
    """What a person asked for from their space, after "Asked to"."""
    return str(
        {
            Change.FREEZE: gettext("stop all contact"),
            Change.UNFREEZE: gettext("start contact again"),
            Change.PAUSE: gettext("pause contact"),
            Change.PLAN: gettext("change how we contact them"),
            Change.NOTICES: gettext("change how they hear of something new"),
            Change.CLOSE: gettext("end their support"),
            Change.DELETE: gettext("delete everything"),
            Change.TAKE_BACK: gettext("take the request back"),
            Change.NOT_ME: gettext("take back what was not them"),
            Change.NUMBER: gettext("get a new number"),
        }[kind]
    )


def address(compared: Address) -> str:
    """What a change that waits says of a number or address; it is not shown before it was checked."""
    return str(
        {
            Address.SAME: gettext("The number or address that we have."),
            Address.OTHER: gettext("Another number or address. It shows after the check."),
            Address.NEW: gettext("A number or address that is new to us. It shows after the check."),
            Address.NONE: gettext("No number or address."),
        }[compared]
    )


def message_label(way: Way) -> str:
    """What `message_rule` is about."""
    return str(
        {
            Way.CALL: gettext("Voice message"),
            Way.RELAY: gettext("Message by relay"),
            Way.BSL: gettext("Message"),
            Way.TRUSTED: gettext("Message with them"),
            Way.TEXT: gettext("On their screen"),
            Way.EMAIL: gettext("On their screen"),
            Way.LETTER: gettext("A letter"),
        }[way]
    )


def message_rule(way: Way, *, allowed: bool) -> str:
    """Whether a message may be left, may show on a screen, or a letter may go."""
    if way is Way.CALL:
        return str(
            gettext("You may leave a short voice message. Do not say who we are or what it is about.")
            if allowed
            else gettext("Do not leave a voice message.")
        )
    if way is Way.LETTER:
        return str(
            gettext("You may post a letter. A plain envelope, nothing on it but name and address.")
            if allowed
            else gettext("Do not post a letter.")
        )
    if way in SCREEN_WAYS:
        return str(
            gettext("It may show on their screen. Do not say who we are or what it is about.")
            if allowed
            else gettext("It must not show on their screen. Most phones show it, so write in their space instead.")
        )
    return str(
        gettext("You may leave a short message. Do not say who we are or what it is about.")
        if allowed
        else gettext("Do not leave a message.")
    )


def if_answered(choice: IfAnswered) -> str:
    """What to do when somebody else answers."""
    return str(
        {
            IfAnswered.HANG_UP: gettext("Hang up without a word."),
            IfAnswered.WRONG_NUMBER: gettext("Say that it is a wrong number, and hang up."),
            IfAnswered.ASK: gettext("Ask for the name above. If they are not there, say nothing more."),
        }[choice]
    )


def outcome(code: Outcome, way: Way) -> str:
    """What became of an attempt."""
    if way not in VOICE_WAYS and code is Outcome.MESSAGE_LEFT:
        return str(gettext("I sent it"))
    if way not in VOICE_WAYS and code is Outcome.WRONG_NUMBER:
        return str(gettext("Wrong number or address"))
    return str(
        {
            Outcome.REACHED: gettext("Reached them"),
            Outcome.NO_ANSWER: gettext("No answer"),
            Outcome.MESSAGE_LEFT: gettext("Left a message"),
            Outcome.SOMEONE_ELSE: gettext("Someone else answered"),
            Outcome.WRONG_NUMBER: gettext("Wrong number"),
            Outcome.COULD_NOT_TALK: gettext("They could not talk"),
        }[code]
    )


def recorded(code: Recorded) -> str:
    """What was decided about recording a crime."""
    return str(
        {
            Recorded.RECORDED: gettext("Recorded as a crime"),
            Recorded.NOT_RECORDED: gettext("Not recorded"),
            Recorded.ASK: gettext("A supervisor is asked"),
        }[code]
    )


def recording(fact: Mapping[str, Any] | None) -> str:
    """Where the decision about recording stands, for the strip of facts."""
    if not fact:
        return str(gettext("Not decided"))
    said = recorded(Recorded(str(fact["decision"])))
    return said if fact.get("told") else f"{said}, {gettext('they were not told')}"


def not_read() -> str:
    """Why nothing is shown to somebody who has not said that they read how."""
    return str(gettext("Read how first: their plan may have changed. Then press again."))


def number_rule(*, shown: bool) -> str:
    """Whether our number may show on the phone that rings."""
    return str(gettext("It may show.") if shown else gettext("Hide it before you call."))


def second_act(code: str) -> str:
    """What waits for a second colleague."""
    return str(
        {
            "code": gettext("a code for a new number"),
            "delete": gettext("delete everything"),
            "let-go": gettext("tell them, then delete a silent case"),
        }.get(code, code)
    )


def second_detail(code: str) -> str:
    """How it was checked who asks, as whoever asked said."""
    return str(
        {
            "code-word": gettext("They said the code word."),
            "safe-way": gettext("They were reached in a way that their plan named before."),
            "in-person": gettext("In person, and a colleague or a service knows them."),
        }.get(code, "")
    )


def roles(codes: Collection[str]) -> str:
    """What somebody may do here, in one line."""
    names = {
        CO_ORDINATOR: gettext("co-ordinator"),
        SUPERVISOR: gettext("supervisor"),
        GATEKEEPER: gettext("gatekeeper"),
        AUDITOR: gettext("auditor"),
    }
    return ", ".join(str(names.get(each, each)) for each in codes)


def act(action: str) -> str:
    """What somebody did, after their name. An act that this release does not know stays as it is."""
    found = act_of(action)
    return action if found is None else found.words


def danger_reason(reason: Danger) -> str:
    """Why contact details are opened against the plan."""
    return str(
        {
            Danger.LIFE: gettext("A life is in danger"),
            Danger.CHILD: gettext("A child is in danger"),
            Danger.COURT: gettext("A court has ordered it"),
        }[reason]
    )


def came_back(facts: Mapping[str, Any]) -> str:
    """Why a handover is ours to do again, for the queue and the case; empty when none is."""
    return str(
        {
            "bounced": gettext("A service said no. Look for another."),
            "late": gettext("A service has not answered in time."),
        }.get(str(facts.get(CAME_BACK)), "")
    )


def handover(state: str) -> str:
    """Where a handover stands, at the desk. A state that this release does not know stays as it is."""
    return str(
        {
            "asked": gettext("We asked. They have not said yes or no."),
            "agreed": gettext("They said yes. Ours to pass on."),
            "refused": gettext("They said no. Pass nothing on."),
            "passed": gettext("Passed on. The service has not said yes yet."),
            "opened": gettext("The service has read it. It has not said yes yet."),
            "accepted": gettext("The service said yes."),
            "bounced": gettext("The service said no."),
            "withdrawn": gettext("They took it back. Pass nothing on."),
            "stopped": gettext("They took it back after it was passed on. Pass nothing more on, and tell the service."),
        }.get(state, state)
    )


def parts_of_a_call() -> Mapping[str, str]:
    """The parts of the page on which a request is taken, in their order."""
    return {
        "start": gettext("Begin"),
        "conflict": gettext("Somebody they fear"),
        "who": gettext("Who needs support"),
        "reach": gettext("How to reach them"),
        "help": gettext("What would help"),
        "about": gettext("What happened"),
        "police": gettext("Police and area"),
        "words": gettext("In their own words"),
        "number": gettext("Their number"),
        "consent": gettext("Read out and send"),
    }


def source(code: str | None) -> str:
    """How a request came that was taken at the desk; empty for one from the site."""
    return str(
        {
            Source.PHONE: gettext("Taken on the phone"),
            Source.PAPER: gettext("Taken from a paper form"),
            Source.WALK_IN: gettext("Taken when they came in"),
            Source.OUTREACH: gettext("Taken out in the community"),
        }.get(Source(code), "")
        if code in {each.value for each in Source}
        else ""
    )


def where(code: Where) -> str:
    """In which part of a request something stands."""
    return str(
        {
            Where.REFERENCE: gettext("the reference"),
            Where.NAME: gettext("a name"),
            Where.REACH: gettext("how they are reached"),
            Where.WORK: gettext("who asked in their work"),
            Where.WORDS: gettext("something that was written"),
        }[code]
    )


def likeness(code: Likeness) -> str:
    """Why two requests may be of one person."""
    return str(
        {
            Likeness.REFERENCE: gettext("one names the reference of the other"),
            Likeness.PHONE: gettext("the same phone number"),
            Likeness.EMAIL: gettext("the same email address"),
        }[code]
    )


def tie(code: Tie) -> str:
    """How two cases belong together."""
    return str({Tie.SAME: gettext("The same person"), Tie.LINKED: gettext("Two people who belong together")}[code])
