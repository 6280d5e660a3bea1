"""The reason to refuse what a client sends before any route sees it."""

from http import HTTPStatus


class Refused(Exception):
    """Answer with this status and close the connection.

    :param sentence: what the client should know.
    """

    def __init__(self, status: HTTPStatus, sentence: str) -> None:
        super().__init__(sentence)
        self.status = status
        self.sentence = sentence


def bad_request(sentence: str) -> Refused:
    """Return the refusal of a malformed request."""
    return Refused(HTTPStatus.BAD_REQUEST, sentence)
