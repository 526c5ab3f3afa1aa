"""Figures, exports and the end of readers' data, on both databases."""

import csv
import io
import json
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from moderation.comment import Action, Article, Author, Comment, Decision, Status
from moderation.moderator import Disagreement, Filter, Moderator, NotFound, Site, User
from moderation.storage.comments import read_reasons
from moderation.storage.database import Database
from moderation.storage.tables import metadata, scores
from tests.conftest import ORDINARY, SPAM, THRESHOLDS, Clock

SECRET = "zanzibar"
READER = Author(f"{SECRET} name", f"https://{SECRET}.example", f"{SECRET}@example.org", "192.0.2.99", f"{SECRET} agent")


def test_figures_count_by_day(moderator: Moderator, site: Site, clock: Clock) -> None:
    moderator.check(site, Comment(SPAM, "c-1"))
    moderator.check(site, Comment(ORDINARY, "c-2"))
    clock.advance(days=1, hours=1)
    moderator.check(site, Comment(SPAM, "c-3"))
    moderator.decide(site, "c-1", Decision.REJECT_PROMOTIONAL, "ann")
    moderator.decide(site, "c-2", Decision.REJECT_OTHER, "ann")
    figures = moderator.reports.figures("gazette")
    assert figures.received == {
        "2026-03-01": {Action.HOLD: 1, Action.PUBLISH: 1},
        "2026-03-02": {Action.HOLD: 1},
    }
    assert figures.decided == {"2026-03-02": {Decision.REJECT_PROMOTIONAL: 1, Decision.REJECT_OTHER: 1}}
    assert figures.oldest_held_s == 0
    assert figures.median_to_decision_s == figures.slow_to_decision_s == 25 * 3600


def test_figures_forget_old_days(moderator: Moderator, site: Site, clock: Clock) -> None:
    moderator.check(site, Comment(SPAM, "c-1"))
    moderator.decide(site, "c-1", Decision.APPROVE, "ann")
    clock.advance(days=30)
    figures = moderator.reports.figures(days=30)
    assert (figures.received, figures.decided, figures.disagreement) == ({}, {}, ())
    assert figures.oldest_held_s is figures.median_to_decision_s is figures.slow_to_decision_s is None


def test_disagreement_is_by_signal(moderator: Moderator, site: Site) -> None:
    decided = {"c-1": Decision.APPROVE, "c-2": Decision.REJECT_PROMOTIONAL, "c-3": Decision.REJECT_OTHER}
    for name, decision in {**decided, "c-4": Decision.APPROVE}.items():
        moderator.check(site, Comment(f"{SPAM} {name}", name))
        moderator.decide(site, name, decision, "ann")
    moderator.undo(site, "c-4", "ann")
    moderator.check(site, Comment(ORDINARY, "c-5"))
    moderator.decide(site, "c-5", Decision.REJECT_PROMOTIONAL, "ann")
    disagreement = moderator.reports.figures().disagreement
    assert sum(one.decided for one in disagreement) == 3
    assert sum(one.against for one in disagreement) == 2
    assert isinstance(disagreement[0], Disagreement)


def test_figures_are_of_one_site(moderator: Moderator, site: Site) -> None:
    moderator.add_site("tribune", THRESHOLDS)
    moderator.check(site, Comment(SPAM, "c-1"))
    assert moderator.reports.figures("tribune").received == {}
    assert moderator.reports.figures("tribune").oldest_held_s is None
    with pytest.raises(NotFound):
        moderator.reports.figures("nowhere")


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", " =", "\uff1d", "\u200b="])
def test_csv_starts_no_formula(moderator: Moderator, site: Site, start: str) -> None:
    body = f'{start}cmd|"/c calc"!A1, "quoted"\nsecond line'
    moderator.check(site, Comment(body, "=1+1", author=Author(f"{start}name")))
    heading, row = csv.reader(io.StringIO("".join(moderator.reports.export_csv(Filter(status=None))), newline=""))
    cells = dict(zip(heading, row, strict=True))
    assert cells["body"] == f"'{body}"
    assert cells["comment_id"] == "'=1+1"
    assert cells["author_name"] == f"'{start}name"
    assert 0 < float(cells["promotional"]) < 1


def test_json_lines_hold_what_stands(moderator: Moderator, site: Site, clock: Clock, user: User) -> None:
    moderator.check(site, Comment(f"{SPAM} \u2028 \x1b[0m", "c-1", author=READER), Article("a-1", "Bridges", "Text."))
    moderator.review.decide_many([moderator.comment(site, "c-1").seen], Decision.APPROVE, user)
    moderator.check(site, Comment(ORDINARY, "c-2"))
    lines = list(moderator.reports.export_json_lines(Filter(status=None)))
    newest, oldest = sorted(map(json.loads, lines), key=lambda record: str(record["comment_id"]), reverse=True)
    assert all(line.endswith("\n") and line.count("\n") == 1 for line in lines)
    assert (newest["decision"], newest["decided_by"]) == ("", "")
    assert (oldest["article_id"], oldest["decision"], oldest["decided_by"]) == ("a-1", "approve", user.email)
    assert (oldest["status"], oldest["author_email"], oldest["decided_at"]) == (
        Status.PUBLISHED,
        READER.email,
        clock.now.isoformat(),
    )


def test_export_reads_page_after_page(moderator: Moderator, site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("moderation.reports._AT_ONCE", 2)
    for number in range(5):
        moderator.check(site, Comment(SPAM, f"c-{number}"))
    assert len(list(moderator.reports.export_csv(Filter()))) == 6


def test_purge_leaves_nothing_of_readers(
    moderator: Moderator, site: Site, database: Database, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("moderation.reports._AT_ONCE", 2)
    for number in range(3):
        name = f"c-{number}"
        moderator.check(site, Comment(f"first {SECRET} {SPAM}", name, author=READER), Article("a-1"))
        moderator.check(site, Comment(f"{SPAM} {SECRET} call +1 202 555 0100", name, author=READER))
        moderator.decide(site, name, Decision.REJECT_PROMOTIONAL, "ann")
    moderator.put_article(site, Article("a-1", "Bridges", "Text."))
    clock.advance(days=180, seconds=1)
    moderator.check(site, Comment(ORDINARY, "young", author=Author("stays")))
    figures = moderator.review.counts("gazette")
    assert moderator.reports.purge(timedelta(days=180)) == 3
    assert moderator.reports.purge(timedelta(days=180)) == 0
    with database.reading() as connection:
        tables = [*metadata.tables, "comment_words"]
        former = [read_reasons(text) for text in connection.execute(sa.select(scores.c.reasons)).scalars()]
        quoted = {reason.text for reasons in former for reason in reasons}
        left = repr([connection.execute(sa.text(f"SELECT * FROM {table}")).all() for table in tables])
    assert SECRET not in left
    assert READER.ip not in left
    assert "bonus" not in left
    assert quoted == {""}
    assert "stays" in left
    stored = moderator.comment(site, "c-0")
    assert (stored.purged, stored.decision, stored.revision) == (True, Decision.REJECT_PROMOTIONAL, 2)
    assert stored.score.reasons
    assert moderator.review.counts("gazette").status == figures.status
    assert moderator.review.page(Filter(text="bonus", status=None)).items == ()
    assert moderator.review.page(Filter(domain="evil-slots.com", status=None)).items == ()


def test_purge_leaves_nothing_in_the_file(
    moderator: Moderator, site: Site, database: Database, database_url: str, clock: Clock
) -> None:
    if not database_url.startswith("sqlite"):
        pytest.skip("a matter of one database: PostgreSQL's VACUUM removes what was deleted")
    moderator.check(site, Comment(f"{SPAM} {SECRET}", "c-1", author=READER))
    clock.advance(days=2)
    moderator.reports.purge(timedelta(days=1))
    database.close()
    assert SECRET.encode() not in Path(database_url.removeprefix("sqlite:///")).read_bytes()


def test_purged_comment_is_still_held(moderator: Moderator, site: Site, clock: Clock) -> None:
    moderator.check(site, Comment(SPAM, "c-1"))
    clock.advance(days=2)
    moderator.reports.purge(timedelta(days=1))
    [item] = moderator.review.page(Filter()).items
    assert (item.purged, item.comment.body, item.status) == (True, "", Status.HELD)


@pytest.mark.usefixtures("listener")
def test_delivered_events_go_undelivered_stay(
    moderator: Moderator, site: Site, database: Database, clock: Clock
) -> None:
    for name in ("c-1", "c-2"):
        moderator.check(site, Comment(SPAM, name))
        moderator.decide(site, name, Decision.APPROVE, "ann")
    with database.writing() as connection:
        connection.execute(sa.text("UPDATE outbox SET delivered_at = made_at WHERE id = (SELECT min(id) FROM outbox)"))
    clock.advance(days=2)
    moderator.reports.purge(timedelta(days=1))
    with database.reading() as connection:
        [payload] = connection.execute(sa.text("SELECT payload FROM outbox")).scalars()
    assert json.loads(payload)["data"]["comment_id"] == "c-2"
