/* SPDX-License-Identifier: MIT */
/* Values out of spd's answers, checked.  Callers: what decodes one
 * kind of answer each: info.c, end.c, list.c, modules.c, events.c, stats.c,
 * diagnosis.c. */
#include "fields.h"

#include "wire/control.h"

bool field_text(const json_t *object, const char *key, const char **out)
{
    const json_t *value = json_object_get(object, key);

    if (json_is_string(value))
        *out = json_string_value(value);
    return !value || json_is_string(value);
}

bool field_number(const json_t *object, const char *key, long long low,
                  long long high, long long *out)
{
    const json_t *value = json_object_get(object, key);
    json_int_t number = json_integer_value(value);

    if (!value)
        return true;
    if (!json_is_integer(value) || number < low || number > high)
        return false;
    *out = number;
    return true;
}

bool field_flag(const json_t *object, const char *key, bool *out)
{
    const json_t *value = json_object_get(object, key);

    if (json_is_boolean(value))
        *out = json_is_true(value);
    return !value || json_is_boolean(value);
}

bool fields_present(const json_t *object, const char *const *keys)
{
    for (; *keys; keys++)
        if (!json_object_get(object, *keys))
            return false;
    return true;
}

bool field_list(const json_t *object, const char *key, const json_t **out_array,
                size_t *out_count)
{
    *out_array = json_object_get(object, key);
    *out_count = json_array_size(*out_array);
    return json_is_array(*out_array) && *out_count <= CONTROL_ITEMS_MAX;
}
