"""The document from which Google's API clients make the calls of Perspective's protocol.

So that whoever moves changes one address. Made from the declarations that validate the calls. Must not know what a
call does.
"""

from functools import cache
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import JsonSchemaMode, models_json_schema

from moderation.web.perspective_schemas import AnalyzeAnswer, AnalyzeRequest, SuggestAnswer, SuggestRequest

_MODELS: list[tuple[type[BaseModel], JsonSchemaMode]] = [
    (AnalyzeRequest, "validation"), (SuggestRequest, "validation"),
    (AnalyzeAnswer, "serialization"), (SuggestAnswer, "serialization"),
]  # fmt: skip
_METHODS = {"analyze": (AnalyzeRequest, AnalyzeAnswer), "suggestscore": (SuggestRequest, SuggestAnswer)}


def document(root: str) -> dict[str, Any]:
    """The discovery document of a service under the address ``root``, which ends in a slash."""
    return {
        "kind": "discovery#restDescription",
        "discoveryVersion": "v1",
        "id": "commentanalyzer:v1alpha1",
        "name": "commentanalyzer",
        "version": "v1alpha1",
        "title": "Comment moderation, in Perspective's protocol",
        "protocol": "rest",
        "rootUrl": root,
        "baseUrl": root,
        "servicePath": "",
        "batchPath": "batch",
        "parameters": {"key": {"type": "string", "location": "query", "description": "The key of a site."}},
        "schemas": _schemas(),
        "resources": {"comments": {"methods": {name: _method(name) for name in _METHODS}}},
    }


@cache
def _schemas() -> dict[str, Any]:
    _, made = models_json_schema(_MODELS, ref_template="{model}")
    return {name: _plain(schema) | {"id": name} for name, schema in made["$defs"].items()}


def _method(name: str) -> dict[str, Any]:
    path, (takes, gives) = f"v1alpha1/comments:{name}", _METHODS[name]
    return {
        "id": f"commentanalyzer.comments.{name}",
        "path": path,
        "flatPath": path,
        "httpMethod": "POST",
        "parameters": {},
        "parameterOrder": [],
        "request": {"$ref": takes.__name__},
        "response": {"$ref": gives.__name__},
    }


def _plain(schema: Any) -> Any:
    """A JSON schema in discovery's older words, which know no ``null`` beside a type."""
    if isinstance(schema, list):
        return [_plain(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    if "anyOf" in schema:
        [only] = [item for item in schema["anyOf"] if item.get("type") != "null"]
        return _plain(only)
    if "const" in schema:
        return {"type": "string", "enum": [schema["const"]]}
    kept = ("type", "$ref", "properties", "additionalProperties", "items", "enum", "description")
    made = {name: _plain(schema[name]) for name in kept if name in schema}
    if "properties" in made:
        made["properties"] = {name: _plain(item) for name, item in schema["properties"].items()}
        made.pop("additionalProperties", None)
    return made
