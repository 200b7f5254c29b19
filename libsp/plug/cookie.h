/* SPDX-License-Identifier: MIT */
/* plug/cookie.h - the session cookie's syntax (RFC 6265): find its values in
 * what a visitor sent, write it for the response.  Pure: no sockets, no
 * memory, no libevent. */
#ifndef PLUG_COOKIE_H
#define PLUG_COOKIE_H

#include <stdbool.h>
#include <stddef.h>

#include <sp/evhttp.h>

/* By this prefix browsers take a cookie over TLS only, with Secure and Path=/
 * and without Domain: no other host, and nobody on the way, can have set it. */
#define COOKIE_HOST_PREFIX "__Host-"
/* The longest name, that prefix included, in bytes without the NUL. */
#define COOKIE_NAME_MAX (SP_PLUG_COOKIE_MAX + sizeof COOKIE_HOST_PREFIX - 1)

/* Whether name is a token of 1 to SP_PLUG_COOKIE_MAX bytes. */
bool cookie_name_valid(const char *name);

/* Whether browsers take a cookie of this name only with Secure. */
bool cookie_name_wants_secure(const char *name);

/* A place in a Cookie header's value, which may hold any bytes. */
struct cookie_scan {
    const char *at; /* borrowed */
    size_t left;
};

/* Bytes of the header; not NUL-terminated and not checked in any way. */
struct cookie_value {
    const char *at;
    size_t size;
};

/* Finds the next cookie of exactly this name; false: there is none, and
 * *out_value is untouched.  Quotes around a value are not part of it.  Takes
 * time in proportion to what it passes over, whatever that holds. */
bool cookie_scan_next(struct cookie_scan *scan, const char *name,
                      struct cookie_value *out_value);

/* Name, value, attributes and the NUL fit. */
#define COOKIE_SET_MAX 256

/* The value of the Set-Cookie header.  The name is valid, the value an ID or a
 * sealed one (seal.h). */
void cookie_set_format(char out[COOKIE_SET_MAX], const char *name,
                       const char *value, bool secure);

#endif
