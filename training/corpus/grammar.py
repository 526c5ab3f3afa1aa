"""The grammar of the written corpus: reads one language's TOML file into templates, and expands a template.

It knows neither what a slot stands for (``scene``) nor how many comments are wanted. Every fault of a file is found
when it is read, and named by file, kind and template.
"""

import re
import tomllib
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any, TypeVar


def words(line: str) -> tuple[str, ...]:
    """Return the words of a list that is written as one line."""
    return tuple(line.split())


PROMOTIONAL_KINDS = words(
    "gambling pharma seo_praise seo_services essay_mills trader_testimonial healer_testimonial loans crypto_giveaway "
    "dating escort fake_documents jobs_from_home messenger_channel follow_me my_channel shop training_institute "
    "pirated_streams ai_plug local_business money_appeal recovery_scam copied_article guest_post"
)
"""The kinds of promotion that every language has to show; a file may add others (astrologer, ...)."""

ORDINARY_KINDS = words(
    "short_praise thanks question correction argument rude joke personal_story friend_tag link_to_source "
    "own_blog_reply technical one_word emoji_only complaint reply quote sarcasm condolence sports_fan music_fan "
    "timestamp subscription numbers hotline homework enthusiasm"
)
"""The kinds of ordinary comment that every language has to show; a file may add others."""

ARTICLE_SLOTS = ("title", "term")
_SLOT_NAME = re.compile(r"[a-z][a-z0-9_]*\Z")
_T = TypeVar("_T")


class TemplateError(ValueError):
    """A corpus file is at fault. The message names the file, the kind and the template."""


@dataclass(frozen=True, slots=True)
class Slot:
    """A place that a scene fills."""

    name: str


@dataclass(frozen=True, slots=True)
class Choice:
    """Alternatives, of which one is taken."""

    alternatives: tuple["Template", ...]


Template = tuple["str | Slot | Choice", ...]


@dataclass(frozen=True, slots=True)
class Recipe:
    """How one comment is made: its text, and the names and addresses that its author may have (urls may be none)."""

    text: Template
    authors: tuple[Template, ...]
    urls: tuple[Template, ...]


@dataclass(frozen=True, slots=True)
class Story:
    """An invented article with the words that its commenters use."""

    title: str
    body: str
    terms: tuple[str, ...]


Kinds = Mapping[str, tuple[Recipe, ...]]


@dataclass(frozen=True, slots=True)
class Language:
    """One corpus file, read. ``promotional`` and ``ordinary`` map a kind to its recipes, in the file's order."""

    code: str
    slots: Mapping[str, tuple[Template, ...]]
    stories: tuple[Story, ...]
    promotional: Kinds
    ordinary: Kinds


def pick(rng: Random, items: Sequence[_T]) -> _T:
    """Return one item. Drawn from ``random()`` alone, which Python promises to keep the same across versions."""
    return items[int(rng.random() * len(items))]


def parse(text: str) -> Template:
    """Return the template that a text describes. Raises ValueError where braces or a slot's name are wrong."""
    stack: list[list[list[str | Slot | Choice]]] = [[[]]]
    for mark in re.findall(r"[{}|]|[^{}|]+", text):
        if mark == "{":
            stack.append([[]])
        elif mark == "|" and len(stack) > 1:
            stack[-1].append([])
        elif mark == "}":
            if len(stack) == 1:
                raise ValueError("a closing brace without an opening one")
            group = _group(stack.pop())
            stack[-1][-1].append(group)
        else:
            stack[-1][-1].append(mark)
    if len(stack) > 1:
        raise ValueError("an opening brace without a closing one")
    return tuple(stack[0][0])


def _group(alternatives: list[list[str | Slot | Choice]]) -> Slot | Choice:
    if len(alternatives) > 1:
        return Choice(tuple(tuple(parts) for parts in alternatives))
    [parts] = alternatives
    if len(parts) == 1 and isinstance(parts[0], str) and _SLOT_NAME.match(parts[0]):
        return Slot(parts[0])
    raise ValueError("braces hold neither alternatives nor the name of a slot")


def expand(template: Template, rng: Random, fill: Callable[[str], str]) -> str:
    """Return one wording of a template; ``fill`` gives the text that a slot's name stands for."""
    parts = []
    for node in template:
        if isinstance(node, str):
            parts.append(node)
        elif isinstance(node, Slot):
            parts.append(fill(node.name))
        else:
            parts.append(expand(pick(rng, node.alternatives), rng, fill))
    return "".join(parts)


def slot_names(template: Template) -> Iterator[str]:
    """Yield the name of every slot in a template."""
    for node in template:
        if isinstance(node, Slot):
            yield node.name
        elif isinstance(node, Choice):
            for alternative in node.alternatives:
                yield from slot_names(alternative)


def empty_share(template: Template) -> float:
    """Return how often a template gives no text at all, between 0 and 1."""
    share = 1.0
    for node in template:
        choices = node.alternatives if isinstance(node, Choice) else ()
        share *= sum(map(empty_share, choices)) / len(choices) if choices else 0.0
    return share


def read_language(file: str, source: str, built_in: Collection[str]) -> Language:
    """Read one corpus file.

    ``file`` is its name, for errors; ``built_in`` are the slots that a scene fills itself. Raises TemplateError.
    """
    try:
        data = tomllib.loads(source)
    except tomllib.TOMLDecodeError as error:
        raise TemplateError(f"{file}: is not TOML: {error}") from error
    reader = _Reader(file, {*built_in, *ARTICLE_SLOTS, *data.get("slots", {})})
    slots = {name: reader.templates(f"slot {name}", items) for name, items in data.get("slots", {}).items()}
    reader.refuse(set(data) - {"language", "slots", "articles", "promotional", "ordinary"}, "file", "unknown key")
    reader.refuse({"person", "brand_word"} - set(slots), "slots", "missing")
    reader.refuse(_endless(slots), "slots", "a slot that holds itself")
    return Language(
        code=reader.required(data, "language", "file"),
        slots=slots,
        stories=tuple(reader.story(entry) for entry in reader.required(data, "articles", "file")),
        promotional=reader.kinds(reader.required(data, "promotional", "file")),
        ordinary=reader.kinds(reader.required(data, "ordinary", "file")),
    )


def _endless(slots: Mapping[str, tuple[Template, ...]]) -> set[str]:
    inner = {name: {s for t in templates for s in slot_names(t) if s in slots} for name, templates in slots.items()}
    while True:
        leaves = {name for name, names in inner.items() if not names}
        if not leaves:
            return set(inner)
        inner = {name: names - leaves for name, names in inner.items() if name not in leaves}


@dataclass(frozen=True, slots=True)
class _Reader:
    file: str
    known: Collection[str]

    def refuse(self, found: Iterable[str], where: str, problem: str) -> None:
        if names := sorted(found):
            raise TemplateError(f"{self.file}: {where}: {problem}: {', '.join(names)}")

    def required(self, table: Mapping[str, Any], key: str, where: str) -> Any:
        if not table.get(key):
            raise TemplateError(f"{self.file}: {where}: {key} is missing or empty")
        return table[key]

    def template(self, where: str, text: object) -> Template:
        if not isinstance(text, str) or not text:
            raise TemplateError(f"{self.file}: {where}: a template is a text that is not empty, not {text!r}")
        try:
            template = parse(text)
        except ValueError as error:
            raise TemplateError(f"{self.file}: {where}: {text!r}: {error}") from error
        unknown = set(slot_names(template)) - set(self.known)
        self.refuse(unknown, f"{where}: {text!r}", "unknown slot")
        return template

    def templates(self, where: str, texts: Iterable[object]) -> tuple[Template, ...]:
        templates = tuple(self.template(where, text) for text in texts)
        if not templates:
            raise TemplateError(f"{self.file}: {where}: has no template")
        return templates

    def kinds(self, tables: Iterable[Mapping[str, Any]]) -> Kinds:
        found: dict[str, tuple[Recipe, ...]] = {}
        for table in tables:
            kind = re.sub(r"\W+", "_", str(self.required(table, "kind", "a kind")).strip().lower())
            self.refuse(set(table) - {"kind", "authors", "urls", "texts"}, kind, "unknown key")
            authors = self.templates(kind, table.get("authors") or ["{person}"])
            urls = tuple(self.template(kind, url) for url in table.get("urls", ()))
            texts = self.templates(kind, table.get("texts", ()))
            found[kind] = (*found.get(kind, ()), *(Recipe(text, authors, urls) for text in texts))
        return found

    def story(self, entry: Mapping[str, Any]) -> Story:
        title = str(self.required(entry, "title", "an article"))
        terms = tuple(map(str, self.required(entry, "terms", title)))
        return Story(title, str(self.required(entry, "body", title)), terms)
