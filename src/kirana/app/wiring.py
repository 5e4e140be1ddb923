"""Who reacts to what: the whole conversation between rooms, on one page."""

from kirana import chat, identity
from kirana.platform import stream
from kirana.platform.db import Database
from kirana.platform.events import Bus
from kirana.platform.stream import Frames


def wire(bus: Bus) -> None:
    """Listeners, jobs and what runs by the clock."""
    bus.outside_jobs(identity.send_code)
    bus.every(3600, stream.expire_entries)


def draw(frames: Frames) -> None:
    """How pointers of a stream become frames."""
    frames.queries["message"] = chat.message_frames


def close_commits(database: Database) -> None:
    """What each commit ends with, beside jobs and stream entries."""


