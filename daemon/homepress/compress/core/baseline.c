/* Levels to the coded data of a baseline JPEG (ITU-T T.81 section F.1.2), in codes that are given. */
#include "core.h"

enum { MOST_COMPONENTS = 4, MOST_PER_UNIT = 16, MOST_EVENTS = 1 << 29 };
enum { ALL_SYMBOLS = 512, FIRST_MEAN = 256, END_OF_BLOCK = 0x00, ZEROS = 0xF0 };
enum { LONGEST_CODE = 16, LONGEST_VALUE = 11 };
/* Of one event, at most: three codes of sixteen zeros, its own code and value, the end of its block; each byte
 * may need a zero behind it. */
enum { BYTES_OF_EVENT = 2 * ((5 * LONGEST_CODE + LONGEST_VALUE + 7) / 8 + 1) };

/* Codes by symbol: those of AC coefficients, then those of DC ones. */
typedef struct {
    const uint16_t *codes;
    const uint8_t *lengths;
} hp_book;

/* Bits that are not yet whole bytes are held, the last at the lowest place. */
typedef struct {
    uint64_t held;
    unsigned count;
    uint8_t *out;
} hp_bits;

static inline void put(hp_bits *bits, uint32_t value, unsigned count) {
    bits->held = bits->held << count | value;
    bits->count += count;
    while (bits->count >= 8) {
        bits->count -= 8;
        uint8_t byte = (uint8_t)(bits->held >> bits->count);
        *bits->out++ = byte;
        if (byte == 0xFF) *bits->out++ = 0;
    }
}

static inline void put_symbol(hp_bits *bits, const hp_book *book, unsigned symbol) {
    put(bits, book->codes[symbol], book->lengths[symbol]);
}

static inline unsigned size_of(uint32_t magnitude) { return magnitude ? 32u - (unsigned)__builtin_clz(magnitude) : 0; }

/* A negative value is coded as itself less one, in as many bits as its magnitude has. */
static inline void put_value(hp_bits *bits, int32_t value, unsigned size) {
    uint32_t pattern = value < 0 ? (uint32_t)(value - 1) : (uint32_t)value;
    if (size) put(bits, pattern & ((1u << size) - 1), size);
}

static inline int32_t signed_level(int32_t level, float exact) { return exact < 0 ? -level : level; }

static bool are_codes(const uint8_t *lengths) {
    for (size_t i = 0; i < HP_KINDS * ALL_SYMBOLS; i++)
        if (lengths[i] > LONGEST_CODE) return false;
    return true;
}

/* Append whole units.
 *
 * index, level, exact: of each event where it stands (64 times its block, plus its place in zigzag order), its
 *   magnitude, and what has its sign. Each block begins with its mean.
 * components, kinds: of each block of a unit.
 * codes, lengths: (kinds, 512).
 * previous: the last mean of each of four components, before and after.
 * held: the bits that are not yet a byte, and how many they are, before and after.
 * out: room for all that may come; gives how much came. */
HP_ENTRY int64_t hp_baseline(const int64_t *index, const int32_t *level, const float *exact, int64_t count,
                             const uint8_t *components, const uint8_t *kinds, int64_t per_unit,
                             const uint16_t *codes, const uint8_t *lengths, int32_t *previous, int64_t *held,
                             uint8_t *out, int64_t room) {
    if (!index || !level || !exact || !components || !kinds || !codes || !lengths || !previous) return HP_REFUSED;
    if (!held || !out || count < 0 || count > MOST_EVENTS || room < count * BYTES_OF_EVENT) return HP_REFUSED;
    if (per_unit < 1 || per_unit > MOST_PER_UNIT || held[1] < 0 || held[1] > 7 || held[0] >> held[1]) return HP_REFUSED;
    for (int64_t i = 0; i < per_unit; i++)
        if (components[i] >= MOST_COMPONENTS || kinds[i] >= HP_KINDS) return HP_REFUSED;
    if (!are_codes(lengths)) return HP_REFUSED;
    hp_bits bits = {(uint64_t)held[0], (unsigned)held[1], out};
    int64_t block = -1, unit_block = -1, place = HP_PLACES - 1;
    hp_book book = {codes, lengths};
    for (int64_t i = 0; i < count; i++) {
        int64_t at = index[i] & (HP_PLACES - 1);
        if (level[i] < 0 || level[i] > HP_LARGEST_LEVEL) return HP_REFUSED;
        if (!at) {
            if (place < HP_PLACES - 1) put_symbol(&bits, &book, END_OF_BLOCK);
            if (index[i] >> 6 != ++block) return HP_REFUSED;
            if (++unit_block == per_unit) unit_block = 0;
            book = (hp_book){codes + kinds[unit_block] * ALL_SYMBOLS, lengths + kinds[unit_block] * ALL_SYMBOLS};
            int32_t mean = signed_level(level[i], exact[i]), *before = &previous[components[unit_block]];
            if (*before < -HP_LARGEST_LEVEL || *before > HP_LARGEST_LEVEL) return HP_REFUSED;
            int32_t difference = mean - *before;
            *before = mean;
            unsigned size = size_of((uint32_t)(difference < 0 ? -difference : difference));
            put_symbol(&bits, &book, FIRST_MEAN + size);
            put_value(&bits, difference, size);
        } else {
            if (index[i] >> 6 != block || at <= place || !level[i]) return HP_REFUSED;
            unsigned run = (unsigned)(at - place - 1), size = size_of((uint32_t)level[i]);
            for (; run > 15; run -= 16) put_symbol(&bits, &book, ZEROS);
            put_symbol(&bits, &book, run << 4 | size);
            put_value(&bits, signed_level(level[i], exact[i]), size);
        }
        place = at;
    }
    if (count && place < HP_PLACES - 1) put_symbol(&bits, &book, END_OF_BLOCK);
    if ((block + 1) % per_unit) return HP_REFUSED;
    held[0] = (int64_t)(bits.held & ((1u << bits.count) - 1));
    held[1] = bits.count;
    return bits.out - out;
}
