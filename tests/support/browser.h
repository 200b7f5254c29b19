/* SPDX-License-Identifier: MIT */
/* support/browser.h - sp-frontend as a test runs it, and a visitor with a
 * cookie.  The programs are those of the build; SP_TEST_FRONTEND and
 * SP_TEST_VISITOR in the environment name others. */
#ifndef SUPPORT_BROWSER_H
#define SUPPORT_BROWSER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "support/harness.h"
#include "support/http.h"
#include "support/program.h"

struct sp_client;

/* A build with sanitizers cannot be confined: no memory limit, no sandbox. */
#ifdef SP_TEST_SANDBOX
#define CANNOT_CONFINE true
#else
#define CANNOT_CONFINE false
#endif

struct frontend {
    struct program program;
    uint16_t port;
};

/* The configuration for spd with the module visitor, and no other. */
const char *frontend_config(void);

/* Starts sp-frontend on any port and returns once it has printed its address.
 * It ends with the test, however that ends.
 * args: more arguments, up to a NULL, at most 8. */
void frontend_start(struct frontend *frontend, const char *const args[]);
#define FRONTEND_START(frontend, ...)                                          \
    frontend_start((frontend), (const char *const[]){__VA_ARGS__, NULL})

/* Ends it by SIGTERM and expects it to exit with 0, without a complaint. */
void frontend_stop(struct frontend *frontend);

/* Kills it, and waits for it alone. */
void frontend_kill(struct frontend *frontend);

/* The path of the program. */
const char *frontend_program(void);

/* spd, the front end, and a client beside it: the scene of most tests. */
struct stage {
    struct harness *harness;
    struct frontend frontend;
    struct sp_client *client;
};

/* Starts all three, the front end with one more argument if not NULL.  Its end
 * fails the test if anything was left behind, as harness_stop() does. */
void stage_set(struct stage *stage, const char *option);
void stage_clear(struct stage *stage);

/* A visitor: what a browser remembers. */
struct browser {
    uint16_t port;
    char cookie[512]; /* "name=value", "" without */
};

/* Somebody who has not been here yet. */
struct browser stage_visitor(const struct stage *stage);

/* What the visitor's page shows. */
struct page {
    int status;
    bool cookie_set; /* this response has set the cookie */
    char id[65];
    long pid;
    long count;
    long restarts;
    char last_end[160]; /* the supervisor's words on the last process */
    char said[64];     /* what the system has answered it */
    char news[64]; /* the heading of the message at the top; "" without */
    char *html;    /* owned */
};

/* Gets an address, goes where it is sent on to, and keeps the cookie that comes
 * with it.  What does not show
 * on the page is "" or -1.  The caller frees the page with page_free(). */
struct page browser_get(struct browser *browser, const char *path);

/* Sends a form and goes where it is sent to (303), if it is; the status and
 * the page are those of the last response. */
struct page browser_post(struct browser *browser, const char *path,
                         const char *body);

void page_free(struct page *page);

/* Sends an empty form and expects to be led to the page. */
void browser_press(struct browser *browser, const char *path);

/* Gets the page and expects it to show this count. */
void browser_expect_count(struct browser *browser, long count);

#endif
