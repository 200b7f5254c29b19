/* SPDX-License-Identifier: MIT */
/* plug/options.h - what is behind <sp/evhttp.h>'s struct sp_plug_options. */
#ifndef PLUG_OPTIONS_H
#define PLUG_OPTIONS_H

#include <sp/evhttp.h>

#include "keys.h"

struct sp_plug_options {
    char cookie[SP_PLUG_COOKIE_MAX + 1];
    char header[SP_PLUG_COOKIE_MAX + 1]; /* "": none */
    char module[SP_ID_MAX + 1];          /* "": the supervisor's default */
    bool secure;
    bool plain_http; /* of a plug with keys: it is not to be secure */
    size_t capacity;
    struct keys keys; /* none: the plug remembers its sessions */
};

#define PLUG_OPTIONS_DEFAULT                                                   \
    ((struct sp_plug_options){.cookie = SP_PLUG_COOKIE,                        \
                              .capacity = SP_PLUG_CAPACITY})

#endif
