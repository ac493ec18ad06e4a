/* The entries of the score: check what comes, and how much room it takes. */
#include "core.h"

#include <stdlib.h>

static const int64_t MOST = (int64_t)1 << 31;

/* What an entry is given, before any of it is believed. */
typedef struct {
    const uint8_t *pixels;
    int64_t bytes, height, several, width;
    int64_t top, bottom, left, right;
    int32_t fade;
    const uint8_t *wanted;
    int64_t wanted_count;
    const float *metric;
    int64_t metric_count;
} hp_given;

static const hp_scorer *scorer(void) {
#ifdef HP_HAS_AVX2
    if (hp_uses_avx2()) return &hp_scorer_avx2;
#endif
    return &hp_scorer_plain;
}

static bool within(int64_t number, int64_t least, int64_t most) { return number >= least && number <= most; }

static size_t less(size_t number, size_t by) { return number > by ? number - by : 0; }

hp_view hp_view_of(const hp_piece *piece, size_t scale) {
    size_t top = piece->top >> scale, bottom = piece->bottom >> scale;
    size_t left = piece->left >> scale, right = piece->right >> scale;
    /* Halved as often, an odd last row or column counted as one. */
    size_t height = ((piece->height - 1) >> scale) + 1, width = ((piece->width - 1) >> scale) + 1;
    hp_view view = {less(top, HP_REACH), less(left, HP_REACH), 0, 0, 0, 0, 0, 0};
    view.height = height - view.from_row - less(bottom, HP_REACH);
    view.width = width - view.from_column - less(right, HP_REACH);
    view.top = top - view.from_row;
    view.left = left - view.from_column;
    view.rows = height - top - bottom;
    view.columns = width - left - right;
    return view;
}

/* Whether all fits together, and the piece that it is. What is wanted is read only when it is long enough. */
static bool accepted(const hp_given *given, hp_piece *piece) {
    if (!given->pixels || !given->wanted || !given->metric) return false;
    if (given->wanted_count != HP_SCALES * HP_CHANNELS) return false;
    if (given->metric_count != (int64_t)(sizeof(hp_metric) / sizeof(float))) return false;
    if (!within(given->height, 1, MOST) || !within(given->several, 1, MOST) || !within(given->width, 1, MOST))
        return false;
    if (given->height > MOST / given->width || given->several > MOST / (given->height * given->width)) return false;
    if (given->bytes != given->height * given->several * given->width * HP_CHANNELS) return false;
    if (!within(given->top, 0, given->height - 1) || !within(given->bottom, 0, given->height - 1 - given->top))
        return false;
    if (!within(given->left, 0, given->width - 1) || !within(given->right, 0, given->width - 1 - given->left))
        return false;
    *piece = (hp_piece){given->pixels, (size_t)given->height, (size_t)given->several, (size_t)given->width,
                        (size_t)given->top, (size_t)given->bottom, (size_t)given->left, (size_t)given->right,
                        given->fade != 0, given->wanted, 0, (const hp_metric *)given->metric, NULL, NULL};
    for (size_t at = 0; at < HP_SCALES * HP_CHANNELS; at++)
        if (given->wanted[at]) piece->scales = at / HP_CHANNELS + 1;
    return piece->scales > 0;
}

static uint64_t channels_at(const hp_piece *piece, size_t scale) {
    uint64_t count = 0;
    for (size_t channel = 0; channel < HP_CHANNELS; channel++)
        count += piece->wanted[scale * HP_CHANNELS + channel] != 0;
    return count;
}

/* The floats that are kept of the source: its planes and their centres, and mean and variance of what counts. */
static uint64_t kept(const hp_piece *piece) {
    uint64_t floats = 0;
    for (size_t scale = 0; scale < piece->scales; scale++) {
        hp_view view = hp_view_of(piece, scale);
        uint64_t area = (uint64_t)view.height * view.width, counts = (uint64_t)view.rows * view.columns;
        floats += channels_at(piece, scale) * (1 + area + 2 * counts);
    }
    return floats * piece->several;
}

/* Light, planes of the scale that needs most, and rows; as score.c divides it. */
static float *scratch_for(const hp_piece *piece) {
    uint64_t area = (uint64_t)piece->height * piece->width, planes = 0;
    for (size_t scale = 0; scale < piece->scales; scale++) {
        hp_view view = hp_view_of(piece, scale);
        uint64_t need = channels_at(piece, scale) * view.height * view.width;
        if (need > planes) planes = need;
    }
    uint64_t line = piece->width + 2 * HP_REACH;
    uint64_t floats = HP_CHANNELS * area + planes + HP_LINES * line + piece->height;
    return floats <= SIZE_MAX / sizeof(float) ? malloc((size_t)floats * sizeof(float)) : NULL;
}

static int64_t run(const hp_given *given, float *reference, int64_t room, double *sums) {
    hp_piece piece;
    if (!reference || !accepted(given, &piece) || room < 0 || (uint64_t)room != kept(&piece)) return HP_REFUSED;
    piece.reference = reference;
    piece.scratch = scratch_for(&piece);
    if (!piece.scratch) return HP_NO_MEMORY;
    if (sums)
        scorer()->compare(&piece, sums);
    else
        scorer()->prepare(&piece);
    free(piece.scratch);
    return room;
}

/* Keep of a source what `hp_score_compare` needs of it. `room` is the number of floats at `reference`, which
 * must be what is needed. */
HP_ENTRY int64_t hp_score_prepare(const uint8_t *pixels, int64_t bytes, int64_t height, int64_t several,
                                  int64_t width, int64_t top, int64_t bottom, int64_t left, int64_t right,
                                  int32_t fade, const uint8_t *wanted, int64_t wanted_count, const float *metric,
                                  int64_t metric_count, float *reference, int64_t room) {
    hp_given given = {pixels, bytes, height, several, width, top, bottom, left, right, fade,
                      wanted, wanted_count, metric, metric_count};
    return run(&given, reference, room, NULL);
}

/* Add the differences of a candidate to `sums` (scales, channels, 6): the sums of the maps of similarity,
 * artefacts and lost detail, then those of their fourth powers. */
HP_ENTRY int64_t hp_score_compare(const uint8_t *pixels, int64_t bytes, int64_t height, int64_t several,
                                  int64_t width, int64_t top, int64_t bottom, int64_t left, int64_t right,
                                  int32_t fade, const uint8_t *wanted, int64_t wanted_count, const float *metric,
                                  int64_t metric_count, const float *reference, int64_t room, double *sums,
                                  int64_t sums_count) {
    hp_given given = {pixels, bytes, height, several, width, top, bottom, left, right, fade,
                      wanted, wanted_count, metric, metric_count};
    if (!sums || sums_count != HP_SCALES * HP_CHANNELS * HP_SUMS) return HP_REFUSED;
    return run(&given, (float *)(uintptr_t)reference, room, sums);
}
