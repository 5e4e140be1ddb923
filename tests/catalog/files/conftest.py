import pytest

from kirana.catalog import files
from kirana.platform.events import Bus


@pytest.fixture
def bus() -> Bus:
    bus = Bus()
    bus.jobs(files.apply_rows, files.undo_rows)
    bus.outside_jobs(files.fetch_pictures)
    return bus
