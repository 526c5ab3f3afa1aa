"""The language of texts that are long enough to tell."""

import pytest

from moderation.detection.languages import language_of


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("This is a long enough comment about the council and its new bridge", "en"),
        ("Das ist ein ausreichend langer Kommentar über die neue Brücke", "de"),
        ("Este comentario es bastante largo y habla del puente nuevo", "es"),
        ("Это достаточно длинный комментарий о новом мосте", "ru"),
        ("これは新しい橋についての十分に長いコメントです", "ja"),
        ("", ""),
        ("12345 !!! :-)", ""),
        ("\0\ud800", ""),
    ],
)
def test_language_is_told_where_it_can(text: str, language: str) -> None:
    assert language_of(text) == language
