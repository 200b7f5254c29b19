/* SPDX-License-Identifier: MIT */
/* The session cookie's syntax.  What visitors send is split as browsers join
 * it, at semicolons, and nothing is said about the bytes in between: whether a
 * value is a session ID, and whose, is the plug's to decide (plug.c). */
#define _GNU_SOURCE
#include "cookie.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "seal.h"

static_assert(COOKIE_NAME_MAX + SEAL_MAX +
                      sizeof "=; Path=/; HttpOnly; SameSite=Lax; Secure" <=
                  COOKIE_SET_MAX,
              "every Set-Cookie value fits");

/* tchar of RFC 9110, section 5.6.2 */
#define TOKEN_BYTES                                                            \
    "!#$%&'*+-.^_`|~0123456789"                                                \
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"

bool cookie_name_valid(const char *name)
{
    size_t len = strnlen(name, SP_PLUG_COOKIE_MAX + 1);

    return len > 0 && len <= SP_PLUG_COOKIE_MAX &&
           strspn(name, TOKEN_BYTES) == len;
}

bool cookie_name_wants_secure(const char *name)
{
    /* browsers compare these prefixes without regard to case */
    return strncasecmp(name, COOKIE_HOST_PREFIX, strlen(COOKIE_HOST_PREFIX)) ==
               0 ||
           strncasecmp(name, "__Secure-", strlen("__Secure-")) == 0;
}

static bool is_blank(char byte)
{
    return byte == ' ' || byte == '\t';
}

static struct cookie_value trimmed(struct cookie_value text)
{
    while (text.size > 0 && is_blank(text.at[0])) {
        text.at++;
        text.size--;
    }
    while (text.size > 0 && is_blank(text.at[text.size - 1]))
        text.size--;
    return text;
}

static struct cookie_value unquoted(struct cookie_value text)
{
    if (text.size >= 2 && text.at[0] == '"' && text.at[text.size - 1] == '"') {
        text.at++;
        text.size -= 2;
    }
    return text;
}

/* The bytes up to the next semicolon, which is passed over. */
static struct cookie_value next_pair(struct cookie_scan *scan)
{
    const char *end = memchr(scan->at, ';', scan->left);
    struct cookie_value pair = {scan->at, scan->left};

    if (end) {
        pair.size = (size_t)(end - scan->at);
        scan->at = end + 1;
        scan->left -= pair.size + 1;
    } else {
        scan->at += scan->left;
        scan->left = 0;
    }
    return pair;
}

bool cookie_scan_next(struct cookie_scan *scan, const char *name,
                      struct cookie_value *out_value)
{
    size_t name_size = strlen(name);

    while (scan->left > 0) {
        struct cookie_value pair = next_pair(scan);
        const char *equals = memchr(pair.at, '=', pair.size);
        struct cookie_value key, value;

        if (!equals)
            continue;
        key = trimmed(
            (struct cookie_value){pair.at, (size_t)(equals - pair.at)});
        if (key.size != name_size || memcmp(key.at, name, name_size) != 0)
            continue;
        value.at = equals + 1;
        value.size = (size_t)(pair.at + pair.size - value.at);
        *out_value = unquoted(trimmed(value));
        return true;
    }
    return false;
}

void cookie_set_format(char out[COOKIE_SET_MAX], const char *name,
                       const char *value, bool secure)
{
    snprintf(out, COOKIE_SET_MAX, "%s=%s; Path=/; HttpOnly; SameSite=Lax%s",
             name, value, secure ? "; Secure" : "");
}
