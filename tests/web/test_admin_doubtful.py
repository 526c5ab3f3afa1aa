"""The administrators' page of doubtful decisions, and its button."""

from datetime import UTC, datetime, timedelta

from moderation.comment import Author, Comment, Decision, Status
from moderation.moderator import Moderator, Role, SiteSettings
from tests.conftest import SPAM
from tests.web.conftest import Service
from tests.web.test_review_access import OURS, Enter, enter, moderator

__all__ = ["enter", "moderator"]


def test_page_lists_and_takes_back(service: Service, enter: Enter, moderator: Moderator) -> None:
    moderator.add_site("wrong", SiteSettings(hold=0.5, reject=1.0))
    site = moderator.site("wrong")
    for number in range(20):
        body = f"{SPAM} {' '.join(f'{letter}{number}' for letter in 'abcdefgh')} <b>"
        moderator.check(site, Comment(body, f"c-{number}", author=Author("<i>")))
        moderator.decide(site, f"c-{number}", Decision.APPROVE, "<b>wrong</b>")
    client = enter("ann@example.org", Role.ADMINISTRATOR)
    page = client.get("/review/doubtful").text
    assert "20 decisions from" in page
    assert "&lt;b&gt;wrong&lt;/b&gt;" in page
    assert "<b>wrong" not in page
    now = datetime.now(UTC)
    form = {"moderator": "<b>wrong</b>", "from": (now - timedelta(hours=1)).isoformat(), "to": now.isoformat()}
    page = client.post("/review/doubtful/undo", data=form, headers=OURS).text
    assert "Decisions on 20 comments taken back." in page
    assert "Nobody&#39;s decisions stand out." in page or "Nobody's decisions stand out." in page
    assert {one.status for one in moderator.comments(site).items} == {Status.HELD}
    form["to"] = "soon"
    assert client.post("/review/doubtful/undo", data=form, headers=OURS).status_code == 400


def test_moderators_may_not_look(enter: Enter) -> None:
    client = enter("bea@example.org", Role.MODERATOR)
    assert client.get("/review/doubtful").status_code == 403
    assert client.post("/review/doubtful/undo", headers=OURS).status_code == 403
