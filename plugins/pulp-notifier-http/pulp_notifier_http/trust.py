"""The certificate authorities that receivers are verified with, loaded once."""

import os
import ssl
from pathlib import Path

from requests.utils import DEFAULT_CA_BUNDLE_PATH

from pulp_notifiers.errors import TemporaryFailure

from .bounded import BoundedTLSSocket


class TrustStores:
    """TLS contexts by the path of their CA certificates; loading one costs more than a handshake.

    A file that has changed is read again. OpenSSL looks into directories at every handshake by itself.
    """

    def __init__(self) -> None:
        self._contexts: dict[str, tuple[object, ssl.SSLContext]] = {}

    def context(self, verify: bool | str) -> ssl.SSLContext:
        """Return the context for ``ca_path``, or for the system's authorities.

        :raises TemporaryFailure: the certificates cannot be read. Not a permanent one: an administrator mends the
            file without touching the listener, and what waited for it must then go out.
        """
        path = verify if isinstance(verify, str) else _bundle_of_environment()
        try:
            version = _version(path)
            known = self._contexts.get(path)
            if known is None or known[0] != version:
                known = self._contexts[path] = (version, _load(path))
        except OSError as error:
            why = "it holds no PEM certificate" if isinstance(error, ssl.SSLError) else error.strerror
            reason = f"HTTP Notification Failed: the CA certificates in {path} cannot be used: {why}."
            raise TemporaryFailure(reason) from None
        return known[1]


def _bundle_of_environment() -> str:
    # As requests does it; OpenSSL itself honours SSL_CERT_FILE and SSL_CERT_DIR.
    return os.environ.get("REQUESTS_CA_BUNDLE") or os.environ.get("CURL_CA_BUNDLE") or ""


def _version(path: str) -> object:
    if not path:
        return None
    status = Path(path).stat()
    return status.st_mtime_ns, status.st_ino, status.st_size


def _load(path: str) -> ssl.SSLContext:
    if path and Path(path).is_dir():
        next(Path(path).iterdir(), None)  # OpenSSL does not say when it may not read one
        context = ssl.create_default_context(capath=path)
    elif path:
        context = ssl.create_default_context(cafile=path)
    else:
        context = _system_context()
    # Python 3.13 asks of private authorities what earlier ones did not; the same certificates must do on each.
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    context.sslsocket_class = BoundedTLSSocket
    return context


def _system_context() -> ssl.SSLContext:
    context = ssl.create_default_context()
    paths = ssl.get_default_verify_paths()
    if paths.cafile is None and paths.capath is None:
        # A container without the system's certificates.
        context.load_verify_locations(DEFAULT_CA_BUNDLE_PATH)
    return context
