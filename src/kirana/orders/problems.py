"""What orders refuses."""

from typing import ClassVar

from kirana.platform.problems import InvalidInput
from kirana.values import Problem


class PriceChanged(Problem):
    """The price has changed since it was shown."""


class CartEmpty(Problem):
    """There is nothing in the cart."""


class BelowMinimum(Problem):
    """The shop delivers from a larger amount on."""


class MethodUnavailable(Problem):
    """The shop does not hand over goods this way."""


class AddressNeeded(Problem):
    """A delivery needs an address."""

    status: ClassVar[int] = 422


class ContactNeeded(Problem):
    """The shop needs a name, and a phone number or an e-mail address."""

    status: ClassVar[int] = 422


class IllegalMove(Problem):
    """The order cannot go there from where it is."""


class NotPaid(Problem):
    """No money has been received for this order yet."""


class NotFulfilled(Problem):
    """The goods have not been handed over yet. Cancel the order, or give back an amount."""


class RefundNotCovered(Problem):
    """The shop's wallet does not hold enough to give this back."""


class TooManyReturned(Problem):
    """More units were named than are left to refund."""


class CartFull(Problem):
    """A cart holds a hundred different things at most."""


class OwnShop(Problem):
    """A shop cannot buy from itself."""


class TooMuch(Problem):
    """This is more than an order may cost."""


def invalid(field: str, message: str) -> InvalidInput:
    """What is wrong with one field."""
    return InvalidInput(errors=[{"field": field, "message": message}])
