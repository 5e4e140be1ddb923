"""A client for programs, tests and the command line: it talks as one device of one user.

    async with await Client.open(url, token, "ravi.db") as ravi:
        await ravi.start()
        ...

Business conversations are plain; private ones are end-to-end encrypted, by vodozemac, as a device
that its owner confirmed. It knows the API, and nothing of the server's inside.
"""

from .client import Client, Receipt
from .conversations import Conversation, KindChanged, Member
from .files import DamagedFile
from .history import Message
from .outbox import Sent
from .polls import Poll, polls_in
from .problems import (
    ClientProblem,
    IdentityChanged,
    NobodyCanRead,
    NotConfirmed,
    Refused,
    StoreInUse,
    Unreachable,
    WrongRecoveryKey,
)
from .verification import Verification

__all__ = [
    "Client",
    "ClientProblem",
    "Conversation",
    "DamagedFile",
    "IdentityChanged",
    "KindChanged",
    "Member",
    "Message",
    "NobodyCanRead",
    "NotConfirmed",
    "Poll",
    "Receipt",
    "Refused",
    "Sent",
    "StoreInUse",
    "Unreachable",
    "Verification",
    "WrongRecoveryKey",
    "polls_in",
]
