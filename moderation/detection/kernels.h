/* What Python calls of the C files beside this one; kernels.py reads these lines as they stand.

   Python allocates every array and tells its length. Nothing here keeps anything between two calls. */

/* Columns, by their names in Python: Signal, Relevance, Mix, Wording. */
enum signal {
    SIGNAL_LINK, SIGNAL_MORE_LINKS, SIGNAL_BARE_DOMAIN, SIGNAL_BROKEN_LINK, SIGNAL_EMAIL, SIGNAL_PHONE,
    SIGNAL_LONG_CODE, SIGNAL_MENTION, SIGNAL_LINK_MARKUP, SIGNAL_LINK_SHARE, SIGNAL_LINK_AT_END, SIGNAL_AUTHOR_URL,
    SIGNAL_AUTHOR_DEEP_URL, SIGNAL_AUTHOR_KEYWORDS, SIGNAL_AUTHOR_SMALL_LETTERS, SIGNAL_AUTHOR_NAME_IN_URL,
    SIGNAL_AUTHOR_NAME_DIGITS, SIGNAL_AUTHOR_NAME_SCRIPT, SIGNAL_AUTHOR_DOMAIN_NAME, SIGNAL_OWN_LINK,
    SIGNAL_LOOK_ALIKES, SIGNAL_STYLED, SIGNAL_SPACED, SIGNAL_LEET, SIGNAL_INVISIBLE, SIGNAL_CAPITALS,
    SIGNAL_EXCLAMATION, SIGNAL_SYMBOLS, SIGNAL_CURRENCY, SIGNAL_DIGITS, SIGNAL_LENGTH, SIGNAL_SHORTNESS,
    SIGNAL_LINES, SIGNAL_LATENESS, SIGNAL_SCRIPT_MISMATCH, SIGNAL_DRESSED_NAME, SIGNAL_NUMBERED_NAME, SIGNALS
};
enum relevance {
    RELEVANCE_SHARED_SURPRISE, RELEVANCE_STEM_SURPRISE, RELEVANCE_TITLE, RELEVANCE_COMMENT_SIZE,
    RELEVANCE_SHARED_SHARE, RELEVANCE_SHARED_PER_SIZE, RELEVANCE_RAREST, RELEVANCE_COSINE, RELEVANCE_ARTICLE_SIZE,
    RELEVANCES
};
enum mix {
    MIX_OFF_TOPIC, MIX_OFF_TOPIC_LINK, MIX_OFF_TOPIC_ADDRESS, MIX_HAS_ARTICLE, MIX_LONG_WITH_ARTICLE,
    MIX_SHARED_SHARE, MIX_SHARED_PER_SIZE, MIX_COSINE, MIX_PROMOTED, MIX_PROMOTED_SHARE, MIX_EMPTY_PRAISE,
    MIX_PRAISE_AND_ADDRESS, MIX_LATE_AND_ADDRESS, MIX_SHORT_AND_LINK, MIX_PRAISE_AND_TERMS, MIX_TERMS_AT_END, MIXES
};
enum wording { WORDING_BODY, WORDING_PASSAGE, WORDING_NAME, WORDING_URL, WORDING_LINKS, WORDINGS };

enum disguise { DISGUISE_MIXED, DISGUISE_SPACED, DISGUISE_LEET, DISGUISE_DRESSED, DISGUISES };  /* see Folded */

enum links { MOST_LINKS = 64 };            /* candidates that are read in one text; more of them tell nothing more */
enum mark { FULL = 1, BROKEN = 2, EMAIL = 4 };  /* of a link; see Link */

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

/* A batch of folded texts; see Folded. Arrays have places for `sent` code points and as many words. */
struct folded {
    int64_t texts;
    int64_t words;
    int64_t size;          /* code points, with the space behind the last text */
    int64_t room;          /* code points that there are places for */
    int64_t *sent;         /* by text: where it begins in what was sent, at the space before it; one more at the end */
    uint32_t *codes;
    int32_t *source;
    uint8_t *roles;        /* room to work in */
    int64_t *starts;
    int64_t *word_start;
    int64_t *word_end;
    int64_t *word_text;
    int64_t *first_word;
    int64_t *raw_kinds;    /* a row a text, a column a kind */
    int64_t *disguises;    /* a row a text: words with look-alikes, words spaced out, digits for letters,
                              words in fancy dress */
    uint32_t *hashes;      /* by word: of it, of its first letters, of it with the next one */
    uint32_t *stems;
    uint32_t *pairs;
};

/* A batch of comments as they were read; see Batch. Its texts are bodies, then as many names, then addresses. */
struct batch {
    int64_t comments;
    int64_t body_words;    /* words of all bodies */
    int64_t kinds;         /* of the lexicon */
    int64_t links;
    int64_t most_links;    /* that there are places for */
    float *evidence;       /* a row a comment, a column of enum relevance; zeros without an article */
    uint8_t *known;        /* by comment: whether there is an article */
    int64_t *scripts;      /* by comment: the article's, as script_of() tells it, or -1 */
    float *shared;         /* by word of a body: what it weighs as shared with the article */
    uint8_t *quoted;       /* by word of a body: whether it is of a quotation */
    float *signals;        /* a row a comment, a column of enum signal */
    int64_t *places;       /* a row a comment, two a signal: where it was seen in the body as sent, or -1 */
    struct link *found;    /* in order */
    uint8_t *word_kind;    /* by word of a body: its kind in the lexicon, 0 for none */
    int64_t *kind_counts;  /* a row a comment: how many words of each kind, of none first */
    double *off_topic;     /* by comment: the logit of its not being about its article, 0 where that is not known */
};

/* One address in a body. */
struct link {
    int64_t text;
    int64_t begin;         /* in the codes of the batch */
    int64_t end;
    int64_t host_begin;
    int64_t host_end;
    int64_t marks;
};

/* What the n-grams of a batch say; see WordingEvidence. */
struct wording_evidence {
    int64_t comments;
    int64_t words;         /* of the bodies */
    double *columns;       /* a row a comment, a column of enum wording */
    double *units;         /* a row a comment: what a word's weight counts in body, passage and links */
    int64_t *passages;     /* a row a comment: its passage's first word, and the first behind it */
    int64_t *own;          /* by word of a body: what it adds outside of links, inside, and how many n-grams are own */
    int64_t *linked;
    int64_t *counts;
    uint8_t *in_link;      /* by code point of the bodies; room to work in, as the next */
    uint32_t *keys;
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
    uint8_t *marks;           /* a row a slot, a column a bucket: words and threes of words; see relevance.c */
    float *vectors;           /* a row a slot */
    float *log_sizes;         /* by slot, to the base of 2 */
    float *told_sizes;        /* by slot, as a column of the evidence */
    int64_t *scripts;         /* by slot */
};

/* What columns are reckoned with beside what was read; see FeatureReader. */
struct lexicon {
    const uint8_t *kind_of;     /* by word bucket: a kind, 0 for none */
    int64_t bits;
    const uint8_t *held;        /* whether any of a few neighbouring buckets has a kind: small enough to stay at hand */
    int64_t held_bits;
    int64_t praise;             /* the kind that is no promotion, counted from 1 */
    const double *off_topic;    /* log-odds by column of enum relevance, their base last */
};

/* How the columns of a comment make its score; see Explainer. */
struct model {
    int64_t columns;
    const double *usual;         /* by column */
    const double *weights;
    double base;
    const double *calibration;   /* logits, ascending, and what they become */
    int64_t points;
    int64_t praise;              /* the kind that is no promotion, counted from 1 */
    const int64_t *told;         /* the columns that are told one by one */
    const int64_t *field_of;     /* the field that each of these is about as a whole, 0 for none */
    int64_t tolds;
};

/* What was found of a batch: the strongest reasons of each comment; see explanation.c. */
struct verdict {
    double *promotional;         /* by comment: the probabilities */
    double *off_topic;
    int64_t *edges;              /* by comment: its first reason; one more at the end */
    int64_t *items;              /* by reason, as all below */
    int64_t *fields;
    int64_t *begins;             /* as sent, or -1 */
    int64_t *ends;
    int64_t *cuts;               /* where its text begins and ends in what was sent of the batch */
    int64_t *cut_ends;
    double *weights;
    double *shares;              /* room to work in: by column */
    double *word_shares;         /* by word of a body */
};

/* text.c */
int64_t folded_size(const struct alphabet *alphabet, const uint32_t *raw, int64_t size);
int64_t place_folded(struct folded *folded, uint8_t *room);
void fold(const struct alphabet *alphabet, const uint32_t *raw, const int64_t *sizes, struct folded *folded);

/* ngrams.c */
void hash_pairs(struct folded *folded);
void code_point_buckets(const struct folded *folded, const uint32_t *salts, int64_t order, int64_t bits,
                        uint32_t *found);

/* relevance.c */
void read_article(const struct folded *folded, const struct shelf *shelf, int64_t slot);
int64_t relate(const struct folded *folded, const struct shelf *shelf, const int64_t *slots, int64_t first_text,
               int64_t texts, struct batch *batch);

/* quotes.c */
void take_out(const struct alphabet *alphabet, const uint32_t *raw, struct folded *folded, struct batch *batch);

/* links.c, signals.c */
void read_signals(const struct folded *folded, const struct domains *domains, struct batch *batch);
void see_links(const struct folded *folded, struct batch *batch);

/* features.c */
int64_t place_batch(struct batch *batch, uint8_t *room);
void conclude(const struct folded *folded, const struct lexicon *lexicon, struct batch *batch);
void columns(const struct folded *folded, const struct lexicon *lexicon, const struct batch *batch,
             const struct wording_evidence *wording, double *columns);

/* wording.c */
int64_t place_wording(const struct folded *folded, const struct batch *batch, struct wording_evidence *wording,
                      uint8_t *room);
void tell_fields(const struct folded *folded, const struct batch *batch, uint32_t *salts, uint8_t *in_link);
void weigh(const struct folded *folded, const struct batch *batch, const int16_t *weights, double scale,
           uint64_t *bits, struct wording_evidence *wording);

/* probabilities.c */
void calibrate(const double *points, int64_t count, double *logits, int64_t size);
void make_probabilities(double *logits, int64_t size);

/* explanation.c */
int64_t place_verdict(const struct model *model, const struct batch *batch, struct verdict *verdict, uint8_t *room);
void explain(const struct folded *folded, const struct batch *batch, const struct wording_evidence *wording,
             const double *columns, const struct model *model, struct verdict *verdict);
