"""A call of Akismet's protocol: bytes into named texts, and these into the comment that they tell of.

Clients send what they like: unknown fields are passed over, bytes that are none of the charset become U+FFFD. Must not
know Flask, nor what is done with a call.
"""

import codecs
import json
import re
from collections.abc import Iterable, Mapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from io import BytesIO
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlsplit

from pydantic import BaseModel, ConfigDict, Field
from pydantic.config import JsonDict
from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.formparser import MultiPartParser
from werkzeug.http import parse_options_header

from moderation.comment import Article, Author, Comment, Manner
from moderation.moderator import AkismetCall, KeyKind, Site
from moderation.web.auth import Gate
from moderation.web.schemas import MAX_ID_LENGTH
from moderation.web.transport import body

if TYPE_CHECKING:
    from wsgiref.types import WSGIEnvironment

MAX_FIELDS = 10_000
SOONEST = timedelta(seconds=2)
"""A form that is sent sooner after its page was loaded was not filled in by a person."""

_CHARSETS = frozenset(
    ["utf-8", "ascii", "koi8-r", "koi8-u", "big5", "big5hkscs", "euc_jp", "euc_kr", "gb2312", "gbk", "gb18030"]
    + ["shift_jis", "cp932", "cp949", "cp874", "tis-620", "iso2022_jp", "mac-cyrillic"]
    + [f"iso8859-{part}" for part in (*range(1, 12), *range(13, 17))]
    + [f"cp{page}" for page in range(1250, 1259)]
)
"""What a CMS may write in, by Python's name: other codecs of Python are no charsets, or slow on hostile bytes."""

_SLASHED = re.compile(r"""(?:[^'"\\]|\\['"\\0])*""", re.DOTALL)
_KEY = re.compile("[0-9a-f]{12}")
_NO = frozenset(("", "0", "false", "no"))

Fields = Mapping[str, str]


class WrongCallError(ValueError):
    """A call that is not as the protocol says; its text says what was expected."""


def fields_of(environ: "WSGIEnvironment", max_bytes: int) -> dict[str, str]:
    """The fields of a request, in its address or its body. Raises WrongCallError, RequestEntityTooLarge."""
    asked = read_fields(environ.get("QUERY_STRING", "").encode("latin-1"), "")
    return asked | read_fields(body(environ, max_bytes), environ.get("CONTENT_TYPE", ""))


def need(fields: Fields, *names: str) -> None:
    """Raise WrongCallError where one of these fields is missing or blank."""
    for name in names:
        if not fields.get(name, "").strip():
            raise WrongCallError(f"Missing required field: {name}.")


def site_of(environ: "WSGIEnvironment", gate: Gate, fields: Fields) -> Site:
    """The site whose key stands in the fields, or in front of the host's name. Raises WrongCallError."""
    label = environ.get("HTTP_HOST", "").partition(".")[0].lower()
    key = key_in(fields) or (label if is_akismet_key(label) else "")
    site = gate.moderator.site_of_key(key, KeyKind.SITE, KeyKind.AKISMET) if key else None
    if site is None:
        raise WrongCallError("Send the key of a site as api_key, or in front of the host's name: KEY.HOST.")
    return site


def key_in(fields: Fields) -> str:
    """The key that stands in the fields, empty where none does."""
    return (fields.get("api_key") or fields.get("key") or "").strip()


def is_akismet_key(text: str) -> bool:
    """Whether a text has the form of an Akismet key."""
    return bool(_KEY.fullmatch(text))


def read_fields(data: bytes, content_type: str) -> dict[str, str]:
    """The fields of a form or of a JSON object. Raises WrongCallError."""
    kind, options = parse_options_header(content_type)
    charset = _charset(options.get("charset", ""))
    fields = _read(kind, options, data, charset or "utf-8")
    named = None if charset else _charset(fields.get("blog_charset", ""))
    return fields if named in (None, "utf-8") else _read(kind, options, data, named or "utf-8")


def call_of(fields: Fields, now: datetime) -> AkismetCall:
    """The comment that fields tell of, and what is to be known of the call itself."""
    key = key_in(fields)
    return AkismetCall(
        comment=_comment(fields, now),
        article=_article(fields),
        blog=address_of(fields.get("blog", "")),
        guid=fields.get("guid", "").strip(),
        reporter=fields.get("reporter", "").strip(),
        callback=fields.get("callback", "").strip() if is_akismet_key(key) else "",
        key=key,
        is_test=fields.get("is_test", "").strip().lower() not in _NO,
    )


def address_of(blog: str) -> str:
    """A publication's address as it is counted: without scheme, user and last slash. Empty where it is none."""
    try:
        parts = urlsplit(blog.strip() if "://" in blog else f"http://{blog.strip()}")
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return ""
    place = f"{host}:{port}" if port else host
    return "".join(filter(str.isprintable, f"{place}{parts.path.rstrip('/')}"))[:MAX_ID_LENGTH]


# --- Bytes into fields -----------------------------------------------------------------------------------------------


def _read(kind: str, options: Mapping[str, str], data: bytes, charset: str) -> dict[str, str]:
    if not data:
        return {}
    if kind == "application/json":
        return _read_json(data.decode(charset, "replace"))
    if kind == "multipart/form-data":
        return _read_parts(data, options.get("boundary", ""))
    try:
        text = data.decode(charset, "replace")
        pairs = parse_qsl(text, True, encoding=charset, errors="replace", max_num_fields=MAX_FIELDS)
    except ValueError:
        raise WrongCallError(f"A call has at most {MAX_FIELDS} fields.") from None
    return dict(pairs)


def _read_json(text: str) -> dict[str, str]:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise WrongCallError("Send a form, or a JSON object.")
    return {_whole(name): _text(value) for name, value in found.items()}


def _read_parts(data: bytes, boundary: str) -> dict[str, str]:
    try:
        parser = MultiPartParser(max_form_memory_size=len(data), max_form_parts=MAX_FIELDS)
        form, _files = parser.parse(BytesIO(data), boundary.encode("ascii"), len(data))
    except (ValueError, RequestEntityTooLarge):
        raise WrongCallError("Send the form in parts as its boundary says.") from None
    return {name: _whole(value) for name, value in form.items()}


def _text(value: object) -> str:
    match value:
        case str():
            return _whole(value)
        case bool():
            return "1" if value else ""
        case int() | float():
            return str(value)
        case _:
            return ""


def _whole(text: str) -> str:
    """A text whose halves of surrogate pairs became U+FFFD."""
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def _charset(name: str) -> str | None:
    try:
        found = codecs.lookup(name.strip()[:40]).name
    except (LookupError, ValueError):
        return None
    return found if found in _CHARSETS else None


# --- Fields into a comment -------------------------------------------------------------------------------------------


def _comment(fields: Fields, now: datetime) -> Comment:
    def first(*names: str) -> str:
        return next((fields[name] for name in names if fields.get(name)), "")

    parent = first("comment_parent").strip()[:MAX_ID_LENGTH]
    author = Author(
        name=_plain(first("comment_author")),
        url=_plain(first("comment_author_url")),
        email=_plain(first("comment_author_email")),
        ip=first("user_ip", "comment_author_IP"),
        user_agent=first("user_agent", "comment_agent"),
    )
    return Comment(
        body=_plain(first("comment_content")),
        created_at=_moment(first("comment_date_gmt")),
        parent_id=None if parent in ("", "0") else parent,
        author=author,
        manner=_manner(fields, now),
    )


def _article(fields: Fields) -> Article | None:
    permalink = fields.get("permalink", "").strip()
    changed_at = _moment(fields.get("comment_post_modified_gmt", ""))
    return Article(url=permalink, published_at=changed_at) if permalink else None


def _plain(text: str) -> str:
    """A text without the slashes that WordPress puts before quotes, where each of them has one."""
    if "\\" in text and _SLASHED.fullmatch(text):
        return re.sub(r"\\(.)", r"\1", text, flags=re.DOTALL)
    return text


def _moment(text: str) -> datetime | None:
    """A time as clients write it, in UTC where it names no zone. None where it can not be read."""
    with suppress(ValueError, OverflowError):
        found = datetime.fromisoformat(text.strip()[:64])
        return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    return None


def _manner(fields: Fields, now: datetime) -> Manner:
    if "administrator" in (role.strip().lower() for role in fields.get("user_role", "").split(",")):
        return Manner.BY_STAFF
    if any(fields.get(name, "").strip() for name in _hidden_fields(fields)):
        return Manner.TRAPPED
    return Manner.HASTY if _is_hasty(fields, now) else Manner.ORDINARY


def _hidden_fields(fields: Fields) -> Iterable[str]:
    """The fields that no person sees, so that none fills them in: WordPress's own, and the one that the call names."""
    yield "POST_ak_hp_textarea"
    yield fields.get("honeypot_field_name", "")


def _is_hasty(fields: Fields, now: datetime) -> bool:
    """Whether the form came back sooner after its page was loaded than a person can write.

    Both moments are of the reader's clock where the page's script told both; else a clock that is wrong tells nothing.
    """
    loaded, sent = _since_1970(fields.get("POST_ak_js", "")), _since_1970(fields.get("POST_ak_bfs", ""))
    if loaded is None or fields.get("recheck_reason"):
        return False
    return timedelta(0) <= (sent or now) - loaded < SOONEST


def _since_1970(milliseconds: str) -> datetime | None:
    """A moment of a script; None for what stands there while no script ran."""
    if len(milliseconds) != 13 or not (milliseconds.isascii() and milliseconds.isdigit()):
        return None
    return datetime.fromtimestamp(int(milliseconds) / 1000, UTC)


# --- What the OpenAPI document says of the fields --------------------------------------------------------------------


EXAMPLE: JsonDict = {
    "api_key": "0123456789ab",
    "blog": "https://news.example/",
    "user_ip": "192.0.2.7",
    "permalink": "https://news.example/bridge",
    "comment_author": "kelly",
    "comment_content": "Lovely post, thank you. togel singapore",
}


class KeyForm(BaseModel):
    """The fields of each call of Akismet's protocol. The key may also stand in front of the host's name."""

    model_config = ConfigDict(extra="allow")
    api_key: str = Field("", description="The site's Akismet key, or its own; `key` is the same.")
    blog: str = Field("", description="The publication's address.")


class AkismetForm(KeyForm):
    """What a CMS tells of a comment. Fields that are not known are passed over."""

    model_config = ConfigDict(extra="allow", json_schema_extra={"examples": [EXAMPLE]})
    user_ip: str = Field("", description="The reader's IP address. A check needs it.")
    user_agent: str = ""
    permalink: str = Field("", description="The article's address.")
    comment_author: str = ""
    comment_author_email: str = ""
    comment_author_url: str = ""
    comment_content: str = ""
    comment_date_gmt: str = ""
    comment_parent: str = ""
    user_role: str = Field("", description="`administrator` is never spam.")
    is_test: str = Field("", description="Asks for an answer without a trace.")
    honeypot_field_name: str = Field("", description="The name of a field that no reader sees; it is sent as well.")
    reporter: str = Field("", description="Who decided in the CMS.")
    guid: str = Field("", description="`X-akismet-guid` of the check, where the CMS kept it.")


class StatsForm(KeyForm):
    """Which months to add up."""

    from_: str = Field("", alias="from", description="`6-months`, or all.")


class ActivityForm(KeyForm):
    """Which addresses to list."""

    month: str = Field("", description="As in 2026-11; this one by default.")
    filter: str = Field("", description="Only addresses that contain this.")
    format: str = Field("", description="`json` or `csv`.")
    order: str = Field("", description="`total`, `spam`, `ham`, `missed_spam` or `false_positives`.")
    limit: str = ""
    offset: str = ""
