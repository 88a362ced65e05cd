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


SENT_BY_STAFF = (Status.WORKING, Status.FINDING_OUT, Status.WAITING_FOR_YOU, Status.NO_NEWS)


class CaseState(StrEnum):
    """Where a case stands at the desk. None of these closes it: silence never does."""

    NEW = "new"
    OURS = "ours"  # ours to do
    THEIRS = "theirs"  # theirs to do
    WAITING = "waiting"  # waiting for somebody else
    QUIET = "quiet"


# What each status makes of the case at the desk.
STATE_AFTER = {
    Status.READ: CaseState.OURS,
    Status.WORKING: CaseState.OURS,
    Status.FINDING_OUT: CaseState.WAITING,
    Status.WAITING_FOR_YOU: CaseState.THEIRS,
    Status.NO_NEWS: CaseState.OURS,
}


class Delivery(StrEnum):
    """Where something the person sent is, as their page may truthfully say."""

    WAITING = "waiting"  # safe here, waiting for the Hub
    RECEIVED = "received"  # the Hub has opened and committed it
    REFUSED = "refused"  # the Hub could not open it: the person is asked to ring
