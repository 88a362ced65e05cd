"""An identity provider in a process of its own, built with Authlib: the real flow over HTTP, and what can go wrong with it.

`python -m tests.harness.provider PORT` serves one. Everybody is signed in there already: the page to sign in is one button.
What it should do wrong is told to it by `Provider.be`, through an address that no real provider has.
"""

from __future__ import annotations

import base64
import hmac
import json
import secrets
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import requests
from authlib.integrations.flask_oauth2 import AuthorizationServer
from authlib.oauth2.rfc6749 import AuthorizationCodeMixin, ClientMixin, TokenMixin, grants
from authlib.oauth2.rfc7636 import CodeChallenge
from authlib.oidc.core import OpenIDCode, UserInfo
from flask import Flask, Response, redirect, request
from joserfc import jwt
from joserfc.jwk import RSAKey
from werkzeug.serving import make_server

from tests.harness.run import free_port
from tests.harness.sides import Quiet

CLIENT_ID, CLIENT_SECRET = "the-desk", "a secret between the two of them"
ANSWERS_WITHIN_SECONDS = 20.0
CONTROL = "/be"
NO_ALGORITHM = b'{"alg":"none"}'
LASTS = 3600
# Who signs in, and what is wrong: as `Provider.be` changes it.
USUAL: dict[str, Any] = {
    "sub": "s-417",
    "name": "Farah Lindqvist",
    "given_name": "Farah",
    "roles": ["hub-staff", "something-else"],
    "amr": ["pwd", "mfa"],
    "acr": "",
    "wrong": "",
    "is_gone": False,
    "is_down": False,
    "refreshes": True,
    "hour": 0,  # its clock, in seconds since 1970; 0 for the machine's own
}


class Client(ClientMixin):
    """The desk, as it is registered."""

    def get_client_id(self) -> str:
        return CLIENT_ID

    def get_default_redirect_uri(self) -> str | None:
        return None

    def get_allowed_scope(self, scope: str) -> str:
        return scope

    def check_redirect_uri(self, redirect_uri: str) -> bool:
        return urlsplit(redirect_uri).path == "/sign-in/back"

    def check_client_secret(self, client_secret: str) -> bool:
        return secrets.compare_digest(client_secret, CLIENT_SECRET)

    def check_endpoint_auth_method(self, method: str, endpoint: str) -> bool:
        return method == "client_secret_basic"

    def check_response_type(self, response_type: str) -> bool:
        return response_type == "code"

    def check_grant_type(self, grant_type: str) -> bool:
        return grant_type in ("authorization_code", "refresh_token")


class Code(AuthorizationCodeMixin):
    """A code that was given and not used yet."""

    def __init__(self, code: str, asked: Mapping[str, Any]) -> None:
        self.code, self.asked = code, asked
        self.code_challenge = asked.get("code_challenge")
        self.code_challenge_method = asked.get("code_challenge_method")

    def get_redirect_uri(self) -> Any:
        return self.asked.get("redirect_uri")

    def get_scope(self) -> Any:
        return self.asked.get("scope")

    def get_nonce(self) -> Any:
        return self.asked.get("nonce")

    def get_auth_time(self) -> int:
        return int(time.time())

    def get_acr(self) -> str:
        return ""

    def get_amr(self) -> list[str]:
        return []


class Token(TokenMixin):
    """An access token with its refresh token."""

    def __init__(self, given: Mapping[str, Any]) -> None:
        self.given = given

    def check_client(self, client: ClientMixin) -> bool:
        return True

    def get_scope(self) -> Any:
        return self.given.get("scope")

    def get_expires_in(self) -> int:
        return LASTS

    def is_expired(self) -> bool:
        return False

    def is_revoked(self) -> bool:
        return False


def make_app(issuer: str) -> Flask:
    """The provider's pages."""
    app = Flask("provider")
    app.secret_key = secrets.token_hex(16)
    is_now = dict(USUAL)
    codes: dict[str, Code] = {}
    access_tokens: dict[str, Token] = {}
    refresh_tokens: dict[str, Token] = {}
    keys = [RSAKey.generate_key(2048, {"kid": "k1", "use": "sig"})]
    foreign_key = RSAKey.generate_key(2048, {"kid": "k1", "use": "sig"})
    client = Client()

    class OfCode(grants.AuthorizationCodeGrant):
        TOKEN_ENDPOINT_AUTH_METHODS = ("client_secret_basic",)

        def save_authorization_code(self, code: str, request: Any) -> None:
            codes[code] = Code(code, dict(request.payload.data))

        def query_authorization_code(self, code: str, client: ClientMixin) -> Code | None:
            return codes.get(code)

        def delete_authorization_code(self, authorization_code: Code) -> None:
            codes.pop(authorization_code.code, None)

        def authenticate_user(self, authorization_code: Code) -> str | None:
            return None if is_now["is_gone"] else str(is_now["sub"])

    class OfRefresh(grants.RefreshTokenGrant):
        TOKEN_ENDPOINT_AUTH_METHODS = ("client_secret_basic",)
        INCLUDE_NEW_REFRESH_TOKEN = True

        def authenticate_refresh_token(self, refresh_token: str) -> Token | None:
            return None if is_now["is_gone"] else refresh_tokens.get(refresh_token)

        def authenticate_user(self, refresh_token: Token) -> str:
            return str(is_now["sub"])

        def revoke_old_credential(self, refresh_token: Token) -> None:
            refresh_tokens.pop(refresh_token.given["refresh_token"], None)

    class WithIdToken(OpenIDCode):
        def exists_nonce(self, nonce: str, request: Any) -> bool:
            return any(each.get_nonce() == nonce for each in codes.values())

        def process_token(self, grant: Any, response: Any) -> Any:
            _, token, _ = response
            token["id_token"] = id_token(grant.request.authorization_code.get_nonce(), token["access_token"])
            return token

        def generate_user_info(self, user: Any, scope: str) -> UserInfo:
            return UserInfo(claims_of_person())

    def claims_of_person() -> dict[str, Any]:
        return {name: is_now[name] for name in ("sub", "name", "given_name") if is_now[name]} | {
            "realm": {"roles": is_now["roles"]}
        }

    def id_token(nonce: str, access_token: str) -> str:
        wrong, now = is_now["wrong"], int(is_now["hour"] or time.time())
        claims = {
            **claims_of_person(),
            "iss": "https://somebody.example" if wrong == "issuer" else issuer,
            "aud": {
                "audience": "another-client",
                "azp": "another-client",
                "audiences": [CLIENT_ID, "another-client"],
            }.get(wrong, CLIENT_ID),
            "iat": now - (2 * LASTS if wrong == "expired" else 0),
            "exp": now + (-LASTS if wrong == "expired" else LASTS),
            "nonce": "another" if wrong == "nonce" else nonce,
            "amr": is_now["amr"],
            "acr": is_now["acr"],
        }
        if wrong in ("azp", "audiences"):
            claims["azp"] = CLIENT_ID
        for name in ("nonce", "exp", "sub"):
            if wrong == f"no-{name}":
                del claims[name]
        header = {"alg": "RS256", "kid": keys[-1].kid}
        if wrong == "none":
            said = jwt.encode(header, claims, keys[-1]).split(".")[1]
            return f"{_base64(NO_ALGORITHM)}.{said}."
        if wrong == "hmac":  # the public key taken as a secret that both share
            said = jwt.encode(header, claims, keys[-1]).split(".")[1]
            first = _base64(json.dumps({"alg": "HS256", "kid": keys[-1].kid}).encode("ascii"))
            made = hmac.digest(keys[-1].as_pem(private=False), f"{first}.{said}".encode("ascii"), "sha256")
            return f"{first}.{said}.{_base64(made)}"
        return jwt.encode(header, claims, foreign_key if wrong == "signature" else keys[-1])

    def save_token(token: dict[str, Any], request: Any) -> None:
        made = Token(dict(token))
        access_tokens[token["access_token"]] = made
        if "refresh_token" in token:
            refresh_tokens[token["refresh_token"]] = made

    app.config["OAUTH2_REFRESH_TOKEN_GENERATOR"] = lambda *_args, **_more: secrets.token_urlsafe(24)
    server = AuthorizationServer(
        app,
        query_client=lambda client_id: client if client_id == CLIENT_ID else None,
        save_token=save_token,
    )
    server.register_grant(OfCode, [WithIdToken(require_nonce=True), CodeChallenge(required=True)])
    server.register_grant(OfRefresh)

    @app.before_request
    def perhaps_down() -> Response | None:
        return Response("", 502) if is_now["is_down"] and request.path != CONTROL else None

    @app.get("/.well-known/openid-configuration")
    def about() -> dict[str, Any]:
        return {
            "issuer": issuer,
            "authorization_endpoint": f"{issuer}/authorize",
            "token_endpoint": f"{issuer}/token",
            "userinfo_endpoint": f"{issuer}/userinfo",
            "jwks_uri": f"{issuer}/keys",
            "end_session_endpoint": f"{issuer}/end",
            "code_challenge_methods_supported": ["S256"],
            "id_token_signing_alg_values_supported": ["RS256"],
            "token_endpoint_auth_methods_supported": ["client_secret_basic"],
        }

    @app.get("/keys")
    def published() -> dict[str, Any]:
        return {"keys": [each.as_dict(private=False) for each in keys]}

    @app.route("/authorize", methods=["GET", "POST"])
    def authorize() -> Any:
        grant = server.get_consent_grant(end_user=str(is_now["sub"]))
        if request.method == "POST":
            return server.create_authorization_response(grant_user=str(is_now["sub"]), grant=grant)
        return "<!doctype html><title>Who are you?</title><h1>Who are you?</h1><form method=post><button>It is me</button></form>"

    @app.post("/token")
    def token() -> Any:
        answer = server.create_token_response()
        if not is_now["refreshes"]:
            told = answer.get_json()
            told.pop("refresh_token", None)
            answer.set_data(json.dumps(told))
        return answer

    @app.get("/userinfo")
    def userinfo() -> Any:
        given = request.headers.get("Authorization", "").removeprefix("Bearer ")
        if is_now["is_gone"] or given not in access_tokens:
            return {"error": "invalid_token"}, 401
        return claims_of_person()

    @app.get("/end")
    def end() -> Any:
        back = request.args.get("post_logout_redirect_uri", "")
        return redirect(back) if urlsplit(back).path == "/sign-in" else ("", 400)

    @app.post(CONTROL)
    def be() -> dict[str, Any]:
        told = request.get_json()
        if told.pop("new_key", False):
            keys[:] = [RSAKey.generate_key(2048, {"kid": f"k{time.monotonic_ns()}", "use": "sig"})]
        is_now.clear()
        is_now.update({**USUAL, **told})
        return {}

    return app


def _base64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode("ascii")


class Provider:
    """A provider that runs, seen from a test. `close` ends it."""

    def __init__(self) -> None:
        """Start it on a free port. It is called localhost, so that to a browser it is another site than 127.0.0.1."""
        port = free_port()
        self.issuer = f"http://localhost:{port}"
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.harness.provider", str(port)],
            cwd=Path(__file__).parents[2],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        deadline = time.monotonic() + ANSWERS_WITHIN_SECONDS
        while True:
            try:
                self.be()
                return
            except requests.ConnectionError:
                if time.monotonic() > deadline or self._process.poll() is not None:
                    self.close()
                    raise
                time.sleep(0.05)

    @property
    def environ(self) -> dict[str, str]:
        """What a Hub needs to sign staff in here."""
        return {
            "OIDC_ISSUER": self.issuer,
            "OIDC_CLIENT_ID": CLIENT_ID,
            "OIDC_CLIENT_SECRET": CLIENT_SECRET,
            "OIDC_ROLES_CLAIM": "realm.roles",
            "OIDC_ROLE_CO_ORDINATOR": "hub-staff",
            "OIDC_ROLE_SUPERVISOR": "hub-lead",
        }

    def be(self, **otherwise: Any) -> None:
        """From now on it is as usual but for this."""
        told = {"hour": int(time.time()), **otherwise}  # the test's own day
        requests.post(self.issuer + CONTROL, json=told, timeout=5).raise_for_status()

    def sign_in(self, address: str) -> str:
        """Press its one button, as somebody who was sent to this address; returns where it sends the browser then."""
        answer = requests.post(address, allow_redirects=False, timeout=5)
        assert answer.status_code == 302, answer.text
        return str(answer.headers["Location"])

    def close(self) -> None:
        """End it."""
        self._process.terminate()
        self._process.wait(timeout=10)


if __name__ == "__main__":
    own_port = int(sys.argv[1])
    make_server(
        "127.0.0.1", own_port, make_app(f"http://localhost:{own_port}"), threaded=True, request_handler=Quiet
    ).serve_forever()
