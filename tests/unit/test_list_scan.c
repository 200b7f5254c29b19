/* SPDX-License-Identifier: MIT */
/* The list that is read without objects: what is taken is what jansson makes of
 * it, all else is left as it was. */
#define _GNU_SOURCE
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "client/list_scan.h"
#include "support/leaks.h"
#include "wire/control.h"

TestSuite(list_scan, .fini = leaks_check);

#define HEAD "{\"ok\":true,\"sessions\":["
#define MORE                                                                   \
    "\"module\":\"kv\",\"uid\":4294967295,\"state\":\"running\","              \
    "\"paused\":true,\"pid\":2147483647,\"restarts\":3,"                       \
    "\"age_ms\":9223372036854775807,\"last_end\":\"killed by SIGSEGV (x)\"}"
#define BRIEF(id) "{\"id\":\"" id "\"," MORE
#define LEAST                                                                  \
    "\"module\":\"\",\"state\":\"\",\"last_end\":\"\",\"pid\":0,"              \
    "\"restarts\":0,\"age_ms\":0"
#define ONE(more) HEAD "{\"id\":\"a\"," LEAST more "}]}"

#define MAX 4

struct scanned {
    char *json; /* owned */
    struct sp_session_info infos[MAX];
    size_t count;
    bool taken;
};

/* In memory of exactly its size, for the sanitizer. */
static struct scanned scan(const char *json, size_t max)
{
    struct scanned scanned = {.json = strdup(json)};

    scanned.taken = list_scan(scanned.json, strlen(json), scanned.infos, max,
                              &scanned.count);
    return scanned;
}

static void expect_same(const struct sp_session_info *info,
                        const json_t *session)
{
    struct sp_session_info other;

    cr_assert_eq(info_decode(session, &other), SP_OK);
#define TEXT(key) cr_expect_str_eq(info->key, other.key);
    INFO_TEXTS(TEXT)
#undef TEXT
#define NUMBER(type, key, low, high, without)                                  \
    cr_expect_eq(info->key, other.key, #key);
    INFO_NUMBERS(NUMBER)
#undef NUMBER
#define FLAG(key) cr_expect_eq(info->key, other.key);
    INFO_FLAGS(FLAG)
#undef FLAG
    cr_expect_not(info->has_end);
    cr_expect_null(info->answer);
}

static void expect_taken(const char *json, size_t count)
{
    json_t *answer = json_loads(json, JSON_REJECT_DUPLICATES, NULL);
    struct scanned scanned = scan(json, MAX);

    cr_assert(scanned.taken, "%s", json);
    cr_assert_eq(scanned.count, count);
    for (size_t i = 0; i < count; i++)
        expect_same(&scanned.infos[i],
                    json_array_get(json_object_get(answer, "sessions"), i));
    json_decref(answer);
    free(scanned.json);
}

static void expect_left(const char *json, size_t max)
{
    struct scanned scanned = scan(json, max);

    cr_expect_not(scanned.taken, "%s", json);
    cr_expect_str_eq(scanned.json, json);
    free(scanned.json);
}

Test(list_scan, takes_what_spd_writes)
{
    expect_taken(HEAD "]}", 0);
    expect_taken(HEAD BRIEF("a") "]}", 1);
    expect_taken(HEAD BRIEF("b") "," BRIEF("a") "," BRIEF("c") "]}", 3);
}

Test(list_scan, takes_the_keys_in_any_order_and_those_of_other_versions)
{
    expect_taken(ONE(""), 1);
    expect_taken(ONE(",\"calls\":7,\"doing\":\"a call\",\"waiting\":0"), 1);
    expect_taken(HEAD BRIEF("a") ",{\"last_end\":\"\",\"age_ms\":1,\"pid\":2,"
                                 "\"restarts\":10,\"state\":\"x\",\"module\":"
                                 "\"m\",\"id\":\"z\"}," BRIEF("c") "]}",
                 3);
}

Test(list_scan, takes_sessions_as_short_as_the_header_says)
{
    const size_t around = strlen(HEAD "]}");

    cr_expect_eq(strlen(ONE("")) - around, LIST_SCAN_SESSION_MIN);
}

Test(list_scan, takes_no_more_than_there_is_room_for)
{
    expect_left(HEAD BRIEF("a") "," BRIEF("b") "]}", 1);
    expect_left(HEAD BRIEF("a") "]}", 0);
    expect_taken(HEAD BRIEF("a") "," BRIEF("b") "," BRIEF("c") "," BRIEF(
                     "d") "]}",
                 MAX);
}

/* Some of it is JSON all the same, and a list. */
Test(list_scan, leaves_every_other_form_as_it_was)
{
    static const char *const others[] = {
        "",
        "{\"ok\":false,\"error\":1,\"name\":\"x\",\"text\":\"x\"}",
        "{\"sessions\":[],\"ok\":true}",
        " " HEAD "]}",
        HEAD "]} ",
        HEAD "]}x",
        HEAD " ]}",
        HEAD "],\"new\":1}",
        HEAD "]",
        HEAD,
        HEAD "null]}",
        HEAD "{}]}",
        HEAD BRIEF("a") ",]}",
        HEAD BRIEF("a") BRIEF("b") "]}",
        HEAD BRIEF("") "]}",
        HEAD BRIEF("a/b") "]}",
        HEAD BRIEF("a\\u0062") "]}",
        HEAD BRIEF("a\n") "]}",
        HEAD BRIEF("a\xc3\xa4") "]}",
        HEAD "{" MORE "]}",
        ONE(","),
        ONE(",\"calls\""),
        ONE(",\"calls\":"),
        ONE(",\"calls\": 1"),
        ONE(",\"calls\":01"),
        ONE(",\"calls\":-1"),
        ONE(",\"calls\":1.0"),
        ONE(",\"calls\":1e3"),
        ONE(",\"calls\":\"1\""),
        ONE(",\"calls\":9223372036854775808"),
        ONE(",\"calls\":99999999999999999999"),
        ONE(",\"uid\":4294967296"),
        ONE(",\"uid\":-1"),
        ONE(",\"calls\":1,\"calls\":1"),
        ONE(",\"pid\":0"),
        ONE(",\"paused\":tru"),
        ONE(",\"paused\":1"),
        ONE(",\"paused\":null"),
        ONE(",\"doing\":1"),
        ONE(",\"doing\":\"x"),
        ONE(",\"doing\":\"\\\"\""),
        ONE(",\"new\":1"),
        ONE(",\"call\":1"),
        ONE(",\"callsx\":1"),
        ONE(",\"end\":null"),
        ONE(",\"end\":{\"text\":\"x\"}"),
    };

    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        expect_left(others[i], MAX);
}

Test(list_scan, leaves_what_ends_too_early_or_has_one_byte_changed)
{
    static const char whole[] = HEAD BRIEF("a") "," BRIEF("b") "]}";

    for (size_t i = 0; i < sizeof whole - 1; i++) {
        char part[sizeof whole];

        strcpy(part, whole);
        part[i] = '\0';
        expect_left(part, MAX);
        strcpy(part, whole);
        part[i] = '\x1b';
        expect_left(part, MAX);
    }
}

Test(list_scan, a_nul_among_the_bytes_is_no_end)
{
    char json[] = HEAD "]}\0";

    cr_expect_not(list_scan(json, sizeof json - 1, NULL, 0, &(size_t){0}));
}
