"""Megolm: one key for all readers of one sender's messages in one conversation.

The sender's key moves on with each message, so that who gets it late cannot read what came
before, and is replaced after 100 messages, after 7 days, and when a reader is no longer one.
Source: Matrix specification, "m.megolm.v1.aes-sha2".
"""

import json
from dataclasses import dataclass
from typing import Any

import vodozemac

from .own import Own
from .people import Device, People
from .problems import Malformed, Unreadable
from .store import Store
from .wire import MEGOLM, Json, id_of, parse, room_name, text_at

MESSAGES = 100
LIFE_MS = 7 * 24 * 3600 * 1000

DIRECT, BACKUP, FORWARDED = "direct", "backup", "forwarded"
"""How a key came: from the sender's device itself, from the backup, from another own device."""


@dataclass(frozen=True, slots=True)
class Outbound:
    """The key that this device writes with in a conversation."""

    conv: str
    session_id: str
    session: Any
    created_at: int
    sent: int


@dataclass(frozen=True, slots=True)
class Plain:
    """A decrypted message, and which key of whom it was under which number."""

    content: Json
    sender_key: str
    session_id: str
    number: int
    user_id: str
    signing_key: str
    source: str


class Sessions:
    """The keys of conversations, own ones and others'."""

    def __init__(self, store: Store, own: Own, people: People) -> None:
        self._store, self._own, self._people = store, own, people

    # Writing.

    def current(self, conv: str, readers: list[Device], now: int) -> Outbound:
        """The key to write with to exactly these readers; a new one if the old one must go."""
        with self._store.change():
            known = self.find_outbound(conv)
            if known and not self._is_over(known, readers, now):
                return known
            session = vodozemac.GroupSession()
            self._store.do(
                "INSERT OR REPLACE INTO outbound (conv, session_id, pickle, created_at, sent)"
                " VALUES (?, ?, ?, ?, 0)",
                conv,
                session.session_id,
                session.pickle(self._store.key),
                now,
            )
            self.keep(
                conv,
                self._own.curve25519,
                session.session_id,
                self._own.user_id,
                self._own.ed25519,
                vodozemac.InboundGroupSession(session.session_key),
                DIRECT,
            )
            return Outbound(conv, session.session_id, session, now, 0)

    def find_outbound(self, conv: str) -> Outbound | None:
        row = self._store.one("SELECT * FROM outbound WHERE conv = ?", conv)
        if row is None:
            return None
        session = vodozemac.GroupSession.from_pickle(row["pickle"], self._store.key)
        return Outbound(conv, row["session_id"], session, row["created_at"], row["sent"])

    def _is_over(self, known: Outbound, readers: list[Device], now: int) -> bool:
        if known.sent >= MESSAGES or not 0 <= now - known.created_at < LIFE_MS:
            return True
        allowed = {(device.user_id, device.device_id) for device in readers}
        rows = self._store.all("SELECT * FROM shares WHERE session_id = ?", known.session_id)
        return any((row["user_id"], row["device_id"]) not in allowed for row in rows)

    def discard(self, conv: str) -> None:
        """Write with a new key from now on."""
        with self._store.change():
            self._store.do("DELETE FROM outbound WHERE conv = ?", conv)

    def without_key(self, session_id: str, readers: list[Device]) -> list[Device]:
        """Those readers who were not given this key yet."""
        rows = self._store.all("SELECT * FROM shares WHERE session_id = ?", session_id)
        given = {(row["user_id"], row["device_id"]) for row in rows if not row["is_lost"]}
        return [it for it in readers if (it.user_id, it.device_id) not in given]

    def mark_given(self, session_id: str, device: Device) -> None:
        self._store.do(
            "INSERT OR REPLACE INTO shares (session_id, user_id, device_id) VALUES (?, ?, ?)",
            session_id,
            device.user_id,
            device.device_id,
        )

    def give_again(self, device: Device) -> None:
        """This device lost its sessions: give it the keys in use once more, at the next message."""
        self._store.do(
            "UPDATE shares SET is_lost = 1 WHERE user_id = ? AND device_id = ?",
            device.user_id,
            device.device_id,
        )

    def encrypt(self, conv: str, session_id: str, type: str, content: Json) -> str | None:
        """The exact text of the encrypted content. None if that key is no longer the one in use.

        The key has moved on in the file when this returns.
        """
        with self._store.change():
            known = self.find_outbound(conv)
            if known is None or known.session_id != session_id:
                return None
            plain = {"type": type, "content": content, "room_id": room_name(conv)}
            message = known.session.encrypt(
                json.dumps(plain, ensure_ascii=False, separators=(",", ":")).encode()
            )
            self._store.do(
                "UPDATE outbound SET pickle = ?, sent = sent + 1 WHERE conv = ?",
                known.session.pickle(self._store.key),
                conv,
            )
        return json.dumps(
            {
                "algorithm": MEGOLM,
                "sender_key": self._own.curve25519,
                "device_id": self._own.device_id,
                "session_id": session_id,
                "ciphertext": message.to_base64(),
            },
            separators=(",", ":"),
        )

    # Reading.

    def keep(
        self,
        conv: str,
        sender_key: str,
        session_id: str,
        user_id: str,
        signing_key: str,
        session: Any,
        source: str,
    ) -> bool:
        """Keep a key for reading. Whether anything about it is new.

        Two under one name are joined if they are the same key from different numbers on; else the
        one that came from the sender's device itself stays, or the one that was there.
        """
        first = session.first_known_index
        known = self._store.one(
            "SELECT * FROM inbound WHERE conv = ? AND sender_key = ? AND session_id = ?",
            conv,
            sender_key,
            session_id,
        )
        if known is not None:
            there = vodozemac.InboundGroupSession.from_pickle(known["pickle"], self._store.key)
            is_better = source == DIRECT and known["source"] != DIRECT
            if _is_same(there, session, max(first, known["first_index"])):
                if not is_better:
                    user_id, signing_key = known["user_id"], known["signing_key"]
                    source = known["source"]
                if first > known["first_index"]:
                    session, first = there, known["first_index"]
                if (first, source) == (known["first_index"], known["source"]):
                    return False
            elif not is_better:
                return False
        self._store.do(
            "INSERT OR REPLACE INTO inbound (conv, sender_key, session_id, user_id, signing_key,"
            " first_index, pickle, source, is_backed_up) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            conv,
            sender_key,
            session_id,
            user_id,
            signing_key,
            first,
            session.pickle(self._store.key),
            source,
            source == BACKUP,
        )
        return True

    def take_key(self, content: Json, sender_key: str, user_id: str, signing_key: str) -> str:
        """Keep the key of an `m.room_key` letter; for which conversation. Raises: Malformed."""
        if content.get("algorithm") != MEGOLM:
            raise Malformed("It is a key of an unknown kind.")
        conv = id_of(content.get("room_id"))
        session_id = text_at(content, "session_id")
        try:
            session = vodozemac.InboundGroupSession(
                vodozemac.SessionKey(text_at(content, "session_key"))
            )
        except ValueError:
            raise Malformed("It is no key.") from None
        if session.session_id != session_id:
            raise Malformed("The key has another name.")
        self.keep(conv, sender_key, session_id, user_id, signing_key, session, DIRECT)
        return conv

    def decrypt(self, conv: str, ct: object) -> Plain:
        """Raises: Unreadable."""
        try:
            content = parse(ct) if isinstance(ct, str) else {}
            if content.get("algorithm") != MEGOLM:
                raise Malformed("It is sealed in an unknown way.")
            sender_key = text_at(content, "sender_key")
            session_id = text_at(content, "session_id")
            message = vodozemac.MegolmMessage.from_base64(text_at(content, "ciphertext"))
        except (Malformed, ValueError) as error:
            raise Unreadable(Unreadable.REFUSED, str(error)) from None
        row = self._store.one(
            "SELECT * FROM inbound WHERE conv = ? AND sender_key = ? AND session_id = ?",
            conv,
            sender_key,
            session_id,
        )
        if row is None:
            raise Unreadable(Unreadable.MISSING_KEY, session_id)
        if message.message_index() < row["first_index"]:
            raise Unreadable(Unreadable.MISSING_KEY, session_id)
        session = vodozemac.InboundGroupSession.from_pickle(row["pickle"], self._store.key)
        try:
            decrypted = session.decrypt(message)
            plain = parse(decrypted.plaintext)
        except (ValueError, Malformed) as error:
            raise Unreadable(Unreadable.REFUSED, str(error)) from None
        if plain.get("room_id") != room_name(conv):
            raise Unreadable(Unreadable.REFUSED, "It was written in another conversation.")
        return Plain(
            plain,
            sender_key,
            session_id,
            decrypted.message_index,
            row["user_id"],
            row["signing_key"],
            row["source"],
        )

    def use_number(self, conv: str, plain: Plain, message_id: str) -> None:
        """Each number of a key is one message. Raises: Unreadable for a second one."""
        key = (conv, plain.sender_key, plain.session_id, plain.number)
        row = self._store.one(
            "SELECT message_id FROM indexes WHERE conv = ? AND sender_key = ? AND session_id = ?"
            " AND number = ?",
            *key,
        )
        if row is not None and row["message_id"] != message_id:
            raise Unreadable(Unreadable.REFUSED, "It repeats an earlier message.")
        self._store.do("INSERT OR IGNORE INTO indexes VALUES (?, ?, ?, ?, ?)", *key, message_id)


def _is_same(a: Any, b: Any, index: int) -> bool:
    """Whether both are the same key at this number."""
    one, two = a.export_at(index), b.export_at(index)
    return one is not None and two is not None and one.to_base64() == two.to_base64()
