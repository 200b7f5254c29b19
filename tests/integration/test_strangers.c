/* SPDX-License-Identifier: MIT */
/* The front end and strangers: forged cookies, other sites' pages, bytes that
 * are no requests.  None of them reaches a session that is not theirs, costs a
 * process that nobody visits, or stops the server. */
#define _GNU_SOURCE
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sp/client.h>

#include "support/browser.h"
#include "support/harness.h"
#include "support/leaks.h"

TestSuite(strangers, .fini = leaks_check, .timeout = 120);

static size_t sessions(const struct stage *stage)
{
    struct sp_session_list *list;
    size_t count;

    cr_assert_eq(sp_list(stage->client, &list, NULL), SP_OK);
    count = sp_list_count(list);
    sp_list_free(list);
    return count;
}

/* Sends a request that is not expected to lead to a page. */
static int status_of(const struct http_request *request)
{
    struct http_response response = http_send(request);
    int status = response.status;

    http_free(&response);
    return status;
}

/* ---- cookies of others -------------------------------------------------- */

Test(strangers, uses_no_session_that_another_program_started)
{
    struct stage stage;
    struct browser mallory;
    struct page page;
    struct sp_result *result = sp_result_new();

    stage_set(&stage, NULL);
    cr_assert_eq(sp_start(stage.client, "victim", "visitor", NULL, 0, NULL),
                 SP_OK);
    mallory = (struct browser){stage.frontend.port, "sp_session=victim"};
    browser_press(&mallory, "/count");
    strcpy(mallory.cookie, "sp_session=victim");
    page = browser_get(&mallory, "/");
    cr_expect(page.cookie_set);
    cr_expect_str_neq(page.id, "victim");
    cr_expect_str_eq(page.news, "", "nor is it said that it is there");
    browser_press(&mallory, "/count");
    cr_assert_eq(sp_call(stage.client, "victim", "show", 4, 1000, result),
                 SP_OK);
    cr_expect(strstr(sp_result_data(result), "\ncount 0\n"));
    sp_result_free(result);
    page_free(&page);
    stage_clear(&stage);
}

Test(strangers, takes_a_strange_cookie_for_none)
{
    static const char *const cookies[] = {
        "sp_session=",
        "sp_session=../control",
        "sp_session=\"",
        "sp_session=a b",
        "sp_session=%2e%2e",
        "sp_session=f47ac10b-58cc-4372-a567-0e02b2c3d479",
        "sp_session",
        "=; ; ;;=;",
        "\x01\xff\xfe; sp_session=\xc3\x28",
    };
    struct stage stage;

    stage_set(&stage, NULL);
    for (size_t i = 0; i < sizeof cookies / sizeof *cookies; i++) {
        struct browser browser = {.port = stage.frontend.port};
        struct page page;

        strcpy(browser.cookie, cookies[i]);
        page = browser_get(&browser, "/");
        cr_expect_eq(page.status, 200, "%s", cookies[i]);
        cr_expect(page.cookie_set && sp_id_valid(page.id, strlen(page.id)));
        page_free(&page);
    }
    stage_clear(&stage);
}

Test(strangers, finds_its_cookie_among_many)
{
    struct stage stage;
    struct browser ann;
    char cookie[256];

    stage_set(&stage, NULL);
    ann = stage_visitor(&stage);
    browser_expect_count(&ann, 0);
    browser_press(&ann, "/count");
    strcpy(cookie, ann.cookie);
    snprintf(ann.cookie, sizeof ann.cookie,
             "a=b; sp_session=of-another-path; %s; c=d", cookie);
    browser_expect_count(&ann, 1);
    stage_clear(&stage);
}

/* ---- what visitors write ------------------------------------------------ */

/* Writes one note as a form and looks for this HTML in the page. */
static void expect_note(struct browser *browser, const char *form,
                        const char *html)
{
    struct page page = browser_post(browser, "/note", form);
    char item[256];

    snprintf(item, sizeof item, "<li>%s</li>", html);
    cr_expect_eq(page.status, 200);
    cr_expect_not_null(strstr(page.html, item), "no %s in the page", item);
    page_free(&page);
}

Test(strangers, shows_notes_as_text_whatever_they_hold)
{
    struct stage stage;
    struct browser ann;
    struct page page;

    stage_set(&stage, NULL);
    ann = stage_visitor(&stage);
    browser_expect_count(&ann, 0);
    expect_note(&ann, "text=plain+words", "plain words");
    expect_note(&ann, "text=%3Cscript%3Ealert%281%29%3C%2Fscript%3E",
                "&lt;script&gt;alert(1)&lt;/script&gt;");
    expect_note(&ann, "text=%22%27%26%3E", "&quot;&#39;&amp;&gt;");
    expect_note(&ann, "text=a%0D%0Ab%09c", "a  b c");
    expect_note(&ann, "text=%C3%BCn%C3%AF%F0%9F%98%80", "ünï😀");
    expect_note(&ann, "text=%C0%BCb%FF%ED%A0%80",
                "\xef\xbf\xbd\xef\xbf\xbd" "b\xef\xbf\xbd"
                "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd");
    page = browser_get(&ann, "/");
    cr_expect_null(strstr(page.html, "<script>"));
    page_free(&page);
    stage_clear(&stage);
}

Test(strangers, lets_a_page_load_and_run_nothing_but_its_own_files)
{
    struct stage stage;
    struct http_response response;
    char policy[256];

    stage_set(&stage, NULL);
    response = http_send(&(struct http_request){.port = stage.frontend.port});
    http_header(&response, "Content-Security-Policy", policy, sizeof policy);
    cr_expect_str_eq(policy,
                     "default-src 'none'; script-src 'self'; style-src 'self'; "
                     "connect-src 'self'; frame-src 'self'; img-src data:; "
                     "form-action 'self'; base-uri 'none'; "
                     "frame-ancestors 'self'");
    cr_expect_null(strstr(response.body, "<style"));
    cr_expect_null(strstr(response.body, " style="));
    cr_expect_null(strstr(response.body, "<script>"));
    http_free(&response);
    stage_clear(&stage);
}

Test(strangers, keeps_the_newest_notes)
{
    struct stage stage;
    struct browser ann;
    struct page page;

    stage_set(&stage, NULL);
    ann = stage_visitor(&stage);
    browser_expect_count(&ann, 0);
    for (int i = 1; i <= 25; i++) {
        char form[32], note[32];

        snprintf(form, sizeof form, "text=note-%d", i);
        snprintf(note, sizeof note, "note-%d", i);
        expect_note(&ann, form, note);
    }
    page = browser_get(&ann, "/");
    cr_expect_null(strstr(page.html, "<li>note-5</li>"));
    cr_expect_not_null(strstr(page.html, "<li>note-6</li>"));
    page_free(&page);
    stage_clear(&stage);
}

static void expect_form_status(struct browser *browser, size_t size, int status)
{
    char *form = calloc(1, size + 6);
    struct page page;

    cr_assert_not_null(form);
    memset(form, 'x', size + 5);
    memcpy(form, "text=", 5);
    page = browser_post(browser, "/note", form);
    cr_expect_eq(page.status, status, "%zu bytes: %d", size, page.status);
    if (status == 200)
        cr_expect_not_null(strstr(page.html, form + 5), "it is kept whole");
    page_free(&page);
    free(form);
}

Test(strangers, bounds_what_it_takes)
{
    struct stage stage;
    struct browser ann;

    stage_set(&stage, NULL);
    ann = stage_visitor(&stage);
    browser_expect_count(&ann, 0);
    expect_form_status(&ann, 600, 200);
    expect_form_status(&ann, 601, 413);
    expect_form_status(&ann, 8000, 413);
    expect_form_status(&ann, 1000000, 413);
    browser_expect_count(&ann, 0);
    stage_clear(&stage);
}

Test(strangers, survives_requests_that_are_none)
{
    static const char *const requests[] = {
        "\r\n\r\n",
        "GARBAGE\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: localhost\r\nCookie\r\n\r\n",
        "POST /note HTTP/1.1\r\nHost: localhost\r\nContent-Length: -1\r\n\r\n",
        ("POST /note HTTP/1.1\r\nHost: localhost\r\n"
         "Content-Length: 99999999999999999999\r\n\r\n"),
        "GET http://evil.example/ HTTP/1.1\r\nHost: evil.example\r\n\r\n",
    };
    struct stage stage;
    struct browser ann;

    stage_set(&stage, NULL);
    for (size_t i = 0; i < sizeof requests / sizeof *requests; i++) {
        struct http_response response = http_send_raw(
            stage.frontend.port, requests[i], strlen(requests[i]));

        cr_expect(response.status >= 400, "%s: %d", requests[i],
                  response.status);
        http_free(&response);
    }
    ann = stage_visitor(&stage);
    browser_expect_count(&ann, 0);
    cr_expect_eq(sessions(&stage), 1);
    stage_clear(&stage);
}

/* ---- who may ------------------------------------------------------------ */

Test(strangers, refuses_what_other_sites_send)
{
    static const struct {
        const char *method, *host, *headers;
        int status;
    } cases[] = {
        {"GET", "evil.example", NULL, 403},
        {"GET", "127.0.0.1.evil.example", NULL, 403},
        {"GET", "localhost.", NULL, 403},
        {"GET", "localhost:8080", NULL, 200},
        {"GET", "LOCALHOST", NULL, 200},
        {"GET", "[::1]:80", NULL, 200},
        {"POST", NULL, "Origin: http://evil.example\r\n", 403},
        {"POST", NULL, "Origin: null\r\n", 403},
        {"POST", NULL, "Origin: http://127.0.0.1:9\r\n", 403},
        {"POST", NULL, "Origin: http://localhost\r\n", 403},
        {"POST", NULL, "Origin: http://127.0.0.1\r\n", 303},
        {"POST", NULL, "Origin: https://127.0.0.1\r\n", 303},
        {"POST", NULL, "Sec-Fetch-Site: cross-site\r\n", 403},
        {"POST", NULL, "Sec-Fetch-Site: same-site\r\n", 403},
        {"POST", NULL, "Sec-Fetch-Site: same-origin\r\n", 303},
        {"GET", NULL,
         "Sec-Fetch-Site: cross-site\r\nSec-Fetch-Mode: no-cors\r\n"
         "Sec-Fetch-Dest: image\r\n",
         403},
        {"GET", NULL,
         "Sec-Fetch-Site: cross-site\r\nSec-Fetch-Mode: navigate\r\n"
         "Sec-Fetch-Dest: iframe\r\n",
         403},
        {"GET", NULL,
         "Sec-Fetch-Site: cross-site\r\nSec-Fetch-Mode: navigate\r\n"
         "Sec-Fetch-Dest: document\r\n",
         200},
    };
    struct stage stage;
    size_t pages = 0;

    stage_set(&stage, NULL);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        bool posts = strcmp(cases[i].method, "POST") == 0;
        int status = status_of(&(struct http_request){
            .port = stage.frontend.port,
            .method = cases[i].method,
            .path = posts ? "/count" : "/",
            .host = cases[i].host,
            .headers = cases[i].headers,
            .body = posts ? "" : NULL,
        });

        cr_expect_eq(status, cases[i].status, "case %zu: %d", i, status);
        pages += cases[i].status == 200;
    }
    cr_expect_eq(sessions(&stage), pages, "nothing else starts a session");
    stage_clear(&stage);
}

Test(strangers, answers_to_the_name_of_its_proxy)
{
    struct harness *harness = harness_start(frontend_config());
    struct frontend frontend;

    FRONTEND_START(&frontend, "--runtime-dir", harness_runtime_dir(harness),
                   "--host", "shop.example", "--secure");
    cr_expect_eq(status_of(&(struct http_request){.port = frontend.port,
                                                  .host = "shop.example"}),
                 200);
    for (int secure = 0; secure < 2; secure++) {
        struct http_request request = {
            .port = frontend.port,
            .method = "POST",
            .path = "/count",
            .host = "shop.example",
            .headers = secure ? "Origin: https://shop.example\r\n"
                              : "Origin: http://shop.example\r\n",
            .body = "",
        };

        cr_expect_eq(status_of(&request), secure ? 303 : 403);
    }
    frontend_stop(&frontend);
    harness_stop(harness);
}

Test(strangers, starts_a_session_for_its_page_alone)
{
    static const struct {
        const char *method, *path;
        int status;
    } cases[] = {
        {"GET", "/favicon.ico", 404}, {"GET", "//", 404},
        {"GET", "/count", 405},       {"GET", "/crash", 405},
        {"PUT", "/", 405},            {"DELETE", "/", 405},
        {"OPTIONS", "/", 405},        {"POST", "/", 405},
        {"POST", "/count", 303},      {"POST", "/crash", 303},
        {"POST", "/note", 400},       {"POST", "/second/peek", 303},
        {"GET", "/style.css", 200},   {"GET", "/script.js", 200},
        {"GET", "/side-by-side", 200}, {"GET", "/events", 404},
        {"GET", "/second/events", 404}, {"GET", "/second", 404},
        {"GET", "/secondary/", 404},
    };
    struct stage stage;

    stage_set(&stage, NULL);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int status = status_of(&(struct http_request){
            .port = stage.frontend.port,
            .method = cases[i].method,
            .path = cases[i].path,
            .body = strcmp(cases[i].method, "POST") == 0 ? "" : NULL,
        });

        cr_expect_eq(status, cases[i].status, "%s %s: %d", cases[i].method,
                     cases[i].path, status);
    }
    cr_expect_eq(sessions(&stage), 0);
    stage_clear(&stage);
}
