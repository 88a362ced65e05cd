"""Commands for whoever lets other agencies' case systems in: `flask api client add`, `list`, `revoke`. On the Hub's side."""

from __future__ import annotations

import getpass
import os
from collections.abc import Iterator
from contextlib import contextmanager

import click

from app import settings as settings_module
from app.adapters import content
from app.adapters.yaml_reader import ContentError
from app.data.database import Database
from app.domain.sharing import Purpose
from app.services.hub import clients
from app.services.hub.clients import UnknownClient
from app.settings import HubSettings, SettingsError
from app.web.clock import now


@click.group("api")
def api_group() -> None:
    """The case system API (docs/api.md)."""


@api_group.group("client")
def client_group() -> None:
    """Case systems of other agencies that may fetch cases with consent. There is none until you add one."""


@client_group.command("add")
@click.argument("agency")
@click.option("--name", required=True, help="What the system is called, and whose it is.")
@click.option(
    "--purpose",
    "purposes",
    multiple=True,
    required=True,
    type=click.Choice([each.value for each in Purpose]),
    help="What it may be used for; may be given twice.",
)
def client_add(agency: str, name: str, purposes: tuple[str, ...]) -> None:
    """Add a client for AGENCY, the id of a service in the directory. Prints its secret, once."""
    with _hub() as (settings, database):
        if content.load_directory(settings.content_dir).get(agency) is None:
            raise click.ClickException(f"content/services.yaml: there is no service {agency}")
        if not name.strip() or not name.isprintable() or len(name) > 100:
            raise click.ClickException("--name: one line of at most 100 characters")
        made, secret = clients.add(
            database,
            agency=agency,
            name=name.strip(),
            purposes=[Purpose(each) for each in purposes],
            by=_by(),
            now=now(),
        )
    click.echo(f"client_id: {made.id}")
    click.echo(f"client_secret: {secret}")
    click.echo("The secret is shown this once. Hand it over by a way that nobody else reads.", err=True)


@client_group.command("list")
def client_list() -> None:
    """List the clients: id, agency, purposes, since when, and whether one was revoked."""
    with _hub() as (_, database), database.reading() as session:
        found = clients.listed(session)
    for each in found:
        ended = f", revoked {each.revoked_at:%Y-%m-%d}" if each.revoked_at else ""
        purposes = " ".join(each.client.purposes)
        click.echo(
            f"{each.client.id} {each.client.agency} ({each.client.name}): {purposes}, since {each.made_at:%Y-%m-%d}{ended}"
        )
    if not found:
        click.echo("There is no client: nobody can ask.")


@client_group.command("revoke")
@click.argument("client_id")
def client_revoke(client_id: str) -> None:
    """Let CLIENT_ID in no more, from this moment. Its agency must delete what it has; tell them."""
    with _hub() as (_, database):
        try:
            clients.revoke(database, client_id, by=_by(), now=now())
        except UnknownClient:
            raise click.ClickException(f"there is no client {client_id}, or it was revoked before") from None
    click.echo("Revoked. Its tokens have ended. Tell the agency to delete what it fetched.")


@contextmanager
def _hub() -> Iterator[tuple[HubSettings, Database]]:
    try:
        settings = settings_module.load(os.environ)
        if not isinstance(settings, HubSettings):
            raise SettingsError("Clients are kept on the Hub's side: set SIDE=hub.")
    except SettingsError as refusal:
        raise click.ClickException(str(refusal)) from None
    database = Database(settings.database_url)
    try:
        yield settings, database
    except ContentError as problem:
        raise click.ClickException(str(problem)) from None
    finally:
        database.close()


def _by() -> str:
    """Who does it, for the audit: whoever is signed in to this machine."""
    try:
        return f"command:{getpass.getuser()}"
    except (KeyError, OSError):
        return "command"
