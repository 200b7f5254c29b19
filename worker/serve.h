/* SPDX-License-Identifier: MIT */
/* worker/serve.h - what happens to each call and cast of a session. */
#ifndef WORKER_SERVE_H
#define WORKER_SERVE_H

#include "endpoint/endpoint.h"

/* For the endpoint of a struct sp_session, which is their context. */
extern const struct endpoint_handlers serve_handlers;

#endif
