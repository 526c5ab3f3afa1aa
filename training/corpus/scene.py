"""The scene of one comment: what its slots stand for, invented afresh and kept the same within the comment.

Sites, numbers, wallets and names are put together from parts; none is taken from anywhere. It must not know which
label the comment carries.
"""

import re
from collections.abc import Callable, Sequence
from random import Random
from typing import TypeVar

from training.corpus.dress import dress
from training.corpus.grammar import Language, Story, Template, expand, pick, words

_T = TypeVar("_T")
_DIGITS = "0123456789"
_LETTERS = "abcdefghijklmnopqrstuvwxyz"
_BASE58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
_BECH32 = "023456789acdefghjklmnpqrstuvwxyz"
_SYLLABLES = words(
    "ba be bo da dor el fa fin gra hal ira jo ka kel la lim lu ma mer mo na nel no or pa per pi qua ra ren ri ro sa "
    "sel so ta tan ter ti to tra u va vel vi wen xa ya yo za zen zo"
)
_TAILS = words("hub pro zone online club life web shop now best top world link max plus vip express central base")
# Ordinary pages and promoted ones stand on the same endings, so that no ending is a sign by itself.
_ENDINGS = (
    *["com"] * 24,
    *words("net net net net org org org org info info xyz top site online club me me co co io io dev blog blog live"),
    *words("ru ru in in co.uk co.uk de de pl id co.id vn ir com.br fr it es nl se us eu ca com.au com.ng tr cn jp kr"),
    *words("biz shop store icu vip cc pro space website link app tech today world ws to tv pw su"),
)
_HOSTS = words("wordpress.com blogspot.com weebly.com wixsite.com tumblr.com livejournal.com github.io substack.com")
_PRIVATE = words("blog notes writes photo family music lab garden books travels kitchen studio reads cat home bikes")
_PHONES = {
    "en": [
        "+1 (###) ###-####",
        "+1##########",
        "1-8##-###-####",
        "+44 7### ######",
        "+234 80# ### ####",
        "07### ######",
    ],
    "hi": ["+91-##########", "+91 9#### #####", "9#########", "08#########"],
    "id": ["+62 8##-####-####", "08##########", "0812-####-####"],
    "ru": ["+7 (9##) ###-##-##", "8 9## ### ## ##", "+79#########"],
    "zh": ["1##########", "+86 1## #### ####"],
    "es": ["+34 6## ### ###", "+52 1 ## #### ####", "6########"],
    "pt": ["+55 11 9####-####", "(21) 9####-####", "+351 9## ### ###"],
    "de": ["+49 15# ########", "0151/########", "030 ########"],
    "fr": ["06 ## ## ## ##", "+33 7 ## ## ## ##", "+229 9# ## ## ##"],
    "ar": ["00966 5########", "+20 10########", "+971 5# ### ####", "05########"],
    "tr": ["0 5## ### ## ##", "+90 5## ### ## ##"],
    "ko": ["010-####-####", "+82 10-####-####"],
}
_ANY_PHONE = [pattern for patterns in _PHONES.values() for pattern in patterns]
_MONEY = ["${}", "${}", "€{}", "£{}", "₦{}", "₹{}", "Rs {}", "Rp {}", "{} USD", "{} EUR", "{} USDT", "R{}"]
_EMOJI = words("😀 😂 🤣 😍 😭 😎 🙏 👍 👏 ❤️ 🔥 💯 😅 🤔 😢 😡 🙌 💪 🎉 ✨ 😉 🥰 👌 💔 🤦 🌹 😱 🤷 🎶 ☕")
_SPAM_EMOJI = words("💰 💸 🔥 🚀 👉 👇 💵 ✅ 📈 🎁 💎 🤑 ⬇️ ➡️ 📲 ☎️ 🎰 💋 🔞 ⭐ ⚡ 🏆")
_SHORTENERS = words("bit.ly tinyurl.com cutt.ly t.ly s.id is.gd rb.gy goo.gl shorturl.at")
_MAILBOXES = words("gmail.com gmail.com gmail.com yahoo.com outlook.com hotmail.com mail.ru proton.me aol.com")
_NEWS = words("bbc.com reuters.com theguardian.com nytimes.com apnews.com dw.com aljazeera.com cnn.com lemonde.fr")


class Scene:
    """One comment being written: draws the text for each slot of its language, its article and the built-in ones."""

    def __init__(self, rng: Random, language: Language, story: Story) -> None:
        self.rng = rng
        self.language = language
        self.story = story
        self._kept: dict[str, str] = {}
        self._last: dict[str, object] = {}

    def write(self, template: Template) -> str:
        """Return one wording of a template in this scene."""
        return expand(template, self.rng, self.draw)

    def draw(self, name: str) -> str:
        """Return the text that a slot stands for. Contacts and names stay the same throughout a comment."""
        if name == "term":
            return self._other(name, self.story.terms)
        if name == "title":
            return self.story.title
        if name not in _KEPT:
            return self._invent(name)
        if name not in self._kept:
            self._kept[name] = self._invent(name)
        return self._kept[name]

    def _invent(self, name: str) -> str:
        if name in self.language.slots:
            return self.write(self._other(name, self.language.slots[name]))
        return BUILT_IN[name](self)

    def _other(self, name: str, items: Sequence[_T]) -> _T:
        """Pick an item that is not the one picked last for the same slot."""
        item = pick(self.rng, items)
        if item == self._last.get(name):
            item = items[(items.index(item) + 1) % len(items)]
        self._last[name] = item
        return item

    def brand(self) -> str:
        """Return the name that the promoter of this comment goes by, the same throughout."""
        if "" not in self._kept:  # no slot has an empty name
            self._kept[""] = _brand(self)
        return self._kept[""]

    def some(self, alphabet: str, length: int) -> str:
        """Return that many characters of an alphabet."""
        return "".join([pick(self.rng, alphabet) for _ in range(length)])

    def between(self, low: int, high: int) -> int:
        """Return a whole number from low to high, both included."""
        return low + int(self.rng.random() * (high - low + 1))

    def one_of(self, *items: str) -> str:
        """Return one of the texts."""
        return pick(self.rng, items)


def _ascii(text: str) -> str:
    return re.sub(r"[^a-z0-9]", "", text.lower())


def _syllables(scene: Scene, low: int, high: int) -> str:
    return "".join([pick(scene.rng, _SYLLABLES) for _ in range(scene.between(low, high))])


def _brand(scene: Scene) -> str:
    word = _ascii(scene.draw("brand_word")) or _syllables(scene, 2, 3)
    tail = scene.one_of(pick(scene.rng, _TAILS), _syllables(scene, 1, 2), scene.some(_DIGITS, scene.between(1, 3)), "")
    joint = "-" if tail.isalpha() and scene.rng.random() < 0.2 else ""
    front = _syllables(scene, 1, 2) if scene.rng.random() < 0.45 or not tail else ""
    return front + word + joint + tail


def _site(name: str, scene: Scene) -> str:
    """Return an address under which a private page or a promoter's may stand; the ending tells nothing."""
    return f"{name}.{pick(scene.rng, _HOSTS if scene.rng.random() < 0.15 else _ENDINGS)}"


def _domain(scene: Scene) -> str:
    return _site(scene.brand(), scene)


def _private_name(scene: Scene) -> str:
    name = _ascii(scene.draw("person"))
    return name if len(name) > 3 else _syllables(scene, 2, 4)


def _person_domain(scene: Scene) -> str:
    name = _private_name(scene) if scene.rng.random() < 0.5 else _syllables(scene, 2, 4)
    tail = scene.one_of(
        pick(scene.rng, _PRIVATE), _syllables(scene, 1, 2), scene.some(_DIGITS, scene.between(1, 3)), ""
    )
    joint = "-" if tail.isalpha() and scene.rng.random() < 0.2 else ""
    return _site(name + joint + tail, scene)


def _news_url(scene: Scene) -> str:
    number, slug = scene.some(_DIGITS, 5), "-".join(_syllables(scene, 2, 3) for _ in range(scene.between(2, 4)))
    title = re.sub(r"\s+", "_", pick(scene.rng, scene.story.terms))
    video = scene.some(_BASE58, 11)
    own = f"{_syllables(scene, 2, 3)}{scene.one_of('news', 'post', 'times', 'daily', '')}.{pick(scene.rng, _ENDINGS)}"
    page = scene.one_of(
        f"{scene.language.code}.wikipedia.org/wiki/{title}",
        f"www.youtube.com/watch?v={video}",
        f"youtu.be/{video}",
        f"github.com/{_syllables(scene, 2, 3)}/{_syllables(scene, 2, 3)}/issues/{scene.between(2, 4000)}",
        f"stackoverflow.com/questions/{number}",
        f"www.{pick(scene.rng, _NEWS)}/{scene.one_of('world', 'news', 'article', '20' + number[:2])}/{slug}",
        f"{own}/{slug}{scene.one_of('', '.html', '/', '-' + number)}",
        f"www.{own}/{scene.one_of('node', 'story', 'p')}/{number}",
        f"{own}/?{scene.one_of('p', 'id', 'ref', 'a')}={number}",
        own,
        f"www.{own}",
        f"{own}/",
    )
    return scene.one_of("https://", "https://", "http://", "") + page


def _spam_url(scene: Scene) -> str:
    domain, page = scene.draw("domain"), scene.draw("brand_word").replace(" ", "-").lower()
    return scene.one_of(
        f"https://{domain}/",
        f"https://{domain}",
        f"http://www.{domain}/{page}.{scene.one_of('html', 'php', 'htm')}",
        f"http://{domain}/{page}/",
        domain,
        f"www.{domain}",
        f"https://{domain}/?{scene.one_of('ref', 'id', 'a', 'p')}={scene.some(_DIGITS + _LETTERS, 5)}",
        f"https://{pick(scene.rng, _SHORTENERS)}/{scene.some(_BASE58, scene.between(4, 7))}",
        f"{pick(scene.rng, _SHORTENERS)}/{scene.some(_BASE58, scene.between(4, 7))}",
        f"https://sites.google.com/view/{scene.brand()}",
    )


def _broken(text: str, scene: Scene) -> str:
    dot = scene.one_of(" . ", " dot ", "[.]", "(dot)", " (.) ", ",", " .", ". ", " DOT ", "*")
    return text.replace(".", dot).replace("@", scene.one_of(" @ ", "@", " at ", "(at)", "[at]"))


def _broken_url(scene: Scene) -> str:
    domain = scene.draw("domain")
    return scene.one_of(_broken(domain, scene), _broken(domain, scene), " ".join(domain), f"hxxp://{domain}")


def _email(scene: Scene) -> str:
    name = scene.one_of(_ascii(scene.draw("person_name")), scene.brand()) or scene.brand()
    return f"{name}{scene.one_of('', '', scene.some(_DIGITS, 2))}@{pick(scene.rng, _MAILBOXES)}"


def _coined(scene: Scene) -> str:
    """Return a name that is no word: of syllables, at times with a word of the trade behind."""
    word = _ascii(scene.draw("brand_word")) if scene.rng.random() < 0.4 else ""
    return _syllables(scene, 2, 3) + (word if len(word) < 7 else "")


def _numbered_name(scene: Scene) -> str:
    digit = scene.some(_DIGITS[1:], 1)
    number = scene.one_of(digit * 2, digit * 2, digit * 3, scene.some(_DIGITS, 2), scene.some(_DIGITS, 3))
    name = _coined(scene)
    return scene.one_of(name.upper(), name.upper(), name.capitalize(), name) + number


def _handle(scene: Scene) -> str:
    name = scene.one_of(scene.brand(), _ascii(scene.draw("person_name"))) or scene.brand()
    return "@" + name.replace("-", "_") + scene.one_of("", "", "_official", "_fx", scene.some(_DIGITS, 2))


def _trader(scene: Scene) -> str:
    """Return the account of one who trades for others, or heals, as a name that is called or tagged."""
    name = _ascii(scene.draw("person_name")) or _syllables(scene, 3, 4)
    trade = scene.one_of("fx", "trades", "crypto", "investments", "finance", "forex", "1", "01", "official", "", "")
    joint = scene.one_of("_", "_", ".", "", "__")
    front = scene.one_of("", "", "", "earn_with_", "trade_with_", "real", "mrs_", "dr_")
    return scene.one_of("@", "@", "@", "#") + front + name + (joint + trade if trade else "")


def _telegram(scene: Scene) -> str:
    name = scene.draw("handle").removeprefix("@")
    invitation = "+" + scene.some(_BASE58, 16)
    return scene.one_of(f"t.me/{name}", f"https://t.me/{name}", f"@{name}", f"telegram.me/{name}", f"t.me/{invitation}")


def _friend_handle(scene: Scene) -> str:
    name = re.sub(r"[^\w.]", scene.one_of("", "_"), scene.draw("person"))
    return f"@{name if scene.rng.random() < 0.5 else name.lower()}{scene.one_of('', '', scene.some(_DIGITS, 2))}"


def _phone(scene: Scene) -> str:
    near = _PHONES.get(scene.language.code, _ANY_PHONE)
    pattern = pick(scene.rng, near if scene.rng.random() < 0.6 else _ANY_PHONE)
    return re.sub("#", lambda _: pick(scene.rng, _DIGITS), pattern)


def _wallet(scene: Scene) -> str:
    return scene.one_of(
        "0x" + scene.some("0123456789abcdefABCDEF", 40),
        "bc1q" + scene.some(_BECH32, 38),
        scene.one_of("1", "3") + scene.some(_BASE58, 33),
        "T" + scene.some(_BASE58, 33),
    )


def _money(scene: Scene) -> str:
    amount = scene.between(1, 99) * pick(scene.rng, (1, 5, 10, 50, 100, 500, 1000))
    return pick(scene.rng, _MONEY).format(scene.one_of(f"{amount:,}", f"{amount}"))


def _number(scene: Scene) -> str:
    return str(scene.between(*pick(scene.rng, ((10, 99), (100, 999), (1000, 9999)))))


def _keyword(scene: Scene) -> str:
    return scene.draw("keyword" if "keyword" in scene.language.slots else "brand_word")


BUILT_IN: dict[str, Callable[[Scene], str]] = {
    "domain": _domain,
    "person_domain": _person_domain,
    "news_url": _news_url,
    "spam_url": _spam_url,
    "broken_url": _broken_url,
    "numbered_name": _numbered_name,
    "dressed_name": lambda scene: dress(scene.one_of(scene.draw("numbered_name"), _coined(scene)), scene.rng),
    "phone": _phone,
    "email": _email,
    "broken_email": lambda scene: _broken(scene.draw("email"), scene),
    "handle": _handle,
    "trader": _trader,
    "friend_handle": _friend_handle,
    "telegram": _telegram,
    "wallet": _wallet,
    "number": _number,
    "year": lambda scene: str(scene.between(2009, 2026)),
    "money": _money,
    "person_name": lambda scene: scene.draw("person"),
    "emoji": lambda scene: pick(scene.rng, _EMOJI),
    "spam_emoji": lambda scene: pick(scene.rng, _SPAM_EMOJI),
    "link_md": lambda scene: f"[{_keyword(scene)}]({scene.draw('spam_url')})",
    "link_html": lambda scene: f'<a href="https://{scene.draw("domain")}/">{_keyword(scene)}</a>',
    "link_bb": lambda scene: f"[url=https://{scene.draw('domain')}/]{_keyword(scene)}[/url]",
}
"""The slots that every language has; a language's own slot of the same name goes before."""

_KEPT = frozenset(words("domain phone email handle telegram wallet person_name numbered_name dressed_name trader"))
