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


_NO_TLS = frozenset({"HTTP_REQUEST", "PACKET_LENGTH_TOO_LONG", "RECORD_LAYER_FAILURE", "WRONG_VERSION_NUMBER"})
"""Reasons of OpenSSL for an answer that is not TLS."""

_TLS_SECONDS = 5.0


def unreachable(
    error: OSError | UnicodeError | http.client.HTTPException, host: str, url: str, expects_tls: bool = False
) -> RequestFailed:
    """Return the failure for an error of the connection to the server.

    :param expects_tls: the server speaks TLS, and the URL begins with ``http://``.
    """
    check = "Check --url, or [client] url in the settings."
    if expects_tls:
        return RequestFailed(
            f"An error occurred attempting to contact the server at {url}: it speaks HTTPS. Write https:// instead of "
            "http:// in --url, or in [client] url of the settings.",
            os.EX_IOERR,
        )
    if isinstance(error, ssl.SSLError) and error.reason in _NO_TLS:
        return RequestFailed(
            f"An error occurred attempting to contact the server at {url}: it does not speak TLS on this port. If it "
            "serves plain HTTP, write http:// instead of https:// in --url, or in [client] url of the settings.",
            os.EX_IOERR,
        )
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
        f"An error occurred attempting to contact the server at {url}: {str(error).strip() or type(error).__name__}",
        os.EX_IOERR,
    )


def speaks_tls(host: str, port: int, seconds: float = _TLS_SECONDS) -> bool:
    """Return whether a server answers the greeting of TLS, whatever its certificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    try:
        with (
            socket.create_connection((host, port), seconds) as connection,
            context.wrap_socket(connection, server_hostname=host),
        ):
            return True
    except ssl.SSLError as error:
        # An alert, such as one that requires a certificate, is an answer in TLS.
        return "ALERT" in (error.reason or "")
    except (OSError, ValueError):
        return False


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
