"""What two rooms need from each other that must not know one another: a few lines each."""

from kirana import business, chat, identity, money, orders
from kirana.platform.db import Tx
from kirana.values import SYSTEM, Actor, UserId

RequestEvent = (
    money.RequestMade
    | money.RequestPaid
    | money.RequestDeclined
    | money.RequestCanceled
    | money.RequestExpired
)


def know_person(tx: Tx, event: identity.UserJoined) -> None:
    """Whoever has an account can be sent money."""
    money.open_owner(tx, event.user_id)


def hand_over_wallet(tx: Tx, event: identity.GuestJoined) -> None:
    """A guest turned out to be somebody: the money is theirs."""
    money.hand_over(tx, event.guest_id, event.user_id, parent=event.event_id, by=SYSTEM)


def know_business(tx: Tx, event: business.BusinessOpened) -> None:
    """A shop can be sent money."""
    money.open_owner(tx, event.business_id)


def post_order_card(tx: Tx, event: orders.OrderEvent) -> None:
    """Show an order, as it stands now, in the conversation of buyer and shop."""
    things = f" +{event.item_count - 1}" if event.item_count > 1 else ""
    chat.post_fact(
        tx,
        chat.direct_conversation(tx, event.buyer_id, event.business_id),
        event.event_id,
        event.name,
        chat.Subject("order", event.order_id, event.step),
        event.buyer_id if isinstance(event, orders.OrderPlaced) else event.business_id,
        chat.FactCard(
            state=event.state,
            title=f"#{event.number} · {event.first_item}{things}",
            amount=event.total,
            payer_id=event.buyer_id,
            payee_id=event.business_id,
        ),
    )


def post_transfer_card(tx: Tx, event: money.TransferPosted) -> None:
    """Show a payment between people in their conversation."""
    _post_money(
        tx,
        event,
        chat.Subject("transfer", event.transfer_id),
        "refunded" if event.reverses_id else "paid",
        payer_id=UserId(event.payer_id),
        payee_id=UserId(event.payee_id),
    )


def spare_the_blocked(tx: Tx, event: money.RequestMade) -> None:
    """Somebody who is blocked asks for nothing: the request ends before it is looked at."""
    if event.payer_id is None:
        return
    payer_id, asker_id = UserId(event.payer_id), UserId(event.asker_id)
    if not identity.is_blocked(tx, payer_id, asker_id):
        return
    request = money.find_request(tx, event.request_id)
    if request.state == "open":
        money.decline_request(tx, event.request_id, by=Actor(payer_id, payer_id))


def post_request_card(tx: Tx, event: RequestEvent) -> None:
    """Show how a request for money stands, in the conversation of the two."""
    if event.payer_id is not None:
        _post_money(
            tx,
            event,
            chat.Subject("request", event.request_id),
            event.name.removeprefix("request."),
            payer_id=UserId(event.payer_id),
            payee_id=UserId(event.asker_id),
        )


def _post_money(
    tx: Tx,
    event: money.TransferPosted | RequestEvent,
    subject: chat.Subject,
    state: str,
    *,
    payer_id: UserId,
    payee_id: UserId,
) -> None:
    cards = identity.get_cards(tx, [payer_id, payee_id])
    if len(cards) < 2 or payer_id == payee_id:
        return  # the operator's side of a top-up has no face
    actor_id = payer_id if state == "paid" else payee_id
    if identity.is_blocked(tx, payer_id, payee_id):
        return  # the money is in the statement; nothing is said between the two
    # The conversation of these two, whatever the client said it was paying in.
    chat.post_fact(
        tx,
        chat.direct_conversation(tx, payer_id, payee_id, begun_by=actor_id),
        event.event_id,
        event.name,
        subject,
        actor_id,
        chat.FactCard(state=state, amount=event.amount, payer_id=payer_id, payee_id=payee_id),
    )
