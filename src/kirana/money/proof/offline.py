"""Checking a receipt without the server: by its signature, and by heads that were published."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import msgspec

from kirana.platform import signatures

from .receipts import SignedHead, TransferReceipt, is_signed_head

HeadsVerdict = Literal["kept", "contradicted", "unknown"]


@dataclass(frozen=True, slots=True)
class ReceiptCheck:
    """`signed`: by the owner of `key`, as it is. `changed`: it is not what was signed. `not_ours`:
    another key signed it than the one that it was to be.

    `heads` is what published heads of the books say to it: `kept`, one of them is the receipt's
    block or head; `contradicted`, one cannot be of the same books; `unknown`, none tells."""

    verdict: Literal["signed", "changed", "not_ours"]
    heads: HeadsVerdict | None
    receipt: TransferReceipt


def check_receipt(
    content: bytes, *, key: str | None = None, heads: Sequence[SignedHead] | None = None
) -> ReceiptCheck:
    """Whether a receipt is what the owner of `key` signed; without one, of the key that it names.

    Raises: msgspec.DecodeError, msgspec.ValidationError for what is no receipt.
    """
    said: Any = msgspec.json.decode(content)
    receipt = msgspec.convert(said, TransferReceipt)
    verdict: Literal["signed", "changed", "not_ours"] = "signed"
    if key is not None and receipt.key.rstrip("=") != key.rstrip("="):
        verdict = "not_ours"
    elif said != msgspec.to_builtins(receipt) or not _is_signed(said, receipt):
        verdict = "changed"
    of_books = _compare(receipt, heads) if heads is not None and verdict == "signed" else None
    return ReceiptCheck(verdict, of_books, receipt)


def _is_signed(said: dict[str, Any], receipt: TransferReceipt) -> bool:
    text = signatures.canonical({**said, "signature": ""})
    return signatures.is_signed(text, receipt.signature, receipt.key)


def _compare(receipt: TransferReceipt, heads: Sequence[SignedHead]) -> HeadsVerdict:
    found: HeadsVerdict = "unknown"
    for head in heads:
        if head.key != receipt.key or not is_signed_head(head):
            return "contradicted"
        for block in (receipt.block, receipt.head):
            if block.no == head.block.no and block != head.block:
                return "contradicted"
            found = "kept" if block == head.block else found
        # A chain only grows: what was published later cannot end before the receipt's head.
        is_too_long = head.at < receipt.issued_at and head.block.no > receipt.head.no
        is_too_short = head.at > receipt.issued_at and head.block.no < receipt.head.no
        if is_too_long or is_too_short:
            return "contradicted"
    return found
