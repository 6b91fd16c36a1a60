/*
 * keyring FILE: adds the certificate in FILE, as DER, to the kernel's keyring .dm-verity, and closes the keyring. From
 * then on dm-verity accepts the signatures that the keyring verifies. The module has made the keyring with
 * keyring_unsealed=1, which only the newest kernels have.
 */
#include <errno.h>
#include <linux/keyctl.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

int main(int count, char **words)
{
	char line[512], der[8192];
	unsigned ring = 0;
	FILE *keys = fopen("/proc/keys", "r"), *file = count == 2 ? fopen(words[1], "r") : NULL;

	while (keys && fgets(line, sizeof line, keys))
		if (strstr(line, " keyring ") && strstr(line, " .dm-verity: "))
			sscanf(line, "%x", &ring);
	if (ring == 0 || !file) {
		fputs(file ? "there is no keyring .dm-verity\n" : "no certificate\n", stderr);
		return 1;
	}
	size_t length = fread(der, 1, sizeof der, file);
	if (syscall(SYS_add_key, "asymmetric", "", der, length, ring) < 0 ||
	    syscall(SYS_keyctl, KEYCTL_RESTRICT_KEYRING, ring, NULL, NULL) < 0) {
		fprintf(stderr, "the keyring .dm-verity: %s\n", strerror(errno));
		return 1;
	}
	return 0;
}
