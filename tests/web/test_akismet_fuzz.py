"""Ten thousand malformed calls at Akismet's door: no failure of ours, and none lets a comment through."""

import json
import random
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from urllib.parse import quote, urlencode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from werkzeug.test import TestResponse

from moderation.akismet import guid_of
from moderation.moderator import KeyKind, Moderator
from moderation.storage.database import Database
from moderation.web.akismet_call import WrongCallError, call_of, read_fields
from tests.web.conftest import Service

SEED, CALLS = 7, 10_000
CHECK = {"blog": "https://news.example/", "user_ip": "192.0.2.7", "comment_author": "Ann", "comment_content": "Lovely."}
PATHS = ("verify-key", "comment-check", "submit-spam", "submit-ham", "get-subscription")
CHARSETS = (
    "utf-8",
    "utf-16",
    "utf-7",
    "punycode",
    "idna",
    "rot13",
    "hex",
    "zip",
    "x" * 5000,
    "\0",
    "utf-8\r\nX: y",
    "",
)
KINDS = (
    "application/x-www-form-urlencoded", "application/json", "multipart/form-data", "multipart/form-data; boundary=b",
    "text/plain", "application/json; charset=utf-16", "application/x-www-form-urlencoded; charset=", ";;;", "", "\xff",
)  # fmt: skip
ODD = (
    "\0",
    "\ud800",
    "\U0010ffff",
    "\u202e",
    "%",
    "%%%",
    "%u0041",
    "\r\nX-akismet-guid: x",
    "a" * 9_000,
    "'\"\\",
    "-1",
    "1e999",
)


class Fuzz:
    """Malformed calls, each from a seeded chance; none of them is a check that is right."""

    def __init__(self, key: str) -> None:
        self.key = key
        self.chance = random.Random(SEED)
        self.makers: tuple[Callable[[], bytes], ...] = (
            self.noise, self.cut_form, self.wrong_key, self.missing,
            self.cut_json, self.no_object, self.deep, self.parts,
        )  # fmt: skip

    def body(self) -> bytes:
        return self.chance.choice(self.makers)()

    def noise(self) -> bytes:
        return self.chance.randbytes(self.chance.randrange(400))

    def wrong_key(self) -> bytes:
        return self.form({**CHECK, "api_key": self.odd()})

    def missing(self) -> bytes:
        """The right key, and one of the needed fields not there, or blank."""
        fields = {**CHECK, "api_key": self.key, self.odd(): self.odd()}
        name = self.chance.choice(("blog", "user_ip"))
        return self.form({**fields, name: " \t"} if self.chance.random() < 0.5 else {**fields, name: ""})

    def cut_form(self) -> bytes:
        """A right call, cut before the fields that it needs, with bytes of it changed in front."""
        form = self.form({"comment_content": self.odd(), "api_key": self.key, "blog": "b.example", "x": self.odd()})
        return form[: self.chance.randrange(len(form))]

    def cut_json(self) -> bytes:
        text = json.dumps({**CHECK, "api_key": self.key, "x": self.odd()})
        return text[: self.chance.randrange(len(text))].encode("utf-8", "replace")

    def no_object(self) -> bytes:
        return json.dumps(self.chance.choice([[], "x", 1, None, True, [{"api_key": self.key, **CHECK}]])).encode()

    def deep(self) -> bytes:
        depth = self.chance.randrange(1, 100_000)
        return self.chance.choice((b"[" * depth, b'{"a":' * depth, b"9" * depth))

    def parts(self) -> bytes:
        part = f'--b\r\nContent-Disposition: form-data; name="{self.odd()}"\r\n\r\n{self.odd()}\r\n'
        return (part * self.chance.randrange(4)).encode("utf-8", "replace")

    def odd(self) -> str:
        return "".join(self.chance.choices(ODD, k=self.chance.randrange(3)))

    def form(self, fields: dict[str, str]) -> bytes:
        return urlencode(fields, errors="replace").encode()


@pytest.fixture
def key(service: Service) -> str:
    moderator = Moderator(service.release, Database.open(service.settings.database_url))
    return moderator.rotate_key("gazette", kind=KeyKind.AKISMET)


def expect_harmless(answer: TestResponse, path: str) -> str:
    """No failure of ours, nothing that lets a comment through, nothing that tells of the code."""
    assert answer.status_code in (200, 413), answer.text
    assert "Traceback" not in answer.text
    assert answer.text in ("invalid", "valid", "Thanks for making the web a better place.", "true") or path == PATHS[-1]
    return answer.text


def test_malformed_calls_let_nothing_through(service: Service, key: str) -> None:
    fuzz, said = Fuzz(key), Counter[tuple[str, str]]()
    client = service.client
    for _ in range(CALLS):
        path = fuzz.chance.choice(PATHS)
        kind = fuzz.chance.choice(KINDS)
        answer = client.post(f"/1.1/{path}", data=fuzz.body(), content_type=kind)
        said[path, expect_harmless(answer, path)[:7]] += 1
    assert {text for path, text in said if path == "comment-check"} == {"invalid"}


def test_malformed_charsets_are_passed_over(service: Service, key: str) -> None:
    for charset in CHARSETS:
        fields = {**CHECK, "api_key": key, "blog_charset": charset, "comment_content": "br\xfccke \ud800"}
        body = "&".join(f"{name}={quote(text, errors='replace')}" for name, text in fields.items())
        for kind in (KINDS[0], f"{KINDS[0]}; charset={charset[:50]}".replace("\r\n", "").replace("\0", "")):
            answer = service.client.post("/1.1/comment-check", data=body.encode(), content_type=kind)
            assert answer.status_code == 200
            assert answer.text in ("true", "false")


@settings(max_examples=500, deadline=None)
@given(st.binary(max_size=300), st.text(max_size=60))
def test_any_bytes_are_read_or_refused(data: bytes, content_type: str) -> None:
    try:
        fields = read_fields(data, content_type)
    except WrongCallError:
        return
    call = call_of(fields, datetime(2026, 3, 1, tzinfo=UTC))
    for text in (*fields, *fields.values(), call.comment.body, call.blog):
        text.encode("utf-8")


@settings(max_examples=500, deadline=None)
@given(st.dictionaries(st.sampled_from([
    "comment_date_gmt", "comment_post_modified_gmt", "POST_ak_js", "POST_ak_bfs", "blog", "permalink", "user_role",
    "honeypot_field_name", "comment_parent", "is_test", "callback", "comment_author_url", "comment_content",
]), st.text(max_size=40)))  # fmt: skip
def test_any_fields_become_a_call(fields: dict[str, str]) -> None:
    assert len(guid_of(call_of(fields, datetime(2026, 3, 1, tzinfo=UTC)))) == 32
