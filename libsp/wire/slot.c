/* SPDX-License-Identifier: MIT */
/* The slot: spd's reading of what a session wrote, and its orders. */
#define _GNU_SOURCE
#include "slot.h"

#include <string.h>

#include "base/text.h"

#define HASH_ENDS 256

const char *slot_doing_words(enum slot_doing doing)
{
    static const char *const words[] = {
#define WORDS(NAME, words) words,
        SLOT_DOING_TABLE(WORDS)
#undef WORDS
    };

    return doing < SLOT_DOINGS ? words[doing] : "";
}

/* A time that has been; 0 otherwise. */
static int64_t past(int64_t ms, int64_t now_ms)
{
    return ms > 0 && ms <= now_ms ? ms : 0;
}

/* Relaxed: no order between the fields is relied on, but for the goodbye's. */
#define LOAD(field) atomic_load_explicit(&(field), memory_order_relaxed)

void slot_read(const struct slot *slot, int64_t now_ms,
               struct slot_view *out_view)
{
    const struct slot_session *from = &slot->session;
    uint32_t goodbye =
        atomic_load_explicit(&from->goodbye, memory_order_acquire);
    uint32_t doing = LOAD(from->doing);
    char raw[SLOT_TEXT_SIZE];

    *out_view = (struct slot_view){
        .doing = doing < SLOT_DOINGS ? (enum slot_doing)doing : SLOT_NOTHING,
        .doing_since_ms = past(LOAD(from->doing_since_ms), now_ms),
        .active_ms = past(LOAD(from->active_ms), now_ms),
        .calls = LOAD(from->calls),
        .casts = LOAD(from->casts),
        .log_drops = LOAD(from->log_drops),
        .waiting = LOAD(from->waiting),
        .subscribers = LOAD(from->subscribers),
        .goodbye = goodbye > 0 && goodbye <= SP_END_LAST + 1,
    };
    if (out_view->doing == SLOT_CALL || out_view->doing == SLOT_CAST) {
        out_view->request.id = LOAD(from->request_id);
        out_view->request.hash = LOAD(from->request_hash);
    }
    if (!out_view->goodbye && goodbye != SLOT_LAST_WORDS)
        return;
    if (out_view->goodbye)
        out_view->end = (enum sp_end)(goodbye - 1);
    memcpy(raw, from->reason, sizeof raw);
    text_printable(out_view->reason, sizeof out_view->reason, raw,
                   strnlen(raw, sizeof raw));
}

void slot_order(struct slot *slot, enum slot_command command, enum sp_end end,
                const char *text)
{
    struct slot_supervisor *to = &slot->supervisor;
    size_t size = strnlen(text, sizeof to->text - 1);

    memcpy(to->text, text, size);
    to->text[size] = '\0';
    atomic_store_explicit(&to->end, end, memory_order_relaxed);
    atomic_store_explicit(&to->command, command, memory_order_release);
}

static uint64_t mix(uint64_t hash, uint64_t word)
{
    hash = (hash ^ word) * 0xbf58476d1ce4e5b9u;
    return hash ^ hash >> 29;
}

static uint64_t word_at(const uint8_t *bytes)
{
    uint64_t word;

    memcpy(&word, bytes, sizeof word);
    return word;
}

/* Two chains, as the processor does the steps of both at a time: this is paid
 * for by every call. */
static uint64_t mix_bytes(uint64_t hash, const uint8_t *bytes, size_t size)
{
    uint64_t twin = 0x94d049bb133111ebu;
    uint64_t rest;

    for (; size >= 16; bytes += 16, size -= 16) {
        hash = mix(hash, word_at(bytes));
        twin = mix(twin, word_at(bytes + 8));
    }
    if (size >= 8) {
        hash = mix(hash, word_at(bytes));
        bytes += 8;
        size -= 8;
    }
    rest = size; /* at most 7 bytes, and how many they are */
    while (size > 0)
        rest = rest << 8 | bytes[--size];
    return mix(mix(hash, twin), rest);
}

uint64_t slot_request_hash(const void *header, size_t header_size,
                           const void *body, size_t body_size)
{
    uint64_t hash = mix(0x9e3779b97f4a7c15u, body_size);
    size_t head = body_size < HASH_ENDS ? body_size : HASH_ENDS;
    size_t tail = body_size - head < HASH_ENDS ? body_size - head : HASH_ENDS;

    hash = mix_bytes(hash, header, header_size);
    hash = mix_bytes(hash, body, head);
    if (tail > 0)
        hash = mix_bytes(hash, (const uint8_t *)body + body_size - tail, tail);
    return hash;
}
