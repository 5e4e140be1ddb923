"""The money room against an oracle of plain dictionaries, on both databases.

`KIRANA_TEST_STEPS=10000 pytest tests/simulation/test_ledger.py` takes so many steps on each
database; every run takes other ones. `KIRANA_TEST_SEED` repeats a run.
"""

import os
from collections.abc import Callable

import hypothesis
import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from kirana import money
from kirana.platform.events import Bus
from tests.database import RehearsedDatabase, open_rehearsed

from .money import Money

STEPS = 70
"""Of one story."""

Opened = Callable[[], RehearsedDatabase]


@pytest.fixture
def opened(new_database_url: Callable[[], str]) -> Opened:
    """An empty database each time; the one before is gone."""

    def open_one() -> RehearsedDatabase:
        db = open_rehearsed(new_database_url(), Bus())
        db.before_commit.append(money.seal)
        return db

    return open_one


def _simulate(opened: Opened, *, stories: int, steps: int) -> None:
    machine = type("MoneyOnThisDatabase", (Money,), {"opened": staticmethod(opened)})
    if (seed := os.environ.get("KIRANA_TEST_SEED", "1")) != "any":
        hypothesis.seed(int(seed))(machine)
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=stories,
            stateful_step_count=steps,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            database=None,
        ),
    )


def test_money_does_what_the_oracle_says_and_however_it_is_cut_into_commits(
    opened: Opened,
) -> None:
    _simulate(opened, stories=10, steps=30)


@pytest.mark.slow
@pytest.mark.timeout(0)
def test_money_does_what_the_oracle_says_for_thousands_of_steps(opened: Opened) -> None:
    def unrehearsed() -> RehearsedDatabase:
        db = opened()
        db.rehearses = False
        return db

    steps = int(os.environ.get("KIRANA_TEST_STEPS", "1400"))
    _simulate(unrehearsed, stories=max(1, steps // STEPS), steps=STEPS)
