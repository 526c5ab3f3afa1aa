/* Signals that are counts of a text's code points and words. See signals.py for their names and columns. */

#include <math.h>
#include <stdint.h>

#include "kernels.h"

enum { MIXED, SPACED_WORDS, LEET_WORDS, DISGUISES };
enum { LEAST_CAPITALS = 8, TELLING_LETTERS = 20, TELLING_NAME = 3 };
enum {
    EXCLAMATION, SYMBOLS, LENGTH, LINES, STYLED, INVISIBLE, LOOK_ALIKES, LEET, CAPITALS, CURRENCY, DIGITS, SHORTNESS,
    SPACED, SCRIPT_MISMATCH, KEYWORDS, NAME_DIGITS, NAME_SCRIPT,
    SMALL_LETTERS
};  /* the order of `columns` */

static const int scripts_told[] = {KIND_LOWER, KIND_CYRILLIC, KIND_GREEK, KIND_LETTER, KIND_IDEOGRAPH};
enum { SCRIPTS = sizeof scripts_told / sizeof *scripts_told };

static double least(double one, double other) {
    return one < other ? one : other;
}

/* A signal that grows with the logarithm of a count, up to a ceiling, times a factor. */
static float grown(int64_t count, double ceiling, double factor) {
    return (float)(least(log1p((double)count), ceiling) * factor);
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
                      const int64_t *columns, float *row) {
    int64_t latin = kinds[KIND_LOWER] + kinds[KIND_UPPER] + kinds[KIND_CYRILLIC] + kinds[KIND_GREEK];
    int64_t letters = latin + kinds[KIND_LETTER] + kinds[KIND_IDEOGRAPH], size = 0;
    for (int kind = 0; kind < KINDS; kind++)
        size += kinds[kind];
    row[columns[EXCLAMATION]] = grown(exclamations, 9, 1);
    row[columns[SYMBOLS]] = grown(kinds[KIND_SYMBOL], 9, 1);
    row[columns[LENGTH]] = grown(words, 99, 1.0 / 3);
    row[columns[LINES]] = grown(kinds[KIND_NEWLINE], 99, 0.5);
    row[columns[STYLED]] = grown(kinds[KIND_STYLED], 3, 0.5);
    row[columns[INVISIBLE]] = grown(hidden_in(kinds, latin), 3, 0.5);
    row[columns[LOOK_ALIKES]] = grown(disguises[MIXED], 2, 1);
    row[columns[LEET]] = grown(disguises[LEET_WORDS], 2, 1);
    if (letters >= LEAST_CAPITALS)
        row[columns[CAPITALS]] = (float)((double)kinds[KIND_UPPER] / (double)(letters + 8));
    row[columns[CURRENCY]] = (float)(least((double)kinds[KIND_CURRENCY], 3) / 3);
    row[columns[DIGITS]] = (float)((double)kinds[KIND_DIGIT] / (double)(size + 10));
    row[columns[SHORTNESS]] = words < 8 ? (float)(1 - (double)words / 8) : 0;
    row[columns[SPACED]] = (float)least((double)disguises[SPACED_WORDS], 2);
}

/* A name that reads like search words, holds digits, is of another script than the body, or words in small letters. */
static void read_name(const int64_t *kinds, const int64_t *body_kinds, int64_t words, const int64_t *columns,
                      float *row) {
    int64_t letters, of_body;
    int script = script_of(kinds, &letters), script_of_body = script_of(body_kinds, &of_body);
    row[columns[KEYWORDS]] = words > 2 ? (float)(least((double)(words - 2), 3) / 3) : 0;
    row[columns[SMALL_LETTERS]] = words > 1 && kinds[KIND_LOWER] > 0 && kinds[KIND_UPPER] == 0;
    row[columns[NAME_DIGITS]] = kinds[KIND_DIGIT] > 0;
    row[columns[NAME_SCRIPT]] = script != script_of_body && of_body > TELLING_LETTERS && letters > TELLING_NAME;
}

static int64_t words_in(const struct folded *folded, int64_t text) {
    return folded->first_word[text + 1] - folded->first_word[text];
}

/* Read bodies, the first `texts` texts, and as many names behind them. `scripts` are the articles', or -1; `values` has
   a row a body, `width` columns a row; `columns` tells which is for which signal. */
void read_shape(const struct folded *folded, const int64_t *exclamations, const int64_t *scripts, int64_t texts,
                const int64_t *columns, int64_t width, float *values) {
    for (int64_t text = 0; text < texts; text++) {
        const int64_t *kinds = folded->raw_kinds + KINDS * text, *of_name = kinds + KINDS * texts;
        const int64_t *disguises = folded->disguises + DISGUISES * text;
        float *row = values + width * text;
        int64_t letters;
        int script = script_of(kinds, &letters);
        read_body(kinds, disguises, words_in(folded, text), exclamations[text], columns, row);
        read_name(of_name, kinds, words_in(folded, texts + text), columns, row);
        row[columns[SCRIPT_MISMATCH]] = scripts[text] >= 0 && script != scripts[text] && letters > TELLING_LETTERS;
    }
}
