"""People with devices at one post office."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from kirana.client import Client
from kirana.client.store import Store

from .office import Json, Office

Tamper = Callable[[str, str, Any], Any]


class OfficeApi:
    """One device's way to the office. `tamper` is a server that lies: it changes answers."""

    def __init__(self, office: Office, device: str) -> None:
        self.office, self.device = office, device
        self.calls: list[tuple[str, str]] = []
        self.tamper: Tamper | None = None

    async def call(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        query: Json | None = None,
        headers: dict[str, str] | None = None,
    ) -> Any:
        self.calls.append((method, path))
        answer = self.office.call(self.device, method, path, body, query or {})
        return self.tamper(method, path, answer) if self.tamper else answer


class World:
    """An office, a folder for the files of devices, and what is open."""

    def __init__(self, folder: Path, office: Office | None = None) -> None:
        self.folder = folder
        self.office = office or Office()
        self.clients: list[Client] = []

    def person(self) -> str:
        return self.office.new_id()

    def device(self, user: str, device: str | None = None, api: Any = None) -> Client:
        """A device of that person; with an id, the one that was there, from its file."""
        device = device or self.office.sign_in(user)
        store = Store(self.folder / f"{device}.db", is_durable=False)
        client = Client(
            store,
            api or OfficeApi(self.office, device),
            user,
            device,
            clock=lambda: self.office.now,
        )
        self.clients.append(client)
        return client

    async def first(self, user: str) -> Client:
        """A first device, confirmed, which knows where its stream stands."""
        client = self.device(user)
        await client.begin()
        await client.pull()
        return client

    async def further(self, first: Client) -> Client:
        """A further device, confirmed by the recovery key of the first."""
        client = self.device(first.user_id)
        await client.recover(str(first.identity.recovery_key()))
        await client.pull()
        return client

    def reopen(self, client: Client) -> Client:
        """The device after a crash: from its file, with nothing that was only in memory."""
        client.store.close()
        self.clients.remove(client)
        return self.device(client.user_id, client.device_id, client.api)

    def close(self) -> None:
        for client in self.clients:
            client.store.close()


async def pull(*clients: Client) -> None:
    for client in clients:
        await client.pull()


def said(client: Client, conv: str) -> list[str]:
    """The texts that this device can read, in order."""
    page = client.history.page(conv, limit=1_000)
    return [it.text for it in page if it.k == "message" and it.content is not None]
