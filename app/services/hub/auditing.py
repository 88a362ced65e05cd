"""The audit: writing down that somebody reads, letting the portal vouch for the chains, and finding out whether they hold.

The portal is given a salted digest of each new line and makes the links itself (app/services/portal/auditing.py). So a chain
that is cut, exchanged or made anew does not agree with what the portal has seen, whatever was done to this database.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from app.adapters.audit_heads import HeadsFile
from app.adapters.carriers import Grown, Head
from app.data import hub as rows
from app.data import post as post_rows
from app.data.database import Database
from app.domain import audit
from app.domain.audit import Act
from app.services import post
from app.services.hub.staff import SignedIn

# So many digests are a quarter of a megabyte: a long chain grows over there in some passes.
MOST_AT_ONCE = 5000
ROWS_AT_ONCE = 1000
SYSTEM = "system"


def note(
    database: Database, act: Act, signed: SignedIn, *, now: datetime, case_id: bytes | None = None, detail: str = ""
) -> None:
    """Write down that somebody reads something, before it is shown: the only thing that opening a page may write.

    Raises what the database raises; then nothing may be shown.
    """
    with database.noting(rows.Audit, rows.AuditChain) as session:
        rows.log(session, at=now, staff_id=signed.identity.id, action=act, case_id=case_id, detail=detail)


def due(session: Session) -> list[Grown]:
    """What the chains have grown by since the portal last acknowledged them, the oldest day first."""
    chains = session.execute(
        select(rows.AuditChain.id, rows.AuditChain.posted)
        .where(rows.AuditChain.count > rows.AuditChain.posted)
        .order_by(rows.AuditChain.id)
    ).all()
    found: list[Grown] = []
    left = MOST_AT_ONCE
    for chain, posted in chains:
        lines = session.scalars(
            select(rows.Audit)
            .where(rows.Audit.chain == chain, rows.Audit.sequence > posted)
            .order_by(rows.Audit.sequence)
            .limit(left)
        ).all()
        found.append(Grown(chain, posted, tuple(audit.digest_of(each.text, salt=each.salt) for each in lines)))
        left -= len(lines)
        if left <= 0:
            break
    return found


def acknowledged(database: Database, heads: Sequence[Head], *, kept: HeadsFile, now: datetime) -> None:
    """The portal says how far it has seen these chains: keep that, and compare. Alarms when they do not agree."""
    if not heads:
        return
    try:
        kept.add(heads, now=now)
    except OSError as error:
        post.alarm("what the portal has seen of the audit could not be written down", kind=type(error).__name__)
    wrong: list[str] = []
    with database.writing() as session:
        restored = post_rows.post_state(session, rows.POST).restored_id or b""
        for each in heads:
            chain = session.get(rows.AuditChain, each.chain)
            count = chain.count if chain is not None else 0
            if not _agrees(session, each, count=count, restored=restored):
                wrong.append(each.chain)
            if chain is not None:
                chain.posted = min(each.count, count)
    for name in wrong:
        post.alarm("the audit is not what the portal has seen of it", chain=name)


def post_all_again(session: Session) -> None:
    """The portal is a new one, which has seen nothing: it is told everything once more."""
    session.execute(update(rows.AuditChain).values(posted=0))


def heads_of_all(session: Session) -> list[Head]:
    """How far every chain goes here, as this database says: what is written down after a restore."""
    restored = post_rows.post_state(session, rows.POST).restored_id or b""
    return [
        Head(chain=row.id, count=row.count, hash=row.hash, restored=restored)
        for row in session.scalars(select(rows.AuditChain).order_by(rows.AuditChain.id))
    ]


@dataclass
class Verified:
    """What a look at all chains found. `faults` are sentences, one for each chain that does not hold.

    `lost` counts lines that the portal has seen before the database was filled from a backup, and that the backup lacks.
    """

    lines: int = 0
    chains: int = 0
    heads: int = 0
    lost: int = 0
    faults: list[str] = field(default_factory=list)


def verify(database: Database, heads: Iterable[Head], *, now: datetime) -> Verified:
    """Read every line of every chain, and compare with what the portal has seen. Writes down which chains held, and when.

    `heads` are those that were kept and those that the portal has just said. A chain that goes on meanwhile does no harm: it
    is read as it is at one moment.
    """
    by_chain: dict[str, list[Head]] = {}
    for each in set(heads):
        by_chain.setdefault(each.chain, []).append(each)
    found = Verified(heads=sum(len(each) for each in by_chain.values()))
    good: list[str] = []
    with database.snapshot() as connection, Session(connection, autoflush=False) as session:
        restored = post_rows.post_state(session, rows.POST).restored_id or b""
        known = {row.id: row for row in session.scalars(select(rows.AuditChain))}
        with_lines = set(session.scalars(select(rows.Audit.chain).distinct()))
        for name in sorted(known.keys() | with_lines | by_chain.keys()):
            fault = _fault_of(
                session, name, known.get(name), heads=by_chain.get(name, []), restored=restored, found=found
            )
            if fault:
                found.faults.append(f"chain {name}: {fault}")
            elif name in known:
                good.append(name)
    with database.writing() as session:
        for start in range(0, len(good), ROWS_AT_ONCE):
            part = good[start : start + ROWS_AT_ONCE]
            session.execute(update(rows.AuditChain).where(rows.AuditChain.id.in_(part)).values(verified_at=now))
    return found


def _agrees(session: Session, head: Head, *, count: int, restored: bytes) -> bool:
    """Whether a head of the portal fits the chain here, which has `count` lines."""
    if head.count == 0:
        return True
    if head.count > count:
        return head.restored != restored  # seen before this database was filled from a backup
    own = session.scalar(
        select(rows.Audit.hash).where(rows.Audit.chain == head.chain, rows.Audit.sequence == head.count)
    )
    return own == head.hash


def _fault_of(
    session: Session,
    name: str,
    chain: rows.AuditChain | None,
    *,
    heads: Sequence[Head],
    restored: bytes,
    found: Verified,
) -> str:
    """What is wrong with one chain, in words; empty when nothing is. Counts into `found`."""
    wanted: dict[int, set[bytes]] = {}
    for head in heads:
        wanted.setdefault(head.count, set()).add(head.hash)
    last, count = audit.start_of(name), 0
    lines = session.scalars(
        select(rows.Audit)
        .where(rows.Audit.chain == name)
        .order_by(rows.Audit.sequence)
        .execution_options(yield_per=ROWS_AT_ONCE)
    )
    for line in lines:
        if line.sequence != count + 1:
            return f"line {count + 1} is missing"
        last = audit.link(last, audit.digest_of(line.text, salt=line.salt))
        count += 1
        if line.hash != last:
            return f"line {count} was altered"
        if wanted.get(count, {last}) != {last}:
            return f"line {count} is not the one that the portal has seen"
        session.expunge(line)
    found.lines += count
    found.chains += 1 if count else 0
    if chain is None and count:
        return "its head is missing"
    if chain is not None and chain.count != count:
        return f"{chain.count} lines were written, and {count} are there"
    if chain is not None and chain.hash != last:
        return f"line {count} is not the one that was written"
    most = max((each.count for each in heads if each.restored == restored), default=0)
    if most > count:
        return f"the portal has seen {most} lines, and {count} are there"
    found.lost += max(0, max((each.count for each in heads), default=0) - count)
    return ""


@dataclass(frozen=True)
class ChainsState:
    """How the audit stands as a whole, for its page. Moments are None for never."""

    chains: int
    lines: int
    not_posted: int
    verified_at: datetime | None
    not_verified: int


def state_of_chains(session: Session) -> ChainsState:
    """Counts over all chains, in one query. `verified_at` is the last look, `not_verified` how many chains never held in one."""
    table = rows.AuditChain
    row = session.execute(
        select(
            func.count(),
            func.coalesce(func.sum(table.count), 0),
            func.coalesce(func.sum(table.count - table.posted), 0),
            func.max(table.verified_at),
            func.count().filter(table.verified_at.is_(None)),
        ).select_from(table)
    ).one()
    return ChainsState(
        chains=row[0], lines=int(row[1]), not_posted=int(row[2]), verified_at=row[3], not_verified=row[4]
    )
