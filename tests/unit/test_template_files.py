"""Templates as folders of files."""

import pytest

from pulp_notifiers.errors import InvalidTemplate
from pulp_notifiers.template_files import LONGEST_FILE, files_of, read_template, write_template

FACTS = {"notifier_type": "http", "description": "Short ☎", "event_types": ["task.#", "repo.sync.finish"]}
PARTS = {
    "subject": "[{{ about.state }}] {{ about.name }}",
    "text": "one\n\ntwo é\n",
    "html": "<p>\n",
    "headers": {"X-A": "{{ event.type }}"},
    "json": {"text": "{{ about.reason }}", "number": 1, "list": [None, True]},
    "empty": "",
}


def test_what_was_written_is_read_back(tmp_path):
    """Every character of every part, in files that an editor knows by their names."""
    written = write_template(tmp_path / "made" / "short", {**FACTS, "parts": PARTS})

    assert {**FACTS, "parts": PARTS} == read_template(tmp_path / "made/short")
    assert [
        *("template.json", "subject.txt", "text.txt", "html.html", "headers.json", "json.json", "empty.txt"),
    ] == [path.name for path in written]


def test_files_of_parts_that_the_template_has_no_longer_are_deleted(tmp_path):
    """Otherwise they would be read as its parts; other files stay."""
    write_template(tmp_path, {**FACTS, "parts": PARTS})
    (tmp_path / "README").write_text("mine")

    write_template(tmp_path, {**FACTS, "parts": {"body": "x"}})

    assert ["README", "body.txt", "template.json"] == sorted(path.name for path in tmp_path.iterdir())


def test_only_one_line_break_at_the_end_is_not_part_of_the_text(tmp_path):
    """Whether there is one or none, as editors differ; Windows' line breaks count as one."""
    for text, expected in (("a", "a"), ("a\n", "a"), ("a\n\n", "a\n"), ("a\r\nb\r\n", "a\nb"), ("", "")):
        (tmp_path / "text.txt").write_bytes(text.encode())

        assert {"text": expected} == read_template(tmp_path)["parts"], text


def test_every_wrong_file_is_named_with_what_is_wrong(tmp_path):
    """All at once; backups and hidden files are left out."""
    wrong = {
        "subject.md": b"x",
        "Text.txt": b"x",
        "text.txt": b"\xff",
        "json.json": b'{"a": 1, "a": 2}',
        "headers.json": b"[" * 100_000,
        "body.txt": b"x" * (LONGEST_FILE + 1),
        "html.html": b"",
        "html.txt": b"",
        "template.json": b'{"type": "email"}',
    }
    for name, content in wrong.items():
        (tmp_path / name).write_bytes(content)
    for name in ("text.txt~", ".git", ".text.txt.swp"):
        (tmp_path / name).write_bytes(b"x")

    with pytest.raises(InvalidTemplate) as refused:
        read_template(tmp_path)

    assert {*wrong} - {"html.html"} == {*refused.value.problems}
    assert "UTF-8" in refused.value.problems["text.txt"][0]
    assert "same key twice" in refused.value.problems["json.json"][0]
    assert "html has another file" in refused.value.problems["html.txt"][0]
    assert "type is not known" in refused.value.problems["template.json"][0]


def test_what_a_folder_does_not_say_has_a_default(tmp_path):
    """A notifier's own templates need no notifier type."""
    (tmp_path / "template.json").write_text('{"description": "Short"}')

    assert {
        "notifier_type": None,
        "description": "Short",
        "event_types": ["#"],
        "parts": {},
    } == read_template(tmp_path)


def test_other_facts_about_a_template_are_refused(tmp_path):
    """Any other JSON is."""
    for content in ("[]", '{"description": 1}', '"email"', "", '{"event_types": "task.#"}', '{"event_types": [1]}'):
        (tmp_path / "template.json").write_text(content)

        with pytest.raises(InvalidTemplate, match=r"template\.json"):
            read_template(tmp_path)


def test_a_folder_of_very_many_files_is_refused(tmp_path):
    """It is not a template."""
    for number in range(33):
        (tmp_path / f"p{number}.txt").touch()

    with pytest.raises(InvalidTemplate, match="33 files"):
        read_template(tmp_path)


def test_a_template_of_text_needs_no_file_of_another_kind():
    """The names of its files depend on the values only."""
    assert ["template.json", "body.txt"] == [name for name, _ in files_of({**FACTS, "parts": {"body": "x"}})]
