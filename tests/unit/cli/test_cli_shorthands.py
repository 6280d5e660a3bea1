"""The usual wishes as conditions: what they look like, and which recorded events they let through."""

from fnmatch import fnmatchcase

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pulp_notifiers.cli.listener.shorthands import InvalidShorthand, Shorthands
from pulp_notifiers.event import Event
from pulp_notifiers.event_types import about, check, known_types, matching, name_problems
from pulp_notifiers.templating import (
    ExpressionFailed,
    compile_condition,
    condition_facts,
    event_facts,
    listener_facts,
)

NOBODY = listener_facts("5f0c1e2d3a4b5c6d7e8f9012", "nobody", "", {})
PATTERNS = [
    *([known.name] for known in known_types()),
    *(["*"], ["#"], ["repo.#"], ["repo.*.finish"], ["task.*"], ["task.#", "repo.sync.finish"], ["task.error", "*"]),
    *(["repo.sync.finish", "repo.publish.finish"], ["repo.sync.finish", "acme.thing"], ["acme.#", "task.*"]),
]
FAILED = ("failed", "error")


def holds(condition, event):
    """Return whether a condition holds for an event; None matches all."""
    if condition is None:
        return True
    return compile_condition(condition).holds(condition_facts(event_facts(event), NOBODY))


def let_through(shorthands, patterns):
    """Return the names of the recorded events that a listener with these shorthands gets, with their events."""
    types, condition = shorthands.applied(patterns)
    if condition is not None:
        assert [] == name_problems(compile_condition(condition).paths, types)
    tried = check(lambda event: holds(condition, event), types, ExpressionFailed)
    assert [] == [(one.sample.name, one.problem) for one in tried if one.problem]
    return [one.sample.event for one in tried if one.holds]


def expected(patterns, is_meant):
    """Return the recorded events of some types that are meant."""
    return [sample.event for known in matching(patterns) for sample in known.samples if is_meant(sample.event)]


def changed(event):
    """Return whether an event says that something changed, or could have."""
    payload = event.payload
    if event.type == "repo.sync.finish":
        counts = [payload[f"{kind}_count"] for kind in ("added", "updated", "removed")]
        return payload.get("changed", payload["result"] == "success" and counts != [0, 0, 0])
    return event.type == "repo.version.created" or (
        event.type == "repo.publish.finish" and payload["result"] == "success"
    )


def repositories(event):
    """Return the repositories that an event names."""
    tags = event.payload.get("tags", [])
    tagged = [tag.removeprefix("pulp:repository:") for tag in tags if tag.startswith("pulp:repository:")]
    return [event.payload["repo_id"]] if "repo_id" in event.payload else tagged


@pytest.mark.parametrize("patterns", PATTERNS, ids=" ".join)
def test_only_failures_lets_the_failed_events_through(patterns):
    """Whatever else the listener matches; patterns that cannot match one are refused."""
    meant = expected(patterns, lambda event: about(event)["bad"])
    if not meant and patterns != ["acme.#", "task.*"]:
        with pytest.raises(InvalidShorthand, match=r"^No event of the type .* can be one of the failures\.$"):
            Shorthands(only_failures=True).applied(patterns)
        return

    assert meant == let_through(Shorthands(only_failures=True), patterns)


@pytest.mark.parametrize("patterns", PATTERNS, ids=" ".join)
def test_only_changes_lets_what_changed_through(patterns):
    """Pulp 3 says so; of Pulp 2 the numbers do, and a sync that counts nothing may have changed something."""
    meant = expected(patterns, changed)
    if not meant and "acme.#" not in patterns:
        with pytest.raises(InvalidShorthand, match=r"^No event of the type .* can be one of the changes\.$"):
            Shorthands(only_changes=True).applied(patterns)
        return

    assert meant == let_through(Shorthands(only_changes=True), patterns)


@pytest.mark.parametrize(
    ("counts", "result", "is_meant"),
    [
        ((14, 0, 0), "success", True),
        ((0, 3, 0), "success", True),
        ((0, 0, -2), "success", True),
        ((0, 0, 0), "success", False),
        ((-1, -1, -1), "success", True),
        ((None, None, None), "success", True),
        ((None, None, None), "error", False),
        ((14, 0, 0), "failed", False),
        ((14, 0, 0), "canceled", False),
    ],
)
def test_a_sync_of_pulp_2_changed_something_unless_its_numbers_say_otherwise(counts, result, is_meant):
    """They may be negative, -1 if the importer does not count, or null."""
    added, updated, removed = counts
    payload = {"result": result, "added_count": added, "updated_count": updated, "removed_count": removed}
    _, condition = Shorthands(only_changes=True).applied(())

    assert is_meant is holds(condition, Event("repo.sync.finish", payload))


@pytest.mark.parametrize(
    ("shorthands", "types", "condition"),
    [
        (
            Shorthands(only_failures=True, repositories=["prod-*"]),
            ("repo.sync.finish", "repo.publish.finish"),
            "payload.result in ['failed', 'error'] and payload.repo_id is glob('prod-*')",
        ),
        (
            Shorthands(only_failures=True, domains=["lab"], servers=["pulp.example.com"]),
            ("repo.sync.finish", "repo.publish.finish"),
            (
                "payload.result in ['failed', 'error'] and payload.domain|default('default', true) == 'lab' and "
                "(payload.server|default('') == 'pulp.example.com' or "
                "report.worker_name|default('', true) is endswith('@pulp.example.com'))"
            ),
        ),
        (Shorthands(repositories=["zoo"]), (), None),
        (Shorthands(), (), None),
    ],
)
def test_without_event_types_the_usual_ones_are_meant(shorthands, types, condition):
    """Failed ends of syncs and publications; without any hint there are none."""
    assert (types, condition) == shorthands.applied(())


def test_only_changes_alone_means_syncs_and_new_versions():
    """An autopublish after a sync would say the same again, also if failures are meant too."""
    assert ("repo.sync.finish", "repo.version.created") == Shorthands(only_changes=True).applied(())[0]
    types, condition = Shorthands(only_changes=True, only_failures=True).applied(())

    assert ("repo.sync.finish", "repo.publish.finish", "repo.version.created") == types
    assert not holds(condition, Event("repo.publish.finish", {"result": "success"}))
    assert holds(condition, Event("repo.publish.finish", {"result": "error"}))


@pytest.mark.parametrize("patterns", [one for one in PATTERNS if one != ["*"]], ids=" ".join)
def test_failures_and_changes_together_let_either_through(patterns):
    """As long as both can be."""
    both = Shorthands(only_failures=True, only_changes=True)
    if not (expected(patterns, changed) and expected(patterns, lambda event: about(event)["bad"])):
        return

    meant = expected(patterns, lambda event: changed(event) or about(event)["bad"])
    assert meant == let_through(both, patterns)


@pytest.mark.parametrize("wanted", [["zoo"], ["prod-*"], ["zoo", "iso-*", "p*-[!x]*-9-*"], ["*"], ["nothing", "q?"]])
@pytest.mark.parametrize("patterns", PATTERNS, ids=" ".join)
def test_repositories_are_chosen_by_name_or_glob(patterns, wanted):
    """Of task events the tags name them."""
    meant = expected(
        patterns, lambda event: any(fnmatchcase(name, glob) for name in repositories(event) for glob in wanted)
    )

    assert meant == let_through(Shorthands(repositories=wanted), patterns)


@pytest.mark.parametrize("wanted", [["default"], ["stag*"], ["staging", "lab"], ["d*", "lab"], ["*"]])
@pytest.mark.parametrize("patterns", PATTERNS, ids=" ".join)
def test_domains_are_chosen_by_name_or_glob(patterns, wanted):
    """An event without a domain, as of Pulp 2 and of a Pulp 3 without domains, is in the default one."""
    domains = {id(event): event.payload.get("domain") or "default" for event in expected(patterns, lambda _: True)}
    meant = expected(patterns, lambda event: any(fnmatchcase(domains[id(event)], glob) for glob in wanted))

    assert meant == let_through(Shorthands(domains=wanted), patterns)


@pytest.mark.parametrize("wanted", [["pulp.example.com"], ["other.example.com"], ["other", "pulp.example.com"]])
@pytest.mark.parametrize("patterns", PATTERNS, ids=" ".join)
def test_servers_are_chosen_by_the_name_that_mails_show(patterns, wanted):
    """Of Pulp 2 it is the host of the worker."""
    meant = expected(patterns, lambda event: about(event)["server"] in wanted)

    assert meant == let_through(Shorthands(servers=wanted), patterns)


def test_everything_together_is_joined_by_and():
    """Alternatives are in brackets, and so is a condition that is one."""
    shorthands = Shorthands(only_failures=True, repositories=["prod-*", "zoo"], domains=["lab"])
    types, condition = shorthands.applied(["*"], "labels.team == 'a' or payload.repo_id == 'x'")

    assert ("*",) == types
    assert (
        "payload.result|default('') in ['failed', 'error'] and (payload.repo_id == 'zoo' or "
        "payload.repo_id is glob('prod-*')) and payload.domain|default('default', true) == 'lab' and "
        "(labels.team == 'a' or payload.repo_id == 'x')"
    ) == condition


@pytest.mark.parametrize(
    ("when", "is_in_brackets"),
    [
        ("payload.a == 'x'", False),
        ("payload.a == 'x or y'", False),
        ('payload.a == "if" and (payload.b or payload.c)', False),
        ("payload.a or payload.b", True),
        ("true if payload.a else false", True),
        ("payload.a == 'it\\'s' or\npayload.b", True),
    ],
)
def test_a_condition_is_in_brackets_only_if_it_must_be(when, is_in_brackets):
    """So that line and column of its errors are mostly those of the condition itself."""
    text = f"({when})" if is_in_brackets else when

    assert f"payload.result in ['failed', 'error'] and {text}" == Shorthands(only_failures=True).applied((), when)[1]


@pytest.mark.parametrize(
    ("when", "problem"),
    [
        ("true) or (true", r"closes a bracket \)"),
        ("payload['a') == ']'", r"closes a bracket \)"),
        ("(payload.a", r"does not close its bracket \("),
        ("payload.a == 'x", "has a quote ' that is not closed"),
        ('payload.a == "x', 'has a quote " that is not closed'),
    ],
)
def test_a_condition_cannot_reach_beyond_its_brackets(when, problem):
    """It would change what the shorthands mean."""
    with pytest.raises(InvalidShorthand, match=problem):
        Shorthands(only_failures=True).applied((), when)


@pytest.mark.parametrize("asked", ["repositories", "domains", "servers"])
@pytest.mark.parametrize("names", [[""], ["zoo", " "]])
def test_an_empty_name_is_refused(asked, names):
    """It would never match; a variable of a script may have been empty."""
    with pytest.raises(InvalidShorthand, match="The name of a repository, domain or server is empty"):
        Shorthands(**{asked: names}).applied(["repo.#"])


@given(st.text(st.characters(codec=None, exclude_characters="["), min_size=1, max_size=40).filter(str.strip))
def test_any_name_can_be_asked_for(name):
    """Quotes, backslashes, line breaks and any letters are part of it."""
    _, condition = Shorthands(repositories=[name], servers=[name]).applied(["repo.sync.start"])
    event = Event("repo.sync.start", {"repo_id": name, "server": name})

    assert any(sign in name for sign in "*?") or holds(condition, event)
    assert not holds(condition, Event("repo.sync.start", {"repo_id": f"{name}x", "server": f"x{name}x"})) or "*" in name
