/* Hashes of pairs of words and of n-grams of code points. */

#include <stdint.h>

#include "kernels.h"
#include "hashing.h"

/* A hash for each word with the one behind it in its text, 0 for the last one. */
void hash_pairs(struct folded *folded) {
    const uint32_t *words = folded->hashes;
    for (int64_t text = 0; text < folded->texts; text++) {
        int64_t last = folded->first_word[text + 1] - 1;
        for (int64_t word = folded->first_word[text]; word < last; word++)
            folded->pairs[word] = mixed(words[word] * PRIME + words[word + 1] * SECOND);
        if (last >= folded->first_word[text])
            folded->pairs[last] = 0;
    }
}

/* The bucket of the n-gram of one order that begins at each place; 0 where it would take in more of the next text
   than the space before it. */
void code_point_buckets(const struct folded *folded, const uint32_t *salts, int64_t order, int64_t bits,
                        uint32_t *found) {
    int64_t size = folded->starts[folded->texts] + 2 - order;
    for (int64_t text = 0; text < folded->texts; text++) {
        int64_t end = folded->starts[text + 1];
        for (int64_t place = folded->starts[text]; place < end && place < size; place++) {
            found[place] = 0;
            if (place + order - 1 > end)
                continue;
            uint32_t hash = first_step(folded->codes[place], salts[place]);
            for (int64_t behind = place + 1; behind < place + order; behind++)
                hash = next_step(hash, folded->codes[behind]);
            found[place] = bucket(hash * GOLDEN, bits);
        }
    }
}
