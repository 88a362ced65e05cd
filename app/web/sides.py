"""What a running side holds: made by the factory once, read by its pages."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

from flask import current_app
from nacl.signing import SigningKey

from app.data.database import Database
from app.domain.area import Area
from app.domain.directory import Directory, HelpNow
from app.domain.languages import Languages
from app.domain.pledge import Pledge
from app.services.hub.post import PortalTrust, PostKeys
from app.services.hub.records import Opener
from app.services.hub.staff import IdentitySource
from app.services.portal.office import Office
from app.services.portal.post import HubTrust
from app.settings import HubSettings, PortalSettings
from app.web.assets import Assets


@dataclass(frozen=True, kw_only=True)
class Portal:
    """The portal. Nothing in it can open what was sent."""

    settings: PortalSettings
    database: Database
    office: Office
    trust: HubTrust
    assets: Assets
    area: Area
    languages: Languages
    directory: Directory
    help_now: HelpNow
    pledges: dict[str, Pledge]


@dataclass(frozen=True, kw_only=True)
class Hub:
    """The Hub's desk."""

    settings: HubSettings
    database: Database
    opener: Opener
    voice: SigningKey
    post_keys: PostKeys
    trust: PortalTrust
    identities: IdentitySource
    assets: Assets
    area: Area
    languages: Languages


def portal() -> Portal:
    """The portal that serves this request."""
    return cast(Portal, current_app.extensions["side"])


def hub() -> Hub:
    """The Hub that serves this request."""
    return cast(Hub, current_app.extensions["side"])
