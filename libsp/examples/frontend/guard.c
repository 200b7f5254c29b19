/* SPDX-License-Identifier: MIT */
/* Three walls against other sites' pages in our visitors' browsers.
 *
 * Host: a page whose name was made to resolve to 127.0.0.1 counts, for the
 * browser, as same-origin with us; its Host header shows its own name.
 * Origin: a form that was sent must come from our own page.  SameSite=Lax does
 * not see to that alone, since all ports of localhost are one site.
 * Sec-Fetch-*: another site may link to us, but not pull us in as an image or
 * frame: each such request, which comes without cookies, would cost a process.
 *
 * Programs that are no browsers send none of the last two, and pass. */
#define _GNU_SOURCE
#include "guard.h"

#include <stddef.h>
#include <string.h>
#include <strings.h>

static bool is_port(const char *text)
{
    size_t digits = strspn(text, "0123456789");

    return digits >= 1 && digits <= 5 && text[digits] == '\0';
}

/* Loopback under any port, as a tunnel may have it: whoever has a page on the
 * visitor's own machine needs no tricks with names. */
static bool is_loopback(const char *host)
{
    static const char *const names[] = {"127.0.0.1", "localhost", "[::1]"};

    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        size_t len = strlen(names[i]);

        if (strncasecmp(host, names[i], len) == 0 &&
            (host[len] == '\0' ||
             (host[len] == ':' && is_port(host + len + 1))))
            return true;
    }
    return false;
}

static bool is_our_host(const struct guard *guard, const char *host)
{
    return host && (is_loopback(host) ||
                    (guard->host && strcasecmp(host, guard->host) == 0));
}

/* Whether the origin is this request's own host, by a scheme that its visitors
 * use. */
static bool is_our_origin(const struct guard *guard, const char *origin,
                          const char *host)
{
    const char *rest = strstr(origin, "://");
    size_t scheme = rest ? (size_t)(rest - origin) : 0;

    if (!rest || strcasecmp(rest + 3, host) != 0)
        return false;
    if (scheme == 5 && strncasecmp(origin, "https", 5) == 0)
        return true;
    return scheme == 4 && strncasecmp(origin, "http", 4) == 0 &&
           (!guard->secure || is_loopback(host));
}

static bool equals(const char *value, const char *expected)
{
    return value && strcmp(value, expected) == 0;
}

static bool is_from_elsewhere(const struct guard_request *request)
{
    return request->fetch_site && !equals(request->fetch_site, "same-origin") &&
           !equals(request->fetch_site, "none");
}

/* A link that the visitor followed, to the page as a whole. */
static bool is_plain_link(const struct guard_request *request)
{
    return !request->writes && equals(request->fetch_mode, "navigate") &&
           equals(request->fetch_dest, "document");
}

enum guard_verdict guard_check(const struct guard *guard,
                               const struct guard_request *request)
{
    if (!is_our_host(guard, request->host))
        return GUARD_HOST;
    if (request->writes && request->origin &&
        !is_our_origin(guard, request->origin, request->host))
        return GUARD_OTHER;
    if (is_from_elsewhere(request) && !is_plain_link(request))
        return GUARD_OTHER;
    return GUARD_PASS;
}
