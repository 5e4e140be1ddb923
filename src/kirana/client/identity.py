"""How a device comes to be confirmed: as the first one, or by the recovery key."""

from .backup import Backup
from .machine import Machine
from .own import MASTER, SELF_SIGNING, USAGES, USER_SIGNING, public_of
from .problems import ClientProblem, Malformed, NotConfirmed, Refused, WrongRecoveryKey
from .recovery import new_recovery_key, open_bundle, seal_bundle
from .wire import BACKUP, Json, decode64, encode64, object_at, text_at

_NAMES = {
    MASTER: "master_key",
    SELF_SIGNING: "self_signing_key",
    USER_SIGNING: "user_signing_key",
}


class Identity:
    """The owner's identity, as far as this device has to do with it."""

    def __init__(self, machine: Machine, backup: Backup) -> None:
        self._machine, self._backup = machine, backup
        self._store, self._api, self._own = machine.store, machine.api, machine.own

    async def state(self) -> str:
        """`new`: there is no identity yet. `unconfirmed`: this device is not part of it.
        `confirmed`: all is well. `changed`: the server names another one than this device knows."""
        await self._machine.freshen([self._own.user_id], always=True)
        person = self._machine.people.person(self._own.user_id)
        if person is None or person.master is None:
            return "new"
        if person.has_changed:
            return "changed"
        return "confirmed" if self._machine.is_confirmed else "unconfirmed"

    async def begin(self, *, confirmation: str | None = None, anew: bool = False) -> str:
        """Make the identity, the backup and the recovery key, which is returned.

        Broken off, it can be called again. `anew` replaces an identity that was lost; that needs
        a confirmation. Raises: NotConfirmed when there is one already.
        """
        state = await self.state()
        if state in ("unconfirmed", "changed") and not anew:
            raise NotConfirmed("There is an identity already: confirm this device with it.")
        if state == "confirmed" and not anew:
            await self._finish()
            return await self._recovery_key()
        with self._store.change():
            if anew or self._own.seed(MASTER) is None:
                self._own.make_seeds()
                self._store.drop("backup_key")
        headers = {"Kirana-Confirmation": confirmation} if confirmation else None
        body = self._own.identity_keys()
        await self._api.call("PUT", "/v1/cross-signing-keys", body, headers=headers)
        await self._finish()
        return await self._recovery_key()

    async def _finish(self) -> None:
        """What comes after the identity is published; every step may be repeated."""
        await self._sign_own_device()
        self._backup.make_secret()
        await self._backup.create()

    async def _sign_own_device(self) -> None:
        keys = self._own.sign_as(SELF_SIGNING, self._own.device_keys())
        await self._api.call(
            "POST", "/v1/key-signatures", {self._own.name: {self._own.device_id: keys}}
        )
        await self.note_confirmed()

    async def note_confirmed(self) -> None:
        """Remember since when this device is one that keys are given to."""
        await self._machine.freshen([self._own.user_id], always=True)
        if self._machine.is_confirmed and self._store.get("confirmed_at") is None:
            server = await self._api.call("GET", "/v1/server")
            with self._store.change():
                self._store.put("confirmed_at", server["now"])
                if self._store.get("facts_key") is None:
                    self._store.put("facts_key", server.get("facts_key"))

    async def _recovery_key(self) -> str:
        known = self._store.get_secret("recovery_key")
        if known is None:
            known = new_recovery_key().encode()
            with self._store.change():
                self._store.put_secret("recovery_key", known)
        await self._write_bundle(known.decode())
        return known.decode()

    async def _write_bundle(self, key: str) -> None:
        secrets: Json = {
            "cross_signing": {
                _NAMES[usage]: encode64(self._own.seed(usage) or b"") for usage in USAGES
            }
        }
        if self._backup.secret is not None and self._backup.version is not None:
            secrets["backup"] = {
                "algorithm": BACKUP,
                "key": encode64(self._backup.secret),
                "backup_version": self._backup.version,
            }
        # The key of the device that receives while there is none: passed on as it came.
        dehydrated = self._store.get_secret("dehydrated")
        bundle = {
            "v": 1,
            "secrets": secrets,
            "dehydrated": dehydrated.decode() if dehydrated else None,
        }
        sealed = seal_bundle(key, self._own.name, bundle)
        await self._api.call("PUT", "/v1/secrets/recovery", {"ciphertext": sealed})

    def recovery_key(self) -> str | None:
        """The recovery key that was made here, until `forget_recovery_key`."""
        known = self._store.get_secret("recovery_key")
        return known.decode() if known else None

    def forget_recovery_key(self) -> None:
        """It was written down: this device need not know it any longer."""
        with self._store.change():
            self._store.drop("recovery_key")

    async def recover(self, key: str) -> set[str]:
        """Confirm this device by the recovery key and fetch history; of which conversations.

        Raises: WrongRecoveryKey.
        """
        bundle = await self._open(key)
        secrets = object_at(bundle, "secrets")
        seeds = {
            usage: decode64(text_at(secrets, "cross_signing", _NAMES[usage])) for usage in USAGES
        }
        await self._machine.freshen([self._own.user_id], always=True)
        row = self._store.one("SELECT * FROM people WHERE user_id = ?", self._own.user_id)
        if row is None or row["master"] != public_of(seeds[MASTER]):
            raise WrongRecoveryKey("This recovery key is of an identity that was replaced.")
        with self._store.change():
            for usage, seed in seeds.items():
                self._own.keep_seed(usage, seed)
            self._store.put("own_master", public_of(seeds[MASTER]))
            backup = object_at(secrets, "backup")
            if backup.get("key"):
                self._store.put_secret("backup_key", decode64(backup["key"]))
            if isinstance(bundle.get("dehydrated"), str):
                self._store.put_secret("dehydrated", bundle["dehydrated"].encode())
            self._store.put("restore_due", 1)
        await self._sign_own_device()
        # The server says which keys are whose anew: people verified by this identity are verified.
        self._machine.people.doubt()
        return await self.restore_due()

    async def restore_due(self) -> set[str]:
        """Fetch history if that is still to be done; of which conversations."""
        if not self._store.get("restore_due") or self._backup.secret is None:
            return set()
        convs = await self._backup.restore()
        with self._store.change():
            self._store.drop("restore_due")
        return convs

    async def _open(self, key: str) -> Json:
        problem: ClientProblem = WrongRecoveryKey("There is nothing to recover.")
        for query in (None, {"previous": "true"}):
            try:
                kept = await self._api.call("GET", "/v1/secrets/recovery", query=query)
                return open_bundle(key, self._own.name, text_at(kept, "ciphertext"))
            except Refused as refused:
                if refused.status != 404:
                    raise
            except (WrongRecoveryKey, Malformed) as error:
                problem = error
        raise problem

    async def confirm_device(self, device_id: str) -> None:
        """Sign another device of the owner, whose keys were compared. Raises: NotConfirmed."""
        keys = self._machine.people.device_keys(self._own.user_id, device_id)
        signed = self._own.sign_as(SELF_SIGNING, _bare(keys))
        await self._api.call("POST", "/v1/key-signatures", {self._own.name: {device_id: signed}})
        await self._machine.freshen([self._own.user_id], always=True)

    async def sign_person(self, user_id: str, name: str, master: str) -> None:
        """Let one's other devices know that this person's master key was compared."""
        value: Json = {
            "user_id": name,
            "usage": [MASTER],
            "keys": {f"ed25519:{master}": master},
        }
        self._machine.people.mark_verified(user_id, master)
        if self._own.seed(USER_SIGNING) is not None:
            signed = self._own.sign_as(USER_SIGNING, value)
            await self._api.call("POST", "/v1/key-signatures", {name: {master: signed}})

    async def replace_recovery_key(self) -> str:
        """A new recovery key; the one before opens nothing any more. Raises: NotConfirmed."""
        self._own.public(MASTER)
        with self._store.change():
            self._store.drop("recovery_key")
        return await self._recovery_key()


def _bare(keys: Json) -> Json:
    """Without what the server added and others signed."""
    owner = str(keys.get("user_id"))
    bare = {k: v for k, v in keys.items() if k not in ("unsigned", "signatures")}
    return {**bare, "signatures": {owner: object_at(keys, "signatures", owner)}}
