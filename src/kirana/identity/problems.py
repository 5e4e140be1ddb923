"""What the room refuses, beyond what every room may."""

from typing import ClassVar

from kirana.platform.db import Refusal, Tx
from kirana.values import Problem, UserId

from .model import Address


class AddressInvalid(Problem):
    """This is neither a telephone number nor an e-mail address."""

    status: ClassVar[int] = 422


class DeliveryUnavailable(Problem):
    """This server cannot send codes to addresses of this kind."""

    status: ClassVar[int] = 503


class WrongCode(Refusal):
    """This code is wrong, was used before, or is too old. Ask for a new one if in doubt."""

    status: ClassVar[int] = 403

    def __init__(self, address: Address) -> None:
        super().__init__()
        self._address = address

    def remember(self, tx: Tx) -> None:
        """Count the try against the code that is alive. The answer does not say if there is one."""
        from .codes import count_wrong_try

        count_wrong_try(tx, self._address)


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


class WrongPin(Refusal):
    """This is not your PIN."""

    status: ClassVar[int] = 403

    def __init__(self, user_id: UserId, *, tries_left: int, retry_after_s: int | None) -> None:
        facts = {} if retry_after_s is None else {"retry_after_s": retry_after_s}
        super().__init__(tries_left=tries_left, **facts)
        self._user_id = user_id

    def remember(self, tx: Tx) -> None:
        """Count the try; from the fifth on, lock the PIN for longer and longer."""
        from .pins import count_wrong_try

        count_wrong_try(tx, self._user_id)


class PasskeyRefused(Problem):
    """This passkey could not be checked. Try again, or sign in with a code."""

    status: ClassVar[int] = 403


class CannotMeanYourself(Problem):
    """You cannot block yourself, or be your own contact."""

    status: ClassVar[int] = 422
