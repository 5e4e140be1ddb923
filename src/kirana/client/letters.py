"""Letters: what one device says to one other device, sealed by Olm.

A letter names its sender, its recipient and both devices' keys inside the seal, so it cannot be
passed on as somebody else's. Sessions advance in the file before anything is sent: a key that was
used is never used again. Source: Matrix specification, "m.olm.v1.curve25519-aes-sha2".
"""

import json
from dataclasses import dataclass
from typing import Any

import vodozemac

from .own import Own, is_signed
from .people import Device, People
from .problems import Malformed
from .store import Store
from .wire import OLM, Json, decode64, encode64, object_at, parse, text_at, user_name

SESSIONS_KEPT = 8


@dataclass(frozen=True, slots=True)
class Letter:
    """An opened letter. `device` is None while its sender's device is not known."""

    user_id: str
    curve25519: str
    ed25519: str
    device: Device | None
    type: str
    content: Json
    began_session: bool


class Letters:
    """Seals and opens letters. Everything happens within the store's change of the caller."""

    def __init__(self, store: Store, own: Own, people: People) -> None:
        self._store, self._own, self._people = store, own, people

    def has_session(self, device: Device) -> bool:
        return bool(
            self._store.one(
                "SELECT 1 FROM olm_sessions WHERE sender_key = ? LIMIT 1", device.curve25519
            )
        )

    def begin(self, device: Device, claimed: Json) -> bool:
        """Open a session with a one-time key of that device, if the device signed that key."""
        name = user_name(device.user_id)
        for value in claimed.values():
            if not isinstance(value, dict):
                continue
            if not is_signed(value, name, device.device_id, device.ed25519):
                continue
            try:
                session = self._own.account().create_outbound_session(
                    vodozemac.Curve25519PublicKey.from_base64(device.curve25519),
                    vodozemac.Curve25519PublicKey.from_base64(text_at(value, "key")),
                )
            except (ValueError, Malformed):
                continue
            self._keep(device.curve25519, session)
            return True
        return False

    def seal(self, device: Device, type: str, content: Json) -> Json:
        """The sealed letter, as content of `m.room.encrypted`. There is a session."""
        row = self._store.one(
            "SELECT * FROM olm_sessions WHERE sender_key = ? ORDER BY used DESC LIMIT 1",
            device.curve25519,
        )
        assert row is not None
        session = vodozemac.Session.from_pickle(row["pickle"], self._store.key)
        letter = {
            "type": type,
            "content": content,
            "sender": self._own.name,
            "keys": {"ed25519": self._own.ed25519},
            "recipient": user_name(device.user_id),
            "recipient_keys": {"ed25519": device.ed25519},
            "sender_device_keys": self._own_keys(),
        }
        kind, body = session.encrypt(json.dumps(letter).encode()).to_parts()
        self._store.do(
            "UPDATE olm_sessions SET pickle = ? WHERE sender_key = ? AND session_id = ?",
            session.pickle(self._store.key),
            device.curve25519,
            row["session_id"],
        )
        return {
            "algorithm": OLM,
            "sender_key": self._own.curve25519,
            "ciphertext": {device.curve25519: {"type": kind, "body": encode64(body)}},
        }

    def _own_keys(self) -> Json:
        """This device's keys, with its owner's signature as soon as there is one."""
        if self._people.device(self._own.user_id, self._own.device_id):
            keys = self._people.device_keys(self._own.user_id, self._own.device_id)
            return {k: v for k, v in keys.items() if k != "unsigned"}
        return self._own.device_keys()

    def open(self, user_id: str, content: Json) -> Letter:
        """Open what the server says that `user_id` sent.

        Raises: Malformed if it is not from them, not for this device, or not to be opened.
        """
        if content.get("algorithm") != OLM:
            raise Malformed("It is sealed in an unknown way.")
        sender_key = text_at(content, "sender_key")
        mine = object_at(content, "ciphertext", self._own.curve25519)
        plain, began = self._decrypt(sender_key, mine.get("type"), decode64(mine.get("body")))
        letter = parse(plain)
        ed25519 = text_at(letter, "keys", "ed25519")
        if text_at(letter, "sender") != user_name(user_id):
            raise Malformed("It is by somebody else.")
        if text_at(letter, "recipient") != self._own.name:
            raise Malformed("It is for somebody else.")
        if text_at(letter, "recipient_keys", "ed25519") != self._own.ed25519:
            raise Malformed("It is for another device.")
        device = self._sender(user_id, sender_key, ed25519, letter)
        return Letter(
            user_id,
            sender_key,
            ed25519,
            device,
            text_at(letter, "type"),
            object_at(letter, "content"),
            began,
        )

    def _sender(self, user_id: str, sender_key: str, ed25519: str, letter: Json) -> Device | None:
        device = self._people.by_curve_key(user_id, sender_key)
        if device is None or not device.is_signed:
            keys = object_at(letter, "sender_device_keys") or object_at(
                letter, "org.matrix.msc4147.device_keys"
            )
            if keys:
                self._people.learn_by_letter(keys, user_id)
                device = self._people.by_curve_key(user_id, sender_key)
        if device is not None and device.ed25519 != ed25519:
            raise Malformed("Its keys are not those of the device that sent it.")
        return device

    def _decrypt(self, sender_key: str, kind: Any, body: bytes) -> tuple[bytes, bool]:
        rows = self._store.all(
            "SELECT * FROM olm_sessions WHERE sender_key = ? ORDER BY used DESC", sender_key
        )
        try:
            message = vodozemac.AnyOlmMessage.from_parts(kind, body)
            first = message.to_pre_key()
        except (ValueError, TypeError, OverflowError):
            raise Malformed("It is no letter.") from None
        for row in rows:
            if first is not None and first.session_id() != row["session_id"]:
                continue
            session = vodozemac.Session.from_pickle(row["pickle"], self._store.key)
            try:
                plain = session.decrypt(message)
            except ValueError:
                continue
            self._keep(sender_key, session)
            return plain, False
        if first is None or any(first.session_id() == row["session_id"] for row in rows):
            raise Malformed("No session opens it.")
        account = self._own.account()
        try:
            key = vodozemac.Curve25519PublicKey.from_base64(sender_key)
            session, plain = account.create_inbound_session(key, first)
        except ValueError:
            raise Malformed("It begins no session with this device.") from None
        self._own.save_account(account)
        self._keep(sender_key, session)
        return plain, True

    def _keep(self, sender_key: str, session: Any) -> None:
        """Save a session as the one that is used next; forget the oldest of very many."""
        row = self._store.one("SELECT max(used) AS used FROM olm_sessions")
        used = (row["used"] or 0) + 1 if row else 1
        self._store.do(
            "INSERT OR REPLACE INTO olm_sessions (sender_key, session_id, pickle, used)"
            " VALUES (?, ?, ?, ?)",
            sender_key,
            session.session_id,
            session.pickle(self._store.key),
            used,
        )
        self._store.do(
            "DELETE FROM olm_sessions WHERE sender_key = ?1 AND session_id NOT IN (SELECT"
            " session_id FROM olm_sessions WHERE sender_key = ?1 ORDER BY used DESC LIMIT ?2)",
            sender_key,
            SESSIONS_KEPT,
        )
