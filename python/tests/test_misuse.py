"""What callers do wrong: times, types, names."""

from __future__ import annotations

from datetime import date, datetime, timedelta, timezone
from typing import Any

import pytest

import fdescrow

from .conftest import NOON, Organization


def test_a_time_needs_its_zone(organization: Organization) -> None:
    escrow = organization.escrow
    for naive in (datetime(2026, 11, 24), datetime.max):
        with pytest.raises(ValueError, match="zone") as refused:
            escrow.summary(now=naive)
        assert isinstance(refused.value, fdescrow.MisuseError)
    wrong: Any
    for wrong in (0, 1.5, "2026-11-24T12:00:00Z", date(2026, 11, 24), object()):
        with pytest.raises(TypeError):
            escrow.summary(now=wrong)
    east = NOON.astimezone(timezone(timedelta(hours=14)))
    _, der = organization.mac()
    escrow.receive("A", kind="filevault", envelope=der, by="orbit", now=east)
    assert escrow.history("A")[0].received == NOON


def test_a_clock_that_is_naive_is_refused(identity: tuple[fdescrow.Certificate, fdescrow.Keyring]) -> None:
    store = fdescrow.Store.open("memory:")
    with pytest.raises(ValueError, match="zone"):
        fdescrow.Escrow(store, "example.com", clock=datetime.now).summary()
    with pytest.raises(ZeroDivisionError):
        fdescrow.Escrow(store, "example.com", clock=lambda: 1 / 0).summary()  # type: ignore[arg-type, return-value]
    assert fdescrow.Escrow(store, "example.com").summary().devices == 0


@pytest.mark.parametrize("name", ["", "x" * 256, "a\nb", "a\0b"])
def test_names_that_cannot_be(organization: Organization, name: str) -> None:
    _, der = organization.mac()
    with pytest.raises(fdescrow.IdInvalidError):
        organization.escrow.receive(name, kind="filevault", envelope=der, by="orbit")
    with pytest.raises(fdescrow.IdInvalidError):
        organization.escrow.receive("A", kind="filevault", envelope=der, by=name)
    with pytest.raises(fdescrow.IdInvalidError):
        fdescrow.Escrow(fdescrow.Store.open("memory:"), name)


@pytest.mark.parametrize("wrong", [None, 7, b"A", object(), ["A"]])
def test_names_of_another_type(organization: Organization, wrong: Any) -> None:
    escrow, keyring = organization.escrow, organization.keyring
    _, der = organization.mac()
    with pytest.raises(TypeError):
        escrow.receive(wrong, kind="filevault", envelope=der, by="orbit")
    with pytest.raises(TypeError):
        escrow.assess(wrong)
    with pytest.raises(TypeError):
        escrow.reveal(wrong, keyring, by="ana", reason="lost")
    if wrong is not None:
        with pytest.raises(TypeError):
            escrow.reveal("A", wrong, by="ana", reason="lost")
        with pytest.raises(TypeError, match="ticket"):
            escrow.reveal("A", keyring, by="ana", reason="lost", ticket=wrong)
    with pytest.raises(TypeError):
        escrow.receive("A", kind=wrong, envelope=der, by="orbit")
    with pytest.raises(UnicodeEncodeError):
        escrow.assess("\ud800")


def test_options_are_keywords_and_those_that_are_needed_are_asked_for(organization: Organization) -> None:
    reveal: Any = organization.escrow.reveal
    with pytest.raises(TypeError, match="by"):
        reveal("A", organization.keyring, reason="lost")
    with pytest.raises(TypeError, match="reason"):
        reveal("A", organization.keyring, by="ana")
    with pytest.raises(TypeError, match="motive"):
        reveal("A", organization.keyring, by="ana", reason="lost", motive="none")
    with pytest.raises(TypeError):
        reveal("A", organization.keyring, "ana", "lost")
    with pytest.raises(fdescrow.RequestSyntaxError):
        reveal("A", organization.keyring, by="ana", reason="lost", person={"issuer": "x"})
    check: Any = organization.escrow.check
    for options in ({"devices": -1}, {"workers": 1 << 70}, {"devices": "many"}, {"progress": 7}):
        with pytest.raises((TypeError, OverflowError)):
            check(organization.keyring, **options)


def test_what_progress_raises_ends_the_work(organization: Organization) -> None:
    _, der = organization.mac()
    organization.escrow.receive("A", kind="filevault", envelope=der, by="orbit")

    def stop(report: fdescrow.CheckReport) -> None:
        raise StopIteration(str(report.opened))

    with pytest.raises(StopIteration, match="1"):
        organization.escrow.check(organization.keyring, progress=stop)
    assert organization.escrow.history("A")[0].level == "envelope_opens"


def test_huge_input_is_refused_in_bounds(organization: Organization) -> None:
    escrow = organization.escrow
    huge = b"0" * (64 << 20)
    for call in (
        lambda: escrow.receive("A", kind="filevault", envelope=huge, by="orbit"),
        lambda: fdescrow.Envelope.parse(huge),
        lambda: fdescrow.read_report("osquery", huge),
        lambda: fdescrow.parse_profile(huge),
        lambda: escrow.find("x" * 1_000_000),
        lambda: escrow.verify_audit(checkpoint=huge),
        lambda: escrow.verify_audit(mac_key=huge),
    ):
        with pytest.raises(fdescrow.Error) as refused:
            call()
        assert len(str(refused.value)) <= 1024


def test_an_audit_that_was_changed_is_told(tmp_path: Any, identity: tuple[fdescrow.Certificate, Any]) -> None:
    import sqlite3

    path = tmp_path / "keys.db"
    organization = Organization(fdescrow.Store.open(f"sqlite:{path}"), identity)
    _, der = organization.mac()
    organization.escrow.receive("A", kind="filevault", envelope=der, by="orbit")
    checkpoint = organization.escrow.checkpoint()
    assert organization.escrow.checkpoint(previous=checkpoint.data).chains == checkpoint.chains
    connection = sqlite3.connect(path)
    connection.execute("DELETE FROM fdescrow_audit")
    connection.commit()
    connection.close()
    report = organization.escrow.verify_audit(checkpoint=checkpoint.data)
    assert not report.intact
    assert report.findings[0].message
    with pytest.raises(fdescrow.CheckpointSyntaxError):
        organization.escrow.verify_audit(checkpoint=b"nonsense")
    with pytest.raises(fdescrow.MacKeySyntaxError):
        organization.escrow.verify_audit(mac_key="short")
