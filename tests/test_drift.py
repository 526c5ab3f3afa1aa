"""Live comments are held against the training: alike says nothing, moved says that it is time to train again."""

import numpy as np
import pytest
from numpy.typing import NDArray

from moderation.drift import ENOUGH, Live, Reference, measure, of_manifest, reference, unseen_share
from moderation.release import Release

HOLD = 0.9


def drawn(seed: int, count: int = 4_000, shape: float = 8.0) -> NDArray[np.float64]:
    return np.random.default_rng(seed).beta(1, shape, count)


@pytest.fixture
def known() -> Reference:
    found = of_manifest({"drift": reference(drawn(1), HOLD, unseen=0.02)})
    assert found is not None
    return found


def test_comments_alike_are_no_drift(known: Reference) -> None:
    found = measure(known, Live(drawn(2), 0, 0, unseen=0.02), HOLD)
    assert found.stability is not None
    assert found.stability < 0.02
    assert found.sentence == "Comments are as they were in the training."


def test_promotion_among_them_is_no_drift_of_the_others(known: Reference) -> None:
    mixed = np.concatenate([drawn(2), np.full(800, 0.97)])
    assert measure(known, Live(mixed, 0, 0), HOLD).reasons == ()


def test_moved_probabilities_ask_for_training(known: Reference) -> None:
    found = measure(known, Live(drawn(2, shape=3.0), 0, 0), HOLD)
    assert "It is time to train again: the probabilities have moved" in found.sentence


def test_new_words_ask_for_training(known: Reference) -> None:
    assert "30.0% of words are new" in measure(known, Live(drawn(2), 0, 0, unseen=0.3), HOLD).sentence


def test_disagreement_asks_for_training(known: Reference) -> None:
    live = np.concatenate([drawn(2), np.full(500, 0.97)])
    assert "held and then approved" in measure(known, Live(live, decided=400, approved=300), HOLD).sentence
    assert measure(known, Live(live, decided=400, approved=1), HOLD).reasons == ()


def test_few_comments_tell_nothing(known: Reference) -> None:
    found = measure(known, Live(drawn(2, count=ENOUGH - 1), 0, 0), HOLD)
    assert found.sentence == f"Too few comments to tell whether they have changed: {ENOUGH - 1} of {ENOUGH}."


@pytest.mark.parametrize("manifest", [{}, {"drift": None}, {"drift": {"edges": []}}, {"drift": "x"}])
def test_older_manifest_has_no_reference(manifest: dict[str, object]) -> None:
    assert of_manifest(manifest) is None


def test_invented_words_are_new(release: Release) -> None:
    plain = ["the harbour board said that the ferry sails again in May", "thank you, this was good to read"]
    odd = ["qwrtzk vbnmplk xcvwqrt", "zzkqpw trmnbv qqxwvz"]
    assert unseen_share(release.tables, plain) < 0.2 < unseen_share(release.tables, odd)
    assert unseen_share(release.tables, plain, of_training=True) >= unseen_share(release.tables, plain)
    assert unseen_share(release.tables, []) == 0
