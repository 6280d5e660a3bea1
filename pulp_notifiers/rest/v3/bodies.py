"""Request bodies of this API: read within bounds, parsed into a model, described in the OpenAPI document."""

from collections.abc import Mapping
from typing import Annotated, Any, TypeVar

from fastapi import Depends
from pydantic import BaseModel, ValidationError
from starlette.requests import Request

from ..http import body
from ..http.errors import InvalidFields
from ..openapi import inlined
from .errors import problems_by_field
from .style import INVALID, refusal

ModelT = TypeVar("ModelT", bound=BaseModel)


async def _read(request: Request) -> bytes:
    return await body.read(request, request.app.state.max_body_bytes)


Body = Annotated[bytes, Depends(_read)]
"""A handler's parameter: the bytes of the request body, at most ``max_body_bytes``."""


def parsed(model: type[ModelT], sent: bytes) -> ModelT:
    """Return a request body as a model.

    :raises NotJson: the body is not JSON.
    :raises NotAnObject: the body is JSON, but not an object.
    :raises InvalidFields: fields are wrong; has all problems.
    """
    try:
        return model.model_validate(body.parse_object(sent))
    except ValidationError as error:
        raise InvalidFields(problems_by_field(error.errors())) from None


def accepts(model: type[BaseModel], **further: Any) -> dict[str, Any]:
    """Return the ``route_options`` of a handler whose body has the fields of a model.

    :param further: further options, such as name and summary.
    """
    schema = model.model_json_schema()
    return accepts_schema(inlined(schema, schema.pop("$defs", {})), **further)


def accepts_schema(
    schema: Mapping[str, Any],
    responses: Mapping[int | str, Any] | None = None,
    openapi_extra: Mapping[str, Any] | None = None,
    **further: Any,
) -> dict[str, Any]:
    """Return the ``route_options`` of a handler whose body fits a JSON Schema."""
    content = {"application/json": {"schema": schema}}
    return {
        **further,
        "responses": {**INVALID, **refusal(413, "The body is too large."), **(responses or {})},
        "openapi_extra": {**(openapi_extra or {}), "requestBody": {"required": True, "content": content}},
    }
