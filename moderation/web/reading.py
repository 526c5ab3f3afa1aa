"""Bytes into a declaration of ``schemas``, or an error that names each field at fault.

For HTTP and for the command line alike. A reader's text never stands in an error.
"""

import json
import re
from collections.abc import Iterator
from typing import Any, TypeVar

from pydantic import ValidationError

from moderation.web.schemas import FieldFault, InvalidInputError, Strict, one_fault

MAX_FAULTS = 100
"""An error names at most so many fields."""

MAX_DEPTH = 8
"""The contract's deepest field lies within so many steps; what lies deeper is unknown anyway."""

Model = TypeVar("Model", bound=Strict)


def read(model: type[Model], data: bytes) -> Model:
    """``data`` as ``model``. Raises InvalidInputError."""
    try:
        return model.model_validate_json(data)
    except ValidationError as error:
        raise _invalid(error, data) from None


def _invalid(error: ValidationError, data: bytes) -> InvalidInputError:
    count = error.error_count()
    if count > 10 * MAX_FAULTS:
        return InvalidInputError(f"the request is not as the contract says: {count} fields are at fault")
    found = error.errors(include_url=False, include_input=False)
    if found[0]["type"] == "json_invalid":
        return _not_json(found[0]["ctx"]["error"], data)
    if not found[0]["loc"]:
        return InvalidInputError("the request must be a JSON object")
    more = f"; {MAX_FAULTS} of {count} faults are named" if count > MAX_FAULTS else ""
    faults = tuple(FieldFault(_path(fault["loc"]), _message(fault)) for fault in found[:MAX_FAULTS])
    return InvalidInputError(f"the request is not as the contract says{more}", faults)


_MESSAGES = {
    "missing": "is required",
    "extra_forbidden": "is not a known field",
    "string_type": "must be text",
    "string_too_short": "must not be empty",
}


def _message(fault: Any) -> str:
    kind, context = fault["type"], fault.get("ctx", {})
    if kind == "value_error":
        return str(context["error"])
    if kind == "too_long":
        return f"must hold at most {context['max_length']} items"
    return _MESSAGES.get(kind) or str(fault["msg"]).replace("Input should be", "must be")


def _path(location: tuple[int | str, ...]) -> str:
    path = ""
    for step in location:
        path += f"[{step}]" if isinstance(step, int) else f".{step[:100]}"
    return path.removeprefix(".")


def _not_json(reason: str, data: bytes) -> InvalidInputError:
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        return InvalidInputError(f"the request is not UTF-8: byte {error.start} cannot be read")
    field = _field_with_lone_surrogate(text)
    if field is not None:
        return one_fault(field or "(a field's name)", "holds half of a surrogate pair, which is no character")
    return InvalidInputError(f"the request is not JSON: {reason}")


_SURROGATE_ESCAPE = re.compile(r"\\u[dD][89a-fA-F]")
_LONE_SURROGATE = re.compile("[\ud800-\udfff]")


def _field_with_lone_surrogate(text: str) -> str | None:
    if not _SURROGATE_ESCAPE.search(text):
        return None
    try:
        tree = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return next((_path(path) for path, leaf in _leaves(tree) if _LONE_SURROGATE.search(leaf)), None)


def _leaves(tree: object) -> Iterator[tuple[tuple[int | str, ...], str]]:
    """Each text in ``tree`` with the way to it, names of fields among them."""
    stack: list[tuple[tuple[int | str, ...], object]] = [((), tree)]
    while stack:
        path, node = stack.pop()
        if isinstance(node, str):
            yield path, node
        elif len(path) >= MAX_DEPTH:
            continue
        elif isinstance(node, dict):
            yield from ((path, name) for name in node)
            stack += [((*path, name), child) for name, child in node.items()]
        elif isinstance(node, list):
            stack += [((*path, index), child) for index, child in enumerate(node)]
