"""A job is called after its room and its function, wherever in the room that stands."""

import sqlalchemy as sa
from alembic import op

from kirana.platform.db import schema

revision = "0025"
down_revision = "0024"


def upgrade() -> None:
    jobs = sa.table("platform_jobs", sa.column("id", schema.Id()), sa.column("name", sa.Text()))
    bind = op.get_bind()
    for id, name in bind.execute(sa.select(jobs.c.id, jobs.c.name)).all():
        function, colon, event = name.partition(":")
        room, *_, last = function.split(".")
        bind.execute(
            sa.update(jobs).where(jobs.c.id == id).values(name=f"{room}.{last}{colon}{event}")
        )
