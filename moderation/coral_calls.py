"""Calls to a site's Coral: what our moderators decided, and the look-up of what Coral's moderators did.

Coral's GraphQL (schema.graphql of coralproject/talk) under ``/api/graphql``, with the access token of an account that
moderates. Knows events and links; neither scores nor HTTP's doors.
"""

import json
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.engine import Connection

from moderation import decisions
from moderation.addresses import AddressError
from moderation.comment import Action, Decision, Status
from moderation.coral import TARGET as NAME
from moderation.coral import author_of, most_alike
from moderation.delivery import Target, UndeliverableError, fault_of_status
from moderation.guarded_http import Answer, CallError, Client, Request
from moderation.html_text import text_of
from moderation.storage import campaigns, comments, coral, endpoints
from moderation.storage.coral import Link, Told
from moderation.storage.database import Database
from moderation.storage.decisions import Maker
from moderation.storage.endpoints import Endpoint
from moderation.storage.outbox import Due

logger = logging.getLogger(__name__)

MADE_IN_CORAL = " in Coral"
"""How the name of one who decided there ends, so that Coral is not told what it told us."""

LEASE = timedelta(seconds=60)
WAITS = tuple(timedelta(seconds=wait) for wait in (5, 60, 600, 3_600, 6 * 3_600))
LOOKED_BACK = timedelta(days=30)
_MOST_LOOKED_AT = 200
_LONGEST_MAKER = 190
_MUTATIONS = {Status.PUBLISHED.value: "approveComment", Status.REJECTED.value: "rejectComment"}
_QUERY = """query ($id: ID!) {
  comment(id: $id) {
    body status author { id } story { id } revision { id }
    statusHistory(first: 1) { edges { node { status moderator { username } } } }
  }
}"""


# --- What we decided -------------------------------------------------------------------------------------------------


def request(connection: Connection, due: Due, _now: datetime) -> Request | None:
    """The mutations that carry a person's decision to Coral.

    Raises CallError where Coral has not told its id yet, UndeliverableError where it never will.
    """
    mutation, data = _MUTATIONS.get(due.data["status"]), due.data
    by_person = data["decision"] is not None or data["undo"]
    if mutation is None or not by_person or (data["by"] or "").endswith(MADE_IN_CORAL):
        return None
    links = coral.links(connection, due.comment_number)
    if not links:
        _expect_needless(connection, due)
        return None
    variables = {f"input{place}": _input(link) for place, link in enumerate(links)}
    kind = f"{mutation[0].upper()}{mutation[1:]}Input!"
    declared = ", ".join(f"${name}: {kind}" for name in variables)
    calls = " ".join(f"c{name}: {mutation}(input: ${name}) {{ comment {{ status }} }}" for name in variables)
    return graphql(due.endpoint, f"mutation ({declared}) {{ {calls} }}", variables)


def _expect_needless(connection: Connection, due: Due) -> None:
    """Raise where Coral would have to be told, but how it calls the comment is not known.

    Of a comment that it was to reject outright Coral never tells the id, since that does not enter its queue.
    """
    if comments.action_of(connection, due.comment_number) is not Action.REJECT:
        raise CallError("Coral has not told yet what it calls this comment: are its webhooks switched on?")
    if due.data["status"] != Status.REJECTED.value:
        raise UndeliverableError("Coral tells no id of a comment that it was told to reject outright: approve it there")


def _input(link: Link) -> dict[str, str]:
    return {
        "commentID": link.coral_id,
        "commentRevisionID": link.revision_id,
        "clientMutationId": "comment-moderation",
    }


def graphql(endpoint: Endpoint, query: str, variables: dict[str, Any]) -> Request:
    """A request to a site's Coral."""
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {endpoint.secret}"}
    body = json.dumps({"query": query, "variables": variables}).encode()
    return Request(f"{endpoint.url}/api/graphql", headers, body)


def fault(answer: Answer) -> str:
    """Why an answer is no success: GraphQL tells of errors with status 200."""
    if not answer.ok:
        return fault_of_status(answer)
    try:
        told = json.loads(answer.body)
    except (ValueError, RecursionError):
        return "Coral's answer is not JSON: is this its address?"
    if isinstance(told, dict) and told.get("errors"):
        return f"Coral refused: {json.dumps(told['errors'])[:150]}"
    if not isinstance(told, dict) or not told.get("data"):
        return "Coral's answer is not GraphQL's: is this its address?"
    return ""


TARGET = Target(NAME, request, fault)


# --- What Coral's moderators decided ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Seen:
    """A comment as it stands in Coral. ``by`` is the moderator who put it there, empty where that was no person."""

    body: str
    status: str
    author_id: str
    story_id: str
    revision_id: str
    by: str


class Listener:
    """Looks up what Coral told of, one event at a time. Many threads and processes may have one."""

    def __init__(self, database: Database, client: Client, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._client = client
        self._clock = clock

    def work(self) -> bool:
        """Look up the next event that is due; False where none is. Raises Unavailable."""
        now = self._clock()
        with self._database.reading() as connection:
            told = coral.next_told(connection, now)
            endpoint = None if told is None else endpoints.find(connection, told.site_id, NAME)
        if told is None:
            return False
        with self._database.writing() as connection:
            taken = coral.take(connection, told, now + LEASE)
        if taken:
            self._settle(told, endpoint)
        return True

    def _settle(self, told: Told, endpoint: Endpoint | None) -> None:
        seen, error = None, ""
        if endpoint is not None and endpoint.active:
            try:
                seen = self._look_up(endpoint, told.coral_id)
            except (AddressError, CallError) as failure:
                error = str(failure)
        with self._database.writing() as connection:
            if seen is not None:
                learn(connection, told, seen, self._clock())
            if error and told.attempts < len(WAITS):
                coral.put_off(connection, told, self._clock(), WAITS[told.attempts])
            else:
                coral.forget(connection, told)
        if error:
            logger.warning("a comment could not be looked up in Coral: %s", error)

    def _look_up(self, endpoint: Endpoint, coral_id: str) -> Seen | None:
        answer = self._client.send(graphql(endpoint, _QUERY, {"id": coral_id}))
        if error := fault(answer):
            raise CallError(error)
        try:
            found = json.loads(answer.body)["data"]["comment"]
            return None if found is None else _seen(found)
        except (AttributeError, KeyError, TypeError, IndexError):
            raise CallError("Coral's answer lacks what was asked for") from None


def _seen(found: dict[str, Any]) -> Seen:
    edges = found["statusHistory"]["edges"]
    last = edges[0]["node"] if edges else {"moderator": None}
    moderator = last["moderator"] or {}
    texts = (found["body"], found["status"], (found["author"] or {}).get("id"), found["story"]["id"])
    body, status, author_id, story_id = (text if isinstance(text, str) else "" for text in texts)
    return Seen(body, status, author_id, story_id, str(found["revision"]["id"]), str(moderator.get("username") or ""))


def learn(connection: Connection, told: Told, seen: Seen, now: datetime) -> None:
    """Join a comment in Coral with ours, and take the decision of a person there. One that we never saw is left."""
    number = coral.linked(connection, told.site_id, told.coral_id) or _find(connection, told.site_id, seen, now)
    if number is None:
        return
    coral.link(connection, told.site_id, Link(told.coral_id, seen.revision_id), number)
    if not seen.by:
        return
    rows = comments.lock(connection, [number])
    decision = _decision(seen, rows)
    if decision is not None:
        maker = Maker(f"{seen.by[:_LONGEST_MAKER]}{MADE_IN_CORAL}")
        decisions.decide(connection, rows, decision, maker=maker, batch=decisions.new_batch(), now=now)


def _find(connection: Connection, site_id: int, seen: Seen, now: datetime) -> int | None:
    key = campaigns.author_key(author_of(seen.author_id))
    if key is None:
        return None
    since = now - LOOKED_BACK
    rows = coral.written(connection, site_id, author_key=key, story=seen.story_id, since=since, most=_MOST_LOOKED_AT)
    found = most_alike(text_of(seen.body), rows)
    return None if found is None else int(found.id)


def _decision(seen: Seen, rows: Sequence[Any]) -> Decision | None:
    """Coral says that a comment was rejected, not why: where we had flagged it as spam, that was confirmed."""
    [row] = rows
    if seen.status == "APPROVED":
        return Decision.APPROVE
    if seen.status != "REJECTED":
        return None
    if row.decision is not None and Decision(row.decision) is not Decision.APPROVE:
        return Decision(row.decision)
    flagged = row.action != Action.PUBLISH.value
    return Decision.REJECT_PROMOTIONAL if flagged else Decision.REJECT_OTHER
