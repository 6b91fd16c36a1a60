// What the .NET runtime and the C library would bring along and this program has no use for. The linker takes the first
// definition it meets: each function here keeps the archive member of the same name out, and all that one pulls in.
// Should a later runtime call one of them by another name, its own comes back: the program grows, nothing else changes.
// Sizes: HACKING.md, "Two mebibytes".
#define _GNU_SOURCE
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/resource.h>
#include <unistd.h>

// Limits of cgroups, in C++: bool GetCpuLimit(uint32_t*) and so on. The heap has a limit of its own (System.GC.HeapHardLimit)
// and one thread does the work; without them fewer files are read before Main.
void _Z16InitializeCGroupv(void) {}
void _Z13CleanupCGroupv(void) {}
size_t _Z32GetRestrictedPhysicalMemoryLimitv(void) { return 0; } // 0: there is none
bool _Z21GetPhysicalMemoryUsedPm(size_t *used) { (void)used; return false; }
void _Z19InitializeCpuCGroupv(void) {}
bool _Z11GetCpuLimitPj(uint32_t *limit) { (void)limit; return false; }

// Crash dumps: they need Microsoft's createdump beside the program and DOTNET_DbgEnableMiniDump in the environment.
bool _Z23PalCreateDumpInitializev(void) { return true; }
bool _Z19PalGenerateCoreDumpPKcijPci(const char *name, int type, uint32_t flags, char *error, int size)
{
    (void)name, (void)type, (void)flags, (void)error, (void)size;
    return false;
}
void _Z27PalCreateCrashDumpIfEnabledv(void) {}
void _Z27PalCreateCrashDumpIfEnabledPv(void *record) { (void)record; }
void _Z27PalCreateCrashDumpIfEnablediP9siginfo_tPv(int signal, void *info, void *context)
{
    (void)signal, (void)info, (void)context;
}

// scanf, and with it four ways to read floating point numbers. The runtime reads cgroups (above), MemAvailable of
// /proc/meminfo and the number of possible CPUs by it, and asks sysconf(3) when it cannot, as it does where /proc and
// /sys are not mounted. The C library reads /proc/self/maps by it (below). -1 is EOF: <stdio.h> would rename sscanf.
// __isoc23: glibc since 2.38.
int sscanf(const char *text, const char *format, ...) { (void)text, (void)format; return -1; }
int __isoc99_sscanf(const char *text, const char *format, ...) { (void)text, (void)format; return -1; }
int __isoc23_sscanf(const char *text, const char *format, ...) { (void)text, (void)format; return -1; }
int __isoc99_fscanf(void *file, const char *format, ...) { (void)file, (void)format; return -1; }
int __isoc23_fscanf(void *file, const char *format, ...) { (void)file, (void)format; return -1; }

// The stack of the calling thread. That of the first one the C library looks up in /proc/self/maps, by sscanf. It ends in
// the page that holds the program's name (AT_EXECFN, getauxval(3)), and the kernel lets it grow to RLIMIT_STACK.
int __real_pthread_getattr_np(pthread_t thread, pthread_attr_t *attributes);
int __wrap_pthread_getattr_np(pthread_t thread, pthread_attr_t *attributes)
{
    if (gettid() != getpid())
        return __real_pthread_getattr_np(thread, attributes);
    const uintptr_t page = sysconf(_SC_PAGESIZE), unlimited = 8 << 20;
    uintptr_t end = (getauxval(AT_EXECFN) | (page - 1)) + 1;
    struct rlimit limit;
    if (getrlimit(RLIMIT_STACK, &limit) != 0 || limit.rlim_cur >= end)
        limit.rlim_cur = unlimited;
    size_t size = limit.rlim_cur & ~(page - 1);
    int error = pthread_attr_init(attributes);
    return error != 0 ? error : pthread_attr_setstack(attributes, (void *)(end - size), size);
}

// Translated and wide messages: failed assertions of the C library print them, and they bring locales, iconv and dlopen.
// No locale is ever set here, so there is nothing to translate.
char *__dcgettext(const char *domain, const char *message, int category)
{
    (void)domain, (void)category;
    return (char *)message;
}
char *dcgettext(const char *domain, const char *message, int category) { return __dcgettext(domain, message, category); }
static void say(const char *text)
{
    if (write(STDERR_FILENO, text, strlen(text)) < 0)
        return; // there is nobody else to tell
}
_Noreturn void __assert_fail(const char *assertion, const char *file, unsigned line, const char *function)
{
    (void)line, (void)function;
    say(file), say(": assertion failed: "), say(assertion), say("\n");
    abort();
}
_Noreturn void __assert_perror_fail(int error, const char *file, unsigned line, const char *function)
{
    __assert_fail(strerror(error), file, line, function);
}
