/* Our own side through the C ABI: what a call costs, and the same work as in Rust.

   The protocol of all harnesses (benches/src/main.rs): one argument, the folder of the material; a line
   "<case> <times>" is answered by the nanoseconds that it took, or by "error: <why>". */

#define _POSIX_C_SOURCE 199309L

#include "fdescrow.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static const char *folder;

static fdescrow_bytes contents(const char *name)
{
    char path[4096];
    unsigned char *data = NULL;
    long size = 0;
    FILE *file;
    snprintf(path, sizeof path, "%s/%s", folder, name);
    file = fopen(path, "rb");
    if (file) {
        fseek(file, 0, SEEK_END);
        size = ftell(file);
        rewind(file);
        data = malloc((size_t)size + 1);
        if (fread(data, 1, (size_t)size, file) != (size_t)size)
            size = 0;
        fclose(file);
    }
    return fdescrow_bytes_of(data, (size_t)size);
}

/* What a case works on. */
static fdescrow_bytes message, plaintext;
static fdescrow_keyring *keyring;
static fdescrow_certificates *certificates;
static fdescrow_key *some_key;

static int open_message(void)
{
    fdescrow_envelope *envelope = NULL;
    fdescrow_key *key = NULL;
    fdescrow_text *about = NULL;
    fdescrow_secret *secret = NULL;
    fdescrow_bytes shown;
    int held = fdescrow_envelope_parse(message, &envelope, NULL) == 0 &&
               fdescrow_envelope_open(envelope, keyring, fdescrow_str_of("{\"kind\":\"filevault\"}"), &key, &about, NULL) == 0 &&
               fdescrow_key_secret(key, &secret, NULL) == 0;
    shown = fdescrow_secret_expose(secret);
    held = held && shown.length == plaintext.length && memcmp(shown.data, plaintext.data, shown.length) == 0;
    fdescrow_secret_free(secret);
    fdescrow_text_free(about);
    fdescrow_key_free(key);
    fdescrow_envelope_free(envelope);
    return held;
}

static int inspect(void)
{
    fdescrow_envelope *envelope = NULL;
    fdescrow_text *inspection = NULL;
    int held = fdescrow_envelope_parse(message, &envelope, NULL) == 0 &&
               fdescrow_envelope_inspect(envelope, certificates, &inspection, NULL) == 0;
    fdescrow_text_free(inspection);
    fdescrow_envelope_free(envelope);
    return held;
}

static int crossing(void)
{
    return fdescrow_key_kind(some_key).length > 0;
}

typedef int work(void);

static work *find(const char *name)
{
    message = contents("filevault.der");
    plaintext = contents("key.txt");
    fdescrow_keyring_free(keyring);
    fdescrow_certificates_free(certificates);
    fdescrow_key_free(some_key);
    if (fdescrow_certificates_parse(contents("rsa.pem"), &certificates, NULL) || fdescrow_keyring_new(&keyring, NULL) ||
        fdescrow_keyring_add_private_keys(keyring, contents("rsa.key.pem"), NULL, certificates, NULL) ||
        fdescrow_key_generate(fdescrow_str_of("luks"), &some_key, NULL))
        return NULL;
    if (!strcmp(name, "open"))
        return open_message;
    if (!strcmp(name, "inspect"))
        return inspect;
    if (!strcmp(name, "crossing"))
        return crossing;
    return NULL;
}

static long long now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (long long)time.tv_sec * 1000000000LL + time.tv_nsec;
}

int main(int count, char **arguments)
{
    char line[256], name[128];
    unsigned long long times, done;
    if (count != 2)
        return 2;
    folder = arguments[1];
    while (fgets(line, sizeof line, stdin)) {
        if (sscanf(line, "%127s %llu", name, &times) != 2) {
            puts("error: <case> <times>");
        } else if (!strcmp(name, "version")) {
            fdescrow_str version = fdescrow_version();
            printf("fdescrow %.*s, C ABI %u\n", (int)version.length, version.data, (unsigned)fdescrow_abi_version());
        } else {
            work *work = find(name);
            int held = work && work();
            long long start = now();
            for (done = 0; held && done < times; done++)
                held = work();
            if (!work)
                printf("error: there is no case %s\n", name);
            else if (!held)
                printf("error: %s did not do its work\n", name);
            else
                printf("%lld\n", now() - start);
        }
        fflush(stdout);
    }
    return 0;
}
