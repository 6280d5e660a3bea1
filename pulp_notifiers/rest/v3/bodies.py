"""Request bodies of this API: read within bounds, parsed into a model, and described in the OpenAPI document."""

from collections.abc import Mapping
from typing import Annotated, Any, TypeVar

from fastapi import Depends
from pydantic import BaseModel, ValidationError
from starlette.requests import Request

from ..http import body
from ..http.refusals import InvalidFields
from .errors import problems_by_field
from .routes import INVALID, Detail

ModelT = TypeVar("ModelT", bound=BaseModel)


async def _read(request: Request) -> bytes:
    return await body.read(request, request.app.state.max_body_bytes)


Body = Annotated[bytes, Depends(_read)]
"""Parameter of a route: the bytes of the request's body, at most ``max_body_bytes``."""


def parsed(model: type[ModelT], sent: bytes) -> ModelT:
    """Return a request's body as a model.

    :raises NotJson: it is not JSON.
    :raises NotAnObject: it is JSON, but not an object.
    :raises InvalidFields: with every problem.
    """
    try:
        return model.model_validate(body.parse_object(sent))
    except ValidationError as error:
        raise InvalidFields(problems_by_field(error.errors())) from None


def takes(model: type[BaseModel], **further: Any) -> dict[str, Any]:
    """Return the description of a route that takes a body of this model, for :class:`.routes.Served`."""
    schema = model.model_json_schema()
    return takes_schema(_inlined(schema, schema.pop("$defs", {})), **further)


def takes_schema(
    schema: Mapping[str, Any],
    responses: Mapping[int | str, Any] | None = None,
    openapi_extra: Mapping[str, Any] | None = None,
    **further: Any,
) -> dict[str, Any]:
    """Return the description of a route that takes a body of this JSON Schema."""
    content = {"application/json": {"schema": schema}}
    return {
        **further,
        "responses": {**INVALID, **_TOO_LARGE, **(responses or {})},
        "openapi_extra": {**(openapi_extra or {}), "requestBody": {"required": True, "content": content}},
    }


def _inlined(schema: Any, definitions: dict[str, Any]) -> Any:
    # References of pydantic begin at the body's schema, those of OpenAPI at the whole document.
    if isinstance(schema, list):
        return [_inlined(item, definitions) for item in schema]
    if not isinstance(schema, dict):
        return schema
    parts = {key: _inlined(value, definitions) for key, value in schema.items() if key != "$ref"}
    if "$ref" not in schema:
        return parts
    return {**_inlined(definitions[schema["$ref"].rpartition("/")[2]], definitions), **parts}


_TOO_LARGE: dict[int | str, dict[str, Any]] = {413: {"model": Detail, "description": "The body is too large."}}
