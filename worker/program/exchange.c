/* SPDX-License-Identifier: MIT */
/* Writes and reads at the same time: a program may answer while it reads, and
 * neither pipe holds a large message. */
#define _GNU_SOURCE
#include "exchange.h"

#include <errno.h>
#include <poll.h>
#include <sys/uio.h>
#include <unistd.h>

#define READ_SIZE 4096
#define KEEP_SIZE (64 * 1024) /* of the buffer, between two messages */

/* What is still to be written: head, message, tail. */
enum { PIECES = 3 };

struct sending {
    struct iovec pieces[PIECES];
    int next; /* of the pieces; PIECES: it is sent */
};

void exchange_init(struct exchange *exchange, struct program *program,
                   struct relay *relay, enum framing framing, size_t max)
{
    *exchange = (struct exchange){.program = program,
                                  .relay = relay,
                                  .framing = framing,
                                  .max = max};
}

/* ---- to the program ---- */

static void count_sent(struct sending *sending, size_t size)
{
    while (sending->next < PIECES) {
        struct iovec *piece = &sending->pieces[sending->next];

        if (size < piece->iov_len) {
            piece->iov_base = (char *)piece->iov_base + size;
            piece->iov_len -= size;
            return;
        }
        size -= piece->iov_len;
        sending->next++;
    }
}

static enum exchanged send_some(const struct program *program,
                                struct sending *sending)
{
    ssize_t sent = writev(program->input, sending->pieces + sending->next,
                          PIECES - sending->next);

    if (sent < 0)
        return errno == EAGAIN || errno == EINTR ? EXCHANGED_REPLY
                                                 : EXCHANGED_END;
    count_sent(sending, (size_t)sent);
    return EXCHANGED_REPLY;
}

/* ---- from the program ---- */

static enum exchanged read_some(struct exchange *exchange)
{
    ssize_t got;

    if (!buf_reserve(&exchange->in, READ_SIZE))
        return EXCHANGED_NOMEM;
    got = read(exchange->program->output, buf_tail(&exchange->in),
               buf_room(&exchange->in));
    if (got < 0 && (errno == EAGAIN || errno == EINTR))
        return EXCHANGED_REPLY;
    if (got <= 0)
        return EXCHANGED_END;
    buf_commit(&exchange->in, (size_t)got);
    return EXCHANGED_REPLY;
}

/* Whether all that has come is one reply. */
static enum exchanged look(struct exchange *exchange,
                           struct framing_message *message, bool *out_whole)
{
    enum framing_found found =
        framing_find(exchange->framing, buf_data(&exchange->in),
                     buf_size(&exchange->in), exchange->max, &exchange->looked,
                     message);

    *out_whole = found == FRAMING_WHOLE;
    if (found == FRAMING_TOO_LONG)
        return EXCHANGED_TOO_LONG;
    if (found == FRAMING_WHOLE && message->next < buf_size(&exchange->in))
        return EXCHANGED_SURPLUS;
    return EXCHANGED_REPLY;
}

/* ---- both ---- */

enum { TO, FROM, ERRORS, POLLED };

/* Waits until anything can be done. */
static int wait_for(const struct exchange *exchange, bool sent,
                    struct pollfd polled[POLLED])
{
    int ready;

    polled[TO] = (struct pollfd){
        .fd = sent ? -1 : exchange->program->input, .events = POLLOUT};
    polled[FROM] = (struct pollfd){.fd = exchange->program->output,
                                   .events = POLLIN};
    polled[ERRORS] = (struct pollfd){
        .fd = exchange->relay->open ? exchange->relay->fd : -1,
        .events = POLLIN};
    do
        ready = poll(polled, POLLED, -1);
    while (ready < 0 && errno == EINTR);
    return ready;
}

static enum exchanged converse(struct exchange *exchange,
                               struct sending *sending,
                               struct framing_message *message)
{
    bool whole = false;

    while (!whole || sending->next < PIECES) {
        struct pollfd polled[POLLED];
        enum exchanged outcome = EXCHANGED_REPLY;

        if (wait_for(exchange, sending->next == PIECES, polled) < 0)
            return EXCHANGED_END;
        if (polled[ERRORS].revents)
            relay_take(exchange->relay);
        if (polled[FROM].revents) {
            outcome = read_some(exchange);
            if (outcome == EXCHANGED_REPLY)
                outcome = look(exchange, message, &whole);
        }
        if (outcome == EXCHANGED_REPLY && polled[TO].revents)
            outcome = send_some(exchange->program, sending);
        if (outcome != EXCHANGED_REPLY)
            return outcome;
    }
    return EXCHANGED_REPLY;
}

/* What is there before anything was asked would be taken for the answer. */
static enum exchanged check_silent(const struct exchange *exchange)
{
    struct pollfd output = {.fd = exchange->program->output,
                            .events = POLLIN};

    if (poll(&output, 1, 0) <= 0)
        return EXCHANGED_REPLY;
    return output.revents & POLLIN ? EXCHANGED_SURPLUS : EXCHANGED_END;
}

enum exchanged exchange_ask(struct exchange *exchange, const void *message,
                            size_t size, const void **out_reply,
                            size_t *out_size)
{
    struct framing_ends ends = framing_ends(exchange->framing, size);
    struct sending sending = {{{ends.head, ends.head_size},
                               {(void *)message, size},
                               {ends.tail, ends.tail_size}},
                              0};
    struct framing_message reply = {0};
    enum exchanged outcome;

    buf_consume(&exchange->in, buf_size(&exchange->in));
    buf_relax(&exchange->in, KEEP_SIZE);
    exchange->looked = 0;
    outcome = check_silent(exchange);
    if (outcome == EXCHANGED_REPLY)
        outcome = converse(exchange, &sending, &reply);
    if (outcome == EXCHANGED_REPLY) {
        *out_reply = buf_data(&exchange->in) + reply.start;
        *out_size = reply.size;
    }
    return outcome;
}
