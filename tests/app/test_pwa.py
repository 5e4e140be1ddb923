"""The built front end under `/app/`."""

from pathlib import Path

import httpx
import pytest

from kirana.app import pwa
from tests.apps import RunningApp

PAGE = "<!doctype html><script>console.log('one')</script><script src='/app/x.js'></script>"
HASH_OF_ONE = "'sha256-H3QXV/uMHFl6e+0SaK2PX1M3PYINSznPfB3wKKLHnSs='"


@pytest.fixture
def build(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A small build beside a secret."""
    (tmp_path / "secret.txt").write_text("not for you")
    folder = tmp_path / "web"
    (folder / "_app" / "immutable").mkdir(parents=True)
    (folder / "index.html").write_text(PAGE)
    (folder / "_app" / "immutable" / "start.js").write_text("start()")
    (folder / "_app" / "immutable" / "start.js.br").write_bytes(b"packed")
    (folder / "_app" / "immutable" / "workers").mkdir()
    (folder / "_app" / "immutable" / "workers" / "worker-1.js").write_text("seal()")
    (folder / "service-worker.js").write_text("wake()")
    (folder / "outside").symlink_to(tmp_path)
    monkeypatch.setattr(pwa, "FOLDER", folder)
    return folder


@pytest.fixture
async def client(app: RunningApp) -> httpx.AsyncClient:
    return await app.client()


@pytest.mark.parametrize("path", ["/app", "/app/", "/app/chats", "/app/my-shop/x/products"])
async def test_every_page_of_the_app_is_the_one_page(
    build: Path, client: httpx.AsyncClient, path: str
) -> None:
    answer = await client.get(path)

    assert (answer.status_code, answer.text) == (200, PAGE)
    assert answer.headers["content-type"].startswith("text/html")
    assert answer.headers["cache-control"] == "no-cache"


async def test_only_the_scripts_of_the_page_itself_may_run(
    build: Path, client: httpx.AsyncClient
) -> None:
    headers = (await client.get("/app/")).headers

    policy = headers["content-security-policy"]
    (scripts,) = [it for it in policy.split("; ") if it.startswith("script-src")]
    assert scripts.split() == ["script-src", "'self'", HASH_OF_ONE, "'wasm-unsafe-eval'"]
    assert "object-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert (headers["x-content-type-options"], headers["x-frame-options"]) == ("nosniff", "DENY")


async def test_text_is_never_taken_for_script_but_by_those_who_are_named(
    build: Path, client: httpx.AsyncClient
) -> None:
    policy = (await client.get("/app/")).headers["content-security-policy"].split("; ")

    assert "require-trusted-types-for 'script'" in policy
    named = "trusted-types svelte-trusted-html sveltekit-trusted-url kirana-crypto kirana-html"
    assert named in policy


async def test_a_worker_runs_our_scripts_only_and_speaks_to_us_only(
    build: Path, client: httpx.AsyncClient
) -> None:
    answer = await client.get("/app/_app/immutable/workers/worker-1.js")

    policy = answer.headers["content-security-policy"].split("; ")
    assert policy[:3] == [
        "default-src 'none'",
        "script-src 'self' 'wasm-unsafe-eval'",
        "connect-src 'self'",
    ]


async def test_what_never_changes_is_kept_for_ever_and_nothing_else(
    build: Path, client: httpx.AsyncClient
) -> None:
    script = await client.get("/app/_app/immutable/start.js", headers={"Accept-Encoding": "gzip"})
    worker = await client.get("/app/service-worker.js")

    assert script.text == "start()"
    assert script.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert worker.headers["cache-control"] == "no-cache"
    assert worker.headers["content-type"].startswith("text/javascript")


async def test_what_the_build_compressed_is_sent_as_it_is(
    build: Path, client: httpx.AsyncClient
) -> None:
    async with client.stream(
        "GET", "/app/_app/immutable/start.js", headers={"Accept-Encoding": "br"}
    ) as answer:
        raw = b"".join([part async for part in answer.aiter_raw()])

    assert (raw, answer.headers["content-encoding"]) == (b"packed", "br")
    assert "Accept-Encoding" in answer.headers["vary"]


@pytest.mark.parametrize(
    "path",
    [
        "/app/../secret.txt",
        "/app/%2e%2e/secret.txt",
        "/app/..%2fsecret.txt",
        "/app/%2e%2e%2fsecret.txt",
        "/app/_app/../../secret.txt",
        "/app/outside/secret.txt",
        "/app//etc/passwd.txt",
        "/app/missing.js",
    ],
)
async def test_nothing_outside_of_the_build_is_served(
    build: Path, client: httpx.AsyncClient, path: str
) -> None:
    answer = await client.get(httpx.URL("http://kirana.test").copy_with(raw_path=path.encode()))

    assert answer.status_code == 404
    assert "not for you" not in answer.text


async def test_without_a_build_the_page_says_so(build: Path, client: httpx.AsyncClient) -> None:
    (build / "index.html").unlink()

    answer = await client.get("/app/")

    assert (answer.status_code, "make web" in answer.text) == (503, True)
