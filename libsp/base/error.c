/* SPDX-License-Identifier: MIT */
/* Names and texts of errors, from the one table in <sp/error.h>. */
#include <sp/error.h>

const char *sp_strerror(enum sp_error error)
{
    switch (error) {
#define TEXT(name, number, exit, from_session, text)                           \
    case name:                                                                 \
        return text;
        SP_ERROR_TABLE(TEXT)
#undef TEXT
    }
    return "unknown error";
}

const char *sp_error_name(enum sp_error error)
{
    switch (error) {
#define NAME(name, number, exit, from_session, text)                           \
    case name:                                                                 \
        return #name;
        SP_ERROR_TABLE(NAME)
#undef NAME
    }
    return "SP_E?";
}
