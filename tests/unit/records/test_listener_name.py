"""Names of listeners: what one may be, and made-up ones."""

import pytest

from pulp_notifiers.records import is_listener_name, made_up_name, numbered_name


@pytest.mark.parametrize(
    ("types", "name"),
    [
        (("*",), "http-repo-events"),
        (("#",), "http-all-events"),
        (("*.*",), "http-all-events"),
        (("repo.sync.finish",), "http-sync-finish"),
        (("repo.#",), "http-repo"),
        (("task.error", "task.error"), "http-task-error"),
        (("task.error", "task.canceled"), "http-task-error-task-canceled"),
        (("repo.sync.finish", "repo.sync.start", "task.*", "x"), "http-sync-finish-and-3-more"),
        ((), "http"),
    ],
)
def test_a_made_up_name_says_notifier_and_event_types(types, name):
    """The first type and how many more there are, if they are more than two."""
    assert name == made_up_name("http", types)


def test_a_made_up_name_says_the_task():
    """The first part of its id tells the listeners of tasks apart."""
    assert "email-task-task-c1c6f3e4" == made_up_name("email", ["task.*"], "c1c6f3e4-1f0a-4b5e-9f0e-3b3a4a4f9b11")


@pytest.mark.parametrize("notifier_type", ["é", "", "..", "x" * 300, "f" * 24, "a b/c", "_"])
@pytest.mark.parametrize("types", [(), ("repo.sync.finish",), ("y" * 200,), ("_",)])
def test_a_made_up_name_is_a_name_with_room_for_a_number(notifier_type, types):
    """Whatever plugins and event types are called."""
    name = made_up_name(notifier_type, types)

    assert is_listener_name(name)
    assert is_listener_name(numbered_name(name, 9_999_999))


@pytest.mark.parametrize("name", ["a", "0", "A.b_c-d", "x" * 64, "f" * 23, "g" * 24, "f" * 25])
def test_letters_digits_dots_underscores_and_hyphens_make_a_name(name):
    """Beginning with a letter or a digit."""
    assert is_listener_name(name)


@pytest.mark.parametrize("name", ["", "x" * 65, "-a", ".a", "_a", "a b", "a/b", "é", "a\n", "f" * 24, "0aF" * 8])
def test_anything_else_is_no_name_nor_are_ids(name):
    """So that a name and an id can be given in the same place."""
    assert not is_listener_name(name)
