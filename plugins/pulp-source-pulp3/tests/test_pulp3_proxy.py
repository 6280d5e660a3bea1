"""A source and the proxy of the environment."""

import pytest
from pulp3_running import findings

from pulp_notifiers.testing.http import HttpReceiver


@pytest.mark.parametrize(("no_proxy", "requests"), [("other 127.0.0.0/8,", 0), ("127.0.0.1.", 1)])
def test_no_proxy_is_read_as_curl_reads_it(pulp, monkeypatch, no_proxy, requests):
    """The proxy answers that it cannot, so a request to it is a finding."""
    with HttpReceiver(lambda _: 503) as proxy:
        monkeypatch.setenv("http_proxy", proxy.url)
        monkeypatch.setenv("no_proxy", no_proxy)
        findings(pulp)

        assert requests == min(len(proxy.requests), 1)
