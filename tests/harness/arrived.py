"""What the Hub really has of those who asked: opened with its keys, compared with what each of them sent."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.adapters import sealing
from app.data import hub as rows
from app.domain.referral import Addition, News, Referral
from app.services.hub import records
from app.web.hub import Hub
from tests.harness.many import hub_of
from tests.harness.storm import Sent


@dataclass
class Arrived:
    """The figures: of how many requests all is there, what came twice or not at all, what cannot be read or is out of order."""

    requests: int = 0
    envelopes: int = 0
    twice: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    unreadable: list[str] = field(default_factory=list)
    disordered: list[str] = field(default_factory=list)
    unasked: int = 0
    aside: int = 0

    @property
    def is_whole(self) -> bool:
        """Everything that was sent is there, once, readable and in order, and nothing was refused."""
        return not (self.twice or self.missing or self.unreadable or self.disordered or self.aside or self.unasked)


def look(environ: Mapping[str, str], sent: Iterable[Sent]) -> Arrived:
    """Open everything at the Hub with this environment (its process's), and compare with what was sent."""
    held = hub_of(environ)
    made = Arrived()
    try:
        with held.database.reading() as session:
            made.aside = len(session.scalars(select(rows.Aside.reason)).all())
            made.envelopes = len(session.scalars(select(rows.Incoming.envelope_id)).all())
            found = Counter(session.scalars(select(rows.Case.reference)))
            expected = list(sent)
            names = Counter(each.name for each in expected)
            opened: Counter[str] = Counter()
            for each in expected:
                if not found[each.reference]:
                    made.missing.append(each.name)
                    continue
                made.requests += 1
                opened[_compare(held, session, each, made)] += 1
            made.twice += [name for name, count in opened.items() if count > names[name]]
            made.unasked = sum(found.values()) - made.requests
    finally:
        held.database.close()
    return made


def _compare(held: Hub, session: Session, sent: Sent, made: Arrived) -> str:
    """Look at one case; returns the name that stands in it."""
    case = rows.case_by_reference(session, sent.reference)
    assert case is not None
    try:
        key = records.case_key(session, case.id, opener=held.opener)
        documents = [
            (each.kind, each.number, records.open_document(each, record_secret=key.record_secret))
            for each in rows.documents(session, case.id)
        ]
        items = [
            (each.number, News.from_bytes(_opened(each, key.case_secret)).text)
            for each in rows.items(session, case.id)
            if each.direction == rows.TO_HUB
        ]
    except sealing.CannotOpen:
        made.unreadable.append(sent.name)
        return ""
    referrals = [Referral.from_bytes(plain) for kind, _, plain in documents if kind == rows.REFERRAL]
    words = [
        (number, Addition.from_bytes(plain).content.get("word"))
        for kind, number, plain in documents
        if kind == rows.ADDITION
    ]
    numbers = [0] * len(referrals) + [number for number, _ in words] + [number for number, _ in items]
    texts = tuple(text for _, text in sorted(items))
    said = [str(each.answers.get("reply", {}).get("name")) for each in referrals]
    if said != [sent.name] or [word for _, word in words] != [sent.code_word]:
        (made.missing if len(said) + len(words) < 2 else made.twice).append(sent.name)
    elif sorted(texts) != sorted(sent.messages):
        (made.missing if len(texts) < len(sent.messages) else made.twice).append(sent.name)
    elif texts != sent.messages or sorted(numbers) != list(range(len(numbers))):
        made.disordered.append(sent.name)
    return said[0] if said else ""


def _opened(item: rows.Item, secret: bytes) -> bytes:
    return sealing.open_in_conversation(sealing.parse(item.body), lane=sealing.Lane.TO_HUB, secret=secret)
