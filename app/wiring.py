"""What both the web and the post are wired with: keys, carriers, queues, notices. Nothing here knows a page.

What belongs to one side is imported where it is made, so that a portal process never even loads what opens; and what carries the
post never loads what makes pages (docs/adr/0032).
"""

from __future__ import annotations

import gc
import importlib
import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from app import log_lines
from app import settings as settings_module
from app.adapters import yaml_reader
from app.adapters.carriers import HttpCarrier
from app.adapters.content import load_area
from app.adapters.keys import (
    HubPublicKeys,
    HubSigningKeys,
    KeyFileError,
    PortalPrivateKeys,
    PortalPublicKeys,
    read_private_keys,
)
from app.adapters.yaml_reader import ContentError
from app.data.database import Database
from app.domain.area import Area
from app.settings import HubSettings, PortalSettings, QueueAddress, Settings, SettingsError
from app.web.clock import now

if TYPE_CHECKING:
    from app.adapters.notify import Notifier
    from app.adapters.queues import AmqpCarrier, Hatch
    from app.services.hub.notices import Office as NoticesOffice
    from app.services.hub.on_call import Office as OnCallOffice
    from app.services.hub.post import PortalTrust, PostKeys
    from app.services.hub.records import Opener
    from app.services.hub.side import HubSide
    from app.services.portal.hatch import Counter
    from app.services.portal.office import Office
    from app.services.portal.post import HubTrust

COURIER_WAITS_SECONDS = 15.0
QUEUE_ANSWERS_WITHIN_SECONDS = 2.0
#: What ends a process or a command with one line that says what to set, or to put right.
REFUSALS = (SettingsError, ContentError, KeyFileError)


def settle() -> None:
    """Give back what was only needed to read the content: for a process that has read everything."""
    yaml_reader.forget()
    gc.collect()  # trees that were parsed hold themselves


def tell_counts(settings: PortalSettings | HubSettings, database: Database) -> None:
    """Tell what this process and the others of its side count, where a port is set for it. Raises KeyFileError."""
    if settings.metrics_port is None:
        return
    from app import metrics

    if isinstance(settings, HubSettings):
        keys = read_private_keys(settings.private_keys_file, side="hub")["sealing"]
    else:
        keys = HubPublicKeys.load(settings.hub_public_keys_file).sealing
    ends = metrics.last_end(keys)
    metrics.start(settings, metrics.readings_of(settings, database, key_ends=ends), now=now)


@dataclass(frozen=True)
class PortalKeys:
    """What a portal holds of keys: to seal and to make numbers, to know the Hub by, to open its orders."""

    office: Office
    trust: HubTrust
    order_keys: Mapping[bytes, X25519PrivateKey] = field(repr=False)


def portal_keys(settings: PortalSettings) -> PortalKeys:
    """The portal's keys, from their files. Raises KeyFileError."""
    from app.adapters.numbers import Peppers
    from app.services.portal.office import Office
    from app.services.portal.post import HubTrust

    private, hub = PortalPrivateKeys.load(settings.private_key_file), HubPublicKeys.load(settings.hub_public_keys_file)
    return PortalKeys(
        office=Office(signer=private.signing, hub=hub, peppers=Peppers.load(settings.peppers_file)),
        trust=HubTrust(database_id=hub.database_id, courier=hub.courier, voice=hub.voice, post=hub.post),
        order_keys=private.sealing,
    )


@dataclass(frozen=True)
class HubKeys:
    """What a Hub holds of keys: to open, to sign, and to know the portal by."""

    opener: Opener
    post: PostKeys
    trust: PortalTrust


def hub_keys(settings: HubSettings) -> HubKeys:
    """The Hub's keys, from their files. Raises KeyFileError."""
    from app.services.hub.post import PostKeys

    signing = HubSigningKeys.load(settings.private_keys_file)
    return HubKeys(
        opener=opener_of(settings),
        post=PostKeys(voice=signing.voice, post=signing.post, courier=signing.courier),
        trust=portal_trust(settings),
    )


def hub_side(settings: HubSettings, database: Database) -> HubSide:
    """What every process of the Hub holds. Raises KeyFileError and ContentError."""
    from app.services.hub.side import HubSide

    keys = hub_keys(settings)
    return HubSide(
        settings=settings,
        database=database,
        opener=keys.opener,
        voice=keys.post.voice,
        post_keys=keys.post,
        trust=keys.trust,
        area=load_area(settings.content_dir),
    )


def opener_of(settings: HubSettings) -> Opener:
    """What opens with the Hub's own keys alone."""
    return opener_from(settings.private_keys_file)


def opener_from(path: Path) -> Opener:
    """What opens with the Hub's keys in this file. Raises KeyFileError."""
    from app.adapters.opening import HubOpener, OpeningKeys

    return HubOpener(OpeningKeys.load(path))


def portal_trust(settings: HubSettings) -> PortalTrust:
    """The portal's pinned keys."""
    from app.services.hub.post import PortalTrust

    keys = PortalPublicKeys.load(settings.portal_public_keys_file)
    return PortalTrust(database_id=keys.database_id, signing=keys.signing, sealing=keys.sealing_key)


def carrier_of(settings: HubSettings, *, longest_seconds: float | None = None) -> HttpCarrier | AmqpCarrier:
    """What carries the post to the portal: patient for the courier; `longest_seconds` in all where a colleague waits.

    Raises SettingsError when QUEUE_URL is set and what it takes is not installed.
    """
    if settings.queue is not None:
        refuse_without_queues()
        from app.adapters.queues import AmqpCarrier

        return AmqpCarrier(
            settings.queue, longest_seconds=longest_seconds or COURIER_WAITS_SECONDS, keeps=longest_seconds is None
        )
    return HttpCarrier(
        settings.portal_url,
        timeout_seconds=longest_seconds or COURIER_WAITS_SECONDS,
        longest_seconds=longest_seconds,
        verify=settings_module.certificates(os.environ),
    )


def refuse_without_queues() -> None:
    """Raises SettingsError when the library that talks to RabbitMQ is not installed."""
    try:
        importlib.import_module("kombu")
    except ImportError:
        raise SettingsError(
            "QUEUE_URL is set, but kombu is not installed: install the extra `scale`, or unset QUEUE_URL."
        ) from None


def declare_queues(address: QueueAddress) -> list[str]:
    """Declare what the post needs at the broker; returns the names of the queues. Raises carriers.CarrierDown."""
    from app.adapters import queues

    return queues.declare(address)


def seen_of_queue(settings: Settings) -> list[str]:
    """What is wrong with the broker and its queues, one line each; empty when all is well, and where there is no queue."""
    if settings.queue is None:
        return []
    refuse_without_queues()
    from app.adapters import queues

    try:
        found = queues.look(settings.queue)
    except queues.QueueFault as fault:
        return [str(fault)]
    aside = found[queues.DEAD_LETTERS]
    return [f"{aside} parcels lie in the queue {queues.DEAD_LETTERS} (docs/operations.md, RabbitMQ)"] if aside else []


def queue_of(settings: Settings) -> Callable[[], str | None] | None:
    """What says in one line what is wrong with the queue, or None when all is well; None itself where there is no queue."""
    address = settings.queue
    if address is None:
        return None
    refuse_without_queues()
    from app.adapters.queues import QueueFault, look

    def looked() -> str | None:
        try:
            look(address, seconds=QUEUE_ANSWERS_WITHIN_SECONDS)
        except QueueFault as fault:
            return str(fault)
        return None

    return looked


def hatch_of(settings: PortalSettings, counter: Counter) -> Hatch:
    """What takes the courier's parcels out of the queue. Raises SettingsError where there is none."""
    if settings.queue is None:
        raise SettingsError("The hatch is for a queue: set QUEUE_URL, or let the courier come over HTTP without it.")
    refuse_without_queues()
    from app.adapters.queues import Hatch
    from app.services.portal import hatch

    return Hatch(settings.queue, lambda body, token: hatch.serve(counter, body, token, clock=now), tell=hatch.set_aside)


def counter_of(settings: PortalSettings, *, database: Database) -> Counter:
    """What the hatch serves passes with. Raises KeyFileError."""
    from app.domain.retention import Periods
    from app.services.portal.hatch import Counter

    keys = portal_keys(settings)
    return Counter(
        database=database,
        trust=keys.trust,
        office=keys.office,
        keys=keys.order_keys,
        keep=Periods(**settings.keep),
    )


def notices_of(settings: HubSettings, held: HubSide) -> NoticesOffice:
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


def on_call_of(settings: HubSettings, held: HubSide) -> OnCallOffice | None:
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


def site_address(settings: Settings, area: Area) -> str:
    """Where people find the site, without a slash at the end; empty in development while `site_host` is.

    It is printed, and read by others: so it is never an onion address while there is a plain one.
    """
    if settings.is_onion and area.site_host:
        return f"https://{area.site_host}"
    return settings.origins[0] if settings.origins else f"https://{area.site_host}" if area.site_host else ""
