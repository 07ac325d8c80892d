/* Eight threads use one escrow, one keyring and one list of certificates: nothing is lost, and each finds its own key. */
#include "check.h"

#include <pthread.h>

#define NOW INT64_C(1795500000)
#define THREADS 8
#define KEYS 4

static fdescrow_certificates *certificates;
static fdescrow_keyring *keyring;
static fdescrow_escrow *escrow;

static void *device(void *argument)
{
    int thread = *(const int *)argument, number;
    for (number = 0; number < KEYS; number++) {
        char options[256], request[256];
        fdescrow_key *key = NULL, *revealed = NULL;
        fdescrow_envelope *envelope = NULL;
        fdescrow_secret *made = NULL, *shown = NULL;
        fdescrow_text *text = NULL;
        fdescrow_bytes a, b;
        DONE(fdescrow_key_generate(fdescrow_str_of("systemd"), &key, &error));
        snprintf(options, sizeof options, "{\"owner\":{\"organization\":\"example.com\",\"device\":\"pc-%d-%d\"}}", thread, number);
        DONE(fdescrow_envelope_seal(key, certificates, fdescrow_str_of(options), &envelope, &error));
        snprintf(request, sizeof request, "{\"device\":\"pc-%d-%d\",\"kind\":\"systemd\",\"by\":\"agent\"}", thread, number);
        DONE(fdescrow_escrow_receive(escrow, fdescrow_envelope_der(envelope), fdescrow_str_of(request), NOW, &text, &error));
        fdescrow_text_free(text);
        snprintf(request, sizeof request, "{\"device\":\"pc-%d-%d\",\"by\":\"ana\",\"reason\":\"test\"}", thread, number);
        DONE(fdescrow_escrow_reveal(escrow, keyring, fdescrow_str_of(request), NOW + 1, &revealed, &text, &error));
        DONE(fdescrow_key_secret(key, &made, &error));
        DONE(fdescrow_key_secret(revealed, &shown, &error));
        a = fdescrow_secret_expose(made);
        b = fdescrow_secret_expose(shown);
        CHECK(a.length == b.length && memcmp(a.data, b.data, a.length) == 0);
        fdescrow_text_free(text);
        fdescrow_secret_free(made);
        fdescrow_secret_free(shown);
        fdescrow_key_free(key);
        fdescrow_key_free(revealed);
        fdescrow_envelope_free(envelope);
    }
    return NULL;
}

int main(int argc, char **argv)
{
    fdescrow_store *store = NULL;
    fdescrow_secret *private_key = NULL;
    fdescrow_text *text = NULL;
    pthread_t threads[THREADS];
    int numbers[THREADS], i;
    CHECK(argc == 2);
    DONE(fdescrow_certificates_generate(
        fdescrow_str_of("{\"subject\":\"CN=Threads\",\"algorithm\":\"p-256\",\"not_before\":\"2026-01-01T00:00:00Z\","
                        "\"not_after\":\"2036-01-01T00:00:00Z\"}"),
        &certificates, &private_key, &error));
    DONE(fdescrow_keyring_new(&keyring, &error));
    DONE(fdescrow_keyring_add_private_keys(keyring, fdescrow_secret_expose(private_key), NULL, certificates, &error));
    fdescrow_secret_free(private_key);
    DONE(fdescrow_store_open(fdescrow_str_of(argv[1]), &store, &error));
    DONE(fdescrow_escrow_open(store, fdescrow_str_of("{\"organization\":\"example.com\"}"), NULL, certificates, NULL, &escrow,
                              &error));
    fdescrow_store_free(store);
    for (i = 0; i < THREADS; i++) {
        numbers[i] = i;
        CHECK(pthread_create(&threads[i], NULL, device, &numbers[i]) == 0);
    }
    for (i = 0; i < THREADS; i++) {
        CHECK(pthread_join(threads[i], NULL) == 0);
    }
    DONE(fdescrow_escrow_summary(escrow, NOW + 2, &text, &error));
    CHECK(holds(text, "\"devices\":32") && holds(text, "\"keys\":32"));
    fdescrow_text_free(text);
    DONE(fdescrow_escrow_verify_audit(escrow, NULL, fdescrow_bytes_of(NULL, 0), &text, &error));
    CHECK(holds(text, "\"intact\":true"));
    fdescrow_text_free(text);
    fdescrow_escrow_free(escrow);
    fdescrow_keyring_free(keyring);
    fdescrow_certificates_free(certificates);
    puts("eight threads agree");
    return 0;
}
