"""Reads answers of the product's own API, and refuses what it never sends."""

from typing import TYPE_CHECKING, Any

from .failures import foreign_answer

if TYPE_CHECKING:
    from .client import Client

_PAGE_SIZE = 1000


def read_all(client: "Client", path: str) -> list[dict[str, Any]]:
    """Return the documents of all pages of a list.

    :raises RequestFailed: the server refused the request, or sent something else.
    """
    found: list[dict[str, Any]] = []
    while True:
        page = client.get(path, {"limit": _PAGE_SIZE, "offset": len(found)})
        results = documents_in(page, client.url + path)
        found += results
        if page.get("next") is None or not results:
            return found


def documents_in(page: Any, url: str) -> list[dict[str, Any]]:
    """Return the documents of one page of a list.

    :raises RequestFailed: it is not a page.
    """
    results = page.get("results") if isinstance(page, dict) else None
    if not isinstance(results, list) or not all(isinstance(one, dict) for one in results):
        raise foreign_answer(url)
    return results


def document_with(answer: Any, key: str, url: str) -> dict[str, Any]:
    """Return the document in an answer.

    :param key: what it must have.
    :raises RequestFailed: it is not a document, or has no such key.
    """
    if not isinstance(answer, dict) or key not in answer:
        raise foreign_answer(url)
    return answer
