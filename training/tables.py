"""Makes the tables of a release that are counted rather than fitted: domains, lexicon, rarity and meaning of words."""

from collections.abc import Iterable, Iterator, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from publicsuffixlist import PublicSuffixList
from scipy.sparse import coo_matrix, csr_matrix, diags
from sklearn.decomposition import TruncatedSVD

from moderation.detection.features import PRAISE, Tables
from moderation.detection.links import Domains
from moderation.detection.ngrams import buckets
from moderation.detection.relevance import RARITY_BITS, Relevance
from moderation.detection.text import Folder, Hashes
from training.alphabet import alphabet
from training.datasets import CORPUS, DROPPED, NAMED, WRITTEN, Dataset

MEANING_BITS = 15
DIMENSIONS = 32
_USUAL = "com net org info biz ru io id xyz vip cc tk ua cn tv uk br"  # and words of no language
_FILES = "py sh md rs pl cs ps zip mov cc so mm java app dev ai io net do is it in my me to be no at am as"
_TERSE = "terse"  # a kind that promotes anything in a few words
# Kinds of how something is promoted, whatever it is: their terms are named promotional and no more.
_OF_FORM = {"long_advert", "copied_article", "link_dump", "unaccented", "guest_post", "ai_plug", "latin_letters"}
_ANY = "promotional"
_PRAISES = ("praise", "thanks", "blog_question")  # kinds of either label with one of these in their name
_BATCH = 4_000
_LONGEST = 20_000
# A term of the lexicon stands in so many texts of its kind, so many times as often as in ordinary comments, and its
# kind has that share of it among all kinds of promotion; praise stands that many times as often as anywhere else.
_LEAST_TEXTS, _OVER_ORDINARY, _OF_PROMOTION, _OVER_OTHERS = 3, 6, 0.4, 2
_COMMON = 5e-4  # of what readers say; such a term means more than one kind of promotion
_DOUBT = 2e-4  # a rate that chance alone may hide


def make_tables(data: Dataset, seed: int) -> Tables:
    """Count the tables from training data. The lexicon comes from the written corpus in it, by its kinds.

    The weights of relevance are left 0: they are fitted with these tables.
    """
    folder = Folder(alphabet())
    comments = data.comments
    documents = _documents(data)
    rarity = _rarity(folder, [*comments["body"], *documents])
    said = comments.loc[(comments["label"] == "ham") & ~comments["source"].isin(WRITTEN), "body"].tolist()
    lexicon_hash, lexicon_kind, kinds = _lexicon(folder, comments[comments["source"] == CORPUS], said)
    meaning = _meaning(folder, documents, seed)
    untold = np.zeros(len(Relevance) + 1)
    return Tables(alphabet(), _domains(folder), lexicon_hash, lexicon_kind, kinds, rarity, meaning, untold)


def _domains(folder: Folder) -> Domains:
    suffixes = PublicSuffixList()
    top = sorted({name for name in suffixes._publicsuffix if "." not in name and not name.startswith(("!", "*"))})
    return Domains(
        top=_word_set(folder, top),
        usual=_word_set(folder, _USUAL.split()),
        files=_word_set(folder, _FILES.split()),
        dot=int(_word_set(folder, ["dot"])[0]),
    )


def _word_set(folder: Folder, words: Sequence[str]) -> Hashes:
    return np.unique(folder.fold(words).hashes)


def _documents(data: Dataset) -> list[str]:
    """Each article with the ordinary comments under it: texts that speak of one thing."""
    ham = data.comments[(data.comments["label"] == "ham") & (data.comments["article_id"] != "")]
    bodies: dict[tuple[str, str], list[str]] = {}
    for source, article, body in zip(ham["source"], ham["article_id"], ham["body"], strict=True):
        bodies.setdefault((source, article), []).append(body[:1_000])
    return [
        "\n".join([article.title, article.body, *bodies.get(key, ())[:50]])[:_LONGEST]
        for key, article in data.articles.items()
    ]


def _rarity(folder: Folder, texts: Sequence[str]) -> NDArray[np.uint8]:
    """-log2 of the share of texts that hold a word of each bucket, times 8."""
    counts = np.zeros(1 << RARITY_BITS, np.int64)
    for begin in range(0, len(texts), _BATCH):
        folded = folder.fold(texts[begin : begin + _BATCH])
        held = np.unique(buckets(folded.hashes, RARITY_BITS).astype(np.int64) * len(folded) + folded.word_text)
        counts += np.bincount(held // len(folded), minlength=len(counts))
    bits = -np.log2((counts + 0.5) / (len(texts) + 1))
    return np.clip(np.round(bits * 8), 0, 255).astype(np.uint8)


def _lexicon(
    folder: Folder, corpus: pd.DataFrame, said: Sequence[str]
) -> tuple[Hashes, NDArray[np.uint8], tuple[str, ...]]:
    """Words and pairs of words that stand in one kind of promotion, or in praise, far more often than elsewhere.

    Those that are common in what readers of real sites ``said`` mean more than one kind, and are named after none.
    """
    corpus = corpus[~corpus["note"].isin([DROPPED, *NAMED])]
    kind = corpus["note"].map(
        lambda note: PRAISE if any(name in note for name in _PRAISES) else _ANY if note == _TERSE else note
    )
    promoted = set(kind[corpus["label"] == "promotional"]) - {PRAISE}
    kind = kind.map(lambda note: note.split("_")[0] if note in promoted and note.split("_")[0] in promoted else note)
    kinds = [PRAISE, *sorted(set(kind[corpus["label"] == "promotional"]) - {PRAISE})]
    number = kind.map({name: row for row, name in enumerate(kinds)}).fillna(len(kinds)).to_numpy(np.int64)
    number[(kind == PRAISE) & (corpus["label"] == "ham")] = len(kinds) + 1
    terms, place, text = _terms(folder, (corpus["author_name"] + " \n " + corpus["body"]).tolist())
    if not len(terms):
        return np.zeros(0, np.uint32), np.zeros(0, np.uint8), tuple(kinds)
    owner = number[text]
    columns = len(kinds) + 2  # praise that promotes, each kind, ordinary comments, and ordinary praise
    table = coo_matrix((np.ones(len(place)), (place, owner)), shape=(len(terms), columns)).toarray()
    rates = table / np.maximum(np.bincount(number, minlength=columns), 20)
    promoted, ordinary = rates[:, 1:-2], np.maximum(rates[:, -2], rates[:, -1])
    best = promoted.argmax(1)
    own = promoted[np.arange(len(terms)), best]
    promotion = (own > _OVER_ORDINARY * (ordinary + _DOUBT)) & (own > _OF_PROMOTION * promoted.sum(1))
    praised = np.maximum(rates[:, 0], rates[:, -1])
    praise = (praised > _OVER_OTHERS * (np.maximum(promoted.max(1), rates[:, -2]) + _DOUBT)) & (rates[:, -1] > _DOUBT)
    kind_of = np.where(praise, 0, best + 1)
    chosen = (promotion | praise) & (table[np.arange(len(terms)), kind_of] >= _LEAST_TEXTS) & (terms != 0)
    kind_of[_is_common(folder, terms, said) & (kind_of > 0)] = len(kinds)
    named = [_ANY if kind in _OF_FORM else kind for kind in [*kinds, _ANY]]
    told = [PRAISE, *sorted(set(named) - {PRAISE})]
    number_of = np.array([told.index(kind) + 1 for kind in named], np.uint8)
    return terms[chosen], number_of[kind_of[chosen]], tuple(told)


def _terms(folder: Folder, texts: Sequence[str]) -> tuple[Hashes, NDArray[np.intp], NDArray[np.intp]]:
    """The words and pairs of words of some texts; the term and the text of each that stands in a text."""
    found = [(np.zeros(0, np.uint32), np.zeros(0, np.intp)), *_said_in(folder, texts)]
    terms, place = np.unique(np.concatenate([keys for keys, _ in found]), return_inverse=True)
    return terms, place, np.concatenate([of_text for _, of_text in found])


def _said_in(folder: Folder, texts: Sequence[str]) -> Iterator[tuple[Hashes, NDArray[np.intp]]]:
    """A batch of texts after the other, each term that stands in a text, and the text."""
    for begin in range(0, len(texts), _BATCH):
        folded = folder.fold(texts[begin : begin + _BATCH])
        both = np.concatenate([folded.hashes, folded.pairs])
        seen = np.unique(both.astype(np.int64) << 32 | np.tile(folded.word_text + begin, 2))
        yield (seen >> 32).astype(np.uint32), seen & 0xFFFFFFFF


def _is_common(folder: Folder, terms: Hashes, said: Sequence[str]) -> NDArray[np.bool_]:
    """Which terms, ascending, stand in more than the share _COMMON of some texts."""
    texts = np.zeros(len(terms), np.int64)
    for keys, _ in _said_in(folder, said):
        place = np.minimum(np.searchsorted(terms, keys), len(terms) - 1)
        texts += np.bincount(place[terms[place] == keys], minlength=len(terms))
    return texts > max(_COMMON * len(said), 1)


def _meaning(folder: Folder, documents: Sequence[str], seed: int) -> NDArray[np.int8]:
    """Directions of words that stand in the same documents: latent semantic analysis (Deerwester 1990)."""
    size = 1 << MEANING_BITS
    if len(documents) < 2:
        return np.zeros((size, DIMENSIONS), np.int8)
    matrix = _term_matrix(folder, documents, size)
    matrix.data = 1 + np.log(matrix.data)
    frequency = np.bincount(matrix.indices, minlength=size)
    weighed = matrix @ diags(np.log((len(documents) + 1) / (frequency + 1)))
    norms = np.sqrt(np.asarray(weighed.multiply(weighed).sum(1)).ravel()) + 1e-9
    model = TruncatedSVD(min(DIMENSIONS, max(len(documents) - 1, 2)), random_state=seed, n_iter=5)
    model.fit(diags(1 / norms) @ weighed)
    vectors = np.zeros((size, DIMENSIONS))
    vectors[:, : len(model.components_)] = model.components_.T
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    unit = np.divide(vectors, lengths, out=np.zeros_like(vectors), where=lengths > 1e-9)
    whole: NDArray[np.int8] = np.round(unit * 127).astype(np.int8)
    return whole


def _term_matrix(folder: Folder, documents: Iterable[str], size: int) -> csr_matrix:
    texts = list(documents)
    rows, columns = [], []
    for begin in range(0, len(texts), _BATCH // 10):
        folded = folder.fold(texts[begin : begin + _BATCH // 10])
        rows.append(folded.word_text + begin)
        columns.append(buckets(folded.hashes, MEANING_BITS))
    row, column = np.concatenate(rows), np.concatenate(columns).astype(np.int64)
    return coo_matrix((np.ones(len(row)), (row, column)), shape=(len(texts), size)).tocsr()
