/* replay.c -- run every file of the folders that are named through a fuzz target, once. */
#include <dirent.h>
#include <stdio.h>
#include <sys/stat.h>

#include "target.h"

/* Exactly the file's bytes, so that a sanitizer sees a step too far. */
static int run_file(const char *path)
{
    struct stat st;
    FILE *f = fopen(path, "rb");
    if (!f || fstat(fileno(f), &st)) return 0;
    size_t n = S_ISREG(st.st_mode) ? (size_t)st.st_size : 0;
    uint8_t *data = malloc(n ? n : 1);
    int ok = S_ISREG(st.st_mode) && data && fread(data, 1, n, f) == n;
    if (ok) LLVMFuzzerTestOneInput(data, n);
    free(data);
    fclose(f);
    return ok;
}

int main(int argc, char **argv)
{
    int files = 0;
    for (int i = 1; i < argc; i++) {
        DIR *d = opendir(argv[i]);
        for (struct dirent *e; d && (e = readdir(d));) {
            char path[4096];
            snprintf(path, sizeof path, "%s/%s", argv[i], e->d_name);
            files += e->d_name[0] != '.' && run_file(path);
        }
        if (d) closedir(d);
    }
    printf("%d inputs\n", files);
    return files ? 0 : 1;
}
