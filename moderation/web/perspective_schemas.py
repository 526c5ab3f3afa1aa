"""Perspective's JSON as declarations, as its discovery document (commentanalyzer v1alpha1) has it.

Turns what came into the service's own words. Must not know Flask, nor what is done with a comment.
"""
# ruff: noqa: N815  # the fields are Google's own words

import json
from typing import Annotated, Any, Literal
from urllib.parse import parse_qsl, urlencode, urlsplit

from pydantic import BaseModel, ConfigDict, Field

from moderation.comment import Article
from moderation.html_text import text_of
from moderation.web.schemas import Identifier, Strict

SPAM, OFF_TOPIC = "SPAM", "OFF_TOPIC"
SERVED = (SPAM, OFF_TOPIC)
_SERVED_ONLY = Field(min_length=1, json_schema_extra={"propertyNames": {"enum": list(SERVED)}})
ScoreType = Literal["SCORE_TYPE_UNSPECIFIED", "PROBABILITY"]
Probability = Annotated[float, Field(ge=0, le=1)]


class TextEntry(Strict):
    """A text."""

    text: str | None = None
    type: Literal["TEXT_TYPE_UNSPECIFIED", "PLAIN_TEXT", "HTML"] | None = None

    @property
    def plain(self) -> str:
        """What is read of it."""
        return text_of(self.text or "") if self.type == "HTML" else self.text or ""


class CommentEntry(TextEntry):
    """The comment. It must say something."""

    text: Annotated[str, Field(min_length=1)]


class ArticleAndParent(Strict):
    """The article, and the comment that is answered."""

    article: TextEntry | None = None
    parentComment: TextEntry | None = None


class Context(Strict):
    """What the comment stands under: the article's text, its address, or ``{"url": ...}`` as a JSON text."""

    entries: list[TextEntry] | None = None
    articleAndParentComment: ArticleAndParent | None = None

    def article(self) -> Article | None:
        """The article, with an address or with a text."""
        around = self.articleAndParentComment
        given = [] if around is None or around.article is None else [around.article]
        texts = [text for entry in (*given, *(self.entries or ())) if (text := entry.plain).strip()]
        url = next(filter(None, map(_url_in, texts)), "")
        if url:
            return Article(url=url)
        return Article(body="\n".join(texts)) if texts else None


class RequestedAttribute(Strict):
    """How an attribute is wanted. Below ``scoreThreshold`` it is left out."""

    scoreType: ScoreType | None = None
    scoreThreshold: Probability | None = None


class AnalyzeRequest(Strict):
    """A comment to be scored, and the attributes that are wanted of it: ``SPAM``, ``OFF_TOPIC``."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "comment": {"text": "Very nice. daftar togel singapore, bonus 100%"},
                    "requestedAttributes": {"SPAM": {}},
                    "languages": ["en"],
                    "doNotStore": True,
                    "clientToken": "comment:c-1",
                }
            ]
        }
    )
    comment: CommentEntry
    requestedAttributes: Annotated[dict[str, RequestedAttribute], _SERVED_ONLY]
    context: Context | None = None
    languages: list[str] | None = None
    spanAnnotations: bool | None = None
    doNotStore: bool | None = None
    clientToken: Identifier = None
    sessionId: str | None = None
    communityId: str | None = None


class GivenScore(Strict):
    """What the sender says: 1 that the comment is so, 0 that it is not."""

    value: Probability
    type: ScoreType | None = None


class GivenSpan(Strict):
    """A score of a part. Only the one of the whole comment is learned from."""

    begin: int | None = None
    end: int | None = None
    score: GivenScore | None = None


class GivenScores(Strict):
    """What the sender says of one attribute."""

    summaryScore: GivenScore | None = None
    spanScores: list[GivenSpan] | None = None


class SuggestRequest(Strict):
    """What the sender knows of a comment. ``clientToken`` is ``comment:ID`` where it has an id."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "comment": {"text": "Very nice. daftar togel singapore, bonus 100%"},
                    "attributeScores": {"SPAM": {"summaryScore": {"value": 1}}},
                    "clientToken": "comment:c-1",
                }
            ]
        }
    )
    comment: CommentEntry
    attributeScores: Annotated[dict[str, GivenScores], _SERVED_ONLY]
    context: Context | None = None
    languages: list[str] | None = None
    clientToken: Identifier = None
    sessionId: str | None = None
    communityId: str | None = None

    def says(self, attribute: str) -> bool | None:
        """Whether the comment is so; None where nothing is said of it."""
        given = self.attributeScores.get(attribute)
        return None if given is None or given.summaryScore is None else given.summaryScore.value >= 0.5


class Score(BaseModel):
    """A probability."""

    value: float = Field(ge=0, le=1)
    type: Literal["PROBABILITY"]


class SpanScore(BaseModel):
    """The score of a part of the text, from ``begin`` up to before ``end`` in UTF-16 code units."""

    begin: int
    end: int
    score: Score


class AttributeScores(BaseModel):
    """The scores of one attribute."""

    summaryScore: Score
    spanScores: list[SpanScore]


class AnalyzeAnswer(BaseModel):
    """The attributes that were asked for, of those that can be told."""

    attributeScores: dict[str, AttributeScores]
    languages: list[str]
    detectedLanguages: list[str]
    clientToken: str | None = None


class SuggestAnswer(BaseModel):
    """What was taken."""

    requestedLanguages: list[str]
    detectedLanguages: list[str]
    clientToken: str | None = None


class GoogleFault(BaseModel):
    """What is wrong."""

    code: int
    message: str
    status: str


class GoogleError(BaseModel):
    """An error as Google's services give it."""

    error: GoogleFault


def _url_in(text: str) -> str:
    """The address that a text of the context is, or holds as ``{"url": ...}``; without Coral's mark of the comment."""
    url = text.strip()
    if url.startswith("{"):
        url = _field(url, "url")
    if not url.startswith(("https://", "http://")) or len(url.split()) != 1:
        return ""
    try:
        parts = urlsplit(url)
    except ValueError:
        return ""
    kept = [pair for pair in parse_qsl(parts.query, keep_blank_values=True) if pair[0] != "commentID"]
    return parts._replace(query=urlencode(kept), fragment="").geturl() if "commentID=" in parts.query else url


def _field(text: str, name: str) -> str:
    try:
        told: Any = json.loads(text)
    except (ValueError, RecursionError):
        return ""
    value = told.get(name) if isinstance(told, dict) else None
    return value if isinstance(value, str) else ""
