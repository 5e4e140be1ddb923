import pytest

from kirana import business, identity
from kirana.business import BusinessClosed, BusinessEdit, Role
from kirana.values import Actor
from tests.business import make
from tests.database import RehearsedDatabase


@pytest.fixture
def owner(db: RehearsedDatabase) -> Actor:
    return make.person(db, "Asha")


def test_a_person_takes_their_shops_along(db: RehearsedDatabase, owner: Actor) -> None:
    shop = make.shop(db, owner)

    exported = db.read(business.export_user, owner.person_id)

    assert [(it.role, it.business.id) for it in exported.shops] == [(Role.OWNER, shop.id)]
    assert [it.action for it in exported.deeds] == ["business.opened"]


def test_the_shop_of_an_erased_owner_goes_to_who_may_most(
    db: RehearsedDatabase, owner: Actor
) -> None:
    shop = make.shop(db, owner)
    agent = make.member(db, shop, owner, Role.AGENT)
    manager = make.member(db, shop, owner, Role.MANAGER)

    db.write(business.erase_user, owner.person_id)
    db.write(business.erase_user, owner.person_id)

    assert db.read(business.find_role, shop.id, by=owner) is None
    assert db.read(business.find_role, shop.id, by=manager) is Role.OWNER
    assert db.read(business.find_role, shop.id, by=agent) is Role.AGENT
    assert db.read(business.get_business, shop.id).closed_at is None


def test_a_shop_without_a_team_closes_for_good(db: RehearsedDatabase, owner: Actor) -> None:
    shop = make.shop(db, owner, phone="+919876543210", email="asha@example.org")

    db.write(business.erase_user, owner.person_id)
    db.write(business.erase_user, owner.person_id)

    after = db.read(business.get_business, shop.id)
    assert after.closed_at is not None
    assert (after.phone, after.email, after.name) == (None, None, shop.name)
    assert db.read(business.find_by_handle, shop.handle) is None
    assert db.read(business.list_businesses).items == []
    assert db.read(business.list_businesses, "asha").items == []
    assert db.read(business.state_at, shop.id).state == "closed"
    assert not db.read(identity.may_act_for, owner.person_id, shop.id)


def test_a_closed_shop_is_not_edited(db: RehearsedDatabase, owner: Actor) -> None:
    from kirana.values import SYSTEM

    shop = make.shop(db, owner)
    db.write(business.erase_user, owner.person_id)

    with pytest.raises(BusinessClosed):
        db.write(business.edit_business, shop.id, BusinessEdit(name="x"), by=SYSTEM)
    with pytest.raises(BusinessClosed):
        db.write(business.set_hours, shop.id, "always", by=SYSTEM)


def test_somebody_of_no_team_leaves_nothing(db: RehearsedDatabase) -> None:
    ravi = make.person(db, "Ravi")

    db.write(business.erase_user, ravi.person_id)

    exported = db.read(business.export_user, ravi.person_id)
    assert (exported.shops, exported.deeds) == ([], [])
