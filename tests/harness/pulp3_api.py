"""A client of Pulp 3's REST API with the requests that tests need."""

import base64
import json
import time
import urllib.error
import urllib.request
from collections.abc import Collection, Mapping
from http.cookiejar import CookieJar
from typing import Any
from urllib.parse import urlencode
from uuid import uuid4

FINAL = frozenset({"completed", "failed", "canceled", "skipped"})
_LOOK_SECONDS = 0.1
_REPOSITORIES, _REMOTES = "repositories/file/file/", "remotes/file/file/"
_PUBLICATIONS, _DISTRIBUTIONS = "publications/file/file/", "distributions/file/file/"
Document = dict[str, Any]


class ApiRefused(Exception):
    """The server refuses a request.

    :ivar status: the HTTP status.
    """

    def __init__(self, method: str, path: str, status: int, body: str) -> None:
        super().__init__(f"{method} {path}: HTTP {status}: {body[:500]}")
        self.status = status


class Pulp3Api:
    """One user's session with a server; for one thread at a time.

    :param url: the URL of the server, without a trailing slash.
    :param domain: the domain of the repositories and tasks, if the server has domains.
    """

    def __init__(self, url: str, user: str, password: str, domain: str | None = None) -> None:
        self.url = url
        self.root = f"/pulp/{domain}/api/v3/" if domain else "/pulp/api/v3/"
        self._basic = "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode("ascii")
        self._cookies = CookieJar()
        cookies = urllib.request.HTTPCookieProcessor(self._cookies)
        self._opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), cookies)

    def log_in(self) -> None:
        """Start a session, because checking a password costs the server 0.2 s of processor time per request.

        :raises ApiRefused: the server does not know the user.
        """
        self._send("POST", self.root + "login/", b"{}", {"Authorization": self._basic})

    def request(self, method: str, path: str, body: Any = None) -> Any:
        """Send a request and return the document that answers it.

        :param path: relative to the API's root, or an href.
        :raises ApiRefused: the answer is an error.
        :raises OSError: there was no answer.
        """
        return self._send(method, path, None if body is None else json.dumps(body).encode(), {})

    def task(self, reply: Any) -> str:
        """Return the href of the task that a reply names."""
        return str(reply["task"] if isinstance(reply, Mapping) else reply)

    def wait(self, task: Any, states: Collection[str] = FINAL, deadline_seconds: float = 120.0) -> Document:
        """Return a task's document as soon as it is in one of the states, or has ended.

        :param task: an href, or a reply that names one.
        :raises TimeoutError: it is not in one of the states in time.
        """
        deadline = time.monotonic() + deadline_seconds
        while True:
            found: Document = self.request("GET", self.task(task))
            if found["state"] in {*states, *FINAL}:
                return found
            if time.monotonic() > deadline:
                raise TimeoutError(f"{found['name']} is {found['state']} after {deadline_seconds:g} s")
            time.sleep(_LOOK_SECONDS)

    def create_repository(self, name: str, remote_url: str | None = None, **options: Any) -> Document:
        """Create a file repository, and a remote with the same name if a URL is given.

        :param options: options of the repository; ``policy`` is the remote's.
        """
        policy = options.pop("policy", "immediate")
        if remote_url:
            # No retries, because they make a refused connection take a minute.
            facts = {"name": name, "url": remote_url, "policy": policy, "max_retries": 0}
            options["remote"] = self.request("POST", _REMOTES, facts)["pulp_href"]
        created: Document = self.request("POST", _REPOSITORIES, {"name": name, **options})
        return created

    def sync(self, repository: Document, **options: Any) -> str:
        """Start a sync and return its task."""
        return self.task(self.request("POST", repository["pulp_href"] + "sync/", options))

    def publish(self, repository: Document) -> str:
        """Start to publish the newest version and return the task."""
        return self.task(self.request("POST", _PUBLICATIONS, {"repository": repository["pulp_href"]}))

    def distribute(self, name: str, repository: Document) -> str:
        """Start to serve a repository's newest publication and return the task."""
        facts = {"name": name, "base_path": name, "repository": repository["pulp_href"]}
        return self.task(self.request("POST", _DISTRIBUTIONS, facts))

    def modify(self, repository: Document, add: Collection[str] = (), remove: Collection[str] = ()) -> str:
        """Start to change the content units of a repository and return the task."""
        units = {"add_content_units": [*add], "remove_content_units": [*remove]}
        return self.task(self.request("POST", repository["pulp_href"] + "modify/", units))

    def upload(self, relative_path: str, content: bytes, repository: Document | None = None) -> str:
        """Start to upload a file, into a repository if one is given, and return the task."""
        fields = {"relative_path": relative_path, **({"repository": repository["pulp_href"]} if repository else {})}
        boundary = uuid4().hex
        parts = [f'form-data; name="{name}"\r\n\r\n{value}'.encode() for name, value in fields.items()]
        parts.append(b'form-data; name="file"; filename="file"\r\n\r\n' + content)
        opened = f"--{boundary}\r\nContent-Disposition: ".encode()
        body = b"".join(opened + part + b"\r\n" for part in parts) + f"--{boundary}--\r\n".encode()
        kind = {"Content-Type": f"multipart/form-data; boundary={boundary}"}
        return self.task(self._send("POST", "content/file/files/", body, kind))

    def cancel(self, task: Any) -> None:
        """Cancel a task, unless it has ended."""
        try:
            self.request("PATCH", self.task(task), {"state": "canceled"})
        except ApiRefused as refused:
            if refused.status != 409:
                raise

    def create_user(self, name: str, password: str, roles: Collection[str] = ()) -> None:
        """Create a user with global roles, such as ``core.task_viewer``."""
        user = self.request("POST", "users/", {"username": name, "password": password})
        for role in roles:
            facts = {"role": role, "content_object": None, "domain": None}
            self.request("POST", f"{user['pulp_href']}roles/", facts)

    def unfinished(self) -> int:
        """Return how many tasks have not ended."""
        query = urlencode({"state__in": "waiting,running,canceling", "limit": 1, "fields": "prn"})
        return int(self.request("GET", f"tasks/?{query}")["count"])

    def _send(self, method: str, path: str, body: bytes | None, headers: Mapping[str, str]) -> Any:
        if not path.startswith("http"):
            path = self.url + (path if path.startswith("/") else self.root + path)
        token = next((cookie.value for cookie in self._cookies if cookie.name == "csrftoken"), None)
        known = {"X-CSRFToken": token} if token else {}
        if not any(cookie.name == "sessionid" for cookie in self._cookies):
            known["Authorization"] = self._basic
        given = {"Accept": "application/json", "Content-Type": "application/json", **known, **headers}
        request = urllib.request.Request(path, body, given, method=method)
        try:
            with self._opener.open(request, timeout=60) as answer:
                text = answer.read()
        except urllib.error.HTTPError as refused:
            with refused:
                raise ApiRefused(method, path, refused.code, refused.read().decode(errors="replace")) from None
        return json.loads(text) if text else None
