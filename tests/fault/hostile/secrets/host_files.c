// What a host has and a box has not, among it a file that everybody may read; by name, by /proc, by `..`.
// verdicts: ACCEPTED
#include "held.h"
int main(void) {
  char path[600];
  const char *file = target("file");
  MUST_FAIL(open(file, O_RDONLY));
  snprintf(path, sizeof path, "/proc/self/root%s", file);
  MUST_FAIL(open(path, O_RDONLY));
  snprintf(path, sizeof path, "/work/../../../../..%s", file);
  MUST_FAIL(open(path, O_RDONLY));
  snprintf(path, sizeof path, "/proc/1/root%s", file);
  MUST_FAIL(open(path, O_RDONLY));
  const char *paths[] = {"/etc/shadow", "/etc/hostname", "/etc/ssl", "/etc/resolv.conf", "/root", "/home", "/var", "/run",
                         "/sys", "/boot", "/opt", "/srv", "/mnt", "/lost+found", "/proc/1/environ", "/proc/1/maps",
                         "/proc/kcore", "/proc/kmsg", "/proc/sysrq-trigger", "/proc/timer_list", "/proc/kpageflags",
                         "/proc/slabinfo", "/proc/vmallocinfo", "/dev/mem", "/dev/kmsg", "/dev/vda", "/dev/sda",
                         "/dev/fuse", "/dev/kvm", "/dev/vhost-vsock", "/dev/net/tun", "/dev/tty", "/dev/ptmx"};
  for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) MUST_FAIL(open(paths[i], O_RDONLY));
  return held();
}
