"""Expected refusals, in the shape of RFC 9457."""

import re
from typing import Any, ClassVar


class Problem(Exception):
    """Something was refused.

    A subclass is one kind of refusal: its docstring is the title that a person may read, its
    `status` the HTTP status, its name the slug. Keyword arguments are facts that the caller may
    know. Source: RFC 9457.
    """

    status: ClassVar[int] = 409
    slug: ClassVar[str] = "problem"
    title: ClassVar[str] = "Something was refused."
    known: ClassVar[dict[str, type["Problem"]]] = {}
    """Every kind of refusal by its slug. A slug belongs to one class."""

    def __init_subclass__(cls, *, abstract: bool = False) -> None:
        cls.slug = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "-", cls.__name__).lower()
        cls.title = " ".join((cls.__doc__ or "").split("\n\n")[0].split())
        if abstract:
            return
        if not cls.title:
            raise TypeError(f"{cls.__name__} needs a docstring: it is the title that people read.")
        if cls.slug in Problem.known:
            raise TypeError(f"There are two problems named {cls.slug}.")
        Problem.known[cls.slug] = cls

    def __init__(self, **facts: Any) -> None:
        super().__init__(self.title, facts)
        self.facts = facts

    def __str__(self) -> str:
        return f"{self.slug}: {self.facts}"
