"""Stores of Python's own: the promises, and what becomes of what they raise."""

from __future__ import annotations

import sqlite3
import threading
from typing import TYPE_CHECKING, Any

import pytest

import fdescrow

from .conftest import Organization, mac_of
from .sqlite_rows import Database

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from fdescrow.testing import Promise

Identity = tuple[fdescrow.Certificate, fdescrow.Keyring]


class Factory:
    """Databases in a folder; every other one has no commit_batch."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.opened: list[Database] = []

    def open(self, again: bool) -> fdescrow.Store:
        if not again or not self.opened:
            self.opened.append(Database(str(self.folder / f"{len(self.opened)}.db")))
        return fdescrow.Store.custom(self.opened[-1] if len(self.opened) % 2 else Without(self.opened[-1]))

    def wait(self, seconds: int) -> None:
        self.opened[-1].clock += seconds


class Without:
    """A store without commit_batch."""

    def __init__(self, database: Database) -> None:
        self.database = database

    def __getattr__(self, name: str) -> Any:
        if name == "commit_batch":
            raise AttributeError(name)
        return getattr(self.database, name)


def test_a_store_of_python_keeps_its_promises(promise: Promise, tmp_path: Path) -> None:
    factory = Factory(tmp_path)
    promise.holds(factory.open, factory.wait)
    for database in factory.opened:
        database.connection.close()


def test_a_store_that_breaks_a_promise_is_told(tmp_path: Path) -> None:
    from fdescrow.testing import Promise

    class Forgetful(Database):
        def commit(self, change: dict[str, Any]) -> dict[str, Any]:
            return {"revision": change["revision"]}

        def commit_batch(self, changes: list[dict[str, Any]]) -> list[dict[str, Any]]:
            return [self.commit(change) for change in changes]

    database = Forgetful(str(tmp_path / "keys.db"))
    broken = 0
    for name, text in fdescrow._native.conformance_cases():
        if "commit" not in name:
            continue
        try:
            Promise(name, text).holds(lambda _: fdescrow.Store.custom(database))
        except pytest.fail.Exception:
            broken += 1
    assert broken >= 3
    database.connection.close()


@pytest.fixture
def mine(tmp_path: Path, identity: Identity) -> Any:
    database = Database(str(tmp_path / "keys.db"))
    yield Organization(fdescrow.Store.custom(database), identity), database
    database.connection.close()


def test_a_key_goes_its_way_over_a_store_of_python(mine: tuple[Organization, Database]) -> None:
    organization, database = mine
    key, der = organization.mac()
    threads: set[int] = set()
    committed = database.commit

    def watched(change: dict[str, Any]) -> dict[str, Any]:
        threads.add(threading.get_ident())
        return committed(change)

    database.commit = watched  # type: ignore[method-assign]
    organization.escrow.receive("C02XYZ", kind="filevault", envelope=der, by="orbit")
    assert organization.escrow.check(organization.keyring, workers=2).opened == 1
    revealed = organization.escrow.reveal("C02XYZ", organization.keyring, by="ana", reason="lost")
    assert revealed.expose() == key.expose()
    assert organization.escrow.verify_audit().intact
    assert threads == {threading.get_ident()}, "a database may belong to the thread that calls"
    for row in database.connection.execute("SELECT * FROM keys"):
        assert key.expose() not in repr(tuple(row))


def test_what_a_store_raises_is_the_cause(mine: tuple[Organization, Database]) -> None:
    organization, database = mine
    _, der = organization.mac()

    def receive() -> None:
        organization.escrow.receive("C02XYZ", kind="filevault", envelope=der, by="orbit")

    def answering(answer: object) -> Callable[[Any], Any]:
        return lambda _: answer

    def broken(raised: BaseException) -> Callable[[Any], Any]:
        def method(request: Any) -> Any:
            raise raised

        return method

    database.get = broken(sqlite3.OperationalError("disk I/O error"))  # type: ignore[method-assign]
    with pytest.raises(fdescrow.StoreUnavailableError) as unavailable:
        receive()
    assert isinstance(unavailable.value, ConnectionError)
    assert isinstance(unavailable.value.__cause__, sqlite3.OperationalError)
    database.get = broken(fdescrow.StoreSchemaError("of last year"))  # type: ignore[method-assign]
    with pytest.raises(fdescrow.StoreSchemaError, match="of last year"):
        receive()
    database.get = broken(KeyboardInterrupt())  # type: ignore[method-assign]
    with pytest.raises(KeyboardInterrupt):
        receive()
    for nonsense in ({}, {"row": 7}, {"row": {"table": "devices"}}, None, "row", 1.5, object()):
        database.get = answering(nonsense)  # type: ignore[method-assign]
        with pytest.raises(fdescrow.Error):
            receive()


def test_an_unknown_commit_is_asked_for(mine: tuple[Organization, Database]) -> None:
    organization, database = mine
    _, der = organization.mac()
    committed, lost = database.commit, [0]

    def losing(change: dict[str, Any]) -> dict[str, Any]:
        committed(change)
        lost[0] += 1
        raise fdescrow.StoreUnknownError("the connection broke")

    database.commit = losing  # type: ignore[method-assign]
    database.commit_batch = None  # type: ignore[assignment, method-assign]
    receipt = organization.escrow.receive("C02XYZ", kind="filevault", envelope=der, by="orbit")
    assert lost[0] >= 1
    assert organization.escrow.receipt(receipt.key).sightings == 1


@pytest.mark.parametrize("url", ["", "postgres://x", "sqlite:", "memory", "sqlite:/nowhere/at/all.db"])
def test_a_url_that_names_no_store(url: str) -> None:
    with pytest.raises((fdescrow.MisuseError, fdescrow.StoreUnavailableError)):
        fdescrow.Store.open(url)


def test_a_store_of_another_kind_is_refused(tmp_path: Path) -> None:
    with pytest.raises(AttributeError):
        fdescrow.Store.custom(object())
    with pytest.raises(TypeError):
        fdescrow.Escrow("memory:", "example.com")  # type: ignore[arg-type]
    path = tmp_path / "keys.db"
    path.write_bytes(b"this is no database at all, and long enough to be looked at" * 100)
    with pytest.raises(fdescrow.StoreError):
        fdescrow.Store.open(f"sqlite:{path}")


def test_migrations_are_told_before_they_are_done(tmp_path: Path, identity: Identity) -> None:
    url = f"sqlite:{tmp_path / 'keys.db'}"
    fdescrow.Store.open(url)
    assert fdescrow.Store.migrate(url) == fdescrow.Store.migrate(url, apply=True) == []
    _, der = mac_of(identity[0])
    reader = fdescrow.Escrow(fdescrow.Store.open(url + "?mode=ro"), "example.com")
    with pytest.raises(fdescrow.Error):
        reader.receive("C02XYZ", kind="filevault", envelope=der, by="orbit")
    assert reader.summary().devices == 0
