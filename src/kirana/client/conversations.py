"""What this device knows of conversations: their kind, who is in them, and by whose word.

The kind is sticky: seen once, it stays, whatever the server says later. So are the two people of a
direct conversation; a group's members are those of its admins' list.
"""

import json
from dataclasses import dataclass
from sqlite3 import Row
from typing import Any

from .api import Api
from .lists import KnownLists, read_known
from .problems import ClientProblem, Malformed
from .store import Store
from .wire import Json

PRIVATE, BUSINESS = "private", "business"
DIRECT, GROUP = "direct", "group"
IN = ("joined", "requested")


class KindChanged(ClientProblem):
    """The server calls a conversation something else than before: nothing is sent into it."""


@dataclass(frozen=True, slots=True)
class Member:
    """Somebody in a conversation, as the server tells."""

    user_id: str
    state: str
    role: str | None


@dataclass(frozen=True, slots=True)
class Conversation:
    """A conversation as this device knows it. `title` is what its members call a group."""

    id: str
    kind: str
    form: str
    title: str | None
    members: tuple[Member, ...]
    members_rev: int
    pair: tuple[str, ...]
    lists: KnownLists | None

    @property
    def is_private(self) -> bool:
        return self.kind == PRIVATE

    @property
    def on_server(self) -> list[str]:
        """Whose devices count for the server's idea of the audience."""
        return [member.user_id for member in self.members if member.state in IN]

    def readers(self, lists: KnownLists | None = None) -> list[str]:
        """Who is to get keys: those of the server's list who are on the members' own one, too."""
        if self.form == DIRECT:
            allowed = set(self.pair)
        else:
            known = lists or self.lists
            allowed = set(known.list.members) if known else set()
        return [user_id for user_id in self.on_server if user_id in allowed]

    @property
    def unlisted(self) -> list[str]:
        """Whom the server alone names: they get no key."""
        readers = set(self.readers())
        return [user_id for user_id in self.on_server if user_id not in readers]


class Conversations:
    """Remembers conversations, and asks the server about unknown ones."""

    def __init__(self, store: Store, api: Api, user_id: str) -> None:
        self._store, self._api, self._user_id = store, api, user_id

    def find(self, conv: str) -> Conversation | None:
        row = self._store.one("SELECT * FROM conversations WHERE conv = ?", conv)
        return _conversation(row) if row else None

    def all(self) -> list[Conversation]:
        rows = self._store.all("SELECT * FROM conversations ORDER BY conv")
        return [_conversation(row) for row in rows]

    async def get(self, conv: str) -> Conversation:
        """As it is known; asked about when it is not, or when its members changed."""
        row = self._store.one("SELECT * FROM conversations WHERE conv = ?", conv)
        if row is not None and not row["is_stale"]:
            return _conversation(row)
        return await self.refresh(conv)

    async def refresh(self, conv: str) -> Conversation:
        return self.learn(await self._api.call("GET", f"/v1/conversations/{conv}"))

    def doubt(self, conv: str | None = None) -> None:
        """Its members may have changed: ask before the next use."""
        with self._store.change():
            self._store.do(
                "UPDATE conversations SET is_stale = 1 WHERE conv = coalesce(?, conv)", conv
            )

    def learn(self, told: Json) -> Conversation:
        """Take in what the server says of a conversation. Raises: KindChanged, Malformed."""
        conv, kind, form = str(told.get("id")), told.get("kind"), told.get("form")
        if kind not in (PRIVATE, BUSINESS) or form not in (DIRECT, GROUP, "live"):
            raise Malformed("This is no conversation.")
        known = self.find(conv)
        if known is not None and (known.kind, known.form) != (kind, form):
            raise KindChanged("The server says that this conversation is another kind now.")
        members = _members(told)
        rev = int(str(told.get("rev") or "0").split(".")[0])
        with self._store.change():
            if known is None:
                pair = self._pair(told, members) if form == DIRECT else ()
                self._store.do(
                    "INSERT INTO conversations (conv, kind, form, members, members_rev, pair,"
                    " seen_seq) VALUES (?, ?, ?, ?, ?, ?, ?)",
                    conv,
                    kind,
                    form,
                    json.dumps(members),
                    rev,
                    json.dumps(pair),
                    # Before the stream is followed, all that is there is history.
                    int(told.get("seq") or 0) if self._store.get("pos") is None else 0,
                )
            else:
                self.set_members(conv, rev, members)
                self._store.do("UPDATE conversations SET is_stale = 0 WHERE conv = ?", conv)
        found = self.find(conv)
        assert found is not None
        return found

    def set_members(self, conv: str, rev: int, members: list[Json]) -> None:
        """The members at `rev`; an older list than the known one changes nothing."""
        with self._store.change():
            self._store.do(
                "UPDATE conversations SET members = ?1, members_rev = ?2"
                " WHERE conv = ?3 AND members_rev <= ?2",
                json.dumps([_member(it) for it in members]),
                rev,
                conv,
            )

    def set_lists(self, conv: str, lists: KnownLists) -> None:
        self._store.do("UPDATE conversations SET lists = ? WHERE conv = ?", lists.as_text(), conv)

    def set_title(self, conv: str, title: str) -> None:
        self._store.do("UPDATE conversations SET title = ? WHERE conv = ?", title, conv)

    def _pair(self, told: Json, members: list[Json]) -> list[str]:
        other = told.get("other")
        ids = [other["id"]] if isinstance(other, dict) else [it["user_id"] for it in members]
        pair = sorted({self._user_id, *ids})
        if len(pair) > 2:
            raise Malformed("A direct conversation is between two.")
        return pair


def _members(told: Json) -> list[Json]:
    members = told.get("members")
    return [_member(it) for it in members] if isinstance(members, list) else []


def _member(told: Any) -> Json:
    if not isinstance(told, dict) or not isinstance(told.get("user_id"), str):
        raise Malformed("This is no member.")
    return {name: told.get(name) for name in ("user_id", "state", "role")}


def _conversation(row: Row) -> Conversation:
    return Conversation(
        row["conv"],
        row["kind"],
        row["form"],
        row["title"],
        tuple(Member(**member) for member in json.loads(row["members"])),
        row["members_rev"],
        tuple(json.loads(row["pair"] or "[]")),
        read_known(row["lists"]),
    )
