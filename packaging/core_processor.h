/* Read before each file of the core when Zig compiles it for x86-64: the function of Zig's run-time library that
 * should look at the processor does nothing (0.17), so __builtin_cpu_supports would always say no. */
#include <cpuid.h>

/* Whether processor and system have AVX2. Bits: Intel's manual, volume 2, CPUID and XGETBV. */
static inline int hp_processor_has_avx2(void) {
    unsigned a, b, c, d, kept, high;
    const unsigned xgetbv_and_avx = 1u << 27 | 1u << 28, vectors = 1u << 1 | 1u << 2;
    if (!__get_cpuid(1, &a, &b, &c, &d) || (c & xgetbv_and_avx) != xgetbv_and_avx) return 0;
    __asm__ volatile("xgetbv" : "=a"(kept), "=d"(high) : "c"(0));
    if ((kept & vectors) != vectors) return 0; /* the system does not keep them for each process */
    return __get_cpuid_count(7, 0, &a, &b, &c, &d) && (b >> 5 & 1);
}

/* The core asks for nothing else. */
#define __builtin_cpu_supports(name) hp_processor_has_avx2()
