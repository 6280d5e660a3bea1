"""The HTML of mails as Chromium shows it: on a telephone and a screen, light and dark."""

import dataclasses

import pytest

from pulp_notifiers.event import Event
from pulp_notifiers.event_types import sample
from tests.harness.chromium import Chromium, Measured
from tests.support.mails import parts_of

WIDTHS = (320, 360, 680, 1000)
PAGE, CARD = (
    {False: "rgb(243, 244, 246)", True: "rgb(22, 25, 29)"},
    {False: "rgb(255, 255, 255)", True: "rgb(31, 36, 43)"},
)


def unbroken() -> Event:
    """An event whose names and error are single long words."""
    base = sample("repo.sync.finish", "pulp3-failed-404").event
    names = {"added": ["x" * 500] * 3, "removed": []}
    changes = {"repo_id": "r" * 500, "error_message": "e" * 500, "server": "s" * 500, "content": names}
    return dataclasses.replace(base, payload={**base.payload, **changes, "traceback": ["t" * 500]})


EVENTS = {
    "failed sync": sample("repo.sync.finish", "pulp3-failed-404").event,
    "finished sync": sample("repo.sync.finish", "pulp3-file-with-names").event,
    "failed task": sample("task.error", "pulp3-failed-404").event,
    "canceled": sample("repo.sync.finish", "pulp3-canceled").event,
    "started": sample("repo.sync.start", "pulp3-file").event,
    "unbroken": unbroken(),
}


@pytest.fixture(scope="module", params=[False, True], ids=["light", "dark"])
def shown(request: pytest.FixtureRequest) -> tuple[bool, list[Measured]]:
    """Return whether it is dark, and every mail at every width."""
    reason = Chromium.available()
    if reason:
        pytest.skip(reason)
    pages = [parts_of(event)["html"] for event in EVENTS.values()]
    found = Chromium().measure(pages, WIDTHS, request.param)
    return request.param, [one for mail in found for one in mail]


def test_no_mail_is_wider_than_the_window(shown):
    """Nobody has to scroll sideways, not even for a word of 500 letters."""
    _, measured = shown

    assert len(EVENTS) * len(WIDTHS) == len(measured)
    assert [*WIDTHS] * len(EVENTS) == [one.content_width for one in measured]


def test_every_text_can_be_read(shown):
    """A contrast of 4.5 (WCAG 2, AA), and letters of 14 pixels or more."""
    _, measured = shown

    for one in measured:
        assert [] == [text for text in one.texts if text["contrast"] < 4.5 or text["size"] < 14]


def test_dark_mail_programs_get_dark_colours(shown):
    """The state stays red, green, yellow or grey; everything else turns dark."""
    dark, measured = shown

    for one in measured:
        backgrounds = [text["background"] for text in one.texts]
        assert CARD[dark] in backgrounds
        assert CARD[not dark] not in backgrounds
        assert len({*backgrounds} - {CARD[dark], PAGE[dark]}) == 1  # the bar


def test_nothing_is_loaded(shown):
    """Opening a mail tells nobody."""
    _, measured = shown

    assert [] == [url for one in measured for url in one.loaded]
