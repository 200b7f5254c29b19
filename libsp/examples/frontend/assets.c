/* SPDX-License-Identifier: MIT */
/* The files that a page loads, put into the program by the assembler: the
 * server needs nothing beside itself, and they stay files that an editor and a
 * browser's tools know.  Used by routes.c. */
#include "assets.h"

#define ASSET(name, file)                                                      \
    __asm__(".pushsection .rodata\n"                                           \
            ".global " #name "\n" #name ":\n"                                  \
            ".incbin \"" file "\"\n"                                           \
            ".global " #name "_end\n" #name "_end:\n"                          \
            ".byte 0\n"                                                        \
            ".popsection\n")

ASSET(asset_style, "style.css");
ASSET(asset_script, "script.js");
