"""Money comes and goes: the operator tops up, an agent takes cash in and pays it out, and what was
asked to be paid out, or was paid by mistake, ends where it should. Both sides see it live."""

import json
import re
from pathlib import Path

from playwright.sync_api import Locator, Page, expect

from kirana.values import uuid7
from tests.live import eventually
from tests.money.rails.bankfiles.make import camt, detail, entry
from tests.servers import Server

from .conftest import DESKTOP, PHONE, Opener, looked_at
from .screens import SHOP
from .steps import enter_as, give_pin, type_digits
from .test_money import activity, balance, rupees, wallet


def test_cash_comes_in_and_goes_out_and_both_sides_see_it(town: Server, visit: Opener) -> None:
    omar, nadia, ravi = enter_all(town, visit)
    has = balance(ravi)

    # The operator tops up: his wallet shows it at once.
    omar.get_by_role("link", name="Top up", exact=True).click()
    find(omar, "ravi")
    looked_at(omar, "top-up")
    assert_in_reach(omar.get_by_role("button", name="Top up"))
    type_digits(omar, "500")
    omar.get_by_role("button", name="Put ₹500 into Ravi’s wallet").click()
    expect(omar.get_by_role("heading", name="Put in for Ravi")).to_be_visible()
    looked_at(omar, "top-up-done")
    omar.get_by_role("link", name="Done").click()
    expect(wallet(ravi)).to_contain_text(rupees(has + 500_00))
    expect(activity(ravi)).to_contain_text("Top-up")

    # The agent buys float, and takes cash in: so much wants her PIN.
    float_ = float_of(nadia)
    pick(omar, "Top up", "Nadia Sheikh")
    looked_at(omar, "top-up-float")
    assert_in_reach(omar.get_by_role("button", name="Top up"))
    type_digits(omar, "1000")
    omar.get_by_role("button", name="Put ₹1,000 into Nadia’s float").click()
    expect(omar.get_by_role("heading", name="Put in for Nadia")).to_be_visible()
    omar.get_by_role("link", name="Done").click()
    expect(float_card(nadia)).to_contain_text(rupees(float_ + 1000_00))
    pick(nadia, "Cash in", "Ravi Menon")
    expect(nadia.get_by_text("in your float")).to_be_visible()
    type_digits(nadia, "2500")
    looked_at(nadia, "cash-in")
    took = nadia.get_by_role("button", name="I took ₹2,500 from Ravi")
    assert_in_reach(took)
    took.click()
    give_pin(nadia)
    expect(nadia.get_by_role("heading", name="Paid in for Ravi")).to_be_visible()
    looked_at(nadia, "cash-in-done")
    nadia.get_by_role("link", name="Done").click()
    expect(float_card(nadia)).to_contain_text(rupees(float_ - 1500_00))
    expect(activity(nadia)).to_contain_text("Cash in")
    expect(wallet(ravi)).to_contain_text(rupees(has + 3000_00))

    # He gets cash of her: his PIN, always; she sees that he confirmed before she hands it over.
    ravi.get_by_role("button", name="More").click()
    ravi.get_by_role("menuitem", name="Get cash").click()
    expect(ravi.get_by_text("Meera Joshi")).to_have_count(0)  # who is no agent pays out nothing
    looked_at(ravi, "cash-out-agents")
    ravi.get_by_role("link", name=re.compile("Nadia Sheikh")).click()
    type_digits(ravi, "300")
    looked_at(ravi, "cash-out")
    get = ravi.get_by_role("button", name="Get ₹300 in cash from Nadia")
    assert_in_reach(get)
    get.click()
    give_pin(ravi)
    expect(ravi.get_by_role("heading", name="Now Nadia gives you the cash")).to_be_visible()
    looked_at(ravi, "cash-out-done")
    expect(float_card(nadia)).to_contain_text(rupees(float_ - 1200_00))
    expect(activity(nadia).get_by_role("link", name=re.compile("Cash out"))).to_contain_text("300")
    looked_at(nadia, "float")
    ravi.get_by_role("link", name="Done").click()

    assert balance(ravi) == has + 2700_00
    assert float_of(nadia) == float_ - 1200_00
    assert_clean(town)


def test_a_pay_out_is_settled_and_another_comes_back(town: Server, visit: Opener) -> None:
    omar, _, ravi = enter_all(town, visit)
    has = balance(ravi)
    waiting = omar.get_by_role("link", name="Waiting to be paid out")
    expect(waiting).to_contain_text("0")

    ask_payout(ravi, "200")
    expect(waiting).to_contain_text("1")
    looked_at(omar, "operator")
    ask_payout(ravi, "70")
    expect(waiting).to_contain_text("2")
    expect(wallet(ravi)).to_contain_text("₹270 set aside")

    # One is paid; what cannot be undone asks once more.
    waiting.click()
    first = omar.get_by_role("listitem").filter(has_text="₹200")
    looked_at(omar, "payouts")
    first.get_by_role("button", name="Paid out").click()
    looked_at(omar, "payouts-sure")
    first.get_by_role("button", name="Cancel").click()
    first.get_by_role("button", name="Paid out").click()
    first.get_by_role("button", name="Yes, Ravi has ₹200").click()
    expect(first).to_have_count(0)
    expect(wallet(ravi)).to_contain_text(rupees(has - 200_00))
    expect(wallet(ravi)).to_contain_text("₹70 set aside")

    # The other one goes back, while he looks at its receipt.
    activity(ravi).get_by_role("link", name=re.compile("Set aside")).click()
    expect(ravi.get_by_text("The operator pays it to you outside of Kirana")).to_be_visible()
    looked_at(ravi, "payout")
    second = omar.get_by_role("listitem").filter(has_text="₹70")
    second.get_by_role("button", name="Send back").click()
    second.get_by_role("button", name="Send ₹70 back to Ravi").click()
    expect(omar.get_by_text("Nothing waits to be paid out.")).to_be_visible()
    expect(ravi.get_by_text("Went back")).to_be_visible()

    assert balance(ravi) == has - 200_00
    assert_clean(town)


def test_a_pay_out_that_the_bank_cannot_cover_may_be_tried_from_the_cash_box(
    town: Server, visit: Opener
) -> None:
    omar, _, ravi = enter_all(town, visit)
    has = balance(ravi)
    ask_payout(ravi, "40")
    omar.get_by_role("link", name="Waiting to be paid out").click()
    row = omar.get_by_role("listitem").filter(has_text="₹40")

    omar.get_by_text("Bank", exact=True).click()
    row.get_by_role("button", name="Paid out").click()
    row.get_by_role("button", name="Yes, Ravi has ₹40").click()
    expect(row.get_by_role("alert")).to_be_visible()
    assert balance(ravi) == has

    omar.get_by_text("Cash", exact=True).click()
    row.get_by_role("button", name="Paid out").click()
    row.get_by_role("button", name="Yes, Ravi has ₹40").click()
    expect(row).to_have_count(0)
    expect(wallet(ravi)).to_contain_text(rupees(has - 40_00))
    assert balance(ravi) == has - 40_00


def test_what_was_paid_by_mistake_is_given_back(town: Server, visit: Opener) -> None:
    _, nadia, ravi = enter_all(town, visit)
    has, float_ = balance(ravi), float_of(nadia)

    # She pays in ₹90 too much; he gives it back from its receipt, and her float has it at once.
    pick(nadia, "Cash in", "Ravi Menon")
    type_digits(nadia, "90")
    nadia.get_by_role("button", name="I took ₹90 from Ravi").click()
    expect(nadia.get_by_role("heading", name="Paid in for Ravi")).to_be_visible()
    nadia.get_by_role("link", name="Done").click()
    expect(float_card(nadia)).to_contain_text(rupees(float_ - 90_00))
    activity(ravi).get_by_role("link", name=re.compile("Nadia Sheikh")).first.click()
    ravi.get_by_role("button", name="Give back").click()
    looked_at(ravi, "give-back-sure")
    ravi.get_by_role("button", name="Give ₹90 back to Nadia").click()
    expect(ravi.get_by_role("definition").filter(has_text="Given back")).to_be_visible()
    looked_at(ravi, "given-back")
    expect(float_card(nadia)).to_contain_text(rupees(float_))
    expect(activity(nadia)).to_contain_text("Given back")

    assert (balance(ravi), float_of(nadia)) == (has, float_)
    assert_clean(town)


def test_a_shop_is_paid_out_to_its_bank_by_a_file(
    town: Server, visit: Opener, tmp_path: Path
) -> None:
    omar, asha = (visit(f"{town.url}/app/sign-in", size=PHONE) for _ in range(2))
    enter_as(omar, town, "Omar Haddad", "/app/pay")
    enter_as(asha, town, "Asha Kulkarni", "/app/pay")
    shop = asha.request.get(f"{town.url}/v1/handles/{SHOP}").json()["id"]
    amount = {"amount_minor": 900_00, "currency": "EUR"}
    top_up = {"id": str(uuid7()), "owner_id": shop, "amount": amount, "source": "bank"}
    assert omar.request.post(f"{town.url}/v1/top-ups", data=top_up).ok

    # The operator says which account pays; here a new address need not wait.
    omar.goto(f"{town.url}/app/pay/payouts")
    omar.get_by_role("link", name=re.compile("How pay-outs are made")).click()
    omar.get_by_label("Hours a new address waits").fill("0")
    omar.get_by_label("IBAN").fill("DE89 3704 0044 0532 0130 00")
    omar.get_by_label("Name of the account").fill("Town of Pune")
    omar.get_by_role("button", name="Put in force").click()
    expect(omar.get_by_text("This holds for EUR from now on.")).to_be_visible()
    looked_at(omar, "payout-rules")

    # The shop says where its bank is, and asks.
    asha.goto(f"{town.url}/app/my-shop/{shop}/settings/paid")
    asha.get_by_role("button", name=re.compile("^SEPA transfer")).click()
    form = asha.get_by_role("dialog", name="SEPA transfer")
    form.get_by_label("IBAN").fill("BE72 0000 0000 1616")
    form.get_by_label("Name of the account").fill("Asha’s Kirana")
    form.get_by_role("button", name="Be paid here").click()
    give_pin(asha)
    expect(form).to_be_hidden()
    asha.goto(f"{town.url}/app/pay?as={shop}")
    asha.get_by_role("button", name="More").click()
    asha.get_by_role("menuitem", name="Pay out to my bank").click()
    asha.get_by_label("Currency").select_option("EUR")
    in_groups = re.compile(r"BE72\s0000\s0000\s1616")
    expect(asha.get_by_label("To", exact=True)).to_contain_text(in_groups)
    type_digits(asha, "250")
    looked_at(asha, "payout-ask")
    asha.get_by_role("button", name=re.compile(f"Pay €250 out to {in_groups.pattern}")).click()
    give_pin(asha)
    expect(asha.get_by_role("heading", name="Set aside to be paid out")).to_be_visible()
    asha.get_by_role("link", name="Done").click()
    own = asha.get_by_role("listitem").filter(has_text="BE72").filter(has_text="€250")
    expect(own).to_contain_text("Asked for")
    expect(own).to_contain_text(in_groups)
    # What lies behind a sheet that closes cannot be marked yet.
    eventually(lambda: "BE72000000001616" in copied_of(own))
    looked_at(asha, "payout-asked")

    # He makes the file, saves it, and gives it to the bank.
    omar.goto(f"{town.url}/app/pay/payouts")
    omar.get_by_role("button", name="Make the file of today").click()
    file = omar.get_by_role("article", name=re.compile("payouts-EUR-"))
    expect(file).to_contain_text("1 pay-out, €250")
    expect(own.get_by_role("button", name="Take back")).to_be_hidden()
    with omar.expect_download() as saving:
        file.get_by_role("button", name="Save").click()
    written = Path(saving.value.path()).read_text()
    assert "<IBAN>BE72000000001616</IBAN>" in written
    looked_at(omar, "payout-file")
    file.get_by_role("button", name="The bank has it").click()
    expect(own).to_contain_text("On its way")
    looked_at(omar, "payout-sent")
    looked_at(asha, "payout-sent-shop")

    # What the bank says ends it.
    reference = re.search("<EndToEndId>(.+)</EndToEndId>", written)
    assert reference
    statement = tmp_path / "bank.xml"
    statement.write_bytes(
        camt(entry("250.00", direction="DBIT", details=detail(end_to_end=reference[1])))
    )
    omar.get_by_role("link", name="What the bank says").click()
    with omar.expect_file_chooser() as chooser:
        omar.get_by_role("button", name="Choose a file").click()
    chooser.value.set_files(statement)
    expect(own).to_have_count(0)
    asha.get_by_role("button", name="More").click()
    asha.get_by_role("menuitem", name="Pay out to my bank").click()
    expect(own).to_contain_text("Arrived")
    looked_at(asha, "payout-arrived")
    omar.goto(f"{town.url}/app/pay/payouts")
    expect(file).to_contain_text("All of it is settled")
    omar.set_viewport_size(DESKTOP)
    omar.emulate_media(color_scheme="dark")
    looked_at(omar, "payout-settled-dark")

    # The bank sends it back: its line leads to the pay-out that it is of.
    said = detail(end_to_end=reference[1])
    statement.write_bytes(camt(entry("250.00", direction="CRDT", details=said, reference="B2")))
    omar.get_by_role("link", name="What the bank says").click()
    with omar.expect_file_chooser() as chooser:
        omar.get_by_role("button", name="Choose a file").click()
    chooser.value.set_files(statement)
    leads = omar.get_by_role("link", name="Of a pay-out")
    expect(leads).to_be_visible()
    looked_at(omar, "payout-line-dark")
    leads.click()
    expect(omar.get_by_role("heading", name="The pay-out of this line")).to_be_visible()
    expect(omar.get_by_role("main")).to_contain_text(in_groups)
    expect(omar.get_by_role("main")).to_contain_text("Came back")
    looked_at(omar, "payout-of-line-dark")
    expect(own).to_contain_text("Came back")
    assert_clean(town)


def enter_all(town: Server, visit: Opener) -> tuple[Page, Page, Page]:
    """The operator, the agent and a customer, each looking at their money."""
    pages = []
    for name, size in (("Omar Haddad", PHONE), ("Nadia", PHONE), ("Ravi Menon", PHONE)):
        page = visit(f"{town.url}/app/sign-in", size=size)
        enter_as(page, town, name, "/app/pay")
        expect(page.get_by_role("heading", name="Pay")).to_be_visible()
        pages.append(page)
    omar, nadia, ravi = pages
    expect(wallet(ravi)).to_contain_text(rupees(balance(ravi)))
    expect(float_card(nadia)).to_contain_text(rupees(float_of(nadia)))
    return omar, nadia, ravi


def pick(page: Page, act: str, whom: str) -> None:
    page.get_by_role("link", name=act, exact=True).click()
    expect(page.get_by_role("heading", name=act)).to_be_visible()
    page.get_by_role("link", name=whom).first.click()
    expect(page.get_by_test_id("amount")).to_be_visible()


def find(page: Page, who: str) -> None:
    page.get_by_label("Phone number or handle").fill(who)
    page.get_by_role("button", name="Find").click()
    expect(page.get_by_test_id("amount")).to_be_visible()


def ask_payout(page: Page, rupees_: str) -> None:
    page.get_by_role("button", name="More").click()
    page.get_by_role("menuitem", name="Pay out to my bank").click()
    type_digits(page, rupees_)
    page.get_by_role("button", name=f"Ask to be paid ₹{rupees_}").click()
    give_pin(page)
    expect(page.get_by_role("heading", name="Set aside to be paid out")).to_be_visible()
    page.get_by_role("link", name="Done").click()


def float_card(page: Page) -> Locator:
    return page.get_by_role("article").filter(has_text="Cash float · INR")


def float_of(page: Page) -> int:
    """What is in the float by the ledger, in paise."""
    origin = re.match(r"https?://[^/]+", page.url)
    assert origin
    floats = page.request.get(f"{origin[0]}/v1/wallets").json()["floats"]
    (paise,) = [it["amount_minor"] for it in floats if it["currency"] == "INR"]
    return int(paise)


def assert_in_reach(button: Locator) -> None:
    """On a phone of 360 by 740 the one button is in sight without scrolling."""
    expect(button).to_be_visible()
    box = button.bounding_box()
    tabs = button.page.get_by_role("navigation", name="Main").filter(visible=True).bounding_box()
    assert box
    assert tabs
    assert box["y"] + box["height"] <= tabs["y"], (box, tabs)


def assert_clean(town: Server) -> None:
    assert json.loads(town.run("audit", "--json").stdout) == {"clean": True, "findings": []}


def copied_of(it: Locator) -> str:
    """What one pastes after having marked and copied it."""
    return str(
        it.evaluate(
            """(it) => {
                getSelection().selectAllChildren(it);
                const clipboardData = new DataTransfer();
                const how = { clipboardData, bubbles: true, cancelable: true };
                it.dispatchEvent(new ClipboardEvent('copy', how));
                return clipboardData.getData('text/plain');
            }"""
        )
    )
