"""Send a sentence of the phrase book: a message whose words the person reads in the language in which they come back."""

from __future__ import annotations

from datetime import datetime

from nacl.signing import SigningKey

from app.data.database import Database
from app.domain.phrases import NEEDS_A_DAY, NEEDS_A_PROMISE, phrase_of, state_after
from app.domain.referral import News
from app.domain.status import MESSAGE
from app.services.hub.desk import need_open
from app.services.hub.news import Chosen, NeedsADay
from app.services.hub.records import Opener
from app.services.hub.speaking import send
from app.services.hub.staff import SignedIn


class UnknownPhrase(Exception):
    """The phrase book has no such sentence."""


class NeedsAPromise(Exception):
    """This sentence names the day by which we write again, and says nothing without it."""


def send_phrase(
    database: Database,
    *,
    case_id: bytes,
    code: str,
    english: str,
    chosen: Chosen,
    signed: SignedIn,
    opener: Opener,
    voice: SigningKey,
    envelope_id: bytes,
    now: datetime,
) -> None:
    """Send a phrase by its id. `english`: its words, for the desk and for a portal that does not know the id yet.

    Raises UnknownPhrase, NeedsADay, NeedsAPromise, NoSuchCase, NotOpened and ReceiptOnly.
    """
    phrase = phrase_of(code)
    if phrase is None:
        raise UnknownPhrase
    need_open(database, case_id, signed, now=now)
    if phrase in NEEDS_A_DAY and chosen.on is None:
        raise NeedsADay
    if phrase in NEEDS_A_PROMISE and chosen.by is None:
        raise NeedsAPromise
    send(
        database,
        case_id=case_id,
        news=News(
            kind=MESSAGE,
            at=now.isoformat(timespec="seconds"),
            text=english,
            language="en",
            status=phrase.value,
            author=signed.identity.shown_name,
            data=chosen.data(),
        ),
        opener=opener,
        voice=voice,
        now=now,
        envelope_id=envelope_id,
        by=signed.identity,
        state=state_after(phrase),
    )
