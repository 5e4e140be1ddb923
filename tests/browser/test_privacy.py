"""What others see of one: read receipts, typing, and when one was here."""

from playwright.sync_api import Response, Route, expect

from tests.servers import Server

from .conftest import DESKTOP, Opener, looked_at
from .test_private import Somebody


def test_two_people_see_of_each_other_what_both_show(village: Server, visit: Opener) -> None:
    nila = Somebody(village, visit(village.url, size=DESKTOP), "Nila")
    omar = Somebody(village, visit(village.url), "Omar")
    nila.knows(omar)
    omar.knows(nila)
    nila.opens(omar)
    nila.says("Are you there?")
    omar.opens(nila)
    omar.reads("Are you there?")

    # She sees that he is here and has read it, and that he types.
    expect(nila.page.get_by_text("online", exact=True)).to_be_visible()
    expect(omar.page.get_by_text("online", exact=True)).to_be_visible()
    expect(nila.log.get_by_text("Read", exact=True)).to_be_attached()
    omar.page.get_by_role("textbox", name="Message Nila").press_sequentially("Yes")
    expect(nila.page.get_by_text("typing…").first).to_be_visible()
    looked_at(nila.page, "presence-wide")

    # He goes: she sees since when.
    omar.page.goto("about:blank")
    expect(nila.page.get_by_text("last seen today at")).to_be_visible()

    # He shows nothing any more, and sees nothing of her.
    omar.page.goto(f"{village.url}/app/you/privacy")
    reads = omar.page.get_by_role("switch", name="Read receipts")
    expect(reads).to_be_checked()
    held: list[Route] = []
    omar.page.route("**/v1/privacy", lambda it: held.append(it), times=1)
    reads.click()
    # What he chose stays as he chose it, though the answer to it is late and others come before.
    omar.page.get_by_role("switch", name="Typing").click()
    with omar.page.expect_response(lambda it: is_of_privacy(it, "GET")):
        omar.page.get_by_role("radio", name="Nobody").check(force=True)
    expect(reads).not_to_be_checked()
    with omar.page.expect_response(lambda it: is_of_privacy(it, "PATCH")) as saved:
        held[0].continue_()
    assert saved.value.ok
    looked_at(omar.page, "privacy-phone")
    nila.opens(omar)
    nila.says("Did you see this?")
    omar.opens(nila)
    omar.reads("Did you see this?")
    omar.says("No.")
    nila.reads("No.")
    nila_said = nila.log.locator("[data-id]", has_text="Did you see this?")
    expect(nila_said.get_by_text("Delivered", exact=True)).to_be_attached()
    expect(nila.log.get_by_text("Read", exact=True)).to_have_count(0)
    expect(nila.page.get_by_text("online", exact=True)).to_have_count(0)
    expect(omar.page.get_by_text("online", exact=True)).to_have_count(0)

    # On the next device of his it is as he chose.
    omar.page.goto(f"{village.url}/app/you/privacy")
    expect(omar.page.get_by_role("switch", name="Read receipts")).not_to_be_checked()
    expect(omar.page.get_by_role("radio", name="Nobody")).to_be_checked()


def is_of_privacy(answer: Response, method: str) -> bool:
    return answer.url.endswith("/v1/privacy") and answer.request.method == method
