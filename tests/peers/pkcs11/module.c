/* A PKCS #11 module in front of another one, for troubles and tokens that no token in software has by itself.
 *
 * Compiled once for each test (tests/src/token/front.rs), which says
 *
 *   BEHIND      the module behind it
 *   TROUBLES    a file with one word, and perhaps a number, on each line; read at every call
 *   PIN         what is typed on the keypad
 *   PARAMETERS  optional: what NSS's token is started with, in a member of the arguments that only NSS has
 *
 * The words:
 *
 *   sessions N      no more than N sessions are open at once
 *   keypad          the token has a keypad: a PIN from the program is refused, and none at all is typed there
 *   no-public-key   there is no object of the public key, and the private key does not tell its exponent or point
 *   no-raw-rsa      CKM_RSA_X_509 is not offered, and not begun
 *   lost            every operation finds that its session is gone
 *   decrypt N       C_Decrypt answers N, whatever it is given
 */
#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include <p11-kit/pkcs11.h>

static CK_FUNCTION_LIST *behind;
static CK_FUNCTION_LIST front;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static unsigned long sessions;

/* Whether a trouble is on; its number, where it has one. */
static int trouble(const char *wanted, unsigned long *number)
{
    char line[64], word[32];
    int found = 0;
    FILE *file = fopen(TROUBLES, "r");
    while (file && !found && fgets(line, sizeof line, file)) {
        unsigned long value = 0;
        if (sscanf(line, "%31s %lu", word, &value) >= 1 && strcmp(word, wanted) == 0) {
            found = 1;
            if (number)
                *number = value;
        }
    }
    if (file)
        fclose(file);
    return found;
}

static CK_RV initialize(void *arguments)
{
#ifdef PARAMETERS
    struct {
        void *mutexes[4];
        CK_FLAGS flags;
        const char *parameters;
        void *reserved;
    } nss = {{NULL}, CKF_OS_LOCKING_OK, PARAMETERS, NULL};
    (void)arguments;
    return behind->C_Initialize(&nss);
#else
    return behind->C_Initialize(arguments);
#endif
}

static CK_RV finalize(void *reserved)
{
    CK_RV answer = behind->C_Finalize(reserved);
    if (answer == CKR_OK)
        sessions = 0;
    return answer;
}

static CK_RV open_session(CK_SLOT_ID slot, CK_FLAGS flags, void *application, CK_NOTIFY notify,
                          CK_SESSION_HANDLE *session)
{
    unsigned long most;
    CK_RV answer = CKR_SESSION_COUNT;
    pthread_mutex_lock(&lock);
    if (!trouble("sessions", &most) || sessions < most) {
        answer = behind->C_OpenSession(slot, flags, application, notify, session);
        sessions += answer == CKR_OK;
    }
    pthread_mutex_unlock(&lock);
    return answer;
}

static CK_RV close_session(CK_SESSION_HANDLE session)
{
    CK_RV answer;
    pthread_mutex_lock(&lock);
    answer = behind->C_CloseSession(session);
    sessions -= answer == CKR_OK && sessions > 0;
    pthread_mutex_unlock(&lock);
    return answer;
}

static CK_RV token_info(CK_SLOT_ID slot, CK_TOKEN_INFO *info)
{
    CK_RV answer = behind->C_GetTokenInfo(slot, info);
    if (answer == CKR_OK && trouble("keypad", NULL))
        info->flags |= CKF_PROTECTED_AUTHENTICATION_PATH;
    return answer;
}

static CK_RV log_in(CK_SESSION_HANDLE session, CK_USER_TYPE user, unsigned char *pin, unsigned long length)
{
    if (!trouble("keypad", NULL))
        return behind->C_Login(session, user, pin, length);
    if (pin)
        return CKR_ARGUMENTS_BAD;
    return behind->C_Login(session, user, (unsigned char *)PIN, sizeof PIN - 1);
}

static CK_RV mechanism_list(CK_SLOT_ID slot, CK_MECHANISM_TYPE *list, unsigned long *count)
{
    unsigned long i, kept = 0;
    CK_RV answer = behind->C_GetMechanismList(slot, list, count);
    if (answer != CKR_OK || !list || !trouble("no-raw-rsa", NULL))
        return answer;
    for (i = 0; i < *count; i++)
        if (list[i] != CKM_RSA_X_509)
            list[kept++] = list[i];
    *count = kept;
    return answer;
}

static CK_RV find_objects_init(CK_SESSION_HANDLE session, CK_ATTRIBUTE *template, unsigned long count)
{
    static CK_OBJECT_CLASS none = CKO_VENDOR_DEFINED;
    unsigned long i;
    if (trouble("no-public-key", NULL))
        for (i = 0; i < count; i++)
            if (template[i].type == CKA_CLASS && *(CK_OBJECT_CLASS *)template[i].pValue == CKO_PUBLIC_KEY) {
                CK_ATTRIBUTE nothing = {CKA_CLASS, &none, sizeof none};
                return behind->C_FindObjectsInit(session, &nothing, 1);
            }
    return behind->C_FindObjectsInit(session, template, count);
}

static CK_RV attributes(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object, CK_ATTRIBUTE *template,
                        unsigned long count)
{
    if (count == 1 && (template->type == CKA_PUBLIC_EXPONENT || template->type == CKA_EC_POINT) &&
        trouble("no-public-key", NULL)) {
        template->ulValueLen = (unsigned long)-1;
        return CKR_ATTRIBUTE_TYPE_INVALID;
    }
    return behind->C_GetAttributeValue(session, object, template, count);
}

static CK_RV decrypt_init(CK_SESSION_HANDLE session, CK_MECHANISM *mechanism, CK_OBJECT_HANDLE key)
{
    if (trouble("lost", NULL))
        return CKR_SESSION_HANDLE_INVALID;
    if (mechanism->mechanism == CKM_RSA_X_509 && trouble("no-raw-rsa", NULL))
        return CKR_MECHANISM_INVALID;
    return behind->C_DecryptInit(session, mechanism, key);
}

static CK_RV decrypt(CK_SESSION_HANDLE session, unsigned char *in, unsigned long in_length, unsigned char *out,
                     unsigned long *out_length)
{
    unsigned long said;
    CK_RV answer = behind->C_Decrypt(session, in, in_length, out, out_length);
    return trouble("decrypt", &said) ? said : answer;
}

CK_RV C_GetFunctionList(CK_FUNCTION_LIST **list)
{
    pthread_mutex_lock(&lock);
    if (!behind) {
        void *module = dlopen(BEHIND, RTLD_NOW | RTLD_LOCAL);
        CK_C_GetFunctionList get = module ? (CK_C_GetFunctionList)dlsym(module, "C_GetFunctionList") : NULL;
        if (!get || get(&behind) != CKR_OK) {
            pthread_mutex_unlock(&lock);
            return CKR_GENERAL_ERROR;
        }
        front = *behind;
        /* This list is that of 2.40: of what came later nobody asks here. */
        front.version.major = 2;
        front.version.minor = 40;
        front.C_GetFunctionList = C_GetFunctionList;
        front.C_Initialize = initialize;
        front.C_Finalize = finalize;
        front.C_OpenSession = open_session;
        front.C_CloseSession = close_session;
        front.C_GetTokenInfo = token_info;
        front.C_Login = log_in;
        front.C_GetMechanismList = mechanism_list;
        front.C_FindObjectsInit = find_objects_init;
        front.C_GetAttributeValue = attributes;
        front.C_DecryptInit = decrypt_init;
        front.C_Decrypt = decrypt;
    }
    pthread_mutex_unlock(&lock);
    *list = &front;
    return CKR_OK;
}
