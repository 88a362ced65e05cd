"""The only place where objects are wired: settings in, one side's application out.

What belongs to one side is imported where that side is made, so that a portal process never even loads what opens.
"""

from __future__ import annotations

import importlib
import os
import pkgutil
import sys
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from flask import Flask

from app import settings as settings_module
from app import starting, wiring
from app.adapters import content, easy_read, promise_results, rights
from app.adapters.funding import load_funding
from app.adapters.guides import load_guides
from app.adapters.sources import load_sources
from app.data.database import Database
from app.domain.area import Area
from app.forms import news, phrases
from app.forms.question import for_pages
from app.pages import shared
from app.settings import HubSettings, OidcSettings, PortalSettings, Settings, SettingsError
from app.web import appearance, counted, errors, headers, kept, language, page, sizes
from app.web.application import Application
from app.web.assets import Assets, AssetsNotBuilt
from app.web.clock import now
from app.web.compiled import Compiled
from app.web.cookies import STAFF, CookieJar, NoSession
from app.web.door import Door

if TYPE_CHECKING:
    from app.adapters.oidc import Provider
    from app.adapters.salts import Salts
    from app.web.hub import Hub

# The largest form: a message of 5,000 letters of four bytes each, percent-encoded, and room to spare.
MOST_FORM_BYTES = 256 * 1024
MOST_FORM_FIELDS = 200
# Longer than anything waits for a lock (data/database.py): what takes longer still hangs.
DATABASE_ANSWERS_WITHIN_SECONDS = 20.0

SECURITY_CONTACT = "Contact: mailto:security@{host}\nExpires: {expires:%Y-%m-%dT%H:%M:%SZ}\nPreferred-Languages: en\n"
# RFC 9116, 2.5.5: less than a year ahead. A server is started anew more often than this.
SECURITY_CONTACT_LASTS = timedelta(days=180)

NOBODY_COULD_SIGN_IN = (
    "Nobody could sign in at the desk: set OIDC_ISSUER (docs/operations.md), or DEV_SIGN_IN=1 for made-up colleagues."
)
REFUSALS = (*wiring.REFUSALS, AssetsNotBuilt)


def create_app() -> Flask:
    """The side that SIDE names, from the environment. Bad configuration ends the process with one line that says what to set."""
    wiring.set_up_logging()
    try:
        app = create(settings_module.load(os.environ))
        wiring.settle()
        side = app.extensions["side"]
        wiring.tell_counts(side.settings, side.database)
        if side.settings.metrics_port is not None:
            counted.install(app)
        return app
    except REFUSALS as refusal:
        sys.stderr.write(f"{refusal}\n")
        raise SystemExit(1) from None


def create(settings: PortalSettings | HubSettings) -> Flask:
    """One side's application. Raises SettingsError, ContentError, KeyFileError or AssetsNotBuilt."""
    return create_portal(settings) if isinstance(settings, PortalSettings) else create_hub(settings)


def create_portal(settings: PortalSettings) -> Flask:
    """The portal: seals, and cannot open what was sent."""
    from app.adapters.case_reviews import load_case_reviews, load_who_does_what
    from app.adapters.recordings import load_recordings
    from app.adapters.search_words import load_asked, load_danger
    from app.pages.portal import outer, pages, recordings
    from app.web import limits, traps
    from app.web.portal import Portal

    import_screens("portal")
    area = content.load_area(settings.content_dir)
    wiring.refuse_without_statements(settings, area)
    languages = content.load_languages(settings.content_dir)
    directory = content.load_directory(settings.content_dir)
    slugs = [each.slug for each in languages.all]
    pledges = content.load_pledges(settings.content_dir, slugs)
    portal_recordings = load_recordings(settings.content_dir, slugs)
    keys = wiring.portal_keys(settings)
    database = Database(settings.database_url, answers_within_seconds=DATABASE_ANSWERS_WITHIN_SECONDS)
    assets = Assets()
    app = _new_app(settings)
    app.session_interface = NoSession()
    app.config["WTF_CSRF_ENABLED"] = False  # no session: every POST is checked for where it comes from (web/headers.py)
    case_reviews = load_case_reviews(settings.content_dir, area, directory)
    help_now = content.load_help_now(settings.content_dir, directory)
    salts = salts_of(settings, database)
    app.extensions["side"] = Portal(
        settings=settings,
        database=database,
        office=replace(keys.office, reference_length=area.reference_digits),
        trust=keys.trust,
        order_keys=keys.order_keys,
        assets=assets,
        area=area,
        languages=languages,
        directory=directory,
        help_now=help_now,
        funding=load_funding(settings.content_dir, directory),
        guides=load_guides(settings.content_dir, slugs, area=area, directory=directory),
        rights=rights.load_all_rights(settings.content_dir, slugs),
        rights_to_read=rights.load_to_read(settings.content_dir, slugs, area=area, directory=directory),
        sources=load_sources(settings.content_dir),
        pledges=pledges,
        earlier_pledges=content.load_pledge_versions(settings.content_dir, pledges["en"]),
        results=promise_results.load_results(settings.content_dir),
        easy_read=easy_read.load_easy_read(
            settings.content_dir, slugs, area=area, directory=directory, pledge=pledges["en"]
        ),
        accessibility=content.load_accessibility(settings.content_dir),
        case_reviews=case_reviews,
        asked=load_asked(settings.content_dir, slugs),
        danger_words=load_danger(settings.content_dir, slugs, help_now),
        site_address=wiring.site_address(settings, area),
        recordings=portal_recordings,
        salts=salts,
    )
    # For the table in components/areas.html, which stands in guides too.
    who_does_what = load_who_does_what(settings.content_dir, area, directory)
    app.jinja_env.globals.update(case_reviews=case_reviews, who_does_what=who_does_what, service_of=directory.get)
    app.jinja_env.globals.update(help_now=help_now, trap_made_at=traps.made_at)
    sizes.guard(app)
    headers.guard(app, settings, plays=bool(portal_recordings.by_name))
    recordings.install(app)
    language.install(app, languages)
    app.register_blueprint(pages)
    app.register_blueprint(outer)
    app.register_blueprint(
        shared.blueprint(
            is_ready=lambda: _is_ready(app),
            assets=assets,
            security_contact=_contact(area, settings),
            queue=wiring.queue_of(settings),
        )
    )
    page.install(app, settings=settings, area=area, languages=languages, assets=assets)
    page.install_staff_text(app, directory)
    errors.install(app, settings, for_pages=for_pages)
    limits.install(app)
    kept.install(app, area.hub_hours)
    appearance.install(app, CookieJar("portal", secure=settings.is_https))
    app.wsgi_app = Door(  # type: ignore[method-assign]
        app.wsgi_app,
        most_bytes=MOST_FORM_BYTES,
        header=settings.client_header,
        proxies=settings.client_proxies,
        salts=salts,
    )
    return app


def salts_of(settings: PortalSettings, database: Database) -> Salts:
    """The salt of each day, with whose end everything goes that was counted under it."""
    from app.adapters.salts import Salts
    from app.services.portal import limits as taken

    return Salts(settings.salt_file, on_new=lambda: taken.forget(database))


def create_hub(settings: HubSettings) -> Flask:
    """The Hub's desk: opens, and signs what goes back."""
    from app.pages.hub import machines, pages
    from app.web import staff

    if not settings.dev_sign_in and settings.oidc is None:
        raise SettingsError(NOBODY_COULD_SIGN_IN)
    import_screens("hub")
    area = content.load_area(settings.content_dir)
    wiring.refuse_without_statements(settings, area)
    languages = content.load_languages(settings.content_dir)
    database = Database(settings.database_url, answers_within_seconds=DATABASE_ANSWERS_WITHIN_SECONDS)
    assets = Assets()
    app = _new_app(settings)
    hub = hub_of(settings, database=database, assets=assets)
    # Only the desk offers them to read: the courier and the commands do without.
    guides = load_guides(
        settings.content_dir, [each.slug for each in languages.all], area=area, directory=hub.directory
    )
    app.extensions["side"] = replace(hub, guides=guides)
    jar = CookieJar("hub", secure=settings.is_https)
    app.config.update(
        SESSION_COOKIE_NAME=jar.name(STAFF),
        SESSION_COOKIE_SECURE=settings.is_https,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Strict",
        SESSION_COOKIE_PATH="/",
        WTF_CSRF_TIME_LIMIT=None,  # the session's own limit counts
        WTF_I18N_ENABLED=False,
    )
    sizes.guard(app)
    headers.guard(app, settings)
    language.install(app, languages)
    staff.install(app)
    app.register_blueprint(pages)
    app.register_blueprint(machines)
    app.register_blueprint(
        shared.blueprint(
            is_ready=lambda: _is_ready(app),
            assets=assets,
            security_contact=_contact(area, settings),
            queue=wiring.queue_of(settings),
        )
    )
    page.install(app, settings=settings, area=area, languages=languages, assets=assets)
    errors.install(app, settings, for_pages=for_pages, without_database=staff.nobody)
    app.wsgi_app = Door(app.wsgi_app, most_bytes=MOST_FORM_BYTES)  # type: ignore[method-assign]
    return app


def hub_of(settings: HubSettings, *, database: Database, assets: Assets) -> Hub:
    """What a Hub process holds, but for the guides, which only the desk needs."""
    from app.services.hub.showing import WAIT_SECONDS
    from app.services.hub.staff import DevelopmentIdentities, NoIdentities
    from app.web.hub import Hub

    held, directory = wiring.hub_side(settings, database), content.load_directory(settings.content_dir)
    return Hub(
        **vars(held),
        carrier=wiring.carrier_of(settings, longest_seconds=WAIT_SECONDS),
        identities=DevelopmentIdentities() if settings.dev_sign_in else NoIdentities(),
        provider=provider_of(settings.oidc) if settings.oidc else None,
        assets=assets,
        languages=content.load_languages(settings.content_dir),
        directory=directory,
        guides={},
        funding=load_funding(settings.content_dir, directory),
        notifier=wiring.notifier_of(settings, held.area) if settings.notices == "on" else None,
    )


def provider_of(oidc: OidcSettings) -> Provider:
    """The identity provider that staff sign in through."""
    from app.adapters.oidc import Provider

    return Provider(
        oidc.issuer,
        client_id=oidc.client_id,
        client_secret=oidc.client_secret,
        scopes=oidc.scopes,
        level=oidc.mfa.removeprefix("acr=") if oidc.mfa.startswith("acr=") else "",
    )


def import_screens(side: str) -> None:
    """Load a side's view modules, which register themselves on its blueprints."""
    package = importlib.import_module(f"app.pages.{side}")
    for module in pkgutil.iter_modules(package.__path__):
        importlib.import_module(f"app.pages.{side}.{module.name}")


def _new_app(settings: Settings) -> Flask:
    app = Application("app", static_folder=None, template_folder="templates")
    app.config.update(
        SECRET_KEY=settings.secret_key,
        MAX_CONTENT_LENGTH=MOST_FORM_BYTES,  # the post's parcels are larger: its own view says so
        MAX_FORM_MEMORY_SIZE=MOST_FORM_BYTES,
        MAX_FORM_PARTS=MOST_FORM_FIELDS,
        PROPAGATE_EXCEPTIONS=False,
        TRAP_HTTP_EXCEPTIONS=False,
        PREFERRED_URL_SCHEME="https" if settings.is_https else "http",
        WTF_I18N_ENABLED=False,
    )
    app.jinja_env.bytecode_cache = Compiled()
    app.jinja_env.globals["news_words"] = news.words_of
    app.jinja_env.globals["phrase_words"] = phrases.phrase_words
    return app


def _is_ready(app: Flask) -> bool:
    """Whether the side that this application serves can serve."""
    side = app.extensions["side"]
    return starting.is_ready(side.settings, side.database)


def _contact(area: Area, settings: Settings) -> str:
    """The text of security.txt (RFC 9116)."""
    own_host = urlsplit(settings.origins[0]).hostname if settings.origins else "localhost"
    return SECURITY_CONTACT.format(host=area.site_host or own_host, expires=now() + SECURITY_CONTACT_LASTS)
