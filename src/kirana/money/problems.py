"""What money refuses.

A `LedgerRefusal` came from how things stood; it uses up the id that was tried, so that a late
repeat gets the same answer.
"""

from typing import ClassVar

from kirana.platform.db import Refusal, Tx
from kirana.platform.problems import (
    ConfirmationRequired,
    ConfirmationWrong,
    IdReused,
    NotAllowed,
    NotFound,
)
from kirana.values import Problem

from . import journal, refusals
from .model import Group, Reason, Refused

__all__ = [
    "AccountClosed",
    "AccountFrozen",
    "AmountOutOfRange",
    "BadSignature",
    "BankReferenceUsed",
    "ClaimOpen",
    "ConfirmationRequired",
    "ConfirmationWrong",
    "CounterFull",
    "ExchangeShort",
    "HoldExpired",
    "HoldResolved",
    "IdReused",
    "InsufficientFunds",
    "LedgerRefusal",
    "LimitExceeded",
    "LineExplained",
    "NeedsReview",
    "NoRate",
    "NotAllowed",
    "NotFound",
    "OverCapture",
    "OverRefund",
    "PayeeCannotReceive",
    "ProofTooNew",
    "QuoteExpired",
    "RequestEnded",
    "SameAccount",
    "WalletNotEmpty",
    "WayOff",
    "problem_of",
]


class LedgerRefusal(Refusal, abstract=True):
    """A refusal that the ledger remembers under the id of the group that it refused."""

    group: Group | None = None
    """None where no id was tried, as when a request is declined that has ended, or none is used up,
    as when cash is not collected yet."""

    def remember(self, tx: Tx) -> None:
        if self.group is not None:
            journal.remember(tx, self.group, Refused(Reason(self.slug), **self.facts))


class InsufficientFunds(LedgerRefusal):
    """There is not enough money in the wallet."""


class AccountFrozen(LedgerRefusal):
    """The operator has stopped payments of this wallet for now."""


class AccountClosed(LedgerRefusal):
    """This wallet is closed."""


class HoldResolved(LedgerRefusal):
    """The money that was set aside has been paid out or returned already."""


class HoldExpired(LedgerRefusal):
    """The money was set aside for a limited time, and went back."""


class OverCapture(LedgerRefusal):
    """This is more than was set aside."""


class OverRefund(LedgerRefusal):
    """This is more than is left to give back."""


class RequestEnded(LedgerRefusal):
    """This request was paid, declined, canceled, or its time is over."""


class ClaimOpen(LedgerRefusal):
    """The payer says that this was paid, and the payee has not answered yet."""


class LimitExceeded(LedgerRefusal):
    """This is more than may be paid now."""


class PayeeCannotReceive(LedgerRefusal):
    """They cannot be paid this at the moment."""


class QuoteExpired(LedgerRefusal):
    """This rate does not hold any more."""


class NeedsReview(LedgerRefusal):
    """The operators look at payments like this first, and this way it cannot wait for them."""

    attempt: refusals.Attempt | None = None
    """What was refused for a name: operators see it."""

    def remember(self, tx: Tx) -> None:
        super().remember(tx)
        if self.attempt is not None:
            refusals.note_refused(tx, self.attempt)


class ExchangeShort(LedgerRefusal):
    """There is not enough of that currency here at the moment."""


class NoRate(Problem):
    """These currencies are not exchanged here."""


class ProofTooNew(Problem):
    """The PIN was set anew a short time ago; larger payments have to wait."""

    status: ClassVar[int] = 403


class AddressTooNew(LedgerRefusal):
    """This address is new: it can be paid out to after a while, unless it is changed back."""


class PayoutNotAgreed(Problem):
    """For so much, two operators have to agree first."""


class PayoutUnderWay(Problem):
    """It is on its way to the bank already."""


class PayoutAccountMissing(Problem):
    """Say first which account of yours pays."""


class NothingToPayOut(Problem):
    """Nothing waits that may go to the bank now."""


class CounterFull(LedgerRefusal):
    """The wallet cannot hold that much."""


class AmountOutOfRange(Problem):
    """This is not an amount that can be moved here."""

    status: ClassVar[int] = 422


class BadSignature(Problem):
    """This was not signed by the provider, or too long ago."""

    status: ClassVar[int] = 400


class BankReferenceUsed(Problem):
    """Another payment with this reference of the bank was received before."""


class LineExplained(Problem):
    """All of this bank line has been found to be a transfer already."""


class RemindedAlready(Problem):
    """You have reminded them of this within the last day."""


class SameAccount(Problem):
    """Payer and payee are the same."""

    status: ClassVar[int] = 422


class WayOff(Problem):
    """This way to pay is switched off here."""


class WalletNotEmpty(Problem):
    """Empty the wallet first: there is money in it, or set aside."""


def problem_of(refused: Refused, group: Group) -> Problem:
    """The refusal as its caller meets it."""
    problem = Problem.known[refused.reason](**refused.facts)
    if isinstance(problem, LedgerRefusal) and not group.may_be_retried:
        problem.group = group
    if isinstance(problem, NeedsReview):
        problem.attempt = refusals.attempt_of(group)
    return problem
