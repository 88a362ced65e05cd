"""What every process of the Hub holds, desk or courier: its database, its keys, the portal's, and the area's hours."""

from __future__ import annotations

from dataclasses import dataclass, field

from nacl.signing import SigningKey

from app.data.database import Database
from app.domain.area import Area
from app.services.hub.post import PortalTrust, PostKeys
from app.services.hub.records import Opener
from app.settings import HubSettings


@dataclass(frozen=True, kw_only=True)
class HubSide:
    """The Hub, but for what only its pages need."""

    settings: HubSettings
    database: Database
    opener: Opener = field(repr=False)
    voice: SigningKey = field(repr=False)
    post_keys: PostKeys = field(repr=False)
    trust: PortalTrust
    area: Area
