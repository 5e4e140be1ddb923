"""J3: Ravi sends money to Meera, and asks for some back; not a paisa is lost or made."""

import re

from playwright.sync_api import Locator, Page, expect

from tests.servers import Server

from .conftest import PHONE, Opener, looked_at
from .steps import enter_as, give_pin, type_digits


def test_ravi_sends_money_and_asks_for_money_back(town: Server, visit: Opener) -> None:
    ravi, meera = both(town, visit)
    his, hers = balance(ravi), balance(meera)
    looked_at(ravi, "wallet")

    # He sends ₹250; her wallet shows it at once.
    choose(ravi, "Send", "Meera Joshi")
    looked_at(ravi, "send-empty")
    type_digits(ravi, "250")
    expect(ravi.get_by_test_id("amount")).to_contain_text("250")
    looked_at(ravi, "send-amount")
    ravi.get_by_role("button", name="Send ₹250 to Meera").click()
    expect(ravi.get_by_role("heading", name="Sent to Meera")).to_be_visible()
    looked_at(ravi, "send-done")
    expect(wallet(meera)).to_contain_text(rupees(hers + 250_00))
    expect(activity(meera)).to_contain_text("Ravi Menon")
    assert (balance(ravi), balance(meera)) == (his - 250_00, hers + 250_00)

    # Both see it in their chat.
    ravi.get_by_role("link", name="Open chat").click()
    sent = ravi.get_by_role("log").get_by_role("article").last
    expect(sent).to_contain_text("To Meera Joshi")
    expect(sent).to_contain_text("₹250")
    open_chat(meera, "Ravi Menon")
    paid = meera.get_by_role("log").get_by_role("article").last
    expect(paid).to_contain_text("From Ravi Menon")
    expect(paid).to_contain_text("₹250")
    looked_at(meera, "chat-private")

    # He asks for ₹120; she is asked in the chat, and pays.
    ravi.get_by_role("button", name="Attach").click()
    ravi.get_by_role("menuitem", name="Ask for money").click()
    type_digits(ravi, "120")
    ravi.get_by_role("button", name="Ask Meera for ₹120").click()
    expect(ravi.get_by_role("heading", name="Asked Meera")).to_be_visible()
    ravi.get_by_role("link", name="Done").click()
    asked = meera.get_by_role("log").get_by_role("article").filter(has_text="asks you").last
    expect(asked).to_contain_text("120")
    looked_at(meera, "request")
    asked.get_by_role("button", name="Pay ₹120").click()
    sheet = meera.get_by_role("dialog", name="Pay")
    looked_at(meera, "request-pay")
    sheet.get_by_role("button", name="Pay ₹120 to Ravi").click()
    expect(sheet.get_by_role("heading", name="Sent to Ravi")).to_be_visible()
    sheet.get_by_role("button", name="Done").click()
    card = ravi.get_by_role("log").get_by_role("article").filter(has_text="₹120").last
    expect(card).to_contain_text("Paid")
    assert (balance(ravi), balance(meera)) == (his - 130_00, hers + 130_00)

    # What was sent by mistake goes back.
    ravi.goto(f"{town.url}/app/pay")
    expect(wallet(ravi)).to_contain_text(rupees(his - 130_00))
    activity(ravi).get_by_role("link", name=re.compile("Meera Joshi")).first.click()
    expect(ravi.get_by_role("heading", name="Receipt")).to_be_visible()
    looked_at(ravi, "transfer")


def test_a_month_is_saved_for_a_spreadsheet_or_for_bookkeeping(town: Server, visit: Opener) -> None:
    ravi, _ = both(town, visit)
    ravi.get_by_role("button", name="More", exact=True).click()
    ravi.get_by_role("menuitem", name="Monthly statements").click()
    months = ravi.get_by_role("button", name=re.compile("^Save "))
    expect(months).to_have_count(13)
    looked_at(ravi, "months")

    ravi.get_by_text("CSV", exact=True).click()
    with ravi.expect_download() as saving:
        months.first.click()
    assert saving.value.suggested_filename.endswith(".csv")
    content = saving.value.path().read_bytes()
    assert rupees(balance(ravi)).replace(",", "").removeprefix("₹").encode() in content

    ravi.get_by_text("camt.053", exact=True).click()
    with ravi.expect_download() as saving:
        months.first.click()
    assert saving.value.suggested_filename.endswith(".xml")


def test_a_large_sum_wants_the_pin(town: Server, visit: Opener) -> None:
    ravi, meera = both(town, visit)
    his, hers = balance(ravi), balance(meera)

    choose(ravi, "Send", "Meera Joshi")
    type_digits(ravi, "2100")
    ravi.get_by_role("button", name="Send ₹2,100 to Meera").click()
    sheet = ravi.get_by_role("dialog", name="Confirm")
    expect(sheet).to_contain_text("Send ₹2,100 to Meera")
    looked_at(ravi, "pin")
    for digit in "8642":
        sheet.get_by_role("button", name=digit, exact=True).click()
    sheet.get_by_role("button", name="Confirm").click()
    expect(sheet.get_by_role("alert")).not_to_be_empty()
    assert (balance(ravi), balance(meera)) == (his, hers)
    give_pin(ravi)
    expect(ravi.get_by_role("heading", name="Sent to Meera")).to_be_visible()
    expect(wallet(meera)).to_contain_text(rupees(hers + 2100_00))
    assert (balance(ravi), balance(meera)) == (his - 2100_00, hers + 2100_00)

    # She gives it back from its receipt, and both stand where they stood.
    activity(meera).get_by_role("link", name=re.compile("Ravi Menon")).first.click()
    meera.get_by_role("button", name="Give back").click()
    meera.get_by_role("button", name="Give ₹2,100 back to Ravi").click()
    sheet = meera.get_by_role("dialog", name="Confirm")
    expect(sheet.or_(meera.get_by_text("Given back").first).first).to_be_visible()
    if sheet.is_visible():
        give_pin(meera)
    expect(meera.get_by_text("Given back").first).to_be_visible()
    assert (balance(ravi), balance(meera)) == (his, hers)


def test_two_taps_pay_once(town: Server, visit: Opener) -> None:
    ravi, meera = both(town, visit)
    his, hers = balance(ravi), balance(meera)
    choose(ravi, "Send", "Meera Joshi")
    type_digits(ravi, "10")
    ravi.get_by_role("button", name="Send ₹10 to Meera").dblclick()
    expect(ravi.get_by_role("heading", name="Sent to Meera")).to_be_visible()
    expect(wallet(meera)).to_contain_text(rupees(hers + 10_00))
    assert (balance(ravi), balance(meera)) == (his - 10_00, hers + 10_00)


def test_paying_without_network_says_that_it_needs_one(town: Server, visit: Opener) -> None:
    ravi, meera = both(town, visit)
    his, hers = balance(ravi), balance(meera)
    choose(ravi, "Send", "Meera Joshi")
    type_digits(ravi, "15")
    ravi.context.set_offline(True)
    send = ravi.get_by_role("button", name="Send ₹15 to Meera")
    send.click()
    expect(ravi.get_by_role("alert").filter(has_text="needs a connection")).to_be_visible()
    looked_at(ravi, "send-offline")
    ravi.context.set_offline(False)
    assert (balance(ravi), balance(meera)) == (his, hers)
    send.click()
    expect(ravi.get_by_role("heading", name="Sent to Meera")).to_be_visible()
    assert (balance(ravi), balance(meera)) == (his - 15_00, hers + 15_00)


def both(town: Server, visit: Opener) -> tuple[Page, Page]:
    """Ravi and Meera, each looking at their wallet on a phone."""
    pages = []
    for name in ("Ravi Menon", "Meera Joshi"):
        page = visit(f"{town.url}/app/sign-in", size=PHONE)
        enter_as(page, town, name, "/app/pay")
        expect(wallet(page)).to_contain_text(rupees(balance(page)))
        pages.append(page)
    return pages[0], pages[1]


def wallet(page: Page) -> Locator:
    return page.get_by_role("article").filter(has_text="Balance · INR")


def activity(page: Page) -> Locator:
    return page.get_by_role("region", name="Activity")


def choose(page: Page, act: str, whom: str) -> None:
    page.get_by_role("navigation", name="Pay").get_by_role("link", name=act, exact=True).click()
    expect(page.get_by_role("heading", name=f"{act} money")).to_be_visible()
    page.get_by_role("link", name=whom).first.click()
    expect(page.get_by_test_id("amount")).to_be_visible()


def open_chat(page: Page, whom: str) -> None:
    page.get_by_role("link", name="Chats").filter(visible=True).click()
    # What stands on the page before may lead to the same person.
    expect(page.get_by_role("heading", name="Chats")).to_be_visible()
    page.get_by_role("link", name=re.compile(whom)).first.click()
    expect(page.get_by_role("heading", name=whom)).to_be_visible()


def balance(page: Page) -> int:
    """What is in the wallet by the ledger, in paise."""
    origin = re.match(r"https?://[^/]+", page.url)
    assert origin
    wallets = page.request.get(f"{origin[0]}/v1/wallets").json()["items"]
    (paise,) = [it["balance"]["amount_minor"] for it in wallets if it["currency"] == "INR"]
    return int(paise)


def rupees(paise: int) -> str:
    whole, rest = divmod(paise, 100)
    return f"{whole:,}" + (f".{rest:02}" if rest else "")
