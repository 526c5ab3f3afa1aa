/* What the n-grams of texts say by some weights: sums of whole numbers, the same in whatever order. See wording.py. */

#include <math.h>
#include <stdint.h>
#include <string.h>

#include "kernels.h"
#include "carving.h"
#include "hashing.h"
#include "processors.h"

enum { BITS = 20, DAMPING = 40, WINDOW = 14 };
enum { ORDERS = LONGEST_ORDER - SHORTEST_ORDER + 1 };
enum { AT_A_PLACE = ORDERS + 2 };  /* n-grams that begin at one code point, a word and that with the next among them */
enum { OF_BODY, OF_PASSAGE, OF_LINKS, UNITS };
#define NAME_SALT 0x165667B1u  /* odd, so that a product loses nothing */
#define URL_SALT 0x2C1B3C6Du
#define MOST 8.0  /* log-odds that a column comes near to at most: what is said ten times is not ten times as certain */

static const uint32_t SALT_OF[] = {0, URL_SALT};  /* addresses and links speak one language: one salt */

static int64_t longest_text(const struct folded *folded) {
    int64_t longest = 0;
    for (int64_t text = 0; text < folded->texts; text++) {
        int64_t size = folded->starts[text + 1] - folded->starts[text];
        longest = size > longest ? size : longest;
    }
    return longest;
}

/* Give the arrays of a batch's wording their places in `room`, or in none to learn how many bytes they take. */
int64_t place_wording(const struct folded *folded, const struct batch *batch, struct wording_evidence *wording,
                      uint8_t *room) {
    size_t comments = (size_t)batch->comments, words = (size_t)batch->body_words;
    struct carver carver = {room, 0};
    wording->columns = carve(&carver, comments * WORDINGS * sizeof *wording->columns);
    wording->units = carve(&carver, comments * UNITS * sizeof *wording->units);
    wording->passages = carve(&carver, comments * 2 * sizeof *wording->passages);
    wording->own = carve(&carver, words * sizeof *wording->own);
    wording->linked = carve(&carver, words * sizeof *wording->linked);
    wording->counts = carve(&carver, words * sizeof *wording->counts);
    wording->in_link = carve(&carver, (size_t)folded->starts[comments] * sizeof *wording->in_link);
    wording->keys = carve(&carver, (size_t)(AT_A_PLACE * longest_text(folded)) * sizeof *wording->keys);
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

/* One text while it is weighed: the buckets of its n-grams, and a bit for each that was seen. */
struct weighing {
    const int16_t *weights;
    uint64_t *bits;
    uint32_t *keys[ORDERS];  /* by code point of the text, one array an order; 0 where no n-gram begins */
    uint32_t *word_keys;     /* by word: its own, and that of it with the next one */
    int64_t size;
    int64_t words;
};

/* What the new n-grams of a place or a word weigh, and how many they are. */
struct sum {
    int64_t weight;
    int64_t count;
};

/* Add an n-gram to a sum, unless its text was seen to have it; without a branch, for none could be foretold. */
static inline void add(struct sum *sum, const struct weighing *text, uint32_t key) {
    uint64_t before = text->bits[key >> 6];
    int64_t is_new = !(before >> (key & 63) & 1);
    text->bits[key >> 6] = before | (uint64_t)1 << (key & 63);
    sum->weight += is_new * text->weights[key];
    sum->count += is_new;
}

/* How far what is said of a place holds for the next ones. */
static int64_t end_of_run(const uint8_t *in_link, int64_t begin, int64_t end) {
    int64_t at = begin + 1;
    while (at < end && in_link[at] == in_link[begin])
        at++;
    return at;
}

/* The buckets of the n-grams of one salt that begin at so many places. */
FOR_NEWER_PROCESSORS
static void hash_run(const uint32_t *restrict codes, int64_t size, uint32_t salt, uint32_t *restrict threes,
                     uint32_t *restrict fours, uint32_t *restrict fives) {
    for (int64_t place = 0; place < size; place++) {
        uint32_t hash = next_step(first_step(codes[place], salt), codes[place + 1]);
        hash = next_step(hash, codes[place + 2]);
        threes[place] = bucket(hash * GOLDEN, BITS);
        hash = next_step(hash, codes[place + 3]);
        fours[place] = bucket(hash * GOLDEN, BITS);
        hash = next_step(hash, codes[place + 4]);
        fives[place] = bucket(hash * GOLDEN, BITS);
    }
}

/* Hash a text, all of one salt, or with that of links where `in_link` tells of some. */
static void hash_text(const struct folded *folded, int64_t text, uint32_t salt, const uint8_t *in_link,
                      struct weighing *weighing) {
    int64_t start = folded->starts[text], size = folded->starts[text + 1] - start, first = folded->first_word[text];
    weighing->size = size;
    weighing->words = folded->first_word[text + 1] - first;
    for (int64_t begin = 0, end; begin < size; begin = end) {
        end = in_link ? end_of_run(in_link, begin, size) : size;
        hash_run(folded->codes + start + begin, end - begin, in_link ? SALT_OF[in_link[begin]] : salt,
                 weighing->keys[0] + begin, weighing->keys[1] + begin, weighing->keys[2] + begin);
    }
    for (int order = 0; order < ORDERS; order++)  /* none takes in more of the next text than the space before it */
        for (int64_t place = size > order + 1 ? size - order - 1 : 0; place < size; place++)
            weighing->keys[order][place] = 0;
    for (int64_t word = 0; word < weighing->words; word++) {
        uint32_t of_word = (in_link ? SALT_OF[in_link[folded->word_start[first + word] - start]] : salt) | 1;
        weighing->word_keys[2 * word] = bucket(folded->hashes[first + word] * of_word, BITS);
        weighing->word_keys[2 * word + 1] = bucket(folded->pairs[first + word] * of_word, BITS);
    }
    weighing->bits[0] = 1;  /* bucket 0 is that of no n-gram, so it is never new */
}

/* Clear the bits for the next text. */
static void forget(const struct weighing *weighing) {
    for (int order = 0; order < ORDERS; order++)
        for (int64_t place = 0; place < weighing->size; place++)
            weighing->bits[weighing->keys[order][place] >> 6] = 0;
    for (int64_t word = 0; word < 2 * weighing->words; word++)
        weighing->bits[weighing->word_keys[word] >> 6] = 0;
}

/* Add the n-grams of code points that begin at the places from `begin` to before `end`. */
static void add_places(struct sum *sum, const struct weighing *weighing, int64_t begin, int64_t end) {
    struct sum here = *sum;
    for (int64_t place = begin; place < end; place++)
        for (int order = 0; order < ORDERS; order++)
            add(&here, weighing, weighing->keys[order][place]);
    *sum = here;
}

static void add_word(struct sum *sum, const struct weighing *weighing, int64_t word) {
    add(sum, weighing, weighing->word_keys[2 * word]);
    add(sum, weighing, weighing->word_keys[2 * word + 1]);
}

/* All that the n-grams of one text weigh. */
static struct sum weigh_text(const struct folded *folded, int64_t text, uint32_t salt, struct weighing *weighing) {
    struct sum sum = {0, 0};
    hash_text(folded, text, salt, NULL, weighing);
    add_places(&sum, weighing, 0, weighing->size);
    for (int64_t word = 0; word < weighing->words; word++)
        add_word(&sum, weighing, word);
    forget(weighing);
    return sum;
}

/* What each word of a body adds, its own and that inside links, how many n-grams are its own, and the sums of both.
   `in_link` is NULL where there are no links. A word has the places behind the one before, the last one the text's tail
   too. */
static inline void weigh_words(const struct folded *folded, int64_t text, const uint8_t *in_link,
                               struct wording_evidence *wording, struct weighing *weighing, struct sum *sums) {
    int64_t start = folded->starts[text], first = folded->first_word[text], place = 0;
    hash_text(folded, text, 0, in_link, weighing);
    for (int64_t word = 0; word < weighing->words; word++) {
        int64_t stop = word + 1 < weighing->words ? folded->word_end[first + word] - start : weighing->size;
        struct sum parts[2] = {{0, 0}, {0, 0}};
        add_word(parts + (in_link ? in_link[folded->word_start[first + word] - start] : 0), weighing, word);
        for (int64_t end; place < stop; place = end) {
            end = in_link ? end_of_run(in_link, place, stop) : stop;
            add_places(parts + (in_link ? in_link[place] : 0), weighing, place, end);
        }
        wording->own[first + word] = parts[0].weight;
        wording->linked[first + word] = parts[1].weight;
        wording->counts[first + word] = parts[0].count;
        for (int part = 0; part < 2; part++) {
            sums[part].weight += parts[part].weight;
            sums[part].count += parts[part].count;
        }
    }
    forget(weighing);
}

static void weigh_body(const struct folded *folded, int64_t text, struct wording_evidence *wording,
                       struct weighing *weighing, struct sum *sums) {
    const uint8_t *in_link = wording->in_link + folded->starts[text];
    if (folded->first_word[text] == folded->first_word[text + 1])
        sums[0] = weigh_text(folded, text, 0, weighing);
    else if (memchr(in_link, 1, (size_t)(folded->starts[text + 1] - folded->starts[text])))
        weigh_words(folded, text, in_link, wording, weighing, sums);
    else
        weigh_words(folded, text, NULL, wording, weighing, sums);
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
    int64_t count = batch->comments, longest = longest_text(folded);
    struct weighing weighing = {weights, bits, {0}, wording->keys + ORDERS * longest, 0, 0};
    for (int order = 0; order < ORDERS; order++)
        weighing.keys[order] = wording->keys + order * longest;
    mark_links(folded, batch, wording->in_link);
    for (int64_t row = 0; row < count; row++) {
        double *column = wording->columns + WORDINGS * row, *unit = wording->units + UNITS * row;
        struct sum sums[2] = {{0, 0}, {0, 0}};
        weigh_body(folded, row, wording, &weighing, sums);
        struct sum name = weigh_text(folded, count + row, NAME_SALT, &weighing);
        struct sum url = weigh_text(folded, 2 * count + row, URL_SALT, &weighing);
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
    bits[0] = 0;
}
