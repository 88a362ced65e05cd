"""What a Hub process holds: made by the factory once, read by its screens."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast

from flask import current_app

from app.adapters.notify import Notifier
from app.adapters.oidc import Provider
from app.domain.directory import Directory
from app.domain.funding import Funding
from app.domain.guide import Guides
from app.domain.languages import Languages
from app.services.hub.post import Carrier
from app.services.hub.showing import Collector
from app.services.hub.side import HubSide
from app.services.hub.staff import IdentitySource
from app.web.assets import Assets


@dataclass(frozen=True, kw_only=True)
class Hub(HubSide):
    """The Hub's desk."""

    carrier: Carrier
    identities: IdentitySource
    provider: Provider | None
    assets: Assets
    languages: Languages
    directory: Directory
    guides: Mapping[str, Guides]
    funding: Funding
    # What can carry a message to a service; None while nothing may leave.
    notifier: Notifier | None = None

    @property
    def site_address(self) -> str:
        """Where people find the site, without a slash at the end."""
        return f"https://{self.area.site_host}" if self.area.site_host else self.settings.portal_url

    @property
    def collector(self) -> Collector:
        """What collects from the portal before somebody is rung."""
        return Collector(
            database=self.database,
            carrier=self.carrier,
            trust=self.trust,
            keys=self.post_keys,
            opener=self.opener,
            hours=self.area.hub_hours,
        )


def hub() -> Hub:
    """The Hub that serves this request."""
    return cast(Hub, current_app.extensions["side"])
