/* The differences between a source and a candidate to the eye: what score/ssimulacra2.py does with numpy.
 *
 * Values are floats. Sums of up to `SOON` rows are, too, column by column; beyond they are doubles. The blur is
 * a sum of nine taps, first down the columns of a few planes at once, then along the row that this makes: of
 * what it makes, nothing but rows is held.
 */
#include "core.h"

#include <math.h>
#include <string.h>

enum { X, Y, B };
enum { SOON = 64 };

/* What makes X, Y and B positive. */
static const float OFFSET[HP_CHANNELS] = {0.42f, 0.01f, 0.55f};

/* Scratch memory. Lines have room for a reach at both ends, where what is beyond the plane is written. */
typedef struct {
    float *light, *planes;
    size_t area; /* of a plane of light */
    float *beyond; /* a row */
    float *down[3], *across[3], *sums[HP_SUMS];
    float *row_share, *column_share; /* one over what the blur finds of its taps within the plane */
} hp_work;

/* A channel of a source at a scale, which is kept: all by how much it differs from the centre, which is the
 * mean of the plane. Nothing depends on where zero is; and the less is subtracted from each other, the less is
 * lost to rounding. */
typedef struct {
    float *centre, *image, *mean, *variance;
} hp_kept;

static hp_work divided(const hp_piece *piece) {
    hp_work work = {.light = piece->scratch, .area = piece->height * piece->width};
    size_t line = piece->width + 2 * HP_REACH;
    float *next = work.light + HP_CHANNELS * work.area;
    work.beyond = next;
    for (int i = 0; i < 3; i++) work.down[i] = next += line;
    for (int i = 0; i < 3; i++) work.across[i] = next += line;
    for (int i = 0; i < HP_SUMS; i++) work.sums[i] = next += line;
    work.column_share = next += line;
    work.row_share = next += line;
    work.planes = next + piece->height;
    return work;
}

/* -- pixels to light, and to half of it -- */

static void lighten(const hp_piece *piece, size_t number, hp_work *work) {
    const float *light = piece->metric->light;
    for (size_t y = 0; y < piece->height; y++) {
        const uint8_t *pixel = piece->pixels + (y * piece->several + number) * piece->width * HP_CHANNELS;
        float *red = work->light + y * piece->width, *green = red + work->area, *blue = green + work->area;
        for (size_t x = 0; x < piece->width; x++, pixel += HP_CHANNELS) {
            red[x] = light[pixel[0]];
            green[x] = light[pixel[1]];
            blue[x] = light[pixel[2]];
        }
    }
}

static void halve_row(const float *restrict upper, const float *restrict lower, size_t width, float *restrict out) {
    size_t pairs = width / 2;
    for (size_t x = 0; x < pairs; x++)
        out[x] = ((upper[2 * x] + lower[2 * x]) + (upper[2 * x + 1] + lower[2 * x + 1])) * 0.25f;
    if (width % 2) {
        float last = upper[width - 1] + lower[width - 1];
        out[pairs] = (last + last) * 0.25f;
    }
}

/* The mean of each 2 x 2 pixels, in place; an odd last row or column counts twice. */
static void halve(hp_work *work, size_t height, size_t width) {
    size_t rows = (height + 1) / 2, columns = (width + 1) / 2;
    for (size_t channel = 0; channel < HP_CHANNELS; channel++) {
        float *light = work->light + channel * work->area;
        for (size_t y = 0; y < rows; y++) {
            const float *upper = light + 2 * y * width, *lower = upper + (2 * y + 1 < height ? width : 0);
            halve_row(upper, lower, width, work->across[0]);
            memcpy(light + y * columns, work->across[0], columns * sizeof(float));
        }
    }
}

/* -- light to XYB -- */

/* Two steps towards one over the root, from a guess that divides the exponent by three; right to four units in
 * the last place between 0.0037 and 1.1, and a number for any other. */
static inline float cube_root(float value) {
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    bits = (bits >> 2) + (bits >> 4);
    bits += bits >> 4;
    bits += bits >> 8;
    bits = 0x54a1e000u - bits;
    float root;
    memcpy(&root, &bits, sizeof root);
    float off = 1.0f - value * (root * root * root);
    root += root * (off * (1.0f / 3 + off * (2.0f / 9 + off * (14.0f / 81))));
    off = 1.0f - value * (root * root * root);
    root += root * off * (1.0f / 3);
    return value * (root * root);
}

static void response(const hp_work *work, const hp_metric *metric, size_t at, size_t count, int kind,
                     float *restrict out) {
    const float *red = work->light + at, *green = red + work->area, *blue = green + work->area;
    float by_red = metric->mix[kind][0], by_green = metric->mix[kind][1], by_blue = metric->mix[kind][2];
    float bias = metric->bias, root = metric->bias_root;
    for (size_t x = 0; x < count; x++)
        out[x] = cube_root(((red[x] * by_red + green[x] * by_green) + blue[x] * by_blue) + bias) - root;
}

/* The row of light that begins `at`, in the wanted ones of the three planes. */
static void mix_row(const hp_work *work, const hp_metric *metric, size_t at, size_t count, float *const out[3]) {
    float *restrict first = work->across[0], *restrict second = work->across[1];
    float *restrict x_row = out[X], *restrict y_row = out[Y], *restrict b_row = out[B];
    response(work, metric, at, count, 0, first);
    response(work, metric, at, count, 1, second);
    if (x_row)
        for (size_t i = 0; i < count; i++) x_row[i] = (first[i] - second[i]) * 7.0f + OFFSET[X];
    for (size_t i = 0; i < count; i++) first[i] = (first[i] + second[i]) * 0.5f;
    if (y_row)
        for (size_t i = 0; i < count; i++) y_row[i] = first[i] + OFFSET[Y];
    if (b_row) {
        response(work, metric, at, count, 2, second);
        for (size_t i = 0; i < count; i++) b_row[i] = (second[i] - first[i]) + OFFSET[B];
    }
}

static void mix(const hp_work *work, const hp_metric *metric, const hp_view *view, size_t light_width,
                float *const planes[3]) {
    for (size_t y = 0; y < view->height; y++) {
        float *rows[3];
        for (int i = 0; i < 3; i++) rows[i] = planes[i] ? planes[i] + y * view->width : NULL;
        mix_row(work, metric, (view->from_row + y) * light_width + view->from_column, view->width, rows);
    }
}

static float mean_of(const float *plane, const hp_view *view) {
    double sum = 0.0;
    for (size_t y = 0; y < view->height; y++) {
        float of_row = 0.0f;
        for (size_t x = 0; x < view->width; x++) of_row += plane[y * view->width + x];
        sum += (double)of_row;
    }
    return (float)(sum / (double)(view->height * view->width));
}

static void centre(float *plane, const hp_view *view, float by) {
    for (size_t i = 0; i < view->height * view->width; i++) plane[i] -= by;
}

/* -- the blur -- */

static void share(const float *taps, size_t length, float *out) {
    for (size_t at = 0; at < length; at++) {
        float found = 0.0f;
        for (size_t tap = 0; tap < HP_TAPS; tap++)
            if (at + tap >= HP_REACH && at + tap - HP_REACH < length) found += taps[tap];
        out[at] = 1.0f / found;
    }
}

/* The rows around one of a plane. */
static void around(const hp_work *work, const hp_view *view, const float *plane, size_t y, const float *rows[HP_TAPS]) {
    for (size_t tap = 0; tap < HP_TAPS; tap++) {
        bool inside = y + tap >= HP_REACH && y + tap - HP_REACH < view->height;
        rows[tap] = inside ? plane + (y + tap - HP_REACH) * view->width : work->beyond;
    }
}

/* The mean of a plane down its columns, and that of its squares. */
static void down_two(const float *const rows[HP_TAPS], const float *taps, size_t count, float *restrict mean,
                     float *restrict square) {
    for (size_t x = 0; x < count; x++) {
        float sum = 0.0f, of_squares = 0.0f;
        for (int tap = 0; tap < HP_TAPS; tap++) {
            float part = taps[tap] * rows[tap][x];
            sum += part;
            of_squares += part * rows[tap][x];
        }
        mean[x] = sum;
        square[x] = of_squares;
    }
}

/* The same, and the mean of its products with another plane. */
static void down_three(const float *const rows[HP_TAPS], const float *const others[HP_TAPS], const float *taps,
                       size_t count, float *restrict mean, float *restrict square, float *restrict product) {
    for (size_t x = 0; x < count; x++) {
        float sum = 0.0f, of_squares = 0.0f, of_products = 0.0f;
        for (int tap = 0; tap < HP_TAPS; tap++) {
            float part = taps[tap] * rows[tap][x];
            sum += part;
            of_squares += part * rows[tap][x];
            of_products += part * others[tap][x];
        }
        mean[x] = sum;
        square[x] = of_squares;
        product[x] = of_products;
    }
}

/* A row that begins a reach before the first of `count` blurred values. */
static void along(const float *restrict in, const float *taps, size_t count, float *restrict out) {
    for (size_t x = 0; x < count; x++) {
        float sum = taps[0] * (in[x] + in[x + 8]) + taps[1] * (in[x + 1] + in[x + 7]);
        sum += taps[2] * (in[x + 2] + in[x + 6]) + taps[3] * (in[x + 3] + in[x + 5]);
        out[x] = sum + taps[4] * in[x + 4];
    }
}

/* Where nothing is beyond the edges, what the blur found counts as all. */
static void fill_up(const hp_work *work, const hp_view *view, size_t row, float *values) {
    float rows = work->row_share[row];
    const float *columns = work->column_share + view->left;
    for (size_t x = 0; x < view->columns; x++) values[x] *= rows * columns[x];
}

/* Row `y` of what counts, blurred, to `across`: its mean, its squares and, with a source, its products. */
static void blur(const hp_piece *piece, const hp_work *work, const hp_view *view, const float *plane,
                 const float *source, size_t y) {
    const float *taps = piece->metric->taps, *rows[HP_TAPS], *others[HP_TAPS];
    float *down[3];
    for (int i = 0; i < 3; i++) down[i] = work->down[i] + HP_REACH;
    around(work, view, plane, view->top + y, rows);
    if (source) {
        around(work, view, source, view->top + y, others);
        down_three(rows, others, taps, view->width, down[0], down[1], down[2]);
    } else {
        down_two(rows, taps, view->width, down[0], down[1]);
    }
    for (int i = 0; i < (source ? 3 : 2); i++) {
        along(work->down[i] + view->left, taps, view->columns, work->across[i]);
        if (!piece->fade) fill_up(work, view, view->top + y, work->across[i]);
    }
}

/* What lies beyond the planes of a channel: black, which is zero as in the reference, or nothing. */
static void begin(const hp_piece *piece, const hp_work *work, const hp_view *view, float centre) {
    float outside = piece->fade ? -centre : 0.0f;
    for (size_t x = 0; x < view->width; x++) work->beyond[x] = outside;
    for (int i = 0; i < 3; i++)
        for (size_t at = 0; at < HP_REACH; at++) {
            float value = i ? outside * outside : outside;
            work->down[i][at] = work->down[i][HP_REACH + view->width + at] = value;
        }
}

/* -- the maps -- */

static void keep(const hp_piece *piece, const hp_work *work, const hp_view *view, const hp_kept *kept) {
    for (size_t y = 0; y < view->rows; y++) {
        blur(piece, work, view, kept->image, NULL, y);
        float *restrict mean = kept->mean + y * view->columns, *restrict variance = kept->variance + y * view->columns;
        const float *restrict found = work->across[0], *restrict square = work->across[1];
        for (size_t x = 0; x < view->columns; x++) {
            mean[x] = found[x];
            variance[x] = square[x] - found[x] * found[x];
        }
    }
}

/* Exactly the value, or zero: a comparison would keep compilers from making vectors of a loop. */
static inline float above_zero(float value) { return (value + fabsf(value)) * 0.5f; }

/* Instead of the products one minus the structural similarity, nowhere below zero; its luminance part has no
 * denominator. */
static void similarity(const float *restrict before, const float *restrict variance, const float *restrict mean,
                       const float *restrict square, size_t count, float *restrict product) {
    const float little = 0.0009f;
    for (size_t x = 0; x < count; x++) {
        float above = (product[x] - before[x] * mean[x]) * 2.0f + little;
        float below = ((square[x] - mean[x] * mean[x]) + variance[x]) + little;
        float change = before[x] - mean[x];
        product[x] = above_zero(1.0f - above * (1.0f - change * change) / below);
    }
}

/* Instead of the mean by how much edges are stronger than they were. */
static void edges(const float *restrict image, const float *restrict old_image, const float *restrict old_mean,
                  size_t count, float *restrict mean) {
    for (size_t x = 0; x < count; x++) {
        float strength = fabsf(image[x] - mean[x]) + 1.0f, old_strength = fabsf(old_image[x] - old_mean[x]) + 1.0f;
        mean[x] = strength / old_strength - 1.0f;
    }
}

static void add(const float *restrict map, size_t count, float *restrict once, float *restrict fourth) {
    for (size_t x = 0; x < count; x++) {
        float square = map[x] * map[x];
        once[x] += map[x];
        fourth[x] += square * square;
    }
}

/* Edges that are stronger are artefacts, weaker ones lost detail. */
static void add_edges(const float *restrict map, size_t count, float *const sums[HP_SUMS]) {
    float *restrict more = sums[1], *restrict less = sums[2];
    float *restrict more_fourth = sums[4], *restrict less_fourth = sums[5];
    for (size_t x = 0; x < count; x++) {
        float added = above_zero(map[x]), lost = added - map[x];
        float square = added * added, lost_square = lost * lost;
        more[x] += added;
        less[x] += lost;
        more_fourth[x] += square * square;
        less_fourth[x] += lost_square * lost_square;
    }
}

static void clear(const hp_work *work, size_t count) {
    for (int i = 0; i < HP_SUMS; i++) memset(work->sums[i], 0, count * sizeof(float));
}

static void add_up(const hp_work *work, size_t count, double *sums) {
    for (int i = 0; i < HP_SUMS; i++)
        for (size_t x = 0; x < count; x++) sums[i] += (double)work->sums[i][x];
    clear(work, count);
}

static void differ(const hp_piece *piece, const hp_work *work, const hp_view *view, const hp_kept *source,
                   const float *image, unsigned maps, double *sums) {
    size_t count = view->columns;
    clear(work, count);
    for (size_t y = 0; y < view->rows; y++) {
        size_t at = y * count, in_plane = (view->top + y) * view->width + view->left;
        float *mean = work->across[0], *square = work->across[1], *product = work->across[2];
        blur(piece, work, view, image, source->image, y);
        if (maps & HP_SIMILARITY) {
            similarity(source->mean + at, source->variance + at, mean, square, count, product);
            add(product, count, work->sums[0], work->sums[3]);
        }
        if (maps & HP_EDGES) {
            edges(image + in_plane, source->image + in_plane, source->mean + at, count, mean);
            add_edges(mean, count, work->sums);
        }
        if ((y + 1) % SOON == 0) add_up(work, count, sums);
    }
    add_up(work, count, sums);
}

/* -- scale by scale -- */

/* Where the wanted planes go: the source's to what is kept of it, a candidate's to scratch memory. */
static void places(const hp_work *work, const hp_view *view, const uint8_t *wanted, float **reference,
                   hp_kept kept[3], float *candidate[3]) {
    size_t area = view->height * view->width, counts = view->rows * view->columns;
    float *next = work->planes;
    for (int channel = 0; channel < HP_CHANNELS; channel++) {
        kept[channel] = (hp_kept){NULL, NULL, NULL, NULL};
        candidate[channel] = NULL;
        if (!wanted[channel]) continue;
        kept[channel] = (hp_kept){*reference, *reference + 1, *reference + 1 + area, *reference + 1 + area + counts};
        *reference += 1 + area + 2 * counts;
        candidate[channel] = next;
        next += area;
    }
}

/* One scale; without sums it is the source that comes. */
static void do_scale(const hp_piece *piece, const hp_work *work, size_t scale, size_t light_width,
                     float **reference, double *sums) {
    hp_view view = hp_view_of(piece, scale);
    const uint8_t *wanted = piece->wanted + scale * HP_CHANNELS;
    hp_kept kept[3];
    float *candidate[3], *source[3];
    places(work, &view, wanted, reference, kept, candidate);
    for (int i = 0; i < 3; i++) source[i] = kept[i].image;
    mix(work, piece->metric, &view, light_width, sums ? candidate : source);
    if (!piece->fade) {
        share(piece->metric->taps, view.height, work->row_share);
        share(piece->metric->taps, view.width, work->column_share);
    }
    for (size_t channel = 0; channel < HP_CHANNELS; channel++) {
        if (!wanted[channel]) continue;
        hp_kept *of = &kept[channel];
        float *plane = sums ? candidate[channel] : of->image;
        if (!sums) *of->centre = mean_of(plane, &view);
        centre(plane, &view, *of->centre);
        begin(piece, work, &view, *of->centre);
        if (sums)
            differ(piece, work, &view, of, plane, wanted[channel], sums + (scale * HP_CHANNELS + channel) * HP_SUMS);
        else
            keep(piece, work, &view, of);
    }
}

static void each_scale(const hp_piece *piece, double *sums) {
    hp_work work = divided(piece);
    float *reference = piece->reference;
    for (size_t number = 0; number < piece->several; number++) {
        size_t height = piece->height, width = piece->width;
        lighten(piece, number, &work);
        for (size_t scale = 0; scale < piece->scales; scale++) {
            if (scale) {
                halve(&work, height, width);
                height = (height + 1) / 2;
                width = (width + 1) / 2;
            }
            do_scale(piece, &work, scale, width, &reference, sums);
        }
    }
}

static void prepare(const hp_piece *piece) { each_scale(piece, NULL); }

static void compare(const hp_piece *piece, double *sums) { each_scale(piece, sums); }

#ifdef HP_AVX2
const hp_scorer hp_scorer_avx2 = {prepare, compare};
#else
const hp_scorer hp_scorer_plain = {prepare, compare};
#endif
