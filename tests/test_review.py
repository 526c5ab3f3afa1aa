"""The queue, claims, and decisions one by one and in bulk, on both databases."""

import random
from collections import Counter

import pytest

from moderation.comment import Action, Article, Author, Comment, Decision, Status
from moderation.moderator import (
    Around,
    AuthorHistory,
    Filter,
    Invalid,
    Moderator,
    NotFound,
    Order,
    RuleKind,
    Seen,
    Site,
    StoredComment,
    User,
)
from moderation.storage import comments
from tests.conftest import ORDINARY, SPAM, THRESHOLDS, Clock

KELLY = Author("Kelly", email="kelly@example.org")


def hold(moderator: Moderator, site: Site, *bodies: str, author: Author = KELLY) -> list[int]:
    """Store comments that are held and give their numbers."""
    place = len(moderator.comments(site, limit=500).items)
    return [
        moderator.check(site, Comment(f"{SPAM} {body}", f"c-{place + more}", author=author)).number
        for more, body in enumerate(bodies)
    ]


def shown(moderator: Moderator, filter: Filter, order: Order = Order.OLDEST) -> list[int]:
    return [item.number for item in moderator.review.page(filter, order).items]


# --- Order and filters -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("order", list(Order))
def test_pages_keep_the_order(moderator: Moderator, site: Site, clock: Clock, order: Order) -> None:
    for number in range(9):
        hold(moderator, site, "http://more.example.com " * (number % 4))
        clock.advance(seconds=number % 3)
    keys = {
        Order.CERTAIN: lambda item: (-item.score.promotional, -item.number),
        Order.DOUBTFUL: lambda item: (abs(item.score.promotional - 0.5), item.number),
        Order.OLDEST: lambda item: (item.received_at, item.number),
        Order.NEWEST: lambda item: (-item.received_at.timestamp(), -item.number),
    }
    seen: list[StoredComment] = []
    cursor = None
    while True:
        page = moderator.review.page(Filter(site="gazette"), order, cursor, limit=2)
        seen += page.items
        cursor = page.cursor
        if cursor is None:
            break
    assert len(seen) == 9
    assert seen == sorted(seen, key=keys[order])


def test_cursor_of_another_order_is_refused(moderator: Moderator, site: Site) -> None:
    hold(moderator, site, "one", "two")
    cursor = moderator.review.page(Filter(), Order.CERTAIN, limit=1).cursor
    with pytest.raises(Invalid):
        moderator.review.page(Filter(), Order.OLDEST, cursor)


def test_filters_find_what_they_name(moderator: Moderator, site: Site, clock: Clock) -> None:
    article = Article("a-1", "Bridges", "A text about bridges.")
    start = clock.now
    [mine] = hold(moderator, site, "")
    clock.advance(hours=1)
    other = moderator.check(
        site, Comment(f"{SPAM} https://shop.bad.example.co.uk/x", "x", author=Author("Bo")), article
    )
    calm = moderator.check(site, Comment(ORDINARY, "y"), article)
    found = {
        "site": shown(moderator, Filter(site="gazette")),
        "status": shown(moderator, Filter(status=Status.PUBLISHED)),
        "every status": shown(moderator, Filter(status=None)),
        "article": shown(moderator, Filter(site="gazette", article="a-1")),
        "author by address": shown(moderator, Filter(author=" KELLY@example.org")),
        "author by name": shown(moderator, Filter(author="bo")),
        "domain": shown(moderator, Filter(domain="example.co.uk")),
        "no such domain": shown(moderator, Filter(domain="example.org")),
        "received before": shown(moderator, Filter(received_before=clock.now)),
        "received from": shown(moderator, Filter(received_from=clock.now)),
        "language": shown(moderator, Filter(language="en", received_from=start)),
    }
    assert found == {
        "site": [mine, other.number],
        "status": [calm.number],
        "every status": [mine, other.number, calm.number],
        "article": [other.number],
        "author by address": [mine],
        "author by name": [other.number],
        "domain": [other.number],
        "no such domain": [],
        "received before": [mine],
        "received from": [other.number],
        "language": [mine, other.number],
    }


def test_strongest_signal_is_a_filter(moderator: Moderator, site: Site) -> None:
    hold(moderator, site, "one", "two")
    counts = moderator.review.counts("gazette").signal
    assert sum(counts.values()) == 2
    for signal, count in counts.items():
        assert len(shown(moderator, Filter(site="gazette", signal=signal))) == count


def test_unknown_site_is_not_found(moderator: Moderator, site: Site) -> None:
    with pytest.raises(NotFound):
        moderator.review.page(Filter(site="nowhere"))


def test_near_duplicates_are_found(moderator: Moderator, site: Site) -> None:
    text = "I made four thousand dollars in one week from my home with this trader and you can do it too, just ask her"
    same, near, unlike = hold(
        moderator, site, text.upper(), text.replace("four", "five"), "an altogether different comment about shoes"
    )
    assert shown(moderator, Filter(like=same)) == [same, near]
    assert shown(moderator, Filter(like=unlike)) == [unlike]


def test_short_text_is_like_itself_only(moderator: Moderator, site: Site) -> None:
    moderator.rules.add(site, RuleKind.WORD, ["ok"], Action.HOLD, "ann")
    first = moderator.check(site, Comment("ok", "1")).number
    moderator.check(site, Comment("ok", "2"))
    assert shown(moderator, Filter(like=first)) == [first]


def test_campaign_crosses_sites_by_what_it_promotes(moderator: Moderator, site: Site) -> None:
    moderator.add_site("tribune", THRESHOLDS)
    tribune = moderator.site("tribune")
    first = moderator.check(site, Comment(f"{SPAM} one", "1", author=Author(email="a@example.org")))
    link = moderator.check(tribune, Comment("see www.evil-slots.com for more of it", "2"))
    sender = moderator.check(tribune, Comment(ORDINARY, "3", author=Author("x", email="A@example.org ")))
    moderator.check(tribune, Comment("so they say on www.other-site.com at least", "4"))
    campaign = shown(moderator, Filter(campaign=first.number, status=None))
    assert sorted(campaign) == sorted([first.number, link.number, sender.number])


@pytest.mark.parametrize(
    ("body", "query"),
    [
        ("Größe der STRASSE", "strasse größe"),
        ("это дешёвый кредит", "КРЕДИТ"),
        ("今日は良い天気ですね", "天気"),
        ("ซื้อของถูกที่นี่", "ของถูก"),
        ("यह सस्ता ऋण है", "सस्ता"),
        ("write to a.b@example.org now", "a.b@example.org"),
        ("it's 100% c++ \\ % _", "100% it's c++"),
        ("zero\u200bwidth", "zerowidth"),
    ],
)
def test_words_are_found_in_any_script(moderator: Moderator, site: Site, body: str, query: str) -> None:
    [number, _other] = hold(moderator, site, body, "something else")
    assert shown(moderator, Filter(text=query)) == [number]


@pytest.mark.parametrize(
    "query", ['" OR words:*', "'", "' | 'a", "NEAR(", "*", "\0", "\ud800", "(((", "--", "a" * 5_000]
)
def test_hostile_search_finds_nothing(moderator: Moderator, site: Site, query: str) -> None:
    hold(moderator, site, "one")
    assert shown(moderator, Filter(text=query)) == []


# --- Looking at one item ---------------------------------------------------------------------------------------------


def test_item_shows_what_stands_around(moderator: Moderator, site: Site, user: User, clock: Clock) -> None:
    article = Article("a-1", "Bridges", "A text about bridges.")
    parent = moderator.check(site, Comment(ORDINARY, "parent", author=KELLY))
    moderator.decide(site, "parent", Decision.APPROVE, "ann")
    clock.advance(days=1)
    spam = Comment(f"{SPAM} t.me/winbig", "child", parent_id="parent", author=KELLY)
    number = moderator.check(site, spam, article).number
    review = moderator.review
    child, above = review.around([review.item(number), review.item(parent.number)])
    assert child.article == review.article(number) == article
    assert child.parent is not None
    assert child.parent.number == parent.number
    assert child.domains == ("evil-slots.com", "t.me")
    assert child.author == AuthorHistory(1, 1, 0, clock.now.replace(day=1))
    assert above == Around(None, None, AuthorHistory(0, 0, 0, None), ())
    assert review.article(parent.number) is None


def test_busy_author_was_first_seen_before_the_last_ones(
    moderator: Moderator, site: Site, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(comments, "_AUTHOR_SEEN", 2)
    begin = clock.now
    numbers = []
    for place in range(4):
        numbers.append(moderator.check(site, Comment(f"{SPAM} {place}", f"c-{place}", author=KELLY)).number)
        clock.advance(days=1)
    [last] = moderator.review.around([moderator.review.item(numbers[-1])])
    assert last.author == AuthorHistory(2, 0, 0, begin)


def test_missing_item_is_not_found(moderator: Moderator, site: Site) -> None:
    with pytest.raises(NotFound):
        moderator.review.item(99)


# --- Claims ----------------------------------------------------------------------------------------------------------


def test_taken_item_is_hidden_from_others(moderator: Moderator, site: Site, user: User, other_user: User) -> None:
    first, second = hold(moderator, site, "one", "two")
    [mine] = moderator.review.take(Filter(), Order.OLDEST, user).items
    [theirs] = moderator.review.take(Filter(), Order.OLDEST, other_user).items
    assert (mine.number, theirs.number) == (first, second)
    assert moderator.review.item(first).opened_by == user.email
    assert not moderator.review.claim([first], other_user)
    assert [item.number for item in moderator.review.page(Filter(), user=user).items] == [first]


def test_claim_ends_by_itself(moderator: Moderator, site: Site, user: User, other_user: User, clock: Clock) -> None:
    [number] = hold(moderator, site, "one")
    assert moderator.review.claim([number], user)
    clock.advance(minutes=4)
    assert moderator.review.claim([number], user)
    clock.advance(minutes=4)
    assert not moderator.review.claim([number], other_user)
    clock.advance(minutes=1)
    assert moderator.review.claim([number], other_user)


def test_claim_given_back_is_free(moderator: Moderator, site: Site, user: User, other_user: User) -> None:
    [number] = hold(moderator, site, "one")
    moderator.review.claim([number], user)
    moderator.review.release_claims([number], other_user)
    assert not moderator.review.claim([number], other_user)
    moderator.review.release_claims([number], user)
    assert moderator.review.claim([number], other_user)


def test_claim_of_several_gives_those_that_are_free(
    moderator: Moderator, site: Site, user: User, other_user: User
) -> None:
    first, second, third = hold(moderator, site, "one", "two", "three")
    assert moderator.review.claim([second], other_user) == {second}
    assert moderator.review.claim([third, second, first], user) == {first, third}
    moderator.review.release_claims([first, second], user)
    assert moderator.review.claim([first, second, third], other_user) == {first, second}


def test_only_held_can_be_claimed(moderator: Moderator, site: Site, user: User) -> None:
    number = moderator.check(site, Comment(ORDINARY, "y")).number
    assert not moderator.review.claim([number], user)
    assert not moderator.review.claim([99], user)


def test_others_item_can_not_be_decided(moderator: Moderator, site: Site, user: User, other_user: User) -> None:
    [number] = hold(moderator, site, "one")
    seen = moderator.review.item(number).seen
    moderator.review.claim([number], user)
    refused = moderator.review.decide_many([seen], Decision.APPROVE, other_user)
    assert (refused.batch, refused.numbers, refused.skipped) == ("", (), (number,))
    assert moderator.review.decide_many([seen], Decision.APPROVE, user).numbers == (number,)


# --- Deciding --------------------------------------------------------------------------------------------------------


def test_stale_view_is_not_decided(moderator: Moderator, site: Site, user: User) -> None:
    [number] = hold(moderator, site, "one")
    seen = moderator.review.item(number).seen
    moderator.check(site, Comment(f"{SPAM} but now it says something else", "c-0"))
    assert moderator.review.decide_many([seen], Decision.APPROVE, user).skipped == (number,)
    assert moderator.review.item(number).status is Status.HELD


def test_bulk_is_undone_as_one_step(moderator: Moderator, site: Site, user: User, other_user: User) -> None:
    numbers = hold(moderator, site, *map(str, range(6)))
    moderator.review.decide_many([moderator.review.item(numbers[5]).seen], Decision.APPROVE, other_user)
    seen = [moderator.review.item(number).seen for number in numbers]
    done = moderator.review.decide_many(seen, Decision.REJECT_PROMOTIONAL, user)
    moderator.decide(site, "c-0", Decision.APPROVE, "cms")
    undone = moderator.review.undo_batch(done.batch, user)
    assert done.numbers == tuple(numbers)
    assert undone.numbers == tuple(numbers[1:])
    assert undone.skipped == (numbers[0],)
    statuses = [moderator.review.item(number).status for number in numbers]
    assert statuses == [Status.PUBLISHED, *[Status.HELD] * 4, Status.PUBLISHED]


def test_bulk_spans_many_transactions(
    moderator: Moderator, site: Site, user: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("moderation.review._AT_ONCE", 2)
    numbers = hold(moderator, site, *map(str, range(5)))
    chosen = moderator.review.select(Filter(), user)
    done = moderator.review.decide_selection(chosen.id, Decision.REJECT_OTHER, user)
    assert (chosen.count, done.numbers) == (5, tuple(numbers))
    assert moderator.review.undo_batch(done.batch, user).numbers == tuple(numbers)


def test_selection_decides_what_was_shown(moderator: Moderator, site: Site, user: User, other_user: User) -> None:
    shown_then = hold(moderator, site, "one", "two", "three")
    moderator.review.claim([shown_then[2]], other_user)
    chosen = moderator.review.select(Filter(author="kelly@example.org"), user)
    later = hold(moderator, site, "four")
    moderator.check(site, Comment(f"{SPAM} edited", "c-1"))
    done = moderator.review.decide_selection(chosen.id, Decision.REJECT_PROMOTIONAL, user)
    assert chosen.count == 2
    assert (done.numbers, done.skipped) == ((shown_then[0],), (shown_then[1],))
    assert moderator.review.item(later[0]).status is Status.HELD


def test_selection_is_its_makers_for_a_day(
    moderator: Moderator, site: Site, user: User, other_user: User, clock: Clock
) -> None:
    hold(moderator, site, "one")
    chosen = moderator.review.select(Filter(), user)
    with pytest.raises(NotFound):
        moderator.review.decide_selection(chosen.id, Decision.APPROVE, other_user)
    clock.advance(days=1, seconds=1)
    with pytest.raises(NotFound):
        moderator.review.decide_selection(chosen.id, Decision.APPROVE, user)


def test_undo_goes_back_several_steps(moderator: Moderator, site: Site, user: User, other_user: User) -> None:
    numbers = hold(moderator, site, "one", "two", "three")
    for number in numbers:
        moderator.review.decide_many([moderator.review.item(number).seen], Decision.APPROVE, user)
    moderator.review.decide_many([moderator.review.item(numbers[2]).seen], Decision.REJECT_OTHER, other_user)
    steps = [moderator.review.undo_last(user) for _ in range(3)]
    assert [step and step.numbers for step in steps] == [(numbers[1],), (numbers[0],), None]
    assert moderator.review.item(numbers[2]).status is Status.REJECTED


def test_decided_comment_becomes_findable(moderator: Moderator, site: Site) -> None:
    number = moderator.check(site, Comment(ORDINARY, "y")).number
    assert shown(moderator, Filter(text="reporting", status=None)) == []
    moderator.decide(site, "y", Decision.REJECT_OTHER, "cms")
    assert shown(moderator, Filter(text="reporting", status=None)) == [number]


def test_log_tells_newest_first(moderator: Moderator, site: Site, user: User) -> None:
    numbers = hold(moderator, site, "apples", "pears")
    for number in numbers:
        moderator.review.decide_many([moderator.review.item(number).seen], Decision.APPROVE, user)
    moderator.review.undo_last(user)
    moderator.decide(site, "c-0", Decision.REJECT_OTHER, "cms")
    told = [(one.item.number, one.event.kind, one.event.by) for one in moderator.review.decisions().items]
    assert told == [
        (numbers[0], "decision", "cms"),
        (numbers[1], "undo", user.email),
        (numbers[1], "decision", user.email),
        (numbers[0], "decision", user.email),
    ]
    first = moderator.review.decisions(site="gazette", limit=3)
    rest = moderator.review.decisions(site="gazette", limit=3, cursor=first.cursor)
    assert [one.item.number for one in (*first.items, *rest.items)] == [one[0] for one in told]
    assert [one.item.number for one in moderator.review.decisions(text="pears").items] == [numbers[1]] * 2
    assert [one.event.by for one in moderator.review.decisions(by="cms").items] == ["cms"]
    with pytest.raises(Invalid):
        moderator.review.decisions(cursor="9" * 30)


# --- Counts ----------------------------------------------------------------------------------------------------------


def test_counts_stay_true_whatever_happens(moderator: Moderator, site: Site, user: User, clock: Clock) -> None:
    chance = random.Random(7)
    articles = [Article(f"a-{number}") for number in range(3)]
    for step in range(60):
        name = f"c-{chance.randrange(20)}"
        comment = Comment(chance.choice((SPAM, ORDINARY)) + f" {step % 5}", name)
        moderator.check(site, comment, chance.choice((None, *articles)))
        chance.choice((_decide_some, _undo_some, _article_comes))(moderator, site, user, chance)
        clock.advance(hours=chance.randrange(12))
    counts = moderator.review.counts("gazette")
    held = moderator.review.page(Filter(), limit=500).items
    assert counts.status == {status: moderator.review.count(Filter(status=status)) for status in Status}
    assert counts.site == {"gazette": len(held)}
    assert sum(counts.signal.values()) == len(held)
    assert counts.language == Counter(item.language for item in held)
    assert counts.day == Counter(item.received_at.date().isoformat() for item in held)
    assert {name: n for (name, _title), n in counts.article.items()} == Counter(
        item.article.id for item in held if item.article is not None
    )


def test_count_stops_at_most(moderator: Moderator, site: Site) -> None:
    hold(moderator, site, *map(str, range(5)))
    assert moderator.review.count(Filter()) == 5
    assert moderator.review.count(Filter(), at_most=3) == 3


def test_seen_names_number_and_version(moderator: Moderator, site: Site) -> None:
    [number] = hold(moderator, site, "one")
    assert moderator.review.item(number).seen == Seen(number, 1)
    moderator.decide(site, "c-0", Decision.APPROVE, "ann")
    assert moderator.review.item(number).seen == Seen(number, 2)


def _decide_some(moderator: Moderator, _site: Site, user: User, chance: random.Random) -> None:
    chosen = moderator.review.select(Filter(status=chance.choice((None, *Status)), text=str(chance.randrange(5))), user)
    moderator.review.decide_selection(chosen.id, chance.choice(list(Decision)), user)


def _undo_some(moderator: Moderator, _site: Site, user: User, _chance: random.Random) -> None:
    moderator.review.undo_last(user)


def _article_comes(moderator: Moderator, site: Site, _user: User, chance: random.Random) -> None:
    number = chance.randrange(3)
    moderator.put_article(
        site, Article(f"a-{number}", f"Title {chance.random()}", "A body.", f"https://g.example/{number}")
    )
