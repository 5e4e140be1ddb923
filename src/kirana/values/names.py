"""Users and conversations as the crypto library names them: `@<user id>:kirana` and
`!<conversation id>:kirana`. A device is named by its id.

`kirana` is a literal and never the host: these names stand inside signatures, and a server may
move.
"""

from uuid import UUID

from .ids import ConversationId, UserId

_PLACE = ":kirana"


def user_name(user_id: UserId) -> str:
    return f"@{user_id}{_PLACE}"


def read_user_name(name: str) -> UserId | None:
    """The user of this name; None when it is no such name, or is spelled another way."""
    user_id = _read(name, "@")
    return None if user_id is None else UserId(user_id)


def conversation_name(conversation_id: ConversationId) -> str:
    return f"!{conversation_id}{_PLACE}"


def read_conversation_name(name: str) -> ConversationId | None:
    """The conversation of this name; None when it is no such name, or is spelled another way."""
    conversation_id = _read(name, "!")
    return None if conversation_id is None else ConversationId(conversation_id)


def _read(name: str, sigil: str) -> UUID | None:
    text = name[len(sigil) : -len(_PLACE)]
    try:
        read = UUID(text)
    except ValueError:
        return None
    return read if name == f"{sigil}{read}{_PLACE}" else None
