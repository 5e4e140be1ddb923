"""`kirana rail read`: what payment codes say, as JSON.

Exit codes: 0 all were read, 1 some were refused. Nothing is looked up and nothing is paid.
"""

import argparse
import os
import re
import sys
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

from kirana.platform.settings import Settings

READ, REFUSED = 0, 1
MAX_BYTES = 16 << 20

_EPC_LINES = 12
_BEGINNING = (b"BCD", b"000201", b"upi:", b'"')


def add_arguments(commands: "argparse._SubParsersAction[Any]") -> None:
    """Add `rail` to the command line."""
    rail = commands.add_parser("rail", help="say what a payment code says")
    acts = rail.add_subparsers(metavar="ACT", required=True)
    act = acts.add_parser(
        "read",
        help="print as JSON what codes say, or why they are refused",
        description="Reads UPI links and Pix, PayNow, PromptPay, SEPA (EPC) and other EMV codes. "
        "Prints one JSON object for each, with amounts in minor units; exit code 1 if any is "
        "refused. A SEPA code has several lines: give it as TEXT, or on the standard input as it "
        "is, or in one line as a JSON string.",
    )
    act.add_argument(
        "text", nargs="?", metavar="TEXT", help="one code; without it, the lines of standard input"
    )
    act.set_defaults(run=run)


def run(chosen: argparse.Namespace, settings: Settings) -> int:
    import msgspec

    if chosen.text is not None:
        answers = [answer(os.fsencode(chosen.text))]
    else:
        content = sys.stdin.buffer.read(MAX_BYTES + 1)
        codes = list(split(content)) if len(content) <= MAX_BYTES else [content]
        answers = [answer(code) for code in codes or [b""]]
    sys.stdout.flush()
    sys.stdout.buffer.write(b"".join(msgspec.json.encode(it) + b"\n" for it in answers))
    sys.stdout.buffer.flush()
    return REFUSED if any("refused" in it for it in answers) else READ


def answer(code: bytes) -> dict[str, Any]:
    """What a code says, or `refused`: why not."""
    import msgspec

    from . import CodeRefused, read

    try:
        reading = read(_decode(code))
    except CodeRefused as refusal:
        return {"refused": refusal.facts["reason"], **refusal.facts}
    answer: dict[str, Any] = msgspec.to_builtins(reading)
    return answer


def split(content: bytes) -> Iterator[bytes]:
    """One code in each line; from a line `BCD` on, as many as belong to a SEPA code."""
    lines = [line.removesuffix(b"\r") for line in content.split(b"\n")]
    at = 0
    while at < len(lines):
        line = lines[at]
        at += 1
        if line == b"BCD":
            end = at
            while end < min(len(lines), at + _EPC_LINES - 1) and not _begins(lines[end]):
                end += 1
            yield b"\n".join([line, *lines[at:end]])
            at = end
        elif line.strip():
            yield _unquote(line)


def _begins(line: bytes) -> bool:
    return line.startswith(_BEGINNING)


def _unquote(line: bytes) -> bytes:
    """The text of a JSON string, or of a SEPA code whose line breaks are written `\\n`."""
    import msgspec

    if line.startswith(b'"'):
        try:
            return msgspec.json.decode(line, type=str).encode()
        except (msgspec.DecodeError, UnicodeError):
            return line
    return line.replace(b"\\n", b"\n") if line.startswith(b"BCD\\n") else line


def _decode(code: bytes) -> str:
    """UTF-8; a SEPA code may also be in the character set that it names.

    Raises: CodeRefused.
    """
    from .epc.code import CHARSETS
    from .problems import refuse

    match = re.match(rb"BCD\r?\n[0-9]{3}\r?\n([1-8])\r?\n", code)
    charsets = ("utf-8", CHARSETS[int(match[1])]) if match else ("utf-8",)
    for charset in charsets:
        with suppress(UnicodeDecodeError):
            return code.decode(charset)
    return refuse("no-text", "This holds bytes that are no text.")
