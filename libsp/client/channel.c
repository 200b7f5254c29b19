/* SPDX-License-Identifier: MIT */
/* What both channels have in common. */
#include "channel.h"

#include <sys/resource.h>

#include "result.h"

size_t channel_keep(void)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) < 0 || limit.rlim_cur < 4)
        return 2;
    return limit.rlim_cur / 2 < CHANNEL_KEEP_MAX ? limit.rlim_cur / 2
                                                 : CHANNEL_KEEP_MAX;
}

enum sp_error channel_died(const char *id, struct sp_result *result)
{
    if (!*id)
        return result_fail(result, SP_ENOSUP, result->progress,
                           "the supervisor ended its connection");
    return result_died(result, "");
}
