"""How much was asked through Akismet's protocol: by this key this month, and by each address in any month.

Must not know how calls are counted.
"""

import csv
import re
from collections.abc import Sequence
from io import StringIO

from flask import Blueprint, Response, request

from moderation.moderator import Activity, Counted, spreadsheet_cell
from moderation.web.akismet_call import ActivityForm, Fields, KeyForm, WrongCallError, fields_of, site_of
from moderation.web.auth import Gate
from moderation.web.openapi import operation
from moderation.web.transport import JSON, TEXT, answer, say

MOST = 500
_COLUMNS = ("Site", "Total API Calls", "Spam", "Ham", "Missed Spam", "False Positives", "Is Revoked")
_MONTH = re.compile(r"\d{4}-(0[1-9]|1[0-2])", re.ASCII)
_FAILS = {413: TEXT, 503: TEXT}


def add(routes: Blueprint, gate: Gate) -> None:
    """Add the routes of version 1.2."""

    @routes.get("/1.2/usage-limit")
    @operation(
        "Akismet: checks that were answered this month", form=KeyForm, gives={200: (JSON, TEXT), **_FAILS}, open=True
    )
    def usage_limit() -> Response:
        fields = fields_of(request.environ, gate.max_body_bytes)
        used = gate.moderator.akismet.used(site_of(request.environ, gate, fields))
        return answer({"limit": "none", "usage": used, "percentage": "0.00", "throttled": False})

    @routes.get("/1.2/key-sites")
    @operation("Akismet: what each address asked in a month", form=ActivityForm,
               gives={200: (JSON, "text/csv", TEXT), **_FAILS}, open=True)  # fmt: skip
    def key_sites() -> Response:
        fields = fields_of(request.environ, gate.max_body_bytes)
        site = site_of(request.environ, gate, fields)
        limit, offset = _number(fields, "limit", 1, MOST, MOST), _number(fields, "offset", 0, 10**9, 0)
        month, rows, total = gate.moderator.akismet.addresses(
            site, _month(fields), containing=fields.get("filter", ""), order=_order(fields), limit=limit, offset=offset
        )
        span = {"limit": limit, "offset": offset, "total": total}
        if _one_of(fields, "format", ("json", "csv")) == "csv":
            return say(_csv(f"Active sites for {site.name} during {month}", span, rows), content_type="text/csv")
        return answer({month: [_as_json(row) for row in rows], **span})

    for view in (usage_limit, key_sites):  # the protocol takes either method
        path = f"/1.2/{view.__name__.replace('_', '-')}"
        routes.add_url_rule(path, f"post_{view.__name__}", view, methods=["POST"])


def _as_json(row: Activity) -> dict[str, object]:
    counts = {one.value: str(getattr(row, one.value)) for one in Counted}
    return {"site": row.site, "api_calls": str(row.api_calls), **counts, "is_revoked": False}


def _csv(title: str, span: dict[str, int], rows: Sequence[Activity]) -> str:
    told = ", ".join(f"{name}: {value}" for name, value in span.items())
    page = StringIO()
    lines = csv.writer(page, lineterminator="\n")
    lines.writerow(_COLUMNS)
    lines.writerows((spreadsheet_cell(row.site), row.api_calls, *row[1:], "false") for row in rows)
    return f"{title} ({told}).\n{page.getvalue()}"


def _month(fields: Fields) -> str | None:
    month = fields.get("month", "")
    if month and not _MONTH.fullmatch(month):
        raise WrongCallError("The field month is written as 2026-11.")
    return month or None


def _order(fields: Fields) -> Counted | None:
    order = _one_of(fields, "order", ("total", *Counted))
    return None if order == "total" else Counted(order)


def _one_of(fields: Fields, name: str, allowed: Sequence[str]) -> str:
    value = fields.get(name) or allowed[0]
    if value not in allowed:
        raise WrongCallError(f"The field {name} is one of {', '.join(allowed)}.")
    return value


def _number(fields: Fields, name: str, low: int, high: int, default: int) -> int:
    text = fields.get(name) or str(default)
    if not (text.isascii() and text.isdigit() and len(text) < 20 and low <= int(text) <= high):
        raise WrongCallError(f"The field {name} is a whole number from {low} to {high}.")
    return int(text)
