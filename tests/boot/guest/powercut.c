/*
 * The only program of the power cut test's initramfs besides bootmerge (powercut.sh). It mounts the disk, lets
 * bootmerge boot, looks whether every file is there that was acknowledged before the last cut, and then writes and
 * refreshes until the power goes. On the serial console, a line each:
 *     READY N     merged, and the N acknowledged files are there
 *     ACK N       file N and its directory are on the disk: it must be there after any cut from now on
 *     REFRESH     a refresh has begun, or another command that changes what is merged
 *     FAIL why
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <unistd.h>

#define OVERLAYFS_SUPER_MAGIC 0x794c7630
#define ETC "/sysroot/etc"
#define WRITTEN ETC "/written"
#define LOG "/run/bootmerge.log"

static void say(const char *format, ...)
{
	char line[512];
	va_list values;

	va_start(values, format);
	int length = vsnprintf(line, sizeof line - 1, format, values);
	va_end(values);
	line[length] = '\n';
	/* One write: the console then has the whole line, or a part without an end of line. */
	if (write(1, line, length + 1) < 0)
		_exit(1);
}

static _Noreturn void fail(const char *what, const char *path)
{
	say("FAIL %s %s: %s", what, path, strerror(errno));
	reboot(RB_POWER_OFF);
	_exit(1);
}

static void check(int result, const char *what, const char *path)
{
	if (result < 0)
		fail(what, path);
}

/* At most size - 1 bytes of a file; a missing one has none. */
static char *content(const char *path, char *buffer, size_t size)
{
	int file = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t length = file < 0 ? 0 : read(file, buffer, size - 1);

	if (file >= 0)
		close(file);
	buffer[length < 0 ? 0 : length] = 0;
	return buffer;
}

static void load_modules(void)
{
	char path[64];

	for (int i = 0;; i++) {
		snprintf(path, sizeof path, "/modules/%d.ko", i);
		int module = open(path, O_RDONLY | O_CLOEXEC);
		if (module < 0)
			return;
		if (syscall(SYS_finit_module, module, "", 0) < 0 && errno != EEXIST)
			fail("finit_module", path);
		close(module);
	}
}

/* "bootmerge --root=/sysroot VERB [OPTION...]" */
static void bootmerge(const char *verb, const char *first, const char *second)
{
	char log[400];
	int status;
	pid_t child = fork();

	if (child == 0) {
		int file = open(LOG, O_WRONLY | O_CREAT | O_TRUNC, 0600);
		dup2(file, 1);
		dup2(file, 2);
		execl("/bootmerge", "bootmerge", "--root=/sysroot", verb, first, second, (char *)NULL);
		_exit(127);
	}
	check(child, "fork", verb);
	check(waitpid(child, &status, 0), "waitpid", verb);
	if (status != 0) {
		say("FAIL bootmerge %s: status %x: %s", verb, status, content(LOG, log, sizeof log));
		reboot(RB_POWER_OFF);
	}
}

static void must_be(const char *path, const char *expected)
{
	char text[64];

	if (strcmp(content(path, text, sizeof text), expected) != 0) {
		say("FAIL %s is '%s', not '%s'", path, text, expected);
		reboot(RB_POWER_OFF);
	}
}

static void must_be_merged(void)
{
	struct statfs status;

	check(statfs(ETC, &status), "statfs", ETC);
	if (status.f_type != OVERLAYFS_SUPER_MAGIC)
		fail("no overlay on", ETC);
	must_be(ETC "/vendor", "vendor\n");
	must_be(ETC "/own", "machine\n");
	must_be(ETC "/both", "machine\n");
}

static void write_file(const char *directory, const char *name, const char *text)
{
	int parent = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	check(parent, "open", directory);
	int file = openat(parent, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	check(file, "create", name);
	check(write(file, text, strlen(text)), "write", name);
	check(fsync(file), "fsync", name);
	check(fsync(parent), "fsync", directory);
	close(file);
	close(parent);
}

static int acknowledged(void)
{
	char line[1024];
	const char *word = strstr(content("/proc/cmdline", line, sizeof line), "acknowledged=");

	return word == NULL ? 0 : atoi(word + strlen("acknowledged="));
}

int main(void)
{
	char name[32], path[64], text[32];

	mkdir("/proc", 0755);
	check(mount("proc", "/proc", "proc", 0, NULL), "mount", "/proc");
	mkdir("/sys", 0755);
	check(mount("sysfs", "/sys", "sysfs", 0, NULL), "mount", "/sys");
	mkdir("/dev", 0755);
	check(mount("devtmpfs", "/dev", "devtmpfs", 0, NULL), "mount", "/dev");
	mkdir("/run", 0755);
	check(mount("tmpfs", "/run", "tmpfs", 0, "mode=0755"), "mount", "/run");
	mkdir("/sysroot", 0755);
	int console = open("/dev/ttyS0", O_RDWR);
	dup2(console, 0);
	dup2(console, 1);
	dup2(console, 2);
	load_modules();
	for (int i = 0; mount("/dev/vda", "/sysroot", "ext4", 0, NULL) < 0; i++) {
		if (i == 500)
			fail("mount", "/dev/vda");
		usleep(20000);
	}

	say("BOOT");
	bootmerge("boot", NULL, NULL);
	must_be_merged();
	int n = acknowledged();
	for (int i = 1; i <= n; i++) {
		snprintf(path, sizeof path, WRITTEN "/%d", i);
		snprintf(text, sizeof text, "content %d\n", i);
		must_be(path, text);
	}
	say("READY %d", n);

	if (mkdir(WRITTEN, 0755) == 0) {
		int etc = open(ETC, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		check(fsync(etc), "fsync", ETC);
		close(etc);
	}
	for (int i = 1;; i++) {
		n++;
		snprintf(name, sizeof name, "%d", n);
		snprintf(text, sizeof text, "content %d\n", n);
		write_file(WRITTEN, name, text);
		say("ACK %d", n);
		if (i % 4 != 0)
			continue;
		say("REFRESH");
		if (i % 16 == 0) {
			bootmerge("unmerge", NULL, NULL);
			bootmerge("merge", "--mutable=auto", NULL);
		} else if (i % 12 == 0)
			bootmerge("boot", NULL, NULL);
		else
			bootmerge("refresh", "--mutable=auto", "--always-refresh=yes");
		must_be_merged();
	}
}
