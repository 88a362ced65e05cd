"""What goes to the Hub under no case and with no number: answers to the questionnaire, feedback, and what services answer.

Nothing here knows a visitor.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.exc import IntegrityError

from app.adapters import sealing
from app.data import portal as rows
from app.data import post as post_rows
from app.data.database import Database
from app.services.portal.office import Office


def keep(
    database: Database,
    office: Office,
    content: bytes,
    *,
    envelope_id: bytes,
    now: datetime,
    table: type[rows.Pooled] | type[rows.Feedback] = rows.Pooled,
) -> None:
    """Seal `content` to the Hub and keep it for a pass, once for each `envelope_id` (16 bytes, made with the page).

    Raises keys.NoSealingKey and the database's own errors; then nothing was kept.
    """
    body = sealed(database, office, content, envelope_id=envelope_id, now=now)
    try:
        with database.writing() as session:
            rows.put_in_pool(session, envelope_id, body, table=table)
    except IntegrityError:
        return  # pressed twice at the same moment: the other one was kept


def sealed(database: Database, office: Office, content: bytes, *, envelope_id: bytes, now: datetime) -> bytes:
    """`content` as it travels, sealed to the Hub. Raises keys.NoSealingKey."""
    with database.reading() as session:
        database_id = post_rows.post_state(session, rows.POST).database_id
    return sealing.seal_to_hub(
        content,
        kind=sealing.Kind.POOLED,
        header=sealing.Header(
            database_id=database_id, case_id=sealing.NO_CASE, envelope_id=envelope_id, number=sealing.NO_NUMBER
        ),
        hub_key=office.hub_key(now),
        signer=office.signer,
    )
