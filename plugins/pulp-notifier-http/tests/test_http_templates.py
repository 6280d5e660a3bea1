"""Requests from templates."""

from dataclasses import replace
from typing import Any

import pytest
from pulp_notifier_http import HttpNotifier, HttpRequest, render

from pulp_notifiers.event import Event
from pulp_notifiers.notifier import SendContext
from pulp_notifiers.testing.http import HttpReceiver
from pulp_notifiers.testing.plugins import LoadedNotifier

OWN_NAMES = ("Authorization", "HOST", "content-length", "Pulp-X", "Accept")
EVENT = Event("repo.sync.finish", {"repo_id": "zoo"})
LOADED = LoadedNotifier("http", HttpNotifier)


def request(rendered: Any = None, problem: str | None = None, **options: Any) -> HttpRequest:
    """Return the request for rendered parts."""
    config = LOADED.parse({"url": "http://receiver.example/", **options})
    return render(EVENT, config, 1, context=SendContext(rendered=rendered, problem=problem))


def test_without_a_template_nothing_changes() -> None:
    """So it is with a context that has nothing rendered."""
    config = LOADED.parse({"url": "http://receiver.example/"})

    assert render(EVENT, config, 1) == request()
    assert "Pulp-Template-Problem" not in request().headers


def test_a_body_has_the_content_type_of_its_form_unless_the_template_sets_it() -> None:
    """Text is UTF-8, JSON is ASCII; without a body, Pulp 2's is sent."""
    text, json = request({"body": "é"}), request({"json": {"é": [1, None]}})

    assert ("é".encode(), "text/plain; charset=utf-8") == (text.body, text.headers["Content-Type"])
    assert (b'{"\\u00e9": [1, null]}', "application/json") == (json.body, json.headers["Content-Type"])
    own = request({"body": "x", "headers": {"content-type": "text/markdown"}})
    assert ["text/markdown"] == [value for name, value in own.headers.items() if name.lower() == "content-type"]
    assert replace(request(), added=(("X-A", "1"),)) == request({"headers": {"X-A": "1", "X-Empty": ""}})


def test_the_listeners_own_headers_come_before_those_of_the_template() -> None:
    """They may be credentials; upper and lower case do not differ."""
    headers = request({"headers": {"x-api-key": "2", "X-B": "3"}}, headers={"X-Api-Key": "1"}).headers

    assert ("1", "3") == (headers["X-Api-Key"], headers["X-B"])
    assert "x-api-key" not in headers


def test_why_a_template_failed_is_in_a_header() -> None:
    """In ASCII, whatever it quotes."""
    headers = request(problem="Template chat: X-Müll: no.").headers

    assert "Template chat: X-M?ll: no." == headers["Pulp-Template-Problem"]


@pytest.mark.parametrize(
    ("parts", "part"),
    [
        ({"body": "x", "json": {}}, "json"),
        *(
            ({"headers": {name: "x"}}, f"headers.{name}")
            for name in ("Authorization", "HOST", "content-length", "Pulp-X")
        ),
        ({"headers": {"a:b": "x"}}, "headers.a:b"),
        ({"headers": {"X-A": "1", "x-a": "2"}}, "headers"),
        ({"headers": {f"X-{number}": "1" for number in range(33)}}, "headers"),
        ({"query": {f"q{number}": "1" for number in range(51)}}, "query"),
    ],
)
def test_parts_that_cannot_be_sent_are_refused(parts: dict[str, Any], part: str) -> None:
    """Content-Type may be set."""
    assert [part] == [*LOADED.template_problems(parts)]
    assert not LOADED.template_problems({"body": "", "headers": {"Content-Type": "x", "X-A": "y"}, "query": {"a": "b"}})


def test_a_header_that_is_not_ascii_is_a_problem_of_the_rendered_template() -> None:
    """The text does not repeat the value."""
    problem = LOADED.rendered_problem({"headers": {"X-A": "ok", "X-B": "geheim é"}})

    assert problem is not None
    assert "X-B" in problem
    assert "geheim" not in problem
    assert LOADED.rendered_problem({"headers": {"X-A": "ok"}, "body": "é"}) is None


@pytest.mark.parametrize(("path", "query"), [("hook", "?"), ("hook?token=a%2fb", "?token=a%2fb&"), ("hook?", "?")])
def test_the_receiver_gets_what_the_template_makes(path: str, query: str) -> None:
    """The URL stays as it is; parameters are added encoded, and two events share the connection."""
    notifier = HttpNotifier()
    with HttpReceiver() as receiver:
        config = LOADED.parse({"url": receiver.url + path})
        for repository in ("zoo", "a&b=c/é%s"):
            rendered = {"body": repository, "headers": {"X-Kind": "100%"}, "query": {"repo": repository, "none": ""}}
            notifier.send(EVENT, config, "", attempt=1, context=SendContext(rendered=rendered))
        first, second = receiver.wait_for(2)
        connections = receiver.connections
    notifier.close()

    assert f"/hook{query}repo=zoo" == first.path
    assert f"/hook{query}repo=a%26b%3Dc%2F%C3%A9%25s" == second.path
    assert ("a&b=c/é%s".encode(), "100%") == (second.body, second.headers["X-Kind"])
    assert 1 == connections
