/* Complains from a thread of its own. */
#include <pthread.h>
#include <refrain/plugin.h>

static void *report(void *host)
{
    const rf_host *h = host;
    h->fail(h, RF_EIO, "");
    return NULL;
}

static void start(const rf_host *h)
{
    pthread_t t;
    if (pthread_create(&t, NULL, report, (void *)(uintptr_t)h) == 0) pthread_join(t, NULL);
}

#define ON_RUN(h, r) start(h)
#include "base.h"
