"""Who asks: the site whose key a request carries, or whose secret signed it. And what it sent, bounded and as declared.

Must not know what is done for the site.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from typing import TYPE_CHECKING
from urllib.parse import parse_qs

from werkzeug.datastructures import WWWAuthenticate
from werkzeug.exceptions import Unauthorized

from moderation.moderator import KeyKind, Moderator, SignatureError, Site
from moderation.web.metrics import Metrics
from moderation.web.reading import Model, read
from moderation.web.transport import body

if TYPE_CHECKING:
    from wsgiref.types import WSGIEnvironment

REALM = "moderation"
SITE_QUERY = {"site": {"type": "string"}}
"""Names the site of a signed call; without it the newest secrets of all sites are tried."""


@dataclass(frozen=True, slots=True)
class Gate:
    """The way into the API: first the key or the signature, then the body."""

    moderator: Moderator
    metrics: Metrics
    max_body_bytes: int

    def site(self, environ: "WSGIEnvironment", *kinds: KeyKind) -> Site:
        """The site of a request's ``Authorization: Bearer KEY``, by default its own key. Raises Unauthorized."""
        scheme, _, key = environ.get("HTTP_AUTHORIZATION", "").partition(" ")
        if scheme.lower() != "bearer" or not key.strip():
            raise _unauthorized("send the site's key as Authorization: Bearer KEY")
        return self._site_of(key.strip(), *kinds)

    def _site_of(self, key: str, *kinds: KeyKind) -> Site:
        site = self.moderator.site_of_key(key, *kinds)
        if site is None:
            raise _unauthorized("this key is of no site", error="invalid_token")
        return site

    def site_of_query(self, environ: "WSGIEnvironment") -> Site:
        """The site of a request's ``?key=KEY``, else as ``site``. Raises Unauthorized."""
        keys = parse_qs(str(environ.get("QUERY_STRING", ""))).get("key")
        return self._site_of(keys[0].strip()) if keys else self.site(environ)

    @contextmanager
    def caller(self, environ: "WSGIEnvironment", *kinds: KeyKind) -> Iterator[Site]:
        """The site of a request with a key of one of these kinds, or with a signature. Raises Unauthorized, Conflict.

        The signature is Standard Webhooks'. A signed request is remembered when the block ends without an error, and
        refused when it comes again.
        """
        if "HTTP_WEBHOOK_SIGNATURE" not in environ or "HTTP_AUTHORIZATION" in environ:
            yield self.site(environ, *kinds)
            return
        headers = {f"webhook-{name}": environ.get(f"HTTP_WEBHOOK_{name.upper()}", "") for name in _SIGNED}
        with _refused():
            call = self.moderator.signatures.webhook(headers, self._kept_body(environ), _site_named(environ))
        yield call.site
        self.moderator.signatures.take(call)

    def coral(self, environ: "WSGIEnvironment") -> Site:
        """The site whose Coral signed a request. Raises Unauthorized."""
        signature = environ.get("HTTP_X_CORAL_SIGNATURE", "")
        with _refused():
            return self.moderator.signatures.coral(signature, self._kept_body(environ), _site_named(environ))

    def _kept_body(self, environ: "WSGIEnvironment") -> bytes:
        """The body as it came, which can be read once more."""
        data = body(environ, self.max_body_bytes)
        environ["wsgi.input"] = BytesIO(data)
        return data

    def read(self, model: type[Model], environ: "WSGIEnvironment") -> Model:
        """A request's body as ``model``. Raises InvalidInputError, RequestEntityTooLarge."""
        return read(model, body(environ, self.max_body_bytes))


_SIGNED = ("id", "timestamp", "signature")


def _site_named(environ: "WSGIEnvironment") -> str | None:
    named = parse_qs(str(environ.get("QUERY_STRING", ""))).get("site")
    return named[0] if named else None


@contextmanager
def _refused() -> Iterator[None]:
    try:
        yield
    except SignatureError as error:
        raise _unauthorized(str(error)) from None


def _unauthorized(detail: str, **parameters: str | None) -> Unauthorized:
    challenge = WWWAuthenticate("bearer", {"realm": REALM, **parameters})
    return Unauthorized(detail, www_authenticate=challenge)
