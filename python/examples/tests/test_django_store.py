"""The promises of a store, of one over Django's connection; and a key's life in it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import TYPE_CHECKING

import django
import pytest
from django.conf import settings

import fdescrow
import sample_fleet

if TYPE_CHECKING:
    from fdescrow.testing import Promise

pytest_plugins = ["fdescrow.testing"]


@pytest.fixture(scope="module", autouse=True)
def project() -> None:
    """A project of Django's, without a site."""
    if not settings.configured:
        settings.configure(INSTALLED_APPS=["django_store"], DATABASES={"default": {}}, USE_TZ=True)
        django.setup()


class Project:
    """Databases of the project, in a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.waited = folder, 0
        self.aliases: list[str] = []

    def store(self, again: bool = False) -> fdescrow.Store:
        from django.core.management import call_command
        from django.db import connections

        if not again or not self.aliases:
            self.aliases.append(f"{self.folder.name}-{len(self.aliases)}")
            database = {
                "ENGINE": "django.db.backends.sqlite3",
                "NAME": str(self.folder / f"{self.aliases[-1]}.sqlite3"),
                "OPTIONS": {
                    "transaction_mode": "IMMEDIATE",
                    "init_command": "PRAGMA journal_mode = WAL;",
                    "timeout": 60,
                },
            }
            alias = self.aliases[-1]
            connections.settings[alias] = connections.configure_settings({"default": {}, alias: database})[alias]
            call_command("migrate", database=alias, run_syncdb=True, verbosity=0)
        return fdescrow.Store.custom(self.django_store())

    def django_store(self) -> object:
        from django_store.store import DjangoStore

        return DjangoStore(self.aliases[-1], clock=lambda: time.time() + self.waited)

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

    # What the library wrote is Django's to look at.
    keys, audit = (MODELS[name].objects.using(database.aliases[-1]) for name in ("keys", "audit"))
    assert keys.get().device == "MAC-1"
    numbers = audit.filter(device="MAC-1").order_by("place").values_list("number", flat=True)
    assert list(numbers) == [entry.number for entry in escrow.audit_of("MAC-1")]


def test_no_commit_is_within_a_transaction_that_may_be_rolled_back(database: Project) -> None:
    from django.db import transaction

    escrow = fdescrow.Escrow(database.store(), "example.com")
    with pytest.raises(fdescrow.StoreUnavailableError) as raised, transaction.atomic(using=database.aliases[-1]):
        escrow.agent_reported("PC-1", by="agent")
    assert isinstance(raised.value.__cause__, RuntimeError)


def test_another_database_is_refused(database: Project) -> None:
    from django.core.exceptions import ImproperlyConfigured
    from django.db import connections

    database.store()
    connections[database.aliases[-1]].settings_dict["OPTIONS"].pop("transaction_mode")
    with pytest.raises(ImproperlyConfigured):
        database.django_store()
