/*
 * The server of the tests of agents, over a store on this machine: one command for each thing that it does.
 *
 *     server init POLICY              makes key.pem, cert.pem and plan.json in this folder
 *     server receive STORE            takes an upload on standard input, prints the receipt
 *     server check STORE              tries the keys with key.pem
 *     server reveal STORE DEVICE PROTECTOR    prints a key
 */
#include "check.h"

#include <time.h>

static char *read_file(FILE *file, size_t *length)
{
    char *bytes = (char *)malloc(1 << 20);
    CHECK(file != NULL && bytes != NULL);
    *length = fread(bytes, 1, (1 << 20) - 1, file);
    bytes[*length] = 0;
    return bytes;
}

static void write_file(const char *name, const char *bytes, size_t length)
{
    FILE *file = fopen(name, "w");
    CHECK(file != NULL && fwrite(bytes, 1, length, file) == length && fclose(file) == 0);
}

static void print(fdescrow_text *text)
{
    fdescrow_str value = fdescrow_text_value(text);
    CHECK(fwrite(value.data, 1, value.length, stdout) == value.length && fflush(stdout) == 0);
    fdescrow_text_free(text);
}

static fdescrow_certificates *certificates(void)
{
    fdescrow_certificates *found = NULL;
    size_t length;
    FILE *file = fopen("cert.pem", "r");
    char *pem = read_file(file, &length);
    DONE(fdescrow_certificates_parse(fdescrow_bytes_of(pem, length), &found, &error));
    fclose(file);
    free(pem);
    return found;
}

static fdescrow_keyring *keyring(const fdescrow_certificates *of)
{
    fdescrow_keyring *keys = NULL;
    size_t length;
    FILE *file = fopen("key.pem", "r");
    char *pem = read_file(file, &length);
    DONE(fdescrow_keyring_new(&keys, &error));
    DONE(fdescrow_keyring_add_private_keys(keys, fdescrow_bytes_of(pem, length), NULL, of, &error));
    fclose(file);
    free(pem);
    return keys;
}

static void init(const char *policy_toml)
{
    fdescrow_certificates *made = NULL;
    fdescrow_secret *private_key = NULL;
    fdescrow_policy *policy = NULL;
    fdescrow_text *text = NULL;
    fdescrow_bytes key;
    fdescrow_str value;
    DONE(fdescrow_certificates_generate(
        fdescrow_str_of("{\"subject\":\"CN=Escrow\",\"algorithm\":\"p-256\",\"not_before\":\"2026-01-01T00:00:00Z\","
                        "\"not_after\":\"2036-01-01T00:00:00Z\"}"),
        &made, &private_key, &error));
    key = fdescrow_secret_expose(private_key);
    write_file("key.pem", (const char *)key.data, key.length);
    DONE(fdescrow_certificates_pem(made, &text, &error));
    value = fdescrow_text_value(text);
    write_file("cert.pem", value.data, value.length);
    fdescrow_text_free(text);
    DONE(fdescrow_policy_parse(fdescrow_str_of(policy_toml), &policy, &error));
    DONE(fdescrow_profile_luks(policy, fdescrow_str_of(NULL), made, &text, &error));
    value = fdescrow_text_value(text);
    write_file("plan.json", value.data, value.length);
    fdescrow_text_free(text);
    fdescrow_policy_free(policy);
    fdescrow_secret_free(private_key);
    fdescrow_certificates_free(made);
}

/* The upload is a request of fdescrow_escrow_receive with the envelope in it; who sends it, the server knows. */
static void receive(const fdescrow_escrow *escrow, int64_t now)
{
    static const char *const names[] = {"device", "kind", "volume", "protector", "request"};
    char request[2048] = "{\"by\":\"agent\"", pointer[32];
    size_t length, i;
    char *body = read_file(stdin, &length);
    fdescrow_str upload = fdescrow_str_of(body), value;
    fdescrow_text *member = NULL, *quoted = NULL, *receipt = NULL;
    for (i = 0; i < sizeof names / sizeof names[0]; i++) {
        snprintf(pointer, sizeof pointer, "/%s", names[i]);
        DONE(fdescrow_document_member(upload, fdescrow_str_of(pointer), &member, &error));
        if (fdescrow_text_value(member).length > 0) {
            DONE(fdescrow_document_quote(fdescrow_text_value(member), &quoted, &error));
            value = fdescrow_text_value(quoted);
            length = strlen(request);
            snprintf(request + length, sizeof request - length, ",\"%s\":%.*s", names[i], (int)value.length, value.data);
            fdescrow_text_free(quoted);
        }
        fdescrow_text_free(member);
    }
    strcat(request, "}");
    DONE(fdescrow_document_member(upload, fdescrow_str_of("/envelope"), &member, &error));
    value = fdescrow_text_value(member);
    DONE(fdescrow_escrow_receive(escrow, fdescrow_bytes_of(value.data, value.length), fdescrow_str_of(request), now, &receipt,
                                 &error));
    fdescrow_text_free(member);
    free(body);
    print(receipt);
}

int main(int argc, char **argv)
{
    fdescrow_store *store = NULL;
    fdescrow_escrow *escrow = NULL;
    fdescrow_certificates *to;
    fdescrow_keyring *keys;
    fdescrow_text *text = NULL;
    int64_t now = (int64_t)time(NULL);
    CHECK(argc >= 3);
    if (strcmp(argv[1], "init") == 0) {
        init(argv[2]);
        return 0;
    }
    to = certificates();
    keys = keyring(to);
    DONE(fdescrow_store_open(fdescrow_str_of(argv[2]), &store, &error));
    DONE(fdescrow_escrow_open(store, fdescrow_str_of("{\"organization\":\"example.com\"}"), NULL, to, NULL, &escrow, &error));
    if (strcmp(argv[1], "receive") == 0) {
        receive(escrow, now);
    } else if (strcmp(argv[1], "check") == 0) {
        DONE(fdescrow_escrow_check(escrow, keys, fdescrow_str_of("{\"by\":\"nightly\"}"), NULL, now, &text, &error));
        print(text);
    } else {
        char request[512];
        fdescrow_key *key = NULL;
        fdescrow_secret *secret = NULL;
        fdescrow_bytes shown;
        CHECK(strcmp(argv[1], "reveal") == 0 && argc == 5);
        snprintf(request, sizeof request, "{\"device\":\"%s\",\"protector\":\"%s\",\"by\":\"tester\",\"reason\":\"test\"}", argv[3],
                 argv[4]);
        DONE(fdescrow_escrow_reveal(escrow, keys, fdescrow_str_of(request), now, &key, &text, &error));
        DONE(fdescrow_key_secret(key, &secret, &error));
        shown = fdescrow_secret_expose(secret);
        CHECK(fwrite(shown.data, 1, shown.length, stdout) == shown.length);
        fdescrow_secret_free(secret);
        fdescrow_key_free(key);
        fdescrow_text_free(text);
    }
    fdescrow_escrow_free(escrow);
    fdescrow_store_free(store);
    fdescrow_keyring_free(keys);
    fdescrow_certificates_free(to);
    return 0;
}
