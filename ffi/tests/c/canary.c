/*
 * A key that crossed and was freed is nowhere in the memory of the process any more. That the search finds what is there is
 * shown first.
 */
#define _GNU_SOURCE
#include "check.h"

#include <fcntl.h>
#include <unistd.h>

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

/* How often the key stands in memory that can be read. */
static int count(void)
{
    char pattern[LENGTH + 1], line[512];
    FILE *maps = fopen("/proc/self/maps", "r");
    int memory = open("/proc/self/mem", O_RDONLY), found = 0;
    CHECK(maps != NULL && memory >= 0);
    while (fgets(line, sizeof line, maps)) {
        unsigned long from, to;
        char rights[8], *bytes, *place;
        ssize_t length;
        if (sscanf(line, "%lx-%lx %7s", &from, &to, rights) != 3 || rights[0] != 'r' || rights[1] != 'w' || strstr(line, "[v")) {
            continue;
        }
        bytes = (char *)malloc(to - from);
        CHECK(bytes != NULL);
        length = pread(memory, bytes, to - from, (off_t)from);
        canary(pattern);
        place = bytes;
        while (length > 0 && (place = (char *)memmem(place, (size_t)(bytes + length - place), pattern, LENGTH)) != NULL) {
            /* Not the pattern itself, which is on the stack. */
            unsigned long address = from + (unsigned long)(place - bytes);
            found += address < (unsigned long)pattern || address > (unsigned long)pattern + LENGTH;
            place++;
        }
        explicit_bzero(pattern, sizeof pattern);
        if (length > 0) {
            explicit_bzero(bytes, (size_t)length);
        }
        free(bytes);
    }
    close(memory);
    fclose(maps);
    return found;
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
    before = count();
    CHECK(before >= 2);
    explicit_bzero(copy, LENGTH);
    CHECK(count() == before - 1);
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
    CHECK(count() == 0);
    fdescrow_keyring_free(keyring);
    fdescrow_certificates_free(certificates);
    free(copy);
    puts("nothing is left");
    return 0;
}
