"""The README and docs say what is: every command, setting, route, column and file in them is a real one.

``python -m tests.test_readme`` writes the README's example answer anew, after a training.
"""

import json
import re
import shlex
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import pytest
from flask import Flask

from api import create_app
from moderation import cli
from moderation.moderator import Moderator
from moderation.release import Release
from moderation.settings import PREFIX, Settings, known
from moderation.storage.database import Database
from tests.web.conftest import Service
from training.datasets import ARTICLE_COLUMNS, COLUMNS

ROOT = Path(__file__).resolve().parent.parent
README = ROOT / "README.md"
PAGES = [README, ROOT / "models" / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").glob("*.md"))]
BLOCK = re.compile(r"(?:<!-- ([\w-]+) -->\n)?```(\w+)\n(.*?)```", re.DOTALL)
PAGE_IDS = [str(page.relative_to(ROOT)) for page in PAGES]


def code(text: str) -> list[str]:
    """Each line of the shell blocks, and each span of code in the prose."""
    blocks = [line for _, language, block in BLOCK.findall(text) if language == "sh" for line in block.splitlines()]
    return blocks + re.findall(r"`([^`\n]+)`", BLOCK.sub("", text))


def commands(page: Path) -> Iterator[list[str]]:
    """The arguments of every ``moderation ...`` that a page tells to type."""
    lines = code(page.read_text(encoding="utf-8"))
    for line in (line for line in lines if re.search(r"\bmoderation [a-z-]", line)):
        for part in re.split(r"&&|;|\|\|", line):
            words = shlex.split(part.split(" > ")[0].split(" < ")[0])
            while words and re.fullmatch(r"[A-Z_]+=.*|export", words[0]):
                words = words[1:]
            if words and words[0].rpartition("/")[2] == "moderation" and len(words) > 1:
                yield words[1:]


def resolve(words: list[str]) -> tuple[click.Command, list[str]]:
    """The command that words name, and what is left of them."""
    command: click.Command = cli.main
    while isinstance(command, click.Group) and words and not words[0].startswith("-"):
        found = command.get_command(click.Context(command), words[0])
        assert found is not None, f"no command {words}"
        command, words = found, words[1:]
    return command, words


@pytest.mark.parametrize("page", PAGES, ids=PAGE_IDS)
def test_commands_are_real(page: Path) -> None:
    for words in commands(page):
        command, rest = resolve(words)
        known_options = {option for parameter in command.params for option in parameter.opts} | {"--help", "--version"}
        assert {word for word in rest if word.startswith("--")} <= known_options, words


def test_every_command_is_told() -> None:
    told = {resolve(words)[0] for page in PAGES for words in commands(page)}

    def leaves(command: click.Command) -> Iterator[click.Command]:
        if not isinstance(command, click.Group):
            yield command
            return
        for child in command.commands.values():
            yield from leaves(child)

    assert {command.name for command in set(leaves(cli.main)) - told} == set()


def test_fresh_machine_needs_two_commands() -> None:
    blocks = [
        block.strip() for _, language, block in BLOCK.findall(README.read_text(encoding="utf-8")) if language == "sh"
    ]
    fresh = [block.split(" && ") for block in blocks if block.startswith("python3 -m venv")]
    assert fresh == [
        ["python3 -m venv .venv", ".venv/bin/pip install .", ".venv/bin/moderation serve"],
        ["python3 -m venv .venv", ".venv/bin/pip install -e '.[test]'", ".venv/bin/python -m pytest"],
    ]
    script = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    assert all(command in script for command in ("python3 -m venv .venv", "-e '.[test]'", ".venv/bin/python -m pytest"))


@pytest.mark.parametrize("page", PAGES, ids=PAGE_IDS)
def test_settings_are_real(page: Path) -> None:
    allowed = {PREFIX + name.upper() for name in known()} | {"MODERATION_DATABASE_URL_FILE"}
    tests = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "tests").rglob("*.py"))
    for name in set(re.findall(r"\bMODERATION_[A-Z_]*[A-Z]", page.read_text(encoding="utf-8"))) - allowed:
        assert name.startswith("MODERATION_TEST_"), name
        assert f'"{name}"' in tests, name


def test_settings_table_is_the_declaration() -> None:
    rows = re.findall(r"^\| `MODERATION_(\w+)` \| (.*?) \| (.*?) \|$", README.read_text(encoding="utf-8"), re.MULTILINE)
    defaults = Settings()
    assert [(name.lower(), help) for name, _, help in rows] == [(n, s.metadata["help"]) for n, s in known().items()]
    for name, default, _ in rows:
        expected = as_typed(getattr(defaults, name.lower()))
        assert default == (f"`{expected}`" if name != "MODELS" else f"`{expected.name}` of this project")


def as_typed(value: Any) -> Any:
    """A setting's value as an operator writes it."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "none" if value == () else value


def told_routes() -> set[tuple[str, str]]:
    spans = [span for page in PAGES for span in re.findall(r"`([^`\n]+)`", page.read_text(encoding="utf-8"))]
    return {(method, path) for span in spans for method, path in re.findall(r"^(GET|POST|PUT|DELETE) (/\S*)$", span)}


def real_routes(app: Flask) -> set[tuple[str, str]]:
    """All but the one that answers for addresses that do not exist."""
    return {
        (method, re.sub(r"<(?:[^:>]+:)?([^>]+)>", r"{\1}", rule.rule))
        for rule in app.url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
        if rule.endpoint != "review.no_such_page"
    }


def test_routes_are_told_and_real(tmp_path: Path, release: Release) -> None:
    app = create_app(Settings(database_url=f"sqlite:///{tmp_path}/records.sqlite3"), release)
    assert told_routes() == real_routes(app)


@pytest.mark.parametrize("page", PAGES, ids=PAGE_IDS)
def test_files_and_links_are_there(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    for target in re.findall(r"\]\(([^)#]*)(?:#[\w-]*)?\)", text):
        assert not target or (page.parent / target).exists(), target
    for script in re.findall(r"benchmarks/\w+\.py", text):
        assert (ROOT / script).is_file(), script
    for target, anchor in re.findall(r"\]\(([^)#]*)#([\w-]+)\)", text):
        assert anchor in headings(page.parent / target if target else page), anchor


def headings(page: Path) -> set[str]:
    """The anchors of a page."""
    titles = re.findall(r"^#+ (.*)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", title).lower().replace(" ", "-") for title in titles}


def test_benchmarks_take_the_options_told() -> None:
    for line in code(README.read_text(encoding="utf-8")):
        found = re.search(r"python (?:benchmarks/(\w+)\.py|-m benchmarks\.(\w+))(.*)", line)
        if found:
            source = (ROOT / "benchmarks" / f"{found[1] or found[2]}.py").read_text(encoding="utf-8")
            assert all(f'"{option}"' in source for option in re.findall(r"--[\w-]+", found[3])), line


def test_training_columns_are_told() -> None:
    text = README.read_text(encoding="utf-8")
    part = text[text.index("## Train on your own comments") : text.index("## Settings")]
    rows = re.findall(r"^\| (`.*?`) \|", part, re.MULTILINE)
    assert {name for row in rows for name in re.findall(r"`(\w+)`", row)} == set(COLUMNS)
    assert all(f"`{column}`" in part for column in set(ARTICLE_COLUMNS) - {"site"})


def block(page: Path, name: str) -> str:
    """The example of this name on a page."""
    found: dict[str, str] = {mark: text for mark, _, text in BLOCK.findall(page.read_text(encoding="utf-8"))}
    return found[name]


def example(name: str) -> dict[str, Any]:
    told: dict[str, Any] = json.loads(block(README, name))
    return told


def shape(value: object) -> object:
    """Names and kinds of a JSON value; texts stay, numbers are rounded to one decimal, as a reader would compare."""
    if isinstance(value, dict):
        return {key: shape(item) for key, item in value.items()}
    if isinstance(value, list):
        return [shape(item) for item in value]
    return round(value, 1) if isinstance(value, float) else value


@pytest.fixture
def service(release: Release, tmp_path: Path) -> Service:
    return made_service(release, tmp_path)


def made_service(release: Release, directory: Path) -> Service:
    settings = Settings(database_url=f"sqlite:///{directory}/records.sqlite3")
    app = create_app(settings, release)
    database = Database.open(settings.database_url)
    try:
        return Service(app, settings, release, Moderator(release, database).add_site("gazette"))
    finally:
        database.close()


def test_example_has_its_real_answer(service: Service) -> None:
    answer = service.client.post("/v1/score", json=example("request"), headers=service.headers).json
    assert shape(answer) == shape(example("answer")), "renew it: python -m tests.test_readme"


def test_example_is_held_or_rejected() -> None:
    answer = example("answer")
    assert answer["action"] in ("hold", "reject")
    assert any("togel singapore" in reason["text"] for reason in answer["reasons"])


def laid_out(answer: dict[str, Any]) -> str:
    """The answer with a line for each reason."""
    reasons = ",\n".join("    " + json.dumps(reason, ensure_ascii=False) for reason in answer["reasons"])
    head = ",\n".join(f'  "{key}": {json.dumps(value)}' for key, value in answer.items() if key != "reasons")
    return f'{{\n{head},\n  "reasons": [\n{reasons}\n  ]\n}}\n'


def renew_the_example() -> None:
    """Write what the current release answers into the README."""
    from moderation import release as releases

    with tempfile.TemporaryDirectory() as directory:
        service = made_service(releases.load(releases.current(Settings().models)), Path(directory))
        answer = service.client.post("/v1/score", json=example("request"), headers=service.headers).json
    assert answer is not None
    head, mark, rest = README.read_text(encoding="utf-8").partition("<!-- answer -->\n```json\n")
    README.write_text(head + mark + laid_out(answer) + rest[rest.index("```") :], encoding="utf-8")


if __name__ == "__main__":
    renew_the_example()
