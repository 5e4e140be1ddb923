"""What goes wrong with a call, once, when a test says so."""

from enum import StrEnum


class Fault(StrEnum):
    ERROR_AFTER = "error_after"  # done, and answered with a 500, for this key for good
    ERROR_BEFORE = "error_before"  # not done, and answered with a 500, for this key for good
    LOST = "lost"  # done, and the connection is cut before the answer
    DROPPED = "dropped"  # the connection is cut before anything is done
    SLOW = "slow"  # done long after the caller has given up
    BUSY = "busy"  # 429: nothing is done
    IN_FLIGHT = "in_flight"  # 409: the same key is being worked on
