"""An operator keeps somebody out for a while, and nothing is lost by it."""

import re

from playwright.sync_api import expect

from tests.servers import Server

from .conftest import DESKTOP, Opener, looked_at
from .test_private import Somebody


def test_who_is_suspended_reads_why_and_goes_on_where_they_were(
    village: Server, visit: Opener
) -> None:
    olga = Somebody(village, visit(village.url, size=DESKTOP), "Olga")
    nils = Somebody(village, visit(village.url), "Nils")
    pia = Somebody(village, visit(village.url), "Pia")
    appointed = village.run("appoint", "operator", "olga@example.org")
    assert appointed.returncode == 0, appointed.stdout
    nils.knows(pia)
    pia.knows(nils)
    nils.opens(pia)
    nils.says("Before")
    chat = nils.page.url
    pia.opens(nils)
    pia.reads("Before")

    # The operator finds them by number or handle, says why, and they are out at once.
    nils.page.request.patch(f"{village.url}/v1/me", data={"handle": "nils-p"})
    olga.page.goto(f"{village.url}/app/you")
    olga.page.get_by_role("link", name="Suspended").click()
    expect(olga.page.get_by_text("Nobody is suspended.")).to_be_visible()
    olga.page.get_by_label("Phone number or handle").fill("@nils-p")
    olga.page.get_by_role("button", name="Find").click()
    sheet = olga.page.get_by_role("dialog", name="Suspend Nils")
    expect(sheet.get_by_role("button", name="Suspend")).to_be_disabled()
    sheet.get_by_label("Why").fill("Sends advertising to everybody.")
    looked_at(olga.page, "suspend-wide")
    sheet.get_by_role("button", name="Suspend").click()
    expect(olga.page.get_by_role("article")).to_contain_text("Sends advertising to everybody.")
    looked_at(olga.page, "suspended-list-wide")

    expect(nils.page).to_have_url(re.compile("/app/suspended$"))
    expect(nils.page.get_by_text("Sends advertising to everybody.")).to_be_visible()
    looked_at(nils.page, "suspended-phone")
    nils.page.goto(chat)
    expect(nils.page).to_have_url(re.compile("/app/suspended$"))
    nils.page.get_by_role("button", name="Look again").click()
    expect(nils.page.get_by_text("Your account is still suspended.")).to_be_visible()
    with nils.page.expect_download() as download:
        nils.page.get_by_role("link", name="Download my data").click()
    assert download.value.suggested_filename == "kirana.zip"
    pia.says("Are you there?")

    # Lifted: the same device, the same keys, and what was said in the meantime.
    olga.page.get_by_role("button", name="Lift: Nils").click()
    expect(olga.page.get_by_text("Nils is let in again.")).to_be_visible()
    nils.page.get_by_role("button", name="Look again").click()
    expect(nils.page).to_have_url(re.compile("/app/chats"))
    nils.page.goto(chat)
    nils.reads("Before")
    nils.reads("Are you there?")
    nils.says("I am back")
    pia.reads("I am back")
