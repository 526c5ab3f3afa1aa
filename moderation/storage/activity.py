"""How often each address asked by Akismet's protocol, and what its people reported, by month: kept in ``tallies``."""

from collections.abc import Sequence
from enum import StrEnum
from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from moderation.storage import tallies
from moderation.storage.tables import tallies as table


class Counted(StrEnum):
    """What is counted: answers to checks, and reports that an answer was wrong."""

    SPAM = "spam"
    HAM = "ham"
    MISSED_SPAM = "missed_spam"
    FALSE_POSITIVES = "false_positives"


class Activity(NamedTuple):
    """What one address asked and reported in a month."""

    site: str
    spam: int
    ham: int
    missed_spam: int
    false_positives: int

    @property
    def api_calls(self) -> int:
        """Checks that were answered."""
        return self.spam + self.ham


def count(connection: Connection, site_id: int, month: str, address: str, counted: Counted) -> None:
    """Count one answer or report. ``month`` is as in 2026-11."""
    tallies.count(connection, {(site_id, _facet(month, counted), address): 1})


def totals(connection: Connection, site_id: int, months: Sequence[str]) -> Activity:
    """What a site asked and reported in these months, from all of its addresses."""
    counted = {_facet(month, one): one for month in months for one in Counted}
    query = sa.select(table.c.facet, sa.func.sum(table.c.n)).where(table.c.site_id == site_id)
    sums = dict.fromkeys(Counted, 0)
    for facet, n in connection.execute(query.where(table.c.facet.in_(counted)).group_by(table.c.facet)):
        sums[counted[facet]] += int(n)
    return Activity("", *sums.values())


def page(
    connection: Connection, site_id: int, month: str, *, containing: str, order: Counted | None, limit: int, offset: int
) -> tuple[list[Activity], int]:
    """Addresses that contain a text, most active first, or most by one count; and how many there are in all."""
    sums = {one: sa.func.sum(sa.case((table.c.facet == _facet(month, one), table.c.n), else_=0)) for one in Counted}
    largest = sums[Counted.SPAM] + sums[Counted.HAM] if order is None else sums[order]
    wanted = (*_of(site_id, month, *Counted), table.c.value.contains(containing, autoescape=True))
    query = sa.select(table.c.value, *sums.values()).where(*wanted).group_by(table.c.value)
    rows = connection.execute(query.order_by(largest.desc(), table.c.value).limit(limit).offset(offset))
    total = connection.execute(sa.select(sa.func.count(table.c.value.distinct())).where(*wanted)).scalar_one()
    return [Activity(site, *map(int, counts)) for site, *counts in rows], int(total)


def _of(site_id: int, month: str, *counted: Counted) -> tuple[sa.ColumnElement[bool], ...]:
    return table.c.site_id == site_id, table.c.facet.in_([_facet(month, one) for one in counted])


def _facet(month: str, counted: Counted) -> str:
    return f"akismet {counted.value} {month}"
