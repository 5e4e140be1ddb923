"""The migrations lead to the schema that the code means."""

import sqlalchemy as sa
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from kirana.app.schema import metadata
from kirana.platform import migrate
from kirana.platform.db import Database
from kirana.platform.events import Bus
from kirana.values import uuid7


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


def test_jobs_that_wait_go_on_by_the_names_that_they_have_now(empty_url: str) -> None:
    database = Database(empty_url, Bus())
    engine = database.engine.sqlalchemy_engine()
    command.upgrade(migrate._config(engine), "0024")
    jobs = metadata.tables["platform_jobs"]
    former = ["money.rail_calls.call_rail", "app.reactions.join_circle:business.opened"]
    with engine.begin() as connection:
        for name in former:
            waiting = {"id": uuid7(), "name": name, "payload": "{}", "run_at": 0, "attempts": 0}
            connection.execute(sa.insert(jobs).values(waiting))

    migrate.upgrade(database)

    with engine.connect() as connection:
        names = set(connection.scalars(sa.select(jobs.c.name)))
    engine.dispose()
    database.close()
    assert names == {"money.call_rail", "app.join_circle:business.opened"}
