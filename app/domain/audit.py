"""The audit: what each act is called, and how its lines hang together so that nobody can alter or cut them unseen.

A line is told by its digest, a hash over a random salt and its canonical text; each link of a chain is a hash over the link
before and the digest. The salt keeps whoever holds digests (the portal does, see app/services/hub/auditing.py) from finding
out by trying who did what. The canonical text is fixed for ever: what was written must always be found to hold.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

SALT_LENGTH = 16
_VERSION = b"audit/v1\0"


class Kind(StrEnum):
    """What an act does, for the auditor's filter."""

    READ = "read"  # something of a person's was shown
    REACHED = "reached"  # a number or an address was shown
    TOLD = "told"  # something went to the person
    DECIDED = "decided"
    DANGER = "danger"  # danger to life
    DESK = "desk"  # signing in, who has which case
    AUDIT = "audit"  # looking at the audit itself


class Act(StrEnum):
    """Everything that is written into the audit. The values are kept for ever: add, never rename.

    `words` say it in the desk's English, after a colleague's name; `kind` is for the filter.
    """

    words: str
    kind: Kind

    def __new__(cls, value: str, words: str, kind: Kind) -> Act:
        """An act is its code, with what goes with it."""
        made = str.__new__(cls, value)
        made._value_ = value
        made.words, made.kind = words, kind
        return made

    SIGNED_IN = "signed-in", "signed in", Kind.DESK
    SIGNED_OUT = "signed-out", "signed out", Kind.DESK
    CLAIMED = "claimed", "took the case", Kind.DESK
    HANDED_BACK = "handed-back", "handed the case back", Kind.DESK
    OPENED = "opened-request", "opened the request", Kind.READ
    READ_CASE = "read-case", "looked at the opened case", Kind.READ
    READ_ASKED = "read-asked", "looked at what they asked for", Kind.READ
    READ_COMPLAINTS = "read-complaints", "looked at the list of complaints", Kind.READ
    READ_FEEDBACK = "read-feedback", "read a piece of feedback", Kind.READ
    FEEDBACK_DONE = "feedback-done", "marked feedback as done", Kind.DECIDED
    SHOWED_WAY = "showed-way", "had a number or address shown", Kind.REACHED
    SENT_STATUS = "sent-status", "sent news", Kind.TOLD
    SENT_MESSAGE = "sent-message", "sent a message", Kind.TOLD
    SENT_MILESTONE = "sent-milestone", "sent news of a police or court case", Kind.TOLD
    SENT_READING = "sent-reading", "sent something to read", Kind.TOLD
    GAVE_CODE = "gave-code", "gave a code for a new number", Kind.DECIDED
    CLOSED = "closed", "closed the case", Kind.DECIDED
    KEPT_ON = "kept-on", "decided to keep it", Kind.DECIDED
    LET_GO = "let-go", "decided to let it go, and set the day", Kind.DECIDED
    CHANGE_CONFIRMED = "change-confirmed", "checked a change, and it was right", Kind.DECIDED
    CHANGE_DECLINED = "change-declined", "checked a change, and it was not right", Kind.DECIDED
    ASKED_HANDOVER = "asked-handover", "asked to pass them on", Kind.TOLD
    HANDOVER_PASSED = "handover-passed", "passed them on", Kind.DECIDED
    HANDOVER_ACCEPTED = "handover-accepted", "noted that a service said yes", Kind.DECIDED
    HANDOVER_BOUNCED = "handover-bounced", "noted that a service said no", Kind.DECIDED
    ANSWERED_ASKED = "answered-asked", "answered what they asked for", Kind.TOLD
    ANSWERED_COMPLAINT = "answered-complaint", "answered a complaint", Kind.TOLD
    ACTED_ON_WORSE = "acted-on-worse", "noted what was done when it got worse", Kind.DECIDED
    AGREED_TO_ASK = "agreed-to-ask", "agreed to ask them again", Kind.DECIDED
    API_CLIENT_MADE = "api-client-made", "let another agency’s case system in", Kind.DESK
    API_CLIENT_REVOKED = "api-client-revoked", "shut another agency’s case system out", Kind.DESK
    API_CONSENT = "api-consent", "let a case system fetch it", Kind.DECIDED
    API_CONSENT_ENDED = "api-consent-ended", "ended what a case system may fetch", Kind.DECIDED
    API_LISTED = "api-listed", "was told that it is there", Kind.READ
    API_READ = "api-read", "fetched it", Kind.READ
    API_TOKEN = "api-token", "was let in for ten minutes", Kind.DESK
    API_TOLD = "api-told", "was told of a change", Kind.READ
    ASKED_TRANSLATION = "asked-translation", "sent words for translation", Kind.DECIDED
    ASSESSED = "assessed", "asked how they are", Kind.DECIDED
    DECIDED_GROUP = "decided-group", "decided the priority group", Kind.DECIDED
    DECIDED_LEVEL = "decided-level", "decided the level of support", Kind.DECIDED
    DECIDED_ON_WAY = "decided-on-way", "decided about a way where somebody else answered", Kind.DECIDED
    DECIDED_RECORDING = "decided-recording", "decided about recording", Kind.DECIDED
    ENDED_LEAVE = "ended-leave", "ended a colleague’s leave", Kind.DESK
    ENDED_NEED = "ended-need", "noted how a need ended", Kind.DECIDED
    ENDED_SESSIONS = "ended-sessions", "signed a colleague out", Kind.DESK
    JOINED = "joined", "joined it with another case", Kind.DECIDED
    JOINED_HIDDEN = "joined-hidden", "joined it with another case that few may know of", Kind.DECIDED
    LOOKED_FOR_SAME = "looked-for-same", "looked for the same person", Kind.READ
    MAILED_PACKET = "mailed-packet", "sent the message about a packet", Kind.TOLD
    MARKED_DISTRESSING = "marked-distressing", "marked what they wrote as very distressing", Kind.DECIDED
    PACKET_CODE_WENT = "packet-code-went", "passed on the code of a packet", Kind.DECIDED
    PARTED = "parted", "undid a joining", Kind.DECIDED
    PARTED_HIDDEN = "parted-hidden", "undid a joining with a case that few may know of", Kind.DECIDED
    RE_ASSIGNED = "re-assigned", "gave the case to somebody else", Kind.DESK
    READ_STORY = "read-story", "went on to what is marked as very distressing", Kind.READ
    READ_TRANSLATION = "read-translation", "read a translation", Kind.READ
    REFUSED_WAY = "refused-way", "asked for a number or address, and was not shown it", Kind.REACHED
    ROLES_CHANGED = "roles-changed", "came with other roles than before", Kind.DESK
    SAW_PACKET = "saw-packet", "looked at what would be handed over", Kind.READ
    SEARCHED = "searched", "looked for somebody", Kind.READ
    SECOND_AGREED = "second-agreed", "agreed as the second person", Kind.DECIDED
    SECOND_ASKED = "second-asked", "asked for something that needs a second person", Kind.DECIDED
    SECOND_DECLINED = "second-declined", "did not agree as the second person, or took it back", Kind.DECIDED
    SECOND_RAN_OUT = "second-ran-out", "nobody agreed in time", Kind.DECIDED
    SENT_PACKET = "sent-packet", "handed over a packet", Kind.TOLD
    SET_LEAVE = "set-leave", "set a colleague’s leave", Kind.DESK
    SET_QUIET = "set-quiet", "let the case rest, and set a day to look again", Kind.DECIDED
    SIGNPOSTED = "signposted", "told them about a service", Kind.TOLD
    STOPPED_NUMBER = "stopped-number", "stopped the old number", Kind.DECIDED
    TOLD_ON_CALL = "told-on-call", "told whoever is on call", Kind.DESK
    TOOK_REQUEST = "took-request", "took the request", Kind.DECIDED
    TOOK_TEXT_OUT = "took-text-out", "took a text out for a translator", Kind.READ
    TRANSLATION_BACK = "translation-back", "brought a translation back", Kind.DECIDED
    TRIED_TO_REACH = "tried-to-reach", "tried to reach them", Kind.REACHED
    UNMARKED_DISTRESSING = "unmarked-distressing", "took the mark “very distressing” off", Kind.DECIDED
    WROTE_REPORT_WORDS = "wrote-report-words", "wrote their words into a report", Kind.DECIDED
    DANGER_ASKED = "danger-asked", "asked to open contact details: danger to life", Kind.DANGER
    DANGER_AGREED = "danger-agreed", "agreed to open contact details: danger to life", Kind.DANGER
    DANGER_ALONE = (
        "danger-alone",
        "opened contact details alone, nobody else being signed in: danger to life",
        Kind.DANGER,
    )
    DANGER_WHY = "danger-why", "read why contact details are to be opened: danger to life", Kind.DANGER
    DANGER_READ = "danger-read", "looked at the contact details that danger to life opened", Kind.DANGER
    DANGER_SILENT = "danger-silent", "recorded that telling the person would add danger", Kind.DANGER
    DANGER_MAY_TELL = "danger-may-tell", "recorded that the person may be told", Kind.DANGER
    DANGER_TOLD = "danger-told", "told the person that contact details were opened", Kind.DANGER
    READ_AUDIT = "read-audit", "looked at the audit", Kind.AUDIT
    EXPORTED_AUDIT = "exported-audit", "took a day of the audit out", Kind.AUDIT
    RESTORED = "restored", "the database was filled from a backup", Kind.AUDIT


# What tells that there is a complaint, which not everybody who may see the case may know.
OF_COMPLAINTS = frozenset({Act.ANSWERED_COMPLAINT})


def act_of(action: str) -> Act | None:
    """The act with this code; None for one that this release does not know."""
    try:
        return Act(action)  # type: ignore[call-arg]  # looking up by value takes the value alone
    except ValueError:
        return None


@dataclass(frozen=True)
class Text:
    """What a line says. `at` is whole seconds since 1970 UTC; `sequence` counts from 1 within the chain."""

    chain: str
    sequence: int
    at: int
    staff_id: str
    action: str
    case_id: bytes | None
    detail: str

    def canonical(self) -> bytes:
        """The one way to write it down."""
        case = None if self.case_id is None else self.case_id.hex()
        fields = [self.chain, self.sequence, self.at, self.staff_id, self.action, case, self.detail]
        return json.dumps(fields, ensure_ascii=True, separators=(",", ":")).encode("ascii")


def chain_name(process: str, day: date) -> str:
    """The name of the chain of one process on one day (UTC). The day comes first, so that names sort by it."""
    return f"{day.isoformat()}-{process}"


def start_of(chain: str) -> bytes:
    """What a chain hangs on before its first line."""
    return hashlib.sha256(_VERSION + chain.encode("utf-8")).digest()


def digest_of(text: Text, *, salt: bytes) -> bytes:
    """What a line is told by. The same text under another salt has nothing in common with it."""
    return hashlib.sha256(_VERSION + salt + text.canonical()).digest()


def link(before: bytes, digest: bytes) -> bytes:
    """The next link of a chain."""
    return hashlib.sha256(before + digest).digest()
