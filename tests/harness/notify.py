"""A stand-in for GOV.UK Notify on the loopback, by its public documentation: tokens checked, references kept, none refused.

https://docs.notifications.service.gov.uk/rest-api.html
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs
from uuid import uuid4

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import OctKey
from werkzeug.serving import make_server
from werkzeug.wrappers import Request, Response

from app.web import clock
from tests.harness.sides import Quiet

SERVICE, SECRET = "26785a09-ab16-4eb0-8407-a37497a57506", "3d844edf-8d35-48ac-975b-e847b4f122b0"
KEY = f"key-{SERVICE}-{SECRET}"
TEMPLATES = {"text": str(uuid4()), "email": str(uuid4()), "letter": str(uuid4())}
KINDS = {"sms": ("text", "phone_number"), "email": ("email", "email_address"), "letter": ("letter", "")}


class NotifyStandIn:
    """Serves until closed. `taken` is what it took; `before` and `after` are called around taking one, and may raise or
    answer in its place."""

    def __init__(self) -> None:
        """Listen on a free port."""
        self.taken: list[dict[str, Any]] = []
        self.asked: list[str] = []
        self.before: Callable[[], Response | None] = lambda: None
        self.after: Callable[[], Response | None] = lambda: None
        self._server = make_server("127.0.0.1", 0, self._answer, request_handler=Quiet)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self._server.server_port}"

    @property
    def references(self) -> list[str]:
        """Those of what it took, in order."""
        return [each["reference"] for each in self.taken]

    def close(self) -> None:
        """Stop listening; once more does nothing."""
        if not self._thread.is_alive():
            return
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def _answer(self, environ: Any, start: Any) -> Any:
        return self._respond(Request(environ))(environ, start)

    def _respond(self, request: Request) -> Response:
        if not _is_signed(request.headers.get("Authorization", "")):
            return _error(403, "AuthError", "Invalid token: API key not found")
        if request.method == "GET" and request.path == "/v2/notifications":
            wanted = parse_qs(request.query_string.decode())["reference"][0]
            self.asked.append(wanted)
            found = [each for each in self.taken if each["reference"] == wanted]
            return _json({"notifications": found, "links": {"current": request.url}}, 200)
        kind = request.path.removeprefix("/v2/notifications/")
        if request.method != "POST" or kind not in KINDS:
            return _error(404, "NoResultFound", "No result found")
        body = json.loads(request.get_data())
        way, address = KINDS[kind]
        personal = body.get("personalisation", {})
        if body.get("template_id") != TEMPLATES[way] or "words" not in personal:
            return _error(400, "BadRequestError", "Template not found")
        if (address and not body.get(address)) or (kind == "letter" and "address_line_3" not in personal):
            return _error(400, "ValidationError", "an address is a required property")
        if (answer := self.before()) is not None:
            return answer
        self.taken.append({"id": str(uuid4()), "reference": body.get("reference"), "type": kind, "body": body})
        if (answer := self.after()) is not None:
            return answer
        return _json({"id": self.taken[-1]["id"], "reference": body.get("reference")}, 201)


def _is_signed(header: str) -> bool:
    """HS256 with the secret, by the service, within 30 seconds."""
    try:
        token = jwt.decode(header.removeprefix("Bearer "), OctKey.import_key(SECRET), algorithms=["HS256"])
        return token.claims["iss"] == SERVICE and abs(token.claims["iat"] - clock.now().timestamp()) <= 30
    except (JoseError, ValueError, KeyError, TypeError):
        return False


def _json(content: Any, status: int) -> Response:
    return Response(json.dumps(content), status, content_type="application/json")


def _error(status: int, error: str, message: str) -> Response:
    return _json({"status_code": status, "errors": [{"error": error, "message": message}]}, status)
