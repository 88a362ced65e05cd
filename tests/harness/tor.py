"""A Tor network on the loopback: three authorities, three relays, an onion service with the documents' torrc, and a client.

Nothing of it reaches the network outside. Its intervals are those that Tor has for tests: a first consensus is there in half a
minute.
"""

from __future__ import annotations

import re
import shutil
import socket
import subprocess
import threading
import time
from pathlib import Path

from tests.harness.rabbitmq import pass_on
from tests.harness.run import free_port
from tests.harness.supervisor import ROOT, NotReady

OWN = ROOT / "docs" / "operations" / "tor" / "torrc"
AUTHORITIES, RELAYS = 3, 3
THERE_WITHIN_SECONDS = 180
LED_WITHIN_SECONDS = 60
COMMON = """TestingTorNetwork 1
DataDirectory {folder}
Log notice file {folder}/notice.log
ShutdownWaitLength 0
PathsNeededToBuildCircuits 0.67
"""
RELAY = """Nickname test{number}
Address 127.0.0.1
ORPort {or_port}
SocksPort 0
AssumeReachable 1
ExitRelay 0
"""
AUTHORITY = """DirPort {dir_port}
AuthoritativeDirectory 1
V3AuthoritativeDirectory 1
ContactInfo nobody@test.test
V3AuthNIntervalsValid 2
TestingV3AuthInitialVotingInterval 20
TestingV3AuthInitialVoteDelay 4
TestingV3AuthInitialDistDelay 4
V3AuthVotingInterval 20
V3AuthVoteDelay 4
V3AuthDistDelay 4
TestingDirAuthVoteExit *
TestingDirAuthVoteHSDir *
TestingDirAuthVoteGuard *
"""
SOCKS_HELLO, SOCKS_WELCOME = b"\x05\x01\x00", b"\x05\x00"


class TorMissing(Exception):
    """There is no tor on this machine; the text says how to get it."""


class TorNetwork:
    """The network below `folder`; once it runs, `onion` is the service's name, and `proxy` lets somebody in by HTTP."""

    def __init__(self, folder: Path) -> None:
        """Nothing runs until `start`. Raises TorMissing."""
        if shutil.which("tor") is None or shutil.which("tor-gencert") is None:
            raise TorMissing("tor is missing (Debian: apt-get install tor)")
        self._folder = folder
        self._processes: list[subprocess.Popen[bytes]] = []
        self._socks_port = free_port()
        self._door: socket.socket | None = None
        self.onion = self.proxy = ""

    def start(self, *, service_port: int) -> None:
        """Wait until client and service are part of it. `service_port` is where the service's web server will listen."""
        folder = self._folder
        places = [(free_port(), free_port()) for _ in range(AUTHORITIES + RELAYS)]
        known = "".join(self._authority(number, *places[number]) for number in range(AUTHORITIES))
        for number, (or_port, dir_port) in enumerate(places):
            own = RELAY.format(number=number, or_port=or_port)
            self._run(f"{number}", known + own + (AUTHORITY.format(dir_port=dir_port) if number < AUTHORITIES else ""))
        key = folder / "ask"
        key.mkdir(mode=0o700)
        torrc = OWN.read_text("utf-8").replace("/var/lib/tor/ask/", f"{key}/").replace("Log warn syslog\n", "")
        assert "127.0.0.1:8081" in torrc
        self._run("service", known + torrc.replace("127.0.0.1:8081", f"127.0.0.1:{service_port}"))
        self._run("client", known + f"SocksPort {self._socks_port}\n")
        for name in ("service", "client"):
            self._wait_for(name)
        self.onion = (key / "hostname").read_text("ascii").strip()
        self._door = door = socket.create_server(("127.0.0.1", 0))
        threading.Thread(target=self._let_in, args=(door,), daemon=True).start()
        self.proxy = f"http://127.0.0.1:{door.getsockname()[1]}"

    def close(self) -> None:
        """Leave nothing running."""
        if self._door is not None:
            self._door.close()
        for process in self._processes:
            process.kill()
            process.wait()

    def _authority(self, number: int, or_port: int, dir_port: int) -> str:
        """Make an authority's keys; returns the line by which the others know it."""
        keys = self._made(f"{number}") / "keys"
        keys.mkdir(mode=0o700)
        identity, signing, certificate = (
            keys / f"authority_{name}" for name in ("identity_key", "signing_key", "certificate")
        )
        subprocess.run(
            ["tor-gencert", "--create-identity-key", "--passphrase-fd", "0", "-i", identity, "-s", signing, "-c", certificate,
             "-m", "12", "-a", f"127.0.0.1:{dir_port}"],
            input=b"only-here\n", check=True, capture_output=True,
        )  # fmt: skip
        (found,) = re.findall(r"^fingerprint ([0-9A-F]+)", certificate.read_text("ascii"), re.M)
        alone = keys.parent / "alone"
        unknown = f"DirAuthority x orport=1 v3ident={found} 127.0.0.1:1 {'F' * 40}\n"
        alone.write_text(COMMON.format(folder=keys.parent) + RELAY.format(number=number, or_port=or_port) + unknown)
        told = subprocess.run(["tor", "-f", alone, "--list-fingerprint"], capture_output=True, text=True, check=True)
        relay = re.findall(r"(?:[0-9A-F]{4} ?){10}", told.stdout)[-1].replace(" ", "").strip()
        return f"DirAuthority test{number} orport={or_port} v3ident={found} 127.0.0.1:{dir_port} {relay}\n"

    def _made(self, name: str) -> Path:
        own = self._folder / f"node-{name}"
        own.mkdir(mode=0o700, exist_ok=True)
        return own

    def _run(self, name: str, settings: str) -> None:
        own = self._made(name)
        (own / "torrc").write_text(COMMON.format(folder=own) + settings, encoding="ascii")
        with (own / "said.log").open("wb") as said:
            self._processes.append(subprocess.Popen(["tor", "-f", own / "torrc"], stdout=said, stderr=said))

    def _wait_for(self, name: str) -> None:
        own = self._folder / f"node-{name}"
        until = time.monotonic() + THERE_WITHIN_SECONDS
        while not (own / "notice.log").exists() or "Bootstrapped 100%" not in (own / "notice.log").read_text("utf-8"):
            if time.monotonic() > until:
                raise NotReady(f"{name}: {(own / 'said.log').read_text('utf-8')[-3000:]}")
            time.sleep(0.2)

    def _let_in(self, door: socket.socket) -> None:
        while True:
            try:
                came, _ = door.accept()
            except OSError:
                return
            threading.Thread(target=self._lead, args=(came,), daemon=True).start()

    def _lead(self, came: socket.socket) -> None:
        until = time.monotonic() + LED_WITHIN_SECONDS
        while (on := self._connected()) is None:  # the service may not have told the network yet that it is there
            if time.monotonic() > until:
                came.close()
                return
            time.sleep(1)
        for one, other in ((came, on), (on, came)):
            threading.Thread(target=pass_on, args=(one, other), daemon=True).start()

    def _connected(self) -> socket.socket | None:
        """By SOCKS 5 (RFC 1928) to the service's port 80."""
        on = socket.create_connection(("127.0.0.1", self._socks_port), timeout=60)
        name = self.onion.encode("ascii")
        try:
            on.sendall(SOCKS_HELLO)
            if on.recv(2) == SOCKS_WELCOME:
                on.sendall(b"\x05\x01\x00\x03" + bytes([len(name)]) + name + (80).to_bytes(2))
                if on.recv(10)[1:2] == b"\x00":
                    on.settimeout(None)
                    return on
        except OSError:
            pass
        on.close()
        return None
