// What must be done before the runtime starts.
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

extern char **environ;

// Before Main, the runtime reads settings from environment variables DOTNET_*. One of them, such as
// DOTNET_GCHeapHardLimit=1, can end the program there. Someone who set it for another program should still be able to
// boot or to unmerge. No switch of the runtime disables this, so the variables are removed before it looks. This
// program needs none of them.
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

// At its start the runtime opens a dozen streams, one after the other, to learn about processors and memory. musl maps
// a page for the first block of a size and unmaps it with the last. Keeping one block of a stream's size saves a sixth
// of the program's start-up time (bench/README.md).
static void *volatile kept_block;

__attribute__((constructor)) static void keep_a_page_for_streams(void)
{
    enum { stream = 240 }; // without its buffer
    kept_block = malloc(stream + BUFSIZ);
}
