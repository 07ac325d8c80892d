package fdescrow

import (
	"time"

	"fdescrow/internal/native"
)

// An Envelope is a sealed message, CMS EnvelopedData or AuthEnvelopedData (RFC 5652, RFC 5083), whose structure was read. It is no secret.
type Envelope struct {
	owner *owner[native.Envelope]
}

// An Owner is whose key it is, as far as it is said.
type Owner struct {
	Organization string    `json:"organization,omitempty"`
	Device       string    `json:"device,omitempty"`
	Volume       string    `json:"volume,omitempty"`
	Protector    string    `json:"protector,omitempty"`
	KeyID        string    `json:"key_id,omitempty"`
	Time         time.Time `json:"time,omitzero"`
	Origin       *Origin   `json:"origin,omitempty"` // the message that a re-wrapped key came in
}

// An Origin is the message that a re-wrapped key came in.
type Origin struct {
	Digest string `json:"digest"`
	Suite  Suite  `json:"suite"`
}

// ownerDocument is an Owner as it goes in: Go before 1.24 writes a zero time.
type ownerDocument struct {
	Organization string     `json:"organization,omitempty"`
	Device       string     `json:"device,omitempty"`
	Volume       string     `json:"volume,omitempty"`
	Protector    string     `json:"protector,omitempty"`
	KeyID        string     `json:"key_id,omitempty"`
	Time         *time.Time `json:"time,omitempty"`
	Origin       *Origin    `json:"origin,omitempty"`
}

func (o Owner) document() ownerDocument {
	document := ownerDocument{o.Organization, o.Device, o.Volume, o.Protector, o.KeyID, nil, o.Origin}
	if !o.Time.IsZero() {
		at := o.Time.UTC()
		document.Time = &at
	}
	return document
}

// A Format is how a message is sealed.
type Format string

const (
	Auth              Format = "auth"               // AuthEnvelopedData with AES-256-GCM
	Enveloped         Format = "enveloped"          // EnvelopedData with AES-256-CBC, for readers that know no better
	EnvelopedPKCS1v15 Format = "enveloped_pkcs1v15" // the same with PKCS#1 v1.5, for readers that know no OAEP
)

// A Suite is which algorithms a message may use to be opened.
type Suite string

const (
	SuiteModern    Suite = "modern"
	SuiteFileVault Suite = "filevault" // what a Mac writes; the default where the kind is FileVault
	SuiteLegacy    Suite = "legacy"    // single DES and what else old servers wrote
)

// A Sealing is how a key is sealed. The zero value is AuthEnvelopedData that names no owner: no escrow opens that.
type Sealing struct {
	Owner  Owner  // sealed with the key; an escrow opens what names its organization and the device, or is bare
	Bare   bool   // the text of the key alone, for readers that expect nothing else: nothing binds it to a device
	Format Format // empty: Auth
}

// Seal seals a key to certificates.
//
// [ErrEnvelopeSeal] if there is no certificate, more than 16, one twice, or one that cannot receive it; [ErrEnvelopePayload];
// [ErrRandomnessUnavailable].
func Seal(key *Key, to *Certificates, how Sealing) (*Envelope, error) {
	document, err := encode(struct {
		Owner  ownerDocument `json:"owner"`
		Bare   bool          `json:"bare,omitempty"`
		Format Format        `json:"format,omitempty"`
	}{how.Owner.document(), how.Bare, how.Format})
	if err != nil {
		return nil, err
	}
	if key == nil || to == nil {
		return nil, ErrClosed
	}
	return with(key.owner, func(key native.Key) (*Envelope, error) {
		return with(to.owner, func(to native.Certificates) (*Envelope, error) {
			return envelopeOf(native.EnvelopeSeal(key, to, document))
		})
	})
}

// ParseEnvelope reads the structure of a message in BER, DER, base64, PEM or S/MIME. No key is used.
//
// [ErrEnvelopeSyntax]; [ErrEnvelopeLimit] over 64 KiB, 32 levels or 16 recipients; [ErrEnvelopeType] for other CMS.
func ParseEnvelope(message []byte) (*Envelope, error) {
	if err := load(); err != nil {
		return nil, err
	}
	return envelopeOf(native.EnvelopeParse(message))
}

func envelopeOf(handle native.Envelope, failure native.Error, result int32) (*Envelope, error) {
	if err := failed(failure, result); err != nil {
		return nil, err
	}
	return &Envelope{own(handle, native.EnvelopeFree)}, nil
}

// DER is the message; nil after Close.
func (e *Envelope) DER() []byte {
	if e == nil {
		return nil
	}
	der, _ := with(e.owner, func(envelope native.Envelope) ([]byte, error) {
		return append([]byte(nil), native.EnvelopeDER(envelope)...), nil
	})
	return der
}

// Digest is the SHA-256 of its DER, hexadecimal, by which receipts name it.
func (e *Envelope) Digest() (string, error) {
	if e == nil {
		return "", ErrClosed
	}
	return with(e.owner, func(envelope native.Envelope) (string, error) {
		text, failure, result := native.EnvelopeDigest(envelope)
		if err := failed(failure, result); err != nil {
			return "", err
		}
		return string(native.TextOf(text)), nil
	})
}

// An Inspection is what can be seen of a message from outside.
type Inspection struct {
	ContentType      string                `json:"content_type"`
	ContentAlgorithm string                `json:"content_algorithm"`
	Authenticated    bool                  `json:"authenticated"` // whether a tag says that nobody changed it
	Recipients       []RecipientInspection `json:"recipients"`
	OtherRecipients  int                   `json:"other_recipients"` // those that are no certificate's
	Suites           []Suite               `json:"suites"`           // which of them opens it
	Digest           string                `json:"digest"`
	Size             int                   `json:"size"`
	Notes            []string              `json:"notes"`
}

// A RecipientInspection is whom a message names.
type RecipientInspection struct {
	KeyAlgorithm         string   `json:"key_algorithm"`
	Issuer               string   `json:"issuer"`
	SerialNumber         string   `json:"serial_number"`
	SubjectKeyIdentifier string   `json:"subject_key_identifier"`
	Certificates         []string `json:"certificates"` // those of the known ones that it may be
}

// Inspect tells what can be seen of it from outside, and which of the known certificates it names; nil: none are known.
func (e *Envelope) Inspect(known *Certificates) (Inspection, error) {
	var none Inspection
	if e == nil {
		return none, ErrClosed
	}
	certificates, done, err := known.use()
	if err != nil {
		return none, err
	}
	defer done()
	return with(e.owner, func(envelope native.Envelope) (Inspection, error) {
		return answer[Inspection](native.EnvelopeInspect(envelope, certificates))
	})
}

// An Opening is what a message may be to be opened.
type Opening struct {
	Kind      Kind  // what the key must be; empty: only authenticated content is released
	Suite     Suite // empty: SuiteFileVault where the kind is FileVault, else SuiteModern
	Owner     Owner // what the message must name where it names anybody
	Unmatched bool  // also try keys that the message does not name
}

func (o Opening) document() (string, error) {
	return encode(struct {
		Kind      Kind          `json:"kind,omitempty"`
		Suite     Suite         `json:"suite,omitempty"`
		Owner     ownerDocument `json:"owner"`
		Unmatched bool          `json:"unmatched,omitempty"`
	}{o.Kind, o.Suite, o.Owner.document(), o.Unmatched})
}

// An OpenedKey is a key out of a message, and what is known about it.
type OpenedKey struct {
	*Key
	About Opened
}

// Opened is what is known about a key out of a message.
type Opened struct {
	Kind          Kind     `json:"kind"`
	Owner         Owner    `json:"owner"`
	Bare          bool     `json:"bare"`
	Authenticated bool     `json:"authenticated"` // whether a tag says that nobody changed it
	Bound         bool     `json:"bound"`         // whether it names the owner that was expected, and was authenticated
	Certificates  []string `json:"certificates"`  // the fingerprints of the identity that opened it
}

// Open opens it.
//
// [ErrEnvelopeNoRecipient], [ErrEnvelopeSuite], [ErrEnvelopeKindNeeded]; [ErrEnvelopeOpen], one answer, whatever was wrong;
// [ErrIdentityUnavailable], which says nothing about the message.
func (e *Envelope) Open(keyring *Keyring, options Opening) (*OpenedKey, error) {
	document, err := options.document()
	if err != nil {
		return nil, err
	}
	if e == nil || keyring == nil {
		return nil, ErrClosed
	}
	return with(e.owner, func(envelope native.Envelope) (*OpenedKey, error) {
		return with(keyring.owner, func(keys native.Keyring) (*OpenedKey, error) {
			key, text, failure, result := native.EnvelopeOpen(envelope, keys, document)
			about, err := answer[Opened](text, failure, result)
			if result != 0 {
				return nil, keyring.because(err)
			}
			return &OpenedKey{ownKey(key), about}, err
		})
	})
}

// Rewrap seals the same content to other certificates, once it was shown to open. Errors as for Open and [Seal].
func (e *Envelope) Rewrap(keyring *Keyring, options Opening, to *Certificates) (*Envelope, error) {
	document, err := options.document()
	if err != nil {
		return nil, err
	}
	if e == nil || keyring == nil || to == nil {
		return nil, ErrClosed
	}
	return with(e.owner, func(envelope native.Envelope) (*Envelope, error) {
		return with(keyring.owner, func(keys native.Keyring) (*Envelope, error) {
			return with(to.owner, func(to native.Certificates) (*Envelope, error) {
				made, err := envelopeOf(native.EnvelopeRewrap(envelope, keys, document, to))
				return made, keyring.because(err)
			})
		})
	})
}

// Close frees it.
func (e *Envelope) Close() error {
	if e != nil {
		e.owner.close()
	}
	return nil
}
