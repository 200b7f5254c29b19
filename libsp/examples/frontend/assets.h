/* SPDX-License-Identifier: MIT */
/* frontend/assets.h - style.css and script.js, as they are in their files. */
#ifndef FRONTEND_ASSETS_H
#define FRONTEND_ASSETS_H

#include <stddef.h>

extern const char asset_style[], asset_style_end[];
extern const char asset_script[], asset_script_end[];

static inline size_t asset_size(const char *begin, const char *end)
{
    return (size_t)(end - begin);
}

#endif
