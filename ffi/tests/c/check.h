/* What the test programs share: calls that must succeed, texts to look into, and an end that frees. */
#ifndef CHECK_H
#define CHECK_H

#include "fdescrow.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A call that must return this number. What it says is printed if it does not. */
#define EXPECT(number, call) \
    do { \
        fdescrow_error *error = NULL; \
        fdescrow_result result = (call); \
        if (result != (number)) { \
            fdescrow_str message = fdescrow_error_message(error); \
            fprintf(stderr, "%s:%d: %s\n  returned %d, not %d: %.*s\n", __FILE__, __LINE__, #call, (int)result, \
                    (int)(number), (int)message.length, message.data ? message.data : ""); \
            exit(1); \
        } \
        if ((result == 0) != (error == NULL) || fdescrow_error_result(error) != result) { \
            fprintf(stderr, "%s:%d: the error is not that of the result\n", __FILE__, __LINE__); \
            exit(1); \
        } \
        fdescrow_error_free(error); \
    } while (0)

#define DONE(call) EXPECT(FDESCROW_RESULT_OK, call)

#define CHECK(condition) \
    do { \
        if (!(condition)) { \
            fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #condition); \
            exit(1); \
        } \
    } while (0)

/* Whether a text holds another. */
static inline int holds(const fdescrow_text *text, const char *part)
{
    fdescrow_str value = fdescrow_text_value(text);
    size_t length = strlen(part), i;
    for (i = 0; i + length <= value.length; i++) {
        if (memcmp(value.data + i, part, length) == 0) {
            return 1;
        }
    }
    fprintf(stderr, "%.*s\n", (int)value.length, value.data ? value.data : "");
    return 0;
}

/* The text of a member of a JSON document, which has none of that name before: a copy to be freed. */
static inline char *member(const fdescrow_text *text, const char *name)
{
    fdescrow_str value = fdescrow_text_value(text);
    char pattern[64], *copy;
    const char *begin;
    size_t length;
    char *whole = (char *)malloc(value.length + 1);
    CHECK(whole != NULL);
    memcpy(whole, value.data, value.length);
    whole[value.length] = 0;
    snprintf(pattern, sizeof pattern, "\"%s\":\"", name);
    begin = strstr(whole, pattern);
    CHECK(begin != NULL);
    begin += strlen(pattern);
    length = strcspn(begin, "\"");
    copy = (char *)malloc(length + 1);
    CHECK(copy != NULL);
    memcpy(copy, begin, length);
    copy[length] = 0;
    free(whole);
    return copy;
}

#endif
