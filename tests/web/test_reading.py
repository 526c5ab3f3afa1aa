"""Bytes into declarations: what each wrong input says, and that nothing breaks it."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moderation.web.reading import MAX_FAULTS, read
from moderation.web.schemas import EXAMPLE_PAIR, CommentUnderArticle, InvalidInputError, ScoreRequest

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters()),
    lambda inner: (
        st.lists(inner)
        | st.dictionaries(st.sampled_from(["comment", "comments", "article", "body", "id", "author", "é"]), inner)
    ),
    max_leaves=20,
)


def faults(data: bytes) -> dict[str, str]:
    with pytest.raises(InvalidInputError) as caught:
        read(ScoreRequest, data).pairs()
    return {fault.field: fault.message for fault in caught.value.faults}


def said(data: bytes) -> str:
    with pytest.raises(InvalidInputError) as caught:
        read(ScoreRequest, data).pairs()
    return caught.value.detail


def comment(**fields: Any) -> bytes:
    return json.dumps({"comment": {"body": "Fine.", **fields}}).encode()


def test_contract_example_becomes_values() -> None:
    ((comment, article),) = read(ScoreRequest, json.dumps(EXAMPLE_PAIR).encode()).pairs()
    assert comment.author.name == "kelly"
    assert comment.created_at is not None
    assert comment.created_at.isoformat() == "2017-11-23T10:41:00+00:00"
    assert article is not None
    assert article.title == "The bridge opens again"


def test_null_stands_for_absent_field() -> None:
    author = dict.fromkeys(("name", "url", "email", "ip", "user_agent"))
    whole = {"comment": {"body": "a", "id": None, "created_at": None, "author": author}, "article": None}
    assert read(ScoreRequest, json.dumps(whole).encode()).pairs() == read(ScoreRequest, comment(body="a")).pairs()


def test_empty_article_is_no_article() -> None:
    ((_, article),) = read(ScoreRequest, b'{"comment": {"body": "a"}, "article": {"title": ""}}').pairs()
    assert article is None


@pytest.mark.parametrize("data", [b"", b"{", b"nonsense", b"{'comment': 1}", b'{"comment": {"body": "\x01"}}'])
def test_broken_json_says_where(data: bytes) -> None:
    assert "is not JSON" in said(data)
    assert "column" in said(data)


def test_deep_nesting_is_refused_quickly() -> None:
    assert "recursion limit" in said(b"[" * 1_000_000)


def test_latin1_body_names_the_byte() -> None:
    assert said('{"comment": {"body": "café"}}'.encode("latin-1")) == "the request is not UTF-8: byte 25 cannot be read"


@pytest.mark.parametrize("half", [r"\ud800", r"\udc00", r"\ud800\ud800", r"\uD83D x", r"\ude00\ud83d"])
def test_lone_surrogate_names_its_field(half: str) -> None:
    data = b'{"comments": [{"comment": {"body": "a"}}, {"comment": {"body": "x%s"}}]}' % half.encode()
    assert list(faults(data)) == ["comments[1].comment.body"]
    assert "surrogate" in faults(data)["comments[1].comment.body"]


def test_surrogate_pair_is_one_character() -> None:
    ((comment, _),) = read(ScoreRequest, rb'{"comment": {"body": "\ud83d\ude00"}}').pairs()
    assert comment.body == "😀"


def test_lone_surrogate_in_a_name_is_refused() -> None:
    assert faults(rb'{"comment": {"body": "a", "\ud800": 1}}').keys() == {"comment"}
    assert faults(rb'{"\ud800": 1}').keys() == {"(a field's name)"}


def test_surrogates_under_deep_nesting_stay_cheap() -> None:
    data = b'{"a": ' + b"[" * 900 + b"1," * 200_000 + rb'"\ud800"' + b"]" * 900 + b"}"
    assert "recursion limit" in said(data)


@pytest.mark.parametrize(
    ("fields", "field", "message"),
    [
        ({"body": 5}, "comment.body", "must be text"),
        ({"body": None}, "comment.body", "must be text"),
        ({"body": ""}, "comment.body", "must not be empty"),
        ({"id": 7}, "comment.id", "must be text of at most 255 printable characters"),
        ({"id": "x" * 256}, "comment.id", "must be text of at most 255 printable characters"),
        ({"id": "a\nb"}, "comment.id", "must be text of at most 255 printable characters"),
        ({"author": "kelly"}, "comment.author", "must be an object"),
        ({"author": {"nick": "k"}}, "comment.author.nick", "is not a known field"),
        ({"rating": 5}, "comment.rating", "is not a known field"),
    ],
)
def test_wrong_field_is_named_with_reason(fields: dict[str, Any], field: str, message: str) -> None:
    assert faults(comment(**fields)) == {field: message}


@pytest.mark.parametrize(
    "time",
    [
        "2017-11-23",
        "2017-11-23T10:41:00",
        "2017-11-23 10:41:00Z",
        "2017-11-23T10:41:00+0100",
        "2017-11-23T25:00:00Z",
        "2017-02-30T00:00:00Z",
        "0001-01-01T00:00:00+10:00",
        "٢٠١٧-11-23T10:41:00Z",
        "1511433660",
        "9" * 100_000,
        "",
        1511433660,
        True,
    ],
)
def test_only_rfc3339_times_are_taken(time: object) -> None:
    assert list(faults(comment(created_at=time))) == ["comment.created_at"]


@pytest.mark.parametrize(
    ("time", "utc"),
    [
        ("2017-11-23T10:41:00Z", "2017-11-23T10:41:00+00:00"),
        ("2017-11-23t10:41:00.5z", "2017-11-23T10:41:00.500000+00:00"),
        ("2017-11-23T10:41:00.123456789+01:00", "2017-11-23T09:41:00.123456+00:00"),
        ("2016-12-31T23:59:60Z", "2016-12-31T23:59:59+00:00"),
    ],
)
def test_times_come_out_in_utc(time: str, utc: str) -> None:
    ((taken, _),) = read(ScoreRequest, comment(created_at=time)).pairs()
    assert taken.created_at is not None
    assert taken.created_at.isoformat() == utc


def test_too_many_comments_are_refused() -> None:
    item = {"comment": {"body": "a"}}
    assert len(read(ScoreRequest, json.dumps({"comments": [item] * 1000}).encode()).pairs()) == 1000
    assert faults(json.dumps({"comments": [item] * 1001}).encode()) == {"comments": "must hold at most 1000 items"}


@pytest.mark.parametrize("data", [b"{}", b'{"comment": null}', b'{"article": {"id": "a"}}'])
def test_missing_comment_is_named(data: bytes) -> None:
    assert list(faults(data)) == ["comment"]


def test_one_and_many_do_not_mix() -> None:
    assert list(faults(b'{"comment": {"body": "a"}, "comments": []}')) == ["comment"]
    assert list(faults(b'{"article": {"id": "a"}, "comments": []}')) == ["article"]


@pytest.mark.parametrize("data", [b"[]", b"5", b"null", b'"comment"'])
def test_other_json_than_an_object_is_refused(data: bytes) -> None:
    assert said(data) == "the request must be a JSON object"


def test_faults_are_bounded_in_number() -> None:
    some = json.dumps({"comments": [{"comment": {}}] * 300}).encode()
    assert len(faults(some)) == MAX_FAULTS
    many = b"{" + b",".join(b'"%d": 1' % number for number in range(5000)) + b"}"
    assert said(many) == "the request is not as the contract says: 5000 fields are at fault"


def test_readers_text_never_stands_in_errors() -> None:
    secret = "my private words " * 50
    data = json.dumps({"comment": {"body": [secret], "author": secret, "created_at": secret, "id": secret}}).encode()
    with pytest.raises(InvalidInputError) as caught:
        read(ScoreRequest, data)
    assert "private" not in str(caught.value) + caught.value.detail


def test_long_unknown_names_are_cut() -> None:
    (field,) = faults(json.dumps({"comment": {"body": "a", "x" * 100_000: 1}}).encode())
    assert len(field) < 120


@given(st.binary() | JSON.map(lambda tree: json.dumps(tree).encode()))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    for model in (ScoreRequest, CommentUnderArticle):
        try:
            read(model, data)
        except InvalidInputError as error:
            assert str(error)
