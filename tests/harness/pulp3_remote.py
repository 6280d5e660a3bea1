"""File repositories on a loopback port from which a Pulp 3 syncs: good, slow and wrong ones."""

import hashlib
import re
import threading
from collections.abc import Mapping
from types import TracebackType
from typing import Self

from pulp_notifiers.testing.http import Answer, HttpReceiver, ReceivedRequest

MANIFEST = "PULP_MANIFEST"
_SLOW = re.compile(r"/slow-(?P<seconds>[\d.]+)(?P<rest>/.*)")


class RemoteFiles:
    """A server that runs between ``with RemoteFiles() as remote:`` and the end of the block."""

    def __init__(self) -> None:
        self._files: dict[str, bytes] = {}
        self._lock = threading.Lock()
        self._receiver = HttpReceiver(self._answer)

    def __enter__(self) -> Self:
        self._receiver.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._receiver.__exit__(kind, error, trace)

    def offer(self, name: str, files: Mapping[str, bytes], lying: bool = False) -> None:
        """Offer exactly these files as the repository with this name.

        :param lying: the manifest has wrong digests.
        """
        digests = {path: "0" * 64 if lying else hashlib.sha256(content).hexdigest() for path, content in files.items()}
        lines = [f"{path},{digests[path]},{len(content)}\n" for path, content in sorted(files.items())]
        served = {f"/{name}/{path}": content for path, content in files.items()}
        with self._lock:
            kept = {path: content for path, content in self._files.items() if not path.startswith(f"/{name}/")}
            self._files = {**kept, **served, f"/{name}/{MANIFEST}": "".join(lines).encode()}

    def url(self, name: str, slow_seconds: float = 0.0) -> str:
        """Return the URL of a repository's manifest; an unknown repository answers 404.

        :param slow_seconds: how long the manifest takes.
        """
        slow = f"slow-{slow_seconds:g}/" if slow_seconds else ""
        return f"{self._receiver.url}{slow}{name}/{MANIFEST}"

    def _answer(self, request: ReceivedRequest) -> Answer:
        path = request.path
        if slow := _SLOW.fullmatch(path):
            path = slow["rest"]
            if path.endswith(MANIFEST):
                self._receiver.closing.wait(float(slow["seconds"]))
        with self._lock:
            content = self._files.get(path)
        return Answer(404) if content is None else Answer(body=content)
