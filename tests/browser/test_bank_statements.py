"""The bank says what was paid: a file is brought, and what is in doubt is asked."""

import re
from pathlib import Path
from typing import Any

from playwright.sync_api import Locator, Page, expect

from kirana.values import uuid7
from tests.servers import Server

from .conftest import DESKTOP, PHONE, TABLET, Opener, looked_at
from .steps import PIN, give_pin
from .test_paying_direct import ask, card, claim, set_pin
from .test_private import Somebody
from .test_splitting import put_in

ACCOUNT = "DE89370400440532013000"


def test_a_statement_confirms_what_was_claimed(
    village: Server, visit: Opener, tmp_path: Path
) -> None:
    asha = Somebody(village, visit(village.url, size=TABLET), "Ashabank")
    ravi = Somebody(village, visit(village.url, size=PHONE), "Ravibank")
    asha.knows(ravi)
    ravi.knows(asha)
    put_in(village, asha, asha, 1)
    be_paid(asha)

    # He says that he paid; she does not answer, her bank does.
    ask(asha, ravi, "250")
    ravi.opens(asha)
    card(ravi).get_by_role("button", name="Pay ₹250").click()
    sheet = ravi.page.get_by_role("dialog", name="Pay")
    sheet.get_by_text("Bank app (UPI)").click()
    claim(sheet, "₹250")
    expect(sheet.get_by_text("Waiting for Ashabank to confirm")).to_be_visible()
    sheet.get_by_role("button", name="Done").click()
    # Of another she knows only that it is of his name and of this amount.
    ask(asha, ravi, "75")
    claimed, doubtful = [request_of(asha, amount) for amount in (250_00, 75_00)]

    page = asha.page
    page.goto(f"{village.url}/app/pay")
    page.get_by_role("button", name="More").click()
    page.get_by_role("menuitem", name="What the bank says").click()
    expect(page.get_by_role("button", name="Choose a file")).to_be_visible()
    looked_at(page, "bank-none")

    day = today(page)
    file = tmp_path / "november.xml"
    file.write_text(
        camt(
            entry(day, "250.00", "B1", f"UPI/{claimed['reference']}01", "R M"),
            entry(day, "75.00", "B2", "UPI/P2A/4123", "RAVIBANK M"),
            entry(day, "40.00", "B3", "Rent of the shed", "Meera"),
            entry(day, "12.00", "B4", "Tea", "Tea Stall", came=False),
        )
    )
    bring(page, file)
    expect(told(page)).to_have_text("3 payments in the file: 1 found and 2 to look at")
    expect(card(ravi)).to_contain_text("₹75")
    ravi.opens(asha)
    expect(ravi.log.locator("article.request").first).to_contain_text("Paid")
    looked_at(page, "bank-brought")

    # The same file again brings nothing.
    bring(page, file)
    expect(told(page)).to_have_text("Nothing new: all of it was known.")
    assert state_of(asha, claimed) == "paid"

    # One tap each: this is it, and that is none of it.
    expect(page.get_by_text("Is this Ravibank, for the ₹75 you asked?")).to_be_visible()
    page.get_by_role("button", name="Yes, this is it").click()
    expect(page.get_by_text("RAVIBANK M")).to_be_hidden()
    assert state_of(asha, doubtful) == "paid"
    page.get_by_role("button", name="Not from Kirana").click()
    expect(page.get_by_text("Nothing to look at.")).to_be_visible()
    expect(page.get_by_text("₹325")).to_be_visible()
    looked_at(page, "bank-explained")

    # It can be looked at again, and be said to be a payment after all.
    ask(asha, ravi, "60")
    page.goto(f"{village.url}/app/pay/bank")
    page.get_by_role("button", name="Bring back").click()
    page.get_by_role("button", name="Choose a request").click()
    chosen = page.get_by_role("dialog", name="Which request did it pay?")
    expect(chosen.get_by_text("₹40 came.")).to_be_visible()
    looked_at(page, "bank-choose")
    chosen.get_by_role("button", name=re.compile("Ravibank")).click()
    expect(chosen).to_be_hidden()
    partly = request_of(asha, 60_00)
    assert (partly["state"], partly["received"]["amount_minor"]) == ("open", 40_00)
    page.set_viewport_size(PHONE)
    looked_at(page, "bank-phone")
    page.set_viewport_size(DESKTOP)
    page.emulate_media(color_scheme="dark")
    looked_at(page, "bank-dark")


def test_a_table_of_the_bank_is_read_once_its_columns_are_said(
    village: Server, visit: Opener, tmp_path: Path
) -> None:
    asha = Somebody(village, visit(village.url, size=PHONE), "Ashatable")
    page = asha.page
    page.goto(f"{village.url}/app/pay/bank")
    day = today(page)
    file = tmp_path / "statement.csv"
    header = "Some Bank\n\nTxn Date,Narration,Withdrawal,Deposit,Balance\n"
    file.write_text(f'{header}{day},"Hello, there",,250.00,1.00\n')

    bring(page, file)

    form = page.get_by_role("dialog", name="Which column is which?")
    expect(form.get_by_label("Day of the booking")).to_have_value("Txn Date")
    expect(form.get_by_label("What came", exact=True)).to_have_value("Deposit")
    expect(form.get_by_text(f"In the file: {day}")).to_be_visible()
    looked_at(page, "bank-columns")
    form.get_by_label("Currency").select_option("EUR")
    form.get_by_role("button", name="Read the file").click()
    expect(form).to_be_hidden()
    expect(told(page)).to_have_text("1 payment in the file: 1 to look at")

    # The next file needs no answer; what is broken is told in words.
    file.write_text(f"{header}{day},Hi,,5.00,1.00\n")
    bring(page, file)
    expect(page.get_by_text("Hi", exact=True)).to_be_visible()
    broken = tmp_path / "broken.xml"
    broken.write_text("<BkToCstmrStmt>")
    bring(page, broken)
    expect(page.get_by_role("alert")).to_contain_text("The file is broken")
    looked_at(page, "bank-broken")


def be_paid(one: Somebody) -> None:
    set_pin(one)
    one.page.goto(f"{one.server.url}/app/pay/addresses")
    one.page.get_by_role("button", name=re.compile("^UPI")).click()
    form = one.page.get_by_role("dialog", name="UPI")
    form.get_by_label("UPI id").fill("asha@bank")
    form.get_by_label("Name of the account").fill("Asha Rao")
    form.get_by_role("button", name="Be paid here").click()
    give_pin(one.page, PIN)
    expect(one.page.get_by_role("button", name=re.compile("^UPI"))).to_contain_text("asha@bank")


def bring(page: Page, file: Path) -> None:
    choose: Locator = page.get_by_role("button", name="Choose a file")
    with page.expect_file_chooser() as chooser:
        choose.click()
    with page.expect_response(lambda it: "/v1/bank-statements?" in it.url):
        chooser.value.set_files(file)
    expect(choose).to_be_enabled()


def told(page: Page) -> Locator:
    """What the file brought."""
    return page.get_by_role("group", name="Bank statement").get_by_role("status")


def request_of(one: Somebody, amount_minor: int) -> dict[str, Any]:
    answer = one.page.request.get(f"{one.server.url}/v1/requests").json()["items"]
    [found] = [it for it in answer if it["amount"]["amount_minor"] == amount_minor]
    return dict(found)


def state_of(one: Somebody, request: dict[str, Any]) -> str:
    answer = one.page.request.get(f"{one.server.url}/v1/requests/{request['id']}")
    return str(answer.json()["state"])


def today(page: Page) -> str:
    return str(page.evaluate("new Date().toISOString().slice(0, 10)"))


def camt(*entries: str) -> str:
    return (
        "<?xml version='1.0' encoding='UTF-8'?><Document xmlns='urn:iso:std:iso:20022:tech:xsd:"
        f"camt.053.001.08'><BkToCstmrStmt><Stmt><Id>{uuid7().hex}</Id><Acct><Id><IBAN>{ACCOUNT}"
        f"</IBAN></Id></Acct>{''.join(entries)}</Stmt></BkToCstmrStmt></Document>"
    )


def entry(day: str, amount: str, reference: str, text: str, name: str, *, came: bool = True) -> str:
    side = "Dbtr" if came else "Cdtr"
    return (
        f"<Ntry><Amt Ccy='INR'>{amount}</Amt><CdtDbtInd>{'CRDT' if came else 'DBIT'}</CdtDbtInd>"
        f"<Sts><Cd>BOOK</Cd></Sts><BookgDt><Dt>{day}</Dt></BookgDt><AcctSvcrRef>{reference}"
        f"</AcctSvcrRef><NtryDtls><TxDtls><RltdPties><{side}><Pty><Nm>{name}</Nm></Pty></{side}>"
        f"</RltdPties><RmtInf><Ustrd>{text}</Ustrd></RmtInf></TxDtls></NtryDtls></Ntry>"
    )
