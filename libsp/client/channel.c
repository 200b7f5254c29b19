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
    enum sp_progress progress = result->progress;

    if (!*id)
        return result_fail(result, SP_ENOSUP, progress,
                           "the supervisor ended its connection");
    return result_fail(result, SP_EDIED, progress,
                       progress == SP_PROGRESS_NOT_SENT
                           ? "the session died; the request has not run"
                           : "the session died; the request may have run");
}
