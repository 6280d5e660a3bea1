"""JSON as Pulp 2 wrote it."""

import json
import re
import sys
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from types import ModuleType
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pulp_notifiers.encoding import dumps, extended_form, iso_seconds, utc
from tests.support.bson_types import Binary, Code, Decimal128, MaxKey, MinKey, ObjectId, Regex, Timestamp

OID = "57238b27aca4886e0c05c3d0"
PLUS_TWO = timezone(timedelta(hours=2))


class NoOffset(tzinfo):
    """A time zone that does not know its offset, which makes a time naive."""

    def utcoffset(self, _moment):
        """Return nothing."""

    dst = tzname = utcoffset


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (ObjectId(OID), {"$oid": OID}),
        (UUID(int=5), {"$uuid": "00000000000000000000000000000005"}),
        (Timestamp(1, 2), {"$timestamp": {"t": 1, "i": 2}}),
        (MinKey(), {"$minKey": 1}),
        (MaxKey(), {"$maxKey": 1}),
        (Regex("^a", re.I | re.M), {"$regex": "^a", "$options": "im"}),
        (Regex("^a", re.X | re.U | re.S | re.L), {"$regex": "^a", "$options": "lsux"}),
        (Regex(b"^\xc3\xa9"), {"$regex": "^é", "$options": ""}),
        (re.compile(b"^a", re.I), {"$regex": "^a", "$options": "i"}),
        (re.compile("^a", re.S), {"$regex": "^a", "$options": "su"}),
        (b"\x00\xff", {"$binary": "AP8=", "$type": "00"}),
        (Binary(b"abc", 128), {"$binary": "YWJj", "$type": "80"}),
    ],
)
def test_values_that_json_lacks_have_the_forms_of_mongodb(value, expected):
    """Their place in a body does not matter."""
    assert {"a": [expected]} == json.loads(dumps({"a": [value]}))


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (datetime(1970, 1, 1, tzinfo=UTC), 0),
        (datetime(2016, 4, 29, 18, 26, 15, 123456, tzinfo=PLUS_TWO), 1461947175123),
        (datetime.fromisoformat("2016-04-29T16:26:15.123999"), 1461947175123),
        (datetime(2016, 4, 29, 16, 26, 15, tzinfo=NoOffset()), 1461947175000),
        (datetime(1969, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC), -1),
        (datetime.min.replace(tzinfo=PLUS_TWO), -62135604000000),
        (datetime.max.replace(tzinfo=timezone(-timedelta(hours=2))), 253402307999999),
    ],
)
def test_times_are_milliseconds_since_1970(value, expected):
    """They are rounded down, and a time without zone is UTC."""
    assert {"$date": expected} == extended_form(value)


@given(st.datetimes(timezones=st.just(UTC)))
def test_a_time_can_be_restored_from_its_milliseconds(moment):
    """Only what is below a millisecond is lost."""
    milliseconds = extended_form(moment)["$date"]

    assert timedelta() <= moment - (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=milliseconds))
    assert moment - (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=milliseconds)) < timedelta(0, 0, 1000)


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        (Code("f()"), {"$code": "f()", "$scope": {}}),
        (Code("f(x)", {"x": ObjectId(OID)}), {"$code": "f(x)", "$scope": {"x": {"$oid": OID}}}),
    ],
)
def test_code_has_its_own_form(code, expected, monkeypatch):
    """Python treats it as text, and json would write it as such."""
    monkeypatch.setitem(sys.modules, "bson.code", ModuleType("bson.code"))

    assert {"a": [expected]} == json.loads(dumps({"a": (code,)}))
    assert "plain" == json.loads(dumps("plain"))


@pytest.mark.parametrize("value", [object(), {1, 2}, Decimal128(), 1j, Ellipsis, {("a",): 1}])
def test_values_without_a_form_are_refused(value):
    """No receiver could read such a body."""
    with pytest.raises(TypeError):
        dumps({"a": value})


def test_a_class_that_only_has_the_name_of_a_bson_type_is_refused():
    """A plugin may have its own ObjectId."""
    stranger = type("ObjectId", (), {"__module__": "elsewhere"})

    with pytest.raises(TypeError, match="is not JSON serializable"):
        dumps(stranger())


@pytest.mark.parametrize("number", [float("nan"), float("inf"), -float("inf")])
def test_numbers_that_json_lacks_are_refused(number):
    """Receivers in other languages refuse them."""
    with pytest.raises(ValueError, match="JSON compliant"):
        dumps([number])


def test_text_is_ascii():
    """Other characters are JSON escapes, surrogate pairs included."""
    assert r'"caf\u00e9 \ud83d\ude00"' == dumps("café 😀")


def test_the_layout_is_that_of_pulp_2():
    """A space follows commas and colons; line breaks are optional."""
    assert '{"a": [1, null], "b": true}' == dumps({"a": [1, None], "b": True})
    assert '{\n  "a": 1\n}' == dumps({"a": 1}, indent=2)


@pytest.mark.parametrize(
    ("moment", "expected"),
    [
        (datetime(2016, 4, 29, 18, 26, 15, 999_999, tzinfo=PLUS_TWO), "2016-04-29T16:26:15Z"),
        (datetime.fromisoformat("2016-04-29T16:26:15"), "2016-04-29T16:26:15Z"),
        (datetime(5, 1, 2, tzinfo=UTC), "0005-01-02T00:00:00Z"),
    ],
)
def test_times_of_tasks_are_strings_of_whole_seconds(moment, expected):
    """They are in UTC, and the year has four digits."""
    assert expected == iso_seconds(moment)


@pytest.mark.parametrize("zone", [None, NoOffset()])
def test_a_time_without_zone_is_utc(zone):
    """The time zone of the machine does not matter."""
    assert datetime(2016, 4, 29, 16, tzinfo=UTC) == utc(datetime(2016, 4, 29, 16, tzinfo=zone))
