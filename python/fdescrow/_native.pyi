from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from os import PathLike
from typing import Any, NoReturn, Protocol, TypeAlias, final

from typing_extensions import Self, disjoint_base

from . import documents as d, words as w
from .listing import Listing
from .secret import RevealedSheet, Secret

__all__ = [
    "Certificate",
    "Envelope",
    "Escrow",
    "Keyring",
    "OpenedKey",
    "Policy",
    "RecoveryKey",
    "RevealedEnvelope",
    "RevealedKey",
    "Store",
    "__version__",
    "conformance_cases",
    "enumerations",
    "error_table",
    "inspect",
    "judge_rows",
    "lint_profile",
    "open",
    "parse_profile",
    "read_report",
    "run_command_line",
    "run_conformance_case",
    "seal",
]

__version__: str

class _Readable(Protocol):
    def read(self, size: int, /) -> bytes | str: ...

class _CryptographyCertificate(Protocol):
    def public_bytes(self, encoding: Any) -> bytes: ...

class _CryptographyPrivateKey(Protocol):
    def private_bytes(self, encoding: Any, format: Any, encryption_algorithm: Any) -> bytes: ...

_Data: TypeAlias = bytes | bytearray | memoryview | str | Secret | PathLike[str] | _Readable
_Message: TypeAlias = _Data | Envelope
_SecretText: TypeAlias = _Data
_OneCertificate: TypeAlias = Certificate | _CryptographyCertificate | _Data
_Certificates: TypeAlias = _OneCertificate | Iterable[_OneCertificate]
_Owner: TypeAlias = d.Owner | Mapping[str, Any]
_Person: TypeAlias = d.Person | Mapping[str, Any]
_Policy: TypeAlias = Policy | Mapping[str, Any] | _Data
# Escrow has a method of this name.
_List: TypeAlias = list

_Kind: TypeAlias = w.Kind | str
_SheetFormat: TypeAlias = w.SheetFormat | str
_Suite: TypeAlias = w.Suite | str

def conformance_cases() -> list[tuple[str, str]]: ...
def run_command_line(arguments: Sequence[str | bytes | PathLike[str]]) -> int: ...
def run_conformance_case(
    case: str, open: Callable[[bool], Store], wait: Callable[[int], object] | None
) -> str | None: ...
def enumerations() -> dict[str, list[str]]: ...
def error_table() -> list[tuple[int, str, str, str, str]]: ...
def inspect(message: _Message, known: _Certificates = ...) -> d.Inspection: ...
def judge_rows(rows: Sequence[d.Row], keyring: Keyring, suite: _Suite | None) -> list[d.Verdict]: ...
def lint_profile(
    profile: Mapping[str, Any] | _Data, *, known: _Certificates = ..., now: datetime | None = None
) -> list[d.Finding]: ...
def open(
    message: _Message,
    keyring: Keyring,
    *,
    kind: _Kind | None = None,
    suite: _Suite | None = None,
    owner: _Owner | None = None,
    unmatched: bool = False,
) -> OpenedKey: ...
def parse_profile(profile: Mapping[str, Any] | _Data) -> dict[str, Any]: ...
def read_report(
    source: w.Source | str, report: Any, *, volume: str | None = None, now: datetime | None = None
) -> d.Report: ...
def seal(
    key: RecoveryKey,
    to: _Certificates,
    *,
    owner: _Owner | None = None,
    bare: bool = False,
    format: w.Format | str = ...,
) -> Envelope: ...

@disjoint_base
class RecoveryKey:
    @classmethod
    def parse_typed(cls, kind: _Kind, text: _SecretText) -> RecoveryKey: ...
    @classmethod
    def parse_exact(cls, kind: _Kind, text: _SecretText) -> RecoveryKey: ...
    @classmethod
    def generate(cls, kind: _Kind) -> RecoveryKey: ...
    @property
    def kind(self) -> w.Kind: ...
    def expose(self) -> str: ...
    def secret(self) -> Secret: ...
    def sheet(
        self,
        *,
        volume: str | None = None,
        protector: str | None = None,
        format: _SheetFormat = ...,
        now: datetime | None = None,
    ) -> Secret: ...
    def wipe(self) -> None: ...
    def __enter__(self) -> Self: ...
    def __exit__(self, *_exception: object) -> None: ...
    def __reduce__(self) -> NoReturn: ...

@final
class OpenedKey(RecoveryKey):
    @property
    def about(self) -> d.Opened: ...

@final
class RevealedKey(RecoveryKey):
    @property
    def about(self) -> d.Handout: ...

@final
class Certificate:
    @classmethod
    def parse(cls, data: _Data) -> Certificate: ...
    @classmethod
    def parse_all(cls, data: _Data) -> list[Certificate]: ...
    @classmethod
    def generate(
        cls, subject: str, *, not_before: datetime, not_after: datetime, algorithm: str = "rsa-2048"
    ) -> tuple[Certificate, Secret]: ...
    @property
    def fingerprint(self) -> str: ...
    @property
    def subject(self) -> str: ...
    @property
    def der(self) -> bytes: ...
    def to_pem(self) -> str: ...
    def describe(self) -> d.CertificateDescription: ...
    def to_cryptography(self) -> Any: ...
    def __bytes__(self) -> bytes: ...
    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...

@disjoint_base
class Envelope:
    @classmethod
    def parse(cls, data: _Data) -> Envelope: ...
    @property
    def der(self) -> bytes: ...
    @property
    def digest(self) -> str: ...
    def inspect(self, known: _Certificates = ...) -> d.Inspection: ...
    def open(
        self,
        keyring: Keyring,
        *,
        kind: _Kind | None = None,
        suite: _Suite | None = None,
        owner: _Owner | None = None,
        unmatched: bool = False,
    ) -> OpenedKey: ...
    def rewrap(
        self,
        keyring: Keyring,
        to: _Certificates,
        *,
        kind: _Kind | None = None,
        suite: _Suite | None = None,
        owner: _Owner | None = None,
        unmatched: bool = False,
    ) -> Envelope: ...
    def __bytes__(self) -> bytes: ...
    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...

@final
class RevealedEnvelope(Envelope):
    @property
    def about(self) -> d.Handout: ...

@final
class Keyring:
    def __new__(cls) -> Keyring: ...
    @classmethod
    def parse(
        cls,
        file: _Data | _CryptographyPrivateKey,
        *,
        password: _SecretText | None = None,
        certificates: _Certificates = ...,
    ) -> Keyring: ...
    @classmethod
    def custom(
        cls,
        certificates: _Certificates,
        *,
        raw_private: Callable[[bytes], bytes | None] | None = None,
        decrypt: Callable[[str, bytes, int], bytes | None] | None = None,
        unpads: Sequence[w.Padding | str] = ...,
        agree: Callable[[bytes], bytes | None] | None = None,
    ) -> Keyring: ...
    def certificates(self) -> list[Certificate]: ...
    def __add__(self, other: Keyring, /) -> Keyring: ...
    def __radd__(self, other: Keyring, /) -> Keyring: ...
    def __len__(self) -> int: ...

@final
class Policy:
    @classmethod
    def parse(cls, policy: Mapping[str, Any] | _Data) -> Policy: ...
    @staticmethod
    def schema() -> dict[str, Any]: ...
    @property
    def groups(self) -> list[str]: ...
    def check(self) -> list[d.GroupAdvice]: ...
    def explain(self, group: str | None = None) -> list[d.Explained]: ...
    def filevault_profile(
        self, group: str | None = None, *, certificate: _OneCertificate | None = None, now: datetime | None = None
    ) -> bytes: ...
    def bitlocker_profile(self, group: str | None = None) -> bytes: ...
    def luks_plan(self, group: str | None = None, *, certificates: _Certificates) -> dict[str, Any]: ...
    def assess(
        self, state: Mapping[str, Any] | str | bytes, group: str | None = None, *, now: datetime | None = None
    ) -> d.Assessment: ...

@final
class Store:
    @classmethod
    def open(cls, url: str) -> Store: ...
    @classmethod
    def custom(cls, store: Any) -> Store: ...
    @staticmethod
    def schema() -> dict[str, Any]: ...
    @staticmethod
    def migrate(url: str, *, apply: bool = False) -> list[str]: ...

@final
class Escrow:
    def __new__(
        cls,
        store: Store,
        organization: str,
        *,
        policies: _Policy | None = None,
        certificates: _Certificates = ...,
        mac_key: _Data | None = None,
        keys_per_day: int | None = None,
        entries_per_day: int | None = None,
        clock: Callable[[], datetime] | None = None,
    ) -> Escrow: ...
    @property
    def organization(self) -> str: ...
    @property
    def certificates(self) -> list[Certificate]: ...
    def set_policies(self, policies: _Policy | None) -> None: ...

    # arrival
    def receive(
        self,
        device: str,
        *,
        kind: _Kind,
        envelope: _Message,
        by: str,
        volume: str | None = None,
        protector: str | None = None,
        request: str | None = None,
        now: datetime | None = None,
    ) -> d.Receipt: ...
    def receive_plaintext(
        self,
        device: str,
        *,
        kind: _Kind,
        key: _SecretText,
        by: str,
        volume: str | None = None,
        protector: str | None = None,
        request: str | None = None,
        now: datetime | None = None,
    ) -> d.Receipt: ...
    def receipt(self, key: str) -> d.Receipt: ...

    # checks
    def check(
        self,
        keyring: Keyring,
        *,
        devices: int = 64,
        keys_per_device: int = 16,
        workers: int = 1,
        retry_failed: bool = True,
        by: str | None = None,
        reseal_to: _OneCertificate | None = None,
        progress: Callable[[d.CheckReport], object] | None = None,
        now: datetime | None = None,
    ) -> d.CheckReport: ...
    def check_total(self, *, now: datetime | None = None) -> d.CheckTotal: ...
    def rewrap(
        self,
        keyring: Keyring,
        to: _OneCertificate,
        *,
        by: str | None = None,
        limit: int = 100,
        after: str | None = None,
        progress: Callable[[d.RewrapReport], object] | None = None,
        now: datetime | None = None,
    ) -> d.RewrapReport: ...
    def rewrap_total(self, to: _OneCertificate) -> int: ...

    # release
    def reveal(
        self,
        device: str,
        keyring: Keyring,
        *,
        by: str,
        reason: str,
        kind: _Kind | None = None,
        volume: str | None = None,
        protector: str | None = None,
        key: str | None = None,
        person: _Person | None = None,
        ticket: str | None = None,
        break_glass: bool = False,
        recovery: str | None = None,
        command: str | None = None,
        now: datetime | None = None,
    ) -> RevealedKey: ...
    def reveal_sheet(
        self,
        device: str,
        keyring: Keyring,
        *,
        by: str,
        reason: str,
        format: _SheetFormat = ...,
        kind: _Kind | None = None,
        volume: str | None = None,
        protector: str | None = None,
        key: str | None = None,
        person: _Person | None = None,
        ticket: str | None = None,
        break_glass: bool = False,
        recovery: str | None = None,
        command: str | None = None,
        now: datetime | None = None,
    ) -> RevealedSheet: ...
    def reveal_to(
        self,
        device: str,
        keyring: Keyring,
        to: _OneCertificate,
        *,
        by: str,
        reason: str,
        kind: _Kind | None = None,
        volume: str | None = None,
        protector: str | None = None,
        key: str | None = None,
        person: _Person | None = None,
        ticket: str | None = None,
        break_glass: bool = False,
        recovery: str | None = None,
        now: datetime | None = None,
    ) -> RevealedEnvelope: ...
    def request_recovery(
        self,
        device: str,
        *,
        by: str,
        reason: str,
        kind: _Kind | None = None,
        volume: str | None = None,
        protector: str | None = None,
        key: str | None = None,
        person: _Person | None = None,
        ticket: str | None = None,
        break_glass: bool = False,
        command: str | None = None,
        now: datetime | None = None,
    ) -> d.RecoveryReport: ...
    def approve_recovery(
        self, recovery: str, *, person: _Person, by: str, note: str | None = None, now: datetime | None = None
    ) -> d.RecoveryReport: ...
    def revoke_approval(
        self, recovery: str, *, person: _Person, by: str, now: datetime | None = None
    ) -> d.RecoveryReport: ...
    def deny_recovery(
        self, recovery: str, *, by: str, reason: str, now: datetime | None = None
    ) -> d.RecoveryReport: ...
    def report_recovery(
        self, recovery: str, *, outcome: w.Outcome | str, by: str, now: datetime | None = None
    ) -> d.RecoveryReport: ...
    def recovery(self, recovery: str, *, now: datetime | None = None) -> d.RecoveryReport: ...
    def recoveries(
        self, *, state: w.RecoveryState | str | None = None, now: datetime | None = None
    ) -> Listing[d.RecoveryReport]: ...

    # devices
    def profile(self, device: str, *, now: datetime | None = None) -> bytes: ...
    def observe(
        self,
        device: str,
        source: w.Source | str,
        report: Any,
        *,
        by: str,
        volume: str | None = None,
        now: datetime | None = None,
    ) -> d.Observed: ...
    def assess(self, device: str, *, now: datetime | None = None) -> d.Assessment: ...
    def device(self, device: str, *, now: datetime | None = None) -> d.DeviceReport: ...
    def history(self, device: str) -> _List[d.KeySummary]: ...
    def walk(self, device: str, *, now: datetime | None = None) -> d.Walk | None: ...
    def find(self, text: str) -> _List[d.Found]: ...
    def name_device(
        self,
        device: str,
        names: Sequence[d.Alias | Mapping[str, str]],
        *,
        by: str,
        now: datetime | None = None,
    ) -> None: ...
    def move_to_group(
        self, device: str, group: str | None, *, by: str, reason: str, now: datetime | None = None
    ) -> None: ...
    def forget_device(self, device: str, *, by: str, reason: str, now: datetime | None = None) -> None: ...
    def new_installation(self, device: str, *, by: str, reason: str, now: datetime | None = None) -> None: ...
    def configuration_reported(
        self,
        device: str,
        *,
        operation: w.Operation | str,
        delivery: w.Delivery | str,
        by: str,
        now: datetime | None = None,
    ) -> bool: ...
    def agent_reported(
        self, device: str, *, by: str, failure: str | None = None, now: datetime | None = None
    ) -> bool: ...

    # rotation
    def request_rotation(
        self,
        device: str,
        *,
        by: str,
        reason: str,
        place: d.Place | Mapping[str, Any] | None = None,
        now: datetime | None = None,
    ) -> _List[str]: ...
    def rotation_reported(
        self,
        device: str,
        rotation: str,
        *,
        event: w.RotationEvent | str,
        by: str,
        attempt: int = 0,
        why: str | None = None,
        now: datetime | None = None,
    ) -> d.RotationReport: ...
    def rotations(self, device: str, *, now: datetime | None = None) -> _List[d.RotationReport]: ...
    def all_rotations(self, *, now: datetime | None = None) -> Listing[d.RotationReport]: ...

    # how things stand
    def summary(self, *, now: datetime | None = None) -> d.Summary: ...
    def list(
        self,
        *,
        status: w.Status | str | None = None,
        reason: w.Reason | str | None = None,
        group: str | None = None,
        now: datetime | None = None,
    ) -> Listing[d.DeviceReport]: ...
    def count(
        self, *, status: w.Status | str | None = None, reason: w.Reason | str | None = None, group: str | None = None
    ) -> int: ...
    def undecryptable(self) -> Listing[d.Undecryptable]: ...
    def assess_due(self, *, by: str, now: datetime | None = None) -> d.AssessReport: ...
    def assess_changed(self, *, by: str, now: datetime | None = None) -> d.AssessReport: ...

    # quarantine and retention
    def quarantine(self) -> Listing[d.KeySummary]: ...
    def accept_quarantined(self, key: str, *, by: str, reason: str, now: datetime | None = None) -> None: ...
    def reject_quarantined(self, key: str, *, by: str, reason: str, now: datetime | None = None) -> None: ...
    def removals(self) -> Listing[d.PlannedRemoval]: ...
    def plan_removals(self, *, by: str, now: datetime | None = None) -> Listing[d.PlannedRemoval]: ...
    def cancel_removal(self, key: str, *, by: str, reason: str, now: datetime | None = None) -> None: ...
    def remove_due(self, *, by: str, now: datetime | None = None) -> Listing[d.RemovalReport]: ...

    # certificates
    def registered_certificates(self) -> _List[d.RegisteredCertificate]: ...
    def live_references(self, certificate: Certificate | str) -> int: ...
    def retire_certificate(
        self, certificate: Certificate | str, *, by: str, reason: str, now: datetime | None = None
    ) -> None: ...
    def compromise_certificate(
        self, certificate: Certificate | str, *, by: str, reason: str, now: datetime | None = None
    ) -> None: ...
    def expose_keys(self, certificate: Certificate | str, *, by: str, now: datetime | None = None) -> Listing[str]: ...

    # the audit
    def events(self, after: str | None = None, *, limit: int = 1000) -> d.Events: ...
    def audit_of(self, device: str, *, after: int = 0, limit: int = 1000) -> _List[d.Entry]: ...
    def verify_audit(self, *, mac_key: _Data | None = None, checkpoint: _Data | None = None) -> d.AuditReport: ...
    def checkpoint(self, *, previous: _Data | None = None, now: datetime | None = None) -> d.Checkpoint: ...
