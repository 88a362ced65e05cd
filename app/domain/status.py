"""Coded statuses: what the Hub tells a person about their support. Their words are in the templates, in each language."""

from __future__ import annotations

from enum import StrEnum


class Status(StrEnum):
    """News that the Hub can send without writing. The values travel and are kept for ever: add, never rename."""

    READ = "read"  # sent by itself when somebody first opens the request
    WORKING = "working"
    FINDING_OUT = "finding-out"
    WAITING_FOR_YOU = "waiting-for-you"
    NO_NEWS = "no-news"
    TAKEN_ON = "taken-on"
    NOT_TAKEN_ON = "not-taken-on"
    NO_READER = (
        "no-reader"  # sent by itself when everybody who could read the request is somebody whom it must be kept from
    )
    CLOSED = "closed"  # sent with the closing, when a colleague closes what the person asked them to close
    KEPT_UNTIL = "kept-until"  # sent by itself before a space is deleted because its time is over
    KEPT_ON = "kept-on"  # sent by itself when a colleague decides to keep what was to be deleted


SENT_BY_STAFF = (Status.WORKING, Status.FINDING_OUT, Status.WAITING_FOR_YOU, Status.NO_NEWS)
# All that somebody who asks in their work may hear (requirement E14): what became of the request, nothing about the person.
RECEIPTS = (Status.TAKEN_ON, Status.NOT_TAKEN_ON)
SENT_BY_ITSELF = (Status.READ, Status.NO_READER, Status.CLOSED, Status.KEPT_UNTIL, Status.KEPT_ON)


class CaseState(StrEnum):
    """Where a case stands at the desk. Silence never closes one: only the person does, or a colleague because they said so."""

    NEW = "new"
    OURS = "ours"  # ours to do
    THEIRS = "theirs"  # theirs to do
    WAITING = "waiting"  # waiting for somebody else
    QUIET = "quiet"
    CLOSED = "closed"  # out of the queue, and open again with the first thing that comes or goes


# What each status makes of the case at the desk.
STATE_AFTER = {
    Status.READ: CaseState.OURS,
    Status.WORKING: CaseState.OURS,
    Status.FINDING_OUT: CaseState.WAITING,
    Status.WAITING_FOR_YOU: CaseState.THEIRS,
    Status.NO_NEWS: CaseState.OURS,
    Status.TAKEN_ON: CaseState.OURS,
    Status.NOT_TAKEN_ON: CaseState.QUIET,
    Status.NO_READER: CaseState.NEW,
    Status.CLOSED: CaseState.CLOSED,
}


class Delivery(StrEnum):
    """Where something the person sent is, as their page may truthfully say."""

    WAITING = "waiting"  # safe here, waiting for the Hub
    RECEIVED = "received"  # the Hub has opened and committed it
    REFUSED = "refused"  # the Hub could not open it: the person is asked to ring
