"""Two admins change a group in the same moment: one group comes of it, on all devices."""

import pytest
from playwright.sync_api import Route, expect

from tests.servers import Server

from .conftest import Opener
from .liar import conversation_of
from .programs import Program, Starter
from .test_groups import to_info
from .test_interop import friends as acquainted
from .test_private import Somebody, back, friends, make_group

pytestmark = pytest.mark.service_worker


def test_what_two_admins_do_at_once_is_one_group_in_the_end(
    village: Server, visit: Opener, program: Starter
) -> None:
    ilse, jens = friends(village, visit, "Ilse", "Jens")
    kira, lars = (newcomer(program, name) for name in ("Kira", "Lars"))
    acquainted(ilse, kira)
    acquainted(jens, lars)
    acquainted(ilse, lars)
    make_group(ilse, "Orchard", "Jens", "Kira")
    ilse.says("Three of us")
    conv = conversation_of(ilse.page)
    jens.page.goto(f"{village.url}/app/chats/{conv}")
    jens.reads("Three of us")
    kira.hears(conv, text="Three of us")
    to_info(ilse, "Orchard")
    ilse.page.get_by_role("button", name="What to do with Jens").click()
    ilse.page.get_by_role("menuitem", name="Make an admin").click()
    jens.reads("You are an admin now")

    # Each says who is in it, without knowing what the other says.
    to_info(jens, "Orchard")
    expect(jens.page.get_by_role("button", name="Add people")).to_be_visible()
    held = [hold_settings(somebody) for somebody in (ilse, jens)]
    ilse.page.get_by_role("button", name="What to do with Kira").click()
    ilse.page.get_by_role("menuitem", name="Remove").click()
    jens.page.get_by_role("button", name="Add people").click()
    jens.page.get_by_role("dialog").get_by_label("Lars").check()
    jens.page.get_by_role("button", name="Add 1 person").click()
    for somebody, waiting in zip((ilse, jens), held, strict=True):
        for _ in range(1000):
            if waiting:
                break
            somebody.page.wait_for_timeout(20)
        assert waiting, "The settings are on their way."
    for waiting in held:
        for route in waiting:
            route.continue_()
    until_agreed(lars, conv, ilse, jens)
    for somebody in (ilse, jens):
        expect(somebody.page.get_by_text("3 members")).to_be_visible()
        expect(somebody.page.get_by_text("cannot read")).to_have_count(0)
        somebody.page.unroute("**/messages")
        back(somebody)

    # Everybody who is in it reads everybody; who was taken out reads nothing any more.
    talk(conv, ilse, jens, lars, "first")
    assert not said_to(kira, conv, "first")

    # One has no connection while the other changes the same, and more; then both show one thing.
    to_info(ilse, "Orchard")
    ilse.page.context.set_offline(True)
    name(ilse, "Orchard in the east")
    to_info(jens, "Orchard")
    jens.page.get_by_label("What it is for").fill("Apples and pears")
    name(jens, "Orchard in the west")
    expect(jens.page.get_by_role("heading", name="Orchard in the west")).to_be_visible()
    ilse.page.context.set_offline(False)
    for somebody in (ilse, jens):
        somebody.page.goto(f"{village.url}/app/chats/{conv}")
        expect(somebody.page.get_by_role("heading", name="Orchard in the east")).to_be_visible()
        by_jens, by_ilse = "“Orchard in the west”", "“Orchard in the east”"
        somebody.reads(f"named the group {by_jens if somebody is ilse else by_ilse}")
    lars.until(lambda: title_of(lars, conv) == "Orchard in the east")
    talk(conv, ilse, jens, lars, "second")
    assert not said_to(kira, conv, "second")
    for somebody in (ilse, jens):
        somebody.page.reload()
        expect(somebody.page.get_by_role("heading", name="Orchard in the east")).to_be_visible()
        somebody.reads("Lars second")
        to_info(somebody, "Orchard in the east")
        expect(somebody.page.get_by_label("What it is for")).to_have_value("Apples and pears")


def newcomer(program: Starter, name: str) -> Program:
    somebody = program()
    somebody.sign_in(f"{name.lower()}@orchard.example", name)
    somebody.do(somebody.client.begin())
    somebody.follow()
    return somebody


def hold_settings(somebody: Somebody) -> list[Route]:
    """The first that this person says from now on is kept back."""
    held: list[Route] = []

    def keep(route: Route) -> None:
        if held or route.request.method != "POST":
            route.continue_()
        else:
            held.append(route)

    somebody.page.route("**/messages", keep)
    return held


def until_agreed(lars: Program, conv: str, *browsers: Somebody) -> None:
    """What is set last names just these people, and every device of theirs has handled it."""
    people = {lars.client.user_id, *(it.id for it in browsers)}

    def is_agreed() -> bool:
        told = lars.do(lars.client.api.call("GET", f"/v1/conversations/{conv}"))
        known = lars.client.conversations.find(conv)
        if not told["settings"] or known is None or known.lists is None:
            return False  # Nothing was set since Lars is in it, or his device has not read it.
        last = told["settings"]["seq"]
        handled = {it["user_id"] for it in told["marks"] if it["delivered_seq"] >= last}
        is_read = known.lists.seq == last and set(known.lists.list.members) == people
        return is_read and people <= handled

    for _ in range(300):
        if is_agreed():
            return
        browsers[0].page.wait_for_timeout(200)
    raise AssertionError("They never came to one list.")


def talk(conv: str, ilse: Somebody, jens: Somebody, lars: Program, what: str) -> None:
    ilse.says(f"Ilse {what}")
    jens.reads(f"Ilse {what}")
    jens.says(f"Jens {what}")
    ilse.reads(f"Jens {what}")
    for words in ("Ilse", "Jens"):
        lars.hears(conv, text=f"{words} {what}")
    lars.do(lars.client.say(conv, f"Lars {what}"))
    for somebody in (ilse, jens):
        somebody.reads(f"Lars {what}")


def said_to(program: Program, conv: str, what: str) -> bool:
    program.do(program.client.pull())
    return any(what in it.text for it in program.client.history.page(conv, limit=200))


def name(somebody: Somebody, title: str) -> None:
    somebody.page.get_by_label("Name of the group").fill(title)
    somebody.page.get_by_role("button", name="Save").click()


def title_of(program: Program, conv: str) -> str | None:
    known = program.client.conversations.find(conv)
    return known.title if known else None
