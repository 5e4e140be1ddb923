"""This device's own keys, and those of its owner's identity as far as it holds them.

Three keys make an identity: the master key signs the other two; the self-signing key signs one's
devices; the user-signing key signs the master keys of people whom one has verified.
Source: Matrix specification, client-server API, "Cross-signing".
"""

from typing import Any

import vodozemac
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from .problems import Malformed, NotConfirmed
from .store import Store
from .wire import MEGOLM, OLM, ONE_TIME, Json, encode64, signable, user_name

MASTER, SELF_SIGNING, USER_SIGNING = "master", "self_signing", "user_signing"
USAGES = (MASTER, SELF_SIGNING, USER_SIGNING)
ONE_TIME_KEYS = 50
"""How many one-time keys should wait on the server."""


class Own:
    """The keys of one device of one user."""

    def __init__(self, store: Store, user_id: str, device_id: str) -> None:
        self.store, self.user_id, self.device_id = store, user_id, device_id
        self.name = user_name(user_id)
        with store.change():
            if store.get("account") is None:
                self.save_account(vodozemac.Account())
            account = self.account()
        self.ed25519 = account.ed25519_key.to_base64()
        self.curve25519 = account.curve25519_key.to_base64()

    def account(self) -> Any:
        """The Olm account as the file has it. Whoever changes it saves it."""
        return vodozemac.Account.from_pickle(self.store.get("account"), self.store.key)

    def save_account(self, account: Any) -> None:
        self.store.put("account", account.pickle(self.store.key))

    def sign(self, value: Json) -> Json:
        """`value` with this device's signature added."""
        signature = self.account().sign(signable(value)).to_base64()
        return _signed(value, self.name, self.device_id, signature)

    def device_keys(self) -> Json:
        return self.sign(
            {
                "user_id": self.name,
                "device_id": self.device_id,
                "algorithms": [OLM, MEGOLM],
                "keys": {
                    f"curve25519:{self.device_id}": self.curve25519,
                    f"ed25519:{self.device_id}": self.ed25519,
                },
            }
        )

    def new_one_time_keys(self, count: int) -> Json:
        """Make `count` keys to be uploaded.

        They count as published from now on. An upload without an answer is never repeated: a key
        that somebody was given meanwhile would be given twice. The next count makes new ones.
        """
        with self.store.change():
            account = self.account()
            account.generate_one_time_keys(count)
            made = {
                f"{ONE_TIME}:{key_id}": self._signed_key(account, key.to_base64())
                for key_id, key in account.one_time_keys.items()
            }
            account.mark_keys_as_published()
            self.save_account(account)
        return made

    def new_fallback_key(self) -> Json:
        """Make the key that is given out when no one-time key is left."""
        with self.store.change():
            account = self.account()
            account.generate_fallback_key()
            made = {
                f"{ONE_TIME}:{key_id}": self._signed_key(account, key.to_base64(), fallback=True)
                for key_id, key in account.fallback_key.items()
            }
            account.mark_keys_as_published()
            self.save_account(account)
        return made

    def _signed_key(self, account: Any, key: str, **more: Any) -> Json:
        value = {"key": key, **more}
        return _signed(value, self.name, self.device_id, account.sign(signable(value)).to_base64())

    # The identity.

    @property
    def master(self) -> str | None:
        """The public master key that this device takes for its owner's."""
        known: str | None = self.store.get("own_master")
        return known

    def seed(self, usage: str) -> bytes | None:
        """The secret of one of the three keys, if this device holds it."""
        return self.store.get_secret(f"seed.{usage}")

    def keep_seed(self, usage: str, seed: bytes) -> None:
        self.store.put_secret(f"seed.{usage}", seed)

    def forget_seeds(self) -> None:
        for usage in USAGES:
            self.store.drop(f"seed.{usage}")

    def public(self, usage: str) -> str:
        return public_of(self._need(usage))

    def make_seeds(self) -> None:
        """A new identity, for a first device or after everything was lost."""
        for usage in USAGES:
            self.keep_seed(usage, Ed25519PrivateKey.generate().private_bytes_raw())
        self.store.put("own_master", self.public(MASTER))

    def identity_keys(self) -> Json:
        """The body that publishes the three keys."""
        body: Json = {}
        for usage in USAGES:
            public = self.public(usage)
            key = {
                "user_id": self.name,
                "usage": [usage],
                "keys": {f"ed25519:{public}": public},
            }
            if usage != MASTER:
                key = self.sign_as(MASTER, key)
            body[f"{usage}_key"] = key
        body["master_key"] = self.sign(body["master_key"])
        return body

    def sign_as(self, usage: str, value: Json) -> Json:
        """`value` with the signature of one of the three keys. Raises: NotConfirmed."""
        seed = self._need(usage)
        signature = encode64(Ed25519PrivateKey.from_private_bytes(seed).sign(signable(value)))
        return _signed(value, self.name, public_of(seed), signature)

    def _need(self, usage: str) -> bytes:
        seed = self.seed(usage)
        if seed is None:
            raise NotConfirmed("This device does not hold its owner's keys.")
        return seed


def public_of(seed: bytes) -> str:
    """The public half of an Ed25519 seed. Raises: Malformed."""
    try:
        return encode64(Ed25519PrivateKey.from_private_bytes(seed).public_key().public_bytes_raw())
    except ValueError:
        raise Malformed("This is no Ed25519 key.") from None


def is_signed(value: Json, signer: str, key_id: str, key: str) -> bool:
    """Whether `signer` signed `value` with the public `key`, which is named `key_id`."""
    signatures = value.get("signatures")
    of_signer = signatures.get(signer) if isinstance(signatures, dict) else None
    text = of_signer.get(f"ed25519:{key_id}") if isinstance(of_signer, dict) else None
    if not isinstance(text, str):
        return False
    try:
        signature = vodozemac.Ed25519Signature.from_base64(text)
        vodozemac.Ed25519PublicKey.from_base64(key).verify_signature(signable(value), signature)
    except ValueError:
        return False
    return True


def _signed(value: Json, signer: str, key_id: str, signature: str) -> Json:
    signatures = {who: dict(some) for who, some in value.get("signatures", {}).items()}
    signatures.setdefault(signer, {})[f"ed25519:{key_id}"] = signature
    return {**value, "signatures": signatures}
