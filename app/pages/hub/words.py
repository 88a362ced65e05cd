"""Words for what the desk shows as codes: times, waiting, reasons, acts. In the language of the page."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from flask_babel import format_date, gettext

from app.domain.asker import ASKED_BY_ANOTHER
from app.domain.change import Change, Standing
from app.domain.contact import SCREEN_WAYS, IfAnswered, Reason, Way
from app.domain.handover import CAME_BACK
from app.domain.priority import Group
from app.domain.priority import Reason as Why
from app.domain.status import CaseState
from app.services.hub.contact import Address
from app.web.page import clock_time, day_name

# From here on minutes say nothing more.
HOURS_ARE_ENOUGH = timedelta(hours=48)
NO_BREAK_SPACE = "\u00a0"


def reference(digits: str) -> str:
    """A reference of six digits as it is said and printed: three and three, never broken over a line."""
    return f"{digits[:3]}{NO_BREAK_SPACE}{digits[3:]}"


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


def number_rule(*, shown: bool) -> str:
    """Whether our number may show on the phone that rings."""
    return str(gettext("It may show.") if shown else gettext("Hide it before you call."))


def act(action: str) -> str:
    """What somebody did to a case, for its trail. An act that this release does not know stays as it is."""
    return str(
        {
            "claimed": gettext("took the case"),
            "handed-back": gettext("handed the case back"),
            "opened-request": gettext("opened the request"),
            "showed-way": gettext("had a number or address shown"),
            "sent-status": gettext("sent news"),
            "sent-message": gettext("sent a message"),
            "sent-milestone": gettext("sent news of a police or court case"),
            "gave-code": gettext("gave a code for a new number"),
            "closed": gettext("closed the case"),
            "kept-on": gettext("decided to keep it"),
            "let-go": gettext("decided to let it go, and set the day"),
            "change-confirmed": gettext("checked a change, and it was right"),
            "change-declined": gettext("checked a change, and it was not right"),
            "asked-handover": gettext("asked to pass them on"),
            "handover-passed": gettext("passed them on"),
            "handover-accepted": gettext("noted that a service said yes"),
            "handover-bounced": gettext("noted that a service said no"),
            "sent-reading": gettext("sent something to read"),
            "saw-packet": gettext("looked at what would be handed over"),
            "sent-packet": gettext("handed over a packet"),
            "packet-code-went": gettext("passed on the code of a packet"),
            "mailed-packet": gettext("sent the message about a packet"),
            "signposted": gettext("told them about a service"),
            "answered-asked": gettext("answered what they asked for"),
        }.get(action, action)
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
