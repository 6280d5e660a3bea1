"""The samples are what the sources make, and the schemas describe them."""

import json
import tomllib
from fnmatch import fnmatchcase

import pytest
from jsonschema import Draft202012Validator
from setuptools import find_namespace_packages

from pulp_notifiers.event import REPO_VERSION_CREATED, REPOSITORY_EVENT_TYPES, TASK_EVENT_TYPES
from pulp_notifiers.event_types import known_types, matching, sample
from tests.support.children import json_printed_by
from tests.support.event_samples import ROOT, SAMPLES, made, written

IMPORTED = """
import json
import sys

opened = []
sys.addaudithook(lambda name, given: opened.append(str(given[0])) if name == "open" else None)
import pulp_notifiers.event_types
pulp_notifiers.event_types.known_types()
print(json.dumps([path for path in opened if "samples" in path]))
"""
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


def test_the_samples_are_in_the_built_distribution():
    """Their folder is a package for setuptools although it has no modules, and its files are package data."""
    tool = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["setuptools"]
    packages = find_namespace_packages(str(ROOT), include=tool["packages"]["find"]["include"])
    assert "pulp_notifiers.event_types.samples" in packages
    assert [] == [
        file.name
        for file in SAMPLES.iterdir()
        if not any(fnmatchcase(file.name, pattern) for pattern in tool["package-data"]["*"])
    ]


def test_the_samples_are_small_enough_to_ship():
    """They are most of the package otherwise."""
    assert 300_000 > sum(file.stat().st_size for file in SAMPLES.iterdir())


def test_nothing_is_read_before_it_is_needed():
    """A program that imports the catalogue pays for its samples only if it asks for them."""
    assert [] == json_printed_by(IMPORTED)


@pytest.mark.parametrize("event_type", TYPES)
def test_the_samples_of_a_type_differ_in_name(event_type):
    """Each can be asked for by its name."""
    samples = matching([event_type])[0].samples
    assert [one.event for one in samples] == [sample(event_type, one.name).event for one in samples]
    assert 2 <= len(samples)
