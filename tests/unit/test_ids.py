"""Ids in the form of Pulp 2's."""

import re

from pulp_notifiers.ids import ObjectIds
from tests.support.memory import Clock


def test_ids_have_the_form_of_pulp_2_and_are_counted():
    """They consist of seconds, process and counter."""
    new_id = ObjectIds(Clock(), draw=lambda size: b"\xff" * size)

    ids = [new_id(), new_id()]

    assert all(re.fullmatch("[0-9a-f]{24}", each) for each in ids)
    assert ["6955b900ffffffffffffffff", "6955b900ffffffffff000000"] == ids
