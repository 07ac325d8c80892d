/* Which octets are secret?

   Those that a program reads from its standard input. Loaded before the C library (LD_PRELOAD), this has valgrind's
   memcheck take them for undefined, so that it reports every jump and every index that depends on one: the method of
   ctgrind. It stands here, in C, so that the program that is looked at needs no `unsafe`. */

#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>
#include <valgrind/memcheck.h>

ssize_t read(int file, void *buffer, size_t size) {
    ssize_t length = syscall(SYS_read, file, buffer, size);
    if (file == STDIN_FILENO && length > 0)
        (void)VALGRIND_MAKE_MEM_UNDEFINED(buffer, length);
    return length;
}
