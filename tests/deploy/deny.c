// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* deny ERRNO COMMAND…: runs it with a seccomp filter that answers every bpf() with that error, as a container's profile does. */
#include <errno.h>
#include <seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int main(int count, char **arguments)
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
	int error = count > 2 && !strcmp(arguments[1], "ENOSYS") ? ENOSYS : EPERM;

	if (count < 3 || !filter || seccomp_rule_add(filter, SCMP_ACT_ERRNO(error), SCMP_SYS(bpf), 0) || seccomp_load(filter))
		return 125;
	execvp(arguments[2], arguments + 2);
	return 126;
}
