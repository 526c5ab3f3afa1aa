"""Addresses of the queue and what they ask for."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from flask import Flask

from moderation.comment import Status
from moderation.moderator import Counts, Invalid, Order
from moderation.web.review_filters import chips, facets, read_view
from tests.web.conftest import Service


@pytest.fixture
def app(service: Service) -> Iterator[Flask]:
    with service.app.test_request_context():
        yield service.app


def counts() -> Counts:
    return Counts(
        status={Status.PUBLISHED: 5, Status.HELD: 3, Status.REJECTED: 1},
        site={"gazette": 2, "garden": 1},
        article={("a-1", "The bridge"): 2},
        signal={"wording": 2},
        language={"en": 2, "": 1},
        day={"2026-11-24": 3},
    )


def test_plain_address_shows_what_is_held() -> None:
    view = read_view({})
    assert (view.filter.status, view.order, view.is_narrowed) == (Status.HELD, Order.CERTAIN, False)


def test_every_filter_is_read() -> None:
    view = read_view({
        "site": "gazette", "article": "a-1", "signal": "wording", "language": "en", "author": "kelly",
        "domain": "evil.example", "q": "togel", "status": "all", "order": "doubtful", "like": "7", "campaign": "8",
        "from": "2026-11-01", "before": "2026-11-24",
    })  # fmt: skip
    asked = view.filter
    assert (asked.site, asked.article, asked.signal, asked.language) == ("gazette", "a-1", "wording", "en")
    assert (asked.author, asked.domain, asked.text, asked.status) == ("kelly", "evil.example", "togel", None)
    assert (asked.like, asked.campaign, view.order) == (7, 8, Order.DOUBTFUL)
    assert asked.received_from == datetime(2026, 11, 1, tzinfo=UTC)
    assert asked.received_before == datetime(2026, 11, 24, tzinfo=UTC)
    assert view.is_narrowed


@pytest.mark.parametrize(
    "wrong",
    [{"status": "gone"}, {"order": "random"}, {"like": "x"}, {"like": "9" * 30}, {"from": "yesterday"}],
)
def test_wrong_values_say_what_is_allowed(wrong: dict[str, str]) -> None:
    with pytest.raises(Invalid):
        read_view(wrong)


@pytest.mark.usefixtures("app")
def test_facets_keep_what_is_asked_for() -> None:
    view = read_view({"site": "gazette", "q": "two words & more"})
    found = {facet.title: facet for facet in facets(view, counts())}
    assert found["Strongest signal"].options[0].href == "/review?site=gazette&q=two+words+%26+more&signal=wording"
    assert [option.is_on for option in found["Site"].options] == [True, False]
    assert found["Site"].options[0].href == "/review?q=two+words+%26+more"
    assert found["Arrived"].options[0].href.endswith("from=2026-11-24&before=2026-11-25")


@pytest.mark.usefixtures("app")
def test_articles_are_offered_within_a_site() -> None:
    assert "Article" not in {facet.title for facet in facets(read_view({}), counts())}
    assert "Article" in {facet.title for facet in facets(read_view({"site": "gazette"}), counts())}


@pytest.mark.usefixtures("app")
def test_chips_take_one_filter_away() -> None:
    view = read_view({"site": "gazette", "language": "en", "status": "all"})
    assert chips(view) == [
        ("site gazette", "/review?language=en&status=all"),
        ("language en", "/review?site=gazette&status=all"),
    ]
