"""The same story as in Rust, C and Go, from a key's arrival to its end, and all of it is in the audit."""

from __future__ import annotations

import pytest

import fdescrow
from fdescrow import Kind, Level, ReceiptStatus, RecoveryState

from .conftest import NOON, POLICY, Organization, mac_of, new_identity

OSQUERY = [
    {
        "name": "/dev/disk3s1",
        "uuid": "",
        "encrypted": "1",
        "type": "APFS Encryption",
        "encryption_status": "encrypted",
        "user_uuid": "",
        "filevault_status": "on",
    }
]


def test_a_key_is_received_checked_revealed_replaced_and_all_of_it_is_in_the_audit(organization: Organization) -> None:
    escrow, keyring, clock = organization.escrow, organization.keyring, organization.clock
    escrow.set_policies(fdescrow.Policy.parse(POLICY))

    key, der = organization.mac()
    receipt = escrow.receive("C02XYZ", kind="filevault", envelope=der, by="orbit", request="upload 1")
    assert (receipt.status, receipt.device, receipt.kind) == (ReceiptStatus.STORED, "C02XYZ", Kind.FILEVAULT)
    assert receipt.request == "upload 1"
    assert escrow.check_total() == fdescrow.CheckTotal(devices=1, first_check=True)
    batches: list[fdescrow.CheckReport] = []
    report = escrow.check(keyring, by="nightly", workers=2, progress=batches.append)
    assert (report.opened, report.not_opened, report.more) == (1, {}, False)
    assert batches[-1] == report
    receipt = escrow.receipt(receipt.key)
    assert (receipt.status, receipt.level) == (ReceiptStatus.VERIFIED, Level.ENVELOPE_OPENS)

    assert escrow.observe("C02XYZ", "osquery", OSQUERY, by="osquery").recorded
    assert escrow.configuration_reported("C02XYZ", operation="install", delivery="confirmed", by="mdm")
    assessment = escrow.assess("C02XYZ")
    device = escrow.device("C02XYZ")
    assert (device.keys, device.assessment, device.created) == (1, assessment, NOON)
    assert device.walk == escrow.walk("C02XYZ")
    assert device.walk is not None

    escrow.name_device("C02XYZ", [fdescrow.Alias("hostname", "ana-mac", "inventory")], by="inventory")
    [found] = escrow.find("ana-mac")
    assert (found.key, found.kind) == (receipt.key, Kind.FILEVAULT)

    clock.wait(hours=1)
    with pytest.raises(fdescrow.RecoveryReasonMissingError):
        escrow.reveal("C02XYZ", keyring, by="ana", reason=" ")
    with escrow.reveal("C02XYZ", keyring, by="ana", reason="lost passphrase", ticket="T-1") as revealed:
        assert revealed.expose() == key.expose()
        assert (revealed.about.key, revealed.about.level) == (receipt.key, Level.ENVELOPE_OPENS)
        assert repr(revealed) == "<RecoveryKey filevault [redacted]>"
    with escrow.reveal_sheet("C02XYZ", keyring, by="ana", reason="lost passphrase") as sheet:
        assert key.expose().encode() in sheet.expose()
        assert sheet.about.key == receipt.key
    technician, theirs = new_identity("p-256")
    handed = escrow.reveal_to("C02XYZ", keyring, technician, by="ana", reason="lost passphrase")
    opened = handed.open(theirs, kind=Kind.FILEVAULT)
    assert opened.expose() == key.expose()
    assert opened.about.authenticated
    assert handed.about.key == receipt.key
    told = escrow.report_recovery(revealed.about.recovery, outcome="worked", by="ana")
    assert told.report is not None
    assert told.report.outcome == fdescrow.Outcome.WORKED

    [rotation] = escrow.request_rotation("C02XYZ", by="ana", reason="the key was shown")
    [running] = escrow.rotations("C02XYZ")
    assert running.id == rotation
    assert running.next is not None
    sent = escrow.rotation_reported("C02XYZ", rotation, event="sent", attempt=1, by="mdm")
    assert sent.attempt == 1
    assert [one.device for one in escrow.all_rotations()] == ["C02XYZ"]
    clock.wait(minutes=1)
    second, der = organization.mac()
    escrow.receive("C02XYZ", kind="filevault", envelope=der, by="mdm")
    assert escrow.check(keyring).opened == 1
    escrow.assess_due(by="nightly")
    escrow.set_policies(None)
    assert escrow.assess_changed(by="nightly").judged == 1

    first = organization.certificate
    assert escrow.live_references(first) == escrow.live_references(first.fingerprint) == 2
    with pytest.raises(fdescrow.CertificateInUseError):
        escrow.retire_certificate(first, by="ana", reason="it is old")
    following, following_keyring = new_identity()
    assert escrow.rewrap_total(following) == 2
    rewrapped = escrow.rewrap(keyring, following, by="ana")
    assert (rewrapped.rewrapped, rewrapped.failures, rewrapped.next) == (2, (), None)
    clock.wait(hours=48)
    escrow.check(following_keyring)
    again = escrow.reveal("C02XYZ", following_keyring, by="ana", reason="lost passphrase")
    assert again.expose() == second.expose()
    assert len(escrow.registered_certificates()) == 2
    assert escrow.live_references(first) == 0
    escrow.retire_certificate(first, by="ana", reason="it is old")
    escrow.compromise_certificate(first, by="ana", reason="the laptop with it was stolen")
    assert len(list(escrow.expose_keys(first, by="ana"))) == 2

    history = escrow.history("C02XYZ")
    assert [summary.number for summary in history] == [1, 2]
    assert history[1].envelopes[0].origin.how == "received"
    summary = escrow.summary()
    assert (summary.devices, summary.keys) == (1, 2)
    assert escrow.count() == 1

    checkpoint = escrow.checkpoint()
    verified = escrow.verify_audit(checkpoint=checkpoint.data)
    assert verified.intact
    assert verified.entries >= 8
    entries = escrow.audit_of("C02XYZ")
    assert entries[0].number == 1
    assert entries[0].hash in entries[1].raw
    events = escrow.events(limit=3)
    assert len(events.entries) == 3
    assert escrow.events(events.next).entries[0].hash != events.entries[2].hash


def test_a_key_in_clear_is_sealed_before_it_is_stored(organization: Organization) -> None:
    escrow = organization.escrow
    text = "ABCD-EFGH-IJKL-MNOP-QRST-UVWX"
    with fdescrow.Secret(text) as secret:
        receipt = escrow.receive_plaintext("C02XYZ", kind="filevault", key=secret, by="ana")
    assert receipt.level == Level.WELL_FORMED
    assert escrow.reveal("C02XYZ", organization.keyring, by="ana", reason="lost passphrase").expose() == text
    for nothing in (text.encode(), text, b""):
        with pytest.raises(fdescrow.UploadNotSealedError) as refused:
            escrow.receive("C02XYZ", kind="filevault", envelope=nothing, by="ana")
        assert text not in str(refused.value)


def test_a_second_person_agrees(organization: Organization) -> None:
    escrow = organization.escrow
    escrow.set_policies(POLICY + "\n[recovery]\napprovals = 1\n")
    key, der = organization.mac()
    escrow.receive("C02XYZ", kind="filevault", envelope=der, by="orbit")
    ana, ben = (fdescrow.Person("https://id.example.com", subject) for subject in "12")
    with pytest.raises(fdescrow.RecoveryRejectedError):
        escrow.reveal("C02XYZ", organization.keyring, by="ana", reason="lost", person=ana)
    asked = escrow.request_recovery("C02XYZ", by="ana", reason="lost", person=ana)
    assert (asked.lacking, asked.now) == (1, RecoveryState.REQUESTED)
    with pytest.raises(PermissionError):
        escrow.approve_recovery(asked.recovery, person=ana, by="ana")
    approved = escrow.approve_recovery(asked.recovery, person=ben, by="ben", note="called her")
    assert approved.lacking == 0
    assert [approval.note for approval in approved.approvals] == ["called her"]
    revealed = escrow.reveal(
        "C02XYZ", organization.keyring, by="ana", reason="lost", person=ana, recovery=asked.recovery
    )
    assert revealed.expose() == key.expose()

    wish = {"issuer": "https://id.example.com", "subject": "1"}
    denied = escrow.request_recovery("C02XYZ", by="ana", reason="once more", person=wish)
    denied = escrow.deny_recovery(denied.recovery, by="ben", reason="she has it")
    assert denied.now == RecoveryState.DENIED
    assert denied.end is not None
    revoked = escrow.request_recovery("C02XYZ", by="ana", reason="once more", person=ana)
    escrow.approve_recovery(revoked.recovery, person=ben, by="ben")
    assert escrow.revoke_approval(revoked.recovery, person=ben, by="ben").lacking == 1
    assert escrow.recovery(revoked.recovery).recovery == revoked.recovery
    with pytest.raises(fdescrow.RecoveryUnknownError):
        escrow.recovery("0" * 32)
    assert [one.recovery for one in escrow.recoveries(state="denied")] == [denied.recovery]


def test_lists_are_read_a_page_at_a_time(organization: Organization) -> None:
    escrow = organization.escrow
    names = {f"device-{number}" for number in range(230)}
    for name in names:
        escrow.agent_reported(name, by="agent")
    assert {device.device for device in escrow.list()} == names
    page = escrow.list().page(limit=10)
    assert len(page.items) == 10
    assert page.next is not None
    assert escrow.list().page(page.next, limit=10).items[0].device not in {one.device for one in page.items}
    for _ in escrow.list():
        break
    with pytest.raises(fdescrow.MisuseError):
        escrow.list(status="failed", group="macs")
    with pytest.raises(fdescrow.MisuseError):
        escrow.list().page("nonsense")


def test_keys_that_are_set_apart_and_keys_that_go(organization: Organization) -> None:
    escrow, keyring, clock = organization.escrow, organization.keyring, organization.clock
    _, der = organization.mac()
    escrow.receive("A", kind="filevault", envelope=der, by="orbit")
    receipt = escrow.receive("B", kind="filevault", envelope=der, by="orbit")
    assert receipt.status == ReceiptStatus.QUARANTINED
    assert [(key.id, key.seen_on) for key in escrow.quarantine()] == [(receipt.key, "A")]
    with pytest.raises(fdescrow.RecoveryRefusedError):
        escrow.reveal("B", keyring, by="ana", reason="lost", key=receipt.key)
    escrow.reject_quarantined(receipt.key, by="ana", reason="it is A's")
    _, der = organization.mac()
    escrow.receive("A", kind="filevault", envelope=der, by="orbit")
    other = escrow.receive("C", kind="filevault", envelope=der, by="orbit")
    escrow.accept_quarantined(other.key, by="ana", reason="the disk was moved")
    with pytest.raises(fdescrow.EventRejectedError):
        escrow.accept_quarantined(other.key, by="ana", reason="again")

    escrow.check(keyring)
    clock.wait(days=3 * 365)
    escrow.check(keyring)
    planned = list(escrow.plan_removals(by="ana"))
    assert all(removal.due > clock.now for removal in planned)
    assert {removal.key for removal in escrow.removals()} == {removal.key for removal in planned}
    clock.wait(days=365)
    assert len(list(escrow.remove_due(by="ana"))) == len(planned)
    escrow.forget_device("C", by="ana", reason="sold")
    escrow.new_installation("A", by="ana", reason="wiped")
    escrow.move_to_group("A", "macs", by="ana", reason="it is one")
    with pytest.raises(fdescrow.RemovalUnknownError):
        escrow.cancel_removal(other.key, by="ana", reason="kept")


def test_keys_that_do_not_work(
    organization: Organization, stranger: tuple[fdescrow.Certificate, fdescrow.Keyring]
) -> None:
    escrow = organization.escrow
    _, der = mac_of(stranger[0])
    escrow.receive("C02XYZ", kind="filevault", envelope=der, by="orbit")
    assert escrow.check(organization.keyring).not_opened == {fdescrow.Reason.NO_IDENTITY: 1}
    [problem] = escrow.undecryptable()
    assert (problem.device, problem.reason) == ("C02XYZ", fdescrow.Reason.NO_IDENTITY)
    assert problem.remedy
    assert problem.inspection is not None
    assert escrow.summary().problems == {"no_identity": 1}
    with pytest.raises(fdescrow.RecoveryNotOpenedError):
        escrow.reveal("C02XYZ", organization.keyring, by="ana", reason="lost")
    with pytest.raises(LookupError) as unknown:
        escrow.reveal("nobody", organization.keyring, by="ana", reason="lost")
    assert isinstance(unknown.value, fdescrow.DeviceUnknownError)
    assert unknown.value.code == 412
