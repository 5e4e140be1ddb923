"""What two rooms need from each other that must not know one another: a few lines each."""

from collections.abc import Iterable

from kirana import business, chat, identity, money, notices, orders
from kirana.platform.db import Tx
from kirana.values import SYSTEM, Actor, ConversationId, OwnerId, SplitId, UserId

SplitEvent = money.SplitMade | money.SplitReminded | money.SplitClosed


def names_of(tx: Tx, owner_ids: Iterable[OwnerId]) -> dict[OwnerId, str]:
    """What the owners of money are called, as far as they are people or shops."""
    cards = identity.get_cards(tx, [UserId(id) for id in owner_ids])
    return {id: card.name for id, card in cards.items()}


def run_standing_orders(tx: Tx) -> int:
    """Coming payments, none of them from or to whoever is on the operators' list."""
    return money.run_standing_orders(tx, money.NameList(names_of))


def know_person(tx: Tx, event: identity.UserJoined) -> None:
    """Whoever has an account can be sent money."""
    money.open_owner(tx, event.user_id)


def know_zone(tx: Tx, event: identity.ZoneChanged) -> None:
    """Limits by the day begin anew at one's own midnight."""
    money.set_zone(tx, event.user_id, event.zone)


def hand_over_wallet(tx: Tx, event: identity.GuestJoined) -> None:
    """A guest turned out to be somebody: the money is theirs."""
    money.hand_over(tx, event.guest_id, event.user_id, parent=event.event_id, by=SYSTEM)


def know_business(tx: Tx, event: business.BusinessOpened) -> None:
    """A shop can be sent money."""
    money.open_owner(tx, event.business_id)
    if shop := business.find_business(tx, event.business_id):
        money.set_zone(tx, event.business_id, shop.zone)


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


def post_link_card(tx: Tx, event: money.TransferPosted) -> None:
    """Tell the sender who has taken the money of a link, in a conversation of the two: the sender
    began it, by sending the link."""
    _post_money(
        tx,
        event,
        chat.Subject("transfer", event.transfer_id),
        "taken",
        begun_by=UserId(event.payer_id),
        payer_id=UserId(event.payer_id),
        payee_id=UserId(event.payee_id),
    )


def spare_the_blocked(tx: Tx, event: money.RequestEvent) -> None:
    """Somebody who is blocked asks for nothing: the request ends before it is looked at."""
    if event.payer_id is None:
        return
    payer_id, asker_id = UserId(event.payer_id), UserId(event.asker_id)
    if not identity.is_blocked(tx, payer_id, asker_id):
        return
    request = money.find_request(tx, event.request_id)
    if request.state == "open":
        money.decline_request(tx, event.request_id, by=Actor(payer_id, payer_id))


def post_request_card(tx: Tx, event: money.RequestEvent) -> None:
    """Show how a request for money stands, in the conversation of the two."""
    if event.payer_id is not None:
        _post_money(
            tx,
            event,
            chat.Subject("request", event.request_id),
            "made" if isinstance(event, money.RequestReminded) else event.name.split(".")[1],
            payer_id=UserId(event.payer_id),
            payee_id=UserId(event.asker_id),
        )


def post_claim_card(tx: Tx, event: money.ClaimEvent) -> None:
    """Show what the payer of a request says, and what the payee says to it, between the two."""
    _post_money(
        tx,
        event,
        chat.Subject("request", event.request_id),
        "claimed" if isinstance(event, money.ClaimMade) else "not_received",
        payer_id=UserId(event.payer_id),
        payee_id=UserId(event.payee_id),
    )


def post_share_card(tx: Tx, event: money.RequestEvent) -> None:
    """Show what became of a share: where the bill is split, or between the two."""
    assert event.ref is not None
    split = money.find_split(tx, SplitId(event.ref.id))
    if split.ref is None:
        post_request_card(tx, event)
    elif not isinstance(event, (money.RequestMade, money.RequestReminded)):
        _post_split(tx, split, event, whose=event.payer_id, is_quiet=True)


def post_split_card(tx: Tx, event: SplitEvent) -> None:
    """Show how a bill stands, in the conversation where it was split."""
    split = money.find_split(tx, event.split_id)
    if split.ref is not None:
        _post_split(tx, split, event, whose=None, is_quiet=False)


def tell_of_returned_link(tx: Tx, event: money.TransferExpired) -> None:
    """Nobody took the money of a link: its sender has it again."""
    assert event.hold_id is not None
    notices.tell(
        tx,
        event.event_id,
        UserId(event.payer_id),
        "link.returned",
        event.hold_id,
        amount=event.amount,
    )


def tell_of_missed_payment(tx: Tx, event: money.StandingOrderRefused) -> None:
    """A coming payment was not made: whoever wanted it made hears why."""
    notices.tell(
        tx,
        event.event_id,
        UserId(event.payer_id),
        "standing_order.left_out" if event.is_last else event.name,
        event.order_id,
        other_id=event.payee_id,
        amount=event.amount,
        why=event.problem,
    )


def tell_operators(tx: Tx, event: money.ReviewNeeded) -> None:
    """A payment waits for those who may decide about it."""
    for operator_id in money.operators(tx):
        if operator_id not in (event.payer_id, event.payee_id):
            notices.tell(
                tx,
                event.event_id,
                UserId(operator_id),
                event.name,
                event.transfer_id,
                other_id=event.payer_id,
                amount=event.amount,
            )


def tell_of_review(tx: Tx, event: money.ReviewEnded) -> None:
    """What waited for operators waits no more: whoever paid hears how it ended."""
    notices.settle(tx, money.ReviewNeeded.name, event.transfer_id)
    notices.tell(
        tx,
        event.transfer_id,
        UserId(event.payer_id),
        f"review.{event.how}",
        event.transfer_id,
        other_id=event.payee_id,
        amount=event.amount,
    )


def tell_of_broken_books(tx: Tx, event: money.BooksBroken) -> None:
    """Whoever runs the server has to look before money moves again."""
    for operator_id in money.operators(tx):
        notices.tell(tx, event.event_id, UserId(operator_id), event.name, event.event_id)


def tell_of_payout(tx: Tx, event: money.PayoutSettled | money.PayoutFailed) -> None:
    """What somebody took out has arrived, or is in the wallet again."""
    notices.tell(
        tx,
        event.event_id,
        UserId(event.owner_id),
        event.name,
        event.payout_id,
        amount=event.amount,
        why=event.reason if isinstance(event, money.PayoutFailed) else "",
    )


def tell_of_address(tx: Tx, event: money.AddressChanged) -> None:
    """Where somebody is paid has changed: whoever did not do this should notice."""
    notices.tell(
        tx, event.event_id, UserId(event.owner_id), event.name, event.address_id, why=event.rail
    )


def tell_of_card_account(tx: Tx, event: money.CardAccountChanged) -> None:
    """Where somebody is paid by card has changed: whoever did not do this should notice."""
    id, owner_id = event.card_account_id, UserId(event.owner_id)
    notices.tell(tx, event.event_id, owner_id, money.AddressChanged.name, id, why="card")


def _post_split(
    tx: Tx,
    split: money.Split,
    event: money.RequestEvent | SplitEvent,
    *,
    whose: OwnerId | None,
    is_quiet: bool,
) -> None:
    assert split.ref is not None
    ended = sum(share.state != "open" for share in split.asked)
    chat.post_fact(
        tx,
        ConversationId(split.ref.id),
        event.event_id,
        event.name,
        chat.Subject("split", split.id, ended),
        UserId(whose or split.payee_id),
        chat.FactCard(
            state="open" if ended < len(split.asked) else "closed",
            amount=split.total,
            payee_id=split.payee_id,
            payer_id=whose,
            done=len(split.paid),
            of=len(split.asked),
        ),
        is_quiet=is_quiet,
    )


def _post_money(
    tx: Tx,
    event: money.TransferPosted | money.RequestEvent | money.ClaimEvent,
    subject: chat.Subject,
    state: str,
    *,
    payer_id: UserId,
    payee_id: UserId,
    begun_by: UserId | None = None,
) -> None:
    cards = identity.get_cards(tx, [payer_id, payee_id])
    if len(cards) < 2 or payer_id == payee_id:
        return  # the operator's side of a top-up has no face
    actor_id = payer_id if state in ("paid", "claimed") else payee_id
    if identity.is_blocked(tx, payer_id, payee_id):
        return  # the money is in the statement; nothing is said between the two
    # The conversation of these two, whatever the client said it was paying in.
    chat.post_fact(
        tx,
        chat.direct_conversation(tx, payer_id, payee_id, begun_by=begun_by or actor_id),
        event.event_id,
        event.name,
        subject,
        actor_id,
        chat.FactCard(state=state, amount=event.amount, payer_id=payer_id, payee_id=payee_id),
    )
