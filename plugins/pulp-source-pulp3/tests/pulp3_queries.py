"""The filters, orders and pages of Pulp 3's lists that a watch may need."""

import operator
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from pulp3_world import FakeTask

STATES = ("waiting", "skipped", "running", "completed", "failed", "canceled", "canceling")
_TIMES = {"pulp_created": "created", "unblocked_at": "unblocked", "started_at": "started", "finished_at": "finished"}
_COMPARED = {"": operator.eq, "gt": operator.gt, "gte": operator.ge, "lt": operator.lt, "lte": operator.le}
_TEXTS = {"state": "state", "name": "name", "pulp_id": "id", "prn": "prn", "pulp_href": "href"}
_NO_FILTERS = {"limit", "offset", "ordering", "fields", "exclude_fields", "minimal"}
_MINIMAL = (
    *("pulp_href", "prn", "pulp_created", "pulp_last_updated", "pulp_api_version", "name", "state"),
    *("unblocked_at", "started_at", "finished_at", "worker"),
)
_REAL_BUT_NOT_HERE = (
    *("q", "child_tasks", "parent_task", "task_group", "worker", "logging_cid", "logging_cid__contains"),
    *("created_resources", "reserved_resources", "reserved_resources__in", "shared_resources"),
    *("shared_resources__in", "exclusive_resources", "exclusive_resources__in"),
)
Query = dict[str, str]
Test = Callable[[FakeTask], bool]


class Refused(Exception):
    """The server answers 400.

    :param body: the answer's document.
    """

    def __init__(self, body: Any) -> None:
        super().__init__(str(body))
        self.body = body


def select(tasks: Sequence[FakeTask], query: Query) -> list[FakeTask]:
    """Return the tasks that match a query, in its order.

    :raises Refused: Pulp has no such filter or value.
    :raises NotImplementedError: Pulp has the filter, and this fake does not.
    """
    tests = [_test(name, value) for name, value in query.items() if name not in _NO_FILTERS]
    chosen = [task for task in tasks if all(test(task) for test in tests)]
    for name in reversed(query.get("ordering", "-pulp_created").split(",")):
        attribute = (_TIMES | _TEXTS).get(name.lstrip("-"))
        if attribute is None:
            raise NotImplementedError(f"ordering={name}")
        chosen.sort(key=_sort_key(attribute), reverse=name.startswith("-"))
    return chosen


def page(address: str, query: Query, items: Sequence[Any], show: Callable[[Any], dict[str, Any]]) -> dict[str, Any]:
    """Return one page of a list as Pulp answers it.

    :param address: absolute URL of the list.
    """
    limit, offset = int(query.get("limit") or 100), int(query.get("offset") or 0)
    ahead = _link(address, query, offset + limit) if offset + limit < len(items) else None
    back = _link(address, query, offset - limit) if offset else None
    results = [trimmed(show(item), query) for item in items[offset : offset + limit]]
    return {"count": len(items), "next": ahead, "previous": back, "results": results}


def trimmed(document: dict[str, Any], query: Query) -> dict[str, Any]:
    """Return the requested fields of a document."""
    wanted = query["fields"].split(",") if query.get("fields") else list(document)
    if query.get("minimal") == "true" and "state" in document:
        wanted = [name for name in wanted if name in _MINIMAL]
    unwanted = query.get("exclude_fields", "").split(",")
    return {name: value for name, value in document.items() if name in wanted and name not in unwanted}


def _test(parameter: str, value: str) -> Test:
    name, _, lookup = parameter.partition("__")
    if name in _TIMES and lookup in {*_COMPARED, "isnull"}:
        return _time_test(parameter, _TIMES[name], lookup, value)
    text_lookups = {"state": ("", "in", "ne"), "name": ("", "in", "ne", "contains")}.get(name, ("in",))
    if name in _TEXTS and lookup in text_lookups:
        return _text_test(parameter, _TEXTS[name], lookup, value)
    if parameter in _REAL_BUT_NOT_HERE:
        raise NotImplementedError(parameter)
    raise Refused({"errors": [f"Invalid Filter: '{parameter}'"]})


def _time_test(parameter: str, attribute: str, lookup: str, value: str) -> Test:
    if lookup == "isnull":
        wanted = value.lower() == "true"
        return lambda task: (getattr(task, attribute) is None) == wanted
    try:
        bound = datetime.fromisoformat(value)
    except ValueError:
        raise Refused({parameter: ["Enter a valid date/time."]}) from None
    compare = _COMPARED[lookup]
    return lambda task: (time := getattr(task, attribute)) is not None and bool(compare(time, bound))


def _text_test(parameter: str, attribute: str, lookup: str, value: str) -> Test:
    values = set(value.split(",")) if lookup == "in" else {value}
    if attribute == "state" and not values <= set(STATES):
        [odd, *_] = values - set(STATES)
        reason = f"Select a valid choice. {odd} is not one of the available choices."
        raise Refused({parameter: [reason]})
    if lookup == "contains":
        return lambda task: value in getattr(task, attribute)
    return lambda task: (getattr(task, attribute) in values) != (lookup == "ne")


def _sort_key(attribute: str) -> Callable[[FakeTask], Any]:
    def key(task: FakeTask) -> Any:
        value = getattr(task, attribute)
        return (value is None, value or "")  # PostgreSQL puts nulls last

    return key


def _link(address: str, query: Query, offset: int) -> str:
    wanted = {name: value for name, value in query.items() if name != "offset"}
    if offset > 0:
        wanted["offset"] = str(offset)
    return f"{address}?{urlencode(sorted(wanted.items()))}"
