"""Coral's two calls: a comment that is being written (its external moderation phase), and what became of one.

As EXTERNAL_MODERATION_PHASES.md and WEBHOOKS.md of coralproject/talk have them. Coral waits 200 ms for the first; on
any failure it goes on without us. Must not know how a signature is verified or a comment is judged.
"""

from typing import Literal

from flask import Blueprint, Response, request
from pydantic import BaseModel, ConfigDict, Field

from moderation.moderator import Advised, Site, Written
from moderation.web.auth import SITE_QUERY, Gate
from moderation.web.openapi import operation
from moderation.web.schemas import MAX_ID_LENGTH, Identifier, RequiredIdentifier, Strict
from moderation.web.transport import answer

STAFF = ("STAFF", "MODERATOR", "ADMIN")
"""Roles whose comments are neither scored nor stored: Coral publishes them itself."""

TOLD = ("COMMENT_ENTERED_MODERATION_QUEUE", "COMMENT_LEFT_MODERATION_QUEUE")


class Sent(Strict):
    """What Coral sends: later versions may add fields."""

    model_config = ConfigDict(strict=True, extra="ignore", frozen=True)


class CoralComment(Sent):
    """The text that is being written. It is empty where a reader sends a picture alone."""

    body: str
    parentID: Identifier = None  # noqa: N815  # Coral's own word


class CoralAuthor(Sent):
    """Who writes it."""

    id: RequiredIdentifier
    role: str = ""


class CoralStory(Sent):
    """What it stands under."""

    id: RequiredIdentifier
    url: str = ""


class CoralRequest(Sent):
    """A comment before Coral stores it."""

    action: Literal["NEW", "EDIT"]
    comment: CoralComment
    author: CoralAuthor
    story: CoralStory

    def written(self) -> Written:
        """The comment in the service's own words."""
        return Written(
            body=self.comment.body,
            author_id=self.author.id,
            story_id=self.story.id,
            story_url=self.story.url,
            parent_id=self.comment.parentID,
            is_edit=self.action == "EDIT",
        )


class CoralEventData(Sent):
    """Which comment it is."""

    commentID: RequiredIdentifier  # noqa: N815  # Coral's own word


class CoralEvent(Sent):
    """Something that happened in Coral. Only what became of a comment in its moderation queue is listened to."""

    type: str = Field(max_length=MAX_ID_LENGTH)
    data: CoralEventData | dict[str, object]


class CoralFlag(BaseModel):
    """A flag on the comment."""

    actionType: Literal["FLAG"]  # noqa: N815  # Coral's own word
    reason: Literal["COMMENT_DETECTED_SPAM"]


class CoralRejectionReason(BaseModel):
    """Why a comment is rejected."""

    code: Literal["SPAM"]


class CoralModerationAction(BaseModel):
    """A rejection with its reason, for versions of Coral that ask for it."""

    status: Literal["REJECTED"]
    rejectionReason: CoralRejectionReason  # noqa: N815  # Coral's own word


class CoralAnswer(BaseModel):
    """What Coral is to do. Where it may publish as it likes, there is no answer but 204."""

    status: Literal["SYSTEM_WITHHELD", "REJECTED"]
    actions: list[CoralFlag] | None = None
    moderationAction: CoralModerationAction | None = None  # noqa: N815  # Coral's own word


WITHHOLD = {
    "status": "SYSTEM_WITHHELD",
    "actions": [{"actionType": "FLAG", "reason": "COMMENT_DETECTED_SPAM"}],
}
REJECT = {
    "status": "REJECTED",
    "moderationAction": {"status": "REJECTED", "rejectionReason": {"code": "SPAM"}},
}


def blueprint(gate: Gate) -> Blueprint:
    """The routes that Coral calls."""
    routes = Blueprint("coral", __name__)

    @routes.post("/v1/coral")
    @operation("Coral's external moderation phase", takes=CoralRequest, gives={200: CoralAnswer, 204: None},
               query=SITE_QUERY, auth=("coral",))  # fmt: skip
    def moderate() -> Response:
        site = gate.coral(request.environ)
        return _advice(gate, site, gate.read(CoralRequest, request.environ))

    @routes.post("/v1/coral/events")
    @operation("Coral's webhook: what became of a comment", takes=CoralEvent, gives={204: None},
               query=SITE_QUERY, auth=("coral",))  # fmt: skip
    def hear() -> Response:
        site = gate.coral(request.environ)
        event = gate.read(CoralEvent, request.environ)
        if event.type in TOLD and isinstance(event.data, CoralEventData):
            gate.moderator.coral.hear(site, event.data.commentID)
        return Response(status=204)

    return routes


def _advice(gate: Gate, site: Site, sent: CoralRequest) -> Response:
    if sent.author.role in STAFF or not sent.comment.body.strip():
        return Response(status=204)
    checked, advised = gate.moderator.coral.check(site, sent.written())
    gate.metrics.count_comments([checked.action])
    if advised is Advised.NOTHING:
        return Response(status=204)
    return answer(WITHHOLD if advised is Advised.WITHHOLD else REJECT)
