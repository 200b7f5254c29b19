/* SPDX-License-Identifier: MIT */
/* plug/cookie.h - the session cookie's syntax (RFC 6265): find its values in
 * what a visitor sent, write it for the response.  Pure: no sockets, no
 * memory, no libevent. */
#ifndef PLUG_COOKIE_H
#define PLUG_COOKIE_H

#include <stdbool.h>
#include <stddef.h>

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

/* Name, ID, attributes and the NUL fit. */
#define COOKIE_SET_MAX 256

/* The value of the Set-Cookie header.  Name and ID are valid. */
void cookie_set_format(char out[COOKIE_SET_MAX], const char *name,
                       const char *id, bool secure);

#endif
