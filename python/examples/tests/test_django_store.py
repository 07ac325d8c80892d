"""The promises of a store, of one over Django's connection; and a key's life in it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path

import django
import pytest
from django.conf import settings

import fdescrow
import sample_fleet
from fdescrow.testing import Promise


@pytest.fixture(scope="module", autouse=True)
def project() -> None:
    """A project of Django's, without a site."""
    if not settings.configured:
        settings.configure(INSTALLED_APPS=["django_store"], DATABASES={"default": {}}, USE_TZ=True)
        django.setup()


class Project:
    """Databases in a folder, the last of which is the project's."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.opened, self.waited = folder, 0, 0

    def store(self, again: bool = False) -> fdescrow.Store:
        from django.core.management import call_command
        from django.db import connections

        if not again or not self.opened:
            self.opened += 1
            connections.close_all()
            options = {
                "transaction_mode": "IMMEDIATE",
                "init_command": "PRAGMA journal_mode = WAL;",
                "timeout": 60,
            }
            name = str(self.folder / f"{self.opened}.sqlite3")
            database = {"ENGINE": "django.db.backends.sqlite3", "NAME": name, "OPTIONS": options}
            connections.settings["default"] = connections.configure_settings({"default": database})["default"]
            if "default" in connections:
                del connections["default"]
            call_command("migrate", run_syncdb=True, verbosity=0)
        return fdescrow.Store.custom(self.django_store())

    def django_store(self) -> object:
        from django_store.store import DjangoStore

        return DjangoStore(clock=lambda: time.time() + self.waited)

    def wait(self, seconds: int) -> None:
        self.waited += seconds


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Project]:
    from django.db import connections

    yield Project(tmp_path)
    connections.close_all()


def test_it_keeps_its_promises(promise: Promise, database: Project) -> None:
    promise.holds(database.store, database.wait)


def test_a_key_lives_in_a_project_of_djangos(database: Project) -> None:
    now = datetime.now(timezone.utc)
    certificate, private_key = fdescrow.Certificate.generate(
        "CN=Escrow", not_before=now - timedelta(days=1), not_after=now + timedelta(days=3650)
    )
    keyring = fdescrow.Keyring.parse(private_key, certificates=certificate)
    escrow = fdescrow.Escrow(database.store(), "example.com", certificates=certificate)
    escrow.receive("MAC-1", kind="filevault", envelope=sample_fleet.as_a_mac_seals(certificate), by="mdm")
    assert escrow.check(keyring).opened == 1
    with escrow.reveal("MAC-1", keyring, by="ana", reason="lost passphrase") as key:
        assert len(key.expose()) == 29
    assert escrow.verify_audit().intact

    from django_store.models import MODELS

    # What the library wrote is Django's to look at: no plaintext key is anywhere in it.
    assert MODELS["keys"].objects.get().device == "MAC-1"
    assert [row.number for row in MODELS["audit"].objects.filter(device="MAC-1").order_by("place")][0] == 1


def test_no_commit_is_within_a_transaction_that_may_be_rolled_back(database: Project) -> None:
    from django.db import transaction

    escrow = fdescrow.Escrow(database.store(), "example.com")
    with pytest.raises(fdescrow.StoreUnavailableError) as raised, transaction.atomic():
        escrow.agent_reported("PC-1", by="agent")
    assert isinstance(raised.value.__cause__, RuntimeError)


def test_another_database_is_refused(database: Project) -> None:
    from django.core.exceptions import ImproperlyConfigured
    from django.db import connections

    database.store()
    connections["default"].settings_dict["OPTIONS"].pop("transaction_mode")
    with pytest.raises(ImproperlyConfigured):
        database.django_store()
