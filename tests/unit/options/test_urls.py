"""Credentials in URLs are shown as asterisks, restored when they come back, and removed from texts."""

import pytest

from pulp_notifiers.options import MASK, mask, mask_urls, masked_without_stored, merge_safely, scrub
from pulp_notifiers.options.destinations import DestinationOption

NONE: frozenset[str] = frozenset()
URL = (DestinationOption("url", ("url",)),)
SECRET = "http://u:p%40w@host.example:81/hooks/T00/x?token=abcdefgh&b=2&b=3&bare#end"
SHOWN = "http://*****@host.example:81/hooks/T00/x?token=*****&b=*****&b=*****&*****#*****"


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        (SECRET, SHOWN),
        ("https://host.example/hook", "https://host.example/hook"),
        ("HTTPS://Host.example:443/a/../b/?", "HTTPS://Host.example:443/a/../b/?"),
        ("https://TOKEN@host/", "https://*****@host/"),
        ("https://u:a@b@host/x@y", "https://*****@host/x@y"),
        ("https://h/?a=&b", "https://h/?a=&*****"),
        ("https://hooks.slack.com/services/T00000000/B00000000/a1B2c3D4e5F6g7H8i9J0k1L2", "https://hooks.slack.com/services/T00000000/B00000000/*****"),
        ("https://h/ping/1b4e28ba-2fa1-11d2-883f-0016d3cca427", "https://h/ping/*****"),
        ("https://h/bot123456:ABC-DEF1234ghIkl/sendMessage", "https://h/*****/sendMessage"),
        ("https://h/a-long-name-without-any-digits/x", "https://h/a-long-name-without-any-digits/x"),
        ("amqp://a:b@x;amqp://c:d@y", "amqp://*****@x;amqp://*****@y"),
        ("see https://u:p@h/?x=y, and mailto:a@b", "see https://*****@h/?x=***** and mailto:a@b"),
        ("joe@example.com", "joe@example.com"),
        ('https://u:pa"ss<w>@h/?q={"k":"v"}', "https://*****@h/?q=*****"),
        ("https://u:pa ss@h/ ; https://c:d@y ", "https://*****@h/ ; https://*****@y "),
        (" https://h/a1B2c3D4e5F6g7H8i9J0k1L2 ", " https://h/***** "),
        ({"a": ["http://u:p@h", 5, None]}, {"a": ["http://*****@h", 5, None]}),
    ],
)  # fmt: skip
def test_credentials_are_shown_as_asterisks(url, shown):
    """User and password, the query, the fragment, and parts of the path that look like tokens."""
    assert shown == mask_urls(url)
    assert shown == mask_urls(shown)


@pytest.mark.parametrize(
    ("sent", "result"),
    [
        (SHOWN, SECRET),
        (SHOWN.replace("host", "HOST"), SECRET.replace("host", "HOST")),
        ("http://*****@host.example:81/other", "http://u:p%40w@host.example:81/other"),
        (
            "http://host.example:81/?b=*****&new=1&token=%2A%2A%2A%2A%2A",
            "http://host.example:81/?b=2&new=1&token=abcdefgh",
        ),
        ("http://new:secret@host.example:81/", "http://new:secret@host.example:81/"),
        ("http://host.example:81/?other=*****", "http://host.example:81/?other=*****"),
    ],
)
def test_asterisks_that_are_sent_back_to_the_same_place_mean_unchanged(sent, result):
    """The rest of the URL may change."""
    merged = merge_safely({"url": SECRET}, {"url": sent}, NONE, URL)

    assert (result, ()) == (merged.config["url"], merged.dropped)


@pytest.mark.parametrize("moved", ["https://{}", "http://evil.example/{}"])
def test_credentials_of_a_url_do_not_follow_to_another_place(moved):
    """They are removed, and named as all removed secrets are."""
    sent = SHOWN.replace("http://", "https://") if moved.startswith("https") else SHOWN.replace("host.", "evil.")

    merged = merge_safely({"url": SECRET, "password": "p"}, {"url": sent}, frozenset({"password"}), URL)

    assert ("url", "password") == merged.dropped
    assert {"url": sent.partition("://")[0] + f"://{sent.partition('@')[2].partition('?')[0]}"} == merged.config


@pytest.mark.parametrize(
    "sent",
    [
        "http://evil.example/x,http://*****@host.example:81/?token=*****",
        "http://*****@host.example:81/?token=*****;http://evil.example/",
        'see "http://evil.example/" http://*****@host.example:81/?token=*****',
    ],
)
def test_credentials_are_not_restored_beside_the_url_of_another_place(sent):
    """A notifier may send the whole text to the first URL in it."""
    merged = merge_safely({"url": SECRET}, {"url": sent}, NONE, URL)

    assert ("url",) == merged.dropped
    assert "abcdefgh" not in merged.config["url"]
    assert "p%40w" not in merged.config["url"]


@pytest.mark.parametrize("order", [[0, 1, 2], [2, 1, 0]])
def test_each_of_several_urls_of_one_place_gets_its_own_credentials(order):
    """By how it looks; URLs that look alike by their order."""
    stored = [f"http://h/{path}?token={token}" for path, token in (("a", "one1"), ("b", "two2"), ("b", "three3"))]
    shown = [mask_urls(stored[number]) for number in order]

    merged = merge_safely({"urls": stored}, {"urls": shown}, NONE, ())

    expected = stored if order == [0, 1, 2] else [stored[1], stored[2], stored[0]]
    assert (expected, ()) == (merged.config["urls"], merged.dropped)


def test_asterisks_for_which_nothing_is_stored_are_refused():
    """As those of any other secret."""
    config = {"url": "http://*****@host/", "hook": "http://host/?a=*****", "plain": "*****"}

    assert ["hook", "url"] == list(masked_without_stored(config, NONE))
    assert ["headers"] == list(masked_without_stored({"headers": {"X-Key": MASK}}, frozenset({"headers"})))


def test_urls_may_be_shown():
    """Pulp 2's clients compare them."""
    assert {"url": SECRET, "password": "*****"} == mask({"url": SECRET, "password": "p"}, frozenset({"password"}), True)


def test_credentials_of_urls_are_removed_from_texts():
    """Encoded and decoded; ordinary words of a query stay."""
    config = {"url": "http://joe:p%40ssw@h/a1B2c3D4e5F6g7H8i9J0k1L2?format=json&token=t0k3&long=abcdefgh"}
    text = "joe p%40ssw p@ssw a1B2c3D4e5F6g7H8i9J0k1L2 json t0k3 abcdefgh"

    assert "joe ***** ***** ***** json ***** *****" == scrub(text, config, NONE)


@pytest.mark.parametrize(
    "hostile",
    [
        "a" * 200_000 + " ://",
        " " * 200_000 + "://",
        "://" + ";" * 200_000 + "x",
        "a://" + ";a" * 100_000,
        "a://@" * 50_000,
        "a://" + "\u00fc." * 2_000_000 + "x/",
    ],
)
def test_no_text_takes_long(hostile):
    """A quadratic search would not end before the run of the tests is given up."""
    merged = merge_safely({"url": hostile}, {"url": mask_urls(hostile)}, NONE, URL)

    assert ["url"] == list(merged.config)
