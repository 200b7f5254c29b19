/* SPDX-License-Identifier: MIT */
/* plug/claims.h - the session IDs that a request names and that are ours.
 * Whether their sessions live is another question. */
#ifndef PLUG_CLAIMS_H
#define PLUG_CLAIMS_H

#include "plug.h"

/* A browser may send several cookies of one name, for several paths or domains.
 * So many count; the signatures of so many are looked at. */
#define CLAIMS_MAX 4
#define CLAIMS_SIGNED_MAX 16

struct claim {
    char id[SP_ID_MAX + 1];
    bool stale; /* signed by a key that signs no more */
};

struct claims {
    struct claim claim[CLAIMS_MAX];
    unsigned count;
    bool by_header; /* the request has the plug's header: no cookie counts */
};

/* That which the response tells the visitor already comes first. */
void claims_read(const struct sp_plug *plug, struct evhttp_request *request,
                 struct claims *out_claims);

#endif
