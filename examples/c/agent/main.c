/*
 * The agent as a program:
 *
 *     agent VOLUME DEVICE PLAN CERTIFICATES FOLDER GOAL COMMAND...
 *
 * VOLUME is a device or file, DEVICE the name under which its keys are sent, PLAN the document of fdescrow_profile_luks,
 * CERTIFICATES those that keys may be sealed to, FOLDER where it keeps what it must not forget, and GOAL a JSON document such
 * as {"id":"escrow","aim":"escrow"}. COMMAND takes an upload on standard input and prints the receipt. The last line that is
 * printed says whether what the plan wants is true. Exit status: 0, or 1 if something is wrong.
 */
#define _POSIX_C_SOURCE 200809L
#include "agent.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* The embedder's part: here a command, in an agent the connection that it has. */
static char *upload_by_command(void *context, fdescrow_str document)
{
    const fdescrow_bytes *command = (const fdescrow_bytes *)context;
    char *receipt = NULL;
    size_t length = 0;
    if (run(*command, fdescrow_bytes_of(document.data, document.length), &receipt, &length) != 0) {
        free(receipt);
        return NULL;
    }
    return receipt;
}

/* Words as the arguments of a command: one after the other, each ended by a NUL. */
static char *joined(char **words, size_t *length)
{
    char *bytes = NULL;
    *length = 0;
    for (; *words; words++) {
        size_t size = strlen(*words) + 1;
        char *more = (char *)realloc(bytes, *length + size);
        if (more == NULL) {
            free(bytes);
            return NULL;
        }
        bytes = more;
        memcpy(bytes + *length, *words, size);
        *length += size;
    }
    return bytes;
}

/* Two agents never work in one folder. The lock ends with the process. */
static int lock(const char *folder)
{
    char path[4096];
    struct flock whole = {0};
    int file;
    mkdir(folder, S_IRWXU);
    snprintf(path, sizeof path, "%s/lock", folder);
    whole.l_type = F_WRLCK;
    whole.l_whence = SEEK_SET;
    file = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, S_IRUSR | S_IWUSR);
    if (file < 0 || fcntl(file, F_SETLK, &whole) != 0) {
        perror(path);
        return -1;
    }
    return 0;
}

/* A member of the plan, to be freed; NULL where it has none. */
static char *member(fdescrow_str document, const char *pointer)
{
    fdescrow_text *text = NULL;
    fdescrow_str value;
    char *copy = NULL;
    TRY(fdescrow_document_member(document, fdescrow_str_of(pointer), &text, &error));
    value = fdescrow_text_value(text);
    if (value.length > 0 && (copy = (char *)malloc(value.length + 1)) != NULL) {
        memcpy(copy, value.data, value.length);
        copy[value.length] = 0;
    }
end:
    fdescrow_text_free(text);
    return copy;
}

/* The copy of the header goes where the plan says, under the name of the volume. */
static int place_backup(struct agent *agent, fdescrow_str plan, fdescrow_str volume)
{
    char *folder = member(plan, "/backup_directory");
    int length = -1;
    if (folder != NULL) {
        mkdir(folder, S_IRWXU);
        length = snprintf(agent->header_backup, sizeof agent->header_backup, "%s/%.*s.header", folder, (int)volume.length,
                          volume.data);
    }
    free(folder);
    return length > 0 && (size_t)length < sizeof agent->header_backup ? 0 : -1;
}

/* Goes on where the agent was when it ended, however it ended. */
static int begin(struct agent *agent, const char *device, fdescrow_str plan, fdescrow_bytes pem)
{
    unsigned char header[HEADER_LENGTH];
    char *state = NULL, *spool = NULL;
    size_t header_length, state_length, spool_length;
    fdescrow_certificates *pinned = NULL;
    fdescrow_text *volume = NULL;
    int begun = -1;
    if (header_read(agent->volume, header, &header_length) != 0 ||
        folder_read(agent->folder, "state.json", &state, &state_length) != 0 ||
        folder_read(agent->folder, "spool", &spool, &spool_length) != 0) {
        goto end;
    }
    TRY(fdescrow_luks_volume(fdescrow_bytes_of(header, header_length), &volume, &error));
    TRY(fdescrow_certificates_parse(pem, &pinned, &error));
    TRY(fdescrow_luks_open(fdescrow_str_of(state), plan, fdescrow_str_of(device), fdescrow_text_value(volume), pinned,
                           &agent->planner, &error));
    TRY(fdescrow_spool_read(fdescrow_bytes_of(spool, spool_length), &agent->spool, &error));
    if (fdescrow_spool_damaged(agent->spool) > 0) {
        fprintf(stderr, "agent: %zu lines of the spool are damaged; each may have been a key\n",
                fdescrow_spool_damaged(agent->spool));
    }
    begun = place_backup(agent, plan, fdescrow_text_value(volume));
end:
    fdescrow_certificates_free(pinned);
    fdescrow_text_free(volume);
    free(spool);
    free(state);
    return begun;
}

/* Writes the spool anew if most of it is done with. */
static int tidy(struct agent *agent)
{
    fdescrow_buffer *whole = NULL;
    fdescrow_bytes bytes;
    int tidied = -1;
    if (!fdescrow_spool_is_wasteful(agent->spool)) {
        return 0;
    }
    TRY(fdescrow_spool_compact(agent->spool, &whole, &error));
    bytes = fdescrow_buffer_value(whole);
    tidied = folder_replace(agent->folder, "spool", bytes.data, bytes.length);
end:
    fdescrow_buffer_free(whole);
    return tidied;
}

int main(int argc, char **argv)
{
    struct agent agent = {0};
    char *plan = NULL, *pem = NULL, *words = NULL, *key_file = NULL;
    size_t plan_length, pem_length;
    fdescrow_bytes command;
    int exit_status = 1;
    if (argc < 8 || fdescrow_abi_version() != FDESCROW_ABI_VERSION) {
        fprintf(stderr, "usage: %s VOLUME DEVICE PLAN CERTIFICATES FOLDER GOAL COMMAND...\n", argv[0]);
        return 2;
    }
    /* A command that ends before it read everything says by its status why. */
    signal(SIGPIPE, SIG_IGN);
    agent.volume = argv[1];
    agent.folder = argv[5];
    words = joined(argv + 7, &command.length);
    command.data = (const uint8_t *)words;
    agent.upload = upload_by_command;
    agent.upload_context = &command;
    if (lock(agent.folder) != 0 || folder_read(NULL, argv[3], &plan, &plan_length) != 0 ||
        folder_read(NULL, argv[4], &pem, &pem_length) != 0) {
        goto end;
    }
    agent.key_file = key_file = member(fdescrow_str_of(plan), "/key_file");
    if (begin(&agent, argv[2], fdescrow_str_of(plan), fdescrow_bytes_of(pem, pem_length)) != 0) {
        goto end;
    }
    TRY(fdescrow_planner_pursue(agent.planner, fdescrow_str_of(argv[6]), &error));
    TRY(fdescrow_planner_ask_again(agent.planner, &error));
    exit_status = agent_run(&agent) == 0 && tidy(&agent) == 0 ? 0 : 1;
end:
    fdescrow_spool_free(agent.spool);
    fdescrow_planner_free(agent.planner);
    free(key_file);
    free(words);
    free(pem);
    free(plan);
    return exit_status;
}
