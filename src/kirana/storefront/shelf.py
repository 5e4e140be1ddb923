"""Pages that are drawn already. What everybody sees of a shop is drawn once per change of it.

A page is good for one revision of its shop, and until the next border in time: an opening, a
closing, the end of a sale, midnight.
"""

from collections import OrderedDict
from collections.abc import Hashable
from dataclasses import dataclass
from threading import Lock

from litestar.datastructures import State

MOST_BYTES = 12 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Drawn:
    """A page as bytes, and until when it is good; without an end, until the shop changes."""

    body: bytes
    revision: int
    until: int | None


class Shelf:
    """The pages that were asked for last, up to so many bytes. Safe for many threads."""

    def __init__(self, most_bytes: int = MOST_BYTES) -> None:
        self._most_bytes = most_bytes
        self._pages: OrderedDict[Hashable, Drawn] = OrderedDict()
        self._bytes = 0
        self._lock = Lock()

    def find(self, key: Hashable, revision: int, now: int) -> Drawn | None:
        with self._lock:
            page = self._pages.get(key)
            if page is None:
                return None
            if page.revision != revision or (page.until is not None and now >= page.until):
                self._drop(key)
                return None
            self._pages.move_to_end(key)
            return page

    def keep(self, key: Hashable, page: Drawn) -> None:
        with self._lock:
            self._drop(key)
            self._pages[key] = page
            self._bytes += len(page.body)
            while self._bytes > self._most_bytes and len(self._pages) > 1:
                self._drop(next(iter(self._pages)))

    def _drop(self, key: Hashable) -> None:
        if page := self._pages.pop(key, None):
            self._bytes -= len(page.body)


def provide_shelf(state: State) -> Shelf:
    """The shelf of this process, for routes that ask for `shelf`."""
    if "shelf" not in state:
        state["shelf"] = Shelf()
    shelf: Shelf = state["shelf"]
    return shelf
