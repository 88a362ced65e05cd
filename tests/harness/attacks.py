"""Requests that no form of ours makes: too much, too little, in the wrong letters, of the wrong kind, from the wrong place.

Each attack takes an address and the names of the fields that are there, and says how to ask. All that can be typed is the
canary, so
that a log in which something of a request stands is found.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

from tests.harness.naughty import ONE_LINE, UNSHOWABLE

CANARY = "Кенар-żółw-QzyxWvu"
BOUNDARY = "----boundary"
FORM, PARTS = "application/x-www-form-urlencoded", f"multipart/form-data; boundary={BOUNDARY}"
Options = dict[str, Any]


@dataclass(frozen=True)
class Attack:
    """One way to ask. `made` gets the path and the names of its fields and returns options of a test client's `open`."""

    name: str
    method: str
    made: Callable[[str, Sequence[str]], Options]


def _form(pairs: Sequence[tuple[str, str]]) -> Options:
    return {"data": urlencode(pairs, errors="replace").encode(), "content_type": FORM}


def _part(name: str, value: bytes, more: str = "") -> bytes:
    return f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"{more}\r\n\r\n'.encode() + value + b"\r\n"


def _multipart(names: Sequence[str], *, end: bytes = f"--{BOUNDARY}--\r\n".encode(), more: str = "") -> Options:
    parts = b"".join(_part(name, CANARY.encode(), more) for name in names)
    return {"data": parts + end, "content_type": PARTS}


def _cookies() -> str:
    ours = [f"{prefix}{side}-{short}" for prefix in ("", "__Host-") for side in ("portal", "hub") for short in "dvsao"]
    return "; ".join(
        f"{name}={value}" for name in ours for value in (quote(CANARY), "A" * 43, "A" * 43 + ".1.x", "=;,", "\xff")
    )


POSTS: tuple[Attack, ...] = (
    Attack("canary everywhere", "POST", lambda _, names: _form([(name, CANARY) for name in names])),
    Attack("nothing", "POST", lambda _, names: {"data": b"", "content_type": FORM}),
    Attack(
        "each three times",
        "POST",
        lambda _, names: _form([(name, value) for name in names for value in ("", CANARY, "yes")]),
    ),
    Attack(
        "naughty strings",
        "POST",
        lambda path, names: _form(
            [
                (name, (ONE_LINE + UNSHOWABLE)[(at * 7 + len(path)) % (len(ONE_LINE) + len(UNSHOWABLE))])
                for at, name in enumerate(names)
            ]
        ),
    ),
    Attack(
        "too many fields",
        "POST",
        lambda _, names: {"data": b"&".join(b"a%d=" % number for number in range(20_000)), "content_type": FORM},
    ),
    Attack(
        "very long values",
        "POST",
        lambda _, names: _form([(name, CANARY * (8000 // max(1, len(names)))) for name in names]),
    ),
    Attack("more than is taken", "POST", lambda _, names: _form([(names[0] if names else "a", CANARY * 30_000)])),
    Attack(
        "bytes that are no letters",
        "POST",
        lambda _, names: {
            "data": b"&".join(name.encode() + b"=\xff\xfe%ff%00%zz%" + b"\xd0" for name in names),
            "content_type": FORM,
        },
    ),
    Attack(
        "utf-16",
        "POST",
        lambda _, names: {
            "data": urlencode([(name, CANARY) for name in names]).encode("utf-16"),
            "content_type": f"{FORM}; charset=utf-16",
        },
    ),
    Attack(
        "another code of letters",
        "POST",
        lambda _, names: {**_form([(name, CANARY) for name in names]), "content_type": f"{FORM}; charset=no-such-code"},
    ),
    Attack("parts", "POST", lambda _, names: _multipart(names)),
    Attack("parts cut off", "POST", lambda _, names: _multipart(names, end=f"--{BOUNDARY}\r\nContent-Disp".encode())),
    Attack("parts without end", "POST", lambda _, names: _multipart(names, end=b"")),
    Attack("files", "POST", lambda _, names: _multipart(names, more='; filename="../../etc/passwd"')),
    Attack(
        "parts that say strange things",
        "POST",
        lambda _, names: _multipart(
            names, more="\r\nContent-Type: text/plain; charset=no-such-code\r\nContent-Transfer-Encoding: base64"
        ),
    ),
    Attack("no boundary", "POST", lambda _, names: {**_multipart(names), "content_type": "multipart/form-data"}),
    Attack(
        "another boundary",
        "POST",
        lambda _, names: {**_multipart(names), "content_type": 'multipart/form-data; boundary="x\\"'},
    ),
    Attack("too many parts", "POST", lambda _, names: _multipart(["a"] * 1100)),
    Attack(
        "json",
        "POST",
        lambda _, names: {
            "data": ('{"' + CANARY + '": ["\\ud800", {"a": NaN}]}').encode(),
            "content_type": "application/json",
        },
    ),
    Attack(
        "json for fields",
        "POST",
        lambda _, names: {
            "data": json.dumps({name: [{"a": 1}, None, CANARY][at % 3] for at, name in enumerate(names)}).encode(),
            "content_type": "application/json",
        },
    ),
    Attack("json so deep", "POST", lambda _, names: {"data": b"[" * 100_000, "content_type": "application/json"}),
    Attack(
        "xml",
        "POST",
        lambda _, names: {
            "data": b'<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>',
            "content_type": "text/xml",
        },
    ),
    Attack(
        "no kind",
        "POST",
        lambda _, names: {"data": urlencode([(name, CANARY) for name in names]).encode(), "content_type": ""},
    ),
    Attack("a kind that is none", "POST", lambda _, names: {"data": CANARY.encode(), "content_type": ';;/="'}),
    Attack(
        "said to be packed",
        "POST",
        lambda _, names: {
            **_form([(name, CANARY) for name in names]),
            "headers": {"Content-Encoding": "gzip", "Transfer-Encoding": "chunked"},
        },
    ),
    Attack(
        "bad cookies",
        "POST",
        lambda _, names: {**_form([(name, CANARY) for name in names]), "headers": {"Cookie": _cookies()}},
    ),
    Attack(
        "another method within",
        "POST",
        lambda _, names: {
            **_form([("_method", "DELETE"), *((name, "1") for name in names)]),
            "headers": {"X-HTTP-Method-Override": "DELETE"},
        },
    ),
)
GETS: tuple[Attack, ...] = (
    Attack(
        "bad query",
        "GET",
        lambda _, names: {"query_string": "a=%ff&%00=%zz&" + "&".join(f"{name}={quote(CANARY)}" for name in names)},
    ),
    Attack(
        "fields as query, thrice",
        "GET",
        lambda _, names: {
            "query_string": urlencode([(name, value) for name in names for value in ("-1", "9" * 30, "'\"<>")])
        },
    ),
    Attack("long query", "GET", lambda _, names: {"query_string": "q=" + "a" * 60_000}),
    Attack("bad cookies", "GET", lambda _, names: {"headers": {"Cookie": _cookies()}}),
    Attack("cookie without end", "GET", lambda _, names: {"headers": {"Cookie": "a=" + "b" * 60_000}}),
    Attack("another host", "GET", lambda _, names: {"base_url": "http://elsewhere.example"}),
    Attack("a host that is none", "GET", lambda _, names: {"headers": {"Host": "[::1"}}),
    Attack(
        "forwarded",
        "GET",
        lambda _, names: {
            "headers": {
                "X-Forwarded-Host": "elsewhere.example",
                "X-Forwarded-For": "203.0.113.9",
                "X-Forwarded-Proto": "https",
                "Forwarded": "for=203.0.113.9",
                "X-Original-URL": "/sign-in",
            }
        },
    ),
    Attack(
        "strange headers",
        "GET",
        lambda _, names: {
            "headers": {
                "Accept-Language": "q=,;;*;q=é," * 400,
                "If-None-Match": '"' * 9,
                "If-Modified-Since": "yesterday",
                "Range": "bytes=9-1,-0,x",
                "Accept-Encoding": "gzip;q=x,br,*",
                "Accept": CANARY.encode().decode("latin-1"),
                "Sec-Fetch-Site": "é",
                "Purpose": "prefetch",
                "Authorization": "Bearer \xff",
                "Content-Length": "x",
            }
        },
    ),
    Attack("a part of it", "GET", lambda _, names: {"headers": {"Range": "bytes=0-0", "If-Range": '"x"'}}),
    Attack("a body with a get", "GET", lambda _, names: _form([(name, CANARY) for name in names])),
    Attack(
        "an address that is no text",
        "GET",
        lambda path, _: {"environ_overrides": {"PATH_INFO": path.rstrip("/") + "/\xff\xfe\x00"}},
    ),
    Attack("upwards", "GET", lambda path, _: {"environ_overrides": {"PATH_INFO": path + "/../../../../etc/passwd"}}),
    Attack("a long address", "GET", lambda path, _: {"environ_overrides": {"PATH_INFO": path + "a" * 20_000}}),
    *(
        Attack(f"method {method}", method, lambda _, names: _form([(name, CANARY) for name in names]))
        for method in ("PUT", "PATCH", "DELETE", "TRACE", "CONNECT", "OPTIONS", "HEAD", "PROPFIND", "G E T", "é")
    ),
)
