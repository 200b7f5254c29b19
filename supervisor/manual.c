/* SPDX-License-Identifier: MIT */
/* Prints spd(8) or spd.conf(5) as roff.  Run by the build: the lists in the
 * pages are those of options.h and settings.h. */
#include <stdio.h>
#include <string.h>

#include <sp/version.h>

#include "options.h"
#include "settings.h"

/* A line of text: what roff would take for a request or an escape is spelt
 * out. */
static void print_text(const char *text)
{
    if (*text == '.' || *text == '\'')
        fputs("\\&", stdout);
    for (; *text; text++)
        if (*text == '\\')
            fputs("\\e", stdout);
        else if (*text == '-')
            fputs("\\-", stdout);
        else
            putchar(*text);
    putchar('\n');
}

static void print_settings(const struct setting *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        char wanted[128];

        setting_describe(&rows[i], wanted, sizeof wanted);
        printf(".TP\n.BR %s \" = \" ", rows[i].name);
        print_text(*rows[i].initial ? rows[i].initial : "...");
        print_text(rows[i].help);
        printf("(%s).\n", wanted);
        if (setting_fixed(&rows[i]))
            puts("spd has to be started again for a change of it.");
    }
}

/* What SIGHUP and spctl reload do. */
static void print_reload(void)
{
    fputs(".SH RELOAD\nOn SIGHUP and on\n.B spctl reload\n"
          "spd reads the file again, whole or not at all: if anything in it is\n"
          "wrong, the log and spctl name file and line, and nothing changes.\n"
          "Sessions keep what they were started with, for their restarts too.\n"
          "A module with another setting is changed, and so is one whose file\n"
          "has been replaced or written to since it was loaded: its next\n"
          "sessions get a fresh process to be forked from, and the old one ends\n"
          "with its last session.  Install a new file by renaming it into place:\n"
          "to write into one that is in use crashes whoever uses it.  A removed\n"
          "module starts no more sessions; those that it has go on.  Settings of\n"
          "[supervisor] apply at once; sessions above a new limit stay.  A\n"
          "change of one of these needs spd to be started again; a reload says\n"
          "so by name:\n",
          stdout);
#define PRINT(name) fputs(".br\n.B " #name "\n", stdout);
    SUPERVISOR_SETTINGS_FIXED(PRINT)
#undef PRINT
}

static void print_conf_page(void)
{
    fputs(".TH SPD.CONF 5 \"\" \"libsp " SP_VERSION "\" \"libsp\"\n"
          ".SH NAME\nspd.conf \\- configuration of the supervisor of libsp\n"
          ".SH DESCRIPTION\n"
          "The file that\n.B spd \\-\\-config\nreads.  Lines are\n"
          ".BR [supervisor] ,\n.BR [module\\ NAME] ,\n"
          ".IR \"name\" \" = \" \"value\" ,\n"
          "or comments that begin with # or ;.  A line has at most 198 bytes.\n"
          "An unknown section or name, a value that does not fit, and a module\n"
          "that cannot be read are errors with file and line, and spd does not\n"
          "start.  The modules counter, echo and kv are there without a\n"
          "section.  A number of bytes may have K, M or G behind it (1024,\n"
          "1024\\(S2, 1024\\(S3); a time has ms, s, m or h.\n"
          ".SH SETTINGS OF [supervisor]\n",
          stdout);
    print_settings(supervisor_setting_rows, supervisor_setting_count);
    fputs(".SH SETTINGS OF [module NAME]\n", stdout);
    print_settings(module_setting_rows, module_setting_count);
    fputs(".SH EXAMPLE\n.nf\n[supervisor]\ndefault_module = shop\n"
          "max_sessions = 2000\n\n[module shop]\n"
          "path = /usr/local/lib/shop/session.so\nmax_message = 64K\n.fi\n",
          stdout);
    print_reload();
    fputs(".SH SEE ALSO\n.BR spd (8),\n.BR spctl (1)\n",
          stdout);
}

static void print_spd_page(void)
{
    fputs(".TH SPD 8 \"\" \"libsp " SP_VERSION "\" \"libsp\"\n"
          ".SH NAME\nspd \\- supervisor of one OS process for every session\n"
          ".SH SYNOPSIS\n.B spd\n.RI [ OPTION ]...\n.SH DESCRIPTION\n"
          "spd starts sessions, each a process of its own, on the requests of\n"
          ".BR spctl (1)\nand of programs that link libsp; it restarts those\n"
          "that crash, within a budget of each, and ends them in order.  It\n"
          "stays in the foreground and logs to standard error.\n.PP\n"
          "SIGTERM and SIGINT end it and all sessions in order, a second one\n"
          "at once.  SIGHUP has it read its configuration again; see\n"
          ".BR spd.conf (5).\n"
          "What a killed spd left behind is cleaned up by the next\n"
          "on the same directory; its sessions have died with it.  A spd whose\n"
          "runtime directory is removed or renamed can be reached by nobody: it\n"
          "says so in its log and ends, with its sessions, in order.\n"
          ".PP\n"
          "The runtime directory belongs on a file system in memory (tmpfs),\n"
          "as /run is: each session binds a socket there, which a disk's file\n"
          "system makes several times slower.\n"
          ".SH OPTIONS\n",
          stdout);
#define PRINT(NAME, name, argument, help)                                      \
    printf(".TP\n.BI \\-\\-%s \" %s\"\n", name,                                \
           (argument) ? (const char *)(argument) : "");                        \
    print_text(help);
    OPTION_TABLE(PRINT)
#undef PRINT
    fputs(".SH EXIT STATUS\n", stdout);
#define PRINT_EXIT(NAME, number, help)                                         \
    printf(".TP\n.B %d\n", number);                                            \
    print_text(help);
    SPD_EXIT_TABLE(PRINT_EXIT)
#undef PRINT_EXIT
    fputs(".SH FILES\n.TP\n.I RUNTIME/control\nthe socket that spctl and libsp "
          "talk to\n.TP\n.I RUNTIME/sessions/ID\nthe socket of a session\n"
          ".SH SEE ALSO\n.BR spd.conf (5),\n.BR spctl (1)\n",
          stdout);
}

int main(int argc, char **argv)
{
    if (argc == 2 && strcmp(argv[1], "spd.8") == 0) {
        print_spd_page();
    } else if (argc == 2 && strcmp(argv[1], "spd.conf.5") == 0) {
        print_conf_page();
    } else {
        fputs("usage: spd-manual spd.8|spd.conf.5\n", stderr);
        return 2;
    }
    return fflush(stdout) == 0 ? 0 : 1;
}
