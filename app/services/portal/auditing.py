"""Vouching for the Hub's audit: the portal remembers how far it has seen each chain, and only ever lets one grow.

It is given salted digests and makes the links itself. So whoever alters the Hub's database later cannot make it agree with
what stands here, and the portal learns nothing of who did what (app/domain/audit.py).
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy.orm import Session

from app.adapters.carriers import Grown, Head
from app.data import portal as rows
from app.domain import audit

MOST_GIVEN = 5000


def grow(session: Session, chains: Sequence[Grown], *, restored: bytes) -> list[Head]:
    """Let each chain grow by the lines that were not seen yet; returns how far each is seen now.

    Lines that were seen already are passed over, and what leaves a gap is not taken. `restored` is the restore of the Hub, if
    any, after which it says this.
    """
    seen = []
    for each in chains:
        row = session.get(rows.AuditHead, each.chain)
        if row is None:
            row = rows.AuditHead(chain=each.chain, count=0, hash=audit.start_of(each.chain), restored=restored or None)
            session.add(row)
        for digest in each.digests[row.count - each.after :] if each.after <= row.count else ():
            row.count, row.hash = row.count + 1, audit.link(row.hash, digest)
            row.restored = restored or None
        seen.append(_head(row))
    return seen


def heads(session: Session, after: str | None) -> list[Head]:
    """The heads whose chain comes after this name, a few thousand at most; none when they are not asked for."""
    return [] if after is None else [_head(each) for each in rows.audit_heads(session, after=after, most=MOST_GIVEN)]


def _head(row: rows.AuditHead) -> Head:
    return Head(chain=row.chain, count=row.count, hash=row.hash, restored=row.restored or b"")
