"""A name that exists in no event is a typing error, and is found when a condition or template is saved."""

import re
from collections.abc import Iterator
from typing import Any, NamedTuple

import pytest

from pulp_notifiers.event_types import about, known_types, name_problems

ENDS = ["repo.sync.finish", "repo.publish.finish"]

EVERYWHERE = (
    "report.error has no text_description in repo.sync.start, repo.sync.finish, repo.publish.start and 8 other event "
    "types. Did you mean description?"
)
NOTHING_NEAR = (
    "payload has no qqqqqqqqqq in repo.sync.finish. "
    "The command pulp-notifiers event-type show lists the fields of a type."
)


class Path(NamedTuple):
    """A path of names."""

    names: tuple[str, ...]


def problems(text: str, *patterns: str) -> list[str]:
    """Return what is wrong with one path."""
    return name_problems([Path(tuple(re.sub(r"\.?\[\]", ".[]", text).split(".")))], patterns)


def paths_in(value: Any, names: tuple[str, ...]) -> Iterator[Path]:
    """Yield every path in a document."""
    yield Path(names)
    for key, inner in value.items() if isinstance(value, dict) else ():
        yield from paths_in(inner, (*names, key))
    for inner in value if isinstance(value, list) else ():
        yield from paths_in(inner, (*names, "[]"))


@pytest.mark.parametrize("known", known_types(), ids=lambda known: known.name)
def test_every_name_in_every_sample_exists(known):
    """Also below keys that are data, such as types of content."""
    for one in known.samples:
        body = one.event.body()
        parts = {"payload": body["payload"], "report": body["call_report"], "about": about(one.event)}
        for root, value in parts.items():
            assert [] == name_problems(paths_in(value, (root,)), [known.name]), one.name


@pytest.mark.parametrize("known", known_types(), ids=lambda known: known.name)
def test_every_name_in_a_schema_exists_in_a_sample(known):
    """The schemas promise nothing that was never seen."""
    seen = {name for one in known.samples for name in (*one.event.payload, *(one.event.call_report or ()))}
    properties = known.schema["properties"]
    assert {*properties["payload"]["properties"], *properties["call_report"]["properties"]} == seen


@pytest.mark.parametrize(
    ("path", "patterns", "sentence"),
    [
        (
            "payload.repoid",
            ENDS,
            "payload has no repoid in repo.sync.finish or repo.publish.finish. Did you mean repo_id?",
        ),
        (
            "payload.added",
            ["repo.sync.finish"],
            "payload has no added in repo.sync.finish. Did you mean added_count?",
        ),
        ("payload.distributor_id", ["repo.sync.*"], None),
        (
            "payload.repo_id.name",
            ["repo.sync.start"],
            "payload.repo_id has no fields in repo.sync.start, so there is no payload.repo_id.name.",
        ),
        ("report.stat", ["task.error"], "report has no stat in task.error. Did you mean state?"),
        (
            "report.error.text_description",
            ["#"],
            EVERYWHERE,
        ),
        ("report.spawned_tasks[].id", ["task.*"], None),
        (
            "payload.changed[]",
            ["repo.sync.finish"],
            "payload.changed has no elements in repo.sync.finish: it is no array, object or text.",
        ),
        ("payload.qqqqqqqqqq", ["repo.sync.finish"], NOTHING_NEAR),
        ("payload.*.below", ["task.error"], None),
        ("event.kind", ["#"], "event has no kind. It has id, type, occurred_at, source."),
        ("about.reasn", ["#"], "about has no reasn. Did you mean reason?"),
    ],
)
def test_a_name_that_exists_nowhere_is_refused_with_the_nearest(path, patterns, sentence):
    """The sentence names the types that were looked at."""
    found = problems(path, *patterns)
    if sentence is not None:
        assert [sentence] == found
    else:
        assert 1 == len(found)


@pytest.mark.parametrize(
    ("path", "patterns"),
    [
        ("payload.changed", ENDS),  # only in one of the types
        ("payload.publication", ENDS),
        ("payload.content.added.rpm.advisory", ["repo.sync.finish"]),  # a key with a dot is two names here, or one
        ("payload.content_summary.added.rpm_package.count", ["repo.sync.finish"]),
        ("payload.details[].message", ["repo.sync.finish"]),
        ("payload.details.content.items_left", ["repo.sync.finish"]),
        ("payload.summary.anything.at.all", ["repo.sync.finish"]),
        ("report.progress_report.yum_importer.content.state", ["repo.sync.finish"]),
        ("report.result.pulp_href", ["task.finished"]),
        ("report._id.$oid", ["task.finished"]),
        ("payload.traceback[]", ["repo.sync.finish"]),
        ("payload.repo_id[]", ["repo.sync.finish"]),  # the first letter
        ("payload", ["repo.sync.finish"]),
        ("payload.*", ["repo.sync.finish"]),  # a key that a template calculates
        ("payload.content.added.*.[]", ["repo.sync.finish"]),  # in a loop over the items
        ("payload.content.added.[]", ["repo.sync.finish"]),  # in a loop over the keys
        ("payload.content.*.anything", ["repo.sync.finish"]),
        ("about.facts.[].[]", ["repo.sync.finish"]),
        ("labels.anything", ["repo.sync.finish"]),
        ("listener.name", ["repo.sync.finish"]),
        ("about.changes.added.rpm_package", ["#"]),
        ("about.links[].url", ["#"]),
        ("payload.colour", ["myapp.deploy"]),
        ("payload.colour", ["repo.sync.finish", "myapp.#"]),
        ("payload.colour", []),
    ],
)
def test_a_name_that_may_exist_is_accepted(path, patterns):
    """In one of the types, below a key that is data, in any JSON, or in a type that nobody knows."""
    assert [] == problems(path.replace("rpm.advisory", "rpm-advisory"), *patterns)


def test_the_star_of_pulp_2_means_its_four_events():
    """No task event is looked at."""
    [problem] = problems("payload.task_id", "*")
    assert "repo.publish.finish" in problem
    assert "task.error" not in problem


def test_each_problem_is_reported_once():
    """However often the name stands in an expression."""
    path = Path(("payload", "repoid"))
    assert 2 == len(name_problems([path, path, Path(("event", "typ"))], ["#"]))


@pytest.mark.parametrize("path", [("payload", "x" * 100_000), ("payload", "repo_id", "x" * 100_000)])
def test_a_sentence_is_short_however_long_the_name_is(path):
    """It stands in an answer, and on a terminal."""
    [problem] = name_problems([Path(path)], ["#"])
    assert 400 > len(problem)
