/* SPDX-License-Identifier: MIT */
/* frontend/routes.h - from a request to its answer. */
#ifndef FRONTEND_ROUTES_H
#define FRONTEND_ROUTES_H

struct app;
struct evhttp_request;

/* Answers a request, whatever it is. */
void routes_answer(struct app *app, struct evhttp_request *request);

#endif
