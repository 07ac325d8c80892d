/* Programs are run without a shell. What they print on standard error is for nobody: it may quote what they were given. */
#define _POSIX_C_SOURCE 200809L
#include "agent.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

#define MAX_ARGUMENTS 32
/* More than the metadata of LUKS2 can be. */
#define MAX_OUTPUT (8u << 20)

static void write_all(int file, fdescrow_bytes bytes)
{
    while (bytes.length > 0) {
        ssize_t written = write(file, bytes.data, bytes.length);
        if (written < 0 && errno == EINTR) {
            continue;
        }
        if (written <= 0) {
            return; /* a program that ends before it read everything says by its status why */
        }
        bytes = fdescrow_bytes_of(bytes.data + written, bytes.length - (size_t)written);
    }
}

static char *read_all(int file, size_t *length)
{
    size_t room = 0;
    char *bytes = NULL;
    *length = 0;
    for (;;) {
        ssize_t got;
        if (*length + 1 >= room) {
            char *more = room < MAX_OUTPUT ? (char *)realloc(bytes, room = room ? room * 2 : 4096) : NULL;
            if (more == NULL) {
                free(bytes);
                return NULL;
            }
            bytes = more;
        }
        got = read(file, bytes + *length, room - *length - 1);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got <= 0) {
            bytes[*length] = 0;
            return bytes;
        }
        *length += (size_t)got;
    }
}

/* A pipe whose ends no other program inherits. */
static int pipe_of_ours(int ends[2])
{
    if (pipe(ends) != 0) {
        return -1;
    }
    fcntl(ends[0], F_SETFD, FD_CLOEXEC);
    fcntl(ends[1], F_SETFD, FD_CLOEXEC);
    return 0;
}

int run(fdescrow_bytes arguments, fdescrow_bytes input, char **output, size_t *length)
{
    char *argv[MAX_ARGUMENTS + 1];
    const char *next = (const char *)arguments.data, *end = next + arguments.length;
    int count = 0, in[2], out[2], status = -1, spawned;
    pid_t child;
    posix_spawn_file_actions_t actions;

    while (next < end && count < MAX_ARGUMENTS) {
        argv[count++] = (char *)next; /* posix_spawn does not write to them */
        next += strlen(next) + 1;
    }
    argv[count] = NULL;
    if (count == 0 || next < end || pipe_of_ours(in) != 0) {
        return -1;
    }
    if (pipe_of_ours(out) != 0) {
        close(in[0]);
        close(in[1]);
        return -1;
    }
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, in[0], STDIN_FILENO);
    if (output) {
        posix_spawn_file_actions_adddup2(&actions, out[1], STDOUT_FILENO);
    } else {
        posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
    }
    posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
    spawned = posix_spawnp(&child, argv[0], &actions, NULL, argv, environ);
    posix_spawn_file_actions_destroy(&actions);
    close(in[0]);
    close(out[1]);
    if (spawned == 0) {
        write_all(in[1], input);
    }
    close(in[1]);
    if (spawned == 0 && output) {
        *output = read_all(out[0], length);
    }
    close(out[0]);
    if (spawned != 0) {
        fprintf(stderr, "%s: %s\n", argv[0], strerror(spawned));
        return -1;
    }
    while (waitpid(child, &status, 0) < 0) {
        if (errno != EINTR) {
            return -1;
        }
    }
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}
