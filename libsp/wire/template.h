/* SPDX-License-Identifier: MIT */
/* wire/template.h - the contract between spd, a template (sp-worker before it
 * forks) and a session (after).  Both sides are of one build, so records are
 * plain structs in the machine's own byte order; what comes from a template or
 * a session is still hostile input: fixed in size, checked by
 * template_record_valid() / hello_record_valid() against the state it is legal
 * in, and a violation ends the sender.
 *
 *   spd                         template                    session
 *    │ exec sp-worker NAME PATH [FRAMING PROGRAM ARGUMENT...]
 *    │ SANDBOX record ────────────►│      (control, SEQPACKET; sandbox.h)
 *    │           confines itself, loads the module
 *    │◄─────────── LOADED / FAILED │
 *    │                             │
 *    │ socketpair, SO_PASSCRED     │
 *    │ START record ───────────────┼─────────► (waits in the start socket)
 *    │ FORK + listener, start, log │
 *    ├────────────────────────────►│ clone(CLONE_PARENT)
 *    │                             │─ ─ ─ ─ ─ ─ ─ ─►│
 *    │◄───────────────────────────────────── HELLO   │ (start, SEQPACKET,
 *    │   pid from the kernel's stamp                 │  stamped)
 *    │◄───────────────── READY / IGNORED / INIT_ERROR│
 *    │   start socket closed at both ends            │
 *
 * A session whose module has no init says both in one.
 *
 * A pooled process is asked for without a START record: it says hello and
 * waits.  Its listener is then named sessions/ID, and the record is sent:
 *
 *   spd                         template                    session
 *    │ FORK + listener, start, log │
 *    ├────────────────────────────►│ clone(CLONE_PARENT)
 *    │                             │─ ─ ─ ─ ─ ─ ─ ─►│
 *    │◄───────────────────────────────────── HELLO   │ (waits in the start
 *    │                             │                 │  socket)
 *    │ START record ────────────────────────────────►│
 *    │◄───────────────── READY / IGNORED / INIT_ERROR│
 *
 * A template says of itself only that it could not fork.  If the start socket
 * ends before the hello, spd asks: a FORK without descriptors is answered with
 * FORKED, behind FORK_FAILED should it have come to that.  Then the start is
 * given up.  If the template ends without either, no process was made, or one
 * that had done nothing yet: the next template is asked, once.
 *
 * Descriptors of a template at exec: 0 /dev/null, 1 and 2 its log socket,
 * WORKER_CONTROL_FD, WORKER_SLOTS_FD, and WORKER_FILTERS_FD if it is confined;
 * nothing else.  Of a session when its
 * module's code first runs: 0, 1, 2 as above (with a log socket of its own),
 * its listener, its start socket and what libevent opens. */
#ifndef WIRE_TEMPLATE_H
#define WIRE_TEMPLATE_H

#include <assert.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <sp/error.h>
#include <sp/id.h>

#include "slot.h"

/* The template's end of its control socket, which a confined template moves to
 * where no session can reach it; and the memory of its sessions' slots
 * (wire/slot.h), of which a session maps one page.  The third, for a confined
 * one, is memory that all templates of a module get: the first one compiles its
 * filters into it, seals it and runs itself anew, and all that come behind find
 * them there.  No module's code ever has it. */
#define WORKER_CONTROL_FD 3
#define WORKER_SLOTS_FD 4
#define WORKER_FILTERS_FD 5
#define WORKER_FDS_END 6

/* sp-worker's arguments: the module's name and its file; behind these, of a
 * command module, how messages are framed and what is run, from its path on. */
enum worker_arg {
    WORKER_ARG_NAME = 1,
    WORKER_ARG_PATH,
    WORKER_ARG_FRAMING,
    WORKER_ARG_PROGRAM,
};

/* sp-worker's exit statuses.  A session that ends with another status, or by a
 * signal, ended abnormally. */
enum worker_exit {
    WORKER_EXIT_NORMAL = 0,    /* asked to, or sp_session_stop(NORMAL) */
    WORKER_EXIT_FAILED = 1,    /* sp_session_stop(FAILED) */
    WORKER_EXIT_INIT = 2,      /* init failed or declined; told to spd */
    WORKER_EXIT_RUNTIME = 3,   /* the runtime could not do its work */
    WORKER_EXIT_ORPHAN = 4,    /* spd was gone before the death link stood */
    WORKER_EXIT_USAGE = 64,    /* sp-worker was not run by spd */
};

/* ---- spd to template: one record and three descriptors a start; without
 * descriptors it is a question what became of that start ---- */

/* Descriptors that travel with a FORK record, in this order. */
enum fork_fd { FORK_FD_LISTENER, FORK_FD_START, FORK_FD_LOG, FORK_FDS };

struct fork_record {
    uint32_t serial; /* of this start; comes back in what is said of it */
    uint32_t slot;   /* the number of its page */
};

/* ---- template to spd ---- */

enum template_message {
    TEMPLATE_LOADED = 1,  /* the module is loaded; once, first */
    TEMPLATE_FAILED,      /* it is not: text; once, first */
    TEMPLATE_FORKED,      /* serial: it was, or FORK_FAILED has come before */
    TEMPLATE_FORK_FAILED, /* serial, value = errno */
    TEMPLATE_HOLDER,      /* of the sessions' pid namespace, by itself: the
                           * stamp counts; once, before the first; in strict */
};

struct template_record {
    uint32_t type; /* enum template_message */
    uint32_t serial;
    int32_t value;
    char text[SP_TEXT_MAX + 1]; /* always terminated */
};

/* Of one session, this many requests are remembered that ended it. */
#define START_ENDED_MAX 8

/* ---- spd to session, on the start socket: waits there for the session, or a
 * pooled one for it ----
 *
 * followed by arg_size bytes of argument in the same record. */
struct start_record {
    uint32_t arg_size;
    uint32_t max_connections;
    uint64_t max_message;
    /* What the session checks itself after a reply; 0: off. */
    uint64_t max_calls;  /* calls and casts together */
    uint64_t max_memory; /* bytes, its resident peak */
    uint64_t slow_call;  /* ms; a call that took longer is logged */
    /* Requests that ended earlier processes of this session, latest first, id 0
     * behind the last: they are answered SP_EENDED and not run again. */
    struct slot_request ended[START_ENDED_MAX];
    char id[SP_ID_MAX + 1];
};

/* Makes a session look at spd's half of its slot.  If there is no command (it
 * is not spd's signal), it is asked to stop. */
#define SESSION_SIGNAL_LOOK SIGTERM

/* The largest argument that can be configured: record and argument must fit
 * the socket's buffer (net.core.wmem_default is 212,992 everywhere). */
#define START_ARG_MAX (128 * 1024)

/* ---- session to spd, on the start socket ---- */

enum hello_message {
    HELLO_HELLO = 1,  /* first; the kernel's stamp is what counts */
    HELLO_READY,      /* init has succeeded */
    HELLO_AT_ONCE,    /* both in one, first: there is no init */
    HELLO_IGNORED,    /* init declined */
    HELLO_INIT_ERROR, /* init failed: text */
};

struct hello_record {
    uint32_t type;              /* enum hello_message */
    char text[SP_TEXT_MAX + 1]; /* always terminated */
};

/* Whether the len bytes are a record of its type: exact size, known type, text
 * terminated. */
bool template_record_valid(const struct template_record *record, size_t len);
bool hello_record_valid(const struct hello_record *record, size_t len);
/* The same for what spd sends. */
bool start_record_valid(const struct start_record *record, size_t len);

static_assert(sizeof(struct fork_record) == 8, "");
static_assert(sizeof(struct template_record) == 12 + SP_TEXT_MAX + 1 + 3, "");
static_assert(sizeof(struct hello_record) == 4 + SP_TEXT_MAX + 1 + 3, "");

#endif
