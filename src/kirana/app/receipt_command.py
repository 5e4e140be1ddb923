"""`kirana receipt verify`: whether a receipt is what a server signed, without asking any server.

Exit codes: 0 it is, 1 it is not, 2 it could not be read.
"""

import argparse
import sys
from pathlib import Path
from typing import Any

import msgspec

from kirana import money
from kirana.platform.settings import Settings

MAX_BYTES = 1 << 20
_SENTENCES = {
    "signed": "It is what the owner of this key signed.",
    "changed": "Something in it is not what was signed.",
    "not_ours": "Another key signed it.",
    "kept": "The published heads have its place in the books.",
    "contradicted": "The published heads are not of the books that it tells of.",
    "unknown": "No published head tells of it.",
}


def add_arguments(commands: "argparse._SubParsersAction[Any]") -> None:
    """Add `receipt` to the command line."""
    receipt = commands.add_parser("receipt", help="check a receipt of a payment")
    acts = receipt.add_subparsers(metavar="ACT", required=True)
    act = acts.add_parser(
        "verify",
        help="say whether a receipt is what a server signed; asks nobody",
        description="Checks the signature of a receipt and prints what it says as one JSON object. "
        "Whose key it must be, `--key` says (`facts_key` of GET /v1/server), or a copy of "
        "books.jsonl: then it is compared with the heads in it, too. Without either it is checked "
        "against the key that it names itself; compare that with the server's. Exit code 1 if it "
        "is not right, 2 if it cannot be read.",
    )
    act.add_argument(
        "file", nargs="?", type=Path, metavar="FILE", help="without it, the standard input"
    )
    act.add_argument("--key", help="the public key that the server publishes, in base64")
    act.add_argument("--books", type=Path, metavar="FILE", help="a copy of books.jsonl")
    act.set_defaults(run=run)


def run(chosen: argparse.Namespace, settings: Settings) -> int:
    try:
        heads = money.published_heads(chosen.books) if chosen.books else None
        content = chosen.file.read_bytes() if chosen.file else sys.stdin.buffer.read(MAX_BYTES)
        key = chosen.key or (heads[-1].key if heads else None)
        check = money.check_receipt(content, key=key, heads=heads)
    except (OSError, msgspec.MsgspecError, UnicodeDecodeError) as error:
        sys.stderr.write(f"It cannot be read: {error}\n")
        return 2
    receipt = check.receipt
    said = [check.verdict, *([check.heads] if check.heads else [])]
    answer = {
        "verdict": check.verdict,
        "heads": check.heads,
        "sentence": " ".join(_SENTENCES[it] for it in said),
        "key": receipt.key,
        "server": receipt.server,
        "transfer_id": receipt.transfer_id,
        "amount": receipt.amount,
        "payer": receipt.payer,
        "payee": receipt.payee,
        "created_at": receipt.created_at,
    }
    sys.stdout.write(msgspec.json.encode(answer).decode() + "\n")
    return 0 if check.verdict == "signed" and check.heads != "contradicted" else 1
