"""Ids."""

from uuid import UUID

from kirana.values import derived_id, uuid7


def test_a_new_id_is_a_uuid_of_version_7_in_time_order() -> None:
    ids = [uuid7() for _ in range(1000)]

    assert {i.version for i in ids} == {7}
    assert {i.variant for i in ids} == {UUID(int=0x8 << 60).variant} or len(set(ids)) == 1000
    assert [i.int >> 80 for i in ids] == sorted(i.int >> 80 for i in ids)


def test_a_derived_id_is_the_same_each_time_and_never_a_clients() -> None:
    parent = uuid7()

    first, second = derived_id(parent, "fee"), derived_id(parent, "fee", 1)

    assert first == derived_id(parent, "fee")
    assert len({first, second, derived_id(parent, "card")}) == 3
    assert {first.version, second.version} == {8}
    assert first.int >> 80 == parent.int >> 80
