"""Films in sign language and recordings to listen to: shown where they are there, said plainly where they are not."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest
import time_machine

from app.adapters.recordings import load_recordings
from app.adapters.yaml_reader import ContentError
from tests.harness.databases import Copies
from tests.harness.sides import Sides

AREA = Path(__file__).parents[1] / "area"
FILM, SOUND = bytes(range(256)) * 4, b"ID3" + bytes(100)
NOT_YET = "We do not have this in BSL yet."


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The made-up area with one film and one recording."""
    made = shutil.copytree(AREA, tmp_path / "content")
    (made / "bsl").mkdir()
    (made / "audio" / "pl").mkdir(parents=True)
    (made / "bsl" / "how-it-works.mp4").write_bytes(FILM)
    (made / "bsl" / "how-it-works.vtt").write_text("WEBVTT\n\n00:00.000 --> 00:02.000\nYou send.\n", "utf-8")
    (made / "bsl" / "how-it-works.txt").write_text("You send.\n\nWe answer.\n", "utf-8")
    (made / "audio" / "pl" / "help-now.mp3").write_bytes(SOUND)
    return made


def test_what_is_there_is_shown_and_served_in_parts(folder: Path, tmp_path: Path, day: time_machine.Traveller) -> None:
    copies = Copies("sqlite", tmp_path)
    sides = Sides(
        tmp_path / "data",
        environ={"CONTENT_DIR": str(folder)},
        database_urls={"portal": copies.make("portal"), "hub": copies.make("hub")},
    )
    try:
        client = sides.portal_client()
        page = client.visit("/en/how-it-works")
        assert NOT_YET not in page.text
        assert "We answer." in page.text
        policy = page.headers["Content-Security-Policy"]
        assert "media-src 'self'" in policy
        assert "fullscreen=(self)" in page.headers["Permissions-Policy"]
        film, captions = re.findall(r'src="(/recordings/[^"]+)"', page.html)
        assert "how" not in film, "the address says nothing"

        whole = client.get(film)
        assert (whole.status_code, whole.mimetype, whole.data) == (200, "video/mp4", FILM)
        part = client.get(film, headers={"Range": "bytes=4-7"})
        assert (part.status_code, part.data) == (206, FILM[4:8])
        assert part.headers["Content-Range"] == f"bytes 4-7/{len(FILM)}"
        assert client.get(captions).mimetype == "text/vtt"
        assert client.get("/recordings/nothing.mp4").status_code == 404

        assert NOT_YET in client.visit("/en/pledge").text
        assert "<audio" in client.visit("/pl/help-now").html
        assert "<audio" not in client.visit("/en/help-now").html
    finally:
        sides.close()


@pytest.mark.parametrize(
    ("name", "wrong"),
    [
        ("bsl/how-it-works.vtt", None),
        ("bsl/how-it-works.txt", None),
        ("bsl/how-it-works.vtt", "captions"),
        ("bsl/howitworks.mp4", "film"),
        ("audio/pl/helpnow.mp3", "sound"),
        ("audio/xx/start.mp3", "sound"),
    ],
)
def test_a_file_that_would_be_shown_to_nobody_is_an_error(folder: Path, name: str, wrong: str | None) -> None:
    assert len(load_recordings(folder, ["en", "pl"]).by_name) == 3
    file = folder / name
    if wrong is None:
        file.unlink()
    else:
        file.parent.mkdir(exist_ok=True)
        file.write_text(wrong, "utf-8")
    with pytest.raises(ContentError):
        load_recordings(folder, ["en", "pl"])


def test_nothing_has_to_be_there(tmp_path: Path) -> None:
    assert not load_recordings(tmp_path, ["en"]).by_name
