"""Routes: being paid from bank to bank."""

import asyncio
from dataclasses import dataclass
from typing import Annotated, Any
from uuid import UUID

from litestar import delete, get, post
from litestar.params import Parameter
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
from kirana.values import Actor, Money, OwnerId, Page, PaymentAddressId, RequestId, TransferId

from ..edge import Amount, slow_down, version_7
from ..problems import (
    AmountOutOfRange,
    BankReferenceUsed,
    ClaimOpen,
    ConfirmationRequired,
    ConfirmationWrong,
    HoldExpired,
    HoldResolved,
    ProofTooNew,
    RequestEnded,
    SameAccount,
    WayOff,
)
from ..rails import Link, draw_svg
from . import addresses, claims, offers

DetailText = Annotated[str, Meta(max_length=300)]
BankRef = Annotated[str, Meta(max_length=64, pattern=r"^[^\x00-\x1f]*$")]

_ANSWERS = (
    HoldResolved,
    HoldExpired,
    IdReused,
    NotAllowed,
    NotFound,
    NotSignedIn,
    RateLimited,
    InvalidInput,
)


@dataclass(frozen=True, slots=True)
class SetPaymentAddress:
    """`details` are the rail's own: `vpa` and `name` for upi; `key`, `name` and `city` for pix;
    `iban`, `name` and `bic` for epc; `mobile` or `uen`, and `name`, for paynow; one of `phone`,
    `id_number`, `ewallet` and `biller_id` for promptpay."""

    id: PaymentAddressId
    rail: Annotated[str, Meta(max_length=20)]
    details: Annotated[dict[str, DetailText], Meta(max_length=10)]


@dataclass(frozen=True, slots=True)
class MakeClaim:
    """`address_id` is the one of the offer that was paid; `bank_ref` what the payer's bank calls
    the payment (for UPI the UTR)."""

    id: TransferId
    request_id: RequestId
    address_id: PaymentAddressId
    bank_ref: BankRef | None = None


@dataclass(frozen=True, slots=True)
class ConfirmClaim:
    """What was `received`, if it is not what was claimed."""

    id: TransferId
    received: Amount | None = None


@dataclass(frozen=True, slots=True)
class EndClaim:
    id: TransferId


@dataclass(frozen=True, slots=True)
class OfferToPay:
    """A code to scan, as `text` and drawn, and links that open the bank's app."""

    rail: str
    address_id: PaymentAddressId
    """Whoever says that they have paid names it."""
    text: str
    links: list[Link]
    carries_reference: bool
    """Whether the payee's bank says which request was paid."""
    svg: str


@dataclass(frozen=True, slots=True)
class OffersToPay:
    request_id: RequestId
    reference: str
    payee_id: OwnerId
    amount: Money
    rails: list[OfferToPay]
    """None, when the payee has said of no rail where to be paid."""


@get("/v1/payment-addresses", raises=problems(NotSignedIn))
async def list_addresses(db: Db, by: Actor) -> Page[addresses.PaymentAddress]:
    """Where one is paid from bank to bank."""
    return Page(await db.read(addresses.list_addresses, by=by))


@post(
    "/v1/payment-addresses",
    raises=problems(
        ConfirmationRequired,
        ConfirmationWrong,
        ProofTooNew,
        IdReused,
        NotAllowed,
        NotSignedIn,
        RateLimited,
        InvalidInput,
    ),
)
async def set_address(
    data: SetPaymentAddress, db: Db, by: Actor, limits: Limits
) -> addresses.PaymentAddress:
    """Be paid there by this rail, instead of where it was before. Always confirmed."""
    slow_down(limits, by)
    return await db.write(addresses.set_address, version_7(data.id), data.rail, data.details, by=by)


@delete(
    "/v1/payment-addresses/{address_id:uuid}",
    raises=problems(NotAllowed, NotFound, NotSignedIn),
)
async def end_address(address_id: UUID, db: Db, by: Actor) -> None:
    """Be paid there no longer."""
    await db.write(addresses.end_address, PaymentAddressId(address_id), by=by)


@get(
    "/v1/offers/{reference:str}",
    raises=problems(RequestEnded, NotFound, NotSignedIn, InvalidInput),
)
async def get_offers(
    reference: str, db: Db, by: Actor, attempt: Annotated[int, Parameter(ge=1, le=99)] = 1
) -> OffersToPay:
    """How a request can be paid from one's own bank: by the payee's rails of its currency.

    Whoever has paid by one says so by a claim: nothing here knows of it.
    """
    found = await db.read(offers.get_offers, reference, attempt=attempt, by=by)
    pictures = await asyncio.to_thread(lambda: [draw_svg(it.text) for it in found.rails])
    return OffersToPay(
        found.request_id,
        found.reference,
        found.payee_id,
        found.amount,
        [
            OfferToPay(it.rail, it.address_id, it.text, it.links, it.carries_reference, svg)
            for it, svg in zip(found.rails, pictures, strict=True)
        ],
    )


@post(
    "/v1/claims",
    raises=problems(
        RequestEnded,
        ClaimOpen,
        WayOff,
        SameAccount,
        IdReused,
        NotAllowed,
        NotFound,
        NotSignedIn,
        RateLimited,
        InvalidInput,
    ),
)
async def make_claim(data: MakeClaim, db: Db, by: Actor, limits: Limits) -> claims.Claim:
    """Say that one has paid a request from one's bank. The payee confirms or rejects it within
    three days; until then the request stays open, and is paid in no other way."""
    slow_down(limits, by)
    return await db.write(
        claims.make_claim,
        version_7(data.id),
        data.request_id,
        data.address_id,
        data.bank_ref,
        by=by,
    )


@get("/v1/claims/{claim_id:uuid}", raises=problems(NotFound, NotSignedIn))
async def get_claim(claim_id: UUID, db: Db, by: Actor) -> claims.Claim:
    """What somebody says they paid, and what the payee says to it."""
    return await db.read(claims.get_claim, TransferId(claim_id), by=by)


@get("/v1/requests/{request_id:uuid}/claims", raises=problems(NotFound, NotSignedIn))
async def list_claims(request_id: UUID, db: Db, by: Actor) -> Page[claims.Claim]:
    """All that was claimed of a request, the oldest first."""
    return Page(await db.read(claims.list_claims, RequestId(request_id), by=by))


@post(
    "/v1/claims/{claim_id:uuid}/confirmation",
    raises=problems(*_ANSWERS, BankReferenceUsed, AmountOutOfRange),
)
async def confirm_claim(
    claim_id: UUID, data: ConfirmClaim, db: Db, by: Actor, limits: Limits
) -> claims.Claim:
    """For the payee: it came. With less than was asked the request stays open for the rest."""
    slow_down(limits, by)
    return await db.write(
        claims.confirm_claim,
        version_7(data.id),
        TransferId(claim_id),
        data.received.money() if data.received else None,
        by=by,
    )


@post("/v1/claims/{claim_id:uuid}/rejection", raises=problems(*_ANSWERS))
async def reject_claim(
    claim_id: UUID, data: EndClaim, db: Db, by: Actor, limits: Limits
) -> claims.Claim:
    """For the payee: nothing came."""
    slow_down(limits, by)
    return await db.write(claims.reject_claim, version_7(data.id), TransferId(claim_id), by=by)


@post("/v1/claims/{claim_id:uuid}/withdrawal", raises=problems(*_ANSWERS))
async def take_back_claim(
    claim_id: UUID, data: EndClaim, db: Db, by: Actor, limits: Limits
) -> claims.Claim:
    """For the payer: it was not paid after all."""
    slow_down(limits, by)
    return await db.write(claims.take_back_claim, version_7(data.id), TransferId(claim_id), by=by)


routes: list[Any] = [
    list_addresses,
    set_address,
    end_address,
    get_offers,
    make_claim,
    get_claim,
    list_claims,
    confirm_claim,
    reject_claim,
    take_back_claim,
]
