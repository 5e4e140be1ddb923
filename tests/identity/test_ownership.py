import pytest

from kirana import identity
from kirana.identity import hash_token
from kirana.platform.db import metadata
from kirana.platform.events import Event
from kirana.platform.problems import NotSignedIn
from tests.database import RehearsedDatabase

from . import make

PHONE = "+919876543210"


def test_an_erased_person_leaves_no_name_number_or_handle_anywhere_in_this_room(
    db: RehearsedDatabase, heard: list[Event]
) -> None:
    ravi, guest, meera = (
        make.visitor(db, "Ravi Kumar"),
        make.guest(db, "Ravi K"),
        make.person(db, "Meera"),
    )
    mail = make.address("ravi.kumar@example.com")
    db.write(identity.edit_profile, handle="ravi-kumar", by=ravi.actor)
    db.write(identity.add_address, mail, make.code_for(db, mail.text), by=ravi.actor)
    make.sign_in(
        db,
        mail.text,
        make.code_for(db, mail.text, "222333"),
        device=guest.device_id,
        viewer=guest.actor,
    )
    db.write(identity.set_pin, "hash", by=ravi.actor)
    db.write(identity.save_contact, ravi.id, "Ravi Kumar (tailor)", by=meera)
    db.write(identity.save_contact, meera.user_id, "My Ravi-friend", by=ravi.actor)
    db.write(
        identity.create_token,
        make.device_id(),
        "Ravi's till",
        token_hash=hash_token("kir_p"),
        by=ravi.actor,
    )

    for _ in range(2):
        db.write(identity.erase_user, ravi.id)
    db.deliver()

    assert db.read(identity.get_card, ravi.id) == identity.Card(ravi.id, "person", "", None, None)
    for token in (ravi.token, guest.token, "kir_p"):
        with pytest.raises(NotSignedIn):
            db.read(identity.resolve, token)
    assert "ravi" not in everything_in_this_room(db).lower()
    assert sum(isinstance(e, identity.UserDeleted) and e.user_id == ravi.id for e in heard) == 1


def test_after_erasure_the_address_and_handle_are_free_for_a_new_person(
    db: RehearsedDatabase,
) -> None:
    ravi = make.person(db, handle="ravi", phone=PHONE)

    db.write(identity.erase_user, ravi.user_id)

    signed_in = make.sign_in(db, PHONE, make.code_for(db, PHONE))
    assert signed_in.is_new
    assert signed_in.user.id != ravi.user_id
    assert db.read(identity.find_by_handle, "ravi") is None


def test_an_erased_person_acts_for_no_shop(db: RehearsedDatabase) -> None:
    asha = make.person(db, "Asha")
    shop_id = make.shop(db, asha)

    db.write(identity.erase_user, asha.user_id)

    assert not db.read(identity.may_act_for, asha.user_id, shop_id)
    assert db.read(identity.get_card, shop_id).name == "Asha Stores"


def test_a_person_takes_everything_along_but_secrets(db: RehearsedDatabase) -> None:
    ravi, meera = make.visitor(db, "Ravi", phone=PHONE), make.person(db, "Meera")
    db.write(identity.save_contact, meera.user_id, "Sister", by=ravi.actor)

    export = db.read(identity.export_user, ravi.id)

    assert export.me.name == "Ravi"
    assert [a.address for a in export.me.addresses] == [PHONE]
    assert [d.name for d in export.devices] == ["Phone"]
    assert [(c.user.name, c.name) for c in export.contacts] == [("Meera", "Sister")]
    assert hash_token(ravi.token).hex() not in repr(export)


def everything_in_this_room(db: RehearsedDatabase) -> str:
    engine = db.engine.sqlalchemy_engine()
    with engine.connect() as connection:
        found = [
            repr(connection.execute(table.select()).all())
            for name, table in metadata.tables.items()
            if name.startswith("identity_")
        ]
    engine.dispose()
    return "\n".join(found)
