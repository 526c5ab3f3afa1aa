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

/* Texts are bodies, then as many names, then addresses. `sizes` has a row each for bodies, names, addresses and
   links: their code points. Addresses and links speak one language, so they share a salt. */
void tell_fields(const struct folded *folded, const int64_t *links, int64_t link_count, uint32_t *salts,
                 uint8_t *in_link, int64_t *sizes) {
    static const uint32_t of_field[] = {0, NAME_SALT, URL_SALT};
    int64_t count = folded->texts / 3;
    for (int64_t text = 0; text < folded->texts; text++) {
        int64_t begin = folded->starts[text], end = folded->starts[text + 1];
        uint32_t salt = of_field[text / count];
        sizes[text] = end - begin;
        for (int64_t place = begin; place < end; place++) {
            salts[place] = salt;
            in_link[place] = 0;
        }
    }
    for (int64_t row = 0; row < count; row++)
        sizes[3 * count + row] = 0;
    for (const int64_t *link = links; link < links + 6 * link_count; link += 6)
        for (int64_t place = link[1]; place < link[2]; place++) {
            sizes[link[0]] -= !in_link[place];
            sizes[3 * count + link[0]] += !in_link[place];
            in_link[place] = 1;
            salts[place] = URL_SALT;
        }
}

/* The weights of the n-grams of code points that begin at a place of a text that ends at `end`. */
static int32_t weight_of_place(const uint32_t *codes, const int16_t *weights, uint32_t salt, int64_t place,
                               int64_t end) {
    int64_t most = end - place + 1 < LONGEST_ORDER ? end - place + 1 : LONGEST_ORDER;
    uint32_t hash = first_step(codes[place], salt);
    int32_t sum = 0;
    for (int64_t order = 2; order <= most; order++) {
        hash = next_step(hash, codes[place + order - 1]);
        if (order >= SHORTEST_ORDER)
            sum += weights[bucket(hash * GOLDEN, BITS)];
    }
    return sum;
}

static int32_t weight_of_word(const int16_t *weights, uint32_t word, uint32_t pair, uint32_t salt) {
    return weights[bucket(word * (salt | 1), BITS)] + weights[bucket(pair * (salt | 1), BITS)];
}

/* All that the n-grams of one text weigh. */
static int64_t weight_of_text(const struct folded *folded, const uint32_t *words, const uint32_t *pairs,
                              const uint32_t *salts, const int16_t *weights, int64_t text) {
    int64_t sum = 0, end = folded->starts[text + 1];
    for (int64_t place = folded->starts[text]; place < end; place++)
        sum += weight_of_place(folded->codes, weights, salts[place], place, end);
    for (int64_t word = folded->first_word[text]; word < folded->first_word[text + 1]; word++)
        sum += weight_of_word(weights, words[word], pairs[word], salts[folded->word_start[word]]);
    return sum;
}

/* Where the places end that belong to a word of a body: it, what parts it from the one before, and a text's tail. */
static int64_t end_of_stretch(const struct folded *folded, int64_t text, int64_t word) {
    return word + 1 < folded->first_word[text + 1] ? folded->word_end[word] : folded->starts[text + 1];
}

/* What each word of a body adds, its own and that inside links, and the sums of both. */
static void weigh_words(const struct folded *folded, const uint32_t *words, const uint32_t *pairs,
                        const uint32_t *salts, const uint8_t *in_link, const int16_t *weights, int64_t text,
                        int64_t *own, int64_t *linked, int64_t *sums) {
    int64_t place = folded->starts[text], end = folded->starts[text + 1];
    for (int64_t word = folded->first_word[text]; word < folded->first_word[text + 1]; word++) {
        int64_t start = folded->word_start[word], stop = end_of_stretch(folded, text, word);
        int64_t parts[2] = {0, 0};
        parts[in_link[start]] = weight_of_word(weights, words[word], pairs[word], salts[start]);
        for (; place < stop; place++)
            parts[in_link[place]] += weight_of_place(folded->codes, weights, salts[place], place, end);
        sums[0] += own[word] = parts[0];
        sums[1] += linked[word] = parts[1];
    }
}

static double unit_of(double scale, int64_t size) {
    return scale / sqrt((double)(size + DAMPING));
}

/* The WINDOW words of a body that say most for promotion, weighed by their own length: first, end, unit. */
static double find_passage(const struct folded *folded, const int64_t *own, int64_t text, double scale,
                           int64_t *passage, double *unit) {
    int64_t first = folded->first_word[text], last = folded->first_word[text + 1];
    int64_t begin = folded->starts[text], stop = first, sum = 0;
    double best = 0;
    passage[0] = passage[1] = first;
    *unit = 0;
    for (int64_t word = first; word < last; word++) {
        for (; stop < last && stop < word + WINDOW; stop++)
            sum += own[stop];
        double here = unit_of(scale, end_of_stretch(folded, text, stop - 1) - begin);
        if (word == first || (double)sum * here > best) {
            best = (double)sum * here;
            passage[0] = word;
            passage[1] = stop;
            *unit = here;
        }
        sum -= own[word];
        begin = end_of_stretch(folded, text, word);
    }
    return best;
}

/* The columns of wording before they are bounded, in log-odds; what words add to those of the body, `own` and
   `linked`; the passage's words; and what a word's weight counts in body, passage and links. */
void weigh(const struct folded *folded, const uint32_t *words, const uint32_t *pairs, const uint32_t *salts,
           const uint8_t *in_link, const int64_t *sizes, const int16_t *weights, double scale, double *columns,
           int64_t *own, int64_t *linked, int64_t *passages, double *units) {
    int64_t count = folded->texts / 3;
    for (int64_t row = 0; row < count; row++) {
        double *column = columns + COLUMNS * row, *unit = units + UNITS * row;
        int64_t sums[2] = {0, 0};
        if (folded->first_word[row] < folded->first_word[row + 1])
            weigh_words(folded, words, pairs, salts, in_link, weights, row, own, linked, sums);
        else
            sums[0] = weight_of_text(folded, words, pairs, salts, weights, row);
        int64_t name = weight_of_text(folded, words, pairs, salts, weights, count + row);
        int64_t url = weight_of_text(folded, words, pairs, salts, weights, 2 * count + row);
        unit[OF_BODY] = unit_of(scale, sizes[row]);
        unit[OF_LINKS] = unit_of(scale, sizes[3 * count + row]);
        column[BODY] = (double)sums[0] * unit[OF_BODY];
        column[LINKS] = (double)sums[1] * unit[OF_LINKS];
        column[NAME] = (double)name * unit_of(scale, sizes[count + row]);
        column[URL] = (double)url * unit_of(scale, sizes[2 * count + row]);
        column[PASSAGE] = find_passage(folded, own, row, scale, passages + 2 * row, unit + OF_PASSAGE);
    }
}
