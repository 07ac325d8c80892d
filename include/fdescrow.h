/*
 * fdescrow: recovery keys of encrypted disks, for C and C++.
 *
 * Made from ffi/src; do not edit. What holds for every function is in docs/c-abi.md:
 * types are opaque; `const T *` is borrowed for the call; outputs stand last and are yours to free; a function that fails
 * sets its outputs to NULL and returns a number, and hands out an error if `error_out` is not NULL.
 */
#ifndef FDESCROW_H
#define FDESCROW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/*
 * Success.
 */
#define FDESCROW_RESULT_OK 0

/*
 * A pointer that must not be NULL is NULL.
 */
#define FDESCROW_RESULT_NULL_POINTER 1

/*
 * A handle is of another type than the function takes, or is no handle.
 */
#define FDESCROW_RESULT_WRONG_HANDLE 2

/*
 * A text is not UTF-8.
 */
#define FDESCROW_RESULT_NOT_UTF8 3

/*
 * A JSON document that the calling program wrote is not as the function describes it.
 */
#define FDESCROW_RESULT_REQUEST_SYNTAX 4

/*
 * The library stopped in the middle of a call because of an error of its own.
 */
#define FDESCROW_RESULT_PANIC 5

/*
 * The text is not a recovery key of this kind.
 */
#define FDESCROW_RESULT_KEY_FORMAT 100

/*
 * A name (organization, device, volume, protector, actor) is empty, too long or has control characters.
 */
#define FDESCROW_RESULT_ID_INVALID 110

/*
 * A time lies outside of the years 1 to 9999.
 */
#define FDESCROW_RESULT_TIME_OUT_OF_RANGE 120

/*
 * The source of randomness failed.
 */
#define FDESCROW_RESULT_RANDOMNESS_UNAVAILABLE 130

/*
 * The policy is not allowed: a rule of the platform is broken, or a key would be lost.
 */
#define FDESCROW_RESULT_POLICY_INVALID 150

/*
 * The policy document cannot be read.
 */
#define FDESCROW_RESULT_POLICY_SYNTAX 151

/*
 * The bytes are not a configuration profile that can be read.
 */
#define FDESCROW_RESULT_PROFILE_SYNTAX 160

/*
 * The profile is larger or deeper than is accepted.
 */
#define FDESCROW_RESULT_PROFILE_LIMIT 161

/*
 * The profile could not be signed.
 */
#define FDESCROW_RESULT_PROFILE_SIGNING 162

/*
 * The bytes are not a CMS message that can be read.
 */
#define FDESCROW_RESULT_ENVELOPE_SYNTAX 200

/*
 * The message is larger, deeper or has more recipients than the limits allow.
 */
#define FDESCROW_RESULT_ENVELOPE_LIMIT 201

/*
 * The CMS message is of a type that holds no sealed key for a certificate.
 */
#define FDESCROW_RESULT_ENVELOPE_TYPE 202

/*
 * The algorithms of the message are not on the list that the caller allows.
 */
#define FDESCROW_RESULT_ENVELOPE_SUITE 203

/*
 * No identity in the keyring is a recipient of this message.
 */
#define FDESCROW_RESULT_ENVELOPE_NO_RECIPIENT 204

/*
 * The message did not open as a key of this kind for this device.
 */
#define FDESCROW_RESULT_ENVELOPE_OPEN 205

/*
 * The message cannot be sealed to these recipients.
 */
#define FDESCROW_RESULT_ENVELOPE_SEAL 206

/*
 * The payload cannot be sealed: it lacks a key or is too large.
 */
#define FDESCROW_RESULT_ENVELOPE_PAYLOAD 207

/*
 * Nothing authenticates the content, and the caller did not say which kind of key it should be.
 */
#define FDESCROW_RESULT_ENVELOPE_KIND_NEEDED 208

/*
 * The bytes are not a certificate that can be read.
 */
#define FDESCROW_RESULT_CERTIFICATE_SYNTAX 250

/*
 * The certificate cannot be used for this.
 */
#define FDESCROW_RESULT_CERTIFICATE_UNSUITABLE 251

/*
 * The bytes are not a private key or identity that can be read.
 */
#define FDESCROW_RESULT_IDENTITY_SYNTAX 252

/*
 * The private key is encrypted and the password is missing or wrong.
 */
#define FDESCROW_RESULT_IDENTITY_PASSWORD 253

/*
 * The private key does not belong to the certificate.
 */
#define FDESCROW_RESULT_IDENTITY_MISMATCH 254

/*
 * The private key cannot be reached at the moment.
 */
#define FDESCROW_RESULT_IDENTITY_UNAVAILABLE 255

/*
 * The private key is of a kind that cannot be used here.
 */
#define FDESCROW_RESULT_IDENTITY_UNSUPPORTED 256

/*
 * The event does not apply to the device in its present state.
 */
#define FDESCROW_RESULT_EVENT_REJECTED 300

/*
 * The report cannot be read, or is not of the kind that was named.
 */
#define FDESCROW_RESULT_OBSERVATION_SYNTAX 310

/*
 * The report is larger or deeper than is read.
 */
#define FDESCROW_RESULT_OBSERVATION_LIMIT 311

/*
 * There is no key for this device, volume and protector.
 */
#define FDESCROW_RESULT_RECOVERY_NO_KEY 350

/*
 * The device has several volumes or protectors and none was chosen.
 */
#define FDESCROW_RESULT_RECOVERY_AMBIGUOUS 351

/*
 * No candidate key opened with this keyring.
 */
#define FDESCROW_RESULT_RECOVERY_NOT_OPENED 352

/*
 * A key is handed out only for a reason.
 */
#define FDESCROW_RESULT_RECOVERY_REASON_MISSING 353

/*
 * The key may not be handed out: it is quarantined or its request is not authorised.
 */
#define FDESCROW_RESULT_RECOVERY_REFUSED 354

/*
 * A rule of recovery forbids this: who approves, which key it is about, or what became of the request.
 */
#define FDESCROW_RESULT_RECOVERY_REJECTED 355

/*
 * This person was shown as many keys as the policy allows in a day.
 */
#define FDESCROW_RESULT_RECOVERY_QUOTA 356

/*
 * There is no such recovery.
 */
#define FDESCROW_RESULT_RECOVERY_UNKNOWN 357

/*
 * The store cannot be reached.
 */
#define FDESCROW_RESULT_STORE_UNAVAILABLE 400

/*
 * Somebody else changed the device at the same time.
 */
#define FDESCROW_RESULT_STORE_CONFLICT 401

/*
 * It is not known whether the change was stored.
 */
#define FDESCROW_RESULT_STORE_UNKNOWN 402

/*
 * A stored record cannot be read.
 */
#define FDESCROW_RESULT_STORE_CORRUPT 403

/*
 * The database has a schema that this version cannot work with.
 */
#define FDESCROW_RESULT_STORE_SCHEMA 404

/*
 * The database would not keep an acknowledged change over a crash.
 */
#define FDESCROW_RESULT_STORE_DURABILITY 405

/*
 * A limit per device and day is reached.
 */
#define FDESCROW_RESULT_STORE_LIMIT 406

/*
 * An upload without an actor is refused.
 */
#define FDESCROW_RESULT_UPLOAD_ACTOR_MISSING 410

/*
 * The upload is not CMS and was not stored: it may be a key in clear.
 */
#define FDESCROW_RESULT_UPLOAD_NOT_SEALED 411

/*
 * The device is not known.
 */
#define FDESCROW_RESULT_DEVICE_UNKNOWN 412

/*
 * The key is not known.
 */
#define FDESCROW_RESULT_KEY_UNKNOWN 413

/*
 * The key is not to be removed.
 */
#define FDESCROW_RESULT_REMOVAL_UNKNOWN 414

/*
 * The certificate is still needed by keys that were not sealed anew.
 */
#define FDESCROW_RESULT_CERTIFICATE_IN_USE 420

/*
 * The library was set up in a way that cannot work.
 */
#define FDESCROW_RESULT_MISUSE 430

/*
 * The audit chain does not verify.
 */
#define FDESCROW_RESULT_AUDIT_BROKEN 450

/*
 * The checkpoint file cannot be read.
 */
#define FDESCROW_RESULT_CHECKPOINT_SYNTAX 451

/*
 * The bytes are not a MAC key for the audit.
 */
#define FDESCROW_RESULT_MAC_KEY_SYNTAX 452

/*
 * The device has no such rotation.
 */
#define FDESCROW_RESULT_ROTATION_UNKNOWN 500

/*
 * The file is no spool, or one of another version.
 */
#define FDESCROW_RESULT_SPOOL_SYNTAX 550

/*
 * The spool holds as many envelopes as it may, none of them acknowledged.
 */
#define FDESCROW_RESULT_SPOOL_FULL 551

/**
 * There is nothing to do now.
 */
#define FDESCROW_STEP_NONE 0

/**
 * Send the document of `fdescrow_planner_upload`; then `fdescrow_planner_receipt`, or `fdescrow_planner_failed` without an answer.
 */
#define FDESCROW_STEP_ASK 1

/**
 * Run `fdescrow_luks_command` or `fdescrow_filevault_command`, call `fdescrow_bitlocker_call`, post `fdescrow_snapd_body`.
 */
#define FDESCROW_STEP_CALL 2

/**
 * `fdescrow_planner_escrow`; write what it gives to the disk; then `fdescrow_planner_done`.
 */
#define FDESCROW_STEP_ESCROW 3

/**
 * Have a key made: `fdescrow_luks_generate`; or post `fdescrow_snapd_body` and give the answer to `fdescrow_snapd_generated`.
 */
#define FDESCROW_STEP_GENERATE 4

/**
 * Remove what is where the copy of the LUKS header goes; then as `FDESCROW_STEP_CALL`.
 */
#define FDESCROW_STEP_BACK_UP_HEADER 5

/**
 * Remove the copy of the LUKS header.
 */
#define FDESCROW_STEP_DROP_BACKUP 6

/**
 * Run `fdescrow_filevault_command` with the key that was released for it, or a user's password.
 */
#define FDESCROW_STEP_CHANGE_RECOVERY 7

/**
 * Run `fdescrow_filevault_command` with the key that was released for it; then `fdescrow_filevault_attested`.
 */
#define FDESCROW_STEP_VALIDATE_RECOVERY 8

/**
 * Queue the MDM command RotateFileVaultKey.
 */
#define FDESCROW_STEP_SEND_ROTATE 9

/**
 * Queue the MDM command SecurityInfo.
 */
#define FDESCROW_STEP_SEND_SECURITY_INFO 10

/**
 * The number of the C ABI that this header describes. It grows when something is taken away or changes its meaning; what is
 * only added leaves it as it is.
 */
#define FDESCROW_ABI_VERSION 1

/**
 * What a callback answers when it did what it was asked.
 */
#define FDESCROW_CALLBACK_DONE 0

/**
 * What a callback answers when the key was reached and did not take the input: a bad padding, a point on no curve.
 */
#define FDESCROW_CALLBACK_REFUSED 1

/**
 * What a callback answers when the key cannot be reached. Nothing is then believed about any message. So is every other number.
 */
#define FDESCROW_CALLBACK_UNAVAILABLE 2

/**
 * A bit of `fdescrow_identity_functions.unpads`: RSAES-PKCS1-v1_5, which a Mac's own envelopes need.
 */
#define FDESCROW_UNPADS_PKCS1V15 1

/**
 * A bit of `fdescrow_identity_functions.unpads`: RSAES-OAEP with SHA-256 for label and mask, as this library seals.
 */
#define FDESCROW_UNPADS_OAEP_SHA256 2

/**
 * A bit of `fdescrow_identity_functions.unpads`: RSAES-OAEP with SHA-1 for label and mask, as older tools seal.
 */
#define FDESCROW_UNPADS_OAEP_SHA1 4

/**
 * A level of `fdescrow_watch_functions`: an operation failed.
 */
#define FDESCROW_LOG_WARN 2

/**
 * A level of `fdescrow_watch_functions`: what was done, and how it ended.
 */
#define FDESCROW_LOG_INFO 3

/**
 * A level of `fdescrow_watch_functions`: whose device it was, too.
 */
#define FDESCROW_LOG_DEBUG 4

/**
 * Bytes that the library made: a profile, an envelope, a part of a spool.
 */
typedef struct fdescrow_buffer fdescrow_buffer;

/**
 * Certificates, in an order: whom keys are sealed to, or who may have sealed. Most lists have one.
 */
typedef struct fdescrow_certificates fdescrow_certificates;

/**
 * A sealed message, CMS EnvelopedData or AuthEnvelopedData (RFC 5652, RFC 5083), whose structure was read. No secret.
 */
typedef struct fdescrow_envelope fdescrow_envelope;

/**
 * Why a call failed: a number, and a sentence for a log or a developer.
 *
 * The sentence never holds a secret.
 */
typedef struct fdescrow_error fdescrow_error;

/**
 * The recovery keys of one organization, over a store. Used from several threads at once.
 */
typedef struct fdescrow_escrow fdescrow_escrow;

/**
 * A recovery key that is well-formed: of a Mac (`filevault`), a Windows PC (`bitlocker`) or a Linux machine (`luks`, `systemd`,
 * `snapd`). Wiped when it is freed.
 */
typedef struct fdescrow_key fdescrow_key;

/**
 * Identities: private keys with their certificates. Wiped when it is freed.
 */
typedef struct fdescrow_keyring fdescrow_keyring;

/**
 * Plans for one volume of a device. Made by `fdescrow_luks_open`, `fdescrow_bitlocker_open`, `fdescrow_filevault_open` and
 * `fdescrow_snapd_open`; a function of one platform does not take the planner of another (`MISUSE`).
 *
 * The loop: look at the device; `fdescrow_planner_next`; do the one step that `fdescrow_planner_step` names; say what became of it; write
 * `fdescrow_planner_state` down; again. It may be killed anywhere.
 */
typedef struct fdescrow_planner fdescrow_planner;

/**
 * The policy of an organization with its groups, as docs/policy.md describes it.
 */
typedef struct fdescrow_policy fdescrow_policy;

/**
 * Where a function of a store writes its answer. It is the library's, and good until the function returns.
 */
typedef struct fdescrow_reply fdescrow_reply;

/**
 * A secret: a recovery key, a password, a private key. Its memory is wiped when it is freed.
 *
 * A copy that you make of what `fdescrow_secret_expose` shows is yours to wipe.
 */
typedef struct fdescrow_secret fdescrow_secret;

/**
 * Sealed keys that the server has not acknowledged, and the names under which they are sent. The file is the agent's: what is to
 * be written to it, the functions give.
 */
typedef struct fdescrow_spool fdescrow_spool;

/**
 * Where keys are remembered: SQLite, memory, or tables of the embedder's.
 */
typedef struct fdescrow_store fdescrow_store;

/**
 * A text that the library made: JSON, XML, a report.
 */
typedef struct fdescrow_text fdescrow_text;

/**
 * What became of a call: 0, or the number of an error (`FDESCROW_RESULT_…`, docs/errors.md).
 *
 * A number keeps its meaning for good; a newer library may return numbers that this header does not name.
 */
typedef int32_t fdescrow_result;

/**
 * Where a function puts what it makes: `T **` in C.
 */

/**
 * Where a function puts what it makes: `T **` in C.
 */

/**
 * Where a function puts what went wrong; NULL if nobody wants to know.
 */
typedef fdescrow_error **Errors;

/**
 * UTF-8, not ended by a NUL. Empty: any pointer, NULL too, and length 0.
 */
typedef struct {
    /**
     * The first byte.
     */
    const char *data;
    /**
     * How many bytes.
     */
    size_t length;
} fdescrow_str;

/**
 * Where a function puts what it makes: `T **` in C.
 */

/**
 * Where a function puts what it makes: `T **` in C.
 */

/**
 * Bytes. Empty: any pointer, NULL too, and length 0.
 */
typedef struct {
    /**
     * The first one.
     */
    const uint8_t *data;
    /**
     * How many.
     */
    size_t length;
} fdescrow_bytes;

/**
 * Where a function puts what it makes: `T **` in C.
 */

/**
 * Where a function puts what it makes: `T **` in C.
 */

/**
 * Where a function puts what it makes: `T **` in C.
 */

/**
 * Where a function puts what it makes: `T **` in C.
 */

/**
 * Where a function puts what it makes: `T **` in C.
 */

/**
 * Where a function puts what it makes: `T **` in C.
 */

/**
 * What an escrow tells of its work: for a log, and for somebody who waits. No secret is ever among it.
 *
 * The functions are called on the thread of the call, several at a time where several threads call; `log` at the end of the call,
 * when nothing is locked any more. They must not throw, jump or unwind.
 */
typedef struct {
    /**
     * FDESCROW_ABI_VERSION.
     */
    uint32_t version;
    /**
     * The finest level that `log` is told: FDESCROW_LOG_…
     */
    uint32_t level;
    /**
     * Handed to every function. It must be good from any thread until `free` is called.
     */
    void *context;
    /**
     * Called once, when the escrow tells it nothing more, or if it was not taken. May be NULL.
     */
    void (*free)(void *context);
    /**
     * One line for a log. `message` is the name of an operation, as `receive`, `commit`; `fields` is JSON: `outcome`, a word; `done` and
     * `failed`, how many; `error`, its name; `device`; `microseconds`. May be NULL.
     */
    void (*log)(void *context, uint32_t level, fdescrow_str message, fdescrow_str fields_json);
    /**
     * After each batch of an `operation`: for `check` how many devices are `done` since the first batch and how many are `left`; for
     * `rewrap` how many envelopes. May be NULL.
     */
    void (*progress)(void *context, fdescrow_str operation, uint64_t done, uint64_t left, uint64_t per_minute);
} fdescrow_watch_functions;

/**
 * Where a function puts what it makes: `T **` in C.
 */

/**
 * The private operations of a key in an HSM or key service.
 *
 * Exactly one of `raw_private` (RSA), `decrypt` (RSA) and `agree` (P-256, P-384) is given; a device that can do the bare
 * operation gives that, for then the library takes the padding off in constant time. They are called from any thread, several
 * at a time. They answer FDESCROW_CALLBACK_…, and must not throw, jump or unwind.
 */
typedef struct {
    /**
     * FDESCROW_ABI_VERSION.
     */
    uint32_t version;
    /**
     * Which paddings `decrypt` takes off: FDESCROW_UNPADS_…, or-ed. 0 for the other two.
     */
    uint32_t unpads;
    /**
     * Handed to every function. It must be good from any thread until `free` is called.
     */
    void *context;
    /**
     * Called once, when nothing uses the key any more: when the last keyring with it was freed, or if it was not taken. May be NULL.
     */
    void (*free)(void *context);
    /**
     * The bare RSA private operation (RFC 8017 §5.1.2): `input` and `output` have as many octets as the modulus.
     */
    int32_t (*raw_private)(void *context, fdescrow_bytes input, uint8_t *output);
    /**
     * RSA decryption with the padding taken off. `padding` is one of FDESCROW_UNPADS_…; at most `capacity` octets are written to
     * `output`, and how many to `length`. `capacity` is how long the key of this message is: nothing of another length is one.
     * FDESCROW_CALLBACK_REFUSED where the padding was bad or the length is another; a device that can be told the length and
     * then answers a bad padding with random octets (RFC 3218 §2.3.2) gives those.
     */
    int32_t (*decrypt)(void *context,
                       uint32_t padding,
                       fdescrow_bytes ciphertext,
                       uint8_t *output,
                       size_t capacity,
                       size_t *length);
    /**
     * The bare key agreement (SEC 1 §3.3.1): the x-coordinate of the private key times `point`, an uncompressed SEC 1 point of
     * the curve, into `output` of `capacity` octets, all of them.
     */
    int32_t (*agree)(void *context, fdescrow_bytes point, uint8_t *output, size_t capacity);
} fdescrow_identity_functions;

/**
 * Where a function puts what it makes: `T **` in C.
 */

/**
 * Where a function puts what it makes: `T **` in C.
 */

/**
 * One method of a store: what is asked, as JSON, and where the answer goes. It returns 0 or `FDESCROW_RESULT_STORE_UNAVAILABLE`,
 * `_CONFLICT`, `_UNKNOWN`, `_CORRUPT`, `_SCHEMA`, `_DURABILITY` or `FDESCROW_RESULT_MISUSE`; another number means *unavailable*.
 */
typedef fdescrow_result (*fdescrow_store_function)(void *context, fdescrow_str request_json, const fdescrow_reply *reply);

/**
 * A store of your own, over the rows of your database. docs/storage.md has the promises, docs/c-abi.md the documents.
 *
 * The functions are called from any thread, several at a time.
 */
typedef struct {
    /**
     * FDESCROW_ABI_VERSION.
     */
    uint32_t version;
    /**
     * Handed to every function. It must be good from any thread until `free` is called.
     */
    void *context;
    /**
     * Called once, when nothing uses the store any more, or if it was not taken. May be NULL.
     */
    void (*free)(void *context);
    /**
     * Reads one row: the request is its `table` and `key`; answers `row`, null if it is not there.
     */
    fdescrow_store_function get;
    /**
     * Lists rows by an index: answers `rows`, and `more`, whether there are further ones.
     */
    fdescrow_store_function list;
    /**
     * Counts rows: answers `count`.
     */
    fdescrow_store_function count;
    /**
     * Claims rows that are due: answers `rows`.
     */
    fdescrow_store_function claim;
    /**
     * Gives claimed rows back.
     */
    fdescrow_store_function release;
    /**
     * Writes a change set, all of it and durably, or nothing: answers `revision`; with `_CONFLICT`, `current`, `cause` (`revision`,
     * `guard`, `absent`, `present`) and `table`.
     */
    fdescrow_store_function commit;
    /**
     * Writes several, each for itself: answers `results`, each with `result` and what `commit` answers. May be NULL.
     */
    fdescrow_store_function commit_batch;
    /**
     * Whether a change was committed: answers `revision`, or null.
     */
    fdescrow_store_function committed;
    /**
     * Reads audit entries in the order of their commits: answers `events`, each with `cursor` and `row`, and `next`.
     */
    fdescrow_store_function events;
    /**
     * Reads tables as they were at one moment, each row by `fdescrow_reply_row`.
     */
    fdescrow_store_function snapshot;
} fdescrow_store_functions;

/**
 * Opens stores for the conformance suite.
 */
typedef struct {
    /**
     * FDESCROW_ABI_VERSION.
     */
    uint32_t version;
    /**
     * Handed to every function.
     */
    void *context;
    /**
     * Fills in the functions of a store: an empty one, or, where `again` is true, the one that was opened last as another process would
     * find it.
     */
    fdescrow_result (*open)(void *context, bool again, fdescrow_store_functions *functions);
    /**
     * Lets the store's own clock go on by so many seconds. NULL if it has none.
     */
    void (*wait)(void *context, uint32_t seconds);
} fdescrow_store_factory;

#ifdef __cplusplus
extern "C" {
#endif // __cplusplus

/**
 * Method of `fdescrow_planner`: what is to be written down after every step, as JSON without any secret. The next run opens it.
 *
 * Errors: `NULL_POINTER`.
 */
fdescrow_result fdescrow_planner_state(const fdescrow_planner *planner,
                                       fdescrow_text **state_out,
                                       fdescrow_error **error_out);

/**
 * Method of `fdescrow_planner`: pursues a goal, in place of the one before; the same goal again changes nothing.
 *
 * `goal_json`: `id`, a word that names it for good, such as a rotation's id; `aim`: for LUKS `"escrow"` or `{"rotate":{"replace":["1"]}}`, the
 * slots that are to go; for BitLocker `"adopt"`, `"protect"`, `"restore_protection"` or `{"rotate":{"replace":["{…}"]}}`, the protectors; for FileVault
 * `"attest"`, `"escrow"` or `"rotate"`; for snapd there is none.
 * Errors: `REQUEST_SYNTAX`; `MISUSE` for FileVault if nothing was looked at: what is there now is of the old key.
 */
fdescrow_result fdescrow_planner_pursue(fdescrow_planner *planner,
                                        fdescrow_str goal_json,
                                        fdescrow_error **error_out);

/**
 * Method of `fdescrow_planner`: decides, by what was looked at, what the situation is and what to do.
 *
 * At the first time the planner learns from the spool what it holds for this volume: it may be ahead of the state. `next_out` receives JSON:
 * `situation`, and where the platform has them `standing` (`acts`, `waits`, `rests`, `needs_person`, `needs_administrator`), `because`, `step`, `held`, `remarks`,
 * `attested`, `wake_at`.
 * Errors: `MISUSE` without a goal, or if nothing was looked at since the last step.
 */
fdescrow_result fdescrow_planner_next(fdescrow_planner *planner,
                                      const fdescrow_spool *spool,
                                      fdescrow_text **next_out,
                                      fdescrow_error **error_out);

/**
 * Method of `fdescrow_planner`: what is to be done, one of FDESCROW_STEP_…; a newer library may return numbers that this header does not
 * name: report them as failed. FDESCROW_STEP_NONE for NULL.
 */
uint32_t fdescrow_planner_step(const fdescrow_planner *planner);

/**
 * Method of `fdescrow_planner`: when to look again at the latest, in seconds since 1970, by the last `fdescrow_planner_next`; 0: at the
 * agent's own interval.
 */
int64_t fdescrow_planner_wake_at(const fdescrow_planner *planner);

/**
 * Method of `fdescrow_planner`: what the step FDESCROW_STEP_ASK sends, as `fdescrow_spool_upload` has it.
 *
 * Errors: `MISUSE` if the step is another, or the spool another than that of `fdescrow_planner_next`.
 */
fdescrow_result fdescrow_planner_upload(const fdescrow_planner *planner,
                                        const fdescrow_spool *spool,
                                        fdescrow_text **upload_out,
                                        fdescrow_error **error_out);

/**
 * Method of `fdescrow_planner`: seals the key for the step FDESCROW_STEP_ESCROW, bound to device and place, and puts it into the spool.
 *
 * `password`: for BitLocker what `fdescrow_bitlocker_call` read; NULL for the others, whose key the planner has. `append_out` receives the bytes
 * to append to the spool's file: when they are on the disk (fsync), `fdescrow_planner_done`. If that fails, the spool in memory is
 * ahead of its file: read it again.
 * Errors: `MISUSE` if the step is another; `KEY_FORMAT`, `ENVELOPE_SEAL`, `SPOOL_FULL`, `RANDOMNESS_UNAVAILABLE`.
 */
fdescrow_result fdescrow_planner_escrow(fdescrow_planner *planner,
                                        fdescrow_spool *spool,
                                        const fdescrow_secret *password,
                                        int64_t now,
                                        fdescrow_buffer **append_out,
                                        fdescrow_error **error_out);

/**
 * Method of `fdescrow_planner`: the step was done: the command ended with 0, the file is gone, the envelope is in the spool on the disk.
 *
 * Errors: `MISUSE` without a step, and for one that is not done like that.
 */
fdescrow_result fdescrow_planner_done(fdescrow_planner *planner,
                                      int64_t now,
                                      fdescrow_error **error_out);

/**
 * Method of `fdescrow_planner`: the step was not done, as far as is known; the next look shows whether it had an effect.
 *
 * `status`: the exit status of the command; negative: it did not run or was killed, the server did not answer, the file could not be written.
 * Errors: `MISUSE` without a step.
 */
fdescrow_result fdescrow_planner_failed(fdescrow_planner *planner,
                                        int32_t status,
                                        int64_t now,
                                        fdescrow_error **error_out);

/**
 * Method of `fdescrow_planner`: takes a receipt, as `fdescrow_escrow_receive` and `fdescrow_escrow_receipt` give it: the answer to the step
 * FDESCROW_STEP_ASK; or, while there is no such step, to anything that the spool holds, however late and however often.
 *
 * The spool lets the envelope go if the receipt says verified at the level of the planner's rules; `append_out` receives the bytes to
 * append to its file, often none. Write the planner's state down before: what the spool does not hold any more, the planner must know.
 * Errors: `REQUEST_SYNTAX`; `EVENT_REJECTED` if the receipt is of another device, place, request or envelope: nothing changed by it, but that the
 * server was asked.
 */
fdescrow_result fdescrow_planner_receipt(fdescrow_planner *planner,
                                         fdescrow_spool *spool,
                                         fdescrow_str receipt_json,
                                         int64_t now,
                                         fdescrow_buffer **append_out,
                                         fdescrow_error **error_out);

/**
 * Method of `fdescrow_planner`: whether a step will send this entry of the spool, counted from 0, so that nobody else need. The others
 * are of places that are gone: send them too, the server is to have every key that was ever made.
 */
bool fdescrow_planner_awaits(const fdescrow_planner *planner,
                             const fdescrow_spool *spool,
                             size_t index);

/**
 * Method of `fdescrow_planner`: asks the server at once about every key that is not verified, for somebody wants to know now, or an agent
 * was started.
 *
 * Errors: `NULL_POINTER`.
 */
fdescrow_result fdescrow_planner_ask_again(fdescrow_planner *planner,
                                           fdescrow_error **error_out);

/**
 * Destructor of `fdescrow_planner`. A key that it holds is wiped. NULL is nothing.
 */
void fdescrow_planner_free(fdescrow_planner *planner);

/**
 * Constructor of `fdescrow_planner`: plans for a volume of a Windows computer.
 *
 * `state_json`: what `fdescrow_planner_state` gave in the run before; empty in the first one: then every recovery password is read and sealed
 * again, and nothing worse. `organization` and `device`: as the server knows them. `volume`: empty for the boot volume. `rules_json`: what the policy says; empty
 * for the defaults: `level`, `before_encryption`, `encryption_method`, `encryption_type`, `boot`, `servers`, `ask_again_after`, `new_passwords`. `to`: the pinned
 * certificates, all of which can open what is sealed.
 * Errors: `ID_INVALID`, `REQUEST_SYNTAX`; `MISUSE` if the state is of another organization, device or volume.
 */
fdescrow_result fdescrow_bitlocker_open(fdescrow_str state_json,
                                        fdescrow_str organization,
                                        fdescrow_str device,
                                        fdescrow_str volume,
                                        fdescrow_str rules_json,
                                        const fdescrow_certificates *to,
                                        fdescrow_planner **planner_out,
                                        fdescrow_error **error_out);

/**
 * Method of `fdescrow_planner`: begins to look at the volume: then call what `fdescrow_bitlocker_call` says and give the answers to
 * `fdescrow_bitlocker_answer`, until there is nothing more to call. One look is good for one step.
 *
 * `machine_json`: what is known of the computer, each `yes`, `no` or left out: `server` (Win32_OperatingSystem.ProductType other than 1), `tpm`
 * (Win32_Tpm.IsReady), `system_volume` (Win32_EncryptableVolume.VolumeType 0); and `registry`, left out if it could not be read: `os_encryption_type` and
 * `encryption_method_with_xts_os` below HKLM\SOFTWARE\Policies\Microsoft\FVE, where they are.
 * Errors: `REQUEST_SYNTAX`.
 */
fdescrow_result fdescrow_bitlocker_look(fdescrow_planner *planner,
                                        fdescrow_str machine_json,
                                        int64_t now,
                                        fdescrow_error **error_out);

/**
 * Method of `fdescrow_planner`: the method of Win32_EncryptableVolume to call now: while it is looked at the volume the next one of those that
 * look; then that of the step FDESCROW_STEP_CALL, or, for FDESCROW_STEP_ESCROW, the one that reads the recovery password.
 *
 * `call_out` receives JSON: `method`; `inputs`, each with `name`, `type` (`uint32`, `string`, `null`: Windows chooses, `pin`: the user is asked for it) and
 * `value`; `outputs`, the names of what comes out; `changes`, whether it changes the volume. The empty text if there is nothing to call: go on with
 * `fdescrow_planner_next`.
 * Errors: `MISUSE` for a planner of another platform.
 */
fdescrow_result fdescrow_bitlocker_call(const fdescrow_planner *planner,
                                        fdescrow_text **call_out,
                                        fdescrow_error **error_out);

/**
 * Method of `fdescrow_planner`: takes what a method that looks returned.
 *
 * `answer_json`: `{"number":1}`, `{"text":"…"}` or `{"texts":["…"]}`, its first output; `{"error":2150694912}` if it did not return 0. An error, or an answer of
 * another shape, is a reading that is missing: nothing follows from it.
 * Errors: `REQUEST_SYNTAX`; `MISUSE` if nothing is looked at.
 */
fdescrow_result fdescrow_bitlocker_answer(fdescrow_planner *planner,
                                          fdescrow_str answer_json,
                                          fdescrow_error **error_out);

/**
 * Method of `fdescrow_planner`: what the method of the step returned: as `fdescrow_planner_done` and `fdescrow_planner_failed`, with the number that Windows
 * gave and, where it made one, the protector (empty: none).
 *
 * Errors: `ID_INVALID`; `MISUSE` without a step, or if the step FDESCROW_STEP_ESCROW read the password: seal it.
 */
fdescrow_result fdescrow_bitlocker_returned(fdescrow_planner *planner,
                                            uint32_t code,
                                            fdescrow_str protector,
                                            int64_t now,
                                            fdescrow_error **error_out);

/**
 * Constructor of `fdescrow_planner`: plans for the recovery key of a Mac, in an agent on it or beside its MDM server.
 *
 * `state_json`: what `fdescrow_planner_state` gave in the run before; empty in the first one. `device`: as the server knows it. `rules_json`: empty for the
 * defaults: `channel` (`escrow_buddy`, `change_recovery`, `mdm`), `level`, `login_within`, `reply_within`, `not_now`, `attempts`, `ask_again_after`.
 * Errors: `ID_INVALID`, `REQUEST_SYNTAX`; `MISUSE` if the state is of another device.
 */
fdescrow_result fdescrow_filevault_open(fdescrow_str state_json,
                                        fdescrow_str device,
                                        fdescrow_str rules_json,
                                        fdescrow_planner **planner_out,
                                        fdescrow_error **error_out);

/**
 * Method of `fdescrow_planner`: what is known of the Mac now. One look is good for one step.
 *
 * `seen_json`, each `yes`, `no` or left out: `enabled` (FileVault is on), `escrow_profile` (a profile with FDERecoveryKeyEscrow is installed), `escrow_buddy` with
 * `installed`, `in_authorization_database`, `generate_new_key`; `last_login` (RFC 3339); `authorized` and `key_at_hand`, true if something that may change the
 * key, and the present key to be tried, is at hand.
 * `envelope`: the newest sealed key that came from the Mac: /var/db/FileVaultPRK.dat, FDE_PersonalRecoveryKeyCMS, or the reply to
 * RotateFileVaultKey; empty: none.
 * Errors: `REQUEST_SYNTAX`; `ENVELOPE_…` if it is no envelope.
 */
fdescrow_result fdescrow_filevault_look(fdescrow_planner *planner,
                                        fdescrow_str seen_json,
                                        fdescrow_bytes envelope,
                                        int64_t now,
                                        fdescrow_error **error_out);

/**
 * Method of `fdescrow_planner`: the step begins. Write the state down before it is run: what must not be repeated is not, even if nobody learns
 * how it ended. FDESCROW_STEP_ASK and FDESCROW_STEP_ESCROW need not begin.
 *
 * Errors: `MISUSE` without a step.
 */
fdescrow_result fdescrow_filevault_begin(fdescrow_planner *planner,
                                         int64_t now,
                                         fdescrow_error **error_out);

/**
 * Method of `fdescrow_planner`: the command of a step that was begun. What fdesetup prints may hold a key: it is never written anywhere.
 *
 * `user`: whose password it is; empty for a recovery key. `secret`: that password or key, where the step is FDESCROW_STEP_CHANGE_RECOVERY or
 * FDESCROW_STEP_VALIDATE_RECOVERY; NULL otherwise.
 * `arguments_out` receives the program and its arguments, each ended by a NUL: nothing of it is secret. `input_out` receives what is written to its
 * standard input, which is then closed: a property list, or nothing.
 * Errors: `NULL_POINTER` if the secret is missing; `MISUSE` if the step is no command, or was not begun.
 */
fdescrow_result fdescrow_filevault_command(const fdescrow_planner *planner,
                                           fdescrow_str user,
                                           const fdescrow_secret *secret,
                                           fdescrow_buffer **arguments_out,
                                           fdescrow_secret **input_out,
                                           fdescrow_error **error_out);

/**
 * Method of `fdescrow_planner`: whether `fdesetup validaterecovery` said that the key is the present one.
 *
 * Errors: `MISUSE` if the step is not FDESCROW_STEP_VALIDATE_RECOVERY, begun.
 */
fdescrow_result fdescrow_filevault_attested(fdescrow_planner *planner, bool is_present, int64_t now, fdescrow_error **error_out);

/**
 * Method of `fdescrow_planner`: what the Mac replied to RotateFileVaultKey, however late: `acknowledged`, `error` or `not_now`.
 *
 * Errors: `MISUSE` for another word.
 */
fdescrow_result fdescrow_filevault_reply(fdescrow_planner *planner,
                                         fdescrow_str reply,
                                         int64_t now,
                                         fdescrow_error **error_out);

/**
 * The LUKS UUID of a volume, by which its planner, uploads and files are named.
 *
 * `header`: the first 4096 bytes of the volume or of its detached header.
 * Errors: `OBSERVATION_SYNTAX` if this is no LUKS volume, or its UUID cannot be read.
 */
fdescrow_result fdescrow_luks_volume(fdescrow_bytes header, fdescrow_text **volume_out, fdescrow_error **error_out);

/**
 * Constructor of `fdescrow_planner`: plans for a LUKS volume, by a plan of `fdescrow_profile_luks`.
 *
 * `state_json`: what `fdescrow_planner_state` gave in the run before; empty in the first one. A state that was lost makes the planner make
 * another slot; never remove one. `pinned`: the certificates that keys may be sealed to: those of the plan must be among them. `device`: the name under which the
 * keys are sent. `volume`: the LUKS UUID.
 * Errors: `PROFILE_SYNTAX`, `PROFILE_LIMIT` for the plan; `CERTIFICATE_UNSUITABLE` if one of its certificates is not pinned; `ID_INVALID`;
 * `REQUEST_SYNTAX` for the state; `MISUSE` if the state is of another organization, device or volume.
 */
fdescrow_result fdescrow_luks_open(fdescrow_str state_json,
                                   fdescrow_str plan_json,
                                   fdescrow_str device,
                                   fdescrow_str volume,
                                   const fdescrow_certificates *pinned,
                                   fdescrow_planner **planner_out,
                                   fdescrow_error **error_out);

/**
 * The command that prints the metadata of a LUKS2 volume for `fdescrow_luks_look`: the program and its arguments, each ended by a NUL. It
 * fails on LUKS1, which has none.
 *
 * Errors: `MISUSE` if the name of the volume has a NUL in it.
 */
fdescrow_result fdescrow_luks_metadata_command(fdescrow_str volume,
                                               fdescrow_buffer **arguments_out,
                                               fdescrow_error **error_out);

/**
 * Method of `fdescrow_planner`: looks at the volume as it is now. One look is good for one step.
 *
 * `header`: the first 4096 bytes of the volume or of its detached header. `metadata`: what `fdescrow_luks_metadata_command` printed; empty where it
 * failed. `at_hand_json`: an array of what is at hand to authorize a new slot: `tpm2`, `clevis`, `key_file`, `prompt` (somebody can be asked), `released_key`.
 * Errors: `OBSERVATION_SYNTAX` if this is no LUKS volume; `REQUEST_SYNTAX`.
 */
fdescrow_result fdescrow_luks_look(fdescrow_planner *planner,
                                   fdescrow_bytes header,
                                   fdescrow_bytes metadata,
                                   fdescrow_str at_hand_json,
                                   int64_t now,
                                   fdescrow_error **error_out);

/**
 * Method of `fdescrow_planner`: makes a key for the step FDESCROW_STEP_GENERATE and keeps it in memory until it is sealed. Write the state
 * down before anything else: by it the slot is known again after a crash.
 *
 * Errors: `MISUSE` if the step is another; `RANDOMNESS_UNAVAILABLE`.
 */
fdescrow_result fdescrow_luks_generate(fdescrow_planner *planner,
                                       int64_t now,
                                       fdescrow_error **error_out);

/**
 * Method of `fdescrow_planner`: what authorizes the step, a word as in the plan; empty where the step needs none. For `prompt`, `clevis` and
 * `released_key` the command of the step is given a passphrase. It is there as long as the library is.
 */
fdescrow_str fdescrow_luks_authorization(const fdescrow_planner *planner);

/**
 * Method of `fdescrow_planner`: the command that prints the passphrase that authorizes the step, where a program has it (clevis): as
 * `fdescrow_luks_metadata_command`; empty where none has.
 *
 * Errors: `MISUSE` if the step is no call.
 */
fdescrow_result fdescrow_luks_authorization_command(const fdescrow_planner *planner,
                                                    fdescrow_str volume,
                                                    fdescrow_buffer **arguments_out,
                                                    fdescrow_error **error_out);

/**
 * Method of `fdescrow_planner`: the command of the steps FDESCROW_STEP_CALL and FDESCROW_STEP_BACK_UP_HEADER. Run it without a shell; of what
 * it prints nothing is looked at.
 *
 * `volume`, `header_backup` and `key_file` (empty: none) are paths as cryptsetup takes them. `passphrase` opens the volume, where
 * `fdescrow_luks_authorization` names one of those; NULL otherwise.
 * `arguments_out` receives the program and its arguments, each ended by a NUL: nothing of it is secret. `input_out` receives what is written to its
 * standard input, which is then closed; empty where it reads none.
 * Errors: `MISUSE` if the step is no call, its passphrase is missing or has a line feed in it, or the key was not made in this run.
 */
fdescrow_result fdescrow_luks_command(const fdescrow_planner *planner,
                                      fdescrow_str volume,
                                      fdescrow_str header_backup,
                                      fdescrow_str key_file,
                                      const fdescrow_secret *passphrase,
                                      fdescrow_buffer **arguments_out,
                                      fdescrow_secret **input_out,
                                      fdescrow_error **error_out);

/**
 * Constructor of `fdescrow_planner`: plans for the recovery key of a Linux device that snapd encrypted with the TPM.
 *
 * `state_json`: what `fdescrow_planner_state` gave in the run before; empty in the first one. `organization` and `device`: as the server knows them. `level`:
 * what verified means; empty for `envelope_opens`. `to`: the pinned certificates.
 * Errors: `ID_INVALID`, `REQUEST_SYNTAX`; `MISUSE` for another level, or if the state is of another organization, device or level.
 */
fdescrow_result fdescrow_snapd_open(fdescrow_str state_json,
                                    fdescrow_str organization,
                                    fdescrow_str device,
                                    fdescrow_str level,
                                    const fdescrow_certificates *to,
                                    fdescrow_planner **planner_out,
                                    fdescrow_error **error_out);

/**
 * Method of `fdescrow_planner`: looks at the slots that snapd has for recovery keys. One look is good for one step.
 *
 * `slots_json`: an array of their names; empty if snapd could not be asked.
 * Errors: `REQUEST_SYNTAX`.
 */
fdescrow_result fdescrow_snapd_look(fdescrow_planner *planner, fdescrow_str slots_json, int64_t now, fdescrow_error **error_out);

/**
 * Method of `fdescrow_planner`: what is sent by POST to /v2/system-volumes at /run/snapd.socket for the steps FDESCROW_STEP_CALL and
 * FDESCROW_STEP_GENERATE. It may hold the key. A change that snapd answers with is to be waited for before `fdescrow_planner_done`.
 *
 * Errors: `MISUSE` if the step sends nothing.
 */
fdescrow_result fdescrow_snapd_body(const fdescrow_planner *planner,
                                    fdescrow_secret **body_out,
                                    fdescrow_error **error_out);

/**
 * Method of `fdescrow_planner`: the answer of snapd to the step FDESCROW_STEP_GENERATE, whole: a JSON document whose `result` has `recovery-key` and `key-id`. The
 * key stays in memory until snapd said that it works.
 *
 * Errors: `KEY_FORMAT`; `MISUSE` if the step is another, or the answer has no such members: `fdescrow_planner_failed`.
 */
fdescrow_result fdescrow_snapd_generated(fdescrow_planner *planner,
                                         const fdescrow_secret *answer,
                                         int64_t now,
                                         fdescrow_error **error_out);

/**
 * Constructor of `fdescrow_spool`: reads the whole file; nothing where there is none yet.
 *
 * Errors: `SPOOL_SYNTAX` if it is something else or of another version; `SPOOL_FULL` over 64 MiB.
 */
fdescrow_result fdescrow_spool_read(fdescrow_bytes file, fdescrow_spool **spool_out, fdescrow_error **error_out);

/**
 * Method of `fdescrow_spool`: how many keys the server has not acknowledged; 0 for NULL.
 */
size_t fdescrow_spool_count(const fdescrow_spool *spool);

/**
 * Method of `fdescrow_spool`: how many lines of the file were torn or altered; each may have been a key. 0 for NULL.
 */
size_t fdescrow_spool_damaged(const fdescrow_spool *spool);

/**
 * Method of `fdescrow_spool`: whether the file holds more that is done with than what is not, so that `fdescrow_spool_compact` is worth
 * it.
 */
bool fdescrow_spool_is_wasteful(const fdescrow_spool *spool);

/**
 * Method of `fdescrow_spool`: what is sent of one entry, counted from 0, the oldest first, as JSON: `device`, `kind`, `volume`, `protector`,
 * `request`, as `fdescrow_escrow_receive` takes them, and `envelope`, the message in base64.
 *
 * Errors: `MISUSE` if there is no such entry.
 */
fdescrow_result fdescrow_spool_upload(const fdescrow_spool *spool,
                                      size_t index,
                                      fdescrow_text **upload_out,
                                      fdescrow_error **error_out);

/**
 * Method of `fdescrow_spool`: puts an envelope into it that no planner made.
 *
 * `names_json`: `device`, `kind`, `request`; optional `volume`, `protector`: as they were sealed with it. `append_out` receives the bytes to append to the
 * file; it is safe when they are on the disk. None if it is there already.
 * Errors: `REQUEST_SYNTAX`, `SPOOL_FULL`: nothing was put.
 */
fdescrow_result fdescrow_spool_put(fdescrow_spool *spool,
                                   const fdescrow_envelope *envelope,
                                   fdescrow_str names_json,
                                   int64_t now,
                                   fdescrow_buffer **append_out,
                                   fdescrow_error **error_out);

/**
 * Method of `fdescrow_spool`: lets the entry go that a receipt names, if it says enough: for an agent without a planner, which has
 * `fdescrow_planner_receipt`.
 *
 * `level`: how far the key must be shown to work, as in `envelope_opens`; empty: that the server has it is enough. `append_out` receives the bytes to append
 * to the file: none if the receipt does not say enough yet.
 * Errors: `REQUEST_SYNTAX`; `EVENT_REJECTED` if no entry has the names of the receipt: nothing changed.
 */
fdescrow_result fdescrow_spool_acknowledge(fdescrow_spool *spool,
                                           fdescrow_str receipt_json,
                                           fdescrow_str level,
                                           fdescrow_buffer **append_out,
                                           fdescrow_error **error_out);

/**
 * Method of `fdescrow_spool`: the whole file anew, with what was not acknowledged and nothing else, to be written beside the old one and moved over
 * it.
 *
 * Errors: `NULL_POINTER`.
 */
fdescrow_result fdescrow_spool_compact(const fdescrow_spool *spool,
                                       fdescrow_buffer **file_out,
                                       fdescrow_error **error_out);

/**
 * Destructor of `fdescrow_spool`. Its file is what was written. NULL is nothing.
 */
void fdescrow_spool_free(fdescrow_spool *spool);

/**
 * Constructor of `fdescrow_certificates`: reads PEM with any number of them, or DER or base64 of one.
 *
 * Errors: `CERTIFICATE_SYNTAX`.
 */
fdescrow_result fdescrow_certificates_parse(fdescrow_bytes pem_or_der,
                                            fdescrow_certificates **certificates_out,
                                            fdescrow_error **error_out);

/**
 * Method of `fdescrow_certificates`: puts those of another list behind those of this one.
 *
 * Errors: `NULL_POINTER`.
 */
fdescrow_result fdescrow_certificates_append(fdescrow_certificates *certificates,
                                             const fdescrow_certificates *more,
                                             fdescrow_error **error_out);

/**
 * Method of `fdescrow_certificates`: how many there are; 0 for NULL.
 */
size_t fdescrow_certificates_count(const fdescrow_certificates *certificates);

/**
 * Method of `fdescrow_certificates`: the DER of one, counted from 0, borrowed from the list; empty where there is none.
 */
fdescrow_bytes fdescrow_certificates_der(const fdescrow_certificates *certificates, size_t index);

/**
 * Method of `fdescrow_certificates`: what they are, as a JSON array: `fingerprint` (SHA-256, hexadecimal), `subject`, `issuer`,
 * `not_before`, `not_after`, `key`.
 *
 * Errors: `NULL_POINTER`.
 */
fdescrow_result fdescrow_certificates_describe(const fdescrow_certificates *certificates,
                                               fdescrow_text **description_out,
                                               fdescrow_error **error_out);

/**
 * Method of `fdescrow_certificates`: all of them as PEM.
 *
 * Errors: `NULL_POINTER`.
 */
fdescrow_result fdescrow_certificates_pem(const fdescrow_certificates *certificates,
                                          fdescrow_text **pem_out,
                                          fdescrow_error **error_out);

/**
 * Destructor of `fdescrow_certificates`. NULL is nothing.
 */
void fdescrow_certificates_free(fdescrow_certificates *certificates);

/**
 * Constructor of `fdescrow_certificates`: makes an escrow certificate, and its private key as PKCS#8 in PEM.
 *
 * `request` is JSON: `subject` as RFC 4514 writes it (`CN=Escrow 2026,O=Example`), `algorithm` (`rsa-2048` is what FileVault
 * needs, `rsa-3072`, `rsa-4096`, `p-256`, `p-384`), `not_before` and `not_after` (RFC 3339).
 * Errors: `CERTIFICATE_UNSUITABLE` for a subject or dates that cannot be, `RANDOMNESS_UNAVAILABLE`, `REQUEST_SYNTAX`.
 */
fdescrow_result fdescrow_certificates_generate(fdescrow_str request_json,
                                               fdescrow_certificates **certificates_out,
                                               fdescrow_secret **private_key_out,
                                               fdescrow_error **error_out);

/**
 * One member of a JSON document, by its JSON Pointer (RFC 6901): `/situation`, `/items/0/device`.
 *
 * `member_out` receives a string without its quotes, anything else as JSON; the empty text where there is no such member, or null.
 * Errors: `REQUEST_SYNTAX` if the document is not JSON; `MISUSE` if a pointer that is not empty does not begin with `/`.
 */
fdescrow_result fdescrow_document_member(fdescrow_str document_json,
                                         fdescrow_str pointer,
                                         fdescrow_text **member_out,
                                         fdescrow_error **error_out);

/**
 * A text as a JSON string with its quotes, to be put into a document.
 *
 * Errors: `NOT_UTF8`.
 */
fdescrow_result fdescrow_document_quote(fdescrow_str text, fdescrow_text **json_out, fdescrow_error **error_out);

/**
 * Constructor of `fdescrow_envelope`: seals a key to certificates.
 *
 * `options` is JSON or empty: `owner`, whose key it is (`organization`, `device`, `volume`, `protector`, `key_id`, `time`), which
 * is sealed with it; `bare`, true for the text of the key alone; `format`: `auth` (AuthEnvelopedData with AES-256-GCM, the
 * default), or, for readers that know no better, `enveloped` and `enveloped_pkcs1v15`.
 * Errors: `ENVELOPE_SEAL` if there is no certificate, more than 16, one twice, or one that cannot receive it; `ENVELOPE_PAYLOAD`;
 * `RANDOMNESS_UNAVAILABLE`; `REQUEST_SYNTAX`.
 */
fdescrow_result fdescrow_envelope_seal(const fdescrow_key *key,
                                       const fdescrow_certificates *to,
                                       fdescrow_str options_json,
                                       fdescrow_envelope **envelope_out,
                                       fdescrow_error **error_out);

/**
 * Constructor of `fdescrow_envelope`: reads the structure of a message in BER, DER, base64, PEM or S/MIME. No key is used.
 *
 * Errors: `ENVELOPE_SYNTAX`, `ENVELOPE_LIMIT` over 64 KiB, 32 levels or 16 recipients, `ENVELOPE_TYPE` for other CMS.
 */
fdescrow_result fdescrow_envelope_parse(fdescrow_bytes bytes,
                                        fdescrow_envelope **envelope_out,
                                        fdescrow_error **error_out);

/**
 * Method of `fdescrow_envelope`: its DER, borrowed from it; empty for NULL.
 */
fdescrow_bytes fdescrow_envelope_der(const fdescrow_envelope *envelope);

/**
 * Method of `fdescrow_envelope`: the SHA-256 of its DER as 64 hexadecimal digits, by which receipts name it.
 *
 * Errors: `NULL_POINTER`.
 */
fdescrow_result fdescrow_envelope_digest(const fdescrow_envelope *envelope,
                                         fdescrow_text **digest_out,
                                         fdescrow_error **error_out);

/**
 * Method of `fdescrow_envelope`: what can be seen of it from outside, as JSON: content type, algorithms, recipients, which
 * `suite` opens it, and which of the `known` certificates (NULL: none) it names.
 *
 * Errors: `NULL_POINTER`.
 */
fdescrow_result fdescrow_envelope_inspect(const fdescrow_envelope *envelope,
                                          const fdescrow_certificates *known,
                                          fdescrow_text **inspection_out,
                                          fdescrow_error **error_out);

/**
 * Destructor of `fdescrow_envelope`. NULL is nothing.
 */
void fdescrow_envelope_free(fdescrow_envelope *envelope);

/**
 * Judges the rows of a table that is not the library's: whether each opens with this keyring and holds a key of its kind.
 *
 * `request` is JSON: `rows`, each with `envelope` (base64 of the message; what is no base64 is judged as the bytes that it is),
 * `kind` and, where the message was sealed by this library, `owner`; and `suite`, as for `fdescrow_envelope_open`.
 * `verdicts_out` receives a JSON array, one for each row in its order: `verdict` is `opens` (with `identity`, `authenticated`, `bound`),
 * `does_not_open` (with `code`, `reason`, `inspection`) or `unavailable`: then nothing is known about the row. A bad row stops no other.
 * Errors: `REQUEST_SYNTAX`.
 */
fdescrow_result fdescrow_judge(const fdescrow_keyring *keyring,
                               fdescrow_str request_json,
                               fdescrow_text **verdicts_out,
                               fdescrow_error **error_out);

/**
 * Method of `fdescrow_envelope`: opens it.
 *
 * `options` is JSON or empty: `kind`, which the key must have (without it only authenticated content is released); `suite`,
 * what may be opened: `modern`, `filevault` (the default where the kind is `filevault`) or `legacy`; `owner`, what the message must name
 * where it names anybody; `unmatched`, true to try keys that the message does not name.
 * `opened_out` receives JSON about the key: `kind`, `owner`, `bare`, `authenticated`, `bound`, and `certificates`, the fingerprints of
 * the identity that opened it.
 * Errors: `ENVELOPE_NO_RECIPIENT`, `ENVELOPE_SUITE`, `ENVELOPE_KIND_NEEDED`, `ENVELOPE_OPEN` (one answer, whatever was wrong),
 * `IDENTITY_UNAVAILABLE`, `REQUEST_SYNTAX`.
 */
fdescrow_result fdescrow_envelope_open(const fdescrow_envelope *envelope,
                                       const fdescrow_keyring *keyring,
                                       fdescrow_str options_json,
                                       fdescrow_key **key_out,
                                       fdescrow_text **opened_out,
                                       fdescrow_error **error_out);

/**
 * Method of `fdescrow_envelope`: seals the same content to other certificates, once it was shown to open.
 *
 * `options` as for `fdescrow_envelope_open`.
 * Errors: as `fdescrow_envelope_open` and `fdescrow_envelope_seal`.
 */
fdescrow_result fdescrow_envelope_rewrap(const fdescrow_envelope *envelope,
                                         const fdescrow_keyring *keyring,
                                         fdescrow_str options_json,
                                         const fdescrow_certificates *to,
                                         fdescrow_envelope **envelope_out,
                                         fdescrow_error **error_out);

/**
 * Destructor of `fdescrow_error`. NULL is nothing.
 */
void fdescrow_error_free(fdescrow_error *error);

/**
 * Method of `fdescrow_error`: its number, the one that the call returned; 0 for NULL.
 */
fdescrow_result fdescrow_error_result(const fdescrow_error *error);

/**
 * Method of `fdescrow_error`: what happened, in a sentence without an end; borrowed from the error.
 */
fdescrow_str fdescrow_error_message(const fdescrow_error *error);

/**
 * The name of a result, as in docs/errors.md (`StoreConflict`); empty for 0 and for numbers that this library does not know.
 * It is there as long as the library is.
 */
fdescrow_str fdescrow_result_name(fdescrow_result result);

/**
 * Who can do something about a result: `caller`, `input`, `library` or `world`; empty as for `fdescrow_result_name`.
 */
fdescrow_str fdescrow_result_fault(fdescrow_result result);

/**
 * What to do about a result, in one sentence; empty as for `fdescrow_result_name`.
 */
fdescrow_str fdescrow_result_remedy(fdescrow_result result);

/**
 * Constructor of `fdescrow_key`: reads what a person types. Spaces, missing dashes, lower case and look-alikes are understood.
 *
 * `kind` is `filevault`, `bitlocker`, `luks`, `systemd` or `snapd`.
 * Errors: `KEY_FORMAT`, whose message names the group that is wrong and never repeats it; `MISUSE` for another kind.
 */
fdescrow_result fdescrow_key_parse_typed(fdescrow_str kind,
                                         const fdescrow_secret *text,
                                         fdescrow_key **key_out,
                                         fdescrow_error **error_out);

/**
 * Constructor of `fdescrow_key`: reads the exact form, as an envelope holds it.
 *
 * Errors: as `fdescrow_key_parse_typed`.
 */
fdescrow_result fdescrow_key_parse_exact(fdescrow_str kind,
                                         const fdescrow_secret *text,
                                         fdescrow_key **key_out,
                                         fdescrow_error **error_out);

/**
 * Constructor of `fdescrow_key`: makes a new one from the randomness of the operating system.
 *
 * Errors: `RANDOMNESS_UNAVAILABLE`; `MISUSE` for a kind that is not one of those of `fdescrow_key_parse_typed`.
 */
fdescrow_result fdescrow_key_generate(fdescrow_str kind, fdescrow_key **key_out, fdescrow_error **error_out);

/**
 * Method of `fdescrow_key`: its kind, as a word; empty for NULL. It is there as long as the library is.
 */
fdescrow_str fdescrow_key_kind(const fdescrow_key *key);

/**
 * Method of `fdescrow_key`: its text in canonical form, as the system that it unlocks prints it.
 *
 * Errors: `NULL_POINTER`.
 */
fdescrow_result fdescrow_key_secret(const fdescrow_key *key, fdescrow_secret **secret_out, fdescrow_error **error_out);

/**
 * Destructor of `fdescrow_key`, which wipes it. NULL is nothing.
 */
void fdescrow_key_free(fdescrow_key *key);

/**
 * Method of `fdescrow_text`: what it holds, borrowed from it; empty for NULL.
 */
fdescrow_str fdescrow_text_value(const fdescrow_text *text);

/**
 * Destructor of `fdescrow_text`. NULL is nothing.
 */
void fdescrow_text_free(fdescrow_text *text);

/**
 * Method of `fdescrow_buffer`: what it holds, borrowed from it; empty for NULL.
 */
fdescrow_bytes fdescrow_buffer_value(const fdescrow_buffer *buffer);

/**
 * Destructor of `fdescrow_buffer`. NULL is nothing.
 */
void fdescrow_buffer_free(fdescrow_buffer *buffer);

/**
 * Constructor of `fdescrow_secret`: a copy of these bytes, which stay yours to wipe.
 *
 * Errors: `NULL_POINTER`.
 */
fdescrow_result fdescrow_secret_new(fdescrow_bytes bytes, fdescrow_secret **secret_out, fdescrow_error **error_out);

/**
 * Method of `fdescrow_secret`: shows it, borrowed from the secret; empty for NULL. The only function that shows one.
 */
fdescrow_bytes fdescrow_secret_expose(const fdescrow_secret *secret);

/**
 * Destructor of `fdescrow_secret`, which wipes it. NULL is nothing.
 */
void fdescrow_secret_free(fdescrow_secret *secret);

/**
 * The number of the C ABI of the library that is loaded: compare it with `FDESCROW_ABI_VERSION` before anything else is called.
 */
uint32_t fdescrow_abi_version(void);

/**
 * The version of the library, as in `0.1.0`. It is there as long as the library is.
 */
fdescrow_str fdescrow_version(void);

/**
 * Constructor of `fdescrow_escrow`.
 *
 * `options` is JSON: `organization`, whose keys these are; optional `keys_per_day` and `entries_per_day`, how much one device may send.
 * `policy`: NULL for the defaults. `certificates`: the first is primary: keys that arrive in clear are sealed to it, and profiles carry
 * it; the others are those that were used before; NULL for none. `mac_key`: 32 bytes that authenticate the audit and are kept where the
 * store is not; NULL for none. What is borrowed here may be freed afterwards.
 * Errors: `ID_INVALID`, `MAC_KEY_SYNTAX`, `REQUEST_SYNTAX`. The store is not called.
 */
fdescrow_result fdescrow_escrow_open(const fdescrow_store *store,
                                     fdescrow_str options_json,
                                     const fdescrow_policy *policy,
                                     const fdescrow_certificates *certificates,
                                     const fdescrow_secret *mac_key,
                                     fdescrow_escrow **escrow_out,
                                     fdescrow_error **error_out);

/**
 * Method of `fdescrow_escrow`: the policy from now on; NULL for the defaults. `fdescrow_escrow_assess_changed` judges all devices anew.
 *
 * Errors: `NULL_POINTER`.
 */
fdescrow_result fdescrow_escrow_set_policy(const fdescrow_escrow *escrow,
                                           const fdescrow_policy *policy,
                                           fdescrow_error **error_out);

/**
 * Destructor of `fdescrow_escrow`. NULL is nothing.
 */
void fdescrow_escrow_free(fdescrow_escrow *escrow);

/**
 * Method of `fdescrow_escrow`: the audit of all devices, in the order in which it was committed: for a SIEM.
 *
 * `request` is JSON or empty: `limit` (1,000), `after`, the `next` of the call before. `events_out` receives JSON: `entries`, `unreadable`,
 * `next`, also when there is nothing more yet.
 * Errors: `MISUSE` for a cursor of another store, `STORE_…`.
 */
fdescrow_result fdescrow_escrow_events(const fdescrow_escrow *escrow,
                                       fdescrow_str request_json,
                                       fdescrow_text **events_out,
                                       fdescrow_error **error_out);

/**
 * Method of `fdescrow_escrow`: the audit of one device, as a JSON array.
 *
 * `request` is JSON: `device`; optional `after`, the number of the last entry that is known, and `limit` (1,000).
 * Errors: `STORE_…`.
 */
fdescrow_result fdescrow_escrow_audit_of(const fdescrow_escrow *escrow,
                                         fdescrow_str request_json,
                                         fdescrow_text **entries_out,
                                         fdescrow_error **error_out);

/**
 * Method of `fdescrow_escrow`: verifies the whole audit against itself, the rows and, where they are given, a MAC key and a checkpoint.
 *
 * `mac_key`: NULL for none. `checkpoint`: the bytes of one that was kept elsewhere, or empty.
 * `report_out` receives JSON: `intact`, `chains`, `entries`, `unreadable`, `findings` (`device`, null for the organization; `problem`; `message`).
 * Errors: `CHECKPOINT_SYNTAX`, `MAC_KEY_SYNTAX`, `MISUSE` if the checkpoint is another organization's, `STORE_…`.
 */
fdescrow_result fdescrow_escrow_verify_audit(const fdescrow_escrow *escrow,
                                             const fdescrow_secret *mac_key,
                                             fdescrow_bytes checkpoint,
                                             fdescrow_text **report_out,
                                             fdescrow_error **error_out);

/**
 * Method of `fdescrow_escrow`: a checkpoint of the whole audit, to be kept where the writers of the database are not.
 *
 * `previous`: the bytes of the one before, which the new one names; or empty. `written_out` receives JSON: `digest`, `chains`.
 * Errors: `CHECKPOINT_SYNTAX`, `STORE_…`.
 */
fdescrow_result fdescrow_escrow_checkpoint(const fdescrow_escrow *escrow,
                                           fdescrow_bytes previous,
                                           int64_t now,
                                           fdescrow_buffer **checkpoint_out,
                                           fdescrow_text **written_out,
                                           fdescrow_error **error_out);

/**
 * Method of `fdescrow_escrow`: the certificates that keys were ever sealed to, as a JSON array: `fingerprint`, `subject`, validity,
 * `state` (`decrypt_only`, `retired`, `compromised`), ….
 *
 * Errors: `STORE_…`.
 */
fdescrow_result fdescrow_escrow_registered_certificates(const fdescrow_escrow *escrow,
                                                        fdescrow_text **certificates_out,
                                                        fdescrow_error **error_out);

/**
 * Method of `fdescrow_escrow`: how many envelopes in use are sealed to a certificate: JSON with `live`.
 *
 * `request` is JSON: `certificate`, its fingerprint.
 * Errors: `STORE_…`.
 */
fdescrow_result fdescrow_escrow_live_references(const fdescrow_escrow *escrow,
                                                fdescrow_str request_json,
                                                int64_t now,
                                                fdescrow_text **references_out,
                                                fdescrow_error **error_out);

/**
 * Method of `fdescrow_escrow`: no key is sealed to a certificate any more. It stays known, and one that comes late brings it back.
 *
 * `request` is JSON: `certificate`, `by`, `reason`.
 * Errors: `CERTIFICATE_IN_USE`, `KEY_UNKNOWN` if no key was ever sealed to it, `RECOVERY_REASON_MISSING`, `STORE_…`.
 */
fdescrow_result fdescrow_escrow_retire_certificate(const fdescrow_escrow *escrow,
                                                   fdescrow_str request_json,
                                                   int64_t now,
                                                   fdescrow_error **error_out);

/**
 * Method of `fdescrow_escrow`: the private key of a certificate is in other hands. Mark its keys with `fdescrow_escrow_expose_keys`.
 *
 * `request` is JSON: `certificate`, `by`, `reason`.
 * Errors: as `fdescrow_escrow_retire_certificate`.
 */
fdescrow_result fdescrow_escrow_compromise_certificate(const fdescrow_escrow *escrow,
                                                       fdescrow_str request_json,
                                                       int64_t now,
                                                       fdescrow_error **error_out);

/**
 * Method of `fdescrow_escrow`: marks the keys that were ever sealed to a certificate as exposed, a page at a time, until there is no `next`.
 *
 * `request` is JSON: `certificate`, `by`, optional `limit`, `after`. `keys_out` receives JSON as for `fdescrow_escrow_list`; `items` are ids.
 * Errors: as there.
 */
fdescrow_result fdescrow_escrow_expose_keys(const fdescrow_escrow *escrow,
                                            fdescrow_str request_json,
                                            int64_t now,
                                            fdescrow_text **keys_out,
                                            fdescrow_error **error_out);

/**
 * Method of `fdescrow_escrow`: checks one batch of the keys that are due: opens each and records what came of it. Call it again, with
 * a fresh time, while `more` is true.
 *
 * `request` is JSON or empty: `devices` in one batch (64), `keys_per_device` (16), `workers`, threads that open keys (1),
 * `retry_failed`, whether keys that failed with another keyring are tried (true), `by`, for the audit.
 * `reseal_to`: a certificate that keys which open are sealed to anew; NULL for none.
 * `report_out` receives JSON: `opened`, `resealed`, `not_opened` by reason, `unavailable`, `stale`, `unreadable`, `more`.
 * Errors: `STORE_…`. A key that does not open, and a private key that cannot be reached, are no errors: they are in the report.
 */
fdescrow_result fdescrow_escrow_check(const fdescrow_escrow *escrow,
                                      const fdescrow_keyring *keyring,
                                      fdescrow_str request_json,
                                      const fdescrow_certificates *reseal_to,
                                      int64_t now,
                                      fdescrow_text **report_out,
                                      fdescrow_error **error_out);

/**
 * Method of `fdescrow_escrow`: how much there is to check: JSON with `devices` that have keys which are due, and `first_check`, whether
 * one of them was never opened.
 *
 * Errors: `STORE_…`.
 */
fdescrow_result fdescrow_escrow_check_total(const fdescrow_escrow *escrow,
                                            int64_t now,
                                            fdescrow_text **total_out,
                                            fdescrow_error **error_out);

/**
 * Method of `fdescrow_escrow`: the FileVault profile of a device, by the policy of its group and the primary certificate.
 *
 * `request` is JSON: `device`, which need not be known yet.
 * Errors: `MISUSE` if the policy says nothing of FileVault or there is no certificate for its escrow; `POLICY_INVALID`; `STORE_…`.
 */
fdescrow_result fdescrow_escrow_profile(const fdescrow_escrow *escrow,
                                        fdescrow_str request_json,
                                        int64_t now,
                                        fdescrow_buffer **profile_out,
                                        fdescrow_error **error_out);

/**
 * Method of `fdescrow_escrow`: takes in a report: what it says of the disks, and the sealed keys in it. A device that is not known is
 * created.
 *
 * `request` is JSON: `device`, `by`, `source` (as for `fdescrow_observation_read`), optional `volume`.
 * `observed_out` receives JSON: `recorded`, whether it said anything new, and `receipts`, one for each sealed key: as for
 * `fdescrow_escrow_receive`, or `code` and `error`.
 * Errors: `OBSERVATION_…`, `STORE_LIMIT`, `EVENT_REJECTED`, `STORE_…`.
 */
fdescrow_result fdescrow_escrow_observe(const fdescrow_escrow *escrow,
                                        fdescrow_bytes report,
                                        fdescrow_str request_json,
                                        int64_t now,
                                        fdescrow_text **observed_out,
                                        fdescrow_error **error_out);

/**
 * Method of `fdescrow_escrow`: how a device stands, by the policy of its group.
 *
 * `request` is JSON: `device`. `assessment_out` receives JSON: `status`, `reasons`, `actions`, `wake_at`.
 * Errors: `DEVICE_UNKNOWN`, `STORE_…`.
 */
fdescrow_result fdescrow_escrow_assess(const fdescrow_escrow *escrow,
                                       fdescrow_str request_json,
                                       int64_t now,
                                       fdescrow_text **assessment_out,
                                       fdescrow_error **error_out);

/**
 * Method of `fdescrow_escrow`: a device at a glance.
 *
 * `request` is JSON: `device`. `report_out` receives JSON: `device`, `assessment`, `walk` (where a Mac stands on its way to a key that
 * works), `created`, `forgotten`, `keys`, `quarantined`.
 * Errors: `DEVICE_UNKNOWN`, `STORE_…`.
 */
fdescrow_result fdescrow_escrow_device(const fdescrow_escrow *escrow,
                                       fdescrow_str request_json,
                                       int64_t now,
                                       fdescrow_text **report_out,
                                       fdescrow_error **error_out);

/**
 * Method of `fdescrow_escrow`: all keys of a device, the oldest first, with their envelopes: a JSON array. No key is opened.
 *
 * `request` is JSON: `device`.
 * Errors: `DEVICE_UNKNOWN`, `STORE_…`.
 */
fdescrow_result fdescrow_escrow_history(const fdescrow_escrow *escrow,
                                        fdescrow_str request_json,
                                        int64_t now,
                                        fdescrow_text **keys_out,
                                        fdescrow_error **error_out);

/**
 * Method of `fdescrow_escrow`: devices and keys by what people have: a device, another name, the ID on a BitLocker screen (its first 8 digits
 * will do), a LUKS or APFS volume UUID. Candidates, never keys.
 *
 * `request` is JSON: `text`. `found_out` receives a JSON array.
 * Errors: `ID_INVALID`, `STORE_…`.
 */
fdescrow_result fdescrow_escrow_find(const fdescrow_escrow *escrow,
                                     fdescrow_str request_json,
                                     int64_t now,
                                     fdescrow_text **found_out,
                                     fdescrow_error **error_out);

/**
 * Method of `fdescrow_escrow`: gives a device other names, by which it is found; those of the same kind and source are replaced.
 *
 * `request` is JSON: `device`, `by`, `names`, each with `kind` (`serial`, `udid`, `hostname`, `owner`, …), `value`, `source` and `trust`
 * (`authenticated` or `claimed`).
 * Errors: `DEVICE_UNKNOWN`, `ID_INVALID`, `MISUSE` over 64 names, `STORE_…`.
 */
fdescrow_result fdescrow_escrow_name_device(const fdescrow_escrow *escrow,
                                            fdescrow_str request_json,
                                            int64_t now,
                                            fdescrow_error **error_out);

/**
 * Method of `fdescrow_escrow`: puts a device into the group whose policy it follows from now on.
 *
 * `request` is JSON: `device`, `group` (left out: the organization's policy), `by`, `reason`.
 * Errors: `MISUSE` for a name that no group can have, `RECOVERY_REASON_MISSING`, `STORE_…`.
 */
fdescrow_result fdescrow_escrow_move_to_group(const fdescrow_escrow *escrow,
                                              fdescrow_str request_json,
                                              int64_t now,
                                              fdescrow_error **error_out);

/**
 * Method of `fdescrow_escrow`: hides a device. No key is removed by it.
 *
 * `request` is JSON: `device`, `by`, `reason`.
 * Errors: `DEVICE_UNKNOWN`, `RECOVERY_REASON_MISSING`, `STORE_…`.
 */
fdescrow_result fdescrow_escrow_forget_device(const fdescrow_escrow *escrow,
                                              fdescrow_str request_json,
                                              int64_t now,
                                              fdescrow_error **error_out);

/**
 * Method of `fdescrow_escrow`: a device was wiped or enrolled anew: its earlier keys stay revealable, and none counts as current.
 *
 * `request` and errors as for `fdescrow_escrow_forget_device`.
 */
fdescrow_result fdescrow_escrow_new_installation(const fdescrow_escrow *escrow,
                                                 fdescrow_str request_json,
                                                 int64_t now,
                                                 fdescrow_error **error_out);

/**
 * Method of `fdescrow_escrow`: takes in what the management system says of the configuration of a device.
 *
 * `request` is JSON: `device`, `by`, `operation` (`install`, `remove`), `delivery` (`pending`, `acknowledged`, `confirmed`, `failed`, …).
 * Errors: `STORE_LIMIT`, `EVENT_REJECTED`, `STORE_…`.
 */
fdescrow_result fdescrow_escrow_configuration_reported(const fdescrow_escrow *escrow,
                                                       fdescrow_str request_json,
                                                       int64_t now,
                                                       fdescrow_error **error_out);

/**
 * Method of `fdescrow_escrow`: takes in what the agent says that it could not do, in one word; or, without one, that it could. It takes
 * nothing away from a key.
 *
 * `request` is JSON: `device`, `by`, optional `failure`.
 * Errors: as `fdescrow_escrow_configuration_reported`.
 */
fdescrow_result fdescrow_escrow_agent_reported(const fdescrow_escrow *escrow,
                                               fdescrow_str request_json,
                                               int64_t now,
                                               fdescrow_error **error_out);

/**
 * Method of `fdescrow_escrow`: stores a sealed key, as a device sent it: CMS in BER, DER, base64, PEM or S/MIME.
 *
 * `request` is JSON: `device`, `kind`, `by` (who answers for the upload); optional `volume`, `protector`, and `request`, a name that
 * makes the same upload, sent again, the same.
 * `receipt_out` receives JSON: `device`, the place, `key`, `envelope`, `status` (`stored`, `verified`, `quarantined`), `level`, `request`.
 * Errors: `UPLOAD_NOT_SEALED` if it is not CMS: it may be a key in clear, and is not stored; `STORE_LIMIT`; `STORE_…`.
 */
fdescrow_result fdescrow_escrow_receive(const fdescrow_escrow *escrow,
                                        fdescrow_bytes envelope,
                                        fdescrow_str request_json,
                                        int64_t now,
                                        fdescrow_text **receipt_out,
                                        fdescrow_error **error_out);

/**
 * Method of `fdescrow_escrow`: stores a key that came in clear: it is read, bound to its device and sealed to the primary certificate
 * before the store is called.
 *
 * `request` and `receipt_out` as for `fdescrow_escrow_receive`.
 * Errors: `KEY_FORMAT`, `ENVELOPE_SEAL`; as `fdescrow_escrow_receive`.
 */
fdescrow_result fdescrow_escrow_receive_plaintext(const fdescrow_escrow *escrow,
                                                  const fdescrow_secret *key,
                                                  fdescrow_str request_json,
                                                  int64_t now,
                                                  fdescrow_text **receipt_out,
                                                  fdescrow_error **error_out);

/**
 * Method of `fdescrow_escrow`: the receipt of a key as it stands now, so that an agent learns when its key was verified.
 *
 * `request` is JSON: `key`, its id. `receipt_out` as for `fdescrow_escrow_receive`.
 * Errors: `KEY_UNKNOWN`, `STORE_…`.
 */
fdescrow_result fdescrow_escrow_receipt(const fdescrow_escrow *escrow,
                                        fdescrow_str request_json,
                                        int64_t now,
                                        fdescrow_text **receipt_out,
                                        fdescrow_error **error_out);

/**
 * Method of `fdescrow_escrow`: asks for a key where others have to approve, or to have the request on record.
 *
 * `request` as for `fdescrow_escrow_reveal`. `recovery_out` receives the recovery as JSON: `recovery` (its id), `device`, `now` (its state), `lacking` approvals, `until`, and its course.
 * Errors: `DEVICE_UNKNOWN`, `RECOVERY_…`, `STORE_…`.
 */
fdescrow_result fdescrow_escrow_request_recovery(const fdescrow_escrow *escrow,
                                                 fdescrow_str request_json,
                                                 int64_t now,
                                                 fdescrow_text **recovery_out,
                                                 fdescrow_error **error_out);

/**
 * Method of `fdescrow_escrow`: a person other than who asked, and than who approved before, agrees.
 *
 * `request` is JSON: `recovery`, `person` (`issuer`, `subject`), `by`, optional `note`. `recovery_out` as for `fdescrow_escrow_request_recovery`.
 * Errors: `RECOVERY_UNKNOWN`, `RECOVERY_REJECTED`, `STORE_…`.
 */
fdescrow_result fdescrow_escrow_approve_recovery(const fdescrow_escrow *escrow,
                                                 fdescrow_str request_json,
                                                 int64_t now,
                                                 fdescrow_text **recovery_out,
                                                 fdescrow_error **error_out);

/**
 * Method of `fdescrow_escrow`: a person takes an approval back.
 *
 * `request` is JSON: `recovery`, `person`, `by`. `recovery_out` and errors as for `fdescrow_escrow_approve_recovery`.
 */
fdescrow_result fdescrow_escrow_revoke_approval(const fdescrow_escrow *escrow,
                                                fdescrow_str request_json,
                                                int64_t now,
                                                fdescrow_text **recovery_out,
                                                fdescrow_error **error_out);

/**
 * Method of `fdescrow_escrow`: a person says no; who asked takes the request back by it.
 *
 * `request` is JSON: `recovery`, `by`, `reason`. `recovery_out` and errors as for `fdescrow_escrow_approve_recovery`.
 */
fdescrow_result fdescrow_escrow_deny_recovery(const fdescrow_escrow *escrow,
                                              fdescrow_str request_json,
                                              int64_t now,
                                              fdescrow_text **recovery_out,
                                              fdescrow_error **error_out);

/**
 * Method of `fdescrow_escrow`: says whether the key did its work.
 *
 * `request` is JSON: `recovery`, `outcome` (`worked`, `did_not_work`), `by`. `recovery_out` and errors as for
 * `fdescrow_escrow_approve_recovery`.
 */
fdescrow_result fdescrow_escrow_report_recovery(const fdescrow_escrow *escrow,
                                                fdescrow_str request_json,
                                                int64_t now,
                                                fdescrow_text **recovery_out,
                                                fdescrow_error **error_out);

/**
 * Method of `fdescrow_escrow`: one recovery.
 *
 * `request` is JSON: `recovery`. `recovery_out` as for `fdescrow_escrow_request_recovery`.
 * Errors: `RECOVERY_UNKNOWN`, `STORE_…`.
 */
fdescrow_result fdescrow_escrow_recovery(const fdescrow_escrow *escrow,
                                         fdescrow_str request_json,
                                         int64_t now,
                                         fdescrow_text **recovery_out,
                                         fdescrow_error **error_out);

/**
 * Method of `fdescrow_escrow`: recoveries, a page at a time.
 *
 * `request` is JSON or empty: `state` (docs/recovery.md), `limit`, `after`. `recoveries_out` receives JSON as for `fdescrow_escrow_list`.
 * Errors: as there.
 */
fdescrow_result fdescrow_escrow_recoveries(const fdescrow_escrow *escrow,
                                           fdescrow_str request_json,
                                           int64_t now,
                                           fdescrow_text **recoveries_out,
                                           fdescrow_error **error_out);

/**
 * Method of `fdescrow_escrow`: an organization at a glance: JSON with `devices`, `status` (how many devices of each), `keys`, `check_due`,
 * `problems` (how many keys of each reason), `quarantined`.
 *
 * Errors: `STORE_…`.
 */
fdescrow_result fdescrow_escrow_summary(const fdescrow_escrow *escrow,
                                        int64_t now,
                                        fdescrow_text **summary_out,
                                        fdescrow_error **error_out);

/**
 * Method of `fdescrow_escrow`: devices, a page at a time: all, or those with one `status`, one first `reason`, or of one `group`.
 *
 * `request` is JSON or empty: one of these; `limit` (100; at most 1,000); `after`, the `next` of the page before.
 * `devices_out` receives JSON: `items`, each as `fdescrow_escrow_device` gives it, `unreadable`, `next` (null after the last page).
 * Errors: `MISUSE` for a cursor that was not handed out, `STORE_…`.
 */
fdescrow_result fdescrow_escrow_list(const fdescrow_escrow *escrow,
                                     fdescrow_str request_json,
                                     int64_t now,
                                     fdescrow_text **devices_out,
                                     fdescrow_error **error_out);

/**
 * Method of `fdescrow_escrow`: how many devices there are: JSON with `count`.
 *
 * `request` as for `fdescrow_escrow_list`.
 * Errors: as there.
 */
fdescrow_result fdescrow_escrow_count(const fdescrow_escrow *escrow,
                                      fdescrow_str request_json,
                                      int64_t now,
                                      fdescrow_text **count_out,
                                      fdescrow_error **error_out);

/**
 * Method of `fdescrow_escrow`: the keys that are known not to work, with the reason and what to do about each, a page at a time.
 *
 * `request` is JSON or empty: `limit`, `after`. `keys_out` receives JSON as for `fdescrow_escrow_list`.
 * Errors: as there.
 */
fdescrow_result fdescrow_escrow_undecryptable(const fdescrow_escrow *escrow,
                                              fdescrow_str request_json,
                                              int64_t now,
                                              fdescrow_text **keys_out,
                                              fdescrow_error **error_out);

/**
 * Method of `fdescrow_escrow`: judges devices anew whose time has come. Call it again while `more` is true.
 *
 * `request` is JSON: `by`, optional `limit` (100). `report_out` receives JSON: `judged`, `unreadable`, `more`, ….
 * Errors: `STORE_…`.
 */
fdescrow_result fdescrow_escrow_assess_due(const fdescrow_escrow *escrow,
                                           fdescrow_str request_json,
                                           int64_t now,
                                           fdescrow_text **report_out,
                                           fdescrow_error **error_out);

/**
 * Method of `fdescrow_escrow`: judges devices anew after a change of the policy, a page at a time, until there is no `next`.
 *
 * `request` is JSON: `by`, optional `limit`, `after`. `report_out` as for `fdescrow_escrow_assess_due`, and `next`.
 * Errors: `MISUSE` for a cursor that was not handed out, `STORE_…`.
 */
fdescrow_result fdescrow_escrow_assess_changed(const fdescrow_escrow *escrow,
                                               fdescrow_str request_json,
                                               int64_t now,
                                               fdescrow_text **report_out,
                                               fdescrow_error **error_out);

/**
 * Method of `fdescrow_escrow`: the keys that wait for an operator's decision, because another device sent the same before.
 *
 * `request` is JSON or empty: `limit`, `after`. `keys_out` receives JSON as for `fdescrow_escrow_list`.
 * Errors: as there.
 */
fdescrow_result fdescrow_escrow_quarantine(const fdescrow_escrow *escrow,
                                           fdescrow_str request_json,
                                           int64_t now,
                                           fdescrow_text **keys_out,
                                           fdescrow_error **error_out);

/**
 * Method of `fdescrow_escrow`: the key is this device's.
 *
 * `request` is JSON: `key`, `by`, `reason`.
 * Errors: `KEY_UNKNOWN`, `EVENT_REJECTED`, `RECOVERY_REASON_MISSING`, `STORE_…`.
 */
fdescrow_result fdescrow_escrow_accept_quarantined(const fdescrow_escrow *escrow,
                                                   fdescrow_str request_json,
                                                   int64_t now,
                                                   fdescrow_error **error_out);

/**
 * Method of `fdescrow_escrow`: the key is not this device's. It stays, and is never opened.
 *
 * `request` is JSON: `key`, `by`, `reason`.
 * Errors: `KEY_UNKNOWN`, `EVENT_REJECTED`, `RECOVERY_REASON_MISSING`, `STORE_…`.
 */
fdescrow_result fdescrow_escrow_reject_quarantined(const fdescrow_escrow *escrow,
                                                   fdescrow_str request_json,
                                                   int64_t now,
                                                   fdescrow_error **error_out);

/**
 * Method of `fdescrow_escrow`: the keys that are going to be removed, with the day and what stands against it.
 *
 * `request` is JSON or empty: `limit`, `after`. `keys_out` receives JSON as for `fdescrow_escrow_list`.
 * Errors: as there.
 */
fdescrow_result fdescrow_escrow_removals(const fdescrow_escrow *escrow,
                                         fdescrow_str request_json,
                                         int64_t now,
                                         fdescrow_text **keys_out,
                                         fdescrow_error **error_out);

/**
 * Method of `fdescrow_escrow`: the first step of retention: plans the removal of keys that the policy keeps no longer, a page of devices at a time.
 * Nothing is removed before the waiting period is over.
 *
 * `request` is JSON: `by`, optional `limit`, `after`. `keys_out` receives JSON as for `fdescrow_escrow_list`.
 * Errors: as there.
 */
fdescrow_result fdescrow_escrow_plan_removals(const fdescrow_escrow *escrow,
                                              fdescrow_str request_json,
                                              int64_t now,
                                              fdescrow_text **keys_out,
                                              fdescrow_error **error_out);

/**
 * Method of `fdescrow_escrow`: keeps a key that was going to be removed.
 *
 * `request` is JSON: `key`, `by`, `reason`.
 * Errors: `REMOVAL_UNKNOWN`, `RECOVERY_REASON_MISSING`, `STORE_…`.
 */
fdescrow_result fdescrow_escrow_cancel_removal(const fdescrow_escrow *escrow,
                                               fdescrow_str request_json,
                                               int64_t now,
                                               fdescrow_error **error_out);

/**
 * Method of `fdescrow_escrow`: the second step of retention: removes keys whose waiting period is over; never the last of a place that works.
 *
 * `request` is JSON: `by`, optional `limit`, `after`. `keys_out` receives JSON as for `fdescrow_escrow_list`.
 * Errors: as there.
 */
fdescrow_result fdescrow_escrow_remove_due(const fdescrow_escrow *escrow,
                                           fdescrow_str request_json,
                                           int64_t now,
                                           fdescrow_text **keys_out,
                                           fdescrow_error **error_out);

/**
 * Method of `fdescrow_escrow`: hands out a key, for a reason, and leaves a trace. That it may be handed out, and that it was, are in
 * the audit before the function returns it.
 *
 * `request` is JSON: `device`, `by`, `reason`; optional `kind`, `volume`, `protector` and `key` (which one); `person` (who that is, by
 * what never changes: `issuer` and `subject`; where the policy asks for approvals), `ticket`, `break_glass`, `recovery` (under which
 * approved request), and `command`: the key is for this command of the device itself, where the policy allows that.
 * `revealed_out` receives JSON: `key` (its id), the place, `level`, `recovery`, `candidates`.
 * Errors: `DEVICE_UNKNOWN`, `RECOVERY_…`, `IDENTITY_UNAVAILABLE`, `STORE_…`. After `IDENTITY_UNAVAILABLE` and `STORE_UNKNOWN` asking again goes
 * on under the same authorisation.
 */
fdescrow_result fdescrow_escrow_reveal(const fdescrow_escrow *escrow,
                                       const fdescrow_keyring *keyring,
                                       fdescrow_str request_json,
                                       int64_t now,
                                       fdescrow_key **key_out,
                                       fdescrow_text **revealed_out,
                                       fdescrow_error **error_out);

/**
 * Method of `fdescrow_escrow`: hands out a key as a page to read out or to print: in groups, with a spelling alphabet and what to do.
 * It is as secret as the key.
 *
 * `html`: true for HTML with a QR code, false for text. The rest, and errors, as for `fdescrow_escrow_reveal`.
 */
fdescrow_result fdescrow_escrow_reveal_sheet(const fdescrow_escrow *escrow,
                                             const fdescrow_keyring *keyring,
                                             fdescrow_str request_json,
                                             bool html,
                                             int64_t now,
                                             fdescrow_secret **sheet_out,
                                             fdescrow_text **revealed_out,
                                             fdescrow_error **error_out);

/**
 * Method of `fdescrow_escrow`: hands out a key sealed to a technician's certificate, so that nobody on the way sees it.
 *
 * `to`: the first of them. The rest, and errors, as for `fdescrow_escrow_reveal`.
 */
fdescrow_result fdescrow_escrow_reveal_to(const fdescrow_escrow *escrow,
                                          const fdescrow_keyring *keyring,
                                          const fdescrow_certificates *to,
                                          fdescrow_str request_json,
                                          int64_t now,
                                          fdescrow_envelope **envelope_out,
                                          fdescrow_text **revealed_out,
                                          fdescrow_error **error_out);

/**
 * Shows a key as a page, as `fdescrow_escrow_reveal_sheet` does, for a key that was handed out before. `place` is JSON with its `kind` and,
 * where there are, `volume` and `protector`.
 *
 * Errors: `REQUEST_SYNTAX`.
 */
fdescrow_result fdescrow_key_sheet(const fdescrow_key *key,
                                   fdescrow_str place_json,
                                   bool html,
                                   int64_t now,
                                   fdescrow_secret **sheet_out,
                                   fdescrow_error **error_out);

/**
 * Method of `fdescrow_escrow`: seals one batch of keys to another certificate as well, the first of `to`: all that are sealed to another
 * known one and not to this. Call it again with `after` while there is a `next`.
 *
 * `request` is JSON or empty: `by`, for the audit; `limit`, envelopes in a batch (100); `after`, the `next` of the batch before.
 * `report_out` receives JSON: `rewrapped`, `already`, `quarantined`, `unavailable`, `failures` (`device`, `key`, `code`, `reason`), `next`.
 * Errors: `ENVELOPE_SEAL`, `MISUSE` for a cursor that was not handed out, `STORE_…`. A key that fails stops no other.
 */
fdescrow_result fdescrow_escrow_rewrap(const fdescrow_escrow *escrow,
                                       const fdescrow_keyring *keyring,
                                       const fdescrow_certificates *to,
                                       fdescrow_str request_json,
                                       int64_t now,
                                       fdescrow_text **report_out,
                                       fdescrow_error **error_out);

/**
 * Method of `fdescrow_escrow`: has the keys of a device replaced: of one place, or of all.
 *
 * `request` is JSON: `device`, `by`, `reason`; optional `place` (`kind`, `volume`, `protector`). `rotations_out` receives JSON: `rotations`, ids.
 * Errors: `DEVICE_UNKNOWN`, `RECOVERY_NO_KEY`, `RECOVERY_REASON_MISSING`, `STORE_…`.
 */
fdescrow_result fdescrow_escrow_request_rotation(const fdescrow_escrow *escrow,
                                                 fdescrow_str request_json,
                                                 int64_t now,
                                                 fdescrow_text **rotations_out,
                                                 fdescrow_error **error_out);

/**
 * Method of `fdescrow_escrow`: takes in what a device, its management or its agent answered to an attempt. Keys and checks report themselves.
 *
 * `request` is JSON: `device`, `rotation`, `by`, `event`: `sent`, `delivered`, `deferred` or `failed` (with `attempt`, and `why`, a word),
 * `old_removed`, `cancelled`. `report_out` receives the rotation as JSON.
 * Errors: `DEVICE_UNKNOWN`, `ROTATION_UNKNOWN`, `EVENT_REJECTED`, `STORE_…`.
 */
fdescrow_result fdescrow_escrow_rotation_reported(const fdescrow_escrow *escrow,
                                                  fdescrow_str request_json,
                                                  int64_t now,
                                                  fdescrow_text **report_out,
                                                  fdescrow_error **error_out);

/**
 * Method of `fdescrow_escrow`: the replacements of the keys of a device, a JSON array: of each place the one that goes on, or ended last.
 *
 * `request` is JSON: `device`.
 * Errors: `DEVICE_UNKNOWN`, `STORE_…`.
 */
fdescrow_result fdescrow_escrow_rotations(const fdescrow_escrow *escrow,
                                          fdescrow_str request_json,
                                          int64_t now,
                                          fdescrow_text **rotations_out,
                                          fdescrow_error **error_out);

/**
 * Method of `fdescrow_escrow`: the replacements that go on, device by device.
 *
 * `request` is JSON or empty: `limit`, `after`. `rotations_out` receives JSON as for `fdescrow_escrow_list`.
 * Errors: as there.
 */
fdescrow_result fdescrow_escrow_all_rotations(const fdescrow_escrow *escrow,
                                              fdescrow_str request_json,
                                              int64_t now,
                                              fdescrow_text **rotations_out,
                                              fdescrow_error **error_out);

/**
 * Method of `fdescrow_escrow`: tells these functions what it does from now on, in place of those before; NULL: nobody is told.
 *
 * Whatever the outcome, `functions.free` is called when the context is not needed any more.
 * Errors: `MISUSE` for a level that there is not, or another version.
 */
fdescrow_result fdescrow_escrow_watch(const fdescrow_escrow *escrow,
                                      const fdescrow_watch_functions *functions,
                                      fdescrow_error **error_out);

/**
 * Constructor of `fdescrow_keyring`: one without a key.
 *
 * Errors: `NULL_POINTER`.
 */
fdescrow_result fdescrow_keyring_new(fdescrow_keyring **keyring_out, fdescrow_error **error_out);

/**
 * Method of `fdescrow_keyring`: adds the private keys of a file: PEM, DER, PKCS#1, SEC 1, PKCS#8 (encrypted or not), PKCS#12.
 *
 * `password`: of an encrypted file; NULL for none. `certificates`: those of the keys, beside those in the file; NULL for none.
 * A message names the certificate that it is sealed to, so that a key without one opens only what is opened `unmatched`.
 * Errors: `IDENTITY_SYNTAX`, `IDENTITY_PASSWORD`, `IDENTITY_MISMATCH`, `IDENTITY_UNSUPPORTED`.
 */
fdescrow_result fdescrow_keyring_add_private_keys(fdescrow_keyring *keyring,
                                                  fdescrow_bytes file,
                                                  const fdescrow_secret *password,
                                                  const fdescrow_certificates *certificates,
                                                  fdescrow_error **error_out);

/**
 * Method of `fdescrow_keyring`: adds a key in an HSM or key service, whose private operation is yours.
 *
 * `certificates`: those made for it, of which the first tells its public key. It is tried once with a message made for it.
 * Whatever the outcome, `functions.free` is called when the context is not needed any more.
 * Errors: `MISUSE` if `functions` is not as it should be, `IDENTITY_UNAVAILABLE` if the key did not answer, or wrongly.
 */
fdescrow_result fdescrow_keyring_add_identity(fdescrow_keyring *keyring,
                                              const fdescrow_certificates *certificates,
                                              const fdescrow_identity_functions *functions,
                                              fdescrow_error **error_out);

/**
 * Method of `fdescrow_keyring`: how many keys it has; 0 for NULL.
 */
size_t fdescrow_keyring_count(const fdescrow_keyring *keyring);

/**
 * Destructor of `fdescrow_keyring`. NULL is nothing.
 */
void fdescrow_keyring_free(fdescrow_keyring *keyring);

/**
 * Constructor of `fdescrow_policy`: reads JSON, which begins with `{`, or TOML.
 *
 * Errors: `POLICY_SYNTAX`; `POLICY_INVALID`, whose message names each field that breaks a rule, the rule and its source.
 */
fdescrow_result fdescrow_policy_parse(fdescrow_str toml_or_json,
                                      fdescrow_policy **policy_out,
                                      fdescrow_error **error_out);

/**
 * Method of `fdescrow_policy`: its groups and what is to be said about each, as a JSON array: `group` (null: the organization's
 * own), `digest`, `advice`.
 *
 * Errors: `NULL_POINTER`.
 */
fdescrow_result fdescrow_policy_check(const fdescrow_policy *policy,
                                      fdescrow_text **advice_out,
                                      fdescrow_error **error_out);

/**
 * Method of `fdescrow_policy`: every value that holds for a group (empty: the organization) and who decided it, as a JSON array:
 * `path`, `value`, `origin`.
 *
 * Errors: `NULL_POINTER`.
 */
fdescrow_result fdescrow_policy_explain(const fdescrow_policy *policy,
                                        fdescrow_str group,
                                        fdescrow_text **explanation_out,
                                        fdescrow_error **error_out);

/**
 * The JSON Schema of policies.
 *
 * Errors: `NULL_POINTER`.
 */
fdescrow_result fdescrow_policy_schema(fdescrow_text **schema_out, fdescrow_error **error_out);

/**
 * Destructor of `fdescrow_policy`. What was made with it goes on with it. NULL is nothing.
 */
void fdescrow_policy_free(fdescrow_policy *policy);

/**
 * The FileVault profile of a policy and group (empty: the organization), a configuration profile of Apple, not signed.
 *
 * `certificates`: the first is the escrow certificate; NULL exactly where the policy does not escrow.
 * `now` is in seconds since 1970. The same input gives the same bytes.
 * Errors: `POLICY_INVALID` if the certificate does not fit; `MISUSE` if the policy says nothing of FileVault or of the organization,
 * and if a certificate is missing or not used.
 */
fdescrow_result fdescrow_profile_filevault(const fdescrow_policy *policy,
                                           fdescrow_str group,
                                           const fdescrow_certificates *certificates,
                                           int64_t now,
                                           fdescrow_buffer **profile_out,
                                           fdescrow_error **error_out);

/**
 * What a policy and group say to BitLocker: one SyncML `Atomic` command over nodes of the BitLocker CSP.
 *
 * Errors: `MISUSE` if the policy has no section `[bitlocker]`, or says nothing to Windows itself.
 */
fdescrow_result fdescrow_profile_bitlocker(const fdescrow_policy *policy,
                                           fdescrow_str group,
                                           fdescrow_buffer **syncml_out,
                                           fdescrow_error **error_out);

/**
 * The plan of a policy and group for agents on Linux: JSON, as docs/schemas/luks-plan.json describes it.
 *
 * `certificates`: all those that new keys are sealed to.
 * Errors: `MISUSE` if the policy has no section `[luks]` or `[organization]`, and without a certificate.
 */
fdescrow_result fdescrow_profile_luks(const fdescrow_policy *policy,
                                      fdescrow_str group,
                                      const fdescrow_certificates *certificates,
                                      fdescrow_text **plan_out,
                                      fdescrow_error **error_out);

/**
 * What a configuration profile asks for, signed or not, as JSON. Signatures are taken off and not verified.
 *
 * Errors: `PROFILE_SYNTAX`, `PROFILE_LIMIT`.
 */
fdescrow_result fdescrow_profile_parse(fdescrow_bytes profile, fdescrow_text **parsed_out, fdescrow_error **error_out);

/**
 * What is wrong with a configuration profile, as a JSON array of findings: `severity`, `code`, `payload`, `message`, `source`.
 *
 * `known`: certificates whose private keys the organization has, so that an escrow to another one is told; NULL: nothing is said
 * about it. `now` is in seconds since 1970.
 * Errors: `PROFILE_SYNTAX`, `PROFILE_LIMIT`.
 */
fdescrow_result fdescrow_profile_lint(fdescrow_bytes profile,
                                      const fdescrow_certificates *known,
                                      int64_t now,
                                      fdescrow_text **findings_out,
                                      fdescrow_error **error_out);

/**
 * Constructor of `fdescrow_store`: opens what a URL names: `sqlite:PATH`, `sqlite:PATH?mode=ro`, or `memory:`, which ends with
 * the process. In an empty place the tables are created.
 *
 * Errors: `MISUSE` for another URL, `STORE_UNAVAILABLE`, `STORE_SCHEMA` if the tables are of another version, `STORE_DURABILITY`.
 */
fdescrow_result fdescrow_store_open(fdescrow_str url,
                                    fdescrow_store **store_out,
                                    fdescrow_error **error_out);

/**
 * Constructor of `fdescrow_store`: a store of your own.
 *
 * Whatever the outcome, `functions.free` is called when the context is not needed any more.
 * Errors: `MISUSE` if a function is missing.
 */
fdescrow_result fdescrow_store_custom(const fdescrow_store_functions *functions,
                                      fdescrow_store **store_out,
                                      fdescrow_error **error_out);

/**
 * The tables that a store of your own keeps, as JSON: `version`, and `tables` with `name`, `key` and `columns` (`name`, `kind`: `integer`
 * or `text`, `nullable`, `fixed`), `body`, `bytes`, `ordered`, `indexes` and `works`.
 *
 * Errors: `NULL_POINTER`.
 */
fdescrow_result fdescrow_store_schema(fdescrow_text **schema_out,
                                      fdescrow_error **error_out);

/**
 * Brings the tables that a URL names up to the version of this library, and tells the statements as a JSON array.
 *
 * `apply`: false to tell only what would be done.
 * Errors: as `fdescrow_store_open`.
 */
fdescrow_result fdescrow_store_migrate(fdescrow_str url,
                                       bool apply,
                                       fdescrow_text **statements_out,
                                       fdescrow_error **error_out);

/**
 * Destructor of `fdescrow_store`. An escrow that was opened over it goes on. NULL is nothing.
 */
void fdescrow_store_free(fdescrow_store *store);

/**
 * Tries to break each promise of the contract on a store of yours: for its tests.
 *
 * `case_name`: the one case to run, or empty for all. Each begins with an empty store, which `factory` opens.
 * `outcomes_out` receives a JSON array: `case`, `promise`, `passed`, `problem`.
 * Errors: `MISUSE` if `factory` is not whole or there is no such case.
 */
fdescrow_result fdescrow_store_conformance(const fdescrow_store_factory *factory,
                                           fdescrow_str case_name,
                                           fdescrow_text **outcomes_out,
                                           fdescrow_error **error_out);

/**
 * Method of `fdescrow_reply`: appends to the answer, a JSON document; in one piece or in many.
 *
 * Errors: `NULL_POINTER`, `NOT_UTF8`.
 */
fdescrow_result fdescrow_reply_append(const fdescrow_reply *reply, fdescrow_str json, fdescrow_error **error_out);

/**
 * Method of `fdescrow_reply`: hands over one row of a snapshot. False: no more rows are wanted, and the function returns.
 */
bool fdescrow_reply_row(const fdescrow_reply *reply,
                        fdescrow_str row_json);

/**
 * Reads what a device or its management reports, and says what was understood, as JSON: `source`, `observation`, `envelopes`
 * (sealed keys in it, by digest), `reply`, `csp`, `ignored`.
 *
 * `source`: `osquery`, `securityinfo`, `rotate-reply`, `ddm`, `wmi`, `csp`, `lsblk`, `luksdump`, `snapshot` (docs/observations.md).
 * `volume`: the LUKS UUID for a report that names none, or empty. `now` is in seconds since 1970.
 * Errors: `OBSERVATION_SYNTAX`, `OBSERVATION_LIMIT`; `MISUSE` for another source.
 */
fdescrow_result fdescrow_observation_read(fdescrow_str source,
                                          fdescrow_bytes report,
                                          fdescrow_str volume,
                                          int64_t now,
                                          fdescrow_text **observation_out,
                                          fdescrow_error **error_out);

/**
 * Judges the state of a device by a policy and group (empty: the organization): pure, without a store.
 *
 * `state_json` is a `State` as it is stored (docs/schemas); `assessment_out` receives JSON: `status`, `reasons`, `actions`, `wake_at`.
 * Errors: `REQUEST_SYNTAX`.
 */
fdescrow_result fdescrow_assess(fdescrow_str state_json,
                                const fdescrow_policy *policy,
                                fdescrow_str group,
                                int64_t now,
                                fdescrow_text **assessment_out,
                                fdescrow_error **error_out);

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus

/**
 * A view of a text that ends with a NUL.
 */
static inline fdescrow_str fdescrow_str_of(const char *text)
{
    fdescrow_str view;
    view.data = text;
    view.length = text ? strlen(text) : 0;
    return view;
}

/**
 * A view of bytes.
 */
static inline fdescrow_bytes fdescrow_bytes_of(const void *data, size_t length)
{
    fdescrow_bytes view;
    view.data = (const uint8_t *)data;
    view.length = length;
    return view;
}

#endif /* FDESCROW_H */
