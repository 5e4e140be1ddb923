"""Routes: wallets, sending, asking, cash, and what the operator does."""

from dataclasses import dataclass
from typing import Annotated, Any
from uuid import UUID

from litestar import get, post, put
from litestar.params import Parameter
from msgspec import Meta

from kirana.platform.db import Db, Tx
from kirana.platform.http import problems
from kirana.platform.limits import Limits, Rate
from kirana.platform.problems import (
    IdReused,
    InvalidInput,
    NotAllowed,
    NotFound,
    NotSignedIn,
    RateLimited,
)
from kirana.values import (
    MAX_AMOUNT_MINOR,
    Actor,
    Mandate,
    Money,
    OwnerId,
    Page,
    RequestId,
    TransferId,
    UnknownCurrency,
)

from . import cash, owners, payouts, requests, statements, topups, transfers, wallets
from .model import Ref, Transfer
from .problems import (
    AccountClosed,
    AccountFrozen,
    AmountOutOfRange,
    ConfirmationRequired,
    ConfirmationWrong,
    CounterFull,
    HoldExpired,
    HoldResolved,
    InsufficientFunds,
    OverRefund,
    RequestEnded,
    SameAccount,
    WayOff,
)

TRIES_PER_PERSON = Rate(60, 1)
"""Refusals are rows, so nobody may make them without end."""

AmountMinor = Annotated[int, Meta(ge=1, le=MAX_AMOUNT_MINOR)]
LineMinor = Annotated[int, Meta(ge=0, le=MAX_AMOUNT_MINOR)]
CurrencyText = Annotated[str, Meta(pattern=r"^[A-Z]{3}$")]

_MOVES = (
    InsufficientFunds,
    AccountFrozen,
    AccountClosed,
    CounterFull,
    SameAccount,
    WayOff,
    IdReused,
    NotAllowed,
    NotFound,
    NotSignedIn,
    RateLimited,
    InvalidInput,
)
_CONFIRMED = (ConfirmationRequired, ConfirmationWrong)


@dataclass(frozen=True, slots=True)
class Amount:
    """Whole minor units, of an ISO 4217 currency."""

    amount_minor: AmountMinor
    currency: CurrencyText

    def money(self) -> Money:
        try:
            return Money(self.amount_minor, self.currency)
        except UnknownCurrency as unknown:
            raise _invalid("amount.currency", str(unknown)) from unknown


@dataclass(frozen=True, slots=True)
class SendMoney:
    id: TransferId
    payee_id: OwnerId
    amount: Amount
    conversation_id: UUID | None = None
    """Where the payment is told of."""


@dataclass(frozen=True, slots=True)
class PreviewTransfer:
    payee_id: OwnerId
    amount: Amount


@dataclass(frozen=True, slots=True)
class GiveBack:
    """No amount: all that is left."""

    id: TransferId
    amount: Amount | None = None


@dataclass(frozen=True, slots=True)
class RequestMoney:
    id: RequestId
    payer_id: OwnerId
    amount: Amount
    conversation_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class PayRequest:
    id: TransferId


@dataclass(frozen=True, slots=True)
class TakeCashIn:
    id: TransferId
    customer_id: OwnerId
    amount: Amount


@dataclass(frozen=True, slots=True)
class TakeCashOut:
    id: TransferId
    agent_id: OwnerId
    amount: Amount


@dataclass(frozen=True, slots=True)
class TopUp:
    id: TransferId
    owner_id: OwnerId
    amount: Amount
    source: topups.Source = topups.Source.CASH
    into: topups.Into = topups.Into.WALLET


@dataclass(frozen=True, slots=True)
class AskPayout:
    id: TransferId
    amount: Amount


@dataclass(frozen=True, slots=True)
class SettlePayout:
    id: TransferId
    source: topups.Source = topups.Source.CASH


@dataclass(frozen=True, slots=True)
class RefusePayout:
    id: TransferId


@dataclass(frozen=True, slots=True)
class ConfirmLine:
    amount_minor: LineMinor


@dataclass(frozen=True, slots=True)
class Purse:
    """What an operator has to know to put money in: an agent has a float too, and these
    `currencies` are in use, the likeliest first."""

    owner_id: OwnerId
    tier: owners.Tier
    currencies: list[str]


@dataclass(frozen=True, slots=True)
class MyMoney:
    """`tier` agent may take cash in, operator may top up; an agent also has `floats`."""

    items: list[wallets.Wallet]
    tier: owners.Tier
    floats: list[Money]
    mandate: Mandate
    """How far one may go with this money: `spend` with one's own."""


@post("/v1/transfers", raises=problems(*_MOVES, *_CONFIRMED))
async def send_money(data: SendMoney, db: Db, by: Actor, limits: Limits) -> Transfer:
    """Pay somebody from one's wallet. Safe to repeat with the same `id`."""
    _slow_down(limits, by)
    ref = Ref("conversation", data.conversation_id) if data.conversation_id else None
    return await db.write(
        transfers.send_money,
        _version_7(data.id),
        data.payee_id,
        data.amount.money(),
        ref=ref,
        by=by,
    )


@post(
    "/v1/transfer-previews",
    status_code=200,
    raises=problems(
        InsufficientFunds, SameAccount, WayOff, NotFound, NotSignedIn, RateLimited, InvalidInput
    ),
)
async def preview_transfer(
    data: PreviewTransfer, db: Db, by: Actor, limits: Limits
) -> transfers.Preview:
    """What a payment would mean: fee, what is left, whether a PIN is needed. Changes nothing."""
    _slow_down(limits, by)
    return await db.read(transfers.preview_transfer, data.payee_id, data.amount.money(), by=by)


@get("/v1/transfers/{transfer_id:uuid}", raises=problems(NotFound, NotSignedIn))
async def get_transfer(transfer_id: UUID, db: Db, by: Actor) -> transfers.TransferDetails:
    """A transfer that one is a side of, and what has become of it."""
    return await db.read(transfers.get_transfer, TransferId(transfer_id), by=by)


@post(
    "/v1/transfers/{transfer_id:uuid}/refunds",
    raises=problems(*_MOVES, *_CONFIRMED, OverRefund, AmountOutOfRange),
)
async def give_back(
    transfer_id: UUID, data: GiveBack, db: Db, by: Actor, limits: Limits
) -> Transfer:
    """Give back what one was paid, in part or all that is left."""
    _slow_down(limits, by)
    return await db.write(
        transfers.give_back,
        _version_7(data.id),
        TransferId(transfer_id),
        data.amount.money() if data.amount else None,
        by=by,
    )


@post(
    "/v1/requests",
    raises=problems(
        SameAccount,
        WayOff,
        IdReused,
        NotAllowed,
        NotFound,
        NotSignedIn,
        RateLimited,
        InvalidInput,
    ),
)
async def request_money(data: RequestMoney, db: Db, by: Actor, limits: Limits) -> requests.Request:
    """Ask somebody for money. Nothing moves until they pay."""
    _slow_down(limits, by)
    ref = Ref("conversation", data.conversation_id) if data.conversation_id else None
    return await db.write(
        requests.request_money,
        RequestId(_version_7(TransferId(data.id))),
        data.payer_id,
        data.amount.money(),
        ref=ref,
        by=by,
    )


@get("/v1/requests", raises=problems(NotFound, NotSignedIn))
async def list_requests(
    db: Db,
    by: Actor,
    before: UUID | None = None,
    limit: Annotated[int, Parameter(ge=1, le=200)] = 50,
) -> Page[requests.Request]:
    """What one asked for and was asked, the newest first."""
    cursor = RequestId(before) if before else None
    return await db.read(requests.list_requests, before=cursor, limit=limit, by=by)


@get("/v1/requests/{request_id:uuid}", raises=problems(NotFound, NotSignedIn))
async def get_request(request_id: UUID, db: Db, by: Actor) -> requests.Request:
    """A request, and how it ended."""
    return await db.read(requests.get_request, RequestId(request_id), by=by)


@post(
    "/v1/requests/{request_id:uuid}/payment",
    raises=problems(*_MOVES, *_CONFIRMED, RequestEnded),
)
async def pay_request(
    request_id: UUID, data: PayRequest, db: Db, by: Actor, limits: Limits
) -> Transfer:
    """Pay what one was asked for, from one's wallet."""
    _slow_down(limits, by)
    return await db.write(requests.pay_request, _version_7(data.id), RequestId(request_id), by=by)


@post(
    "/v1/requests/{request_id:uuid}/decline",
    raises=problems(RequestEnded, NotAllowed, NotFound, NotSignedIn),
)
async def decline_request(request_id: UUID, db: Db, by: Actor) -> requests.Request:
    """Say no to a request."""
    return await db.write(requests.decline_request, RequestId(request_id), by=by)


@post(
    "/v1/requests/{request_id:uuid}/cancellation",
    raises=problems(RequestEnded, NotAllowed, NotFound, NotSignedIn),
)
async def take_back_request(request_id: UUID, db: Db, by: Actor) -> requests.Request:
    """Take one's request back."""
    return await db.write(requests.take_back_request, RequestId(request_id), by=by)


@get("/v1/wallets", raises=problems(NotSignedIn))
async def list_wallets(db: Db, by: Actor) -> MyMoney:
    """One's wallets: one for each currency that was used."""
    return await db.read(_my_money, by=by)


@get("/v1/wallets/{currency:str}/statement", raises=problems(NotSignedIn, InvalidInput))
async def list_statement(
    currency: str,
    db: Db,
    by: Actor,
    before: Annotated[int | None, Parameter(ge=1, le=MAX_AMOUNT_MINOR)] = None,
    limit: Annotated[int, Parameter(ge=1, le=200)] = 50,
) -> Page[statements.StatementLine]:
    """What happened to a wallet, the newest first; `before` is the line to go on from."""
    code = _currency(currency)
    return await db.read(statements.list_statement, code, before=before, limit=limit, by=by)


@get("/v1/floats/{currency:str}/statement", raises=problems(NotSignedIn, InvalidInput))
async def list_float_statement(
    currency: str,
    db: Db,
    by: Actor,
    before: Annotated[int | None, Parameter(ge=1, le=MAX_AMOUNT_MINOR)] = None,
    limit: Annotated[int, Parameter(ge=1, le=200)] = 50,
) -> Page[statements.StatementLine]:
    """For agents: what happened to one's float, the newest first."""
    code = _currency(currency)
    return await db.read(statements.list_float_statement, code, before=before, limit=limit, by=by)


@get("/v1/cash-agents", raises=problems(NotSignedIn))
async def list_agents(db: Db, by: Actor) -> Page[OwnerId]:
    """Who takes in and pays out cash here, by id."""
    return Page(await db.read(owners.list_agents))


@get("/v1/purses/{owner_id:uuid}", raises=problems(NotAllowed, NotFound, NotSignedIn))
async def get_purse(owner_id: UUID, db: Db, by: Actor) -> Purse:
    """For operators: what kind of owner somebody is, and which currencies they use."""
    return await db.read(_purse, owner_id, by=by)


@get("/v1/wallets/{currency:str}/confirmation-line", raises=problems(NotSignedIn, InvalidInput))
async def get_confirm_line(currency: str, db: Db, by: Actor) -> Money:
    """Up to this amount, one's payments need no PIN."""
    return await db.read(owners.confirm_line, by.user_id, _currency(currency))


@put(
    "/v1/wallets/{currency:str}/confirmation-line",
    raises=problems(*_CONFIRMED, NotAllowed, NotSignedIn, InvalidInput),
)
async def set_confirm_line(currency: str, data: ConfirmLine, db: Db, by: Actor) -> Money:
    """Draw the line above which one's payments are confirmed. Raising it is confirmed itself."""
    line = Money(data.amount_minor, _currency(currency))
    await db.write(owners.set_confirm_line, line, by=by)
    return line


@post("/v1/cash-ins", raises=problems(*_MOVES, *_CONFIRMED))
async def take_cash_in(data: TakeCashIn, db: Db, by: Actor, limits: Limits) -> Transfer:
    """For agents: cash was taken; it goes from one's float into the customer's wallet."""
    _slow_down(limits, by)
    return await db.write(
        cash.cash_in, _version_7(data.id), data.customer_id, data.amount.money(), by=by
    )


@post("/v1/cash-outs", raises=problems(*_MOVES, *_CONFIRMED))
async def take_cash_out(data: TakeCashOut, db: Db, by: Actor, limits: Limits) -> Transfer:
    """Pay an agent from one's wallet, and get cash for it. Always confirmed."""
    _slow_down(limits, by)
    return await db.write(
        cash.cash_out, _version_7(data.id), data.agent_id, data.amount.money(), by=by
    )


@post("/v1/top-ups", raises=problems(*_MOVES))
async def top_up(data: TopUp, db: Db, by: Actor) -> Transfer:
    """For operators: pay into somebody's wallet, or into an agent's float."""
    return await db.write(
        topups.top_up,
        _version_7(data.id),
        data.owner_id,
        data.amount.money(),
        source=data.source,
        into=data.into,
        by=by,
    )


@post("/v1/payouts", raises=problems(*_MOVES, *_CONFIRMED))
async def ask_payout(data: AskPayout, db: Db, by: Actor, limits: Limits) -> Transfer:
    """Set money aside to be paid out by the operator. Always confirmed."""
    _slow_down(limits, by)
    return await db.write(payouts.ask_payout, _version_7(data.id), data.amount.money(), by=by)


@get("/v1/payouts", raises=problems(NotAllowed, NotSignedIn))
async def list_payouts(db: Db, by: Actor) -> Page[transfers.TransferDetails]:
    """For operators: what waits to be paid out, the oldest first."""
    return Page(await db.read(payouts.list_payouts, by=by))


@post(
    "/v1/payouts/{payout_id:uuid}/settlement",
    raises=problems(*_MOVES, HoldResolved, HoldExpired),
)
async def settle_payout(payout_id: UUID, data: SettlePayout, db: Db, by: Actor) -> Transfer:
    """For operators: it was paid out."""
    return await db.write(
        payouts.settle_payout,
        _version_7(data.id),
        TransferId(payout_id),
        source=data.source,
        by=by,
    )


@post(
    "/v1/payouts/{payout_id:uuid}/rejection",
    raises=problems(*_MOVES, HoldResolved, HoldExpired),
)
async def refuse_payout(payout_id: UUID, data: RefusePayout, db: Db, by: Actor) -> Transfer:
    """For operators: it will not be paid out, and goes back."""
    return await db.write(payouts.refuse_payout, _version_7(data.id), TransferId(payout_id), by=by)


def _my_money(tx: Tx, *, by: Actor) -> MyMoney:
    owner = owners.find_owner(tx, by.user_id)
    return MyMoney(
        wallets.list_wallets(tx, by=by),
        owner.tier if owner else "unverified",
        wallets.list_floats(tx, by=by),
        by.mandate,
    )


def _purse(tx: Tx, owner_id: OwnerId, *, by: Actor) -> Purse:
    owners.require_operator(tx, by=by)
    owner = owners.find_owner(tx, owner_id)
    if owner is None:
        raise NotFound(owner_id=str(owner_id))
    return Purse(owner_id, owner.tier, wallets.list_currencies(tx, owner_id))


def _slow_down(limits: Limits, by: Actor) -> None:
    limits.take("money", by.person_id, TRIES_PER_PERSON)


def _version_7(id: TransferId) -> TransferId:
    """Ids of version 8 are the server's own: nobody outside may occupy one."""
    if id.version != 7:
        raise _invalid("id", "An id is a UUID of version 7.")
    return id


def _currency(code: str) -> str:
    try:
        return Money(0, code).currency
    except UnknownCurrency as unknown:
        raise _invalid("currency", str(unknown)) from unknown


def _invalid(field: str, message: str) -> InvalidInput:
    return InvalidInput(errors=[{"field": field, "message": message}])


routes: list[Any] = [
    send_money,
    preview_transfer,
    get_transfer,
    give_back,
    request_money,
    list_requests,
    get_request,
    pay_request,
    decline_request,
    take_back_request,
    list_wallets,
    list_statement,
    list_float_statement,
    list_agents,
    get_purse,
    get_confirm_line,
    set_confirm_line,
    take_cash_in,
    take_cash_out,
    top_up,
    ask_payout,
    list_payouts,
    settle_payout,
    refuse_payout,
]
