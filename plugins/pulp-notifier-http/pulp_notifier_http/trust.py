"""TLS contexts: the authorities to verify receivers with, and the client certificate to present."""

import logging
import os
import ssl
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from requests.utils import DEFAULT_CA_BUNDLE_PATH

from pulp_notifiers.errors import TemporaryFailure
from pulp_notifiers.outbound import (
    UnusableFile,
    file_version,
    load_authorities,
    require_certificate,
    require_key,
)

from .bounded import BoundedTLSSocket

_logger = logging.getLogger(__name__)

_MOST_CONTEXTS = 256
_MOST_PROBLEMS = 1000


@dataclass(frozen=True, slots=True)
class TlsFiles:
    """The files that a listener names.

    :ivar ca_path: CA certificates, a file or hashed directory; None for the system's.
    :ivar cert: the client certificate, if there is one.
    :ivar key: its key; None if ``cert`` contains it.
    """

    ca_path: str | None = None
    cert: str | None = None
    key: str | None = None


class TrustStores:
    """Caches TLS contexts by their files; loading one costs more than a handshake.

    A file that has changed is read again.

    :param within: directories in which the files of listeners must be; any if there is none.
    """

    def __init__(self, within: Sequence[Path] = ()) -> None:
        self._within = within
        self._contexts: dict[TlsFiles, tuple[object, ssl.SSLContext]] = {}
        self._problems: dict[str, str] = {}

    def context(self, files: TlsFiles) -> ssl.SSLContext:
        """Return the context for a listener's files.

        :raises TemporaryFailure: they cannot be used. It is not permanent, because an administrator can fix a file
            without changing the listener, and pending deliveries must then go out. The reason is the same for a file
            that is missing and one that is unsuitable; the log says more.
        """
        bundle = "" if files.ca_path else _bundle_of_environment()
        version = bundle, *(file_version(path) for path in (files.ca_path or bundle, files.cert, files.key) if path)
        known = self._contexts.get(files)
        if known is None or known[0] != version:
            known = self._contexts[files] = (version, self._loaded(files, bundle))
            if len(self._contexts) > _MOST_CONTEXTS:
                self._contexts.pop(next(iter(self._contexts)), None)
        return known[1]

    def _loaded(self, files: TlsFiles, bundle: str) -> ssl.SSLContext:
        authorities = (
            f"the CA certificates in {files.ca_path}" if files.ca_path else "the CA certificates of the system"
        )
        with self._usable(authorities, "ca_path"):
            context = _own_authorities(files.ca_path, self._within) if files.ca_path else _authorities(bundle)
        # Python 3.13 is stricter with private authorities; the same certificates must work with every version.
        context.verify_flags &= ~ssl.VERIFY_X509_STRICT
        context.sslsocket_class = BoundedTLSSocket
        if files.cert:
            with self._usable(f"the client certificate in {files.cert}, or its key,", "cert and key"):
                require_certificate(files.cert, self._within, with_key=not files.key)
                if files.key:
                    require_key(files.key, self._within)
                _load_certificate(context, files.cert, files.key)
        return context

    @contextmanager
    def _usable(self, what: str, options: str) -> Iterator[None]:
        try:
            yield
        except UnusableFile as unusable:
            # Once for each problem, and not for each attempt.
            if self._problems.get(what) != str(unusable):
                if len(self._problems) >= _MOST_PROBLEMS:
                    self._problems.clear()
                self._problems[what] = str(unusable)
                _logger.warning("A certificate file of http listeners cannot be used: %s", unusable)
            raise TemporaryFailure(
                f"HTTP Notification Failed: {what} cannot be used; check {options}. The service's log says why."
            ) from None
        self._problems.pop(what, None)


def _bundle_of_environment() -> str:
    # Like requests; OpenSSL itself respects SSL_CERT_FILE and SSL_CERT_DIR.
    return os.environ.get("REQUESTS_CA_BUNDLE") or os.environ.get("CURL_CA_BUNDLE") or ""


def _own_authorities(path: str, within: Sequence[Path]) -> ssl.SSLContext:
    contexts: list[ssl.SSLContext] = []

    def load(file: str) -> None:
        with suppress(ssl.SSLError):  # one of several in a directory may have another content
            if contexts:
                contexts[0].load_verify_locations(cafile=file)
            else:
                contexts.append(ssl.create_default_context(cafile=file))

    load_authorities(path, load, within)
    if not contexts:
        raise UnusableFile(path, "it contains no PEM certificate")
    return contexts[0]


def _authorities(path: str) -> ssl.SSLContext:
    try:
        if not path:
            return _system_context()
        if Path(path).is_dir():
            return ssl.create_default_context(capath=path)
        return ssl.create_default_context(cafile=path)
    except OSError as error:
        why = "it contains no PEM certificate" if isinstance(error, ssl.SSLError) else error.strerror
        raise UnusableFile(path, why or str(error)) from None


def _load_certificate(context: ssl.SSLContext, cert: str, key: str | None) -> None:
    try:
        # Without a function OpenSSL would ask for a passphrase at the terminal, and wait.
        context.load_cert_chain(cert, key, password=lambda: "")
    except (OSError, ValueError) as error:
        why = "it does not match its key" if getattr(error, "reason", None) == "KEY_VALUES_MISMATCH" else str(error)
        raise UnusableFile(cert, why) from None


def _system_context() -> ssl.SSLContext:
    context = ssl.create_default_context()
    paths = ssl.get_default_verify_paths()
    if paths.cafile is None and paths.capath is None:
        # The machine, such as a container, has no system certificates.
        context.load_verify_locations(DEFAULT_CA_BUNDLE_PATH)
    return context
