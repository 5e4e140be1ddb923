"""The backup of conversation keys on the server, which only its key opens.

Source: Matrix specification, "m.megolm_backup.v1.curve25519-aes-sha2". Anybody who knows its public
key can write into it, so what comes out of it proves nothing about who wrote: it is for history.
"""

import json
from typing import Any

import vodozemac

from .machine import Machine
from .own import MASTER
from .problems import Malformed, Refused
from .sessions import BACKUP as FROM_BACKUP
from .wire import BACKUP, Json, decode64, encode64, id_of, object_at, room_name, text_at

KEYS_AT_ONCE = 100


class Backup:
    """Writes keys to the owner's backup and fetches them from it."""

    def __init__(self, machine: Machine) -> None:
        self._machine, self._store, self._api = machine, machine.store, machine.api
        self._etag: str | None = None
        self._restored_etag: str | None = None

    @property
    def secret(self) -> bytes | None:
        """The private key of the backup, if this device has it."""
        return self._store.get_secret("backup_key")

    @property
    def version(self) -> str | None:
        known: str | None = self._store.get("backup_version")
        return known

    def make_secret(self) -> None:
        if self.secret is None:
            key = vodozemac.Curve25519SecretKey()
            with self._store.change():
                self._store.put_secret("backup_key", decode64(key.to_base64()))

    async def create(self) -> None:
        """Begin a backup with the key that is there. One with this key already is taken up."""
        if await self.find():
            return
        auth: Json = {"public_key": self._public()}
        auth = self._machine.own.sign_as(MASTER, self._machine.own.sign(auth))
        made = await self._api.call(
            "POST", "/v1/key-backups", {"algorithm": BACKUP, "auth_data": auth}
        )
        with self._store.change():
            self._store.put("backup_version", text_at(made, "version"))
            self._store.do("UPDATE inbound SET is_backed_up = 0")

    async def find(self) -> bool:
        """Whether the latest backup is the one that our key opens; remembers its version."""
        latest = await self._latest()
        is_ours = (
            latest is not None
            and self.secret is not None
            and latest.get("algorithm") == BACKUP
            and object_at(latest, "auth_data").get("public_key") == self._public()
        )
        version = latest["version"] if latest and is_ours else None
        self._etag = latest.get("etag") if latest and is_ours else None
        if version != self.version:
            with self._store.change():
                self._store.put("backup_version", version)
                self._store.do("UPDATE inbound SET is_backed_up = 0 WHERE source = 'direct'")
        return is_ours

    async def _latest(self) -> Json | None:
        try:
            answer: Json = await self._api.call("GET", "/v1/key-backups/latest")
        except Refused as refused:
            if refused.status == 404:
                return None
            raise
        return answer

    def _private(self) -> Any:
        secret = self.secret
        assert secret is not None
        return vodozemac.Curve25519SecretKey.from_base64(encode64(secret))

    def _public(self) -> str:
        key: str = self._private().public_key().to_base64()
        return key

    async def write(self) -> int:
        """Back up all keys that are not yet; how many. Does nothing without a backup of ours."""
        done = 0
        while self.version is not None and self.secret is not None:
            rows = self._store.all(
                "SELECT * FROM inbound WHERE is_backed_up = 0 LIMIT ?", KEYS_AT_ONCE
            )
            if not rows:
                break
            rooms: Json = {}
            for row in rows:
                sessions = rooms.setdefault(room_name(row["conv"]), {"sessions": {}})["sessions"]
                sessions[row["session_id"]] = self._seal(row)
            path = f"/v1/key-backups/{self.version}/keys"
            try:
                await self._api.call("PUT", path, {"rooms": rooms})
            except Refused as refused:
                if refused.status not in (404, 409) or not await self.find():
                    return done
                continue
            with self._store.change():
                for row in rows:
                    # One that reaches further back may have come meanwhile.
                    self._store.do(
                        "UPDATE inbound SET is_backed_up = 1 WHERE conv = ? AND sender_key = ?"
                        " AND session_id = ? AND first_index = ?",
                        row["conv"],
                        row["sender_key"],
                        row["session_id"],
                        row["first_index"],
                    )
            done += len(rows)
        return done

    def _seal(self, row: Any) -> Json:
        session = vodozemac.InboundGroupSession.from_pickle(row["pickle"], self._store.key)
        exported = session.export_at(row["first_index"])
        assert exported is not None
        data = {
            "algorithm": "m.megolm.v1.aes-sha2",
            "sender_key": row["sender_key"],
            "sender_claimed_keys": {"ed25519": row["signing_key"]},
            "forwarding_curve25519_key_chain": [],
            "session_key": exported.to_base64(),
        }
        public = vodozemac.Curve25519PublicKey.from_base64(self._public())
        sealed = vodozemac.PkEncryption.from_key(public).encrypt(json.dumps(data).encode())
        return {
            "first_message_index": row["first_index"],
            "forwarded_count": 0,
            "is_verified": row["source"] == "direct",
            "session_data": {
                "ephemeral": encode64(sealed.ephemeral_key),
                "ciphertext": encode64(sealed.ciphertext),
                "mac": encode64(sealed.mac),
            },
        }

    async def restore(self, *, if_changed: bool = False) -> set[str]:
        """Fetch all keys of the backup; the conversations that they are of."""
        if self.secret is None or not await self.find():
            return set()
        etag = self._etag
        if if_changed and etag is not None and etag == self._restored_etag:
            return set()
        answer = await self._api.call("GET", f"/v1/key-backups/{self.version}/keys")
        opener = vodozemac.PkDecryption.from_key(self._private())
        convs = set()
        for room, held in object_at(answer, "rooms").items():
            with self._store.change():
                for session_id, told in object_at(held, "sessions").items():
                    try:
                        conv = id_of(room)
                        data = _open(opener, object_at(told, "session_data"))
                        self._machine.import_key(conv, session_id, data, FROM_BACKUP)
                    except Malformed:
                        continue
                    convs.add(conv)
        self._restored_etag = etag
        return convs


def _open(opener: Any, sealed: Json) -> Json:
    """Raises: Malformed."""
    try:
        message = vodozemac.Message(
            decode64(sealed.get("ciphertext")),
            decode64(sealed.get("mac")),
            decode64(sealed.get("ephemeral")),
        )
        opened = json.loads(opener.decrypt(message))
    except ValueError:
        raise Malformed("The backup's key does not open it.") from None
    if not isinstance(opened, dict):
        raise Malformed("It is no key.")
    return opened
