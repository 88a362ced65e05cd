"""Nothing is installed that is not pinned by its hash, or whose licence nobody looked at."""

import json

import pytest

from tools import bom


def part(licence, *, name="new", serves=False):
    return bom.Part(name, "1.0", "pypi", serves, ("0" * 64,), licence)


def test_everything_in_the_locks_has_a_hash_and_a_licence_that_may_be_there():
    found = bom.parts()

    bom.refuse(found)
    assert {"flask", "cryptography", "govuk-frontend"} <= {each.name for each in found if each.serves}
    assert len(found) > 100


def test_the_page_is_of_these_locks():
    assert bom.PAGE.read_text("utf-8") == bom.page(bom.parts()), "run `python -m tools.bom`"


@pytest.mark.parametrize("licence", ["", "GPL-3.0-or-later", "AGPL-3.0-only", "SSPL-1.0", "MIT AND GPL-2.0-only"])
def test_what_nobody_knows_or_may_not_be_there_is_refused(licence):
    with pytest.raises(bom.Unlicensed, match="new"):
        bom.refuse([part("MIT"), part(licence)])


def test_of_several_to_choose_from_one_is_enough():
    bom.refuse([part("GPL-2.0-only OR MIT"), part("MIT AND PSF-2.0")])


def test_a_program_for_developers_is_no_part_of_what_runs():
    bom.refuse([part("GPL-3.0-or-later", name="djlint")])
    with pytest.raises(bom.Unlicensed):
        bom.refuse([part("GPL-3.0-or-later", name="djlint", serves=True)])


@pytest.mark.parametrize(
    "line", ["flask==3.1.3", "flask>=3 \\\n    --hash=sha256:" + "0" * 64, "git+ssh://elsewhere/flask"]
)
def test_a_line_that_is_not_pinned_by_a_hash_is_refused(line):
    assert bom.locked("flask==3.1.3 \\\n    --hash=sha256:" + "0" * 64)
    with pytest.raises(bom.Unlicensed):
        bom.locked(line)


def test_a_node_package_without_hash_or_with_an_address_is_refused():
    good = {"version": "1.0", "integrity": "sha512-x", "license": "MIT"}

    assert bom.node_parts({"packages": {"": {}, "node_modules/a": good}})
    for bad in ({**good, "integrity": ""}, {**good, "resolved": "https://elsewhere.example/a.tgz"}):
        with pytest.raises(bom.Unlicensed):
            bom.node_parts({"packages": {"node_modules/a": bad}})


def test_a_package_that_says_it_in_words_is_understood_and_one_that_says_nothing_is_not():
    assert bom.read_licence({"License-Expression": "MIT OR Apache-2.0"}) == "MIT OR Apache-2.0"
    assert (
        bom.read_licence({"License": "Copyright 2010 ...", "Classifier": ["License :: OSI Approved :: BSD License"]})
        == "BSD-3-Clause"
    )
    assert bom.read_licence({"License": "Ask us"}) == ""


def test_the_bill_names_every_part_once_and_no_registry():
    found = bom.parts()
    text = json.dumps(bom.bill(found))
    refs = [each["bom-ref"] for each in json.loads(text)["components"]]

    assert len(refs) == len(set(refs)) == len(found)
    assert "://" not in text
