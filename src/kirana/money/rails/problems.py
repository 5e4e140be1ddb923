"""What rails refuse."""

from typing import ClassVar, NoReturn

from kirana.platform.problems import InvalidInput
from kirana.values import Problem


class CodeRefused(Problem):
    """This payment code is not right.

    Its facts are a `reason` for programs, a `sentence` for people and the `field` at fault.
    """

    status: ClassVar[int] = 422


def refuse(reason: str, sentence: str, field: str | None = None) -> NoReturn:
    """Raises: CodeRefused."""
    facts = {"reason": reason, "sentence": sentence}
    raise CodeRefused(**facts, **({"field": field} if field else {}))


def refuse_address(field: str, message: str) -> NoReturn:
    """Raises: InvalidInput, which names the field of the address's details."""
    raise InvalidInput(errors=[{"field": f"details.{field}", "message": message}])
