/* Answers to every interface. */
#define QUERY(id) (id)
#include "base.h"
