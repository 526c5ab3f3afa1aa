"""From a score, what else is known and a site's rules to an action: one ordered list that reads as the policy.

Values in, values out. It knows neither where rules are kept nor who asks.
"""

import ipaddress
import unicodedata
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

from moderation.comment import Action, Author, Comment, Manner, Score, Status, Thresholds

HOLD_LIMITS = (0.05, 0.99)
REJECT_LIMITS = (0.50, 1.0)
_JOINED = frozenset(("CJK", "HIRAGANA", "KATAKANA", "THAI", "LAO", "KHMER", "MYANMAR"))
"""Scripts that are written without blanks between words."""

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


@dataclass(frozen=True, slots=True)
class Listed:
    """What a site allows, holds or blocks, folded as ``fold_word``, ``fold_domain`` and so on give it."""

    words: frozenset[str] = frozenset()
    phrases: tuple[str, ...] = ()  # of several words, or of a script without blanks: looked for one by one
    domains: frozenset[str] = frozenset()
    authors: frozenset[str] = frozenset()
    networks: frozenset[Network] = frozenset()
    network_sizes: frozenset[tuple[int, int]] = frozenset()  # version and prefix length of those


@dataclass(frozen=True, slots=True)
class SitePolicy:
    """How one site wants its comments treated. The lists are by the action that they call for."""

    thresholds: Thresholds
    allowed: Listed = field(default_factory=Listed)
    held: Listed = field(default_factory=Listed)
    blocked: Listed = field(default_factory=Listed)
    hold_off_topic: float | None = None
    hold_new_authors: bool = False
    watch_only: bool = False


@dataclass(frozen=True, slots=True)
class Facts:
    """What the policy is told besides the score: the hosts linked to, and whether the author is new to the site."""

    hosts: tuple[str, ...] = ()
    is_new_author: bool = False


class Verdict(NamedTuple):
    """The action to advise, where the comment stands until a person decides, and the rule that matched first."""

    action: Action
    status: Status
    rule: str


@dataclass(frozen=True, slots=True)
class _Case:
    comment: Comment
    score: Score
    facts: Facts
    site: SitePolicy

    def sender(self, listed: Listed) -> bool:
        return _has_sender(listed, self.comment.author)

    def content(self, listed: Listed) -> bool:
        return _has_domain(listed, self.facts.hosts) or _has_word(listed, self.comment)


_POLICY: tuple[tuple[str, Action, Callable[[_Case], bool]], ...] = (
    ("the publication's own people", Action.PUBLISH, lambda case: case.comment.manner is Manner.BY_STAFF),
    ("blocked sender", Action.REJECT, lambda case: case.sender(case.site.blocked)),
    ("allowed sender", Action.PUBLISH, lambda case: case.sender(case.site.allowed)),
    ("blocked content", Action.REJECT, lambda case: case.content(case.site.blocked)),
    ("promotional: reject", Action.REJECT, lambda case: case.score.promotional >= case.site.thresholds.reject),
    ("held sender", Action.HOLD, lambda case: case.sender(case.site.held)),
    ("held content", Action.HOLD, lambda case: case.content(case.site.held)),
    ("hidden field filled in", Action.HOLD, lambda case: case.comment.manner is Manner.TRAPPED),
    ("form sent at once", Action.HOLD, lambda case: case.comment.manner is Manner.HASTY),
    ("new author", Action.HOLD, lambda case: case.site.hold_new_authors and case.facts.is_new_author),
    ("allowed content", Action.PUBLISH, lambda case: case.content(case.site.allowed)),
    ("promotional: hold", Action.HOLD, lambda case: case.score.promotional >= case.site.thresholds.hold),
    ("off-topic: hold", Action.HOLD, lambda case: _is_off_topic(case.score, case.site.hold_off_topic)),
    ("nothing speaks against it", Action.PUBLISH, lambda case: True),
)
RULE_NAMES = tuple(name for name, _action, _matches in _POLICY)
_STATUS = {Action.PUBLISH: Status.PUBLISHED, Action.HOLD: Status.HELD, Action.REJECT: Status.REJECTED}


def decide(comment: Comment, score: Score, facts: Facts, site: SitePolicy) -> Verdict:
    """Take the first rule that matches. A site that only watches is advised to publish, and its people see the rest."""
    case = _Case(comment, score, facts, site)
    name, action = next((name, action) for name, action, matches in _POLICY if matches(case))
    if site.watch_only and action is not Action.PUBLISH:
        return Verdict(Action.PUBLISH, Status.HELD, f"watch only, else {name}")
    return Verdict(action, _STATUS[action], name)


def thresholds_within_limits(release: Thresholds, hold: float | None, reject: float | None) -> Thresholds:
    """A site's thresholds, the release's where it has none. ``ValueError`` says which limit was passed."""
    for name, value, (low, high) in (("hold", hold, HOLD_LIMITS), ("reject", reject, REJECT_LIMITS)):
        if value is not None and not low <= value <= high:
            raise ValueError(f"the threshold to {name} must lie from {low} to {high}")
    lowest = release.hold if hold is None else hold
    highest = release.reject if reject is None else reject
    if hold is not None and reject is not None and reject < hold:
        raise ValueError("the threshold to reject must not be under the one to hold")
    return Thresholds(lowest, max(lowest, highest))


# --- Rules as a person writes them ---------------------------------------------------------------------------------


def fold_word(value: str) -> str:
    """A word or phrase as it is looked for: without case, marks of width or joiners, one blank between words."""
    return " ".join(_folded(value).split())


def fold_domain(value: str) -> str:
    """A domain as it is looked for, without ``https://``, ``www.`` or a path. ``ValueError`` where it is none."""
    host = value.strip().casefold().rpartition("://")[2].partition("/")[0].partition(":")[0]
    host = host.removeprefix("*.").removeprefix("www.").strip(".")
    labels = host.split(".")
    if len(labels) < 2 or not all(label and label.replace("-", "").replace("_", "").isalnum() for label in labels):
        raise ValueError("expected a domain such as example.com")
    return host


def fold_author(value: str) -> str:
    """An author's e-mail address or name as it is looked for."""
    return " ".join(_folded(value).split())


def fold_network(value: str) -> Network:
    """An IP address or network. ``ValueError`` where it is none."""
    try:
        return ipaddress.ip_network(value.strip(), strict=False)
    except ValueError:
        raise ValueError("expected an IP address or network such as 203.0.113.0/24") from None


def listed(
    words: Iterable[str] = (), domains: Iterable[str] = (), authors: Iterable[str] = (), networks: Iterable[str] = ()
) -> Listed:
    """Gather a site's rules of one action."""
    folded = [fold_word(word) for word in words]
    folded_networks = frozenset(map(fold_network, networks))
    single = frozenset(word for word in folded if word.isalnum() and not any(map(_is_joined, word)))
    return Listed(
        words=single,
        phrases=tuple(word for word in folded if word not in single),
        domains=frozenset(map(fold_domain, domains)),
        authors=frozenset(map(fold_author, authors)),
        networks=folded_networks,
        network_sizes=frozenset((network.version, network.prefixlen) for network in folded_networks),
    )


# --- Matching ------------------------------------------------------------------------------------------------------


def _has_sender(listed: Listed, author: Author) -> bool:
    if listed.authors and not listed.authors.isdisjoint((fold_author(author.email), fold_author(author.name))):
        return True
    return bool(listed.networks) and _has_address(listed, author.ip)


def _has_address(listed: Listed, ip: str) -> bool:
    try:
        address = ipaddress.ip_address(ip.strip())
    except ValueError:
        return False
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped:
        address = address.ipv4_mapped
    lengths = (length for version, length in listed.network_sizes if version == address.version)
    return any(ipaddress.ip_network((address, length), strict=False) in listed.networks for length in lengths)


def _has_domain(listed: Listed, hosts: tuple[str, ...]) -> bool:
    """A rule for ``example.com`` is also one for ``shop.example.com``."""
    return bool(listed.domains) and any(
        ".".join(labels[start:]) in listed.domains
        for labels in (host.split(".") for host in hosts)
        for start in range(len(labels) - 1)
    )


def _has_word(listed: Listed, comment: Comment) -> bool:
    if not listed.words and not listed.phrases:
        return False
    text = f"{_folded(comment.body)}\n{_folded(comment.author.name)}"
    spaced = "".join(sign if _is_of_a_word(sign) else " " for sign in text)
    if not listed.words.isdisjoint(spaced.split()):
        return True
    blanks = " ".join(text.split())
    return any(_has_phrase(blanks, phrase) for phrase in listed.phrases)


def _has_phrase(text: str, phrase: str) -> bool:
    """Whether a phrase stands in a text and is not part of longer words."""
    place = text.find(phrase)
    while place >= 0:
        if _parts(text[place - 1 : place], phrase[0]) and _parts(phrase[-1], text[place + len(phrase) :][:1]):
            return True
        place = text.find(phrase, place + 1)
    return False


def _parts(left: str, right: str) -> bool:
    """Whether a word may end between two signs."""
    return not (left.isalnum() and right.isalnum()) or _is_joined(left) or _is_joined(right)


def _is_of_a_word(sign: str) -> bool:
    return sign.isalnum() or (sign > "\u02ff" and unicodedata.category(sign).startswith("M"))


def _is_joined(sign: str) -> bool:
    return sign > "\u0e00" and unicodedata.name(sign, "").split(" ")[0] in _JOINED


def _is_off_topic(score: Score, threshold: float | None) -> bool:
    return threshold is not None and score.off_topic is not None and score.off_topic >= threshold


def _folded(text: str) -> str:
    shown = (sign for sign in unicodedata.normalize("NFKC", text) if unicodedata.category(sign) != "Cf")
    return "".join(shown).casefold()
