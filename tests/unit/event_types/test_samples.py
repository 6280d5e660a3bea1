"""The samples are what the sources make, and the schemas describe them."""

import json

import pytest
from jsonschema import Draft202012Validator

from pulp_notifiers.event import REPO_VERSION_CREATED, REPOSITORY_EVENT_TYPES, TASK_EVENT_TYPES
from pulp_notifiers.event_types import known_types, matching, sample
from tests.support.event_samples import SAMPLES, made, written

TYPES = [known.name for known in known_types()]


@pytest.fixture(scope="module")
def current():
    """Return the samples as they are made now."""
    return made()


@pytest.mark.parametrize("event_type", TYPES)
def test_the_written_samples_are_what_the_sources_make_of_the_recordings(current, event_type):
    """``python -m tests.support.event_samples`` writes them again."""
    assert written(current[event_type]) == (SAMPLES / f"{event_type}.json").read_text(encoding="utf-8")


def test_the_catalogue_has_every_type_of_the_core(current):
    """Each has samples."""
    assert {*REPOSITORY_EVENT_TYPES, REPO_VERSION_CREATED, *TASK_EVENT_TYPES} == set(TYPES) == set(current)


@pytest.mark.parametrize("event_type", TYPES)
def test_a_schema_describes_every_sample(event_type):
    """It is valid itself, and a body of another type is refused."""
    [known] = matching([event_type])
    Draft202012Validator.check_schema(known.schema)
    validator = Draft202012Validator(known.schema)
    for one in known.samples:
        validator.validate(json.loads(json.dumps(one.event.body())))
    assert not validator.is_valid({**known.samples[0].event.body(), "event_type": "myapp.deploy"})
    assert not validator.is_valid({**known.samples[0].event.body(), "payload": {}})


@pytest.mark.parametrize("event_type", TYPES)
def test_the_samples_of_a_type_differ_in_name(event_type):
    """Each can be asked for by its name."""
    samples = matching([event_type])[0].samples
    assert [one.event for one in samples] == [sample(event_type, one.name).event for one in samples]
    assert 2 <= len(samples)
