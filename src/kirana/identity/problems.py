"""What the room refuses, beyond what every room may.

The refusals that count tries stand beside what they count, in `codes.py` and `pins.py`.
"""

from typing import ClassVar

from kirana.values import Problem


class AddressInvalid(Problem):
    """This is neither a telephone number nor an e-mail address."""

    status: ClassVar[int] = 422


class DeliveryUnavailable(Problem):
    """This server cannot send codes to addresses of this kind."""

    status: ClassVar[int] = 503


class AlreadySignedIn(Problem):
    """You are signed in, so you are no guest. Sign out first."""


class AddressTaken(Problem):
    """This address belongs to somebody else's account."""


class LastAddress(Problem):
    """This is your only way to sign in. Add another one first."""


class HandleInvalid(Problem):
    """A handle has 3 to 30 letters a to z, digits and single dashes, and is not a reserved word."""

    status: ClassVar[int] = 422


class HandleTaken(Problem):
    """Somebody else has this handle."""


class NameMissing(Problem):
    """A name is needed, of at most 75 characters."""

    status: ClassVar[int] = 422


class PinNotSet(Problem):
    """Choose a PIN first."""


class WeakPin(Problem):
    """A PIN is 4 to 6 digits, not all the same and not a run like 1234."""

    status: ClassVar[int] = 422


class PinLocked(Problem):
    """Too many wrong PINs. Wait before the next try."""

    status: ClassVar[int] = 429


class PasskeyRefused(Problem):
    """This passkey could not be checked. Try again, or sign in with a code."""

    status: ClassVar[int] = 403


class AccountSuspended(Problem):
    """This account is suspended by the people who run this server."""

    status: ClassVar[int] = 403


class CannotMeanYourself(Problem):
    """You cannot block yourself, or be your own contact."""

    status: ClassVar[int] = 422


class SignatureWrong(Problem):
    """A signature on these keys is missing, or it is wrong."""

    status: ClassVar[int] = 422


class KeysMissing(Problem):
    """This device has not shown its keys yet."""


class TooManyDevices(Problem):
    """You have as many devices with keys as there may be. Sign one out first."""
