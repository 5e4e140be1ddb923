"""What payments through a provider do to the books.

What the provider owes us stands on *coming in*, what we owe back through it on *going out*. Money
is in a wallet only once the provider has it for us; what the payer's bank has merely set aside is
set aside here too, and nobody can spend it.
"""

from kirana.platform.db import Row, Tx
from kirana.values import SYSTEM, Money, OwnerId, TransferId, derived_id

from .. import ledger
from ..flows.fees import fee_moves
from ..model import OPERATOR, AccountKey, Code, Group, Move, Ref
from ..rails.stripe import NAME
from ..wallets import get_wallet, wallet_key

REF = "card"
"""What moves between a wallet and a provider names its payment, and no order: an order counts what
the shop got."""


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
    return _post(tx, row, "hold", (move,), "purchase", ref=ref)


def take(tx: Tx, row: Row, received: Money) -> None:
    """The money came: the payee has it, less the operator's fee. What came less was never there."""
    ledger.post(
        tx,
        Group(
            TransferId(derived_id(row.id, "capture")),
            (Move.post(row.hold_id, received), *fee_moves(tx, row.payee_id, received, "card")),
            "purchase",
            SYSTEM.person_id,
            Ref(row.ref_kind, row.ref_id),
        ),
    )
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


def not_gone(tx: Tx, row: Row) -> None:
    """It will not go out: it is free in the owner's wallet again."""
    _post(tx, row, "not-gone", (Move.void(row.hold_id),), "card_refund_failed")


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
        *_either(AccountKey(OPERATOR, Code.SUSPENSE, foreign.currency, NAME), -foreign),
    ]
    if moves:
        purpose = "rail_fee" if cost else "rail_foreign"
        _post_of_rail(tx, f"line/{line.external_id}", tuple(moves), purpose)


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
        (AccountKey(OPERATOR, Code.LOST_DISPUTES, rest.currency), rest),
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
) -> TransferId:
    id = TransferId(derived_id(row.id, f"rail/{step}"))
    group = Group(id, moves, purpose, SYSTEM.person_id, ref or Ref(REF, row.id))
    return ledger.post(tx, group)[0].id


def _coming_in(amount: Money) -> AccountKey:
    return AccountKey(OPERATOR, Code.COMING_IN, amount.currency, NAME)


def _going_out(amount: Money) -> AccountKey:
    return AccountKey(OPERATOR, Code.GOING_OUT, amount.currency, NAME)
