"""Paying by card, at a provider that is as strict as the real one, over networks that are bad: an
order from the shelf to the hand-over, a card that is declined, and what operators decide."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, Route, expect

from kirana.values import uuid7
from tests.money.stripe_simulator import Fault, Simulator
from tests.servers import Server

from .conftest import DESKTOP, PHONE, TABLET, Opener, keep, looked_at, running
from .steps import enter_as, type_digits

GOOD, ASKS, DECLINED = "4242 4242 4242 4242", "4000002500003155", "4000000000000002"
POHA = 4200


@pytest.fixture(scope="module")
def stripe() -> Simulator:
    return Simulator()


@pytest.fixture(scope="module")
def market(tmp_path_factory: pytest.TempPathFactory, stripe: Simulator) -> Iterator[Server]:
    """A demo town where cards are taken."""
    server = Server(
        tmp_path_factory.mktemp("market"),
        demo=True,
        KIRANA_STRIPE_KEY=stripe.key,
        KIRANA_STRIPE_URL=stripe.url,
        KIRANA_STRIPE_WEBHOOK_SECRETS=stripe.stripe.secret,
    )
    stripe.webhook_url = f"{server.url}/v1/rails/stripe/events"
    with stripe:
        yield from running(server)


def pays(page: Page, number: str) -> None:
    """On the provider's page."""
    expect(page.get_by_role("heading", name=re.compile("^Pay "))).to_be_visible()
    page.get_by_label("Card number").fill(number)
    page.get_by_role("button", name="Pay").click()


def puts_poha_into_the_cart(page: Page, server: Server) -> Locator:
    page.goto(f"{server.url}/app/shops/ashas-kirana")
    page.get_by_role("button", name="Add Poha, 500 g").click()
    page.get_by_role("button", name=re.compile("See the cart")).click()
    cart = page.get_by_role("dialog", name="Your cart at Asha's Kirana")
    cart.get_by_role("radio", name="Pick up").check(force=True)
    return cart


def test_an_order_is_paid_by_card_and_the_money_is_taken_at_the_hand_over(
    market: Server, stripe: Simulator, visit: Opener
) -> None:
    asha = visit(f"{market.url}/app/sign-in", size=DESKTOP)
    enter_as(asha, market, "Asha Kulkarni", "/app/my-shop")
    asha.get_by_role("navigation", name="My shop").get_by_role("link", name="Orders").click()
    meera = visit(f"{market.url}/app/sign-in", size=PHONE)
    enter_as(meera, market, "Meera Joshi")

    # From the shelf to the provider's page, though the first answer of the provider is lost.
    stripe.fail_next(Fault.LOST, "sessions")
    cart = puts_poha_into_the_cart(meera, market)
    cart.get_by_role("radio", name=re.compile("^Card")).check()
    looked_at(meera, "card-checkout")
    cart.get_by_role("button", name="Order and pay · ₹42").click()
    expect(meera.get_by_role("heading", name="Pay 4200 INR")).to_be_visible()
    assert len(of_poha(stripe.stripe.sessions)) == 1

    # She goes back without paying: the order waits for her bank, and the shop for her.
    meera.get_by_role("link", name="Back without paying").click()
    expect(meera.get_by_text("Waiting for your bank.")).to_be_visible()
    pay_now = meera.get_by_role("link", name="Pay now · ₹42")
    expect(pay_now).to_be_visible()
    looked_at(meera, "card-order-waits")
    number = re.sub(r"\D", "", meera.get_by_role("heading", level=1).inner_text())
    order = asha.get_by_role("article", name=f"Order {number}", exact=True)
    expect(order).to_contain_text("Card, not paid yet")
    expect(order.get_by_role("button", name=re.compile("^Accept"))).to_have_count(0)
    looked_at(asha, "card-board")

    # Her card is declined, another one is taken after her bank asked. When she is back the
    # provider is asked at once; what it tells of it by itself comes late, and twice.
    pay_now.click()
    pays(meera, DECLINED)
    expect(meera.get_by_role("alert")).to_have_text("Your card was declined.")
    stripe.is_quiet, stripe.times_told = True, 2
    pays(meera, ASKS)
    meera.get_by_role("button", name="Yes, it is me").click()
    expect(meera.get_by_text("Set aside until you pick it up")).to_be_visible()
    stripe.is_quiet = False
    expect(meera.get_by_role("link", name="Pay now · ₹42")).to_have_count(0)
    looked_at(meera, "card-order-held")
    assert only_intent(stripe)["status"] == "requires_capture"

    # Now the shop accepts it, and hands it over: the money is taken, once.
    stripe.fail_next(Fault.LOST, "capture")
    order.get_by_role("button", name=re.compile("^Accept")).click()
    expect(meera.get_by_text("is getting it ready.")).to_be_visible()
    order.get_by_role("link").click()
    asha.get_by_role("button", name=re.compile(f"^Picked up, Order {number}")).first.click()
    expect(meera.get_by_text("₹42 paid by card.")).to_be_visible()
    looked_at(meera, "card-order-paid")
    intent = only_intent(stripe)
    assert (intent["status"], intent["amount_received"]) == ("succeeded", 4200)
    expect(asha.get_by_text("Card · Paid")).to_be_visible()

    # It goes back to the card.
    asha.get_by_role("button", name="Refund", exact=True).click()
    refund = asha.get_by_role("dialog", name=re.compile("^Refund"))
    refund.get_by_role("button", name="More of Poha, 500 g").click()
    refund.get_by_role("button", name="Refund ₹42").click()
    expect(meera.get_by_text("Returned: ₹42 to the card.")).to_be_visible()
    looked_at(meera, "card-order-returned")
    stripe.times_told = 1
    audited = market.run("audit")
    assert audited.returncode == 0, audited.stdout


def test_a_stranger_without_javascript_pays_by_card(
    market: Server, stripe: Simulator, visit: Opener
) -> None:
    page = visit(f"{market.url}/ashas-kirana", size=TABLET, java_script_enabled=False)
    page.get_by_role("button", name=re.compile("Add Onions, 1 kg")).click()
    page.goto(f"{market.url}/ashas-kirana/checkout")
    page.get_by_label("Name").fill("Tomás")
    page.get_by_label("E-mail").fill("tomas@example.org")
    page.get_by_role("radio", name=re.compile("^Pickup")).check()
    page.get_by_role("radio", name=re.compile("^Card")).check()
    keep(page, "card-storefront-checkout")
    page.get_by_role("button", name="Place the order").click()
    pays(page, DECLINED)
    expect(page.get_by_role("alert")).to_have_text("Your card was declined.")
    page.get_by_role("link", name="Back without paying").click()
    expect(page.get_by_text("Waiting for your bank")).to_be_visible()
    keep(page, "card-storefront-waits")
    page.get_by_role("link", name=re.compile("^Pay now")).click()
    pays(page, GOOD)
    expect(page.get_by_role("heading", name="Order placed")).to_be_visible()
    while page.get_by_text("Waiting for your bank").count():
        page.reload()
    expect(page.get_by_text("Set aside by your bank until you have the goods.")).to_be_visible()
    keep(page, "card-storefront-held")


def only_intent(stripe: Simulator) -> Any:
    [intent] = of_poha(stripe.stripe.intents)
    return intent


def test_a_wallet_is_topped_up_by_card_and_never_before_the_money_is_there(
    market: Server, stripe: Simulator, visit: Opener
) -> None:
    ravi = visit(f"{market.url}/app/sign-in", size=PHONE)
    enter_as(ravi, market, "Ravi Menon", "/app/pay")
    before = in_wallet(ravi, market)

    # The answer is lost on its way to him: he tries again, and it is one top-up.
    ravi.get_by_role("link", name="Add money").click()
    expect(ravi.get_by_role("heading", name="Add money")).to_be_visible()
    looked_at(ravi, "card-add-empty")
    type_digits(ravi, "500")
    lose_the_next_answer(ravi, "**/v1/card-top-ups")
    ravi.get_by_role("button", name="Add ₹500 by card").click()
    expect(ravi.get_by_role("button", name="Try again")).to_be_enabled()
    looked_at(ravi, "card-add-unsure")
    ravi.get_by_role("button", name="Try again").click()
    expect(ravi.get_by_role("heading", name="Pay 50000 INR")).to_be_visible()
    assert len([it for it in stripe.stripe.sessions.values() if it["amount_total"] == 50_000]) == 1

    # A declined card adds nothing; it stays on its way, and he can go on.
    pays(ravi, DECLINED)
    ravi.get_by_role("link", name="Back without paying").click()
    expect(ravi.get_by_text("On its way", exact=True)).to_be_visible()
    looked_at(ravi, "card-add-open")
    ravi.get_by_role("link", name="To the wallet").click()
    row = ravi.get_by_role("link", name=re.compile("On its way.*₹500"))
    expect(row).to_be_visible()
    looked_at(ravi, "card-add-coming")
    assert in_wallet(ravi, market) == before
    row.click()
    expect(ravi.get_by_text("On its way", exact=True)).to_be_visible()

    # Back from the page, the provider is asked at once; it tells it late, and twice: it is there,
    # once.
    stripe.is_quiet, stripe.times_told = True, 2
    ravi.get_by_role("link", name="Pay now · ₹500").click()
    pays(ravi, GOOD)
    expect(ravi.get_by_role("heading", name="It is in your wallet")).to_be_visible()
    looked_at(ravi, "card-add-arrived")
    stripe.is_quiet = False
    ravi.get_by_role("link", name="Done").click()
    expect(ravi.get_by_role("region", name="Activity")).to_contain_text("₹500")
    expect(ravi.get_by_role("link", name=re.compile("On its way"))).to_have_count(0)
    assert in_wallet(ravi, market) == before + 50_000
    stripe.times_told = 1


def test_an_operator_decides_what_becomes_of_money_for_a_stopped_wallet(
    market: Server, stripe: Simulator, visit: Opener
) -> None:
    omar = visit(f"{market.url}/app/sign-in", size=TABLET)
    enter_as(omar, market, "Omar", "/app/you")
    omar.get_by_role("link", name="Card payments to look into").click()
    expect(omar.get_by_text("Nothing needs you.")).to_be_visible()
    looked_at(omar, "card-cases-none")
    meera = visit(f"{market.url}/app/sign-in", size=PHONE)
    enter_as(meera, market, "Meera Joshi", "/app/pay")
    before = in_wallet(meera, market)
    meera_id = meera.request.get(f"{market.url}/v1/me").json()["id"]

    # She pays, and her wallet is stopped before the money comes.
    meera.goto(f"{market.url}/app/pay/add")
    type_digits(meera, "300")
    meera.get_by_role("button", name="Add ₹300 by card").click()
    expect(meera.get_by_role("heading", name="Pay 30000 INR")).to_be_visible()
    freeze = f"{market.url}/v1/freezes/{meera_id}"
    stop(omar, freeze, is_stopped=True)
    pays(meera, GOOD)
    expect(meera.get_by_text("Being looked into", exact=True)).to_be_visible()
    looked_at(meera, "card-add-looked-into")

    # The case appears by itself, with all that was asked. He looks: it is still so.
    case = omar.get_by_role("article", name="Top-up ₹300")
    expect(case).to_contain_text("the wallet that it is for is stopped")
    expect(case).to_contain_text("By Meera Joshi")
    case.get_by_text("All that was asked").click()
    expect(case).to_contain_text("Open the payment page: done")
    looked_at(omar, "card-case")
    case.get_by_role("button", name="It did not happen").click()
    sure = omar.get_by_role("dialog", name="It did not happen?")
    expect(sure).to_contain_text("only if you have seen at the provider")
    looked_at(omar, "card-case-sure")
    sure.get_by_role("button", name="Close").click()

    # Her wallet is open again, and he has it looked at once more: the money is hers.
    stop(omar, freeze, is_stopped=False)
    assert in_wallet(meera, market) == before
    case.get_by_role("button", name="Look again").click()
    expect(meera.get_by_role("heading", name="It is in your wallet")).to_be_visible()
    expect(omar.get_by_text("Nothing needs you.")).to_be_visible()
    assert in_wallet(meera, market) == before + 30_000


def test_an_operator_says_whose_money_a_refund_in_the_dashboard_was(
    market: Server, stripe: Simulator, visit: Opener
) -> None:
    asha = visit(f"{market.url}/app/sign-in", size=DESKTOP)
    enter_as(asha, market, "Asha Kulkarni", "/app/my-shop")
    asha.get_by_role("navigation", name="My shop").get_by_role("link", name="Orders").click()
    meera = visit(f"{market.url}/app/sign-in", size=PHONE)
    enter_as(meera, market, "Meera Joshi")
    cart = puts_poha_into_the_cart(meera, market)
    cart.get_by_role("radio", name=re.compile("^Card")).check()
    cart.get_by_role("button", name="Order and pay · ₹42").click()
    pays(meera, GOOD)
    expect(meera.get_by_text("Set aside until you pick it up")).to_be_visible()
    number = re.sub(r"\D", "", meera.get_by_role("heading", level=1).inner_text())
    order = asha.get_by_role("article", name=f"Order {number}", exact=True)
    order.get_by_role("button", name=re.compile("^Accept")).click()
    order.get_by_role("link").click()
    asha.get_by_role("button", name=re.compile(f"^Picked up, Order {number}")).first.click()
    expect(meera.get_by_text("₹42 paid by card.")).to_be_visible()

    # Somebody gives part of it back in the provider's dashboard. Two say whose it was.
    omar = visit(f"{market.url}/app/sign-in", size=PHONE)
    enter_as(omar, market, "Omar", "/app/operator/cards")
    rule = {"id": str(uuid7()), "above_minor": 1000, "approvals": 2}
    ruled = omar.request.put(f"{market.url}/v1/review-rules/INR", data=rule)
    assert ruled.ok, ruled.text()
    with stripe.lock:
        intent = of_poha(stripe.stripe.intents)[-1]["id"]
        stripe.stripe.refund_in_dashboard(intent, 1200)
    case = omar.get_by_role("article", name="Refund to a card ₹12")
    expect(case).to_contain_text("stands as unexplained")
    looked_at(omar, "card-refund-elsewhere")
    case.get_by_role("button", name="Asha's Kirana gives it").click()
    sure = omar.get_by_role("dialog", name="Asha's Kirana gives it")
    expect(sure).to_contain_text("₹12 is taken from the wallet of Asha's Kirana.")
    looked_at(omar, "card-refund-elsewhere-sure")
    sure.get_by_role("button", name="Take ₹12").click()
    expect(case).to_contain_text("Omar Haddad says: Asha's Kirana gives it.")
    expect(case.get_by_role("button", name="Asha's Kirana gives it")).to_be_disabled()
    looked_at(omar, "card-refund-elsewhere-said")

    appointed = market.run("appoint", "operator", "asha")
    assert appointed.returncode == 0, appointed.stderr
    asha.goto(f"{market.url}/app/operator/cards")
    other = asha.get_by_role("article", name="Refund to a card ₹12")
    other.get_by_role("button", name="Asha's Kirana gives it").click()
    looked_at(asha, "card-refund-elsewhere-second")
    asha.get_by_role("button", name="Take ₹12").click()
    expect(omar.get_by_text("Nothing needs you.")).to_be_visible()

    # The order says so by itself, and the books are sound.
    expect(meera.get_by_text("₹12 of ₹42 was returned to the card.")).to_be_visible()
    looked_at(meera, "card-order-returned-elsewhere")
    audited = market.run("audit")
    assert audited.returncode == 0, audited.stdout


def stop(operator: Page, url: str, *, is_stopped: bool) -> None:
    data = {"id": str(uuid7()), "stops_out": False, "stops_in": is_stopped, "reason": "A question"}
    answer = operator.request.put(url, data=data)
    assert answer.ok, answer.text()


def in_wallet(page: Page, server: Server) -> int:
    wallets = page.request.get(f"{server.url}/v1/wallets").json()["items"]
    [balance] = [it["balance"]["amount_minor"] for it in wallets if it["currency"] == "INR"]
    return int(balance)


def lose_the_next_answer(page: Page, path: str) -> None:
    """It is done, and the connection breaks before the answer."""

    def lose(route: Route) -> None:
        route.fetch()
        route.abort("internetdisconnected")

    page.route(path, lose, times=1)


def of_poha(among: dict[str, Any]) -> list[Any]:
    """What is about the price of poha: nothing else here costs as much."""
    return [it for it in among.values() if it.get("amount_total", it.get("amount")) == POHA]
