"""Reading a page as somebody without scripts does: its words, its links, its forms and what they offer.

Only the standard library, so that `make seed` can use it too. Whether the HTML is right is for `audit` to say.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from html.parser import HTMLParser

Filled = str | bool | Sequence[str]
VOID = frozenset({"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"})
LINE_END = re.compile("\r\n|\r|\n")
NOT_READ = frozenset({"script", "style", "template"})


class NotOffered(AssertionError):
    """The page does not offer what somebody wanted to fill in, choose or press."""


@dataclass
class Element:
    """An element, with its children in order; text is a child of type str."""

    name: str
    attributes: dict[str, str]
    children: list[Element | str] = field(default_factory=list)

    def walk(self) -> Iterator[Element]:
        """This element and everything in it, in order."""
        yield self
        for child in self.children:
            if isinstance(child, Element):
                yield from child.walk()

    def all(self, *names: str) -> list[Element]:
        """Every element in it with one of these names."""
        return [each for each in self.walk() if each is not self and each.name in names]

    def find(self, element_id: str) -> Element | None:
        """The element in it with this id."""
        return next((each for each in self.walk() if each.attributes.get("id") == element_id), None)

    @property
    def text(self) -> str:
        """Its words, with single spaces."""
        return " ".join(" ".join(self._words()).split())

    def _words(self) -> Iterator[str]:
        for child in self.children:
            if isinstance(child, str):
                yield child
            elif child.name not in NOT_READ:
                yield from child._words()


@dataclass(frozen=True)
class Control:
    """One control of a form: `kind` is its type, or "select", "textarea", "button"."""

    kind: str
    name: str
    value: str
    is_on: bool = False


@dataclass(frozen=True)
class Form:
    """A form as it stands on the page."""

    action: str
    method: str
    controls: tuple[Control, ...]

    @property
    def names(self) -> set[str]:
        """The names of everything in it."""
        return {control.name for control in self.controls if control.name}

    def filled(self, values: Mapping[str, Filled] | None = None, *, press: str | None = None) -> list[tuple[str, str]]:
        """What a browser would send after filling in `values` and pressing a button.

        Choices not named stay as they are on the page. `press` is the name of a button; without it the first one is
        pressed, or the button that one of `values` names. Raises NotOffered.
        """
        values = dict(values or {})
        unknown = set(values) - self.names
        if unknown:
            raise NotOffered(f"no field {sorted(unknown)} here, only {sorted(self.names)}")
        sent: list[tuple[str, str]] = []
        for control in self.controls:
            if control.kind != "button" and control.name:
                sent += self._sent(control, values)
        for name, value in values.items():
            self._refuse_unknown_choice(name, value)
        return sent + self._pressed(values, press)

    def _of(self, name: str) -> list[Control]:
        return [control for control in self.controls if control.name == name]

    def _sent(self, control: Control, values: Mapping[str, Filled]) -> list[tuple[str, str]]:
        value = values.get(control.name)
        if control.kind in {"checkbox", "radio", "option"}:
            if value is None:
                is_on = control.is_on
            elif isinstance(value, bool):
                is_on = value
            else:
                is_on = control.value in ([value] if isinstance(value, str) else value)
            return [(control.name, control.value)] if is_on else []
        if value is None:
            return [(control.name, control.value)]
        if not isinstance(value, str):
            raise NotOffered(f"{control.name} takes text")
        # A browser sends every line break as CR LF (HTML, "constructing the entry list").
        return [(control.name, LINE_END.sub("\r\n", value) if control.kind == "textarea" else value)]

    def _refuse_unknown_choice(self, name: str, value: Filled) -> None:
        controls = self._of(name)
        if any(control.kind in {"checkbox", "radio", "option", "button"} for control in controls) and not isinstance(
            value, bool
        ):
            offered = {control.value for control in controls}
            wanted = {value} if isinstance(value, str) else set(value)
            if not wanted <= offered:
                raise NotOffered(f"{name}: no choice {sorted(wanted - offered)} here, only {sorted(offered)}")

    def _pressed(self, values: Mapping[str, Filled], press: str | None) -> list[tuple[str, str]]:
        buttons = [control for control in self.controls if control.kind == "button"]
        if press is not None:
            buttons = [control for control in buttons if control.name == press]
        chosen = [control for control in buttons if control.name in values and control.value == values[control.name]]
        if not buttons:
            raise NotOffered(f"no button {press!r} here" if press else "no button here")
        button = chosen[0] if chosen else buttons[0]
        return [(button.name, button.value)] if button.name else []


class Page:
    """A fetched page: where it came from, its status and headers, and its content read."""

    def __init__(self, *, url: str, status: int, headers: Mapping[str, str], html: str) -> None:
        self.url, self.status, self.headers, self.html = url, status, headers, html
        self.root = read_html(html)

    def __repr__(self) -> str:
        """Where and what, for the report of a failed test."""
        return f"<Page {self.status} {self.url} {self.title!r}>"

    @property
    def path(self) -> str:
        """The path of its address, without query and fragment."""
        return self.url.partition("#")[0].partition("?")[0]

    @property
    def title(self) -> str:
        """The words of its title."""
        return next((each.text for each in self.root.all("title")), "")

    @property
    def heading(self) -> str:
        """The words of its first h1."""
        return next((each.text for each in self.root.all("h1")), "")

    @property
    def main(self) -> Element:
        """Its main part; everything where there is none."""
        return next(iter(self.root.all("main")), self.root)

    @property
    def text(self) -> str:
        """The words of its main part."""
        return self.main.text

    @property
    def links(self) -> list[tuple[str, str]]:
        """(address, words) of each of its links."""
        return [(each.attributes.get("href", ""), each.text) for each in self.root.all("a")]

    @property
    def forms(self) -> list[Form]:
        """The forms of its main part, in order."""
        return [_form(each, own_url=self.path) for each in self.main.all("form")]

    @property
    def digits(self) -> list[str]:
        """Runs of digits that stand isolated (`bdi`) in its main part, without the spaces between them."""
        found = ("".join(each.text.split()) for each in self.main.all("bdi"))
        return [text for text in found if text.isascii() and text.isdigit()]

    def part(self, element_id: str) -> str:
        """The words of the element with this id. Raises NotOffered when there is none."""
        found = self.root.find(element_id)
        if found is None:
            raise NotOffered(f"nothing on {self!r} has the id {element_id!r}")
        return found.text

    def form(self, *names: str, to: str | None = None) -> Form:
        """The form that has fields or buttons of these names, or whose action ends with `to`. Raises NotOffered."""
        for form in self.forms:
            if set(names) <= form.names and (to is None or form.action.partition("?")[0].endswith(to)):
                return form
        wanted = f"with {sorted(names)}" + (f" to {to}" if to else "")
        offered = [(form.action, sorted(form.names)) for form in self.forms]
        raise NotOffered(f"no form {wanted} on {self!r}; there are {offered}")


def read_html(html: str) -> Element:
    """The elements of a page."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    return reader.root


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.root = Element("#document", {})
        self._open = [self.root]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        element = Element(tag, {name: value or "" for name, value in attrs})
        self._open[-1].children.append(element)
        if tag not in VOID:
            self._open.append(element)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        for index in range(len(self._open) - 1, 0, -1):
            if self._open[index].name == tag:
                del self._open[index:]
                return

    def handle_data(self, data: str) -> None:
        self._open[-1].children.append(data)


def _form(element: Element, *, own_url: str) -> Form:
    controls: list[Control] = []
    for each in element.all("input", "textarea", "select", "button"):
        attributes = each.attributes
        name, value = attributes.get("name", ""), attributes.get("value", "")
        if "disabled" in attributes:
            continue
        if each.name == "textarea":
            typed = "".join(child for child in each.children if isinstance(child, str))
            controls.append(Control("textarea", name, typed.removeprefix("\n")))
        elif each.name == "select":
            options = each.all("option")
            shown = next((option for option in options if "selected" in option.attributes), None) or next(
                iter(options), None
            )
            controls += [
                Control("option", name, option.attributes.get("value", option.text), is_on=option is shown)
                for option in options
            ]
        elif each.name == "button" or attributes.get("type") in {"submit", "image"}:
            if attributes.get("type", "submit") != "button":
                controls.append(Control("button", name, value))
        elif attributes.get("type") in {"checkbox", "radio"}:
            controls.append(
                Control(attributes["type"], name, attributes.get("value", "on"), is_on="checked" in attributes)
            )
        else:
            controls.append(Control(attributes.get("type", "text"), name, value))
    return Form(
        action=element.attributes.get("action") or own_url,
        method=element.attributes.get("method", "get").lower(),
        controls=tuple(controls),
    )
