"""The shape of the house: who imports whom, what loads with what, how long anything may grow.

The README shows the import table; this test holds both the code and the README to it.
"""

import ast
import json
import re
import statistics
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from graphlib import TopologicalSorter
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
SOURCES = [ROOT / "api.py", *sorted((ROOT / "moderation").rglob("*.py")), *sorted((ROOT / "training").rglob("*.py"))]

USE_CASES = (
    "accounts, adaptation, akismet, checking, coral, decisions, endpoints, keys, reports, review, rules, signatures,"
    " stretches"
)
MAY_IMPORT = {
    "api": "gathering, moderator, release, settings, shadow, shelf, storage, switching, web",
    "cli": (
        "adapt_commands, archive_command, background, lines, moderator, promote_command, release, release_commands,"
        " server, settings, shadow_commands, site_commands, storage, terminal, training, user_commands"
    ),
    "archive_command": "settings, terminal, training",
    "promote_command": "release_commands, shelf, terminal, training",
    "release_commands": "release, settings, shelf, terminal",
    "shadow_commands": "release_commands, settings, shadow, storage, terminal",
    "site_commands": "moderator, terminal",
    "user_commands": "release_commands, moderator, server, settings, stretches, terminal",
    "adapt_commands": "moderator, storage, terminal",
    "terminal": "moderator, release, settings, storage",
    "server": "api, background, moderator, release, settings, storage",
    "background": "akismet_callbacks, comment, coral_calls, delivery, fetching, guarded_http, moderator, release, "
    "settings, shelf, storage, switching, webhooks",
    "lines": "moderator, web",
    "web": "comment, html_text, moderator, switching",
    "moderator": f"{USE_CASES}, comment, detection, storage",
    "checking": "adaptation, comment, decisions, detection, gathering, rules, storage",
    "adaptation": "comment, detection, rules, storage",
    "akismet": "addresses, checking, comment, decisions, html_text, spam, storage",
    "akismet_callbacks": "comment, delivery, guarded_http, spam, storage",
    "spam": "comment, storage",
    "keys": "storage",
    "reports": "comment, detection, drift, review, storage",
    "drift": "detection",
    "review": "comment, decisions, detection, storage",
    "decisions": "comment, detection, storage",
    "stretches": "comment, decisions, detection, storage",
    "rules": "comment, detection, storage",
    "accounts": "storage",
    "endpoints": "addresses, storage",
    "delivery": "addresses, guarded_http, storage",
    "signatures": "rules, storage",
    "coral": "addresses, checking, comment, html_text, storage",
    "coral_calls": "addresses, comment, coral, decisions, delivery, guarded_http, html_text, storage",
    "html_text": "",
    "webhooks": "delivery, guarded_http, storage",
    "fetching": "addresses, comment, delivery, extraction, guarded_http, storage",
    "extraction": "",
    "guarded_http": "addresses",
    "addresses": "",
    "switching": "comment, gathering, moderator, release, shelf",
    "shadow": "comment, release, rules, shelf, storage",
    "shelf": "release",
    "gathering": "comment",
    "release": "comment, detection",
    "storage": "comment",
    "detection": "comment",
    "comment": "",
    "settings": "",
    "training": "comment, detection, drift, lines, moderator, release, storage",
}
"""Each part and the parts that it may import."""

ONLY_IN = {
    "alembic": "storage",
    "argon2": "accounts",
    "click": "adapt_commands, archive_command, cli, promote_command, release_commands, shadow_commands, site_commands, "
    "terminal, training, user_commands",
    "confusable_homoglyphs": "training",
    "distributed": "training",
    "flask": "api, server, web",
    "granian": "server",
    "joblib": "training",
    "matplotlib": "training",
    "pandas": "training",
    "prometheus_client": "web",
    "psycopg": "storage",
    "pycurl": "guarded_http",
    "pyarrow": "training",
    "pydantic": "web",
    "safetensors": "release, training",
    "scipy": "training",
    "sklearn": "training",
    "sqlalchemy": "storage, accounts, akismet, akismet_callbacks, checking, coral, coral_calls, decisions, delivery, "
    "endpoints, keys, moderator, review, webhooks",
    "trafilatura": "extraction",
    "werkzeug": "web",
}
"""The libraries that belong to some parts only; above storage, SQLAlchemy's types alone."""

COMES_WITH = {"jinja2": "flask", "markupsafe": "flask", "werkzeug": "flask", "pydantic_core": "pydantic"}
"""Packages that their owner is made of, so that to depend on the owner is enough."""

LONGEST_FILE, LONGEST_FUNCTION, MEDIAN_FUNCTION = 350, 50, 10


def names(listed: str) -> set[str]:
    return set(listed.replace(" ", "").split(",")) - {""}


def module_of(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {module_of(path) for path in SOURCES}


def part_of(module: str) -> str:
    """The part of the house that a module belongs to."""
    head, *rest = module.split(".")
    return rest[0] if head == "moderation" and rest else head


def imported(tree: ast.AST) -> Iterator[tuple[ast.stmt, str]]:
    """Every imported module of a file, wherever the import stands."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.module, "relative imports would slip through this test"
            assert node.level == 0
            whole = [f"{node.module}.{alias.name}" for alias in node.names]
            yield from ((node, name if name in MODULES else node.module) for name in whole)


def is_ours(module: str) -> bool:
    return module.partition(".")[0] in {"api", "moderation", "training", "benchmarks", "tests"}


def graph() -> dict[str, set[str]]:
    """Each part with the parts that it imports."""
    edges: dict[str, set[str]] = {}
    for path in SOURCES:
        part = part_of(module_of(path))
        found = {part_of(name) for _, name in imported(ast.parse(path.read_text())) if is_ours(name)}
        edges.setdefault(part, set()).update(found - {part})
    return edges


def test_parts_import_what_they_may() -> None:
    edges = {part: found for part, found in graph().items() if part not in {"moderation", "__main__"}}
    assert edges.keys() == MAY_IMPORT.keys()
    for part, found in edges.items():
        assert found <= names(MAY_IMPORT[part]), f"{part} imports {found - names(MAY_IMPORT[part])}"


def test_table_allows_no_more_than_is_used() -> None:
    edges = graph()
    assert {
        part: names(allowed) - edges[part] for part, allowed in MAY_IMPORT.items() if names(allowed) - edges[part]
    } == {}


def test_imports_make_no_circle() -> None:
    edges = graph()
    edges["server"] = edges["server"] - {"api"}  # it starts the application, in a process of its own
    assert list(TopologicalSorter(edges).static_order())


def test_serving_never_imports_training() -> None:
    for path in SOURCES:
        tree = ast.parse(path.read_text())
        if module_of(path).startswith("training"):
            continue
        learning = [node for node, name in imported(tree) if name.split(".")[0] == "training"]
        assert not learning or path.name in {"archive_command.py", "cli.py", "promote_command.py"}
        assert not any(node in tree.body for node in learning), f"{path.name} imports training before it has to"


def test_libraries_stay_in_their_part() -> None:
    for path in SOURCES:
        part = part_of(module_of(path))
        for _, name in imported(ast.parse(path.read_text())):
            allowed = ONLY_IN.get(name.split(".")[0])
            assert allowed is None or part in names(allowed), f"{module_of(path)} imports {name}"


def test_imported_libraries_are_declared() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    listed = project["dependencies"] + project["optional-dependencies"]["scale"]
    declared = {re.split(r"[^A-Za-z0-9._-]", line)[0].lower().replace("_", "-") for line in listed}
    owners = packages_distributions()
    missing = set()
    for path in SOURCES:
        for _, name in imported(ast.parse(path.read_text())):
            package = name.split(".")[0]
            if is_ours(name) or package in sys.stdlib_module_names:
                continue
            package = COMES_WITH.get(package, package)
            if not {owner.lower().replace("_", "-") for owner in owners.get(package, [package])} & declared:
                missing.add(package)
    assert missing == set()


LOADED = """
import json, os, sys
from api import create_app
from moderation.settings import Settings
client = create_app(Settings(database_url="sqlite:///records.sqlite3")).test_client()
answered = [client.get(path).status_code for path in ("/healthz", "/readyz", "/docs", "/review/sign-in")]
print(json.dumps([answered, sorted({name.split(".")[0] for name in sys.modules})]))
"""


def test_serving_loads_no_learning_library(tmp_path: Path) -> None:
    answered, loaded = json.loads(python(LOADED, tmp_path))
    assert answered == [200] * 4
    assert {"flask", "numpy", "moderation"} <= set(loaded)
    assert not {
        "training",
        "sklearn",
        "pandas",
        "scipy",
        "joblib",
        "matplotlib",
        "trafilatura",
        "lxml",
        "pyarrow",
    } & set(loaded)


IMPORTED = """
import importlib, json, os, sys
for name in list(sys.stdlib_module_names):  # what they do is not ours
    if name in {"socket", "subprocess", "ssl", "ctypes", "logging", "asyncio", "multiprocessing", "sqlite3"}:
        importlib.import_module(name)
import alembic, argon2, certifi, click, flask, granian, joblib, matplotlib.figure, numpy, pandas, prometheus_client
import psycopg, publicsuffixlist, py3langid, pyarrow.parquet, pycurl, pydantic, safetensors.numpy
import scipy.sparse.csgraph, scipy.stats, sqlalchemy, standardwebhooks.webhooks
import sklearn.decomposition, sklearn.feature_extraction.text, sklearn.linear_model, sklearn.metrics, tqdm
import confusable_homoglyphs.confusables, wsgiref.types, granian.server.mp, matplotlib.ticker
done = []
def hook(event, arguments):
    if event == "open" and not arguments[2] & (os.O_WRONLY | os.O_RDWR | os.O_CREAT):
        return
    if event.partition(".")[0] in {"open", "socket", "subprocess", "sqlite3"} or event in {"os.mkdir", "os.remove"}:
        done.append(f"{event} {arguments[:2]}")
sys.addaudithook(hook)
for name in sys.argv[1:]:
    importlib.import_module(name)
print(json.dumps(done))
"""


def test_nothing_happens_at_import(tmp_path: Path) -> None:
    env = "moderation.storage.migrations.env"  # Alembic runs this file; nothing imports it
    modules = sorted(name for name in MODULES if not name.endswith("__main__") and name != env)
    assert json.loads(python(IMPORTED, tmp_path, *modules)) == []


def python(script: str, directory: Path, *arguments: str) -> str:
    command = [sys.executable, "-c", script, *arguments]
    environ = {"PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1", "HOME": str(directory)}
    done = subprocess.run(command, check=False, cwd=directory, env=environ, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("path", SOURCES, ids=module_of)
def test_module_says_what_it_is_for(path: Path) -> None:
    assert ast.get_docstring(ast.parse(path.read_text())), path
    assert path.stem not in {"utils", "helpers", "common", "base", "manager", "misc"}


def test_files_and_functions_stay_short() -> None:
    lengths: list[int] = []
    for path in [*SOURCES, *sorted((ROOT / "benchmarks").glob("*.py"))]:
        if path.parent.name == "versions":
            continue  # a migration lists the columns that it makes
        text = path.read_text()
        assert len(text.splitlines()) <= LONGEST_FILE, path
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.FunctionDef):
                lengths.append((node.end_lineno or 0) - node.lineno + 1)
                assert lengths[-1] <= LONGEST_FUNCTION, f"{path}: {node.name}"
    assert statistics.median(lengths) <= MEDIAN_FUNCTION


def test_readme_shows_the_import_table() -> None:
    house = (ROOT / "README.md").read_text(encoding="utf-8").partition("## The house")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| `(\w+)` \|[^|]*\| ([^|]*) \|$", house, re.MULTILINE)
    assert {part: names(allowed.replace("-", "")) for part, allowed in rows} == {
        part: names(allowed) for part, allowed in MAY_IMPORT.items()
    }
