/* SPDX-License-Identifier: MIT */
/* How a session's process ended, out of spd's answer.  Callers: info.c, which
 * it is part of. */
#include "end.h"

#include "fields.h"

static const char *const required[] = {"text", NULL};

enum sp_error end_decode(const json_t *object, struct sp_session_end *out_end)
{
    struct sp_session_end end;
    bool good = json_is_object(object) && fields_present(object, required);

#define TEXT(key)                                                              \
    end.key = "";                                                              \
    good = good && field_text(object, #key, &end.key);
    END_TEXTS(TEXT)
#undef TEXT
#define NUMBER(type, key, low, high, without)                                  \
    {                                                                          \
        long long number = (without);                                          \
                                                                               \
        good = good && field_number(object, #key, (low), (high), &number);     \
        end.key = (type)number;                                                \
    }
    END_NUMBERS(NUMBER)
#undef NUMBER
#define FLAG(key)                                                              \
    end.key = false;                                                           \
    good = good && field_flag(object, #key, &end.key);
    END_FLAGS(FLAG)
#undef FLAG
    if (!good)
        return SP_EPROTO;
    *out_end = end;
    return SP_OK;
}

/* ---- public: sp_end_KEY() ---- */

#define TEXT(key)                                                              \
    const char *sp_end_##key(const struct sp_session_end *end)                 \
    {                                                                          \
        return end->key;                                                       \
    }
END_TEXTS(TEXT)
#undef TEXT

#define NUMBER(type, key, low, high, without)                                  \
    type sp_end_##key(const struct sp_session_end *end)                        \
    {                                                                          \
        return end->key;                                                       \
    }
END_NUMBERS(NUMBER)
#undef NUMBER

#define FLAG(key)                                                              \
    bool sp_end_##key(const struct sp_session_end *end)                        \
    {                                                                          \
        return end->key;                                                       \
    }
END_FLAGS(FLAG)
#undef FLAG
