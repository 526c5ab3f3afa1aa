"""Errors as ``application/problem+json`` (RFC 9457), one shape for every route.

Must not know what a route does. Readers' texts never stand in an answer's error nor in the log: of an unforeseen
error the log gets the kind and the places in the code, and not its message.
"""

import logging
import traceback
from collections.abc import Mapping, Sequence
from http import HTTPStatus

from flask import Flask, Response, request
from pydantic_core import to_json
from werkzeug.exceptions import HTTPException, RequestEntityTooLarge

from moderation import moderator
from moderation.web.schemas import FieldFault, InvalidInputError
from moderation.web.transport import drain

MEDIA_TYPE = "application/problem+json"
RETRY_AFTER_S = 5
TOO_LARGE = "the body is longer than the {} bytes that this service reads; send fewer or shorter comments at a time"

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


def register(app: Flask) -> None:
    """Answers each error of ``app`` in this shape."""
    app.register_error_handler(InvalidInputError, _invalid_input)
    app.register_error_handler(moderator.StoreError, _refused)
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(Exception, _unforeseen)


def _invalid_input(error: InvalidInputError) -> Response:
    return problem(400, error.detail, error.faults)


def _refused(error: moderator.StoreError) -> Response:
    drain(request.environ)
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
    drain(request.environ)
    if isinstance(error, RequestEntityTooLarge):
        return problem(status, TOO_LARGE.format(request.max_content_length))
    headers = {name: value for name, value in error.get_headers() if name.lower() != "content-type"}
    return problem(status, error.description or HTTPStatus(status).description, headers=headers)


def _unforeseen(error: Exception) -> Response:
    places = "".join(traceback.format_tb(error.__traceback__))
    log.error("%s while a request was answered\n%s", type(error).__qualname__, places)
    return problem(500, "the service failed on this request; its log says where")
