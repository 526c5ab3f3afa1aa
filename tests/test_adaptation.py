"""A site's own decisions correct its scores: bounded, told as a reason, switched off, forgotten."""

from datetime import timedelta

import pytest

from moderation.comment import Author, Comment, Decision, Score
from moderation.detection import adaptation as learner
from moderation.detection.adaptation import MOST, REASON, Example
from moderation.moderator import Conflict, Moderator, Site
from moderation.release import Release
from tests.conftest import THRESHOLDS, Clock

PLUGS = ["lovely vase in", "my kiln is open in", "ask for my pots in", "hand made bowls from"]
TOWNS = ["Ulm", "Kiel", "Jena", "Hof", "Trier", "Bonn", "Essen", "Gera", "Celle", "Calw"]
TALK = ["the council voted late in", "the tram will stop in", "my school was closed in", "it rained for days in"]


def decide_some(moderator: Moderator, site: Site, count: int = 10) -> None:
    """Decide on so many comments of either kind, none a near-duplicate of another."""
    for number in range(count):
        for openings, decision in ((PLUGS, Decision.REJECT_PROMOTIONAL), (TALK, Decision.APPROVE)):
            body = f"{openings[number % 4]} {TOWNS[number]} {'abcdefghij'[number] * 9} {TOWNS[-number]}"
            name = f"{decision.value}-{number}"
            moderator.check(site, Comment(body, name, author=Author(name="potter")))
            moderator.decide(site, name, decision, "ann")


def corrected(moderator: Moderator, site: Site, body: str) -> tuple[float, float]:
    """The probability of a comment on the site, and how much of its logit the site's decisions are."""
    [advice] = moderator.score_many([(Comment(body), None)], site)
    weights = {reason.signal: reason.weight for reason in advice.score.reasons}
    return advice.score.promotional, weights.get(REASON, 0.0)


def test_decisions_move_what_is_like_them(moderator: Moderator, site: Site) -> None:
    plain = corrected(moderator, site, "hand made pots in Ulm")
    decide_some(moderator, site)
    learned = moderator.adaptation.learn(site)
    assert (learned.decisions, learned.site, learned.active) == (20, "gazette", True)
    after, weight = corrected(moderator, site, "hand made pots in Ulm")
    assert plain[1] == 0 < weight <= MOST
    assert after > plain[0]
    assert corrected(moderator, site, "the council voted late in Ulm")[1] < weight / 2


def test_other_sites_are_left_alone(moderator: Moderator, site: Site) -> None:
    moderator.add_site("herald", THRESHOLDS)
    decide_some(moderator, site)
    moderator.adaptation.learn(site)
    assert corrected(moderator, moderator.site("herald"), "hand made pots in Ulm")[1] == 0


def test_correction_is_switched_off_and_forgotten(moderator: Moderator, site: Site) -> None:
    decide_some(moderator, site)
    moderator.adaptation.learn(site)
    moderator.adaptation.switch(site, on=False)
    assert corrected(moderator, site, "hand made pots in Ulm")[1] == 0
    moderator.adaptation.learn(site)  # the site's wish outlives what is learned
    assert corrected(moderator, site, "hand made pots in Ulm")[1] == 0
    moderator.adaptation.switch(site, on=True)
    assert corrected(moderator, site, "hand made pots in Ulm")[1] > 0
    moderator.adaptation.forget(site)
    assert corrected(moderator, site, "hand made pots in Ulm")[1] == 0
    assert moderator.adaptation.every() == ()


def test_other_processes_notice_within_seconds(
    moderator: Moderator, site: Site, release: Release, clock: Clock
) -> None:
    other = Moderator(release, moderator._stored.database, clock)
    decide_some(moderator, site)
    assert corrected(other, site, "hand made pots in Ulm")[1] == 0
    moderator.adaptation.learn(site)
    clock.advance(seconds=6)
    assert corrected(other, site, "hand made pots in Ulm")[1] > 0


def test_too_few_or_one_kind_are_refused(moderator: Moderator, site: Site) -> None:
    with pytest.raises(Conflict, match="0 decisions on different texts"):
        moderator.adaptation.learn(site)
    for number in range(12):
        moderator.check(site, Comment(f"{TOWNS[number % 10]} {'abcdefghijkl'[number] * 20}", str(number)))
        moderator.decide(site, str(number), Decision.APPROVE, "ann")
    with pytest.raises(Conflict, match="12 decisions on different texts, 0 of them promotional"):
        moderator.adaptation.learn(site)


def test_lessons_say_what_speaks_against_them(moderator: Moderator, site: Site, clock: Clock) -> None:
    for name in "abcd":
        moderator.check(site, Comment(f"text of {name}", name))
        moderator.decide(site, name, Decision.REJECT_PROMOTIONAL, "ann")
    moderator.undo(site, "a", "bob")
    moderator.decide(site, "b", Decision.APPROVE, "bob")
    moderator.check(site, Comment("another text of c", "c"))
    clock.advance(days=2)
    found = [(lesson.comment.id, lesson.made_by, lesson.unfit) for lesson in moderator.adaptation.lessons(site)]
    assert found == [
        ("b", "bob", None),
        ("d", "ann", None),
        ("c", "ann", "the comment's text changed since"),
        ("b", "ann", "decided again later"),
        ("a", "ann", "taken back"),
    ]
    moderator.reports.purge(timedelta(days=1))
    assert {lesson.unfit for lesson in moderator.adaptation.lessons()} >= {"the comment's text was purged"}


def test_weights_still_add_up(release: Release) -> None:
    classifier = release.classifier
    [score] = classifier.score_many([(Comment("Very nice article, visit http://casino.example"), None)])
    again = classifier.with_reason(score, REASON, 0.0)
    assert again == score
    more = classifier.with_reason(score, REASON, 1.5)
    assert sum(r.weight for r in more.reasons) == pytest.approx(sum(r.weight for r in score.reasons) + 1.5)
    assert more.promotional > score.promotional
    back = classifier.with_reason(more, REASON, -1.5)
    assert back.promotional == pytest.approx(score.promotional, abs=1e-4)


def test_one_more_reason_leaves_the_strongest_eight(release: Release) -> None:
    body = "Very nice article! Cheap casino bonus, 12 loans. Call 0812-3456-7890 or see http://casino.example today"
    score = release.classifier.score(Comment(body, author=Author("cheap casino bonus", "http://casino.example/a-b")))
    assert [reason.signal for reason in score.reasons][8:] == ["rest"]
    more = release.classifier.with_reason(score, REASON, 0.5)
    assert len(more.reasons) <= 9
    assert sum(r.weight for r in more.reasons) == pytest.approx(sum(r.weight for r in score.reasons) + 0.5)


def test_no_decisions_move_a_score_beyond_the_bound() -> None:
    score = Score(0.5, None, (), "r")
    mad = [Example(Comment("buy"), score, True, 1e6), Example(Comment("talk"), score, False, 1e6)] * 50
    correction = learner.learn(mad, "r")
    assert MOST - 0.5 < correction.of(Comment("buy"), score) <= MOST
    assert correction.of(Comment("buy"), score._replace(release="another")) == 0


def test_correction_survives_being_kept() -> None:
    score = Score(0.5, None, (), "r")
    correction = learner.learn([Example(Comment("buy"), score, True), Example(Comment("talk"), score, False)], "r")
    again = learner.read_correction("r", 2, correction.as_bytes())
    assert again.of(Comment("buy now"), score) == correction.of(Comment("buy now"), score) > 0
    with pytest.raises(ValueError, match="whole pairs"):
        learner.read_correction("r", 2, b"abc")


def test_labels_that_contradict_the_release_do_not_run_away() -> None:
    """All are scored as promotion, half are ordinary: other comments move little, and not all the same way."""
    talk = "we met at the old mill by the river and spoke of the harvest until late, as each year"
    plug = "order cheap handmade bowls and vases from my kiln today and have them sent to your door"
    words = [f"{'abcdefghij'[number % 10] * 7} {'klmnopqrst'[number // 10] * 7}" for number in range(60)]
    score = Score(0.95, None, (), "first")
    examples = [
        Example(Comment(f"{plug if number % 2 else talk} {word}"), score, bool(number % 2))
        for number, word in enumerate(words)
    ]
    correction = learner.learn(examples, "first")
    assert correction.of(Comment(talk), score) < -1
    assert correction.of(Comment(plug), score) > 0
    assert abs(correction.of(Comment("ein anderer Satz"), score)) < 1.5
