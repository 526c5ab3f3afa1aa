"""Folding: every disguise is read, honest writing stays what it is, and each place leads back to the text as sent."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from moderation.detection.text import SPACE, Folded, Folder, Kind
from tests.detection.conftest import TEXTS, folded_words, shown, the_folder

ZALGO = "".join(letter + chr(0x0300 + place) + chr(0x0323 + place) + "\u0336" for place, letter in enumerate("casino"))


def folded_text(folded: Folded, text: int) -> str:
    return shown(folded.codes[folded.starts[text] : folded.starts[text + 1]])


def counts(folded: Folded) -> tuple[list[int], list[int], list[int]]:
    mixed, spaced, leet, _ = folded.disguises.T.tolist()
    return mixed, spaced, leet


@pytest.mark.parametrize(
    "text",
    [
        "CASINO",
        "ｃａｓｉｎｏ",
        "ＣＡＳＩＮＯ",
        "𝐜𝐚𝐬𝐢𝐧𝐨",
        "𝘾𝘼𝙎𝙄𝙉𝙊",
        "𝒸𝒶𝓈𝒾𝓃ℴ",
        "𝔠𝔞𝔰𝔦𝔫𝔬",
        "𝕔𝕒𝕤𝕚𝕟𝕠",
        "ⓒⓐⓢⓘⓝⓞ",
        "🅲🅰🆂🅸🅽🅾",
        "🅒🅐🅢🅘🅝🅞",
        "🇨🇦🇸🇮🇳🇴",
        "ᴄᴀꜱɪɴᴏ",
        "ᶜᵃˢⁱⁿᵒ",
        "çåśïñø",
        "c̶a̶s̶i̶n̶o̶",
        ZALGO,
        "ca\u200bsi\u200c\u200dno\ufeff",
        "c\u00ada\u2060s\u180ei\u061cno",
        "\u202eonisac\u202c",
        "\u2067cas\u200fino\u2069",
        "c\ufe0fa\ufe0fsino",
        "cas\U000e0041ino",
        "c\0a\0s\0i\0n\0o",
        "c\u034fasino",
        "c\u3164asino",
        "cas\u115fi\uffa0no",
        "cas\U000e0100ino",
    ],
    ids=ascii,
)
def test_dressed_up_letters_fold_back(folder: Folder, text: str) -> None:
    folded = folder.fold([text])
    assert folded_words(folded, 0) == ["casino"]
    assert counts(folded) == ([0], [0], [0])


@pytest.mark.parametrize("between", [" ", ".", "-", "*", "|", "  ", " . ", "\n", "\u200b ", "🎰", " 🎰 "], ids=ascii)
def test_spaced_letters_close_up(folder: Folder, between: str) -> None:
    folded = folder.fold(["play " + between.join("casino") + " now"])
    assert folded_words(folded, 0)[-2:] == ["casino", "now"]
    assert counts(folded)[1] == [1]


def test_each_spaced_word_is_counted(folder: Folder) -> None:
    folded = folder.fold(["c a s i n o and p.o.k.e.r", "one a b c two"])
    assert folded_words(folded, 0) == ["casino", "and", "poker"]
    assert folded_words(folded, 1) == ["one", "a", "b", "c", "two"]
    assert counts(folded)[1] == [2, 0]


@pytest.mark.parametrize(
    ("text", "word", "count"),
    [
        ("cas1no", "casino", 1),
        ("c4s1no", "casino", 2),
        ("p0k3r", "poker", 2),
        ("ca$ino", "casino", 1),
        ("v1agra", "viagra", 1),
        ("be7s", "bets", 1),
        ("le5s", "less", 1),
        ("PÖK3R", "poker", 1),
    ],
)
def test_digits_inside_words_are_read(folder: Folder, text: str, word: str, count: int) -> None:
    folded = folder.fold([text])
    assert folded_words(folded, 0) == [word]
    assert counts(folded)[2] == [count]


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("саsinо", "casino"),
        ("сasino", "casino"),
        ("cаsіnо", "casino"),
        ("ϲasіnο", "casino"),
        ("ЅLОТ", "slot"),
        ("pοker", "poker"),
        ("ΒET", "bet"),
        ("ցold", "gold"),
        ("с\u200basino", "casino"),
        ("казинo", "казино"),
        ("пoкупки", "покупки"),
    ],
    ids=ascii,
)
def test_look_alikes_are_written_alike(folder: Folder, text: str, word: str) -> None:
    folded = folder.fold([text])
    assert folded_words(folded, 0) == [word]
    assert counts(folded)[0] == [1]


@pytest.mark.parametrize(
    "text",
    [
        "Поезд пришёл вовремя, а Wi-Fi в вагоне работал. Об этом писали в Telegram и в iPhone-чате.",
        "Я согласен: С. А. Иванов прав, а 3-й трамвай и 5G тут ни при чём, и т. д.",
        "Спасибо, жду ответа в Telegramе.",
        "今天火车准时到达，我们三个人一起去了北京，2024年的GDP增长了。",
        "오늘 기차가 제시간에 도착했습니다. K-pop 좋아요 ㅋㅋㅋ",
        "وصل القطار في موعده اليوم، والحمد لله. شكرًا يا محمّد",
        "आज ट्रेन समय पर आई, बहुत अच्छा लगा। धन्यवाद",
        "Kereta hari ini tiba tepat waktu, terima kasih banyak pak, naik lagi minggu depan.",
        "Der Zug kam heute pünktlich, schöne Grüße aus Köln! Z. B. um 18:05 Uhr, für 5 €.",
        "Le café était très bon, où êtes-vous ? L'été à Nîmes…",
        "Η Αθήνα είναι όμορφη, έγραψα από το iPhone.",
        "תודה רבה, שָׁלוֹם לכולם",
        "So good 😂😂😂🔥❤️ 👍🏽 👨‍👩‍👧 see you soon",
        "We met in the U.S.A. at 5 p.m. to read J. R. R. Tolkien's books.",
        "She paid $5 for A4 paper and 3 kg of flour in the 1990s.",
    ],
)
def test_honest_writing_counts_as_no_disguise(folder: Folder, text: str) -> None:
    assert counts(folder.fold([text])) == ([0], [0], [0])


def test_words_of_other_scripts_stay(folder: Folder) -> None:
    folded = folder.fold(["Поезд ПРИШЁЛ", "今天火车", "기차가 왔다", "लगा।", "شُكْرًا", "Straße", "カタカナ"])
    assert folded_words(folded, 0) == ["поезд", "пришел"]
    assert folded_words(folded, 1) == ["今", "天", "火", "车"]
    assert folded_words(folded, 2) == ["기차가", "왔다"]
    assert folded_words(folded, 3) == ["लगा"]
    assert folded_words(folded, 4) == ["شكرا"]
    assert folded_words(folded, 5) == ["strasse"]
    assert folded_words(folded, 6) == ["カタカナ"]


def test_digits_all_read_as_one(folder: Folder) -> None:
    assert [folded_text(folder.fold([text]), 0) for text in ("2024", "１９８７", "٣٤٥٦")] == [" 0000"] * 3


def test_numbers_keep_their_length(folder: Folder) -> None:
    assert folded_words(folder.fold(["call 2025550100 or 1111111"]), 0) == ["call", "0" * 10, "or", "0" * 7]


def test_drawn_out_letters_are_shortened(folder: Folder) -> None:
    folded = folder.fold(["sooooo     good", "soo good"])
    assert folded_words(folded, 0) == folded_words(folded, 1) == ["soo", "good"]


@pytest.mark.parametrize(
    "text", ["", "\0", "\0\0\0", "\u200b\ufeff", "\u202e\u202c", "  \n\t\u3000", "\u0301"], ids=ascii
)
def test_texts_of_nothing_have_no_words(folder: Folder, text: str) -> None:
    folded = folder.fold(["before", text, "after"])
    assert folded_text(folded, 1).strip() == ""
    assert np.diff(folded.first_word).tolist() == [1, 0, 1]
    assert folded_words(folded, 2) == ["after"]


def test_lone_surrogates_are_letters_of_nothing(folder: Folder) -> None:
    folded = folder.fold(["\ud800", "a\udfffb", "\ud83d\ud83d"])
    assert [folded_words(folded, text) for text in range(3)] == [[], ["a", "b"], []]


def test_an_empty_batch_is_empty(folder: Folder) -> None:
    folded = folder.fold([])
    assert (len(folded), len(folded.word_start), folded.raw_kinds.shape) == (0, 0, (0, len(Kind)))


def test_kinds_are_counted_as_sent(folder: Folder) -> None:
    folded = folder.fold(["Ab1 \n😀\u200bжα金ｃ́€!ب", "zz"])
    kinds = {Kind(kind): int(count) for kind, count in enumerate(folded.raw_kinds[0]) if count}
    one_each = (
        Kind.UPPER,
        Kind.LOWER,
        Kind.DIGIT,
        Kind.NEWLINE,
        Kind.SYMBOL,
        Kind.INVISIBLE,
        Kind.CYRILLIC,
        Kind.GREEK,
    )
    more = (Kind.IDEOGRAPH, Kind.STYLED, Kind.MARK, Kind.CURRENCY, Kind.PUNCTUATION, Kind.LETTER)
    assert kinds == {Kind.SPACE: 2, **dict.fromkeys((*one_each, *more), 1)}  # one space is that before the text
    assert folded.raw_kinds[1, Kind.LOWER] == 2


@given(st.lists(TEXTS, max_size=6))
def test_places_lead_into_their_text(texts: list[str]) -> None:
    folded = the_folder().fold(texts)
    assert len(folded) == len(texts)
    for text, begin, end in zip(texts, folded.starts[:-1], folded.starts[1:], strict=True):
        source = folded.source[begin:end]
        assert (folded.codes[begin], source[0]) == (SPACE, -1)
        assert (np.diff(source) >= 0).all()
        assert ((source[1:] >= 0) & (source[1:] < len(text))).all()


@given(st.text("abcdefgh XYZ,é", max_size=80))
def test_each_letter_stands_at_its_place(text: str) -> None:
    folded = the_folder().fold([text])
    sent = [text[place].casefold().replace("é", "e") for place in folded.source[1 : folded.starts[1]].tolist()]
    assert "".join(sent) == folded_text(folded, 0)[1:]


@given(st.lists(TEXTS, min_size=1, max_size=6))
def test_folding_ignores_the_neighbours(texts: list[str]) -> None:
    together = the_folder().fold(texts)
    for place, text in enumerate(texts):
        alone = the_folder().fold([text])
        own = slice(together.starts[place], together.starts[place + 1])
        assert folded_text(together, place) == folded_text(alone, 0)
        assert together.source[own].tolist() == alone.source[: alone.starts[1]].tolist()
        assert folded_words(together, place) == folded_words(alone, 0)
        assert together.raw_kinds[place].tolist() == alone.raw_kinds[0].tolist()
        assert [count[place] for count in counts(together)] == [count[0] for count in counts(alone)]


@given(st.lists(TEXTS, max_size=6))
def test_words_never_leave_their_text(texts: list[str]) -> None:
    folded = the_folder().fold(texts)
    assert (folded.word_start < folded.word_end).all()
    assert (folded.word_end[:-1] <= folded.word_start[1:]).all()
    assert (folded.word_start > folded.starts[folded.word_text]).all()
    assert (folded.word_end <= folded.starts[folded.word_text + 1]).all()
    assert np.diff(folded.first_word).tolist() == np.bincount(folded.word_text, minlength=len(texts)).tolist()


@pytest.mark.parametrize("end", ["\u202c, friend", "\n, friend", ""], ids=ascii)
def test_overridden_text_reads_as_it_shows(folder: Folder, end: str) -> None:
    hidden, kept = "casino", end.removeprefix("\u202c").replace("\n", " ")
    sent = f"the \u202e{hidden[::-1]}{end}"
    folded = folder.fold([sent])
    assert folded_text(folded, 0).strip() == f"the {hidden}{kept}".strip()
    places = folded.source[folded.starts[0] + 1 : folded.starts[1]].tolist()
    assert "".join(sent[place] for place in places).replace("\n", " ") == f"the {hidden}{kept}"
