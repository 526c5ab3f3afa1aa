"""The contract's JSON as declarations: they validate what comes in and give the OpenAPI document its schemas.

Turns what came into the values of ``moderation.comment``. Must not know Flask, nor what is done with a comment.
"""

import re
from dataclasses import replace
from datetime import UTC, datetime
from typing import Annotated, ClassVar, NamedTuple

from pydantic import BaseModel, ConfigDict, Field, PlainValidator, WithJsonSchema
from pydantic.config import JsonDict

from moderation.comment import Article, Author, Comment, Decision, Pair

MAX_COMMENTS = 1000
MAX_ID_LENGTH = 255


class FieldFault(NamedTuple):
    """A field at fault by its path, such as ``comments[3].comment.body``, and what was expected there."""

    field: str
    message: str


class InvalidInputError(ValueError):
    """A request or line that is not as the contract says."""

    def __init__(self, detail: str, faults: tuple[FieldFault, ...] = ()) -> None:
        super().__init__("; ".join(f"{field}: {message}" for field, message in faults) or detail)
        self.detail = detail
        self.faults = faults


_RFC_3339 = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)", re.ASCII | re.IGNORECASE)


def _time(value: object) -> datetime | None:
    """RFC 3339, section 5.6, in UTC. A leap second is taken as the second before it."""
    if value is None:
        return None
    text = value[:64] if isinstance(value, str) else ""
    if _RFC_3339.fullmatch(text):
        try:
            return datetime.fromisoformat(text.upper().replace(":60", ":59")).astimezone(UTC)
        except (ValueError, OverflowError):
            pass
    raise ValueError("must be an RFC 3339 time such as 2017-11-23T10:41:00Z")


_HIDDEN = r"\x00-\x1f\x7f-\xa0\xad\u061c\u1680\u180e\u2000-\u200f\u2028-\u202f\u205f-\u206f\u3000\ufeff\ufff0-\uffff"
"""What is not seen, or steers how other text is seen; spaces but the plain one."""

PRINTABLE = f"^[^{_HIDDEN}]*$"
_PRINTABLE = re.compile(PRINTABLE)


def identifier(value: object) -> str | None:
    """An id as other programs may choose it. Raises ValueError."""
    if value is None or (isinstance(value, str) and len(value) <= MAX_ID_LENGTH and _PRINTABLE.fullmatch(value)):
        return value
    raise ValueError(f"must be text of at most {MAX_ID_LENGTH} printable characters")


Time = Annotated[
    datetime | None, PlainValidator(_time), WithJsonSchema({"type": ["string", "null"], "format": "date-time"})
]
Identifier = Annotated[
    str | None,
    PlainValidator(identifier),
    WithJsonSchema({"type": ["string", "null"], "maxLength": MAX_ID_LENGTH, "pattern": PRINTABLE}),
]


ID_SCHEMA: JsonDict = {
    "type": "string",
    "minLength": 1,
    "maxLength": MAX_ID_LENGTH,
    "pattern": f"^ *[^ {_HIDDEN}][^{_HIDDEN}]*$",
}
"""An id that must be there."""


def _required_identifier(value: object) -> str:
    if value is None or (isinstance(value, str) and not value.strip(" ")):
        raise ValueError("must not be empty")
    return identifier(value) or ""


RequiredIdentifier = Annotated[
    str,
    PlainValidator(_required_identifier),
    WithJsonSchema(ID_SCHEMA),
]


class Strict(BaseModel):
    """Types as they are, unknown fields refused; null stands for a field that is absent."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)


class AuthorIn(Strict):
    """Who wrote the comment, as the publication's form had it."""

    name: str | None = None
    url: str | None = None
    email: str | None = None
    ip: str | None = None
    user_agent: str | None = None

    def value(self) -> Author:
        """The author in the service's own words."""
        return Author(
            self.name or "", self.url or "", self.email or "", self.ip or "", self.user_agent or ""
        )  # fmt: skip


class CommentIn(Strict):
    """A reader's comment. Only its body is required."""

    body: Annotated[str, Field(min_length=1)]
    id: Identifier = None
    created_at: Time = None
    parent_id: Identifier = None
    author: AuthorIn | None = None

    def value(self) -> Comment:
        """The comment in the service's own words."""
        author = Author() if self.author is None else self.author.value()
        return Comment(self.body, self.id or "", self.created_at, self.parent_id, author)


class ArticleIn(Strict):
    """What the comment stands under. Only ``id`` or ``url`` suffices where the service knows the article."""

    id: Identifier = None
    title: str | None = None
    body: str | None = None
    url: str | None = None
    published_at: Time = None

    def value(self) -> Article:
        """The article in the service's own words."""
        return Article(self.id or "", self.title or "", self.body or "", self.url or "", self.published_at)


EXAMPLE_COMMENT: JsonDict = {
    "id": "c-1",
    "body": "Lovely post, thank you.\ntogel singapore",
    "created_at": "2017-11-23T10:41:00Z",
    "parent_id": None,
    "author": {"name": "kelly", "url": "", "email": "", "ip": "", "user_agent": ""},
}
EXAMPLE_ARTICLE: JsonDict = {
    "id": "a-1",
    "title": "The bridge opens again",
    "body": "After two years of work the old bridge carries trams again.",
    "url": "https://news.example/bridge",
    "published_at": "2016-08-01T00:00:00Z",
}
EXAMPLE_PAIR: JsonDict = {"comment": EXAMPLE_COMMENT, "article": EXAMPLE_ARTICLE}


class ArticleToKeep(ArticleIn):
    """An article that the service is told of: it has a title or a body. ``id`` is that of the address, or absent."""

    model_config: ClassVar[ConfigDict] = ConfigDict(
        json_schema_extra={
            "anyOf": [
                {"required": [name], "properties": {name: {"type": "string", "minLength": 1}}}
                for name in ("title", "body")
            ]
        }
    )

    def called(self, article_id: str) -> Article:
        """The article under the id of its address. Raises InvalidInputError."""
        try:
            identifier(article_id)
        except ValueError as error:
            raise one_fault("id", str(error)) from None
        return replace(self.value(), id=article_id)


class CommentUnderArticle(Strict):
    """A comment with the article it stands under, where that is known."""

    model_config: ClassVar[ConfigDict] = ConfigDict(json_schema_extra={"examples": [EXAMPLE_PAIR]})
    comment: CommentIn
    article: ArticleIn | None = None

    def pair(self) -> Pair:
        """The comment and its article in the service's own words."""
        return self.comment.value(), _article(self.article)


_GIVEN: JsonDict = {"type": ["object", "array"]}
_ABSENT: JsonDict = {"type": "null"}


class ScoreRequest(Strict):
    """One comment as ``comment`` (and ``article``), or up to 1,000 as ``comments``."""

    model_config: ClassVar[ConfigDict] = ConfigDict(
        json_schema_extra={
            "oneOf": [
                {"required": ["comment"], "properties": {"comment": _GIVEN, "comments": _ABSENT}},
                {"required": ["comments"], "properties": {"comment": _ABSENT, "article": _ABSENT, "comments": _GIVEN}},
            ],
            "examples": [EXAMPLE_PAIR, {"comments": [EXAMPLE_PAIR]}],
        }
    )
    comment: CommentIn | None = None
    article: ArticleIn | None = None
    comments: Annotated[list[CommentUnderArticle], Field(max_length=MAX_COMMENTS)] | None = None

    def pairs(self) -> list[Pair]:
        """What is to be scored; one pair where ``comments`` is absent. Raises InvalidInputError."""
        if self.comments is None:
            if self.comment is None:
                raise one_fault("comment", "is required (or several as comments)")
            return [(self.comment.value(), _article(self.article))]
        for name in ("comment", "article"):
            if getattr(self, name) is not None:
                raise one_fault(name, "cannot stand beside comments")
        return [item.pair() for item in self.comments]


class IdentifiedCommentIn(CommentIn):
    """A comment that is kept: its id is required, and the same id is the same comment."""

    id: RequiredIdentifier


class StoreRequest(CommentUnderArticle):
    """A comment to be kept, with the article it stands under, where that is known."""

    comment: IdentifiedCommentIn


class DecisionIn(Strict):
    """What a person decided about a stored comment, and who it was."""

    model_config: ClassVar[ConfigDict] = ConfigDict(
        json_schema_extra={"examples": [{"decision": "reject_promotional", "by": "anna@news.example"}]}
    )
    decision: Annotated[Decision, Field(strict=False)]
    by: Annotated[str, Field(min_length=1, max_length=MAX_ID_LENGTH)]


def _article(article: ArticleIn | None) -> Article | None:
    value = None if article is None else article.value()
    return None if value == Article() else value


def one_fault(field: str, message: str) -> InvalidInputError:
    """The error where a single field is wrong."""
    return InvalidInputError("the request is not as the contract says", (FieldFault(field, message),))
