"""The OpenAPI 3.1 document, made from the routes of the application and the declarations that validate them.

Must not know any single route: each says of itself, by ``operation``, what it takes and gives.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, TypeVar

from flask import Flask
from pydantic import BaseModel
from pydantic.json_schema import JsonSchemaMode, models_json_schema
from werkzeug.routing import Rule

from moderation.web.answers import Problem
from moderation.web.schemas import ID_SCHEMA

PAGES = "review"
"""The blueprint of the pages for people, which are no part of the interface for programs."""

FORM = "application/x-www-form-urlencoded"
REFERENCE = "#/components/schemas/{model}"
Given = type[BaseModel] | str | tuple[str, ...] | None
"""What an answer holds: a model, a media type, one of several, or nothing."""

View = TypeVar("View", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class Operation:
    """What one route takes and gives. ``query`` is the JSON schema of each parameter.

    ``form`` is what it takes as a form instead of JSON, in the address where it is got.
    ``auth`` names the ``SCHEMES`` any of which proves who asks; none for an open route. ``error`` is how errors look.
    """

    summary: str
    takes: type[BaseModel] | None
    form: type[BaseModel] | None
    gives: Mapping[int, Given]
    fails: tuple[int, ...]
    query: Mapping[str, dict[str, Any]]
    auth: tuple[str, ...]
    error: type[BaseModel]


def operation(
    summary: str,
    *,
    takes: type[BaseModel] | None = None,
    form: type[BaseModel] | None = None,
    gives: Mapping[int, Given],
    fails: tuple[int, ...] = (),
    query: Mapping[str, dict[str, Any]] | None = None,
    auth: tuple[str, ...] = ("key",),
    error: type[BaseModel] = Problem,
    open: bool = False,
) -> Callable[[View], View]:
    """Declares a view. ``gives`` maps a status to a model, to media types where it is no JSON of ours, or to None.

    A body that is read adds the answers 400 and 413, a key that is needed 401 and 503.
    """
    fails = (*fails, *((400, 413) if takes else ()), *(() if open else (401, 503)))

    def declare(view: View) -> View:
        told = Operation(
            summary, takes, form, gives, tuple(sorted(set(fails))), query or {}, () if open else auth, error
        )
        view.operation = told  # type: ignore[attr-defined]  # a function carries its declaration
        return view

    return declare


def document(app: Flask, version: str) -> dict[str, Any]:
    """The OpenAPI document of every route of ``app`` but its pages. Raises LookupError where a view is not declared."""
    paths: dict[str, dict[str, Any]] = {}
    used: dict[tuple[type[BaseModel], JsonSchemaMode], None] = {(Problem, "serialization"): None}
    for rule, method, declared in _operations(app):
        path = re.sub(r"<(?:[^:>]+:)?([^>]+)>", r"{\1}", rule.rule)
        paths.setdefault(path, {})[method.lower()] = _operation(rule, method, declared)
        used |= _models(declared)
    _, definitions = models_json_schema(list(used), ref_template=REFERENCE)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Comment moderation", "version": version, "description": DESCRIPTION},
        "paths": dict(sorted(paths.items(), key=_sites_routes_first)),
        "components": {
            "schemas": definitions["$defs"],
            "securitySchemes": SCHEMES,
        },
    }


def _sites_routes_first(item: tuple[str, object]) -> tuple[bool, str]:
    return not item[0].startswith("/v1/"), item[0]


SCHEMES = {
    "key": {"type": "http", "scheme": "bearer", "description": "The key of a site."},
    "webhook": {
        "type": "apiKey", "in": "header", "name": "webhook-signature",
        "description": "Standard Webhooks 1.0, with webhook-id and webhook-timestamp; its site stands in ?site=NAME.",
    },
    "coral": {
        "type": "apiKey", "in": "header", "name": "X-Coral-Signature",
        "description": "Coral's signature of the body; its site stands in ?site=NAME.",
    },
    "key_in_query": {"type": "apiKey", "in": "query", "name": "key", "description": "The key of a site."},
}  # fmt: skip
"""By what a caller proves who asks."""

DESCRIPTION = (
    "Scores readers' comments: how likely each is promotional or off-topic, with reasons. "
    "Unknown fields are refused by name; times are RFC 3339; null stands for a field that is absent."
)


def _operations(app: Flask) -> Iterator[tuple[Rule, str, Operation]]:
    for rule in app.url_map.iter_rules():
        if rule.endpoint.partition(".")[0] == PAGES:
            continue
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
            declared = getattr(app.view_functions[rule.endpoint], "operation", None)
            if declared is None:
                raise LookupError(f"{method} {rule.rule} is not declared: give its view an @operation")
            yield rule, method, declared


def _models(declared: Operation) -> dict[tuple[type[BaseModel], JsonSchemaMode], None]:
    models: dict[tuple[type[BaseModel], JsonSchemaMode], None] = {(declared.error, "serialization"): None}
    for taken in filter(None, (declared.takes, declared.form)):
        models[taken, "validation"] = None
    for model in declared.gives.values():
        if isinstance(model, type):
            models[model, "serialization"] = None
    return models


def _operation(rule: Rule, method: str, declared: Operation) -> dict[str, Any]:
    made: dict[str, Any] = {
        "operationId": rule.endpoint.rpartition(".")[2],
        "summary": declared.summary,
        "responses": {str(status): _answer(status, model) for status, model in declared.gives.items()},
    }
    made["responses"] |= {str(status): _failure(status, declared.error) for status in declared.fails}
    if parameters := [*_path_parameters(rule), *_query_parameters(declared, method)]:
        made["parameters"] = parameters
    if declared.takes is not None:
        made["requestBody"] = {"required": True, "content": {"application/json": _schema(declared.takes)}}
    if declared.form is not None and method != "GET":
        made["requestBody"] = {"required": False, "content": {FORM: _schema(declared.form)}}
    made["security"] = [{scheme: []} for scheme in declared.auth]
    return made


def _answer(status: int, given: Given) -> dict[str, Any]:
    content: dict[str, Any]
    if given is None:
        return {"description": HTTPStatus(status).phrase}
    if isinstance(given, type):
        content = {"application/json": _schema(given)}
    else:
        content = {media_type: {} for media_type in ((given,) if isinstance(given, str) else given)}
    return {"description": HTTPStatus(status).phrase, "content": content}


def _failure(status: int, error: type[BaseModel]) -> dict[str, Any]:
    media_type = "application/problem+json" if error is Problem else "application/json"
    made: dict[str, Any] = {"description": HTTPStatus(status).phrase, "content": {media_type: _schema(error)}}
    header = {401: "WWW-Authenticate", 503: "Retry-After"}.get(status)
    if header is not None:
        made["headers"] = {header: {"schema": {"type": "string"}}}
    return made


def _schema(model: type[BaseModel]) -> dict[str, Any]:
    return {"schema": {"$ref": REFERENCE.format(model=model.__name__)}}


def _path_parameters(rule: Rule) -> list[dict[str, Any]]:
    return [{"name": name, "in": "path", "required": True, "schema": ID_SCHEMA} for name in sorted(rule.arguments)]


def _query_parameters(declared: Operation, method: str) -> list[dict[str, Any]]:
    asked = dict(declared.query)
    if declared.form is not None and method == "GET":
        asked |= {name: {"type": "string"} for name in declared.form.model_fields}
    return [{"name": name, "in": "query", "schema": schema} for name, schema in asked.items()]
