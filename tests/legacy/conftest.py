"""An App for the names of Pulp 2.7."""

import pytest

from tests.support.distributions import installed
from tests.support.legacy_app import app_in


@pytest.fixture
def app(tmp_path):
    """Yield an App with a recording notifier; its worker does not run yet."""
    with installed(tmp_path, "throw-away", {"n1": "tests.support.recording:Recording"}, {}), app_in(tmp_path) as app:
        yield app
