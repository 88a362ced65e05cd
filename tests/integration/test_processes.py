"""The site as real processes: portal, desk and courier, on the fixed day, in real time, and over TLS."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import requests

from tests.harness.clients import HttpVisitor
from tests.harness.pages import Page
from tests.harness.people import Colleague, Person
from tests.harness.supervisor import Supervisor
from tests.stories import WATCHED

# Her conflict line is for the guard's own tests.
HER = WATCHED.open_to_all()

NewSite = Callable[..., Supervisor]
SOON_SECONDS = 30.0


def soon(look: Callable[[], Page], *, is_so: Callable[[Page], bool]) -> Page:
    """Look until it is so, as somebody who opens a page again and again; fails with the last page."""
    deadline = time.monotonic() + SOON_SECONDS
    while True:
        page = look()
        if is_so(page):
            return page
        assert time.monotonic() < deadline, page.text
        time.sleep(0.1)


def asks_and_is_answered(visitor: HttpVisitor, desk: HttpVisitor) -> Person:
    """Somebody asks, the courier carries it, a colleague answers, and she reads it in her space."""
    her = Person(visitor, HER)
    her.ask()
    her.come_back()
    colleague = Colleague(desk)
    colleague.sign_in()
    soon(colleague.queue, is_so=lambda page: her.reference[:3] in page.text)
    colleague.write(colleague.open(colleague.case(her.reference)), "It is safe to read this here.")
    soon(her.space, is_so=lambda page: "It is safe to read this here." in page.text)
    return her


@pytest.mark.parametrize(
    "options",
    [pytest.param({}, marks=pytest.mark.audit), {"fixed_day": False}, {"over_tls": True}],
    ids=["fixed-day", "as-make-run", "over-tls"],
)
def test_somebody_asks_and_is_answered_with_no_help(new_site: NewSite, options: dict[str, bool]) -> None:
    site = new_site(**options)
    site.start()
    her = Person(site.visitor(), HER)
    her.ask()
    space = her.come_back()
    waiting = space.part("delivery")
    soon(her.space, is_so=lambda page: page.part("delivery") != waiting)
    desk = Colleague(site.visitor("hub"))
    desk.sign_in()
    desk.write(desk.open(desk.case(her.reference)), "It is safe to read this here.")
    soon(her.space, is_so=lambda page: "It is safe to read this here." in page.text)
    her.write("Thursday is fine.")
    soon(lambda: desk.case(her.reference), is_so=lambda page: "Thursday is fine." in page.text)
    # Whoever reads and asks comes before what can be carried a moment later.
    courier, *others = (os.getpriority(os.PRIO_PROCESS, site.pid(name)) for name in ("courier", "portal", "hub"))
    assert all(courier > other for other in others)


def test_a_killed_process_is_gone_and_comes_back(new_site: NewSite) -> None:
    site = new_site()
    site.start("portal")
    her = Person(site.visitor(), HER)
    her.ask()
    workers = site.workers("portal")
    assert len(workers) == 1
    site.kill("portal")
    assert not site.is_running("portal")
    with pytest.raises(requests.ConnectionError):
        her.come_back()
    site.start("portal")
    assert site.workers("portal") != workers
    assert her.come_back().path == "/en/case"
    # A worker alone is replaced by its server, and nothing that was kept is lost.
    killed = site.kill_worker("portal")
    soon(lambda: _even_if_down(her), is_so=lambda page: page.path == "/en/case")
    assert killed not in site.workers("portal")


def test_a_server_with_one_worker_is_one_process_and_holds_no_documentation(new_site: NewSite) -> None:
    site = new_site(fixed_day=False)
    site.start("portal")
    assert site.workers("portal") == []
    about = Path(f"/proc/{site.pid('portal')}")
    assert b"-OO" in (about / "cmdline").read_bytes().split(b"\0")
    assert b"MALLOC_ARENA_MAX=1" in (about / "environ").read_bytes().split(b"\0")
    assert site.visitor().visit("/en/pledge").status == 200


def test_a_worker_of_two_is_replaced_when_it_is_killed(new_site: NewSite) -> None:
    site = new_site(fixed_day=False, workers=2)
    site.start("portal")
    before = site.workers("portal")
    assert len(before) == 2
    killed = site.kill_worker("portal")
    until = time.monotonic() + SOON_SECONDS
    while len(site.workers("portal")) < 2 or killed in site.workers("portal"):
        assert time.monotonic() < until
        time.sleep(0.1)
    assert len(set(site.workers("portal")) - set(before)) == 1
    assert soon(lambda: _visited(site), is_so=lambda page: page.status == 200).path == "/en/pledge"


def _visited(site: Supervisor) -> Page:
    try:
        return site.visitor().visit("/en/pledge")
    except requests.ConnectionError:
        return Page(url="", status=0, headers={}, html="")


def _even_if_down(person: Person) -> Page:
    try:
        return person.come_back()
    except requests.ConnectionError:
        return Page(url="", status=0, headers={}, html="")
