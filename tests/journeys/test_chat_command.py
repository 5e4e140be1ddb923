"""`kirana chat`, as scripts and people use it."""

import json
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from kirana.app import cli
from tests.journeys import make
from tests.live import LiveServer, Phone

Json = dict[str, Any]
Run = Callable[..., tuple[int, list[Json]]]


@pytest.fixture
def chat(live: LiveServer, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs the command as one device: exit code, and what it printed."""

    def run(phone: Phone, *words: str, device: str = "") -> tuple[int, list[Json]]:
        name = f"{phone.user_id}{device}"
        token = tmp_path / f"{name}.token"
        if not token.exists():
            assert phone.user_id is not None
            token.write_text(live.token(phone.user_id) + "\n")
        place = ["--file", str(tmp_path / f"{name}.db")]
        sign_in = ["--server", live.url, "--token-file", str(token)]
        first = [] if (tmp_path / f"{name}.db.server").exists() else sign_in
        capsys.readouterr()
        code = cli.main(["chat", *place, *first, "--json", *words])
        printed = capsys.readouterr().out.splitlines()
        return code, [json.loads(line) for line in printed]

    return run


def test_two_people_talk_privately_from_the_command_line(live: LiveServer, chat: Run) -> None:
    asha, ravi = live.person("Asha"), live.person("Ravi")
    asha.put(f"/v1/contacts/{ravi.user_id}", {})
    ravi.put(f"/v1/contacts/{asha.user_id}", {})
    _, (status,) = chat(asha, "status")
    assert status["state"] == "new"
    for person in (asha, ravi):
        code, (begun,) = chat(person, "begin")
        assert code == 0
        assert len(begun["recovery_key"].split()) == 13

    code, (sent,) = chat(asha, "send", str(ravi.user_id), "Chai?")
    assert (code, sent["waits_for"]) == (0, None)
    _, read = chat(ravi, "read", sent["conv"])
    assert [it["content"]["text"] for it in read if it["k"] == "message"] == ["Chai?"]
    again, (same,) = chat(asha, "send", sent["conv"], "Chai?", "--id", sent["id"])
    assert (again, same["seq"]) == (0, sent["seq"])
    _, listed = chat(ravi, "list")
    assert [(it["id"], it["kind"], it["name"]) for it in listed] == [
        (sent["conv"], "private", "Asha")
    ]


def test_a_file_and_a_further_device(live: LiveServer, chat: Run, tmp_path: Path) -> None:
    asha, ravi = live.person("Asha"), live.person("Ravi")
    asha.put(f"/v1/contacts/{ravi.user_id}", {})
    ravi.put(f"/v1/contacts/{asha.user_id}", {})
    chat(asha, "begin")
    _, (begun,) = chat(ravi, "begin")
    letter, out = tmp_path / "letter.txt", tmp_path / "out.txt"
    letter.write_text("Come at four.")
    _, (sent,) = chat(asha, "send", str(ravi.user_id), "Read this", "--attach", str(letter))
    chat(ravi, "read", sent["conv"])
    chat(ravi, "status")

    code, (status,) = chat(ravi, "recover", begun["recovery_key"], device="laptop")
    assert (code, status["state"]) == (0, "confirmed")
    code, _ = chat(ravi, "save", sent["conv"], str(sent["seq"]), str(out), device="laptop")

    assert code == 0
    assert out.read_text() == "Come at four."


def test_two_devices_compare_emoji(live: LiveServer, chat: Run) -> None:
    ravi = live.person("Ravi")
    chat(ravi, "begin")
    chat(ravi, "status", device="laptop")
    outcome: list[int] = []

    waiting = threading.Thread(target=lambda: outcome.append(chat(ravi, "verify", "--yes")[0]))
    waiting.start()
    asked, printed = chat(ravi, "verify", "me", "--yes", device="laptop")
    waiting.join()

    assert (asked, outcome) == (0, [0]), printed
    _, (status,) = chat(ravi, "status", device="laptop")
    assert status["state"] == "confirmed"


def test_a_shop_is_written_to_in_plain(live: LiveServer, chat: Run) -> None:
    shop, ravi = make.shop(live), live.person("Ravi")

    code, (sent,) = chat(ravi, "send", f"@{shop.handle}", "Is the dal fresh?")

    assert code == 0
    page = shop.desk.get(f"/v1/conversations/{sent['conv']}/messages")
    assert "Is the dal fresh?" in [it["body"].get("text") for it in page["items"]]


def test_what_is_missing_is_said(live: LiveServer, chat: Run, tmp_path: Path) -> None:
    ravi = live.person("Ravi")
    nothing = cli.main(["chat", "--file", str(tmp_path / "none.db"), "status"])
    stranger, told = chat(ravi, "send", "@nobody-at-all", "Hello")
    friend = live.person("Meera")
    unconfirmed, why = chat(ravi, "send", str(friend.user_id), "Hello")

    assert nothing == 2
    assert (stranger, told[-1]["problem"]) == (1, "not-found")
    assert (unconfirmed, why[-1]["problem"]) == (2, "NotConfirmed")
