"""What a transfer is, and what refuses one. Pure: no tables, no clock, no input or output.

Money moves between accounts. A *move* debits one account and credits another of the same ledger; a
*group* is a list of moves that happen all or not at all. `decision` says what becomes of them.

What is made thousands of times a second (accounts, rows, entries) is a named tuple.
"""

from dataclasses import dataclass, field
from enum import IntEnum, IntFlag, StrEnum
from functools import lru_cache
from hashlib import sha256
from typing import Any, NamedTuple, TypeAlias
from uuid import UUID

import msgspec

from kirana.values import (
    SYSTEM,
    Confirmation,
    Money,
    OwnerId,
    RequestId,
    TransferId,
    UserId,
    derived_id,
)

from .usages import (
    Action,
    Bounds,
    Payee,
    Usage,
)

MAX_COUNTER = 2**62 - 1
"""No counter passes this, so that no sum of two leaves 64 bits."""
CONFIRMED_FOR_MS = 120_000
"""How long a PIN or passkey vouches for the payment it was given for."""
REVIEWED_WITHIN_S = 14 * 24 * 3600
"""So long a payment waits for somebody to look at it; then it goes back."""
PROOF_COOLS_MS = 24 * 3_600_000
"""For so long a PIN that took the place of a forgotten one vouches for small payments only."""
OPERATOR: OwnerId = SYSTEM.user_id
"""Who owns the bank account, the cash box and all else that is nobody's wallet."""
FEE = "fee"
PURCHASE = "purchase"
"""The purpose of what the operator takes for a payment."""


class Kind(StrEnum):
    """What a transfer does."""

    POSTED = "posted"  # moves the money at once
    PENDING = "pending"  # sets it aside: a hold
    POST = "post"  # takes all or part of a hold; the rest is released
    VOID = "void"  # releases a hold
    EXPIRE = "expire"  # releases a hold whose time is over
    REFUSED = "refused"  # moves nothing, and remembers what was answered


class Code(IntEnum):
    """The chart of accounts. Below 900 what the operator owes or owns, above it what is between two
    people and no claim on anybody else."""

    WALLET = 100
    AGENT_FLOAT = 120
    PARKED = 130
    COMING_IN = 200
    GOING_OUT = 210
    BANK = 300
    CASH_BOX = 310
    FEES = 400
    RAIL_COSTS = 410
    LOST_DISPUTES = 420
    CREDIT_GIVEN = 440
    SUSPENSE = 500
    EXCHANGE = 600
    DIRECT = 900
    CASH_IN_HAND = 910


class Flag(IntFlag):
    DEBITS_WITHIN_CREDITS = 1
    CREDITS_WITHIN_DEBITS = 2
    DEBITS_FROZEN = 4
    CREDITS_FROZEN = 8
    CLOSED = 16


FLAGS = {
    Code.WALLET: Flag.DEBITS_WITHIN_CREDITS,
    Code.AGENT_FLOAT: Flag.DEBITS_WITHIN_CREDITS,
    Code.PARKED: Flag.DEBITS_WITHIN_CREDITS,
    Code.COMING_IN: Flag.CREDITS_WITHIN_DEBITS,
    Code.GOING_OUT: Flag.DEBITS_WITHIN_CREDITS,
    Code.BANK: Flag.CREDITS_WITHIN_DEBITS,
    Code.CASH_BOX: Flag.CREDITS_WITHIN_DEBITS,
    Code.FEES: Flag(0),
    Code.RAIL_COSTS: Flag(0),
    Code.LOST_DISPUTES: Flag(0),
    Code.CREDIT_GIVEN: Flag(0),
    Code.SUSPENSE: Flag(0),
    Code.EXCHANGE: Flag(0),
    Code.DIRECT: Flag(0),
    Code.CASH_IN_HAND: Flag.DEBITS_WITHIN_CREDITS,
}
"""What an account of each code may never do, from the day it is opened."""


# Plain numbers where every transfer passes: an IntFlag is slow to ask.
WITHIN_CREDITS = int(Flag.DEBITS_WITHIN_CREDITS)
WITHIN_DEBITS = int(Flag.CREDITS_WITHIN_DEBITS)
NO_DEBITS = int(Flag.DEBITS_FROZEN)
NO_CREDITS = int(Flag.CREDITS_FROZEN)
IS_CLOSED = int(Flag.CLOSED)


class Way(StrEnum):
    """How the money is held: by the operator (custody), or not by Kirana at all (memo)."""

    WALLET = "wallet"
    DIRECT = "direct"


class Scrutiny(StrEnum):
    """What becomes of a payment that people must look at first."""

    NONE = "none"  # it goes through: nobody looks at payments of this kind
    HOLD = "hold"  # it is set aside until they have
    REFUSE = "refuse"  # it can only be made in a way that can wait


class Consent(StrEnum):
    """When the payer has to prove that it is really them."""

    NEVER = "never"
    ABOVE = "above"  # when the amount is above the payer's own line
    ALWAYS = "always"


@dataclass(frozen=True, slots=True)
class Ref:
    """What a transfer is for: an order, a conversation. Money does not look inside."""

    kind: str
    id: UUID


class AccountKey(NamedTuple):
    """Which account is meant, whether or not it has been opened."""

    owner_id: OwnerId
    code: Code
    currency: str
    label: str = ""

    @property
    def id(self) -> UUID:
        return _account_id(self)

    @property
    def ledger_id(self) -> str:
        return f"{self.currency}:{'memo' if self.code >= Code.DIRECT else 'custody'}"


@lru_cache(maxsize=65_536)
def _account_id(key: AccountKey) -> UUID:
    return derived_id(key.owner_id, f"account/{key.code:d}/{key.currency}/{key.label}")


def currency_of(ledger_id: str) -> str:
    return ledger_id[:3]


def way_of(ledger_id: str) -> Way:
    return Way.DIRECT if ledger_id.endswith(":memo") else Way.WALLET


class Account(NamedTuple):
    """An account as it stands. Counters only count; *balance* is credits less debits, posted."""

    id: UUID
    ledger_id: str
    owner_id: OwnerId
    code: int
    label: str
    flags: int
    overdraft_minor: int
    debits_pending: int = 0
    debits_posted: int = 0
    credits_pending: int = 0
    credits_posted: int = 0
    version: int = 0

    @classmethod
    def opened(cls, key: AccountKey) -> "Account":
        flags = int(FLAGS[key.code])
        return cls(key.id, key.ledger_id, key.owner_id, int(key.code), key.label, flags, 0)

    @property
    def balance_minor(self) -> int:
        return self.credits_posted - self.debits_posted

    @property
    def available_minor(self) -> int:
        """What can be spent now; on an account of assets, what can be taken out."""
        if self.flags & WITHIN_DEBITS:
            taken = self.credits_posted + self.credits_pending
            return self.debits_posted + self.overdraft_minor - taken
        taken = self.debits_posted + self.debits_pending
        return self.credits_posted + self.overdraft_minor - taken

    def debited(self, *, pending: int = 0, posted: int = 0) -> "Account":
        return Account(
            *self[:7],
            self.debits_pending + pending,
            self.debits_posted + posted,
            self.credits_pending,
            self.credits_posted,
            self.version + 1,
        )

    def credited(self, *, pending: int = 0, posted: int = 0) -> "Account":
        return Account(
            *self[:9],
            self.credits_pending + pending,
            self.credits_posted + posted,
            self.version + 1,
        )


class Row(NamedTuple):
    """A transfer as it is written down for ever: the columns of `money_transfers`, in order."""

    seq: int
    id: TransferId
    group_id: TransferId
    group_index: int
    kind: str
    debit_id: UUID | None
    credit_id: UUID | None
    ledger_id: str | None
    amount_minor: int | None
    hold_id: TransferId | None
    timeout_s: int | None
    expires_at: int | None
    reverses_id: TransferId | None
    purpose: str
    ref_kind: str | None
    ref_id: UUID | None
    by_id: UserId
    effective_at: int | None
    created_at: int
    fp: bytes
    problem: str | None


class Entry(NamedTuple):
    """One side of a transfer: what it did to an account, and how the account stood after it."""

    account_id: UUID
    version: int
    seq: int
    posted_minor: int
    pending_minor: int
    balance_after_minor: int
    on_hold_after_minor: int
    coming_after_minor: int


class Hold(NamedTuple):
    """Money set aside. `state` is open, posted, voided or expired, and changes once."""

    id: TransferId
    debit_id: UUID
    credit_id: UUID
    ledger_id: str
    purpose: str
    ref: Ref | None
    amount_minor: int
    captured_minor: int
    state: str
    expires_at: int | None
    is_whole: bool = True
    """False for what is left of another hold."""


class Original(NamedTuple):
    """A transfer that may be given back, and how much of it has been."""

    id: TransferId
    debit_id: UUID
    credit_id: UUID
    ref: Ref | None
    amount_minor: int
    reversed_minor: int

    @classmethod
    def of(cls, row: Row, reversed_minor: int = 0) -> "Original":
        """Of anything but a payment or a capture, nothing is left to give back."""
        debit_id, credit_id, amount = row.debit_id, row.credit_id, row.amount_minor
        assert debit_id is not None
        assert credit_id is not None
        assert amount is not None
        if row.kind not in (Kind.POSTED, Kind.POST) or row.reverses_id is not None:
            reversed_minor = amount
        ref = ref_of(row.ref_kind, row.ref_id)
        return cls(row.id, debit_id, credit_id, ref, amount, reversed_minor)


class Asked(NamedTuple):
    """A request for money: how it ended, if it has."""

    id: RequestId
    asker_id: OwnerId
    amount: Money
    how: str | None
    expires_at: int | None


@dataclass(frozen=True, slots=True)
class Move:
    """One step of a group.

    The accounts of a move that resolves a hold or gives back a transfer are known from that; then
    `amount` may be None too: all of it, or all that is left.
    """

    kind: Kind
    debit: AccountKey | None = None
    credit: AccountKey | None = None
    amount: Money | None = None
    hold_id: TransferId | None = None
    timeout_s: int | None = None
    reverses_id: TransferId | None = None
    purpose: str | None = None
    """None: the group's."""

    @classmethod
    def posted(cls, debit: AccountKey, credit: AccountKey, amount: Money) -> "Move":
        return cls(Kind.POSTED, debit, credit, amount)

    @classmethod
    def fee(cls, payer: AccountKey, amount: Money) -> "Move":
        """What the operator takes for a payment that came."""
        desk = AccountKey(OPERATOR, Code.FEES, amount.currency)
        return cls(Kind.POSTED, payer, desk, amount, purpose=FEE)

    @classmethod
    def pending(
        cls, debit: AccountKey, credit: AccountKey, amount: Money, timeout_s: int | None
    ) -> "Move":
        return cls(Kind.PENDING, debit, credit, amount, timeout_s=timeout_s)

    @classmethod
    def post(cls, hold_id: TransferId, amount: Money | None = None) -> "Move":
        return cls(Kind.POST, amount=amount, hold_id=hold_id)

    @classmethod
    def keep_rest(cls, hold_id: TransferId) -> "Move":
        """Hold on to what the group's `post` left of a hold, until the same moment."""
        return cls(Kind.PENDING, hold_id=hold_id)

    @classmethod
    def void(cls, hold_id: TransferId) -> "Move":
        return cls(Kind.VOID, hold_id=hold_id)

    @classmethod
    def reverse(cls, original_id: TransferId, amount: Money | None) -> "Move":
        return cls(Kind.POSTED, amount=amount, reverses_id=original_id)


@dataclass(frozen=True, slots=True)
class Group:
    """Moves that happen all or not at all; later ones see what the earlier ones did."""

    id: TransferId
    moves: tuple[Move, ...]
    purpose: str
    by_id: UserId
    ref: Ref | None = None
    effective_at: int | None = None
    request_id: RequestId | None = None
    """The request that this pays; it ends together with the transfer."""
    objection: "Refused | None" = None
    """Why the caller would refuse it. The answer to a repeat comes first."""
    consent: Consent = Consent.NEVER
    confirmation: Confirmation | None = None
    scrutiny: Scrutiny = Scrutiny.NONE
    is_suspect: bool = False
    """One of its sides is on the list: it is looked at whatever its amount."""
    may_be_retried: bool = False
    """Its id is derived from what can happen only once, not made for one attempt: a refusal uses
    nothing up."""


def move_id(group_id: TransferId, index: int) -> TransferId:
    return TransferId(derived_id(group_id, "move", index)) if index else group_id


def fingerprint(group: Group) -> bytes:
    """What makes two attempts with one id the same attempt. A PIN is no part of it, nor is a fee,
    which the operator may have changed between the two."""
    moves = [
        (
            move.kind,
            move.debit and move.debit.id,
            move.credit and move.credit.id,
            move.amount and (move.amount.amount_minor, move.amount.currency),
            move.hold_id,
            move.timeout_s,
            move.reverses_id,
        )
        for move in group.moves
        if move.purpose != FEE
    ]
    ref = group.ref
    return digest(
        group.by_id,
        moves,
        group.purpose,
        ref and ref.kind,
        ref and ref.id,
        group.effective_at,
        group.request_id,
    )


def digest(*content: Any) -> bytes:
    """The fingerprint of some content: 16 bytes of SHA-256 over its compact JSON."""
    return sha256(msgspec.json.encode(content)).digest()[:16]


def challenge_of(subject_id: UUID, fp: bytes) -> bytes:
    """What a PIN has to be given for: this one thing and nothing else."""
    return sha256(subject_id.bytes + fp).digest()


def is_confirmed(confirmation: Confirmation, challenge: bytes, now: int) -> bool:
    is_fresh = now - confirmation.at <= CONFIRMED_FOR_MS
    return is_fresh and confirmation.challenge == challenge


def cools_until(confirmation: Confirmation, now: int) -> int | None:
    """Until when this proof is too new for what matters; None when it is not."""
    if confirmation.renewed_at is None or now >= confirmation.renewed_at + PROOF_COOLS_MS:
        return None
    return confirmation.renewed_at + PROOF_COOLS_MS


def confirm_above_by_default(currency: str) -> int:
    """Up to this many minor units are sent without a PIN, unless the payer drew another line.

    About a day's shopping. Where we have not looked at prices, every payment is confirmed.
    """
    return _CONFIRM_ABOVE.get(currency, 0)


_CONFIRM_ABOVE = {
    "AED": 200_00, "BDT": 3000_00, "BRL": 250_00, "CHF": 50_00, "CNY": 300_00, "COP": 150_000_00,
    "EGP": 1000_00, "EUR": 50_00, "GBP": 50_00, "GHS": 300_00, "IDR": 500_000_00, "INR": 2000_00,
    "JPY": 5000, "KES": 3000_00, "KRW": 50_000, "KWD": 15_000, "LKR": 5000_00, "MAD": 400_00,
    "MXN": 800_00, "MYR": 150_00, "NGN": 20_000_00, "NPR": 3000_00, "PEN": 150_00, "PHP": 2000_00,
    "PKR": 5000_00, "PLN": 200_00, "SAR": 200_00, "SGD": 50_00, "THB": 1000_00, "TND": 100_000,
    "TRY": 1500_00, "TZS": 60_000_00, "UGX": 100_000, "USD": 50_00, "VND": 500_000, "ZAR": 800_00,
}  # fmt: skip


class Reason(StrEnum):
    """Why a group is refused: the slug of the `Problem` that its caller meets."""

    NOT_FOUND = "not-found"
    NOT_ALLOWED = "not-allowed"
    ID_REUSED = "id-reused"
    SAME_ACCOUNT = "same-account"
    AMOUNT_OUT_OF_RANGE = "amount-out-of-range"
    ACCOUNT_CLOSED = "account-closed"
    ACCOUNT_FROZEN = "account-frozen"
    REQUEST_ENDED = "request-ended"
    CLAIM_OPEN = "claim-open"
    HOLD_RESOLVED = "hold-resolved"
    HOLD_EXPIRED = "hold-expired"
    OVER_CAPTURE = "over-capture"
    OVER_REFUND = "over-refund"
    INSUFFICIENT_FUNDS = "insufficient-funds"
    LIMIT_EXCEEDED = "limit-exceeded"
    PAYEE_CANNOT_RECEIVE = "payee-cannot-receive"
    WAY_OFF = "way-off"
    COUNTER_FULL = "counter-full"
    QUOTE_EXPIRED = "quote-expired"
    NEEDS_REVIEW = "needs-review"
    EXCHANGE_SHORT = "exchange-short"
    CONFIRMATION_REQUIRED = "confirmation-required"
    CONFIRMATION_WRONG = "confirmation-wrong"
    PROOF_TOO_NEW = "proof-too-new"
    ADDRESS_TOO_NEW = "address-too-new"


_NOT_REMEMBERED = {
    Reason.NOT_FOUND,
    Reason.NOT_ALLOWED,
    Reason.ID_REUSED,
    Reason.SAME_ACCOUNT,
    Reason.WAY_OFF,
    Reason.AMOUNT_OUT_OF_RANGE,
    Reason.CONFIRMATION_REQUIRED,
    Reason.CONFIRMATION_WRONG,
    Reason.PROOF_TOO_NEW,
}


class Refused(Exception):
    """A group was refused. `facts` are plain JSON: they are stored and told again."""

    def __init__(self, reason: Reason, **facts: int | str) -> None:
        super().__init__(reason, facts)
        self.reason = reason
        self.facts = facts

    @property
    def is_remembered(self) -> bool:
        """Does this answer use up the id? Yes when it came from how things stood: then a late
        repeat can never turn a failure that somebody was shown into a payment."""
        return self.reason not in _NOT_REMEMBERED

    def stored(self) -> str:
        return msgspec.json.encode({"slug": self.reason, "facts": self.facts}).decode()

    @classmethod
    def restored(cls, text: str) -> "Refused":
        kept = msgspec.json.decode(text)
        return cls(Reason(kept["slug"]), **kept["facts"])


@dataclass(frozen=True, slots=True)
class Transfer:
    """Who paid whom, how much and what for. Never changed: what becomes of it are transfers too."""

    id: TransferId
    kind: Kind
    payer_id: OwnerId
    payee_id: OwnerId
    amount: Money
    way: Way
    purpose: str
    ref: Ref | None
    hold_id: TransferId | None
    reverses_id: TransferId | None
    expires_at: int | None
    created_at: int

    @classmethod
    def of(cls, row: Row, payer_id: OwnerId, payee_id: OwnerId) -> "Transfer":
        assert row.ledger_id is not None
        assert row.amount_minor is not None
        return cls(
            id=row.id,
            kind=Kind(row.kind),
            payer_id=payer_id,
            payee_id=payee_id,
            amount=Money(row.amount_minor, currency_of(row.ledger_id)),
            way=way_of(row.ledger_id),
            purpose=row.purpose,
            ref=ref_of(row.ref_kind, row.ref_id),
            hold_id=row.hold_id,
            reverses_id=row.reverses_id,
            expires_at=row.expires_at,
            created_at=row.created_at,
        )


def ref_of(kind: str | None, id: UUID | None) -> Ref | None:
    return Ref(kind, id) if kind is not None and id is not None else None


Outcome: TypeAlias = tuple[Transfer, ...] | Refused
"""What became of a group: its transfers, or why not."""


class Paid(NamedTuple):
    """A request that ended with a transfer."""

    asker_id: OwnerId
    amount: Money
    """All that was asked: the transfer may be the last part of it."""
    transfer: Transfer
    by_id: UserId


class Waived(NamedTuple):
    """A payment that went without a PIN, while such payments are added up."""

    transfer_id: TransferId
    account_id: UUID
    at: int
    amount_minor: int


UsageKey: TypeAlias = tuple[UUID, Action]
"""An account, and what it does."""
Pair: TypeAlias = tuple[UUID, UUID]
"""The accounts of a payer and of a payee."""


class Known(NamedTuple):
    """An id that was used before, and what was answered then."""

    fp: bytes
    answer: Outcome


@dataclass(slots=True)
class Books:
    """All that one pass has to know; `decide` brings it up to date and lists what is new."""

    now: int
    next_seq: int
    accounts: dict[UUID, Account]
    holds: dict[TransferId, Hold] = field(default_factory=dict)
    originals: dict[TransferId, Original] = field(default_factory=dict)
    requests: dict[RequestId, Asked] = field(default_factory=dict)
    known: dict[TransferId, Known] = field(default_factory=dict)
    confirm_above: dict[tuple[OwnerId, str], int] = field(default_factory=dict)
    review_above: dict[str, int] = field(default_factory=dict)
    """Above how much a payment of a currency is looked at."""
    bounds: dict[UUID, Bounds] = field(default_factory=dict)
    """Of the accounts that stand under a rule; all that follows is about these alone."""
    usages: dict[UsageKey, Usage] = field(default_factory=dict)
    payees: dict[Pair, Payee] = field(default_factory=dict)
    unconfirmed: dict[UUID, int] = field(default_factory=dict)
    """What went without a PIN in the last 24 hours."""
    made_at: dict[TransferId, int] = field(default_factory=dict)
    """When a hold, or what came of it, or a payment was counted."""

    waived: list[Waived] = field(default_factory=list)
    rows: list[Row] = field(default_factory=list)
    entries: list[Entry] = field(default_factory=list)
    transfers: list[Transfer] = field(default_factory=list)
    paid: dict[RequestId, Paid] = field(default_factory=dict)


def refused_row(group: Group, fp: bytes, refused: Refused, *, seq: int, now: int) -> Row:
    ref = group.ref
    return Row(
        seq=seq,
        id=group.id,
        group_id=group.id,
        group_index=0,
        kind=Kind.REFUSED.value,
        debit_id=None,
        credit_id=None,
        ledger_id=None,
        amount_minor=None,
        hold_id=None,
        timeout_s=None,
        expires_at=None,
        reverses_id=None,
        purpose=group.purpose,
        ref_kind=ref.kind if ref else None,
        ref_id=ref.id if ref else None,
        by_id=group.by_id,
        effective_at=group.effective_at,
        created_at=now,
        fp=fp,
        problem=refused.stored(),
    )
