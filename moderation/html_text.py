"""The text of a comment that was sent as HTML: what its reader sees, and where its links lead.

Nothing that was written is lost, also where it is no HTML at all: whoever sends plain text may write ``<`` too. In time
that grows with the length alone, which Python's own parser does not keep on ``<!--<!--<!--``.
"""

import re
from html import unescape

_TAG = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9]*+)([^<>]*+)>|<!(?:--)?([^<>]*?)(?:--)?>")
_ADDRESS = re.compile(r"\b(?:href|src|action|data|poster)\s*=\s*(?:\"([^\"]*)\"|'([^']*)'|([^\s\"']+))", re.IGNORECASE)
_ZEROS = re.compile(r"(?<=&#)(x?)0+(?=[0-9a-f])", re.IGNORECASE)
_NO_CHARACTER = re.compile(r"&(?=#(?:[0-9]{8}|[xX][0-9a-fA-F]{7}))")
_BREAKING = frozenset(("blockquote", "br", "div", "h1", "h2", "h3", "hr", "li", "p", "pre", "tr"))


def text_of(html: str) -> str:
    """The text, a line for each block; the address of a link stands behind its words where it is not among them."""
    if "<" not in html and "&" not in html:
        return html
    reader = _Reader()
    place = 0
    for tag in _TAG.finditer(html):
        reader.read(html[place : tag.start()])
        reader.meet(tag)
        place = tag.end()
    reader.read(html[place:])
    reader.end_link()
    return "".join(reader.parts).strip() or html


def unescaped(text: str) -> str:
    """The signs that references stand for; Python refuses to read a number of thousands of digits."""
    return unescape(_NO_CHARACTER.sub("&amp;", _ZEROS.sub(r"\1", text)))


class _Reader:
    def __init__(self) -> None:
        self.parts: list[str] = []
        self._address = ""
        self._begun = 0

    def read(self, text: str) -> None:
        """Take what stands between tags."""
        if text:
            self.parts.append(unescaped(text))

    def meet(self, tag: re.Match[str]) -> None:
        """Break the line at a block, tell where a link or a picture leads, keep what a browser would hide."""
        closing, name, attributes, hidden = tag.groups()
        if hidden is not None:
            self.read(f" {hidden} ")
            return
        if name.lower() in _BREAKING and self.parts and not self.parts[-1].endswith("\n"):
            self.parts.append("\n")
        address = next((unescaped("".join(filter(None, found))) for found in _ADDRESS.findall(attributes)), "")
        if name.lower() == "a":
            self.end_link()
            self._address, self._begun = ("" if closing else address), len(self.parts)
        elif address:
            self.read(f" {address} ")

    def end_link(self) -> None:
        """Tell where a link leads."""
        if self._address and self._address not in "".join(self.parts[self._begun :]):
            self.parts.append(f" {self._address} ")
        self._address = ""
