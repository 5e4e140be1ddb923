"""Who is there to talk, and what a messenger has to be able to do for them."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar, Protocol

Hear = Callable[[str], None]
"""Is given each text that reaches a person, be it their own."""


class Missing(Exception):
    """A messenger is not installed and cannot be. Says what would help."""


@dataclass(frozen=True, slots=True)
class Town:
    """People and their rooms, by name. A room of two is a direct conversation."""

    people: list[str]
    rooms: dict[str, list[str]]

    @classmethod
    def of(cls, talkers: int, idle: int, *, groups: dict[str, int], missed: bool) -> "Town":
        """The first `talkers` talk two by two and in `groups`; each of the others stands idle, and
        with `missed` has a direct conversation with one who talks."""
        talking = [f"p{n}" for n in range(talkers)]
        others = [f"p{n}" for n in range(talkers, talkers + idle)]
        rooms = {f"pair{n}": talking[2 * n : 2 * n + 2] for n in range(talkers // 2)}
        crowd = talking + others
        for name, size in groups.items():
            copies = max(1, talkers // size)
            for n in range(copies):
                rooms[f"{name}{n}"] = crowd[n * size : (n + 1) * size]
        if missed:
            for n, person in enumerate(others):
                rooms[f"missed{n}"] = [talking[n % talkers], person]
        return cls(crowd, rooms)


class Session(Protocol):
    """Somebody who is signed in."""

    async def say(self, room: str, text: str) -> None:
        """Returns once the server has it for good."""
        ...

    def ping(self) -> None:
        """What a client says now and then to keep its line."""
        ...

    def cut(self) -> None:
        """Lose the line without a word."""
        ...

    @property
    def cursor(self) -> str | None:
        """Where to go on from after the line was lost."""
        ...


class Messenger(Protocol):
    name: str
    share: ClassVar[float]
    """How much of the load it is given: what is slow is measured on fewer messages."""

    def start(self, town: Town) -> None:
        """Come up with these people and rooms. Raises: Missing."""
        ...

    def stop(self) -> None: ...

    def roots(self) -> list[int]:
        """Process ids; with all their children they are the server and its database."""
        ...

    async def sign_in(self, person: str, hear: Hear, since: str | None = None) -> Session:
        """With a cursor, what was missed comes first."""
        ...
