"""Refusals that every room may give."""

from typing import ClassVar

from kirana.values import Problem


class NotFound(Problem):
    """There is no such thing, or it is not yours to see."""

    status: ClassVar[int] = 404


class NotSignedIn(Problem):
    """Sign in first."""

    status: ClassVar[int] = 401


class NotAllowed(Problem):
    """You may not do this."""

    status: ClassVar[int] = 403


class InvalidInput(Problem):
    """Something in the request is missing or has the wrong shape."""

    status: ClassVar[int] = 422


class IdReused(Problem):
    """This id was used before, for something else."""


class RateLimited(Problem):
    """Too many tries. Wait a little, then go on."""

    status: ClassVar[int] = 429


class ConfirmationRequired(Problem):
    """Confirm this with your PIN or passkey."""

    status: ClassVar[int] = 403


class ConfirmationWrong(Problem):
    """The confirmation was for something else, or too long ago. Confirm again."""

    status: ClassVar[int] = 403


class TooLarge(Problem):
    """This is larger than the server accepts."""

    status: ClassVar[int] = 413


class Overloaded(Problem):
    """The server is busy. Nothing was done; try again shortly."""

    status: ClassVar[int] = 503


class StorageFull(Problem):
    """The server's disk is full. Nothing was done; nothing that was done before is lost."""

    status: ClassVar[int] = 507
