"""Somebody's life with the service after they have asked: what they and the desk do, day by day, through the pages alone.

Every act is one thing that one of them does, or finds; what does not happen as it should is a NotOffered or an AssertionError.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Concatenate, ParamSpec

from app import wiring
from app.adapters import sealing
from app.data import hub as hub_rows
from app.domain.asking import BY_NUMBER, Answer, Asked
from app.domain.change import Change
from app.domain.handover import Decision, Kind, State, Why
from app.domain.retention import Periods
from app.domain.status import Milestone, Status
from app.services.hub import notices, records, retention
from app.services.hub.notices import Mode
from app.web import clock
from tests.harness.pages import NotOffered, Page
from tests.harness.people import SUPERVISOR, Colleague, Person, shown_number
from tests.harness.sides import Sides
from tests.stories import Story

NOT_FOUND, UNPROCESSABLE = 404, 422
OPENS_NOTHING = "No space opens with this number"
# Shorter things that somebody typed stand in other words too.
SHORTEST = 5
# Fields in which the referral takes a person's own words, but for those that their space shows anyway.
OF_THE_REFERRAL = ("code_word", "words", "into", "note")

P = ParamSpec("P")


class Life:
    """One person, whoever has their case at the desk, and the post between them.

    `carry` makes the post arrive. `typed` is all that they ever typed into the referral lane, `letters` every envelope to the
    portal about their case with what it says, opened.
    """

    def __init__(
        self, sides: Sides, person: Person, *, worker: str, desk: Colleague, carry: Callable[[], None]
    ) -> None:
        """Somebody who has asked, whose request has come to the Hub. `desk` is signed in as `worker`."""
        self.sides, self.person, self.desk, self._worker, self._carry = sides, person, desk, worker, carry
        self.typed = typed_in(person.story)
        self.old_number = ""
        self.other: Person | None = None
        self.letters: dict[bytes, str] = {}
        with sides.hub_side.database.reading() as session:
            case = hub_rows.case_by_reference(session, person.reference)
            assert case is not None, "the request has not come"
            self.case_id = case.id
            self._secret = records.case_key(session, case.id, opener=sides.hub_side.opener).case_secret
        self._address = f"/cases/{self.case_id.hex()}"

    def carry(self) -> None:
        """Make the post arrive, and read what it brings to the portal."""
        self._read_letters()
        self._carry()
        self._read_letters()

    # The person

    def writes(self, text: str) -> None:
        """Come back and write to the Hub."""
        self._inside()
        self.person.write(text)

    def sees(self, *words: str, at: str = "") -> None:
        """Find these words on a page of the space."""
        page = self._inside(at)
        for each in words:
            assert each in page.text, (each, page.text)

    def sees_not(self, *words: str, at: str = "") -> None:
        """Find none of these words on a page of the space."""
        page = self._inside(at)
        for each in words:
            assert each not in page.text, (each, page.text)

    def stops_contact(self) -> None:
        """Press "not safe now"."""
        page = self._inside()
        self.person.client.submit(page, page.form(to="/stop"))

    def starts_contact(self, code_word: str) -> None:
        """Ask to be contacted again."""
        page = self._inside("/contact/start")
        self.person.client.submit(page, page.form(to="/start"), {"code_word": code_word})

    def tells_how(self, /, **answers: str) -> None:
        """Fill in how they are doing, for themselves."""
        page = self._inside("/how/now")
        done = self.person.client.submit(page, page.form(*answers), answers)
        assert done.path.endswith("/case/how"), done

    def wants_notices(self, words: str, *, code_word: str) -> None:
        """Ask to be told by e-mail, in their own words."""
        page = self._inside("/notices")
        looked = self.person.client.submit(page, page.form("way"), {"way": "email", "words": "own", "own": words})
        assert words in looked.text
        self.person.client.submit(looked, looked.form("code_word"), {"code_word": code_word}, press="send")

    def saw_it_alone(self) -> None:
        """Say that nobody else saw the test."""
        page = self._inside("/notices")
        self.person.client.submit(page, page.form("only_me"), {"only_me": "yes"})

    def asks_for(self, what: Asked, /, **answers: str) -> None:
        """Ask the Hub for something."""
        number = next(number for number, each in BY_NUMBER.items() if each is what)
        page = self._inside(f"/ask/{number}")
        done = self.person.client.submit(page, page.form(*answers), answers)
        assert done.path.endswith("/sent"), done
        self.typed |= _long_enough(value for name, value in answers.items() if name in OF_THE_REFERRAL)

    def decides(self, decision: Decision, *, kinds: tuple[Kind, ...] = (), note: str = "") -> None:
        """Say yes to being passed on with these kinds of things, or no; what is not named is left out."""
        page = self._inside(self._newest_handover())
        if decision is Decision.WITHDRAW:
            self.person.client.submit(page, page.form("withdraw"))
            return
        form = page.form("decision", "note")
        choices = {name: "leave" for name in form.names if name.startswith("kind_")}
        choices |= {f"kind_{kind.value}": "pass" for kind in kinds}
        done = self.person.client.submit(page, form, {**choices, "note": note, "decision": decision.value})
        assert done.root.find("stands") is not None, done
        self.typed |= _long_enough([note])

    def sees_of_handover(self, words: str) -> None:
        """Find how the newest handover stands."""
        found = self._inside(self._newest_handover()).part("stands")
        assert words in found, found

    def may_not_take_back(self) -> None:
        """There is nothing to take back any more: that page leads to the one about deleting."""
        assert self._inside("/end/back").path.endswith("/end/delete")

    def closes(self, code_word: str = "") -> None:
        """Ask to close it."""
        self._leaves("/end/close", code_word)

    def deletes(self, code_word: str = "") -> None:
        """Ask to delete everything."""
        self._leaves("/end/delete", code_word)

    def everything_is_hidden(self) -> None:
        """Their number leads to nothing but the way to undo a deletion."""
        page = self.person.come_back()
        assert page.heading == "Everything is hidden", page.text
        assert self.person.story.message not in page.text

    def is_gone(self) -> None:
        """Nothing of it is left, on either side."""
        assert OPENS_NOTHING in self.person.come_back().text
        assert self._at_desk().status == NOT_FOUND
        with self.sides.hub_side.database.reading() as session:
            assert session.get(hub_rows.Case, self.case_id) is None
            assert session.get(hub_rows.RecordSecret, self.case_id) is None
            assert session.get(hub_rows.Tombstone, self.case_id) is not None

    # The number

    def hands_number_over(self) -> None:
        """Somebody else makes them say the number, and gets in."""
        self.other = Person(self.sides.portal_client(), self.person.story)
        self.other.number = self.person.number
        assert self.other.come_back().path.endswith("/case")

    def other_wants(self, change: Change) -> None:
        """Whoever else has the number asks to start contact again, or to delete everything, without knowing the code word."""
        assert self.other is not None
        path = {Change.UNFREEZE: "/contact/start", Change.DELETE: "/end/delete"}[change]
        page = self.other.client.visit(f"{self.other.home}case{path}")
        self.other.client.submit(page, page.form("code_word"), {"code_word": "I do not know it"})

    def was_not_me(self) -> None:
        """Say that what waits was not them."""
        page = self._inside()
        self.person.client.submit(page, page.form(to="/not-me"))

    def gets_new_number(self, *, stolen: bool = False) -> None:
        """Ring the Hub, say the code word, and collect a new number with the code that they are given."""
        case = self._at_desk(is_open=True)
        # A case of gatekeepers needs two of them, and only one works here: for this once it is open to all.
        with self.sides.hub_side.database.writing() as session:
            row = session.get_one(hub_rows.Case, self.case_id)
            facts, row.facts = row.facts, {**row.facts, "restricted": False}
        code = self.desk.new_number(case, self.sides.hub_client(), by=SUPERVISOR, is_stolen=stolen)
        with self.sides.hub_side.database.writing() as session:
            session.get_one(hub_rows.Case, self.case_id).facts = facts
        self.carry()
        if stolen:
            self.number_opens_nothing()
        client = self.person.client
        page = client.visit(f"{self.person.home}return/collect")
        answers = {"reference": self.person.reference, "code": code}
        shown = client.submit(page, page.form("reference", "code"), answers)
        self.old_number, self.person.number = self.person.number, shown_number(shown)
        kept = client.submit(shown, shown.form("last_row"), {"last_row": self.person.number[-6:]})
        assert kept.path.endswith("/return"), kept

    def number_opens_nothing(self) -> None:
        """Whoever else was inside is out at once, and the number that they both have opens nothing."""
        number = self.old_number or self.person.number
        if self.other is not None:
            assert not self.other.space().path.endswith("/case"), "still inside"
            assert OPENS_NOTHING in self.other.come_back(number).text
        other_browser = Person(self.sides.portal_client(), self.person.story)
        assert OPENS_NOTHING in other_browser.come_back(number).text

    # The desk

    def is_claimed(self) -> None:
        """A colleague takes the case."""
        self.desk.claim(self._at_desk())

    def is_told(self, text: str) -> None:
        """The Hub writes."""
        sent = self.desk.write(self._at_desk(is_open=True), text)
        assert text in sent.text, sent

    def has_news(
        self, status: Status, *, on_in: int | None = None, by_in: int | None = None, stage: str = "", time: str = ""
    ) -> None:
        """The Hub sends coded news; the days are given as so many from now."""
        page = self._at_desk(is_open=True)
        answers = {"status": status.value} | ({"stage": stage} if stage else {}) | _days(on_in, by_in, time)
        sent = self.desk.client.submit(page, page.form("status", to="/status"), answers)
        assert sent.status != UNPROCESSABLE, sent.text

    def has_milestone(self, milestone: Milestone, *, on_in: int, by_in: int | None = None, time: str = "") -> None:
        """The Hub passes on a step of a police or court case, so many days from now."""
        page = self._at_desk(is_open=True)
        answers = {"milestone": milestone.value} | _days(on_in, by_in, time)
        sent = self.desk.client.submit(page, page.form("milestone", to="/milestone"), answers)
        assert sent.status != UNPROCESSABLE, sent.text

    def is_not_asked_how_they_are(self) -> None:
        """It is too soon after a death: the desk may not ask."""
        refused = self.desk.send_status(self._at_desk(is_open=True), Status.HOW_ARE_YOU.value)
        assert refused.status == UNPROCESSABLE, refused.text

    def is_asked_to_be_passed_on(self, *kinds: Kind) -> None:
        """The Hub asks whether they may be passed on."""
        page = self.desk.client.visit(f"{self._at_desk(is_open=True).path}/handover")
        reachable = (each for each in self.sides.hub_side.directory.all if each.is_reachable and each.is_national)
        answers = {
            "service": next(reachable).id,
            "why": Why.KNOWS_MORE.value,
            "kinds": tuple(kind.value for kind in kinds),
        }
        done = self.desk.client.submit(page, page.form("service", "kinds"), answers)
        assert done.path == self._address, done.text

    def handover_is(self, state: State) -> None:
        """A colleague writes down how a handover stands."""
        page = self._at_desk(is_open=True)
        self.desk.client.submit(page, page.form("state"), {"state": state.value})

    def is_answered(self, state: Answer, text: str) -> None:
        """A colleague answers what was asked for."""
        page = self.desk.client.visit(f"{self._at_desk(is_open=True).path}/asked")
        self.desk.client.submit(page, page.form("state", "text"), {"state": state.value, "text": text})

    def desk_shows(self, *words: str) -> None:
        """A colleague finds these words in the open case."""
        page = self._at_desk(is_open=True)
        for each in words:
            assert each in page.text, (each, page.text)

    def desk_shows_not(self, *words: str) -> None:
        """A colleague finds none of these words in the open case."""
        page = self._at_desk(is_open=True)
        for each in words:
            assert each not in page.html, (each, page.text)

    def may_be_rung(self, address: str) -> None:
        """The desk shows how to reach whom they trust, when it is asked to."""
        shown = self.desk.show(self._at_desk(is_open=True), "trusted")
        assert address in shown.text, shown.text

    def may_not_be_rung(self, address: str) -> None:
        """The desk wants to ring, and is shown that it must not, and no number."""
        page = self._at_desk(is_open=True)
        assert "Do not ring, write or visit" in page.part("frozen")
        assert address not in page.html

    def may_be_told_receipts_only(self) -> None:
        """The desk offers no message, no step of a case and no passing on to somebody who asks in their work."""
        page = self._at_desk(is_open=True)
        for fields in (("text",), ("milestone",)):
            try:
                page.form(*fields)
            except NotOffered:
                continue
            raise AssertionError(f"{fields} are offered")
        assert "handover" not in [address.rpartition("/")[2] for address, _ in page.links]

    def has_been_told(self, words: str, *, times: int) -> None:
        """The courier makes its round: so many notices have left since the beginning, each in these words and no others."""
        own = self.sides.hub_side
        office = replace(wiring.notices_of(own.settings, own), mode=Mode.ON)
        for _ in range(2):  # what is due leaves with one round, and nothing with the next
            self.sides.make_pass()
            notices.after_pass(office, clock=clock.now)
        sent = [
            path.read_text("utf-8").partition("\n\n")[2].strip()
            for path in (own.settings.side_dir / "notices").iterdir()
        ]
        assert sent == [words] * times, sent

    def leaves_the_queue(self) -> None:
        """Nobody has anything to do for it."""
        self._at_desk()
        try:
            self.desk.case(self.person.reference)
        except NotOffered:
            return
        raise AssertionError("still in the queue")

    def what_is_kept_is_looked_through(self, *, closed: int) -> None:
        """The Hub's own hourly look at what is kept too long, where closed cases are kept for so many days."""
        own = self.sides.hub_side
        retention.run(
            own.database,
            periods=Periods(closed=closed),
            opener=own.opener,
            voice=own.voice,
            portal_key=own.trust.sealing,
            now=clock.now(),
        )

    # What none of them does, but everything rests on

    def found_in_letters(self) -> list[str]:
        """What of all that they typed into the referral lane stands in an envelope to the portal."""
        said = ["".join(letter.casefold().split()) for letter in self.letters.values()]
        return [word for word in self.typed if any("".join(word.casefold().split()) in each for each in said)]

    def _read_letters(self) -> None:
        own, portal = self.sides.hub_side, self.sides.portal_side
        with own.database.reading() as session:
            waiting = session.query(hub_rows.Outgoing).filter_by(case_id=self.case_id)
            for envelope_id, body in [(row.envelope_id, row.body) for row in waiting]:
                if envelope_id in self.letters:
                    continue
                envelope = sealing.parse(body)
                opened = (
                    sealing.open_order(envelope, portal.order_keys)
                    if envelope.kind is sealing.Kind.ORDER
                    else sealing.open_in_conversation(envelope, lane=sealing.Lane.TO_PERSON, secret=self._secret)
                )
                self.letters[envelope_id] = json.dumps(json.loads(opened), ensure_ascii=False)

    def _inside(self, path: str = "") -> Page:
        """A page of the space, for which they give the number again when the last visit is over."""
        address = f"{self.person.home}case{path}"
        page = self.person.client.visit(address)
        if not page.path.startswith(f"{self.person.home}case"):
            back = self.person.come_back()
            assert back.path == f"{self.person.home}case", back.text
            page = self.person.client.visit(address) if path else back
        return page

    def _newest_handover(self) -> str:
        page = self._inside("/approve")
        prefix = f"{self.person.home}case/approve/"
        return next(
            address.removeprefix(f"{self.person.home}case") for address, _ in page.links if address.startswith(prefix)
        )

    def _leaves(self, path: str, code_word: str) -> None:
        page = self._inside(path)
        self.person.client.submit(page, page.form("code_word", to=path), {"code_word": code_word})

    def _at_desk(self, *, is_open: bool = False) -> Page:
        """The page of the case; whoever has it signs in again and opens it again when it has been a while."""
        page = self.desk.client.visit(self._address)
        if page.path == "/sign-in":
            self.desk.sign_in(self._worker)
            page = self.desk.client.visit(self._address)
        if is_open and any(form.action.endswith("/open") for form in page.forms):
            page = self.desk.open(page)
        return page


@dataclass(frozen=True)
class Happening:
    """One thing that happens on a day of somebody's life here, counted from the day on which they asked.

    `needs_its_day`: it is only so because time has gone by.
    """

    day: int
    happen: Callable[[Life], None]
    needs_its_day: bool = False


def on(day: int, act: Callable[Concatenate[Life, P], None], *args: P.args, **options: P.kwargs) -> Happening:
    """Something that could just as well happen on the first day."""
    return Happening(day, lambda life: act(life, *args, **options))


def later(day: int, act: Callable[Concatenate[Life, P], None], *args: P.args, **options: P.kwargs) -> Happening:
    """Something that could not have happened sooner."""
    return Happening(day, lambda life: act(life, *args, **options), needs_its_day=True)


def typed_in(story: Story) -> set[str]:
    """What somebody typed into the request, line by line, as far as it is long enough to be known again."""
    return _long_enough(each for each in story.typed if each != story.message)


def _long_enough(words: Iterable[str]) -> set[str]:
    lines = (line.strip() for each in words for line in each.splitlines())
    return {line for line in lines if len(line) >= SHORTEST}


def _days(on_in: int | None, by_in: int | None, time: str) -> dict[str, str]:
    today: datetime = clock.now()
    named = {"on": on_in, "by": by_in}
    days = {name: (today + timedelta(days=each)).date().isoformat() for name, each in named.items() if each is not None}
    return days | ({"time": time} if time else {})
