"""Whose device is whose: what the server says about people's keys, as far as signatures bear it.

A device counts when its owner's self-signing key signed it, and that key was signed by the
owner's master key. The first master key that is seen of a person is taken for theirs, and a
change is noticed; of a *verified* person it stops everything until somebody decides.
"""

import json
from dataclasses import dataclass
from sqlite3 import Row

from .own import Own, is_signed
from .problems import IdentityChanged, Malformed
from .store import Store
from .wire import Json, object_at, text_at, user_name


@dataclass(frozen=True, slots=True)
class Device:
    """A device as it is known here. `is_signed`: confirmed by its owner. `is_gone`: revoked."""

    user_id: str
    device_id: str
    ed25519: str
    curve25519: str
    name: str | None
    is_signed: bool
    is_gone: bool


@dataclass(frozen=True, slots=True)
class Person:
    """What is known of somebody's identity. `master` is their public master key, or None."""

    user_id: str
    rev: int
    is_stale: bool
    master: str | None
    is_verified: bool
    has_changed: bool
    """Verified once, and the keys are others now."""


class People:
    """The device lists of everybody this device talks with, and of its owner."""

    def __init__(self, store: Store, own: Own) -> None:
        self._store, self._own = store, own

    def track(self, user_ids: list[str]) -> None:
        """Keep the device lists of these people up to date from now on."""
        with self._store.change():
            for user_id in user_ids:
                self._store.do("INSERT OR IGNORE INTO people (user_id) VALUES (?)", user_id)

    def told(self, user_id: str, rev: int) -> None:
        """The server's number of this person's list is `rev` now."""
        with self._store.change():
            self._store.do(
                "UPDATE people SET told_rev = ?2, is_stale = 1"
                " WHERE user_id = ?1 AND rev < ?2 AND told_rev < ?2",
                user_id,
                rev,
            )

    def doubt(self, user_id: str | None = None) -> None:
        """Ask again about this person, or about everybody."""
        with self._store.change():
            self._store.do(
                "UPDATE people SET is_stale = 1 WHERE user_id = coalesce(?, user_id)", user_id
            )

    def stale(self) -> list[str]:
        """Those who have to be asked about."""
        rows = self._store.all("SELECT user_id FROM people WHERE is_stale = 1 ORDER BY user_id")
        return [row["user_id"] for row in rows]

    def person(self, user_id: str) -> Person | None:
        row = self._store.one("SELECT * FROM people WHERE user_id = ?", user_id)
        if row is None:
            return None
        is_own = user_id == self._own.user_id
        verified = self._own.master if is_own else row["verified_master"]
        was_verified = verified is not None and (is_own or bool(row["was_verified"]))
        is_same = row["master"] is not None and row["master"] == verified
        return Person(
            user_id,
            row["rev"],
            bool(row["is_stale"]),
            row["master"],
            is_verified=was_verified and is_same,
            has_changed=was_verified and row["master"] is not None and not is_same,
        )

    def devices(self, user_id: str) -> list[Device]:
        """All devices ever seen of this person, those that are gone among them."""
        rows = self._store.all(
            "SELECT * FROM devices WHERE user_id = ? ORDER BY device_id", user_id
        )
        return [_device(row) for row in rows]

    def device(self, user_id: str, device_id: str) -> Device | None:
        row = self._store.one(
            "SELECT * FROM devices WHERE user_id = ? AND device_id = ?", user_id, device_id
        )
        return _device(row) if row else None

    def by_curve_key(self, user_id: str, curve25519: str) -> Device | None:
        row = self._store.one(
            "SELECT * FROM devices WHERE user_id = ? AND curve25519 = ?", user_id, curve25519
        )
        return _device(row) if row else None

    def device_keys(self, user_id: str, device_id: str) -> Json:
        """The signed object of a device, to be signed once more. Raises: Malformed."""
        row = self._store.one(
            "SELECT keys FROM devices WHERE user_id = ? AND device_id = ?", user_id, device_id
        )
        if row is None:
            raise Malformed("There is no such device.")
        keys: Json = json.loads(row["keys"])
        return keys

    def readers(self, user_id: str) -> list[Device]:
        """The devices of this person that keys may be given to; never this device itself.

        Raises: IdentityChanged.
        """
        person = self.person(user_id)
        if person is None or person.master is None:
            return []
        if person.has_changed:
            raise IdentityChanged(user_id)
        return [
            device
            for device in self.devices(user_id)
            if device.is_signed
            and not device.is_gone
            and (user_id, device.device_id) != (self._own.user_id, self._own.device_id)
        ]

    def is_trusted(self, device: Device) -> bool:
        """Whether what this device says counts. One that is gone was trusted while it was there."""
        person = self.person(device.user_id)
        return device.is_signed and person is not None and not person.has_changed

    def mark_verified(self, user_id: str, master: str) -> None:
        """This master key was compared with its owner."""
        with self._store.change():
            self._store.do(
                "UPDATE people SET was_verified = 1, verified_master = ? WHERE user_id = ?",
                master,
                user_id,
            )

    def withdraw(self, user_id: str) -> None:
        """No longer take this person for verified: their new keys do from now on."""
        with self._store.change():
            self._store.do(
                "UPDATE people SET was_verified = 0, verified_master = NULL WHERE user_id = ?",
                user_id,
            )

    def learn(self, answer: Json, asked: list[str]) -> list[str]:
        """Take in the answer to a key query. Whose master key is another now is returned.

        An answer that is older than what is known changes nothing. `devices_rev` is remembered
        with what it belongs to, never before.
        """
        changed: list[str] = []
        revs = object_at(answer, "devices_rev")
        with self._store.change():
            for user_id in sorted(asked, key=lambda user_id: user_id != self._own.user_id):
                known = self.person(user_id)
                rev = revs.get(user_id)
                if known is None or not isinstance(rev, int) or rev < known.rev:
                    continue
                if self._learn_one(answer, user_id, rev, known):
                    changed.append(user_id)
        return changed

    def _learn_one(self, answer: Json, user_id: str, rev: int, known: Person) -> bool:
        name = user_name(user_id)
        masters = object_at(answer, "master_keys", name)
        master = _identity_key(masters, name, "master")
        signers = object_at(answer, "self_signing_keys", name)
        self_signing = _identity_key(signers, name, "self_signing")
        if self_signing and not (master and is_signed(signers, name, master, master)):
            self_signing = None
        users = object_at(answer, "user_signing_keys", name)
        user_signing = _identity_key(users, name, "user_signing")
        if user_signing and not (master and is_signed(users, name, master, master)):
            user_signing = None

        has_changed = known.master is not None and master != known.master
        self._store.do(
            "UPDATE people SET rev = ?1, is_stale = told_rev > ?1, master = ?2, self_signing = ?3,"
            " user_signing = ?4 WHERE user_id = ?5",
            rev,
            # A server that leaves an identity out does not make it forgotten.
            master or known.master,
            self_signing,
            user_signing,
            user_id,
        )
        if master and user_id != self._own.user_id and self.is_own_identity_known():
            mine = self._store.one(
                "SELECT user_signing FROM people WHERE user_id = ?", self._own.user_id
            )
            by = mine["user_signing"] if mine else None
            if by and is_signed(masters, self._own.name, by, by):
                self.mark_verified(user_id, master)
        explained = self._learn_devices(
            object_at(answer, "device_keys", name), user_id, self_signing
        )
        if known.rev >= 0 and rev - known.rev > explained:
            self._cut(user_id)
        return has_changed and master is not None

    def _cut(self, user_id: str) -> None:
        """A device of this person is gone, or may have come and gone unseen.

        It may have the keys in use, if only from its owner's backup: write with new ones.
        """
        self._store.do(
            "DELETE FROM outbound WHERE ? = ? OR conv NOT IN (SELECT conv FROM conversations)"
            " OR conv IN (SELECT conv FROM conversations WHERE instr(members, ?))",
            user_id,
            self._own.user_id,
            user_id,
        )

    def learn_by_letter(self, keys: Json, user_id: str) -> None:
        """A sealed letter brought its sender's device, which may be revoked by now.

        Taken only with the signature of the owner's self-signing key. One that the server does not
        name is taken as gone: it is believed, and given no keys.
        """
        name = user_name(user_id)
        row = self._store.one("SELECT self_signing FROM people WHERE user_id = ?", user_id)
        signer = row["self_signing"] if row else None
        device_id = text_at(keys, "device_id")
        ed25519 = text_at(keys, "keys", f"ed25519:{device_id}")
        curve25519 = text_at(keys, "keys", f"curve25519:{device_id}")
        is_true = (
            keys.get("user_id") == name
            and is_signed(keys, name, device_id, ed25519)
            and signer is not None
            and is_signed(keys, name, signer, signer)
        )
        if is_true:
            self._store.do(
                "INSERT INTO devices (user_id, device_id, ed25519, curve25519, name, keys,"
                " is_signed, is_gone) VALUES (?, ?, ?, ?, NULL, ?, 1, 1)"
                " ON CONFLICT DO UPDATE SET is_signed = 1, keys = excluded.keys"
                " WHERE ed25519 = excluded.ed25519 AND curve25519 = excluded.curve25519",
                user_id,
                device_id,
                ed25519,
                curve25519,
                json.dumps(keys),
            )

    def is_own_identity_known(self) -> bool:
        """Whether the owner's identity on the server is the one that this device knows."""
        person = self.person(self._own.user_id)
        return person is not None and person.is_verified

    def _learn_devices(self, told: Json, user_id: str, self_signing: str | None) -> int:
        """Take in a device list. How many steps of its number are explained by what was added."""
        name = user_name(user_id)
        explained = 0
        known = {device.device_id: device for device in self.devices(user_id)}
        for device_id, keys in told.items():
            try:
                ed25519 = text_at(keys, "keys", f"ed25519:{device_id}")
                curve25519 = text_at(keys, "keys", f"curve25519:{device_id}")
            except Malformed:
                continue
            before = known.get(device_id)
            if (keys.get("user_id"), keys.get("device_id")) != (name, device_id):
                continue
            if not is_signed(keys, name, device_id, ed25519):
                continue
            if before and (before.ed25519, before.curve25519) != (ed25519, curve25519):
                continue  # A device never changes its keys: this is another one with its name.
            signed = self_signing is not None and is_signed(keys, name, self_signing, self_signing)
            explained += (before is None) + (signed and not (before and before.is_signed))
            shown = object_at(keys, "unsigned").get("device_display_name")
            self._store.do(
                "INSERT OR REPLACE INTO devices (user_id, device_id, ed25519, curve25519, name,"
                " keys, is_signed, is_gone) VALUES (?, ?, ?, ?, ?, ?, ?, 0)",
                user_id,
                device_id,
                ed25519,
                curve25519,
                shown if isinstance(shown, str) else None,
                json.dumps(keys),
                signed,
            )
        for device_id, device in known.items():
            if device_id not in told:
                self._store.do(
                    "UPDATE devices SET is_gone = 1 WHERE user_id = ? AND device_id = ?",
                    user_id,
                    device_id,
                )
            elif not device.is_gone and device.is_signed and self_signing is None:
                self._store.do(
                    "UPDATE devices SET is_signed = 0 WHERE user_id = ? AND device_id = ?",
                    user_id,
                    device_id,
                )
        return explained


def _identity_key(value: Json, name: str, usage: str) -> str | None:
    """The one public key in this object, if it is such an object."""
    usages, keys = value.get("usage"), value.get("keys")
    if value.get("user_id") != name or not isinstance(usages, list) or usage not in usages:
        return None
    if not isinstance(keys, dict) or len(keys) != 1:
        return None
    ((key_id, key),) = keys.items()
    return key if isinstance(key, str) and key_id == f"ed25519:{key}" else None


def _device(row: Row) -> Device:
    return Device(
        row["user_id"],
        row["device_id"],
        row["ed25519"],
        row["curve25519"],
        row["name"],
        bool(row["is_signed"]),
        bool(row["is_gone"]),
    )
