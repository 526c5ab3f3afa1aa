/* What the n-grams of texts say by some weights: sums of whole numbers, the same in whatever order. See wording.py. */

#include <math.h>
#include <stdint.h>
#include <string.h>

#include "kernels.h"
#include "carving.h"
#include "hashing.h"

enum { BITS = 20, DAMPING = 40, WINDOW = 14 };
enum { AT_A_PLACE = 5 };  /* n-grams that begin at one code point: three lengths, a word, and that with the next */
enum { OF_BODY, OF_PASSAGE, OF_LINKS, UNITS };
#define NAME_SALT 0x165667B1u  /* odd, so that a product loses nothing */
#define URL_SALT 0x2C1B3C6Du
#define MOST 8.0  /* log-odds that a column comes near to at most: what is said ten times is not ten times as certain */

static const uint32_t SALT_OF[] = {0, URL_SALT};  /* addresses and links speak one language: one salt */

/* Give the arrays of a batch's wording their places in `room`, or in none to learn how many bytes they take. */
int64_t place_wording(const struct folded *folded, const struct batch *batch, struct wording_evidence *wording,
                      uint8_t *room) {
    size_t comments = (size_t)batch->comments, words = (size_t)batch->body_words;
    int64_t longest = 0;
    for (int64_t text = 0; text < folded->texts; text++) {
        int64_t size = folded->starts[text + 1] - folded->starts[text];
        longest = size > longest ? size : longest;
    }
    struct carver carver = {room, 0};
    wording->columns = carve(&carver, comments * WORDINGS * sizeof *wording->columns);
    wording->units = carve(&carver, comments * UNITS * sizeof *wording->units);
    wording->passages = carve(&carver, comments * 2 * sizeof *wording->passages);
    wording->own = carve(&carver, words * sizeof *wording->own);
    wording->linked = carve(&carver, words * sizeof *wording->linked);
    wording->counts = carve(&carver, words * sizeof *wording->counts);
    wording->in_link = carve(&carver, (size_t)folded->starts[comments] * sizeof *wording->in_link);
    wording->keys = carve(&carver, (size_t)(AT_A_PLACE * longest) * sizeof *wording->keys);
    return carver.taken;
}

/* Tell which code points of the bodies stand in links. */
static void mark_links(const struct folded *folded, const struct batch *batch, uint8_t *in_link) {
    memset(in_link, 0, (size_t)folded->starts[batch->comments]);
    for (const struct link *link = batch->found; link < batch->found + batch->links; link++)
        memset(in_link + link->begin, 1, (size_t)(link->end - link->begin));
}

/* By code point of a batch: the salt of the field that it belongs to, and whether it stands in a link of a body. */
void tell_fields(const struct folded *folded, const struct batch *batch, uint32_t *salts, uint8_t *in_link) {
    int64_t names = folded->starts[batch->comments], urls = folded->starts[2 * batch->comments];
    memset(in_link, 0, (size_t)folded->size);
    mark_links(folded, batch, in_link);
    for (int64_t place = 0; place < folded->size; place++)
        salts[place] = place < names ? SALT_OF[in_link[place]] : place < urls ? NAME_SALT : URL_SALT;
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
static struct sum sum_of_text(const struct folded *folded, uint32_t salt, const int16_t *weights, struct seen *seen,
                              int64_t text) {
    struct sum sum = {0, 0};
    int64_t begin = folded->starts[text], end = folded->starts[text + 1];
    forget(seen);
    for (int64_t place = begin; place < end; place++)
        add_place(&sum, folded->codes, weights, seen, salt, place, end);
    for (int64_t word = folded->first_word[text]; word < folded->first_word[text + 1]; word++)
        add_word(&sum, weights, seen, folded->hashes[word], folded->pairs[word], salt);
    return sum;
}

/* Where the places end that belong to a word of a body: it, what parts it from the one before, and a text's tail. */
static int64_t end_of_stretch(const struct folded *folded, int64_t text, int64_t word) {
    return word + 1 < folded->first_word[text + 1] ? folded->word_end[word] : folded->starts[text + 1];
}

/* What each word of a body adds, its own and that inside links, how many n-grams are its own, and the sums of both. */
static void weigh_words(const struct folded *folded, const int16_t *weights, struct seen *seen, int64_t text,
                        struct wording_evidence *wording, struct sum *sums) {
    int64_t place = folded->starts[text], end = folded->starts[text + 1];
    forget(seen);
    for (int64_t word = folded->first_word[text]; word < folded->first_word[text + 1]; word++) {
        int64_t stop = end_of_stretch(folded, text, word);
        struct sum parts[2] = {{0, 0}, {0, 0}};
        int linked = wording->in_link[folded->word_start[word]];
        add_word(&parts[linked], weights, seen, folded->hashes[word], folded->pairs[word], SALT_OF[linked]);
        for (; place < stop; place++) {
            linked = wording->in_link[place];
            add_place(&parts[linked], folded->codes, weights, seen, SALT_OF[linked], place, end);
        }
        wording->own[word] = parts[0].weight;
        wording->linked[word] = parts[1].weight;
        wording->counts[word] = parts[0].count;
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
static double find_passage(const struct folded *folded, const struct wording_evidence *wording, int64_t text,
                           double scale, double *unit) {
    int64_t first = folded->first_word[text], last = folded->first_word[text + 1];
    int64_t stop = first, sum = 0, count = 0;
    int64_t *passage = wording->passages + 2 * text;
    double best = 0;
    passage[0] = passage[1] = first;
    *unit = 0;
    for (int64_t word = first; word < last; word++) {
        for (; stop < last && stop < word + WINDOW; stop++) {
            sum += wording->own[stop];
            count += wording->counts[stop];
        }
        double here = unit_of(scale, count);
        if (word == first || (double)sum * here > best) {
            best = (double)sum * here;
            passage[0] = word;
            passage[1] = stop;
            *unit = here;
        }
        sum -= wording->own[word];
        count -= wording->counts[word];
    }
    return best;
}

/* Bound a column, and what its words count with it. */
static double believed(double column, double *unit) {
    double bounded = MOST * tanh(column / MOST);
    *unit *= column != 0 ? bounded / column : 1;
    return bounded;
}

/* Weigh a batch. Each n-gram counts once in a text. `bits` are one for each bucket and clear, as they are left. */
void weigh(const struct folded *folded, const struct batch *batch, const int16_t *weights, double scale,
           uint64_t *bits, struct wording_evidence *wording) {
    struct seen seen = {bits, wording->keys, 0};
    int64_t count = batch->comments;
    mark_links(folded, batch, wording->in_link);
    for (int64_t row = 0; row < count; row++) {
        double *column = wording->columns + WORDINGS * row, *unit = wording->units + UNITS * row;
        struct sum sums[2] = {{0, 0}, {0, 0}};
        if (folded->first_word[row] < folded->first_word[row + 1])
            weigh_words(folded, weights, &seen, row, wording, sums);
        else
            sums[0] = sum_of_text(folded, 0, weights, &seen, row);
        struct sum name = sum_of_text(folded, NAME_SALT, weights, &seen, count + row);
        struct sum url = sum_of_text(folded, URL_SALT, weights, &seen, 2 * count + row);
        double of_name = unit_of(scale, name.count), of_url = unit_of(scale, url.count);
        unit[OF_BODY] = unit_of(scale, sums[0].count);
        unit[OF_LINKS] = unit_of(scale, sums[1].count);
        double passage = find_passage(folded, wording, row, scale, unit + OF_PASSAGE);
        column[WORDING_BODY] = believed((double)sums[0].weight * unit[OF_BODY], unit + OF_BODY);
        column[WORDING_PASSAGE] = believed(passage, unit + OF_PASSAGE);
        column[WORDING_NAME] = believed((double)name.weight * of_name, &of_name);
        column[WORDING_URL] = believed((double)url.weight * of_url, &of_url);
        column[WORDING_LINKS] = believed((double)sums[1].weight * unit[OF_LINKS], unit + OF_LINKS);
    }
    forget(&seen);
    bits[0] = 0;
}
