// Code generated from include/fdescrow.h by internal/generate; DO NOT EDIT.

package fdescrow

// What can go wrong, by number. docs/errors.md says what to do about each.
const (
	// A pointer that must not be NULL is NULL.
	ErrNullPointer Code = 1
	// A handle is of another type than the function takes, or is no handle.
	ErrWrongHandle Code = 2
	// A text is not UTF-8.
	ErrNotUTF8 Code = 3
	// A JSON document that the calling program wrote is not as the function describes it.
	ErrRequestSyntax Code = 4
	// The library stopped in the middle of a call because of an error of its own.
	ErrPanic Code = 5
	// The text is not a recovery key of this kind.
	ErrKeyFormat Code = 100
	// A name (organization, device, volume, protector, actor) is empty, too long or has control characters.
	ErrIDInvalid Code = 110
	// A time lies outside of the years 1 to 9999.
	ErrTimeOutOfRange Code = 120
	// The source of randomness failed.
	ErrRandomnessUnavailable Code = 130
	// The policy is not allowed: a rule of the platform is broken, or a key would be lost.
	ErrPolicyInvalid Code = 150
	// The policy document cannot be read.
	ErrPolicySyntax Code = 151
	// The bytes are not a configuration profile that can be read.
	ErrProfileSyntax Code = 160
	// The profile is larger or deeper than is accepted.
	ErrProfileLimit Code = 161
	// The profile could not be signed.
	ErrProfileSigning Code = 162
	// The bytes are not a CMS message that can be read.
	ErrEnvelopeSyntax Code = 200
	// The message is larger, deeper or has more recipients than the limits allow.
	ErrEnvelopeLimit Code = 201
	// The CMS message is of a type that holds no sealed key for a certificate.
	ErrEnvelopeType Code = 202
	// The algorithms of the message are not on the list that the caller allows.
	ErrEnvelopeSuite Code = 203
	// No identity in the keyring is a recipient of this message.
	ErrEnvelopeNoRecipient Code = 204
	// The message did not open as a key of this kind for this device.
	ErrEnvelopeOpen Code = 205
	// The message cannot be sealed to these recipients.
	ErrEnvelopeSeal Code = 206
	// The payload cannot be sealed: it lacks a key or is too large.
	ErrEnvelopePayload Code = 207
	// Nothing authenticates the content, and the caller did not say which kind of key it should be.
	ErrEnvelopeKindNeeded Code = 208
	// The bytes are not a certificate that can be read.
	ErrCertificateSyntax Code = 250
	// The certificate cannot be used for this.
	ErrCertificateUnsuitable Code = 251
	// The bytes are not a private key or identity that can be read.
	ErrIdentitySyntax Code = 252
	// The private key is encrypted and the password is missing or wrong.
	ErrIdentityPassword Code = 253
	// The private key does not belong to the certificate.
	ErrIdentityMismatch Code = 254
	// The private key cannot be reached at the moment.
	ErrIdentityUnavailable Code = 255
	// The private key is of a kind that cannot be used here.
	ErrIdentityUnsupported Code = 256
	// The event does not apply to the device in its present state.
	ErrEventRejected Code = 300
	// The report cannot be read, or is not of the kind that was named.
	ErrObservationSyntax Code = 310
	// The report is larger or deeper than is read.
	ErrObservationLimit Code = 311
	// There is no key for this device, volume and protector.
	ErrRecoveryNoKey Code = 350
	// The device has several volumes or protectors and none was chosen.
	ErrRecoveryAmbiguous Code = 351
	// No candidate key opened with this keyring.
	ErrRecoveryNotOpened Code = 352
	// A key is handed out only for a reason.
	ErrRecoveryReasonMissing Code = 353
	// The key may not be handed out: it is quarantined or its request is not authorised.
	ErrRecoveryRefused Code = 354
	// A rule of recovery forbids this: who approves, which key it is about, or what became of the request.
	ErrRecoveryRejected Code = 355
	// This person was shown as many keys as the policy allows in a day.
	ErrRecoveryQuota Code = 356
	// There is no such recovery.
	ErrRecoveryUnknown Code = 357
	// The store cannot be reached.
	ErrStoreUnavailable Code = 400
	// Somebody else changed the device at the same time.
	ErrStoreConflict Code = 401
	// It is not known whether the change was stored.
	ErrStoreUnknown Code = 402
	// A stored record cannot be read.
	ErrStoreCorrupt Code = 403
	// The database has a schema that this version cannot work with.
	ErrStoreSchema Code = 404
	// The database would not keep an acknowledged change over a crash.
	ErrStoreDurability Code = 405
	// A limit per device and day is reached.
	ErrStoreLimit Code = 406
	// An upload without an actor is refused.
	ErrUploadActorMissing Code = 410
	// The upload is not CMS and was not stored: it may be a key in clear.
	ErrUploadNotSealed Code = 411
	// The device is not known.
	ErrDeviceUnknown Code = 412
	// The key is not known.
	ErrKeyUnknown Code = 413
	// The key is not to be removed.
	ErrRemovalUnknown Code = 414
	// The certificate is still needed by keys that were not sealed anew.
	ErrCertificateInUse Code = 420
	// The library was set up in a way that cannot work.
	ErrMisuse Code = 430
	// The audit chain does not verify.
	ErrAuditBroken Code = 450
	// The checkpoint file cannot be read.
	ErrCheckpointSyntax Code = 451
	// The bytes are not a MAC key for the audit.
	ErrMACKeySyntax Code = 452
	// The device has no such rotation.
	ErrRotationUnknown Code = 500
	// The file is no spool, or one of another version.
	ErrSpoolSyntax Code = 550
	// The spool holds as many envelopes as it may, none of them acknowledged.
	ErrSpoolFull Code = 551
)

// names are those of docs/errors.md.
var names = map[Code]string{
	ErrNullPointer:           "NullPointer",
	ErrWrongHandle:           "WrongHandle",
	ErrNotUTF8:               "NotUtf8",
	ErrRequestSyntax:         "RequestSyntax",
	ErrPanic:                 "Panic",
	ErrKeyFormat:             "KeyFormat",
	ErrIDInvalid:             "IdInvalid",
	ErrTimeOutOfRange:        "TimeOutOfRange",
	ErrRandomnessUnavailable: "RandomnessUnavailable",
	ErrPolicyInvalid:         "PolicyInvalid",
	ErrPolicySyntax:          "PolicySyntax",
	ErrProfileSyntax:         "ProfileSyntax",
	ErrProfileLimit:          "ProfileLimit",
	ErrProfileSigning:        "ProfileSigning",
	ErrEnvelopeSyntax:        "EnvelopeSyntax",
	ErrEnvelopeLimit:         "EnvelopeLimit",
	ErrEnvelopeType:          "EnvelopeType",
	ErrEnvelopeSuite:         "EnvelopeSuite",
	ErrEnvelopeNoRecipient:   "EnvelopeNoRecipient",
	ErrEnvelopeOpen:          "EnvelopeOpen",
	ErrEnvelopeSeal:          "EnvelopeSeal",
	ErrEnvelopePayload:       "EnvelopePayload",
	ErrEnvelopeKindNeeded:    "EnvelopeKindNeeded",
	ErrCertificateSyntax:     "CertificateSyntax",
	ErrCertificateUnsuitable: "CertificateUnsuitable",
	ErrIdentitySyntax:        "IdentitySyntax",
	ErrIdentityPassword:      "IdentityPassword",
	ErrIdentityMismatch:      "IdentityMismatch",
	ErrIdentityUnavailable:   "IdentityUnavailable",
	ErrIdentityUnsupported:   "IdentityUnsupported",
	ErrEventRejected:         "EventRejected",
	ErrObservationSyntax:     "ObservationSyntax",
	ErrObservationLimit:      "ObservationLimit",
	ErrRecoveryNoKey:         "RecoveryNoKey",
	ErrRecoveryAmbiguous:     "RecoveryAmbiguous",
	ErrRecoveryNotOpened:     "RecoveryNotOpened",
	ErrRecoveryReasonMissing: "RecoveryReasonMissing",
	ErrRecoveryRefused:       "RecoveryRefused",
	ErrRecoveryRejected:      "RecoveryRejected",
	ErrRecoveryQuota:         "RecoveryQuota",
	ErrRecoveryUnknown:       "RecoveryUnknown",
	ErrStoreUnavailable:      "StoreUnavailable",
	ErrStoreConflict:         "StoreConflict",
	ErrStoreUnknown:          "StoreUnknown",
	ErrStoreCorrupt:          "StoreCorrupt",
	ErrStoreSchema:           "StoreSchema",
	ErrStoreDurability:       "StoreDurability",
	ErrStoreLimit:            "StoreLimit",
	ErrUploadActorMissing:    "UploadActorMissing",
	ErrUploadNotSealed:       "UploadNotSealed",
	ErrDeviceUnknown:         "DeviceUnknown",
	ErrKeyUnknown:            "KeyUnknown",
	ErrRemovalUnknown:        "RemovalUnknown",
	ErrCertificateInUse:      "CertificateInUse",
	ErrMisuse:                "Misuse",
	ErrAuditBroken:           "AuditBroken",
	ErrCheckpointSyntax:      "CheckpointSyntax",
	ErrMACKeySyntax:          "MacKeySyntax",
	ErrRotationUnknown:       "RotationUnknown",
	ErrSpoolSyntax:           "SpoolSyntax",
	ErrSpoolFull:             "SpoolFull",
}

// sentences say what happened.
var sentences = map[Code]string{
	ErrNullPointer:           "A pointer that must not be NULL is NULL.",
	ErrWrongHandle:           "A handle is of another type than the function takes, or is no handle.",
	ErrNotUTF8:               "A text is not UTF-8.",
	ErrRequestSyntax:         "A JSON document that the calling program wrote is not as the function describes it.",
	ErrPanic:                 "The library stopped in the middle of a call because of an error of its own.",
	ErrKeyFormat:             "The text is not a recovery key of this kind.",
	ErrIDInvalid:             "A name (organization, device, volume, protector, actor) is empty, too long or has control characters.",
	ErrTimeOutOfRange:        "A time lies outside of the years 1 to 9999.",
	ErrRandomnessUnavailable: "The source of randomness failed.",
	ErrPolicyInvalid:         "The policy is not allowed: a rule of the platform is broken, or a key would be lost.",
	ErrPolicySyntax:          "The policy document cannot be read.",
	ErrProfileSyntax:         "The bytes are not a configuration profile that can be read.",
	ErrProfileLimit:          "The profile is larger or deeper than is accepted.",
	ErrProfileSigning:        "The profile could not be signed.",
	ErrEnvelopeSyntax:        "The bytes are not a CMS message that can be read.",
	ErrEnvelopeLimit:         "The message is larger, deeper or has more recipients than the limits allow.",
	ErrEnvelopeType:          "The CMS message is of a type that holds no sealed key for a certificate.",
	ErrEnvelopeSuite:         "The algorithms of the message are not on the list that the caller allows.",
	ErrEnvelopeNoRecipient:   "No identity in the keyring is a recipient of this message.",
	ErrEnvelopeOpen:          "The message did not open as a key of this kind for this device.",
	ErrEnvelopeSeal:          "The message cannot be sealed to these recipients.",
	ErrEnvelopePayload:       "The payload cannot be sealed: it lacks a key or is too large.",
	ErrEnvelopeKindNeeded:    "Nothing authenticates the content, and the caller did not say which kind of key it should be.",
	ErrCertificateSyntax:     "The bytes are not a certificate that can be read.",
	ErrCertificateUnsuitable: "The certificate cannot be used for this.",
	ErrIdentitySyntax:        "The bytes are not a private key or identity that can be read.",
	ErrIdentityPassword:      "The private key is encrypted and the password is missing or wrong.",
	ErrIdentityMismatch:      "The private key does not belong to the certificate.",
	ErrIdentityUnavailable:   "The private key cannot be reached at the moment.",
	ErrIdentityUnsupported:   "The private key is of a kind that cannot be used here.",
	ErrEventRejected:         "The event does not apply to the device in its present state.",
	ErrObservationSyntax:     "The report cannot be read, or is not of the kind that was named.",
	ErrObservationLimit:      "The report is larger or deeper than is read.",
	ErrRecoveryNoKey:         "There is no key for this device, volume and protector.",
	ErrRecoveryAmbiguous:     "The device has several volumes or protectors and none was chosen.",
	ErrRecoveryNotOpened:     "No candidate key opened with this keyring.",
	ErrRecoveryReasonMissing: "A key is handed out only for a reason.",
	ErrRecoveryRefused:       "The key may not be handed out: it is quarantined or its request is not authorised.",
	ErrRecoveryRejected:      "A rule of recovery forbids this: who approves, which key it is about, or what became of the request.",
	ErrRecoveryQuota:         "This person was shown as many keys as the policy allows in a day.",
	ErrRecoveryUnknown:       "There is no such recovery.",
	ErrStoreUnavailable:      "The store cannot be reached.",
	ErrStoreConflict:         "Somebody else changed the device at the same time.",
	ErrStoreUnknown:          "It is not known whether the change was stored.",
	ErrStoreCorrupt:          "A stored record cannot be read.",
	ErrStoreSchema:           "The database has a schema that this version cannot work with.",
	ErrStoreDurability:       "The database would not keep an acknowledged change over a crash.",
	ErrStoreLimit:            "A limit per device and day is reached.",
	ErrUploadActorMissing:    "An upload without an actor is refused.",
	ErrUploadNotSealed:       "The upload is not CMS and was not stored: it may be a key in clear.",
	ErrDeviceUnknown:         "The device is not known.",
	ErrKeyUnknown:            "The key is not known.",
	ErrRemovalUnknown:        "The key is not to be removed.",
	ErrCertificateInUse:      "The certificate is still needed by keys that were not sealed anew.",
	ErrMisuse:                "The library was set up in a way that cannot work.",
	ErrAuditBroken:           "The audit chain does not verify.",
	ErrCheckpointSyntax:      "The checkpoint file cannot be read.",
	ErrMACKeySyntax:          "The bytes are not a MAC key for the audit.",
	ErrRotationUnknown:       "The device has no such rotation.",
	ErrSpoolSyntax:           "The file is no spool, or one of another version.",
	ErrSpoolFull:             "The spool holds as many envelopes as it may, none of them acknowledged.",
}
