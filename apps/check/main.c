/* rf-check -- test a plugin against the contract; the answer is TAP. */
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"

enum { SECONDS = 60 }; /* a test that takes longer hangs */
/* How a test ends: a plugin that calls exit must not be taken for either. */
enum { PASSED = 42, FAILED = 43 };

static const char help[] =
    "usage: rf-check PLUGIN.so [\"VERB ARGUMENTS\"]...\n"
    "\n"
    "Test whether a plugin keeps the contract of <refrain/plugin.h>; one process for\n"
    "each test, the result in TAP.  Verbs are run with operands of rf-check's own, or\n"
    "with the arguments given here (cut at blanks).\n"
    "\n"
    "Options:\n"
    "      --list     print the tests\n"
    "      --version  print the version\n"
    "      --man      print the man page's source\n"
    "  -h, --help     print this help\n"
    "\n"
    "Examples:\n"
    "  rf-check ./refrain-hello.so\n"
    "  rf-check ./refrain-lm.so \"eval --model=m.safetensors a.txt\"\n";

static const char man_head[] =
    ".TH RF\\-CHECK 1 \"\" \"refrain " RF_VERSION "\" \"Refrain\"\n"
    ".SH NAME\nrf\\-check \\- test a Refrain plugin against the contract\n"
    ".SH SYNOPSIS\n.B rf\\-check\n.I PLUGIN.so\n[\\(dq\\fIVERB ARGUMENTS\\fR\\(dq]...\n"
    ".SH DESCRIPTION\nLoads the plugin and runs its verbs, in one process for each test, and "
    "prints the results in TAP. "
    "Verbs are run with operands of rf\\-check's own (three words or a small text file), or with "
    "the arguments given, which are cut at blanks.\n"
    ".SH TESTS\n";

static const char man_tail[] = ".SH EXIT STATUS\n0 all tests passed, 1 a test failed, 2 usage.\n"
                               ".SH SEE ALSO\n.BR refrain (1)\n";

bool wrong(check *c, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    if (!c->reason[0]) vsnprintf(c->reason, REASON, fmt, ap);
    va_end(ap);
    return false;
}

/* ---- One test ------------------------------------------------------------------------------- */

/* The child: load, run, leave without atexit handlers of the plugin. */
static void child(check *c, const test *t)
{
    rf_error err = {0};
    int null = open("/dev/null", O_RDWR);
    alarm(SECONDS);
    /* What a plugin prints must not be taken for a result. */
    if (null > 2) {
        dup2(null, STDIN_FILENO);
        dup2(null, STDOUT_FILENO);
        close(null);
    }
    if (!t->early && !(c->m = rf_module_load(c->path, &err))) wrong(c, "%s", err.text);
    bool ok = (t->early || c->m) && t->fn(c);
    fflush(NULL);
    _exit(ok ? PASSED : FAILED);
}

/* True: it passed.  Otherwise c->reason says why. */
static bool run_test(check *c, const test *t)
{
    int status = 0;
    memset(c->reason, 0, REASON);
    fflush(stdout);
    pid_t pid = fork();
    if (pid < 0) return wrong(c, "fork: %s", strerror(errno));
    if (!pid) child(c, t);
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR) continue;
    if (WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM)
        return wrong(c, "no end after %d seconds", SECONDS);
    if (WIFSIGNALED(status)) return wrong(c, "crashed: %s", strsignal(WTERMSIG(status)));
    int code = WEXITSTATUS(status);
    if (code != PASSED && code != FAILED) return wrong(c, "ended with status %d", code);
    return code == PASSED;
}

/* ---- All tests ------------------------------------------------------------------------------ */

static int count(const test *t)
{
    int n = 0;
    while (t[n].name) n++;
    return n;
}

typedef struct tally {
    int number, failed;
    bool unloadable; /* an early test failed: the rest would only repeat it */
} tally;

static void run_tests(check *c, const test *t, tally *sum)
{
    for (; t->name; t++) {
        sum->number++;
        if (sum->unloadable) {
            printf("ok %d - %s # SKIP cannot be loaded\n", sum->number, t->name);
            continue;
        }
        bool ok = run_test(c, t);
        printf("%sok %d - %s\n", ok ? "" : "not ", sum->number, t->name);
        if (ok) continue;
        printf("# %s: %s\n", t->what, c->reason);
        sum->failed++;
        sum->unloadable = t->early;
    }
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *f)
{
    (void)st;
    (void)type;
    (void)f;
    return remove(path);
}

/* A folder with a small text in it. */
static bool make_folder(check *c, char *folder, char text[64])
{
    if (!mkdtemp(folder)) return false;
    snprintf(text, 64, "%s/text", folder);
    FILE *f = fopen(text, "w");
    for (int k = 0; f && k < 40; k++) fputs("alpha beta gamma delta, 一二三\n", f);
    c->folder = folder;
    c->text = text;
    return f && fclose(f) == 0;
}

static int check_plugin(const char *file, char **commands)
{
    char folder[] = "/tmp/rf-check-XXXXXX", text[64];
    char *path = realpath(file, NULL);
    tally sum = {0};
    check c = {.path = path, .commands = commands};
    c.reason = mmap(NULL, REASON, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (!path || c.reason == MAP_FAILED || !make_folder(&c, folder, text)) {
        fprintf(stderr, "rf-check: %s: %s\n", file, strerror(errno));
        free(path);
        return 1;
    }
    printf("1..%d\n", count(describe_tests) + count(behave_tests));
    run_tests(&c, describe_tests, &sum);
    run_tests(&c, behave_tests, &sum);
    nftw(folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
    free(path);
    return sum.failed > 0 || fflush(stdout) != 0;
}

static void list_tests(const test *t, const char *format)
{
    for (; t->name; t++) printf(format, t->name, t->what);
}

static int print_man(void)
{
    fputs(man_head, stdout);
    for (int k = 0; k < 2; k++) list_tests(k ? behave_tests : describe_tests, ".TP\n%s\n%s.\n");
    fputs(man_tail, stdout);
    return fflush(stdout) != 0;
}

static int print_list(void)
{
    for (int k = 0; k < 2; k++) list_tests(k ? behave_tests : describe_tests, "%-10s %s\n");
    return fflush(stdout) != 0;
}

int main(int argc, char **argv)
{
    const char *a = argc > 1 ? argv[1] : "";
    if (!strcmp(a, "--man")) return print_man();
    if (!strcmp(a, "--list")) return print_list();
    if (!strcmp(a, "--version")) return puts("rf-check " RF_VERSION) < 0;
    if (!strcmp(a, "--help") || !strcmp(a, "-h")) return fputs(help, stdout) < 0;
    if (*a && *a != '-') return check_plugin(a, argv + 2);
    fputs(help, stderr);
    return 2;
}
