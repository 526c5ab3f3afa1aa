/* The kinds of words, and columns that are made of what was read. See features.py. */

#include <math.h>
#include <stdint.h>
#include <string.h>

#include "kernels.h"
#include "carving.h"
#include "hashing.h"

enum { LAST_WORDS = 3 };
enum { SPEAKING = 12 };      /* words from which on a comment says enough to be compared with its article in full */
#define MOST_OFF_TOPIC 4.0   /* log-odds; more certainty is not believed */

/* Give the arrays of a batch their places in `room`, or in none to learn how many bytes they take. */
int64_t place_batch(struct batch *batch, uint8_t *room) {
    size_t comments = (size_t)batch->comments, words = (size_t)batch->body_words, kinds = (size_t)batch->kinds;
    struct carver carver = {room, 0};
    batch->evidence = carve(&carver, comments * RELEVANCES * sizeof *batch->evidence);
    batch->known = carve(&carver, comments * sizeof *batch->known);
    batch->scripts = carve(&carver, comments * sizeof *batch->scripts);
    batch->shared = carve(&carver, words * sizeof *batch->shared);
    batch->quoted = carve(&carver, words * sizeof *batch->quoted);
    batch->signals = carve(&carver, comments * SIGNALS * sizeof *batch->signals);
    batch->places = carve(&carver, comments * SIGNALS * 2 * sizeof *batch->places);
    batch->found = carve(&carver, (size_t)batch->most_links * sizeof *batch->found);
    batch->word_kind = carve(&carver, words * sizeof *batch->word_kind);
    batch->kind_counts = carve(&carver, comments * (kinds + 1) * sizeof *batch->kind_counts);
    batch->off_topic = carve(&carver, comments * sizeof *batch->off_topic);
    return carver.taken;
}

/* The kind of a hash. Most have none, which the small table tells sooner. */
static uint8_t kind_of(const struct lexicon *lexicon, uint32_t hash) {
    return lexicon->held[bucket(hash, lexicon->held_bits)] ? lexicon->kind_of[bucket(hash, lexicon->bits)] : 0;
}

/* The kind of each word of a body: that of a pair holds for both its words, but praise is praise in any company. */
static void read_kinds(const struct folded *folded, const struct lexicon *lexicon, struct batch *batch, int64_t row) {
    int64_t *counts = batch->kind_counts + row * (batch->kinds + 1);
    uint8_t before = 0;  /* the kind of the pair that ends here */
    for (int64_t word = folded->first_word[row]; word < folded->first_word[row + 1]; word++) {
        uint8_t single = kind_of(lexicon, folded->hashes[word]), pair = kind_of(lexicon, folded->pairs[word]);
        uint8_t kind = single == lexicon->praise ? single : pair ? pair : before ? before : single;
        batch->word_kind[word] = kind;
        before = pair;
        counts[kind]++;
    }
}

/* The logit of a comment's not being about its article. */
static double off_topic_of(const struct lexicon *lexicon, const float *evidence) {
    double sum = lexicon->off_topic[RELEVANCES];
    for (int at = 0; at < RELEVANCES; at++)
        sum += evidence[at] * lexicon->off_topic[at];
    return sum;
}

/* What the words of a batch and its evidence come to: kinds, and whether it is off topic. */
void conclude(const struct folded *folded, const struct lexicon *lexicon, struct batch *batch) {
    memset(batch->kind_counts, 0, (size_t)(batch->comments * (batch->kinds + 1)) * sizeof *batch->kind_counts);
    for (int64_t row = 0; row < batch->comments; row++) {
        read_kinds(folded, lexicon, batch, row);
        batch->off_topic[row] = batch->known[row] ? off_topic_of(lexicon, batch->evidence + RELEVANCES * row) : 0;
    }
}

/* The share of a body's last words that belong to a kind of promotion: search words left behind. */
static double terms_at_end(const struct folded *folded, const struct lexicon *lexicon, const struct batch *batch,
                           int64_t row) {
    int64_t end = folded->first_word[row + 1], terms = 0;
    for (int64_t word = end - 1; word >= folded->first_word[row] && word >= end - LAST_WORDS; word--)
        terms += batch->word_kind[word] && batch->word_kind[word] != lexicon->praise;
    return (double)terms / LAST_WORDS;
}

/* The columns of Mix of one comment. */
static void mix(const struct folded *folded, const struct lexicon *lexicon, const struct batch *batch, int64_t row,
                double *columns) {
    const float *signals = batch->signals + SIGNALS * row, *evidence = batch->evidence + RELEVANCES * row;
    const int64_t *counts = batch->kind_counts + row * (batch->kinds + 1);
    double words = (double)(folded->first_word[row + 1] - folded->first_word[row]), promoted = 0;
    for (int64_t kind = 1; kind <= batch->kinds; kind++)
        promoted += kind == lexicon->praise ? 0 : (double)counts[kind];
    double praises = (double)counts[lexicon->praise], praise = praises / (words + 4);
    double off_topic = fmin(fmax(batch->off_topic[row], -MOST_OFF_TOPIC), MOST_OFF_TOPIC) / 2;
    double link = fmax(signals[SIGNAL_LINK], signals[SIGNAL_BARE_DOMAIN]), address = signals[SIGNAL_AUTHOR_URL];
    double told = batch->known[row] * fmin(words / SPEAKING, 1);  /* short comments say little of their subject */
    columns[MIX_OFF_TOPIC] = off_topic;
    columns[MIX_OFF_TOPIC_LINK] = off_topic * link;
    columns[MIX_OFF_TOPIC_ADDRESS] = off_topic * address;
    columns[MIX_HAS_ARTICLE] = batch->known[row];
    columns[MIX_LONG_WITH_ARTICLE] = told;
    columns[MIX_SHARED_SHARE] = evidence[RELEVANCE_SHARED_SHARE] * told;
    columns[MIX_SHARED_PER_SIZE] = evidence[RELEVANCE_SHARED_PER_SIZE] * told;
    columns[MIX_COSINE] = evidence[RELEVANCE_COSINE] * told;
    columns[MIX_PROMOTED] = log1p(promoted);
    columns[MIX_PROMOTED_SHARE] = sqrt(promoted / (words + 4));
    columns[MIX_EMPTY_PRAISE] = praise * fmax(off_topic, 0);
    columns[MIX_PRAISE_AND_ADDRESS] = praise * address;
    columns[MIX_LATE_AND_ADDRESS] = signals[SIGNAL_LATENESS] * fmax(address, link);
    columns[MIX_SHORT_AND_LINK] = signals[SIGNAL_SHORTNESS] * link;
    columns[MIX_PRAISE_AND_TERMS] = fmin(praises, 3) * fmin(promoted, 2) / 6;
    columns[MIX_TERMS_AT_END] = terms_at_end(folded, lexicon, batch, row);
}

/* The columns of Signal, of the kinds (the logarithms of their counts), of Mix, and of wording where that is told. */
void columns(const struct folded *folded, const struct lexicon *lexicon, const struct batch *batch,
             const struct wording_evidence *wording, double *columns) {
    for (int64_t row = 0; row < batch->comments; row++) {
        const int64_t *counts = batch->kind_counts + row * (batch->kinds + 1) + 1;
        for (int at = 0; at < SIGNALS; at++)
            *columns++ = batch->signals[SIGNALS * row + at];
        for (int64_t kind = 0; kind < batch->kinds; kind++)
            *columns++ = counts[kind] ? log1p((double)counts[kind]) : 0;
        mix(folded, lexicon, batch, row, columns);
        columns += MIXES;
        for (int at = 0; wording && at < WORDINGS; at++)
            *columns++ = wording->columns[WORDINGS * row + at];
    }
}
