/* SPDX-License-Identifier: MIT */
/* sp/version.h - the version of libsp: of its headers, and of the library.
 *
 * CMakeLists.txt reads these numbers; they stand nowhere else.
 *
 * Link with -lsp: cc program.c $(pkg-config --cflags --libs libsp)
 *
 * Threads: any number of threads may call it at once. */
#ifndef SP_VERSION_H
#define SP_VERSION_H

#define SP_VERSION_MAJOR 0
#define SP_VERSION_MINOR 1
#define SP_VERSION_PATCH 0

#define SP_VERSION_TEXT_(a, b, c) #a "." #b "." #c
#define SP_VERSION_TEXT_2_(a, b, c) SP_VERSION_TEXT_(a, b, c)
/* "0.1.0" */
#define SP_VERSION \
    SP_VERSION_TEXT_2_(SP_VERSION_MAJOR, SP_VERSION_MINOR, SP_VERSION_PATCH)

#ifdef __cplusplus
extern "C" {
#endif

/* The version of the library that is running, as "0.1.0".  Static storage,
 * never NULL. */
const char *sp_version(void);

#ifdef __cplusplus
}
#endif
#endif
