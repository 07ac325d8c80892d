/*
 * Each planner is taken through one goal to its end, the device played by this program: Windows and snapd by what they would
 * answer, a Mac by what it would write. Between the steps each is written down and opened again, as after a crash.
 */
#include "check.h"

#define NOW INT64_C(1795500000)

static fdescrow_certificates *to;
static fdescrow_keyring *keys;
static fdescrow_spool *spool;
static fdescrow_escrow *escrow;
static int64_t now = NOW;

static fdescrow_str text_of(const char *text)
{
    return fdescrow_str_of(text);
}

/* A member of a document, as text to be freed. */
static char *at(fdescrow_str document, const char *pointer)
{
    fdescrow_text *member = NULL;
    fdescrow_str value;
    char *copy;
    DONE(fdescrow_document_member(document, text_of(pointer), &member, &error));
    value = fdescrow_text_value(member);
    copy = (char *)calloc(1, value.length + 1);
    CHECK(copy != NULL);
    if (value.length > 0) {
        memcpy(copy, value.data, value.length);
    }
    fdescrow_text_free(member);
    return copy;
}

/* The spool as it is on the disk: what was appended, read again. */
static char file[1 << 16];
static size_t file_length;

static void append(fdescrow_buffer *buffer)
{
    fdescrow_bytes bytes = fdescrow_buffer_value(buffer);
    CHECK(file_length + bytes.length < sizeof file);
    if (bytes.length > 0) {
        memcpy(file + file_length, bytes.data, bytes.length);
    }
    file_length += bytes.length;
    fdescrow_buffer_free(buffer);
}

static void read_spool(void)
{
    fdescrow_spool_free(spool);
    spool = NULL;
    DONE(fdescrow_spool_read(fdescrow_bytes_of(file, file_length), &spool, &error));
    CHECK(fdescrow_spool_damaged(spool) == 0);
}

/* Decides; the situation must be this one, and the step that. */
static void decides(fdescrow_planner *planner, const char *situation, uint32_t step)
{
    fdescrow_text *next = NULL;
    char *is;
    DONE(fdescrow_planner_next(planner, spool, &next, &error));
    is = at(fdescrow_text_value(next), "/situation");
    if (strcmp(is, situation) != 0 || fdescrow_planner_step(planner) != step) {
        fprintf(stderr, "%.*s\nnot %s, %d\n", (int)fdescrow_text_value(next).length, fdescrow_text_value(next).data, situation,
                (int)step);
        exit(1);
    }
    free(is);
    fdescrow_text_free(next);
}

/* Seals for the step, and puts the entry on the disk. */
static void seals(fdescrow_planner *planner, const fdescrow_secret *password)
{
    fdescrow_buffer *buffer = NULL;
    EXPECT(FDESCROW_RESULT_MISUSE, fdescrow_planner_done(planner, now, &error));
    DONE(fdescrow_planner_escrow(planner, spool, password, now, &buffer, &error));
    CHECK(fdescrow_buffer_value(buffer).length > 0);
    append(buffer);
    DONE(fdescrow_planner_done(planner, now, &error));
    EXPECT(FDESCROW_RESULT_MISUSE, fdescrow_planner_done(planner, now, &error));
}

/* Sends for the step; the server checks at once, and is asked again. */
static void sends(fdescrow_planner *planner)
{
    static const char *const names[] = {"device", "kind", "volume", "protector", "request"};
    fdescrow_text *upload = NULL, *receipt = NULL, *report = NULL;
    fdescrow_buffer *buffer = NULL;
    char request[1024] = "{\"by\":\"agent\"", *member;
    fdescrow_str document;
    size_t i;
    DONE(fdescrow_planner_upload(planner, spool, &upload, &error));
    document = fdescrow_text_value(upload);
    for (i = 0; i < sizeof names / sizeof names[0]; i++) {
        char pointer[16];
        snprintf(pointer, sizeof pointer, "/%s", names[i]);
        member = at(document, pointer);
        if (*member) {
            snprintf(request + strlen(request), sizeof request - strlen(request), ",\"%s\":\"%s\"", names[i], member);
        }
        free(member);
    }
    strcat(request, "}");
    member = at(document, "/envelope");
    DONE(fdescrow_escrow_receive(escrow, fdescrow_bytes_of(member, strlen(member)), text_of(request), now, &receipt, &error));
    free(member);
    fdescrow_text_free(receipt);
    DONE(fdescrow_escrow_check(escrow, keys, text_of("{\"by\":\"nightly\"}"), NULL, now + 1, &report, &error));
    fdescrow_text_free(report);
    member = at(document, "/envelope");
    DONE(fdescrow_escrow_receive(escrow, fdescrow_bytes_of(member, strlen(member)), text_of(request), now + 2, &receipt, &error));
    free(member);
    CHECK(holds(receipt, "\"status\":\"verified\""));
    DONE(fdescrow_planner_receipt(planner, spool, fdescrow_text_value(receipt), now + 2, &buffer, &error));
    CHECK(fdescrow_buffer_value(buffer).length > 0);
    append(buffer);
    /* Again, and late, it changes nothing. */
    DONE(fdescrow_planner_receipt(planner, spool, fdescrow_text_value(receipt), now + 3, &buffer, &error));
    CHECK(fdescrow_buffer_value(buffer).length == 0);
    append(buffer);
    fdescrow_text_free(receipt);
    fdescrow_text_free(upload);
}

/* ---- Windows: a rotation ---- */

#define OLD "{11111111-1111-1111-1111-111111111111}"
#define NEW "{22222222-2222-2222-2222-222222222222}"
#define TPM "{33333333-3333-3333-3333-333333333333}"
#define OLD_PASSWORD "000011-000022-000033-000044-000055-000066-000077-000088"
#define NEW_PASSWORD "111111-222222-333333-444444-555555-666666-000011-000022"

static int has_old = 1, has_new = 0;

/* What a volume that is encrypted and protected answers. */
static void windows_answers(fdescrow_str call, char *answer, size_t size)
{
    char *method = at(call, "/method"), *id = at(call, "/inputs/0/value"), *changes = at(call, "/changes");
    CHECK(strcmp(changes, "false") == 0);
    if (strcmp(method, "GetKeyProtectors") == 0) {
        snprintf(answer, size, "{\"texts\":[\"%s\"%s%s]}", TPM, has_old ? ",\"" OLD "\"" : "", has_new ? ",\"" NEW "\"" : "");
    } else if (strcmp(method, "GetKeyProtectorType") == 0) {
        snprintf(answer, size, "{\"number\":%d}", strcmp(id, TPM) == 0 ? 1 : 3);
    } else if (strcmp(method, "GetKeyProtectorFriendlyName") == 0) {
        snprintf(answer, size, "{\"text\":\"%s\"}", strcmp(id, NEW) == 0 ? "fdescrow r1" : "");
    } else if (strcmp(method, "GetEncryptionMethod") == 0) {
        snprintf(answer, size, "{\"number\":7}");
    } else if (strcmp(method, "GetLockStatus") == 0 || strcmp(method, "GetSuspendCount") == 0) {
        snprintf(answer, size, "{\"number\":0}");
    } else {
        CHECK(strcmp(method, "GetProtectionStatus") == 0 || strcmp(method, "GetConversionStatus") == 0);
        snprintf(answer, size, "{\"number\":1}");
    }
    free(method);
    free(id);
    free(changes);
}

static void look_at_windows(fdescrow_planner *planner)
{
    char answer[256];
    fdescrow_text *call = NULL;
    DONE(fdescrow_bitlocker_look(planner,
                                 text_of("{\"server\":\"no\",\"tpm\":\"yes\",\"system_volume\":\"yes\",\"registry\":{}}"), now,
                                 &error));
    for (;;) {
        DONE(fdescrow_bitlocker_call(planner, &call, &error));
        if (fdescrow_text_value(call).length == 0) {
            break;
        }
        windows_answers(fdescrow_text_value(call), answer, sizeof answer);
        DONE(fdescrow_bitlocker_answer(planner, text_of(answer), &error));
        fdescrow_text_free(call);
    }
    fdescrow_text_free(call);
}

/* Written down and opened again. */
static void reopen_windows(fdescrow_planner **planner)
{
    fdescrow_text *state = NULL;
    if (*planner) {
        DONE(fdescrow_planner_state(*planner, &state, &error));
        CHECK(!fdescrow_planner_awaits(*planner, spool, 99));
        fdescrow_planner_free(*planner);
        *planner = NULL;
    }
    DONE(fdescrow_bitlocker_open(fdescrow_text_value(state), text_of("example.com"), text_of("PC-17"), text_of("C:"), text_of(NULL), to,
                                 planner, &error));
    if (state) {
        EXPECT(FDESCROW_RESULT_MISUSE, fdescrow_bitlocker_open(fdescrow_text_value(state), text_of("example.com"), text_of("PC-18"),
                                                               text_of("C:"), text_of(NULL), to, &(fdescrow_planner *){NULL}, &error));
    }
    fdescrow_text_free(state);
    read_spool();
    look_at_windows(*planner);
}

static void reads_and_seals(fdescrow_planner *planner, const char *protector, const char *password)
{
    fdescrow_text *call = NULL;
    fdescrow_secret *secret = NULL;
    char *method, *id;
    DONE(fdescrow_bitlocker_call(planner, &call, &error));
    method = at(fdescrow_text_value(call), "/method");
    id = at(fdescrow_text_value(call), "/inputs/0/value");
    CHECK(strcmp(method, "GetKeyProtectorNumericalPassword") == 0 && strcmp(id, protector) == 0);
    free(method);
    free(id);
    fdescrow_text_free(call);
    DONE(fdescrow_secret_new(fdescrow_bytes_of(password, strlen(password)), &secret, &error));
    seals(planner, secret);
    fdescrow_secret_free(secret);
}

static void calls(fdescrow_planner *planner, const char *expected)
{
    fdescrow_text *call = NULL;
    DONE(fdescrow_bitlocker_call(planner, &call, &error));
    CHECK(holds(call, expected) && holds(call, "\"changes\":true"));
    fdescrow_text_free(call);
}

static void windows_rotates(void)
{
    fdescrow_planner *planner = NULL;
    reopen_windows(&planner);
    EXPECT(FDESCROW_RESULT_MISUSE, fdescrow_planner_next(planner, spool, &(fdescrow_text *){NULL}, &error));
    DONE(fdescrow_planner_pursue(planner, text_of("{\"id\":\"r1\",\"aim\":{\"rotate\":{\"replace\":[\"" OLD "\"]}}}"), &error));
    decides(planner, "password_not_escrowed", FDESCROW_STEP_ESCROW);
    EXPECT(FDESCROW_RESULT_MISUSE, fdescrow_luks_generate(planner, now, &error));
    reads_and_seals(planner, OLD, OLD_PASSWORD);
    EXPECT(FDESCROW_RESULT_MISUSE, fdescrow_planner_next(planner, spool, &(fdescrow_text *){NULL}, &error));
    reopen_windows(&planner);
    decides(planner, "answer_due", FDESCROW_STEP_ASK);
    CHECK(fdescrow_planner_awaits(planner, spool, 0));
    sends(planner);
    reopen_windows(&planner);
    decides(planner, "no_new_password", FDESCROW_STEP_CALL);
    calls(planner, "ProtectKeyWithNumericalPassword");
    /* The disk of the policy service is full; it is tried again after a minute. */
    DONE(fdescrow_bitlocker_returned(planner, 0x80070070u, text_of(NULL), now, &error));
    reopen_windows(&planner);
    decides(planner, "no_new_password", FDESCROW_STEP_NONE);
    CHECK(fdescrow_planner_wake_at(planner) == now + 60);
    now += 60;
    reopen_windows(&planner);
    decides(planner, "no_new_password", FDESCROW_STEP_CALL);
    has_new = 1;
    DONE(fdescrow_bitlocker_returned(planner, 0, text_of(NEW), now, &error));
    reopen_windows(&planner);
    decides(planner, "password_not_escrowed", FDESCROW_STEP_ESCROW);
    reads_and_seals(planner, NEW, NEW_PASSWORD);
    reopen_windows(&planner);
    decides(planner, "answer_due", FDESCROW_STEP_ASK);
    DONE(fdescrow_planner_failed(planner, -1, now, &error));
    reopen_windows(&planner);
    decides(planner, "not_verified", FDESCROW_STEP_NONE);
    DONE(fdescrow_planner_ask_again(planner, &error));
    decides(planner, "answer_due", FDESCROW_STEP_ASK);
    sends(planner);
    reopen_windows(&planner);
    decides(planner, "old_password", FDESCROW_STEP_CALL);
    calls(planner, "DeleteKeyProtector");
    has_old = 0;
    DONE(fdescrow_bitlocker_returned(planner, 0, text_of(NULL), now, &error));
    reopen_windows(&planner);
    decides(planner, "done", FDESCROW_STEP_NONE);
    fdescrow_planner_free(planner);
}

/* ---- A Mac: a rotation by Escrow Buddy ---- */

static fdescrow_envelope *mac_seals(const char *key)
{
    fdescrow_secret *secret = NULL;
    fdescrow_key *made = NULL;
    fdescrow_envelope *envelope = NULL;
    DONE(fdescrow_secret_new(fdescrow_bytes_of(key, strlen(key)), &secret, &error));
    DONE(fdescrow_key_parse_typed(text_of("filevault"), secret, &made, &error));
    DONE(fdescrow_envelope_seal(made, to, text_of("{\"bare\":true,\"format\":\"enveloped_pkcs1v15\"}"), &envelope, &error));
    fdescrow_key_free(made);
    fdescrow_secret_free(secret);
    return envelope;
}

static void look_at_mac(fdescrow_planner **planner, const char *buddy, const fdescrow_envelope *envelope)
{
    char seen[512];
    fdescrow_text *state = NULL;
    if (*planner) {
        DONE(fdescrow_planner_state(*planner, &state, &error));
        fdescrow_planner_free(*planner);
        *planner = NULL;
    }
    DONE(fdescrow_filevault_open(fdescrow_text_value(state), text_of("MAC-1"), text_of(NULL), planner, &error));
    fdescrow_text_free(state);
    read_spool();
    snprintf(seen, sizeof seen,
             "{\"enabled\":\"yes\",\"escrow_profile\":\"yes\",\"escrow_buddy\":{\"installed\":\"yes\","
             "\"in_authorization_database\":\"yes\",\"generate_new_key\":\"%s\"},\"key_at_hand\":true}",
             buddy);
    DONE(fdescrow_filevault_look(*planner, text_of(seen), fdescrow_envelope_der(envelope), now, &error));
}

static void mac_rotates(void)
{
    fdescrow_envelope *old = mac_seals("AAAA-BBBB-CCCC-DDDD-EEEE-FFFF"), *newer = mac_seals("GGGG-HHHH-JJJJ-KKKK-LLLL-MMMM");
    fdescrow_planner *planner = NULL;
    fdescrow_buffer *arguments = NULL;
    fdescrow_secret *input = NULL, *key = NULL;
    fdescrow_bytes bytes;
    fdescrow_text *next = NULL;
    look_at_mac(&planner, "no", old);
    DONE(fdescrow_planner_pursue(planner, text_of("{\"id\":\"first\",\"aim\":\"escrow\"}"), &error));
    decides(planner, "envelope_new", FDESCROW_STEP_ESCROW);
    seals(planner, NULL);
    look_at_mac(&planner, "no", old);
    decides(planner, "answer_due", FDESCROW_STEP_ASK);
    sends(planner);
    look_at_mac(&planner, "no", old);
    decides(planner, "done", FDESCROW_STEP_NONE);

    /* Is it the present key? */
    DONE(fdescrow_planner_pursue(planner, text_of("{\"id\":\"try\",\"aim\":\"attest\"}"), &error));
    decides(planner, "not_attested", FDESCROW_STEP_VALIDATE_RECOVERY);
    DONE(fdescrow_secret_new(fdescrow_bytes_of("AAAA-BBBB-CCCC-DDDD-EEEE-FFFF", 29), &key, &error));
    EXPECT(FDESCROW_RESULT_MISUSE, fdescrow_filevault_command(planner, text_of(NULL), key, &arguments, &input, &error));
    DONE(fdescrow_filevault_begin(planner, now, &error));
    EXPECT(FDESCROW_RESULT_NULL_POINTER, fdescrow_filevault_command(planner, text_of(NULL), NULL, &arguments, &input, &error));
    DONE(fdescrow_filevault_command(planner, text_of(NULL), key, &arguments, &input, &error));
    bytes = fdescrow_buffer_value(arguments);
    CHECK(bytes.length == sizeof "/usr/bin/fdesetup\0validaterecovery\0-inputplist" &&
          memcmp(bytes.data, "/usr/bin/fdesetup\0validaterecovery\0-inputplist", bytes.length) == 0);
    bytes = fdescrow_secret_expose(input);
    CHECK(bytes.length > 100 && memcmp(bytes.data, "<?xml", 5) == 0);
    fdescrow_buffer_free(arguments);
    fdescrow_secret_free(input);
    fdescrow_secret_free(key);
    EXPECT(FDESCROW_RESULT_MISUSE, fdescrow_planner_done(planner, now, &error));
    DONE(fdescrow_filevault_attested(planner, true, now, &error));
    look_at_mac(&planner, "no", old);
    DONE(fdescrow_planner_next(planner, spool, &next, &error));
    CHECK(holds(next, "\"attested\":true") && holds(next, "\"standing\":\"rests\""));
    fdescrow_text_free(next);

    /* A new one. */
    DONE(fdescrow_planner_pursue(planner, text_of("{\"id\":\"r2\",\"aim\":\"rotate\"}"), &error));
    decides(planner, "buddy_not_told", FDESCROW_STEP_CALL);
    EXPECT(FDESCROW_RESULT_MISUSE, fdescrow_planner_done(planner, now, &error));
    DONE(fdescrow_filevault_begin(planner, now, &error));
    DONE(fdescrow_filevault_command(planner, text_of(NULL), NULL, &arguments, &input, &error));
    CHECK(fdescrow_secret_expose(input).length == 0);
    fdescrow_buffer_free(arguments);
    fdescrow_secret_free(input);
    DONE(fdescrow_planner_done(planner, now, &error));
    look_at_mac(&planner, "yes", old);
    decides(planner, "login_awaited", FDESCROW_STEP_NONE);
    CHECK(fdescrow_planner_wake_at(planner) > now);
    now += 3600;
    look_at_mac(&planner, "no", newer);
    decides(planner, "envelope_new", FDESCROW_STEP_ESCROW);
    seals(planner, NULL);
    look_at_mac(&planner, "no", newer);
    decides(planner, "answer_due", FDESCROW_STEP_ASK);
    sends(planner);
    look_at_mac(&planner, "no", newer);
    decides(planner, "done", FDESCROW_STEP_NONE);
    fdescrow_planner_free(planner);
    fdescrow_envelope_free(old);
    fdescrow_envelope_free(newer);
}

/* ---- snapd ---- */

static void snapd_body(fdescrow_planner *planner, const char *part)
{
    fdescrow_secret *body = NULL;
    fdescrow_bytes bytes;
    size_t i, length = strlen(part);
    DONE(fdescrow_snapd_body(planner, &body, &error));
    bytes = fdescrow_secret_expose(body);
    for (i = 0; i + length <= bytes.length && memcmp(bytes.data + i, part, length) != 0; i++) {
    }
    CHECK(i + length <= bytes.length);
    fdescrow_secret_free(body);
}

static void snapd_makes_a_key(void)
{
    static const char answer[] =
        "{\"type\":\"sync\",\"result\":{\"recovery-key\":\"00011-00022-00033-00044-00055-00066-00077-00088\",\"key-id\":\"7\"}}";
    fdescrow_planner *planner = NULL;
    fdescrow_text *state = NULL;
    fdescrow_secret *secret = NULL;
    read_spool();
    DONE(fdescrow_snapd_open(text_of(NULL), text_of("example.com"), text_of("LAPTOP-3"), text_of(NULL), to, &planner, &error));
    DONE(fdescrow_planner_pursue(planner, text_of("{\"id\":\"r3\"}"), &error));
    DONE(fdescrow_snapd_look(planner, text_of(NULL), now, &error));
    decides(planner, "unreadable", FDESCROW_STEP_NONE);
    DONE(fdescrow_snapd_look(planner, text_of("[\"default-recovery\"]"), now, &error));
    decides(planner, "no_key", FDESCROW_STEP_GENERATE);
    snapd_body(planner, "generate-recovery-key");
    DONE(fdescrow_secret_new(fdescrow_bytes_of("{}", 2), &secret, &error));
    EXPECT(FDESCROW_RESULT_MISUSE, fdescrow_snapd_generated(planner, secret, now, &error));
    fdescrow_secret_free(secret);
    DONE(fdescrow_secret_new(fdescrow_bytes_of(answer, sizeof answer - 1), &secret, &error));
    DONE(fdescrow_snapd_generated(planner, secret, now, &error));
    fdescrow_secret_free(secret);
    DONE(fdescrow_snapd_look(planner, text_of("[\"default-recovery\"]"), now, &error));
    decides(planner, "unsealed", FDESCROW_STEP_ESCROW);
    seals(planner, NULL);
    read_spool();
    DONE(fdescrow_snapd_look(planner, text_of("[]"), now, &error));
    decides(planner, "answer_due", FDESCROW_STEP_ASK);
    sends(planner);
    DONE(fdescrow_snapd_look(planner, text_of("[]"), now, &error));
    decides(planner, "unused", FDESCROW_STEP_CALL);
    snapd_body(planner, "\"key-id\":\"7\"");
    DONE(fdescrow_planner_done(planner, now, &error));
    DONE(fdescrow_snapd_look(planner, text_of("[\"fdescrow\"]"), now, &error));
    decides(planner, "unchecked", FDESCROW_STEP_CALL);
    snapd_body(planner, "00011-00022-00033-00044");
    DONE(fdescrow_planner_done(planner, now, &error));
    DONE(fdescrow_planner_state(planner, &state, &error));
    fdescrow_planner_free(planner);
    planner = NULL;
    DONE(fdescrow_snapd_open(fdescrow_text_value(state), text_of("example.com"), text_of("LAPTOP-3"), text_of(NULL), to, &planner,
                             &error));
    fdescrow_text_free(state);
    DONE(fdescrow_snapd_look(planner, text_of("[\"fdescrow\"]"), now, &error));
    decides(planner, "done", FDESCROW_STEP_NONE);
    fdescrow_planner_free(planner);
}

/* ---- The spool without a planner ---- */

static void spools_by_hand(void)
{
    fdescrow_envelope *envelope = mac_seals("NNNN-PPPP-QQQQ-RRRR-SSSS-TTTT");
    fdescrow_buffer *buffer = NULL;
    fdescrow_text *upload = NULL, *digest = NULL;
    char receipt[512];
    fdescrow_str value;
    size_t before = fdescrow_spool_count(spool);
    DONE(fdescrow_spool_put(spool, envelope, text_of("{\"device\":\"MAC-2\",\"kind\":\"filevault\",\"request\":\"by_hand\"}"), now, &buffer,
                            &error));
    append(buffer);
    read_spool();
    CHECK(fdescrow_spool_count(spool) == before + 1);
    DONE(fdescrow_spool_upload(spool, before, &upload, &error));
    CHECK(holds(upload, "\"request\":\"by_hand\""));
    fdescrow_text_free(upload);
    EXPECT(FDESCROW_RESULT_MISUSE, fdescrow_spool_upload(spool, before + 1, &upload, &error));
    DONE(fdescrow_envelope_digest(envelope, &digest, &error));
    value = fdescrow_text_value(digest);
    snprintf(receipt, sizeof receipt,
             "{\"device\":\"MAC-2\",\"kind\":\"filevault\",\"key\":\"00000000000000000000000000000001\",\"envelope\":\"%.*s\","
             "\"status\":\"stored\",\"sightings\":1,\"request\":\"by_hand\"}",
             (int)value.length, value.data);
    fdescrow_text_free(digest);
    DONE(fdescrow_spool_acknowledge(spool, text_of(receipt), text_of("envelope_opens"), &buffer, &error));
    CHECK(fdescrow_buffer_value(buffer).length == 0);
    fdescrow_buffer_free(buffer);
    DONE(fdescrow_spool_acknowledge(spool, text_of(receipt), text_of(NULL), &buffer, &error));
    append(buffer);
    EXPECT(FDESCROW_RESULT_EVENT_REJECTED, fdescrow_spool_acknowledge(spool, text_of(receipt), text_of(NULL), &buffer, &error));
    read_spool();
    CHECK(fdescrow_spool_count(spool) == before && fdescrow_spool_is_wasteful(spool));
    DONE(fdescrow_spool_compact(spool, &buffer, &error));
    file_length = 0;
    append(buffer);
    read_spool();
    CHECK(!fdescrow_spool_is_wasteful(spool));
    fdescrow_envelope_free(envelope);
}

int main(void)
{
    fdescrow_secret *private_key = NULL;
    fdescrow_store *store = NULL;
    DONE(fdescrow_certificates_generate(text_of("{\"subject\":\"CN=Escrow\",\"algorithm\":\"rsa-2048\","
                                                "\"not_before\":\"2026-01-01T00:00:00Z\",\"not_after\":\"2036-01-01T00:00:00Z\"}"),
                                        &to, &private_key, &error));
    DONE(fdescrow_keyring_new(&keys, &error));
    DONE(fdescrow_keyring_add_private_keys(keys, fdescrow_secret_expose(private_key), NULL, to, &error));
    fdescrow_secret_free(private_key);
    DONE(fdescrow_store_open(text_of("memory:"), &store, &error));
    DONE(fdescrow_escrow_open(store, text_of("{\"organization\":\"example.com\"}"), NULL, to, NULL, &escrow, &error));
    windows_rotates();
    mac_rotates();
    snapd_makes_a_key();
    spools_by_hand();
    fdescrow_spool_free(spool);
    fdescrow_escrow_free(escrow);
    fdescrow_store_free(store);
    fdescrow_keyring_free(keys);
    fdescrow_certificates_free(to);
    puts("all goals are reached");
    return 0;
}
