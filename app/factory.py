"""The only place where objects are wired: settings in, one side's application out.

What belongs to one side is imported where that side is made, so that a portal process never even loads what opens.
"""

from __future__ import annotations

import importlib
import os
import pkgutil
import sys
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from flask import Flask

from app import log_lines
from app import settings as settings_module
from app.adapters import content, easy_read, promise_results, rights, yaml_reader
from app.adapters.carriers import HttpCarrier
from app.adapters.content import ContentError
from app.adapters.funding import load_funding
from app.adapters.guides import load_guides
from app.adapters.keys import HubPublicKeys, HubSigningKeys, KeyFileError, PortalPrivateKeys, PortalPublicKeys
from app.adapters.sources import load_sources
from app.data.database import Database
from app.domain.area import Area
from app.domain.guide import Guides
from app.forms import news, phrases
from app.pages import shared
from app.settings import HubSettings, OidcSettings, PortalSettings, Settings, SettingsError
from app.web import appearance, errors, headers, kept, language, page, sizes
from app.web.assets import Assets, AssetsNotBuilt
from app.web.clock import now
from app.web.compiled import Compiled
from app.web.cookies import STAFF, CookieJar, NoSession
from app.web.door import Door

if TYPE_CHECKING:
    from app.adapters.notify import Notifier
    from app.adapters.oidc import Provider
    from app.services.hub.notices import Office as NoticesOffice
    from app.services.hub.on_call import Office as OnCallOffice
    from app.services.hub.post import PortalTrust
    from app.services.hub.records import Opener
    from app.web.hub import Hub

# The largest form: a message of 5,000 letters of four bytes each, percent-encoded, and room to spare.
MOST_FORM_BYTES = 256 * 1024
MOST_FORM_FIELDS = 200
COURIER_WAITS_SECONDS = 15.0

SECURITY_CONTACT = "Contact: mailto:security@{host}\nExpires: {expires:%Y-%m-%dT%H:%M:%SZ}\nPreferred-Languages: en\n"
# RFC 9116, 2.5.5: less than a year ahead. A server is started anew more often than this.
SECURITY_CONTACT_LASTS = timedelta(days=180)

NOBODY_COULD_SIGN_IN = (
    "Nobody could sign in at the desk: set OIDC_ISSUER (docs/operations.md), or DEV_SIGN_IN=1 for made-up colleagues."
)
REFUSALS = (SettingsError, ContentError, KeyFileError, AssetsNotBuilt)


def create_app() -> Flask:
    """The side that SIDE names, from the environment. Bad configuration ends the process with one line that says what to set."""
    set_up_logging()
    try:
        app = create(settings_module.load(os.environ))
        yaml_reader.forget()
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
    from app.adapters.numbers import Peppers
    from app.adapters.recordings import load_recordings
    from app.adapters.salts import Salts
    from app.adapters.search_words import load_asked, load_danger
    from app.pages.portal import outer, pages, recordings
    from app.services.portal import limits as taken
    from app.services.portal.office import Office
    from app.services.portal.post import HubTrust
    from app.web import limits, traps
    from app.web.portal import Portal

    import_screens("portal")
    area = content.load_area(settings.content_dir)
    refuse_without_statements(settings, area)
    languages = content.load_languages(settings.content_dir)
    directory = content.load_directory(settings.content_dir)
    slugs = [each.slug for each in languages.all]
    pledges = content.load_pledges(settings.content_dir, slugs)
    portal_recordings = load_recordings(settings.content_dir, slugs)
    private = PortalPrivateKeys.load(settings.private_key_file)
    hub_keys = HubPublicKeys.load(settings.hub_public_keys_file)
    database, assets = Database(settings.database_url), Assets()
    app = _new_app(settings)
    app.session_interface = NoSession()
    app.config["WTF_CSRF_ENABLED"] = False  # no session: every POST is checked for where it comes from (web/headers.py)
    case_reviews = load_case_reviews(settings.content_dir, area, directory)
    help_now = content.load_help_now(settings.content_dir, directory)
    salts = Salts(settings.salt_file, on_new=lambda: taken.forget(database))
    app.extensions["side"] = Portal(
        settings=settings,
        database=database,
        office=Office(signer=private.signing, hub=hub_keys, peppers=Peppers.load(settings.peppers_file)),
        trust=HubTrust(
            database_id=hub_keys.database_id, courier=hub_keys.courier, voice=hub_keys.voice, post=hub_keys.post
        ),
        order_keys=private.sealing,
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
        site_address=site_address(settings, area),
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
        shared.blueprint(database=database, assets=assets, security_contact=_contact(area, settings))
    )
    page.install(app, settings=settings, area=area, languages=languages, assets=assets)
    page.install_staff_text(app, directory)
    errors.install(app, settings)
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


def create_hub(settings: HubSettings) -> Flask:
    """The Hub's desk: opens, and signs what goes back."""
    from app.pages.hub import machines, pages
    from app.web import staff

    if not settings.dev_sign_in and settings.oidc is None:
        raise SettingsError(NOBODY_COULD_SIGN_IN)
    import_screens("hub")
    area = content.load_area(settings.content_dir)
    refuse_without_statements(settings, area)
    languages = content.load_languages(settings.content_dir)
    database, assets = Database(settings.database_url), Assets()
    app = _new_app(settings)
    # Only the desk offers them to read: the courier and the commands do without.
    guides = load_guides(
        settings.content_dir,
        [each.slug for each in languages.all],
        area=area,
        directory=content.load_directory(settings.content_dir),
    )
    app.extensions["side"] = hub_of(settings, database=database, assets=assets, guides=guides)
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
    staff.install(app, database)
    app.register_blueprint(pages)
    app.register_blueprint(machines)
    app.register_blueprint(
        shared.blueprint(database=database, assets=assets, security_contact=_contact(area, settings))
    )
    page.install(app, settings=settings, area=area, languages=languages, assets=assets)
    errors.install(app, settings)
    app.wsgi_app = Door(app.wsgi_app, most_bytes=MOST_FORM_BYTES)  # type: ignore[method-assign]
    return app


def hub_of(
    settings: HubSettings, *, database: Database, assets: Assets, guides: Mapping[str, Guides] | None = None
) -> Hub:
    """What a Hub process holds. `guides` by language are for the desk."""
    from app.adapters.opening import HubOpener, OpeningKeys
    from app.services.hub.post import PostKeys
    from app.services.hub.showing import WAIT_SECONDS
    from app.services.hub.staff import DevelopmentIdentities, NoIdentities
    from app.web.hub import Hub

    signing = HubSigningKeys.load(settings.private_keys_file)
    area, directory = content.load_area(settings.content_dir), content.load_directory(settings.content_dir)
    return Hub(
        settings=settings,
        database=database,
        opener=HubOpener(OpeningKeys.load(settings.private_keys_file)),
        voice=signing.voice,
        post_keys=PostKeys(voice=signing.voice, post=signing.post, courier=signing.courier),
        trust=portal_trust(settings),
        carrier=carrier_of(settings, longest_seconds=WAIT_SECONDS),
        identities=DevelopmentIdentities() if settings.dev_sign_in else NoIdentities(),
        provider=provider_of(settings.oidc) if settings.oidc else None,
        assets=assets,
        area=area,
        languages=content.load_languages(settings.content_dir),
        directory=directory,
        guides=guides or {},
        funding=load_funding(settings.content_dir, directory),
        notifier=notifier_of(settings, area) if settings.notices == "on" else None,
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


def opener_of(settings: HubSettings) -> Opener:
    """What opens with the Hub's own keys alone."""
    return opener_from(settings.private_keys_file)


def opener_from(path: Path) -> Opener:
    """What opens with the Hub's keys in this file. Raises KeyFileError."""
    from app.adapters.opening import HubOpener, OpeningKeys

    return HubOpener(OpeningKeys.load(path))


def carrier_of(settings: HubSettings, *, longest_seconds: float | None = None) -> HttpCarrier:
    """What carries the post to the portal: patient for the courier; `longest_seconds` in all where a colleague waits."""
    return HttpCarrier(
        settings.portal_url,
        timeout_seconds=longest_seconds or COURIER_WAITS_SECONDS,
        longest_seconds=longest_seconds,
        verify=settings_module.certificates(os.environ),
    )


def portal_trust(settings: HubSettings) -> PortalTrust:
    """The portal's pinned keys."""
    from app.services.hub.post import PortalTrust

    keys = PortalPublicKeys.load(settings.portal_public_keys_file)
    return PortalTrust(database_id=keys.database_id, signing=keys.signing, sealing=keys.sealing_key)


def notices_of(settings: HubSettings, held: Hub) -> NoticesOffice:
    """What carries notices. Raises SettingsError when what everybody would see of one is not neutral."""
    from app.services.hub.notices import Mode, Office

    return Office(
        database=held.database,
        opener=held.opener,
        voice=held.voice,
        hours=held.area.hub_hours,
        notifier=notifier_of(settings, held.area),
        mode=Mode(settings.notices),
    )


def notifier_of(settings: HubSettings, area: Area) -> Notifier:
    """What can carry words out, by the ways that are set up. Raises SettingsError as `notices_of` does."""
    from app.adapters.notify import ByWay, Files, Notify, Smtp
    from app.domain.contact import Way

    found: list[Notifier] = []
    notify, smtp = settings.notify, settings.smtp
    if notify is not None:
        found.append(
            Notify(
                key=notify.key,
                templates={Way(way): template for way, template in notify.templates.items()},
                url=notify.url,
                sender_id=notify.sender_id,
                reply_to_id=notify.reply_to_id,
            )
        )
    if smtp is not None:
        refuse_telling(settings, area)
        found.append(
            Smtp(
                host=smtp.host,
                port=smtp.port,
                sender=smtp.sender,
                subject=smtp.subject,
                user=smtp.user,
                password=smtp.password,
                is_local=smtp.is_local,
            )
        )
    if not found and settings.in_development:
        found.append(Files(settings.side_dir / "notices"))
    return ByWay(tuple(found))


def on_call_of(settings: HubSettings, held: Hub) -> OnCallOffice | None:
    """What tells whoever is on call; None while nobody is."""
    from app.domain.contact import Way
    from app.services.hub.notices import Mode
    from app.services.hub.on_call import Office

    if settings.on_call is None:
        return None
    return Office(
        database=held.database,
        hours=held.area.hub_hours,
        notifier=notifier_of(settings, held.area),
        mode=Mode(settings.on_call.mode),
        way=Way(settings.on_call.way),
        address=settings.on_call.address,
    )


def refuse_telling(settings: HubSettings, area: Area) -> None:
    """Sender and subject of an e-mail stand on locked screens: they must not say what this is about."""
    from app.domain.notice import telling

    seen = {"SMTP_FROM": settings.smtp.sender, "SMTP_SUBJECT": settings.smtp.subject} if settings.smtp else {}
    for name, text in seen.items():
        # A domain is no link here, but its words count.
        found = telling(text.replace(".", " "), also=(area.hub_name,))
        if found:
            raise SettingsError(f"{name} is seen on locked screens, so it must not contain '{found[0]}'.")


def refuse_without_statements(settings: Settings, area: Area) -> None:
    """Outside development, nobody is asked anything before the Hub has said in its own words what it must do."""
    missing = area.missing_statements()
    if missing and not settings.in_development:
        raise SettingsError(
            f"content/area.yaml: write {', '.join(missing)} in the Hub's own words (docs/before-launch.md explains each)."
        )


def set_up_logging() -> None:
    """Events to standard error, one line each. A format that is none ends the process with one line."""
    try:
        log_lines.set_up(os.environ.get("LOG_FORMAT", ""))
    except log_lines.UnknownFormat as refusal:
        sys.stderr.write(f"{refusal}\n")
        raise SystemExit(1) from None


def import_screens(side: str) -> None:
    """Load a side's view modules, which register themselves on its blueprints."""
    package = importlib.import_module(f"app.pages.{side}")
    for module in pkgutil.iter_modules(package.__path__):
        importlib.import_module(f"app.pages.{side}.{module.name}")


def _new_app(settings: Settings) -> Flask:
    app = Flask("app", static_folder=None, template_folder="templates")
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


def site_address(settings: Settings, area: Area) -> str:
    """Where people find the site, without a slash at the end; empty in development while `site_host` is."""
    return settings.origins[0] if settings.origins else f"https://{area.site_host}" if area.site_host else ""


def _contact(area: Area, settings: Settings) -> str:
    """The text of security.txt (RFC 9116)."""
    own_host = urlsplit(settings.origins[0]).hostname if settings.origins else "localhost"
    return SECURITY_CONTACT.format(host=area.site_host or own_host, expires=now() + SECURITY_CONTACT_LASTS)
