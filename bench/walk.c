/*
 * walk UPPER BELOW: does, in C, the least that a comparison of two trees must do. Reads each directory of UPPER, looks
 * up every entry in both trees, and compares type, mode, owner and size, and the bytes of files. Prints how many
 * differ.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char upper_bytes[65536], below_bytes[65536];
static long entries, different;

static int same_bytes(int upper, int below, const char *name) {
        int a = openat(upper, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
        int b = openat(below, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
        int same = a >= 0 && b >= 0;

        for (ssize_t n = 1; same && n > 0;) {
                n = read(a, upper_bytes, sizeof upper_bytes);
                same = read(b, below_bytes, sizeof below_bytes) == n &&
                       (n <= 0 || memcmp(upper_bytes, below_bytes, n) == 0);
        }
        close(a);
        close(b);
        return same;
}

static void walk(int upper, int below) {
        DIR *directory = fdopendir(upper);

        for (struct dirent *entry; directory && (entry = readdir(directory));) {
                struct stat a, b;

                if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
                        continue;
                entries++;
                if (fstatat(upper, entry->d_name, &a, AT_SYMLINK_NOFOLLOW) < 0 ||
                    fstatat(below, entry->d_name, &b, AT_SYMLINK_NOFOLLOW) < 0 ||
                    a.st_mode != b.st_mode || a.st_uid != b.st_uid || a.st_gid != b.st_gid ||
                    (S_ISREG(a.st_mode) && (a.st_size != b.st_size || !same_bytes(upper, below, entry->d_name))))
                        different++;
                else if (S_ISDIR(a.st_mode)) {
                        int next = openat(below, entry->d_name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

                        walk(openat(upper, entry->d_name, O_RDONLY | O_DIRECTORY | O_CLOEXEC), next);
                        close(next);
                }
        }
        closedir(directory);
}

int main(int argc, char **argv) {
        if (argc != 3)
                return 2;
        walk(open(argv[1], O_RDONLY | O_DIRECTORY), open(argv[2], O_RDONLY | O_DIRECTORY));
        printf("%ld entries, %ld differ\n", entries, different);
        return 0;
}
