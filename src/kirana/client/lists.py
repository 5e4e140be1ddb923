"""The member list of a private group, which its admins keep and the server cannot write.

It stands in an encrypted message. Each list names the hash of the one before, and only an admin of
the list in force may send the next: a member that the server alone names gets no key.
"""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from .wire import Json, encode64

KEPT = 64
"""So many lists are remembered, to judge older messages by."""


@dataclass(frozen=True, slots=True)
class MemberList:
    """`n` counts from 1; `prev` is the hash of the list before, empty for the first."""

    n: int
    members: tuple[str, ...]
    admins: tuple[str, ...]
    prev: str

    def as_json(self) -> Json:
        return {
            "n": self.n,
            "members": list(self.members),
            "admins": list(self.admins),
            "prev": self.prev,
        }

    @property
    def hash(self) -> str:
        text = json.dumps(self.as_json(), separators=(",", ":"), ensure_ascii=False)
        return encode64(hashlib.sha256(text.encode()).digest())


@dataclass(frozen=True, slots=True)
class KnownLists:
    """The lists that a device has seen of a group; `seq` is where the one in force was said."""

    current: str
    by_hash: dict[str, MemberList]
    seq: int

    @property
    def list(self) -> MemberList:
        return self.by_hash[self.current]

    def as_text(self) -> str:
        lists = [it.as_json() for it in self.by_hash.values()]
        return json.dumps({"current": self.current, "lists": lists, "seq": self.seq})


def read_known(text: str | None) -> KnownLists | None:
    if text is None:
        return None
    told = json.loads(text)
    found = [read_list(value) for value in told["lists"]]
    return KnownLists(told["current"], {it.hash: it for it in found if it}, told["seq"])


def next_list(
    members: Iterable[str], admins: Iterable[str], before: KnownLists | None
) -> MemberList:
    """The list that follows, in its one form: without doubles, in order."""
    return MemberList(
        before.list.n + 1 if before else 1,
        tuple(sorted(set(members))),
        tuple(sorted(set(admins))),
        before.current if before else "",
    )


def read_list(value: Any) -> MemberList | None:
    """None when it is no list."""
    if not isinstance(value, dict):
        return None
    n, prev = value.get("n"), value.get("prev")
    members, admins = _ids(value.get("members")), _ids(value.get("admins"))
    if not isinstance(n, int) or isinstance(n, bool) or not isinstance(prev, str):
        return None
    if members is None or admins is None or not set(admins) <= set(members):
        return None
    return MemberList(n, members, admins, prev)


def _ids(value: Any) -> tuple[str, ...] | None:
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        return None
    return tuple(value)


def follow(known: KnownLists | None, told: MemberList, sender: str, seq: int) -> KnownLists | None:
    """What is known after `sender` said `told` at `seq`; None when nobody need believe it.

    The first list that a device meets is believed if its sender is an admin on it. Lists may be
    missing between, if a device was away; then being an admin of the last one has to do.
    """
    if known is None:
        if sender not in told.admins or (told.n == 1) != (told.prev == ""):
            return None
        return KnownLists(told.hash, {told.hash: told}, seq)
    if told.hash in known.by_hash:
        return known
    last = known.list
    if seq <= known.seq or sender not in last.admins or told.n <= last.n:
        return None
    if told.n == last.n + 1 and told.prev != known.current:
        return None
    kept = dict(list(known.by_hash.items())[1 - KEPT :])
    return replace(known, current=told.hash, by_hash={**kept, told.hash: told}, seq=seq)
