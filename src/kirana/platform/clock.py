"""What time it is."""

import time
from typing import Protocol


class Clock(Protocol):
    def __call__(self) -> int:
        """Now, in epoch milliseconds."""
        ...


def wall_clock() -> int:
    return time.time_ns() // 1_000_000
