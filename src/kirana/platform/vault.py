"""Secrets that people entrust to this server, such as a shop's key at a provider. They are kept in
the database, sealed by a key that is not: a copy of the database alone opens none of them.

Source: NIST SP 800-38D (AES-GCM), RFC 5869 (HKDF).
"""

import os
import secrets
import tempfile
from pathlib import Path

from .settings import Settings

FILE = "vault.key"
_NONCE_BYTES = 12


class Unopened(Exception):
    """It was sealed by another key, for another place, or has been changed."""


class Vault:
    """Seals and opens by one key. What is sealed for one place opens in no other."""

    def __init__(self, secret: bytes) -> None:
        from cryptography.hazmat.primitives import hashes
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM
        from cryptography.hazmat.primitives.kdf.hkdf import HKDF

        self._cipher = AESGCM(HKDF(hashes.SHA256(), 32, None, b"kirana-vault-1").derive(secret))

    def seal(self, plain: str, place: str) -> bytes:
        nonce = secrets.token_bytes(_NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, plain.encode(), place.encode())

    def unseal(self, sealed: bytes, place: str) -> str:
        """Raises: Unopened."""
        from cryptography.exceptions import InvalidTag

        nonce, text = sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:]
        try:
            return self._cipher.decrypt(nonce, text, place.encode()).decode()
        except (InvalidTag, ValueError):
            raise Unopened() from None


def open_vault(settings: Settings) -> Vault:
    """By the key of the settings, else by that in the data folder, made when there is none.
    Blocks."""
    if settings.vault_key:
        return Vault(bytes.fromhex(settings.vault_key))
    path = settings.data_dir / FILE
    if not path.exists():
        _make(path)
    return Vault(bytes.fromhex(path.read_text()))


def _make(path: Path) -> None:
    """Appears whole, and once: of two processes that start together one is first."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile("w", dir=path.parent, prefix=f".{FILE}.") as file:
        file.write(secrets.token_hex(32))
        file.flush()
        os.fsync(file.fileno())
        try:
            os.link(file.name, path)
        except FileExistsError:
            return
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
