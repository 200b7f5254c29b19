/* SPDX-License-Identifier: MIT */
/* The command line of spd, and its help. */
#define _GNU_SOURCE
#include "options.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "settings.h"

enum option_key {
    OPTION_BASE = 255, /* above all characters, for getopt */
#define KEY(NAME, name, argument, help) OPTION_##NAME,
    OPTION_TABLE(KEY)
#undef KEY
};

static const struct option long_options[] = {
#define ROW(NAME, name, argument, help)                                        \
    {name, (argument) ? required_argument : no_argument, NULL, OPTION_##NAME},
    OPTION_TABLE(ROW)
#undef ROW
    {0}};

/* An open descriptor, not one of the standard ones. */
static int parse_fd(const char *text)
{
    char *end;
    long fd;

    errno = 0;
    fd = strtol(text, &end, 10);
    if (errno != 0 || end == text || *end || fd < 3 || fd > 1 << 20 ||
        fcntl((int)fd, F_SETFD, FD_CLOEXEC) < 0)
        return -1;
    return (int)fd;
}

static int take_fd(const char *name, const char *text, int *out_fd,
                   char *out_text, size_t text_size)
{
    *out_fd = parse_fd(text);
    if (*out_fd >= 0)
        return 0;
    snprintf(out_text, text_size,
             "--%s %.40s: not an open descriptor of 3 or above", name, text);
    return -1;
}

static int take(struct options *options, int key, char *out_text,
                size_t text_size)
{
    switch (key) {
    case OPTION_CONFIG:
        options->config = optarg;
        return 0;
    case OPTION_RUNTIME_DIR:
        options->runtime_dir = optarg;
        return 0;
    case OPTION_FOREGROUND:
        return 0;
    case OPTION_READY_FD:
        return take_fd("ready-fd", optarg, &options->ready_fd, out_text,
                       text_size);
    case OPTION_LIFE_FD:
        return take_fd("life-fd", optarg, &options->life_fd, out_text,
                       text_size);
    case OPTION_CHECK_CONFIG:
        options->check_config = true;
        return 0;
    case OPTION_DOCTOR:
        options->doctor = true;
        return 0;
    case OPTION_VERSION:
        options->version = true;
        return 0;
    case OPTION_HELP:
        options->help = true;
        return 0;
    }
    return -1;
}

int options_parse(int argc, char **argv, struct options *out_options,
                  char *out_text, size_t text_size)
{
    struct options options = {.ready_fd = -1, .life_fd = -1};
    int key;

    opterr = 0;
    while ((key = getopt_long(argc, argv, ":", long_options, NULL)) != -1) {
        if (key == ':') {
            snprintf(out_text, text_size, "%.60s: wants an argument",
                     argv[optind - 1]);
            return -1;
        }
        if (key == '?') {
            snprintf(out_text, text_size, "%.60s: not an option",
                     argv[optind - 1]);
            return -1;
        }
        if (take(&options, key, out_text, text_size) < 0)
            return -1;
    }
    if (optind < argc) {
        snprintf(out_text, text_size, "%.60s: spd takes options only",
                 argv[optind]);
        return -1;
    }
    *out_options = options;
    return 0;
}

/* ---- help ---- */

#define HELP_INDENT 6
#define HELP_WIDTH 78

/* Words of the text, indented and broken. */
static void print_wrapped(FILE *out, const char *text)
{
    size_t column = 0;

    while (*text) {
        size_t word = strcspn(text, " ");

        if (column > 0 && column + 1 + word > HELP_WIDTH) {
            fputc('\n', out);
            column = 0;
        }
        if (column == 0)
            column += (size_t)fprintf(out, "%*s", HELP_INDENT, "");
        else
            column += (size_t)fprintf(out, " ");
        column += fwrite(text, 1, word, out);
        text += word;
        text += strspn(text, " ");
    }
    fputc('\n', out);
}

static void print_settings(FILE *out, const struct setting *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        char wanted[128];

        setting_describe(&rows[i], wanted, sizeof wanted);
        fprintf(out, "  %s = %s\n", rows[i].name,
                *rows[i].initial ? rows[i].initial : "...");
        print_wrapped(out, rows[i].help);
        print_wrapped(out, wanted);
    }
}

void options_print_help(FILE *out)
{
    fputs("usage: spd [OPTION]...\n\n"
          "The supervisor of libsp: one OS process for every session.\n\n",
          out);
#define PRINT(NAME, name, argument, help)                                      \
    fprintf(out, "  --%s%s%s\n", name, (argument) ? " " : "",                  \
            (argument) ? (const char *)(argument) : "");                       \
    print_wrapped(out, help);
    OPTION_TABLE(PRINT)
#undef PRINT
    fputs("\nSettings of [supervisor], with their defaults:\n", out);
    print_settings(out, supervisor_setting_rows, supervisor_setting_count);
    fputs("\nSettings of each [module NAME]:\n", out);
    print_settings(out, module_setting_rows, module_setting_count);
    fputs("\nExit status:\n", out);
#define PRINT_EXIT(NAME, number, help) fprintf(out, "  %d  %s\n", number, help);
    SPD_EXIT_TABLE(PRINT_EXIT)
#undef PRINT_EXIT
}
