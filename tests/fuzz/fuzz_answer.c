/* SPDX-License-Identifier: MIT */
/* What spd answers under libFuzzer, as the client takes it: an answer makes
 * sense or does not; one that does has strings that are there, IDs that are
 * valid, the order that callers are promised, and numbers that rise; a list
 * that is read without objects is the same; and nothing leaks.  The first byte
 * says what was asked. */
#include <assert.h>
#include <string.h>

#include "client/diagnosis.h"
#include "client/events.h"
#include "client/info.h"
#include "client/list.h"
#include "client/modules.h"
#include "client/stats.h"
#include "wire/control.h"

#define AFTER 3

static size_t seen; /* so that what is read is not optimized away */

static void see(const char *text)
{
    assert(text);
    seen += strlen(text);
}

static void check_end(const struct sp_session_end *end)
{
    if (!end)
        return;
#define TEXT(key) see(sp_end_##key(end));
    END_TEXTS(TEXT)
#undef TEXT
}

static void check_info(const struct sp_session_info *info)
{
#define TEXT(key) see(sp_info_##key(info));
    INFO_TEXTS(TEXT)
#undef TEXT
    assert(sp_id_valid(sp_info_id(info), strlen(sp_info_id(info))));
    assert(sp_info_pid(info) >= 0);
    check_end(sp_info_end(info));
}

static void take_info(json_t *answer)
{
    struct sp_session_info *info = NULL;

    if (info_take(answer, &info) == SP_OK)
        check_info(info);
    sp_info_free(info);
}

static void check_same(const struct sp_session_info *fast,
                       const struct sp_session_info *slow)
{
    check_info(fast);
#define TEXT(key) assert(strcmp(fast->key, slow->key) == 0);
    INFO_TEXTS(TEXT)
#undef TEXT
#define NUMBER(type, key, low, high, without) assert(fast->key == slow->key);
    INFO_NUMBERS(NUMBER)
#undef NUMBER
#define FLAG(key) assert(fast->key == slow->key);
    INFO_FLAGS(FLAG)
#undef FLAG
    assert(!fast->has_end && !slow->has_end);
}

static void take_list(json_t *answer)
{
    struct sp_session_list *list = NULL;

    if (list_take(answer, &list) != SP_OK)
        return;
    for (size_t i = 0; i < sp_list_count(list); i++) {
        check_info(sp_list_at(list, i));
        assert(i == 0 || strcmp(sp_info_id(sp_list_at(list, i - 1)),
                                sp_info_id(sp_list_at(list, i))) <= 0);
    }
    sp_list_free(list);
}

/* Without objects: it takes less, and never anything else. */
static void read_list(const uint8_t *data, size_t size)
{
    struct sp_session_list *list = NULL;
    struct sp_session_list *slow = NULL;
    struct buf json = BUF_EMPTY;
    json_t *answer = control_told(data, size);

    assert(buf_append(&json, data, size) && buf_append(&json, "", 1));
    json.end--;
    list = list_read(&json);
    if (!list) {
        assert(size == 0 || memcmp(buf_data(&json), data, size) == 0);
        json_decref(answer);
        buf_fini(&json);
        return;
    }
    assert(json_is_true(json_object_get(answer, "ok")));
    assert(list_take(answer, &slow) == SP_OK);
    assert(sp_list_count(list) == sp_list_count(slow));
    for (size_t i = 0; i < sp_list_count(list); i++)
        check_same(sp_list_at(list, i), sp_list_at(slow, i));
    sp_list_free(slow);
    sp_list_free(list);
}

static void take_modules(json_t *answer)
{
    struct sp_module_list *modules = NULL;

    if (modules_take(answer, &modules) != SP_OK)
        return;
    for (size_t i = 0; i < sp_modules_count(modules); i++) {
        see(sp_modules_path(modules, i));
        see(sp_modules_name(modules, i));
        assert(i == 0 || strcmp(sp_modules_name(modules, i - 1),
                                sp_modules_name(modules, i)) <= 0);
    }
    sp_modules_free(modules);
}

static void take_stats(json_t *answer)
{
    struct sp_stat_list *stats = NULL;

    if (stats_take(answer, &stats) != SP_OK)
        return;
    for (size_t i = 0; i < sp_stats_count(stats); i++) {
        see(sp_stats_name(stats, i));
        see(sp_stats_help(stats, i));
        seen += sp_stats_value(stats, i);
    }
    sp_stats_free(stats);
}

static void take_diagnosis(json_t *answer)
{
    struct sp_diagnosis *doctor = NULL;

    if (diagnosis_take(answer, &doctor) != SP_OK)
        return;
    for (size_t i = 0; i < sp_doctor_count(doctor); i++) {
        see(sp_doctor_name(doctor, i));
        see(sp_doctor_state(doctor, i));
        see(sp_doctor_needed_by(doctor, i));
        see(sp_doctor_detail(doctor, i));
        see(sp_doctor_follows(doctor, i));
    }
    for (size_t i = 0; i < sp_doctor_tiers(doctor); i++) {
        see(sp_doctor_tier(doctor, i));
        see(sp_doctor_lacks(doctor, i));
    }
    sp_doctor_free(doctor);
}

static void take_events(json_t *answer)
{
    struct sp_event_list *events = NULL;
    unsigned long long last = AFTER;

    if (events_take(answer, AFTER, &events) != SP_OK)
        return;
    for (size_t i = 0; i < sp_events_count(events); i++) {
        const struct sp_event *event = sp_events_at(events, i);

        see(sp_event_id(event));
        see(sp_event_name(event));
        see(sp_event_module(event));
        see(sp_event_text(event));
        assert(sp_event_seq(event) > last);
        last = sp_event_seq(event);
    }
    assert(sp_events_count(events) == 0 || last <= sp_events_next(events));
    sp_events_free(events);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static void (*const takers[])(json_t *) = {take_info,    take_list,
                                               take_modules, take_stats,
                                               take_diagnosis, take_events};
    char text[SP_TEXT_MAX + 1];
    json_t *answer = NULL;

    if (size < 1)
        return 0;
    read_list(data + 1, size - 1);
    if (control_answer_decode(data + 1, size - 1, &answer, text,
                              sizeof text) == SP_OK)
        takers[data[0] % (sizeof takers / sizeof *takers)](answer);
    else
        json_decref(answer);
    return 0;
}
