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


def parsed_partly(
    model: type[ModelT], sent: bytes, stand_ins: Mapping[str, Any]
) -> tuple[ModelT, dict[str, list[str]]]:
    """Return a request body as a model, and what is wrong with it, so that the rules can check the rest of it too.

    :param stand_ins: values that break no rule, for required fields that are absent or wrong; other fields that are
        wrong are left out.
    :raises NotJson: the body is not JSON.
    :raises NotAnObject: the body is JSON, but not an object.
    """
    values = body.parse_object(sent)
    try:
        return model.model_validate(values), {}
    except ValidationError as error:
        found = error.errors()
    wrong = {each["loc"][0] for each in found}
    right = {name: value for name, value in values.items() if name not in wrong}
    standing_in = {name: value for name, value in stand_ins.items() if name in wrong}
    return model.model_validate({**right, **standing_in}), problems_by_field(found)


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
