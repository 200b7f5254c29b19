/* SPDX-License-Identifier: MIT */
/* Starts a session, counts in it, and ends it. */
#include <stdio.h>
#include <stdlib.h>

#include <sp/client.h>

static void check(enum sp_error error, const struct sp_result *result)
{
    if (error == SP_OK)
        return;
    fprintf(stderr, "%s\n", result ? sp_result_text(result)
                                   : sp_strerror(error));
    exit(1);
}

int main(void)
{
    struct sp_result *result = sp_result_new();
    struct sp_client *client;
    char id[SP_ID_MAX + 1];

    if (!result)
        return 1;
    sp_session_id_new(id);
    check(sp_client_open(NULL, &client), NULL);
    check(sp_start(client, id, NULL, NULL, 0, result), result);
    check(sp_call(client, id, "incr n", 6, 1000, result), result);
    printf("%s\n", (const char *)sp_result_data(result));
    check(sp_terminate(client, id, result), result);
    sp_client_close(client);
    sp_result_free(result);
    return 0;
}
