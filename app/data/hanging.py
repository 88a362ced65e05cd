"""Connections to PostgreSQL that do not wait for ever: a server that hangs takes connections and says nothing.

Its own time-outs (`lock_timeout`) hang with it, and TCP sees nothing wrong: the machine still answers for it.
"""

from __future__ import annotations

from typing import TypeVar

import psycopg
from psycopg.abc import PQGen

Found = TypeVar("Found")


def connection_class(seconds: float) -> type[psycopg.Connection]:
    """Connections on which a statement that is not answered within so many seconds fails, and closes the connection with it."""

    class Impatient(psycopg.Connection):
        def wait(self, gen: PQGen[Found], interval: float = 0.1, timeout: float | None = None) -> Found:
            """As the library waits, but no longer than that. Raises psycopg.OperationalError."""
            try:
                return super().wait(gen, interval, seconds if timeout is None else timeout)
            except psycopg.OperationalError:
                # Were it only given back, its pool would wait as long again for it to roll back.
                if timeout is None and self.pgconn.transaction_status == psycopg.pq.TransactionStatus.ACTIVE:
                    self.pgconn.finish()
                raise

    return Impatient
