"""The portal behind a real nginx, with the configuration that the documents give."""

from __future__ import annotations

import re
import socket
import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from tests.harness.proxy import BehindProxy, NginxMissing, nginx
from tests.integration.test_processes import asks_and_is_answered

ROOT = Path(__file__).parents[2]
# More than the portal has threads.
SLOW_SENDERS = 12


@pytest.fixture
def site(tmp_path: Path) -> Iterator[BehindProxy]:
    try:
        nginx()
    except NginxMissing as missing:
        pytest.skip(str(missing))
    made = BehindProxy(tmp_path / "site")
    try:
        made.start_proxy()
        yield made
    finally:
        made.close()


def connection(site: BehindProxy) -> ssl.SSLSocket:
    context = ssl.create_default_context(cafile=str(site.folder / "certificate.pem"))
    port = int(site.portal_url.rpartition(":")[2])
    return context.wrap_socket(socket.create_connection(("127.0.0.1", port), timeout=10), server_hostname="localhost")


def send_slowly(site: BehindProxy) -> ssl.SSLSocket:
    """Begin a form and never end it."""
    sender = connection(site)
    host = site.portal_url.removeprefix("https://")
    sender.sendall(
        f"POST /en/return HTTP/1.1\r\nHost: {host}\r\nOrigin: {site.portal_url}\r\n"
        "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 1000\r\n\r\nnumber=".encode()
    )
    return sender


def get(site: BehindProxy, path: str, **headers: str) -> requests.Response:
    certificate = str(site.folder / "certificate.pem")
    return requests.get(f"{site.portal_url}{path}", headers=headers, verify=certificate, timeout=20)


@pytest.mark.audit
@pytest.mark.rule("rule 4")
def test_the_whole_way_and_what_goes_wrong_on_it(site: BehindProxy) -> None:
    while_away = get(site, "/en/")
    assert (while_away.status_code, while_away.headers["Retry-After"]) == (503, "60")
    assert while_away.headers["Cache-Control"] == "no-store"
    assert "tel:999" in while_away.text

    site.start()
    asks_and_is_answered(site.visitor(), site.visitor("hub"))

    home = get(site, "/en/")
    assert home.headers["Strict-Transport-Security"].startswith("max-age=63072000")
    assert "Server" not in home.headers or re.fullmatch("nginx", home.headers["Server"])

    senders = [send_slowly(site) for _ in range(SLOW_SENDERS)]
    assert get(site, "/en/status").status_code == 200, "nobody waits for those who send slowly"
    for sender in senders:
        sender.close()

    own = {"Origin": site.portal_url}
    certificate = str(site.folder / "certificate.pem")
    sizes = {300_000: "portal's own", 600_000: "proxy's"}
    answers = [
        requests.post(
            f"{site.portal_url}/en/search", data={"words": "x" * size}, headers=own, verify=certificate, timeout=20
        )
        for size in sizes
    ]
    assert [each.status_code for each in answers] == [413, 413]
    assert "<nav" in answers[0].text or "<main" in answers[0].text, "in the portal's own calm words"

    seen = {get(site, "/en/return").status_code for _ in range(60)}
    assert seen == {200, 429}, "a whole refuge may come back at once, a flood may not"

    site.stop("portal")
    assert get(site, "/en/").status_code == 503
    assert {name: text for name, text in site.proxys_files().items() if text} == {}, "nothing is written down"
