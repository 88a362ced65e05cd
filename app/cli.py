"""Flask commands. Each takes its side from SIDE, like a serving process."""

from __future__ import annotations

import dataclasses
import fcntl
import json
import os
import secrets
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import NoReturn

import click
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from nacl.exceptions import CryptoError
from sqlalchemy.exc import SQLAlchemyError

from app import courier as courier_module
from app import factory, renewal, starting, wiring
from app import settings as settings_module
from app.adapters import backups as backup_files
from app.adapters import carriers, content
from app.adapters import keys as key_files
from app.adapters.audit_heads import HeadsFile
from app.adapters.content import ContentError
from app.adapters.guides import load_guides
from app.adapters.oidc import NotBelieved, ProviderDown
from app.adapters.rights import load_to_read
from app.adapters.salts import Salts
from app.clients import api_group
from app.data import hub as hub_rows
from app.data import migrating, moving, whole
from app.data import portal as portal_rows
from app.data import post as post_rows
from app.data.database import Busy, Database
from app.domain.area import Area
from app.domain.promise_results import Quarter, ResultsError
from app.domain.retention import Periods
from app.editing import area_group, content_group
from app.processes import REQUESTS_END_WITHIN_SECONDS, SERVER_PID, threads_wanted
from app.services import post as post_service
from app.services.hub import auditing, placing, rebuilding, recovering
from app.services.hub import backups as hub_backups
from app.services.hub import notices as hub_notices
from app.services.hub import post as hub_post
from app.services.hub import reports as hub_reports
from app.services.hub import retention as hub_retention
from app.services.hub import staff as hub_staff
from app.services.hub.side import HubSide
from app.services.portal import retention as portal_retention
from app.settings import LONGEST_BACKUP_DAYS, HubSettings, PortalSettings, Settings, SettingsError, Side
from app.staying import plainly
from app.web.clock import now

__all__ = ["api_group", "area_group", "content_group"]  # the others are found by name as well

LATEST_BACKUP = timedelta(hours=26)
AUDIT_EVERY_DAYS = 366
SERVER_THREADS = threads_wanted()
# What serves and what carries holds no documentation of its libraries in memory, and one pool of free memory, not one for each
# thread: 20 MB less for three processes (docs/adr/0032).
LEAN = ("-OO",)
LEAN_ENVIRON = {"MALLOC_ARENA_MAX": "1"}
SERVER_PORTS: dict[str, tuple[str, str]] = {"portal": ("PORTAL_PORT", "8000"), "hub": ("HUB_PORT", "8001")}


@click.command()
def setup() -> None:
    """Make what both sides need for development: folders, secrets, databases, keys, and each other's public keys."""
    with plainly():
        data_dir = Path(os.environ.get("DATA_DIR", "var")).absolute()
        with _locked(data_dir):
            for side in ("portal", "hub"):
                _set_up_side(side, data_dir)
            _exchange_bundles()
    click.echo(f"Ready in {data_dir}.")


@click.group("keys")
def keys_group() -> None:
    """Keys of this side: make, bundle, trust, renew."""


@keys_group.command("make")
def keys_make() -> None:
    """Make this side's private keys where its settings say. Never overwrites."""
    with plainly():
        _make_keys(settings_module.load(os.environ))


@keys_group.command("bundle")
def keys_bundle() -> None:
    """Print this side's public keys, with a fingerprint to compare by voice on standard error."""
    with plainly():
        made = _bundle(settings_module.load(os.environ))
        click.echo(json.dumps(made, indent=2, sort_keys=True))
        click.echo(f"Fingerprint: {key_files.fingerprint_of(made)}", err=True)


@keys_group.command("trust")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def keys_trust(file: Path) -> None:
    """Pin the other side's public keys from FILE."""
    with plainly():
        settings = settings_module.load(os.environ)
        reader = key_files.HubPublicKeys if isinstance(settings, PortalSettings) else key_files.PortalPublicKeys
        try:
            made = json.loads(file.read_text(encoding="utf-8"))
        except ValueError:
            raise SettingsError(f"{file} is no bundle, or only a part of one: nothing was changed.") from None
        reader.of(made, path=file)
        key_files.save_bundle(_trusted_file(settings), made)
        click.echo(f"Pinned. Compare the fingerprint by voice: {key_files.fingerprint_of(made)}")


@keys_group.command("offline")
@click.argument("private", type=click.Path(path_type=Path))
@click.argument("public", type=click.Path(path_type=Path))
def keys_offline(private: Path, public: Path) -> None:
    """Make the key pair of the backups: PRIVATE never comes near the Hub, PUBLIC goes there. Needs no side."""
    with plainly():
        fingerprint = key_files.make_backup_keys(private, public)
        click.echo(f"Keep {private} offline, twice. Fingerprint of the public half: {fingerprint}")


@keys_group.command("new")
@click.argument("name", type=click.Choice(["sealing", "voice", "post", "courier", "signing", renewal.PEPPER]))
def keys_new(name: str) -> None:
    """Add a new key of this NAME beside the old one, or a new pepper."""
    with plainly():
        click.echo(renewal.new(settings_module.load(os.environ), name))


@keys_group.command("use")
@click.argument("key_id")
def keys_use(key_id: str) -> None:
    """Sign with KEY_ID from now on. The other side must trust it already."""
    with plainly():
        click.echo(renewal.use(settings_module.load(os.environ), key_id))


@keys_group.command("revoke")
@click.argument("key_id")
def keys_revoke(key_id: str) -> None:
    """Use KEY_ID no more. What was sealed to it still opens."""
    with plainly():
        click.echo(renewal.revoke(settings_module.load(os.environ), key_id))


@keys_group.command("destroy")
@click.argument("key_id")
def keys_destroy(key_id: str) -> None:
    """Take the revoked KEY_ID out of its file. Refused while anything may still need it."""
    with plainly():
        click.echo(renewal.destroy(settings_module.load(os.environ), key_id))


@keys_group.command("rewrap")
def keys_rewrap() -> None:
    """Wrap every secret of the Hub to its newest sealing key. The desk may go on meanwhile."""
    with plainly():
        click.echo(renewal.rewrap(_hub_settings("Secrets are wrapped on the Hub's side")))


@keys_group.command("check")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def keys_check(file: Path) -> None:
    """Try FILE, an offline copy of the Hub's keys, on everything that is kept. Changes nothing."""
    with plainly():
        click.echo(renewal.check(_hub_settings("Only the Hub's keys open what is kept"), file))


@click.group("backup")
def backup_group() -> None:
    """Backups of the Hub. The portal has none: it is filled again by the Hub."""


@backup_group.command("make")
def backup_make() -> None:
    """Back the Hub up into BACKUP_DIR, sealed to BACKUP_PUBLIC_KEY, while it runs; exit 1 and an alarm when that fails."""
    wiring.set_up_logging()
    with plainly():
        settings = _hub_settings("Backups are made on the Hub's side")
        try:
            public, fingerprint = key_files.backup_public_key(settings.backup_public_key_file)
            post_key = key_files.HubSigningKeys.load(settings.private_keys_file).post
            database = Database(settings.database_url)
            if hub_backups.needs_recovery(database):
                raise SettingsError(
                    "This database was restored and is not whole yet: run `flask post reconcile` first."
                )
            made = hub_backups.make(database, settings.backup_dir, public=public, post_key=post_key, now=now())
            dropped = hub_backups.drop_old(settings.backup_dir, days=LONGEST_BACKUP_DAYS, now=now())
            database.close()
        except Exception as error:
            post_service.alarm("the backup failed", kind=type(error).__name__)
            if isinstance(error, backup_files.BackupNotWritten | OSError):
                raise SettingsError(str(error)) from None
            raise
        click.echo(
            f"{made.path}: {made.size} bytes, {made.cases} cases, read back and whole. Sealed to the key {fingerprint}. "
            f"{made.marked} envelopes need not be kept at the portal any more. {dropped} old backups are gone."
        )


@backup_group.command("verify")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--key", required=True, type=click.Path(path_type=Path), help="The private half of the offline key.")
def backup_verify(file: Path, key: Path) -> None:
    """Read FILE to its end and open every case in it with the Hub's keys (HUB_PRIVATE_KEYS); exit 1 when one does not open."""
    with plainly():
        settings = _hub_settings("Backups are of the Hub's side")
        try:
            looked = hub_backups.look(file, private=_private_for(file, key), opener=wiring.opener_of(settings))
        except (backup_files.BackupUnreadable, hub_backups.NotABackup) as error:
            raise SettingsError(str(error)) from None
        click.echo(f"Made at {looked.made_at:%Y-%m-%d %H:%M} UTC. {looked.opened} of {looked.cases} cases open.")
        if looked.opened != looked.cases:
            raise SystemExit(1)


@backup_group.command("restore")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--key", required=True, type=click.Path(path_type=Path), help="The private half of the offline key.")
@click.option("--erased", type=click.Path(path_type=Path), help="The list of erased cases; usually beside FILE.")
def backup_restore(file: Path, key: Path, erased: Path | None) -> None:
    """Fill the Hub's empty database from FILE, without what was erased since. Stop everything of the Hub's before."""
    wiring.set_up_logging()
    with plainly():
        settings = _hub_settings("Backups are of the Hub's side")
        trust = wiring.portal_trust(settings)
        voice = key_files.HubSigningKeys.load(settings.private_keys_file).voice
        database = Database(settings.database_url)
        try:
            done = hub_backups.restore(
                database,
                file,
                private=_private_for(file, key),
                erased=erased or file.parent / hub_backups.LIST_OF_ERASED,
                migrate=lambda to: migrating.migrate(database, "hub", to=to),
                portal_key=trust.sealing,
                voice=voice,
                now=now(),
            )
        except (
            backup_files.BackupUnreadable, hub_backups.NotABackup, hub_backups.NoListOfErased, whole.NotEmpty, whole.NotWhole
        ) as error:  # fmt: skip
            raise SettingsError(str(error)) from None
        with database.reading() as session:
            heads = auditing.heads_of_all(session)
        HeadsFile(settings.side_dir).add(heads, now=now())
        database.close()
        click.echo(
            f"{done.cases} cases are here as they were at {done.made_at:%Y-%m-%d %H:%M} UTC; {done.erased} had been erased "
            "since and stay erased. Now `flask post reconcile`, and only then start the desk and the courier."
        )


@click.group("database")
def database_group() -> None:
    """This side's database."""


@database_group.command("migrate")
@click.option("--to", default="head", show_default=True, help="The version to bring it to.")
def database_migrate(to: str) -> None:
    """Bring the database to the newest version."""
    with plainly():
        settings = settings_module.load(os.environ)
        database = Database(settings.database_url)
        migrating.migrate(database, settings.side, to=to)
        database.close()


@database_group.command("move")
@click.argument("address")
def database_move(address: str) -> None:
    """Move this side's database to ADDRESS (sqlite:///... or postgresql://...). Stop everything of this side before.

    What was written is compared with what was read, row by row. Afterwards set the side's DATABASE_URL to ADDRESS, start, and
    when all is well destroy the old one: it holds the same secrets.
    """
    with plainly():
        settings = settings_module.load(os.environ)
        source = Database(settings.database_url)
        target = Database(settings_module.database_address(address, "ADDRESS"))
        if source.url == target.url:
            raise SettingsError("ADDRESS is where the database is already.")
        try:
            moved = moving.move(source, target, migrate=lambda to: migrating.migrate(target, settings.side, to=to))
        except (moving.NothingToMove, moving.NotTheSame, whole.NotEmpty, whole.NotWhole) as error:
            raise SettingsError(str(error)) from None
        except SQLAlchemyError as error:
            raise SettingsError(f"Nothing was moved ({type(error).__name__}): can both databases be reached?") from None
        finally:
            source.close()
            target.close()
        name = f"{settings.side.upper()}_DATABASE_URL"
        click.echo(f"{moved} rows were moved and compared. Set {name} to the new address, then start this side.")


@click.command("courier")
@click.option("--once", is_flag=True, help="Make one pass and stop.")
def courier(once: bool) -> None:
    """Carry the post between the Hub and the portal: a pass every two seconds. Runs on the Hub's side."""
    _become("app.courier", *([courier_module.ONCE] if once else []))


@click.command("hatch")
def hatch() -> None:
    """Serve the courier's passes where they come through a queue (QUEUE_URL). Runs on the portal's side, beside the site."""
    _become("app.hatch")


def _become(module: str, *arguments: str, environ: Mapping[str, str] = os.environ) -> NoReturn:
    """Run a module in place of this command, under the same process id, without what only commands need."""
    command = [sys.executable, *LEAN, "-m", module, *arguments]
    os.execve(sys.executable, command, {**LEAN_ENVIRON, **environ})  # noqa: S606  # nosec B606


@click.command("serve")
@click.argument("side", type=click.Choice(["portal", "hub"]))
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--workers", default=1, show_default=True)
@click.option("--threads", default=SERVER_THREADS, show_default=True)
@click.option(
    "--newer-schema", is_flag=True, help="Take a database of a newer release as it is: for going back to this one."
)
def serve(side: Side, host: str, workers: int, threads: int, newer_schema: bool) -> None:
    """Serve one side; the process sees the variables of that side only."""
    name, default = SERVER_PORTS[side]
    port = os.environ.get(name, default)
    with plainly():
        settings = settings_module.load(settings_module.environment_of(side, os.environ))
        if not (port.isascii() and port.isdigit() and 0 < int(port) < 65536):
            raise SettingsError(f"{name} must be the number of a port.")
        starting.refuse(settings, now=now(), newer_schema=newer_schema)
        if side == "hub":
            _refuse_before_recovery()
        starting.refuse_taken_port(host, int(port), name)
    environ = settings_module.environment_of(side, os.environ) | {SERVER_PID: str(os.getpid())}
    if workers == 1:
        _become("app.serving", host, port, str(threads), environ=environ)
    _become(
        "granian", "wsgi:app", "--interface", "wsgi", "--host", host, "--port", port,
        "--workers", str(workers), "--blocking-threads", str(threads), "--respawn-failed-workers", "--no-ws",
        "--log-level", "error", "--workers-kill-timeout", str(REQUESTS_END_WITHIN_SECONDS),
        environ=environ,
    )  # fmt: skip


@click.group("post")
def post_group() -> None:
    """The post of this side."""


@post_group.command("reconcile")
def post_reconcile() -> None:
    """Go on after a roll-back was noticed and understood: take the other side's counters as they are now.

    At a Hub that was restored it also brings back, from the portal, what came since the backup."""
    with plainly():
        settings = settings_module.load(os.environ)
        database = Database(settings.database_url)
        tables = portal_rows.POST if isinstance(settings, PortalSettings) else hub_rows.POST
        if isinstance(settings, HubSettings) and hub_backups.needs_recovery(database):
            wiring.set_up_logging()
            _recover(settings, database)
            return
        with database.writing() as session:
            click.echo(
                f"It had stopped because {post_rows.reconcile(session, tables) or 'nothing: it had not stopped'}."
            )


@post_group.command("show")
def post_show() -> None:
    """How many envelopes of this side wait for an answer, since when the oldest does, and when the last pass was."""
    with plainly():
        settings = settings_module.load(os.environ)
        database = Database(settings.database_url)
        tables = portal_rows.POST if isinstance(settings, PortalSettings) else hub_rows.POST
        with database.reading() as session:
            state = post_rows.post_state(session, tables)
            waiting, oldest = post_rows.waiting_count(session, tables), post_rows.oldest_waiting(session, tables)
        database.close()
        click.echo(
            f"waiting: {waiting}" + (f", the oldest since {oldest:%Y-%m-%d %H:%M} UTC" if oldest is not None else "")
        )
        click.echo(
            f"last pass: {'never' if state.last_pass_at is None else f'{state.last_pass_at:%Y-%m-%d %H:%M} UTC'}"
        )
        if state.stopped is not None:
            click.echo(f"stopped: {state.stopped}")


@post_group.command("queues")
@click.option("--user", default="", help="Who may declare queues; usually the one of QUEUE_URL. Asks for the password.")
def post_queues(user: str) -> None:
    """Declare the queues of QUEUE_URL as they must be, once; and again after the broker lost everything. Needs no side."""
    with plainly():
        address = settings_module.queue_address(os.environ)
        if address is None:
            raise SettingsError("QUEUE_URL is not set: the post goes over HTTP and needs no queues.")
        wiring.refuse_without_queues()
        if user:
            password = click.prompt("Password", hide_input=True, err=True)
            address = dataclasses.replace(address, user=user, password=password)
        try:
            names = wiring.declare_queues(address)
        except carriers.CarrierDown as fault:
            raise SettingsError(f"Nothing was declared: {fault}.") from None
        click.echo(f"There are {', '.join(names)} in {address.vhost} at {address.host}.")


@post_group.command("rebuild")
def post_rebuild() -> None:
    """Fill an empty portal again: run it at the Hub, with the new portal's bundle pinned; the courier carries it."""
    wiring.set_up_logging()
    with plainly():
        settings = _hub_settings("The portal is filled from the Hub's side")
        database = Database(settings.database_url)
        held = wiring.hub_side(settings, database)
        done = rebuilding.rebuild(
            database, opener=held.opener, voice=held.voice, portal_key=held.trust.sealing, now=now()
        )
        hub_reports.send(database, portal_key=held.trust.sealing, voice=held.voice, now=now(), again=True)
        database.close()
        click.echo(
            f"{done.spaces} spaces and {done.items} items of conversations are on their way to the portal. "
            f"{done.without_number} of the spaces have no number that opens them: a code gives a new one. "
            f"{done.packets} packets that services can still read go too."
        )


@click.group("audit")
def audit_group() -> None:
    """The Hub's audit: who did what to which case, when."""


@audit_group.command("verify")
@click.option("--offline", is_flag=True, help="Do not ask the portal; compare with what it once acknowledged.")
def audit_verify(offline: bool) -> None:
    """Read every line and compare with what the portal has seen: one line for each chain that does not hold, and exit 1.

    Exit 2 when nothing is wrong here but the portal could not be asked."""
    with plainly():
        settings = _hub_settings("The audit is at the Hub")
        database = Database(settings.database_url)
        kept = HeadsFile(settings.side_dir)
        said, could_ask = [], True
        if not offline:
            held = wiring.hub_side(settings, database)
            try:
                said = _heads_of_the_portal(held, wiring.carrier_of(settings))
            except (carriers.CarrierDown, carriers.BadToken, carriers.MalformedParcel, CryptoError, Busy) as error:
                could_ask = False
                click.echo(f"The portal could not be asked ({type(error).__name__}).", err=True)
        done = auditing.verify(database, [*kept.read(), *said], now=now())
        database.close()
        for fault in done.faults:
            click.echo(fault)
        if done.faults:
            post_service.alarm("the audit does not hold", chains=len(done.faults))
            raise SystemExit(1)
        lost = f" {done.lost} lines that the portal has seen went with the restore of a backup." if done.lost else ""
        click.echo(
            f"{done.lines} lines in {done.chains} chains hold, and agree with {done.heads} heads that the portal "
            f"{'once acknowledged' if offline or not could_ask else 'knows'}.{lost}"
        )
        if not could_ask:
            raise SystemExit(2)


@click.group("reports")
def reports_group() -> None:
    """Figures of quarters that are over."""


@reports_group.command("close")
@click.argument("quarter")
def reports_close(quarter: str) -> None:
    """Count a quarter that is over (2027-Q1), once: what is erased later changes nothing. The courier does it by itself."""
    with plainly():
        held = _held("Reports are of the Hub's side")
        try:
            wanted = Quarter.read(quarter)
            was_open = hub_reports.close(held.database, wanted, rules=courier_module.report_rules(held), now=now())
        except ResultsError as error:
            raise SettingsError(str(error)) from None
        except hub_reports.NotOver:
            raise SettingsError(f"{quarter} is not over yet.") from None
        click.echo(f"{wanted} is closed." if was_open else f"{wanted} was closed before; nothing has changed.")
        held.database.close()


@reports_group.command("send")
def reports_send() -> None:
    """Send the results of all closed quarters to the portal anew, after it was rebuilt. What it has stays as it is."""
    with plainly():
        held = _held("Reports are of the Hub's side")
        sent = hub_reports.send(held.database, portal_key=held.trust.sealing, voice=held.voice, now=now(), again=True)
        click.echo(f"{sent} quarters are on their way to the portal.")
        held.database.close()


@click.command("notices")
@click.option("--dry-run", is_flag=True, help="Also say what would become of those that are due, if it were sent now.")
def notices(dry_run: bool) -> None:
    """Say how many notices there are, by kind and state: counts only. The courier sends them (NOTICES)."""
    with plainly():
        settings = settings_module.load(os.environ)
        if not isinstance(settings, HubSettings):
            raise SettingsError("Notices go from the Hub's side: set SIDE=hub.")
        database = Database(settings.database_url)
        office = wiring.notices_of(settings, wiring.hub_side(settings, database))
        click.echo(f"NOTICES is {office.mode.value}.")
        with database.reading() as session:
            for (kind, state), number in sorted(hub_notices.count(session).items()):
                click.echo(f"{kind} {state}: {number}")
        if dry_run:
            would = hub_notices.would_send(office, now=now())
            click.echo(
                f"Of those due, {would.sent} would go now, {would.waiting} wait, {would.stopped} would be stopped."
            )


@click.group("staff")
def staff_group() -> None:
    """Who is signed in at the desk."""


@staff_group.command("sessions")
def staff_sessions() -> None:
    """List who is signed in, with the id of each."""
    with plainly():
        database = Database(_hub_settings("Staff sign in on the Hub's side").database_url)
        with database.reading() as session:
            for each in hub_staff.sessions(session, now=now()):
                click.echo(f"{each.staff_id}  {each.name}  since {each.begun_at:%Y-%m-%d %H:%M} UTC")


@staff_group.command("sign-out")
@click.argument("staff_id", metavar="ID")
def staff_sign_out(staff_id: str) -> None:
    """End every session of the colleague with this ID, as `flask staff sessions` shows it."""
    with plainly():
        database = Database(_hub_settings("Staff sign in on the Hub's side").database_url)
        with database.writing() as session:
            ended = hub_staff.end_all(session, staff_id, by=hub_staff.OPERATOR, why="command", now=now())
        click.echo(f"{ended} sessions ended.")


@click.group("queue")
def queue_group() -> None:
    """The order in which the desk works."""


@queue_group.command("refresh")
def queue_refresh() -> None:
    """Work out the whole queue anew: windows, targets, review dates. The courier does so when hours or targets change."""
    with plainly():
        settings = _hub_settings("The queue is the Hub's")
        database = Database(settings.database_url)
        held = wiring.hub_side(settings, database)
        count = placing.place_all(database, rules=courier_module.rules(held), opener=held.opener, now=now())
        click.echo(f"{count} open cases were put in order.")
        database.close()


@click.group("retention")
def retention_group() -> None:
    """How long this side keeps things."""


@retention_group.command("run")
def retention_run() -> None:
    """Delete what is over and warn of what soon will be. The courier does it once an hour, the portal with the post."""
    with plainly():
        settings = settings_module.load(os.environ)
        database = Database(settings.database_url)
        periods = Periods(**settings.keep)
        if isinstance(settings, PortalSettings):
            Salts(settings.salt_file).of(now())
            click.echo(f"{portal_retention.run(database, periods=periods, now=now())} rows were over and are gone.")
        else:
            held = wiring.hub_side(settings, database)
            done = courier_module.keep_to_periods(held)
            click.echo(
                f"{done.tidied} rows were over and are gone. {done.warned} spaces say now until when they are kept. "
                f"{done.erased} cases were erased."
            )
        database.close()


@retention_group.command("show")
def retention_show() -> None:
    """Say how long things are kept here, what there is, and at the Hub what is set to go and what a person has to decide."""
    with plainly():
        settings = settings_module.load(os.environ)
        database = Database(settings.database_url)
        periods = Periods(**settings.keep)
        for name, (variable, _) in settings_module.PERIODS.items():
            if settings.side == "hub" or variable in settings_module.SHARED_VARIABLES:
                click.echo(f"{variable}: {settings.keep[name]} days")
        with database.reading() as session:
            if isinstance(settings, PortalSettings):
                for what, count in dataclasses.asdict(portal_retention.show(session)).items():
                    click.echo(f"{what.replace('_', ' ')}: {count}")
            else:
                for each in hub_retention.going(session, None):
                    click.echo(f"{each.reference} goes on {each.at:%Y-%m-%d}")
                for listed in hub_retention.to_decide(session, None, periods=periods, now=now()):
                    click.echo(
                        f"{listed.reference} is {listed.why.value} since {listed.since:%Y-%m-%d}: a colleague decides"
                    )
        database.close()


def _heads_of_the_portal(held: HubSide, carrier: hub_post.Carrier) -> list[carriers.Head]:
    """Every head that the portal knows, in passes as the courier makes them."""
    found: list[carriers.Head] = []
    after = ""
    while True:
        made = held.make_pass(carrier, now=now(), heads_after=after)
        new = [each for each in made.heads if each.chain > after]
        if not new:
            return found
        found += made.heads
        after = max(each.chain for each in new)


def _hub_settings(what: str) -> HubSettings:
    settings = settings_module.load(os.environ)
    if not isinstance(settings, HubSettings):
        raise SettingsError(f"{what}: set SIDE=hub.")
    return settings


def _private_for(file: Path, key: Path) -> X25519PrivateKey:
    """The private half that a backup is sealed to. Raises KeyFileError and SettingsError."""
    keys = key_files.backup_private_keys(key)
    try:
        return keys[backup_files.key_id_of(file)]
    except backup_files.BackupUnreadable as error:
        raise SettingsError(str(error)) from None
    except KeyError:
        raise SettingsError(f"{file}: is sealed to another key than {key} holds.") from None


def _refuse_before_recovery() -> None:
    """A restored Hub must not speak before it knows what it said already."""
    settings = settings_module.load(settings_module.environment_of("hub", os.environ))
    database = Database(settings.database_url)
    try:
        if hub_backups.needs_recovery(database):
            raise SettingsError("This database was restored: run `flask post reconcile` first, then start the desk.")
    except (SQLAlchemyError, post_rows.PostNotSetUp):
        return  # not there yet, or not just now: what serves says so itself
    finally:
        database.close()


def _recover(settings: HubSettings, database: Database) -> None:
    held = wiring.hub_side(settings, database)
    carrier = wiring.carrier_of(settings)
    try:
        done = recovering.recover(
            database,
            carrier,
            trust=held.trust,
            keys=held.post_keys,
            opener=held.opener,
            now=now(),
            hours=held.area.hub_hours,
        )
    except recovering.PortalHasStopped:
        raise SettingsError(
            "The portal has noticed and waits: run `flask post reconcile` there, then here again."
        ) from None
    except recovering.RestoreCutOff:
        raise SettingsError(
            "The restore was cut off: move this database away and run `flask backup restore` again."
        ) from None
    except (carriers.CarrierDown, carriers.BadToken, carriers.MalformedParcel, recovering.NotQuiet) as error:
        raise SettingsError(f"The portal could not be asked ({error}). Nothing is lost: run it again.") from None
    finally:
        carrier.close()
    click.echo(
        f"{done.came_again} envelopes of people came again, {done.came_back} items of our own came back. "
        "Start the desk and the courier."
    )


def _held(what: str) -> HubSide:
    settings = _hub_settings(what)
    return wiring.hub_side(settings, Database(settings.database_url))


@click.command("doctor")
def doctor() -> None:
    """Say what is missing or due, one line each; exit 1 when something would keep the site from serving people."""
    with plainly():
        settings = settings_module.load(os.environ)
        if stopping := list(starting.faults(settings, now=now())):
            for line in stopping:
                click.echo(line)
            raise SystemExit(1)
        area = content.load_area(settings.content_dir)
        found = _undecided(settings, area)
        found += _overdue_guides(settings, area)
        found += renewal.due(settings)
        found += wiring.seen_of_queue(settings)
        database = Database(settings.database_url)
        tables = portal_rows.POST if isinstance(settings, PortalSettings) else hub_rows.POST
        with database.reading() as session:
            state = post_rows.post_state(session, tables)
            waiting, oldest = post_rows.waiting_count(session, tables), post_rows.oldest_waiting(session, tables)
            if state.stopped:
                found.append(f"the post has stopped: {state.stopped} (flask post reconcile)")
            if state.aside_count:
                found.append(f"{state.aside_count} envelopes were refused and kept aside")
            if oldest is not None and (now() - oldest).total_seconds() > 2 * 3600:
                found.append(f"{waiting} envelopes wait, the oldest since {oldest:%Y-%m-%d %H:%M} UTC")
        if isinstance(settings, HubSettings):
            wiring.refuse_telling(settings, area)
            last = hub_backups.newest(settings.backup_dir)
            if settings.backup_public_key_file.exists() and (last is None or now() - last > LATEST_BACKUP):
                since = "never" if last is None else f"{last:%Y-%m-%d %H:%M} UTC"
                found.append(f"the last backup was made {since} (flask backup make)")
            found += seen_of_provider(settings)
            if settings.notices != "off":
                click.echo("For a person to look at, since no template controls it:")
                for line in _seen_of_notices(settings):
                    click.echo(f"- {line}")
        for line in found:
            click.echo(line)
        if found:
            raise SystemExit(1)
        click.echo("Nothing is missing.")


def _undecided(settings: Settings, area: Area) -> list[str]:
    """What nobody has written, named or checked yet, and the audit and the holidays that are due."""
    found = [
        f"content/area.yaml: {key} is not written yet (docs/before-launch.md)" for key in area.missing_statements()
    ]
    if area.hub_phone_checked_on is None:
        found.append("content/area.yaml: nobody has checked the Hub's phone number")
    if area.hub_hours_checked_on is None:
        found.append("content/area.yaml: nobody has checked the Hub's opening hours")
    if not area.sign_language.provider:
        found.append("content/area.yaml: no video relay for BSL is named (sign_language, docs/before-launch.md)")
    if not area.outside_contact.name:
        found.append("content/area.yaml: nobody outside the Hub is named (outside_contact, docs/before-launch.md)")
    audit = content.load_accessibility(settings.content_dir).audit
    if audit is None or (now().date() - audit.audited_on).days > AUDIT_EVERY_DAYS:
        found.append("content/accessibility-audit.yaml: no full audit in the last year (make audit)")
    known_until = area.holidays_known_until
    if known_until is None or (known_until - now().date()).days < 90:
        found.append("content/area.yaml: list next year's holidays")
    return found


def _overdue_guides(settings: Settings, area: Area) -> list[str]:
    """The guides and the pages about rights that somebody was to look at again by now; and what is wrong with a guide in
    another language."""
    folder, today = settings.content_dir, now().date()
    languages = [each.slug for each in content.load_languages(folder).all]
    directory = content.load_directory(folder)
    guides = load_guides(folder, languages, area=area, directory=directory)
    to_read = load_to_read(folder, ["en"], area=area, directory=directory)
    pages = {"guides": guides["en"], "rights/paths": to_read.paths["en"], "rights": to_read.pages["en"]}
    found = [
        f"content/{under}/{guide.slug}.md: {guide.owner} was to look at it again by {guide.review_by} (docs/content.md)"
        for under, those in pages.items()
        for guide in those.all
        if guide.is_overdue(today)
    ]
    for language in languages:
        try:
            guides[language]
        except ContentError as error:
            found.append(f"content/{error}")
    return found


def seen_of_provider(settings: HubSettings) -> list[str]:
    """What is wrong with the identity provider's own pages; empty when all is well, and in development without one."""
    if settings.oidc is None:
        return []
    provider = factory.provider_of(settings.oidc)
    try:
        about = provider.about()
    except (ProviderDown, NotBelieved) as error:
        return [f"the identity provider at OIDC_ISSUER does not answer as it should: {error}"]
    if not about.get("userinfo_endpoint") and "refresh_token" not in (about.get("grant_types_supported") or ()):
        return ["the identity provider has neither a page about users nor refresh tokens: sessions last 15 minutes"]
    return []


def _seen_of_notices(settings: HubSettings) -> list[str]:
    """What the provider shows of a notice besides the person's words."""
    lines: list[str] = []
    templates = settings.notify.templates if settings.notify is not None else {}
    if templates:
        lines.append(
            "GOV.UK Notify: each template holds the placeholder ((words)) and nothing else, no link, no greeting"
        )
    if "text" in templates:
        lines.append("texts: the sender ID is neutral, and “start text messages with service name” is off")
    if "email" in templates:
        lines.append(
            "e-mails: the name and the address they come from, the subject, and the reply-to address are neutral"
        )
        lines.append("e-mails: branding and logo are off, and so are headers and footers that name a service")
    if "letter" in templates:
        lines.append(
            "letters: logo and letterhead are off; the return address on the back and the postmark are neutral"
        )
    if settings.smtp is not None:
        lines.append(
            "SMTP: the server adds no footer, no logo and no reply-to, and what it puts into From stays neutral"
        )
        lines.append("SMTP: a message that bounces goes to somebody who may know, not to a shared mailbox")
    return lines or ["nothing can carry notices here but files in DATA_DIR/hub/notices, for development"]


def _set_up_side(side: Side, data_dir: Path) -> None:
    own = data_dir / side
    own.mkdir(parents=True, exist_ok=True)
    own.chmod(0o700)
    secret = own / "secret-key"
    if not secret.exists():
        key_files.write_private(secret, secrets.token_urlsafe(48).encode("ascii") + b"\n")
    settings = settings_module.load(settings_module.environment_of(side, os.environ))
    if not settings.in_development:
        raise SettingsError(
            "`flask setup` is for development: unset PUBLIC_URL, or use `flask keys` and `flask database`."
        )
    database = Database(settings.database_url)
    migrating.migrate(database, side)
    database.close()
    _make_keys(settings)


def _make_keys(settings: PortalSettings | HubSettings) -> None:
    if isinstance(settings, PortalSettings):
        if not settings.private_key_file.exists():
            key_files.make_portal_keys(settings.private_key_file)
        if not settings.peppers_file.exists():
            key_files.make_peppers(settings.peppers_file)
    elif not settings.private_keys_file.exists():
        key_files.make_hub_keys(settings.private_keys_file, now=now())


def _exchange_bundles() -> None:
    """In development both sides are here, so each pins the other's keys at once."""
    portal = settings_module.load(settings_module.environment_of("portal", os.environ))
    hub = settings_module.load(settings_module.environment_of("hub", os.environ))
    key_files.save_bundle(_trusted_file(portal), _bundle(hub))
    key_files.save_bundle(_trusted_file(hub), _bundle(portal))


def _bundle(settings: PortalSettings | HubSettings) -> dict[str, object]:
    path = settings.private_key_file if isinstance(settings, PortalSettings) else settings.private_keys_file
    database = Database(settings.database_url)
    try:
        return key_files.bundle(path, database_id=migrating.database_id(database, settings.side))
    finally:
        database.close()


def _trusted_file(settings: PortalSettings | HubSettings) -> Path:
    if isinstance(settings, PortalSettings):
        return settings.hub_public_keys_file
    return settings.portal_public_keys_file


@contextmanager
def _locked(data_dir: Path) -> Iterator[None]:
    """One set-up at a time."""
    data_dir.mkdir(parents=True, exist_ok=True)
    data_dir.chmod(0o700)
    with (data_dir / "setup.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
