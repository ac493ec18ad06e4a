/* The entries: check what comes, choose the code for this processor. */
#include "core.h"

#include <stdlib.h>

#ifndef HP_SOURCES
#define HP_SOURCES 0
#endif

enum { VERSION = 6, PLAIN = 0, AVX2 = 1 };

/* Enough for any strip of any picture, and far from where the products below could overflow. */
static const int64_t MOST = (int64_t)1 << 31;

static int chosen = PLAIN;

/* The version of these entries, which is that of library.py. */
HP_ENTRY int32_t hp_version(void) { return VERSION; }

/* Which sources this was made from: core_build.py gives the number. */
HP_ENTRY int64_t hp_sources(void) { return HP_SOURCES; }

/* Use the code for a kind of processor, or the best for less than the greatest; gives the one in use. */
HP_ENTRY int32_t hp_choose(int32_t most) {
    chosen = PLAIN;
#ifdef HP_HAS_AVX2
    if (most >= AVX2 && __builtin_cpu_supports("avx2")) chosen = AVX2;
#else
    (void)most;
#endif
    return chosen;
}

bool hp_uses_avx2(void) { return chosen == AVX2; }

static const hp_encoder *encoder(void) {
#ifdef HP_HAS_AVX2
    if (chosen == AVX2) return &hp_encoder_avx2;
#endif
    return &hp_encoder_plain;
}

static bool within(int64_t number, int64_t least, int64_t most) { return number >= least && number <= most; }

/* Pixels (height, width, channels), whole units, to the coefficients of their blocks, which are not divided
 * by anything yet. `room` is the number of floats at `out`, which must be what is needed. */
HP_ENTRY int64_t hp_transform(const uint8_t *pixels, int64_t bytes, int64_t height, int64_t width,
                              int64_t channels, int32_t quarter, float *out, int64_t room) {
    if (!pixels || !out || !within(height, 8, MOST) || !within(width, 8, MOST)) return HP_REFUSED;
    if (channels != 1 && channels != 3 && channels != 4) return HP_REFUSED;
    if (height > MOST / width || bytes != height * width * channels) return HP_REFUSED;
    bool halves = quarter && channels > 1;
    int64_t edge = halves ? 16 : 8;
    if (height % edge || width % edge) return HP_REFUSED;
    int64_t area = height * width;
    int64_t samples = channels == 1 ? area : (channels - 2) * area + (halves ? area / 2 : 2 * area);
    if (room != samples) return HP_REFUSED;
    /* A row more for each half plane, where its rows are sharpened. */
    size_t planes = (size_t)samples + 4 * (size_t)width;
    hp_picture picture = {pixels, (size_t)height, (size_t)width, (size_t)channels, halves, NULL, out};
    picture.planes = malloc(planes * sizeof(float));
    if (!picture.planes) return HP_NO_MEMORY;
    encoder()->transform(&picture);
    free(picture.planes);
    return samples;
}

static bool sound(const hp_blocks *blocks, int64_t count, int64_t per_unit) {
    if (!blocks->coefficients || !blocks->kinds || !blocks->factors) return false;
    if (!within(count, 0, MOST / HP_PLACES) || !within(per_unit, 1, 16) || count % per_unit) return false;
    for (int64_t i = 0; i < per_unit; i++)
        if (blocks->kinds[i] >= HP_KINDS) return false;
    return true;
}

/* How busy each of the first `luma` blocks of every unit is: one more than the sum of its magnitudes. */
HP_ENTRY int64_t hp_activity(const float *coefficients, int64_t count, const uint8_t *kinds, int64_t per_unit,
                             const float *factors, int64_t luma, float *out, int64_t room) {
    hp_blocks blocks = {coefficients, (size_t)count, kinds, (size_t)per_unit, factors};
    if (!sound(&blocks, count, per_unit) || !out || !within(luma, 1, per_unit)) return HP_REFUSED;
    if (room != count / per_unit * luma) return HP_REFUSED;
    encoder()->activity(&blocks, (size_t)luma, out);
    return room;
}

/* Add to `seen` (kinds, 1024) how often each run and size comes when all is rounded plainly. */
HP_ENTRY int64_t hp_count(const float *coefficients, int64_t count, const uint8_t *kinds, int64_t per_unit,
                          const float *factors, int64_t *seen, int64_t room) {
    hp_blocks blocks = {coefficients, (size_t)count, kinds, (size_t)per_unit, factors};
    if (!sound(&blocks, count, per_unit) || !seen || room != HP_KINDS * HP_SYMBOLS) return HP_REFUSED;
    encoder()->count(&blocks, seen);
    return room;
}

/* Whether each code has at most 16 bits and no more than its length says. */
static bool are_codes(const uint32_t *codes, const uint8_t *lengths) {
    for (size_t i = 0; i < HP_KINDS * HP_CODES; i++)
        if (lengths[i] > 16 || codes[i] >> lengths[i]) return false;
    return true;
}

/* Levels, weighed by what they cost, to the entropy-coded data of a baseline scan; gives how many bytes. Each row
 * of `across` units stands by itself, as between two restart markers; `rows` of `ends` tell where it ends. */
HP_ENTRY int64_t hp_write(const float *coefficients, int64_t count, const uint8_t *kinds, int64_t per_unit,
                          const float *factors, const float *masks, const float *bits, const float *prices,
                          const uint32_t *codes, const uint8_t *lengths, const uint8_t *parts,
                          int64_t across, int64_t *ends, int64_t rows, uint8_t *out, int64_t room) {
    hp_blocks blocks = {coefficients, (size_t)count, kinds, (size_t)per_unit, factors};
    if (!sound(&blocks, count, per_unit) || !masks || !bits || !prices) return HP_REFUSED;
    if (!codes || !lengths || !parts || !ends || !out || !within(room, 0, MOST)) return HP_REFUSED;
    if (!within(across, 1, MOST / HP_PLACES) || !within(rows, 0, MOST) || !are_codes(codes, lengths)) return HP_REFUSED;
    if (rows > MOST / (across * per_unit) || count != rows * across * per_unit) return HP_REFUSED;
    for (int64_t i = 0; i < per_unit; i++)
        if (parts[i] >= per_unit) return HP_REFUSED;
    hp_prices all = {masks, bits, prices};
    hp_writing writing = {codes, lengths, parts, (size_t)across, out, (size_t)room, ends};
    return encoder()->write(&blocks, &all, &writing);
}
