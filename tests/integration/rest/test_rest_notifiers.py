"""The list of installed notifiers, and the URLs of its pages."""

from pathlib import Path

import pytest

from tests.support.distributions import installed
from tests.support.rest import OWN, RestService

NOTIFIERS = f"{OWN}notifiers/"

ODD_NOTIFIER = """
from collections.abc import Callable
from pydantic import BaseModel
class Odd:
    class Config(BaseModel):
        function: Callable[[], int]
    def send(self, event, config, target):
        pass
"""


def test_notifiers_are_listed_with_the_schema_of_their_options(service: RestService) -> None:
    """Distribution, version and origin are shown too."""
    page = service.request("GET", NOTIFIERS).json()

    found = {notifier["type"]: notifier for notifier in page["results"]}
    assert page["count"] == len(page["results"])
    http = found["http"]
    assert {"type", "distribution", "version", "origin", "schema", "problem", "warning"} == http.keys()
    assert (http["distribution"], http["problem"], http["warning"]) == ("pulp-notifier-http", None, None)
    assert "url" in http["schema"]["properties"]


def test_a_notifier_that_cannot_be_loaded_is_listed_with_the_reason(service: RestService, tmp_path: Path) -> None:
    """It was installed while the service runs."""
    before = service.request("GET", NOTIFIERS).json()["count"]

    with installed(tmp_path, "broken", {"broken": "broken_notifier:X"}, {"broken_notifier": "import nothing_like_it"}):
        page = service.request("GET", NOTIFIERS).json()

    assert before + 1 == page["count"]
    [broken] = [notifier for notifier in page["results"] if notifier["type"] == "broken"]
    assert broken["schema"] is None
    assert "nothing_like_it" in broken["problem"]
    assert (broken["distribution"], broken["version"], broken["origin"]) == ("broken", "1.0", "broken_notifier:X")


def test_what_to_fix_at_a_notifier_that_can_be_used_is_a_warning(service: RestService, tmp_path: Path) -> None:
    """It has the schema of its options and no problem."""
    fine_notifier = ODD_NOTIFIER.replace("Odd", "Fine").replace("Callable[[], int]", "str")
    with installed(tmp_path, "fine", {"fine": "fine_notifier:Fine"}, {"fine_notifier": fine_notifier}) as site:
        (site / "fine-0.9.dist-info").mkdir()
        results = service.request("GET", NOTIFIERS).json()["results"]

    [fine] = [notifier for notifier in results if notifier["type"] == "fine"]
    assert (fine["problem"], fine["schema"] is None) == (None, False)
    assert "fine-0.9.dist-info has no METADATA" in fine["warning"]


def test_a_notifier_whose_options_have_no_schema_does_not_hide_the_others(service: RestService, tmp_path: Path) -> None:
    """It is listed with a problem."""
    with installed(tmp_path, "odd", {"odd": "odd_notifier:Odd"}, {"odd_notifier": ODD_NOTIFIER}):
        results = service.request("GET", NOTIFIERS).json()["results"]

    found = {notifier["type"]: notifier for notifier in results}
    assert {"http", "odd"} <= found.keys()
    assert found["odd"]["schema"] is None
    assert "cannot be described as JSON Schema" in found["odd"]["problem"]


def test_the_list_of_notifiers_has_pages(service: RestService) -> None:
    """Unknown filters are refused."""
    page = service.request("GET", f"{NOTIFIERS}?limit=1&offset=1", headers={"Host": "pulp.example.com"}).json()

    assert len(page["results"]) == 1
    assert page["previous"] == f"http://pulp.example.com{NOTIFIERS}?limit=1"
    assert service.request("GET", f"{NOTIFIERS}?state=dead").status == 400


@pytest.mark.parametrize(
    ("header", "scheme"), [("https", "https"), ("http", "http"), ("javascript", "http"), ("https, http", "http")]
)
def test_page_urls_have_the_scheme_of_the_trusted_proxy(service: RestService, header: str, scheme: str) -> None:
    """Otherwise a client would send its password in clear text for the next page."""
    page = service.request("GET", f"{NOTIFIERS}?limit=1", headers={"X-Forwarded-Proto": header, "Host": "x"}).json()

    assert page["next"] == f"{scheme}://x{NOTIFIERS}?limit=1&offset=1"
