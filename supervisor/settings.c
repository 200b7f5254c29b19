/* SPDX-License-Identifier: MIT */
/* Rows of the tables of settings, and values to and from text.  Pure: which
 * file a value stands in is config.c's business. */
#define _GNU_SOURCE
#include "settings.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sp/id.h>

#define ROW(TYPE, name, initial, min, max, help)                               \
    {SETTING_##TYPE, #name, initial, min, max, help,                           \
     offsetof(struct SETTINGS_STRUCT, name)},

#define SETTINGS_STRUCT supervisor_settings
const struct setting supervisor_setting_rows[] = {SUPERVISOR_SETTINGS(ROW)};
#undef SETTINGS_STRUCT
#define SETTINGS_STRUCT module_settings
const struct setting module_setting_rows[] = {MODULE_SETTINGS(ROW)};
#undef SETTINGS_STRUCT

const size_t supervisor_setting_count =
    sizeof supervisor_setting_rows / sizeof supervisor_setting_rows[0];
const size_t module_setting_count =
    sizeof module_setting_rows / sizeof module_setting_rows[0];

/* ---- units and words ---- */

struct unit {
    const char *name;
    uint64_t factor;
};

static const struct unit size_units[] = {
    {"", 1}, {"K", 1 << 10}, {"M", 1 << 20}, {"G", 1 << 30}, {NULL, 0}};
static const struct unit duration_units[] = {
    {"ms", 1}, {"s", 1000}, {"m", 60000}, {"h", 3600000}, {NULL, 0}};
static const struct unit no_units[] = {{"", 1}, {NULL, 0}};

/* in the order of their enums */
static const char *const levels[] = {"error", "warning", "info", "debug",
                                     NULL};
static const char *const tiers[] = {
#define TIER(NAME, word) word,
    SANDBOX_TIER_TABLE(TIER)
#undef TIER
    NULL};
static const char *const switches[] = {"no", "yes", NULL};
static const char *const templates[] = {"none", "shared", NULL};
static const char *const framings[] = {
#define FRAMING_WORD(NAME, word) word,
    FRAMING_TABLE(FRAMING_WORD)
#undef FRAMING_WORD
    NULL};
static const char *const endings[] = {"abort", "kill", NULL};
static const char *const restarts[] = {"permanent", "transient", "temporary",
                                       NULL};

/* Of a type that is one of some words; NULL: it is not. */
static const char *const *words_of(enum setting_type type)
{
    static const char *const *const words[] = {
        [SETTING_LEVEL] = levels,       [SETTING_RESTART] = restarts,
        [SETTING_ENDING] = endings,     [SETTING_SANDBOX] = tiers,
        [SETTING_SWITCH] = switches,    [SETTING_TEMPLATE] = templates,
        [SETTING_FRAMING] = framings,
    };

    return type < sizeof words / sizeof words[0] ? words[type] : NULL;
}

static const struct unit *units_of(enum setting_type type)
{
    switch (type) {
    case SETTING_SIZE:
        return size_units;
    case SETTING_DURATION:
        return duration_units;
    case SETTING_COUNT:
    case SETTING_NAME:
    case SETTING_PATH:
    case SETTING_LEVEL:
    case SETTING_RESTART:
    case SETTING_ENDING:
    case SETTING_SANDBOX:
    case SETTING_SWITCH:
    case SETTING_TEMPLATE:
    case SETTING_PATHS:
    case SETTING_WORDS:
    case SETTING_FRAMING:
    case SETTING_UIDS:
    case SETTING_CGROUP:
        break;
    }
    return no_units;
}

static int parse_number(const struct unit *units, const char *value,
                        uint64_t *out_number)
{
    char *end;
    uint64_t number;

    if (!isdigit((unsigned char)value[0]))
        return -1;
    errno = 0;
    number = strtoumax(value, &end, 10);
    if (errno != 0)
        return -1;
    for (const struct unit *unit = units; unit->name; unit++)
        if (strcmp(end, unit->name) == 0)
            return __builtin_mul_overflow(number, unit->factor, out_number)
                       ? -1
                       : 0;
    return -1;
}

/* In the largest unit that it is a whole number of. */
static void format_number(const struct unit *units, uint64_t number, char *out,
                          size_t out_size)
{
    const struct unit *best = units;

    for (const struct unit *unit = units; unit->name; unit++)
        if (number > 0 && number % unit->factor == 0)
            best = unit;
    snprintf(out, out_size, "%" PRIu64 "%s", number / best->factor,
             best->name);
}

static int parse_word(const char *const *words, const char *value,
                      uint64_t *out_index)
{
    for (size_t i = 0; words[i]; i++)
        if (strcmp(value, words[i]) == 0) {
            *out_index = i;
            return 0;
        }
    return -1;
}

/* "a, b or c" */
static void list_words(const char *const *words, char *out, size_t out_size)
{
    size_t len = 0;

    for (size_t i = 0; words[i] && len < out_size; i++)
        len += (size_t)snprintf(out + len, out_size - len, "%s%s",
                                i == 0         ? ""
                                : words[i + 1] ? ", "
                                               : " or ",
                                words[i]);
}

/* ---- settings ---- */

static bool may_be_off(const struct setting *row)
{
    return strcmp(row->initial, "off") == 0;
}

void setting_describe(const struct setting *row, char *out, size_t out_size)
{
    const char *off = may_be_off(row) ? "off, or " : "";
    char min[32];
    char max[32];

    format_number(units_of(row->type), row->min, min, sizeof min);
    format_number(units_of(row->type), row->max, max, sizeof max);
    if (words_of(row->type)) {
        list_words(words_of(row->type), out, out_size);
        return;
    }
    switch (row->type) {
    case SETTING_COUNT:
        snprintf(out, out_size, "%sa whole number, %s to %s", off, min, max);
        return;
    case SETTING_SIZE:
        snprintf(out, out_size, "%sa size in bytes, K, M or G, %s to %s", off,
                 min, max);
        return;
    case SETTING_DURATION:
        snprintf(out, out_size, "%sa time in ms, s, m or h, %s to %s", off, min,
                 max);
        return;
    case SETTING_NAME:
        snprintf(out, out_size, "a name, 1 to %d of A-Z a-z 0-9 _ -",
                 SP_ID_MAX);
        return;
    case SETTING_PATH:
        snprintf(out, out_size, "an absolute path");
        return;
    case SETTING_PATHS:
        snprintf(out, out_size, "absolute paths, separated by spaces, %d bytes",
                 SANDBOX_PATHS_MAX - 1);
        return;
    case SETTING_WORDS:
        snprintf(out, out_size, "an absolute path, and words, separated by "
                                "spaces");
        return;
    case SETTING_UIDS:
        snprintf(out, out_size, "user IDs but 0, FIRST-LAST");
        return;
    case SETTING_CGROUP:
        snprintf(out, out_size, "auto, off or an absolute path");
        return;
    default: /* one of some words */
        return;
    }
}

static int set_text(char **field, const char *value)
{
    char *copy = strdup(value);

    if (!copy)
        return -1;
    free(*field);
    *field = copy;
    return 0;
}

static int set_number(const struct setting *row, const char *value,
                      uint64_t *field)
{
    uint64_t number;

    if (may_be_off(row) && strcmp(value, "off") == 0) {
        *field = 0;
        return 0;
    }
    if (parse_number(units_of(row->type), value, &number) < 0 ||
        number < row->min || number > row->max)
        return -1;
    *field = number;
    return 0;
}

static bool are_paths(const char *value)
{
    if (strlen(value) >= SANDBOX_PATHS_MAX)
        return false;
    for (value += strspn(value, " \t"); *value;
         value += strspn(value, " \t")) {
        if (*value != '/')
            return false;
        value += strcspn(value, " \t");
    }
    return true;
}

bool setting_uids(const char *value, uid_t *out_first, uid_t *out_last)
{
    const char *dash = strchr(value, '-');
    uint64_t first, last;
    char text[16];

    if (!dash || dash - value >= (ptrdiff_t)sizeof text)
        return false;
    snprintf(text, sizeof text, "%.*s", (int)(dash - value), value);
    if (parse_number(no_units, text, &first) < 0 ||
        parse_number(no_units, dash + 1, &last) < 0 || first == 0 ||
        first > last || last >= SANDBOX_NO_UID)
        return false;
    *out_first = (uid_t)first;
    *out_last = (uid_t)last;
    return true;
}

static int set_value(const struct setting *row, const char *value, void *field)
{
    if (words_of(row->type))
        return parse_word(words_of(row->type), value, field);
    switch (row->type) {
    case SETTING_COUNT:
    case SETTING_SIZE:
    case SETTING_DURATION:
        return set_number(row, value, field);
    case SETTING_PATHS:
        return are_paths(value) ? set_text(field, value) : -1;
    case SETTING_WORDS:
        return *value == '/' || !*value ? set_text(field, value) : -1;
    case SETTING_UIDS:
        return setting_uids(value, &(uid_t){0}, &(uid_t){0})
                   ? set_text(field, value)
                   : -1;
    case SETTING_CGROUP:
        return value[0] == '/' || strcmp(value, "auto") == 0 ||
                       strcmp(value, "off") == 0
                   ? set_text(field, value)
                   : -1;
    case SETTING_NAME:
        return sp_id_valid(value, strlen(value)) ? set_text(field, value) : -1;
    case SETTING_PATH:
        return value[0] == '/' ? set_text(field, value) : -1;
    default: /* one of some words */
        break;
    }
    return -1;
}

int setting_parse(const struct setting *row, const char *value, void *fields,
                  char *out_text, size_t text_size)
{
    char wanted[128];

    if (set_value(row, value, (char *)fields + row->offset) == 0)
        return 0;
    setting_describe(row, wanted, sizeof wanted);
    snprintf(out_text, text_size, "%s = %.100s: must be %s", row->name, value,
             wanted);
    return -1;
}

const struct setting *setting_find(const struct setting *rows, size_t count,
                                   const char *name)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(rows[i].name, name) == 0)
            return &rows[i];
    return NULL;
}

static int is_text(const struct setting *row)
{
    return row->type == SETTING_NAME || row->type == SETTING_PATH ||
           row->type == SETTING_PATHS || row->type == SETTING_WORDS ||
           row->type == SETTING_UIDS || row->type == SETTING_CGROUP;
}

int settings_init(const struct setting *rows, size_t count, void *fields)
{
    for (size_t i = 0; i < count; i++)
        if (is_text(&rows[i]))
            *(char **)((char *)fields + rows[i].offset) = NULL;
    for (size_t i = 0; i < count; i++) {
        void *field = (char *)fields + rows[i].offset;

        if (is_text(&rows[i]) ? set_text(field, rows[i].initial) < 0
                              : set_value(&rows[i], rows[i].initial, field) < 0)
            return -1;
    }
    return 0;
}

void settings_fini(const struct setting *rows, size_t count, void *fields)
{
    for (size_t i = 0; i < count; i++)
        if (is_text(&rows[i]))
            free(*(char **)((char *)fields + rows[i].offset));
}

/* ---- two structs ---- */

bool setting_equal(const struct setting *row, const void *a, const void *b)
{
    const void *left = (const char *)a + row->offset;
    const void *right = (const char *)b + row->offset;

    if (is_text(row))
        return strcmp(*(char *const *)left, *(char *const *)right) == 0;
    return *(const uint64_t *)left == *(const uint64_t *)right;
}

bool settings_equal(const struct setting *rows, size_t count, const void *a,
                    const void *b)
{
    for (size_t i = 0; i < count; i++)
        if (!setting_equal(&rows[i], a, b))
            return false;
    return true;
}

void setting_swap(const struct setting *row, void *a, void *b)
{
    union {
        char *text;
        uint64_t number;
    } held;
    size_t size = is_text(row) ? sizeof held.text : sizeof held.number;
    void *left = (char *)a + row->offset;
    void *right = (char *)b + row->offset;

    memcpy(&held, left, size);
    memcpy(left, right, size);
    memcpy(right, &held, size);
}

bool setting_fixed(const struct setting *row)
{
#define FIXED(name)                                                            \
    if (row == setting_find(supervisor_setting_rows,                           \
                            supervisor_setting_count, #name))                  \
        return true;
    SUPERVISOR_SETTINGS_FIXED(FIXED)
#undef FIXED
    return false;
}
