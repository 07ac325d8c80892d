"""What is told: reports, verdicts, inspections.

Each is a frozen object with the members that its class names; `to_dict()` makes plain Python of it, row by row what
pandas takes. Members that nobody knows are None.
"""

from __future__ import annotations

from . import words
from .words import (
    CertificateState,
    Kind,
    Level,
    Outcome,
    Phase,
    Reason,
    ReceiptStatus,
    RecoveryState,
    Source,
    Status,
    Suite,
    Trust,
)

TYPE_CHECKING = False  # typing's, without typing, which takes longer to import than all of this
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime
    from typing import Any


__all__ = [
    "Advice",
    "Alias",
    "AssessReport",
    "Assessment",
    "AuditFinding",
    "AuditReport",
    "Candidate",
    "CertificateDescription",
    "CheckReport",
    "CheckTotal",
    "Checkpoint",
    "CommandError",
    "CommandReply",
    "CspReading",
    "DeviceReport",
    "Document",
    "Entry",
    "EntryReferences",
    "EnvelopeOrigin",
    "EnvelopeSummary",
    "Events",
    "Explained",
    "FileVaultReading",
    "Finding",
    "Found",
    "GroupAdvice",
    "Handout",
    "Ignored",
    "Inspection",
    "KeySummary",
    "NextStep",
    "Observation",
    "Observed",
    "Opened",
    "Origin",
    "Owner",
    "Person",
    "Place",
    "PlannedRemoval",
    "ProtectorReading",
    "ProtectorSnapshot",
    "Receipt",
    "RecipientInspection",
    "RecoveryApproval",
    "RecoveryEnd",
    "RecoveryOutcome",
    "RecoveryRelease",
    "RecoveryReport",
    "RecoveryRequest",
    "RegisteredCertificate",
    "RemovalReport",
    "Report",
    "ReportedKey",
    "RewrapFailure",
    "RewrapReport",
    "RotationReport",
    "Row",
    "Summary",
    "Taken",
    "Undecryptable",
    "Verdict",
    "VolumeReading",
    "Walk",
]


class _Frozen(type):
    """Makes the annotations of a class its only attributes."""

    def __new__(cls, name: str, bases: tuple[type, ...], namespace: dict[str, Any]) -> _Frozen:
        names = tuple(namespace.get("__annotations__", ()))
        namespace["__slots__"] = names
        inherited = tuple(name for base in bases for name in getattr(base, "_members", ()))
        namespace["_members"] = inherited + names
        return super().__new__(cls, name, bases, namespace)


class Document(metaclass=_Frozen):
    """What all of them can do."""

    def __init__(self, **members: Any) -> None:
        for name in self._names():
            object.__setattr__(self, name, members.pop(name, None))
        if members:
            raise TypeError(f"{type(self).__name__} has no member {', '.join(sorted(members))}")

    @classmethod
    def _names(cls) -> tuple[str, ...]:
        names: tuple[str, ...] = cls._members  # type: ignore[attr-defined]
        return names

    def to_dict(self) -> dict[str, Any]:
        """The members as plain Python: words as text, times as aware datetimes, documents in it as dicts."""
        return {name: _plain(getattr(self, name)) for name in self._names()}

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"{type(self).__name__} is frozen")

    def __delattr__(self, name: str) -> None:
        raise AttributeError(f"{type(self).__name__} is frozen")

    def __eq__(self, other: object) -> bool:
        if type(other) is not type(self):
            return NotImplemented
        return all(getattr(self, name) == getattr(other, name) for name in self._names())

    def __hash__(self) -> int:
        return hash((type(self).__name__, repr(self)))

    def __repr__(self) -> str:
        known = ((name, getattr(self, name)) for name in self._names())
        return f"{type(self).__name__}({', '.join(f'{name}={value!r}' for name, value in known if value is not None)})"

    def __reduce__(self) -> tuple[Any, ...]:
        return _again, (type(self), {name: getattr(self, name) for name in self._names()})


def _again(kind: type[Document], members: dict[str, Any]) -> Document:
    return kind(**members)


def _plain(value: Any) -> Any:
    if isinstance(value, Document):
        return value.to_dict()
    if isinstance(value, words.Word):
        return value.value
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if isinstance(value, dict):
        return {_plain(name): _plain(member) for name, member in value.items()}
    return value


# Keys and messages


class Place(Document):
    """Where a key belongs."""

    kind: Kind
    volume: str | None
    """The volume; None: the boot volume."""
    protector: str | None
    """What protects the volume's key; None: the only one that there is."""


class Person(Document):
    """Who somebody is, by what never changes."""

    issuer: str
    subject: str

    def __init__(self, issuer: str, subject: str) -> None:
        super().__init__(issuer=issuer, subject=subject)


class Origin(Document):
    """The message that a re-wrapped key came in."""

    digest: str
    suite: Suite


class Owner(Document):
    """Whose key it is, as far as it is said."""

    organization: str | None
    device: str | None
    volume: str | None
    protector: str | None
    key_id: str | None
    time: datetime | None
    origin: Origin | None

    def __init__(
        self,
        organization: str | None = None,
        device: str | None = None,
        *,
        volume: str | None = None,
        protector: str | None = None,
        key_id: str | None = None,
        time: datetime | None = None,
        origin: Origin | None = None,
    ) -> None:
        super().__init__(
            organization=organization,
            device=device,
            volume=volume,
            protector=protector,
            key_id=key_id,
            time=time,
            origin=origin,
        )


class CertificateDescription(Document):
    """What a certificate says."""

    fingerprint: str
    subject: str
    issuer: str
    not_before: datetime
    not_after: datetime
    key: str
    """Its key, in words."""


class Opened(Document):
    """What is known about a key out of a message."""

    kind: Kind
    owner: Owner
    bare: bool
    """Whether the message holds the text of the key alone."""
    authenticated: bool
    """Whether a tag says that nobody changed it."""
    bound: bool
    """Whether it names the owner that was expected, and was authenticated."""
    certificates: tuple[str, ...]
    """The fingerprints of the identity that opened it."""


class RecipientInspection(Document):
    """Whom a message names."""

    key_algorithm: str
    issuer: str | None
    serial_number: str | None
    subject_key_identifier: str | None
    certificates: tuple[str, ...]
    """Those of the known ones that it may be."""


class Inspection(Document):
    """What can be seen of a message from outside."""

    content_type: str
    content_algorithm: str
    authenticated: bool
    """Whether a tag says that nobody changed it."""
    recipients: tuple[RecipientInspection, ...]
    other_recipients: int
    """Those that are no certificate's."""
    suites: tuple[Suite, ...]
    """Which of them opens it."""
    digest: str
    size: int
    notes: tuple[str, ...]


class Row(Document):
    """A row of a table that is not the library's."""

    envelope: Any
    """The message, in any spelling, as it is stored."""
    kind: Kind | str
    owner: Owner | None
    """Where the message was sealed by this library."""

    def __init__(self, envelope: Any, kind: Kind | str, owner: Owner | None = None) -> None:
        super().__init__(envelope=envelope, kind=kind, owner=owner)

    def __repr__(self) -> str:
        # Nobody has looked yet whether it is a message: in such tables keys in clear were seen, too.
        return f"<Row {self.kind}>"


class Verdict(Document):
    """What became of a row."""

    verdict: str
    """`opens`, `does_not_open`, or `unavailable`: a private key could not be reached, and nothing is known."""
    identity: int | None
    """Of one that opens: which of the keyring, from 0."""
    authenticated: bool | None
    bound: bool | None
    code: str | None
    """Of one that does not open: the name of an error."""
    reason: str | None
    inspection: Inspection | None

    @property
    def opens(self) -> bool:
        """Whether it opens."""
        return self.verdict == "opens"


# Policies, profiles, observations


class Advice(Document):
    """Something that a policy does less well than it seems to."""

    severity: str
    code: str
    field: str | None
    message: str
    source: str | None
    """The page that says so."""


class GroupAdvice(Document):
    """What is to be said about the policy of a group."""

    group: str | None
    """None: the organization's own."""
    digest: str
    advice: tuple[Advice, ...]


class Explained(Document):
    """A value of a policy and who decided it."""

    path: str
    value: Any
    """None: nothing is asked or said."""
    origin: str


class Finding(Document):
    """Something that is wrong with a configuration profile."""

    severity: str
    code: str
    profile: int
    profile_identifier: str | None
    payload: str | None
    """The identifier of the payload, if it is about one."""
    message: str
    source: str | None
    """The page that says so."""


class ProtectorReading(Document):
    """A protector."""

    id: str
    kind: str
    enabled: str | None
    salt: str | None
    tokens: tuple[str, ...]


class ProtectorSnapshot(Document):
    """Which protectors a volume has."""

    complete: bool
    """Whether these are all: only then something can be missing."""
    protectors: tuple[ProtectorReading, ...]


class VolumeReading(Document):
    """How a volume is."""

    volume: str | None
    encrypted: str
    protected: str
    """BitLocker can be suspended, with the key in clear on the disk."""
    conversion: str | None
    method: str | None
    protectors: ProtectorSnapshot | None


class FileVaultReading(Document):
    """How FileVault is."""

    enabled: str
    personal_recovery_key: str
    institutional_recovery_key: str | None
    bypasses_left: int | None
    """-1: as often as the user likes."""
    device_key: str | None


class Observation(Document):
    """How the disks of a device were, at a time."""

    at: datetime
    platform: str | None
    volumes: tuple[VolumeReading, ...]
    filevault: FileVaultReading | None


class ReportedKey(Place):
    """A sealed key in a report."""

    digest: str
    bytes: int
    lossy: bool
    """Whether the report may have lost some of it."""


class CommandError(Document):
    """The first error of an ErrorChain."""

    domain: str | None
    code: int


class CommandReply(Document):
    """What a device answers to a command."""

    status: str
    command: str | None
    error: CommandError | None


class CspReading(Document):
    """What the BitLocker CSP says of the device as a whole."""

    problems: tuple[str, ...] | None
    """None: nothing was said; empty: there are none."""
    rotation: Any
    rotation_request: str | None
    removable_drives: bool | None
    required: bool | None


class Ignored(Document):
    """Something in a report that was not understood."""

    row: int | None
    """Counted from 1; None: in the report as a whole."""
    what: str
    why: str


class Report(Document):
    """What was understood of a report."""

    source: Source
    observation: Observation
    envelopes: tuple[ReportedKey, ...]
    reply: CommandReply | None
    csp: CspReading | None
    ignored: tuple[Ignored, ...]


# Keys that are remembered


class Receipt(Place):
    """What became of a key that arrived."""

    device: str
    key: str
    """The id of the key."""
    envelope: str
    """SHA-256 of the envelope as DER."""
    status: ReceiptStatus
    level: Level
    sightings: int
    """How often it was received, this time included."""
    request: str | None


class EnvelopeOrigin(Document):
    """Where an envelope comes from."""

    how: str
    from_: str | None
    """The envelope that it was made of."""


class EnvelopeSummary(Document):
    """An envelope of a key."""

    digest: str
    added: datetime
    origin: EnvelopeOrigin
    recipients: tuple[str, ...]
    """The known certificates that it is sealed to."""
    opened: datetime | None
    retired: datetime | None


class KeySummary(Place):
    """A key of a device."""

    id: str
    device: str
    number: int
    """Its place among the keys of the device, from 1."""
    installation: int
    received: datetime
    by: str | None
    sightings: int
    last_sighting: datetime | None
    level: Level
    proved_by: str | None
    binding: str
    last_success: datetime | None
    last_attempt: datetime | None
    last_failure: Reason | None
    reason: Reason | None
    """Why it cannot be taken for one that works, if it cannot."""
    check_due: datetime | None
    quarantine: str | None
    seen_on: str | None
    """The device that had sent the same wrapped key before."""
    retired: datetime | None
    removal_due: datetime | None
    envelopes: tuple[EnvelopeSummary, ...]


class CheckReport(Document):
    """What came of a check."""

    opened: int
    resealed: int
    not_opened: Mapping[Reason, int]
    unavailable: int
    """Keys whose private key could not be reached: nothing is recorded of them."""
    stale: int
    """Keys that changed meanwhile."""
    unreadable: int
    more: bool


class CheckTotal(Document):
    """How much there is to check."""

    devices: int
    """Devices that have keys which are due."""
    first_check: bool
    """Whether one of the keys was never opened."""


class RewrapFailure(Document):
    """A key that was not sealed anew."""

    device: str
    key: str
    code: str
    """The name of an error."""
    reason: str


class RewrapReport(Document):
    """What came of sealing keys to another certificate."""

    rewrapped: int
    already: int
    quarantined: int
    unavailable: int
    failures: tuple[RewrapFailure, ...]
    next: str | None
    """Where to go on; None: it is done."""


class Assessment(Document):
    """How a device stands, by the policy of its group."""

    status: Status
    reasons: tuple[Reason, ...]
    actions: tuple[str, ...]
    """What to do about it: words of docs/verification.md."""
    wake_at: datetime | None
    """When to judge it anew; None: nothing changes by itself."""
    awaits: tuple[str, ...]
    """What would change it."""


class Walk(Document):
    """Where a Mac stands on its way to a key that works."""

    station: str
    deadline: datetime | None
    bypasses_left: int | None
    """How often the user may still say "not now"; -1: as often as they like."""


class DeviceReport(Document):
    """A device at a glance."""

    device: str
    group: str | None
    assessment: Assessment
    walk: Walk | None
    created: datetime
    forgotten: datetime | None
    """When it was hidden."""
    keys: int
    quarantined: int


class Found(Document):
    """A candidate of a search."""

    device: str
    key: str | None
    """None: the device was found and has no key."""
    kind: Kind | None
    volume: str | None
    protector: str | None
    retired: bool


class Alias(Document):
    """Another name of a device, by which it is found."""

    kind: str
    """`serial`, `udid`, `hostname`, `owner`, …"""
    value: str
    source: str
    trust: Trust | str

    def __init__(self, kind: str, value: str, source: str, trust: Trust | str = Trust.CLAIMED) -> None:
        super().__init__(kind=kind, value=value, source=source, trust=trust)


class Taken(Document):
    """What became of a sealed key in a report."""

    receipt: Receipt | None
    code: int | None
    error: str | None

    def raise_for_error(self) -> Receipt:
        """The receipt; raises the error where there is none."""
        if self.receipt is None:
            from .errors import BY_CODE

            raise BY_CODE[self.code or 0](self.error)
        return self.receipt


class Observed(Document):
    """What became of a report."""

    recorded: bool
    """Whether it said anything new."""
    receipts: tuple[Taken, ...]
    """One for each sealed key in it."""


class Undecryptable(Place):
    """A key that is known not to work."""

    device: str
    key: str
    reason: Reason
    meaning: str
    """In one sentence."""
    remedy: str
    """What to do, in one sentence."""
    inspection: Inspection | None


class Summary(Document):
    """An organization at a glance."""

    devices: int
    status: Mapping[Status, int]
    """Devices of each, as they were judged last."""
    keys: int
    """Retired and quarantined ones included."""
    check_due: int
    """Devices that have keys to be checked by now."""
    problems: Mapping[Reason, int]
    """Keys that are known not to work."""
    quarantined: int


class AssessReport(Document):
    """What came of judging devices anew."""

    judged: int
    unreadable: int
    more: bool


# Keys that are handed out


class Candidate(Document):
    """A key of a place."""

    key: str
    received: datetime
    last_success: datetime | None
    standing: str
    """What it is among the others."""


class Handout(Place):
    """What is known about a key that was handed out."""

    key: str
    """The id of the key."""
    level: Level
    recovery: str
    """What to report the outcome of."""
    candidates: tuple[Candidate, ...]
    """The keys of this place."""


class RecoveryRequest(Document):
    """Who asked for a key, and why."""

    actor: str
    person: Person | None
    reason: str
    ticket: str | None
    break_glass: bool
    command: str | None
    at: datetime
    expires: datetime | None


class RecoveryApproval(Document):
    """A person who agreed."""

    actor: str
    person: Person
    key: str
    envelope: str
    at: datetime
    note: str | None
    revoked: datetime | None


class RecoveryRelease(Document):
    """How the key was handed out."""

    authorized: datetime
    expires: datetime | None
    attempts: int
    finished: datetime | None


class RecoveryEnd(Document):
    """Who denied it, or took it back."""

    actor: str
    at: datetime


class RecoveryOutcome(Document):
    """Whether the key did its work."""

    outcome: Outcome
    at: datetime


class RecoveryReport(Document):
    """A request to see a key, and what became of it."""

    recovery: str
    """The id of the recovery."""
    device: str
    now: RecoveryState
    """How far it is at this moment: expired, if its time is over."""
    lacking: int
    """Approvals that it still lacks."""
    until: datetime | None
    key: str
    envelope: str
    state: RecoveryState
    """How far it is, as it is stored."""
    request: RecoveryRequest
    needed: int
    """Approvals that the policy asked for."""
    approvals: tuple[RecoveryApproval, ...]
    release: RecoveryRelease | None
    end: RecoveryEnd | None
    report: RecoveryOutcome | None


class NextStep(Document):
    """What is to be done for a rotation."""

    step: str
    key: str | None
    attempt: int | None


class RotationReport(Document):
    """The replacement of a key (docs/rotation.md)."""

    device: str
    id: str
    cause: str
    method: str
    place: Place
    requested: datetime
    not_before: datetime
    old: str | None
    """The key that is replaced; None: there was none that anybody could open."""
    known: int
    phase: Phase
    since: datetime
    attempt: int
    attempted: datetime | None
    answer: str | None
    failures: int
    pardoned: int
    failure: str | None
    new: str | None
    overdue: bool
    next: NextStep | None
    """What is to be done; None: wait."""
    wake_at: datetime | None


class PlannedRemoval(Place):
    """A key that is going to be removed (docs/retention.md)."""

    key: str
    device: str
    retired: datetime | None
    planned: datetime
    due: datetime
    """From when on it may be removed."""
    by: str


class RemovalReport(PlannedRemoval):
    """What became of a key whose waiting period is over."""

    kept: str | None
    """Why it is kept and off the list; None: it was removed."""


class RegisteredCertificate(Document):
    """A certificate that keys were ever sealed to."""

    version: int
    fingerprint: str
    subject: str
    not_before: datetime
    not_after: datetime
    state: CertificateState
    since: datetime
    by: str
    reason: str | None


# The audit


class EntryReferences(Document):
    """What an entry refers to."""

    certificate: str | None
    envelope: str | None
    identity: str | None
    """The certificate of the identity that opened the envelope."""
    key: str | None
    level: Level | None
    outcome: str | None
    """How it ended, if it did not end well."""
    protector: str | None
    recipients: tuple[str, ...]
    request: str | None
    rows: Mapping[str, Any]
    """Every row that the same commit changed, with its hash; None: it was removed."""
    volume: str | None


class Entry(Document):
    """An entry of the audit."""

    action: str
    actor: str
    device: str | None
    """None: it is the organization's."""
    hash: str
    mac: str | None
    number: int
    organization: str
    previous: str
    reason: str | None
    references: EntryReferences | None
    time: datetime
    version: int
    raw: str
    """The entry as it is hashed, byte by byte: what to hand to a SIEM."""


class Events(Document):
    """A part of the audit of all devices."""

    entries: tuple[Entry, ...]
    unreadable: int
    next: str
    """Where to go on, also when there is nothing more yet."""


class AuditFinding(Document):
    """Something that does not verify."""

    device: str | None
    """None: the organization's chain."""
    problem: str
    message: str


class AuditReport(Document):
    """Whether the audit verifies."""

    intact: bool
    chains: int
    entries: int
    unreadable: int
    findings: tuple[AuditFinding, ...]


class Checkpoint(Document):
    """What the whole audit was at a time, to be kept where the writers of the database are not."""

    data: bytes
    """The checkpoint, as a file is to hold it."""
    digest: str
    chains: int

    def __bytes__(self) -> bytes:
        return self.data


# How they are read


_readers: dict[str, Callable[[Any], Any]] = {}

# Told each document and the class that it is read into; for tests.
on_document: Callable[[type[Document], dict[str, Any]], None] | None = None


def read(name: str, value: Any) -> Any:
    """What core told, as an object of the class of this name."""
    reader = _readers.get(name)
    if reader is None:
        reader = _readers[name] = _reader(name)
    return reader(value)


def _reader(hint: str) -> Callable[[Any], Any]:
    """How a member with this annotation is read. Those of this file are few, so that they are read as text."""
    if hint.endswith(" | None"):
        inner = _reader(hint[: -len(" | None")])
        return lambda value: None if value is None else inner(value)
    if hint.startswith("tuple["):
        inner = _reader(hint[len("tuple[") : -len(", ...]")])
        return lambda value: () if value is None else tuple(map(inner, value))
    if hint.startswith("list["):
        inner = _reader(hint[len("list[") : -1])
        return lambda value: list(map(inner, value))
    if hint.startswith("Mapping["):
        name, member = map(_reader, hint[len("Mapping[") : -1].split(", "))
        return lambda value: {name(key): member(item) for key, item in (value or {}).items()}
    if hint == "datetime":
        return _time
    if " | " in hint or hint in ("str", "bytes", "Any"):
        return lambda value: value
    if hint in ("bool", "int"):
        zero: bool | int = False if hint == "bool" else 0
        return lambda value: zero if value is None else value
    kind = globals().get(hint) or getattr(words, hint)
    return kind.of if issubclass(kind, words.Word) else _document_reader(kind)


def _document_reader(kind: type[Document]) -> Callable[[Any], Any]:
    members: list[tuple[str, str, str, list[Callable[[Any], Any]]]] = []
    for base in reversed(kind.__mro__):
        for name, hint in vars(base).get("__annotations__", {}).items():
            members.append((name, name.rstrip("_"), hint, []))
    new, put = kind.__new__, object.__setattr__

    def read_document(value: dict[str, Any]) -> Document:
        if on_document is not None:
            on_document(kind, value)
        document = new(kind)
        for name, said, hint, reader in members:
            if not reader:
                reader.append(_reader(hint))
            put(document, name, reader[0](value.get(said)))
        return document

    return read_document


def _time(text: str) -> datetime:
    from datetime import datetime

    return datetime.fromisoformat(text.replace("Z", "+00:00"))
