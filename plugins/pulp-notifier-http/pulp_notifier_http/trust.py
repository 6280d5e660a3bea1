"""The certificate authorities to verify receivers with, loaded once."""

import os
import ssl
from pathlib import Path

from requests.utils import DEFAULT_CA_BUNDLE_PATH

from pulp_notifiers.errors import TemporaryFailure

from .bounded import BoundedTLSSocket


class TrustStores:
    """Caches TLS contexts by the path of their CA certificates; loading one costs more than a handshake.

    A file that has changed is read again. OpenSSL itself reads directories at every handshake.
    """

    def __init__(self) -> None:
        self._contexts: dict[str, tuple[object, ssl.SSLContext]] = {}

    def context(self, verify: bool | str) -> ssl.SSLContext:
        """Return the context for ``ca_path``, or for the system's authorities.

        :raises TemporaryFailure: the certificates cannot be read. It is not permanent, because an administrator can
            fix the file without changing the listener, and pending deliveries must then go out.
        """
        path = verify if isinstance(verify, str) else _bundle_of_environment()
        try:
            version = _version(path)
            known = self._contexts.get(path)
            if known is None or known[0] != version:
                known = self._contexts[path] = (version, _load(path))
        except OSError as error:
            why = "it contains no PEM certificate" if isinstance(error, ssl.SSLError) else error.strerror
            reason = f"HTTP Notification Failed: the CA certificates in {path} cannot be used: {why}; check ca_path."
            raise TemporaryFailure(reason) from None
        return known[1]


def _bundle_of_environment() -> str:
    # Like requests; OpenSSL itself respects SSL_CERT_FILE and SSL_CERT_DIR.
    return os.environ.get("REQUESTS_CA_BUNDLE") or os.environ.get("CURL_CA_BUNDLE") or ""


def _version(path: str) -> object:
    if not path:
        return None
    status = Path(path).stat()
    return status.st_mtime_ns, status.st_ino, status.st_size


def _load(path: str) -> ssl.SSLContext:
    if path and Path(path).is_dir():
        next(Path(path).iterdir(), None)  # raises if it is unreadable, which OpenSSL does not report
        context = ssl.create_default_context(capath=path)
    elif path:
        context = ssl.create_default_context(cafile=path)
    else:
        context = _system_context()
    # Python 3.13 is stricter with private authorities; the same certificates must work with every version.
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    context.sslsocket_class = BoundedTLSSocket
    return context


def _system_context() -> ssl.SSLContext:
    context = ssl.create_default_context()
    paths = ssl.get_default_verify_paths()
    if paths.cafile is None and paths.capath is None:
        # The machine, such as a container, has no system certificates.
        context.load_verify_locations(DEFAULT_CA_BUNDLE_PATH)
    return context
