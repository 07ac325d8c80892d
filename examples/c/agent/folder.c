/* Files that must not be forgotten: a whole one is replaced, the spool is appended to, and both are on the disk afterwards. */
#define _POSIX_C_SOURCE 200809L
#include "agent.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int fail(const char *path)
{
    perror(path);
    return -1;
}

static int path_of(char *path, size_t size, const char *folder, const char *name)
{
    int length = folder ? snprintf(path, size, "%s/%s", folder, name) : snprintf(path, size, "%s", name);
    if (length < 0 || (size_t)length >= size) {
        errno = ENAMETOOLONG;
        return fail(name);
    }
    return 0;
}

/* The names in a folder are on the disk, too. */
static int sync_folder(const char *folder)
{
    int file = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC), synced;
    if (file < 0) {
        return fail(folder);
    }
    synced = fsync(file);
    close(file);
    return synced == 0 ? 0 : fail(folder);
}

static int write_file(const char *path, int flags, const void *bytes, size_t length)
{
    const char *next = (const char *)bytes;
    int file = open(path, flags | O_WRONLY | O_CREAT | O_CLOEXEC, S_IRUSR | S_IWUSR);
    if (file < 0) {
        return fail(path);
    }
    while (length > 0) {
        ssize_t written = write(file, next, length);
        if (written < 0 && errno == EINTR) {
            continue;
        }
        if (written <= 0) {
            close(file);
            return fail(path);
        }
        next += written;
        length -= (size_t)written;
    }
    if (fsync(file) != 0) {
        close(file);
        return fail(path);
    }
    return close(file) == 0 ? 0 : fail(path);
}

int folder_read(const char *folder, const char *name, char **bytes, size_t *length)
{
    char path[4096];
    struct stat about;
    int file;
    *bytes = NULL;
    *length = 0;
    if (path_of(path, sizeof path, folder, name) != 0) {
        return -1;
    }
    file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0) {
        return errno == ENOENT ? 0 : fail(path); /* none yet */
    }
    if (fstat(file, &about) != 0 || (*bytes = (char *)malloc((size_t)about.st_size + 1)) == NULL) {
        close(file);
        return fail(path);
    }
    while (*length < (size_t)about.st_size) {
        ssize_t got = read(file, *bytes + *length, (size_t)about.st_size - *length);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got <= 0) {
            break;
        }
        *length += (size_t)got;
    }
    close(file);
    if (*length < (size_t)about.st_size) {
        free(*bytes);
        *bytes = NULL;
        return fail(path);
    }
    (*bytes)[*length] = 0;
    return 0;
}

int folder_replace(const char *folder, const char *name, const void *bytes, size_t length)
{
    char path[4096], beside[4096];
    if (path_of(path, sizeof path, folder, name) != 0 || path_of(beside, sizeof beside, folder, "new") != 0 ||
        write_file(beside, O_TRUNC, bytes, length) != 0) {
        return -1;
    }
    return rename(beside, path) == 0 ? sync_folder(folder) : fail(path);
}

int folder_append(const char *folder, const char *name, const void *bytes, size_t length)
{
    char path[4096];
    if (length == 0) {
        return 0;
    }
    if (path_of(path, sizeof path, folder, name) != 0 || write_file(path, O_APPEND, bytes, length) != 0) {
        return -1;
    }
    return sync_folder(folder);
}

int file_remove(const char *path)
{
    char folder[4096];
    char *end;
    if (unlink(path) != 0) {
        return errno == ENOENT ? 0 : fail(path);
    }
    if (path_of(folder, sizeof folder, NULL, path) != 0) {
        return -1;
    }
    end = strrchr(folder, '/');
    if (end == NULL) {
        return sync_folder(".");
    }
    end[end == folder] = 0;
    return sync_folder(folder);
}

int header_read(const char *volume, unsigned char *header, size_t *length)
{
    int file = open(volume, O_RDONLY | O_CLOEXEC);
    ssize_t got = file < 0 ? -1 : read(file, header, HEADER_LENGTH);
    if (got < 0) {
        perror(volume);
    }
    if (file >= 0) {
        close(file);
    }
    *length = got < 0 ? 0 : (size_t)got;
    return got < 0 ? -1 : 0;
}
