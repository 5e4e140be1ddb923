"""A device with real keys, in software: what a client's crypto library uploads and signs."""

import json
from dataclasses import dataclass, field
from typing import Any

from vodozemac import Account, AnyOlmMessage, Curve25519PublicKey, PreKeyMessage, Session

from kirana.values import UserId, user_name

Json = dict[str, Any]
ALGORITHMS = ["m.olm.v1.curve25519-aes-sha2", "m.megolm.v1.aes-sha2"]


def canonical(value: Json) -> bytes:
    bare = {name: it for name, it in value.items() if name not in ("signatures", "unsigned")}
    return json.dumps(bare, sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode()


def signed(value: Json, user_id: UserId, key_id: str, account: Account) -> Json:
    """The same with one more signature."""
    name = user_name(user_id)
    made: Json = {who: dict(some) for who, some in value.get("signatures", {}).items()}
    made.setdefault(name, {})[f"ed25519:{key_id}"] = account.sign(canonical(value)).to_base64()
    return {**value, "signatures": made}


@dataclass(slots=True)
class CryptoDevice:
    """One device of a person. `account` holds its secret keys."""

    user_id: UserId
    id: str
    account: Account = field(default_factory=Account)
    _published: int = 0

    @property
    def curve25519(self) -> str:
        return self.account.curve25519_key.to_base64()

    @property
    def device_keys(self) -> Json:
        keys: Json = {
            "user_id": user_name(self.user_id),
            "device_id": self.id,
            "algorithms": ALGORITHMS,
            "keys": {
                f"curve25519:{self.id}": self.curve25519,
                f"ed25519:{self.id}": self.account.ed25519_key.to_base64(),
            },
        }
        return self.sign(keys)

    def sign(self, value: Json) -> Json:
        return signed(value, self.user_id, self.id, self.account)

    def one_time_keys(self, count: int) -> Json:
        """So many new keys, signed, by their ids."""
        self.account.generate_one_time_keys(count)
        keys = {
            f"signed_curve25519:{key_id}": self.sign({"key": key.to_base64()})
            for key_id, key in self.account.one_time_keys.items()
        }
        self.account.mark_keys_as_published()
        return keys

    def fallback_key(self) -> Json:
        """A key that may be used often. The Python library makes none, so this one stands for it;
        nothing can be decrypted with it.
        """
        self._published += 1
        key = {"key": Account().curve25519_key.to_base64(), "fallback": True}
        return {f"signed_curve25519:FB{self._published:04}": self.sign(key)}

    def begin(self, keys: Json, one_time_key: Json) -> Session:
        """A session with another device, whose keys these are."""
        (key,) = one_time_key.values()
        device = keys["device_id"]
        return self.account.create_outbound_session(
            Curve25519PublicKey.from_base64(keys["keys"][f"curve25519:{device}"]),
            Curve25519PublicKey.from_base64(key["key"]),
        )

    def seal(self, session: Session, keys: Json, text: str) -> Json:
        """Content of a device message for the device with these keys."""
        kind, ciphertext = session.encrypt(text.encode()).to_parts()
        there = keys["keys"][f"curve25519:{keys['device_id']}"]
        body = {"type": kind, "body": _unpadded(ciphertext)}
        return {
            "algorithm": ALGORITHMS[0],
            "sender_key": self.curve25519,
            "ciphertext": {there: body},
        }

    def open(self, content: Json) -> str:
        """What the first message of a new session says."""
        sealed = content["ciphertext"][self.curve25519]
        assert sealed["type"] == 0
        sender = Curve25519PublicKey.from_base64(content["sender_key"])
        _, plain = self.account.create_inbound_session(
            sender, PreKeyMessage.from_base64(sealed["body"])
        )
        return plain.decode()


@dataclass(slots=True)
class Identity:
    """A person's three keys beside those of devices."""

    user_id: UserId
    master: Account = field(default_factory=Account)
    self_signing: Account = field(default_factory=Account)
    user_signing: Account = field(default_factory=Account)

    @property
    def upload(self) -> Json:
        return {
            "master_key": self.public("master"),
            "self_signing_key": self._by_master(self.public("self_signing")),
            "user_signing_key": self._by_master(self.public("user_signing")),
        }

    def public(self, usage: str) -> Json:
        key = self.key_id(usage)
        return {
            "user_id": user_name(self.user_id),
            "usage": [usage],
            "keys": {f"ed25519:{key}": key},
        }

    def key_id(self, usage: str) -> str:
        account: Account = getattr(self, usage)
        return account.ed25519_key.to_base64()

    def vouch_for(self, device: CryptoDevice) -> Json:
        """What is uploaded to make a device one of this person's."""
        keys = device.device_keys
        by = self.key_id("self_signing")
        return {
            user_name(self.user_id): {device.id: signed(keys, self.user_id, by, self.self_signing)}
        }

    def befriend(self, friend: "Identity") -> Json:
        """What is uploaded after a friend was verified."""
        key = friend.public("master")
        by = self.key_id("user_signing")
        theirs = {friend.key_id("master"): signed(key, self.user_id, by, self.user_signing)}
        return {user_name(friend.user_id): theirs}

    def _by_master(self, value: Json) -> Json:
        return signed(value, self.user_id, self.key_id("master"), self.master)


def open_next(session: Session, content: Json, device: CryptoDevice) -> str:
    """What a later message of a session says."""
    sealed = content["ciphertext"][device.curve25519]
    parts = AnyOlmMessage.from_parts(sealed["type"], _bytes(sealed["body"]))
    return session.decrypt(parts).decode()


def _unpadded(raw: bytes) -> str:
    import base64

    return base64.b64encode(raw).decode().rstrip("=")


def _bytes(text: str) -> bytes:
    import base64

    return base64.b64decode(text + "=" * (-len(text) % 4))
