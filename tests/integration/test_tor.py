"""The onion service as the documents have it - torrc, nginx, a portal of its own - through a real Tor network on the loopback."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.harness.clients import HttpVisitor
from tests.harness.proxy import AROUND, NginxMissing, nginx
from tests.harness.run import free_port
from tests.harness.supervisor import ROOT, TEST_AREA, Supervisor
from tests.harness.tor import TorMissing, TorNetwork
from tests.integration.test_processes import NewSite, asks_and_is_answered, soon

CONFIGURATION = ROOT / "docs" / "operations" / "proxy" / "onion.nginx.conf"
LISTENS = "127.0.0.1:8081"
pytestmark = [pytest.mark.audit, pytest.mark.timeout(600)]


@pytest.fixture
def network() -> Iterator[TorNetwork]:
    # Its folder is not pytest's: a control socket's path would be too long there.
    folder = Path(tempfile.mkdtemp(prefix="test-tor-"))
    try:
        nginx()
        made = TorNetwork(folder)
    except (NginxMissing, TorMissing) as missing:
        pytest.skip(str(missing))
    try:
        yield made
    finally:
        made.close()
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def site(new_site: NewSite) -> Supervisor:
    made = new_site(fixed_day=False)
    made.start()
    return made


def portal_of_its_own(site: Supervisor, onion: str, port: int) -> dict[str, str]:
    """The environment that onion.md asks for."""
    keys = site.data_dir / "portal"
    return site.environment("portal") | {
        "PUBLIC_URL": f"http://{onion}",
        "PORTAL_PORT": str(port),
        "CONTENT_DIR": str(TEST_AREA),
        "SECRET_KEY": (keys / "secret-key").read_text(encoding="ascii").strip(),
        "PEPPERS_FILE": str(keys / "peppers"),
        "PORTAL_PRIVATE_KEY": str(keys / "private-key.json"),
        "HUB_PUBLIC_KEYS": str(keys / "hub-public-keys.json"),
    }


def configuration(folder: Path, onion: str, *, listens: int, portal: int) -> str:
    """The documents' file, with other ports and paths."""
    server = CONFIGURATION.read_text(encoding="utf-8")
    for theirs, ours in {
        LISTENS: f"127.0.0.1:{listens}",
        "THE-56-LETTERS.onion": onion,
        "127.0.0.1:8002": f"127.0.0.1:{portal}",
        "/srv/ask-for-support": str(ROOT),
        "/var/log/nginx": str(folder),
    }.items():
        assert theirs in server, theirs
        server = server.replace(theirs, ours)
    return AROUND.format(folder=folder, user="user root;" if os.geteuid() == 0 else "", server=server)


def test_somebody_asks_and_is_answered_through_tor(site: Supervisor, network: TorNetwork, tmp_path: Path) -> None:
    listens, port = free_port(), free_port()
    network.start(service_port=listens)
    folder = tmp_path / "proxy"
    folder.mkdir()
    (folder / "nginx.conf").write_text(
        configuration(folder, network.onion, listens=listens, portal=port), encoding="utf-8"
    )
    started = [
        subprocess.Popen(
            [sys.executable, "-m", "flask", "serve", "portal"],
            cwd=ROOT,
            env=portal_of_its_own(site, network.onion, port),
        ),
        subprocess.Popen([nginx(), "-p", str(folder), "-c", str(folder / "nginx.conf")]),
    ]
    try:
        visitor = HttpVisitor(f"http://{network.onion}", timeout_seconds=90)
        visitor.session.proxies = {"http": network.proxy}
        home = soon(lambda: visitor.visit("/en/"), is_so=lambda page: page.status == 200)
        assert "Strict-Transport-Security" not in home.headers
        asks_and_is_answered(visitor, site.visitor("hub"))
        assert visitor.visit("/post/pass").status == visitor.visit("/readyz").status == 404
        written = {path.name: path.read_text("utf-8", "replace") for path in folder.glob("*.log")}
        assert not any(written.values()), "nothing is written down"
    finally:
        for each in started:
            each.terminate()
            each.wait(30)
