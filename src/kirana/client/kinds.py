"""What can be said beside plain words, and how it reads on one line."""

from collections.abc import Iterable, Mapping
from typing import Any

from .wire import Json

QUIET = ("reaction", "edit", "settings", "vote", "poll_end", "opened")
"""What changes something rather than saying something."""
_SAID = ("text", "image", "video", "voice", "document", "location", "contact", "product")


def is_forwardable(content: Json | None) -> bool:
    """Whether it can be said again elsewhere."""
    return content is not None and content.get("type") in _SAID and not opens_once(content)


def opens_once(content: Json) -> bool:
    """Whether it may be opened one time."""
    return content.get("once") is True


def forwarded(content: Json) -> Json:
    """The same words and files; whom it answered and named stays where it was said."""
    left = ("reply_to", "mentions")
    return {**{k: v for k, v in content.items() if k not in left}, "forwarded": True}


def files_of(content: Json) -> list[str]:
    """The ids of its files."""
    files, media = content.get("files"), content.get("media")
    if isinstance(files, Mapping):
        return [str(id) for id in files]
    items = content.get("items")
    shown = [item.get("media") for item in items] if isinstance(items, list) else [media]
    return [id for id in shown if isinstance(id, str)]


def mentions(people: Iterable[tuple[str, str]]) -> list[Json]:
    """Who is named in the words, as `@name`: ids and names."""
    return [{"user_id": user_id, "name": name} for user_id, name in people]


def line_of(content: Json) -> str:
    """What a line of text can show of it."""
    kind = str(content.get("type"))
    if opens_once(content):
        return f"[{kind}, opens once]"
    words = str(content.get("text") or content.get("caption") or "")
    detail = _detail(content)
    told = " ".join(part for part in ("" if kind == "text" else f"[{kind}]", detail, words) if part)
    return f"[forwarded] {told}" if content.get("forwarded") else told


def _detail(content: Json) -> str:
    match content:
        case {"type": "location", "lat": lat, "lon": lon}:
            return " ".join(str(it) for it in (content.get("name") or "", f"{lat}, {lon}") if it)
        case {"type": "contact", "people": [*people]}:
            return ", ".join(_person(person) for person in people)
        case {"type": "document", "name": name}:
            return str(name)
        case {"type": "product", "snapshot": {"title": title}}:
            return str(title)
        case {"type": "poll", "question": question, "options": [*options]}:
            return f"{question} " + " ".join(f"{n}. {it}" for n, it in enumerate(options, 1))
        case {"type": "vote", "options": [*chosen]}:
            return " ".join(str(n + 1) for n in chosen if isinstance(n, int)) or "nothing"
        case {"type": "reaction", "emoji": emoji}:
            return str(emoji)
        case {"type": "edit", "content": {"type": _} as inner}:
            return line_of(inner)
        case _:
            return ""


def _person(person: Any) -> str:
    if not isinstance(person, Mapping):
        return ""
    phones = person.get("phones")
    if isinstance(phones, list) and phones:
        return f"{person.get('name')} {phones[0]}"
    return str(person.get("name"))
