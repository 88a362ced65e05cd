"""How each of the stories goes on for three months: news, a frozen plan, a refused handover, a lost number, a deletion ...

Days are counted from the one on which they asked, a Tuesday. `on` is for what could all happen on one day: `make seed` plays
each story up to the first thing that takes time to come true (`later`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from app.domain.asking import Answer, Asked
from app.domain.change import Change
from app.domain.handover import Decision, Kind, State
from app.domain.status import Milestone, Status
from tests.harness.life import Happening, Life, later, on
from tests.stories import (
    BROTHER,
    DAUGHTER_HELPS,
    FIFTEEN,
    NEIGHBOUR,
    PARENT,
    PROFESSIONAL,
    READER,
    STORIES,
    STUDENT,
    TARGETED,
    WATCHED,
    WITNESS,
    WORKER,
    Story,
)

WORKERS = AMIRA, BEN, CARYS, DILYS = "dev-amira", "dev-ben", "dev-carys", "dev-dilys"
HELLO = "Hello. I have read what you sent. You do not have to answer today. What would help you first?"
MONTHS = 92
# Closed cases are kept for so many days in the story of who closes theirs: three months show it.
KEPT_CLOSED = 80
LATE = "We are late. We are sorry."
STOPPED = "Nobody will contact you."


@dataclass(frozen=True, kw_only=True)
class Continuation:
    """What happens to somebody after they have asked, and who at the Hub looks after them. `language` is the slug under
    which they read the portal."""

    worker: str
    happenings: tuple[Happening, ...]
    language: str = "en"

    @property
    def on_one_day(self) -> tuple[Happening, ...]:
        """What happens before anything that takes time."""
        first = next((place for place, each in enumerate(self.happenings) if each.needs_its_day), len(self.happenings))
        return self.happenings[:first]


# Her partner reads her phone, and one evening makes her say the number as well. Any colleague may help her.
FORCED_OUT = replace(
    WATCHED.open_to_all(),
    key="forced-out",
    title="A woman whose partner made her hand over her number",
    message="Please answer me here only. He is at work until four.",
)
EVERYBODY: tuple[Story, ...] = (*STORIES, FORCED_OUT)

IN_HER_WORDS = "Choir has moved to Tuesday"
RUTHS_PHONE = "07700 900888"

CONTINUATIONS: Mapping[str, Continuation] = {
    PARENT.key: Continuation(
        worker=AMIRA,
        happenings=(
            on(0, Life.is_claimed),
            on(0, Life.is_told, HELLO),
            on(0, Life.has_news, Status.WORKING, by_in=10, stage="reported"),
            on(0, Life.writes, PARENT.message),
            later(8, Life.is_told, "There is somebody who can talk to you first. Shall we say Monday?"),
            later(11, Life.sees_not, LATE),
            # From now on she is told by e-mail that there is something new: after a test, and once until she has looked.
            later(13, Life.wants_notices, IN_HER_WORDS, code_word=PARENT.code_word),
            later(13, Life.has_been_told, IN_HER_WORDS, times=1),
            later(13, Life.saw_it_alone),
            later(14, Life.is_told, "Monday at two, then. I ring you, and only you."),
            later(14, Life.has_been_told, IN_HER_WORDS, times=2),
            later(15, Life.is_told, "If two is not good, write to me here."),
            later(15, Life.has_been_told, IN_HER_WORDS, times=2),
            later(15, Life.sees, "Monday at two"),
            later(16, Life.has_been_told, IN_HER_WORDS, times=2),
            on(20, Life.has_milestone, Milestone.CHARGE, on_in=-1, by_in=14),
            later(35, Life.sees, LATE),
            later(36, Life.has_milestone, Milestone.HEARING, on_in=20, time="10:30"),
            later(36, Life.has_been_told, IN_HER_WORDS, times=3),
            later(36, Life.sees_not, LATE),
            later(MONTHS, Life.sees, "Police or court case", "Hearing", PARENT.message),
            later(MONTHS, Life.desk_shows, "Hearing", PARENT.message),
        ),
    ),
    BROTHER.key: Continuation(
        worker=BEN,
        happenings=(
            later(1, Life.is_claimed),
            later(1, Life.is_told, "I am so sorry. There is nothing that you must do today."),
            later(1, Life.is_not_asked_how_they_are),
            later(14, Life.writes, BROTHER.message),
            later(15, Life.has_milestone, Milestone.INQUEST, on_in=60, by_in=30),
            later(60, Life.is_not_asked_how_they_are),
            later(60, Life.is_told, "The inquest is still on that day. I come with you if you like."),
            later(MONTHS, Life.has_news, Status.HOW_ARE_YOU),
            later(MONTHS, Life.sees, "Police or court case", "Inquest", BROTHER.message),
            later(MONTHS, Life.sees_not, LATE),
            later(MONTHS, Life.desk_shows, BROTHER.message),
        ),
    ),
    NEIGHBOUR.key: Continuation(
        worker=BEN,
        happenings=(
            on(0, Life.is_claimed),
            on(0, Life.is_told, HELLO),
            on(0, Life.has_news, Status.FINDING_OUT, by_in=14, stage="antisocial"),
            on(13, Life.has_news, Status.ASB_ASKED),
            later(30, Life.writes, NEIGHBOUR.message),
            later(31, Life.has_news, Status.ASB_REVIEW_ASKED, stage="antisocial"),
            later(45, Life.has_news, Status.ASB_REVIEW_HELD),
            later(50, Life.has_news, Status.ASB_PLAN),
            later(50, Life.has_news, Status.ASB_CHECK, on_in=30),
            later(MONTHS, Life.sees, NEIGHBOUR.message, "Ben"),
            later(MONTHS, Life.sees_not, LATE),
            later(MONTHS, Life.desk_shows, NEIGHBOUR.message),
        ),
    ),
    WATCHED.key: Continuation(
        worker=DILYS,
        happenings=(
            on(0, Life.is_claimed),
            on(0, Life.is_told, HELLO),
            on(0, Life.writes, WATCHED.message),
            on(0, Life.stops_contact),
            on(0, Life.may_not_be_rung, RUTHS_PHONE),
            later(1, Life.sees, STOPPED),
            later(30, Life.starts_contact, "not the word"),
            later(30, Life.may_not_be_rung, RUTHS_PHONE),
            later(37, Life.starts_contact, WATCHED.code_word),
            later(37, Life.may_be_rung, RUTHS_PHONE),
            later(MONTHS, Life.sees_not, STOPPED),
            later(MONTHS, Life.sees, WATCHED.message),
            later(MONTHS, Life.desk_shows, WATCHED.message),
        ),
    ),
    FIFTEEN.key: Continuation(
        worker=CARYS,
        happenings=(
            on(0, Life.tells_how, health="very-hard", social="very-hard"),
            later(1, Life.is_claimed),
            later(1, Life.is_told, "You decide. I tell you before I tell anybody. Only danger is different."),
            later(1, Life.writes, FIFTEEN.message),
            later(43, Life.tells_how, health="a-bit-hard", social="fine"),
            later(MONTHS, Life.sees, "Very hard", "A bit hard", at="/how"),
            later(MONTHS, Life.sees, FIFTEEN.message),
            later(MONTHS, Life.desk_shows, FIFTEEN.message),
            later(MONTHS, Life.desk_shows_not, "How you are doing", "A bit hard"),
        ),
    ),
    WORKER.key: Continuation(
        worker=BEN,
        language="en-XA",
        happenings=(
            on(0, Life.is_claimed),
            on(0, Life.is_told, HELLO),
            on(0, Life.writes, WORKER.message),
            on(0, Life.asks_for, Asked.INTERPRETER, into="Žemaičių tarmė", prefer="man", words="Tik ne iš Visbecho"),
            later(3, Life.is_answered, Answer.WORKING, "Ieškome vyro, kuris kalba jūsų kalba."),
            later(6, Life.is_answered, Answer.DONE, "Vertėjas bus su mumis sekmadienį."),
            later(6, Life.has_news, Status.APPOINTMENT, on_in=6, time="15:00"),
            later(MONTHS, Life.sees, WORKER.message, "Vertėjas bus su mumis sekmadienį."),
            later(MONTHS, Life.desk_shows, WORKER.message),
        ),
    ),
    DAUGHTER_HELPS.key: Continuation(
        worker=CARYS,
        happenings=(
            on(0, Life.is_claimed),
            on(0, Life.is_told, HELLO),
            on(0, Life.has_news, Status.WORKING),
            on(0, Life.is_asked_to_be_passed_on, Kind.NAME, Kind.REACH, Kind.ACCESS, Kind.WROTE),
            later(2, Life.writes, DAUGHTER_HELPS.message),
            later(
                2,
                Life.decides,
                Decision.APPROVE,
                kinds=(Kind.NAME, Kind.ACCESS),
                note="Let them write first, and never ring the bell",
            ),
            later(5, Life.desk_shows, "They said yes. Ours to pass on."),
            later(5, Life.handover_is, State.PASSED),
            later(9, Life.handover_is, State.ACCEPTED),
            later(MONTHS, Life.sees_of_handover, "They have said yes"),
            later(MONTHS, Life.sees, DAUGHTER_HELPS.message),
            later(MONTHS, Life.desk_shows, "The service said yes.", DAUGHTER_HELPS.message),
        ),
    ),
    STUDENT.key: Continuation(
        worker=AMIRA,
        happenings=(
            on(0, Life.is_claimed),
            on(0, Life.is_told, HELLO),
            on(0, Life.is_asked_to_be_passed_on, Kind.NAME, Kind.HELP, Kind.HAPPENED),
            on(1, Life.decides, Decision.REFUSE, note="Nobody at the college may know"),
            later(3, Life.may_not_take_back),
            later(20, Life.writes, STUDENT.message),
            later(
                21,
                Life.is_told,
                "As long as you like. Some traces last only some days, and you can keep them for later.",
            ),
            later(MONTHS, Life.sees_of_handover, "You said no"),
            later(MONTHS, Life.sees, STUDENT.message),
            later(MONTHS, Life.desk_shows, "They said no. Pass nothing on.", STUDENT.message),
        ),
    ),
    TARGETED.key: Continuation(
        worker=BEN,
        happenings=(
            on(0, Life.is_claimed),
            on(0, Life.is_told, HELLO),
            on(24, Life.gets_new_number),
            on(24, Life.number_opens_nothing),
            on(24, Life.writes, TARGETED.message),
            later(45, Life.has_news, Status.NO_NEWS, by_in=7),
            later(MONTHS, Life.number_opens_nothing),
            later(MONTHS, Life.sees, "Your return number was changed.", TARGETED.message, LATE),
            later(MONTHS, Life.desk_shows, TARGETED.message, "Late."),
        ),
    ),
    PROFESSIONAL.key: Continuation(
        worker=AMIRA,
        happenings=(
            on(0, Life.is_claimed),
            on(0, Life.has_news, Status.TAKEN_ON),
            on(0, Life.may_be_told_receipts_only),
            later(10, Life.writes, PROFESSIONAL.message),
            later(MONTHS, Life.sees, "The Hub could take this on.", PROFESSIONAL.message),
            later(MONTHS, Life.sees_not, HELLO),
            later(MONTHS, Life.may_be_told_receipts_only),
            later(MONTHS, Life.desk_shows, PROFESSIONAL.message),
        ),
    ),
    WITNESS.key: Continuation(
        worker=CARYS,
        happenings=(
            on(0, Life.is_claimed),
            on(0, Life.is_told, HELLO),
            on(0, Life.has_news, Status.WAITING_FOR_YOU),
            on(21, Life.has_milestone, Milestone.TRIAL, on_in=30),
            on(21, Life.writes, WITNESS.message),
            on(60, Life.deletes),
            on(60, Life.everything_is_hidden),
            on(60, Life.desk_shows, "They asked to delete everything", "Do not contact them"),
            later(66, Life.everything_is_hidden),
            later(68, Life.is_gone),
            later(MONTHS, Life.is_gone),
        ),
    ),
    READER.key: Continuation(
        worker=DILYS,
        happenings=(
            on(1, Life.writes, READER.message),
            on(1, Life.closes),
            later(3, Life.sees_not, "This is closed"),
            later(5, Life.sees, "This is closed", READER.message),
            later(5, Life.leaves_the_queue),
            later(5 + KEPT_CLOSED - 32, Life.what_is_kept_is_looked_through, closed=KEPT_CLOSED),
            later(5 + KEPT_CLOSED - 32, Life.sees_not, "This space is kept until"),
            later(5 + KEPT_CLOSED - 29, Life.what_is_kept_is_looked_through, closed=KEPT_CLOSED),
            later(5 + KEPT_CLOSED - 29, Life.sees, "This space is kept until"),
            later(5 + KEPT_CLOSED + 2, Life.what_is_kept_is_looked_through, closed=KEPT_CLOSED),
            later(MONTHS, Life.is_gone),
        ),
    ),
    FORCED_OUT.key: Continuation(
        worker=AMIRA,
        happenings=(
            on(0, Life.is_claimed),
            on(0, Life.is_told, HELLO),
            on(9, Life.writes, FORCED_OUT.message),
            on(30, Life.stops_contact),
            on(30, Life.hands_number_over),
            on(30, Life.other_wants, Change.UNFREEZE),
            on(30, Life.may_not_be_rung, RUTHS_PHONE),
            on(30, Life.other_wants, Change.DELETE),
            on(30, Life.everything_is_hidden),
            on(31, Life.gets_new_number, stolen=True),
            on(31, Life.was_not_me),
            on(31, Life.number_opens_nothing),
            later(40, Life.number_opens_nothing),
            later(MONTHS, Life.number_opens_nothing),
            later(MONTHS, Life.sees, STOPPED, "Your return number was changed.", FORCED_OUT.message, HELLO),
            later(MONTHS, Life.may_not_be_rung, RUTHS_PHONE),
            later(MONTHS, Life.desk_shows, FORCED_OUT.message),
        ),
    ),
}
