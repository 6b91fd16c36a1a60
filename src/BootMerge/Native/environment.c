// The runtime takes settings from DOTNET_* of the environment before Main: one such as DOTNET_GCHeapHardLimit=1 ends it there, and
// whoever set it for another program should still be able to boot or to unmerge. No switch of the runtime turns that off, so these
// variables are gone before it looks. This program has no use for any of them.
#include <stddef.h>
#include <string.h>

extern char **environ;

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
