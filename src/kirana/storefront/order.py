"""The page of an order. Whoever has its link may look; only the buyer may call it off."""

import asyncio
import time
from typing import Any

from litestar import Request, Response, get, post
from litestar.response import Redirect

from kirana import business, catalog, money, orders
from kirana.platform.db import Db, Tx
from kirana.platform.http import is_same_site
from kirana.platform.problems import NotAllowed, NotFound, NotSignedIn
from kirana.platform.settings import Settings
from kirana.values import Actor, RailPaymentId

from .desk import Desk, read_bar
from .rendering import answer
from .words import Words

_WAYS = {
    orders.Method.PICKUP: ("placed", "accepted", "ready", "fulfilled"),
    orders.Method.DELIVERY: ("placed", "accepted", "ready", "on_its_way", "fulfilled"),
}
_OVER = (orders.State.CANCELED, orders.State.EXPIRED)
_PAGE_WITHIN_S = 8.0
"""How long a reader waits for the page where they pay; mostly it is there within one."""
_LOOK_S = 0.2


@get("/o/{token:str}", include_in_schema=False)
async def show_order(
    request: Request[Any, Any, Any],
    token: str,
    db: Db,
    settings: Settings,
    words: Words,
    viewer: Actor | None,
) -> Response[bytes]:
    """Where an order stands."""
    is_refused = request.query_params.get("notice") == "late"

    def read(tx: Tx) -> bytes:
        order, desk = _open(tx, token, words, settings)
        is_buyer = viewer is not None and viewer.user_id == order.buyer_id
        if is_buyer:
            assert viewer is not None
            order = orders.get_order(tx, order.id, by=viewer)
        cards = catalog.cards_of(tx, [line.product_id for line in order.lines])
        return desk.draw(
            "order.html",
            bar=read_bar(tx, desk.shop, viewer),
            order=order,
            profile=desk.shop,
            way=_WAYS[order.method],
            done=_done(order),
            slugs={card.id: card.slug for card in cards},
            is_buyer=is_buyer,
            can_pay=orders.waits_for_card(order),
            paying=_paying(order),
            can_cancel=is_buyer and orders.State.CANCELED in order.moves,
            is_refused=is_refused,
            directions=business.directions_to(desk.shop.location, desk.shop.name)
            if desk.shop.location
            else None,
        )

    return answer(request, settings, await db.read(read))


@get("/o/{token:str}/pay", include_in_schema=False)
async def pay_order(
    request: Request[Any, Any, Any],
    token: str,
    db: Db,
    settings: Settings,
    words: Words,
    viewer: Actor | None,
) -> Response[bytes] | Redirect:
    """On to the provider's page, for the buyer of an order that is to be paid by card.

    It is a page of its own that leads there, since a browser follows a form that was sent to this
    server to no other (`form-action`).
    """
    until = time.monotonic() + _PAGE_WITHIN_S
    payment = await db.read(_to_pay, token, viewer)
    while payment is not None and payment.state == "making" and time.monotonic() < until:
        await asyncio.sleep(_LOOK_S)
        payment = await db.read(_to_pay, token, viewer)
    if payment is None or (payment.url is None and payment.state != "making"):
        return Redirect(f"/o/{token}", status_code=303)
    url = payment.url

    def read(tx: Tx) -> bytes:
        order, desk = _open(tx, token, words, settings)
        return desk.draw("pay.html", bar=read_bar(tx, desk.shop, viewer), order=order, url=url)

    body = await db.read(read)
    return answer(request, settings, body, headers={"Cache-Control": "no-store"})


def _to_pay(tx: Tx, token: str, viewer: Actor | None) -> money.RailPayment | None:
    """The payment that a buyer still has to make, if there is one."""
    order = orders.find_by_token(tx, token)
    if order is None or viewer is None or viewer.user_id != order.buyer_id:
        return None
    if not orders.waits_for_card(order):
        return None
    return money.get_rail_payment(tx, RailPaymentId(order.id), by=viewer)


@post("/o/{token:str}/cancel", include_in_schema=False)
async def cancel_order(
    request: Request[Any, Any, Any], token: str, db: Db, viewer: Actor | None
) -> Redirect:
    """Call it off, as long as the shop has not accepted it."""
    if not is_same_site(request.headers):
        raise NotAllowed()
    if viewer is None:
        raise NotSignedIn()

    def cancel(tx: Tx, *, by: Actor) -> None:
        order = orders.find_by_token(tx, token)
        if order is None or order.buyer_id != by.user_id:
            raise NotFound()
        orders.cancel_order(tx, order.id, by=by)

    try:
        await db.write(cancel, by=viewer)
    except orders.IllegalMove:
        return Redirect(f"/o/{token}?notice=late", status_code=303)
    return Redirect(f"/o/{token}", status_code=303)


@get("/o/{token:str}/receipt", include_in_schema=False)
async def show_receipt(
    request: Request[Any, Any, Any], token: str, db: Db, settings: Settings, words: Words
) -> Response[bytes] | Redirect:
    """The receipt, to be printed. Before there is one, the order's page."""

    def read(tx: Tx) -> bytes | None:
        order, desk = _open(tx, token, words, settings)
        try:
            receipt = orders.render_receipt(tx, order)
        except orders.NotPaid:
            return None
        return desk.draw(
            "receipt.html", receipt=receipt, order=receipt.order, paying=_paying(order)
        )

    body = await db.read(read)
    if body is None:
        return Redirect(f"/o/{token}", status_code=303)
    return answer(request, settings, body)


def _open(tx: Tx, token: str, words: Words, settings: Settings) -> tuple[orders.Order, Desk]:
    """Raises: NotFound."""
    order = orders.find_by_token(tx, token) if len(token) < 100 else None
    if order is None:
        raise NotFound()
    shop = business.get_business(tx, order.business_id)
    state = business.states_at(tx, [shop])[shop.id]
    return order, Desk(tx, shop, state, words, settings)


def _paying(order: orders.Order) -> str:
    """Which words say where the money is."""
    state = order.payment_state.value
    if not order.total or order.payment is orders.Payment.WALLET:
        return state
    if order.payment is orders.Payment.CARD:
        is_over = state == "unpaid" and order.state in _OVER
        return f"{'ended' if is_over else state}_card"
    return f"{state}_cash" if state == "unpaid" else state


def _done(order: orders.Order) -> dict[str, int]:
    """When each state was reached; the states before the present one are done, said or not."""
    return {step.name: step.at for step in order.steps}


routes = [show_order, pay_order, cancel_order, show_receipt]
