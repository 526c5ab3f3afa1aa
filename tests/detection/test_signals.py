"""Named signals: each is seen where a moderator would point at it, ordinary comments show few."""

from datetime import UTC, datetime

import numpy as np
import pytest

from moderation.comment import Article, Author, Comment, Pair
from moderation.detection.signals import AUTHOR_FIELDS, SIGNAL_PHRASES, Signal
from tests.detection.conftest import Sketch

SKETCH = Sketch()
MARCH, LATER = datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 3, 9, tzinfo=UTC)
WALLET = "0x52908400098527886E0F7030069857D2E4169EE7"
ARTICLE = Article(title="Ferry", body="The ferry sails.", published_at=MARCH)


def author(name: str = "", url: str = "") -> Comment:
    return Comment("I read this with interest on the train.", author=Author(name, url))


SEEN: dict[Signal, tuple[Comment, str]] = {
    Signal.LINK: (Comment("see https://a.com/x now"), "https://a.com/x"),
    Signal.MORE_LINKS: (Comment("https://a.com and b.com"), ""),
    Signal.BARE_DOMAIN: (Comment("see my-shop.com now"), "my-shop.com"),
    Signal.BROKEN_LINK: (Comment("see evil dot com now"), "evil dot com"),
    Signal.EMAIL: (Comment("write to me@a.com now"), "me@a.com"),
    Signal.PHONE: (Comment("call 0812-3456-7890 now"), "0812-3456-7890"),
    Signal.LONG_CODE: (Comment(f"to {WALLET}"), WALLET),
    Signal.MENTION: (Comment("write to @bob_1 now"), "@bob"),
    Signal.LINK_MARKUP: (Comment("so [url=x]here[/url]"), "[url"),
    Signal.LINK_SHARE: (Comment("https://a.com/x"), "https://a.com/x"),
    Signal.LINK_AT_END: (Comment("all of it is at https://a.com/x"), "https://a.com/x"),
    Signal.AUTHOR_URL: (author("Ann", "https://a.com"), ""),
    Signal.AUTHOR_DEEP_URL: (author("Ann", "https://a.com/buy-cheap/shoes"), ""),
    Signal.AUTHOR_KEYWORDS: (author("buy cheap running shoes"), ""),
    Signal.AUTHOR_SMALL_LETTERS: (author("running shoes"), ""),
    Signal.AUTHOR_NAME_IN_URL: (author("buy cheap shoes", "https://cheap-shoes.com/buy"), ""),
    Signal.AUTHOR_NAME_DIGITS: (author("ann77"), ""),
    Signal.AUTHOR_NAME_SCRIPT: (author("Наталья"), ""),
    Signal.AUTHOR_DOMAIN_NAME: (author("bestshoes.com"), ""),
    Signal.OWN_LINK: (Comment("on www.our-a.com", author=Author("Ann", "https://our-a.com/x")), "www.our-a.com"),
    Signal.LOOK_ALIKES: (Comment("play at our саsinо"), ""),
    Signal.STYLED: (Comment("play 𝐜𝐚𝐬𝐢𝐧𝐨"), ""),
    Signal.SPACED: (Comment("play c a s i n o"), ""),
    Signal.LEET: (Comment("buy v1agra"), ""),
    Signal.INVISIBLE: (Comment("play cas\u200bino"), ""),
    Signal.CAPITALS: (Comment("READ THIS NOW"), ""),
    Signal.EXCLAMATION: (Comment("now!"), ""),
    Signal.SYMBOLS: (Comment("win 🎰"), ""),
    Signal.CURRENCY: (Comment("only $ 5"), ""),
    Signal.DIGITS: (Comment("only 5"), ""),
    Signal.LENGTH: (Comment("one two"), ""),
    Signal.SHORTNESS: (Comment("one two"), ""),
    Signal.LINES: (Comment("one\ntwo"), ""),
    Signal.LATENESS: (Comment("one two", created_at=LATER), ""),
    Signal.SCRIPT_MISMATCH: (Comment("поезд пришёл сегодня вовремя, спасибо всем"), ""),
    Signal.DRESSED_NAME: (Comment("so happy with 𝐊𝐨𝐥𝐢𝐛𝐫𝐢 all day"), ""),
    Signal.NUMBERED_NAME: (Comment("so happy with KOLIBRI88 all day"), "KOLIBRI88"),
}  # fmt: skip
ALWAYS = {Signal.LENGTH, Signal.SHORTNESS}


@pytest.mark.parametrize("signal", Signal, ids=lambda signal: signal.name)
def test_signal_is_seen_at_its_place(signal: Signal) -> None:
    comment, text = SEEN[signal]
    batch = SKETCH.read([(Comment("thank you all."), ARTICLE), (comment, ARTICLE)])
    assert batch.signals[1, signal] > 0
    if signal not in ALWAYS:
        assert batch.signals[0, signal] == 0
    begin, end = batch.places[1, signal].tolist()
    assert comment.body[max(begin, 0) : max(end, 0)].startswith(text)
    assert (begin < 0) == (text == "")


ORDINARY = [
    "I was on that boat. It was cold, and the crew had no answer for us.",
    "Danke für den Artikel, ich fahre morgen mit der Fähre um 9 Uhr.",
    "今天的船准时到达了港口。",
    "Паром пришёл вовремя, а в вагоне работал Wi-Fi.",
]


@pytest.mark.parametrize("body", ORDINARY)
def test_ordinary_comments_show_nothing_telling(body: str) -> None:
    values = SKETCH.read([(Comment(body, author=Author("Ann")), None)]).signals[0]
    telling = [signal for signal in Signal if signal < Signal.CAPITALS and signal is not Signal.AUTHOR_NAME_SCRIPT]
    assert not values[telling].any()


def test_values_stay_small() -> None:
    flood = "https://a.com @b [url=x] 0812-3456-7890 c a s i n o cas1no саsinо 𝐜𝐚𝐬𝐢𝐧𝐨 A!$🎰\u200b5\n" * 500
    comment = Comment(
        flood, created_at=datetime(2096, 1, 1, tzinfo=UTC), author=Author(flood, "https://a.com/" + "-/" * 99)
    )
    values = SKETCH.read([(comment, ARTICLE)]).signals
    assert np.isfinite(values).all()
    assert values.min() >= 0
    assert values.max() < 10


def test_lateness_grows_with_days() -> None:
    times = [None, MARCH, datetime(2026, 3, 2, 12, tzinfo=UTC), LATER, datetime(2029, 3, 1, tzinfo=UTC)]
    pairs: list[Pair] = [(Comment("one", created_at=time), ARTICLE) for time in times]
    values = SKETCH.read(pairs).signals[:, Signal.LATENESS].tolist()
    assert values == sorted(values)
    assert values[:2] == [0, 0]
    assert 0 < values[2] < values[3] < values[4]


def test_times_without_a_zone_are_utc() -> None:
    naive = Comment("one", created_at=LATER.replace(tzinfo=None))
    values = SKETCH.read([(naive, ARTICLE), (Comment("one", created_at=LATER), ARTICLE)]).signals
    assert values[0, Signal.LATENESS] == values[1, Signal.LATENESS] > 0


def test_lateness_needs_both_times() -> None:
    late = Comment("one", created_at=LATER)
    values = SKETCH.read([(late, None), (late, Article(title="Ferry"))]).signals
    assert not values[:, Signal.LATENESS].any()


def test_emoji_joiners_hide_nothing() -> None:
    honest = ["The whole 👨\u200d👩\u200d👧 came", "می\u200cخواهم بروم", "क्\u200dष लिखा"]
    values = SKETCH.read([(Comment(body), None) for body in honest]).signals
    assert not values[:, Signal.INVISIBLE].any()


def test_link_of_another_is_no_own_link() -> None:
    comment = Comment("it is on b.com and shop-b.com", author=Author("Ann", "https://shop-a.com"))
    assert SKETCH.read([(comment, None)]).signals[0, Signal.OWN_LINK] == 0


def test_author_signals_name_their_field() -> None:
    named = {signal for signal in Signal if signal.name.startswith("AUTHOR_")}
    assert set(AUTHOR_FIELDS) == named
    assert all(
        AUTHOR_FIELDS[signal] == "author.url"
        for signal in named
        if signal.name.endswith("_URL") and "NAME" not in signal.name
    )
    assert len(SIGNAL_PHRASES) == len(Signal)


@pytest.mark.parametrize(
    ("body", "dressed"),
    [
        ("won at ＫＯＬＩＢＲＩ today", True),
        ("won at K\u0336O\u0336L\u0336I\u0336B\u0336R\u0336I\u0336 today", True),
        ("𝐥𝐨𝐯𝐞𝐥𝐲 𝐰𝐞𝐚𝐭𝐡𝐞𝐫", False),  # all of it
        ("Đươ\u031bc la\u0306\u0301m, ca\u0309m ơ\u0301n ba\u0323n", False),  # accents of their own
        ("बहुत अच्छा लेख है, धन्यवाद", False),
        ("won at kolibri today", False),
    ],
)
def test_name_is_dressed_in_a_plain_text(body: str, dressed: bool) -> None:
    assert (SKETCH.read([(Comment(body), None)]).signals[0, Signal.DRESSED_NAME] > 0) == dressed


@pytest.mark.parametrize(
    "body",
    ["ask @kolibri88 about it", "kolibri88@mail.test", "https://kolibri88.test/x", "a kolibri-88", "kolibri2024", "mp3",
     "my-kolibri88", "A380", "kolibri 88"],
)  # fmt: skip
def test_numbers_of_other_things_make_no_name(body: str) -> None:
    assert SKETCH.read([(Comment(body), None)]).signals[0, Signal.NUMBERED_NAME] == 0


def test_name_tells_less_in_a_long_text() -> None:
    short, long = "won at KOLIBRI88", "won at KOLIBRI88 " + "and so on and on " * 20
    values = SKETCH.read([(Comment(short), None), (Comment(long), None)]).signals[:, Signal.NUMBERED_NAME]
    assert values[0] == 1
    assert 0 < values[1] < 0.2


HOME = Article(title="Ferry", body="The ferry sails.", url="https://www.daily.test:8080/a/1")


@pytest.mark.parametrize(
    ("body", "links"),
    [
        ("see https://daily.test/a/2 too", 0),
        ("see blog.daily.test/x too", 0),
        ("see https://daily.test.evil.com/a too", 1),
        ("see https://mydaily.test too", 1),
        ("see https://evil.com/daily.test and https://daily.test/a/2", 1),
        ("see https://dаily.test/a/2 too", 1),  # with a Cyrillic letter
        ("see https://daily.test@evil.com/a too", 1),  # before an at sign it is but a name
    ],
)
def test_links_to_the_articles_own_site_are_no_sign(body: str, links: int) -> None:
    body = body.replace(".test", ".net")
    home = Article(title=HOME.title, body=HOME.body, url=HOME.url.replace(".test", ".net"))
    alone = SKETCH.read([(Comment(body), home)])
    beside = SKETCH.read([(Comment("on https://a.com"), home), (Comment(body), home), (Comment("b.com"), None)])
    assert alone.signals[0, Signal.LINK] == links
    assert (alone.signals[0] == beside.signals[1]).all()
    assert beside.signals[0, Signal.LINK] == 1
    assert beside.signals[2, Signal.BARE_DOMAIN] == 1
    if not links:
        assert not alone.signals[0, [Signal.LINK_SHARE, Signal.BARE_DOMAIN, Signal.LINK_AT_END]].any()
        assert (alone.places[0, Signal.LINK] < 0).all()


@pytest.mark.parametrize(
    ("url", "gives"),
    [
        ("https://daily.test/team", 0),
        ("HTTPS://blog.DAILY.test:443?x", 0),
        ("daily.test", 0),
        ("https://other.test", 1),
        ("https://evil.com?.daily.test", 1),
        ("https://evil.com#.daily.test", 1),
        ("https://evil.com\\.daily.test", 1),
        ("https://evil.com\\@daily.test", 1),
        ("https://daily.test@evil.com", 1),
        ("https://evil.com/@daily.test", 1),
        ("https:// daily.test", 1),
    ],
)
def test_author_at_the_articles_own_site_gives_no_address(url: str, gives: int) -> None:
    assert SKETCH.read([(author("Ann", url), HOME)]).signals[0, Signal.AUTHOR_URL] == gives


def test_name_before_an_at_sign_is_no_link() -> None:
    spoofed = Comment("see https://daily.net@evil.com/a", author=Author("Ann", "https://other.net"))
    signals = SKETCH.read([(spoofed, Article(title="a", body="b", url="https://daily.net"))]).signals[0]
    assert signals[Signal.EMAIL] == 1
    assert signals[Signal.OWN_LINK] == 0
