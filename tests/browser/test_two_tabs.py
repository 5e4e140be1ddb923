"""Two tabs of one person: one crypto, and neither loses or doubles anything when it closes."""

import re

import pytest
from playwright.sync_api import Page, Request, Route, expect

from tests.servers import Server

from .conftest import Opener
from .test_private import Somebody, friends, photo

pytestmark = pytest.mark.service_worker

LOCKS = """async () => {
    const { held, pending } = await navigator.locks.query();
    const names = (locks) => locks.map(({ name }) => name.split('-', 2).join('-')).sort();
    return [names(held), names(pending)];
}"""


def test_either_tab_may_close_while_it_sends(village: Server, visit: Opener) -> None:
    tara, udo = friends(village, visit, "Tara", "Udo")
    tara.opens(udo)
    tara.says("One")
    udo.opens(tara)
    udo.reads("One")

    # The second tab reads and writes with the keys of the first.
    first, second = tara.page, another_tab(tara)
    expect(second.get_by_role("log").get_by_text("One")).to_be_visible()
    held, pending = second.evaluate(LOCKS)
    assert held.count("kirana-engine") == held.count("kirana-crypto") == 1
    assert pending.count("kirana-engine") == 1
    assert "kirana-crypto" not in pending

    # The one that leads closes before the server has heard it: the other says it.
    first.route("**/messages", unheard)
    with first.expect_request(is_message):
        tara.says("Two")
    first.close()
    udo.reads("Two")
    tara.page = second
    tara.reads("Two")

    # The one that leads closes before it has heard the server: nothing is said twice.
    third = another_tab(tara)
    second.route("**/messages", unanswered)
    with second.expect_request(is_message):
        tara.says("Three")
    udo.reads("Three")
    second.close()
    tara.page = third
    tara.says("Four")
    udo.reads("Four")

    # Both close in the middle of a photo; whoever comes back goes on with it.
    fourth = another_tab(tara)
    third.route("**/parts/*", unheard)
    tara.page.get_by_test_id("photos").set_input_files(photo())
    tara.page.get_by_role("textbox", name="Message Udo").fill("Five")
    with third.expect_request(re.compile("/parts/")):
        tara.page.get_by_role("button", name="Send photo").click()
    fourth.close()
    blank = third.context.new_page()
    third.close()
    tara.page = blank
    tara.opens(udo)
    udo.reads("Five")
    expect(udo.log.get_by_role("button", name="Open photo")).to_have_count(1)

    for somebody in (tara, udo):
        somebody.page.reload()
        for words in ("One", "Two", "Three", "Four", "Five"):
            expect(somebody.log.get_by_text(words, exact=True)).to_have_count(1)
    (found,) = tara.page.request.get(f"{village.url}/v1/conversations").json()["items"]
    path = f"/v1/conversations/{found['id']}/messages"
    page = tara.page.request.get(village.url + path).json()
    assert len([it for it in page["items"] if it["k"] == "message" and not it.get("quiet")]) == 5


def another_tab(somebody: Somebody) -> Page:
    page = somebody.page.context.new_page()
    page.goto(somebody.page.url)
    expect(page.get_by_role("log")).to_be_visible()
    return page


def is_message(request: Request) -> bool:
    return request.method == "POST" and request.url.endswith("/messages")


def unheard(route: Route) -> None:
    """The request never leaves the device."""
    if route.request.method == "GET":
        route.continue_()


def unanswered(route: Route) -> None:
    """The server hears it, and its answer never arrives."""
    if route.request.method == "GET":
        route.continue_()
    else:
        route.fetch()
