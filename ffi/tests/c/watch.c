/*
 * What an escrow tells of its work goes to a log, and how far it is to whoever waits; no secret is ever among it.
 */
#include "check.h"

#define NOW INT64_C(1795500000)
#define KEY "QWER-TYUP-ASDF-GHJK-LZXC-VBNM"
#define PASSWORD "correct horse battery staple"

static char log_lines[1 << 16];
static int freed, levels[8];
static uint64_t done_last, left_last, reports;

static void add(fdescrow_str text)
{
    size_t length = strlen(log_lines);
    CHECK(length + text.length + 2 < sizeof log_lines);
    memcpy(log_lines + length, text.data, text.length);
    log_lines[length + text.length] = '\n';
    log_lines[length + text.length + 1] = 0;
}

static void log_line(void *context, uint32_t level, fdescrow_str message, fdescrow_str fields)
{
    CHECK(context == &freed && level < 8 && message.length > 0 && fields.data[0] == '{');
    levels[level]++;
    add(message);
    add(fields);
}

static void progress(void *context, fdescrow_str operation, uint64_t done, uint64_t left, uint64_t per_minute)
{
    CHECK(context == &freed && operation.length > 0);
    /* However long it took, something was done in it. */
    CHECK(per_minute > 0 || done == 0);
    reports++;
    done_last = done;
    left_last = left;
}

static void count_free(void *context)
{
    CHECK(context == &freed);
    freed++;
}

static fdescrow_str text_of(const char *text)
{
    return fdescrow_str_of(text);
}

static fdescrow_watch_functions functions(uint32_t level)
{
    fdescrow_watch_functions made = {0};
    made.version = FDESCROW_ABI_VERSION;
    made.level = level;
    made.context = &freed;
    made.free = count_free;
    made.log = log_line;
    made.progress = progress;
    return made;
}

static void told(const char *what)
{
    if (!strstr(log_lines, what)) {
        fprintf(stderr, "not told: %s\n%s", what, log_lines);
        exit(1);
    }
}

static void not_told(const char *what)
{
    if (strstr(log_lines, what)) {
        fprintf(stderr, "told: %s\n", what);
        exit(1);
    }
}

int main(void)
{
    fdescrow_certificates *certificates = NULL, *newer = NULL;
    fdescrow_keyring *keyring = NULL;
    fdescrow_secret *private_key = NULL, *other_key = NULL, *secret = NULL, *wrong = NULL;
    fdescrow_store *store = NULL;
    fdescrow_escrow *escrow = NULL;
    fdescrow_key *key = NULL;
    fdescrow_text *text = NULL;
    fdescrow_watch_functions watch = functions(FDESCROW_LOG_DEBUG);
    fdescrow_bytes shown;
    const char *request = "{\"subject\":\"CN=Watch\",\"algorithm\":\"p-256\",\"not_before\":\"2026-01-01T00:00:00Z\","
                          "\"not_after\":\"2036-01-01T00:00:00Z\"}";
    char device[128];
    int number;
    DONE(fdescrow_certificates_generate(text_of(request), &certificates, &private_key, &error));
    DONE(fdescrow_certificates_generate(text_of(request), &newer, &other_key, &error));
    DONE(fdescrow_keyring_new(&keyring, &error));
    DONE(fdescrow_keyring_add_private_keys(keyring, fdescrow_secret_expose(private_key), NULL, certificates, &error));
    DONE(fdescrow_secret_new(fdescrow_bytes_of(KEY, strlen(KEY)), &secret, &error));
    DONE(fdescrow_secret_new(fdescrow_bytes_of(PASSWORD, strlen(PASSWORD)), &wrong, &error));
    DONE(fdescrow_store_open(text_of("memory:"), &store, &error));
    DONE(fdescrow_escrow_open(store, text_of("{\"organization\":\"example.com\"}"), NULL, certificates, NULL, &escrow, &error));

    watch.version++;
    EXPECT(FDESCROW_RESULT_MISUSE, fdescrow_escrow_watch(escrow, &watch, &error));
    watch = functions(9);
    EXPECT(FDESCROW_RESULT_MISUSE, fdescrow_escrow_watch(escrow, &watch, &error));
    CHECK(freed == 2);
    watch = functions(FDESCROW_LOG_DEBUG);
    DONE(fdescrow_escrow_watch(escrow, &watch, &error));

    for (number = 0; number < 3; number++) {
        snprintf(device, sizeof device, "{\"device\":\"mac-%d\",\"kind\":\"filevault\",\"by\":\"agent\"}", number);
        DONE(fdescrow_escrow_receive_plaintext(escrow, secret, text_of(device), NOW, &text, &error));
        fdescrow_text_free(text);
    }
    told("receive\n{\"device\":\"mac-1\"");
    told("\"outcome\":\"stored\"");
    told("commit\n");
    told("\"microseconds\":");
    CHECK(levels[FDESCROW_LOG_INFO] > 3 && levels[FDESCROW_LOG_WARN] == 0);

    /* What is wrong is told by the name of its error, and not what it was. */
    EXPECT(FDESCROW_RESULT_KEY_FORMAT, fdescrow_escrow_receive_plaintext(escrow, wrong, text_of(device), NOW, &text, &error));
    told("\"error\":\"KeyFormat\"");
    EXPECT(FDESCROW_RESULT_UPLOAD_NOT_SEALED, fdescrow_escrow_receive(escrow, fdescrow_secret_expose(secret), text_of(device), NOW, &text, &error));
    EXPECT(FDESCROW_RESULT_RECOVERY_REASON_MISSING,
           fdescrow_escrow_reveal(escrow, keyring, text_of("{\"device\":\"mac-1\",\"by\":\"ana\",\"reason\":\" \"}"), NOW, &key, &text, &error));
    CHECK(levels[FDESCROW_LOG_WARN] >= 3);

    /* One device in a batch: what is done and left is told after each. */
    for (number = 0; number < 3; number++) {
        DONE(fdescrow_escrow_check(escrow, keyring, text_of("{\"devices\":1}"), NULL, NOW + 1, &text, &error));
        fdescrow_text_free(text);
        CHECK(reports == (uint64_t)number + 1 && done_last == (uint64_t)number + 1 && left_last == (uint64_t)(2 - number));
    }
    DONE(fdescrow_escrow_reveal(escrow, keyring, text_of("{\"device\":\"mac-1\",\"by\":\"ana\",\"reason\":\"a reason that is nobody's\"}"), NOW + 2,
                                &key, &text, &error));
    fdescrow_key_free(key);
    fdescrow_text_free(text);
    told("reveal\n");
    reports = 0;
    DONE(fdescrow_escrow_rewrap(escrow, keyring, newer, text_of("{\"by\":\"ana\"}"), NOW + 3, &text, &error));
    CHECK(holds(text, "\"rewrapped\":3"));
    fdescrow_text_free(text);
    CHECK(reports == 1 && done_last == 3 && left_last == 0);
    told("rewrap\n");

    /* No key, no part of one, no password, no private key, no person and no reason. */
    not_told("QWER");
    not_told("VBNM");
    not_told("horse");
    not_told("ana");
    not_told("nobody");
    not_told("PRIVATE");
    shown = fdescrow_secret_expose(private_key);
    for (number = 64; number + 24 < (int)shown.length; number += 24) {
        char part[25] = {0};
        memcpy(part, shown.data + number, 24);
        if (!strchr(part, '\n')) {
            not_told(part);
        }
    }

    /* Whoever does not want to know whose device it is is not told; and nobody, when nobody watches. */
    log_lines[0] = 0;
    watch = functions(FDESCROW_LOG_INFO);
    watch.progress = NULL;
    DONE(fdescrow_escrow_watch(escrow, &watch, &error));
    CHECK(freed == 3);
    DONE(fdescrow_escrow_receive_plaintext(escrow, secret, text_of(device), NOW + 4, &text, &error));
    fdescrow_text_free(text);
    told("receive\n");
    not_told("mac-2");
    DONE(fdescrow_escrow_watch(escrow, NULL, &error));
    CHECK(freed == 4);
    log_lines[0] = 0;
    DONE(fdescrow_escrow_receive_plaintext(escrow, secret, text_of(device), NOW + 5, &text, &error));
    fdescrow_text_free(text);
    CHECK(log_lines[0] == 0);
    watch = functions(FDESCROW_LOG_WARN);
    DONE(fdescrow_escrow_watch(escrow, &watch, &error));
    fdescrow_escrow_free(escrow);
    CHECK(freed == 5);
    fdescrow_store_free(store);
    fdescrow_secret_free(secret);
    fdescrow_secret_free(wrong);
    fdescrow_secret_free(private_key);
    fdescrow_secret_free(other_key);
    fdescrow_keyring_free(keyring);
    fdescrow_certificates_free(certificates);
    fdescrow_certificates_free(newer);
    puts("told, and nothing secret");
    return 0;
}
