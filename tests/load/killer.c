/* SPDX-License-Identifier: MIT */
/* Sends SIGKILL to the processes of sessions that it picks at random.
 *
 *   load-killer RUNTIME_DIR IDS A_SECOND SECONDS SEED
 *
 * IDS: a file of session IDs, a line each; what follows an ID behind a '.' does
 * not count.  Prints "kill LINE TIME ERROR": the ID's line number, the time on
 * the monotonic clock in us before the signal, and SP_OK; SP_EAGAIN for a
 * session that had no process at this moment, SP_ENOENT for one that is no
 * more, SP_ENOSUP while there is no supervisor. */
#define _GNU_SOURCE
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <sp/client.h>

#define SECOND 1000000 /* us */

struct ids {
    char (*id)[SP_ID_MAX + 1]; /* owned */
    size_t count;
};

static int64_t now_us(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * SECOND + now.tv_nsec / 1000;
}

static void sleep_until(int64_t us)
{
    struct timespec until = {us / SECOND, us % SECOND * 1000};

    while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL) ==
           EINTR)
        continue;
}

static bool ids_add(struct ids *ids, const char *line)
{
    size_t size = strcspn(line, ".\n");
    void *grown = realloc(ids->id, (ids->count + 1) * sizeof *ids->id);

    if (!grown)
        return false;
    ids->id = grown;
    if (!sp_id_valid(line, size))
        return false;
    memcpy(ids->id[ids->count], line, size);
    ids->id[ids->count++][size] = '\0';
    return true;
}

static bool ids_read(struct ids *ids, const char *path)
{
    FILE *file = fopen(path, "re");
    char line[256];
    bool good = file != NULL;

    while (good && fgets(line, sizeof line, file))
        good = ids_add(ids, line);
    if (file)
        fclose(file);
    return good && ids->count > 0;
}

static bool is_expected(enum sp_error error)
{
    return error == SP_OK || error == SP_EAGAIN || error == SP_ENOENT ||
           error == SP_ENOSUP;
}

/* At even times, however long each kill takes. */
static enum sp_error kill_some(struct sp_client *client, const struct ids *ids,
                               unsigned a_second, unsigned seconds,
                               unsigned seed)
{
    unsigned long count = (unsigned long)a_second * seconds;
    int64_t begun = now_us();

    for (unsigned long i = 0; i < count; i++) {
        size_t which = (size_t)rand_r(&seed) % ids->count;
        enum sp_error error;
        int64_t now;

        sleep_until(begun + (int64_t)i * SECOND / a_second);
        now = now_us();
        error = sp_signal(client, ids->id[which], "KILL", NULL);
        printf("kill %zu %" PRId64 " %s\n", which + 1, now, sp_error_name(error));
        if (!is_expected(error))
            return error;
    }
    return SP_OK;
}

int main(int argc, char **argv)
{
    struct sp_client *client = NULL;
    struct ids ids = {0};
    enum sp_error error;

    if (argc != 6) {
        fprintf(stderr, "Usage: load-killer RUNTIME_DIR IDS A_SECOND SECONDS "
                        "SEED\n");
        return 2;
    }
    if (!ids_read(&ids, argv[2])) {
        fprintf(stderr, "load-killer: %s: no IDs\n", argv[2]);
        return 2;
    }
    error = sp_client_open(argv[1], &client);
    if (error == SP_OK)
        error = kill_some(client, &ids, (unsigned)atoi(argv[3]),
                          (unsigned)atoi(argv[4]), (unsigned)atoi(argv[5]));
    if (error != SP_OK)
        fprintf(stderr, "load-killer: %s\n", sp_strerror(error));
    sp_client_close(client);
    free(ids.id);
    return error == SP_OK ? 0 : 1;
}
