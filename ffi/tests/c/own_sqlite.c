/* A program that has its own SQLite: names that the library must neither show nor take. */
#include <stdlib.h>

int sqlite3_open_v2(const char *name, void **database, int flags, const char *system);
const char *sqlite3_libversion(void);
void *sqlite3_malloc64(unsigned long long size);

int sqlite3_open_v2(const char *name, void **database, int flags, const char *system)
{
    (void)name, (void)database, (void)flags, (void)system;
    abort();
}

const char *sqlite3_libversion(void)
{
    return "the program's own";
}

void *sqlite3_malloc64(unsigned long long size)
{
    (void)size;
    abort();
}
