"""The hatch: one parcel that came through a queue, served as one that came over HTTP is (app/services/portal/post.py).

What HTTP says by a status the queue is told by what is done with the parcel: answered, dropped, put off or set aside.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from sqlalchemy.exc import SQLAlchemyError

from app.adapters.carriers import BadToken, MalformedParcel, StaleToken
from app.adapters.queues import NotNow, Poison, Served, Stale
from app.data.database import Busy, Database
from app.domain.retention import Periods
from app.services import post as post_service
from app.services.portal.office import Office
from app.services.portal.post import HubTrust, take_pass


@dataclass(frozen=True)
class Counter:
    """What it takes to serve a pass at the portal."""

    database: Database
    trust: HubTrust
    office: Office
    keys: Mapping[bytes, X25519PrivateKey]
    keep: Periods


def serve(counter: Counter, body: bytes, token: str, *, clock: Callable[[], datetime]) -> Served:
    """Serve one parcel. Raises queues.Stale, queues.Poison, or queues.NotNow when the database cannot take it in just now.

    The alarm for what is set aside is rung by `set_aside`, that for a database that is away here.
    """
    try:
        reply = take_pass(
            counter.database,
            body=body,
            token=token,
            trust=counter.trust,
            office=counter.office,
            keys=counter.keys,
            now=clock(),
            keep=counter.keep,
        )
    except StaleToken:
        raise Stale from None
    except BadToken:
        raise Poison("bad-token") from None
    except MalformedParcel:
        raise Poison("malformed") from None
    except (SQLAlchemyError, Busy, OSError) as error:
        post_service.alarm("a pass could not be taken in just now", kind=type(error).__name__)
        raise NotNow from None
    except Exception as error:  # this parcel must not keep the hatch from the next
        raise Poison(type(error).__name__) from None
    return Served(reply.body, reply.token)


def set_aside(reason: str) -> None:
    """A parcel could not be believed and lies among the dead letters: somebody must look."""
    post_service.alarm("a parcel from the queue was set aside", reason=reason)
