/*
 * interleave ROUNDS PROBE < CONTESTANTS > TIMES
 *
 * Runs every contestant once per round; each round begins with the next contestant. Prints `NAME WALL CPU` for each
 * run, in microseconds. WALL is the whole life of the process: from before the fork until it has been waited for. CPU
 * is its user and system time, including the children that it waited for.
 *
 * A contestant is a line NAME|COMMAND|UNDO|BEFORE. Single blanks separate words; there is no quoting. UNDO is empty for
 * commands that change nothing, and BEFORE may be missing; neither is timed. PROBE is a file that exists only between a
 * command and its UNDO: a contestant that did not merge, or left its merge behind, ends the run. The first round warms
 * up and is not printed.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { MAX_CONTESTANTS = 16, MAX_WORDS = 64 };

struct contestant {
        char *name, *command[MAX_WORDS], *undo[MAX_WORDS], *before[MAX_WORDS];
};

static char *const environment[] = { "PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C", NULL };
static posix_spawn_file_actions_t quiet;

static void split(char *text, char **words) {
        int n = 0;

        for (char *word = strtok(text, " "); word && n < MAX_WORDS - 1; word = strtok(NULL, " "))
                words[n++] = word;
        words[n] = NULL;
}

static double microseconds(void) {
        struct timespec now;

        clock_gettime(CLOCK_MONOTONIC, &now);
        return now.tv_sec * 1e6 + now.tv_nsec / 1e3;
}

/* cpu: user and system time of the process and of the children that it has waited for. */
static double run(const char *name, char **words, double *cpu) {
        double start = microseconds();
        struct rusage usage;
        int status;
        pid_t pid;

        errno = posix_spawn(&pid, words[0], &quiet, NULL, words, environment);
        if (errno || wait4(pid, &status, 0, &usage) < 0) {
                fprintf(stderr, "interleave: %s: %s: %s\n", name, words[0], strerror(errno));
                exit(1);
        }
        double end = microseconds();
        if (status != 0) {
                fprintf(stderr, "interleave: %s: %s failed, wait status %d\n", name, words[0], status);
                exit(1);
        }
        *cpu = (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1e6 + usage.ru_utime.tv_usec + usage.ru_stime.tv_usec;
        return end - start;
}

static void expect(const char *name, const char *probe, int present) {
        if ((access(probe, F_OK) == 0) == present)
                return;
        fprintf(stderr, "interleave: %s: %s is %s\n", name, probe,
                present ? "not there after it" : "still there after undoing it");
        exit(1);
}

int main(int argc, char **argv) {
        struct contestant all[MAX_CONTESTANTS];
        char *line = NULL;
        size_t size = 0;
        int n = 0;

        if (argc != 3)
                return 2;
        while (getline(&line, &size, stdin) > 0) {
                char *rest = strdup(line);

                if (n == MAX_CONTESTANTS) {
                        fprintf(stderr, "interleave: more than %d contestants\n", MAX_CONTESTANTS);
                        return 2;
                }
                rest[strcspn(rest, "\n")] = 0;
                all[n].name = strsep(&rest, "|");
                split(strsep(&rest, "|"), all[n].command);
                split(strsep(&rest, "|"), all[n].undo);
                split(rest ? rest : strdup(""), all[n].before);
                n++;
        }

        posix_spawn_file_actions_init(&quiet);
        posix_spawn_file_actions_addopen(&quiet, 0, "/dev/null", O_RDONLY, 0);
        posix_spawn_file_actions_addopen(&quiet, 1, "/dev/null", O_WRONLY, 0);
        if (!getenv("INTERLEAVE_VERBOSE"))
                posix_spawn_file_actions_addopen(&quiet, 2, "/dev/null", O_WRONLY, 0);

        for (int round = 0; round <= atoi(argv[1]); round++)
                for (int i = 0; i < n; i++) {
                        struct contestant *c = &all[(i + round) % n];
                        double cpu, other, time;

                        if (c->before[0])
                                run(c->name, c->before, &other);
                        time = run(c->name, c->command, &cpu);
                        if (c->undo[0]) {
                                expect(c->name, argv[2], 1);
                                run(c->name, c->undo, &other);
                                expect(c->name, argv[2], 0);
                        }
                        if (round > 0)
                                printf("%s %.1f %.1f\n", c->name, time, cpu);
                }
        return 0;
}
