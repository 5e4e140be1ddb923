"""Whose devices read what: confirming one's own, recovering, revoking, verifying friends."""

import re
from dataclasses import dataclass

from playwright.sync_api import FilePayload, Locator, Page, expect

from tests.servers import Server

from .conftest import DESKTOP, PHONE, Opener, looked_at
from .steps import PIN, give_pin, sign_in, sign_up

READABLE = re.compile("This device can read your private chats")
UNCONFIRMED = "This device cannot read private chats yet."
SLOW_MS = 60_000
"""Opening the keys and fetching history, on a machine that does much else."""


@dataclass(frozen=True)
class Person:
    """Somebody with a name and an address that no other test uses."""

    id: str
    name: str
    address: str
    page: Page


def test_a_device_reads_nothing_before_it_is_confirmed(village: Server, visit: Opener) -> None:
    asha = join(village, visit, "Asha", "asha@keys.example")
    meera = join(village, visit, "Meera", "meera@keys.example")
    meet(village, asha, meera)
    say(meera.page, "Written before the second device")
    expect(said(asha.page, "Written before the second device")).to_be_visible()

    # The second device is signed in, and reads nothing.
    second = come_back(village, visit, asha)
    expect(second.get_by_text(UNCONFIRMED)).to_be_visible(timeout=SLOW_MS)
    open_chat(second, "Meera")
    say(meera.page, "Written while it waits")
    expect(said(asha.page, "Written while it waits")).to_be_visible()
    waiting = second.get_by_role("log").get_by_text("Waiting for this message")
    expect(waiting.first).to_be_visible()
    expect(second.get_by_text("Written before")).to_have_count(0)
    expect(second.get_by_text("Written while")).to_have_count(0)

    # Both say that the seven are the same.
    second.get_by_role("link", name="Confirm it").click()
    expect(second.get_by_text("This device cannot read your private chats yet")).to_be_visible()
    looked_at(second, "keys-unconfirmed")
    second.get_by_role("button", name=re.compile("^Compare seven emoji")).click()
    asked = comparison(asha.page, "Confirm a device")
    expect(asked).to_contain_text("signed in as you and wants to read your chats")
    looked_at(asha.page, "keys-incoming")
    asked.get_by_role("button", name="Go on").click()
    here = comparison(second, "Confirm a device")
    expect(emoji(here)).to_have_count(7)
    assert emoji(here).all_inner_texts() == emoji(asked).all_inner_texts()
    looked_at(second, "keys-emoji")
    here.get_by_role("button", name="They match").click()
    asked.get_by_role("button", name="They match").click()
    expect(here.get_by_text("This device reads your private chats now")).to_be_visible()
    expect(asked.get_by_text("That device reads your private chats now")).to_be_visible()
    looked_at(second, "keys-done")
    for dialog in (here, asked):
        dialog.get_by_role("button", name="Done").click()
    expect(second.get_by_text(READABLE)).to_be_visible()

    # It reads what was said before, and what is said now.
    second.goto(f"{village.url}/app/chats")
    open_chat(second, "Meera")
    for words in ("Written before the second device", "Written while it waits"):
        expect(said(second, words)).to_be_visible(timeout=SLOW_MS)
    say(meera.page, "Written to all of them")
    for page in (asha.page, second):
        expect(said(page, "Written to all of them")).to_be_visible()


def test_the_recovery_key_confirms_and_a_revoked_device_is_out(
    village: Server, visit: Opener
) -> None:
    ravi = join(village, visit, "Ravi", "ravi@keys.example")
    greta = join(village, visit, "Greta", "greta@keys.example")
    meet(village, ravi, greta)
    say(greta.page, "Kept for later")
    expect(said(ravi.page, "Kept for later")).to_be_visible()

    # The key is shown until it is said to be saved, and asked for meanwhile.
    ravi.page.goto(f"{village.url}/app/you")
    expect(ravi.page.get_by_text("Your recovery key is not saved yet.")).to_be_visible(
        timeout=SLOW_MS
    )
    looked_at(ravi.page, "keys-reminder")
    ravi.page.get_by_role("link", name="Save", exact=True).click()
    key = ravi.page.get_by_test_id("recovery-key").inner_text()
    groups = key.split()
    assert [len(group) for group in groups] == [4] * 13
    ravi.page.get_by_role("button", name="Show as a code").click()
    expect(ravi.page.get_by_role("img", name="Your recovery key as a code")).to_be_visible()
    looked_at(ravi.page, "keys-recovery")
    with ravi.page.expect_download() as download:
        ravi.page.get_by_role("button", name="Save as a file").click()
    kept = download.value.path().read_bytes()
    ravi.page.get_by_role("button", name="I have saved it").click()
    expect(ravi.page.get_by_test_id("recovery-key")).to_have_count(0)
    expect(ravi.page.get_by_text("Not kept on this device")).to_be_visible()

    # Keys are put away some seconds after they came.
    ravi.page.wait_for_function(
        "() => fetch('/v1/key-backups/latest').then((it) => it.json()).then((it) => it.count > 0)",
        timeout=SLOW_MS,
    )

    # A wrong one opens nothing; the right one brings everything back.
    third = come_back(village, visit, ravi)
    third.goto(f"{village.url}/app/you/keys")
    third.get_by_role("button", name=re.compile("^Type the recovery key")).click(timeout=SLOW_MS)
    field = third.get_by_role("textbox", name="Recovery key")
    field.fill(" ".join([*groups[1:12], groups[0], groups[12]]))
    third.get_by_role("button", name="Confirm this device").click()
    expect(third.get_by_text("This is not your recovery key.")).to_be_visible()
    field.fill("ABCD")
    third.get_by_role("button", name="Confirm this device").click()
    expect(third.get_by_text("This is no recovery key")).to_be_visible()
    looked_at(third, "keys-wrong")
    with third.expect_file_chooser() as chooser:
        third.get_by_role("button", name="Choose the saved file").click()
    file: FilePayload = {"name": "key.txt", "mimeType": "text/plain", "buffer": kept}
    chooser.value.set_files(file)
    expect(field).to_have_value(" ".join(groups))
    third.get_by_role("button", name="Confirm this device").click()
    expect(third.get_by_text(re.compile("This device is confirmed. The keys? of"))).to_be_visible(
        timeout=SLOW_MS
    )
    expect(third.get_by_role("heading", name="This device can read")).to_be_visible()
    expect(third.get_by_text(READABLE)).to_be_visible()
    third.goto(f"{village.url}/app/chats")
    open_chat(third, "Greta")
    expect(said(third, "Kept for later")).to_be_visible(timeout=SLOW_MS)

    # Signed out from afar, it is out.
    ravi.page.goto(f"{village.url}/app/you/devices")
    expect(ravi.page.get_by_text(re.compile("· Confirmed"))).to_have_count(2, timeout=SLOW_MS)
    looked_at(ravi.page, "keys-devices")
    ravi.page.get_by_role("button", name=re.compile("^Sign out")).first.click()
    expect(third).to_have_url(re.compile("/app/sign-in"))
    say(greta.page, "Not for the third")
    ravi.page.goto(f"{village.url}/app/chats")
    open_chat(ravi.page, "Greta")
    expect(said(ravi.page, "Not for the third")).to_be_visible()
    assert third.request.get(f"{village.url}/v1/device-messages").status == 401
    expect(third.get_by_text("Not for the third")).to_have_count(0)


def test_a_device_is_confirmed_by_scanning_the_other(village: Server, visit: Opener) -> None:
    omar = join(village, visit, "Omar", "omar@keys.example")
    expect_confirmed(village, omar.page)
    second = come_back(village, visit, omar)
    second.goto(f"{village.url}/app/you/keys")
    second.get_by_role("button", name=re.compile("^Scan your other device")).click(timeout=SLOW_MS)
    asked = comparison(omar.page, "Confirm a device")
    asked.get_by_role("button", name="Go on").click()
    code = asked.get_by_role("img", name="Code for the other device to scan")
    expect(code).to_be_visible()
    looked_at(omar.page, "keys-code")
    here = comparison(second, "Confirm a device")
    with second.expect_file_chooser() as chooser:
        here.get_by_role("button", name="Choose a photo").click()
    file: FilePayload = {"name": "code.png", "mimeType": "image/png", "buffer": code.screenshot()}
    chooser.value.set_files(file)
    asked.get_by_role("button", name="Yes, it worked").click()
    for dialog in (asked, here):
        expect(dialog.get_by_text(re.compile("reads your private chats now"))).to_be_visible()
        dialog.get_by_role("button", name="Done").click()
    expect(second.get_by_text(READABLE)).to_be_visible()


def test_friends_verify_each_other_and_notice_other_keys(village: Server, visit: Opener) -> None:
    nadia = join(village, visit, "Nadia", "nadia@keys.example", size=DESKTOP)
    tariq = join(village, visit, "Tariq", "tariq@keys.example")
    leila = join(village, visit, "Leila", "leila@keys.example")
    meet(village, nadia, tariq)
    expect_confirmed(village, leila.page)
    leila.page.goto(f"{village.url}/app/keys/{tariq.id}")
    for one, other in ((nadia, tariq), (tariq, nadia)):
        one.page.goto(f"{village.url}/app/keys/{other.id}")
        expect(one.page.get_by_text("Not compared yet")).to_be_visible(timeout=SLOW_MS)
    number = nadia.page.get_by_test_id("safety-number").inner_text().split()
    assert number == tariq.page.get_by_test_id("safety-number").inner_text().split()
    assert [len(group) for group in number] == [5] * 12
    looked_at(tariq.page, "keys-friend")
    looked_at(nadia.page, "keys-friend-desk")

    # Once they do not match, and nothing is verified.
    begin_emoji(nadia, tariq)
    comparison(tariq.page, "Compare with Nadia").get_by_role(
        "button", name="They do not match"
    ).click()
    for one, other in ((nadia, tariq), (tariq, nadia)):
        dialog = comparison(one.page, f"Compare with {other.name}")
        expect(dialog.get_by_text("The emoji did not match.")).to_be_visible()
        dialog.get_by_role("button", name="Close").last.click()
        expect(one.page.get_by_text("Not compared yet")).to_be_visible()

    # Then they do, and both see it.
    begin_emoji(nadia, tariq)
    for one, other in ((nadia, tariq), (tariq, nadia)):
        comparison(one.page, f"Compare with {other.name}").get_by_role(
            "button", name="They match"
        ).click()
    for one, other in ((nadia, tariq), (tariq, nadia)):
        dialog = comparison(one.page, f"Compare with {other.name}")
        expect(dialog.get_by_text(f"You have verified {other.name}")).to_be_visible()
        dialog.get_by_role("button", name="Done").click()
        expect(one.page.get_by_text(f"You compared with {other.name}.")).to_be_visible()
    looked_at(tariq.page, "keys-verified")

    # He loses everything and starts again: she is told, and decides.
    set_pin(village, tariq.page)
    tariq.page.goto(f"{village.url}/app/you/keys")
    expect(tariq.page.get_by_text(READABLE)).to_be_visible(timeout=SLOW_MS)
    before = tariq.page.get_by_test_id("recovery-key").inner_text()
    tariq.page.get_by_role("button", name="Start again with a new identity").click()
    losses = tariq.page.get_by_role("dialog", name="Start again with a new identity")
    expect(losses.get_by_text("Your recovery key opens nothing any more.")).to_be_visible()
    looked_at(tariq.page, "keys-reset")
    losses.get_by_role("button", name="Lose this and start again").click()
    give_pin(tariq.page)
    expect(tariq.page.get_by_text("You have a new identity.")).to_be_visible(timeout=SLOW_MS)
    expect(tariq.page.get_by_test_id("recovery-key")).not_to_have_text(before)
    expect(leila.page.get_by_text("Not compared yet")).to_be_visible()
    leila.page.reload()
    expect(leila.page.get_by_text("Tariq's keys changed")).to_be_visible(timeout=SLOW_MS)
    looked_at(leila.page, "keys-changed")
    leila.page.get_by_role("button", name="All right").click()
    expect(leila.page.get_by_text("Not compared yet")).to_be_visible()
    expect(nadia.page.get_by_text("Tariq is not who you verified")).to_be_visible()
    looked_at(nadia.page, "keys-broken")
    nadia.page.get_by_role("button", name="Go on without").click()
    expect(nadia.page.get_by_text("Not compared yet")).to_be_visible()
    nadia.page.get_by_role("link", name="Who can read what").click()
    expect(nadia.page.get_by_text("What the server sees all the same")).to_be_visible()
    looked_at(nadia.page, "keys-who")


def join(village: Server, visit: Opener, name: str, address: str, **options: object) -> Person:
    page = visit(f"{village.url}/app/sign-in", **options)
    sign_up(page, village, address, name)
    me = page.request.get(f"{village.url}/v1/me").json()
    return Person(me["id"], name, address, page)


def come_back(village: Server, visit: Opener, person: Person) -> Page:
    """The same person, on a device of theirs that is new."""
    page = visit(f"{village.url}/app/sign-in", size=PHONE)
    sign_in(page, village, person.address)
    return page


def expect_confirmed(village: Server, page: Page) -> None:
    page.goto(f"{village.url}/app/you/keys")
    expect(page.get_by_text(READABLE)).to_be_visible(timeout=SLOW_MS)


def meet(village: Server, one: Person, other: Person) -> None:
    """Both have keys, know each other and have the chat open."""
    for person in (one, other):
        expect_confirmed(village, person.page)
    for person, friend in ((one, other), (other, one)):
        person.page.goto(f"{village.url}/app/u/{friend.id}")
        field = person.page.get_by_role("textbox", name=f"Message {friend.name}")
        accept = person.page.get_by_role("button", name="Accept")
        # Whoever comes second was a stranger when the first one began.
        expect(field.or_(accept)).to_be_visible()
        if accept.is_visible():
            accept.click()
        expect(field).to_be_visible()


def open_chat(page: Page, name: str) -> None:
    page.get_by_role("link", name=re.compile(name)).first.click()
    expect(page.get_by_role("log")).to_be_visible()


def say(page: Page, words: str) -> None:
    page.get_by_role("textbox", name=re.compile("^Message ")).fill(words)
    page.get_by_role("button", name="Send", exact=True).click()


def said(page: Page, words: str) -> Locator:
    return page.get_by_role("log").get_by_text(words)


def comparison(page: Page, title: str) -> Locator:
    return page.get_by_role("dialog", name=title)


def emoji(dialog: Locator) -> Locator:
    return dialog.get_by_role("listitem")


def begin_emoji(one: Person, other: Person) -> None:
    one.page.get_by_role("button", name="Compare now").click()
    asked = comparison(other.page, f"Compare with {one.name}")
    asked.get_by_role("button", name="Go on").click()
    ready = comparison(one.page, f"Compare with {other.name}")
    ready.get_by_role("button", name="Compare emoji").click()
    for dialog in (ready, asked):
        expect(emoji(dialog)).to_have_count(7)
    assert emoji(ready).all_inner_texts() == emoji(asked).all_inner_texts()


def set_pin(village: Server, page: Page) -> None:
    answer = page.request.put(f"{village.url}/v1/me/pin", data={"pin": PIN, "old_pin": None})
    assert answer.ok, answer.text()
