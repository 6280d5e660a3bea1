"""Lists in pages, as Pulp 3's: ``count``, ``next``, ``previous``, ``results``."""

from collections.abc import Iterable, Sequence
from typing import Annotated, Generic, Self, TypeVar
from urllib.parse import urlencode

from pydantic import BaseModel, ConfigDict, Field
from starlette.requests import Request

ItemT = TypeVar("ItemT")


class Paging(BaseModel):
    """Query parameters of every list; others are refused."""

    model_config = ConfigDict(extra="forbid")

    limit: Annotated[int, Field(ge=1, le=1000, description="Results on one page.")] = 100
    offset: Annotated[int, Field(ge=0, lt=2**63, description="Results before this page.")] = 0

    def cut(self, items: Sequence[ItemT]) -> Sequence[ItemT]:
        """Return the items that are on this page."""
        return items[self.offset : self.offset + self.limit]


class Page(BaseModel, Generic[ItemT]):
    """One page of a list."""

    count: Annotated[int, Field(description="Results on all pages.")]
    next: Annotated[str | None, Field(description="URL of the next page.")]
    previous: Annotated[str | None, Field(description="URL of the previous page.")]
    results: list[ItemT]

    @classmethod
    def of(cls, request: Request, paging: Paging, count: int, results: Iterable[ItemT]) -> Self:
        """Return a page with the URLs of its neighbours.

        :param count: results on all pages.
        """
        following = paging.offset + paging.limit
        return cls(
            count=count,
            next=_url(request, paging, following) if following < count else None,
            previous=_url(request, paging, max(0, paging.offset - paging.limit)) if paging.offset else None,
            results=list(results),
        )


def _url(request: Request, paging: Paging, offset: int) -> str:
    kept = [(name, value) for name, value in request.query_params.multi_items() if name not in ("limit", "offset")]
    query = [*kept, ("limit", paging.limit), *([("offset", offset)] if offset else [])]
    return str(request.url.replace(query=urlencode(query)))
