/* Many arrays in one piece of memory, so that a batch takes one allocation. */

#include <stddef.h>
#include <stdint.h>

enum { CARVED = 64 };  /* each begins at a line of the cache, as far as the piece does */

/* A piece of memory, or none where only its size is reckoned, and how much of it is taken. */
struct carver {
    uint8_t *room;
    int64_t taken;
};

static inline void *carve(struct carver *carver, size_t bytes) {
    void *here = carver->room ? carver->room + carver->taken : NULL;
    carver->taken += (int64_t)((bytes + CARVED - 1) / CARVED * CARVED);
    return here;
}
