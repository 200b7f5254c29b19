/* SPDX-License-Identifier: MIT */
/* New session IDs.  What a valid one is, is base/id's to say. */
#include <uuid/uuid.h>

#include <sp/id.h>

void sp_session_id_new(char out_id[SP_ID_MAX + 1])
{
    uuid_t uuid;

    uuid_generate_random(uuid);
    uuid_unparse_lower(uuid, out_id);
}
