/*
 * A small agent for Linux: keeps a recovery key of a LUKS volume in escrow.
 *
 * What to do is decided by the planner of libfdescrow; here are its hands: processes (run.c), files (folder.c), the loop
 * (agent.c), which is C99 and nothing else, and a command line (main.c). It may be killed anywhere and started again.
 */
#ifndef AGENT_H
#define AGENT_H

#include "fdescrow.h"

/* Sends one sealed key to the server: a JSON document with the names under which it is sent and the envelope in base64. Returns
   the receipt that the server answered, to be freed, or NULL if there was no answer. This is the embedder's own. */
typedef char *(*agent_upload)(void *context, fdescrow_str document);

struct agent {
    /* A device or file, as cryptsetup takes it. */
    const char *volume;
    /* A file that opens it, to authorize a new slot. */
    const char *key_file;
    /* Where the copy of its header goes. */
    char header_backup[4096];
    /* State and spool are here; nobody but root reads it. */
    const char *folder;
    fdescrow_planner *planner;
    fdescrow_spool *spool;
    agent_upload upload;
    void *upload_context;
};

/* The part of a LUKS header that is read. */
#define HEADER_LENGTH 4096

enum went { WENT_WRONG = -1, WENT_TO_REST = 0, WENT_ON = 1 };

/* agent.c: takes steps until there is nothing to do now, or something is wrong. */
int agent_run(struct agent *agent);
/* Prints an error of the library and frees it. */
void complain(fdescrow_error *error);

/* folder.c: 0, or -1 with a line on standard error. What they write is on the disk when they return. Without a folder, a name is a
   path; a file that is not there reads as none. */
int folder_read(const char *folder, const char *name, char **bytes, size_t *length);
int folder_replace(const char *folder, const char *name, const void *bytes, size_t length);
int folder_append(const char *folder, const char *name, const void *bytes, size_t length);
int file_remove(const char *path);
/* The first bytes of a volume. */
int header_read(const char *volume, unsigned char *header, size_t *length);

/* run.c: runs a program without a shell. `arguments` holds it and its arguments, each ended by a NUL; `input` is written to its standard
   input. The exit status, or -1 if it did not run or was killed. If `output` is not NULL it receives what was printed, to be freed. */
int run(fdescrow_bytes arguments, fdescrow_bytes input, char **output, size_t *length);

/* Calls the library; prints what is wrong and leaves by the label `end`. */
#define TRY(call) \
    do { \
        fdescrow_error *error = NULL; \
        if ((call) != FDESCROW_RESULT_OK) { \
            complain(error); \
            goto end; \
        } \
    } while (0)

#endif
