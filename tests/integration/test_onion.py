"""The portal as an onion service: a process of its own, reached through Tor alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from flask import Flask

from app import factory, wiring
from app import settings as settings_module
from app.settings import PortalSettings, SettingsError, load
from tests.harness.sides import Sides

ONION = "http://" + "abcdefghijklmnopqrstuvwxyz234567abcdefghijklmnopqrstuvwd"[-56:] + ".onion"
HOST = ONION.removeprefix("http://")
CALDERWICK = Path(__file__).parents[1] / "area"


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    return {
        "SIDE": "portal",
        "SECRET_KEY": "q8Jx-".join("abcdefghij"),
        "DATA_DIR": str(tmp_path),
        "PUBLIC_URL": ONION,
        **{name: str(tmp_path / name) for name in ("PEPPERS_FILE", "PORTAL_PRIVATE_KEY", "HUB_PUBLIC_KEYS")},
    }


def test_an_onion_address_needs_no_https_and_nothing_else_goes_without(environ: dict[str, str]) -> None:
    assert len(HOST) == len(".onion") + 56
    made = load(environ)
    assert made.is_onion
    assert (made.is_https, made.in_development) == (False, False)
    assert load(environ | {"PUBLIC_URL": ONION.upper().replace("HTTP", "http")}).origins == (ONION,)
    for wrong in (
        "http://ask.example.org",
        "http://short.onion",
        f"http://{HOST[:-7]}e.onion",  # no name ends so: the last letter holds the version
        f"http://www.{HOST}.example.org",
        f"{ONION}:8080",
    ):
        with pytest.raises(SettingsError, match="PUBLIC_URL"):
            load(environ | {"PUBLIC_URL": wrong})


def test_an_onion_address_stands_alone_and_is_not_for_the_hub(environ: dict[str, str]) -> None:
    with pytest.raises(SettingsError, match="process of its own"):
        load(environ | {"PUBLIC_URL": f"https://ask.example.org {ONION}"})
    oidc = {"OIDC_ISSUER": "https://id.example.org", "OIDC_CLIENT_ID": "desk", "OIDC_CLIENT_SECRET": "x" * 40}
    own = {name: value for name, value in environ.items() if name in {"SECRET_KEY", "DATA_DIR", "PUBLIC_URL"}}
    with pytest.raises(SettingsError, match="https for the Hub"):
        load({**own, **oidc, "SIDE": "hub", "PORTAL_URL": "https://ask.example.org"})


@pytest.fixture
def onion(new_sides: Callable[[], Sides]) -> Iterator[Flask]:
    sides = new_sides()
    files = sides.portal_side.settings
    environ = sides.environment("portal") | {
        "PUBLIC_URL": ONION,
        "SECRET_KEY": files.secret_key,
        "CONTENT_DIR": str(CALDERWICK),
        "PEPPERS_FILE": str(files.peppers_file),
        "PORTAL_PRIVATE_KEY": str(files.private_key_file),
        "HUB_PUBLIC_KEYS": str(files.hub_public_keys_file),
    }
    settings = settings_module.load(environ)
    assert isinstance(settings, PortalSettings)
    app = factory.create_portal(settings)
    yield app
    app.extensions["side"].database.close()


@pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)
def test_it_serves_that_name_alone_with_cookies_that_work_there(onion: Flask) -> None:
    client = onion.test_client()
    assert client.get("/en/", base_url="http://ask.example.org").status_code == 404
    home = client.get("/en/", base_url=ONION)
    assert home.status_code == 200
    # A browser that was told to use https would find nothing there.
    assert "Strict-Transport-Security" not in home.headers
    assert client.post("/en/refer/start", base_url=ONION, headers={"Origin": "http://evil.example"}).status_code == 403
    begun = client.post("/en/refer/start", base_url=ONION, headers={"Origin": ONION}, data={"device": "own"})
    assert begun.status_code == 303
    (cookie,) = begun.headers.getlist("Set-Cookie")
    # Without TLS some browsers drop what says Secure, and so does every one with a name that asks for it.
    assert not cookie.startswith("__Host-")
    assert "Secure" not in cookie
    assert "HttpOnly" in cookie
    assert "SameSite=Strict" in cookie
    # What is printed and read by others is the plain address, never this one.
    assert HOST not in wiring.site_address(onion.extensions["side"].settings, onion.extensions["side"].area)
