/*
 * A key that a planner holds is in memory while the planner needs it, and nowhere any more when it is sealed and used, or when the
 * planner is freed in the middle.
 */
#define _GNU_SOURCE
#include "memory.h"

#define LENGTH 47
#define NOW INT64_C(1795500000)

/* The key, made so that its text stands nowhere in the program: eight numbers of five digits. */
static void canary(char *text)
{
    int group;
    for (group = 0; group < 8; group++) {
        unsigned number = (unsigned)(group * 7919 + 12345) % 65536;
        int digit;
        for (digit = 4; digit >= 0; digit--, number /= 10) {
            text[group * 6 + digit] = (char)('0' + number % 10);
        }
        if (group < 7) {
            text[group * 6 + 5] = '-';
        }
    }
}

static fdescrow_planner *planner;
static fdescrow_spool *spool;
static const char *slots;

static uint32_t next(void)
{
    fdescrow_text *told = NULL;
    DONE(fdescrow_snapd_look(planner, fdescrow_str_of(slots), NOW, &error));
    DONE(fdescrow_planner_next(planner, spool, &told, &error));
    fdescrow_text_free(told);
    return fdescrow_planner_step(planner);
}

/* What snapd answers, in memory of the library alone. */
static fdescrow_secret *answer(void)
{
    static const char before[] = "{\"result\":{\"recovery-key\":\"", after[] = "\",\"key-id\":\"k1\"}}";
    char text[sizeof before + sizeof after + LENGTH];
    fdescrow_secret *secret = NULL;
    size_t length = sizeof before - 1;
    memcpy(text, before, length);
    canary(text + length);
    length += LENGTH;
    memcpy(text + length, after, sizeof after - 1);
    length += sizeof after - 1;
    DONE(fdescrow_secret_new(fdescrow_bytes_of(text, length), &secret, &error));
    explicit_bzero(text, sizeof text);
    return secret;
}

static void generate(const fdescrow_certificates *to)
{
    fdescrow_secret *secret = answer();
    planner = NULL;
    slots = "[]";
    DONE(fdescrow_snapd_open(fdescrow_str_of(NULL), fdescrow_str_of("example.com"), fdescrow_str_of("UBUNTU-1"), fdescrow_str_of(NULL),
                             to, &planner, &error));
    DONE(fdescrow_planner_pursue(planner, fdescrow_str_of("{\"id\":\"first\"}"), &error));
    CHECK(next() == FDESCROW_STEP_GENERATE);
    DONE(fdescrow_snapd_generated(planner, secret, NOW, &error));
    CHECK(count(canary, LENGTH) >= 2);
    fdescrow_secret_free(secret);
    CHECK(count(canary, LENGTH) == 1);
}

int main(void)
{
    fdescrow_certificates *to = NULL;
    fdescrow_secret *private_key = NULL, *body = NULL;
    fdescrow_buffer *append = NULL;
    fdescrow_text *state = NULL;
    int calls = 0;
    DONE(fdescrow_certificates_generate(
        fdescrow_str_of("{\"subject\":\"CN=Canary\",\"algorithm\":\"p-256\",\"not_before\":\"2026-01-01T00:00:00Z\","
                        "\"not_after\":\"2036-01-01T00:00:00Z\"}"),
        &to, &private_key, &error));
    DONE(fdescrow_spool_read(fdescrow_bytes_of(NULL, 0), &spool, &error));

    /* Freed in the middle. */
    generate(to);
    fdescrow_planner_free(planner);
    CHECK(count(canary, LENGTH) == 0);

    /* Sealed, used and tried. */
    generate(to);
    CHECK(next() == FDESCROW_STEP_ESCROW);
    DONE(fdescrow_planner_escrow(planner, spool, NULL, NOW, &append, &error));
    DONE(fdescrow_planner_done(planner, NOW, &error));
    fdescrow_buffer_free(append);
    CHECK(count(canary, LENGTH) == 1);
    CHECK(next() == FDESCROW_STEP_ASK);
    DONE(fdescrow_planner_failed(planner, -1, NOW, &error));
    while (next() == FDESCROW_STEP_CALL) {
        calls++;
        DONE(fdescrow_snapd_body(planner, &body, &error));
        fdescrow_secret_free(body);
        DONE(fdescrow_planner_done(planner, NOW, &error));
        slots = "[\"fdescrow\"]";
    }
    CHECK(calls == 2 && count(canary, LENGTH) == 0);
    DONE(fdescrow_planner_state(planner, &state, &error));
    CHECK(fdescrow_text_value(state).length > 0);
    fdescrow_text_free(state);
    fdescrow_planner_free(planner);
    fdescrow_spool_free(spool);
    fdescrow_secret_free(private_key);
    fdescrow_certificates_free(to);
    puts("nothing is left");
    return 0;
}
