"""Many who send the same form to a running site as fast as it answers, while somebody else tries to use it."""

from __future__ import annotations

import http.client
import threading
from collections import Counter
from collections.abc import Callable, Mapping
from time import monotonic
from types import TracebackType
from urllib.parse import urlencode, urlsplit

AT_ONCE = 32
TIMEOUT_SECONDS = 20.0


class Flood:
    """Sends for as long as it is entered: `with Flood(...) as flood: ...`."""

    def __init__(
        self,
        base_url: str,
        path: str,
        fields: Callable[[], Mapping[str, str]],
        *,
        at_once: int = AT_ONCE,
        headers: Callable[[], Mapping[str, str]] = dict,
    ) -> None:
        """`fields` makes what is typed each time; many threads call it. `at_once` is how many send at the same time.

        `headers` makes what is said besides, such as what a proxy would say of each of them.
        """
        self._headers = headers
        self._base_url, self._path, self._fields = base_url, path, fields
        self._over = threading.Event()
        self._counts: list[Counter[int]] = [Counter() for _ in range(at_once)]
        self._threads = [threading.Thread(target=self._send, args=(counts,), daemon=True) for counts in self._counts]
        self._began = self._lasted = 0.0

    def __enter__(self) -> Flood:
        """Begin."""
        self._began = monotonic()
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop, and wait for the last answers."""
        self._over.set()
        self._lasted = monotonic() - self._began
        for thread in self._threads:
            thread.join()

    @property
    def answers(self) -> Counter[int]:
        """How many answers came, by status."""
        return sum(self._counts, Counter[int]())

    @property
    def rate(self) -> float:
        """Answers a second."""
        return self.answers.total() / (self._lasted or monotonic() - self._began)

    def _send(self, counts: Counter[int]) -> None:
        address = urlsplit(self._base_url)
        headers = {
            "Content-Type": "application/x-www-form-urlencoded",
            "Origin": self._base_url,
            "Sec-Fetch-Site": "same-origin",
        }
        connection = http.client.HTTPConnection(address.hostname or "", address.port, timeout=TIMEOUT_SECONDS)
        try:
            while not self._over.is_set():
                connection.request(
                    "POST", self._path, body=urlencode(self._fields()), headers={**headers, **self._headers()}
                )
                response = connection.getresponse()
                response.read()
                counts[response.status] += 1
        finally:
            connection.close()
