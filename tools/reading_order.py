"""Write down anew in which order each page is read out: python -m tools.reading_order

Writes tests/snapshots/reading/, which tests/browser/test_reading_order.py compares with the pages. Look at what changed
before you commit it: every line is something that somebody who listens will meet there.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright

from tests.harness.browser import launch, new_context
from tests.harness.reading_order import FOLDER, every_order, file_of
from tests.harness.supervisor import Supervisor


def main() -> int:
    """Write the files; return the exit code."""
    with tempfile.TemporaryDirectory(prefix="reading-order-") as folder, sync_playwright() as playwright:
        site = Supervisor(Path(folder) / "site")
        browser = launch(playwright)
        try:
            site.start("portal")
            page = new_context(browser, base_url=site.portal_url).new_page()
            orders = dict(every_order(page, site))
        finally:
            browser.close()
            site.close()
    FOLDER.mkdir(parents=True, exist_ok=True)
    for old in FOLDER.glob("*.txt"):
        if old.stem not in orders:
            old.unlink()
    for name, order in orders.items():
        file_of(name).write_text(order, encoding="utf-8")
    print(f"{len(orders)} pages are in {FOLDER}.")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
