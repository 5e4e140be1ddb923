"""Codes on the console, for developing and for the demo town."""

import sys

from .messages import Message


class ConsoleSender:
    """Refuses to exist unless showing codes was asked for in so many words."""

    def __init__(self, *, may_show_codes: bool) -> None:
        if not may_show_codes:
            raise ValueError("Codes are shown on the console in demo and development mode only.")

    def send(self, address: str, message: Message) -> None:
        sys.stderr.write(f"\n  Code for {address}:  {message.code}\n\n")
        sys.stderr.flush()
