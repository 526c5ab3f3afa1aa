"""A queue's address and what it asks for: filters and orders as query parameters, facets with counts as links.

Every address can be bookmarked. Must not know how comments are found.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple
from urllib.parse import urlencode

from flask import url_for

from moderation.comment import Status
from moderation.moderator import Counts, Filter, Invalid, Order

TEXTS = {"site": "site", "article": "article", "signal": "signal", "language": "language", "author": "author",
         "domain": "domain", "q": "text"}  # fmt: skip
NUMBERS = ("like", "campaign")
ORDERS = {
    Order.CERTAIN: "Most certain",
    Order.DOUBTFUL: "Most doubtful",
    Order.OLDEST: "Oldest",
    Order.NEWEST: "Newest",
}
ALL = "all"
_LONGEST = 500


class Option(NamedTuple):
    """One value of a facet: the address that asks for it, or, where it is on, the one that does not."""

    label: str
    held: int
    href: str
    is_on: bool


class Facet(NamedTuple):
    """A title and its options, most frequent first."""

    title: str
    options: tuple[Option, ...]


@dataclass(frozen=True, slots=True)
class View:
    """What an address of the queue asks for. ``parameters`` are those of the address, without empty ones."""

    filter: Filter
    order: Order
    parameters: Mapping[str, str]

    def address(self, changes: Mapping[str, str | None], page: str = "review.queue") -> str:
        """The address of a page with changed parameters; None leaves one out."""
        asked = {name: value for name, value in {**self.parameters, **changes}.items() if value}
        return f"{url_for(page)}?{urlencode(asked)}" if asked else url_for(page)

    @property
    def is_narrowed(self) -> bool:
        """Whether more than the site and the status is asked for: then the counts that are kept do not tell."""
        return bool(set(self.parameters) - {"site", "status", "order"})


def read_view(arguments: Mapping[str, str]) -> View:
    """The filter and order of a query; parameters that are not of a filter are left alone. Raises ``Invalid``."""
    known = {*TEXTS, *NUMBERS, "status", "order", "from", "before"}
    given = {name: value.strip()[:_LONGEST] for name, value in arguments.items() if name in known and value.strip()}
    wanted = Filter(
        status=_status(given.get("status", Status.HELD)),
        received_from=_day("from", given),
        received_before=_day("before", given),
        like=_number("like", given),
        campaign=_number("campaign", given),
        **{field: given.get(name) for name, field in TEXTS.items()},
    )
    return View(wanted, _order(given), given)


def facets(view: View, counts: Counts) -> Iterable[Facet]:
    """The filters with how many held comments each would show."""
    statuses = [(status.value.capitalize(), status.value, count) for status, count in counts.status.items()]
    yield _facet("Status", "status", view, [*statuses, ("All", ALL, sum(counts.status.values()))], Status.HELD)
    if len(counts.site) > 1:
        yield _facet("Site", "site", view, [(name, name, count) for name, count in counts.site.items()])
    yield _facet("Strongest signal", "signal", view, [(name or "none", name, n) for name, n in counts.signal.items()])
    yield _facet("Language", "language", view, [(name, name, n) for name, n in counts.language.items() if name])
    site = view.filter.site or (next(iter(counts.site)) if len(counts.site) == 1 else None)
    if site is not None:
        on_site = View(view.filter, view.order, {**view.parameters, "site": site})
        articles = [(title or name, name, n) for (name, title), n in counts.article.items()]
        yield _facet("Article", "article", on_site, articles)
    yield Facet("Arrived", tuple(_days(view, counts)))


def chips(view: View) -> list[tuple[str, str]]:
    """What is asked for beyond the status, in words, each with the address that does not ask for it."""
    words = {"like": "near-duplicates of", "campaign": "campaign of", "q": "words", "before": "before"}
    shown = {name: value for name, value in view.parameters.items() if name not in ("status", "order")}
    return [(f"{words.get(name, name)} {value}", view.address({name: None})) for name, value in shown.items()]


def _facet(
    title: str, name: str, view: View, options: Iterable[tuple[str, str, int]], default: str | None = None
) -> Facet:
    asked = view.parameters.get(name, default)
    return Facet(
        title,
        tuple(
            Option(label, count, view.address({name: None if value in (asked, default) else value}), value == asked)
            for label, value, count in options
            if value
        ),
    )


def _days(view: View, counts: Counts) -> Iterable[Option]:
    for day, count in sorted(counts.day.items(), reverse=True):
        following = (date.fromisoformat(day) + timedelta(days=1)).isoformat()
        is_on = view.parameters.get("from") == day and view.parameters.get("before") == following
        changes: dict[str, str | None] = {"from": None if is_on else day, "before": None if is_on else following}
        yield Option(day, count, view.address(changes), is_on)


def _status(text: str) -> Status | None:
    if text == ALL:
        return None
    if text not in list(Status):
        raise Invalid(f"the status is one of {', '.join(Status)} or {ALL}")
    return Status(text)


def _order(given: Mapping[str, str]) -> Order:
    text = given.get("order", Order.CERTAIN)
    if text not in list(Order):
        raise Invalid(f"the order is one of {', '.join(Order)}")
    return Order(text)


def _number(name: str, given: Mapping[str, str]) -> int | None:
    text = given.get(name)
    if text is None:
        return None
    if not (text.isascii() and text.isdigit() and len(text) < 18):
        raise Invalid(f"{name} is the number of a comment")
    return int(text)


def _day(name: str, given: Mapping[str, str]) -> datetime | None:
    text = given.get(name)
    if text is None:
        return None
    try:
        return datetime.combine(date.fromisoformat(text), datetime.min.time(), UTC)
    except ValueError:
        raise Invalid(f"{name} is a day such as 2026-11-24") from None
