package fdescrow

import (
	"context"

	"fdescrow/internal/native"
)

// An Upload is a key on its way into the store: [Sealed] or [Plaintext], and [Upload.By], who answers for it.
type Upload struct {
	sealed    []byte
	plaintext *Secret
	document  struct {
		Device string `json:"device"`
		Place
		By      string `json:"by"`
		Request string `json:"request,omitempty"`
	}
}

// Sealed is a sealed key, as a device sent it: CMS in BER, DER, base64, PEM or S/MIME.
func Sealed(device string, kind Kind, envelope []byte) Upload {
	upload := Upload{sealed: envelope}
	upload.document.Device, upload.document.Kind = device, kind
	return upload
}

// Plaintext is a key that came in clear. It is read, bound to its device and sealed to the primary certificate before the store is called.
func Plaintext(device string, kind Kind, key *Secret) Upload {
	upload := Upload{plaintext: key}
	upload.document.Device, upload.document.Kind = device, kind
	return upload
}

// By says who answers for the upload.
func (u Upload) By(actor string) Upload { u.document.By = actor; return u }

// Volume says which volume; without it the boot volume.
func (u Upload) Volume(volume string) Upload { u.document.Place.Volume = volume; return u }

// Protector says which protector of the volume.
func (u Upload) Protector(protector string) Upload { u.document.Place.Protector = protector; return u }

// Request names the upload, so that the same, sent again, is the same.
func (u Upload) Request(name string) Upload { u.document.Request = name; return u }

// A ReceiptStatus is what became of an upload.
type ReceiptStatus string

const (
	Quarantined ReceiptStatus = "quarantined" // set apart, because another device had sent it before
	Stored      ReceiptStatus = "stored"      // stored, and not known to work yet
	Verified    ReceiptStatus = "verified"    // stored, and shown to work as far as the policy demands
)

// A Level is how far a key was shown to work. Each includes those before it.
type Level string

const (
	WellFormed         Level = "well_formed"          // its text has the grammar of its kind
	EnvelopeOpens      Level = "envelope_opens"       // an envelope of it was opened
	ProtectorOpens     Level = "protector_opens"      // it opened its protector
	VolumeKeyUnwrapped Level = "volume_key_unwrapped" // it gave the volume's key
)

// A Receipt is what became of a key that arrived.
type Receipt struct {
	Device string `json:"device"`
	Place
	Key       string        `json:"key"`      // its id
	Envelope  string        `json:"envelope"` // SHA-256 of the envelope as DER
	Status    ReceiptStatus `json:"status"`
	Level     Level         `json:"level,omitempty"`
	Sightings uint64        `json:"sightings"` // how often it was received, this time included
	Request   string        `json:"request,omitempty"`
}

// Receive stores a key.
//
// [ErrUploadNotSealed] if it is not CMS: it may be a key in clear, and is not stored; [ErrUploadActorMissing]; [ErrKeyFormat] and
// [ErrEnvelopeSeal] for one in clear; [ErrStoreLimit]; [ErrStoreUnavailable], [ErrStoreConflict] and their like. After [ErrStoreUnknown]
// receiving it again is safe.
func (e *Escrow) Receive(ctx context.Context, upload Upload) (Receipt, error) {
	return use(ctx, e, func(escrow native.Escrow, now int64) (Receipt, error) {
		document, err := encode(upload.document)
		if err != nil {
			return Receipt{}, err
		}
		if upload.sealed != nil {
			return answer[Receipt](native.EscrowReceive(escrow, upload.sealed, document, now))
		}
		if upload.plaintext == nil {
			return Receipt{}, newError(ErrUploadNotSealed, "the upload is empty")
		}
		return with(upload.plaintext.owner, func(key native.Secret) (Receipt, error) {
			return answer[Receipt](native.EscrowReceivePlaintext(escrow, key, document, now))
		})
	})
}

// Receipt is the receipt of a key as it stands now, so that an agent learns when its key was verified.
//
// [ErrKeyUnknown].
func (e *Escrow) Receipt(ctx context.Context, key string) (Receipt, error) {
	return ask[Receipt](ctx, e, native.EscrowReceipt, keyDocument{key})
}

type keyDocument struct {
	Key string `json:"key"`
}
