/* What a comment shares with its article, by look-ups in the article's slot. See relevance.py. */

#include <math.h>
#include <stdint.h>

#include "kernels.h"
#include "hashing.h"

enum { SLOT_BITS = 15, RARITY_BITS = 18 };
enum { BODY = 1, TITLE = 2, WORD = BODY | TITLE, TRIPLE = 4 };  /* what a bucket of a slot holds */
enum { LEAST_QUOTED = 8 };  /* words in a row; fewer meet by chance */
enum { SHARED, STEMS, IN_TITLE, SIZE, SHARED_BITS, SUMS };
enum { SHARED_SHARE = 4, SHARED_PER_SIZE, RAREST, COSINE, ARTICLE_SIZE, COLUMNS };  /* of Relevance, behind four sums */
#define STEM_SALT 0x27D4EB2Fu  /* tells stems from words: a prime of xxHash */
#define LEAST_SURPRISE 0.15f   /* bits */
#define MOST_SURPRISE 10.0f

static float rarity_of(const struct shelf *shelf, uint32_t word) {
    return (float)shelf->rarity[bucket(word, RARITY_BITS)] / 8;
}

/* The direction of meaning of a text, of length 1 or 0. */
void direction(const struct shelf *shelf, const uint32_t *words, int64_t count, float *vector) {
    int64_t dimensions = shelf->dimensions;
    for (int64_t at = 0; at < dimensions; at++)
        vector[at] = 0;
    for (int64_t word = 0; word < count; word++) {
        const int8_t *meaning = shelf->meaning + dimensions * (int64_t)bucket(words[word], shelf->meaning_bits);
        float rare = rarity_of(shelf, words[word]);
        for (int64_t at = 0; at < dimensions; at++)
            vector[at] += rare * (float)meaning[at];
    }
    double squares = 0;
    for (int64_t at = 0; at < dimensions; at++)
        squares += (double)vector[at] * vector[at];
    float norm = (float)sqrt(squares);
    for (int64_t at = 0; at < dimensions && norm > 0; at++)
        vector[at] /= norm;
}

/* The bucket of three words in a row. */
static uint32_t triple(const uint32_t *words, const uint32_t *pairs, int64_t word) {
    return bucket(mixed(pairs[word] * PRIME + words[word + 2] * SECOND), SLOT_BITS);
}

/* Mark every three words in a row of an article's texts in its slot. */
void mark_triples(const struct folded *folded, const uint32_t *words, const uint32_t *pairs, uint8_t *marks) {
    for (int64_t text = 0; text < folded->texts; text++)
        for (int64_t word = folded->first_word[text]; word + 2 < folded->first_word[text + 1]; word++)
            marks[triple(words, pairs, word)] |= TRIPLE;
}

/* Tell the words from `first` to `end` of one text that stand in a row in a slot's article; returns how many. */
static int64_t quotes_of(const uint32_t *words, const uint32_t *pairs, const uint8_t *marks, int64_t first, int64_t end,
                         uint8_t *quoted) {
    int64_t found = 0, begin = first;  /* of a run of words */
    for (int64_t word = first; word + 2 <= end; word++) {
        if (word + 2 < end && marks[triple(words, pairs, word)] & TRIPLE)
            continue;
        if (word > begin && word + 2 - begin >= LEAST_QUOTED)
            for (int64_t at = begin; at < word + 2; at++) {
                found += !quoted[at];
                quoted[at] = 1;
            }
        begin = word + 1;
    }
    return found;
}

/* Tell what some texts quote of their articles, -1 where there is none; `quoted` has a place for each word, zeros
   before. A text that is nothing but a quotation quotes nothing. Returns how many words are quoted. */
int64_t find_quotes(const struct folded *folded, const uint32_t *words, const uint32_t *pairs, const struct shelf *shelf,
                    const int64_t *slots, int64_t first_text, int64_t texts, uint8_t *quoted) {
    int64_t total = 0;
    for (int64_t row = 0; row < texts; row++) {
        int64_t first = folded->first_word[first_text + row], end = folded->first_word[first_text + row + 1];
        if (slots[row] < 0)
            continue;
        int64_t found = quotes_of(words, pairs, shelf->marks + (slots[row] << SLOT_BITS), first, end, quoted);
        for (int64_t at = first; found == end - first && at < end; at++)
            quoted[at] = 0;
        total += found < end - first ? found : 0;
    }
    return total;
}

static float cosine_of(const struct shelf *shelf, int64_t slot, const float *vector) {
    const float *subject = shelf->vectors + slot * shelf->dimensions;
    double sum = 0;
    for (int64_t at = 0; at < shelf->dimensions; at++)
        sum += (double)vector[at] * subject[at];
    return (float)sum;
}

/* Weigh one text's words against its article's slot; returns the most that one shared word weighs. */
static float weigh_shared(const struct folded *folded, const uint32_t *words, const uint32_t *stems,
                          const struct shelf *shelf, int64_t slot, int64_t text, double *sums, float *shared) {
    const uint8_t *marks = shelf->marks + (slot << SLOT_BITS);
    float most = 0;
    for (int64_t word = folded->first_word[text]; word < folded->first_word[text + 1]; word++) {
        float rare = rarity_of(shelf, words[word]);
        float surprise = rare - shelf->log_sizes[slot];  /* bits that chance alone would not explain */
        surprise = surprise < LEAST_SURPRISE ? LEAST_SURPRISE : surprise > MOST_SURPRISE ? MOST_SURPRISE : surprise;
        uint8_t here = marks[bucket(words[word], SLOT_BITS)] & WORD;
        uint8_t stem_here = marks[bucket(stems[word] * STEM_SALT, SLOT_BITS)] & WORD;
        shared[word] = here ? surprise : 0;
        most = shared[word] > most ? shared[word] : most;
        sums[SHARED] += shared[word];
        sums[STEMS] += stem_here ? surprise : 0;
        sums[IN_TITLE] += (here | stem_here) & TITLE ? rare : 0;
        sums[SIZE] += rare;
        sums[SHARED_BITS] += here ? rare : 0;
    }
    return most;
}

/* The evidence of one comment, in the order of Relevance. */
static void tell(const double *sums, float rarest, float cosine, float size, float *values) {
    double total = sums[SIZE] + 8;
    for (int at = 0; at < SHARED_BITS; at++)
        values[at] = (float)(log1p(sums[at]) / 4);
    values[SHARED_SHARE] = (float)(sums[SHARED_BITS] / total);
    values[SHARED_PER_SIZE] = (float)(sums[SHARED] / sqrt(total) / 4);
    values[RAREST] = rarest / 10;
    values[COSINE] = cosine;
    values[ARTICLE_SIZE] = size;
}

/* Compare some texts with their articles' slots, -1 where there is none. `values` has a row for each of these texts, a
   column a Relevance, zeros before; `shared` a place for each word of the batch, too; `vector` is room to work in. */
void compare(const struct folded *folded, const uint32_t *words, const uint32_t *stems, const struct shelf *shelf,
             const int64_t *slots, int64_t first_text, int64_t texts, float *vector, float *shared, float *values) {
    for (int64_t row = 0; row < texts; row++) {
        int64_t text = first_text + row, slot = slots[row], first = folded->first_word[text];
        double sums[SUMS] = {0, 0, 0, 0, 0};
        if (slot < 0)
            continue;
        float rarest = weigh_shared(folded, words, stems, shelf, slot, text, sums, shared);
        direction(shelf, words + first, folded->first_word[text + 1] - first, vector);
        tell(sums, rarest, cosine_of(shelf, slot, vector), shelf->told_sizes[slot], values + COLUMNS * row);
    }
}
