"""What staff write reaches people as safe text with the few links that help."""

from __future__ import annotations

from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.adapters.markup import LINK_REL, staff_text

HOSTS = ("rvtrust.org.uk", "nhs.uk")


class Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag == "br":
            self.text += "\n"

    def handle_data(self, data: str) -> None:
        self.text += data


def read(html: str) -> Reader:
    reader = Reader()
    reader.feed(html)
    reader.close()
    return reader


def test_a_host_of_the_directory_becomes_a_link_and_another_stays_text() -> None:
    reader = read(staff_text("See www.rvtrust.org.uk/help or http://evil.example/x.", hosts=HOSTS))
    assert reader.tags == [("a", {"href": "https://www.rvtrust.org.uk/help", "rel": LINK_REL})]
    assert reader.text == "See www.rvtrust.org.uk/help or http://evil.example/x."


@pytest.mark.parametrize(
    "trick", ["https://nhs.uk.evil.example", "https://evil.example/nhs.uk", "https://nhs.uk@evil.example"]
)
def test_a_look_alike_is_no_link(trick: str) -> None:
    assert not any("evil" in str(attributes.get("href")) for _, attributes in read(staff_text(trick, hosts=HOSTS)).tags)


def test_a_phone_number_can_be_rung() -> None:
    reader = read(staff_text("Ring 0808 500 2222 after 5.", hosts=HOSTS))
    assert reader.tags[0][0] == "a"
    assert reader.tags[0][1]["href"] == "tel:+448085002222"
    assert reader.text == "Ring 0808 500 2222 after 5."


def test_markup_that_somebody_typed_is_shown_as_typed() -> None:
    typed = '<script>alert(1)</script> <a href="javascript:x">x</a> <b>bold</b> & "quotes"'
    reader = read(staff_text(typed, hosts=HOSTS))
    assert reader.tags == []
    assert reader.text == typed


@given(st.text(max_size=400))
def test_nothing_but_links_and_line_breaks_ever_comes_out(text: str) -> None:
    for tag, attributes in read(staff_text(text, hosts=HOSTS)).tags:
        assert tag in {"a", "br"}
        assert set(attributes) <= {"href", "rel", "dir"}
        assert str(attributes.get("href", "tel:")).startswith(("https://", "tel:"))


@given(st.text(alphabet=st.characters(codec="utf-8", exclude_categories=("Cc", "Cs")), max_size=200))
def test_every_letter_arrives(text: str) -> None:
    assert read(staff_text(text, hosts=HOSTS)).text == text
