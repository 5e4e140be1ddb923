"""What a transfer is, and when one is refused. Pure: no tables, no clock, no input or output.

Money moves between accounts. A *move* debits one account and credits another of the same ledger; a
*group* is a list of moves that happen all or not at all. `decide` takes the groups in the order in
which they arrived and says what becomes of each; `ledger.apply` reads and writes for it.

What is made thousands of times a second (accounts, rows, entries) is a named tuple.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from enum import IntEnum, IntFlag, StrEnum
from functools import lru_cache
from hashlib import sha256
from typing import Any, NamedTuple, TypeAlias
from uuid import UUID

import msgspec

from kirana.values import (
    MAX_AMOUNT_MINOR,
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
    NOT_COUNTED,
    PASSED_ON,
    Action,
    Bounds,
    Over,
    Payee,
    Rule,
    Usage,
    Window,
    actions_of,
    exceeded,
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
_WITHIN_CREDITS = int(Flag.DEBITS_WITHIN_CREDITS)
_WITHIN_DEBITS = int(Flag.CREDITS_WITHIN_DEBITS)
_NO_DEBITS = int(Flag.DEBITS_FROZEN)
_NO_CREDITS = int(Flag.CREDITS_FROZEN)
_IS_CLOSED = int(Flag.CLOSED)


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
        if self.flags & _WITHIN_DEBITS:
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


def decide(books: Books, groups: Sequence[Group]) -> list[Outcome]:
    """What becomes of each group, in the order in which they arrived. Holds whose time is over are
    released first, oldest first. The same books and groups always give the same outcomes."""
    for hold in _due(books):
        _answer(books, _expiry(hold))
    return [_answer(books, group) for group in groups]


def _due(books: Books) -> Iterable[Hold]:
    due = [
        (hold.expires_at, hold.id.bytes, hold)
        for hold in books.holds.values()
        if hold.state == "open" and hold.expires_at is not None and hold.expires_at <= books.now
    ]
    return [hold for *_, hold in sorted(due)]


def _expiry(hold: Hold) -> Group:
    id = TransferId(derived_id(hold.id, "expire"))
    return Group(id, (Move(Kind.EXPIRE, hold_id=hold.id),), "expired", SYSTEM.person_id)


def _answer(books: Books, group: Group) -> Outcome:
    fp = fingerprint(group)
    if known := books.known.get(group.id):
        return known.answer if known.fp == fp else Refused(Reason.ID_REUSED, id=str(group.id))
    draft = _Draft(books, group, fp)
    try:
        draft.run()
    except Refused as refused:
        if refused.is_remembered and not group.may_be_retried:
            books.known[group.id] = Known(fp, refused)
            books.rows.append(refused_row(group, fp, refused, seq=books.next_seq, now=books.now))
            books.next_seq += 1
        return refused
    return draft.keep()


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


class _Draft:
    """A group on its way into the books. Until `keep`, the books know nothing of it."""

    __slots__ = (
        "_accounts",
        "_books",
        "_entries",
        "_fp",
        "_group",
        "_holds",
        "_made_at",
        "_originals",
        "_payees",
        "_rows",
        "_transfers",
        "_usages",
        "_waived",
    )

    def __init__(self, books: Books, group: Group, fp: bytes) -> None:
        self._books, self._group, self._fp = books, group, fp
        self._accounts: dict[UUID, Account] = {}
        self._holds: dict[TransferId, Hold] = {}
        self._originals: dict[TransferId, Original] = {}
        self._rows: list[Row] = []
        self._entries: list[Entry] = []
        self._transfers: list[Transfer] = []
        self._usages: dict[UsageKey, Usage] = {}
        self._payees: dict[Pair, Payee] = {}
        self._made_at: dict[TransferId, int] = {}
        self._waived: list[Waived] = []

    def run(self) -> None:
        """Raises: Refused."""
        if self._group.objection:
            raise self._group.objection
        self._check_request()
        for move in self._group.moves:
            if move.kind in (Kind.POST, Kind.VOID, Kind.EXPIRE):
                self._resolve(move)
            elif move.reverses_id is not None:
                self._reverse(move, move.reverses_id)
            elif move.hold_id is not None:
                self._keep_rest(move.hold_id)
            else:
                self._transfer(move)
        self._check_consent()

    def keep(self) -> tuple[Transfer, ...]:
        books, answer = self._books, tuple(self._transfers)
        books.accounts.update(self._accounts)
        books.holds.update(self._holds)
        books.originals.update(self._originals)
        books.rows += self._rows
        books.entries += self._entries
        books.transfers += self._transfers
        if books.bounds:
            self._keep_usages()
        books.next_seq += len(self._rows)
        books.known[self._group.id] = Known(self._fp, answer)
        if request_id := self._group.request_id:
            asked = books.requests[request_id]
            books.requests[request_id] = asked._replace(how="paid")
            books.paid[request_id] = Paid(
                asked.asker_id, asked.amount, answer[0], self._group.by_id
            )
        return answer

    def _keep_usages(self) -> None:
        books = self._books
        books.usages.update(self._usages)
        books.payees.update(self._payees)
        books.made_at.update(self._made_at)
        books.waived += self._waived
        for waived in self._waived:
            before = books.unconfirmed.get(waived.account_id, 0)
            books.unconfirmed[waived.account_id] = before + waived.amount_minor

    def _check_request(self) -> None:
        if (id := self._group.request_id) is None:
            return
        asked = self._books.requests.get(id)
        if asked is None:
            raise Refused(Reason.NOT_FOUND)
        if asked.how:
            raise Refused(Reason.REQUEST_ENDED, how=asked.how)
        if asked.expires_at is not None and asked.expires_at <= self._books.now:
            raise Refused(Reason.REQUEST_ENDED, how="expired")

    def _transfer(self, move: Move) -> None:
        assert move.debit is not None
        assert move.credit is not None
        if move.debit == move.credit:
            raise Refused(Reason.SAME_ACCOUNT)
        debit, credit = self._account(move.debit.id), self._account(move.credit.id)
        assert move.amount is not None
        assert move.debit.currency == move.credit.currency
        amount = _amount(move, debit, if_none=0)
        _check_open(debit, credit, is_fee=move.purpose == FEE)
        if self._must_be_reviewed(debit, credit, amount):
            if self._group.scrutiny is Scrutiny.REFUSE:
                raise Refused(Reason.NEEDS_REVIEW, currency=move.amount.currency)
            move = replace(move, kind=Kind.PENDING, timeout_s=REVIEWED_WITHIN_S)
        expires_at = None
        if move.timeout_s is not None:
            expires_at = self._books.now + move.timeout_s * 1000
        self._move(move.kind, debit, credit, amount, move=move, expires_at=expires_at)

    def _must_be_reviewed(self, debit: Account, credit: Account, amount: int) -> bool:
        group = self._group
        if group.scrutiny is Scrutiny.NONE or debit.code != Code.WALLET:
            return False
        above = self._books.review_above.get(currency_of(debit.ledger_id))
        return group.is_suspect or (above is not None and amount > above)

    def _reverse(self, move: Move, original_id: TransferId) -> None:
        original = self._original(original_id)
        left = original.amount_minor - original.reversed_minor
        debit, credit = self._account(original.credit_id), self._account(original.debit_id)
        amount = _amount(move, debit, if_none=left or 1)
        _check_open(debit, credit)
        if amount > left:
            raise Refused(Reason.OVER_REFUND, refundable_minor=left)
        self._originals[original_id] = original._replace(
            reversed_minor=original.reversed_minor + amount
        )
        self._move(Kind.POSTED, debit, credit, amount, move=move, ref=original.ref)
        if self._books.bounds:
            self._count_back(credit, debit, -amount, 0, original_id)

    def _resolve(self, move: Move) -> None:
        hold = self._hold(move.hold_id)
        debit, credit = self._account(hold.debit_id), self._account(hold.credit_id)
        amount = _amount(move, debit, if_none=hold.amount_minor)
        if move.kind is Kind.POST:
            _check_open(debit, credit)
        if hold.state == "expired":
            raise Refused(Reason.HOLD_EXPIRED)
        if hold.state != "open":
            raise Refused(Reason.HOLD_RESOLVED, state=hold.state)
        if amount > hold.amount_minor:
            raise Refused(Reason.OVER_CAPTURE, held_minor=hold.amount_minor)
        captured = amount if move.kind is Kind.POST else 0
        self._holds[hold.id] = hold._replace(state=_RESOLVED[move.kind], captured_minor=captured)
        self._move(move.kind, debit, credit, amount, move=move, hold=hold)
        if self._books.bounds and self._group.purpose not in PASSED_ON:
            is_void = move.kind is not Kind.POST and hold.is_whole
            self._count_back(debit, credit, captured - hold.amount_minor, -is_void, hold.id)

    def _keep_rest(self, hold_id: TransferId) -> None:
        hold = self._hold(hold_id)
        assert hold.state == "posted", "keep_rest follows the post of the same hold"
        if rest := hold.amount_minor - hold.captured_minor:
            debit, credit = self._account(hold.debit_id), self._account(hold.credit_id)
            self._move(
                Kind.PENDING,
                debit,
                credit,
                rest,
                move=Move.keep_rest(hold_id),
                hold=hold,
                expires_at=hold.expires_at,
            )
            if self._books.bounds:
                self._count_back(debit, credit, rest, 0, hold_id)

    def _move(
        self,
        kind: Kind,
        debit: Account,
        credit: Account,
        amount: int,
        *,
        move: Move,
        hold: Hold | None = None,
        ref: Ref | None = None,
        expires_at: int | None = None,
    ) -> None:
        """Bring both accounts up to date and write the transfer with its two entries."""
        group, books = self._group, self._books
        purpose = move.purpose or group.purpose
        posted = amount if kind in (Kind.POSTED, Kind.POST) else 0
        pending = amount if kind is Kind.PENDING else 0
        if hold and kind is not Kind.PENDING:
            pending = -hold.amount_minor
        debit_after = debit.debited(pending=pending, posted=posted)
        credit_after = credit.credited(pending=pending, posted=posted)
        if posted or pending > 0:
            _check_funds(debit, credit, debit_after, credit_after)
            if self._books.bounds and move.hold_id is None and move.reverses_id is None:
                self._count(debit, credit, credit_after, amount, purpose)
            _check_counters(debit_after, credit_after)
        self._accounts[debit.id], self._accounts[credit.id] = debit_after, credit_after

        seq, index = books.next_seq + len(self._rows), len(self._rows)
        ref = group.ref or ref or (hold.ref if hold else None)
        row = Row(
            seq=seq,
            id=move_id(group.id, index),
            group_id=group.id,
            group_index=index,
            kind=kind.value,
            debit_id=debit.id,
            credit_id=credit.id,
            ledger_id=debit.ledger_id,
            amount_minor=amount,
            hold_id=move.hold_id,
            timeout_s=move.timeout_s,
            expires_at=expires_at,
            reverses_id=move.reverses_id,
            purpose=purpose,
            ref_kind=ref.kind if ref else None,
            ref_id=ref.id if ref else None,
            by_id=group.by_id,
            effective_at=group.effective_at,
            created_at=books.now,
            fp=self._fp,
            problem=None,
        )
        self._rows.append(row)
        self._entries.append(_entry(debit_after, seq, -posted, -pending))
        self._entries.append(_entry(credit_after, seq, posted, pending))
        self._transfers.append(Transfer.of(row, debit.owner_id, credit.owner_id))
        if kind is Kind.PENDING:
            self._holds[row.id] = Hold(
                row.id, debit.id, credit.id, debit.ledger_id, purpose, ref, amount, 0, "open",
                expires_at, move.hold_id is None,
            )  # fmt: skip
        if books.bounds:
            root = move.hold_id or move.reverses_id
            made_at = self._was_made_at(root) if root else books.now
            if made_at is not None and purpose not in NOT_COUNTED | PASSED_ON:
                self._made_at[row.id] = made_at

    def _count(
        self, debit: Account, credit: Account, credited: Account, amount: int, purpose: str
    ) -> None:
        """Enter a payment into the usages of both sides. Raises: Refused by the rules of one."""
        if debit.code == Code.EXCHANGE and (full := self._fullness(credited, Action.RECEIVE)):
            held = credited.balance_minor + credited.credits_pending - amount
            left = max(0, (full.max_minor or 0) - held)
            raise _limit_exceeded(credit, Over(full, left, None, None))
        if purpose in NOT_COUNTED:
            return
        now = self._books.now
        paying, receiving = actions_of(debit.code, credit.code)
        if self._group.purpose in PASSED_ON:
            paying = None
        if paying and (over := self._over(debit, paying, amount)):
            raise _limit_exceeded(debit, over)
        if paying is Action.SEND:
            self._meet_payee(debit, credit, amount)
        if receiving and (
            self._over(credit, receiving, amount) or self._fullness(credited, receiving)
        ):
            raise Refused(Reason.PAYEE_CANNOT_RECEIVE)
        self._enter(debit, paying, amount, 1, now)
        self._enter(credit, receiving, amount, 1, now)
        if paying:
            self._enter_payee(debit, credit, amount, now)

    def _count_back(
        self, debit: Account, credit: Account, minor: int, count: int, id: TransferId
    ) -> None:
        """Enter what comes back of a payment, wholly or in part, where it was counted."""
        made_at = self._was_made_at(id)
        if made_at is None:
            return
        paying, receiving = actions_of(debit.code, credit.code)
        self._enter(debit, paying, minor, count, made_at)
        self._enter(credit, receiving, minor, count, made_at)
        self._enter_payee(debit, credit, minor, made_at)

    def _over(self, account: Account, action: Action, amount: int) -> Over | None:
        bounds = self._books.bounds.get(account.id)
        rules = bounds.of(action) if bounds else []
        if not bounds or not rules:
            return None
        return exceeded(rules, self._usage(account.id, action, bounds), amount, bounds.zone)

    def _fullness(self, credited: Account, action: Action) -> Rule | None:
        """The rule that is broken when more is in an account, or on its way there, than may be."""
        bounds = self._books.bounds.get(credited.id)
        kept = action if action is Action.HOLD_CASH else Action.RECEIVE
        rule = bounds.find(kept, Window.BALANCE) if bounds else None
        if rule is None or rule.max_minor is None:
            return None
        is_over = credited.balance_minor + credited.credits_pending > rule.max_minor
        return rule if is_over else None

    def _usage(self, account_id: UUID, action: Action, bounds: Bounds) -> Usage:
        key, now = (account_id, action), self._books.now
        usage = self._usages.get(key) or self._books.usages.get(key)
        return usage.at(now, bounds.zone) if usage else Usage.begun(now, bounds.zone)

    def _enter(
        self, account: Account, action: Action | None, minor: int, count: int, made_at: int
    ) -> None:
        bounds = self._books.bounds.get(account.id)
        if action is None or bounds is None or not bounds.counts(action):
            return
        usage = self._usage(account.id, action, bounds)
        self._usages[account.id, action] = usage.counted(minor, count, made_at)

    def _meet_payee(self, debit: Account, credit: Account, amount: int) -> None:
        """Somebody paid for the first time is known from now on, and for a while gets little.

        Raises: Refused."""
        bounds = self._books.bounds.get(debit.id)
        if bounds is None or not bounds.knows_payees:
            return
        pair, now = (debit.id, credit.id), self._books.now
        rule = bounds.find(Action.SEND, Window.NEW_PAYEE)
        payee = self._payee(pair)
        if payee is None:
            hours = (rule.hours or 0) if rule else 0
            payee = self._payees[pair] = Payee(now, now + hours * 3_600_000, 0)
        if rule and rule.max_minor is not None and now < payee.until:
            left = max(0, rule.max_minor - payee.minor)
            if amount > left:
                raise _limit_exceeded(debit, Over(rule, left, None, payee.until))

    def _enter_payee(self, debit: Account, credit: Account, minor: int, made_at: int) -> None:
        pair = (debit.id, credit.id)
        if payee := self._payee(pair):
            self._payees[pair] = payee.counted(minor, made_at)

    def _payee(self, pair: Pair) -> Payee | None:
        return self._payees.get(pair) or self._books.payees.get(pair)

    def _was_made_at(self, id: TransferId) -> int | None:
        made_at = self._made_at.get(id)
        return self._books.made_at.get(id) if made_at is None else made_at

    def _check_consent(self) -> None:
        group = self._group
        if group.consent is Consent.NEVER:
            return
        challenge = challenge_of(group.id, self._fp)
        if group.consent is Consent.ABOVE and not self._needs_consent():
            self._waive(challenge)
            return
        if group.confirmation is None:
            raise Refused(Reason.CONFIRMATION_REQUIRED, challenge=challenge.hex())
        if not is_confirmed(group.confirmation, challenge, self._books.now):
            raise Refused(Reason.CONFIRMATION_WRONG, challenge=challenge.hex())
        first = self._transfers[0].amount
        until = cools_until(group.confirmation, self._books.now)
        if until and first.amount_minor > confirm_above_by_default(first.currency):
            raise Refused(Reason.PROOF_TOO_NEW, until=until)

    def _needs_consent(self) -> bool:
        books, row, first = self._books, self._rows[0], self._transfers[0]
        assert row.debit_id is not None
        assert row.credit_id is not None
        amount = first.amount.amount_minor
        line = books.confirm_above.get((first.payer_id, first.amount.currency))
        if line is None:
            line = confirm_above_by_default(first.amount.currency)
        bounds = books.bounds.get(row.debit_id)
        if bounds is None:
            return amount > line
        if (most := bounds.find(Action.CONFIRM, Window.TRANSFER)) and most.max_minor is not None:
            line = min(line, most.max_minor)
        if amount > line:
            return True
        is_new = (row.debit_id, row.credit_id) in self._payees and (
            (row.debit_id, row.credit_id) not in books.payees
        )
        first_payment = bounds.find(Action.CONFIRM, Window.NEW_PAYEE)
        if first_payment and is_new and amount > (first_payment.max_minor or 0):
            return True
        if bounds.find(Action.CONFIRM, Window.DAY) is None:
            return False
        return books.unconfirmed.get(row.debit_id, 0) + amount > line

    def _waive(self, challenge: bytes) -> None:
        """Nobody was asked for a PIN: such payments are added up where a rule says so."""
        books, row, confirmation = self._books, self._rows[0], self._group.confirmation
        assert row.debit_id is not None
        assert row.amount_minor is not None
        bounds = books.bounds.get(row.debit_id)
        if bounds is None or bounds.find(Action.CONFIRM, Window.DAY) is None:
            return
        if confirmation is None or not is_confirmed(confirmation, challenge, books.now):
            self._waived.append(Waived(row.id, row.debit_id, books.now, row.amount_minor))

    def _account(self, id: UUID) -> Account:
        return self._accounts.get(id) or self._books.accounts[id]

    def _original(self, id: TransferId) -> Original:
        books = self._books
        if known := self._originals.get(id) or books.originals.get(id):
            return known
        for row in books.rows:  # written by this very pass
            if row.id == id and row.debit_id and row.credit_id:
                return Original.of(row)
        raise Refused(Reason.NOT_FOUND)

    def _hold(self, id: TransferId | None) -> Hold:
        assert id is not None
        hold = self._holds.get(id) or self._books.holds.get(id)
        if hold is None:
            raise Refused(Reason.NOT_FOUND)
        return hold


_RESOLVED = {Kind.POST: "posted", Kind.VOID: "voided", Kind.EXPIRE: "expired"}


def _amount(move: Move, account: Account, *, if_none: int) -> int:
    if move.amount is None:
        return if_none
    currency = currency_of(account.ledger_id)
    if move.amount.currency != currency or not 1 <= move.amount.amount_minor <= MAX_AMOUNT_MINOR:
        raise Refused(Reason.AMOUNT_OUT_OF_RANGE, currency=currency)
    return move.amount.amount_minor


def _check_open(debit: Account, credit: Account, *, is_fee: bool = False) -> None:
    if debit.flags & _IS_CLOSED or credit.flags & _IS_CLOSED:
        raise Refused(Reason.ACCOUNT_CLOSED, side=_side(debit, _IS_CLOSED))
    if (debit.flags & _NO_DEBITS and not is_fee) or credit.flags & _NO_CREDITS:
        raise Refused(Reason.ACCOUNT_FROZEN, side=_side(debit, _NO_DEBITS))


def _side(debit: Account, flag: int) -> str:
    return "payer" if debit.flags & flag else "payee"


def _check_funds(debit: Account, credit: Account, debited: Account, credited: Account) -> None:
    """The flags, after a move. Only a rise can break them: a `post` takes what was set aside."""
    if debited.flags & _WITHIN_CREDITS and debited.available_minor < 0:
        raise _too_little(debit)
    if credited.flags & _WITHIN_DEBITS and credited.available_minor < 0:
        raise _too_little(credit)


def _check_counters(debited: Account, credited: Account) -> None:
    in_wallet = credited.balance_minor + credited.credits_pending
    if credited.code < Code.GOING_OUT and in_wallet > MAX_AMOUNT_MINOR:
        raise Refused(Reason.COUNTER_FULL)
    highest = max(
        debited.debits_posted,
        debited.debits_pending,
        credited.credits_posted,
        credited.credits_pending,
    )
    if highest > MAX_COUNTER:
        raise Refused(Reason.COUNTER_FULL)


def _too_little(account: Account) -> Refused:
    return Refused(
        Reason.INSUFFICIENT_FUNDS,
        available_minor=account.available_minor,
        currency=currency_of(account.ledger_id),
    )


def _limit_exceeded(account: Account, over: Over) -> Refused:
    currency = currency_of(account.ledger_id)
    return Refused(Reason.LIMIT_EXCEEDED, currency=currency, **over.facts())


def _entry(account: Account, seq: int, posted: int, pending: int) -> Entry:
    return Entry(
        account.id,
        account.version,
        seq,
        posted,
        pending,
        account.balance_minor,
        account.debits_pending,
        account.credits_pending,
    )
