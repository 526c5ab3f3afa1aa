"""What the service does with comments, one method a use: score, check, decide, undo, and the sites that ask.

Web, command line and training call this and nothing below it. It knows the detector and the store, and neither HTTP
nor settings. What moderators see is in ``review``, who they are in ``accounts``, the sites' rules in ``rules``, figures
and exports in ``reports``: each is an attribute of ``Moderator``.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy.engine import Connection

from moderation import decisions
from moderation.accounts import Accounts, SignedIn
from moderation.adaptation import Adaptation
from moderation.akismet import Akismet, AkismetAnswer, AkismetCall
from moderation.checking import Advice, Checked, Checker
from moderation.comment import Article, Comment, Decision, Pair, Release, Scorer, Status
from moderation.coral import Advised, Coral, Written
from moderation.detection.languages import language_of
from moderation.detection.policy import Facts, SitePolicy, decide
from moderation.endpoints import Endpoints, Outgoing
from moderation.keys import Keys
from moderation.reports import Reports, spreadsheet_cell
from moderation.review import Around, Review
from moderation.rules import Rules, Trial
from moderation.signatures import SignatureError, Signatures, SignedCall
from moderation.storage import articles, comments, sites
from moderation.storage import decisions as log
from moderation.storage.activity import Activity, Counted
from moderation.storage.database import Database
from moderation.storage.decisions import Maker
from moderation.storage.endpoints import Endpoint
from moderation.storage.errors import (
    Conflict,
    Invalid,
    NewerDatabase,
    NotFound,
    OutdatedDatabase,
    StoreError,
    Throttled,
    Unavailable,
)
from moderation.storage.fetches import Errand, Fetch
from moderation.storage.outbox import Sent
from moderation.storage.records import (
    NEWEST_CURSOR,
    AuthorHistory,
    Counts,
    Decided,
    DecidedComment,
    Disagreement,
    Door,
    Event,
    Figures,
    Filter,
    KeyKind,
    Order,
    Page,
    Role,
    Rule,
    RuleKind,
    Seen,
    Selection,
    Session,
    Site,
    SiteSettings,
    StoredComment,
    User,
    utc_now,
)
from moderation.storage.tables import comments as table
from moderation.stretches import Stretches, moment

__all__ = [
    "NEWEST_CURSOR",
    "Activity", "Advice", "Advised", "AkismetAnswer", "AkismetCall", "Around", "AuthorHistory", "Checked",
    "Conflict", "Counted", "Counts", "Decided", "DecidedComment", "Disagreement", "Door", "Endpoint", "Event", "Fetch",
    "Figures", "Filter", "Invalid", "KeyKind", "Moderator", "NewerDatabase", "NotFound", "Order",
    "OutdatedDatabase", "Outgoing", "Page", "Release", "Role", "Rule", "RuleKind", "Scorer", "Seen", "Selection",
    "Sent", "Session", "SignatureError", "SignedCall", "SignedIn", "Site", "SiteSettings", "StoreError",
    "StoredComment", "Throttled", "Trial", "Unavailable", "User", "Written", "language_of",
    "moment", "spreadsheet_cell", "utc_now",
]  # fmt: skip

_LONGEST_MAKER = 200


class Moderator:
    """All use cases over one release and one store.

    ``database`` is None where nothing is to be stored; every use but ``score_many`` then raises ``Unavailable``.
    Methods may be called from many threads. Any of them raises ``Unavailable`` where the database does not answer;
    then nothing of that call was stored. ``release`` may be exchanged for another while calls are under way.
    """

    def __init__(
        self, release: Release, database: Database | None = None, clock: Callable[[], datetime] = utc_now
    ) -> None:
        self.release = release
        self._clock = clock
        self._parts = None if database is None else _Parts.of(database, lambda: self.release, clock)

    @property
    def review(self) -> Review:
        """The queue, claims, decisions one by one and in bulk."""
        return self._stored.review

    @property
    def stretches(self) -> Stretches:
        """Times in which a moderator decided against all that is known."""
        return self._stored.stretches

    @property
    def accounts(self) -> Accounts:
        """Users, passwords, sessions."""
        return self._stored.accounts

    @property
    def rules(self) -> Rules:
        """The sites' rules."""
        return self._stored.rules

    @property
    def endpoints(self) -> Endpoints:
        """Where the sites hear of their comments."""
        return self._stored.endpoints

    @property
    def signatures(self) -> Signatures:
        """The secrets with which calls are signed."""
        return self._stored.signatures

    @property
    def coral(self) -> Coral:
        """What Coral asks and tells."""
        return self._stored.coral

    @property
    def adaptation(self) -> Adaptation:
        """What the sites' own decisions correct, and the decisions that are learned from."""
        return self._stored.adaptation

    @property
    def reports(self) -> Reports:
        """Figures, exports, retention."""
        return self._stored.reports

    @property
    def akismet(self) -> Akismet:
        """The uses of Akismet's protocol."""
        return self._stored.akismet

    @property
    def _stored(self) -> "_Parts":
        if self._parts is None:
            raise Unavailable("this runs without a database: nothing is stored")
        return self._parts

    # --- Scoring -----------------------------------------------------------------------------------------------------

    def score_many(self, pairs: Sequence[Pair], site: Site | None = None) -> list[Advice]:
        """Score pairs in their order and store nothing.

        With a site, its rules give the action, and an article of which only id or address is given is looked up
        there; without one the release's thresholds alone do.
        """
        if site is not None:
            return self._stored.checker.advise(site, pairs)
        release = self.release
        scores, plain = release.classifier.score_many(pairs), SitePolicy(release.thresholds)
        verdicts = [decide(pair[0], score, Facts(), plain) for pair, score in zip(pairs, scores, strict=True)]
        return [Advice(score, one.action, one.rule) for score, one in zip(scores, verdicts, strict=True)]

    def check(self, site: Site, comment: Comment, article: Article | None = None) -> Checked:
        """Score a new comment, store it, and queue it where a person must decide; on return it is on disk.

        ``comment.id`` must not be empty (``Invalid``). Same site and id again: the stored answer; a changed body: a
        new revision, scored again. An article that is given whole is stored with it; one that is only named is
        looked up, and the comment is scored again when it comes.
        """
        return self._stored.checker.check(site, comment, article)

    # --- Stored records ----------------------------------------------------------------------------------------------

    def put_article(self, site: Site, article: Article) -> bool:
        """Store an article, or what changed of it, and score the comments that waited for it. True where it was new.

        Raises ``Invalid`` where it has neither title nor body.
        """
        return self._stored.checker.put_article(site, article)

    def put_fetched(self, site_id: int, article: Article, errand: Errand) -> int | None:
        """Store what ``fetching`` brought; see ``Checker.put_fetched``."""
        return self._stored.checker.put_fetched(site_id, article, errand)

    def article(self, site: Site, article_id: str) -> Article:
        """One article of a site by its id, or by its address where it came without one. Raises ``NotFound``."""
        with self._stored.database.reading() as connection:
            known = articles.find(connection, site.id, Article(id=article_id))
            known = known or articles.find(connection, site.id, Article(url=article_id))
        if known is None or known.version == 0:
            raise NotFound("there is no such article")
        return known.article

    def comment(self, site: Site, comment_id: str) -> StoredComment:
        """One comment of a site. Raises ``NotFound``, also where it is another site's."""
        named = (table.c.site_id == site.id, table.c.name == comment_id)
        with self._stored.database.reading() as connection:
            found = comments.find(connection, *named, now=self._clock())
        if found is None:
            raise NotFound("there is no such comment")
        return found

    def history(self, site: Site, comment_id: str) -> tuple[Event, ...]:
        """What happened to a comment, oldest first. Raises ``NotFound``."""
        with self._stored.database.reading() as connection:
            return log.history(connection, self._number(connection, site, comment_id))

    def comments(
        self, site: Site, status: Status | None = None, cursor: str | None = None, limit: int = 100
    ) -> Page[StoredComment]:
        """A page of a site's comments, newest first. A cursor that is not one of ours raises ``Invalid``."""
        return self.review.page(Filter(site=site.name, status=status), Order.NEWEST, cursor, limit)

    # --- Decisions from outside the review pages ---------------------------------------------------------------------

    def decide(self, site: Site, comment_id: str, decision: Decision, by: str) -> Decided:
        """Take a person's decision, here or in the CMS; the last one counts. Raises ``NotFound``.

        Where it stands already nothing is written: ``batch`` and ``numbers`` are empty.
        """
        with self._stored.database.writing() as connection:
            rows = comments.lock(connection, [self._number(connection, site, comment_id)])
            batch = decisions.new_batch()
            return decisions.decide(
                connection, rows, decision, maker=Maker(by[:_LONGEST_MAKER]), batch=batch, now=self._clock()
            )

    def undo(self, site: Site, comment_id: str, by: str) -> Decided:
        """Take the last decision on a comment back; the status before stands again. ``Conflict`` where none is left."""
        with self._stored.database.writing() as connection:
            number = self._number(connection, site, comment_id)
            batch = decisions.new_batch()
            undone = decisions.undo(
                connection, [number], maker=Maker(by[:_LONGEST_MAKER]), batch=batch, now=self._clock()
            )
        if not undone.numbers:
            raise Conflict("there is no decision on this comment's text that could be taken back")
        return undone

    # --- Sites and their keys ----------------------------------------------------------------------------------------

    def add_site(self, name: str, settings: SiteSettings | None = None) -> str:
        """Add a site and return its key, which is shown only this once. ``Conflict`` where the name is taken."""
        if not name.strip() or len(name) > 200 or not name.isprintable():
            raise Invalid("a site's name has 1 to 200 printable signs")
        wanted = self.rules.within_limits(settings or SiteSettings())
        with self._stored.database.writing() as connection:
            number = sites.add(connection, name.strip(), wanted, self._clock())
            return self._stored.keys.add(connection, number, KeyKind.SITE)

    def sites(self) -> tuple[Site, ...]:
        """All sites by name."""
        with self._stored.database.reading() as connection:
            return sites.every(connection)

    def site(self, name: str) -> Site:
        """The site of that name. Raises ``NotFound``."""
        with self._stored.database.reading() as connection:
            return sites.named(connection, name)

    def set_site(self, site: Site, settings: SiteSettings) -> Site:
        """Change how a site wants its comments treated. ``Invalid`` where a threshold is outside its limits."""
        wanted = self.rules.within_limits(settings)
        with self._stored.database.writing() as connection:
            sites.set_settings(connection, site.id, wanted)
        self.rules.forget(site)
        self._stored.keys.forget()
        return replace(site, settings=wanted)

    def rotate_key(self, name: str, keep_old: timedelta = timedelta(0), kind: KeyKind = KeyKind.SITE) -> str:
        """Give a site a new key; the old ones of its kind end after ``keep_old``, everywhere within 5 seconds more."""
        return self._stored.keys.renew(name, kind, keep_old)

    def site_of_key(self, key: str, *kinds: KeyKind) -> Site | None:
        """Whose key of one of these kinds this is, by default of ``SITE``; or None. It costs no query for 5 seconds."""
        return self._stored.keys.site_of(key, *(kinds or (KeyKind.SITE,)))

    def ready(self) -> None:
        """Ask the database for a sign of life; raises ``Unavailable``."""
        self._stored.database.ping()

    def warm(self) -> None:
        """Load what else the first held comment of a process would wait for, about a second."""
        language_of("a text of any language")

    def _number(self, connection: Connection, site: Site, comment_id: str) -> int:
        number = comments.number_of(connection, site.id, comment_id)
        if number is None:
            raise NotFound("there is no such comment")
        return number


@dataclass(frozen=True, slots=True)
class _Parts:
    """What works on the store."""

    database: Database
    checker: Checker
    keys: Keys
    akismet: Akismet
    review: Review
    accounts: Accounts
    rules: Rules
    endpoints: Endpoints
    signatures: Signatures
    coral: Coral
    reports: Reports
    adaptation: Adaptation
    stretches: Stretches

    @classmethod
    def of(cls, database: Database, release: Callable[[], Release], clock: Callable[[], datetime]) -> "_Parts":
        rules, review = Rules(database, release, clock), Review(database, clock)
        adaptation = Adaptation(release, database, clock)
        checker = Checker(adaptation, database, rules, clock)
        return cls(
            database=database,
            checker=checker,
            keys=Keys(database, clock),
            akismet=Akismet(database, checker, clock),
            signatures=Signatures(database, clock),
            coral=Coral(database, checker, clock),
            review=review,
            accounts=Accounts(database, clock),
            rules=rules,
            endpoints=Endpoints(database, clock),
            reports=Reports(database, review, clock),
            adaptation=adaptation,
            stretches=Stretches(database, clock),
        )
