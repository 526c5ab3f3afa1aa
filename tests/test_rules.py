"""A site's rules: kept, imported, tried, and heeded, on both databases."""

from dataclasses import replace

import pytest

from moderation.comment import Action, Author, Comment, Decision, Status
from moderation.moderator import Invalid, Moderator, Rule, RuleKind, Site, SiteSettings
from moderation.release import Release
from moderation.storage.database import Database
from tests.conftest import ORDINARY, SPAM, THRESHOLDS, Clock


def test_rules_are_kept_folded(moderator: Moderator, site: Site) -> None:
    moderator.rules.add(site, RuleKind.DOMAIN, ["https://www.Bad.example/path"], Action.REJECT, "ann")
    moderator.rules.add(site, RuleKind.ADDRESS, ["192.0.2.77/24"], Action.HOLD, "ann")
    kept = [(rule.kind, rule.value, rule.action, rule.created_by) for rule in moderator.rules.rules(site)]
    assert kept == [
        (RuleKind.ADDRESS, "192.0.2.0/24", Action.HOLD, "ann"),
        (RuleKind.DOMAIN, "bad.example", Action.REJECT, "ann"),
    ]


def test_plain_list_is_imported(moderator: Moderator, site: Site) -> None:
    lines = ["# a list", "", "one.example", " two.example ", "one.example"]
    assert moderator.rules.add(site, RuleKind.DOMAIN, lines, Action.REJECT, "ann") == 2
    assert moderator.rules.add(site, RuleKind.DOMAIN, lines, Action.REJECT, "ann") == 0
    assert moderator.rules.add(site, RuleKind.DOMAIN, ["one.example"], Action.HOLD, "bob") == 1


def test_long_list_is_heeded(moderator: Moderator, site: Site) -> None:
    many = (f"spam{number}.example" for number in range(20_000))
    assert moderator.rules.add(site, RuleKind.DOMAIN, many, Action.REJECT, "ann") == 20_000
    checked = moderator.check(site, Comment("see https://www.spam19999.example/now", "c-1"))
    assert (checked.action, checked.rule) == (Action.REJECT, "blocked content")


@pytest.mark.parametrize(
    ("kind", "value", "action"),
    [
        (RuleKind.DOMAIN, "not a domain", Action.REJECT),
        (RuleKind.DOMAIN, "localhost", Action.REJECT),
        (RuleKind.ADDRESS, "300.1.2.3", Action.REJECT),
        (RuleKind.WORD, "x" * 201, Action.REJECT),
        (RuleKind.WORD, "\u200b", Action.REJECT),
        (RuleKind.AUTHOR, "The Editor", Action.PUBLISH),
    ],
)
def test_wrong_line_takes_none(moderator: Moderator, site: Site, kind: RuleKind, value: str, action: Action) -> None:
    with pytest.raises(Invalid, match="line 2"):
        moderator.rules.add(site, kind, ["good.example" if kind is RuleKind.DOMAIN else "#", value], action, "ann")
    assert moderator.rules.rules(site) == ()


def test_too_many_words_take_none(moderator: Moderator, site: Site) -> None:
    with pytest.raises(Invalid, match="2,000 words"):
        moderator.rules.add(site, RuleKind.WORD, map(str, range(2_001)), Action.REJECT, "ann")
    assert moderator.rules.rules(site) == ()


def test_removed_rule_is_heeded_no_more(moderator: Moderator, site: Site) -> None:
    moderator.rules.add(site, RuleKind.WORD, ["reporting"], Action.REJECT, "ann")
    assert moderator.check(site, Comment(ORDINARY, "c-1")).status is Status.REJECTED
    moderator.rules.remove(site, [rule.id for rule in moderator.rules.rules(site)])
    assert moderator.check(site, Comment(ORDINARY, "c-2")).status is Status.PUBLISHED


def test_other_sites_rules_stay(moderator: Moderator, site: Site) -> None:
    moderator.add_site("tribune", THRESHOLDS)
    tribune = moderator.site("tribune")
    moderator.rules.add(site, RuleKind.WORD, ["reporting"], Action.REJECT, "ann")
    moderator.rules.remove(tribune, [rule.id for rule in moderator.rules.rules(site)])
    assert len(moderator.rules.rules(site)) == 1
    assert moderator.check(tribune, Comment(ORDINARY, "c-1")).status is Status.PUBLISHED


def test_rule_reaches_other_processes(
    moderator: Moderator, site: Site, release: Release, database: Database, clock: Clock
) -> None:
    elsewhere = Moderator(release, database, clock)
    assert elsewhere.check(site, Comment(ORDINARY, "c-1")).status is Status.PUBLISHED
    moderator.rules.add(site, RuleKind.WORD, ["reporting"], Action.REJECT, "ann")
    clock.advance(seconds=5)
    assert elsewhere.check(site, Comment(ORDINARY, "c-2")).status is Status.REJECTED
    moderator.set_site(site, replace(THRESHOLDS, watch_only=True))
    clock.advance(seconds=5)
    assert elsewhere.check(site, Comment(ORDINARY, "c-3")).action is Action.PUBLISH


def test_trial_shows_what_would_change(moderator: Moderator, site: Site) -> None:
    moderator.check(site, Comment(ORDINARY, "c-1"))
    moderator.check(site, Comment("a calm remark about the weather", "c-2"))
    trial = moderator.rules.try_rule(site, [Rule(RuleKind.WORD, "Reporting", Action.REJECT)])
    assert trial.tried == 2
    assert [(item.comment.id, old, new) for item, old, new in trial.changed] == [("c-1", Action.PUBLISH, Action.REJECT)]
    assert moderator.rules.rules(site) == ()
    assert moderator.comment(site, "c-1").status is Status.PUBLISHED


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        (SiteSettings(hold=1.5), "the threshold to hold"),
        (SiteSettings(hold=0.9, reject=0.5), "the threshold to reject"),
        (SiteSettings(hold_off_topic=0.1), "the threshold to hold what is off-topic"),
    ],
)
def test_trial_refuses_what_cannot_be_switched_on(
    moderator: Moderator, site: Site, settings: SiteSettings, named: str
) -> None:
    for refuse in (
        lambda: moderator.rules.try_rule(site, settings=settings),
        lambda: moderator.set_site(site, settings),
    ):
        with pytest.raises(Invalid, match=named):
            refuse()
    with pytest.raises(Invalid, match="line 1: expected an IP address"):
        moderator.rules.try_rule(site, [Rule(RuleKind.ADDRESS, "here", Action.REJECT)])


def test_trial_of_settings_compares(moderator: Moderator, site: Site) -> None:
    moderator.check(site, Comment(SPAM, "c-1"))
    trial = moderator.rules.try_rule(site, settings=replace(THRESHOLDS, reject=0.9))
    watched = moderator.rules.try_rule(site, settings=replace(THRESHOLDS, watch_only=True))
    assert len(trial.changed) == len(watched.changed) == 1
    assert trial.changed[0][1:] == (Action.HOLD, Action.REJECT)


def test_new_authors_are_held_until_published(moderator: Moderator, site: Site, clock: Clock) -> None:
    moderator.set_site(site, replace(THRESHOLDS, hold_new_authors=True))
    author = Author("Kelly", email="kelly@example.org")
    first = moderator.check(site, Comment(ORDINARY, "c-1", author=author))
    nameless = moderator.check(site, Comment(ORDINARY, "c-2"))
    assert (first.rule, nameless.rule) == ("new author", "new author")
    moderator.decide(site, "c-1", Decision.APPROVE, "ann")
    clock.advance(seconds=1)
    known = moderator.check(site, Comment(ORDINARY, "c-3", author=author))
    assert known.status is Status.PUBLISHED


def test_trial_knows_who_was_new(moderator: Moderator, site: Site, clock: Clock) -> None:
    for number in range(2):
        moderator.check(site, Comment(ORDINARY, f"c-{number}", author=Author("Kelly")))
        clock.advance(seconds=1)
    trial = moderator.rules.try_rule(site, settings=replace(THRESHOLDS, hold_new_authors=True))
    assert [item.comment.id for item, _old, _new in trial.changed] == ["c-0"]
