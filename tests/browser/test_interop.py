"""The app in a browser and the Python client talk with each other, with real crypto."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from playwright.sync_api import expect

from kirana.client import Message
from kirana.client.verification import Verification
from tests.servers import Server

from .conftest import DESKTOP, PHONE, Opener
from .programs import Program, Starter
from .test_private import Somebody, letter, photo

FORMULA = b"Salt, cumin and two chillies. " * 50_000
"""More than one chunk of a sealed file."""


def friends(somebody: Somebody, program: Program) -> None:
    """They keep each other as contacts."""
    user_id = program.client.user_id
    answer = somebody.page.request.put(f"{somebody.server.url}/v1/contacts/{user_id}", data={})
    assert answer.ok, answer.text()
    program.do(program.client.call("PUT", f"/v1/contacts/{somebody.id}", {}))


def test_a_person_in_the_app_and_one_with_a_program_talk(
    village: Server, visit: Opener, program: Starter, tmp_path: Path
) -> None:
    asha = Somebody(village, visit(village.url, size=DESKTOP), "Ashainterop")
    ravi = program()
    ravi.sign_in("ravi@interop.example", "Ravi")
    ravi.do(ravi.client.begin())
    ravi.follow()
    friends(asha, ravi)
    talk = ravi.do(ravi.client.talk_with(asha.id)).id
    asha.page.goto(f"{village.url}/app/chats/with/{ravi.client.user_id}")
    expect(asha.log).to_be_visible()

    # Texts, both ways.
    chai = ravi.do(ravi.client.say(talk, "Chai at four?"))
    # Her keys may only just have been made.
    expect(asha.log.get_by_text("Chai at four?")).to_be_visible(timeout=60_000)
    asha.says("Gladly, at the corner")
    gladly = ravi.hears(talk, type="text", text="Gladly, at the corner")
    assert gladly.sender == asha.id

    # Answers that name what they answer.
    quote = {"id": gladly.id, "quote": "Gladly, at the corner"}
    answer = {"type": "text", "text": "See you there", "reply_to": quote}
    there = ravi.do(ravi.client.send(talk, answer))
    bubble = asha.log.locator("[data-id]", has_text="See you there").last
    expect(bubble.get_by_role("button", name=re.compile("Gladly, at the corner"))).to_be_visible()
    asha.asks_what_to_do_with("Chai at four?")
    asha.page.get_by_role("menuitem", name="Reply").click()
    asha.says("With ginger")
    ginger = ravi.hears(talk, text="With ginger")
    assert (ginger.content or {})["reply_to"]["id"] == chai.id

    # Reactions, and one that is taken back.
    smile = {"type": "reaction", "target_id": gladly.id, "emoji": "😄"}
    ravi.do(ravi.client.send(talk, smile))
    expect(asha.log.get_by_role("button", name="😄, 1 person")).to_be_visible()
    ravi.do(ravi.client.send(talk, {**smile, "emoji": ""}))
    expect(asha.log.get_by_role("button", name="😄, 1 person")).to_have_count(0)
    asha.asks_what_to_do_with("Chai at four?")
    asha.page.get_by_role("menuitemradio", name="React with 👍").click()
    ravi.hears(talk, type="reaction", target_id=chai.id, emoji="👍")

    # Changes.
    changed = {"type": "text", "text": "See you at five"}
    ravi.do(ravi.client.send(talk, {"type": "edit", "target_id": there.id, "content": changed}))
    asha.reads("See you at five")
    expect(asha.log.get_by_text("See you there", exact=True)).to_have_count(0)
    asha.asks_what_to_do_with("With ginger")
    asha.page.get_by_role("menuitem", name="Change").click()
    asha.page.get_by_role("textbox", name=re.compile("^Message ")).fill("Without ginger")
    asha.page.get_by_role("button", name="Save").click()
    edit = ravi.hears(talk, type="edit", target_id=ginger.id)
    assert (edit.content or {})["content"]["text"] == "Without ginger"

    # A photo and a file from the app.
    asha.page.get_by_test_id("photos").set_input_files(photo())
    asha.page.get_by_role("textbox", name="Message Ravi").fill("The corner")
    asha.page.get_by_role("button", name="Send photo").click()
    shown = ravi.hears(talk, type="image", caption="The corner").content or {}
    (item,) = shown["items"]
    picture = ravi.do(ravi.client.fetch_file(shown, item["media"]))
    assert picture[:4] in {b"RIFF", b"\xff\xd8\xff\xe0", b"\xff\xd8\xff\xe1"}
    sent = letter()
    asha.page.get_by_test_id("document").set_input_files(sent)
    document = ravi.hears(talk, type="document", name=sent["name"]).content or {}
    file = ravi.do(ravi.client.fetch_file(document))
    assert file == sent["buffer"]

    # And a file from the program.
    recipe = tmp_path / "Masala.txt"
    recipe.write_bytes(FORMULA)
    ravi.do(ravi.client.send_file(talk, recipe, caption="As my mother makes it"))
    asha.reads("As my mother makes it")
    with asha.page.expect_download() as got:
        asha.log.get_by_role("link", name=re.compile("Download Masala.txt")).click()
    assert Path(got.value.path()).read_bytes() == FORMULA

    # What one deletes for all is gone on both sides.
    slip = ravi.do(ravi.client.say(talk, "Sent to the wrong person"))
    asha.reads("Sent to the wrong person")
    ravi.do(ravi.client.delete(slip.id))
    expect(asha.log.get_by_text("Sent to the wrong person")).to_have_count(0)
    asha.says("A slip of mine")
    hers = ravi.hears(talk, text="A slip of mine")
    asha.asks_what_to_do_with("A slip of mine")
    asha.page.get_by_role("menuitem", name="Delete for all").click()
    ravi.until(lambda: of(ravi, talk, hers.id).content is None)

    # A timer, set here and seen there.
    timer = ravi.client.call("PUT", f"/v1/conversations/{talk}/timer", {"timer_s": 86_400})
    ravi.do(timer)
    asha.reads("Messages disappear after a day")
    asha.says("Gone tomorrow")
    ravi.hears(talk, text="Gone tomorrow")
    listed = ravi.do(ravi.client.call("GET", f"/v1/conversations/{talk}/messages"))
    last = max(listed["items"], key=lambda entry: int(entry["seq"]))
    assert last["expires_at"] is not None

    # Nothing was refused, and it is all there after a reload, opened anew.
    assert [it.unread for it in ravi.client.history.page(talk, limit=200) if it.unread] == []
    asha.page.reload()
    asha.reads("See you at five")
    asha.reads("Gone tomorrow")
    expect(asha.log.get_by_text("Waiting for this message")).to_have_count(0)
    expect(asha.log.get_by_text("could not be", exact=False)).to_have_count(0)


def of(program: Program, conv: str, id: str) -> Message:
    return next(it for it in program.client.history.page(conv, limit=200) if it.id == id)


def test_a_program_is_one_of_ones_own_devices(
    village: Server, visit: Opener, program: Starter
) -> None:
    mira = Somebody(village, visit(village.url, size=DESKTOP), "Mirainterop")
    hugo = Somebody(village, visit(village.url, size=PHONE), "Hugointerop")
    mira.knows(hugo)
    hugo.knows(mira)
    mira.opens(hugo)
    mira.says("Before the program")
    hugo.opens(mira)
    hugo.reads("Before the program")
    (listed,) = mira.page.request.get(f"{village.url}/v1/conversations").json()["items"]
    talk = listed["id"]

    # It can read nothing before it is confirmed.
    own = program()
    own.sign_in("mirainterop@example.org")
    own.follow()
    assert own.do(own.client.start()) == "unconfirmed"
    hugo.says("While it waits")
    own.until(lambda: [it for it in own.client.history.page(talk) if it.unread])
    assert not any(it.content for it in own.client.history.page(talk))

    # They compare seven emoji, and the program reads on, and back.
    asked = own.do(own.client.verify(own.client.user_id))
    sheet = mira.page.get_by_role("dialog", name="Confirm a device")
    sheet.get_by_role("button", name="Go on").click()
    compare(own, asked, sheet.get_by_role("listitem").all_inner_texts, sheet)
    sheet.get_by_role("button", name="They match").click()
    own.do(own.client.verifications.confirm(asked.id))
    own.until(lambda: asked.is_over)
    assert asked.phase == "done", asked.reason
    sheet.get_by_role("button", name="Done").click()
    own.until(lambda: own.client.machine.is_confirmed)
    hugo.says("To the app and the program")
    own.hears(talk, text="To the app and the program")
    mira.reads("To the app and the program")
    own.do(own.client.read_history(talk))
    own.hears(talk, text="While it waits")
    own.hears(talk, text="Before the program")

    # What it says is said by her, on every side, with no doubt.
    own.do(own.client.say(talk, "Typed into a terminal"))
    hugo.reads("Typed into a terminal")
    mira.reads("Typed into a terminal")
    hugo.says("Heard")
    own.hears(talk, text="Heard")

    # Signed out in the app, it hears nothing any more.
    mira.page.goto(f"{village.url}/app/you/devices")
    mira.page.get_by_role("button", name=re.compile("^Sign out.*Program")).click()
    own.until(lambda: all(task.done() for task in own.client._tasks))
    hugo.says("Not for the program")
    mira.opens(hugo)
    mira.reads("Not for the program")
    assert "Not for the program" not in [it.text for it in own.client.history.page(talk)]


def test_people_with_app_and_program_compare_and_share_a_group(
    village: Server, visit: Opener, program: Starter
) -> None:
    lena = Somebody(village, visit(village.url, size=DESKTOP), "Lenainterop")
    olaf, nils = program(), program()
    for each, name in ((olaf, "Olaf"), (nils, "Nils")):
        each.sign_in(f"{name.lower()}@interop.example", name)
        each.do(each.client.begin())
        each.follow()
        friends(lena, each)
    olaf.do(olaf.client.call("PUT", f"/v1/contacts/{nils.client.user_id}", {}))
    nils.do(nils.client.call("PUT", f"/v1/contacts/{olaf.client.user_id}", {}))

    # Seven emoji between two people.
    talk = olaf.do(olaf.client.talk_with(lena.id)).id
    olaf.do(olaf.client.say(talk, "Shall we compare?"))
    lena.page.goto(f"{village.url}/app/keys/{olaf.client.user_id}")
    expect(lena.page.get_by_text("Not compared yet")).to_be_visible(timeout=60_000)
    lena.page.get_by_role("button", name="Compare now").click()
    asked = olaf.until(lambda: next(iter(olaf.client.verifications.open), None))
    assert asked is not None
    olaf.do(olaf.client.verifications.accept(asked.id))
    sheet = lena.page.get_by_role("dialog", name="Compare with Olaf")
    sheet.get_by_role("button", name="Compare emoji").click()
    compare(olaf, asked, sheet.get_by_role("listitem").all_inner_texts, sheet)
    olaf.do(olaf.client.verifications.confirm(asked.id))
    sheet.get_by_role("button", name="They match").click()
    expect(sheet.get_by_text("You have verified Olaf")).to_be_visible()
    sheet.get_by_role("button", name="Done").click()
    olaf.until(lambda: asked.phase == "done")
    known = olaf.client.machine.people.person(lena.id)
    assert known is not None
    assert known.is_verified

    # A group that a program began: the app reads its name, writes, and sees who comes and goes.
    group = olaf.do(olaf.client.make_group("Harvest", [lena.id])).id
    lena.page.goto(f"{village.url}/app/chats")
    lena.page.get_by_role("link", name=re.compile("Harvest")).first.click()
    lena.says("I bring baskets")
    olaf.hears(group, text="I bring baskets")
    olaf.do(olaf.client.add_member(group, nils.client.user_id))
    expect(lena.log.get_by_text("Olaf added Nils")).to_be_visible()
    olaf.do(olaf.client.say(group, "Nils brings a ladder"))
    lena.reads("Nils brings a ladder")
    nils.hears(group, text="Nils brings a ladder")
    nils.do(nils.client.say(group, "A long one"))
    lena.reads("A long one")
    lena.says("Splendid")
    for each in (olaf, nils):
        each.hears(group, text="Splendid")
    assert "I bring baskets" not in [it.text for it in nils.client.history.page(group)]
    olaf.do(olaf.client.remove_member(group, nils.client.user_id))
    expect(lena.log.get_by_text("Olaf removed Nils")).to_be_visible()
    lena.says("Without him")
    olaf.hears(group, text="Without him")
    assert "Without him" not in [it.text for it in nils.client.history.page(group)]

    # And one that the app began.
    begin_group(lena, "Winter", "Olaf", "Nils")
    lena.says("Who has wood?")
    for each in (olaf, nils):
        winter = where_is(each, "Who has wood?")
        each.do(each.client.say(winter, f"I have some ({each.client.user_id[-4:]})"))
        lena.reads(f"I have some ({each.client.user_id[-4:]})")
        known_group = each.client.conversations.find(winter)
        assert known_group is not None
        assert known_group.title == "Winter"


def compare(
    program: Program, asked: Verification, seen: Callable[[], list[str]], sheet: Any
) -> None:
    """Both show the same seven."""

    def ready() -> bool:
        return asked.phase in {"ready", "compare"}

    program.until(ready)
    if asked.phase == "ready" and asked.we_asked:
        program.do(program.client.verifications.start(asked.id))
    program.until(lambda: asked.phase == "compare")
    expect(sheet.get_by_role("listitem")).to_have_count(7)
    for text, (sign, _) in zip(seen(), asked.emoji, strict=True):
        assert sign.rstrip("\ufe0f") in text


def where_is(program: Program, text: str) -> str:
    """The conversation in which somebody said this."""

    def look() -> str | None:
        for known in program.client.conversations.all():
            if any(it.text == text for it in program.client.history.page(known.id)):
                return known.id
        return None

    found = program.until(look)
    assert found is not None
    return found


def begin_group(somebody: Somebody, name: str, *members: str) -> None:
    page = somebody.page
    page.goto(f"{somebody.server.url}/app/chats")
    page.get_by_role("button", name="New chat").click()
    page.get_by_role("button", name="New group").click()
    sheet = page.get_by_role("dialog", name="New group")
    sheet.get_by_label("Name of the group").fill(name)
    for member in members:
        sheet.get_by_label(member).check()
    sheet.get_by_role("button", name="Make the group").click()
    expect(somebody.log).to_be_visible()
