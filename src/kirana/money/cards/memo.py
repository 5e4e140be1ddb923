"""What payments through a shop's own account do to the books: they are noted, between payer and
payee, and nothing of them is ever owed by the operator. `books` has the same commands for those
through the operator's.
"""

from kirana.platform.db import Row, Tx
from kirana.values import SYSTEM, Money, OwnerId, TransferId, derived_id

from .. import ledger
from ..model import PURCHASE, AccountKey, Code, Group, Move, Ref
from .books import BACK_AGAIN, REF


def set_aside(tx: Tx, row: Row, amount: Money) -> TransferId:
    """The payer's bank has set the money aside for the payee."""
    move = Move.pending(*_forth(row, amount), amount, None)
    return _post(tx, row, "hold", move, PURCHASE, ref=_order(row))


def take(tx: Tx, row: Row, received: Money) -> None:
    """The money came; what was set aside beyond it is free."""
    ledger.post(
        tx,
        Group(
            TransferId(derived_id(row.id, "capture")),
            (Move.post(row.hold_id, received),),
            PURCHASE,
            SYSTEM.person_id,
            _order(row),
        ),
    )


def keep_back(tx: Tx, row: Row) -> None:
    """It is not wanted any more; what the bank has set aside is no money of anybody's here."""
    _post(tx, row, "void", Move.void(row.hold_id), "canceled")


def let_go(tx: Tx, row: Row) -> None:
    """The bank no longer sets aside what was held for the payee."""
    _post(tx, row, "let-go", Move.void(row.hold_id), "card_ended")


def come_late(tx: Tx, row: Row, received: Money) -> None:
    """What was not wanted any more has come to the payee all the same, and has to go back."""
    _post(tx, row, "late", Move.posted(*_forth(row, received), received), "card_late")


def give_back(tx: Tx, row: Row, amount: Money) -> None:
    """The payee has given back of a sale, and not through Kirana. Raises: OverRefund and others."""
    id = TransferId(derived_id(row.id, "rail/given-back"))
    sale_id = TransferId(derived_id(row.parent_id, "capture"))
    ledger.refund(tx, id, sale_id, amount, may_be_retried=True, by=SYSTEM)


def set_out(tx: Tx, row: Row, amount: Money) -> TransferId:
    """What came late is on its way back to the card."""
    return _post(tx, row, "out", Move.pending(*_back(row, amount), amount, None), "card_refund")


def gone_out(tx: Tx, row: Row, amount: Money) -> None:
    """It has gone. What the payee gave back of a sale is noted since that was said."""
    if row.hold_id:
        _post(tx, row, "gone", Move.post(row.hold_id), "card_refund")


def not_gone(tx: Tx, row: Row, amount: Money) -> None:
    """It will not go: the payee has it yet."""
    if row.hold_id:
        _post(tx, row, "not-gone", Move.void(row.hold_id), BACK_AGAIN)
    else:
        come_back(tx, row, amount)


def come_back(tx: Tx, row: Row, amount: Money) -> None:
    """What had gone is with the payee again, and still to be given back."""
    ref = Ref(REF, row.id) if row.hold_id else _order(row)
    move = Move.posted(*_forth(row, amount), amount)
    _post(tx, row, "arrived", move, BACK_AGAIN, ref=ref)


def take_back(tx: Tx, row: Row, bearer_id: OwnerId, amount: Money) -> Money:
    """Stripe has taken money back of the payee's account. The operator bears nothing of it."""
    _post(tx, row, "disputed", Move.posted(*_back(row, amount), amount), "dispute")
    return Money.zero(amount.currency)


def give_again(tx: Tx, row: Row, bearer_id: OwnerId, amount: Money, rest: Money) -> None:
    """The dispute was won: the payee has it again."""
    _post(tx, row, "won", Move.posted(*_forth(row, amount), amount), "dispute_won")


def _forth(row: Row, amount: Money) -> tuple[AccountKey, AccountKey]:
    """From the payer to the payee."""
    return _noted(row.owner_id, amount), _noted(row.payee_id, amount)


def _back(row: Row, amount: Money) -> tuple[AccountKey, AccountKey]:
    return _noted(row.payee_id, amount), _noted(row.owner_id, amount)


def _noted(owner_id: OwnerId, amount: Money) -> AccountKey:
    return AccountKey(owner_id, Code.DIRECT, amount.currency)


def _order(row: Row) -> Ref:
    return Ref(row.ref_kind, row.ref_id)


def _post(
    tx: Tx, row: Row, step: str, move: Move, purpose: str, *, ref: Ref | None = None
) -> TransferId:
    id = TransferId(derived_id(row.id, f"rail/{step}"))
    group = Group(id, (move,), purpose, SYSTEM.person_id, ref or Ref(REF, row.id))
    return ledger.post(tx, group)[0].id
