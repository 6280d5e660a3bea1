"""The fake Pulp 3 of these tests behaves like the real one that was recorded."""

import base64
import json
import threading
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from urllib.parse import urlencode

import pulp3_recorded
import pulp3_troubles
import pytest
from fake_pulp3 import ADMIN, NOBODY, VIEWER, FakePulp3
from pulp3_world import World

DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def ask(pulp, path, query=None, user=ADMIN, headers=None, method="GET"):
    """Return status and document of an answer."""
    url = path if path.startswith("http") else f"{pulp.url}/pulp/api/v3/{path}"
    request = urllib.request.Request(f"{url}?{urlencode(query)}" if query else url, method=method)
    if user:
        known = base64.b64encode(f"{user.name}:{user.password}".encode()).decode()
        request.add_header("Authorization", f"Basic {known}")
    for name, value in (headers or {}).items():
        request.add_header(name, value)
    try:
        with DIRECT.open(request, timeout=60) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as refused:
        with refused:
            return refused.code, json.loads(refused.read())


@pytest.fixture
def pulp():
    """Return a running server with nothing in it."""
    with FakePulp3() as running:
        yield running


@pytest.fixture
def zoo(pulp):
    """Return a repository of the server."""
    return pulp.world.add_repository("zoo")


@pytest.mark.parametrize("phase", ["waiting", "running", "canceling", "completed", "canceled.from-running"])
def test_a_task_has_the_fields_of_a_recorded_one(pulp, zoo, phase):
    """In every state a task has the recorded names, and null, empty or filled values as recorded."""
    world = pulp.world
    task = world.dispatch("sync.completed", zoo)
    if phase != "waiting":
        world.start(task)
    if phase.startswith("cancel"):
        world.cancel(task)
    if phase in ("completed", "canceled.from-running"):
        world.finish(task)

    status, found = ask(pulp, f"tasks/{task.id}/")

    recorded = pulp3_recorded.document(f"sync.{phase}")
    recorded["created_by"] = found["created_by"]  # null in the reply to a cancel, which that of canceling is
    assert 200 == status
    assert {name: bool(value) for name, value in recorded.items()} == {name: bool(found[name]) for name in found}
    assert recorded["state"] == found["state"]


def test_a_sync_names_its_repository_and_version(pulp, zoo):
    """A sync has the ids of its own repository, not those of the recorded one."""
    pulp.world.run("sync.completed", zoo)
    task = pulp.world.run("sync.completed", zoo)

    _, found = ask(pulp, f"tasks/{task.id}/")

    assert [f"{zoo.href}versions/2/"] == found["created_resources"]
    assert zoo.prn == found["reserved_resources_record"][0]
    assert zoo.href == found["result"]["repository"]
    assert 2 == found["result"]["number"]


def test_another_plugins_sync_has_its_names(pulp):
    """Names and hrefs follow the pattern of most plugins."""
    task = pulp.world.run("sync.completed", pulp.world.add_repository("fedora", app="rpm"))

    _, found = ask(pulp, f"tasks/{task.id}/")

    assert "pulp_rpm.app.tasks.synchronizing.synchronize" == found["name"]
    assert found["reserved_resources_record"][0].startswith("prn:rpm.rpmrepository:")
    assert "/repositories/rpm/rpm/" in found["result"]["repository"]


def test_pages_are_linked(pulp, zoo):
    """Lists are newest first unless ordered, and their links keep the query."""
    tasks = [pulp.world.run("sync.completed", zoo) for _ in range(5)]

    _, first = ask(pulp, "tasks/", {"limit": 2, "fields": "prn,state"})
    _, second = ask(pulp, first["next"])

    assert 5 == first["count"]
    assert [tasks[4].prn, tasks[3].prn, tasks[2].prn, tasks[1].prn] == [
        each["prn"] for each in first["results"] + second["results"]
    ]
    assert f"{pulp.url}/pulp/api/v3/tasks/?fields=prn%2Cstate&limit=2&offset=2" == first["next"]
    assert {"prn", "state"} == set(second["results"][0])


def test_creation_times_differ_and_filter_to_the_microsecond(pulp, zoo):
    """Tasks have distinct creation times, which serve as keys of pages."""
    first, second, third = (pulp.world.run("sync.completed", zoo) for _ in range(3))
    bound = second.created.isoformat()

    _, found = ask(pulp, "tasks/", {"pulp_created__gte": bound, "ordering": "pulp_created"})

    assert [second.prn, third.prn] == [each["prn"] for each in found["results"]]
    assert first.created < second.created == datetime.fromisoformat(found["results"][0]["pulp_created"])


def test_tasks_are_filtered_by_id_and_state(pulp, zoo):
    """Filters by id and by state leave out other tasks and deleted ones."""
    waiting, gone = pulp.world.dispatch("sync.completed", zoo), pulp.world.run("sync.completed", zoo)
    running = pulp.world.start(pulp.world.dispatch("sync.completed", zoo))
    pulp.world.purge(gone)

    _, by_id = ask(pulp, "tasks/", {"pulp_id__in": f"{waiting.id},{gone.id}"})
    _, by_state = ask(pulp, "tasks/", {"state__in": "running,canceling"})

    assert [waiting.prn] == [each["prn"] for each in by_id["results"]]
    assert [running.prn] == [each["prn"] for each in by_state["results"]]


@pytest.mark.parametrize(
    ("label", "path", "query"),
    [
        ("unknown filter", "tasks/", {"pulp_last_updated__gt": "2020-01-01T00:00:00Z"}),
        ("bad state in filter", "tasks/", {"state": "nonsense"}),
        ("no such task", "tasks/01900000-0000-7000-8000-000000000000/", None),
    ],
)
def test_errors_are_those_recorded(pulp, label, path, query):
    """Status and document of an error are those that were recorded."""
    recorded = pulp3_recorded.document("api-errors")[label]

    assert (recorded["status"], recorded["body"]) == ask(pulp, path, query)


def test_a_filter_that_the_fake_lacks_fails_the_test():
    """A missing filter of the fake does not look like an answer."""
    cut = pytest.raises(OSError, match="closed connection")
    with pytest.raises(NotImplementedError, match="parent_task"), FakePulp3() as pulp, cut:
        ask(pulp, "tasks/", {"parent_task": "x"})


def test_a_user_without_permissions_gets_an_empty_list(pulp, zoo):
    """The list does not mention permissions."""
    pulp.world.run("sync.completed", zoo)

    assert (200, pulp3_recorded.document("tasks-list.empty")) == ask(pulp, "tasks/", user=NOBODY)


def test_a_session_lasts_until_it_expires(pulp):
    """After its session expired, a client is unauthorized."""
    with DIRECT.open(
        urllib.request.Request(
            f"{pulp.url}/pulp/api/v3/login/",
            headers={"Authorization": "Basic " + base64.b64encode(b"notifier:viewer's").decode()},
            method="POST",
        )
    ) as answer:
        cookie = {"Cookie": answer.headers["Set-Cookie"].partition(";")[0]}

    during, _ = ask(pulp, "tasks/", user=None, headers=cookie)
    pulp.expire_sessions()
    after, _ = ask(pulp, "tasks/", user=None, headers=cookie)

    assert (200, 401) == (during, after)
    assert ["basic", "session", "none"] == [seen.auth for seen in pulp.requests]


def test_names_are_found_by_many_prns(pulp, zoo):
    """Unknown PRNs are left out without an error."""
    gone = pulp.world.add_repository("gone")
    pulp.world.remove_repository(gone)

    _, repositories = ask(pulp, "repositories/", {"prn__in": f"{zoo.prn},{gone.prn}", "fields": "prn,name"})
    _, remotes = ask(pulp, "remotes/", {"prn__in": zoo.remote_prn, "fields": "name"})

    assert [{"prn": zoo.prn, "name": "zoo"}] == repositories["results"]
    assert [{"name": "zoo-remote"}] == remotes["results"]


def test_content_of_a_version_has_names(pulp, zoo):
    """A version lists the names that it added, removed and contains."""
    world = pulp.world
    world.finish(world.start(world.dispatch("sync.completed", zoo)), added=["a", "b"])
    world.finish(world.start(world.dispatch("sync.completed", zoo)), added=["c"], removed=["a"])

    _, version = ask(pulp, f"{pulp.url}{zoo.version_href(2)}")
    summary = version["content_summary"]
    names = {
        kind: [unit["relative_path"] for unit in ask(pulp, pulp.url + summary[kind]["file.file"]["href"])[1]["results"]]
        for kind in ("added", "removed", "present")
    }

    assert {"added": ["c"], "removed": ["a"], "present": ["b", "c"]} == names
    assert {"added": 1, "removed": 1, "present": 2} == {kind: summary[kind]["file.file"]["count"] for kind in summary}


def test_domains_keep_their_tasks_apart():
    """Neither the path without a domain nor a task of another domain is found."""
    with FakePulp3(World(domain_enabled=True)) as pulp:
        pulp.world.add_domain("zoo")
        task = pulp.world.run("sync.completed", pulp.world.add_repository("cats", domain="zoo"))

        _, found = ask(pulp, f"{pulp.url}/pulp/zoo/api/v3/tasks/")
        elsewhere, _ = ask(pulp, f"{pulp.url}/pulp/default/api/v3/tasks/{task.id}/")
        _, domains = ask(pulp, f"{pulp.url}/pulp/default/api/v3/domains/")
        _, hidden = ask(pulp, f"{pulp.url}/pulp/default/api/v3/domains/", user=VIEWER)
        _, status = ask(pulp, "status/", user=None)

    assert [f"/pulp/zoo/api/v3/tasks/{task.id}/"] == [each["pulp_href"] for each in found["results"]]
    assert 404 == elsewhere
    assert ["default", "zoo"] == [each["name"] for each in domains["results"]]
    assert (0, True) == (hidden["count"], status["domain_enabled"])


def test_troubles_come_in_order_and_pass(pulp):
    """Each trouble affects the given number of requests, and only its own paths."""
    pulp.misbehave(pulp3_troubles.status(503, retry_after="30"), path="tasks/", times=2)
    pulp.misbehave(pulp3_troubles.truncated, path="tasks/")

    assert [200, 503, 503] == [ask(pulp, path)[0] for path in ("status/", "tasks/", "tasks/")]
    with pytest.raises(json.JSONDecodeError):
        ask(pulp, "tasks/")
    assert 200 == ask(pulp, "tasks/")[0]


def test_simultaneous_requests_are_counted(pulp):
    """Sequential requests count as one; a delayed one and another count as two."""
    answered = threading.Event()
    ask(pulp, "status/")
    ask(pulp, "tasks/")
    alone = pulp.most_in_flight
    pulp.misbehave(pulp3_troubles.unchanged, path="tasks/", until=answered)

    with ThreadPoolExecutor(1) as threads:
        held = threads.submit(ask, pulp, "tasks/")
        while len(pulp.requests) < 3:
            answered.wait(0.01)
        ask(pulp, "status/")
        answered.set()
        held.result()

    assert (1, 2) == (alone, pulp.most_in_flight)


def test_a_request_line_that_is_too_long_is_refused(pulp):
    """The answer is not JSON, as gunicorn's is not."""
    with pytest.raises(json.JSONDecodeError):
        ask(pulp, "tasks/", {"pulp_id__in": ",".join(["0" * 36] * 120)})
