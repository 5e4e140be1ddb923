"""A long conversation: what is unread is counted, all of it can be reached, and words are found."""

import re

import httpx
from playwright.sync_api import Page, expect

from kirana.values import uuid7
from tests.servers import Server

from .conftest import DESKTOP, PHONE, Opener, looked_at
from .steps import sign_up

MESSAGES = 130


def test_a_long_conversation_is_read_counted_and_searched_on_both_sides(
    village: Server, visit: Opener
) -> None:
    seller = visit(f"{village.url}/app/", size=DESKTOP)
    sign_up(seller, village, "+919820111043", "Gita")
    posted(seller, "/v1/businesses", id=str(uuid7()), name="Gita's Threads", category="tailor",
           country="IN", currency="INR", zone="Asia/Kolkata", handle="gitas-threads")  # fmt: skip

    # A stranger has said a lot.
    stranger = visit(f"{village.url}/gitas-threads/chat", size=PHONE)
    stranger.get_by_label("Message").fill("Number 0, about zebra cloth")
    stranger.get_by_role("button", name="Send").click()
    expect(stranger.get_by_text("Sending…")).to_have_count(0)
    cookies = {it["name"]: it["value"] for it in stranger.context.cookies() if "name" in it}
    with httpx.Client(base_url=village.url, cookies=cookies, timeout=60) as client:
        place = client.get("/v1/conversations").json()["items"][0]["id"]
        for number in range(1, MESSAGES):
            message = {"id": str(uuid7()), "body": {"type": "text", "text": f"Number {number}"}}
            answer = client.post(f"/v1/conversations/{place}/messages", json=message)
            while answer.status_code == 429:
                seller.wait_for_timeout(float(answer.headers["Retry-After"]) * 1000)
                answer = client.post(f"/v1/conversations/{place}/messages", json=message)
            assert answer.status_code == 201, answer.text

    # On his page: the latest, and the rest by and by, each once and in order.
    stranger.reload()
    said = stranger.get_by_role("log").locator(".mine .words")
    expect(said.last).to_have_text(f"Number {MESSAGES - 1}")
    while (earlier := stranger.get_by_role("link", name="Earlier messages")).is_visible():
        shown = said.count()
        earlier.click()
        expect(said.nth(shown)).to_be_attached()
    assert numbers(said.all_inner_texts()) == list(range(MESSAGES))
    looked_at(stranger, "stranger-history")

    # She sees how much is unread, and opens it: nothing is any more.
    seller.goto(f"{village.url}/app/chats")
    seller.get_by_role("radio", name="Gita's Threads").check(force=True)
    row = seller.get_by_role("link", name=re.compile(f"Number {MESSAGES - 1}"))
    expect(row).to_contain_text(f"{MESSAGES} unread")
    row.click()
    log = seller.get_by_role("log")
    expect(log.get_by_text("Number", exact=False).first).to_be_visible()
    expect(row).not_to_contain_text("unread")

    # She scrolls up to its beginning.
    beginning = seller.get_by_text("This is the beginning of your chat with")
    for _ in range(60):
        if beginning.is_visible():
            break
        log.hover()
        seller.mouse.wheel(0, -4000)
        seller.wait_for_timeout(100)
    expect(beginning).to_be_visible()
    expect(log.get_by_text("Number 0, about zebra cloth")).to_be_visible()

    # A search finds the word, and leads to it from wherever she is.
    seller.goto(f"{village.url}/app/chats")
    seller.get_by_role("searchbox", name="Search chats").fill("zebra")
    found = seller.get_by_role("link", name=re.compile("zebra cloth"))
    expect(found).to_be_visible()
    looked_at(seller, "chat-search")
    found.click()
    expect(log.get_by_text("Number 0, about zebra cloth")).to_be_in_viewport()
    looked_at(seller, "chat-found")


def posted(page: Page, path: str, **body: str) -> None:
    status = page.evaluate(
        """async ([path, data]) => {
            const headers = { 'Content-Type': 'application/json' };
            const body = JSON.stringify(data);
            return (await fetch(path, { method: 'POST', headers, body })).status;
        }""",
        [path, body],
    )
    assert status == 201


def numbers(texts: list[str]) -> list[int]:
    return [int(re.findall(r"\d+", text)[0]) for text in texts]
