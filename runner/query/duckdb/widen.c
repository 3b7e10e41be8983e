#include "widen.h"

#define LOOP(TO, FROM)                               \
    case sizeof(TO) * 16 + sizeof(FROM): {           \
        TO *restrict out = to;                       \
        const FROM *restrict in = from;              \
        const TO add = (TO)base;                     \
        if (rows)                                    \
            for (size_t i = 0; i < count; i++)       \
                out[i] = (TO)((TO)in[rows[i]] + add); \
        else                                         \
            for (size_t i = 0; i < count; i++)       \
                out[i] = (TO)((TO)in[i] + add);      \
        return;                                      \
    }

// Sums wrap around as Go's do: a number narrower than its base fits by construction.
#define LOOPS(TO) LOOP(TO, uint8_t) LOOP(TO, uint16_t) LOOP(TO, uint32_t) LOOP(TO, uint64_t)

void playbook_widen(void *to, int to_size, const void *from, int from_size, const uint32_t *restrict rows, size_t count, int64_t base) {
    switch (to_size * 16 + from_size) {
        LOOPS(uint8_t)
        LOOPS(uint16_t)
        LOOPS(uint32_t)
        LOOPS(uint64_t)
    }
}

#define BETWEEN(FROM)                                                     \
    case sizeof(FROM): {                                                  \
        const FROM *restrict in = from;                                   \
        const FROM first = (FROM)low, width = (FROM)span;                 \
        for (size_t i = 0; i < count; i++)                                \
            flags[i] |= (FROM)(in[i] - first) <= width;                   \
        return;                                                           \
    }

void playbook_between(uint8_t *restrict flags, const void *from, int size, size_t count, uint64_t low, uint64_t span) {
    switch (size) {
        BETWEEN(uint8_t)
        BETWEEN(uint16_t)
        BETWEEN(uint32_t)
        BETWEEN(uint64_t)
    }
}

#define LOOKUP(FROM)                                                      \
    case sizeof(FROM): {                                                  \
        const FROM *restrict in = from;                                   \
        for (size_t i = 0; i < count; i++)                                \
            flags[i] |= table[in[i]];                                     \
        return;                                                           \
    }

void playbook_lookup(uint8_t *restrict flags, const void *from, int size, size_t count, const uint8_t *restrict table) {
    switch (size) {
        LOOKUP(uint8_t)
        LOOKUP(uint16_t)
        LOOKUP(uint32_t)
    }
}

size_t playbook_both(uint8_t *flags, const uint8_t *also, size_t count) {
    uint32_t left = 0;
    for (size_t i = 0; i < count; i++) {
        flags[i] &= also[i];
        left += flags[i];
    }
    return left;
}

void playbook_rows(uint32_t *restrict rows, const uint8_t *restrict flags, size_t count) {
    for (size_t i = 0, found = 0; i < count; i++) {
        rows[found] = (uint32_t)i;
        found += flags[i];
    }
}

void playbook_valid(uint64_t *restrict valid, const uint8_t *restrict null, const uint32_t *restrict rows, size_t count) {
    for (size_t i = 0; i < count; i += 64) {
        uint64_t word = 0;
        for (size_t j = 0; j < 64 && i + j < count; j++)
            word |= (uint64_t)(~null[rows[i + j] / 8] >> rows[i + j] % 8 & 1) << j;
        valid[i / 64] = word;
    }
}
