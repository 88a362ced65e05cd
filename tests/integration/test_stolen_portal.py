"""Somebody has the portal's database, keys, peppers and environment, and the cookie of one open visit: what opens, what does not.

The thief knows the code, and tries all that is held on all that is sealed, whatever the table; and then what that gave.
"""

from __future__ import annotations

import base64
import binascii
import contextlib
import importlib
import logging
import pkgutil
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from itertools import permutations
from pathlib import Path
from typing import Any

import pytest
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from sqlalchemy import delete, insert, select, update
from sqlalchemy.orm import Session

from app import settings as settings_module
from app.adapters import numbers, sealing
from app.adapters.opening import OpeningKeys
from app.adapters.sealing import Lane
from app.data import portal as rows
from app.data.database import Database, PortalRow
from app.domain.reference import NUMBER_LENGTH, ROW_LENGTH
from app.services import portal as use_cases
from app.services.portal import copies, space
from app.services.portal.office import Office
from app.settings import HubSettings
from app.web import clock
from app.web.cookies import token_of
from tests.harness.day import travel
from tests.harness.inside import Inside
from tests.harness.people import Colleague, Person
from tests.harness.sides import Sides
from tests.stories import PARENT, READER, STUDENT

FROM_ONE, FROM_OTHER = "WORDS-FROM-ONE", "WORDS-FROM-THE-OTHER"
TO_ONE, TO_OTHER = "WORDS-TO-ONE", "WORDS-TO-THE-OTHER"
CODE = "3141592653"
TABLES = PortalRow.metadata.sorted_tables
SHORTEST_SECRET, LONGEST_SECRET = 16, 64

# What trying costs a thief: one derivation in 10 ms, half of what it takes the site, on a thousand cores at once.
A_TRY_SECONDS, CORES = 0.01, 1000
YEAR = 365.25 * 24 * 3600


@dataclass(frozen=True)
class Opened:
    """Something sealed that opened: where it stood, whose it is, and what it says."""

    table: str
    case_id: bytes | None
    lane: Lane | None
    plain: bytes


@dataclass(frozen=True)
class Sealed:
    """Bytes in a row, with what a seal in this row could be bound to."""

    table: str
    case_id: bytes | None
    body: bytes
    bounds: tuple[bytes, ...]


@cache
def purposes() -> set[str]:
    """Every purpose for which the portal's code seals a box."""
    modules = [
        importlib.import_module(f"{use_cases.__name__}.{each.name}")
        for each in pkgutil.iter_modules(use_cases.__path__)
    ]
    found = {value for module in modules for name, value in vars(module).items() if name.endswith("PURPOSE")}
    assert {space.VISIT_PURPOSE, copies.PURPOSE, "leaf", "offer"} <= found
    return found


def in_text(text: str) -> Iterator[bytes]:
    """What could be a secret in a text: itself, and everything that looks like hexadecimal or base64."""
    yield text.strip().encode()
    for found in re.findall(r"[A-Za-z0-9+/_=-]{16,}", text):
        yield found.encode()
        with contextlib.suppress(ValueError):
            yield bytes.fromhex(found)
        with contextlib.suppress(binascii.Error, ValueError):
            yield base64.urlsafe_b64decode(found + "=" * (-len(found) % 4))


class Thief:
    """Has a copy of everything that the portal has, and `more` besides."""

    def __init__(self, copy: Path, environ: dict[str, str], *more: bytes) -> None:
        """`copy` is a copy of the portal's folder, `environ` its environment."""
        self.database = Database(f"sqlite:///{copy / 'portal.sqlite3'}")
        files = [path for path in copy.rglob("*") if path.is_file() and ".sqlite3" not in path.name]
        assert {"peppers", "private-key.json", "secret-key", "hub-public-keys.json"} <= {path.name for path in files}
        texts = [path.read_text(encoding="utf-8") for path in files] + list(environ.values())
        self.peppers = numbers.Peppers.load(copy / "peppers")
        self.sealed = list(self._sealed())
        self.held = {*more, *(each for text in texts for each in in_text(text))}
        self.held |= {each.body for each in self.sealed}
        self.digits: set[str] = set()

    def everything(self) -> list[Opened]:
        """All that opens with what is held, and with what that gives, and so on."""
        found: list[Opened] = []
        fresh, known = {each for each in self.held if SHORTEST_SECRET <= len(each) <= LONGEST_SECRET}, set[bytes]()
        while fresh:
            opened = [
                each
                for sealed in self.sealed
                for each in (
                    *self._as_box(sealed, fresh),
                    *self._as_envelope(sealed, fresh),
                    *self._as_wrap(sealed),
                )
            ]
            found += opened
            known |= fresh
            self.digits |= {
                digits.decode()
                for each in opened
                for length in (NUMBER_LENGTH, len(CODE))
                for digits in re.findall(rb"\d{%d}" % length, each.plain)
            }
            parts = {each.plain[at : at + 32] for each in opened for at in (0, 1) if len(each.plain) >= SHORTEST_SECRET}
            fresh = {each for each in parts if SHORTEST_SECRET <= len(each) <= LONGEST_SECRET} - known
        return found

    def _sealed(self) -> Iterator[Sealed]:
        """Every run of bytes in every column of every table: whatever is added to the database is tried too."""
        with self.database.reading() as session:
            for mapper in PortalRow.registry.mappers:
                for row in session.scalars(select(mapper.class_)):
                    values: dict[str, Any] = {each.key: getattr(row, each.key) for each in mapper.column_attrs}
                    bodies = {name: value for name, value in values.items() if isinstance(value, bytes) and value}
                    short = [value for value in bodies.values() if len(value) <= LONGEST_SECRET]
                    bounds = (b"", *short, *(first + second for first, second in permutations(short, 2)))
                    table = str(mapper.local_table)
                    case_id = values["id"] if mapper.class_ is rows.Case else values.get("case_id")
                    for body in bodies.values():
                        yield Sealed(table, case_id, body, bounds)

    def _as_box(self, sealed: Sealed, secrets: set[bytes]) -> Iterator[Opened]:
        if len(sealed.body) <= LONGEST_SECRET or sealed.body.startswith(sealing.MAGIC):
            return
        for secret in secrets:
            for purpose in purposes():
                for bound in sealed.bounds:
                    try:
                        plain = sealing.open_box(secret, sealed.body, purpose=purpose, bound=bound)
                    except sealing.CannotOpen:
                        continue
                    yield Opened(sealed.table, sealed.case_id, None, plain)

    def _as_envelope(self, sealed: Sealed, secrets: set[bytes]) -> Iterator[Opened]:
        try:
            envelope = sealing.parse(sealed.body)
        except sealing.MalformedEnvelope:
            return
        for secret in secrets:
            if len(secret) != sealing.SECRET_LENGTH:
                continue
            for lane in (Lane.TO_HUB, Lane.TO_PERSON):
                try:
                    plain = sealing.open_in_conversation(envelope, lane=lane, secret=secret)
                except sealing.CannotOpen:
                    continue
                yield Opened(sealed.table, envelope.header.case_id, lane, plain)
            private = X25519PrivateKey.from_private_bytes(secret)
            for lane in (Lane.REFERRAL, Lane.ORDER):
                bound = sealing.associated_data_of(envelope, lane=lane)
                try:
                    plain = sealing.SUITE.decrypt(envelope.ciphertext, private, info=bound)
                except (InvalidTag, ValueError):
                    continue
                yield Opened(sealed.table, envelope.header.case_id, lane, sealing.unpad(plain))

    def _as_wrap(self, sealed: Sealed) -> Iterator[Opened]:
        try:
            wrap = numbers.Wrap.from_bytes(sealed.body)
        except numbers.MalformedWrap:
            return
        assert sealed.case_id is not None
        for digits in self.digits:
            try:
                plain = numbers.unwrap_secret(wrap, digits, case_id=sealed.case_id, peppers=self.peppers)
            except numbers.WrongNumber:
                continue
            yield Opened(sealed.table, sealed.case_id, None, plain)


@dataclass(frozen=True)
class Loot:
    """Two cases at the portal with something in every table, and a copy of all that the portal has."""

    sides: Sides
    one: Inside
    other: Inside
    token: bytes
    copy: Path

    def thief(self, *more: bytes) -> Thief:
        """Somebody who has the copy, the environment, and `more`."""
        return Thief(self.copy, self.sides.environment("portal"), *more)


@pytest.fixture(scope="module")
def loot(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Loot]:
    """One robbery for all tests, on SQLite: they leave it as it is."""
    with travel():
        sides = Sides(tmp_path_factory.mktemp("data"))
        found = rob(sides, tmp_path_factory.mktemp("copy") / "stolen")
    yield found
    sides.close()


def rob(sides: Sides, copy: Path) -> Loot:
    """One person is signed in; of another all is there that can be. A third has not kept their number, a fourth not sent."""
    colleague = Colleague(sides.hub_client())
    colleague.sign_in()
    one, other = (Inside(sides, Person(sides.portal_client(), story)) for story in (PARENT, STUDENT))
    for inside, to_hub, to_person in ((one, FROM_ONE, TO_ONE), (other, FROM_OTHER, TO_OTHER)):
        inside.person.come_back()
        inside.person.write(to_hub)
        sides.deliver()
        colleague.write(colleague.open(colleague.case(inside.person.reference)), to_person)
        sides.deliver()
        inside.person.come_back()
    own = sides.portal_side
    wrap = numbers.wrap_secret(
        other.opened.case_secret,
        CODE,
        case_id=other.case_id,
        pepper=own.office.peppers.newest,
        cost=own.office.cost,
    )
    with own.database.writing() as session:
        session.add(copies.row_of(STUDENT.answers, other.case_id, secret=other.opened.case_secret))
        session.add(
            rows.Collection(
                case_id=other.case_id, wrap=wrap.to_bytes(), tries_left=10, expires_at=other.opened.expires_at
            )
        )
    Person(sides.portal_client(), READER).ask(keep=False)
    Person(sides.portal_client(), READER).fill_in()
    cookie = one.person.client.get_cookie("portal-v", domain="127.0.0.1")  # type: ignore[attr-defined]
    assert cookie is not None
    token = token_of(str(cookie.value).split(".")[0])
    assert token is not None
    shutil.copytree(sides.data_dir / "portal", copy)
    return Loot(sides, one, other, token, copy)


@pytest.mark.rule("rule 13")
def test_with_all_of_the_portal_and_one_visit_that_conversation_opens_and_nothing_else(loot: Loot) -> None:
    assert loot.thief().everything() == [], "without the visit nothing opens at all"
    thief = loot.thief(loot.token)
    with thief.database.reading() as session:
        visit = space.visit(session, loot.token, now=clock.now())
        assert visit is not None
        shown = [each.news.text for each in space.read_space(session, visit).conversation]
    assert {FROM_ONE, TO_ONE} <= set(shown), "the visit's own conversation is the thief's to read"

    opened = thief.everything()
    assert {each.case_id for each in opened} == {loot.one.case_id}
    assert {each.table for each in opened} == {"visit", "case", "item", "offer", "outgoing"}
    assert not [each for each in opened if each.lane in (Lane.REFERRAL, Lane.ORDER)]
    said = b"\n".join(each.plain for each in opened)
    assert FROM_ONE.encode() in said
    assert TO_ONE.encode() in said
    typed = {*PARENT.typed, *STUDENT.typed, FROM_OTHER, TO_OTHER, loot.one.person.number, loot.other.person.number}
    assert [words for words in typed if len(words) > 3 and words.encode() in said] == []

    with thief.database.reading() as session:
        sent = [sealing.parse(each.body).header.number for each in session.scalars(select(rows.Outgoing))]
        kept = {table: len(list(session.scalars(select(table)))) for table in (rows.Own, rows.Collection, rows.Draft)}
    opened_numbers = [each for each in opened if each.table == "outgoing"]
    assert len(opened_numbers) < len(sent), "requests and additions were there, and stayed shut"
    assert all(kept.values()), "there was something of the other's to open"


def test_the_search_opens_whatever_it_has_the_secret_for(loot: Loot) -> None:
    """The same thief with more: the other's number and code, the other's secret, the Hub's keys."""
    with_number = loot.thief()
    with_number.digits |= {loot.other.person.number, CODE}
    opened = with_number.everything()
    assert {each.case_id for each in opened} == {loot.other.case_id}
    assert {each.table for each in opened} >= {"number_wrap", "collection", "case", "item", "own", "offer", "outgoing"}
    said = b"\n".join(each.plain for each in opened)
    assert FROM_OTHER.encode() in said
    assert TO_OTHER.encode() in said

    settings = settings_module.load(loot.sides.environment("hub"))
    assert isinstance(settings, HubSettings)
    hub_key = OpeningKeys.load(settings.private_keys_file).newest.private.private_bytes_raw()
    opened = loot.thief(hub_key).everything()
    referrals = {each.case_id for each in opened if each.lane is Lane.REFERRAL}
    assert {loot.one.case_id, loot.other.case_id} <= referrals
    assert any(PARENT.code_word.encode() in each.plain for each in opened)


def move_visit(session: Session, mine: bytes, theirs: bytes) -> None:
    """My open visit, as if it were to their case."""
    session.execute(update(rows.Visit).where(rows.Visit.case_id == mine).values(case_id=theirs))


def move_wrap(session: Session, mine: bytes, theirs: bytes) -> None:
    """My number leads to their case, and opens what stands there as their secret."""
    own, other = session.get_one(rows.Case, mine), session.get_one(rows.Case, theirs)
    tag, own.reference_tag = own.reference_tag, bytes(32)
    session.flush()
    other.reference_tag = tag
    session.get_one(rows.NumberWrap, theirs).wrap = session.get_one(rows.NumberWrap, mine).wrap


def move_items(session: Session, mine: bytes, theirs: bytes) -> None:
    """Their conversation in my space, after mine."""
    moved = update(rows.Item).where(rows.Item.case_id == theirs)
    session.execute(moved.values(case_id=mine, number=rows.Item.number + 100))


def move_own(session: Session, mine: bytes, theirs: bytes) -> None:
    """What they keep for themselves, and what their space remembers, in mine."""
    session.execute(update(rows.Own).where(rows.Own.case_id == theirs).values(case_id=mine))
    session.get_one(rows.Case, mine).leaf = session.get_one(rows.Case, theirs).leaf
    session.get_one(rows.Offer, mine).sealed = session.get_one(rows.Offer, theirs).sealed


@pytest.mark.rule("rule 13")
def test_who_writes_to_the_database_cannot_read_another_case_with_their_own_number(
    loot: Loot, caplog: pytest.LogCaptureFixture
) -> None:
    mine, theirs, me = loot.one.case_id, loot.other.case_id, loot.one.person
    database = loot.sides.portal_side.database
    with database.reading() as session:
        before = {table: session.execute(select(table)).mappings().all() for table in TABLES}
    for move in (move_visit, move_wrap, move_items, move_own):
        caplog.clear()
        with database.writing() as session:
            move(session, mine, theirs)
        with caplog.at_level(logging.ERROR):
            shown = me.space().html + me.come_back().html + me.space().html
        assert FROM_OTHER not in shown, move.__name__
        assert TO_OTHER not in shown, move.__name__
        with database.reading() as session:
            assert copies.read(session, loot.one.opened) is None, move.__name__
        assert ("alarm: an item of a conversation does not open" in caplog.text) == (move is move_items)
        with database.writing() as session:
            for table in reversed(TABLES):
                session.execute(delete(table))
            for table in TABLES:
                if before[table]:
                    session.execute(insert(table), [dict(row) for row in before[table]])
    assert FROM_ONE in me.come_back().html + me.space().html, "put back, it is all there"


def core_years(secret_digits: int) -> float:
    """What it costs to try half of all numbers with so many digits that are not known, in years of one core."""
    return float(10**secret_digits) / 2 * A_TRY_SECONDS / YEAR


def test_trying_out_stolen_wraps_costs_what_the_threat_model_says() -> None:
    usual = Office.__dataclass_fields__["cost"].default
    assert usual is numbers.DEFAULT
    # The least that OWASP's Password Storage Cheat Sheet asks of Argon2id with one lane.
    assert usual.opslimit >= 2
    assert usual.memlimit >= 19 * 1024 * 1024
    # With the peppers the check digits are no secret: five free digits in each of three rows are left.
    free = 3 * (ROW_LENGTH - 1)
    assert core_years(free) / CORES > 100, "a number: more than a lifetime, with a thousand cores"
    assert 1 < core_years(len(CODE)) < 10, (
        "a code: some years of one core, days of a thousand; it opens one conversation"
    )
