/* SPDX-License-Identifier: MIT */
/* plug/respond.h - the response to what became of a request. */
#ifndef PLUG_RESPOND_H
#define PLUG_RESPOND_H

#include <sp/evhttp.h>

/* Sets the headers that the response has whoever writes it. */
void respond_prepare(struct evhttp_request *request, int status);

/* Sends the response that sp_plug_answer() promises. */
void respond_send(struct evhttp_request *request,
                  const struct sp_plug_outcome *outcome);

#endif
