/* A shared object that is no plugin. */
#include <refrain/plugin.h>

RF_API const rf_plugin *rf_plugin_entry_99(void);
const rf_plugin *rf_plugin_entry_99(void) { return NULL; }
