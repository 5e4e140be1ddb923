"""The migrations lead to the schema that the code means."""

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from kirana.app.schema import metadata
from kirana.platform import migrate
from kirana.platform.db import Database
from kirana.platform.events import Bus


def test_migrating_an_empty_database_gives_the_schema_of_the_code(empty_url: str) -> None:
    database = Database(empty_url, Bus())

    assert migrate.upgrade(database) is True
    assert migrate.upgrade(database) is False

    engine = database.engine.sqlalchemy_engine()
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        differences = [
            difference
            for difference in compare_metadata(context, metadata)
            if "test_" not in str(difference)
        ]
    engine.dispose()
    database.close()
    assert differences == []


def test_the_last_migration_is_the_newest_file(empty_url: str) -> None:
    database = Database(empty_url, Bus())
    migrate.upgrade(database)

    assert migrate.current_revision(database) == migrate.newest_revision()
    database.close()
