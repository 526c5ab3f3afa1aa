"""The written corpus: its grammar, its files, and what must be alike in both labels."""

import re
import subprocess
import sys
from importlib.resources import files
from random import Random

import pandas as pd
import pytest

from training.corpus import ARTICLE_COLUMNS, COMMENT_COLUMNS, HAM, PROMOTIONAL, languages, write_corpus
from training.corpus.dress import dress
from training.corpus.grammar import (
    ORDINARY_KINDS,
    PROMOTIONAL_KINDS,
    Language,
    TemplateError,
    empty_share,
    expand,
    parse,
    read_language,
    slot_names,
)
from training.corpus.scene import BUILT_IN, Scene

LANGUAGES = languages()
SOURCE = """
language = "xx"
[slots]
person = ["Ann"]
brand_word = ["bet"]
[[articles]]
title = "T"
body = "B."
terms = ["t"]
[[promotional]]
kind = "Gambling Sites"
texts = [{promotion!r}]
[[ordinary]]
kind = "thanks"
texts = ["Thanks, {{person}}"]
"""


@pytest.fixture(scope="module")
def corpus() -> tuple[pd.DataFrame, pd.DataFrame]:
    return write_corpus(seed=7, per_language=2000)


@pytest.fixture(scope="module")
def comments(corpus: tuple[pd.DataFrame, pd.DataFrame]) -> pd.DataFrame:
    return corpus[0]


def read(promotion: str) -> Language:
    return read_language("xx.toml", SOURCE.format(promotion=promotion), BUILT_IN)


def test_every_choice_of_template_occurs() -> None:
    template = parse("{a|b{c|d}|}{person}!")
    rng = Random(1)
    assert {expand(template, rng, str.upper) for _ in range(200)} == {"aPERSON!", "bcPERSON!", "bdPERSON!", "PERSON!"}


def test_bar_outside_braces_is_text() -> None:
    assert expand(parse("a | b"), Random(1), str) == "a | b"


def test_slots_are_found_in_choices() -> None:
    assert set(slot_names(parse("{x|{one}} {two}"))) == {"one", "two"}


def test_share_of_empty_wordings_counted() -> None:
    assert empty_share(parse("{https://{domain}/||{x|}|y}")) == pytest.approx((0 + 1 + 0.5 + 0) / 4)


@pytest.mark.parametrize("wrong", ["{a|b", "a}", "{no such slot}", "{nowhere}", "{}"])
def test_wrong_template_is_named_fully(wrong: str) -> None:
    with pytest.raises(TemplateError) as error:
        read(wrong)
    assert "xx.toml" in str(error.value)
    assert "gambling_sites" in str(error.value)
    assert repr(wrong) in str(error.value)


def test_slot_holding_itself_is_refused() -> None:
    source = SOURCE.format(promotion="{bet}").replace(
        'person = ["Ann"]', 'person = ["{bet}"]\nbet = ["{person} {bet}"]'
    )
    with pytest.raises(TemplateError, match="holds itself"):
        read_language("xx.toml", source, BUILT_IN)


def test_key_nobody_reads_is_refused() -> None:
    with pytest.raises(TemplateError, match="unknown key: text"):
        read_language("xx.toml", SOURCE.format(promotion="p") + 'text = ["lost"]\n', BUILT_IN)


@pytest.mark.parametrize("built_in", sorted(BUILT_IN))
def test_built_in_slot_gives_text(built_in: str) -> None:
    language = read(f"-{{{built_in}}}-")
    [recipe] = language.promotional["gambling_sites"]
    texts = {Scene(Random(seed), language, language.stories[0]).write(recipe.text) for seed in range(20)}
    assert all(len(text) > 2 and "{" not in text for text in texts)


def test_contact_stays_the_same_within_comment() -> None:
    language = read("{domain} {domain} {phone} {phone}")
    [recipe] = language.promotional["gambling_sites"]
    one, two, *phones = Scene(Random(3), language, language.stories[0]).write(recipe.text).split(" ", 2)
    assert one == two
    first, second = phones[0][: len(phones[0]) // 2], phones[0][len(phones[0]) // 2 + 1 :]
    assert first == second


def test_every_file_became_a_language() -> None:
    names = sorted(file.name for file in files("training.corpus").iterdir() if file.name.endswith(".toml"))
    assert [f"{language.code}.toml" for language in LANGUAGES] == names
    assert len(names) >= 12


@pytest.mark.parametrize("language", LANGUAGES, ids=lambda language: language.code)
def test_language_has_articles_and_kinds(language: Language) -> None:
    assert len(language.stories) >= 12
    assert set(PROMOTIONAL_KINDS) <= set(language.promotional)
    assert set(ORDINARY_KINDS) <= set(language.ordinary)
    ordinary, promotional = (sum(map(len, kinds.values())) for kinds in (language.ordinary, language.promotional))
    assert ordinary >= promotional


@pytest.mark.parametrize("language", LANGUAGES, ids=lambda language: language.code)
def test_language_names_enough_people(language: Language) -> None:
    assert len(language.slots["person"]) >= 30
    assert all(len(story.terms) >= 8 for story in language.stories)


def test_rows_have_promised_columns(corpus: tuple[pd.DataFrame, pd.DataFrame]) -> None:
    comments, articles = corpus
    assert list(comments) == COMMENT_COLUMNS
    assert list(articles) == ARTICLE_COLUMNS
    assert comments["id"].is_unique
    assert articles["id"].is_unique
    assert set(comments["article_id"]) <= set(articles["id"])
    assert not comments.isna().to_numpy().any()


def test_same_seed_gives_same_rows(corpus: tuple[pd.DataFrame, pd.DataFrame]) -> None:
    for written, again in zip(corpus, write_corpus(seed=7, per_language=2000), strict=True):
        pd.testing.assert_frame_equal(written, again)
    assert not write_corpus(seed=8, per_language=2000)[0]["body"].equals(corpus[0]["body"])


def test_hash_seed_changes_no_row() -> None:
    command = "import training.corpus as c; print(c.write_corpus(3, 40)[0].to_json())"
    outputs = {
        subprocess.run(
            [sys.executable, "-c", command], env={"PYTHONHASHSEED": seed}, capture_output=True, check=True
        ).stdout
        for seed in ("1", "2")
    }
    assert len(outputs) == 1


def test_added_language_changes_no_other(comments: pd.DataFrame, monkeypatch: pytest.MonkeyPatch) -> None:
    last = LANGUAGES[-1]
    monkeypatch.setattr("training.corpus.languages", lambda: [last])
    alone = write_corpus(seed=7, per_language=2000)[0]
    pd.testing.assert_frame_equal(alone, comments[comments["language"] == last.code].reset_index(drop=True))


def test_labels_are_balanced_in_language(comments: pd.DataFrame) -> None:
    counts = comments.groupby(["language", "label"]).size().unstack()
    assert list(counts.columns) == [HAM, PROMOTIONAL]
    assert (counts[HAM] == counts[PROMOTIONAL]).all()
    assert set(counts[HAM]) <= {1000, 2000, 3000}, "a rich language gives two or three times as many"


def test_kinds_are_drawn_evenly(comments: pd.DataFrame) -> None:
    for (_, label), part in comments.groupby(["language", "label"]):
        counts = part["note"].value_counts()
        # a kind with few wordings (emoji alone) runs into its duplicates; no kind may get more than its turn for it
        assert counts.max() <= 1.6 * len(part) / len(counts), (label, counts)


def test_no_brace_or_blank_is_left(comments: pd.DataFrame) -> None:
    for column in ("body", "author_name", "author_url"):
        assert not comments[column].str.contains(r"[{}]").any(), column
    assert (comments["body"].str.strip() == comments["body"]).all()
    assert (comments["body"] != "").all()


def test_no_body_comes_twice_under_label(comments: pd.DataFrame) -> None:
    assert not comments.duplicated(["language", "label", "body"]).any()


def test_labels_are_alike_but_promotion(comments: pd.DataFrame) -> None:
    comments = comments.assign(length=comments["body"].str.len(), url=comments["author_url"] != "")
    means = comments.groupby(["language", "label"])[["length", "url"]].mean().unstack()
    for measure in ("length", "url"):
        ratio = means[measure, HAM] / means[measure, PROMOTIONAL]
        assert ratio.between(0.7, 1.45).all(), ratio


def test_promotion_comes_late_more_often(corpus: tuple[pd.DataFrame, pd.DataFrame]) -> None:
    comments, articles = corpus
    published = pd.to_datetime(comments["article_id"].map(articles.set_index("id")["published_at"]))
    delay = pd.to_datetime(comments["created_at"]) - published
    assert (delay > pd.Timedelta(0)).all()
    late = (delay > pd.Timedelta(days=60)).groupby(comments["label"]).mean()
    assert 0.1 < late[HAM] < late[PROMOTIONAL] < 0.4


def test_no_run_of_letters_stays_plain_in_a_dressed_name() -> None:
    names = [dress("Kolibri77", Random(seed)) for seed in range(300)]
    assert all(len(run) == 1 for name in names for run in re.findall("[A-Za-z0-9]+", name))
    assert len({name[0] for name in names}) > 20
