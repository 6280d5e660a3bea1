"""Lists in pages, as Pulp 3's: ``count``, ``next``, ``previous``, ``results``."""

from typing import Annotated, Generic, TypeVar
from urllib.parse import urlencode

from pydantic import BaseModel, ConfigDict, Field
from starlette.requests import Request

ItemT = TypeVar("ItemT")


class Paging(BaseModel):
    """Query parameters of every list; others are refused."""

    model_config = ConfigDict(extra="forbid")

    limit: Annotated[int, Field(ge=1, le=1000, description="Results on one page.")] = 100
    offset: Annotated[int, Field(ge=0, lt=2**63, description="Results before this page.")] = 0


class Page(BaseModel, Generic[ItemT]):
    """One page of a list."""

    count: Annotated[int, Field(description="Results on all pages.")]
    next: Annotated[str | None, Field(description="URL of the next page.")]
    previous: Annotated[str | None, Field(description="URL of the page before.")]
    results: list[ItemT]


def next_page(request: Request, paging: Paging, count: int) -> str | None:
    """Return the URL of the page after this one."""
    following = paging.offset + paging.limit
    return _url(request, paging, following) if following < count else None


def previous_page(request: Request, paging: Paging) -> str | None:
    """Return the URL of the page before this one."""
    return _url(request, paging, max(0, paging.offset - paging.limit)) if paging.offset else None


def _url(request: Request, paging: Paging, offset: int) -> str:
    kept = paging.model_dump(mode="json", exclude_none=True, exclude={"offset"})
    query = urlencode({**kept, **({"offset": offset} if offset else {})})
    return str(request.url.replace(query=query))
