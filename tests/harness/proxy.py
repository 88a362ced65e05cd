"""nginx before the portal, with the very file that the documents give: only ports, paths and names are others."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from pathlib import Path

import requests

from tests.harness.run import free_port
from tests.harness.supervisor import ENDS_WITHIN_SECONDS, READY_WITHIN_SECONDS, ROOT, Name, NotReady, Supervisor

CONFIGURATION = ROOT / "docs" / "operations" / "proxy" / "portal.nginx.conf"
AROUND = """daemon off;
worker_processes 1;
{user}
pid {folder}/nginx.pid;
error_log {folder}/nginx-error.log warn;
events {{ worker_connections 512; }}
http {{
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    default_type application/octet-stream;
    types {{ text/html html; }}
{server}
}}
"""


class NginxMissing(Exception):
    """There is no nginx on this machine; the text says how to get it."""


def nginx() -> str:
    """Where nginx is. Raises NginxMissing."""
    found = shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
    if found is None:
        raise NginxMissing("nginx is missing (Debian: apt-get install nginx-light)")
    return found


class BehindProxy(Supervisor):
    """A site whose portal is reached through nginx over TLS, by people and by the courier."""

    def __init__(self, folder: Path) -> None:
        """Set it up below `folder`; nothing runs yet. Raises NginxMissing."""
        self._nginx = nginx()
        self._inner_port = free_port()
        self._proxy: subprocess.Popen[bytes] | None = None
        super().__init__(folder, over_tls=True)
        self.proxy_dir = folder / "proxy"
        self.proxy_dir.mkdir()

    @property
    def inner_url(self) -> str:
        """Where the portal itself listens."""
        return f"http://127.0.0.1:{self._inner_port}"

    def start_proxy(self) -> None:
        """Start nginx, and wait until it answers."""
        path = self.proxy_dir / "nginx.conf"
        path.write_text(self._configuration(), encoding="utf-8")
        self._proxy = subprocess.Popen([self._nginx, "-p", str(self.proxy_dir), "-c", str(path)])
        deadline = time.monotonic() + READY_WITHIN_SECONDS
        while True:
            try:
                requests.get(self.portal_url, timeout=5, verify=str(self.folder / "certificate.pem"))
                return
            except requests.RequestException as error:
                if self._proxy.poll() is not None or time.monotonic() > deadline:
                    raise NotReady(f"nginx did not come up: {error}") from None
                time.sleep(0.05)

    def proxys_files(self) -> dict[str, str]:
        """Everything that nginx has written, by name, but for its configuration and its id."""
        return {
            str(path.relative_to(self.proxy_dir)): path.read_text(encoding="utf-8", errors="replace")
            for path in self.proxy_dir.rglob("*")
            if path.is_file() and path.name not in {"nginx.conf", "nginx.pid"}
        }

    def close(self) -> None:
        """End nginx too."""
        super().close()
        if self._proxy is not None:
            self._proxy.terminate()
            self._proxy.wait(ENDS_WITHIN_SECONDS)

    def _configuration(self) -> str:
        own = {
            "listen 80;": f"listen 127.0.0.1:{free_port()};",
            "listen 443 ssl http2;": f"listen 127.0.0.1:{self.portal_url.rpartition(':')[2]} ssl http2;",
            "ask.example.org": "localhost",
            "127.0.0.1:8000": f"127.0.0.1:{self._inner_port}",
            "/etc/ask-for-support/tls/fullchain.pem": str(self.folder / "certificate.pem"),
            "/etc/ask-for-support/tls/key.pem": str(self.folder / "certificate-key.pem"),
            "/srv/ask-for-support": str(ROOT),
            "/var/log/nginx": str(self.proxy_dir),
            "/var/lib/nginx/body": str(self.proxy_dir / "post"),
        }
        server = CONFIGURATION.read_text(encoding="utf-8")
        for theirs, ours in own.items():
            assert theirs in server, theirs
            server = server.replace(theirs, ours)
        user = "user root;" if os.geteuid() == 0 else ""
        return AROUND.format(folder=self.proxy_dir, user=user, server=server)

    def _command(self, name: Name) -> list[str]:
        command = super()._command(name)
        if name != "portal":
            return command
        command = command[: command.index("--ssl-certificate")]
        command[command.index("--port") + 1] = str(self._inner_port)
        return command
