"""Templates from the command line, with a real service."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from pulp_notifiers.cli import main
from tests.support.service import Service

OK, FAILED, WRONG_USE = 0, 1, 2


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """Yield one service."""
    with Service(tmp_path_factory.mktemp("shared")) as service:
        yield service


@pytest.fixture
def run(shared: Service, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    """Return a function that runs a command of ``template`` and returns its exit code and output."""
    for name, value in shared.environ.items():
        monkeypatch.setenv(name, value)

    def ran(*arguments: str) -> tuple[int, str]:
        capsys.readouterr()
        exit_code = main(("template", *arguments))
        output = capsys.readouterr()
        return exit_code, output.out + output.err

    return ran


def test_a_template_is_created_shown_changed_and_deleted(run, tmp_path: Path) -> None:
    """Its parts come from options and from files; what fails for some events is a warning."""
    (tmp_path / "headers.json").write_text('{"X-Kind": "{{ event.type }}"}')
    (tmp_path / "body.txt").write_text("{{ payload.repo_id }}\n")

    code, output = run(
        *("create", "made", "--type", "http", "--description", "Short", "--event-type", "repo.#"),
        *("--event-type", "task.error", "--part-file", f"body={tmp_path}/body.txt"),
        *("--part-file", f"headers={tmp_path}/headers.json"),
    )
    assert (OK, True, True) == (code, output.startswith("Template made created.\n"), "Warning: body: Line 1" in output)

    found = json.loads(run("show", "made", "--format", "json")[1])
    assert {"body": "{{ payload.repo_id }}", "headers": {"X-Kind": "{{ event.type }}"}} == found["parts"]
    assert ["repo.#", "task.error"] == found["event_types"]
    assert "--- headers ---" in run("show", "made")[1]

    assert (OK, "Template made updated.\n") == run(
        *("update", "made", "--remove-part", "body", "--part-json", 'json={"a": "{{ event.id }}"}')
    )
    assert "made" in run("list")[1]
    assert (OK, "Template made deleted.\n") == run("delete", "made")
    code, output = run("show", "made")
    assert "There is no template 'made'. Look it up with template list." in output


def test_what_is_exported_is_loaded_again(run, tmp_path: Path) -> None:
    """The notifier's own mail: exported, changed in an editor, loaded under its name, and previewed."""
    folder = tmp_path / "email"
    code, output = run("export", "email", str(folder))
    assert (OK, True) == (code, f"{folder}/text.txt" in output.split())

    (folder / "subject.txt").write_text("ours: {{ about.name }}\n")
    assert "Template email created." in run("load", str(folder))[1]
    (folder / "html.html").unlink()
    assert "Template email updated." in run("load", str(folder))[1]
    assert {"subject", "text"} == json.loads(run("show", "email", "--json")[1])["parts"].keys()

    code, output = run("preview", "email", "--event-type", "repo.sync.finish")
    assert (OK, True) == (code, "--- subject ---\nours: " in output)
    run("delete", "email")
    assert ["subject", "text", "html"] == re.findall("^--- (.*) ---$", run("preview", "email")[1], re.MULTILINE)


def test_a_past_event_is_named_by_the_beginning_of_its_id(run, shared: Service) -> None:
    """As event list shows it."""
    fired = shared.fire("repo.sync.finish", repo_id="past", result="failed")["id"]

    code, output = run("preview", "email", "--event", fired[:8])
    assert (OK, True) == (code, "--- subject ---\n[FAILED] past\n" in output), output
    assert "There is no event '5a5'" in run("preview", "email", "--event", "5a5")[1]


def test_a_preview_of_files_names_the_place_of_a_mistake(run, tmp_path: Path) -> None:
    """Nothing is stored, and the exit code says whether it can be rendered."""
    folder = tmp_path / "draft"
    run("export", "email", str(folder))
    html = tmp_path / "mail.html"

    code, output = run("preview", "--dir", str(folder), "--event-type", "task.error", "--html", str(html))
    assert OK == code, output
    assert html.read_text().startswith("<!DOCTYPE html>")
    assert output.endswith(f"\n--- html ---\nWritten to {html}.\n")

    (folder / "subject.txt").write_text("x\n{{ labels.team }} {{ payload.nosuch }}")
    code, output = run("preview", "--dir", str(folder), "--label", "team=ops")
    assert FAILED == code
    assert "subject, line 2, column 22: payload.nosuch does not exist." in output


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("preview",), "Give either the NAME of a template, or --dir."),
        (("preview", "email", "--label", "x"), "write KEY=VALUE"),
        (("create", "x", "--type", "http", "--part", "body"), "'body' is not PART=VALUE"),
        (("create", "x", "--type", "http", "--part", "body=1", "--part-json", "body=1"), "body is given twice"),
        (("create", "x", "--type", "http", "--part-json", "json={"), "json is not JSON"),
        (("create", "x", "--type", "http", "--part-file", "body=/nosuch"), "/nosuch cannot be read: No such file"),
        (("create", "x", "--type", "http"), "Write at least one part: body, json, headers, query."),
        (("create", "x", "--type", "http", "--part", "body={{ payload.repo_idd }}"), "Did you mean repo_id"),
        (("update", "email"), "Say what to change"),
        (("update", "email", "--part", "text=x"), "create a template with this name to replace it"),
        (("delete", "a/b"), "There is no template 'a/b'"),
        (("preview", "nosuch"), "There is no template 'nosuch'"),
        (("preview", "email", "--event-type", "no.such"), "is not in the catalogue of event types"),
    ],
)
def test_wrong_use_is_answered_with_what_to_do(run, arguments: tuple[str, ...], sentence: str) -> None:
    """The exit code is not 0."""
    code, output = run(*arguments)

    assert code != OK
    assert sentence in " ".join(output.split())


def test_a_folder_that_is_no_template_is_refused_by_file(run, tmp_path: Path) -> None:
    """Before anything is sent."""
    (tmp_path / "text.md").touch()
    assert "text.md: This is neither template.json nor" in run("load", str(tmp_path))[1]
    (tmp_path / "text.md").unlink()

    assert "does not say for which notifier_type" in run("load", str(tmp_path))[1]
