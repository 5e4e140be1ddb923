"""The books of these tests are sealed at every commit, as the server's are."""

import pytest

from kirana import money
from tests.database import RehearsedDatabase


@pytest.fixture
def db(db: RehearsedDatabase) -> RehearsedDatabase:
    db.before_commit.append(money.seal)
    return db
