/* The levels of a JPEG to progressive scans (ITU-T T.81 annex G), by the script that takes the fewest bytes.
 *
 * All means come in one scan. The other coefficients of a component come in bands, their lowest bits perhaps
 * in scans of their own: which bands, and how many bits, is chosen by what the codes of each would take, on
 * some of the rows of blocks where there are many. Nothing here depends on the kind of processor.
 */
#include "core.h"

#include <stdlib.h>
#include <string.h>

enum { MOST_FACTOR = 4, MOST_PER_UNIT = 10, MOST_EDGE = 65535, KINDS = 2 };
enum { ALL_SYMBOLS = 256, LONGEST_CODE = 16, ZEROS = 0xF0, LONGEST_RUN = 0x7FFF, RUN_SIZES = 15 };
enum { BANDS = 14, MOST_SPLIT = 3, MOST_SCANS = HP_COMPONENTS * (MOST_SPLIT + 1) * BANDS };
enum { MOST_SOURCE_SCANS = 256, MOST_WAITING = 4096, ENOUGH_BLOCKS = 2048, MOST_STEP = 16 };
enum { SCAN_HEADER = 10, TABLE_HEADER = 4 + 1 + LONGEST_CODE };

/* Where a band may begin; each ends where another may begin, or with the block. */
static const uint8_t BEGINS[BANDS + 1] = {1, 2, 3, 4, 6, 8, 10, 13, 16, 19, 23, 28, 36, 49, HP_PLACES};

typedef struct {
    size_t component;
    int from, to;          /* places */
    int before, low;       /* bits that are left away: by scans before (0 for none), and by this one */
} hp_scan;

static bool within(int64_t number, int64_t least, int64_t most) { return number >= least && number <= most; }

static inline int size_of(uint32_t magnitude) { return magnitude ? 32 - __builtin_clz(magnitude) : 0; }

static size_t blocks_of(const hp_component *part) { return part->across * part->down; }

/* -- optimal Huffman codes (annex K.2 and K.3) -- */

typedef struct {
    int used;                           /* symbols that have a code */
    uint8_t counts[LONGEST_CODE + 1];   /* codes of each length */
    uint8_t symbols[ALL_SYMBOLS];       /* in the order of their codes */
    uint8_t length[ALL_SYMBOLS];
    uint32_t code[ALL_SYMBOLS];
} hp_codes;

/* Symbols that are seen, the rarest first; gives how many there are. */
static int by_rarity(const uint64_t *seen, uint8_t *symbols) {
    int count = 0;
    for (int s = 0; s < ALL_SYMBOLS; s++)
        if (seen[s]) symbols[count++] = (uint8_t)s;
    for (int gap = 40; gap; gap /= 3)
        for (int i = gap; i < count; i++) {
            uint8_t moved = symbols[i];
            int at = i;
            for (; at >= gap && seen[symbols[at - gap]] > seen[moved]; at -= gap) symbols[at] = symbols[at - gap];
            symbols[at] = moved;
        }
    return count;
}

/* How many codes there are of each length when the two rarest are joined again and again. */
static void join(const uint64_t *weights, int leaves, int *lengths) {
    uint64_t joined[ALL_SYMBOLS];
    int parent[2 * ALL_SYMBOLS + 2], depth[2 * ALL_SYMBOLS + 2], leaf = 0, node = 0;
    for (int made = 0; made + 1 < leaves; made++) {
        uint64_t sum = 0;
        for (int each = 0; each < 2; each++) {
            bool takes_leaf = leaf < leaves && (node == made || weights[leaf] <= joined[node]);
            sum += takes_leaf ? weights[leaf] : joined[node];
            parent[takes_leaf ? leaf++ : leaves + node++] = leaves + made;
        }
        joined[made] = sum;
    }
    depth[2 * leaves - 2] = 0;
    for (int i = 2 * leaves - 3; i >= 0; i--) {
        depth[i] = depth[parent[i]] + 1;
        if (i < leaves) lengths[depth[i]]++;
    }
}

/* The best codes of at most 16 bits, none of ones alone; gives the bits that all symbols take. */
static uint64_t plan_codes(const uint64_t *seen, hp_codes *codes) {
    uint64_t weights[ALL_SYMBOLS + 1], bits = 0;
    int lengths[ALL_SYMBOLS + 2] = {0};
    uint8_t symbols[ALL_SYMBOLS];
    int count = by_rarity(seen, symbols);
    weights[0] = 1; /* of the code that is all ones, which is taken away again */
    for (int i = 0; i < count; i++) weights[i + 1] = seen[symbols[i]];
    if (count) join(weights, count + 1, lengths);
    for (int i = ALL_SYMBOLS + 1; i > LONGEST_CODE; i--)
        while (lengths[i]) {
            int shorter = i - 2;
            while (!lengths[shorter]) shorter--;
            lengths[i] -= 2;
            lengths[i - 1]++;
            lengths[shorter + 1] += 2;
            lengths[shorter]--;
        }
    int longest = LONGEST_CODE;
    while (longest && !lengths[longest]) longest--;
    lengths[longest]--;
    codes->used = count;
    for (int length = 1, at = 0; length <= LONGEST_CODE; length++) {
        codes->counts[length] = (uint8_t)lengths[length];
        for (int i = 0; i < lengths[length]; i++, at++) {
            codes->symbols[at] = symbols[count - 1 - at];
            bits += seen[codes->symbols[at]] * (uint64_t)length;
        }
    }
    return bits;
}

/* The codes themselves (annex C). */
static void number_codes(hp_codes *codes) {
    uint32_t code = 0;
    for (int length = 1, at = 0; length <= LONGEST_CODE; length++, code <<= 1)
        for (int i = 0; i < codes->counts[length]; i++, at++) {
            codes->code[codes->symbols[at]] = code++;
            codes->length[codes->symbols[at]] = (uint8_t)length;
        }
}

/* -- what is put: counted first, written then -- */

typedef struct {
    uint64_t seen[KINDS][ALL_SYMBOLS];
    hp_codes codes[KINDS];
    int kind;                  /* of the codes that are used */
    uint8_t *out;
    size_t at, room;
    bool full;                 /* there was not enough room */
    uint64_t word;             /* bits that wait for a byte to be whole, and how many */
    int filled;
    uint32_t run;              /* blocks that end here, and the bits that come behind their code */
    size_t waiting;
    uint8_t correction[MOST_WAITING];
} hp_sink;

static inline void put_byte(hp_sink *sink, uint32_t byte) {
    if (sink->at < sink->room)
        sink->out[sink->at++] = (uint8_t)byte;
    else
        sink->full = true;
}

static inline void put_bits(hp_sink *sink, uint64_t bits, int count) {
    sink->word = sink->word << count | bits;
    sink->filled += count;
    while (sink->filled >= 8) {
        sink->filled -= 8;
        uint8_t byte = (uint8_t)(sink->word >> sink->filled);
        put_byte(sink, byte);
        if (byte == 0xFF) put_byte(sink, 0);
    }
}

/* A symbol, and what follows it. */
static inline void put(hp_sink *sink, bool counting, int symbol, uint32_t bits, int count) {
    if (counting) {
        sink->seen[sink->kind][symbol]++;
        return;
    }
    const hp_codes *codes = &sink->codes[sink->kind];
    put_bits(sink, (uint64_t)codes->code[symbol] << count | bits, codes->length[symbol] + count);
}

/* A value as section F.1.2.1 has it: a negative one less one, in as many bits as its magnitude takes. */
static inline void put_value(hp_sink *sink, bool counting, int zeros, uint32_t magnitude, bool negative) {
    int size = size_of(magnitude);
    uint32_t bits = negative ? ~magnitude & ((1u << size) - 1) : magnitude;
    put(sink, counting, zeros << 4 | size, bits, size);
}

static inline void put_corrections(hp_sink *sink, bool counting, const uint8_t *bits, size_t count) {
    if (!counting)
        for (size_t i = 0; i < count; i++) put_bits(sink, bits[i], 1);
}

/* The end of a run of blocks of which nothing new is left. */
static inline void end_run(hp_sink *sink, bool counting) {
    if (!sink->run) return;
    int size = size_of(sink->run) - 1;
    put(sink, counting, size << 4, sink->run - (1u << size), size);
    put_corrections(sink, counting, sink->correction, sink->waiting);
    sink->run = 0;
    sink->waiting = 0;
}

static void put_table(hp_sink *sink, bool is_ac, int kind) {
    hp_codes *codes = &sink->codes[kind];
    number_codes(codes);
    int length = TABLE_HEADER - 2 + codes->used;
    const uint8_t head[] = {0xFF, 0xC4, (uint8_t)(length >> 8), (uint8_t)length, (uint8_t)(is_ac << 4 | kind)};
    for (size_t i = 0; i < sizeof head; i++) put_byte(sink, head[i]);
    for (int i = 1; i <= LONGEST_CODE; i++) put_byte(sink, codes->counts[i]);
    for (int i = 0; i < codes->used; i++) put_byte(sink, codes->symbols[i]);
}

static void begin_scan(hp_sink *sink, size_t parts) {
    const uint8_t head[] = {0xFF, 0xDA, 0, (uint8_t)(6 + 2 * parts), (uint8_t)parts};
    for (size_t i = 0; i < sizeof head; i++) put_byte(sink, head[i]);
}

/* The last byte is filled with ones (section F.1.2.3). */
static void end_scan(hp_sink *sink) {
    int spare = -sink->filled & 7;
    put_bits(sink, (1u << spare) - 1, spare);
}

/* -- the scans -- */

/* Of blocks that are not seen the mean before it comes again, which takes the fewest bits. */
static inline void code_means(const hp_coded *coded, hp_sink *sink, const bool counting) {
    int before[HP_COMPONENTS] = {0};
    for (size_t unit = 0; unit < coded->units; unit++)
        for (size_t c = 0; c < coded->parts; c++) {
            const hp_component *part = &coded->components[c];
            size_t across = part->factors[0], down = part->factors[1];
            sink->kind = part->kind;
            for (size_t i = 0; i < across * down; i++) {
                size_t x = unit % coded->units_across * across + i % across;
                size_t y = unit / coded->units_across * down + i / across;
                bool seen = x < part->across && y < part->down;
                int difference = seen ? part->means[y * part->across + x] - before[c] : 0;
                before[c] += difference;
                put_value(sink, counting, 0, (uint32_t)abs(difference), difference < 0);
            }
        }
}

/* A band of a component: its first bits (section G.1.2.2), or one more bit of it (section G.1.2.3). Then of what
 * scans before have coded one bit is put, behind the next code; the rest is coded as if that were not there. */
static inline void code_band(const hp_coded *coded, const hp_scan *scan, hp_sink *sink, const bool refines,
                             const bool counting) {
    const hp_component *part = &coded->components[scan->component];
    for (size_t block = 0; block < blocks_of(part); block++) {
        const hp_level *start = coded->levels + part->first[block], *end = start + part->count[block];
        const hp_level *level = start + part->done[block], *stop = level;
        int last = 0, before = scan->from - 1, zeros = 0;
        for (; stop < end && stop->place <= scan->to; stop++) {
            uint32_t magnitude = (uint32_t)stop->magnitude >> scan->low;
            if (refines ? magnitude == 1 : magnitude) last = stop->place;
        }
        uint8_t bits[HP_PLACES];
        size_t held = 0;
        for (; level < stop; level++) {
            uint32_t magnitude = (uint32_t)level->magnitude >> scan->low;
            if (!magnitude) continue;
            zeros += level->place - before - 1;
            before = level->place;
            for (; zeros > 15 && level->place <= last; zeros -= 16, held = 0) {
                end_run(sink, counting);
                put(sink, counting, ZEROS, 0, 0);
                put_corrections(sink, counting, bits, held);
            }
            if (refines && magnitude > 1) {
                bits[held++] = magnitude & 1;
                continue;
            }
            end_run(sink, counting);
            put_value(sink, counting, zeros, magnitude, level->negative);
            put_corrections(sink, counting, bits, held);
            zeros = 0;
            held = 0;
        }
        if (last < scan->to) {
            memcpy(sink->correction + sink->waiting, bits, held);
            sink->waiting += held;
            sink->run++;
            if (sink->run == LONGEST_RUN || sink->waiting + HP_PLACES > MOST_WAITING) end_run(sink, counting);
        }
        if (!counting) part->done[block] = (uint8_t)(stop - start);
    }
    end_run(sink, counting);
}

/* The same, compiled for each kind. */
static void code_scan(const hp_coded *coded, const hp_scan *scan, hp_sink *sink, bool counting) {
    if (scan->before && counting)
        code_band(coded, scan, sink, true, true);
    else if (scan->before)
        code_band(coded, scan, sink, true, false);
    else if (counting)
        code_band(coded, scan, sink, false, true);
    else
        code_band(coded, scan, sink, false, false);
}

static void put_means(const hp_coded *coded, hp_sink *sink) {
    memset(sink->seen, 0, sizeof sink->seen);
    code_means(coded, sink, true);
    for (int kind = 0; kind < KINDS; kind++)
        if (plan_codes(sink->seen[kind], &sink->codes[kind])) put_table(sink, false, kind);
    begin_scan(sink, coded->parts);
    for (size_t c = 0; c < coded->parts; c++) {
        put_byte(sink, coded->components[c].name);
        put_byte(sink, (uint32_t)coded->components[c].kind << 4);
    }
    for (int i = 0; i < 3; i++) put_byte(sink, 0);
    code_means(coded, sink, false);
    end_scan(sink);
}

static void put_scan(const hp_coded *coded, const hp_scan *scan, hp_sink *sink) {
    const hp_component *part = &coded->components[scan->component];
    if (scan->from == BEGINS[0]) memset(part->done, 0, blocks_of(part));
    sink->kind = part->kind;
    memset(sink->seen, 0, sizeof sink->seen);
    code_scan(coded, scan, sink, true);
    plan_codes(sink->seen[part->kind], &sink->codes[part->kind]);
    put_table(sink, true, part->kind);
    begin_scan(sink, 1);
    const int head[] = {part->name, part->kind, scan->from, scan->to, scan->before << 4 | scan->low};
    for (size_t i = 0; i < sizeof head / sizeof *head; i++) put_byte(sink, (uint32_t)head[i]);
    code_scan(coded, scan, sink, false);
    end_scan(sink);
}

/* -- the script -- */

/* What is seen of one bit of a component, for all bands at once. A symbol but for the first of its band is the
 * same in every band that holds it and the one before it. */
typedef struct {
    uint32_t follows[BANDS][BANDS][ALL_SYMBOLS]; /* in the first band, after one in the second */
    uint32_t leads[BANDS][BANDS][ALL_SYMBOLS];   /* in the first band, where the band begins at the second */
    uint64_t runs[BANDS][BANDS][RUN_SIZES];      /* of blocks, by begin and last part of a band */
    uint64_t since[BANDS][BANDS];                /* the block that the run began with */
    uint64_t corrections[BANDS];
    double bytes[BANDS][BANDS];                  /* what a scan takes, by the same */
    uint8_t band_of[HP_PLACES];
    hp_codes codes;
} hp_survey;

static inline void survey_run(hp_survey *survey, int from, int to, uint64_t run) {
    if (run >= LONGEST_RUN) {
        survey->runs[from][to][RUN_SIZES - 1] += run / LONGEST_RUN;
        run %= LONGEST_RUN;
    }
    if (run) survey->runs[from][to][size_of((uint32_t)run) - 1]++;
}

static inline uint64_t places_to(int place) { return place ? ~(uint64_t)0 >> (64 - place) : 0; }

/* Zeros between two places; those that earlier scans have coded are none. */
static inline int zeros_between(int before, int place, uint64_t coded) {
    coded &= places_to(place) & ~places_to(before + 1);
    int zeros = place - before - 1;
    for (; coded; coded &= coded - 1) zeros--;
    return zeros;
}

static inline void survey_symbol(uint32_t *seen, int zeros, int size) {
    seen[ZEROS] += (uint32_t)zeros >> 4;
    seen[(zeros & 15) << 4 | size]++;
}

static void survey_block(hp_survey *survey, const hp_level *level, const hp_level *end, int low, bool refines,
                         uint64_t number) {
    uint64_t fresh = 0, coded = 0;
    uint8_t size[HP_PLACES];
    int before = 0;
    for (; level < end; level++) {
        uint32_t magnitude = (uint32_t)level->magnitude >> low;
        if (!magnitude) continue;
        int place = level->place;
        if (refines && magnitude > 1) {
            coded |= (uint64_t)1 << place;
            survey->corrections[survey->band_of[place]]++;
            continue;
        }
        fresh |= (uint64_t)1 << place;
        size[place] = (uint8_t)size_of(magnitude);
        if (before)
            survey_symbol(survey->follows[survey->band_of[place]][survey->band_of[before]],
                          zeros_between(before, place, coded), size[place]);
        before = place;
    }
    for (int from = 0; from < BANDS; from++) {
        uint64_t left = fresh & ~places_to(BEGINS[from]);
        if (!left) break;
        int place = __builtin_ctzll(left), band = survey->band_of[place];
        survey_symbol(survey->leads[band][from], zeros_between(BEGINS[from] - 1, place, coded), size[place]);
        for (int to = band; to < BANDS; to++) {
            survey_run(survey, from, to, number - survey->since[from][to]);
            bool ends = fresh >> (BEGINS[to + 1] - 1) & 1;
            survey->since[from][to] = number + ends;
        }
    }
}

/* What each band of the component takes, as far as the rows that were looked at tell. */
static void price_bands(hp_survey *survey, bool refines, double scale) {
    for (int from = 0; from < BANDS; from++) {
        uint64_t seen[ALL_SYMBOLS] = {0}, corrections = 0;
        for (int to = from; to < BANDS; to++) {
            corrections += survey->corrections[to];
            for (int s = 0; s < ALL_SYMBOLS; s++) {
                seen[s] += survey->leads[to][from][s];
                for (int after = from; after <= to; after++) seen[s] += survey->follows[to][after][s];
            }
            uint64_t whole[ALL_SYMBOLS], bits = corrections;
            memcpy(whole, seen, sizeof whole);
            for (int size = 0; size < RUN_SIZES; size++) whole[size << 4] += survey->runs[from][to][size];
            for (int s = 0; s < ALL_SYMBOLS; s++) {
                bool is_run = !(s & 15) && s != ZEROS;
                bits += whole[s] * (uint64_t)(is_run ? s >> 4 : refines && s != ZEROS ? 1 : s & 15);
            }
            bits += plan_codes(whole, &survey->codes);
            survey->bytes[from][to] = (double)bits * scale / 8 + SCAN_HEADER + TABLE_HEADER + survey->codes.used + 1;
        }
    }
}

static void survey_component(hp_survey *survey, const hp_coded *coded, size_t component, int low, bool refines) {
    const hp_component *part = &coded->components[component];
    memset(survey, 0, sizeof *survey);
    for (int band = 0; band < BANDS; band++)
        memset(survey->band_of + BEGINS[band], band, (size_t)(BEGINS[band + 1] - BEGINS[band]));
    size_t step = blocks_of(part) / ENOUGH_BLOCKS, number = 0;
    step = step < 1 ? 1 : step > MOST_STEP ? MOST_STEP : step;
    if (part->down < 2 * step) step = 1;
    for (size_t y = 0; y < part->down; y++) {
        if (y / 2 % step != step / 2) continue; /* two rows together, for runs go on in the next */
        for (size_t x = 0; x < part->across; x++, number++) {
            size_t block = y * part->across + x;
            const hp_level *level = coded->levels + part->first[block];
            survey_block(survey, level, level + part->count[block], low, refines, number);
        }
    }
    for (int from = 0; from < BANDS; from++)
        for (int to = from; to < BANDS; to++) survey_run(survey, from, to, number - survey->since[from][to]);
    price_bands(survey, refines, number ? (double)blocks_of(part) / (double)number : 1);
}

/* The cheapest bands that make up the whole, put at `scans`: gives their bytes. */
static double choose_bands(const hp_survey *survey, hp_scan scan, hp_scan *scans, size_t *count) {
    double best[BANDS + 1] = {0};
    int begin[BANDS + 1] = {0};
    for (int to = 0; to < BANDS; to++)
        for (int from = 0; from <= to; from++) {
            double bytes = best[from] + survey->bytes[from][to];
            if (from && bytes >= best[to + 1]) continue;
            best[to + 1] = bytes;
            begin[to + 1] = from;
        }
    *count = 0;
    for (int to = BANDS; to; to = begin[to]) ++*count;
    for (int to = BANDS, at = (int)*count; to; to = begin[to]) {
        scan.from = BEGINS[begin[to]];
        scan.to = BEGINS[to] - 1;
        scans[--at] = scan;
    }
    return best[BANDS];
}

typedef struct {
    hp_scan scans[MOST_SPLIT + 1][BANDS];
    size_t counts[MOST_SPLIT + 1]; /* of the first bits, then of one bit after the other */
    int split;                     /* bits that come one by one */
} hp_script;

/* How many of the lowest bits are to come one by one, and in which bands; more only while that saves. */
static void choose_script(const hp_coded *coded, size_t number, hp_survey *survey, hp_script *script) {
    double least = 0, refining = 0;
    for (int split = 0; split <= MOST_SPLIT; split++) {
        hp_script tried = *script;
        tried.split = split;
        if (split) {
            survey_component(survey, coded, number, split - 1, true);
            const hp_scan scan = {number, 0, 0, split, split - 1};
            refining += choose_bands(survey, scan, tried.scans[split], &tried.counts[split]);
        }
        survey_component(survey, coded, number, split, false);
        const hp_scan scan = {number, 0, 0, 0, split};
        double bytes = refining + choose_bands(survey, scan, tried.scans[0], &tried.counts[0]);
        if (split && bytes >= least) return;
        least = bytes;
        *script = tried;
    }
}

static void put_scans(const hp_coded *coded, hp_survey *survey, hp_sink *sink) {
    hp_script scripts[HP_COMPONENTS];
    memset(scripts, 0, sizeof scripts);
    for (size_t c = 0; c < coded->parts; c++) choose_script(coded, c, survey, &scripts[c]);
    put_means(coded, sink);
    for (int bit = MOST_SPLIT + 1; bit >= 0 && !sink->full; bit--)
        for (size_t c = 0; c < coded->parts; c++) {
            int at = bit > MOST_SPLIT ? 0 : bit; /* what comes first, then the highest of the single bits */
            if (!bit || at > scripts[c].split) continue;
            for (size_t i = 0; i < scripts[c].counts[at]; i++) put_scan(coded, &scripts[c].scans[at][i], sink);
        }
}

/* -- the entry -- */

/* Room for what is kept of each block; false where there is none. */
static bool make_room(hp_component *part, bool whole) {
    size_t blocks = blocks_of(part);
    part->means = malloc(blocks * sizeof *part->means);
    part->first = malloc(blocks * sizeof *part->first);
    part->count = malloc(blocks);
    part->done = malloc(blocks);
    part->kept = whole ? NULL : calloc(blocks, HP_PLACES * sizeof *part->kept);
    return part->means && part->first && part->count && part->done && (whole || part->kept);
}

static int64_t recode(hp_coded *coded, const hp_source *source, hp_survey *survey, hp_sink *sink) {
    bool whole = true, room = survey && sink;
    for (int64_t i = 0; i < source->scan_count; i++) whole &= hp_is_whole(source->scans + i);
    for (size_t c = 0; room && c < coded->parts; c++) room = make_room(&coded->components[c], whole);
    int64_t result = room ? hp_read_scans(coded, source) : HP_NO_MEMORY;
    if (result) return result;
    put_scans(coded, survey, sink);
    return sink->full ? HP_REFUSED : (int64_t)sink->at;
}

static void release(hp_coded *coded) {
    for (size_t c = 0; c < coded->parts; c++) {
        hp_component *part = &coded->components[c];
        free(part->means);
        free(part->first);
        free(part->count);
        free(part->done);
        free(part->kept);
    }
    free(coded->levels);
}

/* All tables of codes and scans of a progressive JPEG with the levels of another JPEG; how many bytes they are.
 *
 * data: of `size` bytes, in which the data of the scans is.
 * scans: `scan_count` of hp_source_scan.
 * tables: `table_count` of HP_TABLE bytes, which the scans name by their number.
 * width, height: of the picture in pixels.
 * components: of each of `parts` four bytes: how many of its blocks a unit has across and down (1 and 1 for a
 *     single one), which tables it is to use, and its identifier.
 * out: room for them; what does not fit is refused. */
HP_ENTRY int64_t hp_scans(const uint8_t *data, int64_t size, const int64_t *scans, int64_t scan_count,
                          const uint8_t *tables, int64_t table_count, int64_t width, int64_t height,
                          const uint8_t *components, int64_t parts, uint8_t *out, int64_t room) {
    if (!data || !scans || !tables || !components || !out || size < 0 || table_count < 0) return HP_REFUSED;
    if (!within(width, 1, MOST_EDGE) || !within(height, 1, MOST_EDGE)) return HP_REFUSED;
    if (!within(parts, 1, HP_COMPONENTS) || !within(room, 0, INT32_MAX)) return HP_REFUSED;
    if (!within(scan_count, 1, MOST_SOURCE_SCANS)) return HP_REFUSED;
    size_t most[2] = {1, 1}, per_unit = 0;
    for (int64_t i = 0; i < 2 * parts; i++) {
        uint8_t factor = components[i / 2 * 4 + i % 2];
        if (!within(factor, 1, parts > 1 ? MOST_FACTOR : 1)) return HP_REFUSED;
        if (factor > most[i % 2]) most[i % 2] = factor;
    }
    hp_coded coded = {.parts = (size_t)parts};
    size_t across = 8 * most[0], down = 8 * most[1]; /* pixels of a unit */
    coded.units_across = ((size_t)width + across - 1) / across;
    coded.units = coded.units_across * (((size_t)height + down - 1) / down);
    for (int64_t c = 0; c < parts; c++) {
        const uint8_t *said = components + 4 * c;
        hp_component *part = &coded.components[c];
        *part = (hp_component){.factors = {said[0], said[1]}, .kind = said[2], .name = said[3]};
        part->across = ((size_t)width * part->factors[0] + across - 1) / across;
        part->down = ((size_t)height * part->factors[1] + down - 1) / down;
        per_unit += part->factors[0] * part->factors[1];
        if (part->kind >= KINDS) return HP_REFUSED;
    }
    if (per_unit > MOST_PER_UNIT) return HP_REFUSED;
    hp_source source = {data, size, (const hp_source_scan *)scans, scan_count, tables, table_count};
    hp_survey *survey = malloc(sizeof *survey);
    hp_sink *sink = calloc(1, sizeof *sink);
    if (sink) {
        sink->out = out;
        sink->room = (size_t)room;
    }
    int64_t result = recode(&coded, &source, survey, sink);
    release(&coded);
    free(survey);
    free(sink);
    return result;
}
