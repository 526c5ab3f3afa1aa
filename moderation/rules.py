"""A site's own rules: kept, imported, and tried against what was stored before they are switched on.

Knows the store and the policy; the rules' matching itself is in ``detection.policy``.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from moderation.comment import Action, Comment, Release, Score, Thresholds
from moderation.detection import policy
from moderation.detection.campaigns import hosts_of
from moderation.detection.policy import Facts, Listed, SitePolicy, Verdict
from moderation.storage import campaigns, sites
from moderation.storage import comments as stored_comments
from moderation.storage.database import Database
from moderation.storage.errors import Invalid
from moderation.storage.records import Rule, RuleKind, Site, SiteSettings, StoredComment

REMEMBERED = timedelta(seconds=5)
_MOST_RULES = 200_000
_MOST_WORDS = 2_000  # each phrase is looked for in each comment
_LONGEST = 200
_TRIED = 1_000
_FOLDS: dict[RuleKind, Callable[[str], object]] = {
    RuleKind.WORD: policy.fold_word,
    RuleKind.DOMAIN: policy.fold_domain,
    RuleKind.AUTHOR: policy.fold_author,
    RuleKind.ADDRESS: policy.fold_network,
}


@dataclass(frozen=True, slots=True)
class Trial:
    """What changed rules would have done to the last comments: each whose action differs, and from what to what."""

    tried: int
    changed: tuple[tuple[StoredComment, Action, Action], ...]


@dataclass(frozen=True, slots=True)
class _InForce:
    until: datetime
    version: int
    settings: SiteSettings
    rules: tuple[Rule, ...]
    lists: dict[Action, Listed]


class Rules:
    """The rules of all sites."""

    def __init__(self, database: Database, release: Callable[[], Release], clock: Callable[[], datetime]) -> None:
        self._database = database
        self._release = release
        self._thresholds_of: dict[str, Thresholds] = {}
        self._clock = clock
        self._known: dict[int, _InForce] = {}

    def rules(self, site: Site) -> tuple[Rule, ...]:
        """A site's rules by kind and value."""
        with self._database.reading() as connection:
            return sites.rules(connection, site.id)

    def add(self, site: Site, kind: RuleKind, values: Iterable[str], action: Action, by: str) -> int:
        """Add rules of one kind and action and return how many were new or changed their action.

        A plain list is a file's lines: blank ones and those that begin with ``#`` are passed over. ``Invalid`` names
        the first line that can not be taken, and then none was. At most 200,000 rules a site, 2,000 of them words.
        """
        added = list(_read_rules(kind, values, action))
        with self._database.writing() as connection:
            changed = sites.add_rules(connection, site.id, added, by, self._clock())
            for one, most in ((None, _MOST_RULES), (RuleKind.WORD, _MOST_WORDS)):
                if sites.count_rules(connection, site.id, one) > most:
                    raise Invalid(f"a site has at most {most:,} {one or 'rule'}s")
        self._known.pop(site.id, None)
        return changed

    def remove(self, site: Site, rule_ids: Sequence[int]) -> None:
        """Remove rules of a site."""
        with self._database.writing() as connection:
            sites.remove_rules(connection, site.id, rule_ids)
        self._known.pop(site.id, None)

    def try_rule(self, site: Site, added: Sequence[Rule] = (), settings: SiteSettings | None = None) -> Trial:
        """What rules to add, or other settings, would have done to the site's last 1,000 comments. Stores nothing.

        It is compared with what the rules of now would have done, so that nothing but the change shows. ``Invalid``
        where a rule or a setting could not be switched on.
        """
        wanted = None if settings is None else self.within_limits(settings)
        read = [rule for one in added for rule in _read_rules(one.kind, [one.value], one.action)]
        now = self._in_force(site)
        replaced = {(rule.kind, rule.value) for rule in read}
        kept = [rule for rule in now.rules if (rule.kind, rule.value) not in replaced]
        before = self._policy(now.settings, now.lists)
        after = self._policy(wanted or now.settings, _lists([*kept, *read]))
        with self._database.reading() as connection:
            items = stored_comments.last(connection, site.id, _TRIED, self._clock())
        changed = []
        for item in items:
            old, new = (
                self.verdict(site, item.comment, item.score, one, item.received_at).action for one in (before, after)
            )
            if old is not new:
                changed.append((item, old, new))
        return Trial(len(items), tuple(changed))

    def within_limits(self, settings: SiteSettings) -> SiteSettings:
        """Settings that a site may have. ``Invalid`` names the threshold that is outside its limits."""
        try:
            policy.thresholds_within_limits(self._release().thresholds, settings.hold, settings.reject)
        except ValueError as error:
            raise Invalid(str(error)) from None
        if settings.hold_off_topic is not None and not 0.5 <= settings.hold_off_topic <= 1:
            raise Invalid("the threshold to hold what is off-topic must lie from 0.5 to 1")
        return settings

    # --- For the check of a comment --------------------------------------------------------------------------------

    def policy(self, site: Site, release: str = "") -> SitePolicy:
        """The policy in force; other processes' changes are seen within 5 seconds.

        ``release`` is the one that gave the score, which may just have been exchanged; by default the present one.
        """
        now = self._in_force(site)
        return self._policy(now.settings, now.lists, release)

    def verdict(
        self, site: Site, comment: Comment, score: Score, site_policy: SitePolicy, at: datetime | None = None
    ) -> Verdict:
        """The action on a scored comment that came then, with the facts that the policy asks for and no more."""
        lists = (site_policy.allowed, site_policy.held, site_policy.blocked)
        hosts = hosts_of(comment) if any(listed.domains for listed in lists) else ()
        new = site_policy.hold_new_authors and self._is_new_author(site, comment, at)
        return policy.decide(comment, score, Facts(hosts, new), site_policy)

    def forget(self, site: Site) -> None:
        """Read a site's policy anew at the next comment."""
        self._known.pop(site.id, None)

    def _is_new_author(self, site: Site, comment: Comment, at: datetime | None) -> bool:
        key = campaigns.author_key(comment.author)
        if key is None:
            return True
        with self._database.reading() as connection:
            return not stored_comments.has_published(connection, site.id, key, at or self._clock())

    def _in_force(self, site: Site) -> _InForce:
        known = self._known.get(site.id)
        if known is not None and self._clock() < known.until:
            return known
        with self._database.reading() as connection:
            version = sites.rules_version(connection, site.id)
            if known is None or known.version != version:
                settings, rules = sites.settings_of(connection, site.id), sites.rules(connection, site.id)
                known = _InForce(self._clock(), version, settings, rules, _lists(rules))
        known = self._known[site.id] = replace(known, until=self._clock() + REMEMBERED)
        return known

    def _thresholds(self, release: str) -> Thresholds:
        """The thresholds of a release that serves or did since this began; of another one those of the present."""
        now = self._release()
        known = self._thresholds_of.setdefault(now.version, now.thresholds)
        return self._thresholds_of.get(release, known)

    def _policy(self, settings: SiteSettings, lists: dict[Action, Listed], release: str = "") -> SitePolicy:
        return SitePolicy(
            thresholds=policy.thresholds_within_limits(self._thresholds(release), settings.hold, settings.reject),
            allowed=lists[Action.PUBLISH],
            held=lists[Action.HOLD],
            blocked=lists[Action.REJECT],
            hold_off_topic=settings.hold_off_topic,
            hold_new_authors=settings.hold_new_authors,
            watch_only=settings.watch_only,
        )


def _read_rules(kind: RuleKind, values: Iterable[str], action: Action) -> Iterator[Rule]:
    for line, raw in enumerate(values, 1):
        value = raw.strip()
        if not value or value.startswith("#"):
            continue
        try:
            folded = str(_FOLDS[kind](value))
        except ValueError as error:
            raise Invalid(f"line {line}: {error}") from None
        if not folded or len(folded) > _LONGEST:
            raise Invalid(f"line {line}: expected 1 to {_LONGEST} signs")
        if kind is RuleKind.AUTHOR and action is Action.PUBLISH and "@" not in folded:
            raise Invalid(f"line {line}: an author is allowed by e-mail address; anybody may write under a name")
        yield Rule(kind, folded, action)


def _lists(rules: Iterable[Rule]) -> dict[Action, Listed]:
    values: dict[tuple[Action, RuleKind], list[str]] = {(action, kind): [] for action in Action for kind in RuleKind}
    for rule in rules:
        values[rule.action, rule.kind].append(rule.value)
    return {action: policy.listed(*(values[action, kind] for kind in RuleKind)) for action in Action}
