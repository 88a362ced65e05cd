"""Coming back: wrong and unknown numbers cannot be told apart; a visit ends; nothing that was typed is lost."""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable
from datetime import timedelta
from typing import NoReturn

import pytest
import time_machine
from nacl.pwhash import argon2id

from app.adapters import numbers
from app.domain.reference import reference_of, rows
from app.services.portal.office import Busy, Slot
from tests.harness.people import Person
from tests.harness.sides import Sides
from tests.stories import PARENT

AskedBy = Callable[..., Person]
sqlite_only = pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)


def well_formed_like(number: str, peppers: numbers.Peppers) -> str:
    """Another number with the same reference, whose rows all look right."""
    made = reference_of(number)
    for index in (1, 2, 3):
        free = f"{secrets.randbelow(100_000):05d}"
        for digit in "0123456789":
            candidate = (made + free + digit).ljust(24, "0")
            if index + 1 not in numbers.check_rows(candidate, peppers):
                made += free + digit
                break
    return made


def answer_to(sides: Sides, number: str) -> tuple[int, list[tuple[str, str]], str]:
    """Everything that somebody who tries a number gets to see, but for the digits that they typed themselves."""
    response = sides.portal_client().post("/en/return", data={"number": number})
    headers = sorted((name, value) for name, value in response.headers if name != "Content-Length")
    text = response.get_data(as_text=True).replace(number, "N")
    for row in rows(number):
        text = re.sub(rf"{row[:3]}(\s|<[^>]*>)*{row[3:]}", "R", text)
    return response.status_code, headers, text


@pytest.mark.rule("rule 13")
def test_wrong_and_unknown_numbers_get_the_same_answer_and_the_same_work(
    sides: Sides, person: AskedBy, monkeypatch: pytest.MonkeyPatch
) -> None:
    asking = person(PARENT)
    number = asking.ask()
    peppers = sides.portal_side.office.peppers
    wrong, unknown = well_formed_like(number, peppers), numbers.make_number(peppers)
    assert wrong != number
    assert reference_of(wrong) == reference_of(number)
    runs: list[int] = []
    real = argon2id.kdf
    monkeypatch.setattr(argon2id, "kdf", lambda *args, **options: (runs.append(1), real(*args, **options))[1])
    seen_wrong = answer_to(sides, wrong)
    assert len(runs) == 1
    seen_unknown = answer_to(sides, unknown)
    assert len(runs) == 2
    assert seen_wrong == seen_unknown
    assert seen_wrong[0] == 422


@sqlite_only
@pytest.mark.parametrize("row", [1, 2, 3, 4])
def test_an_error_names_the_row_and_keeps_the_digits_in_rows(sides: Sides, person: AskedBy, row: int) -> None:
    number = person(PARENT).ask()
    peppers = sides.portal_side.office.peppers
    at = (row - 1) * 6 + 5
    spoiled = number[:at] + str((int(number[at]) + 1) % 10) + number[at + 1 :]
    assert numbers.check_rows(spoiled, peppers) == (row,)
    page = person(PARENT).come_back(spoiled)
    assert page.path == "/en/return"
    assert {1: "first row", 2: "second row", 3: "third row", 4: "last row"}[row] in page.text
    assert [digits for digits in page.digits if len(digits) == 6][:4] == list(rows(spoiled))


@sqlite_only
@pytest.mark.parametrize(
    "written",
    [
        lambda number: " ".join(rows(number)),
        lambda number: "-".join(rows(number)),
        lambda number: number.translate(str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩")),
        lambda number: number.translate(str.maketrans("0123456789", "۰۱۲۳۴۵۶۷۸۹")),
        lambda number: "\u200f" + number.translate(str.maketrans("0123456789", "੦੧੨੩੪੫੬੭੮੯")) + "\u200e",
    ],
    ids=["spaces", "dashes", "arabic", "urdu", "gurmukhi-with-marks"],
)
def test_any_spacing_and_any_scripts_digits_open(person: AskedBy, written: Callable[[str], str]) -> None:
    asking = person(PARENT)
    number = asking.ask()
    client = asking.client
    page = client.post_form("/en/return", {"number": written(number)})
    assert page.path == "/en/case"


@sqlite_only
def test_a_visit_ends_when_idle_and_each_page_extends_it(person: AskedBy, day: time_machine.Traveller) -> None:
    asking = person(PARENT)
    asking.ask()
    asking.come_back()
    for _ in range(3):
        day.shift(timedelta(minutes=19))
        assert asking.space().path == "/en/case"
    day.shift(timedelta(minutes=21))
    # After the end, as after leaving: the public start page, never "your session has ended".
    assert asking.space().path == "/en/"


@sqlite_only
def test_a_visit_ends_after_twelve_hours_however_busy(person: AskedBy, day: time_machine.Traveller) -> None:
    asking = person(PARENT)
    asking.ask()
    asking.come_back()
    for _ in range(12 * 6 + 1):
        day.shift(timedelta(minutes=10))
        page = asking.space()
    assert page.path == "/en/"


@sqlite_only
def test_a_message_that_comes_after_the_end_is_carried_through_the_number(
    person: AskedBy, day: time_machine.Traveller
) -> None:
    asking = person(PARENT)
    number = asking.ask()
    asking.come_back()
    page = asking.client.visit("/en/case/messages")
    day.shift(timedelta(minutes=30))
    words = "I wrote this\nfor half an hour. ☂ <b>&amp;"
    late = asking.client.submit(page, page.form("text"), {"text": words})
    assert late.path == "/en/return" or "kept on this page" in late.text
    form = late.form("number")
    back = asking.client.submit(late, form, {"number": number})
    assert (
        words.replace("\n", "\r\n") in dict(back.form("text").filled())["text"]
        or words in dict(back.form("text").filled())["text"]
    )
    sent = asking.client.submit(back, back.form("text"))
    assert "I wrote this" in sent.text


@sqlite_only
def test_signing_out_ends_the_visit_also_for_a_copied_cookie(sides: Sides, person: AskedBy) -> None:
    asking = person(PARENT)
    asking.ask()
    asking.come_back()
    cookie = asking.client.get_cookie("portal-v", domain="127.0.0.1")
    assert cookie is not None
    asking.sign_out()
    thief = sides.portal_client()
    thief.set_cookie("portal-v", cookie.value, domain="127.0.0.1")
    assert thief.get("/en/case").status_code == 302


@sqlite_only
def test_sending_a_message_twice_sends_it_once(sides: Sides, person: AskedBy) -> None:
    asking = person(PARENT)
    asking.ask()
    asking.come_back()
    page = asking.client.visit("/en/case/messages")
    form = page.form("text")
    for _ in range(2):
        asking.client.submit(page, form, {"text": "Once only."})
    assert asking.space().text.count("Once only.") == 1
    asking.client.submit(page, form, {"text": "Once only. No, there is more."})  # gone back, changed, and sent again
    assert "there is more" in asking.space().text


@sqlite_only
def test_the_number_page_repeats_the_same_number_until_it_is_acknowledged(sides: Sides, person: AskedBy) -> None:
    asking = person(PARENT)
    checked = asking.fill_in()
    first = asking.send(checked)
    number = asking.number
    again = asking.client.submit(checked, checked.form("revision"))  # Back, and "send" once more
    assert again.path == "/en/refer/sent"
    asking.number = ""
    assert re.sub(r"\D", "", "".join(d for d in again.digits if len(d) == 6)[:24]) == number
    asking.number = number
    asking.keep_number(first)
    assert asking.client.visit("/en/refer/sent").path == "/en/"
    assert asking.client.visit("/en/refer/who").path == "/en/refer/start"


@sqlite_only
@pytest.mark.rule("rule 6")
@pytest.mark.parametrize(("path", "field"), [("/en/return", "number"), ("/en/return/collect", "code")])
def test_when_every_place_is_taken_the_page_tries_again_and_keeps_what_was_typed(
    sides: Sides, monkeypatch: pytest.MonkeyPatch, path: str, field: str
) -> None:
    def busy(*_args: object, **_options: object) -> NoReturn:
        raise Busy

    number = numbers.make_number(sides.portal_side.office.peppers)
    typed = {"number": number} if field == "number" else {"reference": reference_of(number), "code": "3141592653"}
    client = sides.portal_client()
    assert "data-again" not in client.visit(path).html
    monkeypatch.setattr(Slot, "taken", busy)
    page = client.post_form(path, typed)
    assert page.status == 503
    assert page.headers["Retry-After"] == "5"
    assert re.search(r"<form[^>]* data-again>", page.html)
    kept = dict(page.form(field).filled())
    assert {name: "".join(str(kept[name]).split()) for name in typed} == typed
