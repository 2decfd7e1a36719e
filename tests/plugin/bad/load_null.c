/* Its entry returns nothing. */
#define NO_ENTRY
#include "base.h"

RF_API const rf_plugin *rf_plugin_entry_1(void);
const rf_plugin *rf_plugin_entry_1(void) { return plugin.size ? NULL : &plugin; }
