"""Who is here, as the sockets of others tell it."""

from typing import Any

from tests.live import LiveServer, Phone, Socket

from . import make


def friends(live: LiveServer) -> tuple[Phone, Phone]:
    ravi, meera = live.person("Ravi"), live.person("Meera")
    for one, other in ((ravi, meera), (meera, ravi)):
        one.put(f"/v1/contacts/{other.user_id}", {})
    make.conversation(ravi, str(meera.user_id), "private")
    return ravi, meera


def presence(socket: Socket, **members: Any) -> dict[str, Any]:
    return socket.wait_for(t="eph", k="presence", **members)


def test_who_watches_sees_somebody_come_and_go(live: LiveServer) -> None:
    ravi, meera = friends(live)
    watcher = ravi.socket()

    watcher.say({"t": "watch", "users": [str(meera.user_id)]})
    assert "online" not in presence(watcher, user=str(meera.user_id))
    here = meera.socket()
    presence(watcher, user=str(meera.user_id), online=True)
    here.close()
    gone = watcher.wait_for(lambda it: it.get("k") == "presence" and not it.get("online"))

    assert gone["seen_at"] % 60_000 == 0


def test_who_hides_is_seen_by_nobody_and_sees_nobody(live: LiveServer) -> None:
    ravi, meera = friends(live)
    ravi_here, meera_here = ravi.socket(), meera.socket()
    meera.patch("/v1/privacy", {"seen_by": "nobody"})

    for watcher, other in ((ravi_here, meera), (meera_here, ravi)):
        watcher.say({"t": "watch", "users": [str(other.user_id)]})

        told = presence(watcher)
        assert told == {"t": "eph", "k": "presence", "user": str(other.user_id)}


def test_a_watch_replaces_the_one_before(live: LiveServer) -> None:
    ravi, meera = friends(live)
    watcher = ravi.socket()
    watcher.say({"t": "watch", "users": [str(meera.user_id)]})
    presence(watcher)
    watcher.say({"t": "watch", "users": []})
    watcher.ask_for_pong()

    meera.socket()
    make.say(meera, make.conversation(meera, make.shop(live).id), "A barrier.")
    watcher.ask_for_pong()

    assert len([it for it in watcher.frames if it.get("k") == "presence"]) == 1


def test_nobody_watches_a_crowd(live: LiveServer) -> None:
    ravi, meera = friends(live)

    answer = ravi.socket().ask({"t": "watch", "users": [str(meera.user_id)] * 51})

    assert answer["code"] == "invalid-input"


def test_what_was_read_is_not_told_when_it_is_hidden(live: LiveServer) -> None:
    ravi, shop = live.person("Ravi"), make.shop(live)
    place = make.conversation(ravi, shop.id)
    make.say(ravi, place, "Is it fresh?")
    ravi.patch("/v1/privacy", {"shares_reads": False})
    hears = ravi.socket()

    shop.desk.put(f"/v1/conversations/{place}/receipts", {"read_seq": 1})

    told = hears.wait_for(t="rcpt", user=shop.id)
    assert (told["d"], told["r"]) == (1, 0)
