"""What the operator takes for a sale, of what the shop is paid. Buyers pay nothing on top, and
giving something back brings no fee back."""

from dataclasses import dataclass
from typing import Annotated, Literal

from msgspec import Meta
from sqlalchemy import bindparam, insert, select

from kirana.platform.db import Q, Row, Tx
from kirana.platform.problems import IdReused
from kirana.values import MAX_AMOUNT_MINOR, Actor, FeeId, Money, OwnerId, TransferId

from .. import ledger
from ..model import PURCHASE, Group, Move, Ref, Transfer
from ..owners import require_operator
from ..tables import fees
from ..wallets import wallet_key

Sale = Literal["wallet", "card"]
"""How a buyer pays: out of a wallet, or by card."""
Minor = Annotated[int, Meta(ge=0, le=MAX_AMOUNT_MINOR)]
Ppm = Annotated[int, Meta(ge=0, le=1_000_000)]

_FIND = Q(select(fees).where(fees.c.id == bindparam("id")))
_ALL = Q(select(fees).order_by(fees.c.at.desc(), fees.c.id.desc()))
_OF = Q(
    select(fees)
    .where(fees.c.currency == bindparam("currency"), fees.c.sale == bindparam("sale"))
    .order_by(fees.c.at.desc(), fees.c.id.desc())
    .limit(1)
)
_ADD = Q(insert(fees))


@dataclass(frozen=True, slots=True)
class Fee:
    """A fixed part and millionths of the amount; together at least `low_minor`, at most
    `high_minor`, and never more than the amount."""

    fixed_minor: Minor = 0
    ppm: Ppm = 0
    low_minor: Minor = 0
    high_minor: Minor | None = None

    def of(self, amount: Money) -> Money:
        """Half a minor unit is rounded up."""
        minor = self.fixed_minor + (amount.amount_minor * self.ppm + 500_000) // 1_000_000
        minor = max(minor, self.low_minor)
        if self.high_minor is not None:
            minor = min(minor, self.high_minor)
        return Money(min(minor, amount.amount_minor), amount.currency)


@dataclass(frozen=True, slots=True)
class SaleFee:
    """What is taken for sales in a currency that are paid in this way."""

    currency: str
    sale: Sale
    fee: Fee


def set_fee(tx: Tx, id: FeeId, currency: str, sale: Sale, fee: Fee, *, by: Actor) -> None:
    """Take this for sales from now on: of what is captured later, whenever it was set aside. A fee
    of nothing takes nothing. Safe to repeat with the same `id`.

    Raises: NotAllowed unless an operator does it; IdReused.
    """
    require_operator(tx, by=by)
    if known := tx.one(_FIND, id=id):
        if (known.currency, known.sale, _fee(known)) != (currency, sale, fee):
            raise IdReused(id=str(id))
        return
    ledger.open_currency(tx, currency)
    tx.do(
        _ADD,
        id=id,
        currency=currency,
        sale=sale,
        fixed_minor=fee.fixed_minor,
        ppm=fee.ppm,
        low_minor=fee.low_minor,
        high_minor=fee.high_minor,
        by_id=by.person_id,
        at=tx.now,
    )


def list_fees(tx: Tx) -> list[SaleFee]:
    """The fees in force; nothing is taken where there is none."""
    newest: dict[tuple[str, Sale], Fee] = {}
    for row in tx.all(_ALL):
        newest.setdefault((row.currency, row.sale), _fee(row))
    return [SaleFee(*key, fee) for key, fee in sorted(newest.items()) if fee.ppm or _least(fee)]


def fee_moves(tx: Tx, payee: OwnerId, amount: Money, sale: Sale) -> tuple[Move, ...]:
    """What goes to the operator of a sale that is captured in the same group: a move, or none."""
    row = tx.one(_OF, currency=amount.currency, sale=sale)
    fee = _fee(row).of(amount) if row else None
    return (Move.fee(wallet_key(payee, amount.currency), fee),) if fee else ()


def capture_sale(
    tx: Tx,
    id: TransferId,
    hold_id: TransferId,
    *,
    payee: OwnerId,
    amount: Money,
    ref: Ref,
    by: Actor,
) -> Transfer:
    """Take all of what a buyer has set aside for a sale: `amount`, for `payee`, less the operator's
    fee. A hold is taken once, whatever the `id`: a refusal uses nothing up.

    Raises: HoldResolved, HoldExpired, AccountFrozen, IdReused, NotFound.
    """
    moves = (Move.post(hold_id), *fee_moves(tx, payee, amount, "wallet"))
    group = Group(id, moves, PURCHASE, by.person_id, ref, may_be_retried=True)
    return ledger.post(tx, group)[0]


def _least(fee: Fee) -> int:
    least = max(fee.fixed_minor, fee.low_minor)
    return least if fee.high_minor is None else min(least, fee.high_minor)


def _fee(row: Row) -> Fee:
    return Fee(row.fixed_minor, row.ppm, row.low_minor, row.high_minor)
