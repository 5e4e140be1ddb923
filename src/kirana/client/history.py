"""The entries of conversations as this device has them: each once, opened once."""

import json
from dataclasses import dataclass
from sqlite3 import Row
from typing import Any

from . import settings
from .conversations import GROUP, Conversation, Conversations
from .envelope import TYPE, Opened, open_envelope
from .facts import is_signed
from .lists import KnownLists, follow, read_list
from .machine import Machine
from .problems import Malformed, Unreadable
from .wire import Json, object_at

WAITING = (Unreadable.MISSING_KEY, Unreadable.UNTRUSTED)
HOLD_MS = 30_000
"""How long what came later waits for a message that cannot be read yet."""
KEPT_FIELDS = ("ct", "com", "body")
"""What of an entry is not kept once it was opened."""


@dataclass(frozen=True, slots=True)
class Message:
    """One entry of a conversation.

    `content` is what was said, None if it cannot be read or was deleted. `unread` says why it
    cannot be read: a name of `Unreadable`. `shield` is "restored" when who wrote it is known from
    the backup only. `number` and `time` are the server's; the time is in milliseconds.
    """

    conv: str
    seq: int
    id: str
    k: str
    sender: str | None
    device: str | None
    ts: int
    content: Json | None
    target: str | None = None
    unread: str | None = None
    detail: str | None = None
    shield: str | None = None

    @property
    def text(self) -> str:
        """What a line of text can show of it."""
        said = self.content or {}
        return str(said.get("text") or said.get("caption") or "")


class History:
    """Keeps entries, opens what can be opened, and tries again when keys come."""

    def __init__(self, machine: Machine, conversations: Conversations) -> None:
        self._machine, self._store = machine, machine.store
        self._conversations = conversations

    async def prepare(self, entry: Json) -> Conversation | None:
        """Ask for what has to be known before an entry can be judged."""
        conv = entry.get("conv")
        if not isinstance(conv, str):
            return None
        if entry.get("k") == "change":
            self._conversations.doubt(conv)
        known = await self._conversations.get(conv)
        if isinstance(entry.get("ct"), str) and not self.has(entry):
            await self._machine.know_sender(str(entry.get("from")), entry["ct"])
        return known

    async def take(self, entry: Json, *, is_told: bool) -> None:
        """Keep one entry of a page."""
        known = await self.prepare(entry)
        if known is not None:
            with self._store.change():
                self.keep(entry, known, is_told=is_told)

    async def learn(self, told: Json) -> Conversation:
        """Take in a conversation as the server tells of it, with its latest settings.

        So a device that comes later knows a group's name and members without all its history.
        """
        known = self._conversations.learn(told)
        # An admin's first: they say who may say others.
        for said in (told.get("admin_settings"), told.get("settings")):
            if known.is_private and isinstance(said, dict) and not self.has(said):
                await self.take({**said, "conv": known.id}, is_told=True)
                known = await self._conversations.get(known.id)
        return known

    def has(self, entry: Json) -> bool:
        row = self._store.one("SELECT 1 FROM entries WHERE id = ?", str(entry.get("id")))
        return row is not None

    def keep(self, entry: Json, known: Conversation, *, is_told: bool) -> None:
        """Keep an entry, opened if that can be. Within a change of the store.

        Another entry under a number that is taken, or a known id under another number, is not
        kept: the server moved something.
        """
        conv, seq, id = known.id, entry.get("seq"), entry.get("id")
        if not isinstance(seq, int) or not isinstance(id, str):
            return
        self._store.do(
            "UPDATE conversations SET seen_seq = max(seen_seq, ?) WHERE conv = ?", seq, conv
        )
        if entry.get("k") == "deletion":
            self.erase(str(entry.get("target")))
        if self._store.one(
            "SELECT 1 FROM entries WHERE id = ? OR (conv = ? AND seq = ?)", id, conv, seq
        ):
            return
        self._store.do(
            "INSERT INTO entries (conv, seq, id, k, entry, since, expires_at, is_told)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            conv,
            seq,
            id,
            str(entry.get("k")),
            json.dumps(entry),
            self._machine.clock(),
            entry.get("expires_at"),
            is_told or entry.get("k") == "change",
        )
        self._open(known, entry)

    def settle(self, conv: str, seq: int, ts: int, message_id: str, content: Json) -> None:
        """A message of this device has its place now. Within a change of the store."""
        entry = {
            "conv": conv,
            "seq": seq,
            "id": message_id,
            "k": "message",
            "from": self._machine.own.user_id,
            "dev": self._machine.own.device_id,
            "ts": ts,
        }
        self._store.do(
            "INSERT OR IGNORE INTO entries (conv, seq, id, k, entry, since, is_told)"
            " VALUES (?, ?, ?, 'message', ?, ?, 1)",
            conv,
            seq,
            message_id,
            json.dumps(entry),
            ts,
        )
        self._store.do(
            "UPDATE conversations SET seen_seq = max(seen_seq, ?) WHERE conv = ?", seq, conv
        )
        self._store_content(message_id, content, None)
        self._forget_opened(content, self._machine.own.user_id)
        known = self._conversations.find(conv)
        if known is not None:
            self._follow(known, content, self._machine.own.user_id, seq)

    def _open(self, known: Conversation, entry: Json) -> None:
        try:
            content, shield = self._read(known, entry)
        except Unreadable as error:
            self._store.do(
                "UPDATE entries SET unread = ?, detail = ? WHERE id = ?",
                error.why,
                error.detail,
                entry["id"],
            )
            return
        if content is not None:
            self._store_content(entry["id"], content, shield)
            self._forget_opened(content, str(entry.get("from")))

    def _forget_opened(self, content: Json, sender: str) -> None:
        """What this person has opened for the one time that it may be is gone from this device."""
        if content.get("type") == "opened" and sender == self._machine.own.user_id:
            self.erase(str(content.get("target_id")))

    def _store_content(self, message_id: str, content: Json, shield: str | None) -> None:
        row = self._store.one("SELECT entry FROM entries WHERE id = ?", message_id)
        if row is None:
            return
        entry = {k: v for k, v in json.loads(row["entry"]).items() if k not in KEPT_FIELDS}
        self._store.do(
            "UPDATE entries SET content = ?, shield = ?, unread = NULL, detail = NULL, entry = ?"
            " WHERE id = ?",
            self._store.seal(json.dumps(content).encode(), f"entry.{message_id}"),
            shield,
            json.dumps(entry),
            message_id,
        )

    def _read(self, known: Conversation, entry: Json) -> tuple[Json | None, str | None]:
        """Content and shield. Raises: Unreadable."""
        body = entry.get("body")
        if entry.get("k") == "fact":
            self._check_signature(known.id, entry)
        if not known.is_private or entry.get("k") != "message":
            return (body if isinstance(body, dict) else None), None
        if body is not None:
            raise Unreadable(Unreadable.REFUSED, "Plain words in a private conversation.")
        if "ct" not in entry:
            return None, None
        plain = self._machine.sessions.decrypt(known.id, entry["ct"])
        shield = self._machine.judge(plain, entry)
        if plain.content.get("type") != TYPE:
            raise Unreadable(Unreadable.REFUSED, "It is no message.")
        try:
            opened = open_envelope(
                object_at(plain.content, "content"), entry["id"], known.id, entry.get("com")
            )
        except Malformed as error:
            raise Unreadable(Unreadable.REFUSED, str(error)) from None
        self._check_member(known, entry, opened)
        self._machine.sessions.use_number(known.id, plain, entry["id"])
        self._follow(known, opened.content, str(entry.get("from")), entry["seq"])
        return opened.content, shield

    def _check_signature(self, conv: str, entry: Json) -> None:
        """Whether the server signed a fact, as it does since its first signature.

        Raises: Unreadable.
        """
        key, place = self._store.get("facts_key"), f"signed.{conv}"
        body = entry.get("body")
        if key is None or not isinstance(body, dict):
            return
        if "sig" not in body and self._store.get(place) is None:
            return
        if not is_signed(entry, key):
            raise Unreadable(Unreadable.REFUSED, "The server did not sign it.")
        self._store.put(place, 1)

    def _check_member(self, known: Conversation, entry: Json, opened: Opened) -> None:
        """Whether the members' own list knows the sender. Raises: Unreadable."""
        sender = str(entry.get("from"))
        if known.form != GROUP:
            if sender not in known.pair:
                raise Unreadable(Unreadable.REFUSED, "Its sender is not of these two.")
            return
        if known.lists is None:
            return
        judge = known.lists.list
        if entry["seq"] < known.lists.seq:
            older = known.lists.by_hash.get(opened.list_hash or "")
            if older is None:
                return  # From before the oldest list that is known here.
            judge = older
        # After a list, none but its own counts: the server could let somebody in again.
        if sender not in judge.members:
            if self._may_miss_a_list(known.id, known.lists, entry["seq"], opened):
                raise Unreadable(
                    Unreadable.UNTRUSTED, "The members' list that it goes by has not come yet."
                )
            raise Unreadable(Unreadable.REFUSED, "Its sender is not on the members' list.")

    def _may_miss_a_list(self, conv: str, lists: KnownLists, seq: int, opened: Opened) -> bool:
        """Whether the list that a message goes by may be among what could not be read yet."""
        if (opened.list_hash or "") in lists.by_hash:
            return False
        between = self._store.all(
            "SELECT unread FROM entries WHERE conv = ? AND seq > ? AND seq < ?",
            conv,
            lists.seq,
            seq,
        )
        has_holes = len(between) < seq - lists.seq - 1
        return has_holes or any(row["unread"] in WAITING for row in between)

    def _follow(self, known: Conversation, content: Json, sender: str, seq: int) -> None:
        if content.get("type") != "settings":
            return
        if known.form != GROUP:
            self._set(known.id, content, seq, is_ruling=True)
            return
        told = read_list(content.get("list"))
        lists = known.lists
        if told is not None:
            lists = follow(known.lists, told, sender, seq)
            if lists is None:
                return
            if lists is not known.lists:
                self._conversations.set_lists(known.id, lists)
        if lists is not None and seq >= lists.seq:
            self._set(known.id, content, seq, is_ruling=sender in lists.list.admins)
        if lists is not known.lists:
            self.retry({known.id})  # Some may have waited for this list.

    def _set(self, conv: str, content: Json, seq: int, *, is_ruling: bool) -> None:
        before = settings.read(self._store, conv)
        now = settings.follow(before, content, seq, is_ruling=is_ruling)
        settings.write(self._store, conv, now)
        title = now.settings.content.get("title")
        if isinstance(title, str):
            self._conversations.set_title(conv, title)

    def erase(self, message_id: str) -> None:
        """It was deleted, or its time is over: its words go from here, too."""
        row = self._store.one("SELECT * FROM entries WHERE id = ?", message_id)
        if row is None:
            return
        entry = {k: v for k, v in json.loads(row["entry"]).items() if k not in KEPT_FIELDS}
        self._store.do(
            "UPDATE entries SET content = NULL, unread = NULL, entry = ?, expires_at = NULL"
            " WHERE id = ?",
            json.dumps(entry),
            message_id,
        )

    def sweep(self) -> None:
        """Erase what has disappeared by now."""
        rows = self._store.all(
            "SELECT id FROM entries WHERE expires_at <= ?", self._machine.clock()
        )
        with self._store.change():
            for row in rows:
                self.erase(row["id"])

    def retry(self, convs: set[str] | None = None) -> int:
        """Try again what waits, in order; how many can be read now."""
        rows = self._store.all(
            "SELECT * FROM entries WHERE unread IN (?, ?) ORDER BY conv, seq", *WAITING
        )
        opened = 0
        for row in rows:
            if convs is not None and row["conv"] not in convs:
                continue
            known = self._conversations.find(row["conv"])
            if known is None:
                continue
            with self._store.change():
                self._open(known, json.loads(row["entry"]))
                now = self._store.one("SELECT unread FROM entries WHERE n = ?", row["n"])
                opened += now is not None and now["unread"] is None
        return opened

    def waiting(self, before: int) -> list[Row]:
        """Entries whose key is missing since before that time."""
        return self._store.all(
            "SELECT * FROM entries WHERE unread = ? AND since <= ?", Unreadable.MISSING_KEY, before
        )

    def page(self, conv: str, *, before: int | None = None, limit: int = 50) -> list[Message]:
        """The last entries that are here, in order."""
        rows = self._store.all(
            "SELECT * FROM entries WHERE conv = ? AND seq < ? ORDER BY seq DESC LIMIT ?",
            conv,
            2**62 if before is None else before,
            limit,
        )
        return [self.message(row) for row in reversed(rows)]

    def next_untold(self) -> Message | None:
        """The oldest entry that came and that nobody was told of, once it can be read.

        One that waits for its key, or for its key to come from its sender and not only from the
        backup, holds back what follows it in its conversation, for a while.
        """
        row = self._store.one(
            "SELECT * FROM entries AS e WHERE is_told = 0 AND (unread IS NULL OR unread = ?1)"
            " AND NOT EXISTS (SELECT 1 FROM entries AS w WHERE w.conv = e.conv AND w.seq < e.seq"
            " AND w.is_told = 0 AND w.unread IN (?2, ?3) AND w.since > ?4) ORDER BY n LIMIT 1",
            Unreadable.REFUSED,
            *WAITING,
            self._machine.clock() - HOLD_MS,
        )
        return self.message(row) if row else None

    def mark_told(self, message_id: str) -> None:
        with self._store.change():
            self._store.do("UPDATE entries SET is_told = 1 WHERE id = ?", message_id)

    def message(self, row: Row) -> Message:
        entry = json.loads(row["entry"])
        content: Any = None
        if row["content"] is not None:
            content = json.loads(self._store.unseal(row["content"], f"entry.{row['id']}"))
        return Message(
            row["conv"],
            row["seq"],
            row["id"],
            row["k"],
            entry.get("from"),
            entry.get("dev"),
            int(entry.get("ts") or 0),
            content,
            entry.get("target"),
            row["unread"],
            row["detail"],
            row["shield"],
        )
