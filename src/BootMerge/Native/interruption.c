// A signal that asks this program to end. Only a number is set: managed code must not run in a signal handler.
#include <signal.h>
#include <stddef.h>

static volatile sig_atomic_t received;

static void note(int number)
{
    received = number;
}

// From here on the first SIGINT or SIGTERM is noted only, and the second one kills: a call may hang. One that the
// caller ignores, as a shell does for what it runs in the background, stays ignored.
void note_interruptions(void)
{
    static const int numbers[] = { SIGINT, SIGTERM };
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        struct sigaction action = { .sa_handler = note, .sa_flags = SA_RESTART | SA_RESETHAND };
        struct sigaction before;
        if (sigaction(numbers[i], &action, &before) == 0 && before.sa_handler == SIG_IGN)
            sigaction(numbers[i], &before, NULL);
    }
}

// The number of the signal; 0 when there was none.
int interruption(void)
{
    return received;
}
