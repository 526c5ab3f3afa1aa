"""The learning loop from end to end: a site that the release has never seen, its moderator, and the next release.

Real processes, real comments, the calls of a publication and of the moderators' pages, and the command line.
"""

import html
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, cast

import httpx
import pytest
from sklearn.metrics import roc_auc_score

from tests.detection.test_classifier import DATA
from tests.test_server import ask, environ, first_line, port_of, serving
from tests.test_switching import load, only, until
from training import datasets
from training.datasets import COLUMNS, Dataset
from training.evaluate import distinct

SITE = "haacked/haacked.com"
"""The site that is left out, the one with the most comments of both labels through the same moderated door."""
MOST = 200
"""Comments of one label that a site gives to the first release."""
LEARNED, JUDGED = 140, 100
"""Decisions, oldest comments first: those that are learned from, and later ones that the gate judges by."""
FIRST = ("--data", "others", "--corpus", "200", "--jobs", "1")
"""What both releases are trained on; the second one on decisions, too."""
BEFORE, AFTER, BAD = "before", "after", "bad"
SWITCH_S = 20.0
"""More than the promised 5 s, as this machine may be busy; how fast it is, test_switching.py holds it to."""
PASSWORD = "a password for tests"
TAG = re.compile(r"<[^>]*>")
CARD = re.compile(r'<article class="card"[^>]* data-number="(\d+)" data-version="(\d+)"')


@dataclass(frozen=True)
class Place:
    """A directory with a database, releases, and folders of labelled comments."""

    path: Path
    unseen: Dataset

    @property
    def more(self) -> dict[str, str]:
        return {"MODERATION_MODELS": str(self.path / "models")}

    def command(self, *arguments: str, status: int = 0) -> Any:
        """What a command answers in JSON."""
        command = [sys.executable, "-m", "moderation", *arguments, "--json"]
        env = environ(self.path, **self.more)
        done = subprocess.run(command, cwd=self.path, env=env, capture_output=True, check=False, text=True, timeout=600)
        assert done.returncode == status, done.stderr
        return json.loads(done.stdout)


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """The first release is trained on a few comments of the other sites; the public set is of another source."""
    folder = DATA / "blogs"
    if not folder.is_dir():
        pytest.skip(f"no {folder}: name a folder that holds it with MODERATION_TEST_DATA")
    data = datasets.load([folder], 1)
    comments = data.comments
    unseen = distinct(data.select((comments["site"] == SITE) & (comments["note"] == "submitted")))
    unseen = Dataset(unseen.comments.sort_values("created_at", kind="stable", ignore_index=True), unseen.articles)
    drawn = comments[comments["site"] != SITE].sample(frac=1, random_state=1).groupby(["site", "label"]).head(MOST)
    others = Dataset(drawn.reset_index(drop=True), data.articles)
    write(tmp_path / "others", others)
    write(tmp_path / "flipped", flipped(others))
    write(tmp_path / "rest", undecided(unseen))
    return Place(tmp_path, unseen)


def write(folder: Path, data: Dataset) -> None:
    """A folder as ``moderation train --data`` reads it."""
    folder.mkdir()
    rows = data.comments[list(COLUMNS)]
    rows.to_json(folder / "comments.jsonl", orient="records", lines=True, date_format="iso")
    needed = set(rows["article_id"])
    articles = [
        {"id": one.id, "title": one.title, "body": one.body, "url": one.url}
        for one in data.articles.values()
        if one.id in needed
    ]
    (folder / "articles.jsonl").write_text("".join(f"{json.dumps(one)}\n" for one in articles))


def undecided(unseen: Dataset) -> Dataset:
    """The newest comments, which no moderator comes to."""
    return Dataset(unseen.comments.iloc[LEARNED + JUDGED :].reset_index(drop=True), unseen.articles)


def flipped(data: Dataset) -> Dataset:
    other = {"ham": "promotional", "promotional": "ham"}
    return Dataset(data.comments.assign(label=data.comments["label"].map(other)), data.articles)


def sent(unseen: Dataset) -> list[dict[str, Any]]:
    """The comments as the site's own system sends them, oldest first."""
    named = zip(unseen.comments["id"], unseen.pairs(), strict=True)
    return [
        {
            "comment": {
                "id": name,
                "body": comment.body,
                "created_at": comment.created_at and comment.created_at.isoformat(),
                "author": {"name": comment.author.name, "url": comment.author.url},
            },
            "article": article and {"id": article.id, "title": article.title, "body": article.body},
        }
        for name, (comment, article) in named
    ]


# --- A moderator ------------------------------------------------------------------------------------------------------


def sign_up(address: str, invitation: str) -> httpx.Client:
    """The first administrator's browser, signed in by the link that the service printed."""
    browser = httpx.Client(base_url=address, headers={"Sec-Fetch-Site": "same-origin"}, timeout=60)
    form = {"email": "ann@example.org", "password": PASSWORD, "again": PASSWORD}
    assert browser.post(invitation, data=form).headers["location"] == "/review"
    return browser


def queue(browser: httpx.Client) -> Iterator[tuple[int, int]]:
    """Number and version of what is held, oldest first, page by page as the queue's script asks for more."""
    cursor = "start"
    while cursor:
        asked = {"order": "oldest"} | ({} if cursor == "start" else {"cursor": cursor})
        told = browser.get("/review/items", params=asked).raise_for_status().json()
        yield from ((int(number), int(version)) for number, version in CARD.findall(told["html"]))
        cursor = told["cursor"]


def decide(browser: httpx.Client, unseen: Dataset, count: int) -> None:
    """Read the oldest held comments one by one, and decide each as the owner of the site did."""
    known = {signs(body): label for body, label in zip(unseen.comments["body"], unseen.comments["label"], strict=True)}
    for number, version in islice(queue(browser), count):
        text = browser.get(f"/review/comments/{number}/text").raise_for_status().text
        label = known[signs(html.unescape(TAG.sub("", text)))]
        body = {"seen": [[number, version]], "decision": "approve" if label == "ham" else "reject_promotional"}
        assert browser.post("/review/decisions", json=body).raise_for_status().json()["decided"] == [number]


def signs(text: str) -> str:
    """A text by its letters and digits: pages part long words and lines."""
    return "".join(filter(str.isalnum, text))


# --- The loop ---------------------------------------------------------------------------------------------------------


def auc(port: int, key: str, bodies: list[dict[str, Any]], rest: Dataset, release: str) -> float:
    """How well the running service parts the rest of the site's comments, by a release that it must name."""
    results: list[Any] = []
    for begin in range(0, len(bodies), 100):
        some = json.dumps({"comments": bodies[begin : begin + 100]}).encode()
        status, told = ask(port, "POST", "/v1/score", key, some)
        assert status == 200
        results += cast("list[Any]", told["results"])
    assert {one["release"] for one in results} == {release}
    return float(roc_auc_score(rest.comments["label"] == "promotional", [one["promotional"] for one in results]))


def serves(port: int, release: str) -> bool:
    """Whether every process does, as far as many answers can tell."""
    return all(ask(port, "GET", "/readyz")[1]["release"] == release for _ in range(30))


def test_decisions_make_the_next_release(place: Place) -> None:
    unseen, bodies = place.unseen, sent(place.unseen)
    rest, rest_bodies = undecided(unseen), bodies[LEARNED + JUDGED :]
    trained = place.command("train", *FIRST, "--name", BEFORE)
    assert trained["current"]
    assert not any(SITE in name for name in trained["metrics"]["sites"])
    key = place.command("site", "add", "gazette")["key"]
    with serving(place.path, "--workers", "2", **place.more) as started:
        told = first_line(started)
        port, address = port_of(told), f"http://127.0.0.1:{port_of(told)}"
        assert started.stdout is not None
        invitation = re.search(r"http://\S+/review/invitation/\S+", told + started.stdout.readline())
        assert invitation is not None
        with closing(sign_up(address, invitation[0])) as browser:
            habits = {"hold_new_authors": "on", "reject": "1", "do": "save"}
            settings = browser.post("/review/rules/settings", params={"site": "gazette"}, data=habits)
            assert settings.status_code == 302
            for body in bodies:
                status, answer = ask(port, "POST", "/v1/comments", key, json.dumps(body).encode())
                assert (status, answer["status"], answer["release"]) == (200, "held", BEFORE)
            first = auc(port, key, rest_bodies, rest, BEFORE)

            decide(browser, unseen, LEARNED)
            learned = place.command("train", "--decisions", *FIRST, "--name", AFTER)
            assert not learned["current"]
            assert learned["decisions"][0].startswith(f"Decisions: {LEARNED} used")
            figures = [place.command("evaluate", name, "--data", "rest")["overall"] for name in (BEFORE, AFTER)]
            decide(browser, unseen, JUDGED)

        place.command("train", "--data", "flipped", "--corpus", "0", "--jobs", "1", "--name", BAD)
        public = str(DATA / "youtube")
        with load(port, key, callers=2) as found:
            until(lambda: only(found, BEFORE), SWITCH_S)
            gate = place.command("promote", AFTER, "--data", public)
            assert (gate["verdict"], gate["promoted"]) == ("promote", True)
            until(lambda: only(found, AFTER) and serves(port, AFTER), SWITCH_S)
            again = auc(port, key, rest_bodies, rest, AFTER)
            refused = place.command("promote", BAD, "--data", public, status=2)
            assert refused["verdict"].startswith("do not promote, because")
            assert not refused["promoted"]
            assert serves(port, AFTER)
            back = place.command("rollback", "--reason", "to see that it works")
            assert (back["release"], back["former"]) == (BEFORE, AFTER)
            until(lambda: only(found, BEFORE) and serves(port, BEFORE), SWITCH_S)
        assert found.failures == []
        assert set(found.statuses) == {200}
        assert set(found.releases) == {BEFORE, AFTER}
        assert auc(port, key, rest_bodies, rest, BEFORE) == first
    before, after = figures
    assert again > first
    assert (first, again) == pytest.approx((before["auc"], after["auc"]), abs=0.001)
    assert after["found_at_1pct"] > before["found_at_1pct"]
    assert after["held"] > before["held"]
    assert after["ham_held"] <= 0.02
    listed = {one["release"]: one for one in place.command("releases")}
    assert {name: one["state"] for name, one in listed.items()} == {BEFORE: "current", AFTER: "", BAD: ""}
    changes = {name: [entry["change"] for entry in one["history"]] for name, one in listed.items()}
    assert changes == {BEFORE: ["rollback"], AFTER: ["promote"], BAD: []}
    assert listed[AFTER]["history"][0]["figures"]["verdict"] == "promote"
    assert listed[BEFORE]["history"][0]["reason"] == "to see that it works"
