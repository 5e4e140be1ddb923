"""The recovery key: 32 random bytes, shown as 13 groups of four letters.

It opens the secret `recovery`, in which stand the private keys of the owner's identity and of the
backup. Whoever has it is the person. The bundle is AES-256-GCM, as nonce ‖ ciphertext in base64,
under HKDF-SHA-256 of the key (no salt, info "kirana recovery 1"), bound to the owner's name.
"""

import base64
import json
import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from .problems import Malformed, WrongRecoveryKey
from .wire import Json, decode64, encode64, parse

INFO = b"kirana recovery 1"
_LOOKS_LIKE = str.maketrans("018", "OIB")


def new_recovery_key() -> str:
    """`ABCD EFGH …`: 256 bits in base32. Source: RFC 4648 section 6."""
    letters = base64.b32encode(os.urandom(32)).decode().rstrip("=")
    return " ".join(letters[i : i + 4] for i in range(0, len(letters), 4))


def read_recovery_key(text: str) -> bytes:
    """What a person typed, with any spaces, in any case. Raises: WrongRecoveryKey."""
    letters = "".join(c for c in text.upper() if c.isascii() and c.isalnum())
    letters = letters.translate(_LOOKS_LIKE)
    try:
        key = base64.b32decode(letters + "====")
    except ValueError:
        key = b""
    if len(letters) != 52 or len(key) != 32:
        raise WrongRecoveryKey("A recovery key is 52 letters.")
    if base64.b32encode(key).decode().rstrip("=") != letters:
        raise WrongRecoveryKey("A letter of the recovery key is wrong.")
    return key


def _cipher(recovery_key: str) -> AESGCM:
    derived = HKDF(SHA256(), 32, salt=None, info=INFO).derive(read_recovery_key(recovery_key))
    return AESGCM(derived)


def seal_bundle(recovery_key: str, owner: str, bundle: Json) -> str:
    nonce = os.urandom(12)
    sealed = _cipher(recovery_key).encrypt(nonce, json.dumps(bundle).encode(), owner.encode())
    return encode64(nonce + sealed)


def open_bundle(recovery_key: str, owner: str, ciphertext: str) -> Json:
    """Raises: WrongRecoveryKey."""
    cipher = _cipher(recovery_key)
    try:
        sealed = decode64(ciphertext)
        return parse(cipher.decrypt(sealed[:12], sealed[12:], owner.encode()))
    except (InvalidTag, Malformed, ValueError):
        raise WrongRecoveryKey("This recovery key does not open what is kept.") from None
