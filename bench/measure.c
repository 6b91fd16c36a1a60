/*
 * measure COMMAND [WORD...]: runs COMMAND without its output and prints WALL CPU MEMORY. WALL is the time in
 * microseconds from before the fork until the process has been waited for, CPU its user and system time, including
 * children, in microseconds, and MEMORY its largest resident set in KiB.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static double microseconds(void) {
        struct timespec now;

        clock_gettime(CLOCK_MONOTONIC, &now);
        return now.tv_sec * 1e6 + now.tv_nsec / 1e3;
}

int main(int argc, char **argv) {
        struct rusage usage;
        int status;

        if (argc < 2)
                return 2;
        double start = microseconds();
        pid_t pid = fork();
        if (pid == 0) {
                int null = open("/dev/null", O_WRONLY);
                dup2(null, 1);
                dup2(null, 2);
                execvp(argv[1], argv + 1);
                _exit(127);
        }
        if (pid < 0 || wait4(pid, &status, 0, &usage) < 0 || !WIFEXITED(status) || WEXITSTATUS(status) > 1) {
                fprintf(stderr, "measure: %s failed\n", argv[1]);
                return 1;
        }
        printf("%.0f %.0f %ld\n", microseconds() - start,
               (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1e6 + usage.ru_utime.tv_usec + usage.ru_stime.tv_usec,
               usage.ru_maxrss);
        return 0;
}
