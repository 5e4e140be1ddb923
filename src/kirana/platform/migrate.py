"""Bringing the schema up to date."""

from pathlib import Path
from typing import TYPE_CHECKING

import sqlalchemy as sa

from .db import Database

if TYPE_CHECKING:
    from alembic.config import Config

FOLDER = Path(__file__).parents[1] / "migrations"


def newest_revision() -> str:
    """The number of the last migration: files are named `0001_what_it_does.py`."""
    return max(file.name[:4] for file in (FOLDER / "versions").glob("[0-9]*.py"))


def current_revision(database: Database) -> str | None:
    """What the database has, or None when it is empty."""
    engine = database.engine.sqlalchemy_engine()
    try:
        with engine.connect() as connection:
            if not sa.inspect(connection).has_table("alembic_version"):
                return None
            revision: str | None = connection.scalar(
                sa.text("SELECT version_num FROM alembic_version")
            )
            return revision
    finally:
        engine.dispose()


def upgrade(database: Database) -> bool:
    """Apply what is missing, each migration whole or not at all; whether there was anything."""
    if current_revision(database) == newest_revision():
        return False
    # Alembic takes a third of a second to import; most starts do not need it.
    from alembic import command

    with database.engine.migrating():
        if current_revision(database) == newest_revision():
            return False
        engine = database.engine.sqlalchemy_engine()
        try:
            command.upgrade(_config(engine), "head")
        finally:
            engine.dispose()
    return True


def _config(engine: sa.Engine) -> "Config":
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(FOLDER))
    config.attributes["engine"] = engine
    return config
