"""Every alarm: what part of the house it is about, and how soon somebody must look (docs/operations/alarms.md).

What leaves the machine is only how many there were by part and urgency. The alarm itself stays in the log: some of them, one at
a time, would tell that something is the matter with somebody's case.
"""

from __future__ import annotations

from collections.abc import Mapping

#: Now: wake somebody. Today: within the working day. This week: when there is time.
NOW, TODAY, WEEK = "now", "today", "week"
URGENCIES = (NOW, TODAY, WEEK)
#: `case`: one case or one person's space.
POST, KEYS, AUDIT, BACKUP, NOTICES, SIGN_IN, CASE, RELEASE, OTHER = (
    "post", "keys", "audit", "backup", "notices", "sign-in", "case", "release", "other",
)  # fmt: skip
PARTS = (POST, KEYS, AUDIT, BACKUP, NOTICES, SIGN_IN, CASE, RELEASE, OTHER)

ALARMS: Mapping[str, tuple[str, str]] = {
    "the portal cannot be reached": (POST, NOW),
    "the portal's answer cannot be believed": (POST, NOW),
    "the post has stopped": (POST, NOW),
    "the queue cannot be used": (POST, NOW),
    "a pass could not be taken in just now": (POST, TODAY),
    "a parcel from the queue was set aside": (POST, TODAY),
    "an answer that cannot be believed": (POST, TODAY),
    "an envelope could not be taken in just now": (POST, TODAY),
    "an envelope from the Hub was refused": (POST, TODAY),
    "an envelope from the portal was refused": (POST, TODAY),
    "the Hub refused an envelope": (POST, TODAY),
    "the portal refused an envelope": (POST, TODAY),
    "there is no key of the Hub to seal to": (KEYS, NOW),
    "the Hub's sealing key is past its date": (KEYS, WEEK),
    "the audit does not hold": (AUDIT, NOW),
    "the audit is not what the portal has seen of it": (AUDIT, NOW),
    "what the portal has seen of the audit could not be written down": (AUDIT, TODAY),
    "the backup failed": (BACKUP, TODAY),
    "the list of erased cases could not be written": (BACKUP, TODAY),
    "whoever is on call could not be told": (NOTICES, NOW),
    "whoever is on call could not be told yet": (NOTICES, NOW),
    "it is not sure that whoever is on call was told": (NOTICES, NOW),
    "a notice could not be sent": (NOTICES, TODAY),
    "notices of a case cannot be planned": (NOTICES, TODAY),
    "the identity provider does not answer": (SIGN_IN, NOW),
    "a request came that no gatekeeper who has signed in so far may see": (CASE, NOW),
    "a complaint came that no supervisor who has signed in so far may see": (CASE, TODAY),
    "items that were seen are gone": (CASE, NOW),
    "an item that was cleared is there again": (CASE, NOW),
    "a decision about a handover that was never asked for": (CASE, TODAY),
    "an answer to a packet from somebody who has not read it": (CASE, TODAY),
    "a case could not be opened to be looked through": (CASE, TODAY),
    "a change that is due cannot be looked at": (CASE, TODAY),
    "a contact plan does not open": (CASE, TODAY),
    "a contact plan does not open, so its windows are not known": (CASE, TODAY),
    "a person could not be told how a change stands": (CASE, TODAY),
    "a person could not be told how a handover stands": (CASE, TODAY),
    "a person could not be told of danger to life": (CASE, TODAY),
    "a person could not be told that we are late": (CASE, TODAY),
    "a person could not be told until when their space is kept": (CASE, TODAY),
    "a space could not be opened again": (CASE, TODAY),
    "an item of a conversation does not open": (CASE, TODAY),
    "an item of a conversation does not open at the desk": (CASE, TODAY),
    "something that a person keeps cannot be read": (CASE, TODAY),
    "the database cannot be used": (OTHER, NOW),
    "no reference is left": (OTHER, NOW),
    "few references are left": (OTHER, WEEK),
    "a page could not be made": (OTHER, NOW),
    "a page failed": (RELEASE, TODAY),
    "a packet opens and cannot be read": (RELEASE, TODAY),
    "what was handed over cannot be read": (RELEASE, TODAY),
    "a decision about a handover cannot be read": (RELEASE, TODAY),
    "a decision about a handover names kinds that were never asked for": (CASE, TODAY),
    "an answer of the case system API is not as documented": (RELEASE, TODAY),
}


def sort_of(line: str) -> tuple[str, str]:
    """Part and urgency of the alarm that a line begins with; of an unknown one, so that it counts all the same."""
    found = [name for name in ALARMS if line == name or line.startswith(f"{name} ")]
    return ALARMS[max(found, key=len)] if found else (OTHER, TODAY)
