"""What is refused of a bank's files."""

from typing import ClassVar, NoReturn

from kirana.values import Problem


class StatementRefused(Problem):
    """This bank statement cannot be read.

    Nothing of it is taken over. Its facts are a `reason` for programs, a `sentence` for people and,
    where it is known, the `place` in the file.
    """

    status: ClassVar[int] = 422


def refuse(reason: str, sentence: str, place: str | None = None) -> NoReturn:
    """Raises: StatementRefused."""
    facts = {"reason": reason, "sentence": sentence}
    raise StatementRefused(**facts, **({"place": place} if place else {}))
