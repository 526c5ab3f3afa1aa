/* Folding: a batch of texts as sent becomes one array of code points, and its words. See text.py for the rules. */

#include <stdint.h>
#include <string.h>

#include "kernels.h"
#include "carving.h"
#include "hashing.h"

const char kernels_sources[] = SOURCES;  /* what tells the C files that this library was made of; kernels.py looks */

enum { SPACE = ' ', DIGIT = '0', LAST_ASCII = 127 };
enum { PART = 1, WHOLE = 2, LATIN = 4, FOREIGN = 8, NUMBER = 16, IN_WORD = PART | WHOLE, DROPPED = 32, SIGN = 64 };
enum { SPACED_RUN = 4, SPACED_GAP = 3 };
enum { LEAST_DRESSED = 3 };
#define EXPANDS 0x80000000u
#define CODE_POINTS 0x110000u

/* One text while it is being folded: its code points, where each comes from, and its role in a word. */
struct draft {
    uint32_t *codes;
    int32_t *source;
    uint8_t *roles;
    int64_t size;
    uint32_t last;  /* the code point that came last, and how many times in a row */
    int64_t run;
    uint8_t seen;   /* all roles that it has, and SIGN where a digit or sign may stand for a letter */
};

static uint8_t role_of(const struct alphabet *alphabet, uint32_t code) {
    return code < CODE_POINTS ? alphabet->role[alphabet->kind[code]] : 0;
}

#define OVERRIDE 0x202Eu       /* what follows reads from right to left, whatever it is: Unicode's annex 9 */
#define OVERRIDE_ENDS 0x202Cu
#define NEWLINE 10u

/* How many code points a batch folds to at most. */
int64_t folded_size(const struct alphabet *alphabet, const uint32_t *raw, int64_t size) {
    int64_t total = size;
    for (int64_t place = 0; place < size; place++) {
        uint32_t code = alphabet->fold[raw[place]];
        if (code >= EXPANDS) {
            const int64_t *first = alphabet->expand_first + (code - EXPANDS);
            total += first[1] - first[0];
        }
    }
    return total;
}

/* Append a code point, unless it is nothing, one more space, or the third of its like in a row. Digits stay, for
   their number tells, and so does the w of www. */
static inline void append(const struct alphabet *alphabet, struct draft *draft, uint32_t code, int32_t source) {
    if (code == 0)
        return;
    draft->run = code == draft->last ? draft->run + 1 : 1;
    draft->last = code;
    uint8_t role = role_of(alphabet, code);
    if (draft->run > 1 && code == SPACE)
        return;
    if (draft->run > 2 && code != 'w' && !(role & NUMBER))
        return;
    draft->codes[draft->size] = code;
    draft->source[draft->size] = source;
    draft->roles[draft->size] = role;
    draft->seen |= role | (code <= LAST_ASCII && alphabet->leet[code] ? SIGN : 0);
    draft->size++;
}

/* Append what the code point at a place folds to, and count its kind. */
static inline void substitute_one(const struct alphabet *alphabet, const uint32_t *raw, int64_t place,
                                  struct draft *draft, int64_t *raw_kinds) {
    raw_kinds[alphabet->kind[raw[place]]]++;
    uint32_t code = alphabet->fold[raw[place]];
    if (code < EXPANDS) {
        append(alphabet, draft, code, (int32_t)(place - 1));
        return;
    }
    const int64_t *first = alphabet->expand_first + (code - EXPANDS);
    for (int64_t part = first[0]; part < first[1]; part++)
        append(alphabet, draft, alphabet->expand_to[part], (int32_t)(place - 1));
}

/* Where what a right-to-left override turns round ends: at the mark that ends it, at a line's end or the text's. */
static int64_t end_of_override(const uint32_t *raw, int64_t place, int64_t size) {
    while (place < size && raw[place] != OVERRIDE_ENDS && raw[place] != NEWLINE)
        place++;
    return place;
}

/* The text itself, behind one space that was not sent, as it reads on a screen. Counts the kinds of its code points
   with that space. */
static void substitute(const struct alphabet *alphabet, const uint32_t *raw, int64_t size, struct draft *draft,
                       int64_t *raw_kinds) {
    struct draft here = *draft;  /* in registers, for no other pointer leads to it */
    int64_t place = 0, back = 0, end = 0;  /* what is turned round ends at `end`, and is read back to `place` */
    while (place < size) {
        if (back > place) {
            substitute_one(alphabet, raw, back--, &here, raw_kinds);
            place = back > place ? place : end;
            continue;
        }
        substitute_one(alphabet, raw, place, &here, raw_kinds);
        if (raw[place] == OVERRIDE) {
            end = end_of_override(raw, place + 1, size);
            back = end - 1;
        }
        place += back <= place;
    }
    *draft = here;
}

/* The Latin letter that a letter of another script looks like, or 0. */
static uint32_t twin_of(const struct alphabet *alphabet, uint32_t code) {
    int64_t low = 0, high = alphabet->twins;
    while (low < high) {
        int64_t middle = (low + high) / 2;
        if (alphabet->twin_from[middle] < code)
            low = middle + 1;
        else
            high = middle;
    }
    return low < alphabet->twins && alphabet->twin_from[low] == code ? alphabet->twin_to[low] : 0;
}

static int all_have_twins(const struct alphabet *alphabet, const struct draft *draft, int64_t begin, int64_t end) {
    for (int64_t place = begin; place < end; place++)
        if ((draft->roles[place] & FOREIGN) && !twin_of(alphabet, draft->codes[place]))
            return 0;
    return 1;
}

/* Whether a word is Cyrillic but for Latin letters that look Cyrillic. */
static int reads_as_cyrillic(const struct alphabet *alphabet, const struct draft *draft, int64_t begin, int64_t end) {
    for (int64_t place = begin; place < end; place++) {
        uint32_t code = draft->codes[place];
        if ((draft->roles[place] & FOREIGN) && alphabet->kind[code] != KIND_CYRILLIC)
            return 0;
        if ((draft->roles[place] & LATIN) && (code > LAST_ASCII || alphabet->cyrillic[code] == code))
            return 0;
    }
    return 1;
}

/* Write a word that mixes Latin with look-alikes in one script, and say whether that was possible. */
static int rewrite(const struct alphabet *alphabet, struct draft *draft, int64_t begin, int64_t end) {
    int latin = all_have_twins(alphabet, draft, begin, end);
    if (!latin && !reads_as_cyrillic(alphabet, draft, begin, end))
        return 0;
    for (int64_t place = begin; place < end; place++) {
        uint32_t code = draft->codes[place];
        if (latin && (draft->roles[place] & FOREIGN))
            draft->codes[place] = twin_of(alphabet, code);
        else if (!latin && (draft->roles[place] & LATIN))
            draft->codes[place] = alphabet->cyrillic[code];
        draft->roles[place] = role_of(alphabet, draft->codes[place]);
    }
    return 1;
}

/* Where the word that begins at a place ends. An ideograph is a word by itself. */
static int64_t end_of_word(const struct draft *draft, int64_t begin) {
    int64_t end = begin + 1;
    if ((draft->roles[begin] & IN_WORD) == PART)
        while (end < draft->size && (draft->roles[end] & IN_WORD) == PART)
            end++;
    return end;
}

/* Read words with look-alikes of another script; count them. A foreign letter right before a Latin one tells: an
   ending hung on a foreign name is no disguise. */
static int64_t read_look_alikes(const struct alphabet *alphabet, struct draft *draft) {
    int64_t count = 0;
    for (int64_t begin = 0; begin < draft->size;) {
        if (!(draft->roles[begin] & IN_WORD)) {
            begin++;
            continue;
        }
        int64_t end = end_of_word(draft, begin);
        int seam = 0;
        for (int64_t place = begin + 1; place < end; place++)
            seam |= (draft->roles[place - 1] & FOREIGN) && (draft->roles[place] & LATIN);
        if (seam)
            count += rewrite(alphabet, draft, begin, end);
        begin = end;
    }
    return count;
}

/* Write a lone digit or dollar sign between two Latin letters as the letter it stands for; count them. */
static int64_t read_leet(const struct alphabet *alphabet, struct draft *draft) {
    int64_t count = 0;
    for (int64_t place = 1; place + 1 < draft->size; place++) {
        uint32_t code = draft->codes[place];
        if (code > LAST_ASCII || !alphabet->leet[code] || (draft->roles[place] & LATIN))
            continue;
        if (!(draft->roles[place - 1] & LATIN) || !(draft->roles[place + 1] & LATIN))
            continue;
        draft->codes[place] = alphabet->leet[code];
        draft->roles[place] = PART | LATIN;
        count++;
    }
    return count;
}

static int is_single_letter(const struct draft *draft, int64_t place) {
    return place > 0 && (draft->roles[place] & IN_WORD) && !(draft->roles[place] & (WHOLE | NUMBER))
        && !(draft->roles[place - 1] & IN_WORD)
        && (place + 1 == draft->size || !(draft->roles[place + 1] & IN_WORD));
}

/* Mark what stands between the single letters of a run. */
static void drop_between(struct draft *draft, int64_t first, int64_t last) {
    for (int64_t place = first; place <= last; place++)
        if (!(draft->roles[place] & IN_WORD) || (draft->roles[place] & (WHOLE | NUMBER)))
            draft->roles[place] |= DROPPED;
}

static void drop_marked(struct draft *draft) {
    int64_t kept = 0;
    for (int64_t place = 0; place < draft->size; place++) {
        if (draft->roles[place] & DROPPED)
            continue;
        draft->codes[kept] = draft->codes[place];
        draft->source[kept] = draft->source[place];
        draft->roles[kept] = draft->roles[place];
        kept++;
    }
    draft->size = kept;
}

/* Close up runs of single letters ("c a s i n o", "v.i.a.g.r.a"); count them. */
static int64_t close_spaced_letters(struct draft *draft) {
    int64_t count = 0, first = 0, last = 0, letters = 0;
    for (int64_t place = 1; place <= draft->size; place++) {
        int ends = place == draft->size || place - last > SPACED_GAP + 1;
        if (letters && ends) {
            if (letters >= SPACED_RUN) {
                drop_between(draft, first, last);
                count++;
            }
            letters = 0;
        }
        if (place == draft->size || !is_single_letter(draft, place))
            continue;
        first = letters ? first : place;
        last = place;
        letters++;
    }
    if (count)
        drop_marked(draft);
    return count;
}

/* Note the words of a text that begins at `offset` of the batch behind so many words, write every digit alike, and hash
   each word and its first STEM letters: polynomials in their code points. `spaced` becomes 1 where some are a run of
   single letters. Returns how many words there are. */
static int64_t read_words(const struct draft *draft, int64_t offset, struct folded *folded, int64_t words,
                          int *spaced) {
    int64_t count = words, letters = 0, last = 0;  /* of a run of single letters */
    for (int64_t begin = 0, end; begin < draft->size; begin = end) {
        uint8_t role = draft->roles[begin];
        int goes_on = (role & IN_WORD) == PART;  /* an ideograph is a word by itself */
        end = begin + 1;
        if (!(role & IN_WORD))
            continue;
        uint32_t sum = 0, power = 1, stem = 0;
        for (int64_t place = begin;; place = end++) {
            if (role & NUMBER)
                draft->codes[place] = DIGIT;
            if (place == begin + STEM)
                stem = sum;
            sum += draft->codes[place] * power;
            power *= PRIME;
            if (!goes_on || end == draft->size || ((role = draft->roles[end]) & IN_WORD) != PART)
                break;
        }
        if (end == begin + 1 && is_single_letter(draft, begin)) {
            letters = letters && begin - last <= SPACED_GAP + 1 ? letters + 1 : 1;
            last = begin;
            *spaced |= letters >= SPACED_RUN;
        }
        folded->word_start[count] = offset + begin;
        folded->word_end[count] = offset + end;
        folded->hashes[count] = mixed(sum);
        folded->stems[count] = mixed(end - begin > STEM ? stem : sum);
        count++;
    }
    return count - words;
}

/* Whether a code point as sent is in fancy dress: by itself, or a Latin letter or digit under a mark. */
static int is_dressed(const struct alphabet *alphabet, const uint32_t *raw, int64_t place) {
    uint8_t kind = alphabet->kind[raw[place]];
    int plain = kind == KIND_LOWER || kind == KIND_UPPER || kind == KIND_DIGIT;
    return kind == KIND_STYLED || (plain && alphabet->kind[raw[place + 1]] == KIND_MARK);
}

/* How many words of a text, from `word` on, are in fancy dress for the larger part. */
static int64_t dressed_words(const struct alphabet *alphabet, const uint32_t *raw, const struct draft *draft,
                             int64_t offset, const int64_t *word_start, const int64_t *word_end, int64_t words) {
    int64_t count = 0;
    for (int64_t word = 0; word < words; word++) {
        int64_t begin = word_start[word] - offset, end = word_end[word] - offset, dressed = 0;
        for (int64_t place = begin; place < end; place++)
            dressed += is_dressed(alphabet, raw, draft->source[place] + 1);
        count += dressed >= LEAST_DRESSED && 3 * dressed >= 2 * (end - begin);
    }
    return count;
}

/* Give the arrays of folded texts their places in `room`, or in none to learn how many bytes they take. */
int64_t place_folded(struct folded *folded, uint8_t *room) {
    size_t texts = (size_t)folded->texts, codes = (size_t)folded->room;
    struct carver carver = {room, 0};
    folded->sent = carve(&carver, (texts + 1) * sizeof *folded->sent);
    folded->starts = carve(&carver, (texts + 1) * sizeof *folded->starts);
    folded->first_word = carve(&carver, (texts + 1) * sizeof *folded->first_word);
    folded->raw_kinds = carve(&carver, texts * KINDS * sizeof *folded->raw_kinds);
    folded->disguises = carve(&carver, texts * DISGUISES * sizeof *folded->disguises);
    folded->codes = carve(&carver, (codes + LONGEST_ORDER) * sizeof *folded->codes);  /* n-grams look past the end */
    folded->source = carve(&carver, codes * sizeof *folded->source);
    folded->roles = carve(&carver, codes * sizeof *folded->roles);
    folded->word_start = carve(&carver, codes * sizeof *folded->word_start);
    folded->word_end = carve(&carver, codes * sizeof *folded->word_end);
    folded->word_text = carve(&carver, codes * sizeof *folded->word_text);
    folded->hashes = carve(&carver, codes * sizeof *folded->hashes);
    folded->stems = carve(&carver, codes * sizeof *folded->stems);
    folded->pairs = carve(&carver, codes * sizeof *folded->pairs);
    return carver.taken;
}

/* Fold a batch. `raw` holds a space before each text and one behind the last, `sizes` the code points of each. */
void fold(const struct alphabet *alphabet, const uint32_t *raw, const int64_t *sizes, struct folded *folded) {
    int64_t offset = 0, words = 0, sent = 0;
    memset(folded->raw_kinds, 0, (size_t)folded->texts * KINDS * sizeof *folded->raw_kinds);
    for (int64_t text = 0; text < folded->texts; text++) {
        struct draft draft = {folded->codes + offset, folded->source + offset, folded->roles, 0, 0, 0, 0};
        substitute(alphabet, raw + sent, sizes[text] + 1, &draft, folded->raw_kinds + text * KINDS);
        int64_t *counts = folded->disguises + text * DISGUISES;
        int mixes = (draft.seen & LATIN) && (draft.seen & FOREIGN);
        counts[DISGUISE_MIXED] = mixes ? read_look_alikes(alphabet, &draft) : 0;
        counts[DISGUISE_LEET] = draft.seen & SIGN ? read_leet(alphabet, &draft) : 0;
        int spaced = 0;
        int64_t found = read_words(&draft, offset, folded, words, &spaced);
        counts[DISGUISE_SPACED] = spaced ? close_spaced_letters(&draft) : 0;
        if (spaced)
            found = read_words(&draft, offset, folded, words, &spaced);
        const int64_t *kinds = folded->raw_kinds + text * KINDS;
        counts[DISGUISE_DRESSED] = !(kinds[KIND_STYLED] + kinds[KIND_MARK]) ? 0
            : dressed_words(alphabet, raw + sent, &draft, offset, folded->word_start + words, folded->word_end + words,
                            found);
        for (int64_t word = words; word < words + found; word++)
            folded->word_text[word] = text;
        folded->sent[text] = sent;
        folded->starts[text] = offset;
        folded->first_word[text] = words;
        sent += sizes[text] + 1;
        offset += draft.size;
        words += found;
    }
    folded->sent[folded->texts] = sent;
    folded->starts[folded->texts] = offset;
    folded->first_word[folded->texts] = words;
    folded->codes[offset] = SPACE;
    folded->source[offset] = -1;
    folded->size = offset + 1;
    folded->words = words;
    hash_pairs(folded);
}
