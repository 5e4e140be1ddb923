"""A passkey in software: makes ES256 keys with attestation "none", and signs with them.

Source: W3C Web Authentication level 3, sections 6.1 and 6.5.
"""

import base64
import json
import secrets
from dataclasses import dataclass, field
from hashlib import sha256

import cbor2
import msgspec
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

from kirana.identity import Credential

_PRESENT, _VERIFIED, _HAS_KEY = 0x01, 0x04, 0x40


@dataclass(slots=True)
class Authenticator:
    """One key of one user, for pages of `origin`."""

    origin: str = "https://kirana.example"
    host: str = "kirana.example"
    verifies_user: bool = True
    counts: bool = True
    sign_count: int = 0
    user_handle: bytes = b""
    credential_id: bytes = field(default_factory=lambda: secrets.token_bytes(32))
    _key: ec.EllipticCurvePrivateKey = field(
        default_factory=lambda: ec.generate_private_key(ec.SECP256R1())
    )

    def create(self, options: bytes) -> Credential:
        """Answer the options of a registration."""
        asked = json.loads(options)
        self.user_handle = unpack(asked["user"]["id"])
        numbers = self._key.public_key().public_numbers()
        public_key = cbor2.dumps(
            {
                1: 2,
                3: -7,
                -1: 1,
                -2: numbers.x.to_bytes(32, "big"),
                -3: numbers.y.to_bytes(32, "big"),
            }
        )
        attested = (
            bytes(16) + len(self.credential_id).to_bytes(2, "big") + self.credential_id + public_key
        )
        data = self._authenticator_data(_HAS_KEY) + attested
        return self._credential(
            {
                "clientDataJSON": pack(self._client_data("webauthn.create", asked["challenge"])),
                "attestationObject": pack(
                    cbor2.dumps({"fmt": "none", "attStmt": {}, "authData": data})
                ),
            }
        )

    def get(self, options: bytes) -> Credential:
        """Answer the options of a sign-in or confirmation."""
        asked = json.loads(options)
        if self.counts:
            self.sign_count += 1
        client_data = self._client_data("webauthn.get", asked["challenge"])
        data = self._authenticator_data(0)
        signed = data + sha256(client_data).digest()
        return self._credential(
            {
                "clientDataJSON": pack(client_data),
                "authenticatorData": pack(data),
                "signature": pack(self._key.sign(signed, ec.ECDSA(hashes.SHA256()))),
                "userHandle": pack(self.user_handle),
            }
        )

    def _authenticator_data(self, flags: int) -> bytes:
        flags |= _PRESENT | (_VERIFIED if self.verifies_user else 0)
        return (
            sha256(self.host.encode()).digest()
            + bytes([flags])
            + self.sign_count.to_bytes(4, "big")
        )

    def _client_data(self, kind: str, challenge: str) -> bytes:
        return json.dumps({"type": kind, "challenge": challenge, "origin": self.origin}).encode()

    def _credential(self, response: dict[str, str]) -> Credential:
        name = pack(self.credential_id)
        body = {"id": name, "rawId": name, "type": "public-key", "response": response}
        return msgspec.convert(body, Credential)


def pack(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def unpack(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
