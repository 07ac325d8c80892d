/* How often does a text stand in the memory of this process? */
#ifndef MEMORY_H
#define MEMORY_H

#include "check.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#define LONGEST 64
#define CHUNK ((size_t)1 << 20)

/* How often it stands in memory that can be written; canary writes it where it is told. */
static int count(void (*canary)(char *text), size_t size)
{
    char pattern[LONGEST], line[512];
    FILE *maps = fopen("/proc/self/maps", "r");
    int memory = open("/proc/self/mem", O_RDONLY), found = 0;
    /* Not of the heap: what is copied there would be found again. */
    char *bytes = (char *)mmap(NULL, CHUNK, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CHECK(maps != NULL && memory >= 0 && bytes != MAP_FAILED);
    while (fgets(line, sizeof line, maps)) {
        unsigned long from, to;
        char rights[8];
        if (sscanf(line, "%lx-%lx %7s", &from, &to, rights) != 3 || rights[0] != 'r' || rights[1] != 'w' || strstr(line, "[v")) {
            continue;
        }
        canary(pattern);
        /* In pieces, which overlap by what may stand across their ends. */
        for (; from < to; from += CHUNK - size + 1) {
            size_t wanted = to - from < CHUNK ? to - from : CHUNK;
            ssize_t length = pread(memory, bytes, wanted, (off_t)from);
            char *place = bytes;
            while (length > 0 && (place = (char *)memmem(place, (size_t)(bytes + length - place), pattern, size)) != NULL) {
                unsigned long address = from + (unsigned long)(place - bytes);
                /* Not the pattern itself, and not what was read. */
                int is_ours = (address >= (unsigned long)pattern && address < (unsigned long)pattern + size) ||
                              (address >= (unsigned long)bytes && address < (unsigned long)bytes + CHUNK);
                found += !is_ours;
                place++;
            }
        }
        explicit_bzero(pattern, sizeof pattern);
    }
    munmap(bytes, CHUNK);
    close(memory);
    fclose(maps);
    return found;
}

#endif
