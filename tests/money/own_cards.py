"""A small world in which shops have accounts of their own at Stripe. The real jobs call it."""

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import UUID

from kirana import money
from kirana.money.cards import account_checks, accounts, calls, events
from kirana.money.rails import stripe
from kirana.platform import jobs
from kirana.platform.events import Bus
from kirana.platform.settings import Settings
from kirana.platform.vault import open_vault
from kirana.values import Actor, CardAccountId, Confirmation, Money, uuid7
from tests.database import RehearsedDatabase

from . import cards
from .stripe_simulator import Delivery, Simulator
from .stripe_simulator.state import Stripe

KEY = "rk_live_asha0123456789"
ALL = {
    "rak_checkout_session_write", "rak_payment_intent_write", "rak_charge_write",
    "rak_dispute_read", "rak_webhook_write",
}  # fmt: skip


def wire(bus: Bus) -> None:
    cards.wire(bus)
    bus.on(money.CardAccountDue, money.hear_account_due)
    bus.outside_jobs(money.check_card_account, money.look_at_event)


class _Db:
    """The database as jobs see it."""

    def __init__(self, db: RehearsedDatabase) -> None:
        self._db = db

    async def read(self, query: Any, *args: Any, **kwargs: Any) -> Any:
        return self._db.read(query, *args, **kwargs)

    async def write(self, command: Any, *args: Any, **kwargs: Any) -> Any:
        return self._db.write(command, *args, **kwargs)


class OwnWorld(cards.World):
    def __init__(self, db: RehearsedDatabase, simulator: Simulator, folder: Path) -> None:
        super().__init__(db, simulator)
        self.settings = Settings(
            data_dir=folder,
            stripe_key=simulator.key,
            stripe_url=simulator.url,
            stripe_webhook_secrets=simulator.stripe.secret,
            public_url="https://kirana.test",
        ).completed()
        self.outside: Any = jobs.Outside(_Db(db), self.settings, None)  # type: ignore[arg-type]
        self.jobs = {
            f"money.{job.__name__}": job
            for job in (calls.call_rail, account_checks.check_card_account, events.look_at_event)
        }

    def give_key(self, by: Actor, text: str = KEY) -> CardAccountId:
        """As the route does, with the PIN; what Stripe says of it follows by `run`."""
        id = CardAccountId(uuid7())
        key = accounts.seal_key(open_vault(self.settings), id, text)
        try:
            self.db.write(accounts.add_card_account, id, key, by=by)
        except money.ConfirmationRequired as required:
            proof = Confirmation(
                "pin", bytes.fromhex(required.facts["challenge"]), self.db.clock.now
            )
            proven = replace(by, confirmation=proof)
            self.db.write(accounts.add_card_account, id, key, by=proven)
        return id

    def open_shop(self, shop: Actor, name: str = "asha", key: str = KEY) -> Stripe:
        """A shop with an account that takes payments."""
        stripe_account = self.simulator.open_account(name, key, may=set(ALL))
        self.give_key(shop, key)
        self.run()
        [account] = self.accounts(shop)
        assert account.state == "on"
        return stripe_account

    def accounts(self, by: Actor) -> list[accounts.CardAccount]:
        return self.db.read(accounts.list_card_accounts, by=by)

    def run(self) -> None:
        """Deliver what is to be delivered, and make every call that is due."""
        while True:
            self.db.deliver()
            due = self.db.read(jobs.list_due)
            if not due:
                return
            for job in due:
                self.call(job)

    def call(self, job: Any, *, dies: bool = False) -> None:
        function = self.jobs[job.name]
        carried = self.db.bus.handlers[job.name].read(job.payload)
        try:
            asyncio.run(function(self.outside, **carried))
        except (stripe.Lost, stripe.Broken, stripe.Busy) as error:
            self.db.write(jobs.fail_job, job.id, str(error))
            return
        self.db.write(jobs.end_job, job.id)

    def hear_own(self, url: str, delivery: Delivery) -> bool:
        """As the route does: whether it was taken."""
        id = UUID(url.rpartition("/")[2])
        row = self.db.read(accounts.find_account, id)
        secret = accounts.secret_of(self.settings, row)
        told = stripe.verify(delivery.body, delivery.signature, [secret] if secret else [])
        if told is None:
            return False
        self.db.write(events.receive_event, told, delivery.body, card_account_id=id)
        return True

    def hear_account(self, account: Stripe) -> None:
        """Every event of a shop's account that has happened since, in its order."""
        for url, delivery in account.take_told():
            assert self.hear_own(url, delivery)
        self.run()

    def session_of(self, id: UUID) -> Any:
        stripes = [it.stripe for it in self.simulator.keys.values()]
        [session] = [
            it
            for stripe_account in stripes
            for it in stripe_account.sessions.values()
            if it["client_reference_id"] == str(id) and it["status"] != "expired"
        ]
        return session

    def pay(self, id: UUID, number: str = cards.CARD) -> str | None:
        with self.simulator.lock:
            session = self.session_of(id)
            return self.simulator.stripe_of(session["id"]).pay(session["id"], number)

    def noted(self, shop: Actor, currency: str = "INR") -> int:
        """What the books have noted as paid to the shop itself, less what it gave back."""
        return self.db.read(_noted, shop.user_id, currency)

    def own_cases(self, by: Actor) -> list[money.RailCase]:
        from kirana.money.cards.payments import list_own_rail_cases

        return self.db.read(list_own_rail_cases, by=by)

    def bought(self, buyer: Actor, shop: Actor, amount: Money, account: Stripe) -> Any:
        """An order that was paid, handed over, and taken."""
        id = self.order(buyer, shop, amount)
        self.run()
        assert self.pay(id) is None
        self.hear_account(account)
        self.db.write(money.capture_card, id, by=shop)
        self.run()
        self.hear_account(account)
        assert self.find(id).state == "settled"
        return id

    def give_back(self, id: UUID, amount: Money, by: Actor) -> UUID:
        """As orders does. The id of the refund."""
        [captured] = [
            it
            for it in self.db.read(money.list_transfers, money.Ref("order", id))
            if it.kind is money.Kind.POST
        ]
        back = uuid7()
        self.db.write(money.refund, back, captured.id, amount, by=by)
        made = self.db.write(money.return_to_card, back, id, amount, by=by)
        self.run()
        return made.id

    def check(self) -> None:
        """The books are sound; of what went to shops nothing is the operator's; no wallet moved."""
        super().check()
        assert self.owed_by_stripe() == self.at_stripe() == 0


def _noted(tx: Any, owner_id: UUID, currency: str) -> int:
    from sqlalchemy import bindparam, select

    from kirana.money.model import AccountKey, Code
    from kirana.money.tables import accounts as ledger_accounts
    from kirana.platform.db import Q

    row = tx.one(
        Q(select(ledger_accounts).where(ledger_accounts.c.id == bindparam("id"))),
        id=AccountKey(owner_id, Code.DIRECT, currency).id,
    )
    return row.credits_posted - row.debits_posted if row else 0
