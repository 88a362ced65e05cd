"""What a portal process holds: made by the factory once, read by its screens."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import cast

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from flask import current_app

from app.data.database import Database
from app.domain.accessibility import AccessibilityFacts
from app.domain.area import Area
from app.domain.directory import Directory, HelpNow
from app.domain.languages import Languages
from app.domain.pledge import Pledge
from app.domain.recordings import Recordings
from app.domain.rights import Rights
from app.services.portal.office import Office
from app.services.portal.post import HubTrust
from app.settings import PortalSettings
from app.web.assets import Assets
from app.web.kept import Moulds


@dataclass(frozen=True, kw_only=True)
class Portal:
    """The portal. Nothing in it can open what was sent."""

    settings: PortalSettings
    database: Database
    office: Office
    trust: HubTrust
    order_keys: Mapping[bytes, X25519PrivateKey] = field(repr=False)
    assets: Assets
    area: Area
    languages: Languages
    directory: Directory
    help_now: HelpNow
    pledges: dict[str, Pledge]
    accessibility: AccessibilityFacts
    rights: dict[str, Rights]
    recordings: Recordings = field(default_factory=Recordings)
    moulds: Moulds = field(default_factory=Moulds)


def portal() -> Portal:
    """The portal that serves this request."""
    return cast(Portal, current_app.extensions["side"])
