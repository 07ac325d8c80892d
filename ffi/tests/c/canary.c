/*
 * A key that crossed and was freed is nowhere in the memory of the process any more. That the search finds what is there is
 * shown first.
 */
#define _GNU_SOURCE
#include "memory.h"

#define LENGTH 29

/* The key, made so that its text stands nowhere in the program. */
static void canary(char *text)
{
    static const char letters[] = "QWERTYUPASDFGHJKLZXCVBNM23456789";
    int i;
    for (i = 0; i < LENGTH; i++) {
        text[i] = i % 5 == 4 ? '-' : letters[(i * 7 + 11) % 32];
    }
    text[LENGTH] = 0;
}

int main(void)
{
    fdescrow_certificates *certificates = NULL;
    fdescrow_keyring *keyring = NULL;
    fdescrow_secret *private_key = NULL, *secret = NULL, *shown = NULL, *sheet = NULL;
    fdescrow_store *store = NULL;
    fdescrow_escrow *escrow = NULL;
    fdescrow_key *key = NULL, *opened = NULL;
    fdescrow_envelope *envelope = NULL;
    fdescrow_text *text = NULL;
    char *copy = (char *)malloc(LENGTH + 1);
    int before;
    CHECK(copy != NULL);
    canary(copy);
    DONE(fdescrow_secret_new(fdescrow_bytes_of(copy, LENGTH), &secret, &error));
    before = count(canary, LENGTH);
    CHECK(before >= 2);
    explicit_bzero(copy, LENGTH);
    CHECK(count(canary, LENGTH) == before - 1);
    DONE(fdescrow_certificates_generate(
        fdescrow_str_of("{\"subject\":\"CN=Canary\",\"algorithm\":\"p-256\",\"not_before\":\"2026-01-01T00:00:00Z\","
                        "\"not_after\":\"2036-01-01T00:00:00Z\"}"),
        &certificates, &private_key, &error));
    DONE(fdescrow_keyring_new(&keyring, &error));
    DONE(fdescrow_keyring_add_private_keys(keyring, fdescrow_secret_expose(private_key), NULL, certificates, &error));
    DONE(fdescrow_key_parse_typed(fdescrow_str_of("filevault"), secret, &key, &error));
    DONE(fdescrow_envelope_seal(key, certificates, fdescrow_str_of(NULL), &envelope, &error));
    DONE(fdescrow_envelope_open(envelope, keyring, fdescrow_str_of("{\"kind\":\"filevault\"}"), &opened, &text, &error));
    fdescrow_text_free(text);
    DONE(fdescrow_key_secret(opened, &shown, &error));
    DONE(fdescrow_store_open(fdescrow_str_of("memory:"), &store, &error));
    DONE(fdescrow_escrow_open(store, fdescrow_str_of("{\"organization\":\"example.com\"}"), NULL, certificates, NULL, &escrow,
                              &error));
    DONE(fdescrow_escrow_receive_plaintext(escrow, secret,
                                           fdescrow_str_of("{\"device\":\"mac-1\",\"kind\":\"filevault\",\"by\":\"agent\"}"), 1795500000,
                                           &text, &error));
    fdescrow_text_free(text);
    DONE(fdescrow_escrow_reveal_sheet(escrow, keyring,
                                      fdescrow_str_of("{\"device\":\"mac-1\",\"by\":\"ana\",\"reason\":\"test\"}"), false, 1795500001,
                                      &sheet, &text, &error));
    fdescrow_text_free(text);
    fdescrow_secret_free(sheet);
    fdescrow_secret_free(shown);
    fdescrow_secret_free(secret);
    fdescrow_secret_free(private_key);
    fdescrow_key_free(key);
    fdescrow_key_free(opened);
    fdescrow_envelope_free(envelope);
    fdescrow_escrow_free(escrow);
    fdescrow_store_free(store);
    CHECK(count(canary, LENGTH) == 0);
    fdescrow_keyring_free(keyring);
    fdescrow_certificates_free(certificates);
    free(copy);
    puts("nothing is left");
    return 0;
}
