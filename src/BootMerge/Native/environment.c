// What has to be done before the runtime starts.
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

extern char **environ;

// The runtime takes settings from DOTNET_* of the environment before Main: one such as DOTNET_GCHeapHardLimit=1 ends it
// there, and whoever set it for another program should still be able to boot or to unmerge. No switch of the runtime
// turns that off, so these variables are gone before it looks. This program has no use for any of them.
__attribute__((constructor)) static void forget_settings_of_the_runtime(void)
{
    if (environ == NULL)
        return;
    char **kept = environ;
    for (char **variable = environ; *variable != NULL; variable++)
        if (strncmp(*variable, "DOTNET_", 7) != 0)
            *kept++ = *variable;
    *kept = NULL;
}

// The runtime opens a dozen streams one after the other, to learn about processors and memory. musl maps a page for the
// first block of a size and unmaps it with the last: a block of a stream's size that stays saves a sixth of the time
// that the program takes to start (bench/README.md).
static void *volatile kept_block;

__attribute__((constructor)) static void keep_a_page_for_streams(void)
{
    enum { stream = 240 }; // beside its buffer
    kept_block = malloc(stream + BUFSIZ);
}
