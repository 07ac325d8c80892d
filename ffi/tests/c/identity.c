/*
 * Keys whose private operation is somebody else's: OpenSSL does it here, as an HSM or a key service would. Bare RSA, RSA that
 * unpads, and key agreement open what the library's own keys open; a key that is out of reach is never taken for a bad message.
 */
#include "check.h"

#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

struct device {
    EVP_PKEY *key;
    int reachable;
    int calls;
    int freed;
};

static void release(void *context)
{
    ((struct device *)context)->freed++;
}

static int32_t decrypt(struct device *device, int padding, const EVP_MD *hash, fdescrow_bytes input, uint8_t *output,
                       size_t *length)
{
    EVP_PKEY_CTX *operation;
    int done;
    device->calls++;
    if (!device->reachable) {
        return FDESCROW_CALLBACK_UNAVAILABLE;
    }
    operation = EVP_PKEY_CTX_new(device->key, NULL);
    done = EVP_PKEY_decrypt_init(operation) > 0 && EVP_PKEY_CTX_set_rsa_padding(operation, padding) > 0;
    if (done && hash) {
        done = EVP_PKEY_CTX_set_rsa_oaep_md(operation, hash) > 0 && EVP_PKEY_CTX_set_rsa_mgf1_md(operation, hash) > 0;
    }
    done = done && EVP_PKEY_decrypt(operation, output, length, input.data, input.length) > 0;
    EVP_PKEY_CTX_free(operation);
    return done ? FDESCROW_CALLBACK_DONE : FDESCROW_CALLBACK_REFUSED;
}

static int32_t raw_private(void *context, fdescrow_bytes input, uint8_t *output)
{
    size_t length = input.length;
    return decrypt((struct device *)context, RSA_NO_PADDING, NULL, input, output, &length);
}

static int32_t unpadded(void *context, uint32_t padding, fdescrow_bytes ciphertext, uint8_t *output, size_t capacity,
                        size_t *length)
{
    *length = capacity;
    if (padding == FDESCROW_UNPADS_PKCS1V15) {
        return decrypt((struct device *)context, RSA_PKCS1_PADDING, NULL, ciphertext, output, length);
    }
    return decrypt((struct device *)context, RSA_PKCS1_OAEP_PADDING,
                   padding == FDESCROW_UNPADS_OAEP_SHA256 ? EVP_sha256() : EVP_sha1(), ciphertext, output, length);
}

static int32_t agree(void *context, fdescrow_bytes point, uint8_t *output, size_t capacity)
{
    struct device *device = (struct device *)context;
    EVP_PKEY *peer = EVP_PKEY_new();
    EVP_PKEY_CTX *operation = NULL;
    size_t length = capacity;
    int done;
    device->calls++;
    if (!device->reachable) {
        EVP_PKEY_free(peer);
        return FDESCROW_CALLBACK_UNAVAILABLE;
    }
    done = EVP_PKEY_copy_parameters(peer, device->key) > 0 && EVP_PKEY_set1_encoded_public_key(peer, point.data, point.length) > 0;
    if (done) {
        operation = EVP_PKEY_CTX_new(device->key, NULL);
        done = EVP_PKEY_derive_init(operation) > 0 && EVP_PKEY_derive_set_peer(operation, peer) > 0 &&
               EVP_PKEY_derive(operation, output, &length) > 0 && length == capacity;
        EVP_PKEY_CTX_free(operation);
    }
    EVP_PKEY_free(peer);
    return done ? FDESCROW_CALLBACK_DONE : FDESCROW_CALLBACK_REFUSED;
}

static fdescrow_identity_functions functions_of(struct device *device)
{
    fdescrow_identity_functions functions;
    memset(&functions, 0, sizeof functions);
    functions.version = FDESCROW_ABI_VERSION;
    functions.context = device;
    functions.free = release;
    return functions;
}

/* Seals a key in a form, and opens it with the keyring. */
static fdescrow_result opens(const fdescrow_certificates *certificates, const fdescrow_keyring *keyring, const char *format)
{
    char options[64];
    fdescrow_key *key = NULL, *opened = NULL;
    fdescrow_envelope *envelope = NULL;
    fdescrow_secret *made = NULL, *shown = NULL;
    fdescrow_text *text = NULL;
    fdescrow_result result;
    DONE(fdescrow_key_generate(fdescrow_str_of("filevault"), &key, &error));
    snprintf(options, sizeof options, "{\"format\":\"%s\"}", format);
    DONE(fdescrow_envelope_seal(key, certificates, fdescrow_str_of(options), &envelope, &error));
    result = fdescrow_envelope_open(envelope, keyring, fdescrow_str_of("{\"kind\":\"filevault\",\"suite\":\"legacy\"}"), &opened, &text,
                                    NULL);
    if (result == FDESCROW_RESULT_OK) {
        DONE(fdescrow_key_secret(key, &made, &error));
        DONE(fdescrow_key_secret(opened, &shown, &error));
        CHECK(fdescrow_secret_expose(made).length == fdescrow_secret_expose(shown).length);
        CHECK(memcmp(fdescrow_secret_expose(made).data, fdescrow_secret_expose(shown).data,
                     fdescrow_secret_expose(made).length) == 0);
    }
    fdescrow_text_free(text);
    fdescrow_secret_free(made);
    fdescrow_secret_free(shown);
    fdescrow_key_free(key);
    fdescrow_key_free(opened);
    fdescrow_envelope_free(envelope);
    return result;
}

static EVP_PKEY *key_of(const char *algorithm, fdescrow_certificates **certificates)
{
    char request[256];
    fdescrow_secret *private_key = NULL;
    fdescrow_bytes pem;
    BIO *memory;
    EVP_PKEY *key;
    snprintf(request, sizeof request,
             "{\"subject\":\"CN=Elsewhere\",\"algorithm\":\"%s\",\"not_before\":\"2026-01-01T00:00:00Z\","
             "\"not_after\":\"2036-01-01T00:00:00Z\"}",
             algorithm);
    DONE(fdescrow_certificates_generate(fdescrow_str_of(request), certificates, &private_key, &error));
    pem = fdescrow_secret_expose(private_key);
    memory = BIO_new_mem_buf(pem.data, (int)pem.length);
    key = PEM_read_bio_PrivateKey(memory, NULL, NULL, NULL);
    CHECK(key != NULL);
    BIO_free(memory);
    fdescrow_secret_free(private_key);
    return key;
}

/* One way to reach a key: it opens these forms, and none while it is out of reach. */
static void way(fdescrow_identity_functions functions, const fdescrow_certificates *certificates, struct device *device,
                const char *const *formats, const char *const *refused)
{
    fdescrow_keyring *keyring = NULL;
    size_t i;
    device->reachable = 0;
    DONE(fdescrow_keyring_new(&keyring, &error));
    device->freed = 0;
    EXPECT(FDESCROW_RESULT_IDENTITY_UNAVAILABLE, fdescrow_keyring_add_identity(keyring, certificates, &functions, &error));
    CHECK(device->freed == 1 && fdescrow_keyring_count(keyring) == 0);
    device->reachable = 1;
    DONE(fdescrow_keyring_add_identity(keyring, certificates, &functions, &error));
    for (i = 0; formats[i]; i++) {
        int before = device->calls;
        CHECK(opens(certificates, keyring, formats[i]) == FDESCROW_RESULT_OK);
        CHECK(device->calls > before);
        device->reachable = 0;
        CHECK(opens(certificates, keyring, formats[i]) == FDESCROW_RESULT_IDENTITY_UNAVAILABLE);
        device->reachable = 1;
    }
    for (i = 0; refused[i]; i++) {
        int before = device->calls;
        CHECK(opens(certificates, keyring, refused[i]) != FDESCROW_RESULT_OK);
        CHECK(device->calls == before);
    }
    device->freed = 0;
    fdescrow_keyring_free(keyring);
    CHECK(device->freed == 1);
}

int main(void)
{
    static const char *const all[] = {"auth", "enveloped", "enveloped_pkcs1v15", NULL};
    static const char *const oaep[] = {"auth", "enveloped", NULL};
    static const char *const pkcs1v15[] = {"enveloped_pkcs1v15", NULL};
    static const char *const none[] = {NULL};
    struct device rsa = {NULL, 1, 0, 0}, ec = {NULL, 1, 0, 0};
    fdescrow_certificates *rsa_certificates = NULL, *ec_certificates = NULL;
    fdescrow_keyring *keyring = NULL;
    fdescrow_identity_functions functions;

    rsa.key = key_of("rsa-2048", &rsa_certificates);
    functions = functions_of(&rsa);
    functions.raw_private = raw_private;
    way(functions, rsa_certificates, &rsa, all, none);

    functions = functions_of(&rsa);
    functions.decrypt = unpadded;
    functions.unpads = FDESCROW_UNPADS_OAEP_SHA256;
    way(functions, rsa_certificates, &rsa, oaep, pkcs1v15);
    functions.unpads = FDESCROW_UNPADS_PKCS1V15;
    way(functions, rsa_certificates, &rsa, pkcs1v15, oaep);

    ec.key = key_of("p-384", &ec_certificates);
    functions = functions_of(&ec);
    functions.agree = agree;
    way(functions, ec_certificates, &ec, oaep, none);

    /* What cannot be an identity. */
    DONE(fdescrow_keyring_new(&keyring, &error));
    EXPECT(FDESCROW_RESULT_MISUSE, fdescrow_keyring_add_identity(keyring, rsa_certificates, &functions, &error));
    functions.raw_private = raw_private;
    EXPECT(FDESCROW_RESULT_MISUSE, fdescrow_keyring_add_identity(keyring, ec_certificates, &functions, &error));
    functions = functions_of(&rsa);
    functions.decrypt = unpadded;
    EXPECT(FDESCROW_RESULT_MISUSE, fdescrow_keyring_add_identity(keyring, rsa_certificates, &functions, &error));
    functions.unpads = FDESCROW_UNPADS_PKCS1V15;
    functions.version = 99;
    EXPECT(FDESCROW_RESULT_MISUSE, fdescrow_keyring_add_identity(keyring, rsa_certificates, &functions, &error));
    CHECK(fdescrow_keyring_count(keyring) == 0);

    fdescrow_keyring_free(keyring);
    fdescrow_certificates_free(rsa_certificates);
    fdescrow_certificates_free(ec_certificates);
    EVP_PKEY_free(rsa.key);
    EVP_PKEY_free(ec.key);
    puts("keys elsewhere open");
    return 0;
}
