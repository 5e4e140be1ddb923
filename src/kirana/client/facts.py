"""What the server says about money and orders is signed by it. Source: `kirana.chat.proofs`."""

import json

import vodozemac

from .wire import Json, object_at


def is_signed(entry: Json, public_key: str) -> bool:
    """Whether the server with this key said just that."""
    body = object_at(entry, "body")
    said = {name: it for name, it in body.items() if name != "sig"}
    whole = {**said, "id": entry.get("id"), "ts": entry.get("ts")}
    text = json.dumps(whole, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    try:
        key = vodozemac.Ed25519PublicKey.from_base64(public_key)
        signature = vodozemac.Ed25519Signature.from_base64(str(body.get("sig")))
        key.verify_signature(text.encode(), signature)
    except ValueError:
        return False
    return True
