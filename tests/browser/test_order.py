"""Keeping order: pinned, muted and archived chats; and what one reports."""

from playwright.sync_api import Page, expect

from tests.servers import Server

from .conftest import DESKTOP, Opener, looked_at
from .test_private import Somebody


def choose(page: Page, act: str) -> None:
    page.get_by_role("button", name="More about this chat").click()
    page.get_by_role("menuitem", name=act, exact=True).click()


def test_somebody_keeps_order_among_their_chats(village: Server, visit: Opener) -> None:
    tara = Somebody(village, visit(village.url, size=DESKTOP), "Tara")
    uma = Somebody(village, visit(village.url), "Uma")
    veda = Somebody(village, visit(village.url), "Veda")
    tara.knows(uma, veda)
    for other in (uma, veda):
        other.knows(tara)
        tara.opens(other)
        tara.says(f"Hello {other.name}")
        tara.reads(f"Hello {other.name}")
    first = tara.page.locator("a[href*='/chats/']").filter(has=tara.page.locator("time")).first
    expect(first).to_contain_text("Veda")

    # What is pinned stands first, on every device of hers.
    tara.opens(uma)
    choose(tara.page, "Pin to the top")
    expect(first).to_contain_text("Uma")
    expect(first).to_contain_text("Pinned")
    looked_at(tara.page, "pinned-wide")
    tara.page.reload()
    expect(first).to_contain_text("Uma")

    # Muted it stays where it is; archived it goes, and can be brought back.
    choose(tara.page, "Mute")
    tara.page.get_by_role("button", name="8 hours").click()
    expect(first).to_contain_text("Muted")
    choose(tara.page, "Archive")
    expect(first).to_contain_text("Veda")
    tara.page.get_by_role("button", name="1 archived chat").click()
    expect(first).to_contain_text("Uma")
    choose(tara.page, "Take out of the archive")
    expect(tara.page.get_by_role("button", name="1 archived chat")).to_have_count(0)


def test_a_report_is_read_by_the_operator_and_by_nobody_else(
    village: Server, visit: Opener
) -> None:
    wim = Somebody(village, visit(village.url), "Wim")
    yara = Somebody(village, visit(village.url), "Yara")
    zoe = Somebody(village, visit(village.url, size=DESKTOP), "Zoe")
    wim.knows(yara)
    yara.knows(wim)
    wim.opens(yara)
    for words in ("Send me money", "Or else", "A harmless word"):
        wim.says(words)
    yara.opens(wim)
    yara.reads("A harmless word")

    yara.asks_what_to_do_with("Or else")
    yara.page.get_by_role("menuitem", name="Report", exact=True).click()
    sheet = yara.page.get_by_role("dialog", name="Report Wim")
    sheet.get_by_label("Why").select_option("threat")
    sheet.get_by_role("checkbox", name="Send me money").check()
    expect(sheet.get_by_text("They see nothing else of this chat")).to_be_visible()
    looked_at(yara.page, "report-phone")
    sheet.get_by_role("button", name="Show 2 messages to the operator").click()
    expect(yara.page.get_by_text("The operator has it now.")).to_be_visible()

    zoe.page.goto(f"{village.url}/app/operator/reports")
    expect(zoe.page.get_by_text("Or else")).to_have_count(0)
    appointed = village.run("appoint", "operator", "zoe@example.org")
    assert appointed.returncode == 0, appointed.stdout
    zoe.page.goto(f"{village.url}/app/you")
    zoe.page.get_by_role("link", name="Reports").click()
    case = zoe.page.get_by_role("article").filter(has_text="Or else")
    expect(case).to_contain_text("Send me money")
    expect(case).to_contain_text("Reported by Yara")
    expect(zoe.page.get_by_text("A harmless word")).to_have_count(0)
    looked_at(zoe.page, "reports-wide")
    case.get_by_label("What became of it").fill("Warned.")
    case.get_by_role("button", name="Close", exact=True).click()
    expect(zoe.page.get_by_text("The report is closed.")).to_be_visible()
    zoe.page.get_by_role("radio", name="Closed").check(force=True)
    expect(zoe.page.get_by_role("article").filter(has_text="Warned.")).to_be_visible()
