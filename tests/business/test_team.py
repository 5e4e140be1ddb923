from uuid import uuid4

import pytest

from kirana import business, identity
from kirana.business import LastOwner, Role
from kirana.platform.problems import NotAllowed, NotFound
from kirana.values import SYSTEM, Actor, UserId
from tests.business import make
from tests.database import RehearsedDatabase


@pytest.fixture
def owner(db: RehearsedDatabase) -> Actor:
    return make.person(db, "Asha")


@pytest.mark.parametrize("role", list(Role))
def test_a_role_may_what_it_may_and_no_more(
    db: RehearsedDatabase, owner: Actor, role: Role
) -> None:
    shop = make.shop(db, owner)
    somebody = make.member(db, shop, owner, role)

    allowed = []
    for needed in Role:
        try:
            db.read(business.require, shop.id, needed, by=somebody)
            allowed.append(needed)
        except NotAllowed:
            continue

    assert allowed == list(Role)[list(Role).index(role) :]


def test_a_stranger_may_nothing_and_kirana_itself_everything(
    db: RehearsedDatabase, owner: Actor
) -> None:
    shop = make.shop(db, owner)

    with pytest.raises(NotAllowed):
        db.read(business.require, shop.id, Role.VIEWER, by=make.person(db, "Eve"))
    assert db.read(business.require, shop.id, Role.OWNER, by=SYSTEM) is Role.OWNER


def test_asking_about_a_shop_that_is_not_there_is_not_found(
    db: RehearsedDatabase, owner: Actor
) -> None:
    with pytest.raises(NotFound):
        db.read(business.require, make.business_id(), Role.VIEWER, by=owner)


def test_a_member_may_act_for_the_shop_until_they_leave(
    db: RehearsedDatabase, owner: Actor
) -> None:
    shop = make.shop(db, owner)
    meera = make.member(db, shop, owner, Role.AGENT)
    assert db.read(identity.may_act_for, meera.person_id, shop.id)

    db.write(business.remove_member, shop.id, meera.person_id, by=meera)
    db.write(business.remove_member, shop.id, meera.person_id, by=owner)

    assert not db.read(identity.may_act_for, meera.person_id, shop.id)
    assert [it.id for it in db.read(business.list_members, shop.id, by=owner)] == [owner.person_id]


def test_the_team_is_listed_for_the_team(db: RehearsedDatabase, owner: Actor) -> None:
    shop = make.shop(db, owner)
    viewer = make.member(db, shop, owner, Role.VIEWER)

    listed = db.read(business.list_members, shop.id, by=viewer)

    assert [(it.name, it.role) for it in listed] == [
        ("Asha", Role.OWNER),
        ("Viewer", Role.VIEWER),
    ]
    with pytest.raises(NotAllowed):
        db.read(business.list_members, shop.id, by=make.person(db, "Eve"))


def test_only_owners_change_the_team(db: RehearsedDatabase, owner: Actor) -> None:
    shop = make.shop(db, owner)
    manager = make.member(db, shop, owner, Role.MANAGER)
    ravi = make.person(db, "Ravi")

    with pytest.raises(NotAllowed):
        db.write(business.set_role, shop.id, ravi.person_id, Role.VIEWER, by=manager)
    with pytest.raises(NotAllowed):
        db.write(business.set_role, shop.id, manager.person_id, Role.OWNER, by=manager)
    with pytest.raises(NotAllowed):
        db.write(business.remove_member, shop.id, owner.person_id, by=manager)


def test_only_people_join_a_team(db: RehearsedDatabase, owner: Actor) -> None:
    shop, other = make.shop(db, owner), make.shop(db, owner, "Other")

    for nobody in (UserId(uuid4()), make.guest(db).id, UserId(other.id)):
        with pytest.raises(NotFound):
            db.write(business.set_role, shop.id, nobody, Role.AGENT, by=owner)


def test_the_last_owner_stays(db: RehearsedDatabase, owner: Actor) -> None:
    shop = make.shop(db, owner)
    meera = make.member(db, shop, owner, Role.MANAGER)

    with pytest.raises(LastOwner):
        db.write(business.remove_member, shop.id, owner.person_id, by=owner)
    with pytest.raises(LastOwner):
        db.write(business.set_role, shop.id, owner.person_id, Role.AGENT, by=owner)
    db.write(business.set_role, shop.id, meera.person_id, Role.OWNER, by=owner)
    db.write(business.remove_member, shop.id, owner.person_id, by=owner)

    assert db.read(business.find_role, shop.id, by=owner) is None
    assert db.read(business.find_role, shop.id, by=meera) is Role.OWNER


def test_the_same_role_again_changes_nothing(db: RehearsedDatabase, owner: Actor) -> None:
    shop = make.shop(db, owner)
    meera = make.member(db, shop, owner, Role.AGENT)
    before = len(db.read(business.list_records, shop.id, by=owner).items)

    again = db.write(business.set_role, shop.id, meera.person_id, Role.AGENT, by=owner)

    assert again.role is Role.AGENT
    assert len(db.read(business.list_records, shop.id, by=owner).items) == before


def test_one_sees_the_shops_that_one_works_in(db: RehearsedDatabase, owner: Actor) -> None:
    first, second = make.shop(db, owner, "A"), make.shop(db, owner, "B")
    meera = make.member(db, second, owner, Role.AGENT)

    assert [it.id for it in db.read(business.list_mine, by=owner)] == [first.id, second.id]
    cards = db.read(business.list_my_businesses, by=meera).items
    assert [(it.id, it.role) for it in cards] == [(second.id, Role.AGENT)]
