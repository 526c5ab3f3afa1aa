/* What the n-grams of texts say by some weights: sums of whole numbers, the same in whatever order. See wording.py. */

#include <math.h>
#include <stdint.h>

#include "kernels.h"
#include "hashing.h"

enum { BITS = 20, DAMPING = 40, WINDOW = 14 };
enum { BODY, PASSAGE, NAME, URL, LINKS, COLUMNS };
enum { OF_BODY, OF_PASSAGE, OF_LINKS, UNITS };
#define NAME_SALT 0x165667B1u  /* odd, so that a product loses nothing */
#define URL_SALT 0x2C1B3C6Du

/* Texts are bodies, then as many names, then addresses. Addresses and links speak one language: one salt. */
void tell_fields(const struct folded *folded, const int64_t *links, int64_t link_count, uint32_t *salts,
                 uint8_t *in_link) {
    static const uint32_t of_field[] = {0, NAME_SALT, URL_SALT};
    int64_t count = folded->texts / 3;
    for (int64_t text = 0; text < folded->texts; text++)
        for (int64_t place = folded->starts[text]; place < folded->starts[text + 1]; place++) {
            salts[place] = of_field[text / count];
            in_link[place] = 0;
        }
    for (const int64_t *link = links; link < links + 6 * link_count; link += 6)
        for (int64_t place = link[1]; place < link[2]; place++) {
            in_link[place] = 1;
            salts[place] = URL_SALT;
        }
}

/* The buckets that a text was seen to have: a bit each, and the buckets in a row, to forget them by. */
struct seen {
    uint64_t *bits;
    uint32_t *keys;
    int64_t count;
};

/* What the new n-grams of a place or a word weigh, and how many they are. */
struct sum {
    int64_t weight;
    int64_t count;
};

/* Before the next text. Bucket 0 is that of no n-gram, so it is never new. */
static void forget(struct seen *seen) {
    for (int64_t place = 0; place < seen->count; place++)
        seen->bits[seen->keys[place] >> 6] = 0;
    seen->bits[0] = 1;
    seen->count = 0;
}

/* Add an n-gram to a sum, unless its text was seen to have it; without a branch, for none could be foretold. */
static inline void add(struct sum *sum, const int16_t *weights, struct seen *seen, uint32_t key) {
    uint64_t before = seen->bits[key >> 6];
    int64_t is_new = !(before >> (key & 63) & 1);
    seen->bits[key >> 6] = before | (uint64_t)1 << (key & 63);
    seen->keys[seen->count++] = key;
    sum->weight += is_new * weights[key];
    sum->count += is_new;
}

/* The n-grams of code points that begin at a place of a text that ends at `end`. */
static void add_place(struct sum *sum, const uint32_t *codes, const int16_t *weights, struct seen *seen,
                      uint32_t salt, int64_t place, int64_t end) {
    int64_t most = end - place + 1 < LONGEST_ORDER ? end - place + 1 : LONGEST_ORDER;
    uint32_t hash = first_step(codes[place], salt);
    for (int64_t order = 2; order <= most; order++) {
        hash = next_step(hash, codes[place + order - 1]);
        if (order >= SHORTEST_ORDER)
            add(sum, weights, seen, bucket(hash * GOLDEN, BITS));
    }
}

static void add_word(struct sum *sum, const int16_t *weights, struct seen *seen, uint32_t word, uint32_t pair,
                     uint32_t salt) {
    add(sum, weights, seen, bucket(word * (salt | 1), BITS));
    add(sum, weights, seen, bucket(pair * (salt | 1), BITS));
}

/* All that the n-grams of one text weigh. */
static struct sum sum_of_text(const struct folded *folded, const uint32_t *words, const uint32_t *pairs,
                              const uint32_t *salts, const int16_t *weights, struct seen *seen, int64_t text) {
    struct sum sum = {0, 0};
    int64_t begin = folded->starts[text], end = folded->starts[text + 1];
    forget(seen);
    for (int64_t place = begin; place < end; place++)
        add_place(&sum, folded->codes, weights, seen, salts[place], place, end);
    for (int64_t word = folded->first_word[text]; word < folded->first_word[text + 1]; word++)
        add_word(&sum, weights, seen, words[word], pairs[word], salts[folded->word_start[word]]);
    return sum;
}

/* Where the places end that belong to a word of a body: it, what parts it from the one before, and a text's tail. */
static int64_t end_of_stretch(const struct folded *folded, int64_t text, int64_t word) {
    return word + 1 < folded->first_word[text + 1] ? folded->word_end[word] : folded->starts[text + 1];
}

/* What each word of a body adds, its own and that inside links, how many n-grams are its own, and the sums of both. */
static void weigh_words(const struct folded *folded, const uint32_t *words, const uint32_t *pairs,
                        const uint32_t *salts, const uint8_t *in_link, const int16_t *weights, struct seen *seen,
                        int64_t text, int64_t *own, int64_t *linked, int64_t *counts, struct sum *sums) {
    int64_t place = folded->starts[text], end = folded->starts[text + 1];
    forget(seen);
    for (int64_t word = folded->first_word[text]; word < folded->first_word[text + 1]; word++) {
        int64_t start = folded->word_start[word], stop = end_of_stretch(folded, text, word);
        struct sum parts[2] = {{0, 0}, {0, 0}};
        add_word(&parts[in_link[start]], weights, seen, words[word], pairs[word], salts[start]);
        for (; place < stop; place++)
            add_place(&parts[in_link[place]], folded->codes, weights, seen, salts[place], place, end);
        own[word] = parts[0].weight;
        linked[word] = parts[1].weight;
        counts[word] = parts[0].count;
        for (int part = 0; part < 2; part++) {
            sums[part].weight += parts[part].weight;
            sums[part].count += parts[part].count;
        }
    }
}

static double unit_of(double scale, int64_t count) {
    return scale / sqrt((double)(count + DAMPING));
}

/* The WINDOW words of a body that say most for promotion, for how many n-grams they have: first, end, unit. */
static double find_passage(const struct folded *folded, const int64_t *own, const int64_t *counts, int64_t text,
                           double scale, int64_t *passage, double *unit) {
    int64_t first = folded->first_word[text], last = folded->first_word[text + 1];
    int64_t stop = first, sum = 0, count = 0;
    double best = 0;
    passage[0] = passage[1] = first;
    *unit = 0;
    for (int64_t word = first; word < last; word++) {
        for (; stop < last && stop < word + WINDOW; stop++) {
            sum += own[stop];
            count += counts[stop];
        }
        double here = unit_of(scale, count);
        if (word == first || (double)sum * here > best) {
            best = (double)sum * here;
            passage[0] = word;
            passage[1] = stop;
            *unit = here;
        }
        sum -= own[word];
        count -= counts[word];
    }
    return best;
}

/* The columns of wording before they are bounded, in log-odds; what words add to those of the body, `own` and
   `linked`; the passage's words; and what a word's weight counts in body, passage and links. Each n-gram counts once
   in a text. `bits` are one for each bucket and clear, as they are left; `keys` are room for the n-grams of any text,
   `counts` for a number a word. */
void weigh(const struct folded *folded, const uint32_t *words, const uint32_t *pairs, const uint32_t *salts,
           const uint8_t *in_link, const int16_t *weights, double scale, uint64_t *bits, uint32_t *keys,
           int64_t *counts, double *columns, int64_t *own, int64_t *linked, int64_t *passages, double *units) {
    int64_t count = folded->texts / 3;
    struct seen seen = {bits, keys, 0};
    for (int64_t row = 0; row < count; row++) {
        double *column = columns + COLUMNS * row, *unit = units + UNITS * row;
        struct sum sums[2] = {{0, 0}, {0, 0}};
        if (folded->first_word[row] < folded->first_word[row + 1])
            weigh_words(folded, words, pairs, salts, in_link, weights, &seen, row, own, linked, counts, sums);
        else
            sums[0] = sum_of_text(folded, words, pairs, salts, weights, &seen, row);
        struct sum name = sum_of_text(folded, words, pairs, salts, weights, &seen, count + row);
        struct sum url = sum_of_text(folded, words, pairs, salts, weights, &seen, 2 * count + row);
        unit[OF_BODY] = unit_of(scale, sums[0].count);
        unit[OF_LINKS] = unit_of(scale, sums[1].count);
        column[BODY] = (double)sums[0].weight * unit[OF_BODY];
        column[LINKS] = (double)sums[1].weight * unit[OF_LINKS];
        column[NAME] = (double)name.weight * unit_of(scale, name.count);
        column[URL] = (double)url.weight * unit_of(scale, url.count);
        column[PASSAGE] = find_passage(folded, own, counts, row, scale, passages + 2 * row, unit + OF_PASSAGE);
    }
    forget(&seen);
    bits[0] = 0;
}
