"""Every recipe of the cookbook does what the page says, with the commands that it prints."""

import json
import os
import re
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import trustme

from pulp_notifiers.event import Event
from pulp_notifiers.event_types import sample
from pulp_notifiers.testing.http import HttpReceiver, ReceivedRequest
from pulp_notifiers.testing.smtp import SmtpReceiver
from tests.support.cookbook import Recipe, recipes, run
from tests.support.pages import DOCS
from tests.support.service import Service
from tests.support.tunnel import Tunnel

sys.path.insert(0, str(DOCS / "_ext"))

from mail_pictures import as_text, pictured

OWN = "/pulp/api/v3/notifications/"
HOSTS = ("chat.example.com", "gitlab.example.com", "jenkins.example.com")
SHOWN_HEADERS = ("Host", "Authorization", "Content-Type")
FINISH = "repo.sync.finish"
EVENT_ID = "5a5f3c1e-2f0b-4a57-9c1e-6b7d4e8f9a0b"
"""The event that the page explains."""

_EVENT_ID = re.compile(r"(?<=\nEvent id: ) *\S+")
_TIME = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\dZ")


@dataclass(frozen=True)
class Kitchen:
    """A service that can reach a mailbox, a web server that is every host of the page, and a shell beside it.

    :ivar before: how many mails and requests had arrived before this recipe.
    """

    service: Service
    mail: SmtpReceiver
    web: HttpReceiver
    folder: Path
    before: tuple[int, int] = (0, 0)

    def follow(self, title: str, typed: str = "", script: int = 0) -> Recipe:
        """Run a script of a recipe and return the recipe."""
        recipe = recipes()[title]
        run(recipe.scripts[script], self.folder, self.environ, typed)
        return recipe

    @property
    def environ(self) -> Mapping[str, str]:
        """The environment of the shell, in which the command line is found and has this service."""
        programs = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        return {**self.service.environ, "PATH": programs, "COLUMNS": "120"}

    def fire(self, event: Event, event_id: str = "", **changed: Any) -> None:
        """Fire a recorded event over REST.

        :param changed: keys of the payload with other values.
        """
        payload = {**event.payload, **changed}
        body = {"event_type": event.type, "payload": payload, "call_report": event.call_report}
        headers = {"Pulp-Event-Id": event_id or str(uuid4())}
        self.service.call("POST", f"{OWN}events/", 202, json=body, headers=headers)

    def mails(self) -> list[tuple[str, str]]:
        """Return address and text of the mails about this recipe, without the ids of events, which differ."""
        self.service.wait_until_idle()
        arrived = self.mail.mails[self.before[0] :]
        return [(mail.message["To"], stable(as_text(mail.message))) for mail in arrived]

    def requests(self) -> list[str]:
        """Return the requests about this recipe as the page shows them."""
        self.service.wait_until_idle()
        return [as_shown(request) for request in self.web.requests[self.before[1] :]]

    def clear(self) -> None:
        """Delete what the recipe has made."""
        for kind in ("listeners", "templates"):
            for found in self.service.call("GET", f"{OWN}{kind}/")["results"]:
                if found.get("origin", "stored") == "stored":
                    self.service.session.delete(f"{self.service.url}{found['pulp_href']}", timeout=30)


def stable(text: str) -> str:
    """Return a mail without the id of its event, with the line ends of a file."""
    return _EVENT_ID.sub("", text.replace("\r\n", "\n"))


def as_shown(request: ReceivedRequest) -> str:
    """Return a request with its headers that matter."""
    headers = [f"{name}: {request.headers[name]}" for name in SHOWN_HEADERS if name in request.headers]
    body = json.dumps(request.json(), indent=2, ensure_ascii=False)
    return "\n".join([f"{request.method} {request.path} HTTP/1.1", *headers, "", body, ""])


def example(name: str) -> str:
    """Return what a page shows."""
    return (DOCS / name).read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kitchen]:
    """Yield one service for all recipes."""
    folder = tmp_path_factory.mktemp("cookbook")
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(folder / "ca.pem"))
    authority.issue_cert(*HOSTS).private_key_and_cert_chain_pem.write_to_path(str(folder / "web.pem"))
    with ExitStack() as stack:
        mail = stack.enter_context(SmtpReceiver())
        web = stack.enter_context(HttpReceiver(certificate=folder / "web.pem"))
        proxy = stack.enter_context(Tunnel(web.port)).url
        environ = stack.enter_context(pytest.MonkeyPatch.context())
        for name, value in (("https_proxy", proxy), ("REQUESTS_CA_BUNDLE", str(folder / "ca.pem"))):
            environ.setenv(name, value)
        settings = {"EMAIL_ENABLED": "true", "EMAIL_HOST": mail.host, "EMAIL_PORT": str(mail.port)}
        service = stack.enter_context(Service(folder, EMAIL_FROM="pulp@pulp.example.com", **settings))
        yield Kitchen(service, mail, web, folder)


@pytest.fixture
def kitchen(shared: Kitchen, tmp_path: Path) -> Iterator[Kitchen]:
    """Yield the service without what other recipes have made, and an empty folder."""
    yield replace(shared, folder=tmp_path, before=(len(shared.mail.mails), len(shared.web.requests)))
    shared.clear()


def test_every_recipe_has_a_test() -> None:
    """The titles of the page are those in the tests below."""
    here = Path(__file__).read_text(encoding="utf-8")

    assert [] == [title for title in recipes() if f'"{title}"' not in here]
    assert len(recipes()) > 5


def test_a_failed_sync_of_a_production_repository_is_mailed_and_nothing_else_is(kitchen: Kitchen) -> None:
    """Neither those that succeed or are canceled, nor other repositories, nor other failed tasks."""
    kitchen.follow("Mail me when a sync of a production repository fails")
    _, failed = pictured()["failed-sync"]

    kitchen.fire(failed, repo_id="lab-y")
    kitchen.fire(failed, repo_id="my-prod-x")
    kitchen.fire(sample(FINISH, "pulp3-rpm").event, repo_id="prod-x")
    kitchen.fire(sample(FINISH, "pulp3-canceled").event, repo_id="prod-x")
    kitchen.fire(sample("task.error", "pulp3-failed-404").event)
    kitchen.fire(failed)

    assert [("ops@example.com", stable(example("mails/failed-sync.txt")))] == kitchen.mails()


def test_a_sync_that_changed_something_is_mailed_with_the_names(kitchen: Kitchen) -> None:
    """To each address; one that found nothing new, or failed, is not."""
    kitchen.follow("Mail me what is new")
    _, changed = pictured()["finished-sync"]

    kitchen.fire(sample(FINISH, "pulp3-rpm-nothing-new").event)
    kitchen.fire(sample(FINISH, "pulp3-rpm-failed-credentials").event)
    kitchen.fire(changed, repo_id="lab-x")
    kitchen.fire(changed)

    text = stable(example("mails/finished-sync.txt"))
    assert [("dev@example.com", text), ("qa@example.com", text)] == sorted(kitchen.mails())


def test_failed_tasks_of_one_server_are_mailed(kitchen: Kitchen) -> None:
    """Those of another server are not."""
    kitchen.follow("Mail me about one server of many")
    _, failed = pictured()["failed-task"]

    kitchen.fire(failed, server="lab.example.com")
    kitchen.fire(sample("task.finished", "pulp3-file-publish").event)
    kitchen.fire(failed)

    assert [("ops@example.com", stable(example("mails/failed-task.txt")))] == kitchen.mails()


def test_a_chat_gets_a_line(kitchen: Kitchen) -> None:
    """One for each failure and each change; a name cannot call the whole channel."""
    recipe = kitchen.follow("Post it in our chat")
    failed, changed = (pictured()[name][1] for name in ("failed-sync", "finished-sync"))

    kitchen.fire(sample(FINISH, "pulp3-rpm-nothing-new").event)
    kitchen.fire(failed)
    kitchen.service.wait_until_idle()
    kitchen.fire(changed)

    assert example(recipe.shown[0]) == "\n".join(kitchen.requests())
    kitchen.fire(changed, repo_id="<!channel>")
    *_, hostile = kitchen.requests()
    assert "<" not in hostile
    assert "&lt;!channel>" in hostile


@pytest.mark.parametrize("server", ["gitlab", "jenkins"])
def test_a_build_is_started_if_a_repository_has_changed(kitchen: Kitchen, server: str) -> None:
    """With its name and version, and the token, which is not shown again."""
    number = ["gitlab", "jenkins"].index(server)
    recipe = kitchen.follow("Start a build when a repository has changed", "glpat-example\n", number)

    kitchen.fire(sample(FINISH, "pulp3-rpm-nothing-new").event, repo_id="base-rhel-9")
    kitchen.fire(sample(FINISH, "pulp3-rpm-failed-credentials").event, repo_id="base-rhel-9")
    kitchen.fire(sample(FINISH, "pulp3-rpm").event, repo_id="other")
    kitchen.fire(sample(FINISH, "pulp3-rpm").event, repo_id="base-rhel-9", repo_version=17)

    [request] = kitchen.requests()
    if server == "jenkins":
        head, _, body = request.partition("\n\n")
        assert (FINISH, "base-rhel-9") == (json.loads(body)["event_type"], json.loads(body)["payload"]["repo_id"])
        request = f"{head}\n"
    assert example(recipe.shown[number]) == request
    assert "glpat-example" not in run(f"pulp-notifiers listener show {server}", kitchen.folder, kitchen.environ)


def test_new_errata_are_mailed_by_name(kitchen: Kitchen) -> None:
    """Syncs without a security advisory, without names, or of other repositories are not."""
    recipe = kitchen.follow("New errata in rhel-9")
    event = sample(FINISH, "pulp3-rpm-mirror").event

    def names(*advisories: str) -> dict[str, Any]:
        added = {
            "rpm.package": ["sudo-1.9.5p2-10.el9_3.x86_64"],
            **({"rpm.advisory": advisories} if advisories else {}),
        }
        return {"added": added, "removed": {}, "truncated": False}

    kitchen.fire(event, repo_id="rhel-9-baseos")
    kitchen.fire(event, repo_id="rhel-9-baseos", content=names())
    kitchen.fire(event, repo_id="rhel-9-baseos", content=names("RHBA-2026:7001"))
    kitchen.fire(event, repo_id="rhel-8-baseos", content=names("RHSA-2026:7002"))
    kitchen.fire(event, repo_id="rhel-9-baseos", content=names("RHSA-2026:7002", "RHBA-2026:7001", "RHSA-2026:7003"))

    assert [("security@example.com", stable(example(recipe.shown[0])))] == kitchen.mails()


def test_the_end_of_one_task_is_mailed_once(kitchen: Kitchen) -> None:
    """Other tasks are not, and the listener is gone afterwards."""
    recipe = kitchen.follow("Tell me when the task that I just started has ended")

    kitchen.fire(sample("task.error", "pulp3-publish-failed").event)
    kitchen.fire(sample("task.finished", "pulp3-file").event)

    assert [("eva@example.com", stable(example(recipe.shown[0])))] == kitchen.mails()
    assert 0 == kitchen.service.call("GET", f"{OWN}listeners/")["count"]


def test_every_mail_gets_another_subject(kitchen: Kitchen) -> None:
    """Until the template is deleted."""
    kitchen.follow("Mail me when a sync of a production repository fails")
    recipe = kitchen.follow("Another subject for all mails")
    _, failed = pictured()["failed-sync"]
    kitchen.fire(failed)
    [(_, mail)] = kitchen.mails()
    assert example(recipe.shown[0]) == mail.partition("\n")[0] + "\n"

    run("pulp-notifiers template delete email", kitchen.folder, kitchen.environ)
    kitchen.fire(failed)
    assert ("ops@example.com", stable(example("mails/failed-sync.txt"))) == kitchen.mails()[-1]


def test_explain_says_why_no_mail_came(kitchen: Kitchen) -> None:
    """The output is the one of the page, except for the time of the event."""
    kitchen.follow("Mail me when a sync of a production repository fails")
    kitchen.fire(pictured()["failed-sync"][1], EVENT_ID, repo_id="lab-x")

    for command, printed in recipes()["Why did I get no mail?"].dialogues.items():
        found = run(command, kitchen.folder, kitchen.environ)
        assert _TIME.sub("", printed).split() == _TIME.sub("", found).split()
    assert [] == kitchen.mails()
