"""The site as real processes that can be killed: portal, hub and courier, each by itself, with its log in a file.

`kill` is SIGKILL: nothing is given the chance to tidy up. `start` brings a process back with the same data and port.

The whole installation, on PostgreSQL with the post through RabbitMQ and two of everything:

    Supervisor(folder, engine="postgresql", carrier="amqp", processes={"portal": 2, "hub": 2, "courier": 2, "hatch": 2})

The second of a kind is called "portal-2", with a port of its own (`url`), and so on.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address
from pathlib import Path
from typing import Literal, cast

import requests
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from app.adapters import queues
from app.settings import (
    HUB_VARIABLES,
    PORTAL_VARIABLES,
    SHARED_VARIABLES,
    QueueAddress,
    Side,
    environment_of,
    queue_address,
)
from tests.harness.clients import HttpVisitor
from tests.harness.databases import SIDES, Copies, EngineName
from tests.harness.day import VARIABLE, clock_from_now
from tests.harness.forking import Born, Nursery
from tests.harness.rabbitmq import Address, shared_broker, take_vhost
from tests.harness.run import free_port

# "portal", "hub", "courier", where there is a queue "hatch"; the second of a kind "portal-2" and so on.
Name = str
Kind = Literal["portal", "hub", "courier", "hatch"]
KINDS: tuple[Kind, ...] = ("portal", "hub", "hatch", "courier")
ROOT = Path(__file__).resolve().parents[2]
TEST_AREA = ROOT / "tests" / "area"
READY_WITHIN_SECONDS = 90.0
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
        forked: bool = False,
        environ: Mapping[str, str] | None = None,
        engine: EngineName = "sqlite",
        carrier: Literal["http", "amqp"] = "http",
        broker: Address | None = None,
        processes: Mapping[Kind, int] | None = None,
        workers: int = 1,
    ) -> None:
        """Set a site up below `folder`; nothing runs yet.

        `fixed_day` puts every process on the day of the tests; without it the real commands of `make run` are used.
        `over_tls` serves the portal as in earnest: PUBLIC_URL set, the test area's statements, a throw-away certificate.
        `forked` starts processes from one that has loaded their side already (tests/harness/forking.py), for those that are
        killed again and again; not over TLS.
        `environ` adds variables for both sides; each process still gets only those of its own side.
        `engine` gives each side a database on the run's PostgreSQL instead of a file. With `carrier="amqp"` the post goes through
        queues, each side as its own user with its own rights, in a virtual host of this site's own on the run's broker; or on
        `broker`, which must be up. `processes` says how many there are of a kind, if not one; `workers` how many each web server
        has, without the fixed day.
        """
        self.folder = folder
        self.data_dir = folder / "data"
        self.log_dir = folder / "log"
        self.log_dir.mkdir(parents=True)
        self._processes: dict[Name, subprocess.Popen[bytes] | Born] = {}
        self._nurseries: dict[Name, Nursery] = {}
        self._forked = forked
        self.names = tuple(
            kind if number == 1 else f"{kind}-{number}"
            for kind in KINDS
            if kind != "hatch" or carrier == "amqp"
            for number in range(1, (processes or {}).get(kind, 1) + 1)
        )
        self._ports = {name: free_port() for name in self.names}
        self._fixed_day, self._workers = fixed_day, workers
        self._tls = make_certificate(folder) if over_tls else None
        self.portal_url, self.hub_url = self.url("portal"), self.url("hub")
        self._copies = Copies(engine, self.data_dir) if engine == "postgresql" else None
        self.database_urls = {side: self._copies.make(side) for side in SIDES} if self._copies is not None else {}
        self.queue_urls: dict[Side, str] = {}
        if carrier == "amqp":
            self._vhost, self._broker = ("t1", broker) if broker is not None else (take_vhost(), shared_broker())
            self.queue_urls = {side: self._broker.url(self._vhost, side) for side in SIDES}
            self.declare_queues()
        own = SHARED_VARIABLES | PORTAL_VARIABLES | HUB_VARIABLES
        self._environ = {
            **{name: value for name, value in os.environ.items() if name not in own},
            "DATA_DIR": str(self.data_dir),
            **({} if "OIDC_ISSUER" in (environ or {}) else {"DEV_SIGN_IN": "1"}),
            "PORTAL_PORT": str(self._ports["portal"]),
            "HUB_PORT": str(self._ports["hub"]),
            **{f"{side.upper()}_DATABASE_URL": url for side, url in self.database_urls.items()},
            **({VARIABLE: clock_from_now()} if fixed_day else {}),
            **(environ or {}),
        }
        self._run_setup()

    def __repr__(self) -> str:
        """Where it is."""
        return f"<Supervisor {self.portal_url} {self.hub_url}>"

    def environment(self, name: Name) -> dict[str, str]:
        """The environment of one process: the machine's own variables and its side's."""
        kind = kind_of(name)
        side: Side = "portal" if kind in ("portal", "hatch") else "hub"
        environ = environment_of(side, self._environ)
        if self.queue_urls:
            environ["QUEUE_URL"] = self.queue_urls[side]
        if kind == side:
            environ[f"{side.upper()}_PORT"] = str(self._ports[name])
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

    @property
    def queue_owner(self) -> QueueAddress:
        """The queues, for somebody who may do everything with them."""
        assert self._broker is not None
        address = queue_address({"QUEUE_URL": self._broker.url(self._vhost)})
        assert address is not None
        return address

    def declare_queues(self) -> None:
        """As `flask post queues` does: also after the broker's data were wiped."""
        queues.declare(self.queue_owner)

    def url(self, name: Name) -> str:
        """Where one of the web servers listens."""
        is_tls = self._tls is not None and kind_of(name) == "portal"
        return f"https://localhost:{self._ports[name]}" if is_tls else f"http://127.0.0.1:{self._ports[name]}"

    def visitor(self, name: Name = "portal") -> HttpVisitor:
        """A new visitor of one of the web servers, without cookies."""
        certificate = self._tls.certificate if self._tls is not None and kind_of(name) == "portal" else None
        return HttpVisitor(self.url(name), certificate=certificate)

    def start(self, *names: Name, wait: bool = True) -> None:
        """Start these processes, or all of them, and wait until they answer. Those that run stay as they are."""
        wanted = [name for name in names or self.names if not self.is_running(name)]
        if self._forked:  # all of them load at once
            self._nurseries.update({name: self._nursery(name) for name in wanted if name not in self._nurseries})
        for name in wanted:
            self._processes[name] = self._fork(name) if self._forked else self._spawn(name)
        for name in wanted if wait else ():
            self._wait_until_ready(name)

    def stop(self, *names: Name) -> None:
        """End these processes, or all of them, politely (SIGTERM)."""
        self._end(names or self.names, signal.SIGTERM)

    def kill(self, *names: Name) -> None:
        """Kill these processes, or all of them, where they stand (SIGKILL), and wait until nothing of them is left."""
        self._end(names or self.names, signal.SIGKILL)

    def kill_worker(self, name: Name) -> int:
        """Kill one worker of a web server, which its server replaces; returns the id of the killed process."""
        worker = self.workers(name)[0]
        with suppress(ProcessLookupError):
            os.kill(worker, signal.SIGKILL)
        return worker

    def workers(self, name: Name) -> list[int]:
        """The processes that a web server has started, oldest first (Linux)."""
        tasks = Path(f"/proc/{self._processes[name].pid}/task")
        try:
            children = [child for task in tasks.iterdir() for child in (task / "children").read_text().split()]
        except (FileNotFoundError, ProcessLookupError):  # it has just ended
            return []
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

    def skip(self, time_to_skip: timedelta) -> None:
        """Move the clock of every process that is started from now on; back, when it is less than nothing. For the fixed day."""
        fixed, began = self._environ[VARIABLE].split()
        self._environ[VARIABLE] = f"{float(fixed) + time_to_skip.total_seconds():.3f} {began}"

    def close(self) -> None:
        """End everything, however it is, and drop the databases."""
        self.kill()
        for nursery in self._nurseries.values():
            nursery.close()
        self._nurseries.clear()
        if self._copies is not None:
            self._copies.drop()

    def _spawn(self, name: Name) -> subprocess.Popen[bytes]:
        with self.log_path(name).open("ab") as log:
            return subprocess.Popen(
                self._command(name),
                cwd=ROOT,
                env=self.environment(name),
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def _nursery(self, name: Name) -> Nursery:
        return Nursery(kind_of(name), environ=self.environment(name), folder=ROOT, log=self.log_dir / "nursery.log")

    def _fork(self, name: Name) -> Born:
        try:
            return self._nurseries[name].bear(self.log_path(name), clock=self._environ.get(VARIABLE, ""))
        except (OSError, ValueError):
            said = (self.log_dir / "nursery.log").read_text(encoding="utf-8", errors="replace")
            raise NotReady(f"{name} could not be loaded:\n{said[-4000:]}") from None

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
        kind = kind_of(name)
        if kind in ("courier", "hatch"):
            module = ["tests.harness.command"] if self._fixed_day else ["flask"]
            return [sys.executable, "-m", *module, kind]
        if not self._fixed_day and self._tls is None:
            return [sys.executable, "-m", "flask", "serve", kind, "--workers", str(self._workers)]
        port = str(self._ports[name])
        # As `flask serve` starts it, but for the module that it loads and the certificate.
        command = [
            sys.executable, "-m", "granian", "tests.harness.serving:app", "--interface", "wsgi", "--host", "127.0.0.1",
            "--port", port, "--workers", "1", "--blocking-threads", "8", "--respawn-failed-workers", "--no-ws",
            "--log-level", "warning",
        ]  # fmt: skip
        if self._tls is not None and kind == "portal":
            command += ["--ssl-certificate", str(self._tls.certificate), "--ssl-keyfile", str(self._tls.key)]
        return command

    def _wait_until_ready(self, name: Name) -> None:
        if kind_of(name) in ("courier", "hatch"):
            return
        url = f"{self.url(name)}/readyz"
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


def kind_of(name: Name) -> Kind:
    """What "portal-2" is the second of."""
    return cast(Kind, name.partition("-")[0])


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
