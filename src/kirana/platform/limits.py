"""How often something may be done: token buckets in memory.

They slow down whoever knocks too often and are forgotten when the process ends. What must outlive
a restart (tries of a code, a locked PIN) is a row in the room that guards it.
"""

import time
from collections.abc import Callable, Hashable
from dataclasses import dataclass

from litestar.datastructures import State

from kirana.platform.problems import RateLimited


@dataclass(frozen=True, slots=True)
class Rate:
    """`burst` at once, and one more each `refill_s` seconds."""

    burst: int
    refill_s: float


class Limits:
    """Buckets by (name, key). `clock` counts seconds and never goes back."""

    def __init__(
        self, clock: Callable[[], float] = time.monotonic, *, max_buckets: int = 100_000
    ) -> None:
        self._clock = clock
        self._max_buckets = max_buckets
        self._full_at: dict[tuple[str, Hashable], float] = {}

    def take(self, name: str, key: Hashable, rate: Rate) -> None:
        """Take one from the bucket, or refuse. A refusal costs nothing.

        A bucket is kept as the moment when it will be full again: one number each.

        Raises: RateLimited.
        """
        now = self._clock()
        full_at = max(self._full_at.get((name, key), now), now) + rate.refill_s
        excess_s = full_at - now - rate.burst * rate.refill_s
        if excess_s > 1e-9:
            raise RateLimited(retry_after_s=max(1, round(excess_s + 0.5)))
        self._full_at[name, key] = full_at
        if len(self._full_at) > self._max_buckets:
            self._forget(now)

    def allows(self, name: str, key: Hashable, rate: Rate) -> bool:
        """Take one from the bucket if there is one."""
        try:
            self.take(name, key, rate)
        except RateLimited:
            return False
        return True

    def _forget(self, now: float) -> None:
        """Drop the buckets that are full; if there are still too many, the fullest half."""
        kept = {bucket: full_at for bucket, full_at in self._full_at.items() if full_at > now}
        if len(kept) > self._max_buckets:
            emptiest = sorted(kept.items(), key=lambda item: item[1], reverse=True)
            kept = dict(emptiest[: self._max_buckets // 2])
        self._full_at = kept


def provide_limits(state: State) -> Limits:
    """The limits of this process, for routes that ask for `limits`."""
    if "limits" not in state:
        state["limits"] = Limits()
    limits: Limits = state["limits"]
    return limits
