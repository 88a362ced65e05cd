"""The site as real processes that can be killed: portal, hub and courier, each by itself, with its log in a file.

`kill` is SIGKILL: nothing is given the chance to tidy up. `start` brings a process back with the same data and port.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from ipaddress import IPv4Address
from pathlib import Path
from typing import Literal

import requests
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from app.settings import HUB_VARIABLES, PORTAL_VARIABLES, SHARED_VARIABLES, Side, environment_of
from tests.harness.clients import HttpVisitor
from tests.harness.day import VARIABLE, clock_from_now
from tests.harness.run import free_port

Name = Literal["portal", "hub", "courier"]
NAMES: tuple[Name, ...] = ("portal", "hub", "courier")
ROOT = Path(__file__).resolve().parents[2]
TEST_AREA = ROOT / "tests" / "area"
READY_WITHIN_SECONDS = 60.0
ENDS_WITHIN_SECONDS = 15.0
LOOKS_EVERY_SECONDS = 0.02


class NotReady(AssertionError):
    """A process did not come up, or not in time. The text holds the end of its log."""


@dataclass(frozen=True)
class Certificate:
    """A throw-away certificate for the loopback, and its key."""

    certificate: Path
    key: Path


class Supervisor:
    """One site: a data folder, two ports, and the processes on them."""

    def __init__(
        self,
        folder: Path,
        *,
        fixed_day: bool = True,
        over_tls: bool = False,
        environ: Mapping[str, str] | None = None,
    ) -> None:
        """Set a site up below `folder`; nothing runs yet.

        `fixed_day` puts every process on the day of the tests; without it the real commands of `make run` are used.
        `over_tls` serves the portal as in earnest: PUBLIC_URL set, the test area's statements, a throw-away certificate.
        `environ` adds variables for both sides; each process still gets only those of its own side.
        """
        self.folder = folder
        self.data_dir = folder / "data"
        self.log_dir = folder / "log"
        self.log_dir.mkdir(parents=True)
        self._processes: dict[Name, subprocess.Popen[bytes]] = {}
        self._fixed_day = fixed_day
        self._tls = make_certificate(folder) if over_tls else None
        portal_port, hub_port = free_port(), free_port()
        self.portal_url = f"https://localhost:{portal_port}" if over_tls else f"http://127.0.0.1:{portal_port}"
        self.hub_url = f"http://127.0.0.1:{hub_port}"
        own = SHARED_VARIABLES | PORTAL_VARIABLES | HUB_VARIABLES
        self._environ = {
            **{name: value for name, value in os.environ.items() if name not in own},
            "DATA_DIR": str(self.data_dir),
            **({} if "OIDC_ISSUER" in (environ or {}) else {"DEV_SIGN_IN": "1"}),
            "PORTAL_PORT": str(portal_port),
            "HUB_PORT": str(hub_port),
            **({VARIABLE: clock_from_now()} if fixed_day else {}),
            **(environ or {}),
        }
        self._run_setup()

    def __repr__(self) -> str:
        """Where it is."""
        return f"<Supervisor {self.portal_url} {self.hub_url}>"

    def environment(self, name: Name) -> dict[str, str]:
        """The environment of one process: the machine's own variables and its side's."""
        side: Side = "portal" if name == "portal" else "hub"
        environ = environment_of(side, self._environ)
        if self._tls is None:
            return environ
        environ["CONTENT_DIR"] = str(TEST_AREA)
        if side == "hub":
            return environ | {"PORTAL_URL": self.portal_url, "REQUESTS_CA_BUNDLE": str(self._tls.certificate)}
        keys = self.data_dir / "portal"
        return environ | {
            "PUBLIC_URL": self.portal_url,
            "SECRET_KEY": (keys / "secret-key").read_text(encoding="ascii").strip(),
            "PEPPERS_FILE": str(keys / "peppers"),
            "PORTAL_PRIVATE_KEY": str(keys / "private-key.json"),
            "HUB_PUBLIC_KEYS": str(keys / "hub-public-keys.json"),
        }

    def visitor(self, side: Side = "portal") -> HttpVisitor:
        """A new visitor of one side, without cookies."""
        certificate = self._tls.certificate if self._tls is not None and side == "portal" else None
        return HttpVisitor(self.portal_url if side == "portal" else self.hub_url, certificate=certificate)

    def start(self, *names: Name) -> None:
        """Start these processes, or all of them, and wait until they answer. Those that run stay as they are."""
        wanted = [name for name in names or NAMES if not self.is_running(name)]
        for name in wanted:
            with self.log_path(name).open("ab") as log:
                self._processes[name] = subprocess.Popen(
                    self._command(name),
                    cwd=ROOT,
                    env=self.environment(name),
                    stdout=log,
                    stderr=log,
                    start_new_session=True,
                )
        for name in wanted:
            self._wait_until_ready(name)

    def stop(self, *names: Name) -> None:
        """End these processes, or all of them, politely (SIGTERM)."""
        self._end(names or NAMES, signal.SIGTERM)

    def kill(self, *names: Name) -> None:
        """Kill these processes, or all of them, where they stand (SIGKILL), and wait until nothing of them is left."""
        self._end(names or NAMES, signal.SIGKILL)

    def kill_worker(self, name: Name) -> int:
        """Kill one worker of a web server, which its server replaces; returns the id of the killed process."""
        worker = self.workers(name)[0]
        os.kill(worker, signal.SIGKILL)
        return worker

    def workers(self, name: Name) -> list[int]:
        """The processes that a web server has started, oldest first (Linux)."""
        tasks = Path(f"/proc/{self._processes[name].pid}/task")
        children = [child for task in tasks.iterdir() for child in (task / "children").read_text().split()]
        return [pid for pid in sorted(int(child) for child in children) if not _is_bookkeeping(pid)]

    def pid(self, name: Name) -> int:
        """The process itself."""
        return self._processes[name].pid

    def is_running(self, name: Name) -> bool:
        """True while the process is there."""
        process = self._processes.get(name)
        return process is not None and process.poll() is None

    def log_path(self, name: Name) -> Path:
        """Where everything that a process says is kept."""
        return self.log_dir / f"{name}.log"

    def log(self, name: Name) -> str:
        """What a process has said so far."""
        path = self.log_path(name)
        return path.read_text(encoding="utf-8", errors="replace") if path.exists() else ""

    def close(self) -> None:
        """End everything, however it is."""
        self.kill()

    def _run_setup(self) -> None:
        environ = {name: value for name, value in self._environ.items() if name != "CONTENT_DIR"}
        made = subprocess.run(
            [sys.executable, "-m", "tests.harness.command", "setup"],
            cwd=ROOT,
            env=environ,
            capture_output=True,
            text=True,
            check=False,
        )
        if made.returncode:
            raise NotReady(f"set-up failed: {made.stdout}{made.stderr}")

    def _command(self, name: Name) -> list[str]:
        if name == "courier":
            module = ["tests.harness.command"] if self._fixed_day else ["flask"]
            return [sys.executable, "-m", *module, "courier"]
        if not self._fixed_day and self._tls is None:
            return [sys.executable, "-m", "flask", "serve", name]
        port = self._environ[f"{name.upper()}_PORT"]
        # As `flask serve` starts it, but for the module that it loads and the certificate.
        command = [
            sys.executable, "-m", "granian", "tests.harness.serving:app", "--interface", "wsgi", "--host", "127.0.0.1",
            "--port", port, "--workers", "1", "--blocking-threads", "8", "--respawn-failed-workers", "--no-ws",
            "--log-level", "warning",
        ]  # fmt: skip
        if self._tls is not None and name == "portal":
            command += ["--ssl-certificate", str(self._tls.certificate), "--ssl-keyfile", str(self._tls.key)]
        return command

    def _wait_until_ready(self, name: Name) -> None:
        if name == "courier":
            return
        url = f"{self.portal_url if name == 'portal' else self.hub_url}/readyz"
        verify = str(self._tls.certificate) if self._tls is not None else True
        deadline = time.monotonic() + READY_WITHIN_SECONDS
        with requests.Session() as session:
            session.trust_env = False
            while True:
                try:
                    if session.get(url, timeout=5, verify=verify).ok:
                        return
                except requests.RequestException:
                    pass
                if not self.is_running(name) or time.monotonic() > deadline:
                    raise NotReady(f"{name} did not come up:\n{self.log(name)[-4000:]}")
                time.sleep(LOOKS_EVERY_SECONDS)

    def _end(self, names: tuple[Name, ...], how: signal.Signals) -> None:
        ending = [(name, self._processes.pop(name)) for name in names if name in self._processes]
        for _, process in ending:
            if process.poll() is None:
                process.send_signal(how)
        for name, process in ending:
            try:
                process.wait(ENDS_WITHIN_SECONDS)
            except subprocess.TimeoutExpired:
                _kill_group(process.pid)
                process.wait(ENDS_WITHIN_SECONDS)
                raise NotReady(f"{name} did not end on {how.name}") from None
            _wait_until_group_ended(process.pid, name)


def make_certificate(folder: Path) -> Certificate:
    """A certificate for localhost and 127.0.0.1 that vouches for itself, good at any time that a test could live in."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    alternatives = x509.SubjectAlternativeName([x509.DNSName("localhost"), x509.IPAddress(IPv4Address("127.0.0.1"))])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(datetime(2020, 1, 1, tzinfo=UTC))
        .not_valid_after(datetime(2100, 1, 1, tzinfo=UTC))
        .add_extension(alternatives, critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    made = Certificate(folder / "certificate.pem", folder / "certificate-key.pem")
    made.certificate.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    made.key.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return made


def _is_bookkeeping(process: int) -> bool:
    """Python's own helper of multiprocessing, which serves nothing."""
    try:
        return b"resource_tracker" in Path(f"/proc/{process}/cmdline").read_bytes()
    except FileNotFoundError:
        return True


def _wait_until_group_ended(group: int, name: Name) -> None:
    """Each process leads a group of its own: wait until its children are gone too, as a dead parent makes them."""
    deadline = time.monotonic() + ENDS_WITHIN_SECONDS
    while _group_is_there(group):
        if time.monotonic() > deadline:
            _kill_group(group)
            raise NotReady(f"something of {name} went on after its end")
        time.sleep(LOOKS_EVERY_SECONDS)


def _group_is_there(group: int) -> bool:
    """Whether anything of a group still runs. Zombies have ended: who reaps them, and when, is not ours to wait for."""
    processes = Path("/proc")
    if not (processes / "self").exists():
        try:
            os.killpg(group, 0)
        except ProcessLookupError:
            return False
        return True
    for process in processes.iterdir():
        if process.name.isdigit():
            try:
                state, _parent, its_group = (
                    (process / "stat").read_text(errors="replace").rpartition(")")[2].split()[:3]
                )
            except (FileNotFoundError, ProcessLookupError):
                continue
            if int(its_group) == group and state != "Z":
                return True
    return False


def _kill_group(group: int) -> None:
    try:
        os.killpg(group, signal.SIGKILL)
    except ProcessLookupError:
        return
