"""Settings refuse what is unsafe, in one line that says what to set."""

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app import factory, wiring
from app import settings as settings_module
from app.adapters.content import load_area
from app.domain.area import STATEMENTS
from app.domain.roles import GATEKEEPER, ROLES
from app.settings import (
    HUB_PREFIXES,
    HUB_VARIABLES,
    OIDC_NEEDED,
    PORTAL_VARIABLES,
    ROLE_VARIABLES,
    SHARED_VARIABLES,
    HubSettings,
    PortalSettings,
    SettingsError,
    environment_of,
    load,
)

ROOT = Path(__file__).parents[2]
CALDERWICK = ROOT / "tests" / "area"
SECRET = "q8Jx-".join("abcdefghij")
HUBS_OWN = sorted(HUB_VARIABLES - {"HUB_PORT", "PORTAL_URL"}) + [prefix + "X" for prefix in HUB_PREFIXES]


@pytest.fixture
def development(tmp_path: Path) -> dict[str, str]:
    """What a portal process has in development."""
    return {"SIDE": "portal", "SECRET_KEY": SECRET, "DATA_DIR": str(tmp_path)}


@pytest.fixture
def service(development: dict[str, str]) -> dict[str, str]:
    """What a portal process has in service."""
    return development | {
        "PUBLIC_URL": "https://ask.example.org",
        "PEPPERS_FILE": "/etc/portal/peppers",
        "PORTAL_PRIVATE_KEY": "/etc/portal/private-key.json",
        "HUB_PUBLIC_KEYS": "/etc/portal/hub-public-keys.json",
        "PORTAL_DATABASE_URL": "postgresql://portal@db/portal?sslmode=verify-full&sslrootcert=system",
    }


def refusal(environ: dict[str, str]) -> str:
    with pytest.raises(SettingsError) as error:
        load(environ)
    said = str(error.value)
    assert "\n" not in said
    return said


# What is fine


def test_a_portal_in_development_needs_next_to_nothing(development, tmp_path):
    settings = load(development)

    assert isinstance(settings, PortalSettings)
    assert settings.in_development
    assert not settings.is_https
    assert settings.database_url == f"sqlite:///{tmp_path / 'portal' / 'portal.sqlite3'}"
    assert settings.side_dir == tmp_path / "portal"


def test_a_portal_in_service_is_known_by_its_origins(service):
    settings = load(service | {"PUBLIC_URL": "https://Ask.Example.org/ https://www.ask.example.org:443"})

    assert settings.origins == ("https://ask.example.org", "https://www.ask.example.org")
    assert settings.is_https
    assert settings.database_url == "postgresql+psycopg://portal@db/portal?sslmode=verify-full&sslrootcert=system"


def test_a_hub_in_development_calls_the_portal_next_door(development):
    settings = load(development | {"SIDE": "hub", "PORTAL_PORT": "8123"})

    assert isinstance(settings, HubSettings)
    assert settings.portal_url == "http://127.0.0.1:8123"


def test_a_portals_settings_have_no_place_for_a_private_key_of_the_hub():
    own = {name for name in PortalSettings.__dataclass_fields__ if "key" in name}

    assert own == {"secret_key", "private_key_file", "hub_public_keys_file"}


def test_settings_cannot_be_changed_once_read(development):
    with pytest.raises(AttributeError):
        load(development).secret_key = "another"


# What is refused


@pytest.mark.parametrize("side", [None, "", "Portal", "both", "portal "])
def test_a_process_serves_one_side(development, side):
    environ = {name: value for name, value in development.items() if name != "SIDE"}

    assert "SIDE" in refusal(environ if side is None else environ | {"SIDE": side})


@pytest.mark.parametrize("name", HUBS_OWN)
def test_a_portal_that_is_handed_something_of_the_hub_does_not_start(development, name):
    assert name in refusal(development | {name: "/keys"})


@pytest.mark.parametrize("name", HUBS_OWN)
def test_not_even_an_empty_value_of_the_hub_gets_by(development, name):
    assert name in refusal(development | {name: ""})


def test_a_portal_whose_folder_holds_the_hubs_private_keys_does_not_start(development, tmp_path):
    (tmp_path / "portal").mkdir()
    (tmp_path / "portal" / "private-keys.json").write_text("{}")

    assert "private keys" in refusal(development)


@pytest.mark.parametrize(
    "rest",
    [
        "db/portal",
        "portal:secret@db.example.org:5432/portal",
        "[2001:db8::1]/portal",
        "db/portal?sslmode=require",
        "db/portal?sslmode=verify-ca",
        "db/portal?sslmode=verify-full&sslmode=disable",
        "localhost,db/portal",
        "localhost/portal?host=db",
        "localhost/portal?hostaddr=10.0.0.5",
        "/portal?host=%2Frun%2Fpostgresql,db",
        "/portal?service=portal",
        "localhost.example.org/portal",
        "localhost:secret/x@db/portal",
        "db/por@localhost",
    ],
)
@pytest.mark.parametrize("scheme", ["postgresql", "postgresql+psycopg"])
def test_a_database_on_another_machine_must_prove_who_it_is(development, scheme, rest):
    said = refusal(development | {"PORTAL_DATABASE_URL": f"{scheme}://{rest}"})

    assert "PORTAL_DATABASE_URL" in said
    assert "sslmode=verify-full" in said
    assert "secret" not in said


@pytest.mark.parametrize(
    "rest",
    [
        "/portal",
        "portal@/portal?host=%2Frun%2Fpostgresql",
        "portal@%2Frun%2Fpostgresql/portal",
        "portal:a@b@localhost/portal",
        "portal:secret@LOCALHOST:5433/portal",
        "127.0.0.1/portal",
        "[::1]:5432/portal",
        "db:5432,db2:5432/portal?sslmode=verify-full&target_session_attrs=primary",
    ],
)
def test_a_database_on_this_machine_needs_no_certificate(development, rest):
    settings = load(development | {"PORTAL_DATABASE_URL": f"postgresql://{rest}"})

    assert settings.database_url == f"postgresql+psycopg://{rest}"


@pytest.mark.parametrize("name", ["PGHOST", "PGHOSTADDR", "PGSERVICE", "PGSERVICEFILE"])
def test_nothing_else_says_where_a_database_is(development, name):
    address = {"PORTAL_DATABASE_URL": "postgresql:///portal"}

    assert name in refusal(development | address | {name: "db"})
    assert load(development | address | {name: ""}).database_url == "postgresql+psycopg:///portal"
    assert load(development | {name: "db"}).database_url.startswith("sqlite:///")


@pytest.mark.parametrize("name", ["PORTAL_PRIVATE_KEY", "PEPPERS_FILE", "PORTAL_DATABASE_URL"])
def test_a_hub_that_is_handed_something_of_the_portal_does_not_start(development, name):
    assert name in refusal(development | {"SIDE": "hub", name: "/keys"})


@pytest.mark.parametrize(
    "url",
    [
        "http://ask.example.org",
        "ask.example.org",
        "https://",
        "https://ask.example.org/path",
        "https://ask.example.org?x=1",
        "https://ask.example.org#x",
        "https://somebody@ask.example.org",
        "https://ask.example.org:port",
        "https://[",
        "https://ask.example.org http://ask.example.org",
    ],
)
def test_in_service_every_address_is_an_origin_with_tls(service, url):
    assert "PUBLIC_URL" in refusal(service | {"PUBLIC_URL": url})


@pytest.mark.parametrize("secret", ["", "short", "x" * 64, "change-me-change-me-change-me-change-me", "CHANGE" * 8])
def test_a_short_or_well_known_secret_is_refused(development, service, secret):
    assert "SECRET_KEY" in refusal(development | {"SECRET_KEY": secret})
    assert "SECRET_KEY" in refusal(service | {"SECRET_KEY": secret})


def test_in_development_the_secret_is_the_one_that_set_up_made(development, tmp_path):
    environ = development | {"SECRET_KEY": ""}
    (tmp_path / "portal").mkdir()
    (tmp_path / "portal" / "secret-key").write_text(SECRET + "\n")

    assert load(environ).secret_key == SECRET
    assert "SECRET_KEY" in refusal(environ | {"SIDE": "hub"})  # each side has its own


def test_in_service_the_secret_of_development_is_not_taken(service, tmp_path):
    (tmp_path / "portal").mkdir()
    (tmp_path / "portal" / "secret-key").write_text(SECRET)

    assert "SECRET_KEY" in refusal(service | {"SECRET_KEY": ""})


@pytest.mark.parametrize("name", ["PEPPERS_FILE", "PORTAL_PRIVATE_KEY", "HUB_PUBLIC_KEYS"])
def test_in_service_key_files_are_named_never_guessed(service, name):
    service.pop(name)

    assert name in refusal(service)


@pytest.mark.parametrize("side", ["portal", "hub"])
def test_the_queue_is_read_in_its_parts(development, side):
    address = load(development | {"SIDE": side, "QUEUE_URL": "amqps://hub:p%40ss@broker.example.org/post"}).queue

    assert (address.host, address.port, address.user, address.password) == ("broker.example.org", 5671, "hub", "p@ss")
    assert (address.vhost, address.tls) == ("post", True)
    assert "p@ss" not in repr(address)
    assert load(development | {"SIDE": side}).queue is None


@pytest.mark.parametrize("side", ["portal", "hub"])
@pytest.mark.parametrize(
    "url",
    [
        "amqp://127.0.0.1",  # nobody's
        "amqp://hub@127.0.0.1/post",
        "amqp://hub:secret@broker.example.org/post",  # in clear, and not on this machine
        "amqps://guest:secret@broker.example.org/post",
        "amqps://hub:secret@broker.example.org/post?verify=no",
        "amqps://hub:secret@broker.example.org/post/more",
        "amqps://hub:secret@broker.example.org:port/post",
        "redis://hub:secret@127.0.0.1/0",
        "broker.example.org",
    ],
)
def test_a_queue_that_is_not_safe_or_not_whole_is_refused(development, side, url):
    refused = refusal(development | {"SIDE": side, "QUEUE_URL": url})

    assert refused.startswith("QUEUE_URL")
    assert "secret" not in refused


def test_certificates_of_a_queue_want_a_queue_over_tls_and_a_file(development, tmp_path):
    named = {"QUEUE_CERTIFICATES": str(tmp_path / "nothing.pem")}
    over_tls, in_clear = "amqps://hub:secret@broker.example.org/post", "amqp://hub:secret@127.0.0.1/post"

    assert "QUEUE_CERTIFICATES" in refusal(development | named)
    assert "QUEUE_CERTIFICATES" in refusal(development | named | {"QUEUE_URL": over_tls})
    assert "QUEUE_CERTIFICATES" in refusal(development | named | {"QUEUE_URL": in_clear})


HUB_IN_SERVICE = {
    "SIDE": "hub",
    "PUBLIC_URL": "https://desk.example.org",
    "PORTAL_URL": "https://ask.example.org",
    "HUB_PRIVATE_KEYS": "/etc/hub/private-keys.json",
    "PORTAL_PUBLIC_KEYS": "/etc/hub/portal-public-keys.json",
    "BACKUP_PUBLIC_KEY": "/etc/hub/backup-public-key.json",
    "OIDC_ISSUER": "https://login.example.org/realm",
    "OIDC_CLIENT_ID": "desk",
    "OIDC_CLIENT_SECRET": "between the two",
}


def test_a_hub_in_service_signs_staff_in_through_an_identity_provider(development):
    settings = load(development | HUB_IN_SERVICE | {"OIDC_ROLE_GATEKEEPER": "Hub - gatekeepers"})

    assert isinstance(settings, HubSettings)
    assert settings.is_https
    assert settings.oidc is not None
    assert settings.oidc.roles["Hub - gatekeepers"] == GATEKEEPER
    assert set(settings.oidc.roles.values()) == set(ROLES) == set(ROLE_VARIABLES)
    assert settings.oidc.mfa == "amr"
    assert "between the two" not in repr(settings)
    assert not settings.dev_sign_in


@pytest.mark.parametrize("name", OIDC_NEEDED)
def test_what_the_provider_needs_is_missed_by_name(development, name):
    incomplete = {key: value for key, value in HUB_IN_SERVICE.items() if key != name}

    assert name in refusal(development | incomplete)
    assert name in refusal(development | {key: value for key, value in incomplete.items() if key != "PUBLIC_URL"})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("OIDC_ISSUER", "http://login.example.org"),
        ("OIDC_ISSUER", "login.example.org"),
        ("OIDC_ISSUER", "https://login.example.org/?tenant=1"),
        ("OIDC_ISSUER", "https://["),
        ("OIDC_SCOPES", "profile"),
        ("OIDC_REQUIRE_MFA", "yes"),
        ("OIDC_ROLE_AUDITOR", "supervisor"),
        ("DEV_SIGN_IN", "1"),
        ("DEV_SIGN_IN", "yes"),
        ("ON_CALL_EMAIL", "not an address"),
        ("ON_CALL_PHONE", "ring me"),
        ("ON_CALL_PHONE", "07700 900123"),  # nothing can carry it
    ],
)
def test_what_is_wrong_with_signing_in_is_said_by_name(development, name, value):
    said = refusal(development | HUB_IN_SERVICE | {name: value})
    assert name in said or "OIDC_ROLE_" in said


def test_development_sign_in_has_to_be_asked_for(development):
    hub = development | {"SIDE": "hub"}
    assert not load(hub).dev_sign_in
    assert load(hub | {"DEV_SIGN_IN": "1"}).dev_sign_in
    with pytest.raises(SettingsError, match="DEV_SIGN_IN=1"):
        factory.create(load(hub))


def test_one_way_to_sign_in_is_enough(development):
    local = {key: value for key, value in HUB_IN_SERVICE.items() if key not in {"PUBLIC_URL", "PORTAL_URL"}}
    assert "DEV_SIGN_IN" in refusal(development | local | {"DEV_SIGN_IN": "1"})


def test_one_person_is_on_call(development):
    hub = development | {"SIDE": "hub"}
    assert load(hub).on_call is None
    assert load(hub | {"ON_CALL_EMAIL": "on-call@example.org"}).on_call.way == "email"
    assert "ON_CALL" in refusal(hub | {"ON_CALL_EMAIL": "on-call@example.org", "ON_CALL_PHONE": "07700 900123"})


@pytest.mark.parametrize(
    "url", ["http://portal.example.org", "ftp://portal", "portal", "https://portal/path", "https://["]
)
def test_the_courier_does_not_call_an_address_in_clear(development, url):
    assert "PORTAL_URL" in refusal(development | {"SIDE": "hub", "PORTAL_URL": url})


@pytest.mark.parametrize("url", ["mysql://db/portal", "sqlite://", "/var/portal.sqlite3"])
def test_an_unknown_kind_of_database_is_refused(development, url):
    assert "PORTAL_DATABASE_URL" in refusal(development | {"PORTAL_DATABASE_URL": url})


def test_a_content_folder_that_is_not_there_is_refused(development):
    assert "CONTENT_DIR" in refusal(development | {"CONTENT_DIR": "/nowhere"})


@given(st.text())
def test_whatever_stands_in_an_address_it_is_taken_or_refused_and_nothing_worse(text):
    for name, side in (("PUBLIC_URL", "portal"), ("PORTAL_URL", "hub")):
        environ = {"SIDE": side, "SECRET_KEY": SECRET, "DATA_DIR": "/nowhere", name: text}
        try:
            settings = load(environ)
        except SettingsError:
            continue
        assert name == "PORTAL_URL" or not text.strip()
        assert settings.in_development


# Statements that only the Hub may write


@pytest.mark.rule("rule 11")
@pytest.mark.parametrize("statement", STATEMENTS)
def test_in_service_nobody_is_asked_anything_before_the_hub_has_said_what_it_must_do(service, statement):
    area = load_area(CALDERWICK)
    settings = load(service)

    wiring.refuse_without_statements(settings, area)  # all written: fine
    with pytest.raises(SettingsError, match=statement):
        wiring.refuse_without_statements(settings, replace(area, **{statement: "  "}))


@pytest.mark.rule("rule 11")
def test_in_development_unwritten_statements_do_not_stop_the_site(development):
    wiring.refuse_without_statements(load(development), load_area(ROOT / "content"))


# What each process may see


def test_every_variable_belongs_to_one_side_or_to_both():
    assert not SHARED_VARIABLES & PORTAL_VARIABLES
    assert not SHARED_VARIABLES & HUB_VARIABLES
    assert not PORTAL_VARIABLES & HUB_VARIABLES


EVERY_NAME = st.sampled_from(
    sorted(SHARED_VARIABLES | PORTAL_VARIABLES | HUB_VARIABLES)
    + [prefix + "SOMETHING" for prefix in HUB_PREFIXES]
    + ["PATH", "HOME", "LANG"]
)


@given(st.dictionaries(EVERY_NAME, st.text()), st.sampled_from(["portal", "hub"]))
def test_a_process_never_sees_what_belongs_to_the_other_side(environ, side):
    seen = environment_of(side, environ)

    # A port says where the other side is, and is no secret.
    others = HUB_VARIABLES - {"HUB_PORT"} if side == "portal" else PORTAL_VARIABLES - {"PORTAL_PORT"}
    assert not others & set(seen)
    if side == "portal":
        assert not [name for name in seen if name.startswith(HUB_PREFIXES)]
    assert seen["SIDE"] == side
    machine = {"PATH", "HOME", "LANG"} & set(environ)
    assert {name: seen[name] for name in machine} == {name: environ[name] for name in machine}


@given(st.dictionaries(EVERY_NAME, st.just("x")))
def test_what_a_portal_is_given_to_see_it_does_not_refuse_as_the_hubs(environ):
    seen = environment_of("portal", environ)

    try:
        settings_module.load_portal(seen)
        said = ""
    except SettingsError as error:
        said = str(error)
    assert "belongs to the Hub" not in said


def test_the_environment_that_was_handed_over_is_left_as_it_was():
    environ = {"HUB_PRIVATE_KEYS": "/keys"}
    environment_of("portal", environ)

    assert environ == {"HUB_PRIVATE_KEYS": "/keys"}
