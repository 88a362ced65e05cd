"""What every process of the Hub holds, desk or courier: its database, its keys, the portal's, and the area's hours."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from nacl.signing import SigningKey

from app.adapters.audit_heads import HeadsFile
from app.data.database import Database
from app.domain.area import Area
from app.services.hub import post
from app.services.hub.post import Carrier, PassMade, PortalTrust, PostKeys
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

    def make_pass(self, carrier: Carrier, *, now: datetime, heads_after: str | None = None) -> PassMade:
        """A pass as the courier makes it, heads of the audit and all. Inputs, outputs and errors as of `post.make_pass`."""
        return post.make_pass(
            self.database,
            carrier,
            trust=self.trust,
            keys=self.post_keys,
            opener=self.opener,
            now=now,
            hours=self.area.hub_hours,
            audit=HeadsFile(self.settings.side_dir),
            heads_after=heads_after,
        )
