/* The loop: look, ask the planner for one step, do it, write down what came of it. */
#include "agent.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

/* More than any plan has: a program that goes in circles ends. */
#define MAX_STEPS 200

static const fdescrow_bytes NOTHING = {NULL, 0};

void complain(fdescrow_error *error)
{
    fdescrow_str message = fdescrow_error_message(error);
    fprintf(stderr, "agent: %.*s\n", (int)message.length, message.data ? message.data : "");
    fdescrow_error_free(error);
}

static int64_t now(void)
{
    return (int64_t)time(NULL);
}

/* Writes down what the planner knows. Called after everything that it learns, before anything that follows from it. */
static int save(struct agent *agent)
{
    fdescrow_text *state = NULL;
    fdescrow_str json;
    int saved = -1;
    TRY(fdescrow_planner_state(agent->planner, &state, &error));
    json = fdescrow_text_value(state);
    saved = folder_replace(agent->folder, "state.json", json.data, json.length);
end:
    fdescrow_text_free(state);
    return saved;
}

static int append_to_spool(struct agent *agent, const fdescrow_buffer *buffer)
{
    fdescrow_bytes bytes = fdescrow_buffer_value(buffer);
    return folder_append(agent->folder, "spool", bytes.data, bytes.length);
}

/* Shows the planner the header as it is now. */
static int look(struct agent *agent)
{
    unsigned char header[HEADER_LENGTH];
    char *metadata = NULL;
    size_t header_length, length = 0;
    int looked = -1;
    fdescrow_buffer *command = NULL;
    if (header_read(agent->volume, header, &header_length) != 0) {
        return -1;
    }
    TRY(fdescrow_luks_metadata_command(fdescrow_str_of(agent->volume), &command, &error));
    if (run(fdescrow_buffer_value(command), NOTHING, &metadata, &length) != 0) {
        length = 0; /* LUKS1 has none */
    }
    TRY(fdescrow_luks_look(agent->planner, fdescrow_bytes_of(header, header_length), fdescrow_bytes_of(metadata, length),
                           fdescrow_str_of(agent->key_file ? "[\"key_file\"]" : "[]"), now(), &error));
    looked = 0;
end:
    free(metadata);
    fdescrow_buffer_free(command);
    return looked;
}

/* Runs the command of the step. Secrets reach it by its standard input alone. */
static enum went call(struct agent *agent)
{
    fdescrow_buffer *arguments = NULL;
    fdescrow_secret *input = NULL;
    enum went went = WENT_WRONG;
    int status;
    TRY(fdescrow_luks_command(agent->planner, fdescrow_str_of(agent->volume), fdescrow_str_of(agent->header_backup),
                              fdescrow_str_of(agent->key_file), NULL, &arguments, &input, &error));
    status = run(fdescrow_buffer_value(arguments), fdescrow_secret_expose(input), NULL, NULL);
    if (status == 0) {
        TRY(fdescrow_planner_done(agent->planner, now(), &error));
    } else {
        TRY(fdescrow_planner_failed(agent->planner, status, now(), &error));
    }
    went = save(agent) == 0 ? WENT_ON : WENT_WRONG;
end:
    fdescrow_secret_free(input);
    fdescrow_buffer_free(arguments);
    return went;
}

/* Seals the new key into the spool. Nothing depends on the key before it is on the disk there. */
static enum went escrow(struct agent *agent)
{
    fdescrow_buffer *append = NULL;
    enum went went = WENT_WRONG;
    TRY(fdescrow_planner_escrow(agent->planner, agent->spool, NULL, now(), &append, &error));
    if (append_to_spool(agent, append) != 0) {
        goto end; /* the spool in memory is ahead of the file: start again */
    }
    TRY(fdescrow_planner_done(agent->planner, now(), &error));
    went = save(agent) == 0 ? WENT_ON : WENT_WRONG;
end:
    fdescrow_buffer_free(append);
    return went;
}

/* Sends a sealed key. The planner learns first what became of it; then the spool may let it go. */
static enum went deliver(struct agent *agent, const fdescrow_text *document)
{
    fdescrow_buffer *append = NULL;
    fdescrow_error *error = NULL;
    enum went went = WENT_WRONG;
    char *receipt = agent->upload(agent->upload_context, fdescrow_text_value(document));
    if (receipt == NULL) {
        went = WENT_TO_REST;
    } else if (fdescrow_planner_receipt(agent->planner, agent->spool, fdescrow_str_of(receipt), now(), &append, &error) !=
               FDESCROW_RESULT_OK) {
        complain(error); /* an answer, but none to what was sent */
        went = WENT_ON;
    } else if (save(agent) == 0 && append_to_spool(agent, append) == 0) {
        went = WENT_ON;
    }
    fdescrow_buffer_free(append);
    free(receipt);
    return went;
}

/* Sends what the planner waits for. */
static enum went ask(struct agent *agent)
{
    fdescrow_text *document = NULL;
    enum went went = WENT_WRONG;
    TRY(fdescrow_planner_upload(agent->planner, agent->spool, &document, &error));
    went = deliver(agent, document);
    if (went == WENT_TO_REST) {
        TRY(fdescrow_planner_failed(agent->planner, -1, now(), &error));
        went = WENT_ON; /* the planner says when to try again */
    }
    if (went == WENT_ON && save(agent) != 0) {
        went = WENT_WRONG;
    }
end:
    fdescrow_text_free(document);
    return went;
}

/* Sends what no step waits for: keys of slots that are gone. The server is to have every key that was ever made. */
static int send_the_rest(struct agent *agent)
{
    size_t index;
    int sent = 0;
    for (index = fdescrow_spool_count(agent->spool); index > 0 && sent == 0; index--) {
        fdescrow_text *document = NULL;
        if (fdescrow_planner_awaits(agent->planner, agent->spool, index - 1)) {
            continue;
        }
        sent = -1;
        TRY(fdescrow_spool_upload(agent->spool, index - 1, &document, &error));
        sent = deliver(agent, document) == WENT_WRONG ? -1 : 0;
    end:
        fdescrow_text_free(document);
    }
    return sent;
}

/* The situation as a line, for whoever reads the log. */
static void print_situation(const fdescrow_text *next)
{
    static const char *const members[] = {"/standing", "/situation", "/because"};
    size_t i;
    for (i = 0; i < sizeof members / sizeof members[0]; i++) {
        fdescrow_text *member = NULL;
        fdescrow_str value;
        if (fdescrow_document_member(fdescrow_text_value(next), fdescrow_str_of(members[i]), &member, NULL) ==
            FDESCROW_RESULT_OK) {
            value = fdescrow_text_value(member);
            printf("%s%.*s", i ? ": " : "", (int)value.length, value.data ? value.data : "");
        }
        fdescrow_text_free(member);
    }
    putchar('\n');
    fflush(stdout);
}

static enum went step(struct agent *agent)
{
    fdescrow_text *next = NULL;
    enum went went = WENT_WRONG;
    if (look(agent) != 0) {
        return WENT_WRONG;
    }
    TRY(fdescrow_planner_next(agent->planner, agent->spool, &next, &error));
    print_situation(next);
    switch (fdescrow_planner_step(agent->planner)) {
    case FDESCROW_STEP_NONE:
        went = WENT_TO_REST;
        break;
    case FDESCROW_STEP_ASK:
        went = ask(agent);
        break;
    case FDESCROW_STEP_BACK_UP_HEADER:
        if (file_remove(agent->header_backup) != 0) { /* what an earlier try left */
            break;
        }
        /* fall through */
    case FDESCROW_STEP_CALL:
        went = call(agent);
        break;
    case FDESCROW_STEP_DROP_BACKUP:
        if (file_remove(agent->header_backup) == 0) {
            TRY(fdescrow_planner_done(agent->planner, now(), &error));
            went = save(agent) == 0 ? WENT_ON : WENT_WRONG;
        }
        break;
    case FDESCROW_STEP_ESCROW:
        went = escrow(agent);
        break;
    case FDESCROW_STEP_GENERATE:
        TRY(fdescrow_luks_generate(agent->planner, now(), &error));
        went = save(agent) == 0 ? WENT_ON : WENT_WRONG; /* by this its slot is known after a crash */
        break;
    default: /* a newer library wants what this program cannot do */
        TRY(fdescrow_planner_failed(agent->planner, -1, now(), &error));
        went = WENT_TO_REST;
    }
end:
    fdescrow_text_free(next);
    return went;
}

int agent_run(struct agent *agent)
{
    enum went went = WENT_ON;
    int steps;
    for (steps = 0; steps < MAX_STEPS && went == WENT_ON; steps++) {
        went = step(agent);
    }
    return went == WENT_WRONG ? -1 : send_the_rest(agent);
}
