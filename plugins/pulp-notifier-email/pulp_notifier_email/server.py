"""How to reach the mail server: connect, encrypt, log in."""

import smtplib
import ssl
from base64 import b64encode

from pulp_notifiers.errors import TemporaryFailure

from .connection import Connection, Deadline, answer
from .options import EmailSettings

_QUIT_SECONDS = 2.0


class MailServer:
    """The mail server of the settings.

    Every failure before a mail starts is temporary, including a refused login and an untrusted certificate: the mail is
    not at fault, and it can go once an administrator has fixed the settings or the server.
    """

    def __init__(self, settings: EmailSettings) -> None:
        self._settings = settings
        self._context = None if settings.tls == "none" else ssl.create_default_context(cafile=settings.cacert)

    def connect(self, deadline: Deadline) -> Connection:
        """Return a session that is ready for a mail.

        :raises TemporaryFailure: no session could be started.
        """
        settings = self._settings
        implicit_tls = self._context if settings.tls == "tls" else None
        try:
            connection = Connection(settings.host, settings.port, implicit_tls, deadline)
        except OSError as error:
            raise self._failure(_reason(error, deadline)) from error
        try:
            self._prepare(connection)
        except OSError as error:
            connection.close()
            raise self._failure(_reason(error, deadline)) from error
        except TemporaryFailure:
            connection.end_session(Deadline(_QUIT_SECONDS))
            raise
        return connection

    def _prepare(self, connection: Connection) -> None:
        connection.ehlo_or_helo_if_needed()
        if self._settings.tls == "starttls":
            if not connection.has_extn("starttls"):
                raise self._failure("it does not offer STARTTLS, which [email] tls requires; nothing was sent")
            connection.starttls(context=self._context)
            connection.ehlo_or_helo_if_needed()
        if self._settings.username:
            self._log_in(connection)

    def _log_in(self, connection: Connection) -> None:
        username, password = self._settings.username, self._settings.password.get_secret_value()
        offered = connection.esmtp_features.get("auth", "").upper().split()
        if "PLAIN" in offered:
            code, text = connection.docmd("AUTH", "PLAIN " + _plain(username, password))
        elif "LOGIN" in offered:
            code, text = _answer_prompts(connection, _base64(username), _base64(password))
        else:
            raise self._failure(
                "it offers neither AUTH PLAIN nor AUTH LOGIN, which [email] username requires; nothing was sent"
            )
        if code != 235:
            # Some servers repeat commands that they did not understand.
            reply = text.decode("utf-8", "replace")
            for secret in (_plain(username, password), _base64(password), password):
                reply = reply.replace(secret, "*****")
            raise self._failure(f"the login as {username!r} was refused, {answer(code, reply)}")

    def _failure(self, reason: str) -> TemporaryFailure:
        return TemporaryFailure(f"SMTP connection failed to {self._settings.host} on {self._settings.port}: {reason}.")


def _answer_prompts(connection: Connection, *answers: str) -> tuple[int, bytes]:
    code, text = connection.docmd("AUTH", "LOGIN")
    for given in answers:
        if code != 334:
            break
        code, text = connection.docmd(given)
    return code, text


def _plain(username: str, password: str) -> str:
    return _base64(f"\0{username}\0{password}")


def _base64(text: str) -> str:
    return b64encode(text.encode()).decode("ascii")


def _reason(error: OSError, deadline: Deadline) -> str:
    if isinstance(error, smtplib.SMTPResponseException):
        return answer(error.smtp_code, error.smtp_error)
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate is not trusted, {error.verify_message}"
    if deadline.passed:
        return f"no answer within {deadline.seconds:g} s"
    if isinstance(error, ssl.SSLError):
        return f"TLS failed, {error.reason or error}"
    if isinstance(error, smtplib.SMTPServerDisconnected):
        return "it closed the connection"
    return error.strerror or str(error)
