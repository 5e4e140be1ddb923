"""Money for somebody who has not joined yet: it waits, and is had by one."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import select

from kirana import money
from kirana.money.tables import links
from kirana.platform.db import Q
from kirana.platform.db.units import Work
from kirana.platform.problems import IdReused, NotAllowed, NotFound
from kirana.values import SYSTEM, Actor, Mandate, Money, Problem, TransferId, uuid7
from tests.apps import RunningApp
from tests.database import RehearsedDatabase

from . import make
from .make import inr
from .test_http import person

SECRET = "s0Me-secret_of_22_chars"
WRONG = "another-secret-22-chars"
GIFT = inr(50_000)
WEEK_MS = 7 * 24 * 3600 * 1000
DAY_MS = 24 * 3600 * 1000


class Gift:
    """Asha, who has ₹1,000, has put ₹500 into a link. Ravi and Noor have joined."""

    def __init__(self, db: RehearsedDatabase) -> None:
        self.db = db
        self.asha = make.owner(db, purse=inr(100_000))
        self.ravi, self.noor = make.owner(db), make.owner(db)
        self.id = self.make().id

    def make(self, amount: Money = GIFT, *, id: TransferId | None = None) -> money.MoneyLink:
        return self.db.write(
            money.make_link, id or make.transfer_id(), amount, SECRET, by=self.asha
        )

    def take(
        self, by: Actor, secret: str = SECRET, *, id: TransferId | None = None
    ) -> money.MoneyLink:
        return self.db.write(money.take_link, id or make.transfer_id(), self.id, secret, by=by)

    def take_back(self, *, id: TransferId | None = None) -> money.MoneyLink:
        return self.db.write(money.take_back_link, id or make.transfer_id(), self.id, by=self.asha)

    @property
    def link(self) -> money.MoneyLink:
        return self.db.read(money.get_link, self.id, by=self.asha)

    def has(self, who: Actor) -> int:
        return self.wallet(who).available.amount_minor

    def wallet(self, who: Actor) -> money.Wallet:
        return self.db.read(money.get_wallet, who.user_id, "INR")

    def allow(self, *limits: money.Limit) -> None:
        self.db.write(money.set_limits, uuid7(), "INR", list(limits), by=SYSTEM)

    def is_clean(self) -> bool:
        return self.db.read(money.audit) == []


@pytest.fixture
def gift(db: RehearsedDatabase) -> Gift:
    return Gift(db)


def limit(action: str, window: str, minor: int, hours: int | None = None) -> money.Limit:
    return money.Limit("unverified", money.Action(action), money.Window(window), minor, None, hours)


def slug(attempt: Any) -> str:
    try:
        attempt()
    except Problem as problem:
        return problem.slug
    return "ok"


def test_what_is_in_a_link_is_set_aside_and_is_nobodys_yet(gift: Gift) -> None:
    wallet = gift.wallet(gift.asha)

    assert (wallet.balance, wallet.on_hold) == (inr(100_000), GIFT)
    assert (gift.link.state, gift.link.taker_id, gift.link.ended_at) == ("open", None, None)
    assert gift.is_clean()


def test_whoever_has_the_secret_sees_what_is_in_it_and_nobody_else(gift: Gift) -> None:
    seen = gift.db.read(money.look_at_link, gift.id, SECRET)

    assert (seen.payer_id, seen.amount, seen.state) == (gift.asha.user_id, GIFT, "open")
    with pytest.raises(NotFound):
        gift.db.read(money.look_at_link, gift.id, WRONG)
    with pytest.raises(NotFound):
        gift.db.read(money.look_at_link, make.transfer_id(), SECRET)


def test_the_secret_is_nowhere_in_the_books(gift: Gift) -> None:
    [row] = gift.db.read(lambda tx: tx.all(Q(select(links))))
    assert SECRET.encode() not in row.secret_hash
    assert SECRET not in repr(tuple(row))


def test_the_joiner_has_it_and_the_sender_has_paid_them(gift: Gift) -> None:
    id = make.transfer_id()

    taken = gift.take(gift.ravi, id=id)

    assert (taken.state, taken.taker_id) == ("taken", gift.ravi.user_id)
    assert (gift.has(gift.ravi), gift.has(gift.asha)) == (50_000, 50_000)
    [line] = gift.db.read(money.list_statement, "INR", by=gift.ravi).items
    assert (line.counterparty_id, line.purpose, line.posted) == (
        gift.asha.user_id, "link_taken", GIFT,
    )  # fmt: skip
    assert gift.link.state == "taken"
    assert gift.is_clean()


def test_the_second_joiner_gets_nothing(gift: Gift) -> None:
    gift.take(gift.ravi)

    with pytest.raises(money.HoldResolved):
        gift.take(gift.noor)
    assert (gift.has(gift.ravi), gift.has(gift.noor)) == (50_000, 0)
    assert gift.is_clean()


def test_a_wrong_secret_takes_nothing_and_uses_up_no_id(gift: Gift) -> None:
    id = make.transfer_id()
    with pytest.raises(NotFound):
        gift.take(gift.ravi, WRONG, id=id)

    assert gift.take(gift.ravi, id=id).state == "taken"


def test_taking_twice_with_one_id_pays_once_and_answers_alike(gift: Gift) -> None:
    id = make.transfer_id()

    assert gift.take(gift.ravi, id=id) == gift.take(gift.ravi, id=id)
    assert gift.has(gift.ravi) == 50_000
    assert slug(lambda: gift.take(gift.noor, id=id)) == "hold-resolved"


def test_making_twice_with_one_id_is_one_link_and_other_content_is_refused(gift: Gift) -> None:
    id = make.transfer_id()

    assert gift.make(inr(100), id=id) == gift.make(inr(100), id=id)
    with pytest.raises(IdReused):
        gift.make(inr(200), id=id)
    assert gift.wallet(gift.asha).on_hold == inr(50_100)


def test_the_sender_may_take_it_back_before(gift: Gift) -> None:
    id = make.transfer_id()

    assert gift.take_back(id=id) == gift.take_back(id=id)

    assert (gift.link.state, gift.has(gift.asha)) == ("taken_back", 100_000)
    assert slug(lambda: gift.take(gift.ravi)) == "hold-resolved"
    assert gift.is_clean()


def test_what_was_taken_is_not_taken_back(gift: Gift) -> None:
    gift.take(gift.ravi)

    with pytest.raises(money.HoldResolved):
        gift.take_back()
    assert gift.has(gift.ravi) == 50_000


def test_nobody_but_the_sender_takes_it_back(gift: Gift) -> None:
    with pytest.raises(NotFound):
        gift.db.write(money.take_back_link, make.transfer_id(), gift.id, by=gift.ravi)


def test_untaken_it_goes_back_by_itself_after_a_week(gift: Gift) -> None:
    gift.db.clock.advance(WEEK_MS - 1)
    assert gift.link.state == "open"
    gift.db.clock.advance(1)

    assert gift.link.state == "expired"
    with pytest.raises(money.HoldExpired):
        gift.take(gift.ravi)
    with pytest.raises(money.HoldExpired):
        gift.take_back()
    gift.db.write(money.expire_holds)
    assert (gift.link.state, gift.has(gift.asha)) == ("expired", 100_000)
    assert gift.link.ended_at is not None
    assert gift.is_clean()


def test_in_its_last_moment_it_is_still_taken(gift: Gift) -> None:
    gift.db.clock.advance(WEEK_MS - 1)

    assert gift.take(gift.ravi).state == "taken"
    gift.db.clock.advance(1)
    gift.db.write(money.expire_holds)
    assert gift.has(gift.ravi) == 50_000
    assert gift.is_clean()


def test_one_does_not_take_ones_own(gift: Gift) -> None:
    with pytest.raises(money.SameAccount):
        gift.take(gift.asha)
    assert gift.link.state == "open"


def test_a_guest_joins_first(gift: Gift) -> None:
    with pytest.raises(NotAllowed):
        gift.take(replace(gift.ravi, kind="guest"))
    assert gift.take(gift.ravi).state == "taken"


def test_who_may_only_ask_for_a_shop_sends_no_link_of_it(gift: Gift) -> None:
    shop = make.owner(gift.db, purse=GIFT)
    agent = replace(gift.ravi, user_id=shop.user_id, shop_mandate=Mandate.ASK)

    with pytest.raises(NotAllowed):
        gift.db.write(money.make_link, make.transfer_id(), inr(100), SECRET, by=agent)


def test_above_the_line_the_sender_confirms(gift: Gift) -> None:
    make.top_up(gift.db, gift.asha, inr(500_000))

    with pytest.raises(money.ConfirmationRequired):
        gift.make(inr(200_001))


def test_each_link_is_for_somebody_new(gift: Gift) -> None:
    gift.allow(limit("send", "new_payee", 60_000, 24), limit("confirm", "new_payee", 500))

    assert gift.make(inr(400)).state == "open"
    assert gift.make(inr(400)).state == "open"
    assert slug(lambda: gift.make(inr(501))) == "confirmation-required"
    assert slug(lambda: gift.make(inr(60_001))) == "insufficient-funds"
    make.top_up(gift.db, gift.asha, inr(500_000))
    assert slug(lambda: gift.make(inr(60_001))) == "limit-exceeded"
    assert gift.is_clean()


def test_more_than_there_is_is_not_put_into_a_link(gift: Gift) -> None:
    with pytest.raises(money.InsufficientFunds):
        gift.make(inr(50_001))


def test_a_link_counts_for_the_sender_when_it_is_made_and_not_again_when_it_is_taken(
    gift: Gift,
) -> None:
    gift.take_back()
    gift.allow(limit("send", "day", 60_000))
    gift.id = gift.make().id
    assert slug(lambda: gift.make(inr(10_001))) == "limit-exceeded"
    gift.db.clock.advance(DAY_MS)
    gift.db.write(
        money.send_money, make.transfer_id(), gift.noor.user_id, inr(50_000), by=gift.asha
    )
    make.top_up(gift.db, gift.asha, inr(100_000))

    assert gift.take(gift.ravi).state == "taken"

    assert slug(lambda: gift.make(inr(10_001))) == "limit-exceeded"
    assert slug(lambda: gift.make(inr(10_000))) == "ok"
    assert gift.is_clean()


def test_limits_that_are_made_later_count_links_as_limits_that_were_there_do(gift: Gift) -> None:
    gift.take(gift.ravi)
    other = gift.make(inr(20_000)).id
    gift.db.write(money.take_back_link, make.transfer_id(), other, by=gift.asha)

    gift.allow(limit("send", "day", 60_000), limit("receive", "day", 60_000))

    assert slug(lambda: gift.make(inr(10_001))) == "limit-exceeded"
    assert slug(lambda: gift.make(inr(10_000))) == "ok"
    make.top_up(gift.db, gift.noor, inr(50_000))

    def send(minor: int) -> str:
        return slug(
            lambda: gift.db.write(
                money.send_money, make.transfer_id(), gift.ravi.user_id, inr(minor), by=gift.noor
            )
        )

    assert (send(10_001), send(10_000)) == ("payee-cannot-receive", "ok")
    assert gift.is_clean()


@pytest.mark.parametrize("window", ["day", "balance"])
def test_when_the_joiner_cannot_receive_it_the_money_stays_where_it_is(
    gift: Gift, window: str
) -> None:
    gift.allow(limit("receive", window, 49_999))

    with pytest.raises(money.PayeeCannotReceive):
        gift.take(gift.ravi)

    assert (gift.link.state, gift.has(gift.ravi)) == ("open", 0)
    gift.allow()
    assert gift.take(gift.ravi).state == "taken"
    assert gift.is_clean()


def test_a_refused_taking_stays_refused_when_it_is_repeated(gift: Gift) -> None:
    id = make.transfer_id()
    gift.allow(limit("receive", "day", 49_999))
    assert slug(lambda: gift.take(gift.ravi, id=id)) == "payee-cannot-receive"
    gift.allow()

    assert slug(lambda: gift.take(gift.ravi, id=id)) == "payee-cannot-receive"
    assert gift.take(gift.ravi).state == "taken"


def test_of_a_stopped_sender_nothing_is_taken_and_it_still_goes_back(gift: Gift) -> None:
    gift.db.write(money.freeze_wallet, gift.asha.user_id, "INR", out=True, into=False, by=SYSTEM)

    with pytest.raises(money.AccountFrozen):
        gift.take(gift.ravi)
    gift.db.clock.advance(WEEK_MS)
    gift.db.write(money.expire_holds)
    assert gift.link.state == "expired"
    assert gift.is_clean()


def test_what_came_by_a_link_is_not_given_back_but_paid_again(gift: Gift) -> None:
    gift.take(gift.ravi)
    [line] = gift.db.read(money.list_statement, "INR", by=gift.ravi).items

    with pytest.raises(NotAllowed):
        gift.db.write(money.give_back, make.transfer_id(), line.transfer_id, by=gift.ravi)


def test_a_link_is_listed_for_its_sender_alone_and_taken_along_by_both(gift: Gift) -> None:
    second = gift.make(inr(100))
    gift.take(gift.ravi)

    mine = gift.db.read(money.list_links, by=gift.asha)
    first_page = gift.db.read(money.list_links, limit=1, by=gift.asha)
    assert [link.id for link in mine.items] == [second.id, gift.id]
    assert first_page.next == str(second.id)
    rest = gift.db.read(money.list_links, before=second.id, by=gift.asha)
    assert [link.id for link in rest.items] == [gift.id]
    assert gift.db.read(money.list_links, by=gift.ravi).items == []
    with pytest.raises(NotFound):
        gift.db.read(money.get_link, gift.id, by=gift.ravi)
    exported = gift.db.read(money.export_user, gift.ravi.user_id)
    assert [link.id for link in exported.links] == [gift.id]


def test_nobody_goes_while_their_link_waits(gift: Gift) -> None:
    with pytest.raises(money.WalletNotEmpty):
        gift.db.write(money.erase_user, gift.asha.user_id)


async def a_link(app: RunningApp) -> tuple[Any, str, dict[str, Any]]:
    _, asha = await person(app, 100_000)
    body = {
        "id": str(uuid7()),
        "amount": {"amount_minor": 50_000, "currency": "INR"},
        "secret": SECRET,
    }
    made = await asha.post("/v1/money-links", json=body)
    assert made.status_code == 201
    return asha, body["id"], made.json()


async def test_over_http_a_stranger_looks_and_a_joiner_takes(app: RunningApp) -> None:
    asha, id, _ = await a_link(app)
    _, ravi = await person(app)
    stranger = await app.client()

    seen = await stranger.post(f"/v1/money-links/{id}/lookups", json={"secret": SECRET})
    wrong = await stranger.post(f"/v1/money-links/{id}/lookups", json={"secret": WRONG})
    nobody = await stranger.post(
        f"/v1/money-links/{id}/taking", json={"id": str(uuid7()), "secret": SECRET}
    )
    taken = await ravi.post(
        f"/v1/money-links/{id}/taking", json={"id": str(uuid7()), "secret": SECRET}
    )

    assert (seen.status_code, seen.json()["state"], seen.json()["is_mine"]) == (200, "open", False)
    assert seen.json()["amount"]["amount_minor"] == 50_000
    assert (wrong.status_code, nobody.status_code) == (404, 401)
    assert (taken.status_code, taken.json()["is_taken_by_me"]) == (201, True)
    [listed] = (await asha.get("/v1/money-links")).json()["items"]
    assert listed["state"] == "taken"
    assert "secret" not in listed


async def test_guessing_is_slowed_down(app: RunningApp) -> None:
    _, id, _ = await a_link(app)
    stranger = await app.client()

    answers = [
        (await stranger.post(f"/v1/money-links/{id}/lookups", json={"secret": WRONG})).status_code
        for _ in range(70)
    ]

    assert set(answers) == {404, 429}


@pytest.mark.parametrize("secret", ["short", "x" * 65, "with spaces in it, and long", ""])
async def test_a_secret_that_could_be_guessed_is_refused(app: RunningApp, secret: str) -> None:
    _, asha = await person(app, 100_000)
    body = {
        "id": str(uuid7()),
        "amount": {"amount_minor": 100, "currency": "INR"},
        "secret": secret,
    }

    assert (await asha.post("/v1/money-links", json=body)).status_code == 422


async def test_of_twenty_joiners_at_once_one_has_it(app_on_each: RunningApp) -> None:
    _, id, _ = await a_link(app_on_each)
    joiners = [await person(app_on_each) for _ in range(20)]

    answers = await asyncio.gather(
        *(
            client.post(f"/v1/money-links/{id}/taking", json={"id": str(uuid7()), "secret": SECRET})
            for _, client in joiners
        )
    )

    assert sorted(answer.status_code for answer in answers) == [201] + [409] * 19
    db = app_on_each.db
    wallets = [await db.read(money.get_wallet, user_id, "INR") for user_id, _ in joiners]
    assert sorted(w.balance.amount_minor for w in wallets) == [0] * 19 + [50_000]
    assert await db.read(money.audit) == []


async def test_taking_and_taking_back_at_once_have_one_outcome(app_on_each: RunningApp) -> None:
    for _ in range(5):
        asha, id, _ = await a_link(app_on_each)
        ravi_id, ravi = await person(app_on_each)
        taking = {"id": str(uuid7()), "secret": SECRET}

        back, taken, again = await asyncio.gather(
            asha.post(f"/v1/money-links/{id}/withdrawal", json={"id": str(uuid7())}),
            ravi.post(f"/v1/money-links/{id}/taking", json=taking),
            ravi.post(f"/v1/money-links/{id}/taking", json=taking),
        )

        db = app_on_each.db
        wallet = await db.read(money.get_wallet, ravi_id, "INR")
        if back.status_code == 201:
            assert (taken.status_code, again.status_code) == (409, 409)
            assert wallet.balance.amount_minor == 0
        else:
            assert (back.status_code, taken.status_code, again.status_code) == (409, 201, 201)
            assert wallet.balance.amount_minor == 50_000
        assert await db.read(money.audit) == []


@pytest.mark.parametrize("is_first", [True, False], ids=["expiry first", "taking first"])
@pytest.mark.parametrize("early_ms", [0, 1], ids=["at its time", "a moment before"])
def test_expiry_and_taking_in_one_commit_have_one_outcome(
    gift: Gift, is_first: bool, early_ms: int
) -> None:
    id = make.transfer_id()
    works = [
        Work(money.expire_holds, (), {}),
        Work(money.take_link, (id, gift.id, SECRET), {"by": gift.ravi}),
        Work(money.take_link, (id, gift.id, SECRET), {"by": gift.ravi}),
    ]
    gift.db.clock.advance(WEEK_MS - early_ms)

    outcomes = gift.db.run(works if is_first else works[1:] + works[:1])

    refused = [type(outcome.error) for outcome in outcomes if outcome.error]
    assert refused == ([] if early_ms else [money.HoldExpired] * 2)
    assert gift.link.state == ("taken" if early_ms else "expired")
    assert gift.has(gift.ravi) + gift.has(gift.asha) == 100_000
    assert gift.has(gift.ravi) == (50_000 if early_ms else 0)
    assert gift.is_clean()
