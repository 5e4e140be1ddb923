"""A shop's own account at Stripe, on a server that takes no cards itself: the key is pasted, a
buyer pays there, money goes back and comes back, and the shop leaves."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.money.own_cards import ALL, KEY
from tests.money.stripe_simulator import Fault, Simulator
from tests.money.stripe_simulator.state import Stripe
from tests.servers import Server

from .conftest import DESKTOP, PHONE, TABLET, Opener, keep, looked_at, running
from .steps import enter_as, give_pin
from .test_cards import GOOD, pays, puts_poha_into_the_cart

NEW_KEY = "rk_test_rolled0123456789"


@pytest.fixture(scope="module")
def stripe() -> Iterator[Simulator]:
    with Simulator(key="sk_live_nobody", posts=True) as stripe:
        yield stripe


@pytest.fixture(scope="module")
def account(stripe: Simulator) -> Stripe:
    return stripe.open_account("asha", KEY, may=ALL - {"rak_charge_write"})


@pytest.fixture(scope="module")
def market(
    tmp_path_factory: pytest.TempPathFactory, stripe: Simulator, account: Stripe
) -> Iterator[Server]:
    server = Server(tmp_path_factory.mktemp("own-cards"), demo=True, KIRANA_STRIPE_URL=stripe.url)
    yield from running(server)


def test_a_shop_is_paid_by_card_into_its_own_account(
    market: Server, stripe: Simulator, account: Stripe, visit: Opener
) -> None:
    # Without an account of the shop's there are no cards here.
    meera = visit(f"{market.url}/app/sign-in", size=PHONE)
    enter_as(meera, market, "Meera Joshi")
    cart = puts_poha_into_the_cart(meera, market)
    expect(cart.get_by_role("radio", name=re.compile("^Cash at the counter"))).to_be_visible()
    expect(cart.get_by_role("radio", name=re.compile("^Card"))).to_have_count(0)

    # Asha opens her settings. What is no key is refused; a key that may too little, too.
    asha = visit(f"{market.url}/app/sign-in", size=PHONE)
    enter_as(asha, market, "Asha Kulkarni", "/app/my-shop")
    open_settings(asha, market)
    row = asha.get_by_role("button", name=re.compile("^Cards, by your own Stripe"))
    expect(row).to_contain_text("Not set")
    looked_at(asha, "own-cards-settings")
    row.click()
    sheet = asha.get_by_role("dialog", name="Cards, by your own Stripe")
    make = sheet.get_by_role("link", name="Make a key")
    expect(make).to_have_attribute("href", re.compile("^https://dashboard.stripe.com/apikeys"))
    looked_at(asha, "own-cards-give")
    sheet.get_by_label("Key").fill("pk_live_this_is_public")
    sheet.get_by_role("button", name="Connect").click()
    expect(sheet.get_by_text("begins with sk_ or rk_")).to_be_visible()
    give_key(asha, KEY)
    expect(row).to_contain_text("Stripe refuses the key")
    row.click()
    expect(sheet.get_by_role("alert")).to_contain_text("This key may not do all that is needed.")
    looked_at(asha, "own-cards-refused")

    # At Stripe she allows it more; then it is taken.
    stripe.keys[KEY].may = set(ALL)
    sheet.get_by_role("button", name="Ask Stripe again").click()
    expect(row).to_contain_text("On · key …6789")
    row.click()
    expect(sheet.get_by_text("Stripe tells Kirana at once")).to_be_visible()
    looked_at(asha, "own-cards-on")
    sheet.get_by_role("button", name="Close").click()

    # Meera pays there, though an answer is lost; the shop has it at the hand-over.
    meera.goto(f"{market.url}/app/shops/ashas-kirana")
    meera.get_by_role("button", name=re.compile("See the cart")).click()
    cart.get_by_role("radio", name="Pick up").check(force=True)
    cart.get_by_role("radio", name=re.compile("^Card")).check()
    stripe.fail_next(Fault.LOST, "sessions")
    cart.get_by_role("button", name="Order and pay · ₹42").click()
    pays(meera, GOOD)
    expect(meera.get_by_text("Set aside until you pick it up")).to_be_visible()
    assert len(account.sessions) == 1
    number = re.sub(r"\D", "", meera.get_by_role("heading", level=1).inner_text())
    desk = visit(f"{market.url}/app/sign-in", size=DESKTOP)
    enter_as(desk, market, "Asha Kulkarni", "/app/my-shop")
    desk.get_by_role("navigation", name="My shop").get_by_role("link", name="Orders").click()
    order = desk.get_by_role("article", name=f"Order {number}", exact=True)
    order.get_by_role("button", name=re.compile("^Accept")).click()
    expect(meera.get_by_text("is getting it ready.")).to_be_visible()
    order.get_by_role("link").click()
    desk.get_by_role("button", name=re.compile(f"^Picked up, Order {number}")).first.click()
    expect(meera.get_by_text("₹42 paid by card.")).to_be_visible()
    assert account.balance("INR") == 4200

    # She gives a new key of the same account, for trying out, and gives the money back by it.
    stripe.keys[NEW_KEY] = stripe.keys.pop(KEY)
    row.click()
    sheet.get_by_role("button", name="Give another key").click()
    give_key(asha, NEW_KEY)
    expect(row).to_contain_text("For trying out · key …6789")
    row.click()
    expect(sheet.get_by_text("nobody’s money moves")).to_be_visible()
    looked_at(asha, "own-cards-trial")
    sheet.get_by_role("button", name="Close").click()
    desk.get_by_role("button", name="Refund", exact=True).click()
    refund = desk.get_by_role("dialog", name=re.compile("^Refund"))
    refund.get_by_role("button", name="More of Poha, 500 g").click()
    refund.get_by_role("button", name="Refund ₹42").click()
    expect(meera.get_by_text("Returned: ₹42 to the card.")).to_be_visible()
    [made] = account.refunds

    # The card's bank sends it back: it is Asha's to look into, and she sees it at once.
    account.fail_refund(made)
    case = asha.get_by_role("article", name="Refund to a card ₹42")
    expect(case).to_contain_text("You still owe it")
    looked_at(asha, "own-cards-case")
    case.get_by_role("button", name="I have dealt with it").click()
    expect(case).to_have_count(0)

    # She leaves: the key is gone, here and there, and nobody is offered a card.
    row.click()
    sheet.get_by_role("button", name="Disconnect").click()
    sure = asha.get_by_role("dialog", name="No more cards by your Stripe?")
    looked_at(asha, "own-cards-leaving")
    sure.get_by_role("button", name="Disconnect").click()
    expect(row).to_contain_text("Not set")
    cart = puts_poha_into_the_cart(meera, market)
    expect(cart.get_by_role("radio", name=re.compile("^Cash at the counter"))).to_be_visible()
    expect(cart.get_by_role("radio", name=re.compile("^Card"))).to_have_count(0)
    audited = market.run("audit")
    assert audited.returncode == 0, audited.stdout
    assert account.endpoints == {}


def test_a_stranger_without_javascript_pays_into_the_shops_account(
    market: Server, stripe: Simulator, visit: Opener
) -> None:
    key = "sk_live_other0123456789"
    other = stripe.open_account("other", key)
    haruto = visit(f"{market.url}/app/sign-in", size=TABLET)
    enter_as(haruto, market, "Haruto Mori", "/app/my-shop")
    open_settings(haruto, market)
    row = haruto.get_by_role("button", name=re.compile("^Cards, by your own Stripe"))
    row.click()
    give_key(haruto, key)
    expect(row).to_contain_text("On · key …6789")

    page = visit(f"{market.url}/midori-tea", size=PHONE, java_script_enabled=False)
    page.get_by_role("button", name=re.compile("^Add Genmaicha")).click()
    page.goto(f"{market.url}/midori-tea/checkout")
    page.get_by_label("Name").fill("Tomás")
    page.get_by_label("E-mail").fill("tomas@example.org")
    page.get_by_role("radio", name=re.compile("^Pickup")).check()
    page.get_by_role("radio", name=re.compile("^Card")).check()
    page.get_by_role("button", name="Place the order").click()
    pays(page, GOOD)
    expect(page.get_by_role("heading", name="Order placed")).to_be_visible()
    while page.get_by_text("Waiting for your bank").count():
        page.reload()
    expect(page.get_by_text("Set aside by your bank until you have the goods.")).to_be_visible()
    keep(page, "own-cards-storefront-held")
    [intent] = other.intents.values()
    assert (intent["status"], intent["currency"]) == ("requires_capture", "jpy")


def open_settings(page: Page, server: Server) -> None:
    expect(page).to_have_url(re.compile("/app/my-shop/[0-9a-f-]{36}"))
    shop = re.findall("[0-9a-f-]{36}", page.url)[0]
    page.goto(f"{server.url}/app/my-shop/{shop}/settings/paid")


def give_key(page: Page, key: str) -> None:
    sheet = page.get_by_role("dialog", name="Cards, by your own Stripe")
    sheet.get_by_label("Key").fill(key)
    sheet.get_by_role("button", name="Connect").click()
    give_pin(page)
