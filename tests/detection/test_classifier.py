"""The whole detector, as it ships: what a score depends on, and that its reasons add up."""

import json
import os
import threading
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.numpy import load_file

from moderation import release as releases
from moderation.comment import Action, Article, Author, Comment, Pair, Reason, Score
from moderation.detection.classifier import Classifier, calibrated, probabilities
from moderation.detection.policy import Facts, SitePolicy, decide
from moderation.detection.relevance import MOST_ARTICLES
from moderation.release import Release
from moderation.settings import Settings
from tests.detection.conftest import BASE, TEXTS, Sketch
from training.corpus import write_corpus

ROOT = Path(__file__).resolve().parent.parent.parent
DATA = Path(os.environ.get("MODERATION_TEST_DATA", ROOT.parent / "shared" / "data"))

FERRY = Article(
    id="a-1",
    title="Night ferry to the islands returns",
    body="The night ferry will sail again from May, the harbour board decided. Fares rise by a tenth, and lorries pay"
    " more. Islanders had asked for the boat since the winter storms closed the road to the northern pier.",
    published_at=datetime(2026, 3, 1, tzinfo=UTC),
)
LIBRARY = Article(
    id="a-2", title="Library cuts its hours", body="The town library will close on Mondays to save money."
)
SPAM = Comment(
    "Very nice article, thank you for sharing!\nVisit https://slots.example.com or write to +62 812-3456-7890",
    created_at=datetime(2026, 9, 1, tzinfo=UTC),
    author=Author(name="best casino bonus", url="https://slots.example.com/play-now"),
)

ARTICLES = st.sampled_from(
    [None, FERRY, LIBRARY, Article(id="known"), Article(title="Ferry"), Article(body="\0\ud800")]
)
AUTHORS = st.builds(Author, name=TEXTS, url=TEXTS | st.just("https://slots.example.com/a-b"))
BODIES = TEXTS | st.sampled_from(
    ["dot com", "", "@bob", "[url=x]", "see www.a.com/x", "ferry fares", "c a s i n o 555 123 456"]
)
PAIRS = st.tuples(st.builds(Comment, BODIES, author=AUTHORS), ARTICLES)


@pytest.fixture(scope="module")
def written() -> list[Pair]:
    """Comments of the written corpus in all its languages, under their articles."""
    comments, articles = write_corpus(5, 20)
    known = {str(row.id): Article(str(row.id), str(row.title), str(row.body)) for row in articles.itertuples()}
    return [
        (
            Comment(str(row.body), author=Author(str(row.author_name), str(row.author_url))),
            known.get(str(row.article_id)),
        )
        for row in comments.itertuples()
    ]


@pytest.fixture(scope="module")
def calibration() -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    """The calibration of the shipped release, from its file."""
    points = load_file(releases.current(Settings().models) / releases.WEIGHTS)["calibration"]
    return points.reshape(2, -1)


def test_batch_scores_as_one_by_one(classifier: Classifier, written: list[Pair]) -> None:
    assert len(written) > 200
    assert classifier.score_many(written) == [classifier.score(*pair) for pair in written]


@settings(deadline=None)
@given(st.lists(PAIRS, min_size=1, max_size=6))
def test_score_ignores_its_neighbours(classifier: Classifier, pairs: list[Pair]) -> None:
    assert classifier.score_many(pairs) == [classifier.score(*pair) for pair in pairs]


@pytest.mark.parametrize(
    "flood", ["@a " * 10_001, "[u " * 10_001, "a.com " * 10_001, "+1 202 555 0101, " * 1_000], ids=lambda text: text[:5]
)
def test_flood_changes_no_neighbour(classifier: Classifier, flood: str) -> None:
    plain = Comment("write to @bob, see [url=x]y[/url] or https://a.example.com, call 0812-3456-7890")
    assert classifier.score_many([(Comment(flood), None), (plain, None)])[1] == classifier.score(plain)


def test_order_is_kept(classifier: Classifier) -> None:
    pairs = [(SPAM, FERRY), (Comment("The fares are too high."), FERRY)] * 3
    spam, ham = classifier.score_many(pairs[:2])
    assert spam.promotional > ham.promotional
    assert classifier.score_many(pairs) == [spam, ham] * 3
    assert classifier.score_many(pairs[::-1]) == [ham, spam] * 3
    assert classifier.score_many([]) == []


def test_batch_too_long_is_read_in_parts(classifier: Classifier) -> None:
    long = Comment("The ferry sails at nine in the evening. " * 30_000)
    pairs = [(long, None)] * 4 + [(SPAM, FERRY)]
    assert sum(len(comment.body) for comment, _ in pairs) > 4_000_000
    scores = classifier.score_many(pairs)
    assert scores == [classifier.score(long)] * 4 + [classifier.score(SPAM, FERRY)]


def test_score_outlives_a_thousand_articles(classifier: Classifier) -> None:
    before = classifier.score(SPAM, FERRY)
    others: list[Pair] = [
        (Comment("Well said."), Article(title=f"Part {number}")) for number in range(MOST_ARTICLES + 1)
    ]
    classifier.score_many(others)
    assert classifier.score(SPAM, FERRY) == before


def test_same_release_scores_alike(classifier: Classifier, written: list[Pair]) -> None:
    again = releases.load(releases.current(Settings().models)).classifier
    assert again.score_many(written[:100]) == classifier.score_many(written[:100])


def test_threads_score_alike(classifier: Classifier, written: list[Pair]) -> None:
    expected = [classifier.score(*pair) for pair in written[:60]]
    found: list[list[Score]] = []
    threads = [
        threading.Thread(target=lambda: found.append([classifier.score(*pair) for pair in written[:60]]))
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [expected] * 4


@settings(deadline=None)
@given(PAIRS)
def test_any_text_gives_a_score(classifier: Classifier, pair: Pair) -> None:
    score = classifier.score(*pair)
    assert 0 <= score.promotional <= 1
    article = pair[1]
    known = article is not None and bool(article.title or article.body)
    assert (score.off_topic is not None) == known
    assert all(np.isfinite(reason.weight) for reason in score.reasons)


@pytest.mark.parametrize("article", [None, Article(), Article(id="a-9", url="https://news.example/9")])
def test_nothing_is_off_topic_without_text(classifier: Classifier, article: Article | None) -> None:
    assert classifier.score(Comment("The ferry!"), article).off_topic is None


def test_own_article_is_nearer_than_another(classifier: Classifier) -> None:
    comment = Comment("At last the night ferry sails again, the islanders waited all winter for it at the harbour.")
    own, other = classifier.score(comment, FERRY).off_topic, classifier.score(comment, LIBRARY).off_topic
    assert own is not None
    assert other is not None
    assert own < other


def assert_adds_up(score: Score, base: float, calibration: np.ndarray[tuple[int, int], np.dtype[np.float64]]) -> None:
    """The base and all weights give the logit, within rounding: four decimals a weight, six of the probability."""
    logit = base + sum(reason.weight for reason in score.reasons)
    low, high = probabilities(calibrated(np.array([logit - 1e-3, logit + 1e-3]), calibration)).tolist()
    assert low - 1e-6 <= score.promotional <= high + 1e-6


def test_weights_add_up_to_the_logit(
    release: Release, written: list[Pair], calibration: np.ndarray[tuple[int, int], np.dtype[np.float64]]
) -> None:
    for score in release.classifier.score_many([*written, (SPAM, FERRY), (SPAM, None)]):
        assert_adds_up(score, release.manifest["base"], calibration)


@settings(deadline=None)
@given(PAIRS)
def test_hostile_weights_add_up_too(
    release: Release, calibration: np.ndarray[tuple[int, int], np.dtype[np.float64]], pair: Pair
) -> None:
    assert_adds_up(release.classifier.score(*pair), release.manifest["base"], calibration)


def test_known_weights_give_known_probabilities() -> None:
    sketch = Sketch(columns={"LINK": 2.0, "gambling": 1.0}, lexicon={"togel": "gambling"})
    plain, link, both = sketch.classifier().score_many(
        [(Comment("hello"), None), (Comment("https://a.com"), None), (Comment("togel https://a.com"), None)]
    )
    logits = [BASE, BASE + 2, BASE + 2 + np.log(2)]
    assert [plain.promotional, link.promotional, both.promotional] == pytest.approx(
        [1 / (1 + np.exp(-logit)) for logit in logits], abs=1e-6
    )
    assert plain.reasons == ()


def test_calibration_is_a_line_beyond_its_ends() -> None:
    points = np.array([[-1.0, 0.0, 2.0], [-2.0, 0.0, 1.0]])
    found = calibrated(np.array([-3.0, -1.0, -0.5, 0.0, 1.0, 2.0, 6.0]), points)
    assert found.tolist() == [-6.0, -2.0, -1.0, 0.0, 0.5, 1.0, 3.0]


def test_weights_of_another_program_are_refused() -> None:
    parameters = Sketch().parameters()
    with pytest.raises(ValueError, match="columns"):
        Classifier(replace(parameters, columns=parameters.columns[:-1]), "short")


def assert_points_at_its_text(comment: Comment, reason: Reason) -> None:
    author = comment.author
    text = {"body": comment.body, "author.name": author.name, "author.url": author.url}[reason.field]
    if reason.span is None:
        assert reason.text == ""
        return
    begin, end = reason.span
    assert 0 <= begin < end <= len(text)
    assert reason.text == text[begin:end][:200]


def test_every_reason_points_at_its_text(classifier: Classifier, written: list[Pair]) -> None:
    pairs = [*written, (SPAM, FERRY), (SPAM, None)]
    for (comment, _), score in zip(pairs, classifier.score_many(pairs), strict=True):
        for reason in score.reasons:
            assert_points_at_its_text(comment, reason)


@settings(deadline=None)
@given(PAIRS)
def test_hostile_reasons_point_at_their_text(classifier: Classifier, pair: Pair) -> None:
    for reason in classifier.score(*pair).reasons:
        assert_points_at_its_text(pair[0], reason)


@pytest.fixture(scope="module")
def seed() -> Pair:
    """The comment that this project began with, under its article."""
    path = DATA / "seed.json"
    if not path.is_file():
        pytest.skip(f"no {path}: name a folder that holds it with MODERATION_TEST_DATA")
    told = json.loads(path.read_text(encoding="utf-8"))
    comment, article = told["comment"], told["article"]
    sent = Comment(
        comment["body"],
        comment["id"],
        datetime.fromisoformat(comment["created_at"]),
        author=Author(**comment["author"]),
    )
    return sent, Article(article["id"], article["title"], article["body"], published_at=_time(article))


def _time(article: dict[str, str]) -> datetime | None:
    return datetime.fromisoformat(article["published_at"]) if "published_at" in article else None


def action(release: Release, comment: Comment, article: Article | None) -> Action:
    score = release.classifier.score(comment, article)
    return decide(comment, score, Facts(), SitePolicy(release.thresholds)).action


def test_seed_is_found_with_its_reasons(release: Release, seed: Pair) -> None:
    score = release.classifier.score(*seed)
    assert score.promotional >= 0.95
    assert action(release, *seed) in (Action.HOLD, Action.REJECT)
    assert any("togel singapore" in reason.text for reason in score.reasons)
    assert any(reason.signal == "empty praise" for reason in score.reasons)


def test_seed_without_its_term_is_at_most_held(release: Release, seed: Pair) -> None:
    comment, article = seed
    assert action(release, replace(comment, body=comment.body.rpartition("\n")[0]), article) is not Action.REJECT


@pytest.mark.parametrize(
    "body",
    [
        "The helicopter was shot down right after it brought aid to Aleppo. How long before Washington and Moscow agree"
        " on anything about Syria?",
        "Five dead on board, and each side says that the other broke the truce. Nobody in Idlib believes them.",
        "Rudskoi speaks of corridors while 300,000 people are trapped in the city. I don't believe a word of it.",
    ],
)
def test_comments_on_its_article_are_published(release: Release, seed: Pair, body: str) -> None:
    comment = Comment(body, created_at=datetime(2016, 8, 2, 9, 30, tzinfo=UTC), author=Author(name="Martha"))
    assert action(release, comment, seed[1]) is Action.PUBLISH
