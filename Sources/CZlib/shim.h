// zlib's initializers are macros, which Swift does not import. Both streams are
// raw deflate (RFC 1951, negative window bits): lengths and hashes are ours.
#ifndef SHEAF_CZLIB_SHIM_H
#define SHEAF_CZLIB_SHIM_H
#include <zlib.h>

static inline int sheaf_deflateInit(z_streamp stream, int level) {
  return deflateInit2(stream, level, Z_DEFLATED, -15, 9, Z_DEFAULT_STRATEGY);
}
static inline int sheaf_inflateInit(z_streamp stream) {
  return inflateInit2(stream, -15);
}
#endif
