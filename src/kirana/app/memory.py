"""How the server treats Python's garbage collector."""

import gc

_YOUNG = 50_000


def settle() -> None:
    """To be called once everything is imported and made.

    What is there by now stays: the collector need not look at it again. And it looks seldom: a
    batch of commands makes ten thousands of things that die by themselves.
    """
    gc.freeze()
    gc.set_threshold(_YOUNG, 10, 10)
    gc.enable()
