"""A post office: the server's part of private talk, in memory and without any secret.

It is the smallest server that is right, for tests that need thousands of runs, or one that lies.
The same tests' laws are run against the real server, too.
"""

import itertools
import json
from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

from kirana.client import Refused

Json = dict[str, Any]
ONE_TIME = "signed_curve25519"


def name_of(user: str) -> str:
    return f"@{user}:kirana"


@dataclass
class Box:
    """What the office keeps for one device."""

    user: str
    keys: Json | None = None
    one_time: dict[str, Json] = field(default_factory=dict)
    fallback: dict[str, Json] = field(default_factory=dict)
    is_fallback_used: bool = False
    letters: list[Json] = field(default_factory=list)
    n: int = 0
    is_revoked: bool = False

    def counts(self) -> Json:
        unused = [ONE_TIME] if self.fallback and not self.is_fallback_used else []
        return {
            "one_time_key_counts": {ONE_TIME: len(self.one_time)},
            "unused_fallback_key_types": unused,
        }


@dataclass
class Talk:
    """A conversation."""

    id: str
    form: str
    kind: str = "private"
    members: dict[str, Json] = field(default_factory=dict)
    members_rev: int = 1
    entries: list[Json] = field(default_factory=list)
    settings: Json | None = None
    admin_settings: Json | None = None
    editors: str = "admins"

    def inside(self) -> list[str]:
        return [u for u, m in self.members.items() if m["state"] in ("joined", "requested")]


class Office:
    """The server. `call` is one request of one device."""

    def __init__(self) -> None:
        self.now = 1_800_000_000_000
        self.boxes: dict[str, Box] = {}
        self.identities: dict[str, Json] = {}
        self.revs: dict[str, int] = defaultdict(int)
        self.streams: dict[str, list[Json]] = defaultdict(list)
        self.talks: dict[str, Talk] = {}
        self.sent: dict[str, tuple[Json, Json]] = {}
        self.batches: set[tuple[str, str]] = set()
        self.backups: dict[str, list[Json]] = defaultdict(list)
        self.secrets: dict[tuple[str, str], list[str]] = defaultdict(list)
        self._ids = itertools.count(1)
        self._claimed: set[tuple[str, str]] = set()

    def new_id(self) -> str:
        return f"01a00000-0000-7000-8000-{next(self._ids):012x}"

    def sign_in(self, user: str) -> str:
        device = self.new_id()
        self.boxes[device] = Box(user)
        return device

    def revoke(self, device: str) -> None:
        box = self.boxes[device]
        box.is_revoked, box.letters = True, []
        if box.keys:
            self._raise_rev(box.user)

    def call(self, device: str, method: str, path: str, body: Any, query: Json) -> Any:
        """Raises: Refused."""
        self.now += 1
        box = self.boxes[device]
        if box.is_revoked:
            raise Refused(401, "not-signed-in", "Signed out.", {})
        parts = path.removeprefix("/v1/").split("/")
        handler = getattr(self, "_" + parts[0].replace("-", "_"))
        answer = handler(device, box, method, parts[1:], body, query)
        return None if answer is None else json.loads(json.dumps(answer))

    # Keys.

    def _server(self, *_: Any) -> Json:
        return {"now": self.now}

    def _device_keys(self, device: str, box: Box, *rest: Any) -> Json:
        body = rest[2]
        if keys := body.get("device_keys"):
            if box.keys is None:
                box.keys = keys
                self._raise_rev(box.user)
            bare = {k: v for k, v in keys.items() if k != "signatures"}
            if bare != {k: v for k, v in box.keys.items() if k != "signatures"}:
                raise Refused(409, "id-reused", "Another key.", {})
        for key_id, key in (body.get("one_time_keys") or {}).items():
            assert (device, key_id) not in self._claimed, "a key would be given out twice"
            box.one_time[key_id] = key
        if fallback := body.get("fallback_keys"):
            box.fallback, box.is_fallback_used = dict(fallback), False
        return box.counts()

    def _key_queries(self, device: str, box: Box, *rest: Any) -> Json:
        answer: Json = {
            name: {}
            for name in (
                "device_keys",
                "failures",
                "master_keys",
                "self_signing_keys",
                "user_signing_keys",
                "devices_rev",
            )
        }
        for name in rest[2]["device_keys"]:
            user = name[1:-7]
            answer["device_keys"][name] = {
                d: b.keys
                for d, b in self.boxes.items()
                if b.user == user and b.keys and not b.is_revoked
            }
            answer["devices_rev"][user] = self.revs[user]
            identity = self.identities.get(user, {})
            for usage in ("master", "self_signing", "user_signing"):
                if identity and (usage != "user_signing" or user == box.user):
                    key = dict(identity[f"{usage}_key"])
                    signatures = key.get("signatures", {})
                    seen = {w: s for w, s in signatures.items() if w in (name, name_of(box.user))}
                    answer[f"{usage}_keys"][name] = {**key, "signatures": seen}
        return answer

    def _key_claims(self, device: str, box: Box, *rest: Any) -> Json:
        given: Json = {}
        for name, devices in rest[2]["one_time_keys"].items():
            for other in devices:
                target = self.boxes.get(other)
                if target is None or target.is_revoked or name_of(target.user) != name:
                    continue
                if target.one_time:
                    key_id = next(iter(target.one_time))
                    key = target.one_time.pop(key_id)
                    self._claimed.add((other, key_id))
                elif target.fallback:
                    key_id, key = next(iter(target.fallback.items()))
                    target.is_fallback_used = True
                else:
                    continue
                given.setdefault(name, {})[other] = {key_id: key}
        return {"one_time_keys": given, "failures": {}}

    def _device_messages(self, device: str, box: Box, method: str, *rest: Any) -> Json:
        parts, body, query = rest
        if method == "GET":
            items = [it for it in box.letters if it["n"] > query["after"]]
            page = items[:20]
            return {
                "items": page,
                "n": page[-1]["n"] if page else query["after"],
                "has_more": len(items) > 20,
                **box.counts(),
            }
        if method == "POST":
            box.letters = [it for it in box.letters if it["n"] > body["n"]]
            return {}
        if (device, parts[0]) not in self.batches:
            self.batches.add((device, parts[0]))
            for name, devices in body["messages"].items():
                for wanted, content in devices.items():
                    for other, target in self.boxes.items():
                        if name_of(target.user) == name and wanted in ("*", other):
                            self.deliver(other, box.user, query["type"], content)
        return {}

    def deliver(self, device: str, sender: str, type: str, content: Json) -> None:
        box = self.boxes[device]
        if box.is_revoked or box.keys is None:
            return
        box.n += 1
        told = {"n": box.n, "sender": name_of(sender), "type": type, "content": content}
        box.letters.append(json.loads(json.dumps(told)))

    def _cross_signing_keys(self, device: str, box: Box, *rest: Any) -> Json:
        self.identities[box.user] = json.loads(json.dumps(rest[2]))
        self._raise_rev(box.user)
        return {}

    def _key_signatures(self, device: str, box: Box, *rest: Any) -> Json:
        for name, objects in rest[2].items():
            user = name[1:-7]
            for key_id, value in objects.items():
                known: Any = None
                if key_id in self.boxes:
                    known = self.boxes[key_id].keys
                elif key_id in self.identities[user]["master_key"]["keys"].values():
                    known = self.identities[user]["master_key"]
                assert known is not None
                for signer, some in value["signatures"].items():
                    known.setdefault("signatures", {}).setdefault(signer, {}).update(some)
            self._raise_rev(user, silent=user != box.user)
        return {"failures": {}}

    def _raise_rev(self, user: str, *, silent: bool = False) -> None:
        if silent:
            return
        self.revs[user] += 1
        told = {user}
        for talk in self.talks.values():
            if user in talk.inside():
                told.update(talk.inside())
        for other in told:
            self.publish(other, {"k": "devices", "ref": user, "seq": self.revs[user]})

    def _key_backups(self, device: str, box: Box, method: str, *rest: Any) -> Any:
        parts, body, _ = rest
        mine = self.backups[box.user]
        if method == "POST":
            mine.append({**body, "version": str(len(mine) + 1), "rooms": {}})
            return {"version": mine[-1]["version"]}
        if not mine:
            raise Refused(404, "not-found", "Nothing.", {})
        latest = mine[-1]
        if parts[0] == "latest":
            held = latest["rooms"].values()
            told = {k: v for k, v in latest.items() if k != "rooms"}
            return {**told, "etag": str(sum(len(room["sessions"]) for room in held))}
        if parts[0] != latest["version"]:
            raise Refused(409, "backup-replaced", "Another.", {"version": latest["version"]})
        if method == "PUT":
            for room, held in body["rooms"].items():
                kept = latest["rooms"].setdefault(room, {"sessions": {}})["sessions"]
                for session_id, told in held["sessions"].items():
                    before = kept.get(session_id)
                    if not before or told["first_message_index"] < before["first_message_index"]:
                        kept[session_id] = told
            return {"count": 0, "etag": "0"}
        return {"rooms": latest["rooms"]}

    def _secrets(self, device: str, box: Box, method: str, *rest: Any) -> Json:
        kept = self.secrets[box.user, rest[0][0]]
        if method == "PUT":
            kept.append(rest[1]["ciphertext"])
            return {}
        which = 2 if rest[2].get("previous") else 1
        if len(kept) < which:
            raise Refused(404, "not-found", "Nothing.", {})
        return {"ciphertext": kept[-which]}

    # Conversations.

    def publish(self, user: str, frame: Json) -> None:
        stream = self.streams[user]
        stream.append({"t": "ev", "pos": len(stream) + 1, **frame})

    def _stream(self, device: str, box: Box, *rest: Any) -> Json:
        after = rest[3]["after"]
        stream = self.streams[box.user]
        page = stream[after : after + 50]
        pos = after + len(page)
        return {"pos": pos, "frames": page, "has_more": pos < len(stream), "resync": False}

    def shown(self, talk: Talk, user: str) -> Json:
        others = [it for it in talk.members if it != user]
        return {
            "id": talk.id,
            "kind": talk.kind,
            "form": talk.form,
            "seq": len(talk.entries),
            "other": {"id": others[0]} if talk.form == "direct" and others else None,
            "members": [{"user_id": u, **m} for u, m in talk.members.items()],
            "rev": f"{talk.members_rev}.0",
            "settings": talk.settings,
            "admin_settings": None if talk.admin_settings is talk.settings else talk.admin_settings,
        }

    def _conversations(self, device: str, box: Box, method: str, *rest: Any) -> Any:
        parts, body, query = rest
        if not parts:
            if method == "POST":
                return self._open(box.user, body)
            mine = [t for t in self.talks.values() if box.user in t.inside()]
            items = [self.shown(talk, box.user) for talk in mine]
            return {"items": items, "as_of": len(self.streams[box.user]), "next": None}
        talk = self.talks.get(parts[0])
        if talk is None or box.user not in talk.members:
            raise Refused(404, "not-found", "Nothing.", {})
        if len(parts) == 1:
            return self.shown(talk, box.user)
        if parts[1] == "members":
            return self._change_member(talk, box.user, method, parts[2], body)
        if parts[1] == "permissions":
            talk.editors = body.get("editors", talk.editors)
            return self.shown(talk, box.user)
        if method == "GET":
            return {"items": self._page(talk, box.user, query)}
        return self._send(device, box.user, talk, body)

    def _open(self, user: str, body: Json) -> Json:
        if body["id"] not in self.talks:
            members = body.get("member_ids") or [body["with_id"]]
            for talk in self.talks.values():
                if body.get("with_id") and set(talk.members) == {user, body["with_id"]}:
                    raise Refused(409, "conversation-exists", "", {"conversation_id": talk.id})
            made = Talk(body["id"], body.get("form", "direct"), body["kind"])
            for other in dict.fromkeys([user, *members]):
                role = "admin" if other == user else "member"
                made.members[other] = {"state": "joined", "role": role, "joined_seq": 1}
                self.publish(other, {"k": "conversation", "ref": made.id})
            self.talks[made.id] = made
        return self.shown(self.talks[body["id"]], user)

    def _change_member(self, talk: Talk, by: str, method: str, user: str, body: Any) -> Json:
        if method == "PUT":
            if talk.members.get(user, {}).get("state") != "joined":
                talk.members[user] = {
                    "state": "joined",
                    "role": (body or {}).get("role") or "member",
                    "joined_seq": len(talk.entries) + 1,
                }
                self._changed(talk, "joined", user, by)
                self.publish(user, {"k": "conversation", "ref": talk.id})
        elif talk.members[user]["state"] == "joined":
            self._changed(talk, "left" if by == user else "removed", user, by)
            talk.members[user]["state"] = "left" if by == user else "removed"
            talk.members[user]["left_seq"] = len(talk.entries)
        return self.shown(talk, by)

    def _changed(self, talk: Talk, change: str, user: str, by: str) -> None:
        talk.members_rev += 1
        body = {"type": "change", "change": change, "user_id": user, "by_id": by}
        self.append(talk, {"k": "change", "id": self.new_id(), "from": by, "body": body})

    def append(self, talk: Talk, entry: Json) -> Json:
        entry = {"conv": talk.id, "seq": len(talk.entries) + 1, "ts": self.now, **entry}
        talk.entries.append(entry)
        for user in talk.inside():
            self.publish(user, entry)
        return entry

    def _page(self, talk: Talk, user: str, query: Json) -> list[Json]:
        me = talk.members[user]
        seen = [
            entry
            for entry in talk.entries
            if me["joined_seq"] <= entry["seq"] <= me.get("left_seq", entry["seq"])
        ]
        limit = query.get("limit", 50)
        if "after" in query:
            return [it for it in seen if it["seq"] > query["after"]][:limit]
        return [it for it in seen if it["seq"] < query.get("before", 2**53)][-limit:]

    def _send(self, device: str, user: str, talk: Talk, body: Json) -> Json:
        if known := self.sent.get(body["id"]):
            if known[0].get("ct") != body.get("ct"):
                raise Refused(409, "id-reused", "Used.", {"id": body["id"]})
            return known[1]
        if user not in talk.inside():
            raise Refused(404, "not-found", "Nothing.", {})
        if talk.kind == "private" and "ct" not in body:
            raise Refused(422, "needs-encryption", "Plain.", {})
        if talk.kind == "private":
            rev = f"{talk.members_rev}.{sum(self.revs[u] for u in talk.inside())}"
            if body["rev"] != rev:
                members = [
                    {"user_id": u, "state": m["state"], "devices_rev": self.revs[u]}
                    for u, m in talk.members.items()
                ]
                facts = {"members_rev": talk.members_rev, "members": members}
                raise Refused(409, "stale-audience", "Stale.", facts)
        is_admin = talk.members[user]["role"] == "admin"
        if body.get("slot"):
            if body.get("over", latest := (talk.settings or {"seq": 0})["seq"]) != latest:
                raise Refused(409, "stale-settings", "Stale.", {"seq": latest})
            if talk.form == "group" and not is_admin and talk.editors == "admins":
                raise Refused(403, "not-allowed", "Admins only.", {})
        entry = self.append(
            talk,
            {
                "k": "message",
                "id": body["id"],
                "from": user,
                "dev": device,
                **{k: body[k] for k in ("ct", "com", "body") if k in body},
            },
        )
        if body.get("slot") == "settings":
            talk.settings = entry
            if is_admin and talk.form == "group":
                talk.admin_settings = entry
        answer = {
            "id": body["id"],
            "conversation_id": talk.id,
            "seq": entry["seq"],
            "created_at": entry["ts"],
        }
        self.sent[body["id"]] = (body, answer)
        return answer

    def _messages(self, device: str, box: Box, method: str, *rest: Any) -> Json:
        """Delete a message for all."""
        id = rest[0][0]
        for talk in self.talks.values():
            for entry in talk.entries:
                if entry["id"] == id and entry.get("ct"):
                    for name in ("ct", "com", "body"):
                        entry.pop(name, None)
                    self.append(
                        talk,
                        {"k": "deletion", "id": self.new_id(), "from": box.user, "target": id},
                    )
        return {}
