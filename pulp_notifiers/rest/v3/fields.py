"""Fields of request bodies, and how a body becomes a model."""

from collections.abc import Mapping
from typing import Annotated, Any, TypeVar

from pydantic import AfterValidator, BaseModel, ValidationError

from ...encoding import unportable
from ..http.refusals import InvalidFields
from .errors import problems_by_field

ModelT = TypeVar("ModelT", bound=BaseModel)


def _portable(value: dict[str, Any] | None) -> dict[str, Any] | None:
    flaw = unportable(value)
    if flaw:
        raise ValueError(flaw)
    return value


Portable = AfterValidator(_portable)
"""Of an object: every receiver and database can carry what it holds."""

PortableObject = Annotated[dict[str, Any], Portable]


def validated(model: type[ModelT], told: Mapping[str, Any]) -> ModelT:
    """Return a request's body as a model.

    :raises InvalidFields: with every problem.
    """
    try:
        return model.model_validate(told)
    except ValidationError as error:
        raise InvalidFields(problems_by_field(error.errors())) from None
