"""What is set in a private conversation, for all in it: a group's name and photo, what is pinned.

It is sealed, so whom to believe is decided here. In a group that is an admin by the members' own
list, and somebody else only where an admin said before that everybody may.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass

from .store import Store
from .wire import Json

MOST_PINS = 3
_KEPT = ("title", "description", "photo", "files", "pins", "editors")
EVERYBODY = "everybody"


@dataclass(frozen=True, slots=True)
class Said:
    """Settings, and the number under which they were said; 0 for none."""

    seq: int
    content: Json


@dataclass(frozen=True, slots=True)
class Known:
    """The settings that hold, and the latest by an admin. `latest_seq` counts what is not believed,
    too: the next settings name it."""

    settings: Said
    ruling: Said
    latest_seq: int


NOTHING = Known(Said(0, {}), Said(0, {}), 0)


def follow(known: Known, content: Json, seq: int, *, is_ruling: bool) -> Known:
    """What is known after these were said; `is_ruling` if by an admin, or by either of two."""
    latest = max(seq, known.latest_seq)
    said = Said(seq, {name: content[name] for name in _KEPT if name in content})
    ruling = said if is_ruling and seq > known.ruling.seq else known.ruling
    settings = known.settings
    if is_ruling:
        # What was believed by an older word does not outlive a newer one.
        settings = said if seq > settings.seq or ruling is said else settings
    elif seq > settings.seq and 0 < ruling.seq < seq and ruling.content.get("editors") == EVERYBODY:
        settings = Said(seq, {**said.content, "editors": EVERYBODY})
    return Known(settings, ruling, latest)


def changed(settings: Mapping[str, object], change: Json) -> Json:
    """With this done to them: a `title`, `description`, `editors`, a `pin`, an `unpin`."""
    after: Json = {name: value for name, value in settings.items() if name in _KEPT}
    after |= {n: change[n] for n in ("title", "description", "editors") if n in change}
    pin, unpin = change.get("pin"), change.get("unpin")
    if pin or unpin:
        gone = (pin["id"] if pin else None, unpin)
        pins = [it for it in after.get("pins") or [] if it["id"] not in gone]
        after["pins"] = [*pins, *([pin] if pin else [])][-MOST_PINS:]
    return after


def read(store: Store, conv: str) -> Known:
    told = store.get_secret(f"settings.{conv}")
    if told is None:
        return NOTHING
    kept = json.loads(told)
    return Known(Said(*kept["settings"]), Said(*kept["ruling"]), kept["latest_seq"])


def write(store: Store, conv: str, known: Known) -> None:
    """Within a change of the store."""
    kept = {
        "settings": [known.settings.seq, known.settings.content],
        "ruling": [known.ruling.seq, known.ruling.content],
        "latest_seq": known.latest_seq,
    }
    store.put_secret(f"settings.{conv}", json.dumps(kept).encode())
