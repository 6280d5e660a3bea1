"""Why deliveries fail says something about the inner network, and is shown with deliveries only."""

from pulp_notifiers.event import Event
from tests.support.rest import EVENTS, OWN, RestService
from tests.support.waiting import wait_until


def test_only_who_may_read_deliveries_sees_why_they_fail(service: RestService) -> None:
    """Who may read or change everything else does not."""
    listener = service.add_listener(notifier_config={"url": "http://127.0.0.1:9/"})
    service.add_user("eva")
    for resource in ("/v2/", f"{OWN}listeners/", f"{OWN}sources/", f"{OWN}events/", f"{OWN}notifiers/"):
        service.grant("eva", resource, "READ", "CREATE", "UPDATE")
    service.app.worker.start()
    service.app.fire(Event("repo.sync.start", {"repo_id": "zoo"}))
    wait_until(lambda: service.app.deliveries.list()[1][0].last_error)
    ones = [f"{EVENTS}{listener.id}/", f"{OWN}listeners/{listener.id}/"]

    for path in (EVENTS, *ones, f"{OWN}listeners/", f"{OWN}sources/", f"{OWN}status/"):
        answer = service.request("GET", path, login="eva")
        assert 200 == answer.status
        assert b"refused" not in answer.body
    assert 403 == service.request("GET", f"{OWN}deliveries/", login="eva").status
    assert b"refused" in service.request("GET", f"{OWN}deliveries/").body
