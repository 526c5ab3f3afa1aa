"""The written corpus: labelled comments in many languages, made from the project's own templates and nothing else.

One TOML file a language stands beside this module. The same seed gives the same comments, on every machine; a language
that is added changes no other. It knows nothing of data sets, features or models.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from importlib.resources import files
from itertools import islice
from random import Random

import pandas as pd

from training.corpus.companions import Companions
from training.corpus.grammar import Kinds, Language, Recipe, empty_share, pick, read_language, words
from training.corpus.scene import BUILT_IN, Scene
from training.corpus.slips import slip

HAM, PROMOTIONAL = "ham", "promotional"
COMMENT_COLUMNS = list(words("id site article_id label body author_name author_url created_at note language"))
ARTICLE_COLUMNS = list(words("id site title body url published_at language"))

_FIRST_DAY = datetime(2012, 1, 1, tzinfo=UTC)
_DAYS_OF_ARTICLES = 8 * 365
_HOUR, _DAY = 3600.0, 86400.0
_URL_USED = 0.9  # of the comments whose recipe names an address
_HOMEPAGE_OF_PROMOTER = 0.08  # of the promotional comments whose recipe names none
_ANONYMOUS = 0.1  # of the promotional comments that can have no author's URL
_USUAL_TEMPLATES = 500  # of both labels in one language
_PATIENCE = 2_000  # attempts in a row without a new body before a label counts as exhausted


def languages() -> list[Language]:
    """Return every language of the corpus, by its code. Raises TemplateError where a file is at fault."""
    sources = [file for file in files(__name__).iterdir() if file.name.endswith(".toml")]
    read = [read_language(file.name, file.read_text(encoding="utf-8"), BUILT_IN) for file in sources]
    return sorted(read, key=lambda language: language.code)


def write_corpus(seed: int, per_language: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Write ``per_language`` comments a language, half ordinary and half promotional, and their articles.

    A language with so many templates that they would hardly be used gives two or three times as many. Returns comments
    and articles with ``COMMENT_COLUMNS`` and ``ARTICLE_COLUMNS``, all text. Within a label the kinds are drawn evenly,
    within a kind its templates; no body comes twice under one label, so a language whose templates have too few
    wordings gives fewer comments.
    """
    comments: list[dict[str, str]] = []
    articles: list[dict[str, str]] = []
    for language in languages():
        rng = Random(f"{seed}:{language.code}")  # noqa: S311  # a reproducible draw, not a secret
        published = _articles(language, rng)
        articles += published
        companions = Companions(language, rng)
        written = [
            row
            for habits in _habits(language, companions)
            for row in islice(
                _comments(language, habits, companions, published, rng), per_language // 2 * _share(language)
            )
        ]
        comments += [{"id": f"{language.code}-{n}", **row} for n, row in enumerate(written)]
    return pd.DataFrame(comments, columns=COMMENT_COLUMNS), pd.DataFrame(articles, columns=ARTICLE_COLUMNS)


def _share(language: Language) -> int:
    """How many times the usual number of comments a language has templates for."""
    recipes = sum(len(kind) for kinds in (language.promotional, language.ordinary) for kind in kinds.values())
    return min(max(1, round(recipes / _USUAL_TEMPLATES)), 3)


def _articles(language: Language, rng: Random) -> list[dict[str, str]]:
    site = f"corpus-{language.code}"
    return [
        {
            "id": f"{language.code}-a{n}",
            "site": site,
            "title": story.title,
            "body": story.body,
            "url": f"https://{site}.example/articles/{n}",
            "published_at": _rfc3339(_FIRST_DAY + timedelta(seconds=int(rng.random() * _DAYS_OF_ARTICLES * _DAY))),
            "language": language.code,
        }
        for n, story in enumerate(language.stories)
    ]


@dataclass(frozen=True, slots=True)
class _Habits:
    """What the comments of one label have beside their words: shares of all whose recipe says nothing of it."""

    label: str
    kinds: Kinds
    homepage: float
    anonymous: float
    companions: float


def _habits(language: Language, companions: Companions) -> tuple[_Habits, _Habits]:
    """Return how ordinary and how promotional comments are made, so that both are alike in what is no promotion."""
    promoted, ordinary = _share_with_url(language.promotional), _share_with_url(language.ordinary)
    wanted = promoted * _URL_USED + (1 - promoted) * _HOMEPAGE_OF_PROMOTER
    homepage = min(max((wanted - ordinary * _URL_USED) / (1 - ordinary), 0.0), 1.0) if ordinary < 1 else 0.0
    nameless = _ANONYMOUS * (1 - _share_with_url(language.promotional, empty_counts=True))
    return (
        _Habits(HAM, language.ordinary, homepage, nameless, companions.ordinary),
        _Habits(PROMOTIONAL, language.promotional, _HOMEPAGE_OF_PROMOTER, _ANONYMOUS, companions.promotional),
    )


def _share_with_url(kinds: Kinds, *, empty_counts: bool = False) -> float:
    """Return which share of the comments has an author's URL of its recipe; with empty ones counted, could have one."""

    def of(recipe: Recipe) -> float:
        if not recipe.urls or empty_counts:
            return float(bool(recipe.urls))
        return 1 - sum(map(empty_share, recipe.urls)) / len(recipe.urls)

    shares = [sum(map(of, recipes)) / len(recipes) for recipes in kinds.values()]
    return sum(shares) / len(shares)


def _comments(
    language: Language, habits: _Habits, companions: Companions, articles: list[dict[str, str]], rng: Random
) -> Iterator[dict[str, str]]:
    """Yield comments of one label whose bodies are all different, until no more are found."""
    seen: set[str] = {""}
    barren = 0
    for kind, recipe in _recipes(habits.kinds, rng):
        place = int(rng.random() * len(articles))
        row = _comment(Scene(rng, language, language.stories[place]), recipe, habits, companions)
        barren = barren + 1 if row["body"] in seen else 0
        if barren > _PATIENCE:
            return
        if not barren:
            seen.add(row["body"])
            yield row | {
                "site": articles[place]["site"],
                "article_id": articles[place]["id"],
                "label": habits.label,
                "created_at": _created(articles[place]["published_at"], habits.label, rng),
                "note": kind,
                "language": language.code,
            }


def _recipes(kinds: Kinds, rng: Random) -> Iterator[tuple[str, Recipe]]:
    """Yield recipes without end: each kind in turn, and within a kind each recipe in turn, from a random start."""
    turns = {kind: int(rng.random() * len(recipes)) for kind, recipes in kinds.items()}
    while True:
        for kind, recipes in kinds.items():
            turns[kind] = (turns[kind] + 1) % len(recipes)
            yield kind, recipes[turns[kind]]


def _comment(scene: Scene, recipe: Recipe, habits: _Habits, companions: Companions) -> dict[str, str]:
    rng = scene.rng
    body = companions.join(scene.write(recipe.text).strip(), scene, habits.companions)
    name = scene.write(pick(rng, recipe.authors))
    if rng.random() < habits.anonymous and (habits.label == HAM or not recipe.urls):
        name = ""
    return {
        "body": slip(re.sub(r" {2,}", " ", body), rng).strip(),
        "author_name": name,
        "author_url": _author_url(scene, recipe, habits.homepage),
    }


def _author_url(scene: Scene, recipe: Recipe, homepage: float) -> str:
    if scene.rng.random() >= (_URL_USED if recipe.urls else homepage):
        return ""
    url = scene.write(pick(scene.rng, recipe.urls)) if recipe.urls else scene.draw("person_domain")
    host = url.split("://")[-1].removeprefix("www.").rstrip("/").replace(" ", "-")
    start = scene.one_of("http://", "https://") + scene.one_of("", "", "", "www.")
    return start + host + scene.one_of("", "/") if host else ""


def _created(published_at: str, label: str, rng: Random) -> str:
    """Return a time after the article. A third of the promotion comes months or years late, of the rest a seventh."""
    published = datetime.fromisoformat(published_at)
    if rng.random() < (1 / 3 if label == PROMOTIONAL else 0.14):
        delay = 60 * _DAY + rng.random() ** 2 * 5.5 * 365 * _DAY
    else:
        delay = _HOUR / 10 + rng.random() ** 4 * 60 * _DAY
    return _rfc3339(published + timedelta(seconds=int(delay)))


def _rfc3339(time: datetime) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ")
