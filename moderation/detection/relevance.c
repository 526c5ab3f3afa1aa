/* What a comment shares with its article, by look-ups in the article's slot. See relevance.py. */

#include <math.h>
#include <stdint.h>
#include <string.h>

#include "kernels.h"
#include "hashing.h"
#include "processors.h"

enum { SLOT_BITS = 15, RARITY_BITS = 18, DIMENSIONS = 64 };  /* at most */
enum { BODY = 1, TITLE = 2, WORD = BODY | TITLE, TRIPLE = 4 };  /* what a bucket of a slot holds */
enum { LEAST_QUOTED = 8 };  /* words in a row; fewer meet by chance */
enum { SHARED, STEMS, IN_TITLE, SIZE, SHARED_BITS, SUMS };
#define STEM_SALT 0x27D4EB2Fu  /* tells stems from words: a prime of xxHash */
#define LEAST_SURPRISE 0.15f   /* bits */
#define MOST_SURPRISE 10.0f

static inline float rarity_of(const struct shelf *shelf, uint32_t word) {
    return (float)shelf->rarity[bucket(word, RARITY_BITS)] / 8;
}

/* Add the direction of meaning of a word to that of a text. */
static inline void turn(const struct shelf *shelf, uint32_t word, float *vector) {
    const int8_t *meaning = shelf->meaning + shelf->dimensions * (int64_t)bucket(word, shelf->meaning_bits);
    float rare = rarity_of(shelf, word);
    for (int64_t at = 0; at < shelf->dimensions; at++)
        vector[at] += rare * (float)meaning[at];
}

/* Make a direction of length 1, unless it is 0. */
static void norm(const struct shelf *shelf, float *vector) {
    double squares = 0;
    for (int64_t at = 0; at < shelf->dimensions; at++)
        squares += (double)vector[at] * vector[at];
    float length = (float)sqrt(squares);
    for (int64_t at = 0; at < shelf->dimensions && length > 0; at++)
        vector[at] /= length;
}

/* The bucket of three words in a row. */
static uint32_t triple(const struct folded *folded, int64_t word) {
    return bucket(mixed(folded->pairs[word] * PRIME + folded->hashes[word + 2] * SECOND), SLOT_BITS);
}

/* Note an article, its body and then its title, in its slot: words, threes of words, and the direction of meaning. */
void read_article(const struct folded *folded, const struct shelf *shelf, int64_t slot) {
    static const uint8_t mark[] = {BODY, TITLE};
    uint8_t *marks = shelf->marks + (slot << SLOT_BITS);
    float *vector = shelf->vectors + slot * shelf->dimensions;
    memset(marks, 0, (size_t)1 << SLOT_BITS);
    memset(vector, 0, (size_t)shelf->dimensions * sizeof *vector);
    for (int64_t word = 0; word < folded->words; word++) {
        uint8_t here = mark[folded->word_text[word]];
        marks[bucket(folded->hashes[word], SLOT_BITS)] = here;
        marks[bucket(folded->stems[word] * STEM_SALT, SLOT_BITS)] = here;
        turn(shelf, folded->hashes[word], vector);
    }
    norm(shelf, vector);
    for (int64_t text = 0; text < folded->texts; text++)
        for (int64_t word = folded->first_word[text]; word + 2 < folded->first_word[text + 1]; word++)
            marks[triple(folded, word)] |= TRIPLE;
}

/* Tell the words of a text that stand in a row in a slot's article, unless all do; returns how many. */
static int64_t find_quotes(const struct folded *folded, const uint8_t *marks, int64_t text, uint8_t *quoted) {
    int64_t first = folded->first_word[text], end = folded->first_word[text + 1];
    int64_t found = 0, begin = first;  /* of a run of words */
    for (int64_t word = first; word + 2 <= end; word++) {
        if (word + 2 < end && marks[triple(folded, word)] & TRIPLE)
            continue;
        if (word > begin && word + 2 - begin >= LEAST_QUOTED)
            for (int64_t at = begin; at < word + 2; at++) {
                found += !quoted[at];
                quoted[at] = 1;
            }
        begin = word + 1;
    }
    if (found < end - first)
        return found;
    memset(quoted + first, 0, (size_t)(end - first));  /* a text that is nothing but a quotation quotes nothing */
    return 0;
}

static float cosine_of(const struct shelf *shelf, int64_t slot, const float *vector) {
    const float *subject = shelf->vectors + slot * shelf->dimensions;
    double sum = 0;
    for (int64_t at = 0; at < shelf->dimensions; at++)
        sum += (double)vector[at] * subject[at];
    return (float)sum;
}

/* Weigh one text's own words against its article's slot; returns the most that one shared word weighs. */
FOR_NEWER_PROCESSORS
static float weigh_shared(const struct folded *folded, const struct shelf *shelf, int64_t slot, int64_t text,
                          const uint8_t *quoted, double *sums, float *shared, float *vector) {
    const uint8_t *marks = shelf->marks + (slot << SLOT_BITS);
    float most = 0;
    for (int64_t word = folded->first_word[text]; word < folded->first_word[text + 1]; word++) {
        if (quoted[word])
            continue;
        uint32_t hash = folded->hashes[word];
        float rare = rarity_of(shelf, hash);
        float surprise = rare - shelf->log_sizes[slot];  /* bits that chance alone would not explain */
        surprise = surprise < LEAST_SURPRISE ? LEAST_SURPRISE : surprise > MOST_SURPRISE ? MOST_SURPRISE : surprise;
        uint8_t here = marks[bucket(hash, SLOT_BITS)] & WORD;
        uint8_t stem_here = marks[bucket(folded->stems[word] * STEM_SALT, SLOT_BITS)] & WORD;
        shared[word] = here ? surprise : 0;
        most = shared[word] > most ? shared[word] : most;
        sums[SHARED] += shared[word];
        sums[STEMS] += stem_here ? surprise : 0;
        sums[IN_TITLE] += (here | stem_here) & TITLE ? rare : 0;
        sums[SIZE] += rare;
        sums[SHARED_BITS] += here ? rare : 0;
        turn(shelf, hash, vector);
    }
    return most;
}

/* The evidence of one comment, in the order of Relevance. */
static void tell(const double *sums, float rarest, float cosine, float size, float *values) {
    double total = sums[SIZE] + 8;
    for (int at = 0; at < SHARED_BITS; at++)
        values[at] = (float)(log1p(sums[at]) / 4);
    values[RELEVANCE_SHARED_SHARE] = (float)(sums[SHARED_BITS] / total);
    values[RELEVANCE_SHARED_PER_SIZE] = (float)(sums[SHARED] / sqrt(total) / 4);
    values[RELEVANCE_RAREST] = rarest / 10;
    values[RELEVANCE_COSINE] = cosine;
    values[RELEVANCE_ARTICLE_SIZE] = size;
}

/* Compare some bodies with their articles' slots, -1 where there is none, but for what they quote of them. Returns how
   many words are quoted. */
int64_t relate(const struct folded *folded, const struct shelf *shelf, const int64_t *slots, int64_t first_text,
               int64_t texts, struct batch *batch) {
    int64_t total = 0, first = folded->first_word[first_text], end = folded->first_word[first_text + texts];
    memset(batch->quoted + first, 0, (size_t)(end - first));
    memset(batch->shared + first, 0, (size_t)(end - first) * sizeof *batch->shared);
    memset(batch->evidence + first_text * RELEVANCES, 0, (size_t)texts * RELEVANCES * sizeof *batch->evidence);
    for (int64_t row = 0; row < texts; row++) {
        int64_t text = first_text + row, slot = slots[row];
        batch->known[text] = slot >= 0;
        batch->scripts[text] = slot < 0 ? -1 : shelf->scripts[slot];
        if (slot < 0)
            continue;
        double sums[SUMS] = {0, 0, 0, 0, 0};
        float vector[DIMENSIONS] = {0};
        total += find_quotes(folded, shelf->marks + (slot << SLOT_BITS), text, batch->quoted);
        float rarest = weigh_shared(folded, shelf, slot, text, batch->quoted, sums, batch->shared, vector);
        norm(shelf, vector);
        float size = shelf->told_sizes[slot];
        tell(sums, rarest, cosine_of(shelf, slot, vector), size, batch->evidence + RELEVANCES * text);
    }
    return total;
}
