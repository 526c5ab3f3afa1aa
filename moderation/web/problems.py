"""Errors as ``application/problem+json`` (RFC 9457), one shape for every route.

Must not know what a route does. Readers' texts never stand in an answer's error nor in the log: of an unforeseen
error the log gets the kind and the places in the code, and not its message.
"""

import logging
import traceback
from collections.abc import Callable, Mapping, Sequence
from http import HTTPStatus
from typing import TYPE_CHECKING

from flask import Flask, Response, request
from pydantic_core import to_json
from werkzeug.exceptions import HTTPException

from moderation import moderator
from moderation.web.schemas import FieldFault, InvalidInputError
from moderation.web.transport import drain

if TYPE_CHECKING:
    from wsgiref.types import WSGIEnvironment

MEDIA_TYPE = "application/problem+json"
RETRY_AFTER_S = 5

log = logging.getLogger(__name__)


def problem(
    status: int, detail: str, faults: Sequence[FieldFault] = (), headers: Mapping[str, str] | None = None
) -> Response:
    """An error's answer: ``detail`` says what was expected, ``faults`` which fields are wrong."""
    body: dict[str, object] = {
        "type": "about:blank", "title": HTTPStatus(status).phrase, "status": status, "detail": detail,
    }  # fmt: skip
    if faults:
        body["errors"] = [fault._asdict() for fault in faults]
    return Response(to_json(body), status, headers, content_type=MEDIA_TYPE)


def register(app: Flask, others: Mapping[str, Callable[[Exception], Response]]) -> None:
    """Answers each error of ``app`` in this shape, and in another one under the beginnings of paths in ``others``."""

    @app.errorhandler(Exception)
    def answer(error: Exception) -> Response | HTTPException:
        other = next((form for path, form in others.items() if request.path.startswith(path)), None)
        return problem_of(error, request.environ) if other is None else other(error)


def problem_of(error: Exception, environ: "WSGIEnvironment") -> Response | HTTPException:
    """The answer to a request that ended in ``error``; what is left of its body is read and forgotten."""
    drain(environ)
    match error:
        case HTTPException():
            return _http(error)
        case InvalidInputError():
            return problem(400, error.detail, error.faults)
        case moderator.StoreError():
            return _refused(error)
        case _:
            places = "".join(traceback.format_tb(error.__traceback__))
            log.error("%s while a request was answered\n%s", type(error).__qualname__, places)
            return problem(500, "the service failed on this request; its log says where")


def _refused(error: moderator.StoreError) -> Response:
    match error:
        case moderator.NotFound():
            return problem(404, str(error))
        case moderator.Conflict():
            return problem(409, str(error))
        case moderator.Invalid():
            return problem(400, str(error))
        case moderator.Throttled():
            return problem(429, str(error), headers={"Retry-After": str(error.retry_after_s)})
        case _:
            return problem(503, str(error), headers={"Retry-After": str(RETRY_AFTER_S)})


def _http(error: HTTPException) -> Response | HTTPException:
    status = error.code or 500
    if status < 400:
        return error
    headers = {name: value for name, value in error.get_headers() if name.lower() != "content-type"}
    return problem(status, error.description or HTTPStatus(status).description, headers=headers)
