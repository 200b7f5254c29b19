/* SPDX-License-Identifier: MIT */
/* The front end: every visitor has a process, and nobody has another's.  The
 * real spd, sp-frontend and the module visitor, over real HTTP. */
#define _GNU_SOURCE
#include <criterion/criterion.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sp/client.h>

#include "support/browser.h"
#include "support/harness.h"
#include "support/leaks.h"
#include "support/leftovers.h"
#include "support/wait.h"

TestSuite(frontend, .fini = leaks_check, .timeout = 120);

/* ---- sessions ----------------------------------------------------------- */

Test(frontend, gives_each_visitor_a_process_of_his_own)
{
    struct stage stage;
    struct browser ann, bob;
    struct page a, b;
    pid_t pid;

    stage_set(&stage, NULL);
    ann = stage_visitor(&stage);
    bob = stage_visitor(&stage);
    a = browser_get(&ann, "/");
    b = browser_get(&bob, "/");
    cr_expect_eq(a.status, 200);
    cr_expect_str_neq(a.id, b.id);
    cr_expect_neq(a.pid, b.pid);
    cr_expect_eq(a.count, 0);
    cr_expect_eq(a.restarts, 0);
    cr_expect_str_eq(a.news, "");
    cr_expect_eq(sp_session_pid(stage.client, a.id, &pid, NULL), SP_OK);
    cr_expect_eq(pid, a.pid);
    browser_press(&ann, "/count");
    browser_press(&ann, "/count");
    browser_press(&bob, "/count");
    browser_expect_count(&ann, 2);
    browser_expect_count(&bob, 1);
    page_free(&a);
    page_free(&b);
    stage_clear(&stage);
}

Test(frontend, sets_the_cookie_once)
{
    struct stage stage;
    struct browser ann;
    struct page first, second;

    stage_set(&stage, NULL);
    ann = stage_visitor(&stage);
    first = browser_get(&ann, "/");
    second = browser_get(&ann, "/");
    cr_expect(first.cookie_set);
    cr_expect(!second.cookie_set);
    cr_expect_str_eq(second.id, first.id);
    cr_expect_eq(second.pid, first.pid);
    page_free(&first);
    page_free(&second);
    stage_clear(&stage);
}

Test(frontend, answers_head_with_headers_alone)
{
    struct stage stage;
    struct http_response response;

    stage_set(&stage, NULL);
    response = http_send(&(struct http_request){.port = stage.frontend.port,
                                                .method = "HEAD"});
    cr_expect_eq(response.status, 200);
    cr_expect_eq(response.body_size, 0);
    http_free(&response);
    stage_clear(&stage);
}

static void expect_cookie(const struct stage *stage, const char *name,
                          const char *expected)
{
    struct http_response response =
        http_send(&(struct http_request){.port = stage->frontend.port});
    char value[256];

    http_header(&response, "Set-Cookie", value, sizeof value);
    cr_expect_eq(strncmp(value, name, strlen(name)), 0, "%s", value);
    cr_expect_str_eq(value + strcspn(value, ";"), expected);
    http_header(&response, "Cache-Control", value, sizeof value);
    cr_expect_str_eq(value, "no-store");
    http_free(&response);
}

Test(frontend, keeps_the_cookie_from_scripts_and_other_sites)
{
    struct stage stage;

    stage_set(&stage, NULL);
    expect_cookie(&stage, "sp_session=",
                  "; Path=/; HttpOnly; SameSite=Lax");
    stage_clear(&stage);
}

Test(frontend, keeps_the_cookie_to_tls_when_told)
{
    struct stage stage;

    stage_set(&stage, "--secure");
    expect_cookie(&stage, "__Host-sp_session=",
                  "; Path=/; HttpOnly; SameSite=Lax; Secure");
    stage_clear(&stage);
}

Test(frontend, answers_from_a_fresh_process_after_a_crash)
{
    struct stage stage;
    struct browser ann, bob;
    struct page before, after, other;
    char news[64];

    stage_set(&stage, NULL);
    ann = stage_visitor(&stage);
    bob = stage_visitor(&stage);
    before = browser_get(&ann, "/");
    other = browser_get(&bob, "/");
    browser_press(&ann, "/count");
    browser_press(&bob, "/count");
    after = browser_post(&ann, "/crash", "");
    snprintf(news, sizeof news, "Process %ld crashed", before.pid);
    cr_expect_str_eq(after.news, news);
    cr_expect_str_eq(after.id, before.id);
    cr_expect_neq(after.pid, before.pid);
    cr_expect_eq(after.restarts, 1);
    cr_expect_eq(strncmp(after.last_end, "killed by SIGSEGV in a call", 27), 0,
                 "%s", after.last_end);
    cr_expect_eq(after.count, 0);
    page_free(&after);
    after = browser_get(&bob, "/");
    cr_expect_eq(after.pid, other.pid);
    cr_expect_eq(after.count, 1);
    cr_expect_eq(after.restarts, 0);
    page_free(&before);
    page_free(&other);
    page_free(&after);
    stage_clear(&stage);
}

/* Does something to ann's process that it does not survive, and expects the
 * page to say this of it, and bob's to be untouched. */
static void expect_end_by(const char *path, const char *title,
                          const char *words)
{
    struct stage stage;
    struct browser ann, bob;
    struct page before, after, other;
    char news[128];

    stage_set(&stage, NULL);
    ann = stage_visitor(&stage);
    bob = stage_visitor(&stage);
    before = browser_get(&ann, "/");
    other = browser_get(&bob, "/");
    browser_press(&ann, "/count");
    browser_press(&bob, "/count");
    after = browser_post(&ann, path, "");
    snprintf(news, sizeof news, "Process %ld %s", before.pid, title);
    cr_expect_str_eq(after.news, news);
    cr_expect(strstr(after.last_end, words), "%s", after.last_end);
    cr_expect_str_eq(after.id, before.id);
    cr_expect_neq(after.pid, before.pid);
    cr_expect_eq(after.count, 0);
    page_free(&after);
    after = browser_get(&bob, "/");
    cr_expect_eq(after.pid, other.pid);
    cr_expect_eq(after.count, 1);
    cr_expect_str_eq(after.news, "");
    page_free(&before);
    page_free(&other);
    page_free(&after);
    stage_clear(&stage);
}

Test(frontend, tells_that_the_watchdog_has_ended_an_endless_loop)
{
    expect_end_by("/spin", "was ended by the watchdog",
                  "hung, beyond call_limit: killed by SIGKILL");
}

Test(frontend, tells_that_the_memory_limit_has_ended_a_memory_bomb,
     .disabled = CANNOT_CONFINE)
{
    expect_end_by("/bomb", "was ended by its memory limit",
                  "killed by SIGABRT");
}

Test(frontend, shows_what_the_sandbox_said_to_a_peek_and_the_process_lives,
     .disabled = CANNOT_CONFINE)
{
    struct stage stage;
    struct browser ann;
    struct page before, after;

    stage_set(&stage, NULL);
    ann = stage_visitor(&stage);
    before = browser_get(&ann, "/");
    cr_expect_str_eq(before.said, "");
    after = browser_post(&ann, "/peek", "");
    cr_expect_eq(strncmp(after.said, "open /etc/passwd: ", 18), 0, "%s",
                 after.said);
    cr_expect_null(strstr(after.said, "it can be read"));
    cr_expect_eq(after.pid, before.pid);
    cr_expect_str_eq(after.news, "");
    page_free(&before);
    page_free(&after);
    stage_clear(&stage);
}

Test(frontend, has_a_second_desk_where_one_browser_is_another_visitor)
{
    struct stage stage;
    struct browser ann, second;
    struct page a, b;

    stage_set(&stage, NULL);
    ann = second = stage_visitor(&stage);
    a = browser_get(&ann, "/");
    strcpy(second.cookie, ann.cookie);
    b = browser_get(&second, "/second/");
    cr_expect_eq(strncmp(second.cookie, "sp_second=", 10), 0);
    cr_expect_str_neq(a.id, b.id);
    page_free(&b);
    b = browser_post(&second, "/second/count", "");
    cr_expect_eq(b.count, 1);
    browser_expect_count(&ann, 0);
    page_free(&a);
    page_free(&b);
    stage_clear(&stage);
}

/* ---- live --------------------------------------------------------------- */

/* The Cookie header of a visitor, as a line. */
static const char *cookie_header(const struct browser *browser)
{
    static char line[600];

    snprintf(line, sizeof line, "Cookie: %s\r\n", browser->cookie);
    return line;
}

/* Reads what comes until this has come; what is there is kept in out. */
static void read_until(int fd, char *out, size_t size, const char *text)
{
    size_t len = strlen(out);

    while (!strstr(out, text)) {
        ssize_t got;

        cr_assert(wait_readable(fd, WAIT_MS), "no %s in: %s", text, out);
        got = read(fd, out + len, size - 1 - len);
        cr_assert_gt(got, 0, "no %s in: %s", text, out);
        len += (size_t)got;
        out[len] = '\0';
    }
}

Test(frontend, tells_an_open_page_what_happens_and_whom_else_there_is)
{
    static char events[65536];
    struct stage stage;
    struct browser ann, bob;
    struct page page;
    char tile[64];
    int window;

    stage_set(&stage, NULL);
    ann = stage_visitor(&stage);
    bob = stage_visitor(&stage);
    page = browser_get(&ann, "/");
    window = http_dial(&(struct http_request){
        .port = stage.frontend.port,
        .path = "/events",
        .headers = cookie_header(&ann)});
    read_until(window, events, sizeof events, "event: begun\n");
    read_until(window, events, sizeof events, "event: board\n");
    browser_press(&ann, "/count");
    read_until(window, events, sizeof events, "data: count 1\n");
    browser_expect_count(&bob, 0);
    snprintf(tile, sizeof tile, "data-number=\"2\"");
    read_until(window, events, sizeof events, tile);
    browser_press(&ann, "/crash");
    read_until(window, events, sizeof events, "event: crash\n");
    read_until(window, events, sizeof events, "event: gap\n");
    read_until(window, events, sizeof events, "<em>crashed</em>");
    cr_expect_null(strstr(strstr(events, "event: board"), page.id),
                   "nobody is told another's ID");
    close(window);
    page_free(&page);
    stage_clear(&stage);
}

Test(frontend, gives_a_fresh_session_when_the_old_one_is_given_up)
{
    struct stage stage;
    struct browser ann, bob;
    struct page first, last = {0};

    stage_set(&stage, NULL);
    ann = stage_visitor(&stage);
    bob = stage_visitor(&stage);
    first = browser_get(&ann, "/");
    browser_expect_count(&bob, 0);
    browser_press(&bob, "/count");
    for (int crash = 0; crash < 4; crash++) {
        page_free(&last);
        last = browser_post(&ann, "/crash", "");
        cr_expect_eq(last.status, 200);
    }
    cr_expect_str_eq(last.news, "That session was given up");
    cr_expect(last.cookie_set);
    cr_expect_str_neq(last.id, first.id);
    cr_expect_eq(last.restarts, 0);
    browser_press(&ann, "/count");
    browser_expect_count(&ann, 1);
    browser_expect_count(&bob, 1);
    page_free(&first);
    page_free(&last);
    stage_clear(&stage);
}

Test(frontend, tells_a_visitor_whose_session_was_stopped)
{
    struct stage stage;
    struct browser ann;
    struct page first, second;

    stage_set(&stage, NULL);
    ann = stage_visitor(&stage);
    first = browser_get(&ann, "/");
    cr_assert_eq(sp_terminate(stage.client, first.id, NULL), SP_OK);
    second = browser_post(&ann, "/count", "");
    cr_expect_str_eq(second.news, "Your session has ended");
    cr_expect_str_neq(second.id, first.id);
    cr_expect_eq(second.count, 0, "nothing was done to the new session");
    page_free(&first);
    page_free(&second);
    stage_clear(&stage);
}

/* ---- trouble ------------------------------------------------------------ */

/* Pauses the session of this process, or lets it go on. */
static void hold(const struct stage *stage, pid_t pid,
                 enum sp_error (*act)(struct sp_client *client, const char *id,
                                      struct sp_result *result))
{
    struct sp_session_list *list;
    struct sp_client *client;

    cr_assert_eq(
        sp_client_open(harness_runtime_dir(stage->harness), &client), SP_OK);
    cr_assert_eq(sp_list(client, &list, NULL), SP_OK);
    for (size_t i = 0; i < sp_list_count(list); i++) {
        const struct sp_session_info *info = sp_list_at(list, i);

        if (sp_info_pid(info) == pid)
            cr_assert_eq(act(client, sp_info_id(info), NULL), SP_OK);
    }
    sp_list_free(list);
    sp_client_close(client);
}

Test(frontend, gives_up_waiting_for_a_stuck_process)
{
    struct stage stage;
    struct browser ann, bob;
    struct page page;
    pid_t pid;

    stage_set(&stage, NULL);
    ann = stage_visitor(&stage);
    bob = stage_visitor(&stage);
    page = browser_get(&ann, "/");
    pid = (pid_t)page.pid;
    page_free(&page);
    hold(&stage, pid, sp_pause);
    page = browser_get(&ann, "/");
    cr_expect_eq(page.status, 504);
    page_free(&page);
    browser_expect_count(&bob, 0);
    hold(&stage, pid, sp_resume);
    browser_expect_count(&ann, 0);
    stage_clear(&stage);
}

Test(frontend, serves_others_while_one_visitors_process_is_stuck)
{
    struct stage stage;
    struct browser ann, bob;
    struct page page;
    int waiting;

    stage_set(&stage, NULL);
    ann = stage_visitor(&stage);
    bob = stage_visitor(&stage);
    page = browser_get(&ann, "/");
    hold(&stage, (pid_t)page.pid, sp_pause);
    waiting = http_dial(&(struct http_request){
        .port = stage.frontend.port, .headers = cookie_header(&ann)});
    for (int i = 0; i < 20; i++)
        browser_expect_count(&bob, 0);
    cr_expect_not(wait_readable(waiting, 0), "ann still waits");
    hold(&stage, (pid_t)page.pid, sp_resume);
    cr_expect(wait_readable(waiting, WAIT_MS));
    close(waiting);
    page_free(&page);
    stage_clear(&stage);
}

Test(frontend, says_that_the_supervisor_is_gone_and_finds_it_again)
{
    struct stage stage;
    struct browser ann;
    struct page page;

    stage_set(&stage, NULL);
    ann = stage_visitor(&stage);
    browser_expect_count(&ann, 0);
    harness_end_life(stage.harness);
    page = browser_get(&ann, "/");
    cr_expect_eq(page.status, 503);
    page_free(&page);
    harness_start_spd(stage.harness);
    page = browser_get(&ann, "/");
    cr_expect_eq(page.status, 200);
    cr_expect_str_eq(page.news, "Your session has ended");
    page_free(&page);
    stage_clear(&stage);
}
