/* SPDX-License-Identifier: MIT */
/* What a session ID is: part of libsp's public interface, and used by spd. */
#include <sp/id.h>

static bool is_id_char(char c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
           (c >= '0' && c <= '9') || c == '_' || c == '-';
}

bool sp_id_valid(const char *id, size_t len)
{
    if (len < 1 || len > SP_ID_MAX)
        return false;
    for (size_t i = 0; i < len; i++)
        if (!is_id_char(id[i]))
            return false;
    return true;
}
