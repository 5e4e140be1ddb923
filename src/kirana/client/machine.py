"""The crypto of one device: everything but the words.

The rule of all of it: the file first, then the wire. A session moves on in the file before its
ciphertext leaves; a key that came is in the file before it is acknowledged; a letter that was
sealed is in the file, under its number, until the server has it.
"""

import asyncio
import json
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import vodozemac

from .api import Api
from .letters import Letter, Letters
from .own import MASTER, ONE_TIME_KEYS, SELF_SIGNING, USER_SIGNING, Own, public_of
from .people import Device, People
from .problems import (
    ClientProblem,
    Malformed,
    NotConfirmed,
    Refused,
    Unreadable,
)
from .sessions import FORWARDED, Plain, Sessions
from .store import Store
from .wire import (
    ENCRYPTED,
    MEGOLM,
    ONE_TIME,
    Json,
    decode64,
    encode64,
    id_of,
    object_at,
    room_name,
    text_at,
    user_name,
)

LETTERS_AT_ONCE = 150
REPAIR_EVERY_MS = 3600 * 1000
SECRETS = {
    "m.cross_signing.master": MASTER,
    "m.cross_signing.self_signing": SELF_SIGNING,
    "m.cross_signing.user_signing": USER_SIGNING,
}
BACKUP_SECRET = "m.megolm_backup.v1"  # noqa: S105 (a name)


@dataclass(slots=True)
class News:
    """What came of some letters: whose keys, and what is not the machine's own affair."""

    convs: set[str] = field(default_factory=set)
    """Conversations that new keys came for."""
    plain: list[tuple[str, str, Json]] = field(default_factory=list)
    """Letters that were not sealed, for verification: sender, type, content."""
    sealed: list[Letter] = field(default_factory=list)
    """Sealed ones that the machine does not know."""
    changed: set[str] = field(default_factory=set)
    """People who have another identity than before."""


class Machine:
    """Opens and seals for one device. `clock` tells milliseconds."""

    def __init__(
        self, store: Store, user_id: str, device_id: str, api: Api, clock: Callable[[], int]
    ) -> None:
        self.store, self.api, self.clock = store, api, clock
        self.own = Own(store, user_id, device_id)
        self.people = People(store, self.own)
        self.letters = Letters(store, self.own, self.people)
        self.sessions = Sessions(store, self.own, self.people)
        self._giving = asyncio.Lock()
        self._posting = asyncio.Lock()
        self.changed: set[str] = set()
        """People whose identity changed since this was last emptied."""

    # This device's own keys.

    @property
    def is_published(self) -> bool:
        """Whether this device has shown its keys."""
        return bool(self.store.get("is_published"))

    async def start(self) -> None:
        """Publish this device's keys if that was not done, and see that enough are in stock."""
        self.people.track([self.own.user_id])
        body: Json = {}
        if not self.is_published:
            body = {"device_keys": self.own.device_keys()}
        answer = await self.api.call("POST", "/v1/device-keys", body)
        with self.store.change():
            self.store.put("is_published", 1)
        await self.stock(answer.get("one_time_key_counts"), answer.get("unused_fallback_key_types"))
        await self.post()

    async def stock(self, counts: Any, unused: Any) -> None:
        """Upload as many keys as are missing. A count that is not told is not zero."""
        body: Json = {}
        count = counts.get(ONE_TIME) if isinstance(counts, dict) else None
        if isinstance(count, int) and count < ONE_TIME_KEYS // 2:
            body["one_time_keys"] = self.own.new_one_time_keys(ONE_TIME_KEYS - max(0, count))
        if isinstance(unused, list) and ONE_TIME not in unused:
            body["fallback_keys"] = self.own.new_fallback_key()
        if body:
            await self.api.call("POST", "/v1/device-keys", body)

    @property
    def is_confirmed(self) -> bool:
        """Whether this device was signed with the owner's identity that it knows."""
        me = self.people.device(self.own.user_id, self.own.device_id)
        return bool(me and me.is_signed and self.people.is_own_identity_known())

    async def need_confirmation(self) -> None:
        """Raises: NotConfirmed."""
        if not self.is_confirmed:
            await self.freshen([self.own.user_id])
        if not self.is_confirmed:
            raise NotConfirmed("This device was not confirmed yet.")

    # Other people's devices.

    async def freshen(self, user_ids: list[str], *, always: bool = False) -> None:
        """Ask for the device lists of these people that are unknown or out of date."""
        self.people.track(user_ids)
        stale = set(self.people.stale())
        asked = [user_id for user_id in dict.fromkeys(user_ids) if always or user_id in stale]
        if not asked:
            return
        body: Json = {"device_keys": {user_name(user_id): [] for user_id in asked}}
        answer = await self.api.call("POST", "/v1/key-queries", body)
        self.changed |= set(self.people.learn(answer, asked))

    async def readers(self, user_ids: list[str]) -> tuple[list[Device], list[str]]:
        """Whose devices may read, and which of these people have none.

        Raises: NotConfirmed, IdentityChanged.
        """
        await self.need_confirmation()
        everybody = list(dict.fromkeys([*user_ids, self.own.user_id]))
        await self.freshen(everybody)
        found: list[Device] = []
        without: list[str] = []
        for user_id in everybody:
            some = self.people.readers(user_id)
            found += some
            if not some and user_id != self.own.user_id:
                without.append(user_id)
        return found, without

    async def give_keys(self, conv: str, readers: list[Device]) -> str:
        """See that exactly these devices have the key that is written with; its id."""
        async with self._giving:
            session_id = self.sessions.current(conv, readers, self.clock()).session_id
            needing = self.sessions.without_key(session_id, readers)
            await self._begin_sessions(needing)
            for start in range(0, len(needing), LETTERS_AT_ONCE):
                self._give(conv, session_id, needing[start : start + LETTERS_AT_ONCE])
            await self.post()
            return session_id

    def _give(self, conv: str, session_id: str, devices: list[Device]) -> None:
        with self.store.change():
            known = self.sessions.find_outbound(conv)
            if known is None or known.session_id != session_id:
                return
            content = {
                "algorithm": MEGOLM,
                "room_id": room_name(conv),
                "session_id": session_id,
                "session_key": known.session.session_key.to_base64(),
            }
            able = [device for device in devices if self.letters.has_session(device)]
            self.write([(device, "m.room_key", content) for device in able])
            for device in able:
                self.sessions.mark_given(session_id, device)

    async def _begin_sessions(self, devices: list[Device], *, again: bool = False) -> None:
        """Claim one-time keys of those that there is no session with."""
        lacking = [it for it in devices if again or not self.letters.has_session(it)]
        if not lacking:
            return
        wanted: Json = {}
        for device in lacking:
            wanted.setdefault(user_name(device.user_id), {})[device.device_id] = ONE_TIME
        answer = await self.api.call("POST", "/v1/key-claims", {"one_time_keys": wanted})
        with self.store.change():
            for device in lacking:
                keys = object_at(
                    answer, "one_time_keys", user_name(device.user_id), device.device_id
                )
                self.letters.begin(device, keys)

    # Letters out.

    def write(self, letters: list[tuple[Device, str, Json]]) -> None:
        """Seal letters and leave them to be posted. Within a change of the store."""
        messages: Json = {}
        for device, type, content in letters:
            sealed = self.letters.seal(device, type, content)
            messages.setdefault(user_name(device.user_id), {})[device.device_id] = sealed
        if messages:
            self.leave(ENCRYPTED, messages)

    def leave(self, type: str, messages: Json) -> None:
        """Leave a batch to be posted; it has its number from now on."""
        with self.store.change():
            self.store.do(
                "INSERT INTO letters (txn_id, type, messages) VALUES (?, ?, ?)",
                str(uuid4()),
                type,
                json.dumps(messages),
            )

    async def post(self) -> None:
        """Send what was left, in order. Repeating it is harmless: the number says so."""
        async with self._posting:
            for row in self.store.all("SELECT * FROM letters ORDER BY n"):
                try:
                    await self.api.call(
                        "PUT",
                        f"/v1/device-messages/{row['txn_id']}",
                        {"messages": json.loads(row["messages"])},
                        query={"type": row["type"]},
                    )
                except Refused as refused:
                    if refused.status in (401, 429):
                        raise
                    # Who may not write to them any more is no reason to stop the others.
                with self.store.change():
                    self.store.do("DELETE FROM letters WHERE n = ?", row["n"])

    async def write_to(self, devices: list[Device], type: str, content: Json) -> None:
        """Seal the same for each of these devices, and post it."""
        await self._begin_sessions(devices)
        with self.store.change():
            able = [device for device in devices if self.letters.has_session(device)]
            self.write([(device, type, content) for device in able])
        await self.post()

    # Letters in.

    @property
    def letter_n(self) -> int:
        """The number of the last letter that was taken in."""
        return self.store.get("letter_n") or 0

    async def take(self, items: list[Json], *, after: int | None = None) -> News:
        """Take letters in, each once, in order; the file has them when this returns.

        `after` is what was asked for: the server has nothing between it and the first of these.
        Without it, letters after a hole are left; they are to be asked for.
        """
        news = News()
        for item in items:
            n, sender, type = item.get("n"), item.get("sender"), item.get("type")
            if not isinstance(n, int) or n <= self.letter_n:
                continue
            if n > self.letter_n + 1 and after != self.letter_n:
                break
            content = object_at(item, "content")
            repair: Device | None = None
            try:
                user_id = id_of(sender)
                if type == ENCRYPTED:
                    await self.freshen([user_id])
            except Malformed:
                user_id = ""
            if n <= self.letter_n:
                continue  # It was taken while this one waited for an answer.
            with self.store.change():
                if type == ENCRYPTED and user_id:
                    repair = self._take_sealed(user_id, content, news)
                elif user_id:
                    news.plain.append((user_id, str(type), content))
                self.store.put("letter_n", n)
            after = None if after is None else n
            if repair is not None:
                await self._repair(repair)
        await self._answer(news)
        return news

    def _take_sealed(self, user_id: str, content: Json, news: News) -> Device | None:
        """Raises nothing: what cannot be opened is dropped. A device to mend the way to, if so."""
        try:
            with self.store.savepoint():
                letter = self.letters.open(user_id, content)
        except Malformed:
            device = self.people.by_curve_key(user_id, str(content.get("sender_key")))
            return device if device and device.is_signed and not device.is_gone else None
        with suppress(Malformed):
            self._take_letter(letter, news)
        return None

    def _take_letter(self, letter: Letter, news: News) -> None:
        """Raises: Malformed."""
        content, is_own = letter.content, letter.user_id == self.own.user_id
        trusted = letter.device is not None and self.people.is_trusted(letter.device)
        match letter.type:
            case "m.room_key":
                news.convs.add(
                    self.sessions.take_key(
                        content, letter.curve25519, letter.user_id, letter.ed25519
                    )
                )
            case "m.forwarded_room_key" if is_own and trusted:
                news.convs.add(self._take_forwarded(content))
            case "m.secret.send" if is_own and trusted:
                self._take_secret(content)
            case "m.dummy":
                if letter.device is not None:
                    self.sessions.give_again(letter.device)
            case _:
                news.sealed.append(letter)

    async def _repair(self, device: Device) -> None:
        """Its letters cannot be opened here: begin a new session, at most once an hour."""
        place = f"repaired.{device.user_id}.{device.device_id}"
        now = self.clock()
        if now - (self.store.get(place) or -REPAIR_EVERY_MS) < REPAIR_EVERY_MS:
            return
        with self.store.change():
            self.store.put(place, now)
        await self._begin_sessions([device], again=True)
        with self.store.change():
            if self.letters.has_session(device):
                self.write([(device, "m.dummy", {})])
        await self.post()

    # Keys and secrets between the owner's own devices.

    async def ask_for_key(self, conv: str, sender_key: str, session_id: str) -> None:
        """Ask one's own other devices for a key that did not come."""
        what = {
            "algorithm": MEGOLM,
            "room_id": room_name(conv),
            "sender_key": sender_key,
            "session_id": session_id,
        }
        await self._ask("room_key", what, "m.room_key_request", {"body": what})

    async def ask_for_secrets(self) -> None:
        """Ask one's own devices for the secrets that this one lacks. It must be confirmed."""
        for name, usage in SECRETS.items():
            if self.own.seed(usage) is None:
                await self._ask("secret", {"name": name}, "m.secret.request", {"name": name})
        if self.store.get_secret("backup_key") is None:
            content = {"name": BACKUP_SECRET}
            await self._ask("secret", content, "m.secret.request", content)

    async def _ask(self, kind: str, what: Json, type: str, content: Json) -> None:
        text = json.dumps(what, sort_keys=True)
        if self.store.one("SELECT 1 FROM key_requests WHERE kind = ? AND what = ?", kind, text):
            return
        request_id = str(uuid4())
        body = {
            "action": "request",
            "request_id": request_id,
            "requesting_device_id": self.own.device_id,
            **content,
        }
        with self.store.change():
            self.store.do("INSERT INTO key_requests VALUES (?, ?, ?)", request_id, kind, text)
            self.leave(type, {self.own.name: {"*": body}})
        await self.post()

    async def _answer(self, news: News) -> None:
        """Give own confirmed devices what they ask for; nobody else anything."""
        rest = []
        for user_id, type, content in news.plain:
            if type not in ("m.room_key_request", "m.secret.request"):
                rest.append((user_id, type, content))
            elif user_id == self.own.user_id and content.get("action") == "request":
                await self._answer_one(type, content)
        news.plain = rest

    async def _answer_one(self, type: str, content: Json) -> None:
        await self.freshen([self.own.user_id])
        device_id = str(content.get("requesting_device_id"))
        device = self.people.device(self.own.user_id, device_id)
        if device is None or device_id == self.own.device_id or device.is_gone:
            return
        if not device.is_signed or not self.is_confirmed:
            return
        if type == "m.secret.request":
            secret = self._secret(str(content.get("name")))
            if secret is not None:
                answer = {"request_id": content.get("request_id"), "secret": secret}
                await self.write_to([device], "m.secret.send", answer)
            return
        key = self._exported(object_at(content, "body"))
        if key is not None:
            await self.write_to([device], "m.forwarded_room_key", key)

    def _secret(self, name: str) -> str | None:
        usage = SECRETS.get(name)
        seed = self.own.seed(usage) if usage else None
        if name == BACKUP_SECRET:
            seed = self.store.get_secret("backup_key")
        return None if seed is None else encode64(seed)

    def _take_secret(self, content: Json) -> None:
        row = self.store.one(
            "SELECT * FROM key_requests WHERE request_id = ? AND kind = 'secret'",
            str(content.get("request_id")),
        )
        if row is None:
            raise Malformed("Nobody asked for that.")
        name, secret = json.loads(row["what"])["name"], decode64(content.get("secret"))
        if name == BACKUP_SECRET:
            self.store.put_secret("backup_key", secret)
        else:
            usage = SECRETS[name]
            person = self.store.one("SELECT * FROM people WHERE user_id = ?", self.own.user_id)
            expected = {
                MASTER: self.own.master,
                SELF_SIGNING: person["self_signing"] if person else None,
                USER_SIGNING: person["user_signing"] if person else None,
            }[usage]
            if public_of(secret) != expected:
                raise Malformed("It is another key.")
            self.own.keep_seed(usage, secret)
        self.store.do("DELETE FROM key_requests WHERE request_id = ?", row["request_id"])

    def _exported(self, wanted: Json) -> Json | None:
        try:
            conv = id_of(wanted.get("room_id"))
            session_id = text_at(wanted, "session_id")
        except Malformed:
            return None
        row = self.store.one(
            "SELECT * FROM inbound WHERE conv = ? AND session_id = ? ORDER BY first_index LIMIT 1",
            conv,
            session_id,
        )
        if row is None:
            return None
        session = vodozemac.InboundGroupSession.from_pickle(row["pickle"], self.store.key)
        exported = session.export_at(row["first_index"])
        if exported is None:
            return None
        return {
            "algorithm": MEGOLM,
            "room_id": room_name(conv),
            "sender_key": row["sender_key"],
            "sender_claimed_ed25519_key": row["signing_key"],
            "forwarding_curve25519_key_chain": [],
            "session_id": session_id,
            "session_key": exported.to_base64(),
        }

    def _take_forwarded(self, content: Json) -> str:
        what = {
            "algorithm": MEGOLM,
            "room_id": content.get("room_id"),
            "sender_key": content.get("sender_key"),
            "session_id": content.get("session_id"),
        }
        row = self.store.one(
            "SELECT * FROM key_requests WHERE kind = 'room_key' AND what = ?",
            json.dumps(what, sort_keys=True),
        )
        if row is None:
            raise Malformed("Nobody asked for that.")
        conv = self.import_key(
            id_of(content.get("room_id")), text_at(content, "session_id"), content, FORWARDED
        )
        self.store.do("DELETE FROM key_requests WHERE request_id = ?", row["request_id"])
        return conv

    def import_key(self, conv: str, session_id: str, data: Json, source: str) -> str:
        """Keep a key from the backup or from another own device. Raises: Malformed."""
        try:
            exported = vodozemac.ExportedSessionKey(text_at(data, "session_key"))
            session = vodozemac.InboundGroupSession.import_session(exported)
        except ValueError:
            raise Malformed("It is no key.") from None
        if session.session_id != session_id or data.get("algorithm") != MEGOLM:
            raise Malformed("The key has another name.")
        claimed = object_at(data, "sender_claimed_keys").get(
            "ed25519", data.get("sender_claimed_ed25519_key", "")
        )
        self.sessions.keep(
            conv, text_at(data, "sender_key"), session_id, "", str(claimed), session, source
        )
        return conv

    # Reading.

    async def know_sender(self, user_id: str, ct: object) -> None:
        """See that the device is known that wrote this, before it is judged."""
        try:
            sender_key = text_at(json.loads(ct) if isinstance(ct, str) else None, "sender_key")
        except (Malformed, ValueError):
            return
        await self.freshen([user_id, self.own.user_id])
        device = self.people.by_curve_key(user_id, sender_key)
        if sender_key != self.own.curve25519 and (device is None or not device.is_signed):
            await self.freshen([user_id], always=True)

    def judge(self, plain: Plain, entry: Json) -> str | None:
        """Whether the key's owner is who the entry says. A grey shield's reason, or None.

        Raises: Unreadable.
        """
        user_id = str(entry.get("from"))
        if plain.source == FORWARDED or plain.source == "backup":
            since = self.store.get("confirmed_at")
            if since is None or int(entry.get("ts", 0)) > since:
                raise Unreadable(
                    Unreadable.UNTRUSTED, "Its key was passed on, and who wrote it is not proven."
                )
            return "restored"
        if plain.user_id != user_id:
            raise Unreadable(Unreadable.REFUSED, "Its key is somebody else's.")
        if plain.sender_key == self.own.curve25519 and user_id == self.own.user_id:
            return None
        device = self.people.by_curve_key(user_id, plain.sender_key)
        if device is None or device.ed25519 != plain.signing_key:
            raise Unreadable(Unreadable.UNTRUSTED, "The device that wrote it is not known.")
        if not self.people.is_trusted(device):
            raise Unreadable(Unreadable.UNTRUSTED, "The device that wrote it was not confirmed.")
        told = entry.get("dev")
        if told is not None and told != device.device_id:
            raise Unreadable(Unreadable.REFUSED, "Another device wrote it than the server says.")
        return None


def is_final(problem: ClientProblem) -> bool:
    """Whether asking again would change nothing."""
    return isinstance(problem, Refused) and problem.status not in (401, 429)
