"""The client: one signed-in device, its conversations, and what comes for it."""

import asyncio
import random
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from kirana.values import uuid7

from . import files, settings
from .api import Api, HttpApi
from .backup import Backup
from .conversations import GROUP, PRIVATE, Conversation, Conversations
from .history import History, Message
from .identity import Identity
from .kinds import QUIET, files_of, forwarded, is_forwardable, mentions, opens_once
from .letters import Letter
from .lists import next_list
from .machine import Machine, News
from .outbox import Outbox, Sent
from .polls import poll
from .problems import ClientProblem, Malformed, Refused, Unreachable
from .socket import Socket, SocketClosed
from .store import Store
from .verification import Verification, Verifications
from .wire import Json, parse

ONCE_S = 14 * 24 * 3600
"""So long the server keeps what opens once, opened or not."""
SEEK_AFTER_MS = 30_000
BACKUP_AFTER_S = 5.0
RETRY_S = (0.2, 30.0)
"""How long to wait before connecting again: at first, and at most."""
PAGE = 200
SETTINGS_TRIES = 4


def _now() -> int:
    return time.time_ns() // 1_000_000


@dataclass(frozen=True, slots=True)
class Receipt:
    """How far somebody has received and read a conversation."""

    conv: str
    user_id: str
    delivered_seq: int
    read_seq: int


class Client:
    """One device of one user. Made by `Client.open`; used as an async context manager.

    Whatever it was told and has said is in its file: it may end at any point and be opened again.
    """

    def __init__(
        self,
        store: Store,
        api: Api,
        user_id: str,
        device_id: str,
        *,
        clock: Callable[[], int] = _now,
    ) -> None:
        self.store, self.api = store, api
        self.user_id, self.device_id = user_id, device_id
        self._clock = clock
        self.machine = Machine(store, user_id, device_id, api, clock)
        self.backup = Backup(self.machine)
        self.identity = Identity(self.machine, self.backup)
        self.conversations = Conversations(store, api, user_id)
        self.history = History(self.machine, self.conversations)
        self.outbox = Outbox(self.machine, self.conversations, self.history)
        self.verifications = Verifications(self.machine, self.identity)
        self.on_receipt: Callable[[Receipt], None] = lambda _: None
        self.on_change: Callable[[Json], None] = lambda _: None
        """Told of the other entries of the stream: orders, transfers, contacts."""
        self.on_keys_changed: Callable[[str], None] = lambda _: None
        """Told whose keys changed: say it, calmly."""
        self.on_letter: Callable[[Letter], None] = lambda _: None
        self._came = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []
        self._pulling = asyncio.Lock()
        self._sought = 0

    @classmethod
    async def open(
        cls,
        url: str,
        token: str,
        file: str | Path,
        *,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> "Client":
        """Sign in with a device's token; `file` is where this device keeps what it knows.

        Raises: Refused, Unreachable, StoreInUse, ClientProblem for a file of another device.
        """
        api = HttpApi(url, token, transport=transport)
        store: Store | None = None
        try:
            store = Store(Path(file))
            ids = store.get("user_id"), store.get("device_id")
            if ids[0] is None:
                ids = await _who(api)
                with store.change():
                    store.put("user_id", ids[0])
                    store.put("device_id", ids[1])
            elif store.get("token_seen") != _short(token) and await _who(api) != ids:
                raise ClientProblem(f"{file} belongs to another device than this token.")
            with store.change():
                store.put("token_seen", _short(token))
            return cls(store, api, *ids)
        except BaseException:
            if store is not None:
                store.close()
            await api.close()
            raise

    async def __aenter__(self) -> "Client":
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Stop following, and let go of the file."""
        for task in self._tasks:
            task.cancel()
        for task in self._tasks:
            with suppress(asyncio.CancelledError, Exception):
                await task
        self._tasks = []
        if isinstance(self.api, HttpApi):
            await self.api.close()
        self.store.close()

    async def call(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        query: Json | None = None,
        headers: dict[str, str] | None = None,
    ) -> Any:
        """Any other call of the API: orders, money, shops. Raises: Refused, Unreachable."""
        return await self.api.call(method, path, body, query=query, headers=headers)

    # Being one of one's owner's devices.

    async def start(self) -> str:
        """Publish this device's keys, and say how it stands: a state of `Identity.state`."""
        await self.machine.start()
        return await self.identity.state()

    async def begin(self, *, confirmation: str | None = None, anew: bool = False) -> str:
        """Be the first device of its owner; returns the recovery key, to be written down."""
        await self.machine.start()
        return await self.identity.begin(confirmation=confirmation, anew=anew)

    async def recover(self, recovery_key: str) -> int:
        """Be a further device, by the recovery key; how many waiting messages became readable."""
        await self.machine.start()
        convs = await self.identity.recover(recovery_key)
        return self._retry(convs)

    # Conversations.

    async def list_conversations(self) -> list[Json]:
        """One's conversations as the server lists them, the latest first; they are learned, too."""
        items: list[Json] = []
        query: Json = {"limit": 50}
        while True:
            page = await self.api.call("GET", "/v1/conversations", query=query)
            for told in page["items"]:
                await self.history.learn(told)
                items.append(told)
            if not page.get("next"):
                return items
            query = {**query, "after": page["next"]}

    async def talk_with(self, user_id: str, kind: str = PRIVATE) -> Conversation:
        """The conversation with somebody, begun if there was none. `kind` is `business` for shops.

        Raises: Refused.
        """
        body = {"id": str(uuid7()), "kind": kind, "with_id": user_id}
        try:
            told = await self.api.call("POST", "/v1/conversations", body)
        except Refused as refused:
            if refused.slug != "conversation-exists":
                raise
            return await self.conversations.refresh(refused.facts["conversation_id"])
        return self.conversations.learn(told)

    async def make_group(
        self, title: str, member_ids: list[str], *, id: str | None = None
    ) -> Conversation:
        """A private group with these people and oneself, who is its admin."""
        body = {
            "id": id or str(uuid7()),
            "kind": PRIVATE,
            "form": GROUP,
            "member_ids": member_ids,
        }
        known = self.conversations.learn(await self.api.call("POST", "/v1/conversations", body))
        members = [*member_ids, self.user_id]
        await self._say_list(known, members, [self.user_id], {"title": title})
        return await self.conversations.get(known.id)

    async def add_member(self, conv: str, user_id: str, *, role: str = "member") -> Sent:
        """Let somebody into a group: on the server, and on the admins' list."""
        told = await self.api.call(
            "PUT", f"/v1/conversations/{conv}/members/{user_id}", {"role": role}
        )
        known = await self._after_members(conv, told)
        members, admins = self._listed(known)
        admins = admins | {user_id} if role == "admin" else admins
        return await self._say_list(known, [*members, user_id], list(admins))

    async def remove_member(self, conv: str, user_id: str) -> Sent | None:
        """Take somebody out of a group, or leave it oneself."""
        known = await self.conversations.get(conv)
        members, admins = self._listed(known)
        path = f"/v1/conversations/{conv}/members/{user_id}"
        told = await self.api.call("DELETE", path)
        if user_id == self.user_id:
            return None
        known = await self._after_members(conv, told)
        return await self._say_list(known, list(members - {user_id}), list(admins - {user_id}))

    async def _after_members(self, conv: str, told: Any) -> Conversation:
        if isinstance(told, dict) and told.get("id") == conv:
            return self.conversations.learn(told)
        return await self.conversations.refresh(conv)

    def _listed(self, known: Conversation) -> tuple[set[str], set[str]]:
        lists = self.outbox.lists(known)
        if lists is None:
            raise ClientProblem("The list of this group's members has not come yet.")
        return set(lists.list.members), set(lists.list.admins)

    async def _say_list(
        self, known: Conversation, members: list[str], admins: list[str], change: Json | None = None
    ) -> Sent:
        made = next_list(members, admins, self.outbox.lists(known))
        return await self._say_settings(known.id, change or {}, {"list": made.as_json()})

    async def _say_settings(self, conv: str, change: Json, more: Json) -> Sent:
        known = settings.read(self.store, conv)
        said = settings.changed(known.settings.content, change)
        content: Json = {"type": "settings", **said, **more, "did": [change] if change else []}
        options: Json = {"media": files_of(said)} if said.get("photo") else {}
        # What waits here already is made from what was, and goes before this.
        if not any(waiting == conv for waiting, _ in self.outbox.waiting()):
            options["over"] = known.latest_seq
        return await self.send(conv, content, **options)

    def settings(self, conv: str) -> Json:
        """What is set there, as far as this device believes it: `title`, `pins`, `editors`, …."""
        return settings.read(self.store, conv).settings.content

    async def change_settings(self, conv: str, change: Json) -> Sent:
        """Change what is set: a `title` or `description`, a `pin` {id, seq}, an `unpin` of an id.

        Made anew when somebody else was quicker. Raises: Refused where only admins may.
        """
        for _ in range(SETTINGS_TRIES):
            try:
                return await self._try_settings(conv, change)
            except Refused as refused:
                if refused.slug != "stale-settings":
                    raise
                await self.history.learn(await self.api.call("GET", f"/v1/conversations/{conv}"))
        return await self._try_settings(conv, change)

    async def _try_settings(self, conv: str, change: Json) -> Sent:
        known = await self.conversations.get(conv)
        lists = self.outbox.lists(known)
        if lists is not None and self.user_id in lists.list.admins:
            # An admin's settings hold the list, for devices that come later.
            return await self._say_list(
                known, list(lists.list.members), list(lists.list.admins), change
            )
        return await self._say_settings(conv, change, {})

    async def pin(self, message: Message) -> Sent:
        """Pin a message for all; of three the oldest goes."""
        return await self.change_settings(
            message.conv, {"pin": {"id": message.id, "seq": message.seq}}
        )

    async def permit(
        self, conv: str, *, writers: str | None = None, editors: str | None = None
    ) -> None:
        """Say who writes in a group, and who changes what is set: `everybody` or `admins`."""
        body = {k: v for k, v in (("writers", writers), ("editors", editors)) if v is not None}
        await self.api.call("PUT", f"/v1/conversations/{conv}/permissions", body)
        if editors is not None:
            await self.change_settings(conv, {"editors": editors})

    async def accept(self, conv: str) -> None:
        """Take a stranger's request."""
        await self.api.call("PUT", f"/v1/conversations/{conv}/acceptance")
        self.conversations.doubt(conv)

    async def say(
        self,
        conv: str,
        text: str,
        *,
        id: str | None = None,
        naming: Iterable[tuple[str, str]] = (),
    ) -> Sent:
        """Write a text. With an `id` of one's own it is safe to repeat.

        `naming` are members of a group whom the words call by `@name`: ids and names.
        """
        content: Json = {"type": "text", "text": text}
        if named := mentions(naming):
            content["mentions"] = named
        return await self.send(conv, content, id=id)

    async def ask(
        self,
        conv: str,
        question: str,
        options: Sequence[str],
        *,
        several: bool = False,
        closes_at: int | None = None,
    ) -> Sent:
        """Ask in a private conversation; its message's id is the poll's. Raises: ClientProblem."""
        if not (await self.conversations.get(conv)).is_private:
            raise ClientProblem("Polls are for private conversations.")
        return await self.send(conv, poll(question, options, several=several, closes_at=closes_at))

    async def vote(self, conv: str, poll_id: str, options: Sequence[int]) -> Sent:
        """Choose by number, from 0 on, instead of what was chosen before; nothing takes it back."""
        content = {"type": "vote", "target_id": poll_id, "options": list(options)}
        return await self.send(conv, content)

    async def end_poll(self, conv: str, poll_id: str) -> Sent:
        """End a poll that one has begun."""
        return await self.send(conv, {"type": "poll_end", "target_id": poll_id})

    async def forward(self, message: Message, conv: str, *, openly: bool = False) -> Sent:
        """Say in another conversation what somebody said, files included.

        What was private goes to a shop only `openly`: its team and the server read it there.
        Raises: ClientProblem for what cannot be said there.
        """
        content = message.content
        if content is None or not is_forwardable(content):
            raise ClientProblem("This cannot be forwarded.")
        was_private = (await self.conversations.get(message.conv)).is_private
        is_private = (await self.conversations.get(conv)).is_private
        files = files_of(content)
        if was_private and not is_private and not openly:
            raise ClientProblem("A shop's team and the server would read it: say `openly`.")
        if files and was_private != is_private:
            raise ClientProblem("Its files are of the other kind of conversation: send them anew.")
        return await self.send(conv, forwarded(content), media=files if is_private else None)

    async def send(
        self,
        conv: str,
        content: Json,
        *,
        id: str | None = None,
        ttl_s: int | None = None,
        media: list[str] | None = None,
        over: int | None = None,
    ) -> Sent:
        """Send any content of design section 5. What cannot go now is kept, and goes when it can.

        Raises: Refused, NotConfirmed.
        """
        options: Json = {}
        if content.get("type") in QUIET:
            options["is_quiet"] = True
        if content.get("type") == "settings":
            options["slot"] = "settings"
        if opens_once(content):
            ttl_s = min(ttl_s or ONCE_S, ONCE_S)
        if ttl_s is not None:
            options["ttl_s"] = ttl_s
        if media:
            options["media"] = media
        if over is not None:
            options["over"] = over
        message_id = id or str(uuid7())
        sent = await self.outbox.send(conv, message_id, content, options)
        self._tell_changed()
        return sent

    async def send_file(self, conv: str, path: str | Path, *, caption: str = "") -> Sent:
        """Seal a file, upload it and send it into a private conversation.

        Raises: Refused, Unreachable, NotConfirmed.
        """
        path, api = Path(path), self._http()
        if not (await self.conversations.get(conv)).is_private:
            raise ClientProblem("Files are sealed for private conversations only.")
        told = await files.upload(api, path)
        content: Json = {
            "type": "document",
            "media": told["media_id"],
            "name": path.name,
            "size_bytes": told["size_bytes"],
            "files": {told["media_id"]: told},
        }
        if caption:
            content["caption"] = caption
        return await self.send(conv, content, media=[told["media_id"]])

    async def fetch_file(self, content: Json, media_id: str | None = None) -> bytes:
        """A file that a private message carries, by the message's content; without an id, its only
        one. Raises: DamagedFile, Malformed; ClientProblem for what opens once (`open_once`)."""
        if opens_once(content):
            raise ClientProblem("It opens once.")
        return await files.download(self._http(), files.told_in(content, media_id))

    async def open_once(self, message: Message) -> dict[str, bytes]:
        """The files, by their ids, of what opens once; then it is gone from all own devices.

        Raises: DamagedFile, Malformed, ClientProblem when it is no such message or was opened.
        """
        content = message.content
        if content is None or not opens_once(content) or message.sender == self.user_id:
            raise ClientProblem("There is nothing here that opens once.")
        api = self._http()
        opened = {
            media: await files.download(api, files.told_in(content, media))
            for media in files_of(content)
        }
        await self.send(message.conv, {"type": "opened", "target_id": message.id})
        with self.store.change():
            self.history.erase(message.id)
        return opened

    def _http(self) -> HttpApi:
        if not isinstance(self.api, HttpApi):
            raise ClientProblem("Files need a way to the server that carries bytes.")
        return self.api

    async def delete(self, message_id: str) -> None:
        """Delete an own message for all."""
        await self.api.call("POST", f"/v1/messages/{message_id}/deletion")
        with self.store.change():
            self.history.erase(message_id)

    async def mark_read(self, conv: str, seq: int) -> None:
        body = {"delivered_seq": seq, "read_seq": seq}
        await self.api.call("PUT", f"/v1/conversations/{conv}/receipts", body)

    async def read_history(
        self, conv: str, *, before: int | None = None, limit: int = 50
    ) -> list[Message]:
        """The latest entries, or those before a number, in order; without a connection, what is
        here."""
        known = await self.conversations.get(conv)
        query: Json = {"limit": min(limit, PAGE)}
        if before is not None:
            query["before"] = before
        try:
            page = await self.api.call("GET", f"/v1/conversations/{conv}/messages", query=query)
        except Unreachable:
            return self.history.page(conv, before=before, limit=limit)
        for entry in sorted(page["items"], key=lambda entry: int(entry["seq"])):
            await self._take_entry(entry, is_told=True)
        return self.history.page(known.id, before=before, limit=limit)

    # Following.

    async def pull(self, *, wait_s: int = 0) -> None:
        """Take in what is new, by plain requests: letters first, then the stream, then send what
        waits. With `wait_s` the server waits that long for news."""
        async with self._pulling:
            await self.pull_letters()
            if self.store.get("pos") is None:
                await self._load()
            while await self._pull_stream(wait_s):
                wait_s = 0
                await self.pull_letters()
        await self._after_news()

    async def pull_letters(self) -> None:
        """Take in and acknowledge the letters that wait for this device.

        One that never showed its keys gets none: a program for shops need not have any.
        """
        while self.machine.is_published:
            after = self.machine.letter_n
            page = await self.api.call("GET", "/v1/device-messages", query={"after": after})
            await self._take_letters(page.get("items") or [], after=after)
            if page.get("items"):
                body = {"n": self.machine.letter_n}
                await self.api.call("POST", "/v1/device-messages/acknowledgement", body)
            await self.machine.stock(
                page.get("one_time_key_counts"), page.get("unused_fallback_key_types")
            )
            if not page.get("has_more"):
                return

    async def _pull_stream(self, wait_s: int) -> bool:
        """One page; whether there may be more."""
        after = self.store.get("pos") or 0
        query = {"after": after, "wait_s": wait_s}
        page = await self.api.call("GET", "/v1/stream", query=query)
        if page["resync"]:
            await self._resync()
            return True
        if page["frames"] and wait_s:
            await self.pull_letters()
        for frame in page["frames"]:
            await self._take_event(frame)
        with self.store.change():
            self.store.put("pos", max(self.store.get("pos") or 0, page["pos"]))
        return bool(page["has_more"])

    async def _load(self) -> None:
        """Begin: from the server's list of conversations on."""
        first = await self.api.call("GET", "/v1/conversations", query={"limit": 1})
        await self.list_conversations()
        with self.store.change():
            self.store.put("pos", first["as_of"])

    async def _resync(self) -> None:
        """The cursor is too old: load afresh, and fill what is missing in between."""
        self.machine.people.doubt()
        seen = {
            row["conv"]: row["seen_seq"]
            for row in self.store.all("SELECT conv, seen_seq FROM conversations")
        }
        first = await self.api.call("GET", "/v1/conversations", query={"limit": 1})
        for told in await self.list_conversations():
            after = seen.get(told["id"], 0)
            while after < told["seq"]:
                page = await self.api.call(
                    "GET",
                    f"/v1/conversations/{told['id']}/messages",
                    query={"after": after, "limit": PAGE},
                )
                items = sorted(page["items"], key=lambda entry: int(entry["seq"]))
                if not items:
                    break
                for entry in items:
                    await self._take_entry(entry, is_told=False)
                after = items[-1]["seq"]
        with self.store.change():
            self.store.put("pos", first["as_of"])

    async def _take_event(self, frame: Json) -> bool:
        """Take in one entry of the stream, in its place. False if one before it is missing."""
        pos, known = frame.get("pos"), self.store.get("pos") or 0
        if not isinstance(pos, int) or pos <= known:
            return True
        if pos > known + 1:
            return False
        if isinstance(frame.get("conv"), str):
            try:
                await self._take_entry(frame, is_told=False, pos=pos)
            except (Refused, Malformed, ClientProblem) as problem:
                if isinstance(problem, Unreachable) or (
                    isinstance(problem, Refused) and problem.status in (401, 429)
                ):
                    raise
        elif frame.get("k") == "devices":
            # Also where the number is known: somebody may have been verified on another device.
            self.machine.people.told(str(frame.get("ref")), int(frame.get("seq") or 0))
            self.machine.people.doubt(str(frame.get("ref")))
            if frame.get("ref") == self.user_id:
                await self._note_confirmed()
        elif frame.get("k") == "conversation":
            self.conversations.doubt(str(frame.get("ref")))
        elif frame.get("k") == "hidden":
            with self.store.change():
                self.history.erase(str(frame.get("ref")))
        else:
            self.on_change(frame)
        with self.store.change():
            if (self.store.get("pos") or 0) < pos:
                self.store.put("pos", pos)
        return True

    async def _take_entry(self, entry: Json, *, is_told: bool, pos: int | None = None) -> None:
        entry = {k: v for k, v in entry.items() if k not in ("t", "pos", "stream")}
        known = await self.history.prepare(entry)
        if known is None:
            return
        with self.store.change():
            self.outbox.settle_by_entry(entry)
            self.history.keep(entry, known, is_told=is_told)
            if pos is not None and (self.store.get("pos") or 0) < pos:
                self.store.put("pos", pos)
        self._tell_changed()
        self._came.set()

    async def _take_letters(self, items: list[Json], *, after: int | None = None) -> None:
        news = await self.machine.take(items, after=after)
        self._retry(news.convs)
        await self._tell(news)

    async def _tell(self, news: News) -> None:
        for user_id, type, content in news.plain:
            await self.verifications.take(user_id, type, content)
        for letter in news.sealed:
            self.on_letter(letter)
        self._tell_changed()

    def _tell_changed(self) -> None:
        changed, self.machine.changed = self.machine.changed, set()
        for user_id in sorted(changed):
            self.on_keys_changed(user_id)

    def _retry(self, convs: set[str] | None) -> int:
        opened = self.history.retry(convs) if convs is None or convs else 0
        if opened:
            self._came.set()
        return opened

    async def _note_confirmed(self) -> None:
        """Remember since when this device is confirmed; what was from before can be judged now."""
        if self.store.get("confirmed_at") is None:
            await self.identity.note_confirmed()
            if self.store.get("confirmed_at") is not None:
                self._retry(None)

    async def _after_news(self) -> None:
        self.history.sweep()
        if self.machine.is_confirmed:
            await self._note_confirmed()
        if self.store.get("restore_due") and self.machine.is_confirmed:
            await self.machine.ask_for_secrets()
        self._retry(await self.identity.restore_due())
        await self._retry_untrusted()
        await self.seek_missing()
        await self.outbox.flush_all()
        await self.backup.write()

    async def _retry_untrusted(self) -> None:
        """Ask once more about the devices of those whose messages were not trusted."""
        rows = self.store.all("SELECT entry FROM entries WHERE unread = 'untrusted'")
        senders = {str(parse(row["entry"]).get("from")) for row in rows}
        stale = senders & set(self.machine.people.stale())
        if stale:
            await self.machine.freshen(sorted(stale))
            self._retry(None)

    async def seek_missing(self, *, after_ms: int = SEEK_AFTER_MS) -> int:
        """Look for keys that have been missing for a while: in the backup, then on one's own
        devices. How many messages became readable."""
        now = self._clock()
        if not self.history.waiting(now - after_ms) or now - self._sought < after_ms:
            return 0
        self._sought = now
        opened = self._retry(await self.backup.restore(if_changed=True))
        for row in self.history.waiting(now - after_ms):
            with suppress(Malformed):
                content = parse(str(parse(row["entry"]).get("ct")))
                sender_key, session_id = content.get("sender_key"), content.get("session_id")
                if isinstance(sender_key, str) and isinstance(session_id, str):
                    await self.machine.ask_for_key(row["conv"], sender_key, session_id)
        return opened

    async def messages(self) -> AsyncIterator[Message]:
        """What comes, in order, each until it was handled: it counts as handled when the next one
        is asked for. After a crash the last one may come again, with the same id."""
        while True:
            self._came.clear()
            message = self.history.next_untold()
            if message is None:
                # What was held back for a missing key comes without a further event.
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._came.wait(), 5)
                continue
            yield message
            self.history.mark_told(message.id)

    def follow(self) -> asyncio.Task[None]:
        """Follow the stream in the background: by the socket, or without if it does not open."""
        task = asyncio.create_task(self.run())
        self._tasks.append(task)
        return task

    async def run(self) -> None:
        """Follow the stream until cancelled. Raises: Refused when the device was signed out."""
        pause = RETRY_S[0]
        while True:
            began = asyncio.get_running_loop().time()
            try:
                if self.machine.is_published:
                    await self.machine.start()
                await self.pull()
                await self._listen()
            except SocketClosed as closed:
                if closed.is_final:
                    raise Refused(401, "not-signed-in", "This device was signed out.", {}) from None
                if not closed.was_open:
                    with suppress(Unreachable):
                        await self.pull(wait_s=25)
                        continue
            except Unreachable:
                pass
            if asyncio.get_running_loop().time() - began > RETRY_S[1]:
                pause = RETRY_S[0]
            await asyncio.sleep(pause * random.uniform(0.5, 1.5))  # noqa: S311
            pause = min(RETRY_S[1], pause * 2)

    async def _listen(self) -> None:
        """Take in what the socket brings, until it closes. Raises: SocketClosed, Unreachable."""
        if not isinstance(self.api, HttpApi):
            raise SocketClosed("There is no socket.", was_open=False)
        async with Socket(self.api.socket_url, self.api.token) as socket:
            await socket.say({"t": "hello", "v": 1, "pos": self.store.get("pos") or 0})
            chores = asyncio.create_task(self._chores(socket))
            try:
                while True:
                    for frame in await socket.hear():
                        await self._take_frame(frame, socket)
            finally:
                chores.cancel()
                with suppress(asyncio.CancelledError, Exception):
                    await chores

    async def _take_frame(self, frame: Json, socket: "Socket") -> None:
        match frame.get("t"):
            case "td":
                await self._take_letters(frame.get("items") or [])
                if int(frame.get("n") or 0) > self.machine.letter_n:
                    await self.pull_letters()
                await socket.say({"t": "ack", "n": self.machine.letter_n})
                await self.outbox.flush_all()
            case "otk":
                await self.machine.stock(frame.get("counts"), frame.get("unused"))
            case "ev" if frame.get("stream") is None:
                if not await self._take_event(frame):
                    await self.pull()
                await socket.say({"t": "ack", "pos": self.store.get("pos")})
                if frame.get("k") in ("devices", "change", "conversation"):
                    await self._after_news()
            case "rcpt":
                with suppress(KeyError):
                    self.on_receipt(Receipt(frame["conv"], frame["user"], frame["d"], frame["r"]))
            case "resync":
                await self.pull_letters()
                await self._resync()
                raise SocketClosed("Once more, from the new cursor.", was_open=True)
            case "bye":
                raise SocketClosed(
                    str(frame.get("why")), was_open=True, is_final=frame.get("why") == "auth"
                )
            case _:
                pass

    async def _chores(self, socket: "Socket") -> None:
        """What is done from time to time while the socket is open."""
        with suppress(SocketClosed):
            while True:
                await asyncio.sleep(BACKUP_AFTER_S)
                for chore in self._due():
                    with suppress(Unreachable, Refused):
                        await chore()
                await socket.say({"t": "ping"})

    def _due(self) -> list[Callable[[], Awaitable[Any]]]:
        self.history.sweep()
        return [self.backup.write, self.outbox.flush_all, self.seek_missing]

    # Trust.

    async def verify(self, user_id: str, device_id: str | None = None) -> Verification:
        """Ask somebody, or one's own other devices, to compare emoji."""
        return await self.verifications.ask(user_id, device_id)

    def withdraw(self, user_id: str) -> None:
        """No longer take this person for verified: what waits for them goes with their new keys."""
        self.machine.people.withdraw(user_id)


async def _who(api: Api) -> tuple[str, str]:
    """The user and the device that the token stands for."""
    me = await api.call("GET", "/v1/me")
    for path in ("/v1/devices", "/v1/tokens"):
        for device in await api.call("GET", path):
            if device["is_current"]:
                return str(me["id"]), str(device["id"])
    raise ClientProblem("The server does not say which device this token is.")


def _short(token: str) -> str:
    """Enough of a token to see that it is another one, and too little to be one."""
    return token[:8]
