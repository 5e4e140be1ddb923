"""What payments through a provider do to the books.

What the provider owes us stands on *coming in*, what we owe back through it on *going out*. Money
is in a wallet only once the provider has it for us; what the payer's bank has merely set aside is
set aside here too, and nobody can spend it.
"""

from kirana.platform.db import Row, Tx
from kirana.values import SYSTEM, Actor, Money, OwnerId, TransferId, derived_id

from .. import ledger
from ..flows.fees import fee_moves
from ..model import OPERATOR, PURCHASE, AccountKey, Code, Group, Move, Ref
from ..rails.stripe import NAME
from ..transfers import TransferDetails, find_transfer
from ..wallets import get_wallet, wallet_key

REF = "card"
"""What moves between a wallet and a provider names its payment, and no order: an order counts what
the shop got."""
BACK_AGAIN = "card_refund_failed"
"""The purpose of what was given back by card, and came again."""


def credit(tx: Tx, row: Row, amount: Money, *, purpose: str, step: str = "arrived") -> TransferId:
    """The provider has, or will have, money for the wallet of the payment's owner."""
    move = Move.posted(_coming_in(amount), wallet_key(row.owner_id, amount.currency), amount)
    return _post(tx, row, step, (move,), purpose)


def set_aside(tx: Tx, row: Row, amount: Money) -> TransferId:
    """The payer's bank has set the money aside: hold it for the payee, in the same moment in which
    it shows in the payer's wallet."""
    credit(tx, row, amount, purpose="card")
    move = Move.pending(
        wallet_key(row.owner_id, amount.currency), wallet_key(row.payee_id, amount.currency),
        amount, None,
    )  # fmt: skip
    ref = Ref(row.ref_kind, row.ref_id)
    return _post(tx, row, "hold", (move,), PURCHASE, ref=ref)


def take(tx: Tx, row: Row, received: Money) -> None:
    """The money came: the payee has it, less the operator's fee. What came less was never there."""
    ledger.post(
        tx,
        Group(
            TransferId(derived_id(row.id, "capture")),
            (Move.post(row.hold_id, received), *fee_moves(tx, row.payee_id, received, "card")),
            PURCHASE,
            SYSTEM.person_id,
            Ref(row.ref_kind, row.ref_id),
        ),
    )
    rest = Money(row.amount_minor, row.currency) - received
    if rest:
        never_came(tx, row, rest)


def come_late(tx: Tx, row: Row, received: Money) -> None:
    """What was not wanted any more has come all the same: it is the payer's."""
    if row.hold_id is None:
        credit(tx, row, received, purpose="card_late", step="late")
        return
    # It was on its way back already, all of it.
    not_gone(tx, row, received)
    rest = Money(row.amount_minor, row.currency) - received
    if rest:
        never_came(tx, row, rest)


def never_came(tx: Tx, row: Row, rest: Money) -> None:
    """The provider took less than was set aside: so much of the wallet was never there."""
    _post(tx, row, "rest", _out_of(row.owner_id, rest), "card_not_captured")


def keep_back(tx: Tx, row: Row) -> TransferId:
    """What was held for the payee goes back by the card, once the provider has said so; until then
    nobody has it."""
    amount = Money(row.amount_minor, row.currency)
    _post(tx, row, "void", (Move.void(row.hold_id),), "canceled")
    return set_out(tx, row, amount, step="back")


def set_out(tx: Tx, row: Row, amount: Money, *, step: str = "out") -> TransferId:
    """Set money of the owner's wallet aside, to go back by the provider."""
    move = Move.pending(wallet_key(row.owner_id, amount.currency), _going_out(amount), amount, None)
    return _post(tx, row, step, (move,), "card_refund")


def gone_out(tx: Tx, row: Row, amount: Money) -> None:
    """What was set out has gone: the provider owes us so much less."""
    moves = (Move.post(row.hold_id), Move.posted(_going_out(amount), _coming_in(amount), amount))
    _post(tx, row, "gone", moves, "card_refund")


def not_gone(tx: Tx, row: Row, amount: Money) -> None:
    """It will not go out: it is free in the owner's wallet again."""
    _post(tx, row, "not-gone", (Move.void(row.hold_id),), BACK_AGAIN)


def come_back(tx: Tx, row: Row, amount: Money) -> None:
    """What had gone out came back: it is in the owner's wallet again."""
    credit(tx, row, amount, purpose=BACK_AGAIN)


def let_go(tx: Tx, row: Row) -> None:
    """The bank no longer sets aside what was held for the payee, so it was never there."""
    moves = (
        Move.void(row.hold_id),
        *_out_of(row.owner_id, Money(row.amount_minor, row.currency)),
    )
    _post(tx, row, "let-go", moves, "card_ended")


def take_back(tx: Tx, row: Row, bearer_id: OwnerId, amount: Money) -> Money:
    """The provider has taken money back: of the bearer what there is, and the rest of the operator.
    Returns that rest."""
    wallet = get_wallet(tx, bearer_id, amount.currency)
    has = 0 if wallet.is_frozen or wallet.is_closed else wallet.available.amount_minor
    part = Money(max(0, min(has, amount.amount_minor)), amount.currency)
    rest = amount - part
    moves = _between(_going_out(amount), bearer_id, part, rest, is_back=False)
    moves.append(Move.posted(_going_out(amount), _coming_in(amount), amount))
    _post(tx, row, "disputed", tuple(moves), "dispute")
    return rest


def give_again(tx: Tx, row: Row, bearer_id: OwnerId, amount: Money, rest: Money) -> None:
    """The dispute was won: what was taken back comes again, to whom it was taken of."""
    moves = [Move.posted(_coming_in(amount), _going_out(amount), amount)]
    moves += _between(_going_out(amount), bearer_id, amount - rest, rest, is_back=True)
    _post(tx, row, "won", tuple(moves), "dispute_won")


def keep_line(tx: Tx, line: Row, *, cost: Money, foreign: Money) -> None:
    """A line of the provider's: what it costs, and what came or went there that is none of ours and
    waits for somebody to say what it is. Below zero it is the other way round."""
    moves = [
        *_either(AccountKey(OPERATOR, Code.RAIL_COSTS, cost.currency, NAME), cost),
        *_either(_unexplained(foreign), -foreign),
    ]
    if moves:
        purpose = "rail_fee" if cost else "rail_foreign"
        _post_of_rail(tx, f"line/{line.external_id}", tuple(moves), purpose)


def explain_line(tx: Tx, line: Row) -> None:
    """What was none of ours is found to be: it is booked as what it is, and not by its line."""
    foreign = Money(line.amount_minor, line.currency)
    moves = tuple(_either(_unexplained(foreign), foreign))
    _post_of_rail(tx, f"line-explained/{line.external_id}", moves, "rail_foreign")


def refunded_elsewhere(tx: Tx, row: Row, amount: Money) -> None:
    """The provider owes us so much less, and nobody has said whose it was to give."""
    move = Move.posted(_unexplained(amount), _coming_in(amount), amount)
    _post(tx, row, "elsewhere", (move,), "refunded_elsewhere")


def not_refunded_elsewhere(tx: Tx, row: Row, amount: Money) -> None:
    """The card's bank sent it back: the provider owes it to us again."""
    move = Move.posted(_coming_in(amount), _unexplained(amount), amount)
    _post(tx, row, "elsewhere-back", (move,), "refunded_elsewhere")


def sale_of(tx: Tx, row: Row) -> TransferDetails | None:
    """What the payee of an order was paid, when a refund of it is `row`."""
    return find_transfer(tx, TransferId(derived_id(row.parent_id, "capture")))


def bear_by_payee(tx: Tx, row: Row, amount: Money, part: Money, *, by: Actor) -> None:
    """What was refunded elsewhere comes out of the wallet of whoever was paid. Of an order, `part`
    of it goes back to the payer, as any refund does, and what the payer got back before is taken of
    the payer, who has it twice."""
    _give_back(tx, row, part, by=by)
    out = Move.posted(wallet_key(row.owner_id, amount.currency), _unexplained(amount), amount)
    _post(tx, row, "borne", (out,), "card_refund", by=by)


def bear_by_operator(tx: Tx, row: Row, amount: Money, part: Money, *, by: Actor) -> None:
    """What was refunded elsewhere is the operator's loss. An order shows `part` of it as given
    back: the shop gets that from the operator first."""
    rest = amount - part
    if part:
        helped = Move.posted(_lost(part), wallet_key(row.payee_id, part.currency), part)
        _post(tx, row, "helped", (helped,), "refund_borne", by=by)
        _give_back(tx, row, part, by=by)
        out = Move.posted(wallet_key(row.owner_id, part.currency), _unexplained(part), part)
        _post(tx, row, "borne", (out,), "card_refund", by=by)
    if rest:
        lost = Move.posted(_lost(rest), _unexplained(rest), rest)
        _post(tx, row, "lost", (lost,), "refund_borne", by=by)


def undo_by_payee(tx: Tx, row: Row, amount: Money, part: Money) -> None:
    """The refund came to nothing: whoever bore it has it again."""
    back = Move.posted(_unexplained(amount), wallet_key(row.owner_id, amount.currency), amount)
    _post(tx, row, "borne-back", (back,), BACK_AGAIN)
    _pay_again(tx, row, part)


def undo_by_operator(tx: Tx, row: Row, amount: Money, part: Money) -> None:
    rest = amount - part
    if part:
        back = Move.posted(_unexplained(part), wallet_key(row.owner_id, part.currency), part)
        _post(tx, row, "borne-back", (back,), BACK_AGAIN)
        _pay_again(tx, row, part)
        helped = Move.posted(wallet_key(row.payee_id, part.currency), _lost(part), part)
        _post(tx, row, "helped-back", (helped,), "refund_borne")
    if rest:
        lost = Move.posted(_unexplained(rest), _lost(rest), rest)
        _post(tx, row, "lost-back", (lost,), "refund_borne")


def _give_back(tx: Tx, row: Row, part: Money, *, by: Actor) -> None:
    """From the shop to the payer, so that the order shows it."""
    sale = sale_of(tx, row)
    if part and sale is not None:
        id = TransferId(derived_id(row.id, "rail/given-back"))
        ledger.refund(tx, id, sale.id, part, may_be_retried=True, by=by)


def _pay_again(tx: Tx, row: Row, part: Money) -> None:
    """What was given back of an order is paid again: a refund itself is never turned round."""
    if part:
        currency = part.currency
        move = Move.posted(
            wallet_key(row.owner_id, currency), wallet_key(row.payee_id, currency), part
        )
        _post(tx, row, "again", (move,), BACK_AGAIN, ref=Ref(row.ref_kind, row.ref_id))


def reach_bank(tx: Tx, payout: Row) -> None:
    """What the provider owed us is in the bank."""
    bank = AccountKey(OPERATOR, Code.BANK, payout.currency)
    moves = tuple(_either(bank, Money(payout.amount_minor, payout.currency)))
    _post_of_rail(tx, f"payout/{payout.external_id}", moves, "rail_payout")


def leave_bank(tx: Tx, payout: Row) -> None:
    """The bank sent it back: the provider owes it to us again."""
    bank = AccountKey(OPERATOR, Code.BANK, payout.currency)
    moves = tuple(_either(bank, -Money(payout.amount_minor, payout.currency)))
    _post_of_rail(tx, f"payout-back/{payout.external_id}", moves, "rail_payout_failed")


def _either(key: AccountKey, amount: Money) -> list[Move]:
    """From what the provider owes us into an account, or back where the amount is below zero."""
    if not amount:
        return []
    plain = Money(abs(amount.amount_minor), amount.currency)
    sides = (key, _coming_in(plain)) if amount.amount_minor > 0 else (_coming_in(plain), key)
    return [Move.posted(*sides, plain)]


def _post_of_rail(tx: Tx, step: str, moves: tuple[Move, ...], purpose: str) -> None:
    id = TransferId(derived_id(OPERATOR, f"rail/{NAME}/{step}"))
    ledger.post(tx, Group(id, moves, purpose, SYSTEM.person_id))


def _between(
    out: AccountKey, bearer_id: OwnerId, part: Money, rest: Money, *, is_back: bool
) -> list[Move]:
    sides = (
        (wallet_key(bearer_id, part.currency), part),
        (_lost(rest), rest),
    )
    return [
        Move.posted(out, key, amount) if is_back else Move.posted(key, out, amount)
        for key, amount in sides
        if amount
    ]


def _out_of(owner_id: OwnerId, amount: Money) -> tuple[Move, ...]:
    """What stood in a wallet and never came, or went: out of both, in one go."""
    return (Move.posted(wallet_key(owner_id, amount.currency), _coming_in(amount), amount),)


def _post(
    tx: Tx,
    row: Row,
    step: str,
    moves: tuple[Move, ...],
    purpose: str,
    *,
    ref: Ref | None = None,
    by: Actor = SYSTEM,
) -> TransferId:
    id = TransferId(derived_id(row.id, f"rail/{step}"))
    group = Group(
        id, moves, purpose, by.person_id, ref or Ref(REF, row.id),
        may_be_retried=by is not SYSTEM,
    )  # fmt: skip
    return ledger.post(tx, group)[0].id


def _coming_in(amount: Money) -> AccountKey:
    return AccountKey(OPERATOR, Code.COMING_IN, amount.currency, NAME)


def _going_out(amount: Money) -> AccountKey:
    return AccountKey(OPERATOR, Code.GOING_OUT, amount.currency, NAME)


def _lost(amount: Money) -> AccountKey:
    return AccountKey(OPERATOR, Code.LOST_DISPUTES, amount.currency)


def _unexplained(amount: Money) -> AccountKey:
    return AccountKey(OPERATOR, Code.SUSPENSE, amount.currency, NAME)
