"""The demo town is built once, whoever asks for it and however often at once."""

import fcntl
import threading
from pathlib import Path

from kirana.app.demo import town
from kirana.platform.settings import Settings


def test_a_second_builder_waits_until_the_first_is_done(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path)
    begun = threading.Event()

    def build() -> None:
        with town.alone(settings):
            begun.set()

    second = threading.Thread(target=build)
    with (tmp_path / "town.lock").open("w") as first:
        fcntl.flock(first, fcntl.LOCK_EX)
        second.start()
        assert not begun.wait(0.3)
    assert begun.wait(10)
    second.join()
