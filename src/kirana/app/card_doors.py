"""Routes: back from the page where somebody paid by card."""

from contextlib import suppress
from typing import Any
from uuid import UUID

from litestar import get
from litestar.response import Redirect

from kirana import money, orders
from kirana.platform.db import Db, Tx
from kirana.platform.limits import Limits, Rate
from kirana.platform.problems import NotFound, RateLimited
from kirana.values import Actor, OrderId, RailPaymentId

LOOKS = Rate(3, 60)
"""Of one payment."""


@get("/card/{payment_id:uuid}", include_in_schema=False)
async def come_back(payment_id: UUID, db: Db, limits: Limits, viewer: Actor | None) -> Redirect:
    """To the order or the wallet that it was for. Whether it was paid, the provider says, not the
    way back: it is asked at once, since what it tells by itself may be late, or lost."""
    with suppress(RateLimited):
        limits.take("card-back", str(payment_id), LOOKS)
        await db.write(money.look_soon, RailPaymentId(payment_id))
    return Redirect(await db.read(_way_back, payment_id, viewer), status_code=303)


def _way_back(tx: Tx, payment_id: UUID, viewer: Actor | None) -> str:
    """Those without an account have the order's page on the storefront, everybody else the app."""
    if viewer is None:
        return "/app/pay"
    try:
        payment = money.get_rail_payment(tx, RailPaymentId(payment_id), by=viewer)
        if payment.ref is None or payment.ref.kind != "order":
            return f"/app/pay/card/{payment_id}"
        order = orders.get_order(tx, OrderId(payment.ref.id), by=viewer)
    except NotFound:
        # Of a shop that they act for, which the app knows; or nobody's.
        return f"/app/pay/card/{payment_id}"
    return f"/o/{order.token}" if viewer.kind == "guest" else f"/app/orders/{order.id}"


routes: list[Any] = [come_back]
