"""From bank to bank: where one is paid, a code that another program reads, a claim, its answer."""

import io
import re

import zxingcpp
from PIL import Image
from playwright.sync_api import Locator, Page, expect

from kirana.money import rails
from tests.servers import Server

from .conftest import DESKTOP, PHONE, TABLET, Opener, looked_at
from .steps import PIN, give_pin, type_digits
from .test_private import Somebody
from .test_splitting import balance, put_in

ADDRESSES = "Where you are paid"


def test_a_request_is_paid_from_the_bank_and_confirmed(village: Server, visit: Opener) -> None:
    asha = Somebody(village, visit(village.url, size=TABLET), "Ashadirect")
    ravi = Somebody(village, visit(village.url, size=PHONE), "Ravidirect")
    asha.knows(ravi)
    ravi.knows(asha)
    put_in(village, asha, ravi, 840)
    put_in(village, asha, asha, 1)

    # Where she is paid; what is wrong with it is said at its field.
    set_pin(asha)
    asha.page.goto(f"{village.url}/app/pay/addresses")
    looked_at(asha.page, "paid-at-none")
    asha.page.get_by_role("button", name=re.compile("^UPI")).click()
    form = asha.page.get_by_role("dialog", name="UPI")
    form.get_by_label("UPI id").fill("asha")
    form.get_by_label("Name of the account").fill("Asha Rao")
    form.get_by_role("button", name="Be paid here").click()
    expect(form.get_by_text("A UPI id looks like asha@bank.")).to_be_visible()
    looked_at(asha.page, "paid-at-wrong")
    form.get_by_label("UPI id").fill("asha@bank")
    form.get_by_role("button", name="Be paid here").click()
    give_pin(asha.page)
    expect(asha.page.get_by_role("button", name=re.compile("^UPI"))).to_contain_text("asha@bank")
    looked_at(asha.page, "paid-at")

    # She asks for ₹250; his own bank is one of the ways to pay.
    ask(asha, ravi, "250")
    ravi.opens(asha)
    card(ravi).get_by_role("button", name="Pay ₹250").click()
    sheet = ravi.page.get_by_role("dialog", name="Pay")
    expect(sheet.get_by_text("Wallet, ₹840 left")).to_be_visible()
    looked_at(ravi.page, "pay-from")
    sheet.get_by_text("Bank app (UPI)").click()
    said = rails.read(scanned(sheet.get_by_role("img", name="UPI code for ₹250")))
    assert (said.rail, said.payee, said.amount_minor) == ("upi", "asha@bank", 250_00)
    href = sheet.get_by_role("link", name="Open bank app").get_attribute("href")
    assert rails.read(href or "") == said
    looked_at(ravi.page, "pay-from-bank")

    # He says that he has paid; that is no payment yet.
    claim(sheet, "₹250", "4123 4567")
    expect(sheet.get_by_text("Waiting for Ashadirect to confirm")).to_be_visible()
    looked_at(ravi.page, "claim-waits")
    sheet.get_by_role("button", name="Done").click()
    told = card(asha)
    expect(told).to_contain_text("Ravidirect says they paid ₹250 by UPI")
    expect(told).to_contain_text("41234567")
    looked_at(asha.page, "claim-asked")

    # Nothing came: he may pay again.
    told.get_by_role("button", name="Not received", exact=True).click()
    expect(card(ravi)).to_contain_text("Not received")
    looked_at(ravi.page, "claim-rejected")
    card(ravi).get_by_role("button", name="Pay", exact=True).click()
    sheet.get_by_text("Bank app (UPI)").click()
    claim(sheet, "₹250")
    sheet.get_by_role("button", name="Done").click()

    # ₹200 came, the rest from the wallet.
    told.get_by_role("button", name="Another amount came").click()
    told.get_by_label("What came").fill("200")
    looked_at(asha.page, "claim-other-amount")
    told.get_by_role("button", name="Received", exact=True).click()
    expect(card(ravi)).to_contain_text("₹200 came, ₹50 is left")
    looked_at(ravi.page, "claim-part")
    card(ravi).get_by_role("button", name="Pay", exact=True).click()
    sheet.get_by_role("button", name="Pay ₹50 to Ashadirect").click()
    sheet.get_by_role("button", name="Done").click()
    for one in (asha, ravi):
        expect(card(one)).to_contain_text("Paid")
    assert (balance(asha), balance(ravi)) == (51_00, 790_00)

    # Another one comes whole, and is answered on the page of her money.
    ask(asha, ravi, "100")
    ravi.page.goto(f"{village.url}/app/pay")
    ravi.page.get_by_role("button", name="Pay", exact=True).click()
    sheet.get_by_text("Bank app (UPI)").click()
    claim(sheet, "₹100")
    sheet.get_by_role("button", name="Done").click()
    expect(ravi.page.get_by_text("Waiting for Ashadirect to confirm")).to_be_visible()
    asha.page.goto(f"{village.url}/app/pay")
    looked_at(asha.page, "claim-in-requests")
    asha.page.get_by_role("button", name="Received", exact=True).click()
    expect(asha.page.get_by_text("Noted as received")).to_be_visible()
    expect(asha.page.get_by_text("You asked Ravidirect")).to_be_hidden()
    assert (balance(asha), balance(ravi)) == (51_00, 790_00)

    # She is paid there no longer.
    asha.page.goto(f"{village.url}/app/pay/addresses")
    asha.page.set_viewport_size(DESKTOP)
    looked_at(asha.page, "paid-at-wide")
    asha.page.get_by_role("button", name=re.compile("^UPI")).click()
    asha.page.get_by_role("button", name="Remove").click()
    expect(asha.page.get_by_role("button", name=re.compile("^UPI"))).to_contain_text("Not set")


def set_pin(one: Somebody) -> None:
    answer = one.page.request.put(f"{one.server.url}/v1/me/pin", data={"pin": PIN})
    assert answer.ok, answer.text()


def ask(one: Somebody, other: Somebody, rupees: str) -> None:
    one.opens(other)
    one.page.get_by_role("button", name="Attach").click()
    one.page.get_by_role("menuitem", name="Ask for money").click()
    type_digits(one.page, rupees)
    one.page.get_by_role("button", name=f"Ask {other.name} for ₹{rupees}").click()
    one.page.get_by_role("link", name="Done").click()
    expect(one.log).to_be_visible()


def card(one: Somebody) -> Locator:
    """The request as it stands."""
    return one.log.locator("article.request").last


def claim(sheet: Locator, amount: str, bank_ref: str = "") -> None:
    sheet.get_by_label("Reference of the payment at your bank").fill(bank_ref)
    sheet.get_by_role("button", name=f"I have paid {amount}").click()


def scanned(code: Locator) -> str:
    """What another program reads off the screen."""
    page: Page = code.page
    code.scroll_into_view_if_needed()
    page.wait_for_timeout(300)
    picture = Image.open(io.BytesIO(code.screenshot()))
    large = picture.resize((picture.width * 3, picture.height * 3), Image.Resampling.NEAREST)
    [found] = zxingcpp.read_barcodes(large)
    return found.text
