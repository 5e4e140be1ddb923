"""What this room's tests need beside the shared fixtures."""

import pytest

from kirana import chat
from kirana.platform.events import Bus


@pytest.fixture
def bus() -> Bus:
    bus = Bus()
    bus.outside_jobs(chat.remove_files, chat.push_notes)
    return bus
