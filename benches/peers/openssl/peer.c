/* OpenSSL's side of what is measured: libcrypto, as a program in C would use it.

   The protocol of all harnesses (benches/src/main.rs): one argument, the folder of the material; a line
   "<case> <times>" is answered by the nanoseconds that it took, or by "error: <why>". */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <openssl/cms.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

struct bytes {
    unsigned char *data;
    long size;
};

static const char *folder;
static struct bytes plaintext;

static char *path(const char *name) {
    static char text[4096];
    snprintf(text, sizeof text, "%s/%s", folder, name);
    return text;
}

static struct bytes contents(const char *name) {
    struct bytes bytes = {NULL, 0};
    FILE *file = fopen(path(name), "rb");
    if (!file)
        return bytes;
    fseek(file, 0, SEEK_END);
    bytes.size = ftell(file);
    rewind(file);
    bytes.data = malloc((size_t)bytes.size + 1);
    if (fread(bytes.data, 1, (size_t)bytes.size, file) != (size_t)bytes.size)
        bytes.size = 0;
    fclose(file);
    return bytes;
}

static EVP_PKEY *private_key(const char *name) {
    FILE *file = fopen(path(name), "rb");
    EVP_PKEY *key = file ? PEM_read_PrivateKey(file, NULL, NULL, NULL) : NULL;
    if (file)
        fclose(file);
    return key;
}

static X509 *certificate(const char *name) {
    FILE *file = fopen(path(name), "rb");
    X509 *read = file ? PEM_read_X509(file, NULL, NULL, NULL) : NULL;
    if (file)
        fclose(file);
    return read;
}

/* What a case works on. */
static struct bytes message, expected;
static EVP_PKEY *key;
static X509 *to;
static STACK_OF(X509) * recipients;

static CMS_ContentInfo *parsed(void) {
    const unsigned char *at = message.data;
    return d2i_CMS_ContentInfo(NULL, &at, message.size);
}

static int open_message(void) {
    CMS_ContentInfo *cms = parsed();
    BIO *out = BIO_new(BIO_s_mem());
    char *data;
    int held = cms && CMS_decrypt(cms, key, to, NULL, out, CMS_BINARY) == 1;
    held = held && BIO_get_mem_data(out, &data) == plaintext.size && !memcmp(data, plaintext.data, (size_t)plaintext.size);
    BIO_free(out);
    CMS_ContentInfo_free(cms);
    return held;
}

static int private_operation(void) {
    unsigned char out[1024];
    size_t size = sizeof out;
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new(key, NULL);
    int held = EVP_PKEY_decrypt_init(context) == 1 && EVP_PKEY_CTX_set_rsa_padding(context, RSA_NO_PADDING) == 1 &&
               EVP_PKEY_decrypt(context, out, &size, message.data, (size_t)message.size) == 1;
    held = held && size > (size_t)expected.size &&
           !memcmp(out + size - expected.size, expected.data, (size_t)expected.size);
    EVP_PKEY_CTX_free(context);
    return held;
}

static int parse(void) {
    CMS_ContentInfo *cms = parsed();
    int held = cms != NULL;
    CMS_ContentInfo_free(cms);
    return held;
}

static int seal(void) {
    BIO *in = BIO_new_mem_buf(plaintext.data, (int)plaintext.size);
    CMS_ContentInfo *cms = CMS_encrypt(recipients, in, EVP_aes_256_gcm(), CMS_BINARY);
    unsigned char *der = NULL;
    int size = cms ? i2d_CMS_ContentInfo(cms, &der) : 0;
    OPENSSL_free(der);
    CMS_ContentInfo_free(cms);
    BIO_free(in);
    return size > 0;
}

typedef int work(void);

static work *find(const char *name) {
    char file[160];
    if (!strcmp(name, "open") || !strcmp(name, "open-p256")) {
        int rsa = !strcmp(name, "open");
        message = contents(rsa ? "filevault.der" : "p256.der");
        key = private_key(rsa ? "rsa.key.pem" : "p256.key.pem");
        to = certificate(rsa ? "rsa.pem" : "p256.pem");
        return key && to ? open_message : NULL;
    }
    if (!strcmp(name, "private")) {
        message = contents("wrapped-pkcs1");
        expected = contents("content-key-pkcs1");
        key = private_key("rsa.key.pem");
        return key ? private_operation : NULL;
    }
    if (!strcmp(name, "parse")) {
        message = contents("filevault.der");
        return parse;
    }
    if (!strncmp(name, "parse-", 6)) {
        snprintf(file, sizeof file, "large-%s.der", name + 6);
        message = contents(file);
        return parse;
    }
    if (!strcmp(name, "seal")) {
        recipients = sk_X509_new_null();
        to = certificate("rsa.pem");
        return to && sk_X509_push(recipients, to) > 0 ? seal : NULL;
    }
    return NULL;
}

static long long now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (long long)time.tv_sec * 1000000000LL + time.tv_nsec;
}

int main(int count, char **arguments) {
    char line[256], name[128];
    unsigned long long times;
    if (count != 2)
        return 2;
    folder = arguments[1];
    plaintext = contents("key.txt");
    while (fgets(line, sizeof line, stdin)) {
        if (sscanf(line, "%127s %llu", name, &times) != 2) {
            puts("error: <case> <times>");
        } else if (!strcmp(name, "version")) {
            puts(OpenSSL_version(OPENSSL_VERSION));
        } else {
            work *work = find(name);
            int held = work && work();
            long long start = now();
            for (unsigned long long done = 0; held && done < times; done++)
                held = work();
            long long took = now() - start;
            if (!work)
                printf("error: there is no case %s\n", name);
            else if (!held)
                printf("error: %s: %s\n", name, ERR_error_string(ERR_get_error(), NULL));
            else
                printf("%lld\n", took);
        }
        fflush(stdout);
    }
    return 0;
}
