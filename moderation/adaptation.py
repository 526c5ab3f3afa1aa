"""How each site's scores follow its own decisions between releases: learned, applied, switched off, forgotten.

Knows the store and the detector; neither who asks nor how a release is trained.
"""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from itertools import islice

from moderation.comment import Pair, Release, Score
from moderation.detection import adaptation, votes
from moderation.detection.adaptation import FEWEST, KNOWN, Correction, Example
from moderation.detection.votes import Vote
from moderation.rules import REMEMBERED
from moderation.storage import corrections, lessons
from moderation.storage.database import Database
from moderation.storage.errors import Conflict
from moderation.storage.records import Lesson, Site, StoredCorrection

_LOOKED_AT = 4 * adaptation.MOST_DECISIONS


class Adaptation:
    """The corrections of all sites. May be used by many threads."""

    def __init__(self, release: Callable[[], Release], database: Database, clock: Callable[[], datetime]) -> None:
        self._release = release
        self._database = database
        self._clock = clock
        self._known: dict[int, tuple[datetime, datetime | None, Correction | None]] = {}

    # --- For the check of a comment --------------------------------------------------------------------------------

    def score_many(self, site: Site, pairs: Sequence[Pair]) -> list[Score]:
        """Scores by the release and the site's correction of it, which is a reason of its own."""
        return self.score_each([site] * len(pairs), pairs)

    def score_each(self, sites: Sequence[Site], pairs: Sequence[Pair]) -> list[Score]:
        """The same where each pair has a site of its own."""
        classifier = self._release().classifier
        corrections_of = {site.id: self._correction(site) for site in sites}
        scores = classifier.score_many(pairs)
        return [
            score
            if (correction := corrections_of[site.id]) is None
            else classifier.with_reason(score, adaptation.REASON, correction.of(comment, score))
            for site, (comment, _article), score in zip(sites, pairs, scores, strict=True)
        ]

    def _correction(self, site: Site) -> Correction | None:
        """The correction in force; other processes' changes are seen within 5 seconds."""
        until, learned_at, known = self._known.get(site.id, (None, None, None))
        if until is not None and self._clock() < until:
            return known
        with self._database.reading() as connection:
            changed_at = corrections.changed_at(connection, site.id)
            if changed_at != learned_at:
                known = _in_force(corrections.find(connection, site.id))
        self._known[site.id] = (self._clock() + REMEMBERED, changed_at, known)
        return known

    # --- Learning --------------------------------------------------------------------------------------------------

    def lessons(self, site: Site | None = None) -> Iterator[Lesson]:
        """All decisions of a site, or of all sites, newest first, fit to learn from or not."""
        return lessons.newest(self._database, None if site is None else site.id)

    def learn(self, site: Site, half_life: timedelta | None = None) -> StoredCorrection:
        """Learn a site's correction anew from its newest decisions. ``Conflict`` says what is missing."""
        taught = [lesson for lesson in islice(self.lessons(site), _LOOKED_AT) if lesson.is_fit]
        release = self._release()
        correction = adaptation.learn(self._examples(release, taught, half_life), release.version)
        with self._database.writing() as connection:
            corrections.put(
                connection,
                site.id,
                release=correction.release,
                decisions=correction.decisions,
                weights=correction.as_bytes(),
                now=self._clock(),
            )
        return self._stored(site)

    def _examples(self, release: Release, taught: Sequence[Lesson], half_life: timedelta | None) -> list[Example]:
        """One example a text, oldest first, scored by the release alone. ``Conflict`` where they teach nothing."""
        first = votes.first_of_texts([lesson.comment for lesson in taught])
        kept = [lesson for place, lesson in enumerate(taught) if first[place] == place][::-1]
        kept = kept[-adaptation.MOST_DECISIONS :]
        kinds = {lesson.is_promotional for lesson in kept}
        if len(kept) < FEWEST or len(kinds) < 2:
            raise Conflict(_missing(kept))
        cast = [vote_of(lesson) for lesson in kept]
        weights = votes.fading(cast, self._clock(), half_life)
        weights = votes.capped(weights, cast, votes.campaigns_of([vote.comment for vote in cast]), KNOWN)
        scores = release.classifier.score_many([(lesson.comment, lesson.article) for lesson in kept])
        return [
            Example(vote.comment, score, vote.promotional, float(weight))
            for vote, score, weight in zip(cast, scores, weights, strict=True)
        ]

    # --- What the operator does ------------------------------------------------------------------------------------

    def every(self) -> tuple[StoredCorrection, ...]:
        """The corrections of all sites that have one."""
        with self._database.reading() as connection:
            return corrections.every(connection)

    def switch(self, site: Site, on: bool) -> None:
        """Correct a site's scores, or leave them as the release gives them; what was learned is kept."""
        with self._database.writing() as connection:
            corrections.switch(connection, site.id, on, self._clock())
        self._known.pop(site.id, None)

    def forget(self, site: Site) -> None:
        """Leave nothing of what a site's correction learned."""
        with self._database.writing() as connection:
            corrections.forget(connection, site.id)
        self._known.pop(site.id, None)

    def _stored(self, site: Site) -> StoredCorrection:
        self._known.pop(site.id, None)
        with self._database.reading() as connection:
            found = corrections.find(connection, site.id)
        if found is None:
            raise Conflict("the correction was forgotten while it was learned")
        return found


def vote_of(lesson: Lesson) -> Vote:
    """A decision as a vote."""
    return Vote(lesson.comment, lesson.is_promotional, lesson.made_at, lesson.made_by, lesson.door)


def _missing(kept: Sequence[Lesson]) -> str:
    promotional = sum(lesson.is_promotional for lesson in kept)
    return (
        f"{len(kept)} decisions on different texts, {promotional} of them promotional: a correction takes at least"
        f" {FEWEST}, and both kinds among them"
    )


def _in_force(stored: StoredCorrection | None) -> Correction | None:
    if stored is None or not stored.active or not stored.weights:
        return None
    return adaptation.read_correction(stored.release, stored.decisions, stored.weights)
