"""What somebody keeps about their chats, for themselves, on all of their devices."""

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.servers import Server

from .conftest import DESKTOP, PHONE, Opener, looked_at, running
from .steps import sign_in
from .test_private import Somebody, photo

pytestmark = pytest.mark.service_worker

SLOW_MS = 60_000
READABLE = "This device can read your private chats"
STARRED = "The spare key hangs behind the shed"
LATER = "The spare key hangs in the cellar"


@pytest.fixture(scope="module")
def cove(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server for these tests alone."""
    yield from running(Server(tmp_path_factory.mktemp("cove")))


class Elsewhere(Somebody):
    """The same person on another device, confirmed by the recovery key."""

    def __init__(self, first: Somebody, page: Page) -> None:
        self.server, self.page, self.name, self.id = first.server, page, first.name, first.id
        first.page.goto(f"{first.server.url}/app/you/keys")
        key = first.page.get_by_test_id("recovery-key")
        expect(key).to_be_visible(timeout=SLOW_MS)
        sign_in(page, self.server, f"{first.name.lower()}@example.org")
        page.goto(f"{self.server.url}/app/you/keys")
        typing = page.get_by_role("button", name=re.compile("^Type the recovery key"))
        typing.click(timeout=SLOW_MS)
        page.get_by_role("textbox", name="Recovery key").fill(key.inner_text())
        page.get_by_role("button", name="Confirm this device").click()
        expect(page.get_by_text(READABLE)).to_be_visible(timeout=SLOW_MS)


def test_a_star_is_on_all_devices_and_leads_to_the_message(cove: Server, visit: Opener) -> None:
    ines = Somebody(cove, visit(cove.url, size=PHONE), "Ines")
    jon = Somebody(cove, visit(cove.url, size=PHONE), "Jon")
    ines.knows(jon)
    jon.knows(ines)
    there = Elsewhere(ines, visit(cove.url, size=DESKTOP))
    jon.opens(ines)
    jon.says(STARRED)
    jon.says("Bring the ladder")

    ines.opens(jon)
    ines.reads(STARRED)
    ines.asks_what_to_do_with(STARRED)
    ines.page.get_by_role("menuitem", name="Star", exact=True).click()
    expect(ines.log.get_by_text("Starred", exact=True)).to_have_count(1)

    # On the other device it is in the list, as it reads now, and leads to its place.
    there.page.goto(f"{cove.url}/app/chats")
    there.page.get_by_role("link", name="Starred messages").click()
    row = there.page.get_by_role("main").get_by_role("link", name=re.compile("Jon"))
    row = row.filter(has_text="spare key")
    expect(row).to_contain_text(STARRED)
    jon.asks_what_to_do_with(STARRED)
    jon.page.get_by_role("menuitem", name="Change").click()
    jon.page.get_by_role("textbox", name=re.compile("^Message ")).fill(LATER)
    jon.page.get_by_role("button", name="Save").click()
    expect(row).to_contain_text(LATER)
    looked_at(there.page, "starred-wide")
    row.click()
    expect(there.log.get_by_text(LATER)).to_be_in_viewport()
    expect(there.log.get_by_text("Starred", exact=True)).to_have_count(1)

    # What is starred there is starred here; what is deleted for all is gone from the list.
    there.asks_what_to_do_with("Bring the ladder")
    there.page.get_by_role("menuitem", name="Star", exact=True).click()
    ines.page.goto(f"{cove.url}/app/you")
    ines.page.get_by_role("link", name=re.compile("Starred messages")).click()
    expect(ines.page.get_by_role("link", name=re.compile("ladder"))).to_be_visible()
    looked_at(ines.page, "starred-phone")
    jon.asks_what_to_do_with(LATER)
    jon.page.get_by_role("menuitem", name="Delete for all").click()
    expect(ines.page.get_by_role("link", name=re.compile("spare key"))).to_have_count(0)
    ines.page.get_by_role("button", name="Take the star away").click()
    expect(ines.page.get_by_text("Star a message in its menu")).to_be_visible()
    there.reads("Bring the ladder")
    expect(there.log.get_by_text("Starred", exact=True)).to_have_count(0)


def test_two_devices_arrange_folders_at_once(cove: Server, visit: Opener) -> None:
    kira = Somebody(cove, visit(cove.url, size=PHONE), "Kira")
    lars, mona = (Somebody(cove, visit(cove.url), name) for name in ("Lars", "Mona"))
    kira.knows(lars, mona)
    there = Elsewhere(kira, visit(cove.url, size=DESKTOP))
    for other in (lars, mona):
        other.knows(kira)
        kira.opens(other)
        kira.says(f"Hello {other.name}")
        kira.reads(f"Hello {other.name}")

    # A folder is made from the menu of a chat, and is there on the other device.
    kira.opens(lars)
    folders_of_chat(kira.page)
    sheet = kira.page.get_by_role("dialog", name="Folders")
    sheet.get_by_label("New folder").fill("Family")
    sheet.get_by_role("button", name="Make").click()
    expect(sheet.get_by_role("checkbox", name="Family")).to_be_checked()
    looked_at(kira.page, "folders-of-chat")
    sheet.get_by_role("button", name="Close").click()
    there.opens(mona)
    chips = there.page.get_by_role("group", name="Folders")
    chips.get_by_role("button", name="Family").click()
    chats = there.page.locator("a[href*='/chats/']").filter(has=there.page.locator("time"))
    expect(chats).to_have_count(1)
    expect(chats).to_contain_text("Lars")
    looked_at(there.page, "folders-wide")

    # One is offline and puts a chat into it; the other makes another folder and renames the first.
    there.page.context.set_offline(True)
    folders_of_chat(there.page)
    sheet = there.page.get_by_role("dialog", name="Folders")
    sheet.get_by_role("checkbox", name="Family").check()
    sheet.get_by_role("button", name="Close").click()
    expect(chats).to_have_count(2)
    kira.page.goto(f"{cove.url}/app/chats")
    kira.page.get_by_role("button", name="Arrange folders").click()
    sheet = kira.page.get_by_role("dialog", name="Folders")
    sheet.get_by_role("textbox", name="Name of the folder").fill("Home")
    sheet.get_by_label("New folder").fill("Work")
    sheet.get_by_role("button", name="Make").click()
    sheet.get_by_role("button", name="Move Work up").click()
    expect(sheet.get_by_role("textbox", name="Name of the folder").first).to_have_value("Work")
    looked_at(kira.page, "folders-phone")
    sheet.get_by_role("button", name="Close").click()
    expect(chips.get_by_role("button", name="Work")).to_have_count(0)
    there.page.context.set_offline(False)
    expect(chips.get_by_role("button", name="Work")).to_be_visible(timeout=SLOW_MS)
    expect(chips.get_by_role("button", name="Home")).to_be_visible()
    expect(chats).to_have_count(2)

    # Nothing of either is lost.
    home = kira.page.get_by_role("group", name="Folders").get_by_role("button", name="Home")
    home.click()
    rows = kira.page.locator("a[href*='/chats/']").filter(has=kira.page.locator("time"))
    expect(rows).to_have_count(2)
    kira.page.get_by_role("button", name="Arrange folders").click()
    sheet.get_by_role("button", name="Delete the folder Home").click()
    expect(chips.get_by_role("button", name="Home")).to_have_count(0)
    expect(chips.get_by_role("button", name="All")).to_have_attribute("aria-pressed", "true")


def folders_of_chat(page: Page) -> None:
    page.get_by_role("button", name="More about this chat").click()
    page.get_by_role("menuitem", name="Folders").click()


SOON = "The cake is in the oven"
NEVER = "Forget what I said"
CHANGED = "The cake is out of the oven"


def test_what_is_for_later_goes_once_and_what_is_cancelled_never(
    cove: Server, visit: Opener
) -> None:
    nils = Somebody(cove, visit(cove.url, size=PHONE), "Nils")
    olga = Somebody(cove, visit(cove.url, size=DESKTOP), "Olga")
    nils.knows(olga)
    olga.knows(nils)
    olga.opens(nils)
    nils.opens(olga)

    # One is to go in a moment, written by keyboard alone; one tomorrow, by holding the button.
    field = nils.page.get_by_role("textbox", name=re.compile("^Message "))
    field.fill(SOON)
    nils.page.get_by_role("button", name="Attach").press("Enter")
    nils.page.get_by_role("menuitem", name="Send later").press("Enter")
    sheet = nils.page.get_by_role("dialog", name="Send later")
    expect(sheet.get_by_text("if Kirana is open on this device then")).to_be_visible()
    looked_at(nils.page, "later-phone")
    when = sheet.get_by_label("Date and time")
    when.fill("2020-01-01T10:00")
    sheet.get_by_role("button", name=re.compile("^Send on")).click()
    expect(sheet.get_by_text("Choose a time that is still to come.")).to_be_visible()
    zone = ZoneInfo(nils.page.evaluate("Intl.DateTimeFormat().resolvedOptions().timeZone"))
    soon = datetime.now(zone) + timedelta(seconds=100)
    when.fill(soon.strftime("%Y-%m-%dT%H:%M"))
    sheet.get_by_role("button", name=re.compile("^Send on")).click()
    field.fill(NEVER)
    nils.page.get_by_role("button", name="Send", exact=True).click(delay=900)
    sheet.get_by_role("button", name=re.compile("^Tomorrow morning")).click()
    waiting = nils.page.get_by_role("list", name="To be sent later").get_by_role("listitem")
    expect(waiting).to_have_count(2)
    expect(field).to_have_value("")
    looked_at(nils.page, "scheduled-phone")

    # They hold up nothing, and nobody hears of them.
    nils.says("What are you doing?")
    olga.reads("What are you doing?")
    expect(olga.page.get_by_text(SOON)).to_have_count(0)

    # Cancelled, changed, and there after a reload.
    act(waiting.filter(has_text=NEVER), "Do not send")
    expect(waiting).to_have_count(1)
    act(waiting, "Change")
    change = nils.page.get_by_role("dialog", name="To be sent later")
    change.get_by_label("Message").fill(CHANGED)
    change.get_by_role("button", name=re.compile("^Send on")).click()
    expect(waiting).to_contain_text(CHANGED)
    nils.page.reload()
    expect(nils.log).to_be_visible()

    # It goes when its time has come, once.
    expect(olga.log.get_by_text(CHANGED)).to_have_count(1, timeout=3 * SLOW_MS)
    expect(waiting).to_have_count(0)
    nils.page.reload()
    nils.reads(CHANGED)
    for somebody in (nils, olga):
        expect(somebody.log.get_by_text(CHANGED)).to_have_count(1)
        expect(somebody.page.get_by_text(NEVER)).to_have_count(0)

    # And one that is not to wait after all.
    nils.page.get_by_role("textbox", name=re.compile("^Message ")).fill("Now or never")
    nils.page.get_by_role("button", name="Attach").click()
    nils.page.get_by_role("menuitem", name="Send later").click()
    sheet.get_by_role("button", name=re.compile("^Tomorrow morning")).click()
    act(waiting, "Send now")
    olga.reads("Now or never")
    expect(waiting).to_have_count(0)


def act(sending: Locator, what: str) -> None:
    sending.get_by_role("button", name="What to do with it").click()
    sending.get_by_role("menuitem", name=what).click()


def test_what_opens_once_is_gone_on_all_devices_when_it_was_opened(
    cove: Server, visit: Opener
) -> None:
    pia = Somebody(cove, visit(cove.url, size=PHONE), "Pia")
    quin = Somebody(cove, visit(cove.url, size=DESKTOP), "Quin")
    pia.knows(quin)
    quin.knows(pia)
    pia.opens(quin)
    pia.says("Look")
    quin.opens(pia)
    quin.reads("Look")

    pia.page.get_by_test_id("photos").set_input_files(photo())
    pia.page.get_by_role("button", name="Opens once").click()
    expect(pia.page.get_by_text("A screenshot or another camera cannot be")).to_be_visible()
    looked_at(pia.page, "once-before-sending")
    pia.page.get_by_role("button", name="Send photo").click()

    # Nothing of it is seen before, and it goes nowhere else.
    tile = quin.log.get_by_role("button", name="Photo Opens once")
    expect(tile).to_be_visible()
    expect(quin.log.locator("img")).to_have_count(0)
    row = quin.page.get_by_role("link", name=re.compile("Pia")).first
    expect(row).to_contain_text("Photo · opens once")
    tile.click(button="right")
    expect(quin.page.get_by_role("menuitem", name="Reply")).to_be_visible()
    expect(quin.page.get_by_role("menuitem", name="Forward")).to_have_count(0)
    quin.page.keyboard.press("Escape")
    looked_at(quin.page, "once-closed")

    # Opened, once.
    tile.click()
    viewer = quin.page.get_by_role("dialog", name="Photo")
    expect(viewer.get_by_role("img")).to_have_js_property("complete", True)
    expect(viewer.get_by_text("When you close this, it is gone")).to_be_visible()
    viewer.get_by_role("button", name="Close").click()
    expect(viewer).to_have_count(0)
    expect(quin.log.get_by_role("button", name="Photo Opens once")).to_have_count(0)
    expect(quin.log.get_by_text("Opened", exact=True)).to_be_visible()
    expect(pia.log.get_by_text(re.compile("^Opened at "))).to_be_visible()
    looked_at(pia.page, "once-opened")

    # It stays so after a reload, in the list too.
    quin.page.reload()
    expect(quin.log.get_by_text("Opened", exact=True)).to_be_visible()
    expect(row).to_contain_text("Opened")
    expect(quin.log.locator("img")).to_have_count(0)
