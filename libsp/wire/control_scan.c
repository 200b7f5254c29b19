/* SPDX-License-Identifier: MIT */
/* Takes the one form and leaves every other one to jansson, so that it need not
 * know all of JSON.  Called by control.c. */
#include "control_scan.h"

#include <string.h>

struct scanner {
    const char *at;
    const char *end;
};

static bool take_byte(struct scanner *scanner, char byte)
{
    if (scanner->at == scanner->end || *scanner->at != byte)
        return false;
    scanner->at++;
    return true;
}

static bool take_text(struct scanner *scanner, struct control_text *out)
{
    const char *begin;

    if (!take_byte(scanner, '"'))
        return false;
    begin = scanner->at;
    while (scanner->at < scanner->end && *scanner->at >= ' ' &&
           *scanner->at < 0x7f && *scanner->at != '"' && *scanner->at != '\\')
        scanner->at++;
    *out = (struct control_text){begin, (size_t)(scanner->at - begin)};
    return take_byte(scanner, '"');
}

/* NULL: not one of the table. */
static struct control_text *find(struct control_plain *plain,
                                 const struct control_text *key)
{
#define KEY(name)                                                              \
    if (key->size == sizeof #name - 1 &&                                       \
        memcmp(key->bytes, #name, sizeof #name - 1) == 0)                      \
        return &plain->name;
    CONTROL_PLAIN_TABLE(KEY)
#undef KEY
    return NULL;
}

static bool take_pair(struct scanner *scanner, struct control_plain *plain)
{
    struct control_text key;
    struct control_text *value;

    if (!take_text(scanner, &key) || !take_byte(scanner, ':'))
        return false;
    value = find(plain, &key);
    return value && !value->bytes && take_text(scanner, value);
}

bool control_scan(const void *json, size_t size,
                  struct control_plain *out_plain)
{
    struct scanner scanner = {json, (const char *)json + size};
    struct control_plain plain = {0};

    if (!take_byte(&scanner, '{'))
        return false;
    do {
        if (!take_pair(&scanner, &plain))
            return false;
    } while (take_byte(&scanner, ','));
    if (!take_byte(&scanner, '}') || scanner.at != scanner.end)
        return false;
    *out_plain = plain;
    return true;
}
