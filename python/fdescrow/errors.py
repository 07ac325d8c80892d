"""What can go wrong: one class for each code of docs/errors.md.

Every one is an :class:`Error` with its ``code``, and also the builtin that Python's people expect: ``except
LookupError`` catches a device that is not known. No message holds a secret.
"""

# Written by tools/generate.py from the error table of core; a test compares them.

from __future__ import annotations

__all__ = [
    "AuditBrokenError",
    "CertificateError",
    "CertificateInUseError",
    "CertificateSyntaxError",
    "CertificateUnsuitableError",
    "CheckpointSyntaxError",
    "DeviceUnknownError",
    "EnvelopeError",
    "EnvelopeKindNeededError",
    "EnvelopeLimitError",
    "EnvelopeNoRecipientError",
    "EnvelopeOpenError",
    "EnvelopePayloadError",
    "EnvelopeSealError",
    "EnvelopeSuiteError",
    "EnvelopeSyntaxError",
    "EnvelopeTypeError",
    "Error",
    "EventRejectedError",
    "IdInvalidError",
    "IdentityError",
    "IdentityMismatchError",
    "IdentityPasswordError",
    "IdentitySyntaxError",
    "IdentityUnavailableError",
    "IdentityUnsupportedError",
    "KeyFormatError",
    "KeyUnknownError",
    "MacKeySyntaxError",
    "MisuseError",
    "NotUtf8Error",
    "NullPointerError",
    "ObservationError",
    "ObservationLimitError",
    "ObservationSyntaxError",
    "PanicError",
    "PolicyError",
    "PolicyInvalidError",
    "PolicySyntaxError",
    "ProfileError",
    "ProfileLimitError",
    "ProfileSigningError",
    "ProfileSyntaxError",
    "RandomnessUnavailableError",
    "RecoveryAmbiguousError",
    "RecoveryError",
    "RecoveryNoKeyError",
    "RecoveryNotOpenedError",
    "RecoveryQuotaError",
    "RecoveryReasonMissingError",
    "RecoveryRefusedError",
    "RecoveryRejectedError",
    "RecoveryUnknownError",
    "RemovalUnknownError",
    "RequestSyntaxError",
    "RotationUnknownError",
    "SpoolFullError",
    "SpoolSyntaxError",
    "StoreConflictError",
    "StoreCorruptError",
    "StoreDurabilityError",
    "StoreError",
    "StoreLimitError",
    "StoreSchemaError",
    "StoreUnavailableError",
    "StoreUnknownError",
    "TimeOutOfRangeError",
    "UploadActorMissingError",
    "UploadNotSealedError",
    "WrongHandleError",
]


class Error(Exception):
    """An error of fdescrow."""

    code: int = 0
    """The stable number of the error, the same in every language."""
    name: str = ""
    """The name of the error in docs/errors.md."""
    fault: str = ""
    """Who can do something about it: caller, input, library or world."""
    remedy: str = ""
    """What to do about it, in one sentence."""


class CertificateError(Error):
    """A certificate cannot be read or used."""


class EnvelopeError(Error):
    """A sealed message cannot be read, opened or made."""


class IdentityError(Error):
    """A private key cannot be read, reached or used."""


class ObservationError(Error):
    """A report of a device cannot be read."""


class PolicyError(Error):
    """A policy cannot be read, or is not allowed."""


class ProfileError(Error):
    """A configuration profile cannot be read, or not be made."""


class RecoveryError(Error):
    """A key is not handed out."""


class StoreError(Error):
    """The store did not do what it was asked."""


class NullPointerError(Error, ValueError):
    """A pointer that must not be NULL is NULL."""

    code = 1
    name = "NullPointer"
    fault = "caller"
    remedy = "Pass what the declaration of the function asks for."


class WrongHandleError(Error, ValueError):
    """A handle is of another type than the function takes, or is no handle."""

    code = 2
    name = "WrongHandle"
    fault = "caller"
    remedy = "Pass a handle that the library made, of the type that the declaration names, before it is freed."


class NotUtf8Error(Error, ValueError):
    """A text is not UTF-8."""

    code = 3
    name = "NotUtf8"
    fault = "caller"
    remedy = "Pass UTF-8; a file of unknown encoding is passed as bytes."


class RequestSyntaxError(Error, ValueError):
    """A JSON document that the calling program wrote is not as the function describes it."""

    code = 4
    name = "RequestSyntax"
    fault = "caller"
    remedy = "Compare its members with the documentation of the function; unknown members are errors."


class PanicError(Error, RuntimeError):
    """The library stopped in the middle of a call because of an error of its own."""

    code = 5
    name = "Panic"
    fault = "library"
    remedy = "Report it with its message. Free what the call was about, and go on with new handles."


class KeyFormatError(Error, ValueError):
    """The text is not a recovery key of this kind."""

    code = 100
    name = "KeyFormat"
    fault = "input"
    remedy = "Read the key again; the message says which group is wrong."


class IdInvalidError(Error, ValueError):
    """A name (organization, device, volume, protector, actor) is empty, too long or has control characters."""

    code = 110
    name = "IdInvalid"
    fault = "input"
    remedy = "Give 1 to 255 bytes of UTF-8 without control characters."


class TimeOutOfRangeError(Error, ValueError):
    """A time lies outside of the years 1 to 9999."""

    code = 120
    name = "TimeOutOfRange"
    fault = "caller"
    remedy = "Pass seconds since 1970, not milliseconds."


class RandomnessUnavailableError(Error, OSError):
    """The source of randomness failed."""

    code = 130
    name = "RandomnessUnavailable"
    fault = "world"
    remedy = "Nothing was made; try again, and look at the machine's entropy source."


class PolicyInvalidError(PolicyError, ValueError):
    """The policy is not allowed: a rule of the platform is broken, or a key would be lost."""

    code = 150
    name = "PolicyInvalid"
    fault = "input"
    remedy = "Change the field that the message names; it says which rule and where it comes from."


class PolicySyntaxError(PolicyError, ValueError):
    """The policy document cannot be read."""

    code = 151
    name = "PolicySyntax"
    fault = "input"
    remedy = "Correct the TOML or JSON at the place that the message names."


class ProfileSyntaxError(ProfileError, ValueError):
    """The bytes are not a configuration profile that can be read."""

    code = 160
    name = "ProfileSyntax"
    fault = "input"
    remedy = "Give an XML property list, unsigned or inside a CMS signature."


class ProfileLimitError(ProfileError, ValueError):
    """The profile is larger or deeper than is accepted."""

    code = 161
    name = "ProfileLimit"
    fault = "input"
    remedy = "Look at where it comes from; no FileVault profile is this large."


class ProfileSigningError(ProfileError, RuntimeError):
    """The profile could not be signed."""

    code = 162
    name = "ProfileSigning"
    fault = "world"
    remedy = "Look at the signing key; the unsigned profile is still valid."


class EnvelopeSyntaxError(EnvelopeError, ValueError):
    """The bytes are not a CMS message that can be read."""

    code = 200
    name = "EnvelopeSyntax"
    fault = "input"
    remedy = "Look at how the message was transported; it was not stored."


class EnvelopeLimitError(EnvelopeError, ValueError):
    """The message is larger, deeper or has more recipients than the limits allow."""

    code = 201
    name = "EnvelopeLimit"
    fault = "input"
    remedy = "Raise the limits if the sender is trusted; no recovery key needs this much."


class EnvelopeTypeError(EnvelopeError, ValueError):
    """The CMS message is of a type that holds no sealed key for a certificate."""

    code = 202
    name = "EnvelopeType"
    fault = "input"
    remedy = "Send EnvelopedData or AuthEnvelopedData with a certificate recipient."


class EnvelopeSuiteError(EnvelopeError, ValueError):
    """The algorithms of the message are not on the list that the caller allows."""

    code = 203
    name = "EnvelopeSuite"
    fault = "input"
    remedy = "Name the suite that allows them if the message is old, or seal it anew."


class EnvelopeNoRecipientError(EnvelopeError, LookupError):
    """No identity in the keyring is a recipient of this message."""

    code = 204
    name = "EnvelopeNoRecipient"
    fault = "input"
    remedy = "Add the identity that inspection names, or ask the device for a new key."


class EnvelopeOpenError(EnvelopeError, ValueError):
    """The message did not open as a key of this kind for this device."""

    code = 205
    name = "EnvelopeOpen"
    fault = "input"
    remedy = "Try the other identities you have; otherwise ask the device for a new key."


class EnvelopeSealError(EnvelopeError, ValueError):
    """The message cannot be sealed to these recipients."""

    code = 206
    name = "EnvelopeSeal"
    fault = "caller"
    remedy = "Give one to sixteen certificates with RSA-2048 or larger, P-256 or P-384 keys."


class EnvelopePayloadError(EnvelopeError, ValueError):
    """The payload cannot be sealed: it lacks a key or is too large."""

    code = 207
    name = "EnvelopePayload"
    fault = "caller"
    remedy = "Give a recovery key and names of at most 255 bytes each."


class EnvelopeKindNeededError(EnvelopeError, ValueError):
    """Nothing authenticates the content, and the caller did not say which kind of key it should be."""

    code = 208
    name = "EnvelopeKindNeeded"
    fault = "caller"
    remedy = "Name the kind: unauthenticated content is released only if it has the form of that kind."


class CertificateSyntaxError(CertificateError, ValueError):
    """The bytes are not a certificate that can be read."""

    code = 250
    name = "CertificateSyntax"
    fault = "input"
    remedy = "Give DER or PEM of one X.509 certificate."


class CertificateUnsuitableError(CertificateError, ValueError):
    """The certificate cannot be used for this."""

    code = 251
    name = "CertificateUnsuitable"
    fault = "input"
    remedy = "The message says why: its key, its dates or its algorithm."


class IdentitySyntaxError(IdentityError, ValueError):
    """The bytes are not a private key or identity that can be read."""

    code = 252
    name = "IdentitySyntax"
    fault = "input"
    remedy = "Give PKCS#1, SEC 1, PKCS#8 or PKCS#12, in DER or PEM."


class IdentityPasswordError(IdentityError, PermissionError):
    """The private key is encrypted and the password is missing or wrong."""

    code = 253
    name = "IdentityPassword"
    fault = "input"
    remedy = "Give the password."


class IdentityMismatchError(IdentityError, ValueError):
    """The private key does not belong to the certificate."""

    code = 254
    name = "IdentityMismatch"
    fault = "input"
    remedy = "Give the certificate made for this key, or the key made for this certificate."


class IdentityUnavailableError(IdentityError, ConnectionError):
    """The private key cannot be reached at the moment."""

    code = 255
    name = "IdentityUnavailable"
    fault = "world"
    remedy = "Nothing was changed; try again when the HSM or key service answers."


class IdentityUnsupportedError(IdentityError, ValueError):
    """The private key is of a kind that cannot be used here."""

    code = 256
    name = "IdentityUnsupported"
    fault = "input"
    remedy = "Use RSA-2048 to RSA-8192, P-256 or P-384."


class EventRejectedError(Error, RuntimeError):
    """The event does not apply to the device in its present state."""

    code = 300
    name = "EventRejected"
    fault = "caller"
    remedy = "Nothing was changed; read the state again."


class ObservationSyntaxError(ObservationError, ValueError):
    """The report cannot be read, or is not of the kind that was named."""

    code = 310
    name = "ObservationSyntax"
    fault = "input"
    remedy = "Send the report as the program wrote it, and name its kind."


class ObservationLimitError(ObservationError, ValueError):
    """The report is larger or deeper than is read."""

    code = 311
    name = "ObservationLimit"
    fault = "input"
    remedy = "Send one report for each device; no device has this much to say."


class RecoveryNoKeyError(RecoveryError, LookupError):
    """There is no key for this device, volume and protector."""

    code = 350
    name = "RecoveryNoKey"
    fault = "input"
    remedy = "Look at the device's history; ask the device to escrow its key."


class RecoveryAmbiguousError(RecoveryError, LookupError):
    """The device has several volumes or protectors and none was chosen."""

    code = 351
    name = "RecoveryAmbiguous"
    fault = "input"
    remedy = "Choose one of those that the message lists."


class RecoveryNotOpenedError(RecoveryError, LookupError):
    """No candidate key opened with this keyring."""

    code = 352
    name = "RecoveryNotOpened"
    fault = "input"
    remedy = "Add the identities that the candidates name; the attempt is in the audit."


class RecoveryReasonMissingError(RecoveryError, ValueError):
    """A key is handed out only for a reason."""

    code = 353
    name = "RecoveryReasonMissing"
    fault = "caller"
    remedy = "Give the reason: it goes into the audit."


class RecoveryRefusedError(RecoveryError, PermissionError):
    """The key may not be handed out: it is quarantined or its request is not authorised."""

    code = 354
    name = "RecoveryRefused"
    fault = "caller"
    remedy = "Accept or reject the quarantined key first."


class RecoveryRejectedError(RecoveryError, PermissionError):
    """A rule of recovery forbids this: who approves, which key it is about, or what became of the request."""

    code = 355
    name = "RecoveryRejected"
    fault = "caller"
    remedy = "The message says which rule; ask another person, or make a new request."


class RecoveryQuotaError(RecoveryError, PermissionError):
    """This person was shown as many keys as the policy allows in a day."""

    code = 356
    name = "RecoveryQuota"
    fault = "caller"
    remedy = "Wait, let somebody else do it, or change the policy."


class RecoveryUnknownError(RecoveryError, LookupError):
    """There is no such recovery."""

    code = 357
    name = "RecoveryUnknown"
    fault = "input"
    remedy = "List the recoveries, and give the id of one of them."


class StoreUnavailableError(StoreError, ConnectionError):
    """The store cannot be reached."""

    code = 400
    name = "StoreUnavailable"
    fault = "world"
    remedy = "Nothing was changed; the reason says whether to try again or what to put right."


class StoreConflictError(StoreError, RuntimeError):
    """Somebody else changed the device at the same time."""

    code = 401
    name = "StoreConflict"
    fault = "world"
    remedy = "Nothing was changed; read again and decide again."


class StoreUnknownError(StoreError, ConnectionError):
    """It is not known whether the change was stored."""

    code = 402
    name = "StoreUnknown"
    fault = "world"
    remedy = "Ask `committed` with the same change id before doing anything else."


class StoreCorruptError(StoreError, RuntimeError):
    """A stored record cannot be read."""

    code = 403
    name = "StoreCorrupt"
    fault = "world"
    remedy = "Verify the audit of this device and restore it from a backup."


class StoreSchemaError(StoreError, RuntimeError):
    """The database has a schema that this version cannot work with."""

    code = 404
    name = "StoreSchema"
    fault = "world"
    remedy = "Run the migration, or use the version that made it."


class StoreDurabilityError(StoreError, RuntimeError):
    """The database would not keep an acknowledged change over a crash."""

    code = 405
    name = "StoreDurability"
    fault = "world"
    remedy = "Set it as the message says, or name the weaker setting explicitly."


class StoreLimitError(StoreError, PermissionError):
    """A limit per device and day is reached."""

    code = 406
    name = "StoreLimit"
    fault = "input"
    remedy = "Look at what the device sends; nothing that is stored was dropped."


class UploadActorMissingError(Error, ValueError):
    """An upload without an actor is refused."""

    code = 410
    name = "UploadActorMissing"
    fault = "caller"
    remedy = "Authenticate the sender and name it with `by`."


class UploadNotSealedError(Error, ValueError):
    """The upload is not CMS and was not stored: it may be a key in clear."""

    code = 411
    name = "UploadNotSealed"
    fault = "input"
    remedy = "Send the sealed message, or send a key in clear by the plaintext door."


class DeviceUnknownError(Error, LookupError):
    """The device is not known."""

    code = 412
    name = "DeviceUnknown"
    fault = "input"
    remedy = "Check the identifier; devices are created by their first upload."


class KeyUnknownError(Error, LookupError):
    """The key is not known."""

    code = 413
    name = "KeyUnknown"
    fault = "input"
    remedy = "Check the key id against the device's history."


class RemovalUnknownError(Error, LookupError):
    """The key is not to be removed."""

    code = 414
    name = "RemovalUnknown"
    fault = "input"
    remedy = "List the keys that are to be removed; one that somebody needed is not among them any more."


class CertificateInUseError(CertificateError, RuntimeError):
    """The certificate is still needed by keys that were not sealed anew."""

    code = 420
    name = "CertificateInUse"
    fault = "caller"
    remedy = "Rewrap them first; the message says how many there are."


class MisuseError(Error, ValueError):
    """The library was set up in a way that cannot work."""

    code = 430
    name = "Misuse"
    fault = "caller"
    remedy = "The message names what is missing or wrong."


class AuditBrokenError(Error, RuntimeError):
    """The audit chain does not verify."""

    code = 450
    name = "AuditBroken"
    fault = "input"
    remedy = "Treat the database as altered; compare with a checkpoint kept elsewhere."


class CheckpointSyntaxError(Error, ValueError):
    """The checkpoint file cannot be read."""

    code = 451
    name = "CheckpointSyntax"
    fault = "input"
    remedy = "Give a checkpoint file as it was written, whole."


class MacKeySyntaxError(Error, ValueError):
    """The bytes are not a MAC key for the audit."""

    code = 452
    name = "MacKeySyntax"
    fault = "input"
    remedy = "Give 32 random bytes, raw or as hexadecimal or base64 text."


class RotationUnknownError(Error, LookupError):
    """The device has no such rotation."""

    code = 500
    name = "RotationUnknown"
    fault = "input"
    remedy = "List the rotations of the device; one that ended is forgotten when the next one begins."


class SpoolSyntaxError(Error, ValueError):
    """The file is no spool, or one of another version."""

    code = 550
    name = "SpoolSyntax"
    fault = "input"
    remedy = "Set the file aside and keep it: it may hold sealed keys that the server has not."


class SpoolFullError(Error, RuntimeError):
    """The spool holds as many envelopes as it may, none of them acknowledged."""

    code = 551
    name = "SpoolFull"
    fault = "world"
    remedy = "Look at why the server acknowledges nothing; no new key is made until then."


BY_CODE: dict[int, type[Error]] = {
    1: NullPointerError,
    2: WrongHandleError,
    3: NotUtf8Error,
    4: RequestSyntaxError,
    5: PanicError,
    100: KeyFormatError,
    110: IdInvalidError,
    120: TimeOutOfRangeError,
    130: RandomnessUnavailableError,
    150: PolicyInvalidError,
    151: PolicySyntaxError,
    160: ProfileSyntaxError,
    161: ProfileLimitError,
    162: ProfileSigningError,
    200: EnvelopeSyntaxError,
    201: EnvelopeLimitError,
    202: EnvelopeTypeError,
    203: EnvelopeSuiteError,
    204: EnvelopeNoRecipientError,
    205: EnvelopeOpenError,
    206: EnvelopeSealError,
    207: EnvelopePayloadError,
    208: EnvelopeKindNeededError,
    250: CertificateSyntaxError,
    251: CertificateUnsuitableError,
    252: IdentitySyntaxError,
    253: IdentityPasswordError,
    254: IdentityMismatchError,
    255: IdentityUnavailableError,
    256: IdentityUnsupportedError,
    300: EventRejectedError,
    310: ObservationSyntaxError,
    311: ObservationLimitError,
    350: RecoveryNoKeyError,
    351: RecoveryAmbiguousError,
    352: RecoveryNotOpenedError,
    353: RecoveryReasonMissingError,
    354: RecoveryRefusedError,
    355: RecoveryRejectedError,
    356: RecoveryQuotaError,
    357: RecoveryUnknownError,
    400: StoreUnavailableError,
    401: StoreConflictError,
    402: StoreUnknownError,
    403: StoreCorruptError,
    404: StoreSchemaError,
    405: StoreDurabilityError,
    406: StoreLimitError,
    410: UploadActorMissingError,
    411: UploadNotSealedError,
    412: DeviceUnknownError,
    413: KeyUnknownError,
    414: RemovalUnknownError,
    420: CertificateInUseError,
    430: MisuseError,
    450: AuditBrokenError,
    451: CheckpointSyntaxError,
    452: MacKeySyntaxError,
    500: RotationUnknownError,
    550: SpoolSyntaxError,
    551: SpoolFullError,
}
