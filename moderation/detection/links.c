/* Where folded texts hold web and e-mail addresses, numbers to call and other contacts. */

#include <stdint.h>

#include "kernels.h"
#include "links.h"

enum { LONGEST_HOST = 8, LEAST_DIGITS = 2 };
enum { SPELT_GAP = 3 };  /* code points beside the word "dot" of an address, at most */
enum { NO_DOT, LOOSE, BRACKETED, LONGEST_DOT = 5, LEAST_LABEL = 5 };
enum { LEAST_NAME = 3, MOST_NAME = 14, MOST_NAME_DIGITS = 3 };
enum { LEAST_CODE = 26, MOST_CODE = 70, LEAST_PHONE = 9, PLAIN_PHONE = 10, MOST_PHONE = 16 };

/* One address: two words, the last labels of its name, with a dot between them that is whole or not. */
struct dot {
    int64_t label;
    int broken;
    int spelt;  /* the word "dot" is the label */
};

static int among(uint32_t hash, const uint32_t *known, int64_t count) {
    int64_t low = 0, high = count;
    while (low < high) {
        int64_t middle = (low + high) / 2;
        if (known[middle] < hash)
            low = middle + 1;
        else
            high = middle;
    }
    return low < count && known[low] == hash;
}

static int is_bracket(uint32_t code) {
    return code == '[' || code == '(' || code == '{' || code == '<' || code == ']' || code == ')' || code == '}'
        || code == '>';
}

static int64_t gap_behind(const struct folded *folded, int64_t word) {
    return folded->word_start[word + 1] - folded->word_end[word];
}

/* Whether a word is followed by a dot and the last label of a domain name. */
static int has_dot(const struct folded *folded, const struct domains *domains, int64_t word) {
    return gap_behind(folded, word) == 1 && folded->codes[folded->word_end[word]] == '.'
        && among(folded->hashes[word + 1], domains->top, domains->tops);
}

/* How a word is followed by a spoilt dot: BRACKETED, or LOOSE with blanks beside it or with a comma or a star for it,
   right before the next word. */
static int spoilt_dot(const struct folded *folded, int64_t word) {
    int64_t begin = folded->word_end[word], end = folded->word_start[word + 1], brackets = 0;
    uint32_t dot = 0;
    if (end - begin > LONGEST_DOT)
        return NO_DOT;
    for (int64_t place = begin; place < end; place++) {
        uint32_t code = folded->codes[place];
        if (code == '.' || code == ',' || code == '*') {
            if (dot)
                return NO_DOT;
            dot = code;
        } else if (is_bracket(code))
            brackets++;
        else if (code != ' ')
            return NO_DOT;
    }
    if (!dot || (dot == '.' && end - begin == 1) || (dot != '.' && folded->codes[end - 1] != dot))
        return NO_DOT;
    if (brackets == 0 && folded->codes[end - 1] == '.' && begin - folded->word_start[word] < LEAST_LABEL)
        return NO_DOT;  /* "he said .com" */
    return brackets == 0 ? LOOSE : brackets == 2 && dot == '.' ? BRACKETED : NO_DOT;
}

/* Whether an address's last two labels may be a word and the next one. */
static int is_candidate(const struct folded *folded, const struct domains *domains,
                        int64_t word, struct dot *dot) {
    dot->label = word;
    dot->spelt = folded->hashes[word] == domains->dot && gap_behind(folded, word) <= SPELT_GAP
        && folded->codes[folded->word_end[word]] != '.';
    int spoilt = dot->spelt ? NO_DOT : spoilt_dot(folded, word);
    uint32_t last = folded->hashes[word + 1];
    dot->broken = (spoilt == BRACKETED && among(last, domains->top, domains->tops))
        || ((dot->spelt || spoilt == LOOSE) && among(last, domains->usual, domains->usuals)
            && (dot->spelt || !among(last, domains->files, domains->file_likes)));
    return dot->broken || has_dot(folded, domains, word);
}

/* The first word of the host's name whose last two labels are known, back to `first`. */
static int64_t first_label(const struct folded *folded, const struct dot *dot, int64_t first) {
    int64_t label = dot->broken && dot->spelt && dot->label > first ? dot->label - 1 : dot->label;
    for (int step = 0; step < LONGEST_HOST && label > first && gap_behind(folded, label - 1) == 1; step++) {
        uint32_t sign = folded->codes[folded->word_end[label - 1]];
        if (sign != '.' && sign != '-')
            break;
        label--;
    }
    return label;
}

/* Whether some signs stand right before a place of a text that begins at `start`. */
static int stands_before(const struct folded *folded, int64_t start, int64_t place, const char *signs, int64_t size) {
    if (place - size < start)
        return 0;
    for (int64_t at = 0; at < size; at++)
        if (folded->codes[place - size + at] != (uint32_t)signs[at])
            return 0;
    return 1;
}

static int64_t next_blank(const struct folded *folded, int64_t place) {
    while (folded->codes[place] != ' ')
        place++;
    return place;
}

/* Note the address at a dot. */
static void read_link(const struct folded *folded, int64_t text, const struct dot *dot, int64_t *blank,
                      struct link *link) {
    int64_t start = folded->starts[text], first_word = folded->first_word[text];
    int64_t first = first_label(folded, dot, first_word);
    int64_t host = folded->word_start[first], host_end = folded->word_end[dot->label + 1], end = host_end;
    int is_email = stands_before(folded, start, host, "@", 1) || stands_before(folded, start, host, "@ ", 2);
    int scheme = stands_before(folded, start, host, "://", 3);
    uint32_t behind = folded->codes[host_end];
    int64_t before = first > first_word ? first - 1 : first_word;
    if (behind == '/' || behind == ':') {
        *blank = *blank >= host_end ? *blank : next_blank(folded, host_end);
        end = *blank;
    }
    int full = scheme || behind == '/' || stands_before(folded, start, host + 4, "www.", 4);
    int64_t marks = (full ? FULL : 0) | (dot->broken ? BROKEN : 0) | (is_email ? EMAIL : 0);
    *link = (struct link){text, scheme || is_email ? folded->word_start[before] : host, end, host, host_end, marks};
}

/* The addresses in one text, in order, at most MOST_LINKS; returns how many. */
int64_t find_links(const struct folded *folded, const struct domains *domains, int64_t text, struct link *links) {
    int64_t first = folded->first_word[text], last = folded->first_word[text + 1] - 1;
    int64_t count = 0, candidates = 0, blank = -1;
    for (int64_t word = first; word < last && candidates < MOST_LINKS; word++) {
        struct dot dot;
        if (!is_candidate(folded, domains, word, &dot))
            continue;
        candidates++;
        if (candidates < MOST_LINKS && word + 1 < last && has_dot(folded, domains, word + 1))
            continue;  /* "co" of example.co.uk: the longer name follows */
        if (dot.broken && dot.spelt && (word == first || gap_behind(folded, word - 1) > SPELT_GAP))
            continue;  /* "dot com" with no name before it */
        read_link(folded, text, &dot, &blank, links + count);
        count += links[count].marks || !among(folded->hashes[word + 1], domains->files, domains->file_likes);
    }
    return count;
}

/* Note a place in a text, unless one was noted before. */
static void note(int64_t *place, int64_t begin, int64_t end) {
    if (place[0] < 0) {
        place[0] = begin;
        place[1] = end;
    }
}

static int is_number(const struct folded *folded, int64_t word) {
    return folded->codes[folded->word_start[word]] == '0' && folded->codes[folded->word_end[word] - 1] == '0';
}

/* Whether a group of digits goes on in the next word: close by, and no time or date. */
static int goes_on(const struct folded *folded, int64_t word, int64_t last) {
    if (word >= last || gap_behind(folded, word) > 2 || !is_number(folded, word + 1))
        return 0;
    uint32_t sign = folded->codes[folded->word_end[word]];
    return sign != ':' && sign != '/' && sign != ',';
}

static int64_t size_of(const struct folded *folded, int64_t word) {
    return folded->word_end[word] - folded->word_start[word];
}

/* Whether a word and the next one are digits with one sign between them, and no more. */
static int joined_by(const struct folded *folded, int64_t word, int64_t last, uint32_t sign) {
    return word < last && gap_behind(folded, word) == 1 && folded->codes[folded->word_end[word]] == sign
        && is_number(folded, word) && is_number(folded, word + 1);
}

/* How many words from here on are a date ("2024-01-15", "15.1.2024") or an IP address, 0 for neither. */
static int64_t size_of_other_number(const struct folded *folded, int64_t word, int64_t last) {
    uint32_t sign = folded->codes[folded->word_end[word]];
    int64_t count = 1;
    if (sign != '-' && sign != '.')
        return 0;
    while (count < 5 && joined_by(folded, word + count - 1, last, sign))
        count++;
    int64_t first = size_of(folded, word), third = count > 2 ? size_of(folded, word + 2) : 0;
    if (count == 3 && size_of(folded, word + 1) <= 2 && ((first == 4 && third <= 2) || (first <= 2 && third == 4)))
        return count;
    int64_t longest = 0;
    for (int64_t part = word; part < word + count; part++)
        longest = size_of(folded, part) > longest ? size_of(folded, part) : longest;
    return count == 4 && sign == '.' && longest <= 3 ? count : 0;
}

/* The first number that looks like one to call: 9 to 15 digits in groups. */
static void find_phone(const struct folded *folded, int64_t text, int64_t *place) {
    int64_t last = folded->first_word[text + 1] - 1;
    for (int64_t head = folded->first_word[text]; head <= last; head++) {
        if (!is_number(folded, head))
            continue;
        int64_t other = size_of_other_number(folded, head, last);
        if (other) {
            head += other - 1;
            continue;
        }
        int64_t tail = head, digits = size_of(folded, head);
        for (; goes_on(folded, tail, last); tail++)
            digits += size_of(folded, tail + 1);
        int is_signed = folded->codes[folded->word_start[head] - 1] == '+';
        if (digits >= LEAST_PHONE && digits < MOST_PHONE && (is_signed || tail > head || digits >= PLAIN_PHONE))
            note(place, folded->word_start[head], folded->word_end[tail]);
        head = tail;
    }
}

/* The first word of the length of a wallet's address that mixes letters and digits. */
static void find_long_code(const struct folded *folded, int64_t text, int64_t *place) {
    for (int64_t word = folded->first_word[text]; word < folded->first_word[text + 1]; word++) {
        int64_t begin = folded->word_start[word], end = folded->word_end[word], digits = 0;
        if (end - begin < LEAST_CODE || end - begin >= MOST_CODE)
            continue;
        for (int64_t at = begin; at < end; at++)
            digits += folded->codes[at] == '0';
        if (digits >= LEAST_DIGITS && digits < end - begin)
            note(place, begin, end);
    }
}

/* The first account name: a word behind an at sign that a blank stands before. */
static void find_mention(const struct folded *folded, int64_t text, int64_t *place) {
    for (int64_t word = folded->first_word[text]; word < folded->first_word[text + 1]; word++) {
        int64_t begin = folded->word_start[word];
        if (stands_before(folded, folded->starts[text], begin, " @", 2))
            note(place, begin - 1, folded->word_end[word]);
    }
}

/* How many digits a word ends in, if all others are letters. */
static int64_t digits_behind(const struct folded *folded, int64_t word) {
    int64_t begin = folded->word_start[word], place = folded->word_end[word];
    while (place > begin && folded->codes[place - 1] == '0')
        place--;
    int64_t digits = folded->word_end[word] - place;
    for (int64_t at = begin; digits && at < place; at++)
        if (folded->codes[at] == '0')
            return 0;
    return digits;
}

static int joins(uint32_t sign) {
    return sign == '.' || sign == '/' || sign == '-' || sign == '_' || sign == '@' || sign == ':' || sign == '=';
}

/* The first word of letters with two or three digits behind, apart from addresses, accounts and longer names. */
static void find_numbered_name(const struct folded *folded, int64_t text, int64_t *place) {
    for (int64_t word = folded->first_word[text]; word < folded->first_word[text + 1]; word++) {
        int64_t begin = folded->word_start[word], end = folded->word_end[word];
        if (folded->codes[end - 1] != '0')
            continue;
        int64_t digits = digits_behind(folded, word), letters = end - begin - digits;
        if (digits < LEAST_DIGITS || digits > MOST_NAME_DIGITS || letters < LEAST_NAME || letters > MOST_NAME)
            continue;
        int ends = !joins(folded->codes[end]) || end + 1 >= folded->starts[text + 1] || folded->codes[end + 1] == ' ';
        if (ends && !joins(folded->codes[begin - 1]))
            note(place, begin, end);
    }
}

/* The first link that is written as mark-up, of the first of these ways that occurs. */
static void find_markup(const struct folded *folded, int64_t text, int64_t *place) {
    static const char *const ways[] = {"<a ", "[url", "[link", "](http"};
    static const int64_t sizes[] = {3, 4, 5, 6};
    int64_t start = folded->starts[text], end = folded->starts[text + 1];
    int best = 4;
    for (int64_t at = start; at < end && best > 0; at++) {
        uint32_t code = folded->codes[at];
        if (code != '<' && code != '[' && code != ']')
            continue;
        for (int way = 0; way < best; way++)
            if (at + sizes[way] <= end && stands_before(folded, at, at + sizes[way], ways[way], sizes[way])) {
                best = way;
                place[0] = at;
                place[1] = at + sizes[way];
            }
    }
}

/* What a text holds beside addresses: begin and end in the batch's codes of the first of each, or -1. */
void find_contacts(const struct folded *folded, int64_t text, int64_t places[CONTACTS][2]) {
    for (int contact = 0; contact < CONTACTS; contact++)
        places[contact][0] = places[contact][1] = -1;
    find_phone(folded, text, places[PHONE]);
    find_long_code(folded, text, places[LONG_CODE]);
    find_mention(folded, text, places[MENTION]);
    find_markup(folded, text, places[MARKUP]);
    find_numbered_name(folded, text, places[NUMBERED_NAME]);
}
