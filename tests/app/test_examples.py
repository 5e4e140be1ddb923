"""The examples of `docs/api.md`, run as they stand; and `kirana demo` beside a running server."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.servers import Server

PAGE = Path(__file__).parents[2] / "docs" / "api.md"
ADDRESS = "+919876543210"

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A demo server that opened on an empty folder; the town was filled beside it."""
    server = Server(tmp_path_factory.mktemp("town"), KIRANA_DEMO="1")
    server.start()
    assert httpx.get(f"{server.url}/v1/businesses").json()["items"] == []
    filled = server.run("demo", "--json")
    assert filled.returncode == 0, filled.stderr
    assert json.loads(filled.stdout)["people"]
    yield server
    server.stop()


def test_the_examples_of_the_api_page_do_what_they_say(town: Server, tmp_path: Path) -> None:
    examples = re.findall(r"^```sh\n(.*?)^```", PAGE.read_text(), re.S | re.M)
    assert len(examples) > 8
    script = "\n".join(f"echo '--- {n}'\n{example}" for n, example in enumerate(examples))
    tools = Path(sys.executable).parent
    environment = town.environment | {
        "BASE": town.url,
        "PATH": f"{tools}{os.pathsep}{os.environ['PATH']}",
    }

    running = subprocess.Popen(
        ["bash", "-euo", "pipefail", "-c", script],
        cwd=tmp_path,
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    said, _ = running.communicate(town.code_for(ADDRESS) + "\n", timeout=120)

    assert running.returncode == 0, said
    for words in (
        "/problems/not-signed-in",
        "Ravi Menon",
        "Is the dal fresh?",
        "held\n",
        "paid\n",
        "pending\n",
        "Thank you!",
        "Only you can read this.",
        "You said: Are you there?",
        "'t': 'ev'",
    ):
        assert words in said, f"{words}\n\n{said}"
    assert "Jaggery" in (tmp_path / "products.csv").read_text()
    assert "Cardamom" not in (tmp_path / "products.csv").read_text()


def test_the_manifest_lets_scripts_drive_the_server(town: Server) -> None:
    printed = town.run("demo", "--json")

    assert printed.returncode == 0, printed.stderr
    manifest: dict[str, Any] = json.loads(printed.stdout)
    assert set(manifest) == {"base_url", "people", "shops"}
    assert manifest["base_url"] == town.url
    assert len(manifest["shops"]) >= 6
    for person in manifest["people"]:
        assert set(person) == {"id", "name", "token"}
    with httpx.Client(base_url=town.url, timeout=60) as client:
        for person in manifest["people"][:3]:
            token = {"Authorization": f"Bearer {person['token']}"}
            me = client.get("/v1/me", headers=token).json()
            assert (me["id"], me["name"]) == (person["id"], person["name"])
        for shop in manifest["shops"]:
            assert set(shop) == {"id", "handle", "page_url"}
            assert client.get(f"/v1/handles/{shop['handle']}").json()["id"] == shop["id"]
            page = client.get(shop["page_url"])
            assert (page.status_code, "text/html" in page.headers["content-type"]) == (200, True)


def test_filling_the_town_again_changes_nothing(town: Server) -> None:
    with httpx.Client(base_url=town.url, timeout=60) as client:
        before = client.get("/v1/businesses").json()

        again = town.run("demo", "--quiet")

        assert (again.returncode, again.stdout) == (0, "")
        assert client.get("/v1/businesses").json() == before


def test_the_books_of_the_town_are_clean(town: Server) -> None:
    audit = town.run("audit", "--json")

    assert json.loads(audit.stdout) == {"clean": True, "findings": []}
    assert audit.returncode == 0


def test_the_town_lets_anybody_in_as_anybody(town: Server) -> None:
    with httpx.Client(base_url=town.url, timeout=60) as client:
        people = client.get("/v1/demo/people").json()
        entered = client.post("/v1/demo/sessions", json={"user_id": people[1]["id"]})
        me = client.get("/v1/me")
        elsewhere = client.post(
            "/v1/demo/sessions",
            json={"user_id": people[0]["id"]},
            headers={"Origin": "https://evil.example"},
        )

    assert (entered.status_code, me.json()["id"]) == (201, people[1]["id"])
    assert elsewhere.status_code == 403


def test_a_server_with_people_of_its_own_is_not_filled(tmp_path: Path) -> None:
    server = Server(tmp_path)
    server.start()
    with httpx.Client(base_url=server.url, timeout=60) as client:
        code = {"id": "01a20000-0000-7000-8000-000000000001", "address": ADDRESS}
        client.post("/v1/codes", json=code)
        body = {
            "id": "01a20000-0000-7000-8000-000000000002",
            "address": ADDRESS,
            "code": server.code_for(ADDRESS),
        }
        assert client.post("/v1/sessions", json=body).status_code == 201
        hidden = client.get("/v1/demo/people")

    refused = server.run("demo", "--json")
    server.stop()

    assert hidden.status_code == 404
    assert (refused.returncode, refused.stdout) == (1, "")
    assert "KIRANA_DEMO=1" in refused.stderr
