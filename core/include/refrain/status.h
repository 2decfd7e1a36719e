/* refrain/status.h -- how functions say that they failed: a number for programs, a line for people. */
#ifndef REFRAIN_STATUS_H
#define REFRAIN_STATUS_H

#include <refrain/config.h>

RF_BEGIN

typedef int32_t rf_status;
enum {
    RF_OK = 0,
    RF_EINVAL = -1,     /* an argument or option makes no sense */
    RF_ENOMEM = -2,     /* no memory */
    RF_EIO = -3,        /* the system refused: its reason is in the message */
    RF_EFORMAT = -4,    /* a file is not what it should be */
    RF_ESHAPE = -5,     /* tensors that do not fit together */
    RF_EVERSION = -6,   /* made by, or for, another version */
    RF_ENOTSUP = -7,    /* a lawful request that cannot be served here */
    RF_ECANCELLED = -8, /* asked to stop; not a failure */
    RF_EDIVERGED = -9,  /* loss or gradient is not finite */
    RF_EINTERNAL = -10  /* a bug: please report */
};

/* A status with its explanation, owned by the caller; start it as {0}.
 * The text is lower case, names the thing first and says what was expected:
 * "train.txt:14: 3 columns where 10 are due". */
typedef struct rf_error {
    rf_status status;
    char text[508];
} rf_error;

/* Record a failure in `err` (which may be NULL) and return `status`.  The first failure is kept. */
RF_API rf_status rf_fail(rf_error *err, rf_status status, const char *fmt, ...) RF_PRINTF(3, 4);

/* The commonest one: RF_ENOMEM, "no memory". */
RF_API rf_status rf_no_memory(rf_error *err);

/* The status in one word, for logs: "invalid", "no memory", "i/o" ... */
RF_API const char *rf_status_name(rf_status status);

RF_END
#endif
