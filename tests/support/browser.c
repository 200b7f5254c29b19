/* SPDX-License-Identifier: MIT */
/* Runs sp-frontend, and visits it as a browser does. */
#define _GNU_SOURCE
#include "browser.h"

#include <criterion/criterion.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sp/client.h>

#include "support/wait.h"

/* ---- the program -------------------------------------------------------- */

#define ARGS_MAX 8
/* So often a browser is sent on at most. */
#define HOPS_MAX 4

static const char *from_env(const char *name, const char *built)
{
    const char *given = getenv(name);

    return given && *given ? given : built;
}

/* see support/harness.h */
#ifdef SP_TEST_SANDBOX
#define SANDBOX "sandbox = " SP_TEST_SANDBOX "\n"
#else
#define SANDBOX "memory = 64M\n"
#endif

const char *frontend_config(void)
{
    static char config[512];

    snprintf(config, sizeof config,
             "[module visitor]\npath = %s\ncall_limit = 1s\n" SANDBOX,
             from_env("SP_TEST_VISITOR", SP_TEST_VISITOR));
    return config;
}

const char *frontend_program(void)
{
    return from_env("SP_TEST_FRONTEND", SP_TEST_FRONTEND);
}

void frontend_start(struct frontend *frontend, const char *const args[])
{
    const char *argv[ARGS_MAX + 4] = {frontend_program(), "--port", "0"};
    unsigned port;

    for (size_t i = 0; args[i]; i++) {
        cr_assert(i < ARGS_MAX);
        argv[3 + i] = args[i];
    }
    program_start(&(struct program_options){.argv = argv, .tied = true},
                  &frontend->program);
    cr_assert(program_wait_output(&frontend->program, "/\n", WAIT_MS),
              "sp-frontend: %s", program_err(&frontend->program));
    cr_assert(sscanf(program_out(&frontend->program),
                     "http://127.0.0.1:%u/\n", &port) == 1);
    frontend->port = (uint16_t)port;
}

void frontend_stop(struct frontend *frontend)
{
    int status;

    kill(frontend->program.pid, SIGTERM);
    status = program_wait(&frontend->program, WAIT_MS);
    cr_expect_eq(status, 0, "sp-frontend ended with %d", status);
    cr_expect_null(strstr(program_err(&frontend->program), "sp-frontend:"));
    program_fini(&frontend->program);
}

void frontend_kill(struct frontend *frontend)
{
    program_fini(&frontend->program);
}

/* ---- the stage ---------------------------------------------------------- */

void stage_set(struct stage *stage, const char *option)
{
    stage->harness = harness_start(frontend_config());
    FRONTEND_START(&stage->frontend, "--runtime-dir",
                   harness_runtime_dir(stage->harness), option);
    cr_assert_eq(sp_client_open(harness_runtime_dir(stage->harness),
                                &stage->client),
                 SP_OK);
}

void stage_clear(struct stage *stage)
{
    sp_client_close(stage->client);
    frontend_stop(&stage->frontend);
    harness_stop(stage->harness);
}

struct browser stage_visitor(const struct stage *stage)
{
    return (struct browser){.port = stage->frontend.port};
}

/* ---- the visitor -------------------------------------------------------- */

/* Copies the text behind a mark, up to the next tag. */
static void text_after(const char *html, const char *mark, char *out,
                       size_t size)
{
    const char *at = strstr(html, mark);

    out[0] = '\0';
    if (!at)
        return;
    at += strlen(mark);
    snprintf(out, size, "%.*s", (int)strcspn(at, "<"), at);
}

static long number_after(const char *html, const char *mark)
{
    char text[32];

    text_after(html, mark, text, sizeof text);
    return *text ? strtol(text, NULL, 10) : -1;
}

static void read_page(struct page *page)
{
    const char *html = page->html;
    const char *news = strstr(html, "<div class=\"news");

    text_after(html, "id=\"id\">", page->id, sizeof page->id);
    text_after(html, "id=\"last-end\">", page->last_end, sizeof page->last_end);
    text_after(html, "<samp>", page->said, sizeof page->said);
    text_after(news ? news : "", "<h2>", page->news, sizeof page->news);
    page->pid = number_after(html, "id=\"pid\">");
    page->count = number_after(html, "id=\"count\">");
    page->restarts = number_after(html, "id=\"restarts\">");
}

static bool keep_cookie(struct browser *browser,
                        const struct http_response *response)
{
    char value[256];

    http_header(response, "Set-Cookie", value, sizeof value);
    if (!*value)
        return false;
    value[strcspn(value, ";")] = '\0';
    strcpy(browser->cookie, value);
    return true;
}

/* Sends one request.  The address that it is sent on to is copied to out. */
static struct page visit(struct browser *browser, const char *method,
                         const char *path, const char *body, char out[64])
{
    struct http_response response;
    struct page page = {0};
    char headers[768];

    snprintf(headers, sizeof headers, "%s%s%s%s",
             body ? "Content-Type: application/x-www-form-urlencoded\r\n" : "",
             *browser->cookie ? "Cookie: " : "", browser->cookie,
             *browser->cookie ? "\r\n" : "");
    response = http_send(&(struct http_request){
        .port = browser->port,
        .method = method,
        .path = path,
        .headers = headers,
        .body = body,
        .body_size = body ? strlen(body) : 0,
    });
    page.status = response.status;
    page.cookie_set = keep_cookie(browser, &response);
    http_header(&response, "Location", out, 64);
    page.html = strdup(response.body);
    cr_assert_not_null(page.html);
    http_free(&response);
    read_page(&page);
    return page;
}

struct page browser_get(struct browser *browser, const char *path)
{
    char location[64];
    struct page page = visit(browser, "GET", path, NULL, location);

    for (int hops = 0; page.status == 303 && hops < HOPS_MAX; hops++) {
        char next[64];
        bool cookie_set = page.cookie_set;

        strcpy(next, location);
        page_free(&page);
        page = visit(browser, "GET", next, NULL, location);
        page.cookie_set = page.cookie_set || cookie_set;
    }
    return page;
}

struct page browser_post(struct browser *browser, const char *path,
                         const char *body)
{
    char location[64];
    struct page page = visit(browser, "POST", path, body, location);

    if (page.status != 303)
        return page;
    page_free(&page);
    return browser_get(browser, location);
}

void page_free(struct page *page)
{
    free(page->html);
    page->html = NULL;
}

void browser_press(struct browser *browser, const char *path)
{
    struct page page = browser_post(browser, path, "");

    cr_expect_eq(page.status, 200, "%s led to %d", path, page.status);
    page_free(&page);
}

void browser_expect_count(struct browser *browser, long count)
{
    struct page page = browser_get(browser, "/");

    cr_expect_eq(page.status, 200);
    cr_expect_eq(page.count, count, "counter shows %ld, not %ld", page.count,
                 count);
    page_free(&page);
}
