"""Routes: wallets, sending, asking, cash, and what the operator does."""

import asyncio
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Annotated, Any
from uuid import UUID

from litestar import Response, get, post, put
from litestar.params import Parameter
from litestar.response import Stream
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
from kirana.platform.settings import Settings
from kirana.values import (
    MAX_AMOUNT_MINOR,
    Actor,
    Mandate,
    Money,
    OwnerId,
    Page,
    RequestId,
    TransferId,
    UserId,
)

from . import owners, topups, transfers, wallets
from .bank import http as bank_http
from .bank import payout_http
from .cards import http as card_http
from .desk import freezes, limits_http, reviews_http
from .desk import limits as rules
from .edge import Amount, currency_code, invalid, slow_down, version_7
from .flows import cash, exchange_http, requests, standing_http
from .flows import http as direct_http
from .model import Ref, Transfer
from .owners import NameOf
from .problems import (
    AccountClosed,
    AccountFrozen,
    AmountOutOfRange,
    ClaimOpen,
    ConfirmationRequired,
    ConfirmationWrong,
    CounterFull,
    InsufficientFunds,
    LimitExceeded,
    NeedsReview,
    OverRefund,
    PayeeCannotReceive,
    ProofTooNew,
    RemindedAlready,
    RequestEnded,
    SameAccount,
    WayOff,
)
from .proof import exports, statements
from .proof import http as books_http
from .proof.exports.beancount import Beancount
from .proof.exports.camt import Camt
from .proof.exports.pdf import MOST_LINES, Paper, Pdf
from .proof.exports.spreadsheet import Spreadsheet
from .screening import NameList

MONTH = re.compile(r"(20[0-9]{2})-(0[1-9]|1[0-2])")
MONTHS_PER_PERSON = Rate(30, 10)
"""A file of a busy month is a second's work."""
LineMinor = Annotated[int, Meta(ge=0, le=MAX_AMOUNT_MINOR)]
Timeout = Annotated[int, Meta(ge=60, le=366 * 24 * 3600)]
"""In seconds."""

_MOVES = (
    InsufficientFunds,
    LimitExceeded,
    PayeeCannotReceive,
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
_CONFIRMED = (ConfirmationRequired, ConfirmationWrong, ProofTooNew)


@dataclass(frozen=True, slots=True)
class SendMoney:
    id: TransferId
    payee_id: OwnerId
    amount: Amount
    conversation_id: UUID | None = None
    """Where the payment is told of."""
    purpose: transfers.Gift = "send"


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
    timeout_s: Timeout | None = None
    """After so long it expires; else it stays."""


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
class Stopped:
    """Payments out of one's wallets, or into them, are stopped for now; `by_id` knows more."""

    out: bool
    into: bool
    by_id: UserId


@dataclass(frozen=True, slots=True)
class MyMoney:
    """`tier` agent may take cash in, operator may top up; an agent also has `floats`."""

    items: list[wallets.Wallet]
    tier: owners.Tier
    floats: list[Money]
    mandate: Mandate
    """How far one may go with this money: `spend` with one's own."""
    stopped: Stopped | None
    """What an operator has stopped."""


@post("/v1/transfers", raises=problems(*_MOVES, *_CONFIRMED))
async def send_money(
    data: SendMoney, db: Db, by: Actor, limits: Limits, name_of: NameOf
) -> Transfer:
    """Pay somebody from one's wallet. Safe to repeat with the same `id`. A `pending` one waits
    until operators have looked at it."""
    slow_down(limits, by)
    ref = Ref("conversation", data.conversation_id) if data.conversation_id else None
    return await db.write(
        transfers.send_money,
        version_7(data.id),
        data.payee_id,
        data.amount.money(),
        purpose=data.purpose,
        ref=ref,
        screen=NameList(name_of),
        by=by,
    )


@post(
    "/v1/transfer-previews",
    status_code=200,
    raises=problems(*_MOVES),
)
async def preview_transfer(
    data: PreviewTransfer, db: Db, by: Actor, limits: Limits
) -> transfers.Preview:
    """What a payment would mean: fee, what is left, whether a PIN is needed. Changes nothing."""
    slow_down(limits, by)
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
    slow_down(limits, by)
    return await db.write(
        transfers.give_back,
        version_7(data.id),
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
    slow_down(limits, by)
    ref = Ref("conversation", data.conversation_id) if data.conversation_id else None
    return await db.write(
        requests.request_money,
        version_7(data.id),
        data.payer_id,
        data.amount.money(),
        ref=ref,
        timeout_s=data.timeout_s,
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
    raises=problems(*_MOVES, *_CONFIRMED, RequestEnded, ClaimOpen, NeedsReview),
)
async def pay_request(
    request_id: UUID, data: PayRequest, db: Db, by: Actor, limits: Limits, name_of: NameOf
) -> Transfer:
    """Pay what one was asked for, from one's wallet."""
    slow_down(limits, by)
    return await db.write(
        requests.pay_request,
        version_7(data.id),
        RequestId(request_id),
        screen=NameList(name_of),
        by=by,
    )


@post(
    "/v1/requests/{request_id:uuid}/reminders",
    raises=problems(RequestEnded, RemindedAlready, NotAllowed, NotFound, NotSignedIn),
)
async def remind(request_id: UUID, db: Db, by: Actor) -> requests.Request:
    """Remind the payer, at most once a day."""
    return await db.write(requests.remind, RequestId(request_id), by=by)


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
    code = currency_code(currency)
    return await db.read(statements.list_statement, code, before=before, limit=limit, by=by)


@get(
    "/v1/wallets/{currency:str}/months/{month:str}",
    raises=problems(NotSignedIn, InvalidInput, RateLimited),
)
async def download_month(
    currency: str,
    month: str,
    db: Db,
    by: Actor,
    limits: Limits,
    settings: Settings,
    name_of: NameOf,
    format: exports.Format = "csv",
    language: Annotated[str, Parameter(max_length=35)] = "en",
) -> Response[Any]:
    """The statement of a wallet for a month (`2026-11`, of its owner's time zone) as a file: CSV;
    camt.053, beancount or PDF of what was booked. `language` (`mr-IN`) writes the amounts and days
    of the PDF."""
    code = currency_code(currency)
    if not (match := MONTH.fullmatch(month)):
        raise invalid("month", "A month is written like 2026-11.")
    limits.take("months", by.person_id, MONTHS_PER_PERSON)
    year, number = int(match[1]), int(match[2])
    of = await db.read(exports.open_month, code, year, number, name_of, by=by)
    writer = _writer(of, format, language, settings)
    name = f"kirana-{code}-{of.month}.{writer.ending}"
    headers = {
        "Content-Disposition": f'attachment; filename="{name}"',
        "Cache-Control": "no-store",
    }
    pieces = _pieces(db, of, writer, name_of)
    return Stream(pieces, media_type=writer.media_type, headers=headers)


def _writer(
    of: exports.MonthOfWallet, format: exports.Format, language: str, settings: Settings
) -> exports.Writer:
    if format == "csv":
        return Spreadsheet(of)
    if format == "camt":
        return Camt(of)
    if format == "beancount":
        return Beancount(of)
    if of.end - of.first > MOST_LINES:
        raise invalid("format", f"More than {MOST_LINES} lines are no PDF: take the spreadsheet.")
    return Pdf(of, Paper(settings.name, f"{settings.public_url}/app/verify", language))


async def _pieces(
    db: Db, of: exports.MonthOfWallet, writer: exports.Writer, name_of: NameOf
) -> AsyncIterator[bytes]:
    yield writer.begin()
    at = of.first
    while at < of.end:
        page = await db.read(exports.read_lines, of, at, name_of)
        yield await asyncio.to_thread(writer.write, page)
        at = page.lines[-1].line + 1
    yield await asyncio.to_thread(writer.end)


@get("/v1/floats/{currency:str}/statement", raises=problems(NotSignedIn, InvalidInput))
async def list_float_statement(
    currency: str,
    db: Db,
    by: Actor,
    before: Annotated[int | None, Parameter(ge=1, le=MAX_AMOUNT_MINOR)] = None,
    limit: Annotated[int, Parameter(ge=1, le=200)] = 50,
) -> Page[statements.StatementLine]:
    """For agents: what happened to one's float, the newest first."""
    code = currency_code(currency)
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
    return await db.read(owners.confirm_line, by.user_id, currency_code(currency))


@put(
    "/v1/wallets/{currency:str}/confirmation-line",
    raises=problems(*_CONFIRMED, LimitExceeded, NotAllowed, NotSignedIn, InvalidInput),
)
async def set_confirm_line(currency: str, data: ConfirmLine, db: Db, by: Actor) -> Money:
    """Draw the line above which one's payments are confirmed. Raising it is confirmed itself."""
    line = Money(data.amount_minor, currency_code(currency))
    await db.write(_draw_line, line, by=by)
    return line


@post("/v1/cash-ins", raises=problems(*_MOVES, *_CONFIRMED))
async def take_cash_in(data: TakeCashIn, db: Db, by: Actor, limits: Limits) -> Transfer:
    """For agents: cash was taken; it goes from one's float into the customer's wallet."""
    slow_down(limits, by)
    return await db.write(
        cash.cash_in, version_7(data.id), data.customer_id, data.amount.money(), by=by
    )


@post("/v1/cash-outs", raises=problems(*_MOVES, *_CONFIRMED))
async def take_cash_out(data: TakeCashOut, db: Db, by: Actor, limits: Limits) -> Transfer:
    """Pay an agent from one's wallet, and get cash for it. Always confirmed."""
    slow_down(limits, by)
    return await db.write(
        cash.cash_out, version_7(data.id), data.agent_id, data.amount.money(), by=by
    )


@post("/v1/top-ups", raises=problems(*_MOVES))
async def top_up(data: TopUp, db: Db, by: Actor) -> Transfer:
    """For operators: pay into somebody's wallet, or into an agent's float."""
    return await db.write(
        topups.top_up,
        version_7(data.id),
        data.owner_id,
        data.amount.money(),
        source=data.source,
        into=data.into,
        by=by,
    )


def _draw_line(tx: Tx, line: Money, *, by: Actor) -> None:
    rules.require_below_maximum(tx, by.user_id, line)
    owners.set_confirm_line(tx, line, by=by)


def _my_money(tx: Tx, *, by: Actor) -> MyMoney:
    owner = owners.find_owner(tx, by.user_id)
    stop = freezes.find_freeze(tx, by.user_id)
    return MyMoney(
        wallets.list_wallets(tx, by=by),
        owner.tier if owner else "unverified",
        wallets.list_floats(tx, by=by),
        by.mandate,
        Stopped(stop.stops_out, stop.stops_in, stop.by_id) if stop else None,
    )


def _purse(tx: Tx, owner_id: OwnerId, *, by: Actor) -> Purse:
    owners.require_operator(tx, by=by)
    owner = owners.find_owner(tx, owner_id)
    if owner is None:
        raise NotFound(owner_id=str(owner_id))
    return Purse(owner_id, owner.tier, wallets.list_currencies(tx, owner_id))


routes: list[Any] = [
    send_money,
    preview_transfer,
    get_transfer,
    give_back,
    request_money,
    list_requests,
    get_request,
    pay_request,
    remind,
    decline_request,
    take_back_request,
    list_wallets,
    list_statement,
    download_month,
    list_float_statement,
    list_agents,
    get_purse,
    get_confirm_line,
    set_confirm_line,
    take_cash_in,
    take_cash_out,
    top_up,
    *direct_http.routes,
    *bank_http.routes,
    *books_http.routes,
    *limits_http.routes,
    *card_http.routes,
    *exchange_http.routes,
    *payout_http.routes,
    *reviews_http.routes,
    *standing_http.routes,
]
