"""Pulp 2's REST API of listeners, vector by vector, over a real socket."""

from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from tests.support.rest import RestService, rest_service
from tests.support.rest_vectors import CLIENT_SUBJECT_HEADER, REMOTE_USER_HEADER, Run, vectors

FILES = ("rest_events_ok", "rest_events_errors", "rest_auth")
ALL = [pytest.param(vector, id=f"{name}-{vector['id']}") for name in FILES for vector in vectors(name)]


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RestService]:
    """Yield one service for all vectors."""
    with rest_service(
        tmp_path_factory.mktemp("rest"),
        reveal_secrets="true",
        remote_user_header=REMOTE_USER_HEADER,
        client_subject_header=CLIENT_SUBJECT_HEADER,
    ) as service:
        yield service


@pytest.fixture
def service(running: RestService) -> RestService:
    """Return the service as it is before the first listener is registered."""
    running.clear()
    return running


@pytest.mark.parametrize("vector", ALL)
def test_the_service_answers_as_the_vector_expects(service: RestService, vector: Mapping[str, Any]) -> None:
    """That is Pulp 2's answer, or the intended difference that the vector names."""
    Run(service, vector).run()
