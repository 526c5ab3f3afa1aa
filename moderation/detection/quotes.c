/* Takes what a comment recites of its article out of a folded batch, as if it had not been sent. See features.py. */

#include <stdint.h>
#include <string.h>

#include "kernels.h"

/* What is kept of a batch so far, while its arrays close up. */
struct kept {
    int64_t words;
    int64_t codes;
    int64_t from;  /* the code point from which on nothing was kept yet */
};

/* Keep the code points up to a place. */
static void keep_codes(struct folded *folded, struct kept *kept, int64_t end) {
    size_t count = (size_t)(end - kept->from);
    memmove(folded->codes + kept->codes, folded->codes + kept->from, count * sizeof *folded->codes);
    memmove(folded->source + kept->codes, folded->source + kept->from, count * sizeof *folded->source);
    kept->codes += end - kept->from;
    kept->from = end;
}

/* Keep a word, whose code points are kept later. */
static void keep_word(struct folded *folded, struct batch *batch, struct kept *kept, int64_t word) {
    int64_t gap = kept->from - kept->codes;
    folded->word_start[kept->words] = folded->word_start[word] - gap;
    folded->word_end[kept->words] = folded->word_end[word] - gap;
    folded->word_text[kept->words] = folded->word_text[word];
    folded->hashes[kept->words] = folded->hashes[word];
    folded->stems[kept->words] = folded->stems[word];
    if (word < batch->body_words)
        batch->shared[kept->words] = batch->shared[word];
    kept->words++;
}

/* Count the kinds of what was sent without some of a text's code points. */
static void uncount(const struct alphabet *alphabet, const uint32_t *raw, struct folded *folded, int64_t text,
                    int64_t begin, int64_t end) {
    int64_t first = folded->source[begin], last = first, *kinds = folded->raw_kinds + text * KINDS;
    for (int64_t place = begin; place < end; place++) {
        first = folded->source[place] < first ? folded->source[place] : first;
        last = folded->source[place] > last ? folded->source[place] : last;
    }
    for (int64_t place = first; place <= last; place++) {
        int64_t *count = kinds + alphabet->kind[raw[folded->sent[text] + 1 + place]];
        *count -= *count > 0;  /* rows of a line turned round may overlap as they were sent */
    }
}

/* Take the quoted words out, those in a row with what stands between them. Places as sent stay what they are. */
void take_out(const struct alphabet *alphabet, const uint32_t *raw, struct folded *folded, struct batch *batch) {
    struct kept kept = {0, 0, 0};
    int64_t first = 0, bodies_end = folded->first_word[batch->comments], end_of_bodies = 0;
    for (int64_t text = 0; text < folded->texts; text++) {
        int64_t end = folded->first_word[text + 1], codes_end = folded->starts[text + 1];
        folded->starts[text] = kept.codes;
        folded->first_word[text] = kept.words;
        for (int64_t word = first; word < end; word++) {
            int64_t begin = folded->word_start[word];
            if (word >= bodies_end || !batch->quoted[word]) {
                keep_word(folded, batch, &kept, word);
                continue;
            }
            while (word + 1 < end && batch->quoted[word + 1])
                word++;
            uncount(alphabet, raw, folded, text, begin, folded->word_end[word]);
            keep_codes(folded, &kept, begin);
            kept.from = folded->word_end[word];
        }
        keep_codes(folded, &kept, codes_end);
        first = end;
        end_of_bodies = text < batch->comments ? kept.words : end_of_bodies;
    }
    folded->starts[folded->texts] = kept.codes;
    folded->first_word[folded->texts] = kept.words;
    keep_codes(folded, &kept, folded->size);  /* the space behind the last text */
    folded->size = kept.codes;
    folded->words = kept.words;
    batch->body_words = end_of_bodies;
    hash_pairs(folded);
}
