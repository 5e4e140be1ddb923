"""Long lists and long talks: all of it can be reached, nothing jumps, and the page stays small."""

import json
import re
from collections.abc import Iterator

import httpx
import pytest
from playwright.sync_api import Locator, Page, expect

from kirana.app import maintenance
from kirana.platform import migrate
from kirana.platform.settings import Settings
from kirana.values import ConversationId, uuid7
from tests.servers import Server
from tests.years import Years, spend_years

from .conftest import DESKTOP, Opener, assert_accessible, looked_at, running

CHATS = 420
MESSAGES = 2_000
UNREAD = 60
MOST_ROWS = 200

IS_SEEN = """(it) => {
    const { top, bottom } = it.getBoundingClientRect();
    return top > 100 && bottom < innerHeight - 100;
}"""
VIEW = """(log) => JSON.stringify({
    top: log.scrollTop,
    rows: [...log.querySelectorAll('[data-seq]')].map((row) => (
        [Number(row.dataset.seq), row.getBoundingClientRect().top]
    )),
})"""
"""As text: Playwright would wrap each number of it on its own."""


@pytest.fixture(scope="module")
def bazaar(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Server, Years]]:
    """A server with somebody who has talked for years."""
    server = Server(tmp_path_factory.mktemp("bazaar"))
    settings = Settings.read(server.environment)
    with maintenance.opened(settings) as database:
        migrate.upgrade(database)
        sizes = [300, MESSAGES, *([3] * (CHATS - 2))]
        years = spend_years(database, sizes, unread=UNREAD)
    for started in running(server):
        yield started, years


def enter(visit: Opener, server: Server, years: Years, path: str = "") -> Page:
    page = visit("about:blank", size=DESKTOP)
    page.context.add_cookies([{"name": "kirana_session", "value": years.token, "url": server.url}])
    page.goto(f"{server.url}/app/chats{path}?as={years.shop_id}")
    return page


def enter_talk(visit: Opener, bazaar: tuple[Server, Years], number: int) -> tuple[Page, Locator]:
    server, years = bazaar
    page = enter(visit, server, years, f"/{years.conversations[number]}")
    log = page.get_by_role("log")
    expect(log.locator("[data-seq]").first).to_be_attached()
    return page, log


def say(page: Page, years: Years, place: ConversationId, text: str) -> None:
    """From another device of the shop."""
    server = page.url.split("/app/")[0]
    headers = {"Authorization": f"Bearer {years.token}", "Kirana-Acting-For": str(years.shop_id)}
    message = {"id": str(uuid7()), "body": {"type": "text", "text": text}}
    url = f"{server}/v1/conversations/{place}/messages"
    assert httpx.post(url, json=message, headers=headers).status_code == 201


def scroll(page: Page, pixels: int) -> None:
    """By the wheel, and until what came with it has been drawn."""
    page.mouse.wheel(0, pixels)
    page.evaluate(
        "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"
    )


def test_a_list_of_hundreds_is_scrolled_through_and_stays_small(
    bazaar: tuple[Server, Years], visit: Opener
) -> None:
    server, years = bazaar
    page = enter(visit, server, years)
    rows = page.get_by_role("list", name="Chats").get_by_role("listitem")
    expect(rows.first).to_contain_text("Customer ")
    expect(rows.first).to_have_attribute("aria-posinset", "1")
    looked_at(page, "long-list")

    rows.first.hover()
    last = page.get_by_role("link", name=re.compile("^Customer 420 "))
    for _ in range(120):
        if last.is_visible():
            break
        scroll(page, 500)
        assert rows.count() < 60
    expect(last).to_be_visible()
    expect(rows.last).to_have_attribute("aria-setsize", str(CHATS))
    expect(rows.last).to_have_attribute("aria-posinset", str(CHATS))
    assert_accessible(page)

    # All rows are there and none is there twice, wherever one stops.
    scroll(page, -9_000)
    places = [int(row.get_attribute("aria-posinset") or 0) for row in rows.all()]
    assert places == list(range(places[0], places[0] + len(places)))
    scroll(page, -40_000)
    expect(rows.first).to_have_attribute("aria-posinset", "1")


def test_what_has_the_focus_in_a_list_keeps_it(bazaar: tuple[Server, Years], visit: Opener) -> None:
    server, years = bazaar
    page = enter(visit, server, years)
    rows = page.get_by_role("list", name="Chats").get_by_role("listitem")
    third = page.get_by_role("link", name=re.compile("^Customer 3 "))
    third.focus()
    rows.first.hover()
    for _ in range(10):
        scroll(page, 800)
    expect(third).to_be_focused()


def test_a_long_conversation_is_scrolled_through_and_nothing_jumps(
    bazaar: tuple[Server, Years], visit: Opener
) -> None:
    page, log = enter_talk(visit, bazaar, 1)
    expect(log.get_by_text(f"Number {MESSAGES}.", exact=False)).to_be_in_viewport()
    view = log.bounding_box()
    assert view is not None
    log.hover()

    def travel(pixels: int, end: Locator) -> None:
        before = json.loads(log.evaluate(VIEW))
        for _ in range(400):
            if end.count() and end.evaluate(IS_SEEN):
                return
            scroll(page, pixels)
            after = json.loads(log.evaluate(VIEW))
            assert len(after["rows"]) <= MOST_ROWS
            # All that are seen before and after went the same way, and none was left out.
            tops = dict(before["rows"])
            steps = [top - tops[seq] for seq, top in after["rows"] if seq in tops]
            if steps:
                assert max(steps) - min(steps) < 1.5, (steps, after["top"] - before["top"])
            seen = [seq for seq, _ in after["rows"]]
            assert seen == sorted(set(seen))
            before = after

    beginning = page.get_by_text("This is the beginning of your chat with")
    travel(-1500, beginning)
    expect(beginning).to_be_visible()
    expect(log.get_by_text("Number 1.", exact=False).first).to_be_visible()
    looked_at(page, "long-talk-beginning")
    travel(1500, log.get_by_text(f"Number {MESSAGES}.", exact=False))
    expect(log.get_by_text(f"Number {MESSAGES}.", exact=False)).to_be_in_viewport()


def test_what_one_reads_stays_in_its_place_while_others_write(
    bazaar: tuple[Server, Years], visit: Opener
) -> None:
    _, years = bazaar
    page, log = enter_talk(visit, bazaar, 3)
    place = years.conversations[3]
    for n in range(40):
        say(page, years, place, f"Line {n}")
    expect(log.get_by_text("Line 39", exact=True)).to_be_in_viewport()
    log.hover()
    line = log.get_by_text("Line 5", exact=True)
    for _ in range(100):
        if line.count() == 1 and line.evaluate(IS_SEEN):
            break
        # The page may follow late: less than a screen, or it is gone past.
        scroll(page, -100)
    expect(line).to_be_in_viewport()
    before = line.bounding_box()
    for n in range(40, 46):
        say(page, years, place, f"Line {n}")
    row = page.get_by_role("link", name=re.compile("^Customer 4 "))
    expect(row).to_contain_text("Line 45")
    assert before is not None
    expect(page.get_by_role("button", name="latest")).to_be_visible()
    after = line.bounding_box()
    assert after is not None
    assert abs(after["y"] - before["y"]) < 2
    page.get_by_role("button", name="latest").click()
    expect(log.get_by_text("Line 45", exact=True)).to_be_in_viewport()


def test_a_quoted_message_far_above_is_reached_and_the_latest_again(
    bazaar: tuple[Server, Years], visit: Opener
) -> None:
    page, log = enter_talk(visit, bazaar, 1)
    log.get_by_role("button", name="Number 1.").click()
    first = log.locator('[data-seq="1"]')
    expect(first).to_be_in_viewport()
    assert log.locator("[data-seq]").count() <= MOST_ROWS

    # A reaction to what is so far from the latest is seen there.
    first.get_by_role("button", name="What to do with this message").click()
    page.get_by_label("React with 👍").click()
    expect(first.get_by_text("👍")).to_be_visible()

    page.get_by_role("button", name="latest").click()
    expect(log.get_by_text(f"Number {MESSAGES}.", exact=False)).to_be_in_viewport()
    page.get_by_role("textbox", name="Message Customer 2").fill("Here I am again")
    page.keyboard.press("Enter")
    expect(log.get_by_text("Here I am again")).to_be_in_viewport()


def test_one_begins_at_the_first_new_message(bazaar: tuple[Server, Years], visit: Opener) -> None:
    page, log = enter_talk(visit, bazaar, 0)
    line = log.locator("[data-unread]")
    expect(line).to_be_in_viewport()
    after = line.evaluate("(it) => Number(it.nextElementSibling.dataset.seq)")
    assert 300 - UNREAD < after <= 300 - UNREAD + 4
    assert log.locator("[data-seq]").count() <= MOST_ROWS
    assert_accessible(page)
