/* Signals: counts of a text's code points and words, and what stands in it. See signals.py for what they are. */

#include <math.h>
#include <stdint.h>
#include <string.h>

#include "kernels.h"
#include "links.h"

#define FEW_WORDS 10.0
enum { LEAST_CAPITALS = 8, TELLING_LETTERS = 20, TELLING_NAME = 3 };
enum { AT_END = 3 };  /* code points behind a link that ends a text, at most */

static const int scripts_told[] = {KIND_LOWER, KIND_CYRILLIC, KIND_GREEK, KIND_LETTER, KIND_IDEOGRAPH};
enum { SCRIPTS = sizeof scripts_told / sizeof *scripts_told };

/* A signal that grows with the logarithm of a count, up to a ceiling, times a factor. */
static float grown(int64_t count, double ceiling, double factor) {
    return (float)(fmin(log1p((double)count), ceiling) * factor);
}

/* The script that most of a text's letters are of, and how many letters it has. */
static int script_of(const int64_t *kinds, int64_t *letters) {
    int most = 0;
    *letters = 0;
    for (int script = 0; script < SCRIPTS; script++) {
        *letters += kinds[scripts_told[script]];
        if (kinds[scripts_told[script]] > kinds[scripts_told[most]])
            most = script;
    }
    return most;
}

/* Invisible characters in a text of a script that needs none; emoji are joined by some. */
static int64_t hidden_in(const int64_t *kinds, int64_t latin) {
    int64_t honest = kinds[KIND_LETTER] + kinds[KIND_IDEOGRAPH] + kinds[KIND_SYMBOL] + kinds[KIND_MARK];
    int64_t hidden = kinds[KIND_INVISIBLE] - kinds[KIND_SYMBOL];
    return latin + kinds[KIND_STYLED] > 2 * honest && hidden > 0 ? hidden : 0;
}

static void read_body(const int64_t *kinds, const int64_t *disguises, int64_t words, int64_t exclamations,
                      float *row) {
    int64_t latin = kinds[KIND_LOWER] + kinds[KIND_UPPER] + kinds[KIND_CYRILLIC] + kinds[KIND_GREEK];
    int64_t letters = latin + kinds[KIND_LETTER] + kinds[KIND_IDEOGRAPH], size = 0;
    for (int kind = 0; kind < KINDS; kind++)
        size += kinds[kind];
    row[SIGNAL_EXCLAMATION] = grown(exclamations, 9, 1);
    row[SIGNAL_SYMBOLS] = grown(kinds[KIND_SYMBOL], 9, 1);
    row[SIGNAL_LENGTH] = grown(words, 99, 1.0 / 3);
    row[SIGNAL_LINES] = grown(kinds[KIND_NEWLINE], 99, 0.5);
    row[SIGNAL_STYLED] = grown(kinds[KIND_STYLED], 3, 0.5);
    row[SIGNAL_INVISIBLE] = grown(hidden_in(kinds, latin), 3, 0.5);
    row[SIGNAL_LOOK_ALIKES] = grown(disguises[DISGUISE_MIXED], 2, 1);
    row[SIGNAL_LEET] = grown(disguises[DISGUISE_LEET], 2, 1);
    if (letters >= LEAST_CAPITALS)
        row[SIGNAL_CAPITALS] = (float)((double)kinds[KIND_UPPER] / (double)(letters + 8));
    row[SIGNAL_CURRENCY] = (float)(fmin((double)kinds[KIND_CURRENCY], 3) / 3);
    row[SIGNAL_DIGITS] = (float)((double)kinds[KIND_DIGIT] / (double)(size + 10));
    row[SIGNAL_SHORTNESS] = words < 8 ? (float)(1 - (double)words / 8) : 0;
    row[SIGNAL_SPACED] = (float)fmin((double)disguises[DISGUISE_SPACED], 2);
    int64_t dressed = disguises[DISGUISE_DRESSED];  /* who dresses up all that he writes names nothing with it */
    if (dressed && 2 * dressed <= words)
        row[SIGNAL_DRESSED_NAME] = (float)fmin(1, FEW_WORDS / (double)words);
}

/* A name that reads like search words, holds digits, is of another script than the body, or words in small letters. */
static void read_name(const int64_t *kinds, const int64_t *body_kinds, int64_t words, float *row) {
    int64_t letters, of_body;
    int script = script_of(kinds, &letters), script_of_body = script_of(body_kinds, &of_body);
    row[SIGNAL_AUTHOR_KEYWORDS] = words > 2 ? (float)(fmin((double)(words - 2), 3) / 3) : 0;
    row[SIGNAL_AUTHOR_SMALL_LETTERS] = words > 1 && kinds[KIND_LOWER] > 0 && kinds[KIND_UPPER] == 0;
    row[SIGNAL_AUTHOR_NAME_DIGITS] = kinds[KIND_DIGIT] > 0;
    row[SIGNAL_AUTHOR_NAME_SCRIPT] = script != script_of_body && of_body > TELLING_LETTERS && letters > TELLING_NAME;
}

static int64_t words_in(const struct folded *folded, int64_t text) {
    return folded->first_word[text + 1] - folded->first_word[text];
}

/* Where the folded codes from `begin` to before `end` stand in their text as sent: an override turns them round. */
static void sent_span(const struct folded *folded, int64_t begin, int64_t end, int64_t *span) {
    int64_t first = folded->source[begin], last = folded->source[end - 1];
    span[0] = first < last ? first : last;
    span[0] = span[0] < 0 ? 0 : span[0];
    span[1] = (first < last ? last : first) + 1;
}

/* A signal's value, seen at the codes from `begin` to before `end`; it is told where it is seen first. */
static void see(const struct folded *folded, struct batch *batch, int64_t row, int signal, double value,
                int64_t begin, int64_t end) {
    int64_t *place = batch->places + 2 * (SIGNALS * row + signal);
    batch->signals[SIGNALS * row + signal] = (float)value;
    if (place[0] < 0)
        sent_span(folded, begin, end, place);
}

static void read_links(const struct folded *folded, int64_t row, struct link *links, int64_t count,
                       struct batch *batch) {
    float *values = batch->signals + SIGNALS * row;
    double size = (double)(folded->starts[row + 1] - folded->starts[row]);
    for (struct link *link = links; link < links + count; link++) {
        int kind = link->marks & EMAIL ? SIGNAL_EMAIL : link->marks & FULL ? SIGNAL_LINK : SIGNAL_BARE_DOMAIN;
        int64_t begin = link->begin, end = link->end;
        see(folded, batch, row, kind, values[kind] + 1.0, begin, end);
        double share = values[SIGNAL_LINK_SHARE] + (double)(end - begin) / size;
        see(folded, batch, row, SIGNAL_LINK_SHARE, share, begin, end);
        if (link->marks & BROKEN)
            see(folded, batch, row, SIGNAL_BROKEN_LINK, 1, begin, end);
        if (folded->starts[row + 1] - end <= AT_END && !(link->marks & EMAIL))
            see(folded, batch, row, SIGNAL_LINK_AT_END, 1, begin, end);
    }
    double several = (double)values[SIGNAL_LINK] + values[SIGNAL_BARE_DOMAIN];
    values[SIGNAL_MORE_LINKS] = several > 1 ? (float)log1p(several - 1) : 0;
    static const int counted[] = {SIGNAL_LINK, SIGNAL_BARE_DOMAIN, SIGNAL_EMAIL, SIGNAL_LINK_SHARE};
    for (int at = 0; at < 4; at++)
        values[counted[at]] = (float)fmin(values[counted[at]], 1);
}

/* Read the signals of links anew, where some were taken from the batch. */
void see_links(const struct folded *folded, struct batch *batch) {
    static const int of_links[] = {SIGNAL_LINK, SIGNAL_MORE_LINKS, SIGNAL_BARE_DOMAIN, SIGNAL_BROKEN_LINK,
                                   SIGNAL_EMAIL, SIGNAL_LINK_SHARE, SIGNAL_LINK_AT_END};
    for (int64_t row = 0, link = 0, first = 0; row < batch->comments; row++, first = link) {
        for (int at = 0; at < (int)(sizeof of_links / sizeof *of_links); at++) {
            int64_t place = SIGNALS * row + of_links[at];
            batch->signals[place] = 0;
            batch->places[2 * place] = batch->places[2 * place + 1] = -1;
        }
        while (link < batch->links && batch->found[link].text == row)
            link++;
        read_links(folded, row, batch->found + first, link - first, batch);
    }
}

static void read_contacts(const struct folded *folded, int64_t row, struct batch *batch) {
    static const int signals[CONTACTS] = {SIGNAL_PHONE, SIGNAL_LONG_CODE, SIGNAL_MENTION, SIGNAL_LINK_MARKUP,
                                          SIGNAL_NUMBERED_NAME};
    int64_t places[CONTACTS][2];
    find_contacts(folded, row, places);
    for (int contact = 0; contact < CONTACTS; contact++)
        if (places[contact][0] >= 0)
            see(folded, batch, row, signals[contact], 1, places[contact][0], places[contact][1]);
    float *numbered = batch->signals + SIGNALS * row + SIGNAL_NUMBERED_NAME;
    if (*numbered > 0)  /* in a long text it is one name among others */
        *numbered = (float)fmin(1, FEW_WORDS / (double)words_in(folded, row));
}

static int64_t exclamations_in(const struct folded *folded, int64_t text) {
    int64_t count = 0;
    for (int64_t at = folded->starts[text]; at < folded->starts[text + 1]; at++)
        count += folded->codes[at] == '!';
    return count;
}

/* Read all signals but those that signals.py adds. */
void read_signals(const struct folded *folded, const struct domains *domains, struct batch *batch) {
    int64_t comments = batch->comments;
    memset(batch->signals, 0, (size_t)(comments * SIGNALS) * sizeof *batch->signals);
    memset(batch->places, 0xFF, (size_t)(2 * comments * SIGNALS) * sizeof *batch->places);  /* -1 */
    batch->links = 0;
    for (int64_t text = 0; text < comments; text++) {
        const int64_t *kinds = folded->raw_kinds + KINDS * text, *of_name = kinds + KINDS * comments;
        float *row = batch->signals + SIGNALS * text;
        int64_t letters;
        int script = script_of(kinds, &letters);
        struct link *links = batch->found + batch->links;
        int64_t count = find_links(folded, domains, text, links);
        read_links(folded, text, links, count, batch);
        batch->links += count;
        read_contacts(folded, text, batch);
        read_body(kinds, folded->disguises + DISGUISES * text, words_in(folded, text), exclamations_in(folded, text),
                  row);
        read_name(of_name, kinds, words_in(folded, comments + text), row);
        int64_t of_article = batch->scripts[text];
        row[SIGNAL_SCRIPT_MISMATCH] = of_article >= 0 && script != of_article && letters > TELLING_LETTERS;
    }
}
