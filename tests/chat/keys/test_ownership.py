from kirana import chat, identity
from kirana.chat.keys import backups, secrets
from kirana.platform.db import metadata
from tests.database import RehearsedDatabase

from . import make
from .test_backups import PLACE, begin, keep, key
from .test_dehydrated import put, sleeper


def test_a_person_takes_keys_and_secrets_along_and_leaves_none(db: RehearsedDatabase) -> None:
    ravi, meera = make.person(db), make.person(db, "Meera")
    for who in (ravi, meera):
        who.upload(who.device.one_time_keys(1), who.device.fallback_key())
        keep(who, begin(who), {"a": key()})
        db.write(secrets.save_secret, "recovery", f"secret of {who.id}", by=who.by)
        put(who, sleeper(who), {})
    ravi.send({meera: "To Meera"}, "1")
    meera.send({ravi: "To Ravi"}, "1")

    export = db.read(chat.export_user, ravi.id).keys
    for _ in range(2):
        db.write(chat.erase_user, ravi.id)
        db.write(identity.erase_user, ravi.id)

    assert list(export.backup.rooms[PLACE].sessions) == ["a"]
    assert export.secrets == {"recovery": f"secret of {ravi.id}"}
    assert rows_of(db, ravi) == {}
    hers = rows_of(db, meera)
    assert {"chat_one_time_keys", "chat_secrets", "chat_device_messages"} <= set(hers)
    assert db.read(backups.list_backed_up_keys, "1", by=meera.by).rooms


def rows_of(db: RehearsedDatabase, who: make.Person) -> dict[str, int]:
    """How many rows of each table of this room are this person's."""
    tables = [
        table
        for name, table in metadata.tables.items()
        if name.startswith("chat_") and "user_id" in table.columns
    ]
    engine = db.engine.sqlalchemy_engine()
    with engine.connect() as connection:
        counts = {
            table.name: len(
                connection.execute(table.select().where(table.c.user_id == who.id)).all()
            )
            for table in tables
        }
    engine.dispose()
    return {name: count for name, count in counts.items() if count}
