"""Routes: wallets that are paid out, and the files that take them to the bank."""

import asyncio
from dataclasses import dataclass
from typing import Annotated, Any
from uuid import UUID

from litestar import Response, get, post, put
from msgspec import Meta

from kirana.platform.db import Db
from kirana.platform.http import problems
from kirana.platform.limits import Limits
from kirana.platform.problems import (
    IdReused,
    InvalidInput,
    NotAllowed,
    NotFound,
    NotSignedIn,
    RateLimited,
)
from kirana.values import (
    Actor,
    Page,
    PaymentAddressId,
    PayoutFileId,
    TransferId,
)

from .. import topups
from ..edge import Amount, CurrencyText, currency_code, slow_down, version_7
from ..flows import payout_rules, payouts
from ..model import Transfer
from ..owners import NameOf
from ..problems import (
    AccountClosed,
    AccountFrozen,
    AddressTooNew,
    AmountOutOfRange,
    ConfirmationRequired,
    ConfirmationWrong,
    CounterFull,
    HoldExpired,
    HoldResolved,
    InsufficientFunds,
    LimitExceeded,
    NeedsReview,
    NothingToPayOut,
    PayoutAccountMissing,
    PayoutNotAgreed,
    PayoutUnderWay,
    ProofTooNew,
)
from ..screening import NameList
from . import payout_files
from .orders import write_order

_OPERATORS = (NotAllowed, NotSignedIn)
_MOVES = (
    InsufficientFunds,
    LimitExceeded,
    AccountFrozen,
    AccountClosed,
    AmountOutOfRange,
    CounterFull,
    HoldResolved,
    HoldExpired,
    IdReused,
    NotAllowed,
    NotFound,
    NotSignedIn,
    RateLimited,
    InvalidInput,
)
AccountText = Annotated[str, Meta(max_length=100)]


@dataclass(frozen=True, slots=True)
class AskPayout:
    """To one's address of a rail; without one, as one agrees with the operator."""

    id: TransferId
    amount: Amount
    address_id: PaymentAddressId | None = None


@dataclass(frozen=True, slots=True)
class TakeBackPayout:
    id: TransferId


@dataclass(frozen=True, slots=True)
class SettlePayout:
    id: TransferId
    source: topups.Source = topups.Source.CASH


@dataclass(frozen=True, slots=True)
class RefusePayout:
    id: TransferId
    reason: payouts.WhyBack = "refused"


@dataclass(frozen=True, slots=True)
class MakePayoutFile:
    id: PayoutFileId
    currency: CurrencyText


@dataclass(frozen=True, slots=True)
class BankAccount:
    """The operator's own."""

    iban: AccountText
    name: AccountText
    bic: AccountText = ""


@dataclass(frozen=True, slots=True)
class SetPayoutRule:
    """`second_above_minor`: above it two operators agree; None: never."""

    id: UUID
    cooling_hours: payout_rules.CoolingHours
    second_above_minor: payout_rules.SecondAbove | None = None
    account: BankAccount | None = None


@post(
    "/v1/payouts",
    raises=problems(
        *_MOVES, ConfirmationRequired, ConfirmationWrong, ProofTooNew, AddressTooNew, NeedsReview
    ),
)
async def ask_payout(
    data: AskPayout, db: Db, by: Actor, limits: Limits, name_of: NameOf
) -> Transfer:
    """Set money aside to be paid out by the operator. Always confirmed."""
    slow_down(limits, by)
    amount = data.amount.money()
    return await db.write(
        payouts.ask_payout,
        version_7(data.id),
        amount,
        data.address_id,
        screen=NameList(name_of),
        by=by,
    )


@get("/v1/payouts", raises=problems(*_OPERATORS))
async def list_my_payouts(db: Db, by: Actor) -> payouts.MyPayouts:
    """What one took out lately, how far it has come, and where one can be paid out to."""
    return await db.read(payouts.list_my_payouts, by=by)


@post(
    "/v1/payouts/{payout_id:uuid}/withdrawal",
    status_code=200,
    raises=problems(*_MOVES, PayoutUnderWay),
)
async def take_back_payout(payout_id: UUID, data: TakeBackPayout, db: Db, by: Actor) -> Transfer:
    """Have it back in the wallet, as long as it is in no file for the bank."""
    return await db.write(
        payouts.take_back_payout, version_7(data.id), TransferId(payout_id), by=by
    )


@get("/v1/payout-cases", raises=problems(*_OPERATORS))
async def list_payout_cases(db: Db, by: Actor, over: bool = False) -> Page[payouts.PayoutCase]:
    """For operators: what is to be paid out, or on its way, the oldest first; or what is `over`."""
    return Page(await db.read(payouts.list_payouts, over=over, by=by))


@post(
    "/v1/payouts/{payout_id:uuid}/approval",
    status_code=200,
    raises=problems(*_OPERATORS, NotFound, HoldResolved),
)
async def approve_payout(payout_id: UUID, db: Db, by: Actor) -> payouts.PayoutCase:
    """For operators: agree that so much is paid out."""
    return await db.write(payouts.approve_payout, TransferId(payout_id), by=by)


@post(
    "/v1/payouts/{payout_id:uuid}/settlement",
    raises=problems(*_MOVES, PayoutNotAgreed),
)
async def settle_payout(payout_id: UUID, data: SettlePayout, db: Db, by: Actor) -> Transfer:
    """For operators: it was paid out, or has arrived."""
    return await db.write(
        payouts.settle_payout,
        version_7(data.id),
        TransferId(payout_id),
        source=data.source,
        by=by,
    )


@post("/v1/payouts/{payout_id:uuid}/rejection", raises=problems(*_MOVES))
async def refuse_payout(payout_id: UUID, data: RefusePayout, db: Db, by: Actor) -> Transfer:
    """For operators: it will not be paid out, or has come back."""
    return await db.write(
        payouts.refuse_payout, version_7(data.id), TransferId(payout_id), data.reason, by=by
    )


@get("/v1/payout-files", raises=problems(*_OPERATORS))
async def list_payout_files(db: Db, by: Actor) -> Page[payout_files.PayoutFile]:
    """For operators: the files for the bank, the latest first."""
    return Page(await db.read(payout_files.list_payout_files, by=by))


@post(
    "/v1/payout-files",
    raises=problems(*_OPERATORS, NothingToPayOut, PayoutAccountMissing, IdReused, InvalidInput),
)
async def make_payout_file(data: MakePayoutFile, db: Db, by: Actor) -> payout_files.PayoutFile:
    """For operators: put what waits in a currency into the file of this day. Whoever asks again on
    the same day gets the same file."""
    code = currency_code(data.currency)
    return await db.write(payout_files.make_payout_file, version_7(data.id), code, by=by)


@get(
    "/v1/payout-files/{file_id:uuid}/content",
    media_type="application/octet-stream",
    raises=problems(*_OPERATORS, NotFound),
)
async def download_payout_file(file_id: UUID, db: Db, by: Actor) -> Response[bytes]:
    """For operators: what the bank is given, the same whenever it is asked for."""
    id = PayoutFileId(file_id)
    draft = await db.read(payout_files.draft_file, id, by=by)
    content = draft.content
    if content is None:
        made = await asyncio.to_thread(write_order, draft.order)
        content = await db.write(payout_files.keep_file, id, made, by=by)
    return Response(
        content,
        media_type="application/octet-stream",
        headers={
            "content-disposition": f'attachment; filename="{draft.name}"',
            "cache-control": "no-store",
        },
    )


@post(
    "/v1/payout-files/{file_id:uuid}/sent", status_code=200, raises=problems(*_OPERATORS, NotFound)
)
async def mark_file_sent(file_id: UUID, db: Db, by: Actor) -> payout_files.PayoutFile:
    """For operators: the bank has the file."""
    return await db.write(payout_files.mark_file_sent, PayoutFileId(file_id), by=by)


@get("/v1/payout-rules", raises=problems(*_OPERATORS))
async def list_payout_rules(db: Db, by: Actor) -> Page[payout_rules.PayoutRule]:
    """For operators: how payouts are made, by currency."""
    return Page(await db.read(payout_rules.list_payout_rules, by=by))


@put(
    "/v1/payout-rules/{currency:str}",
    status_code=200,
    raises=problems(*_OPERATORS, IdReused, InvalidInput),
)
async def set_payout_rule(
    currency: str, data: SetPayoutRule, db: Db, by: Actor
) -> payout_rules.PayoutRule:
    """For operators: what new addresses wait, above how much two agree, which account pays."""
    account = data.account
    given = {"iban": account.iban, "name": account.name, "bic": account.bic} if account else None
    return await db.write(
        payout_rules.set_payout_rule,
        version_7(data.id),
        currency_code(currency),
        cooling_hours=data.cooling_hours,
        second_above_minor=data.second_above_minor,
        account=given,
        by=by,
    )


routes: list[Any] = [
    ask_payout,
    list_my_payouts,
    take_back_payout,
    list_payout_cases,
    approve_payout,
    settle_payout,
    refuse_payout,
    list_payout_files,
    make_payout_file,
    download_payout_file,
    mark_file_sent,
    list_payout_rules,
    set_payout_rule,
]
