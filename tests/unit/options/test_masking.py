"""Masking secrets in options, and removing them from texts."""

from pulp_notifiers.options import mask, scrub, unmask


def test_a_masked_secret_that_is_sent_back_means_unchanged():
    """An option that is not secret may have the value ``*****``."""
    secret = frozenset({"password"})

    shown = mask({"url": "u", "password": "p"}, secret)

    assert {"url": "u", "password": "*****"} == shown
    assert {"url": "u"} == unmask(shown, secret)
    assert {"url": "*****"} == unmask({"url": "*****"}, secret)
    assert {"password": None} == mask({"password": None}, secret)


def test_secrets_are_removed_from_text():
    """The author of a notifier may forget to do it."""
    assert "refused for joe:*****" == scrub("refused for joe:hunter2", {"p": "hunter2", "q": 5}, frozenset("pq"))


def test_the_longest_secret_is_removed_first():
    """Otherwise the end of a secret would stay if another is its beginning."""
    config = {"p": "pass", "q": "pass123word"}

    assert "***** and *****" == scrub("pass123word and pass", config, frozenset("pq"))


def test_secrets_are_removed_at_any_depth_of_an_option():
    """Numbers count, and ordinary short words stay."""
    config = {"p": {"deep": ["hunter2", {"n": 123456}], "flag": True, "short": "abc"}, "q": 98765.5, "none": None}
    secret = frozenset(("p", "q", "none", "missing"))

    text = scrub("True None abc deep: hunter2, 123456, 98765.5", config, secret)

    assert "True None abc deep: *****, *****, *****" == text
