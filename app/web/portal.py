"""What a portal process holds: made by the factory once, read by its screens."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import cast

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from flask import current_app

from app.adapters.salts import Salts
from app.data.database import Database
from app.domain.accessibility import AccessibilityFacts
from app.domain.area import Area
from app.domain.case_review import Rule
from app.domain.directory import Directory, HelpNow
from app.domain.easy_read import Leaflet
from app.domain.funding import Funding
from app.domain.guide import Guides
from app.domain.languages import Languages
from app.domain.pledge import Pledge
from app.domain.promise_results import Results
from app.domain.recordings import Recordings
from app.domain.rights import Rights, RightsToRead
from app.domain.search import DangerWords, Index
from app.domain.source import Source
from app.services.portal.limits import Together
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
    funding: Funding
    pledges: dict[str, Pledge]
    earlier_pledges: dict[str, Pledge]
    results: Results
    easy_read: dict[str, dict[str, Leaflet]]
    accessibility: AccessibilityFacts
    rights: dict[str, Rights]
    rights_to_read: RightsToRead
    guides: Mapping[str, Guides]
    sources: dict[str, Source]
    case_reviews: Mapping[str, Rule]
    # By language and path: what people would type for a page that says nothing of it itself.
    asked: Mapping[str, Mapping[str, tuple[str, ...]]]
    danger_words: DangerWords
    # Where people find the site, without a slash at the end; empty while it has no address.
    site_address: str
    salts: Salts
    together: Together = field(default_factory=Together)
    # Nobody fills in a form sooner than this; a robot that does is asked to look again.
    fewest_seconds: int = 2
    recordings: Recordings = field(default_factory=Recordings)
    moulds: Moulds = field(default_factory=Moulds)
    # What can be found in each language, once somebody has looked for something in it.
    indexes: dict[str, Index] = field(default_factory=dict)


def portal() -> Portal:
    """The portal that serves this request."""
    return cast(Portal, current_app.extensions["side"])
