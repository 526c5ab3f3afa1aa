/* Turns the columns of a comment into its score and the reasons of it: runs of words and named columns, the strongest
   first. See explanation.py. */

#include <math.h>
#include <stdint.h>
#include <string.h>

#include "kernels.h"
#include "carving.h"

enum { STRONGEST = 8, MOST_REASONS = STRONGEST + 1 };
enum { KINDS_OF_LEXICON = 256 };         /* at most */
enum { LONGEST_TEXT = 200 };             /* code points of a reason's text */
enum { ORDINARY_LABEL, WORDING_LABEL };  /* labels of phrases; those of kinds follow */
enum { SILENT, SPEAKING, PROMOTING, PRAISING };  /* what a word does: hardly weigh, speak for, against, or praise */
enum { OF_BODY, OF_PASSAGE, OF_LINKS, UNITS };
enum { OF_RELEVANCE = MIX_PROMOTED };  /* the columns of Mix before it are told as one */
#define LEAST 0.1        /* log-odds; what weighs less is told in the rest */
#define LEAST_WORD 0.02  /* of a word that can be part of a phrase */
#define DECIMALS 1e4     /* of a weight */
#define LEAST_SHARED 1   /* bits of a word that is told as shared with the article */

/* One comment, with its shares by column, and the strongest reasons of it so far. */
struct telling {
    const struct folded *folded;
    const struct batch *batch;
    const struct model *model;
    struct verdict *verdict;
    int64_t row;
    const double *shares;
    const double *mix;     /* among the shares: those of Mix */
    int64_t first;         /* reason */
    int64_t count;
};

/* Give the arrays of a verdict their places in `room`, or in none to learn how many bytes they take. */
int64_t place_verdict(const struct model *model, const struct batch *batch, struct verdict *verdict, uint8_t *room) {
    size_t comments = (size_t)batch->comments, reasons = comments * MOST_REASONS * sizeof(int64_t);
    struct carver carver = {room, 0};
    verdict->promotional = carve(&carver, comments * sizeof *verdict->promotional);
    verdict->off_topic = carve(&carver, comments * sizeof *verdict->off_topic);
    verdict->edges = carve(&carver, (comments + 1) * sizeof *verdict->edges);
    verdict->items = carve(&carver, reasons);
    verdict->fields = carve(&carver, reasons);
    verdict->begins = carve(&carver, reasons);
    verdict->ends = carve(&carver, reasons);
    verdict->cuts = carve(&carver, reasons);
    verdict->cut_ends = carve(&carver, reasons);
    verdict->weights = carve(&carver, comments * MOST_REASONS * sizeof *verdict->weights);
    verdict->shares = carve(&carver, (size_t)model->columns * sizeof *verdict->shares);
    verdict->word_shares = carve(&carver, (size_t)batch->body_words * sizeof *verdict->word_shares);
    return carver.taken;
}

static double rounded(double weight) {
    return rint(weight * DECIMALS) / DECIMALS;
}

/* Put a reason behind those that are as strong, and let go of the weakest. Its field is of the body (0), the name or
   the address; `begin` and `end` are places as sent, or -1. */
static void choose(struct telling *telling, int64_t item, double weight, int64_t field, int64_t begin, int64_t end) {
    struct verdict *verdict = telling->verdict;
    int64_t first = telling->first, at = first + telling->count;
    weight = rounded(weight);
    while (at > first && fabs(verdict->weights[at - 1]) < fabs(weight))
        at--;
    if (at == first + STRONGEST)
        return;
    telling->count += telling->count < STRONGEST;
    for (int64_t last = first + telling->count - 1; last > at; last--) {
        verdict->items[last] = verdict->items[last - 1];
        verdict->fields[last] = verdict->fields[last - 1];
        verdict->begins[last] = verdict->begins[last - 1];
        verdict->ends[last] = verdict->ends[last - 1];
        verdict->weights[last] = verdict->weights[last - 1];
    }
    verdict->items[at] = item;
    verdict->fields[at] = field;
    verdict->begins[at] = begin;
    verdict->ends[at] = end;
    verdict->weights[at] = weight;
}

/* What belonging to a kind of the lexicon adds to each word of a comment that does, by kind. */
static void share_of_kinds(const struct telling *telling, double *of_kind) {
    int64_t kinds = telling->batch->kinds, praise = telling->model->praise;
    const int64_t *counts = telling->batch->kind_counts + telling->row * (kinds + 1);
    int64_t promoted = -counts[praise];
    for (int64_t kind = 1; kind <= kinds; kind++)
        promoted += counts[kind];
    double of_any = telling->mix[MIX_PROMOTED] + telling->mix[MIX_PROMOTED_SHARE];
    of_kind[0] = 0;
    for (int64_t kind = 1; kind <= kinds; kind++)
        if (counts[kind])
            of_kind[kind] = telling->shares[SIGNALS + kind - 1] / (double)counts[kind] + of_any / (double)promoted;
    if (counts[praise])
        of_kind[praise] = (telling->shares[SIGNALS + praise - 1] + telling->mix[MIX_EMPTY_PRAISE])
            / (double)counts[praise];
}

/* What each word of a body adds to the score. */
static void share_out(const struct telling *telling, const struct wording_evidence *wording, const double *weights) {
    const struct folded *folded = telling->folded;
    const int64_t *passage = wording->passages + 2 * telling->row;
    const double *units = wording->units + UNITS * telling->row;
    const uint8_t *word_kind = telling->batch->word_kind;
    double of_body = units[OF_BODY] * weights[WORDING_BODY], of_links = units[OF_LINKS] * weights[WORDING_LINKS];
    double of_passage = units[OF_PASSAGE] * weights[WORDING_PASSAGE], of_kind[KINDS_OF_LEXICON];
    share_of_kinds(telling, of_kind);
    for (int64_t word = folded->first_word[telling->row]; word < folded->first_word[telling->row + 1]; word++) {
        int inside = passage[0] <= word && word < passage[1];
        double share = (double)wording->own[word] * (of_body + (inside ? of_passage : 0));
        share += (double)wording->linked[word] * of_links;
        telling->verdict->word_shares[word] = share + of_kind[word_kind[word]];
    }
}

static int direction_of(const struct telling *telling, int64_t word) {
    double share = telling->verdict->word_shares[word];
    if (fabs(share) < LEAST_WORD)
        return SILENT;
    return share <= 0 ? SPEAKING : telling->batch->word_kind[word] == telling->model->praise ? PRAISING : PROMOTING;
}

static int ends_sentence(uint32_t code) {
    return code == '.' || code == '!' || code == '?' || code == ';' || code == ':';
}

/* Choose the span of some words as sent. */
static void choose_words(struct telling *telling, int64_t item, double weight, int64_t first, int64_t end) {
    const struct folded *folded = telling->folded;
    int64_t begin = folded->source[folded->word_start[first]], last = folded->source[folded->word_end[end - 1] - 1];
    choose(telling, item, weight, 0, begin < last ? begin : last, (begin < last ? last : begin) + 1);
}

/* Neighbouring words of one sentence that weigh in one direction; praise stands apart from promotion. A phrase is
   named after the word in it that belongs to a kind and weighs most. */
static void choose_phrases(struct telling *telling) {
    const struct folded *folded = telling->folded;
    const double *shares = telling->verdict->word_shares;
    const uint8_t *word_kind = telling->batch->word_kind;
    int64_t last = folded->first_word[telling->row + 1];
    int next = SILENT;  /* the direction of the word behind a phrase */
    for (int64_t first = folded->first_word[telling->row], end; first < last; first = end) {
        int direction = first == folded->first_word[telling->row] ? direction_of(telling, first) : next;
        int64_t label = direction == SPEAKING ? ORDINARY_LABEL : WORDING_LABEL;
        double sum = 0, top = 0;
        for (end = first; end < last; end++) {
            next = direction_of(telling, end);
            if (end > first && (next != direction || ends_sentence(folded->codes[folded->word_end[end - 1]])))
                break;
            sum += shares[end];
            if (word_kind[end] && shares[end] > top && label != ORDINARY_LABEL) {
                top = shares[end];
                label = word_kind[end] + WORDING_LABEL;
            }
        }
        if (direction != SILENT && fabs(sum) >= LEAST)
            choose_words(telling, -1 - label, sum, first, end);
    }
}

/* Columns that are told one by one: where they were seen, or about a whole field, or about the comment. */
static void choose_columns(struct telling *telling) {
    const struct model *model = telling->model;
    const int64_t *places = telling->batch->places + 2 * SIGNALS * telling->row, *sent = telling->folded->sent;
    for (int64_t item = 0; item < model->tolds; item++) {
        double share = telling->shares[model->told[item]];
        int64_t field = model->field_of[item], text = field * telling->batch->comments + telling->row;
        if (fabs(share) < LEAST)
            continue;
        if (field)
            choose(telling, item, share, field, 0, sent[text + 1] - sent[text] - 1);
        else if (item < SIGNALS)
            choose(telling, item, share, 0, places[2 * item], places[2 * item + 1]);
        else
            choose(telling, item, share, 0, -1, -1);
    }
}

/* The columns of relevance as one, at the word that the article shares most of. */
static void choose_relevance(struct telling *telling) {
    const struct folded *folded = telling->folded;
    const float *shared = telling->batch->shared;
    double relevance = 0;
    for (int at = 0; at < OF_RELEVANCE; at++)
        relevance += telling->mix[at];
    if (fabs(relevance) < LEAST)
        return;
    float most = LEAST_SHARED;
    int64_t best = -1;
    for (int64_t word = folded->first_word[telling->row]; word < folded->first_word[telling->row + 1]; word++)
        if (shared[word] > most) {
            most = shared[word];
            best = word;
        }
    if (best < 0)
        choose(telling, telling->model->tolds + (relevance > 0 ? 1 : 2), relevance, 0, -1, -1);
    else
        choose_words(telling, telling->model->tolds, relevance, best, best + 1);
}

/* What the strongest reasons leave of the total is the last one. */
static void add_rest(struct telling *telling, double total) {
    struct verdict *verdict = telling->verdict;
    int64_t at = telling->first + telling->count;
    for (int64_t reason = telling->first; reason < at; reason++)
        total -= verdict->weights[reason];
    if (rounded(total) == 0)
        return;
    verdict->items[at] = telling->model->tolds + 3;
    verdict->weights[at] = rounded(total);
    verdict->fields[at] = 0;
    verdict->begins[at] = verdict->ends[at] = -1;
    telling->count++;
}

/* Where the texts of a comment's reasons stand in all that was sent; nowhere for those without. */
static void cut(const struct telling *telling) {
    struct verdict *verdict = telling->verdict;
    for (int64_t at = telling->first; at < telling->first + telling->count; at++) {
        int64_t text = verdict->fields[at] * telling->batch->comments + telling->row;
        int64_t begin = verdict->begins[at], size = verdict->ends[at] - begin;
        verdict->cuts[at] = begin < 0 ? 0 : telling->folded->sent[text] + 1 + begin;
        verdict->cut_ends[at] = verdict->cuts[at] + (size < LONGEST_TEXT ? size : LONGEST_TEXT);
    }
}

/* The probabilities of each comment, its strongest reasons, and what they leave of the total of its shares, at most
   STRONGEST + 1. Items are places in `told`, the three behind it for relevance (with words that are shared; with none,
   for promotion or against it), the next for the rest, or -1 less the label of a phrase. Those of a comment are
   edges[row] to edges[row + 1]. */
void explain(const struct folded *folded, const struct batch *batch, const struct wording_evidence *wording,
             const double *columns, const struct model *model, struct verdict *verdict) {
    int64_t mix = SIGNALS + batch->kinds;
    verdict->edges[0] = 0;
    for (int64_t row = 0; row < batch->comments; row++) {
        double total = 0;
        for (int64_t column = 0; column < model->columns; column++) {
            double over = columns[row * model->columns + column] - model->usual[column];
            verdict->shares[column] = over * model->weights[column];
            total += verdict->shares[column];
        }
        verdict->promotional[row] = total + model->base;
        verdict->off_topic[row] = batch->off_topic[row];
        struct telling telling = {folded, batch, model, verdict, row, verdict->shares, verdict->shares + mix,
                                  verdict->edges[row], 0};
        share_out(&telling, wording, model->weights + mix + MIXES);
        choose_columns(&telling);
        choose_relevance(&telling);
        choose_phrases(&telling);
        add_rest(&telling, total);
        cut(&telling);
        verdict->edges[row + 1] = telling.first + telling.count;
    }
    calibrate(model->calibration, model->points, verdict->promotional, batch->comments);
    make_probabilities(verdict->promotional, batch->comments);
    make_probabilities(verdict->off_topic, batch->comments);
}
