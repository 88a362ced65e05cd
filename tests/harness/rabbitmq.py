"""Private RabbitMQ brokers: one for a test run, shared by its workers, and others of a test's own to stop, hang and wipe.

Each has a node name, a folder, an `epmd` and ports of its own, all on the loopback. Users, rights and virtual hosts are there
when it answers, as docs/operations.md wants them. A test takes a virtual host, in which the queues have the names that they
have in service. As root it runs as the user "rabbitmq".
"""

from __future__ import annotations

import base64
import dataclasses
import hashlib
import json
import os
import random
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from tests.harness import run
from tests.harness.postgresql import _end_with_keeper, _finish, _is_there
from tools.programs import rabbitmq_server

Who = Literal["hub", "portal", "owner"]
# The rights of each (configure, write, read), as in docs/operations.md. The owner declares the queues; tests look into them.
RIGHTS: dict[Who, tuple[str, str, str]] = {
    "hub": ("^$", "^hub-sends$", "^to-hub$"),
    "portal": ("^$", "^portal-sends$", "^to-portal$"),
    "owner": (".*", ".*", ".*"),
}
PASSWORD = "only-on-this-machine"
VHOSTS = 20
STARTS_WITHIN_SECONDS = 90
LOOKS_EVERY_SECONDS = 0.05


class RabbitmqMissing(Exception):
    """No server is installed."""


class NotUp(AssertionError):
    """The broker did not start, or not in time. The text holds the end of its log."""


@dataclass(frozen=True)
class Address:
    """Where a broker listens: in clear, and over TLS with a certificate that vouches for itself."""

    port: int
    tls_port: int
    certificate: Path

    def url(self, vhost: str, who: Who = "owner", *, tls: bool = False) -> str:
        """QUEUE_URL for one of the users in one of the virtual hosts."""
        scheme, host, port = ("amqps", "localhost", self.tls_port) if tls else ("amqp", "127.0.0.1", self.port)
        return f"{scheme}://{who}:{PASSWORD}@{host}:{port}/{vhost}"


@dataclass(frozen=True)
class Place:
    """A node's place among those that are one cluster."""

    node: str
    nodes: tuple[str, ...]
    epmd_port: int
    cookie: str


class Broker:
    """One broker below `folder`; nothing runs until `start`."""

    def __init__(self, folder: Path, *, place: Place | None = None) -> None:
        server = rabbitmq_server()
        if server is None:
            raise RabbitmqMissing("RabbitMQ is not installed (Debian: apt-get install rabbitmq-server)")
        from tests.harness.supervisor import make_certificate

        self._server = server
        self.folder = folder
        for name in ("data", "log", "home"):
            (folder / name).mkdir(parents=True)
        made = make_certificate(folder)
        self.address = Address(steady_port(), steady_port(), made.certificate)
        self._place = place or Place(f"test-{secrets.token_hex(4)}@localhost", (), steady_port(), secrets.token_hex(16))
        self._dist_port = steady_port()
        (folder / "definitions.json").write_text(json.dumps(_definitions()), encoding="ascii")
        (folder / "enabled_plugins").write_text("[].\n", encoding="ascii")
        (folder / "rabbitmq-env.conf").touch()
        settings = {
            "listeners.tcp.default": f"127.0.0.1:{self.address.port}",
            "listeners.ssl.default": f"127.0.0.1:{self.address.tls_port}",
            "ssl_options.certfile": made.certificate,
            "ssl_options.keyfile": made.key,
            "ssl_options.verify": "verify_none",
            "load_definitions": folder / "definitions.json",
            "vm_memory_high_watermark.absolute": "1GB",
            "disk_free_limit.absolute": "50MB",
            "raft.wal_max_size_bytes": 64 * 1024 * 1024,
            "log.file.level": "warning",
            "log.console": "false",
            "loopback_users": "none",
        }
        if self._place.nodes:
            settings["cluster_formation.peer_discovery_backend"] = "classic_config"
            for number, node in enumerate(self._place.nodes, start=1):
                settings[f"cluster_formation.classic_config.nodes.{number}"] = node
        cookie = folder / "home" / ".erlang.cookie"
        cookie.write_text(self._place.cookie, encoding="ascii")
        cookie.chmod(0o400)
        (folder / "rabbitmq.conf").write_text(
            "".join(f"{name} = {value}\n" for name, value in settings.items()), encoding="ascii"
        )
        self._as_user: dict[str, Any] = {}
        if os.geteuid() == 0:
            self._as_user = {"user": "rabbitmq", "group": "rabbitmq", "extra_groups": []}
            for path in (folder, *folder.rglob("*")):
                shutil.chown(path, user="rabbitmq", group="rabbitmq")
        self._epmd: subprocess.Popen[bytes] | None = None
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it and wait until it answers; with the data that it has."""
        self.start_epmd()
        with (self.folder / "log" / "said.log").open("ab") as said:
            self._process = subprocess.Popen(
                [self._server],
                cwd=self.folder,
                env=self._environ(),
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=said,
                start_new_session=True,
                **self._as_user,
            )
        deadline = time.monotonic() + STARTS_WITHIN_SECONDS
        while not _answers(self.address.url("t0")):
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise NotUp(self.log()[-4000:])
            time.sleep(LOOKS_EVERY_SECONDS)

    def start_epmd(self) -> None:
        """What nodes find each other by, unless it is there already."""
        if self._epmd is None and not _listens(self._place.epmd_port):
            self._epmd = subprocess.Popen(
                ["epmd", "-port", str(self._place.epmd_port), "-address", "127.0.0.1"],
                env=self._environ(),
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                preexec_fn=_end_with_keeper,  # noqa: PLW1509 - nothing of ours has threads that hold a lock here
                **self._as_user,
            )
            _wait_for_port(self._place.epmd_port)

    def _environ(self) -> dict[str, str]:
        return {
            "PATH": os.environ["PATH"],
            "HOME": str(self.folder / "home"),
            "LANG": "C.UTF-8",
            "ERL_EPMD_PORT": str(self._place.epmd_port),
            "ERL_EPMD_ADDRESS": "127.0.0.1",
            "RABBITMQ_NODENAME": self._place.node,
            "RABBITMQ_NODE_IP_ADDRESS": "",
            "RABBITMQ_DIST_PORT": str(self._dist_port),
            "RABBITMQ_CONF_ENV_FILE": str(self.folder / "rabbitmq-env.conf"),
            "RABBITMQ_CONFIG_FILE": str(self.folder / "rabbitmq.conf"),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(self.folder / "enabled_plugins"),
            "RABBITMQ_MNESIA_BASE": str(self.folder / "data"),
            "RABBITMQ_LOG_BASE": str(self.folder / "log"),
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "-kernel inet_dist_use_interface {127,0,0,1} +S 2:2 +sbwt none",
        }

    def stop(self) -> None:
        """End it politely."""
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        """Kill it where it stands."""
        self._end(signal.SIGKILL)

    def hang(self) -> None:
        """It takes connections and says nothing any more, until `wake`."""
        self._signal(signal.SIGSTOP)

    def wake(self) -> None:
        """After `hang`."""
        self._signal(signal.SIGCONT)

    def wipe(self) -> None:
        """Everything that it kept is gone: queues and what was in them. It must not run."""
        shutil.rmtree(self.folder / "data")
        (self.folder / "data").mkdir()
        if self._as_user:
            shutil.chown(self.folder / "data", user="rabbitmq", group="rabbitmq")

    @property
    def is_running(self) -> bool:
        """True while its process is there."""
        return self._process is not None and self._process.poll() is None

    def log(self) -> str:
        """What it has said."""
        paths = sorted((self.folder / "log").glob("*.log"), key=lambda path: path.stat().st_mtime)
        return "\n".join(path.read_text(encoding="utf-8", errors="replace")[-2000:] for path in paths)

    def close(self) -> None:
        """Leave nothing running."""
        if self.is_running:
            self.wake()
            self.kill()
        if self._epmd is not None:
            self._epmd.kill()
            self._epmd.wait()
            self._epmd = None

    def _signal(self, what: signal.Signals) -> None:
        assert self._process is not None
        os.killpg(self._process.pid, what)

    def _end(self, how: signal.Signals) -> None:
        assert self._process is not None
        group = self._process.pid
        self._signal(how)
        try:
            self._process.wait(30)
        except subprocess.TimeoutExpired:
            self._signal(signal.SIGKILL)
            self._process.wait(30)
        deadline = time.monotonic() + 30
        while _listens(self.address.port):
            if time.monotonic() > deadline:
                raise NotUp("it did not end")
            time.sleep(LOOKS_EVERY_SECONDS)
        with _ignoring_the_gone():
            os.killpg(group, signal.SIGKILL)


class Cluster:
    """Three brokers that are one, below `folder`, and a door before them that leads to one that answers."""

    def __init__(self, folder: Path) -> None:
        """Nothing runs until `start`. The nodes share the `epmd` of the first: it goes last."""
        names = tuple(f"test-{secrets.token_hex(4)}@localhost" for _ in range(3))
        epmd_port, cookie = steady_port(), secrets.token_hex(16)
        self.nodes = [Broker(folder / name, place=Place(name, names, epmd_port, cookie)) for name in names]
        self._door = socket.create_server(("127.0.0.1", 0), backlog=128)
        self._door_is_open = True
        threading.Thread(target=self._let_in, daemon=True).start()

    @property
    def address(self) -> Address:
        """Of the door, in clear."""
        return dataclasses.replace(self.nodes[0].address, port=self._door.getsockname()[1])

    def start(self) -> None:
        """Start them together, as they want to find each other."""
        starting = [threading.Thread(target=node.start) for node in self.nodes]
        self.nodes[0].start_epmd()
        for each in starting:
            each.start()
        for each in starting:
            each.join()
        assert all(node.is_running for node in self.nodes), "\n".join(node.log()[-2000:] for node in self.nodes)

    def close(self) -> None:
        """Leave nothing running."""
        self._door_is_open = False
        self._door.close()
        for node in reversed(self.nodes):
            node.close()

    def _let_in(self) -> None:
        while self._door_is_open:
            try:
                came, _ = self._door.accept()
            except OSError:
                return
            threading.Thread(target=self._lead, args=(came,), daemon=True).start()

    def _lead(self, came: socket.socket) -> None:
        for node in random.sample(self.nodes, len(self.nodes)):
            try:
                on = socket.create_connection(("127.0.0.1", node.address.port), timeout=2)
            except OSError:
                continue
            on.settimeout(None)
            for one, other in ((came, on), (on, came)):
                threading.Thread(target=pass_on, args=(one, other), daemon=True).start()
            return
        came.close()


def pass_on(one: socket.socket, other: socket.socket) -> None:
    """What one side says goes to the other, until it ends."""
    with suppress(OSError):
        while said := one.recv(65536):
            other.sendall(said)
    for each in (one, other):
        with suppress(OSError):
            each.shutdown(socket.SHUT_RDWR)
        each.close()


def steady_port() -> int:
    """A port that is free, and that the kernel gives nobody for a connection: it is still free after a stop and a start."""
    while True:
        port = 15_000 + secrets.randbelow(15_000)
        with socket.socket() as listener:
            try:
                listener.bind(("127.0.0.1", port))
            except OSError:
                continue
        return port


def shared_broker() -> Address:
    """The run's broker, started by whoever asks first. Raises RabbitmqMissing."""
    if rabbitmq_server() is None:
        raise RabbitmqMissing("RabbitMQ is not installed (Debian: apt-get install rabbitmq-server)")
    with run.alone("rabbitmq") as folder:
        told = folder / "rabbitmq.json"
        if not told.exists():
            told.write_text(_start_keeper(), encoding="ascii")
        known = json.loads(told.read_text(encoding="ascii"))
    return Address(known["port"], known["tls_port"], Path(known["certificate"]))


def take_vhost() -> str:
    """A virtual host of the shared broker that nobody in this run has used yet."""
    with run.alone("rabbitmq-vhosts") as folder:
        counted = folder / "rabbitmq-vhosts"
        number = int(counted.read_text(encoding="ascii")) if counted.exists() else 0
        counted.write_text(str(number + 1), encoding="ascii")
    if number >= VHOSTS - 1:
        raise AssertionError(f"more than {VHOSTS - 1} tests took a virtual host: raise VHOSTS")
    return f"t{number + 1}"


def stop_shared_broker() -> None:
    """At the end of the run: stop the broker if one was started, and wait until it is gone."""
    told = run.folder() / "rabbitmq.json"
    if told.exists():
        keeper = json.loads(told.read_text(encoding="ascii"))["keeper"]
        os.kill(keeper, signal.SIGTERM)
        deadline = time.monotonic() + 30
        while _is_there(keeper) and time.monotonic() < deadline:
            time.sleep(LOOKS_EVERY_SECONDS)


def keep(owner: int) -> None:
    """The keeper: start the broker, say where it listens, wait for the owner's end, leave nothing."""
    signal.signal(signal.SIGTERM, _finish)
    folder = Path(tempfile.mkdtemp(prefix="test-rabbitmq-"))
    broker: Broker | None = None
    try:
        folder.chmod(0o755)
        broker = Broker(folder / "broker")
        broker.start()
        told = {"port": broker.address.port, "tls_port": broker.address.tls_port, "keeper": os.getpid()}
        print(json.dumps({**told, "certificate": str(broker.address.certificate)}), flush=True)
        while _is_there(owner) and broker.is_running:
            time.sleep(LOOKS_EVERY_SECONDS)
    finally:
        if broker is not None:
            broker.close()
        shutil.rmtree(folder, ignore_errors=True)


def _start_keeper() -> str:
    keeper = subprocess.Popen(
        [sys.executable, "-m", "tests.harness.rabbitmq", str(run.owner())],
        stdout=subprocess.PIPE,
        start_new_session=True,
        text=True,
    )
    assert keeper.stdout is not None
    line = keeper.stdout.readline()
    if not line:
        raise RuntimeError(f"the private RabbitMQ did not start: exit code {keeper.wait()}")
    keeper.returncode = 0  # reaped by nobody but the system: it outlives this worker
    return line


def _definitions() -> dict[str, Any]:
    vhosts = [f"t{number}" for number in range(VHOSTS)]
    return {
        "vhosts": [{"name": name} for name in vhosts],
        "users": [{"name": who, "password_hash": _hash(PASSWORD), "tags": ""} for who in RIGHTS],
        "permissions": [
            {"user": who, "vhost": vhost, "configure": rights[0], "write": rights[1], "read": rights[2]}
            for vhost in vhosts
            for who, rights in RIGHTS.items()
        ],
    }


def _hash(password: str) -> str:
    """As RabbitMQ keeps a password: four random bytes, and SHA-256 over them and it."""
    salt = secrets.token_bytes(4)
    return base64.b64encode(salt + hashlib.sha256(salt + password.encode("ascii")).digest()).decode("ascii")


def _answers(url: str) -> bool:
    from kombu import Connection

    client = Connection(url, connect_timeout=2, login_method="PLAIN")
    try:
        client.transport.establish_connection().collect()
    except (*client.connection_errors, *client.channel_errors):
        return False
    return True


def _listens(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True


def _wait_for_port(port: int) -> None:
    deadline = time.monotonic() + STARTS_WITHIN_SECONDS
    while not _listens(port):
        assert time.monotonic() < deadline
        time.sleep(LOOKS_EVERY_SECONDS)


@contextmanager
def _ignoring_the_gone() -> Iterator[None]:
    try:
        yield
    except ProcessLookupError:
        return


if __name__ == "__main__":
    keep(int(sys.argv[1]))
