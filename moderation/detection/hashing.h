/* Arithmetic of hashes modulo 2^32, for words and n-grams. The high bits are the better ones. */

#include <stdint.h>

/* Odd multipliers: the golden ratio's (Knuth, The Art of Computer Programming 6.4) and two primes of xxHash. */
#define GOLDEN 0x9E3779B1u
#define PRIME 0x85EBCA77u
#define SECOND 0xC2B2AE3Du

enum { LONGEST_ORDER = 5, SHORTEST_ORDER = 3, STEM = 5 };

static inline uint32_t mixed(uint32_t hash) {
    hash = (hash ^ (hash >> 15)) * GOLDEN;
    return (hash ^ (hash >> 13)) * SECOND;
}

/* The bucket of a hash in a table of 2^bits. */
static inline uint32_t bucket(uint32_t hash, int64_t bits) {
    return hash >> (32 - bits);
}

/* An n-gram of code points grows by one step for each behind its first. */
static inline uint32_t first_step(uint32_t code, uint32_t salt) {
    return code * PRIME ^ salt;
}

static inline uint32_t next_step(uint32_t hash, uint32_t code) {
    return hash * SECOND + code;
}
