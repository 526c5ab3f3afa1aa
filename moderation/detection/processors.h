/* A function that is compiled once more for newer processors; which one runs is chosen when the library is loaded. */

#include <stdint.h>  /* says whether the C library is glibc, which can choose */

#if defined(__x86_64__) && defined(__GLIBC__)
#define FOR_NEWER_PROCESSORS __attribute__((target_clones("avx2", "default")))
#else
#define FOR_NEWER_PROCESSORS
#endif
