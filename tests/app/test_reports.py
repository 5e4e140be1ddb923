"""Operators look at what was reported; nobody else does."""

from base64 import b64encode

from kirana import chat, identity, money
from kirana.values import SYSTEM, Actor, ConversationId, DeviceId, MessageId, UserId, uuid7
from tests.apps import RunningApp
from tests.chat import make


async def reported(app: RunningApp, sender: UserId, reporter: UserId) -> MessageId:
    """A message that its receiver has shown to the operator."""
    place, message = ConversationId(uuid7()), MessageId(uuid7())
    ravi, meera = Actor(sender, sender, device_id=DeviceId(uuid7())), Actor(reporter, reporter)
    await app.db.write(identity.save_contact, sender, by=meera)
    opened = await app.db.write(chat.open_conversation, place, chat.Kind.PRIVATE, reporter, by=ravi)
    sealed = make.seal("Rude", opened.rev or "")
    await app.db.write(chat.send_sealed, message, place, sealed, by=ravi)
    shown = chat.Shown(message, b64encode(b"k" * 32).decode(), "Rude")
    await app.db.write(chat.report_messages, [shown], chat.Reason.ABUSE, by=meera)
    return message


async def test_an_operator_reads_reports_and_closes_them(app: RunningApp) -> None:
    ravi, meera, omar = [await app.person(name) for name in ("Ravi", "Meera", "Omar")]
    message = await reported(app, ravi, meera)
    await app.db.write(money.appoint_operator, omar, by=SYSTEM)
    operator = await app.client(omar)

    (open_one,) = (await operator.get("/v1/reports")).json()["items"]
    closing = {"reporter_id": str(meera), "message_ids": [str(message)], "note": "Warned."}
    closed = await operator.post("/v1/report-closings", json=closing)

    assert (open_one["content"], open_one["reason"]) == ("Rude", "abuse")
    assert closed.status_code == 204
    assert (await operator.get("/v1/reports")).json() == {"items": [], "cards": []}
    done = (await operator.get("/v1/reports", params={"closed": True})).json()
    assert done["items"][0]["closing_note"] == "Warned."
    assert {card["name"] for card in done["cards"]} == {"Ravi", "Meera"}


async def test_nobody_else_sees_a_report(app: RunningApp) -> None:
    ravi, meera = await app.person("Ravi"), await app.person("Meera")
    message = await reported(app, ravi, meera)

    for who in (ravi, meera):
        client = await app.client(who)
        closing = {"reporter_id": str(meera), "message_ids": [str(message)]}
        assert (await client.get("/v1/reports")).status_code == 403
        assert (await client.post("/v1/report-closings", json=closing)).status_code == 403
