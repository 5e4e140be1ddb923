"""What one may pay: an operator sets it, somebody reaches it, and payments are stopped."""

from playwright.sync_api import expect

from kirana.values import uuid7
from tests.servers import Server

from .conftest import DESKTOP, Opener, looked_at
from .test_private import Somebody


def test_limits_are_set_reached_and_read_and_payments_are_stopped(
    village: Server, visit: Opener
) -> None:
    olga = Somebody(village, visit(village.url, size=DESKTOP), "Olga")
    nils = Somebody(village, visit(village.url), "Nils")
    pia = Somebody(village, visit(village.url), "Pia")
    appointed = village.run("appoint", "operator", "olga@example.org")
    assert appointed.returncode == 0, appointed.stdout
    nils.page.request.patch(f"{village.url}/v1/me", data={"handle": "nils-l"})
    pia.page.request.patch(f"{village.url}/v1/me", data={"handle": "pia-l"})
    nils_id = nils.page.request.get(f"{village.url}/v1/me").json()["id"]
    paid_in = olga.page.request.post(
        f"{village.url}/v1/top-ups",
        data={
            "id": str(uuid7()),
            "owner_id": nils_id,
            "amount": {"amount_minor": 50_000, "currency": "INR"},
            "source": "credit",
        },
    )
    assert paid_in.ok, paid_in.text()

    # Two numbers are enough.
    olga.page.goto(f"{village.url}/app/you")
    olga.page.get_by_role("link", name="Limits and stopped payments").click()
    expect(olga.page.get_by_text("Nobody is limited yet.")).to_be_visible()
    olga.page.get_by_label("The most to hold").fill("20000")
    olga.page.get_by_label("The most to send in a day").fill("1600")
    olga.page.get_by_role("button", name="Put in force").click()
    expect(olga.page.get_by_text("Set by hand")).to_be_visible()
    looked_at(olga.page, "limits-operator-wide")

    # Nils reads what is left, and meets it.
    nils.page.goto(f"{village.url}/app/pay/limits?currency=INR")
    expect(nils.page.get_by_text("₹100 of ₹100 left").first).to_be_visible()
    looked_at(nils.page, "limits-mine-phone")
    nils.page.goto(f"{village.url}/app/pay/do/send")
    nils.page.get_by_label("Phone number or handle").fill("@pia-l")
    nils.page.get_by_role("button", name="Find").click()
    for key in "101":
        nils.page.get_by_role("button", name=key, exact=True).click()
    nils.page.get_by_role("button", name="Send ₹101 to Pia").click()
    expect(nils.page.get_by_text("One payment may be up to ₹100.")).to_be_visible()
    looked_at(nils.page, "limits-reached-phone")

    # The operator stops what goes out; Nils sees what is stopped and whom to write to.
    olga.page.get_by_label("Phone number or handle").fill("@nils-l")
    olga.page.get_by_role("button", name="Find").click()
    sheet = olga.page.get_by_role("dialog", name="Stop payments of Nils")
    expect(sheet.get_by_role("button", name="Stop payments")).to_be_disabled()
    sheet.get_by_label("Why").fill("The telephone was stolen.")
    looked_at(olga.page, "limits-stop-wide")
    sheet.get_by_role("button", name="Stop payments").click()
    expect(olga.page.get_by_text("The telephone was stolen.")).to_be_visible()
    nils.page.goto(f"{village.url}/app/pay")
    expect(
        nils.page.get_by_text("Payments out of your wallets are stopped for now.")
    ).to_be_visible()
    looked_at(nils.page, "limits-stopped-phone")
    olga.page.get_by_role("button", name="Let go on: Nils").click()
    expect(olga.page.get_by_text("Nobody’s payments are stopped.")).to_be_visible()
    nils.page.goto(f"{village.url}/app/pay")
    expect(nils.page.get_by_text("₹500").first).to_be_visible()
    expect(nils.page.get_by_text("stopped for now")).to_have_count(0)
