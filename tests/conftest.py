"""Fixtures that every test may ask for."""

import itertools
import logging
import os
import shutil
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg
import pytest
import structlog

from kirana.platform import logs
from kirana.platform.events import Bus

from . import postgres
from .database import RehearsedDatabase, create_schema, empty, open_rehearsed, sweep_no_more
from .servers import SHARED

if TYPE_CHECKING:
    from .apps import RunningApp

_numbers = itertools.count()
logs.configure(as_json=False)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--db", choices=["sqlite", "postgresql", "both"], default="both")


def pytest_configure(config: pytest.Config) -> None:
    if SHARED not in os.environ:  # else a process that another one started
        folder = os.environ[SHARED] = tempfile.mkdtemp(prefix="kirana-tests-")
        config.add_cleanup(lambda: shutil.rmtree(folder, ignore_errors=True))
    if not hasattr(config, "workerinput"):
        config.pluginmanager.register(TellAtOnce(config), "tell-at-once")


class TellAtOnce:
    """Writes why a test failed when it does: a run that is ended early has no summary."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.outcome in ("failed", "retried"):
            terminal = self._config.pluginmanager.get_plugin("terminalreporter")
            why = "\n".join(report.longreprtext.splitlines()[-30:])
            terminal.write_line(f"\n{report.outcome.upper()} {report.nodeid}\n{why}")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What takes long begins first, so that no process waits for another at the end."""
    items.sort(key=lambda item: item.get_closest_marker("slow") is None)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "database_kind" in metafunc.fixturenames:
        chosen = metafunc.config.getoption("--db")
        kinds = ["sqlite", "postgresql"] if chosen == "both" else [chosen]
        metafunc.parametrize("database_kind", kinds, scope="session")


@pytest.fixture(autouse=True)
def _logs_stay_open() -> Iterator[None]:
    """A command that a test runs here sends the logs to what is closed when the test ends."""
    handlers, chosen = logging.root.handlers[:], structlog.get_config()
    yield
    logging.root.handlers[:] = handlers
    structlog.configure(**chosen)


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    if postgres.find_bin() is None:
        if os.environ.get("CI"):
            pytest.fail("PostgreSQL is not installed, and CI leaves no test out.")
        pytest.skip("PostgreSQL is not installed: apt-get install postgresql")
    with postgres.run_server() as url:
        yield url


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database file with the whole schema and nothing in it."""
    file = tmp_path_factory.mktemp("template") / "kirana.db"
    create_schema(f"sqlite:///{file}")
    return file


@pytest.fixture(scope="session")
def postgres_database(postgres_server: str) -> Iterator[str]:
    """The URL of a database with the whole schema, shared by the tests of this process."""
    name = f"shared_{os.getpid()}"
    with psycopg.connect(postgres_server, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    url = postgres_server.replace("/postgres", f"/{name}")
    create_schema(url)
    yield url
    sweep_no_more(url)


@pytest.fixture
def new_database_url(
    database_kind: str, tmp_path: Path, request: pytest.FixtureRequest
) -> Callable[[], str]:
    """Gives an empty database with the whole schema, and takes the one before away.

    On SQLite a copy of the template; on PostgreSQL, where making one takes half a second, the
    same one each time, emptied.
    """
    file = tmp_path / "kirana.db"

    def make_one() -> str:
        if database_kind == "sqlite":
            for rest in tmp_path.glob(f"{file.name}-*"):
                rest.unlink()
            shutil.copy(request.getfixturevalue("sqlite_template"), file)
            return f"sqlite:///{file}"
        url: str = request.getfixturevalue("postgres_database")
        empty(url)
        return url

    return make_one


@pytest.fixture
def database_url(new_database_url: Callable[[], str]) -> str:
    """An empty database with the whole schema."""
    return new_database_url()


@pytest.fixture
def empty_url(database_kind: str, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[str]:
    """A database without any table."""
    if database_kind == "sqlite":
        yield f"sqlite:///{tmp_path / 'empty.db'}"
        return
    server: str = request.getfixturevalue("postgres_server")
    name = f"empty_{os.getpid()}_{next(_numbers)}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    yield server.replace("/postgres", f"/{name}")
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def bus() -> Bus:
    """Who listens to what in this test; nobody, unless the test's room says otherwise."""
    return Bus()


@pytest.fixture
def db(database_url: str, bus: Bus) -> Iterator[RehearsedDatabase]:
    database = open_rehearsed(database_url, bus)
    yield database
    database.close()


@pytest.fixture
async def app(tmp_path: Path, sqlite_template: Path) -> AsyncIterator["RunningApp"]:
    """The whole application on SQLite."""
    from .apps import open_app

    shutil.copy(sqlite_template, tmp_path / "kirana.db")
    async with open_app(tmp_path) as running:
        yield running


@pytest.fixture
async def app_on_each(tmp_path: Path, database_url: str) -> AsyncIterator["RunningApp"]:
    """The whole application on each database."""
    from .apps import open_app

    async with open_app(tmp_path, database_url=database_url) as running:
        yield running
