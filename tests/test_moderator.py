"""All use cases of comments, articles, decisions and sites, on both databases and with the shipped release."""

from dataclasses import replace
from datetime import datetime, timedelta, timezone

import pytest
import sqlalchemy as sa

from moderation.comment import Action, Article, Author, Comment, Decision, Status
from moderation.moderator import (
    Conflict,
    Filter,
    Invalid,
    Moderator,
    NotFound,
    RuleKind,
    Site,
    SiteSettings,
    Unavailable,
)
from moderation.release import Release
from moderation.storage.database import Database
from moderation.storage.delivery_tables import outbox
from tests.conftest import ORDINARY, SPAM, THRESHOLDS, Clock

ARTICLE = Article(
    "a-1", "The council and the river", "The council will pay for a new bridge over the river.", "https://g.example/a"
)


def test_spam_is_held_and_ordinary_published(moderator: Moderator, site: Site) -> None:
    held = moderator.check(site, Comment(SPAM, "c-1"))
    published = moderator.check(site, Comment(ORDINARY, "c-2"))
    assert (held.action, held.status) == (Action.HOLD, Status.HELD)
    assert (published.action, published.status) == (Action.PUBLISH, Status.PUBLISHED)


def test_stored_comment_is_what_came(moderator: Moderator, site: Site, clock: Clock) -> None:
    author = Author("Kelly", "https://kelly.example", "k@example.org", "192.0.2.7", "Mozilla/5.0")
    comment = Comment(SPAM, "c-1", clock.now - timedelta(hours=1), "c-0", author)
    checked = moderator.check(site, comment, ARTICLE)
    stored = moderator.comment(site, "c-1")
    assert stored.comment == comment
    assert stored.score == checked.score
    assert stored.article == replace(ARTICLE, body="")
    assert stored.received_at == clock.now
    assert (stored.revision, stored.version, stored.site) == (1, 1, "gazette")


def test_same_comment_again_answers_alike(moderator: Moderator, site: Site) -> None:
    first = moderator.check(site, Comment(SPAM, "c-1"))
    again = moderator.check(site, Comment(SPAM, "c-1"))
    assert again == replace(first, created=False)
    assert len(moderator.comments(site).items) == 1


def test_same_id_on_another_site_is_another(moderator: Moderator, site: Site) -> None:
    moderator.add_site("tribune")
    first = moderator.check(site, Comment(SPAM, "c-1"))
    second = moderator.check(moderator.site("tribune"), Comment(SPAM, "c-1"))
    assert second.created
    assert second.number != first.number


def test_changed_body_makes_new_revision(moderator: Moderator, site: Site) -> None:
    moderator.check(site, Comment(ORDINARY, "c-1"))
    changed = moderator.check(site, Comment(SPAM, "c-1"))
    stored = moderator.comment(site, "c-1")
    assert (changed.status, changed.created) == (Status.HELD, False)
    assert (stored.revision, stored.comment.body) == (2, SPAM)
    assert [(event.kind, event.body) for event in moderator.history(site, "c-1")] == [("revision", ORDINARY)]


def test_edit_does_not_publish_rejected_comment(moderator: Moderator, site: Site) -> None:
    moderator.check(site, Comment(SPAM, "c-1"))
    moderator.decide(site, "c-1", Decision.REJECT_PROMOTIONAL, "ann")
    assert moderator.check(site, Comment(ORDINARY, "c-1")).status is Status.HELD


def test_edit_of_approved_spam_is_looked_at(moderator: Moderator, site: Site) -> None:
    moderator.check(site, Comment(ORDINARY, "c-1"))
    moderator.decide(site, "c-1", Decision.APPROVE, "ann")
    assert moderator.check(site, Comment(SPAM, "c-1")).status is Status.HELD
    assert moderator.comment(site, "c-1").decision is None


@pytest.mark.parametrize("name", ["", " ", "\u20ac" * 341])
def test_id_must_fit_an_index(moderator: Moderator, site: Site, name: str) -> None:
    with pytest.raises(Invalid, match="1 to 1020 bytes"):
        moderator.check(site, Comment(SPAM, name))
    if name.strip():
        with pytest.raises(Invalid, match="1 to 1020 bytes"):
            moderator.put_article(site, replace(ARTICLE, id=name))


def test_longest_names_and_addresses_are_stored(moderator: Moderator, site: Site) -> None:
    noise = "".join(map(chr, range(0x4E00, 0x4E00 + 20_000)))
    article = replace(ARTICLE, id=noise[:166], url=f"https://g.example/{noise}")
    moderator.check(site, Comment(SPAM, noise[:166], author=Author(noise, noise, noise, noise, noise)), article)
    moderator.check(site, Comment(SPAM, "c-2"), Article(url=article.url))
    moderator.decide(site, "c-2", Decision.APPROVE, noise)
    assert moderator.article(site, noise[:166]) == article
    assert moderator.article(site, article.url) == article
    assert moderator.history(site, "c-2")[0].by == noise[:200]


@pytest.mark.parametrize("hours", [-14, 14])
@pytest.mark.parametrize("moment", [datetime.min, datetime.max])
def test_any_time_is_stored_and_read(moderator: Moderator, site: Site, moment: datetime, hours: int) -> None:
    far = moment.replace(tzinfo=timezone(timedelta(hours=hours)))
    moderator.check(site, Comment(SPAM, "c-1", created_at=far))
    stored = moderator.comment(site, "c-1").comment.created_at
    assert stored is not None
    assert stored.year in (1, 9999)


def test_edit_keeps_its_article(moderator: Moderator, site: Site) -> None:
    moderator.check(site, Comment(ORDINARY, "c-1"), ARTICLE)
    changed = moderator.check(site, Comment(SPAM, "c-1"))
    assert changed.score.off_topic is not None
    assert moderator.comment(site, "c-1").article == replace(ARTICLE, body="")


def test_unstorable_signs_keep_their_places(moderator: Moderator, site: Site) -> None:
    body = f"\0 \ud800 {SPAM}"
    checked = moderator.check(site, Comment(body, "c\0-1", author=Author("k\0")))
    stored = moderator.comment(site, "c\0-1")
    assert stored.comment.body == f"\ufffd \ufffd {SPAM}"
    assert stored.score == checked.score
    assert not moderator.check(site, Comment(body, "c\0-1")).created


def test_long_hostile_text_is_stored_whole(moderator: Moderator, site: Site) -> None:
    body = "<script>alert(1)</script>\u202e' OR 1=1; -- %s :name " * 2_000
    moderator.check(site, Comment(body, "c-1", author=Author("'; DROP TABLE comments; --")))
    assert moderator.comment(site, "c-1").comment.body == body


# --- Articles --------------------------------------------------------------------------------------------------------


def test_article_is_named_after_it_came(moderator: Moderator, site: Site) -> None:
    assert moderator.put_article(site, ARTICLE)
    checked = moderator.check(site, Comment(ORDINARY, "c-1"), Article("a-1"))
    assert checked.score.off_topic is not None
    assert moderator.article(site, "a-1") == ARTICLE


def test_comment_is_scored_again_with_article(moderator: Moderator, site: Site) -> None:
    early = moderator.check(site, Comment(ORDINARY, "c-1"), Article("a-1"))
    assert early.score.off_topic is None
    moderator.put_article(site, ARTICLE)
    stored = moderator.comment(site, "c-1")
    assert stored.score.off_topic is not None
    assert stored.article == replace(ARTICLE, body="")


def test_comment_between_look_and_commit_is_scored(moderator: Moderator, site: Site, database: Database) -> None:
    if database.engine.dialect.name == "sqlite":
        pytest.skip("a matter of one database: on SQLite nobody writes between the two")
    moderator.check(site, Comment(ORDINARY, "c-1"), Article("a-1"))

    seen: list[object] = []

    def just_before(connection: object) -> None:
        seen.append(connection)
        if len(seen) == 1:
            moderator.check(site, Comment(ORDINARY, "c-2"), Article("a-1"))

    sa.event.listen(database.engine, "commit", just_before)
    moderator.put_article(site, ARTICLE)
    assert moderator.comment(site, "c-2").score.off_topic is not None


def test_article_is_known_by_its_address(moderator: Moderator, site: Site) -> None:
    early = moderator.check(site, Comment(ORDINARY, "c-1"), Article(url=ARTICLE.url))
    moderator.put_article(site, ARTICLE)
    late = moderator.check(site, Comment(ORDINARY, "c-2"), Article(url=ARTICLE.url))
    assert early.score.off_topic is None
    assert late.score.off_topic == moderator.comment(site, "c-1").score.off_topic is not None


@pytest.mark.usefixtures("listener")
def test_late_article_moves_undecided_comment(moderator: Moderator, site: Site, database: Database) -> None:
    moderator.set_site(site, replace(THRESHOLDS, hold_off_topic=0.5))
    moderator.check(site, Comment("I like my cat very much indeed", "c-1"), Article("a-1"))
    moderator.check(site, Comment("I like my dog very much indeed", "c-2"), Article("a-1"))
    moderator.decide(site, "c-2", Decision.APPROVE, "ann")
    moderator.put_article(site, ARTICLE)
    assert moderator.comment(site, "c-1").status is Status.HELD
    assert moderator.comment(site, "c-2").status is Status.PUBLISHED
    assert _events(database) == ["comment.published", "comment.held"]


def test_changed_article_is_not_new(moderator: Moderator, site: Site) -> None:
    assert moderator.put_article(site, ARTICLE)
    assert not moderator.put_article(site, ARTICLE)
    assert not moderator.put_article(site, replace(ARTICLE, title="Another title"))
    assert moderator.article(site, "a-1").title == "Another title"


def test_empty_article_is_refused(moderator: Moderator, site: Site) -> None:
    with pytest.raises(Invalid, match="title"):
        moderator.put_article(site, Article("a-1"))


def test_article_named_only_is_not_found(moderator: Moderator, site: Site) -> None:
    moderator.check(site, Comment(ORDINARY, "c-1"), Article("a-1"))
    with pytest.raises(NotFound):
        moderator.article(site, "a-1")


# --- Decisions -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("decision", "status"),
    [
        (Decision.APPROVE, Status.PUBLISHED),
        (Decision.REJECT_PROMOTIONAL, Status.REJECTED),
        (Decision.REJECT_OFF_TOPIC, Status.REJECTED),
        (Decision.REJECT_OTHER, Status.REJECTED),
    ],
)
@pytest.mark.usefixtures("listener")
def test_decision_moves_comment_and_tells(
    moderator: Moderator, site: Site, database: Database, decision: Decision, status: Status
) -> None:
    moderator.check(site, Comment(SPAM, "c-1"))
    decided = moderator.decide(site, "c-1", decision, "ann")
    stored = moderator.comment(site, "c-1")
    assert (decided.status, stored.status, stored.decision) == (status, status, decision)
    assert _events(database) == [f"comment.{status}"]


@pytest.mark.usefixtures("listener")
def test_undo_restores_status_before(moderator: Moderator, site: Site, database: Database) -> None:
    moderator.check(site, Comment(SPAM, "c-1"))
    moderator.decide(site, "c-1", Decision.APPROVE, "ann")
    moderator.decide(site, "c-1", Decision.REJECT_OTHER, "bob")
    assert moderator.undo(site, "c-1", "ann").status is Status.PUBLISHED
    assert moderator.comment(site, "c-1").decision is Decision.APPROVE
    assert moderator.undo(site, "c-1", "ann").status is Status.HELD
    assert moderator.comment(site, "c-1").decision is None
    with pytest.raises(Conflict):
        moderator.undo(site, "c-1", "ann")
    assert _events(database) == [f"comment.{status}" for status in ("published", "rejected", "published", "held")]


@pytest.mark.usefixtures("listener")
def test_repeated_decision_changes_nothing(moderator: Moderator, site: Site, database: Database) -> None:
    moderator.check(site, Comment(SPAM, "c-1"))
    moderator.decide(site, "c-1", Decision.APPROVE, "ann")
    assert moderator.decide(site, "c-1", Decision.APPROVE, "cms").numbers == ()
    assert len(_events(database)) == 1


def test_undo_stops_at_new_revision(moderator: Moderator, site: Site) -> None:
    moderator.check(site, Comment(ORDINARY, "c-1"))
    moderator.decide(site, "c-1", Decision.REJECT_OTHER, "ann")
    moderator.check(site, Comment(SPAM, "c-1"))
    with pytest.raises(Conflict):
        moderator.undo(site, "c-1", "ann")


def test_history_tells_who_decided_what(moderator: Moderator, site: Site) -> None:
    moderator.check(site, Comment(SPAM, "c-1"))
    moderator.decide(site, "c-1", Decision.APPROVE, "ann")
    moderator.undo(site, "c-1", "bob")
    told = [(event.kind, event.by, event.decision, event.undone) for event in moderator.history(site, "c-1")]
    assert told == [("decision", "ann", Decision.APPROVE, True), ("undo", "bob", Decision.APPROVE, False)]


def test_other_sites_comment_is_not_found(moderator: Moderator, site: Site) -> None:
    moderator.add_site("tribune")
    tribune = moderator.site("tribune")
    moderator.check(tribune, Comment(SPAM, "c-1"))
    with pytest.raises(NotFound):
        moderator.comment(site, "c-1")
    with pytest.raises(NotFound):
        moderator.history(site, "c-1")
    with pytest.raises(NotFound):
        moderator.decide(site, "c-1", Decision.APPROVE, "ann")


# --- Pages -----------------------------------------------------------------------------------------------------------


def test_pages_show_each_comment_once(moderator: Moderator, site: Site, clock: Clock) -> None:
    for number in range(7):
        moderator.check(site, Comment(ORDINARY, f"c-{number}"))
        clock.advance(seconds=number % 2)
    seen, cursor = [], None
    while True:
        page = moderator.comments(site, Status.PUBLISHED, cursor, limit=3)
        seen += [item.comment.id for item in page.items]
        if page.cursor is None:
            break
        cursor = page.cursor
    assert seen == [f"c-{number}" for number in reversed(range(7))]


@pytest.mark.parametrize(
    "cursor", ["", "x", "newest", "newest..", "newest.1.\u0664", "newest.-1.1", "newest.1", "certain.0.5.1"]
)
def test_foreign_cursor_is_refused(moderator: Moderator, site: Site, cursor: str) -> None:
    with pytest.raises(Invalid, match="cursor"):
        moderator.comments(site, cursor=cursor)


# --- Scoring ---------------------------------------------------------------------------------------------------------


def test_score_stores_nothing(moderator: Moderator, site: Site) -> None:
    [advice] = moderator.score_many([(Comment(SPAM, "c-1"), ARTICLE)])
    assert advice.score.off_topic is not None
    assert moderator.comments(site).items == ()


def test_score_without_store_works(release: Release) -> None:
    alone = Moderator(release)
    assert [advice.action for advice in alone.score_many([(Comment(ORDINARY), None)])] == [Action.PUBLISH]
    with pytest.raises(Unavailable):
        alone.sites()


def test_score_heeds_the_sites_rules(moderator: Moderator, site: Site) -> None:
    moderator.rules.add(site, RuleKind.WORD, ["reporting"], Action.REJECT, "ann")
    moderator.put_article(site, ARTICLE)
    [advice] = moderator.score_many([(Comment(ORDINARY), Article("a-1"))], site)
    assert (advice.action, advice.rule) == (Action.REJECT, "blocked content")
    assert advice.score.off_topic is not None


# --- Sites -----------------------------------------------------------------------------------------------------------


def test_key_speaks_for_its_site(moderator: Moderator) -> None:
    key = moderator.add_site("gazette")
    found = moderator.site_of_key(key)
    assert found is not None
    assert found.name == "gazette"
    assert moderator.site_of_key(key + "x") is None
    assert moderator.site_of_key("\ud800") is None


def test_key_is_remembered_without_query(moderator: Moderator, database: Database) -> None:
    key = moderator.add_site("gazette")
    moderator.site_of_key(key)
    statements = []
    sa.event.listen(database.engine, "before_cursor_execute", lambda *given: statements.append(given[2]))
    assert moderator.site_of_key(key) is not None
    assert statements == []


def test_rotated_key_ends_the_old(moderator: Moderator, release: Release, database: Database, clock: Clock) -> None:
    old = moderator.add_site("gazette")
    elsewhere = Moderator(release, database, clock)
    assert elsewhere.site_of_key(old) is not None
    new = moderator.rotate_key("gazette")
    assert moderator.site_of_key(old) is None
    assert moderator.site_of_key(new) is not None
    clock.advance(seconds=5)
    assert elsewhere.site_of_key(old) is None


def test_old_key_may_live_a_while(moderator: Moderator, clock: Clock) -> None:
    old = moderator.add_site("gazette")
    moderator.rotate_key("gazette", keep_old=timedelta(hours=1))
    assert moderator.site_of_key(old) is not None
    clock.advance(hours=1)
    assert moderator.site_of_key(old) is None


def test_keys_are_stored_as_hashes(moderator: Moderator, database: Database) -> None:
    key = moderator.add_site("gazette")
    with database.reading() as connection:
        stored = connection.execute(sa.text("SELECT * FROM site_keys")).one()
    assert all(key[4:] not in repr(value) for value in stored)


def test_site_name_is_taken_once(moderator: Moderator, site: Site) -> None:
    with pytest.raises(Conflict, match="gazette"):
        moderator.add_site("gazette")
    with pytest.raises(Invalid):
        moderator.add_site("\x1b[31m")


@pytest.mark.parametrize(
    "settings",
    [
        SiteSettings(hold=0.01),
        SiteSettings(reject=0.2),
        SiteSettings(hold=0.9, reject=0.6),
        SiteSettings(hold_off_topic=0.1),
    ],
)
def test_settings_outside_limits_are_refused(moderator: Moderator, site: Site, settings: SiteSettings) -> None:
    with pytest.raises(Invalid):
        moderator.set_site(site, settings)
    assert moderator.site("gazette").settings == THRESHOLDS


def test_watching_site_publishes_and_queues(moderator: Moderator, site: Site) -> None:
    moderator.set_site(site, replace(THRESHOLDS, watch_only=True))
    checked = moderator.check(site, Comment(SPAM, "c-1"))
    assert (checked.action, checked.status) == (Action.PUBLISH, Status.HELD)
    assert [item.comment.id for item in moderator.review.page(Filter(site="gazette")).items] == ["c-1"]


def test_lost_database_is_unavailable(release: Release, database_url: str, clock: Clock) -> None:
    database = Database.open(database_url)
    moderator = Moderator(release, database, clock)
    database.close()
    database.engine = sa.create_engine("postgresql+psycopg://nobody@127.0.0.1:9/none")
    with pytest.raises(Unavailable) as refusal:
        moderator.ready()
    assert "nobody" not in str(refusal.value)


def _events(database: Database) -> list[str]:
    with database.reading() as connection:
        return list(connection.execute(sa.select(outbox.c.event).order_by(outbox.c.id)).scalars())
