"""What every rail offers: how somebody is asked for money by a code, and how a code is read.

A rail is a folder. Its `__init__.py` has what `Rail` names, and the folder is listed in `RAILS`.
All of it is pure: a code is text that goes in or comes out.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from kirana.values import Money

Details = Mapping[str, str]
"""Where somebody is paid by one rail: its fields by name, such as `iban` and `name`."""

MAX_TEXT = 4096
"""No payment code is longer."""


@dataclass(frozen=True, slots=True)
class Link:
    """What opens a bank's app. `app` names the one; None where the telephone asks which."""

    href: str
    app: str | None = None


@dataclass(frozen=True, slots=True)
class Offer:
    """How a payer pays: the `text` of a QR code, and links where the rail knows some."""

    text: str
    links: tuple[Link, ...] = ()
    carries_reference: bool = True
    """Whether the reference comes back in the payee's bank line."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What a payment code says."""

    rail: str
    currency: str | None
    amount_minor: int | None = None
    payee: str | None = None
    """Where the money goes, in the rail's own spelling."""
    name: str | None = None
    reference: str | None = None
    note: str | None = None
    fields: dict[str, str | None] = field(default_factory=dict)
    """Everything in the code, by the names of its standard; templates as `26.01`."""
    warnings: tuple[str, ...] = ()


class Rail(Protocol):
    """A way to be paid from bank to bank. The folder of each rail is one."""

    NAME: str
    CURRENCY: str

    def check_address(self, details: Details) -> dict[str, str]:
        """Details as they are kept: spelled in one way. Raises: InvalidInput, in words."""

    def offer(
        self, address: Details, amount: Money | None, reference: str, *, attempt: int = 1
    ) -> Offer:
        """A code that asks for `amount` (None: the payer says how much).

        `address` comes from `check_address`; `reference` is that of a request, 12 characters;
        `attempt` counts from 1 for each code of one request. Raises: CodeRefused.
        """

    def recognizes(self, text: str) -> bool:
        """Whether a text is meant for this rail, be it right or wrong."""

    def read(self, text: str) -> Reading:
        """What a code of this rail says. Raises: CodeRefused."""
