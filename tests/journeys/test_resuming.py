"""A phone that loses its connection again and again ends where a fresh one begins."""

import random

from tests.live import Json, LiveServer, Phone

from . import make

ROUNDS = 12


def test_a_phone_that_loses_its_connection_misses_nothing(live: LiveServer) -> None:
    dice = random.Random(20261122)
    shop = make.shop(live)
    ravi = make.guest(live, "Ravi")
    place = make.conversation(ravi, shop.id)
    phone = Resuming(ravi)

    for number in range(ROUNDS):
        if dice.random() < 0.6:
            phone.connect()
        make.say(shop.desk, place, f"From the shop {number}")
        if dice.random() < 0.5:
            make.say(ravi, place, f"From Ravi {number}")
        if dice.random() < 0.5:
            phone.read_some(dice.randrange(1, 3))
        if dice.random() < 0.6:
            phone.lose()
    make.say(shop.desk, place, "Last")
    phone.connect()
    phone.read_until("Last")

    fresh = ravi.get(f"/v1/conversations/{place}/messages", limit=200)["items"]
    assert [phone.entries[entry["seq"]] for entry in fresh] == fresh
    assert phone.positions == list(range(phone.positions[0], phone.positions[-1] + 1))
    assert ravi.get("/v1/stream", after=phone.positions[-1])["frames"] == []


def test_the_long_poll_tells_what_the_socket_tells(live: LiveServer) -> None:
    shop = make.shop(live)
    ravi = make.guest(live, "Ravi")
    place = make.conversation(ravi, shop.id)
    start = ravi.get("/v1/conversations")["as_of"]
    socket = ravi.socket(pos=start)

    make.say(ravi, place, "Is the tea fresh?")
    greeting = socket.wait_for(lambda it: it.get("auto"))
    polled: list[Json] = []
    while not any(it["pos"] >= greeting["pos"] for it in polled):
        after = polled[-1]["pos"] if polled else start
        polled += ravi.get("/v1/stream", after=after, wait_s=5)["frames"]

    told = [it for it in socket.frames if it["t"] == "ev"]
    assert [it for it in polled if it["pos"] <= told[-1]["pos"]] == told


def test_what_is_older_than_the_stream_is_started_afresh(live: LiveServer) -> None:
    ravi = live.person("Ravi")

    page = ravi.get("/v1/stream", after=10_000)
    socket = ravi.socket(pos=10_000)

    assert (page["resync"], page["frames"]) == (True, [])
    assert socket.wait_for(t="resync")["head"] == page["pos"]


class Resuming:
    """Keeps what it was told and, coming back, asks for what comes after it."""

    def __init__(self, phone: Phone) -> None:
        self._phone = phone
        self._socket = phone.socket(pos=0)
        self._is_open = True
        self.positions: list[int] = []
        self.entries: dict[int, Json] = {}

    def connect(self) -> None:
        if not self._is_open:
            self._socket = self._phone.socket(pos=self.positions[-1] if self.positions else 0)
            self._is_open = True

    def lose(self) -> None:
        if self._is_open:
            self._socket.close()
            self._is_open = False

    def read_some(self, count: int) -> None:
        """So many frames; each round made at least one, so they come."""
        for _ in range(count):
            if self._is_open and len(self.entries) < self._said():
                self._take(self._socket.wait_for(t="ev"))

    def read_until(self, words: str) -> None:
        while not any(it["body"].get("text") == words for it in self.entries.values()):
            self._take(self._socket.wait_for(t="ev"))

    def _said(self) -> int:
        (talk,) = self._phone.get("/v1/conversations")["items"]
        return int(talk["seq"])

    def _take(self, frame: Json) -> None:
        self.positions.append(frame["pos"])
        if frame["k"] == "message":
            entry = {k: v for k, v in frame.items() if k not in ("t", "pos")}
            self.entries[entry["seq"]] = entry
