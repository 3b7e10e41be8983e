#include "widen.h"

#define LOOP(TO, FROM)                          \
    case sizeof(TO) * 16 + sizeof(FROM): {      \
        TO *restrict out = to;                  \
        const FROM *restrict in = from;         \
        const TO add = (TO)base;                \
        for (size_t i = 0; i < count; i++)      \
            out[i] = (TO)((TO)in[i] + add);     \
        return;                                 \
    }

// Sums wrap around as Go's do: a number narrower than its base fits by construction.
#define LOOPS(TO) LOOP(TO, uint8_t) LOOP(TO, uint16_t) LOOP(TO, uint32_t) LOOP(TO, uint64_t)

void playbook_widen(void *to, int to_size, const void *from, int from_size, size_t count, int64_t base) {
    switch (to_size * 16 + from_size) {
        LOOPS(uint8_t)
        LOOPS(uint16_t)
        LOOPS(uint32_t)
        LOOPS(uint64_t)
    }
}
