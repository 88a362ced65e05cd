"""What must be true of every response: its security headers, and of every page its HTML.

Sources: the WHATWG HTML parser's own errors; WCAG 2.2 (2.4.2 titles, 3.1.1 language); CSP Level 3; Fetch Metadata.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any
from xml.etree.ElementTree import Element

import html5lib  # type: ignore[import-untyped]
from html5lib.constants import E as MESSAGES  # type: ignore[import-untyped]
from werkzeug.datastructures import Headers
from werkzeug.test import TestResponse

SELF = "'self'"
DIRECTIVES: Mapping[str, Callable[[set[str]], bool]] = {
    "default-src": lambda sources: sources == {"'none'"},
    "script-src": lambda sources: SELF in sources and all(_is_self_or_hash(each) for each in sources),
    "style-src": lambda sources: sources == {SELF},
    "img-src": lambda sources: sources == {SELF},
    "form-action": lambda sources: sources == {SELF},
    "base-uri": lambda sources: sources == {"'none'"},
    "frame-ancestors": lambda sources: sources == {"'none'"},
}
# Only on pages whose scripts ask this site, or where there is a film, and from nowhere else.
MAY_BE_THERE: Mapping[str, Callable[[set[str]], bool]] = {
    "connect-src": lambda sources: sources == {SELF},
    "media-src": lambda sources: sources == {SELF},
}
# Nothing here may be wider; a directive that is not here may not be there at all.
EXACTLY = {
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
CLOSED_FEATURES = frozenset({"camera", "geolocation", "microphone", "payment", "usb", "display-capture"})
POINTERS = ("for", "aria-labelledby", "aria-describedby", "aria-controls", "headers")


class AuditFailed(AssertionError):
    """A response that no visitor should get. The text lists what is wrong with it, one line each."""


def audit(response: TestResponse) -> None:
    """Check one response. Raises AuditFailed."""
    found = header_problems(response.headers)
    is_page = response.mimetype == "text/html" and not 300 <= response.status_code < 400
    if is_page and response.request.method != "HEAD":
        found += page_problems(response.get_data(as_text=True))
    if found:
        address = f"{response.request.method} {response.request.path} -> {response.status_code}"
        raise AuditFailed("\n  ".join([address, *found]))


def header_problems(headers: Mapping[str, str] | Headers) -> list[str]:
    """What is wrong with the headers of any response, one line each."""
    found = [
        f"{name}: {headers.get(name)!r}, not {wanted!r}"
        for name, wanted in EXACTLY.items()
        if headers.get(name) != wanted
    ]
    found += _policy_problems(headers.get("Content-Security-Policy", ""))
    features = dict(
        part.strip().partition("=")[::2] for part in headers.get("Permissions-Policy", "").split(",") if part.strip()
    )
    found += [
        f"Permissions-Policy leaves {name} open" for name in sorted(CLOSED_FEATURES) if features.get(name) != "()"
    ]
    found += [
        f"Permissions-Policy opens {name}"
        for name, value in features.items()
        if value != "()" and (name, value) != ("fullscreen", "(self)")
    ]
    if "Cache-Control" not in headers:
        found.append("Cache-Control is missing")
    if "Set-Cookie" in headers and "public" in headers.get("Cache-Control", ""):
        found.append("a cookie on a response that caches may share")
    found += [f"{name} tells what serves the site" for name in ("X-Powered-By", "Via") if name in headers]
    return found


def page_problems(html: str) -> list[str]:
    """What is wrong with a page, one line each.

    A page of the same build as one that was found to be right is right: parsing strictly takes longer than making the page.
    """
    build = hashlib.sha256("\n".join(_build(html)).encode()).digest()
    if build in _seen_right:
        return []
    found = _problems(html)
    if not found:
        _seen_right.add(build)
    return found


# What is wrong with a page can only lie in its tags, in these of their attributes, and in what begins like a character reference.
_TELLING = re.compile(r"""<[^>]*>|&(?!amp;|lt;|gt;|#39;|#34;|quot;|nbsp;)[^\s<]{0,12}""")
_ATTRIBUTE = re.compile(r"""([^\s"'<>/=]+)=("[^"]*")""")
_WITH_VALUES = frozenset({"id", "lang", "dir", "style", "type", "role", *POINTERS})
_NAME = re.compile(r"[0-9a-f]{8,}|[0-9]+")
_seen_right: set[bytes] = set()


def _build(html: str) -> Iterator[str]:
    """What a page is built of: its tags with what they point to and by what, without what varies from one person to another.

    A random name or a number is replaced by when it came first, so that two that are alike stay alike.
    """
    names: dict[str, str] = {}

    def plain(attribute: re.Match[str]) -> str:
        name, value = attribute.groups()
        if name in _WITH_VALUES or value.startswith('"#'):
            return name + "=" + _NAME.sub(lambda each: names.setdefault(each[0], f"~{len(names)}"), value)
        return f"{name}={len(value) > 2}"

    for each in _TELLING.finditer(html):
        tag = each[0]
        yield _ATTRIBUTE.sub(plain, tag) if tag.startswith("<") else tag
    yield str(re.search(r"<title>\s*</title>", html) is not None)


def _problems(html: str) -> list[str]:
    parser = html5lib.HTMLParser(tree=html5lib.getTreeBuilder("etree"), namespaceHTMLElements=False)
    document: Element = parser.parse(html)
    found = [_parse_error(*error) for error in parser.errors]
    elements = list(document.iter())
    found += _document_problems(document)
    ids = [each.attrib["id"] for each in elements if "id" in each.attrib]
    found += [f"the id {each!r} is there {ids.count(each)} times" for each in sorted(set(ids)) if ids.count(each) > 1]
    found += [f"an empty id on {each.tag}" for each in elements if each.attrib.get("id") == ""]
    for each in elements:
        found += [
            f"<{each.tag} {name}> points to #{target}, which is not there" for name, target in _lost(each, set(ids))
        ]
        # The policy forbids them, so they would silently do nothing.
        found += [
            f"<{each.tag}> has an inline {name}" for name in each.attrib if name == "style" or name.startswith("on")
        ]
    found += ["a <style> element, which the policy forbids"] * len(document.findall(".//style"))
    return found


def _document_problems(document: Element) -> list[str]:
    found = []
    headings = len(document.findall(".//h1"))
    if headings != 1:
        found.append(f"{headings} h1, not one")
    title = document.find("./head/title")
    if title is None or not (title.text or "").strip():
        found.append("no title")
    if not document.attrib.get("lang"):
        found.append("no lang on <html>")
    if document.attrib.get("dir") not in {"ltr", "rtl"}:
        found.append("no dir on <html>")
    if len(document.findall(".//main")) != 1:
        found.append("not one <main>")
    return found


def _lost(element: Element, ids: set[str]) -> list[tuple[str, str]]:
    lost = [
        (name, target)
        for name in POINTERS
        if name in element.attrib
        for target in element.attrib[name].split()
        if target not in ids
    ]
    href = element.attrib.get("href", "")
    if element.tag == "a" and href.startswith("#") and href[1:] not in ids:
        lost.append(("href", href[1:]))
    return lost


def _policy_problems(policy: str) -> list[str]:
    directives = {words[0]: set(words[1:]) for words in (part.split() for part in policy.split(";")) if words}
    found = [f"Content-Security-Policy lacks {name}" for name in DIRECTIVES if name not in directives]
    found += [
        f"Content-Security-Policy: {name} {' '.join(sorted(sources))}"
        for name, sources in directives.items()
        if not {**DIRECTIVES, **MAY_BE_THERE}.get(name, _never)(sources)
    ]
    return found


def _never(_sources: set[str]) -> bool:
    return False


def _is_self_or_hash(source: str) -> bool:
    return source == SELF or source.startswith(("'sha256-", "'sha384-", "'sha512-"))


def _parse_error(position: tuple[int, int], code: str, details: Mapping[str, Any]) -> str:
    return f"line {position[0]}, column {position[1]}: {MESSAGES.get(code, code) % details}"
