/*
 * The first program of the machine of the verity tests, and all there is in its initramfs besides kernel modules. It
 * loads them in the order of their names, mounts the Debian sid root (/dev/vda, read-only) under a layer in memory,
 * and the disk of the tests (/dev/vdb) in it, and becomes the shell that runs them, /verity/guest.sh.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static void check(long result, const char *what)
{
	if (result >= 0)
		return;
	printf("FAIL init: %s: %s\n", what, strerror(errno));
	fflush(stdout);
	sleep(1);
	reboot(RB_POWER_OFF);
	_exit(1);
}

static void load_modules(void)
{
	struct dirent **names;
	int count = scandir("/modules", &names, NULL, alphasort);
	char path[300];

	check(count, "/modules");
	for (int i = 0; i < count; i++) {
		if (names[i]->d_name[0] == '.')
			continue;
		snprintf(path, sizeof path, "/modules/%s", names[i]->d_name);
		int file = open(path, O_RDONLY | O_CLOEXEC);
		check(file, path);
		check(syscall(SYS_finit_module, file, "", 0), path);
		close(file);
	}
}

static void wait_for(const char *device)
{
	for (int tries = 0; access(device, F_OK) != 0; tries++) {
		if (tries == 1000)
			check(-1, device);
		usleep(10000);
	}
}

static void mount_at(const char *source, const char *path, const char *type, unsigned long flags, const char *data)
{
	mkdir(path, 0755);
	check(mount(source, path, type, flags, data), path);
}

int main(void)
{
	mount_at("dev", "/dev", "devtmpfs", 0, NULL);
	int console = open("/dev/console", O_RDWR);
	dup2(console, 0);
	dup2(console, 1);
	dup2(console, 2);
	load_modules();
	wait_for("/dev/vda");
	wait_for("/dev/vdb");
	mount_at("/dev/vda", "/lower", "erofs", MS_RDONLY, NULL);
	mount_at("memory", "/memory", "tmpfs", 0, NULL);
	check(mkdir("/memory/upper", 0755), "/memory/upper");
	check(mkdir("/memory/work", 0755), "/memory/work");
	mount_at("root", "/root", "overlay", 0, "lowerdir=/lower,upperdir=/memory/upper,workdir=/memory/work");
	check(mount("/dev", "/root/dev", NULL, MS_MOVE, NULL), "/root/dev");
	mount_at("proc", "/root/proc", "proc", 0, NULL);
	mount_at("sys", "/root/sys", "sysfs", 0, NULL);
	mount_at("run", "/root/run", "tmpfs", 0, "mode=755");
	mount_at("tmp", "/root/tmp", "tmpfs", 0, NULL);
	mount_at("/root/dev/vdb", "/root/verity", "ext4", 0, NULL);
	check(chdir("/root"), "/root");
	check(mount(".", "/", NULL, MS_MOVE, NULL), "move /root");
	check(chroot("."), "chroot");
	/* As systemd does at boot. systemd-sysext merges in its own mount namespace, and the merge propagates back from
	 * there. */
	check(mount(NULL, "/", NULL, MS_REC | MS_SHARED, NULL), "share /");
	setenv("PATH", "/usr/sbin:/usr/bin:/sbin:/bin", 1);
	setenv("LC_ALL", "C", 1);
	check(execl("/bin/bash", "bash", "/verity/guest.sh", NULL), "/bin/bash");
}
