"""Polls: a question, votes, and what they come to. The last vote of each person counts."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from .history import Message
from .problems import ClientProblem
from .wire import Json

OPTIONS = (2, 12)
"""How many answers a poll has at least and at most."""


@dataclass(frozen=True, slots=True)
class Poll:
    """A poll as it stands. `votes` are, of each option, who chose it, in the order of their choice.

    `ends_at` is its end by the clock; `is_ended` says that its author ended it.
    """

    id: str
    question: str
    options: tuple[str, ...]
    votes: tuple[tuple[str, ...], ...]
    several: bool
    ends_at: int | None
    is_ended: bool


def poll(
    question: str, options: Sequence[str], *, several: bool = False, closes_at: int | None = None
) -> Json:
    """The content that asks. Raises: ClientProblem."""
    given = [option.strip() for option in options]
    least, most = OPTIONS
    if not least <= len(given) <= most or not all(given) or len(set(given)) < len(given):
        raise ClientProblem(f"A poll has {least} to {most} different answers.")
    content: Json = {"type": "poll", "question": question, "options": given}
    if several:
        content["several"] = True
    if closes_at is not None:
        content["closes_at"] = closes_at
    return content


def polls_in(messages: Iterable[Message]) -> dict[str, Poll]:
    """The polls among these entries of one conversation, by id, in whatever order they come."""
    said = sorted((it for it in messages if it.content is not None), key=lambda it: it.seq)
    about: dict[str, list[Message]] = {}
    for message in said:
        content = message.content or {}
        if content.get("type") in ("vote", "poll_end"):
            about.setdefault(str(content.get("target_id")), []).append(message)
    asked = [message for message in said if _is_poll(message.content or {})]
    return {message.id: _tally(message, about.get(message.id, [])) for message in asked}


def _tally(asked: Message, about: list[Message]) -> Poll:
    content = asked.content or {}
    options, several = tuple(content["options"]), content.get("several") is True
    ends_at = content.get("closes_at")
    ends_at = ends_at if isinstance(ends_at, int) else None
    chosen: dict[str, list[int]] = {}
    is_ended = False
    for message in about:
        said = message.content or {}
        if message.sender is None or is_ended:
            continue
        if said["type"] == "poll_end":
            is_ended = message.sender == asked.sender
        elif ends_at is None or message.ts < ends_at:
            choice = _choice(said.get("options"), len(options), several=several)
            if choice is not None:
                chosen.pop(message.sender, None)
                chosen[message.sender] = choice
    votes = tuple(
        tuple(who for who, choice in chosen.items() if option in choice)
        for option in range(len(options))
    )
    question = str(content["question"])
    return Poll(asked.id, question, options, votes, several, ends_at, is_ended)


def _is_poll(content: Json) -> bool:
    """Anybody may write anything: what has not the shape of a poll is none."""
    options = content.get("options")
    least, most = OPTIONS
    return (
        content.get("type") == "poll"
        and isinstance(content.get("question"), str)
        and isinstance(options, list)
        and least <= len(options) <= most
        and all(isinstance(option, str) for option in options)
    )


def _choice(chosen: object, count: int, *, several: bool) -> list[int] | None:
    if not isinstance(chosen, list) or not (several or len(chosen) <= 1):
        return None
    known = all(type(option) is int and 0 <= option < count for option in chosen)
    return chosen if known else None
