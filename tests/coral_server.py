"""A Coral as far as its GraphQL goes: the part of its schema that is asked for, over comments in memory."""

import json
from dataclasses import dataclass, field
from typing import Any

from graphql import build_schema, graphql_sync

from tests.receiver import Reply, Sent

TOKEN = "token-of-a-moderator"
SCHEMA = build_schema(
    """
    enum COMMENT_STATUS { NONE APPROVED REJECTED PREMOD SYSTEM_WITHHELD }
    type User { id: ID! username: String }
    type Story { id: ID! }
    type CommentRevision { id: ID! }
    type CommentModerationAction { status: COMMENT_STATUS! moderator: User }
    type CommentModerationActionEdge { node: CommentModerationAction! }
    type CommentModerationActionConnection { edges: [CommentModerationActionEdge!]! }
    type Comment {
      id: ID! body: String revision: CommentRevision author: User story: Story! status: COMMENT_STATUS!
      statusHistory(first: Int = 10, after: String): CommentModerationActionConnection!
    }
    input ApproveCommentInput { commentID: ID! commentRevisionID: ID! clientMutationId: String! }
    input RejectCommentInput { commentID: ID! commentRevisionID: ID! clientMutationId: String! }
    type ApproveCommentPayload { comment: Comment clientMutationId: String! }
    type RejectCommentPayload { comment: Comment clientMutationId: String! }
    type Query { comment(id: ID!): Comment }
    type Mutation {
      approveComment(input: ApproveCommentInput!): ApproveCommentPayload!
      rejectComment(input: RejectCommentInput!): RejectCommentPayload!
    }
    """
)


@dataclass
class CoralComment:
    """A comment as it stands in Coral."""

    id: str
    body: str
    author_id: str
    story_id: str
    status: str = "SYSTEM_WITHHELD"
    revision_id: str = "revision-1"
    moderators: list[str] = field(default_factory=list)


@dataclass
class CoralServer:
    """Its comments by id, and its answer to a request."""

    comments: dict[str, CoralComment] = field(default_factory=dict)

    def answer(self, sent: Sent) -> Reply:
        if sent.path != "/api/graphql" or sent.headers.get("authorization") != f"Bearer {TOKEN}":
            return Reply(401, body=b"{}")
        told = json.loads(sent.body)
        root = {"comment": self._comment, "approveComment": self._approve, "rejectComment": self._reject}
        made = graphql_sync(SCHEMA, told["query"], root, variable_values=told["variables"])
        return Reply(200, {"Content-Type": "application/json"}, json.dumps(made.formatted).encode())

    def _comment(self, _info: object, id: str) -> dict[str, Any] | None:
        found = self.comments.get(id)
        return None if found is None else _shown(found)

    def _approve(self, _info: object, input: dict[str, str]) -> dict[str, Any]:
        return self._moderate(input, "APPROVED")

    def _reject(self, _info: object, input: dict[str, str]) -> dict[str, Any]:
        return self._moderate(input, "REJECTED")

    def _moderate(self, given: dict[str, str], status: str) -> dict[str, Any]:
        found = self.comments[given["commentID"]]
        if found.revision_id != given["commentRevisionID"]:
            raise ValueError("COMMENT_REVISION_NOT_FOUND")
        found.status = status
        found.moderators.insert(0, "comment-moderation")
        return {"comment": _shown(found), "clientMutationId": given["clientMutationId"]}


def _shown(found: CoralComment) -> dict[str, Any]:
    edges = [{"node": {"status": found.status, "moderator": {"id": name, "username": name}}}
             for name in found.moderators[:1]]  # fmt: skip
    return {
        "id": found.id,
        "body": found.body,
        "revision": {"id": found.revision_id},
        "author": {"id": found.author_id, "username": "reader"},
        "story": {"id": found.story_id},
        "status": found.status,
        "statusHistory": {"edges": edges},
    }
