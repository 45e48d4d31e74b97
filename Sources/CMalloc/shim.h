// The GNU allocator's own calls, which the Glibc module leaves out. Empty elsewhere.
#ifndef SHEAF_CMALLOC_SHIM_H
#define SHEAF_CMALLOC_SHIM_H
#ifdef __linux__
#include <malloc.h>
#endif
#endif
