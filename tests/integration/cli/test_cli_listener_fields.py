"""The listener's own fields on the command line: names, labels, conditions and their shorthands."""

import json

import pytest

from pulp_notifiers.cli import main
from pulp_notifiers.cli.listener.section import Section
from pulp_notifiers.rest.v3.listener_documents import NewListener, SourceOptions
from pulp_notifiers.testing.http import Answer, HttpReceiver
from tests.support.rest import rest_service

URL = ["--url", "http://receiver.example/"]
HTTP = ["http", "create", *URL]
FINISHES = ["repo.sync.finish", "repo.publish.finish"]
ALTERNATIVES = "labels.a == 'b' or payload.repo_id == 'x'"
FAILED = "payload.result in ['failed', 'error']"


@pytest.fixture(scope="module")
def shared(tmp_path_factory):
    """A service for the tests of this module."""
    with rest_service(tmp_path_factory.mktemp("rest")) as service:
        yield service


@pytest.fixture
def service(shared, settings):
    """The shared service without listeners; commands use it as admin."""
    shared.clear()
    settings(f"[client]\nurl = http://127.0.0.1:{shared.server.port}\nusername = admin\npassword = admin\n")
    return shared


def ran(capsys, *arguments):
    """Return exit code, output and errors of a command."""
    capsys.readouterr()
    exit_code = main(["listener", *arguments])
    printed = capsys.readouterr()
    return exit_code, printed.out, printed.err


def shown(capsys, *arguments):
    """Return the document that a command shows."""
    exit_code, output, errors = ran(capsys, *arguments, "--json")
    assert (0, "") == (exit_code, errors)
    return json.loads(output)


def test_the_commonest_wish_is_one_line(service, capsys):
    """Failed ends of syncs and publications of some repositories."""
    arguments = ["--only-failures", "--repo", "prod-*", "--addresses", "ops@example.com", "--subject", "Sync"]

    document = shown(capsys, "email", "create", *arguments)

    assert FINISHES == document["event_types"]
    assert f"{FAILED} and payload.repo_id is glob('prod-*')" == document["when"]


def test_all_fields_can_be_given_at_creation(service, capsys):
    """They are those of the REST API."""
    document = shown(
        *(capsys, *HTTP, "--event-type", "task.*", "--name", "mine", "--description", "Night shift", "--disabled"),
        *("--label", "team=web", "--label", "a b=c=d", "--label", "empty=", "--when", "payload.state == 'error'"),
    )

    given = ("name", "description", "enabled", "labels", "when", "event_types", "template")
    assert {
        "name": "mine",
        "description": "Night shift",
        "enabled": False,
        "labels": {"team": "web", "a b": "c=d", "empty": ""},
        "when": "payload.state == 'error'",
        "event_types": ["task.*"],
        "template": None,
    } == {name: document[name] for name in given}


@pytest.mark.parametrize(
    ("arguments", "event_types", "when"),
    [
        (["--event-type", "*"], ["*"], None),
        (["--event-type", "*", "--when", " "], ["*"], None),
        (["--only-failures"], FINISHES, FAILED),
        (["--only-failures", "--event-type", "task.error"], ["task.error"], None),
        (["--only-failures", "--event-type", "task.*"], ["task.*"], "event.type == 'task.error'"),
        (
            ["--repo", "it's", "--repo", "b*", "--repo", "\\n", "--event-type", "repo.sync.start"],
            ["repo.sync.start"],
            "payload.repo_id in ['it\\'s', '\\\\n'] or payload.repo_id is glob('b*')",
        ),
        (
            ["--only-failures", "--domain", "lab", "--when", ALTERNATIVES],
            FINISHES,
            f"{FAILED} and payload.domain|default('default', true) == 'lab' and ({ALTERNATIVES})",
        ),
    ],
)
def test_shorthands_become_event_types_and_a_condition(service, capsys, arguments, event_types, when):
    """As anybody could have written it."""
    document = shown(capsys, *HTTP, "--label", "a=b", *arguments)

    assert (event_types, when) == (document["event_types"], document["when"])


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ([], "Missing option '--event-type'. Give the event types, or --only-failures or --only-changes."),
        (["--repo", "x"], "Missing option '--event-type'."),
        (["--only-failures", "--event-type", "task.running"], "No event of the type task.running can be one of the fa"),
        (["--only-changes", "--event-type", "task.*"], "No event of the type task.* can be one of the changes."),
        (["--only-failures", "--when", "true) or (true"], "The condition closes a bracket ) that it does not open."),
        (["--event-type", "*", "--label", "x"], "Invalid value for '--label': write KEY=VALUE"),
        (["--event-type", "*", "--label", "=x"], "Invalid value for '--label': write KEY=VALUE"),
    ],
)
def test_what_makes_no_listener_is_a_usage_error(service, capsys, arguments, error):
    """Nothing is registered."""
    exit_code, output, errors = ran(capsys, *HTTP, *arguments)

    assert (64, "", True) == (exit_code, output, error in errors)
    assert [] == list(service.app.listeners.list())


def test_a_refusal_names_the_options(service, capsys):
    """Each on its line."""
    wrong = ["--name", "a/b", "--template", "none", "--label", "a/b=c", "--description", "x" * 2000]
    exit_code, _, errors = ran(capsys, *HTTP, "--event-type", "*", *wrong)

    assert 65 == exit_code
    assert ["--description", "--label", "--name", "--template"] == sorted(
        line.partition(":")[0] for line in errors.splitlines()
    )


@pytest.mark.parametrize("option", [[], ["--listener-id"]])
def test_a_name_stands_for_the_id(service, capsys, option):
    """In every command that takes a listener."""
    listener_id = shown(capsys, *HTTP, "--event-type", "*", "--name", "mine")["id"]

    assert listener_id == shown(capsys, "show", *option, "mine")["id"]
    assert "c" == shown(capsys, "http", "update", *option, "mine", "--description", "c")["description"]
    assert (0, "Listener mine disabled.\n", "") == ran(capsys, "disable", *option, "mine")
    assert shown(capsys, "show", "mine")["enabled"] is False
    assert (0, "Listener mine enabled.\n", "") == ran(capsys, "enable", *option, "mine")
    assert shown(capsys, "show", listener_id)["enabled"] is True
    assert 0 == main(["delivery", "list", "--listener", "mine"])
    assert (0, "Listener mine deleted.\n", "") == ran(capsys, "delete", *option, "mine")


@pytest.mark.parametrize("name", ["nobody", "", "..", "a/b", "b\u00e4r", "\udcff", "a?b#c", "a b"])
@pytest.mark.parametrize("command", ["enable", "disable"])
def test_an_unknown_name_says_where_to_look(service, capsys, command, name):
    """Whatever was typed."""
    exit_code, output, errors = ran(capsys, command, name)

    assert (65, "") == (exit_code, output)
    assert f"There is no listener '{name.replace(chr(0xDCFF), chr(92) + 'udcff')}'." in errors


def test_labels_are_changed_one_by_one(service, capsys):
    """An empty value removes one."""
    shown(capsys, *HTTP, "--event-type", "*", "--name", "mine", "--label", "a=1", "--label", "b=2", "--label", "c=3")

    document = shown(capsys, "http", "update", "mine", "--label", "a=", "--label", "b=x", "--label", "d=4")

    assert {"b": "x", "c": "3", "d": "4"} == document["labels"]


def test_an_update_replaces_the_condition(service, capsys):
    """Shorthands are made for the event types that the listener then has; an empty condition removes it."""
    shown(capsys, *HTTP, "--event-type", "task.*", "--name", "mine", "--when", "payload.state == 'error'")

    assert "event.type == 'task.error'" == shown(capsys, "http", "update", "mine", "--only-failures")["when"]
    assert FAILED == shown(capsys, "http", "update", "mine", "--only-failures", "--event-type", FINISHES[0])["when"]
    assert "payload.repo_id == 'zoo'" == shown(capsys, "http", "update", "mine", "--repo", "zoo")["when"]
    assert "payload.repo_id == 'zoo'" == shown(capsys, "http", "update", "mine", "--name", "yours")["when"]
    assert shown(capsys, "http", "update", "yours", "--when", "")["when"] is None


def test_a_listener_is_printed_as_yaml(service, capsys):
    """With the keys of the REST API."""
    shown(capsys, *HTTP, "--only-failures", "--name", "mine")

    exit_code, output, _ = ran(capsys, "show", "mine", "--format", "yaml")

    assert 0 == exit_code
    assert f"when: {FAILED}\n" in output
    assert "event_types:\n  - repo.sync.finish\n  - repo.publish.finish\n" in output


def test_every_field_of_a_listener_has_an_option_that_says_the_same():
    """So that a field of the REST API is not forgotten, and is described in the same words."""
    options = {option.opts[0]: option.help for option in Section("http").commands["create"].params}
    names = {"enabled": "--enabled", "event_types": "--event-type", "labels": "--label", "task_id": "--task-id"}
    described = {name: field.description for name, field in NewListener.model_fields.items()}
    del described["config"], described["notifier_type"]  # these are the options of the notifier, and the section
    described["include"] = SourceOptions.model_fields["include"].description
    del described["source_options"]

    helps = {name: options[names.get(name, f"--{name}")] for name in described}
    assert {} == {name: text for name, text in helps.items() if not text.startswith(described[name])}


def test_a_refused_condition_is_shown_as_a_whole_if_shorthands_made_it(service, capsys):
    """The server's sentence has line and column, or names, of the text that it got."""
    own = ran(capsys, *HTTP, "--event-type", "repo.sync.finish", "--when", "payload.repoid == 'x'")
    made = ran(capsys, *HTTP, "--only-failures", "--when", "payload.repoid == 'x'")

    unknown = "payload has no repoid in repo.sync.finish"
    assert (65, f"--when: Line 1, column 1: {unknown}. Did you mean repo_id?\n") == own[::2]
    assert 65 == made[0]
    assert made[2].startswith(f"--when: Line 1, column {len(FAILED) + 6}: {unknown} or repo.publish.finish.")
    assert made[2].endswith(f" The whole condition is: {FAILED} and payload.repoid == 'x'\n")


def test_what_may_not_be_meant_is_a_warning(service, capsys):
    """At once, and whenever the listener is shown."""
    narrow = ["--event-type", "*", "--when", "payload.result == 'failed'", "--name", "mine"]

    exit_code, output, errors = ran(capsys, *HTTP, *narrow)

    sentence = "Its condition cannot be evaluated for repo.sync.start and repo.publish.start: "
    assert (0, True) == (exit_code, output.endswith(" created.\n"))
    assert errors.startswith(f"Warning: {sentence}")
    assert f"\nwarning            {sentence}" in ran(capsys, "show", "mine")[1]
    assert "" == ran(capsys, "http", "update", "mine", "--only-failures")[2]


def listener_with(labels):
    """Return a listener as the server sends it, with the labels as its ETag."""
    document = {"id": "5f0c1e2d3a4b5c6d7e8f9012", "event_types": ["*"], "labels": labels}
    return Answer(headers={"ETag": f'"{sorted(labels)}"'}, body=json.dumps(document).encode())


@pytest.mark.parametrize("conflicts", [1, 4])
def test_labels_that_another_user_adds_at_the_same_time_are_kept(settings, capsys, conflicts):
    """The change names what it was made from, and is made again from what is there then."""
    types = Answer(body=b'{"count": 1, "next": null, "results": [{"type": "http", "schema": {}, "problem": null}]}')
    late = [one for _ in range(conflicts) for one in (listener_with({"a": "1"}), Answer(412, body=b'{"detail": "x"}'))]
    last = listener_with({"a": "1", "b": "2"})
    with HttpReceiver([types, *late, last, last]) as server:
        assert 0 == main(["--url", server.url, "listener", "http", "update", "mine", "--label", "c=3"])

    first, change = server.requests[2], server.requests[-1]
    assert "\"['a']\"" == first.headers["If-Match"]
    assert ("PATCH", "\"['a', 'b']\"") == (change.method, change.headers["If-Match"])
    assert {"labels": {"a": "1", "b": "2", "c": "3"}} == json.loads(change.body)


def test_a_listener_that_others_change_all_the_time_is_left_alone(settings, capsys):
    """After a few tries; the exit code says that it may succeed later."""
    types = Answer(body=b'{"count": 1, "next": null, "results": [{"type": "http", "schema": {}, "problem": null}]}')
    answers = [one for _ in range(9) for one in (listener_with({}), Answer(412, body=b'{"detail": "x"}'))]
    with HttpReceiver([types, *answers]) as server:
        exit_code = main(["--url", server.url, "listener", "http", "update", "mine", "--label", "c=3"])

    assert (75, 11) == (exit_code, len(server.requests))
    assert "Somebody else is changing this at the same time: run the command again.\n" == capsys.readouterr().err


def test_a_change_that_depends_on_nothing_stored_demands_nothing(service, capsys):
    """It is right whatever others do."""
    answers = [
        Answer(body=b'{"count": 1, "next": null, "results": [{"type": "http", "schema": {}, "problem": null}]}'),
        listener_with({}),
    ]
    with HttpReceiver(answers) as server:
        assert 0 == main(["--url", server.url, "listener", "http", "update", "mine", "--description", "x"])

    assert ["GET", "PATCH"] == [one.method for one in server.requests]
    assert "If-Match" not in server.requests[-1].headers
