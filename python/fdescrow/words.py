"""Words: each is a member of an enum and a ``str``, so that either may be given where one is needed."""

# Written by tools/generate.py from the types of core; a test compares them.

from __future__ import annotations

from enum import Enum

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing_extensions import Self

__all__ = [
    "CertificateState",
    "Delivery",
    "Format",
    "Kind",
    "Level",
    "Operation",
    "Outcome",
    "Padding",
    "Phase",
    "Reason",
    "ReceiptStatus",
    "RecoveryState",
    "RotationEvent",
    "SheetFormat",
    "Source",
    "Status",
    "Suite",
    "Trust",
    "Word",
]


class Word(str, Enum):
    """What all of them can do."""

    @classmethod
    def of(cls, text: str) -> Self | str:
        """The member of this text; a word that this version does not know stays as it is."""
        return cls._value2member_map_.get(text, text)  # type: ignore[return-value]

    def __str__(self) -> str:
        return str(self.value)

    def __format__(self, spec: str) -> str:
        return format(str(self.value), spec)


class CertificateState(Word):
    """What a certificate is used for."""

    COMPROMISED = "compromised"
    DECRYPT_ONLY = "decrypt_only"
    RETIRED = "retired"


class Delivery(Word):
    """How far a configuration is on its way to a device."""

    PENDING = "pending"
    ACKNOWLEDGED = "acknowledged"
    CONFIRMED = "confirmed"
    FAILED = "failed"


class Format(Word):
    """How a message is sealed."""

    AUTH = "auth"
    ENVELOPED = "enveloped"
    ENVELOPED_PKCS1V15 = "enveloped_pkcs1v15"


class Kind(Word):
    """What a recovery key opens."""

    BITLOCKER = "bitlocker"
    FILEVAULT = "filevault"
    LUKS = "luks"
    SNAPD = "snapd"
    SYSTEMD = "systemd"


class Level(Word):
    """How far a key was shown to work. Each includes those before it."""

    WELL_FORMED = "well_formed"
    ENVELOPE_OPENS = "envelope_opens"
    PROTECTOR_OPENS = "protector_opens"
    VOLUME_KEY_UNWRAPPED = "volume_key_unwrapped"


class Operation(Word):
    """What a management system does with a configuration."""

    INSTALL = "install"
    REMOVE = "remove"


class Outcome(Word):
    """Whether a key that was handed out did its work."""

    DID_NOT_WORK = "did_not_work"
    WORKED = "worked"


class Padding(Word):
    """A padding that a device takes off by itself."""

    OAEP_SHA1 = "oaep_sha1"
    OAEP_SHA256 = "oaep_sha256"
    PKCS1V15 = "pkcs1v15"


class Phase(Word):
    """How far a rotation is."""

    REQUESTED = "requested"
    DELIVERED = "delivered"
    NEW_KEY_RECEIVED = "new_key_received"
    VERIFIED = "verified"
    OLD_RETIRED = "old_retired"
    CANCELLED = "cancelled"


class Reason(Word):
    """Why a device or key has its status: docs/verification.md has what to do."""

    AGENT_FAILED = "agent_failed"
    BOUND_TO_OTHER = "bound_to_other"
    CHECK_OVERDUE = "check_overdue"
    CONFIGURATION_FAILED = "configuration_failed"
    CONFIGURATION_PENDING = "configuration_pending"
    CONVERSION_PAUSED = "conversion_paused"
    DECRYPTING = "decrypting"
    DEVICE_FORGOTTEN = "device_forgotten"
    DID_NOT_OPEN = "did_not_open"
    EARLIER_KEY_WORKS = "earlier_key_works"
    ENCRYPTING = "encrypting"
    ENVELOPE_NOT_OPENED = "envelope_not_opened"
    ESCROW_NOT_REQUIRED = "escrow_not_required"
    EXPOSED = "exposed"
    LEVEL_NOT_REACHED = "level_not_reached"
    NO_IDENTITY = "no_identity"
    NO_KEY = "no_key"
    NOT_CHECKED = "not_checked"
    NOT_ENCRYPTED = "not_encrypted"
    NOT_REPORTED = "not_reported"
    OTHER_FAILURE = "other_failure"
    PIN_MISSING = "pin_missing"
    PROTECTION_SUSPENDED = "protection_suspended"
    PROTECTOR_GONE = "protector_gone"
    PROTECTOR_REFUSED = "protector_refused"
    QUARANTINED = "quarantined"
    RECHECK_DUE = "recheck_due"
    REMOVAL_PENDING = "removal_pending"
    ROTATING = "rotating"
    ROTATION_OVERDUE = "rotation_overdue"
    ROTATION_STUCK = "rotation_stuck"
    SEALED_BY_MACOS = "sealed_by_macos"
    SUITE_NOT_ALLOWED = "suite_not_allowed"
    UNKNOWN_PROTECTOR = "unknown_protector"
    UNVERIFIABLE = "unverifiable"
    UNVERIFIABLE_ACCEPTED = "unverifiable_accepted"
    WRONG_CONTENT = "wrong_content"


class ReceiptStatus(Word):
    """What became of an upload."""

    QUARANTINED = "quarantined"
    STORED = "stored"
    VERIFIED = "verified"


class RecoveryState(Word):
    """How far a recovery is."""

    APPROVED = "approved"
    DENIED = "denied"
    EXPIRED = "expired"
    RELEASE_AUTHORIZED = "release_authorized"
    RELEASE_FAILED = "release_failed"
    RELEASED = "released"
    REQUESTED = "requested"
    REVOKED = "revoked"


class RotationEvent(Word):
    """What a device answers to an attempt of a rotation."""

    CANCELLED = "cancelled"
    DEFERRED = "deferred"
    DELIVERED = "delivered"
    FAILED = "failed"
    OLD_REMOVED = "old_removed"
    SENT = "sent"


class SheetFormat(Word):
    """How a key is shown as a page."""

    HTML = "html"
    HTML_FRAGMENT = "html_fragment"
    TEXT = "text"


class Source(Word):
    """Where a report comes from (docs/observations.md)."""

    CSP = "csp"
    DDM = "ddm"
    LSBLK = "lsblk"
    LUKSDUMP = "luksdump"
    OSQUERY = "osquery"
    ROTATE_REPLY = "rotate-reply"
    SECURITYINFO = "securityinfo"
    SNAPSHOT = "snapshot"
    WMI = "wmi"


class Status(Word):
    """How a device stands."""

    FAILED = "failed"
    ACTION_REQUIRED = "action_required"
    ENFORCING = "enforcing"
    REMOVING_ENFORCEMENT = "removing_enforcement"
    VERIFYING = "verifying"
    VERIFIED = "verified"
    NOT_REQUIRED = "not_required"


class Suite(Word):
    """Which algorithms a message may use to be opened."""

    MODERN = "modern"
    FILEVAULT = "filevault"
    LEGACY = "legacy"


class Trust(Word):
    """Who says a name of a device."""

    AUTHENTICATED = "authenticated"
    CLAIMED = "claimed"
