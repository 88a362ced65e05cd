"""The one place where text becomes HTML: what staff write to people, with the few links that help and nothing else.

bleach finds web addresses and keeps those of hosts in the directory; phone numbers are found by phonenumbers' matcher;
nh3 is the boundary that everything passes last, whatever the steps before it did.
"""

from __future__ import annotations

from collections.abc import Iterable
from html import escape
from typing import Any
from urllib.parse import urlsplit

import nh3
import phonenumbers

REGION = "GB"
ALLOWED = {"a": {"href", "dir"}, "br": set[str]()}
SCHEMES = {"https", "tel"}
LINK_REL = "external noopener noreferrer"

Attributes = dict[Any, Any]


def staff_text(text: str, *, hosts: Iterable[str]) -> str:
    """Safe HTML of a message from the Hub: lines kept, phone numbers and web addresses of `hosts` made links.

    Any other address stays plain text: a person is never led where nobody has looked.
    """
    import bleach  # a whole parser of HTML, which most processes never need

    known = frozenset(host.lower() for host in hosts)

    def keep_known(attributes: Attributes, new: bool = False) -> Attributes | None:
        href = str(attributes.get((None, "href"), ""))
        host = (urlsplit(href).hostname or "").removeprefix("www.")
        if not new or host not in known:
            return None
        attributes[(None, "href")] = "https://" + href.partition("://")[2]
        return attributes

    parts = []
    for is_phone, part in _split_phones(text):
        if is_phone:
            parts.append(f'<a href="tel:{_dial(part)}" dir="ltr">{escape(part)}</a>')
        else:
            parts.append(bleach.linkify(escape(part, quote=False), callbacks=[keep_known], skip_tags=["a"]))
    lines = "".join(parts).replace("\r\n", "\n").replace("\n", "<br>")
    return str(nh3.clean(lines, tags=set(ALLOWED), attributes=ALLOWED, url_schemes=SCHEMES, link_rel=LINK_REL))


def _split_phones(text: str) -> list[tuple[bool, str]]:
    """The text in pieces, each with whether it is a phone number that can be rung."""
    pieces: list[tuple[bool, str]] = []
    at = 0
    for match in phonenumbers.PhoneNumberMatcher(text, REGION):
        pieces.append((False, text[at : match.start]))
        pieces.append((True, match.raw_string))
        at = match.end
    pieces.append((False, text[at:]))
    return [piece for piece in pieces if piece[1]]


def _dial(number: str) -> str:
    parsed = phonenumbers.parse(number, REGION)
    return str(phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164))
