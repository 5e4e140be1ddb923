"""Cursors of lists with the latest first: a time and, for those of one time, an id."""

from uuid import UUID

from .problems import invalid

_LATEST = 2**62


def write_cursor(at: int, id: UUID) -> str:
    return f"{at}:{id}"


def read_cursor(text: str | None) -> tuple[int, UUID]:
    """Where a page ends; without a cursor, the end of time. Raises: InvalidInput."""
    if text is None:
        return _LATEST, UUID(int=0)
    at, _, id_ = text.partition(":")
    try:
        if not at.isascii() or not at.isdigit() or int(at) > _LATEST:
            raise ValueError(at)
        return int(at), UUID(id_)
    except ValueError:
        raise invalid("after", "This is not a cursor of a page.") from None
