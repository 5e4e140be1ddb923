import pytest

from kirana.platform.limits import Limits, Rate
from kirana.platform.problems import RateLimited

RATE = Rate(3, 10)


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_a_burst_is_let_through_and_then_one_per_refill() -> None:
    clock = Clock()
    limits = Limits(clock)

    for _ in range(3):
        limits.take("codes", "a", RATE)
    with pytest.raises(RateLimited) as refused:
        limits.take("codes", "a", RATE)
    assert refused.value.facts["retry_after_s"] == 10

    clock.now += 9.9
    assert not limits.allows("codes", "a", RATE)
    clock.now += 0.1
    assert limits.allows("codes", "a", RATE)
    assert not limits.allows("codes", "a", RATE)


def test_waiting_as_long_as_the_refusal_says_is_enough() -> None:
    clock = Clock()
    limits = Limits(clock)
    while limits.allows("codes", "a", Rate(2, 7.3)):
        pass

    with pytest.raises(RateLimited) as refused:
        limits.take("codes", "a", Rate(2, 7.3))
    clock.now += refused.value.facts["retry_after_s"]

    limits.take("codes", "a", Rate(2, 7.3))


def test_a_bucket_never_holds_more_than_its_burst() -> None:
    clock = Clock()
    limits = Limits(clock)
    limits.take("codes", "a", RATE)

    clock.now += 1_000_000

    assert [limits.allows("codes", "a", RATE) for _ in range(4)] == [True, True, True, False]


def test_keys_and_names_have_buckets_of_their_own() -> None:
    limits = Limits(Clock())
    for _ in range(3):
        limits.take("codes", "a", RATE)

    assert limits.allows("codes", "b", RATE)
    assert limits.allows("pins", "a", RATE)


def test_many_sources_cannot_fill_the_memory_or_free_the_worst_of_them() -> None:
    limits = Limits(Clock(), max_buckets=100)
    for _ in range(3):
        limits.take("codes", "worst", RATE)

    for number in range(1000):
        limits.take("codes", number, RATE)

    assert len(limits._full_at) <= 100
    assert not limits.allows("codes", "worst", RATE)
