"""Finding what was said, by words, the latest first.

What a message says lies beside it, folded and without punctuation: a search costs nothing when a
message is sent, and looks only where `by` may look. Only conversations with a shop have words here.
"""

import unicodedata
from dataclasses import dataclass
from functools import cache

from sqlalchemy import Text as SqlText
from sqlalchemy import and_, bindparam, or_

from kirana.platform.db import Q, Tx
from kirana.platform.search import fold
from kirana.values import Actor, ConversationId, Page

from .cursors import read_cursor, write_cursor
from .entries import Entry, entries_about, entry, read_entries
from .model import MemberState
from .tables import hidden, members, messages

MAX_TERMS = 8
_PUNCTUATION = str.maketrans(dict.fromkeys("!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~\x00\t\r\n", " "))


@dataclass(frozen=True, slots=True)
class Found:
    """A message that was found, and what was said about it since: its edits and reactions."""

    message: Entry
    about: list[Entry]


def words_for_search(text: str) -> str | None:
    """The text as it is searched: folded words, each after one space. None without any."""
    folded = fold(text).translate(_PUNCTUATION)
    if not folded.isascii():
        folded = "".join(
            " " if unicodedata.category(letter)[0] in "PSZC" and letter not in _JOINERS else letter
            for letter in folded
        )
    words = folded.split()
    return " " + " ".join(words) if words else None


def search_messages(
    tx: Tx,
    text: str,
    *,
    conversation_id: ConversationId | None = None,
    after: str | None = None,
    limit: int = 30,
    by: Actor,
) -> Page[Found]:
    """Messages that have a word beginning with each word of `text`, the latest first.

    Raises: InvalidInput for a cursor that no page gave.
    """
    before, before_id = read_cursor(after)
    terms = (words_for_search(text) or "").split()[:MAX_TERMS]
    if not terms:
        return Page([])
    rows = tx.all(
        _matching(len(terms), conversation_id is not None),
        **{f"term{n}": _pattern(term) for n, term in enumerate(terms)},
        user_id=by.user_id,
        conversation_id=conversation_id,
        before=before,
        before_id=before_id,
        limit=limit + 1,
        reader=by.user_id,
        now=tx.now,
    )
    found = [entry(row, reader=by.user_id, now=tx.now) for row in rows[:limit]]
    places = list({message.conv for message in found})
    about = entries_about(tx, places, [message.id for message in found], reader=by.user_id)
    targets = {row.id: row.target for row in about}
    last = found[-1] if len(rows) > limit else None
    return Page(
        [
            Found(message, [later for later in about if targets[later.id] == message.id])
            for message in found
        ],
        write_cursor(last.ts, last.id) if last else None,
    )


def _pattern(term: str) -> str:
    """A word begins so; in scripts without spaces a word may begin anywhere."""
    return f"% {term}%" if term < "\u0e00" else f"%{term}%"


@cache
def _matching(terms: int, is_in_one: bool) -> Q:
    statement = (
        read_entries()
        .join(members, members.c.conversation_id == messages.c.conversation_id)
        .where(members.c.user_id == bindparam("user_id"))
        .where(members.c.state == MemberState.JOINED)
        .where(messages.c.seq >= members.c.joined_seq)
        .where(or_(messages.c.expires_at.is_(None), messages.c.expires_at > bindparam("now")))
        .where(hidden.c.message_id.is_(None))
        .where(
            or_(
                messages.c.created_at < bindparam("before"),
                and_(
                    messages.c.created_at == bindparam("before"),
                    messages.c.id < bindparam("before_id"),
                ),
            )
        )
        .order_by(messages.c.created_at.desc(), messages.c.id.desc())
        .limit(bindparam("limit"))
    )
    if is_in_one:
        statement = statement.where(messages.c.conversation_id == bindparam("conversation_id"))
    for n in range(terms):
        statement = statement.where(messages.c.words.like(bindparam(f"term{n}", type_=SqlText())))
    return Q(statement)


_JOINERS = "\u200c\u200d"
