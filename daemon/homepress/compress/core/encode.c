/* Pixels to levels: what jpeg/encoder.py and jpeg/quantise.py do with numpy, in the same order of operations.
 *
 * No product may be fused with a sum (-ffp-contract=off): both implementations, on every processor, then round
 * alike and decide alike. Only the transform, a matrix product there, differs in its last digits.
 */
#include "core.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* -- pixels to component planes, level shifted (JFIF 1.02) -- */

static const float SHIFT = 128.0f;
static const float OF_BLUE = (float)(1 / 1.772), OF_RED = (float)(1 / 1.402);

static inline float luma_of(const uint8_t *pixel) {
    float red_and_green = (float)pixel[0] * 0.299f + (float)pixel[1] * 0.587f;
    return red_and_green + (float)pixel[2] * 0.114f;
}

static void grey_row(const uint8_t *pixels, size_t width, float *luma) {
    for (size_t x = 0; x < width; x++) luma[x] = (float)pixels[x] - SHIFT;
}

/* The luma of a row, and by how much its blue and its red differ from it. */
static inline void read_row(const uint8_t *restrict pixels, size_t width, size_t channels, float *restrict luma,
                            float *restrict blue, float *restrict red) {
    for (size_t x = 0; x < width; x++, pixels += channels) {
        float y = luma_of(pixels);
        blue[x] = (float)pixels[2] - y;
        red[x] = (float)pixels[0] - y;
        luma[x] = y - SHIFT;
    }
}

/* The same; with the number of channels known when it is compiled, which takes a fraction of the time. */
static void colour_row(const uint8_t *pixels, size_t width, size_t channels, float *luma, float *blue, float *red) {
    if (channels == 3)
        read_row(pixels, width, 3, luma, blue, red);
    else
        read_row(pixels, width, 4, luma, blue, red);
}

static void ink_row(const uint8_t *pixels, size_t width, float *black) {
    for (size_t x = 0; x < width; x++) black[x] = (255.0f - SHIFT) - (float)pixels[4 * x + 3];
}

static void scale(float *values, size_t count, float factor) {
    for (size_t i = 0; i < count; i++) values[i] *= factor;
}

/* The mean of 2 x 2 pixels, of two rows. */
static void mean_row(const float *restrict upper, const float *restrict lower, size_t half, float *restrict mean) {
    for (size_t x = 0; x < half; x++) {
        float left = upper[2 * x] + lower[2 * x], right = upper[2 * x + 1] + lower[2 * x + 1];
        mean[x] = (left + right) * 0.25f;
    }
}

/* What a decoder's interpolation and averaging make of a value: the edge repeats. */
static inline float softened(float own, float first, float second) {
    return own * 0.75f + first * 0.125f + second * 0.125f;
}

/* Sharpen a half plane against the decoder's interpolation (see `halved` in encoder.py), and scale it.
 * `rows` has room for two rows. */
static void sharpen(float *plane, size_t height, size_t width, float factor, float *rows) {
    float *above = rows, *soft = rows + width;
    for (size_t y = 0; y < height; y++) {
        float *own = plane + y * width, *below = own + (y + 1 < height ? width : 0);
        const float *first = y ? above : below, *second = y ? below : own;
        for (size_t x = 0; x < width; x++) soft[x] = softened(own[x], first[x], second[x]);
        memcpy(above, own, width * sizeof(float));
        size_t last = width - 1;
        own[0] = ((own[0] + own[0]) - softened(soft[0], soft[1], soft[0])) * factor;
        for (size_t x = 1; x < last; x++)
            own[x] = ((own[x] + own[x]) - softened(soft[x], soft[x - 1], soft[x + 1])) * factor;
        own[last] = ((own[last] + own[last]) - softened(soft[last], soft[last - 1], soft[last])) * factor;
    }
}

static void quarter_planes(const hp_picture *picture, float *luma, float *blue, float *red, float *rows) {
    size_t width = picture->width, half = width / 2, stride = width * picture->channels;
    for (size_t y = 0; y < picture->height; y += 2) {
        const uint8_t *pixels = picture->pixels + y * stride;
        for (size_t odd = 0; odd < 2; odd++) {
            float *differences = rows + 2 * odd * width;
            float *line = luma + (y + odd) * width;
            colour_row(pixels + odd * stride, width, picture->channels, line, differences, differences + width);
        }
        mean_row(rows, rows + 2 * width, half, blue + y / 2 * half);
        mean_row(rows + width, rows + 3 * width, half, red + y / 2 * half);
    }
    sharpen(blue, picture->height / 2, half, OF_BLUE, rows);
    sharpen(red, picture->height / 2, half, OF_RED, rows);
}

static void full_planes(const hp_picture *picture, float *luma, float *blue, float *red) {
    size_t width = picture->width, stride = width * picture->channels;
    for (size_t y = 0; y < picture->height; y++) {
        size_t at = y * width;
        const uint8_t *pixels = picture->pixels + y * stride;
        colour_row(pixels, width, picture->channels, luma + at, blue + at, red + at);
    }
    scale(blue, picture->height * width, OF_BLUE);
    scale(red, picture->height * width, OF_RED);
}

/* -- the transform of blocks (ITU-T T.81 section A.3.3) -- */

/* ITU-T T.81 figure A.6, for blocks that are transposed: the transform leaves them so. */
static const uint8_t TRANSPOSED_OF_ZIGZAG[HP_PLACES] = {
    0,  8,  1,  2,  9,  16, 24, 17, 10, 3,  4,  11, 18, 25, 32, 40, 33, 26, 19, 12, 5,  6,
    13, 20, 27, 34, 41, 48, 56, 49, 42, 35, 28, 21, 14, 7,  15, 22, 29, 36, 43, 50, 57, 58,
    51, 44, 37, 30, 23, 31, 38, 45, 52, 59, 60, 53, 46, 39, 47, 54, 61, 62, 55, 63,
};

/* Half the cosines of 1/16 to 7/16 of a half circle. */
static const float C1 = 0.49039264020161522f, C2 = 0.46193976625564337f, C3 = 0.41573480615127262f,
                   C4 = 0.35355339059327376f, C5 = 0.27778511650980111f, C6 = 0.19134171618254489f,
                   C7 = 0.09754516100806413f;

/* Each of the eight columns, transformed. */
static inline void transform_columns(float block[8][8]) {
    for (int c = 0; c < 8; c++) {
        float s0 = block[0][c] + block[7][c], d0 = block[0][c] - block[7][c];
        float s1 = block[1][c] + block[6][c], d1 = block[1][c] - block[6][c];
        float s2 = block[2][c] + block[5][c], d2 = block[2][c] - block[5][c];
        float s3 = block[3][c] + block[4][c], d3 = block[3][c] - block[4][c];
        float outer = s0 + s3, inner = s1 + s2, e = s0 - s3, f = s1 - s2;
        block[0][c] = C4 * (outer + inner);
        block[4][c] = C4 * (outer - inner);
        block[2][c] = C2 * e + C6 * f;
        block[6][c] = C6 * e - C2 * f;
        block[1][c] = (C1 * d0 + C3 * d1) + (C5 * d2 + C7 * d3);
        block[3][c] = (C3 * d0 - C7 * d1) - (C1 * d2 + C5 * d3);
        block[5][c] = (C5 * d0 - C1 * d1) + (C7 * d2 + C3 * d3);
        block[7][c] = (C7 * d0 - C5 * d1) + (C3 * d2 - C1 * d3);
    }
}

static inline void transform_block(const float *pixels, size_t stride, float *out) {
    float rows[8][8], columns[8][8];
    for (int y = 0; y < 8; y++) memcpy(rows[y], pixels + (size_t)y * stride, sizeof rows[y]);
    transform_columns(rows);
    for (int y = 0; y < 8; y++)
        for (int x = 0; x < 8; x++) columns[x][y] = rows[y][x];
    transform_columns(columns);
    const float *flat = &columns[0][0];
    for (int k = 0; k < HP_PLACES; k++) out[k] = flat[TRANSPOSED_OF_ZIGZAG[k]];
}

/* One component: `side` x `side` of its blocks make a unit, and come as number `first` and on in it. */
static void transform_plane(const hp_picture *picture, const float *plane, size_t side, size_t first, size_t per_unit) {
    size_t edge = picture->quarter ? 16 : 8;
    size_t down = picture->height / edge, across = picture->width / edge, stride = across * side * 8;
    for (size_t v = 0; v < down; v++)
        for (size_t u = 0; u < across; u++)
            for (size_t j = 0; j < side; j++)
                for (size_t i = 0; i < side; i++) {
                    size_t block = (v * across + u) * per_unit + first + j * side + i;
                    const float *corner = plane + (v * side + j) * 8 * stride + (u * side + i) * 8;
                    transform_block(corner, stride, picture->out + block * HP_PLACES);
                }
}

static void transform(const hp_picture *picture) {
    size_t area = picture->height * picture->width, side = picture->quarter ? 2 : 1, most = side * side;
    float *luma = picture->planes;
    if (picture->channels == 1) {
        grey_row(picture->pixels, area, luma);
        transform_plane(picture, luma, 1, 0, 1);
        return;
    }
    float *blue = luma + area, *red = blue + area / most, *end = red + area / most;
    bool inks = picture->channels == 4;
    size_t per_unit = (inks ? 2 : 1) * most + 2;
    float *black = end;
    if (inks) {
        ink_row(picture->pixels, area, black);
        end += area;
    }
    if (picture->quarter)
        quarter_planes(picture, luma, blue, red, end);
    else
        full_planes(picture, luma, blue, red);
    transform_plane(picture, luma, side, 0, per_unit);
    transform_plane(picture, blue, 1, most, per_unit);
    transform_plane(picture, red, 1, most + 1, per_unit);
    if (inks) transform_plane(picture, black, side, most + 2, per_unit);
}

/* -- coefficients to levels -- */

static const float *factors_of(const hp_blocks *blocks, size_t block) {
    return blocks->factors + (size_t)blocks->kinds[block % blocks->per_unit] * HP_PLACES;
}

static void activity(const hp_blocks *blocks, size_t luma, float *out) {
    for (size_t unit = 0; unit < blocks->blocks; unit += blocks->per_unit)
        for (size_t i = 0; i < luma; i++) {
            const float *values = blocks->coefficients + (unit + i) * HP_PLACES;
            const float *factors = factors_of(blocks, i);
            float sums[8] = {0}; /* side by side, so that they are added eight at a time */
            for (int k = 0; k < HP_PLACES; k += 8)
                for (int lane = 0; lane < 8; lane++) sums[lane] += fabsf(values[k + lane] * factors[k + lane]);
            sums[0] -= fabsf(values[0] * factors[0]);
            float sum = (sums[0] + sums[4]) + (sums[1] + sums[5]) + ((sums[2] + sums[6]) + (sums[3] + sums[7]));
            *out++ = sum + 1.0f;
        }
}

/* The levels of a block that are not zero, without the first. */
typedef struct {
    float exact[HP_PLACES];  /* of every place, in quantisation steps */
    float gain[HP_PLACES];   /* from dropping each */
    int32_t level[HP_PLACES];
    int32_t run[HP_PLACES];  /* zeros before each */
    int32_t size[HP_PLACES]; /* bits of each magnitude */
    uint8_t place[HP_PLACES];
    int count;
} hp_levels;

#if FLT_EVAL_METHOD != 0
#error "floats are kept wider than they are here: nothing would be rounded"
#endif

/* To the nearest, halves to even; what is no number, and what is too large, becomes the largest level. */
static inline int32_t level_of(float magnitude) {
    float bounded = magnitude < (float)HP_LARGEST_LEVEL ? magnitude : (float)HP_LARGEST_LEVEL;
    const float whole = 12582912.0f; /* 1.5 * 2^23: at this size a float has no fraction left */
    return (int32_t)((bounded + whole) - whole);
}

static inline int32_t size_of(int32_t level) { return 32 - __builtin_clz((unsigned)level); }

/* Runs and sizes, after levels changed; those that are zero now are gone. */
static inline void settle(hp_levels *levels) {
    int kept = 0, before = 0;
    for (int i = 0; i < levels->count; i++) {
        if (!levels->level[i]) continue;
        levels->level[kept] = levels->level[i];
        levels->place[kept] = levels->place[i];
        levels->run[kept] = levels->place[i] - before - 1;
        levels->size[kept] = size_of(levels->level[i]);
        before = levels->place[i];
        kept++;
    }
    levels->count = kept;
}

static inline void round_block(const float *values, const float *factors, hp_levels *levels) {
    float magnitude[HP_PLACES];
    for (int k = 0; k < HP_PLACES; k++) {
        levels->exact[k] = values[k] * factors[k];
        magnitude[k] = fabsf(levels->exact[k]);
    }
    int count = 0;
    for (int k = 1; k < HP_PLACES; k++) {
        /* Written in any case, kept by the count: most are zero, and no processor foresees which. */
        levels->place[count] = (uint8_t)k;
        levels->level[count] = level_of(magnitude[k]);
        count += magnitude[k] > 0.5f;
    }
    levels->count = count;
    settle(levels);
}

static void count(const hp_blocks *blocks, int64_t *seen) {
    hp_levels levels;
    for (size_t block = 0; block < blocks->blocks; block++) {
        int64_t *mine = seen + (size_t)blocks->kinds[block % blocks->per_unit] * HP_SYMBOLS;
        round_block(blocks->coefficients + block * HP_PLACES, factors_of(blocks, block), &levels);
        for (int i = 0; i < levels.count; i++) mine[levels.run[i] << 4 | levels.size[i]]++;
    }
}

/* What is gained by making zero what is one: its own code goes, and the next one's run grows by its. */
static inline void weigh_ones(hp_levels *levels, const float *bits, const float *prices, float mask) {
    for (int i = 0; i < levels->count; i++) {
        if (levels->level[i] != 1) continue;
        float saved = bits[levels->run[i] << 4 | levels->size[i]];
        if (i + 1 < levels->count) {
            int32_t run = levels->run[i + 1], size = levels->size[i + 1];
            int32_t merged = (levels->run[i] + run + 1) & 63;
            saved += bits[run << 4 | size] - bits[merged << 4 | size];
        }
        int place = levels->place[i];
        float error = 2.0f * fabsf(levels->exact[place]) - 1.0f;
        levels->gain[i] = mask * prices[place] * saved - error;
    }
}

/* Drop ones where no neighbour among them gains more: what neighbours save is not independent. */
static inline void drop_leading_ones(hp_levels *levels) {
    bool one_before = false;
    for (int i = 0; i < levels->count; i++) {
        bool one = levels->level[i] == 1;
        if (one && levels->gain[i] > 0.0f) {
            bool follows = one_before && levels->gain[i - 1] > levels->gain[i];
            bool one_after = i + 1 < levels->count && levels->level[i + 1] == 1;
            if (!follows && !(one_after && levels->gain[i + 1] >= levels->gain[i])) levels->level[i] = 0;
        }
        one_before = one;
    }
    settle(levels);
}

/* Drop all ones that are not worth their bits; lower powers of two by one where that is worth it. */
static inline void drop_and_lower(hp_levels *levels, const float *bits, const float *prices, float mask) {
    for (int i = 0; i < levels->count; i++) {
        int32_t level = levels->level[i];
        if (level == 1) {
            if (levels->gain[i] > 0.0f) levels->level[i] = 0;
        } else if (!(level & (level - 1))) {
            int32_t run = levels->run[i], size = levels->size[i];
            float saved = bits[run << 4 | size] - bits[run << 4 | (size - 1)];
            int place = levels->place[i];
            float error = 2.0f * (fabsf(levels->exact[place]) - (float)level) + 1.0f;
            if (error < mask * prices[place] * saved) levels->level[i] = level - 1;
        }
    }
    settle(levels);
}

/* The levels of a block, weighed by what they cost. */
static inline void weigh(const hp_blocks *blocks, const hp_prices *prices, size_t block, hp_levels *levels) {
    const float *bits = prices->bits + (size_t)blocks->kinds[block % blocks->per_unit] * HP_SYMBOLS;
    float mask = prices->masks[block];
    round_block(blocks->coefficients + block * HP_PLACES, factors_of(blocks, block), levels);
    for (int pass = 1; pass < HP_PASSES; pass++) {
        weigh_ones(levels, bits, prices->prices, mask);
        drop_leading_ones(levels);
    }
    weigh_ones(levels, bits, prices->prices, mask);
    drop_and_lower(levels, bits, prices->prices, mask);
}

/* -- levels to bits -- */

enum { ZEROS = 0xF0, END_OF_BLOCK = 0x00, FIRST = 256 };

typedef struct {
    uint8_t *out;
    size_t at;
    uint64_t word; /* bits that wait for a byte to be whole, and how many */
    int filled;
} hp_bits;

static inline void put_bits(hp_bits *bits, uint64_t value, int count) {
    bits->word = bits->word << count | value;
    bits->filled += count;
    while (bits->filled >= 8) {
        bits->filled -= 8;
        uint8_t byte = (uint8_t)(bits->word >> bits->filled);
        bits->out[bits->at++] = byte;
        if (byte == 0xFF) bits->out[bits->at++] = 0;
    }
}

/* The code of a symbol, and behind it a value of `size` bits: a negative one less one. */
static inline void put_level(hp_bits *bits, const uint32_t *codes, const uint8_t *lengths, int symbol, int32_t value,
                             int size) {
    uint32_t extra = (uint32_t)(value < 0 ? value - 1 : value) & ((1u << size) - 1);
    put_bits(bits, (uint64_t)codes[symbol] << size | extra, lengths[symbol] + size);
}

static inline void put_block(hp_bits *bits, const hp_levels *levels, const uint32_t *codes, const uint8_t *lengths,
                             int32_t difference) {
    int size = difference ? size_of(abs(difference)) : 0;
    put_level(bits, codes, lengths, FIRST + size, difference, size);
    for (int i = 0; i < levels->count; i++) {
        int32_t run = levels->run[i], level = levels->level[i];
        for (; run > 15; run -= 16) put_bits(bits, codes[ZEROS], lengths[ZEROS]);
        put_level(bits, codes, lengths, run << 4 | levels->size[i], levels->exact[levels->place[i]] < 0 ? -level : level,
                  levels->size[i]);
    }
    if (!levels->count || levels->place[levels->count - 1] < HP_PLACES - 1)
        put_bits(bits, codes[END_OF_BLOCK], lengths[END_OF_BLOCK]);
}

static int64_t write(const hp_blocks *blocks, const hp_prices *prices, const hp_writing *writing) {
    hp_levels levels;
    hp_bits bits = {.out = writing->out};
    size_t row = writing->across * blocks->per_unit;
    int32_t before[16] = {0};
    for (size_t block = 0; block < blocks->blocks; block++) {
        size_t place = block % blocks->per_unit, kind = blocks->kinds[place];
        weigh(blocks, prices, block, &levels);
        int32_t first = level_of(fabsf(levels.exact[0])), *previous = &before[writing->parts[place]];
        if (levels.exact[0] < 0) first = -first;
        if (writing->room - bits.at < HP_MOST_BYTES) return HP_REFUSED;
        put_block(&bits, &levels, writing->codes + kind * HP_CODES, writing->lengths + kind * HP_CODES, first - *previous);
        *previous = first;
        if ((block + 1) % row) continue;
        int spare = -bits.filled & 7; /* filled with ones (section F.1.2.3) */
        put_bits(&bits, (1u << spare) - 1, spare);
        writing->ends[block / row] = (int64_t)bits.at;
        memset(before, 0, sizeof before);
    }
    return (int64_t)bits.at;
}

#ifdef HP_AVX2
const hp_encoder hp_encoder_avx2 = {transform, activity, count, write};
#else
const hp_encoder hp_encoder_plain = {transform, activity, count, write};
#endif
