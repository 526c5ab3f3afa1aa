"""Who signed a call: the site whose secret fits the signature over the raw body.

Knows the store; neither HTTP nor what is called. Standard Webhooks 1.0 is read by its own library; Coral's
``X-Coral-Signature`` is HMAC-SHA256 of the body alone (WEBHOOKS.md of coralproject/talk).
"""

import base64
import hashlib
import hmac
import secrets
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from moderation.rules import REMEMBERED
from moderation.storage import signatures
from moderation.storage.database import Database
from moderation.storage.errors import Conflict, Invalid
from moderation.storage.records import Door, Secret, Site

KEPT_AFTER_ROTATION = timedelta(hours=24)
REMEMBERED_CALLS = timedelta(minutes=15)
"""Longer than a timestamp is taken for: five minutes before and after now."""

_SECRET_BYTES = 32
_MOST_TRIED = 20
_MOST_KEPT = 1_000
_LONGEST_ID = 255
_SHORTEST, _LONGEST = 16, 500


class SignatureError(Exception):
    """A call that nobody of ours signed. Its text says what was expected."""


@dataclass(frozen=True, slots=True)
class SignedCall:
    """A call whose signature fits: of which site, and the id by which it is known when it comes again."""

    site: Site
    message_id: str


class Signatures:
    """The secrets of all sites, and the calls that they sign. May be used by many threads."""

    def __init__(self, database: Database, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._clock = clock
        self._known: dict[tuple[Door, str | None], tuple[datetime, Sequence[tuple[Site, str]]]] = {}

    # --- Secrets -----------------------------------------------------------------------------------------------------

    def new_secret(self, site: Site, keep_old: timedelta = KEPT_AFTER_ROTATION) -> str:
        """Give a site's webhook a new secret, shown only this once; those before end after ``keep_old``."""
        secret = f"whsec_{base64.b64encode(secrets.token_bytes(_SECRET_BYTES)).decode()}"
        self._add(site, Door.WEBHOOK, secret, keep_old)
        return secret

    def add_secret(self, site: Site, secret: str, keep_old: timedelta | None = None) -> None:
        """Take a secret that Coral made. Each phase and each webhook there has its own, so that all stay in force;
        with ``keep_old`` those before end then. Raises ``Invalid``.
        """
        if not (_SHORTEST <= len(secret) <= _LONGEST and _is_visible(secret)):
            raise Invalid(f"a signing secret has {_SHORTEST} to {_LONGEST} visible signs: copy it from Coral")
        self._add(site, Door.CORAL, secret, keep_old)

    def end_secrets(self, site: Site, door: Door) -> None:
        """Let all secrets of a door end now; its signed calls are refused from then on."""
        with self._database.writing() as connection:
            signatures.end(connection, site.id, door, self._clock())
            signatures.forget_ended(connection, self._clock())
        self._known.clear()

    def secrets(self, site: Site) -> tuple[Secret, ...]:
        """A site's secrets that are in force, newest first, without what must not be shown."""
        with self._database.reading() as connection:
            return signatures.of_site(connection, site.id, self._clock())

    def _add(self, site: Site, door: Door, secret: str, keep_old: timedelta | None) -> None:
        now = self._clock()
        with self._database.writing() as connection:
            if keep_old is not None:
                signatures.end(connection, site.id, door, now + keep_old)
            signatures.forget_ended(connection, now)
            signatures.add(connection, site.id, door, secret, now)
        self._known.clear()

    # --- Calls -------------------------------------------------------------------------------------------------------

    def webhook(self, headers: Mapping[str, str], data: bytes, site: str | None = None) -> SignedCall:
        """Whose call with the three headers of Standard Webhooks this is.

        Without a site's name the newest secrets of all sites are tried. Raises ``SignatureError``; ``Conflict`` where
        the call was taken before.
        """
        message_id = headers.get("webhook-id", "")
        if not (0 < len(message_id) <= _LONGEST_ID and _is_visible(message_id)):
            raise SignatureError(f"webhook-id must have 1 to {_LONGEST_ID} visible signs")
        tried = self._valid(Door.WEBHOOK, site)
        signer = next((one for one, secret in tried if _is_signed(secret, headers, data)), None)
        if signer is None:
            raise SignatureError("webhook-signature fits none of our secrets: sign the body as it is sent")
        with self._database.reading() as connection:
            if signatures.was_taken(connection, signer.id, message_id):
                raise Conflict("a call of this webhook-id was taken before")
        return SignedCall(signer, message_id)

    def take(self, call: SignedCall) -> None:
        """Remember a call that was carried out, so that it is refused when it comes again."""
        now = self._clock()
        with self._database.writing() as connection:
            signatures.take(connection, call.site.id, call.message_id, now, now - REMEMBERED_CALLS)

    def coral(self, signature: str, data: bytes, site: str | None = None) -> Site:
        """Whose Coral signed this body. Raises ``SignatureError``."""
        given = [part.strip().removeprefix("sha256=") for part in signature.split(",") if part.strip()[:7] == "sha256="]
        for one, secret in self._valid(Door.CORAL, site):
            expected = hmac.new(secret.encode(), data, hashlib.sha256).hexdigest()
            if any(hmac.compare_digest(expected.encode(), part.encode()) for part in given):
                return one
        raise SignatureError("X-Coral-Signature fits none of our secrets: add that of this phase or webhook")

    def _valid(self, door: Door, site: str | None) -> Iterator[tuple[Site, str]]:
        until, known = self._known.get((door, site), (None, ()))
        if until is None or self._clock() >= until:
            with self._database.reading() as connection:
                known = signatures.valid(connection, door, site, self._clock(), _MOST_TRIED)
            if len(self._known) >= _MOST_KEPT:
                self._known.clear()
            self._known[door, site] = (self._clock() + REMEMBERED, known)
        yield from known


def _is_visible(text: str) -> bool:
    return text.isascii() and text.isprintable() and " " not in text


def _is_signed(secret: str, headers: Mapping[str, str], data: bytes) -> bool:
    """Whether a signature fits. Raises ``SignatureError`` where its time does not."""
    try:
        Webhook(secret).verify(data, dict(headers), json_parse=False)
    except WebhookVerificationError as error:
        if "timestamp" in str(error) or "Invalid" in str(error):
            raise SignatureError("webhook-timestamp must be the Unix time of now, within 5 minutes") from None
        return False
    except ValueError:  # not base64, or a body that is not UTF-8
        return False
    return True
