"""Ids."""

import time
from uuid import RFC_4122

import pytest

from kirana.values import derived_id, uuid7


def test_a_new_id_is_a_uuid_of_version_7_of_this_moment() -> None:
    before = time.time_ns() // 1_000_000
    new = uuid7()

    assert (new.version, new.variant) == (7, RFC_4122)
    assert before <= new.int >> 80 <= before + 1000


def test_ids_sort_as_they_were_made_even_when_the_clock_is_set_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ids = [uuid7() for _ in range(1000)]
    earlier = time.time_ns() - 3_600_000_000_000
    monkeypatch.setattr(time, "time_ns", lambda: earlier)
    ids += [uuid7() for _ in range(10_000)]

    assert ids == sorted(ids)
    assert len(set(ids)) == len(ids)


def test_a_derived_id_is_the_same_each_time_and_never_a_clients() -> None:
    parent = uuid7()

    first, second = derived_id(parent, "fee"), derived_id(parent, "fee", 1)

    assert first == derived_id(parent, "fee")
    assert len({first, second, derived_id(parent, "card")}) == 3
    assert {first.version, second.version} == {8}
    assert first.int >> 80 == parent.int >> 80
