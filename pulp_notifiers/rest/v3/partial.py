"""Models of changes: the fields of another model, all optional."""

from copy import copy
from typing import Any, TypeVar

from pydantic import BaseModel, create_model

ModelT = TypeVar("ModelT", bound=BaseModel)


def partial(model: type[ModelT]) -> type[ModelT]:
    """Return a subclass of a model in which every field may be absent or null; either is None."""
    fields: dict[str, Any] = {}
    for name, field in model.model_fields.items():
        optional: Any = copy(field)
        optional.annotation = optional.annotation | None
        optional.default, optional.default_factory = None, None
        fields[name] = (optional.annotation, optional)
    return create_model(f"Partial{model.__name__}", __base__=model, **fields)
