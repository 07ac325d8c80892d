/*
 * Loaded before libc: kills KILL_PROGRAM when it changed a file that must not be forgotten for the KILL_AT-th time, before it does
 * anything else.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int fsync(int file);
int rename(const char *from, const char *to);
int unlink(const char *path);

static void changed(void)
{
    static int count = 0;
    const char *at = getenv("KILL_AT"), *program = getenv("KILL_PROGRAM");
    char itself[4096];
    ssize_t length = readlink("/proc/self/exe", itself, sizeof itself - 1);
    if (at == NULL || program == NULL || length < 0) {
        return;
    }
    itself[length] = 0;
    /* What it starts inherits all this, and is not meant. */
    if (strcmp(itself, program) == 0 && ++count == atoi(at)) {
        kill(getpid(), SIGKILL);
    }
}

int rename(const char *from, const char *to)
{
    int (*next)(const char *, const char *) = (int (*)(const char *, const char *))(size_t)dlsym(RTLD_NEXT, "rename");
    int result = next(from, to);
    changed();
    return result;
}

int unlink(const char *path)
{
    int (*next)(const char *) = (int (*)(const char *))(size_t)dlsym(RTLD_NEXT, "unlink");
    int result = next(path);
    changed();
    return result;
}

int fsync(int file)
{
    int (*next)(int) = (int (*)(int))(size_t)dlsym(RTLD_NEXT, "fsync");
    int result = next(file);
    /* The spool; what is replaced counts when it is renamed. */
    if (fcntl(file, F_GETFL) & O_APPEND) {
        changed();
    }
    return result;
}
