import pytest

from kirana import identity
from kirana.identity import hash_token
from kirana.platform.events import Event
from kirana.platform.problems import IdReused, NotAllowed, NotSignedIn
from kirana.values import Actor
from tests.database import RehearsedDatabase

from . import make

MINUTE = 60_000
PHONE = "+919876543210"


def names(heard: list[Event]) -> list[str]:
    return sorted(event.name for event in heard)


def test_a_guest_is_somebody_on_one_device(db: RehearsedDatabase) -> None:
    guest = make.guest(db, "  Ravi ")

    actor = db.read(identity.resolve, guest.token)

    assert actor.kind == "guest"
    assert db.read(identity.get_card, guest.id) == identity.Card(
        guest.id, "guest", "Ravi", None, None
    )


def test_a_guest_with_a_new_address_becomes_a_person_and_keeps_the_id(
    db: RehearsedDatabase, heard: list[Event]
) -> None:
    guest = make.guest(db, "Ravi")
    db.deliver()
    heard.clear()

    signed_in = make.sign_in(
        db,
        PHONE,
        make.code_for(db, PHONE),
        device=guest.device_id,
        viewer=guest.actor,
        token="kir_new",
    )
    db.deliver()

    assert signed_in.is_new
    assert (signed_in.user.id, signed_in.user.kind, signed_in.user.name) == (
        guest.id,
        "person",
        "Ravi",
    )
    assert db.read(identity.resolve, "kir_new").kind == "person"
    assert names(heard) == ["profile.changed", "user.joined"]
    with pytest.raises(NotSignedIn):
        db.read(identity.resolve, guest.token)


def test_a_guest_with_a_known_address_hands_everything_over(
    db: RehearsedDatabase, heard: list[Event]
) -> None:
    ravi, guest = make.person(db, "Ravi", phone=PHONE), make.guest(db)
    db.deliver()
    heard.clear()

    signed_in = make.sign_in(
        db,
        PHONE,
        make.code_for(db, PHONE),
        device=guest.device_id,
        viewer=guest.actor,
        token="kir_new",
    )
    db.deliver()

    assert not signed_in.is_new
    assert signed_in.user.id == ravi.user_id
    actor = db.read(identity.resolve, "kir_new")
    assert (actor.user_id, actor.device_id) == (ravi.user_id, guest.device_id)
    assert names(heard) == ["device.linked", "guest.joined"]
    (joined,) = (event for event in heard if isinstance(event, identity.GuestJoined))
    assert (joined.guest_id, joined.user_id) == (guest.id, ravi.user_id)
    assert db.read(identity.get_card, guest.id).kind == "guest"


def test_guest_then_account_then_guest_again_is_one_person(db: RehearsedDatabase) -> None:
    first = make.guest(db)
    account = make.sign_in(
        db, PHONE, make.code_for(db, PHONE), device=first.device_id, viewer=first.actor
    )
    second = make.guest(db)

    again = make.sign_in(
        db,
        PHONE,
        make.code_for(db, PHONE, "222333"),
        device=second.device_id,
        viewer=second.actor,
    )

    assert again.user.id == account.user.id == first.id
    assert not again.is_new


def test_a_guest_may_sign_in_under_a_new_device_id(db: RehearsedDatabase) -> None:
    guest = make.guest(db)
    make.person(db, phone=PHONE)

    make.sign_in(db, PHONE, make.code_for(db, PHONE), viewer=guest.actor, token="kir_new")

    assert db.read(identity.resolve, "kir_new").kind == "person"
    with pytest.raises(NotSignedIn):
        db.read(identity.resolve, guest.token)


def test_a_lost_answer_to_signing_up_can_be_asked_again(db: RehearsedDatabase) -> None:
    guest = make.guest(db)
    code = make.code_for(db, PHONE)
    make.sign_in(db, PHONE, code, device=guest.device_id, viewer=guest.actor)

    again = make.sign_in(
        db, PHONE, code, device=guest.device_id, viewer=guest.actor, token="kir_again"
    )

    assert again.user.id == guest.id
    assert db.read(identity.resolve, "kir_again").user_id == guest.id


def test_a_wrong_code_leaves_the_guest_as_it_was(db: RehearsedDatabase) -> None:
    guest = make.guest(db)
    make.code_for(db, PHONE)

    with pytest.raises(identity.WrongCode):
        make.sign_in(db, PHONE, "000000", device=guest.device_id, viewer=guest.actor)

    assert db.read(identity.resolve, guest.token).kind == "guest"


def test_a_person_who_signs_in_as_another_hands_nothing_over(
    db: RehearsedDatabase, heard: list[Event]
) -> None:
    ravi, meera = make.visitor(db, "Ravi", phone=PHONE), make.visitor(db, "Meera")

    make.sign_in(db, PHONE, make.code_for(db, PHONE), viewer=meera.actor)
    db.deliver()

    assert "guest.joined" not in names(heard)
    assert db.read(identity.resolve, meera.token).user_id == meera.id
    assert db.read(identity.resolve, ravi.token).user_id == ravi.id


def test_signing_in_is_no_way_around_a_block(db: RehearsedDatabase) -> None:
    asha, guest = make.person(db, "Asha"), make.guest(db)
    ravi = make.person(db, "Ravi", phone=PHONE)
    shop_id = make.shop(db, asha)
    db.write(identity.block, guest.id, by=Actor(shop_id, asha.user_id))

    make.sign_in(db, PHONE, make.code_for(db, PHONE), device=guest.device_id, viewer=guest.actor)

    assert db.read(identity.is_blocked, shop_id, ravi.user_id)


def test_a_guests_contacts_become_the_persons(db: RehearsedDatabase) -> None:
    guest, asha = make.guest(db), make.person(db, "Asha")
    ravi = make.person(db, "Ravi", phone=PHONE)
    db.write(identity.save_contact, asha.user_id, "My grocer", by=guest.actor)
    db.write(identity.save_contact, ravi.user_id, by=guest.actor)
    db.write(identity.save_contact, guest.id, "Stranger", by=asha)

    make.sign_in(db, PHONE, make.code_for(db, PHONE), device=guest.device_id, viewer=guest.actor)

    assert [(c.user.id, c.name) for c in db.read(identity.list_contacts, by=ravi).items] == [
        (asha.user_id, "My grocer")
    ]
    assert [(c.user.id, c.name) for c in db.read(identity.list_contacts, by=asha).items] == [
        (ravi.user_id, "Stranger")
    ]


def test_a_guest_may_ask_again_for_ten_minutes(db: RehearsedDatabase) -> None:
    guest = make.guest(db)

    def again(token: str) -> None:
        db.write(identity.create_guest, guest.id, guest.device_id, token_hash=hash_token(token))

    db.clock.advance(10 * MINUTE)
    again("kir_second")
    assert db.read(identity.resolve, "kir_second").user_id == guest.id

    db.clock.advance(1)
    with pytest.raises(IdReused):
        again("kir_third")


def test_nobody_becomes_a_guest_that_is_there(db: RehearsedDatabase) -> None:
    guest, ravi = make.guest(db), make.visitor(db)

    for user_id, device_id in (
        (guest.id, make.device_id()),
        (make.user_id(), guest.device_id),
        (ravi.id, ravi.device_id),
        (ravi.id, make.device_id()),
    ):
        with pytest.raises(IdReused):
            db.write(identity.create_guest, user_id, device_id, token_hash=hash_token("kir_thief"))


def test_a_guest_has_no_handle_no_pin_no_token_and_opens_no_shop(db: RehearsedDatabase) -> None:
    guest = make.guest(db).actor

    with pytest.raises(NotAllowed):
        db.write(identity.edit_profile, handle="ravi", by=guest)
    with pytest.raises(NotAllowed):
        db.write(identity.set_pin, "hash", by=guest)
    with pytest.raises(NotAllowed):
        db.write(identity.create_token, make.device_id(), "Bot", token_hash=b"x" * 32, by=guest)
    with pytest.raises(NotAllowed):
        make.shop(db, guest)
    with pytest.raises(NotAllowed):
        db.read(identity.find_user_by, phone=make.address(), by=guest)
    assert db.write(identity.edit_profile, name="Ravi", by=guest).name == "Ravi"
