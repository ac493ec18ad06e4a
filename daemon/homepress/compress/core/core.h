/* What the compiled core offers; core/library.py calls it through ctypes.
 *
 * An entry trusts no length: it gives HP_REFUSED for what does not fit together, and HP_NO_MEMORY. It keeps
 * nothing between calls, opens nothing, and asks the system for nothing but memory.
 */
#ifndef HOMEPRESS_CORE_H
#define HOMEPRESS_CORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#if defined(_WIN32)
#define HP_ENTRY __declspec(dllexport)
#else
#define HP_ENTRY __attribute__((visibility("default")))
#endif

enum { HP_REFUSED = -1, HP_NO_MEMORY = -2 };
enum { HP_PLACES = 64, HP_SYMBOLS = 1024, HP_KINDS = 2, HP_CODES = 512, HP_LARGEST_LEVEL = 1023 };
enum { HP_PASSES = 3 }; /* over a block: each drop changes what its neighbours cost */
/* Of a coded block: 64 codes of 16 bits with 11 more, each byte maybe 0xFF, which takes two. */
enum { HP_MOST_BYTES = 2 * (HP_PLACES * 27 / 8 + 1) };

/* Pixels of whole units, as core.c has checked them. */
typedef struct {
    const uint8_t *pixels;
    size_t height, width, channels;
    bool quarter;     /* chroma has half the size each way */
    float *planes;    /* room for the component planes */
    float *out;       /* (units, blocks of a unit, 64) */
} hp_picture;

/* Coefficients of whole units, as core.c has checked them. */
typedef struct {
    const float *coefficients; /* (blocks, 64), zigzag order */
    size_t blocks;
    const uint8_t *kinds;      /* of each block of a unit */
    size_t per_unit;
    const float *factors;      /* (kinds, 64): one over the quantisation tables */
} hp_blocks;

typedef struct {
    const float *masks;  /* of each block: by how much its bits are dearer */
    const float *bits;   /* (kinds, 1024): what a run and size cost */
    const float *prices; /* (64): what a bit may cost in error */
} hp_prices;

/* What becomes of levels: entropy-coded data (ITU-T T.81 section F.1.2), each row of units by itself. */
typedef struct {
    const uint32_t *codes;   /* (kinds, 512): of each run and size, then of each size of a first coefficient */
    const uint8_t *lengths;  /* their bits; 0 where there is none */
    const uint8_t *parts;    /* of each block of a unit, of which component it is */
    size_t across;           /* units in a row */
    uint8_t *out;
    size_t room;
    int64_t *ends;           /* of each row, where it ends in `out` */
} hp_writing;

/* encode.c and score.c are compiled once for any processor of the kind, and on x86-64 once more for AVX2. */
typedef struct {
    void (*transform)(const hp_picture *picture);
    void (*activity)(const hp_blocks *blocks, size_t luma, float *out);
    void (*count)(const hp_blocks *blocks, int64_t *seen);
    int64_t (*write)(const hp_blocks *blocks, const hp_prices *prices, const hp_writing *writing);
} hp_encoder;

extern const hp_encoder hp_encoder_plain;
#ifdef HP_HAS_AVX2
extern const hp_encoder hp_encoder_avx2;
#endif

/* -- the levels of a coded picture -- */

enum { HP_COMPONENTS = 4, HP_TABLE = 16 + 256 }; /* at most; of a table of codes, bytes */

/* A coefficient that is not zero. */
typedef struct {
    uint16_t magnitude;
    uint8_t place, negative;
} hp_level;

typedef struct {
    size_t factors[2];     /* its blocks in a unit, across and down */
    size_t across, down;   /* its blocks that are seen, not those that only fill units */
    uint8_t kind, name;    /* which tables it is written with, and its identifier */
    int16_t *means;        /* of each block that is seen, row by row, as all that follows */
    uint32_t *first;       /* where its other levels begin */
    uint8_t *count;        /* how many there are */
    uint8_t *done;         /* how many of them the bands before have coded */
    int16_t *kept;         /* all coefficients, while bits of them are still to come; or NULL */
} hp_component;

typedef struct {
    size_t units, units_across, parts;
    hp_component components[HP_COMPONENTS];
    hp_level *levels;      /* all but means, block after block as they came */
    size_t used, room;
} hp_coded;

/* A scan to be read, as scan_entries.py has laid it out. */
typedef struct {
    int64_t start, end, interval; /* of its data; units between restarts, or 0 */
    int64_t from, to, high, low;  /* spectral selection and successive approximation */
    int64_t parts, component[HP_COMPONENTS], means[HP_COMPONENTS], others[HP_COMPONENTS]; /* and their tables */
} hp_source_scan;

typedef struct {
    const uint8_t *data;
    int64_t size;
    const hp_source_scan *scans;
    int64_t scan_count;
    const uint8_t *tables; /* of each how many codes there are of each length, then symbols */
    int64_t table_count;
} hp_source;

bool hp_is_whole(const hp_source_scan *scan); /* of all coefficients to the last bit, as sequential ones are */
int64_t hp_read_scans(hp_coded *coded, const hp_source *source);

/* -- the score -- */

enum { HP_SCALES = 6, HP_CHANNELS = 3, HP_REACH = 4, HP_TAPS = 2 * HP_REACH + 1, HP_SUMS = 6 };
enum { HP_SIMILARITY = 1, HP_EDGES = 2 }; /* maps that are wanted of a channel at a scale */
enum { HP_LINES = 16 };                   /* rows of the width and a reach at both ends, of scratch */

/* The numbers that the score is made with: those of ssimulacra2.py, which hands them over. */
typedef struct {
    float light[256];                     /* of each level of sRGB */
    float taps[HP_TAPS];                  /* of the blur */
    float mix[HP_CHANNELS][HP_CHANNELS];  /* light to the responses of the eye */
    float bias, bias_root;
} hp_metric;

/* Pictures of one size side by side, of each of which all but the margins counts; as score_entries.c has
 * checked them. */
typedef struct {
    const uint8_t *pixels; /* (height, several, width, 3) */
    size_t height, several, width;
    size_t top, bottom, left, right;
    bool fade; /* beyond the edges is black, not nothing */
    const uint8_t *wanted; /* (scales, channels): maps */
    size_t scales;         /* up to the coarsest of which anything is wanted */
    const hp_metric *metric;
    float *reference;      /* what is kept of the source */
    float *scratch;
} hp_piece;

/* One scale of a piece: where in its light the planes lie, and what of them counts. */
typedef struct {
    size_t from_row, from_column, height, width;
    size_t top, left, rows, columns;
} hp_view;

hp_view hp_view_of(const hp_piece *piece, size_t scale);

typedef struct {
    void (*prepare)(const hp_piece *piece);
    void (*compare)(const hp_piece *piece, double *sums);
} hp_scorer;

extern const hp_scorer hp_scorer_plain;
#ifdef HP_HAS_AVX2
extern const hp_scorer hp_scorer_avx2;
#endif

bool hp_uses_avx2(void);

#endif
