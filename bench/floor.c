/*
 * floor ROOT: makes the system calls of `bootmerge --root=ROOT --mutable=auto merge` on the sample root of merge.sh, in
 * the order and number that strace shows, and does nothing else: it does not interpret files, check or undo anything.
 * floor ROOT refresh: makes the calls of a refresh that finds nothing to do, on a merged root.
 * floor: makes none, which measures its own start.
 * No program that does this work in this way takes less time. What bootmerge takes beyond it is its start and its
 * thinking. An error ends the program, so that a run that did not merge does not count.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/mount.h>
#include <linux/openat2.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { MAX_LAYERS = 512 };

static char buffer[16384];
static int root;

static long must(long result, const char *what) {
        if (result < 0) {
                fprintf(stderr, "floor: %s: %s\n", what, strerror(errno));
                exit(1);
        }
        return result;
}

static int in_root(int directory, const char *path, unsigned long long flags) {
        struct open_how how = { .flags = flags | O_CLOEXEC, .resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS };

        return syscall(SYS_openat2, directory, path, &how, sizeof how);
}

static void look(int fd) {
        char status[256]; /* struct statx, which musl 1.2.3 does not have */

        syscall(SYS_statx, fd, "", AT_EMPTY_PATH, 0xfff, status);
}

static void look_and_close(int fd) {
        if (fd < 0)
                return;
        look(fd);
        close(fd);
}

static void where(int fd) {
        char name[40];

        snprintf(name, sizeof name, "/proc/self/fd/%d", fd);
        readlinkat(AT_FDCWD, name, buffer, sizeof buffer);
}

static void read_file(const char *path) {
        int fd = in_root(root, path, O_RDONLY);

        if (fd < 0)
                return;
        look(fd);
        while (read(fd, buffer, sizeof buffer) > 0)
                ;
        close(fd);
}

static void list(int directory) {
        int fd = openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

        while (syscall(SYS_getdents64, fd, buffer, sizeof buffer) > 0)
                ;
        close(fd);
}

static void write_file(int directory, const char *name, const char *text) {
        int fd = must(openat(directory, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644), name);

        must(write(fd, text, strlen(text)), name);
        fchmod(fd, 0644);
        close(fd);
}

static void set(int context, const char *key, const char *value) {
        must(syscall(SYS_fsconfig, context, FSCONFIG_SET_STRING, key, value, 0), key);
}

static void set_fd(int context, const char *key, int fd) {
        must(syscall(SYS_fsconfig, context, FSCONFIG_SET_FD, key, NULL, fd), key);
}

static int create(int context, unsigned attributes) {
        must(syscall(SYS_fsconfig, context, FSCONFIG_CMD_CREATE, NULL, NULL, 0), "create");
        int mount = must(syscall(SYS_fsmount, context, FSMOUNT_CLOEXEC, attributes), "fsmount");
        close(context);
        return mount;
}

static int memory(void) {
        int context = must(syscall(SYS_fsopen, "tmpfs", FSOPEN_CLOEXEC), "tmpfs");

        set(context, "source", "floor");
        set(context, "mode", "0755");
        return create(context, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC);
}

static int directory_in(int parent, const char *name) {
        must(mkdirat(parent, name, 0755), name);
        return must(openat(parent, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC), name);
}

static void configuration(void) {
        static const char *const places[] = { "etc", "run", "usr/local/lib", "usr/lib" };
        static const char *const files[] = {
                "bootmerge.conf", "bootmerge.conf.d", "systemd/confext.conf", "systemd/confext.conf.d"
        };
        char path[100];

        for (int file = 0; file < 4; file++)
                for (int place = 0; place < 4; place++) {
                        snprintf(path, sizeof path, "%s/%s", places[place], files[file]);
                        look_and_close(in_root(root, path, O_PATH | O_NOFOLLOW));
                }
}

static void mount_table(void) {
        int fd = open("/proc/self/mountinfo", O_RDONLY | O_CLOEXEC);

        while (read(fd, buffer, sizeof buffer) > 0)
                ;
        close(fd);
}

/* One extension: how it is found, its release file, its hierarchy, and what identifies it. */
static void extension(const char *name) {
        char path[400];
        int fd, length = snprintf(path, sizeof path, "usr/lib/confexts/%s", name);

        fd = must(in_root(root, path, O_PATH), path);
        look(fd);
        where(fd);
        close(fd);

        fd = must(in_root(root, path, O_PATH | O_DIRECTORY), path);
        list(fd);
        look_and_close(in_root(fd, "usr/lib/os-release", O_PATH | O_NOFOLLOW));
        snprintf(path + length, sizeof path - length, "/etc/extension-release.d/extension-release.%s", name);
        read_file(path);
        close(fd);

        strcpy(path + length, "/etc");
        fd = must(in_root(root, path, O_PATH | O_DIRECTORY), path);
        where(fd);
        look(fd);
        list(fd);
        close(fd);
        fd = must(in_root(root, path, O_PATH | O_DIRECTORY), path);
        list(fd);
        close(fd);

        path[length] = 0;
        fd = must(in_root(root, path, O_PATH), path);
        look(fd);
        struct { struct file_handle handle; char space[128]; } handle = { .handle.handle_bytes = 128 };
        int id;
        name_to_handle_at(fd, "", &handle.handle, &id, AT_EMPTY_PATH);
        close(fd);
}

static int take_turn(void) {
        mkdir("/run/floor", 0755);
        int lock = must(open("/run/floor/lock", O_RDWR | O_CREAT | O_CLOEXEC, 0600), "lock");
        must(flock(lock, LOCK_EX), "flock");
        return lock;
}

/* All extensions, and the files by which they are judged. */
static int find(char **names) {
        int count = 0;
        int searched = must(in_root(root, "usr/lib/confexts", O_RDONLY | O_DIRECTORY), "confexts");
        DIR *directory = fdopendir(searched);

        for (struct dirent *entry; (entry = readdir(directory));)
                if (entry->d_name[0] != '.' && count < MAX_LAYERS)
                        names[count++] = strdup(entry->d_name);
        read_file("etc/os-release");
        read_file("usr/lib/os-release");
        mount_table();
        for (int i = 0; i < count; i++)
                extension(names[i]);
        closedir(directory);
        return count;
}

/* Reads the marker, which says what is merged. */
static void marker(void) {
        static const char *const files[] = { "dev", "work_dir", "confexts", "origin", "backing", "bootmerge-mode" };
        char path[100];

        for (int file = 0; file < 6; file++) {
                snprintf(path, sizeof path, "etc/.systemd-confext/%s", files[file]);
                read_file(path);
        }
}

static void refresh(const char *path) {
        static char *names[MAX_LAYERS];
        char layer[400];

        configuration();
        take_turn();
        mount_table();
        marker();
        int count = find(names);
        marker();
        mount_table();

        /* A private view without the merge: makes the whole namespace private, then takes its place in it again. */
        int outside = must(open("/proc/self/ns/mnt", O_RDONLY | O_CLOEXEC), "ns");
        int outer = must(open("/", O_PATH | O_DIRECTORY | O_CLOEXEC), "/");
        must(unshare(CLONE_NEWNS), "unshare");
        int inside = must(open("/proc/self/ns/mnt", O_RDONLY | O_CLOEXEC), "ns");
        int inner = must(open("/", O_PATH | O_DIRECTORY | O_CLOEXEC), "/");
        must(setns(inside, CLONE_NEWNS), "setns");
        int all = must(open("/", O_PATH | O_DIRECTORY | O_CLOEXEC), "/");
        struct mount_attr private = { .propagation = MS_PRIVATE };
        must(syscall(SYS_mount_setattr, all, "", AT_EMPTY_PATH | AT_RECURSIVE, &private, sizeof private), "private");
        must(setns(inside, CLONE_NEWNS), "setns");
        must(fchdir(inner), "fchdir");
        must(chroot("."), "chroot");
        close(root);
        root = must(open(path, O_PATH | O_DIRECTORY | O_CLOEXEC), path);
        marker();
        snprintf(layer, sizeof layer, "%s/etc", path);
        must(umount2(layer, MNT_DETACH), layer);
        look_and_close(in_root(root, "etc", O_PATH | O_DIRECTORY));
        for (int i = 0; i < count; i++) {
                snprintf(layer, sizeof layer, "usr/lib/confexts/%s/etc", names[i]);
                close(must(in_root(root, layer, O_PATH | O_DIRECTORY), layer));
        }
        look_and_close(in_root(root, "var/lib/extensions.mutable/etc", O_PATH));
        int directory = must(in_root(root, ".", O_RDONLY | O_DIRECTORY), ".");
        list(directory);
        close(directory);
        close(root);
        close(inside);
        close(inner);
        close(all);
        must(setns(outside, CLONE_NEWNS), "setns");
        must(fchdir(outer), "fchdir");
        must(chroot("."), "chroot");
}

int main(int argc, char **argv) {
        static char *names[MAX_LAYERS];
        int layers[MAX_LAYERS];
        char path[400];

        if (argc < 2)
                return 0;
        root = must(open(argv[1], O_PATH | O_DIRECTORY | O_CLOEXEC), argv[1]);
        if (argc > 2) {
                refresh(argv[1]);
                return 0;
        }
        configuration();
        int lock = take_turn();
        mount_table();
        int count = find(names);

        must(write(lock, "stack\n", 6), "journal");
        mkdirat(root, ".floor-work", 0700); /* it stays when the merge is unmounted */
        int etc = must(in_root(root, "etc", O_RDONLY | O_DIRECTORY), "etc");
        int work = must(in_root(root, ".floor-work", O_RDONLY | O_DIRECTORY), ".floor-work");
        int stage = memory();
        int marker = directory_in(directory_in(stage, "marker"), ".systemd-confext");
        for (int i = 0; i < count; i++) {
                snprintf(path, sizeof path, "usr/lib/confexts/%s/etc", names[i]);
                layers[i] = must(in_root(root, path, O_PATH | O_DIRECTORY), path);
        }
        write_file(marker, "confexts", "e\n");
        write_file(marker, "work_dir", ".floor-work\n");

        /* Does another merge write there? Asks with an overlay with an index that has the upperdir as a layer. */
        int other = memory();
        int probe = must(syscall(SYS_fsopen, "overlay", FSOPEN_CLOEXEC), "overlay");
        set(probe, "source", "floor");
        set_fd(probe, "lowerdir+", etc);
        set_fd(probe, "upperdir", directory_in(other, "upper"));
        set_fd(probe, "workdir", directory_in(other, "work"));
        set(probe, "index", "on");
        close(create(probe, 0));
        close(other);

        int context = must(syscall(SYS_fsopen, "overlay", FSOPEN_CLOEXEC), "overlay");
        set(context, "source", "confext");
        set_fd(context, "lowerdir+", openat(stage, "marker", O_PATH | O_CLOEXEC));
        for (int i = 0; i < count; i++)
                set_fd(context, "lowerdir+", layers[i]);
        set_fd(context, "upperdir", etc);
        set_fd(context, "workdir", work);
        set(context, "redirect_dir", "on");
        set(context, "metacopy", "off");
        set(context, "index", "off");
        int merged = create(context, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC | MOUNT_ATTR_NOATIME);
        write_file(marker, "dev", "0:1\n");
        write_file(marker, "origin", "{}\n");
        int shown = must(openat(merged, ".systemd-confext", O_PATH | O_CLOEXEC), "marker");
        int copy = must(syscall(SYS_open_tree, shown, "", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_EMPTY_PATH),
                        "open_tree");
        struct mount_attr attributes = { .attr_set = MOUNT_ATTR_RDONLY };
        must(syscall(SYS_mount_setattr, copy, "", AT_EMPTY_PATH, &attributes, sizeof attributes), "mount_setattr");
        const unsigned by_descriptor = MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH;
        must(syscall(SYS_move_mount, copy, "", shown, "", by_descriptor), "move_mount");
        must(syscall(SYS_move_mount, merged, "", etc, "", by_descriptor), "move_mount");
        return 0;
}
