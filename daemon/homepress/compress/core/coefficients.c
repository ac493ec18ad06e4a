/* The levels of a JPEG with Huffman codes, sequential or progressive (ITU-T T.81 annexes C, F.2 and G.2), from the
 * data of its scans. Nothing of it is trusted: what is missing, left over or out of place between two restarts,
 * and codes and levels that a picture of 8 bits cannot have, are refused.
 */
#include "core.h"

#include <stdlib.h>
#include <string.h>

enum { LONGEST_CODE = 16, SHORT_CODE = 9, ALL_SYMBOLS = 256, MOST_SIZE = 15, MOST_LOW = 9 };
enum { ENOUGH_BITS = 32, MOST_LEVELS = 1 << 29, MOST_INTERVAL = 65535, FIRST_RESTART = 0xD0, NOT_CODED = -1 };

/* -- bits and codes -- */

typedef struct {
    const uint8_t *at, *end;
    uint64_t word;  /* the next bits, the first on top; zeros beyond the last */
    int filled;     /* how many there are; below zero when more were taken */
    bool broken;
} hp_bits;

typedef struct {
    uint16_t quick[1 << SHORT_CODE]; /* by the next bits: a short code's length and symbol; or 0 */
    uint32_t past[LONGEST_CODE + 1]; /* the first 16 bits that are beyond the codes of a length */
    int skip[LONGEST_CODE + 1];      /* from a code of a length to where its symbol stands */
    const uint8_t *symbols;
} hp_book;

/* Up to 64 bits, but nothing of a marker; a zero behind 0xFF only keeps that from being one. */
static inline void fill(hp_bits *bits) {
    if (bits->filled >= ENOUGH_BITS) return;
    if (bits->filled < 0) {
        bits->broken = true;
        bits->filled = 0;
    }
    if (bits->end - bits->at >= 4) {
        const uint8_t *at = bits->at;
        uint32_t four = (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
        if (!((~four - 0x01010101u) & four & 0x80808080u)) { /* none of them is 0xFF */
            bits->word |= (uint64_t)four << (32 - bits->filled);
            bits->filled += 32;
            bits->at += 4;
            return;
        }
    }
    for (; bits->filled <= 56 && bits->at < bits->end; bits->filled += 8) {
        uint8_t byte = *bits->at;
        if (byte == 0xFF && (bits->at + 1 == bits->end || bits->at[1])) return;
        bits->word |= (uint64_t)byte << (56 - bits->filled);
        bits->at += byte == 0xFF ? 2 : 1;
    }
}

static inline void drop(hp_bits *bits, int count) {
    bits->word <<= count;
    bits->filled -= count;
}

static inline uint32_t take(hp_bits *bits, int count) {
    fill(bits);
    uint32_t taken = (uint32_t)(bits->word >> 1 >> (63 - count));
    drop(bits, count);
    return taken;
}

static inline bool is_broken(const hp_bits *bits) { return bits->broken || bits->filled < 0; }

/* A table of codes: how many there are of each length, and their symbols. */
static bool make_book(const uint8_t *table, hp_book *book) {
    uint32_t code = 0;
    int at = 0;
    memset(book, 0, sizeof *book);
    book->symbols = table + LONGEST_CODE;
    for (int length = 1; length <= LONGEST_CODE; length++, code <<= 1) {
        int count = table[length - 1];
        if (at + count > ALL_SYMBOLS || code + (uint32_t)count > 1u << length) return false;
        book->skip[length] = at - (int)code;
        for (; count; count--, at++, code++) {
            int spare = SHORT_CODE - length;
            for (uint32_t rest = 0; spare >= 0 && rest < 1u << spare; rest++)
                book->quick[(code << spare) + rest] = (uint16_t)(length << 8 | book->symbols[at]);
        }
        book->past[length] = code << (LONGEST_CODE - length);
    }
    return true;
}

static inline int symbol(hp_bits *bits, const hp_book *book) {
    fill(bits);
    uint32_t next = (uint32_t)(bits->word >> (64 - LONGEST_CODE));
    int entry = book->quick[next >> (LONGEST_CODE - SHORT_CODE)];
    if (entry) {
        drop(bits, entry >> 8);
        return entry & 0xFF;
    }
    int length = SHORT_CODE + 1;
    while (length <= LONGEST_CODE && next >= book->past[length]) length++;
    if (length > LONGEST_CODE) {
        bits->broken = true;
        return 0;
    }
    drop(bits, length);
    return book->symbols[book->skip[length] + (int)(next >> (LONGEST_CODE - length))];
}

static inline int value(hp_bits *bits, int size) {
    int taken = (int)take(bits, size);
    return size && taken < 1 << (size - 1) ? taken - (1 << size) + 1 : taken;
}

/* Behind an interval stands its restart marker, with nothing but the rest of a byte before it. */
static bool restart(hp_bits *bits, size_t number) {
    if (bits->filled >= 8 || bits->at == bits->end || *bits->at != 0xFF) return false;
    while (bits->at < bits->end && *bits->at == 0xFF) bits->at++;
    if (bits->at == bits->end || *bits->at++ != FIRST_RESTART + number % 8) return false;
    bits->word = 0;
    bits->filled = 0;
    return true;
}

/* -- blocks -- */

typedef struct {
    const hp_source_scan *scan;
    hp_bits bits;
    hp_book books[HP_COMPONENTS][2];  /* of each component: for means, and for the others */
    int before[HP_COMPONENTS];        /* the mean of its last block */
    uint32_t run;                     /* blocks that have nothing new any more */
} hp_reading;

static void read_mean(hp_reading *reading, size_t i, int16_t *block) {
    int low = (int)reading->scan->low;
    if (reading->scan->high) {
        block[0] = (int16_t)(block[0] | (int)take(&reading->bits, 1) << low);
        return;
    }
    int size = symbol(&reading->bits, &reading->books[i][0]);
    if (size > MOST_SIZE) reading->bits.broken = true;
    int mean = reading->before[i] + value(&reading->bits, size & MOST_SIZE), scaled = mean * (1 << low);
    if (scaled < -HP_LARGEST_LEVEL - 1 || scaled > HP_LARGEST_LEVEL) {
        reading->bits.broken = true;
        return;
    }
    reading->before[i] = mean;
    block[0] = (int16_t)scaled;
}

static void read_first(hp_reading *reading, const hp_book *book, int from, int16_t *block) {
    if (reading->run) {
        reading->run--;
        return;
    }
    int to = (int)reading->scan->to, low = (int)reading->scan->low;
    for (int place = from; place <= to; place++) {
        int found = symbol(&reading->bits, book), zeros = found >> 4, size = found & 15;
        if (!size && zeros < 15) {
            reading->run = (1u << zeros) - 1 + take(&reading->bits, zeros);
            return;
        }
        int level = value(&reading->bits, size) * (1 << low);
        place += zeros;
        if (place > to || abs(level) > HP_LARGEST_LEVEL) {
            reading->bits.broken = true;
            return;
        }
        block[place] = (int16_t)level;
    }
}

static inline void correct(hp_bits *bits, int16_t *level, int one) {
    if (take(bits, 1)) *level = (int16_t)(*level + (*level > 0 ? one : -one));
}

static void read_refined(hp_reading *reading, const hp_book *book, int16_t *block) {
    hp_bits *bits = &reading->bits;
    int place = (int)reading->scan->from, to = (int)reading->scan->to, one = 1 << reading->scan->low;
    for (; place <= to && !reading->run; place++) {
        int found = symbol(bits, book), zeros = found >> 4, size = found & 15, fresh = 0;
        if (!size && zeros < 15) {
            reading->run = (1u << zeros) + take(bits, zeros);
            break;
        }
        if (size) fresh = take(bits, 1) ? one : -one;
        for (; place <= to && (block[place] || zeros--); place++)
            if (block[place]) correct(bits, block + place, one);
        if (size > 1 || place > to) {
            bits->broken = true;
            return;
        }
        block[place] = (int16_t)fresh;
    }
    if (!reading->run) return;
    reading->run--;
    for (; place <= to; place++)
        if (block[place]) correct(bits, block + place, one);
}

/* Put a whole block's levels behind the others. */
static bool keep(hp_coded *coded, hp_component *part, size_t number, const int16_t *block) {
    if (coded->used + HP_PLACES > coded->room) {
        size_t room = coded->room + coded->room / 4 + (1 << 16);
        hp_level *levels = room <= MOST_LEVELS ? realloc(coded->levels, room * sizeof *levels) : NULL;
        if (!levels) return false;
        coded->levels = levels;
        coded->room = room;
    }
    hp_level *level = coded->levels + coded->used;
    part->means[number] = block[0];
    part->first[number] = (uint32_t)coded->used;
    for (int place = 0; place < HP_PLACES; place += 4) {
        uint64_t four;
        memcpy(&four, block + place, sizeof four);
        for (int i = place; four && i < place + 4; i++)
            if (i && block[i])
                *level++ = (hp_level){(uint16_t)abs(block[i]), (uint8_t)i, block[i] < 0};
    }
    part->count[number] = (uint8_t)(level - coded->levels - (ptrdiff_t)coded->used);
    coded->used += part->count[number];
    return true;
}

/* -- scans -- */

/* One block of a scan's i-th component, which is its `number`-th that is seen, or is not seen. */
static int64_t read_block(hp_coded *coded, hp_reading *reading, size_t i, bool seen, size_t number) {
    const hp_source_scan *scan = reading->scan;
    hp_component *part = &coded->components[scan->component[i]];
    int16_t spare[HP_PLACES] = {0}, *block = seen && part->kept ? part->kept + number * HP_PLACES : spare;
    if (!scan->from) read_mean(reading, i, block);
    if (scan->to && scan->high)
        read_refined(reading, &reading->books[i][1], block);
    else if (scan->to)
        read_first(reading, &reading->books[i][1], scan->from ? (int)scan->from : 1, block);
    if (is_broken(&reading->bits) || (!scan->from && reading->run)) return HP_REFUSED;
    return part->kept || !seen || keep(coded, part, number, block) ? 0 : HP_NO_MEMORY;
}

static int64_t read_units(hp_coded *coded, hp_reading *reading) {
    const hp_source_scan *scan = reading->scan;
    bool single = scan->parts == 1;
    const hp_component *only = &coded->components[scan->component[0]];
    size_t across = single ? only->across : coded->units_across;
    size_t down = single ? only->down : coded->units / coded->units_across;
    size_t interval = (size_t)scan->interval, number = 0;
    for (size_t row = 0; row < down; row++)
        for (size_t column = 0; column < across; column++, number++) {
            if (interval && number && !(number % interval)) {
                if (reading->run || !restart(&reading->bits, number / interval - 1)) return HP_REFUSED;
                memset(reading->before, 0, sizeof reading->before);
            }
            for (size_t i = 0; i < (size_t)scan->parts; i++) {
                const hp_component *part = &coded->components[scan->component[i]];
                size_t wide = single ? 1 : part->factors[0], high = single ? 1 : part->factors[1];
                for (size_t y = row * high; y < (row + 1) * high; y++)
                    for (size_t x = column * wide; x < (column + 1) * wide; x++) {
                        bool seen = x < part->across && y < part->down;
                        int64_t result = read_block(coded, reading, i, seen, y * part->across + x);
                        if (result) return result;
                    }
            }
        }
    return reading->run ? HP_REFUSED : 0;
}

static bool within(int64_t number, int64_t least, int64_t most) { return number >= least && number <= most; }

/* Whether a scan can be what it says; makes its books. */
static bool prepare(const hp_source *source, const hp_source_scan *scan, size_t parts, hp_reading *reading) {
    memset(reading, 0, sizeof *reading);
    if (!within(scan->start, 0, source->size) || !within(scan->end, scan->start, source->size)) return false;
    if (!within(scan->parts, 1, (int64_t)parts) || !within(scan->interval, 0, MOST_INTERVAL)) return false;
    if (!within(scan->from, 0, HP_PLACES - 1) || !within(scan->to, scan->from, HP_PLACES - 1)) return false;
    if (!within(scan->low, 0, MOST_LOW) || (scan->high && scan->high != scan->low + 1)) return false;
    if (scan->from ? scan->parts > 1 : scan->to && !hp_is_whole(scan)) return false;
    reading->scan = scan;
    reading->bits = (hp_bits){.at = source->data + scan->start, .end = source->data + scan->end};
    for (int64_t i = 0; i < scan->parts; i++) {
        if (!within(scan->component[i], i ? scan->component[i - 1] + 1 : 0, (int64_t)parts - 1)) return false;
        const int64_t tables[2] = {scan->means[i], scan->others[i]};
        const bool used[2] = {!scan->from && !scan->high, scan->to > 0};
        for (int k = 0; k < 2; k++) {
            if (!used[k]) continue;
            if (!within(tables[k], 0, source->table_count - 1)) return false;
            if (!make_book(source->tables + tables[k] * HP_TABLE, &reading->books[i][k])) return false;
        }
    }
    return true;
}

/* Whether this scan has of each of its coefficients what is next: all bits but the lowest, or one more. */
static bool follows(const hp_source_scan *scan, int8_t low[HP_COMPONENTS][HP_PLACES]) {
    for (int64_t i = 0; i < scan->parts; i++)
        for (int64_t place = scan->from; place <= scan->to; place++) {
            int8_t *left = &low[scan->component[i]][place];
            if (*left != (scan->high ? scan->high : NOT_CODED)) return false;
            *left = (int8_t)scan->low;
        }
    return true;
}

bool hp_is_whole(const hp_source_scan *scan) {
    return !scan->from && scan->to == HP_PLACES - 1 && !scan->high && !scan->low;
}

int64_t hp_read_scans(hp_coded *coded, const hp_source *source) {
    int8_t low[HP_COMPONENTS][HP_PLACES];
    memset(low, NOT_CODED, sizeof low);
    hp_reading *reading = malloc(sizeof *reading);
    int64_t result = reading ? 0 : HP_NO_MEMORY;
    for (int64_t i = 0; !result && i < source->scan_count; i++) {
        const hp_source_scan *scan = source->scans + i;
        bool sound = prepare(source, scan, coded->parts, reading) && follows(scan, low);
        result = sound ? read_units(coded, reading) : HP_REFUSED;
    }
    free(reading);
    for (size_t c = 0; !result && c < coded->parts; c++) {
        hp_component *part = &coded->components[c];
        for (int place = 0; place < HP_PLACES; place++)
            if (low[c][place]) result = HP_REFUSED;
        for (size_t number = 0; !result && part->kept && number < part->across * part->down; number++)
            if (!keep(coded, part, number, part->kept + number * HP_PLACES)) result = HP_NO_MEMORY;
        free(part->kept);
        part->kept = NULL;
    }
    return result;
}
