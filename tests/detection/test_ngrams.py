"""Hashed n-grams: the same words give the same hashes, wherever and in whatever company they stand."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from moderation.detection.ngrams import NOTHING, ORDERS, STEM, buckets, code_point_buckets
from moderation.detection.text import Folded, Folder, Hashes
from tests.detection.conftest import TEXTS, the_folder

BITS = 20


def unsalted(folded: Folded) -> Hashes:
    return np.zeros(len(folded.codes), np.uint32)


def grams(folded: Folded, text: int) -> list[list[int]]:
    """The buckets at the places of one text, by order, without places where no n-gram begins."""
    found = [table.tolist() for table in code_point_buckets(folded, unsalted(folded), BITS)]
    begin, end = int(folded.starts[text]), int(folded.starts[text + 1])
    return [[bucket for bucket in table[begin:end] if bucket != NOTHING] for table in found]


def test_word_has_one_hash_everywhere(folder: Folder) -> None:
    hashes = folder.fold(["casino is open", "the CASINO", "金 casino"]).hashes
    assert hashes[0] == hashes[4] == hashes[6]
    assert len(set(hashes.tolist())) == 5


def test_words_of_same_letters_differ(folder: Folder) -> None:
    hashes = folder.fold(["casino sonica caisno casin casinos onisac a aa"]).hashes
    assert len(set(hashes.tolist())) == 8


def test_stems_agree_across_endings(folder: Folder) -> None:
    folded = folder.fold(["reporter reported report vote voter"])
    words, stems = folded.hashes, folded.stems
    assert stems[0] == stems[1] == stems[2]
    assert stems[3] != stems[4]  # five letters are kept
    assert stems[3] == words[3]
    assert STEM == 5


def test_pairs_know_their_order(folder: Folder) -> None:
    folded = folder.fold(["free money free"])
    first, second, last = folded.pairs.tolist()
    assert first != second
    assert last == NOTHING


def test_pairs_end_with_their_text(folder: Folder) -> None:
    folded = folder.fold(["free", "money now", "", "free money"])
    pairs = folded.pairs.tolist()
    assert [pair == NOTHING for pair in pairs] == [True, False, True, False, True]


@given(st.lists(TEXTS, min_size=1, max_size=5))
def test_ngrams_ignore_the_neighbours(texts: list[str]) -> None:
    together = the_folder().fold(texts)
    for place, text in enumerate(texts):
        own, alone = grams(together, place), grams(the_folder().fold([text]), 0)
        assert own[: len(alone)] == alone
        assert not any(own[len(alone) :])


def test_ngrams_are_three_to_five_long(folder: Folder) -> None:
    text = "abcdefgh"  # with the space before it and the one behind, of the text that follows
    sizes = [len(found) for found in grams(folder.fold([text, "next"]), 0)]
    assert sizes == [len(text) + 2 - order + 1 for order in ORDERS]
    assert tuple(ORDERS) == (3, 4, 5)


@pytest.mark.parametrize(("text", "count"), [("", 0), ("a", 1), ("ab", 3), ("abc", 6)])
def test_short_texts_have_few_ngrams(folder: Folder, text: str, count: int) -> None:
    for texts in ([text], [text, "next", "after"], ["", text, ""]):
        assert sum(map(len, grams(folder.fold(texts), texts.index(text) if text else 0))) == count


def test_salts_tell_fields_apart(folder: Folder) -> None:
    folded = folder.fold(["casino", "casino"])
    salts = unsalted(folded)
    salts[folded.starts[1] :] = 0x165667B1
    for found in code_point_buckets(folded, salts, BITS):
        own, other = found[: folded.starts[1] - 4], found[folded.starts[1] : folded.starts[1] + 3]
        assert len(own) == len(other) == 3
        assert not set(own.tolist()) & set(other.tolist())


def test_buckets_are_evenly_filled(folder: Folder) -> None:
    words = [f"{head}{middle}{tail}" for head in "bcdfghkl" for middle in "aeiou" for tail in "lmnprstz"]
    pairs = [f"{one}{other}" for one, other in pairwise(words)] + [f"{word}x{word[::-1]}" for word in words]
    found = buckets(folder.fold([" ".join(words + pairs)]).hashes, 16)
    assert found.max() < 1 << 16
    expected = len(found) ** 2 / 2 / (1 << 16)  # pairs that share a bucket by chance
    assert len(found) - len(set(found.tolist())) < 4 * expected


def test_nothing_has_the_first_bucket() -> None:
    assert buckets(np.array([NOTHING], np.uint32), BITS).tolist() == [0]
