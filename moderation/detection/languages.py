"""In which language a text is written, as far as its length lets one say. No score depends on it."""

from functools import cache
from threading import Lock

import numpy as np
from py3langid.langid import MODEL_FILE, LanguageIdentifier  # type: ignore[import-untyped]  # it ships no types

_SURE = 0.3  # of the languages below; one that fits no better than this is not named
_LANGUAGES = (
    "ar bg bn ca cs da de el en es et fa fi fr gu he hi hr hu id it ja kn ko lt lv mk ml mr ms nl no pl pt pa ro ru sk "
    "sl sq sr sv sw ta te th tl tr uk ur vi zh"
)
_loading = Lock()


def language_of(text: str) -> str:
    """The ISO 639-1 code of a text's language, empty where it can not be told. The first call takes about a second."""
    if not any(map(str.isalpha, text)):
        return ""
    with _loading:
        identify = _identifier()
    language, probability = identify.classify(text[:2_000])
    return str(language) if probability >= _SURE else ""


@cache
def _identifier() -> LanguageIdentifier:
    identifier = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
    identifier.set_languages(_LANGUAGES.split())
    identifier.nb_ptc = np.ascontiguousarray(identifier.nb_ptc)  # a feature's numbers side by side, as they are read
    return identifier
