"""What went on in the town during the last days."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import msgspec

from kirana import chat, money, orders
from kirana.platform.db import Database
from kirana.values import (
    Actor,
    Confirmation,
    ConversationId,
    MessageId,
    Money,
    OrderId,
    TransferId,
    UserId,
    uuid7,
)

from .people import BY_KEY, Person
from .shops import Shop

MINUTE_MS = 60_000
HOUR_MS = 60 * MINUTE_MS


class StoryClock:
    """The time of the story: it begins some days ago and ends now."""

    def __init__(self, now: int) -> None:
        self.now = now

    def __call__(self) -> int:
        return self.now


@dataclass(slots=True)
class Teller:
    """Lets people do things, at the time of the story."""

    database: Database
    clock: StoryClock
    deliver: Callable[[], None]

    def wait(self, milliseconds: int) -> None:
        self.clock.now += milliseconds
        self.deliver()

    def say(self, customer: Person, shop: Shop, text: str, *, as_shop: bool = False) -> None:
        """One of the two writes to the other."""
        conversation_id = self.database.write(
            chat.direct_conversation, customer.id, shop.id, chat.Kind.BUSINESS
        )
        self.database.write(
            chat.send_message,
            MessageId(uuid7()),
            conversation_id,
            chat.read_content(msgspec.json.encode({"type": "text", "text": text})),
            by=shop.by if as_shop else customer.actor,
        )
        self.deliver()

    def read(self, who: Person, shop: Shop, *, as_shop: bool = False) -> None:
        """One of the two has read all of it."""
        conversation_id: ConversationId = self.database.write(
            chat.direct_conversation, who.id, shop.id, chat.Kind.BUSINESS
        )
        by = shop.by if as_shop else who.actor
        self.database.write(chat.mark_read, conversation_id, 2**31, by=by)

    def buy(
        self,
        customer: Person,
        shop: Shop,
        wanted: list[tuple[str, str, int]],
        *,
        method: orders.Method = orders.Method.PICKUP,
        payment: orders.Payment = orders.Payment.WALLET,
        note: str = "",
    ) -> OrderId:
        """Place an order of (product, variant, quantity)."""
        quantities = {shop.variant_id(name, value): n for name, value, n in wanted}
        priced = self.database.read(orders.quote_cart, shop.id, quantities, method=method)
        order_id = OrderId(uuid7())
        address = orders.Address("12 Lakshmi Road, 3rd floor", "Pune", "411030")
        self.confirmed(
            orders.place_order,
            order_id,
            shop.id,
            quantities,
            method=method,
            payment=payment,
            contact=orders.Contact(customer.name, customer.phone),
            address=address if method is orders.Method.DELIVERY else None,
            note=note,
            shown_total=priced.quote.total,
            by=customer.actor,
        )
        self.deliver()
        return order_id

    def move(self, shop: Shop, order_id: OrderId, to: orders.State) -> None:
        self.database.write(orders.move_order, order_id, to, by=shop.by)
        self.deliver()

    def pay(self, payer: Person, payee: Person, amount: Money) -> None:
        self.confirmed(money.send_money, TransferId(uuid7()), payee.id, amount, by=payer.actor)
        self.deliver()

    def top_up(self, owner_id: UserId, amount: Money) -> None:
        self.confirmed(
            money.top_up,
            TransferId(uuid7()),
            owner_id,
            amount,
            by=BY_KEY["omar"].actor,
        )

    def confirmed(self, command: Callable[..., Any], *args: Any, by: Actor, **more: Any) -> Any:
        """Do it; type the PIN if that is asked for."""
        try:
            return self.database.write(command, *args, by=by, **more)
        except money.ConfirmationRequired as problem:
            challenge = bytes.fromhex(problem.facts["challenge"])
            proof = Confirmation("pin", challenge, self.clock.now)
            by = replace(by, confirmation=proof)
            return self.database.write(command, *args, by=by, **more)


def tell(teller: Teller, shops: dict[str, Shop]) -> None:
    """Five days of trade and talk."""
    ravi, meera, pedro = BY_KEY["ravi"], BY_KEY["meera"], BY_KEY["pedro"]
    nadia, greta = BY_KEY["nadia"], BY_KEY["greta"]
    grocer, bakery = shops["ashas-kirana"], shops["padaria-estrela"]
    tailor, fundi = shops["noor-tailors"], shops["fundi-phones"]
    books, tea, flowers = (
        shops["buchhandlung-lindenblatt"],
        shops["midori-tea"],
        shops["flores-lucia"],
    )
    for person, amount in (
        (ravi, Money(500_000, "INR")),
        (meera, Money(220_000, "INR")),
        (pedro, Money(40_000, "BRL")),
        (greta, Money(12_000, "JPY")),
        (BY_KEY["haruto"], Money(9_000, "EUR")),
        (BY_KEY["lucia"], Money(300_000, "MXN")),
        (BY_KEY["wanjiru"], Money(1_500_000, "KES")),
        (BY_KEY["yusuf"], Money(80_000, "AED")),
    ):
        teller.top_up(person.id, amount)
    teller.confirmed(
        money.top_up,
        TransferId(uuid7()),
        nadia.id,
        Money(2_000_000, "INR"),
        into=money.Into.FLOAT,
        by=BY_KEY["omar"].actor,
    )

    teller.say(ravi, grocer, "Do you have the Byadgi chili again?")
    teller.wait(6 * MINUTE_MS)
    teller.say(ravi, grocer, "Yes, came in this morning. Shall I keep two packets?", as_shop=True)
    teller.wait(2 * MINUTE_MS)
    teller.say(ravi, grocer, "Please. And a litre of milk.")
    teller.wait(3 * MINUTE_MS)
    first = teller.buy(ravi, grocer, [("Red chili powder, 200 g", "", 2), ("Milk, 1 litre", "", 1)])
    for state in (orders.State.ACCEPTED, orders.State.READY):
        teller.wait(8 * MINUTE_MS)
        teller.move(grocer, first, state)
    teller.wait(HOUR_MS)
    teller.move(grocer, first, orders.State.FULFILLED)
    teller.say(ravi, grocer, "Thank you, see you on Saturday", as_shop=True)
    teller.read(ravi, grocer)

    teller.wait(20 * HOUR_MS)
    teller.pay(ravi, meera, Money(45_000, "INR"))
    teller.wait(30 * MINUTE_MS)
    teller.pay(meera, ravi, Money(12_500, "INR"))

    teller.wait(3 * HOUR_MS)
    teller.say(pedro, bakery, "Bom dia! Sobrou sonho de creme?")
    teller.wait(4 * MINUTE_MS)
    teller.say(pedro, bakery, "Acabou às nove. Guardo dois amanhã?", as_shop=True)
    teller.wait(MINUTE_MS)
    teller.say(pedro, bakery, "Guarda! E um bolo de cenoura.")
    second = teller.buy(
        pedro,
        bakery,
        [("Bolo de cenoura com chocolate", "inteiro", 1), ("Café coado", "", 2)],
    )
    teller.wait(12 * MINUTE_MS)
    teller.move(bakery, second, orders.State.ACCEPTED)
    teller.wait(2 * HOUR_MS)
    teller.move(bakery, second, orders.State.FULFILLED)

    teller.wait(18 * HOUR_MS)
    third = teller.buy(
        meera,
        grocer,
        [("Basmati rice", "5 kg", 1), ("Toor dal, 1 kg", "", 2), ("Eggs", "12", 1)],
        method=orders.Method.DELIVERY,
        note="Ring twice, the baby sleeps at the back.",
    )
    teller.wait(15 * MINUTE_MS)
    teller.move(grocer, third, orders.State.ACCEPTED)
    teller.wait(40 * MINUTE_MS)
    teller.move(grocer, third, orders.State.ON_ITS_WAY)
    teller.wait(25 * MINUTE_MS)
    teller.move(grocer, third, orders.State.FULFILLED)

    teller.wait(10 * HOUR_MS)
    teller.say(BY_KEY["wanjiru"], books, "Hello! Do you send books to Nairobi?")
    teller.wait(50 * MINUTE_MS)
    teller.say(
        BY_KEY["wanjiru"],
        books,
        "We do, two weeks by post. Which one are you after?",
        as_shop=True,
    )
    teller.say(BY_KEY["lucia"], tea, "Is the moss bowl still there? I dream of it.")
    teller.wait(20 * MINUTE_MS)
    teller.say(BY_KEY["lucia"], tea, "Two of them. I put one aside for you.", as_shop=True)
    teller.say(greta, tea, "The hojicha arrived and the shop smells of autumn. Thank you!")
    teller.buy(
        greta,
        tea,
        [("Hojicha, 100 g", "", 2), ("Rice crackers", "", 1)],
        method=orders.Method.PICKUP,
    )
    teller.say(ravi, tailor, "Can you copy a shirt if I send you one?")
    teller.say(meera, fundi, "The charging port is loose. How long would it take?")
    teller.say(pedro, flowers, "Um buquê para domingo, é possível?")

    teller.wait(9 * HOUR_MS)
    fourth = teller.buy(
        ravi,
        grocer,
        [("Masala tea, 250 g", "", 1), ("Besan laddu, 250 g", "", 2), ("Marigold garland", "", 1)],
        payment=orders.Payment.CASH,
        note="For my mother's birthday",
    )
    teller.wait(10 * MINUTE_MS)
    teller.move(grocer, fourth, orders.State.ACCEPTED)
    teller.say(ravi, grocer, "The laddus are still warm. Come any time before eight.", as_shop=True)
    teller.wait(25 * MINUTE_MS)
    teller.buy(
        meera,
        grocer,
        [("Onions, 1 kg", "", 2), ("Potatoes, 1 kg", "", 2)],
        payment=orders.Payment.CASH,
    )
    teller.wait(5 * MINUTE_MS)
    teller.say(meera, grocer, "Asha, could you add a bunch of coriander to mine?")
