"""Policies, profiles, reports of devices, with `plistlib` as the other side."""

from __future__ import annotations

import plistlib
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

import fdescrow
from fdescrow import Certificate, Keyring, Policy

from .conftest import NOON, POLICY, Organization
from .test_flow import OSQUERY

ROOT = Path(__file__).parent.parent.parent

Identity = tuple[Certificate, Keyring]

AS_DICT: dict[str, Any] = {
    "organization": {"id": "example.com", "name": "Example Ltd", "identifier": "com.example"},
    "filevault": {
        "enforcement": {
            "setup_assistant": True,
            "max_bypass_attempts": 0,
            "ask_at_logout": False,
            "show_recovery_key": False,
        },
        "escrow": {"location": "Example Ltd keeps a recovery key for this Mac."},
        "profile": {"display_name": "Disk encryption", "description": "Encrypts this Mac."},
    },
    "escrow": {"required": True},
}


def test_a_policy_is_read_from_whatever_python_people_hold(tmp_path: Path) -> None:
    path = tmp_path / "policy.toml"
    path.write_text(POLICY)
    with path.open("rb") as file:
        policies = [Policy.parse(given) for given in (POLICY, POLICY.encode(), path, file, AS_DICT)]
    explained = [policy.explain() for policy in policies]
    assert all(one == explained[0] for one in explained)
    values = {one.path: one.value for one in explained[0]}
    assert values["filevault.enforcement.max_bypass_attempts"] == 0
    assert policies[0].groups == []
    assert policies[0].check()[0].group is None
    assert Policy.schema()["type"] == "object"


def test_a_policy_that_is_not_allowed_is_told() -> None:
    wrong: Any
    for wrong in ("[organization", "{", {"organisation": {}}, {"organization": {"id": 7}}):
        with pytest.raises(fdescrow.PolicyError):
            Policy.parse(wrong)
    for strange in (None, 7, object()):
        with pytest.raises(TypeError):
            Policy.parse(strange)  # type: ignore[arg-type]
    deep: dict[str, Any] = {}
    for _ in range(100):
        deep = {"a": deep}
    with pytest.raises(fdescrow.MisuseError):
        Policy.parse(deep)


def test_a_profile_is_one_that_plistlib_reads(identity: Identity, stranger: Identity) -> None:
    policy = Policy.parse(POLICY)
    profile = policy.filevault_profile(certificate=identity[0], now=NOON)
    assert profile == policy.filevault_profile(certificate=identity[0], now=NOON)
    read = plistlib.loads(profile)
    payloads = {payload["PayloadType"]: payload for payload in read["PayloadContent"]}
    assert payloads["com.apple.MCX.FileVault2"]["Enable"] == "On"
    assert payloads["com.apple.security.pkcs1"]["PayloadContent"] == identity[0].der
    assert fdescrow.parse_profile(profile) == fdescrow.parse_profile(read)
    assert fdescrow.lint_profile(read, known=identity[0], now=NOON) == []
    findings = fdescrow.lint_profile(profile, known=[stranger[0]], now=NOON)
    assert [finding.severity for finding in findings] == ["warning"]
    assert findings[0].message
    with pytest.raises(fdescrow.MisuseError):
        policy.filevault_profile(now=NOON)
    with pytest.raises(fdescrow.ProfileSyntaxError):
        fdescrow.parse_profile(b"nonsense")


def test_windows_and_linux_get_theirs(identity: Identity) -> None:
    policy = Policy.parse(ROOT / "examples/policy-fleet.toml")
    commands = ElementTree.fromstring(policy.bitlocker_profile())
    assert commands.tag == "Atomic"
    plan = policy.luks_plan(certificates=identity[0])
    assert plan["seal_to"]
    assert policy.luks_plan("servers", certificates=identity[0]) != plan
    assert set(policy.groups) == {"finance", "kiosks", "servers"}
    assert policy.check()
    with pytest.raises(fdescrow.MisuseError):
        policy.luks_plan(certificates=[])
    with pytest.raises(fdescrow.MisuseError):
        Policy.parse(POLICY).bitlocker_profile()


def test_the_state_of_a_device_is_judged_without_a_store() -> None:
    policy = Policy.parse(POLICY)
    state = {
        "version": 1,
        "created": NOON,
        "installation": 1,
        "installed": NOON,
        "quarantined": 0,
        "received": 0,
    }
    assessment = policy.assess(state, now=NOON)
    assert assessment.status is fdescrow.Status.ENFORCING
    assert fdescrow.Reason.NO_KEY in assessment.reasons
    with pytest.raises(fdescrow.RequestSyntaxError):
        policy.assess("nonsense", now=NOON)


def test_an_escrow_gives_profiles_by_its_policy(organization: Organization) -> None:
    organization.escrow.set_policies(AS_DICT)
    assert plistlib.loads(organization.escrow.profile("C02XYZ"))["PayloadType"] == "Configuration"
    with pytest.raises(fdescrow.PolicyError):
        organization.escrow.set_policies({"nonsense": True})
    organization.escrow.set_policies(None)
    with pytest.raises(fdescrow.MisuseError):
        organization.escrow.profile("C02XYZ")


def test_reports_are_read_as_programs_write_them_and_as_python_reads_them(
    organization: Organization, tmp_path: Path
) -> None:
    report = fdescrow.read_report("osquery", OSQUERY, now=NOON)
    assert report.observation.at == NOON
    assert report.observation.platform == "macos"
    path = tmp_path / "report.json"
    path.write_text(str(OSQUERY).replace("'", '"'))
    assert fdescrow.read_report(fdescrow.Source.OSQUERY, path, now=NOON) == report
    key, der = organization.mac()
    security = {
        "Status": "Acknowledged",
        "SecurityInfo": {
            "FDE_Enabled": True,
            "FDE_HasPersonalRecoveryKey": True,
            "FDE_HasInstitutionalRecoveryKey": False,
            "FDE_PersonalRecoveryKeyCMS": der,
        },
    }
    read = fdescrow.read_report("securityinfo", security, now=NOON)
    assert read == fdescrow.read_report("securityinfo", plistlib.dumps(security), now=NOON)
    assert read == fdescrow.read_report("securityinfo", plistlib.dumps(security, fmt=plistlib.FMT_BINARY), now=NOON)
    assert [sealed.digest for sealed in read.envelopes] == [fdescrow.Envelope.parse(der).digest]
    observed = organization.escrow.observe("C02XYZ", "securityinfo", security, by="mdm")
    receipt = observed.receipts[0].raise_for_error()
    organization.escrow.check(organization.keyring)
    revealed = organization.escrow.reveal("C02XYZ", organization.keyring, by="ana", reason="lost", key=receipt.key)
    assert revealed.expose() == key.expose()


@pytest.mark.parametrize("report", [b"", b"nonsense", b"[" * 100_000, b"\xff" * 1000, "{}"])
def test_a_report_that_cannot_be_read_is_told(report: bytes) -> None:
    for source in fdescrow.Source:
        try:
            fdescrow.read_report(source, report, now=NOON)
        except fdescrow.ObservationError:
            pass
    with pytest.raises(fdescrow.MisuseError):
        fdescrow.read_report("rumour", report)


def test_a_report_of_another_type_is_a_type_error() -> None:
    for strange in (None, 7, object(), {1, 2}):
        with pytest.raises(TypeError):
            fdescrow.read_report("osquery", strange)
    with pytest.raises(TypeError):
        fdescrow.read_report("osquery", [{"when": object()}])
    with pytest.raises(TypeError):
        fdescrow.read_report("osquery", [{1: "a"}])


REPORTS: dict[str, Any] = {
    "rotate-reply": {
        "Status": "Error",
        "ErrorChain": [{"ErrorCode": 69, "ErrorDomain": "MCMDMErrorDomain"}],
    },
    "ddm": {"StatusItems": {"diskmanagement": {"filevault": {"enabled": True}}}, "Errors": []},
    "wmi": [
        {
            "DeviceID": "\\\\?\\Volume{4c1b02c1-d990-11dc-99ae-806e6f6e6963}\\",
            "DriveLetter": "C:",
            "VolumeType": 0,
            "ConversionStatus": 1,
            "EncryptionMethod": 7,
            "ProtectionStatus": 1,
            "LockStatus": 0,
            "KeyProtectors": [
                {"VolumeKeyProtectorID": "{33030F6D-3EE2-4E0F-8A6A-58F1B2E0C7A1}", "KeyProtectorType": 1},
                {"VolumeKeyProtectorID": "{a4b0c1d2-0f3c-4d55-9a55-6f1f6f0b9e01}", "KeyProtectorType": 3},
            ],
        }
    ],
    "csp": {
        "DeviceEncryptionStatus": 65540,
        "RequireDeviceEncryption": 1,
        "RotateRecoveryPasswordsStatus": -2147024809,
        "RotateRecoveryPasswordsRequestID": "r1",
        "RemovableDrivesEncryptionStatus": 0,
    },
    "luksdump": ROOT / "core/src/verification/observation/tests/luks2.json",
    "snapshot": {
        "at": NOON,
        "platform": "macos",
        "volumes": [],
        "filevault": {"enabled": "yes", "personal_recovery_key": "no", "bypasses_left": -1},
    },
}


@pytest.mark.parametrize("source", REPORTS)
def test_every_kind_of_report_is_read_into_its_class(source: str) -> None:
    volume = "0f0e0d0c-0b0a-4908-8706-050403020100"
    report = fdescrow.read_report(source, REPORTS[source], volume=volume, now=NOON)
    assert report.observation.at == NOON
    if source == "rotate-reply":
        assert report.reply is not None
        assert report.reply.error is not None
        assert report.reply.error.code == 69
    elif source == "wmi":
        snapshot = report.observation.volumes[0].protectors
        assert snapshot is not None
        assert [protector.kind for protector in snapshot.protectors] == ["tpm", "numerical_password"]
    elif source == "csp":
        assert report.csp is not None
        assert report.csp.rotation == {"failed": 2147942487}
    elif source == "luksdump":
        assert report.observation.volumes[0].protectors is not None
    elif source == "snapshot":
        assert report.observation.filevault is not None
        assert report.observation.filevault.bypasses_left == -1
    assert report.to_dict()["observation"]["at"] == NOON
