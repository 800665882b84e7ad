/*
 * main - run a fuzz target over its corpus
 *
 * Every file of the directories named on the command line is one input.  The
 * input lies in a block of its own size, so that a sanitizer sees the first
 * byte read beyond it.  Under clang's engine this file is left out.
 */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define INPUT_MAX (16u << 20)

static int
run_file(const char *path)
{
    FILE *file = fopen(path, "rb");
    uint8_t *whole, *exact;
    size_t n;

    if (file == NULL) {
        perror(path);
        return -1;
    }
    whole = calloc(1, INPUT_MAX);
    n = whole == NULL ? 0 : fread(whole, 1, INPUT_MAX, file);
    fclose(file);
    exact = calloc(1, n == 0 ? 1 : n);
    if (whole == NULL || exact == NULL)
        abort();
    memcpy(exact, whole, n);
    free(whole);
    LLVMFuzzerTestOneInput(exact, n);
    free(exact);
    return 0;
}

static int
run_directory(const char *name)
{
    char path[4096];
    const struct dirent *entry;
    DIR *dir = opendir(name);
    int count = 0;

    if (dir == NULL) {
        perror(name);
        return -1;
    }
    while ((entry = readdir(dir)) != NULL) {
        if (entry->d_name[0] == '.')
            continue;
        snprintf(path, sizeof(path), "%s/%s", name, entry->d_name);
        fprintf(stderr, "input %s\n", path); /* the last one is to blame */
        if (run_file(path) != 0) {
            closedir(dir);
            return -1;
        }
        count++;
    }
    closedir(dir);
    return count;
}

int
main(int argc, char **argv)
{
    int i, n, total = 0;

    for (i = 1; i < argc; i++) {
        if ((n = run_directory(argv[i])) < 0)
            return 1;
        total += n;
    }
    printf("%d inputs\n", total);
    return total > 0 ? 0 : 1;
}
