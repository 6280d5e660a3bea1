"""Runs the vectors of Pulp 2's REST API against a running service.

Each file explains its placeholders under ``matching``.
"""

import hashlib
import json
import re
from base64 import b64decode
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.support.rest import Answer, RestService

VECTORS = Path(__file__).parent.parent / "legacy" / "vectors"
REMOTE_USER_HEADER = "X-Remote-User"
CLIENT_SUBJECT_HEADER = "X-Client-Subject"

_ID = re.compile(r"[0-9a-f]{24}")
_REFERENCE = re.compile(r"@ref:(\w+)")


def vectors(name: str) -> list[dict[str, Any]]:
    """Return the vectors of one file."""
    found: list[dict[str, Any]] = json.loads((VECTORS / f"{name}.json").read_text(encoding="utf-8"))["vectors"]
    return found


class Run:
    """One run of a vector, with the values that its placeholders stand for."""

    def __init__(self, service: RestService, vector: Mapping[str, Any]) -> None:
        self._service = service
        self._vector = vector
        self._bound: dict[str, str] = {}
        self._tag = ""

    def run(self) -> None:
        """Create what is given, then send each request and compare its answer."""
        self._prepare()
        for step in self._vector.get("steps", [self._vector]):
            answer = self._send(step["request"])
            self._compare(step.get("successor", step)["expect"], answer)

    def _prepare(self) -> None:
        given = self._vector.get("given", {})
        expected = self._vector.get("expect", {}).get("json_equal")
        # A recorded list does not say which listeners exist: they are the ones that it shows.
        for document in given.get("listeners", expected if isinstance(expected, list) else []):
            self._service.add_listener(document["id"], **{key: document[key] for key in document if key != "id"})
        for login, password in given.get("users", {}).items():
            if login != "admin":
                self._service.add_user(login, password)
        for resource, granted in given.get("permissions", {}).items():
            for login, operations in granted.items():
                self._service.grant(login, resource, *operations)

    def _send(self, request: Mapping[str, Any]) -> Answer:
        headers = {
            key: value.replace("<etag of step 1>", self._tag) for key, value in request.get("headers", {}).items()
        }
        if "remote_user" in request:
            headers[REMOTE_USER_HEADER] = request["remote_user"]
        if "client_cert" in request:
            headers[CLIENT_SUBJECT_HEADER] = "CN=" + request["client_cert"].removeprefix("consumer ")
        return self._service.request(
            request["method"], request["path"], _body(request), headers, login=request.get("auth")
        )

    def _compare(self, expected: Mapping[str, Any], answer: Answer) -> None:
        unknown = expected.keys() - _CHECKED
        assert not unknown, f"the runner does not check {unknown}"
        assert expected["status"] == answer.status
        assert expected.get("reason", answer.reason) == answer.reason
        self._tag = answer.headers.get("etag", "")
        if self._vector.get("recorded"):
            expected = self._with_own_id(expected, answer)
        self._compare_body(expected, answer)
        for name, value in expected.get("headers", {}).items():
            expected_value = value.replace(
                "<md5 hex of body>", hashlib.md5(answer.body, usedforsecurity=False).hexdigest()
            )
            assert self._resolved(expected_value) == answer.headers.get(name.lower()), name
        assert not {name.lower() for name in expected.get("headers_absent", [])} & answer.headers.keys()

    def _compare_body(self, expected: Mapping[str, Any], answer: Answer) -> None:
        if "body_exact" in expected and self._vector.get("recorded"):
            # The order of keys was random in Python 2; the number of bytes must agree.
            assert json.loads(expected["body_exact"]) == answer.json()
            assert len(expected["body_exact"]) == len(answer.body)
        elif "body_exact" in expected:
            assert expected["body_exact"].encode() == answer.body
        if "json_equal" in expected:
            self._match(expected["json_equal"], answer.json())
        if "json_length" in expected:
            assert expected["json_length"] == len(answer.json())
        if "key_count" in expected:
            assert expected["key_count"] == len(answer.json())

    def _with_own_id(self, expected: Mapping[str, Any], answer: Answer) -> Mapping[str, Any]:
        if expected["status"] != 201:
            return expected
        recorded = json.loads(expected["body_exact"])["id"]
        replaced: dict[str, Any] = json.loads(json.dumps(expected).replace(recorded, answer.json()["id"]))
        return replaced

    def _match(self, expected: Any, found: Any) -> None:
        if isinstance(expected, dict):
            assert expected.keys() == found.keys()
            # Bindings first, because other values may refer to them.
            for key in sorted(expected, key=lambda key: not str(expected[key]).startswith("@bind:")):
                self._match(expected[key], found[key])
        elif isinstance(expected, list):
            assert len(expected) == len(found)
            for one, other in zip(expected, found, strict=True):
                self._match(one, other)
        elif isinstance(expected, str) and expected.startswith("@bind:"):
            assert _ID.fullmatch(found)
            self._bound[expected.removeprefix("@bind:")] = found
        else:
            assert (self._resolved(expected) if isinstance(expected, str) else expected) == found

    def _resolved(self, text: str) -> str:
        return _REFERENCE.sub(lambda found: self._bound[found.group(1)], text)


_CHECKED = {
    "status",
    "reason",
    "headers",
    "headers_absent",
    "body_exact",
    "json_equal",
    "json_length",
    "key_count",
}


def _body(request: Mapping[str, Any]) -> bytes | None:
    if "json" in request:
        return json.dumps(request["json"]).encode()
    if "body_raw" in request:
        return str(request["body_raw"]).encode()
    return b64decode(request["body_base64"]) if "body_base64" in request else None
