"""Writes the model card of a release from its manifest alone, so that it says nothing that was not measured."""

from collections.abc import Iterable, Mapping
from typing import Any

from training.datasets import CORPUS, SPUN, WRITTEN

_USE = """\
Advises a moderator or a policy whether a reader's comment is promotional: whether it advertises, recruits, solicits or
seeds a link. Where the article is known it also says how likely the comment has nothing to do with it. A person decides
about what is held. Off-topic alone is no ground to reject.

It is not made to judge whether a comment is rude, unlawful, true or written by a machine, nor to judge a person."""
_LIMITS = """\
- Kinds of promotion and languages that are not in the training data are found less often than the figures say.
- A score is a statement about a text, under its article, by the author's name and address as sent. What an account did
  before, how often a text was sent and from where are not in it.
- A very short comment says little; its probability stays near the middle, and a short promotion may pass.
- Off-topic was learned from ordinary comments that were set under another article of their site, not from people's
  judgements, on which people agree only moderately.
- Labels are the decisions of those who ran the sites, with their mistakes."""

_ORIGINS = {CORPUS: "written for this project", SPUN: "drawn from a spammer's templates"}


def write_model_card(manifest: Mapping[str, Any]) -> str:
    """Markdown. Raises KeyError where the manifest lacks what ``training.train`` puts there."""
    parts = [
        f"# Release {_plain(manifest['version'])}",
        "Made from `manifest.json` by `moderation train`; every figure stands there too.",
        "## Use",
        _USE,
        "## Data",
        *_data(manifest["data"]),
        "## Thresholds",
        *_thresholds(manifest["thresholds"], sites_counted(manifest)),
        "## Figures",
        *_figures(manifest["metrics"], sites_counted(manifest)),
        "## Calibration",
        _calibration(manifest["metrics"], sites_counted(manifest)),
        "## Limits",
        _LIMITS,
        "## Made with",
        *_making(manifest),
    ]
    return "\n\n".join(parts) + "\n"


def sites_counted(manifest: Mapping[str, Any]) -> str:
    """Which sites thresholds and means are of: real ones, or written ones where no other was trained on."""
    return "real sites" if set(manifest["data"]["sources"]) - set(WRITTEN) else "written sites"


def _data(data: Mapping[str, Any]) -> list[str]:
    sources = data["sources"]
    total = sum(source["comments"] for source in sources.values())
    written = sum(source["comments"] for name, source in sources.items() if name in WRITTEN)
    rows = [
        (
            name,
            _ORIGINS.get(name, "real"),
            f"{source['comments']:,}",
            f"{source['promotional']:,}",
            f"{source['comments'] / max(total, 1):.1%}",
        )
        for name, source in sources.items()
    ]
    return [
        f"{total:,} comments, near-duplicates removed: {1 - written / max(total, 1):.1%} real,"
        f" {written / max(total, 1):.1%} drawn from templates.",
        _table(("source", "what", "comments", "promotional", "share"), rows),
    ]


def _thresholds(thresholds: Mapping[str, Any], sites: str) -> list[str]:
    rows = []
    for action in ("hold", "reject"):
        rate = thresholds["rates"][action]
        rows.append(
            (
                action,
                f"{thresholds[action]:.6f}",
                f"{rate['stated']:.2%}",
                f"{rate['measured']:.3%}",
                f"{rate['bound_95']:.3%}",
            )
        )
    head = ("action", "from this probability", "stated rate", "all ordinary comments together", "95 % bound of that")
    return [
        "The stated rate is the share of ordinary comments above the threshold, each scored without its site having"
        f" been trained on: for hold as the mean over {sites}, for reject over all together. The bound is one-sided.",
        _table(head, rows),
    ]


def _figures(metrics: Mapping[str, Any], counted: str) -> list[str]:
    sites, macro = metrics["sites"], metrics["macro"]
    columns = {
        "ROC AUC": "auc",
        "found at 1 % false positives": "found_at_1pct",
        "held": "held",
        "ordinary held": "ham_held",
        "ordinary rejected": "ham_rejected",
        "calibration error": "calibration_error",
    }
    rows = [
        (name, f"{site['comments']:,}", f"{site['promotional']:,}", *(_number(site[key]) for key in columns.values()))
        for name, site in sites.items()
    ]
    rows.append((f"**macro mean, {counted}**", "", "", *(_number(macro.get(key)) for key in columns.values())))
    parts = [f"By site; {metrics['note']}.", _table(("site", "comments", "promotional", *columns), rows)]
    topics = [(name, _number(auc)) for name, auc in metrics["off_topic_auc"].items()]
    if topics:
        parts += [
            "Ordinary comments told from the same comments under another article of their site, on sites that were left"
            " out:",
            _table(("site", "ROC AUC"), topics),
        ]
    return parts


def _calibration(metrics: Mapping[str, Any], sites: str) -> str:
    error = metrics["macro"].get("calibration_error")
    measured = "" if error is None else f" Its expected error, as the mean over {sites}, is {error:.3f}."
    return (
        "A probability of promotion is calibrated at even odds: as if half of all comments were promotional."
        f"{measured} Where fewer are, fewer of those at a given probability are promotional; the thresholds, not the"
        " probability, say how many ordinary comments are held."
    )


def _making(manifest: Mapping[str, Any]) -> list[str]:
    made_with = ", ".join(f"{name} {version}" for name, version in manifest["made_with"].items())
    weights = manifest["files"]["weights"]
    return [
        f"{made_with}; seed {manifest['seed']}. The same data, seed, name and versions give the same bytes.",
        f"Data SHA-256 `{manifest['data']['sha256']}`; weights SHA-256 `{weights['sha256']}`,"
        f" {weights['bytes'] / 1e6:.1f} MB.",
    ]


def _table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    head = tuple(head)
    lines = [head, ("---",) * len(head), *rows]
    return "\n".join(f"| {' | '.join(_cell(cell) for cell in line)} |" for line in lines)


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.4f}"


def _cell(text: str) -> str:
    """A cell that can not end its column or begin mark-up of its own."""
    return text if text.startswith("**") else _plain(text)


def _plain(text: object) -> str:
    """Text of a manifest, in which Markdown and HTML mean nothing."""
    shown = " ".join(str(text).split())
    return "".join(f"\\{char}" if char in "\\`*_[]<>|#&" else char for char in shown)
