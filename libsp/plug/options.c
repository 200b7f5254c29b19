/* SPDX-License-Identifier: MIT */
/* The options of a plug: each setter checks its own value.  What two of them
 * mean together is checked where a plug is made of them (plug.c). */
#include "options.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cookie.h"

struct sp_plug_options *sp_plug_options_new(void)
{
    struct sp_plug_options *options = malloc(sizeof *options);

    if (options)
        *options = PLUG_OPTIONS_DEFAULT;
    return options;
}

void sp_plug_options_free(struct sp_plug_options *options)
{
    if (options)
        keys_erase(&options->keys);
    free(options);
}

enum sp_error sp_plug_options_set_cookie(struct sp_plug_options *options,
                                         const char *name)
{
    if (!options || !name || !cookie_name_valid(name))
        return SP_EINVAL;
    strcpy(options->cookie, name);
    return SP_OK;
}

enum sp_error sp_plug_options_set_header(struct sp_plug_options *options,
                                         const char *name)
{
    if (!options || (name && !cookie_name_valid(name)))
        return SP_EINVAL;
    strcpy(options->header, name ? name : "");
    return SP_OK;
}

enum sp_error sp_plug_options_set_key_file(struct sp_plug_options *options,
                                           const char *path, char *out_text,
                                           size_t text_size)
{
    char text[SP_TEXT_MAX + 1];

    if (!options || (text_size > 0 && !out_text))
        return SP_EINVAL;
    if (text_size == 0) {
        out_text = text;
        text_size = sizeof text;
    }
    if (path)
        return keys_read(path, &options->keys, out_text, text_size);
    if (keys_make(&options->keys))
        return SP_OK;
    snprintf(out_text, text_size, "%s", "the kernel has no random bytes");
    return SP_ESYSTEM;
}

enum sp_error sp_plug_options_set_plain_http(struct sp_plug_options *options,
                                             bool plain_http)
{
    if (!options)
        return SP_EINVAL;
    options->plain_http = plain_http;
    return SP_OK;
}

enum sp_error sp_plug_options_set_secure(struct sp_plug_options *options,
                                         bool secure)
{
    if (!options)
        return SP_EINVAL;
    options->secure = secure;
    return SP_OK;
}

enum sp_error sp_plug_options_set_module(struct sp_plug_options *options,
                                         const char *module)
{
    if (!options || (module && (*module == '\0' ||
                                strlen(module) >= sizeof options->module)))
        return SP_EINVAL;
    strcpy(options->module, module ? module : "");
    return SP_OK;
}

enum sp_error sp_plug_options_set_capacity(struct sp_plug_options *options,
                                           size_t sessions)
{
    if (!options || sessions == 0 || sessions > SP_PLUG_CAPACITY_MAX)
        return SP_EINVAL;
    options->capacity = sessions;
    return SP_OK;
}
