// sqlite3_db_config is variadic, which Swift can't call.
#ifndef SHEAF_CSQLITE_SHIM_H
#define SHEAF_CSQLITE_SHIM_H
#include <sqlite3.h>

static inline int sheaf_sqlite_enable_defensive(sqlite3 *db) {
  return sqlite3_db_config(db, SQLITE_DBCONFIG_DEFENSIVE, 1, (void *)0);
}
#endif
