/* Turns the shares of a score into reasons: runs of words and named columns, the strongest first. See explanation.py. */

#include <math.h>
#include <stdint.h>
#include <string.h>

#include "kernels.h"

enum { STRONGEST = 8 };
enum { ORDINARY_LABEL, WORDING_LABEL };  /* labels of phrases; those of kinds follow */
enum { SILENT, SPEAKING, PROMOTING, PRAISING };  /* what a word does: hardly weigh, speak for, against, or praise */
#define LEAST 0.1        /* log-odds; what weighs less is told in the rest */
#define LEAST_WORD 0.02  /* of a word that can be part of a phrase */
#define DECIMALS 1e4     /* of a weight */
#define LEAST_SHARED 1   /* bits of a word that is told as shared with the article */

/* The strongest reasons of one comment, so far. */
struct chosen {
    int64_t count;
    int64_t *items;
    int64_t *begins;
    int64_t *ends;
    double *weights;
};

static double rounded(double weight) {
    return rint(weight * DECIMALS) / DECIMALS;
}

/* Put a reason behind those that are as strong, and let go of the weakest. */
static void choose(struct chosen *chosen, int64_t item, double weight, int64_t begin, int64_t end) {
    int64_t at = chosen->count;
    weight = rounded(weight);
    while (at > 0 && fabs(chosen->weights[at - 1]) < fabs(weight))
        at--;
    if (at == STRONGEST)
        return;
    chosen->count += chosen->count < STRONGEST;
    size_t moved = (size_t)(chosen->count - 1 - at);
    memmove(chosen->items + at + 1, chosen->items + at, moved * sizeof *chosen->items);
    memmove(chosen->weights + at + 1, chosen->weights + at, moved * sizeof *chosen->weights);
    memmove(chosen->begins + at + 1, chosen->begins + at, moved * sizeof *chosen->begins);
    memmove(chosen->ends + at + 1, chosen->ends + at, moved * sizeof *chosen->ends);
    chosen->items[at] = item;
    chosen->weights[at] = weight;
    chosen->begins[at] = begin;
    chosen->ends[at] = end;
}

/* What belonging to a kind of the lexicon adds to each word of a comment that does. */
static double share_of_kind(const struct shares *shares, const double *of_columns, const int64_t *counts,
                            int64_t kind) {
    double share = of_columns[shares->first_kind + kind - 1];
    if (kind == shares->praise)
        return (share + of_columns[shares->empty_praise]) / (double)counts[kind];
    int64_t promoted = -counts[shares->praise];
    for (int64_t other = 1; other <= shares->kinds; other++)
        promoted += counts[other];
    double of_any = of_columns[shares->promoted] + of_columns[shares->promoted_share];
    return share / (double)counts[kind] + of_any / (double)promoted;
}

static int direction_of(const struct shares *shares, double share, uint8_t kind) {
    if (fabs(share) < LEAST_WORD)
        return SILENT;
    return share <= 0 ? SPEAKING : kind == shares->praise ? PRAISING : PROMOTING;
}

static int ends_sentence(uint32_t code) {
    return code == '.' || code == '!' || code == '?' || code == ';' || code == ':';
}

/* Choose the span of some words as sent. */
static void choose_words(const struct folded *folded, struct chosen *chosen, int64_t item, double weight,
                         int64_t first, int64_t end) {
    int64_t begin = folded->source[folded->word_start[first]], last = folded->source[folded->word_end[end - 1] - 1];
    choose(chosen, item, weight, begin < last ? begin : last, (begin < last ? last : begin) + 1);
}

/* Neighbouring words of one sentence that weigh in one direction; praise stands apart from promotion. A phrase is
   named after the word in it that belongs to a kind and weighs most. */
static void choose_phrases(const struct folded *folded, const struct shares *shares, const double *word_shares,
                           const uint8_t *word_kind, int64_t text, struct chosen *chosen) {
    int64_t last = folded->first_word[text + 1];
    for (int64_t first = folded->first_word[text], end; first < last; first = end) {
        int direction = direction_of(shares, word_shares[first], word_kind[first]);
        int64_t label = direction == SPEAKING ? ORDINARY_LABEL : WORDING_LABEL;
        double sum = 0, top = 0;
        for (end = first; end < last; end++) {
            if (end > first && (direction_of(shares, word_shares[end], word_kind[end]) != direction
                                || ends_sentence(folded->codes[folded->word_end[end - 1]])))
                break;
            sum += word_shares[end];
            if (word_kind[end] && word_shares[end] > top && label != ORDINARY_LABEL) {
                top = word_shares[end];
                label = word_kind[end] + WORDING_LABEL;
            }
        }
        if (direction != SILENT && fabs(sum) >= LEAST)
            choose_words(folded, chosen, -1 - label, sum, first, end);
    }
}

/* Columns that are told one by one, and those of relevance as one, at the word that the article shares most of. */
static void choose_columns(const struct folded *folded, const struct shares *shares, const double *of_columns,
                           const float *shared, int64_t text, struct chosen *chosen) {
    for (int64_t item = 0; item < shares->tolds; item++)
        if (fabs(of_columns[shares->told[item]]) >= LEAST)
            choose(chosen, item, of_columns[shares->told[item]], -1, -1);
    double relevance = 0;
    for (int64_t at = 0; at < shares->relevances; at++)
        relevance += of_columns[shares->relevance + at];
    if (fabs(relevance) < LEAST)
        return;
    float most = LEAST_SHARED;
    int64_t best = -1;
    for (int64_t word = folded->first_word[text]; word < folded->first_word[text + 1]; word++)
        if (shared[word] > most) {
            most = shared[word];
            best = word;
        }
    if (best < 0)
        choose(chosen, shares->tolds + (relevance > 0 ? 1 : 2), relevance, -1, -1);
    else
        choose_words(folded, chosen, shares->tolds, relevance, best, best + 1);
}

/* What the strongest reasons leave of the total is the last one. */
static void add_rest(struct chosen *chosen, int64_t item, double rest) {
    if (rest == 0)
        return;
    chosen->items[chosen->count] = item;
    chosen->weights[chosen->count] = rest;
    chosen->begins[chosen->count] = chosen->ends[chosen->count] = -1;
    chosen->count++;
}

/* The strongest reasons of each comment and what they leave, at most STRONGEST + 1. Items are places in `told`, the
   three behind it for relevance (with words that are shared; with none, for promotion or against it), the next for the
   rest, or -1 less the label of a phrase; `begins` and `ends` are places as sent, or -1. Those of comment `row` are
   edges[row] to edges[row + 1]. `word_shares` is what each word of the bodies adds. */
void explain(const struct folded *folded, const struct shares *shares, const int64_t *own, const int64_t *linked,
             const int64_t *passages, const double *units, const uint8_t *word_kind, const int64_t *kind_counts,
             const float *shared, int64_t texts, double *word_shares, int64_t *edges, int64_t *rows,
             int64_t *items, int64_t *begins, int64_t *ends, double *weights) {
    edges[0] = 0;
    for (int64_t row = 0; row < texts; row++) {
        const double *of_columns = shares->of_columns + row * shares->columns, *unit = units + 3 * row;
        const int64_t *counts = kind_counts + row * (shares->kinds + 1);
        for (int64_t word = folded->first_word[row]; word < folded->first_word[row + 1]; word++) {
            int inside = passages[2 * row] <= word && word < passages[2 * row + 1];
            word_shares[word] = (double)own[word] * (unit[0] + (inside ? unit[1] : 0)) + (double)linked[word] * unit[2];
            if (word_kind[word])
                word_shares[word] += share_of_kind(shares, of_columns, counts, word_kind[word]);
        }
        int64_t begin = edges[row];
        struct chosen chosen = {0, items + begin, begins + begin, ends + begin, weights + begin};
        choose_columns(folded, shares, of_columns, shared, row, &chosen);
        choose_phrases(folded, shares, word_shares, word_kind, row, &chosen);
        double rest = shares->totals[row];
        for (int64_t at = 0; at < chosen.count; at++)
            rest -= chosen.weights[at];
        add_rest(&chosen, shares->tolds + 3, rounded(rest));
        for (int64_t at = 0; at < chosen.count; at++)
            rows[begin + at] = row;
        edges[row + 1] = begin + chosen.count;
    }
}
