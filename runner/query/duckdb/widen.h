#include <stddef.h>
#include <stdint.h>

// What is here is in C because gcc makes vector instructions of such loops and Go does
// not: filling columns was a seventh of the time of a query, and is a twentieth.
// Flags are a byte for each row, 0 or 1.

// playbook_widen writes count integers of to_size bytes, each one of from_size bytes,
// unsigned, plus base; those at rows, or the first ones where rows is NULL.
void playbook_widen(void *to, int to_size, const void *from, int from_size, const uint32_t *rows, size_t count, int64_t base);

// playbook_between sets the flags of the count integers of size bytes, unsigned, that lie
// between low and low + span.
void playbook_between(uint8_t *flags, const void *from, int size, size_t count, uint64_t low, uint64_t span);

// playbook_lookup sets the flags of the count integers of size bytes for which table has 1.
void playbook_lookup(uint8_t *flags, const void *from, int size, size_t count, const uint8_t *table);

// playbook_both clears the flags that are not in also, and returns how many are left.
// They may be the same.
size_t playbook_both(uint8_t *flags, const uint8_t *also, size_t count);

// playbook_rows writes the numbers of the rows whose flags are set. rows has room for
// count.
void playbook_rows(uint32_t *rows, const uint8_t *flags, size_t count);

// playbook_valid writes a bit for each of the rows: 1 where the bit in null is 0.
void playbook_valid(uint64_t *valid, const uint8_t *null, const uint32_t *rows, size_t count);
