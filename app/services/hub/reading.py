"""Sending something to read: services and guides, which show in the person's space in their language (requirement E4)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from nacl.signing import SigningKey
from sqlalchemy.orm import Session

from app.data import hub as rows
from app.data.database import Database
from app.domain.referral import News
from app.services.hub import signposting
from app.services.hub.desk import need_open
from app.services.hub.records import Opener
from app.services.hub.speaking import send
from app.services.hub.staff import SignedIn

NEWS = "reading"


def send_reading(
    database: Database,
    *,
    case_id: bytes,
    services: Sequence[str],
    guides: Sequence[str] = (),
    envelope_id: bytes,
    signed: SignedIn,
    opener: Opener,
    voice: SigningKey,
    now: datetime,
) -> None:
    """Send ids of services and slugs of guides; which ones is logged with the case. The same `envelope_id` again changes nothing.

    Raises guard.NoSuchCase, desk.NotOpened and speaking.ReceiptOnly.
    """
    need_open(database, case_id, signed, now=now)

    def write(session: Session) -> None:
        for service in services:
            signposting.write(
                session, case_id, service=service, how=signposting.How.READING, staff_id=signed.identity.id, now=now
            )
        rows.log(
            session,
            at=now,
            staff_id=signed.identity.id,
            action="sent-reading",
            case_id=case_id,
            detail=", ".join((*guides, *services)),
        )

    send(
        database,
        case_id=case_id,
        news=News(
            kind=NEWS,
            at=now.isoformat(timespec="seconds"),
            author=signed.identity.shown_name,
            data={"services": list(services), **({"guides": list(guides)} if guides else {})},
        ),
        opener=opener,
        voice=voice,
        now=now,
        envelope_id=envelope_id,
        also=write,
    )
