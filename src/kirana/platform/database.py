"""The database with everything that belongs into each commit."""

from . import jobs, stream
from .clock import Clock
from .db import Database
from .events import Bus


def open_database(url: str, bus: Bus, clock: Clock | None = None) -> Database:
    """A `Database` whose commits keep their jobs and number their stream entries."""
    database = Database(url, bus, clock)
    database.before_commit += [jobs.write_told, stream.write_published]
    return database
