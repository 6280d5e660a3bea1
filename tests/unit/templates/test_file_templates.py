"""Templates in files are re-read when they change."""

import json
import logging
import os
from itertools import chain
from threading import Thread

import pytest

from pulp_notifiers.records import TemplateOrigin
from pulp_notifiers.template_files import write_template
from pulp_notifiers.templates import FileTemplates


class Folder:
    """A folder of templates, and a clock that is moved."""

    def __init__(self, path):
        self.path = path
        self.seconds = 0.0
        self.refused = {}
        self.templates = FileTemplates(path, lambda template: self.refused.get(template.name), lambda: self.seconds)

    def write(self, name, **parts):
        """Write a template."""
        facts = {"notifier_type": "post", "description": "", "event_types": ["#"]}
        write_template(self.path / name, {**facts, "parts": parts or {"subject": "x"}})

    def names(self):
        """Return the templates' names after a while."""
        self.seconds += 10
        return sorted(self.templates.all())


@pytest.fixture
def folder(tmp_path):
    """Return an empty folder."""
    return Folder(tmp_path)


def test_each_folder_is_a_template(folder):
    """Its name is the template's; hidden folders and single files are left out."""
    folder.write("short", subject="s", headers={"X-A": "y"})
    folder.write(".git")
    (folder.path / "README").write_text("x")

    assert ["short"] == folder.names()
    found = folder.templates.get("short")
    assert ("short", "post", {"subject": "s", "headers": {"X-A": "y"}}, TemplateOrigin.FILE) == (
        found.name,
        found.notifier_type,
        found.parts,
        found.origin,
    )
    assert not folder.templates.problems()


def test_files_that_changed_are_read_again_after_a_while(folder):
    """Those that did not are the same objects; nobody looks at the disk at each message."""
    folder.write("short", subject="one")
    folder.write("long", text="t")
    folder.names()
    before = dict(folder.templates.all())
    folder.write("short", subject="two")
    folder.write("third")

    assert before == folder.templates.all()
    assert ["long", "short", "third"] == folder.names()
    assert "two" == folder.templates.get("short").parts["subject"]
    assert before["long"] is folder.templates.get("long")

    for file in (folder.path / "long").iterdir():
        file.unlink()
    (folder.path / "long").rmdir()
    assert ["short", "third"] == folder.names()


def test_a_wrong_file_is_logged_once_and_the_template_stays_as_it_was(folder, caplog):
    """Until it is corrected; the problem can be asked for."""
    caplog.set_level(logging.INFO)
    folder.write("short", json={"a": 1})
    folder.names()
    (folder.path / "short" / "json.json").write_text("{")

    for _ in range(3):
        assert ["short"] == folder.names()
    assert {"a": 1} == folder.templates.get("short").parts["json"]
    assert "json.json: This is not JSON" in folder.templates.problems()["short"]
    (line,) = caplog.messages
    assert line.startswith(f"Template short in {folder.path}: json.json: This is not JSON")

    folder.write("short", json={"a": 2})
    folder.names()
    assert {"a": 2} == folder.templates.get("short").parts["json"]
    assert not folder.templates.problems()
    assert f"Template short in {folder.path} can be read again" == caplog.messages[-1]


def test_a_template_that_breaks_a_rule_is_not_used(folder, caplog):
    """Nor one that does not say for which notifier it is."""
    folder.refused = {"bad": "subject: Line 1, column 3: This is not closed."}
    folder.write("bad")
    folder.write("nobody")
    (folder.path / "nobody" / "template.json").write_text(json.dumps({"description": "x"}))
    folder.write("good")

    assert ["good"] == folder.names()
    assert {"bad", "nobody"} == {*folder.templates.problems()}
    assert 2 == len(caplog.records)


def test_a_folder_that_cannot_be_read_keeps_what_was_read(folder, caplog):
    """A mount may come back."""
    folder.write("short")
    folder.names()
    folder.path.rename(folder.path.with_name("away"))

    assert ["short"] == folder.names()
    assert "cannot be read: No such file or directory" in folder.templates.problems()[""]
    assert 1 == len(caplog.records)

    folder.path.with_name("away").rename(folder.path)
    folder.names()
    assert not folder.templates.problems()


def test_what_was_wrong_is_said_to_be_readable_again_or_gone(folder, caplog):
    """Whichever it is, and of the folder itself too."""
    caplog.set_level(logging.INFO)
    folder.write("good")
    folder.write("short", json={"a": 1})
    (folder.path / "short" / "json.json").write_text("{")
    folder.names()
    (folder.path / "short" / "json.json").unlink()
    (folder.path / "short" / "template.json").unlink()
    (folder.path / "short").rmdir()
    folder.names()
    assert f"Template short in {folder.path} is gone" == caplog.messages[-1]

    away = folder.path.with_name("away")
    folder.path.rename(away)
    folder.names()
    away.rename(folder.path)
    folder.names()

    assert f"Templates in {folder.path} can be read again" == caplog.messages[-1]


def test_names_on_the_disk_that_are_not_text_are_reported_in_a_form_that_answers_can_have(folder):
    """The status has to show it."""
    for name in (b"\xff\xfe", b"two\nlines"):
        (folder.path / os.fsdecode(name)).mkdir()
    folder.write("good")
    (folder.path / "good" / os.fsdecode(b"\xff.txt")).write_text("x")
    folder.names()

    assert folder.templates.problems()["good"].startswith("\\udcff.txt: This is neither")
    assert ["\\udcff\\udcfe", "good", "two\\nlines"] == sorted(folder.templates.problems())
    assert "".join(chain(*folder.templates.problems().items())).isprintable()


def test_others_use_what_was_read_before_while_a_thread_reads(tmp_path):
    """A slow disk holds up one of them only, except at the first time."""
    seen = []

    def check(template):
        if template.description == "new":
            asking = Thread(target=lambda: seen.append(folder.templates.get("short").description))
            asking.start()
            asking.join(10)

    folder = Folder(tmp_path)
    folder.templates = FileTemplates(tmp_path, check, lambda: folder.seconds)
    for description in ("old", "new"):
        facts = {"notifier_type": "post", "description": description, "event_types": ["#"]}
        write_template(tmp_path / "short", {**facts, "parts": {"subject": description}})
        folder.names()

    assert ["old"] == seen
    assert "new" == folder.templates.get("short").description


def test_very_many_folders_are_not_all_used(folder):
    """The first ones are, in the order of their names."""
    for number in range(502):
        (folder.path / f"t{number:03}").mkdir()

    folder.names()

    assert "only the first 500" in folder.templates.problems()[""]


def test_without_a_folder_there_are_no_templates():
    """That is the default."""
    templates = FileTemplates(None)

    assert not templates.all()
    assert templates.get("short") is None
    assert not templates.problems()
