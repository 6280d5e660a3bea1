"""The file notifier appends events to a file."""

import json
import threading
import tomllib
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest
from pulp_notifier_file import FileConfig, FileNotifier

from pulp_notifiers.errors import InvalidConfig, TemporaryFailure
from pulp_notifiers.event import Event
from pulp_notifiers.testing.plugins import LoadedNotifier


def send(path, *events):
    """Append events to a file."""
    for event in events:
        FileNotifier().send(event, FileConfig(path=str(path)), "")


def lines(path):
    """Return the parsed lines of a file."""
    return [json.loads(line) for line in path.read_text("ascii").splitlines()]


def test_each_event_is_a_line(tmp_path):
    """The line has the event's id and the body of Pulp 2, in the order of the calls."""
    events = [Event("repo.sync.start", {"repo_id": name}) for name in ("zoo", "café")]

    send(tmp_path / "events", *events)

    assert [{"id": str(event.id), **event.body()} for event in events] == lines(tmp_path / "events")


def test_earlier_content_of_the_file_is_kept(tmp_path):
    """It does not matter who wrote it."""
    (tmp_path / "events").write_text('"before"\n')

    send(tmp_path / "events", Event("repo.sync.start", {}))

    assert ["before", "repo.sync.start"] == [
        line if isinstance(line, str) else line["event_type"] for line in lines(tmp_path / "events")
    ]


def test_an_incomplete_line_does_not_spoil_the_next(tmp_path):
    """After a full disk cut a line short, the next attempt starts on a new line."""
    (tmp_path / "events").write_text('{"id": "0000')

    send(tmp_path / "events", *[Event("repo.sync.start", {"n": n}) for n in range(2)])

    torn, *whole = (tmp_path / "events").read_text().splitlines()
    assert '{"id": "0000' == torn
    assert [0, 1] == [json.loads(line)["payload"]["n"] for line in whole]


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("/dev/full", "Cannot append to /dev/full: No space left on device."),
        ("/no/such/folder/f", "Cannot append to /no/such/folder/f: No such file or directory."),
        ("/", "Cannot append to /: Is a directory."),
    ],
)
def test_a_file_that_cannot_be_written_is_a_temporary_failure(path, reason):
    """Somebody can make room or create the folder."""
    with pytest.raises(TemporaryFailure) as failure:
        send(path, Event("repo.sync.start", {}))

    assert reason == failure.value.reason


def test_lines_of_several_threads_stay_whole(tmp_path):
    """This holds for lines that are larger than any buffer."""
    ready = threading.Barrier(8)

    def append(number):
        ready.wait(10)
        send(tmp_path / "events", *[Event("repo.sync.start", {"n": number, "fill": "x" * 100_000}) for _ in range(5)])

    threads = [threading.Thread(target=append, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)

    assert sorted([*range(8)] * 5) == sorted(line["payload"]["n"] for line in lines(tmp_path / "events"))


@pytest.mark.parametrize("options", [{}, {"path": ""}, {"path": "events"}, {"path": None}, {"path": 7}])
def test_a_path_must_be_absolute(options):
    """A relative path would depend on where the service was started."""
    with pytest.raises(InvalidConfig) as refusal:
        LoadedNotifier("file", FileNotifier).parse(options)

    assert ["path"] == list(refusal.value.problems)


def test_the_entry_point_names_the_notifier():
    """Its name is the type by which listeners choose it."""
    project = tomllib.loads((Path(__file__).parent.parent / "pyproject.toml").read_text())["project"]

    [(name, value)] = project["entry-points"]["pulp_notifiers.notifiers"].items()

    assert ("file", FileNotifier) == (name, EntryPoint(name, value, "pulp_notifiers.notifiers").load())
