// What the program needs and musl lacks. It is linked before the archives. The definitions are weak, so a newer musl
// may have them too.
#define _GNU_SOURCE
#include <sched.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

// System calls without a wrapper, declared as in their manual pages. syscall(2) sets errno.
struct mount_attr;
struct statx;
#define WRAPPER __attribute__((weak)) int
WRAPPER fsopen(const char *type, unsigned flags) { return syscall(SYS_fsopen, type, flags); }
WRAPPER fspick(int directory, const char *path, unsigned flags) { return syscall(SYS_fspick, directory, path, flags); }
WRAPPER fsconfig(int context, unsigned command, const char *key, const void *value, int aux)
{
    return syscall(SYS_fsconfig, context, command, key, value, aux);
}
WRAPPER fsmount(int context, unsigned flags, unsigned attributes)
{
    return syscall(SYS_fsmount, context, flags, attributes);
}
WRAPPER open_tree(int directory, const char *path, unsigned flags)
{
    return syscall(SYS_open_tree, directory, path, flags);
}
WRAPPER move_mount(int from, const char *from_path, int to, const char *to_path, unsigned flags)
{
    return syscall(SYS_move_mount, from, from_path, to, to_path, flags);
}
WRAPPER mount_setattr(int directory, const char *path, unsigned flags, struct mount_attr *attributes, size_t size)
{
    return syscall(SYS_mount_setattr, directory, path, flags, attributes, size);
}
WRAPPER statx(int directory, const char *restrict path, int flags, unsigned mask, struct statx *restrict status)
{
    return syscall(SYS_statx, directory, path, flags, mask, status);
}
WRAPPER renameat2(int old_directory, const char *old_name, int new_directory, const char *new_name, unsigned flags)
{
    return syscall(SYS_renameat2, old_directory, old_name, new_directory, new_name, flags);
}

// Microsoft's archives for linux-x64 and linux-arm64 are compiled with glibc's headers, where CPU_ALLOC and CPU_FREE of
// <sched.h> call these two functions. In musl's header they are calloc and free.
__attribute__((weak)) cpu_set_t *__sched_cpualloc(size_t count) { return CPU_ALLOC(count); }
__attribute__((weak)) void __sched_cpufree(cpu_set_t *set) { CPU_FREE(set); }
