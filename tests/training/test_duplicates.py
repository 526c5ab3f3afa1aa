"""Near-duplicates are one group, and nothing else is."""

from training.duplicates import group_duplicates

ADVERT = "Join our casino tonight and win big prizes with the best slots in the whole country, no deposit is needed"
OTHER = "The council voted on the new bridge yesterday, and nobody asked the people who have to cross it every morning"


def test_small_changes_stay_one_group() -> None:
    groups = group_duplicates([ADVERT, OTHER, ADVERT.replace("tonight", "today"), ADVERT + "!!!"])
    assert groups[0] == groups[2] == groups[3] != groups[1]


def test_disguised_copies_stay_one_group() -> None:
    wide = "".join(chr(ord(char) + 0xFEE0) if char.isascii() and char.isalpha() else char for char in ADVERT)
    groups = group_duplicates([ADVERT, wide, OTHER])
    assert groups[0] == groups[1] != groups[2]


def test_different_short_comments_stay_apart() -> None:
    assert len(set(group_duplicates(["Thanks", "Nice one", "First", "No way", "I agree"]).tolist())) == 5


def test_wordless_comments_are_nobodys_copies() -> None:
    assert len(set(group_duplicates(["!!!", "???", "👍", ""]).tolist())) == 4


def test_groups_do_not_depend_on_order() -> None:
    texts = [ADVERT, OTHER, ADVERT + " now"]
    forwards, backwards = group_duplicates(texts), group_duplicates(texts[::-1])[::-1]
    for groups in (forwards, backwards):
        assert groups[0] == groups[2] != groups[1]


def test_no_text_gives_no_group() -> None:
    assert group_duplicates([]).tolist() == []
