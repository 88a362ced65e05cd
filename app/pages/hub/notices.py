"""At the desk: one line of a case about notices."""

from __future__ import annotations

from collections.abc import Callable

from app.pages.hub import pages
from app.services.hub import notices
from app.services.hub.desk import OpenCase
from app.services.hub.notices import Line
from app.web.hub import hub


@pages.context_processor
def notice_lines() -> dict[str, Callable[[OpenCase], Line]]:
    """What the page of a case calls for its line; the case was opened for this reader already."""

    def notice_line(case: OpenCase) -> Line:
        with hub().database.reading() as session:
            return notices.line_of(session, case.row.case_id, case.changes)

    return {"notice_line": notice_line}
