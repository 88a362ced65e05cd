"""Handing a packet to a service: exactly what was agreed, under a code that only the service gets, answered, taken back, late."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from sqlalchemy import Engine, event, select

from app.adapters import notify, packets, sealing
from app.adapters.carriers import CarrierDown
from app.adapters.numbers import DEFAULT, Peppers
from app.data import hub as hub_rows
from app.data import portal as rows
from app.data import whole
from app.domain import notice
from app.domain.change import Change
from app.domain.contact import Way
from app.domain.packet import PacketAnswer, Reason, Said
from app.services.hub import erasing, handing, handovers, post, rebuilding, signposting
from app.services.hub.staff import Identity, SignedIn
from app.services.portal import packets as at_portal
from app.web import clock
from tests.harness.inside import Inside
from tests.harness.pages import Page
from tests.harness.people import GATEKEEPER, Colleague, Person
from tests.harness.sides import Sides
from tests.integration.test_passing import ask_them, decide, row_of, service_of
from tests.stories import PARENT

AskedBy = Callable[..., Person]
SQLITE = pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)
ALL_KINDS = ("name", "reach", "plan", "access", "help", "happened", "wrote")
WORKER = "Sam Okafor"
NOTE = "CANARY-NOTE ring my sister first"


@pytest.fixture
def inside(sides: Sides, person: AskedBy) -> Inside:
    """A parent in their space."""
    found = Inside(sides, person(PARENT))
    found.person.come_back()
    return found


@pytest.fixture
def case(inside: Inside, colleague: Colleague) -> Page:
    """Their case, taken and open at the desk."""
    page = colleague.open(colleague.claim(colleague.case(inside.person.reference)))
    inside.sides.deliver()
    return page


class Passed:
    """A packet on its way, with what the service has in hand."""

    def __init__(
        self, inside: Inside, colleague: Colleague, case: Page, *, agreed: tuple[str, ...] = ALL_KINDS, note: str = NOTE
    ) -> None:
        self.inside, self.colleague, self.case = inside, colleague, case
        self.id = ask_them(inside, colleague, case, kinds=ALL_KINDS)
        answers = {f"kind_{kind}": "pass" for kind in agreed}
        decide(inside, self.id, note=note, decision="approve", **answers)
        inside.sides.deliver()
        self.looked = self.look()
        self.sent = self.send(self.looked)
        inside.sides.deliver()

    def look(self) -> Page:
        """What would go, as the colleague sees it."""
        page = self.colleague.client.visit(f"{self.case.path}/passing")
        return self.colleague.client.submit(page, page.form(to="/packet"))

    def send(self, looked: Page) -> Page:
        """Hand it over; the page with the code."""
        return self.colleague.client.submit(looked, looked.form("press", "seen"), press="send")

    @property
    def code(self) -> str:
        return "".join(re.findall(r"\d", self.sent.part("made")))

    @property
    def reference(self) -> str:
        return "".join(re.findall(r"\d", self.sent.part("reference")))

    def read(self, *, code: str = "", reference: str = "") -> Page:
        """A service types reference and code."""
        self.service = self.inside.sides.portal_client()
        page = self.service.visit("/en/handover")
        answers = {"reference": reference or self.reference, "code": code or self.code}
        return self.service.submit(page, page.form("reference", "code"), answers)

    def accept(self, read: Page) -> Page:
        """The service takes over."""
        return self.service.submit(
            read, read.form("worker"), {"worker": WORKER, "first_on": "27 3 2099"}, press="decision"
        )

    def bounce(self, read: Page, reason: str = "no-room") -> Page:
        """The service cannot."""
        answers = {"reason": reason, "words": "Try in May"}
        return self.service.submit(read, read.form("reason"), answers, press="decision")

    def packet_here(self) -> rows.Packet | None:
        with self.inside.sides.portal_side.database.reading() as session:
            return session.get(rows.Packet, bytes.fromhex(self.id))

    def facts(self) -> dict[str, object]:
        with self.inside.sides.hub_side.database.reading() as session:
            found = session.get_one(hub_rows.Case, self.inside.case_id)
            return {**found.facts, "state": found.state}

    def stands(self) -> str:
        """What the person reads."""
        return self.inside.person.client.visit(f"/en/case/approve/{self.id}").part("stands")


@pytest.fixture
def passed(inside: Inside, colleague: Colleague, case: Page) -> Passed:
    """All of it was agreed and handed over."""
    return Passed(inside, colleague, case)


def address_of() -> str:
    return next(
        value["address"] for step, value in PARENT.answers.items() if step.startswith("reply-") and value.get("address")
    )


@pytest.mark.requirement("E2")
@pytest.mark.requirement("E3")
def test_a_service_reads_what_was_agreed_takes_over_and_the_person_is_told(passed: Passed) -> None:
    assert row_of(passed.inside)[0] == "passed"
    read = passed.read()
    assert read.status == 200
    assert read.headers["Cache-Control"] == "no-store"
    said = read.part("packet")
    name = PARENT.answers["reply"]["name"]
    for words in (name, address_of(), NOTE, "Only at these times", "Do not say"):
        assert words in said, words
    passed.inside.sides.deliver()
    assert row_of(passed.inside)[0] == "opened"
    assert "They have read" in passed.stands()
    done = passed.accept(read)
    assert done.path == "/en/handover/answered"
    passed.accept(read)  # pressed twice
    passed.bounce(read)  # and otherwise
    passed.inside.sides.deliver()
    assert row_of(passed.inside)[0] == "accepted"
    stands = passed.stands()
    assert "They have said yes" in stands
    assert WORKER in stands
    assert address_of() not in stands
    at_desk = passed.colleague.client.visit(f"{passed.case.path}/passing").text
    assert WORKER in at_desk
    again = passed.read()
    assert again.status == 200, "while taking over it can be read again"
    assert "You have answered" in again.part("answer")


@pytest.mark.requirement("B13")
def test_what_was_not_agreed_is_not_in_it(inside: Inside, colleague: Colleague, case: Page) -> None:
    """A way to reach somebody never goes without what makes it safe."""
    passed = Passed(inside, colleague, case, agreed=("name", "reach", "help"), note="")
    assert "So no way to reach them goes" in passed.looked.text
    said = passed.read().part("packet")
    assert PARENT.answers["reply"]["name"] in said
    assert address_of() not in said
    assert "Do not contact them yourselves" in said
    for words in ("Only at these times", "What kind of thing happened", "In their own words", "Language"):
        assert words not in said, words


@SQLITE
@pytest.mark.rule("rule 2")
def test_an_address_shows_at_the_desk_only_while_the_plan_allows_it(
    passed: Passed, day: time_machine.Traveller
) -> None:
    day.shift(timedelta(hours=14))  # at night
    passed.colleague.sign_in()
    passed.colleague.open(passed.colleague.client.visit(passed.case.path))
    text = passed.look().part("packet")
    assert address_of() not in text
    assert f"… {address_of()[-3:]}" in text


@pytest.mark.requirement("E3")
def test_a_service_that_cannot_brings_it_back_to_us(passed: Passed) -> None:
    read = passed.read()
    nothing = passed.service.submit(read, read.form("reason"), {}, press="decision")
    assert nothing.status == 422
    assert passed.bounce(nothing).path == "/en/handover/answered"
    passed.inside.sides.deliver()
    assert row_of(passed.inside)[0] == "bounced"
    assert passed.facts()["state"] == "ours"
    assert "A service said no" in passed.colleague.queue().text
    page = passed.colleague.client.visit(f"{passed.case.path}/passing").text
    assert "No room now" in page
    assert "Try in May" in page
    assert "could not take this on" in passed.stands()
    assert "Try in May" not in passed.stands()
    assert passed.read().status == 422, "after a no it can be read no more"


@pytest.mark.rule("rule 13")
def test_taken_back_before_it_was_read_nobody_reads_it(passed: Passed) -> None:
    taken = decide(passed.inside, passed.id, withdraw="1")
    assert passed.packet_here() is None, "at once, before the Hub knows"
    assert passed.read().status == 422
    assert "Nothing of it is passed on" in taken.part("stands")
    passed.inside.sides.deliver()
    assert row_of(passed.inside)[0] == "withdrawn"
    assert "Nothing of it is passed on" in passed.stands()


def test_taken_back_after_it_was_read_says_so(passed: Passed) -> None:
    passed.read()
    taken = decide(passed.inside, passed.id, withdraw="1")  # the Hub has not heard that it was read
    assert "cannot be called back" in taken.part("stands")
    passed.inside.sides.deliver()
    assert row_of(passed.inside)[0] == "stopped"
    assert passed.read().status == 422, "and it cannot be read again"


@SQLITE
@pytest.mark.rule("rule 2")
def test_whoever_stops_all_contact_stops_what_was_not_read_yet(passed: Passed) -> None:
    passed.inside.ask(Change.FREEZE)
    passed.inside.sides.deliver()
    assert passed.packet_here() is None
    assert row_of(passed.inside)[0] == "agreed"
    assert "stopped all contact" in passed.look().text
    assert "A person at the Hub passes it on" in passed.stands()


@SQLITE
@pytest.mark.requirement("E2")
def test_no_answer_by_the_due_day_is_ours_to_do(passed: Passed, day: time_machine.Traveller) -> None:
    day.shift(timedelta(days=6))
    passed.inside.sides.deliver()
    assert passed.facts()[handovers.CAME_BACK] == "late"
    assert passed.facts()["state"] == "ours"
    passed.colleague.sign_in()
    assert "has not answered in time" in passed.colleague.queue().text
    day.shift(timedelta(days=2))
    assert passed.read().status == 422, "the code is over"
    passed.inside.sides.deliver()
    assert passed.packet_here() is None
    with passed.inside.sides.hub_side.database.reading() as session:
        assert session.scalars(select(hub_rows.Packet)).one().wrapped is None


@SQLITE
@pytest.mark.rule("rule 13")
def test_wrong_unknown_and_over_are_the_same_answer(passed: Passed) -> None:
    other = packets.make_code()
    wrong = passed.read(code=other)
    unknown_reference = packets.make_reference()
    unknown = passed.read(code=other, reference=unknown_reference)
    with passed.inside.sides.portal_side.database.writing() as session:
        session.get_one(rows.Packet, bytes.fromhex(passed.id)).reads_left = 0
    read_up = passed.read()

    def plain(page: Page) -> str:
        text = page.html
        for digits in (other, passed.code, passed.reference, unknown_reference):
            text = text.replace(digits, "N")
        return text

    assert plain(wrong) == plain(unknown) == plain(read_up)
    assert sorted(wrong.headers) == sorted(unknown.headers) == sorted(read_up.headers)
    assert wrong.status == unknown.status == read_up.status == 422


@SQLITE
@pytest.mark.rule("rule 13")
def test_wrong_and_unknown_cost_one_slow_step_each(passed: Passed, monkeypatch: pytest.MonkeyPatch) -> None:
    runs: list[tuple[int, int]] = []
    real = packets.argon2id.kdf

    def kdf(size: int, password: bytes, salt: bytes, *, opslimit: int, memlimit: int) -> bytes:
        runs.append((opslimit, memlimit))
        return bytes(real(size, password, salt, opslimit=1, memlimit=8192))

    monkeypatch.setattr(packets.argon2id, "kdf", kdf)
    passed.read(code=packets.make_code())
    passed.read(code=packets.make_code(), reference=packets.make_reference())
    decide(passed.inside, passed.id, withdraw="1")
    passed.read()
    assert runs == [(DEFAULT.opslimit, DEFAULT.memlimit)] * 3
    passed.read(code="1" * 16 if not packets.looks_right("1" * 16, length=16) else "2" * 16)
    assert len(runs) == 3, "what was mistyped costs no try"


@SQLITE
def test_twenty_wrong_codes_end_it(passed: Passed) -> None:
    own = passed.inside.sides.portal_side
    for _ in range(20):
        with pytest.raises(packets.WrongCode):
            at_portal.read(
                own.database, own.office, reference=passed.reference, code=packets.make_code(), now=clock.now()
            )
    assert passed.read().status == 422


@pytest.mark.rule("rule 7")
def test_nothing_of_a_packet_is_in_clear_anywhere(passed: Passed, caplog: pytest.LogCaptureFixture) -> None:
    read = passed.read()
    passed.accept(read)
    passed.inside.sides.deliver()
    telling = {NOTE.encode(), address_of().encode(), passed.code.encode(), WORKER.encode(), b"What would help them"}
    for own, base in ((passed.inside.sides.portal_side, rows), (passed.inside.sides.hub_side, hub_rows)):
        with own.database.engine.connect() as connection:
            kept = b"\n".join(whole.pieces_of(whole.to_record(n, part) for n, part in whole.rows_of(connection)))
        for words in telling:
            assert words not in kept, (base.__name__, words)
    for words in telling:
        assert words.decode() not in caplog.text


@SQLITE
@pytest.mark.rule("rule 13")
def test_a_stolen_portal_opens_no_packet(passed: Passed) -> None:
    """All that the portal has: database, peppers, keys. What is left to try is the code, and nothing but the code."""
    own = passed.inside.sides.portal_side
    kept = passed.packet_here()
    assert kept is not None
    peppers = Peppers.load(own.settings.peppers_file)
    lock = packets.take_pepper_off(kept.lock, packet_id=kept.id, peppers=peppers)
    assert lock != kept.lock
    held = [each for table in rows.PortalRow.metadata.sorted_tables for each in _bytes_in(own.database, table)]
    for secret in [*held, *peppers]:
        if len(secret) >= 16:
            with pytest.raises(sealing.CannotOpen):
                sealing.open_box(secret[:32], kept.body, purpose="packet", bound=kept.id)
    with pytest.raises(packets.WrongCode):
        packets.unwrap(kept.body, lock, packets.make_code(), packet_id=kept.id)
    other = Peppers([bytes(32)])
    without = packets.take_pepper_off(kept.lock, packet_id=kept.id, peppers=other)
    with pytest.raises(packets.WrongCode):  # with the code, but without the pepper
        packets.unwrap(kept.body, without, passed.code, packet_id=kept.id)
    assert b"CANARY" in packets.unwrap(kept.body, lock, passed.code, packet_id=kept.id), "the code alone is missing"


def _bytes_in(database: object, table: object) -> list[bytes]:
    with database.engine.connect() as connection:  # type: ignore[attr-defined]
        found = connection.execute(select(table)).mappings().all()  # type: ignore[call-overload]
    return [value for row in found for value in row.values() if isinstance(value, bytes)]


def test_an_answer_needs_that_the_packet_was_read(passed: Passed, caplog: pytest.LogCaptureFixture) -> None:
    own = passed.inside.sides.portal_side
    made_up = PacketAnswer(packet_id=bytes.fromhex(passed.id), token=bytes(16), said=Said.BOUNCED, reason=Reason.OTHER)
    with pytest.raises(at_portal.NotReader):
        at_portal.answer(own.database, own.office, made_up, now=clock.now())
    own_hub = passed.inside.sides.hub_side
    with own_hub.database.reading() as session:
        assert handovers.answer_of(session, made_up, opener=own_hub.opener) is None
    assert "has not read it" in caplog.text


@SQLITE
def test_cut_off_at_any_step_nothing_is_lost_or_doubled(passed: Passed, day: time_machine.Traveller) -> None:
    """The answer of the Hub gets lost, the portal is asked again: one reading, one yes, told once."""
    sides = passed.inside.sides
    passed.accept(passed.read())

    class Lost:
        def exchange(self, body: bytes, token: str) -> tuple[bytes, str]:
            sides._carrier.exchange(body, token)  # type: ignore[union-attr]
            raise CarrierDown("cut")

    own = sides.hub_side
    with pytest.raises(CarrierDown):
        post.make_pass(
            own.database,
            Lost(),
            trust=own.trust,
            keys=own.post_keys,
            opener=own.opener,
            now=clock.now(),
            hours=own.area.hub_hours,
        )
    assert row_of(passed.inside)[0] == "passed"
    for _ in range(3):
        day.shift(timedelta(minutes=1))
        sides.make_pass()
    passed.inside.person.come_back()
    assert row_of(passed.inside)[0] == "accepted"
    assert passed.stands().count(WORKER) == 1
    with sides.portal_side.database.reading() as session:
        assert session.scalars(select(rows.PacketAnswer)).all() == []


@SQLITE
def test_pressed_twice_is_sent_once_and_a_new_code_replaces_the_old(passed: Passed) -> None:
    assert "sent already" in passed.send(passed.looked).text
    old = passed.code
    passed.sent = passed.send(passed.look())
    passed.inside.sides.deliver()
    assert passed.read(code=old).status == 422
    assert passed.read().status == 200


@SQLITE
def test_what_has_changed_since_it_was_looked_at_does_not_go(passed: Passed) -> None:
    looked = passed.look()
    person = passed.inside.person
    page = person.client.visit("/en/case/more/5")
    person.client.submit(page, page.form("text"), {"text": "Something more"})
    again = passed.send(looked)
    assert "has changed since you looked" in again.text
    assert "Something more" in again.part("packet")


@SQLITE
def test_a_new_portal_gets_the_packets_that_can_still_be_read(passed: Passed) -> None:
    own, portal_side = passed.inside.sides.hub_side, passed.inside.sides.portal_side
    with portal_side.database.writing() as session:
        rows.drop_packet(session, bytes.fromhex(passed.id))
    assert passed.read().status == 422
    done = rebuilding.rebuild(
        own.database, opener=own.opener, voice=own.voice, portal_key=own.trust.sealing, now=clock.now()
    )
    assert done.packets == 1
    passed.inside.sides.deliver()
    assert passed.read().status == 200, "with the code that the service has"


@pytest.mark.requirement("B13")
def test_erasing_a_case_leaves_no_packet(passed: Passed) -> None:
    own = passed.inside.sides.hub_side
    erasing.erase(own.database, passed.inside.case_id, portal_key=own.trust.sealing, voice=own.voice, now=clock.now())
    passed.inside.sides.deliver()
    assert passed.packet_here() is None
    with own.database.reading() as session:
        assert session.scalars(select(hub_rows.Packet)).all() == []
    assert passed.read().status == 422


@SQLITE
@pytest.mark.rule("rule 3")
def test_the_message_says_only_where_to_look(passed: Passed) -> None:
    message = passed.sent.part("message")
    assert "/en/handover" in message
    assert passed.reference[:4] in message
    assert passed.code[:4] not in message.replace(passed.reference[:4], "")
    plain = re.sub(r"https?://\S+", "", message)
    assert notice.telling(plain, also=(passed.inside.sides.hub_side.area.hub_name,)) == ()
    for secret in (PARENT.answers["reply"]["name"], passed.inside.person.reference):
        assert secret not in message


@SQLITE
def test_how_the_code_went_is_written_down_and_its_taker_sealed(passed: Passed) -> None:
    form = passed.sent.form("route", "taken_by")
    missing = passed.colleague.client.submit(passed.sent, form, {"route": "phone"})
    assert missing.status == 422
    passed.colleague.client.submit(passed.sent, form, {"route": "phone", "taken_by": "Rosa Lind, duty desk"})
    page = passed.colleague.client.visit(f"{passed.case.path}/passing")
    assert "Rosa Lind" in page.text
    with passed.inside.sides.hub_side.database.reading() as session:
        kept = session.scalars(select(hub_rows.Packet)).one()
        assert kept.code_route == "phone"
        assert b"Rosa" not in (kept.code_taken or b"")
        acts = {(line.action, line.detail) for line in hub_rows.audit_of(session, passed.inside.case_id)}
    assert {("sent-packet", service_of(passed.inside.sides)), ("packet-code-went", "phone")} <= acts


class Post:
    """Takes what is sent, or does not."""

    ways = frozenset({Way.EMAIL})

    def __init__(self, *, works: bool = True) -> None:
        self.sent: list[notify.Leaving] = []
        self.works = works

    def send(self, leaving: notify.Leaving, *, now: datetime) -> str:
        if not self.works:
            raise notify.NotSent("down")
        self.sent.append(leaving)
        return "1"

    def find(self, way: object, reference: str, *, now: datetime) -> str | None:
        return None


@SQLITE
def test_the_message_goes_by_mail_once_and_never_with_the_code(passed: Passed) -> None:
    own, carries = passed.inside.sides.hub_side, Post()

    def mail(through: Post) -> handing.Mailed:
        return handing.mail(
            own.database,
            through,
            case_id=passed.inside.case_id,
            handover_id=bytes.fromhex(passed.id),
            address="in@example.org",
            words=passed.sent.part("message"),
            signed=_signed(own),
            now=clock.now(),
        )

    assert mail(Post(works=False)) is handing.Mailed.NOT_SENT
    assert [mail(carries), mail(carries)] == [handing.Mailed.SENT] * 2
    assert len(carries.sent) == 1
    assert passed.code not in carries.sent[0].words.replace(" ", "")


def _signed(own: object) -> SignedIn:
    with own.database.reading() as session:  # type: ignore[attr-defined]
        opening = session.scalars(select(hub_rows.Opening)).first()
        staff_row = session.get_one(hub_rows.Staff, "dev-amira")
    who = Identity(
        id=staff_row.id, name=staff_row.name, shown_name=staff_row.shown_name, roles=frozenset(staff_row.roles)
    )
    return SignedIn(session_id=opening.session_id, identity=who, check_due_at=opening.expires_at)


@pytest.mark.requirement("E4")
def test_what_they_were_told_and_sent_is_listed_and_counted(
    inside: Inside, colleague: Colleague, case: Page, day: time_machine.Traveller
) -> None:
    service = service_of(inside.sides)
    page = colleague.client.visit(f"{case.path}/passing")
    for _ in range(2):  # pressed twice
        colleague.client.submit(page, page.form("signpost_id"), {"service": service, "need": "money"})
    nothing = colleague.client.submit(page, page.form("signpost_id"), {"service": ""})
    assert nothing.status == 422
    reading = colleague.client.visit(f"{case.path}/reading")
    colleague.client.submit(reading, reading.form("services"), {"services": (service,)})
    shown = colleague.client.visit(f"{case.path}/passing").text
    assert "told about it" in shown
    assert "sent to read" in shown
    with inside.sides.hub_side.database.reading() as session:
        counted = signposting.counts(
            session, since=clock.now() - timedelta(days=1), until=datetime(2100, 1, 1, tzinfo=UTC)
        )
    assert counted == {(signposting.How.TOLD, "money"): 1, (signposting.How.READING, None): 1}


@SQLITE
@pytest.mark.requirement("E2")
def test_a_part_is_passed_on_and_the_rest_stays(
    inside: Inside, colleague: Colleague, case: Page, monkeypatch: pytest.MonkeyPatch
) -> None:
    ended: list[tuple[object, ...]] = []
    monkeypatch.setattr(handovers, "ON_ACCEPTED", [lambda _, *what: ended.append(what[:3])])
    page = colleague.client.visit(f"{case.path}/handover")
    answers = {"service": service_of(inside.sides), "why": "knows-more", "kinds": ("name",), "needs": ("money",)}
    colleague.client.submit(page, page.form("service", "kinds"), answers)
    inside.sides.deliver()
    with inside.sides.hub_side.database.reading() as session:
        handover = session.scalars(select(hub_rows.Handover.id)).one().hex()
    decide(inside, handover, kind_name="pass", decision="approve")
    inside.sides.deliver()
    passed = Passed.__new__(Passed)
    passed.inside, passed.colleague, passed.case, passed.id = inside, colleague, case, handover
    passed.sent = passed.send(passed.look())
    inside.sides.deliver()
    read = passed.read()
    assert "stays with us" in read.part("packet")
    passed.accept(read)
    inside.sides.deliver()
    assert ended == [(inside.case_id, service_of(inside.sides), ("money",))]
    assert passed.facts()["state"] != "closed"


@SQLITE
@pytest.mark.rule("rule 1")
def test_every_door_is_shut_for_whoever_may_not_know_of_the_case(
    inside: Inside, colleague: Colleague, case: Page, passed: Passed
) -> None:
    with inside.sides.hub_side.database.writing() as session:
        found = session.get_one(hub_rows.Case, inside.case_id)
        found.facts = {**found.facts, "restricted": True, "hidden_from": [GATEKEEPER]}
    named = Colleague(inside.sides.hub_client())
    named.sign_in(GATEKEEPER)
    unknown = "ab" * 16
    for who in (colleague, named):
        found = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', who.queue().html)
        assert found is not None
        token = found.group(1)
        for method, path in (
            ("GET", "passing"),
            ("POST", f"handovers/{passed.id}/packet"),
            ("POST", f"handovers/{passed.id}/code"),
            ("POST", f"handovers/{passed.id}/mail"),
            ("POST", "signpost"),
        ):
            data = {"csrf_token": token} if method == "POST" else None
            there, nowhere = (
                who.client.fetch(method, f"/cases/{each}/{path}", data=data) for each in (inside.case_id.hex(), unknown)
            )
            assert there.status == nowhere.status == 404, path
            assert there.html == nowhere.html


@SQLITE
def test_the_page_about_it_asks_the_database_ten_times_at_most(passed: Passed) -> None:
    asked: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        asked.append(statement)

    event.listen(Engine, "before_cursor_execute", note)
    try:
        passed.colleague.client.visit(f"{passed.case.path}/passing")
    finally:
        event.remove(Engine, "before_cursor_execute", note)
    assert len(asked) <= 10, asked
