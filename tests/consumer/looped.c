/* SPDX-License-Identifier: MIT */
/* A front end's loop on an installed libsp-event: starts the session that is
 * named if it is not there, counts in it, and prints what it says. */
#include <stdio.h>
#include <string.h>

#include <event2/event.h>
#include <sp/event.h>

static int status = 1;

static void answered(struct sp_async *async, struct sp_result *result,
                     void *base)
{
    (void)async;
    if (sp_result_error(result) == SP_OK)
        status = printf("%s\n", (const char *)sp_result_data(result)) < 0;
    else
        fprintf(stderr, "%s\n", sp_result_text(result));
    event_base_loopbreak(base);
}

int main(int argc, char *argv[])
{
    static const struct sp_spec spec = {.module = "kv"};
    struct event_base *base = event_base_new();
    struct sp_client *client;
    struct sp_async *async;
    struct sp_attachment *attachment;

    if (argc != 2 || !base || sp_client_open(NULL, &client) != SP_OK ||
        sp_async_new(client, &async) != SP_OK ||
        sp_attach(base, async, &attachment) != SP_OK)
        return 1;
    if (sp_async_call(async, argv[1], &spec, "incr n", strlen("incr n"), 5000,
                      answered, base, NULL) == SP_OK)
        event_base_dispatch(base);
    sp_detach(attachment);
    sp_async_free(async);
    sp_client_close(client);
    event_base_free(base);
    return status;
}
