"""The page that the proxy shows while the site does not answer: one file that needs nothing from anywhere.

Run as ``python -m tools.unavailable`` once the catalogues are built. Writes ``static/built/unavailable.html`` with the
help-now numbers, in the default language and in every other one that is shown. Its styles are inline, because the proxy
serves it and not we; there is no script, and its own policy lets nothing be fetched.
"""

from __future__ import annotations

import base64
import hashlib
import sys
from collections.abc import Sequence
from pathlib import Path

import jinja2
from babel.support import NullTranslations, Translations
from markupsafe import Markup

from app.adapters import content
from app.domain.area import Area
from app.domain.directory import HelpNow, Service
from app.domain.languages import Language

ROOT = Path(__file__).resolve().parents[1]
CONTENT = ROOT / "content"
TEMPLATES = ROOT / "app" / "templates"
TRANSLATIONS = ROOT / "translations"
PAGE = ROOT / "static" / "built" / "unavailable.html"


# A page that is written once cannot say what is open now; the hours themselves stand there.
def _say_nothing_of_now(_service: Service) -> str:
    return ""


STYLES = """
:root { color-scheme: light dark; }
body { margin: 0 auto; padding: 16px; max-width: 640px; font: 19px/1.5 Arial, sans-serif; background: #fff; color: #0b0c0c; }
h1, section + section > h2 { font-size: 32px; line-height: 1.2; }
h2 { font-size: 24px; line-height: 1.25; margin: 32px 0 8px; }
h3, h4 { font-size: 19px; margin: 0 0 4px; }
p { margin: 0 0 8px; overflow-wrap: anywhere; }
ul { margin: 0; padding: 0; list-style: none; }
li { border-top: 1px solid #72777a; padding: 16px 0; }
section + section { border-top: 8px solid #0f4c52; margin-top: 48px; }
a { color: #0f4c52; }
a:focus { outline: 3px solid #0b0c0c; background: #fd0; color: #0b0c0c; }
.phone { font-size: 24px; font-weight: bold; }
@media (prefers-color-scheme: dark) { body { background: #10181a; color: #f3f2f1; } a { color: #8fd3da; } }
"""


def render(area: Area, help_now: HelpNow, languages: Sequence[Language], *, translations: Path = TRANSLATIONS) -> str:
    """The whole page in these languages; the first is the page's own. Its hash is in its policy."""
    digest = base64.b64encode(hashlib.sha256(STYLES.encode("utf-8")).digest()).decode("ascii")
    first = languages[0]
    sections = []
    for language in languages:
        made = _environment(language, translations).get_template("unavailable/section.html")
        level = 1 if language is first else 2
        sections.append(Markup(made.render(language=language, level=level, area=area, help_now=help_now)))  # noqa: S704
    own = _environment(first, translations)
    return own.get_template("unavailable/page.html").render(
        language=first,
        title=_catalogue(first, translations).gettext("This site does not answer just now"),
        service_name=area.service_name,
        policy=f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'",
        styles=Markup(STYLES),  # noqa: S704 - our own, above
        sections=sections,
    )


def write(text: str, page: Path = PAGE) -> bool:
    """Put the page where the proxy finds it, in one step. False when it is there already."""
    if page.is_file() and page.read_text(encoding="utf-8") == text:
        return False
    page.parent.mkdir(parents=True, exist_ok=True)
    fresh = page.with_suffix(".new")
    fresh.write_text(text, encoding="utf-8")
    fresh.replace(page)
    return True


def main() -> int:
    """Write the page from the command line; return the exit code."""
    try:
        area = content.load_area(CONTENT)
        help_now = content.load_help_now(CONTENT, content.load_directory(CONTENT))
        languages = content.load_languages(CONTENT).shown(pseudo=False)
    except content.ContentError as fault:
        print(f"unavailable: {fault}", file=sys.stderr)
        return 1
    written = write(render(area, help_now, languages))
    print("The unavailable page is written." if written else "The unavailable page is up to date.")
    return 0


def _catalogue(language: Language, folder: Path) -> NullTranslations:
    return Translations.load(str(folder), [language.catalogue], "messages")


def _environment(language: Language, folder: Path) -> jinja2.Environment:
    """Templates as the site renders them, in one language."""
    made = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        extensions=["jinja2.ext.i18n"],
        trim_blocks=True,
        lstrip_blocks=True,
    )
    found = _catalogue(language, folder)
    made.install_gettext_callables(found.gettext, found.ngettext, newstyle=True)  # type: ignore[attr-defined]
    made.globals["service_words"] = lambda service: service.words_in(language.slug)
    made.globals["open_now"] = _say_nothing_of_now
    made.globals["lang_of"] = lambda slug: Markup("" if slug == language.slug else ' lang="en-GB" dir="ltr"')  # noqa: S704 - ours
    return made


if __name__ == "__main__":
    sys.exit(main())
