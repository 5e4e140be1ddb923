"""From pointers in a user's stream to the frames that their clients get."""

from collections import defaultdict
from collections.abc import Sequence

from sqlalchemy import bindparam

from kirana.platform import stream
from kirana.platform.db import Q, Tx, any_of
from kirana.values import ConversationId, UserId

from .conversations import find_audience
from .entries import encode, entry, read_entries
from .tables import messages

_SOME = Q(
    read_entries()
    .where(messages.c.conversation_id == bindparam("conversation_id"))
    .where(any_of(messages.c.seq, "seqs"))
)


def message_frames(tx: Tx, reader: UserId, pointers: Sequence[stream.Entry]) -> list[bytes | None]:
    """The entries at these pointers as `reader` sees them now.

    None, so the bare pointer, where there is nothing any more: a client passes over it.
    """
    wanted: dict[ConversationId, list[int]] = defaultdict(list)
    for pointer in pointers:
        wanted[pointer.ref].append(pointer.seq)
    frames: dict[tuple[ConversationId, int], bytes] = {}
    for conversation_id, seqs in wanted.items():
        audience = find_audience(tx, conversation_id)
        member = audience.member(reader) if audience else None
        if member is None:
            continue
        for row in tx.all(_SOME, conversation_id=conversation_id, seqs=seqs, reader=reader):
            if member.joined_seq <= row.seq <= (member.left_seq or row.seq):
                frames[conversation_id, row.seq] = encode(entry(row, reader=reader, now=tx.now))
    return [frames.get((pointer.ref, pointer.seq)) for pointer in pointers]
