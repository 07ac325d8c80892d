/* How often does a text stand in the memory of this process? */
#ifndef MEMORY_H
#define MEMORY_H

#include "check.h"

#include <fcntl.h>
#include <unistd.h>

#define LONGEST 64

/* How often it stands in memory that can be written; canary writes it where it is told. */
static int count(void (*canary)(char *text), size_t size)
{
    char pattern[LONGEST], line[512];
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
        while (length > 0 && (place = (char *)memmem(place, (size_t)(bytes + length - place), pattern, size)) != NULL) {
            /* Not the pattern itself, which is on the stack. */
            unsigned long address = from + (unsigned long)(place - bytes);
            found += address < (unsigned long)pattern || address > (unsigned long)pattern + size;
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

#endif
