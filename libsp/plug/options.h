/* SPDX-License-Identifier: MIT */
/* plug/options.h - what is behind <sp/evhttp.h>'s struct sp_plug_options. */
#ifndef PLUG_OPTIONS_H
#define PLUG_OPTIONS_H

#include <sp/evhttp.h>

struct sp_plug_options {
    char cookie[SP_PLUG_COOKIE_MAX + 1];
    char module[SP_ID_MAX + 1]; /* "": the supervisor's default */
    bool secure;
    size_t capacity;
};

#define PLUG_OPTIONS_DEFAULT                                                   \
    ((struct sp_plug_options){.cookie = SP_PLUG_COOKIE,                        \
                              .capacity = SP_PLUG_CAPACITY})

#endif
