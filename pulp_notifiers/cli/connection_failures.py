"""Messages and exit codes of commands that cannot connect to the server (CONTRACT 5).

Apart from the other failures, because http.client and ssl take a fifth of the time of ``--help``.
"""

import http.client
import os
import socket
import ssl

from .failures import RequestFailed

_NAME_MISMATCHES = (62, 64)
"""X509_V_ERR_HOSTNAME_MISMATCH and X509_V_ERR_IP_ADDRESS_MISMATCH of OpenSSL's x509_vfy.h."""


def unreachable(error: OSError | UnicodeError | http.client.HTTPException, host: str, url: str) -> RequestFailed:
    """Return the failure for an error of the connection to the server."""
    check = "Check --url, or [client] url in the settings."
    if isinstance(error, socket.gaierror | UnicodeError):
        return RequestFailed(f"Unable to find host [{host}]. {check}", os.EX_CONFIG)
    if isinstance(error, ConnectionRefusedError):
        return RequestFailed(
            f"The connection was refused when attempting to contact the server [{host}]. Nothing listens at {url}. "
            f"{check}",
            os.EX_CONFIG,
        )
    if isinstance(error, ssl.SSLCertVerificationError):
        return _bad_certificate(error, host)
    return RequestFailed(
        f"An error occurred attempting to contact the server at {url}: {str(error) or type(error).__name__}",
        os.EX_IOERR,
    )


def unreadable_ca_path(ca_path: str, reason: str) -> RequestFailed:
    """Return the failure for certificates of ``--ca-path`` that cannot be used."""
    return RequestFailed(
        f"The CA certificates at {ca_path} cannot be used: {reason}. Name a readable PEM file, or a directory prepared "
        "with openssl rehash, with --ca-path or [client] ca_path.",
        os.EX_IOERR,
    )


def _bad_certificate(error: ssl.SSLCertVerificationError, host: str) -> RequestFailed:
    if error.verify_code in _NAME_MISMATCHES:
        return RequestFailed(
            f"The server's certificate is not for the host [{host}]: {error.verify_message} Use the name that the "
            "certificate holds in --url, or in [client] url of the settings.",
            os.EX_DATAERR,
        )
    return RequestFailed(
        f"The server's SSL certificate is untrusted: {error.verify_message}. Name the certificate of the authority "
        "that signed it with --ca-path, or with [client] ca_path in the settings.",
        os.EX_SOFTWARE,
    )
