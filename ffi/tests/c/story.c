/*
 * The life of recovery keys as a server in C lives it: made and sealed on a device, received, checked, found, revealed,
 * re-wrapped and accounted for. The tests of Rust play the same story.
 */
#include "check.h"

#define NOW INT64_C(1795500000)
#define DAY INT64_C(86400)

static const char POLICY[] =
    "[organization]\n"
    "id = \"example.com\"\n"
    "identifier = \"com.example\"\n"
    "[luks]\n"
    "[bitlocker]\n"
    "windows_rotation = \"off\"\n";

static fdescrow_secret *secret_of(const char *text)
{
    fdescrow_secret *secret = NULL;
    DONE(fdescrow_secret_new(fdescrow_bytes_of(text, strlen(text)), &secret, &error));
    return secret;
}

static void certificate(const char *subject, fdescrow_certificates **certificates, fdescrow_keyring **keyring)
{
    char request[256];
    fdescrow_secret *private_key = NULL;
    snprintf(request, sizeof request,
             "{\"subject\":\"%s\",\"algorithm\":\"p-256\",\"not_before\":\"2026-01-01T00:00:00Z\","
             "\"not_after\":\"2036-01-01T00:00:00Z\"}",
             subject);
    DONE(fdescrow_certificates_generate(fdescrow_str_of(request), certificates, &private_key, &error));
    DONE(fdescrow_keyring_new(keyring, &error));
    DONE(fdescrow_keyring_add_private_keys(*keyring, fdescrow_secret_expose(private_key), NULL, *certificates, &error));
    CHECK(fdescrow_keyring_count(*keyring) == 1);
    fdescrow_secret_free(private_key);
}

/* A device makes a key, seals it and sends it; its text is given back for comparison. */
static char *device_sends(const fdescrow_escrow *escrow, const fdescrow_certificates *to, const char *device,
                          fdescrow_text **receipt)
{
    char options[256], request[256], *text;
    fdescrow_key *key = NULL;
    fdescrow_envelope *envelope = NULL, *read = NULL;
    fdescrow_secret *secret = NULL;
    fdescrow_text *inspection = NULL;
    fdescrow_bytes exposed, der, again;
    DONE(fdescrow_key_generate(fdescrow_str_of("luks"), &key, &error));
    snprintf(options, sizeof options, "{\"owner\":{\"organization\":\"example.com\",\"device\":\"%s\"}}", device);
    DONE(fdescrow_envelope_seal(key, to, fdescrow_str_of(options), &envelope, &error));
    der = fdescrow_envelope_der(envelope);
    DONE(fdescrow_envelope_parse(der, &read, &error));
    again = fdescrow_envelope_der(read);
    CHECK(der.length == again.length && memcmp(der.data, again.data, der.length) == 0);
    DONE(fdescrow_envelope_inspect(read, to, &inspection, &error));
    CHECK(holds(inspection, "\"content_type\":\"auth_enveloped_data\""));
    snprintf(request, sizeof request,
             "{\"device\":\"%s\",\"kind\":\"luks\",\"by\":\"agent\",\"request\":\"first_%s\"}", device, device);
    DONE(fdescrow_escrow_receive(escrow, der, fdescrow_str_of(request), NOW, receipt, &error));
    CHECK(holds(*receipt, "\"status\":\"stored\""));
    DONE(fdescrow_key_secret(key, &secret, &error));
    exposed = fdescrow_secret_expose(secret);
    text = (char *)malloc(exposed.length + 1);
    CHECK(text != NULL);
    memcpy(text, exposed.data, exposed.length);
    text[exposed.length] = 0;
    fdescrow_secret_free(secret);
    fdescrow_text_free(inspection);
    fdescrow_envelope_free(read);
    fdescrow_envelope_free(envelope);
    fdescrow_key_free(key);
    return text;
}

static void check_all(const fdescrow_escrow *escrow, const fdescrow_keyring *keyring, int64_t now, const char *expected)
{
    fdescrow_text *report = NULL;
    int more = 1, found = 0, rounds = 0;
    while (more) {
        fdescrow_str value;
        DONE(fdescrow_escrow_check(escrow, keyring, fdescrow_str_of("{\"workers\":2,\"by\":\"nightly\"}"), NULL, now, &report,
                                   &error));
        value = fdescrow_text_value(report);
        more = value.length > 11 && strncmp(value.data + value.length - 12, "\"more\":true}", 12) == 0;
        found = found || holds(report, expected);
        fdescrow_text_free(report);
        report = NULL;
        CHECK(++rounds < 20);
    }
    CHECK(found);
}

int main(int argc, char **argv)
{
    fdescrow_policy *policy = NULL;
    fdescrow_certificates *certificates = NULL, *next = NULL, *both = NULL;
    fdescrow_keyring *keyring = NULL, *next_keyring = NULL;
    fdescrow_store *store = NULL;
    fdescrow_escrow *escrow = NULL;
    fdescrow_text *text = NULL, *receipt = NULL;
    fdescrow_buffer *buffer = NULL;
    fdescrow_key *key = NULL;
    fdescrow_secret *secret = NULL;
    fdescrow_envelope *sealed = NULL;
    char request[512], *linux_key, *id, *cursor;
    fdescrow_bytes exposed;

    CHECK(argc == 2);
    CHECK(fdescrow_abi_version() == FDESCROW_ABI_VERSION);

    /* What devices receive. */
    DONE(fdescrow_policy_parse(fdescrow_str_of(POLICY), &policy, &error));
    DONE(fdescrow_policy_check(policy, &text, &error));
    CHECK(holds(text, "\"group\":null"));
    fdescrow_text_free(text);
    certificate("CN=Escrow 2026", &certificates, &keyring);
    DONE(fdescrow_profile_luks(policy, fdescrow_str_of(NULL), certificates, &text, &error));
    CHECK(holds(text, "\"seal_to\""));
    fdescrow_text_free(text);

    /* Keys arrive. */
    DONE(fdescrow_store_open(fdescrow_str_of(argv[1]), &store, &error));
    DONE(fdescrow_escrow_open(store, fdescrow_str_of("{\"organization\":\"example.com\"}"), policy, certificates, NULL, &escrow,
                              &error));
    linux_key = device_sends(escrow, certificates, "linux-1", &receipt);
    id = member(receipt, "key");
    fdescrow_text_free(receipt);
    receipt = NULL;
    secret = secret_of("000011 000022 000033 000044 000055 000066 000077 000088");
    DONE(fdescrow_escrow_receive_plaintext(
        escrow, secret,
        fdescrow_str_of("{\"device\":\"pc-1\",\"kind\":\"bitlocker\",\"by\":\"helpdesk\",\"volume\":\"C:\","
                        "\"protector\":\"4B1E7C56-0F6C-4A3E-9D0A-5E1B7F7D0C11\"}"),
        NOW, &text, &error));
    fdescrow_secret_free(secret);
    fdescrow_text_free(text);
    text = NULL;
    EXPECT(FDESCROW_RESULT_UPLOAD_NOT_SEALED,
           fdescrow_escrow_receive(escrow, fdescrow_bytes_of("AAAA-BBBB", 9),
                                   fdescrow_str_of("{\"device\":\"mac-1\",\"kind\":\"filevault\",\"by\":\"agent\"}"), NOW, &text,
                                   &error));
    CHECK(text == NULL);

    /* They are checked, and the receipt says so. */
    check_all(escrow, keyring, NOW + 60, "\"opened\":2");
    snprintf(request, sizeof request, "{\"key\":\"%s\"}", id);
    DONE(fdescrow_escrow_receipt(escrow, fdescrow_str_of(request), NOW + 60, &text, &error));
    CHECK(holds(text, "\"status\":\"verified\""));
    fdescrow_text_free(text);
    DONE(fdescrow_escrow_summary(escrow, NOW + 60, &text, &error));
    CHECK(holds(text, "\"devices\":2") && holds(text, "\"keys\":2"));
    fdescrow_text_free(text);
    DONE(fdescrow_escrow_assess(escrow, fdescrow_str_of("{\"device\":\"linux-1\"}"), NOW + 60, &text, &error));
    fdescrow_text_free(text);

    /* Somebody is locked out. */
    DONE(fdescrow_escrow_find(escrow, fdescrow_str_of("{\"text\":\"4b1e7c56\"}"), NOW + 70, &text, &error));
    CHECK(holds(text, "\"pc-1\""));
    fdescrow_text_free(text);
    DONE(fdescrow_escrow_reveal(escrow, keyring,
                                fdescrow_str_of("{\"device\":\"linux-1\",\"by\":\"ana\",\"reason\":\"lost passphrase\"}"), NOW + 80,
                                &key, &text, &error));
    CHECK(strncmp(fdescrow_key_kind(key).data, "luks", 4) == 0);
    DONE(fdescrow_key_secret(key, &secret, &error));
    exposed = fdescrow_secret_expose(secret);
    CHECK(exposed.length == strlen(linux_key) && memcmp(exposed.data, linux_key, exposed.length) == 0);
    fdescrow_secret_free(secret);
    fdescrow_key_free(key);
    fdescrow_text_free(text);
    DONE(fdescrow_escrow_reveal_sheet(escrow, keyring,
                                      fdescrow_str_of("{\"device\":\"pc-1\",\"by\":\"ana\",\"reason\":\"blue screen\"}"), true,
                                      NOW + 90, &secret, &text, &error));
    CHECK(fdescrow_secret_expose(secret).length > 1000);
    fdescrow_secret_free(secret);
    fdescrow_text_free(text);
    DONE(fdescrow_escrow_reveal_to(escrow, keyring, certificates,
                                   fdescrow_str_of("{\"device\":\"pc-1\",\"by\":\"ana\",\"reason\":\"on site\"}"), NOW + 95, &sealed,
                                   &text, &error));
    fdescrow_text_free(text);
    DONE(fdescrow_envelope_open(sealed, keyring, fdescrow_str_of("{\"kind\":\"bitlocker\"}"), &key, &text, &error));
    CHECK(holds(text, "\"authenticated\":true"));
    fdescrow_key_free(key);
    fdescrow_text_free(text);
    fdescrow_envelope_free(sealed);
    EXPECT(FDESCROW_RESULT_DEVICE_UNKNOWN,
           fdescrow_escrow_reveal(escrow, keyring, fdescrow_str_of("{\"device\":\"nobody\",\"by\":\"ana\",\"reason\":\"why\"}"),
                                  NOW + 100, &key, &text, &error));
    CHECK(key == NULL && text == NULL);
    EXPECT(FDESCROW_RESULT_RECOVERY_REASON_MISSING,
           fdescrow_escrow_reveal(escrow, keyring, fdescrow_str_of("{\"device\":\"pc-1\",\"by\":\"ana\",\"reason\":\"\"}"), NOW + 100,
                                  &key, &text, &error));
    EXPECT(FDESCROW_RESULT_REQUEST_SYNTAX,
           fdescrow_escrow_reveal(escrow, keyring, fdescrow_str_of("{\"device\":\"pc-1\",\"who\":\"ana\"}"), NOW + 100, &key, &text,
                                  &error));

    /* The certificate is replaced. */
    certificate("CN=Escrow 2027", &next, &next_keyring);
    DONE(fdescrow_certificates_parse(fdescrow_certificates_der(next, 0), &both, &error));
    DONE(fdescrow_certificates_append(both, certificates, &error));
    CHECK(fdescrow_certificates_count(both) == 2);
    fdescrow_escrow_free(escrow);
    DONE(fdescrow_escrow_open(store, fdescrow_str_of("{\"organization\":\"example.com\"}"), policy, both, NULL, &escrow, &error));
    fdescrow_store_free(store);
    DONE(fdescrow_escrow_rewrap(escrow, keyring, next, fdescrow_str_of("{\"by\":\"ana\"}"), NOW + DAY, &text, &error));
    CHECK(holds(text, "\"rewrapped\":2") && holds(text, "\"failures\":[]"));
    fdescrow_text_free(text);
    DONE(fdescrow_certificates_describe(certificates, &text, &error));
    id = (free(id), member(text, "fingerprint"));
    fdescrow_text_free(text);
    snprintf(request, sizeof request, "{\"certificate\":\"%s\",\"by\":\"ana\",\"reason\":\"replaced\"}", id);
    EXPECT(FDESCROW_RESULT_CERTIFICATE_IN_USE,
           fdescrow_escrow_retire_certificate(escrow, fdescrow_str_of(request), NOW + DAY, &error));
    check_all(escrow, next_keyring, NOW + DAY + 60, "\"opened\":2");
    DONE(fdescrow_escrow_retire_certificate(escrow, fdescrow_str_of(request), NOW + DAY + 120, &error));

    /* What happened is on record. */
    DONE(fdescrow_escrow_events(escrow, fdescrow_str_of("{\"limit\":3}"), &text, &error));
    cursor = member(text, "next");
    snprintf(request, sizeof request, "{\"after\":\"%s\"}", cursor);
    free(cursor);
    fdescrow_text_free(text);
    DONE(fdescrow_escrow_events(escrow, fdescrow_str_of(request), &text, &error));
    CHECK(holds(text, "lost passphrase"));
    fdescrow_text_free(text);
    DONE(fdescrow_escrow_checkpoint(escrow, fdescrow_bytes_of(NULL, 0), NOW + DAY + 200, &buffer, &text, &error));
    fdescrow_text_free(text);
    DONE(fdescrow_escrow_verify_audit(escrow, NULL, fdescrow_buffer_value(buffer), &text, &error));
    CHECK(holds(text, "\"intact\":true"));
    fdescrow_text_free(text);
    fdescrow_buffer_free(buffer);

    free(linux_key);
    free(id);
    fdescrow_escrow_free(escrow);
    fdescrow_keyring_free(keyring);
    fdescrow_keyring_free(next_keyring);
    fdescrow_certificates_free(certificates);
    fdescrow_certificates_free(next);
    fdescrow_certificates_free(both);
    fdescrow_policy_free(policy);
    puts("the story is told");
    return 0;
}
