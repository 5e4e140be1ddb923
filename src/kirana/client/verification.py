"""Comparing keys by seven emoji, with a friend or with another device of one's own.

Both sides make a short-lived key, the second one committing to its own before it sees the first.
From the shared secret both derive the emoji; when their owners find them equal, each side proves
its long-lived keys under that secret. Who stands between cannot make both see the same.
Source: Matrix specification, "Short Authentication String (SAS) verification", with
curve25519-hkdf-sha256 and hkdf-hmac-sha256.v2.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import vodozemac

from .emoji import EMOJI
from .identity import Identity
from .machine import Machine
from .own import SELF_SIGNING
from .people import Device
from .problems import ClientProblem, Malformed
from .wire import Json, canonical, encode64, object_at, text_at, user_name

SAS = "m.sas.v1"
AGREEMENT = "curve25519-hkdf-sha256"
HASH = "sha256"
MAC = "hkdf-hmac-sha256.v2"
PREFIX = "m.key.verification."
VALID_MS = 10 * 60 * 1000
AHEAD_MS = 5 * 60 * 1000

ASKED, INCOMING, READY, STARTED = "asked", "incoming", "ready", "started"
COMPARE, CONFIRMED, DONE, CANCELLED = "compare", "confirmed", "done", "cancelled"


class _Cancel(Exception):
    def __init__(self, code: str, reason: str) -> None:
        super().__init__(reason)
        self.code, self.reason = code, reason


@dataclass(slots=True, eq=False)
class Verification:
    """One comparison. `phase`: `asked`, `incoming` (accept it), `ready`, `started`, `compare`
    (show `emoji`, then confirm or cancel), `confirmed` (waiting for the other side), `done`, or
    `cancelled` with a reason."""

    id: str
    user_id: str
    device_id: str | None
    we_asked: bool
    phase: str
    asked_at: int
    asked_devices: list[str] = field(default_factory=list)
    we_started: bool = False
    emoji: list[tuple[str, str]] = field(default_factory=list)
    reason: str | None = None
    _sas: Any = None
    _secret: Any = None
    _start: Json | None = None
    _commitment: str | None = None
    _our_key: str = ""
    _their_key: str | None = None
    _their_mac: Json | None = None
    _are_they_done: bool = False

    @property
    def is_over(self) -> bool:
        return self.phase in (DONE, CANCELLED)


class Verifications:
    """The comparisons under way. They live in memory only: one that a crash ends is begun anew."""

    def __init__(self, machine: Machine, identity: Identity) -> None:
        self._machine, self._identity, self._own = machine, identity, machine.own
        self._all: dict[str, Verification] = {}
        self.on_change: Callable[[Verification], None] = lambda _: None

    def get(self, id: str) -> Verification:
        """Raises: ClientProblem."""
        if id not in self._all:
            raise ClientProblem("There is no such verification.")
        return self._all[id]

    @property
    def open(self) -> list[Verification]:
        return [it for it in self._all.values() if not it.is_over]

    # What this side does.

    async def ask(self, user_id: str, device_id: str | None = None) -> Verification:
        """Ask somebody, or own devices, to compare. Raises: ClientProblem if there is none."""
        await self._machine.freshen([user_id, self._own.user_id], always=True)
        devices = [
            it.device_id
            for it in self._machine.people.devices(user_id)
            if not it.is_gone
            and (it.is_signed or device_id == it.device_id)
            and (user_id, it.device_id) != (self._own.user_id, self._own.device_id)
            and device_id in (None, it.device_id)
        ]
        if not devices:
            raise ClientProblem("There is no device to compare with.")
        asked = Verification(
            uuid4().hex, user_id, device_id, True, ASKED, self._machine.clock(), devices
        )
        self._all[asked.id] = asked
        content = {
            "from_device": self._own.device_id,
            "methods": [SAS],
            "timestamp": asked.asked_at,
            "transaction_id": asked.id,
        }
        await self._say(asked, "request", content, to=devices)
        return asked

    async def accept(self, id: str) -> Verification:
        """Agree to compare with who asked."""
        it = self.get(id)
        if it.phase != INCOMING:
            raise ClientProblem("There is nothing to accept.")
        await self._say(it, "ready", {"from_device": self._own.device_id, "methods": [SAS]})
        self._move(it, READY)
        return it

    async def start(self, id: str) -> Verification:
        """Begin with the emoji; either side may, once both are ready."""
        it = self.get(id)
        if it.phase != READY:
            raise ClientProblem("The other side is not ready.")
        it.we_started = True
        it._start = {
            "from_device": self._own.device_id,
            "method": SAS,
            "key_agreement_protocols": [AGREEMENT],
            "hashes": [HASH],
            "message_authentication_codes": [MAC],
            "short_authentication_string": ["emoji", "decimal"],
            "transaction_id": it.id,
        }
        await self._say(it, "start", it._start)
        self._move(it, STARTED)
        return it

    async def confirm(self, id: str) -> Verification:
        """The emoji are the same on both sides."""
        it = self.get(id)
        if it.phase != COMPARE:
            raise ClientProblem("There is nothing to compare.")
        await self._say(it, "mac", self._macs(it))
        self._move(it, CONFIRMED)
        await self._guarded(it, self._conclude(it))
        return it

    async def cancel(self, id: str, *, mismatch: bool = False) -> Verification:
        """End it; with `mismatch` because the emoji differ."""
        it = self.get(id)
        if not it.is_over:
            code, reason = ("m.user", "Cancelled.")
            if mismatch:
                code, reason = ("m.mismatched_sas", "The emoji were not the same.")
            await self._cancel(it, _Cancel(code, reason))
        return it

    # What the other side says.

    async def take(self, user_id: str, type: str, content: Json) -> None:
        """Take in one letter of a comparison; what does not belong to any is passed over."""
        step = type.removeprefix(PREFIX)
        id = content.get("transaction_id")
        if not type.startswith(PREFIX) or not isinstance(id, str):
            return
        it = self._all.get(id)
        if step == "request":
            if it is None:
                self._take_request(user_id, id, content)
            return
        if it is None or it.user_id != user_id or it.is_over:
            return
        if self._machine.clock() - it.asked_at > VALID_MS:
            await self._cancel(it, _Cancel("m.timeout", "It took too long."))
            return
        await self._guarded(it, self._take_step(it, step, content))

    def _take_request(self, user_id: str, id: str, content: Json) -> None:
        now, at = self._machine.clock(), content.get("timestamp")
        device_id, methods = content.get("from_device"), content.get("methods")
        if not isinstance(at, int) or not now - VALID_MS < at < now + AHEAD_MS:
            return
        if not isinstance(methods, list) or SAS not in methods or not isinstance(device_id, str):
            return
        if (user_id, device_id) == (self._own.user_id, self._own.device_id):
            return
        it = Verification(id, user_id, device_id, False, INCOMING, now)
        self._all[id] = it
        self.on_change(it)

    async def _guarded(self, it: Verification, step: Any) -> None:
        try:
            await step
        except _Cancel as cancel:
            await self._cancel(it, cancel)
        except Malformed as error:
            await self._cancel(it, _Cancel("m.invalid_message", str(error)))

    async def _take_step(self, it: Verification, step: str, content: Json) -> None:
        match step:
            case "ready" if it.phase == ASKED:
                await self._take_ready(it, content)
            case "start" if it.phase in (READY, STARTED):
                await self._take_start(it, content)
            case "accept" if it.phase == STARTED and it.we_started and it._commitment is None:
                await self._take_accept(it, content)
            case "key" if it.phase == STARTED and it._their_key is None:
                await self._take_key(it, content)
            case "mac" if it.phase in (COMPARE, CONFIRMED) and it._their_mac is None:
                it._their_mac = content
                await self._conclude(it)
            case "done":
                it._are_they_done = True
            case "cancel":
                it.reason = str(content.get("reason") or content.get("code") or "Cancelled.")
                self._move(it, CANCELLED)
            case _:
                raise _Cancel("m.unexpected_message", f"{step} does not come now.")

    async def _take_ready(self, it: Verification, content: Json) -> None:
        device_id = text_at(content, "from_device")
        methods = content.get("methods")
        if device_id not in it.asked_devices:
            raise _Cancel("m.key_mismatch", "Another device answered than was asked.")
        if not isinstance(methods, list) or SAS not in methods:
            raise _Cancel("m.unknown_method", "They cannot compare emoji.")
        others = [other for other in it.asked_devices if other != device_id]
        it.device_id = device_id
        self._move(it, READY)
        if others:
            accepted = {"code": "m.accepted", "reason": "Another device answered."}
            await self._say(it, "cancel", accepted, to=others)

    async def _take_start(self, it: Verification, content: Json) -> None:
        if text_at(content, "from_device") != it.device_id:
            raise _Cancel("m.key_mismatch", "Another device began than was ready.")
        if it.we_started:
            if it._commitment is not None or it._their_key is not None:
                raise _Cancel("m.unexpected_message", "It began already.")
            mine = (self._own.name, self._own.device_id)
            if mine < (user_name(it.user_id), str(it.device_id)):
                return  # Both began: the smaller name's counts, and that is ours.
            it.we_started = False
        elif it.phase == STARTED:
            raise _Cancel("m.unexpected_message", "It began already.")
        wanted = (
            ("method", SAS, None),
            ("key_agreement_protocols", AGREEMENT, list),
            ("hashes", HASH, list),
            ("message_authentication_codes", MAC, list),
            ("short_authentication_string", "emoji", list),
        )
        for name, value, kind in wanted:
            told = content.get(name)
            if (
                (told != value)
                if kind is None
                else (not isinstance(told, list) or value not in told)
            ):
                raise _Cancel("m.unknown_method", f"They offer no {value}.")
        it._start = content
        it._sas = vodozemac.Sas()
        it._our_key = it._sas.public_key.to_base64()
        accept = {
            "method": SAS,
            "key_agreement_protocol": AGREEMENT,
            "hash": HASH,
            "message_authentication_code": MAC,
            "short_authentication_string": ["emoji"],
            "commitment": _commitment(it._our_key, content),
        }
        await self._say(it, "accept", accept)
        self._move(it, STARTED)

    async def _take_accept(self, it: Verification, content: Json) -> None:
        agreed = (
            ("key_agreement_protocol", AGREEMENT),
            ("hash", HASH),
            ("message_authentication_code", MAC),
        )
        if any(content.get(name) != value for name, value in agreed):
            raise _Cancel("m.unknown_method", "They chose what was not offered.")
        strings = content.get("short_authentication_string")
        if not isinstance(strings, list) or "emoji" not in strings:
            raise _Cancel("m.unknown_method", "They cannot compare emoji.")
        it._commitment = text_at(content, "commitment")
        it._sas = vodozemac.Sas()
        it._our_key = it._sas.public_key.to_base64()
        await self._say(it, "key", {"key": it._our_key})

    async def _take_key(self, it: Verification, content: Json) -> None:
        if it._sas is None:
            raise _Cancel("m.unexpected_message", "The key comes too early.")
        it._their_key = text_at(content, "key")
        if it.we_started:
            assert it._start is not None
            if _commitment(it._their_key, it._start) != (it._commitment or "").rstrip("="):
                raise _Cancel("m.mismatched_commitment", "Their key is not the promised one.")
        else:
            await self._say(it, "key", {"key": it._our_key})
        try:
            key = vodozemac.Curve25519PublicKey.from_base64(it._their_key)
            it._secret = it._sas.diffie_hellman(key)
        except ValueError:
            raise _Cancel("m.invalid_message", "Their key is no key.") from None
        ours = f"{self._own.name}|{self._own.device_id}|{it._our_key}"
        theirs = f"{user_name(it.user_id)}|{it.device_id}|{it._their_key}"
        first, second = (ours, theirs) if it.we_started else (theirs, ours)
        made = it._secret.bytes(f"MATRIX_KEY_VERIFICATION_SAS|{first}|{second}|{it.id}")
        it.emoji = [EMOJI[number] for number in made.emoji_indices]
        self._move(it, COMPARE)

    # Proving keys.

    def _macs(self, it: Verification) -> Json:
        keys = {f"ed25519:{self._own.device_id}": self._own.ed25519}
        master = self._own.master
        if master is not None and self._machine.people.is_own_identity_known():
            keys[f"ed25519:{master}"] = master
        info = (
            f"MATRIX_KEY_VERIFICATION_MAC{self._own.name}{self._own.device_id}"
            f"{user_name(it.user_id)}{it.device_id}{it.id}"
        )
        names = ",".join(sorted(keys))
        return {
            "mac": {name: it._secret.calculate_mac(key, info + name) for name, key in keys.items()},
            "keys": it._secret.calculate_mac(names, info + "KEY_IDS"),
        }

    async def _conclude(self, it: Verification) -> None:
        """When both have proven their keys: sign them, and be done."""
        if it.phase != CONFIRMED or it._their_mac is None:
            return
        device, master = await self._proven(it)
        is_own = it.user_id == self._own.user_id
        if is_own and master is not None and self._own.master is None:
            with self._machine.store.change():
                self._machine.store.put("own_master", master)
                self._machine.store.put("restore_due", 1)
        elif is_own and self._own.seed(SELF_SIGNING) is not None:
            await self._identity.confirm_device(device.device_id)
        if not is_own and master is not None:
            await self._identity.sign_person(it.user_id, user_name(it.user_id), master)
        await self._say(it, "done", {})
        self._move(it, DONE)

    async def _proven(self, it: Verification) -> tuple[Device, str | None]:
        """The device, and the master key if it was proven too. Raises: _Cancel, Malformed."""
        await self._machine.freshen([it.user_id])
        assert it.device_id is not None
        device = self._machine.people.device(it.user_id, it.device_id)
        person = self._machine.people.person(it.user_id)
        if device is None or person is None:
            raise _Cancel("m.key_mismatch", "Their device is not known.")
        told = object_at(it._their_mac, "mac")
        info = (
            f"MATRIX_KEY_VERIFICATION_MAC{user_name(it.user_id)}{it.device_id}"
            f"{self._own.name}{self._own.device_id}{it.id}"
        )
        self._check(it, ",".join(sorted(told)), info + "KEY_IDS", text_at(it._their_mac, "keys"))
        known = {f"ed25519:{device.device_id}": device.ed25519}
        if person.master is not None:
            known[f"ed25519:{person.master}"] = person.master
        for name in told:
            if name in known:
                self._check(it, known[name], info + name, text_at(told, name))
        if f"ed25519:{device.device_id}" not in told:
            raise _Cancel("m.key_mismatch", "Their device did not prove its key.")
        master = person.master if f"ed25519:{person.master}" in told else None
        return device, master

    def _check(self, it: Verification, value: str, info: str, tag: str) -> None:
        try:
            it._secret.verify_mac(value, info, tag)
        except ValueError:
            raise _Cancel("m.key_mismatch", "The keys are not the same.") from None

    # Saying.

    async def _say(
        self, it: Verification, step: str, content: Json, *, to: list[str] | None = None
    ) -> None:
        devices = to if to is not None else [it.device_id] if it.device_id else it.asked_devices
        body = {**content, "transaction_id": it.id}
        messages = {user_name(it.user_id): {str(device): body for device in devices}}
        self._machine.leave(PREFIX + step, messages)
        await self._machine.post()

    async def _cancel(self, it: Verification, cancel: _Cancel) -> None:
        it.reason = cancel.reason
        self._move(it, CANCELLED)
        await self._say(it, "cancel", {"code": cancel.code, "reason": cancel.reason})

    def _move(self, it: Verification, phase: str) -> None:
        it.phase = phase
        self.on_change(it)


def _commitment(key: str, start: Json) -> str:
    return encode64(hashlib.sha256(key.encode() + canonical(start)).digest())
