"""What somebody may do at the desk: four roles, each of which opens something. Without any of them nobody gets in."""

from __future__ import annotations

from collections.abc import Collection

CO_ORDINATOR, SUPERVISOR, GATEKEEPER, AUDITOR = "co-ordinator", "supervisor", "gatekeeper", "auditor"
ROLES = (CO_ORDINATOR, SUPERVISOR, GATEKEEPER, AUDITOR)


def works_with_cases(roles: Collection[str]) -> bool:
    """Whether these roles open cases and the queue. An auditor looks at what others did, so that role opens no case, whatever
    other role somebody has besides."""
    return AUDITOR not in roles and any(each in roles for each in (CO_ORDINATOR, SUPERVISOR, GATEKEEPER))
