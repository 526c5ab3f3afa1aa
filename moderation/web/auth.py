"""Who asks: the site whose key a request carries. And what it sent, bounded and as declared.

Must not know what is done for the site.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from werkzeug.datastructures import WWWAuthenticate
from werkzeug.exceptions import Unauthorized

from moderation.moderator import KeyKind, Moderator, Site
from moderation.web.metrics import Metrics
from moderation.web.reading import Model, read
from moderation.web.transport import body

if TYPE_CHECKING:
    from wsgiref.types import WSGIEnvironment

REALM = "moderation"


@dataclass(frozen=True, slots=True)
class Gate:
    """The way into the API: first the key, then the body."""

    moderator: Moderator
    metrics: Metrics
    max_body_bytes: int

    def site(self, environ: "WSGIEnvironment", *kinds: KeyKind) -> Site:
        """The site of a request's ``Authorization: Bearer KEY``, by default its own key. Raises Unauthorized."""
        scheme, _, key = environ.get("HTTP_AUTHORIZATION", "").partition(" ")
        if scheme.lower() != "bearer" or not key.strip():
            raise _unauthorized("send the site's key as Authorization: Bearer KEY")
        site = self.moderator.site_of_key(key.strip(), *kinds)
        if site is None:
            raise _unauthorized("this key is of no site", error="invalid_token")
        return site

    def read(self, model: type[Model], environ: "WSGIEnvironment") -> Model:
        """A request's body as ``model``. Raises InvalidInputError, RequestEntityTooLarge."""
        return read(model, body(environ, self.max_body_bytes))


def _unauthorized(detail: str, **parameters: str | None) -> Unauthorized:
    challenge = WWWAuthenticate("bearer", {"realm": REALM, **parameters})
    return Unauthorized(detail, www_authenticate=challenge)
