"""The libraries that the URL of a messaging server needs."""

import os
import subprocess
import sys

import pytest

from pulp_notifiers.broker import broker_urls
from pulp_notifiers.broker.libraries import require_libraries


@pytest.mark.parametrize("text", ["", "amqp://h", "ssl://h", "memory://", "consul://h;amqp://h", "amqp://h;consul://h"])
def test_servers_can_be_tried_if_one_of_them_needs_nothing_that_is_missing(text: str) -> None:
    """The others are skipped when it connects."""
    require_libraries(broker_urls(text))


def test_servers_that_all_need_a_missing_library_are_refused_without_their_passwords() -> None:
    """Whatever kombu's transports raise then; each library is named once."""
    with pytest.raises(ValueError, match="kombu's transport consul needs cannot be used") as raised:
        require_libraries(broker_urls("consul://u:hidden@h;consul://u:hidden@h2;etcd://h"))

    assert 1 == str(raised.value).count("transport consul")
    assert "transport etcd" in str(raised.value)
    assert "hidden" not in str(raised.value)


def test_a_library_that_fails_in_another_way_than_import_errors_is_one_to_install_again(tmp_path) -> None:
    """As one does that was built for another system."""
    (tmp_path / "proton.py").write_text("raise OSError('it was built for arm')")
    program = "from pulp_notifiers.broker.libraries import *; require_libraries(['qpid://h'])"
    environ = {**os.environ, "PYTHONPATH": str(tmp_path)}
    ended = subprocess.run([sys.executable, "-c", program], env=environ, capture_output=True, text=True, check=False)

    sentence = "the library python-qpid-proton cannot be loaded (it was built for arm); install it again"
    assert f"ValueError: {sentence}" == ended.stderr.splitlines()[-1]
