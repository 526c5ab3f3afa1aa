/* What Python calls of the C files beside this one; kernels.py reads these lines as they stand.

   Python allocates every array and tells its length. Nothing here keeps anything between two calls. */

/* What a code point is; see Kind. */
enum kind {
    KIND_OTHER, KIND_SPACE, KIND_NEWLINE, KIND_DIGIT, KIND_LOWER, KIND_UPPER, KIND_CYRILLIC, KIND_GREEK, KIND_LETTER,
    KIND_IDEOGRAPH, KIND_SYMBOL, KIND_INVISIBLE, KIND_MARK, KIND_STYLED, KIND_CURRENCY, KIND_PUNCTUATION, KINDS
};

/* The code points of each text as sent, and what they fold to; see text.py. */
struct alphabet {
    const uint32_t *fold;         /* by code point: another one, 0 for none, or from EXPANDS on a row of expansions */
    const uint8_t *kind;          /* by code point */
    const uint8_t *role;          /* by kind: what it is to a word */
    const int64_t *expand_first;  /* by row: where its expansion begins in expand_to; that of the next ends it */
    const uint32_t *expand_to;
    const uint32_t *twin_from;    /* ascending */
    const uint32_t *twin_to;
    int64_t twins;
    const uint32_t *cyrillic;     /* by ASCII code point: the Cyrillic letter that looks alike, or itself */
    const uint32_t *leet;         /* by ASCII code point: the letter that it stands for, or 0 */
};

/* A batch of folded texts; see Folded. */
struct folded {
    int64_t texts;
    int64_t words;
    const uint32_t *codes;
    const int32_t *source;
    const int64_t *starts;
    const int64_t *word_start;
    const int64_t *word_end;
    const int64_t *first_word;
    const int64_t *raw_kinds;  /* a row a text, a column a kind */
    const int64_t *disguises;  /* a row a text: words with look-alikes, words spaced out, digits for letters */
};

/* Sorted hashes of the last labels of domain names; see Domains. */
struct domains {
    const uint32_t *top;
    const uint32_t *usual;
    const uint32_t *files;
    int64_t tops;
    int64_t usuals;
    int64_t file_likes;
    uint32_t dot;
};

/* What articles are compared by; see RelevanceReader. */
struct shelf {
    const uint8_t *rarity;    /* by word bucket: bits of surprise, times 8 */
    const int8_t *meaning;    /* by word bucket: a vector */
    int64_t meaning_bits;
    int64_t dimensions;
    const uint8_t *marks;     /* a row a slot, a column a bucket: words and threes of words; see relevance.c */
    const float *vectors;     /* a row a slot */
    const float *log_sizes;   /* by slot, to the base of 2 */
    const float *told_sizes;  /* by slot, as a column of the evidence */
};

/* What explain() reads beside the texts; see Explainer. */
struct shares {
    const double *of_columns;    /* a row a comment: its share of each column */
    const double *totals;        /* their sums */
    int64_t columns;
    const int64_t *told;         /* the columns that are told one by one */
    int64_t tolds;
    int64_t first_kind;          /* the column of the first kind */
    int64_t kinds;
    int64_t praise;              /* the kind that is no promotion, counted from 1 */
    int64_t empty_praise;        /* columns whose shares go to the words of a kind */
    int64_t promoted;
    int64_t promoted_share;
    int64_t relevance;           /* the first of the columns that are told as one, and how many they are */
    int64_t relevances;
};

/* text.c */
int64_t folded_size(const struct alphabet *alphabet, const uint32_t *raw, int64_t size);
void fold(const struct alphabet *alphabet, const uint32_t *raw, const int64_t *sizes, int64_t texts, uint32_t *codes,
          int32_t *source, uint8_t *roles, int64_t *starts, int64_t *word_start, int64_t *word_end,
          int64_t *first_word, int64_t *word_text, int64_t *raw_kinds, int64_t *disguises);

/* ngrams.c */
void word_hashes(const struct folded *folded, uint32_t *words, uint32_t *stems);
void pair_hashes(const struct folded *folded, const uint32_t *words, uint32_t *pairs);
void code_point_buckets(const struct folded *folded, const uint32_t *salts, int64_t order, int64_t bits,
                        uint32_t *found);
void kinds_of_words(const struct folded *folded, const uint32_t *words, const uint32_t *pairs, const uint8_t *lexicon,
                    int64_t bits, int64_t texts, int64_t kinds, int64_t praise, uint8_t *word_kind, int64_t *counts);

/* links.c */
int64_t find_links(const struct folded *folded, const uint32_t *words, const struct domains *domains, int64_t texts,
                   int64_t *links);
void find_contacts(const struct folded *folded, int64_t texts, int64_t *phones, int64_t *long_codes, int64_t *mentions,
                   int64_t *markup, int64_t *exclamations);

/* signals.c */
void read_shape(const struct folded *folded, const int64_t *exclamations, const int64_t *scripts, int64_t texts,
                const int64_t *columns, int64_t width, float *values);

/* relevance.c */
void compare(const struct folded *folded, const uint32_t *words, const uint32_t *stems, const struct shelf *shelf,
             const int64_t *slots, int64_t first_text, int64_t texts, float *vector, float *shared, float *values);
void mark_triples(const struct folded *folded, const uint32_t *words, const uint32_t *pairs, uint8_t *marks);
int64_t find_quotes(const struct folded *folded, const uint32_t *words, const uint32_t *pairs, const struct shelf *shelf,
                    const int64_t *slots, int64_t first_text, int64_t texts, uint8_t *quoted);
void direction(const struct shelf *shelf, const uint32_t *words, int64_t count, float *vector);

/* wording.c */
void tell_fields(const struct folded *folded, const int64_t *links, int64_t link_count, uint32_t *salts,
                 uint8_t *in_link);
void weigh(const struct folded *folded, const uint32_t *words, const uint32_t *pairs, const uint32_t *salts,
           const uint8_t *in_link, const int16_t *weights, double scale, uint64_t *bits, uint32_t *keys,
           int64_t *counts, double *columns, int64_t *own, int64_t *linked, int64_t *passages, double *units);

/* explanation.c */
void explain(const struct folded *folded, const struct shares *shares, const int64_t *own, const int64_t *linked,
             const int64_t *passages, const double *units, const uint8_t *word_kind, const int64_t *kind_counts,
             const float *shared, int64_t texts, double *word_shares, int64_t *edges, int64_t *rows,
             int64_t *items, int64_t *begins, int64_t *ends, double *weights);
