/*
 * mapped: prints the names of all device mapper devices, one per line. A device without a table is not in /sys/block.
 */
#include <fcntl.h>
#include <linux/dm-ioctl.h>
#include <stdio.h>
#include <sys/ioctl.h>

int main(void)
{
	static union {
		struct dm_ioctl call;
		char space[16384];
	} list = { .call = { .version = { 4, 0, 0 }, .data_size = sizeof list, .data_start = sizeof(struct dm_ioctl) } };
	int control = open("/dev/mapper/control", O_RDWR | O_CLOEXEC);

	if (control < 0) /* no module, no devices */
		return 0;
	if (ioctl(control, DM_LIST_DEVICES, &list) < 0) {
		perror("DM_LIST_DEVICES");
		return 1;
	}
	struct dm_name_list *entry = (struct dm_name_list *)(list.space + list.call.data_start);
	while (entry->dev != 0) {
		puts(entry->name);
		if (entry->next == 0)
			break;
		entry = (struct dm_name_list *)((char *)entry + entry->next);
	}
	return 0;
}
