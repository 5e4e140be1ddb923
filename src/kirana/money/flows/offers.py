"""How a request can be paid from the payer's own bank: a code for each rail of its currency."""

from dataclasses import dataclass

from kirana.platform.db import Tx
from kirana.platform.problems import NotFound
from kirana.values import Actor, Money, OwnerId, PaymentAddressId, RequestId

from ..problems import RequestEnded
from ..rails import RAILS, CodeRefused, Link
from ..ways import object_to, ways_off
from .addresses import PaymentAddress, in_use
from .requests import Request, find_by_reference


@dataclass(frozen=True, slots=True)
class RailOffer:
    """A code to scan (`text`) and links to open, which pay to `address_id`. With a `reference` that
    does not come back, the payee cannot tell whose money it is."""

    rail: str
    address_id: PaymentAddressId
    text: str
    links: list[Link]
    carries_reference: bool


@dataclass(frozen=True, slots=True)
class Offers:
    """How to pay `amount`, which is what is left. No rails, when the payee has said of none where
    to be paid."""

    request_id: RequestId
    reference: str
    payee_id: OwnerId
    amount: Money
    rails: list[RailOffer]


def get_offers(tx: Tx, reference: str, *, attempt: int = 1, by: Actor) -> Offers:
    """The codes that pay an open request, for its payer and its asker. `attempt` counts from 1:
    some rails want another reference each time one tries.

    Raises: RequestEnded; NotFound for a request between others.
    """
    request = find_by_reference(tx, reference)
    is_side = by.user_id in (request.asker_id, request.payer_id)
    if not is_side and request.payer_id is not None:
        raise NotFound()
    if request.state != "open":
        raise RequestEnded(how=request.state)
    currency, off = request.amount.currency, ways_off(tx)
    open_rails = [
        address
        for address in in_use(tx, request.asker_id)
        if address.currency == currency
        and object_to(currency, ("direct", address.rail), off) is None
    ]
    offers = [_offer(request, address, attempt) for address in open_rails]
    return Offers(
        request_id=request.id,
        reference=request.reference,
        payee_id=request.asker_id,
        amount=request.left,
        rails=[it for it in offers if it is not None],
    )


def _offer(request: Request, address: PaymentAddress, attempt: int) -> RailOffer | None:
    """None for an amount that this rail's codes cannot hold."""
    try:
        offer = RAILS[address.rail].offer(
            address.details, request.left, request.reference, attempt=attempt
        )
    except CodeRefused:
        return None
    return RailOffer(
        address.rail, address.id, offer.text, list(offer.links), offer.carries_reference
    )
