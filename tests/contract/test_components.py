"""Our components render what the design system publishes for the same options.

govuk-frontend ships with fixtures: options for its own macros, and the HTML that they give. Each fixture is translated to a
call of our macro, and both are compared as parsed documents. What we do not offer is named here, fixture by fixture, with
the reason; a fixture can therefore neither be skipped in silence nor stay on the list once we do offer it.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from xml.etree import ElementTree

import html5lib  # type: ignore[import-untyped]
import jinja2
import pytest
from markupsafe import Markup
from werkzeug.datastructures import MultiDict
from wtforms import (
    BooleanField,
    Field,
    Form,
    RadioField,
    SelectField,
    SelectMultipleField,
    StringField,
    TextAreaField,
    ValidationError,
)
from wtforms.fields.choices import SelectChoice

from app.domain.phone import Phone
from app.web.assets import INLINE_SCRIPT

ROOT = Path(__file__).resolve().parents[2]
FIXTURES = ROOT / "node_modules/govuk-frontend/dist/govuk/components"

Options = dict[str, Any]
Tree = tuple[str, tuple[tuple[str, str], ...], tuple[Any, ...]]


def environment() -> jinja2.Environment:
    """Return the templates as the application reads them: strict, escaping, with words left as they are."""
    templates = jinja2.Environment(
        loader=jinja2.FileSystemLoader(ROOT / "app/templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n"],
    )
    templates.install_gettext_callables(  # type: ignore[attr-defined]
        gettext=lambda words: words, ngettext=lambda one, many, count: one if count == 1 else many, newstyle=True
    )
    templates.globals["g"] = {}
    templates.globals["is_drafted"] = lambda: False
    templates.globals["languages_url"] = lambda: "/en-GB/portal.languages"
    return templates


TEMPLATES = environment()


def macro(file: str, name: str | None = None) -> Callable[..., Markup]:
    """Return a macro of ours as a function."""
    found: Callable[..., Markup] = getattr(TEMPLATES.get_template(f"components/{file}.html").module, name or file)
    return found


# ---- Comparing --------------------------------------------------------------------------------------------------------


def tree(html: str) -> tuple[Tree | str, ...]:
    """Return HTML as nested tuples: tags, sorted attributes, classes in any order, white space collapsed."""
    return _children(html5lib.parseFragment(html, treebuilder="etree", namespaceHTMLElements=False))


def _children(element: ElementTree.Element) -> tuple[Tree | str, ...]:
    found: list[Tree | str] = []
    for text, child in [(element.text, None), *((child.tail, child) for child in element)]:
        if child is not None:
            attributes = {name: " ".join(sorted(value.split())) for name, value in child.attrib.items()}
            found.append((str(child.tag), tuple(sorted(attributes.items())), _children(child)))
        words = " ".join((text or "").split())
        if words:
            found.append(words)
    return tuple(found)


# ---- Translating the options of a fixture to a call of ours -----------------------------------------------------------


class NotOffered(Exception):
    """A fixture uses an option that our macro does not have."""


def take(options: Options, *plain: str, **renamed: str) -> Options:
    """Pick options for a call, under our names; raise NotOffered if the fixture has others."""
    names = {**{name: name for name in plain}, **renamed}
    unknown = sorted(set(options) - set(names))
    if unknown:
        raise NotOffered(", ".join(unknown))
    return {
        names[name]: as_html_says(value) if name in ("attributes", "value") else value
        for name, value in options.items()
    }


def as_html_says(value: Any) -> Any:
    """Return true and false of JSON, which the fixtures use as text, as that text."""
    if isinstance(value, dict):
        return {name: as_html_says(each) for name, each in value.items()}
    return str(value).lower() if isinstance(value, bool) else value


def words(options: Options | None, *, text: str = "text", html: str = "html") -> str | Markup | None:
    """Return what the design system takes as text or as HTML: we take one value, and HTML is marked as such."""
    options = options or {}
    if options.get(html):
        return Markup(options[html])
    return options.get(text)


def split(options: Options, *names: str) -> tuple[Options, Options]:
    """Return the options with these names, and all the others."""
    return (
        {name: value for name, value in options.items() if name in names},
        {name: value for name, value in options.items() if name not in names},
    )


def simple(options: Options, *plain: str, **renamed: str) -> Options:
    """Translate a component whose content is one text or HTML."""
    own, rest = split(options, "text", "html")
    if not own:
        raise NotOffered("no words")
    return {"text": words(own), **take(rest, "classes", "attributes", *plain, **renamed)}


def button(options: Options) -> Options:
    own = dict(options)
    if "preventDoubleClick" in own:
        own["prevent_double_click"] = own.pop("preventDoubleClick")
    return simple(own, "href", "type", "name", "value", "id", "disabled", "prevent_double_click")


def back_link(options: Options) -> Options:
    return {"href": "#", **simple({"text": None, **options}, "href")}


def skip_link(options: Options) -> Options:
    return {"href": "#content", **simple(options, "href")}


def label(options: Options) -> Options:
    return simple(options, "for", isPageHeading="heading")


def hint(options: Options) -> Options:
    return simple(options, "id")


def error_message(options: Options) -> Options:
    own = dict(options)
    if own.get("visuallyHiddenText", "") is False:
        own["visuallyHiddenText"] = ""
    return simple(own, "id", visuallyHiddenText="prefix")


def fieldset(options: Options) -> Options:
    own, rest = split(options, "legend", "html")
    legend = own.get("legend") or {}
    return {
        "legend": words(legend),
        "content": Markup(own.get("html", "")),
        **take(split(legend, "text", "html")[1], classes="legend_classes", isPageHeading="heading"),
        **take(rest, "classes", "role", "attributes", describedBy="described_by"),
    }


def text_of(options: Options, name: str) -> str | Markup | None:
    """Return the words of a hint or an error message inside another component, which take nothing else there."""
    own = options.get(name)
    if own is None:
        return None
    take(split(own, "text", "html")[1])
    return words(own)


def control(options: Options, *plain: str, attributes: tuple[str, ...] = ()) -> Options:
    """Translate what all controls with a label share."""
    own, rest = split(options, "label", "hint", "errorMessage", "formGroup", "attributes", *attributes)
    settings = split(own.get("label", {}), "text", "html")[1]
    extra = {name: as_html_says(value) for name, value in own.items() if name in attributes}
    return {
        "label": words(own.get("label")),
        **take(settings, classes="label_classes", isPageHeading="heading"),
        "hint": text_of(own, "hint"),
        "error": text_of(own, "errorMessage"),
        **take(own.get("formGroup", {}), classes="form_group_classes"),
        "attributes": {**extra, **own.get("attributes", {})},
        **take(rest, "name", "id", "classes", "value", "disabled", *plain, describedBy="described_by"),
    }


def text_input(options: Options) -> Options:
    attributes = ("autocomplete", "autocapitalize", "inputmode", "pattern", "spellcheck")
    return control(options, "type", attributes=attributes)


def textarea(options: Options) -> Options:
    return control(options, "rows", attributes=("autocomplete", "spellcheck"))


def select(options: Options) -> Options:
    own, rest = split(options, "items")
    items = [take(item, "text", "value", "selected", "disabled", "attributes") for item in own.get("items", []) if item]
    return {"items": items, **control(rest)}


def option(item: Options | None) -> Options:
    """Translate one radio or checkbox."""
    if not item:
        raise NotOffered("empty items")
    if "divider" in item:
        return take(item, "divider")
    own, rest = split(item, "text", "html", "hint", "conditional", "label", "behaviour")
    found: Options = {"text": words(own), "hint": text_of(own, "hint")}
    if own.get("conditional", {}).get("html"):
        found["conditional"] = Markup(own["conditional"]["html"])
    if "behaviour" in own:
        found["exclusive"] = own["behaviour"] == "exclusive"
    return {
        **found,
        **take(own.get("label", {}), classes="label_classes", attributes="label_attributes"),
        **take(rest, "id", "name", "value", "checked", "disabled", "attributes"),
    }


def choices(options: Options, *plain: str, described_by: str, **renamed: str) -> Options:
    """Translate what radios and checkboxes share."""
    own, rest = split(options, "items", "fieldset", "hint", "errorMessage", "formGroup")
    group, group_rest = split(own.get("fieldset") or {}, "legend")
    legend = group.get("legend") or {}
    return {
        "items": [option(item) for item in own["items"]],
        "legend": words(legend),
        **take(split(legend, "text", "html")[1], classes="legend_classes", isPageHeading="heading"),
        **take(group_rest, classes="fieldset_classes", attributes="fieldset_attributes", describedBy=described_by),
        "hint": text_of(own, "hint"),
        "error": text_of(own, "errorMessage"),
        **take(own.get("formGroup", {}), classes="form_group_classes"),
        **take(rest, "name", "classes", "attributes", *plain, idPrefix="id", **renamed),
    }


def radios(options: Options) -> Options:
    return choices(options, "value", described_by="described_by")


def checkboxes(options: Options) -> Options:
    return choices(options, "values", described_by="fieldset_described_by", describedBy="described_by")


def error_summary(options: Options) -> Options:
    own, rest = split(options, "titleText", "titleHtml", "descriptionText", "descriptionHtml", "errorList")
    errors = [
        {"text": words(error), **take(split(error, "text", "html")[1], "href", "attributes")}
        for error in own.get("errorList", [])
    ]
    return {
        "title": words(own, text="titleText", html="titleHtml"),
        "description": words(own, text="descriptionText", html="descriptionHtml"),
        "errors": errors,
        **take(rest, "classes", "attributes", disableAutoFocus="disable_auto_focus"),
    }


def summary_list(options: Options) -> Options:
    def action(one: Options) -> Options:
        own, rest = split(one, "text", "html")
        return {"text": words(own), **take(rest, "href", "classes", "attributes", visuallyHiddenText="hidden")}

    def row(one: Options | None) -> Options:
        if not one:
            raise NotOffered("empty rows")
        own, rest = split(one, "key", "value", "actions")
        actions = own.get("actions") or {}
        take(actions, "items")
        return {
            "key": words(own["key"]),
            "value": words(own["value"]),
            **take(split(own["key"], "text", "html")[1], classes="key_classes"),
            **take(split(own["value"], "text", "html")[1], classes="value_classes"),
            **({"actions": [action(one) for one in actions["items"]]} if "items" in actions else {}),
            **take(rest, "classes"),
        }

    own, rest = split(options, "rows")
    return {"rows": [row(one) for one in own["rows"]], **take(rest, "classes", "attributes")}


def details(options: Options) -> Options:
    own, rest = split(options, "summaryText", "summaryHtml")
    return {"summary": words(own, text="summaryText", html="summaryHtml"), **simple(rest, "id", "open")}


def inset_text(options: Options) -> Options:
    return simple(options, "id")


def warning_text(options: Options) -> Options:
    return simple(options, iconFallbackText="icon_text")


def notification_banner(options: Options) -> Options:
    own, rest = split(options, "text", "html", "titleText", "titleHtml", "type")
    return {
        "text": own.get("text"),
        "html": Markup(own["html"]) if "html" in own else None,
        "title": words(own, text="titleText", html="titleHtml"),
        "success": own.get("type") == "success",
        **take(
            rest,
            "role",
            "classes",
            "attributes",
            titleId="title_id",
            titleHeadingLevel="title_level",
            disableAutoFocus="disable_auto_focus",
        ),
    }


def tag(options: Options) -> Options:
    return simple(options)


def panel(options: Options) -> Options:
    own, rest = split(options, "titleText", "titleHtml", "classes", "text", "html")
    classes = own.get("classes", "").split()
    return {
        "title": words(own, text="titleText", html="titleHtml"),
        "text": words(own),
        "interruption": "govuk-panel--interruption" in classes,
        "classes": " ".join(name for name in classes if name != "govuk-panel--interruption"),
        **take(rest, "attributes", headingLevel="heading_level"),
    }


def exit_this_page(options: Options) -> Options:
    own, rest = split(options, "text", "html")
    usual = Markup('<span class="govuk-visually-hidden">Emergency</span> Exit this page')
    return {
        "text": words(own) or usual,
        "href": "https://www.bbc.co.uk/weather",
        **take(
            rest,
            "id",
            "classes",
            "attributes",
            redirectUrl="href",
            activatedText="activated",
            pressTwoMoreTimesText="press_two_more",
        ),
    }


def table(options: Options) -> Options:
    def cell(one: Options) -> Options:
        own, rest = split(one, "text", "html", "format")
        if own.get("format", "numeric") != "numeric":
            raise NotOffered("format")
        return {
            "text": words(own),
            "numeric": "format" in own,
            **take(rest, "classes", "colspan", "rowspan", "attributes"),
        }

    own, rest = split(options, "head", "rows")
    if not all(own["rows"]):
        raise NotOffered("empty rows")
    return {
        "rows": [[cell(one) for one in row] for row in own["rows"]],
        "head": [cell(one) for one in own["head"]] if "head" in own else None,
        **take(
            rest,
            "caption",
            "classes",
            "attributes",
            captionClasses="caption_classes",
            firstCellIsHeader="first_cell_is_header",
        ),
    }


# ---- What is compared --------------------------------------------------------------------------------------------------

COMPONENTS: dict[str, tuple[str, Callable[[Options], Options], int]] = {
    # the design system's name: our macro, the translation, and how many fixtures at least must be compared
    "back-link": ("back_link", back_link, 7),
    "button": ("button", button, 35),
    "checkboxes": ("checkboxes", checkboxes, 41),
    "details": ("details", details, 10),
    "error-message": ("error_message", error_message, 9),
    "error-summary": ("error_summary", error_summary, 19),
    "exit-this-page": ("exit_this_page", exit_this_page, 3),
    "fieldset": ("fieldset", fieldset, 18),
    "hint": ("hint", hint, 6),
    "input": ("text_input", text_input, 31),
    "inset-text": ("inset_text", inset_text, 6),
    "label": ("label", label, 16),
    "notification-banner": ("notification_banner", notification_banner, 21),
    "panel": ("panel", panel, 11),
    "radios": ("radios", radios, 42),
    "select": ("select", select, 19),
    "skip-link": ("skip_link", skip_link, 9),
    "summary-list": ("summary_list", summary_list, 18),
    "table": ("table", table, 20),
    "tag": ("tag", tag, 12),
    "textarea": ("textarea", textarea, 18),
    "warning-text": ("warning_text", warning_text, 7),
}

_START = "no arrow on buttons: it would have to turn round in right-to-left pages, and says nothing"
_EMPTY = "Python callers give no empty entries"
_AFFIX = "no question of ours has a unit before or after its box"
_ACTIONS = "actions stand below a panel, not on its coloured ground"
_CARD = "a list has a heading of its own, in the page"

NOT_OFFERED: dict[str, dict[str, str]] = {
    "button": {"start": _START, "start link": _START, "start link with html": _START},
    "checkboxes": {"with falsy values": _EMPTY},
    "exit-this-page": {"translated": "our script speaks once only, so it needs fewer words"},
    "input": {
        "with prefix": _AFFIX,
        "with suffix": _AFFIX,
        "with prefix and suffix": _AFFIX,
        "with prefix and suffix and error": _AFFIX,
        "with prefix and suffix and width modifier": _AFFIX,
        "with prefix with html as text": _AFFIX,
        "with prefix with html": _AFFIX,
        "with prefix with classes": _AFFIX,
        "with prefix with attributes": _AFFIX,
        "with suffix with html as text": _AFFIX,
        "with suffix with html": _AFFIX,
        "with suffix with classes": _AFFIX,
        "with suffix with attributes": _AFFIX,
        "with customised input wrapper": _AFFIX,
    },
    "label": {"empty": "a label without words is a fault"},
    "panel": {
        "interruption": _ACTIONS,
        "interruption-with-content-with-long-line-length": _ACTIONS,
        "interruption-with-headings-content-and-lists": _ACTIONS,
        "confirmation, with actions": _ACTIONS,
        "interruption, with actions classes and attributes": _ACTIONS,
        "interruption, submit action": _ACTIONS,
        "interruption, button link": _ACTIONS,
        "interruption, no actions items": _ACTIONS,
    },
    "radios": {"with falsy items": _EMPTY},
    "summary-list": {
        "as a summary card with a text header": _CARD,
        "as a summary card with a html header": _CARD,
        "as a summary card with actions": _CARD,
        "as a summary card with actions plus summary list actions": _CARD,
        "as a summary card extreme": _CARD,
        "as a summary card with a custom header level": _CARD,
        "summary card with custom classes": _CARD,
        "summary card with custom attributes": _CARD,
        "summary card with only 1 action": _CARD,
        "with falsy values": _EMPTY,
        "actions with classes": "the column of actions has one look",
        "overridden-widths": "the columns have one width",
    },
    "table": {"with falsy items": _EMPTY},
    "warning-text": {"icon fallback text only": "a warning without words is a fault"},
}


def fixtures(component: str) -> list[Options]:
    """Return the published fixtures of a component."""
    found: list[Options] = json.loads((FIXTURES / component / "fixtures.json").read_text(encoding="utf-8"))["fixtures"]
    return found


CASES = [
    pytest.param(component, fixture, id=f"{component}-{fixture['name']}")
    for component in COMPONENTS
    for fixture in (fixtures(component) if FIXTURES.exists() else [])
]


def render(component: str, options: Options) -> Markup:
    """Render a fixture's options with our macro; raise NotOffered if it has options that ours does not have."""
    name, translate, _ = COMPONENTS[component]
    return macro(name)(**translate(options))


def test_every_component_is_compared() -> None:
    assert CASES, "the design system is not installed: run make setup"
    for component, (_, _, least) in COMPONENTS.items():
        names = {fixture["name"] for fixture in fixtures(component)}
        assert set(NOT_OFFERED.get(component, {})) <= names, f"{component}: a fixture on the list no longer exists"
        assert len(names) - len(NOT_OFFERED.get(component, {})) >= least, f"{component}: too few fixtures compared"
    assert set(NOT_OFFERED) <= set(COMPONENTS)


@pytest.mark.parametrize(("component", "fixture"), CASES)
def test_renders_as_published(component: str, fixture: Options) -> None:
    if fixture["name"] in NOT_OFFERED.get(component, {}):
        with pytest.raises(NotOffered):
            render(component, fixture["options"])
    else:
        assert tree(render(component, fixture["options"])) == tree(fixture["html"])


GOOD = '<div class="a b" id="x"><p>One <b>two</b> three</p><input checked></div>'


@pytest.mark.parametrize(
    "broken",
    [
        '<div class="a" id="x"><p>One <b>two</b> three</p><input checked></div>',
        '<div class="a b"><p>One <b>two</b> three</p><input checked></div>',
        '<div class="a b" id="x"><p>One <b>two</b> four</p><input checked></div>',
        '<div class="a b" id="x"><p>One <b>two</b> three</p><input></div>',
        '<div class="a b" id="x"><p>One <i>two</i> three</p><input checked></div>',
        '<div class="a b" id="x"><p>One <b>two</b> three</p></div><input checked>',
        '<div class="a b" id="x"><input checked><p>One <b>two</b> three</p></div>',
        '<div class="a b" id="x"><p><b>two</b> One three</p><input checked></div>',
    ],
)
def test_the_comparison_sees_a_broken_rendering(broken: str) -> None:
    assert tree(GOOD) == tree('<div id=x class="b  a">\n <p>One\n<b>two</b> three</p>\n<input checked=""></div>')
    assert tree(GOOD) != tree(broken)


def test_the_comparison_sees_a_broken_component() -> None:
    fixture = next(fixture for fixture in fixtures("radios") if fixture["name"] == "with hint and error message")
    ours = render("radios", fixture["options"])
    assert tree(ours) == tree(fixture["html"])
    assert tree(ours.replace("aria-describedby", "aria-labelledby")) != tree(fixture["html"])


def test_an_unknown_option_is_never_dropped() -> None:
    with pytest.raises(NotOffered, match="colour"):
        render("tag", {"text": "New", "colour": "green"})


# ---- Escaping ----------------------------------------------------------------------------------------------------------

NASTY = "<script>alert('1')</script>\" onfocus=\"x"


@pytest.mark.parametrize(
    ("name", "call"),
    [
        ("back_link", {"href": NASTY, "text": NASTY}),
        ("button", {"text": NASTY, "name": NASTY, "value": NASTY, "attributes": {"data-x": NASTY}}),
        ("button", {"text": NASTY, "href": NASTY}),
        ("checkboxes", {"name": "n", "legend": NASTY, "items": [{"value": NASTY, "text": NASTY, "hint": NASTY}]}),
        ("checkboxes", {"name": "n", "items": [{"heading": NASTY, "items": [{"value": "1", "text": NASTY}]}]}),
        ("details", {"summary": NASTY, "text": NASTY}),
        ("error_summary", {"errors": [{"text": NASTY, "href": NASTY}]}),
        ("exit_this_page", {"text": NASTY, "activated": NASTY, "press_two_more": NASTY}),
        ("notification_banner", {"text": NASTY, "title": NASTY}),
        ("radios", {"name": "n", "hint": NASTY, "error": NASTY, "items": [{"value": NASTY, "text": NASTY}]}),
        ("select", {"name": "n", "label": NASTY, "items": [{"value": NASTY, "text": NASTY}]}),
        ("summary_list", {"rows": [{"key": NASTY, "value": NASTY, "actions": [{"href": NASTY, "text": NASTY}]}]}),
        ("table", {"rows": [[{"text": NASTY}]], "caption": NASTY, "head": [{"text": NASTY}]}),
        ("text_input", {"name": "n", "label": NASTY, "value": NASTY, "attributes": {"lang": NASTY}}),
        ("textarea", {"name": "n", "label": NASTY, "value": "</textarea>" + NASTY}),
    ],
)
def test_text_from_people_is_never_markup(name: str, call: Options) -> None:
    html = macro(name)(**call)
    document = html5lib.parseFragment(html, treebuilder="etree", namespaceHTMLElements=False)
    assert NASTY.split('"', maxsplit=1)[0] in "".join(
        [*document.itertext(), *(v for e in document.iter() for v in e.attrib.values())]
    )
    assert not list(document.iter("script"))
    assert not [element for element in document.iter() if "onfocus" in element.attrib]


# ---- Fields of forms ---------------------------------------------------------------------------------------------------


class Question(Form):  # type: ignore[misc]
    """One field of each kind."""

    who = RadioField(
        "Who needs support?",
        description="You can leave this.",
        choices=[
            SelectChoice("me", "I do"),
            SelectChoice("other", "Someone else", render_kw={"hint": "You ask for them.", "divider": "or"}),
        ],
    )
    wants = SelectMultipleField(
        "What would help you now?",
        choices=[
            SelectChoice("safer", "To be safer", optgroup="Being safe"),
            SelectChoice("talk", "Someone to talk to", optgroup="Coping"),
            SelectChoice("read", "Something to read", optgroup="Coping", render_kw={"exclusive": True}),
        ],
    )
    name = StringField("What should we call you?", render_kw={"autocomplete": "nickname", "spellcheck": "false"})
    story = TextAreaField("Anything else?")
    place = SelectField("Where?", choices=[SelectChoice("", "Leave this"), SelectChoice("p", "Peterborough")])
    young = BooleanField("I am under 18", description="It changes some words.")

    def validate_name(self, field: Field) -> None:
        """Refuse one name."""
        if field.data == "no":
            raise ValidationError("Choose another name")


def document(html: str) -> ElementTree.Element:
    """Return HTML as a parsed document."""
    found: ElementTree.Element = html5lib.parseFragment(html, treebuilder="etree", namespaceHTMLElements=False)
    return found


def by_id(html: str, wanted: str) -> ElementTree.Element:
    """Return the one element with an id."""
    (found,) = [element for element in document(html).iter() if element.get("id") == wanted]
    return found


FIELD = macro("form", "field")
FORM_ERRORS = macro("form", "form_errors")


def answered(**answers: str) -> Question:
    return Question(MultiDict(answers))


@pytest.mark.parametrize(
    ("field", "tag_name", "kind"),
    [
        ("who", "input", "radio"),
        ("wants", "input", "checkbox"),
        ("name", "input", "text"),
        ("story", "textarea", None),
        ("place", "select", None),
        ("young", "input", "checkbox"),
    ],
)
def test_a_field_chooses_its_component_and_its_first_control_has_its_id(
    field: str, tag_name: str, kind: str | None
) -> None:
    control = by_id(FIELD(answered()[field]), field)
    assert (control.tag, control.get("type"), control.get("name")) == (tag_name, kind, field)


def test_an_error_leads_to_its_field_and_says_the_same() -> None:
    form = answered(who="me", place="", name="no")
    assert not form.validate()
    (link,) = document(FORM_ERRORS(form)).iter("a")
    html = FIELD(form["name"])
    control = by_id(html, link.attrib["href"].removeprefix("#"))
    assert control.get("value") == "no"
    assert control.get("aria-describedby") == "name-error"
    assert link.text
    assert link.text in "".join(by_id(html, "name-error").itertext())


def test_a_form_without_errors_has_no_summary() -> None:
    assert FORM_ERRORS(answered()) == ""


def test_what_was_chosen_stays_chosen() -> None:
    form = Question(
        MultiDict([("who", "other"), ("wants", "talk"), ("place", "p"), ("young", "y"), ("story", "\nA\nB")])
    )
    assert by_id(FIELD(form.who), "who").get("checked") is None
    assert by_id(FIELD(form.who), "who-3").get("checked") is not None
    assert by_id(FIELD(form.wants), "wants-2").get("checked") is not None
    assert by_id(FIELD(form.young), "young").get("checked") is not None
    assert [o.get("value") for o in document(FIELD(form.place)).iter("option") if "selected" in o.attrib] == ["p"]
    assert by_id(FIELD(form.story), "story").text == "\nA\nB"


def test_nothing_is_chosen_before_anybody_chose() -> None:
    for field in Question():
        html = FIELD(field)
        assert not [element for element in document(html).iter() if "checked" in element.attrib]


def test_groups_of_checkboxes_are_announced() -> None:
    html = FIELD(Question().wants)
    groups = [element for element in document(html).iter("div") if element.get("role") == "group"]
    names = ["".join(by_id(html, group.attrib["aria-labelledby"]).itertext()) for group in groups]
    assert names == ["Being safe", "Coping"]
    assert [len(list(group.iter("input"))) for group in groups] == [1, 2]
    assert by_id(html, "wants-3").get("data-behaviour") == "exclusive"


def test_hints_are_tied_to_what_they_explain() -> None:
    html = FIELD(Question().who)
    (fieldset_element,) = document(html).iter("fieldset")
    assert "".join(by_id(html, fieldset_element.attrib["aria-describedby"]).itertext()) == "You can leave this."
    option_hint = by_id(html, "who-3").attrib["aria-describedby"]
    assert "".join(by_id(html, option_hint).itertext()) == "You ask for them."


def test_a_heading_is_the_one_h1() -> None:
    for name in ("who", "wants", "name", "story", "place"):
        (heading,) = document(FIELD(Question()[name], heading=True)).iter("h1")
        assert "".join(heading.itertext()).strip() == Question()[name].label.text
        assert not list(document(FIELD(Question()[name])).iter("h1"))


def test_browsers_check_nothing_and_attributes_arrive() -> None:
    html = "".join(FIELD(field) for field in Question())
    assert not [e for e in document(html).iter() if {"required", "pattern", "maxlength"} & set(e.attrib)]
    name = by_id(html, "name")
    assert (name.get("autocomplete"), name.get("spellcheck")) == ("nickname", "false")


def test_a_conditional_part_belongs_to_its_option() -> None:
    form = Question()
    html = FIELD(form.who, conditional={"other": FIELD(form["name"])})
    (owner,) = [element for element in document(html).iter("input") if element.get("data-aria-controls")]
    assert owner.get("value") == "other"
    assert [e.get("id") for e in by_id(html, owner.attrib["data-aria-controls"]).iter("input")] == ["name"]


def test_an_unknown_kind_of_field_is_an_error() -> None:
    class OddField(StringField):  # type: ignore[misc]
        pass

    class Odd(Form):  # type: ignore[misc]
        odd = OddField("Odd")

    with pytest.raises(jinja2.UndefinedError):
        FIELD(Odd().odd)


def test_a_field_may_name_its_component() -> None:
    class OddField(StringField):  # type: ignore[misc]
        component = "text_input"

    class Odd(Form):  # type: ignore[misc]
        odd = OddField("Odd")

    assert by_id(FIELD(Odd().odd), "odd").tag == "input"


# ---- The frame of a page -----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Spoken:
    """A language as the frame sees it."""

    tag: str
    dir: str
    endonym: str

    @property
    def slug(self) -> str:
        """What stands for it in addresses."""
        return self.tag


LANGUAGES = tuple(
    Spoken(*parts)
    for parts in [
        ("en-GB", "ltr", "English"),
        ("pl", "ltr", "Polski"),
        ("lt", "ltr", "Lietuvių"),
        ("ur", "rtl", "اردو"),
        ("pa", "ltr", "ਪੰਜਾਬੀ"),
        ("ro", "ltr", "Română"),
        ("ar", "rtl", "العربية"),
    ]
)


def page(
    *,
    language: Spoken = LANGUAGES[0],
    languages: tuple[Spoken, ...] = LANGUAGES,
    phone: str | None = "0800 000 0000",
    blocks: str = "",
    **context: Any,
) -> ElementTree.Element:
    """Return a public page around one paragraph, parsed."""
    source = '{% extends "portal/layout.html" %}{% block title %}Start{% endblock %}' + blocks
    source += "{% block content %}<h1>Hello</h1>{% endblock %}"
    area = SimpleNamespace(
        service_name="A name",
        hub_phone=Phone(number=phone, confidence="high", seen="2026") if phone else None,
        hub_hours_checked_on=None,
        closed_says="",
        urgent_notice={"pl": "Uwaga"},
    )
    shared = {
        "language": language,
        "languages": languages,
        "area": area,
        "asset": lambda name: f"/static/{name}",
        "inline_script": INLINE_SCRIPT,
        "page_url": lambda endpoint: f"/{language.tag}/{endpoint}",
        "url_in": lambda other: f"/{other.tag}/",
        "being_tested": False,
        "reading": SimpleNamespace(words="Open now.", is_open=True),
        "footer_links": [("portal.privacy", "Privacy")],
        **context,
    }

    def frame(part: str) -> Markup:
        return Markup(TEMPLATES.get_template(f"portal/frame/{part}.html").render(shared))

    html = TEMPLATES.from_string(source).render(**shared, frame=frame)
    found: ElementTree.Element = html5lib.parse(html, treebuilder="etree", namespaceHTMLElements=False)
    return found


def links(found: ElementTree.Element) -> list[str]:
    """Return where the links of a page lead, in their order."""
    return [element.attrib["href"] for element in found.iter("a")]


@pytest.mark.requirement("B11")
def test_every_page_has_its_way_out_languages_appearance_and_help_in_one_order() -> None:
    order = links(page())
    assert order[:4] == ["#main", "/exit", "/exit", "/en-GB/portal.home"]
    assert order[4:] == [
        *[f"/{other.tag}/" for other in LANGUAGES[:6]],
        "/en-GB/portal.languages",
        "/en-GB/portal.appearance",
        "tel:08000000000",
        "/en-GB/portal.help_now",
        "/en-GB/portal.privacy",
    ]


def test_the_way_out_works_without_scripts() -> None:
    for exit_link in [element for element in page().iter("a") if element.get("href") == "/exit"]:
        assert exit_link.get("rel") == "nofollow noreferrer"


@pytest.mark.requirement("A15")
def test_names_of_languages_are_in_their_own_language_and_the_current_one_is_marked() -> None:
    found = page(language=LANGUAGES[6])
    names = [element for element in found.iter("a") if element.get("hreflang")]
    assert [(e.get("lang"), e.get("dir")) for e in names] == [(o.tag, o.dir) for o in (*LANGUAGES[:5], LANGUAGES[6])]
    assert [e.get("lang") for e in names if e.get("aria-current")] == ["ar"]
    assert (found.get("lang"), found.get("dir")) == ("ar", "rtl")


def test_the_sheet_follows_the_direction() -> None:
    for language, sheet in [(LANGUAGES[0], "/static/site.css"), (LANGUAGES[3], "/static/site.rtl.css")]:
        sheets = [e.get("href") for e in page(language=language).iter("link") if e.get("rel") == "stylesheet"]
        assert sheets == [sheet]


def test_a_few_languages_need_no_page_of_all() -> None:
    assert "/en-GB/portal.languages" not in links(page(languages=LANGUAGES[:6]))


def test_without_a_phone_number_help_is_still_there() -> None:
    order = links(page(phone=None))
    assert not [link for link in order if link.startswith("tel:")]
    assert "/en-GB/portal.help_now" in order


@pytest.mark.parametrize(("has_errors", "title"), [(True, "Error: Start - A name"), (False, "Start - A name")])
def test_an_error_comes_first_in_the_title(has_errors: bool, title: str) -> None:
    assert [element.text for element in page(has_errors=has_errors).iter("title")] == [title]


def test_a_personal_page_prints_without_address_and_title() -> None:
    sheets = [e.get("href") for e in page(personal=True).iter("link") if e.get("media") == "print"]
    assert sheets == ["/static/print-personal.css"]


def test_one_script_is_inline_and_it_is_the_known_one() -> None:
    scripts = list(page().iter("script"))
    assert [script.text for script in scripts if "src" not in script.attrib] == [INLINE_SCRIPT]
    assert [script.get("src") for script in scripts if "src" in script.attrib] == ["/static/site.js"]
    assert not [element for element in page().iter() if {"style", "onclick", "onload"} & set(element.attrib)]


def test_a_way_back_is_a_landmark_only_where_there_is_one() -> None:
    assert len(list(page().iter("nav"))) + 1 == len(
        list(page(blocks='{% block back_link %}<a href="/back">Back</a>{% endblock %}').iter("nav"))
    )


def test_an_urgent_notice_stands_where_its_language_has_one() -> None:
    def said(language: Spoken) -> bool:
        return "Uwaga" in "".join(page(language=language).itertext())

    assert said(LANGUAGES[1])
    assert not said(LANGUAGES[0])
