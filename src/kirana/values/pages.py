"""A part of a long list."""

from dataclasses import dataclass
from typing import Generic, TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """Some `items`, and the cursor that brings the `next` ones; no cursor at the end."""

    items: list[T]
    next: str | None = None
