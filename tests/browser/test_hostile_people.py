"""A server that lies about people: with other keys in somebody's name, or more people in a chat."""

from playwright.sync_api import expect

from kirana.client import envelope
from kirana.values import uuid7
from tests.servers import Server

from .conftest import Opener, looked_at
from .liar import Json, Liar, conversation_of, key_of, rewrite
from .programs import Program, Starter
from .test_groups import to_info
from .test_hostile import NOT_TRUSTED
from .test_private import friends, make_group

SLOW_MS = 60_000
CHANGED = "Bruno's keys changed"


def test_whoever_is_put_in_the_place_of_a_friend_is_noticed(
    village: Server, visit: Opener, program: Starter
) -> None:
    adele, bruno = friends(village, visit, "Adele", "Bruno")
    Liar(adele.page).pretend = without_news_of_keys
    adele.opens(bruno)
    adele.says("To the true one")
    bruno.opens(adele)
    bruno.reads("To the true one")
    expect(adele.page.get_by_text(CHANGED)).to_have_count(0)

    # The server has his identity away, and another made in his name. She is told nothing of it.
    bruno.page.goto("about:blank")
    for table in ("identity_cross_signing_keys", "identity_key_signatures"):
        column = "user_id" if table.endswith("signing_keys") else "target_user_id"
        rewrite(village, f"DELETE FROM {table} WHERE {column} = ?", key_of(bruno.id))
    rewrite(
        village,
        "UPDATE identity_devices SET revoked_at = 1, signed_keys = NULL, token_hash = NULL"
        " WHERE user_id = ?",
        key_of(bruno.id),
    )
    impostor = program()
    impostor.sign_in("bruno@example.org")
    impostor.do(impostor.client.begin())
    impostor.follow()

    # What she says next is for another, and it is told where she writes until she has read it.
    adele.says("To whom?")
    expect(adele.page.get_by_text(CHANGED)).to_be_visible()
    expect(adele.log.get_by_text("Waiting to be sent")).to_have_count(0)
    impostor.until(lambda: says(impostor, "To whom?"))
    adele.page.reload()
    sign = adele.page.get_by_role("status").filter(has_text=CHANGED)
    expect(sign).to_be_visible(timeout=SLOW_MS)
    looked_at(adele.page, "hostile-keys-changed")
    sign.get_by_role("link", name="Look").click()
    expect(adele.page.get_by_role("heading", name="Bruno's keys", exact=True)).to_be_visible()
    adele.page.get_by_role("button", name="All right").click()
    expect(adele.page.get_by_text("Not compared yet")).to_be_visible()
    adele.page.go_back()
    adele.reads("To whom?")
    expect(adele.page.get_by_text(CHANGED)).to_have_count(0)


def without_news_of_keys(told: Json) -> Json:
    """What would tell that somebody's keys are others is told as something else."""
    if told.get("k") == "devices":
        return {"k": "nothing"}
    body = told.get("body")
    is_line = isinstance(body, dict) and body.get("change") == "keys"
    return {"body": {"type": "change", "change": "nothing"}} if is_line else {}


def says(program: Program, text: str) -> bool:
    known = program.client.conversations.all()
    return any(it.text == text for conv in known for it in program.client.history.page(conv.id))


def test_whom_the_server_alone_brings_into_a_group_gets_no_key_and_is_shown(
    village: Server, visit: Opener, program: Starter
) -> None:
    lotte, oskar = friends(village, visit, "Lotte", "Oskar")
    eve = joined(program, "Eveline")
    make_group(lotte, "Harbour", "Oskar")
    lotte.says("Before")
    conv = conversation_of(lotte.page)
    oskar.page.goto(f"{village.url}/app/chats/{conv}")
    oskar.reads("Before")
    let_in(village, conv, eve.client.user_id)

    # They talk on, and both see who cannot read.
    lotte.says("Among us")
    oskar.reads("Among us")
    oskar.says("Only us")
    lotte.reads("Only us")
    for somebody in (lotte, oskar):
        sign = somebody.page.get_by_text("Eveline cannot read until an admin lets them in.")
        expect(sign).to_be_visible()
    looked_at(lotte.page, "hostile-member")
    eve.do(eve.client.pull())
    eve.do(eve.client.read_history(conv))
    heard = [it for it in eve.client.history.page(conv) if it.unread or it.content]
    assert heard
    assert not [it.content for it in heard if it.content and it.content["type"] != "change"]

    # Nor is she heard, though the server carries what she says.
    speak(eve, conv, [lotte.id, oskar.id], "Hello, all")
    for somebody in (lotte, oskar):
        expect(somebody.log.get_by_text(NOT_TRUSTED)).to_have_count(1)
        expect(somebody.log.get_by_text("Hello, all")).to_have_count(0)

    # It is for an admin to say who belongs here.
    to_info(lotte, "Harbour")
    lotte.page.get_by_role("button", name="Let in").click()
    expect(lotte.page.get_by_text("by this server alone")).to_have_count(0)
    lotte.page.goto(f"{village.url}/app/chats/{conv}")
    lotte.says("Welcome")
    eve.hears(conv, text="Welcome")
    assert not says(eve, "Among us")


def test_a_third_person_between_two_stops_what_they_say(
    village: Server, visit: Opener, program: Starter
) -> None:
    frida, georg = friends(village, visit, "Frida", "Georg")
    eve = joined(program, "Evita")
    frida.opens(georg)
    frida.says("Two of us")
    georg.opens(frida)
    georg.reads("Two of us")
    conv = conversation_of(frida.page)
    let_in(village, conv, eve.client.user_id)

    frida.says("Three of us")
    refusal = frida.log.get_by_text("The server names other people for this chat than before.")
    expect(refusal).to_be_visible()
    looked_at(frida.page, "hostile-third")
    expect(georg.log.get_by_text("Three of us")).to_have_count(0)
    eve.do(eve.client.pull())
    assert not says(eve, "Three of us")
    assert eve.client.machine.sessions.find_outbound(conv) is None


def joined(program: Starter, name: str) -> Program:
    """Somebody new, with a program."""
    somebody = program()
    somebody.sign_in(f"{name.lower()}@hostile.example", name)
    somebody.do(somebody.client.begin())
    somebody.follow()
    return somebody


def let_in(server: Server, conv: str, user: str) -> None:
    """The server calls somebody a member, and says so to nobody."""
    rewrite(
        server,
        "INSERT INTO chat_members (conversation_id, user_id, role, state, joined_seq,"
        " delivered_seq, read_seq, marks_at) VALUES (?, ?, 'member', 'joined', 1, 0, 0, 0)",
        key_of(conv),
        key_of(user),
    )
    rewrite(
        server,
        "UPDATE chat_conversations SET members_rev = members_rev + 1 WHERE id = ?",
        key_of(conv),
    )


def speak(program: Program, conv: str, to: list[str], text: str) -> None:
    """As if one were in it: with a key that one gives to the others."""
    program.do(_speak(program, conv, to, text))


async def _speak(program: Program, conv: str, to: list[str], text: str) -> None:
    client = program.client
    devices, _ = await client.machine.readers(to)
    session = await client.machine.give_keys(conv, devices)
    id = str(uuid7())
    content = {"type": "text", "text": text}
    sealed = envelope.seal(id, conv, content, at=0, list_hash=None)
    ct = client.machine.sessions.encrypt(conv, session, envelope.TYPE, sealed.envelope)
    known = await client.call("GET", f"/v1/conversations/{conv}")
    body = {"id": id, "ct": ct, "com": sealed.com, "rev": known["rev"]}
    await client.call("POST", f"/v1/conversations/{conv}/messages", body)
