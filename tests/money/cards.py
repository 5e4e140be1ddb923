"""A small world with Stripe in it: our books, the simulator, and whoever carries between them."""

import random
from typing import Any
from uuid import UUID

import msgspec

from kirana import money
from kirana.money.cards import calls as rail_calls
from kirana.money.cards import lines as rail_lines
from kirana.money.cards.events import receive_event
from kirana.money.rails import stripe
from kirana.platform import jobs
from kirana.platform.events import Bus
from kirana.values import SYSTEM, Actor, Money, RailPaymentId, uuid7
from tests.database import RehearsedDatabase

from . import make
from .stripe_simulator import Delivery, Simulator

CARD = "4242424242424242"
MINUTE = 60_000


def wire(bus: Bus) -> None:
    """As much of `app/wiring.py` as cards need."""
    bus.on(money.RailPaymentDue, money.hear_due)
    bus.on(money.RailLinesDue, money.hear_lines_due)
    bus.jobs(money.apply_event)
    bus.outside_jobs(money.call_rail, money.read_rail_lines)


class World:
    """Time is in the test's hand; nothing happens by itself."""

    def __init__(self, db: RehearsedDatabase, simulator: Simulator) -> None:
        self.db, self.simulator = db, simulator
        self.account = stripe.Account(simulator.key, simulator.url, timeout_s=0.4)
        db.write(money.switch_rail, "stripe", is_on=True)

    # Ours

    def top_up(self, by: Actor, amount: Money) -> RailPaymentId:
        id = RailPaymentId(uuid7())
        self.db.write(money.top_up_by_card, id, amount, by=by)
        return id

    def order(self, buyer: Actor, shop: Actor, amount: Money) -> RailPaymentId:
        id = RailPaymentId(uuid7())
        self.db.write(
            money.pay_by_card, id, payer=buyer.user_id, payee=shop.user_id, amount=amount,
            ref=money.Ref("order", id), by=buyer,
        )  # fmt: skip
        return id

    def find(self, id: UUID) -> money.RailPayment:
        found = self.db.read(money.find_rail_payment, id)
        assert found is not None
        return found

    def cases(self, *, under_way: bool = False) -> list[money.RailCase]:
        return self.db.read(money.list_rail_cases, under_way=under_way, by=SYSTEM)

    def log(self, id: UUID) -> list[str]:
        """What was asked about a payment that needs a person or is under way."""
        [case] = [it for it in self.cases() + self.cases(under_way=True) if it.payment.id == id]
        return [f"{it.step} {it.outcome}" for it in case.steps]

    def balance(self, who: Actor, currency: str = "INR") -> int:
        return self.db.read(money.get_wallet, who.user_id, currency).balance.amount_minor

    def coming(self, who: Actor, currency: str = "INR") -> int:
        return self.db.read(money.get_wallet, who.user_id, currency).coming.amount_minor

    # Carrying

    def run(self) -> None:
        """Make every call that is due, and do what follows from it."""
        while True:
            self.db.deliver()
            due = self.calls()
            if not due:
                return
            for job in due:
                self.call(job)

    def call(self, job: Any, *, dies: bool = False) -> None:
        """One job that calls; with `dies` its process ends before the answer is written down."""
        carried = msgspec.json.decode(job.payload)
        payment_id, looks = RailPaymentId(UUID(carried["payment_id"])), carried["looks"]
        for _ in range(4):
            call = self.db.write(rail_calls.begin_call, payment_id, looks=looks)
            if call is None:
                break
            outcome = rail_calls.ask(
                self.account, call, title="Kirana", public_url="http://kirana.test"
            )
            if dies:
                break
            self.db.write(rail_calls.end_call, payment_id, call, outcome)
            looks = False
            if outcome.name not in ("done", "not_found"):
                break
        self.db.write(jobs.end_job, job.id)

    def read_lines(self, chance: random.Random | None = None) -> None:
        """As `read_rail_lines` does; by chance in another order, in parts, and again."""
        provider = stripe.Provider(self.account)
        since = self.db.read(rail_lines.read_since)
        lines = [it for page in provider.read_balance(since=since) for it in page]
        if chance is not None:
            lines += [it for it in lines if chance.random() < 0.4]
            chance.shuffle(lines)
        for line in lines:
            self.db.write(rail_lines.note_lines, [line])
        for id in self.db.read(rail_lines.list_open_payouts):
            payout = provider.get_payout(id)
            assert payout is not None
            self.db.write(rail_lines.note_payout, payout)
        self.db.write(rail_lines.book_waiting)
        self.run()

    def calls(self) -> list[Any]:
        return [it for it in self.db.read(jobs.list_due) if it.name.endswith("call_rail")]

    def pass_time(self, milliseconds: int) -> None:
        """Let time pass, and look at what is due."""
        self.db.clock.advance(milliseconds)
        self.db.write(money.look_at_rail_payments)
        self.run()

    def hear(self, delivery: Delivery) -> bool:
        """As the route does: whether it was taken."""
        told = stripe.verify(delivery.body, delivery.signature, [self.simulator.stripe.secret])
        if told is None:
            return False
        self.db.write(receive_event, told, delivery.body)
        return True

    def hear_all(self) -> list[Delivery]:
        """Every event that has happened since, in its order."""
        deliveries = self.simulator.take_deliveries()
        for delivery in deliveries:
            assert self.hear(delivery)
        self.run()
        return deliveries

    def pay(self, id: UUID, number: str = CARD) -> str | None:
        """The payer types a card on the page of this payment."""
        with self.simulator.lock:
            session = self.session(id)
            return self.simulator.stripe.pay(session["id"], number)

    def session(self, id: UUID) -> Any:
        [session] = [
            it
            for it in self.simulator.stripe.sessions.values()
            if it["client_reference_id"] == str(id) and it["status"] != "expired"
        ]
        return session

    def intent(self, id: UUID) -> Any:
        return self.simulator.stripe.intents[self.session(id)["payment_intent"]]

    def owed_by_stripe(self, currency: str = "INR") -> int:
        """By our books."""
        return self.db.read(_owed, currency)

    def at_stripe(self, currency: str = "INR") -> int:
        return self.simulator.stripe.balance(currency)

    def check(self) -> None:
        """The laws: the books are sound, and say what the provider has."""
        assert self.db.read(money.audit) == []
        owed, had = self.owed_by_stripe(), self.at_stripe()
        assert owed == had, (owed, had)


def _owed(tx: Any, currency: str) -> int:
    """What has come and not gone; what is only set aside is no money yet."""
    from sqlalchemy import bindparam, select

    from kirana.money.cards.tables import rail_payments
    from kirana.money.model import OPERATOR, AccountKey, Code
    from kirana.money.tables import accounts, holds, transfers
    from kirana.platform.db import Q

    account = tx.one(
        Q(select(accounts).where(accounts.c.id == bindparam("id"))),
        id=AccountKey(OPERATOR, Code.COMING_IN, currency, "stripe").id,
    )
    owed = account.debits_posted - account.credits_posted if account else 0
    held = tx.all(
        Q(
            select(holds.c.amount_minor)
            .join_from(rail_payments, holds, holds.c.id == rail_payments.c.hold_id)
            .join(transfers, transfers.c.id == holds.c.id)
            .where(rail_payments.c.kind == "order", holds.c.state == "open")
        )
    )
    return int(owed - sum(row.amount_minor for row in held))


def shuffled(deliveries: list[Delivery], chance: random.Random) -> list[Delivery]:
    """Doubled, some of them, and in any order."""
    more = [it for it in deliveries if chance.random() < 0.4]
    mixed = deliveries + more
    chance.shuffle(mixed)
    return mixed


def shop_and_buyer(db: RehearsedDatabase) -> tuple[Actor, Actor]:
    return make.owner(db), make.owner(db)
