"""Money for somebody who is not here yet: a link, and a stranger who joins."""

import re

from playwright.sync_api import Locator, Page, expect

from tests.servers import Server

from .conftest import DESKTOP, Opener, looked_at
from .steps import enter_as, type_digits
from .test_private import Somebody
from .test_splitting import balance, put_in


def test_a_stranger_joins_and_has_the_money_of_a_link(village: Server, visit: Opener) -> None:
    asha = Somebody(village, visit(village.url), "Ashalink")
    put_in(village, asha, asha, 1_000)

    # She makes it from where one sends money.
    asha.page.goto(f"{village.url}/app/pay/do/send")
    asha.page.get_by_role("link", name="Somebody who is not here yet").click()
    type_digits(asha.page, "500")
    asha.page.get_by_role("button", name="Put ₹500 into a link").click()
    expect(asha.page.get_by_role("heading", name="Your link is ready")).to_be_visible()
    looked_at(asha.page, "link-made")
    link = address(asha.page)
    asha.page.goto(f"{village.url}/app/pay")
    expect(links(asha.page)).to_contain_text("Waiting to be taken")
    looked_at(asha.page, "link-waits")

    # Somebody without an account sees who sends how much, joins, and takes it.
    stranger = visit(link)
    expect(stranger.get_by_text("Ashalink sends you")).to_be_visible()
    expect(stranger.get_by_text("₹500", exact=True).first).to_be_visible()
    looked_at(stranger, "link-seen")
    stranger.get_by_role("link", name="Join and take it").click()
    join(stranger, village, "Nooralink")
    stranger.get_by_role("button", name="Put ₹500 into my wallet").click()
    expect(stranger.get_by_role("heading", name="It is in your wallet")).to_be_visible()
    looked_at(stranger, "link-taken")
    stranger.get_by_role("link", name="Open wallet").click()
    expect(stranger.get_by_role("link", name=re.compile("Ashalink.*By a link"))).to_be_visible()

    # She sees who has it, in Pay and in a chat of the two.
    expect(links(asha.page)).to_be_hidden()
    assert balance(asha) == 500_00
    asha.page.goto(f"{village.url}/app/pay/links")
    expect(asha.page.get_by_text("Taken by Nooralink")).to_be_visible()
    looked_at(asha.page, "links")
    asha.page.goto(f"{village.url}/app/chats")
    expect(asha.page.get_by_text("Nooralink took your ₹500")).to_be_visible()

    # Whoever comes second is told so.
    late = Somebody(village, visit(village.url, size=DESKTOP), "Latelink")
    late.page.goto(link)
    expect(late.page.get_by_text("Somebody has taken this already.")).to_be_visible()


def test_a_link_is_taken_back_and_leads_nowhere_without_its_end(
    town: Server, visit: Opener
) -> None:
    ravi = visit(town.url)
    enter_as(ravi, town, "Ravi Menon", "/app/pay/link")
    type_digits(ravi, "40")
    ravi.get_by_role("button", name="Put ₹40 into a link").click()
    expect(ravi.get_by_role("heading", name="Your link is ready")).to_be_visible()
    link = address(ravi)
    with ravi.expect_download() as saving:
        ravi.get_by_role("button", name="Save as a picture").click()
    assert saving.value.suggested_filename == "kirana-code.png"
    assert saving.value.path().read_bytes().startswith(b"\x89PNG")

    stranger = visit(link.split("#")[0])
    expect(stranger.get_by_role("alert")).to_contain_text("This link leads nowhere.")
    looked_at(stranger, "link-nowhere")
    # It is his own: nobody takes their own.
    ravi.goto(link)
    expect(ravi.get_by_text("This is your own link.")).to_be_visible()

    ravi.goto(f"{town.url}/app/pay/links")
    ravi.get_by_role("button", name="Take back").click()
    expect(ravi.get_by_text("₹40 is yours again")).to_be_visible()
    expect(ravi.get_by_text("You took it back").first).to_be_visible()
    stranger.goto(link)
    expect(stranger.get_by_text(re.compile("has taken this back"))).to_be_visible()


def address(page: Page) -> str:
    """The link that is shown."""
    link = page.get_by_text(re.compile(r"/app/take/[0-9a-f-]{36}#[\w-]{22}$")).text_content()
    assert link is not None
    return link.strip()


def links(page: Page) -> Locator:
    return page.get_by_role("region", name="Money links").or_(
        page.locator("section").filter(has=page.get_by_role("heading", name="Money links"))
    )


def join(page: Page, server: Server, name: str) -> None:
    """A new account, on the way to somewhere."""
    to = f"{name.lower()}@example.org"
    page.get_by_label("Phone or e-mail").fill(to)
    page.get_by_role("button", name="Send me a code").click()
    code = page.get_by_label("Code")
    expect(code).to_be_visible()
    code.fill(server.code_for(to))
    page.get_by_label("Name").fill(name)
    page.get_by_role("button", name="Start").click()
