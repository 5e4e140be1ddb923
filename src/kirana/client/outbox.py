"""What is to be sent: written down first, sealed once, sent by the same bytes until it is there.

One message at a time in each conversation, in order. It is sealed anew only when the server says
that its readers are others by now; the id stays, so it can never be there twice.
"""

import asyncio
import json
from collections import defaultdict
from dataclasses import dataclass
from sqlite3 import Row
from typing import Any

from . import envelope
from .conversations import GROUP, Conversation, Conversations, KindChanged
from .history import History
from .lists import KnownLists, MemberList, read_list
from .machine import Machine
from .problems import (
    IdentityChanged,
    NobodyCanRead,
    NotConfirmed,
    Refused,
    Unreachable,
)
from .wire import Json

ATTEMPTS = 20
"""How often to seal anew for one sending: each time something changed in between."""


@dataclass(frozen=True, slots=True)
class Sent:
    """A message on its way. Without a `seq` it waits: `waits_for` is `offline`, `devices` (nobody
    could read it yet), `identity` (a verified person's keys changed) or `list` (this device does
    not know the group's members by their own list). It goes when it can."""

    id: str
    conv: str
    seq: int | None
    waits_for: str | None = None
    without: tuple[str, ...] = ()
    """Who got no key, having no confirmed device."""


class NoMemberList(NobodyCanRead):
    """The list of this group's members has not come yet."""


class Outbox:
    """Sends what waits. `is_private` conversations get ciphertext and nothing else."""

    def __init__(self, machine: Machine, conversations: Conversations, history: History) -> None:
        self._machine, self._store, self._api = machine, machine.store, machine.api
        self._conversations, self._history = conversations, history
        self._locks: dict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    async def send(self, conv: str, message_id: str, content: Json, options: Json) -> Sent:
        """Write it down and send it, after what waits before it.

        Raises: Refused when the server does not take it; NotConfirmed.
        """
        known = await self._conversations.get(conv)
        if self._store.one("SELECT 1 FROM entries WHERE id = ?", message_id):
            return self._outcome(conv, message_id, None, [])
        if known.is_private:
            await self._machine.need_confirmation()
        with self._store.change():
            self._store.do(
                "INSERT OR IGNORE INTO outbox (id, conv, content, options) VALUES (?, ?, ?, ?)",
                message_id,
                conv,
                self._store.seal(json.dumps(content).encode(), f"outbox.{message_id}"),
                json.dumps(options),
            )
        waits_for, without = await self.flush(conv)
        return self._outcome(conv, message_id, waits_for, without)

    def _outcome(
        self, conv: str, message_id: str, waits_for: str | None, without: list[str]
    ) -> Sent:
        row = self._store.one("SELECT seq FROM entries WHERE id = ?", message_id)
        if row is not None:
            return Sent(message_id, conv, row["seq"], without=tuple(without))
        row = self._store.one("SELECT refusal FROM outbox WHERE id = ?", message_id)
        if row is not None and row["refusal"] is not None:
            told = json.loads(row["refusal"])
            self.drop(message_id)
            raise Refused(told["status"], told["slug"], told["title"], told["facts"])
        return Sent(message_id, conv, None, waits_for or "offline")

    def lists(self, known: Conversation) -> KnownLists | None:
        """The lists of a group, with those on top that this device made and has not sent yet."""
        lists = known.lists
        rows = self._store.all(
            "SELECT * FROM outbox WHERE conv = ? AND refusal IS NULL ORDER BY n", known.id
        )
        for row in rows:
            content = json.loads(self._store.unseal(row["content"], f"outbox.{row['id']}"))
            told = read_list(content.get("list")) if content.get("type") == "settings" else None
            if told is not None and (lists is None or told.n > lists.list.n):
                lists = KnownLists(told.hash, {told.hash: told}, 0)
        return lists

    def waiting(self) -> list[tuple[str, str]]:
        """Conversation and id of what is not sent yet, in order."""
        rows = self._store.all("SELECT conv, id FROM outbox WHERE refusal IS NULL ORDER BY n")
        return [(row["conv"], row["id"]) for row in rows]

    def refused(self) -> list[tuple[str, str, str]]:
        """Conversation, id and reason of what the server did not take later on; `drop` it."""
        rows = self._store.all("SELECT * FROM outbox WHERE refusal IS NOT NULL ORDER BY n")
        return [(it["conv"], it["id"], json.loads(it["refusal"])["slug"]) for it in rows]

    def drop(self, message_id: str) -> None:
        """Do not send it."""
        with self._store.change():
            self._store.do("DELETE FROM outbox WHERE id = ?", message_id)

    async def flush_all(self) -> None:
        """Send what can be sent, in every conversation."""
        for row in self._store.all("SELECT DISTINCT conv FROM outbox WHERE refusal IS NULL"):
            await self.flush(row["conv"])

    async def flush(self, conv: str) -> tuple[str | None, list[str]]:
        """Send what waits in this conversation. What for it still waits, and who got no key."""
        without: list[str] = []
        async with self._locks[conv]:
            while True:
                row = self._store.one(
                    "SELECT * FROM outbox WHERE conv = ? AND refusal IS NULL ORDER BY n LIMIT 1",
                    conv,
                )
                if row is None:
                    return None, without
                try:
                    without = await self._send(row)
                except Unreachable:
                    return "offline", without
                except IdentityChanged:
                    return "identity", without
                except NoMemberList:
                    return "list", without
                except NobodyCanRead:
                    return "devices", without
                except NotConfirmed:
                    return "confirmation", without
                except Refused as refused:
                    if refused.status in (401, 429):
                        raise
                    self._refuse(row["id"], refused)

    def _refuse(self, message_id: str, refused: Refused) -> None:
        told = {
            "status": refused.status,
            "slug": refused.slug,
            "title": refused.title,
            "facts": refused.facts,
        }
        with self._store.change():
            self._store.do(
                "UPDATE outbox SET refusal = ? WHERE id = ?",
                json.dumps(told, default=str),
                message_id,
            )

    async def _send(self, row: Row) -> list[str]:
        known = await self._conversations.get(row["conv"])
        content = json.loads(self._store.unseal(row["content"], f"outbox.{row['id']}"))
        options = json.loads(row["options"])
        path = f"/v1/conversations/{known.id}/messages"
        if not known.is_private:
            sent = await self._api.call("POST", path, {"id": row["id"], "body": content})
            self._settle(row["id"], sent, content)
            return []
        await self._machine.post()
        sealed: Any = json.loads(row["sealed"]) if row["sealed"] else None
        without: list[str] = []
        for _ in range(ATTEMPTS):
            if sealed is None:
                sealed, without = await self._seal(known, row["id"], content, options)
                if sealed is None:
                    continue
            try:
                sent = await self._api.call("POST", path, {"id": row["id"], **sealed})
            except Refused as refused:
                if refused.slug != "stale-audience":
                    raise
                sealed = None
                self._learn_audience(known, row["id"], refused.facts)
                known = await self._conversations.get(known.id)
                continue
            self._settle(row["id"], sent, content)
            return without
        raise Unreachable("The readers of this conversation keep changing.")

    def _learn_audience(self, known: Conversation, message_id: str, facts: Json) -> None:
        members, rev = facts.get("members"), facts.get("members_rev")
        with self._store.change():
            self._store.do("UPDATE outbox SET sealed = NULL WHERE id = ?", message_id)
            if not isinstance(members, list) or not isinstance(rev, int):
                self._conversations.doubt(known.id)
                return
            roles = {it.user_id: it.role for it in known.members}
            self._conversations.set_members(
                known.id, rev, [{**it, "role": roles.get(it["user_id"])} for it in members]
            )
            for member in members:
                self._machine.people.track([member["user_id"]])
                self._machine.people.told(member["user_id"], int(member.get("devices_rev") or 0))

    async def _seal(
        self, known: Conversation, message_id: str, content: Json, options: Json
    ) -> tuple[Json | None, list[str]]:
        """What is posted, and who gets no key. None if a key changed meanwhile: once more.

        The ciphertext is in the file, and the key has moved on, when this returns.
        Raises: NobodyCanRead, IdentityChanged, NotConfirmed.
        """
        if not known.is_private:
            raise KindChanged("Nothing is sealed for a conversation that is not private.")
        if known.form == GROUP and known.lists is None:
            told = await self._api.call("GET", f"/v1/conversations/{known.id}")
            known = await self._history.learn(told)
        lists = _lists_for(known, content)
        allowed = known.readers(lists)
        await self._machine.freshen([*known.on_server, self._machine.own.user_id])
        readers, without = await self._machine.readers(allowed)
        rev = f"{known.members_rev}.{self._sum_of_revs(known)}"
        others = [user_id for user_id in allowed if user_id != self._machine.own.user_id]
        is_for_nobody = bool(others) and not set(others) - set(without)
        if is_for_nobody and content.get("type") != "settings":
            raise NobodyCanRead("Nobody there has a confirmed device yet.")
        session_id = await self._machine.give_keys(known.id, readers)
        made = envelope.seal(
            message_id,
            known.id,
            content,
            at=self._machine.clock(),
            list_hash=lists.current if lists else None,
        )
        with self._store.change():
            ct = self._machine.sessions.encrypt(known.id, session_id, envelope.TYPE, made.envelope)
            if ct is None:
                return None, without
            sealed = {"ct": ct, "rev": rev, "com": made.com, **options}
            self._store.do(
                "UPDATE outbox SET sealed = ? WHERE id = ?", json.dumps(sealed), message_id
            )
        return sealed, without

    def _sum_of_revs(self, known: Conversation) -> int:
        found = [self._machine.people.person(user_id) for user_id in known.on_server]
        return sum(max(0, person.rev) for person in found if person)

    def _settle(self, message_id: str, sent: Json, content: Json) -> None:
        with self._store.change():
            self._history.settle(
                sent["conversation_id"], sent["seq"], sent["created_at"], message_id, content
            )
            self._store.do("DELETE FROM outbox WHERE id = ?", message_id)

    def settle_by_entry(self, entry: Json) -> None:
        """The stream brought a message of ours before its answer came. Within a change."""
        row = self._store.one("SELECT * FROM outbox WHERE id = ?", str(entry.get("id")))
        if row is None or entry.get("from") != self._machine.own.user_id:
            return
        if row["conv"] != entry.get("conv"):
            return
        content = json.loads(self._store.unseal(row["content"], f"outbox.{row['id']}"))
        self._settle(
            row["id"],
            {"conversation_id": row["conv"], "seq": entry["seq"], "created_at": entry["ts"]},
            content,
        )


def _lists_for(known: Conversation, content: Json) -> KnownLists | None:
    """The lists that a message of a group goes by; a new list goes to those who are on it.

    Raises: NoMemberList.
    """
    if known.form != GROUP:
        return None
    told: MemberList | None = None
    if content.get("type") == "settings":
        told = read_list(content.get("list"))
    if told is not None and (known.lists is None or told.n > known.lists.list.n):
        return KnownLists(told.hash, {told.hash: told}, 0)
    if known.lists is None:
        raise NoMemberList("The list of this group's members has not come yet.")
    return known.lists
