/* SPDX-License-Identifier: MIT */
/* A brief list, read in one pass.  jansson makes an object of a session, which
 * is 20 allocations; of thousands, that takes longer than all else that a list
 * needs.  This takes the one form that spd writes and leaves every other one to
 * jansson, so that it need not know all of JSON.  Called by list.c. */
#include "list_scan.h"

#include <string.h>

enum key {
#define KEY(key) KEY_##key,
#define NUMBER_KEY(type, key, low, high, without) KEY_##key,
    INFO_TEXTS(KEY) INFO_NUMBERS(NUMBER_KEY) INFO_FLAGS(KEY)
#undef KEY
#undef NUMBER_KEY
        KEYS
};

static const struct key_row {
    const char *name;
    size_t len;
} keys[KEYS] = {
#define KEY(key) {#key, sizeof #key - 1},
#define NUMBER_KEY(type, key, low, high, without) KEY(key)
    INFO_TEXTS(KEY) INFO_NUMBERS(NUMBER_KEY) INFO_FLAGS(KEY)
#undef KEY
#undef NUMBER_KEY
};

#define BIT(key) (1u << KEY_##key) |
#define REQUIRED (INFO_REQUIRED(BIT) 0u)

static const struct sp_session_info nothing = {
#define TEXT(key) .key = "",
#define NUMBER(type, key, low, high, without) .key = (type)(without),
    INFO_TEXTS(TEXT) INFO_NUMBERS(NUMBER)
#undef TEXT
#undef NUMBER
};

/* The NUL behind the bytes is taken by nothing below, so that none need look
 * how many are left. */
struct scanner {
    char *at;
    enum key order[KEYS]; /* the keys of the sessions before, as they came */
};

static bool take(struct scanner *scanner, const char *bytes)
{
    size_t len = strlen(bytes);

    if (strncmp(scanner->at, bytes, len) != 0)
        return false;
    scanner->at += len;
    return true;
}

static bool take_byte(struct scanner *scanner, char byte)
{
    if (*scanner->at != byte)
        return false;
    scanner->at++;
    return true;
}

/* ---- one value ---- */

/* Its end becomes a NUL: see restore(). */
static bool take_text(struct scanner *scanner, const char **out)
{
    char *at = scanner->at;

    if (*at != '"')
        return false;
    *out = ++at;
    while (*at >= ' ' && *at < 0x7f && *at != '"' && *at != '\\')
        at++;
    if (*at != '"')
        return false;
    *at = '\0';
    scanner->at = at + 1;
    return true;
}

static bool take_number(struct scanner *scanner, long long high,
                        long long *out)
{
    const char *first = scanner->at;
    long long number = 0;

    for (; *scanner->at >= '0' && *scanner->at <= '9'; scanner->at++) {
        int digit = *scanner->at - '0';

        if (number > (high - digit) / 10)
            return false;
        number = number * 10 + digit;
    }
    *out = number;
    return scanner->at > first && (*first != '0' || scanner->at == first + 1);
}

static bool take_flag(struct scanner *scanner, bool *out)
{
    *out = *scanner->at == 't';
    return take(scanner, *out ? "true" : "false");
}

static bool take_value(struct scanner *scanner, enum key key,
                       struct sp_session_info *info)
{
    long long number;

    switch (key) {
#define TEXT(key)                                                              \
    case KEY_##key:                                                            \
        return take_text(scanner, &info->key);
        INFO_TEXTS(TEXT)
#undef TEXT
#define NUMBER(type, key, low, high, without)                                  \
    case KEY_##key:                                                            \
        if (!take_number(scanner, (high), &number))                            \
            return false;                                                      \
        info->key = (type)number;                                              \
        return true;
        INFO_NUMBERS(NUMBER)
#undef NUMBER
#define FLAG(key)                                                              \
    case KEY_##key:                                                            \
        return take_flag(scanner, &info->key);
        INFO_FLAGS(FLAG)
#undef FLAG
    case KEYS:
        break;
    }
    return false;
}

/* ---- one session ---- */

static bool take_this_key(struct scanner *scanner, enum key key)
{
    size_t len = keys[key].len;

    if (strncmp(scanner->at, keys[key].name, len) != 0 ||
        scanner->at[len] != '"' || scanner->at[len + 1] != ':')
        return false;
    scanner->at += len + 2;
    return true;
}

/* Most likely it is the one that the session before had in this place. */
static bool take_key(struct scanner *scanner, size_t place, enum key *out)
{
    if (place == KEYS || !take_byte(scanner, '"'))
        return false;
    *out = scanner->order[place];
    if (take_this_key(scanner, *out))
        return true;
    for (*out = 0; *out < KEYS; ++*out) {
        if (take_this_key(scanner, *out)) {
            scanner->order[place] = *out;
            return true;
        }
    }
    return false;
}

static bool take_session(struct scanner *scanner, struct sp_session_info *info)
{
    unsigned seen = 0;
    size_t place = 0;
    enum key key;

    *info = nothing;
    if (!take_byte(scanner, '{'))
        return false;
    do {
        if (!take_key(scanner, place++, &key) || (seen & 1u << key) ||
            !take_value(scanner, key, info))
            return false;
        seen |= 1u << key;
    } while (take_byte(scanner, ','));
    return take_byte(scanner, '}') && (seen & REQUIRED) == REQUIRED &&
           sp_id_valid(info->id, strlen(info->id));
}

/* ---- all of them ---- */

static bool take_sessions(struct scanner *scanner,
                          struct sp_session_info *infos, size_t max,
                          size_t *out_count)
{
    size_t count = 0;

    if (!take(scanner, "{\"ok\":true,\"sessions\":["))
        return false;
    if (*scanner->at == '{') {
        do {
            if (count == max || !take_session(scanner, &infos[count++]))
                return false;
        } while (take_byte(scanner, ','));
    }
    *out_count = count;
    return take(scanner, "]}");
}

/* What was read had no NUL in it but those that are ends of strings. */
static void restore(char *json, const char *end)
{
    while ((json = memchr(json, '\0', (size_t)(end - json))))
        *json++ = '"';
}

bool list_scan(char *json, size_t size, struct sp_session_info *infos,
               size_t max, size_t *out_count)
{
    struct scanner scanner = {.at = json};

    if (take_sessions(&scanner, infos, max, out_count) &&
        scanner.at == json + size)
        return true;
    restore(json, scanner.at);
    return false;
}
